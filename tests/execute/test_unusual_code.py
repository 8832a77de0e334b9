"""Code that does what few posts do: nothing of it is lost, and nobody else has to suffer."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.errors import CellFailed, ExecutionError
from generator.model import Bundle, Failure, Stream

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
CAUGHT = """\
import os, tempfile
saved = os.dup(1)
with tempfile.TemporaryFile() as file:
    os.dup2(file.fileno(), 1)
    os.system("echo caught")
    print("meanwhile")
    os.dup2(saved, 1)
os.system("echo after")
print("end")"""
FORKED = """\
import os, sys, warnings
warnings.simplefilter("ignore")  # Python 3.12 and newer warn of forks beside threads.
os.system("echo once")
child = os.fork()
if not child:
    print("in the child", flush=True)
    os._exit(0)
os.waitpid(child, 0)
print("in the parent")"""
POSTS = {
    "late": (LATE, "print('between')", "await task\nNone", "print('end')"),
    "flood": ("import asyncio", FLOOD, "await task\nprint('next')"),
    "turn": (
        "import os, sys\nprint('one')\nos.system('echo two')\nprint('three')\n"
        "os.write(1, b'4\\n')\nawait __import__('asyncio').sleep(0)\nprint('five')",
        "print('one')\nos.system('echo two; echo error >&2')\nprint('three')\n"
        "print('second error', file=sys.stderr)",
    ),
    "displayed": (
        "import os, subprocess\nfrom IPython.display import HTML\n_ = os.system('echo one')\n"
        "display(HTML('two'))\nsubprocess.run(['echo', 'three']).returncode",
        "#| error: true\n_ = os.system('echo before >&2')\n1 / 0",
    ),
    "caught": (CAUGHT,),
    "forked": (FORKED,),
    "representation": ("class A:\n    def __repr__(self):\n        raise OSError('no')\nA()",),
    "half": (
        "print('\\ud83d half')\nprint('whole')",
        "from IPython.display import HTML\nHTML('\\ud83d')",
        "# A warning, and the end.\nimport sys\nprint('\\ud83d', file=sys.stderr)\n'end'",
    ),
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


def test_what_programs_write_stands_where_they_wrote_it(ran: Ran) -> None:
    """Between what Python wrote before and after, in cells with and without `await`."""
    assert ran.text("turn", 0) == "one\ntwo\nthree\n4\nfive\n"
    assert ran.outputs["turn"][1] == (
        Stream("stdout", "one\ntwo\nthree\n"),
        Stream("stderr", "error\nsecond error\n"),
    )


def test_what_programs_write_stands_before_what_is_displayed_later(ran: Ran) -> None:
    """Before a display, the cell's value and a traceback."""
    displayed, failing = ran.outputs["displayed"]
    assert displayed[0] == Stream("stdout", "one\n")
    assert isinstance(displayed[1], Bundle)
    assert displayed[2] == Stream("stdout", "three\n")
    assert displayed[3:] == (Bundle({"text/plain": "0"}),)
    assert failing[0] == Stream("stderr", "before\n")
    assert isinstance(failing[1], Failure)


def test_what_code_catches_itself(ran: Ran) -> None:
    """What programs write into a file of the code's own is not shown, and nothing else is lost."""
    assert ran.text("caught") == "meanwhile\nafter\nend\n"


def test_a_process_that_the_code_forks(ran: Ran) -> None:
    """It says its own words, and not once more those of its parent."""
    text = ran.text("forked")
    assert text.count("once") == 1
    assert sorted(text.split("\n")) == ["", "in the child", "in the parent", "once"]


def test_half_a_surrogate_pair(ran: Ran) -> None:
    """It is shown as a question mark; nothing waits, and nothing that stands beside it is lost."""
    printed, displayed, last = ran.outputs["half"]
    assert printed == (Stream("stdout", "? half\nwhole\n"),)
    assert data(displayed[0])["text/html"] == "?"
    assert last[0] == Stream("stderr", "?\n")
    assert data(last[1])["text/plain"] == "'end'"


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
