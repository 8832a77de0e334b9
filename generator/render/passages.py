"""The text of a page, heading by heading: what a search looks through.

It is read from the finished page, so that it is what a reader sees: formulas are their TeX, once,
and the words of a picture are those for readers who cannot see it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from lxml import etree
from lxml import html as lxml_html
from msgspec import Struct

from ..model import Passage

HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
INLINE = frozenset(
    "a abbr b bdi cite code del dfn em i ins kbd mark q s samp small span strong sub sup "
    "u wbr".split()
)
"""Elements that part no words; all others do."""
NO_TEXT = frozenset(("script", "style", "template", "input", "math"))
NO_TEXT_CLASSES = frozenset(
    "anchor back contents footnote-backref footnote-ref katex number row-numbers".split()
)
"""What leads somewhere and says nothing of its own; and formulas, whose TeX is read instead."""
LONGEST_OUTPUT = 2000
"""Characters. What a cell prints beyond that is data, and nobody looks for it by its words."""


class Reading(Struct, frozen=True):
    """A passage, and what of it is prose."""

    passage: Passage
    prose: str
    code: str
    """The rest of its text: code, and what code has put out."""


class _Draft(Struct):
    id: str = ""
    heading: list[str] = []
    parts: list[tuple[bool, str]] = []
    """Whether it is code, and its text."""

    def read(self) -> Reading:
        heading, text = one_line(self.heading), one_line(text for _, text in self.parts)
        return Reading(
            Passage(self.id, heading, text),
            prose=one_line(text for is_code, text in self.parts if not is_code),
            code=one_line(text for is_code, text in self.parts if is_code),
        )


def read_passages(body: str) -> tuple[Reading, ...]:
    """The text of a post's page, in its order; without those passages that say nothing."""
    # The parser stops at a depth of 256 unless it is told that this page is no attack.
    parser = lxml_html.HTMLParser(huge_tree=True)
    root = lxml_html.fragment_fromstring(body, create_parent="div", parser=parser)
    drafts = [_Draft()]
    heading = code = None
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        starts = event == "start"
        said = (element.text if starts else element.tail) or ""
        if starts and element.tag in HEADINGS and element.get("id"):
            heading = element
            drafts.append(_Draft(element.get("id", "")))
        elif starts and element.tag == "pre" and code is None:
            code = element
        elif starts and _is_left_out(element):
            said = _instead(element)
            walk.skip_subtree()
        elif element is heading:
            heading = None
        elif element is code:
            code = None
        if event in ("start", "end") and element.tag not in INLINE:
            said = f" {said}"
        if heading is not None:
            drafts[-1].heading.append(said)
        else:
            is_output = code is not None and code.get("class") != "code"
            said = said[:LONGEST_OUTPUT] if is_output else said
            drafts[-1].parts.append((code is not None, said))
    found = [draft.read() for draft in drafts]
    return tuple(each for each in found if each.passage.id or each.passage.text)


def _is_left_out(element: etree._Element) -> bool:
    if element.tag in NO_TEXT or element.tag in ("svg", "img"):
        return True
    classes = element.get("class")
    return (classes is not None and not NO_TEXT_CLASSES.isdisjoint(classes.split())) or (
        element.tag == "summary" and _folds_code(element)
    )


def _folds_code(summary: etree._Element) -> bool:
    parent = summary.getparent()
    return parent is not None and parent.get("class") in ("code-fold", "output-fold")


def _instead(element: etree._Element) -> str:
    """What is read in place of an element that is not read itself."""
    if element.tag in ("svg", "img"):
        return f" {element.get('alt') or element.get('aria-label') or ''} "
    tex = element.find(".//annotation") if "katex" in element.get("class", "").split() else None
    return f"${one_line(tex.text or '')}$" if tex is not None else ""


def one_line(parts: Iterable[str]) -> str:
    """A text on one line, in the form in which Hangul is typed: NFC (UAX 15)."""
    return unicodedata.normalize("NFC", " ".join("".join(parts).split()))
