"""Where everything of a site lives. Pure; used by the stages that need every page's address.

Paths are those inside the output folder, in plain text (`수학/index.html`). Addresses are what
stands in a link: below the site's base path and percent-encoded (RFC 3986).
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from pathlib import PurePath
from types import MappingProxyType
from urllib.parse import SplitResult, quote, unquote, urlsplit

from msgspec import Struct

from .errors import SiteError
from .model import Config, Label, Post, ShareWords
from .record import suggestion

SAFE = "/~-._!$'()*+,;=:@"


PLACE = re.compile(r":(\w+)")
"""What stands for a part of an address in a permalink."""


@lru_cache(maxsize=4096)
def slug(text: str) -> str:
    """A readable part of an address: lower case, letters and digits of any script, hyphens.

    The same text gives the same slug whatever Unicode form (UAX 15) the platform typed it in.
    """
    kept: list[str] = []
    in_word = False
    for character in unicodedata.normalize("NFC", text).strip().lower():
        in_word = character.isalnum() or (in_word and _is_vowel_sign(character))
        if in_word or character in "_-":
            kept.append(character)
        elif _separates(character):
            kept.append(" ")
    return "-".join("".join(kept).split())


def is_slug(text: str) -> bool:
    """Whether a text can be the part of an address that names a post."""
    bare = _without_vowel_signs(text)
    return re.fullmatch(r"[\w.~-]+", bare) is not None and bare[0] == text[0] != "."


VOWEL_SIGNS = frozenset((0, 7, 9, *range(84, 133)))
"""Canonical combining classes (UAX 44) of marks that are letters in their scripts: Devanagari's,
Thai's and their kin. Accents, points of Hebrew and Arabic, and marks of Kana have others."""


def _is_vowel_sign(character: str) -> bool:
    """Whether a mark is a part of the word, as the vowels of हिन्दी and ไทย are.

    Accents are none, nor are variation selectors: they have always been left out of addresses.
    """
    return (
        unicodedata.category(character) in ("Mn", "Mc")
        and unicodedata.combining(character) in VOWEL_SIGNS
        and character != "\u034f"
        and "VARIATION SELECTOR" not in unicodedata.name(character)
    )


def _without_vowel_signs(text: str) -> str:
    return "".join(character for character in text if not _is_vowel_sign(character))


def is_category(text: str) -> bool:
    """Whether a text can be the part of an address that names a category."""
    return bool(slug(text)) and "/" not in text and not text.startswith(".")


LISTS_OF_THEIR_OWN = ("archive", "search")
"""Pages of each language that lie where the page of a category of that name would."""


def in_its_place(category: str, config: Config) -> str:
    """What lies where the page of a category would; empty if it is free."""
    name = slug(category)
    if name in config.languages[1:]:
        return "a language"
    return "another page" if name in LISTS_OF_THEIR_OWN else ""


def is_path(text: str) -> bool:
    r"""Whether a text can be the path of a page.

    Two ways to write one path would be two files in one place; what stands behind `?` and `#` no
    server of files looks at, and `\` parts folders on some disks.
    """
    first, *parts = text.split("/")
    inside = {*parts[:-1], *filter(None, parts[-1:])}
    return not first and bool(parts) and not inside & {"", ".", ".."} and not {*text} & {*"?#\\"}


def _separates(character: str) -> bool:
    return character.isspace() or character in "/·,:;|–—"


def site_url(url: str) -> str:
    """The address of a site as settings keep it: its path in plain text, no slash at its end.

    Raises:
        ValueError: its host or its port is none.
    """
    parts = urlsplit(url)
    _ = parts.port  # Only who asks for it hears that it is none.
    return f"{parts.scheme}://{parts.netloc}{_plain(parts)}".rstrip("/")


def page_path(address_path: str) -> str:
    """The file behind a page's path: `/math/` is `math/index.html`."""
    path = address_path.lstrip("/")
    return path + "index.html" if not path or path.endswith("/") else path


