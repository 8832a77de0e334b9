"""Posts that run while their author goes on: nobody waits for a cell, not even one that hangs.

For `inkcell serve`. A build asks for results and gets at once what there is: those of the code as
it stands, if it has run, or the last ones, marked as not up to date, while it runs, or if it fails.
When it has run, whoever watches is told, and builds again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Container

from msgspec import Struct, field

from ..errors import CellFailed, CellTimedOut, ExecutionError, InkcellError, KernelDied
from ..model import Post, Results
from . import machine
from .frozen import Outputs, aligned
from .key import code_key, executed_cells
from .sessions import Sessions, modules_beside
from .share import Shares, Turn
from .trace import Trace

RUNNING = "the code is running"
FAILED = "the code has failed"
GATHER = 0.3
"""Seconds in which several posts may finish before whoever watches is told."""


class Job(Struct):
    """One state of a post's code, and what came of it."""

    post: Post
    key: str
    done: bool = False
    results: Results | None = None
    trace: Trace | None = None
    error: InkcellError | None = None
    asked: set[str] = field(default_factory=set)
    """Paths of the versions of the post that it has answered, and that need it still."""


class Background:
    """A place where posts run in the background of a preview."""

    def __init__(self, sessions: Sessions, changed: Callable[[], None]) -> None:
        """Run posts in sessions.

        Args:
            sessions: where they run.
            changed: called when there is something new, from whatever thread.
        """
        self.slots = 64
        self.ahead = 0
        self._sessions = sessions
        self._changed = changed
        self._shares = Shares(sessions.slots, machine.free_memory())
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._last: dict[str, tuple[Post, Results]] = {}
        self._failures: dict[str, InkcellError] = {}
        self._turns: dict[str, threading.Lock] = {}
        self._closed = False
        self._telling: threading.Timer | None = None

    def run(self, post: Post, device: str, turn: Turn) -> tuple[Results, Trace | None]:
        """What there is of a post's results; the code begins to run if it has not.

        That it has failed is told by `failures`: the prose around it is to be seen all the same.

        Raises:
            ExecutionError: the code cannot be run.
        """
        with turn():
            return self._results(post, device)

    def _results(self, post: Post, device: str) -> tuple[Results, Trace | None]:
        path = post.source.path
        with self._lock:
            old, job = self._jobs.get(path), self._job_of(post)
            if old is not None and old is not job and not old.done:
                del self._jobs[path]
                self._sessions.interrupt(old.post)
                if old.asked - {path}:
                    self._tell()  # A version that still has that code needs a run of its own.
            if job is None:
                job = self._jobs[path] = Job(post, code_key(post))
                turn = self._turns.setdefault(path, threading.Lock())
                threading.Thread(
                    target=self._run, args=(job, device, turn), daemon=True, name=f"runs {path}"
                ).start()
            job.asked.add(path)
            if job.error is not None:
                # The same code may stand on another line now.
                error = self._placed(job, post)
                if not isinstance(error, CellFailed | CellTimedOut | KernelDied):
                    raise error
                self._failures[path] = error.at(file=path)
            if job.done and job.results is not None:
                return job.results, job.trace
            last = self._last.get(job.post.source.path)
        outputs: Outputs = ((),) * len(executed_cells(post))
        if last is not None:
            before, now = ([cell.source for cell in executed_cells(p)] for p in (last[0], post))
            outputs = aligned(before, last[1].outputs, now)
        return Results(outputs, stale=(FAILED if job.error else RUNNING,)), None

    @property
    def running(self) -> tuple[str, ...]:
        """Paths of the posts whose code runs."""
        with self._lock:
            return tuple(path for path, job in self._jobs.items() if not job.done)

    def failures(self) -> tuple[InkcellError, ...]:
        """How the code failed of posts whose results were asked for since the last time."""
        with self._lock:
            failures = tuple(self._failures.values())
            self._failures.clear()
        return failures

    def forget_all_but(self, paths: Container[str]) -> None:
        """End what runs of posts that are gone, and let go of what is known of them."""
        with self._lock:
            for path in [path for path in self._turns if path not in paths]:
                job, turn = self._jobs.pop(path, None), self._turns[path]
                self._last.pop(path, None)
                if job is not None and not job.done:
                    self._sessions.interrupt(job.post)
                threading.Thread(
                    target=self._forget, args=(path, turn), daemon=True, name=f"forgets {path}"
                ).start()

    def end_for(self, paths: Collection[str]) -> None:
        """End what runs for none but posts that need no run, as after an edit was taken back."""
        with self._lock:
            for path, job in tuple(self._jobs.items()):
                job.asked.difference_update(paths)
                if not job.done and not job.asked:
                    del self._jobs[path]
                    self._sessions.interrupt(job.post)

    def used(self) -> frozenset[str]:
        """What the posts' code was seen to use, and what they declare, as a trace has it."""
        return self._sessions.used()

    def close(self) -> None:
        """End all that runs."""
        self._closed = True
        self._sessions.close()

    def _run(self, job: Job, device: str, turn: threading.Lock) -> None:
        post = job.post
        with turn:
            try:
                with self._shares.taken(post.meta.execute.threads, 0):
                    if self._closed or self._jobs.get(post.source.path) is not job:
                        return
                    job.results, job.trace = self._sessions.run(post, device)
            except InkcellError as error:
                job.error = error
            except Exception as error:
                # Nobody waits for this thread; whoever looks at the post must hear of it.
                job.error = ExecutionError("its code cannot be run here").at(
                    file=post.source.path, detail=f"{type(error).__name__}: {error}"
                )
            job.done = True
            with self._lock:
                wanted = self._jobs.get(post.source.path) is job
                if wanted and job.results is not None:
                    self._last[post.source.path] = (post, job.results)
                if wanted and not self._closed:
                    self._tell()

    def _forget(self, path: str, turn: threading.Lock) -> None:
        with turn:  # What runs of the post may take a moment to end.
            with self._lock:
                if path in self._jobs or self._turns.get(path) is not turn:
                    return  # It has come back, or is forgotten.
            self._sessions.forget(path)
            with self._lock:
                if path not in self._jobs:
                    self._turns.pop(path, None)

    def _job_of(self, post: Post) -> Job | None:
        """The job that runs what a post's code is now, or has run it; called with the lock.

        It may be that of the post in another language, which has the same code.
        """
        own = self._jobs.get(post.source.path)
        others = [
            job
            for job in self._jobs.values()
            if job is not own and job.post.source.directory == post.source.directory
        ]
        jobs = (job for job in (own, *others) if job is not None)
        return next((job for job in jobs if not self._is_outdated(job, post)), None)

    def _is_outdated(self, job: Job, post: Post) -> bool:
        """Whether what became of a job, or will, is not what the post's code would do now."""
        if job.key != code_key(post):
            return True
        if job.error is not None and job.post.meta.execute != post.meta.execute:
            return True  # It may have had too little time, or memory.
        if job.done:
            return self._sessions.outdated(job.post)
        # Other files may be changed by what runs: they are looked at when it has run.
        return modules_beside(job.post) != modules_beside(post)

    def _tell(self) -> None:
        """Whoever watches is told soon; called with the lock."""
        if self._telling is None or not self._telling.is_alive():
            self._telling = threading.Timer(GATHER, self._changed)
            self._telling.daemon = True
            self._telling.start()

    def _placed(self, job: Job, post: Post) -> InkcellError:
        """A job's error, on the lines where the post has its cells now."""
        assert job.error is not None
        error = type(job.error)(*job.error.args)
        error.__dict__.update(job.error.__dict__)
        before, now = executed_cells(job.post), executed_cells(post)
        for old, cell in zip(before, now, strict=True):
            if old.cell == error.cell and error.line is not None:
                error.line += cell.line - old.line
                error.cell = cell.cell
                break
        return error
