"""What cutting a photograph costs as it grows: CPU time and memory, beside other libraries.

`measure` starts this file as a program, which makes every run in a process of its own, forked
from one that has imported everything: so no run inherits another's peak of memory, and imports
are not counted. Everything has one thread and no GPU, and seconds are CPU seconds.

A way prepares what it is to be given, and returns the work that is measured. Ways are compared
only within a family, where all are given the same and asked for the same:

- `KWAY`, from the image to the labels of six groups, each as accurate as it is by default;
- `RECURSIVE`, from a graph to labels: cuts in two while Ncut is at most 0.05, searched among 64
  thresholds, with no other reason to stop.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh
from skimage.graph import cut_normalized
from sklearn.cluster import spectral_clustering

import ncut
from photographs import networkx_graph, photograph, region_graph, superpixels, weights_of

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int64]
Work: TypeAlias = Callable[[], Labels]

GROUPS = 6
MAX_NCUT = 0.05
THRESHOLDS = 64

REPEAT_BELOW = 0.1
"""Runs that take fewer seconds are made three times, and the fastest counts."""


@dataclass(frozen=True)
class Run:
    """A way, and the size of the photograph it is to cut."""

    way: str
    rows: int
    columns: int
    superpixels: int = 0
    """About how many nodes the graph has; 0 means that every pixel is one."""


@dataclass(frozen=True)
class Cost:
    """What a run took, and what it found."""

    way: str
    nodes: int
    seconds: float
    """CPU seconds of the work."""

    peak: int
    """The most bytes that the work had beside what was there before."""

    groups: int
    value: float
    """Ncut of the labels, over the number of groups; infinite for a single group."""


# --- the ways ---------------------------------------------------------------------------------


def solver_of_this_post(image: Floats) -> Labels:
    """Six groups by `kway_cut`."""
    return ncut.kway_cut(ncut.pixel_graph(image), GROUPS)


def dense_solver(image: Floats) -> Labels:
    """The same, with the eigenvectors from LAPACK and a dense matrix."""
    graph = ncut.Graph.from_weights(ncut.affinity(image))
    scale = 1 / np.sqrt(graph.degrees)
    laplacian = graph.weights.toarray()
    laplacian *= -scale
    laplacian *= scale[:, None]
    laplacian[np.diag_indices(graph.size)] += 1
    values, z = eigh(laplacian, subset_by_index=[0, GROUPS - 1], overwrite_a=True)
    pairs = ncut.Eigenpairs(values, z * scale[:, None], np.zeros(GROUPS), "dense", 0)
    return ncut.kway_cut(graph, GROUPS, pairs)


def scikit_learn(image: Floats, solver: str, seed: int = 0) -> Labels:
    """Six groups by `spectral_clustering`, with one of its solvers."""
    weights = sp.csr_matrix(ncut.affinity(image))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of residuals above its own tolerance
        labels = spectral_clustering(
            weights, n_clusters=GROUPS, eigen_solver=solver, random_state=seed
        )
    return np.asarray(labels, dtype=np.int64)


def cut_by_value(graph: ncut.Graph) -> Labels:
    """`recursive_cut` that stops for a large Ncut, and for nothing else."""
    return ncut.recursive_cut(
        graph, MAX_NCUT, max_stability=1.0, min_size=3, points=THRESHOLDS
    ).labels


def scikit_image(graph: Any, seed: int = 0) -> Labels:
    """`cut_normalized` on a `networkx.Graph`; the group of each node."""
    labels = cut_normalized(
        np.arange(len(graph)),
        graph,
        thresh=MAX_NCUT,
        num_cuts=THRESHOLDS,
        in_place=False,
        max_edge=0.0,  # the weight of the loop that it gives to every node
        rng=seed,
    )
    return np.asarray(labels, dtype=np.int64)


KWAY: dict[str, Callable[[Floats], Labels]] = {
    "this post": solver_of_this_post,
    "amg": lambda image: scikit_learn(image, "amg"),
    "arpack": lambda image: scikit_learn(image, "arpack"),
    "dense": dense_solver,
}

RECURSIVE = ("recursive_cut", "cut_normalized")


def prepared(run: Run) -> tuple[Work, Callable[[], Any]]:
    """The work of a run, and what gives the weights by which its labels are judged."""
    image = photograph("camera", (run.rows, run.columns))
    if run.way in KWAY:
        return lambda: KWAY[run.way](image), lambda: ncut.affinity(image)
    if run.superpixels:
        theirs = region_graph(image, superpixels(image, run.superpixels))
        graph = ncut.Graph.from_weights(weights_of(theirs))
    else:
        graph = ncut.pixel_graph(image)
        theirs = networkx_graph(graph.weights)
    if run.way == "cut_normalized":
        return lambda: scikit_image(theirs), lambda: graph.weights
    return lambda: cut_by_value(graph), lambda: graph.weights


# --- what they cost ---------------------------------------------------------------------------


def measure(runs: Iterable[Run]) -> list[Cost]:
    """The costs of all runs, made one after the other, each in a process with one thread.

    Raises ValueError for a way that there is not.
    """
    runs = list(runs)
    if unknown := {run.way for run in runs} - {*KWAY, *RECURSIVE}:
        raise ValueError(f"{min(unknown)!r} is no way; take one of {[*KWAY, *RECURSIVE]}.")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    no_gpu = {"CUDA_VISIBLE_DEVICES": ""}  # its work would not be counted
    answer = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps([asdict(run) for run in runs]),
        env={**os.environ, **threads, **no_gpu},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    return [Cost(**cost) for cost in json.loads(answer)]


def exponent(nodes: ArrayLike, amounts: ArrayLike) -> float:
    """The p of amounts ~ nodes^p: the slope of the line through the logarithms."""
    return float(np.polyfit(np.log(nodes), np.log(amounts), 1)[0])


def cost_of(run: Run) -> Cost:
    """Make a run in this process."""
    work, judge = prepared(run)
    before = _peak()
    labels, seconds = _timed(work)
    peak = _peak() - before  # of the first time: later ones find its memory still at hand
    if seconds < REPEAT_BELOW:
        seconds = min(seconds, *(_timed(work)[1] for _ in range(2)))
    groups, weights = len(np.unique(labels)), judge()
    value = ncut.ncut_value(weights, labels) / groups if groups > 1 else np.inf
    return Cost(run.way, weights.shape[0], seconds, peak, groups, value)


def _timed(work: Work) -> tuple[Labels, float]:
    start = time.process_time()
    labels = work()
    return labels, time.process_time() - start


def _peak() -> int:
    """The most memory that this process has had, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _send(run: Run, connection: Connection) -> None:
    connection.send(cost_of(run))


def _in_a_fork(run: Run) -> Cost:
    context = get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_send, args=(run, sending))
    child.start()
    sending.close()  # so that a child that dies makes an EOFError here
    cost: Cost = receiving.recv()
    child.join()
    return cost


if __name__ == "__main__":
    json.dump([asdict(_in_a_fork(Run(**run))) for run in json.load(sys.stdin)], sys.stdout)
