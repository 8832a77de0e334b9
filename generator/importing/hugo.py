"""A blog of Hugo: its posts, where they were, and their ids in feeds.

Addresses follow Hugo's documentation of URL management; the id of an entry in Hugo's own template
of RSS is the post's address.
"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from ..addresses import SAFE
from ..errors import InkcellError, PostError, blame, collect
from . import dates
from .front_text import read_front_text, read_settings
from .navigation import entries_of, with_navigation
from .old_blog import OldBlog, OldPost, OldSite, items_of, text_of
from .recognise import HUGO_SETTINGS
from .standing import home_page, list_page, sorted_out

MARKDOWN = (".md", ".markdown", ".mdown")
OTHER_FORMATS = ("rmd", "rmarkdown", "org", "adoc", "asciidoc", "rst", "html", "pandoc")
GENERAL = ("post", "posts", "blog", "blogs", "article", "articles", "note", "notes", "writing")
"""Sections that say no more than that posts stand in them."""
TAXONOMIES = ("categories", "tags", "series", "authors")
"""Sections whose pages list posts, whatever the settings say."""
NAME = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})[-_]?(?P<name>.*)")
OF_DATES = re.compile(r"(?<!\\):(?:year|month|day|week)")
"""What in a pattern of addresses is made of the post's date."""
MENUS = ("menu", "menus")
DATES = ("date", "publishDate", "publishdate", "pubdate", "published", "lastmod")


def read_site(blog: OldBlog, errors: list[InkcellError]) -> OldSite:
    """The posts of a blog of Hugo; those that cannot be read go to `errors`."""
    settings = _settings(blog)
    url = (blog.url or str(settings.get("baseURL") or settings.get("baseUrl") or "")).rstrip("/")
    if not re.match(r"https?://", url):
        url = ""
    base = urlsplit(url).path
    given = settings.get("languages")
    languages = given if isinstance(given, dict) else {}
    default = str(settings.get("defaultContentLanguage") or next(iter(languages), "en"))
    left_out: list[PostError] = []
    folders = {
        str(values["contentDir"]).strip("/"): name
        for name, values in languages.items()
        if isinstance(values, dict) and values.get("contentDir")
    }
    named_home = str(settings.get("contentDir") or "").strip("/") or "content"
    homes = tuple(dict.fromkeys((named_home, *folders)))
    place = _Place(blog, settings, url, default, tuple(languages), folders, homes)
    paths = sorted(
        path for path in blog.paths if _is_page(path, blog, homes) or _is_alone(path, place)
    )
    left_out += _other_formats(paths, blog, homes)
    left_out += _lists(place)
    found = collect(lambda path: _post(path, place), paths, errors)
    named = [str(settings[key]) for key in ("locale", "languageCode") if settings.get(key)]
    # `en-us` is what `hugo new site` writes, and many leave it there.
    others = [name for name in (*named, default) if not name.lower().startswith("en")]
    language = [*others, *named, default][0]
    posts = tuple(sorted_out(_pages_of_the_root(found), _section, left_out))
    entries = _navigation(settings, posts)
    return OldSite(
        "hugo",
        with_navigation(posts, entries, url, base),
        settings,
        url,
        base,
        language[:2].lower(),
        left_out=tuple(left_out),
        static=("static/", "assets/", "content/"),
    )


def _other_formats(pages: list[str], blog: OldBlog, homes: tuple[str, ...]) -> Iterator[PostError]:
    """What is told of pages that are not Markdown, once for each that is not there as such."""
    stems = {page.rpartition(".")[0] for page in pages}
    for path in sorted(blog.paths):
        stem, _, ending = path.rpartition(".")
        is_page = _home_of(path, homes) and ending.lower() in OTHER_FORMATS
        if is_page and stem not in stems and not posixpath.basename(stem).startswith("_index"):
            stems.add(stem)
            hint = "convert it to Markdown, as with pandoc, and import again"
            yield PostError("the page is not Markdown").at(file=path, hint=hint)


