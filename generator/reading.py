"""The posts of a blog, read: found on the disk, parsed; which of them a build shows."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .discover import discover
from .errors import BuildFailed, InkcellError, collect
from .model import Config, HaltedPost, Post, Source

if TYPE_CHECKING:
    from .inventory import State


def read_posts(config: Config) -> Sequence[Post]:
    """The posts of a blog, parsed; standing pages run no code and are left out.

    Raises:
        BuildFailed: everything that is wrong with their text.
    """
    posts, errors = readable_posts(config)
    if errors:
        raise BuildFailed(errors)
    return posts


def readable_posts(config: Config) -> tuple[Sequence[Post], Sequence[InkcellError]]:
    """The posts of a blog that can be parsed, and everything that is wrong with the others."""
    errors: list[InkcellError] = []
    posts = parse_posts(config, (), errors).posts
    return tuple(post for post in posts if not post.source.standing), errors


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


def posts_shown(posts: Sequence[Post], config: Config) -> tuple[Post, ...]:
    """Those of the posts that a build publishes."""
    return tuple(post for post in posts if not is_left_out(post, config))


def is_left_out(post: Post, config: Config) -> bool:
    """Whether a build publishes nothing of a post: a draft, or one whose date has not come."""
    return (post.meta.draft and not config.drafts) or waits(post, config)


def waits(post: Post, config: Config) -> bool:
    """Whether a post that is no draft is left out: its date has not come."""
    if post.meta.draft and not config.drafts:
        return False
    return config.until is not None and post.meta.date > config.until


def state(post: Post, config: Config) -> State:
    """Whether a build publishes a post."""
    if post.meta.draft:
        return "draft"
    return "waiting" if is_left_out(post, config) else "published"


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
