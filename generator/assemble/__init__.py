"""RenderedPosts -> Site: a value that holds every file, so that nothing is written half.

1. `listing`  which posts stand in which list, in which order
2. `pages`    the pages, through the theme's templates; `card` tells what results were made on,
              `related` what to read next, `structured_data` tells search engines
3. `feed`     the Atom feeds, and as `json_feed` the JSON Feeds, of what `entry` makes of a post
4. `sitemap`  `sitemap.xml`, `robots.txt`
5. `search`   the index of the search

Pure: the theme and KaTeX's files come in as values, and no clock is read.

If nothing has changed but the text of some posts, `reassemble` makes only the files that show it.
What makes the others (lxml, feedgen) is imported where it is needed: it takes longer to import
than a page to render.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from types import MappingProxyType

from ..errors import SiteError
from ..model import Config, File, RenderedPost, Site, Theme
from .listing import Feed, by_feed
from .search import outdated_shards, search_files, updated_search_files

__all__ = ["assemble", "collect_files", "outdated_shards", "reassemble", "shown_beside"]


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
        SiteError: two different files at one path.
        ThemeError: a template is broken.
    """
    from .feed import feed_files
    from .pages import page_files
    from .sitemap import sitemap_files

    posts = sorted(posts, key=lambda item: item.post.source.path)
    return collect_files(
        [
            *page_files(posts, config, theme, code_style, katex, libraries, pictures),
            *feed_files(by_feed(posts, config), config, theme),
            *sitemap_files(posts, config),
            *search_files(posts, config),
            *(file for post in posts for file in post.files),
            *pictures.values(),
        ]
    )


def reassemble(
    posts: Sequence[RenderedPost],
    changed: Collection[str],
    retold: Collection[str],
    config: Config,
    theme: Theme,
    code_style: str,
    terms: Mapping[str, Mapping[str, int]],
    shards: Mapping[str, bytes],
    digests: Mapping[str, str],
    pictures: Mapping[str, File] = MappingProxyType({}),
) -> Site:
    """The files of the site that show the text of the changed posts; all others stay.

    Args:
        posts: all posts. The changed ones and those of `shown_beside` are complete; of the others
            no text is looked at, only what other pages show of them.
        changed: the sources of posts whose text, and nothing else, has changed; none of them
            shows an interactive figure.
        retold: those of them whose excerpt, which lists show, has changed.
        config: the blog's settings.
        theme: templates and texts.
        code_style: style sheet of highlighted code.
        terms: what a search found the changed posts by, by their sources.
        shards: the content of the `outdated_shards`, by their paths.
        digests: SHA-256 of every file of the site as it was, by its path.
        pictures: as in `assemble`.
    """
    from .pages import Pages

    posts = sorted(posts, key=lambda item: item.post.source.path)
    fresh = [post for post in posts if post.post.source.path in changed]
    files = [file for post in fresh for file in post.files]
    if fresh:
        pages = Pages(posts, config, theme, code_style, {}, {}, pictures)
        files += [pages.post(post) for post in fresh]
        told = [post for post in fresh if post.post.source.path in retold]
        files += pages.lists_with(told) if told else ()
    feeds = _feeds_with(changed, posts, config)
    if feeds:
        from .feed import feed_files

        files += feed_files(feeds, config, theme)
    files += updated_search_files(posts, terms, shards, digests, config)
    return collect_files(files)


def shown_beside(
    changed: Collection[str], posts: Sequence[RenderedPost], config: Config
) -> Set[str]:
    """Sources of the posts whose text stands in one feed with that of a changed one."""
    feeds = _feeds_with(changed, posts, config).values()
    return {post.post.source.path for feed in feeds for post in feed.posts}


def _feeds_with(
    changed: Collection[str], posts: Sequence[RenderedPost], config: Config
) -> dict[str, Feed]:
    return {
        path: feed
        for path, feed in by_feed(posts, config).items()
        if any(post.post.source.path in changed for post in feed.posts)
    }


def collect_files(files: Iterable[File]) -> Site:
    """A site of these files.

    Raises:
        SiteError: two different files at one path, or one where another has a folder.
    """
    found: dict[str, File] = {}
    for file in files:
        other = found.setdefault(file.path, file)
        if other.content != file.content:
            raise SiteError(f"two files of the site have the address /{file.path}").at(
                file=file.origin,
                text=f"the other comes from {other.origin}",
                hint="give one of them another `slug`, `date` or `permalink`",
            )
    for path, file in found.items():
        parts = path.split("/")
        for length in range(1, len(parts)):
            above = "/".join(parts[:length])
            if above in found:
                raise SiteError(f"/{above} is a file, so /{path} cannot lie below it").at(
                    file=file.origin, text=f"the other comes from {found[above].origin}"
                )
    return Site(dict(sorted(found.items())))