class _Place(Struct, frozen=True):
    """What all posts of the site have in common."""

    blog: OldBlog
    settings: Mapping[str, Any]
    url: str
    default: str
    """The default language."""
    languages: tuple[str, ...]
    folders: Mapping[str, str]
    """Folders with the content of one language, and which that is."""
    homes: tuple[str, ...]
    """These, and the folder with all other content."""


def _settings(blog: OldBlog) -> dict[str, Any]:
    """All settings; those of `config/_default/params.toml` and its like stand below their names."""
    settings: dict[str, Any] = {}
    parts = [name for name in HUGO_SETTINGS if name in blog.paths]
    others = [
        path
        for path in sorted(blog.paths)
        if path.startswith("config/_default/") and path not in parts
        and path.rpartition(".")[2] in ("toml", "yaml", "yml", "json")
    ]  # fmt: skip
    for name in (*parts, *others):
        with blame(name):
            values = read_settings(text_of(blog, name), PurePosixPath(name).suffix[1:])
        key, _, language = PurePosixPath(name).stem.partition(".")
        languages = settings.get("languages")
        if isinstance(languages, dict) and isinstance(languages.get(language), dict):
            languages[language][key] = values
        else:
            settings.update(values if name in parts else {key: values})
    return settings


def _lists(place: _Place) -> Iterator[PostError]:
    """What is told of pages that Hugo makes of what lies below them, and of the home page."""
    for path in sorted(place.blog.paths):
        pure = PurePosixPath(path)
        if _home_of(path, place.homes) and pure.suffix.lower() in MARKDOWN:
            name = pure.stem.partition(".")[0]
            if name in ("_index", "index") and pure.parent.as_posix() in place.homes:
                yield home_page(path)
            elif name == "_index" and not _is_alone(path, place):
                yield list_page(path)


def _is_alone(path: str, place: _Place) -> bool:
    """Whether an `_index.md` heads no list: a folder of one page, as `about/` often is."""
    pure = PurePosixPath(path)
    home, folder = _home_of(path, place.homes), pure.parent.as_posix()
    if not home or folder in place.homes or pure.suffix.lower() not in MARKDOWN:
        return False
    if pure.stem.partition(".")[0] != "_index":
        return False
    given = place.settings.get("taxonomies")
    lists = (*TAXONOMIES, *(given.values() if isinstance(given, dict) else ()), *GENERAL)
    if path.removeprefix(home + "/").partition("/")[0] in lists:
        return False
    below = (PurePosixPath(other) for other in place.blog.paths if other.startswith(folder + "/"))
    return all(
        other.parent == pure.parent and other.stem.partition(".")[0] == "_index"
        for other in below
        if other.suffix[1:].lower() in (*OTHER_FORMATS, *(ending[1:] for ending in MARKDOWN))
    )


def _home_of(path: str, homes: Iterable[str]) -> str:
    """The folder of content in which a file lies, the innermost one; empty if it lies in none."""
    return max((home for home in homes if path.startswith(home + "/")), key=len, default="")


def _section(post: OldPost) -> str:
    """The folder of a page below its content folder; empty if it lies in that itself."""
    return post.group.partition("/")[0] if "/" in post.group else ""


def _pages_of_the_root(found: tuple[OldPost, ...]) -> Iterator[OldPost]:
    """The same, but dated pages of no section stand by themselves if most posts have sections.

    Hugo's lists of posts show the pages of the largest section (`mainSections`), and `hugo new`
    dates every page.
    """
    dated = [post for post in found if not post.standing and not _in_menu(post.front)]
    in_sections = sum(bool(_section(post)) for post in dated)
    alone = 2 * in_sections >= len(dated)
    for post in found:
        is_page = not _section(post) and (alone or _in_menu(post.front))
        yield replace(post, standing=True, id="") if is_page else post


def _in_menu(front: Mapping[str, object]) -> bool:
    """Whether a page says that it is in the main menu."""
    return any("main" in _menus(front.get(key)) for key in MENUS)


