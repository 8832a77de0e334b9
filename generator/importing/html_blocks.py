"""HTML in posts: Markdown and formulas in it stand where they are read here, between blank lines.

MathJax found a formula in any element of a page; here it is a part of Markdown, which a block of
HTML holds only behind a blank line.
"""

from __future__ import annotations

import re

from .passages import FORMULA, change_around_code

BLOCKS = (
    "address|article|aside|blockquote|caption|center|dd|details|dialog|div|dl|dt|fieldset"
    "|figcaption|figure|footer|form|h[1-6]|header|img|li|main|nav|ol|p|section|summary|table|tbody"
    "|td|tfoot|th|thead|tr|ul"
)
LEAF = re.compile(
    rf"<(?P<name>{BLOCKS})\b(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>"
    rf"(?P<inner>(?:(?!</?(?:{BLOCKS})\b|\n[ \t]*\n).)*?\ue009"
    rf"(?:(?!</?(?:{BLOCKS})\b|\n[ \t]*\n).)*)(?P<end><(?P<slash>/?)(?P<other>{BLOCKS})\b)",
    re.IGNORECASE | re.DOTALL,
)
"""An element's content that holds a formula, which stands as one sign, and no other element."""
INSIDE = re.compile(
    rf"(?<=>)[ \t]*\n(?=[ ]{{0,3}}<(?:{BLOCKS})\b[^<>\n]*\smarkdown=[\"']?(?:1|block)\b[^<>\n]*>)",
    re.IGNORECASE,
)


def open_html(text: str) -> str:
    """The text with blank lines in its HTML where Markdown or a formula begins and ends."""

    def change(words: str) -> str:
        formulas: list[str] = []

        def hide(match: re.Match[str]) -> str:
            formulas.append(match[0])
            return f"\ue009{len(formulas) - 1}\ue00a"

        words = FORMULA.sub(hide, INSIDE.sub("\n\n", words))
        words = LEAF.sub(_opened, words)
        return re.sub("\ue009(\\d+)\ue00a", lambda match: formulas[int(match[1])], words)

    return change_around_code(text, change)


def _opened(match: re.Match[str]) -> str:
    name, attributes = match["name"], match["attributes"]
    if re.search(r"\smarkdown\s*=", attributes):
        return match[0]
    lines = "\n".join(line.strip() for line in match["inner"].strip().split("\n"))
    end = match["end"]
    is_paragraph = name.lower() == "p" and match["slash"] and match["other"].lower() == "p"
    if is_paragraph:  # The Markdown in it is a paragraph itself.
        name, end = "div", "</div"
    return f"<{name}{attributes}>\n\n{lines}\n\n{end}"
