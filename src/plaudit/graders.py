"""OpenAI's graders as JSON: a grader is read as a recipe, a recipe written as a grader.

    string_check, text_similarity, python, multi    rules.grader
    score_model, label_model                        judges.grader

`plaudit.build` reads a file or a mapping with a `type` by `recipe_of`; `to_grader` is the way
back. `score_of` reads a reply of the API's ``graders/run``; `flags_of` gives the error flags that
such a reply has for a Score.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from plaudit.errors import ConfigError, DataError, clipped, did_you_mean
from plaudit.types import Fault, Score

__all__ = ["FAULTS", "flags_of", "is_grader", "recipe_of", "score_of", "to_grader"]

KINDS: Mapping[str, str] = {
    "string_check": "rules.grader.string_check",
    "text_similarity": "rules.grader.text_similarity",
    "python": "rules.grader.python",
    "score_model": "judges.grader.score_model",
    "label_model": "judges.grader.label_model",
    "multi": "rules.grader.multi",
}
FIELDS: Mapping[str, tuple[str, ...]] = {
    "string_check": ("name", "operation", "input", "reference"),
    "text_similarity": ("name", "evaluation_metric", "input", "reference", "pass_threshold"),
    "python": ("name", "source", "image_tag", "pass_threshold"),
    "score_model": ("name", "model", "input", "range", "sampling_params", "pass_threshold"),
    "label_model": ("name", "model", "input", "labels", "passing_labels"),
}
"""The fields of each kind in the API's JSON, besides `type`."""
FAULTS: Mapping[str, Fault] = {
    "sample_parse_error": "response",
    "formula_parse_error": "input",
    "invalid_variable_error": "input",
    "truncated_observation_error": "input",
    "model_grader_parse_error": "system",
    "model_grader_refusal_error": "system",
    "model_grader_server_error": "system",
    "python_grader_runtime_error": "system",
    "python_grader_server_error": "system",
    "unresponsive_reward_error": "system",
    "other_error": "system",
}
"""Who is at fault where the API raises a flag (``metadata.errors`` of ``graders/run``)."""
_DETAILS = {
    "model_grader_server_error": "model_grader_server_error_details",
    "python_grader_runtime_error": "python_grader_runtime_error_details",
    "python_grader_server_error": "python_grader_server_error_type",
}
_PATHS = {path: kind for kind, path in KINDS.items()}
_FLAG = re.compile(rf"(?:[^:]{{1,200}}: ){{0,5}}?({'|'.join(FAULTS)}): ")
_LOST = ("columns", "view", "on_response_fault", "optional", "when", "cpu_s", "memory_mb")
_FUNCTIONS = ("min", "max", "abs", "floor", "ceil", "exp", "sqrt", "log")


# --- a grader as a recipe -------------------------------------------------------------------------


def is_grader(data: Mapping[str, Any]) -> bool:
    """Whether a mapping is a grader and no recipe: it has a `type` and no `use`.

    >>> is_grader({"type": "python", "source": "..."}), is_grader({"use": "rules.math.equal"})
    (True, False)
    """
    return isinstance(data.get("type"), str) and "use" not in data


