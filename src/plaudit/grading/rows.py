"""Published rows of code problems, read into one form.

Each layout is one function below, under the columns that tell it; the first that fits reads the
row. A column may be parsed already or be JSON text. How answers compare, and what precedes a
program, is the layout's business: `plaudit.grading.layouts`.

| layout | columns | published by |
|---|---|---|
| open-r1, SYNTHETIC-1 | verification_info {language, test_cases} | verifiable coding problems |
| LiveCodeBench | public_test_cases, private_test_cases, metadata | LiveCodeBench code_generation |
| Codeforces | official_tests, generated_checker | open-r1/codeforces |
| EvalPlus | base_input, plus_input, base_output, plus_output | evalplus HumanEval+, MBPP+ |
| CodeContests | public_tests, private_tests, generated_tests | deepmind/code_contests |
| APPS, TACO | input_output {inputs, outputs, fn_name} | codeparrot/apps, BAAI/TACO |
| MBPP | test_list, challenge_test_list, test_setup_code, test_imports | google-research |
| AceCode | test_cases: assertions, or cases | TIGER-Lab AceCode |
| rllm, KodCode, own | tests: cases, assertions or test code | rllm, DeepCoder, PRIME-RL; plaudit |
| HumanEval, KodCode | test, entry_point or test_info | openai/human-eval, KodCode |
| LeetCodeDataset | test, entry_point "Solution().f" | newfacade/LeetCodeDataset |
| PRIME, verl | ground_truth {inputs, outputs, fn_name} or {assert_case} | PRIME-RL/Eurus, verl |
| NeMo Gym | verifier_metadata {unit_tests {inputs, outputs, fn_name}} | NVIDIA-NeMo/Gym |
| rStar-Coder | inputs, outputs, func_name, class_name | microsoft/rStar-Coder |
"""

from __future__ import annotations

import ast
import base64
import json
import math
import pickletools
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from plaudit.errors import DataError, clipped
from plaudit.grading.asserts import calls_of
from plaudit.grading.extract import helpers, is_prelude
from plaudit.grading.layouts import LAYOUTS, RowLayout
from plaudit.grading.problem import (
    AssertProblem,
    CallProblem,
    CallTest,
    Oracle,
    Problem,
    StdioProblem,
    StdioTest,
    Style,
)

__all__ = ["problem_of"]

_TOLERANCE = 1e-6
_MOST_BYTES = 1 << 29
_PIECE = 4000
_MOST_DIGITS = 200_000
_STRINGS = ("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE")
_FRAMING = ("PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT", "STOP")
_CALL_TYPES = ("functional", "function_call", "call", "call_based", "function")
_STDIN_TYPES = ("stdin", "stdin_stdout", "stdio", "standard_input")
_UNITTEST = re.compile(r"^class[ \t]+\w+[ \t]*\([^)\n]*TestCase[^)\n]*\)", re.MULTILINE)
_PYTEST = re.compile(r"^(?:def[ \t]+test|class[ \t]+Test)", re.MULTILINE)
_CHECK = re.compile(r"^def[ \t]+check[ \t]*\(", re.MULTILINE)
_CHECKED = re.compile(r"^check[ \t]*\(", re.MULTILINE)
_TACO = (
    "time_limit",
    "memory_limit",
    "skill_types",
    "raw_tags",
    "picture_num",
    "Expected Time Complexity",
    "Expected Auxiliary Space",
)
_METHOD = re.compile(r"^Solution\(\)\.(?=\w+$)")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"[ \t]*([0-9]+(?:\.[0-9]+)?)")

Columns = Mapping[str, object]


def problem_of(columns: Columns) -> Problem:
    """The problem of a row, in whichever published layout it is (see the head of this file).

    Assertions become call tests where all of them can (`calls_of`), else test code.

    Raises: DataError naming the column where tests are missing, empty or malformed.

    >>> problem_of({"tests": [{"input": "1", "output": "2"}]}).tests
    (StdioTest(input='1', output='2', group='', points=1.0),)
    >>> problem_of({"test_list": []})
    Traceback (most recent call last):
    plaudit.errors.DataError: field 'test_list': no tests
    """
    if columns.get("test") is not None and _METHOD.match(str(columns.get("entry_point"))):
        return _leetcode(columns)
    for names, read in _LAYOUTS:
        if any(columns.get(name) is not None for name in names):
            return read(columns)
    if columns.get("inputs") is not None and columns.get("outputs") is not None:
        return _rstar(columns)
    layout_columns = ", ".join(name for names, _ in _LAYOUTS for name in names)
    raise DataError(f"missing column; tests are read from one of {layout_columns}", field="tests")


