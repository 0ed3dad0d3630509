r"""The final answer of a solution: where it is stated, and what it says.

`plaudit.answers.stated` finds the mark and the text after it, `plaudit.answers.reading` says
what it is as mathematics, `plaudit.answers.closing` is the last resort without a mark.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from plaudit.answers.around import around_box
from plaudit.answers.closing import closing_answer, last_quantity
from plaudit.answers.reading import AnswerReading, reading
from plaudit.answers.stated import stated
from plaudit.old_names import old_names
from plaudit.text.endmarks import without_end_marks

__all__ = ["EXTRACTS", "Extract", "Extracted", "extract"]
__getattr__ = old_names(__name__)

Extract = Literal["auto", "boxed", "answer_tag", "gsm8k", "last_number", "minerva"]
EXTRACTS = ("auto", "boxed", "answer_tag", "gsm8k", "last_number", "minerva")


class Extracted(NamedTuple):
    """An answer that can be compared, and the mark that it follows.

    Where it could not be read, `text` is empty and `problem` says what was in the way, with `raw`,
    the text after it. `factorial` is the other reading of "42!" at the end of a sentence.
    """

    text: str
    mark: str
    problem: str = ""
    raw: str = ""
    factorial: str = ""


def extract(
    text: str, how: str = "auto", *, strict: bool = False, finish_reason: str | None = None
) -> Extracted | None:
    r"""The final answer of a solution, or None where it states none.

    With ``how="auto"`` the closing sentence is the last resort (`plaudit.answers.closing`), unless
    `strict`. Raises: KeyError for another `how`.

    >>> extract(r"so \boxed{\frac12}.").text, extract("3 + 4 = 7\n#### 7", "gsm8k").text
    ('\\frac12', '7')
    >>> extract("The answer is less than 5.").problem
    "'less than' is a comparison"
    """
    if how not in EXTRACTS:
        raise KeyError(how)
    if how == "last_number":
        return _from_reading(last_quantity(without_end_marks(text)[0]))
    answer = stated(text, how, finish_reason=finish_reason)
    if answer is not None:
        if "boxed" in answer.mark and (problem := around_box(text, answer.start, answer.end)):
            return Extracted("", answer.mark, problem, answer.text)
        result = reading(answer)
        return Extracted(result.text, answer.mark, result.problem, answer.text, result.factorial)
    if how != "auto" or strict:
        return None
    return _from_reading(closing_answer(without_end_marks(text)[0], finish_reason=finish_reason))


def _from_reading(closing: tuple[AnswerReading, str] | None) -> Extracted | None:
    if closing is None:
        return None
    result, mark = closing
    return Extracted(result.text, mark, result.problem, "", result.factorial)
