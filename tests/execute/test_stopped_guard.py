"""Guards that are stopped, and those who end them; no kernel starts."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from generator.execute.stopped_guard import Process, end_if_stopped, guards_of, status

from .running import wait_until

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="only Linux tells what a process has started"
)

FAMILY = "import subprocess, time\nsubprocess.Popen(['sleep', '600'])\nprint(1, flush=True)\n"


def as_guard(process: psutil.Process) -> Process:
    """A process as who guards it would know it."""
    found = status(process.pid)
    assert found is not None
    return Process(process.pid, found.begun)


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
    end_if_stopped([as_guard(guard)])
    assert guard.wait(20) is not None
    gone, _ = psutil.wait_procs([child], timeout=20)
    assert gone == [child]


def test_who_guards(family: list[psutil.Process]) -> None:
    """The parent of a kernel, and its parent; nobody, if the kernel is gone."""
    parent, child = family
    above = psutil.Process()
    assert guards_of(child.pid) == (as_guard(parent), as_guard(above))
    child.kill()
    parent.kill()
    parent.wait(20)
    assert guards_of(parent.pid) == ()


def test_a_guard_that_runs(family: list[psutil.Process]) -> None:
    """It ends what it guards itself."""
    guard, child = family
    end_if_stopped([as_guard(guard)])
    assert guard.is_running()
    assert child.is_running()


def test_another_process_with_its_id(family: list[psutil.Process]) -> None:
    """It began at another time, and is left alone whatever it does."""
    guard, child = family
    stop(guard)
    known = as_guard(guard)
    end_if_stopped([known._replace(begun=known.begun - 1)])
    assert guard.status() == psutil.STATUS_STOPPED
    assert child.is_running()
