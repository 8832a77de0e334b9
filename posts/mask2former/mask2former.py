"""What Mask2Former changes in MaskFormer: masked attention, scales in turn, a loss on points.

The flow, in the order of the functions below:

1. `Mask2Former` predicts from its learned queries, and again after each layer; each layer looks
   at another scale of the features, and only where the last predicted masks allow
   (`attention_mask`).
2. `point_loss` matches and compares masks at sampled points: `sample` reads maps between pixels,
   `uncertain_points` says where.
3. `saved_bytes` measures what a computation keeps for its gradient.

Networks' parts, matching and classification are those of MaskFormer.

Source: B. Cheng, I. Misra, A. Schwing, A. Kirillov and R. Girdhar, Masked-attention Mask
Transformer for Universal Image Segmentation, CVPR 2022, arXiv:2112.01527. The points are those of
A. Kirillov, Y. Wu, K. He and R. Girshick, PointRend: Image Segmentation as Rendering, CVPR 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from maskformer import (
    DecoderLayer,
    Heads,
    PixelModule,
    Prediction,
    class_costs,
    classification_loss,
    dice_loss,
    match,
    pairwise_dice,
    sine_positions,
)
from scenes import Scenes
from torch import Tensor, nn

CLASS_WEIGHT, ENTROPY_WEIGHT, DICE_WEIGHT = 2.0, 5.0, 5.0
"""How the parts of the loss are weighed, as in the paper; "no object" as in MaskFormer."""

OVERSAMPLING, IMPORTANT = 3, 0.75
"""Of three times as many random points, the most uncertain make up this share of the sample."""


# --- 1. the network ---------------------------------------------------------------------------


class Mask2Former(nn.Module):
    """Mask classification whose queries look at three scales in turn.

    `masked`: each query looks only where its last mask is.
    """

    def __init__(
        self,
        classes: int,
        queries: int = 12,
        layers: int = 3,
        width: int = 48,
        masked: bool = True,
    ) -> None:
        super().__init__()
        self.pixels = PixelModule(width)
        self.queries = nn.Embedding(queries, width)
        self.places = nn.Embedding(queries, width)
        self.levels = nn.Embedding(3, width)
        self.layers = nn.ModuleList(DecoderLayer(width) for _ in range(layers))
        self.heads = Heads(classes, width)
        self.masked = masked

    def forward(self, images: Tensor) -> list[Prediction]:
        """A prediction from the learned queries, then one after each layer."""
        embeddings, scales = self.pixels(images)
        places = self.places.weight.expand(len(images), -1, -1)
        queries = self.queries.weight.expand(len(images), -1, -1)
        predictions = [self.heads(queries, embeddings)]
        for i, layer in enumerate(self.layers):
            level = i % len(scales)
            scale = scales[level]
            forbidden = None
            if self.masked:
                allowed = attention_mask(predictions[-1].masks, scale.shape[-2:])
                forbidden = ~allowed.repeat_interleave(layer.image.num_heads, dim=0)
            features = scale.flatten(2).transpose(1, 2) + self.levels.weight[level]
            queries = layer.attend_image(
                queries, places, features, sine_positions(scale), attn_mask=forbidden
            )
            queries = layer.attend_queries(queries, places)
            queries = layer.transform(queries)
            predictions.append(self.heads(queries, embeddings))
        return predictions


@torch.no_grad()
def attention_mask(masks: Tensor, size: tuple[int, int]) -> Tensor:
    """Where queries may look: logits (B, N, h, w) -> booleans (B, N, places).

    A query may look where its mask, resized, is at least 1/2. One whose mask
    is nowhere may look everywhere: a softmax over nothing is not a number.
    """
    resized = F.interpolate(masks, size, mode="bilinear", align_corners=False)
    allowed = (resized.sigmoid() >= 0.5).flatten(2)
    return allowed | ~allowed.any(-1, keepdim=True)


# --- 2. the loss ------------------------------------------------------------------------------


def sample(maps: Tensor, points: Tensor) -> Tensor:
    """Read maps (P, h, w) at points (P, n, 2), bilinearly: (P, n).

    A point is (x, y), from 0 to 1 over the whole map; half a pixel from its edge and nearer, the
    outermost pixel counts, so that every pixel has the same share of the area.
    """
    grid = 2 * points[:, :, None] - 1
    read = F.grid_sample(maps[:, None], grid, padding_mode="border", align_corners=False)
    return read[:, 0, :, 0]


@torch.no_grad()
def uncertain_points(
    masks: Tensor,
    count: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Points at which to compare masks (P, h, w): (P, count, 2).

    Three quarters are, of three times `count` random points, those where the
    mask is nearest to 1/2; the rest are random.
    """
    kept = int(IMPORTANT * count)
    tried = _random_points(len(masks), OVERSAMPLING * count, masks, generator)
    nearest = sample(masks, tried).abs().topk(kept, largest=False).indices
    important = tried.gather(1, nearest[..., None].expand(-1, -1, 2))
    others = _random_points(len(masks), count - kept, masks, generator)
    return torch.cat([important, others], dim=1)


