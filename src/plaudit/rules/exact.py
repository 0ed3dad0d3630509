"""Whether the answer is the reference: as text, number, choice, list, or arithmetic expression.

`reference` is the accepted answer or a list of accepted answers (in `list_equal` and `set_equal`
the items, in `multiple_choice` the letters). `extract` says where the answer is read, always after
the think block: "auto" reads the answer that the rules of `format` demand, as `rules.math` does
(``<answer>``, box, ``####``, a phrase such as "the answer is"), and without such a mark everything
after the think block; a single mark can be named ("answer_tag", "boxed", "gsm8k", "minerva",
"phrase"); "answer" is everything after the think block, "last_line" its last line, "all" the whole
response. An answer cut off by a length limit (`finish_reason`) does not count. A response that
states no answer earns 0, with a note; a reference that cannot be read is an input fault.
"""

from __future__ import annotations

import ast
import functools
import json
import operator
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Any, Literal

from plaudit.answers.arithmetic import evaluate, number_of, tokenise
from plaudit.answers.choices import (
    ChoiceExtract,
    StatedChoice,
    chosen,
    chosen_by,
    chosen_each,
    spelled,
)
from plaudit.answers.number import StatedNumber, stated_number
from plaudit.answers.options import OptionTexts, option_of_text, options_of
from plaudit.answers.response import (
    Extract,
    answer_of,
    behind_think,
    lines_below,
    references,
    unwrapped,
)
from plaudit.errors import ConfigError, ScoringError, clipped
from plaudit.text.normal import nfkc, normal, tokens
from plaudit.types import Range, Score

__all__ = [
    "countdown",
    "equal",
    "list_equal",
    "multiple_choice",
    "normalised",
    "numeric",
    "regex",
    "set_equal",
    "substring",
    "token_f1",
]

EXAMPLES = {
    "regex": {"params": {"pattern": r"\d+"}},
    "multiple_choice": {"columns": {"reference": "B"}},
    "countdown": {"columns": {"numbers": [6, 7], "target": 42}},
}
_BULLET = re.compile(r"(?:[-*•]|\d{1,3}[.)、])\s+")
_CURRENCY = re.compile(r"[$€£¥₹₩₽]")
_FENCE = re.compile(r"(`{3,})[\w+-]*[ \t]*\n(.*?)\n?[ \t]*\1", re.DOTALL)
_LONGEST_LITERAL = 20_000
_EMPTY = ("[]", "{}", "∅", "()")
_ITEM_BREAK = re.compile(r"[,，、;；\n]")


# --- text -----------------------------------------------------------------------------------------


def equal(
    response: str,
    reference: str | Sequence[str],
    finish_reason: str | None = None,
    *,
    extract: Extract = "auto",
) -> Annotated[Score, Range(0, 1)]:
    """1 if the answer is the reference, character by character, else 0.

    White space at both ends is ignored. With several references, matching one is enough.

    >>> equal("<think>2 + 2</think> 4", "4").value, equal("4.", "4").value
    (1.0, 0.0)
    """
    answer = answer_of(response, extract, finish_reason)
    return _compared(answer, reference, extract, str, operator.eq)


def normalised(
    response: str,
    reference: str | Sequence[str],
    finish_reason: str | None = None,
    *,
    extract: Extract = "auto",
) -> Annotated[Score, Range(0, 1)]:
    """1 if answer and reference agree up to case, punctuation, articles and white space, else 0.

    The exact match of SQuAD (arXiv 1606.05250), extended: full-width and other compatibility forms
    (NFKC), Chinese punctuation, white space between Chinese characters. Numbers keep their sign,
    decimal point and per cent sign, which the original drops (there 1.5 equals 15), and $5 is not
    €5, though either is 5. LaTeX around words (``\\text{..}``) does not count, here and in `equal`.

    >>> normalised("The Eiffel Tower!", "eiffel tower").value, normalised("1.5", "15").value
    (1.0, 0.0)
    """
    answer = answer_of(response, extract, finish_reason)
    return _compared(answer, reference, extract, _with_currency, _is_same)


