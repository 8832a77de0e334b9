"""Posts under an author's hands: after a change in a cell, what runs and with which state."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace

from generator.config import read_config
from generator.discover import discover
from generator.errors import CellFailed, CellTimedOut, InkcellError, KernelDied
from generator.execute import execute
from generator.execute.digests import ALL_NAMES
from generator.execute.kernel import Kernels
from generator.execute.provisioner import GuardedKernel
from generator.execute.session import Session, State
from generator.execute.sessions import MOST_SESSIONS, Sessions
from generator.model import Bundle, Output, Post, Stream
from generator.parse import parse
from generator.render.matplotlib_figures import page_figure

from ..conftest import FRONT_MATTER, WriteBlog
from .running import post, posts_of

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(sys.platform != "linux", reason="states are kept by fork"),
]

COUNT = "open('ran', 'a').write('{}')"
"""Leaves a letter behind whenever a cell runs."""


class Draft:
    """A post that somebody works on, and its session."""

    def __init__(self, write_blog: WriteBlog) -> None:
        self.write_blog = write_blog
        self.root = write_blog({"posts/a/index.ko.md": ""})
        self.kernels = Kernels(self.root)
        self.sessions = Sessions(self.kernels)

    def post(self, *cells: str, settings: str = "") -> Post:
        front = FRONT_MATTER.replace("title", f"execute: {{{settings}}}\ntitle")
        body = "".join(f"```{{code-cell}}\n{cell}\n```\n\n" for cell in cells)
        self.write_blog({"posts/a/index.ko.md": front + body})
        config = read_config(self.root)
        errors: list[InkcellError] = []
        (source,) = discover(self.root, self.root / "posts", config, errors)
        return parse(source, config)

    def run(self, *cells: str, settings: str = "") -> tuple[tuple[Output, ...], ...]:
        return self.sessions.run(self.post(*cells, settings=settings), "cpu")[0].outputs

    def ran(self) -> str:
        """The letters of the cells that ran since the last question."""
        path = self.root / "posts" / "a" / "ran"
        letters = path.read_text() if path.exists() else ""
        path.unlink(missing_ok=True)
        return letters


@pytest.fixture
def draft(write_blog: WriteBlog) -> Iterator[Draft]:
    """A post and its session, which leaves nothing behind."""
    before = psutil.Process().children(recursive=True)
    draft = Draft(write_blog)
    yield draft
    family = [*{*psutil.Process().children(recursive=True)}.difference(before)]
    draft.sessions.close()
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
    assert not draft.kernels.folder.exists()


def cells(*sources: str) -> list[str]:
    """Cells that leave the letters a, b, c, … behind."""
    return [f"_ = {COUNT.format('abcdefgh'[i])}\n{source}" for i, source in enumerate(sources)]


def test_a_change_runs_from_the_changed_cell_on(draft: Draft) -> None:
    """With what the cells before it left; a change of prose, display or nothing runs nothing."""
    code = cells("x = [1]", "x.append(2)", "x.append(3)\nprint(x)", "sum(x)")
    assert draft.run(*code)[2:] == (
        (Stream("stdout", "[1, 2, 3]\n"),),
        (Bundle({"text/plain": "6"}),),
    )
    assert draft.ran() == "abcd"
    draft.run(*code)
    assert draft.ran() == ""
    code[3] = code[3].replace("sum", "len")
    assert draft.run(*code)[3] == (Bundle({"text/plain": "3"}),)
    assert draft.ran() == "d"
    code[1] = code[1].replace("2", "20")
    assert draft.run(*code)[2] == (Stream("stdout", "[1, 20, 3]\n"),)
    assert draft.ran() == "bcd"
    draft.run(*code[:2])
    assert draft.ran() == ""
    draft.run(*code[:2], code[3])
    assert draft.ran() == "d"


def test_failures_leave_the_states_before_them(draft: Draft) -> None:
    """An exception, a time-out and a dead process are the errors of a build; then it goes on."""
    code = cells("x = 1", "x / 0", "print(x)")
    with pytest.raises(CellFailed) as failed:
        draft.run(*code)
    assert (failed.value.cell, failed.value.text) == (2, "x / 0")
    assert draft.ran() == "ab"
    code[1] = cells("", "while True: pass")[1]
    with pytest.raises(CellTimedOut):
        draft.run(*code, settings="timeout: 1")
    assert draft.ran() == "b"
    code[1] = cells("", "import os\nos.kill(os.getpid(), 9)")[1]
    with pytest.raises(KernelDied) as died:
        draft.run(*code, settings="timeout: 1")
    assert died.value.cell == 2
    assert draft.ran() == "b"
    code[1] = cells("", "x += 1")[1]
    assert draft.run(*code, settings="timeout: 1")[2] == (Stream("stdout", "2\n"),)


def test_time_for_the_whole_post(draft: Draft) -> None:
    """Cells that do not run again count, too: a build will run them, and stop the post."""
    code = cells("1", "import time\ntime.sleep(0.5)", "time.sleep(60)", "1")
    with pytest.raises(CellTimedOut, match="the post's code ran longer than 2 s") as late:
        draft.run(*code, settings="post_timeout: 2, timeout: 50")
    assert (late.value.cell, draft.ran()) == (3, "abc")
    code[2] = cells("", "", "time.sleep(0.6)")[2]
    draft.run(*code, settings="post_timeout: 20, timeout: 50")
    assert draft.ran() == "cd"
    code[3] = cells("", "", "", "2")[3]
    with pytest.raises(CellTimedOut, match="the post's code ran longer than 1 s") as late:
        draft.run(*code, settings="post_timeout: 1, timeout: 50")
    assert (late.value.cell, draft.ran()) == (4, "")
    with pytest.raises(CellTimedOut, match="the cell ran longer than 1 s"):
        draft.run(*code[:3], "time.sleep(60)", settings="post_timeout: 50, timeout: 1")


def test_what_else_has_changed_begins_anew(draft: Draft) -> None:
    """A file beside the post, a setting that concerns the run."""
    code = cells("import part\nprint(part.X)", "1")
    draft.write_blog({"posts/a/part.py": "X = 1\n"})
    assert draft.run(*code)[0] == (Stream("stdout", "1\n"),)
    draft.write_blog({"posts/a/part.py": "X = 2\n"})
    draft.ran()
    assert draft.run(*code)[0] == (Stream("stdout", "2\n"),)
    assert draft.ran() == "ab"
    draft.run(*code, settings="threads: 2")
    assert draft.ran() == "ab"


def test_a_run_that_is_not_wanted(draft: Draft) -> None:
    """Ends also if it is told so before it begins; the same code can be wanted later."""
    code = cells("x = 1", "print(x)")
    post = draft.post(*code)
    draft.sessions.interrupt(post)
    with pytest.raises(KernelDied):
        draft.sessions.run(post, "cpu")
    assert draft.ran() == ""
    assert draft.run(*code)[1] == (Stream("stdout", "1\n"),)


def test_a_whole_run_that_is_not_wanted(draft: Draft) -> None:
    """The same where no states are kept: nothing of the code runs."""
    post = draft.post(*cells("1"))
    draft.kernels.interrupt(post)
    with pytest.raises(KernelDied):
        draft.kernels.run(post, "cpu")
    assert draft.ran() == ""
    draft.kernels.run(draft.post(*cells("1")), "cpu")
    assert draft.ran() == "a"


def test_an_interrupt_leaves_the_states_before(draft: Draft) -> None:
    """A change of the cell that runs does not run those before it again."""
    code = cells("x = 1", "while True: pass", "print(x)")
    post = draft.post(*code)
    with ThreadPoolExecutor() as pool:
        run = pool.submit(draft.sessions.run, post, "cpu")
        ran = ""
        while ran != "ab" and not run.done():
            ran += draft.ran()
            time.sleep(0.02)
        draft.sessions.interrupt(post)
        with pytest.raises(KernelDied):
            run.result()
    code[1] = cells("", "x += 1")[1]
    assert draft.run(*code)[2] == (Stream("stdout", "2\n"),)
    assert draft.ran() == "bc"


def test_too_much_memory(draft: Draft) -> None:
    """Is said in the words of a build; a process that ends itself is something else."""
    with pytest.raises(KernelDied, match="took more than 300 MiB"):
        draft.run(*cells("1", "x = b'x' * 1_000_000_000\nwhile True: pass"), settings="memory: 300")
    code = cells("1", "x = b'x' * 400_000_000")
    draft.run(*code, settings="memory: 2000")
    draft.ran()
    with pytest.raises(KernelDied, match="took more than 300 MiB"):
        # It stays until a look at the memory has seen it: cells may end between two of them.
        draft.run(*code, "while True: pass", settings="memory: 300")
    with pytest.raises(KernelDied, match="process ended"):
        draft.run(*cells("1", "import os\nos._exit(1)"), settings="memory: 300")


def sleeps(process: psutil.Process) -> bool:
    """Whether a process is the program `sleep`, and alive."""
    try:
        return bool(process.name() == "sleep" and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_what_a_changed_cell_had_started(draft: Draft) -> None:
    """Ends with the state after the cell: no program is left behind by each change."""

    def programs() -> list[psutil.Process]:
        return [*filter(sleeps, psutil.Process().children(recursive=True))]

    start = "import subprocess\np = subprocess.Popen(['sleep', '600'])  # {}"
    for number in range(3):
        draft.run(*cells("1", start.format(number), "2"))
        (program,) = programs()
    draft.run(*cells("1", "2"))
    psutil.wait_procs([program], timeout=20)
    assert not programs()


def test_many_small_texts_are_one(draft: Draft) -> None:
    """A hundred thousand of them would be as many messages, kept as long as the states are."""
    code = "import sys\nfor n in range(1000): print(n)\nsys.stderr.write('e')\nprint('last')"
    text = "".join(f"{number}\n" for number in range(1000))
    streams = (Stream("stdout", f"{text}last\n"), Stream("stderr", "e"))
    assert draft.run(code) == (streams,)
    (session,) = draft.sessions._sessions.values()
    (messages,) = [state.messages for state in session.states[1:]]
    assert [message["msg_type"] for message in messages] == ["stream"] * 3


OUTSIDE = (
    "import os, sys\nsys.path.insert(0, '../../lib')\nimport part\nprint(part.X)",
    "print(open('../../data/x.csv').read())",
    "print(sorted(os.listdir('../../data')))",
    "print(os.path.exists('../../other/declared') and 'there')",
)


def test_a_copy_that_an_editor_keeps_is_no_input(draft: Draft) -> None:
    """Emacs saves one beside the post again and again while somebody types."""
    draft.run(*cells("1"))
    draft.ran()
    draft.write_blog({"posts/a/#index.ko.md#": "half", "posts/a/index.ko.md~": "old"})
    draft.run(*cells("1"))
    assert draft.ran() == ""


BESIDE = ("print(open('read').read())", "import os\nfound = os.path.exists('asked')", "1")


def test_what_no_code_has_seen_is_no_input(draft: Draft) -> None:
    """A new picture beside the post, one that is changed; of what was seen each change counts."""
    draft.write_blog({"posts/a/read": "one", "posts/a/old.png": "one"})
    code = cells(*BESIDE)
    draft.run(*code)
    draft.ran()
    for name in ("new.png", "old.png", "new.py"):
        draft.write_blog({f"posts/a/{name}": "two"})
        assert not draft.sessions.outdated(draft.post(*code)), name
    draft.run(*code[:2], code[2] + "0")
    assert draft.ran() == "c"
    draft.write_blog({"posts/a/read": "two"})
    assert draft.sessions.outdated(draft.post(*code))
    assert draft.run(*code)[0] == (Stream("stdout", "two\n"),)
    assert draft.ran() == "abc"
    code[1] = cells("", "import os\n_ = os.listdir()")[1]
    draft.run(*code)
    draft.ran()
    draft.write_blog({"posts/a/other.png": "one"})
    assert draft.sessions.outdated(draft.post(*code))


@pytest.mark.parametrize("settings", ["timeout: 1", "timeout: 1, warm: false"])
def test_what_lies_beside_code_that_was_stopped(draft: Draft, settings: str) -> None:
    """Any of it may be the reason why: nobody knows what was used. What it wrote is none."""
    draft.write_blog({"posts/a/read": "one", "posts/a/log": "one"})
    code = cells("1", "open('log', 'a').write('two')\n_ = open('read').read()\nwhile True: pass")
    for changed in (True, False):  # Somebody else may have changed it while it ran.
        with pytest.raises(CellTimedOut):
            draft.run(*code, settings=settings)
        assert draft.sessions.outdated(draft.post(*code, settings=settings)) is changed
    draft.write_blog({"posts/a/read": "two"})
    assert draft.sessions.outdated(draft.post(*code, settings=settings))


def test_what_cells_before_one_that_hangs_have_written(draft: Draft) -> None:
    """They were seen to: the one that hangs does not run again for it."""
    code = cells("open('figure', 'w').write('1')", "while True: pass")
    with pytest.raises(CellTimedOut):
        draft.run(*code, settings="timeout: 1")
    assert not draft.sessions.outdated(draft.post(*code, settings="timeout: 1"))


@pytest.mark.parametrize("settings", ["warm: true", "warm: false"])
@pytest.mark.parametrize("name", ["seen", "other", "new", "below/new"])
def test_what_is_mended_while_a_cell_hangs(draft: Draft, settings: str, name: str) -> None:
    """The run has not seen it: the code runs again."""
    draft.write_blog({"posts/a/seen": "one", "posts/a/other": "one", "posts/a/below/old": "1"})
    code = ["_ = open('seen').read()", "open('ran', 'w')\nwhile True: pass"]
    post = draft.post(*code, settings=settings)
    with ThreadPoolExecutor() as pool:
        run = pool.submit(draft.sessions.run, post, "cpu")
        while not (draft.root / "posts/a/ran").exists() and not run.done():
            time.sleep(0.02)
        (draft.root / "posts/a/ran").unlink()
        draft.write_blog({f"posts/a/{name}": "mended"})
        draft.sessions.interrupt(post)
        with pytest.raises(KernelDied):
            run.result()
    assert draft.sessions.outdated(post)


@pytest.mark.parametrize("name", ["missed", "below/missed"])
def test_a_file_that_whole_code_has_missed(draft: Draft, name: str) -> None:
    """Nobody knows that it was looked for: any that comes may be it, but no copy of an editor."""
    draft.write_blog({"posts/a/below/old": "1"})
    code, settings = f"print(open('{name}').read())", "warm: false"
    with pytest.raises(CellFailed):
        draft.run(code, settings=settings)
    draft.write_blog({"posts/a/#index.ko.md#": "half", "posts/a/index.ko.md~": "old"})
    assert not draft.sessions.outdated(draft.post(code, settings=settings))
    draft.write_blog({f"posts/a/{name}": "there"})
    assert draft.sessions.outdated(draft.post(code, settings=settings))
    assert draft.run(code, settings=settings)[0] == (Stream("stdout", "there\n"),)


def test_code_that_keeps_from_telling_what_it_used(
    draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then, too, it may be anything beside the post."""

    def report(session: Session) -> str:
        raise EOFError

    monkeypatch.setattr(Session, "report", report)
    draft.write_blog({"posts/a/read": "one"})
    draft.run("1")
    assert not draft.sessions.outdated(draft.post("1"))
    draft.write_blog({"posts/a/read": "two"})
    assert draft.sessions.outdated(draft.post("1"))


