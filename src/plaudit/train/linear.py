"""`plaudit train linear`: the weights of a baseline from pairs.

Words and edges are fitted as they are, each style feature as a function that is linear between the
quartiles of its values. The scales say how much of a weight's penalty each kind bears; they and
the penalty were chosen by five-fold cross-validation over the prompts of length-balanced pairs.

Shapes: N pairs, F style features, K pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from plaudit.engines.linear import EDGE_BITS, WORD_BITS, Features, LinearModel, features_of
from plaudit.text.hashed import Sparse
from plaudit.text.style import words_of
from plaudit.train.fit import Differences, Fit, bradley_terry

if TYPE_CHECKING:
    import numpy as np

    from plaudit.train.pairs import TrainingPair

__all__ = ["PENALTY", "STYLE_PENALTY", "PairFeatures", "encode", "train"]

PENALTY = 1e-4
STYLE_PENALTY = 0.1  # of the style variant, whose columns are not scaled down
EDGE_SCALE, STYLE_SCALE = 0.5, 0.05
LEAST_PAIRS = 3  # in which an n-gram occurs
_NUM_PIECES = 4


class PairFeatures(NamedTuple):
    """The features of both sides of each pair."""

    chosen: list[Features]
    rejected: list[Features]


def encode(pairs: Sequence[TrainingPair], *, has_grams: bool = True) -> PairFeatures:
    """The features of all pairs; a prompt is read once for neighbours that share it."""
    chosen, rejected, prompt, words = [], [], None, words_of("")
    for pair in pairs:
        if pair.prompt != prompt:
            prompt, words = pair.prompt, words_of(pair.prompt)
        chosen.append(features_of(pair.chosen, words, has_grams=has_grams))
        rejected.append(features_of(pair.rejected, words, has_grams=has_grams))
    return PairFeatures(chosen, rejected)


def train(
    encoded: PairFeatures, *, penalty: float, has_grams: bool = True
) -> tuple[LinearModel, Fit]:
    """The model of least penalised Bradley-Terry loss on the pairs, its weights in float32."""
    import numpy as np

    knots_FK = _knots(encoded)
    chosen, rejected = (_pieces(side, knots_FK) for side in encoded)
    pieces_N = chosen - rejected
    root = np.sqrt((pieces_N * pieces_N).sum(0) / len(pieces_N))
    scale = np.where(root > 0, 1.0 / np.where(root > 0, root, 1.0), 0.0)
    scale = scale * (STYLE_SCALE if has_grams else 1.0)
    sparse = _sparse(encoded) if has_grams else []
    width = (1 << WORD_BITS) + (1 << EDGE_BITS) if has_grams else 0
    pairs = Differences(sparse, width, pieces_N * scale)
    fit = bradley_terry(pairs, penalty)
    grams, dense = pairs.split(fit.weights_C)
    slopes = dense * scale
    words = edges = None
    if has_grams:
        words = grams[: 1 << WORD_BITS].astype(np.float32)
        edges = (EDGE_SCALE * grams[1 << WORD_BITS :]).astype(np.float32)
    model = LinearModel(words, edges, knots_FK, slopes.reshape(len(knots_FK), -1))
    return _centred(model, encoded), fit


def _centred(model: LinearModel, encoded: PairFeatures) -> LinearModel:
    """The model with 0 as the mean score of the responses."""
    from dataclasses import replace

    sums = [
        sum(model.parts(chosen).values()) + sum(model.parts(rejected).values())
        for chosen, rejected in zip(*encoded, strict=True)
    ]
    return replace(model, centre=sum(sums) / (2 * len(sums)))


def _knots(encoded: PairFeatures) -> np.ndarray:
    """The least value, the quartiles and the greatest value of each style feature, (F, K + 1)."""
    import numpy as np

    style_F = np.stack([f.style for side in encoded for f in side])
    return np.quantile(style_F, np.linspace(0, 1, _NUM_PIECES + 1), axis=0, method="nearest").T


def _pieces(side: Sequence[Features], knots_FK: np.ndarray) -> np.ndarray:
    """How far each style value reaches into each piece, (N, F * K)."""
    import numpy as np

    style = np.stack([features.style for features in side])[:, :, None]
    return np.clip(style, knots_FK[:, :-1], knots_FK[:, 1:]).reshape(len(side), -1)


def _sparse(encoded: PairFeatures) -> list[Sparse]:
    """Words and edges of chosen minus rejected, without what occurs in hardly any pair."""
    import numpy as np

    rows = [_difference(c, r) for c, r in zip(*encoded, strict=True)]
    width = (1 << WORD_BITS) + (1 << EDGE_BITS)
    num_pairs = np.zeros(width, np.int64)
    for row in rows:
        num_pairs[row.buckets] += 1
    least = min(LEAST_PAIRS, max(1, len(rows) // 100))
    is_kept = num_pairs >= least
    masks = (is_kept[row.buckets] for row in rows)
    return [Sparse(r.buckets[k], r.values[k]) for r, k in zip(rows, masks, strict=True)]


def _difference(chosen: Features, rejected: Features) -> Sparse:
    import numpy as np

    sides: list[Any] = []
    for features, sign in ((chosen, 1.0), (rejected, -1.0)):
        assert features.words is not None
        assert features.edges is not None
        sides.append((features.words.buckets, sign * features.words.values))
        edges = features.edges.buckets + np.int32(1 << WORD_BITS)
        sides.append((edges, sign * EDGE_SCALE * features.edges.values))
    buckets, places = np.unique(np.concatenate([b for b, _ in sides]), return_inverse=True)
    values = np.bincount(places.reshape(-1), np.concatenate([v for _, v in sides]))
    is_left = values != 0
    return Sparse(buckets[is_left], values[is_left])
