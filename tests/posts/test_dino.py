"""The method of the post on DINO: each part against a case worked out another way."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from .loading import load_module

torch: Any = pytest.importorskip("torch")
dino: Any = load_module("dino", "dino")


def generator(seed: int = 0) -> Any:
    """PyTorch's own random numbers, from a seed."""
    return torch.Generator().manual_seed(seed)


# --- the images -------------------------------------------------------------------------------


def test_scenes_are_those_of_their_seed() -> None:
    """The same seed draws the same scenes, another seed others."""
    first, again, other = dino.scenes(6, 3), dino.scenes(6, 3), dino.scenes(6, 4)
    for name in ("images", "hues", "masks"):
        assert torch.equal(getattr(first, name), getattr(again, name))
        assert not torch.equal(getattr(first, name), getattr(other, name))


def test_scenes_have_a_shape_of_their_hue() -> None:
    """Images lie between 0 and 1; the pixels under the mask have, on the whole, the class's hue."""
    drawn = dino.scenes(60, 0)
    assert drawn.images.shape == (60, 3, 32, 32)
    assert drawn.images.dtype == torch.float32
    assert 0 <= float(drawn.images.min()) < float(drawn.images.max()) <= 1
    area = drawn.masks.float().mean((1, 2))
    assert 0.04 < float(area.min()) < float(area.max()) < 0.4
    for image, hue, mask in zip(drawn.images, drawn.hues, drawn.masks, strict=True):
        red, green, blue = image[:, mask].mean(1).tolist()
        angle = math.atan2(math.sqrt(3) * (green - blue), 2 * red - green - blue) / (2 * math.pi)
        away = (angle - int(hue) / dino.HUES + 0.5) % 1 - 0.5
        assert abs(away) < 0.75 / dino.HUES


def test_scenes_refuses_none() -> None:
    """A count below one is an error that names it."""
    with pytest.raises(ValueError, match="count is 0"):
        dino.scenes(0, 0)


@pytest.mark.parametrize(
    ("hue", "colour"),
    [
        (0, (1, 0, 0)),
        (1 / 6, (1, 1, 0)),
        (1 / 3, (0, 1, 0)),
        (2 / 3, (0, 0, 1)),
        (-1 / 6, (1, 0, 1)),
    ],
)
def test_rgb_of_pure_hues(hue: float, colour: tuple[float, ...]) -> None:
    """Hues go once around the circle, from red by green and blue; grey has no saturation."""
    one = np.array([1.0])
    np.testing.assert_allclose(dino._rgb(np.array([hue]), one, one)[0], colour, atol=1e-12)
    np.testing.assert_allclose(dino._rgb(np.array([hue]), 0 * one, 0.3 * one)[0], [0.3] * 3)


# --- the network and the views ----------------------------------------------------------------


@pytest.mark.parametrize(("size", "patches"), [(32, 16), (16, 4)])
def test_network_takes_both_sizes_of_crops(size: int, patches: int) -> None:
    """Logits are cosines, and each row of attention sums to 1, for global and for local crops."""
    torch.manual_seed(0)
    network = dino.Network(width=16, outputs=10)
    images = torch.randn(3, 3, size, size, generator=generator())
    logits = network(images).detach()
    assert logits.shape == (3, 10)
    assert float(logits.abs().max()) <= 1 + 1e-5
    features, attention = network.backbone(images)
    assert features.shape == (3, 16)
    assert attention.shape == (3, 4, patches + 1, patches + 1)
    assert torch.allclose(attention.sum(-1), torch.ones(3, 4, patches + 1), atol=1e-5)


def test_attention_is_pytorchs() -> None:
    """A block's attention, applied to its values, is what PyTorch's own attention computes."""
    torch.manual_seed(0)
    block = dino.Block(width=12, heads=3)
    tokens = torch.randn(2, 5, 12, generator=generator())
    query, key, value = (
        part.view(2, 5, 3, 4).transpose(1, 2)
        for part in block.qkv(block.norm_attention(tokens)).chunk(3, dim=-1)
    )
    expected = torch.nn.functional.scaled_dot_product_attention(query, key, value)
    result, attention = block(tokens)
    assert torch.allclose(attention @ value, expected, atol=1e-5)
    mixed = tokens + block.out(expected.transpose(1, 2).reshape(2, 5, 12))
    assert torch.allclose(result, mixed + block.mlp(block.norm_mlp(mixed)), atol=1e-5)


def test_crops_have_their_size_and_seed() -> None:
    """Views are of the size asked for, the same for the same seed, and differ from one another."""
    images = dino.scenes(4, 0).images
    whole = dino.crops(images, 32, (0.5, 1), generator())
    part = dino.crops(images, 16, (0.15, 0.5), generator())
    assert whole.shape == (4, 3, 32, 32)
    assert part.shape == (4, 3, 16, 16)
    assert torch.equal(whole, dino.crops(images, 32, (0.5, 1), generator()))
    assert not torch.allclose(whole, dino.crops(images, 32, (0.5, 1), generator(1)))


