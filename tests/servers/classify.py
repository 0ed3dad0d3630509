"""Stand-ins for servers of classifiers: vLLM, SGLang, TEI, with their habits.

The score of ids is a plain number: ``sum(ids) % 17 - 8`` (of texts: of their code points). An
activation is applied unless the request switches it off by the right name; a string gets a BOS.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_SPEC = importlib.util.spec_from_file_location("standin", Path(__file__).parent / "standin.py")
standin = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(standin)
BOS = 1


def raw(ids: Sequence[int]) -> float:
    return float(sum(ids) % 17 - 8)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _ids(given: Any) -> list[int]:
    return [BOS, *map(ord, given)] if isinstance(given, str) else given


def vllm(*, activation: str = "by request", turned: bool = False, nan_at: int = -1):
    """/classify and /pooling; `activation` "always" ignores the request, `turned` the order."""

    def answer(method: str, path: str, body: Any) -> tuple[int, Any]:
        if path not in ("/classify", "/pooling"):
            return 404, {"detail": "Not Found"}
        is_on = activation == "always" or body.get("use_activation", True)
        scores = [raw(_ids(given)) for given in body["input"]]
        scores = [_sigmoid(s) if is_on else s for s in scores]
        values: list[Any] = [None if i == nan_at else s for i, s in enumerate(scores)]
        data = [
            {"index": i, "probs": [s], "num_classes": 1, "label": None}
            if path == "/classify"
            else {"index": i, "object": "pooling", "data": [s]}
            for i, s in enumerate(values)
        ]
        return 200, {"object": "list", "data": data[::-1] if turned else data}

    return standin.Standin(answer)


def sglang():
    """/classify and /v1/embeddings of a server in embedding mode."""

    def answer(method: str, path: str, body: Any) -> tuple[int, Any]:
        if path == "/classify":
            return 200, [{"embedding": [raw(i)], "meta_info": {}} for i in body["input_ids"]]
        if path == "/v1/embeddings":
            found = [{"index": n, "embedding": [raw(i)]} for n, i in enumerate(body["input"])]
            return 200, {"data": found}
        return 404, {}

    return standin.Standin(answer)


def tei():
    """/predict: pairs of texts, at most 32, activated unless raw scores are asked for."""

    def answer(method: str, path: str, body: Any) -> tuple[int, Any]:
        if len(body["inputs"]) > 32:
            return 422, {"error": "batch size > maximum allowed batch size 32"}
        scores = [raw([ord(c) for text in pair for c in text]) for pair in body["inputs"]]
        scores = scores if body.get("raw_scores") else [_sigmoid(s) for s in scores]
        return 200, [[{"score": s, "label": "LABEL_0"}] for s in scores]

    return standin.Standin(answer)
