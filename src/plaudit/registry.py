"""Names are import paths: `load` makes a reward from one, `build` from a recipe.

``load("rules.math.equal")`` is ``plaudit.rules.math.equal``; ``load("my_pkg.rewards:mine")`` is
the caller's own. A class, or a function annotated ``-> Reward`` (or ``-> Comparer``), is called
with the parameters; any other function is lifted (see `plaudit.rule`). There is no registration.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from plaudit import combine
from plaudit.errors import ConfigError, clipped, did_you_mean
from plaudit.rule import ALIASES, Rule, lift, signature_of
from plaudit.types import Group, Reward

__all__ = ["available", "build", "example", "load", "read_recipe", "recipes", "resolve", "show"]

FAMILIES = ("rules",)
RENAMED: Mapping[str, str] = {}
NODE_KEYS = ("use", "columns", "on_response_fault", "view", "weight", "optional", "when")
_MEMBER_KEYS = ("weight", "optional", "when")
_RECIPE_DIR = Path(__file__).parent / "recipes"


def load(path: str, /, **params: Any) -> Any:
    """The reward that `path` names, with its parameters.

    For a lifted rule, `columns` and `on_response_fault` are taken besides the rule's own
    parameters; `view` scores one part of each response.

    Raises: ConfigError for an unknown name (with close matches) or parameter (with the signature).

    >>> load("rules.baseline.length", unit="chars")
    load('rules.baseline.length', unit='chars')
    """
    part = params.pop("view", None)
    target = resolve(path)
    reward = target(**_checked(path, target, params)) if _is_factory(target) else None
    if reward is None:
        reward = lift(target, path=RENAMED.get(path, path), **params)
    return reward if part is None else combine.view(reward, part=part)


def build(recipe: str | os.PathLike[str] | Mapping[str, Any], *, allow: Iterable[str] = ("*",)):
    """The reward that a recipe describes: a shipped recipe's name, a YAML file or a mapping.

    A node is ``{use: path, ...params}``; any parameter may hold nodes. Besides its own parameters a
    node takes `columns`, `on_response_fault` and `view`, and as a part of a combination `weight`,
    `optional` and `when`. A string where a reward is due is short for ``{use: string}``.

    `allow` lists the top-level packages whose names may be loaded ("*" = any; the command line
    passes only plaudit unless it is told more).

    Raises: ConfigError naming the recipe's place, the unknown key and its close matches.

    >>> build({"use": "combine.clip", "reward": {"use": "rules.baseline.length"}, "high": 9})
    clip(load('rules.baseline.length'), high=9.0)
    """
    if not isinstance(recipe, Mapping):
        recipe = read_recipe(recipe)
    node = {k: v for k, v in recipe.items() if k not in ("name", "description")}
    reward = _node(node, "recipe", tuple(allow), {})
    if isinstance(reward, combine.Member):
        raise ConfigError("recipe: weight, optional and when belong to a part, not to the whole")
    return reward


def read_recipe(name: str | os.PathLike[str]) -> Mapping[str, Any]:
    """The mapping in a recipe file, or in the shipped recipe of that name."""
    import yaml

    path = Path(name)
    if not path.is_file():
        path = _RECIPE_DIR / f"{name}.yaml"
    if not path.is_file():
        known = recipes()
        raise ConfigError(
            f"no recipe {str(name)!r}: neither a file nor a shipped recipe"
            f"{did_you_mean(str(name), known)} Shipped: {', '.join(known)}"
        )
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(data, Mapping):
        raise ConfigError(f"{path}: a recipe is a mapping with a 'use' key, found {clipped(data)}")
    return data


def recipes() -> list[str]:
    """The names of the shipped recipes."""
    return sorted(path.stem for path in _RECIPE_DIR.glob("*.yaml"))


def available(prefix: str = "") -> list[str]:
    """The import paths of all shipped rewards that start with `prefix`, sorted.

    >>> "rules.baseline.length" in available("rules.baseline")
    True
    """
    return [name for name in _names() if name.startswith(prefix)]


def resolve(path: str) -> Callable[..., Any]:
    """The function or class that `path` names. Raises ConfigError with close matches."""
    if not isinstance(path, str) or not path.strip("."):
        raise ConfigError(f"a reward's name is its import path, found {clipped(path)}")
    path = RENAMED.get(path, path)
    if path.startswith("hf:") or os.path.isdir(path):
        raise ConfigError(f"{path!r} is a model; this version scores with rules only")
    module, _, name = path.rpartition(":") if ":" in path else path.rpartition(".")
    own = ":" not in path
    full = f"plaudit.{module}" if own and not module.startswith("plaudit") else module
    if own and not module:
        raise ConfigError(_unknown(path))
    try:
        found = functools.reduce(getattr, name.split("."), importlib.import_module(full))
    except ModuleNotFoundError as error:
        if error.name is None or not (full == error.name or full.startswith(error.name + ".")):
            raise
        raise ConfigError(_unknown(path)) from None
    except AttributeError:
        raise ConfigError(_unknown(path)) from None
    if name.startswith("_") or not callable(found):
        raise ConfigError(_unknown(path))
    return found


def show(target: str | Reward) -> str:
    """What a reward is, as text: signature, range, inputs with their aliases, documentation.

    >>> print(show("rules.baseline.length").splitlines()[0])
    rules.baseline.length
    """
    if not isinstance(target, str):
        return _show_rule(target) if isinstance(target, Rule) else repr(target)
    fn = resolve(target)
    lines = [target, f"  {fn.__name__}{signature_of(fn)}"]
    if not _is_factory(fn):
        lines += _inputs(fn)
    lines += ["", inspect.getdoc(fn) or "(no documentation)"]
    return "\n".join(lines)


def example(path: str, **params: Any) -> tuple[Any, list[Group]]:
    """The reward at `path` with the parameters and columns of its module's EXAMPLES, if any.

    `params` are taken besides, and before, those of the example.

    >>> example("rules.baseline.length")[0]
    load('rules.baseline.length')
    """
    from plaudit.laws import sample_groups

    given = _example_of(resolve(path))
    reward = build({"use": path, **given.get("params", {}), **params})
    return reward, sample_groups(given.get("columns"))


def is_rule_module(name: str) -> bool:
    """Whether rewards may stand in the module: no part of its name is private."""
    return not any(part.startswith("_") for part in name.split("."))


@functools.cache
def _names() -> tuple[str, ...]:
    found = []
    for family in FAMILIES:
        package = importlib.import_module(f"plaudit.{family}")
        for info in pkgutil.walk_packages(package.__path__, f"plaudit.{family}."):
            if not info.ispkg and is_rule_module(info.name):
                found += _public(importlib.import_module(info.name))
    return tuple(sorted(found))


def _public(module) -> list[str]:
    short = module.__name__.removeprefix("plaudit.")
    return [
        f"{short}.{name}"
        for name, value in vars(module).items()
        if callable(value)
        and not name.startswith("_")
        and getattr(value, "__module__", None) == module.__name__
    ]


def _unknown(path: str) -> str:
    known = available()
    same_tail = [k for k in known if k.rpartition(".")[2] == path.rpartition(".")[2]]
    names = same_tail[:3] or known
    return f"no reward {path!r}{did_you_mean(path, names) or ''} `plaudit list` shows all"


def _is_factory(target: Callable[..., Any]) -> bool:
    if inspect.isclass(target):
        return True
    hint = getattr(target, "__annotations__", {}).get("return")
    name = hint if isinstance(hint, str) else getattr(hint, "__name__", "")
    return name.rpartition(".")[2] in ("Reward", "Comparer")


def _checked(path: str, target: Callable[..., Any], params: Mapping[str, Any]) -> dict[str, Any]:
    signature = signature_of(target)
    known = list(signature.parameters)
    for name in params:
        if name not in known:
            raise ConfigError(
                f"{path} has no parameter {name!r}{did_you_mean(name, known)}"
                f" Signature: {target.__name__}{signature}"
            )
    try:
        signature.bind(**params)
    except TypeError as error:
        raise ConfigError(f"{path}: {error}. Signature: {target.__name__}{signature}") from None
    return dict(params)


def _node(node: Any, place: str, allow: tuple[str, ...], made: dict[int, Any]) -> Any:
    """The reward of a node; equal YAML anchors give one object."""
    if isinstance(node, str):
        node = {"use": node}
    if not isinstance(node, Mapping) or not isinstance(node.get("use"), str):
        raise ConfigError(f"{place}: expected a node with a 'use' key, found {clipped(node)}")
    if id(node) in made:
        return made[id(node)][1]
    path = node["use"]
    _allowed(path, place, allow)
    params = {
        key: _value(value, f"{place}.{key}", allow, made)
        for key, value in node.items()
        if key != "use" and key not in _MEMBER_KEYS
    }
    try:
        reward = load(path, **params)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from None
    member = {key: node[key] for key in _MEMBER_KEYS if key in node}
    made[id(node)] = (node, combine.Member(reward, **member) if member else reward)
    return made[id(node)][1]


def _value(value: Any, place: str, allow: tuple[str, ...], made: dict[int, Any]) -> Any:
    if isinstance(value, Mapping):
        if "use" in value:
            return _node(value, place, allow, made)
        return {k: _value(v, f"{place}.{k}", allow, made) for k, v in value.items()}
    if isinstance(value, list):
        return [_value(v, f"{place}[{i}]", allow, made) for i, v in enumerate(value)]
    return value


def _allowed(path: str, place: str, allow: tuple[str, ...]) -> None:
    if "*" in allow or ":" not in path:
        return
    package = path.partition(":")[0].partition(".")[0]
    if package not in ("plaudit", *allow):
        raise ConfigError(
            f"{place}: {path!r} is not part of plaudit; pass --allow-import {package} to load it"
        )


def _inputs(fn: Callable[..., Any]) -> list[str]:
    rule = lift(fn, **_example_of(fn).get("params", {}))
    lines = [f"  range: [{rule.range.low:g}, {rule.range.high:g}]"] if rule.range else []
    for name, default in rule.inputs.items():
        aliases = f" (or {', '.join(ALIASES[name])})" if name in ALIASES else ""
        needed = "" if default is inspect.Parameter.empty else f", default {default!r}"
        lines.append(f"  reads: {name}{aliases}{needed}")
    return lines


def _example_of(fn: Callable[..., Any]) -> Mapping[str, Any]:
    return getattr(inspect.getmodule(fn), "EXAMPLES", {}).get(fn.__name__, {})


def _show_rule(rule: Rule) -> str:
    return f"{rule!r}\n" + show(rule.path)
