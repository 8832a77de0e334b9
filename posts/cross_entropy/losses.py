"""Cross entropy written out: the formulas that the post derives, to be held against PyTorch's.

Distributions are last axes of tensors; logits z stand for the distribution softmax(z), a single
logit for the probability sigmoid(z). All logarithms are natural. N rows, K classes.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import torch

Tensor: TypeAlias = Any


def entropy(p: Tensor) -> Tensor:
    """H(p) = -sum p log p, where 0 log 0 = 0."""
    return cross_entropy_between(p, p)


def cross_entropy_between(p: Tensor, q: Tensor) -> Tensor:
    """H(p, q) = -sum p log q; infinite where q is 0 and p is not."""
    return -torch.where(p > 0, p * torch.log(q), 0.0).sum(-1)


def divergence(p: Tensor, q: Tensor) -> Tensor:
    """D(p || q) = sum p log(p / q), after Kullback and Leibler (1951)."""
    return torch.where(p > 0, p * (torch.log(p) - torch.log(q)), 0.0).sum(-1)


def log_sum_exp(z: Tensor) -> Tensor:
    """log(sum exp z) with the largest logit taken out, so that no exponential exceeds 1."""
    largest = z.max(-1, keepdim=True).values
    return largest.squeeze(-1) + torch.log(torch.exp(z - largest).sum(-1))


def log_probabilities(z: Tensor) -> Tensor:
    """The logarithm of softmax(z), without forming the softmax."""
    return z - log_sum_exp(z).unsqueeze(-1)


def binary_cross_entropy(z: Tensor, t: Tensor, pos_weight: float = 1.0) -> Tensor:
    """Mean of -w t log s(z) - (1 - t) log(1 - s(z)), where s is the sigmoid.

    Args:
        z: logits.
        t: targets between 0 and 1, of the same shape.
        pos_weight: w, the weight of the positive class.
    """
    return (pos_weight * t * softplus(-z) + (1 - t) * softplus(z)).mean()


def softplus(z: Tensor) -> Tensor:
    """log(1 + exp z) = -log(1 - sigmoid z), exact to rounding in both tails."""
    return torch.clamp(z, min=0) + torch.log1p(torch.exp(-torch.abs(z)))


def cross_entropy(
    z: Tensor, target: Tensor, weight: Tensor = None, label_smoothing: float = 0.0
) -> Tensor:
    """The mean cross entropy of logits, reduced as `torch.nn.functional.cross_entropy` does.

    Args:
        z: logits, N x K.
        target: N class indices, or N x K probabilities.
        weight: K class weights; all 1 if not given.
        label_smoothing: the share of every target that is spread evenly over the classes.
    """
    count, classes = z.shape
    weight = torch.ones(classes, dtype=z.dtype) if weight is None else weight
    by_index = target.dim() == 1
    p = one_hot(target, classes).to(z.dtype) if by_index else target
    p = (1 - label_smoothing) * p + label_smoothing / classes
    total = -(p * weight * log_probabilities(z)).sum()
    # With indices PyTorch divides by the weights of the true classes, otherwise by N.
    return total / (weight[target].sum() if by_index else count)


def one_hot(index: Tensor, classes: int) -> Tensor:
    """Rows with a 1 at the index."""
    return (index.unsqueeze(-1) == torch.arange(classes)).long()


def floor_of_double_softmax(classes: int) -> float:
    """What cross_entropy(softmax(z), y) cannot fall below: log(1 + (K - 1) / e)."""
    return float(torch.log1p((classes - 1) * torch.exp(torch.tensor(-1.0, dtype=torch.float64))))


def smoothed_gap(classes: int, label_smoothing: float) -> float:
    """By how much the best logit of the true class exceeds the others: log(1 + K(1-e)/e)."""
    odds = classes * (1 - label_smoothing) / label_smoothing
    return float(torch.log1p(torch.tensor(odds, dtype=torch.float64)))
