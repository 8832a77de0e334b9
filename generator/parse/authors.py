"""The names by which works are cited."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from ..model import Reference


def in_korean(author: str) -> str:
    """A name in Hangul as Koreans write it, `김철수` of `김, 철수`; nothing for any other name."""
    return re.sub(r"[\s,]+", "", author) if re.fullmatch(r"[가-힣]+,?( ?[가-힣]+)?", author) else ""


def family_name(author: str) -> str:
    """The family name of an author written in full: `von Luxburg` of `Ulrike von Luxburg`.

    `Luxburg, Ulrike von` names it first; a name in braces, `{SciPy community}`, has no parts.
    """
    author = author.strip()
    if author.startswith("{") and author.endswith("}"):
        return author[1:-1].strip()
    if in_korean(author):
        return in_korean(author)  # One family name is that of millions: all of the name is told.
    if "," in author:
        return author.partition(",")[0].strip()
    words = author.split()
    start = max(len(words) - 1, 0)
    while start > 1 and words[start - 1][:1].islower():
        start -= 1
    return " ".join(words[start:])


def full_name(author: str) -> str:
    """A name in the order in which it is read: `Ulrike von Luxburg` of `Luxburg, Ulrike von`.

    A name in braces loses them, and one with two commas is left as it was written.
    """
    author = author.strip()
    if author.startswith("{") and author.endswith("}"):
        return author[1:-1].strip()
    family, *given = (part.strip() for part in author.split(","))
    return in_korean(author) or (f"{given[0]} {family}" if len(given) == 1 else author)


def with_letters(works: Sequence[Reference]) -> tuple[Reference, ...]:
    """Works of the same authors and year get letters: 2000a, 2000b."""
    keys = [(work.families or (work.title,), work.issued) for work in works]
    counts, seen = Counter(keys), Counter[tuple[tuple[str, ...], str]]()
    lettered = []
    for work, key in zip(works, keys, strict=True):
        letter = chr(ord("a") + seen[key] % 26) if counts[key] > 1 else ""
        seen[key] += 1
        lettered.append(replace(work, letter=letter))
    return tuple(lettered)
