"""The solver of the post on Normalized Cut: exact where a dense solver can be asked."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import eigh

from ..conftest import REPOSITORY
from .loading import load_module

ncut: Any = load_module("ncut", "ncut")

SEEDS = st.integers(0, 10_000)


def random_weights(seed: int, n: int) -> Any:
    """Symmetric weights in (0, 1), a third of them almost 0, without self-loops."""
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((n, n)) * np.where(rng.random((n, n)) < 0.35, 0.02, 1.0), 1)
    return upper + upper.T


def random_image(seed: int, rows: int, columns: int) -> Any:
    """A dark and a bright half with noise."""
    rng = np.random.default_rng(seed)
    image = np.where(np.arange(columns) < columns // 2, 0.3, 0.7) + 0.05 * rng.random(
        (rows, columns)
    )
    return np.asarray(image)


def bipartitions(n: int) -> Any:
    """Each way to split n nodes in two, once: a row of booleans per way."""
    sides = np.arange(1, 2 ** (n - 1))[:, None] >> np.arange(n) & 1
    return sides.astype(bool)  # the last node is never in the first side


def ncut_by_definition(weights: Any, side: Any) -> float:
    """cut(A, B) / assoc(A, V) + cut(A, B) / assoc(B, V), from a dense matrix."""
    cut = weights[side][:, ~side].sum()
    return float(cut / weights[side].sum() + cut / weights[~side].sum())


# --- the graph --------------------------------------------------------------------------------


@pytest.mark.parametrize("self_weight", [0.0, 1.0])
@pytest.mark.parametrize("radius", [1.5, 2.0, 3.5, 5.0])
def test_affinity_is_the_formula(radius: float, self_weight: float) -> None:
    """Each weight is that of Shi and Malik's formula, computed pixel by pixel; r is strict."""
    image = random_image(0, 5, 7)
    weights = ncut.affinity(image, 0.2, 1.7, radius, self_weight).toarray()
    expected = np.zeros((35, 35))
    for i in range(35):
        for j in range(35):
            y, x = divmod(i, 7)
            v, u = divmod(j, 7)
            squared = (y - v) ** 2 + (x - u) ** 2
            if i == j:
                expected[i, j] = self_weight
            elif squared < radius**2:
                difference = image[y, x] - image[v, u]
                expected[i, j] = np.exp(-(difference**2) / 0.2**2) * np.exp(-squared / 1.7**2)
    np.testing.assert_allclose(weights, expected, rtol=1e-13, atol=0)
    assert (weights == weights.T).all()


@given(SEEDS, st.integers(1, 6), st.integers(2, 6))
def test_affinity_is_symmetric(seed: int, rows: int, columns: int) -> None:
    """To the last bit, whatever the shape of the image."""
    image = np.random.default_rng(seed).random((rows, columns))
    weights = ncut.affinity(image, 0.3, 2.0, 3.0)
    assert (weights != weights.T).nnz == 0
    assert weights.has_canonical_format
    assert weights.diagonal().sum() == 0


def test_the_radius_is_strict() -> None:
    """A neighbour at exactly r, along the axes or at (3, 4), is none."""
    row, square = np.zeros((1, 9)), np.zeros((5, 5))
    assert ncut.affinity(row, radius=3.0).nnz == 2 * (8 + 7)
    assert ncut.affinity(row, radius=3.001).nnz == 2 * (8 + 7 + 6)
    assert ncut.affinity(square, radius=5.001).nnz - ncut.affinity(square, radius=5.0).nnz == 16


def test_a_graph_of_any_matrix_and_of_its_parts() -> None:
    """Dense or sparse; the degrees are row sums, a part keeps the order it is asked in."""
    weights = random_weights(7, 6)
    nodes = np.array([4, 0, 3])
    graph = ncut.Graph.from_weights(weights)
    np.testing.assert_allclose(graph.degrees, weights.sum(axis=1), rtol=1e-14)
    np.testing.assert_array_equal(
        graph.subgraph(nodes).weights.toarray(), weights[np.ix_(nodes, nodes)]
    )
    assert (ncut.Graph.from_weights(graph.weights).weights != graph.weights).nnz == 0


# --- the eigenpairs ---------------------------------------------------------------------------


def dense_eigenvalues(weights: Any, count: int) -> Any:
    """Of the normalised Laplacian, by LAPACK."""
    matrix = weights.toarray()
    scale = 1 / np.sqrt(matrix.sum(axis=1))
    laplacian = np.eye(len(matrix)) - matrix * scale * scale[:, None]
    return eigh(laplacian, eigvals_only=True, subset_by_index=[0, count - 1])


