"""Hasse diagrams of power sets: a line goes up from a set to each set with one element more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Set: TypeAlias = frozenset[int]
"""A set of numbers."""


def places(whole: Iterable[int]) -> dict[Set, tuple[float, float]]:
    """Return where each subset stands: by size from below, and centred around (0, 0).

    Within a row subsets stand in the order of their elements. To take complements reverses that
    order, so a set and its complement stand opposite each other.
    """
    elements = sorted(whole)
    found = {}
    for size in range(len(elements) + 1):
        row = list(combinations(elements, size))
        for i, chosen in enumerate(row):
            found[frozenset(chosen)] = (i - (len(row) - 1) / 2, size - len(elements) / 2)
    return found


def covers(sets: Iterable[Set]) -> list[tuple[Set, Set]]:
    """Return the pairs of sets of which the second has one element more, and all of the first."""
    known = list(sets)
    return [(low, high) for low in known for high in known if low < high and len(high - low) == 1]


def draw(
    axes: Axes,
    whole: Iterable[int],
    marked: Mapping[Set, str] | None = None,
    names: Mapping[Set, str] | None = None,
    title: str = "",
) -> None:
    """Draw the diagram; `marked` sets have a plate of that colour, `names` stand beside sets."""
    stands = places(whole)
    for low, high in covers(stands):
        (x, y), (u, v) = stands[low], stands[high]
        axes.plot([x, u], [y, v], color="#888888", linewidth=1.0, zorder=1)
    for subset, (x, y) in stands.items():
        letters = "{" + ", ".join(map(str, sorted(subset))) + "}" if subset else "∅"
        colour = (marked or {}).get(subset)
        plate = {
            "boxstyle": "round,pad=0.3",
            "facecolor": "white",
            "edgecolor": colour or "#888888",
            "linewidth": 2.4 if colour else 0.8,
        }
        axes.text(x, y, letters, ha="center", va="center", fontsize=11, bbox=plate, zorder=2)
        if names and subset in names:
            # Lines do not run through a name: it stands on a piece of paper.
            paper = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none"}
            written = axes.text(x, y + 0.38, names[subset], fontsize=12, bbox=paper, zorder=3)
            written.set(ha="center", va="center")
    widest = max(abs(x) for x, _ in stands.values())
    highest = max(y for _, y in stands.values())
    axes.set_xlim(-widest - 0.6, widest + 0.6)
    axes.set_ylim(-highest - 0.35, highest + 0.55)
    axes.set_axis_off()
    axes.set_title(title, fontsize=12)