def test_a_module_that_changes_in_each_run(draft: Draft) -> None:
    """Its author changes it, no run does: the states that have imported it are not used again."""
    draft.write_blog({"posts/a/part.py": "X = 1\n"})
    change = "open('part.py').read()\n_ = os.system('echo X = {} > part.py')"
    for number in (22, 333):
        code = cells("import os, part\nprint(part.X)", change.format(number))
        draft.run(*code)
        assert draft.sessions.outdated(draft.post(*code))
    assert draft.run(*code)[0] == (Stream("stdout", "333\n"),)


def test_what_lies_elsewhere_begins_anew(draft: Draft) -> None:
    """A module, a file, a folder of the blog that the code used; what the post declares."""
    settings = "dependencies: [../../other]"
    files = {"lib/part.py": "X = 1\n", "data/x.csv": "one", "other/declared": "1"}
    draft.write_blog(files)
    code = cells(*OUTSIDE)
    draft.run(*code, settings=settings)
    assert draft.ran() == "abcd"
    used = draft.sessions.used()
    assert {"lib/part.py", "data/x.csv", f"data{ALL_NAMES}", "other"} <= used
    post = draft.post(*code, settings=settings)
    for name, text in (
        ("lib/part.py", "X = 12\n"),
        ("data/x.csv", "two"),
        ("data/new.csv", ""),
        ("other/declared", "2"),
    ):
        assert not draft.sessions.outdated(post)
        draft.run(*code, settings=settings)
        assert draft.ran() == "", name
        draft.write_blog({name: text})
        assert draft.sessions.outdated(post), name
        shown = draft.run(*code, settings=settings)
        assert draft.ran() == "abcd", name
    assert shown == (
        (Stream("stdout", "12\n"),),
        (Stream("stdout", "two\n"),),
        (Stream("stdout", "['new.csv', 'x.csv']\n"),),
        (Stream("stdout", "there\n"),),
    )


