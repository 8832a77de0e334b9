"""Self-distillation without labels (DINO), small enough for two cores.

The flow, in the order of the functions below:

1. `scenes` draws the images: one coloured shape on a grey texture, among coloured specks.
2. `VisionTransformer` and `Network` (the transformer with its projection head) are what learns.
3. `crops` makes the views of a batch.
4. `targets`, `updated_centre` and `distillation_loss` are the method; `momentum` is the schedule
   of the teacher, and `train` puts them together.
5. `knn_accuracy`, `cls_attention`, `enrichment`, `mass_mask` and `jaccard` judge the result.

Shapes: B images, V views, K outputs of the head, h attention heads, g x g patches.

Source: M. Caron et al., Emerging Properties in Self-Supervised Vision Transformers, ICCV 2021,
arXiv:2104.14294. What is smaller here: the images, the network, and K.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import skimage.data
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

Tensor: TypeAlias = Any
"""A `torch.Tensor`; the type checker does not read PyTorch."""

Floats: TypeAlias = NDArray[np.float64]

SIZE = 32
"""Height and width of an image in pixels, and of a global crop."""

HUES = 12
"""Classes: the hue of the shape falls into one of so many equal parts of the circle."""

CORNERS = (3, 4, 5, 6, 60)
"""The shapes are regular polygons; the last is a disc."""

SPECKS = 6
"""Coloured discs in each image that have nothing to do with its class."""


# --- 1. the images ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Scenes:
    """Images with what the training never sees: their classes and masks."""

    images: Tensor
    """(n, 3, SIZE, SIZE) of float32 between 0 and 1."""

    hues: Tensor
    """(n,) of int64 below HUES."""

    masks: Tensor
    """(n, SIZE, SIZE) of bool: where the shape is."""

    def to(self, device: str) -> Scenes:
        """The same scenes on another device."""
        return Scenes(self.images.to(device), self.hues.to(device), self.masks.to(device))


def scenes(count: int, seed: int) -> Scenes:
    """So many random scenes; the same ones for the same seed."""
    if count < 1:
        raise ValueError(f"count is {count}; draw at least one scene.")
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5

    def column(low: float, high: float) -> Floats:
        """One random number for each image, shaped to be combined with its pixels."""
        return rng.uniform(low, high, (count, 1, 1))

    hues = rng.integers(HUES, size=count)
    picture = (_texture(rng, count) * column(0.5, 1.2))[:, None].repeat(3, axis=1)
    for _ in range(SPECKS):
        dx, dy = x - column(0, SIZE), y - column(0, SIZE)
        colour = _rgb(rng.random(count), rng.uniform(0.3, 1, count), rng.uniform(0.4, 1, count))
        speck = np.hypot(dx, dy) < column(0.8, 2.2)
        picture = np.where(speck[:, None], colour[:, :, None, None], picture)

    dx, dy = x - column(0.3 * SIZE, 0.7 * SIZE), y - column(0.3 * SIZE, 0.7 * SIZE)
    sector = 2 * np.pi / rng.choice(CORNERS, size=(count, 1, 1))
    angle = (np.arctan2(dy, dx) + column(0, 2 * np.pi)) % sector
    edge = column(0.2 * SIZE, 0.34 * SIZE) * np.cos(sector / 2) / np.cos(angle - sector / 2)
    masks = np.hypot(dx, dy) < edge
    hue = (hues + rng.uniform(-0.4, 0.4, count)) / HUES
    colour = _rgb(hue, rng.uniform(0.35, 1, count), rng.uniform(0.4, 1, count))
    shape = colour[:, :, None, None] * (0.7 + 0.5 * _texture(rng, count))[:, None]
    picture = np.where(masks[:, None], shape, picture)
    picture = np.clip(picture + rng.normal(0, 0.03, picture.shape), 0, 1)
    return Scenes(
        torch.from_numpy(picture.astype(np.float32)),
        torch.from_numpy(hues),
        torch.from_numpy(masks),
    )


def _texture(rng: np.random.Generator, count: int) -> Floats:
    """(count, SIZE, SIZE): pieces of the three textures that scikit-image brings along."""
    sources = np.stack([skimage.data.brick(), skimage.data.grass(), skimage.data.gravel()]) / 255
    _, rows, columns = sources.shape
    kind = rng.integers(len(sources), size=(count, 1, 1))
    top = rng.integers(rows - SIZE, size=(count, 1, 1)) + np.arange(SIZE)[:, None]
    left = rng.integers(columns - SIZE, size=(count, 1, 1)) + np.arange(SIZE)
    return np.asarray(sources[kind, top, left])


def _rgb(hue: Floats, saturation: Floats, value: Floats) -> Floats:
    """(n, 3): colours given as hue (1 is a full circle), saturation and value."""
    k = (np.array([5, 3, 1]) + 6 * hue[:, None]) % 6
    dip = np.clip(np.minimum(k, 4 - k), 0, 1)
    return np.asarray(value[:, None] * (1 - saturation[:, None] * dip))


def normalised(images: Tensor) -> Tensor:
    """Images as the network wants them: values around 0, of about unit size."""
    return (images - 0.45) / 0.25


# --- 2. the network ---------------------------------------------------------------------------


class Block(nn.Module):  # type: ignore[misc]
    """Self-attention and a perceptron, each behind a layer norm and added to its input."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention, self.norm_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 3 * width), nn.GELU(), nn.Linear(3 * width, width)
        )

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """(B, n, width) -> the same, and the attention (B, h, n, n), whose rows sum to 1."""
        batch, count, width = tokens.shape
        qkv = self.qkv(self.norm_attention(tokens)).view(batch, count, 3, self.heads, -1)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        attention = (query @ key.transpose(-1, -2) / math.sqrt(width / self.heads)).softmax(-1)
        mixed = (attention @ value).transpose(1, 2).reshape(batch, count, width)
        tokens = tokens + self.out(mixed)
        return tokens + self.mlp(self.norm_mlp(tokens)), attention


