"""The string graders of verl (volcengine/verl, verl/utils/reward_score), exploits included.

Names are those of its files. The hardened rules are in `rules.math` and `rules.exact`. gsm8k and
math_dapo read at most the last 300 characters.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from plaudit.answers import hendrycks
from plaudit.answers.math_verify import judged
from plaudit.errors import ConfigError, ScoringError, clipped
from plaudit.types import Range, Score

__all__ = [
    "geo3k_format",
    "gsm8k",
    "math_dapo",
    "math_reward",
    "math_verify",
    "search_r1_em",
    "search_r1_subem",
]

_TAIL = 300
_STRICT = re.compile(r"#### (-?[0-9.,]+)")
_FLEXIBLE = re.compile(r"-?[0-9.,]+")
_ANSWER = re.compile(r"Answer\s*:\s*([^\n]+)", re.IGNORECASE)
_INVALID = "[INVALID]"
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLE = re.compile(r"\b(a|an|the)\b")


def gsm8k(
    response: str,
    reference: str,
    *,
    method: Literal["strict", "flexible"] = "strict",
    format_score: float = 0.0,
    score: float = 1.0,
) -> Annotated[float | Score, Range(0, "score")]:
    """`score` if the extracted number equals the reference as text, else `format_score`; 0 if none.

    In the last 300 characters: "strict" takes the number after the last ``#### ``, without its
    commas; "flexible" the last run of digits, commas and full stops. ``#### 18.``, ``#### 18.00``
    and ``#### $18`` are all wrong for 18, and a reference must have no commas.

    >>> gsm8k("9 * 2\\n#### 18", "18"), gsm8k("#### 18.", "18").note
    (1.0, "found '18.'")
    """
    if method not in ("strict", "flexible"):
        raise ConfigError(f"method={method!r} must be 'strict' or 'flexible'")
    reference, tail = _text(reference), response[-_TAIL:]
    number = _after_hashes(tail) if method == "strict" else _last_run(tail)
    if number is None:
        return Score(0.0, note="no number found")
    return score if number == reference else Score(format_score, note=f"found {number!r}")


def math_reward(response: str, reference: str) -> Annotated[float | Score, Range(0, 1)]:
    r"""1 if the last box equals the reference in Hendrycks' normal form of strings, else 0.

    ``\boxed `` with a space takes precedence wherever it is, up to the next dollar sign; a last
    box that is not closed and ``\fbox{..}`` score 0. 0.50 is not 1/2, x+1 not 1+x.

    >>> math_reward(r"so \boxed{\dfrac12}", "1/2"), math_reward(r"\boxed{1+x}", "x+1").note
    (1.0, "found '1+x'")
    """
    reference, box = _text(reference), _boxed(response)
    if box is None:
        return Score(0.0, note="no box that it reads")
    return 1.0 if hendrycks.is_equal(box, reference) else Score(0.0, note=f"found {box!r}")


def math_dapo(
    response: str, reference: str, *, strict_box_verify: bool = False
) -> Annotated[Score, Range(-1, 1)]:
    r"""1 if the answer equals the reference, else -1; `parts` contain acc (1 or 0).

    In the last 300 characters: what follows the last ``Answer:`` in its line, in Minerva's normal
    form (arXiv 2206.14858, appendix D.1), against the reference in that form; or with
    `strict_box_verify` the last ``\boxed{..}`` of the last 100 characters, compared as text. The
    normal form deletes words such as "sue" anywhere, so "issue" equals "is"; the reference
    "[INVALID]" equals a missing answer.

    >>> math_dapo("Answer: $18$", "18").value, math_dapo("Answer: issue", "is").value
    (1.0, 1.0)
    """
    reference = _text(reference)
    if strict_box_verify:
        answer = _box_of(response[-_TAIL:][-100:])
        correct = answer == reference
    else:
        answer = _minerva_answer(response[-_TAIL:])
        correct = answer == _minerva_normal(reference)
    note = "no box" if answer is None else f"found {answer!r}"
    return Score(1.0 if correct else -1.0, {"acc": float(correct)}, note=note)


def math_verify(response: str, reference: str) -> Annotated[float | Score, Range(0, 1)]:
    r"""1 if math-verify takes any answer of the response for the boxed reference, else 0.

    Numbers and LaTeX anywhere in the response count, so several answers have several chances. A
    reference that cannot be read scores 0, as if every response were wrong. (In a worker thread
    verl's own gives 0 to every response, this does not.) Hardened: `rules.math.equal`.

    Raises: ScoreTimeout.

    >>> math_verify("it is 0.5", r"\frac{1}{2}")
    1.0
    """
    verdict = judged("verl", response, f"\\boxed{{{_text(reference)}}}")
    if verdict is None:
        return Score(0.0, note="the reference cannot be read, which the original scores 0")
    return float(verdict)


def geo3k_format(response: str) -> Annotated[float, Range(0, 1)]:
    r"""1 if the response matches ``<think>.*</think>.*\boxed{.*}.*`` as a whole, else 0.

    The format term of geo3k (a tenth of its score). Empty blocks and boxes pass, text may stand
    anywhere but before the first tag; the original's pattern takes cubic time.

    >>> geo3k_format(r"<think></think>\boxed{}")
    1.0
    """
    start = len("<think>")
    if not response.startswith("<think>"):
        return 0.0
    for mark in ("</think>", "\\boxed{", "}"):
        place = response.find(mark, start)
        if place < 0:
            return 0.0
        start = place + len(mark)
    return 1.0


def search_r1_em(
    response: str, reference: object, *, format_score: float = 0.0, score: float = 1.0
) -> Annotated[float | Score, Range(0, "score")]:
    """`score` if the last answer block equals a reference, else `format_score`; 0 without block.

    SQuAD's normal form: lower case, no ASCII punctuation, no articles, single spaces. The reference
    is a text, a list of texts or a mapping with `target`. More than ten opening or closing answer
    tags cost three quarters. In the original search_r1_like_qa_em.py.

    >>> search_r1_em("<answer>The Eiffel Tower!</answer>", ["eiffel tower"])
    1.0
    """
    block = _last_answer(response)
    if block is None:
        return Score(0.0, note="no answer block")
    if _squad(block) not in [_squad(target) for target in _targets(reference)]:
        return Score(format_score, note=f"found {block!r}")
    is_spam = max(response.count("<answer>"), response.count("</answer>")) > 10
    return Score(score / 4, note="more than ten answer tags") if is_spam else score


def search_r1_subem(
    response: str, reference: object, *, format_score: float = 0.0, score: float = 1.0
) -> Annotated[float | Score, Range(0, "score")]:
    """`score` if the last answer block contains a reference, else `format_score`; 0 without block.

    As `search_r1_em`, but the normal form of a reference may be anywhere in that of the answer
    (within a word, too), and tags are not counted: listing many answers wins.

    >>> search_r1_subem("<answer>Paris, Rome, Oslo</answer>", "Rome")
    1.0
    """
    block = _last_answer(response)
    if block is None:
        return Score(0.0, note="no answer block")
    answer = _squad(block)
    if any(_squad(target) in answer for target in _targets(reference)):
        return score
    return Score(format_score, note=f"found {block!r}")


def _text(reference: object) -> str:
    """The reference, which these graders compare as text: the number 18 never equals "18"."""
    if isinstance(reference, str):
        return reference
    raise ScoringError(f"the reference must be text, found {clipped(reference)}", fault="input")


# --- extraction -----------------------------------------------------------------------------------


def _after_hashes(tail: str) -> str | None:
    numbers = _STRICT.findall(tail)
    return numbers[-1].replace(",", "") if numbers else None


def _last_run(tail: str) -> str | None:
    """The last run that is not a lone full stop; if all are, the first."""
    runs = _FLEXIBLE.findall(tail)
    return next((run for run in reversed(runs) if run != "."), runs[0] if runs else None)


def _boxed(text: str) -> str | None:
    _, command, tail = text.rpartition("\\boxed ")
    if command:
        return tail.partition("$")[0]
    box = hendrycks.last_boxed_verbatim(text)
    return box[len("\\boxed{") : -1] if box is not None and box.startswith("\\boxed{") else None


def _box_of(text: str) -> str | None:
    start = text.rfind("\\boxed{")
    end = -1 if start < 0 else hendrycks.closing_brace(text, start)
    return text[start + len("\\boxed{") : end] if end >= 0 else None


def _last_answer(text: str) -> str | None:
    """The last answer block, where a block ends at the first closing tag after its opening one."""
    opening, closing, last, at = "<answer>", "</answer>", None, 0
    while (start := text.find(opening, at)) >= 0:
        end = text.find(closing, start)
        if end < 0:
            break
        last, at = text[start + len(opening) : end], end + len(closing)
    return last if last is None else last.strip()


def _targets(reference: object) -> list[str]:
    column = reference.get("target") if isinstance(reference, Mapping) else reference
    targets = [column] if isinstance(column, str) else column
    if not isinstance(targets, Iterable) or not all(isinstance(t, str) for t in targets):
        raise ScoringError(
            f"the reference must be text, a list of texts or hold them as target, found"
            f" {clipped(reference)}",
            fault="input",
        )
    return list(targets)


# --- normal forms ---------------------------------------------------------------------------------


def _squad(text: str) -> str:
    return " ".join(_ARTICLE.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def _minerva_answer(tail: str) -> str:
    answers = _ANSWER.findall(tail)
    return _minerva_normal(answers[-1] if answers else _INVALID)


def _minerva_normal(text: str) -> str:
    """Minerva's normal form of a final answer, its steps in the published order."""
    text = text.split("=")[-1]
    for old, new in _REPLACED:
        text = text.replace(old, new)
    for word in _DELETED:
        text = text.replace(word, "")
    for pattern, replacement in _REWRITTEN:
        text = pattern.sub(replacement, text)
    text = text.replace("$", "")
    digits = text.replace(",", "")
    return digits if digits.isdigit() else text.strip()


_REPLACED = (
    *(("an ", ""), ("a ", ""), (".$", "$"), ("\\$", ""), ("\\ ", ""), (" ", "")),
    *(("mbox", "text"), (",\\text{and}", ","), ("\\text{and}", ","), ("\\text{m}", "\\text{}")),
)
_DELETED = (
    *("square", "ways", "integers", "dollars", "mph", "inches", "hours", "km", "units"),
    *("\\ldots", "sue", "points", "feet", "minutes", "digits", "cents", "degrees", "cm", "gm"),
    *("pounds", "meters", "meals", "edges", "students", "childrentickets", "multiples"),
    *("\\text{s}", "\\text{.}", "\\text{\ns}", "\\text{}^2", "\\text{}^3", "\\text{\n}"),
    *("\\text{}", "\\mathrm{th}", "^\\circ", "^{\\circ}", "\\;", ",\\!", "{,}", '"', "\\dots"),
)
_REWRITTEN = (
    (re.compile(r"(.*?)(\$)(.*?)(\$)(.*)"), r"$\3$"),
    (re.compile(r"(\\text\{)(.*?)(\})"), r"\2"),
    (re.compile(r"(\\textbf\{)(.*?)(\})"), r"\2"),
    (re.compile(r"(\\overline\{)(.*?)(\})"), r"\2"),
    (re.compile(r"(\\boxed\{)(.*)(\})"), r"\2"),
    (re.compile(r"(frac)([^{])(.)"), r"frac{\2}{\3}"),
    (re.compile(r"(sqrt)([^{])"), r"sqrt{\2}"),
)
