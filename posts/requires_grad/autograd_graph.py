"""The graph that autograd recorded, read from a tensor and drawn as SVG.

1. `record` walks from a tensor's `grad_fn` along `next_functions`: nodes, edges, and what each
   node has saved for its backward formula.
2. `depths` puts every node below all that lead to it.
3. `draw` does both and returns a `Drawing`, which a notebook shows.

Edges point as gradients flow: from a result to what it was computed from. What is read here
(`_saved_…`) is documented for debugging only, and may change from one version of PyTorch to the
next: https://docs.pytorch.org/docs/stable/notes/autograd.html.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, TypeAlias

import torch

Tensor: TypeAlias = Any
Function: TypeAlias = Any
"""What a `grad_fn` is; PyTorch's own types are many."""

SAVED = "_saved_"
"""What the names of a node's saved values begin with."""

LINE, CHARACTER, MARGIN = 18, 8, 12
"""Height of a line of text, width of a letter, room around a text: CSS pixels."""
ACROSS, DOWN = 28, 34
"""Room between two boxes of a row, and between two rows."""

STYLE = (
    ".autograd{color:#1e2126;background:#fefdfbe0}"
    ".autograd text{font:13px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
    "fill:currentColor;text-anchor:middle}"
    ".autograd .saves{fill:#b34a00}"
    ".autograd :is(rect,path){fill:none;stroke:currentColor}"
    ".autograd .leaf{stroke:#0072b2;stroke-width:2}"
    "@media (prefers-color-scheme:dark){.autograd{color:#e4e2dd;background:none}"
    ".autograd .saves{fill:#f0a060}.autograd .leaf{stroke:#56b4e9}}"
)
"""Ink for light and dark pages: a file sees which of them it is on, not the page's colours.

Safari and many feed readers show the ink for light pages on dark ones, too, and so it has a ground,
of a colour between paper on a screen and paper in a printer, where nobody sees it.
"""


@dataclass(frozen=True)
class Node:
    """A backward function, or a leaf whose gradient is gathered."""

    title: str
    """`MulBackward0`; of a leaf its name and shape."""
    saves: tuple[str, ...]
    """What the backward formula needs of the forward pass: `other = x`."""
    is_leaf: bool


@dataclass(frozen=True)
class Graph:
    """Nodes, the tensor's own first; edges as pairs of positions in `nodes`."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Drawing:
    """An SVG; `_repr_svg_` is what Jupyter asks for."""

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg


def draw(tensor: Tensor, **named: Tensor) -> Drawing:
    """Draw the graph behind a tensor.

    Args:
        tensor: any tensor that has a `grad_fn`.
        named: tensors under the names that the drawing calls them.
    """
    return Drawing(to_svg(record(tensor, named)))


def record(tensor: Tensor, named: Mapping[str, Tensor]) -> Graph:
    """The graph behind a tensor.

    Raises:
        ValueError: nothing was recorded for the tensor.
    """
    if tensor.grad_fn is None:
        raise ValueError("the tensor has no grad_fn: nothing was recorded")
    functions: list[Function] = [tensor.grad_fn]
    positions = {tensor.grad_fn: 0}
    edges = []
    for function in functions:  # grows as new ones are met
        for following, _ in function.next_functions:
            if following is None:
                continue
            if following not in positions:
                positions[following] = len(functions)
                functions.append(following)
            edges.append((positions[function], positions[following]))
    return Graph(tuple(_node(function, named) for function in functions), tuple(edges))


def _node(function: Function, named: Mapping[str, Tensor]) -> Node:
    if hasattr(function, "variable"):
        return Node(_called(function.variable, named), (), is_leaf=True)
    return Node(function.name(), _saves(function, named), is_leaf=False)


def _saves(function: Function, named: Mapping[str, Tensor]) -> tuple[str, ...]:
    saves = []
    for attribute in dir(function):
        if not attribute.startswith(SAVED):
            continue
        name = attribute.removeprefix(SAVED)
        try:
            value = getattr(function, attribute)
        except RuntimeError:  # a backward pass has released it
            saves.append(f"{name}: freed")
            continue
        if isinstance(value, torch.Tensor):
            saves.append(f"{name} = {_called(value, named)}")
    return tuple(saves)


def _called(tensor: Tensor, named: Mapping[str, Tensor]) -> str:
    """A tensor's name and shape: `x [3]`; the value of a number that has no name."""
    for name, other in named.items():
        if tensor is other or _same_memory(tensor, other):
            return f"{name} {list(tensor.shape)}"
    return str(list(tensor.shape)) if tensor.dim() else f"{tensor.item():g}"


