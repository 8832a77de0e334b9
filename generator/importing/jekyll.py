"""A blog of Jekyll: its posts and pages, where they were, and their ids in feeds.

Addresses are made as Jekyll's `url_drop.rb` and `utils.rb` make them, ids as the template of the
feed says: that of jekyll-feed, `{{ post.id | absolute_url }}`, or the blog's own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

from ..addresses import SAFE
from ..errors import InkcellError, PostError, blame, collect
from . import dates
from .front_text import read_front_text, read_settings
from .navigation import entries_of, with_navigation
from .old_blog import NO_PAGES, OldBlog, OldPost, OldSite, items_of, text_of
from .recognise import JEKYLL_SETTINGS
from .standing import home_page, why_no_page

NAME = re.compile(r"(?P<date>\d{2,4}-\d{1,2}-\d{1,2})-(?P<name>.+)")
MARKDOWN = (".md", ".markdown", ".mkd", ".mkdn", ".mkdown")
LANGUAGES = ("lang", "locale", "language", "default_lang")
LANGUAGES_OF_FOLDERS = ("en", "ko")
"""Folders in which a site's part in a language lies, whatever the settings say."""
STYLES = {
    "date": "/:categories/:year/:month/:day/:title.html",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title.html",
    "weekdate": "/:categories/:year/W:week/:short_day/:title.html",
    "none": "/:categories/:title.html",
}
FEEDS = ("feed.xml", "atom.xml", "rss.xml", "feed/index.xml", "feeds/all.atom.xml")
ID = re.compile(r"<(?:id|guid)\b[^>]*>\s*(?P<id>[^<]*\bpost\.(?P<field>id|url)\b[^<]*)<")


def read_site(blog: OldBlog, errors: list[InkcellError]) -> OldSite:
    """The posts and drafts of a blog of Jekyll; those that cannot be read go to `errors`."""
    settings: dict[str, Any] = {}
    for name in JEKYLL_SETTINGS:
        if name in blog.paths:
            with blame(name):
                settings = read_settings(text_of(blog, name), PurePosixPath(name).suffix[1:])
            break
    base = str(settings.get("baseurl") or "").strip("/")
    base = f"/{base}" if base else ""
    host = str(settings.get("url") or "").rstrip("/")
    if not host and "CNAME" in blog.paths:
        host = "https://" + text_of(blog, "CNAME").strip()
    url = host + base if host else ""
    if blog.url:
        url = blog.url.rstrip("/")
        base = urlsplit(url).path
    id_of = _ids(blog, url, base)
    left_out: list[InkcellError] = []
    paths = [path for path in sorted(blog.paths) if _is_post(path, left_out)]
    posts = collect(lambda path: _post(path, blog, settings, id_of), paths, errors)
    pages = collect(lambda path: _page(path, blog, settings, left_out), sorted(blog.paths), errors)
    posts += tuple(page for page in pages if page)
    entries = _navigation(blog, settings, posts)
    language = next(
        (str(settings[key]) for key in LANGUAGES if isinstance(settings.get(key), str)), ""
    )
    return OldSite(
        "jekyll",
        with_navigation(posts, entries, url, base),
        settings,
        url,
        base,
        language[:2].lower(),
        _authors(blog),
        tuple(left_out),
    )


def _authors(blog: OldBlog) -> dict[str, Any]:
    for name in ("_data/authors.yml", "_data/authors.yaml"):
        if name in blog.paths:
            with blame(name):
                return read_settings(text_of(blog, name), "yml")
    return {}


def _is_post(path: str, left_out: list[InkcellError]) -> bool:
    pure = PurePosixPath(path)
    folders = pure.parts[:-1]
    if "_posts" not in folders and "_drafts" not in folders:
        return False
    dated = "_drafts" in folders or NAME.fullmatch(pure.stem)
    if pure.suffix.lower() in MARKDOWN and dated:
        return True
    if pure.suffix.lower() in (".html", ".textile", ".adoc") and dated:
        hint = "write it as Markdown, or copy what it shows"
        left_out.append(PostError("the post is not Markdown").at(file=path, hint=hint))
    elif pure.suffix.lower() in MARKDOWN and pure.stem.upper() != "README":
        hint = "Jekyll has no post of such a name: 2022-07-08-name.md"
        left_out.append(PostError("the file's name has no date").at(file=path, hint=hint))
    return False


