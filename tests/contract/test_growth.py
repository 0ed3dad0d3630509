"""The time of a rule grows with the length of a text as n log n at most, whatever the text is.

CPU seconds at five lengths, the least of several runs; the exponents themselves, with their bars,
are those of ``python -m benchmarks.growth``. Here the bar lies where a quadratic rule is caught and
a busy machine is not.
"""

import pytest

from benchmarks import growth
from plaudit import available

BAR = 1.5
QUICK = ("rules.format.think_answer",)


@pytest.mark.parametrize(
    "path",
    [p if p in QUICK else pytest.param(p, marks=pytest.mark.slow) for p in available("rules.")],
)
def test_time_grows_with_the_length(path, shared_data):
    kinds = growth.texts()
    for found in growth.measured(path, kinds):
        least = found if is_linear(found) else growth.again(found, kinds)
        assert is_linear(least), least


def is_linear(found):
    """Whether the exponent is within the bar and the longest text was reached."""
    return (found.exponent or 0) <= BAR and found.num_chars == growth.SIZES[-1]


def test_the_quick_ones_are_rules():
    assert set(QUICK) <= set(available("rules."))