def residuals(graph: Any, pairs: Any) -> Any:
    """‖(D − W)y − λDy‖ of each pair."""
    y = pairs.vectors
    scaled = graph.degrees[:, None] * y
    return np.linalg.norm(scaled - graph.weights @ y - scaled * pairs.values, axis=0)


def test_eigenpairs_agree_with_a_dense_solver() -> None:
    """At 48 × 72: eigenvalues within 1e-9, residuals at most 1e-6, D-orthogonal vectors."""
    import skimage.data
    from skimage.transform import resize

    image = resize(skimage.data.camera() / 255, (48, 72), anti_aliasing=True)
    graph = ncut.pixel_graph(image)
    pairs = ncut.eigenpairs(graph, 10)
    assert pairs.solver == "lobpcg"
    assert np.abs(pairs.values - dense_eigenvalues(graph.weights, 10)).max() <= 1e-9
    assert residuals(graph, pairs).max() <= 1e-6
    assert pairs.residuals.max() <= 1e-6
    gram = pairs.vectors.T @ (graph.degrees[:, None] * pairs.vectors)
    np.testing.assert_allclose(gram, np.eye(10), atol=1e-6)
    z = pairs.vectors * np.sqrt(graph.degrees)[:, None]
    assert (z.max(axis=0) == abs(z).max(axis=0)).all()


def test_a_small_graph_goes_to_the_dense_solver() -> None:
    """Down to all eigenpairs of one, and the first of them is constant with λ = 0."""
    graph = ncut.Graph.from_weights(random_weights(6, 9))
    pairs = ncut.eigenpairs(graph, 9)
    assert pairs.solver == "dense"
    np.testing.assert_allclose(pairs.values, dense_eigenvalues(graph.weights, 9), atol=1e-13)
    assert residuals(graph, pairs).max() <= 1e-12
    assert abs(pairs.values[0]) <= 1e-14
    assert np.ptp(pairs.vectors[:, 0]) <= 1e-12


def test_two_components_have_two_zero_eigenvalues() -> None:
    """The multigrid start does not miss the second."""
    image = np.where(np.arange(30) < 15, 0.0, 100.0) * np.ones((30, 1))
    pairs = ncut.eigenpairs(ncut.pixel_graph(image, radius=3.0), 3)
    assert np.abs(pairs.values[:2]).max() <= 1e-12
    assert pairs.values[2] > 1e-3


def test_lanczos_is_there_when_lobpcg_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """And it agrees with the dense solver."""
    graph = ncut.pixel_graph(random_image(1, 24, 32), radius=4.0)
    monkeypatch.setattr(ncut._Problem, "try_lobpcg", lambda *_: None)
    pairs = ncut.eigenpairs(graph, 4)
    assert pairs.solver == "eigsh"
    np.testing.assert_allclose(pairs.values, dense_eigenvalues(graph.weights, 4), atol=1e-9)
    assert residuals(graph, pairs).max() <= 1e-6


def test_a_tolerance_nobody_can_reach() -> None:
    """Rounding alone is larger: both solvers give up, and the error says what to do."""
    graph = ncut.pixel_graph(random_image(1, 24, 32), radius=4.0)
    with pytest.raises(ncut.NotConvergedError, match="768 nodes to a residual of 1e-18; ask for"):
        ncut.eigenpairs(graph, 4, tolerance=1e-18)


def test_a_product_that_is_not_one() -> None:
    """Residuals are computed anew, so what is no product with W is never taken for solved."""
    graph = ncut.pixel_graph(random_image(1, 24, 32), radius=4.0)
    noise = np.random.default_rng(0)
    with pytest.raises(ncut.NotConvergedError):
        ncut.eigenpairs(graph, 4, product=lambda block: noise.standard_normal(block.shape))


def test_arpack_breaking_down_is_not_converging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ARPACK's complaint, the caller has one error to catch."""

    def complain(*_: object, **__: object) -> None:
        raise ncut.sla.ArpackError(-9999)

    graph = ncut.pixel_graph(random_image(1, 24, 32), radius=4.0)
    monkeypatch.setattr(ncut._Problem, "try_lobpcg", lambda *_: None)
    monkeypatch.setattr(ncut.sla, "eigsh", complain)
    with pytest.raises(ncut.NotConvergedError):
        ncut.eigenpairs(graph, 4)


