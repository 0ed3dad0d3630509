"""Tool calls: published ones, mechanical changes of them, formats, schemas, ReAct and loops."""

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaudit
from plaudit import Group
from plaudit.errors import ConfigError, DataError
from plaudit.rules import tools
from plaudit.text.literals import DEPTH, read_json, read_python, read_python_calls
from plaudit.toolcalls.matching import assignment
from plaudit.toolcalls.read import calls_in, gold_calls
from plaudit.toolcalls.types import kinds_of, same, tools_by_name, type_problems

ROOT = Path(__file__).parents[3]
DATA = ROOT / "../shared/data"
GOLD = [{"name": "add", "arguments": {"a": 1, "b": 2}}]
TOOL = {
    "name": "add",
    "parameters": {
        "type": "dict",
        "properties": {
            "a": {"type": "float"},
            "b": {"type": "integer"},
            "unit": {"type": "string", "enum": ["m", "s"], "default": "m"},
        },
        "required": ["a"],
    },
}


def call(**arguments):
    return json.dumps({"name": "add", "arguments": arguments})


@pytest.mark.parametrize("arguments", [{"a": 1, "b": 2}, '{"a": 1, "b": 2}'])
@pytest.mark.parametrize("fields", [("function_call",), ("function_call", "tool_calls")])
def test_the_older_field_of_a_message_is_one_call(arguments, fields):
    function = {"name": "add", "arguments": arguments}
    stated = {
        "function_call": function,
        "tool_calls": [{"type": "function", "function": function}],
    }
    turn = {"role": "assistant", "content": None, **{name: stated[name] for name in fields}}
    row = {"messages": [{"role": "user", "content": "?"}, turn], "expected_calls": GOLD}
    assert plaudit.score("rules.tools.equal", [row])[0].scores[0].value == 1


def test_a_text_of_deepseek_is_kept_to_the_letter():
    d = "｜DSML｜"
    text = (
        f'<{d}function_calls>\n<{d}invoke name="write">\n'
        f'<{d}parameter name="text" string="true">x = 1\n</{d}parameter>\n'
        f"</{d}invoke>\n</{d}function_calls>"
    )
    assert calls_in(text)[0].arguments == {"text": "x = 1\n"}


# --- published calls and their mutations ----------------------------------------------------------


@pytest.mark.parametrize("name", ["tool_calls_bfcl", "tool_calls_glaive_en"])
def test_gold_is_1_neutral_changes_are_1_and_breaking_ones_less(name, monkeypatch):
    if not (DATA / f"{name}.jsonl").exists():
        pytest.skip("the shared data stand beside the checkout only in development")
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import tools as bench

    lines = bench.measured(name)
    changes = {line.change for line in lines if line.rule == "graded"}
    assert len(changes) == len(bench.FORMATS) + 1 + len(bench.NEUTRAL) + len(bench.BREAKING)
    assert [line for line in lines if not line.is_met] == []
    assert len(list(bench.exceptions(name))) == {"tool_calls_bfcl": 4}.get(name, 1)


# --- reading calls --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>\n{"name": "add", "arguments": {"a": 1, "b": 2}}\n</tool_call>',
        '<think>add(a=9)</think>\n<tool_call>{"name":"add","arguments":{"a":1,"b":2}}</tool_call>',
        '<functioncall> {"name": "add", "arguments": \'{"a": 1, "b": 2}\'} <|endoftext|>',
        '[TOOL_CALLS] [{"name": "add", "arguments": {"a": 1, "b": 2}}]',
        '<|python_tag|>{"name": "add", "parameters": {"a": 1, "b": 2}}',
        "Sure.\n```json\n" + call(a=1, b=2) + "\n```",
        "```python\nadd(a=1, b=2)\n```",
        "[add(a=1, b=2)]",
        "add(b=2, a=1)",
        call(a=1, b=2),
        '{"function_call": {"name": "add", "arguments": "{\\"a\\": 1, \\"b\\": 2}"}}',
        '{"tool_calls": [{"function": {"name": "add", "arguments": {"a": 1, "b": 2}}}]}',
        'Thought: sum\nAction: add\nAction Input: {"a": 1, "b": 2}',
    ],
)
def test_every_format_is_read(text):
    (found,) = calls_in(text)
    assert found == ("add", {"a": 1, "b": 2}, "")
    assert tools.equal(text, GOLD).value == tools.graded(text, GOLD).value == 1.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I would add (a=1) to it.",
        '{"a": 1',
        "```python\nfor x in y: pass\n```",
        "<think>add(a=1, b=2)",
        "<think>add(a=1, b=2)</think> It is 3.",
    ],
)
def test_what_is_no_call_is_none(text):
    assert calls_in(text) == []
    assert tools.equal(text, GOLD).note == "no call"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<tool_call>{}", "<tool_call> is not closed"),
        ("<tool_call>{</tool_call>", "Expecting property name"),
        ("<tool_call>[1]</tool_call>", "a call must be a mapping"),
        ('<tool_call>{"name": "f"}</tool_call>', "must have a name and arguments"),
        ('<tool_call>{"name": 3, "arguments": {}}</tool_call>', "without a name"),
        ('<tool_call>{"name": "f", "arguments": [1]}</tool_call>', "are not a mapping"),
        ("Thought: x\nAction: f\n", "without Action Input"),
        ("```json\n{", "not closed"),
        ('<tool_call>{"name": "f", "arguments": {"a": NaN}}</tool_call>', "NaN is not JSON"),
    ],
)
def test_a_marked_call_that_cannot_be_read_is_a_broken_one(text, problem):
    (found,) = calls_in(text)
    assert problem in found.problem


