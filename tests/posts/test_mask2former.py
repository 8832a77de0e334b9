"""The module of the post on Mask2Former: masked attention, points and memory."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from .loading import load_module

scenes: Any = load_module("maskformer", "scenes", importable=True)
panoptic: Any = load_module("maskformer", "panoptic", importable=True)
maskformer: Any = load_module("maskformer", "maskformer", importable=True)
mask2former: Any = load_module("mask2former", "mask2former")


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# --- masked attention -------------------------------------------------------------------------


def test_a_query_may_look_where_its_mask_is() -> None:
    """A logit of 0 is a probability of 1/2, which is enough."""
    masks = torch.tensor([[[[3.0, -3.0], [0.0, -0.1]]]])
    assert mask2former.attention_mask(masks, (2, 2)).tolist() == [[[True, False, True, False]]]


def test_a_query_without_a_mask_may_look_everywhere() -> None:
    """Otherwise its attention would not be a number; the other queries keep their masks."""
    masks = torch.full((1, 2, 4, 4), -5.0)
    masks[0, 1, :2] = 5.0
    allowed = mask2former.attention_mask(masks, (2, 2))
    assert allowed.tolist() == [[[True] * 4, [True, True, False, False]]]


def test_masks_are_resized_before_they_are_cut() -> None:
    """A fine mask is averaged: three of four pixels of a cell say yes, but too faintly."""
    masks = torch.tensor([[[[1.0, 1.0], [1.0, -9.0]]]])
    assert mask2former.attention_mask(masks, (1, 1)).all()  # nowhere, so everywhere
    masks = torch.tensor([[[[1.0, 1.0, 5.0, 5.0], [1.0, -9.0, 5.0, 5.0]]]])
    assert mask2former.attention_mask(masks, (1, 2)).tolist() == [[[False, True]]]


def test_what_is_masked_has_no_influence() -> None:
    """Features outside a query's mask may change at will, and those inside may not."""
    torch.manual_seed(0)
    layer = maskformer.DecoderLayer(16)
    queries, places = torch.randn(1, 2, 16), torch.randn(1, 2, 16)
    features, positions = torch.randn(1, 4, 16), torch.randn(4, 16)
    allowed = torch.tensor([[[True, True, False, False], [True, False, True, False]]])
    forbidden = ~allowed.repeat_interleave(4, dim=0)

    def attended(changed: int | None) -> Any:
        moved = features.clone()
        if changed is not None:
            moved[0, changed] += 7
        return layer.attend_image(queries, places, moved, positions, attn_mask=forbidden)[0]

    with torch.no_grad():
        before = attended(None)
        assert torch.equal(attended(3), before)
        assert torch.equal(attended(2)[0], before[0])
        assert not torch.allclose(attended(2)[1], before[1])
        assert not torch.allclose(attended(0), before)


@pytest.mark.parametrize("masked", [True, False])
def test_the_network_stays_finite(masked: bool) -> None:
    """Also from masks that are nowhere; every parameter is trained, and the queries predict."""
    torch.manual_seed(0)
    network = mask2former.Mask2Former(4, masked=masked)
    drawn = scenes.make_scenes(2, seed=0)
    predictions = network(drawn.images)
    assert len(predictions) == 4
    mask2former.point_loss(predictions, drawn).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    empty = maskformer.Prediction(predictions[0].classes, torch.full((2, 12, 24, 24), -9.0))
    assert mask2former.attention_mask(empty.masks, (6, 6)).all()


# --- points -----------------------------------------------------------------------------------


def test_samples_at_centres_are_the_pixels() -> None:
    """And between two centres lies the mean of both."""
    maps = torch.arange(6.0).reshape(1, 2, 3)
    y, x = torch.meshgrid((torch.arange(2) + 0.5) / 2, (torch.arange(3) + 0.5) / 3, indexing="ij")
    centres = torch.stack([x, y], -1).reshape(1, 6, 2)
    torch.testing.assert_close(mask2former.sample(maps, centres), maps.flatten(1))
    between = torch.tensor([[[1 / 3, 0.25]]])
    torch.testing.assert_close(mask2former.sample(maps, between), torch.tensor([[0.5]]))