def _post(
    path: str, blog: OldBlog, settings: Mapping[str, Any], id_of: Mapping[str, str]
) -> OldPost:
    with blame(path):
        front = read_front_text(text_of(blog, path))
    pure = PurePosixPath(path)
    defaults = dict(_defaults(path, settings))
    values = {**defaults, **front.values}
    zone = str(settings.get("timezone") or "")
    match = NAME.fullmatch(pure.stem)
    stem = match["name"] if match else pure.stem
    draft = "_drafts" in pure.parts or values.get("published") is False
    said = values.get("date")
    date = dates.of_post(said, match["date"] if match else "", path, front.lines, zone)
    name = str(values.get("slug") or stem)
    home = str(settings.get("collections_dir") or "").strip("/")
    above = path.removeprefix(f"{home}/" if home else "").partition("_posts/")[0].split("/")
    folders = [part for part in above if part] if "_posts" in pure.parts else []
    categories = [*folders, *_plural(values, "category", "categories")]
    addresses: list[str] = []
    if date and not draft:
        pattern = str(values.get("permalink") or settings.get("permalink") or "date")
        pattern = STYLES.get(pattern, pattern)
        # Without a zone a server's day counts; built at home, it was the day of the author.
        moments = [dates.seen_in(date, zone), *([] if zone else [datetime.fromisoformat(date)])]
        made = (_address(pattern, name, categories, moment) for moment in moments)
        prefix = _language_prefix(values, settings)
        addresses = [prefix + address for address in dict.fromkeys(made)]
    return OldPost(
        path,
        front.values,
        front.lines,
        front.text,
        date or (blog.day(path).isoformat() if draft else ""),
        name,
        defaults,
        language=_folder_language(path, settings)[:2].lower(),
        categories=tuple(dict.fromkeys(categories)),
        tags=tuple(_plural(values, "tag", "tags")),
        draft=draft or values.get("draft") is True,
        address=addresses[0] if addresses else "",
        other_addresses=(*addresses[1:], *_former(values)),
        id=_id(addresses[0], name, id_of) if addresses else "",
        guessed_date=not date,
    )


def _language_prefix(values: Mapping[str, object], settings: Mapping[str, Any]) -> str:
    """Of a site in several languages, all but the default one have a folder of their own."""
    language = str(values.get("lang") or "")
    default = str(settings.get("default_lang") or "")
    return f"/{language}" if default and language not in ("", default) else ""


def _page(
    path: str, blog: OldBlog, settings: Mapping[str, Any], left_out: list[InkcellError]
) -> OldPost | None:
    """A page, or a document of a collection that has pages; None if the file is none."""
    pure = PurePosixPath(path)
    ending = pure.suffix.lower()
    label = _collection(path, settings)
    if label is None or ending not in (*MARKDOWN, ".html") or _is_excluded(path, settings):
        return None
    if pure.stem.upper() in NO_PAGES or not blog.read(path).lstrip(b"\xef\xbb\xbf").startswith(
        b"---"
    ):
        return None  # Without front matter it is a file like any other.
    with blame(path):
        front = read_front_text(text_of(blog, path))
    given = [name for key in ("languages", *LANGUAGES) for name in items_of(settings.get(key))]
    homes = (".", *LANGUAGES_OF_FOLDERS, *map(str, given))
    is_home = pure.stem == "index" and pure.parent.as_posix() in homes
    reason = home_page(path) if is_home else why_no_page(path, front.text)
    if not reason and ending == ".html":
        hint = "write it as Markdown, in pages/<slug>/index.<lang>.md"
        reason = PostError("a page of HTML is not imported").at(file=path, hint=hint)
    if reason:
        left_out.append(reason)
        return None
    defaults = dict(_defaults(path, settings))
    values = {**defaults, **front.values}
    address = _language_prefix(values, settings) + _page_address(path, label, values, settings)
    draft = values.get("published") is False
    last = address.rstrip("/").removesuffix(".html").rpartition("/")[2]
    return OldPost(
        path,
        front.values,
        front.lines,
        front.text,
        "",
        str(values.get("slug") or last or pure.stem),
        defaults,
        language=_folder_language(path, settings)[:2].lower(),
        draft=draft,
        address="" if draft else address,
        other_addresses=tuple(_former(values)),
        standing=True,
    )


def _collection(path: str, settings: Mapping[str, Any]) -> str | None:
    """The collection whose pages a file is one of, empty for a page of none; None if it is none.

    A folder with a line in front belongs to Jekyll, but for `_pages`, as themes have it.
    """
    home = str(settings.get("collections_dir") or "").strip("/")
    first, *others = path.removeprefix(f"{home}/" if home else "").split("/")
    if any(part.startswith(("_", "#")) for part in others):
        return None
    if not first.startswith(("_", "#")):
        return ""
    collections = settings.get("collections")
    own = collections.get(first[1:]) if isinstance(collections, dict) else None
    if isinstance(own, dict) and own.get("output") is True and others:
        return first[1:]
    included = [str(name).strip("/") for name in items_of(settings.get("include"))]
    return "" if others and first in ("_pages", *included) else None


