r"""The last resort where no mark states an answer: the closing sentence of a response.

It counts only where it says one thing: the whole response is one line of mathematics, the sentence
ends in a formula, has one bold quantity, or one quantity at all (or one after its last sign of
equality). Nothing is read out of a loop, a range, a time of day, or a sentence that breaks off.
"""

from __future__ import annotations

import re

from plaudit.answers.reading import AnswerReading, ends_in_copula, reading_of
from plaudit.answers.spans import formulas, longest_word, sentence_end
from plaudit.answers.words import is_doubtful, problem_of

__all__ = ["closing_answer"]

_WINDOW = 600
_LONGEST_WHOLE = 500
_MOST_SENTENCES = 3
_BOLD = re.compile(r"\*\*([^*\n]{1,120})\*\*")
_VALUE = re.compile(r"[\d∞π]|\\(?:frac|sqrt|pi|infty|text)")
_SENTENCE_BREAK = re.compile(r"[\n。！？]|[.!?]\s")
_CONCLUSION = re.compile(
    r"(?:\$\$|\\\]|\s)\s*(?=(?:Therefore|Thus|Hence)\b)|(?:\$\$|\\\])\s+(?=[A-Z][a-z])"
)
_TAG = re.compile(r"</?[a-z_]{2,20}>")
_REASONED = re.compile(  # the end of reasoning in a tag that no model family has
    r"(?i)</[a-z_]{0,20}(?:think|thought|reason|scratch|plan|analy|reflect|working|step|explan)[a-z_]{0,20}>"
)
_RANGE = re.compile(
    r"\d{1,2}\s?[:：]\s?\d\d(?!\d)|\d\s?[–—~～]\s?\d|(?<![\d.])\d+\s?-\s?\d+(?![\d=])(?!\s*=)"
)
_DANGLES = re.compile(  # no sentence ends so
    r"(?i)(?:[,;，；、]|\b(?:then|and|so|or|but|because|the|a|an|is|of|to|with))\s*$"
)
_MANY = 3


def closing_answer(
    text: str, *, finish_reason: str | None = None
) -> tuple[AnswerReading, str] | None:
    """What the closing sentence says, and by which of its parts; None where it says nothing.

    >>> closing_answer("She had 3. So she has 18 apples. Hope this helps!")[0].text
    '18\\\\text{ apples}'
    >>> closing_answer("There are 5 to 7 of them.")[0].problem
    'several quantities: 5, 7'
    """
    if "</" in text[-_WINDOW:] and (
        tags := list(_REASONED.finditer(text, max(len(text) - _WINDOW, 0)))
    ):
        text = text[tags[-1].end() :]
    whole = text.strip()
    if 0 < len(whole) <= _LONGEST_WHOLE and "\n" not in whole and longest_word(whole) <= 1:
        return reading_of(whole), "whole text"
    sentence = _closing_sentence(text)
    if sentence is None:
        return None
    body, closing = sentence
    is_cut = finish_reason == "length" or _DANGLES.search(body) is not None
    if is_cut and not closing:
        return AnswerReading("", "the closing sentence breaks off"), "closing sentence"
    if _is_loop(text, body):
        return AnswerReading("", "the response ends in a loop"), "closing sentence"
    if (bold := _bold(body)) is not None:
        return bold, "bold"
    if (formula := _final_formula(body)) is not None:
        return formula, "final formula"
    return _number(body), "closing sentence, no mark"


def _closing_sentence(text: str) -> tuple[str, str] | None:
    """The last sentence with a value in it, among the last few, and its end marks."""
    start = max(len(text) - _WINDOW, 0)
    if start:  # what precedes the first end of a sentence is cut
        first = _SENTENCE_BREAK.search(text, start)
        if first is None:
            return None
        start = first.end()
    sentences: list[tuple[str, str]] = []
    at = start
    while at < len(text):
        end, closing = sentence_end(text, at, len(text))
        is_question = "?" in closing or "？" in closing
        if (body := text[at:end]).strip(" \t\r\n*#") and not is_question:
            sentences.append((body[_conclusion_start(body) :], closing))
        at = end + max(len(closing), 1)
    for sentence in sentences[: -_MOST_SENTENCES - 1 : -1]:
        if _VALUE.search(sentence[0]) or any(True for _ in formulas(sentence[0])):
            return sentence
    return None


def _conclusion_start(sentence: str) -> int:
    """Where "Therefore" begins after a formula that no full stop ends."""
    return max((match.end() for match in _CONCLUSION.finditer(sentence)), default=0)


def _is_loop(text: str, sentence: str) -> bool:
    key = sentence.strip()
    return len(key) > 3 and text[-10_000:].count(key) >= _MANY + (len(key) < 20) * _MANY


def _bold(sentence: str) -> AnswerReading | None:
    bold = list(_BOLD.finditer(sentence))
    bold = [match for match in bold if _VALUE.search(match[1]) or "$" in match[1]] or [
        match for match in bold if not sentence[match.end() :].strip(" .。!！*")
    ]
    if len(bold) != 1:
        return None
    around = sentence[: bold[0].start()] + " 5 " + sentence[bold[0].end() :]
    if problem := problem_of(around):
        return AnswerReading("", problem)
    return reading_of(bold[0][1].rstrip(".。!！"))


def _final_formula(sentence: str) -> AnswerReading | None:
    """The formulas that a sentence ends with, read with the words before them.

    Words that change a value may name what the last formula is ("the sum of $3$ and $4$ is $7$")
    where its verb stands right before it and nothing is denied or doubted.
    """
    tail = sentence.rstrip(" \t\r\n*\"'`")
    spans = list(formulas(tail))
    if not spans or spans[-1].end != len(tail):
        return None
    result, before = reading_of(tail), tail[: spans[-1].start]
    is_named = ends_in_copula(before) and problem_of(before + " 5") and not is_doubtful(before)
    return result if result.text or not is_named else reading_of(tail[spans[-1].start :])


def _number(sentence: str) -> AnswerReading:
    if sentence.rstrip(" *\n").endswith((":", "：")):
        return AnswerReading("", "the closing sentence leads on")
    if _RANGE.search(sentence):
        return AnswerReading("", "a range or a time")
    result = reading_of(sentence)
    if not result.text:
        return result
    if not _VALUE.search(result.text):
        return AnswerReading("", "no number in the closing sentence")
    return result


def last_quantity(text: str) -> tuple[AnswerReading, str] | None:
    """The last quantity of a text, whatever else it holds; nothing is cut out of an expression."""
    sentence = _closing_sentence(text)
    if sentence is None:
        return None
    parts = [part for part in _TAG.split(sentence[0]) if _VALUE.search(part)]
    return reading_of(parts[-1] if parts else sentence[0], last=True), "last number"
