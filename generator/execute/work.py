"""Posts whose code must run -> their results, side by side, each kept as soon as it is there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Protocol

from ..errors import ExecutionError, InkcellError, KernelMissing, blame
from ..kernel_files import is_own
from ..model import Post, Results
from ..progress import Finished, Notice, Reused, Started
from . import cache as kept
from . import machine
from .decision import World, from_cache
from .entry import entry_of
from .imports import imports_of, needs_cold_kernel, union
from .share import Shares, Turn
from .trace import Trace
from .warm_parent import CAN_FORK, Begun, begin

Run = Callable[[Post, str], tuple[Results, Trace | None]]
"""(post, visible device) -> what its code produced, and what it was seen to use.

Without a trace the results are a preview, and are not kept. The results hold one tuple for each
of `executed_cells`, because posts that share their code may have other cells between them.
"""
USUAL_MEMORY = 512 << 20
"""Bytes that a post is taken to need until it has run once."""


class Place(Protocol):
    """Where posts run."""

    slots: int
    """How many run side by side."""
    ahead: int
    """For how many more a kernel may start meanwhile."""

    def run(self, post: Post, device: str, turn: Turn) -> tuple[Results, Trace | None]:
        """Run a post's code: see `Run`. Nothing of it runs before its turn, nor after."""

    def close(self) -> None:
        """End all that runs."""


class Work:
    """A post whose code must run, and what is known of its last run."""

    def __init__(
        self, key: str, post: Post, reasons: tuple[str, ...], stamp: int, cache: Path
    ) -> None:
        self.key = key
        self.post = post
        self.reasons = reasons
        self.stamp = stamp
        last = kept.last_entry(cache, post)
        made = last.results.provenance if last else None
        self.imports = last.trace.imports if last else imports_of(post)
        self.memory = (made.peak_memory if made else 0) or USUAL_MEMORY
        code = sum(len(cell.source) for cell in post.notebook.code)
        self.length = (made.seconds, code) if made else (0.0, code)


@contextmanager
def opened(
    work: Sequence[Work], run: Run | None, world: World, place: Place | None
) -> Iterator[tuple[Place, Shares | None]]:
    """Where posts run, and what they share there; closed at the end unless it was given."""
    jobs = world.config.jobs or machine.cores()
    if place is not None:
        yield place, Shares(place.slots, machine.free_memory())
        return
    if run is not None:
        yield _Function(run, jobs), None
        return
    shares: Shares | None = None
    if world.config.cluster:
        try:
            from .remote import Cluster
        except ModuleNotFoundError as error:
            raise ExecutionError(f"a cluster needs the package `{error.name}`").at(
                hint="pip install 'inkcell[dask]'"
            ) from None

        place = Cluster(world.config.cluster, world.root, world.report)
    else:
        modules = union(item.imports for item in work)
        begun = _begun(work, modules, world)
        from .kernel import Kernels

        place = Kernels(world.root, slots=jobs, modules=modules, report=world.report, begun=begun)
        shares = Shares(jobs, machine.free_memory())
    try:
        yield place, shares
    finally:
        place.close()


def _begun(work: Sequence[Work], modules: Sequence[str], world: World) -> Begun | None:
    """The warm parent of the first post that is forked from one, before all else is imported."""
    for item in _longest_first(work):
        post = item.post
        if is_own(post.meta.kernel) and not needs_cold_kernel(post, world.device):
            threads = post.meta.execute.threads
            return begin(threads, modules) if CAN_FORK and modules else None
    return None


def _longest_first(work: Sequence[Work]) -> list[Work]:
    """So that the longest does not finish last."""
    return sorted(work, key=lambda item: item.length, reverse=True)


def run_all(
    work: Sequence[Work],
    known: Mapping[str, Results],
    place: Place,
    shares: Shares | None,
    world: World,
    errors: list[InkcellError],
    meanwhile: Callable[[], object],
) -> Generator[tuple[str, Results], None, None]:
    """Results as they come; first, while code begins to run, those that are known."""
    from concurrent.futures import ThreadPoolExecutor, as_completed  # Most builds run nothing.

    stopped = threading.Event()
    runner = _Runner(place, world, shares, stopped)
    with ThreadPoolExecutor(max_workers=place.slots + place.ahead) as pool:
        futures = {pool.submit(runner.run, item): item.key for item in _longest_first(work)}
        try:
            meanwhile()
            yield from known.items()
            for future in as_completed(futures):
                try:
                    results = future.result()
                except InkcellError as error:
                    errors.append(error)
                else:
                    yield futures[future], results
        except BaseException:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            place.close()
            raise


class _Function:
    """A function that stands for a place."""

    def __init__(self, run: Run, slots: int) -> None:
        self._run = run
        self.slots = slots
        self.ahead = 0

    def run(self, post: Post, device: str, turn: Turn) -> tuple[Results, Trace | None]:
        """Call it."""
        with turn():
            return self._run(post, device)

    def close(self) -> None:
        """Nothing is left behind."""


class _Runner:
    """Runs pieces of work, each in a thread that waits for it."""

    def __init__(
        self, place: Place, world: World, shares: Shares | None, stopped: threading.Event
    ) -> None:
        self._place = place
        self._world = world
        self._shares = shares
        self._stopped = stopped

    def run(self, item: Work) -> Results:
        post = item.post
        with kept.held(self._world.cache, item.key, self._stopped) as waited:
            changed = kept.stamp(self._world.cache, item.key) != item.stamp
            if waited or (changed and post.source.folder not in self._world.config.refresh):
                # Another build has run the code in the meantime.
                decision = from_cache(post, item.key, self._world)
                if decision.results:
                    self._world.report(Reused(post.source.path))
                    return decision.results
            return self._run_and_keep(item)

    @contextmanager
    def _turn(self, item: Work) -> Iterator[None]:
        """Wait until there are cores and memory for the code, and tell when it runs."""
        path, report = item.post.source.path, self._world.report
        with self._share(item):
            started = time.monotonic()
            report(Started(path, item.reasons))
            failed = True
            try:
                yield
                failed = False
            finally:
                report(Finished(path, time.monotonic() - started, failed))

    def _share(self, item: Work) -> AbstractContextManager[None]:
        if self._shares is None:
            return nullcontext()
        return self._shares.taken(item.post.meta.execute.threads, item.memory)

    def _run_and_keep(self, item: Work) -> Results:
        post, report = item.post, self._world.report
        with blame(post.source.path):
            try:
                turn = partial(self._turn, item)
                results, trace = self._place.run(post, self._world.device, turn)
            except KernelMissing as error:
                raise error.at(line=post.source.line_of("kernelspec")) from None
        if trace is None:
            return results
        try:
            entry = entry_of(post, results, trace)
            kept.store(self._world.cache, item.key, entry)
        except (OSError, UnicodeEncodeError) as error:
            text = f"the results cannot be kept: {getattr(error, 'strerror', None) or error}"
            report(Notice(text, post.source.path))
        return results
