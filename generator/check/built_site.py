"""What the checks look at: the finished site, and the posts that its pages come from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from urllib.parse import quote, unquote, urljoin, urlsplit

from msgspec import Struct

from ..addresses import SAFE
from ..model import Post
from .finding import Finding, Severity
from .page import Page


class BuiltSite(Struct, frozen=True):
    """A finished site."""

    files: Mapping[str, bytes]
    """Path inside the output folder to content."""
    pages: Mapping[str, Page]
    """Those of them that are HTML."""
    url: str
    """Where it will live, with the base path."""
    folder: str
    """The output folder, as findings name it: `site`."""
    posts: Mapping[str, Post]
    """Path of a page inside the output folder to the post on it."""
    notebooks: Mapping[str, Post]
    """Path of an executed notebook to the post that it is."""

    @property
    def base(self) -> str:
        """The base path, with a slash at both ends."""
        return urlsplit(self.url).path.rstrip("/") + "/"

    def address(self, path: str) -> str:
        """Where a file of the site will be found."""
        return f"{self.url}/{quote(path.removesuffix('index.html'), safe=SAFE)}"

    def finding(
        self,
        page: Page,
        offset: int,
        kind: str,
        severity: Severity,
        message: str,
        text: str,
        hint: str = "",
        needles: tuple[str, ...] = (),
    ) -> Finding:
        """A finding on a page: in the post's source, if what is wrong can be found there."""
        made = partial(Finding, kind, severity, message, text=shortened(text), hint=hint)
        post = self.posts.get(page.path)
        if post is not None and post.source.format == "md":
            line = line_of(post.source.text, *needles, text)
            if line is not None:
                return made(file=post.source.path, line=line)
        return made(file=f"{self.folder}/{page.path}", line=page.line(offset))


def line_of(text: str, *needles: str) -> int | None:
    """The line of the first of some texts that stands in another one, counted from 1."""
    for needle in needles:
        at = text.find(needle) if needle.strip() else -1
        if at >= 0:
            return text.count("\n", 0, at) + 1
    return None


def shortened(text: str) -> str:
    """A text that fits on a line."""
    text = " ".join(text.split())
    return text if len(text) <= 120 else text[:119] + "…"


class Place(Struct, frozen=True):
    """Where an address leads."""

    file: str
    """The file of the site; empty for an address outside of it."""
    fragment: str = ""
    problem: str = ""
    """Why it leads nowhere; empty if it does lead somewhere."""
    hint: str = ""


def resolve(address: str, start: str, site: BuiltSite) -> Place:
    """Where an address leads that stands in a document whose own is `start`."""
    try:
        parts = urlsplit(urljoin(start, address.strip()))
    except ValueError as error:
        return Place("", problem="no address", hint=str(error))
    own = urlsplit(site.url)
    if (parts.scheme, parts.netloc.lower()) != (own.scheme, own.netloc.lower()):
        return Place("")
    path, fragment = unquote(parts.path) or "/", unquote(parts.fragment)
    if not path.startswith(site.base):
        if path + "/" != site.base:
            hint = f"the site lives below {site.base}"
            return Place("", problem="the link leads out of the site", hint=hint)
        path = site.base
    file = path.removeprefix(site.base)
    if not file or file.endswith("/"):
        file += "index.html"
    if file in site.files:
        return Place(file, fragment)
    if f"{file}/index.html" in site.files:
        return Place(f"{file}/index.html", fragment)
    return Place(file, fragment, "the link leads nowhere", f"there is no {site.folder}/{file}")
