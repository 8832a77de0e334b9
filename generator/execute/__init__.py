"""Posts -> ExecutedPosts. The only stage that runs an author's code.

1. `key`       posts whose code is the same are one piece of work
2. `decision`  results stored beside a post (`frozen`) are used if its code is what it was, kept
               ones (`cache`) if everything in their trace is unchanged
3. `work`      otherwise the code runs, posts side by side, each in a kernel of its own, on this
               machine (`kernel`) or on a cluster (`remote`)
4. `trace`     what the run was seen to use is kept beside the result
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ..errors import ExecutionError, InkcellError
from ..model import Config, ExecutedPost, Post, Results
from ..progress import Notice, Report, Reused, silent
from . import cache as kept
from . import frozen
from .decision import Ask, Decision, World, decide, has_code, world_of
from .digests import FROZEN
from .entry import Entry
from .interpreters import Environment
from .key import code_key, executed_cells
from .trace import Trace

if TYPE_CHECKING:
    from .work import Place, Run, Work


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
    world = world_of(config, root, report, environment)
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
    world = world_of(config, root, report, environment, thaw=True)
    groups = _groups(posts)
    done = dict(_results(groups, world, errors, run))
    folders: dict[str, dict[str, Entry]] = {}
    failed: set[str] = set()
    for key, group in groups.items():
        post = group[0]
        if not has_code(post):
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
                text = f"{FROZEN} cannot be written: {error.strerror or error}"
                errors.append(ExecutionError(text).at(file=folder, hint="look at its permissions"))
    return tuple(written)


def _kept_entry(world: World, post: Post, key: str, errors: list[InkcellError]) -> Entry | None:
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
    return decide(post, code_key(post), world_of(config, root, silent, environment))


def used_files(post: Post, config: Config) -> frozenset[str]:
    """What a post's code used when its kept and frozen results were made, as a trace has it."""
    key = code_key(post)
    found: set[str] = set()
    with suppress(kept.DamagedEntry):
        entry = kept.load(config.root / config.cache, key)
        found.update(entry.trace.files if entry else ())
    with suppress(frozen.DamagedFile, KeyError):  # There may be none.
        found.update(frozen.traced_files(post, key))
    return frozenset(found)


def _groups(posts: Sequence[Post]) -> dict[str, list[Post]]:
    groups: dict[str, list[Post]] = {}
    for post in posts:
        groups.setdefault(code_key(post), []).append(post)
    # The first one decides: kept results are not used if one version asks for none.
    return {key: sorted(group, key=lambda p: p.meta.execute.cache) for key, group in groups.items()}


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
    waiting: list[Work] = []
    for key, group in groups.items():
        post = group[0]
        stamp = kept.stamp(world.cache, key)
        decision = decide(post, key, world)
        if decision.error:
            errors.append(decision.error.at(file=post.source.path))
        elif decision.results is None:
            from .work import Work  # Most builds run nothing.

            waiting.append(Work(key, post, decision.reasons, stamp, world.cache))
        else:
            known[key] = decision.results
            if has_code(post):
                _tell_reused(post, decision.results, world)
                kept.touch(world.cache, key)
    done = set(known)
    if waiting:
        from .work import opened, run_all

        with opened(waiting, run, world, place) as (where, shares):
            for key, results in run_all(waiting, known, where, shares, world, errors, meanwhile):
                done.add(key)
                yield key, results
        kept.trim(world.cache, world.config.cache_limit, {*groups, *in_use})
    else:
        yield from known.items()
    for key, group in groups.items():
        if key in done and has_code(group[0]) and kept.entry_path(world.cache, key).exists():
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


__all__ = [
    "Environment",
    "Trace",
    "decide",
    "execute",
    "freeze",
    "look",
    "used_files",
    "why",
]
