"""Reference-based judges: does the response agree with the ground truth?"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from plaudit.judges._judge import Read, judge_of
from plaudit.judges._slots import column_text
from plaudit.judges.verifier import YesNoSetup, yes_of
from plaudit.judges.voting import Vote
from plaudit.options import takes
from plaudit.types import Group, Reward

__all__ = ["correct", "is_master_key"]

# One line that opens an answer without giving one; judges with a reference accept it as correct
# (Zhao et al. 2025, arXiv 2507.08794).
_OPENERS = frozenset((
    "solution", "the solution is", "answer", "final answer", "the answer is", "thought process",
    "let's solve this problem step by step", "let's think step by step",
    "let me solve this step by step", "respuesta", "solución",
    "解", "解答", "答案", "答", "让我们一步一步地思考",
    "让我们逐步解决这个问题", "かいせつ", "解説",
))  # fmt: skip

# Letters, digits, and the symbols of mathematics, money and pictures: all but punctuation.
_SAYING = frozenset(("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Sm", "Sc", "So"))


@dataclass(frozen=True, kw_only=True)
class CorrectSetup(YesNoSetup):
    template: Any = "reference_correct"
    read: Read = "text"
    votes: int = 1
    vote_by: Vote = "mean"
    guard: bool = True


@takes(CorrectSetup, "options")
def correct(**params: object) -> Reward:
    """1 where the judge finds that the response agrees with the reference, else 0.

    The column `reference` (or an alias of it) holds the ground truth, as in the data of DeepSeek-R1
    (arXiv 2501.12948, sec. 2.3.3). Over `votes` the share of yes; by `read` "logprobs" P(Yes).
    `guard` gives an answer without content (punctuation, or an opener such as "Solution:" alone)
    the low end without a call: such "master keys" pass many judges (arXiv 2507.08794).

    `options` say who answers and how: `judges.Backend`.

    Raises: ConfigError; scoring raises DataError where the reference is missing.
    """
    setup = CorrectSetup.of(params)
    judge = judge_of(setup, kind="reference", samples=setup.votes)
    is_empty = _says_nothing if setup.guard else None
    return setup.reward("judges.reference.correct", judge, yes_of, is_empty=is_empty)


def _says_nothing(answer: str, group: Group) -> bool:
    """Whether an answer says nothing; never where the reference itself looks empty, as "%" does."""
    return is_master_key(answer) and not is_master_key(column_text(group, "reference"))


def is_master_key(text: str) -> bool:
    """Whether an answer says nothing: no letter, digit or symbol (like ∞), or only an opener.

    >>> is_master_key(" : "), is_master_key("**Solution:**"), is_master_key("Solution: 4")
    (True, True, False)
    """
    normal = unicodedata.normalize("NFKC", text).replace("’", "'")
    letters = "".join(c if unicodedata.category(c) in _SAYING or c == "'" else " " for c in normal)
    words = " ".join(letters.split()).strip("' ").casefold()
    return not words or words in _OPENERS
