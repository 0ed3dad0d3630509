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


def chosen(checkpoint: Checkpoint) -> Architecture:
    """The architecture that takes the checkpoint. Raises ConfigError where none does."""
    claims = sorted((a for a in architectures() if a.is_mine(checkpoint)), key=lambda a: a.rank)
    if not claims:
        raise ConfigError(_unknown(checkpoint))
    if claims[0].refusal:
        raise ConfigError(f"{checkpoint.name}: not supported: {claims[0].refusal}")
    return claims[0]


@functools.cache
def architectures() -> tuple[Architecture, ...]:
    """The ARCHITECTURE of every module in this folder."""
    package = importlib.import_module("plaudit.models")
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
    modules = [importlib.import_module(f"plaudit.models.{n}") for n in names if n[0] != "_"]
    entries: list[Architecture] = []
    for module in modules:
        entry = getattr(module, "ARCHITECTURE", ())
        entries += [entry] if isinstance(entry, Architecture) else entry
    return tuple(entries)


def _unknown(checkpoint: Checkpoint) -> str:
    names = checkpoint.config.get("architectures")
    description = f"model_type={checkpoint.model_type!r}, architectures={names}"
    if checkpoint.architecture.endswith(("ForCausalLM", "LMHeadModel")):
        return (
            f"{checkpoint.name}: a causal language model ({description}) has no score head. It"
            " can be a policy"
            " with a reference (models.implicit.implicit), without one (reference=none), or judge"
            " how fluent a text is (models.perplexity.perplexity)"
        )
    return (
        f"{checkpoint.name}: no architecture here knows it (config.json: {description});"
        " name the reward that fits, or add one: docs/models.md shows it as one file"
    )
