"""The codec of values: nothing lost that == needs, nothing believed that hostile code wrote."""

import copy
import datetime
import enum
import json
import math
import random
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from decimal import Decimal
from fractions import Fraction

import pytest

from plaudit.sandbox.inside import values

Point = namedtuple("Point", "x y")


class Level(enum.IntEnum):
    LOW = 1


def crossed(value):
    return values.loads(values.dumps(values.encode(value)))


PLAIN = [
    None,
    True,
    0,
    -(2**53),
    2**53 + 1,
    -(2**70),
    10**5000,
    0.0,
    0.1,
    1e308,
    math.inf,
    -math.inf,
    1 + 2j,
    complex(math.inf, -1),
    "",
    "é\x00\ud800",
    b"\x00\xff",
    bytearray(b"a"),
    [],
    [1, [2.5, None]],
    (),
    (1, (2,)),
    set(),
    {1, "a", (2, 3)},
    frozenset({frozenset({1})}),
    {},
    {1: "a", "1": "b", (1, 2): [3], None: {}},
    Decimal("1.50"),
    Fraction(1, 3),
    range(1, 10, 2),
    deque([1, 2]),
    Counter("aab"),
    OrderedDict(a=1, b=2),
    datetime.date(2020, 2, 29),
    datetime.datetime(2020, 2, 29, 1, 2, 3),
    datetime.timedelta(1, 2, 3),
    int,
    ValueError,
]


@pytest.mark.parametrize("value", PLAIN, ids=lambda value: type(value).__name__)
def test_a_round_trip_gives_an_equal_value_of_the_same_type(value):
    found = values.decode(crossed(value))
    assert found == value
    assert type(found) is type(value)


def test_matches_says_what_equality_says():
    for first in PLAIN:
        for second in PLAIN:
            expected = copy.deepcopy(second)
            assert values.matches(crossed(first), expected) == (first == expected), (first, second)


def test_minus_zero_and_nan():
    assert math.copysign(1, values.decode(crossed(-0.0))) == -1
    assert math.isnan(values.decode(crossed(math.nan)))
    assert not values.matches(crossed(math.nan), math.nan)
    assert values.matches(crossed([math.nan]), [math.nan], tolerance=1e-6)
    assert not values.matches(crossed(math.nan), 1.0, tolerance=1e-6)


def test_subclasses_are_their_base():
    assert values.decode(crossed(defaultdict(list, a=[1]))) == {"a": [1]}
    assert values.decode(crossed(Level.LOW)) == 1
    point = values.decode(crossed(Point(1, 2)))
    assert point == (1, 2)
    assert (point.x, point.y) == (1, 2)
    with pytest.raises(AttributeError):
        point.z


class Forged(int):
    __class__ = float

    def __eq__(self, other):
        return True

    __hash__ = int.__hash__

    def __int__(self):
        return 42

    __index__ = __pos__ = __repr__ = __str__ = __int__


class ForgedList(list):
    def __iter__(self):
        return iter([42])

    __eq__ = lambda self, other: True
    __len__ = lambda self: 1


class ForgedText(str):
    __eq__ = lambda self, other: True
    __hash__ = str.__hash__
    __str__ = lambda self: "42"


class ForgedDict(dict):
    items = lambda self: [(1, 42)]
    keys = __iter__ = lambda self: iter([1])


class Anything:
    __eq__ = lambda self, other: True
    __class__ = int
    __hash__ = None
    __bool__ = lambda self: True
    __lt__ = __le__ = __gt__ = __ge__ = __eq__


@pytest.mark.parametrize(
    ("value", "held"),
    [
        (Forged(7), 7),
        (ForgedList([1, 2]), [1, 2]),
        (ForgedText("a"), "a"),
        (ForgedDict(a=1), {"a": 1}),
        ((Forged(1), [Forged(2)]), (1, [2])),
    ],
    ids=["int", "list", "str", "dict", "tuple"],
)
def test_a_forged_subclass_is_the_data_it_holds(value, held):
    found = values.decode(crossed(value))
    assert found == held
    assert type(found) is type(held)
    assert values.matches(crossed(value), held)
    assert not values.matches(crossed(value), 42)
    assert not values.matches(crossed(value), [42])


def test_what_has_no_plain_form_matches_nothing():
    for expected in (1, 1.0, "", None, [], {}, object(), Anything):
        assert not values.matches(crossed(Anything()), expected)
    assert values.is_true(crossed(Anything()))
    found = values.decode(crossed(lambda: 0))
    assert found == values.Opaque("builtins.function", True)


