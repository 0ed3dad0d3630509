"""Which of two responses is the better one, by the label of the row."""

from __future__ import annotations

import re
from collections.abc import Mapping

from plaudit.data._columns import COUNTED, NUMBERED, PAIRS, PREFERENCES, ColumnNames, Get, Raw
from plaudit.data._values import with_column
from plaudit.types import Response

__all__ = ["label_reader", "labelled"]

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


def label_reader(names: ColumnNames, kind: tuple[str, ...]) -> Get | None:
    """A getter of the place of the better of two responses (-1: a tie; None: unknown)."""
    candidates = names.among((*COUNTED, *PREFERENCES))
    candidates = [name for name in candidates if name in names.mapped] or candidates
    if len(kind) != 2 or kind == PAIRS[0] or not candidates:
        return None
    match = NUMBERED.fullmatch(names.sources[kind[0]])
    first = int(match[2]) if match is not None and match[2].isdecimal() else None
    own = {names.sources[name].lower(): place for place, name in enumerate(kind)}
    place_of_label = {**_BETTER, **_BETTER_NUMBERED.get(-1 if first is None else first, {}), **own}
    gets = [(COUNTED.get(name), names.look(name)) for name in candidates]
    reading = candidates[0] if candidates[0] in COUNTED else "preference"
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
    value: object,
    base: int | None,
    models: tuple[object, object],
    place_of_label: Mapping[str, int],
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


def labelled(place: int | None, responses: list[Response]) -> list[Response]:
    """The responses with the label of the better one, at `place`, and of the other."""
    if place is None:
        return responses
    pairs = zip(responses, _LABELS[place], strict=True)
    return [with_column(response, "label", label) for response, label in pairs]
