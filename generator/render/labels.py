"""Labels: what can be referred to, and the number it has in its post.

A label tells by its prefix what it names. Numbers are given in one pass over the tokens of a
post, in the order of the text, one sequence a kind, before anything is rendered: a reference may
stand above what it refers to. Only labelled equations, figures, tables and listings are numbered;
statements always are; headings are as soon as one of them is labelled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from markdown_it.token import Token

from ..errors import InkcellError, MarkdownError, MathError
from ..model import Code, Label
from .context import Fragments, Place
from .directives import STATEMENTS, Written
from .equations import take_apart
from .mathematics import DISPLAY_TOKENS, INLINE_TOKENS

PREFIXES = ("eq", "fig", "tbl", "lst", "sec", *STATEMENTS)
LABEL = re.compile(rf"(?:{'|'.join(PREFIXES)})-[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
LABEL_HINT = "a label is a prefix, a hyphen, letters from a to z and digits: eq-cut"

CELL = "inkcell_cell"
"""The token that stands for a code cell."""
CAPTION_OPEN = "table_caption_open"


def placed(tokens: Iterable[Token]) -> Iterator[tuple[Token, Place]]:
    """Tokens with their places; those that know none stand where the last one stood."""
    place = Place(0, None)
    for token in tokens:
        if token.map or "cell" in token.meta:
            place = Place(token.meta.get("cell", place.cell), token.map[0] if token.map else None)
        yield token, place


class Numbering:
    """Numbers what stands in one post, and notes what is labelled wrongly."""

    def __init__(self) -> None:
        self.labels: dict[str, Label] = {}
        self.errors: list[InkcellError] = []
        self.counts: dict[str, int] = {}
        self.places: dict[str, Place] = {}

    def next(self, kind: str) -> str:
        """The next number of a kind."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return str(self.counts[kind])

    def label(self, name: str, kind: str, number: str, place: Place, text: str) -> bool:
        """Note that `name` is the label of something; False if it cannot be.

        Args:
            name: as it was written.
            kind: the prefix that it must have.
            number: the number of what it names.
            place: where it stands.
            text: what to show of that place.
        """
        if not LABEL.fullmatch(name):
            better = f"{kind}-{name}"
            hint = f"name it {better}" if LABEL.fullmatch(better) else LABEL_HINT
            self.wrong(f"`{name}` is no label", place, text, hint)
        elif not name.startswith(kind + "-"):
            hint = f"name it {kind}-{name.partition('-')[2]}"
            self.wrong(f"the label `{name}` must start with `{kind}-`", place, text, hint)
        elif name in self.labels:
            first = self.places[name]
            where = f"line {first.line}" if first.line else "another line"
            where += f" of cell {first.cell}" if first.cell != place.cell else ""
            message = f"the label `{name}` stands twice in the post"
            self.wrong(message, place, text, f"it is also on {where}: give one another name")
        else:
            self.labels[name] = Label(name, number)
            self.places[name] = place
            return True
        return False

    def wrong(self, message: str, place: Place, text: str, hint: str) -> None:
        """Note a mistake."""
        error = MarkdownError(message).at(line=place.line, cell=place.cell, text=text, hint=hint)
        self.errors.append(error)


def with_fragments(tokens: Iterable[Token], fragments: Fragments) -> Iterator[Token]:
    """The tokens of a post, those of outputs behind their cells."""
    by_cell: dict[int, list[Token]] = {}
    for (cell, _), fragment in sorted(fragments.items()):
        by_cell.setdefault(cell, []).extend(fragment)
    for token in tokens:
        yield token
        if token.type == CELL:
            yield from by_cell.get(token.meta["cell"], ())


def number(tokens: Sequence[Token], fragments: Fragments) -> Numbering:
    """Number the tokens of a post; what was found is also written into their `meta`."""
    numbering = Numbering()
    tokens = list(with_fragments(tokens, fragments))
    _number_headings(tokens, numbering)
    for index, (token, place) in enumerate(placed(tokens)):
        if token.type in DISPLAY_TOKENS:
            _number_equation(token, place, numbering)
        elif token.type == CELL:
            _number_cell(token, place, numbering)
        elif token.type == "directive_open":
            _number_directive(token, place, numbering)
        elif token.type == CAPTION_OPEN:
            _number_table(tokens, index, place, numbering)
        elif token.type == "inline":
            _number_inline(tokens, index, place, numbering)
    return numbering


def _number_headings(tokens: Sequence[Token], numbering: Numbering) -> None:
    """Section numbers, `2.1`: levels that are left out do not count."""
    open_levels: list[tuple[int, int]] = []
    wanted = any(LABEL.match(t.meta.get("label", "")) for t in tokens if t.type == "heading_open")
    for token, place in placed(tokens):
        if token.type != "heading_open":
            continue
        if "unnumbered" in str(token.attrGet("class") or "").split():
            continue
        if "put_out" in token.meta and not LABEL.match(token.meta.get("label", "")):
            continue  # It is no part of the text, unless the text names it.
        level, count = int(token.tag[1]), 0
        while open_levels and open_levels[-1][0] >= level:
            count = open_levels.pop()[1]
        open_levels.append((level, count + 1))
        written = ".".join(str(count) for _, count in open_levels)
        name = token.meta.get("label", "")
        if wanted:
            token.meta["number"] = written
        if LABEL.match(name):
            numbering.label(name, "sec", written, place, f"{{#{name}}}")


