"""Code in prose, and code with more to say: a caption, a file's name, numbers of lines, marks.

The latter is `:::{code-block} python` in prose, `#| filename` and `#| code-line-numbers` of a
cell. Numbers are no text, so that nobody copies them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from markdown_it.common.utils import escapeHtml, unescapeAll
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from msgspec import Struct

from ..errors import MarkdownError
from .attributes import classes
from .context import Context, Place
from .directive_options import COUNT, FLAG, LINES, TEXT, read_lines
from .directives import Directive, Draft, Frame, Written
from .labels import caption_start, numbered_caption
from .picture_directives import identity
from .tokens import RenderRule, with_attributes


class LineLook(Struct, frozen=True):
    """How the lines of a block of code are shown."""

    first: int | None = None
    """Number of the first line, if lines have numbers."""
    emphasized: frozenset[int] = frozenset()
    """Lines to look at, counted from 1."""

    def page(self, html: str) -> str:
        """Highlighted code, line by line; no element of it goes on beyond its line."""
        if self.first is None and not self.emphasized:
            return html
        lines = html.split("\n")
        width = len(str((self.first or 0) + len(lines) - 1))
        shown = []
        for position, line in enumerate(lines):
            tag = "mark" if position + 1 in self.emphasized else "span"
            number = ""
            if self.first is not None:
                number = f' data-line="{self.first + position:>{width}}"'
            shown.append(f'<{tag} class="line"{number}>{line}</{tag}>')
        return "\n".join(shown)

    def feed(self, html: str) -> str:
        """Code for a feed, which has no numbers."""
        lines = ["\n" + line for line in html.split("\n")]
        # The line's end stands in the mark: newsboat drops one that stands right before it.
        shown = "".join(
            f"<mark>{line}</mark>" if number in self.emphasized and line != "\n" else line
            for number, line in enumerate(lines, 1)
        )
        return shown.replace("\n", "", 1)


def is_never_closed(token: Token) -> bool:
    """Whether a fence goes on to the end of what it stands in.

    One that is closed has two lines more than its code.
    """
    first, last = token.map or (0, 0)
    # The last line of a post may have no end.
    lines = token.content.count("\n") + (token.content[-1:] not in ("", "\n"))
    written = token.type == "fence" and "look" not in token.meta
    return written and last - first < lines + 2


def listing_start(filename: str) -> str:
    """What stands above code that is a file's: a caption follows it."""
    name = f'<code class="filename">{escape(filename, quote=False)}</code>'
    return name if filename else ""


def with_filename(html: str, filename: str) -> str:
    """A block of code below the name of its file."""
    if not filename:
        return html
    caption = f"<figcaption>{listing_start(filename)}</figcaption>"
    return f'<figure class="listing">\n{caption}\n{html}</figure>\n'


NO_SUCH_LINES = "`:emphasize-lines:` names lines that are not there"


def _push(draft: Draft) -> None:
    text = draft.text()
    look, hint = line_look(draft.options, text)
    if hint:
        draft.wrong(NO_SUCH_LINES, hint, draft.line_of("emphasize-lines"))
    token = draft.state.push("fence", "code", 0)
    token.info = draft.argument
    token.content = text + "\n"
    token.map = [draft.body, draft.last]
    token.markup = "```"
    token.meta = {"look": look}


def line_look(options: Mapping[str, str], code: str) -> tuple[LineLook, str]:
    """How a directive wants its lines, and a hint if it names some that are not there."""
    count = code.count("\n") + 1
    wanted = options.get("emphasize-lines")
    emphasized = read_lines(wanted) if wanted is not None else []
    there = all(1 <= line <= count for line in emphasized)
    first = None
    if options.keys() & {"linenos", "lineno-start"}:
        first = int(options.get("lineno-start") or 1)
    hint = "" if there else f"the code has {count}, counted from 1"
    return LineLook(first, frozenset(emphasized)), hint


def _show(written: Written, number: str, context: Context) -> tuple[Frame, Frame]:
    options = written.options
    label = options.get("label", "") if number else ""
    captioned = "caption" in options
    start = numbered_caption(caption_start(label, number, context.strings), captioned)
    name = listing_start(options.get("filename", ""))
    if not (name or start or captioned):
        return Frame(""), Frame("")
    name += " " * bool(name and (start or captioned))
    between = "</figcaption>\n"
    return (
        Frame(
            f'<figure class="listing"{identity(label)}>\n<figcaption>{name}{start}',
            between,
            closing="</figure>\n",
        ),
        Frame(f"<figure>\n<figcaption>{name}{start}", between, closing="</figure>\n"),
    )


CODE_BLOCK = Directive(
    _show,
    {
        "caption": TEXT,
        "filename": TEXT,
        "label": TEXT,
        "linenos": FLAG,
        "lineno-start": COUNT,
        "emphasize-lines": LINES,
    },
    argument="text",
    needs={"body": "write the code below its options"},
    body="text",
    counts="lst",
    only_labelled=True,
    caption="caption",
    push=_push,
)

CODE_DIRECTIVES = {"code-block": CODE_BLOCK, "code": CODE_BLOCK, "sourcecode": CODE_BLOCK}
"""MyST's three names for it."""


# --- in the text ------------------------------------------------------------------------------


def prepare_code(token: Token, context: Context, place: Place) -> None:
    """Highlight a block of code."""
    # kramdown names the language of a block below it: {: .language-python}
    named = [name for name in classes(token) if name.startswith("language-")]
    if named and not token.info.strip():
        token.info = named[0].removeprefix("language-")
    if named:
        token.attrSet("class", " ".join(n for n in classes(token) if n not in named))
    info = token.info.strip()
    language = info.split()[0] if info else ""
    if token.map and is_never_closed(token):
        error = MarkdownError("the code is never closed")
        hint = f"end it with a line {token.markup}: what follows would be shown as code"
        context.errors.append(
            error.at(line=place.line, cell=place.cell, text=token.markup + info, hint=hint)
        )
    if "{" in info:
        error = MarkdownError("code between fences has no attributes")
        hint = "write ```{code-block} python, and below it options: :filename:, :emphasize-lines:"
        context.errors.append(
            error.at(line=place.line, cell=place.cell, text=token.markup + info, hint=hint)
        )
    if language:
        token.meta["highlighted"] = context.highlight(token.content.rstrip("\n"), language)


def _code_block(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[i]
    language = unescapeAll(token.info).strip().partition(" ")[0]
    look: LineLook = token.meta.get("look", LineLook())
    if env.get("medium") == "page":
        plain = escape(token.content.rstrip("\n"), quote=False)
        coloured = "" if env.get("to_read") else token.meta.get("highlighted")
        html = code_block(look.page(coloured or plain), language)
        return with_attributes(html, "pre", token)
    # CommonMark's own form: the language as a class, the last line end kept.
    attribute = f' class="language-{escapeHtml(language)}"' if language else ""
    return f"<pre><code{attribute}>{look.feed(escapeHtml(token.content))}</code></pre>\n"


def code_block(html: str, language: str) -> str:
    """Highlighted code on a page: it scrolls in itself, so it can be focused."""
    name = f' data-language="{escape(language)}"' if language else ""
    return f'<pre class="code" tabindex="0"{name}><code>{html}</code></pre>\n'


CODE_RULES: dict[str, RenderRule] = {"fence": _code_block, "code_block": _code_block}
