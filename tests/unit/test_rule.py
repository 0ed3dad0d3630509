"""Lifting: which inputs a function gets, what its answer becomes, who is to blame when it fails."""

import copy
import fractions
import functools
import inspect
import math
import pickle
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pytest

from plaudit import lift, load
from plaudit.errors import (
    ConfigError,
    DataError,
    EngineError,
    MissingExtra,
    ScoreTimeout,
    ScoringError,
)
from plaudit.rule import RESERVED, AnyOf, column_of, prompt_text, sources_of
from plaudit.types import Group, Range, Response, Score

if TYPE_CHECKING:
    from somewhere import Unseen  # type: ignore[import-not-found]

NAN = math.nan


def one(fn, group, **options):
    return lift(fn, **options).score([group])[0][0]


def seen_by(fn, group, **options):
    """What the rule was called with."""
    calls = []

    def wrapped(*args, **params):
        calls.append(args)
        return [0.0] * len(args[0]) if isinstance(args[0], list) else 0.0

    wrapped.__signature__ = inspect.signature(fn)
    lift(wrapped, **options).score([group])
    return calls


# --- inputs ---------------------------------------------------------------------------------------


def test_every_reserved_input_arrives():
    def fn(response, prompt, messages, reference, token_ids, finish_reason, response_messages): ...

    turns = [{"role": "system", "content": "s"}, {"role": "user", "content": "2 + 2?"}]
    said = [{"role": "assistant", "content": "4"}]
    answer = Response("4", messages=tuple(said), token_ids=(7, 8), finish_reason="stop")
    group = Group(turns, [answer], {"reference": "four"})
    assert seen_by(fn, group) == [("4", "2 + 2?", tuple(turns), "four", (7, 8), "stop", said)]
    assert set(RESERVED) == {*fn.__code__.co_varnames, "responses"}


def test_the_turns_of_a_plain_response_are_empty_and_those_of_a_group_a_list():
    def fn(response, response_messages): ...

    def group_fn(responses, response_messages): ...

    turn = {"role": "assistant", "content": None, "tool_calls": []}
    group = Group("p", [Response("a"), Response("", messages=(turn,))])
    assert seen_by(fn, group) == [("a", []), ("", [turn])]
    assert seen_by(group_fn, group) == [(["a", ""], [[], [turn]])]


def test_any_column_is_an_input_and_those_of_the_response_come_first():
    def fn(response, label, level): ...

    responses = [Response("a", columns={"label": 1}), Response("b")]
    group = Group("p", responses, {"label": 2, "level": 3})
    assert seen_by(fn, group) == [("a", 1, 3), ("b", 2, 3)]


def test_a_group_rule_sees_lists_of_what_belongs_to_responses():
    def fn(responses, prompt, token_ids, finish_reason, label, level): ...

    responses = [
        Response("a", token_ids=(1,), finish_reason="stop", columns={"label": 1}),
        Response("b", token_ids=(2,), finish_reason="length", columns={"label": 2}),
    ]
    group = Group("p", responses, {"level": 3})
    expected = (["a", "b"], "p", [(1,), (2,)], ["stop", "length"], [1, 2], 3)
    assert seen_by(fn, group) == [expected]


def test_a_group_rule_fills_gaps_from_the_group_or_the_default():
    def fn(responses, label, model="unknown"): ...

    responses = [Response("a", columns={"label": 1, "model": "m"}), Response("b")]
    assert seen_by(fn, Group("p", responses, {"label": 9})) == [
        (["a", "b"], [1, 9], ["m", "unknown"])
    ]


def test_a_group_rule_finds_aliases_in_the_columns_of_responses():
    def fn(responses, reference): ...

    responses = [Response("a", columns={"solution": 1}), Response("b", columns={"solution": 2})]
    assert seen_by(fn, Group("p", responses)) == [(["a", "b"], [1, 2])]


def test_defaults_stand_in_for_what_is_absent():
    def fn(response, reference="none", token_ids=None, finish_reason="unknown", level=1): ...

    assert seen_by(fn, Group("p", ["a"])) == [("a", "none", None, "unknown", 1)]


@pytest.mark.parametrize("name", sources_of("reference"))
def test_the_reference_has_aliases(name):
    assert one(lambda response, reference: reference, Group("p", ["a"], {name: 5})).value == 5.0


def test_a_columns_own_name_beats_its_aliases():
    group = Group("p", ["a"], {"answer": 1, "reference": 2, "solution": 3})
    assert one(lambda response, reference: reference, group).value == 2.0


