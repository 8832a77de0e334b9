"""A folder of Markdown files and Jupyter notebooks that no tool made a site of."""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath

from ..errors import InkcellError, blame, collect
from . import dates
from .notebooks import front_and_notebook
from .old_blog import NO_PAGES, OldBlog, OldPost, OldSite, items_of

ENDINGS = (".md", ".markdown", ".ipynb")
NO_POSTS = (*NO_PAGES, "_TOC", "INTRO")
NAME = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})[-_ ](?P<name>.+)")
LANGUAGE = re.compile(r"(?P<name>.+)\.(?P<language>[a-z]{2})")


def read_site(blog: OldBlog, errors: list[InkcellError]) -> OldSite:
    """Each text and notebook is a post; those that cannot be read go to `errors`."""
    paths = [
        path
        for path in sorted(blog.paths)
        if PurePosixPath(path).suffix.lower() in ENDINGS
        and PurePosixPath(path).stem.upper() not in NO_POSTS
    ]
    return OldSite("files", collect(lambda path: _post(path, blog), paths, errors))


def _post(path: str, blog: OldBlog) -> OldPost:
    pure = PurePosixPath(path)
    with blame(path):
        front, notebook = front_and_notebook(path, blog)
    stem, language = pure.stem, ""
    if match := LANGUAGE.fullmatch(stem):
        stem, language = match["name"], match["language"]
    home = posixpath.dirname(path)
    folders = [part for part in home.split("/") if part]
    name = folders.pop() if stem == "index" and folders else stem
    dated = NAME.fullmatch(name)
    said = front.values.get("date")
    date = dates.of_post(said, dated["date"] if dated else "", path, front.lines)
    categories = front.values.get("categories") or front.values.get("category")
    return OldPost(
        path,
        front.values,
        front.lines,
        front.text,
        date or blog.day(path).isoformat(),
        str(front.values.get("slug") or (dated["name"] if dated else name)),
        language=language,
        categories=tuple(map(str, items_of(categories) or folders[-1:])),
        tags=tuple(map(str, items_of(front.values.get("tags")))),
        draft=front.values.get("draft") is True or front.values.get("published") is False,
        other_addresses=tuple(
            str(item) for item in items_of(front.values.get("aliases")) if str(item).startswith("/")
        ),
        id=str(front.values.get("id") or ""),
        notebook=notebook,
        guessed_date=not date,
    )
