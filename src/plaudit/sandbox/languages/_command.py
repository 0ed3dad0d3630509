"""One run of another program than Python, in the slot that may start programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from plaudit.sandbox.outcome import Limits

__all__ = ["Command"]


@dataclass(frozen=True, slots=True)
class Command:
    """`files` are written into the working directory; `product` asks for its file `result`."""

    argv: tuple[str, ...]
    limits: Limits
    files: Mapping[str, bytes] = field(default_factory=dict)
    stdin: bytes = b""
    product: bool = False
    stack_mb: int = 64
