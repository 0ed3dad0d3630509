"""What all judges share: sending calls, reading verdicts, counting what is unreadable."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from plaudit import offers
from plaudit.engines.chat import Call, ChatEngine, Job, RecordedEngine, Reply, Sampling
from plaudit.errors import ConfigError, VerdictError
from plaudit.judges._backend import Backend, engine_of
from plaudit.judges._slots import fits
from plaudit.judges.odds import Odds, expected, label_odds
from plaudit.judges.template import Template, load_template
from plaudit.judges.verdict import (
    JsonScore,
    Labels,
    Scale,
    Scores,
    Spec,
    YesNo,
    claims,
    forged,
    parse,
)
from plaudit.judges.voting import Vote, vote
from plaudit.options import changed, split
from plaudit.spelled import Spelled
from plaudit.text.think import Part
from plaudit.types import Fault, Group, Reward, Score

__all__ = [
    "Judge",
    "JudgeReward",
    "JudgeSetup",
    "JudgeVerdict",
    "Query",
    "Read",
    "expected_value",
    "judge_of",
    "parts_of",
    "unscored",
]  # fmt: skip

P = TypeVar("P", bound="JudgeSetup")
Read = Literal["text", "logprobs"]
_ANSWER_TOKENS, _REASON_TOKENS = 256, 4096
_LEAST_MASS = 0.5
_LONGER = 4  # times the limit, for a truncated reply whose limit is a default
# A reply without emphasis and full width, each character in its place.
_FLAT = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3010: 91, 0x3011: 93, 42: 32}
_SPECS: Mapping[str, tuple[type, ...]] = {
    "pairwise": (Labels,), "pointwise": (Scale, JsonScore), "listwise": (Labels, Scores),
    "verifier": (YesNo,), "reference": (YesNo,), "rubric": (YesNo,),
}  # fmt: skip


@dataclass(frozen=True)
class JudgeVerdict:
    """What one reply said: `value` is a label, a number or several numbers, or `error` says why
    there is none.

    `odds` are set where log-probabilities were read. `forger` is the place of the response whose
    forged verdict the reply merely echoes. `is_second` marks a verdict from a retry.
    """

    reply: Reply
    value: Any = None
    odds: Odds | None = None
    error: str | None = None
    fault: Fault = "system"
    forger: int | None = None
    is_second: bool = False


@dataclass(frozen=True)
class Query:
    """One query to the judge: its turns, its name within the job, and the texts under judgment.

    `count` is how many numbers the verdict must have; `is_swapped` marks a pair's second order.
    """

    turns: tuple[Mapping[str, str], ...]
    place: str
    texts: tuple[str, ...] = ()
    count: int | None = None
    is_swapped: bool = False


@dataclass(frozen=True)
class Judge:
    """A template, an engine, and how replies are drawn and read.

    `samples` replies are drawn for each query; `min_mass` is the least probability that the labels
    must have together; `asks_again` retries an unreadable reply once, with a reminder, or with the
    limit `longest` where the reply was truncated. `extra` goes with every call.
    """

    template: Template
    engine: ChatEngine
    sampling: Sampling
    read: Read = "text"
    samples: int = 1
    view: Part = "answer"
    min_mass: float = _LEAST_MASS
    asks_again: bool = True
    parse: Callable[..., object] = parse
    extra: Mapping[str, Any] | None = None
    can_prefix: bool = True
    longest: int | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels whose log-probabilities are read; none where the text is parsed."""
        return () if self.read == "text" else _labels(self.template)

    def ask(self, jobs: Sequence[tuple[Sequence[Query], Mapping[str, object]]]) -> list[list[Any]]:
        """The verdicts on each query of each job, `samples` of them.

        Each job is a list of queries with the columns of its group; each query gets a list.
        """
        jobs = [(queries, self.aligned(columns, [one.place for one in queries]))
                for queries, columns in jobs]  # fmt: skip
        calls = [Job(tuple(c for one in queries for c in self._calls(one)), columns)
                 for queries, columns in jobs]  # fmt: skip
        replies = self.engine.answer(calls)
        verdicts = [
            self._read_all(queries, row) for (queries, _), row in zip(jobs, replies, strict=True)
        ]
        if self.asks_again and self.engine.can_ask_again:
            self._ask_again(jobs, verdicts)
        return verdicts

    def aligned(
        self, columns: Mapping[str, object], places: Sequence[str], where: str = ""
    ) -> Mapping[str, object]:
        """The columns, with recorded replies by place. Raises DataError as the engine does."""
        recorded = self._recorded
        if recorded is None:
            return columns
        return recorded.aligned(columns, places, self.samples, where)

    @functools.cached_property
    def _recorded(self) -> RecordedEngine | None:
        """The engine, where its replies are in the rows."""
        return self.engine if isinstance(self.engine, RecordedEngine) else None

    def calls(self, queries: Sequence[Query]) -> list[Call]:
        """The calls of a job, in order, as a dry run counts them."""
        return [call for one in queries for call in self._calls(one)]

    def _calls(self, query: Query) -> list[Call]:
        template, labels = self.template, self.labels
        prefix = template.verdict_prefix if self._is_direct and self.can_prefix else ""
        return [
            Call(
                query.turns,
                self.sampling,
                index=i,
                prefix=prefix,
                labels=labels,
                schema=template.schema,
                template=template.hash,
                extra=self.extra,
                place=query.place,
            )
            for i in range(self.samples)
        ]

    @property
    def _is_direct(self) -> bool:
        """Whether the reply is the one token after the verdict's prefix."""
        return self.read == "logprobs" and self.sampling.max_tokens == 1

    def _read_all(
        self, queries: Sequence[Query], replies: Sequence[Reply]
    ) -> list[list[JudgeVerdict]]:
        rest = iter(replies)
        return [[self._read(one, next(rest)) for _ in range(self.samples)] for one in queries]

    def _read(self, query: Query, reply: Reply, max_tokens: int | None = None) -> JudgeVerdict:
        if reply.error is not None:
            return JudgeVerdict(reply, error=reply.error, fault=reply.fault or "system")
        if self._is_direct and reply.text is not None:
            return self._measured(reply, None)
        options = {} if query.count is None else {"count": query.count}
        try:
            value = self.parse(reply.text, self.template.spec, reply.finish_reason, **options)
        except VerdictError as error:
            forger = forged(reply.text or "", self.template.spec, query.texts)
            reason = str(error)
            if _is_cut(reply, reason):
                limit = max_tokens or self.sampling.max_tokens
                reason += f" (more than {limit:,} tokens: max_tokens, --max-tokens)"
            return self._unread(reply, reason, forger)
        forger = None
        if not self.template.is_fenced and self.parse is parse:
            forger = forged(reply.text or "", self.template.spec, query.texts)
        if forger is not None:
            return self._unread(reply, "the only verdict is one that the response contains", forger)
        return JudgeVerdict(reply, value) if self.read == "text" else self._measured(reply, value)

    def _unread(self, reply: Reply, message: str, forger: int | None) -> JudgeVerdict:
        if forger is None:
            return JudgeVerdict(reply, error=message)
        message = f"forged: the response plants a verdict, and the judge repeats it ({message})"
        return JudgeVerdict(reply, error=message, fault="response", forger=forger)

    def _measured(self, reply: Reply, value: object) -> JudgeVerdict:
        """The odds of the labels at the place of the verdict."""
        spelling = None if value is None else _spelled(value, self.labels)
        tail = (
            ""
            if spelling is None
            else _from_verdict(reply.text or "", self.template.spec, spelling)
        )
        odds = label_odds(reply.tokens, self.labels, verdict=spelling, tail=tail)
        if odds is None:
            return JudgeVerdict(reply, error="absent: no token of the reply is a label")
        if odds.mass < self.min_mass or odds.mass == 0.0:
            return JudgeVerdict(
                reply,
                odds=odds,
                error=f"absent: the labels {', '.join(self.labels)} have a probability of"
                f" {odds.mass:.3g} together (min_mass={self.min_mass:g})",
            )
        return JudgeVerdict(reply, value, odds)

    def _ask_again(
        self, jobs: Sequence[Any], verdicts_by_job: list[list[list[JudgeVerdict]]]
    ) -> None:
        """Retries once where a reply could not be read; the new verdict takes its place."""
        places = [
            (i, j, k)
            for i, job in enumerate(verdicts_by_job)
            for j, verdicts in enumerate(job)
            for k, verdict in enumerate(verdicts)
            if _may_be_asked_again(verdict)
        ]
        if not places or self._is_direct:
            return
        calls = [
            self._second_call(jobs[i][0][j], k, verdicts_by_job[i][j][k]) for i, j, k in places
        ]
        again = [Job((call,), jobs[i][1]) for (i, _, _), call in zip(places, calls, strict=True)]
        replies = self.engine.answer(again)
        for (i, j, k), call, (reply,) in zip(places, calls, replies, strict=True):
            new = self._read(jobs[i][0][j], reply, call.sampling.max_tokens)
            verdicts_by_job[i][j][k] = _either(verdicts_by_job[i][j][k], new)

    def _second_call(self, query: Query, index: int, verdict: JudgeVerdict) -> Call:
        """The retry: with a longer limit after a truncated reply, else with a reminder."""
        first, reply = self._calls(query)[index], verdict.reply
        if self.longest is not None and _is_cut(reply, verdict.error):
            sampling = dataclasses.replace(first.sampling, max_tokens=self.longest)
            return dataclasses.replace(first, sampling=sampling)
        again = [
            {"role": "assistant", "content": reply.text or "-"},
            {"role": "user", "content": self.template.reminder_text},
        ]
        return dataclasses.replace(first, messages=(*first.messages, *again))


