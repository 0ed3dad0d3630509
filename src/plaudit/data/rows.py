"""Rows and groups: how the columns of a row become a Group.

    prompt      prompt | question | problem | instruction (+ input) | query | input, as text or
                messages; else messages | conversations up to the last user turn; else messages |
                prompt within request | body. A row with none of these has an empty prompt. A
                text in system | system_prompt is put before it, question and answer pairs in
                history as well.
    responses   response | completion | output (text, or messages, or a list of either);
                responses | completions | outputs (a list of texts, messages or objects);
                chosen + rejected (one each, or lists), response_a + response_b, response_1 +
                response_2 and the like (if both are whole conversations or transcripts with
                Human: and Assistant:, their shared beginning is the prompt); else the end of
                messages | conversations; else steps (a list of texts: one response, joined by
                blank lines).
    token_ids   token_ids | completion_ids | response_token_ids, one list for each response
    finish_reason  finish_reason | finish_reasons | stop_reason
    id          id

Reasoning in a separate field becomes the think block of its response, objects of the OpenAI API
give their text, and end-of-turn marks are removed: see `plaudit.data.door`.

Data sets with other names are read as their publisher documents them (see `plaudit.data.layouts`):
the caller's mapping takes precedence, then these names, then that table.

In a row with a list of responses, `correct`, `label`, `labels`, `model` and `models` with one item
for each response go to the responses. If a pair's label (A>B, model_a, response_2, tie) says which
response is the better one, the responses get the label "chosen", "rejected" or "tie". A bare number
may count from 0 or from 1: it is read if the layout or the caller (`better_from_0`,
`better_from_1`) says so, and left unchanged otherwise. Two conversations without a prompt in common
are an error. `completions` with as many booleans in `labels` are the steps of one solution (TRL's
stepwise format); a response of steps has them in its columns `steps` and `step_labels`. All other
columns stay with the group. A null is an absent column; a null response next to reasoning is a
response that is all reasoning, and an assistant turn with null content is an empty response.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from operator import itemgetter
from typing import Any, NamedTuple

from plaudit.data.door import Intake, admitted, is_output, response_of, responses_of_output
from plaudit.data.finish import finish_of, stop_reason_of, with_stop_reasons
from plaudit.data.jsontext import loads
from plaudit.data.layouts import recognised, sorts_of, unreadable
from plaudit.data.turns import (
    REASONING,
    answer,
    is_turns,
    reasoning_of,
    split_chat,
    split_pair,
    turns,
    with_think,
    wrong,
)
from plaudit.errors import ConfigError, DataError, clipped, did_you_mean
from plaudit.rule import ALIASES
from plaudit.types import Group, Message, Response

__all__ = ["NAMES", "Layout", "Row"]

_PROMPTS = ("prompt", "question", "problem", "instruction", "query", "input")
_CHATS = ("messages", "conversations")
_INNER_PROMPTS = ("request.messages", "request.prompt", "body.messages", "body.prompt")
_ONE = ("response", "completion", "output")
_MANY = ("responses", "completions", "outputs")
_PAIRS = (("chosen", "rejected"), ("response_a", "response_b"))
_NUMBERED = re.compile(
    r"((?:(?!gold|ref|correct|expected)[a-z0-9]+[ _-])?"
    r"(?:response|completion|output|generation|candidate|attempt|rollout)"
    r"|assistant|conversation|(?!gold|ref|correct|expected)[a-z0-9]+_solution)"
    r"[ _-]?([a-d]|[0-9])",
    re.IGNORECASE,
)
_STEPS = "steps"
_SYSTEM = ("system", "system_prompt")
_PREFERENCES = ("preference", "winner", "label", "overall_preference", "better")
_TOKEN_IDS = ("token_ids", "completion_ids", "response_token_ids")
_FINISH = ("finish_reason", "finish_reasons", "stop_reason")
_PLURAL_FINISH = _FINISH[1:2]
_COUNTED = {"better_from_0": 0, "better_from_1": 1}  # names for a label that counts responses
_SPREAD = {
    "correct": "correct",
    "label": "label",
    "labels": "label",
    "model": "model",
    "models": "model",
    "correctness_math_verify": "correct",
}
_PLURAL = ("labels", "models")
_ITEM_TEXTS = ("text", "content", "response", "completion", "output", "answer")
_LIST = (list, tuple)
_MAX_PLANS = 1000  # for rows that hardly ever have the same columns
_PROMPT_LIKE = {*_PROMPTS, *_CHATS}
_RESPONSE_LIKE = {*_ONE, *_MANY, *(name for pair in _PAIRS for name in pair)}
_TAKES = {"prompt", "messages", _STEPS, *_RESPONSE_LIKE}  # names whose column has been consumed
NAMES = frozenset(
    {
        *_PROMPT_LIKE, *_RESPONSE_LIKE, *_SYSTEM, *_PREFERENCES, *_TOKEN_IDS, *_FINISH, *_SPREAD,
        *_COUNTED, _STEPS, "history", "id",
    }
)  # fmt: skip
_MOST_SHOWN = 12

Raw = Mapping[str, Any]
Get = Callable[[Raw], Any]
# responses, whether the row has them as a list, and the prompt if they carry it
Responses = tuple[list[Response], bool, Sequence[Message] | None]


class Row(NamedTuple):
    """One row of the input: its place, its raw columns, and its group or why there is none.

    `number` is the line in a text file, else the row, from 1. `is_list`: the row has its responses
    as a list, so that its rewards are written as one. `intake` counts what was removed from the
    responses or added to them.
    """

    source: str
    number: int
    raw: Mapping[str, Any]
    group: Group | DataError
    is_list: bool = False
    intake: Intake = Intake()

    @property
    def where(self) -> str:
        """The place as shown in error messages."""
        return f"{self.source}:{self.number}" if self.source else f"row {self.number}"

    def placed(self, error: DataError) -> DataError:
        """The error with this row's place."""
        return error if error is self.group else error.at(self.where)


