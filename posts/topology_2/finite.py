"""Functions between finite sets, as rules of assignment, and exhaustive searches over them.

The definitions follow Munkres, *Topology*, 2nd edition, section 2: a rule is a set of pairs, and a
function is a rule together with a range. Elements are one-character strings, so that
``frozenset("123")`` is a set of three elements and ``"1a 2b"`` spells a rule of two pairs.

Every enumeration runs from small to large, so the first counterexample found is a smallest one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import chain, combinations, product
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

T = TypeVar("T", bound=Collection[str])

Set: TypeAlias = frozenset[str]
"""A finite set of one-character names."""

Rule: TypeAlias = frozenset[tuple[str, str]]
"""A set of pairs ``(a, b)``; a rule of assignment if `is_rule` says so."""

Family: TypeAlias = frozenset[Set]
"""A set of sets."""

# The elements of a set of size n are the first n names, so a set is known by its size alone.
DOMAIN_NAMES = "1234567"
RANGE_NAMES = "abcdefg"
TARGET_NAMES = "tuvwxyz"


def is_rule(pairs: Iterable[tuple[str, str]]) -> bool:
    """Whether each first coordinate appears in at most one of the distinct pairs."""
    distinct = set(pairs)
    return len({a for a, _ in distinct}) == len(distinct)


@dataclass(frozen=True)
class Function:
    """A rule of assignment together with a range that contains its image set.

    Raises `ValueError` if the pairs are not a rule, or the range misses one of the values.
    Two functions are equal when both the rule and the range are.
    """

    rule: Rule
    """The pairs ``(a, f(a))``; they determine the domain."""

    range: Set
    """The set the function maps into (the codomain), which may be larger than the image set."""

    def __post_init__(self) -> None:
        """Refuse what the definition does not allow."""
        if not is_rule(self.rule):
            raise ValueError("not a rule: a first coordinate appears twice")
        if not self.image_set <= self.range:
            missing = show(self.image_set - self.range)
            raise ValueError(f"the range does not contain the image set: {missing} is missing")

    @classmethod
    def of(cls, pairs: str, into: str) -> Function:
        """Spell a function: ``Function.of("1a 2b", "abc")`` sends 1 to a and 2 to b in {a, b, c}.

        Raises `ValueError` if a word is not two characters long, or as the class itself does.
        """
        words = pairs.split()
        if any(len(word) != 2 for word in words):
            raise ValueError(f"each word must be two characters, a point and its value: {pairs!r}")
        return cls(frozenset((word[0], word[1]) for word in words), frozenset(into))

    @cached_property
    def table(self) -> Mapping[str, str]:
        """The rule as a dictionary, in the order of the domain's names."""
        return dict(sorted(self.rule))

    @cached_property
    def domain(self) -> Set:
        """All first coordinates of the rule."""
        return frozenset(a for a, _ in self.rule)

    @cached_property
    def image_set(self) -> Set:
        """All second coordinates of the rule."""
        return frozenset(b for _, b in self.rule)

    def __call__(self, a: str) -> str:
        """Return the value at `a`; raises `KeyError` outside the domain."""
        return self.table[a]

    def __str__(self) -> str:
        """Spell the rule and the range, as in ``[1→a 2→a] into {a, b}``."""
        arrows = " ".join(f"{a}→{b}" for a, b in self.table.items())
        return f"[{arrows}] into {show(self.range)}"

    def restrict(self, subset: Iterable[str]) -> Function:
        """Keep the pairs whose first coordinate lies in `subset`, and the range.

        Raises `ValueError` if `subset` is not a subset of the domain.
        """
        kept = frozenset(subset)
        if not kept <= self.domain:
            raise ValueError(f"{show(kept)} is not a subset of the domain {show(self.domain)}")
        return Function(frozenset(pair for pair in self.rule if pair[0] in kept), self.range)

    def with_range(self, into: Iterable[str]) -> Function:
        """Keep the rule and change the range; raises `ValueError` if that misses a value."""
        return Function(self.rule, frozenset(into))