class JudgeSetup:
    """The parameters of a judge: each is a frozen dataclass with most of these fields.

    Those that have a value here some judges lack. `options` are those of the `Backend`.
    """

    template: Any
    read: Read
    view: Part
    min_mass: float
    asks_again: bool
    options: Mapping[str, Any]
    vote_by: Vote = "mean"
    meta: Reward | None = None
    num_kept: int | None = None
    parser: str | None = None

    @classmethod
    def of(cls: type[P], params: Mapping[str, object]) -> P:
        """The parameters of a factory's call, the Backend's under `options`."""
        return cls(**split(cls, params, "options"))

    @property
    def changed(self) -> dict[str, object]:
        """Those that differ from their defaults: what spells the judge."""
        return changed(self, "options")


def judge_of(params: JudgeSetup, *, kind: str, samples: int) -> Judge:
    """The judge that parameters describe; templates of `kind` fit it.

    Raises: ConfigError for whatever does not go together, before anything is asked.
    """
    vote([], params.vote_by)
    template, read = _fitting(params.template, kind), params.read
    _check_values(params, samples)
    if read == "logprobs":
        _labels(template)
    parser = _parser(params.parser, template)
    backend = Backend.of(params.options, vars(params).keys() - {"options"})
    if read == "logprobs" and (backend.replay or "").startswith("column:"):
        raise ConfigError(
            f"replay={backend.replay!r}: a column contains texts, not log-probabilities;"
            " pass read='text', or replay a journal of calls"
        )
    engine = engine_of(backend)
    sampling = _sampling(template, read, engine, backend)
    if sampling.temperature:  # one seed, of the orders and of the samples
        sampling = dataclasses.replace(sampling, seed=vars(params).get("seed", sampling.seed))
    if not backend.replay:
        _check_samples(samples, sampling, read)
    return Judge(
        template,
        engine,
        sampling,
        read,
        samples,
        params.view,
        params.min_mass,
        params.asks_again and parser is parse,
        parser,
        backend.extra_body or None,
        backend.can_prefix if backend.replay else engine.can_prefix,
        _LONGER * sampling.max_tokens if backend.max_tokens is None else None,
    )


