"""Where the links of an old post lead, and which files it needs beside it.

A link to another old post names that post's new file, a picture or a file of data is put beside
the new post, and an address of the old site stays one.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct

from ..html_syntax import candidates
from .old_blog import OldBlog, OldPost, OldSite
from .passages import change_around_code
from .remarks import Remarks

POST = "post:/"
"""What an address begins with that names a post by its old path; no address stays like that."""
NAMED = re.compile(r"post:/([^\s)\"'<>#?]+)")
LINK = re.compile(
    r"(?P<before>\]\(\s*)(?P<address><[^>\n]*>|[^\s()<>]*(?:\([^\s()]*\)[^\s()]*)*)"
    r"(?P<after>(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?(?:\s+=\d*x?\d*)?\s*\))"
)
SPACED = re.compile(
    r"(?P<before>\]\(\s*)(?P<address>(?!\S+\s+=\d*x?\d*\s*\))[^\s()<>\"'][^()<>\"'\n]*?[ ]"
    r"[^()<>\"'\n]*?[^\s()<>\"'])(?P<after>(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\))"
)
"""An address with spaces, which is one for kramdown and Pandoc."""
DEFINITION = re.compile(
    r"(?P<before>^(?:[ ]|\ue000\d+\ue001)*\[[^\]^\n][^\]\n]*\]:[ \t]*)"
    r"(?P<address><[^>\n]*>|\S+)(?P<after>)",
    re.MULTILINE,
)
DIRECTIVE = re.compile(
    r"(?P<before>^(?:[ \t]|\ue000\d+\ue001)*(?::{3,}|`{3,})[ \t]*\{(?:figure|image)\}[ \t]+)"
    r"(?P<address>\S+)(?P<after>)",
    re.MULTILINE,
)
ATTRIBUTE = re.compile(
    r"(?P<before>\s(?:src|href|poster)\s*=\s*(?P<mark>[\"']))(?P<address>[^\"'\n]*)(?P<after>(?P=mark))"
)
SRCSET = re.compile(
    r"(?P<before>\ssrcset\s*=\s*(?P<mark>[\"']))(?P<addresses>[^\"']*)(?P<after>(?P=mark))"
)
STRING = re.compile(r"[\"']([^\"'\n]{1,200})[\"']")
IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+(\w+)", re.MULTILINE)
TEXTS = (".md", ".markdown", ".mkd", ".qmd", ".rmd", ".ipynb", ".html", ".htm")
SPECIAL = re.compile(r"[\s()<>%\"'\\]")


class Moved(Struct, frozen=True):
    """Where the old posts are now: paths below `posts/`."""

    addresses: Mapping[str, str]
    """Former address, as `address_key` has it."""
    paths: Mapping[str, str]
    """Former path of the file."""


def moved(posts: Iterable[tuple[OldPost, str]]) -> Moved:
    """Of posts, each with its new path."""
    addresses: dict[str, str] = {}
    paths: dict[str, str] = {}
    for post, path in posts:
        paths[post.path] = path
        for address in (post.address, *post.other_addresses):
            if address:
                addresses.setdefault(address_key(address), path)
    return Moved(addresses, paths)


def address_key(path: str) -> str:
    """An address without what servers make no difference of: `/a/`, `/a`, `/a.html`."""
    path = unicodedata.normalize("NFC", unquote(path))
    for end in ("/index.html", ".html"):
        path = path.removesuffix(end)
    return path.rstrip("/") or "/"


class Links(Struct, frozen=True):
    """The links of one post, and what they have asked for so far."""

    blog: OldBlog
    site: OldSite
    post: OldPost
    path: str
    """Its new file below `posts/`."""
    moved: Moved
    remarks: Remarks
    beside: dict[str, str] = {}
    """Name of a file beside the new post, and its old path."""

    def old_address_of_file(self, wanted: str, language: str = "") -> str | None:
        """The address that `{% link %}`, `ref` and their kin mean by a path of the old blog.

        Of the versions of a post it is that in the language, or else in that of the new post.
        """
        wanted = wanted.strip("/")
        found = [path for path in sorted(self.moved.paths) if _is_meant(path, wanted)]
        language = language or self.path.split(".")[-2]
        found.sort(key=lambda path: self.moved.paths[path].split(".")[-2] != language)
        if found:
            return POST + quote(found[0])
        return "/" + wanted if self.file("/" + wanted) else None

    def file(self, address: str) -> str | None:
        """The file of the old blog behind a path of the site, or one relative to the post."""
        path = unquote(address)
        under = self.post.value("media_subpath") or self.post.value("img_path")
        if isinstance(under, str) and not path.startswith("/"):
            path = f"/{under.strip('/')}/{path}"
        if path.startswith("/"):
            places = [folder + path.lstrip("/") for folder in self.site.static]
        else:
            near = posixpath.dirname(self.post.path)
            at_home = posixpath.dirname(self.post.address) if self.post.address else ""
            far = posixpath.normpath(posixpath.join(at_home, path)).lstrip("/")
            places = [posixpath.join(near, path), *(folder + far for folder in self.site.static)]
            places += [folder + path for folder in self.site.static]
        for place in map(posixpath.normpath, places):
            for form in (
                place,
                unicodedata.normalize("NFC", place),
                unicodedata.normalize("NFD", place),
            ):
                if form in self.blog.paths:
                    return form
        return None

    def put_beside(self, path: str) -> str:
        """The name under which a file of the old blog lies beside the new post."""
        for name, known in self.beside.items():
            if known == path:
                return name
        near = posixpath.dirname(self.post.path)
        own = posixpath.relpath(path, near) if near else path
        is_near = not own.startswith("..") and self.site.tool != "jekyll"
        name = unicodedata.normalize("NFC", own if is_near else posixpath.basename(path))
        folder = posixpath.basename(posixpath.dirname(path))
        for other in (name, f"{folder}-{name}", path.replace("/", "-")):
            if other not in self.beside:
                name = other
                break
        self.beside[name] = path
        return name

    def new_address(self, address: str, *, picture: bool = False) -> str | None:
        """What stands in the new post for an address of the old one; None if it stays.

        An address of a file or a post that is nowhere to be found is told.
        """
        parts = urlsplit(address)
        rest = (f"?{parts.query}" if parts.query else "") + (
            f"#{parts.fragment}" if parts.fragment else ""
        )
        if address.startswith(POST):
            return self._to_post(self.moved.paths[unquote(parts.path.lstrip("/"))]) + rest
        if parts.scheme or parts.netloc:
            inside = self.site.url and f"{address}/".startswith(self.site.url + "/")
            if not inside:
                return None
            path = address.removeprefix(self.site.url).partition("#")[0].partition("?")[0] or "/"
        elif not parts.path:
            return None
        else:
            path = parts.path
            if self.site.base and f"{path}/".startswith(self.site.base + "/"):
                path = path.removeprefix(self.site.base) or "/"
        is_text = PurePosixPath(path).suffix.lower() in TEXTS
        found = self.file(path)
        if found and found in self.moved.paths:
            return self._to_post(self.moved.paths[found]) + rest
        at = path if path.startswith("/") else self._absolute(path)
        if new := self.moved.addresses.get(address_key(at)):
            return self._to_post(new) + rest
        if found and not is_text:
            return _written(self.put_beside(found)) + rest
        if parts.scheme or parts.netloc:
            return None
        if picture:
            hint = "put the picture beside the post, or remove it"
            sign = self.remarks.sign("the picture was not found in the old blog", address, hint)
        elif at != "/":
            hint = "what it leads to is no post of the old blog: make a page, or remove the link"
            sign = self.remarks.sign("a link leads to what is not imported", address, hint)
        else:
            sign = ""
        return sign + at + rest

    def _absolute(self, path: str) -> str:
        """A relative address, from the root of the old site on."""
        home = self.post.address or "/" + self.post.path
        return posixpath.normpath(posixpath.join(posixpath.dirname(home), path)) + (
            "/" if path.endswith("/") else ""
        )

    def _to_post(self, path: str) -> str:
        return _written(posixpath.relpath(path, posixpath.dirname(self.path)))


def _is_meant(path: str, wanted: str) -> bool:
    """Whether a file goes by a name: its path or the end of it, with or without the ending."""
    stem = path.rpartition(".")[0]
    bare = re.sub(r"\.[a-z]{2}$", "", stem)
    folder = re.sub(r"/_?index$", "", bare)
    names = {path, stem, bare, folder, f"{folder}.md"}
    return any(name == wanted or name.endswith("/" + wanted) for name in names)


def _written(path: str) -> str:
    """A path as it stands in a link: only what would end the link is escaped."""
    return SPECIAL.sub(lambda match: quote(match[0]), path)


def picture(
    address: str, alt: str, caption: str, width: str, *, alone: bool, align: str = ""
) -> str:
    """A picture as other tools' figures have it: with a caption, if it stands on a line alone."""
    label = (alt or caption).replace("[", r"\[").replace("]", r"\]")
    if not caption or not alone or caption == alt:
        attributes = f"{{width={width}}}" if width else ""
        return f"![{label}]({address.replace(' ', '%20')}){attributes}"
    options = [f":alt: {alt}"] if alt else []
    options += [f":width: {width}"] if width else []
    options += [f":align: {align}"] if align else []
    address = address.replace(" ", "%20")
    return "\n".join((f":::{{figure}} {address}", *options, "", caption, ":::"))


