"""A stand-in for an OpenAI-compatible chat server: quick, scripted, with faults by schedule.

In a test: ``with ChatServer(lambda body: "[[A]]") as server: ... server.url``. As a process of its
own, so that it sits on another core than the client that is measured::

    python -m tests.servers.chat --latency-ms 200 --fault 429:0.3 --fault hang:0.1:wait_s=2

whose first line is its URL; it then answers as `scripted` does. A request belongs to an item: the
header X-Item, or the last ``item=NAME`` in its turns, or else its content. A call is an item
and a body; its tries are counted, and what goes wrong with a try is drawn from item, number of the
call within the item, and number of the try alone, so that every client meets the same faults.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import hashlib
import http
import math
import re
import socket
import struct
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.utils import formatdate
from typing import Any, NamedTuple

import orjson

__all__ = ["Answer", "ChatServer", "Fault", "Request", "Stats", "main", "scripted", "tokenised"]

FINGERPRINT = "fp_standin"
_ITEM = re.compile(r"item=([\w-]+)")
_TOKEN = re.compile(r" ?[A-Za-z]+|[\s\S]")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHARS_PER_TOKEN = 4
_MAX_RIVALS = 20
_BREATH_S = 0.005  # so that the client sees half a body before the reset


class Request(NamedTuple):
    """What came in; the names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    data: bytes


class Answer(NamedTuple):
    """A reply. Without `tokens` they are made of the text, each as likely as `confidence` says, and
    labels with their rivals; without `finish_reason` the request's `stop` and `max_tokens` hold."""

    text: str | None
    finish_reason: str | None = None
    tokens: Sequence[tuple[str, float, Mapping[str, float]]] = ()
    usage: Mapping[str, Any] | None = None
    confidence: float = 0.9


class Fault(NamedTuple):
    """What happens in place of an answer, or to it, at that share of the tries.

    `kind` is a name of `KINDS`. `first` N: only to the first N tries of a call. `retry_after`
    seconds are told with a status; `is_date` tells them as a date. `wait_s` is how long "slow"
    takes longer, "half" waits before it resets the connection, and "hang" says nothing before it
    does (0: until the client leaves).
    """

    kind: str
    rate: float = 1.0
    first: float = math.inf
    retry_after: float | None = None
    is_date: bool = False
    wait_s: float = 0.0


class _Out(NamedTuple):
    """Bytes, and what follows them: "keep", "close", "reset" or "hang"."""

    data: bytes
    end: str = "keep"
    is_paid: bool = False
    wait_s: float = 0.0


# --- what a try comes to --------------------------------------------------------------------------

_REASONS = {status.value: status.phrase for status in http.HTTPStatus}
_STATUSES: Mapping[str, tuple[int, str, str]] = {
    "429": (429, "rate_limit_exceeded", "Too many requests"),
    "500": (500, "server_error", "The server had an error"),
    "503": (503, "service_unavailable", "The server is overloaded"),
    "loading": (503, "unavailable_error", "Loading model"),
    "401": (401, "invalid_api_key", "Incorrect API key provided"),
    "404": (404, "model_not_found", "The model `{model}` does not exist"),
    "context": (400, "context_length_exceeded",
                "This model's maximum context length is {context} tokens; your request has more"),
    "no-logprobs": (400, "invalid_request_error", "logprobs are not supported by this model"),
    "top-logprobs": (400, "invalid_request_error", "top_logprobs must be <= {most}"),
    "stream": (400, "invalid_request_error", "this server does not stream"),
    "continue": (400, "invalid_request_error",
                 "continue_final_message needs add_generation_prompt=false"),
    "n": (400, "invalid_request_error", "n must be at least 1"),
}  # fmt: skip
_CHANGED: Mapping[str, Callable[[Answer], Answer]] = {
    "null": lambda answer: answer._replace(text=None, finish_reason="content_filter", tokens=()),
    "empty": lambda answer: answer._replace(text="", finish_reason="stop", tokens=()),
    "length": lambda answer: _halved(answer),
}
_WIRES = ("reset", "half", "cut", "bye", "malformed", "error-body", "hang", "slow")
KINDS = (*_STATUSES, *_CHANGED, *_WIRES)