def _open_r1(columns: Columns) -> Problem:
    """`verification_info`: {language, test_cases: [{input, output, type, fn_name}]}.

    SYNTHETIC-1 writes it as a Python literal. Its rows on mathematics have another content.
    """
    field = "verification_info"
    info = _mapping(_literal(columns[field]), field)
    if info.get("test_cases") is None:
        raise DataError(
            f"no test cases (a row of another kind?): {clipped(dict(info))}",
            field=f"{field}.test_cases",
        )
    cases = _list(_literal(info["test_cases"]), f"{field}.test_cases")
    layout = LAYOUTS["verifiable coding problems"]
    return _cases(cases, {**columns, **info}, field=field, layout=layout)


def _ioi(columns: Columns) -> Problem:
    """open-r1/ioi: its tests lie in other rows, and its graders are programs to compile."""
    raise DataError(
        "rows of open-r1/ioi name tests that lie elsewhere (open-r1/ioi-test-cases) and are graded"
        " by compiled graders; they are not read. Join the tests and give them as `tests`, a list"
        " of {input, output, subtask, points}",
        field="grader_files" if columns.get("grader_files") is not None else "test_names",
    )


def _livecodebench(columns: Columns) -> Problem:
    """Two JSON columns of {input, output, testtype}; the private one may be packed."""
    cases: list[object] = []
    for field in ("public_test_cases", "private_test_cases"):
        value = columns.get(field)
        if value is not None and value != "":
            cases += _list(_unpacked(value, field), field)
    layout = LAYOUTS["LiveCodeBench"]
    return _cases(cases, columns, field="public_test_cases", layout=layout)


def _codeforces(columns: Columns) -> Problem:
    """`official_tests`: [{input, output}], with a checker program where answers are many."""
    if columns.get("input_mode") not in (None, "", "stdio"):
        raise DataError("the program reads a file; only stdio is graded", field="input_mode")
    layout = LAYOUTS["Codeforces"]
    tests = _list(columns["official_tests"], "official_tests")
    problem = _cases(tests, columns, "official_tests", layout)
    checker = columns.get("generated_checker") or ""
    return StdioProblem(
        cast(StdioProblem, problem).tests,
        checker=_text(checker, "generated_checker"),
        layout=layout,
        **_limits(columns),
    )


def _evalplus(columns: Columns) -> Problem:
    """`base_input` and `plus_input`, lists of argument lists; the outputs must be beside them.

    The published files hold inputs and a solution, no outputs; running it is not a reader's task.
    """
    outputs = [columns.get(f"{part}_output") for part in ("base", "plus")]
    if outputs == [None, None]:
        if columns.get("test") is not None:
            return _test(columns)
        raise DataError(
            "missing column; EvalPlus rows need base_output (and plus_output): run the row's "
            "canonical_solution on base_input and plus_input once and add the results",
            field="base_output",
        )
    entry = _entry(columns) or _missing("entry_point")
    atol = columns.get("atol") or 0.0
    if isinstance(atol, bool) or not isinstance(atol, int | float) or not 0 <= atol < math.inf:
        raise DataError(f"expected a number >= 0, found {clipped(atol)}", field="atol")
    source = str(columns.get("task_id") or "").partition("/")[0].lower()
    tests = [
        _evalplus_oracle(test, entry, source)
        for part in ("base", "plus")
        for test in _evalplus_part(columns, part)
    ]
    layout = LAYOUTS["EvalPlus"]
    return _call_problem(entry, tests, columns, "base_input", layout, tolerance=float(atol))


