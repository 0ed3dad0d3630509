"""The 25 instruction kinds of IFEval (Zhou et al. 2023, arXiv 2311.07911), one function each.

The first parameter is the response, the keyword-only ones are the constraint's arguments, under
their names in the data. Each function notes where it differs from the published checker.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from plaudit.constraints.counting import divided, holds, sentences, tokens, words, words_alone
from plaudit.constraints.language import is_in

__all__ = ["KINDS"]

_OPTIONS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
_FENCES = ("```json", "```Json", "```JSON", "```")
_POSTSCRIPTS = {"P.S.": re.compile(r"p\.\s?s\."), "P.P.S": re.compile(r"p\.\s?p\.\s?s")}
_HIGHLIGHT = re.compile(r"\*([^\n*]*)\*")
_DOUBLE_HIGHLIGHT = re.compile(r"\*\*([^\n*]*)\*\*")
_MARKS = re.compile("[.,?!'\"]")


def _keywords(text: str, *, keywords: list[str]) -> bool:
    """Every keyword occurs, whatever its case; a keyword is text, never a pattern."""
    low = text.lower()
    return all(keyword.lower() in low for keyword in keywords)


def _keyword_frequency(text: str, *, keyword: str, frequency: int, relation: str) -> bool:
    count = text.lower().count(keyword.strip().lower())
    return holds(relation, count, frequency)


def _forbidden_words(text: str, *, forbidden_words: list[str]) -> bool:
    return not any(words_alone(text, word) for word in forbidden_words)


def _letter_frequency(text: str, *, letter: str, let_frequency: int, let_relation: str) -> bool:
    return holds(let_relation, text.lower().count(letter.strip().lower()), let_frequency)


def _number_sentences(text: str, *, num_sentences: int, relation: str) -> bool:
    return holds(relation, len(sentences(text)), num_sentences)


def _number_paragraphs(text: str, *, num_paragraphs: int) -> bool:
    paragraphs = divided(text)
    return paragraphs is not None and len(paragraphs) == num_paragraphs


def _number_words(text: str, *, num_words: int, relation: str) -> bool:
    return holds(relation, len(words(text)), num_words)


def _nth_paragraph_first_word(
    text: str, *, num_paragraphs: int, nth_paragraph: int, first_word: str
) -> bool:
    """The published checker counts non-empty paragraphs but indexes all; here none is empty."""
    paragraphs = [part for part in text.split("\n\n") if part.strip()]
    if len(paragraphs) != num_paragraphs or not 1 <= nth_paragraph <= num_paragraphs:
        return False
    word = paragraphs[nth_paragraph - 1].split()[0].lstrip("'").lstrip('"')
    return _MARKS.split(word, maxsplit=1)[0].lower() == first_word.lower()


def _number_placeholders(text: str, *, num_placeholders: int) -> bool:
    return sum(map(_brackets, text.split("\n"))) >= num_placeholders


def _brackets(line: str) -> int:
    count, opened = 0, line.find("[")
    while opened >= 0 and (closed := line.find("]", opened)) >= 0:
        count, opened = count + 1, line.find("[", closed)
    return count


def _postscript(text: str, *, postscript_marker: str) -> bool:
    low, marker = text.lower(), postscript_marker.strip()
    if marker in _POSTSCRIPTS:
        return _POSTSCRIPTS[marker].search(low) is not None
    return marker.lower() in low


def _number_bullet_lists(text: str, *, num_bullets: int) -> bool:
    """Lines that begin with ``*`` (not two) or ``-``: dividers of hyphens count, as published."""
    lines = [line.lstrip() for line in text.split("\n")]
    hyphens = sum(line.startswith("-") for line in lines)
    return hyphens + _stars(lines) == num_bullets


def _stars(lines: list[str]) -> int:
    """A lone star at the end of a line takes in the next line."""
    count, i = 0, 0
    while i < len(lines):
        mark = lines[i][:2]
        lone = mark == "*" and i + 1 < len(lines)
        count += lone or (len(mark) == 2 and mark[0] == "*" != mark[1])
        i += 2 if lone else 1
    return count


def _constrained_response(text: str) -> bool:
    return any(option in text for option in _OPTIONS)


def _number_highlighted_sections(text: str, *, num_highlights: int) -> bool:
    single = sum(1 for span in _HIGHLIGHT.findall(text) if span.strip())
    double = sum(1 for span in _DOUBLE_HIGHLIGHT.findall(text) if span.strip())
    return single + double >= num_highlights


def _multiple_sections(text: str, *, section_spliter: str, num_sections: int) -> bool:
    marks = re.findall(rf"{re.escape(section_spliter.strip())}\s?\d", text)
    return len(marks) >= num_sections


def _json_format(text: str) -> bool:
    import json

    body = text.strip()
    for fence in _FENCES:
        body = body.removeprefix(fence)
    try:
        json.loads(body.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


def _title(text: str) -> bool:
    return any(map(_has_title, text.split("\n")))


def _has_title(line: str) -> bool:
    opened, closed = line.find("<<"), line.rfind(">>")
    return 0 <= opened < closed - 2 and bool(line[opened:closed].strip("<>").strip())


def _two_responses(text: str) -> bool:
    halves = divided(text, "******")
    return halves is not None and len(halves) == 2 and halves[0].strip() != halves[1].strip()


def _repeat_prompt(text: str, *, prompt_to_repeat: str) -> bool:
    return text.strip().lower().startswith(prompt_to_repeat.strip().lower())


def _end_checker(text: str, *, end_phrase: str) -> bool:
    return text.strip().strip('"').lower().endswith(end_phrase.strip().lower())


def _capital_word_frequency(text: str, *, capital_frequency: int, capital_relation: str) -> bool:
    capitals = sum(1 for token in tokens(text) if token.isupper())
    return holds(capital_relation, capitals, capital_frequency)


def _english_capital(text: str) -> bool:
    return text.isupper() and is_in(text, "en")


def _english_lowercase(text: str) -> bool:
    return text.islower() and is_in(text, "en")


def _response_language(text: str, *, language: str) -> bool:
    return is_in(text, language)


def _no_comma(text: str) -> bool:
    return "," not in text


def _quotation(text: str) -> bool:
    body = text.strip()
    return len(body) > 1 and body[0] == '"' == body[-1]


KINDS: Mapping[str, Callable[..., bool]] = {
    "keywords:existence": _keywords,
    "keywords:frequency": _keyword_frequency,
    "keywords:forbidden_words": _forbidden_words,
    "keywords:letter_frequency": _letter_frequency,
    "language:response_language": _response_language,
    "length_constraints:number_sentences": _number_sentences,
    "length_constraints:number_paragraphs": _number_paragraphs,
    "length_constraints:number_words": _number_words,
    "length_constraints:nth_paragraph_first_word": _nth_paragraph_first_word,
    "detectable_content:number_placeholders": _number_placeholders,
    "detectable_content:postscript": _postscript,
    "detectable_format:number_bullet_lists": _number_bullet_lists,
    "detectable_format:constrained_response": _constrained_response,
    "detectable_format:number_highlighted_sections": _number_highlighted_sections,
    "detectable_format:multiple_sections": _multiple_sections,
    "detectable_format:json_format": _json_format,
    "detectable_format:title": _title,
    "combination:two_responses": _two_responses,
    "combination:repeat_prompt": _repeat_prompt,
    "startend:end_checker": _end_checker,
    "startend:quotation": _quotation,
    "change_case:capital_word_frequency": _capital_word_frequency,
    "change_case:english_capital": _english_capital,
    "change_case:english_lowercase": _english_lowercase,
    "punctuation:no_comma": _no_comma,
}
