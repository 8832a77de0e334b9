"""Photographs, superpixels, and the graphs that scikit-image makes of them."""

from __future__ import annotations

from typing import Any, TypeAlias

import networkx
import numpy as np
import scipy.sparse as sp
import skimage.data
from numpy.typing import NDArray
from skimage.graph import rag_mean_color
from skimage.segmentation import find_boundaries, relabel_sequential, slic
from skimage.transform import resize

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int64]

ORANGE = (0.84, 0.37, 0.0)


def photograph(name: str, shape: tuple[int, int] = (128, 192)) -> Floats:
    """A photograph of the scikit-image wheel as brightness between 0 and 1, resized to `shape`."""
    image = getattr(skimage.data, name)() / 255
    grey = image if image.ndim == 2 else image.mean(axis=2)
    return np.asarray(resize(grey, shape, anti_aliasing=True), dtype=float)


def outlined(image: Floats, labels: Labels) -> Floats:
    """The image as (rows, columns, 3), with the borders of the segments drawn on it."""
    colour = np.dstack([0.25 + 0.75 * image] * 3)
    colour[find_boundaries(labels.reshape(image.shape), mode="inner")] = ORANGE
    return colour


def superpixels(image: Floats, count: int) -> Labels:
    """About `count` superpixels by SLIC: their numbers, from 0, in the image's shape."""
    pieces = slic(image, n_segments=count, compactness=0.1, channel_axis=None, start_label=0)
    return np.asarray(relabel_sequential(pieces + 1)[0] - 1, dtype=np.int64)


def region_graph(image: Floats, pieces: Labels, sigma: float = 0.1) -> Any:
    """The graph of touching superpixels, as scikit-image makes it: a `networkx.Graph`.

    A weight is exp(-(F - G)^2 / sigma^2) for mean brightnesses F and G.
    """
    colour = np.dstack([image] * 3)  # three equal channels: distances squared are 3 (F - G)^2
    return rag_mean_color(colour, pieces, mode="similarity", sigma=3 * sigma**2)


def weights_of(graph: Any) -> Any:
    """W of a `networkx.Graph` whose nodes are 0, 1, ..., as a CSR array."""
    return sp.csr_array(networkx.to_scipy_sparse_array(graph, nodelist=range(len(graph))))


def networkx_graph(weights: Any) -> Any:
    """A weight matrix as `skimage.graph.cut_normalized` wants it: every node is a region."""
    graph = networkx.from_scipy_sparse_array(weights)
    networkx.set_node_attributes(graph, {node: [node] for node in graph}, "labels")
    return graph
