"""Rows and groups: how the columns of a row become a Group.

    prompt      prompt | question | problem | instruction (+ input) | query | input, as text or
                messages; else messages | conversations up to the last user turn. A row with none
                of these columns has an empty prompt.
    responses   response | completion | output (text, or messages, or a list of either);
                responses | completions | outputs (a list of texts, messages or objects);
                chosen + rejected, response_a + response_b (two responses; where both are whole
                conversations, what they share is the prompt); else the end of messages |
                conversations.
    token_ids   token_ids | completion_ids | response_token_ids, one list for each response
    finish_reason  finish_reason | finish_reasons
    id          id

Reasoning in a field of its own becomes the think block of its response, objects of the OpenAI API
give their text, and end-of-turn marks are taken off: see `plaudit.data.door`.

In a row with a list of responses, `correct`, `label`, `labels`, `model` and `models` that hold one
item for each response go to the responses. All other columns stay with the group. A null is
an absent column.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from operator import itemgetter
from typing import Any, NamedTuple

from plaudit.data.door import Intake, admitted, is_output, response_of, responses_of_output
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
from plaudit.types import Group, Message, Response

__all__ = ["Layout", "Row"]

_PROMPTS = ("prompt", "question", "problem", "instruction", "query", "input")
_CHATS = ("messages", "conversations")
_ONE = ("response", "completion", "output")
_MANY = ("responses", "completions", "outputs")
_PAIRS = (("chosen", "rejected"), ("response_a", "response_b"))
_TOKEN_IDS = ("token_ids", "completion_ids", "response_token_ids")
_FINISH = ("finish_reason", "finish_reasons")
_SPREAD = {
    "correct": "correct",
    "label": "label",
    "labels": "label",
    "model": "model",
    "models": "model",
}
_PLURAL = ("labels", "models")
_ITEM_TEXTS = ("text", "content", "response", "completion", "output")
_LIST = (list, tuple)
_MAX_PLANS = 1000  # rows that hardly ever have the same columns
_PROMPT_LIKE = {*_PROMPTS, *_CHATS}
_RESPONSE_LIKE = {*_ONE, *_MANY, *(name for pair in _PAIRS for name in pair)}

Raw = Mapping[str, Any]
Get = Callable[[Raw], Any]
# responses, whether the row gave them as a list, and the prompt where they carry it
Found = tuple[list[Response], bool, Sequence[Message] | None]


class Row(NamedTuple):
    """One row of the input: where it stood, what it held, and its group or why there is none.

    `number` is the line in a text file, else the row, from 1. `is_list` tells that the row gave
    its responses as a list, so that its rewards are written as one. `intake` counts what was taken
    off the responses or put into them.
    """

    source: str
    number: int
    raw: Mapping[str, Any]
    group: Group | DataError
    is_list: bool = False
    intake: Intake = Intake()

    @property
    def where(self) -> str:
        """The place as error messages give it."""
        return f"{self.source}:{self.number}" if self.source else f"row {self.number}"

    def placed(self, error: DataError) -> DataError:
        """An error about this row, with the row's place."""
        return error if error is self.group else error.at(self.where)


class _Plan(NamedTuple):
    """What to do with all rows that have the same columns."""

    id: Get | None
    prompt: Get | None
    responses: Callable[[Raw], Found]
    token_ids: tuple[str, Get] | None
    finish_reason: tuple[str, Get] | None
    spread: tuple[tuple[str, Get], ...]
    shared: tuple[tuple[str, Get], ...]
    plain: tuple[str, ...]


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
        self._plans: dict[tuple[tuple[str, ...], tuple[str, ...]], _Plan | DataError] = {}

    def row(self, raw: Raw, source: str = "", number: int = 1) -> Row:
        """The row with its group, or with the DataError that says what is wrong with it."""
        nulls = tuple([key for key, value in raw.items() if value is None])
        shape = (tuple(raw), nulls)
        plan = self._plans.get(shape) or self._planned(*shape)
        is_list, intake = False, Intake()
        try:
            if isinstance(plan, DataError):
                raise plan
            responses, is_list, prompt = plan.responses(raw)
            if prompt is None:
                prompt = () if plan.prompt is None else plan.prompt(raw)
            group = _group(plan, raw, prompt, responses, is_list)
            group, intake = admitted(group, raw, keep_end_marks=self.keep_end_marks)
        except DataError as error:
            group = error.at(f"{source}:{number}" if source else f"row {number}")
        return Row(source, number, raw, group, is_list, intake)

    def _planned(self, keys: tuple[str, ...], nulls: tuple[str, ...]) -> _Plan | DataError:
        if len(self._plans) > _MAX_PLANS:
            self._plans.clear()
        try:
            plan = _plan(_Names(self.columns, keys, nulls))
        except DataError as error:
            plan = error
        self._plans[keys, nulls] = plan
        return plan


# --- the plan -------------------------------------------------------------------------------------