def post_page(post: Post, config: Config) -> str:
    """The path of a post's page, with slashes at both ends."""
    meta = post.meta
    if post.source.standing:
        return f"{language_prefix(meta.language, config)}/{meta.slug}/"
    pattern = meta.permalink or config.permalink
    parts = {
        "category": slug(meta.category),
        "year": f"{meta.date.year:04d}",
        "month": f"{meta.date.month:02d}",
        "day": f"{meta.date.day:02d}",
        "slug": meta.slug,
    }
    return language_prefix(meta.language, config) + PLACE.sub(
        lambda place: parts[place[1]], pattern
    )


def notebook_path(post: Post, config: Config) -> str:
    """Where the notebook of a post with its results lies: beside its page."""
    folder = posixpath.dirname(page_path(post_page(post, config)))
    return posixpath.join(folder, f"{post.meta.slug}.ipynb")


def language_prefix(language: str, config: Config) -> str:
    """What the paths of a language start with: nothing for the default one."""
    return "" if language == config.language else f"/{language}"


def home_page(language: str, config: Config) -> str:
    """Path of a language's home page."""
    return language_prefix(language, config) + "/"


def archive_page(language: str, config: Config) -> str:
    """Path of the list of all posts by year."""
    return language_prefix(language, config) + "/archive/"


def search_page(language: str, config: Config) -> str:
    """Path of the page that searches the posts of a language."""
    return language_prefix(language, config) + "/search/"


def category_page(category: str, language: str, config: Config) -> str:
    """Path of a category's list."""
    return f"{language_prefix(language, config)}/{slug(category)}/"


def tag_page(tag: str, language: str, config: Config) -> str:
    """Path of a tag's list."""
    return f"{language_prefix(language, config)}/tag/{slug(tag)}/"


def series_page(series: str, language: str, config: Config) -> str:
    """Path of the list of a series' parts."""
    return f"{language_prefix(language, config)}/series/{slug(series)}/"


def numbered_page(path: str, number: int) -> str:
    """Path of a page of a list whose first page has a path: `/tag/ml/page/2/`."""
    return path if number == 1 else f"{path}page/{number}/"


def language_feed(language: str) -> str:
    """Path of a language's own feed."""
    return f"/{language}/feed.xml"


SITE_FEED = "/feed.xml"


def category_feed(category: str, language: str, config: Config) -> str:
    """Path of a category's feed in a language."""
    return f"{language_prefix(language, config)}/feed/{slug(category)}.xml"


def tag_feed(tag: str, language: str, config: Config) -> str:
    """Path of a tag's feed in a language. No category's feed lies there: a slug has no slash."""
    return f"{language_prefix(language, config)}/feed/by_tag/{slug(tag)}.xml"


def json_feed(feed: str) -> str:
    """Path of the JSON Feed beside an Atom feed."""
    return feed.removesuffix(".xml") + ".json"


def feed_id(post: Post, config: Config) -> str:
    """A post's Atom id. No date, title or address is in it: it never changes (RFC 4287, 4.2.6).

    A version in another than the default language is an entry of its own, so its id names the
    language: with one id for both, newsboat keeps one of the two for a reader of both feeds.
    Categories have no vowel signs in ids, because they once had none in addresses.
    """
    prefix = language_prefix(post.meta.language, config)
    category = _without_vowel_signs(slug(post.meta.category))
    own = f"{config.url}{prefix}/{category}/{post.meta.slug}"
    return post.meta.id or quote(own, safe=SAFE)


def shared_feed_ids(posts: Iterable[Post], config: Config) -> Iterator[SiteError]:
    """An error for each post whose feed id another one has: readers would keep one of the two.

    Of two, it is about the one that says the id in its front matter, where it can be mended. Two
    that have their page's address in common are another error, which says more.
    """
    owners: dict[str, Post] = {}
    in_feeds = (post for post in posts if not post.source.standing)
    for post in sorted(in_feeds, key=lambda post: (bool(post.meta.id), post.source.path)):
        own, source = feed_id(post, config), post.source
        other = owners.setdefault(own, post)
        if other is post or post_page(other, config) == post_page(post, config):
            continue
        cure = "change or remove `id`" if post.meta.id else "give one another `slug`, or an `id`"
        yield SiteError(f"{other.source.path} has the same feed id").at(
            file=source.path,
            line=source.line_of("id"),
            text=f"id: {own}" if post.meta.id else own,
            hint=f"readers of feeds take two posts with one id for one post: {cure}",
        )