def _same_memory(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are the same numbers at the same place."""
    here, there = ((t.data_ptr(), t.shape, t.stride(), t.dtype) for t in (one, other))
    return bool(here == there)


def depths(graph: Graph) -> tuple[int, ...]:
    """For each node the length of the longest way to it: every edge leads further down."""
    found = [0] * len(graph.nodes)
    following: list[list[int]] = [[] for _ in graph.nodes]
    for start, end in graph.edges:
        following[start].append(end)
    waiting = Counter(end for _, end in graph.edges)
    ready = [0]
    for node in ready:  # grows as nodes have all their predecessors behind them
        for end in following[node]:
            found[end] = max(found[end], found[node] + 1)
            waiting[end] -= 1
            if not waiting[end]:
                ready.append(end)
    return tuple(found)


def to_svg(graph: Graph) -> str:
    """The graph from top to bottom, a row for each depth."""
    texts = [(node.title, *(f"saves {save}" for save in node.saves)) for node in graph.nodes]
    widths = [max(map(len, lines)) * CHARACTER + 2 * MARGIN for lines in texts]
    heights = [len(lines) * LINE + MARGIN for lines in texts]
    rows = _rows(graph)
    row_widths = [sum(widths[i] for i in row) + ACROSS * (len(row) - 1) for row in rows]
    whole = max(row_widths)
    middle, top = [0] * len(texts), [0] * len(texts)
    y = 2
    for row, row_width in zip(rows, row_widths, strict=True):
        x = 2 + (whole - row_width) // 2
        for i in row:
            middle[i], top[i] = x + widths[i] // 2, y
            x += widths[i] + ACROSS
        y += max(heights[i] for i in row) + DOWN
    parts = [
        _arrow(middle[start], top[start] + heights[start], middle[end], top[end], shift)
        for start, end, shift in _apart(graph.edges)
    ]
    for i, node in enumerate(graph.nodes):
        parts.append(
            f'<rect class="{"leaf" if node.is_leaf else "step"}" x="{middle[i] - widths[i] // 2}" '
            f'y="{top[i]}" width="{widths[i]}" height="{heights[i]}" '
            f'rx="{heights[i] // 2 if node.is_leaf else 3}"/>'
        )
        for row_of_text, line in enumerate(texts[i]):
            kind = ' class="saves"' if row_of_text else ""
            baseline = top[i] + MARGIN // 2 + LINE * row_of_text + 13
            parts.append(f'<text{kind} x="{middle[i]}" y="{baseline}">{escape(line)}</text>')
    width, height = whole + 4, y - DOWN + 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="autograd" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}"><style>{STYLE}</style>'
        + "".join(parts)
        + "</svg>"
    )


def _rows(graph: Graph) -> list[list[int]]:
    """The nodes of each depth, each near the middle of those that lead to it."""
    depth = depths(graph)
    rows: list[list[int]] = [[] for _ in range(max(depth) + 1)]
    for node, level in enumerate(depth):
        rows[level].append(node)
    place = {0: 0.5}
    for row in rows[1:]:
        before = {n: [place[a] for a, b in graph.edges if b == n] for n in row}
        row.sort(key=lambda node: (sum(before[node]) / len(before[node]), node))
        place |= {node: (i + 0.5) / len(row) for i, node in enumerate(row)}
    return rows


def _apart(edges: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Each edge with a shift sideways, so that several between the same two nodes are seen."""
    total, seen = Counter(edges), Counter[tuple[int, int]]()
    shifted = []
    for edge in edges:
        shifted.append((*edge, 24 * seen[edge] - 12 * (total[edge] - 1)))
        seen[edge] += 1
    return shifted


def _arrow(x1: int, y1: int, x2: int, y2: int, shift: int) -> str:
    """A line between two boxes with a head at its lower end."""
    x1, x2, bend = x1 + shift, x2 + shift, (y2 - y1) // 2
    return (
        f'<path d="M{x1} {y1}C{x1} {y1 + bend} {x2} {y2 - bend} {x2} {y2}'
        f'M{x2 - 4} {y2 - 8}L{x2} {y2}L{x2 + 4} {y2 - 8}"/>'
    )
