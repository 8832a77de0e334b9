"""What C code and programs write stands where it was written, between what Python writes.

They write to a descriptor, which leads to a file. That is read whenever Python writes, before
anything is displayed, and at the end of a cell, so that nothing is lost and the order is always
the same: `write` and `flush` of the standard streams are replaced, for ipykernel flushes them
before it sends a display, a result or a traceback. IPython 9 records what a cell writes by a
`write` of its own, and puts that of before back after the cell; so that replacement is made in
every cell.

Stands alone, as `figures` does: its text runs in the kernel's own interpreter.
"""

from __future__ import annotations

import codecs
import os
import stat
import sys
import threading
from typing import Any


class InTurn:
    """A standard stream before whose texts stands what was written to its descriptor."""

    def __init__(self, stream: Any, descriptor: int) -> None:
        """Replace the stream's `write` and `flush`; the descriptor leads to a file."""
        self._stream = stream
        self._descriptor = descriptor
        self._write = stream.write
        self._flush = stream.flush
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._file = os.fstat(descriptor)
        self._size = self._file.st_size
        self._process = os.getpid()
        self._reading = threading.Lock()
        self._stream.fileno = lambda: descriptor
        self._stream.flush = self.flush
        self.begin_cell()

    def begin_cell(self, *_: object) -> None:
        """Replace the stream's `write`, unless that was done and is so still."""
        write = self._stream.write
        if hasattr(write, "in_turn"):
            return

        def in_turn(text: str) -> Any:
            self.read()
            return write(text)

        in_turn.in_turn = True  # type: ignore[attr-defined]
        self._stream.write = in_turn

    def flush(self) -> None:
        """Write all that was written to the descriptor, too."""
        self.read()
        self._flush()

    def read(self, *_: object) -> None:
        """Write what the descriptor's file holds and nobody has written yet."""
        try:
            file = os.fstat(self._descriptor)
        except OSError:
            return
        if file.st_size <= self._size or not os.path.samestat(file, self._file):
            # Or the code has led the descriptor elsewhere, to catch what is written to it.
            return
        # A process that the code has forked would say all again.
        if os.getpid() == self._process and self._reading.acquire(blocking=False):
            try:
                data = os.pread(self._descriptor, file.st_size - self._size, self._size)
                self._size += len(data)
                self._write(self._decoder.decode(data))
            finally:
                self._reading.release()


def install() -> None:
    """Begin, for both streams, if their descriptors lead to files."""
    from IPython import get_ipython

    events: Any = get_ipython().events
    for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            in_turn = InTurn(stream, descriptor)
            events.register("pre_run_cell", in_turn.begin_cell)
            events.register("post_run_cell", in_turn.read)