def substring(
    response: str, reference: str | Sequence[str], *, extract: Extract = "auto"
) -> Annotated[Score, Range(0, 1)]:
    """1 if the reference occurs in the answer as whole words (Chinese: characters), else 0.

    Both in the form of `normalised`. A response that lists every candidate also contains the right
    one: prefer a rule that reads a single answer.

    >>> substring("It is in Paris, France.", "paris").value, substring("110 of them", "10").value
    (1.0, 0.0)
    """
    answer = answer_of(response, extract)
    return _compared(answer, reference, extract, _padded, operator.contains)


def token_f1(
    response: str, reference: str | Sequence[str], *, extract: Extract = "auto"
) -> Annotated[Score, Range(0, 1)]:
    """From 0 (no word in common) to 1 (the same words): the F1 of answer and reference as bags.

    ``2 P R / (P + R)``, with P the share of the answer's words that the reference has and R the
    reverse; words in the form of `normalised`, Chinese characters and kana one each; the best of
    several references. SQuAD (arXiv 1606.05250).

    >>> token_f1("in Paris", "Paris, France").value, token_f1("北京市", "北京").value
    (0.5, 0.8)
    """
    return _compared(answer_of(response, extract), reference, extract, _bag, _f1)


def regex(
    response: str,
    *,
    pattern: str,
    mode: Literal["search", "fullmatch"] = "search",
    extract: Extract = "all",
) -> Annotated[Score, Range(0, 1)]:
    """1 if the pattern is found in the response ("search") or is all of it ("fullmatch"), else 0.

    The pattern comes from the recipe and runs in Python's `re`, in this process: a pattern that
    backtracks without end on some response is not stopped here. The runner's workers can be killed,
    and such a response then times out; elsewhere use only patterns without nested or adjacent
    repeats of the same characters.

    Raises: ConfigError for an invalid pattern or an unknown mode.

    >>> regex("so it is 42", pattern=r"\\b\\d+$").value
    1.0
    """
    if mode not in ("search", "fullmatch"):
        raise ConfigError(f"mode={mode!r} must be 'search' or 'fullmatch'")
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"pattern={pattern!r} is not a regular expression: {error}") from None
    text = response if extract == "all" else answer_of(response, extract)
    if text is None:
        return _no_answer(extract)
    match = getattr(compiled, mode)(text)
    if match is None:
        return Score(0.0, note=f"no match of {clipped(pattern)}")
    return Score(1.0, note=f"{clipped(match.group())} matches {clipped(pattern)}")


# --- numbers --------------------------------------------------------------------------------------


def numeric(
    response: str,
    reference: str | float | Sequence[str | float],
    finish_reason: str | None = None,
    *,
    abs_tol: float = 0.0,
    rel_tol: float = 0.0,
    number: Literal["last", "whole"] = "last",
    extract: Extract = "auto",
) -> Annotated[Score, Range(0, 1)]:
    """1 if the answer's number is the reference within the tolerance, else 0.

    ``|x - r| <= max(abs_tol, rel_tol |r|)``, in exact arithmetic: by default the numbers must be
    the same, however written (1,000.0 and 1e3; 1/2, 0.5 and 50%, which is not 50; 3 million). The
    stated answer is read whole, as in `plaudit.rules.math`: one number with at most a unit, which
    is ignored (12 cm^2), a name that equals one, an expression without variables (2^5 is 32), or a
    sentence with one quantity. Signs, scales and operations in words are read ("minus 5", "2
    dozen", 3万, 负5); a range, time, tuple, inequality, ± or variable is not a number, nor is one
    that a sentence leaves open, denies or only bounds ("5 or 6", "18, not 20", "at least 7"): 0,
    with a note. Without a mark the closing sentence counts ("3 boxes of 6 are 18."), but not a
    number that labels something (Figure 3, COVID-19). `number`: "last" is this reading; "whole"
    requires a numeral and nothing else except ``$`` signs and a full stop.

    >>> numeric("3 boxes of 6 are 18.", "18").value, numeric("3.14", 3.1416, abs_tol=0.01).value
    (1.0, 1.0)
    >>> numeric(r"\\boxed{\\sqrt{2}}", "2").value, numeric("It takes 3 to 4 days.", "4").note
    (0.0, 'no one number is stated: several quantities: 3, 4')
    """
    if not (0 <= abs_tol < float("inf") and 0 <= rel_tol < float("inf")):
        raise ConfigError(f"abs_tol={abs_tol} and rel_tol={rel_tol} must be finite, not negative")
    if number not in ("last", "whole"):
        raise ConfigError(f"number={number!r} must be 'last' or 'whole'")
    golds = [_reference_number(text) for text in references(reference)]
    stated = _stated(response, number, extract, finish_reason)
    if stated is None:
        return _no_answer(extract)
    if stated.problem:
        is_none = stated.problem.startswith("no number")
        problem = stated.problem if is_none else f"no one number is stated: {stated.problem}"
        return Score(0.0, note=problem)
    slack = [max(Fraction(abs_tol), Fraction(rel_tol) * abs(gold)) for gold in golds]
    is_close = any(
        stated.low - s <= g <= stated.high + s for g, s in zip(golds, slack, strict=True)
    )
    note = f"{_number_text(stated.low)} against {', '.join(map(_number_text, golds))}"
    return Score(float(is_close), note=note)


