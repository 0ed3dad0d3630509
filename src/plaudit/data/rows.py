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

from collections.abc import Mapping
from typing import Any, NamedTuple

from plaudit.data._columns import (
    CHATS,
    FINISH,
    NAMES,
    SPREAD,
    TOKEN_IDS,
    ColumnNames,
    ColumnShape,
    Get,
    Raw,
    shape_of,
    take_first,
)
from plaudit.data._groups import RowPlan, group_of
from plaudit.data._preference import label_reader, labelled
from plaudit.data._prompts import NO_CONTEXT, context_readers, prompt_reader, with_context
from plaudit.data._response_columns import (
    mapping_of,
    refuse_unreadable,
    response_columns,
    response_kinds,
)
from plaudit.data._responses import are_step_labels, response_reader
from plaudit.data.door import Intake, admitted
from plaudit.data.finish import stop_reason_of
from plaudit.errors import ConfigError, DataError
from plaudit.old_names import old_names
from plaudit.rule import ALIASES
from plaudit.types import Group

__all__ = ["NAMES", "Layout", "Row"]
__getattr__ = old_names(__name__)
_MAX_PLANS = 1000  # for rows that hardly ever have the same columns


class Row(NamedTuple):
    """One row of the input: its place, its raw columns, and its group or the error.

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
        self._plans: dict[ColumnShape, RowPlan | DataError] = {}

    def row(self, raw: Raw, source: str = "", number: int = 1) -> Row:
        """The row with its group, or with the DataError that says what is wrong with it."""
        shape = shape_of(raw)
        plan = self._plans.get(shape) or self._planned(shape)
        is_list, intake = False, Intake()
        try:
            if isinstance(plan, DataError):
                raise plan
            responses, is_list, prompt = plan.responses(raw)
            if prompt is None:
                prompt = () if plan.prompt is None else plan.prompt(raw)
            if plan.context != NO_CONTEXT:
                prompt = with_context(plan.context, raw, prompt)
            if plan.label is not None:
                responses = labelled(plan.label(raw), responses)
            group = group_of(plan, raw, prompt, responses, is_list)
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
        shape = shape_of(raw)
        plan = self._plans.get(shape) or self._planned(shape)
        reading = {} if isinstance(plan, DataError) else plan.reading
        is_stepwise = are_step_labels(raw.get("labels"), raw.get("completions"))
        if is_stepwise and reading.get("responses") == "completions":
            return {"steps" if k == "responses" else k: v for k, v in reading.items()}
        return reading

    def readings(self, raw: Raw) -> list[Mapping[str, str]]:
        """Every way in which the responses of a row can be read: none, one, or several.

        >>> Layout().readings({"response": "4", "output": "5", "answer": "4"})
        [{'response': 'response'}, {'response': 'output'}]
        """
        names = ColumnNames(self.columns, shape_of(raw))
        refuse_unreadable(names)
        return [mapping_of(kind, names) for kind in response_kinds(names)]

    def _planned(self, shape: ColumnShape) -> RowPlan | DataError:
        if len(self._plans) > _MAX_PLANS:
            self._plans.clear()
        try:
            plan = _plan(ColumnNames(self.columns, shape))
        except DataError as error:
            plan = error
        self._plans[shape] = plan
        return plan


def _plan(names: ColumnNames) -> RowPlan:
    kind = response_columns(names)
    names.reading |= mapping_of(kind, names)
    label = label_reader(names, kind)
    context = context_readers(names)
    prompt = prompt_reader(names, has_chat=kind[0] in CHATS)
    responses = response_reader(names, kind)
    ids = take_first(names, TOKEN_IDS)
    finish = _finish_reader(names)
    id_column = take_first(names, ("id",))
    spread = tuple((name, names.take(name)) for name in names.among(tuple(SPREAD)))
    names.reading |= _reference(names)
    rest = names.sources
    unchanged = {name for name, source in rest.items() if name == source not in names.reads}
    return RowPlan(
        id=id_column[1] if id_column else None,
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


def _finish_reader(names: ColumnNames) -> tuple[str, Get] | None:
    """The getter of the finish reason; a stop reason is one only if it names no stop string."""
    column = take_first(names, FINISH)
    if column is None or column[0] != "stop_reason" or "stop_reason" in names.mapped:
        return column
    get = column[1]
    names.sources["stop_reason"] = "stop_reason"  # it also stays with the group
    return "stop_reason", lambda raw: stop_reason_of(get(raw))


def _reference(names: ColumnNames) -> dict[str, str]:
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
