"""What the author is told of posts, beside what the stages tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from .addresses import folder_name, slug
from .kept import Fresh, Kept
from .last_build import Made
from .model import Config, Meta
from .progress import Notice, Report, Reused
from .published import waits


def tell(
    fresh: Sequence[Fresh], taken: Mapping[str, Made], kept: Kept, config: Config, report: Report
) -> tuple[str, ...]:
    """Tell of the posts that were taken over what the stages would have told, and of all the rest.

    Returned is what concerns several posts together: the next build may have to tell it again.

    Args:
        fresh: the posts that this build has made, and those that are left out.
        taken: those that it took over.
        kept: where it took them from.
        config: the blog's settings.
        report: told all of it.
    """
    for name, reason in kept.damaged.items():
        report(Notice(f"a damaged file of the last build was dropped ({name}: {reason})"))
    done = {item.uses.code for item in fresh if item.uses}
    for source, made in taken.items():
        if made["code"] and made["code"] not in done:
            done.add(made["code"])
            report(Reused(source))
    notices = {item.post.source.path: item.notices for item in fresh}
    notices |= {source: tuple(made["notices"]) for source, made in taken.items()}
    of_several = tuple(_of_several(fresh, taken, kept, config))
    for text in (*(text for source in sorted(notices) for text in notices[source]), *of_several):
        report(Notice(text))
    return of_several


def _of_several(
    fresh: Sequence[Fresh], taken: Mapping[str, Made], kept: Kept, config: Config
) -> Iterator[str]:
    """What the author should know of several posts together."""
    waiting = {source: made["date"] for source, made in taken.items() if made["waits"]}
    waiting |= {
        item.post.source.path: item.post.meta.date.isoformat()
        for item in fresh
        if waits(item.post, config)
    }
    from .assemble.listing import by_folder, newer_version

    shown = [*kept.outlines_of(taken).values()]
    shown += [item.rendered for item in fresh if item.rendered]
    for versions in by_folder(sorted(shown, key=lambda item: item.post.source.path)).values():
        for item in versions:
            if newer := newer_version(item, versions):
                yield (
                    f"{item.post.source.path}: {newer.post.source.path} was revised after it, "
                    f"on {newer.post.meta.updated.date()}"
                )
    yield from _shared_lists(item.post.meta for item in shown)
    if waiting:
        count = len({folder_name(source) for source in waiting})
        first = min(waiting.values(), key=datetime.fromisoformat)
        told = "post waits for its date," if count == 1 else "posts wait for their dates, the first"
        yield f"{count} {told} {first}; `inkcell build --future` publishes all"


def _shared_lists(posts: Iterable[Meta]) -> Iterator[str]:
    """Tags, categories and series that are different words, and yet have one address."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for meta in posts:
        named = [("tags", tag) for tag in meta.tags] + [("categories", meta.category)]
        for kind, name in (*named, ("series", meta.series)):
            word = " ".join(name.casefold().split())
            if name:
                found.setdefault((kind, slug(name)), {}).setdefault(word, name)
    for (kind, address), names in sorted(found.items()):
        # Spaces and hyphens are ways of writing one word.
        if len({word.replace("-", " ") for word in names}) > 1:
            listed = " and ".join(f"`{name}`" for name in sorted(names.values()))
            yield f"the {kind} {listed} have one list: their address is `{address}`"
