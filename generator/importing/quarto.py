"""A website of Quarto: its posts, where they were, and their ids in feeds.

An entry's id in Quarto's feeds is the address of its page's file, `…/posts/a/index.html`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

from ..addresses import SAFE
from ..errors import InkcellError, PostError, blame, collect
from . import dates
from .front_text import read_settings
from .navigation import entries_of, with_navigation
from .notebooks import front_and_notebook
from .old_blog import NO_PAGES, OldBlog, OldPost, OldSite, items_of, over, text_of
from .recognise import QUARTO_SETTINGS
from .standing import home_page, list_page, sorted_out, undated_page

ENDINGS = (".qmd", ".rmd", ".md", ".ipynb")
FOLDERS = ("post", "posts", "blog", "articles")
MADE = re.compile(r"(^|/)[^/]+_(files|cache)/")
METADATA = ("_metadata.yml", "_metadata.yaml")
NAME = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})[-_](?P<name>.+)")
INHERITED = (
    "author",
    "draft",
    "lang",
    "execute",
    "format",
    "jupyter",
    "categories",
    "tags",
    "toc",
    "bibliography",
)
"""Of the settings of a site or a folder, what a post says as well."""


LISTS = ("categories", "tags")


def read_site(blog: OldBlog, errors: list[InkcellError]) -> OldSite:
    """The posts of a website of Quarto; those that cannot be read go to `errors`."""
    settings: dict[str, Any] = {}
    for name in QUARTO_SETTINGS:
        if name in blog.paths:
            with blame(name):
                settings = read_settings(text_of(blog, name), "yml")
            break
    website = settings.get("website")
    website = website if isinstance(website, dict) else {}
    url = (blog.url or str(website.get("site-url") or "")).rstrip("/")
    project = settings.get("project")
    output = str(project.get("output-dir") or "_site") if isinstance(project, dict) else "_site"
    left_out: list[PostError] = []
    paths = [
        path
        for path in sorted(blog.paths)
        if PurePosixPath(path).suffix.lower() in ENDINGS
        and not path.startswith(output.strip("/") + "/")
        and not MADE.search(path)
        and not any(part.startswith("_") for part in PurePosixPath(path).parts)
        and PurePosixPath(path).stem.upper() not in NO_PAGES
    ]
    found = collect(lambda path: _post(path, blog, settings, url, left_out), paths, errors)
    posts = sorted_out((post for post in found if post), _section, left_out)
    navbar = website.get("navbar")
    sides = (navbar.get("left"), navbar.get("right")) if isinstance(navbar, dict) else ()
    entries = [entry for side in (*sides, *_sidebars(website)) for entry in entries_of(side)]
    language = str(settings.get("lang") or "")[:2].lower()
    return OldSite(
        "quarto",
        with_navigation(posts, entries, url, urlsplit(url).path),
        settings,
        url,
        urlsplit(url).path,
        language,
        left_out=tuple(left_out),
    )


def _sidebars(website: Mapping[str, Any]) -> Iterator[list[object]]:
    """What stands in sidebars by itself: what is below a heading there is too much for a menu."""
    given = website.get("sidebar")
    for sidebar in given if isinstance(given, list) else [given]:
        contents = sidebar.get("contents") if isinstance(sidebar, dict) else None
        if isinstance(contents, list):
            yield [
                item
                for item in contents
                if isinstance(item, str) or (isinstance(item, dict) and "contents" not in item)
            ]


def _section(post: OldPost) -> str:
    """The first folder on a page's path; empty if it lies in none, or alone in its own."""
    folders = PurePosixPath(post.path).parts[:-1]
    alone = len(folders) == 1 and PurePosixPath(post.path).stem == "index"
    return "" if alone or not folders else folders[0]


def _inherited(path: str, blog: OldBlog, settings: Mapping[str, Any]) -> dict[str, object]:
    """What the settings of the site, and of each folder above a post, say of it."""
    # The language of a whole site may not be that of each post: it only decides in doubt.
    values = {key: settings[key] for key in INHERITED if key in settings and key != "lang"}
    for folder in reversed(PurePosixPath(path).parents):
        for name in METADATA:
            place = (folder / name).as_posix()
            if place in blog.paths:
                with blame(place):
                    found = read_settings(text_of(blog, place), "yml")
                for key in INHERITED:
                    if key in found:
                        values[key] = _both(key, values, found)
    return values


def _both(key: str, general: Mapping[str, object], own: Mapping[str, object]) -> object:
    """What holds of a key that the settings have, and a folder or post of its own.

    Quarto's `mergeConfigs` makes one list of two, and of mappings takes each key by itself.
    """
    if key not in general or key not in own:
        return own.get(key, general.get(key))
    if key in LISTS:
        return list(dict.fromkeys(map(str, (*items_of(general[key]), *items_of(own[key])))))
    return over(general[key], own[key])


def _post(
    path: str,
    blog: OldBlog,
    settings: Mapping[str, Any],
    url: str,
    left_out: list[PostError],
) -> OldPost | None:
    pure = PurePosixPath(path)
    with blame(path):
        front, notebook = front_and_notebook(path, blog)
    inherited = _inherited(path, blog, settings)
    values = {**inherited, **front.values}
    if "listing" in front.values:
        left_out.append(list_page(path, front.lines.get("listing")))
        return None
    if path == f"index{pure.suffix}":
        left_out.append(home_page(path))
        return None
    stem = pure.stem
    folder = pure.parent.as_posix()
    is_index = stem == "index" and folder != "."
    name = pure.parent.name if is_index else stem
    dated = NAME.fullmatch(name)
    said = values.get("date")
    if str(said) in ("today", "now", "last-modified"):
        said = None
    date = dates.of_post(said, dated["date"] if dated else "", path, front.lines)
    standing = not date and not any(part in FOLDERS for part in pure.parts[:-1])
    if standing and not settings:  # A loose text, of no website.
        left_out.append(undated_page(path))
        return None
    page = "/" + (f"{folder}/" if folder != "." else "") + f"{stem}.html"
    draft = values.get("draft") is True
    return OldPost(
        path,
        front.values,
        front.lines,
        front.text,
        date or blog.day(path).isoformat(),
        str(values.get("slug") or (dated["name"] if dated else name)),
        inherited,
        language=str(values.get("lang") or "")[:2].lower(),
        categories=tuple(map(str, items_of(_both("categories", inherited, front.values)))),
        tags=tuple(map(str, items_of(_both("tags", inherited, front.values)))),
        draft=draft,
        address="" if draft else page.removesuffix("index.html") if is_index else page,
        other_addresses=tuple(
            posixpath.normpath(posixpath.join(posixpath.dirname(page), str(alias)))
            + ("/" if str(alias).endswith("/") else "")
            for alias in items_of(front.values.get("aliases"))
        ),
        id=url + quote(page, safe=SAFE) if url and not draft and not standing else "",
        notebook=notebook,
        beside=_beside(path, blog) if is_index else (),
        guessed_date=not date and not standing,
        standing=standing,
    )


def _beside(path: str, blog: OldBlog) -> tuple[str, ...]:
    """The files of a post's own folder, but for what Quarto made, and other posts."""
    home = posixpath.dirname(path) + "/"
    return tuple(
        other
        for other in sorted(blog.paths)
        if other.startswith(home)
        and PurePosixPath(other).suffix.lower() not in (*ENDINGS, ".html")
        and not MADE.search(other)
        and not posixpath.basename(other).startswith("_metadata")
    )
