"""Tables of an output: they scroll in themselves, numbers are aligned, headers say what they head.

What pandas, Polars, NumPy's users and R's kernels write is plain HTML with a look of its own; the
theme gives it the page's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml import etree

NUMBER = re.compile(
    r"[-−+±]?\s*(?:[$€£₩¥]\s*)?(?:\d[\d,\u202f' ]*(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?\s*[%‰]?"
    r"|[-+]?inf%?|nan%?|<na>|none|nat|[-–—]|",
    re.IGNORECASE,
)
"""A cell that may stand in a column of numbers: a number, or nothing."""
EMPTY = re.compile(r"nan%?|<na>|none|nat|[-–—]|", re.IGNORECASE)


def finish_tables(root: etree._Element) -> None:
    """Make the tables of an output the page's own."""
    for table in list(root.iter("table")):
        for name in ("border", "cellspacing", "cellpadding", "bgcolor", "width"):
            table.attrib.pop(name, "")
        for row in table.iter("thead", "tbody", "tr"):
            # pandas aligns a header's row to the right, whatever stands below it.
            row.attrib.pop("style", "")
        _scopes(table)
        _align(table)
        _put_into_box(table)


def _rows(table: etree._Element, part: str) -> list[etree._Element]:
    return [row for group in table.iterchildren(part) for row in group.iterchildren("tr")]


def _cells(row: etree._Element) -> list[etree._Element]:
    return list(row.iterchildren("td", "th"))


def _text(cell: etree._Element) -> str:
    return "".join(map(str, cell.itertext())).strip("\u00a0 \t\n")


def _scopes(table: etree._Element) -> None:
    """Say of each header whether it heads a column or a row (HTML, 4.9.10)."""
    for part, scope, span in (("thead", "col", "colspan"), ("tbody", "row", "rowspan")):
        for row in _rows(table, part):
            for cell in _cells(row):
                if cell.tag != "th" or cell.get("scope"):
                    continue
                if not _text(cell):
                    # An empty corner heads nothing.
                    cell.tag = "td"
                    continue
                many = str(cell.get(span, "1")) not in ("", "1")
                cell.set("scope", scope + "group" if many else scope)


def _align(table: etree._Element) -> None:
    """Give cells in columns of numbers, and their headers, the class `number`."""
    body = _grid(_rows(table, "tbody") or list(table.iterchildren("tr")))
    head = _grid(_rows(table, "thead"))
    width = max((len(row) for row in body), default=0)
    for column in range(width):
        cells = [row[column] for row in body if column < len(row)]
        data = [cell for cell in cells if cell is not None and cell.tag == "td"]
        texts = [_text(cell) for cell in data]
        is_number = all(NUMBER.fullmatch(text) for text in texts)
        if not is_number or all(EMPTY.fullmatch(text) for text in texts):
            continue
        above = [row[column] for row in head if column < len(row)]
        for cell in [*data, *(c for c in above if c is not None and not c.get("colspan"))]:
            cell.set("class", "number")


Grid = Sequence[Sequence[etree._Element | None]]


def _grid(rows: Sequence[etree._Element]) -> Grid:
    """Rows of cells, each at its column, for cells may span rows and columns."""
    grid: list[list[etree._Element | None]] = [[] for _ in rows]
    for number, row in enumerate(rows):
        column = 0
        for cell in _cells(row):
            while column < len(grid[number]) and grid[number][column] is not None:
                column += 1
            down, across = _span(cell, "rowspan"), _span(cell, "colspan")
            for below in grid[number : number + down]:
                below += [None] * (column + across - len(below))
                below[column : column + across] = [cell] * across
            column += across
    return grid


def _span(cell: etree._Element, name: str) -> int:
    value = str(cell.get(name, "1"))
    return min(max(int(value), 1), 1000) if value.isdecimal() and len(value) < 6 else 1


def _put_into_box(table: etree._Element) -> None:
    """A wide table scrolls in itself, and whoever has no mouse can focus it."""
    parent = table.getparent()
    if parent is None or any(True for _ in table.iterancestors("table")):
        return
    box = etree.Element("div", {"class": "table", "tabindex": "0"})
    box.tail, table.tail = table.tail, None
    parent.replace(table, box)
    box.append(table)
