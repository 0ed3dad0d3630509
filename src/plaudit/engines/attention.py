"""Attention over packed rows: each sequence sees itself and the prefix that its group shares.

Rows of many sequences share one batch row, without padding and without a mask. A sequence that
shares a prefix attends twice, to itself (causally) and to the prefix, and the two results are
merged by their log-sum-exps: ``o = o_p + (o_s - o_p) * sigmoid(l_s - l_p)``. The function is
registered once with transformers' `AttentionInterface`; the facts of a pass are in a
thread-local `PassLayout` while the pass runs.

Shapes: H heads, G key heads, T rows, D head size; query_1HTD, key_1GTD, lse_1HT.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from plaudit.old_names import old_names

__all__ = ["NAME", "PassLayout", "Segment", "install", "running", "seen_options"]
__getattr__ = old_names(__name__)

NAME = "plaudit_packed"
_BLOCK = 512  # query rows at a time where scores are materialised
_CAUSAL_BLOCK = 128  # query rows at a time on a processor
_now = threading.local()


@dataclass
class Segment:
    """The rows of one group in a pass: its prefix, and each sequence's own rows.

    `kept` holds a prefix that an earlier pass has run, by layer: (keys, values); `keeps` is filled
    for a later one.
    """

    prefix: tuple[int, int]
    spans: tuple[tuple[int, int], ...]
    prefix_states: dict[int, tuple[Any, Any]] | None = None
    keeps: dict[int, tuple[Any, Any]] | None = None
    kept_rows: int = 0


@dataclass
class PassLayout:
    """All segments of a pass and what is derived from them once for all layers."""

    segments: tuple[Segment, ...]
    num_rows: int
    derived: dict[str, Any] = field(default_factory=dict)


class _Features(NamedTuple):
    """What a model's attention needs besides queries, keys and values."""

    scale: float
    window: int | None
    softcap: float | None
    sinks: Any

    @property
    def needs_scores(self) -> bool:
        """Whether every sequence needs its scores: a soft cap, sinks."""
        return self.softcap is not None or self.sinks is not None

    def cuts(self, segment: Segment) -> bool:
        """Whether the window is shorter than the segment's longest sequence."""
        return self.window is not None and _longest(segment) > self.window


@contextlib.contextmanager
def running(layout: PassLayout | None) -> Iterator[None]:
    """Attention of this thread follows `layout` inside."""
    before, _now.layout = getattr(_now, "layout", None), layout
    try:
        yield
    finally:
        _now.layout = before


def seen_options() -> set[str]:
    """The names of the options that models have passed in this thread; emptied by reading."""
    names, _now.option_names = getattr(_now, "option_names", set()), set()
    return names


@functools.cache
def install() -> str:
    """Registers the attention with transformers; its name."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, _attention)
    return NAME


def _attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, **options):
    layout = getattr(_now, "layout", None)
    if layout is None:  # somebody else calls the model: as the library would
        from transformers.integrations.sdpa_attention import sdpa_attention_forward

        return sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, dropout=dropout, **options
        )
    _now.option_names = getattr(_now, "option_names", set()) | {
        n for n, v in options.items() if v is not None
    }
    if not getattr(module, "is_causal", True):
        raise NotImplementedError("packed attention is causal; this module's is not")
    features = _Features(
        query.shape[-1] ** -0.5 if scaling is None else scaling,
        options.get("sliding_window"),
        options.get("softcap"),
        options.get("s_aux"),
    )
    layer = getattr(module, "layer_idx", 0)
    is_fast = query.is_cuda and _varlen() is not None and not features.needs_scores
    attend = _by_varlen if is_fast else _by_loop
    return attend(query, key, value, layout, features, layer).transpose(1, 2).contiguous(), None


def _longest(segment: Segment) -> int:
    """The rows of the segment's longest sequence, its prefix included."""
    prefix = segment.kept_rows + segment.prefix[1] - segment.prefix[0]
    return prefix + max((b - a for a, b in segment.spans), default=0)


def _keep(segment: Segment, layer: int, key, value) -> None:
    start, end = segment.prefix
    if segment.keeps is not None:
        segment.keeps[layer] = (key[:, :, start:end].clone(), value[:, :, start:end].clone())


def _prefix_of(segment: Segment, layer: int, key, value):
    """The prefix's keys and values, of this pass or kept from an earlier one; None without."""
    if segment.prefix_states is not None:
        return segment.prefix_states[layer]
    start, end = segment.prefix
    return (key[:, :, start:end], value[:, :, start:end]) if end > start else None


