"""What a call returned against what it should have returned, by the rule of its layout.

"python": Python's ``==`` of the plain values. "livecodebench": ``==``, but a returned tuple is the
expected list (not within it). "apps": the same, and a list of tuples is a list of lists where
answers are wrapped. "evalplus": ``==`` of what JSON leaves of it; a float, or a list of floats, may
be off by the row's `atol` (1e-6 if it has none) plus 1e-7 of the expected value. "json": ``==`` of
what JSON leaves of it; floats within 1e-6, absolutely or relatively.

Where ``==`` has no truth (a numpy array of several items against a list) there is no equality, but
under "json". Where JSON leaves less (a tuple is a list, the key 1 is "1"), so does the comparison.
Integers compare exactly under every rule.
"""

from __future__ import annotations

import json
import math
import reprlib
from typing import Any

from plaudit.grading.problem import CallProblem, CallTest
from plaudit.old_names import old_names
from plaudit.sandbox.inside import values

__all__ = ["holds", "is_opaque", "show_encoded", "show_value"]
__getattr__ = old_names(__name__)

_RTOL = 1e-7  # evalplus/eval/__init__.py, unsafe_execute: that of numpy.testing.assert_allclose
_ATOL = 1e-6  # the same place, where floats are expected and the row has no tolerance
_LONGEST = 4000  # digits of an integer that Python writes out


def holds(problem: CallProblem, test: CallTest, data: object) -> bool:
    """Whether encoded data, which may be hostile, passes a test. Raises nothing.

    >>> from plaudit.grading.problem import CallProblem
    >>> problem = CallProblem("f", (), values="livecodebench")
    >>> holds(problem, CallTest((), [1, 2]), {"t": [1, 2]})
    True
    """
    if test.truth is not None:
        return values.is_true(data) == test.truth
    if test.is_identical:
        return data is test.expected
    if test.near is not None or test.oracle:
        return _decides(problem, test, data)
    if _is_equal(problem, data, test.expected, 1):
        return True
    return any(_is_equal(problem, data, answer, 2) for answer in test.alternatives)


def _is_equal(problem: CallProblem, data: object, expected: object, depth: int) -> bool:
    if problem.values == "python":
        return values.matches(data, expected, arrays=False)
    if problem.values == "json":
        return values.matches(data, expected, tolerance=problem.tolerance, lenient=True)
    if problem.values == "evalplus":
        return _is_evalplus(problem.tolerance, data, expected)
    is_deep = problem.values == "apps" and depth == 2
    if not values.matches(_untupled(data, 2 if is_deep else 1), expected, arrays=False):
        return False
    return problem.layout.name != "verl" or _is_json(data)


def _is_json(data: object) -> bool:
    """Whether `json.dumps` writes a value, as verl's grader does: not a Decimal, for example."""
    try:
        json.dumps(values.decode(data))
    except (values.Malformed, TypeError, ValueError, RecursionError):
        return False
    return True


def _untupled(data: object, depth: int) -> object:
    """Encoded tuples as encoded lists, down to a depth."""
    if type(data) is dict and len(data) == 1:
        tag, body = next(iter(data.items()))
        if tag == "n" and type(body) is list and len(body) == 2:
            tag, body = "t", body[1]
        data = body if tag == "t" and type(body) is list else data
    if depth > 1 and type(data) is list:
        return [_untupled(item, depth - 1) for item in data]
    return data


def _is_evalplus(atol: float, data: object, expected: object) -> bool:
    if values.matches(data, expected, lenient=True, arrays=False):
        return True
    is_whole = isinstance(expected, float) and isinstance(data, int)
    if is_whole or (not atol and not _are_floats(expected)):
        return False  # its grader asks for equal types where it forgives a difference
    near = {"tolerance": atol or _ATOL, "relative": _RTOL}
    return values.matches(data, expected, lenient=True, arrays=False, **near)


def _are_floats(value: object) -> bool:
    if isinstance(value, list | tuple) and value:
        return all(isinstance(item, float) for item in value)
    return isinstance(value, float)


def _decides(problem: CallProblem, test: CallTest, data: object) -> bool:
    """The relations that need the value itself."""
    try:
        actual = values.decode(data)
        if test.near is not None:
            return test.near.holds(actual, test.expected)
        return _ORACLES[test.oracle](problem, test, actual)
    except (values.Malformed, ArithmeticError, TypeError, ValueError, RecursionError):
        return False


def _same_set(problem: CallProblem, test: CallTest, actual: object) -> bool:
    """Only expected items are kept of what came, so that none can be chosen to collide."""
    if not isinstance(actual, list | tuple | set | frozenset):
        return False
    expected_items = set(map(_hashable, test.expected))
    hits = set()
    for item in map(_hashable, actual):
        if item not in expected_items:
            return False
        hits.add(item)
    return hits == expected_items


def _hashable(value: object) -> object:
    return tuple(map(_hashable, value)) if isinstance(value, list | tuple) else value


def _same_presence(problem: CallProblem, test: CallTest, actual: object) -> bool:
    if isinstance(actual, bool):
        return actual == test.expected
    return test.expected == (actual is not None)


def _is_root(problem: CallProblem, test: CallTest, actual: Any) -> bool:
    (coefficients,) = test.arguments
    total = sum(c * math.pow(actual, i) for i, c in enumerate(coefficients))
    return abs(total) <= problem.tolerance


_ORACLES: dict[str, Any] = {
    "any": lambda problem, test, actual: True,
    "set": _same_set,
    "presence": _same_presence,
    "root": _is_root,
}


def is_opaque(data: object) -> bool:
    """Whether a value stayed in the program's process, so that its word was taken for something."""
    return type(data) is dict and "o" in data


class _Short(reprlib.Repr):
    """Values of any size in few words, in time that their size does not set."""

    def repr_int(self, x: int, level: int) -> str:
        if x.bit_length() > 3 * _LONGEST:
            return f"an integer of about {int(x.bit_length() * 0.30103) + 1} digits"
        return super().repr_int(x, level)

    def repr_instance(self, x: object, level: int) -> str:
        try:
            return repr(x)[: self.maxother]
        except Exception as error:  # it has no text: a fraction of long integers
            return f"a {type(x).__name__} that cannot be shown ({type(error).__name__})"

    def repr_str(self, x: str, level: int) -> str:
        return super().repr_str(x[: self.maxstring + 1], level)


_SHORT = _Short()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 100
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxdict = _SHORT.maxset = 12


def show_value(value: object) -> str:
    """A value for people, in at most 120 characters. Raises nothing.

    >>> show_value(10**5000), show_value([1, (2, "a")])
    ('an integer of about 5001 digits', "[1, (2, 'a')]")
    """
    try:
        return _SHORT.repr(value)[:120]
    except RecursionError:
        return f"a {type(value).__name__} that is too deep to show"


def show_encoded(data: object) -> str:
    """The same of encoded data."""
    try:
        return show_value(values.decode(_cut(data, 6)))
    except values.Malformed:
        return "what cannot be read"


def _cut(data: object, depth: int) -> object:
    """The beginning of encoded data: as much as `show_value` shows of it."""
    if type(data) is str:
        return data[:200]
    if type(data) is list:
        return [_cut(item, depth - 1) for item in data[: 13 if depth > 0 else 0]]
    if type(data) is dict and len(data) == 1:
        tag, body = next(iter(data.items()))
        return {tag: _cut(body, depth - 1) if type(body) is list else body}
    return data
