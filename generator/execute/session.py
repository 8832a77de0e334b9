"""The states of one post's code: a chain of processes, each the state after one cell.

For `inkcell serve`. A change runs the changed cell and those after it in a fork of the state before
it (see `cells`).
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat

from ..model import Code
from . import trace as tracing
from .client import BoundedNotebook
from .guard import descendants
from .post_run import GRACE
from .provisioner import GuardedKernel
from .trace import TRACE_TYPE, Trace

CALL_TIMEOUT = 20
"""Seconds in which code of ours must have run in a state."""


class State:
    """A process in the state after a cell."""

    def __init__(self, control: socket.socket, timeout: float) -> None:
        """Wait until the process is there.

        Raises:
            TimeoutError, EOFError: it is not.
        """
        self.control = control
        self._heard = bytearray()
        self.messages: list[dict[str, Any]] = []
        """What its cell put out."""
        self.raised = ("", "", 0)
        """Name and message of the exception that its cell raised, and the cell's number."""
        self.forkable = True
        self.pid = int(self.hear(timeout)["pid"])

    def hear(self, timeout: float) -> dict[str, Any]:
        """The next line that the process says.

        Raises:
            TimeoutError: it says nothing in time.
            EOFError: it has ended.
        """
        end = time.monotonic() + timeout
        searched = 0
        while (length := self._heard.find(b"\n", searched)) < 0:
            searched = len(self._heard)
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.control], [], [], left)[0]:
                raise TimeoutError
            data = self.control.recv(1 << 20)
            if not data:
                raise EOFError
            self._heard += data
        message: dict[str, Any] = json.loads(self._heard[:length])
        del self._heard[: length + 1]
        return message

    def call(self, code: str) -> list[dict[str, Any]]:
        """Run code of ours in the process, as no cell; what it publishes.

        Raises:
            OSError, EOFError: the process does not answer.
        """
        self.control.sendall(json.dumps({"ours": code}).encode() + b"\n")
        messages: list[dict[str, Any]] = self.hear(CALL_TIMEOUT)["messages"]
        return messages


class Session:
    """The states of one post's code."""

    def __init__(
        self,
        guarded: GuardedKernel,
        folder: Path,
        first: State,
        around: Mapping[str, Any] | None = None,
    ) -> None:
        self.guarded = guarded
        self.folder = folder
        self.states = [first]
        """The state before the first cell, and those after each cell that ran."""
        self.cells: list[Code] = []
        self.seconds: list[float] = []
        """How long each of them took."""
        self.around = around
        """What the post asks of its run; another makes another session, and None is no other's."""
        self.running: State | None = None
        self.seen: Trace | None = None
        """What the cells were seen to use, once they have run."""

    def keep(self, cells: Sequence[Code]) -> int:
        """Drop the states from the first changed cell on; return how many cells still stand."""
        same = 0
        for old, new in zip(self.cells, cells, strict=False):
            if (old.source, old.may_raise) != (new.source, new.may_raise):
                break
            same += 1
        if same < len(self.cells):
            same = self._forkable(same)
        self._drop(same)
        return same

    def _forkable(self, count: int) -> int:
        """After how many of the first cells there is a state that can be forked."""
        while count and not self.states[count].forkable:
            count -= 1
        return count

    def run(self, cell: Code, timeout: float, wanted: Callable[[], bool] = lambda: True) -> str:
        """Run the next cell; return `ok`, `error`, `timeout` or `died`.

        It dies if it is not wanted any more: who said so may have seen nothing that runs.
        """
        last = self.states[-1]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        request = json.dumps({"run": cell.source, "fork": last.forkable}) + "\n"
        try:
            with theirs:
                socket.send_fds(last.control, [request.encode()], [theirs.fileno()])
            state = State(ours, max(timeout, CALL_TIMEOUT))
        except (OSError, EOFError):
            ours.close()
            return "died"
        self.running = state
        started = time.monotonic()
        try:
            if not wanted():
                self.interrupt()
            answer = state.hear(timeout)
        except TimeoutError:
            self._end(state, gently=True)
            self._leave(last)
            return "timeout"
        except (OSError, EOFError):
            ours.close()
            self._leave(last)
            return "died"
        finally:
            self.running = None
        if not wanted():
            # It may have been ended just after it had answered.
            self._end(state)
            self._leave(last)
            return "died"
        state.messages, state.forkable = answer["messages"], answer["forkable"]
        state.raised = (*answer["raised"], answer["number"])
        if not last.forkable:
            # The process went on itself: there is no way back to the state before.
            last.control.close()
        self.states.append(state)
        self.cells.append(cell)
        self.seconds.append(time.monotonic() - started)
        return str(answer["status"])

    def report(self) -> str:
        """What the cells were seen to use, as the kernel reports it.

        Raises:
            OSError, EOFError: the process does not answer.
        """
        messages = self.states[-1].call(tracing.report_code())
        texts = [message["content"].get("data", {}).get(TRACE_TYPE) for message in messages]
        return next(str(text) for text in texts if text)

    def interrupt(self) -> None:
        """End the state whose cell runs; those before it stand."""
        state = self.running
        if state is not None:
            _kill(state.pid)

    def answers(self) -> bool:
        """Whether the last state is there: it may have died with a cell, or with all others."""
        try:
            self.states[-1].call("")
        except (OSError, EOFError):
            with suppress(OSError, subprocess.TimeoutExpired):
                self.guarded.wait(GRACE)
            return False
        return True

    def close(self) -> None:
        """End every state and all that they started."""
        for state in self.states:
            state.control.close()
        self.guarded.poll()
        self.guarded.kill()
        with suppress(OSError, subprocess.TimeoutExpired):
            self.guarded.wait(10)
        self.guarded.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _leave(self, last: State) -> None:
        """The process of a cell has ended, and with it the state before, if it was that one's."""
        if not last.forkable:
            self._drop(self._forkable(len(self.cells)))

    def _drop(self, count: int) -> None:
        for state in self.states[count + 1 :]:
            self._end(state)
        del self.states[count + 1 :]
        del self.cells[count:]
        del self.seconds[count:]

    def _end(self, state: State, *, gently: bool = False) -> None:
        with suppress(ProcessLookupError):
            if gently:
                os.kill(state.pid, signal.SIGINT)
                with suppress(OSError, EOFError):
                    state.hear(GRACE)
        _kill(state.pid)
        state.control.close()


def _kill(pid: int) -> None:
    """End a process and those that it has started, the states after it among them."""
    for found in (pid, *descendants(pid)):
        with suppress(ProcessLookupError):
            os.kill(found, signal.SIGKILL)


def raw_outputs(session: Session) -> list[tuple[list[Any], int]]:
    """The outputs of every cell that ran, as nbclient understands its messages."""
    count = len(session.cells)
    cells = [nbformat.v4.new_code_cell(cell.source) for cell in session.cells]
    notebook = BoundedNotebook(nbformat.v4.new_notebook(cells=cells))
    for index, state in enumerate(session.states[1 : count + 1]):
        notebook.begin_cell(index)
        for message in state.messages:
            header = {"msg_type": message["msg_type"]}
            whole = {**message, "header": header, "parent_header": {"msg_id": str(index)}}
            notebook.process_message(json.loads(json.dumps(whole)), cells[index], index)
    return [(cell.outputs, notebook.omitted[index]) for index, cell in enumerate(cells)]
