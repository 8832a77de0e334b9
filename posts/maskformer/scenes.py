"""Synthetic scenes: circles, squares and triangles on textured ground, many of them touching.

Every pixel belongs to exactly one segment: an object, or the ground behind all of them. So a
scene is described completely by a map of segments and the class of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import skimage.data
import torch
from numpy.typing import NDArray
from torch import Tensor

Floats: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

CLASSES = ("circle", "square", "triangle", "ground")
GROUND = 3
"""The class of what is no object; of it every scene has one segment, the first."""

NO_SEGMENT = -1
"""Fills the classes of a scene that has fewer segments than another."""

MOST_OBJECTS = 6


@dataclass(frozen=True)
class Scenes:
    """Images, and the segment of each of their pixels."""

    images: Tensor
    """(n, 3, size, size) floats, about 0 to 1."""

    segments: Tensor
    """(n, size, size) integers: the segment of each pixel, from 0; 0 is the ground."""

    classes: Tensor
    """(n, 1 + MOST_OBJECTS) integers: the class of each segment, NO_SEGMENT where there is none."""

    def __len__(self) -> int:
        return len(self.images)

    def pick(self, index: NDArray[np.int64] | slice, flipped: bool = False) -> Scenes:
        """Some of the scenes; `flipped`: left and right exchanged."""
        images, segments = self.images[index], self.segments[index]
        if flipped:
            images, segments = images.flip(-1), segments.flip(-1)
        return Scenes(images, segments, self.classes[index])

    def to(self, device: torch.device) -> Scenes:
        """The same scenes on another device."""
        return Scenes(self.images.to(device), self.segments.to(device), self.classes.to(device))

    @property
    def masks(self) -> Tensor:
        """(n, 1 + MOST_OBJECTS, size, size) floats, 1 where a pixel belongs to the segment."""
        index = torch.arange(self.classes.shape[1], device=self.segments.device)
        return (self.segments[:, None] == index[:, None, None]).float()

    @property
    def semantic(self) -> Tensor:
        """(n, size, size) integers: the class of each pixel."""
        flat = self.classes.gather(1, self.segments.flatten(1))
        return flat.view_as(self.segments)


def make_scenes(count: int, seed: int, size: int = 48, beside: float = 0.9) -> Scenes:
    """Draw scenes of three to six objects before a textured ground.

    With probability `beside` an object is laid beside the last one and has its class. A later one
    hides what is under it, but at least half of every object stays in sight.
    Raises ValueError for a probability outside 0 to 1 and a size below 32.
    """
    if not 0 <= beside <= 1:
        raise ValueError(f"beside is {beside}; give a probability, from 0 to 1.")
    if size < 32 or size % 16:
        raise ValueError(f"size is {size}; give a multiple of 16, at least 32.")
    rng = np.random.default_rng(seed)
    textures = [
        t / 255 for t in (skimage.data.brick(), skimage.data.grass(), skimage.data.gravel())
    ]
    images = np.empty((count, 3, size, size), np.float32)
    segments = np.zeros((count, size, size), np.int64)
    classes = np.full((count, 1 + MOST_OBJECTS), NO_SEGMENT)
    classes[:, 0] = GROUND
    for image, segment, names in zip(images, segments, classes, strict=True):
        picture = _ground(rng, textures[rng.integers(len(textures))], size)
        _lay_objects(rng, beside, picture, segment, names)
        image[:] = (picture + rng.normal(0, 0.02, picture.shape)).transpose(2, 0, 1)
    return Scenes(torch.from_numpy(images), torch.from_numpy(segments), torch.from_numpy(classes))


def _ground(rng: np.random.Generator, texture: Floats, size: int) -> Floats:
    """A tinted piece of a texture, (size, size, 3), at a random scale."""
    scale = int(rng.integers(2, 5))
    y, x = rng.integers(0, len(texture) - size * scale, 2)
    piece = texture[y : y + size * scale, x : x + size * scale]
    grey = piece.reshape(size, scale, size, scale).mean((1, 3))
    return np.asarray(grey[..., None] * rng.uniform(0.6, 1.1, 3))


def _lay_objects(
    rng: np.random.Generator,
    beside: float,
    picture: Floats,
    segment: NDArray[np.int64],
    names: NDArray[np.int64],
) -> None:
    """Draw objects into a picture, its map of segments and their classes."""
    size = len(picture)
    wanted = int(rng.integers(3, MOST_OBJECTS + 1))
    areas: list[int] = []
    centre, name = np.zeros(2), 0
    for _ in range(50):
        if len(areas) == wanted:
            return
        radius = rng.uniform(0.13, 0.21) * size
        if areas and rng.random() < beside:
            place = centre + rng.uniform(-2, 2, 2) * radius
            kind = name
        else:
            place = rng.uniform(0, size, 2)
            kind = int(rng.integers(len(CLASSES) - 1))
        place = np.clip(place, 0.8 * radius, size - 0.8 * radius)
        shape = _shape(kind, size, place, radius, rng.uniform(-0.4, 0.4))
        laid = np.where(shape, len(areas) + 1, segment)
        if any(2 * (laid == i + 1).sum() < area for i, area in enumerate(areas)):
            continue
        segment[:] = laid
        areas.append(int(shape.sum()))
        centre, name = place, kind
        names[len(areas)] = kind
        hue = (kind + rng.uniform(-0.25, 0.25)) / 3
        colour = _colour(hue, rng.uniform(0.5, 1), rng.uniform(0.6, 1))
        picture[shape] = colour * (0.75 + 0.25 * rng.random((int(shape.sum()), 1)))


def _shape(kind: int, size: int, centre: Floats, radius: float, angle: float) -> Mask:
    """The pixels of a circle, square or triangle."""
    y, x = np.mgrid[:size, :size] + 0.5
    x, y = (x - centre[0]) / radius, (y - centre[1]) / radius
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    if CLASSES[kind] == "circle":
        return np.asarray(u**2 + v**2 < 0.9**2)
    if CLASSES[kind] == "square":
        return np.asarray(np.maximum(abs(u), abs(v)) < 0.75)
    return np.asarray((v < 0.6) & (1.6 * abs(u) - 0.95 * v < 0.85))


def _colour(hue: float, saturation: float, value: float) -> Floats:
    """Red, green and blue, from 0 to 1; a hue of 1 is that of 0."""
    sector = (hue * 6 + np.array([5, 3, 1])) % 6
    return value * (1 - saturation * np.clip(np.minimum(sector, 4 - sector), 0, 1))
