"""The engine over a Hugging Face model: plans passes, runs them, reads the asked rows.

Three ways to run, the first that a self-test finds equal to one plain call for each sequence:

    packed    no padding: rows of many sequences in one batch row, a group's prefix run once
    padded    batches of sequences of like length, whose shape the sequence alone decides
    plain     one sequence at a time

A pass that does not fit into memory is planned again with half the budget and replayed; answers
then say so.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from plaudit.engines import attention, last_layer
from plaudit.engines.failures import check_device, only_memory
from plaudit.engines.plan import Budget, Item, Pass, Piece, Shared, plan, shared, windows
from plaudit.engines.questions import Hidden, Question
from plaudit.errors import ConfigError, did_you_mean

__all__ = [
    "Answer",
    "HfEngine",
    "Trunk",
    "Way",
    "free_memory",
    "library_attention",
    "pick_device",
    "pick_dtype",
]

Way = Literal["packed", "padded", "plain"]
_WINDOW_PASSES = 64
_GRID = 32  # padded lengths are multiples of it
_ROWS = -1  # where the rows of a kept prefix are beside its keys and values by layer
_NEVER_PACKED = ("dynamic", "longrope")  # rotary factors that depend on the longest neighbour


class Answer(NamedTuple):
    """What was read of one sequence: fp32 [positions, K] as nested lists, or why it could not be.

    `note` says that the run was not the planned one (memory).
    """

    values: list[list[float]] | None
    error: str | None = None
    note: str | None = None


class Trunk(NamedTuple):
    """A model up to the rows that heads read.

    `forward(**inputs)` gives [B, T, H]; `model` is the module behind it (or contains it).
    `can_pack` False keeps a model whose attention is known to look elsewhere out of the packed way;
    `is_pooled` says that it gives one row for a whole sequence.
    """

    forward: Callable[..., Any]
    model: Any
    can_pack: bool = True
    pad_id: int = 0
    is_pooled: bool = False


class HfEngine:
    """Asks a trunk questions about token sequences. Safe in threads; one pass at a time."""

    def __init__(
        self,
        trunk: Trunk,
        *,
        budget: Budget | None = None,
        share: bool = True,
        way: Way | None = None,
    ):
        self.trunk = trunk
        self.device = _device_of(trunk.model)
        self.budget = budget or _budget_for(self.device)
        self.share = share
        self.note: str | None = None
        self.why: str = ""
        self._lock = threading.RLock()
        self._trims = False  # whether the last layer may run on the rows that are read alone
        self.way: Way = way or "plain"
        if way is None:
            self.way, self.why = self._choose()

    @property
    def dtype(self) -> str:
        """The dtype of the weights, as "float32"."""
        parameter = next(self.trunk.model.parameters(), None)
        return "" if parameter is None else str(parameter.dtype).removeprefix("torch.")

    @property
    def tolerance(self) -> float:
        """What rounding may do to a score of size 1, by the model's dtype."""
        return 1e-5 if _tolerance(self.trunk.model) <= 1e-4 else 0.1

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Exclusive use of the model, with its own attention: for calls that keep a cache."""
        with self._lock, library_attention(self.trunk.model):
            yield

    def ask(self, question: Question, groups: Iterable[Sequence[Item]]) -> Iterator[list[Answer]]:
        """One Answer per item of each group, in order, a bounded window of groups at a time."""
        rows = max(self.budget.max_rows, 1024) * _WINDOW_PASSES
        for window in windows(groups, rows=rows):
            yield from self._window(question, window)

    def _window(self, question: Question, window: Sequence[Sequence[Item]]) -> list[list[Answer]]:
        share = self.share and self.way == "packed"
        groups = [shared(group, share=share) for group in window]
        answers_by_place: list[dict[int, Answer]] = [{} for _ in groups]
        with self._lock:
            for index, item, answer in self._answers(question, groups):
                answers_by_place[index][item] = answer
        return [
            [answers_by_place[i][place] for place in group.places] for i, group in enumerate(groups)
        ]

    def _answers(
        self, question: Question, groups: Sequence[Shared]
    ) -> Iterator[tuple[int, int, Answer]]:
        """(group, item, answer) of all items, in the order in which passes run."""
        runs = {"packed": self._packed, "padded": self._padded, "plain": self._in_windows}
        yield from runs[self.way](question, groups, self.budget)

    # --- packed -----------------------------------------------------------------------------------

    def _packed(self, question: Question, groups: Sequence[Shared], budget: Budget):
        prefix_states: dict[int, tuple[Any, Any]] = {}
        failed: list[int] = []
        for step in plan(groups, budget):
            first = step.pieces[0]
            if first.group in failed and first.is_kept:
                continue  # the whole group is replayed
            if not first.is_kept:
                prefix_states = {}
            try:
                yield from self._run(question, groups, step, prefix_states)
            except RuntimeError as error:
                only_memory(error)
                failed += [piece.group for piece in step.pieces]
        for i in failed:
            yield from self._replayed(question, groups, i, budget)

    def _replayed(self, question: Question, groups: Sequence[Shared], index: int, budget: Budget):
        """A group again with half the budget; with nothing left to halve, the error."""
        free_memory(self.device)
        group, smaller = groups[index], budget.halved()
        biggest = group.prefix + max(len(item.ids) - group.prefix for item in group.items)
        if smaller.max_rows < 1 or (budget.max_rows < biggest and len(group.items) == 1):
            error = f"out of memory on a sequence of {biggest} tokens alone"
            for place in range(len(group.items)):
                yield index, place, Answer(None, error)
            return
        if len(group.items) > 1 and budget.max_rows < biggest:
            for place, item in enumerate(group.items):
                alone = [Shared((item,), 0, (0,))]
                for _, _, answer in self._packed(question, alone, smaller):
                    yield index, place, answer
            return
        self.note = f"out of memory: passes of at most {smaller.max_rows} rows"
        self.budget = smaller
        for _, place, answer in self._packed(question, [group], smaller):
            yield index, place, answer._replace(note=self.note)

    def _run(
        self,
        question: Question,
        groups: Sequence[Shared],
        step: Pass,
        prefix_states: dict[int, Any],
    ):
        """One packed forward call and what is read of it."""
        import torch

        ids, positions, layout, reads = _laid_out(step, groups, prefix_states)
        rows = [row for _, _, rows, _ in reads for row in rows]
        first, prefix = step.pieces[0], groups[step.pieces[0].group].prefix
        own_rows = [row for row in rows if row < step.rows]
        if first.keeps:  # passes to come read rows of the prefix, which is at the start
            own_rows += [p for item in groups[first.group].items for p in item.read if p < prefix]
        size = step.read_rows if self._trims else 0
        with last_layer.only(own_rows, size=size, num_rows=step.rows, device=self.device):
            hidden_TH = self._forward(ids, positions, layout)
        if first.keeps:
            prefix_states[_ROWS] = (hidden_TH[:prefix].clone(), None)
        elif first.is_kept:
            hidden_TH = torch.cat([hidden_TH, prefix_states[_ROWS][0]])
        following = [next_id for _, _, _, nexts in reads for next_id in nexts]
        values = self._read(question, hidden_TH, rows, following)
        start = 0
        for group, place, own, _ in reads:
            yield group, place, Answer(values[start : start + len(own)], note=self.note)
            start += len(own)

    def _forward(self, ids, positions, layout: attention.PassLayout):
        import torch

        with torch.inference_mode(), attention.running(layout):
            hidden = self.trunk.forward(
                input_ids=torch.tensor([ids], device=self.device),
                position_ids=torch.tensor([positions], device=self.device),
                attention_mask=None,
                use_cache=False,
            )
        return hidden[0]

    def _read(self, question: Question, hidden_TH, rows: Sequence[int], following) -> list[Any]:
        """The question's values at the rows, computed in blocks of a fixed size."""
        import torch

        values: list[Any] = []
        with torch.inference_mode():
            index = torch.tensor(rows, device=hidden_TH.device, dtype=torch.long)
            nexts = torch.tensor(following, device=hidden_TH.device, dtype=torch.long)
            for i in range(0, len(rows), question.block):
                block, next_R = (
                    _filled(part, question.block)
                    for part in (
                        hidden_TH[index[i : i + question.block]],
                        nexts[i : i + question.block],
                    )
                )
                values += question.values(block, next_R).tolist()[: len(rows) - i]
        return values

    # --- padded and plain -------------------------------------------------------------------------

    def _padded(self, question: Question, groups: Sequence[Shared], budget: Budget):
        if budget.is_exact and self.device.type == "cpu":
            # Batched products of a processor depend on where in the batch a sequence is.
            budget = dataclasses.replace(budget, packed=())
        for length, places in _batches(groups, budget):
            yield from self._batch(question, groups, places, length, budget)

    def _batch(self, question, groups, places, length: int, budget: Budget):
        try:
            yield from self._run_batch(question, groups, places, length, budget)
        except RuntimeError as error:
            only_memory(error)
            free_memory(self.device)
            if len(places) == 1:
                message = f"out of memory on a sequence of {length} tokens alone"
                yield (*places[0], Answer(None, message))
                return
            self.note = f"out of memory: batches of at most {len(places) // 2} sequences"
            half = (len(places) + 1) // 2
            for part in (places[:half], places[half:]):
                yield from self._batch(
                    question, groups, part, length, dataclasses.replace(budget, is_exact=False)
                )

    def _run_batch(self, question, groups, places, length: int, budget: Budget):
        items = [groups[i].items[j] for i, j in places]
        size = _batch_size(length, budget) if budget.is_exact else len(items)
        hidden_BTH = self._forward_batch(items, length, size)
        flat = hidden_BTH.reshape(-1, hidden_BTH.shape[-1])
        width = hidden_BTH.shape[1]
        rows = [n * width + p for n, item in enumerate(items) for p in item.read]
        following = [n for item in items for n in _next_ids(item)]
        values = self._read(question, flat, rows, following)
        start = 0
        for (i, j), item in zip(places, items, strict=True):
            yield i, j, Answer(values[start : start + len(item.read)], note=self.note)
            start += len(item.read)

    def _forward_batch(self, items: Sequence[Item], length: int, size: int):
        """Right-padded ids and mask; rows of the batch that contain nothing repeat the first."""
        import torch

        full = [*items, *[items[0]] * (size - len(items))]
        ids = torch.full((size, length), self.trunk.pad_id, dtype=torch.long)
        mask, types = torch.zeros_like(ids), torch.zeros_like(ids)
        for n, item in enumerate(full):
            ids[n, : len(item.ids)] = torch.tensor(item.ids, dtype=torch.long)
            mask[n, : len(item.ids)] = 1
            if item.types:
                types[n, : len(item.ids)] = torch.tensor(item.types, dtype=torch.long)
        inputs = {"input_ids": ids, "attention_mask": mask}
        if any(item.types for item in items):
            inputs["token_type_ids"] = types
        if any(item.first for item in items):
            first = torch.tensor([[item.first] for item in full], dtype=torch.long)
            inputs["position_ids"] = torch.arange(length)[None] + first
        inputs = {name: tensor.to(self.device) for name, tensor in inputs.items()}
        with torch.inference_mode(), library_attention(self.trunk.model):
            return self.trunk.forward(**inputs)

    def _in_windows(self, question: Question, groups: Sequence[Shared], budget: Budget):
        for i, group in enumerate(groups):
            for j, item in enumerate(group.items):
                yield from self._batch(
                    question,
                    groups,
                    [(i, j)],
                    len(item.ids),
                    dataclasses.replace(budget, is_exact=False),
                )

    # --- which way --------------------------------------------------------------------------------

    def _choose(self) -> tuple[Way, str]:
        """The first way whose rows equal those of plain calls on three short sequences."""
        truth = self._answers_by("plain")
        reasons = []
        if reason := self._unpackable():
            reasons.append(f"not packed: {reason}")
        else:
            with _attention_set(self.trunk.model) as is_set:
                problem = self._packed_problem(truth) if is_set else "own attention code"
                problem = problem or self._overlooked()
            if problem is None:
                _set_attention(self.trunk.model, attention.install())
                return "packed", ""
            reasons.append(f"not packed: {problem}")
        if _rope_type(self.trunk.model) in _NEVER_PACKED:
            return "plain", "; ".join(reasons)
        problem = self._differs("padded", truth)
        if problem is None:
            return "padded", "; ".join(reasons)
        return "plain", "; ".join([*reasons, f"not padded: {problem}"])

    def _packed_problem(self, truth) -> str | None:
        """Why packed rows differ from plain ones; the last layer runs on all rows if it must."""
        self._trims = last_layer.install(self.trunk.model)
        if self._trims and self._differs("packed", truth) is None:
            return None
        self._trims = False
        return self._differs("packed", truth)

    def _unpackable(self) -> str | None:
        model, config = self.trunk.model, _text_config(self.trunk.model)
        if not self.trunk.can_pack:
            return "the architecture reads its inputs in another way"
        if not getattr(model, "_supports_attention_backend", False):
            return "its attention code is its own"
        if getattr(config, "attention_chunk_size", None):
            return "its attention is cut into chunks"
        kinds = set(getattr(config, "layer_types", None) or ()) - {
            "full_attention",
            "sliding_attention",
        }
        if kinds:
            return f"it has layers of other kinds ({', '.join(sorted(kinds))})"
        if _rope_type(model) in _NEVER_PACKED:
            return "its rotary factors depend on the longest sequence of a call"
        return None

    def _overlooked(self) -> str | None:
        """Whether the model has a sliding window that its attention does not get."""
        config, handled = _text_config(self.trunk.model), attention.seen_options()
        has_window = "sliding_attention" in (getattr(config, "layer_types", None) or ())
        if has_window and "sliding_window" not in handled:
            return "its attention does not get its sliding window"
        return None

    def _answers_by(self, way: Way) -> list[list[Answer]]:
        """The rows of three short sequences that share a prefix."""
        before, self.way = self.way, way
        try:
            return list(self.ask(Hidden(), [_probe_items(self.trunk)]))
        finally:
            self.way = before

    def _differs(self, way: Way, truth) -> str | None:
        """How far the way's rows are from the plain ones; None where that is rounding."""
        attention.seen_options()
        try:
            answers = self._answers_by(way)
        except Exception as error:  # a model's own code may raise anything on inputs new to it
            return f"{type(error).__name__}: {str(error)[:200]}"
        worst = _distance(answers, truth)
        limit = _tolerance(self.trunk.model)
        return None if worst <= limit else f"rows differ by {worst:.2g} (limit {limit:.2g})"


