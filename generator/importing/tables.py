"""Tables as kramdown and Pandoc read them: bars in code divide no cells, a head may lack."""

from __future__ import annotations

import re

from .passages import change_around_code, passages

DELIMITERS = re.compile(
    r"^[ \t>]*(?:\|[ \t]*:?-+:?[ \t]*\|?|:?-+:?[ \t]*\|)(?:[ \t]*:?-+:?[ \t]*\|?)*[ \t]*$",
    re.MULTILINE,
)
"""The row of hyphens below the head."""
ROW = re.compile(r"(?:[ \t>]|\ue000\d+\ue001)*\|")
BAR = re.compile(r"(?<!\\)\|")
ROWS = re.compile(
    r"(?P<above>(?:\A|\n)[ \t]*\n|\A)(?P<rows>(?:[ ]{0,3}\|[^\n]*(?:\n|\Z))+)"
    r"(?=[ \t]*(?:\n|\Z)|\{:)"
)


def escape_bars(text: str) -> str:
    r"""The text with `\|` for a bar of inline code in a row of a table."""
    done = ""
    for part, is_code in passages(text):
        inline = is_code and "|" in part and "\n" not in part and part.startswith(("`", "<"))
        if inline and not part.startswith("<!--") and _in_table(text, len(done), part):
            part = BAR.sub(lambda _: "\ue008", part)
        done += part
    return done.replace("\ue008", r"\|")


def _in_table(text: str, position: int, part: str) -> bool:
    start = text.rfind("\n", 0, position) + 1
    if ROW.match(text, start, position):
        return True
    above = text[:start].rpartition("\n\n")[2]
    below = text[position + len(part) :].partition("\n\n")[0].partition("\n")[2]
    return DELIMITERS.search(f"{above}\n{below}") is not None


def add_heads(text: str) -> str:
    """The text with an empty head for each table that has none."""

    def with_head(match: re.Match[str]) -> str:
        rows = match["rows"]
        first, _, rest = rows.partition("\n")
        hyphens = [bool(DELIMITERS.match(row)) for row in rows.strip("\n").split("\n")]
        if len(hyphens) > 1 and hyphens[1]:
            return match[0]
        count = len(BAR.findall(first.strip().removeprefix("|").removesuffix("|"))) + 1
        empty = "|" + "   |" * count + "\n"
        if hyphens[0]:
            return f"{match['above']}{empty}{rows}" if rest.strip() else match[0]
        return f"{match['above']}{empty}|{'---|' * count}\n{rows}"

    return change_around_code(text, lambda words: ROWS.sub(with_head, words))
