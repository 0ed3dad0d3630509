"""What the first rows of a file look like: which columns they have, how responses are built."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from plaudit.data.layouts import Published, recognised_row
from plaudit.errors import ConfigError, DataError, clipped
from plaudit.rule import ALIASES
from plaudit.types import Group, Response

__all__ = ["RULES", "Choice", "Looks", "look", "reference_rule"]

# Names that are in no layout are guessed by these; the length of the texts does not matter.
_RESPONSE = re.compile(
    r"response|completion|output|generat|predict|reply|rollout|attempt|^samples?$|回答|回复"
)
_WEAK_RESPONSE = re.compile(
    r"(^|_)text(_|$)|(model|llm|student|policy|assistant|bot)_(answer|solution)"
)
_PROMPT = re.compile(
    r"prompt|question|query|problem|instruction|input|^q$|^ctx$|^turns$|trajectory|title|题|问"
)
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
    "gold", "gold_answer", "gold_solution", "gold_standard_solution", "gts", "gt", "gt_answer",
    "refr", "expected_answer", "correct_answer", "final_answer", "target", "expected", "label",
    "key", "答案",
)  # fmt: skip
_ALIASES = ("ground_truth", "reference_answer", "answer", "solution")  # the most trusted first
_VERDICTS = {"-1", "0", "1", "2", "-1.0", "0.0", "1.0", "2.0", "tie"}
_BY_COLUMN = {
    "expected_calls": "rules.tools.equal",
    "instruction_id_list": "rules.constraints.ifeval",
}
RULES = (
    "rules.math.equal", "rules.exact.multiple_choice", "rules.exact.set_equal",
    "rules.exact.normalised", "rules.exact.token_f1", "rules.code.passes", *_BY_COLUMN.values(),
)  # fmt: skip
_CHOICE = re.compile(r"\s*[A-JＡ-Ｊ]([\s,，、]*[A-JＡ-Ｊ])*\s*")
_FORMULA = re.compile(r"[0-9\\]|####")
_SHORT_REFERENCE = 80
_LONG_TEXT = 200  # characters of a text that may be a response, whatever its column is called


class Choice(ConfigError):
    """Two readings are possible, and the user has to choose: the `options` of ``--column``."""

    def __init__(self, message: str, options: Sequence[Mapping[str, str]]) -> None:
        super().__init__(message)
        self.options = options


class Looks(NamedTuple):
    """What was seen. `columns` is how the rows are read; counts are of responses.

    `reference` is the column in which the rules find it. Where the file contains prompts only,
    `has_responses` is False, each group has one empty response, and `candidates` are columns that
    may hold responses after all. `notes` are for the user to read.
    """

    columns: Mapping[str, str]
    groups: Sequence[Group]
    num_bad: int
    layout: Published | None
    reference: str | None
    reference_values: Sequence[object]
    rule: str | None
    has_responses: bool
    num_responses: int
    counts: Mapping[str, int]
    lengths: Sequence[int]
    notes: Sequence[str] = ()
    candidates: Sequence[str] = ()

    @property
    def has_prompts(self) -> bool:
        """Whether any row has a prompt."""
        return any(group.prompt for group in self.groups)

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
        guessed = {**columns, **_guess(path, raws, columns, "prompt", (_PROMPT,))}
        if with_prompt := _groups(raws, guessed, has_responses=has_responses):
            columns, groups = guessed, with_prompt
    columns = {**_common(raws, columns, has_responses=has_responses), **columns}
    notes = [*_label_notes(path, columns, mapped, groups)]
    name, columns = _reference_read(path, columns, mapped, groups, notes)
    groups = _groups(raws, columns, has_responses=has_responses)
    looks = _looks(raws, columns, groups, name, has_responses=has_responses)
    candidates = () if has_responses else _candidates(raws, columns)
    return looks._replace(notes=notes, candidates=candidates)


def _reference_read(
    path: str,
    columns: Mapping[str, str],
    mapped: Mapping[str, str],
    groups: Sequence[Group],
    notes: list[str],
) -> tuple[str | None, dict[str, str]]:
    """The column in which the rules find the reference, and the columns with it."""
    columns = dict(columns)
    if "references" in columns and "reference" not in mapped:
        columns.pop("reference", None)
        return "references", columns
    if "reference" not in mapped and _are_verdicts("reference", groups):
        columns.pop("reference", None)
    name = "reference" if "reference" in columns else _reference(path, groups, notes)
    if name is None:
        return None, columns
    source = columns.get("reference", name)
    values = [value for group in groups if (value := _value(name, group)) is not None]
    others = _apart_from(name, columns, groups[0], values)
    is_compared = _rule(others, (), is_any=False) is None  # and no program is run
    can_ask = is_compared and "reference" not in mapped
    if can_ask and (kind := _lists(path, name, source, groups)):
        return kind, {**{k: v for k, v in columns.items() if k != "reference"}, kind: source}
    if all(_value(name, group) is not None for group in groups):
        columns, name = {**columns, "reference": source}, "reference"
    return name, columns


def _lists(path: str, name: str, source: str, groups: Sequence[Group]) -> str:
    """ "references" for lists of at most one reference; "" for no lists, or for letters.

    Raises: Choice for lists of several, of which any may be right or all.
    """
    values = [value for group in groups if (value := _value(name, group)) is not None]
    lists = [value for value in values if isinstance(value, list)]
    if not lists or len(lists) < len(values):
        return ""
    if all(len(value) <= 1 for value in lists):
        return "references"
    if all(_CHOICE.fullmatch(str(item)) for value in lists for item in value):
        return ""
    raise Choice(
        f"{path}: {source} contains lists of references. references: any (one of them is right) is"
        " the first way, references: all (the answer is the whole list) the second; name one",
        [{"references": source}, {"reference": source}],
    )


def _are_verdicts(name: str, groups: Sequence[Group]) -> bool:
    """Whether a column contains truth values: verdicts, which no answer is compared with."""
    values = [value for group in groups if (value := _value(name, group)) is not None]
    return bool(values) and all(isinstance(value, bool) for value in values)


def _label_notes(
    path: str, columns: Mapping[str, str], mapped: Mapping[str, str], groups: Sequence[Group]
) -> Iterator[str]:
    """What to say of pairs whose label is not understood.

    Raises: Choice for numbers, which may count the better response from 0 or from 1.
    """
    name = next((n for n in ("preference", *_COUNTED) if n in columns), None)
    if name is None:
        return
    pairs = [group for group in groups if len(group.responses) == 2]
    pairs = [group for group in pairs if "label" not in group.responses[0].columns]
    places = [name if name in group.columns else columns[name] for group in pairs]
    labels = [_value(place, group) for place, group in zip(places, pairs, strict=True)]
    unread = [value for value in labels if value is not None]
    if not unread:
        return
    if "preference" not in mapped and name == "preference" and any(map(_is_count, unread)):
        raise Choice(
            f"{path}: the numbers in {columns[name]} may count the better response from 0 or from"
            " 1; name which, or keep the column unchanged with preference",
            [{way: columns[name]} for way in (*_COUNTED, "preference")],
        )
    yield (
        f"{len(unread)} labels in {columns[name]} do not say which response is the better one, as"
        f" {clipped(unread[0])}; these pairs are read without a label"
    )


def _is_count(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number or (isinstance(value, str) and value.strip().lstrip("-").isdecimal())


def _candidates(raws: Sequence[Mapping[str, object]], columns: Mapping[str, str]) -> list[str]:
    """Columns of long texts, or of lists of texts, that are neither prompt nor reference."""
    recognition = recognised_row(raws[0])
    used = {source.partition(".")[0] for source in columns.values()}
    others = {*used, *(recognition.has if recognition else ()), *ALIASES["reference"]}
    return [
        name
        for name in raws[0]
        if name not in others
        and not _NOT_TEXT.search(name.lower())
        and not _GOLD.search(name.lower())
        and any(_is_long(raw.get(name)) for raw in raws)
    ]


def _is_long(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, str) and len(item) >= 20 for item in value)
    return isinstance(value, str) and len(value) >= _LONG_TEXT


def _looks(
    raws: Sequence[Mapping[str, object]],
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
        layout=recognised_row(raws[0]),
        reference=name if values else None,
        reference_values=values,
        rule=_rule(_apart_from(name, columns, groups[0], values), values, is_any=name == _ANY),
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
    is_formula = sum(bool(_FORMULA.search(text)) for text in texts) >= 0.5 * len(texts)
    if is_list:
        return "rules.math.equal" if is_formula else "rules.exact.set_equal"
    if is_formula:
        return "rules.math.equal"
    is_short = all(len(text) <= _SHORT_REFERENCE for text in texts)
    return "rules.exact.normalised" if is_short else "rules.exact.token_f1"


def _status(response: Any) -> str:
    """The state of the response's think block, according to `think.split`."""
    from plaudit.text.think import split

    return split(response.text).status


