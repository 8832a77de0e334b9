"""Mask classification: networks that predict pairs of a mask and a class, their loss and inference.

The flow, in the order of the functions below:

1. `PixelModule` turns an image into an embedding of every pixel and features at three scales;
   `MaskFormer` turns queries into N pairs of class scores and a mask; `PerPixel` is what it is
   compared with.
2. `match` pairs predictions with true segments at the least total cost.
3. `mask_classification_loss` sums what a matched pair costs, and teaches the others "no object".
4. `general_inference` and `semantic_inference` read an image's segments and classes off the pairs.

Throughout, B is the number of images, N of queries, M of true segments (padded), K of classes;
the class of index K is "no object".

Source: B. Cheng, A. Schwing and A. Kirillov, Per-Pixel Classification is Not All You Need for
Semantic Segmentation, NeurIPS 2021, arXiv:2107.06278.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from panoptic import VOID, Segmentation
from scenes import NO_SEGMENT, Scenes
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn

FOCAL_WEIGHT, DICE_WEIGHT = 20.0, 1.0
"""How the two parts of the mask loss are weighed, as in the paper."""

NO_OBJECT_WEIGHT = 0.1
"""The weight of "no object" in the classification loss, as in the paper."""

Loss: TypeAlias = Callable[[Any, Scenes], Tensor]
"""What a network's output costs, given the truth: a scalar."""


@dataclass(frozen=True)
class Prediction:
    """N pairs of a class and a mask for each image."""

    classes: Tensor
    """(B, N, K + 1) logits; the last is "no object"."""

    masks: Tensor
    """(B, N, height, width) logits, at the resolution of the pixel embeddings."""


# --- 1. networks ------------------------------------------------------------------------------


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
        nn.GroupNorm(8, outputs),
        nn.ReLU(inplace=True),
    )


class PixelModule(nn.Module):
    """A backbone and a pixel decoder (a feature pyramid)."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        sizes = (5, 24, 32, 48, 64)  # three colours and two coordinates go in
        self.down = nn.ModuleList(
            nn.Sequential(_convolution(a, b, stride=2), _convolution(b, b))
            for a, b in pairwise(sizes)
        )
        self.lateral = nn.ModuleList(nn.Conv2d(size, width, 1) for size in sizes[:0:-1])
        self.smooth = nn.ModuleList(_convolution(width, width) for _ in range(3))
        self.embed = nn.Conv2d(width, width, 1)

    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Embeddings (B, width, h/2, w/2), and features at strides 16, 8 and 4, of equal width."""
        height, width = images.shape[-2:]
        axes = (torch.linspace(-1, 1, size, device=images.device) for size in (height, width))
        places = torch.stack(torch.meshgrid(*axes, indexing="ij"))
        x = torch.cat([images - 0.5, places.expand(len(images), -1, -1, -1)], dim=1)
        pyramid = []
        for stage in self.down:
            x = stage(x)
            pyramid.append(x)
        x = self.lateral[0](pyramid[-1])
        features = [x]
        for lateral, smooth, finer in zip(
            list(self.lateral)[1:], self.smooth, pyramid[-2::-1], strict=True
        ):
            x = smooth(lateral(finer) + F.interpolate(x, scale_factor=2.0))
            features.append(x)
        return self.embed(features[-1]), features[:-1]


class PerPixel(nn.Module):
    """Per-pixel classification with the same pixel module: a linear layer on the embeddings."""

    def __init__(self, classes: int, width: int = 48) -> None:
        super().__init__()
        self.pixels = PixelModule(width)
        self.classify = nn.Conv2d(width, classes, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, K, height, width), at the images' resolution."""
        return _resized(self.classify(self.pixels(images)[0]), images.shape[-2:])


