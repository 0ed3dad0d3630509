"""Words, tokens, sentences and paragraphs as the IFEval checkers count them. Linear, no downloads.

Sentences follow the decisions of NLTK's Punkt model for English (Kiss and Strunk 2006) without its
data: a short list of abbreviations and of words that begin sentences replaces the trained tables.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping

from plaudit.errors import DataError, clipped, did_you_mean

__all__ = [
    "COMMON_WORDS",
    "RELATIONS",
    "divided",
    "holds",
    "sentences",
    "tokens",
    "words",
    "words_alone",
]

RELATIONS: Mapping[str, Callable[[int, int], bool]] = {
    "less than": operator.lt,
    "at least": operator.ge,
    "at most": operator.le,
    "more than": operator.gt,
    "exactly": operator.eq,
}

_SHORT = (
    "mr mrs ms dr prof st jr sr rev gen col lt sgt maj capt adm gov sen rep messrs hon pres vs inc"
    " co corp ltd bros ave blvd jan feb mar apr jun jul aug sept sep oct nov dec mon tues wed thurs"
    " fri u.s u.k u.n u.s.a d.c n.y n.j l.a a.m p.m i.e e.g ph.d b.a m.a m.b.a vol fig cf al ca a.d"
    " b.c j.r"
)
_COMMON = (
    "a after all also although an and another any are as at both but by can do each even every few"
    " first for from had has have he her here his how however i if in instead into is it its just"
    " many may most my no not now of on one only or other our over she since so some such that the"
    " their then there these they this those through to under until was we were what when where"
    " which while who will with would yet you your let"
)
_ABBREVIATIONS = frozenset(_SHORT.split())
COMMON_WORDS = frozenset(_COMMON.split())
_CLOSERS = "\"')]}"
_END = re.compile(r"[.?!](?=[?!)\";}\]*:@'({\[])")
_RUN = re.compile(r"\S+")
_WORD_BACKWARDS = re.compile(r"[^\s()\"`{}\[\]:;&#*@,]*")
_WORD = re.compile(r"\w+")
_DIVIDER = re.compile(r"\s?\*\*\*\s?")
_TOKEN = re.compile(
    r"\.\.\.+|--|''|[][(){}<>?!\";@#$%&“”‘’«»*`—–]|[:,](?!\d)"
    r"|(?:[^\s\][(){}<>?!\";@#$%&“”‘’«»*`—–:,.'-]|[:,](?=\d)|\.(?!\.\.)|-(?!-)|'(?!'))+|."
)
_SUFFIXES = ("n't", "'s", "'m", "'d", "'ll", "'re", "'ve")
_JOINED = {"cannot": 3, "gonna": 3, "gotta": 3, "wanna": 3, "gimme": 3, "lemme": 3}


def holds(relation: str, count: int, threshold: int) -> bool:
    """Whether `count` is in `relation` to `threshold`. Raises DataError for an unknown relation.

    >>> holds("less than", 3, 3), holds("at least", 3, 3)
    (False, True)
    """
    if relation not in RELATIONS:
        raise DataError(
            f"unknown relation {clipped(relation)}{did_you_mean(relation, RELATIONS) or '.'}"
            f" Known: {', '.join(RELATIONS)}",
            field="kwargs",
        )
    return RELATIONS[relation](count, threshold)


def words(text: str) -> list[str]:
    """Runs of letters, digits and underscores.

    >>> words("It's 2.5 km")
    ['It', 's', '2', '5', 'km']
    """
    return _WORD.findall(text)


def words_alone(text: str, word: str) -> int:
    r"""How often `word` occurs alone (``\b`` on both sides), whatever its case.

    >>> words_alone("Rock rocks, ROCK-solid", "rock")
    2
    """
    return len(re.findall(rf"\b{re.escape(word)}\b", text, re.IGNORECASE))


def divided(text: str, divider: str | None = None) -> list[str] | None:
    """Paragraphs between dividers (default: ``***``); None where one in the middle is empty.

    >>> divided("one *** two"), divided("a******b")
    (['one', 'two'], None)
    """
    parts = _DIVIDER.split(text) if divider is None else text.split(divider)
    filled = [bool(part.strip()) for part in parts]
    if not all(filled[1:-1]):
        return None
    return [part for part, is_filled in zip(parts, filled, strict=True) if is_filled]


def sentences(text: str) -> list[str]:
    """The sentences of an English text.

    A run of characters may end a sentence at its last ``.``, ``?`` or ``!`` that white space or
    another mark follows; abbreviations, initials, numbers before small letters and dots of omission
    do not, unless a word that often begins sentences comes next. Closing quotes and brackets go
    with the sentence that they close.

    >>> sentences('Dr. Foster came (at 5 p.m. sharp). "Well?" he said. 1. One')
    ['Dr. Foster came (at 5 p.m. sharp).', '"Well?"', 'he said.', '1.', 'One']
    """
    ended, start = [], 0
    runs = [(m.start(), m.end()) for m in _RUN.finditer(text)]
    for i, (begin, end) in enumerate(runs):
        following = text[slice(*runs[i + 1])] if i + 1 < len(runs) else ""
        place = _ending(text[begin:end], following)
        if place:
            ended.append(text[start : begin + place])
            start = begin + place
    return [s for s in _closed([*ended, text[start:]]) if s]


def _closed(parts: list[str]) -> list[str]:
    """The parts stripped, each with the closing marks that the next one begins with."""
    closed: list[str] = []
    for part in (p.strip() for p in parts):
        rest = part.lstrip(_CLOSERS) if closed else part
        marks = part[: len(part) - len(rest)]
        if marks and (not rest or rest[0].isspace()):
            closed[-1] += marks
            part = rest.strip()
        closed.append(part)
    return closed


def _ending(run: str, following: str) -> int:
    """How far into a run of characters a sentence ends; 0 where none does."""
    if following and run[-1] in ".?!":
        place = len(run)
    else:
        place = max((mark.end() for mark in _END.finditer(run)), default=0)
    if place and _is_break(run[:place], run[place:] or following):
        return place
    return 0


def _is_break(run: str, following: str) -> bool:
    """Whether the mark at the end of `run` ends a sentence before `following`."""
    if run[-1] != ".":
        return True
    backwards = _WORD_BACKWARDS.match(run[::-1])
    word = backwards[0][::-1] if backwards else run
    if word.endswith(".."):
        return _begins(following)
    stem = word[:-1].lower()
    if stem in _ABBREVIATIONS or stem.rpartition("-")[2] in _ABBREVIATIONS:
        return _begins(following)
    if len(stem) == 1 and stem.isalpha():
        return not following[:1].islower() and (not following[:1].isupper() or _begins(following))
    if stem.replace(",", "").replace(".", "").isdigit():
        return not following[:1].islower()
    return True


def _begins(token: str) -> bool:
    """Whether the token is a word with a capital that is common in small letters."""
    return token[:1].isupper() and token.rstrip(".,;:!?*\"')").lower() in COMMON_WORDS


def tokens(text: str) -> list[str]:
    """Tokens in the manner of the Penn Treebank: marks apart, contractions in two, hyphens kept.

    >>> tokens("I DON'T KNOW, U.S. or not.")
    ['I', 'DO', "N'T", 'KNOW', ',', 'U.S.', 'or', 'not', '.']
    """
    return [part for sentence in sentences(text) for part in _tokens_of(sentence)]


def _tokens_of(sentence: str) -> list[str]:
    words = _TOKEN.findall(sentence)
    words = [token for token in words if not token.isspace()]
    last = max((i for i, t in enumerate(words) if t not in _CLOSERS), default=-1)
    if last >= 0 and len(words[last]) > 1 and words[last][-1] == "." and words[last][-2] != ".":
        words[last : last + 1] = [words[last][:-1], "."]
    return [part for token in words for part in _contraction(token)]


def _contraction(token: str) -> list[str]:
    low = token.lower()
    if low in _JOINED:
        return [token[: _JOINED[low]], token[_JOINED[low] :]]
    if len(token) > 1 and token[0] == "'" and low not in _SUFFIXES:
        return ["'", *_contraction(token[1:])]
    cut = next((len(token) - len(s) for s in _SUFFIXES if low.endswith(s)), 0)
    if cut > 0:
        return [token[:cut], token[cut:]]
    if len(token) > 1 and token[-1] == "'":
        return [token[:-1], "'"]
    return [token]
