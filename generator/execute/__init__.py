"""Posts -> ExecutedPosts. The only stage that runs an author's code.

1. `key`     posts whose code is the same are one piece of work
2. `frozen`  results stored beside a post are used if its code is what it was
3. `cache`   a kept result is used if everything in its trace is unchanged
4. `kernel`  otherwise the code runs, posts side by side, each in a kernel of its own, on this
             machine or (`remote`) on a cluster
5. `trace`   what the run was seen to use is kept beside the result
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Protocol

from ..errors import ExecutionError, InkcellError, KernelMissing, blame
from ..last_build import is_own
from ..model import Config, ExecutedPost, Post, Results
from ..progress import Finished, Notice, Report, Reused, Started, silent
from . import cache as kept
from . import frozen, machine
from .imports import imports_of, needs_cold_kernel, union
from .key import code_changes, code_key, executed_cells
from .share import Shares, Turn
from .trace import Environment, Trace, ask_interpreter, current, device_of, differences
from .warm_parent import CAN_FORK, Begun, begin

Run = Callable[[Post, str], tuple[Results, Trace | None]]
"""(post, visible device) -> what its code produced, and what it was seen to use.

Without a trace the results are a preview, and are not kept. The results hold one tuple for each
of `executed_cells`, because posts that share their code may have other cells between them.
"""
Ask = Callable[[str], Environment]
"""Kernel name -> what can be imported in it."""

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


@dataclass(frozen=True, slots=True)
class World:
    """What a decision about a post's results may look at."""

    config: Config
    root: Path
    """The folder below which files are part of a trace."""
    cache: Path
    environment: Ask
    device: str
    """The class of device that is visible here."""
    report: Report = silent
    thaw: bool = False
    """True: frozen results are made anew, not used."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a post's code must run."""

    results: Results | None = None
    """Results to use, or None: the code must run."""
    reasons: tuple[str, ...] = ()
    """Why it must run; or, with an error, what else there is to say."""
    error: ExecutionError | None = None


def execute(
    posts: Sequence[Post],
    config: Config,
    *,
    root: Path,
    errors: list[InkcellError],
    report: Report,
    run: Run | None = None,
    environment: Ask | None = None,
    place: Place | None = None,
    in_use: Collection[str] = (),
    meanwhile: Callable[[], object] = lambda: None,
) -> Generator[ExecutedPost, None, None]:
    """Every post with its results, as soon as it has them; those whose code fails are left out.

    Code goes on running while a caller does something with a post. One that is done before the
    end has to close the generator, which ends all that runs.

    Args:
        posts: whose code to run.
        config: settings; of them `cache`, `use_cache`, `cache_limit`, `jobs`, `cluster`,
            `refresh`, `run_code` and `allow_stale` are for this stage.
        root: the folder below which files are part of a trace.
        errors: where errors of posts are noted.
        report: told of every run.
        run: what runs a post; by default kernels on this machine or on `config.cluster`.
        environment: what can be imported in the kernel of a name; goes with `run`.
        place: where posts run, if somebody else keeps it.
        in_use: keys of results that other posts show; they are kept whatever the limit.
        meanwhile: called once, when code has begun to run and no result is there.
    """
    world = _world(config, root, report, environment)
    groups = _groups(posts)
    with closing(_results(groups, world, errors, run, place, in_use, meanwhile)) as done:
        for key, results in done:
            for post in groups[key]:
                yield ExecutedPost(post, _for_post(results, post))


