"""Kernels keep within their limits, and nothing that they start outlives them."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.errors import CellFailed, CellTimedOut, KernelDied
from generator.execute import provisioner
from generator.model import Omission, Stream

from ..conftest import WriteBlog
from .running import MARK, building, data, marked, post, run, told, wait_until

pytestmark = pytest.mark.kernel


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> str:
    """Everything that the test starts bears this mark."""
    value = uuid.uuid4().hex
    monkeypatch.setenv(MARK, value)
    return value


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files, so short that sockets have room in it."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_limits(write_blog: WriteBlog) -> None:
    """A cell is interrupted, then killed; memory and the time of a post are bounded."""
    sources = {
        "tidy": post(
            "import time\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n"
            "    open('tidied', 'w').close()\n    raise",
            execute="timeout: 1",
        ),
        "deaf": post(
            "import ctypes\nlibrary = ctypes.PyDLL(None)",
            "open('began', 'w').close()\nwhile True:\n    library.sleep(60)",
            execute="timeout: 1",
        ),
        "stubborn": post(
            "import time\nwhile True:\n    try:\n        time.sleep(60)\n"
            "    except KeyboardInterrupt:\n        open('asked', 'w').close()",
            execute="timeout: 1",
        ),
        "long": post(
            "import time\ntime.sleep(0.6)", "time.sleep(60)", execute="timeout: 50, post_timeout: 1"
        ),
        "large": post(
            "import time", "x = bytearray(400 << 20)\ntime.sleep(60)", execute="memory: 200"
        ),
        "family": post(
            "import subprocess, sys\n"
            "code = 'import time; x = bytearray(150 << 20); time.sleep(60)'\n"
            "children = [subprocess.Popen([sys.executable, '-c', code]) for _ in range(2)]\n"
            "children[0].wait()",
            execute="memory: 300",
        ),
        "modest": post(
            "import numpy\nx = bytearray(20 << 20)\nlen(x)", execute="memory: 200, threads: 1"
        ),
        "deaf_to_input": post(
            "try:\n    input()\nexcept Exception as error:\n    print(type(error).__name__)",
            "import sys\nprint(repr(sys.stdin.read()))",
        ),
    }
    root = write_blog({f"posts/{name}/index.ko.md": text for name, text in sources.items()})
    ran = run(root)
    for name in ("tidy", "deaf", "stubborn", "long"):
        error = ran.errors[name]
        assert isinstance(error, CellTimedOut), name
        assert error.cell == (2 if name in ("deaf", "long") else 1), name
    assert "the cell ran longer than 1 s" in str(ran.errors["tidy"])
    assert "the post's code ran longer than 1 s" in str(ran.errors["long"])
    assert (root / "posts" / "tidy" / "tidied").exists()
    assert (root / "posts" / "stubborn" / "asked").exists()
    for name, limit in (("large", 200), ("family", 300)):
        error = ran.errors[name]
        assert isinstance(error, KernelDied), name
        assert f"more than {limit} MiB of memory" in str(error), name
        assert "memory" in str(error.hint)
    assert (ran.errors["large"].cell, ran.errors["large"].text) == (2, "x = bytearray(400 << 20)")
    assert data(ran.outputs["modest"][0][0]) == {"text/plain": str(20 << 20)}
    assert ran.text("deaf_to_input", 0) == "StdinNotImplementedError\n"
    assert ran.text("deaf_to_input", 1) == "''\n"


def test_modules_of_other_posts_do_not_count_as_memory(write_blog: WriteBlog) -> None:
    """What a warm parent has imported for others is no memory that a post takes."""
    large = "block = b'x' * (300 << 20)\n"
    root = write_blog(
        {
            "library/larger.py": large,
            "posts/a/index.ko.md": post("import larger\nlen(larger.block)"),
            "posts/b/index.ko.md": post(
                "import time\ntime.sleep(0.5)\n'fine'", execute="memory: 200"
            ),
        }
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(root / "library"))
        ran = run(root)
    assert ran.errors == {}
    assert data(ran.outputs["b"][0][0]) == {"text/plain": "'fine'"}


def test_outputs_are_bounded_and_counted(write_blog: WriteBlog) -> None:
    """A flood of text, of displays, one huge display: what is too much is counted to the byte."""
    text = 256 * 1024
    room = 32 * 1024 * 1024
    sources = {
        "flood": post(
            "for i in range(30_000):\n    print('x' * 999)\n",
            "'after'",
        ),
        "korean": post("print('가' * 200_000)"),
        "displays": post(
            "from IPython.display import display\n"
            "for i in range(400):\n    display({'text/plain': '나' * 30_000}, raw=True)",
            "'after'",
        ),
        "huge": post(
            "from IPython.display import display\n"
            "display({'text/plain': 'a' * (33 << 20)}, raw=True)\n"
            "display({'text/plain': 'small'}, raw=True)",
            "handle = display({'text/plain': 'b'}, raw=True, display_id=True)",
            "handle.update({'text/plain': 'c' * (33 << 20)}, raw=True)",
        ),
        "many": post(
            "from IPython.display import display\n"
            "for i in range(5_000):\n    display({'text/plain': str(i)}, raw=True)",
        ),
        "again": post(
            "from IPython.display import clear_output, display\n"
            "print('x' * 300_000)\nclear_output()\nprint('end')",
            "handle = display({'text/plain': 'early'}, raw=True, display_id=True)",
            "handle.update({'text/plain': 'late'}, raw=True)",
        ),
    }
    root = write_blog({f"posts/{name}/index.ko.md": body for name, body in sources.items()})
    ran = run(root, jobs=3)
    assert ran.errors == {}
    kept, omitted = ran.outputs["flood"][0]
    assert isinstance(kept, Stream)
    assert (len(kept.text), omitted) == (text, Omission(30_000 * 1000 - text))
    kept, omitted = ran.outputs["korean"][0]
    assert isinstance(kept, Stream)
    assert set(kept.text) == {"가"}
    assert omitted == Omission(200_000 * 3 + 1 - len(kept.text.encode()))
    assert text - 3 < len(kept.text.encode()) <= text
    *displays, omitted = ran.outputs["displays"][0]
    assert len(displays) == room // 90_000
    assert omitted == Omission((400 - room // 90_000) * 90_000)
    for name in ("flood", "displays"):
        assert [data(output)["text/plain"] for output in ran.outputs[name][1]] == ["'after'"]
    small, omitted = ran.outputs["huge"][0]
    assert (data(small)["text/plain"], omitted) == ("small", Omission(33 << 20))
    assert data(ran.outputs["huge"][1][0]) == {"text/plain": "b"}
    assert ran.outputs["huge"][2] == (Omission(33 << 20),)
    assert [data(o)["text/plain"] for o in ran.outputs["many"][0]] == [*map(str, range(5_000))]
    assert ran.outputs["again"][0] == (Stream("stdout", "end\n"),)
    assert data(ran.outputs["again"][1][0]) == {"text/plain": "late"}


INSIDE = """\
import socket, threading
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname(), timeout=5)
print("loopback", server.accept()[0].getsockname()[0])"""
OUTSIDE = """\
try:
    socket.create_connection(("127.0.0.1", {port}), timeout=5).close()
    print("reached")