def _evalplus_part(columns: Columns, part: str) -> list[CallTest]:
    inputs = _list(columns.get(f"{part}_input") or [], f"{part}_input")
    outputs = _list(columns.get(f"{part}_output") or [], f"{part}_output")
    _same_length(inputs, outputs, f"{part}_output")
    return [
        CallTest(_arguments(arguments, f"{part}_input"), expected, group=part)
        for arguments, expected in zip(inputs, outputs, strict=True)
    ]


# evalplus/evalplus evalplus/eval/__init__.py, unsafe_execute, and evalplus/eval/_special_oracle.py
_ORACLES: Mapping[tuple[str, str], Oracle] = {
    ("mbpp", "are_equivalent"): "any",
    ("mbpp", "similar_elements"): "set",
    ("mbpp", "find_char_long"): "set",
    ("mbpp", "common_in_nested_lists"): "set",
    ("mbpp", "extract_singly"): "set",
    ("mbpp", "larg_nnum"): "set",
    ("mbpp", "intersection_array"): "set",
    ("mbpp", "find_dissimilar"): "set",
    ("mbpp", "Diff"): "set",
    ("mbpp", "check_str"): "presence",
    ("mbpp", "text_match_three"): "presence",
    ("mbpp", "text_starta_endb"): "presence",
    ("humaneval", "find_zero"): "root",
}


def _pyramid(arguments: tuple[Any, ...]) -> tuple[int, ...]:
    """Mbpp/581, its second argument read as the height of the pyramid, not of a side."""
    base, height = arguments
    return (round(base**2 + 2 * base * math.hypot(base / 2, height)),)


def _digits_apart(arguments: tuple[object, ...]) -> tuple[int, ...]:
    """Mbpp/558, digit by digit from the right; nothing for what has other signs than digits."""
    texts = [str(number) for number in arguments]
    size = max(map(len, texts))
    if not all(text.isdecimal() for text in texts):
        return ()
    pairs = zip(*(text.zfill(size) for text in texts), strict=True)
    return (sum(abs(int(a) - int(b)) for a, b in pairs),)


_ALSO_RIGHT: Mapping[tuple[str, str], Callable[[tuple[object, ...]], tuple[int, ...]]] = {
    ("mbpp", "sum_div"): lambda arguments: (0,),
    ("mbpp", "surface_Area"): _pyramid,
    ("mbpp", "digit_distance_nums"): _digits_apart,
}


def _evalplus_oracle(test: CallTest, entry: str, source: str) -> CallTest:
    """The tasks that EvalPlus decides by a rule of their own; `source` is "mbpp" or "humaneval"."""
    if (source, entry) in _ALSO_RIGHT:
        return replace(test, alternatives=_ALSO_RIGHT[source, entry](test.arguments))
    return replace(test, oracle=_ORACLES.get((source, entry), ""))


def _codecontests(columns: Columns) -> Problem:
    """Three columns of {input: [..], output: [..]}; the column is the group of its tests."""
    if columns.get("input_file") or columns.get("output_file"):
        raise DataError("the program reads a file; only stdin is graded", field="input_file")
    tests: list[StdioTest] = []
    for field in ("public_tests", "private_tests", "generated_tests"):
        value = columns.get(field)
        if value is not None:
            tests += _stdio_pairs(_mapping(value, field), "input", "output", field, group=field)
    return _stdio_problem(tests, columns, "public_tests", LAYOUTS["CodeContests"])


def _apps(columns: Columns) -> Problem:
    """`input_output`: {inputs, outputs, fn_name}; TACO has columns that APPS has not."""
    field = "input_output"
    layout = LAYOUTS["TACO" if any(name in columns for name in _TACO) else "APPS"]
    return _inputs_outputs(_mapping(columns[field], field), columns, field, layout)


def _prime(columns: Columns) -> Problem:
    """`ground_truth`, by itself or in `reward_model`: {inputs, outputs, fn_name}, {assert_case}."""
    field = "ground_truth"
    value = columns.get(field)
    if value is None:
        value = _mapping(columns["reward_model"], "reward_model").get(field)
    value = _parsed(value, field)
    if isinstance(value, list):
        return _tests_in(value, columns, field)
    truth = _mapping(value, field)
    if truth.get("assert_case") is not None:
        return _tests_in(truth["assert_case"], {**columns, **truth}, field)
    return _inputs_outputs(truth, columns, field, LAYOUTS["verl"])