def test_exploit_a_broken_call_beside_the_right_one():
    text = f"<tool_call>{call(a=1, b=2)}</tool_call><tool_call>oops</tool_call>"
    assert tools.equal(text, GOLD).value == 0.0
    assert tools.graded(text, GOLD).value == (1 / 2 + 1 + 2) / 4


def test_exploit_every_value_is_tried():
    text = "\n".join(f"add(a={a}, b=2)" for a in range(5))
    assert tools.equal(text, GOLD).value == 0.0
    assert tools.graded(text, GOLD).value == (1 / 5 + 1 + 2) / 4


def test_exploit_a_key_that_stands_twice():
    text = '<tool_call>{"name": "add", "arguments": {"a": 9, "a": 1, "b": 2}}</tool_call>'
    assert tools.equal(text, GOLD).value == 0.0
    assert tools.equal("add(a=9, a=1, b=2)", GOLD).value == 0.0


def test_exploit_the_call_is_only_thought():
    assert tools.equal(f"<think><tool_call>{call(a=1, b=2)}</tool_call></think>ok", GOLD).value == 0


def test_exploit_a_call_that_would_run_code():
    assert calls_in("add(a=__import__('os').system('true'))") == []
    assert calls_in("add(a=f(b=1))") == []


def test_nesting_without_end_is_refused_in_linear_time():
    for text in ("[" * 100_000, '{"a":' * 50_000, "add(a=" + "[" * 50_000):
        assert tools.graded(f"<tool_call>{text}</tool_call>", GOLD).value == 0.0
        assert tools.graded(text, GOLD).value == 0.0
        assert tools.action_loops(text) in (0.0, 1.0)


@given(st.text(max_size=60))
def test_no_text_raises(text):
    for response in (text, f"<tool_call>{text}</tool_call>", f"<functioncall>{text}", f"f({text})"):
        assert tools.graded(response, GOLD).value < 1
        tools.argument_types(response, [TOOL])
        tools.react_steps(response)
        tools.action_loops(response)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-9, 9) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(_JSON)
def test_both_readers_give_back_what_was_written(value):
    assert read_json(json.dumps(value)) == value
    assert read_python(json.dumps(value)) == value
    assert same(read_python(json.dumps(value, ensure_ascii=False)), value)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), _JSON))
def test_python_calls_give_back_what_was_written(arguments):
    arguments = {k: v for k, v in arguments.items() if k not in ("true", "null")}
    text = f"f.g({', '.join(f'{k}={json.dumps(v)}' for k, v in arguments.items())})"
    assert read_python_calls(text) == [("f.g", arguments)]


@pytest.mark.parametrize("text", ["f(1)", "f(a=b)", "f(a=1", "f a", "[f() g()]", "f(a=1) + 1", "f"])
def test_other_python_is_no_call(text):
    with pytest.raises(ValueError, match=r"."):
        read_python_calls(text)


def test_depth_is_bounded_in_both_readers():
    assert read_json("[" * DEPTH + "]" * DEPTH)
    for read in (read_json, read_python):
        with pytest.raises(ValueError, match="deeper"):
            read("[" * (DEPTH + 2) + "]" * (DEPTH + 2))