class DecoderLayer(nn.Module):
    """A layer of a transformer's decoder: queries look at each other, then at the image."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.itself = nn.MultiheadAttention(width, heads, batch_first=True)
        self.image = nn.MultiheadAttention(width, heads, batch_first=True)
        self.feed = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(inplace=True), nn.Linear(2 * width, width)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))

    def attend_queries(self, queries: Tensor, places: Tensor) -> Tensor:
        """Self-attention among the queries (B, N, width)."""
        key = queries + places
        return self.norms[0](queries + self.itself(key, key, queries, need_weights=False)[0])

    def attend_image(
        self, queries: Tensor, places: Tensor, features: Tensor, positions: Tensor, **options: Any
    ) -> Tensor:
        """Cross-attention to features (B, h w, width) at positions (h w, width)."""
        looked = self.image(
            queries + places, features + positions, features, need_weights=False, **options
        )[0]
        return self.norms[1](queries + looked)

    def transform(self, queries: Tensor) -> Tensor:
        """The feed-forward part."""
        return self.norms[2](queries + self.feed(queries))


class Heads(nn.Module):
    """Reads a class and a mask off every query."""

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.classify = nn.Linear(width, classes + 1)
        self.embed = nn.Sequential(
            nn.Linear(width, width), nn.ReLU(inplace=True), nn.Linear(width, width)
        )

    def forward(self, queries: Tensor, embeddings: Tensor) -> Prediction:
        """A mask's logit is the product of its query's embedding with the pixel's."""
        x = self.norm(queries)
        masks = torch.einsum("bnd,bdhw->bnhw", self.embed(x), embeddings)
        return Prediction(self.classify(x), masks)


class MaskFormer(nn.Module):
    """Mask classification: learned queries look at one scale of the image's features."""

    def __init__(self, classes: int, queries: int = 12, layers: int = 3, width: int = 48) -> None:
        super().__init__()
        self.pixels = PixelModule(width)
        self.places = nn.Embedding(queries, width)
        self.layers = nn.ModuleList(DecoderLayer(width) for _ in range(layers))
        self.heads = Heads(classes, width)

    def forward(self, images: Tensor) -> list[Prediction]:
        """A prediction after each layer; all are trained, the last is used."""
        embeddings, (_, features, _) = self.pixels(images)
        positions = sine_positions(features)
        features = features.flatten(2).transpose(1, 2)
        places = self.places.weight.expand(len(images), -1, -1)
        queries = torch.zeros_like(places)
        predictions = []
        for layer in self.layers:
            queries = layer.attend_queries(queries, places)
            queries = layer.attend_image(queries, places, features, positions)
            queries = layer.transform(queries)
            predictions.append(self.heads(queries, embeddings))
        return predictions


