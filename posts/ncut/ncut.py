"""Normalized Cut on sparse graphs: affinity, eigenpairs, two-way, recursive and k-way partition.

The flow, in the order of the functions below:

1. `affinity` turns a brightness image into a sparse symmetric weight matrix W;
   `pixel_graph` keeps beside it the near-neighbour part that preconditions the solver.
2. `eigenpairs` solves (D - W) y = lambda D y for the smallest eigenvalues.
3. `sweep` searches the splitting point of one eigenvector, `stability` judges the eigenvector.
4. `recursive_cut` repeats 2 and 3 on each part; `kway_cut` uses several eigenvectors at once.

Throughout, n is the number of nodes, D the diagonal matrix of degrees d = W 1, and

    Ncut(A_1, ..., A_k) = sum_i cut(A_i, V - A_i) / assoc(A_i, V).

Source: J. Shi and J. Malik, Normalized Cuts and Image Segmentation, IEEE Transactions on Pattern
Analysis and Machine Intelligence 22(8), 2000. PyTorch with a GPU is used when present and is
never needed.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import ceil, isfinite
from typing import Any, TypeAlias

import numpy as np
import pyamg
import scipy.linalg as la
import scipy.sparse as sp
import scipy.sparse.linalg as sla
from numpy.typing import ArrayLike, NDArray

if os.environ.get("CUDA_VISIBLE_DEVICES") != "":
    try:
        import torch
    except ImportError:
        torch = None
else:
    torch = None  # every GPU is hidden, and loading PyTorch takes longer than many a cut

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int64]
Sparse: TypeAlias = Any
"""A `scipy.sparse.csr_array` of float64; SciPy ships no types."""

BlockProduct: TypeAlias = Callable[[Floats], Floats]
"""X -> W X for a block X of shape (n, columns)."""

NEAR_RADIUS = 3.5
"""Pixels closer than this make the graph the preconditioner is built on (37 weights a row)."""

DENSE_BELOW = 500
"""Graphs with fewer nodes go to a dense solver, which is then the faster one."""

GUARD = 4
"""Extra columns in the block: the wanted ones converge at the rate of the gap behind them."""


class NotConvergedError(RuntimeError):
    """No solver reached the tolerance."""


# --- 1. the graph -----------------------------------------------------------------------------


def affinity(
    image: ArrayLike,
    sigma_i: float = 0.1,
    sigma_x: float = 5**0.5,
    radius: float = 10.0,
    self_weight: float = 0.0,
) -> Sparse:
    """Weights between the pixels of a brightness image, as Shi and Malik define them.

        w_ij = exp(-(F_i - F_j)^2 / sigma_i^2) exp(-|X_i - X_j|^2 / sigma_x^2)  if |X_i - X_j| < r

    `image` is (rows, columns) of finite floats, `sigma_i` is in its units, `sigma_x` and `radius`
    are in pixels. `self_weight` is w_ii; the formula read literally gives 1. Returns an (n, n)
    CSR array, exactly symmetric, its rows in row-major pixel order.

    Raises ValueError for a bad image or parameter.
    """
    pixels = _checked_image(image)
    _require_positive(sigma_i=sigma_i, sigma_x=sigma_x, radius=radius)
    if radius <= 1:
        raise ValueError(
            f"radius is {radius}, so no two pixels are neighbours; give one above 1, such as 5."
        )
    if not (isfinite(self_weight) and self_weight >= 0):
        raise ValueError(f"self_weight is {self_weight}; give 0 (no self-loops) or 1.")

    rows, columns = pixels.shape
    reach = ceil(radius) - 1
    step = np.arange(-reach, reach + 1)
    squared = step[:, None] ** 2 + step[None, :] ** 2
    dy, dx = (index - reach for index in np.nonzero(squared < radius**2))
    # dy is the slower index, so the neighbours of a pixel come in ascending column order.
    spatial = np.exp(-(dy**2 + dx**2) / sigma_x**2)
    spatial[(dy == 0) & (dx == 0)] = self_weight
    if self_weight == 0:
        dy, dx, spatial = dy[spatial > 0], dx[spatial > 0], spatial[spatial > 0]

    inside_x = (np.arange(columns)[:, None] + dx >= 0) & (
        np.arange(columns)[:, None] + dx < columns
    )
    stored = int(np.sum(np.maximum(rows - abs(dy), 0) * np.maximum(columns - abs(dx), 0)))
    index_type = np.int32 if stored < 2**31 else np.int64
    data = np.empty(stored)
    indices = np.empty(stored, index_type)
    counts = np.empty((rows, columns), np.int64)

    padded = np.pad(pixels, reach)
    pixel = np.arange(columns)[:, None]
    filled = 0
    for y in range(rows):  # one image row at a time: its weights fit in the cache
        inside = inside_x & (y + dy >= 0) & (y + dy < rows)
        neighbours = padded[y + reach + dy, pixel + reach + dx]
        difference = (neighbours - pixels[y][:, None])[inside]
        end = filled + difference.size
        weight = np.exp(-(difference**2) / sigma_i**2)
        data[filled:end] = weight * np.broadcast_to(spatial, inside.shape)[inside]
        indices[filled:end] = ((y + dy) * columns + pixel + dx)[inside]
        counts[y] = inside.sum(axis=1)
        filled = end
    pointers = np.concatenate([[0], np.cumsum(counts)]).astype(index_type)
    n = rows * columns
    return sp.csr_array((data, indices, pointers), shape=(n, n))


@dataclass(frozen=True)
class Graph:
    """An undirected weighted graph, and a sparser one like it."""

    weights: Sparse
    """W, (n, n) CSR, symmetric, non-negative."""

    near: Sparse
    """The part of W the preconditioner is built on, (n, n) CSR; W itself is always valid."""

    @classmethod
    def from_weights(cls, weights: ArrayLike | Sparse) -> Graph:
        """Make a graph of any symmetric non-negative matrix, dense or sparse.

        Raises ValueError when the matrix is not square, finite, non-negative and symmetric.
        """
        matrix = sp.csr_array(
            weights if sp.issparse(weights) else np.atleast_2d(weights), dtype=float
        )
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.shape[0] == 0:
            raise ValueError(
                f"the weight matrix has shape {matrix.shape}; give a square one, a row per node."
            )
        if not np.isfinite(matrix.data).all():
            raise ValueError("the weights hold NaN or infinity; mend the features they came from.")
        if (matrix.data < 0).any():
            raise ValueError("a weight is negative; give similarities of at least 0.")
        if abs(matrix - matrix.T).max() > 1e-12 * max(abs(matrix).max(), 1e-300):
            raise ValueError("the weights are not symmetric; use (W + W.T) / 2 for a graph.")
        return cls(matrix, matrix)

    @property
    def size(self) -> int:
        """The number of nodes n."""
        return int(self.weights.shape[0])

    @cached_property
    def degrees(self) -> Floats:
        """d = W 1, of shape (n,)."""
        return np.asarray(self.weights.sum(axis=1), dtype=float).ravel()

    def subgraph(self, nodes: NDArray[np.intp]) -> Graph:
        """The graph on some of the nodes, in the order given."""
        weights = self.weights[nodes][:, nodes]
        near = weights if self.near is self.weights else self.near[nodes][:, nodes]
        return Graph(weights, near)


def pixel_graph(
    image: ArrayLike,
    sigma_i: float = 0.1,
    sigma_x: float = 5**0.5,
    radius: float = 10.0,
    self_weight: float = 0.0,
) -> Graph:
    """The graph of a brightness image; the arguments and errors are those of `affinity`."""
    weights = affinity(image, sigma_i, sigma_x, radius, self_weight)
    if radius <= NEAR_RADIUS:
        return Graph(weights, weights)
    return Graph(weights, affinity(image, sigma_i, sigma_x, NEAR_RADIUS))


# --- 2. the eigenpairs ------------------------------------------------------------------------


@dataclass(frozen=True)
class Eigenpairs:
    """The smallest solutions of (D - W) y = lambda D y."""

    values: Floats
    """The eigenvalues, ascending, of shape (count,)."""

    vectors: Floats
    """A column per eigenvector y, (n, count), with y' D y = 1.

    The entry of D^1/2 y that is largest in absolute value is positive.
    """

    residuals: Floats
    """The larger of |r| and |r| / |y| for r = (D - W) y - lambda D y, of shape (count,)."""

    solver: str
    """"dense", "lobpcg" or "eigsh": the one that reached the tolerance."""

    products: int
    """How many columns were multiplied by W."""


def block_product(weights: Sparse) -> BlockProduct:
    """X -> W X in float64: on a GPU where PyTorch sees one, else in SciPy."""
    if torch is None or not torch.cuda.is_available():
        return lambda block: np.asarray(weights @ block)
    device = torch.device("cuda")
    matrix = torch.sparse_csr_tensor(
        torch.as_tensor(weights.indptr),
        torch.as_tensor(weights.indices),
        torch.as_tensor(weights.data),
        size=weights.shape,
        dtype=torch.float64,
    ).to(device)

    def product(block: Floats) -> Floats:
        on_device = torch.as_tensor(np.ascontiguousarray(block)).to(device)
        return np.asarray((matrix @ on_device).cpu().numpy())

    return product


def eigenpairs(
    graph: Graph,
    count: int,
    tolerance: float = 1e-6,
    product: BlockProduct | None = None,
) -> Eigenpairs:
    """The `count` smallest eigenpairs of (D - W) y = lambda D y, the trivial one included.

    Works on the normalised Laplacian I - D^-1/2 W D^-1/2, whose eigenvectors are z = D^1/2 y:
    LOBPCG preconditioned by algebraic multigrid on the near-neighbour graph, and Lanczos
    (`eigsh`) when the residuals, computed anew, are not all below `tolerance`.
    `product` replaces the product with W, see `block_product`.

    Raises ValueError for a bad argument or a node without edges, and NotConvergedError when
    neither solver reaches the tolerance.
    """
    n = graph.size
    _require_count("count", count)
    if count > n:
        raise ValueError(
            f"{count} eigenvectors were asked of a graph with {n} nodes; ask for at most {n}, "
            "or give a larger image."
        )
    _require_positive(tolerance=tolerance)
    lonely = int(np.count_nonzero(graph.degrees <= 0))
    if lonely:
        raise ValueError(
            f"{lonely} of {n} nodes have no edge of positive weight, so Ncut is not defined; "
            "raise sigma_i, or give self_weight=1."
        )
    problem = _Problem(graph, product or block_product(graph.weights))
    if n < DENSE_BELOW or 5 * (count + GUARD) >= n:
        return problem.finish(*problem.solve_dense(count), "dense")

    # |r_y| / |y| <= max(d) |r_z|: asking this of z is enough for y.
    z_tolerance = tolerance / max(1.0, float(graph.degrees.max()))
    found = problem.try_lobpcg(count, z_tolerance, tolerance)
    if found is None:
        found = problem.try_eigsh(count, z_tolerance, tolerance)
    if found is None:
        raise NotConvergedError(
            f"neither LOBPCG nor Lanczos brought {count} eigenpairs of {n} nodes to a residual of "
            f"{tolerance:g}; ask for a larger tolerance, or raise sigma_i."
        )
    return found


class _Problem:
    """One eigenproblem: the operator, the ways to solve it, and the check of the answer."""

    def __init__(self, graph: Graph, product: BlockProduct) -> None:
        self.graph = graph
        self.n = graph.size
        self.product = product
        self.products = 0
        self.scale = 1 / np.sqrt(graph.degrees)

    def smoothing(self, block: Floats) -> Floats:
        """Multiply by D^-1/2 W D^-1/2, for a block (n, m) or a vector (n,)."""
        columns = block.reshape(self.n, -1)
        self.products += columns.shape[1]
        scale = self.scale[:, None]
        return (scale * self.product(scale * columns)).reshape(block.shape)

    def laplacian(self, block: Floats) -> Floats:
        """Multiply by I - D^-1/2 W D^-1/2."""
        return block - self.smoothing(block)

    def operator(self, apply: BlockProduct) -> Any:
        return sla.LinearOperator((self.n, self.n), matvec=apply, matmat=apply, dtype=float)

    def solve_dense(self, count: int) -> tuple[Floats, Floats]:
        scaled = self.graph.weights.toarray() * self.scale * self.scale[:, None]
        values, z = la.eigh(np.eye(self.n) - scaled, subset_by_index=[0, count - 1])
        return values, z

    def try_lobpcg(
        self,
        count: int,
        z_tolerance: float,
        tolerance: float,
    ) -> Eigenpairs | None:
        multigrid = _Multigrid(self.graph)
        z = multigrid.start(count + GUARD)
        # A fresh start from where it stagnated usually finishes the job.
        for _ in range(3):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it warns of what is checked below
                try:
                    values, z = sla.lobpcg(
                        self.operator(self.laplacian),
                        z,
                        M=self.operator(multigrid.cycle),
                        tol=z_tolerance,
                        maxiter=40,
                        largest=False,
                    )
                except (la.LinAlgError, ValueError):
                    return None
            found = self.finish(values, z, "lobpcg", count)
            if (found.residuals <= tolerance).all():
                return found
        return None

    def try_eigsh(self, count: int, z_tolerance: float, tolerance: float) -> Eigenpairs | None:
        start = np.sqrt(self.graph.degrees)
        start = start + start.mean() * np.random.default_rng(0).standard_normal(self.n)
        try:
            values, z = sla.eigsh(
                self.operator(self.smoothing),
                k=count,
                which="LA",  # the largest of D^-1/2 W D^-1/2 are the smallest of the Laplacian
                ncv=min(self.n - 1, max(60, 3 * count)),
                v0=start,
                tol=z_tolerance / 10,
                maxiter=1000,
            )
        except sla.ArpackError:  # no convergence, or a product that is not finite
            return None
        found = self.finish(1 - values, z, "eigsh", count)
        return found if (found.residuals <= tolerance).all() else None

    def finish(
        self, values: Floats, z: Floats, solver: str, count: int | None = None
    ) -> Eigenpairs:
        """Sort, scale and sign the eigenvectors, and compute their true residuals."""
        order = np.argsort(values)[:count]
        values, z = values[order], z[:, order] / np.linalg.norm(z[:, order], axis=0)
        z = z * np.sign(z[np.argmax(abs(z), axis=0), np.arange(z.shape[1])])
        y = z * self.scale[:, None]
        degrees = self.graph.degrees[:, None]
        residual = degrees * y - self.product(y) - degrees * y * values
        self.products += y.shape[1]
        absolute = np.linalg.norm(residual, axis=0)
        relative = absolute / np.linalg.norm(y, axis=0)
        return Eigenpairs(values, y, np.maximum(absolute, relative), solver, self.products)


class _Multigrid:
    """Smoothed aggregation for D^-1/2 (D' - W') D^-1/2, where W' is the near-neighbour graph.

    PyAMG builds the hierarchy. The V-cycle is our own because it takes a whole block of vectors:
    a sparse matrix is then read once per block instead of once per vector.
    """

    def __init__(self, graph: Graph) -> None:
        near = sp.csr_matrix(graph.near)
        near.setdiag(0)
        scale = sp.diags(1 / np.sqrt(graph.degrees))
        laplacian = sp.diags(np.asarray(near.sum(axis=1)).ravel()) - near
        shift = 1e-6 * sp.identity(graph.size)  # the Laplacian is singular; this is not
        hierarchy = pyamg.smoothed_aggregation_solver(
            (scale @ laplacian @ scale + shift).tocsr(),
            B=np.sqrt(graph.degrees)[:, None],
            strength=("symmetric", {"theta": 0.02}),
            # "local" weights come from row sums; the default draws random numbers.
            smooth=("jacobi", {"omega": 4 / 3, "weighting": "local"}),
            presmoother=None,
            postsmoother=None,
            max_coarse=300,
        )
        self.levels = hierarchy.levels
        self.relaxations = [_relaxation(level.A) for level in self.levels[:-1]]
        self.coarse_inverse = la.pinvh(self.levels[-1].A.toarray())

    def start(self, columns: int) -> Floats:
        """Eigenvectors of the coarsest level carried to the finest, (n, columns), and noise."""
        prolong = sp.identity(self.levels[0].A.shape[0], format="csr")
        for level in self.levels[:-1]:
            prolong = prolong @ level.P
        available = min(columns, prolong.shape[1])
        _, coarse = la.eigh(
            self.levels[-1].A.toarray(),
            (prolong.T @ prolong).toarray(),
            subset_by_index=[0, available - 1],
        )
        n = prolong.shape[0]
        # The noise keeps an eigenvector the coarse level cannot see from being missed.
        block = np.random.default_rng(0).standard_normal((n, columns)) / np.sqrt(n)
        block[:, :available] = prolong @ coarse + 1e-3 * block[:, :available]
        return np.asarray(block)

    def cycle(self, block: Floats, depth: int = 0) -> Floats:
        """One symmetric V-cycle on a block (n, columns) or a vector (n,)."""
        if depth == len(self.relaxations):
            return np.asarray(self.coarse_inverse @ block)
        level = self.levels[depth]
        weights, inverse_diagonal = self.relaxations[depth]
        jacobi = inverse_diagonal if block.ndim == 1 else inverse_diagonal[:, None]
        solution = weights[0] * jacobi * block
        for weight in weights[1:]:
            solution += weight * jacobi * (block - level.A @ solution)
        solution += level.P @ self.cycle(level.R @ (block - level.A @ solution), depth + 1)
        for weight in weights:
            solution += weight * jacobi * (block - level.A @ solution)
        return np.asarray(solution)


def _relaxation(matrix: Sparse) -> tuple[tuple[float, ...], Floats]:
    """Two Jacobi steps at the Chebyshev points of [b / 4, b], and the inverse diagonal.

    b is Gershgorin's bound on the spectrum of diag(A)^-1 A.
    """
    inverse_diagonal = 1 / matrix.diagonal()
    bound = float((np.ravel(abs(matrix).sum(axis=1)) * inverse_diagonal).max())
    middle, half = 0.625 * bound, 0.375 * bound
    return tuple(1 / (middle + half * c) for c in (0.5**0.5, -(0.5**0.5))), inverse_diagonal


# --- 3. two-way cuts --------------------------------------------------------------------------


def association(weights: Sparse, labels: ArrayLike, groups: int | None = None) -> Floats:
    """The total weight between groups, (k, k); its row sums are assoc(A_i, V).

    `labels` is (n,) of integers from 0, or booleans; `groups` is k, by default the largest + 1.
    """
    group = np.asarray(labels).ravel().astype(np.int64)
    n = weights.shape[0]
    if group.shape != (n,):
        raise ValueError(f"there are {group.size} labels for {n} nodes; give one for each node.")
    k = int(group.max()) + 1 if groups is None else groups
    if group.min() < 0 or group.max() >= k:
        raise ValueError(
            f"the labels run from {group.min()} to {group.max()}; "
            f"number the groups from 0{f' to {k - 1}' if groups else ''}."
        )
    member = sp.csr_array((np.ones(n), (np.arange(n), group)), shape=(n, k))
    return np.asarray((member.T @ (weights @ member)).toarray(), dtype=float)


def ncut_value(weights: Sparse, labels: ArrayLike) -> float:
    """Ncut of a partition into two or more groups.

    `labels` is (n,) or any shape with n entries, such as the image's. Raises ValueError for
    fewer than two groups, and for a group without edges.
    """
    between = association(weights, np.unique(np.asarray(labels), return_inverse=True)[1])
    total = between.sum(axis=1)
    if len(total) < 2:
        raise ValueError("all nodes have the same label; a cut needs at least two groups.")
    if (total <= 0).any():
        raise ValueError("a group has no edges at all, so its share of them is not defined.")
    np.fill_diagonal(between, 0)
    return float(np.sum(between.sum(axis=1) / total))


@dataclass(frozen=True)
class Sweep:
    """Ncut of {y > t} against the rest, for every t tried."""

    thresholds: Floats
    """The splitting points tried, ascending, of shape (l,)."""

    values: Floats
    """Ncut at each of them, of shape (l,); infinite where a side has no edges."""

    @property
    def threshold(self) -> float:
        """The best splitting point."""
        return float(self.thresholds[np.argmin(self.values)])

    @property
    def value(self) -> float:
        """The smallest Ncut found."""
        return float(self.values.min())


def sweep(weights: Sparse, vector: ArrayLike, points: int | None = 64) -> Sweep:
    """Search the splitting point of an eigenvector, (n,), with the smallest Ncut.

    `points` thresholds lie evenly between its extremes; None tries one between each two
    neighbouring values. All of them are evaluated by one sparse product: the nodes between two
    thresholds form a group, and every cut is a sum over pairs of groups.
    """
    y = np.asarray(vector, dtype=float)
    if y.shape != (weights.shape[0],):
        raise ValueError(
            f"the vector has shape {y.shape}; give one number for each of {weights.shape[0]} nodes."
        )
    if not np.isfinite(y).all() or np.ptp(y) == 0:
        raise ValueError("the vector is constant or not finite; take the second eigenvector.")
    if points is None:
        levels = np.unique(y)
        thresholds = (levels[:-1] + levels[1:]) / 2
    else:
        _require_count("points", points)
        thresholds = np.linspace(y.min(), y.max(), points + 2)[1:-1]
    # How many thresholds lie below each node.
    slices = np.searchsorted(thresholds, y)
    between = association(weights, slices, len(thresholds) + 1)
    degree = between.sum(axis=1).cumsum()
    below, above = degree[:-1], degree[-1] - degree[:-1]
    # A pair's edges open at its lower slice and close at its upper one.
    crossing = np.triu(between, 1)
    opened = (crossing.sum(axis=1) - crossing.sum(axis=0)).cumsum()
    cut = np.maximum(opened[:-1], 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = cut / below + cut / above
    return Sweep(thresholds, np.where((below > 0) & (above > 0), values, np.inf))


def stability(vector: ArrayLike, bins: int = 10) -> float:
    """The stability test of Shi and Malik: smallest over largest bin of the vector's histogram.

    Near 0 the values fall into groups with empty bins between them, so moving the splitting
    point changes little; they accept an eigenvector up to 0.06. Near 1 the values are spread
    evenly and no splitting point is better than its neighbour.
    """
    y = np.asarray(vector, dtype=float).ravel()
    if y.size == 0 or not np.isfinite(y).all():
        raise ValueError("the vector is empty or not finite; give the entries of an eigenvector.")
    _require_count("bins", bins, least=2)
    heights = np.histogram(y, bins)[0]
    return float(heights.min() / heights.max())


# --- 4. partitions ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """What `recursive_cut` found out about one part, and what it did with it."""

    depth: int
    """How many cuts made this part; the whole graph has 0."""

    nodes: int
    """The size of the part."""

    eigenvalue: float
    """lambda_2 of the part: a lower bound on every Ncut of it."""

    stability: float
    """The histogram ratio of its second eigenvector."""

    value: float
    """The smallest Ncut the sweep found."""

    decision: str
    """"cut", "unstable" (ratio too large) or "costly" (Ncut too large)."""


@dataclass(frozen=True)
class Partition:
    """The answer of `recursive_cut`."""

    labels: Labels
    """The part of each node, (n,), numbered from 0 in the order the parts first appear."""

    steps: tuple[Step, ...]
    """Every part looked at, in order; parts below `min_size` are not looked at."""


def recursive_cut(
    graph: Graph,
    max_ncut: float = 0.05,
    max_stability: float = 0.06,
    min_size: int = 100,
    points: int = 64,
    tolerance: float = 1e-5,
) -> Partition:
    """Cut in two by the second eigenvector, then each part again, while the cuts are good.

    A part is left whole when it has fewer than `min_size` nodes, its eigenvector's `stability`
    exceeds `max_stability`, or its best Ncut (among `points` thresholds) exceeds `max_ncut`.
    A node left without edges inside its part becomes a part of its own. The eigenvectors are
    computed to `tolerance`, by default to 1e-5 as in `kway_cut`.

    Raises what `eigenpairs` raises, and ValueError for a bad parameter.
    """
    _require_positive(max_ncut=max_ncut, max_stability=max_stability)
    _require_count("min_size", min_size, least=2)
    labels = np.arange(graph.size)  # every part is called by its first node
    steps: list[Step] = []
    waiting = [(np.arange(graph.size), 0)]
    while waiting:
        nodes, depth = waiting.pop()
        part = graph if len(nodes) == graph.size else graph.subgraph(nodes)
        linked = part.degrees > 0
        if not linked.all():
            nodes, part = nodes[linked], part.subgraph(np.flatnonzero(linked))
        labels[nodes] = nodes[:1]
        if len(nodes) < min_size:
            continue
        pairs = eigenpairs(part, 2, tolerance)
        vector = pairs.vectors[:, 1]
        found, ratio = sweep(part.weights, vector, points), stability(vector)
        decision = (
            "unstable" if ratio > max_stability else "costly" if found.value > max_ncut else "cut"
        )
        eigenvalue = float(pairs.values[1])
        steps.append(Step(depth, len(nodes), eigenvalue, ratio, found.value, decision))
        if decision == "cut":
            above = vector > found.threshold
            waiting += [(nodes[above], depth + 1), (nodes[~above], depth + 1)]
    return Partition(_renumbered(labels), tuple(steps))


def kway_cut(
    graph: Graph,
    groups: int,
    pairs: Eigenpairs | None = None,
    pieces: int | None = None,
    seed: int = 0,
) -> Labels:
    """Cut into `groups` parts at once, with several eigenvectors.

    As Shi and Malik propose: k-means on the eigenvectors after the first cuts the graph into
    `pieces`, more than wanted, and then the pair whose union lowers the k-way Ncut most is
    merged, until `groups` are left. By default both `groups` pieces (k-means alone) and four
    times as many are tried, and the better partition is kept. `pairs` are eigenpairs computed
    before; without them as many are computed as there are groups, to 1e-5, which
    is more than labels need. Returns (n,) labels.
    """
    n = graph.size
    _require_count("groups", groups, least=2)
    tried = [groups, min(4 * groups, n)] if pieces is None else [pieces]
    _require_count("pieces", tried[-1])
    if not groups <= tried[-1] <= n:
        raise ValueError(
            f"{groups} groups of {tried[-1]} pieces of {n} nodes were asked for; "
            "give groups <= pieces <= nodes."
        )
    pairs = pairs or eigenpairs(graph, groups, 1e-5)
    if pairs.vectors.shape[0] != n or pairs.vectors.shape[1] < 2:
        raise ValueError(
            f"the eigenvectors have shape {pairs.vectors.shape}; "
            f"give at least two, of {n} entries each."
        )
    found = []
    for size in tried:
        start = _kmeans(pairs.vectors[:, 1:], size, np.random.default_rng(seed))
        between = association(graph.weights, start, size)
        found.append(_renumbered(_merge(between, groups)[start]))
    # A single candidate is not measured: with a group without edges it has no Ncut.
    return (
        min(found, key=lambda labels: ncut_value(graph.weights, labels)) if found[1:] else found[0]
    )


def _merge(between: Floats, groups: int) -> Labels:
    """Merge greedily by k-way Ncut; the group of each piece, from the weights between pieces."""
    owner = np.arange(len(between))
    alive = list(np.flatnonzero(between.sum(axis=1) > 0))
    while len(alive) > groups:
        some = between[np.ix_(alive, alive)]
        total, inside = some.sum(axis=1), np.diag(some)
        share = inside / total  # Ncut = k - sum of these
        united = (inside + inside[:, None] + 2 * some) / (total + total[:, None])
        gain = united - share - share[:, None]
        np.fill_diagonal(gain, -np.inf)
        keep, gone = sorted(alive[i] for i in np.unravel_index(np.argmax(gain), gain.shape))
        between[keep] += between[gone]
        between[:, keep] += between[:, gone]
        owner[owner == gone] = keep
        alive.remove(gone)
    return owner


def _kmeans(points: Floats, groups: int, rng: np.random.Generator) -> Labels:
    """Lloyd's algorithm from a k-means++ start; the group of each of the (n, m) points."""
    centres = points[rng.integers(len(points), size=1)]
    nearest = np.full(len(points), np.inf)
    while len(centres) < groups:
        nearest = np.minimum(nearest, ((points - centres[-1]) ** 2).sum(axis=1))
        drawn = np.searchsorted(nearest.cumsum(), rng.random() * nearest.sum(), side="right")
        centres = np.vstack([centres, points[min(drawn, len(points) - 1)]])
    labels = np.full(len(points), -1)
    for _ in range(100):
        # |x - c|^2 without |x|^2, which is the same for every centre.
        closest = ((centres**2).sum(axis=1) - points @ (2 * centres.T)).argmin(axis=1)
        if (closest == labels).all():
            break
        labels = closest
        sizes = np.bincount(labels, minlength=groups)
        sums = np.stack([np.bincount(labels, x, groups) for x in points.T], axis=1)
        centres = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centres)
    return labels


def _renumbered(labels: Labels) -> Labels:
    """The same partition, numbered from 0 in the order of first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


# --- checks -----------------------------------------------------------------------------------


def _checked_image(image: ArrayLike) -> Floats:
    pixels = np.asarray(image)
    if pixels.ndim != 2:
        raise ValueError(
            f"the image has {pixels.ndim} dimensions; give a brightness image of two, "
            "and turn a colour image to grey first."
        )
    if pixels.size == 0:
        raise ValueError(f"the image is empty, its shape is {pixels.shape}; give at least a pixel.")
    if not np.issubdtype(pixels.dtype, np.floating):
        raise ValueError(
            f"the image holds {pixels.dtype}; give floats, such as image / 255, "
            "because sigma_i is measured in the same units."
        )
    if not np.isfinite(pixels).all():
        raise ValueError("the image holds NaN or infinity; replace those pixels first.")
    return pixels.astype(np.float64)


def _require_positive(**parameters: float) -> None:
    for name, value in parameters.items():
        if not (isfinite(value) and value > 0):
            raise ValueError(f"{name} is {value}; give a finite number above 0.")


def _require_count(name: str, value: int, least: int = 1) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} is {value!r}; give a whole number of at least {least}.")
