"""Whether the tool calls of a response are the expected ones, well typed, in ReAct form, not a
loop.

Calls are read from the turns of the response where it has `tool_calls`, else from its text: the
formats of the model families (`toolcalls.formats` lists them), ReAct lines, JSON, ``f(a=1)`` and
fenced blocks. In formats that carry only text (Qwen3-Coder, GLM, MiniMax), a value has the type
that `tools` declares; without `tools` it is JSON if it parses as JSON, else text. The think block
is ignored; a marked call that cannot be read counts as a wrong one. Nothing is ever run.

`expected_calls` (or the column `tool_calls`, `reference` or `ground_truth`) is a list of calls, or
a text that contains them, or BFCL's possible answers, where each argument has a list of right
values and "" among them makes it optional. An empty list means that no call is expected. `tools` is
the list of tool schemas, or its JSON text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from plaudit.errors import ConfigError
from plaudit.text.literals import read_json
from plaudit.text.think import split
from plaudit.toolcalls.matching import ArgumentPolicy, CallMatch, match
from plaudit.toolcalls.read import ToolCall, calls_of, gold_calls, react_fields
from plaudit.toolcalls.types import member_problems, tools_by_name
from plaudit.types import Message, Range, Score

__all__ = ["action_loops", "argument_types", "equal", "graded", "react_steps"]

ExtraArguments = Literal["forbid", "ignore", "defaults"]
Strings = Literal["exact", "bfcl"]

_CALL = {"name": "add", "arguments": {"a": 6, "b": 7}}
_TOOL = {
    "name": "add",
    "parameters": {"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
}
EXAMPLES = {
    "equal": {"columns": {"expected_calls": [_CALL], "tools": [_TOOL]}},
    "graded": {"columns": {"expected_calls": [_CALL], "tools": [_TOOL]}},
    "argument_types": {"columns": {"tools": [_TOOL]}},
    "react_steps": {"columns": {"tools": [_TOOL]}},
}
_BFCL_DROPPED = str.maketrans({**dict.fromkeys(" ,./-_*^"), "'": '"'})


def equal(
    response: str,
    expected_calls: Any,
    tools: Any = None,
    response_messages: Sequence[Message] = (),
    *,
    extra_arguments: ExtraArguments = "forbid",
    strings: Strings = "exact",
    in_order: bool = False,
) -> Annotated[Score, Range(0, 1)]:
    """1 if the calls of the response are the expected ones, one to one, else 0.

    The order of calls and of arguments does not matter (unless `in_order`, for calls). Values are
    equal as in JSON: 1 is 1.0, but not where `tools` declares an integer, and never "1" or true;
    `strings="bfcl"` compares text without case, white space and ``,./-_*^``, as BFCL's checker does
    (gorilla, bfcl_eval/eval_checker/ast_eval). Extra arguments are wrong ("forbid"), ignored
    ("ignore"), or optional if they have the default that `tools` declares ("defaults"). The parts
    are those of `graded`.

    Raises: DataError if `expected_calls` or `tools` do not parse.

    >>> gold = [{"name": "add", "arguments": {"a": 1, "b": 2}}]
    >>> equal("add(b=2, a=1)", gold).value, equal("add(b=2, a='1')", gold).note
    (1.0, "add: a is '1', not 1")
    """
    policy = _policy(extra_arguments, strings)
    outcome = _matched(response, expected_calls, tools, response_messages, policy, in_order)
    return Score(float(outcome.share == 1.0), _parts(outcome), note=outcome.problem or None)


def graded(
    response: str,
    expected_calls: object,
    tools: object = None,
    response_messages: Sequence[Message] = (),
    *,
    low: float = 0.0,
    high: float = 1.0,
    extra_arguments: ExtraArguments = "forbid",
    strings: Strings = "exact",
) -> Annotated[Score, Range("low", "high")]:
    """How much of the expected calls the response makes, from `low` (nothing) to `high` (`equal`).

    ``low + (high - low) * (names + keys + values) / (1 + calls + arguments)``: the correctness
    reward of ToolRL (arXiv 2504.13958, section 3.3; there `low` is -3, `high` 3). `names` is the
    Jaccard index of the multisets of tool names, `keys` the sum over the expected calls of the
    Jaccard index of argument names, `values` the number of arguments with the right value; calls
    are matched with expected calls of the same name by the best assignment. The parts are each of
    the three over its maximum. Parameters as in `equal`. A right name alone earns something: use
    `equal`, or a gate, if a wrong call does harm.

    Raises: DataError as `equal`; ConfigError where `low` is not below `high`.

    >>> gold = [{"name": "add", "arguments": {"a": 1, "b": 2}}]
    >>> graded("add(a=1, b=3)", gold).value, graded("add(a=1)", gold, low=-3, high=3).value
    (0.75, 0.75)
    """
    if not low < high:
        raise ConfigError(f"graded: low={low!r} must be below high={high!r}")
    policy = _policy(extra_arguments, strings)
    outcome = _matched(response, expected_calls, tools, response_messages, policy, False)
    value = high if outcome.share == 1.0 else low + (high - low) * outcome.share
    return Score(value, _parts(outcome), note=outcome.problem or None)


def argument_types(
    response: str, tools: object, response_messages: Sequence[Message] = ()
) -> Annotated[Score, Range(0, 1)]:
    """1 if there is a call and every call fits the schema of its tool, else 0.

    A call fits if its tool is in `tools`, no required argument is missing, none is unknown, and
    types, ``enum``, ``items`` and members are as declared. Types go by the names of JSON schema, of
    BFCL (dict, float, tuple) and of Python. An integer is a number, 1.0 is not an integer, true is
    neither; other keywords of JSON schema are for `structured.schema`. The part `calls` is the
    share of calls that fit. For whether the call is the right one, see `equal`.

    Raises: DataError for `tools` that do not parse.

    >>> tools = [{"name": "add", "parameters": {"properties": {"a": {"type": "float"}}}}]
    >>> argument_types("add(a=1)", tools).value, argument_types("add(a='1')", tools).note
    (1.0, 'add: a is a string, not number')
    """
    schemas = tools_by_name(tools)
    calls = calls_of(response, response_messages, schemas)
    problems = [next(_call_problems(call, schemas), "") for call in calls]
    share = problems.count("") / (len(problems) or 1)
    note = next(filter(None, problems), None) if calls else "no call"
    return Score(float(share == 1.0), {"calls": share}, note=note)


def react_steps(
    response: str, tools: object = None, *, json_input: bool = True, observations: bool = False
) -> Annotated[float | Score, Range(0, 1)]:
    """1 if the response consists of ReAct's steps, else 0.

    ``Thought:``, ``Action:``, ``Action Input:``, as often as there are actions, then nothing or
    ``Thought:`` and ``Final Answer:`` (arXiv 2210.03629; the labels of LangChain and ToolBench). A
    think block, or text before the first action, counts as its thought. No field is empty, the
    action is in `tools` if the row has them, and its input is a JSON mapping (`json_input`). The
    model may not write ``Observation:``, since it would invent the tool's output;
    `observations=True` is for a whole trajectory in one text, where each action has one.

    Raises: DataError for `tools` that do not parse.

    >>> react_steps('Thought: look it up\\nAction: find\\nAction Input: {"q": "x"}')
    1.0
    >>> react_steps("Action: find\\nAction Input: {}").note
    'an Action without Thought'
    """
    thought = split(response)
    fields = react_fields(thought.answer.strip())
    names = None if tools is None else tools_by_name(tools)
    problem = (
        _order_problem(fields, bool(thought.think.strip()), observations)
        or next(_field_problems(fields, names, json_input), "")
        if fields
        else "no Action"
    )
    return Score(0.0, note=problem) if problem else 1.0


def action_loops(
    response: str,
    messages: Sequence[Message] = (),
    response_messages: Sequence[Message] = (),
    *,
    allowed: int = 0,
) -> Annotated[float | Score, Range(0, 1)]:
    """The share of calls, from 0 to 1, that do not repeat an earlier call; 1 without calls.

    A call repeats if a call of the same name and arguments was made more than `allowed` times
    before: in the response, or by the assistant in `messages` since the last user turn. After the
    action loop detection of OpenJudge (which compares all pairs, and penalises a loop only once).
    Polling a tool is a legitimate repeat: set `allowed`. Changing an irrelevant argument evades the
    rule.

    >>> action_loops("[find(q='x'), find(q='x'), find(q='y')]").value
    0.6666666666666667
    """
    if allowed < 0:
        raise ConfigError(f"action_loops: allowed={allowed!r} must not be negative")
    counts = Counter(_key(call) for call in _earlier_calls(messages))
    calls = calls_of(response, response_messages)
    repeated = ""
    num_repeats = 0
    for call in calls:
        key = _key(call)
        if counts[key] > allowed:
            num_repeats += 1
            repeated = repeated or call.name or "a call that cannot be read"
        counts[key] += 1
    if not num_repeats:
        return 1.0
    note = f"{num_repeats} of {len(calls)} calls repeat, {repeated[:40]} first"
    return Score(1 - num_repeats / len(calls), note=note)


# --- expected calls -------------------------------------------------------------------------------


def _policy(extra_arguments: str, strings: str) -> ArgumentPolicy:
    if extra_arguments not in ("forbid", "ignore", "defaults"):
        raise ConfigError(
            f"extra_arguments={extra_arguments!r} must be 'forbid', 'ignore' or 'defaults'"
        )
    if strings not in ("exact", "bfcl"):
        raise ConfigError(f"strings={strings!r} must be 'exact' or 'bfcl'")
    return (
        ArgumentPolicy(extra_arguments)
        if strings == "exact"
        else ArgumentPolicy(extra_arguments, _bfcl_equal)
    )


def _matched(
    response: str,
    expected: object,
    tools: object,
    messages: Sequence[Message],
    policy: ArgumentPolicy,
    in_order: bool,
) -> CallMatch:
    schemas = {} if tools is None else tools_by_name(tools)
    gold = gold_calls(expected, "expected_calls", schemas)
    calls = calls_of(response, messages, schemas)
    return match(calls, gold, schemas, policy, is_ordered=in_order)


def _parts(outcome: CallMatch) -> dict[str, float]:
    reached = (outcome.names, outcome.keys, outcome.values)
    return {
        name: one / most if most else 1.0
        for name, one, most in zip(("names", "keys", "values"), reached, outcome.most, strict=True)
    }


def _bfcl_equal(one: str, two: str) -> bool:
    return _bfcl_form(one) == _bfcl_form(two)


def _bfcl_form(text: str) -> str:
    return text.translate(_BFCL_DROPPED).lower()


# --- types ----------------------------------------------------------------------------------------


def _call_problems(call: ToolCall, schemas: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    if call.problem:
        yield f"a call that cannot be read: {call.problem}"
    elif call.name not in schemas:
        yield f"{call.name[:40]} is not a tool of this row"
    else:
        schema = schemas[call.name]
        problems = member_problems(call.arguments, schema, is_closed=True)
        yield from (f"{call.name}: {problem}" for problem in problems)


# --- ReAct ----------------------------------------------------------------------------------------


def _order_problem(fields: Sequence[tuple[str, str]], is_thought: bool, observed: bool) -> str:
    """What is wrong with the order of the labels; empty if nothing is."""
    before = "Thought" if is_thought or fields[0][1] else ""
    predecessors = {
        "Thought": ("", "Action Input", "Observation") if not observed else ("", "Observation"),
        "Action": ("Thought",),
        "Action Input": ("Action",),
        "Observation": ("Action Input",) if observed else (),
        "Final Answer": ("Thought",),
    }
    for label, _ in fields[1:]:
        is_opening = label == "Thought" and before == "Thought" and is_thought
        if before not in predecessors[label] and not is_opening:
            return f"{_article(label)} {_lack(label, before, observed)}"
        is_thought = False
        before = label
    return f"ends in {before}" if before in ("Thought", "Action", "Observation") else ""


def _article(label: str) -> str:
    return f"{'an' if label[0] in 'AO' else 'a'} {label}"


def _lack(label: str, before: str, observed: bool) -> str:
    if label == "Observation" and not observed:
        return "that the model made up"
    needed = {"Action": "Thought", "Action Input": "Action", "Final Answer": "Thought"}
    return f"without {needed[label]}" if label in needed else f"after {before or 'nothing'}"


def _field_problems(
    fields: Sequence[tuple[str, str]], names: Mapping[str, object] | None, json_input: bool
) -> Iterator[str]:
    for label, text in fields[1:]:
        if not text:
            yield f"{_article(label)} that is empty"
        elif label == "Action" and names is not None and text not in names:
            yield f"{text[:40]!r} is not a tool of this row"
        elif label == "Action Input" and json_input and not _is_mapping(text):
            yield "an Action Input that is not a JSON mapping"


def _is_mapping(text: str) -> bool:
    try:
        return isinstance(read_json(text), dict)
    except ValueError:
        return False


# --- loops ----------------------------------------------------------------------------------------


def _earlier_calls(messages: Sequence[Message]) -> Iterator[ToolCall]:
    """The assistant's calls since the last user turn."""
    last = max((i for i, m in enumerate(messages) if m.get("role") == "user"), default=-1)
    if turns := messages[last + 1 :]:
        yield from calls_of("", turns)


def _key(call: ToolCall) -> str:
    """A key that is equal for equal calls, whatever the order of arguments."""
    return json.dumps([call.name, call.problem, call.arguments], sort_keys=True, default=str)
