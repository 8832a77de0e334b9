"""Markdown and TeX that code put out, and captions of cells: in the post, but no cells of prose."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ..model import Code, Prose
from .context import Context, Place
from .footnotes import note_in_caption
from .markdown import read_line, read_prose, render_inline, render_tokens
from .preparing import prepare, prepare_inline
from .rich_html import finish_html


def render_caption(md: MarkdownIt, text: str, context: Context, place: Place) -> tuple[str, str]:
    """A caption as inline HTML: (for the page, for the feed)."""
    inline = read_line(md, text, context.works, context.post.meta.language)
    note_in_caption(inline, context, place)
    prepare_inline(inline, context, place, {})
    children = inline.children or []
    return render_inline(md, children, "page"), render_inline(md, children, "feed")


def _read_markdown(
    md: MarkdownIt, text: str, code: Code, works: Iterable[str], language: str
) -> list[Token]:
    """Tokens that know their cell, but no line."""
    tokens = read_prose(md, [Prose(text, code.cell, code.line)], works, language)
    for token in tokens:
        token.map = None
        token.meta["put_out"] = True
    return tokens


DELIMITED = re.compile(
    r"""
    \s* (?: \$\$ ((?: [^$\\] | \\. )*) \$\$ | \$ ((?: [^$\\] | \\. )*) \$
    | \\\[ ((?: (?!\\\]) . )*) \\\] | \\\( ((?: (?!\\\)) . )*) \\\) ) \s*
    """,
    re.VERBOSE | re.DOTALL,
)
DELIMITER = re.compile(r"(?<!\\)(?:\$|\\[(\[])")


def _read_latex(
    md: MarkdownIt, text: str, code: Code, works: Iterable[str], language: str
) -> list[Token]:
    """A formula with or without its delimiters, or text with formulas in it."""
    match = DELIMITED.fullmatch(text)
    if not match and DELIMITER.search(text):
        return _read_markdown(md, text, code, works, language)
    tex = next((group for group in match.groups() if group is not None), "") if match else text
    token = Token("math_block", "math", 0, block=True)
    token.content = tex.strip()
    token.meta = {"cell": code.cell, "put_out": True}
    return [token]


READERS: dict[str, Callable[[MarkdownIt, str, Code, Iterable[str], str], list[Token]]] = {
    "text/latex": _read_latex,
    "text/markdown": _read_markdown,
}
"""MIME type -> how its text becomes tokens, which can be numbered and referred to."""


def render_fragment(
    md: MarkdownIt, tokens: Sequence[Token], context: Context, place: Place, name: str
) -> tuple[str, str]:
    """Tokens that code put out as HTML: (for the page, for the feed).

    Footnotes in them are those of the output, and their ids begin with its `name`.
    """
    prepare(tokens, context)
    # HTML in them is an output like any other.
    if "html" not in context.post.meta.trusted:
        for token in tokens:
            if token.type == "html_block":
                token.content = finish_html(token.content, context, place) + "\n"
            for child in token.children or []:
                if child.type == "html_inline" and not HARMLESS_TAG.fullmatch(child.content):
                    child.content = ""
    page = render_tokens(md, tokens, "page", document=name)
    return page, render_tokens(md, tokens, "feed", document=name)


HARMLESS_TAG = re.compile(
    r"</?(?:b|br|code|del|em|i|ins|kbd|label|mark|q|s|samp|small|span|strong|sub|sup|u|var)\s*/?>"
    # What Markdown itself becomes: tasks, and the caption of a figure.
    r'|<input class="task-list-item-checkbox" (?:checked="checked" )?'
    r'disabled="disabled" type="checkbox">|<figcaption>[^<>]*</figcaption>'
)
"""Single tags without attributes: nothing in them can run, load or take a place on the page."""