class _Names:
    """The columns of a row under plaudit's names; what is taken is not a group column."""

    def __init__(self, columns: Mapping[str, str], keys: Sequence[str], nulls: Sequence[str]):
        for key in keys:
            if not isinstance(key, str):
                raise DataError(f"a column's name is text, found {clipped(key)}")
        self.mapped = set(columns)
        self.nulls = nulls
        self.keys = [key for key in keys if key not in nulls]
        moved = {key for key in columns.values() if key in keys}
        own = {key: key for key in self.keys if key not in moved and key not in columns}
        self.sources = {**{name: self._source(columns, name) for name in columns}, **own}

    def _source(self, columns: Mapping[str, str], name: str) -> str:
        source = columns[name]
        if source in self.keys or source.partition(".")[0] in self.keys:
            return source
        if source in self.nulls:
            raise DataError(f"the mapped column {source!r} is null", field=name)
        raise DataError(
            f"the mapped column {source!r} is missing; {self.present()}"
            f"{did_you_mean(source, self.keys)}",
            field=name,
        )

    def present(self) -> str:
        """A clause with the row's columns."""
        return f"the row has {', '.join(self.keys) or 'no columns'}"

    def among(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that the row has and that are not taken."""
        return [name for name in names if name in self.sources]

    def take(self, name: str) -> Get:
        """The getter of a column, which is thereby used up."""
        return _getter(self.sources.pop(name), self.keys)


def _plan(names: _Names) -> _Plan:
    kind = _response_columns(names)
    prompt = _prompt_reader(names, has_chat=kind[0] in _CHATS)
    responses = _response_reader(names, kind)
    ids = _taken(names, _TOKEN_IDS)
    finish = _taken(names, _FINISH)
    found_id = _taken(names, ("id",))
    spread = tuple((name, names.take(name)) for name in names.among(tuple(_SPREAD)))
    rest = names.sources
    return _Plan(
        id=found_id[1] if found_id else None,
        prompt=prompt,
        responses=responses,
        token_ids=ids,
        finish_reason=finish,
        spread=spread,
        shared=tuple((name, _getter(s, names.keys)) for name, s in rest.items() if name != s),
        plain=tuple(name for name, s in rest.items() if name == s),
    )


def _taken(names: _Names, candidates: Sequence[str]) -> tuple[str, Get] | None:
    found = names.among(candidates)
    chosen = next((name for name in found if name in names.mapped), found[0] if found else None)
    return (chosen, names.take(chosen)) if chosen else None


def _getter(source: str, keys: Sequence[str]) -> Get:
    if source in keys:
        return itemgetter(source)
    head, *path = source.split(".")

    def reach(raw: Raw) -> Any:
        value = raw[head]
        for name in path:
            if not isinstance(value, Mapping) or name not in value:
                raise DataError(f"the mapped column has no {name!r} in it", field=source)
            value = value[name]
        return value

    return reach


def _response_columns(names: _Names) -> tuple[str, ...]:
    """The column, or the pair of columns, that holds the responses."""
    found = [(name,) for name in names.among((*_ONE, *_MANY))]
    found += [pair for pair in _PAIRS if len(names.among(pair)) == 2]
    mapped = [kind for kind in found if names.mapped.intersection(kind)]
    found = mapped or found or [(name,) for name in names.among(_CHATS)[:1]]
    if not found:
        raise _no_response(names)
    if len(found) > 1:
        listed = ", ".join(" + ".join(kind) for kind in found)
        raise DataError(
            f"several columns may hold the response: {listed}; choose one with"
            f" columns={{'{found[0][0]}': '{found[0][0]}'}}",
            field="response",
        )
    return found[0]


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
    return DataError(
        f"missing column; {names.present()}{next(near, '')}. Expected {', '.join((*_ONE, *_MANY))},"
        " chosen + rejected, or messages; name another with columns={'response': NAME}",
        field="response",
    )


def _is_near(key: str, known: set[str]) -> bool:
    """Whether a column is a misspelling of a known one; `prompt_id` is not one of `prompt`."""
    return any(SequenceMatcher(None, key.lower(), name).ratio() > 0.85 for name in known)


# --- the prompt -----------------------------------------------------------------------------------


def _prompt_reader(names: _Names, *, has_chat: bool) -> Get | None:
    if has_chat:
        return None
    found = names.among((*_PROMPTS, *_CHATS))
    found = [name for name in found if name in names.mapped] or found
    if not found:
        return _no_prompt(names)
    name = found[0]
    get = names.take(name)
    if name in _CHATS:
        return functools.partial(_prompt_of_chat, name, get)
    if name == "instruction" and "input" in names.sources:
        return functools.partial(_instruction, get, names.take("input"))
    return functools.partial(_prompt, name, get)


def _no_prompt(names: _Names) -> None:
    for key in names.nulls:
        if key in _PROMPT_LIKE:
            raise wrong("text or messages", None, key)
    for key in names.sources:
        if _is_near(key, _PROMPT_LIKE):
            raise DataError(
                f"missing column; {names.present()}; {key!r} looks like it:"
                f" name it with columns={{'prompt': {key!r}}}",
                field="prompt",
            )


def _prompt(name: str, get: Get, raw: Raw) -> str | Sequence[Message]:
    value = get(raw)
    if type(value) is str:
        return value
    if is_turns(value):
        return turns(value, name)
    raise wrong("text or a list of messages", value, name)


def _instruction(get: Get, get_input: Get, raw: Raw) -> str | Sequence[Message]:
    text, more = _prompt("instruction", get, raw), get_input(raw)
    if isinstance(text, str) and isinstance(more, str) and more:
        return f"{text}\n{more}"
    return text


def _prompt_of_chat(name: str, get: Get, raw: Raw) -> Sequence[Message]:
    said = turns(get(raw), name)
    return said if said[-1].get("role") != "assistant" else split_chat(said)[0]


# --- the responses --------------------------------------------------------------------------------


def _response_reader(names: _Names, kind: tuple[str, ...]) -> Callable[[Raw], Found]:
    gets = [names.take(name) for name in kind]
    if len(kind) == 2:
        return functools.partial(_pair, kind, gets)
    read = _chat if kind[0] in _CHATS else _many if kind[0] in _MANY else _one
    return functools.partial(read, kind[0], gets[0])


def _one(name: str, get: Get, raw: Raw) -> Found:
    value = get(raw)
    if type(value) is str:
        return [Response(value)], False, None
    if is_output(value):
        return [responses_of_output(value, name, raw)], False, None
    if isinstance(value, _LIST) and not is_turns(value):
        return _many(name, get, raw)
    if isinstance(value, Mapping) and (found := response_of(value, name)) is not None:
        return found, len(found) > 1, None
    return [_response(value, name)], False, None


def _many(name: str, get: Get, raw: Raw) -> Found:
    values = get(raw)
    if not isinstance(values, _LIST):
        raise wrong("a list of responses", values, name)
    if not values:
        raise wrong("at least one response", values, name)
    responses = [
        Response(value) if type(value) is str else _response(value, f"{name}[{i}]")
        for i, value in enumerate(values)
    ]
    return responses, True, None


def _pair(kind: tuple[str, ...], gets: Sequence[Get], raw: Raw) -> Found:
    a, b = (get(raw) for get in gets)
    prompt = None
    if isinstance(a, _LIST) and isinstance(b, _LIST):
        shared, a, b = split_pair(turns(a, kind[0]), turns(b, kind[1]))
        prompt = shared or None
        responses = [answer(a, kind[0]), answer(b, kind[1])]
    else:
        responses = [_response(a, kind[0]), _response(b, kind[1])]
    if kind == _PAIRS[0]:
        labels = zip(responses, kind, strict=True)
        responses = [_with_column(response, "label", name) for response, name in labels]
    return responses, True, prompt


def _chat(name: str, get: Get, raw: Raw) -> Found:
    prompt, said = split_chat(turns(get(raw), name))
    return [answer(said, name)], False, prompt


def _response(value: Any, field: str) -> Response:
    """One response: text, a message or several, or an object that holds the text."""
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
    if (found := response_of(value, field)) is not None:
        if len(found) > 1:
            raise wrong("an object with one choice", value, field)
        return found[0]
    names = [name for name in _ITEM_TEXTS if name in value]
    if not names:
        raise wrong(f"text, or an object with {' or '.join(_ITEM_TEXTS)}", value, field)
    text, think = value[names[0]], reasoning_of(value)
    if not isinstance(text, str) and not (text is None and think):
        raise wrong("text", text, f"{field}.{names[0]}")
    ids, finish = value.get("token_ids"), value.get("finish_reason")
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


# --- the group ------------------------------------------------------------------------------------


def _group(
    plan: _Plan,
    raw: Raw,
    prompt: str | Sequence[Message],
    responses: list[Response],
    is_list: bool,
) -> Group:
    columns = {name: raw[name] for name in plan.plain}
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
    """Responses with their items of a list column, which else stays with the group."""
    if len(value) != len(responses):
        if name in _PLURAL:
            raise _ragged(name, len(value), len(responses))
        columns[name] = value
        return responses
    key = _SPREAD[name]
    items = zip(responses, value, strict=True)
    return [_with_column(response, key, item) for response, item in items]


def _with_column(r: Response, name: str, value: Any) -> Response:
    """`dataclasses.replace` takes twice the time."""
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
    if isinstance(values, str) and not is_list:
        values = [values]
    if not isinstance(values, _LIST):
        raise wrong("a text for each response", values, name)
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


def _ragged(name: str, found: int, expected: int) -> DataError:
    return DataError(
        f"expected one item for each of the {expected} responses, found {found}", field=name
    )