def test_truth():
    empty = (None, False, 0, 0.0, "", b"", [], (), set(), {}, range(0), Fraction(0), Decimal(0))
    assert not any(values.is_true(crossed(value)) for value in empty)
    full = (True, 1, -0.5, math.nan, "0", b"0", [0], (0,), {0}, {0: 0}, range(1), 1j)
    assert all(values.is_true(crossed(value)) for value in full)
    assert not values.is_true({"S": 3})


def test_tolerance_reaches_everywhere_but_keys():
    near = 1 + 1e-9
    assert values.matches(crossed([(near, {"a": near})]), [(1, {"a": 1})], tolerance=1e-6)
    assert values.matches(crossed({near, 5}), {1.0, 5}, tolerance=1e-6)
    assert not values.matches(crossed({near, 5}), {1.0, 6}, tolerance=1e-6)
    assert not values.matches(crossed([near]), [1], tolerance=1e-12)
    assert values.matches(crossed(1e6 + 0.5), 1e6, tolerance=1e-6)
    for relative in (None, 0.1):  # a share of the expected number, not of the one that came
        share = {"tolerance": 0.1} if relative is None else {"tolerance": 0.0, "relative": 0.1}
        assert not values.matches(crossed(11.05), 10.0, **share)
        assert values.matches(crossed(10.0), 11.05, **share)
    assert values.matches(crossed(Fraction(1, 3)), 0.3333333, tolerance=1e-6)
    assert not values.matches(crossed(10**400), 1.0, tolerance=1e-6)
    assert not values.matches(crossed(math.inf), 1e300, tolerance=1e-6)
    assert not values.matches(crossed("1"), 1, tolerance=1e-6)


@pytest.mark.parametrize(
    ("value", "expected", "is_same"),
    [
        ((1, 2), [1, 2], True),
        ([(1, 2)], [[1, 2]], True),
        ({1: 2}, {"1": 2}, True),
        ({None: 1, True: 2, 0.5: 3}, {"null": 1, "true": 2, "0.5": 3}, True),
        ({1: 2, "1": 3}, {"1": 2, "2": 3}, False),
        ([1, 2], {2, 1}, True),
        ([1, 1], {1, 2}, False),
        ({1, 2}, [1, 2], False),
        ([[1, 2]], {(1, 2)}, True),
        ("12", ["1", "2"], False),
        ((1,), "1", False),
    ],
)
def test_lenient(value, expected, is_same):
    assert values.matches(crossed(value), expected, lenient=True) == is_same
    assert not values.matches(crossed(value), expected)


def test_depth_and_cycles_are_errors():
    cycle = []
    cycle.append(cycle)
    with pytest.raises(ValueError, match="contains itself"):
        values.encode(cycle)
    deep = 0
    for _ in range(values.MAX_DEPTH):
        deep = (deep,)
    assert values.decode(crossed(deep)) == deep
    assert values.matches(crossed(deep), deep)


def test_numpy_is_its_plain_value():
    numpy = pytest.importorskip("numpy")
    assert values.matches(crossed(numpy.int64(3)), 3)
    assert values.matches(crossed(numpy.float64(0.5)), 0.5)
    assert values.matches(crossed(numpy.array([[1, 2]])), [[1, 2]])
    assert values.matches(crossed([1, 2]), numpy.array([1, 2]))
    assert values.decode(crossed(numpy.array([1, 2]))).tolist() == [1, 2]
    assert values.is_true(crossed(numpy.bool_(True)))


def test_a_handle_takes_what_is_not_plain():
    seen = []

    def handles(value, is_opaque):
        seen.append((type(value).__name__, is_opaque))
        return {"h": 1} if is_opaque else None

    assert values.encode([1, Point(1, 2), Anything()], handles)[2] == {"h": 1}
    assert seen == [("Point", False), ("Anything", True)]


BAD = [
    {},
    {"t": 1},
    {"t": 1, "S": []},
    {"?": 1},
    {"S": [[1]]},
    {"d": [1]},
    {"d": [[1]]},
    {"i": "12"},
    {"i": 12},
    {"f": "1_0"},
    {"b": "0"},
    {"R": [1, 0]},
    {"R": [1, {"i": "0x" + "f" * 30000}]},
    {"N": "x"},
    {"N": "9" * 30000},
    {"g": [0, 1, 0]},
    {"c": [1]},
    {"n": [["a"], [5, 6]]},
    {"T": ["date", "x"]},
    {"T": ["tzinfo", "x"]},
    {"k": "print"},
    {"o": 1},
    {"S": [k * (2**61 - 1) for k in range(100)]},
]


