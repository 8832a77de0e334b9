"""A glossary: a definition list in `:::{glossary}`, whose terms `` {term}`name` `` leads to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from markdown_it.token import Token

from ..addresses import slug
from ..errors import MarkdownError
from ..record import suggestion
from .context import Context, Place
from .directives import Directive, Draft, Frame, Written, blocks_of

HINT = "write each term on a line, and below it its meaning: `: the meaning`"


def _finish(draft: Draft, tokens: list[Token]) -> list[Token]:
    """Mark the terms of the definition list that a glossary is."""
    for block in blocks_of(tokens):
        if block[0].type != "dl_open":
            line = (block[0].map or [draft.body])[0]
            draft.wrong("a glossary holds something else than definitions", HINT, line)
            return tokens
    for opening, inline in pairwise(tokens):
        if opening.type == "dt_open":
            opening.meta = {"term": normal(inline.content)}
    return tokens


def _show(written: Written, number: str, context: Context) -> tuple[Frame, Frame]:
    return Frame(""), Frame("")


def normal(term: str) -> str:
    """A term by which it is found: neither case nor spaces count."""
    return " ".join(term.split()).casefold()


def name_terms(tokens: Iterable[Token], context: Context) -> None:
    """Give the terms of a post's glossaries their ids; one that is explained twice is noted."""
    place = Place(0, None)
    for token in tokens:
        if token.map or "cell" in token.meta:
            place = Place(token.meta.get("cell", place.cell), token.map[0] if token.map else None)
        term = token.meta.get("term")
        if not term:
            continue
        if term in context.terms:
            error = MarkdownError("a glossary explains the term twice")
            hint = "give one of them another name"
            context.errors.append(error.at(line=place.line, cell=place.cell, text=term, hint=hint))
            continue
        identity = f"term-{slug(term) or len(context.terms) + 1}"
        while identity in context.ids:
            identity += "-"
        context.terms[term] = identity
        context.ids.add(identity)
        token.attrSet("id", identity)


def find_term(term: str, terms: Mapping[str, str], context: Context, place: Place) -> str:
    """The fragment that leads to a term; one that no glossary explains is noted."""
    found = terms.get(normal(term))
    if found is None:
        known = ", ".join(sorted(terms)[:12])
        there = f"there are: {known}" if terms else "this post has no :::{glossary}"
        error = MarkdownError(f"no glossary of this post explains `{term}`")
        hint = suggestion(normal(term), terms) or there
        context.errors.append(error.at(line=place.line, cell=place.cell, text=term, hint=hint))
        return ""
    return found


GLOSSARY_DIRECTIVES = {
    "glossary": Directive(_show, argument="none", needs={"body": HINT}, finish=_finish)
}
