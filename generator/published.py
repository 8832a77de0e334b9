"""Which posts a build publishes: no draft, and none whose date is still to come. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from .inventory import State
from .model import Config, Post


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
