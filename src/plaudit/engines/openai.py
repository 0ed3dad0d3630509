"""Any server that speaks OpenAI's chat protocol: vLLM, SGLang, llama.cpp, Ollama, hosted ones.

    vllm serve MODEL                                      http://127.0.0.1:8000/v1
    python -m sglang.launch_server --model-path MODEL     http://127.0.0.1:30000/v1
    llama-server -m MODEL.gguf --port 8080                http://127.0.0.1:8080/v1
    ollama serve                                          http://127.0.0.1:11434/v1

A call that was answered is never sent again: replies are filed in a journal of calls before they
are used. Equal calls in flight at the same time are sent once.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import math
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plaudit.engines.calls import CallJournal
from plaudit.engines.chat import Call, Job, Reply, Token, Usage
from plaudit.engines.dialect import Dialect, is_cut, is_too_long, refuses_n
from plaudit.engines.options import ServerOptions
from plaudit.errors import ConfigError, EngineError, clipped, did_you_mean
from plaudit.http import NO_QUOTA, Client, Request
from plaudit.options import names_in
from plaudit.pace import Limits

__all__ = ["OpenAiEngine", "Prices", "Spending", "expected_tokens"]

_TOP = 20
_PATH = "/chat/completions"
_MAX_LATENCIES = 20_000
_MOMENT_S = 0.2
_BROKEN_OFF = ("abort", "aborted", "error", "cancelled", "canceled")
_NEVER = -9999.0  # the log-probability that servers write for minus infinity


@dataclass(frozen=True)
class Prices:
    """What a million tokens cost, in whatever money `max_cost` is in."""

    prompt: float = 0.0
    completion: float = 0.0
    cached: float | None = None

    @classmethod
    def named(cls, prices: Mapping[str, float]) -> Prices:
        """The prices in a mapping. Raises ConfigError for another name."""
        names = names_in(cls)
        if unknown := prices.keys() - names:
            raise ConfigError(
                f"prices: unknown {sorted(unknown)}; it takes {', '.join(sorted(names))}"
            )
        return cls(**prices)

    def of(self, usage: Usage) -> float:
        """The cost of a call.

        >>> round(Prices(1.0, 4.0).of(Usage(1000, 500)), 6)
        0.003
        """
        cached = self.prompt if self.cached is None else self.cached
        fresh = usage.prompt_tokens - usage.cached_tokens
        total = fresh * self.prompt + usage.cached_tokens * cached
        return (total + usage.completion_tokens * self.completion) / 1e6


_FREE = Prices()


@dataclass
class Spending:
    """The totals of this process's calls; the first 20 000 latencies are kept.

    `num_paid` counts the replies that were served. `reserved` is the most that the `num_reserved`
    requests in flight may cost, and `reserved_calls` how many replies they ask for.
    """

    num_calls: int = 0
    num_paid: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost: float = 0.0
    reserved: float = 0.0
    num_reserved: int = 0
    reserved_calls: int = 0
    latencies_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.Condition()

    def add(self, num_replies: int, usage: Usage, cost: float, latency_s: float) -> None:
        """Counts the replies of a request, which are paid for; under the lock."""
        self.num_paid += num_replies
        self.prompt_tokens += usage.prompt_tokens
        self.completion_tokens += usage.completion_tokens
        self.cached_tokens += usage.cached_tokens
        self.cost += cost
        if len(self.latencies_s) < _MAX_LATENCIES:
            self.latencies_s.append(latency_s)

    def reserve(self, num_calls: int, cost: float) -> None:
        """Counts a request that goes out; under the lock."""
        self.reserved_calls += num_calls
        self.reserved += cost
        self.num_reserved += 1

    def release(self, num_calls: int, cost: float) -> None:
        """What was reserved for a request that has ended; under the lock."""
        self.num_reserved -= 1
        self.reserved_calls -= num_calls
        self.reserved = self.reserved - cost if self.num_reserved else 0.0
        self.lock.notify_all()

    def wait(self) -> None:
        """Until a request has ended, a moment at most."""
        with self.lock:
            if self.num_reserved:
                self.lock.wait(_MOMENT_S)


@dataclass
class OpenAiEngine:
    """Answers calls over HTTP; earlier replies come from `calls` (its journal).

    `urls` are base URLs ending in /v1 (added where there is no path), the least busy is asked.
    `model` may be left out where the server has one. `can_prefix` says that the server lets a reply
    begin with a given text (vLLM and SGLang: continue_final_message). `outage_s` is how long a
    server that went away is waited for, which costs no call a try. A request is assumed to cost
    what its bytes and `max_tokens` add up to, which is charged where the server reports no usage.

    One short probe of each kind of call finds out which form the server takes: the limit as
    `max_completion_tokens` where it refuses `max_tokens`, single calls where it refuses or ignores
    `n`, without a parameter that it refuses by name and that has its default value.

    Raises: ConfigError for options that cannot be right, before anything is sent.
    """

    urls: Sequence[str]
    model: str = ""
    calls: CallJournal = field(default_factory=CallJournal)
    options: ServerOptions = field(default_factory=ServerOptions)
    can_prefix: bool = False
    outage_s: float = 1800.0

    deterministic = False
    can_ask_again = True

    def __post_init__(self) -> None:
        if not self.urls:
            raise ConfigError("server: name one URL at least, as http://127.0.0.1:8000/v1")
        options, self.prices = self.options, Prices.named(self.options.prices)
        if options.concurrency < 1:
            raise ConfigError(f"concurrency={options.concurrency!r} must be at least 1")
        if options.max_cost is not None and self.prices == _FREE:
            raise ConfigError(
                f"max_cost={options.max_cost} needs the prices of a million tokens:"
                " prices={'prompt': ..., 'completion': ...}"
            )
        self.spending = Spending()
        self._pid, self._lock = os.getpid(), threading.Lock()
        self._pending: dict[str, concurrent.futures.Future[Reply] | None] = {}
        self._probes: dict[tuple[bool, ...], concurrent.futures.Future[None]] = {}
        self._dialect = Dialect()
        self.quota_error: str | None = None
        self._num_answering = 0
        limits = Limits(
            is_adaptive=True,
            is_patient=True,
            requests_per_minute=options.requests_per_minute,
            tokens_per_minute=options.tokens_per_minute,
            retry_share=1.0,
            outage_s=self.outage_s,
        )
        self._client = Client(
            [_with_version(url) for url in self.urls],
            headers=self._key_header(),
            timeout_s=options.timeout_s,
            max_connections=options.concurrency,
            retries=options.retries,
            limits=limits,
            life_path="/models",
        )

    @property
    def in_flight(self) -> int:
        """How many jobs may usefully be in flight: as many as requests."""
        return self.options.concurrency

    @property
    def num_retries(self) -> int:
        """How many tries there were after first ones."""
        return self._client.num_retries

    def answer(self, jobs: Sequence[Job]) -> list[list[Reply]]:
        """One Reply per call of each job, in order; what failed is a Reply with its error.

        Raises: ConfigError and EngineError where the first call of its kind shows that none can be
        answered (see `check`), EngineError where the client was closed meanwhile, PlauditError for
        a full disk.
        """
        self._settle_in()
        self.resolve()
        with self._lock:
            if not self._num_answering:  # otherwise threads beside it would still send
                self.quota_error = None
            self._num_answering += 1
        try:
            return self._answers(jobs)
        finally:
            with self._lock:
                self._num_answering -= 1

    def _answers(self, jobs: Sequence[Job]) -> list[list[Reply]]:
        replies: dict[str, Reply] = {}
        keys = [[call.key(self.model) for call in job.calls] for job in jobs]
        own: dict[str, Call] = {}
        others: dict[str, concurrent.futures.Future[Reply]] = {}
        try:
            for job, row in zip(jobs, keys, strict=True):
                for call, key in zip(job.calls, row, strict=True):
                    self._look_up(call, key, replies, own, others)
            self._ask(own, replies)
        finally:
            self._hand_out(own, replies)
        for key, future in others.items():
            replies[key] = future.result()
        with self.spending.lock:
            self.spending.num_calls += sum(map(len, keys))
        return [[replies[key] for key in row] for row in keys]

    def stop(self) -> None:
        """Cancels the calls in flight; threads that wait for them get an EngineError."""
        self._client.close()

    def check(self, call: Call, count: int = 1) -> None:
        """Asks the server for one token, as `count` samples of `call` will be asked; each kind of
        call once.

        Threads that arrive meanwhile share the result; after a failure the next call probes again.

        Raises: ConfigError for a wrong key, an unknown model, log-probs that the server refuses or
        ignores, a schema or sampling parameter that it refuses; EngineError without an answer.
        """
        kind = (*_kind(call), count > 1)
        probe = self._probes.get(kind) or self._probes.get((*kind[:-1], True))
        if probe is None:
            own: concurrent.futures.Future[None] = concurrent.futures.Future()
            probe = self._probes.setdefault(kind, own)
            if probe is own:
                self._fulfil(own, kind, call, count)
        probe.result()

    def resolve(self) -> str:
        """The model's name; asked of the server where none was given and it serves one.

        Raises: ConfigError where it serves several.
        """
        if not self.model:
            names = self._served_models()
            if len(names) != 1:
                raise ConfigError(
                    f"model: {self.urls[0]} serves {', '.join(names) or 'none'}; name one of them"
                )
            self.model = names[0]
        return self.model

    # --- asking -----------------------------------------------------------------------------------

    def _settle_in(self) -> None:
        """After a fork: drops calls in flight and locks, which are the parent's."""
        if os.getpid() != self._pid:
            self._pid, self._lock = os.getpid(), threading.Lock()
            self._pending, self._num_answering = {}, 0
            self._probes = {kind: probe for kind, probe in self._probes.items() if probe.done()}
            self.spending = dataclasses.replace(
                self.spending, reserved=0.0, num_reserved=0, reserved_calls=0
            )

    def _look_up(self, call: Call, key: str, replies, own, others) -> None:
        """Sorts a call: answered before, already in flight, or ours to send."""
        if key in replies or key in own or key in others:
            return
        with self._lock:
            if key in self._pending:
                others[key] = self._pending[key] or concurrent.futures.Future()
                self._pending[key] = others[key]
            elif (reply := self.calls.get(key)) is not None:  # filed before it is not pending
                replies[key] = reply
            else:
                self._pending[key] = None  # until another thread needs it, too
                own[key] = call

    def _ask(self, own: Mapping[str, Call], replies: dict[str, Reply]) -> None:
        self._check_kinds(own)
        left = list(own)
        while left:  # a server may give fewer choices than asked for, and money may come free
            bundles = [
                _BundleRequest(self, b, replies)
                for b in self._bundle({key: own[key] for key in left})
            ]
            try:
                answers = self._client.gather([one.request() for one in bundles])
                for one, answer in zip(bundles, answers, strict=True):
                    if isinstance(answer, EngineError) and not one.is_put_off:
                        self._fail(one, answer)
            finally:
                for one in bundles:
                    one.end()
            self._stop_without_quota()
            left = [key for key in left if key not in replies]
            if any(one.is_put_off for one in bundles):
                self.spending.wait()

    def _check_kinds(self, own: Mapping[str, Call]) -> None:
        """Probes each kind of call, the largest bundle of each."""
        first: dict[Any, tuple[Call, int]] = {}
        for bundle in sorted(self._bundle(own), key=len):
            call = bundle[0][1]
            first[_kind(call)] = call, len(bundle)
        for call, count in first.values():
            self.check(call, count)

    def _bundle(self, own: Mapping[str, Call]) -> list[list[tuple[str, Call]]]:
        return _bundle(own) if self._dialect.has_n else [[item] for item in own.items()]

    def _fail(self, bundle: _BundleRequest, error: EngineError) -> None:
        """The error in the place of replies, or single calls from now on where `n` is refused."""
        if NO_QUOTA in str(error):
            self.quota_error = self.quota_error or str(error)
        elif bundle.count > 1 and refuses_n(error):
            self._dialect.has_n = False
        else:
            bundle.fail(error)

    def _stop_without_quota(self) -> None:
        """Raises EngineError where the quota is used up: no later call can be answered.

        What is in flight is paid for, and is waited for.
        """
        if (message := self.quota_error) is None:
            return
        end = time.monotonic() + self.options.timeout_s
        while self.spending.num_reserved and time.monotonic() < end:
            self.spending.wait()
        self.stop()
        raise EngineError(
            f"{self.urls[0]}: the quota of the account is used up, so no more calls are made;"
            f" replies so far are kept, and --resume continues from there ({message})"
        )

    def _hand_out(self, own: Mapping[str, Call], replies: Mapping[str, Reply]) -> None:
        """Hands the replies to our calls to the threads that wait for them."""
        stopped = Reply(None, error="the run was stopped", fault="system")
        with self._lock:
            for key in own:
                if (future := self._pending.pop(key)) is not None:
                    future.set_result(replies.get(key, stopped))

    def body(self, call: Call, count: int) -> dict[str, object]:
        """What is sent for `count` samples of a call."""
        s = call.sampling
        body: dict[str, Any] = {
            "model": self.model, "messages": list(call.messages), "temperature": s.temperature,
            "top_p": s.top_p,
        }  # fmt: skip
        self._dialect.fit(body, s.max_tokens, count)
        body.update(call.extra or {})
        if s.seed is not None:
            body["seed"] = s.seed + call.index
        if s.stop:
            body["stop"] = list(s.stop)
        if call.labels:
            body.update(logprobs=True, top_logprobs=_TOP)
        if call.schema is not None:
            named = {"name": "verdict", "schema": call.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        if call.prefix and self.can_prefix:
            body["messages"].append({"role": "assistant", "content": call.prefix})
            body.update(continue_final_message=True, add_generation_prompt=False)
        return body

    def settle(self, expected: int, used: int) -> None:
        """Corrects the limit of tokens per minute by a request's real usage."""
        self._client.pace.settle(expected, used)

    # --- looking before asking --------------------------------------------------------------------

    def _fulfil(
        self, probe: concurrent.futures.Future[None], kind: Any, call: Call, count: int
    ) -> None:
        try:
            self._probe(call, count)
        except BaseException as error:  # whatever it is, others wait for it
            self._probes.pop(kind, None)
            probe.set_exception(error)
        else:
            probe.set_result(None)

    def _probe(self, call: Call, count: int) -> None:
        """Sends a short call, and again wherever the refusal says which form the server takes."""
        while True:
            count = count if self._dialect.has_n else 1
            try:
                value = self._send_probe(call, count)
                break
            except EngineError as error:
                if is_too_long(error) or is_cut(error):  # says nothing about other calls
                    return
                if self._dialect.learn(error, call.sampling, count):
                    continue
                if error.status is not None and 400 <= error.status < 500 and not error.retryable:
                    raise ConfigError(self._explain(error)) from None
                raise
        if len(value["choices"]) < count:
            self._dialect.has_n = False
        with self.spending.lock:
            self.spending.cost += self.prices.of(_usage(value))
        if call.labels and not _token_entries(value["choices"][0]):
            raise ConfigError(
                f"{self.urls[0]} gives no log-probabilities for {self.model!r}; read='text' parses"
                " the replies instead"
            )

    def _send_probe(self, call: Call, count: int) -> Any:
        short = dataclasses.replace(call.sampling, max_tokens=1)
        turns = ({"role": "user", "content": "Hi"},)
        body = self.body(dataclasses.replace(call, messages=turns, sampling=short), count)
        request = Request(_PATH, body, deadline_s=300.0, retries=3, read=_check_reply)
        return self._client.send(request)

    def _explain(self, error: EngineError) -> str:
        """The error for a refusal of the probe, with the way out."""
        text = str(error)
        lower = text.lower()
        if error.status in (401, 403):
            key = self.options.api_key_env
            problem = f"the key in {key} is refused" if key else "a key is needed: api_key_env=NAME"
            return f"{self.urls[0]}: {problem} ({error.status})"
        if error.status != 404 and "logprob" in lower:
            return (
                f"{self.urls[0]} refuses log-probabilities with {_TOP} rivals: start it with more"
                f" (vLLM: --max-logprobs {_TOP}), or read='text' ({text})"
            )
        if "temperature" in lower and "support" in lower:
            return (
                f"{self.urls[0]}: {self.model!r} draws at its own temperature alone; pass"
                f" temperature=1 (on the command line --temperature 1): {text}"
            )
        if error.status == 404 or ("model" in lower and "not" in lower):
            names = self._served_models(quietly=True)
            if names and self.model not in names:
                hint = did_you_mean(self.model, names)
                return (
                    f"{self.urls[0]} has no model {self.model!r}{hint or '.'}"
                    f" It serves {', '.join(names)}"
                )
        if error.status == 404:
            return (
                f"{self.urls[0]} has no model {self.model!r}, or is not where the API begins"
                f" (most base URLs end in /v1): {text}"
            )
        return f"{self.urls[0]} refuses calls like these: {text}"

    def _served_models(self, *, quietly: bool = False) -> list[str]:
        try:
            value = self._client.send(Request("/models", method="GET", deadline_s=30.0, retries=3))
            return [str(item["id"]) for item in value["data"]]
        except (EngineError, KeyError, TypeError) as error:
            if quietly:
                return []
            raise ConfigError(
                f"model: {self.urls[0]} does not list the models it serves ({error}); name one"
            ) from None

    def _key_header(self) -> dict[str, str]:
        if (name := self.options.api_key_env) is None:
            return {}
        key = os.environ.get(name)
        if not key:
            raise ConfigError(f"api_key_env={name!r}: no such environment variable is set")
        return {"Authorization": f"Bearer {key}"}


def _kind(call: Call) -> tuple[bool, ...]:
    """The features of a call that a server may refuse."""
    return bool(call.labels), bool(call.prefix), call.schema is not None, bool(call.extra)


class _BundleRequest:
    """A request for a bundle of calls: its reserved cost and its replies.

    `is_put_off` where the budget that it needs is reserved for others, and may be released.
    """

    def __init__(self, engine: OpenAiEngine, bundle: Sequence[tuple[str, Call]], replies: Any):
        self._engine, self._bundle, self._replies_by_key = engine, bundle, replies
        self._call, self.count = bundle[0][1], len(bundle)
        call = self._call
        self._expected = Usage(0, len(bundle) * call.sampling.max_tokens)
        if engine.options.tokens_per_minute is not None:
            texts = (str(turn.get("content") or "") for turn in call.messages)
            self._expected = self._expected._replace(prompt_tokens=sum(map(expected_tokens, texts)))
        self._body = engine.body(call, len(bundle))
        # no tokenizer makes more tokens than bytes
        size = 0 if engine.prices == _FREE else len(json.dumps(self._body))
        self._most = engine.prices.of(self._expected._replace(prompt_tokens=size))
        self._began = 0.0
        self._is_reserved = self._is_paid = self.is_put_off = False

    def request(self) -> Request:
        return Request(
            _PATH,
            self._body,
            deadline_s=self._engine.options.deadline_s,
            tokens=sum(self._expected),
            read=self.read,
            refusal=self.refusal,
        )

    def refusal(self) -> str | None:
        """Why it may not be sent: the budget or the number of calls is used up."""
        self._began = time.monotonic()
        engine, spent = self._engine, self._engine.spending
        if engine.quota_error is not None:
            return engine.quota_error
        if self._is_paid:  # it waits no longer, or is a retry
            return None
        max_calls, max_cost = engine.options.max_calls, engine.options.max_cost
        count = self.count
        with spent.lock:
            if max_calls is not None and spent.num_paid + spent.reserved_calls + count > max_calls:
                self.is_put_off = spent.num_paid + count <= max_calls
                return f"budget: max_calls={max_calls} are used up"
            if max_cost is not None and spent.cost + spent.reserved + self._most > max_cost:
                self.is_put_off = spent.cost + self._most <= max_cost
                return f"budget: max_cost={max_cost:g} would be passed ({spent.cost:.4g} spent)"
            spent.reserve(count, self._most)
        self._is_reserved = self._is_paid = True
        return None

    def read(self, value: Any) -> None:
        """Files the replies. Raises ValueError for a body that is not a reply."""
        latency_s = time.monotonic() - self._began
        usage, replies = _replies(value, self._call, latency_s)
        engine, is_counted = self._engine, any(usage)
        cost = engine.prices.of(usage) if is_counted else self._most
        with engine.spending.lock:
            engine.spending.add(len(replies), usage, cost, latency_s)
            self._release()
        if is_counted:
            engine.settle(sum(self._expected), usage.prompt_tokens + usage.completion_tokens)
        fingerprint = value.get("system_fingerprint")
        for (key, call), reply in zip(self._bundle, replies, strict=False):
            engine.calls.put(key, call, reply, engine.model, fingerprint)
            self._replies_by_key[key] = reply

    def fail(self, error: EngineError) -> None:
        self._replies_by_key.update({key: _failed(error, call) for key, call in self._bundle})

    def end(self) -> None:
        """Releases the reserved cost, whatever the outcome."""
        if self._is_reserved:
            with self._engine.spending.lock:
                self._release()

    def _release(self) -> None:
        if self._is_reserved:
            self._is_reserved = False
            self._engine.spending.release(self.count, self._most)


def expected_tokens(text: str) -> int:
    """About how many tokens a text has: a quarter of its letters, eight tenths of other scripts'.

    >>> expected_tokens("four score and seven"), expected_tokens("六乘七等于多少")
    (5, 6)
    """
    num_wide = (len(text.encode("utf-8", "surrogatepass")) - len(text)) / 2  # of three bytes each
    return math.ceil((len(text) - num_wide) / 4 + num_wide * 0.8)


def _with_version(url: str) -> str:
    from urllib.parse import urlsplit

    return url if urlsplit(url).path.strip("/") else f"{url.rstrip('/')}/v1"


def _bundle(own: Mapping[str, Call]) -> list[list[tuple[str, Call]]]:
    """CallJournal that differ only in their sample, together: one request with n choices."""
    bundles: dict[object, list[tuple[str, Call]]] = {}
    for key, call in own.items():
        same: object = key
        if call.sampling.temperature:
            same = (id(call.messages), call.prefix, call.labels, id(call.schema), call.template,
                    call.sampling)  # fmt: skip
        bundles.setdefault(same, []).append((key, call))
    return list(bundles.values())


def _check_reply(value: object) -> Any:
    """The reply if it is one. Raises ValueError, which makes it a failed try."""
    choices = value.get("choices") if isinstance(value, dict) else None
    if not isinstance(choices, list) or not choices:
        problem = value.get("error") if isinstance(value, dict) else value
        raise ValueError(f"the reply has no choices ({clipped(problem)})")
    if not all(isinstance(c, dict) and isinstance(c.get("message"), dict) for c in choices):
        raise ValueError("a choice has no message")
    return value


def _replies(value: Any, call: Call, latency_s: float) -> tuple[Usage, list[Reply]]:
    """The usage of a request, and its replies, each with an equal share of it."""
    choices = _check_reply(value)["choices"]
    usage = _usage(value)
    each = Usage(*(n // len(choices) for n in usage))
    try:
        return usage, [_reply(choice, call, each, latency_s) for choice in choices]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a choice is malformed ({type(error).__name__}: {error})") from None


def _usage(value: Mapping[str, Any]) -> Usage:
    """The usage that the server reports; zeros where it reports none."""
    counts_by_name = _mapping(value.get("usage"))
    cached = _mapping(counts_by_name.get("prompt_tokens_details")).get("cached_tokens")
    counts = (counts_by_name.get("prompt_tokens"), counts_by_name.get("completion_tokens"), cached)
    return Usage(*(n if isinstance(n, int) and n > 0 else 0 for n in counts))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _reply(choice: Mapping[str, Any], call: Call, usage: Usage, latency_s: float) -> Reply:
    message, finish = choice["message"], choice.get("finish_reason")
    if finish in _BROKEN_OFF:
        raise ValueError(f"the generation was broken off ({finish})")
    text = message.get("content")
    if isinstance(text, list):
        text = "".join(part.get("text") or "" for part in text)
    if not isinstance(text, str | None):
        raise TypeError(f"content is {clipped(text)}")
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(reasoning, str) and reasoning and finish != "content_filter":
        text = f"<think>{reasoning}" if text is None else f"<think>{reasoning}</think>{text}"
    if not text and (message.get("refusal") or finish == "content_filter"):
        return Reply(None, "content_filter", usage=usage, latency_s=latency_s)
    tokens = tuple(map(_token, _token_entries(choice))) if call.labels else ()
    return Reply(text or "", finish, tokens, usage, latency_s)


def _token_entries(choice: Mapping[str, Any]) -> Sequence[Any]:
    """The tokens of a choice with their log-probabilities, if it has any."""
    return _mapping(choice.get("logprobs")).get("content") or ()


def _token(entry: Mapping[str, Any]) -> Token:
    top: dict[str, float] = {}
    for rival in entry.get("top_logprobs") or ():
        text, p = rival["token"], _finite(rival["logprob"])
        top[text] = _either(top[text], p) if text in top else p  # two tokens may read the same
    return Token(entry["token"], _finite(entry["logprob"]), top)


def _either(p: float, q: float) -> float:
    return max(p, q) + math.log1p(math.exp(-abs(p - q)))


def _finite(logprob: float | None) -> float:
    return _NEVER if logprob is None or not logprob > _NEVER else float(logprob)


def _failed(error: EngineError, call: Call) -> Reply:
    """The reply for a failed call, with its fault; truncated where reasoning used up the limit."""
    if is_cut(error):
        return Reply("", "length")
    if is_too_long(error):
        room = f"{call.sampling.max_tokens:,} tokens of the limit are the reply's (--max-tokens)"
        return Reply(None, None, error=f"too long for the model: {error}; {room}", fault="input")
    return Reply(None, None, error=str(error), fault="system")