def test_every_pixel_has_the_same_share() -> None:
    """Read on a fine grid, a map has the mean of its pixels, those at the edge included."""
    maps = torch.randn(3, 4, 5, generator=generator(0), dtype=torch.float64)
    y, x = torch.meshgrid(
        (torch.arange(400, dtype=torch.float64) + 0.5) / 400,
        (torch.arange(500, dtype=torch.float64) + 0.5) / 500,
        indexing="ij",
    )
    grid = torch.stack([x, y], -1).reshape(1, -1, 2).expand(3, -1, -1)
    means = mask2former.sample(maps, grid).mean(1)
    torch.testing.assert_close(means, maps.mean((1, 2)), rtol=0, atol=1e-12)


def test_random_points_are_unbiased() -> None:
    """The mean over many random samples is the mean of the map, within four standard errors."""
    maps = torch.randn(1, 8, 8, generator=generator(1))
    points = torch.rand(1, 40_000, 2, generator=generator(2))
    read = mask2former.sample(maps, points)
    error = (read.mean() - maps.mean()).abs()
    assert float(error) < 4 * float(read.std()) / 40_000**0.5


def test_points_lie_where_the_mask_is_uncertain() -> None:
    """Three quarters of them near the edge of a mask, not in it; the rest anywhere."""
    torch.manual_seed(0)
    masks = (10 * torch.linspace(-1, 1, 32)).expand(2, 32, 32)  # 0 in the middle column
    points = mask2former.uncertain_points(masks, 400)
    assert points.shape == (2, 400, 2)
    assert float(points.min()) >= 0
    assert float(points.max()) <= 1
    distance = (points[..., 0] - 0.5).abs()
    assert float(distance[:, :300].max()) < 0.16  # a quarter of all points lie within 1/8
    assert float(distance[:, 300:].max()) > 0.4
    certain = mask2former.sample(masks, points).abs()
    assert float(certain[:, :300].mean()) < float(certain[:, 300:].mean()) / 2


def test_pairwise_entropy_is_that_of_each_pair() -> None:
    """An entry of the matrix is what PyTorch says of that mask and that target."""
    masks = torch.randn(1, 3, 20, generator=generator(3))
    targets = (torch.rand(1, 2, 20, generator=generator(4)) < 0.5).float()
    table = mask2former.pairwise_entropy(masks, targets)[0]
    for i in range(3):
        for j in range(2):
            expected = F.binary_cross_entropy_with_logits(masks[0, i], targets[0, j])
            torch.testing.assert_close(table[i, j], expected)


def test_the_loss_of_a_perfect_prediction_is_small() -> None:
    """And that of its classes exchanged is not."""
    torch.manual_seed(0)
    drawn = scenes.make_scenes(2, seed=5)
    classes = torch.where(drawn.classes < 0, 4, drawn.classes)
    perfect = maskformer.Prediction(40.0 * F.one_hot(classes, 5), 80 * drawn.masks - 40)
    exchanged = maskformer.Prediction(perfect.classes.roll(1, dims=-1), perfect.masks)
    # The points lie on the edges, where a map read between two pixels is neither in nor out.
    assert float(mask2former.point_loss([perfect], drawn)) < 3
    assert float(mask2former.point_loss([exchanged], drawn)) > 10


# --- memory -----------------------------------------------------------------------------------


def test_saved_bytes_by_hand() -> None:
    """A product keeps both factors, a square its one; a factor kept twice counts once."""
    x = torch.ones(1000, requires_grad=True)
    y = torch.ones(1000, requires_grad=True)
    assert mask2former.saved_bytes(lambda: (x * y).sum()) == 8000
    assert mask2former.saved_bytes(lambda: (x * x).sum()) == 4000
    assert mask2former.saved_bytes(lambda: (2 * x).sum()) == 0


def test_points_are_fewer_than_pixels() -> None:
    """A loss at 1 % of the pixels keeps less than a tenth of what the full loss keeps."""
    masks = torch.randn(4, 200, 200, generator=generator(0), requires_grad=True)
    targets = (torch.rand(4, 200, 200, generator=generator(1)) < 0.5).float()
    points = torch.rand(4, 400, 2, generator=generator(2))

    def full() -> Any:
        return mask2former.compare(masks.flatten(1), targets.flatten(1))

    def at_points() -> Any:
        return mask2former.compare(
            mask2former.sample(masks, points), mask2former.sample(targets, points)
        )

    saved = mask2former.saved_bytes(at_points) - masks.nbytes  # the map itself is kept by both
    assert 10 * saved < mask2former.saved_bytes(full)