# --- a loop over sequences: processors, and whatever needs the scores themselves ------------------


def _by_loop(query, key, value, layout: PassLayout, features: _Features, layer: int):
    import torch

    out = torch.zeros(*query.shape[:3], value.shape[-1], dtype=query.dtype, device=query.device)
    for segment in layout.segments:
        _keep(segment, layer, key, value)
        _attend(query, key, value, segment, features, layer, out)
    return out


def _attend(query, key, value, segment: Segment, features: _Features, layer: int, out) -> None:
    """Writes the attention of one segment's rows to `out`."""
    has_scores = features.needs_scores or features.cuts(segment)  # the group alone decides
    attend = _Windowed(features) if has_scores else _Flash(features)
    prefix = _prefix_of(segment, layer, key, value)
    alone = [segment.prefix] if segment.prefix[1] > segment.prefix[0] else []
    for a, b in [*alone, *(segment.spans if prefix is None else ())]:
        own = slice(a, b)
        out[:, :, own] = attend.alone(query[:, :, own], key[:, :, own], value[:, :, own])
    if prefix is not None and segment.spans:
        attend.after(prefix, query, key, value, segment.spans, out)


class _Flash:
    """Blocked attention of torch, which never holds the scores; log-sum-exps come with it."""

    def __init__(self, features: _Features):
        self.scale = features.scale

    def alone(self, query, key, value):
        """Causal attention of one sequence to itself."""
        import torch.nn.functional as F

        if _has_flash(query, key, value):
            return _in_blocks(query, key, value, self.scale)[0]
        key, value = _like(query, key), _like(query, value)
        return F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=self.scale)

    def after(self, prefix, query, key, value, spans, out) -> None:
        """Sequences after a common prefix: one call for all on it, one for each on itself."""
        keys, values = prefix
        for run in _runs(spans):
            first, last = run[0][0], run[-1][1]
            before, lse = _with_lse(query[:, :, first:last], keys, values, False, self.scale)
            for a, b in run:
                there = slice(a - first, b - first)
                own = self._own(query, key, value, slice(a, b))
                out[:, :, a:b] = _merged(before[:, :, there], lse[:, :, there], *own)

    def _own(self, query, key, value, rows: slice):
        """Causal attention of one sequence to itself, with its log-sum-exp."""
        own = (query[:, :, rows], key[:, :, rows], value[:, :, rows])
        if _has_flash(*own):
            return _in_blocks(*own, self.scale)
        return _with_lse(*own, True, self.scale)


def _runs(spans) -> Iterator[list[tuple[int, int]]]:
    """Spans that follow one another, about as many rows as two blocks at a time."""
    run: list[tuple[int, int]] = []
    for span in spans:
        if run and span[1] - run[0][0] > 2 * _BLOCK:
            yield run
            run = []
        run.append(span)
    yield run


class _Windowed:
    """Scores held for a block of queries: sliding windows, soft caps, sinks."""

    def __init__(self, features: _Features):
        self.features = features

    def alone(self, query, key, value):
        """Causal attention of one sequence to itself, block by block."""
        import torch

        key, value = _like(query, key), _like(query, value)
        offset = key.shape[2] - query.shape[2]
        blocks = [
            self._block(query[:, :, i : i + _BLOCK], key, value, offset + i)
            for i in range(0, query.shape[2], _BLOCK)
        ]
        return torch.cat(blocks, dim=2)

    def after(self, prefix, query, key, value, spans, out) -> None:
        """Sequences after a common prefix, each on the prefix and itself."""
        import torch

        keys, values = prefix
        for a, b in spans:
            own = slice(a, b)
            out[:, :, own] = self.alone(
                query[:, :, own],
                torch.cat([keys, key[:, :, own]], dim=2),
                torch.cat([values, value[:, :, own]], dim=2),
            )

    def _block(self, query, key, value, position: int):
        """A block of queries, the first of them at `position`, on the keys that they can see."""
        import torch

        last = position + query.shape[2]
        first = 0 if self.features.window is None else max(0, position + 1 - self.features.window)
        scores = torch.matmul(query, key[:, :, first:last].transpose(2, 3)) * self.features.scale
        if self.features.softcap is not None:
            scores = torch.tanh(scores / self.features.softcap) * self.features.softcap
        rows = torch.arange(position, last, device=query.device)[:, None]
        columns = torch.arange(first, last, device=query.device)[None]
        hidden = columns > rows
        if self.features.window is not None:
            hidden = hidden | (columns <= rows - self.features.window)
        scores = scores.masked_fill(hidden, float("-inf"))
        return torch.matmul(self._weights(scores).to(value.dtype), value[:, :, first:last])

    def _weights(self, scores):
        import torch

        if self.features.sinks is None:
            return torch.softmax(scores, dim=-1, dtype=torch.float32)
        sinks = (
            self.features.sinks.reshape(1, -1, 1, 1).expand(*scores.shape[:3], 1).to(scores.dtype)
        )
        return torch.softmax(torch.cat([scores, sinks], -1), -1, dtype=torch.float32)[..., :-1]


