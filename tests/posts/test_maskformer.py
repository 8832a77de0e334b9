"""The modules of the post on MaskFormer: matching, losses, inference and measures."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from .loading import load_module

scenes: Any = load_module("maskformer", "scenes", importable=True)
panoptic: Any = load_module("maskformer", "panoptic", importable=True)
maskformer: Any = load_module("maskformer", "maskformer", importable=True)

VOID = panoptic.VOID
SEEDS = st.integers(0, 10_000)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# --- the scenes -------------------------------------------------------------------------------


def test_scenes_are_whole() -> None:
    """Every pixel has one segment, every segment a class; the ground is first; a seed decides."""
    drawn = scenes.make_scenes(20, seed=3)
    again = scenes.make_scenes(20, seed=3)
    other = scenes.make_scenes(20, seed=4)
    assert drawn.images.shape == (20, 3, 48, 48)
    assert torch.equal(drawn.images, again.images)
    assert not torch.equal(drawn.images, other.images)
    assert (drawn.classes[:, 0] == scenes.GROUND).all()
    for segments, classes in zip(drawn.segments, drawn.classes, strict=True):
        names = classes[classes != scenes.NO_SEGMENT]
        assert 2 <= len(names) <= 1 + scenes.MOST_OBJECTS
        assert segments.unique().tolist() == list(range(len(names)))
    assert torch.equal(drawn.masks.sum(1), torch.ones(20, 48, 48))


def test_mirrored_scenes_are_mirrored_throughout() -> None:
    """Images and segments turn together, classes stay, and twice is not at all."""
    drawn = scenes.make_scenes(3, seed=0)
    turned = drawn.pick(slice(None), flipped=True)
    assert torch.equal(turned.images[..., 0], drawn.images[..., -1])
    assert torch.equal(turned.semantic[..., 0], drawn.semantic[..., -1])
    assert torch.equal(turned.classes, drawn.classes)
    assert torch.equal(turned.pick(slice(None), flipped=True).images, drawn.images)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"beside": 1.5}, "beside is 1.5"),
        ({"size": 40}, "size is 40"),
        ({"size": 16}, "size is 16"),
    ],
)
def test_scenes_refuse_bad_parameters(arguments: dict[str, Any], complaint: str) -> None:
    """A probability above 1 and a size that the network cannot halve four times."""
    with pytest.raises(ValueError, match=complaint):
        scenes.make_scenes(1, seed=0, **arguments)


# --- matching ---------------------------------------------------------------------------------


@settings(deadline=None)
@given(SEEDS, st.integers(1, 6), st.integers(0, 2))
def test_matching_is_the_best_of_all(seed: int, segments: int, more: int) -> None:
    """Of all ways to give each segment a query of its own, none costs less."""
    costs = torch.rand(1, segments + more, segments, generator=generator(seed)) - 0.5
    found = maskformer.match(costs, torch.zeros(1, segments, dtype=torch.long))
    assert sorted(found.segment.tolist()) == list(range(segments))
    assert len(set(found.query.tolist())) == segments
    least = min(
        sum(float(costs[0, query, segment]) for segment, query in enumerate(order))
        for order in permutations(range(segments + more), segments)
    )
    assert float(costs[0, found.query, found.segment].sum()) == pytest.approx(least, abs=1e-6)


def test_padding_is_never_matched() -> None:
    """A segment that is none gets no query, however little it would cost; images stay apart."""
    costs = torch.tensor([[[0.3, -9.0], [0.1, -9.0]], [[0.0, 0.5], [0.4, 0.1]]])
    found = maskformer.match(costs, torch.tensor([[2, scenes.NO_SEGMENT], [0, 1]]))
    assert found.image.tolist() == [0, 1, 1]
    assert found.query.tolist() == [1, 0, 1]
    assert found.segment.tolist() == [0, 0, 1]


def test_more_segments_than_queries_is_an_error() -> None:
    """It would leave a segment without a prediction."""
    with pytest.raises(ValueError, match="image 0 has 3 segments for 2 queries"):
        maskformer.match(torch.zeros(1, 2, 3), torch.zeros(1, 3, dtype=torch.long))


def test_equivalent_labelings_cost_the_same() -> None:
    """The order in which the truth lists its segments does not change the loss."""
    drawn = scenes.make_scenes(4, seed=1)
    prediction = random_prediction(4, seed=1)
    order = torch.tensor([0, *range(6, 0, -1)])
    shuffled = scenes.Scenes(drawn.images, order[drawn.segments], drawn.classes[:, order])
    loss = maskformer.mask_classification_loss([prediction], drawn)
    assert float(maskformer.mask_classification_loss([prediction], shuffled)) == pytest.approx(
        float(loss), rel=1e-5
    )


# --- losses -----------------------------------------------------------------------------------


def random_prediction(images: int, seed: int, queries: int = 12) -> Any:
    draw = generator(seed)
    return maskformer.Prediction(
        torch.randn(images, queries, 5, generator=draw),
        torch.randn(images, queries, 24, 24, generator=draw),
    )


@given(SEEDS)
def test_pairwise_losses_are_the_losses_of_each_pair(seed: int) -> None:
    """An entry of the matrix is what the loss says of that mask and that target."""
    draw = generator(seed)
    masks = 3 * torch.randn(2, 4, 30, generator=draw)
    targets = (torch.rand(2, 3, 30, generator=draw) < 0.4).float()
    for pairwise, loss in (
        (maskformer.pairwise_focal, maskformer.focal_loss),
        (maskformer.pairwise_dice, maskformer.dice_loss),
    ):
        table = pairwise(masks, targets)
        for image in range(2):
            for i in range(4):
                expected = loss(masks[image, i].expand(3, -1), targets[image])
                torch.testing.assert_close(table[image, i], expected, rtol=1e-4, atol=1e-6)


def test_focal_loss_without_focus_is_cross_entropy() -> None:
    """With gamma = 0 and alpha = 1/2 it is half of PyTorch's binary cross entropy."""
    masks = torch.linspace(-4, 4, 20)[None]
    targets = (torch.arange(20)[None] % 3 == 0).float()
    expected = F.binary_cross_entropy_with_logits(masks, targets) / 2
    torch.testing.assert_close(
        maskformer.focal_loss(masks, targets, alpha=0.5, gamma=0)[0], expected
    )