except OSError as error:
    print(type(error).__name__)
print([name for _, name in socket.if_nameindex()])"""


@pytest.mark.skipif(
    subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode != 0
    if shutil.which("unshare")
    else True,
    reason="this machine does not let a process leave the network",
)
def test_no_network(write_blog: WriteBlog) -> None:
    """`network: false`: loopback works, nobody else's server is reached; warm and cold."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        outside = OUTSIDE.format(port=server.getsockname()[1])
        root = write_blog(
            {
                f"posts/{name}/index.ko.md": post(INSIDE, outside, execute=execute)
                for name, execute in {
                    "warm": "network: false",
                    "cold": "network: false, warm: false",
                    "with": "network: true",
                }.items()
            }
        )
        ran = run(root)
    assert ran.errors == {}
    assert ran.notices() == []
    for name in ("warm", "cold"):
        assert ran.text(name, 0) == "loopback 127.0.0.1\n"
        assert ran.text(name, 1) == "ConnectionRefusedError\n['lo']\n"
    assert ran.text("with", 1).startswith("reached\n")


FAMILY = """\
import json, os, subprocess, sys, time, warnings
warnings.simplefilter("ignore")  # Python 3.12 and newer warn of forks beside threads.
for _ in range(60):
    if not os.fork():
        time.sleep(600)
        os._exit(0)
if not os.fork():
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    time.sleep(600)
    os._exit(0)
subprocess.Popen(["sleep", "600"], start_new_session=True)
subprocess.Popen(["sh", "-c", "trap '' INT TERM HUP; while :; do sleep 600; done"])
print("family")"""

