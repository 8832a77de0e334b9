"""What every page has, of whatever kind: what its head says, and a place in the site."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from markupsafe import Markup

from ...addresses import (
    SITE_FEED,
    absolute,
    address,
    category_feed,
    json_feed,
    language_feed,
    page_path,
    tag_feed,
)
from ...model import SHARE_SIZE, File, Image
from ..listing import hreflang
from ..policy import page_policy
from ..structured_data import Thing, as_script
from ..views import AlternateView, FeedView, ImageView, PagerView, PageView
from .assets import KATEX_STYLE, SEARCH_KEY
from .blog import Blog
from .first_fonts import text_fonts


def page_file(
    template: str, path: str, page: PageView, blog: Blog, origin: str, **more: object
) -> File:
    """A page as a file of the site; the template sees `more`, too.

    Raises:
        ThemeError: the template is missing, broken, or asks for what does not exist.
    """
    html = blog.fill(
        template,
        site=blog.sites[page.language],
        page=page,
        t=blog.theme.strings_in(page.language),
        language_names=blog.language_names,
        **more,
    )
    return File(page_path(path), html.encode(), origin)


def page_view(
    kind: str,
    path: str,
    language: str,
    title: str,
    description: str,
    versions: Mapping[str, str],
    blog: Blog,
    *,
    elsewhere: Collection[str] = (),
    has_math: bool = False,
    image: Image | None = None,
    scripts: Sequence[str] = (),
    pager: PagerView | None = None,
    data: Sequence[Thing] = (),
    policy: str = "",
    fonts: Sequence[str] = (),
) -> PageView:
    """What a page's template sees of it, whatever its kind.

    Args:
        kind: as `PageView` lists them.
        path: where it is found, or what it leads to.
        language: its own.
        title: as a browser's tab shows it; of a category or a tag, its name.
        description: as search engines show it.
        versions: language to path, its own included.
        blog: what pages are made from.
        elsewhere: languages whose version is not the same page, but leads to the same list.
        has_math: whether it shows a formula.
        image: what stands for it where it is shared, if not the blog's picture.
        scripts: paths of those that it loads besides those of every page.
        pager: for a list of several pages.
        data: what search engines read.
        policy: its Content-Security-Policy, if not that of a page without a post.
        fonts: paths of those that its beginning needs besides those of any text.
    """
    config, assets = blog.config, blog.assets
    # The theme's own style comes last, so that it has the last word.
    katex = [KATEX_STYLE] if has_math and config.math == "html" else []
    shared = [assets.scripts[SEARCH_KEY]] if SEARCH_KEY in assets.scripts else []
    same = hreflang({name: place for name, place in versions.items() if name not in elsewhere})
    return PageView(
        kind=kind,
        title=title,
        description=description,
        language=language,
        canonical=absolute(path, config),
        alternates=_alternates(versions, same, blog),
        default_version=absolute(same["x-default"], config) if same else "",
        styles=tuple(address(style, config) for style in (*katex, assets.style)),
        image=_image(image, title, language, blog),
        locale=_locale(language, blog),
        data=Markup(as_script(data)) if data else None,
        scripts=tuple(address(script, config) for script in (*shared, *scripts)),
        pager=pager,
        feeds=tuple(_feeds(kind, language, title, blog)),
        policy=policy or page_policy(assets.loads),
        fonts=tuple(address(font, config) for font in (*text_fonts(language, assets), *fonts)),
    )


def _alternates(
    versions: Mapping[str, str], same: Mapping[str, str], blog: Blog
) -> tuple[AlternateView, ...]:
    """A page's language versions; none if there is only one. Those of `same` are the same page."""
    if len(versions) < 2:
        return ()
    return tuple(
        AlternateView(
            language,
            absolute(path, blog.config) if language in same else "",
            address(path, blog.config),
            _locale(language, blog),
        )
        for language, path in versions.items()
    )


def _image(image: Image | None, title: str, language: str, blog: Blog) -> ImageView | None:
    """What stands for a page where it is shared; for a list it is the blog's picture."""
    if image is None and language in blog.pictures:
        image = Image(blog.pictures[language].path, title, *SHARE_SIZE)
    if image is None:
        return None
    return ImageView(absolute(image.path, blog.config), image.alt, image.width, image.height)


def _locale(language: str, blog: Blog) -> str:
    """A language as Open Graph has it, `ko_KR`: the theme says where it is spoken."""
    strings = blog.theme.strings.get(language, {})
    return strings.get("locale", language.replace("-", "_"))


def _feeds(kind: str, language: str, term: str, blog: Blog) -> Iterator[FeedView]:
    """The feeds that a reader finds by a page: its own, and what it is a part of.

    A home page leads to the feeds of all languages, the list of a category or a tag to its
    own, and every page to that of its language.
    """
    config = blog.config
    title = config.title[language]
    if kind == "home" and language == config.language:
        yield from _both_formats(title, SITE_FEED, blog)
    elif kind == "category":
        yield _atom(f"{term} · {title}", category_feed(term, language, config), blog)
    elif kind == "tag":
        yield _atom(f"{term} · {title}", tag_feed(term, language, config), blog)
    others = [name for name in config.languages if name != language]
    several = len(config.languages) > 1
    for name in [language, *(others if kind == "home" else ())]:
        title = config.title[name]
        named = f"{title} · {blog.language_names[name]}" if several else title
        yield from _both_formats(named, language_feed(name), blog)


def _both_formats(title: str, path: str, blog: Blog) -> Iterator[FeedView]:
    yield _atom(title, path, blog)
    beside = address(json_feed(path), blog.config)
    yield FeedView(f"{title} (JSON)", "application/feed+json", beside)


def _atom(title: str, path: str, blog: Blog) -> FeedView:
    return FeedView(title, "application/atom+xml", address(path, blog.config))