def _like(query, heads):
    """Keys or values with one head for each query head."""
    times = query.shape[1] // heads.shape[1]
    if times == 1:
        return heads
    batch, groups, rows, size = heads.shape
    spread = heads[:, :, None].expand(batch, groups, times, rows, size)
    return spread.reshape(batch, groups * times, rows, size)


def _with_lse(query, key, value, is_causal: bool, scale: float):
    """Attention and the log-sum-exp of its scores."""
    import torch

    if _has_flash(query, key, value):
        return _flash(query, key, value, is_causal, scale)
    key, value = _like(query, key), _like(query, value)
    scores = torch.matmul(query, key.transpose(2, 3)).float() * scale
    if is_causal:
        visible = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        scores = scores.masked_fill(~visible, float("-inf"))
    lse = torch.logsumexp(scores, dim=-1)
    return torch.matmul((scores - lse[..., None]).exp().to(value.dtype), value), lse


def _has_flash(query, key, value) -> bool:
    """Whether torch's blocked attention for processors takes these."""
    return query.device.type == "cpu" and key.shape[-1] == value.shape[-1]


def _flash(query, key, value, is_causal: bool, scale: float):
    """Attention and log-sum-exp on a processor; no key is copied for the query heads it serves.

    The heads of a key's group stand as heads of one batch row; where all see all keys, as rows of
    one head.
    """
    import torch

    groups, rows = key.shape[1], query.shape[2]
    query, key, value = query[0].unflatten(0, (groups, -1)), key[0][:, None], value[0][:, None]
    if is_causal:
        key, value = (part.expand(-1, query.shape[1], -1, -1) for part in (key, value))
    else:
        query = query.flatten(1, 2)[:, None]
    flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    out, lse = flash(query, key, value, 0.0, is_causal, scale=scale)
    if not is_causal:
        out, lse = (part[:, 0].unflatten(1, (-1, rows)) for part in (out, lse))
    return out.flatten(0, 1)[None], lse.flatten(0, 1)[None]


def _in_blocks(query, key, value, scale: float):
    """Causal attention of a sequence to itself on a processor, with its log-sum-exps.

    A block of queries attends to itself, then to all keys before it. In one call torch's kernel
    computes the scores of keys that a query cannot see, up to 512 of them.
    """
    import torch

    out = torch.empty(*query.shape[:3], value.shape[-1], dtype=query.dtype)
    lse = torch.empty(query.shape[:3], dtype=torch.float32)
    for start in range(0, query.shape[2], _CAUSAL_BLOCK):
        rows, before = slice(start, start + _CAUSAL_BLOCK), slice(0, start)
        block = query[:, :, rows]
        own, own_lse = _flash(block, key[:, :, rows], value[:, :, rows], True, scale)
        if start:
            earlier, earlier_lse = _flash(
                block, key[:, :, before], value[:, :, before], False, scale
            )
            own, own_lse = (
                _merged(earlier, earlier_lse, own, own_lse),
                torch.logaddexp(earlier_lse, own_lse),
            )
        out[:, :, rows], lse[:, :, rows] = own, own_lse
    return out, lse


def _merged(before, before_lse, own, own_lse):
    """Attention to two sets of keys, from the attention to each and its log-sum-exp."""
    import torch

    share = torch.sigmoid(own_lse - before_lse).unsqueeze(-1).to(own.dtype)
    return before + (own - before) * share


# --- one call for all sequences: CUDA with torch's variable-length attention ----------------------