def _is_excluded(path: str, settings: Mapping[str, Any]) -> bool:
    """Whether the settings keep a file from the site."""
    patterns = [str(item).strip("/") for item in items_of(settings.get("exclude"))]
    return any(
        path.startswith(pattern + "/") or fnmatchcase(path, pattern)
        for pattern in patterns
        if pattern
    )


def _page_address(
    path: str, label: str, values: Mapping[str, object], settings: Mapping[str, Any]
) -> str:
    """A page's address as Jekyll's `page.rb` and `collection.rb` make it."""
    pure = PurePosixPath(path)
    style = str(settings.get("permalink") or "date")
    ends = {"pretty": "/", "date": ":output_ext", "ordinal": ":output_ext", "none": ":output_ext"}
    found = re.search(r"(?:/|:output_ext)$", style)
    suffix = ends.get(style, found[0] if found else "")
    pattern = str(values.get("permalink") or "")
    collections = settings.get("collections")
    if label and isinstance(collections, dict):
        inside = path.partition(f"_{label}/")[2].rpartition(".")[0]
        pattern = pattern or str(collections[label].get("permalink") or "")
        pattern = pattern or f"/:collection/:path{suffix}"
        title = slugify(str(values.get("slug") or pure.stem), pretty=True)
        words = {"collection": label, "path": inside, "name": slugify(pure.stem).lower(),
                 "title": title, "slug": title.lower(), "output_ext": ".html"}  # fmt: skip
    else:
        folder = "" if pure.parent == PurePosixPath(".") else pure.parent.as_posix()
        pattern = pattern or ("/:path/" if pure.stem == "index" else f"/:path/:basename{suffix}")
        words = {"path": folder, "basename": pure.stem, "output_ext": ".html"}
    return _filled(pattern, words)


def _navigation(blog: OldBlog, settings: Mapping[str, Any], posts: Iterable[OldPost]) -> list[str]:
    """What stands in the navigation, as far as widespread themes say it outside of templates."""
    pages = [post for post in posts if post.standing]
    # Minima shows the pages that this key lists, or else all that have a title.
    entries = [str(name) for name in items_of(settings.get("header_pages"))]
    theme = str(settings.get("theme") or settings.get("remote_theme") or "")
    if not entries and theme.partition("@")[0].rpartition("/")[2] == "minima":
        entries = [page.path for page in pages if page.front.get("title")]
    menus: list[object] = [settings.get("navigation")]
    for name in ("_data/navigation.yml", "_data/navigation.yaml"):
        if name in blog.paths:
            with blame(name):
                menus.append(_menu(text_of(blog, name)))
    for menu in menus:
        entries += entries_of(menu)
    # Chirpy has its tabs in their order; others say of each page that it is there.
    tabs = [page for page in pages if page.path.rpartition("/")[0].endswith("_tabs")]
    named = [page for page in pages if page.front.get("nav") is True]
    for key, group in (("order", tabs), ("nav_order", named)):
        entries += [page.path for page in sorted(group, key=lambda page: _number(page, key))]
    return entries


def _menu(text: str) -> object:
    """The main menu of a file of data: under its name, or a list that is all of the file."""
    bare = re.sub(r"\A(?:(?:---|#)[^\n]*\n|\s*\n)*", "", text)
    return read_settings(f"main:\n{bare}" if bare.startswith("-") else text, "yml").get("main")


def _number(page: OldPost, key: str) -> float:
    value = page.front.get(key)
    return value if isinstance(value, int | float) else math.inf


