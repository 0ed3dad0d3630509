"""The fit against Newton's method on dense columns, which shares no code with it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.metrics import logistic
from plaudit.text.hashed import Sparse
from plaudit.train.fit import Differences, bradley_terry, minimise


def columns(seed, num=200, width=4):
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(num, width))
    wins = draw.random(num) < 1 / (1 + np.exp(-rows @ np.arange(1.0, width + 1) / 2))
    return np.where(wins[:, None], rows, -rows)


def sparse(rows):
    return [Sparse(np.flatnonzero(row), row[row != 0]) for row in rows]


@pytest.mark.parametrize("seed", range(3))
def test_sparse_dense_and_newton_agree(seed):
    rows = columns(seed)
    expected = logistic(np.ones(len(rows)).tolist(), *rows.T.tolist(), intercept=False).slopes
    dense = bradley_terry(Differences([], 0, rows), 1e-12)
    mixed = Differences(sparse(rows[:, :2]), 2, rows[:, 2:])
    grams, rest = mixed.split(bradley_terry(mixed, 1e-12).weights_C)
    assert dense.is_converged
    assert dense.weights_C == pytest.approx(expected, abs=0.02)
    assert np.concatenate([grams, rest]) == pytest.approx(expected, abs=0.02)


@given(st.integers(0, 50), st.floats(1e-6, 1.0))
def test_opposite_differences_give_opposite_weights_bit_for_bit(seed, penalty):
    rows = columns(seed, 30)
    fits = [
        bradley_terry(Differences(sparse(r[:, :2]), 2, r[:, 2:]), penalty) for r in (rows, -rows)
    ]
    assert (fits[0].weights_C == -fits[1].weights_C).all()
    assert fits[0].loss == fits[1].loss


def test_the_gradient_is_that_of_the_loss():
    rows = columns(0, 20)
    pairs = Differences(sparse(rows[:, :2]), 2, rows[:, 2:])
    weights = np.array([0.3, -0.2, 0.1, 0.5])
    slopes = np.random.default_rng(0).normal(size=20)
    assert slopes @ pairs.times(weights) == pytest.approx(pairs.transposed_times(slopes) @ weights)
    assert pairs.times(weights) == pytest.approx(rows @ weights)


def test_columns_that_no_pair_has_get_no_weight():
    pairs = Differences([Sparse(np.array([7]), np.array([1.0]))], 10, np.zeros((1, 0)))
    grams, dense = pairs.split(bradley_terry(pairs, 0.1).weights_C)
    assert np.flatnonzero(grams).tolist() == [7]
    assert len(dense) == 0


def test_minimise_finds_the_valley_of_rosenbrock():
    def loss_of(x):
        a, b = float(x[0]), float(x[1])
        gradient = [-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)]
        return (1 - a) ** 2 + 100 * (b - a * a) ** 2, np.array(gradient)

    fit = minimise(loss_of, np.array([-1.2, 1.0]), most_steps=200, tolerance=0.0)
    assert fit.weights_C == pytest.approx([1.0, 1.0], abs=1e-4)