def test_escapes_in_python_strings():
    assert read_python(r"'a\n\x41\u00e9\ud83d\ude00\'\q'") == "a\nAé😀'\\q"


# --- equality of values ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "two", "schema", "expected"),
    [
        (1, 1.0, {"type": "number"}, True),
        (1, 1.0, {"type": "integer"}, False),
        (1.0, 1.0, {"type": "integer"}, True),
        (1, 1.0, None, True),
        (True, 1, None, False),
        (False, 0.0, {"type": "number"}, False),
        ("1", 1, None, False),
        (None, 0, None, False),
        ([1, 2], [2, 1], None, False),
        ([1], [1.0], {"type": "array", "items": {"type": "integer"}}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, None, True),
        ({"a": 1}, {"a": 1, "b": 2}, None, False),
    ],
)
def test_values_are_equal_as_in_json(one, two, schema, expected):
    assert same(one, two, schema) is same(two, one, schema) is expected


def test_bfcl_strings_are_compared_without_case_and_marks():
    gold = [{"name": "f", "arguments": {"city": "New York, NY"}}]
    assert tools.equal("f(city='new-york ny')", gold).value == 0.0
    assert tools.equal("f(city='new-york ny')", gold, strings="bfcl").value == 1.0
    assert tools.equal("f(city='new york')", gold, strings="bfcl").value == 0.0


def test_possible_answers_of_bfcl():
    gold = [{"f": {"a": [1, 2], "unit": ["m", ""], "range": [{"low": [1], "high": [5, ""]}]}}]
    right = ["f(a=2, range={'low': 1})", "f(a=1, unit='m', range={'low': 1, 'high': 5})"]
    wrong = [
        "f(a=3, range={'low': 1})",
        "f(a=1, unit='s', range={'low': 1})",
        "f(a=1, range={'low': 2})",
        "f(a=1, range={'low': 1, 'more': 2})",
        "f(a=1)",
        "f(a=1, range={'low': 1}, other=1)",
    ]
    assert [tools.equal(text, gold).value for text in right] == [1.0, 1.0]
    assert [tools.graded(text, gold).value for text in right] == [1.0, 1.0]
    assert [tools.equal(text, gold).value for text in wrong] == [0.0] * 6
    assert max(tools.graded(text, gold).value for text in wrong) < 1


@pytest.mark.parametrize(
    ("policy", "text", "expected"),
    [
        ("forbid", "add(a=1, b=2, unit='m')", 0),
        ("ignore", "add(a=1, b=2, unit='s')", 1),
        ("defaults", "add(a=1, b=2, unit='m')", 1),
        ("defaults", "add(a=1, b=2, unit='s')", 0),
        ("ignore", "add(a=1)", 0),
    ],
)
def test_extra_arguments(policy, text, expected):
    assert tools.equal(text, GOLD, [TOOL], extra_arguments=policy).value == expected
    assert (tools.graded(text, GOLD, [TOOL], extra_arguments=policy).value == 1) is bool(expected)


def test_an_expected_default_may_be_left_out_where_defaults_are_free():
    gold = [{"name": "add", "arguments": {"a": 1, "unit": "m"}}]
    assert tools.equal("add(a=1)", gold, [TOOL]).value == 0.0
    assert tools.equal("add(a=1)", gold, [TOOL], extra_arguments="defaults").value == 1.0


def test_order_of_calls():
    gold = gold_text = "f(a=1)\nf(a=2)\ng()"
    turned = "g()\nf(a=2)\nf(a=1)"
    assert tools.equal(turned, gold).value == 1.0
    assert tools.equal(turned, gold, in_order=True).value == 0.0
    assert tools.equal(gold_text, gold, in_order=True).value == 1.0
    assert tools.equal("f(a=1)", gold, in_order=True).value == 0.0


def test_no_call_expected():
    assert tools.equal("It is 3.", []).value == tools.graded("It is 3.", "[]").value == 1.0
    assert tools.equal("add(a=1)", []).value == tools.graded("add(a=1)", []).value == 0.0


def test_one_call_is_not_counted_for_two_expected_ones():
    gold = "f(a=1)\nf(a=1)"
    assert tools.equal("f(a=1)", gold).value == 0.0
    assert tools.graded("f(a=1)", gold).value == (1 / 2 + 1 + 1) / 5


