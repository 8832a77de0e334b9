"""HTML that is safe where it is shown: outputs on a page, and everything in a feed."""

from __future__ import annotations

import re
from contextvars import ContextVar
from functools import cache
from urllib.parse import urljoin

import nh3

from ..iri import as_uri
from .styles import harmless_style

MATHML_TAGS = frozenset(
    """
    annotation math menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts
    mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none
    semantics
    """.split()
)
MATHML_ATTRIBUTES = frozenset(
    """
    accent accentunder alttext columnalign columnlines columnspacing depth display displaystyle
    encoding fence form height largeop linebreak linethickness lspace mathbackground mathcolor
    mathsize mathvariant maxsize minsize movablelimits notation rowalign rowlines rowspacing rspace
    scriptlevel separator side stretchy symmetric voffset width xmlns
    """.split()
)

FEED_TAGS = MATHML_TAGS | frozenset(
    """
    a abbr b blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption
    figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span strong
    sub summary sup table tbody td tfoot th thead tr u ul var
    """.split()
)

FEED_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"lang", "title", "dir"},
    "a": {"href", "hreflang", "id"},
    "img": {"src", "alt", "width", "height"},
    "li": {"id"},
    "ol": {"start", "type"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
    **{tag: set(MATHML_ATTRIBUTES) for tag in MATHML_TAGS},
}

OUTPUT_TAGS = FEED_TAGS | {"article", "aside", "audio", "footer", "header", "section", "video"}

MEDIA_ATTRIBUTES = {"controls", "src", "loop", "muted", "preload", "title", "width", "height"}
OUTPUT_ATTRIBUTES: dict[str, set[str]] = {
    **FEED_ATTRIBUTES,
    "a": {"href", "hreflang"},
    "li": set(),
    "*": {"lang", "title", "dir", "class", "style"},
    "audio": MEDIA_ATTRIBUTES,
    "details": {"open"},
    "div": {"tabindex"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height", "loading"},
    "video": MEDIA_ATTRIBUTES,
}
OUTPUT_CLASSES = frozenset(("dataframe", "number", "original", "plate", "table", "tall"))
"""Classes that the theme means for outputs. An output cannot take those of the page."""


def clean_output(html: str) -> str:
    """HTML that code produced, without scripts, forms, frames, handlers and ids.

    Of its styles stays what shapes a box where it stands, of its classes what the theme knows.
    """
    return _output_cleaner().clean(html)


@cache
def _output_cleaner() -> nh3.Cleaner:
    """Made once: to read the lists takes as long as to clean a short output."""
    return nh3.Cleaner(
        tags=set(OUTPUT_TAGS),
        clean_content_tags={"script", "style"},
        attributes=OUTPUT_ATTRIBUTES,
        attribute_filter=_harmless,
        link_rel="noopener",
        url_schemes={"http", "https", "mailto"},
    )


def _harmless(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "style":
        return harmless_style(value) or None
    if attribute == "class":
        return " ".join(name for name in value.split() if name in OUTPUT_CLASSES) or None
    if attribute == "tabindex" and value != "0":
        return None
    return value


FOOTNOTE = re.compile(r"fn(ref)?(-\d+-\d+-)?\d+(:\d+)?")
"""Ids of footnotes and of where they are called. Readers that keep ids show a note where it is
called, or lead to it; the links lead to the page, so that they work in all others, too."""


PAGE: ContextVar[str] = ContextVar("page")
"""The absolute address of the page whose HTML is cleaned."""


def clean_feed(html: str, page: str) -> str:
    """HTML for a feed reader: absolute addresses, nothing that runs, nothing that styles.

    `page` is the absolute address of the post's page, which relative ones are read from.
    """
    PAGE.set(page)
    return _feed_cleaner().clean(html)


@cache
def _feed_cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(FEED_TAGS),
        clean_content_tags={"datalist", "script", "select", "style", "textarea"},
        attributes=FEED_ATTRIBUTES,
        attribute_filter=_absolute,
        link_rel=None,
        url_schemes={"http", "https", "mailto", "xmpp", "irc", "tel"},
    )


def _absolute(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "id":
        return value if FOOTNOTE.fullmatch(value) else None
    if attribute not in ("href", "src"):
        return value
    try:
        whole = urljoin(PAGE.get(), value)
    except ValueError:  # `//[` is no address
        return None
    return as_uri(whole)