def _nemo_gym(columns: Columns) -> Problem:
    """`verifier_metadata`: {unit_tests: {inputs, outputs, fn_name}}, graded by LiveCodeBench's."""
    field = "verifier_metadata"
    tests = _mapping(_mapping(columns[field], field).get("unit_tests"), f"{field}.unit_tests")
    layout = LAYOUTS["LiveCodeBench"]
    return _inputs_outputs(tests, columns, f"{field}.unit_tests", layout)


def _rstar(columns: Columns) -> Problem:
    """`inputs` and `outputs`, lists in JSON; `func_name` makes them calls."""
    value = {"inputs": columns["inputs"], "outputs": columns["outputs"]}
    value["fn_name"] = columns.get("func_name") or columns.get("fn_name")
    return _inputs_outputs(value, columns, "inputs", LAYOUTS["rStar-Coder"])


def _leetcode(columns: Columns) -> Problem:
    """`test` with an `entry_point` that is a method: LeetCodeDataset, whose prompt is a prelude."""
    layout, prompt = LAYOUTS["LeetCodeDataset"], columns.get("prompt")
    if isinstance(prompt, str) and is_prelude(prompt):
        layout = replace(layout, prelude=prompt)
    return _tests_in(columns["test"], columns, "test", layout)


def _mbpp(columns: Columns) -> Problem:
    """`test_list` and `challenge_test_list`, lists of assertions, with their setup."""
    if columns.get("test") is not None:
        return _test(columns)  # MBPP+ carries both; `test` holds more
    tests = _texts(columns.get("test_list"), "test_list")
    tests += _texts(columns.get("challenge_test_list") or [], "challenge_test_list")
    return _asserted(tests, columns, "test_list", LAYOUTS["MBPP"])


def _test_cases(columns: Columns) -> Problem:
    """`test_cases`: assertions (AceCode), or a list of {input, output}."""
    return _tests_in(columns["test_cases"], columns, "test_cases")


def _tests(columns: Columns) -> Problem:
    """`tests`: cases, {inputs, outputs}, assertions, or test code."""
    return _tests_in(columns["tests"], columns, "tests")


def _test(columns: Columns) -> Problem:
    """`test`: test code, HumanEval's with `entry_point`, KodCode's with `test_info`."""
    layout = LAYOUTS["HumanEval" if columns.get("entry_point") else "test code"]
    return _tests_in(columns["test"], columns, "test", layout)


_LAYOUTS: tuple[tuple[tuple[str, ...], Callable[[Columns], Problem]], ...] = (
    (("verification_info",), _open_r1),
    (("public_test_cases", "private_test_cases"), _livecodebench),
    (("official_tests",), _codeforces),
    (("base_input", "plus_input"), _evalplus),
    (("public_tests", "private_tests", "generated_tests"), _codecontests),
    (("input_output",), _apps),
    (("test_list",), _mbpp),
    (("test_cases",), _test_cases),
    (("tests",), _tests),
    (("test",), _test),
    (("grader_files", "test_names"), _ioi),
    (("ground_truth", "reward_model"), _prime),
    (("verifier_metadata",), _nemo_gym),
)


def _tests_in(
    value: object, columns: Columns, field: str, layout: RowLayout | None = None
) -> Problem:
    """A column that may hold any of the forms; `layout` is that of test code."""
    if isinstance(value, str):
        parsed = _json_or_none(value)
        if not isinstance(parsed, list | dict):
            parsed = _literal(value)
        if not isinstance(parsed, list | dict):
            return _asserted([value], columns, field, layout)
        value = parsed
    if isinstance(value, Mapping) and isinstance(value.get("functional"), str):
        return _asserted([value["functional"]], columns, field, LAYOUTS["LeetCodeDataset"])
    if isinstance(value, Mapping):
        return _inputs_outputs(value, columns, field, LAYOUTS["APPS"])
    items = _list(value, field)
    if all(isinstance(item, str) for item in items):
        return _asserted(cast("list[str]", items), columns, field, layout)
    return _cases(items, columns, field)


