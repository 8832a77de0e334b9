"""Which posts a reader of one may like next. Decided by tags, category and date alone.

What two posts share counts the more the rarer it is. Counts are whole numbers, so that sums do
not depend on their order, and ties are broken by date and path. Posts of one kind, with the same
tags and category, are weighed together: a tag that thousands have would else be looked at for each
of them thousands of times.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
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
        tags = [{slug(tag) for tag in item.post.meta.tags} for item in posts]
        self.tagged = Counter(chain.from_iterable(tags))
        """How many posts have a tag."""
        self.kind: list[int] = []
        """The number of each post's kind; kinds are counted in the order of their first posts."""
        self.tags: list[frozenset[str]] = []
        """The tags of each kind that others have, too."""
        self.category: list[str] = []
        """The category of each kind."""
        self.members: list[list[int]] = []
        """The positions of the posts of each kind."""
        self.filed: dict[str, list[int]] = {}
        """Category to the positions of its posts."""
        self.kinds: dict[str, list[int]] = {}
        """Tag to the kinds that have it."""
        numbers: dict[tuple[frozenset[str], str], int] = {}
        for position, item in enumerate(posts):
            category = slug(item.post.meta.category)
            shared = frozenset(tag for tag in tags[position] if self.tagged[tag] > 1)
            number = numbers.setdefault((shared, category), len(numbers))
            if number == len(self.members):
                self.tags.append(shared)
                self.category.append(category)
                self.members.append([])
                for tag in shared:
                    self.kinds.setdefault(tag, []).append(number)
            self.kind.append(number)
            self.members[number].append(position)
            self.filed.setdefault(category, []).append(position)

    def to(self, rendered: RenderedPost, without: Container[str]) -> tuple[RenderedPost, ...]:
        """The most related posts, the most related first.

        Args:
            rendered: one of the posts.
            without: sources of posts that its page names already.
        """
        own = self.position[rendered.post.source.path]
        found = chain(self._that_share_tags(self.kind[own]), self._of_the_category(self.kind[own]))
        named = (self.posts[n] for n in found if n != own)
        fit = (item for item in named if item.post.source.path not in without)
        return tuple(islice(fit, MOST))

    def _that_share_tags(self, own: int) -> Iterator[int]:
        """Positions of the posts that share a tag with a kind, the most related first."""
        shared: dict[int, int] = {}
        for tag in self.tags[own]:
            weight = UNIT // self.tagged[tag]
            for kind in self.kinds[tag]:
                shared[kind] = shared.get(kind, 0) + weight
        ranks: dict[tuple[int, bool], list[int]] = {}
        for kind, weight in shared.items():
            ranks.setdefault((-weight, self.category[kind] != self.category[own]), []).append(kind)
        for rank in sorted(ranks):
            # Newer posts come first among equals.
            yield from _merged(self.members[kind] for kind in sorted(ranks[rank]))

    def _of_the_category(self, own: int) -> Iterator[int]:
        """Positions of the posts that share nothing but the category with a kind, newest first."""
        for position in self.filed[self.category[own]]:
            if self.tags[self.kind[position]].isdisjoint(self.tags[own]):
                yield position


def _merged(lists: Iterable[Sequence[int]]) -> Iterator[int]:
    """The numbers of ascending lists in order; lists come in order of their first numbers.

    As `heapq.merge`, which would look at all of them for the first number.
    """
    waiting: list[tuple[int, int, Sequence[int]]] = []
    for following in lists:
        while waiting and waiting[0][0] < following[0]:
            yield _taken(waiting)
        heapq.heappush(waiting, (following[0], 0, following))
    while waiting:
        yield _taken(waiting)


def _taken(waiting: list[tuple[int, int, Sequence[int]]]) -> int:
    """The least number of lists, taken from them."""
    number, at, numbers = waiting[0]
    if at + 1 < len(numbers):
        heapq.heapreplace(waiting, (numbers[at + 1], at + 1, numbers))
    else:
        heapq.heappop(waiting)
    return number
