r"""Directives: what a name means, and what shows it.

A name means how a directive is read (`directive_reading`), and a function from what was written
to the HTML around the body: `render.markdown.DIRECTIVES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from markdown_it.renderer import RendererProtocol
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from msgspec import Struct

from ..errors import InkcellError, MarkdownError
from ..record import suggestion
from .block_rules import line_text
from .context import Context, Place
from .directive_options import Options
from .tokens import RenderRule

PROBLEM = "directive_problem"
"""The token of something that looks like a directive and is none."""


class Written(Struct, frozen=True):
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
    facts: Mapping[str, int] = {}
    """What the directive around it, or its own body, has told about it."""


class Frame(Struct, frozen=True):
    """HTML around what stands in a directive, for one medium."""

    opening: str
    after_argument: str = ""
    """What parts the argument, where it is Markdown, from the rest."""
    before_body: str = ""
    """What parts that which `Directive.push` has pushed from the body."""
    closing: str = ""


Show = Callable[[Written, str, Context], tuple[Frame, Frame]]
"""(what was written, its number, context) -> the frame on the page and the frame in a feed."""


class Draft(Struct):
    """A directive while it is read."""

    state: StateBlock
    name: str
    argument: str
    start: int
    """The opening line; all lines are counted in the cell, from 0."""
    body: int
    last: int
    """The closing line."""
    options: dict[str, str] = {}
    option_lines: dict[str, int] = {}
    facts: dict[str, int] = {}
    problems: list[InkcellError] = []

    def text(self) -> str:
        """The body, without the indentation of the opening line."""
        body: str = self.state.getLines(self.body, self.last, self.state.sCount[self.start], False)
        return body.rstrip("\n")

    def line_of(self, key: str) -> int:
        """The line of an option."""
        return self.option_lines.get(key, self.start)

    def line_text(self, line: int) -> str:
        """A line as its author wrote it."""
        return line_text(self.state, line).strip()

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


class Directive(Struct, frozen=True):
    """How a directive is read, and what shows it."""

    show: Show
    options: Options = {}
    argument: Literal["none", "text", "markdown"] = "markdown"
    needs: Mapping[str, str] = {}
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


STATEMENTS = {
    "thm": "theorem",
    "lem": "lemma",
    "def": "definition",
    "prp": "proposition",
    "cor": "corollary",
    "exm": "example",
    "rem": "remark",
}
"""Prefix of a label to the kind of statement that it names, which is a directive's name."""
OTHER_STATEMENTS = (
    *("algorithm", "assumption", "axiom", "claim", "conjecture", "criterion", "observation"),
    "property",
)
"""Kinds of sphinx-proof and of LaTeX that have no numbers here."""
NOT_HERE = {
    "code-cell": "a cell is fenced by backticks, at the left margin: ```{code-cell}",
    **dict.fromkeys(
        OTHER_STATEMENTS,
        f"statements are {', '.join(STATEMENTS.values())}; another is :::{{admonition}} Its title",
    ),
    "mermaid": "no diagram is drawn here: draw it with a cell, or put a picture beside the post",
    "include": "write it here, or lead to it; the code of a file is shown by `literalinclude`",
    "raw": "HTML is written as it is",
    **dict.fromkeys(
        ("iframe", "embed", "video", "youtube"),
        "HTML is written as it is: <iframe src=… title=…></iframe>, <video controls src=…></video>",
    ),
    **dict.fromkeys(
        ("grid", "subfigure", "layout-ncol"),
        "pictures beside each other are one `figure`, which begins with a paragraph of them",
    ),
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
QUARTO_IDS = {**STATEMENTS, "fig": "figure", "tbl": "table"}
"""Beginnings of Quarto's ids -> the directive that has such a label."""


def _meant(name: str, known: Directives) -> str:
    """A hint for the author of an unknown name, who may come from Quarto or Sphinx."""
    bare = name.removeprefix(".").removeprefix("callout-")
    if bare != name and bare in known:
        return f"did you mean `{bare}`? A directive has no dot: :::{{{bare}}}"
    kind = QUARTO_IDS.get(name.removeprefix("#").partition("-")[0])
    if name.startswith("#") and kind:
        return f"write :::{{{kind}}}, and below it a line :label: {name[1:]}"
    first, _, last = name.partition("=")[0].partition(":")
    if hint := NOT_HERE.get(name) or NOT_HERE.get(last if first == "prf" else first):
        return hint
    if name.startswith((".", "#", "=")):
        return (
            "a language is written without braces, a directive without a dot: :::{note}; "
            "code with a name or numbers is ```{code-block} python"
        )
    return suggestion(name, known) or (
        "a code cell is ```{code-cell}; a language is written without braces"
    )


def blocks_of(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens of a body, block by block."""
    blocks: list[list[Token]] = []
    depth = 0
    for token in tokens:
        if depth == 0:
            blocks.append([])
        blocks[-1].append(token)
        depth += token.nesting
    return blocks


def _frame_part(
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


DIRECTIVE_RULES: dict[str, RenderRule] = {
    **dict.fromkeys(FRAME_PARTS, _frame_part),
    PROBLEM: _nothing,
}
