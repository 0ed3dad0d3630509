"""What can be read off a language model's rows: a head's output, log-probabilities, label logits.

A question turns hidden rows into values, row by row, in blocks of a fixed number of rows, so that
a value does not depend on how many rows are asked about at a time. Sums and heads are in fp32.

Shapes: R rows of a block, H hidden size, V vocabulary, K values of a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from plaudit.old_names import old_names

__all__ = ["Head", "Hidden", "LabelLogits", "LogProbs", "OutputLayer", "Question"]
__getattr__ = old_names(__name__)


class Question(Protocol):
    """``values(hidden_RH, next_R) -> values_RK``; `next_R` are the ids that follow the rows."""

    @property
    def block(self) -> int: ...

    def values(self, hidden_RH: object, next_R: object) -> Any: ...


@dataclass(frozen=True)
class Hidden:
    """The rows themselves, in fp32: [R, H]."""

    block: int = 64

    def values(self, hidden_RH, next_R):
        return hidden_RH.float()


@dataclass(frozen=True)
class Head:
    """What `head` makes of each row (fp32 in, [R, K] out): a classifier's logits, say."""

    head: Callable[[Any], Any]
    block: int = 64

    def values(self, hidden_RH, next_R):
        return self.head(hidden_RH.float())


@dataclass(frozen=True)
class OutputLayer:
    """The layer from hidden rows to logits over the vocabulary, with what models add to it.

    ``logits = softcap * tanh((scale * (W h + b)) / softcap)``
    """

    weight_VH: Any
    bias_V: Any = None
    scale: float = 1.0
    softcap: float | None = None

    def logits(self, hidden_RH, rows: Sequence[int] | slice | None = None):
        """fp32 logits, of all of the vocabulary or of the ids in `rows` alone."""
        weight, bias = self.weight_VH, self.bias_V
        if rows is not None:
            chosen = rows if isinstance(rows, slice) else list(rows)
            weight, bias = weight[chosen], None if bias is None else bias[chosen]
        hidden_RH = hidden_RH.to(device=weight.device, dtype=weight.dtype)
        return self.shaped(hidden_RH @ weight.T if bias is None else hidden_RH @ weight.T + bias)

    def shaped(self, logits_RV):
        """Scale and soft cap, in fp32."""
        logits_RV = logits_RV.float()
        if self.scale != 1.0:
            logits_RV = logits_RV.mul_(self.scale)
        if self.softcap:
            logits_RV = logits_RV.div_(self.softcap).tanh_().mul_(self.softcap)
        return logits_RV


@dataclass(frozen=True)
class LogProbs:
    """The log-probability of the id that follows each row: [R, 1], in nats.

    ``log p = z[next] - log sum exp z``, the sum taken over slices of the vocabulary that stay in
    the processor's cache, with a running maximum; never more logits than rows times a slice.
    """

    layer: OutputLayer
    block: int = 64
    slice_size: int = 4096

    def values(self, hidden_RH, next_R):
        import torch

        next_R1 = next_R.to(self.layer.weight_VH.device)[:, None]
        top_R1 = torch.full(next_R1.shape, -torch.inf, device=next_R1.device)
        total_R1, target_R1 = torch.zeros_like(top_R1), torch.zeros_like(top_R1)
        for start in range(0, self.layer.weight_VH.shape[0], self.slice_size):
            z_RS = self.layer.logits(hidden_RH, slice(start, start + self.slice_size))
            place_R1 = next_R1 - start
            is_here = (place_R1 >= 0) & (place_R1 < z_RS.shape[1])
            here_R1 = z_RS.gather(1, place_R1.clamp(0, z_RS.shape[1] - 1))
            target_R1 = torch.where(is_here, here_R1, target_R1)
            before_R1, top_R1 = top_R1, torch.maximum(top_R1, z_RS.amax(1, keepdim=True))
            total_R1 = total_R1 * (before_R1 - top_R1).exp()
            total_R1 += z_RS.sub_(top_R1).exp_().sum(1, keepdim=True)
        return target_R1 - top_R1 - total_R1.log()


@dataclass(frozen=True)
class LabelLogits:
    """The logits of a few ids after each row: [R, len(ids)], fp32; no other logit is computed.

    The difference of two is a verdict's log-odds. `is_normalised` gives log-probabilities, which
    needs the whole row once.
    """

    layer: OutputLayer
    ids: tuple[int, ...]
    is_normalised: bool = False
    block: int = 64

    def values(self, hidden_RH, next_R):
        if not self.is_normalised:
            return self.layer.logits(hidden_RH, self.ids)
        return self.layer.logits(hidden_RH).log_softmax(1)[:, list(self.ids)]