def _defaults(path: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """What `defaults` in the settings say of a post; later ones stand over earlier ones."""
    for _, values in _rules(path, settings):
        yield from values.items()


def _folder_language(path: str, settings: Mapping[str, Any]) -> str:
    """The language that `defaults` name for a part of the posts.

    What they say of all posts is no more than the language of the blog.
    """
    found = ""
    for where, values in _rules(path, settings):
        if where not in ("", "_posts"):
            found = str(values.get("lang") or found)
    return found


def _rules(path: str, settings: Mapping[str, Any]) -> list[tuple[str, Mapping[str, object]]]:
    """Each rule of `defaults` that concerns a post: its path, and its values."""
    found = settings.get("defaults")
    rules = [rule for rule in found if isinstance(rule, dict)] if isinstance(found, list) else []
    kind = _kind(path, settings)
    fitting: list[tuple[str, Mapping[str, object]]] = []
    for rule in rules:
        scope, values = rule.get("scope"), rule.get("values")
        scope = scope if isinstance(scope, dict) else {}
        where = str(scope.get("path") or "").strip("/")
        within = not where or path == where or path.startswith(where + "/")
        if within and isinstance(values, dict) and scope.get("type", kind) in (kind, kind[:-1]):
            fitting.append((where, values))
    return sorted(fitting, key=lambda pair: len(pair[0]))


def _kind(path: str, settings: Mapping[str, Any]) -> str:
    """The type of a file, as rules of `defaults` name it."""
    for kind in ("drafts", "posts"):
        if f"_{kind}" in path.split("/"):
            return kind
    return _collection(path, settings) or "pages"


def _former(values: Mapping[str, object]) -> Iterator[str]:
    """Addresses that led to the post before, as jekyll-redirect-from has them."""
    for key in ("redirect_from", "aliases"):
        value = values.get(key)
        for address in items_of(value):
            yield "/" + str(address).strip().lstrip("/")


def _plural(values: Mapping[str, object], one: str, several: str) -> list[str]:
    """What Jekyll reads of a key that has two forms: a list, or words with spaces between."""
    value = values.get(one) or values.get(several)
    if isinstance(value, str):
        # Of `tags: a, b` Jekyll makes `a,` and `b`; nobody means the comma.
        parts = [value] if values.get(one) else re.split(r"\s*,\s*|\s+", value)
        return [part.strip() for part in parts if part.strip()]
    if isinstance(value, list):
        # Jekyll makes one list of lists in lists.
        flat = [part for item in value for part in (item if isinstance(item, list) else [item])]
        return [str(item).strip() for item in flat if item not in (None, "")]
    return [str(value)] if isinstance(value, int | float) else []


def _address(pattern: str, name: str, categories: list[str], when: datetime) -> str:
    words = {
        "categories": "/".join(dict.fromkeys(category.lower() for category in categories)),
        "title": slugify(name, pretty=True),
        "slug": slugify(name).lower(),
        "name": slugify(name).lower(),
        "year": f"{when:%Y}",
        "short_year": f"{when:%y}",
        "month": f"{when:%m}",
        "i_month": str(when.month),
        "short_month": f"{when:%b}",
        "long_month": f"{when:%B}",
        "day": f"{when:%d}",
        "i_day": str(when.day),
        "y_day": f"{when:%j}",
        "w_year": f"{when:%G}",
        "week": f"{when:%V}",
        "w_day": f"{when:%u}",
        "short_day": f"{when:%a}",
        "long_day": f"{when:%A}",
        "hour": f"{when:%H}",
        "minute": f"{when:%M}",
        "second": f"{when:%S}",
        "collection": "posts",
        "output_ext": ".html",
    }
    words["slugified_categories"] = "/".join(
        dict.fromkeys(slugify(category).lower() for category in categories)
    )

    return _filled(pattern, words)


def _filled(pattern: str, words: Mapping[str, str]) -> str:
    """A pattern of addresses with its words in their places."""

    def word(match: re.Match[str]) -> str:
        # `:title-x` and `:i_day`: the longest name that fits.
        known = max((key for key in words if match[1].startswith(key)), key=len, default="")
        return words[known] + match[1][len(known) :] if known else match[0]

    return re.sub(r"/{2,}", "/", "/" + re.sub(r":([a-z_]+)", word, pattern).lstrip("/"))


def slugify(text: str, *, pretty: bool = False) -> str:
    """Jekyll's `Utils.slugify`, in its mode `pretty` or `default`; capitals stay."""
    others = r"[^\w.~!$&'()+,;=@]+" if pretty else r"(?:[\W_])+"
    return re.sub(r"^-|-$", "", re.sub(others, "-", text))


def _ids(blog: OldBlog, url: str, base: str) -> dict[str, str]:
    """How an id is made: of the `field` id or url, behind a `start`; empty if it is not known."""
    host = url.removesuffix(base) if base else url
    for name in FEEDS:
        if name not in blog.paths:
            continue
        for match in ID.finditer(blog.read(name).decode("utf-8", "replace")):
            written = match["id"]
            start = written.partition("{")[0].strip()
            if re.match(r"[a-z]+:", start):
                return {"field": match["field"], "start": start}
            if "site.url" in written or "absolute_url" in written:
                whole = "baseurl" in written or "absolute_url" in written
                return {"field": match["field"], "start": url if whole else host} if url else {}
    return {"field": "id", "start": url} if url else {}


def _id(address: str, name: str, id_of: Mapping[str, str]) -> str:
    if not id_of:
        return ""
    folder = address.rstrip("/").rpartition("/")[0]
    tail = address if id_of["field"] == "url" else f"{folder}/{name}"
    return id_of["start"] + quote(tail, safe=SAFE)
