"""OpenAI's graders with a model: score_model and label_model.

The parameters are the fields of the API's JSON (openai/openai-python, src/openai/types/graders;
guide: developers.openai.com/api/docs/guides/graders), and those of `judges.Backend`, which say who
answers. Variables are filled as in `rules.grader`. The reply must fit the API's form, ``{"steps":
[{"description", "conclusion"}], "result"}``, which a server that enforces schemas is sent.

Where the API gives 0 because nothing could be graded, the score is NaN with the API's own flag at
the beginning of its error (``model_grader_parse_error: ...``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from plaudit.engines.chat import Sampling
from plaudit.errors import ConfigError, clipped, did_you_mean
from plaudit.grading.grader import (
    Namespaces,
    SampleError,
    check_item,
    check_view,
    fill,
    finite,
    sample_fault,
    slots_of,
    with_passed,
)
from plaudit.judges._backend import Backend, engine_of
from plaudit.judges._each import EachResponse
from plaudit.judges._judge import Judge, JudgeSetup, JudgeVerdict, Query
from plaudit.judges._slots import answer_text, why_unshown
from plaudit.judges.template import Template
from plaudit.judges.verdict import JsonScore, Labels, Spec
from plaudit.options import takes
from plaudit.registry import is_model
from plaudit.text.moustache import Moustache
from plaudit.text.think import Part
from plaudit.types import Group, Response, Reward, Score

__all__ = ["label_model", "score_model"]

_ROLES = ("user", "assistant", "system", "developer")
_SAMPLING = {
    "max_completions_tokens": "max_tokens", "reasoning_effort": "reasoning_effort",
    "seed": "seed", "temperature": "temperature", "top_p": "top_p",
}  # fmt: skip
_MAX_TOKENS = 4096
_STEP = {
    "type": "object",
    "properties": {"description": {"type": "string"}, "conclusion": {"type": "string"}},
    "required": ["description", "conclusion"],
    "additionalProperties": False,
}


@dataclass(frozen=True, kw_only=True)
class _GraderSetup(JudgeSetup):
    input: Sequence[Mapping[str, Any]]
    model: str = ""
    name: str = ""
    view: Part = "answer"
    asks_again: bool = True
    on_response_fault: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    template = None
    read = "text"
    min_mass = 0.5


@dataclass(frozen=True, kw_only=True)
class ScoreModelSetup(_GraderSetup):
    range: Sequence[float] = (0.0, 1.0)
    sampling_params: Mapping[str, Any] | None = None
    pass_threshold: float | None = None


@dataclass(frozen=True, kw_only=True)
class LabelModelSetup(_GraderSetup):
    labels: Sequence[str]
    passing_labels: Sequence[str]


@takes(ScoreModelSetup, "options")
def score_model(**params: Any) -> Reward:
    """The number that a model gives, within `range` ([0, 1] by default).

    `input` is a list of messages ``{role, content}`` with variables in them; the role "developer"
    is sent as "system". `sampling_params` are seed, temperature (default 0), top_p,
    max_completions_tokens and reasoning_effort. `options` say who answers: `judges.Backend`.

    A number outside of the range, which the API clamps, and a reply without a number, for which it
    gives 0, are not scored (system, model_grader_parse_error). With a `pass_threshold` the part
    `passed` is 1 from it on, else 0. A response without the field that a variable names is at
    fault and earns `on_response_fault` (default: the low end).

    Raises: ConfigError; scoring raises DataError where the row lacks a variable.
    """
    setup = ScoreModelSetup.of(params)
    low, high = _range(setup.range)
    spec = JsonScore("result", low, high)
    fault = low if setup.on_response_fault is None else setup.on_response_fault

    def value(verdict: JudgeVerdict) -> float:
        return float(verdict.value)

    return _ModelGrader(
        "judges.grader.score_model", setup, spec, {"type": "number"}, value, fault,
        setup.sampling_params or {}, setup.pass_threshold,
    )  # fmt: skip


@takes(LabelModelSetup, "options")
def label_model(**params: Any) -> Reward:
    """1 where the label that a model chooses is among `passing_labels`, else 0.

    `input` and `options` as in `score_model`; the label is read under "result", where it must be
    one of `labels`. Without one the score is NaN (system, model_grader_parse_error).

    Raises: ConfigError; scoring raises DataError where the row lacks a variable.
    """
    setup = LabelModelSetup.of(params)
    passing = _passing(setup.labels, setup.passing_labels)
    spec = Labels(tuple(setup.labels), key="result", tie="")

    def value(verdict: JudgeVerdict) -> float:
        return float(str(verdict.value).casefold() in passing)

    return _ModelGrader(
        "judges.grader.label_model", setup, spec, {"type": "string", "enum": list(setup.labels)},
        value, setup.on_response_fault or 0.0, {},
    )  # fmt: skip


def _range(ends: Any) -> tuple[float, float]:
    if isinstance(ends, str) or not isinstance(ends, Sequence) or len(ends) != 2:
        raise ConfigError(f"range={clipped(ends)} must be two numbers, [low, high]")
    low, high = (finite("range", end) for end in ends)
    if not low < high:
        raise ConfigError(f"range={clipped(ends)}: the low end comes first")
    return low, high


def _passing(labels: Any, passing: Any) -> set[str]:
    """The passing labels without case. Raises ConfigError where they are not among the labels."""
    for name, texts in (("labels", labels), ("passing_labels", passing)):
        is_list = isinstance(texts, Sequence) and not isinstance(texts, str)
        if not is_list or not texts or not all(isinstance(t, str) and t.strip() for t in texts):
            raise ConfigError(f"{name} must be a list of texts, found {clipped(texts)}")
    folded = {label.casefold() for label in labels}
    if len(folded) < len(labels):
        raise ConfigError(f"labels: two differ in case alone, or not at all: {', '.join(labels)}")
    for label in passing:
        if label not in labels:
            close = did_you_mean(label, labels) or "."
            raise ConfigError(f"passing_labels: {label!r} is not one of the labels{close}")
    return {label.casefold() for label in passing}


def _messages(turns: Any) -> list[tuple[str, Moustache]]:
    """The roles and texts of `input`. Raises ConfigError for what is not text."""
    if not isinstance(turns, Sequence) or isinstance(turns, str) or not turns:
        raise ConfigError(f"input must be a list of messages, found {clipped(turns)}")
    messages = []
    for i, turn in enumerate(turns):
        role = turn.get("role") if isinstance(turn, Mapping) else None
        if role not in _ROLES:
            raise ConfigError(f"input[{i}]: role={role!r} must be one of {', '.join(_ROLES)}")
        text = _content_text(turn.get("content"), f"input[{i}]")
        (slot,) = slots_of(**{f"input[{i}]": text}).values()
        messages.append(("system" if role == "developer" else role, slot))
    return messages


def _content_text(content: Any, place: str) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content]
    texts = []
    for part in parts:
        kind = part.get("type") if isinstance(part, Mapping) else type(part).__name__
        if isinstance(part, str):
            texts.append(part)
        elif kind in ("input_text", "output_text") and isinstance(part.get("text"), str):
            texts.append(part["text"])
        else:
            raise ConfigError(
                f"{place}: content of type {kind!r} is not text, which is all it takes"
            )
    return "".join(texts)


def _judge(setup: _GraderSetup, spec: Spec, result: Mapping[str, Any], sampling: Any) -> Judge:
    """The judge that sends the messages and reads ``result`` in the replies."""
    own = _sampling(sampling)
    effort = own.pop("reasoning_effort", None)
    template = Template(
        setup.name or "grader", "", spec, "pointwise", source="openai graders", is_fenced=False,
        reasons=True, sampling=own, schema=_schema(result),
    )  # fmt: skip
    _check_backend(setup)
    backend = Backend.of({**setup.options, "model": setup.model}, vars(setup))
    extra = {**({"reasoning_effort": effort} if effort else {}), **backend.extra_body}
    engine = engine_of(backend)
    settings = backend.sampling(own, Sampling(max_tokens=_MAX_TOKENS))
    return Judge(
        template, engine, settings, view=check_view(setup.view), asks_again=setup.asks_again,
        extra=extra or None, can_prefix=False,
    )  # fmt: skip


def _check_backend(setup: _GraderSetup) -> None:
    """Raises ConfigError where nobody is named who answers, as in a file of the API's."""
    if not (setup.options.get("server") or setup.options.get("replay") or is_model(setup.model)):
        raise ConfigError(
            f"model={setup.model!r}: name the server that has it: server= (as"
            " https://api.openai.com/v1, with api_key_env=), beside the grader's own fields; or a"
            " model to load here (a directory or hf:ORG/NAME), or replay="
        )