def freeze(
    posts: Sequence[Post],
    config: Config,
    *,
    root: Path,
    errors: list[InkcellError],
    report: Report,
    run: Run | None = None,
    environment: Ask | None = None,
) -> tuple[Path, ...]:
    """Store the results of posts beside them, for git; the code runs if nothing kept fits.

    Returns:
        The files that were written.
    """
    world = _world(config, root, report, environment, thaw=True)
    groups = _groups(posts)
    done = dict(_results(groups, world, errors, run))
    folders: dict[str, dict[str, kept.Entry]] = {}
    failed: set[str] = set()
    for key, group in groups.items():
        post = group[0]
        if not _has_code(post):
            report(Notice("there is no code in it whose results could be frozen", post.source.path))
            continue
        entry = _kept_entry(world, post, key, errors) if key in done else None
        if entry is None:
            failed.add(post.source.directory)
        else:
            folders.setdefault(post.source.directory, {})[key] = entry
    written = []
    for folder, entries in folders.items():
        # One file holds the results of all versions of a post, or stays as it was.
        if folder not in failed:
            try:
                written.append(frozen.write(Path(folder), entries))
            except OSError as error:
                text = f"{frozen.FILE} cannot be written: {error.strerror or error}"
                errors.append(ExecutionError(text).at(file=folder, hint="look at its permissions"))
    return tuple(written)


def _kept_entry(
    world: World, post: Post, key: str, errors: list[InkcellError]
) -> kept.Entry | None:
    with suppress(kept.DamagedEntry):
        entry = kept.load(world.cache, key)
        if entry is not None:
            return entry
    error = ExecutionError("its results could not be kept, so they cannot be frozen")
    hint = f"look at the permissions of {world.config.cache}, and at the space on its disk"
    errors.append(error.at(file=post.source.path, hint=hint))
    return None


def why(
    post: Post, config: Config, *, root: Path, environment: Ask | None = None
) -> tuple[str, ...] | None:
    """Why the code of a post would run now: reasons, or None if it would not."""
    decision = look(post, config, root=root, environment=environment)
    if decision.error:
        return (str(decision.error), *decision.reasons)
    return None if decision.results else decision.reasons


def look(post: Post, config: Config, *, root: Path, environment: Ask | None = None) -> Decision:
    """What a build would do with a post now."""
    return decide(post, code_key(post), _world(config, root, silent, environment))


def decide(post: Post, key: str, world: World) -> Decision:
    """Which results a post has without running its code; it reads, and changes nothing."""
    settings = post.meta.execute
    if not _has_code(post):
        return Decision(Results(()))
    found: frozen.Found | None = None
    if not world.thaw:
        try:
            found = frozen.find(post, key, world.root)
        except frozen.DamagedFile as damage:
            error = _frozen_error(post, f"its {frozen.FILE} is damaged: {damage}")
            return Decision(error=error)
    refresh = post.source.folder in world.config.refresh
    if found is not None and not found.stale and not refresh:
        return Decision(found.results)
    if settings.freeze and not world.thaw:
        return _without_run(post, world, found, ())
    decision = Decision(reasons=("`--refresh`",)) if refresh else _from_cache(post, key, world)
    if decision.results is None:
        if settings.gpu == "required" and not _offers_gpu(world):
            return _without_run(post, world, found, decision.reasons)
        if decision.error:
            return decision
        if found is not None and world.config.allow_stale and not world.config.run_code:
            return Decision(found.results)
    if found is not None and found.stale:
        world.report(Notice(f"frozen results are not used: {found.stale[0]}", post.source.path))
    if decision.results is not None:
        return decision
    return _to_run(world, decision.reasons, found)


def _without_run(
    post: Post, world: World, found: frozen.Found | None, reasons: tuple[str, ...]
) -> Decision:
    """What becomes of a post whose code must not run here, and whose results are not at hand."""
    if found is not None and found.stale:
        if world.config.allow_stale:
            return Decision(found.results)
        message = f"its frozen results do not fit its code any more: {found.stale[0]}"
        error = _frozen_error(post, message, ", or build with `--allow-stale`")
        return Decision(reasons=found.stale[1:], error=error)
    if post.meta.execute.freeze and found is not None:
        message = "with `freeze: true` its code does not run in a build"
        return Decision(error=_frozen_error(post, message, option="--refresh "))
    if post.meta.execute.freeze:
        return Decision(error=_frozen_error(post, "the post has no frozen results"))
    error = ExecutionError("the post requires a GPU, and none is visible here").at(
        line=post.source.line_of("execute"),
        text="gpu: required",
        hint=f"run `inkcell freeze {post.source.folder}` on a machine with a GPU and commit "
        "what it writes, or build with `--on dask://…`",
    )
    return Decision(reasons=reasons, error=error)


