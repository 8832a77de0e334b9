"""What a build tells whoever watches it. Stages report, only `cli` prints."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct


class Started(Struct, frozen=True):
    """The code of a post has begun to run."""

    post: str
    reasons: tuple[str, ...]
    """Why it runs; empty if it never ran before."""


class Finished(Struct, frozen=True):
    """The code of a post has run, or has failed."""

    post: str
    seconds: float
    failed: bool = False


class Reused(Struct, frozen=True):
    """Kept results were used."""

    post: str


class Notice(Struct, frozen=True):
    """Something the author should know, that is no error."""

    text: str
    post: str = ""


Event = Started | Finished | Reused | Notice
Report = Callable[[Event], None]


def silent(event: Event) -> None:
    """Report nothing."""