def pick_device(device: str = "auto") -> str:
    """The device to run on: "auto" is CUDA, then Apple's MPS, then the processor."""
    import torch

    if device != "auto":
        try:
            torch.device(device)
        except RuntimeError as error:
            raise ConfigError(f"device={device!r}: {str(error).splitlines()[0]}") from None
        check_device(device)
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def pick_dtype(dtype: str, device: str):
    """The torch dtype: "auto" is bf16 on GPUs and processors that compute in it, else fp32.

    A GPU without bf16 gets fp16. bf16 on a processor without AMX or AVX512-BF16 runs about fifty
    times slower than fp32.
    """
    import torch

    if dtype != "auto":
        return _named_dtype(dtype)
    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if device == "cpu" and _has_bf16_units():
        return torch.bfloat16
    return torch.float32


def _named_dtype(name: str):
    import torch

    short = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}
    names = ("float32", "bfloat16", "float16", "float64")
    name = short.get(name, name)
    if name not in names:
        raise ConfigError(
            f"dtype={name!r} must be auto, {', '.join(names)}{did_you_mean(name, names)}"
        )
    return getattr(torch, name)


def _has_bf16_units() -> bool:
    import torch

    names = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, name, bool)() for name in names)


def _budget_for(device) -> Budget:
    if device.type == "cuda":
        return Budget(packed=((256, 2048), (8192, 16384)), max_rows=16384)
    return Budget()