def countdown(
    response: str,
    numbers: Sequence[int],
    target: int,
    finish_reason: str | None = None,
    *,
    extract: Extract = "auto",
) -> Annotated[Score, Range(0, 1)]:
    """1 for an expression that uses each given number exactly once and equals the target, else 0.

    The Countdown game of TinyZero (Jiayi-Pan/TinyZero, verl/utils/reward_score/countdown.py; there
    0.1 for the mere format). Whole numbers, ``+ - * /`` and parentheses, computed in fractions by a
    parser of our own; ``**``, ``//``, decimals and names, which an `eval` guarded by a character
    filter accepts, are not arithmetic here. ``= target`` may follow. The columns are `numbers` and
    `target`; bind others with ``columns: {numbers: nums}``.

    >>> countdown("<answer>(1 + 2) * 8 = 24</answer>", [1, 2, 8], 24).value
    1.0
    >>> countdown("<answer>3 * 8</answer>", [1, 2, 8], 24).note
    'uses 3, 8 instead of 1, 2, 8'
    """
    pool = sorted(_whole_numbers("numbers", numbers))
    (goal,) = _whole_numbers("target", [target])
    answer = answer_of(response, extract, finish_reason)
    if answer is None:
        return _no_answer(extract)
    problem = _countdown_problem(answer, pool, goal)
    return Score(0.0, note=problem) if problem else Score(1.0, note=clipped(answer))


# --- choices and lists ----------------------------------------------------------------------------


