"""Names are import paths: `load` makes a reward from one, `build` from a recipe.

``load("rules.math.equal")`` is ``plaudit.rules.math.equal``; ``load("my_pkg.rewards:mine")`` is
the caller's own. A class, or a function annotated ``-> Reward`` (or ``-> Comparer``), is called
with the parameters; any other function is lifted (see `plaudit.rule`). There is no registration.

Of plaudit's own modules only those that define rewards are loaded, and only what they define: an
untrusted recipe cannot reach what a module happens to import.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import json
import os
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast, overload

from plaudit import combine, graders, offers
from plaudit.errors import ConfigError, PlauditError, clipped, did_you_mean
from plaudit.old_names import RENAMED
from plaudit.rule import ALIASES, Rule, inputs_of, lift, signature_of
from plaudit.spelled import Spelled
from plaudit.types import Comparer, Described, Group, Reward

__all__ = [
    "available",
    "build",
    "data_columns",
    "example",
    "load",
    "read_recipe",
    "recipes",
    "resolve",
    "show",
]

FAMILIES = ("rules", "models", "judges")
FACTORIES = ("judges",)  # families whose modules also define other functions
MODEL_PREFIXES = ("hf:", "modelscope:")
ADAPTERS = tuple(
    f"adapters.{module.name}.wrap"
    for module in pkgutil.iter_modules([str(Path(__file__).parent / "adapters")])
    if not module.name.startswith("_")
)
NODE_KEYS = ("use", "columns", "on_response_fault", "view", "weight", "optional", "when")
_MEMBER_KEYS = ("weight", "optional", "when")
RESPONSE_COLUMNS = frozenset(
    {
        "response", "completion", "output", "responses", "completions", "outputs", "messages",
        "conversations", "steps", "chosen", "rejected", "response_a", "response_b",
    }
)  # fmt: skip
_RECIPE_DIR = Path(__file__).parent / "recipes"


ComparerPath = Literal[
    "combine.both_orders", "judges.pairwise.critic", "models.pair_preference.pair_preference",
    "models.pairrm.pairrm", "models.steamshp.steamshp",
]  # fmt: skip


@overload
def load(path: ComparerPath, /, **params: Any) -> Comparer: ...  # pyright: ignore[reportOverlappingOverload]
@overload
def load(path: str, /, **params: Any) -> Reward: ...
def load(path: str, /, **params: Any) -> Reward | Comparer:
    """The reward that `path` names, with its parameters.

    A directory, hf:ORG/NAME or modelscope:ORG/NAME loads the model there (`models.auto.auto`).
    For a lifted rule, `columns` and `on_response_fault` are taken besides the rule's own
    parameters; `view` scores one part of each response. What compares two responses, such as
    "judges.pairwise.critic", is a Comparer. A recipe is made by `build`.

    Raises: ConfigError for an unknown name (with close matches) or parameter (with the signature).

    >>> load("rules.baseline.length", unit="chars")
    load('rules.baseline.length', unit='chars')
    """
    target = resolve(path)
    if is_model(path):
        params = {"model": path, **params}
        path = "models.auto.auto"
    part = None if "view" in signature_of(target).parameters else params.pop("view", None)
    if _is_factory(target):
        reward = _built(path, target, params)
    else:
        reward = lift(target, path=RENAMED.get(path, path), **params)
    return reward if part is None else combine.view(cast("Reward", reward), part=part)


def build(
    recipe: str | os.PathLike[str] | Mapping[str, object], *, allow: Iterable[str] = ("*",)
) -> Reward:
    """The reward that a recipe describes: a shipped recipe's name, a YAML file or a mapping.

    A grader of OpenAI, a JSON file or a mapping with a `type`, is a recipe too: `plaudit.graders`.

    A node is ``{use: path, ...params}``; any parameter may hold nodes. Besides its own parameters a
    node takes `columns`, `on_response_fault` and `view`, and as a part of a combination `weight`,
    `optional` and `when`. A string in place of a reward is short for ``{use: string}``. The
    `columns` at the top say where the data has what (see `data_columns`); they are for those who
    read rows.

    `allow` lists the top-level packages whose names may be loaded, by `use` or as the function of
    an adapter ("*" = any; the command line
    passes only plaudit unless ``--allow-import`` is given).

    Raises: ConfigError naming the recipe's place, the unknown key and its close matches.

    >>> build({"use": "combine.clip", "reward": {"use": "rules.baseline.length"}, "high": 9})
    clip(load('rules.baseline.length'), high=9.0)
    """
    if not isinstance(recipe, Mapping):
        recipe = read_recipe(recipe)
    if graders.is_grader(recipe):
        recipe = graders.recipe_of(recipe)
        return cast("Reward", _node(recipe, "grader", tuple(allow), {}))
    node = {k: v for k, v in recipe.items() if k not in ("name", "description")}
    if data_columns(recipe):
        del node["columns"]
    reward = _node(node, "recipe", tuple(allow), {})
    if isinstance(reward, combine.Member):
        raise ConfigError("recipe: weight, optional and when belong to a part, not to the whole")
    return reward


def data_columns(recipe: str | os.PathLike[str] | Mapping[str, object]) -> dict[str, str]:
    """Which columns of the data a recipe reads: the `columns` at its top, as ``--column`` has them.

    If the whole recipe is one rule and they name no column of responses, they are that rule's
    own binding (see `build`), and the result is empty.

    Raises: ConfigError for a recipe that cannot be read.

    >>> rule = {"use": "rules.math.equal", "columns": {"reference": "gold"}}
    >>> data_columns(rule), data_columns({**rule, "columns": {"response": "text"}})
    ({}, {'response': 'text'})
    """
    if not isinstance(recipe, Mapping):
        recipe = read_recipe(recipe)
    columns = recipe.get("columns") or {}
    if not isinstance(columns, Mapping):
        raise ConfigError(
            f"recipe: columns maps names to the columns of the data, found {clipped(columns)}"
        )
    use = recipe.get("use")
    is_combined = isinstance(use, str) and use.removeprefix("plaudit.").startswith("combine.")
    if not is_combined and RESPONSE_COLUMNS.isdisjoint(columns):
        return {}
    for name, source in columns.items():
        if not isinstance(name, str) or not isinstance(source, str):
            raise ConfigError(
                f"recipe: columns maps names to the columns of the data, found {name!r}: {source!r}"
            )
    return dict(columns)


def read_recipe(name: str | os.PathLike[str]) -> Mapping[str, Any]:
    """The mapping in a recipe file (YAML, or JSON as a grader is), or in a shipped recipe."""
    import yaml

    path = Path(name)
    if not path.is_file():
        path = _RECIPE_DIR / f"{name}.yaml"
    if not path.is_file():
        names = recipes()
        if _names_reward(str(name)):
            raise ConfigError(
                f"{str(name)!r} is a reward's name, not a recipe's: load({str(name)!r}), on the"
                f" command line --reward {name}"
            )
        raise ConfigError(
            f"no recipe {str(name)!r}: neither a file nor a shipped recipe"
            f"{did_you_mean(str(name), names) or '.'} Shipped: {', '.join(names)}"
        )
    if path.suffix == ".json":
        return _read_json(path)
    try:
        text = path.read_text(encoding="utf-8")
        data, tree = yaml.safe_load(text), yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(data, Mapping):
        raise ConfigError(f"{path}: a recipe is a mapping with a 'use' key, found {clipped(data)}")
    for key in _keys_that_repeat(tree):
        raise ConfigError(f"{path}:{key.start_mark.line + 1}: duplicate key {key.value!r}")
    return data


def _read_json(path: Path) -> Mapping[str, Any]:
    """The mapping in a JSON file. Raises ConfigError for anything else, and a repeated key."""

    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"duplicate key {name!r}")
        return dict(pairs)

    try:
        data = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=distinct)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not readable as JSON: {error}") from None
    if not isinstance(data, Mapping):
        raise ConfigError(
            f"{path}: a recipe is a mapping with a 'use' key, a grader one with a 'type', found"
            f" {clipped(data)}"
        )
    return data


def _keys_that_repeat(tree: object) -> Iterator[Any]:
    """The keys of a YAML tree that a later one of the same name would silently replace."""
    import yaml

    left, visited_ids = [tree], set()
    while left:
        node = left.pop()
        if id(node) in visited_ids:
            continue
        visited_ids.add(id(node))
        if isinstance(node, yaml.MappingNode):
            names = [key.value for key, _ in node.value]
            yield from (key for i, (key, _) in enumerate(node.value) if names[i] in names[:i])
            left += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            left += node.value


def _names_reward(name: str) -> bool:
    """Whether what is no recipe is the import path of a reward, or a model."""
    family = name.removeprefix("plaudit.").partition(".")[0]
    if family not in (*FAMILIES, "adapters", "combine"):
        return ":" in name
    try:
        resolve(name)
    except ConfigError:
        return False
    return True


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
    if is_model(path):
        path = "models.auto.auto"
    module, name = _place(path)
    is_own = module.partition(".")[0] == "plaudit"
    if not all(module.split(".")) or (is_own and not _is_home(module)):
        raise _unknown(path)
    try:
        member = _member(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise _unknown(path) from None
    except AttributeError:
        raise _unknown(path) from None
    if is_own and not _is_defined_in(module, name, member):
        raise _unknown(path)
    return member


def show(target: str | Reward) -> str:
    """What a reward is, as text: signature, range, inputs with their aliases, documentation.

    >>> print(show("rules.baseline.length").splitlines()[0])
    rules.baseline.length
    """
    if isinstance(target, str) and is_model(target):
        return _describe_model(load(target))
    if isinstance(target, str):
        return _describe(target, resolve(target))
    if isinstance(target, Described):
        return _describe_model(target)
    return _describe(repr(target), target.fn) if isinstance(target, Rule) else repr(target)


def example(path: str, **params: object) -> tuple[Reward, list[Group]]:
    """The reward at `path` with the parameters and columns of its module's EXAMPLES, if any.

    `params` are taken besides, and before, those of the example.

    >>> example("rules.baseline.length")[0]
    load('rules.baseline.length')
    """
    from plaudit.laws import sample_groups

    example_inputs = _example_of(resolve(path))
    reward = build({"use": path, **example_inputs.get("params", {}), **params})
    return reward, sample_groups(example_inputs.get("columns"))


def is_model(path: str) -> bool:
    """Whether a name is that of a model: a directory, hf:ORG/NAME or modelscope:ORG/NAME."""
    return path.startswith(MODEL_PREFIXES) or os.path.isdir(os.path.expanduser(path))


def is_rule_module(name: str) -> bool:
    """Whether rewards may be in the module: no part of its name is private."""
    return not any(part.startswith("_") for part in name.split("."))


@functools.cache
def _names() -> tuple[str, ...]:
    names = []
    for family in FAMILIES:
        package = importlib.import_module(f"plaudit.{family}")
        for info in pkgutil.walk_packages(package.__path__, f"plaudit.{family}."):
            if not info.ispkg and is_rule_module(info.name):
                names += _public(importlib.import_module(info.name))
    return tuple(sorted(names))


def _public(module) -> list[str]:
    short = module.__name__.removeprefix("plaudit.")
    return [
        f"{short}.{name}"
        for name, value in vars(module).items()
        if callable(value)
        and not name.startswith("_")
        and getattr(value, "__module__", None) == module.__name__
        and _is_reward(module.__name__, value)
    ]


def _is_reward(module: str, member: Any) -> bool:
    """Whether a public name of a module makes rewards; in some families its annotation says so."""
    family = module.removeprefix("plaudit.").partition(".")[0]
    return family not in FACTORIES or (_is_factory(member) and not inspect.isclass(member))


def _place(path: str) -> tuple[str, str]:
    """The module that a path names, in full, and the name in it."""
    if ":" in path:
        module, _, name = path.partition(":")
        return module, name
    module, _, name = path.removeprefix("plaudit.").rpartition(".")
    return module and f"plaudit.{module}", name


def _is_home(module: str) -> bool:
    """Whether rewards are in this module of plaudit."""
    family, _, rest = module.removeprefix("plaudit.").partition(".")
    is_adapter = f"{family}.{rest}.wrap" in ADAPTERS
    is_rule = family in FAMILIES and is_rule_module(rest)
    return is_rule or is_adapter or module == combine.__name__


def _is_defined_in(module: str, name: str, member: Any) -> bool:
    """Whether a module of plaudit defines the reward itself, and does not merely import it."""
    if module == combine.__name__:
        return name in combine.__all__
    return member.__module__ == module and _is_reward(module, member)


def _member(owner: Any, name: str) -> Callable[..., Any]:
    """The public function or class of a module, or of a class in it; else AttributeError."""
    *outer, last = name.split(".")
    for part in outer:
        owner = getattr(owner, part)
        if not inspect.isclass(owner):  # never through a module that it imports
            raise AttributeError(part)
    member = getattr(owner, last)
    if any(part.startswith("_") for part in (*outer, last)) or not callable(member):
        raise AttributeError(last)
    return member


def _unknown(path: str) -> ConfigError:
    module, name = _place(path)
    if path in recipes() or path.endswith((".yaml", ".yml", ".json")):
        return ConfigError(
            f"{path!r} is a recipe, not a reward's name: build({path!r}), on the command line"
            f" --recipe {path}"
        )
    if os.sep in path or path.startswith("~"):
        return ConfigError(
            f"no model {path!r}: it is not a directory; hub models are written hf:ORG/NAME or"
            " modelscope:ORG/NAME"
        )
    if ":" in path and module.partition(".")[0] != "plaudit":
        return ConfigError(
            f"no reward {path!r}: no module {module!r} on the Python path, or in it no public"
            f" function or class {name!r}"
        )
    names = [*available(), *(f"combine.{n}" for n in combine.__all__ if n[0].islower()), *ADAPTERS]
    same_tail = [repr(k) for k in names if k.rpartition(".")[2] == name][:3]
    hint = did_you_mean(path, names)
    if not hint and same_tail:
        hint = f"; did you mean {' or '.join(same_tail)}?"
    return ConfigError(
        f"no reward {path!r}{hint or '.'}"
        " `plaudit list` shows all; your own is written my_package.module:name"
    )


def _is_factory(target: Callable[..., object]) -> bool:
    if inspect.isclass(target):
        return True
    hint = getattr(target, "__annotations__", {}).get("return")
    name = hint if isinstance(hint, str) else getattr(hint, "__name__", "")
    return name.rpartition(".")[2] in ("Reward", "Comparer")


def _built(
    path: str, factory: Callable[..., object], params: Mapping[str, object]
) -> Reward | Comparer:
    """What the factory makes of the parameters."""
    signature = signature_of(factory)
    usage = f"Signature: {factory.__name__}{signature}"
    names = list(signature.parameters)
    for name in params:
        if name not in names and not _takes_any(signature):
            raise ConfigError(
                f"{path} has no parameter {name!r}{did_you_mean(name, names) or '.'} {usage}"
            )
    try:
        signature.bind(**params)
    except TypeError as error:
        raise ConfigError(f"{path}: {error}. {usage}") from None
    try:
        reward = factory(**params)
    except (TypeError, ValueError) as error:
        if isinstance(error, PlauditError):
            raise
        raise ConfigError(f"{path}: {error}. {usage}") from error
    if not (offers.is_reward(reward) or offers.is_comparer(reward)):
        raise ConfigError(f"{path} made {clipped(reward)}, neither a Reward nor a Comparer")
    return reward


def _takes_any(signature: inspect.Signature) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())


def _node(node: Any, place: str, allow: tuple[str, ...], built: dict[int, Any]) -> Any:
    """The reward of a node; equal YAML anchors give one object."""
    node = {"use": node} if isinstance(node, str) else node
    if not isinstance(node, Mapping) or not isinstance(node.get("use"), str):
        raise ConfigError(f"{place}: expected a node with a 'use' key, found {clipped(node)}")
    if id(node) in built:
        if built[id(node)][1] is None:
            raise ConfigError(f"{place}: the node {node['use']!r} contains itself")
        return built[id(node)][1]
    built[id(node)] = (node, None)
    path = node["use"]
    _allowed(path, place, allow)
    with _errors_at(place):
        takes_rewards = _checked_keys(node)
    for key in _function_keys(node):
        _allowed(node[key], f"{place}.{key}", allow)
    params = {
        key: _value(value, f"{place}.{key}", allow, built, key in takes_rewards)
        for key, value in node.items()
        if key != "use" and key not in _MEMBER_KEYS
    }
    member = {key: node[key] for key in _MEMBER_KEYS if key in node}
    with _errors_at(place):
        reward = load(path, **params)
        built[id(node)] = (node, combine.Member(reward, **member) if member else reward)
    return built[id(node)][1]


@contextlib.contextmanager
def _errors_at(place: str) -> Iterator[None]:
    """Says where in the recipe an error arose."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from None


