"""The text of a page, heading by heading: what a search looks through.

It is read from the finished page, so that it is what a reader sees: formulas are their TeX, once,
and the words of a picture are those for readers who cannot see it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from lxml import etree
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
HAS_MORE = etree.XPath("boolean(.//*[not(self::code or self::span)])")
"""Whether a block of code holds more than coloured text."""
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
    root = etree.fromstring(f"<div>{body}</div>", etree.HTMLParser(huge_tree=True))
    drafts = [_Draft()]
    heading = code = None
    is_output = False
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        tag = element.tag
        if event == "start":
            said = element.text or ""
            if tag in HEADINGS and element.get("id"):
                heading = element
                drafts.append(_Draft(element.get("id", "")))
            elif tag == "pre" and code is None:
                code = element
                is_output = code.get("class") != "code"
                if not is_output and not HAS_MORE(code):
                    said = etree.tostring(code, method="text", encoding="unicode", with_tail=False)
                    walk.skip_subtree()
            elif _is_left_out(element):
                said = _instead(element)
                walk.skip_subtree()
        else:
            said = element.tail or ""
            if element is heading:
                heading = None
            elif element is code:
                code = None
        if tag not in INLINE and event in ("start", "end"):
            said = f" {said}"
        if heading is not None:
            drafts[-1].heading.append(said)
        elif code is not None:
            drafts[-1].parts.append((True, said[:LONGEST_OUTPUT] if is_output else said))
        else:
            drafts[-1].parts.append((False, said))
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
