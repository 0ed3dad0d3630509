"""Tool rules on published calls and on mechanical mutations of them.

Gold calls must earn 1.0, every neutral mutation too; every breaking one must earn less.
``python -m benchmarks tools``.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.harness import rows, table, write
from plaudit.rules import tools as rule
from plaudit.toolcalls.types import kinds_of, properties_of, tools_by_name

Calls = list[dict[str, Any]]
RULES = ("equal", "graded")
FILES = ("tool_calls_bfcl", "tool_calls_glaive_en")


class Case(NamedTuple):
    """Expected calls, the tools of the row, and whose row it is."""

    id: str
    calls: Calls
    tools: Any


def cases(name: str) -> Iterator[Case]:
    """The rows of a file with their calls; a dialogue's calls also together, as parallel ones."""
    for row in rows(f"{name}.jsonl"):
        if "tool_calls" in row:
            yield Case(row["id"], [_decoded(call) for call in row["tool_calls"]], row["tools"])
            continue
        turns = [t["value"] for t in row["conversations"] if t["from"] == "function_call"]
        calls = [json.loads(turn) for turn in turns]
        yield from (Case(f"{row['id']}#{i}", [c], row["tools"]) for i, c in enumerate(calls))
        if len(calls) > 1:
            yield Case(f"{row['id']}#all", calls, row["tools"])


