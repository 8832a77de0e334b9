"""Tables as directives: `{table}` around a table, `{list-table}` and `{csv-table}`.

A list of lists has a row for each item, and a cell for each of its items; so a cell may hold
whatever a list may. The cells of CSV (RFC 4180) are lines of Markdown.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from markdown_it.token import Token

from .context import Context
from .directive_options import ALIGNMENT, COUNT, FLAG, TEXT, Option
from .directives import Directive, Draft, Frame, Written, blocks_of
from .labels import caption_start, numbered_caption
from .picture_directives import aligned, identity

DELIMITERS = {"tab": "\t", "space": " "}
"""Names of delimiters that cannot be seen."""
DELIMITER = Option("one character", TEXT.pattern, "for example ; or tab or space")

LIST_HINT = "each item is a row, and holds a list of its cells: * - one"


def _show(written: Written, number: str, context: Context) -> tuple[Frame, Frame]:
    label = written.options.get("label", "") if number else ""
    start = numbered_caption(caption_start(label, number, context.strings), bool(written.argument))
    if not (start or written.argument or "align" in written.options):
        return Frame(""), Frame("")
    before, after = ("<figcaption>" + start, "</figcaption>\n")
    if not (start or written.argument):
        before = after = ""
    return (
        Frame(
            f"<figure{identity(label)}{aligned(written)}>\n{before}", after, closing="</figure>\n"
        ),
        Frame(f"<figure>\n{before}", after, closing="</figure>\n"),
    )


def _finish_table(draft: Draft, tokens: list[Token]) -> list[Token]:
    blocks = blocks_of(tokens)
    if len(blocks) == 1 and blocks[0][0].type == "table_open":
        return tokens
    wrong = next((block[0] for block in blocks if block[0].type != "table_open"), None)
    line = wrong.map[0] if wrong and wrong.map else draft.body
    hint = "it holds rows of | cells |, a rule |---| below the first, and nothing else"
    draft.wrong("`{table}` holds something else than one table", hint, line)
    return tokens


def _finish_list_table(draft: Draft, tokens: list[Token]) -> list[Token]:
    """The tokens of a table instead of those of a list of lists."""
    rows: list[list[list[Token]]] = []
    blocks = blocks_of(tokens)
    if len(blocks) != 1 or blocks[0][0].type != "bullet_list_open":
        others = [block[0] for block in blocks if block[0].type != "bullet_list_open"]
        wrong = next(iter(others or [block[0] for block in blocks[1:]]), None)
        line = wrong.map[0] if wrong and wrong.map else draft.body
        draft.wrong("`{list-table}` holds something else than one list", LIST_HINT, line)
        return tokens
    lines = []
    for item in blocks_of(blocks[0][1:-1]):
        line = item[0].map[0] if item[0].map else draft.body
        inner = blocks_of(item[1:-1])
        if len(inner) != 1 or inner[0][0].type != "bullet_list_open":
            draft.wrong("a row of `{list-table}` is no list of cells", LIST_HINT, line)
            continue
        rows.append([cell[1:-1] for cell in blocks_of(inner[0][1:-1])])
        lines.append(line)
    return _table(draft, rows, lines)


def _push_csv_table(draft: Draft) -> None:
    delimiter = draft.options.get("delim", ",")
    delimiter = DELIMITERS.get(delimiter, delimiter)
    if len(delimiter) != 1:
        draft.wrong(
            f"`:delim:` must be one character, not `{delimiter}`",
            DELIMITER.hint,
            draft.line_of("delim"),
        )
        return
    rows: list[list[list[Token]]] = []
    lines: list[int] = []
    header = draft.options.get("header", "")
    for text, first in ((header, draft.line_of("header")), (draft.text(), draft.body)):
        for line, cells in _records(draft, text, first, delimiter):
            rows.append([_inline(cell, line) for cell in cells])
            lines.append(line)
    if not rows and not draft.problems:
        draft.wrong("`{csv-table}` is empty", "write a row on each line")
    if not draft.problems:
        draft.state.tokens += _table(draft, rows, lines, heads=int(bool(header)))


def _records(
    draft: Draft, text: str, first: int, delimiter: str
) -> Iterator[tuple[int, list[str]]]:
    """The rows of CSV, each with its line."""
    reader = csv.reader(
        [f"{line}\n" for line in text.split("\n")],
        delimiter=delimiter,
        skipinitialspace="keepspace" not in draft.options,
        strict=True,
    )
    while True:
        line = first + reader.line_num
        try:
            cells = next(reader, None)
        except csv.Error as error:
            hint = 'a cell that holds a comma or a quote stands in quotes: "a, ""b"""'
            draft.wrong(f"the row is no CSV: {error}", hint, line)
            return
        if cells is None:
            return
        if cells:
            yield line, [cell.strip() for cell in cells]


