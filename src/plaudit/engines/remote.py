"""The head of a classifier that a server runs: vLLM, SGLang, TEI.

One protocol is one class: the request for some sequences, and the scores in its reply. Activation
is switched off in every request, and a probe at the first use fails loudly where the scores look
squashed all the same: a server ignores a field whose name it does not know.
"""

from __future__ import annotations

import itertools
import math
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from plaudit.engines.hf import Answer
from plaudit.engines.plan import Item, common_prefix
from plaudit.errors import ConfigError, EngineError, clipped
from plaudit.hashing import digest
from plaudit.http import Client

__all__ = ["PROTOCOLS", "RemoteEngine"]

_WINDOW = 256  # groups whose requests are in flight or waiting


class Wire(Protocol):
    """The protocol of one kind of server: at most `most` sequences in a request."""

    path: str
    most: int

    def body(self, model: str, inputs: Sequence[object]) -> Mapping[str, object]: ...

    def scores(self, reply: object, count: int) -> list[float]: ...


class _Vllm:
    path, most = "/classify", 256

    def body(self, model: str, inputs: Sequence[Any]) -> Mapping[str, object]:
        return {
            "model": model, "input": [list(i) for i in inputs], "use_activation": False,
            "add_special_tokens": False,
        }  # fmt: skip

    def scores(self, reply: Any, count: int) -> list[float]:
        return [_only(item["probs"]) for item in _in_order(reply["data"], count)]


class _VllmPooling(_Vllm):
    path = "/pooling"

    def body(self, model: str, inputs: Sequence[object]) -> Mapping[str, object]:
        return {**super().body(model, inputs), "task": "classify"}

    def scores(self, reply: Any, count: int) -> list[float]:
        return [_only(item["data"]) for item in _in_order(reply["data"], count)]


class _Sglang:
    path, most = "/classify", 256

    def body(self, model: str, inputs: Sequence[Any]) -> Mapping[str, object]:
        return {"model": model, "input_ids": [list(i) for i in inputs]}

    def scores(self, reply: Any, count: int) -> list[float]:
        items = reply if isinstance(reply, list) else [reply]
        return [_only(item["embedding"]) for item in _counted(items, count)]


class _SglangOpenAi(_Sglang):
    path = "/v1/embeddings"

    def body(self, model: str, inputs: Sequence[Any]) -> Mapping[str, object]:
        return {"model": model, "input": [list(i) for i in inputs]}

    def scores(self, reply: Any, count: int) -> list[float]:
        return [_only(item["embedding"]) for item in _in_order(reply["data"], count)]


class _Tei:
    """Texts, not ids: pairs of prompt and response, which the server's tokenizer joins."""

    path, most = "/predict", 32

    def body(self, model: str, inputs: Sequence[Any]) -> Mapping[str, object]:
        return {"inputs": [list(i) for i in inputs], "raw_scores": True, "truncate": False}

    def scores(self, reply: Any, count: int) -> list[float]:
        return [_only([s["score"] for s in item]) for item in _counted(reply, count)]


PROTOCOLS: Mapping[str, Wire] = {
    "vllm": _Vllm(),
    "vllm-pooling": _VllmPooling(),
    "sglang": _Sglang(),
    "sglang-openai": _SglangOpenAi(),
    "tei": _Tei(),
}