def test_two_aliases_are_ambiguous():
    group = Group("p", ["a"], {"answer": 1, "solution": 3}, id="r7")
    with pytest.raises(DataError) as caught:
        one(lambda response, reference: 0.0, group)
    assert str(caught.value) == (
        "row r7: field 'reference': ambiguous: the row has solution, answer;"
        " bind one with columns: {reference: solution}"
    )
    bound = lift(lambda response, reference: reference, columns={"reference": "answer"})
    assert bound.score([group])[0][0].value == 1.0


def test_one_alias_on_both_levels_is_not_ambiguous():
    group = Group("p", [Response("a", columns={"answer": 1}), "b"], {"answer": 2})
    scores = lift(lambda response, reference: reference).score([group])[0]
    assert [s.value for s in scores] == [1.0, 2.0]


def test_null_is_absent():
    group = Group("p", ["a"], {"reference": None, "solution": 3, "level": None})
    assert seen_by(lambda response, reference, level=7: 0, group) == [("a", 3, 7)]
    assert column_of(Group("p", ["a"], {"x": None}), None, "x") is column_of(
        Group("p", ["a"]), None, "x"
    )


# --- bindings -------------------------------------------------------------------------------------


def test_bindings_reach_other_columns():
    def fn(response, reference, prompt, token_ids): ...

    group = Group("p", ["a"], {"gold": "g", "q": "question", "ids": [1]})
    columns = {"reference": "gold", "prompt": "q", "token_ids": "ids"}
    assert seen_by(fn, group, columns=columns) == [("a", "g", "question", [1])]


def test_bindings_of_group_rules():
    def fn(responses, reference): ...

    group = Group("p", [Response("a", columns={"gold": 1}), Response("b", columns={"gold": 2})])
    assert seen_by(fn, group, columns={"reference": "gold"}) == [(["a", "b"], [1, 2])]


def test_a_bound_input_has_no_aliases():
    rule = lift(lambda response, reference: 0.0, columns={"reference": "gold"})
    with pytest.raises(DataError, match="field 'gold': missing column, which"):
        rule.score([Group("p", ["a"], {"reference": 1, "answer": 2})])


@pytest.mark.parametrize("name", ["refrence", "response", "n"])
def test_only_columns_can_be_bound(name):
    def fn(response: str, reference: str, *, n: int = 1) -> float:
        return 0.0

    with pytest.raises(ConfigError) as caught:
        lift(fn, path="x.fn", columns={name: "gold"})
    message = str(caught.value)
    assert message.startswith(f"x.fn reads no column {name!r}")
    assert ("did you mean 'reference'?" in message) == (name == "refrence")
    assert message.endswith("Signature: fn(response: str, reference: str, *, n: int = 1) -> float")


# --- what is missing ------------------------------------------------------------------------------


def test_a_missing_column_names_column_row_close_matches_and_way_out():
    group = Group("p", ["a"], {"referense": "4", "gold": None}, id="r7")
    with pytest.raises(DataError) as caught:
        one(lambda response, reference: 0.0, group, path="rules.mine")
    assert str(caught.value) == (
        "row r7: field 'reference': missing column (or reference_answer, solution, answer,"
        " ground_truth), which rules.mine reads; the row has referense, gold (null); did you mean"
        " 'referense'? Bind another with columns: {reference: NAME}"
    )
    assert caught.value.field == "reference"


def test_a_row_without_columns_is_named_by_its_content():
    group = Group("p", ["a"])
    with pytest.raises(DataError, match=f"row {group.key}: .*the row has no columns"):
        one(lambda response, level: 0.0, group)


@pytest.mark.parametrize(
    ("name", "fn"),
    [
        ("token_ids", lambda response, token_ids: 0.0),
        ("finish_reason", lambda response, finish_reason: 0.0),
    ],
)
def test_what_a_response_does_not_carry_is_missing(name, fn):
    with pytest.raises(DataError, match=f"the response carries no {name}, which mine reads"):
        one(fn, Group("p", ["a"]), path="mine")


def test_a_missing_column_of_a_group_rule():
    with pytest.raises(DataError, match="missing column"):
        one(lambda responses, level: [0.0], Group("p", ["a"]))
    partly = Group("p", [Response("a", columns={"level": 1}), "b"])
    with pytest.raises(DataError, match="missing column"):
        one(lambda responses, level: [0.0, 0.0], partly)


# --- prompts --------------------------------------------------------------------------------------


