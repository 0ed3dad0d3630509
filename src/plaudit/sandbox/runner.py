"""The sandbox that a reward's options name: here, or a server of one of three kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.errors import ConfigError, did_you_mean

__all__ = ["runner_of"]

_REMOTE: dict[str, Any] = {}


def runner_of(options: Mapping[str, Any]) -> Any:
    """`run_many` of the sandbox that the options name."""
    if "remote" not in options:
        from plaudit import sandbox

        return sandbox.shared(**options).run_many
    from plaudit.sandbox import remote

    kinds = {"sandbox_fusion": "SandboxFusion", "piston": "Piston", "plaudit": "Plaudit"}
    name, rest = options["remote"], {k: v for k, v in options.items() if k != "remote"}
    if name not in kinds:
        close = did_you_mean(str(name), kinds) or "."
        raise ConfigError(f"remote={name!r} is not one of {', '.join(kinds)}{close}")
    key = repr(sorted(options.items()))
    if key not in _REMOTE:
        _REMOTE[key] = getattr(remote, kinds[name])(**rest)
    return _REMOTE[key].run_many


_REMOTE: dict[str, Any] = {}
