"""The works that a post cites, as a reader sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote

from ..addresses import SAFE
from ..model import OTHERS, Reference, RenderedPost
from .views import CitationView, ReferenceView


def reference_views(
    rendered: RenderedPost, strings: Mapping[str, str]
) -> tuple[ReferenceView, ...]:
    """The works that a page lists at its end."""
    return tuple(
        reference_view(work, strings, rendered.citations.get(work.id, ()))
        for work in rendered.works
    )


def reference_view(
    reference: Reference, strings: Mapping[str, str], places: Sequence[str] = ()
) -> ReferenceView:
    """A cited work, in the order of a reference list; `strings` name its edition.

    `places` are the ids of the places on the page that cite it.
    """
    if reference.doi:
        # Any sign may be in a DOI (DOI Handbook, 2.2.1), also those that end a path.
        where, label = f"https://doi.org/{quote(reference.doi, SAFE)}", f"doi:{reference.doi}"
    elif reference.arxiv:
        where, label = f"https://arxiv.org/abs/{reference.arxiv}", f"arXiv:{reference.arxiv}"
    else:
        where, label = reference.url, reference.url.partition("://")[2]
    authors = ", ".join(name for name in reference.authors if name != OTHERS)
    if OTHERS in reference.authors:
        authors = strings["and_others"].format(names=authors)
    volume = reference.volume + (f"({reference.issue})" if reference.issue else "")
    details = (
        volume,
        reference.page.replace("-", "–"),
        strings["edition"].format(n=reference.edition) if reference.edition else "",
        reference.publisher,
        reference.publisher_place,
    )
    return ReferenceView(
        id=reference.id,
        # A full stop follows.
        authors=authors.removesuffix("."),
        title=reference.title.removesuffix("."),
        address=where,
        label=label,
        container=reference.container_title,
        details=", ".join(detail for detail in details if detail),
        year=(reference.issued or strings["no_year"]) + reference.letter,
        citations=tuple(
            CitationView(quote(place), strings["back_to_citation"].format(n=number))
            for number, place in enumerate(places, start=1)
        ),
    )


def references_html(references: Sequence[Reference], strings: Mapping[str, str]) -> str:
    """The list of works in plain HTML, for a feed; nothing if there are none."""
    if not references:
        return ""
    items = "".join(f"<li>{_item(reference_view(item, strings))}</li>\n" for item in references)
    heading = escape(strings["references"], quote=False)
    return f"<h2>{heading}</h2>\n<ol>\n{items}</ol>\n"


def _item(work: ReferenceView) -> str:
    title = f"<cite>{escape(work.title, quote=False)}</cite>"
    if work.address:
        title = f'<a href="{escape(work.address)}">{title}</a>'
    rest = ", ".join(text for text in (work.container, work.details, work.year) if text)
    parts = (escape(work.authors, quote=False), title, escape(rest, quote=False))
    return ". ".join(part for part in parts if part) + "."