def multiple_choice(
    response: str,
    reference: str | int | Sequence[str],
    choices: Sequence[str] | Mapping[str, str] | None = None,
    options: Sequence[str] | Mapping[str, str] | None = None,
    finish_reason: str | None = None,
    *,
    extract: ChoiceExtract = "auto",
    pattern: str | None = None,
    index_base: Literal[0, 1] | None = None,
    partial: float = 0.0,
    questions: bool = False,
) -> Annotated[Score, Range(0, 1)]:
    """1 if the chosen letters are the reference's, `partial` for some of them, else 0.

    The letters are A to J, or with the column `choices` (or `options`) those of its options, then
    also by their text: a list of texts, or a mapping from letters to texts. The reference is "B",
    "ABD", "A、C", "B. Paris" or a list of letters; with `choices` also the text of an option, or
    with `index_base` the number of one, from 0 or 1. An ambiguous reference is refused.

    The response may state its choice, after its think block, in ``<answer>``, in a box, after
    ``Answer:``, 答案 or 选, as "B is correct", as its first line, or as the only letter of its last
    line: "auto" takes the first of these that is there. Full-width letters count; the article "A"
    and the pronoun "I" do not, nor do options that the text rules out ("cannot be B", 排除B). "A or
    B", "maybe B", a last line that mentions several options, a heading without a letter, or a
    letter beside the text of another option is not an answer. `pattern` is a regular expression
    with one group, which reads the choice in its last match in the last 4 000 characters instead.

    `partial` is the score for right letters with others missing and none wrong, as in Chinese
    exams. With ``questions=True`` the prompt contains several questions and the reference list one
    answer for each, in order, to be found after 答案, ``Answer:`` or 选; 1 if all are right, and
    the share of right ones in `parts`.

    Raises: ConfigError for `partial` outside of [0, 1] and a `pattern` without one group.

    >>> multiple_choice("A good guess is Paris, so the answer is (B).", "B").value
    1.0
    >>> multiple_choice("【答案】A、C", "ACD", partial=0.5).value
    0.5
    >>> multiple_choice("The answer is Paris.", 1, ["Lyon", "Paris"], index_base=0).value
    1.0
    """
    if not 0 <= partial <= 1:
        raise ConfigError(f"partial={partial} must be within [0, 1]")
    listed = _listed_options(choices, options)
    letters = _choices(reference, listed, index_base)
    letters_of_options = listed or OptionTexts()
    text = behind_think(response)
    if questions:
        return _each_question(text, letters, letters_of_options)
    gold = "".join(sorted(set("".join(letters))))
    if pattern is None:
        choice = chosen(text, extract, letters_of_options, is_cut=finish_reason == "length")
    else:
        choice = chosen_by(text, _choice_pattern(pattern), letters_of_options)
    if not choice.letters:
        return Score(0.0, {"answered": 0.0}, note=choice.problem)
    is_part = set(choice.letters) < set(gold)
    value = 1.0 if choice.letters == gold else partial * is_part
    return Score(value, {"answered": 1.0}, note=f"{choice.letters} against {gold}")


def list_equal(
    response: str, reference: str | Sequence[str], *, extract: Extract = "auto"
) -> Annotated[Score, Range(0, 1)]:
    """1 if the answer lists the reference's items, in order and no others, else 0.

    The reference is a list, or text as the answer: items between commas, 、, semicolons or line
    breaks, with or without brackets, quotes and bullets, or a list in JSON or Python, also in a
    fence or in the lines below ``Answer:``. Items are compared in the form of `normalised`; inside
    a text 1,000 is two items. The empty list is the answer ``[]``.

    >>> list_equal("[red, Green]", ["red", "green"]).value, list_equal("绿、红", "红、绿").value
    (1.0, 0.0)
    """
    return _listed(response, reference, extract, lambda items: items)


def set_equal(
    response: str, reference: str | Sequence[str], *, extract: Extract = "auto"
) -> Annotated[Score, Range(0, 1)]:
    """1 if the answer lists the reference's items in any order, each once or more, else 0.

    Items as in `list_equal`; `parts` contain precision and recall.

    >>> set_equal("绿、红", "红、绿").value, set_equal("red", "red, green").parts["recall"]
    (1.0, 0.5)
    """
    return _listed(response, reference, extract, lambda items: sorted(set(items)))


# --- helpers --------------------------------------------------------------------------------------


def _compared(
    answer: str | None,
    reference: Any,
    extract: Extract,
    form: Callable[[str], Any],
    likeness: Callable[[Any, Any], float],
) -> Score:
    """The best similarity of the answer to a reference, both in the form `form`."""
    golds = references(reference)
    if answer is None:
        return _no_answer(extract)
    formed = form(unwrapped(answer))
    values = [float(likeness(formed, form(unwrapped(gold)))) for gold in golds]
    best = max(values)
    gold = golds[values.index(best)]
    return Score(best, note=f"{clipped(answer)} against {clipped(gold)}")


def _no_answer(extract: str) -> Score:
    return Score(0.0, note=f"no answer (extract={extract!r})")


def _with_currency(text: str) -> tuple[str, frozenset[str]]:
    """The normal form, and the currency signs that it drops."""
    return normal(text), frozenset(_CURRENCY.findall(nfkc(text)))


