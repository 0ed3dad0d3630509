"""The reward that the command line names (a recipe or a path, with --set on top), and the options
that several verbs have."""

from __future__ import annotations

import contextlib
import copy
import os
import sys
from collections.abc import Collection, Iterator, Mapping, MutableMapping, MutableSequence, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

import typer

from plaudit.errors import ConfigError, PlauditError, did_you_mean
from plaudit.options import Option
from plaudit.types import Reward

__all__ = [
    "AllowImport",
    "AllowUnscored",
    "ChosenReward",
    "Columns",
    "KeepEndMarks",
    "Limit",
    "Offline",
    "Overwrite",
    "Path",
    "Recipe",
    "Resumption",
    "RewardColumn",
    "Set",
    "Strict",
    "as_yaml",
    "check_names",
    "choose",
    "column_name",
    "columns_of",
    "free_path",
    "go_offline",
    "importing",
    "inputs_in",
    "key_value",
    "node_of",
    "see_current_directory",
]

Recipe = Annotated[
    str | None,
    typer.Option("--recipe", "-r", metavar="NAME|FILE", help="A shipped recipe or a YAML file."),
]
Path = Annotated[
    str | None,
    typer.Option(
        "--reward",
        metavar="PATH[,K=V]",
        help="One reward by its import path, as rules.length.range,high=500,unit=chars or"
        " my_pkg.rewards:mine.",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=YAML",
        help="Change one value of the recipe, as parts.format.weight=0.5. Repeatable.",
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="NAME=COLUMN",
        help="Where the data has another name, as prompt=q or reference=info.gold. Repeatable.",
    ),
]
AllowImport = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-import",
        metavar="PKG",
        help="A package that a recipe may load from, besides plaudit. Repeatable.",
    ),
]
KeepEndMarks = Annotated[
    bool,
    typer.Option(
        "--keep-end-marks",
        help="Leave marks such as <|im_end|> at the end of responses; otherwise they are removed.",
    ),
]
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N rows.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output.")]
RewardColumn = Annotated[
    str,
    typer.Option(metavar="NAME", help="The column to write, where the input has a reward already."),
]
AllowUnscored = Annotated[
    bool, typer.Option("--allow-unscored", help="Exit with 0 though responses are unscored.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first bad row.")]
Offline = Annotated[
    bool, typer.Option("--offline", help="Ask no host for anything (Hugging Face included).")
]


@dataclass(frozen=True)
class Resumption:
    """Whether a run goes on from an earlier one, and which of its unscored rows it scores again.

    >>> again = Resumption(retry_unscored=True)
    >>> again.is_wanted, again.retry
    (True, 'all')
    """

    resume: Annotated[
        bool,
        Option(
            "Go on where an interrupted run stopped, and score again what a fault of the"
            " system (a server away, a timeout, a used up budget) left unscored."
        ),
    ] = False
    retry_unscored: Annotated[bool, Option("--resume, and score again whatever is unscored.")] = (
        False
    )
    keep_unscored: Annotated[bool, Option("--resume, and score nothing again.")] = False

    def __post_init__(self) -> None:
        if self.retry_unscored and self.keep_unscored:
            raise ConfigError("--retry-unscored and --keep-unscored exclude each other")

    @property
    def is_wanted(self) -> bool:
        """Whether any of the three is there."""
        return self.resume or self.retry_unscored or self.keep_unscored

    @property
    def retry(self) -> Literal["system", "all", "none"]:
        """Which unscored rows are scored again: those of a system fault, all, or none."""
        return "all" if self.retry_unscored else "none" if self.keep_unscored else "system"


class ChosenReward(NamedTuple):
    """A reward, its name for people, and the mapping that built it."""

    reward: Reward
    name: str
    recipe: Mapping[str, Any]

    def columns(self, settings: Sequence[str] | None) -> dict[str, str]:
        """Which columns of the data are read: those of the recipe, ``--column`` going first.

        Where ``--column`` names the responses, the recipe does not.
        """
        from plaudit import registry

        own, named = registry.data_columns(self.recipe), columns_of(settings)
        check_names(named, inputs_in(self.recipe))
        if not registry.RESPONSE_COLUMNS.isdisjoint(named):
            own = {k: v for k, v in own.items() if k not in registry.RESPONSE_COLUMNS}
        return {**own, **named}