FINGERPRINT = """
import hashlib, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
import ncut
image = np.random.default_rng(2).random((24, 32)) * 0.05 + np.repeat([0.3, 0.7], 16)
graph = ncut.pixel_graph(image, radius=4.0)
pairs = ncut.eigenpairs(graph, 4)
assert pairs.solver == "lobpcg"
cuts = ncut.recursive_cut(graph).labels, ncut.kway_cut(graph, 3, pairs)
arrays = graph.weights.data, graph.weights.indices, pairs.values, pairs.vectors, *cuts
print(*(hashlib.sha256(array.tobytes()).hexdigest() for array in arrays))
"""


def test_two_runs_give_the_same_bytes() -> None:
    """Weights, eigenpairs and labels, in processes with other hash seeds and random states."""
    answers = set()
    for seed in ("1", "2"):
        answers.add(
            subprocess.run(
                [sys.executable, "-c", FINGERPRINT, str(REPOSITORY / "posts" / "ncut")],
                env={**os.environ, "PYTHONHASHSEED": seed},
                stdout=subprocess.PIPE,
                check=True,
            ).stdout
        )
    assert len(answers) == 1
    assert len(answers.pop().split()) == 6


def test_the_product_can_be_done_elsewhere() -> None:
    """A GPU only has to multiply a block by W: any function that does is as good."""
    graph = ncut.pixel_graph(random_image(3, 24, 32), radius=4.0)
    asked = []

    def product(block: Any) -> Any:
        asked.append(block.shape[1])
        return graph.weights @ block

    pairs = ncut.eigenpairs(graph, 4, product=product)
    assert sum(asked) == pairs.products > 0
    np.testing.assert_array_equal(pairs.values, ncut.eigenpairs(graph, 4).values)


class FakeTorch:
    """The few functions of PyTorch that the solver calls, on NumPy; its GPU is visible."""

    float64 = np.float64

    class cuda:
        @staticmethod
        def is_available() -> bool:
            return True

    @staticmethod
    def device(name: str) -> str:
        return name

    class Tensor:
        def __init__(self, value: Any) -> None:
            self.value = value

        def to(self, device: str) -> FakeTorch.Tensor:
            assert device == "cuda"
            return self

        def cpu(self) -> FakeTorch.Tensor:
            return self

        def numpy(self) -> Any:
            return self.value

        def __matmul__(self, other: FakeTorch.Tensor) -> FakeTorch.Tensor:
            return FakeTorch.Tensor(self.value @ other.value)

    @classmethod
    def as_tensor(cls, value: Any) -> Any:
        return cls.Tensor(value)

    @classmethod
    def sparse_csr_tensor(
        cls, pointers: Any, indices: Any, data: Any, size: Any, dtype: Any
    ) -> Any:
        from scipy.sparse import csr_array

        parts = (data.value.astype(dtype), indices.value, pointers.value)
        return cls.Tensor(csr_array(parts, shape=size))


def test_with_and_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyTorch sees a GPU the product runs there, with the same result."""
    graph = ncut.pixel_graph(random_image(4, 24, 32), radius=4.0)
    without = ncut.eigenpairs(graph, 4)
    monkeypatch.setattr(ncut, "torch", FakeTorch)
    np.testing.assert_array_equal(ncut.eigenpairs(graph, 4).vectors, without.vectors)
    monkeypatch.setattr(ncut, "torch", None)
    np.testing.assert_array_equal(ncut.eigenpairs(graph, 4).vectors, without.vectors)


def test_pytorch_is_left_alone_where_every_gpu_is_hidden() -> None:
    """The programs that measure hide them, and would wait for nothing."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); import ncut; print('torch' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code, str(REPOSITORY / "posts" / "ncut")],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert answer == "False\n"


# --- what the post claims of cuts -------------------------------------------------------------


@given(SEEDS, st.integers(2, 10), st.data())
def test_ncut_is_a_rayleigh_quotient(seed: int, n: int, data: st.DataObject) -> None:
    """For y = 1 on A and −b on B, which satisfies yᵀD1 = 0, whatever the bipartition."""
    weights = random_weights(seed, n)
    d = weights.sum(axis=1)
    side = data.draw(st.sampled_from(tuple(bipartitions(n))))
    y = np.where(side, 1.0, -d[side].sum() / d[~side].sum())
    quotient = y @ (d * y - weights @ y) / (y @ (d * y))
    assert abs(y @ d) <= 1e-12 * d.sum()
    value = ncut.ncut_value(ncut.Graph.from_weights(weights).weights, side)
    assert quotient == pytest.approx(value, abs=1e-12)
    assert value == pytest.approx(ncut_by_definition(weights, side), abs=1e-12)