def identity(a: Set) -> Function:
    """Return the function from `a` to `a` that moves nothing."""
    return Function(frozenset((x, x) for x in a), a)


def compose(g: Function, f: Function) -> Function:
    """Return the composite, `f` first and then `g`.

    Raises `ValueError` unless the range of `f` equals the domain of `g`.
    """
    if f.range != g.domain:
        ranges = f"range {show(f.range)}, domain {show(g.domain)}"
        raise ValueError(f"composite not defined: {ranges}")
    return Function(frozenset((a, g(b)) for a, b in f.rule), g.range)


def is_injective(f: Function) -> bool:
    """Whether distinct points have distinct values."""
    return len(f.image_set) == len(f.domain)


def is_surjective(f: Function) -> bool:
    """Whether every element of the range is a value."""
    return f.image_set == f.range


def is_bijective(f: Function) -> bool:
    """Whether the function is injective and surjective."""
    return is_injective(f) and is_surjective(f)


def inverse(f: Function) -> Function:
    """Turn every pair round; raises `ValueError` unless the function is bijective."""
    if not is_bijective(f):
        raise ValueError(f"no inverse function: {f} is not bijective")
    return Function(frozenset((b, a) for a, b in f.rule), f.domain)


def image(f: Function, subset: Collection[str]) -> Set:
    """Return the values at the points of `subset`, a subset of the domain."""
    table = f.table
    return frozenset([table[a] for a in subset])


def preimage(f: Function, subset: Collection[str]) -> Set:
    """Return the points whose value lies in `subset`, a subset of the range."""
    return frozenset([a for a, b in f.table.items() if b in subset])


def injection_count(m: int, n: int) -> int:
    """Return n!/(n-m)!, the number of injections from m elements to n; 0 if m > n."""
    return math.perm(n, m)


def surjection_count(m: int, n: int) -> int:
    """Return the number of surjections from m elements onto n, by inclusion and exclusion."""
    return sum((-1) ** k * math.comb(n, k) * (n - k) ** m for k in range(n + 1))


def subsets(whole: Iterable[T]) -> list[frozenset[T]]:
    """Return all 2^n subsets of a set of names, of pairs or of sets, the smaller ones first."""
    items = sorted(whole, key=_order)
    sizes = range(len(items) + 1)
    return [frozenset(c) for c in chain.from_iterable(combinations(items, k) for k in sizes)]


def _order(item: Collection[str]) -> tuple[int, list[str]]:
    """Sort sets by size, then by their elements: their own `<` is inclusion, a partial order."""
    return len(item), sorted(item) if isinstance(item, frozenset) else list(item)


def union(sets: Iterable[Set]) -> Set:
    """Return the union of a family; that of the empty family is empty."""
    return frozenset(chain.from_iterable(sets))


def intersection(sets: Iterable[Set], whole: Set) -> Set:
    """Return the intersection of a family of subsets of `whole`; the empty family gives `whole`."""
    return reduce(lambda x, y: x & y, sets, whole)


def functions(a: Set, b: Set) -> Iterator[Function]:
    """Yield all n^m functions from a set of m elements to one of n."""
    points, values = sorted(a), sorted(b)
    for chosen in product(values, repeat=len(points)):
        yield Function(frozenset(zip(points, chosen, strict=True)), b)


def all_functions(largest: int, smallest: int = 0) -> Iterator[Function]:
    """Yield every function between sets of `smallest` to `largest` elements, few elements first."""
    sizes = range(smallest, largest + 1)
    for m, n in sorted(product(sizes, sizes), key=lambda size: (sum(size), size)):
        yield from functions(frozenset(DOMAIN_NAMES[:m]), frozenset(RANGE_NAMES[:n]))


Case: TypeAlias = tuple[Function | Set, ...]
"""What a law is about: one function or two, then subsets."""

Law: TypeAlias = Callable[..., bool]
"""A statement about the members of a case."""


