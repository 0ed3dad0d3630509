"""Instruction following: constraints that a program can check, one verdict each.

The 25 kinds of IFEval, the 29 of open-instruct's IFEvalG and 15 for Chinese text. The row lists the
constraint ids and the arguments of each.
"""

from __future__ import annotations

import ast
import functools
import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple, get_args

from plaudit.constraints.ifeval import KINDS as IFEVAL
from plaudit.constraints.ifevalg import KINDS as IFEVALG
from plaudit.constraints.language import Undecidable
from plaudit.constraints.zh import KINDS as CHINESE
from plaudit.errors import ConfigError, DataError, ScoringError, clipped, did_you_mean
from plaudit.types import Range, Score

__all__ = ["ifeval"]

Mode = Literal["strict", "loose"]
Reduce = Literal["all", "fraction"]
Policy = Literal["not_followed", "fault"]

EXAMPLES = {
    "ifeval": {
        "columns": {
            "instruction_id_list": [
                "punctuation:no_comma",
                "length_constraints:number_sentences",
                "detectable_format:title",
                "change_case:capital_word_frequency",
                "zh:num_chars",
            ],
            "kwargs": [
                {},
                {"relation": "less than", "num_sentences": 9},
                None,
                {"capital_relation": "less than", "capital_frequency": 3},
                {"relation": "at most", "num_chars": 60},
            ],
        }
    }
}

_KINDS: Mapping[str, Callable[..., bool]] = {
    **IFEVAL,
    **IFEVALG,
    **CHINESE,
}
_ID_NAMES = ("constraints", "instruction_id_list", "instruction_id")


class _Constraint(NamedTuple):
    """A constraint of the row, its arguments checked; `name` is its id, numbered where repeated."""

    name: str
    is_kept: Callable[[str], bool]


def ifeval(
    response: str,
    constraints: object = None,
    kwargs: object = None,
    instruction_id_list: object = None,
    ground_truth: object = None,
    *,
    mode: Mode = "strict",
    reduce: Reduce = "all",
    undecidable: Policy = "not_followed",
) -> Annotated[Score, Range(0, 1)]:
    """1 if every constraint of the row is followed, else 0; or the share that is followed.

    ``min(verdicts)`` with ``reduce="all"``, ``mean(verdicts)`` with ``reduce="fraction"``; `parts`
    holds the verdicts, 1 or 0, under the constraint's id (a second one with the same id ends in
    ``#2``). IFEval: Zhou et al. 2023, arXiv 2311.07911; the further 29 kinds: open-instruct's
    IFEvalG (Pyatkin et al. 2025, arXiv 2507.02833). The Chinese kinds (``zh:...``) are ours.

    ``mode="loose"`` counts a constraint as followed if any of eight texts follows it: the response,
    and it without its first line, its last, or both, each also without asterisks. An empty text
    follows nothing. The think block is part of the text: score the answer with ``view(...)``.

    The constraints are in `constraints` or `instruction_id_list` (a list of ids) with `kwargs` (a
    list of mappings; arguments that are None are absent); or both in one column, as in
    open-instruct: `ground_truth` is a mapping, or its JSON or Python spelling, with
    `instruction_id` and `kwargs`. M-IFEval's prefix ``en:`` is dropped; its kinds for other
    languages are unknown here.

    A language that cannot be identified (digits, one word) is never "followed", unlike in the
    published checker: ``undecidable="not_followed"`` is 0, "fault" is the response's fault,
    counted. Keywords and markers are text; nothing in a row runs as a pattern.

    Raises: DataError for a row without constraints, an unknown id or arguments that do not fit it.

    >>> ids, args = ["punctuation:no_comma", "keywords:existence"], [{}, {"keywords": ["b"]}]
    >>> ifeval("a, b", ids, args, reduce="fraction")
    Score(value=0.5, parts={'punctuation:no_comma': 0.0, 'keywords:existence': 1.0}, steps=(), \
fault=None, error=None, note='not followed: punctuation:no_comma')
    """
    _check(mode, Mode, "mode")
    _check(reduce, Reduce, "reduce")
    _check(undecidable, Policy, "undecidable")
    if constraints is None:
        constraints = instruction_id_list
    if constraints is None and ground_truth is not None:
        constraints, kwargs = _packed(ground_truth)
    texts = _loose(response) if mode == "loose" else (response,)
    texts = tuple(text for text in texts if text.strip())
    verdicts, doubts = {}, []
    for constraint in _read(constraints, kwargs):
        verdict = _verdict(constraint.is_kept, texts)
        verdicts[constraint.name] = float(verdict is True)
        doubts += [f"{constraint.name}: {verdict}"] if isinstance(verdict, Undecidable) else []
    if doubts and undecidable == "fault":
        raise ScoringError(f"ifeval: undecidable: {'; '.join(doubts)}", fault="response")
    values = verdicts.values()
    value = min(values) if reduce == "all" else sum(values) / len(values)
    return Score(value, verdicts, note=_note(verdicts, doubts))


def _check(value: str, allowed: object, name: str) -> None:
    choices = get_args(allowed)
    if value not in choices:
        raise ConfigError(
            f"ifeval: {name}={value!r} must be one of {choices}{did_you_mean(str(value), choices)}"
        )


def _note(verdicts: Mapping[str, float], doubts: Sequence[str]) -> str:
    missed = [name for name, value in verdicts.items() if not value]
    summary = f"not followed: {', '.join(missed)}" if missed else "all followed"
    return f"{summary} (undecidable: {'; '.join(doubts)})" if doubts else summary