def _has_code(post: Post) -> bool:
    return post.meta.execute.enabled and bool(executed_cells(post))


def _frozen_error(
    post: Post, message: str, instead: str = "", *, option: str = ""
) -> ExecutionError:
    place = " on a machine with a GPU" if post.meta.execute.gpu == "required" else ""
    return ExecutionError(message).at(
        line=post.source.line_of("execute"),
        hint=f"run `inkcell freeze {option}{post.source.folder}`{place}{instead}",
    )


def _to_run(world: World, reasons: tuple[str, ...], found: frozen.Found | None) -> Decision:
    if world.config.run_code:
        return Decision(reasons=reasons)
    reason = reasons[0] if reasons else "no results are kept"
    error = ExecutionError(f"its code would have to run: {reason}").at(
        hint="build without `--no-execute`"
        + (", or publish its frozen results with `--allow-stale`" if found else "")
    )
    return Decision(reasons=reasons[1:], error=error)


def _offers_gpu(world: World) -> bool:
    return world.device == "cuda" or bool(world.config.cluster)


def _from_cache(post: Post, key: str, world: World) -> Decision:
    if not world.config.use_cache:
        return Decision(reasons=("`--no-cache`",))
    if not post.meta.execute.cache:
        return Decision(reasons=("`execute.cache` is false",))
    try:
        entry = kept.load(world.cache, key)
    except kept.DamagedEntry as damage:
        world.report(Notice(f"a damaged result was dropped ({damage})", post.source.path))
        return Decision(reasons=("its kept result was damaged",))
    if entry is None:
        return Decision(reasons=_since_last(post, world) or ("this code has not run here yet",))
    try:
        environment = world.environment(post.meta.kernel)
    except KernelMissing as error:
        error = error.at(line=post.source.line_of("kernelspec"))
        return Decision(error=error, reasons=(str(error),))
    except ExecutionError as error:
        return Decision(reasons=(str(error),))
    reasons = differences(entry.trace, _now(entry.trace, post, world, environment))
    return Decision(reasons=reasons) if reasons else Decision(entry.results)


def _since_last(post: Post, world: World) -> tuple[str, ...]:
    """What has changed since the results that a post showed last, its code first."""
    last = kept.last_entry(world.cache, post)
    if last is None:
        return ()
    changes = code_changes(last.ingredients, post)
    if last.ingredients["kernel"] == post.meta.kernel:
        with suppress(ExecutionError):
            environment = world.environment(post.meta.kernel)
            now = _now(last.trace, post, world, environment)
            if last.ingredients["gpu"] != post.meta.execute.gpu:
                now = replace(now, device=last.trace.device)
            changes += differences(last.trace, now)
    return changes


def _now(before: Trace, post: Post, world: World, environment: Environment) -> Trace:
    # On a cluster nobody knows yet what a worker has; what was used there before will do.
    device = before.device if world.config.cluster else device_of(post, world.device)
    return current(before, world.root, environment, device)


def _world(
    config: Config, root: Path, report: Report, environment: Ask | None, *, thaw: bool = False
) -> World:
    return World(
        config,
        root,
        config.root / config.cache,
        lru_cache(maxsize=None)(environment or _kernel_environment),
        machine.visible_device(),
        report,
        thaw,
    )


def _kernel_environment(kernel: str) -> Environment:
    if is_own(kernel):
        # What `kernel` imports to find that out takes longer than all else of a short build.
        return ask_interpreter(sys.executable)
    from .kernelspecs import environment_of

    return environment_of(kernel)


def _groups(posts: Sequence[Post]) -> dict[str, list[Post]]:
    groups: dict[str, list[Post]] = {}
    for post in posts:
        groups.setdefault(code_key(post), []).append(post)
    return groups