def _asserted(
    tests: Sequence[str], columns: Columns, field: str, layout: RowLayout | None = None
) -> Problem:
    """Test code: as call tests where it is nothing more."""
    text = "\n".join(tests)
    if not text.strip():
        raise DataError("no tests", field=field)
    layout = layout or LAYOUTS["test code"]
    entry, prompt = _entry(columns), _prompt(columns)
    setup = _setup(columns) or helpers(layout.prelude, "", text)
    setup = setup or helpers(prompt, entry or "", text)
    style = _style(text)
    whole = text
    if _CHECK.search(text) and not _CHECKED.search(text):
        entry = entry or _missing("entry_point")
        whole = f"{text}\n\ncheck({entry})\n"
    more = {"prompt": prompt, "layout": layout, **_limits(columns)}
    calls = None
    if style != "unittest" and more["language"] in (None, "python"):
        calls = calls_of(text, entry=entry, setup=setup, style=style)
    if calls is not None:
        return CallProblem(_METHOD.sub("", calls.entry), calls.tests, **more)
    return AssertProblem(whole, setup, style, entry and _METHOD.sub("", entry), **more)


def _style(text: str) -> Style:
    if _UNITTEST.search(text):
        return "unittest"
    is_called = re.search(r"^test\w*\(", text, re.MULTILINE)  # QuixBugs calls its own
    return "pytest" if _PYTEST.search(text) and not is_called else "assert"


def _inputs_outputs(
    value: Mapping[str, object], columns: Columns, field: str, layout: RowLayout
) -> Problem:
    """{inputs, outputs, fn_name}: with a function name they are calls, else stdin problems."""
    name = value.get("fn_name")
    if not name:
        tests = _stdio_pairs(value, "inputs", "outputs", field)
        return _stdio_problem(tests, columns, field, layout)
    inputs = _list(value.get("inputs"), f"{field}.inputs")
    outputs = _list(value.get("outputs"), f"{field}.outputs")
    _same_length(inputs, outputs, f"{field}.outputs")
    pairs = [_json_call(i, o, field) for i, o in zip(inputs, outputs, strict=True)]
    tests = _call_tests(pairs, layout)
    return _call_problem(_text(name, f"{field}.fn_name"), tests, columns, field, layout)


def _call_tests(
    pairs: Sequence[tuple[tuple[object, ...], object]], layout: RowLayout
) -> list[CallTest]:
    """LiveCodeBench never wraps an answer; APPS and its kin may."""
    if layout.values == "livecodebench":
        return [CallTest(*pair) for pair in pairs]
    return _unwrapped(pairs, layout.values == "apps")


def _cases(
    items: Sequence[object], columns: Columns, field: str, layout: RowLayout | None = None
) -> Problem:
    """A list of {input, output}, each of one type: standard input, or calls of one function."""
    rows = [_mapping(item, field) for item in items]
    if not rows:
        raise DataError("no tests", field=field)
    layout = layout or _layout_of(rows)
    kinds = {_kind(row, columns, field) for row in rows}
    if len(kinds) > 1:
        raise DataError("standard input and function calls in one problem", field=field)
    if kinds == {"stdin"}:
        return _stdio_problem([_stdio_case(row, field) for row in rows], columns, field, layout)
    names = {_case_entry(row) or _entry(columns) for row in rows}
    if len(names) > 1 or not (name := names.pop()):
        raise DataError("no function name, or several, for the calls", field=field)
    pairs = [
        _json_call(_needed(r, "input", field), _needed(r, "output", field), field) for r in rows
    ]
    # LiveCodeBench writes arguments and answer as JSON lines and never wraps them
    is_text = any(isinstance(row["input"], str) for row in rows)
    tests = [CallTest(*pair) for pair in pairs] if is_text else _call_tests(pairs, layout)
    return _call_problem(name, tests, columns, field, layout)