def _checked_keys(node: Mapping[str, Any]) -> set[str]:
    """The keys of a node that take rewards. Raises ConfigError for an unknown key."""
    target = resolve(node["use"])
    signature = signature_of(target)
    names = [*signature.parameters, *NODE_KEYS]
    for key in node:
        if key not in names and not _takes_any(signature):
            raise ConfigError(
                f"unknown key {key!r}{did_you_mean(str(key), names) or '.'}"
                f" Signature: {target.__name__}{signature}; besides {', '.join(NODE_KEYS)}"
            )
    hints = {p.name: str(p.annotation) for p in signature.parameters.values()}
    return {name for name, hint in hints.items() if "Reward" in hint or "Comparer" in hint}


def _function_keys(node: Mapping[str, Any]) -> list[str]:
    """Those keys of a node that name a function: what they name is loaded like a `use`."""
    hints = {
        p.name: str(p.annotation) for p in signature_of(resolve(node["use"])).parameters.values()
    }
    return [k for k, v in node.items() if isinstance(v, str) and "Callable" in hints.get(k, "")]


def _value(
    value: object, place: str, allow: tuple[str, ...], built: dict[int, object], is_reward: bool
) -> Any:
    """The value of a key with its nodes built; where a reward is expected, a string is a node."""
    if isinstance(value, Mapping):
        if "use" in value:
            return _node(value, place, allow, built)
        return {k: _value(v, f"{place}.{k}", allow, built, is_reward) for k, v in value.items()}
    if isinstance(value, list):
        return [_value(v, f"{place}[{i}]", allow, built, is_reward) for i, v in enumerate(value)]
    return _node(value, place, allow, built) if is_reward and isinstance(value, str) else value


