r"""Equations: which rows of a display formula have a label or a `\tag`, and how numbers are set.

Only what is labelled or tagged has a number. KaTeX would number every row of `align` by a style
sheet's counter, which no link knows; so environments lose their own numbers here. A formula with
one number is shown with the number beside it, outside the formula: it stays where it is when a
wide formula scrolls. Rows of `align` and its kin have numbers of their own, set by KaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from ..errors import MathError

WITHOUT_NUMBERS = {
    "equation": "",
    "align": "aligned",
    "alignat": "alignedat",
    "gather": "gathered",
}
"""Environments that number themselves, and what sets the same without numbers in a formula."""

ENVIRONMENT = re.compile(
    r"\s*\\begin\{(?P<name>" + "|".join(WITHOUT_NUMBERS) + r")(?P<star>\*?)\}"
    r"(?P<body>.*)\\end\{(?P=name)(?P=star)\}\s*",
    re.DOTALL,
)
PIECE = re.compile(
    r"""
    (?P<comment> (?<!\\) % [^\n]* )
    | \\(?P<command> label | tag\*? | notag | nonumber ) (?![A-Za-z]) \s*
    | \\(?P<edge> begin | end ) \s* \{
    | (?P<row> \\\\ )
    | \\.
    | (?P<brace> [{}] )
    """,
    re.VERBOSE | re.DOTALL,
)
ABOUT_NUMBERS = re.compile(r"\\(?:label|tag|no)")
"""The beginning of what is taken out of a row: most rows have none of it."""
REFERENCE = re.compile(r"\\(?P<how>eqref|ref)\s*\{(?P<label>[^{}]*)\}")


class Row(Struct, frozen=True):
    """A row of a display formula, or all of it, without its label and tag."""

    tex: str
    label: str = ""
    tag: str = ""
    line: int = 0
    """Line of the label, counted from 0 in the formula."""
    number: str = ""
    """What numbering gave it; empty without a label."""


class Equation(Struct, frozen=True):
    """A display formula, taken apart."""

    rows: tuple[Row, ...]
    opening: str = ""
    """`\\begin{align*}`, with what follows it."""
    closing: str = ""

    @property
    def by_rows(self) -> bool:
        """Whether rows have numbers of their own."""
        return bool(self.opening)

    @property
    def labelled(self) -> tuple[Row, ...]:
        """The rows that can be referred to."""
        return tuple(row for row in self.rows if row.label)

    def numbered(self, number: Callable[[Row], str]) -> Equation:
        """The same formula; each labelled row has the number that `number` gives it."""
        rows = (replace(row, number=number(row)) if row.label else row for row in self.rows)
        return replace(self, rows=tuple(rows))

    def tex(self, tags: bool = False) -> str:
        """The formula for KaTeX.

        Args:
            tags: whether a formula with one number carries it, for a feed.
        """
        if not self.by_rows:
            (row,) = self.rows
            shown = row.number if row.label and tags else row.tag if not row.label else ""
            return row.tex.rstrip() + _tag(shown, row.tex)
        parts = []
        for row in self.rows:
            shown = row.tag
            if row.label:
                shown = row.number if tags else rf"\htmlId{{{row.label}}}{{{row.number}}}"
            parts.append(row.tex + _tag(shown, row.tex))
        return self.opening + r"\\".join(parts) + self.closing


def _tag(shown: str, tex: str) -> str:
    if not shown:
        return ""
    # A comment at the end would hide the tag.
    space = "\n" if "%" in tex.rpartition("\n")[2] else " "
    return rf"{space}\tag{{{shown}}}"


def take_apart(tex: str, label: str = "") -> Equation:
    r"""The rows of a display formula; `label` is one that stands behind it: `$$ (eq-name)`.

    Raises:
        MathError: two labels or tags where one number stands.
    """
    match = ENVIRONMENT.fullmatch(tex)
    if match and not _is_whole(match["body"]):
        match = None
    if match is None:
        row = _one_row(tex, tex, 0, label)
        return Equation((row if row.label else Row(tex),))
    before = tex[: match.start("body")].count("\n")
    if match["name"] == "equation" or label:
        # One number for all of it: the environment that has none of its own stands in.
        inner = WITHOUT_NUMBERS[match["name"]]
        opening, closing = (rf"\{edge}{{{inner}}}" if inner else "" for edge in ("begin", "end"))
        row = _one_row(match["body"], tex, before, label)
        return Equation((replace(row, tex="\n" * before + opening + row.tex + closing),))
    opening, closing = (rf"\{edge}{{{match['name']}*}}" for edge in ("begin", "end"))
    opening = "\n" * before + opening
    parts = []
    for text in _split_rows(match["body"]):
        parts.append(_one_row(text, tex, before, ""))
        before += text.count("\n")
    if not any(row.label or row.tag for row in parts):
        # Nothing to number: the formula as it is, but for KaTeX's own numbers.
        whole = opening + r"\\".join(row.tex for row in parts) + closing
        return Equation((Row(tex if match["star"] else whole),))
    return Equation(tuple(parts), opening, closing)


def _is_whole(body: str) -> bool:
    """Whether an environment's body closes nothing that it did not open."""
    depth = 0
    for piece in PIECE.finditer(body):
        depth += {"begin": 1, "end": -1}.get(piece["edge"] or "", 0)
        if depth < 0:
            return False
    return depth == 0


def _split_rows(body: str) -> list[str]:
    r"""The rows of an environment: `\\` inside braces or inner environments parts none."""
    depth, start, rows = 0, 0, []
    for piece in PIECE.finditer(body):
        if piece["edge"]:
            # The brace of `\begin{` belongs to the piece; its closing one is a piece of its own.
            depth += 2 if piece["edge"] == "begin" else 0
        elif piece["brace"]:
            depth += 1 if piece["brace"] == "{" else -1
        elif piece["row"] and depth <= 0:
            rows.append(body[start : piece.start()])
            start = piece.end()
    return [*rows, body[start:]]


def _one_row(text: str, formula: str, before: int, label: str) -> Row:
    """A row: its label and tag taken out, every other character where it stood."""
    if not ABOUT_NUMBERS.search(text):
        return Row(text, label)
    labels: list[tuple[str, int]] = [(label, 0)] if label else []
    tags: list[str] = []
    parts: list[str] = []
    position = 0
    for piece in PIECE.finditer(text):
        command = piece["command"]
        if not command or piece.start() < position:
            continue
        end = piece.end()
        if command in ("label", "tag", "tag*"):
            closed = _closed(text, piece.end())
            if closed is None:
                continue  # KaTeX says what is wrong with it.
            end = closed
            content = text[piece.end() + 1 : end - 1].strip()
            line = before + text.count("\n", 0, piece.start())
            if command == "label":
                labels.append((content, line))
            else:
                tags.append(content)
            if len(labels) > 1 or len(tags) > 1:
                raise MathError("one number stands here, and two labels or tags name it").at(
                    line=line + 1,
                    text=formula.split("\n")[line].strip(),
                    hint=r"rows of \begin{align} have a label each",
                )
        parts += [text[position : piece.start()], re.sub(r"[^\n]", "", text[piece.start() : end])]
        position = end
    parts.append(text[position:])
    name, line = labels[0] if labels else ("", before)
    return Row("".join(parts), name, tags[0] if tags else "", line)


def _closed(text: str, start: int) -> int | None:
    """The position after the brace that closes the one at `start`."""
    if not text.startswith("{", start):
        return None
    depth = 0
    for position in range(start, len(text)):
        if text[position] in "{}" and text[position - 1] != "\\":
            depth += 1 if text[position] == "{" else -1
            if depth == 0:
                return position + 1
    return None
