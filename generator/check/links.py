"""Does every address of the site that leads into it lead somewhere? Fragments too.

Looked at are pages with their `srcset`, style sheets with their `url()`, redirects, the sitemap and
the feeds. What leads out of the site is collected for whoever wants to ask the servers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Any
from urllib.parse import quote, urljoin

from lxml import etree
from msgspec import Struct

from ..html_syntax import candidates
from .built_site import BuiltSite, line_of, resolve, shortened
from .finding import Finding
from .page import Element, Page, read_page

ADDRESSES: dict[str, tuple[str, ...]] = {
    "a": ("href",),
    "area": ("href",),
    "audio": ("src",),
    "embed": ("src",),
    "form": ("action",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src",),
    "input": ("src",),
    "link": ("href",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src",),
    "track": ("src",),
    "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
"""Element to its attributes that hold an address."""

CSS_URL = re.compile(r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^"')\s]+))\s*\)""")
REFRESH = re.compile(r"^\s*\d+\s*[;,]\s*(?:url\s*=\s*)?[\"']?(?P<address>[^\"']+)", re.IGNORECASE)
OTHER_SCHEME = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)
FEED = re.compile(r"([\w-]+/)?feed(/.+)?\.xml")
SITEMAP = re.compile(r"sitemap(-\d+)?\.xml")
JSON_FEED = re.compile(r"([\w-]+/)?feed\.json")

Contents = dict[str, tuple[str, ...]]
"""Content of a feed's entry to the addresses in it: it stands in several feeds."""

TOP = ("", "top")
"""Fragments that lead to the beginning of any page (HTML 7.4.6.4)."""


class Link(Struct, frozen=True):
    """An address that stands on a page."""

    page: Page
    element: Element
    address: str


def links_of(page: Page) -> Iterator[Link]:
    """Every address on a page, as it is written."""
    for element in page.elements:
        for address in _addresses(element):
            if address.strip() and not OTHER_SCHEME.match(address.strip()):
                yield Link(page, element, address)


def _addresses(element: Element) -> Iterator[str]:
    attributes = element.attributes
    for name in ADDRESSES.get(element.name, ()):
        if name in attributes:
            yield attributes[name]
    for name in ("srcset", "imagesrcset"):
        yield from (candidate for candidate, _ in candidates(attributes.get(name, "")))
    if element.name == "meta":
        content = attributes.get("content", "")
        refresh = REFRESH.match(content)
        if attributes.get("http-equiv", "").lower() == "refresh" and refresh:
            yield refresh["address"]
        if attributes.get("property") in ("og:image", "og:url"):
            yield content


def check_links(site: BuiltSite) -> Iterator[Finding]:
    """Everything that leads nowhere."""
    told: set[str] = set()
    for page in site.pages.values():
        yield from _page(page, told, site)
    contents: Contents = {}
    for path in site.files:
        if path.endswith(".css"):
            yield from _style(path, site.files[path].decode(errors="replace"), site)
        elif FEED.fullmatch(path) or SITEMAP.fullmatch(path):
            found = _in_document(path, site.files[path], contents, site)
            yield from _complete_addresses(path, found, told, site)
        elif JSON_FEED.fullmatch(path):
            found = _in_json(path, site.files[path], contents, site)
            yield from _complete_addresses(path, found, told, site)


def _page(page: Page, told: set[str], site: BuiltSite) -> Iterator[Finding]:
    own = site.address(page.path)
    said = (e.attributes["href"] for e in page.named("base") if "href" in e.attributes)
    base = _complete(next(said, own), own)
    for link in links_of(page):
        problem, hint = problem_of(link.address, base, site)
        if problem:
            told.add(_complete(link.address, base))
            fragment = unescape(link.address).partition("#")[2]
            yield site.finding(
                page,
                link.element.offset,
                "link",
                "error",
                f"{problem}: {shortened(link.address)}",
                link.element.source,
                hint,
                (f"]({link.address}", link.address, f"#{fragment}" if fragment else ""),
            )
    for match in CSS_URL.finditer(page.html) if "url(" in page.html else ():
        address = unescape(match[1] or match[2] or match[3] or "").strip("\"'")
        if OTHER_SCHEME.match(address) or not address:
            continue
        problem, hint = problem_of(address, own, site)
        if problem and _is_style(page, match.start()):
            message = f"{problem}: {shortened(address)}"
            yield site.finding(page, match.start(), "link", "error", message, match[0], hint)


def _complete(address: str, start: str) -> str:
    try:
        return urljoin(start, address.strip())
    except ValueError:
        return address


