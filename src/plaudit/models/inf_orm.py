"""INF-ORM: a Llama trunk with a two-layer head (infly/INF-ORM-Llama3.1-70B)."""

from __future__ import annotations

from plaudit.engines.checkpoint import Checkpoint
from plaudit.models._architecture import Architecture
from plaudit.models._headed import Headed, headed, mlp
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "inf_orm"]

_WHAT = Headed("INF-ORM", lambda checkpoint: mlp(checkpoint, "score"))


def inf_orm(model: str, *, view: Part = "answer", **options: object) -> Reward:
    """``W2 relu(W1 h + b1) + b2`` at the last token: any real number.

    Tensors ``score.0`` and ``score.2`` (weight, bias) beside a Llama trunk. The published code
    reads the token before the first pad id; this reads the last token by length, which is the
    same wherever the pad id is in no text. Source: RewardBench, rewardbench/models/inform.py.
    """
    return headed("models.inf_orm.inf_orm", _WHAT, model, view, options)


def _is_mine(checkpoint: Checkpoint) -> bool:
    return checkpoint.architecture == "INFORMForSequenceClassification"


ARCHITECTURE = Architecture(make=inf_orm, is_mine=_is_mine)
