"""A finished page, read once for all checks: its elements, ids, text, and how it is nested.

The tokens are those of the HTML Standard (13.2.5), as far as a page without scripting errors needs
them; which end tags may be left out is that of 13.1.2.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape

from msgspec import Struct

from ..html_syntax import COMMENT

TOKEN = re.compile(
    rf"{COMMENT}"
    r"|<(?P<close>/?)(?P<name>[A-Za-z][^\s/>]*)"
    r"(?P<attributes>(?:[^\"'>]++|\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))*+)(?P<end>>|\Z)"
    r"|<[!?/][^>]*+(?:>|\Z)",
)
"""What has no end goes on to the page's, and nothing is looked at twice."""
ATTRIBUTE = re.compile(r"""([^\s"'>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+))?""")
CLASS = re.compile(r"""\sclass=(?:"([^"]*)"|'([^']*)')""")

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
RAW = frozenset(("script", "style", "textarea", "title"))
"""Elements in which no other begins."""
FOREIGN = frozenset(("math", "svg"))
"""Where `/>` closes an element."""
QUIET = frozenset("code kbd math pre samp script style svg template textarea title".split())
"""Elements whose text is not prose."""
FORMULA = re.compile(r"""\sclass=["'][^"']*\bkatex\b""")

OPTIONAL = frozenset(
    "body colgroup dd dt head html li optgroup option p rp rt tbody td tfoot th thead tr".split()
)
"""Elements whose end tag may be left out."""
ENDS_PARAGRAPH = frozenset(
    """
    address article aside blockquote details div dl fieldset figcaption figure footer form h1 h2 h3
    h4 h5 h6 header hr main menu nav ol p pre search section table ul
    """.split()
)
"""Elements before which a paragraph ends by itself."""
ENDS_LIKE: Mapping[str, frozenset[str]] = {
    "li": frozenset(("li",)),
    "dt": frozenset(("dt", "dd")),
    "dd": frozenset(("dt", "dd")),
    "td": frozenset(("td", "th")),
    "th": frozenset(("td", "th")),
    "tr": frozenset(("td", "th", "tr")),
    "tbody": frozenset(("td", "th", "tr", "thead", "tbody")),
    "tfoot": frozenset(("td", "th", "tr", "thead", "tbody")),
    "option": frozenset(("option",)),
}
"""Element to those that end by themselves before it."""
PARENTS: Mapping[str, frozenset[str]] = {
    "li": frozenset(("ul", "ol", "menu")),
    "dt": frozenset(("dl", "div")),
    "dd": frozenset(("dl", "div")),
    "tr": frozenset(("table", "thead", "tbody", "tfoot")),
    "td": frozenset(("tr",)),
    "th": frozenset(("tr",)),
    "figcaption": frozenset(("figure",)),
    "summary": frozenset(("details",)),
    "legend": frozenset(("fieldset",)),
}
"""Element to those in which alone it may stand."""
NOT_IN_ITSELF = frozenset("a button form h1 h2 h3 h4 h5 h6 label".split())

LOOKED_AT = frozenset(
    """
    a area audio base embed form h1 html iframe image img input link meta object script source title
    track use video
    """.split()
)
"""Elements that some check asks for; of the others only the id is known."""


class Element(Struct, frozen=True):
    """A start tag."""

    name: str
    attributes: Mapping[str, str]
    offset: int
    """Where it begins in the page."""
    source: str
    """As it is written."""


class Problem(Struct, frozen=True):
    """A mistake in the markup itself."""

    message: str
    offset: int
    text: str
    hint: str = ""


class Page(Struct, frozen=True):
    """A page of the site."""

    path: str
    html: str
    elements: tuple[Element, ...]
    """Those of LOOKED_AT, and all with an id."""
    ids: frozenset[str]
    """What a fragment can lead to."""
    prose: tuple[tuple[int, str], ...]
    """Offset and text of what a reader reads, without code and formulas."""
    problems: tuple[Problem, ...]

    def named(self, *names: str) -> Iterator[Element]:
        """The elements of these names, in order."""
        return (element for element in self.elements if element.name in names)

    def line(self, offset: int) -> int:
        """The line that holds a place, counted from 1."""
        return self.html.count("\n", 0, offset) + 1

    @property
    def classes(self) -> frozenset[str]:
        """Every class that an element has."""
        return frozenset(
            name for match in CLASS.finditer(self.html) for name in (match[1] or match[2]).split()
        )


class _Open(Struct):
    name: str
    offset: int
    source: str
    quiet: bool
    foreign: bool


def read_page(path: str, html: str) -> Page:
    """A page from its text. Whatever the text, the reading ends; mistakes are its problems."""
    return _Reader(path, html).read()


