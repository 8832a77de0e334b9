"""Rendering posts as they come: a few in this process, many side by side in processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

from .errors import InkcellError, collect, flatten
from .kept import Fresh, Kept, without_text
from .model import ExecutedPost, Post, Results

ENOUGH = 32
"""From so many posts on it is worth a fork, and an engine for formulas, of each process."""

Render = Callable[[ExecutedPost], Fresh]
RenderAll = Callable[[Iterable[ExecutedPost], list[InkcellError]], tuple[Fresh, ...]]
"""(posts, errors) -> those that could be made; what is wrong with the others goes to `errors`."""
Made = tuple[Fresh | tuple[InkcellError, ...], dict[str, str]]
"""A post that was made in another process, or what is wrong with it; and damaged entries."""


@contextmanager
def rendering(posts: Sequence[Post], render: Render, kept: Kept, cores: int) -> Iterator[RenderAll]:
    """What renders these posts when their results come.

    Where processes can share the work they are forked here, before anything has begun to run.
    They know the posts already: only results go there, and only what was made comes back.
    """
    from . import side_by_side

    if len(posts) < ENOUGH or cores < 2 or not side_by_side.can_fork():
        yield lambda items, errors: collect(render, items, errors)
        return
    from .render import katex  # noqa: F401  # Imported once for all of them.

    known = {post.source.path: post for post in posts}

    def make(thing: tuple[str, Results]) -> Made:
        try:
            fresh = render(ExecutedPost(known[thing[0]], thing[1]))
        except InkcellError as error:
            return flatten(error), kept.damaged
        return _with_post(fresh, without_text(fresh.post)), kept.damaged

    with closing(side_by_side.Team(make, cores)) as team:

        def render_all(
            items: Iterable[ExecutedPost], errors: list[InkcellError]
        ) -> tuple[Fresh, ...]:
            done = []
            for made, damaged in team.map((i.post.source.path, i.results) for i in items):
                kept.damaged.update(damaged)
                if isinstance(made, Fresh):
                    done.append(_with_post(made, known[made.post.source.path]))
                else:
                    errors.extend(made)
            return tuple(done)

        yield render_all


def _with_post(fresh: Fresh, post: Post) -> Fresh:
    rendered = replace(fresh.rendered, post=post) if fresh.rendered else None
    return replace(fresh, post=post, rendered=rendered)
