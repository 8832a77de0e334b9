"""Addresses of the web and of mail, by their syntax. Pure."""

from __future__ import annotations

import re

IRI = re.compile(
    r"(?!https?:(?!//[^/?#]))"
    r"[a-z][a-z0-9+.-]*:(?:[^\s\x00-\x1f\x7f-\x9f\"<>\\^`{|}%]|%[0-9a-f]{2})+",
    re.IGNORECASE,
)
IN_URIS = re.compile(r"[!#$%&'()*+,\-./:;=?@\w~]*", re.ASCII)
"""What an address is written in (RFC 3986), but for brackets, which only hosts may have."""
MAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


def is_iri(text: str) -> bool:
    """Whether a text is an address with a scheme (RFC 3987): of the web, or `tag:…`, `urn:…`."""
    return IRI.fullmatch(text) is not None


def is_mail(text: str) -> bool:
    """Whether a text is an address of mail, and nothing else (RFC 4287, 3.2.3)."""
    return MAIL.fullmatch(text) is not None


def as_uri(address: str) -> str:
    """An address as RFC 3986 has it: percent-encoded where browsers would do that themselves."""
    if IN_URIS.fullmatch(address):
        return address
    from markdown_it.common.normalize_url import normalizeLink

    return normalizeLink(address)