def test_what_a_cell_no_longer_uses(draft: Draft) -> None:
    """The changed cell is another one: what the old one had read is nothing to it."""
    draft.write_blog({"data/x.csv": "one"})
    first, read = cells("one = 1", "print(open('../../data/x.csv').read())")
    draft.run(first, read)
    assert "data/x.csv" in draft.sessions.used()
    draft.run(*cells("one = 1", "print(2)"))
    assert "data/x.csv" not in draft.sessions.used()


def test_what_failing_code_used(draft: Draft) -> None:
    """Is known, too: a file that it missed, and one that holds what it cannot read."""
    code = cells("x = int(open('../../data/x').read())", "print(x)")
    draft.write_blog({"data/y": ""})
    with pytest.raises(CellFailed):
        draft.run(*code)
    post = draft.post(*code)
    assert not draft.sessions.outdated(post)
    draft.write_blog({"data/x": "one"})
    assert draft.sessions.outdated(post)
    with pytest.raises(CellFailed):
        draft.run(*code)
    assert not draft.sessions.outdated(post)
    draft.write_blog({"data/x": "1"})
    assert draft.sessions.outdated(post)
    assert draft.run(*code)[1] == (Stream("stdout", "1\n"),)


def test_what_code_that_was_stopped_used(draft: Draft) -> None:
    """What is known of the last run, and what the cells before had read, is no less known."""
    reading = "import time\nx = open('../../data/x').read()"
    draft.write_blog({"data/x": "one", "data/y": "two"})
    draft.run(*cells(reading, "open('../../data/y').read()"))
    code = cells(reading, "time.sleep(600)")
    with pytest.raises(CellTimedOut):
        draft.run(*code, settings="timeout: 1")
    assert "data/x" in draft.sessions.used()
    draft.write_blog({"data/x": "other"})
    assert draft.sessions.outdated(draft.post(*code))