def _fitting(name: Any, kind: str) -> Template:
    """The template of that name. Raises ConfigError where its kind or verdict does not fit."""
    template = load_template(name)
    if template.kind != kind:
        raise ConfigError(f"template {template.name!r} is {template.kind}; this judge takes {kind}")
    fitting = _SPECS[template.kind]
    if not isinstance(template.spec, fitting):
        names = " or ".join(kind.__name__ for kind in fitting)
        raise ConfigError(
            f"template {template.name!r} is {template.kind}: its verdict must be {names},"
            f" found {type(template.spec).__name__}"
        )
    fits(template)
    return template


def _check_values(params: JudgeSetup, samples: object) -> None:
    for name, choices in (("read", ("text", "logprobs")), ("view", ("answer", "think", "all"))):
        if (choice := getattr(params, name)) not in choices:
            raise ConfigError(f"{name}={choice!r} must be {' or '.join(choices)}")
    if not isinstance(samples, int) or samples < 1:
        raise ConfigError(f"the number of samples must be 1 or more, found {samples!r}")
    if params.num_kept is not None and params.num_kept < 1:
        raise ConfigError(f"num_kept={params.num_kept!r} must be 1 or more")


def _check_samples(samples: int, sampling: Sampling, read: Read) -> None:
    """Raises ConfigError for samples that cannot differ."""
    if samples > 1 and sampling.temperature == 0:
        raise ConfigError(
            f"{samples} samples at temperature 0 are one and the same: pass temperature="
        )
    if samples > 1 and read == "logprobs" and sampling.max_tokens == 1:
        raise ConfigError(
            f"{samples} samples of one token are one and the same where its log-probabilities are"
            " read: ask for 1, or take read='text' or a template that reasons"
        )


