"""What the first rows of a file look like: which columns they have, how responses are built."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from plaudit.errors import ConfigError
from plaudit.types import Group

__all__ = ["Looks", "look", "reference_rule"]

_RESPONSE = re.compile("response|completion|output|generat|predict|reply|answer|solution|text")
_PROMPT = re.compile("prompt|question|query|problem|instruction|input|^q$|title|题|问")
_REFERENCE = ("gold", "gt", "gold_answer", "label", "target", "expected", "final_answer", "key")
_ALIASES_BY_TRUST = ("ground_truth", "reference_answer", "answer", "solution")
_CHOICE = re.compile(r"\s*[A-HＡ-Ｈ]([\s,，、]*[A-HＡ-Ｈ])*\s*")
_FORMULA = re.compile(r"[0-9\\]|####")
_SHORT_REFERENCE = 80


class Looks(NamedTuple):
    """What was seen. `columns` must be mapped for the rows to be read; counts are of responses."""

    columns: Mapping[str, str]
    groups: Sequence[Group]
    num_bad: int
    reference: str | None
    reference_values: Sequence[Any]
    num_responses: int
    counts: Mapping[str, int]
    lengths: Sequence[int]

    def has(self, mark: str, share: float = 0.2) -> bool:
        """Whether at least this share of the responses has the mark."""
        return self.counts[mark] >= share * self.num_responses > 0


def look(path: str, given: Mapping[str, str], limit: int) -> Looks:
    """Reads the first rows of a file, guessing the columns that have unusual names.

    Raises: ConfigError where there is no row, or no column that could hold responses.
    """
    columns = dict(given)
    rows = _read(path, columns, limit)
    if not any(isinstance(row.group, Group) for row in rows):
        columns |= _guessed(path, [row.raw for row in rows if row.raw], columns)
        rows = _read(path, columns, limit)
    groups = [row.group for row in rows if isinstance(row.group, Group)]
    if not groups:
        raise ConfigError(f"{path}: no row can be read: {rows[0].group}")
    name, source = _reference(groups)
    if source is not None:
        columns["reference"] = source
        rows = _read(path, columns, limit)
        groups = [row.group for row in rows if isinstance(row.group, Group)]
    responses = [response for group in groups for response in group.responses]
    return Looks(
        columns=columns,
        groups=groups,
        num_bad=len(rows) - len(groups),
        reference=name,
        reference_values=[g.columns[name] for g in groups if name in g.columns] if name else [],
        num_responses=len(responses),
        counts={
            mark: sum(is_there(response) for response in responses)
            for mark, is_there in _MARKS.items()
        },
        lengths=sorted(len(response.text) for response in responses),
    )


def reference_rule(values: Sequence[Any]) -> str:
    """The rule that compares answers with references such as these."""
    is_list = all(isinstance(value, list) for value in values)
    texts = [str(item) for value in values for item in (value if is_list else [value])]
    if all(map(_CHOICE.fullmatch, texts)):
        return "rules.exact.multiple_choice"
    if is_list:
        return "rules.exact.set_equal"
    if sum(bool(_FORMULA.search(text)) for text in texts) >= 0.5 * len(texts):
        return "rules.math.equal"
    is_short = all(len(text) <= _SHORT_REFERENCE for text in texts)
    return "rules.exact.normalised" if is_short else "rules.exact.token_f1"


def _status(response: Any) -> str:
    """How the response's think block stands, as `think.split` tells it."""
    from plaudit.think import split

    return split(response.text).status


_MARKS: Mapping[str, Callable[[Any], bool]] = {
    "think": lambda r: _status(r) != "none",
    "prefilled": lambda r: _status(r) == "prefilled",
    "answer": lambda r: "<answer>" in r.text,
    "boxed": lambda r: "\\boxed" in r.text,
    "code": lambda r: "```" in r.text,
    "chinese": lambda r: len(re.findall("[㐀-鿿]", r.text[:2000])) > 0.1 * len(r.text[:2000]) > 0,
    "token_ids": lambda r: r.token_ids is not None,
    "cut": lambda r: r.finish_reason == "length",
}


def _read(path: str, columns: Mapping[str, str], limit: int) -> list[Any]:
    from plaudit.data.read import read

    rows = list(read(path, columns=columns, limit=limit))
    if not rows:
        raise ConfigError(f"{path}: holds no row")
    return rows


def _guessed(path: str, raws: Sequence[Mapping[str, Any]], given: Mapping[str, str]) -> Any:
    """The columns that most likely hold responses and prompts."""
    texts = {
        name: sum(len(str(raw.get(name) or "")) for raw in raws)
        for name in (raws[0] if raws else ())
        if isinstance(raws[0][name], str | list) and name not in given.values()
    }
    guessed = {}
    for wanted, pattern in (("response", _RESPONSE), ("prompt", _PROMPT)):
        fitting = [name for name in texts if pattern.search(name.lower())]
        if wanted not in given and fitting:
            guessed[wanted] = max(fitting, key=lambda name: texts[name])
            del texts[guessed[wanted]]
    if "response" not in {**given, **guessed}:
        raise ConfigError(
            f"{path}: no column looks like responses; name it with --column response=NAME"
            f" (the rows have {', '.join(raws[0]) if raws else 'no columns'})"
        )
    return {name: source for name, source in guessed.items() if name != source}


def _reference(groups: Sequence[Group]) -> tuple[str | None, str | None]:
    """The name under which rules find the reference, and the column to map to it, if need be."""
    columns = groups[0].columns
    if "reference" in columns:
        return "reference", None
    aliases = [name for name in _ALIASES_BY_TRUST if name in columns]
    if len(aliases) == 1:
        return aliases[0], None
    nested = [
        f"{name}.{key}"
        for name, value in columns.items()
        if isinstance(value, Mapping)
        for key in ("reference", *_ALIASES_BY_TRUST)
        if key in value
    ]
    others = [name for name in columns if name.lower() in _REFERENCE]
    found = [*aliases, *nested, *others]
    return ("reference", found[0]) if found else (None, None)
