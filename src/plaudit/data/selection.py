"""Which judged responses become training data: pairs, samples for fine-tuning, prompts for RL.

A rule looks at one prompt with its judged responses and says what it picks and why it drops the
rest. A response without a score is never picked. Every random choice hashes the seed with prompt
and response texts, so it depends neither on the order of rows nor on other prompts.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from plaudit.data.judged import Judged, JudgedResponse, spoken
from plaudit.data.options import PreferenceOptions, PromptsOptions, SftOptions
from plaudit.data.overlap import EvalPrompts, Seen
from plaudit.errors import ConfigError, DataError, ScoringError, did_you_mean
from plaudit.hashing import seeded_hash
from plaudit.old_names import old_arguments, old_attributes, old_names
from plaudit.rules.language import consistency
from plaudit.text.fences import fenced_blocks
from plaudit.text.think import split

__all__ = [
    "Funnel",
    "Pick",
    "Preference",
    "Prompts",
    "Selection",
    "SelectionRule",
    "Sft",
    "agreement",
    "select",
]
__getattr__ = old_names(__name__)

Candidate = tuple[JudgedResponse, JudgedResponse]


class Pick(NamedTuple):
    """A pick from a prompt: a pair, one response (`rejected` is None), or the prompt alone.

    `figures` say why: margin, agreement, reward, pass rate.
    """

    judged: Judged
    chosen: JudgedResponse | None
    rejected: JudgedResponse | None
    figures: Mapping[str, float]


class Selection(NamedTuple):
    """The picks of a rule for one prompt.

    `reason` says why there is no pick at all; of `considered` candidates those that are not in
    `picks` are counted in `dropped` by reason.
    """

    picks: Sequence[Pick]
    considered: int = 0
    dropped: Mapping[str, int] = {}
    reason: str | None = None


class SelectionRule(Protocol):
    """Picks from one prompt; `unit` names what it counts."""

    @property
    def unit(self) -> str: ...
    def outcome(self, judged: Judged) -> Selection:
        """The picks, and why the rest was dropped."""
        ...


# --- preference pairs -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preference(PreferenceOptions):
    """Pairs of a better and a worse response, at most `max_pairs` of a prompt.

    ``best-vs-worst``: the best against the worst, then the second best against the second worst,
    and so on; a pair that a filter drops is not replaced. ``best-vs-random``: the best against
    others in a seeded order. ``all-pairs``: every better against every worse in a seeded order.
    Among equally good responses the seed decides.

    A pair needs a margin above 0 and within [`min_margin`, `max_margin`], two different texts, a
    ratio of their lengths (characters, the longer over the shorter) up to `max_length_ratio`, and
    with `min_agreement` the votes of `parts` (see `agreement`). A response at fault may be the
    rejected one, never the chosen one.

    Raises: ConfigError for options that exclude every pair.

    >>> from plaudit.types import Response
    >>> best, worst = JudgedResponse(Response("4"), 1.0), JudgedResponse(Response("5"), 0.0)
    >>> found = Preference().outcome(Judged((), (worst, best)))
    >>> found.picks[0].chosen.text, found.picks[0].figures["margin"]
    ('4', 1.0)
    """

    seed: int = 0
    unit = "pairs"

    def __post_init__(self) -> None:
        if self.strategy not in _STRATEGIES:
            raise ConfigError(
                f"strategy={self.strategy!r}{did_you_mean(self.strategy, _STRATEGIES)};"
                f" one of {', '.join(_STRATEGIES)}"
            )
        _check_order("min_margin", self.min_margin, "max_margin", self.max_margin)
        _check_at_least("max_pairs", self.max_pairs, 1)
        _check_at_least("max_length_ratio", self.max_length_ratio, 1)
        if self.min_agreement is not None:
            _check_share("min_agreement", self.min_agreement)

    def outcome(self, judged: Judged) -> Selection:
        """The pairs of one prompt."""
        members = [member for member in judged.members if member.is_scored]
        if len(members) < 2:
            return Selection((), reason="fewer than two scored responses")
        shuffled = _shuffled(judged, members, self.seed)
        able = [member for member in shuffled if member.fault != "response"]
        if not able:
            return Selection((), reason="every scored response is at fault")
        picks: list[Pick] = []
        dropped: Counter[str] = Counter()
        for chosen, rejected in _STRATEGIES[self.strategy](self, able, shuffled):
            figures = self._figures(chosen, rejected)
            reason = self._refusal(chosen, rejected, figures)
            if reason is None:
                picks.append(Pick(judged, chosen, rejected, figures))
            else:
                dropped[reason] += 1
            if len(picks) == self.max_pairs:
                break
        considered = len(picks) + dropped.total()
        return Selection(picks, considered, dropped, None if picks else "no pair passes")

    def _figures(self, chosen: JudgedResponse, rejected: JudgedResponse) -> dict[str, float]:
        figures = {
            "margin": chosen.value - rejected.value,
            "chosen_reward": chosen.value,
            "rejected_reward": rejected.value,
        }
        agreed = agreement(chosen, rejected, self.parts)
        return figures if math.isnan(agreed) else {**figures, "agreement": agreed}

    def _refusal(
        self, chosen: JudgedResponse, rejected: JudgedResponse, figures: Mapping[str, float]
    ) -> str | None:
        """Why a pair is dropped (the first reason)."""
        margin, agreed = figures["margin"], figures.get("agreement")
        checks = (
            ("tie", margin <= 0),
            ("same text", chosen.text == rejected.text),
            ("margin too small", margin < self.min_margin),
            ("margin too large", margin > self.max_margin),
            ("no agreement to measure", self.min_agreement is not None and agreed is None),
            ("too little agreement", agreed is not None and agreed < (self.min_agreement or 0)),
            ("lengths too far apart", _length_ratio(chosen, rejected) > self.max_length_ratio),
        )
        return next((reason for reason, is_so in checks if is_so), None)

    def _best_vs_worst(
        self, able: Sequence[JudgedResponse], shuffled: Sequence[JudgedResponse]
    ) -> Iterator[Candidate]:
        best = sorted(able, key=lambda member: -member.value)
        worst = sorted(shuffled, key=lambda member: member.value)
        pairs = itertools.islice(zip(best, worst, strict=False), self.max_pairs)
        for place, (high, low) in enumerate(pairs):
            if place and high.value <= low.value:
                return
            yield high, low

    def _best_vs_random(
        self, able: Sequence[JudgedResponse], shuffled: Sequence[JudgedResponse]
    ) -> Iterator[Candidate]:
        best = max(able, key=lambda member: member.value)
        for other in shuffled:
            if other is not best and other.value <= best.value:
                yield best, other

    def _all_pairs(
        self, able: Sequence[JudgedResponse], shuffled: Sequence[JudgedResponse]
    ) -> Iterator[Candidate]:
        texts = [member.text for member in shuffled]
        pairs = [
            (seeded_hash(self.seed, texts[i], texts[j]), i, j)
            for i, high in enumerate(shuffled)
            for j, low in enumerate(shuffled)
            if high.fault != "response" and (high.value > low.value or (i < j and _tie(high, low)))
        ]
        for _, i, j in sorted(pairs):
            yield shuffled[i], shuffled[j]


_STRATEGIES: Mapping[
    str,
    Callable[[Preference, Sequence[JudgedResponse], Sequence[JudgedResponse]], Iterator[Candidate]],
] = {
    "best-vs-worst": Preference._best_vs_worst,
    "best-vs-random": Preference._best_vs_random,
    "all-pairs": Preference._all_pairs,
}


def _tie(high: JudgedResponse, low: JudgedResponse) -> bool:
    return high.value == low.value


def agreement(chosen: JudgedResponse, rejected: JudgedResponse, parts: Sequence[str]) -> float:
    """The share in [0, 1] of the votes that put `chosen` above `rejected`; NaN if one is missing.

    Each part of the scores is one vote: for `chosen` if its value is higher, half a vote if they
    are equal. ``forward`` and ``backward`` are the results of a pairwise judge in its two orders,
    P(this one is better) shown first and shown second: each order is a vote, in which one response
    came first and the other second. In groups of more than two they are means over the rivals.

    >>> from plaudit.types import Response
    >>> a = JudgedResponse(Response("a"), 0.7, {"forward": 0.9, "backward": 0.5})
    >>> b = JudgedResponse(Response("b"), 0.3, {"forward": 0.5, "backward": 0.1})
    >>> agreement(a, b, ("forward", "backward"))
    0.75
    """
    votes = []
    for part in parts:
        mine = chosen.parts.get(part, math.nan)
        theirs = rejected.parts.get(_other_side(part), math.nan)
        votes.append(_vote(mine, theirs))
    return sum(votes) / len(votes) if votes else math.nan


def _vote(mine: float, theirs: float) -> float:
    if math.isnan(mine) or math.isnan(theirs):
        return math.nan
    return (mine > theirs) + (mine == theirs) / 2


def _other_side(part: str) -> str:
    """The part with which the rival of a response answers the same comparison.

    >>> _other_side("judge/forward"), _other_side("quality")
    ('judge/backward', 'quality')
    """
    head, slash, name = part.rpartition("/")
    swapped = {"forward": "backward", "backward": "forward"}.get(name, name)
    return f"{head}{slash}{swapped}"


def _length_ratio(a: JudgedResponse, b: JudgedResponse) -> float:
    short, long = sorted((len(a.text), len(b.text)))
    return long / short if short else (math.inf if long else 1.0)


# --- samples for fine-tuning ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sft(SftOptions):
    """Responses with a reward of `at_least` or more, filtered, at most `cap` per prompt.

    Rejection sampling as for DeepSeek-R1 (arXiv 2501.12948, section 2.3.3): right answers whose
    reasoning mixes languages, has overlong paragraphs or contains code blocks are dropped.
    `max_other_script`: the share of words that are not in the prompt's language (1 -
    `rules.language.consistency`, code and formulas left out). `max_paragraph_chars`: the longest
    paragraph between blank lines. Both look at the think block, or at all of a response that has
    none; `no_code_in_think` looks at a think block only.

    A response at fault, cut by its length limit, or with the text of another one is dropped.
    `prefer` says which stay under the cap: the best, or a seeded random choice. Responses to a
    prompt without words are dropped as "language unknown".

    Raises: ConfigError for a cap below 1 or a share outside [0, 1].

    >>> from plaudit.types import Response
    >>> right = JudgedResponse(Response("<think>2+2=4</think>4"), 1.0)
    >>> [pick.chosen.text for pick in Sft(at_least=1.0).outcome(Judged((), (right,))).picks]
    ['<think>2+2=4</think>4']
    """

    seed: int = 0
    unit = "samples"

    def __post_init__(self) -> None:
        _check_at_least("cap", self.cap, 1)
        if self.prefer not in ("best", "random"):
            raise ConfigError(f"prefer={self.prefer!r} must be 'best' or 'random'")
        if self.max_other_script is not None:
            _check_share("max_other_script", self.max_other_script)

    def outcome(self, judged: Judged) -> Selection:
        """The samples of one prompt."""
        members = [member for member in judged.members if member.is_scored]
        if not members:
            return Selection((), reason="no scored response")
        shuffled = _shuffled(judged, members, self.seed)
        if self.prefer == "best":
            shuffled = sorted(shuffled, key=lambda member: -member.value)
        picks: list[Pick] = []
        dropped: Counter[str] = Counter()
        texts: set[str] = set()
        for member in shuffled:
            reason = self._refusal(judged, member, texts)
            texts.add(member.text)
            if reason is None and len(picks) == self.cap:
                reason = "over the cap of its prompt"
            if reason is None:
                picks.append(Pick(judged, member, None, {"reward": member.value}))
            else:
                dropped[reason] += 1
        return Selection(picks, len(members), dropped, None if picks else "no sample passes")

    def _refusal(self, judged: Judged, member: JudgedResponse, texts: set[str]) -> str | None:
        """Why a response is dropped (the first reason)."""
        if member.value < self.at_least:
            return "reward too low"
        if member.fault == "response":
            return "at fault"
        if member.response.finish_reason == "length":
            return "cut by its length limit"
        if member.text in texts:
            return "same text"
        return self._flaw(judged, member.text)

    def _flaw(self, judged: Judged, text: str) -> str | None:
        """What is wrong with the reasoning."""
        thought = split(text)
        reasoning = text if thought.status == "none" else thought.think
        if self.max_other_script is not None:
            share = _other_share(judged, text)
            if math.isnan(share):
                return "language unknown"
            if share > self.max_other_script:
                return "mixed language"
        limit = self.max_paragraph_chars
        if limit is not None and _longest_paragraph(reasoning) > limit:
            return "overlong paragraph"
        if self.no_code_in_think and any(fenced_blocks(thought.think)):
            return "code in the reasoning"
        return None


def _other_share(judged: Judged, text: str) -> float:
    """The share of words of the reasoning in another language than the prompt's; NaN if unknown."""
    language = judged.columns.get("language")
    try:
        return 1.0 - consistency(text, spoken(judged.prompt), language).value
    except ScoringError as error:
        return 0.0 if error.fault == "response" else math.nan  # no words: no foreign words
    except DataError:
        return math.nan


