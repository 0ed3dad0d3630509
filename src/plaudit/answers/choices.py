"""Which option letters (A to H) a text chooses, in English and Chinese.

Every pattern below is bounded or reads each character once; nothing is tried anew from each place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from plaudit.answers.boxed import last_boxed
from plaudit.answers.plain import last_tag
from plaudit.errors import ConfigError

__all__ = ["ChoiceExtract", "Chosen", "chosen", "chosen_each", "spelled"]

ChoiceExtract = Literal["auto", "answer_tag", "boxed", "mark", "whole", "last_letter"]

_WINDOW = 80
_MOST_MARKS = 64
_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x2019: 0x27}
_NOT_INSIDE_A_WORD = r"(?![A-Za-z0-9_]|'[a-z]|[.\-][A-Za-z])"
_NO_SENTENCE_AFTER = r"(?![ \t]+(?!(?:and|or)\b)[a-z])"
_JOIN = (
    r"(?![A-H])[ \t]{0,3}(?:[、,;&+)}\]*$]{1,4}[ \t]{0,3})?"
    r"(?:(?:和|与|及|以及|and(?![a-z]))[ \t]{0,3})?[(\[{*$]{0,3}"
)
_RUN = rf"[A-H]+(?:{_JOIN}[A-H]+(?![a-z]){_NO_SENTENCE_AFTER})*{_NOT_INSIDE_A_WORD}"
_LOWER = rf"(?:[b-h]|a(?![)\]}}]*\s+[A-Za-z])){_NOT_INSIDE_A_WORD}"
_FILLER = (
    r"(?:[\s:=*\"'“”‘`$\[\]【】(){}<>《》「」#_~—-]|\\(?:text|textbf|mathrm|mathbf|boxed)(?![a-z])"
    r"|应[该当]?|正确|最终|可能|就|为|是|选[项择]?|答案"
    r"|(?:is|are|was|would|should|must|be|options?|choices?|letters?|the|correct|final|likely|most"
    r"|answers?)(?![A-Za-z])){0,16}"
)
_STATED = re.compile(rf"({_FILLER})(?:({_RUN})|({_LOWER}))")
_RIVAL = re.compile(r"[)\]}*$\s]*(?:/|\bor\b|或者?|还是)\s*[(\[]?[A-Ha-h](?![A-Za-z])")
_WORD_AFTER = re.compile(r"[ \t]+([a-z]+)")
_AFTER_CHOICE = frozenset(
    {"and", "or", "is", "was", "because", "since", "as", "for", "with", "based", "due", "which"}
    | {"by", "given", "in", "but", "not", "rather", "if"}
)
_HEADER = re.compile(
    r"【(?:最终|正确|参考)?答案】|^[ \t*#]{0,8}(?:(?:[Ff]inal|[Cc]orrect)[ \t])?"
    r"(?:[Aa]nswer|ANSWER|(?:最终|正确|参考)?答案)[ \t*]{0,4}[:：]",
    re.MULTILINE,
)
_ANSWER = re.compile(r"[Aa]nswer|ANSWER|[Cc]orrect (?:option|choice|letter)|答案")
_PICK = re.compile(
    r"(?<![不别勿误错可备非])(?<!不能)(?<!不应)(?<!不该)(?<!不可)(?<!不会)(?<!不要)选(?!项)"
)
_ANY_RUN = re.compile(rf"(?<![A-Za-z0-9_'.\-])(?!A[ \t]+[a-z]){_RUN}(?![ \t]+[A-Z][A-Z])")
_NEGATED = re.compile(r"\b[Nn]ot\b|n't\b|\b(?:wrong|incorrect|false)\b|[不非错误]|排除|无法")
_LABEL = re.compile(r"(?<![A-Za-z])[A-H][.):、]")
_LABELLED_LINE = re.compile(r"^[ \t(（*]{0,4}[A-H][.):、．）：]", re.MULTILINE)
_WHOLE_END = re.compile(r"[\s)\]}*$\"'”」】。.!]*(?:$|[.):、,。][^\n]*$)")
_ITEMS = re.compile(r"[A-H]+(?![A-Za-z0-9_'])")
_BETWEEN = re.compile(r"[\s、,;.:()\[\]0-9第小题问*$]{0,16}")


class Chosen(NamedTuple):
    """The letters, sorted and each once, or "" and why there is no answer."""

    letters: str
    problem: str = ""


def chosen(text: str, extract: ChoiceExtract) -> Chosen:
    """The choice that a text states.

    "auto" takes the first that is there: ``<answer>``, a box with letters in it, a heading
    (``【答案】``, ``Answer:`` at the start of a line), an answer in prose ("the answer is", 答案是,
    then 选), a first line that is nothing but the choice, the only letter of the last line.

    >>> chosen("A good guess: the answer is (B).", "auto").letters
    'B'
    >>> chosen("不选Ｂ，故选ＡＣ。", "auto").letters
    'AC'
    >>> chosen("Answer: A or B", "auto")
    Chosen(letters='', problem='ambiguous: A or B')
    """
    if extract not in _READERS:
        raise ConfigError(f"extract={extract!r} must be one of {', '.join(map(repr, _READERS))}")
    return _READERS[extract](text) or Chosen("", "states no choice")


def chosen_each(text: str, num_questions: int) -> list[Chosen]:
    """The choices for the questions of one prompt, in order; empty if their number is another.

    Each has a heading of its own, or one heading stands before all of them.

    >>> [c.letters for c in chosen_each("（1）【答案】 A\\n（2）【答案】 C", 2)]
    ['A', 'C']
    >>> [c.letters for c in chosen_each("【答案】A、C", 2)]
    ['A', 'C']
    """
    for mark in (_HEADER, _ANSWER, _PICK):
        places = _places(mark, text)
        stated = [c for c in (_stated_at(text, place) for place in places) if c is not None]
        if len(stated) == num_questions:
            return stated
        for place in reversed(places if len(stated) < 2 else []):
            items = _items_at(text, place, num_questions)
            if len(items) == num_questions:
                return items
    return []


def spelled(text: str) -> str:
    """The letters of a reference such as "B", "ABD", "A、C", "(b)" or "B. Paris"; "" if none."""
    found = _whole(text)
    return found.letters if found else ""


def _stated_at(text: str, place: int) -> Chosen | None:
    """The choice right after a mark; None where no letter follows it."""
    window = text[place : place + _WINDOW].translate(_PLAIN)
    found = _STATED.match(window)
    if not found:
        return None
    filler, run, lower = found.groups()
    if run == "A" and _is_article(filler, window[found.end() :]):
        return None
    if rival := _RIVAL.match(window, found.end()):
        return Chosen("", f"ambiguous: {(run or lower) + rival.group()}")
    return Chosen(_letters(run or lower))


def _is_article(filler: str, rest: str) -> bool:
    """Whether the capital A after ``Answer:`` begins a sentence."""
    word = _WORD_AFTER.match(rest)
    if not word or word.group(1) in _AFTER_CHOICE:
        return False
    return not filler.rstrip().endswith(("is", "be", "option", "choice", "是", "为", "选", "("))


def _letters(run: str) -> str:
    kept = {c for c in run.replace("and", "").upper() if "A" <= c <= "H"}
    return "".join(sorted(kept))


def _last(mark: re.Pattern[str], text: str) -> Chosen | None:
    """The choice after the last mark that has one."""
    for place in reversed(_places(mark, text)):
        if stated := _stated_at(text, place):
            return stated
    return None


def _places(mark: re.Pattern[str], text: str) -> list[int]:
    """Where the last marks end."""
    return [found.end() for found in mark.finditer(text)][-_MOST_MARKS:]


def _marked(text: str) -> Chosen | None:
    return _header(text) or _last(_ANSWER, text) or _last(_PICK, text)


def _header(text: str) -> Chosen | None:
    """The choice under the last heading; a heading without one is an answer, too: none."""
    headers = list(_HEADER.finditer(text))
    if not headers:
        return None
    return _stated_at(text, headers[-1].end()) or Chosen(
        "", "the heading is not followed by a choice"
    )


def _whole(text: str) -> Chosen | None:
    """The choice of a first line that is nothing else, or one option with its label."""
    line, _, rest = text.strip().partition("\n")
    line = line.rstrip()
    if len(line) > _WINDOW or _LABELLED_LINE.search(rest):
        return None
    line = line.translate(_PLAIN)
    found = _STATED.match(line)
    if not found or not _WHOLE_END.match(line, found.end()):
        return None
    if _LABEL.search(line, found.end() + 1):
        return None
    return Chosen(_letters(found.group(2) or found.group(3)))


def _tagged(text: str) -> Chosen | None:
    inside = last_tag(text, "answer")
    return None if inside is None else _boxed(inside) or _marked(inside) or _whole(inside)


def _boxed(text: str) -> Chosen | None:
    box = last_boxed(text)
    return _whole(box[0]) if box else None


def _last_letter(text: str) -> Chosen | None:
    """The only choice that the last line mentions, unless it denies something or lists options."""
    text = text.rstrip()
    line = text[text.rfind("\n") + 1 :].translate(_PLAIN)
    found = (run.group() for run in _ANY_RUN.finditer(line))
    runs = {_letters(run) for run in found if not run.isalpha() or list(run) == sorted(run)}
    if not runs or _NEGATED.search(line):
        return None
    if len(runs) > 1:
        return Chosen("", f"ambiguous: the last line mentions {', '.join(sorted(runs))}")
    if _LABELLED_LINE.match(line) and _LABELLED_LINE.search(text, 0, len(text) - len(line)):
        return Chosen("", "ambiguous: the text lists options")
    return Chosen(runs.pop())


def _auto(text: str) -> Chosen | None:
    if "</answer>" in text:
        return _tagged(text)
    return _boxed(text) or _marked(text) or _whole(text) or _last_letter(text)


def _items_at(text: str, place: int, num_questions: int) -> list[Chosen]:
    """The choices of several questions after one mark, as "A、C" or "1. A 2. C"."""
    window = text[place : place + 20 * num_questions + 20].translate(_PLAIN)
    items = list(_runs(window))
    if len(items) == 1 and len(items[0]) == num_questions:
        items = list(items[0])
    return [Chosen(_letters(item)) for item in items]


def _runs(window: str) -> Iterator[str]:
    at = _BETWEEN.match(window).end()  # type: ignore[union-attr]
    while found := _ITEMS.match(window, at):
        yield found.group()
        at = _BETWEEN.match(window, found.end()).end()  # type: ignore[union-attr]


_READERS = {
    "auto": _auto,
    "answer_tag": _tagged,
    "boxed": _boxed,
    "mark": _marked,
    "whole": _whole,
    "last_letter": _last_letter,
}