def choose(
    recipe: str | None,
    path: str | None,
    settings: Sequence[str] | None,
    allow: Sequence[str] | None,
) -> ChosenReward:
    """Builds the reward. Raises ConfigError for whatever does not fit."""
    from plaudit import registry

    if (recipe is None) == (path is None):
        raise ConfigError(
            "name what to score with: --recipe NAME|FILE or --reward PATH (one of the two);"
            f" shipped recipes: {', '.join(registry.recipes())}"
        )
    allowed = ["plaudit", *(allow or ())]
    if path is None:
        node: object = copy.deepcopy(dict(registry.read_recipe(recipe or "")))
    else:
        node = node_of(path)
        allowed += [_package(value) for value in node.values() if isinstance(value, str)]
    for setting in settings or ():
        _set(node, setting)
    if allow or (path and ":" in path):
        see_current_directory()
    name = recipe or path or ""
    with importing(name):
        return ChosenReward(registry.build(node, allow=allowed), name, node)


def node_of(path: str) -> dict[str, Any]:
    """The recipe node that ``PATH,key=value,key=value`` is short for; values are YAML.

    >>> node_of("rules.format.xml_fields,fields=[plan, code]")
    {'use': 'rules.format.xml_fields', 'fields': ['plan', 'code']}
    """
    use, *settings = _split(path)
    node: dict[str, object] = {"use": use}
    for setting in settings:
        key, value = key_value(setting, f"--reward {use}")
        node[key] = value
    return node


def column_name(name: str) -> str:
    """What ``--reward-column`` names. Raises ConfigError for nothing."""
    if not name.strip():
        raise ConfigError("--reward-column is the name of a column, found an empty one")
    return name


def as_yaml(recipe: Mapping[str, object]) -> str:
    """The text of a recipe, for people who want the same scores again."""
    import yaml

    return yaml.safe_dump(dict(recipe), sort_keys=False, allow_unicode=True)


def columns_of(settings: Sequence[str] | None) -> dict[str, str]:
    """The column mapping of ``--column NAME=COLUMN``.

    >>> columns_of(["prompt=q"])
    {'prompt': 'q'}
    """
    columns = {}
    for setting in settings or ():
        name, equals, source = setting.partition("=")
        if not (equals and name and source):
            raise ConfigError(f"--column {setting!r}: write NAME=COLUMN, as prompt=q")
        columns[name] = source
    return columns


def check_names(columns: Mapping[str, str], inputs: Collection[str] | None) -> None:
    """Refuses a ``--column`` whose left side is not used.

    `inputs` are the columns that the rewards read; None where they cannot all be listed: then only
    what looks like a misspelling is refused.

    >>> check_names({"prompt": "q"}, ["reference"])
    >>> check_names({"finish": "q"}, ["reference"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    plaudit.errors.ConfigError: --column finish=q: unknown name 'finish'; did you mean ...
    """
    from plaudit.data.rows import NAMES
    from plaudit.rule import ALIASES, LISTS

    refs = {*ALIASES, *LISTS.values(), *(a for names in ALIASES.values() for a in names)}
    readable = sorted({*NAMES, *refs, *(inputs or ())})
    for name, source in columns.items():
        near = did_you_mean(name, readable)
        if name in readable or (inputs is None and not _is_misspelt(name, readable)):
            continue
        rest = "" if near else f"; names are {', '.join(readable)}"
        raise ConfigError(f"--column {name}={source}: unknown name {name!r}{near or rest}")


def _is_misspelt(name: str, names: Collection[str]) -> bool:
    """Whether a name differs from a known one in a letter or so; `tests` is not one of `steps`."""
    from difflib import SequenceMatcher

    return any(SequenceMatcher(None, name.lower(), other).ratio() > 0.85 for other in names)


def inputs_in(node: object) -> set[str] | None:
    """The inputs of every rule in a recipe, and its texts; None where a part may read any column.

    >>> sorted({"reference", "promt"} & inputs_in({"use": "rules.math.equal"}))
    ['reference']
    """
    if isinstance(node, str):
        return _inputs_of_path(node)
    if isinstance(node, Mapping):
        inputs = [inputs_in(value) for value in node.values()]
        return None if None in inputs else set().union({*map(str, node)}, *filter(None, inputs))
    if isinstance(node, Sequence):
        inputs = [inputs_in(value) for value in node]
        return None if None in inputs else set().union(*filter(None, inputs))
    return set()