class VisionTransformer(nn.Module):  # type: ignore[misc]
    """Patches, each mapped linearly to a token, a [CLS] token, and blocks."""

    def __init__(self, width: int, blocks: int, heads: int, patch: int) -> None:
        super().__init__()
        self.patch = patch
        self.embed = nn.Conv2d(3, width, patch, patch)
        self.cls = nn.Parameter(0.02 * torch.randn(1, 1, width))
        grid = SIZE // patch
        self.position = nn.Parameter(0.02 * torch.randn(1, width, grid, grid))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, s, s) -> the [CLS] features (B, width), and the last block's attention.

        Positions are interpolated where an image is smaller than SIZE, as a local crop is.
        """
        patches = self.embed(images)
        position = self.position
        if patches.shape[-2:] != position.shape[-2:]:
            position = F.interpolate(position, patches.shape[-2:], mode="bilinear")
        patches = (patches + position).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls.expand(len(images), -1, -1), patches], dim=1)
        for block in self.blocks:
            tokens, attention = block(tokens)
        return self.norm(tokens)[:, 0], attention


class Head(nn.Module):  # type: ignore[misc]
    """Features -> K cosines: a perceptron onto the unit sphere, then K unit vectors."""

    def __init__(self, width: int, outputs: int, hidden: int = 128, bottleneck: int = 32) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, bottleneck))
        self.prototypes = nn.Parameter(torch.randn(outputs, bottleneck))

    def forward(self, features: Tensor) -> Tensor:
        """(B, width) -> (B, K), each between -1 and 1."""
        return F.normalize(self.mlp(features), dim=-1) @ F.normalize(self.prototypes, dim=-1).T


class Network(nn.Module):  # type: ignore[misc]
    """A transformer and its head. What is kept after training is the transformer."""

    def __init__(
        self, width: int = 48, blocks: int = 2, heads: int = 4, patch: int = 8, outputs: int = 64
    ) -> None:
        super().__init__()
        self.backbone = VisionTransformer(width, blocks, heads, patch)
        self.head = Head(width, outputs)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, s, s) -> logits (B, K)."""
        return self.head(self.backbone(images)[0])


# --- 3. the views -----------------------------------------------------------------------------


def crops(
    images: Tensor, size: int, area: tuple[float, float], generator: torch.Generator
) -> Tensor:
    """One random view of each image, normalised: (B, 3, size, size).

    A window that covers a share of the image's area drawn from `area`, at a random place, stretched
    a little, mirrored or not, and resized; then contrast, brightness and noise. Hue is kept.
    """
    if not 0 < area[0] <= area[1] <= 1:
        raise ValueError(f"area is {area}; give two shares of the image, 0 < low <= high <= 1.")
    batch = len(images)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        draw = torch.rand(batch, *shape, generator=generator, device=generator.device)
        return (low + (high - low) * draw).to(images.device)

    side, stretch = uniform(*area).sqrt(), uniform(-0.15, 0.15).exp()
    width, height = (side * stretch).clamp(max=1), (side / stretch).clamp(max=1)
    mirrored = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    window = torch.zeros(batch, 2, 3, device=images.device)
    window[:, 0, 0], window[:, 0, 2] = width * mirrored, uniform(-1, 1) * (1 - width)
    window[:, 1, 1], window[:, 1, 2] = height, uniform(-1, 1) * (1 - height)
    grid = F.affine_grid(window, [batch, 3, size, size], align_corners=False)
    view = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    view = view * uniform(0.6, 1.4, 1, 1, 1) + uniform(-0.15, 0.15, 1, 1, 1)
    noise = torch.randn(view.shape, generator=generator, device=generator.device)
    return normalised(view + 0.1 * noise.to(images.device))


