"""Whether a post that is there already came from the same old one, and was edited since.

It lies where that would be written, in the same language. Its id, a former address, its title or
its day tell; or else its text, at least half of which stands in the same lines still.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from ..errors import InkcellError
from .front_text import read_front_text
from .notebooks import cell_text, front_of_notebook, has_front_matter, read_old_notebook

FENCES = ("```", "~~~", ":::")
"""Lines that many posts have in common."""


def known_by(
    id: object, aliases: Iterable[object], title: object, date: object
) -> frozenset[tuple[str, str]]:
    """What of front matter no other post in the same folder would have; nothing is empty."""
    pairs = [("id", id), *(("aliases", alias) for alias in aliases), ("title", title)]
    pairs.append(("date", date))
    return frozenset((key, " ".join(str(value).split())) for key, value in pairs if value)


def is_same(there: str, new: str, signs: frozenset[tuple[str, str]], *, notebook: bool) -> bool:
    """Whether `there`, the text of a file, is a post that was written as `new`."""
    front, lines = _taken_apart(there, notebook=notebook)
    aliases = front.get("aliases")
    own = known_by(
        front.get("id"),
        aliases if isinstance(aliases, list) else [],
        front.get("title"),
        front.get("date"),
    )
    if own & signs:
        return True
    _, wanted = _taken_apart(new, notebook=not new.startswith("---"))
    kept = sum(map(len, wanted & lines))
    return kept > 0 and 2 * kept >= sum(map(len, wanted))


def _taken_apart(text: str, *, notebook: bool) -> tuple[Mapping[str, object], frozenset[str]]:
    """The front matter and the lines of a post; of one that is broken, what can be read."""
    values: Mapping[str, object] = {}
    with suppress(InkcellError):
        if notebook:
            document = read_old_notebook(text)
            cells = document["cells"][has_front_matter(document) :]
            text = "\n".join(map(cell_text, cells))
            values = front_of_notebook(document).values
        else:
            found = read_front_text(text)
            values, text = found.values, found.text
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return values, frozenset(line for line in lines if line and not line.startswith(FENCES))