def turn(content):
    return Group([{"role": "user", "content": content}], ["a"], id="r7")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("hi", "hi"),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab"),
        ([], ""),
        (None, ""),
    ],
)
def test_prompt_text(content, expected):
    assert prompt_text(turn(content)) == expected


def test_prompt_text_of_no_turn():
    assert prompt_text(Group([], ["a"])) == ""
    assert prompt_text(Group([{"role": "user"}], ["a"])) == ""  # type: ignore[list-item]


@pytest.mark.parametrize(
    "content", [[{"type": "image", "url": "x"}], ["text"], [{"text": 3}], 7, {"type": "image"}]
)
def test_a_text_rule_refuses_parts_that_are_not_text(content):
    with pytest.raises(DataError, match="row r7: field 'prompt': a text rule cannot read the part"):
        one(lambda response, prompt: 0.0, turn(content))
    assert one(lambda response: 1.0, turn(content)).value == 1.0


# --- what a rule returns --------------------------------------------------------------------------


class Scalar:
    """As numpy and torch scalars: no number, but it has a float."""

    def __init__(self, value):
        self.value = value

    def __float__(self):
        if isinstance(self.value, Exception):
            raise self.value
        return self.value

    def __repr__(self):
        return f"Scalar({self.value!r})"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0.5, 0.5),
        (3, 3.0),
        (True, 1.0),
        (False, 0.0),
        (Decimal("0.25"), 0.25),
        (fractions.Fraction(1, 4), 0.25),
        (Scalar(0.5), 0.5),
        (Score(2), 2.0),
        (Score(True, note="n"), 1.0),
        (Score(Scalar(0.5)), 0.5),  # type: ignore[arg-type]
    ],
)
def test_numbers_of_all_sorts_become_floats(given, expected):
    score = one(lambda response: given, Group("p", ["a"]))
    assert score.value == expected
    assert type(score.value) is float
    assert score.error is None


@pytest.mark.parametrize("name", ["float32", "float64", "int8", "bool_"])
def test_numpy_scalars(name):
    numpy = pytest.importorskip("numpy")
    score = one(lambda response: getattr(numpy, name)(1), Group("p", ["a"]))
    assert (score.value, type(score.value)) == (1.0, float)


def test_torch_scalars():
    torch = pytest.importorskip("torch")
    assert one(lambda response: torch.tensor(0.5), Group("p", ["a"])).value == 0.5
    score = one(lambda response: torch.tensor([1.0, 2.0]), Group("p", ["a"]))
    assert (score.is_scored, score.fault) == (False, "system")


@pytest.mark.parametrize(
    "given",
    [
        None,
        NAN,
        math.inf,
        -math.inf,
        "0.5",
        b"1",
        "nan",
        [1.0],
        {},
        1j,
        10**400,
        Scalar(NAN),
        Scalar(ValueError("no")),
        Scalar(RuntimeError("two elements")),
        object,
    ],
    ids=repr,
)
def test_what_is_no_finite_number_is_a_system_fault(given):
    score = one(lambda response: given, Group("p", ["a"]), path="mine")
    assert math.isnan(score.value)
    assert score.fault == "system"
    assert score.error.startswith("mine returned ")
    assert score.error.endswith("; expected a finite number or a Score")


def test_a_score_passes_through_untouched():
    given = Score(0.5, {"k": 1.0}, note="n")
    assert one(lambda response: given, Group("p", ["a"])) is given
    unscored = Score.unscored("why", fault="input", parts={"k": 1.0})
    found = one(lambda response: unscored, Group("p", ["a"]))
    assert (found.error, found.fault, found.parts) == ("why", "input", {"k": 1.0})
    assert math.isnan(found.value)


@pytest.mark.parametrize("given", [Score(NAN), Score(math.inf), Score(None), Score(NAN, error="e")])  # type: ignore
def test_a_score_without_value_and_reason_is_a_system_fault(given):
    score = one(lambda response: given, Group("p", ["a"]))
    assert math.isnan(score.value)
    assert score.fault == "system"
    assert "without error and fault" in score.error


def test_an_infinite_score_with_a_reason_is_nan():
    given = Score(math.inf, {"k": 1.0}, fault="input", error="why")
    found = one(lambda response: given, Group("p", ["a"]))
    assert math.isnan(found.value)
    assert (found.fault, found.error, found.parts) == ("input", "why", {"k": 1.0})


