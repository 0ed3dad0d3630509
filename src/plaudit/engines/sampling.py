"""Sampling a reply token by token: the next id, its text, and where the reply ends.

Shapes: R rows (replies that still grow), V vocabulary.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.engines.chat import Call, Sampling, Token
from plaudit.hashing import content_hash
from plaudit.old_names import old_names

__all__ = ["Draft", "Stream", "draw_ids", "rivals"]
__getattr__ = old_names(__name__)

_BROKEN = "\ufffd"  # what decoders write for a character whose bytes are not all there
_CONTEXT = 6  # ids before a reply: enough to know whether a space comes between


def draw_ids(logits_RV: Any, samplings: Sequence[Sampling], draws: Sequence[float]) -> list[int]:
    """The next id of each row; `draws` in [0, 1) decide, one for each row.

    At temperature 0 the likeliest id (the first of equals), else the first id at which the
    cumulated ``p = softmax(z / temperature)`` passes the draw. With top_p < 1, p is kept on the
    smallest set of likeliest ids that contains top_p of it (nucleus sampling, arXiv 1904.09751,
    3.1).

    >>> import torch
    >>> draw_ids(torch.tensor([[0.0, 9.0, 0.0]] * 2), [Sampling(), Sampling(1.0, 0.9)], [0.0, 0.99])
    [1, 1]
    """
    import torch

    ids = logits_RV.argmax(1).tolist()
    rows = [i for i, sampling in enumerate(samplings) if sampling.temperature > 0]
    if not rows:
        return ids
    z_RV = logits_RV[rows]
    if z_RV.device.type == "mps":  # it has no doubles, which the sums need
        z_RV = z_RV.cpu()
    heat_R1, top_p_R1, draw_R1 = (
        torch.tensor(column, device=z_RV.device, dtype=torch.float64)[:, None]
        for column in zip(
            *((samplings[i].temperature, samplings[i].top_p, draws[i]) for i in rows), strict=True
        )
    )
    p_RV = ((z_RV - z_RV.amax(1, keepdim=True)) / heat_R1).softmax(1)
    if bool((top_p_R1 < 1).any()):
        p_RV = _nucleus(p_RV, top_p_R1)
    sum_RV = p_RV.cumsum(1)
    ids_R1 = torch.searchsorted(sum_RV, draw_R1 * sum_RV[:, -1:], right=True)
    for row, id_ in zip(rows, ids_R1[:, 0].clamp(max=p_RV.shape[1] - 1).tolist(), strict=True):
        ids[row] = id_
    return ids


def _nucleus(p_RV, top_p_R1):
    """The probabilities outside each row's nucleus set to 0; the likeliest id always stays."""
    import torch

    sorted_RV, order_RV = p_RV.sort(dim=1, descending=True, stable=True)
    before_RV = sorted_RV.cumsum(1) - sorted_RV
    outside_RV = before_RV >= top_p_R1
    outside_RV[:, 0] = False
    return torch.zeros_like(p_RV).scatter(1, order_RV, sorted_RV.masked_fill(outside_RV, 0.0))


def rivals(logits_RV: Any, ids: Sequence[int], num: int = 20) -> list[dict[int, float]]:
    """Log-probabilities of each row's `num` likeliest ids and of the row's own, best first.

    They are the model's, before temperature and top_p, as servers report them.

    >>> import torch
    >>> [list(row) for row in rivals(torch.tensor([[0.0, 3.0, 1.0]]), [0], num=2)]
    [[1, 2, 0]]
    """
    import torch

    log_p_RV = logits_RV.log_softmax(1)
    best, places = log_p_RV.topk(min(num, log_p_RV.shape[1]), dim=1)
    own_R1 = log_p_RV.gather(1, torch.tensor(ids, device=log_p_RV.device)[:, None])
    rows = zip(places.tolist(), best.tolist(), ids, own_R1[:, 0].tolist(), strict=True)
    return [
        dict(zip([*top, own], [*values, value], strict=True)) for top, values, own, value in rows
    ]


class Stream:
    """The text of ids that come one by one; the pieces joined are the text of all.

    The piece of an id that ends within a character is empty; the character comes with its last
    byte. `before` are the ids that the reply follows, so that a leading space is not lost.
    """

    def __init__(self, tokenizer: Any, before: Sequence[int] = ()):
        self._tokenizer = tokenizer
        self._written, self._pending = list(before[-_CONTEXT:]), []

    def push(self, id_: int) -> str:
        """The text that this id completes."""
        self._pending.append(id_)
        text = self.rest()
        if text.endswith(_BROKEN):
            return ""
        self._written, self._pending = self._pending, []
        return text

    def rest(self) -> str:
        """What was held back, a broken character included."""
        if not self._pending:
            return ""
        return self._text([*self._written, *self._pending])[len(self._text(self._written)) :]

    def _text(self, ids: list[int]) -> str:
        return self._tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )


class Draft:
    """A reply that grows: its ids and text, and why it ended (`reason` is None while it grows).

    `room` is the most tokens that it may have; `seconds` is set by the caller.
    It draws from a generator seeded by the content of its call (seed, messages, prefix, index), so
    neither its neighbours nor its place among them change it. A stop string ends it and is left
    out, with the rest of its token.
    """

    def __init__(self, call: Call, tokenizer: Any, before: Sequence[int], room: int):
        self.call = call
        self.ids: list[int] = []
        self.tokens: list[Token] = []
        self.text = ""
        self.error: str | None = None
        self.seconds = math.nan
        self.reason = "length" if room <= 0 else None
        self._room = room
        self._stream = Stream(tokenizer, before)
        self._random = random.Random(_content(call))

    def draw(self) -> float:
        """The next number of the reply's own generator, in [0, 1)."""
        return self._random.random()

    def add(self, id_: int, logprob: float, top: Mapping[str, float]) -> None:
        """Appends a token that is not the end."""
        self.ids.append(id_)
        piece = self._stream.push(id_)
        if self.call.labels:
            own = {piece: logprob} if piece else {}
            self.tokens.append(Token(piece, logprob, {**top, **own}))
        self.text += piece
        if self._is_stopped(len(piece)):
            self.reason = "stop"
        elif len(self.ids) >= self._room:
            self.end("length")

    def end(self, reason: str) -> None:
        """Closes the reply; bytes held back are written as they are."""
        self.text += self._stream.rest()
        self.reason = reason

    def fail(self, error: str) -> None:
        """Closes the reply as one that could not be made."""
        self.reason = self.error = error

    def _is_stopped(self, num_new: int) -> bool:
        """Whether the new characters complete a stop string; text and tokens then end before it."""
        places = [
            self.text.find(stop, max(0, len(self.text) - num_new - len(stop) + 1))
            for stop in self.call.sampling.stop
            if stop
        ]
        start = min((at for at in places if at >= 0), default=None)
        if start is None:
            return False
        self.text = self.text[:start]
        while self.tokens and sum(len(token.text) for token in self.tokens[:-1]) >= start:
            self.tokens.pop()
        return True


def _content(call: Call) -> str:
    contents = [call.sampling.seed, call.messages, call.prefix, call.index]
    return content_hash(json.dumps(contents, sort_keys=True))