def _sampling(template: Template, read: Read, engine: ChatEngine, backend: Backend) -> Sampling:
    """Greedy sampling with a limit that fits the template; it and the user may override them.

    One token is enough where the labels' probabilities can be read after the reply's prefix.
    """
    can_prefix = backend.can_prefix if backend.replay else engine.can_prefix
    can_begin = can_prefix or not template.verdict_prefix
    if read == "logprobs" and not template.reasons and can_begin:
        settings = {k: v for k, v in template.sampling.items() if k != "max_tokens"}
        return backend.sampling(settings, Sampling(max_tokens=1))
    longest = _REASON_TOKENS if template.reasons else _ANSWER_TOKENS
    return backend.sampling(template.sampling, Sampling(max_tokens=longest))


def _parser(name: str | None, template: Template) -> Callable[..., object]:
    if name is None:
        return parse
    if name != "rewardbench":
        raise ConfigError(f"parser={name!r} must be None (plaudit's) or 'rewardbench'")
    from plaudit.judges.compat.rewardbench import parser_for

    return parser_for(template.kind)


def _labels(template: Template) -> tuple[str, ...]:
    """The labels that a verdict's token may be. Raises ConfigError for other verdicts."""
    spec = template.spec
    if isinstance(spec, Labels) and not spec.key and all(map(str.isalnum, spec.allowed)):
        return spec.allowed
    if isinstance(spec, YesNo):
        return ("是", "否") if template.language == "zh" else ("Yes", "No")
    if isinstance(spec, Scale) and spec.is_integer and spec.high <= 9:
        return tuple(str(k) for k in range(int(spec.low), int(spec.high) + 1))
    raise ConfigError(
        f"template {template.name!r}: its verdict is not one token out of a few, so"
        " read='logprobs' cannot be used (a scale must end at 9); read='text' parses it"
    )


def _spelled(value: object, labels: Sequence[str]) -> str:
    """A verdict as its token spells it.

    >>> _spelled(4.0, "45"), _spelled("no", ["是", "否"])
    ('4', '否')
    """
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if value in labels else labels[int(value == "no")]


def _from_verdict(text: str, spec: Spec, spelling: str) -> str:
    """The reply from its last verdict on, where that verdict has this spelling.

    >>> _from_verdict("So **[[A]]**, a clear case.", Labels(), "A")
    'A]]**, a clear case.'
    """
    for match in reversed(claims(text.translate(_FLAT), spec)):
        group = match.lastindex or 0
        if match[group].strip().casefold() == spelling.casefold():
            return text[match.start(group) :]
    return ""


def _is_cut(reply: Reply, error: str | None) -> bool:
    """Whether a reply has no verdict because its limit of tokens ended it."""
    return reply.finish_reason == "length" and (error or "").startswith("truncated")


def _may_be_asked_again(verdict: JudgeVerdict) -> bool:
    """Whether a retry may help: not after a refusal, a forged verdict or a failed call."""
    if verdict.error is None or verdict.reply.error is not None or verdict.forger is not None:
        return False
    return not verdict.error.startswith("refused")


