"""The rewards of ms-swift (modelscope/ms-swift, swift/rewards/orm.py), exploits included.

Names are those of its `orms` table; its `math` needs sympy's own LaTeX parser and is not included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Annotated

from plaudit.answers.math_verify import judged
from plaudit.errors import ConfigError
from plaudit.rule import lift
from plaudit.rules.compat.open_r1 import _share_different
from plaudit.rules.length import _cosine, _MeasuredResponse, _Shaped
from plaudit.types import Range, Reward, Score

__all__ = [
    "accuracy",
    "cosine",
    "format",
    "react_format",
    "repetition",
    "soft_overlong",
    "toolbench",
]

_CONSTANT = {"use": "rules.baseline.constant", "value": 1.0}
EXAMPLES = {
    "cosine": {"params": {"accuracy": _CONSTANT, "cosine_max_len": 200}},
    "soft_overlong": {"params": {"soft_max_length": 200, "soft_cache_length": 50}},
}

_OPENING = "<think>"
_BEFORE_ANSWER = re.compile(r"</think>\s*<answer>")
_BEFORE_ACTION = re.compile(r"</think>\s*Action:")
_NO_JSON = object()


def accuracy(response: str, reference: str) -> Annotated[float | Score, Range(0, 1)]:
    r"""1 if math-verify takes the response's answer for the reference, else 0.

    The first ``<answer>..</answer>`` is read as LaTeX or plain expression; without one the whole
    response as LaTeX, its last box first. In the reference, too, the first answer block counts. A
    reference that cannot be read scores 0, as if every response were wrong. Hardened:
    `rules.math.equal`.

    Raises: ScoreTimeout.

    >>> accuracy("<answer>0.5</answer>", "1/2"), accuracy("so 0.5", "1/2")
    (1.0, 0.0)
    >>> accuracy("<answer>Monday</answer>", "Monday").note
    'the reference cannot be read, which the original scores 0'
    """
    answer = _first_answer(response)
    gold = _first_answer(reference) if isinstance(reference, str) else None
    style = "ms_swift" if answer is None else "ms_swift_tag"
    verdict = judged(
        style, response if answer is None else answer, reference if gold is None else gold
    )
    if verdict is None:
        return Score(0.0, note="the reference cannot be read, which the original scores 0")
    return float(verdict)


def cosine(
    accuracy: Reward | None = None,
    *,
    cosine_max_len: int,
    cosine_min_len_value_wrong: float = -0.5,
    cosine_max_len_value_wrong: float = 0.0,
    cosine_min_len_value_correct: float = 1.0,
    cosine_max_len_value_correct: float = 0.5,
) -> Reward:
    """A short correct response earns more than a long one, a short wrong one less; in tokens.

    ``v + (w - v) (1 + cos(pi L / cosine_max_len)) / 2`` from w at length 0 (the min_len values) to
    v at `cosine_max_len` (the max_len values). It is not clamped: at twice the limit a correct
    response earns the maximum again. `accuracy` is by default ms-swift's. Hardened:
    `rules.length.cosine`.

    >>> from plaudit import Group, Response, load
    >>> params = {"accuracy": load("rules.baseline.constant", value=1.0), "cosine_max_len": 100}
    >>> group = Group("?", [Response("", token_ids=(1,) * n) for n in (100, 200)])
    >>> [s.value for s in load("rules.compat.ms_swift.cosine", **params).score([group])[0]]
    [0.5, 1.0]
    """
    params = {
        "cosine_max_len": cosine_max_len,
        "cosine_min_len_value_wrong": cosine_min_len_value_wrong,
        "cosine_max_len_value_wrong": cosine_max_len_value_wrong,
        "cosine_min_len_value_correct": cosine_min_len_value_correct,
        "cosine_max_len_value_correct": cosine_max_len_value_correct,
    }
    own = lift(_ACCURACY, path="rules.compat.ms_swift.accuracy")
    return _Shaped(cosine, own if accuracy is None else accuracy, _by_cosine, params)


_ACCURACY = accuracy


def format(response: str) -> Annotated[float, Range(0, 1)]:
    r"""1 if the response matches ``^<think>.*?</think>\s*<answer>.*?</answer>`` to its end, else 0.

    Any characters: several think or answer blocks and empty ones pass, a line break at the end does
    not. Hardened: `rules.format.think_answer`.

    >>> format("<think></think><answer></answer><answer></answer>")
    1.0
    """
    if not response.startswith(_OPENING):
        return 0.0
    opening = _BEFORE_ANSWER.search(response, len(_OPENING))
    return float(opening is not None and response.endswith("</answer>", opening.end()))


def react_format(response: str) -> Annotated[float, Range(0, 1)]:
    r"""1 if the response starts with ``<think>.*?</think>\s*Action:.*?Action Input:``, else 0.

    The pattern's ``.*?$`` requires nothing: neither the action nor its input must be present.

    >>> react_format("<think></think>Action:Action Input:")
    1.0
    """
    if not response.startswith(_OPENING):
        return 0.0
    opening = _BEFORE_ACTION.search(response, len(_OPENING))
    return float(opening is not None and response.find("Action Input:", opening.end()) >= 0)


def repetition(
    response: str, *, repetition_n_grams: int = 3, repetition_max_penalty: float = -1.0
) -> Annotated[float, Range("repetition_max_penalty", 0)]:
    """From `repetition_max_penalty` (one n-gram repeated) to 0 (no n-gram twice, or too few words).

    ``(1 - different / all n-grams) * penalty`` over lower-case words between white space, which
    Chinese text hardly has. Hardened: `rules.repetition.ngram`.

    >>> repetition("no no no no no", repetition_n_grams=2)
    -0.75
    """
    words = response.lower().split()
    return (1 - _share_different(words, repetition_n_grams)) * repetition_max_penalty


def soft_overlong(
    token_ids: Sequence[int], *, soft_max_length: int, soft_cache_length: int
) -> Annotated[float, Range(-float("inf"), 0)]:
    """0 up to the cache, then falling linearly without bound, past -1 at `soft_max_length`.

    ``min(-(L - (M - C)) / C, 0)`` in tokens: twice the limit with M = 100 and C = 20 costs 6.
    Hardened: `rules.length.soft_overlong`.

    >>> soft_overlong([1] * 200, soft_max_length=100, soft_cache_length=20)
    -6.0
    """
    if not 0 < soft_cache_length < soft_max_length:
        raise ConfigError(
            f"needs 0 < soft_cache_length < soft_max_length, found {soft_cache_length} and"
            f" {soft_max_length}"
        )
    exceed = len(token_ids) - (soft_max_length - soft_cache_length)
    return min(-exceed / soft_cache_length, 0.0)


def toolbench(response: str, reference: str) -> Annotated[float, Range(0, 1)]:
    """1 if the action and input equal the reference's, as JSON objects; else 0.

    The last ``Action:`` and the last ``Action Input:`` of each text count; a text without them has
    the action "none" and the input {}. Inputs that are not JSON score 0 even where they are equal:
    the original holds a ROUGE from 0 to 1 against thresholds of 10 and 20.

    >>> toolbench("Action: add Action Input: [1]", "Action: add Action Input: [1]")
    0.0
    """
    if response.endswith("Observation:"):
        response = response.partition("Observation:")[0]
    response = response.replace("<|endoftext|>", "").replace("<|im_end|>", "").strip()
    action, arguments = _action(response)
    gold_action, gold_arguments = _action(reference)
    arguments, gold_arguments = _json(arguments), _json(gold_arguments)
    is_object = isinstance(arguments, dict) and isinstance(gold_arguments, dict)
    return float(action == gold_action and is_object and arguments == gold_arguments)


def _first_answer(text: str) -> str | None:
    start = text.find("<answer>")
    end = -1 if start < 0 else text.find("</answer>", start)
    return text[start + len("<answer>") : end].strip() if end >= 0 else None


def _by_cosine(
    outcomes: Sequence[_MeasuredResponse],
    *,
    cosine_max_len: int,
    cosine_min_len_value_wrong: float,
    cosine_max_len_value_wrong: float,
    cosine_min_len_value_correct: float,
    cosine_max_len_value_correct: float,
) -> list[float | Score]:
    correct = cosine_min_len_value_correct, cosine_max_len_value_correct
    wrong = cosine_min_len_value_wrong, cosine_max_len_value_wrong
    return [_cosine(o.length, cosine_max_len, *(correct if o.correct else wrong)) for o in outcomes]


def _action(text: str) -> tuple[str, str]:
    """The last action and the last input."""
    _, label, arguments = text.rpartition("Action Input:")
    arguments = arguments.strip() if label else "{}"
    _, label, action = text.rpartition("Action:")
    return (action.partition("Action Input:")[0].strip() if label else "none"), arguments


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NO_JSON