def _inline(text: str, line: int) -> list[Token]:
    token = Token("inline", "", 0)
    token.content, token.map, token.children = text, [line, line + text.count("\n") + 1], []
    return [token]


def _table(
    draft: Draft, rows: Sequence[list[list[Token]]], lines: Sequence[int], heads: int = 0
) -> list[Token]:
    """Tokens of a table, as those of one that is written with bars."""
    heads += int(draft.options.get("header-rows", "0"))
    stubs = int(draft.options.get("stub-columns", "0"))
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(rows[0]):
            hint = f"the first row has {len(rows[0])}: give each as many, empty ones too"
            draft.wrong(f"a row has {_cells(len(row))}", hint, line)
    if heads > len(rows):
        hint = f"the table has {len(rows)}"
        draft.wrong(
            "`:header-rows:` names more rows than there are", hint, draft.line_of("header-rows")
        )
    tokens = [Token("table_open", "table", 1, block=True)]
    tokens[0].map = [lines[0] if lines else draft.body, draft.last]
    for part, cells in (("thead", rows[:heads]), ("tbody", rows[heads:])):
        if not cells:
            continue
        tokens.append(Token(f"{part}_open", part, 1, block=True))
        for row in cells:
            tokens.append(Token("tr_open", "tr", 1, block=True))
            for column, cell in enumerate(row):
                tokens += _cell(cell, part == "thead", part == "tbody" and column < stubs)
            tokens.append(Token("tr_close", "tr", -1, block=True))
        tokens.append(Token(f"{part}_close", part, -1, block=True))
    tokens.append(Token("table_close", "table", -1, block=True))
    return tokens


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _cell(content: list[Token], heads_column: bool, heads_row: bool) -> list[Token]:
    # An empty corner heads nothing.
    heads = (heads_column or heads_row) and any(token.content for token in content)
    tag = "th" if heads else "td"
    opening = Token(f"{tag}_open", tag, 1, block=True)
    if heads:
        opening.attrs = {"scope": "col" if heads_column else "row"}
    return [opening, *content, Token(f"{tag}_close", tag, -1, block=True)]


ROWS = {"header-rows": COUNT, "stub-columns": COUNT}

TABLE_DIRECTIVES = {
    "table": Directive(
        _show,
        {"label": TEXT, "align": ALIGNMENT},
        needs={"body": "write a table below its caption"},
        counts="tbl",
        only_labelled=True,
        finish=_finish_table,
    ),
    "list-table": Directive(
        _show,
        {"label": TEXT, "align": ALIGNMENT, **ROWS},
        needs={"body": LIST_HINT},
        counts="tbl",
        only_labelled=True,
        finish=_finish_list_table,
    ),
    "csv-table": Directive(
        _show,
        {
            "label": TEXT,
            "align": ALIGNMENT,
            "header": TEXT,
            **ROWS,
            "delim": DELIMITER,
            "keepspace": FLAG,
        },
        body="text",
        counts="tbl",
        only_labelled=True,
        push=_push_csv_table,
    ),
}
