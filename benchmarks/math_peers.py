"""What other libraries' math rewards give for one response: 1, 0, or no verdict.

TRL is run as installed. The others are written anew after their sources: those on math-verify call
it with the arguments that the source gives, in this process, as they do; string graders come from
`plaudit.rules.compat`. Every rule returns a `Verdict`; "silent" marks a 0 or a skip that is not a
judgement: no answer or no reference was read, or an exception was swallowed.
"""

from __future__ import annotations

import concurrent.futures
import functools
import logging
import math
import re
from typing import Any, NamedTuple

from plaudit.answers import hendrycks
from plaudit.rules.compat import verl

__all__ = ["Verdict", "open_r1", "openrlhf", "swift", "trl", "verl_math_verify"]

_ANSWER_LINE = re.compile(r"Answer:\s*(.+?)(?:\n|$)", re.IGNORECASE)
_ANSWER_TAG = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)
_UNITS = re.compile(
    r"(?:degree|cm|centimeter|meter|mile|second|minute|hour|day|week|month|year|foot|feet|inch|yard)"
    r"(?:es)?s? *(?:\^[0-9]+)?"
)


class Verdict(NamedTuple):
    """1 or 0, and whether it is a silent zero or skip instead of a judgement."""

    value: float
    is_silent: bool = False


SILENT = Verdict(0.0, True)


@functools.cache
def _quiet() -> None:
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)


def trl(response: str, reference: str) -> Verdict:
    """TRL's accuracy_reward itself; None and an unparseable answer are silent."""
    from trl.rewards import accuracy_reward

    _quiet()
    arguments: dict[str, list[str]] = {}
    values = accuracy_reward(
        [[{"content": response}]], [reference], log_extra=arguments.__setitem__
    )
    is_silent = values[0] is None or arguments["answer_parsed"] == ["[unparseable]"]
    return Verdict(values[0] or 0.0, is_silent)


def open_r1(response: str, reference: str) -> Verdict:
    """open-r1's accuracy_reward: the reference by the first match, the answer from strict LaTeX."""
    from math_verify import parse, verify

    _quiet()
    gold = parse(reference, extraction_mode="first_match")
    answer = parse(response, _strict_latex("all"), extraction_mode="first_match")
    return Verdict(float(verify(gold, answer))) if gold and answer else SILENT


def swift(response: str, reference: str) -> Verdict:
    """ms-swift's MathAccuracy: the first answer tag, or strict LaTeX of the whole text."""
    from math_verify import parse, verify

    _quiet()
    tag = _ANSWER_TAG.search(response)
    gold = parse(reference, extraction_mode="first_match")
    if tag:
        answer = parse(tag.group(1).strip(), extraction_mode="first_match")
    else:
        answer = parse(response, _strict_latex(True), extraction_mode="first_match")
    return Verdict(float(verify(gold, answer))) if gold and answer else SILENT


def verl_math_verify(response: str, reference: str) -> Verdict:
    """verl's math_verify: any number or formula of the response against the boxed reference."""
    from math_verify import ExprExtractionConfig, LatexExtractionConfig
    from math_verify.metric import math_metric

    _quiet()
    metric = math_metric(
        (LatexExtractionConfig(),), (ExprExtractionConfig(), LatexExtractionConfig())
    )
    try:
        value, texts = metric([f"\\boxed{{{reference}}}"], [response])
    except Exception:  # as there: whatever happens is a 0
        return SILENT
    return Verdict(value, not (texts and texts[1]))


_THREAD = concurrent.futures.ThreadPoolExecutor(1)


def verl_in_thread(response: str, reference: str) -> Verdict:
    """The same, called as verl's own reward loop calls it: from an executor thread."""
    return _THREAD.submit(verl_math_verify, response, reference).result()


def verl_math_reward(response: str, reference: str) -> Verdict:
    """verl's math_reward: the last box as a string in Hendrycks' normal form."""
    return _of_compat(verl.math_reward(response, reference), "no box")