def _number_equation(token: Token, place: Place, numbering: Numbering) -> None:
    tex = token.content.lstrip()
    place = place.below(token.content[: len(token.content) - len(tex)].count("\n"))
    outer = token.meta.get("label", "") or token.info
    try:
        equation = take_apart(tex.rstrip(), outer)
    except MathError as error:
        here = place.below((error.line or 1) - 1)
        error.line = None
        numbering.errors.append(error.at(line=here.line, cell=here.cell))
        return
    token.meta["equation"] = equation.numbered(lambda row: row.tag or numbering.next("eq"))
    for row in token.meta["equation"].labelled:
        here = place.below(row.line)
        shown = f"({row.label})" if row.label == outer else rf"\label{{{row.label}}}"
        if row.label == outer and "label_line" in token.meta:
            here, shown = Place(place.cell, token.meta["label_line"]), token.meta["label_text"]
        numbering.label(row.label, "eq", row.number, here, shown)


def _number_cell(token: Token, place: Place, numbering: Numbering) -> None:
    """A cell's label names the figure or the table that it puts out."""
    code: Code = token.meta["code"]
    name = code.display.label
    kind = name.partition("-")[0]
    if kind not in PREFIXES or code.display.output == "absent" or not code.runs:
        return
    if kind not in ("fig", "tbl"):
        kind = "fig"
    text = f"#| label: {name}"
    if numbering.label(name, kind, str(numbering.counts.get(kind, 0) + 1), place, text):
        numbering.next(kind)


def _number_directive(token: Token, place: Place, numbering: Numbering) -> None:
    written: Written = token.meta["written"]
    kind, name = written.counts, written.options.get("label", "")
    if name and "nonumber" in written.options:
        hint = "remove one of them: a reference shows a number"
        message = "a statement has a label, but no number"
        numbering.wrong(message, Place(place.cell, written.label_line), written.label_text, hint)
    if not kind or "nonumber" in written.options or (written.only_labelled and not name):
        return
    number = str(numbering.counts.get(kind, 0) + 1)
    here = Place(place.cell, written.label_line)
    labelled = bool(name) and numbering.label(name, kind, number, here, written.label_text)
    if labelled or not written.only_labelled:
        token.meta["number"] = numbering.next(kind)


def _number_table(tokens: Sequence[Token], index: int, place: Place, numbering: Numbering) -> None:
    """A caption belongs to the table above it, or else to the one below it."""
    name, text = tokens[index].meta["label"], tokens[index].meta["text"]
    for token in tokens[index : index + 3]:
        token.meta["shown_elsewhere"] = True
    above = tokens[index - 1] if index else None
    below = tokens[index + 3] if index + 3 < len(tokens) else None
    if above is not None and above.type == "table_close" and "caption" not in above.meta:
        table = next(t for t in reversed(tokens[:index]) if t.type == "table_open")
        above.meta["caption"] = True
    elif below is not None and below.type == "table_open":
        table = below
        next(t for t in tokens[index:] if t.type == "table_close").meta["caption"] = True
    else:
        hint = "it stands directly above or below its table"
        text = f"{{#{name}}}" if name else text
        numbering.wrong("the caption belongs to no table", place, text, hint)
        return
    written = str(numbering.counts.get("tbl", 0) + 1) if name else ""
    if name and numbering.label(name, "tbl", written, place, f"{{#{name}}}"):
        numbering.next("tbl")
    table.meta["caption"] = tokens[index + 1]
    table.meta["label"], table.meta["number"] = name, written


def _number_inline(tokens: Sequence[Token], index: int, place: Place, numbering: Numbering) -> None:
    children = tokens[index].children or []
    for child in children:
        if child.type in INLINE_TOKENS and child.meta.get("display"):
            _number_equation(child, place, numbering)
        elif child.type == "image" and LABEL.match(str(child.attrGet("id") or "")):
            name = str(child.attrGet("id"))
            text = f"{{#{name}}}"
            if len(children) > 1 or tokens[index - 1].type != "paragraph_open":
                hint = "a figure stands in a paragraph of its own"
                numbering.wrong("a labelled picture stands inside text", place, text, hint)
                continue
            written = str(numbering.counts.get("fig", 0) + 1)
            if numbering.label(name, "fig", written, place, text):
                numbering.next("fig")
                child.meta["number"] = written


def numbered_caption(start: str, has_text: bool) -> str:
    """What a caption begins with, as HTML: `그림 2.`, then the text if there is one."""
    if not start:
        return ""
    return f'<span class="caption-label">{escape(start, quote=False)}{"." * has_text}</span>' + (
        " " * has_text
    )


def caption_start(label: str, number: str, strings: Mapping[str, str]) -> str:
    """What a caption begins with: `그림 2`; nothing for what has no number."""
    kind = label.partition("-")[0]
    return strings[f"{kind}_reference"].format(n=number) if number else ""
