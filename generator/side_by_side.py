"""A function applied to many things by several processes of this machine, forked from this one.

A fork has all that the function refers to, so only what it is applied to and what it returns
goes through pipes. `can_fork` tells whether that is safe.
"""

from __future__ import annotations

import gc
import multiprocessing
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from .errors import SiteError

T = TypeVar("T")
R = TypeVar("R")


def can_fork() -> bool:
    """Whether a fork of this process is safe."""
    return sys.platform == "linux" and threading.active_count() == 1


class Team(Generic[T, R]):
    """Processes that wait for things to apply a function to."""

    def __init__(self, function: Callable[[T], R], size: int) -> None:
        """Fork `size` processes; no other thread may run."""
        context = multiprocessing.get_context("fork")
        self._connections: list[Connection[T, tuple[bool, Any]]] = []
        self._processes = []
        # What is there already will not be looked at by the garbage collectors of all of them.
        gc.freeze()
        for _ in range(size):
            ours, theirs = context.Pipe()
            self._connections.append(ours)
            process = context.Process(
                target=_serve, args=(function, theirs, tuple(self._connections)), daemon=True
            )
            process.start()
            theirs.close()
            self._processes.append(process)
        gc.unfreeze()

    def map(self, things: Iterable[T]) -> Generator[R, None, None]:
        """What the function makes of each thing, in the order in which they are ready.

        Raises:
            SiteError: one of the processes has ended before its work was done.
            Exception: what the function raised.
        """
        idle = list(self._connections)
        for thing in things:
            if not idle:
                yield from self._ready(idle)
            idle.pop().send(thing)
        while len(idle) < len(self._connections):
            yield from self._ready(idle)

    def _ready(self, idle: list[Connection[T, tuple[bool, Any]]]) -> Generator[R, None, None]:
        busy = [connection for connection in self._connections if connection not in idle]
        for connection in wait(busy):
            assert isinstance(connection, Connection)
            try:
                done, result = connection.recv()
            except (EOFError, OSError):
                raise SiteError("a process of the build has ended").at(
                    hint="perhaps memory ran out: what ended it stands in the system's log"
                ) from None
            if not done:
                raise result
            idle.append(connection)
            yield result

    def close(self) -> None:
        """End the processes, whatever they do."""
        for connection in self._connections:
            connection.close()
        for process in self._processes:
            process.terminate()
            process.join()


def _serve(
    function: Callable[[T], R],
    connection: Connection[tuple[bool, object], T],
    others: Sequence[Connection[T, Any]],
) -> None:
    for other in others:
        other.close()  # Or nobody would notice the end of who reads from it.
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            thing = connection.recv()
            try:
                answer: tuple[bool, object] = True, function(thing)
            except Exception as error:
                error.add_note(traceback.format_exc())
                answer = False, error
            connection.send(answer)