def composable(largest: int, smallest: int = 0) -> Iterator[tuple[Function, Function]]:
    """Yield every pair (f, g) for which g after f is defined, few elements first."""
    sizes = range(smallest, largest + 1)
    for m, n, p in sorted(product(sizes, sizes, sizes), key=lambda size: (sum(size), size)):
        a, b = frozenset(DOMAIN_NAMES[:m]), frozenset(RANGE_NAMES[:n])
        second = list(functions(b, frozenset(TARGET_NAMES[:p])))
        for f in functions(a, b):
            for g in second:
                yield f, g


def cases(
    largest: int, *, in_domain: int = 0, in_range: int = 0, smallest: int = 0
) -> Iterator[Case]:
    """Yield every function with every choice of subsets of its domain and of its range.

    `in_domain` and `in_range` say how many subsets of each to choose; `largest` and `smallest`
    bound the sizes of domain and range.
    """
    for f in all_functions(largest, smallest):
        below, above = subsets(f.domain), subsets(f.range)
        for chosen in product(*[below] * in_domain, *[above] * in_range):
            yield (f, *chosen)


class Search(NamedTuple):
    """What an exhaustive search found."""

    checked: int
    """The number of cases looked at, the counterexample included."""

    counterexample: Case | None
    """The first case that breaks the law, or None if every case obeys it."""


def search(law: Law, among: Iterable[Case]) -> Search:
    """Look for the first case that breaks the law."""
    checked = 0
    for case in among:
        checked += 1
        if not law(*case):
            return Search(checked, case)
    return Search(checked, None)


def left_inverses(f: Function) -> list[Function]:
    """Return every g from the range to the domain with g(f(a)) = a for all a, by trying all."""
    same = identity(f.domain)
    return [g for g in functions(f.range, f.domain) if compose(g, f) == same]


def right_inverses(f: Function) -> list[Function]:
    """Return every h from the range to the domain with f(h(b)) = b for all b, by trying all."""
    same = identity(f.range)
    return [h for h in functions(f.range, f.domain) if compose(f, h) == same]


def is_topology(family: Collection[Set], whole: Set) -> bool:
    """Whether a family of subsets of a finite set is a topology on it.

    On a finite set closure under unions and intersections of two members is enough.
    """
    if frozenset() not in family or whole not in family:
        return False
    return all(x | y in family and x & y in family for x, y in combinations(family, 2))


def topologies(whole: Set) -> list[Family]:
    """Return all topologies on a finite set, those with few open sets first."""
    always = frozenset({frozenset[str](), whole})
    proper = [s for s in subsets(whole) if s not in always]
    families = (always | chosen for chosen in subsets(proper))
    return [family for family in families if is_topology(family, whole)]


def show(subset: Iterable[str]) -> str:
    """Write a set in braces, its elements in order."""
    items = sorted(subset)
    return "{" + ", ".join(items) + "}" if items else "∅"


def show_family(family: Iterable[Set]) -> str:
    """Write a set of sets, the smaller ones first."""
    return " ".join(show(member) for member in sorted(family, key=_order))


def describe(case: Case) -> str:
    """Write a case on one line."""
    return ", ".join(str(x) if isinstance(x, Function) else show(x) for x in case)


# The Okabe-Ito colours, chosen to be told apart with any colour vision.
BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"

_GAP = 3.0  # between the columns, in units of the distance between two rows
_RADIUS = 0.29


class Region(NamedTuple):
    """A subset to shade in an arrow diagram."""

    members: Set
    label: str
    colour: str