def test_a_group_rule_returns_one_value_for_each():
    def lengths(responses):
        return [len(r) for r in responses]

    groups = [Group("p", ["a", "bc"]), Group("q", []), Group("r", ["def"])]
    found = lift(lengths).score(groups)
    assert [[s.value for s in scores] for scores in found] == [[1.0, 2.0], [], [3.0]]


def test_a_group_rule_may_return_arrays_tuples_and_odd_values():
    numpy = pytest.importorskip("numpy")
    group = Group("p", ["a", "b", "c"])
    for values in (numpy.array([1, 2, 3]), (1, 2, 3), [1, True + 1, Score(3.0)]):
        assert [s.value for s in lift(lambda responses: values).score([group])[0]] == [1, 2, 3]  # noqa: B023
    found = lift(lambda responses: [1.0, None, 10**400]).score([group])[0]
    assert [s.fault for s in found] == [None, "system", "system"]


@pytest.mark.parametrize(
    "values", [[1.0], [1.0] * 3, [], None, 1.0, "ab", {1: 2, 3: 4}, Score(1.0)]
)
def test_a_group_rule_that_returns_no_list_of_the_length_is_refused(values):
    with pytest.raises(
        ConfigError, match=r"mine returned .* for 2 responses; a group rule returns"
    ):
        lift(lambda responses: values, path="mine").score([Group("p", ["a", "b"])])


# --- whose fault ----------------------------------------------------------------------------------


def hostile(response: str) -> Annotated[float, Range(-2, 1)]:
    raise ScoringError("hostile", fault="response")


def late(response: str) -> Annotated[float, Range(-2, 1)]:
    raise ScoreTimeout("late")


def test_a_response_fault_earns_the_declared_minimum():
    assert one(hostile, Group("p", ["a"])) == Score(-2.0, fault="response", error="hostile")
    assert one(late, Group("p", ["a"])) == Score(-2.0, fault="response", error="late")


def test_on_response_fault_is_taken_before_the_range():
    assert one(hostile, Group("p", ["a"]), on_response_fault=-7).value == -7.0
    assert one(hostile, Group("p", ["a"]), on_response_fault=0).value == 0.0


def test_without_a_declared_minimum_a_response_fault_is_nan():
    def undeclared(response):
        raise ScoringError("hostile", fault="response")

    def bottomless(response) -> Annotated[float, Range(-math.inf, 0)]:
        raise ScoringError("hostile", fault="response")

    for fn in (undeclared, bottomless):
        score = one(fn, Group("p", ["a"]))
        assert math.isnan(score.value)
        assert (score.fault, score.error) == ("response", "hostile")


def test_a_returned_response_fault_earns_the_minimum_too():
    def returns(response: str) -> Annotated[Score, Range(-2, 1)]:
        return Score.unscored("hostile", fault="response", parts={"k": 1.0})

    assert one(returns, Group("p", ["a"])) == Score(-2.0, {"k": 1.0}, (), "response", "hostile")


@pytest.mark.parametrize("fault", ["input", "system"])
def test_other_faults_are_nan_with_the_reason(fault):
    def fails(response: str) -> Annotated[float, Range(0, 1)]:
        raise ScoringError("down", fault=fault)

    score = one(fails, Group("p", ["a"]))
    assert math.isnan(score.value)
    assert (score.fault, score.error) == (fault, "down")


def test_any_other_exception_is_a_system_fault_with_its_place():
    def fails(response):
        return {}["missing"]

    score = one(fails, Group("p", ["a"]))
    assert math.isnan(score.value)
    assert score.fault == "system"
    line = fails.__code__.co_firstlineno + 1
    assert score.error == f"KeyError: \"'missing'\" at test_rule.py:{line}"


def test_one_response_that_fails_leaves_its_neighbours():
    def inverse(response):
        return 1 / len(response)

    found = lift(inverse).score([Group("p", ["ab", "", "abcd"])])[0]
    assert [s.value for s in found[::2]] == [0.5, 0.25]
    assert found[1].error.startswith("ZeroDivisionError: ")


def test_a_group_rule_that_fails_leaves_other_groups():
    def spread(responses):
        return [1 / (len(responses) - 1)] * len(responses)

    found = lift(spread).score([Group("p", ["a"]), Group("q", ["a", "b"])])
    assert found[0][0].fault == "system"
    assert [s.value for s in found[1]] == [1.0, 1.0]