def _halved(answer: Answer) -> Answer:
    tokens = tokenised(answer.text or "")
    return answer._replace(
        text="".join(tokens[: len(tokens) // 2]), finish_reason="length", tokens=()
    )


def _http(status: int, value: Any, headers: Mapping[str, str] | None = None) -> bytes:
    data = value if isinstance(value, bytes) else orjson.dumps(value)
    more = "".join(f"{name}: {text}\r\n" for name, text in (headers or {}).items())
    head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n{more}"
    return b"%sContent-Length: %d\r\n\r\n%s" % (head.encode(), len(data), data)


def _refusal(kind: str, fault: Fault | None = None, **told: Any) -> _Out:
    status, code, message = _STATUSES[kind]
    error = {"message": message.format_map(told), "type": code, "param": None, "code": code}
    return _Out(_http(status, {"error": error}, _retry_after(fault)))


def _retry_after(fault: Fault | None) -> dict[str, str]:
    if fault is None or fault.retry_after is None:
        return {}
    if not fault.is_date:
        return {"Retry-After": f"{fault.retry_after:.3f}".rstrip("0").rstrip(".")}
    now = time.time()
    dates = (formatdate(when, usegmt=True) for when in (now, now + fault.retry_after))
    return dict(zip(("Date", "Retry-After"), dates, strict=True))


def _on_the_wire(fault: Fault, full: bytes) -> _Out:
    """What a fault of the connection makes of a full reply."""
    half = full[: len(full) - len(full.partition(b"\r\n\r\n")[2]) // 2]
    body: Any = b'{"id": "chatcmpl-1", "choices": [{"mess'
    return {
        "reset": lambda: _Out(b"", "reset"),
        "half": lambda: _Out(half, "reset", wait_s=fault.wait_s or _BREATH_S),
        "cut": lambda: _Out(half, "close"),
        "bye": lambda: _Out(full, "close", is_paid=True),
        "malformed": lambda: _Out(_http(200, body)),
        "error-body": lambda: _Out(_http(200, {"error": {"message": "no worker", "code": 500}})),
        "hang": lambda: _Out(b"", "hang", wait_s=fault.wait_s),
        "slow": lambda: _Out(full, is_paid=True, wait_s=fault.wait_s),
    }[fault.kind]()


def drawn(faults: Sequence[Fault], item: str, attempt: int, seed: int = 0) -> Fault | None:
    """The fault that the try meets; the same for the same item, try (from 1) and seed."""
    if not faults:
        return None
    place = _share(f"{seed}/{item}/{attempt}".encode())
    for fault in faults:
        rate = fault.rate if attempt <= fault.first else 0.0
        if place < rate:
            return fault
        place -= rate
    return None


def _share(data: bytes) -> float:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big") / 2**64


# --- replies --------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1024)
def tokenised(text: str) -> tuple[str, ...]:
    """Words of Latin letters with the space before them, and single characters.

    >>> tokenised("so [[A]]")
    ('so', ' ', '[', '[', 'A', ']', ']')
    """
    return tuple(_TOKEN.findall(text))


_RIVALS = (("A", "B", "C", "D"), tuple("0123456789"), ("Yes", "No"), ("yes", "no"), ("是", "否"))
_FILLERS = tuple(f"<{i}>" for i in range(_MAX_RIVALS + 1))


def _likely(token: str, confidence: float) -> tuple[str, float, dict[str, float]]:
    """A token with its rivals: those of its kind share what the confidence leaves."""
    group = next((group for group in _RIVALS if token.strip() in group), ())
    rivals = [name for name in group if name != token.strip()]
    rest = (1 - confidence) * 0.99 / max(len(rivals), 1)
    top = {token: math.log(confidence), **dict.fromkeys(rivals, math.log(rest))}
    return token, top[token], {**top, **{name: -12.0 - i for i, name in enumerate(_FILLERS)}}


def _shortened(answer: Answer, body: Mapping[str, Any]) -> Answer:
    """The answer up to its stop string and its limit of tokens."""
    if answer.text is None or answer.finish_reason is not None:
        return answer
    text, stops = answer.text, body.get("stop") or ()
    for stop in [stops] if isinstance(stops, str) else stops:
        text = text.partition(stop)[0]
    limit = body.get("max_completion_tokens") or body.get("max_tokens") or math.inf
    tokens = [token for token, *_ in answer.tokens] or tokenised(text)
    if len(tokens) > limit:
        cut = "".join(tokens[: int(limit)])
        return answer._replace(text=cut, finish_reason="length", tokens=answer.tokens[: int(limit)])
    return answer._replace(text=text, finish_reason="stop")


def _choice(index: int, answer: Answer, body: Mapping[str, Any]) -> dict[str, Any]:
    told = {"index": index, "message": {"role": "assistant", "content": answer.text},
            "logprobs": None, "finish_reason": answer.finish_reason}  # fmt: skip
    if body.get("logprobs") and answer.text is not None:
        num_top = body.get("top_logprobs") or 0
        told["logprobs"] = {"content": [*_logprobs(answer, num_top)]}
    return told


def _logprobs(answer: Answer, num_top: int) -> Iterator[dict[str, Any]]:
    for token in answer.tokens:
        yield _logprob(*token, num_top)
    for text in () if answer.tokens else tokenised(answer.text or ""):
        yield _likely_logprob(text, answer.confidence, num_top)


def _logprob(text: str, logprob: float, top: Mapping[str, float], num_top: int) -> dict[str, Any]:
    best = sorted(top.items(), key=lambda pair: -pair[1])[:num_top]
    return {**_told(text, logprob), "top_logprobs": [_told(*pair) for pair in best]}


@functools.lru_cache(maxsize=4096)
def _likely_logprob(text: str, confidence: float, num_top: int) -> dict[str, Any]:
    return _logprob(*_likely(text, confidence), num_top)


def _told(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode("utf-8", "replace"))}


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


# --- the scripted judge ---------------------------------------------------------------------------

_WHYS = (
    "The first reply is precise, the second one wanders.",
    "Both are readable, but one of them leaves out a step.",
    "One answer keeps to the question and checks its result.",
    "The facts hold in one of the two and not in the other.",
)
_ZH = (
    "1. **事实正确性**:内容无误。\n2. **满足用户需求**:覆盖了要点。\n"
    "3. **逻辑连贯性**:清楚。\n\n**总体打分:{}**\n\n总结:满分为5分。"
)
_PROSE, _DIGITS = "{why} [[{}]]", tuple("123456789")
_RESPONSES = re.compile(r"^# (?:Response|回答) \d+$", re.MULTILINE)
# The first that a prompt asks for; {why} is a sentence, {scores} one number for each response.
_FORMS: Sequence[tuple[re.Pattern[str], str, tuple[str, ...]]] = (
    (re.compile("最终得分"), "{why}\n最终得分:{scores}", _DIGITS),
    (re.compile(r"Scores: \[k1"), "{why}\nScores: {scores}", _DIGITS),
    (re.compile("总体打分"), _ZH, tuple("12345")),
    (re.compile(r"\[\[A>>B\]\]"), _PROSE, ("A>>B", "A>B", "A=B", "B>A", "B>>A")),
    (re.compile(r"\[\[D\]\]"), _PROSE, tuple("ABCD")),
    (re.compile(r"\[\[C\]\]"), _PROSE, tuple("ABC")),
    (re.compile(r"\[\[[AB]\]\]"), _PROSE, tuple("AB")),
    (re.compile(r"\[RESULT\] \(A or B\)"), "{why} [RESULT] {}", tuple("AB")),
    (re.compile(r"\[RESULT\]"), "{why} [RESULT] {}", tuple("12345")),
    (re.compile("final decision is"), "{why} So, the final decision is Response {}.", tuple("12")),
    (re.compile("1, 2 or Tie"), "{}\n{why}", ("1", "2", "Tie")),
    (re.compile("Overall score: k"), "{why}\nOverall score: {}", tuple("12345")),
    (re.compile(r"[Yy]es ?(/|or) ?[Nn]o"), "{}", ("Yes", "No")),
    (re.compile("是/否|是或否"), "{}", ("是", "否")),
    (re.compile(""), "{why} Rating: [[{}]]", _DIGITS),
)


def scripted(body: Mapping[str, Any], sample: int = 0) -> Answer:
    """What a judge might say: form and labels by what the prompt asks for, the rest by its hash.

    At temperature 0 neither seed nor sample matter.
    """
    drawn = (body.get("seed"), sample) if body.get("temperature") else ()
    digest = hashlib.blake2b(
        orjson.dumps([body["messages"], drawn], default=str), digest_size=8
    ).digest()
    confidence = 0.52 + digest[0] % 16 * 0.03  # few, so that tokens are made once
    schema = ((body.get("response_format") or {}).get("json_schema") or {}).get("schema")
    if schema is not None:
        return Answer(orjson.dumps(_fitting(schema, digest)).decode(), confidence=confidence)
    text = _said("\n".join(map(_text, body["messages"])), digest)
    last = body["messages"][-1]
    if last["role"] == "assistant" and body.get("continue_final_message"):
        text = _continued(text, _text(last))
    return Answer(text, confidence=confidence)


def _said(asked: str, digest: bytes) -> str:
    form, labels = next((form, labels) for ask, form, labels in _FORMS if ask.search(asked))
    told = {"why": _WHYS[digest[2] % len(_WHYS)]}
    if "{scores}" in form:
        told["scores"] = str([k % 9 + 1 for k in digest * 8][: len(_RESPONSES.findall(asked))])
    return form.format(labels[digest[1] % len(labels)], **told)


def _continued(text: str, prefix: str) -> str:
    """What of the text stands behind the prefix, or behind its last word."""
    for start in (prefix, prefix.strip(), prefix.strip()[-2:]):
        if start and start in text:
            return text.partition(start)[2]
    return text


def _fitting(schema: Mapping[str, Any], digest: bytes) -> Any:
    """A value that fits a JSON schema of objects, arrays, enums, numbers and strings."""
    if "enum" in schema:
        return schema["enum"][digest[1] % len(schema["enum"])]
    kind = schema.get("type", "object")
    if kind == "object":
        return {name: _fitting(of, digest) for name, of in schema.get("properties", {}).items()}
    if kind == "array":
        num_items = schema.get("minItems", 1)
        return [_fitting(schema.get("items", {"type": "string"}), digest[i:] + digest[:i])
                for i in range(num_items)]  # fmt: skip
    low, high = schema.get("minimum", 1), schema.get("maximum", 5)
    number = low + digest[1] % (int(high - low) + 1)
    return {"integer": number, "number": number, "boolean": bool(digest[1] % 2)}.get(
        kind, _WHYS[digest[2] % len(_WHYS)]
    )


# --- the server -----------------------------------------------------------------------------------


class Stats:
    """What a server has seen. `answers` and `attempts` are by call ("ITEM/BODY"); an answer counts
    once the whole of a 200 was written."""

    def __init__(self) -> None:
        self.requests = self.connections = self.abandoned = 0
        self.in_flight = self.most_in_flight = 0
        self.attempts: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.keys: Counter[str] = Counter()
        self.times: list[float] = []

    @property
    def retries(self) -> int:
        return self.attempts.total() - len(self.attempts)

    @property
    def paid_twice(self) -> int:
        return sum(count - 1 for count in self.answers.values())

    @property
    def answers_of(self) -> dict[str, int]:
        """Full answers of each item, whatever the calls."""
        counts: Counter[str] = Counter()
        for call, count in self.answers.items():
            counts[call.partition("/")[0]] += count
        return dict(counts)

    def told(self) -> dict[str, Any]:
        """Everything, for JSON; `cpu_s` is the CPU time of this process."""
        more = {"retries": self.retries, "paid_twice": self.paid_twice}
        return {**vars(self), **more, "cpu_s": time.process_time()}


class _Service:
    """What requests come to; knows nothing of sockets."""

    def __init__(
        self,
        answer: Callable[..., str | Answer] | None = None,
        *,
        latency_s: float = 0.0,
        spread: float = 0.0,
        faults: Sequence[Fault] = (),
        seed: int = 0,
        models: Sequence[str] = ("judge",),
        key: str | None = None,
        has_logprobs: bool = True,
        max_top_logprobs: int = _MAX_RIVALS,
        context_tokens: int = 32768,
        per_minute: float = math.inf,
        most_at_once: float = math.inf,
        keep: bool = True,
    ) -> None:
        self.stats = Stats()
        self.queue: deque[Fault | None] = deque()
        self.seen: list[Request] = []
        self.errors: list[Exception] = []
        self.latency_s, self.spread, self.faults, self.seed = latency_s, spread, faults, seed
        self.models, self.key, self.keep = models, key, keep
        self.has_logprobs, self.max_top_logprobs = has_logprobs, max_top_logprobs
        self.context_tokens, self.per_minute = context_tokens, per_minute
        self.most_at_once = most_at_once
        self.open: set[_Connection] = set()
        self._answer = answer
        self._free_at = -math.inf
        self._read: set[int] = set()
        self._names: dict[str, str] = {}
        self._num_calls: Counter[str] = Counter()
        if bad := [fault.kind for fault in faults if fault.kind not in KINDS]:
            raise ValueError(f"no faults {bad}; there are {', '.join(KINDS)}")

    def reply(self, request: Request) -> tuple[str, _Out, float]:
        """The call's name, what is sent, and after how many seconds."""
        path = request.path.partition("?")[0].rstrip("/")
        if (request.method, path) == ("POST", "/v1/chat/completions"):
            return self._chat(request)
        value: Any = None
        if path == "/v1/models":
            value = {"object": "list", "data": [self._model(name) for name in self.models]}
        elif path == "/stats":
            value = self.stats.told()
        out = _Out(_http(200, value)) if value else _refusal("404", model=path)
        return "", out, 0.0

    def _model(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "owned_by": "standin",
                "max_model_len": self.context_tokens}  # fmt: skip

    def _chat(self, request: Request) -> tuple[str, _Out, float]:
        item = _item_of(request)
        call = f"{item}/{hashlib.blake2b(request.data, digest_size=6).hexdigest()}"
        stats = self.stats
        stats.attempts[call] += 1
        stats.times.append(time.time())
        stats.keys[request.headers.get("authorization", "").removeprefix("Bearer ")] += 1
        if self.keep:
            self.seen.append(request)
        fault = self._fault(self._name(item, call), stats.attempts[call])
        if fault is not None:
            stats.faults[fault.kind] += 1
        wait_s = self.latency_s
        if self.spread:
            wait_s *= 1 + self.spread * _share(f"{item}/{stats.attempts[call]}".encode())
        return call, self._outcome(request.body, request.headers, fault), wait_s

    def _name(self, item: str, call: str) -> str:
        """What the faults of a call are drawn by: the second call of item "7" is "7.1"."""
        name = self._names.get(call)
        if name is None:
            number = self._num_calls[item]
            self._num_calls[item] += 1
            name = self._names[call] = f"{item}.{number}" if number else item
        return name

    def _fault(self, item: str, attempt: int) -> Fault | None:
        if self.queue:
            return self.queue.popleft()
        if self.stats.in_flight > self.most_at_once:
            return Fault("429")
        wait_s = self._too_early_s()
        return Fault("429", retry_after=wait_s) if wait_s else drawn(
            self.faults, item, attempt, self.seed
        )  # fmt: skip

    def _too_early_s(self) -> float:
        """By how much the request outruns the rate; what is refused uses none of it."""
        now, each_s = time.monotonic(), 60.0 / self.per_minute
        free_at = max(self._free_at, now - 1.0)
        if free_at > now:
            return free_at - now
        self._free_at = free_at + each_s
        return 0.0

    def _outcome(self, body: Any, headers: Mapping[str, str], fault: Fault | None) -> _Out:
        if fault is not None and fault.kind in _STATUSES:
            told = {"model": body.get("model"), "context": self.context_tokens}
            return _refusal(fault.kind, fault, most=self.max_top_logprobs, **told)
        if (refused := self._refused(body, headers)) is not None:
            return refused
        change = _CHANGED.get(fault.kind) if fault is not None else None
        try:
            full = _http(200, self._completion(body, change))
        except Exception as error:  # a test's own `answer` failed; the test can look it up
            self.errors.append(error)
            return _refusal("500")
        if fault is None or change is not None:
            return _Out(full, is_paid=True)
        return _on_the_wire(fault, full)

    def _refused(self, body: Any, headers: Mapping[str, str]) -> _Out | None:
        """What this server does not do."""
        checks = (
            ("401", self.key and headers.get("authorization") != f"Bearer {self.key}"),
            ("404", body.get("model") not in self.models),
            ("stream", body.get("stream")),
            (
                "continue",
                body.get("continue_final_message") and body.get("add_generation_prompt", 1),
            ),
            ("n", (1 if body.get("n") is None else body["n"]) < 1),
            ("no-logprobs", body.get("logprobs") and not self.has_logprobs),
            ("top-logprobs", (body.get("top_logprobs") or 0) > self.max_top_logprobs),
            ("context", _num_tokens(body["messages"]) > self.context_tokens),
        )
        kind = next((kind for kind, is_so in checks if is_so), None)
        told = {"model": body.get("model"), "context": self.context_tokens}
        return None if kind is None else _refusal(kind, most=self.max_top_logprobs, **told)

    def _completion(self, body: Any, change: Callable[[Answer], Answer] | None) -> dict[str, Any]:
        answers = []
        for sample in range(body.get("n") or 1):
            given = self._answer(body) if self._answer else scripted(body, sample)
            answer = _shortened(Answer(given) if isinstance(given, str) else given, body)
            answers.append(answer if change is None else change(answer))
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": body["model"],
            "choices": [_choice(i, answer, body) for i, answer in enumerate(answers)],
            "usage": answers[0].usage or self._usage(body["messages"], answers),
            "system_fingerprint": FINGERPRINT,
        }

    def _usage(self, messages: Any, answers: Sequence[Answer]) -> dict[str, Any]:
        """Tokens; those of a first turn that was seen before come from the cache."""
        prompt = _num_tokens(messages)
        done = sum(len(a.tokens) or len(tokenised(a.text or "")) for a in answers)
        first = hash(_text(messages[0]))
        cached = _num_tokens(messages[:1]) if first in self._read else 0
        self._read.add(first)
        return {"prompt_tokens": prompt, "completion_tokens": done, "total_tokens": prompt + done,
                "prompt_tokens_details": {"cached_tokens": cached}}  # fmt: skip


def _num_tokens(messages: Sequence[Mapping[str, Any]]) -> int:
    return sum(len(_text(turn)) // _CHARS_PER_TOKEN + 4 for turn in messages)


def _item_of(request: Request) -> str:
    named = request.headers.get("x-item")
    if named:
        return named
    for text in map(_text, reversed(request.body["messages"])):
        if (mark := _ITEM.match(text, max(0, text.rfind("item=")))) is not None:
            return mark[1]
    return hashlib.blake2b(request.data, digest_size=4).hexdigest()


def _parsed(buffer: bytes) -> tuple[Request | None, int]:
    """The first request of a buffer and its size; None while it is not complete."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None, 0
    head = buffer[:end]
    found = _LENGTH.search(head)
    size = end + 4 + (int(found[1]) if found else 0)
    if len(buffer) < size:
        return None, 0
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    data = buffer[end + 4 : size]
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    return Request(method, path, headers, orjson.loads(data) if data else None, data), size


class _Connection(asyncio.Protocol):
    """One connection: a request is answered before the next is looked at."""

    def __init__(self, service: _Service) -> None:
        self._service, self._stats = service, service.stats
        self._buffer, self._is_busy = b"", False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._stats.connections += 1
        self._service.open.add(self)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self._is_busy:
            self._take()

    def drop(self) -> None:
        """Ends the connection at once."""
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._service.open.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._is_busy:
            self._stats.abandoned += 1
            self._leave()

    def _take(self) -> None:
        request, size = _parsed(self._buffer)
        if request is None:
            return
        self._buffer = self._buffer[size:]
        self._is_busy = True
        stats = self._stats
        stats.in_flight += 1
        stats.most_in_flight = max(stats.most_in_flight, stats.in_flight)
        stats.requests += request.method == "POST"
        call, out, wait_s = self._service.reply(request)
        self._after(wait_s + (out.wait_s if out.end == "keep" else 0.0), self._send, call, out)

    def _after(self, seconds: float, step: Callable[..., None], *args: Any) -> None:
        if seconds <= 0:
            step(*args)
        else:
            self._timer = asyncio.get_running_loop().call_later(seconds, step, *args)

    def _send(self, call: str, out: _Out) -> None:
        self._timer = None
        if out.is_paid:  # counted before the client can know of it
            self._stats.answers[call] += 1
        if out.end in ("keep", "close"):
            self._leave()
        self._transport.write(out.data)
        if out.end == "keep":
            if self._buffer:
                self._take()
        elif out.end == "close":
            self._transport.close()
        elif out.wait_s or out.end == "reset":
            self._after(out.wait_s, self._reset)

    def _reset(self) -> None:
        self._leave()
        _reset(self._transport)

    def _leave(self) -> None:
        self._is_busy = False
        self._stats.in_flight -= 1


def _reset(transport: Any) -> None:
    """Ends a connection with RST."""
    sock = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class ChatServer(_Service):
    """The server in a thread of this process.

    `answer(body)` gives a text or an Answer; without it the judge is `scripted`. A reply takes
    `latency_s`, and up to `spread` times that longer. `faults` are drawn for each try; the next
    tries meet `queue` first (None: no fault). `key` is the one API key, `models` the names. More
    than `per_minute` requests, or `most_at_once` in flight, are answered 429. `seen` holds the
    requests (not with `keep` False), `stats` the counts, `errors` what `answer` raised.
    """

    def __init__(self, answer: Callable[..., str | Answer] | None = None, **options: Any) -> None:
        super().__init__(answer, **options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._server = self._call(_listen(self, 0))

    @property
    def url(self) -> str:
        return _url(self._server)

    def close(self) -> None:
        """Ends all connections and the thread."""
        if not self._loop.is_closed():
            self._call(_close(self, self._server))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(300)
            self._loop.close()

    def _call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def __enter__(self) -> ChatServer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


async def _listen(service: _Service, port: int) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _Connection(service), "127.0.0.1", port, backlog=1024)


def _url(server: asyncio.Server) -> str:
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def _close(service: _Service, server: asyncio.Server) -> None:
    server.close()
    for connection in list(service.open):
        connection.drop()
    await server.wait_closed()
    await asyncio.sleep(0)


# --- as a process ---------------------------------------------------------------------------------


def fault_of(text: str) -> Fault:
    """A fault as it stands on the command line: KIND:RATE[:first=N][:retry_after=S][:wait_s=S].

    >>> fault_of("429:0.3:first=5")
    Fault(kind='429', rate=0.3, first=5.0, retry_after=None, is_date=False, wait_s=0.0)
    """
    kind, rate, *more = text.split(":")
    given = {name: float(value) for name, _, value in (pair.partition("=") for pair in more)}
    return Fault(kind, float(rate))._replace(**given)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.chat", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--spread", type=float, default=0.0, help="latency up to so much longer")
    parser.add_argument("--fault", type=fault_of, action="append", default=[], dest="faults")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", action="append", dest="models")
    parser.add_argument("--per-minute", type=float, default=math.inf)
    parser.add_argument("--most-at-once", type=float, default=math.inf)
    parser.add_argument("--until-eof", action="store_true", help="end when standard input ends")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until it is interrupted."""
    told = vars(_arguments(argv))
    port, until_eof = told.pop("port"), told.pop("until_eof")
    latency_s = told.pop("latency_ms") / 1e3
    models = told.pop("models") or ("judge",)
    service = _Service(latency_s=latency_s, models=models, keep=False, **told)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(service, port, until_eof))
    return 0


async def _serve(service: _Service, port: int, until_eof: bool) -> None:
    server = await _listen(service, port)
    print(_url(server), flush=True)
    if until_eof:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
        await _close(service, server)
    else:
        await server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