def test_what_the_code_changes_itself_is_no_reason(draft: Draft) -> None:
    """A file that a program of its own changes in each run, after it was read, or before."""
    code = cells(
        "import os\nprint(open('../../data/x').read())",
        "_ = os.system('date +%N >> ../../data/x; date +%N > ../../data/y')",
        "_ = open('../../data/y').read()",
    )
    draft.write_blog({"data/x": "one"})
    draft.run(*code)
    post = draft.post(*code)
    assert draft.sessions.outdated(post)  # Somebody else may have changed it while it ran.
    draft.run(*code)
    assert not draft.sessions.outdated(post)
    draft.write_blog({"data/y": "two"})
    assert draft.sessions.outdated(post)


def test_a_thread_cannot_be_forked(draft: Draft) -> None:
    """A cell that leaves one behind goes on in the same process; a change before it runs all."""
    code = cells(
        "x = 1",
        "import threading\nstop = threading.Event()\nthreading.Thread(target=stop.wait).start()",
        "print(x, threading.active_count())",
        "stop.set()\nx",
    )
    assert draft.run(*code)[2] == (Stream("stdout", "1 2\n"),)
    assert draft.ran() == "abcd"
    code[3] += " + 1"
    assert draft.run(*code)[3] == (Bundle({"text/plain": "2"}),)
    assert draft.ran() == "bcd"


