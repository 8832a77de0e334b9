"""Code with more to say: a caption, the name of its file, numbers of lines, lines to look at.

That is `:::{code-block} python` in prose, and `#| filename` and `#| code-line-numbers` of a cell.
Numbers are no text, so that nobody copies them.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from markdown_it.token import Token

from .context import Context
from .directive_options import COUNT, FLAG, LINES, TEXT, read_lines
from .directives import Directive, Draft, Frame, Written
from .labels import caption_start, numbered_caption
from .picture_directives import identity


@dataclass(frozen=True, slots=True)
class LineLook:
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


def _push(draft: Draft) -> None:
    text = draft.text()
    count = len(text.split("\n"))
    emphasized = read_lines(draft.options.get("emphasize-lines", "0"))
    if "emphasize-lines" in draft.options and not all(1 <= line <= count for line in emphasized):
        hint = f"the code has {count}, counted from 1"
        message = "`:emphasize-lines:` names lines that are not there"
        draft.wrong(message, hint, draft.line_of("emphasize-lines"))
    first = None
    if draft.options.keys() & {"linenos", "lineno-start"}:
        first = int(draft.options.get("lineno-start") or 1)
    token = draft.state.push("fence", "code", 0)
    token.info = draft.argument
    token.content = text + "\n"
    token.map = [draft.body, draft.last]
    token.markup = "```"
    token.meta = {"look": LineLook(first, frozenset(emphasized) - {0})}


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
