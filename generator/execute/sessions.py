"""Posts under an author's hands: after a change in a cell, run from that cell on (see `session`).

For `inkcell serve`. What comes out is shown, never kept: what a build publishes comes from a clean
run of the whole post.
"""

from __future__ import annotations

import hashlib
import shutil
import socket
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from msgspec.structs import replace

from ..errors import CellFailed, InkcellError, KernelDied
from ..model import Code, Omission, Output, Post, Provenance, Results
from . import machine
from . import trace as tracing
from .differences import changed_files
from .digests import FROZEN, digests, names_in
from .failures import died, failed, timed_out
from .imports import imports_of, needs_cold_kernel
from .interpreters import Environment, executable_of
from .kernel import Kernels
from .key import executed_cells, ingredients
from .outputs import outputs_of
from .post_run import IPYKERNEL_ARGUMENTS, START_TIMEOUT, opened_logs
from .provisioner import MIB, fork_guarded
from .session import Session, State, raw_outputs
from .trace import CHANGED, Trace, is_python
from .warm_parent import CAN_FORK, WarmParentDied, WarmRefused

MODULES = (".py", ".js", ".mjs", ".cjs")
"""How the names of modules end that an author may write."""
MOST_SESSIONS = 4
"""Posts whose states are kept; the one that was left alone longest goes first."""


class Start(NamedTuple):
    """What is known when a run begins."""

    before: Trace | None
    """What the post's code was seen to use when it ran last."""
    names: Mapping[str, frozenset[str]]
    """What lies in the post's folder and in those below it, by the folder, as a trace has it."""


