"""The posts of a blog, read: found on the disk, and parsed."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

from .discover import discover
from .errors import BuildFailed, InkcellError, collect
from .model import Config, HaltedPost, Post, Source


def read_posts(config: Config, names: Set[str] = frozenset()) -> Sequence[Post]:
    """The posts of a blog, or those of these folder names; standing pages are left out.

    Raises:
        BuildFailed: everything that is wrong with their text; a name is no post's.
    """
    posts, errors = readable_posts(config, names)
    if errors:
        raise BuildFailed(errors)
    return posts


def readable_posts(
    config: Config, names: Set[str] = frozenset()
) -> tuple[Sequence[Post], Sequence[InkcellError]]:
    """The posts of `read_posts` that can be parsed, and everything that is wrong with the others.

    What is wrong with posts that are not among the names is not told.
    """
    errors: list[InkcellError] = []
    found = parse_posts(config, (), errors).posts
    posts = tuple(post for post in found if not post.source.standing)
    if not names:
        return posts, errors
    broken = [(folder_of(error, config), error) for error in errors]
    folders = {*(post.source.folder for post in posts), *(folder for folder, _ in broken if folder)}
    chosen = tuple(post for post in posts if post.source.folder in names)
    wrong = [error for folder, error in broken if folder in names]
    return chosen, [*wrong, *unknown_posts(names, folders)]


def folder_of(error: InkcellError, config: Config) -> str:
    """The folder name of the post that a mistake is in; empty if it is in none."""
    home = config.root / config.posts
    file = config.root / (error.file or "")
    inside = file.is_relative_to(home) and file != home
    return normalize("NFC", file.relative_to(home).parts[0]) if inside else ""


class Parsed(NamedTuple):
    """Posts, parsed."""

    posts: tuple[Post, ...] = ()
    halted: tuple[HaltedPost, ...] = ()
    """Those that have mistakes, as far as they can be read."""


def parse_posts(config: Config, known: Container[str], errors: list[InkcellError]) -> Parsed:
    """All posts but those whose sources are known."""
    sources = discover(config.root, config.root / config.posts, config, errors, known)
    if not sources:
        return Parsed()
    before = len(errors)
    try:
        with _without(*JUPYTER_EXTENSIONS):
            return _parsed(sources, config, errors)
    except ImportError:  # They have become necessary.
        del errors[before:]
        return _parsed(sources, config, errors)


def _parsed(sources: Iterable[Source], config: Config, errors: list[InkcellError]) -> Parsed:
    from .parse import Misread, parse

    halted: list[HaltedPost] = []

    def parsed(source: Source) -> Post:
        try:
            return parse(source, config)
        except Misread as misread:
            halted.append(misread.halted)
            raise

    return Parsed(collect(parsed, sources, errors), tuple(halted))


JUPYTER_EXTENSIONS = ("jupytext.sync_contentsmanager", "jupytext.async_contentsmanager")
"""What makes jupytext a part of a Jupyter server. Each is optional, and together they import a
web server and ZeroMQ, which takes longer than all that a post needs of jupytext."""


@contextmanager
def _without(*modules: str) -> Iterator[None]:
    """Optional modules are taken to be missing by what is imported inside."""
    hidden = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def traced_root(config: Config) -> Path:
    """The folder below which the files that a post reads are part of its trace."""
    folder = config.root / config.posts
    return config.root if folder.is_relative_to(config.root) else folder.parent


def unknown_posts(names: Iterable[str], folders: Iterable[str]) -> Iterator[InkcellError]:
    """An error for every name that is no post's folder."""
    from difflib import get_close_matches

    known = sorted(set(folders))
    for name in sorted(set(names) - set(known)):
        near = get_close_matches(name, known, 1)
        yield InkcellError(f"there is no post `{name}`").at(
            hint=f"did you mean `{near[0]}`?" if near else "name its folder below posts/"
        )
