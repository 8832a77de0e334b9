"""What is done for every post, done for a few in this process, or for many in several."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence, Sized
from contextlib import closing, contextmanager
from typing import TypeVar

from msgspec.structs import replace

from .errors import InkcellError, collect, flatten
from .kept import Fresh, Kept
from .model import ExecutedPost, Post, Results
from .outlines import without_text

ENOUGH = 32
"""From so many posts on it is worth a fork, and an engine for formulas, of each process."""

T = TypeVar("T")
R = TypeVar("R")

Finish = Callable[[ExecutedPost], Fresh]
FinishAll = Callable[[Iterable[ExecutedPost], list[InkcellError]], tuple[Fresh, ...]]
"""(posts, errors) -> those that could be made; what is wrong with the others goes to `errors`."""
Made = tuple[Fresh | tuple[InkcellError, ...], dict[str, str]]
"""A post that was made in another process, or what is wrong with it; and damaged entries."""


def worth_processes(things: Sized, cores: int) -> bool:
    """Whether there are so many posts that several processes should share the work."""
    if len(things) < ENOUGH or cores < 2:
        return False
    from .side_by_side import can_fork

    return can_fork()


@contextmanager
def finishing(posts: Sequence[Post], finish: Finish, kept: Kept, cores: int) -> Iterator[FinishAll]:
    """What makes of these posts what the site needs of them, when their results come.

    Where processes can share the work they are forked here, before anything has begun to run.
    They know the posts already: only results go there, and only what other pages show comes back.

    Args:
        posts: those that will come.
        finish: finishes one of them.
        kept: what is told of damaged entries.
        cores: how many processes there may be.
    """
    if not worth_processes(posts, cores):
        yield lambda items, errors: collect(finish, items, errors)
        return
    from .render import katex  # noqa: F401  # Imported once for all of them.
    from .side_by_side import Team

    known = {post.source.path: post for post in posts}

    def make(thing: tuple[str, Results]) -> Made:
        try:
            fresh = finish(ExecutedPost(known[thing[0]], thing[1]))
        except InkcellError as error:
            return flatten(error), kept.damaged
        return replace(fresh, post=without_text(fresh.post)), kept.damaged

    with closing(Team(make, cores)) as team:

        def finish_all(
            items: Iterable[ExecutedPost], errors: list[InkcellError]
        ) -> tuple[Fresh, ...]:
            done = []
            for made, damaged in team.map((i.post.source.path, i.results) for i in items):
                kept.damaged.update(damaged)
                if isinstance(made, Fresh):
                    done.append(replace(made, post=known[made.post.source.path]))
                else:
                    errors.extend(made)
            return tuple(done)

        yield finish_all


def each(
    function: Callable[[T], R], things: Sequence[T], cores: int, of: Sized | None = None
) -> Generator[R, None, None]:
    """What a function makes of each thing, in the order in which they are ready.

    Args:
        function: what is done.
        things: what it is done to.
        cores: how many processes there may be.
        of: posts, where the things are parts of what is made of so many of them.
    """
    if not worth_processes(things if of is None else of, cores):
        yield from map(function, things)
        return
    from .side_by_side import Team

    with closing(Team(function, cores)) as team:
        yield from team.map(things)