def test_a_cell_that_hangs_where_nothing_can_be_forked(draft: Draft) -> None:
    """It took the only process with it: when it is mended, the cells before it run again."""
    code = cells(
        "x = 1",
        "import threading\nstop = threading.Event()\nthreading.Thread(target=stop.wait).start()",
        "while True: pass",
    )
    with pytest.raises(CellTimedOut):
        draft.run(*code, settings="timeout: 1")
    assert draft.ran() == "abc"
    code[2] = cells("", "", "stop.set()\nprint(x)")[2]
    assert draft.run(*code, settings="timeout: 1")[2] == (Stream("stdout", "1\n"),)
    assert draft.ran() == "bc"


WRITING = [
    "open('by_open', 'w').write('{0}')",
    "import os\nos.write(os.open(b'by_bytes', os.O_CREAT | os.O_RDWR), b'{0}')",
    "open('tmp', 'w').write('{0}')\n_ = os.replace('tmp', 'by_rename')",
    "import sqlite3\nwith sqlite3.connect('by.db') as base:\n"
    "    base.execute('create table t{0}(x)')",
    "with sqlite3.connect('file:by_address.db?mode=rwc', uri=True) as base:\n"
    "    base.execute('create table t{0}(x)')",
]


def test_what_the_code_writes_itself_is_no_input(draft: Draft) -> None:
    """However it writes it: else a preview would run for ever, since every run finds it changed."""
    code = cells(*(cell.format(1) for cell in WRITING), "{}")
    draft.run(*code)
    assert draft.ran() == "abcdef"
    folder = draft.root / "posts" / "a"
    for name in ("by_open", "by_bytes", "by_rename", "by.db", "by_address.db"):
        assert (folder / name).stat().st_size, name
    draft.run(*code[:-1], code[-1].replace("{}", "[]"))
    assert draft.ran() == "f"


