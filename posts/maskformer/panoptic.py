"""Measures of a segmentation: panoptic quality, and the mean intersection over union.

Panoptic quality: A. Kirillov, K. He, R. Girshick, C. Rother and P. Dollár, Panoptic Segmentation,
CVPR 2019. Of a class, with TP the pairs of a predicted and a true segment that match,

    PQ = sum of IoU over TP / (|TP| + |FP| / 2 + |FN| / 2) = SQ RQ,

where two segments of one class match if their IoU exceeds 1/2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

Integers: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

VOID = -1
"""The segment, and the class, of a pixel for which nothing was predicted."""


@dataclass(frozen=True)
class Segmentation:
    """Segments of one image; none overlaps another, because a pixel names one."""

    segments: Integers
    """(height, width): the segment of each pixel, from 0, or VOID."""

    classes: tuple[int, ...]
    """The class of each segment."""

    @property
    def semantic(self) -> Integers:
        """(height, width): the class of each pixel, or VOID."""
        return np.append(np.array(self.classes, np.int64), VOID)[self.segments]


@dataclass(frozen=True)
class Quality:
    """Panoptic quality by class, of shape (classes,); 0 for a class that occurs nowhere."""

    recognition: Floats
    """RQ: the F1 score of finding segments."""

    segmentation: Floats
    """SQ: the mean IoU of those found."""

    @property
    def panoptic(self) -> Floats:
        """PQ."""
        return self.recognition * self.segmentation


def panoptic_quality(
    predicted: Iterable[Segmentation], true: Iterable[Segmentation], classes: int
) -> Quality:
    """Panoptic quality over pairs of a predicted and a true segmentation of the same image.

    Raises ValueError if there is not one of each, or their shapes differ.
    """
    overlap, hits = np.zeros(classes), np.zeros(classes)
    spurious, missed = np.zeros(classes), np.zeros(classes)
    for found, truth in zip(predicted, true, strict=True):
        iou = intersection_over_union(found, truth)
        match = np.argwhere(iou > 0.5)  # no row or column has two, for segments do not overlap
        match = match[[found.classes[i] == truth.classes[j] for i, j in match]]
        of_match = np.array([truth.classes[j] for _, j in match], np.int64)
        np.add.at(overlap, of_match, iou[match[:, 0], match[:, 1]])
        np.add.at(hits, of_match, 1)
        np.add.at(spurious, np.delete(np.array(found.classes, np.int64), match[:, 0]), 1)
        np.add.at(missed, np.delete(np.array(truth.classes, np.int64), match[:, 1]), 1)
    total = hits + spurious / 2 + missed / 2
    return Quality(hits / np.maximum(total, 0.5), overlap / np.maximum(hits, 1))


def intersection_over_union(found: Segmentation, truth: Segmentation) -> Floats:
    """IoU of every predicted with every true segment, (predicted, true)."""
    if found.segments.shape != truth.segments.shape:
        raise ValueError(
            f"the prediction has shape {found.segments.shape}, the truth {truth.segments.shape}; "
            "give two segmentations of one image."
        )
    rows, columns = len(found.classes), len(truth.classes)
    # VOID is -1, so it becomes the last row and column, which are cut off.
    table = np.zeros((rows + 1, columns + 1), np.int64)
    np.add.at(table, (found.segments, truth.segments), 1)
    union = table.sum(axis=1)[:, None] + table.sum(axis=0) - table
    return np.asarray(table[:-1, :-1] / np.maximum(union[:-1, :-1], 1))


def mean_iou(predicted: Iterable[Integers], true: Iterable[Integers], classes: int) -> float:
    """The mean over the classes of the IoU of their pixels, counted over all images together.

    Maps hold the class of each pixel; VOID belongs to no class. A class that occurs in no map
    does not count. Raises ValueError if there is not one of each.
    """
    table = np.zeros((classes + 1, classes + 1), np.int64)
    for found, truth in zip(predicted, true, strict=True):
        np.add.at(table, (found, truth), 1)
    union = (table.sum(axis=0) + table.sum(axis=1) - table.diagonal())[:-1]
    return float(np.mean(table.diagonal()[:-1][union > 0] / union[union > 0]))


def connected_components(
    semantic: Integers, things: Iterable[int], smallest: int = 9
) -> Segmentation:
    """The best that a map of classes alone allows: each connected piece of a thing is a segment.

    Pieces of fewer than `smallest` pixels are dropped, which is VOID; a class that is no thing is
    one segment, wherever it lies.
    """
    segments = np.full(semantic.shape, VOID, np.int64)
    classes: list[int] = []
    countable = set(things)
    for name in map(int, np.unique(semantic[semantic != VOID])):
        pieces, count = label(semantic == name) if name in countable else (semantic == name, 1)
        for piece in range(1, count + 1):
            where = pieces == piece
            if where.sum() >= smallest:
                segments[where] = len(classes)
                classes.append(name)
    return Segmentation(segments, tuple(classes))