class _Plan(NamedTuple):
    """How to read all rows that have the same columns."""

    id: Get | None
    prompt: Get | None
    responses: Callable[[Raw], Responses]
    token_ids: tuple[str, Get] | None
    finish_reason: tuple[str, Get] | None
    spread: tuple[tuple[str, Get], ...]
    shared: tuple[tuple[str, Get], ...]
    unchanged: tuple[str, ...]
    context: tuple[Get | None, Get | None]  # system prompt, earlier turns
    label: Get | None  # which response of a pair is the better one
    reading: Mapping[str, str]


class Layout:
    """How the columns of rows become groups; `columns` maps plaudit's names to the rows' own.

    A dotted source (``reward_model.ground_truth``) reaches into an object.

    >>> row = Layout({"prompt": "q"}).row({"q": "2+2?", "response": "4", "answer": "4"})
    >>> row.group.prompt[0]["content"], row.group.responses[0].text, row.group.columns
    ('2+2?', '4', {'answer': '4'})
    """

    def __init__(
        self, columns: Mapping[str, str] | None = None, *, keep_end_marks: bool = False
    ) -> None:
        self.columns = dict(columns or {})
        self.keep_end_marks = keep_end_marks
        for name, source in self.columns.items():
            if not isinstance(name, str) or not isinstance(source, str):
                raise ConfigError(
                    f"columns maps names to the columns of the data, found {name!r}: {source!r}"
                )
        self._plans: dict[ColumnShape, _Plan | DataError] = {}

    def row(self, raw: Raw, source: str = "", number: int = 1) -> Row:
        """The row with its group, or with the DataError that says what is wrong with it."""
        shape = _shape(raw)
        plan = self._plans.get(shape) or self._planned(shape)
        is_list, intake = False, Intake()
        try:
            if isinstance(plan, DataError):
                raise plan
            responses, is_list, prompt = plan.responses(raw)
            if prompt is None:
                prompt = () if plan.prompt is None else plan.prompt(raw)
            if plan.context != _NO_CONTEXT:
                prompt = _with_context(plan.context, raw, prompt)
            if plan.label is not None:
                responses = _labelled(plan.label(raw), responses)
            group = _group(plan, raw, prompt, responses, is_list)
            group, intake = admitted(group, raw, keep_end_marks=self.keep_end_marks)
        except DataError as error:
            group = error.at(f"{source}:{number}" if source else f"row {number}")
        return Row(source, number, raw, group, is_list, intake)

    def reading(self, raw: Raw) -> Mapping[str, str]:
        """Which columns a row is read from: plaudit's names mapped to the row's own.

        A recipe with this mapping as its `columns` reads the row in the same way.

        >>> dict(Layout().reading({"question": "2+2?", "output": "4", "answer": "4"}))
        {'prompt': 'question', 'response': 'output', 'reference': 'answer'}
        """
        shape = _shape(raw)
        plan = self._plans.get(shape) or self._planned(shape)
        reading = {} if isinstance(plan, DataError) else plan.reading
        is_stepwise = _are_step_labels(raw.get("labels"), raw.get("completions"))
        if is_stepwise and reading.get("responses") == "completions":
            return {"steps" if k == "responses" else k: v for k, v in reading.items()}
        return reading

    def readings(self, raw: Raw) -> list[Mapping[str, str]]:
        """Every way in which the responses of a row can be read: none, one, or several.

        >>> Layout().readings({"response": "4", "output": "5", "answer": "4"})
        [{'response': 'response'}, {'response': 'output'}]
        """
        names = _Names(self.columns, _shape(raw))
        _refuse_unreadable(names)
        return [_spelled(kind, names) for kind in _response_kinds(names)]

    def _planned(self, shape: ColumnShape) -> _Plan | DataError:
        if len(self._plans) > _MAX_PLANS:
            self._plans.clear()
        try:
            plan = _plan(_Names(self.columns, shape))
        except DataError as error:
            plan = error
        self._plans[shape] = plan
        return plan


class ColumnShape(NamedTuple):
    """The key of a plan: a row's columns, those that are null, and the sorts of some values."""

    keys: tuple[str, ...]
    nulls: tuple[str, ...]
    sorts: tuple[tuple[str, Any], ...]


def _shape(raw: Raw) -> ColumnShape:
    nulls = tuple([key for key, value in raw.items() if value is None])
    return ColumnShape(tuple(raw), nulls, tuple(sorts_of(raw).items()))


# --- the plan -------------------------------------------------------------------------------------