def named_alone(match: re.Match[str], address: str | None, links: Links) -> str | None:
    """An address; as a link with the title of its post where it stands between words."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    is_word = re.search(r"(?:\A|\s)(?:\{\{[^{}]*\}\})?\Z", before) and re.match(
        r"\Z|[\s.,;:!?]", after
    )
    line = before.rpartition("\n")[2]
    in_address = re.search(r"\]\([^()\n]*\Z|\]:[ \t]*\Z|=\s*[\"']?\Z|<[^<>]*\Z", line)
    if not address or not is_word or in_address:
        return address
    path = unquote(urlsplit(address).path.lstrip("/")) if address.startswith(POST) else ""
    titles = (
        str(post.front.get("title") or post.name) for post in links.site.posts if post.path == path
    )
    title = next(titles, address.partition("#")[0].rpartition("/")[2] or address)
    words = re.sub(r"([\[\]\\*_`$<])", r"\\\1", title)
    return f"[{words}]({address})"


def stands_alone(match: re.Match[str]) -> bool:
    """Whether nothing else stands on the line of what was found."""
    before = match.string[: match.start()].rpartition("\n")[2]
    after = match.string[match.end() :].partition("\n")[0]
    return not before and not after.strip()


def rewrite_links(text: str, links: Links) -> str:
    """A text whose links, pictures and attributes of HTML lead to the new places."""

    def change(words: str) -> str:
        patterns = [LINK, DEFINITION, ATTRIBUTE, DIRECTIVE]
        if links.site.tool in ("jekyll", "quarto"):
            patterns.append(SPACED)
        for pattern in patterns:
            words = _rewritten(words, pattern, links)
        words = SRCSET.sub(lambda match: _srcset(match, links), words)
        return NAMED.sub(lambda match: links.new_address(match[0]) or match[0], words)

    return change_around_code(text, change, formulas=True)


def rewrite_directive(code: str, links: Links) -> str:
    """The first line of a `figure` or an `image` between backticks, with its picture's new name."""
    first, line_end, rest = code.partition("\n")
    return _rewritten(first, DIRECTIVE, links) + line_end + rest


