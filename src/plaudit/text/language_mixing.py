"""How much of a text is in a language other than the target, apart from the terms that any text may
borrow: names, identifiers, quotations, technical words.

How much may be borrowed is bounded by how much is written in the target language, so that no text
can consist of terms alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from plaudit.text.language_target import HAN_PER_KANA, QUOTED, Target, count_words, is_japanese
from plaudit.text.languages import (
    FUNCTION_WORDS,
    KIN,
    PLENTY,
    PROFILES,
    identify,
    weigh,
    words_in,
)
from plaudit.text.prose import without_code

__all__ = ["Shares", "shares"]

# Words that may be borrowed for each word in the target language.
_MOST_NAMES, _MOST_LISTED, _MOST_QUOTED, _MOST_TERMS = 4.0, 3.0, 1.0, 0.5

_LONGEST_TERM, _LONGEST_NAME = 6, 10
_FEW = 0.02  # a smaller share of foreign words is not examined

_LETTER = "A-Za-zÀ-ɏ"
_TOKEN = rf"[{_LETTER}0-9_](?:[{_LETTER}0-9_'’+#./&@\-]*[{_LETTER}0-9_+#])?"
_RUN = re.compile(rf"{_TOKEN}(?:[ \t*]{{1,3}}{_TOKEN})*")
_IS_NAME = re.compile(rf"[{_LETTER}0-9_'’\-]*[A-ZÀ-Þ0-9_+#./@&]")
_WORD = re.compile(rf"[{_LETTER}]{{2}}")
_PIECE = re.compile("[^。！？.!?\n]+")
_KANA = re.compile("[ぁ-ヿ]")
_LIST_MARK = re.compile(r"^[ \t]{0,20}(?:\d{1,3}[.)、]|[-*•])[ \t]+", re.MULTILINE)
_COMMENT = re.compile(r"[ \t]{0,80}(?:\#|//|--|/\*)")
_OPEN, _CLOSE = '“"「『‘', '”"」』’'
_PHRASE = rf"[{_OPEN}][^{_OPEN}{_CLOSE}\n]{{1,40}}[{_CLOSE}]"
_LISTED = re.compile(rf"{_PHRASE}(?:[、,，;；和及与或\s]{{1,3}}{_PHRASE})+")
_CJK = re.compile("[぀-ヿ㐀-鿿가-힣]")

_LONG = 2000
_SEGMENT = 1000
_MAX_SEGMENTS = 8
_MIN_WORDS = 20  # fewer words do not reveal their language
_MIN_HITS = 4.0
_MIN_SHARE = 0.15


class Shares(NamedTuple):
    """Words in the target languages, in others, and remarks for the note."""

    due: float
    foreign: float
    remarks: tuple[str, ...] = ()


def shares(text: str, words: Mapping[str, float], target: Target) -> Shares:
    """How many words of the prose count for the target and against it.

    `words` counts the words of the text by script, including those from code and formulas that
    count.

    >>> target = Target("zh", ("zh",))
    >>> text = "用 PyTorch 训练，再看 loss 是否下降。"
    >>> shares(text, count_words(text), target)
    Shares(due=6.0, foreign=0.0, remarks=('2 words are names or terms',))
    """
    due = _in_scripts(words, target.scripts, target.languages)
    foreign = sum(words.values()) - due
    remarks: list[str] = []
    if "kana" in words and "han" in target.scripts and "kana" not in target.scripts:
        japanese = min(due, _japanese_ideographs(text))
        due, foreign = due - japanese, foreign + japanese
    if "latin" in target.scripts and words.get("latin"):
        other = _other_latin(text, target)
        if other is None:
            remarks.append("of Latin letters only the script was judged")
        else:
            latin = words.get("latin", 0.0)
            due, foreign = due - other * latin, foreign + other * latin
    counted = Shares(due, foreign, tuple(remarks))
    return _without_terms(text, counted, target) if foreign > _FEW * due > 0 else counted


def _in_scripts(
    words: Mapping[str, float], scripts: tuple[str, ...], languages: tuple[str, ...]
) -> float:
    counts = {script: words.get(script, 0.0) for script in scripts}
    if "kana" in counts and "han" in counts and {"zh", "yue", "han"}.isdisjoint(languages):
        counts["han"] = min(counts["han"], counts["kana"] * HAN_PER_KANA)
    return sum(counts.values())


def _japanese_ideographs(text: str) -> float:
    """Words of ideographs in sentences that are Japanese, quotations left out."""
    total = 0.0
    for piece in _PIECE.findall(QUOTED.sub(" ", text)):
        if _KANA.search(piece):
            counts = count_words(piece)
            total += counts.get("han", 0.0) if is_japanese(counts) else 0.0
    return total


# --- terms ----------------------------------------------------------------------------------------


def _without_terms(text: str, counted: Shares, target: Target) -> Shares:
    """The shares without the foreign words that may be borrowed.

    Of a text longer than some thousand characters, evenly spaced segments are sampled.
    """
    scale = max(1.0, len(text) / (_MAX_SEGMENTS * _LONG))
    sample = "\n".join(_segments(text, _LONG)) if scale > 1 else text
    borrowed = {_MOST_NAMES: 0.0, _MOST_LISTED: 0.0, _MOST_QUOTED: 0.0, _MOST_TERMS: 0.0}
    due = counted.due
    if "latin" in target.scripts:
        sample, borrowed[_MOST_QUOTED] = _unquoted(sample, target)
        lines = "\n".join(filter(_CJK.search, sample.split("\n")))
        due = max(0.0, due - scale * sum(count for _, count in _terms(lines)))
    else:
        sample = _LIST_MARK.sub("", sample)
        prose = _without_comments(sample, without_code(sample))
        if prose != sample:
            code = count_words(sample).get("latin", 0.0) - count_words(prose).get("latin", 0.0)
            borrowed[_MOST_NAMES] = code
        prose, borrowed[_MOST_LISTED] = _without_listed(prose)
        prose, borrowed[_MOST_QUOTED] = _unquoted(prose, target)
        for most, count in _terms(prose):
            borrowed[most] += count
    free = sum(min(scale * count, most * due) for most, count in borrowed.items())
    free = min(free, counted.foreign)
    remarks = (f"{free:.0f} words are names or terms",) if free >= 0.5 else ()
    return Shares(due, counted.foreign - free, (*counted.remarks, *remarks))


def _without_comments(text: str, prose: str) -> str:
    """The prose without comments next to lines of code in the text."""
    lines, prose_lines = text.split("\n"), prose.split("\n")
    if prose == text or len(lines) != len(prose_lines):
        return prose
    is_code = [
        bool(line.strip()) and not rest.strip()
        for line, rest in zip(lines, prose_lines, strict=True)
    ]
    for step in (1, -1):
        order = range(len(lines))[::step]
        for place, neighbour in zip(order[1:], order, strict=False):
            if is_code[neighbour] and _COMMENT.match(lines[place]):
                is_code[place] = True
    return "\n".join("" if code else rest for code, rest in zip(is_code, prose_lines, strict=True))


def _without_listed(text: str) -> tuple[str, float]:
    """The text without lists of short phrases in quotes, and how many Latin words these have."""
    lists = _LISTED.findall(text)
    if not lists:
        return text, 0.0
    return _LISTED.sub(" ", text), count_words(" ".join(lists)).get("latin", 0.0)


def _unquoted(text: str, target: Target) -> tuple[str, float]:
    """The text without short quotations in other scripts, and how many words these have."""
    quoted = 0.0

    def cut(match: re.Match[str]) -> str:
        nonlocal quoted
        counts = count_words(match[1])
        if any(counts.get(script) for script in target.scripts):
            return match[0]
        quoted += sum(counts.values())
        return " "

    return QUOTED.sub(cut, text), quoted


def _terms(text: str) -> Iterator[tuple[float, float]]:
    """The runs of Latin words that are names or terms: how many may be borrowed, how many words."""
    for run in _RUN.findall(text):
        tokens = [token for token in run.replace("*", " ").split() if _WORD.search(token)]
        if tokens and (most := _kind(tokens)):
            yield most, float(len(tokens))


def _kind(tokens: list[str]) -> float:
    """How many such words may be borrowed per word in the target language; 0 for a clause."""
    content = [token for token in tokens if token.lower() not in FUNCTION_WORDS]
    num_function = len(tokens) - len(content)
    if content and len(tokens) <= _LONGEST_NAME and all(map(_IS_NAME.match, content)):
        return _MOST_NAMES if num_function <= len(content) + 1 else 0.0
    if len(tokens) == 1:
        return _MOST_TERMS
    if num_function >= 2 or (num_function and len(tokens) >= 4) or len(tokens) > _LONGEST_TERM:
        return 0.0
    return _MOST_TERMS


# --- languages in Latin letters -------------------------------------------------------------------


def _other_latin(text: str, target: Target) -> float | None:
    """The share of Latin words in a language other than the target; None if unidentifiable."""
    if not target.profiles:
        return None
    due = [PROFILES[code] for code in target.profiles]
    judged = other = 0
    for segment in _segments(text, _SEGMENT):
        words = words_in(segment)
        if len(words) < _MIN_WORDS:
            continue
        if any(sum(map(profile.__contains__, words)) >= PLENTY * len(words) for profile in due):
            judged += len(words)
            continue
        language = identify(weigh(words), least=_MIN_HITS, share=_MIN_SHARE)
        if language is not None:
            judged += len(words)
            other += len(words) * (not _is_due(language, target.profiles))
    return other / judged if judged else None


def _segments(text: str, size: int) -> Iterator[str]:
    """All of a text in pieces of `size` characters, or evenly spaced pieces of a long one."""
    stride = max(size, -(-len(text) // _MAX_SEGMENTS))
    return (text[start : start + size] for start in range(0, len(text), stride))


def _is_due(language: str, due: tuple[str, ...]) -> bool:
    kin = KIN.get(language, language)
    return any(KIN.get(code, code) == kin for code in due)
