"""Code that does what few posts do: nothing of it is lost, and nobody else has to suffer."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.errors import CellFailed, ExecutionError
from generator.model import Stream

from ..conftest import SETTINGS
from .running import Ran, data, post, run

pytestmark = [pytest.mark.kernel, pytest.mark.xdist_group("unusual")]

LATE = """\
import asyncio
from IPython.display import clear_output, display
async def work():
    for number in range(3):
        await asyncio.sleep(0.01)
        clear_output(wait=True)
        print("late", number)
    display("changed", display_id="late", update=True)
    return display("shown")
first = display("first", display_id="late")
task = asyncio.create_task(work())
print("begun")"""
FLOOD = """\
async def flood():
    await asyncio.sleep(0.01)
    print("x" * 300_000)
task = asyncio.create_task(flood())"""
POSTS = {
    "late": (LATE, "print('between')", "await task\nNone", "print('end')"),
    "flood": ("import asyncio", FLOOD, "await task\nprint('next')"),
    "representation": ("class A:\n    def __repr__(self):\n        raise OSError('no')\nA()",),
    "watch": ("import os\nos.path.realpath = None", "print('fine')"),
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """All of them, run side by side."""
    root: Path = tmp_path_factory.mktemp("unusual")
    (root / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    for name, cells in POSTS.items():
        (root / "posts" / name).mkdir(parents=True)
        (root / "posts" / name / "index.ko.md").write_text(post(*cells), encoding="utf-8")
    return run(root, jobs=2)


def test_what_a_task_does_later(ran: Ran) -> None:
    """What was begun in a cell and goes on in the next belongs to the cell that began it."""
    begun, between, waited, end = ran.outputs["late"]
    assert begun[0] == Stream("stdout", "late 2\n")
    assert data(begun[1])["text/plain"] == "'shown'"
    assert len(begun) == 2
    assert between == (Stream("stdout", "between\n"),)
    assert waited == ()
    assert end == (Stream("stdout", "end\n"),)


def test_what_a_task_does_later_is_bounded(ran: Ran) -> None:
    """A flood of text that comes late is counted for the cell that it belongs to."""
    _, flood, following = ran.outputs["flood"]
    assert [type(output).__name__ for output in flood] == ["Stream", "Omission"]
    assert following == (Stream("stdout", "next\n"),)


def test_a_representation_that_fails(ran: Ran) -> None:
    """The error names the exception, and its line."""
    error = ran.errors["representation"]
    assert isinstance(error, CellFailed)
    assert (str(error), error.cell, error.line) == ("OSError: no", 1, 11)


def test_code_that_breaks_what_watches_it(ran: Ran) -> None:
    """An error of that post alone: nobody knows what it has used."""
    error = ran.errors["watch"]
    assert isinstance(error, ExecutionError)
    assert "cannot tell what the code has used" in str(error)
    assert "TypeError" in str(error.detail)
    assert sorted(ran.errors) == ["representation", "watch"]
