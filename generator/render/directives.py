r"""Directives: ```` ```{name} argument ```` and `:::{name} argument`, as MyST has them.

A directive is an opening line, options (`:key: value` lines, or YAML between two `---`), a blank
line if one likes, and a body up to a line with at least as many backticks or colons. In colons,
directives may stand inside each other with as many colons: each closing line closes the innermost.

The body of most is Markdown, read in place, so that its lines, footnotes and links are those of
the post. What a name means is how it is read, and a function from what was written to the HTML
around the body: `render.markdown.DIRECTIVES`.
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
from .directive_options import FLAG, Options, as_text, canonical

OPENING = re.compile(
    r"(?P<fence>`{3,}|~{3,}|:{3,})[ \t]*\{(?P<name>[^\s{}]+)(?P<attributes>[ \t,][^{}]*)?\}"
    r"(?P<argument>.*)$"
)
CLOSING = re.compile(r":{3,}[ \t]*$")
OPTION = re.compile(r":(?P<key>[A-Za-z][\w-]*):(?:[ \t]+(?P<value>.*))?$")
CODE_FENCE = re.compile(r"(?P<fence>`{3,}|~{3,})")
TERMINATED = {"alt": ["paragraph", "reference", "blockquote", "list"]}

PROBLEM = "directive_problem"
"""The token of something that looks like a directive and is none."""


@dataclass(frozen=True, slots=True)
class Written:
    """A directive as its author wrote it."""

    name: str
    argument: str
    options: Mapping[str, str]
    """Of two names for the same, ours; a flag that is off is not here."""
    opening: str
    """The opening line, for messages."""
    counts: str = ""
    """The prefix of labels in whose sequence it is numbered: `thm`."""
    only_labelled: bool = False
    """Whether it is numbered only if it has a label."""
    problems: tuple[InkcellError, ...] = ()
    empty: bool = False
    """Whether its body is."""
    label_line: int | None = None
    """Line of the file that its label stands on."""
    label_text: str = ""
    """That line."""
    facts: Mapping[str, int] = field(default_factory=dict)
    """What the directive around it, or its own body, has told about it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """HTML around what stands in a directive, for one medium."""

    opening: str
    after_argument: str = ""
    """What parts the argument, where it is Markdown, from the rest."""
    before_body: str = ""
    """What parts that which `Directive.push` has pushed from the body."""
    closing: str = ""


Show = Callable[[Written, str, Context], tuple[Frame, Frame]]
"""(what was written, its number, context) -> the frame on the page and the frame in a feed."""


@dataclass
class Draft:
    """A directive while it is read."""

    state: StateBlock
    name: str
    argument: str
    start: int
    """The opening line; all lines are counted in the cell, from 0."""
    body: int
    last: int
    """The closing line."""
    options: dict[str, str] = field(default_factory=dict)
    option_lines: dict[str, int] = field(default_factory=dict)
    facts: dict[str, int] = field(default_factory=dict)
    problems: list[InkcellError] = field(default_factory=list)

    def text(self) -> str:
        """The body, without the indentation of the opening line."""
        body: str = self.state.getLines(self.body, self.last, self.state.sCount[self.start], False)
        return body.rstrip("\n")

    def line_of(self, key: str) -> int:
        """The line of an option."""
        return self.option_lines.get(key, self.start)

    def line_text(self, line: int) -> str:
        """A line as its author wrote it."""
        return _line(self.state, line).strip()

    def wrong(self, message: str, hint: str | None, line: int | None = None) -> None:
        """Note a mistake, at the opening line unless another is given."""
        line = self.start if line is None else line
        error = MarkdownError(message).at(text=self.line_text(line), hint=hint)
        # Lines of a cell's text become lines of the file when the cell has been read.
        error.line = line + self.first_line
        self.problems.append(error)

    @property
    def first_line(self) -> int:
        """The file's line of the cell's line 0."""
        return int(self.state.env.get("first_line", 0))


Push = Callable[[Draft], None]
"""Pushes tokens that stand before the body, or instead of a body of text."""
Finish = Callable[[Draft, list[Token]], list[Token]]
"""(what is read, the tokens of its body) -> those that stand there in the end."""


@dataclass(frozen=True, slots=True)
class Directive:
    """How a directive is read, and what shows it."""

    show: Show
    options: Options = field(default_factory=dict)
    argument: Literal["none", "text", "markdown"] = "markdown"
    needs: Mapping[str, str] = field(default_factory=dict)
    """`argument` or `body`, if it cannot do without, and the hint for an author who has."""
    body: Literal["none", "text", "markdown"] = "markdown"
    counts: str = ""
    """The prefix of labels in whose sequence it is numbered."""
    only_labelled: bool = False
    """Whether it is numbered only if it has a label."""
    caption: str = ""
    """The option that is Markdown and stands where an argument would."""
    inside: str = ""
    """The directive in which alone it may stand."""
    pressed: bool = False
    """Whether its argument is what a reader presses, and so can hold no link."""
    push: Push | None = None
    finish: Finish | None = None


Directives = Mapping[str, Directive]


def directives_plugin(md: MarkdownIt, known: Directives) -> None:
    """Read directives of the names in `known`; others are errors of the post."""
    rule = partial(_directive, known=known)
    md.block.ruler.before("fence", "directive", rule, TERMINATED)  # type: ignore[arg-type]
    for name in FRAME_PARTS:
        md.add_render_rule(name, _render)
    md.add_render_rule(PROBLEM, _nothing)


FRAME_PARTS = {
    "directive_open": "opening",
    "directive_argument": "after_argument",
    "directive_body": "before_body",
    "directive_close": "closing",
}
"""Tokens of a directive, and the part of its frame that each shows."""