def _rewritten(text: str, pattern: re.Pattern[str], links: Links) -> str:

    def rewritten(match: re.Match[str]) -> str:
        address = match["address"].strip("<>").strip()
        if not address or "{" in address or "\ue004" in address:  # Code stands there.
            return match[0]
        line = match.string[: match.start()].rpartition("\n")[2]
        opening = line.rpartition("[")[0]
        is_picture = (
            pattern is DIRECTIVE
            or opening.endswith("!")
            or re.search(r"<img\b[^>]*$", line) is not None
        )
        new = links.new_address(address, picture=is_picture)
        if new is None and pattern is SPACED:
            new = address
        if new is None:
            return match[0]
        sign, end, bare = new.rpartition("\ue001")
        bare = bare.replace(" ", "%20")
        # A sign may stand before the brackets only: an address with one would be none.
        return sign + end + match["before"] + bare + match["after"]

    return pattern.sub(rewritten, text)


def _srcset(match: re.Match[str], links: Links) -> str:
    """The pictures that a browser may choose from."""
    written = match["addresses"]
    if "{" in written or "\ue004" in written:
        return match[0]
    signs, pictures = "", []
    for address, size in candidates(written):
        new = links.new_address(address, picture=True) or address
        sign, end, bare = new.rpartition("\ue001")
        signs += sign + end
        pictures.append(f"{bare.replace(' ', '%20')} {size}".rstrip())
    return signs + match["before"] + ", ".join(pictures) + match["after"]


def take_data(code: str, links: Links) -> str:
    """Code as it is; files and modules that it names are put beside the new post."""
    near = posixpath.dirname(links.post.path)
    for match in STRING.finditer(code):
        path = posixpath.normpath(posixpath.join(near, match[1]))
        if path not in links.blog.paths or path == links.post.path:
            continue
        if match[1].startswith(("..", "/")):
            hint = f"the file is {path}: put it beside the post, and name it as it lies there"
            sign = links.remarks.sign("the code reads a file of another folder", match[1], hint)
            return code[: match.start()] + sign + code[match.start() :]
        links.beside.setdefault(posixpath.normpath(match[1]), path)
    for name in IMPORT.findall(code):
        inside = posixpath.join(near, name) + "/"
        for path in sorted(links.blog.paths):
            is_module = path == posixpath.join(near, f"{name}.py")
            if is_module or (path.startswith(inside) and path.endswith(".py")):
                links.beside.setdefault(posixpath.relpath(path, near or "."), path)
    return code