def _decoded(call: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": call["name"], "arguments": json.loads(call["arguments"])}


# --- how calls are written ------------------------------------------------------------------------


def hermes(calls: Calls) -> str:
    return "\n".join(f"<tool_call>\n{json.dumps(c)}\n</tool_call>" for c in calls)


def glaive(calls: Calls) -> str:
    """Arguments as a JSON text in single quotes, as Glaive writes them."""
    return "\n".join(
        f'<functioncall> {{{_named(c)}, "arguments": {_quoted(c)}}} <|endoftext|>' for c in calls
    )


def _named(call: Mapping[str, Any]) -> str:
    return f'"name": {json.dumps(call["name"])}'


def _quoted(call: Mapping[str, Any]) -> str:
    text = json.dumps(call["arguments"]).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def openai(calls: Calls) -> str:
    listed = [
        {"type": "function", "function": {**c, "arguments": json.dumps(c["arguments"])}}
        for c in calls
    ]
    return json.dumps({"tool_calls": listed})


def fenced(calls: Calls) -> str:
    return f"I will call this:\n```json\n{json.dumps(calls, indent=2)}\n```\n"


def python(calls: Calls) -> str:
    written = (
        f"{c['name']}({', '.join(f'{k}={v!r}' for k, v in c['arguments'].items())})" for c in calls
    )
    return f"[{', '.join(written)}]"


def react(calls: Calls) -> str:
    return "\n".join(
        f"Thought: so\nAction: {c['name']}\nAction Input: {json.dumps(c['arguments'])}"
        for c in calls
    )


FORMATS: Mapping[str, Callable[[Calls], str]] = {
    f.__name__: f for f in (hermes, glaive, openai, fenced, python, react)
}

# --- mutations: each yields changed calls ---------------------------------------------------------


def wrong_name(case: Case) -> Iterator[Calls]:
    others = [n for n in tools_by_name(case.tools) if n != case.calls[0]["name"]]
    for name in (*others, case.calls[0]["name"] + "_", case.calls[0]["name"].upper()):
        yield [{**case.calls[0], "name": name}, *case.calls[1:]]


def missing_call(case: Case) -> Iterator[Calls]:
    for i in range(len(case.calls)):
        yield case.calls[:i] + case.calls[i + 1 :]


def extra_call(case: Case) -> Iterator[Calls]:
    yield [*case.calls, case.calls[0]]
    yield [*case.calls, {"name": "another_tool", "arguments": {}}]


def missing_argument(case: Case) -> Iterator[Calls]:
    for changed, arguments, key in _each_argument(case):
        del arguments[key]
        yield changed


def extra_argument(case: Case) -> Iterator[Calls]:
    changed = copy.deepcopy(case.calls)
    changed[0]["arguments"]["another_argument"] = 1
    yield changed


def renamed_argument(case: Case) -> Iterator[Calls]:
    for changed, arguments, key in _each_argument(case):
        arguments[f"{key}_"] = arguments.pop(key)
        yield changed


def wrong_type(case: Case) -> Iterator[Calls]:
    for changed, arguments, key in _each_argument(case):
        arguments[key] = _retyped(arguments[key])
        yield changed


def wrong_value(case: Case) -> Iterator[Calls]:
    for changed, arguments, key in _each_argument(case):
        arguments[key] = _changed(arguments[key])
        yield changed


def reordered_calls(case: Case) -> Iterator[Calls]:
    yield case.calls[::-1]


def reordered_keys(case: Case) -> Iterator[Calls]:
    yield [{k: _turned(c[k]) for k in reversed(c)} for c in case.calls]


def number_spelling(case: Case) -> Iterator[Calls]:
    """1 for 1.0 and 1.0 for 1 where the schema says number."""
    for changed, arguments, key in _each_argument(case):
        if _kinds(case, changed, arguments, key) == {"number"}:
            arguments[key] = _respelled(arguments[key])
            yield changed


BREAKING = (
    wrong_name,
    missing_call,
    extra_call,
    missing_argument,
    extra_argument,
    renamed_argument,
    wrong_type,
    wrong_value,
)
TYPED = ("gold, hermes", "wrong_type", "extra_argument")
NEUTRAL = (reordered_calls, reordered_keys, number_spelling)


def _each_argument(case: Case) -> Iterator[tuple[Calls, dict[str, Any], str]]:
    for i, call in enumerate(case.calls):
        for key in call["arguments"]:
            changed = copy.deepcopy(case.calls)
            yield changed, changed[i]["arguments"], key


def _kinds(case: Case, changed: Calls, arguments: Mapping[str, Any], key: str) -> frozenset[str]:
    name = next(c["name"] for c in changed if c["arguments"] is arguments)
    return kinds_of(properties_of(tools_by_name(case.tools).get(name)).get(key))


def _retyped(value: Any) -> Any:
    """The same content in another type: 5 as "5", "5" as ["5"], [5] as "[5]", true as 1."""
    if isinstance(value, bool):
        return int(value)
    return [value] if isinstance(value, str) else json.dumps(value)


def _changed(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return value + " and more"
    if isinstance(value, list):
        return [*value[:-1], _changed(value[-1])] if value else [0]
    if isinstance(value, dict):
        first = next(iter(value), "")
        return {**value, first: _changed(value.get(first))}
    return "not null"


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _turned(value[k]) for k in reversed(value)}
    return [_turned(v) for v in value] if isinstance(value, list) else value


def _respelled(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return float(value) if isinstance(value, int) else int(value) if value.is_integer() else value


def white_space(text: str) -> str:
    """More white space where none of the formats minds it."""
    return f"\n \n{text}\n\n"


# --- the table ------------------------------------------------------------------------------------


class Line(NamedTuple):
    """How the responses of one sort of change score with one rule."""

    file: str
    rule: str
    change: str
    num_responses: int
    num_at_1: int
    mean: float
    highest: float

    @property
    def is_met(self) -> bool:
        """Gold and neutral changes earn 1.0, breaking ones less; see `exceptions` for types."""
        if self.change in {mutate.__name__ for mutate in BREAKING}:
            return self.highest < 1
        return self.num_at_1 == self.num_responses or self.rule == "argument_types"


def measured(name: str) -> list[Line]:
    """One line for each rule and each sort of change."""
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for case in cases(name):
        for change, text in variants(case):
            for fn in RULES:
                score = getattr(rule, fn)(text, case.calls, case.tools)
                values[fn, change].append(score.value)
            if change in TYPED:
                score = rule.argument_types(text, case.tools)
                values["argument_types", change].append(score.value)
    return [
        Line(name, fn, change, len(s), s.count(1.0), sum(s) / len(s), max(s))
        for (fn, change), s in values.items()
    ]


def exceptions(name: str) -> Iterator[str]:
    """Published calls that do not fit their own schema, with the reason."""
    for case in cases(name):
        score = rule.argument_types(hermes(case.calls), case.tools)
        if score.value < 1:
            yield f"{case.id}: {score.note}"


def variants(case: Case) -> Iterator[tuple[str, str]]:
    """The name of each change beside the response that has it."""
    for fmt, written in FORMATS.items():
        yield f"gold, {fmt}", written(case.calls)
    yield "white_space", white_space(hermes(case.calls))
    yield "white_space", white_space(json.dumps(case.calls, indent=3))
    for mutate in (*NEUTRAL, *BREAKING):
        for changed in mutate(case):
            yield mutate.__name__, hermes(changed)


def main(argv: Sequence[str]) -> int:
    """Prints a table for each file, writes results/tools.json; 1 where a bar is missed."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    lines = [line for name in FILES for line in measured(name)]
    print(table(Line._fields, lines))
    for name in FILES:
        for problem in exceptions(name):
            print(f"the published call does not fit its schema: {problem}")
    write("tools", lines)
    missed = [line for line in lines if not line.is_met]
    print(f"bars missed: {missed}" if missed else "every bar is met")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