def _allowed(path: str, place: str, allow: tuple[str, ...]) -> None:
    if "*" in allow or ":" not in path or path.startswith(MODEL_PREFIXES):
        return
    package = path.partition(":")[0].partition(".")[0]
    if package not in ("plaudit", *allow):
        raise ConfigError(
            f"{place}: {path!r} is not part of plaudit; pass --allow-import {package} to load it"
        )


def _inputs(fn: Callable[..., object]) -> list[str]:
    lines = []
    with contextlib.suppress(ConfigError):  # a rule with required parameters has no range yet
        value_range = lift(fn, **_example_of(fn).get("params", {})).range
        lines += [f"  range: [{value_range.low:g}, {value_range.high:g}]"] if value_range else []
    for name, default in inputs_of(signature_of(fn)).items():
        aliases = f" (or {', '.join(ALIASES[name])})" if name in ALIASES else ""
        needed = "" if default is inspect.Parameter.empty else f", default {default!r}"
        lines.append(f"  reads: {name}{aliases}{needed}")
    return lines


def _example_of(fn: Callable[..., object]) -> Mapping[str, Any]:
    return getattr(inspect.getmodule(fn), "EXAMPLES", {}).get(fn.__name__, {})


def _describe(title: str, fn: Callable[..., object]) -> str:
    lines = [title, f"  {getattr(fn, '__name__', title)}{signature_of(fn)}"]
    if not _is_factory(fn):
        lines += _inputs(fn)
    lines += ["", inspect.getdoc(fn) or "(no documentation)"]
    more = getattr(inspect.getmodule(fn), "SHOWN", {}).get(fn.__name__)
    return "\n".join([*lines, "", more()] if more is not None else lines)


def _describe_model(reward: Any) -> str:
    """What a model's files contain and how it will be scored, a line each."""
    inner = reward if isinstance(reward, Described) else offers.comparer_of(reward)
    lines = [repr(reward), *(f"  {key}: {value}" for key, value in offers.facts_of(inner).items())]
    named = resolve(inner.path) if isinstance(inner, Spelled) else type(inner)
    return "\n".join([*lines, "", inspect.getdoc(named) or ""])
