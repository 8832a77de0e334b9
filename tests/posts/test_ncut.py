"""The solver of the post on Normalized Cut: exact where a dense solver can be asked."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import eigh

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


def bipartitions(n: int) -> list[Any]:
    """Each way to split n nodes in two, once."""
    found = []
    for size in range(n - 1):
        for rest in combinations(range(1, n), size):
            side = np.zeros(n, bool)
            side[[0, *rest]] = True
            found.append(side)
    return found


# --- the graph --------------------------------------------------------------------------------


@pytest.mark.parametrize("self_weight", [0.0, 1.0])
@pytest.mark.parametrize("radius", [1.5, 2.0, 3.5])
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


def test_lanczos_is_there_when_lobpcg_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """And when neither converges, the error says what to do."""
    graph = ncut.pixel_graph(random_image(1, 24, 32), radius=4.0)
    expected = dense_eigenvalues(graph.weights, 4)
    monkeypatch.setattr(ncut._Problem, "try_lobpcg", lambda *_: None)
    pairs = ncut.eigenpairs(graph, 4)
    assert pairs.solver == "eigsh"
    np.testing.assert_allclose(pairs.values, expected, atol=1e-9)
    monkeypatch.setattr(ncut._Problem, "try_eigsh", lambda *_: None)
    with pytest.raises(ncut.NotConvergedError, match="larger tolerance"):
        ncut.eigenpairs(graph, 4)


def test_the_same_image_gives_the_same_bytes() -> None:
    """No random start, no clock."""
    graph = ncut.pixel_graph(random_image(2, 24, 32), radius=4.0)
    first, second = (ncut.eigenpairs(graph, 4).vectors.tobytes() for _ in range(2))
    assert first == second


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


# --- what the post claims of cuts -------------------------------------------------------------


@given(SEEDS, st.integers(3, 8))
def test_ncut_is_a_rayleigh_quotient(seed: int, n: int) -> None:
    """For y = 1 on A and −b on B, which satisfies yᵀD1 = 0, on every bipartition."""
    weights = random_weights(seed, n)
    d = weights.sum(axis=1)
    graph = ncut.Graph.from_weights(weights)
    for side in bipartitions(n):
        y = np.where(side, 1.0, -d[side].sum() / d[~side].sum())
        quotient = y @ (d * y - weights @ y) / (y @ (d * y))
        assert abs(y @ d) <= 1e-12 * d.sum()
        assert quotient == pytest.approx(ncut.ncut_value(graph.weights, side), abs=1e-12)


@given(SEEDS, st.integers(4, 8))
def test_the_chain_of_inequalities(seed: int, n: int) -> None:
    """λ₂ ≤ Ncut* ≤ sweep ≤ 2√(2λ₂)."""
    graph = ncut.Graph.from_weights(random_weights(seed, n))
    pairs = ncut.eigenpairs(graph, 2)
    best = min(ncut.ncut_value(graph.weights, side) for side in bipartitions(n))
    found = ncut.sweep(graph.weights, pairs.vectors[:, 1], points=None)
    assert pairs.values[1] <= best + 1e-12
    assert best <= found.value + 1e-12
    assert found.value <= 2 * np.sqrt(2 * pairs.values[1]) + 1e-12


@given(SEEDS, st.integers(3, 9))
def test_a_sweep_is_every_cut(seed: int, n: int) -> None:
    """Each threshold's value is the Ncut of the partition it makes."""
    weights = ncut.Graph.from_weights(random_weights(seed, n)).weights
    y = np.random.default_rng(seed).random(n)
    found = ncut.sweep(weights, y, points=None)
    for threshold, value in zip(found.thresholds, found.values, strict=True):
        assert value == pytest.approx(ncut.ncut_value(weights, y > threshold), abs=1e-12)
    assert found.value == found.values[list(found.thresholds).index(found.threshold)]


def test_stability() -> None:
    """Two heaps with a gap are stable, an even spread is not."""
    heaps = np.concatenate([np.linspace(0, 0.1, 50), np.linspace(0.9, 1, 50)])
    assert ncut.stability(heaps) == 0
    assert ncut.stability(np.linspace(0, 1, 1000)) > 0.9


def test_flat_rectangles_are_found() -> None:
    """Recursion and k-way agree on an image of three flat stripes."""
    image = np.repeat([0.1, 0.5, 0.9], 12)[None, :] * np.ones((16, 1))
    truth = np.repeat([0, 1, 2], 12)[None, :] * np.ones((16, 1), int)
    graph = ncut.pixel_graph(image, radius=5.0)
    recursive = ncut.recursive_cut(graph, min_size=20).labels
    together = ncut.kway_cut(graph, 3)
    assert (recursive == truth.ravel()).all()
    assert (together == truth.ravel()).all()
    assert ncut.ncut_value(graph.weights, truth) < 1e-3


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


# --- bad input --------------------------------------------------------------------------------

GOOD = np.full((6, 6), 0.5)
GRAPH = ncut.pixel_graph(GOOD, radius=2.0)
EDGELESS = ncut.Graph.from_weights(np.zeros((3, 3)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ncut.affinity(np.zeros((0, 4))), "the image is empty"),
        (lambda: ncut.affinity(np.zeros((4, 4, 3))), "3 dimensions; give a brightness image"),
        (lambda: ncut.affinity(np.zeros((4, 4), np.uint8)), "holds uint8; give floats"),
        (lambda: ncut.affinity(GOOD * np.nan), "holds NaN or infinity"),
        (
            lambda: ncut.affinity(GOOD, sigma_i=-0.1),
            "sigma_i is -0.1; give a finite",
        ),
        (lambda: ncut.affinity(GOOD, sigma_x=0), "sigma_x is 0"),
        (lambda: ncut.affinity(GOOD, radius=0.5), "no two pixels are neighbours"),
        (lambda: ncut.affinity(GOOD, self_weight=-1), "self_weight is -1"),
        (lambda: ncut.eigenpairs(GRAPH, 37), "37 eigenvectors were asked of a graph with 36 nodes"),
        (lambda: ncut.eigenpairs(GRAPH, 0), "count is 0; give a whole number"),
        (lambda: ncut.eigenpairs(GRAPH, 2, tolerance=0), "tolerance is 0"),
        (lambda: ncut.Graph.from_weights(np.zeros((2, 3))), r"shape \(2, 3\); give a square one"),
        (lambda: ncut.Graph.from_weights([[0, 1], [2, 0]]), "not symmetric"),
        (lambda: ncut.Graph.from_weights([[0, -1], [-1, 0]]), "a weight is negative"),
        (
            lambda: ncut.eigenpairs(ncut.Graph.from_weights(np.zeros((3, 3))), 2),
            "no edge of positive",
        ),
        (lambda: ncut.ncut_value(GRAPH.weights, np.zeros(36)), "at least two groups"),
        (lambda: ncut.association(GRAPH.weights, [0, 1]), "2 labels for 36 nodes"),
        (lambda: ncut.sweep(GRAPH.weights, np.ones(36)), "constant or not finite"),
        (lambda: ncut.sweep(GRAPH.weights, np.ones(3)), r"shape \(3,\)"),
        (lambda: ncut.stability([]), "empty or not finite"),
        (lambda: ncut.recursive_cut(GRAPH, max_ncut=-1), "max_ncut is -1"),
        (lambda: ncut.kway_cut(GRAPH, 5, pieces=3), "give groups <= pieces <= nodes"),
    ],
)
def test_bad_input_gets_a_clear_error(call: Callable[[], object], message: str) -> None:
    """A ValueError that says what is wrong and how to mend it."""
    with pytest.raises(ValueError, match=message):
        call()