@pytest.mark.parametrize("kind", [ConfigError, EngineError, MissingExtra])
def test_errors_of_configuration_and_engines_are_raised(kind):
    def fails(response):
        raise kind("x")

    def fails_all(responses):
        raise kind("x")

    for fn in (fails, fails_all):
        with pytest.raises(kind):
            lift(fn).score([Group("p", ["a"])])


def test_data_errors_are_raised_with_the_row():
    def fails(response):
        raise DataError("odd", field="level")

    def fails_all(responses):
        raise DataError("odd", field="level")

    for fn in (fails, fails_all):
        with pytest.raises(DataError) as caught:
            lift(fn).score([Group("p", ["a"], id="r7")])
        assert str(caught.value) == "row r7: field 'level': odd"


def test_interrupts_are_not_swallowed():
    def interrupted(response):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lift(interrupted).score([Group("p", ["a"])])


# --- parameters and ranges ------------------------------------------------------------------------


def scaled(
    response: str, *, floor: float = -1.0, top: float
) -> Annotated[float, Range("floor", "top")]:
    return top


def test_the_ends_of_a_range_may_be_parameters():
    assert lift(scaled, top=3).range == Range(-1.0, 3.0)
    assert lift(scaled, top=3, floor=-5).fault_value == -5.0


def test_a_range_within_a_union_is_found():
    def fn(response) -> Annotated[float | Score, Range(0, 1)]: ...

    def nested(responses) -> list[Annotated[float, Range(0, 2)]]: ...

    def bare(response) -> float: ...

    assert lift(fn).range == Range(0.0, 1.0)
    assert lift(nested).range == Range(0.0, 2.0)
    assert lift(bare).range is None


def test_a_range_that_cannot_be_read_is_refused():
    def typo(response: str, *, floor: float = 0) -> Annotated[float, Range("flor", 1)]: ...

    with pytest.raises(ConfigError, match="its Range names 'flor', which is not one of its"):
        lift(typo)
    with pytest.raises(ConfigError, match="x: top='much' must be a number"):
        lift(scaled, path="x", top="much")
    with pytest.raises(ConfigError, match="x: top=None must be a number"):
        lift(scaled, path="x", top=None)


def test_annotations_that_cannot_be_read_are_refused_only_where_a_range_needs_them():
    def plain(response: "Unseen") -> float:
        return 1.0

    def ranged(response: "Unseen") -> "Annotated[float, Range(0, 1)]":
        return 1.0

    assert one(plain, Group("p", ["a"])).value == 1.0
    with pytest.raises(ConfigError, match="the annotations cannot be read: name 'Unseen'"):
        lift(ranged)


def test_an_unknown_parameter_shows_close_matches_and_the_signature():
    with pytest.raises(ConfigError) as caught:
        lift(scaled, path="x.scaled", flor=1, top=1)
    message = str(caught.value)
    assert message.startswith("x.scaled has no parameter 'flor'; did you mean 'floor'? Signature:")
    assert "scaled(response: str, *, floor: float = -1.0, top: float)" in message
    with pytest.raises(ConfigError, match=r"no parameter 'zzz'\. Signature: scaled\("):
        lift(scaled, path="x.scaled", zzz=1, top=1)


def test_inputs_are_not_parameters():
    with pytest.raises(ConfigError, match="no parameter 'response'"):
        lift(scaled, response="x", top=1)


def test_a_missing_parameter_is_named():
    with pytest.raises(ConfigError, match=r"needs the parameter top\. Signature: "):
        lift(scaled)


def test_a_rule_may_take_any_parameter():
    assert one(lambda response, **params: params["n"], Group("p", ["a"]), n=3).value == 3.0


def test_response_and_responses_do_not_go_together():
    with pytest.raises(ConfigError, match="reads both response and responses"):
        lift(lambda response, responses: 0.0)


# --- the object -----------------------------------------------------------------------------------


def test_traits():
    absolute, relative = lift(lambda response: 0.0), lift(lambda responses: [])
    assert (absolute.relative, relative.relative) == (False, True)
    for rule in (absolute, relative):
        assert rule.deterministic
        assert rule.cpu_bound


def test_repr_is_what_one_types():
    rule = load("rules.baseline.random", seed=3, columns={"prompt": "q"}, on_response_fault=-1)
    text = "load('rules.baseline.random', seed=3, columns={'prompt': 'q'}, on_response_fault=-1)"
    assert repr(rule) == text
    again = eval(text)
    assert repr(again) == text
    group = Group("p", ["a"], {"q": "question"})
    assert again.score([group]) == rule.score([group])


