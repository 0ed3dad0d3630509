"""The one table of names that have changed, and what keeps the old ones working.

A module whose names have changed has ``__getattr__ = old_names(__name__)``: the old name is the
new object, with a DeprecationWarning. A path that `plaudit.load` takes is in `RENAMED`.
"""

from __future__ import annotations

import functools
import importlib
import warnings
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

__all__ = ["NAMES", "RENAMED", "old_arguments", "old_attributes", "old_names"]

RENAMED: Mapping[str, str] = {}  # paths of rewards
# By module: the old name, and the new one there, or "module:name".
NAMES: Mapping[str, Mapping[str, str]] = {
    "plaudit.answers.choices": {"Chosen": "StatedChoice"},
    "plaudit.answers.extract": {"Found": "Extracted"},
    "plaudit.answers.latex_equal": {"Answer": "LatexAnswer"},
    "plaudit.answers.latex_read": {"Unreadable": "UnreadableLatex"},
    "plaudit.answers.latex_real": {"Interval": "Enclosure"},
    "plaudit.answers.latex_sets": {"Span": "RealSpan"},
    "plaudit.answers.options": {"Options": "OptionTexts"},
    "plaudit.answers.reading": {"Reading": "AnswerReading"},
    "plaudit.cli.judge": {"PATHS": "plaudit.cli._judges:PATHS"},
    "plaudit.cli.score": {"Job": "ScoreJob", "free_report": "plaudit.cli._reward:free_path"},
    "plaudit.data.judged": {"Member": "JudgedResponse"},
    "plaudit.data.layouts": {
        "Kind": "plaudit.data._layout_types:Kind",
        "Read": "plaudit.data._layout_types:Read",
        "Unreadable": "UnreadableLayout",
    },
    "plaudit.data.overlap": {"Match": "EvalMatch", "plain": "folded"},
    "plaudit.data.read": {"Item": "RawRow"},
    "plaudit.data.rows": {
        "Found": "plaudit.data._columns:Responses",
        "Shape": "plaudit.data._columns:ColumnShape",
    },
    "plaudit.data.selection": {
        "Outcome": "Selection",
        "Strategy": "plaudit.data.options:Strategy",
    },
    "plaudit.engines.attention": {"Layout": "PassLayout"},
    "plaudit.engines.calls": {"Calls": "CallJournal"},
    "plaudit.engines.hub": {"wanted": "select_files"},
    "plaudit.engines.load": {"Held": "SharedScorer"},
    "plaudit.engines.questions": {"Labels": "LabelLogits"},
    "plaudit.engines.sampling": {"drawn": "draw_ids"},
    "plaudit.grading.extract": {"Found": "ProgramText"},
    "plaudit.grading.grade": {"Verdict": "TestVerdict"},
    "plaudit.grading.layouts": {"Layout": "RowLayout"},
    "plaudit.grading.returned": {"shown": "show_value", "shown_encoded": "show_encoded"},
    "plaudit.judges.voting": {"kept": "best_rated"},
    "plaudit.sandbox.selftest": {"Result": "AttackResult"},
    "plaudit.think": {"Status": "plaudit.text.think:Status"},
    "plaudit.workers": {"Outcome": "JobOutcome"},
}

Params = ParamSpec("Params")
Returned = TypeVar("Returned")


def old_names(module: str) -> Callable[[str], Any]:
    """The `__getattr__` of a module: its old names are those of `NAMES`, with a warning."""

    def getattribute(name: str) -> Any:
        if (new := NAMES[module].get(name)) is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}", name=name)
        home, _, new_name = new.rpartition(":")
        _warn(f"{module}.{name}", f"{home or module}.{new_name}")
        return getattr(importlib.import_module(home or module), new_name)

    return getattribute


def old_attributes(**names: str) -> Callable[[object, str], Any]:
    """The `__getattr__` of a class: each old name reads the attribute of the new one."""

    def getattribute(self: object, name: str) -> Any:
        if (new := names.get(name)) is None:
            kind = type(self).__name__
            raise AttributeError(f"{kind!r} object has no attribute {name!r}", name=name, obj=self)
        _warn(name, new)
        return getattr(self, new)

    return getattribute


def old_arguments(
    **names: str,
) -> Callable[[Callable[Params, Returned]], Callable[Params, Returned]]:
    """Makes a function take keyword arguments under their old names too.

    >>> @old_arguments(known="names")
    ... def count(names): return len(names)
    >>> count(names="ab"), count("abc")
    (2, 3)
    """

    def decorate(function: Callable[Params, Returned]) -> Callable[Params, Returned]:
        @functools.wraps(function)
        def call(*args: Params.args, **options: Params.kwargs) -> Returned:
            for old in names.keys() & options.keys():
                if names[old] in options:
                    raise TypeError(f"{function.__name__}() got both {old!r} and {names[old]!r}")
                _warn(f"the argument {old} of {function.__name__}()", names[old])
                options[names[old]] = options.pop(old)
            return function(*args, **options)

        return call

    return decorate


def _warn(old: str, new: str) -> None:
    warnings.warn(f"{old} is now {new}", DeprecationWarning, stacklevel=3)