def sine_positions(features: Tensor) -> Tensor:
    """Sines and cosines of the rows and columns of features (B, width, h, w): (h w, width)."""
    width, *size = features.shape[1:]
    frequency = math.pi * 2 ** torch.arange(width // 4, device=features.device)
    axes = (torch.arange(length, device=features.device) / length for length in size)
    waves = [axis[..., None] * frequency for axis in torch.meshgrid(*axes, indexing="ij")]
    return torch.cat([f(wave) for wave in waves for f in (torch.sin, torch.cos)], -1).flatten(0, 1)


# --- 2. matching ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Matching:
    """Which query of which image is responsible for which true segment; three (P,) indices."""

    image: Tensor
    query: Tensor
    segment: Tensor


def pairwise_focal(masks: Tensor, targets: Tensor, alpha: float = 0.25, gamma: float = 2) -> Tensor:
    """The focal loss of each mask with each target: (B, N, P), (B, M, P) -> (B, N, M)."""
    p = masks.sigmoid()
    if_in = alpha * (1 - p) ** gamma * F.softplus(-masks)
    if_out = (1 - alpha) * p**gamma * F.softplus(masks)
    return (if_in @ targets.mT + if_out @ (1 - targets).mT) / masks.shape[-1]


def pairwise_dice(masks: Tensor, targets: Tensor) -> Tensor:
    """The dice loss of each mask with each target: (B, N, P), (B, M, P) -> (B, N, M)."""
    p = masks.sigmoid()
    total = p.sum(-1)[..., :, None] + targets.sum(-1)[..., None, :]
    return 1 - (2 * p @ targets.mT + 1) / (total + 1)


def class_costs(logits: Tensor, classes: Tensor) -> Tensor:
    """Minus the probability of each true segment's class: (B, N, K + 1), (B, M) -> (B, N, M)."""
    wanted = classes.clamp(min=0)[:, None].expand(-1, logits.shape[1], -1)
    return -logits.softmax(-1).gather(2, wanted)


@torch.no_grad()
def matching_costs(prediction: Prediction, truth: Scenes) -> Tensor:
    """What it would cost to make a query responsible for a segment: (B, N, M)."""
    masks = prediction.masks.flatten(2)
    targets = reduced(truth.masks, prediction.masks).flatten(2)
    return (
        class_costs(prediction.classes, truth.classes)
        + FOCAL_WEIGHT * pairwise_focal(masks, targets)
        + DICE_WEIGHT * pairwise_dice(masks, targets)
    )


def match(costs: Tensor, classes: Tensor) -> Matching:
    """The pairs of least total cost: no query twice, each segment of each image once.

    `costs` is (B, N, M); `classes`, (B, M), is NO_SEGMENT where there is no segment. Raises
    ValueError if an image has more segments than there are queries.
    """
    found = []
    for image, (cost, names) in enumerate(zip(costs.cpu().numpy(), classes.cpu(), strict=True)):
        segments = np.flatnonzero(names.numpy() != NO_SEGMENT)
        if len(segments) > len(cost):
            raise ValueError(
                f"image {image} has {len(segments)} segments for {len(cost)} queries; "
                "give the network more queries."
            )
        queries, columns = linear_sum_assignment(cost[:, segments])
        found += [(image, q, s) for q, s in zip(queries, segments[columns], strict=True)]
    index = torch.from_numpy(np.array(found, np.int64).reshape(-1, 3)).to(costs.device)
    return Matching(*index.unbind(1))


def reduced(targets: Tensor, masks: Tensor) -> Tensor:
    """True masks at the resolution of predicted ones; a pixel holds the share that is covered."""
    return F.interpolate(targets, masks.shape[-2:], mode="area")


# --- 3. losses --------------------------------------------------------------------------------


def focal_loss(masks: Tensor, targets: Tensor, alpha: float = 0.25, gamma: float = 2) -> Tensor:
    """Binary cross entropy in which pixels already right count less: (P, pixels) -> (P,)."""
    p = masks.sigmoid()
    entropy = F.binary_cross_entropy_with_logits(masks, targets, reduction="none")
    wrong = p * (1 - targets) + (1 - p) * targets
    balance = alpha * targets + (1 - alpha) * (1 - targets)
    return (balance * wrong**gamma * entropy).mean(-1)


def dice_loss(masks: Tensor, targets: Tensor) -> Tensor:
    """1 minus a soft Dice coefficient; it compares sizes, not pixels: (P, pixels) -> (P,)."""
    p = masks.sigmoid()
    return 1 - (2 * (p * targets).sum(-1) + 1) / (p.sum(-1) + targets.sum(-1) + 1)


def classification_loss(logits: Tensor, classes: Tensor, matching: Matching) -> Tensor:
    """Cross entropy of every query with its segment's class, or with "no object".

    It is a weighted mean, in which "no object" weighs NO_OBJECT_WEIGHT.
    """
    none = logits.shape[-1] - 1
    wanted = torch.full(logits.shape[:2], none, device=logits.device)
    wanted[matching.image, matching.query] = classes[matching.image, matching.segment]
    weights = torch.ones(none + 1, device=logits.device)
    weights[none] = NO_OBJECT_WEIGHT
    return F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), weights)


def mask_classification_loss(predictions: Sequence[Prediction], truth: Scenes) -> Tensor:
    """The mean, over the decoder's layers, of classification, focal and dice loss.

    Masks are compared at the resolution of the predictions.
    """
    targets = reduced(truth.masks, predictions[-1].masks)
    total = targets.new_zeros(())
    for prediction in predictions:
        matching = match(matching_costs(prediction, truth), truth.classes)
        masks = prediction.masks[matching.image, matching.query].flatten(1)
        wanted = targets[matching.image, matching.segment].flatten(1)
        total = (
            total
            + classification_loss(prediction.classes, truth.classes, matching)
            + FOCAL_WEIGHT * focal_loss(masks, wanted).mean()
            + DICE_WEIGHT * dice_loss(masks, wanted).mean()
        )
    return total / len(predictions)


