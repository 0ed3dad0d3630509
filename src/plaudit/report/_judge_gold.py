"""What the rows say of a judge's task: which response is the better one, whose they are."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from plaudit.errors import DataError, clipped
from plaudit.types import Response

__all__ = ["GoldLabel", "better", "family", "models_of", "target"]

_SCORES = ("score", "score_mean")
_LETTERS = {"a": 0, "b": 1}
_MODELS = (("chosen_model", "rejected_model"), ("model_a", "model_b"))


class GoldLabel(NamedTuple):
    """The label that a pointwise verdict is held against."""

    value: float
    is_boolean: bool = False


def better(
    raw: Mapping[str, object],
    responses: Sequence[Response],
    *,
    label: str | None = None,
    first_label: int = 1,
) -> int | None:
    """The place of the better response, or None where the row does not tell (a tie included).

    In this order: the column `label` and no other, where it is named (a or b, or a number, of
    which `first_label` is the first response); the response that a row's columns call chosen; the
    only one whose `correct` is true; the column `preference`.

    Raises: DataError for a value of the column that names no response.

    >>> better({"winner": 2}, [Response("x"), Response("y")], label="winner")
    1
    """
    if label is not None:
        return _place(raw.get(label), label, len(responses), first_label)
    for name, mark in (("label", "chosen"), ("correct", True)):
        places = [i for i, r in enumerate(responses) if r.columns.get(name) == mark]
        if len(places) == 1:
            return places[0]
    return _LETTERS.get(str(raw.get("preference", "")).strip().lower())


def _place(value: object, label: str, num: int, first_label: int) -> int | None:
    if value is None or value == "" or isinstance(value, list | tuple):
        return None  # a list contains the labels of the responses, one by one
    word = str(value).strip().lower()
    if word in ("tie", "c"):
        return None
    place = _LETTERS.get(word)
    if place is None and (number := _number(value)) is not None and number.is_integer():
        place = int(number) - first_label
    if place is None or not 0 <= place < num:
        raise DataError(
            f"{clipped(value)} names none of {num} responses: a, b, tie, or a number from"
            f" {first_label}",
            field=label,
        )
    return place


def target(
    raw: Mapping[str, Any], response: Response, place: int, *, label: str | None = None
) -> GoldLabel | None:
    """The number or the boolean that a verdict on one response should meet.

    The column `label` where it is named, else `score`, `score_mean`, `correct`; of the response
    before that of the row, of whose list the item at `place`.

    Raises: DataError for a value of the named column that is not a number.

    >>> target({"score": "4"}, Response("x"), 0), target({"correct": False}, Response("x"), 0)
    (GoldLabel(value=4.0, is_boolean=False), GoldLabel(value=0.0, is_boolean=True))
    """
    for name in (*_SCORES, "correct") if label is None else (label,):
        value = response.columns.get(name, raw.get(name))
        if isinstance(value, list | tuple) and place < len(value):
            value = value[place]
        if isinstance(value, bool):
            return GoldLabel(float(value), is_boolean=True)
        number = _number(value)
        if number is not None and name != "correct":
            return GoldLabel(number)
        if label is not None and value is not None:
            raise DataError(
                f"expected a number or true or false, found {clipped(value)}", field=name
            )
    return None


def _number(value: object) -> float | None:
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def models_of(
    raw: Mapping[str, object], responses: Sequence[Response], place: int | None
) -> tuple[str, str] | None:
    """The models of a pair's responses, in their order; None where the row does not name two.

    `place` is that of the better response, whose model a row may call chosen_model.

    >>> models_of({"model_a": "m", "model_b": "n"}, [Response(""), Response("")], None)
    ('m', 'n')
    """
    own = tuple(r.columns.get("model") for r in responses)
    chosen, rejected = (raw.get(name) for name in _MODELS[0])
    in_order = (rejected, chosen) if place == 1 else (chosen, rejected)
    for names in (own, in_order, tuple(raw.get(name) for name in _MODELS[1])):
        if len(names) == 2 and all(names):
            one, other = map(str, names)
            return None if one == other or "unknown" in (one, other) else (one, other)
    return None


def family(model: str) -> str:
    """The first word of a model's name, without its organisation and a leading "chat".

    It is a guess from the name alone: two names of one maker may differ.

    >>> [family(name) for name in ("GPT-4", "openai/gpt4_1106", "ChatGPT", "Qwen2.5-7B", "o1-mini")]
    ['gpt', 'gpt', 'gpt', 'qwen', 'o']
    """
    match = re.match(r"(?:chat[-_ ]?)?([a-z]+)", model.rpartition("/")[2].strip().lower())
    return match[1] if match else model.strip().lower()
