"""Whether the response has the requested format: think and answer blocks, fields, code, a box.

The note gives the reason for a 0. Tags are located in one pass, from left to right.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from plaudit.answers.boxed import last_boxed
from plaudit.errors import ConfigError
from plaudit.text.fences import fenced_blocks
from plaudit.text.think import Marks, Thought, split_with_marks
from plaudit.types import Range, Score

__all__ = [
    "boxed",
    "fenced_code",
    "tag_count",
    "think",
    "think_answer",
    "think_answer_soft",
    "xml_fields",
]

Prefilled = bool | Literal["auto"]
_TAGS = ("<think>", "</think>", "<answer>", "</answer>")
_VISIBLE = re.compile(
    r"[^\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U000e0000-\U000e0fff]"
)


def think(
    response: str, *, prefilled: Prefilled = False, tag: str = "auto"
) -> Annotated[float | Score, Range(0, 1)]:
    """1 for one closed, non-empty think block at the start and an answer after it, else 0.

    The format reward of DeepSeek-R1 (arXiv 2501.12948, section 2.2.2) for models that answer
    without tags. Each tag occurs once in the whole response; white space around it is tolerated.
    `tag` names the block (``tag="think"``: only ``<think>``); "auto" takes the marks of any model
    family, harmony's channels among them (`text.think.split`). `prefilled`: True where the chat
    template writes the opening tag (then the response only closes it), False where the model does,
    "auto" takes either. It need not be set if the row's prompt ends in the opening tag: it is then
    True automatically. A block that is never closed, as in a truncated response,
    earns 0.

    >>> think("<think>2 + 2</think> 4"), think("<think></think> 4").note
    (1.0, 'the think block is empty')
    """
    thought, marks = split_with_marks(response, tag=tag)
    return _verdict(
        _think_problem(thought, prefilled, marks)
        or _miscounted(response, _think_tags(thought, marks))
        or ("no answer after the think block" if _is_blank(thought.answer) else "")
    )


def think_answer(
    response: str, *, prefilled: Prefilled = False
) -> Annotated[float | Score, Range(0, 1)]:
    """1 if the response is exactly ``<think>..</think> <answer>..</answer>``, else 0.

    The format reward of DeepSeek-R1-Zero (arXiv 2501.12948, section 2.2.2): each tag once, in
    order, neither block empty, nothing but white space before, between and after. `prefilled` as
    in `think`.

    >>> think_answer("<think>2 + 2</think>\\n<answer>4</answer>\\n")
    1.0
    >>> think_answer("<answer>4</answer><think>2 + 2</think>").note
    'does not start with <think>'
    """
    thought, marks = split_with_marks(response, tag="think")
    answer_tags = {"<answer>": 1, "</answer>": 1}
    return _verdict(
        _think_problem(thought, prefilled, marks)
        or _miscounted(response, _think_tags(thought, marks) | answer_tags)
        or _answer_problem(thought.answer.strip())
    )


def think_answer_soft(
    response: str, *, prefilled: Prefilled = False
) -> Annotated[float | Score, Range(0, 1)]:
    """1 if all four tags occur once, in order and around something, else 0.

    `think_answer` without the condition that the blocks are the whole response: text before,
    between and after them is tolerated. `prefilled` as in `think`.

    >>> think_answer_soft("Well. <think>2 + 2</think> So <answer>4</answer> it is.")
    1.0
    >>> think_answer_soft("<think>2 + 2</think><answer> </answer>").note
    'the answer block is empty'
    """
    _check_prefilled(prefilled)
    places = _places(response, _TAGS)
    is_opened = prefilled is False or (prefilled == "auto" and bool(places["<think>"]))
    problem = _count_problem(places, dict.fromkeys(_TAGS, 1) | {"<think>": int(is_opened)})
    if problem:
        return _verdict(problem)
    at = [-len("<think>") if not places[tag] else places[tag][0] for tag in _TAGS]
    return _verdict(_order_problem(response, at))


def tag_count(
    response: str, *, tags: Sequence[str] = _TAGS, prefilled: bool = False
) -> Annotated[float | Score, Range(0, 1)]:
    """The share of the tags, from 0 to 1, that occur exactly once and in order.

    ``longest chain of single tags in the given order / number of tags``. After the tag count reward
    of open-r1 (src/open_r1/rewards.py), which ignores the order. `prefilled` drops the first tag,
    where the chat template writes it. The tags need no line breaks around them; an empty block
    counts (see `think_answer`).

    >>> tag_count("<think>2 + 2</think><answer>4</answer>")
    1.0
    >>> tag_count("</answer>4<answer></think>2 + 2<think>").value
    0.25
    """
    expected = list(tags)[1:] if prefilled else list(tags)
    if not expected or not all(expected):
        raise ConfigError(f"tag_count: tags={list(tags)!r} must name at least one tag, none empty")
    places = _places(response, tuple(expected))
    return _share(expected, [_single(places, tag) for tag in expected])


def xml_fields(
    response: str, *, fields: Sequence[str] = ("think", "answer")
) -> Annotated[float | Score, Range(0, 1)]:
    """The share of the fields, from 0 to 1, that occur once, closed, non-empty and in order.

    A field is ``<name>..</name>``; ``longest chain of such fields in the given order, one after the
    other / number of fields``. After XMLParser of verifiers, whose spacing terms give points to
    text without any field.

    >>> xml_fields("<plan>add</plan><code>2 + 2</code>", fields=["plan", "code"])
    1.0
    >>> xml_fields("<plan>add</plan><code>2 + 2", fields=["plan", "code"]).note
    'in order: plan; not: code'
    """
    if not fields or isinstance(fields, str):
        raise ConfigError(f"xml_fields: fields={fields!r} must be a list of names")
    places = _places(response, tuple(f"<{end}{name}>" for name in fields for end in ("", "/")))
    return _share(fields, [_field(response, places, name) for name in fields])


def fenced_code(
    response: str, code_language: str | None = None, *, language: str | None = None
) -> Annotated[float | Score, Range(0, 1)]:
    """1 if a fenced code block names its language and is not empty, else 0.

    Every fence must be closed. A fence is a line of three or more backticks; it closes at a line of
    at least as many and nothing else. `language`, or the column `code_language` if a row has one,
    says which language the block must name (case is ignored). An open fence, as in a response cut
    by its length limit, earns 0.

    >>> fenced_code("```python\\nprint(4)\\n```", language="python")
    1.0
    >>> fenced_code("```python\\n```").note
    'no code block that names a language and holds something'
    """
    required = (code_language or language or "").lower()
    language_named = ""
    for info, body in fenced_blocks(response):
        if body is None:
            return Score(0.0, note="a code block is not closed")
        named = info.partition(" ")[0].lower()
        if named and body.strip() and required in ("", named):
            language_named = named
    if language_named:
        return 1.0
    which = required or "a language"
    return Score(0.0, note=f"no code block that names {which} and holds something")


def boxed(response: str) -> Annotated[float | Score, Range(0, 1)]:
    r"""1 if the last boxed answer of the response is complete and not empty, else 0.

    ``\boxed{..}``, ``\boxed 5`` and ``\fbox{..}`` with balanced braces. Where the last box is cut
    off, the last complete one counts.

    >>> boxed(r"so \boxed{\frac{1}{2}}"), boxed(r"so \boxed{}").note
    (1.0, 'the last box is empty')
    """
    box = last_boxed(response)
    if box is None:
        return Score(0.0, note="no complete box")
    return 1.0 if box[0] else Score(0.0, note="the last box is empty")


# --- what is wrong --------------------------------------------------------------------------------


def _verdict(problem: str) -> float | Score:
    return Score(0.0, note=problem) if problem else 1.0


def _think_problem(thought: Thought, prefilled: Prefilled, marks: Marks) -> str:
    """What is wrong with the think block; empty if nothing is."""
    _check_prefilled(prefilled)
    status, (opening, closing) = thought.status, marks
    if status == "unclosed":
        return f"{opening} is never closed"
    if status == "none":
        is_opened = prefilled is False
        return f"does not start with {opening}" if is_opened else f"no {closing} ends a block"
    if status == "closed" and prefilled is True:
        return f"opens {opening} again, after the template did"
    if status == "prefilled" and prefilled is False:
        return f"does not start with {opening}; if the template writes it, pass prefilled=True"
    return "the think block is empty" if _is_blank(thought.think) else ""


def _think_tags(thought: Thought, marks: Marks) -> dict[str, int]:
    """How often the response itself should write each mark of the block."""
    return {marks.opening: int(thought.status == "closed"), marks.closing: 1}


def _miscounted(text: str, counts: Mapping[str, int]) -> str:
    """Names a tag with the wrong number of occurrences; empty if all counts are right."""
    return _count_problem(_places(text, tuple(counts)), counts)


def _count_problem(places: Mapping[str, Sequence[int]], counts: Mapping[str, int]) -> str:
    for tag, count in counts.items():
        if (occurrences := len(places[tag])) != count:
            return f"{tag} occurs {occurrences} times, not {count}" if occurrences else f"no {tag}"
    return ""


def _answer_problem(body: str) -> str:
    if not body.startswith("<answer>"):
        return "text between </think> and <answer>"
    if not body.endswith("</answer>"):
        return "text after </answer>"
    content = body[len("<answer>") : -len("</answer>")]
    return "the answer block is empty" if _is_blank(content) else ""


def _check_prefilled(prefilled: Prefilled) -> None:
    if prefilled not in (True, False, "auto"):
        raise ConfigError(f"prefilled={prefilled!r} must be True, False or 'auto'")


def _order_problem(text: str, at: Sequence[int]) -> str:
    """What is wrong with four tags at these places: out of order, or around nothing."""
    for before, after, tag in zip(at, at[1:], _TAGS[1:], strict=False):
        if after < before:
            return f"{tag} is out of order"
    if _is_blank(text[at[0] + len("<think>") : at[1]]):
        return "the think block is empty"
    return "the answer block is empty" if _is_blank(text[at[2] + len("<answer>") : at[3]]) else ""


def _is_blank(text: str) -> bool:
    """Whether a reader would see nothing: white space, controls, zero-width marks, fillers."""
    return _VISIBLE.search(text) is None


# --- tags and shares ------------------------------------------------------------------------------

_Span = tuple[int, int]


@functools.lru_cache(maxsize=64)
def _any_of(tags: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, tags)))


def _places(text: str, tags: tuple[str, ...]) -> dict[str, list[int]]:
    """The positions of each tag, located in one pass."""
    places: dict[str, list[int]] = {tag: [] for tag in tags}
    for match in _any_of(tags).finditer(text):
        places[match.group()].append(match.start())
    return places


def _single(places: Mapping[str, Sequence[int]], tag: str) -> _Span | None:
    """The span of the tag if it occurs exactly once."""
    at = places[tag]
    return (at[0], at[0] + len(tag)) if len(at) == 1 else None


def _field(text: str, places: Mapping[str, Sequence[int]], name: str) -> _Span | None:
    """The span of the field if it occurs exactly once, closed and not empty."""
    opening, closing = _single(places, f"<{name}>"), _single(places, f"</{name}>")
    if not opening or not closing or _is_blank(text[opening[1] : closing[0]]):
        return None
    return opening[0], closing[1]


def _share(names: Sequence[str], spans: Sequence[_Span | None]) -> float | Score:
    chain = _longest_chain(spans)
    if len(chain) == len(names):
        return 1.0
    in_order, lost = (
        ", ".join(name for i, name in enumerate(names) if (i in chain) is inside) or "none"
        for inside in (True, False)
    )
    return Score(len(chain) / len(names), note=f"in order: {in_order}; not: {lost}")


def _longest_chain(spans: Sequence[_Span | None]) -> tuple[int, ...]:
    """The indices of the most spans that follow one another in the text in their given order."""
    chains: list[tuple[int, ...]] = [()]
    for i, span in enumerate(spans):
        if span is None:
            continue
        fitting = [c for c in chains if not c or _end(spans, c) <= span[0]]
        chains.append((*max(fitting, key=len), i))
    return max(chains, key=len)


def _end(spans: Sequence[_Span | None], chain: tuple[int, ...]) -> int:
    last = spans[chain[-1]]
    return last[1] if last else 0