@dataclass
class RemoteEngine:
    """Asks servers for scores; all of a group goes to one replica, which keeps its prompt cached.

    A request that fails is sent to the next replica; where all fail, its sequences have an error
    in place of a score. `probe_inputs` are sequences for the first look at the scale.
    """

    urls: Sequence[str]
    model: str
    protocol: str = "vllm"
    api_key_env: str | None = None
    timeout_s: float = 60.0
    concurrency: int = 64
    probe_inputs: Sequence[Sequence[object]] = ()

    way = "remote"
    why = ""
    dtype = "the server's dtype"
    tolerance = 0.05

    def __post_init__(self) -> None:
        if self.protocol not in PROTOCOLS:
            raise ConfigError(f"protocol={self.protocol!r} must be one of {', '.join(PROTOCOLS)}")
        if not self.urls:
            raise ConfigError("urls: name one server at least, as http://127.0.0.1:8000")
        self._wire = PROTOCOLS[self.protocol]
        self._clients = [self._client(url) for url in self.urls]
        self._lock, self._is_probed = threading.Lock(), not self.probe_inputs
        self.device = ", ".join(self.urls)

    def _client(self, url: str) -> Client:
        headers = {}
        if self.api_key_env is not None:
            key = os.environ.get(self.api_key_env)
            if not key:
                raise ConfigError(
                    f"api_key_env={self.api_key_env!r}: no such environment variable is set"
                )
            headers["Authorization"] = f"Bearer {key}"
        return Client([url], headers=headers, timeout_s=self.timeout_s)

    def ask(self, question: object, groups: Iterable[Sequence[Item]]) -> Iterator[list[Answer]]:
        """One Answer of one value per item of each group, in order."""
        self.probe()
        with ThreadPoolExecutor(self.concurrency) as pool:
            waiting: list[Any] = []
            for group in groups:
                waiting.append(pool.submit(self._group, [item.ids for item in group]))
                if len(waiting) >= _WINDOW:
                    yield waiting.pop(0).result()
            while waiting:
                yield waiting.pop(0).result()

    def probe(self) -> None:
        """Looks at the scale of short texts, once. Raises ConfigError where it is squashed."""
        with self._lock:
            if self._is_probed:
                return
            inputs = list(self.probe_inputs)
            for n in range(len(self._clients)):
                scores = self._request(n, inputs)
                if all(0.0 <= score <= 1.0 for score in scores):
                    raise ConfigError(
                        f"{self.urls[n]}: all of {len(scores)} probe texts score between 0 and 1"
                        f" ({clipped(scores)}), so an activation seems to be on. Start the server"
                        " without it (vLLM: --pooler-config '{\"use_activation\": false}'), or"
                        " pass probe=False where the model's scores do lie there"
                    )
            self._is_probed = True

    def _group(self, inputs: Sequence[Sequence[object]]) -> list[Answer]:
        first = self._replica(inputs)
        answers: list[Answer] = []
        for start in range(0, len(inputs), self._wire.most):
            answers += self._ask_replicas(first, inputs[start : start + self._wire.most])
        return answers

    def _replica(self, inputs: Sequence[Sequence[Any]]) -> int:
        """The replica that keeps the group's shared beginning."""
        if not inputs:
            return 0
        num_shared = common_prefix(inputs) if len(inputs) > 1 else len(inputs[0])
        shared = list(inputs[0][: num_shared or None])
        number = int.from_bytes(digest(repr(shared), size=64)[:8], "little")
        return number % len(self._clients)

    def _ask_replicas(self, first: int, inputs: Sequence[object]) -> list[Answer]:
        error_text = "no replica answered"
        for n in itertools.islice(
            itertools.cycle(range(len(self._clients))), first, first + len(self._clients)
        ):
            try:
                return [_answer(score) for score in self._request(n, inputs)]
            except EngineError as error:
                error_text = str(error)
        return [Answer(None, error_text)] * len(inputs)

    def _request(self, replica: int, inputs: Sequence[object]) -> list[float]:
        body = self._wire.body(self.model, inputs)
        reply = self._clients[replica].post(self._wire.path, json=body)
        try:
            return self._wire.scores(reply, len(inputs))
        except (KeyError, TypeError, IndexError, ValueError) as error:
            raise EngineError(
                f"{self.urls[replica]}{self._wire.path}: not a reply of protocol"
                f" {self.protocol!r} ({type(error).__name__}: {error}): {clipped(reply)}"
            ) from None


def _answer(score: float) -> Answer:
    return Answer([[score]]) if math.isfinite(score) else Answer(None, f"the server gave {score}")


def _in_order(items: Sequence[Mapping[str, object]], count: int) -> Sequence[Mapping[str, Any]]:
    """The items by their index, one for each input."""
    ordered = sorted(_counted(items, count), key=lambda item: item["index"])
    if [item["index"] for item in ordered] != list(range(count)):
        raise ValueError("the indexes are not those of the inputs")
    return ordered


def _counted(items: Sequence[object], count: int) -> Sequence[Any]:
    if len(items) != count:
        raise ValueError(f"{len(items)} scores for {count} inputs")
    return items


def _only(values: Any) -> float:
    """The one number in a list, nested or not; null (how JSON writes NaN) is NaN."""
    while isinstance(values, list):
        if len(values) != 1:
            raise ValueError(f"{len(values)} values where a reward model gives one")
        values = values[0]
    return math.nan if values is None else float(values)