def _layout_of(rows: Sequence[Mapping[str, object]]) -> RowLayout:
    """Whose cases these are: LiveCodeBench's say `testtype`, PrimeIntellect's `type`."""
    if any(row.get("testtype") for row in rows):
        return LAYOUTS["LiveCodeBench"]
    if any(row.get("type") for row in rows):
        return LAYOUTS["verifiable coding problems"]
    return LAYOUTS["own cases"]


def _kind(row: Mapping[str, object], columns: Columns, field: str) -> str:
    kind = row.get("testtype") or row.get("type")
    if kind is None:
        is_call = row.get("fn_name") or columns.get("fn_name") or not _is_printed(row.get("input"))
        return "call" if is_call else "stdin"
    if kind in _CALL_TYPES:
        return "call"
    if kind in _STDIN_TYPES:
        return "stdin"
    raise DataError(f"expected stdin or functional tests, found type {clipped(kind)}", field=field)


def _is_printed(value: object) -> bool:
    """Whether a test's input is text, or lines of it: what a program can read."""
    return isinstance(value, str | int | float | None) or (
        isinstance(value, list) and all(isinstance(line, str) for line in value)
    )


def _stdio_case(row: Mapping[str, Any], field: str) -> StdioTest:
    group, points = row.get("group", row.get("subtask", "")), row.get("points", 1.0)
    is_number = isinstance(points, int | float) and not isinstance(points, bool)
    if not is_number or not 0 <= points < math.inf:
        raise DataError(f"expected points >= 0, found {clipped(points)}", field=field)
    return StdioTest(
        _printed(_needed(row, "input", field), f"{field}.input"),
        _printed(_needed(row, "output", field), f"{field}.output"),
        str(group if group is not None else ""),
        float(points),
    )


def _stdio_pairs(
    value: Mapping[str, object], first: str, second: str, field: str, *, group: str = ""
) -> list[StdioTest]:
    inputs = _list(value.get(first), f"{field}.{first}")
    outputs = _list(value.get(second), f"{field}.{second}")
    _same_length(inputs, outputs, f"{field}.{second}")
    return [
        StdioTest(_printed(i, f"{field}.{first}"), _printed(o, f"{field}.{second}"), group)
        for i, o in zip(inputs, outputs, strict=True)
    ]