def _loose(text: str) -> tuple[str, ...]:
    """The texts of which one must follow a constraint in loose mode.

    >>> _loose("Sure!\\n*a*")
    ('Sure!\\n*a*', '*a*', 'Sure!', '', 'Sure!\\na', 'a')
    """
    lines = text.split("\n")
    cuts = ("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1]))
    texts = (text, *cuts)
    return tuple(dict.fromkeys([*texts, *(one.replace("*", "") for one in texts)]))


def _verdict(is_kept: Callable[[str], bool], texts: Sequence[str]) -> bool | Undecidable:
    """Whether any of the texts follows the constraint, or why that is undecidable."""
    doubt = None
    for text in texts:
        try:
            if is_kept(text):
                return True
        except Undecidable as error:
            doubt = error
    return doubt or False


# --- reading the row ------------------------------------------------------------------------------


def _packed(ground_truth: object) -> tuple[object, object]:
    """Ids and arguments from one mapping, as open-instruct stores them in `ground_truth`."""
    packed = _unspelled(ground_truth, "ground_truth")
    if isinstance(packed, Sequence) and len(packed) == 1:
        packed = _unspelled(packed[0], "ground_truth")
    if isinstance(packed, Mapping):
        for name in _ID_NAMES:
            if name in packed:
                return packed[name], packed.get("kwargs")
    raise DataError(
        f"no constraints: expected a mapping with instruction_id and kwargs, found"
        f" {clipped(ground_truth)}",
        field="ground_truth",
    )


def _unspelled(value: object, field: str) -> object:
    """The value itself, or parsed if it is JSON or Python text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        raise DataError(f"neither JSON nor Python: {clipped(value)}", field=field) from None


def _read(constraints: object, kwargs: object) -> Iterator[_Constraint]:
    """The constraints of a row. Raises DataError that names the problem."""
    ids = _listed(constraints, "constraints")
    argument_list = _listed(kwargs, "kwargs") if kwargs is not None else [None] * len(ids)
    if not ids:
        raise DataError("no constraint in the row: ifeval reads a list of ids", field="constraints")
    if len(ids) != len(argument_list):
        raise DataError(
            f"{len(ids)} constraints, but arguments for {len(argument_list)}:"
            f" {clipped(argument_list)}",
            field="kwargs",
        )
    counts: dict[str, int] = {}
    for name, arguments in zip(ids, argument_list, strict=True):
        kind = _kind(name)
        counts[kind] = counts.get(kind, 0) + 1
        label = kind if counts[kind] == 1 else f"{kind}#{counts[kind]}"
        yield _Constraint(label, functools.partial(_KINDS[kind], **_arguments(kind, arguments)))


def _listed(value: object, field: str) -> list[object]:
    """The list in a column: a list, an array, or the text of one."""
    if isinstance(value, str) and value in _KINDS:
        return [value]
    items = _unspelled(value, field)
    if callable(tolist := getattr(items, "tolist", None)):
        items = tolist()
    if isinstance(items, Mapping):
        items = [items]
    if not isinstance(items, Sequence) or isinstance(items, str):
        raise DataError(f"expected a list, found {clipped(value)}", field=field)
    return list(items)


def _kind(name: object) -> str:
    text = str(name).strip()
    kind = text.removeprefix("en:")
    if kind in _KINDS:
        return kind
    raise DataError(
        f"unknown constraint {clipped(name)}{did_you_mean(kind, _KINDS) or '.'}"
        f" {len(_KINDS)} kinds are known, such as {next(iter(_KINDS))!r}",
        field="constraints",
    )


def _arguments(kind: str, raw: object) -> dict[str, object]:
    """The arguments of a constraint, checked against the parameters of its checker."""
    raw = _unspelled(raw, "kwargs") if raw else {}
    if not isinstance(raw, Mapping):
        raise DataError(f"{kind}: expected a mapping, found {clipped(raw)}", field="kwargs")
    needed = _parameters(kind)
    arguments = {name: value for name, value in raw.items() if value is not None}
    strange = [name for name in arguments if name not in needed]
    missing = [name for name in needed if name not in arguments]
    if strange or missing:
        problems = [f"missing {', '.join(missing)}"] if missing else []
        problems += [f"unknown {n!r}{did_you_mean(n, needed)}" for n in map(str, strange)]
        raise DataError(
            f"{kind} takes ({', '.join(needed)}): {'; '.join(problems)};"
            f" found {clipped(dict(raw))}",
            field="kwargs",
        )
    return {name: _typed(kind, name, needed[name], value) for name, value in arguments.items()}


@functools.cache
def _parameters(kind: str) -> Mapping[str, str]:
    """The arguments of a kind with their types as written: "int", "str" or "list[str]"."""
    signature = inspect.signature(_KINDS[kind])
    return {
        name: str(p.annotation)
        for name, p in signature.parameters.items()
        if p.kind is p.KEYWORD_ONLY
    }


def _typed(kind: str, name: str, type_name: str, value: object) -> object:
    """The argument converted to its type; 2.0 becomes an int, a list of one text that text."""
    if callable(tolist := getattr(value, "tolist", None)):
        value = tolist()
    if type_name == "int" and isinstance(value, int | float) and not isinstance(value, bool):
        if value == value and value >= 0 and int(value) == value:
            return int(value)
    elif type_name == "str":
        text = value[0] if isinstance(value, list) and len(value) == 1 else value
        if _is_text(text):
            return text
    elif type_name == "list[str]":
        texts = [value] if isinstance(value, str) else value
        if isinstance(texts, Sequence) and texts and all(map(_is_text, texts)):
            return list(texts)
    expected = {"int": "a whole number from 0 up", "str": "a text"}.get(
        type_name, "a list of texts"
    )
    raise DataError(f"{kind}: {name}={clipped(value)} must be {expected}", field="kwargs")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
