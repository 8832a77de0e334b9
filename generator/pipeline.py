"""The whole flow of a build.

1. `discover` and `parse`  the posts that are not as the last build has seen them (`reading`), and
                           what they may link to (`linking`)
2. `execute`               their code; whatever has its results goes on at once
3. `render`                each of them (`making`), and the files that show it (`assembling`)
4. `assemble`              the files that show many posts (`assembling`)
5. `write`                 all that has changed: `publish`

A stage is imported when it has something to do: most builds change one post or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, closing, suppress
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from .addresses import Links, folder_name, shared_feed_ids
from .assembling import Assembly, Lost, with_names
from .discover import read_katex, read_theme
from .errors import BuildFailed, InkcellError, collect, each_once
from .execute import execute
from .execute.machine import cores
from .kept import Fresh, Kept, Uses
from .last_build import Made
from .linking import known_links, outdated_by, refers_to_posts, with_labels_of_outputs
from .making import make_post
from .mistakes import look_through, may_come
from .model import Config, ExecutedPost, HaltedPost, MathOutput, Post, Site, Typeset
from .on_demand import KatexOnDemand, blog_pictures, drawing_on_demand
from .progress import Report, silent
from .published import is_left_out, posts_shown
from .reading import parse_posts, traced_root, unknown_posts
from .remembering import remember
from .rendering import finishing, worth_processes
from .telling import tell

if TYPE_CHECKING:
    from .execute.work import Place
    from .write import Changes


class Build(Struct, frozen=True):
    """A finished site, and what the next build may take over of it."""

    site: Site
    fresh: tuple[Fresh, ...]
    """The posts that this build made."""
    taken: Mapping[str, Made]
    """The posts that it took over from the last one."""
    notices: tuple[str, ...] = ()
    """What the author was told of several posts together."""
    errors: tuple[InkcellError, ...] = ()
    """What is wrong with the posts that the site has as the last build left them."""
    close: Callable[[], None] = lambda: None
    """Removes those files of the site that wait on the disk; for `publish`."""


def build(config: Config, report: Report = silent) -> Site:
    """The finished site of a blog, made from scratch. Nothing of it is written: see `write`.

    Raises:
        BuildFailed: everything that is wrong with the posts.
        ThemeError: the theme or KaTeX cannot be read.
        SiteError: two files of the site would have one address.
    """
    return rebuild(config, Kept(config.root, None), report).site


def rebuild(
    config: Config,
    kept: Kept,
    report: Report = silent,
    place: Place | None = None,
    typesetters: dict[tuple[str, MathOutput], Typeset] | None = None,
    broken: set[str] | None = None,
) -> Build:
    """`build`, with what can be kept of the last one: the same site, to the byte.

    Args:
        config: the blog's settings.
        kept: what can be taken over from the last build.
        report: told what happens.
        place: where posts run, if not where the settings say.
        typesetters: what typesets, by KaTeX's script and output, for builds in one process.
        broken: sources of posts that cannot be made: the site has them as the last build left
            them, if it did, and so it has those that cannot be read. Others that turn out to be
            broken are added, and the build fails, because pages have told of them already: the
            next attempt knows. Without this, any mistake ends the build.

    A post that fails in one stage does not enter the next; the others go on, so that one run
    reports every broken post. Its prose is looked through (`mistakes`), so that one run reports
    all that is wrong with it, too.

    Raises:
        BuildFailed, ThemeError, SiteError: as `build` does.
    """
    theme = read_theme(config.root)
    katex = read_katex(config.root)
    typesetters = {} if typesetters is None else typesetters
    engine = katex.script, config.math
    typeset = typesetters.setdefault(engine, KatexOnDemand(*engine))
    draw = drawing_on_demand()
    errors: list[InkcellError] = []
    told: list[InkcellError] = []
    posts, halted, links, taken, held = _read_posts(config, kept, errors, broken)
    known = (*posts, *(item.known for item in halted))
    folders = {*(post.source.folder for post in known), *map(folder_name, taken)}
    errors.extend(unknown_posts(config.refresh, folders))
    pictures = partial(blog_pictures, config, draw, kept)
    outlines = kept.outlines_of({**taken, **held})
    assembly = Assembly(
        posts_shown(posts, config), outlines, kept, config, theme, katex.static, pictures
    )

    def prepare() -> None:
        _import_what_follows()
        links()

    def look(item: HaltedPost) -> None:
        look_through(item, links(), typeset, theme.strings_in(item.known.meta.language))

    def make(posts: Sequence[Post], halted: Sequence[HaltedPost] = ()) -> tuple[Fresh, ...]:
        nonlocal links, broken
        executed = execute(
            posts,
            config,
            root=traced_root(config),
            errors=errors,
            report=report,
            place=place,
            in_use={made["code"] for made in (*taken.values(), *held.values()) if made["code"]},
            meanwhile=prepare,
        )

        def finish(item: ExecutedPost) -> Fresh:
            strings = theme.strings_in(item.post.meta.language)
            fed = assembly.is_in_feeds(item.post)
            return assembly.with_files(make_post(item, links(), typeset, strings, draw, kept, fed))

        # Posts are rendered while the code of others runs, but for those that refer to another
        # one: its code may put out what they refer to.
        done: list[ExecutedPost] = []
        waiting: list[ExecutedPost] = []

        def ready() -> Iterator[ExecutedPost]:
            for item in executed:
                done.append(item)
                if refers_to_posts(item):
                    waiting.append(item)
                else:
                    yield item

        if worth_processes(posts, cores()):
            links()  # Once for all of them.
        assembly.share(posts)
        with finishing(posts, finish, kept, cores()) as finish_all, closing(executed):
            made = finish_all(ready(), errors)
        links = cache(partial(with_labels_of_outputs, links(), done, taken))
        made += collect(finish, waiting, errors)
        ran = {item.post.source.path for item in done}
        failed = [HaltedPost(post) for post in posts if post.source.path not in ran]
        collect(look, [*halted, *failed], errors)
        if broken is not None:
            # A preview does not wait for code.
            waits = {item.post.source.path: item.post for item in done if item.results.stale}
            told.extend(e for e in errors if not (e.file in waits and may_come(e, waits[e.file])))
            errors.clear()
            unmade = {p.source.path for p in posts} - {item.post.source.path for item in made}
            broken |= unmade
            if unmade:
                raise BuildFailed(each_once(told))
        return tuple(sorted(made, key=lambda item: item.post.source.path))

    def make_all_but(known: Iterable[str]) -> tuple[Fresh, ...]:
        nonlocal posts
        again: list[InkcellError] = []
        read = (*posts, *(item.known for item in halted))
        late = parse_posts(config, {*known, *(post.source.path for post in read)}, again).posts
        if broken is None:
            errors.extend(again)
        posts += late
        return make(posts_shown(late, config))

    with ExitStack() as stack:
        stack.callback(assembly.close)
        fresh = make(posts_shown(posts, config), () if broken else halted)
        # Now that code has run, it may have put out other labels than the last build's.
        outdated = outdated_by(taken, links())
        if outdated and not errors:
            taken = {source: made for source, made in taken.items() if source not in outdated}
            fresh += make_all_but({**taken, **held})
        taken = {**taken, **held}
        site = None if errors else assembly.changed_site(fresh, taken)
        while site is None and not errors:
            again = dict(assembly.taken_over([*kept.outlines_of(taken)]))
            found = {source: item for source, item in again.items() if item}
            lost = again.keys() - found.keys()
            taken = {source: made for source, made in taken.items() if source not in lost}
            if lost:
                fresh += make_all_but(taken)
            if not errors:
                try:
                    site = assembly.whole_site(fresh, found)
                except Lost:
                    continue
                except BuildFailed as failed:
                    if broken is not None:
                        broken |= _in_the_way(fresh, failed)
                    raise BuildFailed(each_once([*told, *failed.errors])) from None
                taken = {**taken, **with_names(found, taken)}
        if site is None:
            raise BuildFailed(each_once(errors))
        fresh += tuple(Fresh(post, None, Uses()) for post in posts if is_left_out(post, config))
        notices = tell(fresh, taken, kept, config, report)
        return Build(site, fresh, taken, notices, each_once(told), stack.pop_all().close)


class Read(NamedTuple):
    """What a build begins with."""

    posts: tuple[Post, ...]
    """Those to make."""
    halted: tuple[HaltedPost, ...]
    """Those that cannot be made."""
    links: Callable[[], Links]
    """What may be linked to, found when it is asked for: it would keep code waiting."""
    taken: dict[str, Made]
    """Those that are taken over from the last build."""
    held: dict[str, Made]
    """Those that are taken over because they cannot be made."""


def _read_posts(
    config: Config, kept: Kept, errors: list[InkcellError], broken: Set[str] | None
) -> Read:
    """Read the posts that are not as the last build has seen them.

    A post that links to another has to be made again when the other has moved, and one that
    refers to another when the other has other numbers.
    """
    taken = dict(kept.posts)
    while True:
        errors.clear()
        posts, misread = parse_posts(config, taken.keys() | kept.folders_of(taken), errors)
        misread += tuple(HaltedPost(p) for p in posts if broken and p.source.path in broken)
        posts = tuple(post for post in posts if not broken or post.source.path not in broken)
        halted = tuple(item for item in misread if not is_left_out(item.known, config))
        held: dict[str, Made] = {}
        if broken is not None:
            held = kept.hold(taken.keys() | {post.source.path for post in posts}, config)
        # A link to a post is right, whatever is wrong with that post.
        linked = (*posts_shown(posts, config), *(item.known for item in halted))
        links = cache(partial(known_links, linked, {**taken, **held}, kept, config))
        outdated = outdated_by(taken, links()) if taken else set()
        # What its author has to mend is read again, for the line.
        one_id = tuple(shared_feed_ids(_in_feeds(posts, halted, taken, kept, config), config))
        outdated |= taken.keys() & {str(error.file) for error in one_id}
        if not outdated:
            errors.extend(one_id)
            return Read(posts, halted, links, taken, held)
        for source in outdated:
            del taken[source]


def _in_feeds(
    posts: Sequence[Post],
    halted: Iterable[HaltedPost],
    taken: Mapping[str, Made],
    kept: Kept,
    config: Config,
) -> Iterator[Post]:
    """The posts that a build shows; of those with mistakes, the ones whose feed id is certain."""
    yield from posts_shown(posts, config)
    yield from (item.known for item in halted if item.known.meta.id)
    yield from (outline.post for outline in kept.outlines_of(taken).values())


def _in_the_way(fresh: Iterable[Fresh], failed: BuildFailed) -> set[str]:
    """Sources of the posts that have a file where the site has another."""
    origins = {str(error.file).removesuffix(" (alias)") for error in failed.errors}
    return origins & {item.post.source.path for item in fresh}


def _import_what_follows() -> None:
    """Import the next stages, which takes a third of a second, while nothing else is to do."""
    from .interrupts import interrupt_afterwards

    with interrupt_afterwards():
        from .assemble import feed, sitemap  # noqa: F401
        from .assemble.pages import archive, lists, missing, post, redirects, search  # noqa: F401
        from .render import katex, render  # noqa: F401


def publish(build: Build, config: Config, kept: Kept) -> Changes:
    """Write the site, and keep what the next build may take over.

    Raises:
        WriteError: the output folder cannot be written. It is then as it was.
    """
    from .write import write

    with closing(build):
        changes = write(build.site, config.root / config.output, kept.site)
        # The site is written: if nothing can be kept beside it, the next build takes longer.
        with suppress(OSError):
            site, moved = changes.site, changes.moved
            remember(kept, config, site, moved, build.fresh, build.taken, build.notices)
    return changes