def pairwise_entropy(masks: Tensor, targets: Tensor) -> Tensor:
    """Binary cross entropy of each mask with each target: (B, N, P), (B, M, P) -> (B, N, M)."""
    both = F.softplus(-masks) @ targets.mT + F.softplus(masks) @ (1 - targets).mT
    return both / masks.shape[-1]


def compare(masks: Tensor, targets: Tensor) -> Tensor:
    """The mask loss of matched pairs, over pixels or over points: (P, n) -> a scalar."""
    entropy = F.binary_cross_entropy_with_logits(masks, targets)
    return ENTROPY_WEIGHT * entropy + DICE_WEIGHT * dice_loss(masks, targets).mean()


def point_loss(
    predictions: Sequence[Prediction],
    truth: Scenes,
    points: int = 144,
    generator: torch.Generator | None = None,
) -> Tensor:
    """The mean, over all predictions, of classification and mask loss; masks at points only.

    All masks of an image are matched at the same random points; a matched pair is compared at
    points of its own, most of them where the prediction is uncertain.
    """
    targets = truth.masks
    total = targets.new_zeros(())
    for prediction in predictions:
        with torch.no_grad():
            somewhere = _random_points(len(targets), points, targets, generator)
            masks, wanted = (
                sample(
                    maps.flatten(0, 1), somewhere.repeat_interleave(maps.shape[1], dim=0)
                ).unflatten(0, maps.shape[:2])
                for maps in (prediction.masks, targets)
            )
            costs = (
                CLASS_WEIGHT * class_costs(prediction.classes, truth.classes)
                + ENTROPY_WEIGHT * pairwise_entropy(masks, wanted)
                + DICE_WEIGHT * pairwise_dice(masks, wanted)
            )
        matching = match(costs, truth.classes)
        chosen = prediction.masks[matching.image, matching.query]
        where = uncertain_points(chosen, points, generator)
        total = (
            total
            + CLASS_WEIGHT * classification_loss(prediction.classes, truth.classes, matching)
            + compare(
                sample(chosen, where), sample(targets[matching.image, matching.segment], where)
            )
        )
    return total / len(predictions)


def _random_points(
    maps: int, count: int, like: Tensor, generator: torch.Generator | None
) -> Tensor:
    return torch.rand(maps, count, 2, device=like.device, generator=generator)


# --- 3. memory --------------------------------------------------------------------------------


def saved_bytes(compute: Callable[[], Tensor]) -> int:
    """Bytes of the tensors that autograd keeps for the gradient of what is computed.

    A storage that is kept several times counts once.
    """
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage  # held, so that its address is not given away
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        result = compute()
    assert result.requires_grad
    return sum(storage.nbytes() for storage in kept.values())