def address(path: str, config: Config) -> str:
    """A path of the site as it stands in a link: below the base path, percent-encoded."""
    return _quoted(config.base + "/" + path.lstrip("/"))


@lru_cache(maxsize=1 << 12)
def _quoted(path: str) -> str:
    """Percent-encoded; what every page links to, for the first of them."""
    return quote(path, safe=SAFE)


def absolute(path: str, config: Config) -> str:
    """A path of the site with scheme and host."""
    return config.origin + address(path, config)


GITHUB = re.compile(r"https?://(?:www\.)?github\.com/([^/]+/[^/]+)/?")


def github_name(repository: str) -> str:
    """`user/repo` of a repository on github.com; empty for any other."""
    match = GITHUB.fullmatch(repository)
    return match[1].removesuffix(".git") if match else ""


def source_address(post: Post, config: Config) -> str:
    """Where a reader finds a post's source; empty if that is not known."""
    # Posts outside the blog's folder have a path of this machine, which is nobody's business.
    if not config.repository or PurePath(post.source.path).is_absolute():
        return ""
    return f"{config.repository}/blob/{_on_branch(post.source.path, config.branch)}"


def colab_address(post: Post, notebook: str, config: Config) -> str:
    """Where Google Colab opens a post: its executed notebook, or its source if that is one.

    Colab reads notebooks out of repositories on github.com. `notebook` is the path of the
    executed notebook inside the site, and empty if there is none. Nothing if Colab reads neither.
    """
    repository = github_name(config.repository)
    if not repository:
        return ""
    if config.published_branch and notebook:
        place = _on_branch(notebook, config.published_branch)
    elif post.source.format == "ipynb" and source_address(post, config):
        place = _on_branch(post.source.path, config.branch)
    else:
        return ""
    return f"https://colab.research.google.com/github/{repository}/blob/{place}"


def _on_branch(path: str, branch: str) -> str:
    return quote(f"{branch}/{path}", safe=SAFE)


def asset_path(name: str) -> str:
    """Where a static file of the theme lies."""
    return f"assets/{name}"


def neighbour_path(folder: str, name: str) -> str:
    """Where a file that lies beside a post is published, once for all its languages."""
    return unicodedata.normalize("NFC", f"assets/posts/{folder}/{name}")


def share_name(words: ShareWords) -> str:
    """The name of the picture that is drawn from these words: it tells them."""
    told = json.dumps([words.title, words.site, words.category], ensure_ascii=False)
    return f"share-{hashlib.sha256(told.encode()).hexdigest()[:16]}.png"


def search_index_path(language: str, name: str = "") -> str:
    """Where a part of the index of a language's posts lies; without a name, the folder of all."""
    return asset_path(f"search/{language}/{name}")


def search_text_path(name: str = "") -> str:
    """Where the text of a post lies that a search shows; without a name, the folder of all."""
    return asset_path(f"search/posts/{name}")


class Links(Struct, frozen=True):
    """What a post may link to."""

    pages: Mapping[str, str]
    """Path of a post's source to the path of its page."""
    config: Config
    titles: Mapping[str, str] = {}
    """Path of a post's source to the post's title."""
    labels: Mapping[str, Mapping[str, Label]] = {}
    """Path of a post's source to what stands in it by name, for posts that others refer to."""
    folders: Mapping[str, Sequence[str]] = {}
    """Name of a folder to the sources of the post in it, in order."""
    spellings: Mapping[str, str] = {}
    """Path in NFC to that of the source, for those which a Mac has spelled otherwise (UAX 15)."""


def collect_links(
    posts: Iterable[Post],
    config: Config,
    pages: Mapping[str, str] = MappingProxyType({}),
    titles: Mapping[str, str] = MappingProxyType({}),
) -> Links:
    """The addresses of all posts, those that `pages` and `titles` tell of included."""
    posts = tuple(posts)
    pages = {**pages, **{post.source.path: post_page(post, config) for post in posts}}
    titles = {**titles, **{post.source.path: post.meta.title for post in posts}}
    folders: dict[str, list[str]] = {}
    for source in sorted(pages):
        folders.setdefault(folder_name(source), []).append(source)
    composed = ((unicodedata.normalize("NFC", source), source) for source in pages)
    spellings = {name: source for name, source in composed if name != source}
    return Links(pages, config, titles, folders=folders, spellings=spellings)