def _longest_paragraph(text: str) -> int:
    """Characters of the longest paragraph between blank lines.

    >>> _longest_paragraph("abc\\nde\\n \\nf")
    6
    """
    longest = size = 0
    for line in text.splitlines():
        size = size + len(line) + (size > 0) if line.strip() else 0
        longest = max(longest, size)
    return longest


# --- prompts for RL -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prompts(PromptsOptions):
    """Prompts that the model sometimes answers right: a pass rate strictly between 0 and 1.

    ``pass_rate = responses with a reward of pass_at or more / scored responses``, within
    [`min_rate`, `max_rate`]. All right or all wrong gives a group-relative advantage of 0 and so no
    gradient (DAPO, arXiv 2503.14476, section 3.2). Unscored responses do not count; with fewer than
    two scored ones there is no rate.

    Raises: ConfigError for rates outside [0, 1] or in the wrong order.

    >>> from plaudit.types import Response
    >>> values = (1.0, 0.0, 0.0, float("nan"))
    >>> members = tuple(JudgedResponse(Response(""), value) for value in values)
    >>> dict(Prompts().outcome(Judged((), members)).picks[0].figures)["num_scored"]
    3
    """

    seed: int = 0
    unit = "prompts"

    def __post_init__(self) -> None:
        _check_share("min_rate", self.min_rate)
        _check_share("max_rate", self.max_rate)
        _check_order("min_rate", self.min_rate, "max_rate", self.max_rate)

    def outcome(self, judged: Judged) -> Selection:
        """The prompt, or why it is dropped."""
        values = [member.value for member in judged.members if member.is_scored]
        if len(values) < 2:
            return Selection((), reason="fewer than two scored responses")
        rate = sum(value >= self.pass_at for value in values) / len(values)
        checks = (
            ("all right", rate == 1),
            ("all wrong", rate == 0),
            ("pass rate too low", rate < self.min_rate),
            ("pass rate too high", rate > self.max_rate),
        )
        if reason := next((reason for reason, is_so in checks if is_so), None):
            return Selection((), reason=reason)
        figures = {
            "pass_rate": rate,
            "num_scored": len(values),
            "num_unscored": len(judged.members) - len(values),
        }
        return Selection((Pick(judged, None, None, figures),), 1)


