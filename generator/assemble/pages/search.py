"""The page that searches."""

from __future__ import annotations

from ...addresses import address, search_index_path, search_page, search_text_path
from ...model import File
from ..views import LinkView, SearchView
from .blog import Blog
from .page import page_file, page_view


def search_file(language: str, blog: Blog) -> File:
    """The page that searches the posts of a language."""
    config, strings = blog.config, blog.theme.strings_in(language)
    paths = {name: search_page(name, config) for name in config.languages}
    path = paths[language]
    page = page_view(
        "search",
        path,
        language,
        strings["search"],
        strings["search_description"],
        paths,
        blog,
        scripts=(blog.assets.search_script,),
    )
    view = SearchView(
        index=address(search_index_path(language), config),
        posts=address(search_text_path(), config),
        others=tuple(
            LinkView(_words(name, blog), address(place, config), name)
            for name, place in paths.items()
            if name != language
        ),
    )
    return page_file("search.html", path, page, blog, "search", search=view)


def _words(language: str, blog: Blog) -> str:
    """What leads to the search in a language: no other language's words would be true of it."""
    own = blog.theme.strings.get(language, {})
    return own.get("search_here", blog.language_names[language])
