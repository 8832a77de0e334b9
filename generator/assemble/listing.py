"""Which posts stand in which list. Newest first; posts of one moment in order of their path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from ..addresses import (
    SITE_FEED,
    category_feed,
    category_page,
    home_page,
    json_feed,
    language_feed,
    numbered_page,
    series_page,
    slug,
    tag_feed,
    tag_page,
)
from ..model import Config, RenderedPost

Kind = Literal["home", "category", "tag", "series"]


class PostList(Struct, frozen=True):
    """A list of posts that pages of their own show, so many on each."""

    kind: Kind
    name: str
    """Of the category, tag or series; empty for the home page."""
    path: str
    """Of its first page."""
    sheets: tuple[tuple[RenderedPost, ...], ...]
    """The posts of each of its pages; the first one is there without posts, too."""

    def page(self, number: int) -> str:
        """Path of one of its pages, counted from 1."""
        return numbered_page(self.path, number)


def newest_first(posts: Iterable[RenderedPost]) -> list[RenderedPost]:
    """Posts by date of publication, the newest first. Standing pages stand in no list."""
    dated = (item for item in posts if not item.post.source.standing)
    ordered = sorted(dated, key=lambda item: item.post.source.path)
    ordered.sort(key=lambda item: item.post.meta.date, reverse=True)
    return ordered


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


class Feed(Struct, frozen=True):
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


def post_lists(
    posts: Sequence[RenderedPost], config: Config
) -> dict[tuple[str, str], dict[str, PostList]]:
    """Kind and address of each list to its versions, by their language.

    Home comes first, then categories, tags and series. A series has all its parts on one page.
    """
    shown = {language: shown_in(posts, language, config) for language in config.languages}
    found: dict[tuple[str, str], dict[str, PostList]] = {}

    def add(
        kind: Kind,
        name: str,
        language: str,
        path: str,
        listed: Sequence[RenderedPost],
    ) -> None:
        sheets = _sheets(listed, config.page_size)
        found.setdefault((kind, slug(name)), {})[language] = PostList(kind, name, path, sheets)

    for language, listed in shown.items():
        add("home", "", language, home_page(language, config), listed)
    for language, listed in shown.items():
        for name, group in by_category(listed).items():
            add("category", name, language, category_page(name, language, config), group)
    for language, listed in shown.items():
        for name, group in by_tag(listed).items():
            add("tag", name, language, tag_page(name, language, config), group)
    for versions in series_versions(posts, config):
        (first, *_) = versions.items()
        found["series", f"{first[0]}/{slug(first[1][0].post.meta.series)}"] = {
            language: PostList(
                "series",
                parts[-1].post.meta.series,
                series_page(parts[-1].post.meta.series, language, config),
                (tuple(parts),),
            )
            for language, parts in versions.items()
        }
    return found


def by_series(posts: Iterable[RenderedPost], language: str) -> dict[str, list[RenderedPost]]:
    """Address of each series of a language to its parts, the oldest first."""
    listed = [item for item in in_language(posts, language) if item.post.meta.series]
    found: dict[str, list[RenderedPost]] = {}
    for item in reversed(listed):
        found.setdefault(slug(item.post.meta.series), []).append(item)
    return found


def series_versions(
    posts: Sequence[RenderedPost], config: Config
) -> list[dict[str, list[RenderedPost]]]:
    """The parts of each series by language, the default one first.

    A series has a name of its own in each language: it is the same if their parts are versions
    of the same posts. Where a language has two for one of another, nobody can tell which it is.
    """
    found = [
        (language, parts)
        for language in config.languages
        for parts in by_series(posts, language).values()
    ]
    folders = [{item.post.source.folder for item in parts} for _, parts in found]
    of_folder: dict[str, list[int]] = {}
    for number, own in enumerate(folders):
        near = {id(of_folder[folder]): of_folder[folder] for folder in own & of_folder.keys()}
        # The smaller groups join the largest: so a series is seldom moved.
        group, *others = sorted(near.values(), key=len, reverse=True) or [[]]
        joining = [number, *(other for smaller in others for other in smaller)]
        group.extend(joining)
        of_folder.update((folder, group) for other in joining for folder in folders[other])
    groups = {id(group): group for group in of_folder.values()}.values()
    versions: list[dict[str, list[RenderedPost]]] = []
    for group in sorted(map(sorted, groups)):
        languages = [found[number][0] for number in group]
        if len(set(languages)) == len(languages):
            versions.append(dict(found[number] for number in group))
        else:
            versions.extend(dict([found[number]]) for number in group)
    return versions


def _sheets(posts: Sequence[RenderedPost], size: int) -> tuple[tuple[RenderedPost, ...], ...]:
    starts = range(0, max(len(posts), 1), size)
    return tuple(tuple(posts[start : start + size]) for start in starts)


def hreflang(paths: Mapping[str, str]) -> dict[str, str]:
    """What search engines are told of a page's versions: language to path; nothing for one.

    `x-default` is for readers of any other language: the first version, in the default language
    where that exists.
    """
    if len(paths) < 2:
        return {}
    return {**paths, "x-default": next(iter(paths.values()))}


def newer_version(rendered: RenderedPost, versions: Iterable[RenderedPost]) -> RenderedPost | None:
    """The version of a post that was revised last, if that was after this one was.

    By what their front matter says. To be written later is no revision: a translation is new,
    and the original as good as it was.
    """
    own = rendered.post.meta.updated
    revised = [
        item
        for item in versions
        if item.post.meta.last_modified_at and item.post.meta.last_modified_at > own
    ]
    return max(
        revised, key=lambda item: (item.post.meta.updated, item.post.meta.language), default=None
    )


def by_folder(posts: Iterable[RenderedPost]) -> dict[str, list[RenderedPost]]:
    """Folder to the language versions of the post in it."""
    folders: dict[str, list[RenderedPost]] = {}
    for post in posts:
        folders.setdefault(post.post.source.folder, []).append(post)
    return folders


def standing_pages(posts: Iterable[RenderedPost]) -> list[RenderedPost]:
    """The standing pages, in the order of the navigation."""
    pages = (item for item in posts if item.post.source.standing)
    return sorted(pages, key=lambda item: (item.post.meta.order, item.post.source.path))


def by_category(posts: Iterable[RenderedPost]) -> dict[str, list[RenderedPost]]:
    """Category to its posts in the order given, newest first; categories by name."""
    return _grouped(posts, lambda post: (post.post.meta.category,))


def by_tag(posts: Iterable[RenderedPost]) -> dict[str, list[RenderedPost]]:
    """Tag to its posts in the order given, newest first; tags by name."""
    return _grouped(posts, lambda post: post.post.meta.tags)


def by_year(posts: Iterable[RenderedPost]) -> dict[int, list[RenderedPost]]:
    """Year to its posts in the order given, newest first."""
    years: dict[int, list[RenderedPost]] = {}
    for post in posts:
        years.setdefault(post.post.meta.date.year, []).append(post)
    return years


def _grouped(
    posts: Iterable[RenderedPost], terms: Callable[[RenderedPost], Iterable[str]]
) -> dict[str, list[RenderedPost]]:
    """Terms that share an address (`ML` and `ml`) are one term, spelled as the newest post does."""
    groups: dict[str, tuple[str, list[RenderedPost]]] = {}
    for post in posts:
        for term in terms(post):
            listed = groups.setdefault(slug(term), (term, []))[1]
            # A post that has both has the term once.
            if not listed or listed[-1] is not post:
                listed.append(post)
    return dict(sorted(groups.values(), key=lambda group: group[0].casefold()))


def _rank(post: RenderedPost, config: Config) -> int:
    return config.languages.index(post.post.meta.language)
