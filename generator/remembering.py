"""What a build keeps for the next one: the posts that it makes, and what they were made from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import chain
from zoneinfo import TZPATH, ZoneInfo

from msgspec.structs import replace

from .addresses import post_page
from .entries import Entry, Published, keep_named, written_text
from .kept import Fresh, Kept, Uses
from .kernel_files import kernel_files
from .last_build import FORMAT, VARIABLES, Made, Record, write_record
from .model import Config, RenderedPost, WrittenEntry
from .noting import KnownCode, KnownFormula
from .outlines import joined, outline_text, without_text
from .plain import plain
from .published import waits
from .stamps import Stamp, look_at


def remember(
    kept: Kept,
    config: Config,
    site: Mapping[str, Stamp],
    moved: int,
    fresh: Sequence[Fresh],
    taken: Mapping[str, Made],
    notices: Sequence[str] = (),
) -> None:
    """Keep what a build has made for the next one. The site is written already.

    Args:
        kept: what this build could take over.
        config: the blog's settings.
        site: what the output folder holds.
        moved: when that moved to its place, in nanoseconds.
        fresh: the posts that this build made.
        taken: those that it took over.
        notices: what the author was told of several posts together.
    """
    comparison, root = kept.comparison, config.root
    if comparison is None:
        return
    posts = dict(taken)
    outlines = {s: kept.outline_texts[s] for s in taken if s in kept.outline_texts}
    for item in fresh:
        if item.rendered is not None:
            outlines[item.post.source.path] = outline_text(item.rendered)
        posts[item.post.source.path] = _made(item, config)
    kernels = sorted({made["kernel"] for made in posts.values() if made["kernel"]})
    extra = [file for kernel in kernels for file in kernel_files(kernel)] + _zone_files(config)
    world = {*comparison.inputs.world, *extra}
    if kept.record:
        world -= {*kept.record["extra"]} - {*extra}
    names = {*world, *comparison.inputs.theme, *chain(*comparison.inputs.folders.values())}
    names.update(name for made in posts.values() for name in made["uses"])
    later = names - comparison.stamps.keys()
    stamps = {**comparison.stamps, **look_at(str(root), later)}
    variables = {*VARIABLES, *(name for made in posts.values() for name in made["variables"])}
    record: Record = {
        "format": FORMAT,
        "options": dict(comparison.options),
        "started": comparison.started,
        "environment": dict(comparison.environment),
        "variables": {name: os.environ.get(name) for name in sorted(variables)},
        "world": sorted(world),
        "theme": comparison.inputs.theme,
        "folders": comparison.inputs.folders,
        "loose": comparison.inputs.loose,
        "extra": extra,
        "missing": sorted({name for made in posts.values() for name in made["missing"]}),
        "stamps": {name: stamps[name] for name in sorted(names)},
        "posts": posts,
        "outlines": _keep_outlines(kept, outlines),
        "notices": list(notices),
        "output": str(config.output),
        "site": dict(sorted(site.items())),
        "moved": moved,
    }
    write_record(str(root), record, comparison.home)
    needed = {record["outlines"]}
    needed.update(name for made in posts.values() for name in (made["entry"], made["fed"]))
    for path in kept.entries.iterdir():
        if path.name not in needed:
            path.unlink(missing_ok=True)


def _made(item: Fresh, config: Config) -> Made:
    uses = item.uses or Uses()
    return {
        "page": post_page(item.post, config) if item.rendered else "",
        "date": item.post.meta.date.isoformat(),
        "waits": waits(item.post, config),
        "asked": dict(item.asked),
        "referred": dict(item.referred),
        "entry": item.entry,
        "fed": item.fed if isinstance(item.fed, str) else "",
        "notices": list(item.notices),
        "always": item.uses is None,
        "code": uses.code,
        "kernel": uses.kernel,
        "uses": dict(uses.files),
        "missing": list(uses.missing),
        "variables": list(uses.variables),
    }


def keep_post(
    kept: Kept,
    rendered: RenderedPost,
    formulas: tuple[KnownFormula, ...],
    codes: tuple[KnownCode, ...],
) -> str:
    """Keep a post for the next build; the name of its entry, or nothing if that cannot be.

    The site may still fail to be made: then the next build that keeps its posts removes it.
    """
    if kept.comparison is None:
        return ""
    files = tuple(
        Published(file.path, hashlib.sha256(file.content).hexdigest(), file.origin)
        for file in rendered.files
    )
    post = without_text(rendered.post)
    entry = Entry(replace(rendered, post=post, files=()), files, formulas, codes)
    # If nothing can be kept, the next build takes longer.
    with suppress(OSError):
        return keep_named(kept.entries, plain(entry), "post")
    return ""


def keep_written(kept: Kept, written: WrittenEntry) -> WrittenEntry | str:
    """Keep how a post stands in feeds; the name of what keeps it, or itself if that cannot be."""
    if kept.comparison is None:
        return written
    with suppress(OSError):
        return keep_named(kept.entries, written_text(written), "entry")
    return written


def _keep_outlines(kept: Kept, outlines: Mapping[str, str]) -> str:
    if kept.record and outlines == kept.outline_texts:
        return kept.record["outlines"]
    return keep_named(kept.entries, joined(outlines), "outlines")


def _zone_files(config: Config) -> list[str]:
    """Where the rules of the blog's time zone may lie."""
    key = config.timezone.key if isinstance(config.timezone, ZoneInfo) else ""
    return [f"{folder}/{key}" for folder in TZPATH] if key else []