def recipe_of(grader: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe of a grader's JSON; its fields are the parameters.

    Raises: ConfigError for another type, and for a multi grader within another.

    >>> recipe_of({"type": "python", "name": "own", "source": "..."})
    {'use': 'rules.grader.python', 'name': 'own', 'source': '...'}
    """
    kind = str(grader.get("type"))
    if kind not in KINDS:
        close = did_you_mean(str(kind), KINDS) or "."
        raise ConfigError(f"grader: type={kind!r} is not one of {', '.join(KINDS)}{close}")
    node = {"use": KINDS[kind], **{k: v for k, v in grader.items() if k != "type"}}
    if kind == "multi":
        node["graders"] = _parts_of(grader.get("graders"))
    return node


def _parts_of(graders: Any) -> dict[str, Any]:
    """The recipes of a multi grader's parts; a single grader goes by its own name."""
    if isinstance(graders, Mapping) and isinstance(graders.get("type"), str):
        graders = {graders.get("name"): graders}
    if not isinstance(graders, Mapping) or not graders:
        raise ConfigError(f"multi: graders maps names to graders, found {clipped(graders)}")
    nodes = {}
    for name, grader in graders.items():
        if not isinstance(grader, Mapping):
            raise ConfigError(f"multi: graders: {name}: expected a grader, found {clipped(grader)}")
        if grader.get("type") == "multi":
            raise ConfigError(f"multi: graders: {name}: a multi grader cannot be within another")
        nodes[name] = recipe_of(grader)
    return nodes


# --- a recipe as a grader -------------------------------------------------------------------------


def to_grader(
    recipe: str | os.PathLike[str] | Mapping[str, Any], *, name: str = "plaudit"
) -> dict[str, Any]:
    """The grader's JSON of a recipe: of graders, and of combinations of them.

    `combine.weighted`, `mean`, `product`, `minimum`, `maximum`, `clip` and `affine` become the
    formula of one multi grader, `rules.baseline.constant` a number in it. Who answers a model
    grader (`server`, ...) is left out. Where a response cannot be graded the API gives 0, plaudit
    NaN.

    Raises: ConfigError that names every place which has no form in the API.

    >>> texts = {"input": "{{sample.output_text}}", "reference": "4"}
    >>> check = {"use": "rules.grader.string_check", "operation": "eq", **texts}
    >>> recipe = {"use": "combine.affine", "reward": check, "scale": 2.0, "shift": -1.0}
    >>> to_grader(recipe)["calculate_output"], list(to_grader(recipe)["graders"])
    ('2 * reward + (-1)', ['reward'])
    """
    from plaudit.registry import read_recipe

    node = recipe if isinstance(recipe, Mapping) else read_recipe(recipe)
    node = recipe_of(node) if is_grader(node) else node
    node = {key: part for key, part in node.items() if key not in ("name", "description")} | (
        {"name": node["name"]} if _kind(node) and "name" in node else {}
    )
    export = _Export()
    if _kind(node) == "multi":
        grader = export.multi(node)
    elif _kind(node):
        grader = export.leaf(node, "recipe", node.get("name") or name)
    else:
        formula = export.expression(node, "recipe", "reward")
        grader = {"type": "multi", "name": name, "graders": export.graders}
        grader["calculate_output"] = formula
    if export.problems:
        places = "\n  ".join(export.problems)
        raise ConfigError(f"the recipe has no form in OpenAI's graders:\n  {places}")
    return grader


def _kind(node: Mapping[str, Any]) -> str:
    """The type of the grader that a node loads; "" for another reward."""
    return _PATHS.get(str(node.get("use")).removeprefix("plaudit."), "")


class _Export:
    """The graders of a recipe by name, and the places that could not be written."""

    def __init__(self) -> None:
        self.graders: dict[str, Any] = {}
        self.problems: list[str] = []

    def multi(self, node: Mapping[str, Any]) -> dict[str, Any]:
        """A multi grader as it is; its parts must be graders."""
        for key, part in node["graders"].items():
            if not isinstance(part, Mapping) or _kind(part) in ("", "multi"):
                self.problems.append(f"recipe.graders.{key}: {clipped(part)} is no single grader")
            else:
                self.graders[key] = self.leaf(part, f"recipe.graders.{key}", key)
        output = node["calculate_output"]
        return {
            "type": "multi",
            "name": node.get("name") or "plaudit",
            "graders": self.graders,
            "calculate_output": output,
        }

    def leaf(self, node: Mapping[str, Any], place: str, name: str) -> dict[str, Any]:
        """One grader, with the fields that the API has."""
        self._check_keys(node, place)
        kind = _kind(node)
        fields = {key: node[key] for key in FIELDS[kind] if key in node}
        return {"type": kind, **fields, "name": node.get("name") or name}

    def expression(self, node: Any, place: str, name: str) -> str:
        """The formula of a node; its graders are noted under their names."""
        node = {"use": node} if isinstance(node, str) else node
        use = str(node.get("use")).removeprefix("plaudit.")
        if _kind(node) and _kind(node) != "multi":
            key = self._free_name(name)
            self.graders[key] = self.leaf(node, place, key)
            return key
        if use == "rules.baseline.constant":
            return _number(node.get("value", 0.0))
        write = _FORMULAS.get(use)
        if write is None:
            self.problems.append(f"{place}: {use}: neither a grader nor a combination of them")
            return "0"
        self._check_keys(node, place)
        return write(self, node, place)

    def _check_keys(self, node: Mapping[str, Any], place: str) -> None:
        self.problems += [
            f"{place}.{key}: no such thing in a grader" for key in _LOST if key in node
        ]

    def _free_name(self, name: str) -> str:
        """A name for a formula that no grader has yet."""
        base = re.sub(r"\W", "_", name, flags=re.ASCII).lstrip("0123456789_") or "part"
        base = f"{base}_score" if base in _FUNCTIONS else base
        names = (base, *(f"{base}_{n}" for n in range(2, len(self.graders) + 3)))
        return next(one for one in names if one not in self.graders)

    def parts(self, node: Mapping[str, Any], place: str) -> list[tuple[float, str]]:
        """The weight and the formula of each part of a combination."""
        return [
            (
                part.get("weight", 1.0) if isinstance(part, Mapping) else 1.0,
                self.expression(part, f"{place}.parts.{key}", key),
            )
            for key, part in node.get("parts", {}).items()
        ]

    def inner(self, node: Mapping[str, Any], place: str) -> str:
        """The formula of the one reward within a node."""
        return self.expression(node.get("reward"), f"{place}.reward", "reward")


def _weighted(export: _Export, node: Mapping[str, Any], place: str) -> str:
    return " + ".join(_times(weight, part) for weight, part in export.parts(node, place))


def _mean(export: _Export, node: Mapping[str, Any], place: str) -> str:
    parts = export.parts(node, place)
    total = _number(math.fsum(weight for weight, _ in parts))
    return f"({' + '.join(_times(weight, part) for weight, part in parts)}) / {total}"


def _product(export: _Export, node: Mapping[str, Any], place: str) -> str:
    parts = export.parts(node, place)
    return " * ".join(
        _wrapped(part) if weight == 1 else f"{_wrapped(part)} ^ {_number(weight)}"
        for weight, part in parts
    )


def _extreme(function: str) -> Callable[[_Export, Mapping[str, Any], str], str]:
    def write(export: _Export, node: Mapping[str, Any], place: str) -> str:
        parts = [_times(weight, part) for weight, part in export.parts(node, place)]
        return f"{function}({', '.join(parts)})" if len(parts) > 1 else parts[0]

    return write


def _clip(export: _Export, node: Mapping[str, Any], place: str) -> str:
    formula = export.inner(node, place)
    if "high" in node:
        formula = f"min({_number(node['high'])}, {formula})"
    return f"max({_number(node['low'])}, {formula})" if "low" in node else formula


def _affine(export: _Export, node: Mapping[str, Any], place: str) -> str:
    scaled = _times(node.get("scale", 1.0), export.inner(node, place))
    shift = node.get("shift", 0.0)
    return f"{scaled} + {_number(shift)}" if shift else scaled


_FORMULAS: Mapping[str, Callable[[_Export, Mapping[str, Any], str], str]] = {
    "combine.weighted": _weighted,
    "combine.mean": _mean,
    "combine.product": _product,
    "combine.minimum": _extreme("min"),
    "combine.maximum": _extreme("max"),
    "combine.clip": _clip,
    "combine.affine": _affine,
}


def _times(weight: float, formula: str) -> str:
    return formula if weight == 1 else f"{_number(weight)} * {_wrapped(formula)}"


def _wrapped(formula: str) -> str:
    return formula if re.fullmatch(r"\w+", formula) else f"({formula})"


def _number(number: float) -> str:
    """A number without an exponent, in parentheses if negative."""
    digits = f"{Decimal(repr(float(number))):f}"
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"({digits})" if digits.startswith("-") else digits


# --- error flags and faults -----------------------------------------------------------------------


def flags_of(score: Score) -> dict[str, Any]:
    """The error flags of ``graders/run`` for a Score, with the details that it has fields for.

    >>> failed = Score.unscored("python_grader_runtime_error: KeyError", fault="system")
    >>> [flag for flag, is_raised in flags_of(failed).items() if is_raised is True]
    ['python_grader_runtime_error']
    """
    flags: dict[str, Any] = dict.fromkeys(FAULTS, False)
    flags |= dict.fromkeys(_DETAILS.values())
    if score.error is None and score.fault is None:
        return flags
    match = _FLAG.match(score.error or "")
    flag = match[1] if match else "other_error"
    flags[flag] = True
    if flag in _DETAILS:
        flags[_DETAILS[flag]] = (score.error or "")[match.end() :] if match else score.error
    return flags


def score_of(reply: Mapping[str, Any]) -> Score:
    """The Score of a reply of ``graders/run``: its `reward`, or, under a flag, whose fault it was.

    The API's reward under a flag is a made-up 0: here it is NaN, but for a response's own fault
    (sample_parse_error), whose 0 stays, with the fault. `parts` are the sub-rewards.

    Raises: DataError for a reply that has no errors or no reward.

    >>> score_of({"reward": 0.0, "metadata": {"errors": {"model_grader_server_error": True}}}).fault
    'system'
    """
    metadata = reply.get("metadata")
    errors = metadata.get("errors") if isinstance(metadata, Mapping) else None
    reward = reply.get("reward")
    if not isinstance(errors, Mapping) or not isinstance(reward, int | float):
        raise DataError(f"expected a reply of graders/run, found {clipped(reply)}")
    parts = {
        name: float(value)
        for name, value in (reply.get("sub_rewards") or {}).items()
        if isinstance(value, int | float)
    }
    flags = [flag for flag in FAULTS if errors.get(flag)]
    if not flags and math.isfinite(reward):
        return Score(float(reward), parts)
    return _faulted(flags or ["other_error"], errors, parts)


def _faulted(flags: Sequence[str], errors: Mapping[str, Any], parts: Mapping[str, float]) -> Score:
    """The score under these flags; one that is not the response's fault speaks first."""
    first = next((flag for flag in flags if FAULTS[flag] != "response"), flags[0])
    fault = FAULTS[first]
    details = errors.get(_DETAILS.get(first, "")) or ", ".join(flags)
    value = 0.0 if fault == "response" else math.nan
    return Score(value, parts, fault=fault, error=f"{first}: {details}")
