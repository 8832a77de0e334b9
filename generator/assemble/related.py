"""Which posts a reader of one may like next. Decided by tags, category and date alone.

What two posts share counts the more the rarer it is. Counts are whole numbers, so that sums do
not depend on their order, and ties are broken by date and path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from itertools import islice

from ..addresses import slug
from ..model import RenderedPost

MOST = 3
"""How many posts are named."""
UNIT = 720_720
"""What a tag counts that one post has: the smallest number that all up to 16 divide."""


class Related:
    """Finds posts related to one of a list."""

    def __init__(self, posts: Sequence[RenderedPost]) -> None:
        """`posts` are those of one language, newest first."""
        self.posts = posts
        self.position = {item.post.source.path: n for n, item in enumerate(posts)}
        self.tagged: dict[str, list[int]] = {}
        self.filed: dict[str, list[int]] = {}
        for number, item in enumerate(posts):
            for tag in _tags(item):
                self.tagged.setdefault(tag, []).append(number)
            self.filed.setdefault(slug(item.post.meta.category), []).append(number)

    def to(self, rendered: RenderedPost, without: Container[str]) -> tuple[RenderedPost, ...]:
        """The most related posts, the most related first.

        Args:
            rendered: one of the posts.
            without: sources of posts that its page names already.
        """
        own = self.position[rendered.post.source.path]
        shared = self._shared(rendered)
        in_category = self.filed[slug(rendered.post.meta.category)]
        # Newer posts come first among equals, so the lists need no sorting by date.
        alike = set(in_category)
        ranked = sorted(shared, key=lambda n: (-shared[n], n not in alike, n))
        found = [*ranked, *(n for n in in_category if n not in shared)]
        named = (self.posts[n] for n in found if n != own)
        fit = (item for item in named if item.post.source.path not in without)
        return tuple(islice(fit, MOST))

    def _shared(self, rendered: RenderedPost) -> Mapping[int, int]:
        """Position of each post that has a tag of this one to what their common tags count."""
        shared: Counter[int] = Counter()
        for tag in _tags(rendered):
            weight = UNIT // len(self.tagged[tag])
            for number in self.tagged[tag]:
                shared[number] += weight
        return shared


def _tags(rendered: RenderedPost) -> set[str]:
    return {slug(tag) for tag in rendered.post.meta.tags}
