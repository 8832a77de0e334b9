"""Pieces of Liquid and shortcodes that nothing stands for: shown where they stood, and told.

What is shown must leave the text around it whole: a link keeps its words, HTML stays HTML.
"""

from __future__ import annotations

import html
import re

from msgspec import Struct

from .passages import as_code, change_around_code
from .remarks import Remarks

START, END = "\ue006", "\ue007"
"""Stand around a piece in a link's target, until the link as a whole can be seen."""
ATTRIBUTE = re.compile(r"<[A-Za-z][^<>]*=\s*[\"'][^\"'<>]*\Z")
TARGET = re.compile(rf"\]\((?:[^()\n{END}]|{START}[^{END}]*{END}|\([^()\n]*\))*\Z")
HTML_BLOCK = re.compile(
    r"^[ ]{0,3}</?(?:address|article|aside|blockquote|body|caption|center|col|dd|details|dialog|div"
    r"|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|iframe|li|main|nav|ol|p"
    r"|section|summary|table|tbody|td|tfoot|th|thead|tr|ul)\b(?![^<>]*\bmarkdown\s*=)",
    re.IGNORECASE | re.MULTILINE,
)
"""How a line begins from which on all is HTML up to the next blank line, as CommonMark has it."""
LINK = re.compile(
    r"!?\[(?P<words>(?:\\.|[^\[\]\\\n]|\n(?![ \t]*\n)|!?\[[^\[\]\n]*\](?:\([^()\n]*\))?)*)\]"
    rf"\([ ]*(?P<target>(?:[^()\n{START}{END}]|\([^()\n]*\))*{START}"
    rf"(?:[^()\n{START}{END}]|{START}[^{END}]*{END}|{END}|\([^()\n]*\))*)\)"
    r"(?:\{:[^{}\n]*\})?"
)
REST = re.compile(f"{START}([^{END}]*){END}")


class Kind(Struct, frozen=True):
    """What is told of such a piece."""

    message: str
    hint: str


def show(written: str, before: str, kind: Kind, remarks: Remarks) -> str:
    """A piece as it is shown, behind the text `before`; a link's is left to `end_links`."""
    shown = keep(written, before)
    if shown.startswith(START):
        return shown
    hint = kind.hint if shown != written else "write what it stood for"
    return remarks.sign(kind.message, written, hint) + shown


def keep(written: str, before: str) -> str:
    """The same without a word about it."""
    above = before.rpartition("\n\n")[2]
    if ATTRIBUTE.search(above):
        # A tag of HTML cannot hold code; the build will name the place, too.
        return written
    if TARGET.search(above):
        return START + written + END
    if HTML_BLOCK.search(above):
        return f"<code>{html.escape(' '.join(written.split()), quote=False)}</code>"
    return as_code(written)


def end_links(text: str, kind: Kind, remarks: Remarks) -> str:
    """The text without links whose target holds such a piece: their words, and the target."""

    def words_and_target(match: re.Match[str]) -> str:
        target = REST.sub(r"\1", match["target"]).strip()
        hint = "write where the link leads: [words](address)"
        sign = remarks.sign(kind.message, target, hint)
        words = match["words"].strip()
        return f"{sign}{words} {as_code(target)}" if words else sign + as_code(target)

    def change(words: str) -> str:
        return REST.sub(
            lambda match: remarks.sign(kind.message, match[1], kind.hint) + as_code(match[1]),
            LINK.sub(words_and_target, words),
        )

    return change_around_code(text, change) if START in text else text
