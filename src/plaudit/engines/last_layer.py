"""The last layer of a model at the rows that are read, in place of all rows.

A head reads a few rows of a sequence, and the last layer's output for the other rows is never
used. Its keys and values are needed for every row; its output projection and its feed-forward part
work row by row, and run only on the rows that are read. In a model of L layers this saves nearly
one L-th of the products.

The two modules carry hooks, which do nothing outside `only`. Whether a model bears it is for its
engine's self-test to find.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

__all__ = ["install", "only"]

_now = threading.local()


class _Rows(NamedTuple):
    """The rows to run, the first `num_read` of which are wanted, of `num_rows` in all."""

    index: Any
    num_read: int
    num_rows: int


def install(model: object) -> bool:
    """Hooks the last layer of a model; False where it has none of the usual form."""
    modules = _row_wise(model)
    for module in modules:
        if _select not in module._forward_pre_hooks.values():
            module.register_forward_pre_hook(_select)
            module.register_forward_hook(_put_back)
    return bool(modules)


@contextlib.contextmanager
def only(rows: Sequence[int], *, size: int, num_rows: int, device: Any) -> Iterator[None]:
    """The last layer of this thread's calls runs on these of `num_rows` rows, filled up to `size`:
    the shape of its products is the caller's choice. `size` 0 runs all rows."""
    import torch

    if not size:
        yield
        return
    full = [*rows, *[0] * (size - len(rows))]
    index = torch.tensor(full, device=device, dtype=torch.long)
    _now.rows = _Rows(index, len(rows), num_rows)
    try:
        yield
    finally:
        _now.rows = None


def _row_wise(model: Any) -> list[Any]:
    """The last layer's output projection and feed-forward part."""
    config = getattr(model, "config", None)
    getter = getattr(config, "get_text_config", None)
    count = getattr(getter() if getter else config, "num_hidden_layers", None)
    stacks = [
        module
        for name, module in model.named_modules()
        if name.rpartition(".")[2] == "layers" and len(list(module.children())) == count
    ]
    if len(stacks) != 1 or not count:
        return []
    last = stacks[0][-1]
    parts = [getattr(getattr(last, "self_attn", None), "o_proj", None), getattr(last, "mlp", None)]
    return [] if None in parts else parts


def _select(module: object, args: tuple[Any, ...]) -> tuple[object, ...] | None:
    rows: _Rows | None = getattr(_now, "rows", None)
    if rows is None:
        return None
    return (args[0].index_select(1, rows.index), *args[1:])


def _put_back(module: object, args: tuple[object, ...], output: Any) -> object:
    """The rows in their places, zeros in the others."""
    rows: _Rows | None = getattr(_now, "rows", None)
    if rows is None:
        return None
    full = output.new_zeros(output.shape[0], rows.num_rows, output.shape[2])
    return full.index_copy(1, rows.index[: rows.num_read], output[:, : rows.num_read])
