"""How other tools run a reward model, in their own words of torch: what `scoring` compares with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Ids = Sequence[int]


def padded(
    model: Any, sequences: Sequence[Ids], *, left: bool = False, **inputs: Any
) -> list[float]:
    """One padded call of a classifier; `use_cache` is left as the config has it."""
    import torch

    width = max(map(len, sequences))
    ids = torch.full((len(sequences), width), model.config.pad_token_id, device=model.device)
    mask = torch.zeros_like(ids)
    for n, sequence in enumerate(sequences):
        place = slice(width - len(sequence), width) if left else slice(0, len(sequence))
        ids[n, place] = torch.tensor(sequence, device=model.device)
        mask[n, place] = 1
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=mask, **inputs).logits[:, 0].tolist()


def rewardbench(model: Any, pairs: Sequence[Sequence[Ids]], *, size: int = 8) -> list[list[float]]:
    """Batches of 8 in file order, the chosen and the rejected apart, padded on the left."""
    sides = []
    for side in range(2):
        texts = [pair[side] for pair in pairs]
        sides.append(
            [x for i in range(0, len(texts), size)
             for x in padded(model, texts[i : i + size], left=True)]
        )  # fmt: skip
    return [list(scores) for scores in zip(*sides, strict=True)]


def in_order(model: Any, sequences: Sequence[Ids], *, size: int = 8) -> list[float]:
    """Batches of 8 in file order, padded on the right (encoders)."""
    return [
        x for i in range(0, len(sequences), size) for x in padded(model, sequences[i : i + size])
    ]


def by_length(model: Any, sequences: Sequence[Ids], *, budget: int = 2048) -> list[float]:
    """Sorted by length, batches of at most `budget` padded tokens, no cache."""
    order = sorted(range(len(sequences)), key=lambda i: -len(sequences[i]))
    scores = [0.0] * len(sequences)
    while order:
        count = max(1, budget // len(sequences[order[0]]))
        batch, order = order[:count], order[count:]
        batch_scores = padded(model, [sequences[i] for i in batch], use_cache=False)
        for i, score in zip(batch, batch_scores, strict=True):
            scores[i] = score
    return scores


def one_by_one(model: Any, sequences: Sequence[Ids]) -> list[float]:
    """A call for each sequence, no padding, no cache: the plainest loop."""
    import torch

    with torch.no_grad():
        return [
            model(input_ids=torch.tensor([ids], device=model.device), use_cache=False)
            .logits[0, 0]
            .item()
            for ids in sequences
        ]


def behind_prompt(model: Any, sequences: Sequence[Ids], prefix: int) -> list[float]:
    """The prompt once into a cache, then a call for each response, the cache cut back after it."""
    import torch
    from transformers import DynamicCache

    scores, cache = [], DynamicCache(config=model.config)
    weight = model.score.weight
    with torch.no_grad():
        if prefix:
            head = torch.tensor([sequences[0][:prefix]], device=model.device)
            model.model(input_ids=head, past_key_values=cache, use_cache=True)
        for ids in sequences:
            rest = torch.tensor([ids[prefix:]], device=model.device)
            output = model.model(input_ids=rest, past_key_values=cache, use_cache=True)
            scores.append((output.last_hidden_state[0, -1] @ weight[0]).item())
            cache.crop(-(len(ids) - prefix))
    return scores


def dpo(model: Any, pairs: Sequence[Sequence[Ids]], start: Sequence[int]) -> list[float]:
    """Summed response log-probs from full logits and log_softmax, a pair's sides in one call."""
    import torch

    sums = []
    for pair, first in zip(pairs, start, strict=True):
        width = max(map(len, pair))
        ids = torch.zeros(len(pair), width, dtype=torch.long, device=model.device)
        labels = torch.full_like(ids, -100)
        mask = torch.zeros_like(ids)
        for n, sequence in enumerate(pair):
            ids[n, : len(sequence)] = torch.tensor(sequence, device=model.device)
            labels[n, first : len(sequence)] = torch.tensor(sequence[first:], device=model.device)
            mask[n, : len(sequence)] = 1
        with torch.no_grad():
            logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1]
            logs = logits.log_softmax(-1)
        target = labels[:, 1:]
        logs_of_targets = logs.gather(2, target.clamp(min=0)[:, :, None])[:, :, 0] * (
            target != -100
        )
        sums += logs_of_targets.sum(1).tolist()
    return sums