@given(SEEDS, st.integers(2, 10))
def test_the_chain_of_inequalities(seed: int, n: int) -> None:
    """λ₂ ≤ Ncut* ≤ sweep ≤ 2√(2λ₂), with Ncut* from all bipartitions."""
    weights = random_weights(seed, n)
    graph = ncut.Graph.from_weights(weights)
    pairs = ncut.eigenpairs(graph, 2)
    best = min(ncut_by_definition(weights, side) for side in bipartitions(n))
    found = ncut.sweep(graph.weights, pairs.vectors[:, 1], points=None)
    assert pairs.values[1] <= best + 1e-12
    assert best <= found.value + 1e-12
    assert found.value <= 2 * np.sqrt(2 * pairs.values[1]) + 1e-12


@given(SEEDS, st.integers(3, 12), st.integers(2, 4))
def test_kway_ncut_is_the_sum_over_groups(seed: int, n: int, k: int) -> None:
    """Each group's cut over its association; with two groups it is Ncut(A, B)."""
    weights = random_weights(seed, n)
    labels = np.random.default_rng(seed).permutation(np.arange(n) % min(k, n))
    value = sum(
        weights[labels == g][:, labels != g].sum() / weights[labels == g].sum()
        for g in range(labels.max() + 1)
    )
    found = ncut.ncut_value(ncut.Graph.from_weights(weights).weights, labels)
    assert found == pytest.approx(value, abs=1e-12)


@given(SEEDS, st.integers(3, 9), st.sampled_from([None, 1, 5, 64]))
def test_a_sweep_finds_the_best_of_those_it_tries(seed: int, n: int, points: int | None) -> None:
    """Each threshold's value is the Ncut of the partition it makes, and the least one wins."""
    weights = random_weights(seed, n)
    y = np.random.default_rng(seed).random(n)
    found = ncut.sweep(ncut.Graph.from_weights(weights).weights, y, points)
    assert len(found.thresholds) == (points or n - 1)
    values = [ncut_by_definition(weights, y > threshold) for threshold in found.thresholds]
    np.testing.assert_allclose(found.values, values, rtol=0, atol=1e-12)
    assert found.value == found.values.min()
    best = ncut_by_definition(weights, y > found.threshold)
    assert best == pytest.approx(min(values), abs=1e-12)


def test_a_side_without_edges_is_never_chosen() -> None:
    """Its share is not defined, so the sweep counts it as infinite."""
    weights = np.zeros((4, 4))
    weights[0, 1] = weights[1, 0] = weights[2, 1] = weights[1, 2] = 1.0
    found = ncut.sweep(ncut.Graph.from_weights(weights).weights, [0.0, 1.0, 2.0, 3.0], points=None)
    assert found.values[2] == np.inf
    assert found.threshold < 2


def test_stability() -> None:
    """Two heaps with a gap are stable, an even spread is not."""
    heaps = np.concatenate([np.linspace(0, 0.1, 50), np.linspace(0.9, 1, 50)])
    assert ncut.stability(heaps) == 0
    assert ncut.stability(np.linspace(0, 1, 1000)) > 0.9
    assert ncut.stability([0, 0, 0, 0, 1, 1], bins=2) == 0.5


STRIPES = np.repeat([0, 1, 2], 12) * np.ones((16, 1), int)
CORNER = np.zeros((20, 28), int)
CORNER[5:14, 8:20] = 1


@pytest.mark.parametrize("truth", [STRIPES, CORNER], ids=["stripes", "a rectangle inside"])
def test_flat_rectangles_are_found(truth: Any) -> None:
    """Recursion and k-way agree on an image whose segments are obvious."""
    graph = ncut.pixel_graph(0.1 + 0.4 * truth, radius=5.0)
    recursive = ncut.recursive_cut(graph, min_size=20).labels
    together = ncut.kway_cut(graph, int(truth.max()) + 1)
    assert (recursive == truth.ravel()).all()
    assert (together == truth.ravel()).all()
    assert ncut.ncut_value(graph.weights, truth) < 1e-3


