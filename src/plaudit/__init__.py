"""plaudit: rewards for language-model responses, behind one object with one method.

>>> import plaudit
>>> reward = plaudit.load("rules.baseline.length")
>>> reward.score([plaudit.Group("Say hi", ["hi", "hello"])])[0][1].value
5.0
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_NAMES = {
    "plaudit.types": "Comparer Group Message Pair Range Response Reward Score Step",
    "plaudit.errors": "ConfigError DataError EngineError MissingExtra PlauditError"
    " SandboxError ScoreTimeout ScoringError VerdictError",
    "plaudit.registry": "available build load recipes show",
    "plaudit.rule": "lift",
    "plaudit.combine": "Member",
    "plaudit.data.api": "check_rows Scores ascore score",
}
_WHERE = {name: module for module, names in _NAMES.items() for name in names.split()}
__all__ = sorted(_WHERE)  # pyright: ignore[reportUnsupportedDunderAll]

if TYPE_CHECKING:
    from plaudit.combine import Member as Member
    from plaudit.data.api import Scores as Scores
    from plaudit.data.api import ascore as ascore
    from plaudit.data.api import check_rows as check_rows
    from plaudit.data.api import score as score
    from plaudit.errors import ConfigError as ConfigError
    from plaudit.errors import DataError as DataError
    from plaudit.errors import EngineError as EngineError
    from plaudit.errors import MissingExtra as MissingExtra
    from plaudit.errors import PlauditError as PlauditError
    from plaudit.errors import SandboxError as SandboxError
    from plaudit.errors import ScoreTimeout as ScoreTimeout
    from plaudit.errors import ScoringError as ScoringError
    from plaudit.errors import VerdictError as VerdictError
    from plaudit.registry import available as available
    from plaudit.registry import build as build
    from plaudit.registry import load as load
    from plaudit.registry import recipes as recipes
    from plaudit.registry import show as show
    from plaudit.rule import lift as lift
    from plaudit.types import Comparer as Comparer
    from plaudit.types import Group as Group
    from plaudit.types import Message as Message
    from plaudit.types import Pair as Pair
    from plaudit.types import Range as Range
    from plaudit.types import Response as Response
    from plaudit.types import Reward as Reward
    from plaudit.types import Score as Score
    from plaudit.types import Step as Step


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'plaudit' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
