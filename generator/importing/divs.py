"""Pandoc's divs as Quarto uses them, `::: {.callout-note}`, as directives."""

from __future__ import annotations

import re

from msgspec import Struct

from .passages import passages
from .remarks import Remarks

OPENING = re.compile(
    r"^(?P<lead>[ \t]*)(?P<fence>:{3,})[ \t]*(?:\{(?P<attributes>[^}]*)\}|(?P<name>[\w-]+))[ \t:]*$"
)
CLOSING = re.compile(r"^[ \t]*:{3,}[ \t]*$")
HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]+(?P<title>.*?)[ \t]*$")
CALLOUTS = ("note", "tip", "important", "warning", "caution")
STATEMENTS = {
    "thm": "theorem", "lem": "lemma", "cor": "corollary", "prp": "proposition",
    "def": "definition", "exm": "example", "rem": "remark",
}  # fmt: skip
MARGIN = ("column-margin", "aside", "column-aside")


class Div(Struct):
    """A div that is open."""

    line: int
    """Where it opens, in the lines that are written."""
    closing: str | None
    """What closes it; None if its fences are left out."""
    wants_title: str = ""
    """What its first heading becomes: the title of a `callout`, a `statement`, or a `tab`."""
    open_tab: bool = False
    level: int = 0
    """The level of the headings that are tabs."""


def write_divs(text: str, remarks: Remarks) -> str:
    """The text with its divs as directives; what is none here loses its fences, and is told.

    A directive cannot hold code that runs: such a div loses its fences, too.
    """
    lines, is_code = lines_with_code(text)
    written: list[str] = []
    open_divs: list[Div] = []
    for number, (line, code) in enumerate(zip(lines, is_code, strict=True)):
        if code:
            written.append(line)
            continue
        opening = OPENING.match(line)
        top = open_divs[-1] if open_divs else None
        if opening:
            inside = inside_div(lines, is_code, number)
            runs = any(re.match(r"[ \t]*(`{3,}|~{3,})\{code-cell\}", inner) for inner in inside)
            depth = _depth(inside)
            head, div = _opened(opening, line, runs, depth, remarks)
            div.line = len(written)
            open_divs.append(div)
            written.extend(head)
        elif CLOSING.match(line) and top:
            open_divs.pop()
            if top.open_tab:
                written.append(":::")
            written.append(top.closing if top.closing is not None else "")
        elif top and top.wants_title and (heading := HEADING.match(line)):
            level = len(line.strip().partition(" ")[0])
            if top.wants_title == "tab":
                if top.level in (0, level):
                    written.extend([":::"] if top.open_tab else [])
                    written.append(f":::{{tab-item}} {_without_attributes(heading['title'])}")
                    top.open_tab, top.level = True, level
                else:
                    written.append(line)
            else:
                written[top.line] = _titled(written[top.line], heading["title"], top.wants_title)
                if top.wants_title.startswith("callout:"):
                    written.append(f":class: {top.wants_title.partition(':')[2]}")
                    _move_up(written, top.line)
                top.wants_title = ""
        else:
            if top and line.strip() and top.wants_title not in ("", "tab"):
                top.wants_title = ""
            written.append(line)
    return "\n".join(written)


def lines_with_code(text: str) -> tuple[list[str], list[bool]]:
    """The lines of a text, and which of them are code."""
    flags = [False]
    for part, is_code in passages(text):
        is_block = is_code and "\n" in part
        flags[-1] = flags[-1] or is_block
        flags.extend(is_block for _ in range(part.count("\n")))
    return text.split("\n"), flags


def inside_div(lines: list[str], is_code: list[bool], start: int) -> list[str]:
    """The lines of the div that opens at `start`."""
    depth, found = 0, []
    for line, code in zip(lines[start:], is_code[start:], strict=True):
        if not code and OPENING.match(line):
            depth += 1
        elif not code and CLOSING.match(line):
            depth -= 1
            if not depth:
                break
        found.append(line)
    return found[1:]


def _depth(inside: list[str]) -> int:
    """How deep other divs stand in a div: its own fence must be longer than theirs."""
    depth = deepest = 0
    for line in inside:
        if opening := OPENING.match(line):
            depth += 1
            deepest = max(deepest, depth + ("panel-tabset" in (opening["attributes"] or "")))
        elif CLOSING.match(line):
            depth -= 1
    return deepest


def _opened(
    opening: re.Match[str], line: str, runs: bool, depth: int, remarks: Remarks
) -> tuple[list[str], Div]:
    """The lines that open a div here, and how it goes on."""
    said = opening["attributes"] or f".{opening['name']}"
    classes = re.findall(r"(?<![\w=\"'/])\.([\w-]+)", said)
    id = next(iter(re.findall(r"#([\w-]+)", said)), "")
    values = {
        key: one or two for key, one, two in re.findall(r"([\w-]+)=(?:\"([^\"]*)\"|(\S+))", said)
    }
    fence = ":" * (3 + depth)
    kind = next((name[8:] for name in classes if name.startswith("callout-")), "")
    statement = STATEMENTS.get(id.partition("-")[0]) if "-" in id else None
    statement = statement or ("proof" if "proof" in classes else None)
    if opening["attributes"] is not None and re.fullmatch(r"[\w:-]+", said.strip()):
        # A directive of MyST's, as it is written here.
        return [line], Div(0, opening["fence"])
    if runs:
        hint = "a directive cannot hold code that runs: what stood in it is there without a frame"
        sign = remarks.sign("a div with a cell in it has lost its frame", line, hint)
        title = f"**{values['title']}**\n" if values.get("title") else ""
        return [sign + title], Div(0, None)
    if kind in CALLOUTS:
        folded = "dropdown" if values.get("collapse") in ("true", "false") else ""
        classes_here = " ".join(part for part in (kind, folded) if part)
        if values.get("title") or folded:
            title = values.get("title") or kind.capitalize()
            wants = "" if values.get("title") else f"title:{kind}"
            head = [f"{fence}{{admonition}} {title}", f":class: {classes_here}"]
            if values.get("collapse") == "false":
                head.append(":open:")
            return head, Div(0, fence, "statement" if wants else "")
        return [f"{fence}{{{kind}}}"], Div(0, fence, f"callout:{kind}")
    if "panel-tabset" in classes:
        return [f"{fence}:{{tab-set}}"], Div(0, fence + ":", "tab")
    if statement:
        title = f" {values['name']}" if values.get("name") else ""
        head = [f"{fence}{{{statement}}}{title}"]
        label = [f":label: {id}"] if id and statement != "proof" else []
        return [*head, *label, *([""] if label else [])], Div(0, fence, "statement")
    if any(name in MARGIN for name in classes):
        return [f"{fence}{{margin}}"], Div(0, fence)
    hint = "what stood in it is there without it"
    return [remarks.sign("a div is left out that means nothing here", line, hint)], Div(0, None)


def _titled(head: str, title: str, wanted: str) -> str:
    """The first line of a directive, with its title."""
    title = _without_attributes(title)
    fence = head[: len(head) - len(head.lstrip(":"))]
    if wanted.startswith("callout:"):
        return f"{fence}{{admonition}} {title}"
    name = head[len(fence) :].partition("}")[0]
    return f"{fence}{name}}} {title}"


def _move_up(written: list[str], opening: int) -> None:
    """Options stand directly below a directive's first line: blank lines come after them."""
    option = written.pop()
    written.insert(opening + 1, option)


def _without_attributes(title: str) -> str:
    return re.sub(r"\s*\{[^{}]*\}\s*$", "", title).rstrip("# ")