def test_kway_cut_makes_as_many_groups_as_asked() -> None:
    """Numbered from 0 by first appearance, with eigenpairs given or computed."""
    graph = ncut.pixel_graph(random_image(8, 16, 24), radius=4.0)
    pairs = ncut.eigenpairs(graph, 3)
    for groups, pieces in ((2, None), (3, 3), (5, 20)):
        labels = ncut.kway_cut(graph, groups, pairs, pieces)
        _, first = np.unique(labels, return_index=True)
        assert len(first) == groups
        assert (np.diff(first) > 0).all()
    np.testing.assert_array_equal(ncut.kway_cut(graph, 3), ncut.kway_cut(graph, 3, pairs))


def test_nodes_without_edges_become_parts() -> None:
    """Ncut is not defined for them; the recursion sets them aside and goes on."""
    weights = np.zeros((5, 5))
    weights[0, 1] = weights[1, 0] = weights[2, 3] = weights[3, 2] = 1.0
    found = ncut.recursive_cut(ncut.Graph.from_weights(weights), min_size=2)
    assert found.labels.tolist() == [0, 0, 1, 1, 2]
    assert [step.decision for step in found.steps] == ["cut", "costly", "costly"]


def test_recursion_tells_why_it_stopped() -> None:
    """Each part has a reason, and only parts that were good enough were cut."""
    graph = ncut.pixel_graph(random_image(5, 20, 30), radius=4.0)
    result = ncut.recursive_cut(graph, min_size=50)
    assert {step.decision for step in result.steps} <= {"cut", "unstable", "costly"}
    assert result.steps[0].decision == "cut"
    for step in result.steps:
        assert (step.decision == "cut") is (step.value <= 0.05 and step.stability <= 0.06)
        assert step.eigenvalue <= step.value + 1e-12
    assert result.labels.max() + 1 == 1 + sum(step.decision == "cut" for step in result.steps)


def test_an_image_without_segments_is_left_whole() -> None:
    """First the stability test refuses; without it the value of the cut does."""
    graph = ncut.pixel_graph(np.full((16, 24), 0.5), radius=3.0)
    for limit, reason in ((0.06, "unstable"), (1.0, "costly")):
        found = ncut.recursive_cut(graph, max_stability=limit)
        assert [step.decision for step in found.steps] == [reason]
        assert not found.labels.any()


# --- bad input --------------------------------------------------------------------------------

GOOD = np.full((6, 6), 0.5)
GRAPH = ncut.pixel_graph(GOOD, radius=2.0)
FOUND = ncut.eigenpairs(GRAPH, 1)
LONELY = ncut.Graph.from_weights([[0, 1, 0], [1, 0, 0], [0, 0, 0]])

