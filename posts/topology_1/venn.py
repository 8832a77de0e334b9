"""Venn diagrams that are drawn by the expression they show.

`draw(axes, lambda A, B, C: A & (B | C))` shades the region of that expression: the letters become
circles, and the very lambda that can be tried on sets is evaluated on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Circle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

BLUE, ORANGE = "#0072B2", "#E69F00"
"""Of the Okabe-Ito colours, which can be told apart with any colour vision."""

CENTRES = {
    1: ((0.0, 0.0),),
    2: ((-0.55, 0.0), (0.55, 0.0)),
    3: ((-0.55, 0.38), (0.55, 0.38), (0.0, -0.57)),
}
"""Where the circles of radius 1 stand, so that every combination of inside and outside occurs."""

_LABELS = {
    1: ((0.0, 1.18),),
    2: ((-1.42, 1.05), (1.42, 1.05)),
    3: ((-1.5, 1.28), (1.5, 1.28), (1.1, -1.32)),
}
_GRID = 161  # points a side: edges are interpolated between them


@dataclass(frozen=True)
class Region:
    """A part of the plane, as a function of depth: positive inside, negative outside.

    Union, intersection and difference are the maximum, the minimum, and the minimum with the
    second sign turned.
    """

    depth: NDArray[np.float64]
    """The value at each of some points."""

    def __or__(self, other: Region) -> Region:
        """Return the points in at least one of the two."""
        return Region(np.maximum(self.depth, other.depth))

    def __and__(self, other: Region) -> Region:
        """Return the points in both."""
        return Region(np.minimum(self.depth, other.depth))

    def __sub__(self, other: Region) -> Region:
        """Return the points in the first and not in the second."""
        return Region(np.minimum(self.depth, -other.depth))


Expression = Callable[..., Region]
"""A set expression; its parameters, one to three, are the names of the circles."""


def circles(count: int, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[Region, ...]:
    """Return the `count` circles at the points with these coordinates."""
    if count not in CENTRES:
        raise ValueError(f"there are Venn diagrams of one to three circles here, not of {count}")
    return tuple(Region(1.0 - np.hypot(x - a, y - b)) for a, b in CENTRES[count])


def draw(
    axes: Axes, *shown: Expression, title: str = "", colours: tuple[str, ...] = (BLUE, ORANGE)
) -> None:
    """Shade the region of an expression, or those of two, and draw the circles over them."""
    names = tuple(signature(shown[0]).parameters)
    x, y = np.meshgrid(np.linspace(-1.7, 1.7, _GRID), np.linspace(-1.7, 1.5, _GRID))
    sets = circles(len(names), x, y)
    for expression, colour in zip(shown, colours, strict=False):
        depth = expression(*sets).depth
        axes.contourf(x, y, depth, levels=[0.0, 9.0], colors=[colour], alpha=0.45)
    for name, centre, place in zip(names, CENTRES[len(names)], _LABELS[len(names)], strict=True):
        axes.add_patch(Circle(centre, 1.0, fill=False, edgecolor="black", linewidth=1.2))
        axes.text(*place, f"${name}$", ha="center", va="center", fontsize=13)
    axes.set_xlim(-1.75, 1.75)
    axes.set_ylim(-1.7 if len(names) == 3 else -1.1, 1.5)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(title, fontsize=13)
