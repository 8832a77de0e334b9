"""What of a post's code has changed, cell by cell: a pure table."""

from __future__ import annotations

import pytest

from generator.execute.key import code_changes, ingredients
from generator.model import Post

from .fake_kernel import cell, post, with_settings

BEFORE = post(cell("a = 1\nb = 2\nc = 3") + "Prose.\n\n" + cell("d = 4") + cell("e = 5"))
"""Cells 1 (line 8), 3 (line 16) and 4 (line 20)."""

BEFORE_FIRST = ("a = 1", "d = 4", "e = 5")
A, D, E = cell("a = 1\nb = 2\nc = 3"), cell("d = 4"), cell("e = 5")
PROSE = "Prose.\n\n"


def settings(text: str) -> Post:
    return post(A + PROSE + D + E, front=with_settings(text))


CASES: list[tuple[str, Post, tuple[str, ...]]] = [
    ("nothing", BEFORE, ()),
    ("prose only", post("New.\n\n" + A + "Longer\nprose.\n\n" + D + E), ()),
    (
        "the line that differs, not the first of the cell",
        post(A.replace("b = 2", "b = 9") + PROSE + D + E),
        ("cell 1 (line 9) changed",),
    ),
    (
        "a line more at the end of a cell",
        post(A.replace("c = 3", "c = 3\nx = 0") + PROSE + D + E),
        ("cell 1 (line 11) changed",),
    ),
    (
        "a line less at the end of a cell",
        post(A.replace("\nc = 3", "") + PROSE + D + E),
        ("cell 1 (line 9) changed",),
    ),
    (
        "the place is that of now, below longer prose",
        post("\n\n\n\n" + A + PROSE + D + cell("e = 6")),
        ("cell 4 (line 24) changed",),
    ),
    (
        "two changed cells are both named",
        post(A.replace("a = 1", "a = 0") + PROSE + D + cell("e = 6")),
        ("cell 1 (line 8) changed", "cell 4 (line 20) changed"),
    ),
    ("a cell at the beginning", post(cell("x") + A + PROSE + D + E), ("cell 1 (line 8) is new",)),
    (
        "a cell in between",
        post(A + PROSE + D + cell("x") + E),
        ("cell 4 (line 20) is new",),
    ),
    (
        "two cells at the end",
        post(A + PROSE + D + E + cell("x") + cell("y")),
        ("cell 5 (line 24) is new", "cell 6 (line 28) is new"),
    ),
    (
        "the first cell is gone",
        post(PROSE + D + E),
        ("a cell before cell 2 (line 10) is gone: a = 1",),
    ),
    (
        "a long cell is gone from the end",
        post(A + PROSE + D),
        ("a cell at the end is gone: e = 5",),
    ),
    ("all are gone", post(PROSE), tuple(f"a cell at the end is gone: {x}" for x in BEFORE_FIRST)),
    (
        "one changed and one new",
        post(cell("new") + A + PROSE + D + cell("e = 6")),
        ("cell 1 (line 8) is new", "cell 5 (line 24) changed"),
    ),
    (
        "a cell that is skipped now is gone from the run",
        post(A + PROSE + cell("d = 4", "skip-execution") + E),
        ("a cell before cell 4 (line 21) is gone: d = 4",),
    ),
    (
        "an exception is announced",
        post(A + PROSE + cell("d = 4", "raises-exception") + E),
        ("cell 3 (line 17) may raise an exception now",),
    ),
    (
        "the kernel, and a cell",
        post(
            A + PROSE + D + cell("e = 6"),
            front=with_settings("gpu: never").replace("title", "kernelspec: {name: ir}\ntitle"),
        ),
        ("kernel python3 → ir", "cell 4 (line 22) changed"),
    ),
    ("GPU", settings("gpu: preferred"), ("execute.gpu never → preferred",)),
    ("threads", settings("threads: 4"), ("execute.threads 1 → 4",)),
    ("network", settings("network: false"), ("execute.network true → false",)),
    (
        "two settings",
        settings("dependencies: [b.csv, a.csv], depends_on_env: [MODE]"),
        (
            'execute.dependencies [] → ["a.csv", "b.csv"]',
            'execute.depends_on_env [] → ["MODE"]',
        ),
    ),
    ("what is not of the run", settings("timeout: 1, memory: 9, warm: false, cache: false"), ()),
]


@pytest.mark.parametrize(("now", "reasons"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_every_change_is_named_with_its_place(now: Post, reasons: tuple[str, ...]) -> None:
    """New, changed and lost cells, the kernel, what the post asks of its run; nothing else."""
    assert code_changes(ingredients(BEFORE), now) == reasons


def test_an_announced_exception_that_is_taken_back() -> None:
    """It runs again: the cell may fail the build now."""
    before = ingredients(post(cell("x", "raises-exception")))
    assert code_changes(before, post(cell("x"))) == (
        "cell 1 (line 8) may not raise an exception now",
    )


def test_long_lines_are_cut() -> None:
    """A lost cell is shown by its first line, which may be long."""
    (reason,) = code_changes(ingredients(post(cell("\n" + "x" * 60 + "\ny"))), post(""))
    assert reason == f"a cell at the end is gone: {'x' * 39}…"
