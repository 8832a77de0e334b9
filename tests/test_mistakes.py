"""What is told of a post that goes no further, whatever is wrong with it."""

from __future__ import annotations

import pytest

from generator.addresses import collect_links
from generator.errors import BuildFailed
from generator.mistakes import look_through
from generator.model import HaltedPost, Source, Typeset
from generator.parse import Misread, parse
from generator.parse.front_matter import KEYS, PAGE_KEYS

from .render.rendering import CONFIG, STRINGS

PROSE = r"""
$\bad$, [a link](nowhere.md) and [@nobody2000].

```{code-cell}
#| echo: maybe
1
```
"""


def told(front_matter: str, typeset: Typeset, *, standing: bool = False) -> list[str]:
    """What is wrong with the prose of a post with a front matter that is wrong."""
    text = f"---\n{front_matter}\n---\n{PROSE}"
    source = Source("posts/a/index.ko.md", text, "a", "ko", "md", "/b/posts/a", standing=standing)
    with pytest.raises(Misread) as misread:
        parse(source, CONFIG)
    assert any(error.cell == 2 for error in misread.value.errors), "its cells were not read"
    halted: HaltedPost = misread.value.halted
    links = collect_links([halted.known], CONFIG)
    with pytest.raises(BuildFailed) as failed:
        look_through(halted, links, typeset, STRINGS)
    return [type(error).__name__ for error in failed.value.errors]


WRONG = ("5.5", "[[1], {a: b}]", "{one: {two: 3}}", '"a/../b c?"', "2022-02-30")
NOT_THERE = {"macros": "MathError", "references": "UnknownWork", "bibliography": "UnknownWork"}
"""What is not told of prose, if a key cannot be read."""


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("key", sorted({*KEYS, *PAGE_KEYS} - {"kernelspec", "jupytext"}))
def test_every_key_may_be_wrong(key: str, value: str, typeset: Typeset) -> None:
    """Prose and cells are read all the same, of posts and of pages; only what the key says of them
    is not known."""
    front = {"title": "A post", "date": "2022-07-08", "category": "math", key: value}
    text = "\n".join(f"{name}: {said}" for name, said in front.items())
    hidden = {NOT_THERE[key]} if key in NOT_THERE else set()
    for standing in (False, True):
        found = {*told(text, typeset, standing=standing)}
        assert {"MarkdownError", "MathError", "UnknownWork"} - found <= hidden


@pytest.mark.parametrize(
    ("front_matter", "expected"),
    [
        ("titel: x", ["MathError", "MarkdownError", "UnknownWork"]),
        ("macro: {}", ["MarkdownError", "UnknownWork"]),
        ("macros: {R: x}", ["MarkdownError", "UnknownWork"]),
        ("reference: []", ["MathError", "MarkdownError"]),
        ("bibliography: none.bib", ["MathError", "MarkdownError"]),
        ("title: a: b", ["MarkdownError"]),
        ("title: a\ntitle: b", ["MathError", "MarkdownError", "UnknownWork"]),
        ("macros: {}\nmacros: {}", ["MarkdownError", "UnknownWork"]),
        ("references: []\nreferences: []", ["MathError", "MarkdownError"]),
    ],
)
def test_nothing_is_told_that_may_be_right(
    front_matter: str, expected: list[str], typeset: Typeset
) -> None:
    """A formula may use a macro, and a citation a work, that a damaged front matter defines."""
    assert sorted(told(front_matter, typeset)) == sorted(expected)