def _is_style(page: Page, offset: int) -> bool:
    """Whether a place of a page is in a tag or in a style sheet: elsewhere `url(…)` is text."""
    opening, closing = page.html.rfind("<", 0, offset), page.html.rfind(">", 0, offset)
    return opening > closing or page.html.startswith("<style", opening)


def problem_of(address: str, start: str, site: BuiltSite) -> tuple[str, str]:
    """Why an address leads nowhere, and a hint; two empty texts if it does not."""
    place = resolve(address, start, site)
    if place.problem or not place.file:
        return place.problem, place.hint
    target = site.pages.get(place.file)
    fragment = place.fragment.partition(":~:")[0]
    if target is None or fragment.lower() in TOP or fragment in target.ids:
        return "", ""
    names = {element.attributes.get("name") for element in target.named("a")}
    if fragment in names:
        return "", ""
    near = _nearest(fragment, target.ids)
    hint = f"did you mean #{near}?" if near else f"{site.folder}/{place.file} has no such id"
    return f"the page has no place `#{fragment}`", hint


def _nearest(name: str, known: frozenset[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, sorted(known), 1, 0.7)), "")


def _style(path: str, text: str, site: BuiltSite) -> Iterator[Finding]:
    start = f"{site.url}/{quote(path)}"
    for match in CSS_URL.finditer(text):
        address = match[1] or match[2] or match[3] or ""
        if not address or OTHER_SCHEME.match(address):
            continue
        problem, hint = problem_of(address, start, site)
        if problem:
            line = text.count("\n", 0, match.start()) + 1
            yield _in_file(path, f"{problem}: {address}", match[0], hint, line, site)


def _in_document(
    path: str, content: bytes, contents: Contents, site: BuiltSite
) -> Iterator[str | Finding]:
    """The addresses in a sitemap or an Atom feed."""
    try:
        root = etree.fromstring(content)
    except etree.XMLSyntaxError as error:
        message = f"not well-formed XML: {error.msg}"
        yield _in_file(path, message, "", "build the site again", error.lineno, site)
        return
    for element in root.iter("{*}link", "{*}loc", "{*}content", "{*}thumbnail"):
        name = etree.QName(element).localname
        if name == "loc":
            yield element.text or ""
        elif name == "content":
            yield from _addresses_in(element.text or "", contents)
        else:
            yield element.get("href") or element.get("url") or ""


def _in_json(
    path: str, content: bytes, contents: Contents, site: BuiltSite
) -> Iterator[str | Finding]:
    """The addresses in a JSON Feed."""
    try:
        feed: Any = json.loads(content)
        yield from (str(feed[name]) for name in ("home_page_url", "feed_url") if name in feed)
        for item in feed["items"]:
            yield from (str(item[name]) for name in ("url", "image") if name in item)
            yield from _addresses_in(str(item.get("content_html", "")), contents)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        yield _in_file(path, f"no JSON Feed: {error}", "", "build the site again", None, site)


def _addresses_in(html: str, contents: Contents) -> tuple[str, ...]:
    if html not in contents:
        contents[html] = tuple(link.address for link in links_of(read_page("", html)))
    return contents[html]


def _complete_addresses(
    path: str, addresses: Iterable[str | Finding], told: set[str], site: BuiltSite
) -> Iterator[Finding]:
    """Those of a document that is read far from the site: they need scheme and host.

    Of what a page or another document has already, nothing is told again.
    """
    known: set[str] = set()
    for address in addresses:
        if isinstance(address, Finding):
            yield address
            continue
        if address in known or address in told:
            continue
        known.add(address)
        if re.match(r"https?://", address):
            problem, hint = problem_of(address, site.url + "/", site)
        else:
            problem = "the address is not complete"
            hint = "readers of a feed know no page that it could be read from"
        if problem:
            told.add(address)
            text = site.files[path].decode(errors="replace")
            line = line_of(text, address, address.replace("&", "&amp;"))
            yield _in_file(path, f"{problem}: {shortened(address)}", address, hint, line, site)


def _in_file(
    path: str, message: str, text: str, hint: str, line: int | None, site: BuiltSite
) -> Finding:
    file = f"{site.folder}/{path}"
    return Finding("link", "error", message, file, line, text=shortened(text), hint=hint)


def external_links(site: BuiltSite) -> dict[str, list[Link]]:
    """Addresses that lead out of the site, without fragments, to where they stand."""
    found: dict[str, list[Link]] = {}
    for page in site.pages.values():
        for link in links_of(page):
            if link.element.name not in ("a", "area", "img", "source", "video", "audio", "iframe"):
                continue
            place = resolve(link.address, site.url, site)
            if not place.file and not place.problem:
                address = _complete(link.address, site.url).partition("#")[0]
                found.setdefault(address, []).append(link)
    return found
