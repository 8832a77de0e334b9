"""What identifies a work: its id in texts; DOI, arXiv's number, an address, however copied."""

from __future__ import annotations

import re
from urllib.parse import unquote

DOI = re.compile(r"(?P<address>https?://(?:dx\.)?doi\.org/)|doi:\s*", re.IGNORECASE)
ARXIV = re.compile(r"https?://arxiv\.org/(?:abs|pdf)/|arxiv:\s*", re.IGNORECASE)
ADDRESS = re.compile(r"(?:https?|ftp)://\S+", re.IGNORECASE)
WORK_ID = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_:.#$%&+?~/-]*[A-Za-z0-9_/+])?")
"""What `@` may name, as BibTeX and Pandoc allow it; a full stop at its end is the sentence's."""
OF_WORK_IDS = "letters from a to z, digits, and within them : . _ / + -, as shi2000"


def plain_doi(text: str) -> str:
    """A DOI without `doi:` or the address of what resolves it, in which it is encoded."""
    before = DOI.match(text)
    if not before:
        return text
    doi = text[before.end() :]
    return unquote(doi) if before["address"] else doi


def plain_arxiv(text: str) -> str:
    """The number of a preprint without `arXiv:` or the address of its page."""
    before = ARXIV.match(text)
    return text[before.end() :] if before else text


def is_address(text: str) -> bool:
    """Whether a text leads to a place in the web, and is nothing that runs."""
    return ADDRESS.fullmatch(text) is not None
