"""Sharing out this machine among posts that run side by side: its cores and its memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Turn = Callable[[], AbstractContextManager[None]]
"""Waits for a post's share when it is entered, and gives it back when it is left."""

RESERVE = 0.9
"""The part of the free memory that posts may be expected to take."""


class Shares:
    """So many cores and so much memory; whoever finds too little left waits.

    Nobody waits for ever: what asks for more than there is gets all of it, alone.
    """

    def __init__(self, cores: int, memory: int) -> None:
        self._cores = cores
        self._memory = int(memory * RESERVE)
        self._free_cores = self._cores
        self._free_memory = self._memory
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, cores: int, memory: int) -> Iterator[None]:
        """Wait for cores and for memory in bytes, and give them back at the end."""
        cores, memory = min(cores, self._cores), min(memory, self._memory)
        with self._changed:
            self._changed.wait_for(
                lambda: self._free_cores >= cores and self._free_memory >= memory
            )
            self._free_cores -= cores
            self._free_memory -= memory
        try:
            yield
        finally:
            with self._changed:
                self._free_cores += cores
                self._free_memory += memory
                self._changed.notify_all()
