"""How a file of this folder says which checkpoints are its own."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, NamedTuple

from plaudit.engines.checkpoint import Checkpoint
from plaudit.errors import ConfigError

__all__ = ["Architecture", "architectures", "chosen"]


class Architecture(NamedTuple):
    """A module's ARCHITECTURE: `is_mine` looks at config and weight names, `make` loads.

    Of several that claim a checkpoint the lowest `rank` takes it: 0 for a layout that only one
    family has, 9 for what transformers loads by itself. A `refusal` instead of a reward says why a
    known layout is not supported; such a one may have rank -1.
    """

    make: Callable[..., Any]
    is_mine: Callable[[Checkpoint], bool]
    rank: int = 0
    refusal: str = ""


def chosen(found: Checkpoint) -> Architecture:
    """The architecture that takes the checkpoint. Raises ConfigError where none does."""
    claims = sorted((a for a in architectures() if a.is_mine(found)), key=lambda a: a.rank)
    if not claims:
        raise ConfigError(_unknown(found))
    if claims[0].refusal:
        raise ConfigError(f"{found.name}: not supported: {claims[0].refusal}")
    return claims[0]


@functools.cache
def architectures() -> tuple[Architecture, ...]:
    """The ARCHITECTURE of every module in this folder."""
    package = importlib.import_module("plaudit.models")
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
    modules = [importlib.import_module(f"plaudit.models.{n}") for n in names if n[0] != "_"]
    found: list[Architecture] = []
    for module in modules:
        held = getattr(module, "ARCHITECTURE", ())
        found += [held] if isinstance(held, Architecture) else held
    return tuple(found)


def _unknown(found: Checkpoint) -> str:
    told = f"model_type={found.model_type!r}, architectures={found.config.get('architectures')}"
    if found.architecture.endswith(("ForCausalLM", "LMHeadModel")):
        return (
            f"{found.name}: a causal language model ({told}) has no score head. It can be a policy"
            " with a reference (models.implicit.implicit), without one (reference=none), or judge"
            " how fluent a text is (models.perplexity.perplexity)"
        )
    return (
        f"{found.name}: no architecture here knows it (config.json: {told});"
        " name the reward that fits, or add one: docs/models.md shows it as one file"
    )
