"""Addresses that stand bare in the text: `https://example.org`, `www.example.org`, `a@b.org`.

As GitHub reads them (GFM 6.9), but for Korean, where a particle stands right behind a host:
`https://example.org를` links to `https://example.org`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from linkify_it import LinkifyIt
from markdown_it import MarkdownIt

HOST_AND_PARTICLE = re.compile(r"(?i:(?://)?(?:[a-z0-9-]+\.)*[a-z0-9-]+\.?[a-z]{2,})(?=[가-힣])")
"""What stands behind a scheme, or behind `www.`, if Hangul follows the host."""


def bare_links_plugin(md: MarkdownIt) -> None:
    """Read bare links."""
    md.linkify = _linkify()
    md.options["linkify"] = True
    md.enable("linkify")


@cache
def _linkify() -> LinkifyIt:
    """What finds addresses. It takes longer to make than to use."""
    linkify = LinkifyIt()
    # `ncut.py` and `README.md` are files, not hosts in Paraguay and Moldova.
    linkify.set({"fuzzy_link": False})
    for scheme in ("http:", "https:"):
        linkify.add(scheme, {"validate": _address})
    linkify.add("www.", {"validate": _host, "normalize": _with_scheme})
    linkify.pretest = partial(_may_have_one, linkify.pretest)
    return linkify


def _may_have_one(pretest: Callable[[str], bool], text: str) -> bool:
    """Whether a text may have an address: all begin with a scheme, `//` or `www.`, or have an `@`.

    Looking closer takes long, and most texts have none.
    """
    found = ":" in text or "@" in text or "//" in text or "www." in text.lower()
    return found and pretest(text)


def _address(linkify: Any, text: str, pos: int) -> int:
    """How many characters behind a scheme belong to an address."""
    pattern = r"\/\/{src_auth}{src_host_port_strict}{src_path}".format(**linkify.re)
    return _length(pattern, text, pos)


def _host(linkify: Any, text: str, pos: int) -> int:
    """How many characters behind `www.` belong to an address."""
    pattern = "{src_host_port_strict}{src_path}".format(**linkify.re)
    return _length(pattern, text, pos)


def _length(pattern: str, text: str, pos: int) -> int:
    match = re.compile(pattern, re.IGNORECASE).match(text, pos)
    before_particle = HOST_AND_PARTICLE.match(text, pos)
    if match and before_particle:
        return before_particle.end() - pos
    return match.end() - pos if match else 0


def _with_scheme(linkify: Any, match: Any) -> None:
    match.url = "http://" + match.url
