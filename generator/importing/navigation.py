"""The place of standing pages in the navigation, where the old blog's files tell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from .links import address_key
from .old_blog import OldPost

PLACES = ("url", "pageRef", "href", "link", "file")
"""Keys under which an entry of a menu says where it leads."""


def with_navigation(
    posts: Iterable[OldPost], entries: Sequence[str], url: str, base: str
) -> tuple[OldPost, ...]:
    """The posts; a standing page that one of the entries leads to has its place among these.

    An entry is the path of a file or an address, in the order of the navigation.
    """
    order: dict[str, int] = {}
    for number, entry in enumerate(entries):
        order.setdefault(_key(entry, url, base), number)
    posts = tuple(posts)
    found: dict[str, int] = {}
    for post in posts:
        names = (post.address, post.group, post.path) if post.standing else ()
        places = [order[key] for name in names if name and (key := _key(name, "", "")) in order]
        if places:
            found[post.path] = min(places)
    counts: Counter[str] = Counter()
    numbers: dict[str, int] = {}
    languages = {post.path: post.language for post in posts}
    for path in sorted(found, key=lambda path: (found[path], path)):
        counts[languages[path]] += 1
        numbers[path] = counts[languages[path]]
    return tuple(
        replace(post, nav=numbers[post.path]) if post.path in numbers else post for post in posts
    )


def _key(entry: str, url: str, base: str) -> str:
    """An entry as it is compared: without host, base path and ending."""
    path = entry.partition("#")[0].strip()
    if url and f"{path}/".startswith(url + "/"):
        path = path.removeprefix(url)
    elif base and f"{path}/".startswith(base + "/"):
        path = path.removeprefix(base)
    return address_key("/" + path.removeprefix("./").lstrip("/"))


def entries_of(menu: object) -> Iterator[str]:
    """Where the entries of a menu lead, those of menus in it, too."""
    for item in menu if isinstance(menu, list) else ():
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            yield from (str(item[key]) for key in PLACES if isinstance(item.get(key), str))
            for value in item.values():
                yield from entries_of(value)