# --- all prompts ----------------------------------------------------------------------------------


@dataclass(slots=True)
class Funnel:
    """How many of each unit came in, how many were dropped for which reason, and how many are left.

    >>> funnel = Funnel()
    >>> funnel.take("pairs", 3)
    >>> funnel.drop("pairs", "tie")
    >>> funnel.left("pairs")
    2
    """

    incoming: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, Counter[str]] = field(default_factory=dict)
    if not TYPE_CHECKING:
        __getattr__ = old_attributes(taken="incoming")

    def take(self, unit: str, count: int = 1) -> None:
        """Counts incoming units."""
        self.incoming[unit] = self.incoming.get(unit, 0) + count

    def drop(self, unit: str, reason: str, count: int = 1) -> None:
        """Counts dropped units."""
        self.dropped.setdefault(unit, Counter())[reason] += count

    def left(self, unit: str) -> int:
        """The incoming units that were not dropped."""
        return self.incoming.get(unit, 0) - self.dropped.get(unit, Counter()).total()

    def report(self) -> dict[str, object]:
        """The counts as JSON values, unit by unit."""
        return {
            unit: {
                "in": count,
                "dropped": dict(self.dropped.get(unit, Counter()).most_common()),
                "left": self.left(unit),
            }
            for unit, count in self.incoming.items()
        }