# --- 4. the method ----------------------------------------------------------------------------


def targets(logits: Tensor, centre: Tensor, temperature: float) -> Tensor:
    """What the teacher says: logits (..., K) -> probabilities."""
    return ((logits - centre) / temperature).softmax(-1)


def updated_centre(centre: Tensor, logits: Tensor, momentum: float) -> Tensor:
    """The running mean of the teacher's logits (..., K)."""
    now = logits.flatten(0, -2).mean(0)
    return momentum * centre + (1 - momentum) * now


def distillation_loss(teacher: Tensor, student: Tensor, temperature: float) -> Tensor:
    """Mean cross entropy of the student's views with the teacher's other views.

    `teacher` holds probabilities (T, B, K), `student` logits (S, B, K) of S >= T views, the first T
    of which the teacher saw too. The pairs of a view with itself are left out.
    """
    views, others = len(teacher), len(student)
    if not 1 <= views <= others or views * others == 1:
        raise ValueError(
            f"{views} views of the teacher and {others} of the student leave no pair of two."
        )
    log_student = (student / temperature).log_softmax(-1)
    cross = -torch.einsum("tbk,sbk->tsb", teacher, log_student).mean(-1)
    pairs = ~torch.eye(views, others, dtype=torch.bool, device=cross.device)
    return cross[pairs].mean()


def momentum(step: int, steps: int, start: float) -> float:
    """The share of itself that the teacher keeps: from `start` to 1 along half a cosine."""
    return 1 - (1 - start) * (1 + math.cos(math.pi * step / steps)) / 2


def follow(teacher: nn.Module, student: nn.Module, keep: float) -> None:
    """Move the teacher's parameters towards the student's."""
    pairs = zip(teacher.parameters(), student.parameters(), strict=True)
    with torch.no_grad():
        for mine, theirs in pairs:
            mine.lerp_(theirs, 1 - keep)  # keep * mine + (1 - keep) * theirs


@dataclass(frozen=True)
class Recipe:
    """How to train; the defaults are the healthy ones."""

    steps: int = 600
    batch: int = 64
    local_crops: int = 2
    student_temperature: float = 0.1
    teacher_temperature: float = 0.04
    centre_sign: float = 1.0
    """1 subtracts the centre, 0 leaves it out, -1 adds it."""

    centre_momentum: float = 0.9
    teacher_momentum: float = 0.99
    learning_rate: float = 2e-3
    weight_decay: float = 0.04
    warm_up: int = 50
    look_every: int = 100
    """The teacher is copied into `Run.snapshots` after each so many steps."""


@dataclass
class Run:
    """What a training leaves."""

    teacher: Network
    entropy: list[float] = field(default_factory=list)
    """Of the teacher's targets, mean over views and images, for each step."""

    divergence: list[float] = field(default_factory=list)
    """KL of teacher and student over the two pairs of different global views."""

    information: list[float] = field(default_factory=list)
    """Entropy of the batch's mean target, less `entropy`: what a target tells of its image."""

    snapshots: dict[int, Network] = field(default_factory=dict)
    """The teacher after 0, look_every, ... steps."""


def train(images: Tensor, recipe: Recipe, seeds: Sequence[int], **network: int) -> list[Run]:
    """Train a network for each seed on images (n, 3, SIZE, SIZE), without labels.

    All of them side by side, a thread each; what a run leaves depends on its own seed only.
    """
    students = []
    for seed in seeds:  # before the threads begin: they share this random number generator
        torch.manual_seed(seed)
        students.append(Network(**network).to(images.device))
    with ThreadPoolExecutor(len(students)) as pool:
        return list(pool.map(lambda *one: _trained(images, recipe, *one), students, seeds))