def verl_math_dapo(response: str, reference: str) -> Verdict:
    """verl's math_dapo: the last "Answer:" line of the last 300 characters, as a string."""
    score = verl.math_dapo(response, reference)
    return Verdict(float(score.value > 0), "[INVALID]" in str(score.note))


def verl_gsm8k_strict(response: str, reference: str) -> Verdict:
    """verl's gsm8k: what stands behind ####, as a string."""
    return _of_compat(verl.gsm8k(response, reference, method="strict"), "no number")


def verl_gsm8k_flexible(response: str, reference: str) -> Verdict:
    """verl's gsm8k: the last run of digits, as a string."""
    return _of_compat(verl.gsm8k(response, reference, method="flexible"), "no number")


def openrlhf(response: str, reference: str) -> Verdict:
    """OpenRLHF's math_reward_func: "Answer:" or the last box; strings first, then sympy."""
    lines = _ANSWER_LINE.findall(response)
    box = None if lines else hendrycks.last_boxed_verbatim(response)
    if not lines and (box is None or not box.startswith("\\boxed{")):
        return SILENT
    answer = lines[-1].strip() if lines else box[len("\\boxed{") : -1]
    if hendrycks.is_equal(answer, reference):
        return Verdict(1.0)
    return Verdict(float(_is_equal_in_sympy(_normal(reference), _normal(answer))))


def _of_compat(score: Any, unread: str) -> Verdict:
    if isinstance(score, float):
        return Verdict(score)
    return Verdict(float(score.value), str(score.note).startswith(unread))


@functools.cache
def _strict_latex(boxed: str | bool) -> list[Any]:
    from latex2sympy2_extended import NormalizationConfig
    from math_verify import LatexExtractionConfig

    normal = NormalizationConfig(
        nits=False, malformed_operators=False, basic_latex=True, boxed=boxed, units=True
    )
    return [
        LatexExtractionConfig(
            normalization_config=normal, boxed_match_priority=0, try_extract_without_anchor=False
        )
    ]


def _normal(text: str) -> str:
    """OpenRLHF's second normal form; LaTeX goes by substitutions instead of pylatexenc."""
    text = text.replace("\\%", "").replace("\\$", "").replace("$", "").replace("%", "")
    text = _UNITS.sub("", text.replace(" or ", " , ").replace(" and ", " , "))
    text = re.sub(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}", r"\1/\2", re.sub(r",\\! *", "", text))
    text = re.sub(r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)", text).replace("\\pi", "pi")
    text = re.sub(r"\\(?:cdot|times)(?![a-zA-Z])", "*", text)
    text = re.sub(r"\\(?:[a-zA-Z]+|.)", "", text)  # other macros vanish, their arguments stay
    text = re.sub(r"([0-9]) +([0-9])", r"\1+\2", text)
    text = re.sub(r"[ {}]", "", text).lower()
    plain = re.sub(r"(?<=\d),(?=\d{3}(?:\D|$))", "", text)
    try:
        number = float(plain)
    except ValueError:
        return text
    whole = math.isfinite(number) and abs(number - round(number)) <= 1e-7
    return str(round(number)) if whole else text


def _is_equal_in_sympy(reference: str, answer: str) -> bool:
    if reference == answer:
        return True
    letters = set(filter(str.isalpha, f"{reference}{answer}".replace("sqrt", "")))
    refused = re.search(r"\^[{(]|\^[0-9]+\^|\^[0-9][0-9]+", f"{reference}-{answer}")
    if not answer or refused or len(letters) > 2 or _is_whole(reference) != _is_whole(answer):
        return False
    from sympy import simplify
    from sympy.parsing import sympy_parser as parser

    rules = (*parser.standard_transformations, parser.implicit_multiplication_application)
    try:
        difference = f"({reference})-({answer})".replace("^", "**")
        return simplify(parser.parse_expr(difference, transformations=rules)) == 0
    except Exception:  # as there: what does not parse is not equal
        return False


def _is_whole(text: str) -> bool:
    try:
        return float(text).is_integer()
    except (ValueError, OverflowError):
        return False
