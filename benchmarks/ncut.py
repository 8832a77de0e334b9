"""Normalized Cut: our solver beside dense LAPACK, ARPACK and scikit-learn, in one run.

    .venv/bin/python benchmarks/ncut.py            # all of it, about five minutes
    .venv/bin/python benchmarks/ncut.py --quick    # small sizes, a minute; no bar is for them

Four comparisons, each ratio beside its bar:

- accuracy at 48 × 72: eigenvalues against dense `scipy.linalg.eigh`, and true residuals;
- eigenpairs at 128 × 192: affinity and ten eigenpairs against `eigsh(which="LA")`, given the
  matrix ready-made and asked for the same residual, and against dense `eigh` with all its
  eigenvectors, which cannot run at that size here: t = c n³ is fitted to smaller sizes;
- labels at 128 × 192: `kway_cut` against scikit-learn's `spectral_clustering`, both on the same
  graph, in time and in k-way Ncut; with arpack on one photograph, with amg on four, because the
  partitions' quality differs from image to image;
- growth up to 512 × 768: CPU time and peak memory, each size in a process of its own.

The image is the cameraman where none is named, σ_I² = 0.01, σ_X² = 5, r = 10, no self-loops.
Seconds are CPU seconds of one thread. What runs in seconds is run three times on both sides of a
ratio and the fastest counts, the rest once. The bars were set with NumPy 2.4, SciPy 1.17, PyAMG
5.4 and scikit-learn 1.9; the versions of a run are its first line. Nothing is gated by this
program; it prints.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import scipy.sparse as sp
import skimage.data
from scipy.linalg import eigh
from scipy.sparse.linalg import eigsh
from skimage.transform import resize
from sklearn.cluster import spectral_clustering
from threadpoolctl import threadpool_limits

POST = Path(__file__).resolve().parent.parent / "posts" / "ncut"
sys.path.insert(0, str(POST))

import ncut  # noqa: E402  # it lies beside its post, which is no package

T = TypeVar("T")


def photograph(rows: int, columns: int, name: str = "camera") -> Any:
    """A photograph of the scikit-image wheel, (rows, columns) floats between 0 and 1."""
    image = getattr(skimage.data, name)() / 255
    grey = image if image.ndim == 2 else image.mean(axis=2)
    return resize(grey, (rows, columns), anti_aliasing=True)


def timed(work: Callable[[], T], runs: int = 1) -> tuple[T, float]:
    """What the work returns, and the CPU seconds of its fastest run."""
    seconds = []
    for _ in range(runs):
        start = time.process_time()
        result = work()
        seconds.append(time.process_time() - start)
    return result, min(seconds)


def row(name: str, value: str, bar: str = "") -> None:
    """One line of the table."""
    print(f"  {name:52} {value:>14}   {bar}", flush=True)


def normalised(weights: Any) -> Any:
    """D^-1/2 W D^-1/2."""
    scale = sp.diags(1 / np.sqrt(np.asarray(weights.sum(axis=1)).ravel()))
    return (scale @ weights @ scale).tocsr()


def solve(shape: tuple[int, int], count: int) -> tuple[Any, Any]:
    """Graph and eigenpairs of a photograph."""
    graph = ncut.pixel_graph(photograph(*shape))
    return graph, ncut.eigenpairs(graph, count)


def beside_eigensolvers(shape: tuple[int, int], dense_shapes: list[tuple[int, int]]) -> None:
    """Affinity and ten eigenpairs against `eigsh(which="LA")` and dense `eigh`."""
    print(f"eigenpairs, {shape[0]} x {shape[1]}, ten of them")
    solve((24, 36), 10)  # imports and caches are not what is measured
    (graph, pairs), ours = timed(lambda: solve(shape, 10), runs=3)
    row("ours, affinity included", f"{ours:.2f} s")
    row("largest residual", f"{pairs.residuals.max():.1e}", "at most 1e-6")

    matrix = normalised(graph.weights)
    tolerance = 1e-6 / graph.degrees.max()  # what ours asks of the same vectors
    start = np.random.default_rng(0).standard_normal(graph.size)
    ask = partial(eigsh, matrix, k=10, which="LA", v0=start, tol=tolerance)
    for name, lanczos_vectors in (("", None), (", ncv=60", 60)):
        (values, _), lanczos = timed(partial(ask, ncv=lanczos_vectors), runs=3)
        row(f"SciPy eigsh(which='LA'{name}), without affinity", f"{lanczos:.2f} s")
        difference = np.abs(np.sort(1 - values) - pairs.values).max()
        row("largest difference of eigenvalues to it", f"{difference:.1e}")
        row(f"ours / eigsh{name}", f"{ours / lanczos:.3f}", "" if name else "at most 1/2 = 0.5")

    sizes, times = [], []
    for small in dense_shapes:
        weights = ncut.affinity(photograph(*small))
        laplacian = np.eye(small[0] * small[1]) - normalised(weights).toarray()
        _, seconds = timed(partial(eigh, laplacian))
        sizes.append(len(laplacian))
        times.append(seconds)
        row(f"dense eigh at n = {sizes[-1]:,}", f"{seconds:.2f} s")
    cubes = np.array(sizes, dtype=float) ** 3
    dense = cubes @ times / (cubes @ cubes) * graph.size**3  # least squares
    row(f"dense eigh at n = {graph.size:,}, extrapolated as n^3", f"{dense:,.0f} s")
    row("ours / dense", f"1/{dense / ours:,.0f}", "at most 1/1000")


def beside_dense() -> None:
    """Eigenvalues against LAPACK where it can be asked."""
    print("accuracy, 48 x 72, ten eigenpairs")
    graph, pairs = solve((48, 72), 10)
    laplacian = np.eye(graph.size) - normalised(graph.weights).toarray()
    values = eigh(laplacian, eigvals_only=True, subset_by_index=[0, 9])
    row(
        "largest error of an eigenvalue",
        f"{np.abs(values - pairs.values).max():.1e}",
        "at most 1e-9",
    )
    row("largest residual", f"{pairs.residuals.max():.1e}", "at most 1e-6")


def beside_scikit_learn(
    shape: tuple[int, int], groups: int, name: str = "camera", with_arpack: bool = False
) -> None:
    """Labels on the same graph against `spectral_clustering`."""
    print(f"labels, {name}, {shape[0]} x {shape[1]}, {groups} groups, on the same graph")
    graph = ncut.pixel_graph(photograph(*shape, name))
    labels, ours = timed(lambda: ncut.kway_cut(graph, groups), runs=3)
    value = ncut.ncut_value(graph.weights, labels)
    row("ours, eigenpairs included", f"{ours:.2f} s")
    weights = sp.csr_matrix(graph.weights)
    little = sp.csr_matrix(ncut.affinity(photograph(24, 36)))
    peers = [("amg", 4, 3)] + [("arpack", 25, 1)] * with_arpack
    for solver, bar, runs in peers:
        cluster = partial(
            spectral_clustering, n_clusters=groups, random_state=0, eigen_solver=solver
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of residuals short of its own tolerance
            cluster(little)
            theirs, seconds = timed(partial(cluster, weights), runs)
        row(f"scikit-learn, {solver}", f"{seconds:.2f} s")
        row(f"scikit-learn, {solver} / ours", f"{seconds / ours:.1f}", f"at least {bar}")
        ratio = value / ncut.ncut_value(graph.weights, theirs)
        row(f"our k-way Ncut / that of {solver}", f"{ratio:.3f}", "at most 1.02")


def growth(shapes: list[tuple[int, int]]) -> None:
    """Time and peak memory of affinity and ten eigenpairs, each size in a process of its own."""
    print("growth, affinity and ten eigenpairs")
    before = None
    for rows, columns in shapes:
        command = [sys.executable, __file__, "--one", str(rows), str(columns)]
        answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        seconds, peak = (float(word) for word in answer.split())
        bar = "at most 60 s and 5 GB" if (rows, columns) == (512, 768) else ""
        row(f"{rows} x {columns}", f"{seconds:.1f} s, {peak:.1f} GB", bar)
        if before:
            row("  times the size before", f"{seconds / before:.1f}", "at most 7")
        before = seconds


def one(rows: int, columns: int) -> None:
    """What `growth` runs in a process of its own: prints CPU seconds and peak gigabytes."""
    _, seconds = timed(lambda: solve((rows, columns), 10))
    # Not `getrusage`: its peak is inherited from the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    print(seconds, int(peak.split()[1]) * 1024 / 1e9)


def main() -> None:
    """Run every comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--one", nargs=2, type=int, metavar=("ROWS", "COLUMNS"), help="one size")
    arguments = parser.parse_args()
    # One thread each, or the comparison would be one of thread pools.
    with threadpool_limits(1):
        if arguments.one:
            one(*arguments.one)
        else:
            compare(arguments.quick)


def compare(quick: bool) -> None:
    """Every comparison, one after the other."""
    names = ("numpy", "scipy", "pyamg", "scikit-learn", "scikit-image")
    print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in names))
    if quick:
        beside_dense()
        beside_eigensolvers((64, 96), [(24, 36), (32, 48)])
        beside_scikit_learn((64, 96), 6, with_arpack=True)
        growth([(32, 48), (64, 96), (128, 192)])
    else:
        beside_dense()
        beside_eigensolvers((128, 192), [(36, 54), (40, 60), (48, 72)])
        beside_scikit_learn((128, 192), 6, with_arpack=True)
        for name in ("chelsea", "coffee", "rocket"):
            beside_scikit_learn((128, 192), 6, name)
        growth([(64, 96), (128, 192), (256, 384), (512, 768)])


if __name__ == "__main__":
    main()
