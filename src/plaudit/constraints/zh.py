"""Constraints on Chinese text: lengths in characters, sentences and paragraphs; phrases; marks.

There is no published checker for these kinds; each docstring says what is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from plaudit.constraints.counting import holds

__all__ = ["KINDS"]

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufad9\U00020000-\U00033479"
_CHAR = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+(?:[.,'-][^\W_{_HAN}]+)*")
_CLOSERS = "”’」』）)】》\"'"
_SENTENCE_END = re.compile(rf"[。！？!?…]+[{_CLOSERS}]*")
_ITEM = re.compile(
    r"[ \t\u3000]*(?:[-*•·●]\s|[0-9]{1,3}(?:[、．]|[.)](?![0-9])|）)"
    r"|[一二三四五六七八九十]{1,3}、|[（(](?:[0-9]{1,3}|[一二三四五六七八九十]{1,3})[)）]|[①-⑳])"
)
_HALF_WIDTH = re.compile(rf"[{_HAN}][,.;:?!]|[,;:?!][{_HAN}]")


def _sentences(text: str) -> list[str]:
    """Pieces with a letter or digit between the marks 。！？… (either width) and line ends."""
    pieces = (piece for line in text.split("\n") for piece in _SENTENCE_END.split(line))
    return [piece for piece in pieces if _CHAR.search(piece)]


def _num_chars(text: str, *, num_chars: int, relation: str) -> bool:
    """字数: ideographs, and each word or number in other letters as one; marks are free."""
    return holds(relation, len(_CHAR.findall(text)), num_chars)


def _num_sentences(text: str, *, num_sentences: int, relation: str) -> bool:
    return holds(relation, len(_sentences(text)), num_sentences)


def _sentence_chars(text: str, *, num_chars: int, relation: str) -> bool:
    """Every sentence has that many characters, counted as in `zh:num_chars`."""
    texts = _sentences(text)
    return bool(texts) and all(
        holds(relation, len(_CHAR.findall(sentence)), num_chars) for sentence in texts
    )


def _num_paragraphs(text: str, *, num_paragraphs: int, relation: str) -> bool:
    """段: lines that are not blank."""
    return holds(relation, sum(1 for line in text.split("\n") if line.strip()), num_paragraphs)


def _paragraph_chars(text: str, *, num_chars: int, relation: str) -> bool:
    """Every paragraph has that many characters, counted as in `zh:num_chars`."""
    return _each_paragraph(text, lambda part: holds(relation, len(_CHAR.findall(part)), num_chars))


def _paragraph_sentences(text: str, *, num_sentences: int, relation: str) -> bool:
    """Every paragraph has that many sentences."""
    return _each_paragraph(text, lambda part: holds(relation, len(_sentences(part)), num_sentences))


def _each_paragraph(text: str, keeps: Callable[[str], bool]) -> bool:
    return all(keeps(line) for line in text.split("\n") if line.strip())


def _num_list_items(text: str, *, num_items: int, relation: str) -> bool:
    """Lines that begin with 1. 1、 （1） 一、 ① - * or •, followed by text."""
    marks = ((line, _ITEM.match(line)) for line in text.split("\n"))
    items = sum(1 for line, mark in marks if mark and _CHAR.search(line, mark.end()))
    return holds(relation, items, num_items)


def _starts_with(text: str, *, phrase: str) -> bool:
    return text.strip().startswith(phrase.strip())


def _ends_with(text: str, *, phrase: str) -> bool:
    """Marks and quotes after the phrase are ignored, unless the phrase itself ends in one."""
    phrase = phrase.strip()
    text = text.strip()
    return text.endswith(phrase) or text.rstrip(f"。！？!?….{_CLOSERS}").endswith(phrase)


def _keywords(text: str, *, keywords: list[str]) -> bool:
    low = text.lower()
    return all(keyword.lower() in low for keyword in keywords)


def _keyword_frequency(text: str, *, keyword: str, frequency: int, relation: str) -> bool:
    return holds(relation, text.lower().count(keyword.strip().lower()), frequency)


def _forbidden_words(text: str, *, forbidden_words: list[str]) -> bool:
    """Chinese has no spaces, so a forbidden word counts wherever its characters occur."""
    low = text.lower()
    return not any(word.lower() in low for word in forbidden_words)


def _forbidden_marks(text: str, *, marks: str) -> bool:
    """None of the characters in `marks`; spaces in it are ignored."""
    return not any(mark in text for mark in marks if not mark.isspace())


def _full_width_marks(text: str) -> bool:
    """No half-width comma, stop, colon, ... beside an ideograph."""
    return _HALF_WIDTH.search(text) is None


def _book_title(text: str) -> bool:
    """A non-empty name in 《》."""
    opened = text.find("《")
    closed = text.find("》", opened) if opened >= 0 else -1
    return closed > 0 and bool(_CHAR.search(text, opened, closed))


KINDS: Mapping[str, Callable[..., bool]] = {
    "zh:num_chars": _num_chars,
    "zh:num_sentences": _num_sentences,
    "zh:sentence_chars": _sentence_chars,
    "zh:num_paragraphs": _num_paragraphs,
    "zh:paragraph_chars": _paragraph_chars,
    "zh:paragraph_sentences": _paragraph_sentences,
    "zh:num_list_items": _num_list_items,
    "zh:starts_with": _starts_with,
    "zh:ends_with": _ends_with,
    "zh:keywords": _keywords,
    "zh:keyword_frequency": _keyword_frequency,
    "zh:forbidden_words": _forbidden_words,
    "zh:forbidden_marks": _forbidden_marks,
    "zh:full_width_marks": _full_width_marks,
    "zh:book_title": _book_title,
}
