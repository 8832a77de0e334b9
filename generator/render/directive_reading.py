r"""Reading directives: ```` ```{name} argument ```` and `:::{name} argument`, as MyST has them.

A directive is an opening line, options (`:key: value` lines, or YAML between two `---`), a blank
line if one likes, and a body up to a line with at least as many backticks or colons. In colons,
directives may stand inside each other with as many colons: each closing line closes the innermost.

The body of most is Markdown, read in place, so that its lines, footnotes and links are those of
the post.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

from ..errors import MarkdownError, PostError
from ..record import suggestion
from ..yaml_text import read_mapping
from .block_rules import TERMINATES, line_text
from .directive_options import FLAG, as_text, canonical
from .directives import PROBLEM, Directive, Directives, Draft, Frame, Written, frame_token

OPENING = re.compile(
    r"(?P<fence>`{3,}|~{3,}|:{3,})[ \t]*\{(?P<name>[^\s{}]+)(?P<attributes>[ \t,][^{}]*)?\}"
    r"(?P<argument>.*)$"
)
CLOSING = re.compile(r":{3,}[ \t]*$")
OPTION = re.compile(r":(?P<key>[A-Za-z][\w-]*):(?:[ \t]+(?P<value>.*))?$")
CODE_FENCE = re.compile(r"(?P<fence>`{3,}|~{3,})")


def directives_plugin(md: MarkdownIt, known: Directives) -> None:
    """Read directives of the names in `known`; others are errors of the post."""
    rule = partial(_directive, known=known)
    md.block.ruler.before("fence", "directive", rule, TERMINATES)


def _directive(state: StateBlock, start: int, end: int, silent: bool, *, known: Directives) -> bool:
    if state.is_code_block(start):
        return False
    line = line_text(state, start)
    if CLOSING.match(line):
        return silent or _closes_nothing(state, start)
    match = OPENING.match(line)
    # CommonMark takes backticks behind backticks for code in a line.
    in_line = match is not None and match["fence"][0] == "`" and "`" in match["argument"]
    if not match or (in_line and (match["name"] not in known or "```" in match["argument"])):
        return False
    if silent:
        return True
    last = _closing_line(state, start, end, match["fence"])
    closed = last is not None
    last = _end_of_parent(state, start, end) if last is None else last
    draft = Draft(state, match["name"], match["argument"].strip(), start, start + 1, last)
    directive = known.get(match["name"])
    if directive is not None:
        if match["attributes"]:
            hint = "options stand below the opening line, one a line: :key: value"
            draft.wrong("a directive has nothing but its name in its braces", hint)
        if in_line:
            hint = f"begin and end it with colons: :::{{{draft.name}}}"
            draft.wrong("an opening line of backticks holds backticks", hint)
        if not closed:
            hint = f"close it with a line {match['fence']}; a code cell cannot stand inside"
            draft.wrong(f"the directive `{{{draft.name}}}` is never closed", hint)
        _read_options(draft, directive)
        _check(draft, directive)
    _push(draft, directive)
    state.line = last + 1 if closed else last
    return True


def _closes_nothing(state: StateBlock, start: int) -> bool:
    draft = Draft(state, "", "", start, start, start)
    draft.wrong("the line closes no directive", "one that holds others needs no more colons")
    token = state.push(PROBLEM, "", 0)
    token.map = [start, start + 1]
    token.meta = {"problems": draft.problems}
    state.line = start + 1
    return True


def _check(draft: Draft, directive: Directive) -> None:
    """Note what is wrong with argument and body, where the directive itself can tell."""
    said = f"`{{{draft.name}}}`"
    empty = not draft.text().strip()
    around: Sequence[str] = draft.state.env.get("directives", ())
    if directive.inside and (not around or around[-1] != directive.inside):
        hint = f"put it into a :::{{{directive.inside}}}"
        draft.wrong(f"{said} stands outside of `{{{directive.inside}}}`", hint)
    if draft.argument and directive.argument == "none":
        draft.wrong(f"{said} has no argument", "what it holds starts on the next line")
    if not draft.argument and "argument" in directive.needs:
        draft.wrong(f"{said} has no argument", directive.needs["argument"])
    if empty and "body" in directive.needs:
        draft.wrong(f"{said} is empty", directive.needs["body"])
    if not empty and directive.body == "none":
        lines = range(draft.body, draft.last)
        first = next(line for line in lines if line_text(draft.state, line).strip())
        draft.wrong(f"{said} holds nothing", "options stand directly below its first line", first)


def _push(draft: Draft, directive: Directive | None) -> None:
    state = draft.state
    frames: dict[str, Frame] = {}
    opening = frame_token("directive_open", 1, frames)
    opening.map = [draft.start, draft.last]
    state.tokens.append(opening)
    if directive is not None:
        _push_argument(draft, directive)
        state.tokens.append(frame_token("directive_argument", 0, frames))
        if directive.push is not None and not draft.problems:
            directive.push(draft)
        state.tokens.append(frame_token("directive_body", 0, frames))
        if directive.body == "markdown":
            _read_body(draft, directive)
    written = Written(
        draft.name,
        draft.argument,
        draft.options,
        line_text(state, draft.start).rstrip(),
        directive.counts if directive else "",
        directive.only_labelled if directive else False,
        tuple(draft.problems),
        not draft.text().strip(),
        draft.line_of("label") + draft.first_line if "label" in draft.options else None,
        draft.line_text(draft.line_of("label")),
        draft.facts,
    )
    opening.meta["written"] = written
    state.tokens.append(frame_token("directive_close", -1, frames))


def _push_argument(draft: Draft, directive: Directive) -> None:
    text, line = draft.argument, draft.start
    if directive.caption:
        text, line = draft.options.get(directive.caption, ""), draft.line_of(directive.caption)
    if text and (directive.caption or directive.argument == "markdown"):
        inline = draft.state.push("inline", "", 0)
        inline.content, inline.map, inline.children = text, [line, line + 1], []
        folds = "dropdown" in draft.options.get("class", "")
        inline.meta = {"linkless": True} if directive.pressed or folds else {}


def _read_body(draft: Draft, directive: Directive) -> None:
    state = draft.state
    around: list[str] = state.env.setdefault("directives", [])
    around.append(draft.name)
    parent, line_max, first = state.parentType, state.lineMax, len(state.tokens)
    state.parentType, state.lineMax = "container", draft.last
    state.md.block.tokenize(state, draft.body, draft.last)
    state.parentType, state.lineMax = parent, line_max
    around.pop()
    if directive.finish is not None and not draft.problems:
        state.tokens[first:] = directive.finish(draft, state.tokens[first:])


def _inside(state: StateBlock, line: int) -> bool:
    """Whether a line still belongs to the list item or the quote that the directive is in."""
    return state.isEmpty(line) or state.sCount[line] >= state.blkIndent


def _end_of_parent(state: StateBlock, start: int, end: int) -> int:
    return next((line for line in range(start + 1, end) if not _inside(state, line)), end)


def _closing_line(state: StateBlock, start: int, end: int, fence: str) -> int | None:
    """The line that closes a directive opened with `fence`."""
    if not fence.startswith(":"):
        for line in range(start + 1, _end_of_parent(state, start, end)):
            text = line_text(state, line).rstrip()
            if len(text) >= len(fence) and not text.strip(fence[0]):
                return line
        return None
    opened, code = [len(fence)], ""
    for line in range(start + 1, _end_of_parent(state, start, end)):
        text = line_text(state, line).rstrip()
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


def _read_options(draft: Draft, directive: Directive) -> None:
    """Read the options below an opening line, and note those that are none."""
    fenced = draft.body < draft.last and line_text(draft.state, draft.body).rstrip() == "---"
    values = _yaml(draft) if fenced else _fields(draft)
    lines, draft.option_lines = draft.option_lines, {}
    for key, value in values.items():
        line = lines.get(key, draft.start)
        ours = canonical(key, directive.options)
        option = directive.options.get(ours)
        if option is None:
            known = ", ".join(directive.options)
            hint = suggestion(key, directive.options) or (
                f"known options: {known}" if known else "it has no options"
            )
            draft.wrong(f"unknown option `{key}` of `{{{draft.name}}}`", hint, line)
        elif ours in draft.options:
            message = f"`:{ours}:` stands twice, once by another name"
            draft.wrong(message, "remove one of them", line)
        elif not option.pattern.fullmatch(value.lower() if option is FLAG else value):
            said = f"not `{value}`" if value else "not nothing"
            draft.wrong(f"`:{key}:` must be {option.wanted}, {said}", option.hint, line)
        elif option is not FLAG or value.lower() != "false":
            draft.options[ours] = "" if option is FLAG else value
            draft.option_lines[ours] = line
    while directive.body == "text" and draft.body < draft.last and draft.state.isEmpty(draft.body):
        draft.body += 1  # Blank lines between options and a text are no part of it.


def _yaml(draft: Draft) -> dict[str, str]:
    state, start = draft.state, draft.body
    lines = range(start + 1, draft.last)
    closed = next((line for line in lines if line_text(state, line).rstrip() == "---"), None)
    if closed is None:
        return {}
    draft.body = closed + 1
    text = "\n".join(line_text(state, line) for line in range(start + 1, closed))
    try:
        found = read_mapping(text, start + 1 + draft.first_line, MarkdownError)
    except PostError as error:
        draft.problems.append(error)
        return {}
    draft.problems += [error for _, error in found.twice]
    draft.option_lines = {key: line - draft.first_line for key, line in found.lines.items()}
    return {str(key): as_text(value) for key, value in found.values.items()}


def _fields(draft: Draft) -> dict[str, str]:
    state, values = draft.state, dict[str, str]()
    while draft.body < draft.last and (
        match := OPTION.match(line_text(state, draft.body).rstrip())
    ):
        if match["key"] in values:
            message = f"the option `:{match['key']}:` stands twice"
            draft.wrong(message, "remove one of them", draft.body)
        values[match["key"]] = (match["value"] or "").strip()
        draft.option_lines[match["key"]] = draft.body
        draft.body += 1
    return values
