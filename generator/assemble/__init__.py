"""RenderedPosts -> Site: a value that holds every file, so that nothing is written half.

1. `listing`  which posts stand in which list, in which order
2. `pages`    the pages, through the theme's templates
3. `feed`     the Atom feeds
4. `sitemap`  `sitemap.xml`, `robots.txt`

Pure: the theme and KaTeX's files come in as values, and no clock is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from ..errors import SiteError
from ..model import Config, File, RenderedPost, Site, Theme
from .feed import feed_files
from .pages import page_files
from .sitemap import sitemap_files


def assemble(
    posts: Sequence[RenderedPost],
    config: Config,
    theme: Theme,
    code_style: str,
    katex: Mapping[str, bytes],
    libraries: Mapping[str, bytes] = MappingProxyType({}),
) -> Site:
    """The finished site.

    Args:
        posts: in any order; the site does not depend on it.
        config: the blog's settings.
        theme: templates, texts and static files.
        code_style: style sheet of highlighted code.
        katex: KaTeX's style sheet and fonts, by their path below `assets/`.
        libraries: JavaScript for interactive figures, by the name of its file.

    Raises:
        SiteError: two different files at one path.
        ThemeError: a template is broken.
    """
    posts = sorted(posts, key=lambda item: item.post.source.path)
    return collect_files(
        [
            *page_files(posts, config, theme, code_style, katex, libraries),
            *feed_files(posts, config, theme),
            *sitemap_files(posts, config),
            *(file for post in posts for file in post.files),
        ]
    )


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