def frame_token(kind: str, nesting: Literal[-1, 0, 1], frames: Mapping[str, Frame]) -> Token:
    """One of the tokens of a directive."""
    token = Token(kind, "", nesting, block=True)
    token.info = FRAME_PARTS[kind]
    token.meta = {"frames": frames}
    return token


def prepare_directive(token: Token, known: Directives, context: Context, place: Place) -> None:
    """Give a directive's tokens their HTML; mistakes in it are noted."""
    written: Written = token.meta["written"]
    for problem in written.problems:
        context.errors.append(problem.at(cell=place.cell))
    directive = known.get(written.name)
    if directive is None:
        error = MarkdownError(f"unknown directive `{{{written.name}}}`")
        hint = _meant(written.name, known)
        context.errors.append(
            error.at(line=place.line, cell=place.cell, text=written.opening, hint=hint)
        )
        return
    if written.problems:
        return
    frames = directive.show(written, token.meta.get("number", ""), context)
    token.meta["frames"].update(zip(("page", "feed"), frames, strict=True))


NOT_HERE = {
    "mermaid": "no diagram is drawn here: draw it with a cell, or put a picture beside the post",
    "include": "nothing is included: write it here, or lead to it with a link",
    "literalinclude": "put the code here, or let a cell print the file",
    "raw": "HTML is written as it is",
    "toctree": "remove it: a blog has lists of its posts, and `series`",
    "contents": "remove it: there is a table of contents beside the text; in it, * toc and {:toc}",
    "exercise": "did you mean `example`? A box of another kind is :::{admonition} Exercise",
    "solution": "did you mean `dropdown`? :::{dropdown} Solution",
    "glue": "write a cell that shows the value, with `IPython.display.Markdown`",
    "epigraph": "a quotation is written with > before its lines",
    "versionadded": "did you mean `note`?",
    "eval-rst": "reStructuredText is not read: write Markdown",
    "r": "a code cell is ```{code-cell}; `kernelspec` in the front matter names its language",
    ".panel-tabset": "did you mean `tab-set`? It holds :::{tab-item} Title",
    ".column-margin": "did you mean `margin`?",
}
"""Names that other tools know -> what to write instead."""
QUARTO_IDS = {
    "thm": "theorem",
    "lem": "lemma",
    "def": "definition",
    "prp": "proposition",
    "cor": "corollary",
    "exm": "example",
    "rem": "remark",
    "fig": "figure",
    "tbl": "table",
}
"""Beginnings of Quarto's ids -> the directive that has such a label."""


def _meant(name: str, known: Directives) -> str:
    """A hint for the author of an unknown name, who may come from Quarto or Sphinx."""
    bare = name.removeprefix(".").removeprefix("callout-")
    if bare != name and bare in known:
        return f"did you mean `{bare}`? A directive has no dot: :::{{{bare}}}"
    kind = QUARTO_IDS.get(name.removeprefix("#").partition("-")[0])
    if name.startswith("#") and kind:
        return f"write :::{{{kind}}}, and below it a line :label: {name[1:]}"
    if hint := NOT_HERE.get(name) or NOT_HERE.get(name.partition(":")[0]):
        return hint
    if name.startswith((".", "#", "=")):
        return (
            "a language is written without braces, a directive without a dot: :::{note}; "
            "code with a name or numbers is ```{code-block} python"
        )
    return suggestion(name, known) or (
        "a code cell is ```{code-cell}; a language is written without braces"
    )


def _render(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    frame = tokens[i].meta["frames"].get(env.get("medium", "page"))
    if frame is None:
        return ""
    part: str = getattr(frame, tokens[i].info)
    return part


def _nothing(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    return ""


# --- reading ----------------------------------------------------------------------------------


def _directive(state: StateBlock, start: int, end: int, silent: bool, *, known: Directives) -> bool:
    if state.is_code_block(start):
        return False
    if CLOSING.match(_line(state, start)):
        return silent or _closes_nothing(state, start)
    match = OPENING.match(_line(state, start))
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
        first = next(line for line in lines if _line(draft.state, line).strip())
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
        _line(state, draft.start).rstrip(),
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


def children(tokens: Sequence[Token]) -> list[list[Token]]:
    """Tokens of a body, block by block."""
    blocks: list[list[Token]] = []
    depth = 0
    for token in tokens:
        if depth == 0:
            blocks.append([])
        blocks[-1].append(token)
        depth += token.nesting
    return blocks


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


def _read_options(draft: Draft, directive: Directive) -> None:
    """Read the options below an opening line, and note those that are none."""
    fenced = draft.body < draft.last and _line(draft.state, draft.body).rstrip() == "---"
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
    closed = next((line for line in lines if _line(state, line).rstrip() == "---"), None)
    if closed is None:
        return {}
    draft.body = closed + 1
    text = "\n".join(_line(state, line) for line in range(start + 1, closed))
    try:
        values, places = read_mapping(text, start + 1 + draft.first_line, MarkdownError)
    except PostError as error:
        draft.problems.append(error)
        return {}
    draft.option_lines = {key: line - draft.first_line for key, line in places.items()}
    return {str(key): as_text(value) for key, value in values.items()}


def _fields(draft: Draft) -> dict[str, str]:
    state, values = draft.state, dict[str, str]()
    while draft.body < draft.last and (match := OPTION.match(_line(state, draft.body).rstrip())):
        if match["key"] in values:
            message = f"the option `:{match['key']}:` stands twice"
            draft.wrong(message, "remove one of them", draft.body)
        values[match["key"]] = (match["value"] or "").strip()
        draft.option_lines[match["key"]] = draft.body
        draft.body += 1
    return values
