"""Bradley-Terry on differences of features: sparse and dense columns, L-BFGS, the same bits always.

Every sum is over pairs in a fixed order and every step is odd in the sign of the differences, so
that exchanging chosen and rejected in all pairs gives the negated weights, bit for bit.

Shapes: N pairs, D dense columns, C columns in all (sparse ones first).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plaudit.text.hashed import Sparse

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Differences", "Fit", "bradley_terry", "minimise"]

_MEMORY = 10
_ARMIJO = 1e-4
_LEAST_STEP = 1e-10


class Differences:
    """Chosen minus rejected, a row a pair: those of `width` sparse columns that occur, then dense.

    >>> import numpy as np
    >>> sparse = [Sparse(np.array([0, 2]), np.array([1.0, -1.0]))]
    >>> rows = Differences(sparse, 3, np.array([[0.5]]))
    >>> rows.times(np.array([1.0, 2.0, 4.0])).tolist(), rows.num_columns
    ([1.0], 3)
    """

    def __init__(self, sparse: Sequence[Sparse], width: int, dense_ND: np.ndarray) -> None:
        import numpy as np

        sizes = np.array([len(row.buckets) for row in sparse], np.intp)
        buckets = np.concatenate([np.empty(0, np.int32), *(row.buckets for row in sparse)])
        self._used, columns = np.unique(buckets, return_inverse=True)
        self._columns = columns.reshape(-1)
        self._values = np.concatenate([np.empty(0), *(row.values for row in sparse)])
        self._rows = np.repeat(np.arange(len(sizes)), sizes)
        self._width = width
        self.dense_ND = dense_ND
        self.num_rows = len(dense_ND)
        self.num_columns = len(self._used) + dense_ND.shape[1]

    def times(self, weights_C: np.ndarray) -> np.ndarray:
        """The margin of each pair."""
        import numpy as np

        num = len(self._used)
        products = self._values * weights_C[:num][self._columns]
        sparse_N = np.bincount(self._rows, products, minlength=self.num_rows)
        return sparse_N + (self.dense_ND * weights_C[num:]).sum(1)

    def transposed_times(self, slopes_N: np.ndarray) -> np.ndarray:
        """The gradient of each column from the slope of each pair."""
        import numpy as np

        products = self._values * slopes_N[self._rows]
        sparse = np.bincount(self._columns, products, minlength=len(self._used))
        return np.concatenate([sparse, (self.dense_ND * slopes_N[:, None]).sum(0)])

    def split(self, weights_C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The weights of all sparse columns, 0 for those that no pair has, and of the dense."""
        import numpy as np

        num = len(self._used)
        sparse = np.zeros(self._width)
        sparse[self._used] = weights_C[:num]
        return sparse, weights_C[num:]


@dataclass(frozen=True)
class Fit:
    """The weights of least loss, that loss, and whether the steps ended by themselves."""

    weights_C: Any
    loss: float
    num_steps: int
    is_converged: bool


def bradley_terry(pairs: Differences, penalty: float, *, most_steps: int = 300) -> Fit:
    """The weights that minimise ``mean(ln(1 + exp(-margin))) + penalty / 2 |w|^2``.

    >>> import numpy as np
    >>> fit = bradley_terry(Differences([], 0, np.array([[1.0], [1.0], [-1.0]])), 1e-9)
    >>> round(float(fit.weights_C[0]), 3)  # the log-odds of 2 in 3
    0.693
    """
    import numpy as np

    def loss_of(weights_C: Any) -> tuple[float, Any]:
        margins_N = pairs.times(weights_C)
        loss = float(np.logaddexp(0, -margins_N).sum()) / pairs.num_rows
        slopes_N = -0.5 * (1 - np.tanh(margins_N / 2)) / pairs.num_rows
        gradient_C = pairs.transposed_times(slopes_N) + penalty * weights_C
        return loss + 0.5 * penalty * _dot(weights_C, weights_C), gradient_C

    return minimise(loss_of, np.zeros(pairs.num_columns), most_steps=most_steps)


def minimise(
    loss_of: Callable[[Any], tuple[float, Any]],
    start: Any,
    *,
    most_steps: int,
    tolerance: float = 1e-6,
) -> Fit:
    """L-BFGS with backtracking (Nocedal and Wright, Numerical Optimization, algorithm 7.4).

    `loss_of` gives a loss and its gradient. It ends where a step improves the loss by less than
    `tolerance` of it.
    """
    import numpy as np

    weights, (loss, gradient) = start, loss_of(start)
    moves: list[tuple[Any, Any]] = []
    for step in range(most_steps):
        direction = _direction(gradient, moves)
        slope = _dot(gradient, direction)
        size = 1.0 if moves else min(1.0, 1.0 / max(float(np.abs(gradient).sum()), 1e-300))
        while True:
            new_weights = weights + size * direction
            new_loss, new_gradient = loss_of(new_weights)
            if new_loss <= loss + _ARMIJO * size * slope or size < _LEAST_STEP:
                break
            size /= 2
        if new_loss >= loss:
            return Fit(weights, loss, step, True)
        move = (new_weights - weights, new_gradient - gradient)
        if _dot(*move) > 0:
            moves = [*moves, move][-_MEMORY:]
        is_done = loss - new_loss <= tolerance * loss
        weights, loss, gradient = new_weights, new_loss, new_gradient
        if is_done:
            return Fit(weights, loss, step + 1, True)
    return Fit(weights, loss, most_steps, False)


def _direction(gradient: Any, moves: Sequence[tuple[Any, Any]]) -> Any:
    """Downhill, by the curvature that the last moves showed."""
    direction, shares = -gradient, []
    for move, change in reversed(moves):
        share = _dot(move, direction) / _dot(move, change)
        direction = direction - share * change
        shares.append(share)
    if moves:
        move, change = moves[-1]
        direction = direction * (_dot(move, change) / _dot(change, change))
    for (move, change), share in zip(moves, reversed(shares), strict=True):
        direction = direction + (share - _dot(change, direction) / _dot(move, change)) * move
    return direction


def _dot(a: Any, b: Any) -> float:
    """A sum whose order no number of threads changes, unlike that of BLAS."""
    return float((a * b).sum())