@functools.cache
def _varlen() -> Callable[..., Any] | None:
    """``(q, k, v, cu_q, cu_k, max_q, max_k, is_causal, scale) -> (out_THD, lse_HT)`` or None."""
    import inspect

    try:
        from torch.nn.attention.varlen import AuxRequest, varlen_attn
    except ImportError:
        return None
    parameters = inspect.signature(varlen_attn).parameters
    aux: dict[str, Any] = {"return_aux": AuxRequest(lse=True)}
    if "num_splits" in parameters:  # one split: the same bits whatever the neighbours
        aux["num_splits"] = 1

    def attend(query, key, value, cu_q, cu_k, max_q, max_k, is_causal, scale):
        causal: dict[str, Any]
        if "window_size" in parameters:
            causal = {"window_size": (-1, 0) if is_causal else (-1, -1)}
        else:
            causal = {"is_causal": is_causal}
        if query.shape[1] != key.shape[1] and "enable_gqa" in parameters:
            causal["enable_gqa"] = True
        elif query.shape[1] != key.shape[1]:
            times = query.shape[1] // key.shape[1]
            key, value = key.repeat_interleave(times, 1), value.repeat_interleave(times, 1)
        return varlen_attn(  # pyright: ignore[reportReturnType]
            query, key, value, cu_q, cu_k, max_q, max_k, scale=scale, **causal, **aux
        )

    return attend


def _by_varlen(query, key, value, layout: PassLayout, features: _Features, layer: int):
    """All sequences on themselves in one call, all that follow a prefix on it in a second."""
    import torch

    attend = _varlen()
    assert attend is not None
    flat = [part[0].transpose(0, 1) for part in (query, key, value)]
    own = _own_spans(layout, query.device)
    out, lse = attend(*flat, own.cu, own.cu, own.longest, own.longest, True, features.scale)
    for segment in layout.segments:
        _keep(segment, layer, key, value)
    second = _prefix_spans(layout, query.device)
    if second is not None:
        heads = [_prefix_of(s, layer, key, value) for s in layout.segments if _follows(s)]
        keys, values = (
            torch.cat([pair[i][0] for pair in heads if pair], dim=1).transpose(0, 1) for i in (0, 1)
        )
        before, before_lse = attend(
            flat[0][second.rows],
            keys,
            values,
            second.cu_q,
            second.cu_k,
            second.max_q,
            second.max_k,
            False,
            features.scale,
        )
        share = torch.sigmoid(lse[:, second.rows] - before_lse).transpose(0, 1)[..., None]
        mixed = before + (out[second.rows] - before) * share.to(out.dtype)
        out = out.index_copy(0, second.rows, mixed)
    out = out.transpose(0, 1)[None]
    for segment in layout.segments:
        if features.cuts(segment):
            _attend(query, key, value, segment, features, layer, out)
    return out


def _follows(segment: Segment) -> bool:
    """Whether the segment's sequences follow a prefix."""
    has_prefix = segment.prefix_states is not None or segment.prefix[1] > segment.prefix[0]
    return has_prefix and bool(segment.spans)


class _OwnBorders(NamedTuple):
    cu: Any
    longest: int


class _PrefixBorders(NamedTuple):
    rows: Any
    cu_q: Any
    cu_k: Any
    max_q: int
    max_k: int


def _cumulated(lengths, device):
    import torch

    return torch.tensor([0, *lengths], device=device).cumsum(0).to(torch.int32)


def _own_spans(layout: PassLayout, device) -> _OwnBorders:
    """The borders of all prefixes and sequences, the padding at the end as one more."""
    key = f"own {device}"
    if key not in layout.derived:
        ends = []
        for segment in layout.segments:
            ends += [segment.prefix] if segment.prefix[1] > segment.prefix[0] else []
            ends += segment.spans
        lengths = [b - a for a, b in ends]
        if (padding := layout.num_rows - sum(lengths)) > 0:
            lengths.append(padding)
        layout.derived[key] = _OwnBorders(_cumulated(lengths, device), max(lengths))
    return layout.derived[key]


def _prefix_spans(layout: PassLayout, device) -> _PrefixBorders | None:
    """The rows after a prefix, and the borders of rows and prefixes; None without a prefix."""
    import torch

    key = f"second {device}"
    if key not in layout.derived:
        behind = [segment for segment in layout.segments if _follows(segment)]
        queries = [(s.spans[0][0], s.spans[-1][1]) for s in behind]
        num_q = [b - a for a, b in queries]
        num_k = [s.kept_rows or s.prefix[1] - s.prefix[0] for s in behind]
        layout.derived[key] = (
            None
            if not behind
            else _PrefixBorders(
                torch.cat([torch.arange(a, b, device=device) for a, b in queries]),
                _cumulated(num_q, device),
                _cumulated(num_k, device),
                max(num_q),
                max(num_k),
            )
        )
    return layout.derived[key]