def _menus(said: object) -> Mapping[str, object]:
    """The menus that a page is in, each with its entry."""
    if isinstance(said, Mapping):
        return {str(name): entry for name, entry in said.items()}
    return {str(name): None for name in items_of(said)}


def _navigation(settings: Mapping[str, Any], posts: Iterable[OldPost]) -> list[str]:
    """Where the entries of the main menu lead, lighter ones first."""
    languages = settings.get("languages")
    parts = [settings, *(languages.values() if isinstance(languages, dict) else ())]
    menus = [part.get(key) for part in parts if isinstance(part, dict) for key in MENUS]
    found: list[tuple[float, str]] = []
    for menu in menus:
        entries = menu.get("main") if isinstance(menu, dict) else None
        for entry in entries if isinstance(entries, list) else ():
            found += [(_weight(entry), where) for where in entries_of([entry])]
    for post in posts:
        for key in MENUS:
            menus_of_page = _menus(post.front.get(key))
            if "main" in menus_of_page:
                found.append((_weight(menus_of_page["main"]), post.path))
    return [where for _, where in sorted(found, key=lambda pair: pair[0])]


def _weight(entry: object) -> float:
    """What Hugo sorts a menu by; entries without it stand last."""
    weight = entry.get("weight") if isinstance(entry, Mapping) else None
    return weight if isinstance(weight, int | float) and weight else math.inf


def _is_page(path: str, blog: OldBlog, homes: tuple[str, ...]) -> bool:
    pure = PurePosixPath(path)
    if not _home_of(path, homes) or pure.suffix.lower() not in MARKDOWN:
        return False
    is_home = pure.parent.as_posix() in homes and pure.name.startswith("index.")
    if pure.name.startswith("_index") or is_home:
        return False
    # Markdown beside an `index.md` is a part of that post, not one of its own.
    siblings = (f"{folder}/index" for folder in map(str, pure.parents) if folder not in homes)
    bundled = any(f"{stem}{ending}" in blog.paths for stem in siblings for ending in MARKDOWN)
    return pure.name.startswith("index.") or not bundled


def _post(path: str, place: _Place) -> OldPost:
    with blame(path):
        front = read_front_text(text_of(place.blog, path))
    values = front.values
    pure = PurePosixPath(path)
    stem, language = pure.stem, ""
    home_of_all = _home_of(path, place.homes)
    folders = list(PurePosixPath(path.removeprefix(home_of_all + "/")).parts[:-1])
    head, dot, tail = stem.rpartition(".")
    if dot and (tail in place.languages or re.fullmatch(r"[a-z]{2}(-[a-zA-Z]{2,4})?", tail)):
        stem, language = head, tail
    language = place.folders.get(home_of_all, language)
    heads = stem == "_index"
    is_bundle = heads or stem == "index"
    if is_bundle and folders:
        stem = folders.pop()
    zone = str(place.settings.get("timeZone") or "")
    dated = NAME.fullmatch(stem)
    said = next((values[key] for key in DATES if values.get(key)), None)
    date = dates.of_post(said, dated["date"] if dated else "", path, front.lines, zone)
    section = folders[0] if folders else ""
    standing = heads or (not date and section not in GENERAL)
    slug = str(values.get("slug") or "")
    address = _address(values, folders, stem, slug, date, language, place)
    categories = _list(values.get("categories") or values.get("category"))
    if not categories and section and section not in GENERAL:
        categories = [section]
    home = posixpath.dirname(path)
    beside = (
        tuple(other for other in sorted(place.blog.paths) if _is_beside(other, home, place.blog))
        if is_bundle
        else ()
    )
    aliases = [_alias(str(alias), folders) for alias in _list(values.get("aliases"))]
    # What is `headless` has no page of its own.
    draft = values.get("draft") is True or values.get("headless") is True
    has_id = place.url and address and not draft and not standing
    return OldPost(
        path,
        values,
        front.lines,
        front.text,
        date or place.blog.day(path).isoformat(),
        slug or (dated["name"] if dated and dated["name"] else stem),
        language=language,
        categories=tuple(categories),
        tags=tuple(_list(values.get("tags"))),
        draft=draft,
        address="" if draft else address,
        other_addresses=tuple(aliases),
        id=place.url + quote(address, safe=SAFE) if has_id else "",
        beside=beside,
        group="/".join((*folders, stem)),
        guessed_date=not date and not standing,
        standing=standing,
    )


