"""The old blog's files, from the disk. The only module of the package that reads it."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

from ..errors import InkcellError
from .built_feeds import FEEDS
from .old_blog import OldBlog

SKIPPED = frozenset(
    ("node_modules", "__pycache__", "_site", "_freeze", "venv", "vendor", "site_libs", "resources")
)
"""Folders that a tool made, or in which others' files lie; so are those with a dot in front."""


BUILT = "_site"
"""The one folder of `SKIPPED` in which feeds lie."""


def open_blog(folder: Path, today: date, url: str = "") -> OldBlog:
    """An old blog, whose files are read when they are asked for.

    Raises:
        InkcellError: a folder cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise InkcellError(f"{error.filename} cannot be read: {error.strerror}").at(
            hint="look at the folder's permissions"
        )

    paths: list[str] = []
    for above, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if name not in SKIPPED and name[:1] != "."]
        if Path(above) == folder:
            # Of a finished site, only what its feeds say is of use.
            feeds = (folder / BUILT / name for name in FEEDS)
            paths.extend(feed.relative_to(folder).as_posix() for feed in feeds if feed.is_file())
        paths.extend((Path(above) / name).relative_to(folder).as_posix() for name in names)

    def read(path: str) -> bytes:
        try:
            return (folder / path).read_bytes()
        except OSError as error:
            raise InkcellError(f"the file cannot be read: {error.strerror}").at(
                file=path, hint="look at its permissions"
            ) from None

    def day(path: str) -> date:
        return datetime.fromtimestamp((folder / path).stat().st_mtime, UTC).date()

    return OldBlog(frozenset(paths), read, day, today, url)
