"""The core types: a Group goes into a Reward, a list of Scores comes out.

The laws of every Reward are on the `Reward` protocol; `plaudit check` tests them.
"""

# pyright: reportUnknownVariableType=false
# (default_factory=dict is of no type, and the fastest)

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, TypedDict, runtime_checkable

from plaudit.hashing import content_hash

__all__ = [
    "FAULT_KINDS",
    "Checking",
    "Child",
    "Comparer",
    "Composite",
    "Declaring",
    "Described",
    "Fault",
    "FaultKind",
    "Group",
    "Message",
    "Pair",
    "Range",
    "Response",
    "Reward",
    "Score",
    "Step",
    "Waiting",
    "content_hash",
    "count_faults",
    "describe_faults",
]

Fault = Literal["response", "input", "system"]
FaultKind = Literal["response", "input", "system", "unstated"]

FAULT_KINDS: tuple[FaultKind, ...] = ("response", "input", "system", "unstated")


class Message(TypedDict, total=False):
    """One chat turn; further keys that the chat template takes are passed through untouched."""

    role: str
    content: str | list[dict[str, Any]]
    tool_calls: list[dict[str, Any]]
    name: str


@dataclass(frozen=True, slots=True)
class Response:
    """One answer of a model.

    `text` is the final answer turn, think block included; `messages` holds the turns where the
    response is several; `token_ids` are the ids the model generated; `finish_reason` is "stop",
    "length", ...; `columns` belongs to this response alone. Rewards read the text without the
    end-of-turn marks at its end (`plaudit.text.endmarks`), unless `keeps_end_marks`.
    """

    text: str
    messages: tuple[Message, ...] = ()
    token_ids: tuple[int, ...] | None = None
    finish_reason: str | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    keeps_end_marks: bool = False

    def __reduce__(self):
        state = (self.text, self.messages, self.token_ids, self.finish_reason, self.columns)
        return (Response, (*state, self.keeps_end_marks))


@dataclass(frozen=True, slots=True)
class Group:
    """One prompt, its rival responses, and the columns needed to judge them.

    A prompt may be given as a string (one user turn), responses as strings.

    >>> group = Group("2 + 2 = ?", ["4", "5"], {"reference": "4"})
    >>> group.prompt, len(group.responses), group.responses[0].text
    (({'role': 'user', 'content': '2 + 2 = ?'},), 2, '4')
    """

    prompt: tuple[Message, ...]
    responses: tuple[Response, ...]
    columns: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""

    def __init__(
        self,
        prompt: str | Sequence[Message],
        responses: Sequence[str | Response],
        columns: Mapping[str, Any] | None = None,
        id: str = "",
    ) -> None:
        if isinstance(responses, str):
            raise TypeError(f"responses is a list; for one response write [{responses[:20]!r}]")
        turn: Message = {"role": "user", "content": prompt} if isinstance(prompt, str) else {}
        put = object.__setattr__
        put(self, "prompt", (turn,) if isinstance(prompt, str) else tuple(prompt))
        put(
            self,
            "responses",
            tuple(Response(r) if isinstance(r, str) else r for r in responses),
        )
        put(self, "columns", {} if columns is None else columns)
        put(self, "id", id)

    def __reduce__(self):
        return (Group, (self.prompt, self.responses, self.columns, self.id))

    @property
    def key(self) -> str:
        """The id, or, without one, the content hash of prompt and responses."""
        return self.id or content_hash(repr(self.prompt), *(r.text for r in self.responses))


class Step(NamedTuple):
    """The value of one span of the response text, from process rewards."""

    value: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Score:
    """What one response earned.

    `value`: higher is better, NaN = could not be scored. `parts`: named components, which never
    enter the value by themselves. `fault`: who is to blame when it could not be scored properly,
    `error`: what happened. `note` is for people: a rationale, the matched answer.
    """

    value: float
    parts: Mapping[str, float] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    fault: Fault | None = None
    error: str | None = None
    note: str | None = None

    def __reduce__(self):
        state = (self.value, self.parts, self.steps, self.fault, self.error, self.note)
        return (Score, state)

    @classmethod
    def unscored(
        cls, error: str, *, fault: Fault, parts: Mapping[str, float] | None = None
    ) -> Score:
        """A response that could not be scored: NaN with the reason, never a made-up number.

        >>> Score.unscored("judge timed out", fault="system").is_scored
        False
        """
        return cls(math.nan, parts or {}, fault=fault, error=error)

    @property
    def is_scored(self) -> bool:
        """Whether the value is a number."""
        return self.value == self.value

    @property
    def faulted(self) -> FaultKind | None:
        """Who is to blame if the score has no value or no proper one; None for a proper score.

        "unstated" if a score has an error, or no value, but no fault.
        """
        if self.fault is not None:
            return self.fault
        return None if self.is_scored and self.error is None else "unstated"


def count_faults(scores: Iterable[Score]) -> dict[FaultKind, int]:
    """How many scores are faulted, by kind: what "faulted" means in every summary.

    A fault of the response earns the reward's minimum and is scored; those of the input and of the
    system are unscored as a rule, so the counts overlap with scored and unscored.

    >>> count_faults([Score(1.0), Score.unscored("no reference", fault="input")])
    {'input': 1}
    """
    kinds = [kind for score in scores if (kind := score.faulted) is not None]
    return {kind: kinds.count(kind) for kind in FAULT_KINDS if kind in kinds}


