"""The finished site, read from the disk. The only part of the checks that reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ..last_build import MANIFEST


class Folder(Mapping[str, bytes]):
    """The files below a folder, by their paths in it, each read when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        names = (p.relative_to(folder) for p in sorted(folder.rglob("*")) if p.is_file())
        self._paths = dict.fromkeys(
            name.as_posix() for name in names if name.parts[0] != ".git" and str(name) != MANIFEST
        )

    def __getitem__(self, path: str) -> bytes:
        if path not in self._paths:
            raise KeyError(path)
        return (self._folder / path).read_bytes()

    def __contains__(self, path: object) -> bool:
        return path in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