def test_what_a_cold_kernel_writes_is_no_input(draft: Draft) -> None:
    """A post that is not forked, either, does not run again for what it has written itself."""
    code = "import os\nopen('by_open', 'w').write('1')\n" + WRITING[2].format(1)
    draft.run(code, settings="warm: false")
    after = draft.post(code, settings="warm: false")
    assert {"by_open", "by_rename"} <= {*after.source.neighbours}
    assert not draft.sessions.outdated(after)


def test_outputs_are_those_of_a_kernel(draft: Draft) -> None:
    """Streams, programs, figures, displays that are updated, awaits, announced exceptions."""
    post = draft.post(
        "import os, sys\nprint('one')\nos.system('echo two')\nprint('three', file=sys.stderr)",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        "from IPython.display import HTML\nshown = display(HTML('<b>'), display_id=True)",
        "import asyncio\nawait asyncio.sleep(0)\nshown.update(HTML('<i>'))",
        "#| error: true\n1 / 0",
        "%time\n_ = In[-1]\nOut",
        "print('x' * 300_000)",
    )
    preview, _ = draft.sessions.run(post, "cpu")
    built, _ = draft.kernels.run(post, "cpu")
    for shown, expected in zip(preview.outputs[:5], built.outputs[:5], strict=True):
        assert [plain(output) for output in shown] == [plain(output) for output in expected]
    assert preview.outputs[6] == built.outputs[6]


def test_what_programs_wrote_in_a_state_that_is_gone(draft: Draft) -> None:
    """It is shown where they wrote it, and not once more when another cell takes its place."""
    code = "import os\nprint('{0}')\n_ = os.system('echo {0}')\nprint('end')"
    one = draft.run(code.format("one"), "_ = os.system('echo two; echo two >&2')")
    assert one == (
        (Stream("stdout", "one\none\nend\n"),),
        (Stream("stdout", "two\n"), Stream("stderr", "two\n")),
    )
    other = draft.run(code.format("other"), "print('next')")
    assert other == (
        (Stream("stdout", "other\nother\nend\n"),),
        (Stream("stdout", "next\n"),),
    )


def test_a_result_that_cannot_be_shown(draft: Draft) -> None:
    """Is an error here, too: a build would not publish the post."""
    failing = "class A:\n    def __repr__(self):\n        raise OSError('no')\nA()"
    with pytest.raises(CellFailed) as failed:
        draft.run("x = 1", failing)
    assert (str(failed.value), failed.value.cell) == ("OSError: no", 2)
    assert draft.run("x = 1", "x")[1] == (Bundle({"text/plain": "1"}),)


