"""The 29 kinds that open-instruct's IFEvalG adds to IFEval (Pyatkin et al. 2025, 2507.02833).

As in the 25: the response, then the constraint's arguments under their names in the data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise

from plaudit.constraints.counting import divided, holds, sentences, tokens
from plaudit.constraints.ifeval import KINDS as IFEVAL

__all__ = ["KINDS"]

_NO_WORD = re.compile(r"[^\w\s]")


def _repeat_phrase(text: str, *, phrase: str, small_n: int) -> bool:
    """The phrase `small_n` times, each time with exactly one of its inner words replaced.

    The published checker looks at the number of changes in the last one only.
    """
    phrase_words = phrase.split()
    words = text.split()
    size, count, i = len(phrase_words), 0, 0
    while i + size <= len(words):
        if _bare(words[i]) == _bare(phrase_words[0]) and _bare(words[i + size - 1]) == _bare(
            phrase_words[-1]
        ):
            changed = sum(map(str.__ne__, words[i + 1 : i + size - 1], phrase_words[1:-1]))
            if changed != 1:
                return False
            count, i = count + 1, i + size
        else:
            i += 1
    return size > 2 and count == small_n


def _bare(word: str) -> str:
    return _NO_WORD.sub("", word)


def _copy(text: str, *, prompt_to_repeat: str) -> bool:
    return text.strip().lower() == prompt_to_repeat.strip().lower()


def _copying_multiple(text: str, *, prompt_to_repeat: str, N: int) -> bool:
    parts = text.split("******")
    return len(parts) == N and all(_copy(p, prompt_to_repeat=prompt_to_repeat) for p in parts)


def _copy_span_idx(text: str, *, prompt_to_repeat: str, n_start: int, n_end: int) -> bool:
    """As published, the character at `n_end` is left out, whatever the prompt says."""
    return _copy(text, prompt_to_repeat=prompt_to_repeat[n_start:n_end])


def _sentence_hyphens(text: str) -> bool:
    """Sentences joined by hyphens without white space; the pieces are the sentences themselves."""
    return text.split("-") == sentences(text.replace("-", " "))


def _no_adjacent_consecutive(text: str) -> bool:
    firsts = [ord(word[0].lower()[0]) for word in text.split()]
    return all(two - one != 1 for one, two in pairwise(firsts))


def _square_brackets(text: str) -> bool:
    return all(word[0] == "[" and word[-1] == "]" for word in text.split())


def _word_once(text: str, *, keyword: str) -> bool:
    return text.lower().count(keyword.strip().lower()) == 1


def _exclude_word_harder(text: str, *, keyword: str) -> bool:
    """As published: the word between two spaces, in this case of letters."""
    return f" {keyword.strip()} " not in text


def _paragraphs(text: str) -> bool:
    parts = divided(text)
    return parts is not None and len(parts) == 2


def _paragraphs2(text: str) -> bool:
    parts = divided(text, "\n\n")
    return parts is not None and len(parts) == 2


def _first_word_sent(text: str, *, first_word: str) -> bool:
    word = first_word.strip().lower()
    return all(s.split()[0].lower() == word for s in sentences(text))


def _first_word_answer(text: str, *, first_word: str) -> bool:
    return text.split()[0].lower() == first_word.strip().lower()


def _last_word_sent(text: str, *, last_word: str) -> bool:
    return all(_last_word_answer(s, last_word=last_word) for s in sentences(text))


def _last_word_answer(text: str, *, last_word: str) -> bool:
    return _bare(text.split()[-1]).lower() == last_word.strip().lower()


def _bigram_wrapping(text: str) -> bool:
    """As published, a last word without a partner is free."""
    words = text.split()
    return all(
        one.startswith("<<") and two.endswith(">>")
        for one, two in zip(words[::2], words[1::2], strict=False)
    )


def _punctuation_dot(text: str) -> bool:
    return "." not in text


def _punctuation_exclamation(text: str) -> bool:
    return "!" not in text


def _lowercase_counting(text: str, *, N: int) -> bool:
    return len(re.findall(r"\b[a-z]+\b", text)) <= N


def _letter_counting(text: str, *, N: int, relation: str) -> bool:
    return holds(relation, sum(c.isascii() and c.isalpha() for c in text), N)


def _counting_composition(text: str, *, n_sent: int, n_words: int) -> bool:
    """Three paragraphs; marks count as words, as in the published checker."""
    paragraphs = divided(text)
    if paragraphs is None or len(paragraphs) != 3:
        return False
    sentence_lists = [sentences(paragraph) for paragraph in paragraphs]
    return all(len(s) == n_sent for s in sentence_lists) and all(
        len(tokens(sentence)) == n_words for s in sentence_lists for sentence in s
    )


def _count_unique(text: str) -> bool:
    """Marks count as words, as in the published checker: two full stops are one too many."""
    words = tokens(text)
    return len(words) == len(set(words))


def _count_increment_word(text: str, *, keyword1: str, keyword2: str) -> bool:
    low = text.lower()
    once, twice = (low.count(word.strip().lower()) for word in (keyword1, keyword2))
    return once == 1 and twice == 2


def _palindrome(text: str) -> bool:
    """As published, a word of one letter is a palindrome too."""
    return any(word == word[::-1] for word in text.split())


def _keyword_specific_position(text: str, *, keyword: str, n: int, m: int) -> bool:
    all_sentences = sentences(text)
    if not 1 <= n <= len(all_sentences):
        return False
    return tokens(all_sentences[n - 1])[m - 1 : m] == [keyword.strip()]


def _start_end(text: str) -> bool:
    words = tokens(text)
    return len(words) > 1 and words[0].lower() == words[-1].lower()


KINDS: Mapping[str, Callable[..., bool]] = {
    "copy:repeat_phrase": _repeat_phrase,
    "copy:copy": _copy,
    "copy:copying_simple": _copy,
    "copy:copying_multiple": _copying_multiple,
    "new:copy_span_idx": _copy_span_idx,
    "detectable_format:sentence_hyphens": _sentence_hyphens,
    "detectable_format:square_brackets": _square_brackets,
    "detectable_format:bigram_wrapping": _bigram_wrapping,
    "keywords:no_adjacent_consecutive": _no_adjacent_consecutive,
    "keywords:word_once": _word_once,
    "keywords:word_count_different_numbers": IFEVAL["keywords:frequency"],
    "keywords:exclude_word_harder": _exclude_word_harder,
    "keywords:palindrome": _palindrome,
    "keywords:keyword_specific_position": _keyword_specific_position,
    "keywords:start_end": _start_end,
    "paragraphs:paragraphs": _paragraphs,
    "paragraphs:paragraphs2": _paragraphs2,
    "first_word:first_word_sent": _first_word_sent,
    "first_word:first_word_answer": _first_word_answer,
    "last_word:last_word_sent": _last_word_sent,
    "last_word:last_word_answer": _last_word_answer,
    "punctuation:punctuation_dot": _punctuation_dot,
    "punctuation:punctuation_exclamation": _punctuation_exclamation,
    "count:lowercase_counting": _lowercase_counting,
    "count:counting_composition": _counting_composition,
    "count:count_unique": _count_unique,
    "count:count_increment_word": _count_increment_word,
    "letters:letter_counting": _letter_counting,
    "letters:letter_counting2": IFEVAL["keywords:letter_frequency"],
}
