"""What the module of the post *Cross entropy* promises: PyTorch's own results."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from .loading import load_module

losses: Any = load_module("cross_entropy", "losses")

SEEDS = range(4)


def logits(seed: int, *shape: int, scale: float = 3.0) -> Any:
    """Random logits, the same for a seed."""
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)


def indices(seed: int, count: int, classes: int) -> Any:
    """Random classes."""
    return torch.randint(classes, (count,), generator=torch.Generator().manual_seed(seed))


class TestDistributions:
    def test_a_fair_coin_has_one_bit(self) -> None:
        """Entropies are in nats."""
        assert losses.entropy(torch.tensor([0.5, 0.5])).item() == pytest.approx(math.log(2))

    def test_certainty_has_no_entropy(self) -> None:
        """0 log 0 is 0, and no NaN comes of it."""
        assert losses.entropy(torch.tensor([1.0, 0.0])).item() == 0

    def test_divergence_by_hand(self) -> None:
        """D((1/2, 1/2) || (1/4, 3/4)) = 1/2 log 2 + 1/2 log 2/3."""
        found = losses.divergence(torch.tensor([0.5, 0.5]), torch.tensor([0.25, 0.75]))
        assert found.item() == pytest.approx(0.5 * math.log(4 / 3))

    def test_an_outcome_thought_impossible(self) -> None:
        """If it may happen, the divergence is infinite; if not, it costs nothing."""
        sure, even = torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5])
        assert losses.divergence(even, sure).item() == math.inf
        assert losses.divergence(sure, even).item() == pytest.approx(math.log(2))

    @pytest.mark.parametrize("seed", SEEDS)
    def test_divergence_is_pytorchs(self, seed: int) -> None:
        """`kl_div` takes log q first, and p."""
        p, q = logits(seed, 2, 6, 5).softmax(-1)
        theirs = F.kl_div(q.log(), p, reduction="none").sum(-1)
        torch.testing.assert_close(losses.divergence(p, q), theirs)


class TestLogSumExp:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_is_pytorchs(self, seed: int) -> None:
        """On ordinary logits."""
        z = logits(seed, 7, 5)
        torch.testing.assert_close(losses.log_sum_exp(z), z.logsumexp(-1))
        torch.testing.assert_close(losses.log_probabilities(z), z.log_softmax(-1))

    @pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
    def test_extreme_logits(self, kind: torch.dtype) -> None:
        """Neither overflow nor a logarithm of 0."""
        z = torch.tensor([[1000.0, 0.0], [-1000.0, -1000.0]], dtype=kind)
        found = losses.log_sum_exp(z).tolist()
        assert found == [1000, pytest.approx(-1000 + math.log(2), abs=4)]

    @pytest.mark.parametrize("z", [-30.0, -20.0, -1.0, 0.0, 1.0, 30.0])
    def test_softplus_is_exact_in_both_tails(self, z: float) -> None:
        """In float32, to a few units in the last place."""
        exact = math.log1p(math.exp(z))
        found = losses.softplus(torch.tensor(z)).item()
        assert found == pytest.approx(exact, rel=3e-7)


class TestCrossEntropy:
    @pytest.mark.parametrize("seed", SEEDS)
    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
    @pytest.mark.parametrize("target", ["indices", "probabilities"])
    def test_is_pytorchs(self, seed: int, weighted: bool, smoothing: float, target: str) -> None:
        """With every combination of target, weights and smoothing."""
        z = logits(seed, 9, 4)
        y = indices(seed, 9, 4) if target == "indices" else logits(seed + 9, 9, 4).softmax(1)
        weight = torch.tensor([1.0, 2.0, 0.5, 7.0], dtype=torch.float64) if weighted else None
        theirs = F.cross_entropy(z, y, weight=weight, label_smoothing=smoothing)
        torch.testing.assert_close(losses.cross_entropy(z, y, weight, smoothing), theirs)

    def test_by_hand(self) -> None:
        """Logits (log 1, log 3) are the probabilities 1/4 and 3/4."""
        z = torch.tensor([[0.0, math.log(3)]])
        assert losses.cross_entropy(z, torch.tensor([0])).item() == pytest.approx(math.log(4))
        assert losses.cross_entropy(z, torch.tensor([1])).item() == pytest.approx(math.log(4 / 3))

    @pytest.mark.parametrize("seed", SEEDS)
    @pytest.mark.parametrize("pos_weight", [1.0, 5.0])
    def test_binary_is_pytorchs(self, seed: int, pos_weight: float) -> None:
        """Also its gradient, and also with a weight."""
        z = logits(seed, 8).requires_grad_()
        t = logits(seed + 9, 8).sigmoid()
        ours = losses.binary_cross_entropy(z, t, pos_weight)
        theirs = F.binary_cross_entropy_with_logits(
            z, t, pos_weight=torch.tensor(pos_weight, dtype=torch.float64)
        )
        torch.testing.assert_close(ours, theirs)
        torch.testing.assert_close(torch.autograd.grad(ours, z), torch.autograd.grad(theirs, z))

    def test_one_hot(self) -> None:
        """A row for each index."""
        assert losses.one_hot(torch.tensor([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]


class TestLimits:
    @pytest.mark.parametrize("classes", [2, 3, 10, 100])
    def test_no_belief_is_below_the_floor(self, classes: int) -> None:
        """The corner attains it, random beliefs stay above."""
        floor = losses.floor_of_double_softmax(classes)
        first = torch.zeros(500, dtype=torch.long)
        corner = F.one_hot(first[:1], classes).double()
        assert F.cross_entropy(corner, first[:1]).item() == pytest.approx(floor)
        beliefs = logits(classes, 500, classes, scale=10.0).softmax(1)
        assert F.cross_entropy(beliefs, first, reduction="none").min().item() >= floor - 1e-12

    @pytest.mark.parametrize(("classes", "smoothing"), [(2, 0.5), (10, 0.1), (1000, 0.01)])
    def test_the_gap_of_smoothed_targets(self, classes: int, smoothing: float) -> None:
        """Logits with this gap have the smoothed target as their softmax."""
        z = torch.zeros(classes, dtype=torch.float64)
        z[0] = losses.smoothed_gap(classes, smoothing)
        q = z.softmax(0)
        assert q[0].item() == pytest.approx(1 - smoothing + smoothing / classes)
        assert q[1].item() == pytest.approx(smoothing / classes)
