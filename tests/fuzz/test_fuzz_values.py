"""The codec of values, on values and on data that nobody thought of."""

import contextlib
import copy
import math
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.sandbox.inside import values

TEXT = st.text(st.characters(), max_size=5) | st.sampled_from(["\ud800", "\x00", "1"])
KEYS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers()
    | st.floats(allow_nan=False)
    | TEXT
    | st.binary(max_size=3)
    | st.fractions()
    | st.decimals(allow_nan=False)
)
FROZEN = st.recursive(
    KEYS,
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)
VALUES = st.recursive(
    FROZEN | st.floats() | st.complex_numbers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(FROZEN, inner, max_size=3)
        | st.sets(FROZEN, max_size=3)
    ),
    max_leaves=8,
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
HEX = st.sampled_from(["0x1", "-0x2", "0x", "nan", "inf", "1E+9", "2020-01-01", "int", "eval"])
TAGS = st.sampled_from([*"tSFdDCqcRgnaifNbBTko", "r", "x", "h", ""])
HOSTILE = st.recursive(
    LEAVES | HEX,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TAGS, inner, max_size=2)
        | st.dictionaries(TAGS, st.lists(st.lists(inner, min_size=2, max_size=2)), max_size=1)
    ),
    max_leaves=12,
)


def crossed(value):
    return values.loads(values.dumps(values.encode(value)))


@given(VALUES, VALUES)
@settings(max_examples=300, deadline=None)
def test_matches_is_equality(first, second):
    for other in (copy.deepcopy(first), second):
        if not holds_nan(other):
            assert values.matches(crossed(first), other) == (first == other)


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_round_trip(value):
    found = values.decode(crossed(value))
    assert type(found) is type(value)
    if not holds_nan(value):
        assert found == value
        assert values.is_true(crossed(value)) == bool(value)
    assert values.matches(crossed(value), value, tolerance=1e-9) or holds_decimal_nan(value)


@given(HOSTILE, VALUES)
@settings(max_examples=300, deadline=None)
def test_hostile_data_raises_nothing_else(data, expected):
    for tolerance in (0.0, 1e-6):
        for lenient in (False, True):
            values.matches(data, expected, tolerance=tolerance, lenient=lenient)
    values.is_true(data)
    with contextlib.suppress(values.Malformed):
        values.encode(values.decode(data))


@given(st.binary(max_size=60))
def test_hostile_text_raises_nothing_else(line):
    with contextlib.suppress(values.Malformed):
        values.loads(line)


def holds_nan(value):
    if isinstance(value, dict):
        return any(map(holds_nan, [*value, *value.values()]))
    if isinstance(value, list | tuple | set | frozenset):
        return any(map(holds_nan, value))
    return isinstance(value, float | complex) and value != value


def holds_decimal_nan(value):
    return isinstance(value, Decimal) and math.isnan(value) and not isinstance(value, Fraction)