def _is_same(ours: tuple[str, frozenset[str]], theirs: tuple[str, frozenset[str]]) -> bool:
    """Whether the forms agree; a currency that only one side states is ignored."""
    return ours[0] == theirs[0] and (not ours[1] or not theirs[1] or ours[1] == theirs[1])


def _padded(text: str) -> str:
    """The words with a blank on either side, so that only whole words are found in them."""
    return f" {' '.join(tokens(text))} "


def _bag(text: str) -> Counter[str]:
    return Counter(tokens(text))


def _f1(ours: Counter[str], theirs: Counter[str]) -> float:
    return 2 * (ours & theirs).total() / (ours.total() + theirs.total())


def _stated(
    response: str, number: str, extract: Extract, finish_reason: str | None
) -> StatedNumber | None:
    """The number of the answer: read as a whole, or only if the answer is a bare numeral."""
    if number == "last":
        return stated_number(response, extract, finish_reason)
    answer = answer_of(response, extract, finish_reason)
    if answer is None:
        return None
    value = number_of(answer)
    if value is None:
        return StatedNumber(problem=f"no number in {clipped(answer)}")
    return StatedNumber(value, value)


def _reference_number(text: str) -> Fraction:
    number = number_of(text)
    if number is None:
        raise ScoringError(f"the reference {clipped(text)} is not a number", fault="input")
    return number


def _number_text(number: Fraction) -> str:
    """A number in readable form."""
    if number.denominator == 1 and abs(number) < 10**15:
        return str(number)
    try:
        return f"{float(number):.10g}"
    except OverflowError:
        return "a number beyond 1e308"


def _whole_numbers(field: str, values: Any) -> list[int]:
    if isinstance(values, str):
        values = values.strip("[]() ").replace(",", " ").split()
    try:
        numbers = [int(value) for value in values]
        if any(n != float(v) or n < 0 for n, v in zip(numbers, values, strict=True)):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        column = clipped(values)
        raise ScoringError(
            f"{field} must be whole and not negative, found {column}", fault="input"
        ) from None
    return numbers


def _countdown_problem(answer: str, pool: Sequence[int], goal: int) -> str:
    """Why the answer is not a solution, or an empty string."""
    expression, equals, claimed = answer.partition("=")
    try:
        parts = tokenise(expression)
        used = sorted(t.lstrip("0") or "0" for t in parts if t.isdigit())
        if used != sorted(map(str, pool)):
            return f"uses {_joined(used)} instead of {_joined(pool)}"
        value = evaluate(parts)
    except ValueError as error:
        return str(error)
    if value != goal:
        return f"equals {_number_text(value)}, not {goal}"
    if equals and number_of(claimed) != goal:
        return f"claims to equal {clipped(claimed.strip())}, not {goal}"
    return ""


def _listed_options(choices: object, options: object) -> OptionTexts | None:
    """The options of a row, under either column name."""
    columns = [options_of(value) for value in (choices, options) if value is not None]
    if len(columns) == 2 and columns[0] != columns[1]:
        raise ScoringError("the row has choices and options, and they differ", fault="input")
    return columns[0] if columns else None


@functools.cache
def _choice_pattern(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"pattern={pattern!r} is not a regular expression: {error}") from None
    if compiled.groups != 1:
        raise ConfigError(f"pattern={pattern!r} has {compiled.groups} groups; it must have one")
    return compiled


def _choices(reference: object, options: OptionTexts | None, index_base: int | None) -> list[str]:
    """The letters of each item of the reference."""
    if index_base not in (None, 0, 1):
        raise ConfigError(f"index_base={index_base!r} must be 0, 1 or None")
    return [_choice(text, options, index_base) for text in references(reference)]