def describe_faults(faulted: Mapping[FaultKind, int]) -> str:
    """Faults by kind in words; "none" without any.

    >>> describe_faults({"system": 1200, "response": 1})
    '1 response, 1,200 system'
    """
    named = [f"{faulted[kind]:,} {kind}" for kind in FAULT_KINDS if faulted.get(kind)]
    return ", ".join(named) or "none"


class Range(NamedTuple):
    """The closed range of a rule's value, declared on its return type.

    An end may name a parameter of the rule. The low end is what a response earns that makes
    itself impossible to score.

    >>> from typing import Annotated
    >>> def rule(response: str, *, floor: float = -1.0) -> Annotated[float, Range("floor", 0)]: ...
    """

    low: float | str
    high: float | str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two responses to one prompt, in the order in which a comparer sees them.

    `places` are their positions in the group.
    """

    prompt: tuple[Message, ...]
    first: Response
    second: Response
    columns: Mapping[str, Any] = field(default_factory=dict)
    places: tuple[int, int] = (0, 1)


@runtime_checkable
class Reward(Protocol):
    """Gives every response of every group one Score.

    Laws, for every reward in this package (`plaudit check` tests yours):

    - same shape and order as the input, and ``score([]) == []``;
    - an absolute score (``relative`` is False) does not change with neighbours, order or batch
      split; a relative score follows its response when the group is permuted;
    - where ``deterministic``, equal inputs give equal scores;
    - a value is finite, or NaN with an error and a fault;
    - inputs are not mutated, the object pickles and deep-copies, its repr can be typed;
    - empty, 100 kB, lone-surrogate, NUL and mixed-script responses all get a Score.

    ``cpu_bound`` is True for lifted rules: only these are sent to killable worker processes.
    """

    @property
    def relative(self) -> bool: ...
    @property
    def deterministic(self) -> bool: ...
    @property
    def cpu_bound(self) -> bool: ...

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One list of scores per group, one score per response.

        Raises: ConfigError, DataError (naming the rows), EngineError.
        """
        ...


@runtime_checkable
class Comparer(Protocol):
    """Compares two responses; `combine.round_robin` makes a Reward of it.

    The value of a comparison is P(first is better) in [0, 1]; a raw margin may be in `parts`.
    """

    @property
    def deterministic(self) -> bool: ...

    def compare(self, pairs: Sequence[Pair]) -> list[Score]:
        """One Score per pair, in order."""
        ...


# What a reward may offer besides. `plaudit.offers` says what holds where it does not.


class Child(NamedTuple):
    """A part as `explain` shows it: its name, weight, reward and what that reward is given."""

    name: str
    weight: float | None
    reward: Reward
    group: Group


@runtime_checkable
class Composite(Protocol):
    """A reward made of others, such as those of `combine`; `explain` and `check_rows` ask it.

    >>> from plaudit import load
    >>> clipped = load("combine.clip", reward=load("rules.baseline.length"), high=3)
    >>> isinstance(clipped, Composite), isinstance(load("rules.baseline.length"), Composite)
    (True, False)
    """

    def children(self, group: Group) -> Iterable[Child]:
        """The parts that judge this group. Raises: DataError where none takes it."""
        ...


@runtime_checkable
class Checking(Protocol):
    """Can tell of a group whether it could be scored, without scoring it.

    Rules and judges do; `check_rows`, `combine.round_robin` and juries ask.

    >>> from plaudit import load
    >>> load("rules.math.equal").check(Group("2 + 2?", ["4"], {"reference": "4"}))
    """

    def check(self, group: Group) -> None:
        """Raises: DataError for what is missing, or cannot be read."""
        ...


@runtime_checkable
class Waiting(Protocol):
    """Waits for others to answer (a server), so that several batches are worth having in flight.

    Judges, juries and combinations of them do; `run` asks once, before it begins.

    >>> from plaudit import load
    >>> isinstance(load("rules.baseline.length"), Waiting)
    False
    """

    @property
    def in_flight(self) -> int:
        """How many groups may usefully be in flight, 1 or more."""
        ...

    @property
    def retries_itself(self) -> bool:
        """Whether a system fault has been retried, and paid for, already."""
        ...

    def stop(self) -> None:
        """Cancels what is in flight."""
        ...


@runtime_checkable
class Declaring(Protocol):
    """Declares what a response earns that made itself impossible to score.

    Rules do, by their `Range`; combinations, and `run` for a response that killed its process, ask.

    >>> from plaudit import load
    >>> rule = load("rules.math.equal")
    >>> isinstance(rule, Declaring), rule.fault_value, rule.fault_high
    (True, 0.0, 1.0)
    """

    @property
    def fault_value(self) -> float:
        """The low end of the reward's range; NaN where none is declared."""
        ...

    @property
    def fault_high(self) -> float:
        """The same under a negative weight, where the high end is the worst."""
        ...


@runtime_checkable
class Described(Protocol):
    """Says what it was made of: models and judges do; `plaudit show` and `plaudit bench` ask.

    >>> from plaudit import load
    >>> isinstance(load("rules.baseline.length"), Described)
    False
    """

    @property
    def facts(self) -> Mapping[str, object]:
        """Files, template, engine, dtype and the like, by name."""
        ...