def _inputs_of_path(text: str) -> set[str] | None:
    """The inputs of the rule that a text names, and the text itself."""
    from plaudit import registry
    from plaudit.rule import inputs_of, signature_of

    path = text.removeprefix("plaudit.")
    if path.startswith(("judges.", "models.")):
        return None
    if not (path.startswith("rules.") or ":" in path):
        return {text}
    try:
        names = set(inputs_of(signature_of(registry.resolve(path))))
        return {text, *names} if names else None  # a class of rewards may read any column
    except PlauditError:
        return {text}
    except Exception:  # importing the user's module may raise anything; building it says so
        return None


def free_path(path: str, may_replace: bool) -> str:
    """A path to write to. Raises ConfigError where something is there, or its directory is not."""
    if os.path.exists(path) and not may_replace:
        raise ConfigError(f"{path}: exists; --overwrite replaces it")
    if not os.path.isdir(parent := os.path.dirname(path) or "."):
        raise ConfigError(f"{path}: the directory {parent!r} does not exist")
    return path


def go_offline() -> None:
    """Lets no library ask the hub for anything."""
    os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1")


def see_current_directory() -> None:
    """Lets the user's own modules be imported from where they are."""
    if (here := os.getcwd()) not in sys.path:
        sys.path.append(here)


@contextlib.contextmanager
def importing(what: str) -> Iterator[None]:
    """Says of an error in the user's own module that it is theirs."""
    try:
        yield
    except PlauditError:
        raise
    except Exception as error:  # importing a module may raise anything
        raise ConfigError(
            f"loading {what} raised {type(error).__name__}: {error}; --debug shows where"
        ) from error


def _package(use: str) -> str:
    return use.partition(":")[0].partition(".")[0] if ":" in use else "plaudit"


def _split(path: str) -> list[str]:
    """Cut at the commas that no bracket and no quote encloses."""
    pieces, depth, quote = [""], 0, ""
    for char in path:
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        depth += (char in "[{(") - (char in "]})") if not quote else 0
        if char == "," and not depth and not quote:
            pieces.append("")
        else:
            pieces[-1] += char
    return [piece.strip() for piece in pieces]


def key_value(setting: str, place: str) -> tuple[str, Any]:
    """The two sides of ``KEY=YAML``. Raises ConfigError."""
    import yaml

    key, equals, value = setting.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"{place}: {setting!r} is not KEY=VALUE")
    try:
        return key.strip(), yaml.safe_load(value)
    except yaml.YAMLError:
        raise ConfigError(f"{place}: the value of {key.strip()!r} is not YAML: {value!r}") from None


def _set(node: Any, setting: str) -> None:
    """Puts one value into the recipe at its dotted place."""
    key, value = key_value(setting, "--set")
    *way, last = key.split(".")
    place = ""
    for step in way:
        node = _inside(node, step, place, key)
        place = f"{place}.{step}" if place else step
    if isinstance(node, MutableSequence):
        node[_index(node, last, place, key)] = value
    else:
        node[last] = value


def _index(node: Any, step: str, place: str, key: str) -> Any:
    """The key or list index that `step` spells. Raises ConfigError if there is none."""
    steps = list(node) if isinstance(node, Mapping) else [str(i) for i in range(len(node))]
    if step not in steps:
        raise ConfigError(
            f"--set {key}: {place or 'the recipe'} has no {step!r}{did_you_mean(step, steps)}"
            f" It has {', '.join(steps)}"
        )
    return step if isinstance(node, Mapping) else int(step)


def _inside(node: Any, step: str, place: str, key: str) -> Any:
    """The mapping or list under `step`; a bare path becomes the node it is short for."""
    at = _index(node, step, place, key)
    if isinstance(node[at], str):
        node[at] = {"use": node[at]}
    if not isinstance(node[at], MutableMapping | MutableSequence):
        raise ConfigError(f"--set {key}: {place + '.' if place else ''}{step} has nothing inside")
    return node[at]
