r"""Directives: ```` ```{name} argument ```` and `:::{name} argument`, as MyST has them.

A directive is an opening line, options (`:key: value` lines, or YAML between two `---`), a blank
line if one likes, and a body up to a line with at least as many backticks or colons. In colons,
directives may stand inside each other with as many colons: each closing line closes the innermost.

The body of most is Markdown, read in place, so that its lines, footnotes and links are those of
the post. What a name means is a function from what was written to the HTML around the body:
`render.markdown.DIRECTIVES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from ..errors import InkcellError, MarkdownError, PostError
from ..record import suggestion
from ..yaml_text import read_mapping
from .context import Context, Place

OPENING = re.compile(r"(?P<fence>`{3,}|~{3,}|:{3,})[ \t]*\{(?P<name>[^\s{}]+)\}(?P<argument>.*)$")
OPTION = re.compile(r":(?P<key>[A-Za-z][\w-]*):(?:[ \t]+(?P<value>.*))?$")
CODE_FENCE = re.compile(r"(?P<fence>`{3,}|~{3,})")
TERMINATED = {"alt": ["paragraph", "reference", "blockquote", "list"]}


@dataclass(frozen=True, slots=True)
class Written:
    """A directive as its author wrote it."""

    name: str
    argument: str
    options: Mapping[str, str]
    body: str
    """The text between options and closing line, without the indentation of the opening one."""
    opening: str
    """The opening line, for messages."""
    counts: str = ""
    """The prefix of labels in whose sequence it is numbered: `thm`."""
    problems: tuple[InkcellError, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """HTML around what stands in a directive, for one medium."""

    opening: str
    after_argument: str = ""
    """What parts the argument, where it is Markdown, from the body."""
    closing: str = ""


Show = Callable[[Written, str, Context], tuple[Frame, Frame]]
"""(what was written, its number, context) -> the frame on the page and the frame in a feed.
With a body that is not Markdown, all of the HTML is in `opening`."""


@dataclass(frozen=True, slots=True)
class Directive:
    """How a directive is read, and what shows it."""

    show: Show
    options: tuple[str, ...] = ()
    argument: Literal["none", "text", "markdown"] = "markdown"
    body: Literal["text", "markdown"] = "markdown"
    counts: str = ""
    """The prefix of labels in whose sequence it is numbered."""


Directives = Mapping[str, Directive]


def directives_plugin(md: MarkdownIt, known: Directives) -> None:
    """Read directives of the names in `known`; others are errors of the post."""
    rule = partial(_directive, known=known)
    md.block.ruler.before("fence", "directive", rule, TERMINATED)  # type: ignore[arg-type]
    for name in ("directive_open", "directive_argument", "directive_close"):
        md.add_render_rule(name, _render)


def prepare_directive(token: Token, known: Directives, context: Context, place: Place) -> None:
    """Give a directive's tokens their HTML; mistakes in it are noted."""
    written: Written = token.meta["written"]
    for problem in written.problems:
        context.errors.append(problem.at(cell=place.cell))
    directive = known.get(written.name)
    if directive is None:
        hint = suggestion(written.name, known) or (
            "a code cell is ```{code-cell}; a language is written without braces"
        )
        error = MarkdownError(f"unknown directive `{{{written.name}}}`")
        context.errors.append(
            error.at(line=place.line, cell=place.cell, text=written.opening, hint=hint)
        )
        return
    frames = directive.show(written, token.meta.get("number", ""), context)
    token.meta["frames"].update(zip(("page", "feed"), frames, strict=True))


