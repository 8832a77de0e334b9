"""What a check finds, and where."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Severity = Literal["error", "warning"]


class Finding(Struct, frozen=True):
    """Something that is wrong with the site or with a post, or may be."""

    kind: str
    """The check that found it: `link`, `image`, `html`, `weight`, `contrast`, `leftover`, `secret`,
    `path`, `feed-id`, `external` or `site`."""
    severity: Severity
    message: str
    """A sentence that says what is wrong."""
    file: str
    """The file to open, relative to the blog's folder: a post where that is known."""
    line: int | None = None
    cell: int | None = None
    """Cell of the notebook, counted from 1."""
    text: str = ""
    """The offending text."""
    hint: str = ""
    """What to do."""
