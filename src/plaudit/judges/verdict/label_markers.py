# ruff: noqa: E501  (tables of patterns)
"""The label that a reply's markers state, sentence by sentence."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from plaudit.judges.verdict.characters import BLANK, has_word
from plaudit.judges.verdict.label_comparisons import winner_of
from plaudit.judges.verdict.label_context import (
    BAD,
    CONCLUDES,
    CONDITION,
    CONDITION_AFTER,
    DENIED,
    EXAMPLE,
    IT_IS,
    NOT_OWN,
    REPORTED,
    LabelMarker,
    MarkedSentence,
    is_concluded,
    is_stated,
)
from plaudit.judges.verdict.label_names import NOUN
from plaudit.judges.verdict.sentences import TAKEN_BACK, line_of, sentence_of
from plaudit.judges.verdict.spec import Labels, verdict_error

__all__ = ["last_label", "stated_label"]
_BETWEEN = re.compile(
    rf"[\s,;:/|>=&(){BLANK}-]*(?:or|and|vs\.?|versus|to|或者?|和|与|还是|then)?"
    rf"[\s,;:/|>=&(){BLANK}-]*",
    re.IGNORECASE,
)


def _check_alone(body: str, marks: Sequence[LabelMarker]) -> None:
    """Raises VerdictError where the last marker is one of several offered in a row."""
    if len(marks) < 2 or marks[-2].label == marks[-1].label:
        return
    before, mark = marks[-2:]
    between = body[before.end : mark.start]
    if len(between) < 40 and _BETWEEN.fullmatch(between):
        raise verdict_error("ambiguous", f"{before.text} and {mark.text} are side by side")


def last_label(body: str, marks: Sequence[LabelMarker], spec: Labels, is_cut: bool) -> str:
    """The label of the last marker, for templates with their own marker."""
    mark = marks[-1]
    if is_cut and mark.end == len(body) and mark.text[-1].isalnum():
        raise verdict_error("truncated", "the label may continue")
    if is_cut and not _FINISHED.match(body, mark.end):
        raise verdict_error("truncated", f"the sentence about {mark.text} is cut off")
    _check_alone(body, marks)
    names = "|".join(map(re.escape, spec.allowed))
    offered = rf"[\s,\])*]{{0,6}}(?:or|and|/|vs\.?|或者?|和|与)\s{{0,3}}(?:{NOUN}\s{{0,3}})?[\[(]{{0,2}}(?:{names})(?!\w)"
    if re.match(offered, body[mark.end : mark.end + 60], re.IGNORECASE):
        raise verdict_error("ambiguous", f"{mark.text} is one of several")
    if mark.text[0].isalpha():
        start, end = sentence_of(body, mark.start, mark.end)
        before, after = body[start : mark.start], body[mark.end : max(end, mark.end)]
        clause = before.rpartition(BLANK)[2]
        is_supposed = CONDITION.search(clause) or EXAMPLE.search(clause)
        if (is_supposed and not is_concluded(before)) or CONDITION_AFTER.match(after):
            raise verdict_error("ambiguous", f"{mark.text} is mentioned, not stated")
    line = body[line_of(body, mark.start, mark.end)[0] : mark.start]
    if NOT_OWN.search(line) or re.search(
        r"\b(?:form|format|template|example)\s{0,3}(?:is)?\s{0,3}:", line, re.IGNORECASE
    ):
        raise verdict_error("ambiguous", f"{mark.text} is mentioned, not stated")
    if re.match(r"[\s*)\]]{0,4}[!?]{0,2}\?", body[mark.end : mark.end + 8]):
        raise verdict_error("ambiguous", f"{mark.text} is in a question")
    if len({one.label for one in marks}) > 1:
        other = next(one for one in reversed(marks) if one.label != mark.label)
        if not TAKEN_BACK.search(body, other.end, mark.start):
            raise verdict_error(
                "ambiguous", f"{other.text} and {mark.text}, and nothing takes one back"
            )
    return mark.label


def stated_label(body: str, marks: Sequence[LabelMarker], is_pair: bool, is_cut: bool) -> str:
    """The label that the last sentence with markers states. An earlier sentence may name another
    label only where the last one concludes."""
    denied: set[str] = set()
    sentences = _marked_sentences(body, marks)
    if is_cut and not _FINISHED.match(sentences[-1].after + body[marks[-1].end :][:20]):
        raise verdict_error("truncated", f"the sentence about {marks[-1].text} is cut off")
    for place, sentence in reversed([*enumerate(sentences)]):
        label = _label_of_sentence(sentence, is_pair)
        if label is None:
            denied |= sentence.labels
            continue
        if label in denied:
            raise verdict_error("ambiguous", f"{sentence.marks[-1].text} is stated and then denied")
        others = {mark.label for mark in marks if mark.start < sentence.marks[0].start}
        if others - {label}:
            _check_alone(body, [mark for mark in marks if mark.start <= sentence.marks[-1].start])
            if not _concludes(sentence) or _is_listed(body, sentence.marks[0].start):
                raise verdict_error(
                    "ambiguous", "several labels, and the last one concludes nothing"
                )
            if place and _repeats(sentence, sentences[place - 1], label):
                raise verdict_error("ambiguous", "several labels after the same words")
        return label
    raise verdict_error("ambiguous", f"{marks[-1].text} is only denied")


# In a truncated reply: nothing follows the marker, or text that rules out a comparison.
_FINISHED = re.compile(
    r"[*_\s]{0,6}(?:$|\n|[.。!;:)\]}<—–(]|-\s|,?\s{0,3}(?:because|since|as|due to|因为|由于)(?!\w)|\s{0,3}(?:here|overall)\b)",
    re.IGNORECASE,
)


def _repeats(sentence: MarkedSentence, before: MarkedSentence, label: str) -> bool:
    """Whether the sentence before states another label in the same words."""
    words, others = (
        "".join(re.findall(r"\w+", one.before)).casefold() for one in (sentence, before)
    )
    return bool(words) and words == others and before.labels != {label}


def _marked_sentences(body: str, marks: Sequence[LabelMarker]) -> list[MarkedSentence]:
    groups: list[tuple[int, int, list[LabelMarker]]] = []
    for mark in marks:
        if groups and mark.start < groups[-1][1]:
            groups[-1][2].append(mark)
            continue
        start, end = sentence_of(body, mark.start, mark.end)
        groups.append((start, end, [mark]))
    return [
        MarkedSentence(
            body[start : members[0].start],
            members,
            body[members[-1].end : _end_behind_signs(body, max(end, members[-1].end))],
            [body[one.end : two.start] for one, two in itertools.pairwise(members)],
            _heading(body, start, members[0].start),
        )
        for start, end, members in groups
    ]


def _end_behind_signs(body: str, end: int) -> int:
    """The end of a sentence after all of its signs: "!?"."""
    while body[end - 1 : end] in ("!", "?") and body[end : end + 1] in ("!", "?"):
        end += 1
    return end


def _heading(body: str, start: int, place: int) -> str:
    """The line above a marker that opens its line, where it ends in a colon."""
    if has_word(body[start:place]):
        return ""
    above = body[max(start - 80, 0) : start].rstrip()
    return above.rpartition("\n")[2] if above.endswith(":") else ""


def _label_of_sentence(sentence: MarkedSentence, is_pair: bool) -> str | None:
    """The label that a sentence states; None where it only denies.

    Raises: VerdictError where it does neither.
    """
    mark = sentence.marks[-1]
    before = sentence.gaps[-1] if sentence.gaps else sentence.before
    is_led_to = is_concluded(before)
    if len(sentence.labels) > 1 and not is_led_to:
        return _compared_label(sentence, is_pair)
    if not is_led_to and all(DENIED.search(text) for text in (sentence.before, *sentence.gaps)):
        return None
    if not is_led_to and DENIED.search(before):
        raise verdict_error("ambiguous", f"{mark.text} is stated and denied")
    if (
        CONDITION_AFTER.match(sentence.after)
        or BAD.match(sentence.after)
        or sentence.after.rstrip().endswith("?")
        or CONDITION.search(before)
        or REPORTED.search(before)
        or NOT_OWN.search(before)
        or EXAMPLE.search(sentence.heading)
        or NOT_OWN.search(sentence.heading)
        or REPORTED.search(sentence.heading)
        or not is_stated(before, sentence.after)
    ):
        raise verdict_error("ambiguous", f"{mark.text} is mentioned, not stated")
    return mark.label


def _is_listed(body: str, place: int) -> bool:
    """Whether a place is in an item of a list."""
    line = body[line_of(body, place, place)[0] : place]
    return re.match(r"\s{0,6}(?:\d{1,2}[.)、]|[•*-]\s)", line) is not None


def _concludes(sentence: MarkedSentence) -> bool:
    """Whether the sentence is the marker alone, or has a concluding word."""
    rest = f"{sentence.before} {sentence.after}"
    if not has_word(rest) or CONCLUDES.search(rest):
        return True
    return is_concluded(sentence.before) or IT_IS.fullmatch(sentence.before) is not None


def _compared_label(sentence: MarkedSentence, is_pair: bool) -> str:
    """The winner of a sentence that sets two markers against each other.

    Raises: VerdictError where no grammar names one.
    """
    if len(sentence.marks) == 2:
        first, second = sentence.marks
        winner = winner_of(sentence, first.label, second.label, is_pair)
        if winner is not None and not sentence.after.rstrip().endswith("?"):
            return winner
    both = f"{sentence.marks[-2].text} and {sentence.marks[-1].text}"
    raise verdict_error("ambiguous", f"{both} in one sentence, which names no winner")