def _either(first: JudgeVerdict, second: JudgeVerdict) -> JudgeVerdict:
    """The second verdict, or the first where the second call failed, with that failure.

    After a system fault the whole query counts as failed, so that a later run retries it.
    """
    failed = second.reply
    if failed.error is not None:
        error = f"{first.error}; the retry failed: {failed.error}"
        reply = first.reply
        if failed.fault == "system":
            reply = dataclasses.replace(reply, error=failed.error, fault="system")
        return dataclasses.replace(first, reply=reply, error=error)
    reply = _both(first.reply, second.reply)
    return dataclasses.replace(second, reply=reply, is_second=True)


def _both(first: Reply, second: Reply) -> Reply:
    """The second reply with the usage of both."""
    usage = type(first.usage)(*(a + b for a, b in zip(first.usage, second.usage, strict=True)))
    return dataclasses.replace(second, usage=usage)


def parts_of(verdicts: Sequence[JudgeVerdict]) -> dict[str, float]:
    """The counts of a score: votes read, unreadable replies, tokens, mass of the labels."""
    parts = {"num_votes": float(sum(v.error is None for v in verdicts))}
    counts = {
        "num_unreadable": sum(v.error is not None and v.reply.error is None for v in verdicts),
        "num_failed_calls": sum(v.reply.error is not None for v in verdicts),
        "num_reasked": sum(v.is_second for v in verdicts),
    }
    parts |= {name: float(count) for name, count in counts.items() if count}
    tokens = sum(v.reply.usage.prompt_tokens + v.reply.usage.completion_tokens for v in verdicts)
    if tokens:
        parts["num_tokens"] = float(tokens)
    odds = [v.odds for v in verdicts if v.odds is not None]
    if odds:
        parts["mass"] = min(one.mass for one in odds)
        if any(one.is_bounded for one in odds):
            parts["bounded"] = 1.0
    return parts


def unscored(verdicts: Sequence[JudgeVerdict], parts: Mapping[str, float]) -> Score:
    """The score where no vote could be read: NaN, the first reason, the reply as the note."""
    first = verdicts[0]
    error = first.error or "no verdict"
    notes = [v.reply.text for v in verdicts if v.reply.text]
    fault = first.fault if first.fault != "response" else "system"
    return Score(math.nan, parts, fault=fault, error=error, note=notes[0] if notes else None)


class JudgeReward(Spelled):
    """The base of judges as Rewards and Comparers; copies share their engine."""

    cpu_bound = False
    relative = False
    retries_itself = True
    is_judge = True

    def __init__(self, path: str, params: Mapping[str, object], judge: Judge) -> None:
        super().__init__(path, params)
        self.judge = judge

    @property
    def lowest(self) -> float:
        """The lowest value that a rating on a scale can have; NaN where the judge does not rate."""
        spec = self.judge.template.spec
        if not isinstance(spec, (Scale, Scores, JsonScore)):
            return math.nan
        fault_value = offers.fault_value(self)
        return spec.low if math.isnan(fault_value) else min(float(spec.low), fault_value)

    @property
    def deterministic(self) -> bool:
        """Whether equal calls get equal replies: not from a server."""
        return bool(self.judge.engine.deterministic)

    @property
    def in_flight(self) -> int:
        """How many groups may usefully be in flight."""
        return int(self.judge.engine.in_flight)

    def stop(self) -> None:
        """Cancels the calls in flight."""
        self.judge.engine.stop()

    def jobs(self, groups: Sequence[Group]) -> Sequence[Sequence[Query]]:
        """The queries that scoring the groups would send, for estimates."""
        raise NotImplementedError

    @functools.cached_property
    def facts(self) -> Mapping[str, object]:
        """The template, the engine and the sampling, for `plaudit show`."""
        judge = self.judge
        s = judge.sampling
        return {
            "template": f"{judge.template.name} {judge.template.hash} ({judge.template.language})",
            "source": judge.template.source,
            "asks": f"{type(judge.engine).__name__} {judge.engine.model}".strip(),
            "reads": judge.read,
            "draws": f"{judge.samples} x temperature {s.temperature:g}, top_p {s.top_p:g},"
            f" at most {s.max_tokens} tokens",
        }


def expected_value(verdict: JudgeVerdict) -> float:
    """The number of a verdict: the expected one where there are odds."""
    return float(verdict.value) if verdict.odds is None else expected(verdict.odds)