class Sessions:
    """Where posts run while an author works on them."""

    def __init__(self, kernels: Kernels) -> None:
        self.slots = kernels.slots
        self._kernels = kernels
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._in_use: set[str] = set()
        """Paths of the posts whose cells run."""
        self._seen: dict[str, Trace] = {}
        """What posts declare and were seen to use, by their paths: as it was when they ran last."""
        self._lock = threading.Lock()

    def run(self, post: Post, device: str) -> tuple[Results, Trace | None]:
        """Run what has changed of a post's code; all of it where states cannot be kept.

        Returns:
            The results, without a trace if the code did not run from its beginning in a clean
            kernel: a build must not find them in the cache.

        Raises:
            ExecutionError: as kernels raise.
        """
        argv = self._kernels.command(post.meta.kernel)
        start = Start(self._seen.get(post.source.path), self._names_beside(post))
        self._seen[post.source.path] = self._expected(post, start.before)
        if not CAN_FORK or not is_python(argv) or needs_cold_kernel(post, device):
            return self._run_whole(post, device, start)
        environment = self._kernels.environment(post.meta.kernel)
        session = self._session(post, argv)
        if session is None:
            return self._run_whole(post, device, start)
        is_seen = False
        try:
            outputs = self._run_cells(session, post)
            is_seen = True
        except CellFailed:
            is_seen = True
            raise
        finally:
            self._note_used(session, post, environment, start, is_seen)
            self._leave(post)
        provenance = Provenance(
            when=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=round(sum(session.seconds), 3),
            kernel=post.meta.kernel,
            interpreter=environment.interpreter,
            system=machine.system(),
            processor=machine.processor(),
            threads=post.meta.execute.threads,
        )
        return Results(outputs, provenance), None

    def used(self) -> frozenset[str]:
        """What the posts' code was seen to use, and what they declare, as a trace has it."""
        return frozenset(name for seen in tuple(self._seen.values()) for name in seen.files)

    def outdated(self, post: Post) -> bool:
        """Whether anything has changed that a post's code used when it ran last."""
        seen = self._seen.get(post.source.path)
        return seen is not None and bool(changed_files(seen, self._kernels.root))

    def interrupt(self, post: Post) -> None:
        """End what runs of a post's code now; its run fails with KernelDied."""
        self._kernels.interrupt(post)
        with self._lock:
            session = self._sessions.get(post.source.path)
        if session is not None:
            session.interrupt()

    def forget(self, path: str) -> None:
        """End the session of a post that is gone, none of whose cells runs."""
        self._end(path)
        self._seen.pop(path, None)

    def close(self) -> None:
        """End every session."""
        with self._lock:
            sessions = tuple(self._sessions.values())
            self._sessions.clear()
        for session in sessions:
            session.close()
        self._kernels.close()

    def _expected(self, post: Post, before: Trace | None) -> Trace:
        """What a run will use, as far as it is known: if it fails early, nothing else will be."""
        root = self._kernels.root
        declared = tracing.declared_trace(post, root, tracing.folder_of(post, root))
        if before is None:
            return declared
        files = digests(root, {*before.files, *declared.files}, before.written)
        return replace(before, files=files)

    def _names_beside(self, post: Post) -> dict[str, frozenset[str]]:
        here = PurePosixPath(tracing.folder_of(post, self._kernels.root))
        files = (here / name for name in post.source.neighbours)
        below = {parent for file in files for parent in file.parents if here in parent.parents}
        folders = (f"{folder}/" for folder in (here, *below))
        return {folder: names_in(self._kernels.root, folder) for folder in folders}

    def _note_beside(self, post: Post, start: Start, wrote: Iterable[str] = ()) -> None:
        """Code that was stopped cannot tell what it used: it may be anything beside its post.

        All of it counts as it was when the run began: its author may mend it while a cell hangs.

        Args:
            post: its post.
            start: what was known when the run began.
            wrote: what the code is known to have written itself: no reason to run it again.
        """
        root, known = self._kernels.root, self._seen[post.source.path]
        here = tracing.folder_of(post, root)
        beside = {
            f"{here}/{name}": hashlib.sha256(content).hexdigest()
            for name, content in post.source.neighbours.items()
            if name != FROZEN
        }
        found = {folder: names_in(root, folder) for folder in start.names}
        new = {name for folder in found for name in found[folder] - start.names[folder]}
        then = {**{name: "" for name in new if (root / name).is_file()}, **beside, **known.files}
        now = digests(root, {**then, **start.names}, known.written)
        own = {*known.written, *wrote}
        changed = {name for name, digest in then.items() if now[name] != digest}
        changed |= {folder for folder in found if not found[folder] ^ start.names[folder] <= own}
        changed -= own
        files = {name: CHANGED if name in changed else now[name] for name in now}
        self._seen[post.source.path] = self._settled(replace(known, files=files), start.before)

    def _run_whole(self, post: Post, device: str, start: Start) -> tuple[Results, Trace]:
        try:
            results, trace = self._kernels.run(post, device)
        except InkcellError:
            self._note_beside(post, start)
            raise
        self._seen[post.source.path] = self._settled(trace, start.before)
        return results, trace

    def _note_used(
        self, session: Session, post: Post, environment: Environment, start: Start, is_all: bool
    ) -> None:
        """Ask the kernel what the cells have used; one that cannot tell is not used again.

        Args:
            session: the states of the post.
            post: the post whose cells ran.
            environment: what can be imported in its kernel.
            start: what was known when they began.
            is_all: none of them was stopped.
        """
        try:
            report = session.report()
        except (OSError, EOFError, StopIteration, ValueError):
            session.around = None
            self._note_beside(post, start)
            return
        seen = tracing.read_report(report, self._kernels.root, post, environment)
        session.seen = self._seen[post.source.path] = self._settled(seen, start.before)
        if not is_all:
            self._note_beside(post, start, tracing.written_files(report))

    def _settled(self, seen: Trace, before: Trace | None) -> Trace:
        """What was seen; what changes in each run is changed by the run, and is no reason for one.

        Args:
            seen: in this run.
            before: in the last one.
        """
        known = before.files if before else {}
        own = [
            name
            for name, digest in seen.files.items()
            # A module changes because its author is at work.
            if digest == known.get(name) == CHANGED and not name.endswith(MODULES)
        ]
        now = digests(self._kernels.root, own, seen.written)
        return replace(seen, files={**seen.files, **now})

    def _run_cells(self, session: Session, post: Post) -> tuple[tuple[Output, ...], ...]:
        cells = executed_cells(post)
        limits = post.meta.execute
        wanted = partial(self._kernels.is_wanted, post)
        for cell in cells[session.keep(cells) :]:
            if not wanted():
                raise KernelDied("the run was interrupted")
            # What a build will take for the cells before is not taken now, but counts.
            spent = sum(session.seconds)
            left = limits.post_timeout - spent if limits.post_timeout else float("inf")
            status = "timeout"
            if left > 0:
                status = session.run(cell, min(limits.timeout, left), wanted)
            if status == "timeout":
                raise timed_out(post, cell, whole_post=left < limits.timeout)
            if status == "died":
                if not session.answers():
                    self._end(post.source.path)
                over = session.guarded.over_memory
                raise died(cell, memory=post.meta.execute.memory if over else 0)
            if status == "error" and not cell.may_raise:
                raw = raw_outputs(session)[len(session.cells) - 1][0]
                name, value, number = session.states[-1].raised
                # The next run starts before this cell.
                session.cells[-1] = Code("", cell.cell, cell.line)
                raise failed(name, value, raw, cell, number)
        return tuple(
            (*outputs_of(raw, self._kernels.root), *((Omission(omitted),) if omitted else ()))
            for raw, omitted in raw_outputs(session)
        )

    def _session(self, post: Post, argv: list[str]) -> Session | None:
        """The session of a post, begun anew if something other than its cells has changed."""
        key = post.source.path
        with self._lock:
            session = self._sessions.get(key)
            around = {**ingredients(post), "cells": [], "memory": post.meta.execute.memory}
            seen = session.seen if session else None
            changed = changed_files(seen, self._kernels.root) if seen else ()
            if (
                session is not None
                and session.around == around
                and not changed
                and session.guarded.poll() is None
            ):
                self._sessions.move_to_end(key)
                self._in_use.add(key)
                return session
        self._end(key)
        if any(name.endswith(".py") for name in changed):
            # Warm parents import what the author works on, if it is on the path of modules.
            self._kernels.forget_parents()
        session = self._begin(post, argv, around)
        if session is None:
            return None
        with self._lock:
            self._sessions[key] = session
            self._in_use.add(key)
        return session

    def _leave(self, post: Post) -> None:
        """A post's cells have run; the sessions that are one too many end."""
        with self._lock:
            self._in_use.discard(post.source.path)
            idle = [key for key in self._sessions if key not in self._in_use]
            surplus = max(len(self._sessions) - MOST_SESSIONS, 0)
            old = [self._sessions.pop(key) for key in idle[:surplus]]
        for session in old:
            session.close()

    def _begin(self, post: Post, argv: list[str], around: Mapping[str, Any]) -> Session | None:
        executable = executable_of(argv)
        threads = post.meta.execute.threads
        parent = self._kernels.warm_parent(executable, threads, imports_of(post))
        if parent is None:
            return None
        folder = Path(tempfile.mkdtemp(dir=self._kernels.folder))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        request = {
            "arguments": ["ipykernel_launcher", *IPYKERNEL_ARGUMENTS],
            "cwd": post.source.directory,
            "environment": self._kernels.variables(post, folder),
            "memory": post.meta.execute.memory * MIB,
            "network": post.meta.execute.network,
        }
        try:
            with theirs, opened_logs(folder) as logs:
                outputs = [log.fileno() for log in logs]
                guarded = fork_guarded(parent, request, outputs, theirs)
            first = State(ours, START_TIMEOUT)
            root = self._kernels.root
            first.call(tracing.watch_code(root, tracing.folder_of(post, root)))
        except (WarmRefused, WarmParentDied, OSError, EOFError):
            ours.close()
            shutil.rmtree(folder, ignore_errors=True)
            return None
        return Session(guarded, folder, first, around)

    def _end(self, path: str) -> None:
        with self._lock:
            session = self._sessions.pop(path, None)
        if session is not None:
            session.close()


def modules_beside(post: Post) -> dict[str, bytes]:
    """The modules in a post's folder."""
    beside = post.source.neighbours.items()
    return {name: content for name, content in beside if name.endswith(MODULES)}
