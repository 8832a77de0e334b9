"""Files that are written once, and never over what is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .errors import BuildFailed, WriteError, each_once


def write_new(folder: Path, files: Mapping[str, str | bytes], hint: str) -> None:
    """Write files into a folder, by their path below it: all of them or, after an error, none.

    Raises:
        BuildFailed: some of them are there already, or a file stands where a folder must be;
            each is named, with the hint.
        WriteError: the disk or its permissions refused.
    """
    made: list[Path] = []
    try:
        taken = [error for name in files if (error := _in_the_way(folder / name, hint))]
        if taken:
            raise BuildFailed(each_once(taken))
        for name, content in files.items():
            path = folder / name
            for above in reversed(path.parents):
                if not above.exists():
                    above.mkdir()
                    made.append(above)
            # Exclusive: a file that came between the look and now is not overwritten either.
            with path.open("xb") as file:
                made.append(path)
                file.write(content if isinstance(content, bytes) else content.encode())
    except BaseException as error:
        for path in reversed(made):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()
        if isinstance(error, OSError):
            message = f"{error.filename or folder} cannot be written: {error.strerror}"
            raise WriteError(message).at(
                hint="look at the folder's permissions, the disk and the length of the name"
            ) from None
        raise


def _in_the_way(path: Path, hint: str) -> WriteError | None:
    """What keeps a new file from its place, if anything does."""
    if path.exists() or path.is_symlink():
        return WriteError("the file is there already").at(file=str(path), hint=hint)
    above = next(above for above in path.parents if above.exists())
    if not above.is_dir():
        return WriteError("a file stands where a folder must be").at(file=str(above), hint=hint)
    return None