def _printed(value: object, field: str) -> str:
    """Text as a program reads or writes it; a list is its lines."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list | tuple) and all(
        isinstance(v, str | int | float) and not isinstance(v, bool) for v in value
    ):
        return "\n".join(map(str, value))
    raise DataError(f"expected text, found {clipped(value)}", field=field)


def _json_call(inputs: object, expected: object, field: str) -> tuple[tuple[object, ...], object]:
    """Arguments and answer; text contains one JSON value a line (LiveCodeBench, PRIME)."""
    if not isinstance(inputs, str):
        return _arguments(inputs, field), expected
    lines = [line for line in inputs.split("\n") if line.strip()]
    arguments = tuple(_json(line, f"{field}.input") for line in lines)
    answer = _json(expected, f"{field}.output") if isinstance(expected, str) else expected
    return arguments, answer


def _arguments(value: object, field: str) -> tuple[object, ...]:
    if not isinstance(value, list | tuple):
        raise DataError(f"expected a list of arguments, found {clipped(value)}", field=field)
    return tuple(value)


def _unwrapped(pairs: Iterable[tuple[tuple[Any, ...], Any]], has_int_keys: bool) -> list[CallTest]:
    """Call tests of APPS and its kin, which publish ``[answer]`` or ``answer`` and do not say.

    Where every answer of the problem is a list of one, either reading passes. `has_int_keys`: JSON
    has made keys text that were integers, which their graders undo.
    """
    cases = [(_keyed(pair[0]), _keyed(pair[1])) if has_int_keys else pair for pair in pairs]
    is_wrapped = all(isinstance(answer, list) and len(answer) == 1 for _, answer in cases)
    return [
        CallTest(arguments, answer, alternatives=(answer[0],) if is_wrapped else ())
        for arguments, answer in cases
    ]


def _keyed(value: object) -> Any:
    """A dict, or the dict that is the first item, with integers for keys where all of them are."""
    if isinstance(value, Mapping) and value and all(_INTEGER.fullmatch(str(k)) for k in value):
        return {int(key): item for key, item in value.items()}
    if isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
        return type(value)([_keyed(value[0]), *value[1:]])
    return value


def _call_problem(
    entry: str,
    tests: Sequence[CallTest],
    columns: Columns,
    field: str,
    layout: RowLayout,
    *,
    tolerance: float = _TOLERANCE,
) -> CallProblem:
    if not tests:
        raise DataError("no tests", field=field)
    return CallProblem(
        entry,
        tuple(tests),
        values=layout.values,
        tolerance=tolerance,
        prompt=_prompt(columns),
        layout=layout,
        **_limits(columns),
    )


def _stdio_problem(
    tests: Sequence[StdioTest], columns: Columns, field: str, layout: RowLayout
) -> StdioProblem:
    if not tests:
        raise DataError("no tests", field=field)
    checker = _text(columns.get("checker") or "", "checker")
    return StdioProblem(tuple(tests), checker=checker, layout=layout, **_limits(columns))


def _entry(columns: Columns) -> str | None:
    """The function that is called: its own column, LiveCodeBench's metadata, KodCode's info."""
    for field in ("entry_point", "fn_name", "func_name", "function_name"):
        if columns.get(field):
            return _text(columns[field], field)
    if columns.get("metadata"):
        metadata = _json_or_none(columns["metadata"])
        if isinstance(metadata, Mapping) and metadata.get("func_name"):
            return _text(metadata["func_name"], "metadata.func_name")
    info = _json_or_none(columns.get("test_info"))
    if isinstance(info, list) and len(info) == 1 and isinstance(info[0], Mapping):
        name = info[0].get("function_name")
        return name if isinstance(name, str) else None
    starter = columns.get("starter_code")
    names = re.findall(r"^[ \t]*def[ \t]+(\w+)", starter, re.M) if isinstance(starter, str) else []
    return names[0] if len(names) == 1 else None


def _case_entry(row: Mapping[str, object]) -> str | None:
    name = row.get("fn_name")
    return name if isinstance(name, str) and name else _entry({"metadata": row.get("metadata")})


def _setup(columns: Columns) -> str:
    """Code before the tests: `test_setup`, `test_setup_code`, `test_imports` (a list of lines)."""
    parts: list[str] = []
    for field in ("test_imports", "test_setup_code", "test_setup"):
        value = columns.get(field)
        if value is not None and not isinstance(value, str):
            value = "\n".join(_texts(value, field))
        if value and value.strip() not in ("", "[]"):
            lines = _json_or_none(value) if value.startswith("[") else None
            parts.append("\n".join(lines) if isinstance(lines, list) else value)
    return "\n".join(parts)


def _prompt(columns: Columns) -> str:
    """The signature that a response may continue; a HumanEval row's prompt is one."""
    value = columns.get("signature_prompt")
    if value is None and columns.get("entry_point"):
        prompt = columns.get("prompt")
        pattern = rf"^[ \t]*(?:async +)?def[ \t]+{re.escape(str(columns['entry_point']))}\b"
        if isinstance(prompt, str) and re.search(pattern, prompt, re.MULTILINE):
            value = prompt
    return value if isinstance(value, str) else ""


def _limits(columns: Columns) -> dict[str, Any]:
    """Language and limits, where the row gives them."""
    language = columns.get("language")
    return {
        "language": language.lower() if isinstance(language, str) and language else None,
        "cpu_s": _seconds(columns.get("time_limit")),
        "memory_mb": _megabytes(columns),
    }


def _seconds(value: object) -> float | None:
    """A number, text such as "2.0 seconds" (TACO), or {seconds, nanos} (CodeContests)."""
    value = _json_or_none(value)
    if isinstance(value, Mapping):
        parts = [_positive(value.get(key), "time_limit") or 0.0 for key in ("seconds", "nanos")]
        value = parts[0] + parts[1] / 1e9
    return _positive(value, "time_limit")


def _megabytes(columns: Columns) -> int | None:
    size = _positive(columns.get("memory_limit_bytes"), "memory_limit_bytes")
    if size is not None:
        return math.ceil(size / 2**20)
    size = _positive(columns.get("memory_limit"), "memory_limit")
    return None if size is None else math.ceil(size / 2**20 if size >= 2**20 else size)


