"""The page for addresses that do not exist."""

from __future__ import annotations

from ...addresses import address, home_page
from ...model import File
from .blog import Blog
from .page import page_file, page_view

PATH = "/404.html"


def missing_file(blog: Blog) -> File:
    """What GitHub Pages shows for an address that does not exist, in every language."""
    config = blog.config
    page = page_view("missing", PATH, config.language, "404", "", {}, blog)
    texts = tuple(
        (name, blog.theme.strings_in(name), address(home_page(name, config), config))
        for name in config.languages
    )
    return page_file("404.html", PATH, page, blog, "404", texts=texts)
