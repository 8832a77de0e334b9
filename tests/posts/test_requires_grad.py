"""What the module of the post *requires_grad* promises: the graph as autograd has it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from lxml import etree

from generator.render.svg import keeps_its_colours, safe_svg

from .loading import load_module

graphs: Any = load_module("requires_grad", "autograd_graph")
Graph, Node = graphs.Graph, graphs.Node


@pytest.fixture
def leaf() -> Any:
    """Three numbers that require a gradient."""
    return torch.tensor([1.0, 2.0, 3.0], requires_grad=True)


def chain(*pairs: tuple[int, int]) -> Any:
    """A graph of nodes without names."""
    count = max(max(pair) for pair in pairs) + 1
    return Graph(tuple(Node(f"n{i}", (), is_leaf=False) for i in range(count)), pairs)


class TestRecord:
    def test_worked_by_hand(self, leaf: Any) -> None:
        """exp(w x + b), summed: each kind of node, and what it saves."""
        x, b = torch.ones(3), torch.zeros(3, requires_grad=True)
        y = torch.exp(leaf * x + b)
        found = graphs.record(y.sum(), {"w": leaf, "x": x, "b": b, "y": y})
        assert found.nodes == (
            Node("SumBackward0", (), is_leaf=False),
            Node("ExpBackward0", ("result = y [3]",), is_leaf=False),
            Node("AddBackward0", (), is_leaf=False),
            Node("MulBackward0", ("other = x [3]",), is_leaf=False),
            Node("b [3]", (), is_leaf=True),
            Node("w [3]", (), is_leaf=True),
        )
        assert found.edges == ((0, 1), (1, 2), (2, 3), (2, 4), (3, 5))

    def test_a_leaf_used_twice_is_one_node(self, leaf: Any) -> None:
        """w w has two edges to the one leaf."""
        found = graphs.record(leaf * leaf, {"w": leaf})
        assert found.edges == ((0, 1), (0, 1))
        assert found.nodes[0].saves == ("other = w [3]", "self = w [3]")

    def test_a_number_is_shown_as_its_value(self, leaf: Any) -> None:
        """A factor that is no tensor has no name."""
        assert graphs.record(leaf * 2.5, {}).nodes[0].saves == ("other = 2.5",)

    def test_a_tensor_without_a_name_is_shown_as_its_shape(self, leaf: Any) -> None:
        """Both where it is saved and where it is a leaf."""
        found = graphs.record(torch.sin(leaf), {})
        assert [node.title for node in found.nodes] == ["SinBackward0", "[3]"]
        assert found.nodes[0].saves == ("self = [3]",)

    def test_a_view_is_not_its_base(self, leaf: Any) -> None:
        """The same place with another shape has another name."""
        part = leaf[:2]
        found = graphs.record(torch.sin(part), {"w": leaf, "part": part})
        assert found.nodes[0].saves == ("self = part [2]",)

    def test_what_a_pass_has_released_is_freed(self, leaf: Any) -> None:
        """The nodes stay."""
        y = torch.sin(leaf).sum()
        y.backward()
        assert graphs.record(y, {}).nodes[1].saves == ("self: freed",)

    def test_nothing_recorded(self, leaf: Any) -> None:
        """A leaf has no graph behind it."""
        with pytest.raises(ValueError, match="nothing was recorded"):
            graphs.record(leaf, {})


class TestDepths:
    def test_a_short_cut_does_not_lift_a_node(self) -> None:
        """Node 3 is below node 2, although an edge leads to it from the top."""
        assert graphs.depths(chain((0, 1), (0, 3), (1, 2), (2, 3))) == (0, 1, 2, 3)

    def test_a_diamond(self) -> None:
        """Two ways of equal length."""
        assert graphs.depths(chain((0, 1), (0, 2), (1, 3), (2, 3))) == (0, 1, 1, 2)

    def test_two_edges_between_the_same_nodes(self) -> None:
        """Both have to be walked before the lower node is placed."""
        assert graphs.depths(chain((0, 1), (0, 1), (1, 2))) == (0, 1, 2)

    @pytest.mark.parametrize("steps", [1, 5000])
    def test_long_graphs(self, leaf: Any, steps: int) -> None:
        """No recursion: a graph may be as long as a training's."""
        y = leaf
        for _ in range(steps):
            y = y + 1
        assert max(graphs.depths(graphs.record(y, {}))) == steps


class TestDrawing:
    def boxes(self, svg: str) -> list[tuple[int, int, int, int]]:
        """Left, top, right, bottom of each box."""
        found = []
        for box in etree.fromstring(svg.encode()).iter("{*}rect"):
            names = ("x", "y", "width", "height")
            x, y, width, height = (int(str(box.get(name))) for name in names)
            found.append((x, y, x + width, y + height))
        return found

    def drawing(self, leaf: Any) -> str:
        """A graph with a short cut, two edges between two nodes, and two leaves in a row."""
        other = torch.ones(3, requires_grad=True)
        y = (leaf * leaf).sin() + other.exp() * leaf
        return str(graphs.draw(y.prod(), w=leaf, other=other)._repr_svg_())

    def test_boxes_do_not_overlap_and_lie_in_the_drawing(self, leaf: Any) -> None:
        """Every pair of boxes is apart."""
        svg = self.drawing(leaf)
        root = etree.fromstring(svg.encode())
        width, height = int(str(root.get("width"))), int(str(root.get("height")))
        boxes = self.boxes(svg)
        assert len(boxes) == 8
        for i, (left, top, right, bottom) in enumerate(boxes):
            assert 0 < left < right < width
            assert 0 < top < bottom < height
            for left2, top2, right2, bottom2 in boxes[:i]:
                assert right <= left2 or right2 <= left or bottom <= top2 or bottom2 <= top

    def test_a_picture_for_light_and_dark_pages(self, leaf: Any) -> None:
        """It survives what makes outputs safe, with both inks and a ground for the dark one."""
        svg = self.drawing(leaf)
        safe = safe_svg(svg)
        assert not keeps_its_colours(safe)
        light, dark = safe.split(b"@media (prefers-color-scheme:dark)")
        assert re.search(rb"\.autograd\{color:#\w+;background:#\w+\}", light)
        assert re.search(rb"\.autograd\{color:#\w+;background:none\}", dark)
        assert b"currentColor" in safe
        assert safe.count(b"<text") == svg.count("<text")

    def test_the_same_bytes(self, leaf: Any) -> None:
        """No address of an object gets into a drawing."""
        first = self.drawing(leaf)
        assert first == self.drawing(leaf.detach().clone().requires_grad_())
        assert not re.search("0x[0-9a-f]{6}", first)

    def test_names_are_escaped(self, leaf: Any) -> None:
        """A name is text, whatever letters it has."""
        svg = graphs.draw(leaf * 2, **{"<w & b>": leaf}).svg
        assert "&lt;w &amp; b&gt; [3]" in svg
        etree.fromstring(svg.encode())