SHOWN_OTHERWISE = """
def shown(self, *_, **__):
    print("It failed.")
get_ipython().set_custom_exc((Exception,), shown)
"""


@pytest.mark.parametrize(
    ("before", "failing", "message"),
    [
        ("x = 1", "%nosuch", "UsageError: Line magic function `%nosuch` not found."),
        (SHOWN_OTHERWISE, "y = 2\n1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_an_exception_that_is_shown_otherwise(
    draft: Draft, before: str, failing: str, message: str
) -> None:
    """IPython prints what is wrong with a magic, and rich draws tracebacks of its own."""
    with pytest.raises(CellFailed) as failed:
        draft.run(before, failing)
    assert (str(failed.value), failed.value.cell) == (message, 2)


def test_more_posts_at_once_than_sessions_are_kept(write_blog: WriteBlog) -> None:
    """No session ends while its cells run; afterwards those that are too many do."""
    code = "import time\ntime.sleep(0.5)\nprint({})"
    names = "abcdef"
    assert len(names) > MOST_SESSIONS
    files = {f"posts/{n}/index.ko.md": post(code.format(f"'{n}'"), "print('end')") for n in names}
    posts = posts_of(write_blog(files))
    kernels = Kernels(Path(posts[0].source.directory).parent.parent, slots=len(names))
    sessions = Sessions(kernels)
    try:
        with ThreadPoolExecutor(len(names)) as pool:
            results = list(pool.map(lambda item: sessions.run(item, "cpu")[0].outputs, posts))
        assert [cells[0][0] for cells in results] == [Stream("stdout", f"{n}\n") for n in names]
        folders = [path for path in kernels.folder.iterdir() if path.is_dir()]
        assert len(folders) == MOST_SESSIONS
    finally:
        sessions.close()
    assert not kernels.folder.exists()


def test_a_post_that_is_forgotten(draft: Draft) -> None:
    """Its processes end, and what its code used is watched no more."""
    draft.write_blog({"data/x": "1"})
    code = cells("print(open('../../data/x').read())")
    draft.run(*code)
    (session,) = draft.sessions._sessions.values()
    states = [psutil.Process(state.pid) for state in session.states]
    assert "data/x" in draft.sessions.used()
    draft.sessions.forget("posts/a/index.ko.md")
    assert not psutil.wait_procs(states, timeout=20)[1]
    assert draft.sessions.used() == frozenset()
    assert draft.run(*code)[0] == (Stream("stdout", "1\n"),)


def test_a_session_whose_kernel_does_not_end(tmp_path: Path) -> None:
    """A process that waits for a disk: the guard is let go of all the same, and the folder goes."""
    asked: list[str] = []

    class Guarded(GuardedKernel):
        def __init__(self) -> None:
            """Nothing is started."""

        def poll(self) -> int | None:
            return None

        def kill(self) -> None:
            asked.append("kill")

        def wait(self, timeout: float | None = None) -> int | None:
            raise subprocess.TimeoutExpired("kernel", timeout or 0)

        def close(self) -> None:
            asked.append("close")

    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(b'{"pid": 0}\n')
        folder = tmp_path / "session"
        folder.mkdir()
        Session(Guarded(), folder, State(ours, 1)).close()
    assert asked == ["kill", "close"]
    assert not folder.exists()


def plain(output: Output) -> object:
    """An output without the ids and the date that Matplotlib draws by chance."""
    if isinstance(output, Bundle) and "image/svg+xml" in output.data:
        return {
            **output.data,
            "image/svg+xml": page_figure(
                output.data["image/svg+xml"], "f", "", lambda content, suffix: ""
            ),
        }
    return replace(output)


def test_previews_are_not_kept(draft: Draft) -> None:
    """What a build publishes comes from a clean run of the whole post."""
    post = draft.post("1 + 1")
    config = replace(read_config(draft.root), cache=Path("cache"))
    for _ in range(2):
        errors: list[InkcellError] = []
        (done,) = execute(
            [post],
            config,
            root=draft.root,
            errors=errors,
            report=lambda event: None,
            run=draft.sessions.run,
        )
        assert done.results.outputs == ((Bundle({"text/plain": "2"}),),)
    assert not list((draft.root / "cache").glob("??/*.json"))