class _Reader:
    """Reads a page: goes from tag to tag, and keeps the elements that are open."""

    def __init__(self, path: str, html: str) -> None:
        self.path = path
        self.html = html
        self.elements: list[Element] = []
        self.prose: list[tuple[int, str]] = []
        self.problems: list[Problem] = []
        self.open: list[_Open] = []
        self.ids: dict[str, Element] = {}

    def read(self) -> Page:
        at = 0
        while match := TOKEN.search(self.html, at):
            self._text(at, match.start())
            at = match.end()
            name = match["name"]
            if name is None:
                continue
            name = name.lower()
            if not match["end"]:
                hint = "a browser drops what is left of the page: write > where the tag ends"
                self._wrong(f"`<{name}` has no end", match.start(), match[0], hint)
                continue
            if match["close"]:
                self._close(name, match.start(), match[0])
                continue
            self._start(name, match)
            if name in RAW and not self._in_foreign():
                at = self._raw(name, at)
        self._text(at, len(self.html))
        for element in self.open:
            self._unclosed(element)
        return Page(
            self.path,
            self.html,
            tuple(self.elements),
            frozenset(self.ids),
            tuple(self.prose),
            tuple(self.problems),
        )

    def _in_foreign(self) -> bool:
        return bool(self.open) and self.open[-1].foreign

    def _text(self, start: int, end: int) -> None:
        if start == end or (self.open and self.open[-1].quiet):
            return
        text = self.html[start:end]
        if not text.isspace():
            self.prose.append((start, unescape(text)))

    def _raw(self, name: str, start: int) -> int:
        """Skip what is no markup; the end tag is read next."""
        end = re.compile(rf"</{name}\b", re.IGNORECASE).search(self.html, start)
        return end.start() if end else len(self.html)

    def _start(self, name: str, match: re.Match[str]) -> None:
        written, offset, source = match["attributes"], match.start(), match[0]
        foreign = self._in_foreign()
        if not foreign:
            self._end_by_itself(name)
            self._check_place(name, offset, source)
        if name in LOOKED_AT or "id=" in written:
            self._keep(Element(name, self._attributes(written, offset, source), offset, source))
        closes = written.rstrip().endswith("/")
        if closes and not foreign and name not in VOID | FOREIGN:
            self._wrong(f"`<{name}/>` does not close itself", offset, source, f"write </{name}>")
        if (closes and (foreign or name in FOREIGN)) or (name in VOID and not foreign):
            return
        quiet = (bool(self.open) and self.open[-1].quiet) or name in QUIET
        quiet = quiet or bool(FORMULA.search(written))
        inside = (foreign and name not in ("foreignobject", "annotation-xml")) or name in FOREIGN
        self.open.append(_Open(name, offset, source, quiet, inside))

    def _keep(self, element: Element) -> None:
        self.elements.append(element)
        name = element.attributes.get("id")
        if name is None:
            return
        if not name or re.search(r"\s", name):
            hint = "an id has no space in it"
            self._wrong(f"`{name}` cannot be an id", element.offset, element.source, hint)
        elif name in self.ids:
            message = f"two elements have the id `{name}`"
            hint = "a link to it leads to the first one only: rename one of them"
            self._wrong(message, element.offset, element.source, hint)
        self.ids.setdefault(name, element)

    def _attributes(self, written: str, offset: int, source: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for match in ATTRIBUTE.finditer(written):
            name, value = match[1].lower(), match[2] or ""
            if name in found:
                self._wrong(f"the attribute `{name}` stands there twice", offset, source)
                continue
            quoted = value[:1] in "\"'" and len(value) > 1
            found[name] = unescape(value[1:-1] if quoted else value)
        return found

    def _end_by_itself(self, name: str) -> None:
        """Close what ends where this element begins."""
        if name in ENDS_PARAGRAPH and self.open and self.open[-1].name == "p":
            self.open.pop()
        ended = ENDS_LIKE.get(name, frozenset())
        while self.open and self.open[-1].name in ended:
            self.open.pop()

    def _check_place(self, name: str, offset: int, source: str) -> None:
        parents = PARENTS.get(name)
        if parents and (not self.open or self.open[-1].name not in parents):
            where = f"in <{self.open[-1].name}>" if self.open else "at the top"
            may = ", ".join(f"<{parent}>" for parent in sorted(parents))
            self._wrong(f"<{name}> stands {where}", offset, source, f"its place is in {may}")
        if name in NOT_IN_ITSELF:
            around = [element.name for element in self.open]
            heading = re.fullmatch("h[1-6]", name)
            if name in around or (heading and any(re.fullmatch("h[1-6]", n) for n in around)):
                self._wrong(f"<{name}> stands in another one", offset, source, "close that first")

    def _close(self, name: str, offset: int, source: str) -> None:
        if self.open and self.open[-1].name == name:
            self.open.pop()
            return
        if not any(element.name == name for element in self.open):
            hint = "remove it; a paragraph ends before a block such as <div> or <ul>"
            self._wrong(f"`</{name}>` closes nothing", offset, source, hint)
            return
        while (element := self.open.pop()).name != name:
            self._unclosed(element)

    def _unclosed(self, element: _Open) -> None:
        if element.foreign or element.name not in OPTIONAL:
            hint = f"write </{element.name}> where it ends"
            self._wrong(f"<{element.name}> is not closed", element.offset, element.source, hint)

    def _wrong(self, message: str, offset: int, text: str, hint: str = "") -> None:
        self.problems.append(Problem(message, offset, text, hint))


def title_of(page: Page) -> str:
    """The text of a page's title; empty without one. A drawing's title is no page's."""
    body = page.html.find("<body")
    for element in page.named("title"):
        if element.offset < body or body < 0:
            start = element.offset + len(element.source)
            return unescape(page.html[start:].partition("<")[0]).strip()
    return ""