def test_focal_loss_by_hand() -> None:
    """p = 1/2 on a pixel of the mask costs ln(2)/4 of the weight 1/4; p = 3/4 off it is dearer."""
    masks = torch.tensor([[0.0, float(np.log(3))]])
    targets = torch.tensor([[1.0, 0.0]])
    expected = (0.25 * 0.5**2 * np.log(2) + 0.75 * 0.75**2 * np.log(4)) / 2
    assert float(maskformer.focal_loss(masks, targets)) == pytest.approx(expected, rel=1e-6)


def test_dice_loss_by_hand() -> None:
    """Masks of 3 and 2 pixels that share 1: 1 - (2 + 1) / (5 + 1); a perfect mask costs nothing."""
    masks = torch.tensor([[90.0, 90, 90, -90, -90]])
    assert float(maskformer.dice_loss(masks, torch.tensor([[1.0, 0, 0, 1, 0]]))) == pytest.approx(
        0.5
    )
    assert float(maskformer.dice_loss(masks, torch.tensor([[1.0, 1, 1, 0, 0]]))) == pytest.approx(0)


def test_classification_loss_by_hand() -> None:
    """Two queries, one with a segment: the other learns "no object", at a tenth of the weight."""
    logits = torch.tensor([[[2.0, 0.0, 1.0], [0.5, 0.0, 0.0]]])
    pair = maskformer.Matching(*(torch.tensor([i]) for i in (0, 1, 0)))
    log_p = logits.log_softmax(-1)
    expected = -(log_p[0, 1, 1] + 0.1 * log_p[0, 0, 2]) / 1.1
    found = maskformer.classification_loss(logits, torch.tensor([[1]]), pair)
    torch.testing.assert_close(found, expected)