def test_crops_cover_the_share_asked_for() -> None:
    """On an image that rises from left to right, a view's range is its window's width."""
    ramp = torch.linspace(0, 1, 32).expand(400, 3, 32, 32)
    for low, high in ((0.15, 0.5), (0.5, 1.0)):
        view = dino.crops(ramp, 32, (low, high), generator())
        # A brightness factor of 0.6 to 1.4 and noise come in between: medians only.
        rise = (view[..., -4:].mean((1, 2, 3)) - view[..., :4].mean((1, 2, 3))).abs() * 0.25
        share = (rise * 32 / 28).median() ** 2
        assert low * 0.9 < float(share) < high


def test_crops_refuse_an_impossible_area() -> None:
    """A share above 1, or an empty range, is an error that names it."""
    images = torch.zeros(1, 3, 32, 32)
    for area in ((0.5, 1.2), (0.6, 0.5), (0.0, 0.5)):
        with pytest.raises(ValueError, match="area is"):
            dino.crops(images, 32, area, generator())


# --- the method -------------------------------------------------------------------------------


def test_loss_of_a_case_by_hand() -> None:
    """Two views for the teacher, three for the student, one image, two outputs."""
    teacher = torch.tensor([[[1.0, 0.0]], [[0.25, 0.75]]])
    # Logits of which softmax(z / 2) is (1/2, 1/2), (1/4, 3/4), (4/5, 1/5).
    student = 2 * torch.log(torch.tensor([[[1.0, 1.0]], [[1.0, 3.0]], [[4.0, 1.0]]]))
    cross = [
        -math.log(1 / 4),  # teacher's first view, student's second
        -math.log(4 / 5),  # first, third
        -math.log(1 / 2),  # second, first
        -(0.25 * math.log(4 / 5) + 0.75 * math.log(1 / 5)),  # second, third
    ]
    loss = dino.distillation_loss(teacher, student, 2.0)
    assert float(loss) == pytest.approx(sum(cross) / 4, abs=1e-6)


def test_loss_is_entropy_and_divergence() -> None:
    """H(P, Q) = h(P) + KL(P | Q), on random views."""
    teacher = torch.randn(2, 5, 7, generator=generator()).softmax(-1)
    student = torch.randn(2, 5, 7, generator=generator(1))
    log_q = (student / 0.3).log_softmax(-1).flip(0)
    divergence = (teacher * (teacher.log() - log_q)).sum(-1).mean()
    loss = dino.distillation_loss(teacher, student, 0.3)
    assert torch.allclose(loss, dino.entropy(teacher).mean() + divergence, atol=1e-5)


def test_loss_needs_two_views() -> None:
    """One view has no other to be compared with."""
    one = torch.full((1, 2, 3), 1 / 3)
    with pytest.raises(ValueError, match="leave no pair"):
        dino.distillation_loss(one, one, 0.1)


def test_centre_is_subtracted_and_follows_the_mean() -> None:
    """c' = m c + (1 - m) mean; logits equal to the centre become the uniform target."""
    logits = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 0.0]]])
    centre = dino.updated_centre(torch.tensor([1.0, -1.0]), logits, 0.9)
    assert torch.allclose(centre, torch.tensor([0.9 + 0.4, -0.9 + 0.3]))
    constant = torch.tensor([0.3, -0.2, 0.9])
    assert torch.allclose(dino.targets(constant, constant, 0.04), torch.full((3,), 1 / 3))
    assert float(dino.targets(constant, -constant, 0.04)[2]) > 0.999999
    assert torch.allclose(dino.targets(constant, 0 * constant, 0.5), (2 * constant).softmax(-1))


def test_momentum_goes_from_its_start_to_one() -> None:
    """Half a cosine: the start at step 0, the middle half way, 1 at the end, never falling."""
    values = [dino.momentum(step, 100, 0.99) for step in range(101)]
    assert values[0] == pytest.approx(0.99)
    assert values[50] == pytest.approx(0.995)
    assert values[100] == 1.0
    assert values == sorted(values)


def test_teacher_follows_its_student() -> None:
    """Each parameter moves a share of 1 - keep towards the student's, which stays."""
    torch.manual_seed(0)
    teacher, student = torch.nn.Linear(2, 3), torch.nn.Linear(2, 3)
    before, theirs = teacher.weight.detach().clone(), student.weight.detach().clone()
    dino.follow(teacher, student, 0.75)
    assert torch.allclose(teacher.weight, 0.75 * before + 0.25 * theirs)
    assert torch.equal(student.weight, theirs)


def test_entropy_of_the_ends() -> None:
    """0 for one certain output, ln K for the uniform one."""
    ends = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.25] * 4])
    assert dino.entropy(ends).tolist() == pytest.approx([0, math.log(4)])


