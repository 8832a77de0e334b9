"""What the pages of a blog are made from. What they share is made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from markupsafe import Markup
from msgspec import Struct

from ... import __version__
from ...addresses import (
    address,
    archive_page,
    asset_path,
    category_page,
    home_page,
    language_feed,
    search_page,
)
from ...model import Config, File, RenderedPost, Theme
from ..listing import (
    PostList,
    by_category,
    by_folder,
    by_series,
    in_language,
    post_lists,
    shown_in,
    standing_pages,
)
from ..related import Related
from ..views import LinkView, SiteView
from .assets import AT_THE_ROOT, Assets, assets_of
from .mention import link_view
from .templates import Fill


class Blog(Struct, frozen=True, dict=True):
    """A blog, as its pages show it: what each of them asks for, and what only some do."""

    posts: Sequence[RenderedPost]
    """In order of their sources' paths."""
    config: Config
    theme: Theme
    pictures: Mapping[str, File]
    """Language to the picture that stands for the blog where a list is shared."""
    assets: Assets
    fill: Fill
    siblings: Mapping[str, Sequence[RenderedPost]]
    """Language to the posts written in it, newest first."""
    position: Mapping[str, int]
    """Source of a post to where it stands among its siblings."""
    versions: Mapping[str, Sequence[RenderedPost]]
    """Folder to the language versions of the post in it."""
    sites: Mapping[str, SiteView]
    """Language to the blog, as the pages of that language show it."""

    @cached_property
    def lists(self) -> Mapping[tuple[str, str], Mapping[str, PostList]]:
        """The lists of the site; most short builds show none of them."""
        return post_lists(self.posts, self.config)

    @cached_property
    def series(self) -> Mapping[str, Mapping[str, Sequence[RenderedPost]]]:
        """Language to the series in it, by their addresses."""
        return {name: by_series(self.posts, name) for name in self.config.languages}

    @cached_property
    def related(self) -> Mapping[str, Related]:
        """What finds related posts in each language."""
        return {name: Related(listed) for name, listed in self.siblings.items()}

    @cached_property
    def language_names(self) -> Mapping[str, str]:
        """Language to its own name for itself, where the theme knows it."""
        strings = self.theme.strings
        return {
            name: strings.get(name, {}).get("language_name", name) for name in self.config.languages
        }


def blog_of(
    posts: Sequence[RenderedPost],
    config: Config,
    theme: Theme,
    fill: Fill,
    code_style: str,
    pictures: Mapping[str, File],
    edition: Callable[[], str],
) -> Blog:
    """What pages are made from.

    Args:
        posts: all posts. Of a post whose own page is made, all is shown; of the others, for
            such pages, what their front matter says, and for lists the excerpt, too.
        config: the blog's settings.
        theme: templates, texts and static files.
        fill: fills its templates.
        code_style: style sheet of highlighted code.
        pictures: language to the picture that stands for the blog where a list is shared.
        edition: tells which JavaScript for interactive figures there is.
    """
    assets = assets_of(theme, config, code_style, edition)
    return _blog(posts, config, theme, pictures, assets, fill)


def with_posts(posts: Sequence[RenderedPost], blog: Blog) -> Blog:
    """The same blog, when more is known of its posts."""
    return _blog(posts, blog.config, blog.theme, blog.pictures, blog.assets, blog.fill)


def _blog(
    posts: Sequence[RenderedPost],
    config: Config,
    theme: Theme,
    pictures: Mapping[str, File],
    assets: Assets,
    fill: Fill,
) -> Blog:
    posts = sorted(posts, key=lambda item: item.post.source.path)
    # What every page asks for is made before processes share them: a thousand posts would make
    # it each.
    siblings = {name: in_language(posts, name) for name in config.languages}
    position = {
        rendered.post.source.path: number
        for listed in siblings.values()
        for number, rendered in enumerate(listed)
    }
    sites = {name: _site_view(posts, name, config, assets) for name in config.languages}
    versions = by_folder(posts)
    return Blog(posts, config, theme, pictures, assets, fill, siblings, position, versions, sites)


def _site_view(
    posts: Sequence[RenderedPost], language: str, config: Config, assets: Assets
) -> SiteView:
    return SiteView(
        title=config.title[language],
        description=config.description[language],
        author=config.author.name,
        home=address(home_page(language, config), config),
        archive=address(archive_page(language, config), config),
        search=address(search_page(language, config), config),
        feed=address(language_feed(language), config),
        repository=config.repository,
        categories=tuple(
            LinkView(
                name=name,
                address=address(category_page(name, language, config), config),
                count=len(group),
            )
            for name, group in by_category(shown_in(posts, language, config)).items()
        ),
        pages=tuple(
            link_view(item, config)
            for item in standing_pages(posts)
            if item.post.meta.nav and item.post.meta.language == language
        ),
        generator=f"Inkcell {__version__}",
        favicon=address(asset_path("favicon.svg"), config),
        icons=tuple(address(name, config) for name in AT_THE_ROOT if name in assets.files),
        palette_script=Markup(assets.palette) if assets.palette else None,
        paper_light=config.theme.get("paper", {}).get("light", ""),
        paper_dark=config.theme.get("paper", {}).get("dark", ""),
        assets=address(asset_path(""), config),
    )
