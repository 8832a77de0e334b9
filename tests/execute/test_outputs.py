"""What kernels put out, as it is kept: the same on every machine. No kernel starts here."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from generator.execute.outputs import outputs_of
from generator.model import Stream


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
