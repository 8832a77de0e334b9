"""Guards that are stopped, and those who end them; no kernel starts."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from generator.execute.guard import end_guards

from .running import wait_until

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="only Linux tells what a process has started"
)

FAMILY = "import subprocess, time\nsubprocess.Popen(['sleep', '600'])\nprint(1, flush=True)\n"


def begun(process: psutil.Process) -> int:
    """When a process began, as its guard tells it: in ticks, from /proc."""
    text = Path(f"/proc/{process.pid}/stat").read_text()
    return int(text.rpartition(")")[2].split()[19])


def stop(process: psutil.Process) -> None:
    """Stop a process, which takes a moment."""
    process.send_signal(signal.SIGSTOP)
    wait_until(lambda: process.status() == psutil.STATUS_STOPPED, "it has stopped")


@pytest.fixture
def family() -> Iterator[list[psutil.Process]]:
    """A process with a child, the child last."""
    command = [sys.executable, "-c", FAMILY + "time.sleep(600)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        members = [psutil.Process(process.pid)]
        members += members[0].children()
        assert len(members) == 2
        yield members
        for member in members:
            if member.is_running():
                member.kill()


def test_a_guard_that_is_stopped(family: list[psutil.Process]) -> None:
    """It is killed, and first what it has started."""
    guard, child = family
    stop(guard)
    end_guards([(guard.pid, begun(guard))])
    assert guard.wait(20) is not None
    gone, _ = psutil.wait_procs([child], timeout=20)
    assert gone == [child]


def test_a_guard_that_runs(family: list[psutil.Process]) -> None:
    """It ends what it guards itself."""
    guard, child = family
    end_guards([(guard.pid, begun(guard))])
    assert guard.is_running()
    assert child.is_running()


def test_another_process_with_its_id(family: list[psutil.Process]) -> None:
    """It began at another time, and is left alone whatever it does."""
    guard, child = family
    stop(guard)
    end_guards([(guard.pid, begun(guard) - 1)])
    assert guard.status() == psutil.STATUS_STOPPED
    assert child.is_running()