def test_graded_is_the_formula_of_toolrl():
    gold = "f(a=1, b=2)\ng(c=3)"
    found = "f(a=1, d=2)\nh(c=3)"  # names 1 of 3, keys {a} of {a, b, d}, values a
    score = tools.graded(found, gold)
    assert score.value == pytest.approx((1 / 3 + 1 / 3 + 1) / (1 + 2 + 3))
    assert score.parts == pytest.approx({"names": 1 / 3, "keys": 1 / 6, "values": 1 / 3})
    assert tools.graded(found, gold, low=-3, high=3).value == pytest.approx(6 * score.value - 3)
    assert tools.graded("", gold, low=-3, high=3).value == -3


@given(st.lists(st.lists(st.integers(0, 5), min_size=4, max_size=4), min_size=1, max_size=3))
def test_assignment_is_the_best_there_is(weights):
    found = [(i, j) for i, j in enumerate(assignment(weights)) if j is not None]
    best = max(
        sum(weights[i][j] for i, j in enumerate(columns))
        for columns in itertools.permutations(range(4), len(weights))
    )
    assert sum(weights[i][j] for i, j in found) == best
    assert len({j for _, j in found}) == len(found)


@given(st.permutations(["f(a=1)", "f(a=2, b=1)", "f(b=1)", "g(a=1)"]))
def test_graded_does_not_mind_the_order(lines):
    gold = "f(a=1, b=1)\nf(a=2)\ng(a=2)"
    expected = tools.graded("f(a=1)\nf(a=2, b=1)\nf(b=1)\ng(a=1)", gold).value
    assert tools.graded("\n".join(lines), gold).value == pytest.approx(expected, rel=1e-12)


# --- columns --------------------------------------------------------------------------------------


def test_gold_is_found_under_its_usual_names():
    reward = plaudit.load("rules.tools.equal")
    for name in ("expected_calls", "tool_calls", "reference", "ground_truth"):
        assert reward.score([Group("?", [call(a=1, b=2)], {name: GOLD})])[0][0].value == 1.0
    with pytest.raises(DataError, match="expected_calls"):
        reward.score([Group("?", [call(a=1)], {})])


@pytest.mark.parametrize("bad", ["no call here", 3, [{"name": 1}], [3], {"a": 1}, "<tool_call>{"])
def test_expected_calls_that_do_not_parse(bad):
    with pytest.raises(DataError) as caught:
        tools.equal("add(a=1)", bad)
    assert caught.value.field == "expected_calls"


@pytest.mark.parametrize("bad", ["{", 3, [3], [{"name": 1}], [{"name": "f", "parameters": "x"}]])
def test_tools_that_do_not_parse(bad):
    with pytest.raises(DataError) as caught:
        tools.argument_types("add(a=1)", bad)
    assert caught.value.field == "tools"


def test_gold_nested_without_end_is_a_data_error():
    deep = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(DataError, match="deep"):
        gold_calls([{"name": "f", "arguments": {"a": deep}}], "expected_calls")


@pytest.mark.parametrize(
    "params", [{"extra_arguments": "no"}, {"strings": "no"}, {"low": 1.0, "high": 1.0}]
)
def test_parameters_that_do_not_fit(params):
    with pytest.raises(ConfigError):
        tools.graded("add(a=1)", GOLD, **params)


# --- types ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        ({"a": 1}, None),
        ({"a": 1.5, "b": 2, "unit": "s"}, None),
        ({"b": 2}, "add: a is missing"),
        ({"a": "1"}, "add: a is a string, not number"),
        ({"a": True}, "add: a is a boolean, not number"),
        ({"a": 1, "b": 2.0}, "add: b is a number, not integer"),
        ({"a": 1, "c": 2}, "add: c is unknown"),
        ({"a": None}, "add: a is null, not number"),
        ({"a": 1, "unit": "kg"}, "add: unit is 'kg', which is not one of its choices"),
    ],
)
def test_argument_types(arguments, note):
    score = tools.argument_types(call(**arguments), [{"type": "function", "function": TOOL}])
    assert (score.value, score.note) == (float(note is None), note)


def test_every_call_must_fit_and_there_must_be_one():
    assert tools.argument_types("add(a=1)\nadd(a='x')", [TOOL]).parts == {"calls": 0.5}
    assert tools.argument_types("add(a=1)\nadd(a='x')", [TOOL]).value == 0.0
    assert (
        tools.argument_types("add(a=1)\nother()", [TOOL]).note == "other is not a tool of this row"
    )
    assert tools.argument_types("It is 3.", [TOOL]).note == "no call"


