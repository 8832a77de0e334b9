"""What a build tells whoever watches it. Stages report, only `cli` prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Started:
    """The code of a post has begun to run."""

    post: str
    reasons: tuple[str, ...]
    """Why it runs; empty if it never ran before."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The code of a post has run, or has failed."""

    post: str
    seconds: float
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Reused:
    """Kept results were used."""

    post: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the author should know, that is no error."""

    text: str
    post: str = ""


Event = Started | Finished | Reused | Notice
Report = Callable[[Event], None]


def silent(event: Event) -> None:
    """Report nothing."""