def folder_name(source: str) -> str:
    """The name of the folder of a post: `ncut` of `posts/ncut/index.ko.md`."""
    return unicodedata.normalize("NFC", source.split("/")[-2])


class Target(Struct, frozen=True):
    """Where a link of a post leads."""

    address: str
    neighbour: str = ""
    """The neighbouring file that it needs, if any."""


def resolve(href: str, post: Post, links: Links) -> Target | None:
    """Where a link that stands in a post leads; None if it leads nowhere.

    A relative link is read from the source file: to a neighbour, or to another post's source.
    One that starts with a slash is a path of the site, below its base path.
    """
    parts = _split(href)
    if parts is None:
        return None
    if parts.scheme or parts.netloc or not parts.path:
        return Target(href)
    rest = (f"?{parts.query}" if parts.query else "") + (
        f"#{parts.fragment}" if parts.fragment else ""
    )
    path = _plain(parts)
    if path.startswith("/"):
        return Target(address(path, links.config) + rest)
    folder = posixpath.dirname(post.source.path)
    wanted = posixpath.normpath(posixpath.join(folder, path))
    name = as_on_disk(posixpath.relpath(wanted, folder), post.source.neighbours)
    if name in post.source.neighbours:
        published = address(neighbour_path(post.source.folder, name), links.config)
        return Target(published + rest, name)
    other = linked_post(href, post, links)
    return Target(address(links.pages[other], links.config) + rest) if other else None


def nearest_file(href: str, post: Post, links: Links) -> str | None:
    """A hint for a link that leads nowhere: the file that was meant, if one has nearly its name."""
    parts = _split(href)
    if parts is None:
        return "this cannot be read as an address"
    path = _plain(parts)
    if not path.startswith("../"):
        return suggestion(path, post.source.neighbours)
    folder = posixpath.dirname(post.source.path)
    others = {posixpath.dirname(source): source for source in sorted(links.titles, reverse=True)}
    wanted = posixpath.normpath(posixpath.join(folder, path))
    wanted = posixpath.dirname(wanted) if PurePath(wanted).suffix else wanted
    # Their ends are all alike: only names of folders tell posts apart.
    near = [wanted] if wanted in others else get_close_matches(wanted, others, n=1, cutoff=0.8)
    return f"did you mean `{posixpath.relpath(others[near[0]], folder)}`?" if near else None


def linked_post(href: str, post: Post, links: Links) -> str | None:
    """The source of the post that a relative link leads to; None if it leads elsewhere.

    A link to a post's folder leads to the version in the language of the page it stands on.
    """
    parts = _split(href)
    if parts is None:
        return None
    folder = posixpath.dirname(post.source.path)
    wanted = posixpath.normpath(posixpath.join(folder, _plain(parts)))
    stems = [f"{wanted}/index.{post.meta.language}", f"{wanted}/index"]
    candidates: Sequence[str] = [f"{stem}.{ending}" for stem in stems for ending in ("md", "ipynb")]
    for name in (wanted, *candidates):
        composed = unicodedata.normalize("NFC", name)
        on_disk = name if name in links.titles else links.spellings.get(composed, composed)
        if on_disk in links.pages:
            return on_disk
    return None


def as_on_disk(name: str, files: Mapping[str, object]) -> str:
    """A name as one of `files` spells it: a Mac may have it in two parts, NFD (UAX 15)."""
    if name in files or name.isascii():
        return name
    composed = unicodedata.normalize("NFC", name)
    same = (file for file in files if unicodedata.normalize("NFC", file) == composed)
    return next(same, name)


def _split(href: str) -> SplitResult | None:
    """The parts of an address; None for what is none, as `http://[`."""
    try:
        return urlsplit(href)
    except ValueError:
        return None


def _plain(parts: SplitResult) -> str:
    """The path of an address as files are named: not percent-encoded, in NFC (UAX 15)."""
    return unicodedata.normalize("NFC", unquote(parts.path))
