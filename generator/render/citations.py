"""Citations by author and year: `[@shi2000, p. 3; @malik2001]`, and `@shi2000` in a sentence."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from typing import Protocol
from urllib.parse import quote

from msgspec import Struct

from ..errors import UnknownWork
from ..model import Reference
from ..record import suggestion
from .context import Context, Place
from .particles import agree, particle_pattern

KEY = r"[A-Za-z0-9_](?:[A-Za-z0-9_:.#$%&+?~/-]*[A-Za-z0-9_/+])?"
"""The id of a work, as BibTeX and Pandoc allow it; a full stop at its end is the sentence's."""


class Cited(Protocol):
    """A work as a reference names it."""

    @property
    def key(self) -> str: ...
    @property
    def short(self) -> bool: ...
    @property
    def before(self) -> str: ...
    @property
    def after(self) -> str: ...


class Citation(Struct, frozen=True):
    """What a citation shows."""

    text: str
    html: str
    spoken: str
    """What a Korean particle behind it agrees with."""


def is_work_or_typo(key: str, works: Collection[str]) -> bool:
    """Whether a bare `@key` cites: it is a work's id, or so near one that it must be mistyped."""
    return key in works or bool(difflib.get_close_matches(key, works, n=1, cutoff=0.8))


def cite(
    items: Sequence[Cited], context: Context, place: Place, *, narrative: bool, linked: bool
) -> Citation:
    """A citation's text and HTML; each place gets an id, to which the list leads back."""
    texts, pages, spoken = [], [], ""
    for item in items:
        work = context.works.get(item.key)
        if work is None:
            _unknown(item.key, context, place)
            continue
        year = (work.issued or context.strings["no_year"]) + work.letter
        names = author_names(work, context.strings)
        pattern = "cite_narrative" if narrative else "cite_in_brackets"
        shown = year if item.short else context.strings[pattern].format(names=names, year=year)
        spoken = names if narrative else item.after or year
        link = escape(shown, quote=False)
        if linked:
            link = _link(link, item.key, context)
        before = f"{item.before} " if item.before else ""
        after = f", {item.after}" if item.after else ""
        texts.append(before + shown + after)
        pages.append(escape(before, quote=False) + link + escape(after, quote=False))
    opening, closing = ("", "") if narrative else ("(", ")")
    return Citation(
        opening + "; ".join(texts) + closing, opening + "; ".join(pages) + closing, spoken
    )


def _link(html: str, key: str, context: Context) -> str:
    context.has_references = True
    places = context.citations.setdefault(key, [])
    places.append(f"cite-{key}-{len(places) + 1}")
    return (
        f'<a class="reference citation" id="{escape(places[-1])}" '
        f'href="#{quote("ref-" + key)}">{html}</a>'
    )


def author_names(work: Reference, strings: Mapping[str, str]) -> str:
    """By whom a work is, in a sentence: one name, two, or the first and a word for the others."""
    names = work.families or (work.title,)
    if len(names) == 1:
        return names[0]
    pattern = strings["cite_two" if len(names) == 2 else "cite_many"]
    # In Korean the word for "and" follows the first name's sound.
    particle = particle_pattern().search(pattern)
    if particle is not None:
        before = pattern[: particle.start()]
        fitting = agree(before.format(first=names[0], second=names[1]), particle[0])
        pattern = before + fitting + pattern[particle.end() :]
    return pattern.format(first=names[0], second=names[1])


def _unknown(key: str, context: Context, place: Place) -> None:
    hint = suggestion(key, context.works) or (
        "add it to `references`, or to a file that `bibliography` names"
    )
    error = UnknownWork(f"no work has the id `{key}`")
    context.errors.append(error.at(line=place.line, cell=place.cell, text=f"@{key}", hint=hint))


def listed_works(
    references: Iterable[Reference], bibliography: Iterable[Reference], cited: Collection[str]
) -> tuple[Reference, ...]:
    """The list at the end of a post: all of `references`, and what is cited of the bibliography."""
    found = [work for work in bibliography if work.id in cited]
    names = [(tuple(name.casefold() for name in work.families), work) for work in found]
    found = [work for _, work in sorted(names, key=lambda pair: (pair[0], pair[1].issued))]
    return (*references, *found)