ENDS = {
    "well": "'end'",
    "failing": "1 / 0",
    "slow": "time.sleep(600)",
    "killed": "os.kill(os.getpid(), 9)",
    "exiting": "os._exit(0)",
    "unguarded": "os.kill(os.getppid(), 9)\ntime.sleep(600)",
    "half-guarded": "os.kill(int(open(f'/proc/{os.getppid()}/stat').read().split()[3]), 9)\n"
    "time.sleep(600)",
}


def test_nothing_outlives_a_run(write_blog: WriteBlog, mark: str, temporary: Path) -> None:
    """Sixty children, a daemon, a session of its own: dead, however the run ends."""
    sources = {
        f"posts/{end}-{warmth}/index.ko.md": post(
            FAMILY,
            last,
            execute=f"warm: {'true' if warmth == 'warm' else 'false'}"
            + (", timeout: 1" if end == "slow" else ""),
        )
        for end, last in ENDS.items()
        for warmth in ("warm", "cold")
    }
    ran = run(write_blog(sources))
    assert sorted(ran.outputs) == ["well-cold", "well-warm"]
    for warmth in ("warm", "cold"):
        assert ran.text(f"well-{warmth}", 0) == "family\n"
        assert isinstance(ran.errors[f"failing-{warmth}"], CellFailed)
        assert isinstance(ran.errors[f"slow-{warmth}"], CellTimedOut)
        for end in ("killed", "exiting", "unguarded", "half-guarded"):
            error = ran.errors[f"{end}-{warmth}"]
            assert isinstance(error, KernelDied), (end, warmth)
            assert (error.cell, error.text) == (2, ENDS[end].split("\n")[0])
    assert told(marked(mark)) == []
    assert list(temporary.iterdir()) == []


GUARDS = (
    "inner = os.getppid()\n"
    "outer, group = map(int, open(f'/proc/{inner}/stat').read().rpartition(')')[2].split()[1:3])\n"
)
STOPS = {
    "itself": "os.kill(os.getpid(), 19)",
    "guard": "os.kill(inner, 19)\ntime.sleep(600)",
    "outer": "os.kill(outer, 19)\ntime.sleep(600)",
    "both": "os.killpg(group, 19)\ntime.sleep(600)",
    "well": "os.killpg(group, 19)\nprint('well')",
    "dead": "os.killpg(group, 19)\nos.kill(os.getpid(), 9)",
}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process has started")
def test_a_run_that_stops_its_guard(write_blog: WriteBlog, mark: str, temporary: Path) -> None:
    """Or itself: it ends at its time-out, or as it would, and nothing outlives it."""
    sources = {
        f"posts/{stops}-{warmth}/index.ko.md": post(
            FAMILY,
            GUARDS + last,
            execute=f"timeout: 5, warm: {'true' if warmth == 'warm' else 'false'}",
        )
        for stops, last in STOPS.items()
        for warmth in ("warm", "cold")
    }
    ran = run(write_blog(sources))
    assert sorted(ran.outputs) == ["well-cold", "well-warm"]
    for warmth in ("warm", "cold"):
        assert ran.text(f"well-{warmth}", 1) == "well\n"
        for stops in STOPS.keys() - {"well"}:
            error = ran.errors[f"{stops}-{warmth}"]
            assert isinstance(error, CellTimedOut), (stops, warmth)
            assert error.cell == 2
    assert told(marked(mark)) == []
    assert list(temporary.iterdir()) == []