def _sampling(params: Any) -> dict[str, Any]:
    """The API's sampling parameters under our names. Raises ConfigError for an unknown one."""
    if not isinstance(params, Mapping):
        raise ConfigError(f"sampling_params must be a mapping, found {clipped(params)}")
    for name in params:
        if name not in _SAMPLING:
            close = did_you_mean(str(name), _SAMPLING) or "."
            raise ConfigError(
                f"sampling_params: unknown {name!r}{close} It takes {', '.join(_SAMPLING)}"
            )
    return {_SAMPLING[name]: value for name, value in params.items() if value is not None}


def _schema(result: Mapping[str, Any]) -> dict[str, Any]:
    steps = {"type": "array", "items": _STEP}
    return {
        "type": "object",
        "properties": {"steps": steps, "result": result},
        "required": ["steps", "result"],
        "additionalProperties": False,
    }


class _ModelGrader(EachResponse):
    """Fills the messages for each response and reads the model's result."""

    def __init__(
        self, path: str, setup: _GraderSetup, spec: Spec, result: Mapping[str, Any],
        value: Callable[[JudgeVerdict], float], on_response_fault: float, sampling: Any,
        pass_threshold: float | None = None,
    ) -> None:  # fmt: skip
        self._messages = _messages(setup.input)
        self._threshold = None if pass_threshold is None else finite("threshold", pass_threshold)
        judge = _judge(setup, spec, result, sampling)
        super().__init__(path, setup, judge, value=value, on_response_fault=on_response_fault)

    def check(self, group: Group) -> None:
        """Raises the DataError of a variable that the row lacks."""
        check_item([slot for _, slot in self._messages], group)
        self._columns(group)

    def _turns(self, group: Group, response: Response) -> tuple[dict[str, str], ...]:
        names = Namespaces(group, response, self.judge.view)
        return tuple(
            {"role": role, "content": fill(slot, names, group)} for role, slot in self._messages
        )

    def _queries(self, group: Group) -> list[Query]:
        queries = []
        for n, response in enumerate(group.responses):
            if why_unshown(group, (response,)) is not None:
                continue
            try:
                turns = self._turns(group, response)
            except SampleError:
                continue
            queries.append(Query(turns, str(n), (answer_text(response, self.judge.view),)))
        return queries

    def _scores(
        self, group: Group, queries: Sequence[Query], verdicts_by_query: Any
    ) -> list[Score]:
        scores = super()._scores(group, queries, verdicts_by_query)
        places = {query.place for query in queries}
        for n, response in enumerate(group.responses):
            if str(n) not in places and why_unshown(group, (response,)) is None:
                scores[n] = self._sample_fault(group, response)
        return scores

    def _sample_fault(self, group: Group, response: Response) -> Score:
        try:
            self._turns(group, response)
        except SampleError as error:
            return sample_fault(self.fault_value, str(error))
        raise AssertionError("a response without a query has a fault")

    def _score(self, query: Query, verdicts: Sequence[JudgeVerdict]) -> Score:
        score = super()._score(query, verdicts)
        if score.is_scored or score.error is None:
            return with_passed(score, self._threshold)
        return replace(score, error=f"{_flag_of(verdicts[0])}: {score.error}")


def _flag_of(verdict: JudgeVerdict) -> str:
    """The API's flag for a verdict that could not be read."""
    if verdict.reply.error is not None:
        return "model_grader_server_error"
    is_refused = (verdict.error or "").startswith("refused")
    return "model_grader_refusal_error" if is_refused else "model_grader_parse_error"
