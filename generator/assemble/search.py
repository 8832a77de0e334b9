"""The index of the search: which posts have a term, in files that a query asks for few of.

Each language has its own index, of the posts that its lists show. Its terms are shared out among
*shards* by their beginnings. A line of a shard is a term and the posts that have it, as numbers in
ascending order: 32 times the distance from the post before, plus what the term counts there (see
`render.search_terms`). `index.json` names the posts, newest first, and the shards by their
digests, so that no browser takes an old one for a new one.

What stands in the index of a post depends on that post alone. So a post that has changed is
changed in those lines that tell of it, and the other posts are not looked at.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from ..addresses import address, post_page, search_index_path, search_text_path
from ..model import Config, File, Post, RenderedPost
from .listing import shown_in

POSTS_A_SHARD = 16
"""On average: with more posts there are more shards, and a query asks for as much as before."""
SCALE = 32
"""More than a term can count in a post."""
INDEX = "index.json"
ORIGIN = "the search"

Terms = Mapping[str, int]
"""Term to what it counts."""
Changes = Mapping[int, tuple[Terms, Terms]]
"""Number of a post to its terms before and after."""


def search_files(posts: Sequence[RenderedPost], language: str, config: Config) -> Iterator[File]:
    """The index of one language."""
    listed = shown_in(posts, language, config)
    count = shard_count(len(listed))
    postings: dict[str, list[str]] = {}
    last: dict[str, int] = {}
    for number, post in enumerate(listed):
        for term, weight in read_terms(post.terms):
            entry = str(SCALE * (number - last.get(term, 0)) + weight)
            postings.setdefault(term, []).append(entry)
            last[term] = number
    shards: list[dict[str, str]] = [{} for _ in range(count)]
    for term, entries in postings.items():
        shards[shard_of(term, count)][term] = " ".join(entries)
    files = [
        File(shard_path(language, number), _written(lines), ORIGIN)
        for number, lines in enumerate(shards)
    ]
    yield from files
    yield _index(listed, language, {file.path: _digest(file.content) for file in files})


def outdated_shards(
    posts: Sequence[RenderedPost], before: Mapping[str, str], config: Config
) -> frozenset[str]:
    """Paths of the shards that say of some posts what is true no more.

    Args:
        posts: all posts; those that have changed with the terms that they have now.
        before: their sources, and the terms that they had.
        config: the blog's settings.
    """
    return frozenset(
        path
        for language in config.languages
        for path in _changed_terms(posts, before, language, config)
    )


def updated_search_files(
    posts: Sequence[RenderedPost],
    before: Mapping[str, str],
    shards: Mapping[str, bytes],
    digests: Mapping[str, str],
    config: Config,
) -> Iterator[File]:
    """Those files of the index that changed posts change, as `search_files` would make them.

    Args:
        posts: all posts; the same as before, those that have changed with their new terms.
        before: the sources of those, and the terms that they had.
        shards: the content of the `outdated_shards`, by their paths.
        digests: SHA-256 of every file of the site as it was, by its path.
        config: the blog's settings.
    """
    for language in config.languages:
        files = [
            File(path, _updated(shards[path], changes), ORIGIN)
            for path, changes in _changed_terms(posts, before, language, config).items()
        ]
        if files:
            listed = shown_in(posts, language, config)
            paths = [shard_path(language, n) for n in range(shard_count(len(listed)))]
            known = {path: digests[path] for path in paths}
            yield from files
            yield _index(
                listed, language, known | {file.path: _digest(file.content) for file in files}
            )


def read_terms(lines: str) -> Iterator[tuple[str, int]]:
    """The terms of a post, and what each counts."""
    for line in lines.splitlines():
        term, _, weight = line.partition(" ")
        yield term, int(weight)


def shard_count(posts: int) -> int:
    """How many shards the index of so many posts has: a power of two."""
    return 1 << (max(0, posts - 1) // POSTS_A_SHARD).bit_length()


def shard_of(term: str, count: int) -> int:
    """The number of the shard in which a term stands: all that begin alike stand in one.

    A syllable is enough of a beginning; of letters it takes two. The theme's `search/query.js`
    reckons the same. The factor is Knuth's, The Art of Computer Programming 3, section 6.4.
    """
    first = ord(term[0])
    second = ord(term[1]) if len(term) > 1 and first < FIRST_SYLLABLE else 0
    return ((31 * first + second) * 2654435761 % 2**32 >> 16) % count


FIRST_SYLLABLE = 0x3041
"""What is below is a letter: hiragana is the first script of syllables that terms can be of."""


def shard_path(language: str, number: int) -> str:
    """Where a shard lies."""
    return search_index_path(language, f"{number}.txt")


def _changed_terms(
    posts: Sequence[RenderedPost], before: Mapping[str, str], language: str, config: Config
) -> Mapping[str, Changes]:
    """Path of a shard to what changes in it: number of a post to terms before and after."""
    listed = shown_in(posts, language, config)
    count = shard_count(len(listed))
    changed: dict[str, dict[int, tuple[dict[str, int], dict[str, int]]]] = {}
    for number, post in enumerate(listed):
        if post.post.source.path not in before:
            continue
        old, new = dict(read_terms(before[post.post.source.path])), dict(read_terms(post.terms))
        differing = {term for term, _ in old.items() ^ new.items()}
        for term in differing:
            path = shard_path(language, shard_of(term, count))
            for side, terms in enumerate((old, new)):
                if term in terms:
                    pair = changed.setdefault(path, {}).setdefault(number, ({}, {}))
                    pair[side][term] = terms[term]
    return changed


def _updated(shard: bytes, changes: Changes) -> bytes:
    """A shard in which some posts have other terms."""
    lines = dict(line.split(" ", 1) for line in shard.decode().split("\n")[:-1])
    terms = {term for old, new in changes.values() for term in (*old, *new)}
    for term in terms:
        weights = dict(_postings(lines.pop(term, "")))
        for number, (old, new) in changes.items():
            if term in old:
                del weights[number]
            if term in new:
                weights[number] = new[term]
        if weights:
            lines[term] = _line(weights)
    return _written(lines)


def _postings(line: str) -> Iterator[tuple[int, int]]:
    number = 0
    for entry in line.split():
        distance, weight = divmod(int(entry), SCALE)
        number += distance
        yield number, weight


def _line(weights: Mapping[int, int]) -> str:
    entries, last = [], 0
    for number, weight in sorted(weights.items()):
        entries.append(str(SCALE * (number - last) + weight))
        last = number
    return " ".join(entries)


def _written(lines: Mapping[str, str]) -> bytes:
    return "".join(f"{term} {lines[term]}\n" for term in sorted(lines)).encode()


def _index(listed: Sequence[RenderedPost], language: str, digests: Mapping[str, str]) -> File:
    """What is read first: the names of the posts in order, and the shards there are."""
    shards = [digests[shard_path(language, number)][:8] for number in range(len(digests))]
    names = [_name(post.post) for post in listed]
    content = _json({"posts": names, "shards": shards})
    return File(search_index_path(language, INDEX), content, ORIGIN)


def text_files(rendered: RenderedPost, config: Config) -> Iterator[File]:
    """What the search shows of a post: its passages are ids, headings and texts.

    What lists do not show, a search does not find: a standing page is in the navigation.
    """
    post, meta = rendered.post, rendered.post.meta
    if post.source.standing:
        return
    content = {
        "title": _composed(meta.title),
        "address": address(post_page(post, config), config),
        "language": meta.language,
        # By the category, too, a post is found: then it is shown as what was found.
        "tags": [_composed(tag) for tag in dict.fromkeys((meta.category, *meta.tags))],
        "passages": [[each.id, each.heading, each.text] for each in rendered.passages],
    }
    yield File(search_text_path(_name(post)), _json(content), post.source.path)


def _name(post: Post) -> str:
    return f"{post.source.folder}.{post.meta.language}.json"


def _composed(text: str) -> str:
    """A text in the form in which Hangul is typed (UAX 15)."""
    return unicodedata.normalize("NFC", text)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
