"""Which posts stand in which list. Newest first; posts of one moment in order of their path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..addresses import (
    SITE_FEED,
    category_feed,
    category_page,
    home_page,
    json_feed,
    language_feed,
    slug,
    tag_feed,
    tag_page,
)
from ..model import Config, RenderedPost


def newest_first(posts: Iterable[RenderedPost]) -> list[RenderedPost]:
    """Posts by date of publication, the newest first."""
    ordered = sorted(posts, key=lambda item: item.post.source.path)
    return sorted(ordered, key=lambda item: item.post.meta.date, reverse=True)


def in_language(posts: Iterable[RenderedPost], language: str) -> list[RenderedPost]:
    """The posts written in a language."""
    return newest_first(post for post in posts if post.post.meta.language == language)


def each_once(posts: Sequence[RenderedPost], config: Config) -> list[RenderedPost]:
    """Each post once: in the default language where it exists, else in the first that does."""
    versions: dict[str, RenderedPost] = {}
    for post in posts:
        folder = post.post.source.folder
        other = versions.get(folder)
        if other is None or _rank(post, config) < _rank(other, config):
            versions[folder] = post
    return newest_first(versions.values())


def shown_in(posts: Sequence[RenderedPost], language: str, config: Config) -> list[RenderedPost]:
    """What the lists of a language show: the default language's lists miss no post."""
    if language == config.language:
        return each_once(posts, config)
    return in_language(posts, language)


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed shows, in whatever format."""

    kind: Literal["site", "language", "category", "tag"]
    language: str
    page: str
    """Path of the page that shows the same posts."""
    posts: tuple[RenderedPost, ...]
    """The newest ones."""
    term: str = ""
    """The category, or the tag."""


def by_feed(posts: Sequence[RenderedPost], config: Config) -> dict[str, Feed]:
    """Path of each feed to what it shows.

    The feed of the site has each post once; each language has one of its own, and one for each
    category and tag, with the posts of their pages. The first two are written as JSON, too.
    """
    return dict(_feeds(posts, config))


def _feeds(posts: Sequence[RenderedPost], config: Config) -> Iterator[tuple[str, Feed]]:
    newest = slice(config.feed.limit)
    once = tuple(each_once(posts, config)[newest])
    site = Feed("site", config.language, home_page(config.language, config), once)
    yield SITE_FEED, site
    yield json_feed(SITE_FEED), site
    for name in config.languages:
        own = tuple(in_language(posts, name)[newest])
        feed = Feed("language", name, home_page(name, config), own)
        yield language_feed(name), feed
        yield json_feed(language_feed(name)), feed
        shown = shown_in(posts, name, config)
        for term, group in by_category(shown).items():
            page = category_page(term, name, config)
            path = category_feed(term, name, config)
            yield path, Feed("category", name, page, tuple(group[newest]), term)
        for term, group in by_tag(shown).items():
            page = tag_page(term, name, config)
            yield tag_feed(term, name, config), Feed("tag", name, page, tuple(group[newest]), term)


def by_folder(posts: Iterable[RenderedPost]) -> dict[str, list[RenderedPost]]:
    """Folder to the language versions of the post in it."""
    folders: dict[str, list[RenderedPost]] = {}
    for post in posts:
        folders.setdefault(post.post.source.folder, []).append(post)
    return folders


def by_category(posts: Iterable[RenderedPost]) -> dict[str, list[RenderedPost]]:
    """Category to its posts, categories by name."""
    return _grouped(posts, lambda post: (post.post.meta.category,))


def by_tag(posts: Iterable[RenderedPost]) -> dict[str, list[RenderedPost]]:
    """Tag to its posts, tags by name."""
    return _grouped(posts, lambda post: post.post.meta.tags)


def by_year(posts: Iterable[RenderedPost]) -> dict[int, list[RenderedPost]]:
    """Year to its posts, newest first."""
    years: dict[int, list[RenderedPost]] = {}
    for post in newest_first(posts):
        years.setdefault(post.post.meta.date.year, []).append(post)
    return years


def _grouped(
    posts: Iterable[RenderedPost], terms: Callable[[RenderedPost], Iterable[str]]
) -> dict[str, list[RenderedPost]]:
    """Terms that share an address (`ML` and `ml`) are one term, spelled as the newest post does."""
    groups: dict[str, tuple[str, list[RenderedPost]]] = {}
    for post in newest_first(posts):
        for term in terms(post):
            groups.setdefault(slug(term), (term, []))[1].append(post)
    return dict(sorted(groups.values(), key=lambda group: group[0].casefold()))


def _rank(post: RenderedPost, config: Config) -> int:
    return config.languages.index(post.post.meta.language)
