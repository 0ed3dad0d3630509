"""How models write their tool calls: one small reader for each format, in the table `FORMATS`.

A format is recognised by its opening mark. Its reader starts after the mark, yields calls and
advances; it raises ValueError if the text does not match the format, which makes a broken call. To
add a format, write a reader and a row that names where the format is published.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from plaudit.text.literals import read_python, read_python_calls
from plaudit.toolcalls.call import ToolCall, broken, call_of, call_of_parts, listed_calls
from plaudit.toolcalls.cursor import CallReader, Tags, json_calls, tagged_call, tagged_calls
from plaudit.toolcalls.gemma import gemma_calls

__all__ = ["FORMATS", "Format", "marked_calls"]

Reader = Callable[[CallReader], Iterator[ToolCall]]

_MOST_BROKEN = 32  # reading resumes at the mark after a broken call: this bounds the work
_FUNCTION = Tags(
    re.compile(r"<function=([^<>\n]+)>"),
    "</function>",
    re.compile(r"<parameter=([^<>\n]+)>"),
    "</parameter>",
)
_GLM_NAME = re.compile(r"([\w.:/-]+)")
_GLM = Tags(
    re.compile(r"<tool_call>()"),
    "</tool_call>",
    re.compile(r"<arg_key>([^<>]+)</arg_key>\s*<arg_value>"),
    "</arg_value>",
)
_MISTRAL_NAME = re.compile(
    r"([\w.-]+)[ \t]*(?:\[CALL_ID\][ \t]*[\w-]*[ \t]*)?(?:\[ARGS\])?(?=\s*\{)"
)
_DEEPSEEK_NAME = re.compile(r"([^<>\n]*?)[ \t]*<｜tool▁sep｜>(?:([^<>\n{`]+)\n\s*```json\n)?")
_KIMI_NAME = re.compile(r"(?:functions\.)?([^<>\s]+):[0-9]+\s*<\|tool_call_argument_begin\|>")
_RECIPIENT = re.compile(r"(?<![^\s>])to=([^\s<>]+)")
_HARMONY_MARK = re.compile(r"<\|(start|channel|constrain|message|end|call|return)\|>")
_NO_TOOL = ("assistant", "user", "all", "final")


class Format(NamedTuple):
    """A format: its opening mark (a regular expression), its reader, where it is published."""

    name: str
    opening: str
    read: Reader
    source: str


def marked_calls(text: str, tools: Mapping[str, Mapping[str, object]]) -> list[ToolCall] | None:
    """The calls after marks, including broken ones; None if there is no mark.

    >>> marked_calls("[TOOL_CALLS]add[ARGS]{\\"a\\": 1}", {})
    [ToolCall(name='add', arguments={'a': 1}, problem='')]
    """
    if "<|message|>" in text and _RECIPIENT.search(text):
        return list(_harmony_calls(text))
    reading = CallReader(text, tools)
    if _OPENING.search(text) is None:
        return None
    calls: list[ToolCall] = []
    num_broken = 0
    while opening := _OPENING.search(text, reading.place):
        reading.place = opening.end()
        try:
            calls.extend(FORMATS[opening.lastgroup or ""].read(reading))
        except ValueError as error:
            calls.append(broken(_problem(opening[0], error)))
            num_broken += 1
        if num_broken == _MOST_BROKEN:
            return [*calls, broken("too many broken calls: the rest is not read")]
    return calls


def _problem(opening: str, error: ValueError) -> str:
    message = str(error)
    is_open = message.endswith(" is missing") and message.startswith(("</", "<|", "<｜"))
    return f"{opening.strip()} is not closed: {message}" if is_open else message


# --- readers --------------------------------------------------------------------------------------


def _closed_json(reading: CallReader, end: str) -> Iterator[ToolCall]:
    """JSON up to its mandatory closing mark."""
    calls = list(json_calls(reading))
    reading.expect(end)
    yield from calls


def _open_json(reading: CallReader, end: str) -> Iterator[ToolCall]:
    """JSON that ends where its value ends; the closing mark is optional."""
    yield from json_calls(reading)
    reading.take(end)


def _tool_call(reading: CallReader) -> Iterator[ToolCall]:
    """JSON (Hermes), function tags (Qwen3-Coder) or a name with keys and values (GLM)."""
    if not reading.is_at("<function=", "{", "["):
        yield _glm_call(reading)
        return
    is_json = not reading.is_at("<function=")
    calls = list(json_calls(reading) if is_json else tagged_calls(reading, _FUNCTION))
    if not (is_json and _is_open_list(reading)):
        reading.expect("</tool_call>")
    yield from calls


def _is_open_list(reading: CallReader) -> bool:
    """Whether a list runs to the end of the text: Granite 3.1 writes no closing tag."""
    return reading.text.endswith("]") and reading.place == len(reading.text)


def _glm_call(reading: CallReader) -> ToolCall:
    name = reading.match(_GLM_NAME)
    if name is None:
        raise ValueError("a call without a name")
    if not reading.is_at("<arg_key>", "</tool_call>"):
        raise ValueError(f"{name[1][:40]!r} is followed by no argument and no </tool_call>")
    return tagged_call(reading, _GLM, name[1])


def _function_tag(reading: CallReader) -> Iterator[ToolCall]:
    """Function tags without a block around them: JSON (Llama 3.1, Functionary) or parameters."""
    reading.place = reading.text.rindex("<function=", 0, reading.place)
    yield from tagged_calls(reading, _FUNCTION)


def _glaive(reading: CallReader) -> Iterator[ToolCall]:
    """JSON, or the Python equivalent with the arguments as a string in single quotes."""
    start = reading.place
    try:
        yield from json_calls(reading)
    except ValueError:
        reading.place = start
        end = _GLAIVE_END.search(reading.text, start)
        body = reading.text[start : end.start() if end else len(reading.text)]
        calls = [call_of(item) for item in listed_calls(read_python(body))]
        reading.place = start + len(body)
        yield from calls


def _mistral(reading: CallReader) -> Iterator[ToolCall]:
    """A JSON list, or a name and its JSON arguments (tokenizers from version 11 on)."""
    if reading.is_at("[", "{"):
        yield from json_calls(reading)
        return
    name = reading.match(_MISTRAL_NAME)
    if name is None:
        raise ValueError("[TOOL_CALLS] is followed by no call")
    yield call_of_parts(name[1], reading.json())


def _llama(reading: CallReader) -> Iterator[ToolCall]:
    """JSON, or a built-in tool as ``brave_search.call(query="...")``."""
    if reading.is_at("{", "["):
        yield from json_calls(reading)
        return
    calls = read_python_calls(reading.text[reading.place :])
    reading.place = len(reading.text)
    yield from (ToolCall(name.removesuffix(".call"), arguments) for name, arguments in calls)


def _pythonic(reading: CallReader, end: str) -> Iterator[ToolCall]:
    """Python calls (or JSON) up to an end mark or the end of the text."""
    if reading.is_at("{", "[{"):
        yield from _open_json(reading, end)
        return
    at = reading.text.find(end, reading.place)
    calls = read_python_calls(reading.text[reading.place : at if at >= 0 else None].strip())
    if not calls:
        raise ValueError("no call in the block")
    reading.place = at + len(end) if at >= 0 else len(reading.text)
    yield from (ToolCall(*call) for call in calls)


def _deepseek(reading: CallReader) -> Iterator[ToolCall]:
    """V3: ``function``, the name, fenced JSON; V3.1: the name, JSON."""
    head = reading.match(_DEEPSEEK_NAME)
    if head is None:
        raise ValueError("<｜tool▁sep｜> is missing")
    call = call_of_parts(head[2] or head[1], reading.json())
    if head[2]:
        reading.expect("```")
    reading.expect("<｜tool▁call▁end｜>")
    yield call


def _kimi(reading: CallReader) -> Iterator[ToolCall]:
    """``functions.NAME:INDEX`` and JSON arguments."""
    head = reading.match(_KIMI_NAME)
    if head is None:
        raise ValueError("no id of the form functions.NAME:INDEX before the arguments")
    call = call_of_parts(head[1], reading.json())
    reading.expect("<|tool_call_end|>")
    yield call


def _step(reading: CallReader) -> Iterator[ToolCall]:
    reading.expect("function")
    reading.expect("<｜tool_sep｜>")
    calls = list(tagged_calls(reading, _invoke_tags("steptml:")))
    reading.expect("<｜tool_call_end｜>")
    yield from calls


def _tag_block(reading: CallReader, tags: Tags, end: str) -> Iterator[ToolCall]:
    """One or more calls in tags, and the mark that closes the block."""
    calls = list(tagged_calls(reading, tags))
    reading.expect(end)
    yield from calls


def _function_calls(reading: CallReader) -> Iterator[ToolCall]:
    """Invoke tags (Anthropic, DeepSeek V3.2 in plain tags) or Python calls (OLMo 3)."""
    if reading.is_at("<invoke"):
        yield from _tag_block(reading, _invoke_tags(""), "</function_calls>")
        return
    calls = read_python_calls(reading.until("</function_calls>").strip())
    yield from (ToolCall(*call) for call in calls)


def _internlm(reading: CallReader) -> Iterator[ToolCall]:
    reading.expect("<|plugin|>")
    yield from _closed_json(reading, "<|action_end|>")


def _apertus(reading: CallReader) -> Iterator[ToolCall]:
    """A list of ``{name: arguments}``."""
    items = reading.json()
    reading.take("<|tools_suffix|>")
    for item in items if isinstance(items, list) else [items]:
        if not isinstance(item, dict) or len(item) != 1:
            raise ValueError("a call must be a mapping of one name to its arguments")
        yield call_of_parts(*next(iter(item.items())))


@functools.cache
def _invoke_tags(prefix: str) -> Tags:
    """``<invoke name="f">`` and ``<parameter name="a">``, each after a prefix of the family."""
    p = re.escape(prefix)
    return Tags(
        re.compile(rf"<{p}invoke\s+name=[\"']?([^\"'<>\n]+)[\"']?\s*>"),
        f"</{prefix}invoke>",
        re.compile(
            rf"<{p}parameter\s+name=[\"']?([^\"'<>\n]+?)[\"']?(?:\s+string=\"(true|false)\")?\s*>"
        ),
        f"</{prefix}parameter>",
    )


# --- harmony --------------------------------------------------------------------------------------


def _harmony_calls(text: str) -> Iterator[ToolCall]:
    """The messages of gpt-oss that have a tool as their recipient.

    A message is a header, which may name the recipient before or after its channel,
    ``<|message|>``, and the content; ``functions.`` is the namespace of the row's tools.
    """
    header: int | None = 0
    for mark in _HARMONY_MARK.finditer(text):
        if mark[1] == "message" and header is not None:
            recipient = _RECIPIENT.search(text, header, mark.start())
            if recipient and recipient[1] not in _NO_TOOL:
                yield _harmony_call(text, mark.end(), recipient[1])
            header = None
        elif mark[1] in ("start", "end", "call", "return"):
            header = mark.end()
        elif mark[1] == "channel" and header is None:
            header = mark.start()


def _harmony_call(text: str, start: int, recipient: str) -> ToolCall:
    name = recipient.removeprefix("functions.")
    reading = CallReader(text, {})
    reading.place = start
    arguments: Any = {}
    try:
        if not _is_message_end(reading):
            arguments = reading.json()
            if not _is_message_end(reading):
                raise ValueError("the arguments are followed by more text")
    except ValueError as error:
        return broken(f"arguments of {name[:40]!r}: {error}")
    return call_of_parts(name, arguments)


def _is_message_end(reading: CallReader) -> bool:
    reading.skip_space()
    at = reading.place
    return at == len(reading.text) or _HARMONY_MARK.match(reading.text, at) is not None


# --- the table ------------------------------------------------------------------------------------

_VLLM = "vllm-project/vllm, vllm/entrypoints/openai/tool_parsers/"
_SGLANG = "sgl-project/sglang, python/sglang/srt/function_call/"


def _partial(function: Callable[..., Iterator[ToolCall]], *args: object) -> Reader:
    return lambda reading: function(reading, *args)


def _row(name: str, opening: str, read: Reader, source: str) -> tuple[str, Format]:
    return name, Format(name, opening, read, source)


FORMATS: Mapping[str, Format] = dict(
    [
        _row(
            "tool_call",  # Hermes, Qwen2.5/3, xLAM, Granite 3.1/4; Qwen3-Coder; GLM-4.5 to 4.7
            r"<tool_call>",
            _tool_call,
            f"{_VLLM}hermes_tool_parser.py, qwen3coder_tool_parser.py, glm4_moe_tool_parser.py",
        ),
        _row(
            "tool_calls",  # Jamba, Hunyuan-A13B, MiniMax-M1
            r"<tool_calls>",
            _partial(_closed_json, "</tool_calls>"),
            f"{_VLLM}jamba_tool_parser.py, hunyuan_a13b_tool_parser.py, minimax_tool_parser.py",
        ),
        _row(
            "granite_20b",
            r"<function_call>",
            _partial(_open_json, "</function_call>"),
            f"{_VLLM}granite_20b_fc_tool_parser.py",
        ),
        _row(
            "glaive",
            r"<functioncall>",
            _glaive,
            "hiyouga/LLaMA-Factory, data/glaive_toolcall_en_demo.json",
        ),
        _row(
            "mistral",
            r"\[TOOL_CALLS\]",
            _mistral,
            f"{_VLLM}mistral_tool_parser.py; {_SGLANG}mistral_detector.py",
        ),
        _row(
            "llama3",
            r"<\|python_tag\|>",
            _llama,
            f"{_VLLM}llama_tool_parser.py;"
            " meta-llama/llama-models, models/llama3_1/prompt_format.md",
        ),
        _row(
            "llama4",
            r"<\|python_start\|>",
            _partial(_pythonic, "<|python_end|>"),
            f"{_VLLM}llama4_pythonic_tool_parser.py",
        ),
        _row(
            "function_tag",
            r"<function=(?=[^<>\n]+>)",
            _function_tag,
            f"{_VLLM}qwen3coder_tool_parser.py;"
            " meta-llama/llama-models, models/llama3_1/prompt_format.md",
        ),
        _row(
            "granite3",  # also Phi-4-mini, which adds a closing mark
            r"<\|tool_call\|>",
            _partial(_open_json, "<|/tool_call|>"),
            f"{_VLLM}granite_tool_parser.py",
        ),
        _row(
            "phi4_mini",
            r"(?<![\w.])functools(?=\[)",
            _partial(_open_json, "<|/tool_call|>"),
            f"{_VLLM}phi4mini_tool_parser.py",
        ),
        _row(
            "cohere_command",
            r"<\|START_ACTION\|>",
            _partial(_closed_json, "<|END_ACTION|>"),
            "vllm-project/vllm, tests/tool_parsers/test_cohere_command_tool_parser.py",
        ),
        _row(
            "cohere_command_r",
            r"(?m:^)Action:[ \t]*```json\b",
            _partial(_closed_json, "```"),
            "the chat template tool_use of CohereForAI/c4ai-command-r-v01",
        ),
        _row(
            "internlm2",
            r"<\|action_start\|>",
            _internlm,
            f"{_VLLM}internlm2_tool_parser.py; {_SGLANG}internlm_detector.py",
        ),
        _row(
            "nemotron",
            r"<TOOLCALL>",
            _partial(_closed_json, "</TOOLCALL>"),
            "vllm-project/vllm, tests/tool_parsers/test_nemotron_json_tool_parser.py",
        ),
        _row(
            "longcat",
            r"<longcat_tool_call>",
            _partial(_closed_json, "</longcat_tool_call>"),
            f"{_VLLM}longcat_tool_parser.py",
        ),
        _row(
            "apertus",
            r"<\|tools_prefix\|>",
            _apertus,
            f"{_VLLM}apertus_tool_parser.py",
        ),
        _row(
            "deepseek_v3",
            r"<｜tool▁call▁begin｜>",
            _deepseek,
            f"{_SGLANG}deepseekv3_detector.py, deepseekv31_detector.py",
        ),
        _row(
            "deepseek_v32",
            r"<｜DSML｜(?:function|tool)_calls>",
            lambda reading: _tag_block(reading, _invoke_tags("｜DSML｜"), _dsml_end(reading)),
            f"{_SGLANG}deepseekv32_detector.py",
        ),
        _row(
            "function_calls",  # Anthropic's tags, OLMo 3
            r"<function_calls>",
            _function_calls,
            f"{_VLLM}olmo3_tool_parser.py; {_SGLANG}deepseekv32_detector.py",
        ),
        _row(
            "kimi_k2",
            r"<\|tool_call_begin\|>",
            _kimi,
            f"{_VLLM}kimi_k2_tool_parser.py; {_SGLANG}kimik2_detector.py",
        ),
        _row(
            "minimax_m2",
            r"<minimax:tool_call>",
            _partial(_tag_block, _invoke_tags(""), "</minimax:tool_call>"),
            f"{_VLLM}minimax_m2_tool_parser.py; {_SGLANG}minimax_m2.py",
        ),
        _row(
            "seed_oss",
            r"<seed:tool_call>",
            _partial(_tag_block, _FUNCTION, "</seed:tool_call>"),
            f"{_VLLM}seed_oss_tool_parser.py",
        ),
        _row(
            "step3",
            r"<｜tool_call_begin｜>",
            _step,
            f"{_VLLM}step3_tool_parser.py",
        ),
        _row(
            "gemma4",
            r"<\|tool_call>",
            lambda r: gemma_calls(r, '<|"|>', "<tool_call|>", is_typed=False),
            f"{_SGLANG}gemma4_detector.py",
        ),
        _row(
            "function_gemma",
            r"<start_function_call>",
            lambda r: gemma_calls(r, "<escape>", "<end_function_call>", is_typed=True),
            "vllm-project/vllm, tests/tool_parsers/test_functiongemma_tool_parser.py",
        ),
        _row(
            "lfm2",
            r"<\|tool_call_start\|>",
            _partial(_pythonic, "<|tool_call_end|>"),
            f"{_SGLANG}lfm2_detector.py",
        ),
    ]
)


def _dsml_end(reading: CallReader) -> str:
    """The mark that closes the DSML block that was opened last."""
    opening = reading.text[reading.text.rindex("<", 0, reading.place) : reading.place]
    return f"</{opening[1:]}"


_OPENING = re.compile(  # the look-ahead keeps most characters from trying every alternative
    rf"(?=[<\[fA])(?:{'|'.join(f'(?P<{f.name}>{f.opening})' for f in FORMATS.values())})"
)
_GLAIVE_END = re.compile(rf"</functioncall>|<\|endoftext\|>|{_OPENING.pattern}")