def per_pixel_loss(logits: Tensor, truth: Scenes) -> Tensor:
    """Cross entropy of every pixel with its class."""
    return F.cross_entropy(logits, truth.semantic)


# --- 4. inference -----------------------------------------------------------------------------


@torch.no_grad()
def general_inference(
    prediction: Prediction,
    size: tuple[int, int],
    stuff: Sequence[int] = (),
    confidence: float = 0.5,
    visible: float = 0.6,
) -> list[Segmentation]:
    """Give each pixel to the pair with the largest p_i(c_i) m_i(pixel): segments of each image.

    Pairs whose best class is "no object", or has a probability up to `confidence`, take no part. A
    segment of which less than the fraction `visible` is left is dropped. Segments of one class
    of `stuff` are one.
    """
    probabilities, classes = prediction.classes.softmax(-1).max(-1)
    masks = _resized(prediction.masks, size).sigmoid()
    none = prediction.classes.shape[-1] - 1
    found = []
    for p, names, m in zip(probabilities, classes, masks, strict=True):
        taking = (names != none) & (p > confidence)
        found.append(_segments(p[taking], names[taking], m[taking], stuff, visible))
    return found


def _segments(
    p: Tensor, names: Tensor, masks: Tensor, stuff: Sequence[int], visible: float
) -> Segmentation:
    segments = np.full(masks.shape[1:], VOID, np.int64)
    classes: list[int] = []
    if not len(p):
        return Segmentation(segments, ())
    owner = (p[:, None, None] * masks).argmax(0)
    for i, name in enumerate(names.tolist()):
        claimed = masks[i] >= 0.5
        won = claimed & (owner == i)
        if not won.any() or won.sum() < visible * claimed.sum():
            continue
        if name in stuff and name in classes:
            segments[won.cpu().numpy()] = classes.index(name)
        else:
            segments[won.cpu().numpy()] = len(classes)
            classes.append(name)
    return Segmentation(segments, tuple(classes))


@torch.no_grad()
def semantic_inference(prediction: Prediction, size: tuple[int, int]) -> Tensor:
    """Give each pixel a class: (B, height, width).

    No pair is left out, and "no object" is no answer.
    """
    probabilities = prediction.classes.softmax(-1)[..., :-1]
    masks = _resized(prediction.masks, size).sigmoid()
    return torch.einsum("bnk,bnhw->bkhw", probabilities, masks).argmax(1)


def _resized(maps: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(maps, size, mode="bilinear", align_corners=False)


# --- training ---------------------------------------------------------------------------------


def train(
    network: nn.Module,
    loss: Loss,
    scenes: Scenes,
    steps: int,
    seed: int,
    batch: int = 16,
    rate: float = 2e-3,
    watch: Callable[[int], None] | None = None,
) -> None:
    """Train a network in place with AdamW; every second batch or so is mirrored.

    The learning rate rises over the first tenth of the steps and falls to 0 at the end. `watch` is
    called after each step with the number of steps done.
    """
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, 10 * (step + 1) / steps) * (1 - step / steps) ** 0.9
    )
    for step in range(steps):
        some = scenes.pick(rng.integers(len(scenes), size=batch), bool(rng.random() < 0.5))
        optimizer.zero_grad()
        loss(network(some.images), some).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if watch:
            watch(step + 1)


def truth_of(scenes: Scenes) -> list[Segmentation]:
    """The true segmentation of each scene."""
    return [
        Segmentation(segments.numpy(), tuple(names[names != NO_SEGMENT].tolist()))
        for segments, names in zip(scenes.segments.cpu(), scenes.classes.cpu(), strict=True)
    ]
