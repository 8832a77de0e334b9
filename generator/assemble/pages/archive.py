"""The archive: all posts of a language, by year."""

from __future__ import annotations

from ...addresses import archive_page, home_page
from ...model import File
from ..listing import by_year, shown_in
from ..structured_data import breadcrumbs
from ..views import YearView
from .blog import Blog
from .mention import archived_view
from .page import page_file, page_view


def archive_file(language: str, blog: Blog) -> File:
    """The archive of a language."""
    config, strings = blog.config, blog.theme.strings_in(language)
    paths = {name: archive_page(name, config) for name in config.languages}
    path = paths[language]
    years = tuple(
        YearView(year, tuple(archived_view(post, strings, config) for post in posts))
        for year, posts in by_year(shown_in(blog.posts, language, config)).items()
    )
    way = [(config.title[language], home_page(language, config)), (strings["archive"], path)]
    page = page_view(
        "archive",
        path,
        language,
        strings["archive"],
        strings["archive_description"],
        paths,
        blog,
        data=[breadcrumbs(way, config)],
    )
    return page_file("archive.html", path, page, blog, "archive", years=years)
