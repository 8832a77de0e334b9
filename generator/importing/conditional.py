"""What Quarto shows in some formats only, `::: {.content-visible when-format="pdf"}`.

A condition names a format, as https://quarto.org/docs/authoring/conditional.html has it; of
several conditions one is enough. What Quarto kept from its pages of HTML is left out here.
"""

from __future__ import annotations

import re

from .divs import OPENING, inside_div, lines_with_code
from .passages import FLAGS, MARKED_CODE, change_around_code
from .remarks import Remarks

PAGES = ("html", "html4", "html5", "html:js")
"""Names by which a condition means the pages of a website."""
CLASS = re.compile(r"(?:\.|\A\s*)content-(?P<kind>visible|hidden)(?![\w-])")
CONDITION = re.compile(
    r"(?P<key>(?:when|unless)-[\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s}]+))"
)
SPAN = re.compile(
    r"\[(?P<words>(?:\\.|[^\[\]\\]|\[(?:[^\[\]]|\[[^\[\]]*\])*\])*)\]\{(?P<attributes>[^{}]*)\}"
)
CELL = re.compile(r"\{(?P<language>[A-Za-z]\w*)\b[^}]*\}\s*$")
BLOCK = re.compile(MARKED_CODE, FLAGS)
HINT = "if it shall be read here, write it into the post without the condition"


def leave_out_hidden(text: str, remarks: Remarks) -> str:
    """The text without what a page of HTML did not show; what it did show loses its condition.

    Cells in it still run, as they did there: other cells may need them.
    """
    text = BLOCK.sub(lambda match: _block(match, remarks), _without_divs(text, remarks))

    def span(match: re.Match[str]) -> str:
        shown = is_shown(match["attributes"])
        if shown is None:
            return match[0]
        if shown:
            return match["words"]
        message = "a passage is left out that pages did not show"
        return remarks.sign(message, match["attributes"], HINT)

    return change_around_code(text, lambda words: SPAN.sub(span, words))


def is_shown(attributes: str) -> bool | None:
    """Whether a page of HTML shows what has these attributes; None if they hold no condition.

    Profiles and metadata of another tool are not known here: what needs them is not shown.
    """
    found = CLASS.search(attributes)
    if not found:
        return None
    conditions = [
        (key, next((text for text in texts if text), "").strip().lower())
        for key, *texts in CONDITION.findall(attributes)
    ]
    visible = found["kind"] == "visible"
    holds = not conditions
    for key, wanted in conditions:
        if key in ("when-format", "unless-format"):
            holds |= (wanted in PAGES) == (key == "when-format")
        else:
            # Not known: as if the author had meant to hide it.
            holds |= not visible
    return holds if visible else not holds


def _without_divs(text: str, remarks: Remarks) -> str:
    lines, is_code = lines_with_code(text)
    written: list[str] = []
    number = 0
    ends: list[int] = []
    """Where the divs end whose fences alone are left out."""
    while number < len(lines):
        line = lines[number]
        opening = None if is_code[number] else OPENING.match(line)
        said = (opening["attributes"] or opening["name"] or "") if opening else ""
        shown = is_shown(said)
        if number in ends:
            written.append("")
        elif shown is None:
            written.append(line)
        else:
            inside = inside_div(lines, is_code, number)
            end = number + len(inside) + 1
            if shown:
                ends.append(end)
                written.append("")
            else:
                hint = HINT if end < len(lines) else "its end was not found: look at what follows"
                message = "a passage is left out that pages did not show"
                written.append(remarks.sign(message, line, hint))
                written.extend(_cells("\n".join(inside)))
                number = end
        number += 1
    return "\n".join(written)


def _cells(text: str) -> list[str]:
    """The cells of a passage that is not shown."""
    cells = (match for match in BLOCK.finditer(text) if match["block"] is not None)
    return [_hidden(match) for match in cells if CELL.match(match["info"].strip())]


def _hidden(match: re.Match[str]) -> str:
    cell = CELL.match(match["info"].strip())
    marker = "//|" if cell and cell["language"].lower() in ("ojs", "javascript") else "#|"
    code = re.sub(r"^(?:#|//)\|[ \t]*include[ \t]*:[^\n]*\n", "", match["code"], flags=re.MULTILINE)
    return f"{match['fence']}{match['info']}\n{marker} include: false\n{code}{match['fence']}\n"


def _block(match: re.Match[str], remarks: Remarks) -> str:
    """A block of code that is shown under a condition."""
    shown = is_shown(match["info"]) if match["block"] is not None else None
    if shown is None:
        return match[0]
    if not shown:
        return remarks.sign("code is left out that pages did not show", match["info"], HINT)
    info = CONDITION.sub("", CLASS.sub("", match["info"]))
    return match[0].replace(match["info"], re.sub(r"\s+(?=\})", "", info), 1)
