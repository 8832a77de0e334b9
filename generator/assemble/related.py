"""Which posts a reader of one may like next. Decided by tags, category and date alone.

What two posts share counts the more the rarer it is. Counts are whole numbers, so that sums do
not depend on their order, and ties are broken by date and path. Posts with the same tags and
category are looked at together: a tag that thousands have would else be looked at for each of them
thousands of times.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from itertools import chain, islice

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
        self.filed: dict[str, list[int]] = {}
        """Category to the positions of its posts."""
        self.alike: dict[Kind, list[int]] = {}
        """The positions of the posts of a kind."""
        self.tagged: Counter[str] = Counter()
        """How many posts have a tag."""
        self.kinds: dict[str, list[Kind]] = {}
        """Tag to the kinds of posts that have it."""
        for number, item in enumerate(posts):
            kind = _kind(item)
            self.filed.setdefault(kind[1], []).append(number)
            self.alike.setdefault(kind, []).append(number)
            self.tagged.update(kind[0])
        for kind in self.alike:
            for tag in kind[0]:
                self.kinds.setdefault(tag, []).append(kind)

    def to(self, rendered: RenderedPost, without: Container[str]) -> tuple[RenderedPost, ...]:
        """The most related posts, the most related first.

        Args:
            rendered: one of the posts.
            without: sources of posts that its page names already.
        """
        own = self.position[rendered.post.source.path]
        kind = _kind(rendered)
        found = chain(self._that_share_tags(kind), self._of_the_category(kind))
        named = (self.posts[n] for n in found if n != own)
        fit = (item for item in named if item.post.source.path not in without)
        return tuple(islice(fit, MOST))

    def _that_share_tags(self, own: Kind) -> Iterator[int]:
        """Positions of the posts that have a tag of a kind, the most related first."""
        shared: Counter[Kind] = Counter()
        for tag in own[0]:
            for kind in self.kinds[tag]:
                shared[kind] += UNIT // self.tagged[tag]
        ranks: dict[tuple[int, bool], list[list[int]]] = {}
        for kind, weight in shared.items():
            ranks.setdefault((-weight, kind[1] != own[1]), []).append(self.alike[kind])
        for rank in sorted(ranks):
            # Newer posts come first among equals.
            yield from heapq.merge(*ranks[rank])

    def _of_the_category(self, own: Kind) -> Iterator[int]:
        """Positions of the posts that share nothing but the category, newest first."""
        for number in self.filed[own[1]]:
            if _kind(self.posts[number])[0].isdisjoint(own[0]):
                yield number


Kind = tuple[frozenset[str], str]
"""Tags and category of a post, as they stand in addresses."""


def _kind(rendered: RenderedPost) -> Kind:
    meta = rendered.post.meta
    return frozenset(map(slug, meta.tags)), slug(meta.category)