def _is_beside(path: str, home: str, blog: OldBlog) -> bool:
    if not path.startswith(home + "/") or PurePosixPath(path).suffix.lower() in MARKDOWN:
        return False
    return not any(
        str(folder).startswith(home + "/") and f"{folder}/index.md" in blog.paths
        for folder in PurePosixPath(path).parents
    )


def _list(value: object) -> list[str]:
    if value in (None, ""):
        return []
    items = value if isinstance(value, list) else [value]
    return [str(item).strip() for item in items if item not in (None, "")]


def _alias(alias: str, folders: list[str]) -> str:
    return posixpath.normpath(posixpath.join("/", *folders, alias)) + (
        "" if alias.endswith(".html") else "/"
    )


def _address(
    values: Mapping[str, object],
    folders: list[str],
    stem: str,
    slug: str,
    date: str,
    language: str,
    place: _Place,
) -> str:
    """A post's address, with a slash in front; empty if it is made of a date that nobody knows."""
    within = bool(place.settings.get("defaultContentLanguageInSubdir"))
    other = language and language != place.default
    prefix = f"/{language or place.default}" if other or (within and place.languages) else ""
    said = str(values.get("url") or "")
    section = folders[0] if folders else ""
    permalinks = place.settings.get("permalinks")
    patterns = permalinks if isinstance(permalinks, dict) else {}
    if isinstance(patterns.get("page"), dict):
        patterns = patterns["page"]
    elif isinstance(patterns.get(language or place.default), dict):
        patterns = patterns[language or place.default]
    pattern = said or str(patterns.get(section) or "")
    if not date and OF_DATES.search(pattern):
        return ""
    if pattern:
        when = datetime.fromisoformat(date or "0001-01-01")
        title = str(values.get("title") or stem)
        words = {
            "year": f"{when:%Y}", "month": f"{when:%m}", "monthname": f"{when:%B}".lower(),
            "day": f"{when:%d}", "weekday": str(when.isoweekday() % 7),
            "weekdayname": f"{when:%A}".lower(), "yearday": str(when.timetuple().tm_yday),
            "section": section, "sections": "/".join(folders), "title": urlize(title),
            "slug": urlize(slug or title), "filename": urlize(stem),
            "slugorfilename": urlize(slug or stem), "contentbasename": urlize(stem),
            "slugorcontentbasename": urlize(slug or stem),
        }  # fmt: skip

        def word(match: re.Match[str]) -> str:
            if match["part"] and match["name"] == "sections":
                return "/".join(_slice(folders, match["part"]))
            return words.get(match["name"], match[0])

        path = re.sub(r"(?<!\\):(?P<name>[a-z]+)(?:\[(?P<part>[^\]]*)\])?", word, pattern)
        if said.startswith("/") and place.languages:
            prefix = ""
    else:
        path = "/".join([*map(urlize, folders), urlize(slug or stem)])
    path = "/" + path.strip("/") if not path.endswith(".html") else "/" + path.lstrip("/")
    if path.endswith((".html", ".htm")):
        return prefix + path
    return prefix + path + (".html" if place.settings.get("uglyURLs") is True else "/")


def _slice(folders: list[str], part: str) -> list[str]:
    if part == "last":
        return folders[-1:]
    start, colon, end = part.partition(":")
    first = int(start) if start.isdigit() else 0
    if not colon:
        return folders[first : first + 1]
    return folders[first : int(end) if end.isdigit() else len(folders)]


def urlize(text: str) -> str:
    """A part of an address as Hugo makes it: lower case, hyphens for spaces, letters kept."""
    kept = re.sub(r"[^\w\s./~#+-]", "", text.strip().lower())
    return re.sub(r"-{2,}", "-", re.sub(r"\s+", "-", kept)).replace("#", "")