def _render(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    frame = tokens[i].meta["frames"].get(env.get("medium", "page"))
    if frame is None:
        return ""
    part: str = getattr(frame, tokens[i].info)
    return part


# --- reading ----------------------------------------------------------------------------------


@dataclass
class _Reading:
    """Options and body of a directive while they are read."""

    options: dict[str, str] = field(default_factory=dict)
    problems: list[InkcellError] = field(default_factory=list)


def _directive(state: StateBlock, start: int, end: int, silent: bool, *, known: Directives) -> bool:
    if state.is_code_block(start):
        return False
    match = OPENING.match(_line(state, start))
    if not match or (match["fence"][0] == "`" and "`" in match["argument"]):
        return False
    if silent:
        return True
    reading = _Reading()
    last = _closing_line(state, start, end, match["fence"])
    closed = last is not None
    last = _end_of_parent(state, start, end) if last is None else last
    opening = _line(state, start).rstrip()
    if not closed and match["name"] in known:
        hint = f"close it with a line {match['fence']}; a code cell cannot stand inside"
        error = MarkdownError(f"the directive `{{{match['name']}}}` is never closed")
        reading.problems.append(_at(state, error, start, opening, hint))
    directive = known.get(match["name"])
    body = start + 1
    if directive is not None:
        body = _read_options(state, start + 1, last, reading)
        _check_options(state, start, reading, match["name"], directive)
    argument = match["argument"].strip()
    if directive is not None and directive.argument == "none" and argument:
        error = MarkdownError(f"`{{{match['name']}}}` has no argument")
        hint = "what it holds starts on the next line"
        reading.problems.append(_at(state, error, start, opening, hint))
    written = Written(
        match["name"],
        argument,
        reading.options,
        state.getLines(body, last, state.sCount[start], False).rstrip("\n"),
        opening,
        directive.counts if directive else "",
        tuple(reading.problems),
    )
    _push(state, written, directive, (start, body, last))
    state.line = last + 1 if closed else last
    return True


def _push(
    state: StateBlock, written: Written, directive: Directive | None, lines: tuple[int, int, int]
) -> None:
    start, body, last = lines
    frames: dict[str, Frame] = {}
    token = state.push("directive_open", "", 1)
    token.info = "opening"
    token.map = [start, last]
    token.meta = {"written": written, "frames": frames}
    token.block = True
    if directive is not None and directive.argument == "markdown" and written.argument:
        inline = state.push("inline", "", 0)
        inline.content, inline.map, inline.children = written.argument, [start, start + 1], []
    token = state.push("directive_argument", "", 0)
    token.info = "after_argument"
    token.meta = {"frames": frames}
    if directive is not None and directive.body == "markdown":
        parent, line_max = state.parentType, state.lineMax
        state.parentType, state.lineMax = "container", last
        state.md.block.tokenize(state, body, last)
        state.parentType, state.lineMax = parent, line_max
    token = state.push("directive_close", "", -1)
    token.info = "closing"
    token.meta = {"frames": frames}
    token.block = True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _inside(state: StateBlock, line: int) -> bool:
    """Whether a line still belongs to the list item or the quote that the directive is in."""
    return state.isEmpty(line) or state.sCount[line] >= state.blkIndent


def _end_of_parent(state: StateBlock, start: int, end: int) -> int:
    return next((line for line in range(start + 1, end) if not _inside(state, line)), end)


def _closing_line(state: StateBlock, start: int, end: int, fence: str) -> int | None:
    """The line that closes a directive opened with `fence`."""
    if not fence.startswith(":"):
        for line in range(start + 1, _end_of_parent(state, start, end)):
            text = _line(state, line).rstrip()
            if len(text) >= len(fence) and not text.strip(fence[0]):
                return line
        return None
    opened, code = [len(fence)], ""
    for line in range(start + 1, _end_of_parent(state, start, end)):
        text = _line(state, line).rstrip()
        fenced = CODE_FENCE.match(text)
        if code:
            code = "" if text.strip(code[0]) == "" and len(text) >= len(code) else code
        elif fenced:
            code = fenced["fence"]
        elif text.startswith(":::") and not text.strip(":"):
            same = [depth for depth, length in enumerate(opened) if length == len(text)]
            shorter = [depth for depth, length in enumerate(opened) if length <= len(text)]
            if shorter:
                del opened[(same or shorter)[-1] :]
            if not opened:
                return line
        elif nested := OPENING.match(text):
            opened.append(len(nested["fence"]))
    return None


def _at(state: StateBlock, error: PostError, line: int, text: str, hint: str) -> InkcellError:
    # Lines of a cell's text become lines of the file when the cell has been read.
    error.at(text=text, hint=hint)
    error.line = line + int(state.env.get("first_line", 0))
    return error


def _read_options(state: StateBlock, start: int, end: int, reading: _Reading) -> int:
    """Read the options below an opening line; return the first line after them."""
    line = start
    if line < end and _line(state, line).rstrip() == "---":
        closed = next((n for n in range(line + 1, end) if _line(state, n).rstrip() == "---"), None)
        if closed is None:
            return line
        text = "\n".join(_line(state, n) for n in range(line + 1, closed))
        try:
            first = line + 1 + int(state.env.get("first_line", 0))
            values, _ = read_mapping(text, first, MarkdownError)
        except PostError as error:
            reading.problems.append(error)
            return closed + 1
        reading.options = {
            key: "" if value in (True, None) else str(value) for key, value in values.items()
        }
        return closed + 1
    while line < end and (match := OPTION.match(_line(state, line).rstrip())):
        if match["key"] in reading.options:
            twice = MarkdownError(f"the option `:{match['key']}:` stands twice")
            reading.problems.append(_at(state, twice, line, match[0], "remove one of them"))
        reading.options[match["key"]] = (match["value"] or "").strip()
        line += 1
    return line


def _check_options(
    state: StateBlock, start: int, reading: _Reading, name: str, directive: Directive
) -> None:
    for key in reading.options:
        if key in directive.options:
            continue
        lines = range(start + 1, start + 1 + len(reading.options) + 1)
        found = [n for n in lines if n < state.lineMax and key in _line(state, n)]
        line = found[0] if found else start
        hint = suggestion(key, directive.options) or (
            "known options: " + ", ".join(directive.options)
            if directive.options
            else "it has no options"
        )
        error = MarkdownError(f"unknown option `{key}` of `{{{name}}}`")
        reading.problems.append(_at(state, error, line, _line(state, line).strip(), hint))