BAD_INPUT: list[tuple[Callable[[], object], str]] = [
    (lambda: ncut.affinity(np.zeros((0, 4))), r"the image is empty, its shape is \(0, 4\)"),
    (lambda: ncut.affinity(np.zeros((4, 4, 3))), "3 dimensions; give a brightness image of two"),
    (lambda: ncut.affinity(0.5), "0 dimensions"),
    (lambda: ncut.affinity(np.zeros((4, 4), np.uint8)), "holds uint8; give floats"),
    (lambda: ncut.affinity(GOOD * np.nan), "the image holds NaN or infinity"),
    (lambda: ncut.pixel_graph(GOOD * np.inf), "the image holds NaN or infinity"),
    (lambda: ncut.affinity(GOOD, sigma_i=-0.1), "sigma_i is -0.1; give a finite number above 0"),
    (lambda: ncut.affinity(GOOD, sigma_i=0), "sigma_i is 0"),
    (lambda: ncut.affinity(GOOD, sigma_i=np.nan), "sigma_i is nan"),
    (lambda: ncut.affinity(GOOD, sigma_x=0), "sigma_x is 0"),
    (lambda: ncut.affinity(GOOD, sigma_x=-1), "sigma_x is -1"),
    (lambda: ncut.affinity(GOOD, radius=1), "radius is 1, so no two pixels are neighbours"),
    (lambda: ncut.affinity(GOOD, radius=np.inf), "radius is inf"),
    (lambda: ncut.affinity(GOOD, self_weight=-1), "self_weight is -1; give 0"),
    (lambda: ncut.affinity(GOOD, self_weight=np.nan), "self_weight is nan; give 0"),
    (lambda: ncut.Graph.from_weights(np.zeros((2, 3))), r"shape \(2, 3\); give a square one"),
    (lambda: ncut.Graph.from_weights([]), r"shape \(1, 0\); give a square one"),
    (lambda: ncut.Graph.from_weights([[0, 1], [2, 0]]), "the weights are not symmetric"),
    (lambda: ncut.Graph.from_weights([[0, -1], [-1, 0]]), "a weight is negative"),
    (lambda: ncut.Graph.from_weights([[0, np.nan], [np.nan, 0]]), "weights hold NaN or infinity"),
    (lambda: ncut.eigenpairs(GRAPH, 37), "37 eigenvectors were asked of a graph with 36 nodes"),
    (lambda: ncut.eigenpairs(GRAPH, 0), "count is 0; give a whole number of at least 1"),
    (lambda: ncut.eigenpairs(GRAPH, 2.0), r"count is 2\.0; give a whole number"),
    (lambda: ncut.eigenpairs(GRAPH, True), "count is True; give a whole number"),
    (lambda: ncut.eigenpairs(GRAPH, 2, tolerance=0), "tolerance is 0"),
    (lambda: ncut.eigenpairs(LONELY, 2), "1 of 3 nodes have no edge of positive weight"),
    (lambda: ncut.kway_cut(LONELY, 2), "1 of 3 nodes have no edge of positive weight"),
    (lambda: ncut.association(GRAPH.weights, [0, 1]), "2 labels for 36 nodes"),
    (lambda: ncut.association(LONELY.weights, [-1, 0, 1]), "run from -1 to 1; number the groups"),
    (lambda: ncut.association(LONELY.weights, [0, 1, 2], 2), "from 0 to 2; .* from 0 to 1"),
    (lambda: ncut.ncut_value(GRAPH.weights, np.zeros(36)), "at least two groups"),
    (lambda: ncut.ncut_value(LONELY.weights, [0, 0, 1]), "a group has no edges at all"),
    (lambda: ncut.sweep(GRAPH.weights, np.ones(36)), "constant or not finite"),
    (lambda: ncut.sweep(GRAPH.weights, np.full(36, np.nan)), "constant or not finite"),
    (lambda: ncut.sweep(GRAPH.weights, np.ones(3)), r"shape \(3,\); give one number for each"),
    (lambda: ncut.sweep(GRAPH.weights, np.arange(36.0), 0), "points is 0; give a whole number"),
    (lambda: ncut.stability([]), "empty or not finite"),
    (lambda: ncut.stability([0, np.nan]), "empty or not finite"),
    (lambda: ncut.stability([0, 1], bins=1), "bins is 1; give a whole number of at least 2"),
    (lambda: ncut.recursive_cut(GRAPH, max_ncut=-1), "max_ncut is -1"),
    (lambda: ncut.recursive_cut(GRAPH, max_stability=0), "max_stability is 0"),
    (lambda: ncut.recursive_cut(GRAPH, min_size=1), "min_size is 1; .* at least 2"),
    (lambda: ncut.kway_cut(GRAPH, 1), "groups is 1; give a whole number of at least 2"),
    (lambda: ncut.kway_cut(GRAPH, 2, pieces=0), "pieces is 0"),
    (lambda: ncut.kway_cut(GRAPH, 5, pieces=3), "give groups <= pieces <= nodes"),
    (lambda: ncut.kway_cut(GRAPH, 2, pieces=37), "give groups <= pieces <= nodes"),
    (lambda: ncut.kway_cut(GRAPH, 2, FOUND), r"shape \(36, 1\); give at least two, of 36"),
]


@pytest.mark.parametrize(("call", "message"), BAD_INPUT, ids=[text for _, text in BAD_INPUT])
def test_bad_input_gets_a_clear_error(call: Callable[[], object], message: str) -> None:
    """A ValueError that says what is wrong and how to mend it."""
    with pytest.raises(ValueError, match=message):
        call()


def test_the_default_is_never_worse_than_kmeans_alone() -> None:
    """Merging many pieces and k-means alone are both tried, and the smaller Ncut is kept."""
    for seed in range(4):
        graph = ncut.pixel_graph(random_image(seed, 20, 30), radius=4.0)
        pairs = ncut.eigenpairs(graph, 4)
        chosen, alone, merged = (
            ncut.ncut_value(graph.weights, ncut.kway_cut(graph, 4, pairs, pieces=pieces))
            for pieces in (None, 4, 16)
        )
        assert chosen == min(alone, merged)
