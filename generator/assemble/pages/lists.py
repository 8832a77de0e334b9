"""The pages of lists: home, categories, tags, series."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ...addresses import address, home_page, numbered_page
from ...model import File
from ..listing import PostList
from ..structured_data import Thing, breadcrumbs, website
from ..structured_data import blog as listed_blog
from ..views import PagerLink, PagerView
from .blog import Blog
from .mention import summary_view
from .page import page_file, page_view


def list_files(language: str, blog: Blog, told: Collection[str] | None = None) -> Iterator[File]:
    """The pages of all lists of a language, or those that show a post of `told`, by its source."""
    for versions in blog.lists.values():
        if language not in versions:
            continue
        for number, shown in enumerate(versions[language].sheets, start=1):
            if told is None or any(post.post.source.path in told for post in shown):
                yield _list_file(versions, language, number, blog)


def _list_file(versions: Mapping[str, PostList], language: str, number: int, blog: Blog) -> File:
    config, strings, listed = blog.config, blog.theme.strings_in(language), versions[language]
    at_home = listed.kind == "home"
    if at_home:
        title, description = config.title[language], config.description[language]
    else:
        pattern = strings[f"{listed.kind}_description"]
        title, description = listed.name, pattern.format(name=listed.name)
    path = listed.page(number)
    page = page_view(
        listed.kind,
        path,
        language,
        title,
        description,
        {
            name: other.page(number) if number <= len(other.sheets) else other.path
            for name, other in versions.items()
        },
        blog,
        elsewhere={name for name, other in versions.items() if number > len(other.sheets)},
        pager=_pager(listed, number, blog),
        data=_data(listed, number, language, blog),
    )
    return page_file(
        "home.html" if at_home else "list.html",
        path,
        page,
        blog,
        "home" if at_home else f"the {listed.kind} {listed.name}",
        posts=tuple(
            summary_view(post, language, strings, config) for post in listed.sheets[number - 1]
        ),
    )


def _data(listed: PostList, number: int, language: str, blog: Blog) -> tuple[Thing, ...]:
    """What search engines read of a page of a list."""
    config, path, title = blog.config, listed.page(number), blog.config.title[language]
    named = listed_blog(path, listed.name or title, listed.sheets[number - 1], language, config)
    if listed.kind == "home":
        return website(language, config), named
    way = [(title, home_page(language, config)), (listed.name, path)]
    return named, breadcrumbs(way, config)


def _pager(listed: PostList, number: int, blog: Blog) -> PagerView | None:
    count = len(listed.sheets)
    if count == 1:
        return None

    def place(other: int) -> str:
        return address(numbered_page(listed.path, other), blog.config)

    return PagerView(
        number,
        count,
        newer=place(number - 1) if number > 1 else "",
        older=place(number + 1) if number < count else "",
        links=tuple(
            PagerLink(other, place(other) if other else "")
            for other in shown_numbers(number, count)
        ),
    )


def shown_numbers(number: int, count: int) -> list[int]:
    """The pages of a list that a pager names: the ends and those around; 0 for a gap."""
    near = {1, count, *(n for n in (number - 1, number, number + 1) if 1 <= n <= count)}
    shown: list[int] = []
    for other in sorted(near):
        missing = other - shown[-1] - 1 if shown else 0
        # A gap of one page would take as much room as the page.
        shown += [other - 1, other] if missing == 1 else [0, other] if missing else [other]
    return shown