def draw(
    ax: Axes,
    f: Function,
    *,
    title: str = "",
    names: tuple[str, str] = ("$A$", "$B$"),
    in_domain: Sequence[Region] = (),
    in_range: Sequence[Region] = (),
    margin: float = 0.0,
    rows: int = 0,
) -> None:
    """Draw the arrow diagram of a function, its domain on the left.

    Regions are shaded behind the points and labelled outside; where two overlap, the later one is
    drawn inside the earlier. `margin` leaves room for the labels on both sides, and `rows` makes
    the drawing as tall as a set of that many elements, so that panels side by side agree.
    """
    tall = max(rows, len(f.domain), len(f.range), 1)
    left = _column(f.domain, 0.0, tall)
    right = _column(f.range, _GAP, tall)
    for points, name, regions, side in (
        (left, names[0], in_domain, -1),
        (right, names[1], in_range, 1),
    ):
        x = 0.0 if side < 0 else _GAP
        heights = [y for _, y in points.values()] or [(1 - tall) / 2]
        _capsule(ax, x, max(heights), min(heights), 0.62, edge="#555555")
        ax.text(x, max(heights) + 0.82, name, ha="center", va="bottom", fontsize=12)
        for i, region in enumerate(regions):
            depth = sum(1 for earlier in regions[:i] if earlier.members & region.members)
            _shade(ax, points, region, x, 0.47 - 0.08 * depth)
            # A label stands beside what no later region covers, so that two never collide.
            bare = region.members - union(later.members for later in regions[i + 1 :])
            beside = [points[name][1] for name in bare or region.members]
            if beside:
                y, align = sum(beside) / len(beside), "left" if side > 0 else "right"
                ax.text(x + side * 0.8, y, region.label, ha=align, va="center", fontsize=11)
    for a, b in f.table.items():
        _arrow(ax, left[a], right[b])
    for name, (x, y) in (*left.items(), *right.items()):
        ax.add_patch(Circle((x, y), _RADIUS, facecolor="white", edgecolor="#222222", zorder=3))
        ax.text(x, y - 0.015, name, ha="center", va="center", fontsize=11, zorder=4)
    ax.set_xlim(-0.7 - margin, _GAP + 0.7 + margin)
    ax.set_ylim(-tall + 0.25, 1.45)
    ax.set_aspect("equal")
    ax.set_axis_off()
    if title:
        ax.set_title(title, fontsize=11)


def _column(members: Set, x: float, tall: int) -> dict[str, tuple[float, float]]:
    """Place the elements below each other, centred between the rows 0 and 1 - tall."""
    top = -(tall - len(members)) / 2
    return {name: (x, top - i) for i, name in enumerate(sorted(members))}


def _capsule(
    ax: Axes,
    x: float,
    top: float,
    bottom: float,
    half: float,
    *,
    edge: str,
    fill: tuple[float, float, float] | None = None,
) -> None:
    """Draw a box with round ends, `half` wide on each side of the points it holds."""
    # The box itself has no width: all of it is rounded padding.
    box = FancyBboxPatch(
        (x, bottom),
        0.0,
        top - bottom,
        boxstyle=f"round,pad={half},rounding_size={half}",
        facecolor=fill or "none",
        edgecolor=edge,
        linewidth=1.2,
        zorder=1,
    )
    ax.add_patch(box)


def _shade(
    ax: Axes, points: Mapping[str, tuple[float, float]], region: Region, x: float, half: float
) -> None:
    """Shade each run of neighbouring members."""
    runs: list[list[float]] = []
    gap = True
    for name, (_, y) in points.items():
        if name not in region.members:
            gap = True
            continue
        if gap:
            runs.append([])
        runs[-1].append(y)
        gap = False
    for run in runs:
        _capsule(ax, x, run[0], run[-1], half, edge=region.colour, fill=_tint(region.colour))


def _tint(colour: str) -> tuple[float, float, float]:
    """Mix a colour with white: opaque, so that what lies below does not muddy it."""
    red, green, blue = to_rgb(colour)
    return 0.68 + 0.32 * red, 0.68 + 0.32 * green, 0.68 + 0.32 * blue


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow from the rim of one point to the rim of another."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    ux, uy = dx / length * (_RADIUS + 0.06), dy / length * (_RADIUS + 0.06)
    ax.add_patch(
        FancyArrowPatch(
            (start[0] + ux, start[1] + uy),
            (end[0] - ux, end[1] - uy),
            arrowstyle="-|>",
            mutation_scale=11,
            shrinkA=0,
            shrinkB=0,
            linewidth=1.2,
            color="#222222",
            zorder=2,
        )
    )
