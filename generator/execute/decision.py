"""Which results a post has without running its code, or why it must run.

Frozen results that fit, then (unless the post says `freeze: true`) kept ones, then a run. Decides
only: it reads, and changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ..errors import ExecutionError, KernelMissing
from ..kernel_files import is_own
from ..model import Config, Post, Results
from ..progress import Notice, Report, silent
from . import cache as kept
from . import frozen, machine
from .differences import current, differences
from .digests import FROZEN
from .interpreters import Environment, ask_interpreter
from .key import code_changes, executed_cells
from .trace import Trace, device_of

Ask = Callable[[str], Environment]
"""Kernel name -> what can be imported in it."""


class World(Struct, frozen=True):
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


class Decision(Struct, frozen=True):
    """Whether a post's code must run."""

    results: Results | None = None
    """Results to use, or None: the code must run."""
    reasons: tuple[str, ...] = ()
    """Why it must run; or, with an error, what else there is to say."""
    error: ExecutionError | None = None


def decide(post: Post, key: str, world: World) -> Decision:
    """Which results a post has without running its code; it reads, and changes nothing."""
    settings = post.meta.execute
    if not has_code(post):
        return Decision(Results(()))
    found: frozen.Found | None = None
    if not world.thaw:
        try:
            found = frozen.find(post, key, world.root)
        except frozen.DamagedFile as damage:
            error = _frozen_error(post, f"its {FROZEN} is damaged: {damage}")
            return Decision(error=error)
    refresh = post.source.folder in world.config.refresh
    if found is not None and not found.stale and not refresh:
        return Decision(found.results)
    if settings.freeze and not world.thaw:
        return _without_run(post, world, found, ())
    decision = Decision(reasons=("`--refresh`",)) if refresh else from_cache(post, key, world)
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


def has_code(post: Post) -> bool:
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


def from_cache(post: Post, key: str, world: World) -> Decision:
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


def world_of(
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
