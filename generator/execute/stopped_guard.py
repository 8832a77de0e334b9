"""Ends a kernel whose code has stopped its guard.

A process that is stopped (SIGSTOP) does nothing, and a guard that is told to end its kernel would
never do so. Only Linux tells enough of processes; elsewhere nothing is done here.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .guard import PATIENCE, descendants


class Process(NamedTuple):
    """A process: its id, and when it began, since ids are used again."""

    pid: int
    begun: int
    """In ticks since the machine's own beginning."""


class Status(NamedTuple):
    """What Linux tells of a process in `/proc/PID/stat`: proc(5)."""

    state: str
    """`T` or `t` if it is stopped, `Z` if it has ended."""
    parent: int
    begun: int


def guards_of(kernel: int) -> tuple[Process, ...]:
    """The two processes of the guard of a kernel that lives, the inner one first (see `guard`)."""
    found = []
    pid = kernel
    for _ in range(2):
        below = status(pid)
        above = status(below.parent) if below else None
        if below is None or above is None:
            return ()
        pid = below.parent
        found.append(Process(pid, above.begun))
    return tuple(found)


def end_if_stopped(guards: Sequence[Process]) -> None:
    """Kill a guard, if one of its processes is stopped, and all that it would have ended.

    Before each of them dies what it would leave behind; so nothing gets away from the next.
    """
    states = {guard: found.state for guard in guards if (found := _same(guard))}
    if not any(state in ("T", "t") for state in states.values()):
        return
    deadline = time.monotonic() + PATIENCE
    for guard in states:
        while time.monotonic() < deadline:
            living = [pid for pid in descendants(guard.pid) if _lives(pid)]
            if not living:
                break
            for pid in living:
                _kill(pid)
            time.sleep(0.002)
        _kill(guard.pid)


def _same(process: Process) -> Status | None:
    """What a process does; None if it is gone, whoever has its id now."""
    found = status(process.pid)
    return found if found and found.begun == process.begun else None


def _lives(pid: int) -> bool:
    found = status(pid)
    return found is not None and found.state not in ("Z", "X")


def status(pid: int) -> Status | None:
    """What a process is and does; None if there is none, or nothing that tells."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        # Behind the name in parentheses, which may hold anything, stands the third field.
        fields = text.rpartition(")")[2].split()
        return Status(fields[0], int(fields[1]), int(fields[19]))
    except (OSError, IndexError, ValueError):
        return None


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