def _trained(images: Tensor, recipe: Recipe, student: Network, seed: int) -> Run:
    """What it leaves to train one student."""
    teacher = copy.deepcopy(student).requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(student.parameters(), weight_decay=recipe.weight_decay)
    centre = torch.zeros(student.head.prototypes.shape[0], device=images.device)
    run = Run(teacher, snapshots={0: copy.deepcopy(teacher)})
    for step in range(recipe.steps):
        warm = min(1.0, (step + 1) / recipe.warm_up)
        cosine = (1 + math.cos(math.pi * step / recipe.steps)) / 2
        optimiser.param_groups[0]["lr"] = recipe.learning_rate * warm * cosine
        chosen = torch.randint(len(images), (recipe.batch,), generator=generator)
        batch = images[chosen.to(images.device)]
        whole = torch.cat([crops(batch, SIZE, (0.5, 1), generator) for _ in range(2)])
        part = [crops(batch, SIZE // 2, (0.15, 0.5), generator) for _ in range(recipe.local_crops)]

        with torch.no_grad():
            raw = teacher(whole).unflatten(0, (2, -1))
        said = targets(raw, recipe.centre_sign * centre, recipe.teacher_temperature)
        logits = torch.cat([student(whole), *([student(torch.cat(part))] if part else [])])
        logits = logits.unflatten(0, (-1, recipe.batch))
        loss = distillation_loss(said, logits, recipe.student_temperature)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(student.parameters(), 3.0)
        optimiser.step()
        follow(teacher, student, momentum(step, recipe.steps, recipe.teacher_momentum))
        centre = updated_centre(centre, raw, recipe.centre_momentum)

        crossed = distillation_loss(said, logits[:2].detach(), recipe.student_temperature)
        mean_entropy = entropy(said).mean()
        run.entropy.append(float(mean_entropy))
        run.divergence.append(float(crossed - mean_entropy))
        run.information.append(float(entropy(said.flatten(0, 1).mean(0)) - mean_entropy))
        if (step + 1) % recipe.look_every == 0:
            run.snapshots[step + 1] = copy.deepcopy(teacher)
    return run


def entropy(probabilities: Tensor) -> Tensor:
    """-sum p ln p over the last axis, with 0 ln 0 = 0."""
    return torch.special.entr(probabilities).sum(-1)


# --- 5. judging the result --------------------------------------------------------------------


def features(network: Network, images: Tensor) -> Tensor:
    """The [CLS] features of whole images (n, width)."""
    with torch.no_grad():
        return torch.cat([network.backbone(normalised(some))[0] for some in images.split(500)])


def knn_accuracy(known: Tensor, labels: Tensor, asked: Tensor, truth: Tensor, k: int = 20) -> float:
    """Share of `asked` rows whose weighted vote of the k most similar `known` rows is true.

    Similarity s is the cosine, and a neighbour's vote weighs exp(s / 0.07), as in the paper.
    """
    if k > len(known):
        raise ValueError(f"k is {k}, but only {len(known)} rows are known.")
    similarity = F.normalize(asked, dim=-1) @ F.normalize(known, dim=-1).T
    nearest, rows = similarity.topk(k)
    votes = torch.zeros(len(asked), int(labels.max()) + 1, device=asked.device)
    votes.scatter_add_(1, labels[rows], (nearest / 0.07).exp())
    return float((votes.argmax(1) == truth).float().mean())


def cls_attention(network: Network, images: Tensor) -> Tensor:
    """How [CLS] shares its attention among the patches, in the last block: (n, h, g, g).

    What it pays to itself is left out; each map sums to 1.
    """
    with torch.no_grad():
        maps = torch.cat(
            [network.backbone(normalised(some))[1][:, :, 0, 1:] for some in images.split(500)]
        )
    grid = SIZE // network.backbone.patch
    return (maps / maps.sum(-1, keepdim=True)).unflatten(-1, (grid, grid))


def on_pixels(maps: Tensor) -> Tensor:
    """(..., g, g) -> (..., SIZE, SIZE): each pixel gets its patch's value."""
    patch = SIZE // maps.shape[-1]
    return maps.repeat_interleave(patch, -2).repeat_interleave(patch, -1)


def enrichment(maps: Tensor, masks: Tensor) -> Tensor:
    """The share of attention on the shape, over its share of the area: (h,). 1 is chance."""
    area = F.avg_pool2d(masks.float(), SIZE // maps.shape[-1])
    inside = (maps * area[:, None]).sum((-2, -1))
    return (inside / area.mean((-2, -1))[:, None]).mean(0)


def mass_mask(maps: Tensor, mass: float = 0.6) -> Tensor:
    """Of each map (..., g, g) the fewest patches that together hold so much of it."""
    flat = maps.flatten(-2)
    strongest, order = flat.sort(dim=-1, descending=True, stable=True)
    before = strongest.cumsum(-1) - strongest
    kept = before < mass * flat.sum(-1, keepdim=True)
    return torch.zeros_like(kept).scatter(-1, order, kept).view(maps.shape)


def jaccard(found: Tensor, masks: Tensor) -> Tensor:
    """Intersection over union of (n, h, g, g) and (n, SIZE, SIZE), pixel by pixel: (h,)."""
    found, truth = on_pixels(found), masks[:, None]
    return ((found & truth).sum((-2, -1)) / (found | truth).sum((-2, -1))).mean(0)