def _laid_out(step: Pass, groups: Sequence[Shared], prefix_states: dict[int, object]):
    """Ids, positions and segments of a packed pass, and which rows are read for whom."""
    ids: list[int] = []
    positions: list[int] = []
    segments, reads = [], []
    for piece in step.pieces:
        segment, own = _segment(
            piece, groups[piece.group], ids, positions, prefix_states, step.rows
        )
        segments.append(segment)
        reads += own
    missing = step.rows - len(ids)
    ids += [0] * missing
    positions += [0] * missing
    return ids, positions, attention.PassLayout(tuple(segments), step.rows), reads


def _segment(
    piece: Piece, group: Shared, ids: list[int], positions: list[int], prefix_states, num_rows: int
):
    """Appends the rows of a piece; its segment, and (group, item, rows, next ids) of its items."""
    start, shared_rows = len(ids), group.prefix
    if shared_rows and not piece.is_kept:
        ids += group.items[0].ids[:shared_rows]
        positions += range(group.items[0].first, group.items[0].first + shared_rows)
    prefix = (start, len(ids))
    spans, reads = [], []
    for place in piece.items:
        item, first = group.items[place], len(ids)
        ids += item.ids[shared_rows:]
        positions += range(item.first + shared_rows, item.first + len(item.ids))
        spans.append((first, len(ids)))
        base = num_rows if piece.is_kept else start  # kept rows are put after those of the pass
        rows = [base + p if p < shared_rows else first + p - shared_rows for p in item.read]
        reads.append((piece.group, place, rows, _next_ids(item)))
    return (
        attention.Segment(
            prefix,
            tuple(spans),
            prefix_states=prefix_states if piece.is_kept else None,
            keeps=prefix_states if piece.keeps else None,
            kept_rows=shared_rows if piece.is_kept else 0,
        ),
        reads,
    )


