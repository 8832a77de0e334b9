"""A post as an entry of a feed, in whatever format: what it says, and under which id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape

from msgspec import Struct

from ..addresses import absolute, feed_id, post_page
from ..characters import only_text
from ..model import Author, Config, RenderedPost, Theme
from .listing import Feed
from .references import references_html


class Thumbnail(Struct, frozen=True):
    """The picture that stands for a post."""

    address: str
    width: int
    height: int
    """0 if it is not known."""


class Entry(Struct, frozen=True):
    """An entry. Every text is one that XML can hold, and every address is complete."""

    id: str
    page: str
    title: str
    """Plain text, as is the summary."""
    summary: str
    content: str
    """The whole post in HTML that needs no style sheet and no script."""
    language: str
    published: datetime
    updated: datetime
    author: Author
    terms: tuple[str, ...]
    """The category, then each tag."""
    thumbnail: Thumbnail | None


def entry_of(rendered: RenderedPost, config: Config, theme: Theme) -> Entry:
    """A post as an entry, in the words of its own language."""
    meta, image = rendered.post.meta, rendered.image
    return Entry(
        id=feed_id(rendered.post, config),
        page=absolute(post_page(rendered.post, config), config),
        title=meta.title,
        summary=only_text(rendered.excerpt),
        content=only_text(_content(rendered, theme.strings_in(meta.language))),
        language=meta.language,
        published=meta.date,
        updated=meta.updated,
        author=meta.author,
        terms=tuple(dict.fromkeys((meta.category, *meta.tags))),
        thumbnail=(
            Thumbnail(absolute(image.path, config), image.width, image.height) if image else None
        ),
    )


def _content(rendered: RenderedPost, strings: Mapping[str, str]) -> str:
    note = f"<p><em>{escape(strings['stale'], quote=False)}</em></p>\n" if rendered.stale else ""
    assert rendered.in_feeds
    return note + rendered.feed_body + references_html(rendered.works, strings)


def feed_title(feed: Feed, config: Config) -> str:
    """What a reader's list of feeds calls a feed."""
    title = config.title[feed.language]
    return f"{feed.term} · {title}" if feed.term else title


def feed_description(feed: Feed, config: Config, theme: Theme) -> str:
    """What a feed says of itself; empty if the blog has no description."""
    if feed.term:
        pattern = theme.strings_in(feed.language)[f"{feed.kind}_description"]
        return pattern.format(name=feed.term)
    return config.description[feed.language]