@pytest.mark.parametrize("data", BAD, ids=lambda data: repr(data)[:30])
def test_malformed_data_is_named_and_matches_nothing(data):
    with pytest.raises(values.Malformed):
        values.decode(data)
    for expected in (1, 1.0, "", [], (), {1}, {1: 1}, b"", Decimal(1), range(3), None):
        assert not values.matches(data, expected)
        assert not values.matches(data, expected, lenient=True, tolerance=0.1)


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[" * 100_000, b"\xff", b"9" * 100, b"[1]" * 9, b'"\\ud8"', b"1" * 99]
)
def test_text_that_is_no_data(line):
    with pytest.raises(values.Malformed):
        values.loads(line)
    with pytest.raises(values.Malformed):
        values.loads(b" " * 11, max_size=10)


def random_json(random, depth=4):
    kinds = [None, True, random.randint(-(2**60), 2**60), random.gauss(0, 1e5), 'aé"\ud800\n']
    if depth == 0 or random.random() < 0.3:
        return random.choice(kinds)
    items = [random_json(random, depth - 1) for _ in range(random.randrange(4))]
    return items if random.random() < 0.5 else {f"k{i}é": item for i, item in enumerate(items)}


def test_lines_are_what_the_json_module_writes_and_reads():
    chance = random.Random(0)
    for _ in range(2000):
        value = random_json(chance)
        text = json.dumps(value, separators=(",", ":"))
        assert values.dumps(value) == text.encode()
        for line in (text, f" {text}", f"{text}\r\n", json.dumps(value, indent=1)):
            assert values.loads(line.encode()) == value


def test_lines_that_the_json_module_refuses():
    for text in ("[1,2", "[1] [2]", '{"a":}', "nul", "tru e", "[1,]", "\ufeff[1]", "'a'", "-", " "):
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)
        with pytest.raises(values.Malformed):
            values.loads(text.encode())
    with pytest.raises(ValueError, match="float"):
        values.dumps([math.inf])


def test_sets_that_collide_are_compared_fast():
    colliding = [k * (2**61 - 1) for k in range(1, 30_001)]
    data = {"S": [{"i": hex(number)} for number in colliding]}
    assert not values.matches(data, set(range(30_000)))
    assert not values.matches(
        {"d": [[item, 1] for item in data["S"]]}, dict.fromkeys(range(30_000), 1)
    )


def test_long_numbers_are_compared_fast():
    data = {"i": "0x" + "f" * (8 << 20)}
    for expected in (1, 1.5, Decimal(1), Fraction(1, 3), 1j):
        assert not values.matches(data, expected, tolerance=1e-6)
    assert not values.matches({"S": [data]}, {Decimal(5)})
    assert not values.matches({"N": "1E+999999999"}, 1.5, tolerance=1e-6)


TABLES = [
    {"p": ["frame", ["a"], [[0], None], ["int64"], [[1, 2]]]},
    {"p": ["frame", ["a", "b"], [[0], None], ["int64"], [[1]]]},
    {"p": ["frame", [], [[[]], None], [], [[1]] * 2000]},
    {"p": ["series", [], [[0], None], ["int64"], [["x"]]]},
    {"p": ["series", ["a"], [[0], [1]], ["int64"], [[1]]]},
    {"p": [1, 2, 3, 4, 5]},
    {"p": []},
    {"P": 1},
]


@pytest.mark.parametrize("encoded", TABLES)
def test_a_hostile_table_is_malformed(encoded):
    pytest.importorskip("pandas")
    with pytest.raises(values.Malformed):
        values.decode(encoded)
    assert not values.matches(encoded, [1])


def test_tables_come_back():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(
        {"a": [1, 2], "b": ["x", None], "c": [0.5, float("nan")]}, index=[5, 7]
    )
    back = values.decode(values.loads(values.dumps(values.encode(table))))
    pandas.testing.assert_frame_equal(back, table)
    back = values.decode(values.encode(table["a"]))
    pandas.testing.assert_series_equal(back, table["a"])