def _next_ids(item: Item) -> list[int]:
    """The id after each position that is read (0 after the last)."""
    return [item.ids[p + 1] if p + 1 < len(item.ids) else 0 for p in item.read]


def _filled(part, rows: int):
    """The block with rows of zeros up to its full size."""
    import torch

    missing = rows - part.shape[0]
    if not missing:
        return part
    return torch.cat([part, part.new_zeros(missing, *part.shape[1:])])


def _batches(groups: Sequence[Shared], budget: Budget):
    """(length, places) of batches whose shape the sequences decide, longest first."""
    by_length: dict[int, list[tuple[int, int]]] = {}
    for i, group in enumerate(groups):
        for j, item in enumerate(group.items):
            by_length.setdefault(_padded_length(len(item.ids), budget), []).append((i, j))
    for length in sorted(by_length, reverse=True):
        places, size = by_length[length], _batch_size(length, budget)
        for start in range(0, len(places), size):
            yield length, places[start : start + size]


def _padded_length(length: int, budget: Budget) -> int:
    """A sequence too long to share a batch keeps its length; others end on a grid."""
    if budget.rows_for(length) is None:
        return length
    return max(_GRID, math.ceil(length / _GRID) * _GRID)


def _batch_size(length: int, budget: Budget) -> int:
    return max(1, (budget.rows_for(length) or length) // length)


def _device_of(model):
    import torch

    parameter = next(model.parameters(), None)
    return torch.device("cpu") if parameter is None else parameter.device


def _text_config(model):
    config = getattr(model, "config", None)
    getter = getattr(config, "get_text_config", None)
    return getter() if getter else config


def _rope_type(model) -> str:
    config = _text_config(model)
    rope = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    return str(rope.get("rope_type") or rope.get("type") or "") if hasattr(rope, "get") else ""


_original: weakref.WeakKeyDictionary[object, str] = weakref.WeakKeyDictionary()


def _set_attention(model, name: str) -> None:
    before = getattr(model.config, "_attn_implementation", None) or "eager"
    if name == attention.NAME and before != name:
        _original[model] = before
    model.set_attn_implementation(name)


@contextlib.contextmanager
def library_attention(model) -> Iterator[None]:
    """The model's own attention, which makes masks, where the packed one has been set."""
    if getattr(model.config, "_attn_implementation", None) != attention.NAME:
        yield
        return
    _set_attention(model, _original.get(model, "sdpa"))
    try:
        yield
    finally:
        _set_attention(model, attention.NAME)


@contextlib.contextmanager
def _attention_set(model) -> Iterator[bool]:
    """The packed attention for a while; the model's own comes back. False where it has none."""
    before = getattr(model.config, "_attn_implementation", None) or "eager"
    try:
        _set_attention(model, attention.install())
    except (ValueError, AttributeError, KeyError):
        yield False
        return
    try:
        yield True
    finally:
        _set_attention(model, before)


def _probe_items(trunk: Trunk) -> list[Item]:
    """Three sequences of 56 to 67 ids with 40 in common, three rows of each read."""
    size = int(getattr(_text_config(trunk.model), "vocab_size", 0) or 32)
    draw = [(7919 * i + 13) % max(size - 4, 1) + min(3, size - 1) for i in range(140)]
    tails = (draw[40:56], draw[60:87], draw[100:118])
    return [
        Item([*draw[:40], *t], (0,) if trunk.is_pooled else (10, 38 + len(t), 39 + len(t)))
        for t in tails
    ]


def _distance(answers, truth) -> float:
    """The largest difference over the size of the rows; infinity where one is missing or NaN."""
    worst, size = 0.0, 0.0
    for mine, theirs in zip(answers[0], truth[0], strict=True):
        if mine.values is None or theirs.values is None:
            return math.inf
        for a, b in zip(_flat(mine.values), _flat(theirs.values), strict=True):
            difference = abs(a - b)
            worst = difference if not difference <= worst else worst
            size = max(size, abs(b))
    return worst / max(size, 1e-6)


def _flat(rows: Sequence[Sequence[float]]) -> list[float]:
    return [value for row in rows for value in row]


def _tolerance(model) -> float:
    """How far rows may differ by rounding, relative to the largest: by the model's dtype."""
    import torch

    parameter = next(model.parameters(), None)
    dtype = torch.float32 if parameter is None else parameter.dtype
    return {torch.float32: 1e-4, torch.float64: 1e-6, torch.float16: 2e-2}.get(dtype, 0.1)


def free_memory(device) -> None:
    """Gives back what the device's allocator holds."""
    import gc

    gc.collect()
    if device.type == "cuda":
        import torch

        torch.cuda.empty_cache()
