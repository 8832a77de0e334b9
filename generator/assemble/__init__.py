"""RenderedPosts -> Site: a value that knows every file, so that nothing is written half.

1. `listing`  which posts stand in which list, in which order
2. `pages`    the pages, through the theme's templates; `card` tells what results were made on,
              `related` what to read next, `structured_data` tells search engines
3. `feed`     the Atom feeds, and as `json_feed` the JSON Feeds, of what `entry` makes of a post
4. `sitemap`  `sitemap.xml`, `robots.txt`
5. `search`   the index of the search

Pure: the theme and KaTeX's files come in as values, and no clock is read.

The files that show one post are made as soon as that is rendered, by `files_of_post`: they tell of
the others only what their front matter says. `shared_files` makes those that show many. If nothing
has changed but the text of some posts, `changed_files` makes only what shows it. What makes the
others (lxml, feedgen) is imported where it is needed: it takes longer to import than a page to
render.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from functools import partial
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..errors import BuildFailed, SiteError, each_once
from ..model import Config, File, RenderedPost, Site, Stored, Theme, WrittenEntry
from .listing import Feed, by_feed
from .search import outdated_shards, search_files, text_files, updated_search_files

if TYPE_CHECKING:
    from .pages.blog import Blog

__all__ = [
    "assemble",
    "changed_files",
    "collect_files",
    "files_of_post",
    "outdated_shards",
    "shared_files",
    "shown_in_feeds",
]

REPLACEABLE = ("apple-touch-icon.png", "favicon.ico", "robots.txt")
"""What lies at the root of a site for others to find: a blog may have its own there."""


def assemble(
    posts: Sequence[RenderedPost],
    config: Config,
    theme: Theme,
    code_style: str,
    katex: Mapping[str, bytes],
    libraries: Mapping[str, bytes] = MappingProxyType({}),
    pictures: Mapping[str, File] = MappingProxyType({}),
) -> Site:
    """The finished site.

    Args:
        posts: in any order; the site does not depend on it.
        config: the blog's settings.
        theme: templates, texts and static files.
        code_style: style sheet of highlighted code.
        katex: KaTeX's style sheet and fonts, by their path below `assets/`.
        libraries: JavaScript for interactive figures, by the name of its file.
        pictures: language to the picture that stands for the blog where a list is shared.

    Raises:
        BuildFailed: two different files at one path.
        ThemeError: a template is broken.
    """
    from .feed import write_entry
    from .pages.blog import blog_of
    from .pages.templates import filling

    edition = " ".join(sorted(libraries))
    blog = blog_of(posts, config, theme, filling(theme), code_style, pictures, lambda: edition)
    entries = {post.post.source.path: write_entry(post, config, theme) for post in posts}
    parts = shared_files(blog, lambda post: entries[post.post.source.path], katex, libraries)
    shared = chain.from_iterable(part() for part in parts)
    own = (file for post in blog.posts for file in files_of_post(post, blog))
    return collect_files([*shared, *own])


def files_of_post(post: RenderedPost, blog: Blog) -> Iterator[File]:
    """The files that show one post: its page and former addresses, its text, what it publishes.

    Args:
        post: complete.
        blog: all posts; of the others it is enough that they know the front matter.

    Raises:
        ThemeError: a template is broken.
    """
    from .pages.post import post_file
    from .pages.redirects import redirect_files

    yield post_file(post, blog)
    yield from redirect_files(post, blog)
    yield from text_files(post, blog.config)
    yield from post.files


def shared_files(
    blog: Blog,
    written: Callable[[RenderedPost], WrittenEntry],
    katex: Mapping[str, bytes],
    libraries: Mapping[str, bytes],
) -> tuple[Callable[[], Iterator[File]], ...]:
    """What makes the files of the site that show more than one post, or none, part by part.

    Args:
        blog: all posts: what lists show of them, and what a search finds them by.
        written: a post that stands in a feed, as it stands there.
        katex: as in `assemble`.
        libraries: as in `assemble`.

    Raises:
        ThemeError: a template is broken; it is raised when a part is made.
    """
    languages = blog.config.languages
    return (
        *(partial(_lists, language, blog) for language in languages),
        *(partial(search_files, blog.posts, language, blog.config) for language in languages),
        partial(_of_the_whole_site, blog, written, katex, libraries),
    )


def _lists(language: str, blog: Blog) -> Iterator[File]:
    from .pages.archive import archive_file
    from .pages.lists import list_files
    from .pages.search import search_file

    yield archive_file(language, blog)
    yield search_file(language, blog)
    yield from list_files(language, blog)


def _of_the_whole_site(
    blog: Blog,
    written: Callable[[RenderedPost], WrittenEntry],
    katex: Mapping[str, bytes],
    libraries: Mapping[str, bytes],
) -> Iterator[File]:
    from .feed import feed_files
    from .pages.assets import static_files
    from .pages.missing import missing_file
    from .sitemap import sitemap_files

    posts, config = blog.posts, blog.config
    yield missing_file(blog)
    yield from feed_files(by_feed(posts, config), written, config, blog.theme)
    copied = blog.theme.copied
    yield from (File(path, content, f"static/{path}") for path, content in copied.items())
    for file in chain(
        static_files(blog.assets, posts, config, katex, libraries), sitemap_files(posts, config)
    ):
        if file.path not in copied or file.path not in REPLACEABLE:
            yield file
    yield from blog.pictures.values()


def changed_files(
    blog: Blog,
    changed: Collection[str],
    retold: Collection[str],
    written: Callable[[RenderedPost], WrittenEntry],
    terms: Mapping[str, str],
    shards: Mapping[str, bytes],
    digests: Mapping[str, str],
) -> Iterator[File]:
    """Those of the `shared_files` that show the text of the changed posts; all others stay.

    Args:
        blog: all posts: what lists show of them, and what a search finds the changed ones by.
        changed: the sources of posts whose text, and nothing else, has changed.
        retold: those of them whose excerpt, which lists show, has changed.
        written: a post that stands in a feed beside a changed one, as it stands there.
        terms: what a search found the changed posts by, by their sources.
        shards: the content of the `outdated_shards`, by their paths.
        digests: SHA-256 of every file of the site as it was, by its path.
    """
    posts, config = blog.posts, blog.config
    if retold:
        from .pages.lists import list_files

        for language in config.languages:
            yield from list_files(language, blog, retold)
    feeds = _feeds_with(changed, posts, config)
    if feeds:
        from .feed import feed_files

        yield from feed_files(feeds, written, config, blog.theme)
    yield from updated_search_files(posts, terms, shards, digests, config)


def shown_in_feeds(posts: Sequence[RenderedPost], config: Config) -> Set[str]:
    """Sources of the posts whose text stands in a feed."""
    return {
        post.post.source.path for feed in by_feed(posts, config).values() for post in feed.posts
    }


def _feeds_with(
    changed: Collection[str], posts: Sequence[RenderedPost], config: Config
) -> dict[str, Feed]:
    return {
        path: feed
        for path, feed in by_feed(posts, config).items()
        if any(post.post.source.path in changed for post in feed.posts)
    }


def collect_files(files: Iterable[File | Stored]) -> Site:
    """A site of these files.

    Raises:
        BuildFailed: two different files at one path, or one where another has a folder.
    """
    found: dict[str, File | Stored] = {}
    clashes: list[SiteError] = []
    for file in files:
        other = found.setdefault(file.path, file)
        if other is not file and _digest(other) != _digest(file):
            clashes.append(
                SiteError(f"two files of the site have the address /{file.path}").at(
                    file=file.origin,
                    text=f"the other comes from {other.origin}",
                    hint=_way_out(file.origin, other.origin),
                )
            )
    told: set[str] = set()
    for path, file in found.items():
        parts = path.split("/")
        for length in range(1, len(parts)):
            above = "/".join(parts[:length])
            if above in found and above not in told:
                told.add(above)
                clashes.append(
                    SiteError(f"/{above} is a file, so /{path} cannot lie below it").at(
                        file=file.origin, text=f"the other comes from {found[above].origin}"
                    )
                )
    if clashes:
        raise BuildFailed(each_once(clashes))
    ordered = [found[path] for path in sorted(found)]
    stored = [file for file in ordered if isinstance(file, Stored)]
    return Site(
        {file.path: file for file in ordered if isinstance(file, File)},
        {file.path: file.digest for file in stored if not file.place},
        {file.path: file for file in stored if file.place},
    )


def _way_out(*origins: str) -> str:
    """A hint for two files that would have one address."""
    if any(origin.endswith("(alias)") for origin in origins):
        return "remove the alias"
    copied = next((origin for origin in origins if origin.startswith("static/")), "")
    if copied:
        return f"rename {copied}, or remove it"
    if any(origin.startswith("pages/") for origin in origins):
        return "give the page another `slug`, or its folder another name"
    return "give one of them another `slug`, `date` or `permalink`"


def _digest(file: File | Stored) -> str:
    return file.digest if isinstance(file, Stored) else hashlib.sha256(file.content).hexdigest()