def test_training_is_that_of_its_seed() -> None:
    """Runs side by side agree to the bit with one alone, keep snapshots, and move the teacher."""
    images = dino.scenes(12, 0).images
    recipe = dino.Recipe(steps=3, batch=4, look_every=2)
    sizes = {"width": 8, "heads": 2, "outputs": 6}
    first, again, other = dino.train(images, recipe, (0, 0, 1), **sizes)
    assert first.entropy == again.entropy != other.entropy
    assert sorted(first.snapshots) == [0, 2]
    assert len(first.divergence) == len(first.information) == 3
    start, now = first.snapshots[0].head.prototypes, first.teacher.head.prototypes
    assert not torch.equal(start, now)
    assert torch.equal(now, again.teacher.head.prototypes)
    assert not any(weight.requires_grad for weight in first.teacher.parameters())
    (alone,) = dino.train(images, recipe, [1], **sizes)
    assert alone.divergence == other.divergence
    assert torch.equal(alone.teacher.head.prototypes, other.teacher.head.prototypes)


# --- judging the result -----------------------------------------------------------------------


def test_knn_of_a_toy() -> None:
    """Near copies of labelled directions get their labels, whatever their lengths."""
    known = torch.tensor([[1.0, 0.0], [2.0, 0.1], [0.0, 1.0], [0.1, 3.0], [0.0, 2.0]])
    labels = torch.tensor([0, 0, 1, 1, 1])
    asked = torch.tensor([[9.0, 1.0], [1.0, 9.0], [5.0, 0.0], [0.0, 0.2]])
    assert dino.knn_accuracy(known, labels, asked, torch.tensor([0, 1, 0, 1]), k=2) == 1
    assert dino.knn_accuracy(known, labels, asked, torch.tensor([1, 1, 0, 0]), k=2) == 0.5


def test_knn_votes_are_weighted() -> None:
    """One very similar neighbour outvotes two that are at right angles."""
    known = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    labels, asked = torch.tensor([0, 1, 1]), torch.tensor([[1.0, 0.01, 0.01]])
    assert dino.knn_accuracy(known, labels, asked, torch.tensor([0]), k=3) == 1


def test_knn_needs_k_rows() -> None:
    """Fewer known rows than neighbours is an error that names both numbers."""
    few = torch.ones(3, 2)
    with pytest.raises(ValueError, match="k is 20, but only 3"):
        dino.knn_accuracy(few, torch.zeros(3, dtype=torch.int64), few, torch.zeros(3))


def test_cls_attention_is_a_distribution() -> None:
    """A map for each image and head, over the patches, which sums to 1."""
    torch.manual_seed(0)
    network = dino.Network(width=16, outputs=10)
    maps = dino.cls_attention(network, dino.scenes(3, 0).images)
    assert maps.shape == (3, 4, 4, 4)
    assert torch.allclose(maps.sum((-2, -1)), torch.ones(3, 4), atol=1e-5)


def test_coverage_by_brute_force() -> None:
    """Enrichment and Jaccard index, computed pixel by pixel and patch by patch in Python."""
    masks = dino.scenes(5, 1).masks
    maps = torch.rand(5, 2, 4, 4, generator=generator()).double() ** 3
    maps = maps / maps.sum((-2, -1), keepdim=True)
    enriched, overlap = torch.zeros(2), torch.zeros(2)
    for image in range(5):
        truth = {(y, x) for y in range(32) for x in range(32) if masks[image, y, x]}
        for head in range(2):
            on_shape = sum(float(maps[image, head, y // 8, x // 8]) / 64 for y, x in truth)
            enriched[head] += on_shape / (len(truth) / 1024) / 5
            values = {(y, x): float(maps[image, head, y, x]) for y in range(4) for x in range(4)}
            kept: set[tuple[int, int]] = set()
            while sum(values[patch] for patch in kept) < 0.6:
                kept.add(max(values.keys() - kept, key=lambda patch: values[patch]))
            found = {(y, x) for y in range(32) for x in range(32) if (y // 8, x // 8) in kept}
            overlap[head] += len(found & truth) / len(found | truth) / 5
    assert dino.enrichment(maps, masks).tolist() == pytest.approx(enriched.tolist(), abs=1e-5)
    found = dino.mass_mask(maps)
    assert dino.jaccard(found, masks).tolist() == pytest.approx(overlap.tolist(), abs=1e-5)


def test_coverage_of_the_ends() -> None:
    """Even attention has an enrichment of 1; all of it on the shape has the inverse area."""
    masks = torch.zeros(1, 32, 32, dtype=torch.bool)
    masks[:, 8:16, 8:16] = True
    even = torch.full((1, 1, 4, 4), 1 / 16)
    on_it = torch.zeros(1, 1, 4, 4)
    on_it[..., 1, 1] = 1
    assert float(dino.enrichment(even, masks)) == pytest.approx(1)
    assert float(dino.enrichment(on_it, masks)) == pytest.approx(16)
    assert float(dino.jaccard(dino.mass_mask(on_it), masks)) == 1
    assert float(dino.jaccard(dino.mass_mask(even), masks)) == pytest.approx(1 / 10)
