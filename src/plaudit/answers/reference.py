r"""Reference answers of math rows: unwrapped, read once, and checked when the data is loaded."""

from __future__ import annotations

import functools
from decimal import Decimal

from plaudit.answers.extract import extract
from plaudit.answers.latex_equal import LatexAnswer, answer_of
from plaudit.answers.latex_read import Oversized
from plaudit.errors import DataError, clipped

__all__ = ["check_reference", "reference_of"]


def check_reference(reference: object) -> None:
    r"""Refuses a reference that no answer can be compared with; readers call it for every row.

    A reference is raw (`\frac{1}{2}`, 0.5, Monday), wrapped (`$..$`, `\boxed{..}`) or a solution
    whose answer is in its last `\boxed` or after `####`.

    Raises: DataError for a missing, empty, unbalanced, over-long or too deeply nested one.

    >>> check_reference(r"$\frac{1}{2}$")
    """
    reference_of(reference)


def reference_of(reference: object) -> LatexAnswer:
    r"""The reference, unwrapped and read. Raises DataError where `check_reference` says.

    >>> reference_of("5 * 2 = 10\n#### 10").text, reference_of(r"$\boxed{7}$").text
    ('10', '7')
    """
    if isinstance(reference, str):
        return _parsed(reference)
    if isinstance(reference, Decimal) and reference.is_finite():
        return _parsed(f"{reference:f}")
    is_missing = reference != reference  # NaN, as tables mark what is missing
    if isinstance(reference, int | float) and not isinstance(reference, bool) and not is_missing:
        return _parsed(repr(reference))
    raise DataError(f"not a reference answer: {clipped(reference)}", field="reference")


@functools.lru_cache(maxsize=8192)
def _parsed(reference: str) -> LatexAnswer:
    text = _unwrapped(reference)
    is_symbol = "\\" in text or "∞" in text or text.replace(" ", "") in ("[]", "{}", "∅")
    if not is_symbol and not any(map(str.isalnum, text)):
        raise DataError(f"an empty reference answer: {clipped(reference)}", field="reference")
    if text.count("{") - text.count("\\{") != text.count("}") - text.count("\\}"):
        raise DataError(f"braces that do not balance: {clipped(reference)}", field="reference")
    try:
        return answer_of(text)
    except Oversized as error:
        raise DataError(f"{error}: {clipped(text)}", field="reference") from None


def _unwrapped(reference: str) -> str:
    if "####" in reference and (answer := extract(reference, "gsm8k")) is not None:
        return answer.raw if answer.problem else answer.text
    boxed = "\\boxed" in reference or "\\fbox" in reference
    if boxed and (answer := extract(reference, "boxed")) is not None:
        return answer.raw if answer.problem else answer.text
    return reference
