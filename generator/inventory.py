"""What there is: a blog's posts, one row for all versions of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from .model import Post

State = Literal["published", "draft", "waiting"]
"""Whether a build publishes a version; one that waits has a date that is still to come."""
Code = Literal["none", "kept", "frozen", "would run", "would fail"]
"""What a build would do with a version's code now."""


class Version(Struct, frozen=True):
    """A post in one language."""

    post: Post
    state: State
    code: Code


class Row(Struct, frozen=True):
    """A post in all its languages, the blog's default one first."""

    versions: tuple[Version, ...]

    @property
    def first(self) -> Post:
        """The version whose title and date stand for the post."""
        return self.versions[0].post

    @property
    def date(self) -> datetime:
        """When the post was first published."""
        return self.first.meta.date

    def words(self, of: Literal["state", "code"]) -> str:
        """What all versions have in common, or what each of them has: `draft`, `draft (en)`."""
        found: dict[str, list[str]] = {}
        for version in self.versions:
            value = version.state if of == "state" else version.code
            found.setdefault(value, []).append(version.post.meta.language)
        if len(found) == 1:
            return next(iter(found))
        return ", ".join(f"{value} ({' '.join(names)})" for value, names in found.items())

    def plain(self) -> dict[str, object]:
        """The row as JSON has it."""
        meta = self.first.meta
        return {
            "post": self.first.source.folder,
            "slug": meta.slug,
            "date": meta.date.isoformat(),
            "category": meta.category,
            "tags": list(meta.tags),
            "versions": [
                {
                    "language": version.post.meta.language,
                    "title": version.post.meta.title,
                    "file": version.post.source.path,
                    "state": version.state,
                    "code": version.code,
                }
                for version in self.versions
            ],
        }


def rows(versions: Iterable[Version], languages: Sequence[str]) -> tuple[Row, ...]:
    """The posts, newest first; those of one moment by name."""
    folders: dict[str, list[Version]] = {}
    for version in versions:
        folders.setdefault(version.post.source.folder, []).append(version)

    def order(version: Version) -> int:
        return languages.index(version.post.meta.language)

    found = [Row(tuple(sorted(group, key=order))) for _, group in sorted(folders.items())]
    return tuple(sorted(found, key=lambda row: row.date, reverse=True))
