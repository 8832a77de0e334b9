"""The text of a post, through the hands that its tool needs; the order is that of the tuples."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .boxes import part_blocks, write_boxes
from .cells import kernel_of, known_options, write_cells, write_shown_code
from .chirpy import write_pictures, write_tabs
from .conditional import leave_out_hidden
from .divs import write_divs
from .formulas import delimit_environments, plain_brackets, plain_dollars, rename_labels
from .front_matter import for_all_cells
from .html_blocks import open_html
from .labelled import write_labelled
from .links import Links, rewrite_directive, rewrite_links, take_data
from .liquid import keep_liquid, run_liquid, unfold_blocks
from .old_blog import OldPost, Tool
from .pandoc import write_pandoc
from .passages import FLAGS, MARKED_CODE
from .shortcodes import run_shortcodes, unfold_shortcodes
from .tables import add_heads, escape_bars

Hand = Callable[[str, OldPost, Links], str]
"""(text, the post, its links) -> the text, further on."""


def _excerpt(text: str, post: OldPost, links: Links) -> str:
    """Jekyll's own sign for the end of an excerpt as ours."""
    sign = post.value("excerpt_separator") or links.site.settings.get("excerpt_separator")
    usual = not isinstance(sign, str) or not sign.strip() or sign == "<!--more-->"
    return text if usual else text.replace(str(sign), "<!--more-->", 1)


def _liquid(text: str, post: OldPost, links: Links) -> str:
    if post.value("render_with_liquid") is False:
        return keep_liquid(text, links.remarks)
    text = write_tabs(unfold_blocks(text))
    return run_liquid(text, post, links.site, links, links.remarks)


def _shortcodes(text: str, post: OldPost, links: Links) -> str:
    return run_shortcodes(unfold_shortcodes(text), links, links.remarks)


def _braces(text: str, post: OldPost, links: Links) -> str:
    return keep_liquid(text, links.remarks)


def _labels(text: str, post: OldPost, links: Links) -> str:
    return rename_labels(text)


def _formulas(text: str, post: OldPost, links: Links) -> str:
    # Kramdown leaves what stands between two dollars alone, Goldmark does not.
    text = plain_dollars(plain_brackets(text), display=False)
    return delimit_environments(text, doubled=True)


def _formulas_of_hugo(text: str, post: OldPost, links: Links) -> str:
    settings: Any = links.site.settings
    for key in ("markup", "goldmark", "extensions", "passthrough", "enable"):
        settings = settings.get(key) if isinstance(settings, Mapping) else None
    if settings is True:  # Formulas were left alone.
        return delimit_environments(text, doubled=True)  # But for those without signs.
    text = plain_dollars(plain_brackets(text), display=True)
    return delimit_environments(text, doubled=True)


def _environments(text: str, post: OldPost, links: Links) -> str:
    return delimit_environments(text, doubled=False)


def _conditional(text: str, post: OldPost, links: Links) -> str:
    return leave_out_hidden(text, links.remarks)


def _cells(text: str, post: OldPost, links: Links) -> str:
    return write_cells(text, kernel_of(text), for_all_cells(post), links.remarks)


def _divs(text: str, post: OldPost, links: Links) -> str:
    return write_divs(write_labelled(text, links.remarks), links.remarks)


def _pandoc(text: str, post: OldPost, links: Links) -> str:
    return write_pandoc(text, links.remarks)


def _shown_code(text: str, post: OldPost, links: Links) -> str:
    return write_shown_code(text, links.remarks)


def _parted(text: str, post: OldPost, links: Links) -> str:
    return part_blocks(text)


def _boxes(text: str, post: OldPost, links: Links) -> str:
    return write_boxes(write_pictures(text, links.remarks))


def _bars(text: str, post: OldPost, links: Links) -> str:
    return escape_bars(text)


def _tables(text: str, post: OldPost, links: Links) -> str:
    return add_heads(escape_bars(text))


def _html(text: str, post: OldPost, links: Links) -> str:
    return open_html(text)


def _links(text: str, post: OldPost, links: Links) -> str:
    return rewrite_links(text, links)


HANDS: Mapping[Tool, tuple[Hand, ...]] = {
    "jekyll": (
        _excerpt, _liquid, _parted, _tables, _boxes, _formulas, _labels, _html, _shown_code, _links,
    ),
    "hugo": (_shortcodes, _braces, _bars, _formulas_of_hugo, _labels, _html, _shown_code, _links),
    "quarto": (
        _conditional, _shortcodes, _braces, _pandoc, _bars, _environments, _cells, _divs, _links,
    ),
    "files": (_braces, _environments, _labels, _cells, _divs, _links),
}  # fmt: skip
"""What is done with the text of each tool's posts."""


def new_text(text: str, post: OldPost, links: Links, kind: str = "markdown") -> str:
    """The text of a post, or of a cell of a notebook; signs in it stand for remarks."""
    if kind == "code":
        if links.site.tool in ("quarto", "files"):
            text = known_options(text, "", "python", for_all_cells(post), links.remarks)
        return take_data(text, links)
    for hand in HANDS[links.site.tool]:
        text = hand(text, post, links)
    return _with_data(text, links)


def _with_data(text: str, links: Links) -> str:
    """What the cells of a text notebook read is put beside the post, and pictures of directives."""

    def taken(match: re.Match[str]) -> str:
        if match["block"] is not None and match["info"].startswith("{code-cell}"):
            return take_data(match[0], links)
        if match["block"] is not None and match["info"].startswith(("{figure}", "{image}")):
            return rewrite_directive(match[0], links)
        return match[0]

    return re.sub(MARKED_CODE, taken, text, flags=FLAGS)
