"""All that KaTeX knows by name: `tests/fixtures/katex.txt` has a snippet of each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_mini_racer import MiniRacer

from generator.errors import BuildFailed, InkcellError
from generator.model import Typeset
from generator.render.katex import REFUSED

from ..conftest import REPOSITORY
from .rendering import render_post

FIXTURE = (REPOSITORY / "tests" / "fixtures" / "katex.txt").read_text(encoding="utf-8")
TITLE, *SECTIONS = re.split(r"^# (.+)\n", FIXTURE, flags=re.MULTILINE)
SNIPPETS = {
    name: [line for line in text.split("\n") if line]
    for name, text in zip(SECTIONS[::2], SECTIONS[1::2], strict=True)
}
NAME = re.compile(r"\\(?:[A-Za-z@]+|.)|[^\\]", re.DOTALL)
TABLES = """
JSON.stringify([
  Object.keys(_functions), Object.keys(_environments), Object.keys(_macros),
  Object.keys(symbols.math), Object.keys(symbols.text), Object.keys(implicitCommands),
])
"""


def katex_names() -> Iterator[str]:
    r"""What KaTeX's own tables have: `\frac`, `∑`, `--`, and `{align}` for an environment.

    They are no part of what it exports, but stand in its module beside that. Names with two
    backslashes or an `@` are made by KaTeX for itself.
    """
    module = (REPOSITORY / "node_modules" / "katex" / "dist" / "katex.mjs").read_text("utf-8")
    engine = MiniRacer()
    engine.eval(re.sub(r"^export .*$", "", module, flags=re.MULTILINE))
    tables: list[list[str]] = json.loads(str(engine.eval(TABLES)))
    for number, names in enumerate(tables):
        for name in names:
            if number == 1:
                yield f"{{{name}}}"
            elif not name.startswith("\\\\") and ("@" not in name or name == "@"):
                yield name
    yield "\\\\"


def test_every_name_has_a_snippet() -> None:
    """What a new version of KaTeX adds has to be tried here, or refused with a reason."""
    names = set(katex_names())
    assert len(names) > 2000, "KaTeX's tables have moved"
    tried = {name for lines in SNIPPETS.values() for line in lines for name in NAME.findall(line)}
    tried |= {f"{{{name}}}" for name in re.findall(r"\\begin\{([^}]*)\}", FIXTURE)}
    # Ligatures, and what stands for a space.
    tried |= {"--", "---", "``", "''", "\xa0", "\\]"}
    assert sorted(names - tried) == []


@pytest.mark.parametrize("section", [name for name in SNIPPETS if name != "Refused"])
def test_every_snippet_is_set(typeset: Typeset, section: str) -> None:
    """As a display formula of a post: no error, nothing red, no TeX for the eye."""
    for tex in SNIPPETS[section]:
        try:
            page = render_post(f"$$\n{tex}\n$$\n", typeset=typeset).body
        except BuildFailed as failed:
            pytest.fail(f"{tex}: {failed}")
        assert 'class="katex-display"' in page, tex
        assert "katex-error" not in page, tex
        assert "#cc0000" not in page, tex
        # MathML carries the TeX in an annotation, which nobody sees.
        shown = re.sub(r"<annotation .*?</annotation>|<[^>]*>", "", page, flags=re.DOTALL)
        assert not re.search(r"\\[A-Za-z]", unescape(shown)), tex


PIECES = [
    *(line for name in ("Functions", "Environments", "Macros") for line in SNIPPETS[name]),
    *(
        "{",
        "}",
        "^",
        "_",
        "&",
        r"\\",
        r"\left(",
        r"\right)",
        r"\text{",
        r"\begin{matrix}",
        "%",
        "$",
    ),
    *(r"\frac", r"\def\x{\x}", r"\x", r"\tag{1}", r"\label{eq-a}", r"\kern1em", "#1", "한"),
]


@settings(max_examples=100)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join))
def test_any_mixture_is_set_or_refused(typeset: Typeset, tex: str) -> None:
    """Nothing crashes, goes on for ever, or leaves TeX on the page; every refusal has a place."""
    page = ""
    errors: tuple[InkcellError, ...] = ()
    try:
        page = render_post(f"$$\n{tex}\n$$\n", typeset=typeset).body
    except BuildFailed as failed:
        errors = failed.errors
    assert all(error.line and error.cell == 1 for error in errors)
    assert "katex-error" not in page
    if "$$" not in tex:
        shown = re.sub(r"<annotation .*?</annotation>|<[^>]*>", "", page, flags=re.DOTALL)
        assert not re.search(r"\\[A-Za-z]{2}", unescape(shown))


def test_what_is_refused_has_a_reason() -> None:
    """The fixture's list is the code's."""
    assert sorted(SNIPPETS["Refused"]) == sorted(REFUSED)
