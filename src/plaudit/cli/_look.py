"""What the first rows of a file look like: which columns they have, how responses are built."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from plaudit.data.layouts import Published, recognised
from plaudit.errors import ConfigError, DataError
from plaudit.rule import ALIASES
from plaudit.types import Group

__all__ = ["Choice", "Looks", "look", "reference_rule"]

# Names that nobody's layout has are guessed by these; which text is longer decides nothing.
_RESPONSE = re.compile(r"response|completion|output|generat|predict|reply|rollout|回答|回复")
_WEAK_RESPONSE = re.compile(
    r"(^|_)text(_|$)|(model|llm|student|policy|assistant|bot)_(answer|solution)"
)
_PROMPT = re.compile(r"prompt|question|query|problem|instruction|input|^q$|title|题|问")
_NOT_TEXT = re.compile(
    r"(^|_)(id|ids|uuid|model|models|tokens?|len|length|count|num|number|time|type|lang|language"
    r"|scores?|rewards?|format|source|mask|logprobs?|name|index|idx|hash|url|date|rate|tag|tests?"
    r"|cases?|checker|info|metadata|config|params|args|kwargs|schema|tools?)$"
    r"|^(num|n|is|has)_"
)
_GOLD = re.compile(
    r"gold|expect|target|truth|reference|correct|ground|label|solution|answer|^gts?$|^key$|答案"
)
_REFERENCES = (
    "gold", "gold_answer", "gts", "gt", "expected_answer", "correct_answer", "final_answer",
    "target", "expected", "label", "key", "答案",
)  # fmt: skip
_ALIASES = ("ground_truth", "reference_answer", "answer", "solution")  # the most trusted first
_VERDICTS = {"-1", "0", "1", "2", "-1.0", "0.0", "1.0", "2.0", "tie"}
_BY_COLUMN = {
    "expected_calls": "rules.tools.equal",
    "instruction_id_list": "rules.constraints.ifeval",
}
_CHOICE = re.compile(r"\s*[A-JＡ-Ｊ]([\s,，、]*[A-JＡ-Ｊ])*\s*")
_FORMULA = re.compile(r"[0-9\\]|####")
_SHORT_REFERENCE = 80


class Choice(ConfigError):
    """Two readings are possible, and the user has to choose: the `options` of ``--column``."""

    def __init__(self, message: str, options: Sequence[Mapping[str, str]]) -> None:
        super().__init__(message)
        self.options = options


class Looks(NamedTuple):
    """What was seen. `columns` is how the rows are read; counts are of responses.

    `reference` is the column in which the rules find it. Where the file holds prompts only,
    `has_responses` is False and each group has one empty response.
    """

    columns: Mapping[str, str]
    groups: Sequence[Group]
    num_bad: int
    layout: Published | None
    reference: str | None
    reference_values: Sequence[Any]
    rule: str | None
    has_responses: bool
    num_responses: int
    counts: Mapping[str, int]
    lengths: Sequence[int]

    def has(self, mark: str, share: float = 0.2) -> bool:
        """Whether at least this share of the responses has the mark."""
        return self.counts[mark] >= share * self.num_responses > 0


def look(path: str, mapped: Mapping[str, str], limit: int) -> Looks:
    """Reads the first rows of a file, guessing the columns that have unusual names.

    Raises: ConfigError where there is no row, or none that can be read; Choice where a column may
    be read in two ways.
    """
    raws, error = _raws(path, limit)
    columns = dict(mapped)
    has_responses, why = _read_responses(path, raws, columns)
    groups = _groups(raws, columns, has_responses=has_responses)
    if not groups:
        raise ConfigError(f"{path}: no row can be read: {why or error}")
    if not any(group.prompt for group in groups):
        columns |= _guess(path, raws, columns, "prompt", (_PROMPT,))
        groups = _groups(raws, columns, has_responses=has_responses)
    columns = {**_common(raws, columns, has_responses=has_responses), **columns}
    name = "reference" if "reference" in columns else _reference(path, groups)
    if name is not None and all(_value(name, group) is not None for group in groups):
        columns, name = {**columns, "reference": columns.get("reference", name)}, "reference"
    groups = _groups(raws, columns, has_responses=has_responses)
    return _looks(raws, columns, groups, name, has_responses=has_responses)


def _looks(
    raws: Sequence[Mapping[str, Any]],
    columns: Mapping[str, str],
    groups: Sequence[Group],
    name: str | None,
    *,
    has_responses: bool,
) -> Looks:
    values = [value for group in groups if name and (value := _value(name, group)) is not None]
    values = [value for value in values if not isinstance(value, bool)]
    responses = [r for group in groups for r in group.responses] if has_responses else []
    return Looks(
        columns=columns,
        groups=groups,
        num_bad=len(raws) - len(groups),
        layout=recognised([key for key, value in raws[0].items() if value is not None]),
        reference=name if values else None,
        reference_values=values,
        rule=_rule(_apart_from(name, columns, groups[0], values), values),
        has_responses=has_responses,
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


def _apart_from(
    name: str | None, columns: Mapping[str, str], group: Group, values: Sequence[Any]
) -> Mapping[str, Any]:
    """The columns without the reference, unless that is an object, as tests of a program are."""
    if not values or isinstance(values[0], Mapping) or str(values[0]).lstrip().startswith("{"):
        return group.columns
    source = columns.get("reference", name or "").partition(".")[0]
    return {key: value for key, value in group.columns.items() if key not in (name, source)}


def _rule(columns: Mapping[str, Any], values: Sequence[Any]) -> str | None:
    """The rule that judges the responses: tests and calls first, then the reference."""
    from plaudit.grading.rows import problem_of

    with contextlib.suppress(DataError):
        problem_of(columns)
        return "rules.code.passes"
    for name, rule in _BY_COLUMN.items():
        if name in columns:
            return rule
    return reference_rule(values) if values else None


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


# --- rows -----------------------------------------------------------------------------------------


def _raws(path: str, limit: int) -> tuple[list[Mapping[str, Any]], str]:
    """The first rows as they are, without those that are broken, and what is wrong with these."""
    from plaudit.data.read import read

    rows = list(read(path, limit=limit))
    if not rows:
        raise ConfigError(f"{path}: holds no row")
    raws = [row.raw for row in rows if row.raw]
    if not raws:
        raise ConfigError(f"{path}: no row can be read: {rows[0].group}")
    return raws, next((str(r.group) for r in rows if isinstance(r.group, DataError)), "")


def _groups(
    raws: Iterable[Mapping[str, Any]], columns: Mapping[str, str], *, has_responses: bool
) -> list[Group]:
    """The rows that can be read; prompts without a response get an empty one to be looked at."""
    from plaudit.data.rows import Layout

    layout = Layout(columns)
    whole = raws if has_responses else ({**raw, "response": ""} for raw in raws)
    found = (layout.row(raw).group for raw in whole)
    return [group for group in found if isinstance(group, Group)]


def _common(
    raws: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, has_responses: bool
) -> dict[str, str]:
    """The columns that every readable row is read from in the same way."""
    from plaudit.data.rows import Layout

    layout = Layout(columns)
    whole = raws if has_responses else [{**raw, "response": ""} for raw in raws]
    readings = [layout.reading(raw) for raw in whole if isinstance(layout.row(raw).group, Group)]
    first = readings[0] if readings else {}
    agreed = {
        name: source
        for name, source in first.items()
        if all(reading.get(name) == source for reading in readings)
    }
    if not has_responses:
        agreed.pop("response", None)
    with_all = _groups(raws, {**columns, **agreed}, has_responses=has_responses)
    if len(with_all) < len(readings):  # some rows have nothing there: a rule may do without
        agreed.pop("reference", None)
    return agreed


# --- which column is what -------------------------------------------------------------------------


def _read_responses(
    path: str, raws: Sequence[Mapping[str, Any]], columns: dict[str, str]
) -> tuple[bool, str]:
    """Whether the rows hold responses, adding a guessed column; and what is wrong if none reads."""
    from plaudit.data.rows import Layout

    layout = Layout(columns)
    found = [layout.row(raw).group for raw in raws]
    if any(isinstance(group, Group) for group in found):
        return True, ""
    try:
        readings = layout.readings(raws[0])
    except DataError as error:
        raise ConfigError(f"{path}: no row can be read: {error}") from None
    if len(readings) > 1:
        listed = " and ".join("+".join(reading.values()) for reading in readings)
        raise Choice(f"{path}: {listed} may each hold the responses; name one", readings)
    if readings:
        is_prompt = all("assistant at the end, found none" in str(error) for error in found)
        return not is_prompt, str(found[0])
    guessed = _guess(path, raws, columns, "response", (_RESPONSE, _WEAK_RESPONSE))
    if guessed:
        columns |= guessed
        return True, ""
    _check_prompts(path, raws, columns)
    return False, ""


def _check_prompts(
    path: str, raws: Sequence[Mapping[str, Any]], columns: Mapping[str, str]
) -> None:
    """Raises ConfigError where rows without responses hold no prompt either."""
    groups = _groups(raws, columns, has_responses=False)
    if any(group.prompt for group in groups) or _named(raws, columns, (_PROMPT,)):
        return
    raise ConfigError(
        f"{path}: no column looks like responses; name it with --column response=NAME"
        f" (the rows have {', '.join(list(raws[0])[:12])})"
    )


def _guess(
    path: str,
    raws: Sequence[Mapping[str, Any]],
    columns: Mapping[str, str],
    wanted: str,
    patterns: Sequence[re.Pattern[str]],
) -> dict[str, str]:
    """The column whose name says that it holds what is wanted. Raises Choice for several."""
    if wanted in columns:
        return {}
    options = [{wanted: name} for name in _named(raws, columns, patterns)]
    if len(options) > 1:
        listed = " and ".join(option[wanted] for option in options)
        raise Choice(f"{path}: {listed} may each hold the {wanted}; name one", options)
    return options[0] if options else {}


def _named(
    raws: Sequence[Mapping[str, Any]],
    columns: Mapping[str, str],
    patterns: Sequence[re.Pattern[str]],
) -> list[str]:
    """The text columns that fit the first of the patterns that any fits, known ones left out."""
    known = recognised([key for key, value in raws[0].items() if value is not None])
    taken = {*columns.values(), *(known.has if known else ()), *ALIASES["reference"]}
    texts = [
        name
        for name in raws[0]
        if name not in taken
        and any(isinstance(raw.get(name), str | list | dict) for raw in raws)
        and not _NOT_TEXT.search(name.lower())
    ]
    for pattern in patterns:
        fitting = [name for name in texts if pattern.search(name.lower())]
        is_prompt = pattern is _PROMPT
        fitting = [n for n in fitting if is_prompt or _is_weak(n) or not _GOLD.search(n.lower())]
        if fitting:
            return fitting
    return []


def _is_weak(name: str) -> bool:
    """Whether a name such as model_answer is a response although it says answer."""
    return "_" in name and _WEAK_RESPONSE.fullmatch(name.lower()) is not None


def _reference(path: str, groups: Sequence[Group]) -> str | None:
    """The column with the reference, if one can be meant. Raises Choice for several."""
    columns = {name: value for group in groups for name, value in group.columns.items()}
    if "reference" in columns:
        return "reference"
    is_labelled = "label" in groups[0].responses[0].columns
    nested = [
        f"{name}.{key}"
        for name, value in columns.items()
        if isinstance(value, Mapping)
        for key in ("reference", *_ALIASES, "expected_answer", "gold_answer", "gold")
        if key in value
    ]
    others = [name for name in _REFERENCES if not is_labelled or name != "label"]
    for names in (_ALIASES, [*nested, *others]):
        found = [name for name in names if _may_be_reference(name, groups)]
        if found:
            return _one_reference(path, found, groups)
    return None


def _one_reference(path: str, names: Sequence[str], groups: Sequence[Group]) -> str:
    if set(names) == {"answer", "solution"}:
        return "answer"  # as in every set of the table that has both: the solution ends in it
    first = names[0]
    same = [n for n in names if all(_value(n, g) == _value(first, g) for g in groups)]
    if len(same) == len(names):
        return first
    listed = " and ".join(names)
    raise Choice(
        f"{path}: {listed} may each be the reference; name one",
        [{"reference": name} for name in names],
    )


def _may_be_reference(name: str, groups: Sequence[Group]) -> bool:
    """Whether a column holds answers: a truth value, a verdict or empty text is none."""
    values = [_value(name, group) for group in groups]
    values = [value for value in values if value is not None]
    if not values or any(isinstance(value, bool | Mapping) for value in values):
        return False
    if name not in _ALIASES and any(value == "" for value in values):
        return False
    return name != "label" or not {str(value) for value in values} <= _VERDICTS


def _value(name: str, group: Group) -> Any:
    head, _, key = name.partition(".")
    value = group.columns.get(name, group.columns.get(head))
    return value.get(key) if key and isinstance(value, Mapping) else value