def test_a_run_that_stops_the_warm_parent(
    write_blog: WriteBlog, mark: str, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next post does not wait for it, but is forked from a new one."""
    monkeypatch.setattr(provisioner, "ANSWER_TIMEOUT", 3)
    above = "above = int(open(f'/proc/{outer}/stat').read().rpartition(')')[2].split()[1])\n"
    above += "assert 'warm.py' in open(f'/proc/{above}/cmdline').read()\n"
    stopping = f"import json, os\n{GUARDS}{above}os.kill(above, 19)\nprint('stopped')"
    next_one = "import json\nprint('next')"
    root = write_blog(
        {
            # The longer code runs first.
            "posts/a/index.ko.md": post(stopping),
            "posts/b/index.ko.md": post(next_one),
            "posts/c/index.ko.md": post(next_one),
        }
    )
    ran = run(root, jobs=1)
    assert ran.errors == {}
    assert [ran.text(name) for name in "abc"] == ["stopped\n", "next\n", "next\n"]
    assert told(marked(mark)) == []
    assert list(temporary.iterdir()) == []


BUSY = FAMILY + '\nopen("ready", "w").close()\ntime.sleep(600)'


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_nothing_outlives_a_build(write_blog: WriteBlog, temporary: Path, how: str) -> None:
    """A build that is interrupted or killed takes its kernels and all they started with it.

    If it is interrupted, also those whose code has stopped their guard.
    """
    mark = uuid.uuid4().hex
    stop = GUARDS + "os.killpg(group, 19)" if how == "SIGINT" and sys.platform == "linux" else ""
    root = write_blog(
        {
            "posts/a/index.ko.md": post(BUSY),
            "posts/b/index.ko.md": post(f"import os\n{stop}", BUSY, execute="warm: false"),
            "posts/c/index.ko.md": post("'waits for its turn'"),
        }
    )
    with building(root, mark, "--jobs", "2") as process:
        ready = [root / "posts" / name / "ready" for name in "ab"]
        wait_until(lambda: all(path.exists() for path in ready), "both posts run")
        assert len(marked(mark)) > 120
        process.send_signal(getattr(signal, how))
        said, _ = process.communicate(timeout=60)
    wait_until(lambda: marked(mark) == [], f"everything is gone: {told(marked(mark))}")
    assert not (root / "site").exists()
    if how == "SIGINT":
        assert process.returncode == 130
        assert "Interrupted; the site is as it was." in said
        assert "Traceback" not in said
        assert list(temporary.iterdir()) == []


def test_a_build_survives_its_warm_parent(write_blog: WriteBlog, temporary: Path) -> None:
    """Kernels go on when the process they were forked from is killed; later posts run too."""
    mark = uuid.uuid4().hex
    wait = (
        "import json, os, time\nopen('ready', 'w').close()\n"
        "while not os.path.exists('../go'):\n    time.sleep(0.02)\nprint('first')"
    )
    root = write_blog(
        {
            "posts/a/index.ko.md": post(wait),
            "posts/b/index.ko.md": post("import json\nprint('second')"),
        }
    )
    with building(root, mark, "--jobs", "1") as process:
        wait_until((root / "posts" / "a" / "ready").exists, "the first post runs")
        for parent in marked(mark):
            if any(argument.endswith("warm.py") for argument in parent.cmdline()):
                above = parent.parent()
                if above is not None and above.pid == process.pid:
                    parent.send_signal(signal.SIGKILL)
        (root / "posts" / "go").touch()
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "2 posts run" in said
    wait_until(lambda: marked(mark) == [], "everything is gone")
    assert list(temporary.iterdir()) == []


def test_two_builds_at_once(write_blog: WriteBlog, temporary: Path) -> None:
    """Each post's code runs once in total, and the site is whole; a killed build stops nobody."""
    count = "import json, os, time\nopen('runs', 'a').write('x')\ntime.sleep(0.2)\nprint('{}')"
    names = "abcdef"
    files = {f"posts/{name}/index.ko.md": post(count.format(name * 9)) for name in names}
    files["posts/g/index.ko.md"] = post(
        "import os, time\nwhile not os.path.exists('../go'):\n"
        "    open('ready', 'w').close()\n    time.sleep(0.1)"
    )
    root = write_blog(files)
    mark = uuid.uuid4().hex
    with building(root, mark, "--jobs", "8") as killed:
        wait_until((root / "posts" / "g" / "ready").exists, "the post holds its lock")
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    for name in names:
        (root / "posts" / name / "runs").unlink(missing_ok=True)
    for entry in root.glob(".inkcell/results/??/*.json"):
        entry.unlink()
    (root / "posts" / "go").touch()
    with (
        building(root, mark, "--jobs", "2") as one,
        building(root, mark, "--jobs", "3") as other,
    ):
        for process in (one, other):
            said, _ = process.communicate(timeout=120)
            assert process.returncode == 0, said
    assert {name: (root / "posts" / name / "runs").read_text() for name in names} == dict.fromkeys(
        names, "x"
    )
    pages = [path.read_text(encoding="utf-8") for path in (root / "site").glob("math/*/index.html")]
    assert sorted(name for name in names for page in pages if name * 9 in page) == list(names)
    assert not list(root.glob(".site*"))
