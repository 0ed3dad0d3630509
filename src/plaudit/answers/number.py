"""The one number that a response states, exactly, by the reader of `rules.math`."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from plaudit.answers.arithmetic import number_of
from plaudit.answers.equation import loses_its_left_side
from plaudit.answers.extract import EXTRACTS, Extracted, extract
from plaudit.answers.latex_equal import answer_of as tree_of
from plaudit.answers.latex_read import Node, Oversized, UnreadableLatex, children, read
from plaudit.answers.latex_real import Arithmetic, Complex, Enclosure, Undecided
from plaudit.answers.latex_value import evaluate, holds_container, is_narrow, is_scalar, symbols
from plaudit.answers.reading import reading
from plaudit.answers.response import Extract, behind_think
from plaudit.answers.response import answer_of as response_answer
from plaudit.answers.stated import stated
from plaudit.answers.units import readings
from plaudit.errors import clipped

__all__ = ["StatedNumber", "stated_number"]

_PROOF_DIGITS = 60
_MOST_PLACES = 9999
_TAIL = 600
_WIDTHS = {0x2212: "-", 0xFF0D: "-", 0xFF0E: ".", 0xFF05: "%"} | {
    code: code - 0xFEE0 for code in range(0xFF10, 0xFF1A)
}
_CITED = re.compile(r"(?<=[\d.%$}\])])[ ]?\[\d{1,3}\](?=[\s.,;\[]|$)")
_ASIDE = re.compile(
    r"[ ]?(?:\((?i:see|cf\.|as in)\b[^()\n]{0,60}\)|[（(](?:参?见|如)[^（）()\n]{0,60}[）)])"
)
_SPAN = re.compile(r"\s*\d[\d,.]*(?:\s?[-–—~～]\s?\d[\d,.]*|/\d{1,2}/\d{2,4})\s*")
_NUMERAL = r"[-+]?[$€£¥]?\d[\d,]*(?:\.\d+)?(?:/\d+)?\s?%?"
_CONCLUDES = re.compile(
    r".*?(?:(?<![A-Za-z])(?:is|are|was|were|equals|makes?|gives?|totals?|leaves?)\s"
    rf"|(?<=[A-Za-z\u4e00-\u9fff])[:：]|[总一]?共[有是计]?|合计|是|为|等于|[=＝])\s?(?P<value>{_NUMERAL})"
    r"(?:[ ]?[^\W\d]+){0,3}[*_`]{0,3}"
)
_VERB = re.compile(r"(?<![A-Za-z])(?:is|are|was|were|equals|be)(?![A-Za-z])|是|等于|[=＝]")
_UNSURE = re.compile(
    r"(?i)\b(?:not|never|neither|maybe|perhaps|possibly|might|could|if|between|wrong|incorrect|least"
    r"|most|than|up to|no)\b|n't\b|不|非|可能|也许|如果|至[少多]|[<>≤≥≠]"
)
_LABEL = re.compile(
    r"(?i:\b(?:steps?|pages?|sections?|figures?|fig\.|tables?|equations?|eq\.|chapters?|appendix"
    r"|lines?|questions?|problems?|exercises?|examples?|version|room|number|no\.)\s?\(?|[a-z]-?)$"
    r"|^\W*(?!(?:Total|Answer|Result|Sum|So|Thus|Hence|Therefore|About|Approximately|Exactly|Only"
    r"|Just|Roughly|Around)\b)[A-Z][a-z]+ $|[ ][(（]$|^- $"
)
_INEXACT = ("多", "余", "几", "来")
_EXACTLY = frozenset(("pm", "mp"))


class StatedNumber(NamedTuple):
    """A number between `low` and `high` (equal if it is rational), or the problem."""

    low: Fraction = Fraction(0)
    high: Fraction = Fraction(0)
    problem: str = ""


def stated_number(
    response: str, how: Extract = "auto", finish_reason: str | None = None
) -> StatedNumber | None:
    r"""The number that a response states at the place named by `how`; None if it states no answer.

    The stated answer is read whole: an expression without variables, a name that equals one, with
    at most a unit; or a sentence with one quantity, or one that ends "... is 18".

    >>> stated_number("It is minus 5 degrees.").low, stated_number(r"\boxed{3 \times 10^8}").low
    (Fraction(-5, 1), Fraction(300000000, 1))
    >>> stated_number(r"\boxed{x + 5}").problem
    "'x + 5' is not one number"
    """
    text = _without_asides(response if how == "all" else behind_think(response))
    answer = response_answer(response, how, finish_reason)
    if answer is None:
        return None
    if how in ("answer", "last_line"):
        text = _without_asides(answer)
    extraction = _extracted(text, how, finish_reason)
    if extraction is None or (not extraction.text and not extraction.problem):
        return StatedNumber(problem=f"no number in {clipped(answer)}")
    if not extraction.mark.startswith("closing"):
        return _of(extraction)
    sentence = _closing(text)
    number = _of(extraction)
    if number.problem and (value := _concluded(sentence)) is not None:
        return StatedNumber(value, value)
    return number if number.problem or not _is_label(sentence) else _unread("a label's number")


def _without_asides(text: str) -> str:
    """The text without references to sources or steps after a value, with digits in ASCII."""
    return _ASIDE.sub("", _CITED.sub("", text.translate(_WIDTHS)))


def _extracted(text: str, how: Extract, finish_reason: str | None) -> Extracted | None:
    if how == "phrase":
        phrase = stated(text, how, finish_reason=finish_reason)
        if phrase is None:
            return None
        read_as = reading(phrase)
        return Extracted(read_as.text, phrase.mark, read_as.problem, phrase.text)
    place = how if how in EXTRACTS else "auto"
    return extract(text, place, finish_reason=finish_reason)


def _of(extraction: Extracted) -> StatedNumber:
    """The number that an answer states, or why it is not a number."""
    if extraction.problem:
        return _unread(extraction.problem)
    text = extraction.text.strip(" \t\r\n*_`")
    if _SPAN.fullmatch(text):
        return _unread(f"{clipped(text)} is a range or a date")
    exact = number_of(text)
    if exact is not None:
        return StatedNumber(exact, exact)
    try:
        number = _value_of(text)
    except Oversized as error:
        return _unread(str(error))
    return number or _unread(f"{clipped(text)} is not one number")


def _unread(problem: str) -> StatedNumber:
    return StatedNumber(problem=problem)


def _value_of(text: str) -> StatedNumber | None:
    """The value of an expression without variables, in its unit."""
    tree = tree_of(text)
    node: Node | None = tree.node
    if tree.numeral is not None:
        node = ("num", Fraction(tree.numeral))
    if node is None:
        return None
    stated: Node = node
    if stated[0] == "rel":
        if set(stated[1]) != {"="} or loses_its_left_side(stated, None):
            return None
        stated = stated[2][-1]
    value = _without_unit(stated, tree.tokens)
    if value is None or not is_scalar(value) or symbols(value):
        return None
    return None if holds_container(value) or _has_cases(value) else _enclosed(value)


def _without_unit(node: Node, tokens: tuple[str, ...]) -> Node | None:
    """A quantity without its unit, if the letters are a known unit: 12 m^2."""
    if symbols(node) and node[0] != "unit":
        try:
            as_unit = read(list(tokens), units=True)
        except UnreadableLatex:
            return None
        node = as_unit if as_unit[0] == "unit" and readings(as_unit[2]) else node
    if node[0] == "unit":
        return None if node[2].startswith(_INEXACT) else node[1]
    return node[1] if node[0] == "deg" else node


def _has_cases(node: Node) -> bool:
    """Whether a plus-minus sign makes it two numbers."""
    return node[0] in _EXACTLY or any(map(_has_cases, children(node)))


def _enclosed(node: Node) -> StatedNumber | None:
    field = Arithmetic(_PROOF_DIGITS)
    try:
        value = evaluate(node, {}, field)
    except Undecided:
        return None
    if isinstance(value, Fraction):
        return StatedNumber(value, value)
    if isinstance(value, Complex) or not is_narrow(value, field):
        return None
    assert isinstance(value, Enclosure)
    ends = (value.lo, value.hi)
    if not all(end.is_finite() and abs(end.adjusted()) <= _MOST_PLACES for end in ends):
        return None
    return StatedNumber(Fraction(value.lo), Fraction(value.hi))


# --- closing sentences


def _closing(text: str) -> str:
    """The last sentence with a digit in it."""
    sentences = re.split(r"(?<=[.!?])\s+|[。！？\n]", text.rstrip()[-_TAIL:])
    last = next((one for one in reversed(sentences) if any(map(str.isdecimal, one))), "")
    return last.strip().rstrip(".!?")


def _concluded(sentence: str) -> Fraction | None:
    """The value of a sentence with several quantities that ends "... is 18 apples"."""
    match = _CONCLUDES.fullmatch(sentence)
    if not match or _UNSURE.search(sentence) or len(_VERB.findall(sentence)) > 1:
        return None
    return number_of(match["value"])


def _is_label(sentence: str) -> bool:
    """Whether the only number of a sentence names a thing: Figure 3, COVID-19, equation (7)."""
    number = re.search(r"\d", sentence)
    return number is not None and _LABEL.search(sentence[: number.start()]) is not None