@pytest.mark.parametrize("fn", [scaled])
def test_rules_pickle_and_copy(fn):
    rule = lift(fn, top=2.0, on_response_fault=-3)
    for again in (pickle.loads(pickle.dumps(rule)), copy.deepcopy(rule)):
        assert repr(again) == repr(rule)
        assert again.score([Group("p", ["a"])])[0][0].value == 2.0
        assert again.fault_value == -3.0


class Callable:
    def __init__(self, bonus: float = 1.0) -> None:
        self.bonus = bonus

    def __call__(self, response: str) -> float:
        return self.bonus

    def method(self, response: str) -> float:
        return self.bonus * 2

    @staticmethod
    def static(response: str) -> float:
        return 7.0


def test_whatever_can_be_called_can_be_lifted():
    def base(response, *, n=1):
        return n

    group = Group("p", ["a"])
    assert one(Callable(3.0), group).value == 3.0
    assert one(Callable(3.0).method, group).value == 6.0
    assert one(Callable.static, group).value == 7.0
    assert one(functools.partial(base, n=4), group).value == 4.0
    assert repr(lift(Callable())).endswith("test_rule:Callable')")


def test_what_has_no_signature_is_refused():
    with pytest.raises(ConfigError, match="no readable signature"):
        lift(type)


def test_inputs_are_left_alone():
    columns = {"level": [1]}
    group = Group("p", ["a"], columns)
    one(lambda response, level: 0.0, group)
    assert columns == {"level": [1]}


def test_a_rule_of_no_response_is_asked_once_for_each():
    calls: list[Any] = []
    lift(lambda level: calls.append(level) or 0.0).score([Group("p", ["a", "b"], {"level": 1})])
    assert calls == [1, 1]


@pytest.mark.parametrize(
    ("reads", "messages", "note"),
    [
        ("text", [{"role": "assistant", "content": "", "tool_calls": [{}]}], "makes tool calls"),
        ("text", [{"role": "assistant", "content": ""}], "its turn is empty"),
        ("text", [], None),
        ("turns", [{"role": "assistant", "content": ""}], None),
        ("rivals", [{"role": "assistant", "content": ""}], None),
        ("prompt", [{"role": "assistant", "content": ""}], None),
    ],
)
def test_a_response_without_text_says_so_where_the_rule_reads_text(reads, messages, note):
    rules = {
        "text": lambda response: 1.0,
        "turns": lambda response, response_messages: 1.0,
        "rivals": lambda responses: [1.0],
        "prompt": lambda prompt: 1.0,
    }
    group = Group("p", [Response("", messages=tuple(messages))])
    score = one(rules[reads], group)
    assert score.value == 1.0
    assert (score.note is None) if note is None else (note in score.note)


def test_a_rule_with_the_parameter_prefilled_has_it_set_where_the_prompt_opens_a_block():
    def fn(response: str, *, prefilled: bool | str = "auto") -> Score:
        return Score(1.0, note=f"{prefilled} {response}")

    groups = [Group(f"p{tag}", ["a</think>b", "<think>a"]) for tag in ("", "\n<think>\n")]
    plain, opened = ([score.note for score in scores] for scores in lift(fn).score(groups))
    assert plain == ["auto a</think>b", "auto <think>a"]
    assert opened == ["True a</think>b", "auto <think>a"]

    def without(response: str) -> Score:
        return Score(1.0, note=response)

    opened = [score.note for score in lift(without).score(groups)[1]]
    assert opened == ["<think>\na</think>b", "<think>a"]


def test_the_signature_in_an_error_has_the_last_name_of_the_path():
    with pytest.raises(ConfigError, match=r"Signature: equal\(response"):
        load("rules.math.equal", no_such=1)
    with pytest.raises(ConfigError, match=r"Signature: fn\(response"):
        lift(lambda response: 0.0, path="my.pkg:fn", no_such=1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["4", "four"], ("4", "four")),
        (("4",), ("4",)),
        ("4", ("4",)),
        (np.array(["4", "four"]), ("4", "four")),
    ],
)
def test_a_column_of_references_is_any_of_them(value, expected):
    def fn(response, reference): ...

    for group in (
        Group("p", ["4"], {"references": value}),
        Group("p", [Response("4", columns={"references": value})], {"references": ["no"]}),
    ):
        ((_, found),) = seen_by(fn, group)
        assert isinstance(found, AnyOf)
        assert found == expected
    both = Group("p", ["4"], {"reference": "5", "references": value})
    assert seen_by(fn, both) == [("4", "5")]
