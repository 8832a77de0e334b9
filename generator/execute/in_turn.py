"""What C code and programs write stands where it was written, between what Python writes.

The watching code reads it whenever Python writes: it replaces `write` of the standard streams.
But IPython 9 records what a cell writes by a `write` of its own, and after the cell puts that of
before it back; so the replacement is made in every cell.

Stands alone, as `figures` does: its text runs in the kernel's own interpreter.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any


class InTurn:
    """A standard stream before whose texts stands what was written to its descriptor."""

    def __init__(self, stream: Any, descriptor: int) -> None:
        """Take the `write` of the stream that reads the descriptor's file first."""
        self._stream = stream
        self._descriptor = descriptor
        self._read_first = stream.write
        self._file = os.fstat(descriptor)
        self._size = self._file.st_size
        self._process = os.getpid()
        self._reading = threading.Lock()

    def begin_cell(self, *_: object) -> None:
        """Replace the stream's `write`, unless that was done and is so still."""
        write = self._stream.write
        if write == self._read_first or hasattr(write, "in_turn"):
            return

        def in_turn(text: str) -> Any:
            self._read()
            return write(text)

        in_turn.in_turn = True  # type: ignore[attr-defined]
        self._stream.write = in_turn

    def _read(self) -> None:
        """Have read what the descriptor's file holds."""
        try:
            file = os.fstat(self._descriptor)
        except OSError:
            return
        if file.st_size == self._size or not os.path.samestat(file, self._file):
            # Or the code has led the descriptor elsewhere, to catch what is written to it.
            return
        # A process that the code has forked would say all again.
        if os.getpid() == self._process and self._reading.acquire(blocking=False):
            try:
                self._size = file.st_size
                self._read_first("")
            finally:
                self._reading.release()


def install() -> None:
    """Begin with the next cell."""
    from IPython import get_ipython

    events: Any = get_ipython().events
    for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
        events.register("pre_run_cell", InTurn(stream, descriptor).begin_cell)
