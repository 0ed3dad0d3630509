"""Tool-call formats: each is written by a writer of its own, after the published template, and
read back; cut-off and broken ones are not read as right; cases of published parsers' tests."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.rules import tools
from plaudit.toolcalls.formats import FORMATS
from plaudit.toolcalls.read import calls_in

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared"
CASES = SHARED / "cases"

# --- writers: a list of {name, arguments} as the model family writes it ---------------------------


def as_json(value):
    return json.dumps(value, ensure_ascii=False)


def as_text(value):
    """Templates of tags write text bare and everything else as JSON."""
    return value if isinstance(value, str) else as_json(value)


def hermes(calls):
    return "\n".join(f"<tool_call>\n{as_json(c)}\n</tool_call>" for c in calls)


def granite_31(calls):
    return f"<tool_call>{as_json(calls)}"


def granite_30(calls):
    return f"<|tool_call|>{as_json(calls)}"


def granite_20b(calls):
    return "\n".join(f"<function_call> {as_json(c)}" for c in calls)


def phi4_mini(calls):
    return f"functools{as_json(calls)}"


def jamba(calls):
    return f"<tool_calls>{as_json(calls)}</tool_calls>"


def minimax_m1(calls):
    return "<tool_calls>\n" + "\n".join(map(as_json, calls)) + "\n</tool_calls>"


def nemotron(calls):
    return f"<TOOLCALL>{as_json(calls)}</TOOLCALL>"


def longcat(calls):
    return "\n".join(f"<longcat_tool_call>\n{as_json(c)}\n</longcat_tool_call>" for c in calls)


def internlm2(calls):
    return "\n".join(
        "<|action_start|><|plugin|>\n"
        f"{as_json({'name': c['name'], 'parameters': c['arguments']})}<|action_end|>"
        for c in calls
    )


def apertus(calls):
    return f"<|tools_prefix|>{as_json([{c['name']: c['arguments']} for c in calls])}"


def cohere(calls):
    return [
        {"tool_call_id": str(i), "tool_name": c["name"], "parameters": c["arguments"]}
        for i, c in enumerate(calls)
    ]


def command_a(calls):
    listed = as_json(cohere(calls))
    return f"<|START_ACTION|>\n{listed}\n<|END_ACTION|>"


def command_r(calls):
    listed = [{"tool_name": c["name"], "parameters": c["arguments"]} for c in calls]
    return f"Action: ```json\n{json.dumps(listed, indent=4)}\n```"


def mistral_v3(calls):
    return f"[TOOL_CALLS] {as_json(calls)}"


def mistral_v11(calls):
    return "".join(f"[TOOL_CALLS]{c['name']}[ARGS]{as_json(c['arguments'])}" for c in calls)


def mistral_v11_with_id(calls):
    return "".join(
        f"[TOOL_CALLS]{c['name']}[CALL_ID]a1B2c3D4{i}[ARGS]{as_json(c['arguments'])}"
        for i, c in enumerate(calls)
    )


def mistral_small(calls):
    return "".join(f"[TOOL_CALLS]{c['name']}{as_json(c['arguments'])}" for c in calls)


def llama3(calls):
    listed = [as_json({"name": c["name"], "parameters": c["arguments"]}) for c in calls]
    return f"<|python_tag|>{'; '.join(listed)}<|eom_id|>"


def llama3_bare(calls):
    listed = [as_json({"name": c["name"], "parameters": c["arguments"]}) for c in calls]
    return f"{'; '.join(listed)}<|eot_id|>"


def llama31_custom(calls):
    return "".join(f"<function={c['name']}>{as_json(c['arguments'])}</function>" for c in calls)


def python_call(call):
    return f"{call['name']}({', '.join(f'{k}={v!r}' for k, v in call['arguments'].items())})"


def llama4(calls):
    return f"<|python_start|>[{', '.join(map(python_call, calls))}]<|python_end|>"


def lfm2(calls):
    return f"<|tool_call_start|>[{', '.join(map(python_call, calls))}]<|tool_call_end|>"


def olmo3(calls):
    listed = "\n".join(map(python_call, calls))
    return f"<function_calls>{listed}</function_calls>"


def gemma_value(value, quote):
    if isinstance(value, str):
        return f"{quote}{value}{quote}"
    if isinstance(value, dict):
        inner = ",".join(f"{k}:{gemma_value(v, quote)}" for k, v in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{','.join(gemma_value(v, quote) for v in value)}]"
    return as_json(value)


def gemma4(calls):
    return "".join(
        f"<|tool_call>call:{c['name']}{gemma_value(c['arguments'], '<|' + chr(34) + '|>')}"
        "<tool_call|>"
        for c in calls
    )


def function_gemma(calls):
    return "".join(
        f"<start_function_call>call:{c['name']}{gemma_value(c['arguments'], '<escape>')}"
        "<end_function_call>"
        for c in calls
    )


def deepseek_v3(calls):
    written = "\n".join(
        f"<｜tool▁call▁begin｜>function<｜tool▁sep｜>{c['name']}\n```json\n"
        f"{as_json(c['arguments'])}\n```<｜tool▁call▁end｜>"
        for c in calls
    )
    return f"<｜tool▁calls▁begin｜>{written}<｜tool▁calls▁end｜>"


def deepseek_v31(calls):
    written = "".join(
        f"<｜tool▁call▁begin｜>{c['name']}<｜tool▁sep｜>{as_json(c['arguments'])}<｜tool▁call▁end｜>"
        for c in calls
    )
    return f"<｜tool▁calls▁begin｜>{written}<｜tool▁calls▁end｜>"


def deepseek_v32(calls):
    d = "｜DSML｜"
    written = "\n".join(
        f'<{d}invoke name="{c["name"]}">\n'
        + "".join(
            f'<{d}parameter name="{k}" string="{"true" if isinstance(v, str) else "false"}">'
            f"{as_text(v)}</{d}parameter>\n"
            for k, v in c["arguments"].items()
        )
        + f"</{d}invoke>"
        for c in calls
    )
    return f"<{d}function_calls>\n{written}\n</{d}function_calls>"


def kimi_k2(calls):
    written = "".join(
        f"<|tool_call_begin|>functions.{c['name']}:{i}<|tool_call_argument_begin|>"
        f"{as_json(c['arguments'])}<|tool_call_end|>"
        for i, c in enumerate(calls)
    )
    return f"<|tool_calls_section_begin|>{written}<|tool_calls_section_end|>"


def harmony(calls):
    thought = "<|channel|>analysis<|message|>I could call f to=functions.f now.<|end|>"
    return thought + "".join(
        f"<|start|>assistant<|channel|>commentary to=functions.{c['name']} <|constrain|>json"
        f"<|message|>{as_json(c['arguments'])}<|call|>"
        for c in calls
    )


def harmony_recipient_first(calls):
    return "<|start|>assistant".join(
        f" to=functions.{c['name']}<|channel|>commentary json"
        f"<|message|>{as_json(c['arguments'])}<|call|>"
        for c in calls
    )


def function_tags(calls):
    for call in calls:
        yield (
            f"<function={call['name']}>\n"
            + "".join(
                f"<parameter={k}>\n{as_text(v)}\n</parameter>\n"
                for k, v in call["arguments"].items()
            )
            + "</function>"
        )


def qwen3_coder(calls):
    return "\n".join(f"<tool_call>\n{one}\n</tool_call>" for one in function_tags(calls))


def qwen3_coder_bare(calls):
    return "\n".join(function_tags(calls))


def seed_oss(calls):
    return "\n".join(f"<seed:tool_call>\n{one}\n</seed:tool_call>" for one in function_tags(calls))


def invoke_tags(calls, prefix=""):
    for call in calls:
        yield (
            f'<{prefix}invoke name="{call["name"]}">\n'
            + "".join(
                f'<{prefix}parameter name="{k}">{as_text(v)}</{prefix}parameter>\n'
                for k, v in call["arguments"].items()
            )
            + f"</{prefix}invoke>"
        )


def minimax_m2(calls):
    listed = "\n".join(invoke_tags(calls))
    return f"<minimax:tool_call>\n{listed}\n</minimax:tool_call>"


def anthropic_tags(calls):
    listed = "\n".join(invoke_tags(calls))
    return f"<function_calls>\n{listed}\n</function_calls>"


def step3(calls):
    listed = "".join(
        f"<｜tool_call_begin｜>function<｜tool_sep｜>{one}<｜tool_call_end｜>"
        for one in invoke_tags(calls, "steptml:")
    )
    return f"<｜tool_calls_begin｜>{listed}<｜tool_calls_end｜>"


def glm45(calls):
    return "\n".join(
        f"<tool_call>{c['name']}\n"
        + "".join(
            f"<arg_key>{k}</arg_key>\n<arg_value>{as_text(v)}</arg_value>\n"
            for k, v in c["arguments"].items()
        )
        + "</tool_call>"
        for c in calls
    )


def glm47(calls):
    return "".join(
        f"<tool_call>{c['name']}"
        + "".join(
            f"<arg_key>{k}</arg_key><arg_value>{as_text(v)}</arg_value>"
            for k, v in c["arguments"].items()
        )
        + "</tool_call>"
        for c in calls
    )


JSON_WRITERS = (
    *(hermes, granite_31, granite_30, granite_20b, phi4_mini, jamba, minimax_m1, nemotron),
    *(longcat, internlm2, apertus, command_a, command_r, mistral_v3, mistral_v11),
    *(mistral_v11_with_id, mistral_small, llama3, llama3_bare, llama31_custom, deepseek_v3),
    *(deepseek_v31, kimi_k2, harmony, harmony_recipient_first),
)
PYTHON_WRITERS = (llama4, lfm2, olmo3)
TEXT_WRITERS = (
    *(deepseek_v32, qwen3_coder, qwen3_coder_bare, seed_oss, minimax_m2, anthropic_tags, step3),
    *(glm45, glm47),
)
WRITERS = (*JSON_WRITERS, *PYTHON_WRITERS, *TEXT_WRITERS)
OPTIONAL_ENDS = (  # marks that engines leave out, or that close nothing
    *("<|eom_id|>", "<|eot_id|>", "<|call|>", "<|python_end|>", "<|tool_call_end|>"),
    *("<｜tool▁calls▁end｜>", "<|tool_calls_section_end|>", "<｜tool_calls_end｜>"),
)

GEMMA_WRITERS = (gemma4, function_gemma)

# --- the law: what is written is read -------------------------------------------------------------

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}(\.[a-z]{1,5})?", fullmatch=True)
KEYS = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda k: k not in ("true", "false", "null")
)
WORDS = ["Paris", "北京市", "it's", 'a "b"', "1", "true", "null", "{x}", "[1]", "a\\n", "😀", " a "]
MARKS = [
    "</tool_call>",
    "<tool_call>",
    "[TOOL_CALLS]",
    "<|call|>",
    "```",
    "<function=",
    "</invoke>",
]
TEXTS = st.sampled_from(WORDS) | st.text(st.characters(codec="utf-8", exclude_characters="\r"))


def values(texts):
    scalars = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(-9, 9) | texts
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=5,
    )


def some_calls(texts):
    one = st.fixed_dictionaries(
        {"name": NAMES, "arguments": st.dictionaries(KEYS, values(texts), max_size=4)}
    )
    return st.lists(one, min_size=1, max_size=3)


def schemas_of(calls):
    """Tools that declare the type of each argument as it is, or any where calls differ."""
    kinds = {str: "string", bool: "boolean", int: "integer", float: "number"}
    kinds |= {list: "array", dict: "object", type(None): "null"}
    found = {}
    for call in calls:
        for key, value in call["arguments"].items():
            found.setdefault(call["name"], {}).setdefault(key, set()).add(kinds[type(value)])
    return [
        {"name": n, "parameters": {"properties": {k: {"type": sorted(v)} for k, v in p.items()}}}
        for n, p in found.items()
    ]


def is_bare(text):
    """Whether a text can stand in tags: no tag of the format, no line break at its ends."""
    return not any(
        tag in text for tag in ("</", "<parameter", "<function", "<invoke", "<arg")
    ) and (text == text.strip("\n"))


@settings(max_examples=40)
@given(calls=some_calls(TEXTS))
def test_what_is_written_is_read(calls):
    for write in [*JSON_WRITERS, *PYTHON_WRITERS]:
        text = write(calls)
        assert [(c.name, dict(c.arguments), c.problem) for c in calls_in(text)] == [
            (c["name"], c["arguments"], "") for c in calls
        ]
        assert tools.equal(f"Let me see.\n\n{text}", calls).value == (write is not llama3_bare)
        assert tools.equal(f"<think>f(a=1)</think>\n{text}", calls).value == 1


def values_with_plain_keys(texts):
    keys = st.from_regex(r"[a-z\u4e00-\u4e05]{1,5}", fullmatch=True)
    scalars = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(-9, 9) | texts
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
        max_leaves=5,
    )


@settings(max_examples=60)
@given(
    name=NAMES,
    arguments=st.dictionaries(KEYS, values_with_plain_keys(TEXTS), max_size=4),
    share=st.floats(0, 1),
)
def test_what_gemma_writes_is_read(name, arguments, share):
    calls = [{"name": name, "arguments": arguments}]
    text = gemma4(calls)
    assert tools.equal(text, calls).value == 1
    cut = text[: int(len(text) * share)]
    assert tools.equal(cut, calls).value == (cut == text)


def test_function_gemma_quotes_by_the_schema():
    text = "<start_function_call>call:f{a:<escape>42<escape>,b:7,c:[<escape>x<escape>]}"
    (call,) = calls_in(text + "<end_function_call>")
    assert call.arguments == {"a": 42, "b": 7, "c": ["x"]}
    schemas = {"f": {"properties": {"a": {"type": "string"}}}}
    (call,) = calls_in(text + "<end_function_call>", schemas)
    assert call.arguments == {"a": "42", "b": 7, "c": ["x"]}
    assert calls_in(text)[0].problem


@pytest.mark.parametrize("write", JSON_WRITERS, ids=lambda w: w.__name__)
@pytest.mark.parametrize("mark", MARKS)
def test_marks_inside_a_json_text_are_text(write, mark):
    calls = [{"name": "f", "arguments": {"a": f"x {mark} y", "b": [mark]}}]
    assert tools.equal(write(calls), calls).value == 1


@settings(max_examples=40)
@given(calls=some_calls(TEXTS.filter(is_bare)))
def test_what_is_written_in_tags_is_read_by_the_declared_types(calls):
    kinds = {}
    for call in calls:
        for key, value in call["arguments"].items():
            kinds.setdefault((call["name"], key), set()).add(type(value) is str)
    if any(len(found) > 1 for found in kinds.values()):
        return  # one argument as text and as something else: the type cannot decide
    for write in TEXT_WRITERS:
        found = calls_in(write(calls), tools.tools_by_name(schemas_of(calls)))
        assert [(c.name, dict(c.arguments), c.problem) for c in found] == [
            (c["name"], c["arguments"], "") for c in calls
        ]
        assert tools.equal(write(calls), calls, schemas_of(calls)).value == 1


@settings(max_examples=40)
@given(text=TEXTS.filter(is_bare))
def test_without_types_a_value_is_json_if_it_parses_as_json_else_text(text):
    for write in [w for w in TEXT_WRITERS if w is not deepseek_v32]:
        (call,) = calls_in(write([{"name": "f", "arguments": {"a": text}}]))
        try:
            expected = json.loads(text, parse_constant=lambda _: text)
        except ValueError:
            expected = text
        assert call.arguments == {"a": expected}
        assert type(call.arguments["a"]) is type(expected)


@settings(max_examples=40)
@given(calls=some_calls(TEXTS.filter(is_bare)), share=st.floats(0, 1))
def test_a_call_that_is_cut_off_is_not_right(calls, share):
    for write in WRITERS:
        text = write(calls)
        for end in OPTIONAL_ENDS:
            text = text.removesuffix(end)
        if write is step3:
            text = write(calls).removesuffix("<｜tool_calls_end｜>")
        cut = text[: int(len(text) * share)]
        if cut != text:
            assert tools.equal(cut, calls, schemas_of(calls)).value == 0, write.__name__


@settings(max_examples=40)
@given(calls=some_calls(TEXTS.filter(is_bare)))
def test_another_value_name_or_call_is_not_right(calls):
    for write in WRITERS:
        others = [
            [*calls, {"name": "f", "arguments": {}}],
            calls[:-1],
            [{**calls[0], "name": calls[0]["name"] + "x"}, *calls[1:]],
            [{**calls[0], "arguments": {**calls[0]["arguments"], "zz": "9x"}}, *calls[1:]],
        ]
        for other in filter(None, others):
            score = tools.equal(write(other), calls, schemas_of([*calls, *other]))
            assert score.value == 0, write.__name__


@pytest.mark.parametrize("write", WRITERS, ids=lambda w: w.__name__)
def test_every_format_has_a_writer_and_takes_no_arguments(write):
    calls = [{"name": "now", "arguments": {}}]
    assert tools.equal(write(calls), calls).value == 1


def test_every_row_of_the_table_is_written_by_some_writer():
    import re

    calls = [{"name": "f", "arguments": {"a": 1}}]
    texts = [write(calls) for write in (*WRITERS, *GEMMA_WRITERS)] + ["<functioncall> {}"]
    for row in FORMATS.values():
        assert any(re.search(row.opening, text) for text in texts), row.name
        assert row.source


# --- the law on published calls -------------------------------------------------------------------


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not beside the checkout")
@pytest.mark.parametrize("name", ["tool_calls_bfcl", "tool_calls_glaive_en"])
def test_published_calls_in_every_format(name, monkeypatch):
    """All 467 rows in all formats are 1; every twelfth row with each breaking change is less.

    Tags cannot say whether 5 is a text or a number, so a wrong type does not show in them.
    """
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import tools as bench

    for i, case in enumerate(bench.cases(name)):
        for write in WRITERS:
            score = tools.equal(write(case.calls), case.calls, case.tools)
            assert score.value == 1, (case.id, write.__name__, score.note)
            for change in bench.BREAKING if i % 12 == 0 else ():
                if change is bench.wrong_type and write in TEXT_WRITERS:
                    continue
                for changed in change(case):
                    score = tools.equal(write(changed), case.calls, case.tools)
                    assert score.value == 0, (case.id, write.__name__, change.__name__)


# --- published cases ------------------------------------------------------------------------------

WEATHER = {"city": "Dallas", "state": "TX", "unit": "fahrenheit"}
PUBLISHED = [
    # vllm-project/vllm, tests/tool_parsers/test_mistral_tool_parser.py
    (
        '[TOOL_CALLS][{"name": "add", "arguments":{"a": 3.5, "b": 4}}]',
        [("add", {"a": 3.5, "b": 4})],
    ),
    (
        '[TOOL_CALLS] [{"arguments":{"name": "John Doe"}, "name": "get_age"}]',
        [("get_age", {"name": "John Doe"})],
    ),
    (
        'Hello[TOOL_CALLS] [{"name": "add", "arguments":{"a": 1, "b": 2}}]',
        [("add", {"a": 1, "b": 2})],
    ),
    (
        '[TOOL_CALLS] [{"name": "w", "arguments":{"city": "Dallas"}}]\nextra trailing data',
        [("w", {"city": "Dallas"})],
    ),
    (
        '[TOOL_CALLS]add{"a": 3.5, "b": 4}[TOOL_CALLS]multiply{"a": 3, "b": 6}',
        [("add", {"a": 3.5, "b": 4}), ("multiply", {"a": 3, "b": 6})],
    ),
    # .../test_kimi_k2_tool_parser.py
    (
        "No prefix. <|tool_calls_section_begin|><|tool_call_begin|>get_weather:0 "
        '<|tool_call_argument_begin|>{"city": "Tokyo"}<|tool_call_end|><|tool_calls_section_end|>',
        [("get_weather", {"city": "Tokyo"})],
    ),
    # .../test_llama3_json_tool_parser.py
    (
        '{"name": "a", "parameters": {"q": "1"}} ; {"name": "b", "parameters": {}} ; '
        '{"name": "a", "parameters": {"q": "2"}}',
        [("a", {"q": "1"}), ("b", {}), ("a", {"q": "2"})],
    ),
    (
        '{"name": "a", "parameters": {"q": "1"}}\n{"name": "b", "parameters": {}}',
        [("a", {"q": "1"}), ("b", {})],
    ),
    # .../test_glm4_moe_tool_parser.py
    (
        "<tool_call>w\n    <arg_key>city</arg_key>\n    <arg_value>Dallas</arg_value>\n"
        "    <arg_key>state</arg_key>\n    <arg_value>TX</arg_value>\n    <arg_key>unit</arg_key>\n"
        "    <arg_value>fahrenheit</arg_value>\n    </tool_call>",
        [("w", WEATHER)],
    ),
    ("<tool_call>get_current_time\n</tool_call>", [("get_current_time", {})]),
    (
        "<think>I want it.</think>\n\nI will help.\n<tool_call>get_weather\n"
        "<arg_key>date</arg_key>\n<arg_value>2025-08-01</arg_value>\n</tool_call>",
        [("get_weather", {"date": "2025-08-01"})],
    ),
    # .../test_qwen3coder_tool_parser.py
    (
        "Sure!<tool_call>\n<function=area>\n<parameter=shape>\nrectangle\n</parameter>\n"
        '<parameter=dimensions>\n{"width": 10, \n "height": 20}\n</parameter>\n'
        "<parameter=precision>\n2\n</parameter>\n</function>\n</tool_call>",
        [
            (
                "area",
                {"shape": "rectangle", "dimensions": {"width": 10, "height": 20}, "precision": 2},
            )
        ],
    ),
    # .../test_minimax_m2_tool_parser.py
    (
        'Let me.<minimax:tool_call><invoke name="fn_a"><parameter name="x">1</parameter></invoke>'
        '<invoke name="fn_b"><parameter name="y">2</parameter></invoke></minimax:tool_call>',
        [("fn_a", {"x": 1}), ("fn_b", {"y": 2})],
    ),
    # .../test_phi4mini_tool_parser.py
    (
        'Let me check.\nfunctools[{"name": "w", "arguments": {"city": "Tokyo"}}]\nMore?',
        [("w", {"city": "Tokyo"})],
    ),
    # .../test_pythonic_tool_parser.py
    (
        "[get_weather(city='Martha\\'s Vineyard', metric='\\\"cool units\\\"'), f(a=None, b=True)]",
        [
            ("get_weather", {"city": "Martha's Vineyard", "metric": '"cool units"'}),
            ("f", {"a": None, "b": True}),
        ],
    ),
    # .../test_xlam_tool_parser.py
    (
        '<think>I\'ll help.</think>[{"name": "w", "arguments": {"city": "Dallas"}}]',
        [("w", {"city": "Dallas"})],
    ),
    (
        'I\'ll help.<tool_call>[{"name": "w", "arguments": {"city": "Dallas"}}]</tool_call>',
        [("w", {"city": "Dallas"})],
    ),
    # .../test_cohere_command_tool_parser.py
    (
        "<|START_ACTION|>\n[\n"
        '    {"tool_call_id": "0", "tool_name": "foo", "parameters": {"query": "query1"}},\n'
        '    {"tool_call_id": "1", "tool_name": "bar", "parameters": {"x": 42}}\n]\n<|END_ACTION|>',
        [("foo", {"query": "query1"}), ("bar", {"x": 42})],
    ),
    # .../test_openai_tool_parser.py
    (
        '<|channel|>commentary to=functions.w<|message|>{\n"location": "Tokyo"\n}<|call|>',
        [("w", {"location": "Tokyo"})],
    ),
    ("<|channel|>commentary to=functions.no_args<|message|><|call|>", [("no_args", {})]),
    # sgl-project/sglang, python/sglang/srt/function_call/deepseekv32_detector.py
    (
        '<｜DSML｜function_calls>\n<｜DSML｜invoke name="f">\n{ "city": "San Francisco" }\n'
        "</｜DSML｜invoke>\n</｜DSML｜function_calls>",
        [("f", {"city": "San Francisco"})],
    ),
    # meta-llama/llama-models, models/llama3_1/prompt_format.md
    (
        '<|python_tag|>brave_search.call(query="current weather in Menlo Park")<|eom_id|>',
        [("brave_search", {"query": "current weather in Menlo Park"})],
    ),
]


@pytest.mark.parametrize(("text", "expected"), PUBLISHED)
def test_published_cases(text, expected):
    assert [(c.name, dict(c.arguments)) for c in calls_in(text)] == expected


@pytest.mark.parametrize(
    "text",
    [  # of the same suites: what their parsers drop or guess counts here as a broken call
        "[TOOL_CALLS] not json at all",
        '[TOOL_CALLS]  junk [{"name": "add", "arguments":{"a": 1, "b": 2}}] trail',
        'functools[{"name": "func", "arguments": {',
        'functools[{"name": "func", "arguments": "not a dict"}]',
        'functools[{"name": "func"}]',
        "functools[ This is just text ]",
        "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Seattle</arg_value>\n"
        "<arg_key>incomplete_arg\n<arg_value>value</arg_value>\n</tool_call>",
        "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Beijing</arg_value>",
        "<tool_call>\n<function=f>\n<parameter=a>\n1\n<parameter=b>\n2\n</parameter>\n</function>\n"
        "</tool_call>",
        "<tool_call>\n<function=f>\n<parameter=a>\n1\n</parameter>\n<parameter=a>\n2\n</parameter>\n"
        "</function>\n</tool_call>",
        '<｜tool▁call▁begin｜>function<｜tool▁sep｜>w\n```json\n{"city": "Tokyo"\n```'
        "<｜tool▁call▁end｜>",
        '<|tool_call_begin|>functions.invalid.0 <|tool_call_argument_begin|>{"city": "B"}'
        "<|tool_call_end|>",
        '<|tool_call_begin|>0 <|tool_call_argument_begin|>{"city": "B"}<|tool_call_end|>',
        "<|channel|>commentary to=functions.f<|message|>foo<|call|>",
        '<|channel|>commentary to=functions.f<|message|>{"a": 1}<|call',
        "<minimax:tool_call>nothing</minimax:tool_call>",
        '<|START_ACTION|>[{"tool_name": "f", "parameters": {}}]',
        "<|python_tag|>import os",
    ],
)
def test_what_cannot_be_read_is_a_broken_call(text):
    calls = calls_in(text)
    assert calls
    assert all(call.problem for call in calls)


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "string"}, "7", "7"),
        ({"type": "string"}, '"7"', '"7"'),
        ({"type": "string"}, "null", "null"),
        ({"type": ["string", "null"]}, "null", None),
        ({"type": ["string", "null"]}, "7", "7"),
        ({"type": "integer"}, "7", 7),
        ({"type": "integer"}, "seven", "seven"),
        ({"type": "number"}, " 7.5 ", 7.5),
        ({"type": "boolean"}, "true", True),
        ({"type": "boolean"}, "True", True),
        ({"type": "boolean"}, "yes", "yes"),
        ({"type": "string"}, "True", "True"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "5", 5),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "None", None),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "5", "5"),
        ({"enum": ["1", "2"]}, "1", "1"),
        ({"enum": [1, 2]}, "1", 1),
        ({"type": "array"}, '["a"]', ["a"]),
        ({"type": "object"}, "{'a': 1}", "{'a': 1}"),
        ({}, '{"a": 1, "a": 2}', '{"a": 1, "a": 2}'),
        ({}, "NaN", "NaN"),
    ],
)
def test_the_declared_type_decides(schema, text, value):
    tool = {"name": "f", "parameters": {"properties": {"a": schema}}}
    written = (
        f"<tool_call>\n<function=f>\n<parameter=a>\n{text}\n</parameter>\n</function>\n</tool_call>"
    )
    (call,) = calls_in(written, tools.tools_by_name([tool]))
    assert call.arguments == {"a": value}
    assert type(call.arguments["a"]) is type(value)


def test_reasoning_and_recipients_that_are_no_tools_are_no_calls():
    for text in (
        '<|channel|>analysis<|message|>to=functions.f {"a": 1}<|end|>',
        '<|channel|>final<|message|>to=functions.f {"a": 1}<|return|>',
        '<|start|>functions.f to=assistant<|channel|>commentary<|message|>{"a": 1}<|end|>',
    ):
        assert calls_in(text) == []


def test_reading_stops_after_many_broken_calls():
    calls = calls_in("<tool_call>{'" * 10_000)
    assert 1 < len(calls) < 50
    assert calls[-1].problem == "too many broken calls: the rest is not read"


# --- turns ----------------------------------------------------------------------------------------


def turn(**fields):
    return {"role": "assistant", "content": None, **fields}


@pytest.mark.parametrize(
    "messages",
    [
        [turn(tool_calls=[{"id": "1", "function": {"name": "f", "arguments": '{"a": 1}'}}])],
        [turn(tool_calls=[{"type": "function", "function": {"name": "f", "arguments": {"a": 1}}}])],
        [turn(tool_calls='[{"function": {"name": "f", "arguments": "{\\"a\\": 1}"}}]')],
        [turn(function_call={"name": "f", "arguments": '{"a": 1}'})],
        [turn(content=[{"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}])],
        [
            turn(
                content=[
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "name": "f", "input": {"a": 1}},
                ]
            )
        ],
        [turn(content="f(a=1)")],
        [turn(content=[{"type": "text", "text": "f(a=1)"}])],
        [{"type": "function_call", "name": "f", "arguments": '{"a": 1}', "call_id": "c"}],
        [
            turn(tool_calls=[{"function": {"name": "f", "arguments": '{"a": 1}'}}]),
            {"role": "tool", "content": "g(b=2)"},
            turn(content="It is done.", tool_calls=None),
        ],
    ],
)
def test_calls_of_turns(messages):
    gold = [{"name": "f", "arguments": {"a": 1}}]
    assert tools.equal("", gold, None, messages).value == 1
    assert tools.graded("", gold, None, messages).value == 1
    tool = {"name": "f", "parameters": {"properties": {"a": {"type": "integer"}}}}
    assert tools.argument_types("", [tool], messages).value == 1
    assert tools.action_loops("", [], messages * 2).value == 0.5


def test_a_turn_with_a_broken_call_is_not_right():
    gold = [{"name": "f", "arguments": {"a": 1}}]
    for arguments in ('{"a": 1', '{"a": 1, "a": 1}', "[1]", '{"a": "1"}'):
        calls = [{"function": {"name": "f", "arguments": arguments}}]
        assert tools.equal("", gold, None, [turn(tool_calls=calls)]).value == 0
    assert tools.equal("", gold, None, [turn()]).note == "no call"
    assert tools.equal("", [], None, [turn()]).value == 1


# --- the shared cases -----------------------------------------------------------------------------


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not beside the checkout")
@pytest.mark.parametrize("name", ["tool_formats", "tool_calls_field"])
def test_shared_cases(name):
    for line in (CASES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        turns = row.get("messages", [])[1:]
        score = tools.equal(row.get("response", ""), row["expected_calls"], None, turns)
        assert score.value == row["right"], (line, score.note)