def _positive(value: object, field: str) -> float | None:
    """A limit; an absent one, and the 0 that some rows write for it, is None."""
    if isinstance(value, str):
        match = _NUMBER.match(value)
        value = float(match[1]) if match else value or None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise DataError(f"expected a number >= 0, found {clipped(value)}", field=field)
    return float(value) or None


def _parsed(value: object, field: str) -> Any:
    return _json(value, field) if isinstance(value, str) else value


def _json(text: str, field: str) -> object:
    try:
        return json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise DataError(f"no JSON ({error}): {clipped(text)}", field=field) from None


def _json_or_none(value: object) -> object:
    """The value of JSON text; anything else is returned unchanged."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_int=_integer)
    except (ValueError, RecursionError):
        return value


def _integer(digits: str) -> int:
    """`int`, also beyond the 4300 digits up to which Python reads them in one piece."""
    if len(digits) <= _PIECE:
        return int(digits)
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"an integer of {len(digits)} digits")
    total, sign = 0, -1 if digits[0] == "-" else 1
    digits = digits.lstrip("-")
    for start in range(0, len(digits), _PIECE):
        piece = digits[start : start + _PIECE]
        total = total * 10 ** len(piece) + int(piece)
    return sign * total


def _literal(value: object) -> object:
    """The value of JSON, or of a Python literal ("{'a': None}"); else unchanged."""
    value = _json_or_none(value)
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return ast.literal_eval(value.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return value


def _mapping(value: object, field: str) -> Mapping[str, Any]:
    value = _parsed(value, field)
    if not isinstance(value, Mapping):
        raise DataError(f"expected an object, found {clipped(value)}", field=field)
    return value


def _list(value: Any, field: str) -> list[object]:
    """A list, also where it came as a tuple or an array of a data frame."""
    value = _parsed(value, field)
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        raise DataError(f"expected a list, found {clipped(value)}", field=field)
    return list(value)


def _texts(value: object, field: str) -> list[str]:
    entries = _list(value, field)
    return [_text(item, field) for item in entries]


def _text(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise DataError(f"expected text, found {clipped(value)}", field=field)
    return value


def _needed(row: Mapping[str, object], key: str, field: str) -> object:
    if row.get(key) is None and key not in row:
        raise DataError(f"a test without {key!r}: {clipped(dict(row))}", field=field)
    return row[key]


def _missing(field: str) -> str:
    raise DataError("missing column; it names the function that the tests call", field=field)


def _same_length(inputs: Sequence[object], outputs: Sequence[object], field: str) -> None:
    if len(inputs) != len(outputs):
        raise DataError(f"{len(inputs)} inputs and {len(outputs)} outputs", field=field)


def _unpacked(value: object, field: str) -> object:
    """LiveCodeBench's private tests: JSON, or base64 of zlib of a pickle of JSON text."""
    parsed = _json_or_none(value)
    if not isinstance(parsed, str):
        return parsed
    try:
        packed = base64.b64decode(parsed, validate=True)
        engine = zlib.decompressobj()
        data = engine.decompress(packed, _MOST_BYTES)
    except (ValueError, zlib.error):
        raise DataError(f"neither JSON nor packed tests: {clipped(parsed)}", field=field) from None
    if engine.unconsumed_tail or not engine.eof:
        raise DataError("packed tests are cut, or larger than 512 MiB", field=field)
    return _json(_pickled_text(data, field), field)


def _pickled_text(data: bytes, field: str) -> str:
    """The text of a pickle that contains one text and nothing else; it is read, never loaded."""
    texts: list[str] = []
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name in _STRINGS:
                texts.append(cast(str, argument))
            elif opcode.name not in _FRAMING:
                raise ValueError(f"operation {opcode.name}")
    except ValueError as error:
        raise DataError(f"packed tests are not a pickled text: {error}", field=field) from None
    if len(texts) != 1:
        raise DataError(f"packed tests hold {len(texts)} texts, expected one", field=field)
    return texts[0]
