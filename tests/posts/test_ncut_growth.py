"""The measurements of the post on Normalized Cut, and the graphs that they are made on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ..conftest import REPOSITORY
from .loading import load_module


@pytest.fixture(scope="module")
def growth() -> Iterator[Any]:
    """The module, which imports its neighbours by name, as it does in the post."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(REPOSITORY / "posts" / "ncut"))
        yield load_module("ncut", "growth")


@pytest.fixture(scope="module")
def photographs() -> Any:
    return load_module("ncut", "photographs")


def test_all_ways_to_cut_find_six_groups(growth: Any) -> None:
    """On the same photograph, and none is much worse than LAPACK's."""
    costs = {way: growth.cost_of(growth.Run(way, 24, 36)) for way in growth.KWAY}
    for cost in costs.values():
        assert (cost.nodes, cost.groups) == (864, 6)
        assert cost.value == pytest.approx(costs["dense"].value, rel=0.02)


def test_the_dense_way_differs_in_the_solver_only(growth: Any, photographs: Any) -> None:
    """Where `eigenpairs` is dense itself the labels are the same."""
    image = photographs.photograph("camera", (16, 24))
    np.testing.assert_array_equal(growth.dense_solver(image), growth.solver_of_this_post(image))


def test_seeds_fix_what_the_libraries_find(growth: Any, photographs: Any) -> None:
    """Two calls with one seed agree to the last label."""
    image = photographs.photograph("camera", (16, 24))
    for solver in ("amg", "arpack"):
        first, again = (growth.scikit_learn(image, solver, seed=3) for _ in range(2))
        np.testing.assert_array_equal(first, again)
    regions = photographs.region_graph(image, photographs.superpixels(image, 40))
    first, again = (growth.scikit_image(regions, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_both_recursions_part_two_cliques(growth: Any, photographs: Any) -> None:
    """And leave them whole: within a clique every cut is costly."""
    weights = np.kron(np.eye(2), np.ones((6, 6))) + 1e-3
    np.fill_diagonal(weights, 0)
    graph = growth.ncut.Graph.from_weights(weights)
    ours = growth.cut_by_value(graph)
    theirs = growth.scikit_image(photographs.networkx_graph(graph.weights))
    assert ours.tolist() == [0] * 6 + [1] * 6
    assert len(set(theirs[:6])) == len(set(theirs[6:])) == 1
    assert theirs[0] != theirs[6]


def test_each_run_has_a_process_of_its_own(growth: Any) -> None:
    """Costs come in the order asked, and a small run after a large one has a small peak."""
    runs = [growth.Run("dense", 32, 48), growth.Run("recursive_cut", 64, 96, 60)]
    large, small = growth.measure(runs)
    assert (large.way, large.nodes, large.groups) == ("dense", 1536, 6)
    assert small.way == "recursive_cut"
    assert 30 < small.nodes < 120
    assert min(large.seconds, small.seconds) > 0
    dense_matrix = 1536**2 * 8
    assert dense_matrix < large.peak < 10 * dense_matrix
    assert small.peak < dense_matrix / 2


def test_an_unknown_way_is_refused(growth: Any) -> None:
    """Before a process is started for it."""
    with pytest.raises(ValueError, match="'magic' is no way; take one of"):
        growth.measure([growth.Run("magic", 8, 8)])


@pytest.mark.parametrize("power", [0.5, 1.0, 3.0])
def test_the_exponent_of_a_power(growth: Any, power: float) -> None:
    """Is found whatever the factor before it."""
    nodes = np.array([100, 400, 1600])
    assert growth.exponent(nodes, 7 * nodes**power) == pytest.approx(power)


def test_a_photograph_is_brightness(photographs: Any) -> None:
    """Of the shape asked for, also if its file is in colour."""
    for name in ("camera", "astronaut"):
        image = photographs.photograph(name, (24, 36))
        assert image.shape == (24, 36)
        assert 0 <= image.min() < 0.3 < 0.7 < image.max() <= 1


def test_superpixels_are_numbered_from_0(photographs: Any) -> None:
    """Without gaps, as the nodes of their graph are; about as many as asked for."""
    image = photographs.photograph("camera", (48, 72))
    pieces = photographs.superpixels(image, 60)
    assert pieces.shape == image.shape
    assert np.array_equal(np.unique(pieces), np.arange(pieces.max() + 1))
    assert 30 < pieces.max() < 120


def test_the_weights_between_superpixels(photographs: Any) -> None:
    """exp(−(F − G)²/σ²) where two touch, and 0 where they do not."""
    pieces = np.repeat([0, 1, 2], 4) * np.ones((5, 1), int)
    image = np.array([0.1, 0.2, 0.7])[pieces]
    weights = photographs.weights_of(photographs.region_graph(image, pieces, sigma=0.3)).toarray()
    near, far = np.exp(-(0.1**2) / 0.3**2), np.exp(-(0.5**2) / 0.3**2)
    np.testing.assert_allclose(weights, [[0, near, 0], [near, 0, far], [0, far, 0]], rtol=1e-12)


def test_a_matrix_becomes_a_graph_and_comes_back(photographs: Any) -> None:
    """For `cut_normalized` every node is a region that holds itself."""
    weights = np.array([[0, 0.5, 0], [0.5, 0, 2.0], [0, 2.0, 0]])
    graph = photographs.networkx_graph(photographs.sp.csr_array(weights))
    assert [graph.nodes[node]["labels"] for node in range(3)] == [[0], [1], [2]]
    np.testing.assert_array_equal(photographs.weights_of(graph).toarray(), weights)


def test_outlines_are_drawn_on_borders_only(photographs: Any) -> None:
    """Just inside of every segment but the first; elsewhere the image shows, in grey."""
    image = np.full((4, 8), 0.5)
    labels = np.repeat([0, 1], 4) * np.ones((4, 1), int)
    colour = photographs.outlined(image, labels.ravel())
    assert (colour[:, 4] == photographs.ORANGE).all()
    assert (np.delete(colour, 4, axis=1) == 0.625).all()