class _Names:
    """The columns of a row under plaudit's names; a consumed column is not a group column."""

    def __init__(self, columns: Mapping[str, str], shape: ColumnShape):
        keys, nulls = shape.keys, shape.nulls
        for key in keys:
            if not isinstance(key, str):
                raise DataError(f"a column's name is text, found {clipped(key)}")
        self.mapped = set(columns)
        self.nulls = nulls
        self.keys = [key for key in keys if key not in nulls]
        self.known = recognised(self.keys, dict(shape.sorts))
        self.reads = {} if self.known is None else self.known.reads
        self.reading: dict[str, str] = {}
        moved = {key for key in columns.values() if key in keys}
        published = self._published(columns, moved)
        moved |= {
            key
            for name, key in published.items()
            if key in keys and (name in _TAKES or key in _RESPONSE_LIKE)
        }
        own = {key: key for key in self.keys if key not in moved and key not in columns}
        mapped = {name: self._source(columns, name) for name in columns}
        self.sources = {**published, **mapped, **own}

    def _published(self, columns: Mapping[str, str], moved: Collection[str]) -> dict[str, str]:
        """The names that the row's layout adds to those of the caller and of the row itself.

        Response names are left out if the caller maps the responses.
        """
        layout = {} if self.known is None else self.known.columns
        has_responses = not _TAKES.isdisjoint(set(columns) - {"prompt"})
        return {
            name: source
            for name, source in layout.items()
            if name not in columns
            and (name == source or name not in self.keys)
            and source not in moved
            and source.partition(".")[0] in self.keys
            and not (has_responses and name in _TAKES and name != "prompt")
        }

    def _source(self, columns: Mapping[str, str], name: str) -> str:
        source = columns[name]
        if source in self.keys or source.partition(".")[0] in self.keys:
            return source
        if source in self.nulls and name in _ONE and self.has_reasoning:
            return source
        if source in self.nulls:
            raise DataError(f"the mapped column {source!r} is null", field=name)
        raise DataError(
            f"the mapped column {source!r} is missing; {self.present()}"
            f"{did_you_mean(source, self.keys)}",
            field=name,
        )

    @property
    def has_reasoning(self) -> bool:
        """Whether the row has reasoning next to its responses."""
        return any(name in self.keys for name in REASONING)

    def present(self) -> str:
        """A clause that lists the row's columns."""
        first_keys, more = self.keys[:_MOST_SHOWN], len(self.keys) - _MOST_SHOWN
        rest = f" and {more} more" if more > 0 else ""
        return f"the row has {', '.join(first_keys) or 'no columns'}{rest}"

    def among(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that the row has and that are not consumed."""
        return [name for name in names if name in self.sources]

    def among_nulls(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that are null next to reasoning: a response that is all reasoning."""
        all_null = [name for name in names if name in self.nulls and self.has_reasoning]
        self.sources |= {name: name for name in all_null[:1]}
        return all_null

    def take(self, name: str) -> Get:
        """The getter of a column, which is thereby consumed."""
        get = self.look(name)
        del self.sources[name]
        return get

    def look(self, name: str) -> Get:
        """The getter of a column that also stays with the group."""
        source = self.sources[name]
        get = _getter(source, self.keys, is_strict=name in self.mapped)
        read = self.reads.get(source)
        return get if read is None else lambda raw: read(get(raw), raw)


def _plan(names: _Names) -> _Plan:
    kind = _response_columns(names)
    names.reading |= _spelled(kind, names)
    label = _label_reader(names, kind)
    context = _context_readers(names)
    prompt = _prompt_reader(names, has_chat=kind[0] in _CHATS)
    responses = _response_reader(names, kind)
    ids = _take_first(names, _TOKEN_IDS)
    finish = _finish_reader(names)
    found_id = _take_first(names, ("id",))
    spread = tuple((name, names.take(name)) for name in names.among(tuple(_SPREAD)))
    names.reading |= _reference(names)
    rest = names.sources
    unchanged = {name for name, source in rest.items() if name == source not in names.reads}
    return _Plan(
        id=found_id[1] if found_id else None,
        prompt=prompt,
        responses=responses,
        token_ids=ids,
        finish_reason=finish,
        spread=spread,
        shared=tuple((name, names.look(name)) for name in rest if name not in unchanged),
        unchanged=tuple(name for name in rest if name in unchanged),
        context=context,
        label=label,
        reading=dict(sorted(names.reading.items(), key=_reading_order)),
    )


def _finish_reader(names: _Names) -> tuple[str, Get] | None:
    """The getter of the finish reason; a stop reason is one only if it names no stop string."""
    column = _take_first(names, _FINISH)
    if column is None or column[0] != "stop_reason" or "stop_reason" in names.mapped:
        return column
    get = column[1]
    names.sources["stop_reason"] = "stop_reason"  # it also stays with the group
    return "stop_reason", lambda raw: stop_reason_of(get(raw))


def _reference(names: _Names) -> dict[str, str]:
    """The reference of a layout; it becomes a column only if rules would not find it otherwise."""
    if "references" in names.sources and "reference" not in names.sources:
        source = names.sources["references"]
        if (head := source.partition(".")[0]) in ALIASES["reference"]:
            names.sources.pop(head, None)  # a list of alternatives, under one name only
        return {"references": source}
    if "reference" not in names.sources:
        return {}
    source = names.sources["reference"]
    aliases = names.among(ALIASES["reference"])
    if "reference" not in names.mapped and aliases == [source]:
        del names.sources["reference"]
    return {"reference": source}


def _reading_order(item: tuple[str, str]) -> int:
    order = ("prompt", "messages", "response", "responses", "steps", "chosen", "response_a")
    return order.index(item[0]) if item[0] in order else len(order)


def _spelled(kind: tuple[str, ...], names: _Names) -> dict[str, str]:
    """The response columns under the names that a mapping may use."""
    sources = [names.sources[name] for name in kind]
    if len(kind) == 1:
        name = kind[0]
        public = "response" if name in _ONE else "responses" if name in _MANY else name
        return {"messages" if name in _CHATS else public: sources[0]}
    if kind in _PAIRS:
        return dict(zip(kind, sources, strict=True))
    return dict(zip(_PAIRS[1], sources, strict=True)) if len(kind) == 2 else {}


def _take_first(names: _Names, candidates: Sequence[str]) -> tuple[str, Get] | None:
    present = names.among(candidates)
    chosen = next(
        (name for name in present if name in names.mapped),
        present[0] if present else None,
    )
    return (chosen, names.take(chosen)) if chosen else None


def _getter(source: str, keys: Sequence[str], *, is_strict: bool = True) -> Get:
    """The getter of a column, or of the value at a dotted path in it; JSON text is parsed."""
    if source in keys:
        return itemgetter(source)
    if "." not in source:
        return lambda raw: raw.get(source)
    head, *path = source.split(".")

    def reach(raw: Raw) -> Any:
        value = raw[head]
        for name in path:
            if isinstance(value, str) and value.lstrip()[:1] == "{":
                value = _object_in(value, is_strict=is_strict)
            if not isinstance(value, Mapping) or name not in value:
                if is_strict:
                    raise DataError(f"the mapped column has no {name!r} in it", field=source)
                return None
            value = value[name]
        return value

    return reach


def _object_in(text: str, *, is_strict: bool) -> Any:
    """The object in JSON text; other text counts as empty if the path is optional."""
    try:
        return loads(text.encode("utf-8", "surrogatepass"), what="text")
    except DataError:
        if is_strict:
            raise
        return None


def _response_columns(names: _Names) -> tuple[str, ...]:
    """The column or columns with the responses."""
    _refuse_unreadable(names)
    kinds = _response_kinds(names)
    if not kinds:
        raise _no_response(names)
    if len(kinds) > 1:
        raise _several_responses(names, kinds)
    return kinds[0]


def _refuse_unreadable(names: _Names) -> None:
    """Raises DataError for rows of a layout that has no prompts with responses."""
    layout = unreadable((*names.keys, *names.nulls))
    if layout is not None and names.mapped.isdisjoint({*_RESPONSE_LIKE, *_CHATS, _STEPS}):
        raise DataError(f"these are the columns of {layout.name}: {layout.why}", field="response")


def _response_kinds(names: _Names) -> list[tuple[str, ...]]:
    """Each column, or group of columns, that may contain the responses."""
    kinds = [(name,) for name in names.among((*_ONE, *_MANY))]
    kinds += [pair for pair in _PAIRS if len(names.among(pair)) == 2]
    kinds += [kind for kind in _numbered(names.sources) if kind not in kinds]
    kinds += [(name,) for name in names.among((_STEPS, *_CHATS)) if name in names.mapped]
    mapped = [kind for kind in kinds if names.mapped.intersection(kind)]
    chats = [(name,) for name in names.among((*_CHATS, _STEPS))[:1]]
    return mapped or kinds or chats or [(name,) for name in names.among_nulls(_ONE)[:1]]


def _numbered(names: Collection[str]) -> list[tuple[str, ...]]:
    """Columns such as output_1 and output_2: each series from its first member on, in order."""
    series: dict[str, dict[str, str]] = {}
    for name in names:
        if match := _NUMBERED.fullmatch(name):
            series.setdefault(match[1].lower(), {})[match[2].lower()] = name
    complete = []
    for members in series.values():
        marks = sorted(members)
        first = marks[0]
        whole = [chr(ord(first) + i) for i in range(len(marks))]
        if len(marks) > 1 and first in "a01" and marks == whole:
            complete.append(tuple(members[mark] for mark in marks))
    return complete


def _several_responses(names: _Names, kinds: Sequence[tuple[str, ...]]) -> DataError:
    listed = ", ".join(" + ".join(names.sources[name] for name in kind) for kind in kinds)
    name, source = next(iter(_spelled(kinds[0], names).items()), ("response", kinds[0][0]))
    return DataError(
        f"several columns may hold the response: {listed}; choose one with"
        f" columns={{{name!r}: {source!r}}}",
        field="response",
    )


def _no_response(names: _Names) -> DataError:
    empty = [name for name in names.nulls if name in _RESPONSE_LIKE]
    if empty:
        return wrong("text", None, empty[0])
    near = (
        f"; {key!r}: {hint[2:]}"
        for key in names.keys
        if (hint := did_you_mean(key, sorted(_RESPONSE_LIKE), limit=1))
        and _is_near(key, _RESPONSE_LIKE)
    )
    if (hint := next(near, "")) or names.known is None or names.known.kind != "prompts":
        return DataError(
            f"missing column; {names.present()}{hint}. Expected {', '.join((*_ONE, *_MANY))},"
            " chosen + rejected, or messages; name another with columns={'response': NAME}",
            field="response",
        )
    return DataError(
        f"missing column; {names.present()}. These are the columns of {names.known.name}: prompts"
        " without responses; sample some and add them as 'response', or name their column with"
        " columns={'response': NAME}",
        field="response",
    )


def _is_near(key: str, names: set[str]) -> bool:
    """Whether a column is a misspelling of one of `names`; `prompt_id` is not one of `prompt`."""
    return any(SequenceMatcher(None, key.lower(), name).ratio() > 0.85 for name in names)


# --- the prompt -----------------------------------------------------------------------------------


def _prompt_reader(names: _Names, *, has_chat: bool) -> Get | None:
    if has_chat:
        return None
    candidates = names.among((*_PROMPTS, *_CHATS))
    candidates = [name for name in candidates if name in names.mapped] or candidates
    if not candidates:
        _no_prompt(names)
        return _inner_prompt(names)
    name = candidates[0]
    source = names.sources[name]
    names.reading["prompt"] = source
    get = names.take(name)
    if source in _CHATS:
        return functools.partial(_prompt_of_chat, source, get)
    if source == "instruction" and "input" in names.sources:
        return functools.partial(_instruction, get, names.take("input"))
    return functools.partial(_prompt, name, get)


def _inner_prompt(names: _Names) -> Get | None:
    """The getter of a prompt within a request; without it a row has an empty prompt."""
    inner = [path for path in _INNER_PROMPTS if path.partition(".")[0] in names.keys]
    if not inner:
        return None
    head = inner[0].partition(".")[0]
    gets = [(path, _getter(path, names.keys, is_strict=False)) for path in inner]

    def read(raw: Raw) -> str | Sequence[Message]:
        if not isinstance(raw[head], Mapping):
            return ()
        filled = ((path, get) for path, get in gets if get(raw) is not None)
        return next((_prompt(path, get, raw) for path, get in filled), ())

    return read


def _no_prompt(names: _Names) -> None:
    for key in names.nulls:
        if key in _PROMPT_LIKE:
            raise wrong("text or messages", None, key)
    is_object = "object" in names.keys  # an API request, whose `instructions` are a system prompt
    for key in names.sources:
        if _is_near(key, _PROMPT_LIKE) and not (is_object and key == "instructions"):
            raise DataError(
                f"missing column; {names.present()}; {key!r} looks like it:"
                f" name it with columns={{'prompt': {key!r}}}",
                field="prompt",
            )


def _prompt(name: str, get: Get, raw: Raw) -> str | Sequence[Message]:
    value = get(raw)
    if type(value) is str:
        messages = _transcript(value) if value.startswith("\n\nHuman:") else ()
        return messages[:-1] if messages and not messages[-1].get("content") else value
    if is_turns(value):
        return turns(value, name)
    raise wrong("text or a list of messages", value, name)


def _instruction(get: Get, get_input: Get, raw: Raw) -> str | Sequence[Message]:
    text, more = _prompt("instruction", get, raw), get_input(raw)
    if isinstance(text, str) and isinstance(more, str) and more:
        return f"{text}\n{more}"
    return text


def _prompt_of_chat(name: str, get: Get, raw: Raw) -> Sequence[Message]:
    messages = turns(get(raw), name)
    return messages if messages[-1].get("role") != "assistant" else split_chat(messages)[0]


_NO_CONTEXT = (None, None)


def _context_readers(names: _Names) -> tuple[Get | None, Get | None]:
    """The getters of a system prompt and of earlier turns; both stay with the group."""
    system = next((name for name in _SYSTEM if name in names.sources), None)
    return (
        None if system is None else names.look(system),
        names.look("history") if "history" in names.sources else None,
    )


def _with_context(
    context: tuple[Get | None, Get | None], raw: Raw, prompt: str | Sequence[Message]
) -> str | Sequence[Message]:
    """A prompt after its system prompt and earlier turns, if the row has them."""
    system, history = (None if get is None else get(raw) for get in context)
    earlier: list[Any] = []
    if isinstance(history, _LIST) and isinstance(prompt, str):
        earlier = _earlier(history)
    has_system = isinstance(system, str) and bool(system)
    if not isinstance(prompt, str):
        has_system = has_system and bool(prompt) and prompt[0].get("role") != "system"
    if not earlier and not has_system:
        return prompt
    first: list[Any] = [{"role": "system", "content": system}] if has_system else []
    last: Any = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    return [*first, *earlier, *last]


def _earlier(history: Sequence[Any]) -> list[Message]:
    """The turns of [question, answer] pairs, or messages; [] for a list of anything else."""
    if is_turns(history):
        return list(turns(history, "history"))
    if not all(isinstance(p, _LIST) and len(p) == 2 and all(map(_is_text, p)) for p in history):
        return []
    roles = ("user", "assistant")
    return [
        {"role": role, "content": text}
        for pair in history
        for role, text in zip(roles, pair, strict=True)
    ]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_SPEAKER = re.compile(r"\n\n(Human|Assistant):")


def _transcript(text: str) -> tuple[Message, ...]:
    """The turns of a transcript with Human: and Assistant:; () for any other text."""
    _, *pieces = _SPEAKER.split(f"\n\n{text.lstrip()}")
    roles = {"Human": "user", "Assistant": "assistant"}
    messages: list[Any] = [
        {"role": roles[who], "content": what.strip()}
        for who, what in zip(pieces[::2], pieces[1::2], strict=True)
    ]
    is_one = len(messages) > 1 and messages[0].get("role") == "user"
    return tuple(messages) if is_one and text.lstrip().startswith("Human:") else ()


# --- the responses --------------------------------------------------------------------------------


def _response_reader(names: _Names, kind: tuple[str, ...]) -> Callable[[Raw], Responses]:
    name, source = kind[0], names.sources[kind[0]]
    gets = [names.take(name) for name in kind]
    if len(gets) == 2:
        return functools.partial(_pair, kind, gets)
    if len(gets) > 2:
        return functools.partial(_several, kind, gets)
    if name == "completions" == source and "labels" in names.sources:
        return functools.partial(_steps_or_many, gets[0], names.look("labels"))
    if name == _STEPS:
        labels = names.look("labels") if "labels" in names.sources else None
        return functools.partial(_steps, source, gets[0], labels)
    read = _chat if name in _CHATS else _many if name in _MANY else _one
    return functools.partial(read, name, gets[0])


def _one(name: str, get: Get, raw: Raw) -> Responses:
    value = get(raw)
    if type(value) is str:
        return [Response(value)], False, None
    if value is None:
        if not any(raw.get(field) for field in REASONING):
            raise wrong("text", value, name)
        return [Response("")], False, None  # all reasoning, which the door puts in
    if is_output(value):
        return [responses_of_output(value, name, raw)], False, None
    if isinstance(value, _LIST) and not is_turns(value):
        return _many(name, get, raw)
    if isinstance(value, Mapping) and (responses := response_of(value, name)) is not None:
        return with_stop_reasons(responses, value), len(responses) > 1, None
    return [_response(value, name)], False, None


def _many(name: str, get: Get, raw: Raw) -> Responses:
    values = get(raw)
    if not isinstance(values, _LIST):
        raise wrong("a list of responses", values, name)
    if not values:
        raise wrong("at least one response", values, name)
    thinks = next((raw[field] for field in REASONING if isinstance(raw.get(field), _LIST)), ())
    responses = [
        Response(value) if type(value) is str else _item(value, f"{name}[{i}]", thinks[i : i + 1])
        for i, value in enumerate(values)
    ]
    return responses, True, None


def _item(value: Any, field: str, think: Sequence[Any]) -> Response:
    """One response of a list; a null counts only if the row has reasoning for it."""
    if value is not None:
        return _response(value, field)
    if any(think):
        return Response("")
    raise DataError(
        "expected text, found null: give the text, an empty one for a response that is empty, or"
        " leave it out of the row with all that belongs to it",
        field=field,
    )


def _pair(kind: tuple[str, ...], gets: Sequence[Get], raw: Raw) -> Responses:
    a, b = (get(raw) for get in gets)
    if kind == _PAIRS[0] and (_is_plain_list(a) or _is_plain_list(b)):
        return _lists(kind, a, b)
    prompt, responses = _pair_of(kind, a, b)
    if kind == _PAIRS[0]:
        labels = zip(responses, kind, strict=True)
        responses = [_with_column(response, "label", name) for response, name in labels]
    return responses, True, prompt


def _pair_of(
    kind: tuple[str, ...], a: Any, b: Any
) -> tuple[Sequence[Message] | None, list[Response]]:
    """The prompt that both sides share, if they are conversations, and the two responses."""
    if isinstance(a, str) and isinstance(b, str):
        reply_a, reply_b = _transcript(a), _transcript(b)
        if reply_a and reply_b:
            a, b = reply_a, reply_b
    if isinstance(a, _LIST) and not isinstance(b, _LIST):
        a = turns(a, kind[0])
        prompt, reply = split_chat(a)
        if prompt:
            return prompt, [answer(reply, kind[0]), _response(b, kind[1])]
    if not isinstance(a, _LIST) or not isinstance(b, _LIST):
        return None, [_response(a, kind[0]), _response(b, kind[1])]
    a, b = turns(a, kind[0]), turns(b, kind[1])
    shared, reply_a, reply_b = split_pair(a, b)
    if not shared and a[0].get("role") != "assistant" == b[0].get("role"):
        shared, reply_a = split_chat(a)
    if any(reply and reply[0].get("role") != "assistant" for reply in (reply_a, reply_b)):
        raise DataError(
            f"the two conversations share no prompt: {kind[0]} goes on with"
            f" {clipped(reply_a[:1])}, {kind[1]} with {clipped(reply_b[:1])}",
            field=f"{kind[0]}, {kind[1]}",
        )
    return shared or None, [answer(reply_a, kind[0]), answer(reply_b, kind[1])]


def _is_plain_list(value: Any) -> bool:
    """Whether a value is a list of responses, not of messages."""
    is_list = isinstance(value, _LIST) and bool(value)
    return is_list and not (isinstance(value[0], Mapping) and is_turns(value[0]))


def _lists(kind: tuple[str, ...], a: Any, b: Any) -> Responses:
    """All chosen responses, then all rejected ones, each labelled."""
    responses = []
    for name, values in zip(kind, (a, b), strict=True):
        items = values if _is_plain_list(values) else [values]
        for i, value in enumerate(items):
            field = f"{name}[{i}]" if items is values else name
            responses.append(_with_column(_response(value, field), "label", name))
    return responses, True, None


def _several(kind: tuple[str, ...], gets: Sequence[Get], raw: Raw) -> Responses:
    return [_response(get(raw), name) for name, get in zip(kind, gets, strict=True)], True, None


def _steps_or_many(get: Get, get_labels: Get, raw: Raw) -> Responses:
    """One solution of steps if each completion has a boolean label, else rival responses."""
    if _are_step_labels(get_labels(raw), get(raw)):
        return _steps("completions", get, get_labels, raw)
    return _many("completions", get, raw)


def _are_step_labels(labels: Any, values: Any) -> bool:
    """Whether labels are one boolean for each of the texts in `values`."""
    return (
        isinstance(values, _LIST)
        and isinstance(labels, _LIST)
        and len(labels) == len(values) > 0
        and set(map(type, labels)) == {bool}
        and all(map(_is_text, values))
    )


def _steps(name: str, get: Get, get_labels: Get | None, raw: Raw) -> Responses:
    """One response: its steps with a blank line between them."""
    values = get(raw)
    if not isinstance(values, _LIST) or not values:
        raise wrong("a list of steps", values, name)
    steps = [_step(value, f"{name}[{i}]") for i, value in enumerate(values)]
    labels: Any = [label for _, label in steps]
    if get_labels is not None and isinstance(column_labels := get_labels(raw), _LIST):
        labels = list(column_labels)
        if len(labels) != len(steps):
            raise _ragged("labels", len(labels), len(steps), of="steps")
    texts = [text for text, _ in steps]
    columns: dict[str, Any] = {_STEPS: texts}
    if any(label is not None for label in labels):
        columns["step_labels"] = labels
    return [Response("\n\n".join(texts), columns=columns)], False, None


def _step(value: Any, field: str) -> tuple[str, Any]:
    """The text of a step and its rating: text, an object, or a step of PRM800K."""
    if isinstance(value, Mapping) and isinstance(value.get("completions"), _LIST):
        own, at = value.get("human_completion"), value.get("chosen_completion")
        if at is None and own is None and len(value["completions"]) > 0:
            at = 0  # all were rated wrong: the first one was used
        value = own if at is None else value["completions"][at]
    if isinstance(value, Mapping):
        text = next((value[n] for n in ("text", "step", "content") if n in value), None)
        return _text(text, field), value.get("rating", value.get("label"))
    return _text(value, field), None


def _chat(name: str, get: Get, raw: Raw) -> Responses:
    prompt, reply = split_chat(turns(get(raw), name))
    return [answer(reply, name)], False, prompt


def _response(value: Any, field: str) -> Response:
    """One response: text, messages, or an object with the text."""
    if isinstance(value, str):
        return Response(value)
    if is_turns(value):
        return answer(turns(value, field), field)
    if is_output(value):
        return responses_of_output(value, field)
    if isinstance(value, Mapping):
        return _response_of_object(value, field)
    raise wrong("text", value, field)


def _response_of_object(value: Raw, field: str) -> Response:
    if (choices := response_of(value, field)) is not None:
        if len(choices) > 1:
            raise wrong("an object with one choice", value, field)
        return with_stop_reasons(choices, value)[0]
    names = [name for name in _ITEM_TEXTS if name in value]
    if not names:
        raise wrong(f"text, or an object with {' or '.join(_ITEM_TEXTS)}", value, field)
    text, think = value[names[0]], reasoning_of(value)
    if not isinstance(text, str) and not (text is None and think):
        raise wrong("text", text, f"{field}.{names[0]}")
    ids, finish = value.get("token_ids"), finish_of(value)
    rest = {
        k: v
        for k, v in value.items()
        if v is not None and k not in (names[0], "token_ids", "finish_reason", *REASONING)
    }
    return Response(
        with_think(think, text or "", is_finished=text is not None),
        token_ids=None if ids is None else _ids(ids, f"{field}.token_ids"),
        finish_reason=None if finish is None else _text(finish, f"{field}.finish_reason"),
        columns=rest,
    )


# --- which of two is the better one ---------------------------------------------------------------

_SPELLINGS = {
    "one": "{0} model_{0} response_{0} assistant_{0} {0}>{1} {0}>>{1} {1}<{0} {1}<<{0}"
    " output_{0} answer_{0} completion_{0} model{0} response{0} assistant{0} output{0} answer{0}",
    "tie": "tie tied {0}={1} {1}={0} tie(bothbad) tie(bothgood) bothbad both_bad bothgood both_good"
    " both neither none equal same draw",
}


def _spellings(a: str, b: str) -> dict[str, int]:
    """The labels that say which of two, called `a` and `b`, is the better one.

    Bare numbers are left out: they may count from 0 or from 1.
    """
    place_of_label = {
        **dict.fromkeys(_SPELLINGS["one"].format(a, b).split(), 0),
        **dict.fromkeys(_SPELLINGS["one"].format(b, a).split(), 1),
        **dict.fromkeys(_SPELLINGS["tie"].format(a, b).split(), -1),
    }
    return {label: place for label, place in place_of_label.items() if not label.isdecimal()}


_BETTER = _spellings("a", "b")
_BETTER_NUMBERED = {first: _spellings(str(first), str(first + 1)) for first in (0, 1)}
_LABELS = {0: ("chosen", "rejected"), 1: ("rejected", "chosen"), -1: ("tie", "tie")}


def _label_reader(names: _Names, kind: tuple[str, ...]) -> Get | None:
    """A getter of the place of the better of two responses (-1: a tie; None: unknown)."""
    candidates = names.among((*_COUNTED, *_PREFERENCES))
    candidates = [name for name in candidates if name in names.mapped] or candidates
    if len(kind) != 2 or kind == _PAIRS[0] or not candidates:
        return None
    match = _NUMBERED.fullmatch(names.sources[kind[0]])
    first = int(match[2]) if match is not None and match[2].isdecimal() else None
    own = {names.sources[name].lower(): place for place, name in enumerate(kind)}
    place_of_label = {**_BETTER, **_BETTER_NUMBERED.get(-1 if first is None else first, {}), **own}
    gets = [(_COUNTED.get(name), names.look(name)) for name in candidates]
    reading = candidates[0] if candidates[0] in _COUNTED else "preference"
    names.reading[reading] = source = names.sources[candidates[0]]
    if candidates[0] != source and candidates[0] not in names.mapped:
        # the layout's name for it; the row's own name stays with the group
        del names.sources[candidates[0]]

    def read(raw: Raw) -> int | None:
        models = raw.get("model_a"), raw.get("model_b")
        places = (_better(get(raw), base, models, place_of_label) for base, get in gets)
        return next((place for place in places if place is not None), None)

    return read


def _better(
    value: Any, base: int | None, models: tuple[Any, Any], place_of_label: Mapping[str, int]
) -> int | None:
    """The place that a label names; a number is read only if the caller gives its base."""
    if isinstance(value, str):
        if value in models and models[0] != models[1]:
            return models.index(value)
        label = re.sub(r"[\s\[\]]", "", value).lower()
        place = place_of_label.get(value.strip().lower(), place_of_label.get(label))
        if place is not None or not label.isdecimal():
            return place
        value = int(label)
    if base is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if value == base + 0.5:
        return -1
    place = value - base
    return int(place) if place in (0, 1) else None


def _labelled(place: int | None, responses: list[Response]) -> list[Response]:
    if place is None:
        return responses
    pairs = zip(responses, _LABELS[place], strict=True)
    return [_with_column(response, "label", label) for response, label in pairs]


# --- the group ------------------------------------------------------------------------------------


def _group(
    plan: _Plan,
    raw: Raw,
    prompt: str | Sequence[Message],
    responses: list[Response],
    is_list: bool,
) -> Group:
    columns = {name: raw[name] for name in plan.unchanged}
    for name, get in plan.shared:
        if (value := get(raw)) is not None:
            columns[name] = value
    for name, get in plan.spread:
        value = get(raw)
        if is_list and isinstance(value, _LIST):
            responses = _spread(name, value, responses, columns)
        else:
            columns[name] = value
    if plan.token_ids is not None:
        responses = _with_token_ids(plan.token_ids, raw, is_list, responses)
    if plan.finish_reason is not None:
        responses = _with_finish_reason(plan.finish_reason, raw, is_list, responses)
    return Group(prompt, responses, columns, "" if plan.id is None else str(plan.id(raw)))


def _spread(
    name: str, value: Sequence[Any], responses: list[Response], columns: dict[str, Any]
) -> list[Response]:
    """Responses with their items of a list column, which otherwise stays with the group."""
    if len(value) != len(responses):
        if name in _PLURAL:
            raise _ragged(name, len(value), len(responses))
        columns[name] = value
        return responses
    key = _SPREAD[name]
    items = zip(responses, value, strict=True)
    return [_with_column(response, key, item) for response, item in items]


def _with_column(r: Response, name: str, value: Any) -> Response:
    """A response with one more column; `dataclasses.replace` takes twice the time."""
    return Response(r.text, r.messages, r.token_ids, r.finish_reason, {**r.columns, name: value})


def _with_token_ids(
    column: tuple[str, Get], raw: Raw, is_list: bool, responses: list[Response]
) -> list[Response]:
    name, get = column
    values = get(raw)
    if not is_list and not _is_nested(values):
        values = [values]
    if not isinstance(values, _LIST):
        raise wrong("a list of token ids for each response", values, name)
    if len(values) != len(responses):
        raise _ragged(name, len(values), len(responses))
    return [
        response if ids is None else replace(response, token_ids=_ids(ids, f"{name}[{i}]"))
        for i, (response, ids) in enumerate(zip(responses, values, strict=True))
    ]


def _with_finish_reason(
    column: tuple[str, Get], raw: Raw, is_list: bool, responses: list[Response]
) -> list[Response]:
    name, get = column
    values = get(raw)
    if values is None:
        return responses
    if isinstance(values, str) and (not is_list or name == "stop_reason"):
        values = [values] * len(responses)
    if not isinstance(values, _LIST):
        raise wrong("a text for each response", values, name)
    if len(values) != len(responses) and name in _PLURAL_FINISH and not is_list:
        return responses  # they belong to other responses, only one of which is in the row
    if len(values) != len(responses):
        raise _ragged(name, len(values), len(responses))
    return [
        response
        if reason is None
        else replace(response, finish_reason=_text(reason, f"{name}[{i}]"))
        for i, (response, reason) in enumerate(zip(responses, values, strict=True))
    ]


def _is_nested(value: Any) -> bool:
    return isinstance(value, _LIST) and bool(value) and isinstance(value[0], _LIST)


def _ids(value: Any, field: str) -> tuple[int, ...]:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, _LIST):
        raise wrong("a list of token ids", value, field)
    if not set(map(type, value)) <= {int}:
        raise wrong("a list of token ids, all integers", value, field)
    return tuple(value)


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise wrong("text", value, field)
    return value


def _ragged(name: str, count: int, expected: int, *, of: str = "responses") -> DataError:
    return DataError(
        f"expected one item for each of the {expected} {of}, found {count}", field=name
    )