def _choice(text: str, options: OptionTexts | None, index_base: int | None) -> str:
    """The letters of one reference: a letter, an option's text or its number; only one of these."""
    as_letter = spelled(text, OptionTexts((options or OptionTexts()).last))
    as_text = option_of_text(text, options) if options else ""
    as_number = _numbered(text, options, index_base)
    readings = {reading for reading in (as_letter, *as_text, as_number) if reading}
    if options and as_letter and not spelled(text, options):
        problem = "names a letter and the text of another option"
    elif len(readings) == 1:
        return readings.pop()
    elif readings:
        problem = f"could be {' or '.join(sorted(readings))}"
    elif text.lstrip("-").isdigit() and index_base is None:
        problem = "is a number: pass index_base=0 or index_base=1, and the column choices"
    else:
        last = (options or OptionTexts()).last
        problem = f"is not an option from A to {last}" + (
            "" if options else " (see the column choices)"
        )
    raise ScoringError(f"the reference {clipped(text)} {problem}", fault="input")


def _numbered(text: str, options: OptionTexts | None, index_base: int | None) -> str:
    if options is None or index_base is None or not text.isdecimal() or len(text) > 2:
        return ""
    letter = chr(ord("A") + int(text) - index_base)
    return letter if options.has(letter) else ""


def _each_question(text: str, golds: Sequence[str], options: OptionTexts) -> Score:
    picks: Sequence[StatedChoice] = chosen_each(text, len(golds), options)
    if not picks:
        return Score(0.0, {"answered": 0.0}, note=f"does not state {len(golds)} choices")
    right = sum(c.letters == gold for c, gold in zip(picks, golds, strict=True))
    parts = {"answered": 1.0, "share": right / len(golds)}
    letters = ", ".join(c.letters or "?" for c in picks)
    return Score(float(right == len(golds)), parts, note=f"{letters} against {', '.join(golds)}")


def _listed(
    response: str, reference: object, extract: Extract, order: Callable[[list[str]], list[str]]
) -> Score:
    gold = _gold_items(reference)
    answer = answer_of(response, extract)
    if answer is None:
        return _no_answer(extract)
    items = _items(lines_below(response, answer) if extract == "auto" else answer)
    common = (Counter(items) & Counter(gold)).total()
    parts = {
        "precision": common / len(items) if items else float(not gold),
        "recall": common / len(gold) if gold else 1.0,
    }
    note = f"{len(items)} items against {len(gold)}, {common} in common"
    return Score(float(order(items) == order(gold)), parts, note=note)


def _gold_items(reference: Any) -> list[str]:
    """The items of the reference; none for an empty list."""
    column = reference.tolist() if hasattr(reference, "tolist") else reference
    if isinstance(column, list | tuple) and not column:
        return []
    golds = references(reference)
    if not isinstance(reference, str):
        return [normal(unwrapped(item)) for item in golds]
    items = _items(golds[0])
    if not items and "".join(golds[0].split()) not in _EMPTY:
        raise ScoringError(f"the reference {clipped(reference)} lists nothing", fault="input")
    return items


def _items(text: str) -> list[str]:
    """The items of a list written in a text, each in its normal form."""
    text = unwrapped(text.strip()).strip()
    if fenced := _FENCE.fullmatch(text):
        text = fenced[2].strip()
    if "".join(text[:10].split()) in _EMPTY:
        return []
    if text.startswith("[") and (parsed := _parsed(text)) is not None:
        return [normal(str(item)) for item in parsed]
    if text[:1] + text[-1:] in ("[]", "{}", "()"):
        text = text[1:-1]
    pieces = (_BULLET.sub("", piece.strip(), count=1) for piece in _ITEM_BREAK.split(text))
    return [normal(piece) for piece in pieces if piece.strip()]


def _parsed(text: str) -> list[Any] | None:
    """The list that a text writes in JSON, or with quotes as in Python."""
    is_plain = len(text) <= _LONGEST_LITERAL and "\\" not in text
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        try:
            parsed = ast.literal_eval(text) if is_plain else None
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            parsed = None
    return parsed if isinstance(parsed, list) else None


def _joined(numbers: Sequence[object]) -> str:
    """The first twenty numbers as text."""
    texts = [str(n)[:20] for n in numbers[:20]]
    return ", ".join(texts + ["..."] * (len(numbers) > 20)) or "no numbers"