def _results(
    groups: Mapping[str, list[Post]],
    world: World,
    errors: list[InkcellError],
    run: Run | None,
    place: Place | None = None,
    in_use: Collection[str] = (),
    meanwhile: Callable[[], object] = lambda: None,
) -> Generator[tuple[str, Results], None, None]:
    known: dict[str, Results] = {}
    waiting: list[_Work] = []
    for key, group in groups.items():
        post = group[0]
        stamp = kept.stamp(world.cache, key)
        decision = decide(post, key, world)
        if decision.error:
            errors.append(decision.error.at(file=post.source.path))
        elif decision.results is None:
            waiting.append(_Work(key, post, decision.reasons, stamp, world.cache))
        else:
            known[key] = decision.results
            if _has_code(post):
                _tell_reused(post, decision.results, world)
                kept.touch(world.cache, key)
    done = set(known)
    if waiting:
        with _opened(waiting, run, world, place) as (where, shares):
            for key, results in _run_all(waiting, known, where, shares, world, errors, meanwhile):
                done.add(key)
                yield key, results
        kept.trim(world.cache, world.config.cache_limit, {*groups, *in_use})
    else:
        yield from known.items()
    for key, group in groups.items():
        if key in done and _has_code(group[0]) and kept.entry_path(world.cache, key).exists():
            for post in group:
                kept.remember(world.cache, post)


def _tell_reused(post: Post, results: Results, world: World) -> None:
    world.report(Reused(post.source.path))
    if results.frozen and results.provenance:
        made = results.provenance
        where = made.gpu or made.processor or made.system
        text = f"frozen results of {made.when}, made on {where}"
        if results.stale:
            text += f", although {results.stale[0]}"
        world.report(Notice(text, post.source.path))


def _for_post(results: Results, post: Post) -> Results:
    """Outputs for every code cell of a post, from those of the cells that ran."""
    kept_outputs = iter(results.outputs)
    running = set(executed_cells(post))
    outputs = tuple(
        next(kept_outputs, ()) if cell in running else () for cell in post.notebook.code
    )
    return replace(results, outputs=outputs)


class _Work:
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
def _opened(
    work: Sequence[_Work], run: Run | None, world: World, place: Place | None
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


def _begun(work: Sequence[_Work], modules: Sequence[str], world: World) -> Begun | None:
    """The warm parent of the first post that is forked from one, before all else is imported."""
    for item in _longest_first(work):
        post = item.post
        if is_own(post.meta.kernel) and not needs_cold_kernel(post, world.device):
            threads = post.meta.execute.threads
            return begin(threads, modules) if CAN_FORK and modules else None
    return None


def _longest_first(work: Sequence[_Work]) -> list[_Work]:
    """So that the longest does not finish last."""
    return sorted(work, key=lambda item: item.length, reverse=True)


def _run_all(
    work: Sequence[_Work],
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

    def run(self, item: _Work) -> Results:
        post = item.post
        with kept.held(self._world.cache, item.key, self._stopped) as waited:
            changed = kept.stamp(self._world.cache, item.key) != item.stamp
            if waited or (changed and post.source.folder not in self._world.config.refresh):
                # Another build has run the code in the meantime.
                decision = _from_cache(post, item.key, self._world)
                if decision.results:
                    self._world.report(Reused(post.source.path))
                    return decision.results
            return self._run_and_keep(item)

    @contextmanager
    def _turn(self, item: _Work) -> Iterator[None]:
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

    def _share(self, item: _Work) -> AbstractContextManager[None]:
        if self._shares is None:
            return nullcontext()
        return self._shares.taken(item.post.meta.execute.threads, item.memory)

    def _run_and_keep(self, item: _Work) -> Results:
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
            entry = kept.entry_of(post, results, trace)
            kept.store(self._world.cache, item.key, entry)
        except OSError as error:
            text = f"the results cannot be kept: {error.strerror or error}"
            report(Notice(text, post.source.path))
        return results


__all__ = ["Environment", "Trace", "decide", "execute", "freeze", "look", "why"]
