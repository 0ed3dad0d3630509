"""What a judge's verdict may be: a label, a number, a list of numbers, JSON, yes or no."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from plaudit.errors import ConfigError, VerdictError, clipped

__all__ = [
    "GAP",
    "MARK",
    "MARKER",
    "JsonScore",
    "Labels",
    "ReplyText",
    "Scale",
    "Scores",
    "Spec",
    "VerdictValue",
    "YesNo",
    "verdict_error",
]
MARK = "\u2060"  # word joiner: invisible, and a marker with it inside is not a marker
Reason = Literal["truncated", "refused", "absent", "ambiguous", "outside"]
# Spaces are bounded: a hundred thousand in a row must not take quadratic time.
GAP = r"\s{0,6}"
MARKER = rf"\[{GAP}\[{GAP}([^\[\]\s](?:[^\[\]\n]{{0,11}}?[^\[\]\s])?){GAP}\]{GAP}\]"


@functools.lru_cache(maxsize=64)
def _has_group(pattern: str) -> bool:
    try:
        return re.compile(pattern).groups == 1
    except re.error:
        return False


@dataclass(frozen=True)
class Labels:
    """One of a few labels in a marker: ``[[A]]``, or a match of `marker` (one group).

    Labels compare without case and spaces. `anchors` are words after which a bare label counts at
    the end of a line ("Final verdict: A"). With a `key` the label is the value under it in the only
    JSON object. `values` are P(first is better) of each label; `worth` knows those of 2, 3 and 5.
    `tie` is the label for a tie ("" for none); by default the one worth 0.5.
    """

    allowed: tuple[str, ...] = ("A", "B")
    marker: str = MARKER
    anchors: tuple[str, ...] = ("verdict", "winner", "结论", "最终判断")
    values: tuple[float, ...] = ()
    key: str = ""
    tie: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not _has_group(self.marker):
            raise ConfigError(
                f"labels: marker={self.marker!r} must be a regular expression with one group,"
                r" the label: \[\[(\w+)\]\]"
            )
        if self.values and len(self.values) != len(self.allowed):
            raise ConfigError(
                f"labels: {len(self.values)} values for {len(self.allowed)} labels;"
                f" give one for each of {', '.join(self.allowed)}"
            )

    def worth(self, label: str) -> float:
        """P(first is better) in [0, 1] of a label.

        Where no `values` are given: 1, 0 (a tie as third: 0.5), or for five labels from "first is
        much better" to "second is much better" 1, 0.75, 0.5, 0.25, 0.

        Raises: ConfigError for a label that is not allowed, or where neither rule applies.

        >>> Labels(("A", "B", "C")).worth("C"), Labels(("A>>B", "A>B", "=", "<", "<<")).worth("A>B")
        (0.5, 0.75)
        """
        values = self.values or _WORTHS.get(len(self.allowed))
        if values is None or label not in self.allowed:
            raise ConfigError(
                f"labels {', '.join(self.allowed)}: the worth of {label!r} is not defined;"
                " give values, one number from 0 to 1 for each label"
            )
        return values[self.allowed.index(label)]

    @functools.cached_property
    def tie_label(self) -> str:
        """The label of a tie, or ""."""
        values = self.values or _WORTHS.get(len(self.allowed), ())
        pairs = zip(self.allowed, values, strict=False)  # no values: no tie
        ties = [label for label, worth in pairs if worth == 0.5]
        return (ties[0] if len(ties) == 1 else "") if self.tie is None else self.tie

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """The labels that name a response; none where labels say how much better one is."""
        names = tuple(label for label in self.allowed if label != self.tie_label)
        return names if all(map(str.isalnum, names)) else ()


@dataclass(frozen=True)
class Scale:
    """A number from `low` to `high` after one of the `anchors`."""

    low: float = 1
    high: float = 5
    anchors: tuple[str, ...] = ("总体打分", "总体评分")
    is_integer: bool = True


@dataclass(frozen=True)
class Scores:
    """A list of numbers from `low` to `high`, one per response: after one of the `anchors`
    ("Scores: [7, 3]"), or in the last ``\\boxed{7, 3}``."""

    low: float = 1
    high: float = 10
    anchors: tuple[str, ...] = ("scores", "score", "得分", "评分")
    is_integer: bool = True


@dataclass(frozen=True)
class JsonScore:
    """A number from `low` to `high` under `key` (without case) of the only JSON object."""

    key: str = "score"
    low: float = 0
    high: float = 1


@dataclass(frozen=True)
class YesNo:
    """ "yes" or "no" after one of the `anchors`, or as the whole reply."""

    anchors: tuple[str, ...] = (
        "(yes/no)?", "(是/否)?", "verdict", "verification", "是否正确",
    )  # fmt: skip


Spec = Labels | Scale | Scores | JsonScore | YesNo


def ends_of(spec: Spec) -> tuple[float, float] | None:
    """The ends of the scale on which a verdict is a number; None where it is none.

    >>> ends_of(Scale(1, 10)), ends_of(YesNo())
    ((1.0, 10.0), None)
    """
    has_ends = isinstance(spec, Scale | Scores | JsonScore)
    return (float(spec.low), float(spec.high)) if has_ends else None


VerdictValue = str | float | tuple[float, ...]
_WORTHS = {2: (1.0, 0.0), 3: (1.0, 0.0, 0.5), 5: (1.0, 0.75, 0.5, 0.25, 0.0)}


class ReplyText(NamedTuple):
    """A reply after its thinking: in plain characters, as written, and whether it is truncated.
    `num_responses` is how many were judged, where known."""

    text: str
    raw: str
    is_cut: bool
    num_responses: int | None


def verdict_error(reason: Reason, message: str, text: str | None = "") -> VerdictError:
    """The error that says why a reply has no verdict, with its end."""
    reply = f": {clipped(text[-200:], limit=120)}" if text else ""
    return VerdictError(f"{reason}: {message}{reply}")