_ANY = "references"  # the column of acceptable references, any of which is right
_COUNTED = ("better_from_0", "better_from_1")


def _apart_from(
    name: str | None, columns: Mapping[str, str], group: Group, values: Sequence[object]
) -> Mapping[str, object]:
    """The columns without the reference, unless that is an object, as tests of a program are."""
    if not values or isinstance(values[0], Mapping) or str(values[0]).lstrip().startswith("{"):
        return group.columns
    source = columns.get(name or "", columns.get("reference", name or "")).partition(".")[0]
    return {key: value for key, value in group.columns.items() if key not in (name, source)}


def _rule(columns: Mapping[str, object], values: Sequence[object], *, is_any: bool) -> str | None:
    """The rule that judges the responses: tests and calls first, then the reference."""
    from plaudit.grading.rows import problem_of

    with contextlib.suppress(DataError):
        problem_of(columns)
        return "rules.code.passes"
    for name, rule in _BY_COLUMN.items():
        if name in columns:
            return rule
    if is_any:
        values = [
            item for value in values for item in (value if isinstance(value, list) else [value])
        ]
    return reference_rule(values) if values else None


_MARKS: Mapping[str, Callable[[Response], bool]] = {
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
    """The first raw rows, without the unreadable ones, and the errors of those."""
    from plaudit.data.read import read

    rows = list(read(path, limit=limit))
    if not rows:
        raise ConfigError(f"{path}: contains no row")
    raws = [row.raw for row in rows if row.raw]
    if not raws:
        raise ConfigError(f"{path}: no row can be read: {rows[0].group}")
    return raws, next((str(r.group) for r in rows if isinstance(r.group, DataError)), "")


def _groups(
    raws: Iterable[Mapping[str, object]], columns: Mapping[str, str], *, has_responses: bool
) -> list[Group]:
    """The rows that can be read; prompts without a response get an empty one to be looked at."""
    from plaudit.data.rows import Layout

    layout = Layout(columns)
    whole = raws if has_responses else ({**raw, "response": ""} for raw in raws)
    rows = (layout.row(raw).group for raw in whole)
    return [group for group in rows if isinstance(group, Group)]


def _common(
    raws: Sequence[Mapping[str, object]], columns: Mapping[str, str], *, has_responses: bool
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
        for name in ("reference", "references"):
            agreed.pop(name, None)
    return agreed


# --- which column is what -------------------------------------------------------------------------


def _read_responses(
    path: str, raws: Sequence[Mapping[str, object]], columns: dict[str, str]
) -> tuple[bool, str]:
    """Whether the rows hold responses, adding a guessed column; and what is wrong if none reads."""
    from plaudit.data.rows import Layout

    layout = Layout(columns)
    groups = [layout.row(raw).group for raw in raws]
    if any(isinstance(group, Group) for group in groups):
        return True, ""
    try:
        readings = layout.readings(raws[0])
    except DataError as error:
        raise ConfigError(f"{path}: no row can be read: {error}") from None
    if len(readings) > 1:
        listed = " and ".join("+".join(reading.values()) for reading in readings)
        raise Choice(f"{path}: {listed} may each contain the responses; name one", readings)
    if readings:
        is_prompt = all("assistant at the end, found none" in str(error) for error in groups)
        return not is_prompt, str(groups[0])
    guessed = _guess(path, raws, columns, "response", (_RESPONSE, _WEAK_RESPONSE))
    if guessed:
        columns |= guessed
        read = Layout(columns).row(raws[0]).group
        return True, str(read) if isinstance(read, DataError) else ""
    _check_prompts(path, raws, columns)
    return False, ""


def _check_prompts(
    path: str, raws: Sequence[Mapping[str, object]], columns: Mapping[str, str]
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
    raws: Sequence[Mapping[str, object]],
    columns: Mapping[str, str],
    role: str,
    patterns: Sequence[re.Pattern[str]],
) -> dict[str, str]:
    """The column whose name says that it holds what is wanted. Raises Choice for several."""
    if role in columns:
        return {}
    options = [{role: name} for name in _named(raws, columns, patterns)]
    if len(options) > 1:
        listed = " and ".join(option[role] for option in options)
        raise Choice(f"{path}: {listed} may each contain the {role}; name one", options)
    return options[0] if options else {}


def _named(
    raws: Sequence[Mapping[str, object]],
    columns: Mapping[str, str],
    patterns: Sequence[re.Pattern[str]],
) -> list[str]:
    """The text columns that fit the first of the patterns that any fits, known ones left out."""
    recognition = recognised_row(raws[0])
    others = {*columns.values(), *(recognition.has if recognition else ()), *ALIASES["reference"]}
    texts = [
        name
        for name in raws[0]
        if name not in others
        and not (
            name == "instructions" and "object" in raws[0]
        )  # the Responses API's system prompt
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


def _reference(path: str, groups: Sequence[Group], notes: list[str]) -> str | None:
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
    nested += [
        f"{name}.{key}.ground_truth"
        for name, value in columns.items()
        if isinstance(value, Mapping)
        for key, inner in value.items()
        if isinstance(inner, Mapping) and "ground_truth" in inner
    ]
    others = [name for name in _REFERENCES if not is_labelled or name != "label"]
    for names in (_ALIASES, [*nested, *others]):
        fits = [name for name in names if _may_be_reference(name, groups)]
        for name in [name for name in fits if name not in _ALIASES and _are_scores(name, groups)]:
            fits.remove(name)
            notes.append(
                f"{name} holds fractions between 0 and 1, as scores are, and is not taken for the"
                f" reference; where it is: --column reference={name}"
            )
        if fits:
            return _one_reference(path, fits, groups)
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
    """Whether a column contains answers: a truth value, a verdict or empty text is not one."""
    values = [_value(name, group) for group in groups]
    values = [value for value in values if value is not None]
    if not values or any(isinstance(value, bool | Mapping) for value in values):
        return False
    if name not in _ALIASES and any(value == "" for value in values):
        return False
    if name == "key" and not all(isinstance(value, str) for value in values):
        return False  # the number of the row
    return name != "label" or not {str(value) for value in values} <= _VERDICTS


def _are_scores(name: str, groups: Sequence[Group]) -> bool:
    """Whether a column contains fractions between 0 and 1, as rewards do."""
    values = [value for group in groups if (value := _value(name, group)) is not None]
    are_floats = all(isinstance(value, float) and 0 <= value <= 1 for value in values)
    return bool(values) and are_floats and any(value not in (0, 1) for value in values)


def _value(name: str, group: Group) -> Any:
    if name in group.columns:
        return group.columns[name]
    head, *path = name.split(".")
    value = group.columns.get(head)
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