def test_a_perfect_prediction_costs_almost_nothing() -> None:
    """And the matching finds it, in whatever order the queries hold the segments."""
    drawn = scenes.make_scenes(2, seed=5)
    order = torch.randperm(12, generator=generator(0))
    masks, classes = torch.full((2, 12, 48, 48), -40.0), torch.full((2, 12), 4)
    masks[:, order[:7]] = 80 * drawn.masks - 40
    classes[:, order[:7]] = torch.where(drawn.classes < 0, 4, drawn.classes)
    perfect = maskformer.Prediction(40.0 * F.one_hot(classes, 5), masks)
    assert float(maskformer.mask_classification_loss([perfect], drawn)) < 1e-3
    assert float(maskformer.mask_classification_loss([random_prediction(2, 0)], drawn)) > 1


# --- inference --------------------------------------------------------------------------------


def logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


def prediction_of(pairs: list[tuple[list[float], list[float]]]) -> Any:
    """One image of one row of pixels: each pair's class probabilities and mask probabilities."""
    return maskformer.Prediction(
        torch.tensor([[np.log(p).tolist() for p, _ in pairs]]),
        torch.tensor([[[[logit(m) for m in mask]] for _, mask in pairs]]),
    )


def test_inferences_by_hand() -> None:
    """Three pairs that are unsure of their mask together outvote one that is sure of its own.

    On the first pixel the products are 0.8 * 0.9 of class 0 and thrice 0.6 * 0.5 of class 1.
    """
    unsure = ([0.1, 0.6, 0.3], [0.5, 0.1])
    pairs = prediction_of([([0.8, 0.1, 0.1], [0.9, 0.1]), unsure, unsure, unsure])
    assert 3 * 0.6 * 0.5 + 0.1 * 0.9 > 0.8 * 0.9 + 3 * 0.1 * 0.5
    assert maskformer.semantic_inference(pairs, (1, 2))[0, 0, 0] == 1
    general = maskformer.general_inference(pairs, (1, 2))[0]
    assert general.semantic.tolist() == [[0, VOID]]


def test_no_object_and_doubt_take_no_part() -> None:
    """A pair whose best class is none, or not probable enough, gets no pixel."""
    pairs = prediction_of(
        [([0.2, 0.1, 0.7], [0.99]), ([0.45, 0.35, 0.2], [0.99]), ([0.1, 0.7, 0.2], [0.6])]
    )
    assert maskformer.general_inference(pairs, (1, 1))[0].classes == (1,)
    assert maskformer.general_inference(pairs, (1, 1), confidence=0.4)[0].classes == (0,)
    assert maskformer.general_inference(pairs, (1, 1), confidence=0.9)[0].classes == ()


def test_hidden_segments_are_dropped() -> None:
    """Of the second pair's five pixels the first, which is surer, leaves two: less than 60 %."""
    pairs = prediction_of(
        [
            ([0.9, 0.05, 0.05], [0.9, 0.9, 0.9, 0.1, 0.1]),
            ([0.05, 0.8, 0.15], [0.8, 0.8, 0.8, 0.8, 0.8]),
        ]
    )
    found = maskformer.general_inference(pairs, (1, 5))[0]
    assert found.segments.tolist() == [[0, 0, 0, VOID, VOID]]
    found = maskformer.general_inference(pairs, (1, 5), visible=0.4)[0]
    assert found.semantic.tolist() == [[0, 0, 0, 1, 1]]


def test_stuff_is_one_segment() -> None:
    """Two pairs of one class are two things, or one piece of stuff."""
    sure = [0.9, 0.05, 0.05]
    pairs = prediction_of([(sure, [0.9, 0.1]), (sure, [0.1, 0.9])])
    assert maskformer.general_inference(pairs, (1, 2))[0].segments.tolist() == [[0, 1]]
    stuff = maskformer.general_inference(pairs, (1, 2), stuff=[0])[0]
    assert stuff.segments.tolist() == [[0, 0]]
    assert stuff.classes == (0,)


def test_networks_fit_the_scenes() -> None:
    """Both take a batch to a loss that every parameter has a share in."""
    drawn = scenes.make_scenes(2, seed=0)
    for network, loss in (
        (maskformer.MaskFormer(4), maskformer.mask_classification_loss),
        (maskformer.PerPixel(4), maskformer.per_pixel_loss),
    ):
        loss(network(drawn.images), drawn).backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_training_lowers_the_loss_and_repeats() -> None:
    """The same seed trains the same network."""
    drawn = scenes.make_scenes(8, seed=0)

    def trained() -> Any:
        torch.manual_seed(0)
        network = maskformer.PerPixel(4)
        before = float(maskformer.per_pixel_loss(network(drawn.images), drawn).detach())
        seen: list[int] = []
        maskformer.train(
            network, maskformer.per_pixel_loss, drawn, steps=8, seed=0, batch=8, watch=seen.append
        )
        assert seen == list(range(1, 9))
        return before, float(maskformer.per_pixel_loss(network(drawn.images), drawn).detach())

    before, after = trained()
    assert after < before
    assert trained() == (before, after)