@old_arguments(seen="earlier", known="evaluation")
def select(
    groups: Iterable[Judged],
    rule: SelectionRule,
    *,
    funnel: Funnel,
    earlier: Seen | None = None,
    evaluation: EvalPrompts | None = None,
) -> Iterator[Pick]:
    """The picks of a rule, prompt by prompt; everything is counted in `funnel`.

    A prompt that overlaps one in `evaluation` is dropped before the rule looks at it; one that
    repeats a prompt in `earlier`, after: only prompts with picks are remembered, so a duplicate is
    used if the first gave nothing.
    """
    for one in groups:
        funnel.take("responses", len(one.members))
        funnel.take("prompts")
        if unscored := sum(not member.is_scored for member in one.members):
            funnel.drop("responses", "no score", unscored)
        prompt = spoken(one.prompt)
        if evaluation is not None and evaluation.match(prompt) is not None:
            funnel.drop("prompts", "overlaps an evaluation prompt")
            continue
        outcome = rule.outcome(one)
        reason = outcome.reason
        if reason is None and (how := _repeated(prompt, earlier)) is not None:
            outcome, reason = Selection(()), how
        _count(funnel, rule.unit, outcome, reason)
        yield from outcome.picks


def _repeated(prompt: str, earlier: Seen | None) -> str | None:
    """How a prompt repeats an earlier one; rows without a prompt are never repeats."""
    how = earlier.add(prompt) if earlier is not None and prompt else None
    return {"exact": "duplicate", "near": "near duplicate"}[how] if how else None


def _count(funnel: Funnel, unit: str, outcome: Selection, reason: str | None) -> None:
    if reason is not None:
        funnel.drop("prompts", reason)
    if unit == "prompts":
        return
    funnel.take(unit, outcome.considered)
    for why, count in outcome.dropped.items():
        funnel.drop(unit, why, count)


def _shuffled(judged: Judged, members: Sequence[JudgedResponse], seed: int) -> list[JudgedResponse]:
    """The members in a seeded order that depends on their texts, not on their places."""
    prompt = spoken(judged.prompt)
    return sorted(members, key=lambda member: seeded_hash(seed, prompt, member.text))


def _check_order(low_name: str, low: float, high_name: str, high: float) -> None:
    if not low <= high:
        raise ConfigError(f"{low_name}={low:g} is above {high_name}={high:g}")


def _check_at_least(name: str, value: float, least: float) -> None:
    if not value >= least:
        raise ConfigError(f"{name}={value:g} must be at least {least:g}")


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ConfigError(f"{name}={value:g} must be from 0 to 1")
