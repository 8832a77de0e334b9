"""The files of one site, made as its posts get ready.

Each post's own files are made as soon as it is rendered, in whatever process that is, and wait on
a shelf if there are many; so no process ever holds a whole site. What shows many posts comes last.
Of the posts that are taken over from the last build, the files are made again only if the other
pages are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set, Sized
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from .execute.machine import cores
from .kept import Fresh, Kept
from .last_build import Made
from .model import (
    Config,
    File,
    Post,
    RenderedPost,
    Site,
    Stored,
    Theme,
    WrittenEntry,
)
from .outlines import listed, without_text
from .remembering import keep_written
from .rendering import each, worth_processes

if TYPE_CHECKING:
    from .assemble.pages.blog import Blog
    from .shelf import Shelf


class Again(Struct, frozen=True):
    """A post of the last build, and the files that show it now."""

    rendered: RenderedPost
    files: tuple[File | Stored, ...]
    fed: WrittenEntry | str


class Lost(Exception):
    """What is needed of a post that was taken over is not there."""


class Assembly:
    """Makes the files of a site."""

    def __init__(
        self,
        posts: Sequence[Post],
        outlines: Mapping[str, RenderedPost],
        kept: Kept,
        config: Config,
        theme: Theme,
        katex: Mapping[str, bytes],
        draw_pictures: Callable[[], Mapping[str, File]],
    ) -> None:
        """Prepare to make the files.

        Args:
            posts: those that this build will render.
            outlines: of those that it takes over, by their source.
            kept: what the last build has left.
            config: the blog's settings.
            theme: templates, texts and static files.
            katex: KaTeX's style sheet and fonts, by their path below `assets/`.
            draw_pictures: draws the pictures that stand for the blog, by language.
        """
        self._kept = kept
        self._config = config
        self._theme = theme
        self._katex = katex
        self._draw_pictures = draw_pictures
        self._known = [*map(_told_by_front_matter, posts), *outlines.values()]
        self._shelf: Shelf | None = None

    @cached_property
    def _pictures(self) -> Mapping[str, File]:
        return self._draw_pictures()

    @cached_property
    def _blog(self) -> Blog:
        from .assemble.pages.blog import blog_of
        from .assemble.pages.templates import filling
        from .compiled import compiled_templates
        from .libraries import edition
        from .render.code import stylesheet

        fill = filling(self._theme, compiled_templates())
        code_style, pictures = stylesheet(), self._pictures
        return blog_of(self._known, self._config, self._theme, fill, code_style, pictures, edition)

    @cached_property
    def _in_feeds(self) -> Set[str]:
        """Sources of the posts that stand in feeds."""
        from .assemble import shown_in_feeds

        return shown_in_feeds(self._known, self._config)

    def is_in_feeds(self, post: Post) -> bool:
        """Whether a post stands in a feed."""
        return post.source.path in self._in_feeds

    def share(self, things: Sized) -> None:
        """Prepare for making the files of so many posts, perhaps in processes forked after it."""
        if not worth_processes(things, cores()):
            return
        # Made, and imported, once for all of them.
        from .assemble.pages import post, redirects  # noqa: F401

        _ = self._blog, self._in_feeds
        if self._shelf is None and self._kept.comparison:
            from .shelf import Shelf

            self._shelf = Shelf(self._kept.entries.parent)

    def with_files(self, fresh: Fresh) -> Fresh:
        """A post that has just been rendered, reduced to what others need, with its files."""
        rendered = fresh.rendered
        if rendered is None:
            return fresh
        return replace(
            fresh,
            rendered=listed(rendered),
            files=tuple(self._files_of(rendered)),
            own=tuple(file.path for file in rendered.files),
            fed=self._fed(rendered),
        )

    def taken_over(self, sources: Sequence[str]) -> Iterator[tuple[str, Again | None]]:
        """Posts of the last build, each with the files that show it now; None for a lost one."""
        self.share(sources)
        yield from each(self._again, sources, cores())

    def close(self) -> None:
        """Remove what waits on the disk."""
        if self._shelf:
            self._shelf.close()
            self._shelf = None

    def _again(self, source: str) -> tuple[str, Again | None]:
        entry = self._kept.entry(source)
        own = self._kept.own_files(source, entry) if entry else None
        if entry is None or own is None:
            return source, None
        kept = self._kept.posts[source]["fed"] if source in self._in_feeds else ""
        if not kept and source in self._in_feeds and not entry.rendered.in_feeds:
            return source, None  # It has come into a feed.
        fed = kept or self._fed(entry.rendered)
        files = (*self._files_of(entry.rendered), *own)
        return source, Again(listed(entry.rendered), files, fed)

    def _files_of(self, rendered: RenderedPost) -> Iterator[File | Stored]:
        from .assemble import files_of_post

        return map(self._stored, files_of_post(rendered, self._blog))

    def _fed(self, rendered: RenderedPost) -> WrittenEntry | str:
        """How a post stands in feeds."""
        if not self.is_in_feeds(rendered.post):
            return ""
        from .assemble.feed import write_entry

        return keep_written(self._kept, write_entry(rendered, self._config, self._theme))

    def _stored(self, file: File) -> File | Stored:
        return self._shelf.put(file) if self._shelf else file

    def _written(self, fed: Mapping[str, WrittenEntry | str]) -> Callable[..., WrittenEntry]:
        """What tells how a post stands in feeds; it raises Lost if that was kept and is gone."""

        def written(post: RenderedPost) -> WrittenEntry:
            source = post.post.source.path
            entry: WrittenEntry | str | None = fed.get(source)
            if isinstance(entry, str):
                entry = self._kept.written_entry(entry)
            if isinstance(entry, WrittenEntry):
                return entry
            whole = self._kept.entry(source)
            if whole is None or not whole.rendered.in_feeds:
                raise Lost
            from .assemble.feed import write_entry

            return write_entry(whole.rendered, self._config, self._theme)

        return written

    def whole_site(self, fresh: Sequence[Fresh], again: Mapping[str, Again]) -> Site:
        """The site of these posts, all of them.

        Raises:
            Lost: what was kept of a post is gone meanwhile.
            BuildFailed: two files would have one address.
            ThemeError: a template is broken.
        """
        from .assemble import collect_files, shared_files
        from .assemble.pages.blog import with_posts

        posts = [item.rendered for item in fresh if item.rendered]
        posts += [item.rendered for item in again.values()]
        fed = {item.post.source.path: item.fed for item in fresh}
        fed |= {source: item.fed for source, item in again.items()}
        parts = shared_files(
            with_posts(posts, self._blog),
            self._written(fed),
            self._katex,
            self._libraries(posts),
        )

        def made(number: int) -> tuple[int, tuple[File | Stored, ...]]:
            return number, tuple(map(self._stored, parts[number]()))

        shared = sorted(each(made, range(len(parts)), cores(), of=posts), key=lambda done: done[0])
        new = [file for item in fresh for file in item.files]
        places = {file.path for file in new}
        old: list[File | Stored] = []
        for source, item in again.items():
            # What is held gives way to what is new; of two others the new one is told to.
            gives_way = source in self._kept.held
            old += [file for file in item.files if not (gives_way and file.path in places)]
        return collect_files([*chain.from_iterable(files for _, files in shared), *old, *new])

    def changed_site(self, fresh: Sequence[Fresh], taken: Mapping[str, Made]) -> Site | None:
        """The site, if nothing but the text of some posts has changed; else None."""
        kept, config = self._kept, self._config
        if not kept.only_text_changed(fresh, taken):
            return None
        if not fresh:
            return Site({}, kept.digests_without(()))
        from .assemble import changed_files, collect_files, outdated_shards
        from .assemble.pages.blog import with_posts

        changed = {item.post.source.path for item in fresh if item.rendered}
        posts = [*kept.outlines_of(taken).values()]
        posts += [item.rendered for item in fresh if item.rendered]
        terms = {source: kept.terms(source) for source in changed}
        shards = kept.published(outdated_shards(posts, terms, config))
        if shards is None:
            return None
        fed: dict[str, WrittenEntry | str] = {s: made["fed"] for s, made in taken.items()}
        fed |= {item.post.source.path: item.fed for item in fresh}
        shared = changed_files(
            with_posts(posts, self._blog),
            changed,
            kept.retold(fresh),
            self._written(fed),
            terms,
            shards,
            kept.site_digests,
        )
        try:
            files = [file for item in fresh for file in item.files]
            site = collect_files([*map(self._stored, shared), *files])
        except Lost:
            return None
        return replace(site, kept={**site.kept, **kept.digests_without(site.paths)})

    def _libraries(self, posts: Iterable[RenderedPost]) -> Mapping[str, bytes]:
        """The JavaScript that interactive figures need."""
        needed = sorted({name for post in posts for name in post.libraries})
        if not needed:
            return {}
        from .libraries import read_libraries

        return read_libraries(needed, self._config.root / self._config.cache / "libraries")


def _told_by_front_matter(post: Post) -> RenderedPost:
    """What is known of a post before it is rendered."""
    return RenderedPost(without_text(post), "", "", (), "", 0)


def with_names(again: Mapping[str, Again], taken: Mapping[str, Made]) -> dict[str, Made]:
    """What is known of posts, with the names of what keeps how they stand in feeds now."""
    return {
        source: {**taken[source], "fed": item.fed if isinstance(item.fed, str) else ""}
        for source, item in again.items()
    }
