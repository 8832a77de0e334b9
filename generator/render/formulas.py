"""Formulas in the text: typeset, numbered, kept together with the words that touch them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from html import escape
from itertools import chain

from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from ..errors import MarkdownError, MathError
from ..model import Macros
from .context import Context, Place
from .cross_references import find, reference_text
from .equations import REFERENCE, Equation, take_apart
from .macros import take_definitions, used
from .mathematics import DISPLAY_TOKENS, INLINE_TOKENS
from .tokens import RenderRule, text_token


def prepare_formula(token: Token, display: bool, context: Context, place: Place) -> None:
    """Typeset a formula; its mistakes are noted."""
    tex = token.content.lstrip()
    # The formula may begin on the line below its delimiter.
    skipped = token.content[: len(token.content) - len(tex)].count("\n")
    here = place.below(skipped)
    tex = _without_space_behind(tex)
    equation: Equation | None = token.meta.get("equation")
    if display and equation is None:
        equation = _unnumbered(token, tex, context, here)
    tex, feed_tex = _for_katex(tex, equation)
    tex, feed_tex = (_with_references(text, context, here) for text in (tex, feed_tex))
    token.meta["formula"] = context.formula(tex, display, here, feed_tex)
    if equation is not None and equation.labelled:
        token.meta["numbers"] = [
            (
                row.label,
                context.plain_number(row.number),
                reference_text(context.labels[row.label], context, short=False),
            )
            for row in equation.labelled
            if row.label in context.labels
        ]


def _without_space_behind(tex: str) -> str:
    r"""A formula without the white space at its end, but for that of a command: `a\ `."""
    bare = tex.rstrip()
    backslashes = len(bare) - len(bare.rstrip("\\"))
    return bare + " " if backslashes % 2 and bare != tex else bare


def _for_katex(tex: str, equation: Equation | None) -> tuple[str, str]:
    """What is typeset for a page, and for a feed if that is something else."""
    if equation is None:
        return tex, ""
    return equation.tex(), equation.tex(tags=True) if equation.labelled else ""


def _unnumbered(token: Token, tex: str, context: Context, place: Place) -> Equation | None:
    """A formula that numbering has not seen: it stands in an output, or is wrong."""
    try:
        equation = take_apart(tex, token.info)
    except MathError:
        return None  # Numbering has said so.
    if equation.labelled:
        context.errors.append(
            MarkdownError("a formula that code puts out cannot have a label").at(
                line=place.line,
                cell=place.cell,
                text=equation.labelled[0].label,
                hint="write the formula in a cell of prose",
            )
        )
    return equation


def _with_references(tex: str, context: Context, place: Place) -> str:
    r"""A formula in which `\\eqref` and `\\ref` are the numbers they mean."""

    def number(match: re.Match[str]) -> str:
        folder, _, name = match["label"].strip().rpartition(":")
        here = place.below(tex.count("\n", 0, match.start()))
        found = find(name, folder, context, here)
        if found is None:
            return ""
        shown = reference_text(found[0], context, short=True, bare=match["how"] == "ref")
        return rf"\text{{{shown}}}"

    return REFERENCE.sub(number, tex)


def expected_formulas(
    tokens: Iterable[Token], macros: Mapping[str, str]
) -> Iterator[tuple[str, bool, Macros]]:
    """The formulas that will be typeset, as far as that can be said beforehand."""
    known = dict(macros)
    for token in chain.from_iterable((token, *(token.children or ())) for token in tokens):
        display = token.type in DISPLAY_TOKENS or bool(token.meta.get("display"))
        if not display and token.type not in INLINE_TOKENS:
            continue
        tex = _without_space_behind(token.content.lstrip())
        with suppress(MathError):
            equation = token.meta.get("equation")
            if display and equation is None:
                equation = take_apart(tex, token.info)
            for written in filter(None, _for_katex(tex, equation)):
                definitions = take_definitions(written, known)
                known.update(definitions.macros)
                if definitions.tex.strip() and not REFERENCE.search(written):
                    yield definitions.tex, display, used(definitions.tex, known)


# --- beside other text ------------------------------------------------------------------------


FIRST_WORD = re.compile(r"^\S{1,12}(?!\S)")
LAST_WORD = re.compile(r"(?<!\S)\S{1,12}$")
"""A short run without spaces: a longer one may break like other text."""


def join_formulas(children: Sequence[Token]) -> list[Token]:
    """Keep a formula together with what touches it: `($x$)`, `$V$를`.

    Browsers may break a line on either side of KaTeX's boxes, and would part a formula from its
    bracket or its Korean particle. A span whose own text does not wrap holds them together.
    """
    joined: list[Token] = []
    rest = deque(children)
    while rest:
        token = rest.popleft()
        if token.type not in INLINE_TOKENS or token.meta.get("display"):
            joined.append(token)
            continue
        before = _split_off(joined, LAST_WORD) if joined else ""
        after = _split_off(rest, FIRST_WORD, first=True) if rest else ""
        if before or after:
            joined += [Token("join_open", "span", 1), text_token(before), token, text_token(after)]
            joined.append(Token("join_close", "span", -1))
        else:
            joined.append(token)
    return joined


def _split_off(tokens: Sequence[Token], pattern: re.Pattern[str], first: bool = False) -> str:
    """Take what matches from the end (or the start) of the neighbouring text token."""
    token = tokens[0 if first else -1]
    match = pattern.search(token.content) if token.type == "text" else None
    if not match:
        return ""
    token.content = token.content[match.end() :] if first else token.content[: match.start()]
    return match[0]


# --- rendering --------------------------------------------------------------------------------


ANNOTATION = re.compile(r"<annotation [^>]*>(.*?)</annotation>", re.DOTALL)


def _formula(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[i]
    formula = token.meta.get("formula")
    if formula is None:
        return escapeHtml(token.content)
    html: str = formula.feed if env.get("medium") == "feed" else formula.html
    if not html:
        return ""
    block = token.type in DISPLAY_TOKENS
    if env.get("to_read") and (tex := ANNOTATION.search(html)):
        return f"${tex[1].strip()}$" + "\n" * block
    if env.get("medium") == "page" and token.meta.get("numbers"):
        # Inside a paragraph, as `\[ … \]` may stand, HTML allows no `div`.
        return _numbered(html, token, "div" if block else "span") + "\n" * block
    if block:
        return _display(html, env)
    if token.meta.get("display") and env.get("medium") == "page":
        return f'<span class="equation" tabindex="0">{html}</span>'
    return html


def _numbered(html: str, token: Token, tag: str) -> str:
    """A numbered formula on a page: its number is a link to itself, which the keyboard reaches."""
    equation: Equation = token.meta["equation"]
    links = [
        (f'href="#{escape(label)}"', escape(number, quote=False), escape(text))
        for label, number, text in token.meta["numbers"]
    ]
    if not equation.by_rows:
        ((href, number, text),) = links
        identity = escape(token.meta["numbers"][0][0])
        return (
            f'<{tag} class="equation numbered" id="{identity}">'
            f'<{tag} class="formula" tabindex="0">{html}</{tag}>'
            f'<a class="number" {href} aria-label="{text}">({number})</a></{tag}>'
        )
    # KaTeX has set the numbers of the rows, with their ids, in HTML that only the eye sees.
    hidden = " ".join(f"<a {href}>{text}</a>" for href, _, text in links)
    return (
        f'<{tag} class="equation rows" tabindex="0">{html}'
        f'<span class="row-numbers">{hidden}</span></{tag}>'
    )


def _display(html: str, env: EnvType) -> str:
    """A formula on a line of its own; on a page it scrolls in itself and can be focused."""
    if env.get("medium") == "feed":
        return f"<p>{html}</p>\n"
    return f'<div class="equation" tabindex="0">{html}</div>\n'


def _join(
    self: RendererProtocol, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
) -> str:
    if env.get("medium") == "feed":
        return ""
    return '<span class="joined">' if tokens[i].nesting == 1 else "</span>"


FORMULA_RULES: dict[str, RenderRule] = {
    **dict.fromkeys((*INLINE_TOKENS, *DISPLAY_TOKENS), _formula),
    "join_open": _join,
    "join_close": _join,
}
