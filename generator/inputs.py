"""The files that a build starts from: which there are, not what is in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from .text_font import FILES as TEXT_FONT

SETTINGS = "pyproject.toml"
PAGES = "pages"
"""The folder of standing pages."""
STATIC = "static"
"""The folder of the files that the site has as they are."""
WELL_KNOWN = ".well-known"
"""What hidden files there are for others to find (RFC 8615)."""

POST = re.compile(r"index(?:\.(?P<language>[A-Za-z0-9-]+))?\.(?P<format>md|ipynb)")
IGNORED_FOLDERS = frozenset(("__pycache__", "node_modules"))

PACKAGE = os.path.dirname(os.path.abspath(__file__))


class Inputs(NamedTuple):
    """The files that a build starts from; the fields are those of `last_build.Record`."""

    world: list[str]
    theme: list[str]
    folders: dict[str, list[str]]
    loose: list[str]


def find_inputs(root: str, posts: str, extra: Iterable[str]) -> Inputs:
    """The files that a build of the blog starts from, wherever they may lie."""
    world = {SETTINGS, *extra}
    theme: set[str] = set()
    package_home = os.path.dirname(PACKAGE)
    for name in _walk(PACKAGE):
        (theme if _is_theme(name) else world).add(os.path.join(PACKAGE, name))
    for folder in (os.path.join(package_home, "templates"), os.path.join(root, "templates")):
        for name in _walk(folder):
            (theme if _is_theme(name) else world).add(name_of(os.path.join(folder, name), root))
    theme.update(f"{STATIC}/{name}" for name in copied_files(root))
    for home in (package_home, root):
        folder = os.path.join(home, "node_modules", "katex", "dist")
        world.add(name_of(os.path.join(folder, "katex.min.js"), root))
        theme.add(name_of(os.path.join(folder, "katex.min.css"), root))
        fonts = os.path.join(folder, "fonts")
        theme.update(name_of(os.path.join(fonts, name), root) for name in _walk(fonts))
    theme.update(name_of(os.path.join(package_home, file), root) for file in TEXT_FONT.values())
    folders: dict[str, list[str]] = {}
    loose = []
    for home in (posts, PAGES):
        with suppress(OSError), os.scandir(os.path.join(root, home)) as entries:
            for entry in entries:
                if entry.name.startswith((".", "_")) or entry.name in IGNORED_FOLDERS:
                    continue
                folder = name_of(os.path.join(root, home, entry.name), root)
                if entry.is_dir():
                    names = _walk(entry.path, with_folders=True)
                    folders[folder] = [f"{folder}/{name}" for name in names]
                else:
                    loose.append(folder)
    return Inputs(sorted(world), sorted(theme), folders, sorted(loose))


def copied_files(root: str) -> list[str]:
    """The files of the blog's folder `static`, relative to it, which the site has as they are."""
    folder = os.path.join(root, STATIC)
    known = _walk(os.path.join(folder, WELL_KNOWN), f"{WELL_KNOWN}/")
    return [*_walk(folder), *known]


def neighbours(folder: str, files: Iterable[str]) -> list[str]:
    """Of the files in a post's folder, those that are no version of the post."""
    return [name for name in files if not POST.fullmatch(name, len(folder) + 1)]


def versions(folder: str, files: Iterable[str]) -> list[str]:
    """Of the files in a post's folder, the versions of the post."""
    return [name for name in files if POST.fullmatch(name, len(folder) + 1)]


def _is_theme(name: str) -> bool:
    return not name.endswith((".py", ".toml", ".js"))


def is_passed_over(name: str) -> bool:
    """Whether a file or folder is hidden, what programs make, or an editor's copy of another."""
    return is_copy(name) or name.startswith(".") or name in IGNORED_FOLDERS


def is_copy(name: str) -> bool:
    """Whether a name is one that editors give to copies of the file that is worked on."""
    # Emacs and Vim keep `a.md~`, Emacs saves `#a.md#` while somebody types.
    return name.endswith("~") or (name.startswith("#") and name.endswith("#"))


def _walk(folder: str, prefix: str = "", *, with_folders: bool = False) -> list[str]:
    """The files below a folder, relative to it; hidden ones and compiled ones left out.

    Code may list folders that hold nothing, too: `with_folders` has them, with a slash at the end.
    """
    found = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if is_passed_over(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                inner = f"{prefix}{entry.name}/"
                inside = _walk(entry.path, inner, with_folders=with_folders)
                found += inside or ([inner] if with_folders else [])
            else:
                found.append(prefix + entry.name)
    return found


def name_of(path: str, root: str) -> str:
    """A path as the record has it: relative to the blog's folder if it lies below it."""
    inside = path.startswith(root + os.sep)
    return path[len(root) + 1 :].replace(os.sep, "/") if inside else path
