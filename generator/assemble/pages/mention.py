"""A post, as other pages tell of it."""

from __future__ import annotations

from collections.abc import Mapping

from ...addresses import address, category_page, post_page, tag_page
from ...model import Config, RenderedPost
from ..views import ArchivedView, DateView, LinkView, SummaryView, format_date


def link_view(rendered: RenderedPost, config: Config) -> LinkView:
    """A post or a standing page by its title."""
    return LinkView(rendered.post.meta.title, address(post_page(rendered.post, config), config))


def published(rendered: RenderedPost, strings: Mapping[str, str]) -> DateView:
    """When a post was published, in the language of `strings`."""
    return format_date(rendered.post.meta.date, strings["date"], strings["months"])


def updated(rendered: RenderedPost, strings: Mapping[str, str]) -> DateView:
    """When a post was last revised, in the language of `strings`."""
    return format_date(rendered.post.meta.updated, strings["date"], strings["months"])


def archived_view(
    rendered: RenderedPost, strings: Mapping[str, str], config: Config
) -> ArchivedView:
    """A post as the archive in the language of `strings` shows it."""
    meta = rendered.post.meta
    place = address(post_page(rendered.post, config), config)
    return ArchivedView(meta.title, place, meta.language, published(rendered, strings))


def summary_view(
    rendered: RenderedPost, language: str, strings: Mapping[str, str], config: Config
) -> SummaryView:
    """A post as a list in a language shows it; `strings` are in that language."""
    meta = rendered.post.meta
    return SummaryView(
        title=meta.title,
        address=address(post_page(rendered.post, config), config),
        language=meta.language,
        date=published(rendered, strings),
        category=LinkView(
            meta.category, address(category_page(meta.category, language, config), config)
        ),
        tags=tuple(
            LinkView(tag, address(tag_page(tag, language, config), config)) for tag in meta.tags
        ),
        excerpt=rendered.excerpt,
        minutes=rendered.minutes,
    )