def test_types_go_by_many_names():
    assert kinds_of({"type": "List[int]"}) == {"array"}
    assert kinds_of({"type": "str, optional"}) == {"string"}
    assert kinds_of({"type": ["integer", "null"]}) == {"integer", "null"}
    assert kinds_of({"type": "unheard of"}) == kinds_of({}) == kinds_of(True) == frozenset()
    bare = tools_by_name([{"name": "f", "parameters": {"q": {"type": "str"}}}])
    assert bare == {"f": {"properties": {"q": {"type": "str"}}}}


def test_items_and_members_are_looked_at():
    schema = {
        "type": "dict",
        "properties": {"xs": {"type": "tuple", "items": {"type": "float"}}},
        "required": ["xs"],
        "additionalProperties": False,
    }
    assert list(type_problems({"xs": [1, 2.5]}, schema, "a")) == []
    assert list(type_problems({"xs": ["1"]}, schema, "a")) == ["a.xs[0] is a string, not number"]
    assert list(type_problems({"y": 1}, schema, "a")) == ["a.xs is missing", "a.y is unknown"]


# --- ReAct ----------------------------------------------------------------------------------------

STEP = 'Thought: look\nAction: add\nAction Input: {"a": 1}\n'


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (STEP, None),
        (STEP + STEP, None),
        (f"{STEP}Thought: done\nFinal Answer: 3", None),
        ("<think>look</think>\nAction: add\nAction Input: {}", None),
        ("I look.\nAction: add\nAction Input: {}", None),
        ("<think>look</think>\n" + STEP, None),
        ("", "no Action"),
        ("Thought: x\nFinal Answer: 3", "no Action"),
        ("Action: add\nAction Input: {}", "an Action without Thought"),
        ("Thought: x\nAction Input: {}\nAction: add", "an Action Input without Action"),
        ("Thought: x\nAction: add", "ends in Action"),
        (STEP + "Thought: more", "ends in Thought"),
        (STEP + "Final Answer: 3", "a Final Answer without Thought"),
        ("Thought:\nAction: add\nAction Input: {}", "a Thought that is empty"),
        ("Thought: x\nAction: sub\nAction Input: {}", "'sub' is not a tool of this row"),
        ("Thought: x\nAction: add\nAction Input: 1", "an Action Input that is not a JSON mapping"),
    ],
)
def test_react_steps(text, note):
    score = tools.react_steps(text, [TOOL])
    assert (score == 1.0) if note is None else (score.value, score.note) == (0.0, note)


def test_exploit_an_observation_that_the_model_made_up():
    text = f"{STEP}Observation: 3\nThought: done\nFinal Answer: 3"
    assert tools.react_steps(text).note == "an Observation that the model made up"
    assert tools.react_steps(text, observations=True) == 1.0
    assert tools.react_steps(STEP + STEP, observations=True).note == "a Thought after Action Input"


def test_free_text_as_input():
    text = "Thought: x\nAction: search\nAction Input: tall trees"
    assert tools.react_steps(text).value == 0.0
    assert tools.react_steps(text, json_input=False) == 1.0


# --- loops ----------------------------------------------------------------------------------------


def test_loops_are_counted_over_turns():
    turn = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}
    messages = [{"role": "user", "content": "go"}, turn, {"role": "tool", "content": "no"}]
    assert tools.action_loops("f()", messages).value == 0.0
    assert tools.action_loops("f()", messages, allowed=1) == 1.0
    assert tools.action_loops("g()", messages) == 1.0
    assert tools.action_loops("f()", [*messages, {"role": "user", "content": "again"}]) == 1.0
    written = {"role": "assistant", "content": "<tool_call>" + call(a=1) + "</tool_call>"}
    assert tools.action_loops("add(a=1)", [messages[0], written]).value == 0.0


def test_loops_ignore_the_order_of_arguments():
    score = tools.action_loops("[f(a=1, b=2), f(b=2, a=1), f(a=2, b=1), g()]")
    assert (score.value, score.note) == (0.75, "1 of 4 calls repeat, f first")
    assert tools.action_loops("no call") == 1.0
    with pytest.raises(ConfigError):
        tools.action_loops("f()", allowed=-1)
