"""Divs that give a figure, a table or a listing its label, `::: {#fig-pair layout-ncol=2}`.

Quarto's last paragraph of such a div is the caption. Here a label belongs to one picture, one
table, one block of code or one cell; a reference to what has lost its label is told.
"""

from __future__ import annotations

import re

from .divs import CLOSING, OPENING, inside_div, lines_with_code
from .passages import as_code, change_prose
from .remarks import Remarks

ID = re.compile(r"#(?P<id>(?P<kind>fig|tbl|lst)-[\w:.-]+)")
CAPTION = re.compile(r"\w+-cap\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
PICTURE = re.compile(
    r"^[ \t]*!\[(?P<alt>(?:\\.|[^\[\]\\]|\[[^\[\]]*\])*)\]\((?P<address>[^()\s]+)[^()\n]*\)"
    r"(?:\{(?P<attributes>[^{}]*)\})?[ \t]*$",
    re.MULTILINE,
)
CELL = re.compile(r"^(?P<fence>`{3,})\{code-cell\}[^\n]*\n", re.MULTILINE)
LISTING = re.compile(
    r"\A\s*(?P<fence>`{3,}|~{3,})[ ]*\{?\.?(?P<language>[\w+#-]*)\}?[ ]*\n(?P<code>.*?)"
    r"^(?P=fence)[ \t]*$(?P<below>.*)\Z",
    re.MULTILINE | re.DOTALL,
)
ROW = re.compile(r"^\|", re.MULTILINE)
OWN = re.compile(
    r"^(?:Table)?:[ \t]+(?P<words>[^\n]*?)(?P<id>[ \t]*\{#[^{}]*\})?[ \t]*$", re.MULTILINE
)


def write_labelled(text: str, remarks: Remarks) -> str:
    """The text with such divs as figures, tables and listings that have their label."""
    lines, is_code = lines_with_code(text)
    written: list[str] = []
    number = 0
    led: dict[str, str] = {}
    """Labels that are lost, and which figure stands for each; empty if none does."""
    while number < len(lines):
        opening = None if is_code[number] else OPENING.match(lines[number])
        said = (opening["attributes"] or "") if opening else ""
        found = ID.search(said)
        if not opening or not found:
            written.append(lines[number])
            number += 1
            continue
        inside = inside_div(lines, is_code, number)
        body = "\n".join(inside).strip("\n")
        # A div that holds others keeps its place among them.
        simple = not any(OPENING.match(line) or CLOSING.match(line) for line in inside)
        caption = next((one or two for one, two in CAPTION.findall(said)), "")
        new = _new(found["kind"], found["id"], body, caption) if simple else None
        if new is None:
            own = re.findall(r"\{[^{}]*#(fig-[\w:.-]+)[^{}]*\}", body)
            led[found["id"]] = own[0] if own else ""
            written.append(lines[number])
            number += 1
            continue
        rest = ID.sub("", CAPTION.sub("", said)).strip()
        if rest:
            hint = "pictures stand one below the other"
            sign = remarks.sign("a layout is left out", lines[number], hint)
            new = sign + new
        written.extend(["", *new.split("\n"), ""])
        number += len(inside) + 2
    return _without_lost("\n".join(written), led, remarks)


def _new(kind: str, id: str, body: str, caption: str) -> str | None:
    """What stands for such a div; None if nothing here can have its label."""
    cells = [*CELL.finditer(body)]
    if len(cells) == 1 and kind in ("fig", "tbl") and not PICTURE.search(body):
        head = cells[0]
        end = body.find("\n" + head["fence"], head.end() - 1)
        below = body[end + 1 + len(head["fence"]) :].strip() if end >= 0 else ""
        words = caption or " ".join(below.split())
        if end < 0 or body[: head.start()].strip() or re.search(r"^#\| label:", body, re.MULTILINE):
            return None
        options = f"#| label: {id}\n"
        if words and f"#| {kind}-cap:" not in body:
            shown = words.replace("'", "''")
            options += f"#| {kind}-cap: '{shown}'\n"
        return body[: head.end()] + options + body[head.end() : end + 1 + len(head["fence"])]
    if kind == "lst" and (listing := LISTING.match(body)):
        words = caption or " ".join(listing["below"].split())
        fence, language = listing["fence"], listing["language"]
        option = f":caption: {words}\n" if words else ""
        return f"{fence}{{code-block}} {language}\n:label: {id}\n{option}{listing['code']}{fence}"
    if kind == "tbl" and ROW.search(body) and not cells:
        if own := OWN.search(body):
            return (
                None
                if own["id"]
                else body[: own.end()].rstrip() + f" {{#{id}}}" + body[own.end() :]
            )
        table, words = _with_caption(body)
        return f"{table}\n\n: {caption or words}".rstrip(" ") + f" {{#{id}}}"
    pictures = [*PICTURE.finditer(body)]
    if kind != "fig" or not pictures or "#" in (pictures[-1]["attributes"] or ""):
        return None
    above = body[: pictures[-1].start()].strip("\n")
    below = " ".join(body[pictures[-1].end() :].split())
    last = pictures[-1]
    width = re.search(r"\bwidth=\"?([\w.%]+)", last["attributes"] or "")
    options = f":label: {id}\n" + (f":alt: {last['alt']}\n" if last["alt"] else "")
    options += f":width: {width[1]}\n" if width else ""
    words = caption or below or last["alt"]
    figure = f":::{{figure}} {last['address']}\n{options}\n{words}\n:::"
    return f"{above}\n\n{figure}" if above else figure


def _with_caption(body: str) -> tuple[str, str]:
    """A table and the paragraph below it."""
    table, _, words = body.rpartition("\n\n")
    if not table or words.lstrip().startswith("|"):
        return body, ""
    return table, " ".join(words.split())


def _without_lost(text: str, led: dict[str, str], remarks: Remarks) -> str:
    if not led:
        return text
    names = "|".join(re.escape(name) for name in sorted(led, key=len, reverse=True))
    reference = re.compile(rf"(?<![\w\\`])@(?P<name>{names})(?![\w-])")

    def replaced(match: re.Match[str]) -> str:
        name, other = match["name"], led[match["name"]]
        if other:
            message = f"`{name}` has several figures, and no label of its own here"
            return (
                remarks.sign(message, f"@{other}", "the reference leads to the first") + f"@{other}"
            )
        message = f"nothing has the label `{name}` any more"
        hint = "give it to a picture, a table or a cell, and write the reference without code"
        return remarks.sign(message, match[0], hint) + as_code(match[0])

    return change_prose(text, lambda prose: reference.sub(replaced, prose))
