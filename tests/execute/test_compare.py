"""`inkcell check --cold`: what two kinds of kernels produced, compared."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from generator import comparing
from generator.cli import main
from generator.execute import execute
from generator.execute.key import executed_cells
from generator.execute.trace import Trace
from generator.model import Bundle, Failure, Omission, Output, Post, Results, Stream

from ..conftest import WriteBlog
from .fake_kernel import World, cell, with_settings

Answer = tuple[Output, ...]


def check(
    root: Path, monkeypatch: pytest.MonkeyPatch, warm: Answer, cold: Answer
) -> tuple[int, str, list[tuple[str, bool]]]:
    """Exit status, what the command said, and which post ran in which kind of kernel.

    The second cell of each post has these outputs.
    """
    ran = []

    def run(post: Post, device: str) -> tuple[Results, Trace]:
        ran.append((post.source.path, post.meta.execute.warm))
        outputs = [(Stream("stdout", "same"),), warm if post.meta.execute.warm else cold]
        return Results(tuple(outputs[: len(executed_cells(post))])), Trace("Fake 1")

    fake = partial(execute, run=run, environment=World(root).environment)
    monkeypatch.setattr(comparing, "execute", fake)
    done = CliRunner().invoke(main, ["--root", str(root), "check", "--cold"])
    return done.exit_code, done.stdout + done.stderr, ran


TWO = cell("a") + cell("b\nc")
DIFFERENT: list[tuple[Answer, Answer, str]] = [
    (
        (Stream("stdout", "1"),),
        (Stream("stdout", "2"),),
        "warm: stdout: '1'\n      | cold: stdout: '2'",
    ),
    ((), (Stream("stderr", "w"),), "warm: 0 outputs\n      | cold: 1 outputs"),
    (
        (Bundle({"text/plain": "x"}),),
        (Bundle({"text/plain": "y", "text/html": "y"}),),
        "warm: text/plain: 'x'\n      | cold: text/plain, text/html: 'y'",
    ),
    ((Failure("E", "v", "t"),), (Omission(7),), "warm: E: v\n      | cold: 7 bytes more"),
]


@pytest.mark.parametrize(("warm", "cold", "detail"), DIFFERENT)
def test_a_difference_is_an_error_with_its_place(
    write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch, warm: Answer, cold: Answer, detail: str
) -> None:
    """The cell, its first line, both outputs, and what to do."""
    root = write_blog({"posts/a/index.ko.md": TWO})
    status, said, ran = check(root, monkeypatch, warm, cold)
    assert status == 1
    assert ran == [("posts/a/index.ko.md", True), ("posts/a/index.ko.md", False)]
    assert "posts/a/index.ko.md:11 (cell 2): error: the cell's outputs differ" in said
    assert "\n   11 | b\n" in said
    assert detail in said
    assert "hint: fix seeds" in said


def test_agreement(write_blog: WriteBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every post runs twice, whatever is kept or frozen; `warm: false` is cold both times."""
    root = write_blog(
        {
            "posts/a/index.ko.md": TWO,
            "posts/a/index.en.md": TWO,
            "posts/a/frozen.json": "{}",
            "posts/b/index.ko.md": with_settings("warm: false, freeze: true") + TWO,
            "posts/c/index.ko.md": with_settings("cache: false") + TWO,
        }
    )
    same = (Stream("stdout", "x"),)
    status, said, ran = check(root, monkeypatch, same, same)
    assert status == 0
    assert "3 posts: warm and cold kernels agree\n" in said
    assert sorted(ran) == [
        ("posts/a/index.en.md", False),
        ("posts/a/index.en.md", True),
        ("posts/b/index.ko.md", False),
        ("posts/b/index.ko.md", False),
        ("posts/c/index.ko.md", False),
        ("posts/c/index.ko.md", True),
    ]
    assert not (root / ".inkcell").exists()
