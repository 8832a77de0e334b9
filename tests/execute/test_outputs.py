"""What kernels put out, as it is kept: the same on every machine. No kernel starts here."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.execute.outputs import outputs_of
from generator.model import Failure, Stream


@pytest.mark.parametrize("homeless", [False, True])
def test_a_warning_names_no_place_of_the_machine(
    homeless: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it need one: in a container a user may have no home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    if homeless:
        monkeypatch.delenv("HOME")
        monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    root = tmp_path / "blog"
    text = f"{root}/posts/a/m.py:1: UserWarning\n"
    if not homeless:
        text += "~/blog/posts/a/m.py:2: UserWarning\n"
    raw = [nbformat.v4.new_output("stream", name="stderr", text=text)]
    (output,) = outputs_of(raw, root)
    lines = [f"posts/a/m.py:{n}: UserWarning\n" for n in (1, 2)][: text.count("\n")]
    assert output == Stream("stderr", "".join(lines))


ONE_EXPRESSION = re.compile(
    r"(?:~|/|[A-Za-z]:\\)[^\s'\"()<>\x1b]*?[/\\](?:python3(?:\.\d+)?|Lib)[/\\]"
    r"(?:(?:site|dist)-packages[/\\])?"
)
"""Where the files of packages lie, in one expression, which takes the square of a text's length."""
PIECES = [
    "/",
    "\\",
    "~",
    "C:\\",
    "python3",
    "python3.11",
    "Lib",
    "site-packages",
    "a",
    " ",
    "'",
    "(",
]


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
@example("~/x/python3.11/site-packages/a/b/Lib/c.py")
def test_files_of_packages_are_named_without_their_place(text: str) -> None:
    """Each path from its beginning to the folder of the packages."""
    raw = [nbformat.v4.new_output("stream", name="stderr", text=text)]
    shown = ONE_EXPRESSION.sub("", text)
    assert outputs_of(raw, Path("/nowhere")) == (Stream("stderr", shown),)


@pytest.mark.parametrize("word", ["/x", "A" * 63 + "/", "~", "C:\\"])
def test_a_long_text_without_a_space(word: str) -> None:
    """As of an exception that names megabytes of Base64: it takes no longer than it is long."""
    text = word * ((1 << 21) // len(word))
    raw = [nbformat.v4.new_output("error", ename="E", evalue=text, traceback=[text])]
    assert outputs_of(raw, Path("/nowhere")) == (Failure("E", text, text),)