# --- measures ---------------------------------------------------------------------------------


def segmentation(rows: list[list[int]], *classes: int) -> Any:
    return panoptic.Segmentation(np.array(rows), classes)


def test_panoptic_quality_by_hand() -> None:
    """Class 0: a hit of IoU 3/4 and a miss; class 1: one found where none is."""
    truth = segmentation([[0, 0, 0, 1], [2, 2, 2, 1]], 0, 0, 2)
    found = segmentation([[0, 0, 0, 0], [1, 1, 2, VOID]], 0, 2, 1)
    quality = panoptic.panoptic_quality([found], [truth], classes=4)
    np.testing.assert_allclose(quality.recognition, [1 / 1.5, 0, 1, 0])
    np.testing.assert_allclose(quality.segmentation, [3 / 4, 0, 2 / 3, 0])
    np.testing.assert_allclose(quality.panoptic, [1 / 2, 0, 2 / 3, 0])


def test_half_an_overlap_is_no_match() -> None:
    """An IoU of exactly 1/2 does not count; nor does the right place with the wrong class."""
    truth = segmentation([[0, 0, 0, 0, 1, 1]], 0, 1)
    found = segmentation([[0, 0, 1, 1, 2, 2]], 0, 0, 0)
    quality = panoptic.panoptic_quality([found], [truth], classes=2)
    assert quality.recognition.tolist() == [0, 0]


@given(SEEDS)
def test_the_truth_has_quality_one(seed: int) -> None:
    """And under any other names of its segments, too."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 4, (6, 6))
    rows[0, :4] = range(4)
    order = rng.permutation(4)
    truth = segmentation(rows.tolist(), 0, 1, 0, 1)
    renamed = panoptic.Segmentation(order[rows], tuple(np.array([0, 1, 0, 1])[np.argsort(order)]))
    quality = panoptic.panoptic_quality([renamed], [truth], classes=2)
    assert quality.panoptic.tolist() == [1, 1]


@given(SEEDS)
def test_no_segment_matches_twice(seed: int) -> None:
    """At most one overlap of a segment exceeds 1/2, whatever the two segmentations."""
    rng = np.random.default_rng(seed)
    one, other = (
        panoptic.Segmentation(rng.integers(-1, 3, (5, 5)) // rng.integers(1, 3), (0, 0, 0))
        for _ in range(2)
    )
    large = panoptic.intersection_over_union(one, other) > 0.5
    assert large.sum(axis=0).max() <= 1
    assert large.sum(axis=1).max() <= 1


def test_different_shapes_are_an_error() -> None:
    """They are not of one image."""
    with pytest.raises(ValueError, match=r"shape \(1, 2\), the truth \(1, 1\)"):
        panoptic.panoptic_quality([segmentation([[0, 0]], 0)], [segmentation([[0]], 0)], 1)


def test_mean_iou_by_hand() -> None:
    """Pixels are counted over all images; VOID is a miss; a class that is nowhere is left out."""
    true = [np.array([[0, 0, 1, 1]]), np.array([[0, 1]])]
    found = [np.array([[0, 1, 1, VOID]]), np.array([[0, 1]])]
    assert panoptic.mean_iou(found, true, classes=3) == pytest.approx((2 / 3 + 2 / 4) / 2)


def test_components_join_what_touches() -> None:
    """Two squares of one class side by side become one segment; stuff is one wherever it lies."""
    semantic = np.array([[0, 0, 2, 0], [0, 0, 2, 1], [2, 2, 2, 1]])
    found = panoptic.connected_components(semantic, things=(0, 1), smallest=2)
    assert found.classes == (0, 1, 2)
    assert found.segments.tolist() == [[0, 0, 2, VOID], [0, 0, 2, 1], [2, 2, 2, 1]]
