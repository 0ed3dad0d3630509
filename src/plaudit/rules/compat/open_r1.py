"""The rewards of open-r1 (huggingface/open-r1, src/open_r1/rewards.py), exploits included.

Names are those of its registry. The hardened rules are in `rules.format`, `rules.length`, ...
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from plaudit.answers.math_verify import certain
from plaudit.errors import ConfigError
from plaudit.rule import lift
from plaudit.rules.compat.kimi import _by_length
from plaudit.rules.length import _cosine, _MeasuredResponse, _Shaped, _soft_overlong
from plaudit.types import Group, Range, Reward, Score

__all__ = [
    "accuracy",
    "code_format",
    "cosine",
    "format",
    "latex_accuracy",
    "length",
    "reasoning_steps",
    "repetition_penalty",
    "soft_overlong_punishment",
    "tag_count",
]

_CONSTANT = {"use": "rules.baseline.constant", "value": 1.0}
EXAMPLES = {name: {"params": {"accuracy": _CONSTANT}} for name in ("cosine", "length")}

_OPENING = "<think>\n"
_MIDDLE = "\n</think>\n<answer>\n"
_CLOSING = "\n</answer>"
_TAGS = ("<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>")
_STEP = re.compile(r"Step \d+:")
_NUMBERED = re.compile(r"\d+\.")
_TRANSITIONS = ("\n-", "\n*", "First,", "Second,", "Next,", "Finally,")


def accuracy(response: str, reference: str) -> Annotated[float, Range(0, 1)]:
    r"""1 if math-verify takes the response's LaTeX for the reference, else 0.

    The last box takes precedence over other LaTeX, boxes close together are read as one set, and an
    answer without LaTeX does not count. math-verify's rounding accepts 1/2004! for 1/2006!.
    Hardened: `rules.math.equal`.

    Raises: ScoringError (input) if open-r1 skips a row because it cannot read the reference,
    ScoreTimeout.

    >>> accuracy(r"so \boxed{\frac{1}{2}}", "0.5"), accuracy("so 0.5", "0.5")
    (1.0, 0.0)
    """
    return certain("open_r1", response, reference)


def format(response: str) -> Annotated[float, Range(0, 1)]:
    r"""1 if the response matches think and answer blocks with their tags on separate lines.

    The pattern ``^<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>$`` over any characters, with $
    at any line's end: text on the lines after ``</answer>``, a second answer block and nested
    think tags pass; a space after the last tag does not. Hardened: `rules.format.think_answer`.

    >>> format("<think>\n2 + 2\n</think>\n<answer>\n4\n</answer>\nand more")
    1.0
    """
    start = _after_think(response)
    return float(start >= 0 and _is_closed(response, start))


def code_format(
    response: str, language: str | None = None, *, default_language: str = "python"
) -> Annotated[float, Range(0, 1)]:
    r"""1 if `format` holds and the answer has a fence of the language, opened and closed.

    ``^<think>\n.*?\n</think>\n<answer>\n.*?```LANGUAGE.*?```.*?\n</answer>$``; the row's `language`
    overrides `default_language`. An empty fence passes, and so does a longer language name. The
    original reads the language as a regular expression, this as plain text.

    >>> code_format("<think>\n\n</think>\n<answer>\n```python```\n</answer>")
    1.0
    """
    fence = f"```{default_language if language is None else language}"
    start = _after_think(response)
    for mark in (fence, "```"):
        if start >= 0 and (place := response.find(mark, start)) >= 0:
            start = place + len(mark)
        else:
            return 0.0
    return float(_is_closed(response, start))


def tag_count(response: str) -> Annotated[float, Range(0, 1)]:
    r"""A quarter for each of four tags, with their line breaks, that occurs exactly once.

    ``<think>\n``, ``\n</think>\n``, ``\n<answer>\n`` and ``\n</answer>``, in any order: all four
    reversed earn 1. Hardened: `rules.format.tag_count`.

    >>> tag_count("\n</answer>\n<answer>\n\n</think>\n<think>\n")
    1.0
    """
    return 0.25 * sum(response.count(tag) == 1 for tag in _TAGS)


def reasoning_steps(response: str) -> Annotated[float, Range(0, 1)]:
    r"""A third for each sign of stepwise reasoning, at most 1.

    Signs: ``Step N:``, a number and a full stop at the very start, a line that begins with - or *,
    ``First,``, ``Second,``, ``Next,`` and ``Finally,``. A numbered list counts as one sign, three
    empty bullets earn 1.

    >>> reasoning_steps("\n-\n-\n-"), reasoning_steps("1. a\n2. b\n3. c") == 1 / 3
    (1.0, True)
    """
    count = int(_NUMBERED.match(response) is not None)
    for mark in _TRANSITIONS:
        count += response.count(mark)
    if count < 3:
        count += len(_STEP.findall(response))
    return min(1.0, count / 3)


def repetition_penalty(
    response: str,
    *,
    ngram_size: int = 3,
    max_penalty: float = -1.0,
    language: Literal["en", "zh"] = "en",
) -> Annotated[float, Range("max_penalty", 0)]:
    """From `max_penalty` (one n-gram repeated) to 0 (no n-gram twice, or too few words).

    ``(1 - different / all n-grams) * max_penalty`` over lower-case words between white space, or
    over jieba's words where ``language="zh"`` (as "en" a Chinese text is a few long words, and
    hardly ever repeats one). Hardened: `rules.repetition.ngram`.

    >>> repetition_penalty("no no no no no", ngram_size=2)
    -0.75
    """
    from plaudit.text.ngrams import jieba_words

    if max_penalty > 0:
        raise ConfigError(f"max_penalty={max_penalty} must not be positive")
    if language not in ("en", "zh"):
        raise ConfigError(f"language={language!r} must be 'en' or 'zh'")
    words = jieba_words(response) if language == "zh" else response.lower().split()
    return (1 - _share_different(words, ngram_size)) * max_penalty


def soft_overlong_punishment(
    token_ids: Sequence[int], *, max_completion_len: int = 16384, soft_punish_cache: int = 4096
) -> Annotated[float, Range(-1, 0)]:
    """0 up to ``max_completion_len - soft_punish_cache`` tokens, then falling linearly to -1.

    DAPO, arXiv 2503.14476, equation 13; -1 beyond `max_completion_len`. A cache of 0 makes it a
    plain limit.

    >>> soft_overlong_punishment([1] * 90, max_completion_len=100, soft_punish_cache=20)
    -0.5
    """
    return _soft_overlong(len(token_ids), max_completion_len, soft_punish_cache)


def latex_accuracy(response: str, reference: str) -> Annotated[float, Range(0, 1)]:
    r"""`accuracy` as used by `cosine` and `length`: only LaTeX in the reference is read.

    So the raw reference 42 cannot be read, ``$42$`` can.

    Raises: as `accuracy`.

    >>> latex_accuracy(r"so \boxed{\frac{1}{2}}", "$0.5$")
    1.0
    """
    return certain("open_r1_shaped", response, reference)


def cosine(
    accuracy: Reward | None = None,
    *,
    min_value_wrong: float = -1.0,
    max_value_wrong: float = -0.5,
    min_value_correct: float = 0.5,
    max_value_correct: float = 1.0,
    max_len: int = 1000,
) -> Reward:
    """A short correct response earns more than a long one, a short wrong one less; in characters.

    ``v + (w - v) (1 + cos(pi L / max_len)) / 2``: correct from w = `max_value_correct` at length 0
    to v = `min_value_correct` at `max_len`, wrong from `min_value_wrong` to `max_value_wrong`. It
    is not clamped: at twice `max_len` a correct response earns the maximum again. `accuracy` is by
    default math-verify's with references in LaTeX alone; where it cannot read the reference every
    response earns 1 (the fault is kept). Hardened: `rules.length.cosine`.

    >>> from plaudit import Group, load
    >>> right = load("rules.baseline.constant", value=1.0)
    >>> group = Group("?", ["x" * 1000, "x" * 2000])
    >>> [s.value for s in load("rules.compat.open_r1.cosine", accuracy=right).score([group])[0]]
    [0.5, 1.0]
    """
    params = {
        "min_value_wrong": min_value_wrong,
        "max_value_wrong": max_value_wrong,
        "min_value_correct": min_value_correct,
        "max_value_correct": max_value_correct,
        "max_len": max_len,
    }
    return _Cosine(cosine, _or_own(accuracy), _by_cosine, params, "chars")


def length(accuracy: Reward | None = None) -> Reward:
    """From -0.5 (the longest of its group) to 0.5 (the shortest, if correct), in characters.

    ``l = 0.5 - (L - min) / (max - min)``; a correct response earns l, a wrong one ``min(0, l)``,
    and all 0 where the lengths are equal. The original takes minimum and maximum over the whole
    batch it is given; here that is the group. `accuracy` is by default math-verify's with
    references in LaTeX alone; where it cannot read the reference every response counts as correct
    (the fault is kept). Hardened: `rules.length.kimi`.

    >>> from plaudit import Group, load
    >>> right = load("rules.baseline.constant", value=1.0)
    >>> reward = load("rules.compat.open_r1.length", accuracy=right)
    >>> [score.value for score in reward.score([Group("?", ["x", "xx", "xxx"])])[0]]
    [0.5, 0.0, -0.5]
    """
    return _Length(length, _or_own(accuracy), _by_length, {}, "chars")


class _Cosine(_Shaped):
    """The original gives 1 to every response whose reference it cannot read."""

    def _score_group(self, group: Group, inner: Sequence[Score]) -> list[Score]:
        return [_as_correct(score) for score in super()._score_group(group, inner)]


class _Length(_Shaped):
    """The original counts a response as correct where it cannot read the reference."""

    relative = True  # type: ignore[assignment]

    def _score_group(self, group: Group, inner: Sequence[Score]) -> list[Score]:
        return super()._score_group(group, [_as_correct(score) for score in inner])


def _as_correct(score: Score) -> Score:
    return replace(score, value=1.0) if score.fault == "input" and not score.is_scored else score


def _or_own(accuracy: Reward | None) -> Reward:
    path = "rules.compat.open_r1.latex_accuracy"
    return lift(latex_accuracy, path=path) if accuracy is None else accuracy


def _by_cosine(
    outcomes: Sequence[_MeasuredResponse],
    *,
    min_value_wrong: float,
    max_value_wrong: float,
    min_value_correct: float,
    max_value_correct: float,
    max_len: int,
) -> list[float | Score]:
    correct, wrong = (max_value_correct, min_value_correct), (min_value_wrong, max_value_wrong)
    return [_cosine(o.length, max_len, *(correct if o.correct else wrong)) for o in outcomes]


def _after_think(text: str) -> int:
    """Where the answer's content begins if the tags before it match the pattern, else -1.

    The first place where the tags meet leaves the most room for the rest, so it decides.
    """
    if not text.startswith(_OPENING):
        return -1
    place = text.find(_MIDDLE, len(_OPENING))
    return place if place < 0 else place + len(_MIDDLE)


def _is_closed(text: str, start: int) -> bool:
    """Whether the answer's closing tag ends a line after `start`."""
    return text.endswith(_CLOSING, start) or text.find(_CLOSING + "\n", start) >= 0


def _share_different(words: Sequence[str], n: int) -> float:
    """Different n-grams over all n-grams; 1 if there is none."""
    if len(words) < n or not words:
        return 1.0
    from plaudit.text.ngrams import num_distinct, word_array

    different, total = num_distinct(word_array(words), n)
    return different / total
