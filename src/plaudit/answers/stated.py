r"""Where a response states its answer: the mark, and the whole text after it.

A mark opens a *stated answer*, which ends with its box, tag, sentence or line. Nothing is cut out
of it here: `plaudit.answers.reading` says whether it can be read as mathematics. Searches go from
the end of the text or look at windows of bounded size: linear on any input.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from plaudit.answers.boxed import joined_boxes
from plaudit.answers.foreign import denies, foreign_marks, wrong_before
from plaudit.answers.spans import sentence_end
from plaudit.text.endmarks import without_end_marks

__all__ = ["HOW", "How", "Stated", "stated"]

How = Literal["auto", "boxed", "answer_tag", "gsm8k", "minerva", "phrase"]
HOW: tuple[str, ...] = ("auto", "boxed", "answer_tag", "gsm8k", "minerva", "phrase")

_WINDOW = 2000
_SHORT_CONTENT = 300
_OTHER_TAGS = (  # GLM-4.5V and GLM-4.1V; Unsloth's notebooks; Sky-T1; prompts of many trainers
    ("<|begin_of_box|>", "<|end_of_box|>"),
    ("<SOLUTION>", "</SOLUTION>"),
    ("[ANSWER]", "[/ANSWER]"),
    ("<|begin_of_solution|>", "<|end_of_solution|>"),
    *((f"<{name}>", f"</{name}>") for name in ("solution", "final_answer", "response", "ANSWER")),
)
_MOST_MARKS = 32
_IS = re.compile(
    r"(?:nswers?|NSWERS?)(?:\s(?:to|for|of)\s[^.:=\n]{1,80}?)?(?:\*\*?|__?)?[\"'`]?\s{0,9}"
    r"(?:(?:should|would|must|will|can only)\s(?:then\s|therefore\s)?be\b"
    r"|(?:is|IS|was|are|ARE)\b(?!\s(?:(?:double-)?checked|verified|tested|confirmed|validated)\b)"
    r"|equals\b|(?:comes|turns)\sout\sto\s(?:be\b)?|[=:：|→])(?:\*\*?|__?)?\s{0,9}[:：]?\s{0,9}"
)
_LAST_NUMERAL = re.compile(r"(-?\$?\d[\d,]*(?:\.\d+)?)(\.?)\s*\Z")
_PLAIN_NUMERAL = re.compile(r"-?\d[\d,.]*\d|-?\d")
_USUAL_MARKS = {"The answer is": "answer is", "A:": "A:"}  # lines that are nothing else
_SHORT_MARKS = ("answer is", "Answer is", "answer:", "Answer:")
_MARKUP = re.compile(r"[*\"'\s|]+(?![a-z])")
_CHINESE = re.compile(
    r"答案\s*(?:[应應][该該]?是|[应應即]?[为為]|就?是|等[于於]|】|[:：=])(?:\*\*)?\s*[:：=]?\s*"
)
_REPLY = re.compile(r"(?:^|(?<=[\n。*]))[ \t*]{0,4}(?:答|解答|[结結][论論])\s*[:：]\s*")
_PICK = re.compile(
    r"(?:所以|因此|故|[应應]|本[题題]|正[确確]答案|答案)[选選](?:[择擇]|[项項])?\s*[:：]?\s*(?![项項择擇])"
)
_HEADING = re.compile(
    r"[ \t#*_>]{0,12}(?:(?:the|my)[ ])?(?:(?:final|correct)[ ])?(?:answers?|solution set)"
    r"[ \t*_:：]{0,12}$|[ \t#*_>【]{0,12}(?:最[终終]|最[后後])?(?:答案|答)[ \t*_:：】]{0,12}$",
    re.IGNORECASE | re.MULTILINE,
)
_FINAL_IS = re.compile(r"(?i)final\s+answer\s+is\s*[:：]?\s*")
_HOPE = re.compile(r"(?i)\.?\s*I hope (?:it|this) is correct")
_BULLET = re.compile(r"[ \t]*(?:[-*+•]|\d{1,2}[.)])[ \t]+(?=\S)")
_GOES_ON = re.compile(r"\s*(?:or|and|或|和)\b\s*", re.IGNORECASE)
_DENIED = re.compile(
    r"(?:not\b|n't\b|never\b|wrong\b|incorrect\b|不是|并非|不对|错)", re.IGNORECASE
)
_SUPPOSED = re.compile(  # what precedes an answer that is only assumed, in its own clause
    r"(?i)(?:\b(?:suppose|assume|assuming|imagine|if|unless|whether|(?:let's|let us) say)\b"
    r"|假设|假如|如果|倘若)[^.!?。！？\n,，;；]*$"
)
_WRONG = re.compile(  # "the wrong answer is", up to where the answer begins
    r"(?i)\b(?:wrong|incorrect|false|mistaken|erroneous)\s(?:(?:final|numerical|possible)\s)?answers?\b"
    r"(?:(?!answer)[^.!?。！？\n,，;；])*$"
    r"|(?:错误|不正确|不对|(?<!不)错)的?答案[^.!?。！？\n,，;；]*$|(?:不是|并非)(?:正确)?的?答案[^.!?。！？\n,，;；]*$"
)
_COMPUTES = re.compile(
    r"[\d)a-zA-Z]\s*(?:[-+*/×·÷]|\\times|\\cdot)\s*[$€£(\d][^=\n]{0,80}=\s*[$€£]?[-\d\\(]"
)
_CONCLUDES = re.compile(r"\s*(?:So|Thus|Therefore|Hence|所以|因此|故)(?![a-z])")
_JSON_KEY = re.compile(r"[\"']\s*:$")
_JSON_VALUE = re.compile(r"-?[\d.]+(?:[eE][-+]?\d+)?(?=\s*[,}\n])|\[[^\[\]{}\n]*\](?=\s*[,}\n])")
_LEADING = " \t\r\n*:：_}"
_AROUND = " \t\r\n*`_「」『』"
_SAME = " \t\r\n*$.\\()"
_MOST_ITEMS = 20
_CLAUSE = 60


class Stated(NamedTuple):
    """A stated answer: the whole text of it, its mark, and where it is in the response.

    `closing` holds the punctuation that ends its sentence ("", ".", "!!"); `is_cut` says that the
    response broke off at its length limit inside of it.
    """

    text: str
    mark: str
    start: int
    end: int
    closing: str = ""
    is_cut: bool = False


def stated(text: str, how: str = "auto", *, finish_reason: str | None = None) -> Stated | None:
    r"""The stated answer of a response (its part after the think block), or None.

    "boxed": the last complete ``\boxed``, with those that make one answer with it; "answer_tag":
    the content of the last ``<answer>..</answer>``, or the answer marked inside it; "gsm8k": the
    line after the last ``####``; "minerva": after the last "final answer is"; "phrase": the
    sentence or line after the last "answer is", ``Answer:``, ``A:``, a heading "Answer", 答案,
    答： or 所以选; "auto": the later of box, answer tag and Minerva's sentence, else ``####``, else
    a phrase.

    Raises: KeyError for another `how`.

    >>> stated("... so the answer is 5 or 6. Good.")
    Stated(text='5 or 6', mark='answer is', start=21, end=27, closing='.', is_cut=False)
    >>> stated(r"\boxed{4} <answer>Natalia sold 42 clips.</answer>").text
    'Natalia sold 42 clips.'
    """
    find = _METHODS[how]
    body = without_end_marks(text)[0] if text[-40:].rstrip().endswith(">") else text
    answer = find(body)
    if answer is None or finish_reason != "length":
        return answer
    is_open = answer.mark not in ("boxed", "answer tag") and not answer.closing
    return answer._replace(is_cut=is_open and answer.end >= len(body.rstrip()))


def _auto(text: str) -> Stated | None:
    box = _boxed(text)
    end = box.end if box else 0
    if text.rfind("</answer>") >= end and (tagged := _answer_tag(text)) is not None:
        return tagged
    if box is None:
        return _value_behind_hashes(text) or _tag_or_phrase(text)
    return (_minerva(text) if text.find("I hope it is correct", end) >= 0 else None) or box


def _boxed(text: str) -> Stated | None:
    box = joined_boxes(text)
    return None if box is None else Stated(box[0], "boxed", box[1], box[2])


def _answer_tag(text: str) -> Stated | None:
    """The content of the last answer tag, or the answer marked inside it."""
    return _inside(text, "<answer>", "</answer>")


def _tag_or_phrase(text: str) -> Stated | None:
    """The later of another tag and a phrase; both as one text where the tag is not what it says."""
    tagged = _in_other_tag(text)
    if tagged is None:
        return _phrase(text)
    phrase = _phrase(text)
    if phrase is None or tagged.start <= phrase.start < tagged.end:
        return tagged
    if phrase.start > tagged.end:
        return phrase
    shorter, longer = sorted((tagged, phrase), key=lambda one: len(one.text.strip(_SAME)))
    if _PLAIN_NUMERAL.findall(longer.text) == [shorter.text.strip(_SAME)]:  # 5, and 5 apples
        return longer
    if shorter.text.strip(_SAME) == longer.text.strip(_SAME):
        return tagged
    both = f"{phrase.text}, but {tagged.mark}: {tagged.text}"
    return tagged._replace(text=both, start=phrase.start)


def _in_other_tag(text: str) -> Stated | None:
    """The content of another tag that some models or trainers answer in."""
    if "</" not in text and "<|end" not in text and "[/" not in text:
        return None
    contents = [one for tags in _OTHER_TAGS if (one := _inside(text, *tags)) is not None]
    last = max(contents, key=lambda one: one.end, default=None)
    return last if last and len(last.text) <= _SHORT_CONTENT else None


def _inside(text: str, opening: str, closing: str) -> Stated | None:
    end = text.rfind(closing)
    start = text.rfind(opening, 0, max(end, 0))
    if end < 0 or start < 0:
        return None
    start += len(opening)
    content = text[start:end]
    if (box := _boxed(content)) is not None:
        inner: Stated | None = box._replace(mark="boxed in the answer tag")
    else:
        short = len(content) < _WINDOW
        inner = (_hashes(content) or _phrase(content)) if short else None
    if inner is not None:
        return inner._replace(start=start + inner.start, end=start + inner.end)
    return Stated(content.strip(), "answer tag", start, end)


# --- ####


def _hashes(text: str) -> Stated | None:
    at = text.rfind("####")
    return None if at < 0 else _line(text, at + 4, "####")


def _value_behind_hashes(text: str) -> Stated | None:
    """The same, where a value is there and not a heading."""
    answer = _hashes(text)
    if answer is None or _is_heading(text[answer.start : _line_end(text, answer.start)].strip()):
        return None
    return answer


def _is_heading(line: str) -> bool:
    """Whether a line after #### titles a section: "3. Compute", "Step 2: ...", "Answer:"."""
    if re.match(r"(?:\d{1,2}[.)]|Step\b|Part\b|第.{1,3}步)\s+\S|Step\b", line):
        return True
    if line.endswith((":", "：")) or re.match(r"(?i)\**(?:the |final |correct )*answers?\b", line):
        return True
    return re.match(r"\**(?:最终)?答案?\**[:：]?", line) is not None


def _line(text: str, start: int, mark: str) -> Stated:
    """The rest of a line, or the next one where it is empty."""
    start, _ = _skipped(text, start, " \t\r\n")
    stop = _line_end(text, start)
    while stop > start and text[stop - 1] in _AROUND + "\"'":
        stop -= 1
    while start < stop and text[start] in _AROUND + "\"'":
        start += 1
    end, closing = sentence_end(text, start, stop)
    if closing and _computes(text, start, end):
        start, end, closing = _conclusion(text, start, end, closing, stop)
    return Stated(text[start:end].strip(), mark, start, end, closing)


# --- sentences


def _minerva(text: str) -> Stated | None:
    for at in _backwards(text, "inal answer is", "inal Answer is"):
        match = _FINAL_IS.match(text, max(at - 1, 0))
        if match is not None:
            tail = text[match.end() : match.end() + _WINDOW]
            hope = _HOPE.search(tail)
            stop = match.end() + (hope.start() if hope else len(tail))
            answer = _sentence(text, match.end(), stop, "final answer is")
            return answer and (None if _is_empty(answer) else answer)
    return None


def _phrase(text: str) -> Stated | None:
    """The last phrase with an answer after it; one that is denied counts where no other does."""
    if (answer := _short(text)) is not None:
        return answer
    denied = None
    for start, mark in itertools.islice(_marks(text), _MOST_MARKS):
        answer = _sentence(text, start, min(start + _WINDOW, len(text)), mark)
        if answer is None or _is_empty(answer):
            continue
        if (begin := _ruled_out(text, start, mark)) >= 0:
            whole = text[begin : answer.end].strip(_AROUND)
            answer = answer._replace(text=whole, start=begin)
        elif not _DENIED.match(answer.text.lstrip(_AROUND)) and not denies(mark, answer.text):
            return answer
        denied = denied or answer
    return denied


def _ruled_out(text: str, start: int, mark: str) -> int:
    """Where the words begin that only suppose the answer at `start`, or deny it; -1 without any."""
    before = max(start - _CLAUSE, 0)
    if match := _SUPPOSED.search(text, before, start) or _WRONG.search(text, before, start):
        return match.start()
    at = text.rfind(mark, before, start)
    return wrong_before(text, at) if at > 0 else -1


def _short(text: str) -> Stated | None:
    """A plain numeral after the last phrase, at the end of the text: how most answers look."""
    at = text.rfind(" ")
    match = _LAST_NUMERAL.match(text, at + 1)
    if match is None:
        return None
    line = text[max(text.rfind("\n", 0, at) + 1, at - 48, 0) : at]
    mark = _USUAL_MARKS.get(line)
    if mark is None:
        place = line.rfind("nswer")
        mark = line[place - 1 :]
        if place < 1 or mark not in _SHORT_MARKS or line[max(place - 2, 0) : place - 1].isalnum():
            return None
        if _SUPPOSED.search(line) or _WRONG.search(line):
            return None
    return Stated(match[1], mark, match.start(1), match.end(1), match[2])


def _is_empty(answer: Stated) -> bool:
    """Whether nothing is stated: "the answer is as follows:", and the value is further down."""
    text = answer.text
    return not text.strip(" \t\r\n_.$\"'*") or (
        text.endswith((":", "：")) and not any(map(str.isdecimal, text))
    )


def _marks(text: str) -> Iterator[tuple[int, str]]:
    """Where answers begin after phrases, and the phrases, last first."""
    streams = [_english(text)]
    at = text.rfind("\nA:") + 1
    if at or text.startswith("A:"):
        streams.append(iter([(at + 2, "A:")]))
    if not text.isascii():
        streams += [_chinese(text), _replies(text), _picks(text)]
    streams.append(foreign_marks(text))
    return heapq.merge(*(itertools.islice(s, _MOST_MARKS) for s in streams), reverse=True)


def _english(text: str) -> Iterator[tuple[int, str]]:
    """Where answers begin after "answer is" and its kin, last first."""
    for at in _backwards(text, "nswer", "NSWER"):
        if text[at - 1 : at] not in ("a", "A") or text[max(at - 2, 0) : at - 1].isalnum():
            continue
        if match := _IS.match(text, at):
            yield match.end(), _bare_mark(text[at - 1 : match.end()])
        elif match := _heading(text, at):
            yield match.end(), match.group().strip(" \t#*_>:：【】")


def _heading(text: str, at: int) -> re.Match[str] | None:
    """The heading "Answer" or 答案 around a place."""
    begin = text.rfind("\n", max(at - 40, 0), at) + 1
    return _HEADING.match(text, begin) if begin or at < 40 else None


def _chinese(text: str) -> Iterator[tuple[int, str]]:
    for at in _each(text, "答案"):
        if match := _CHINESE.match(text, at) or _heading(text, at):
            yield match.end(), match.group().strip(" \t\r\n#*_>:【")


def _replies(text: str) -> Iterator[tuple[int, str]]:
    for at in _each(text, "答"):
        begin = max(text.rfind("\n", max(at - 6, 0), at) + 1, at - 5)
        if (match := _REPLY.search(text, max(begin, 0), at + 6)) and match.start() <= at:
            yield match.end(), "答："


def _picks(text: str) -> Iterator[tuple[int, str]]:
    for at in heapq.merge(_each(text, "选"), _each(text, "選"), reverse=True):
        if match := _PICK.search(text, max(at - 4, 0), at + 8):
            yield match.end(), match.group().strip()


def _each(text: str, needle: str) -> Iterator[int]:
    """Where a needle is, last first."""
    at = text.rfind(needle)
    while at >= 0:
        yield at
        at = text.rfind(needle, 0, at)


def _bare_mark(mark: str) -> str:
    """A mark without the quotes and stars around it."""
    return mark.strip() if mark.replace(" ", "").isalpha() else _MARKUP.sub("", mark).strip()


def _sentence(text: str, start: int, stop: int, mark: str) -> Stated | None:
    """What follows a mark: to the end of its sentence, quotation, table cell or list."""
    head = text[max(start - 12, 0) : start].rstrip(" \t\r\n*_")
    while start and text[start - 1].isspace():
        start -= 1
    start, is_below = _skipped(text, start, _LEADING)
    if start >= stop:
        return None
    if head.endswith("|"):
        end = min(e for e in (text.find("|", start), _line_end(text, start), stop) if e >= 0)
        return Stated(text[start:end].strip(_AROUND), mark, start, end)
    if text[start] in "\"'“":
        closing = {"“": "”"}.get(text[start], text[start])
        end = text.find(closing, start + 1, min(_line_end(text, start), stop))
        if end > 0:
            return Stated(text[start + 1 : end].strip(), mark, start + 1, end)
        start += 1
    if _JSON_KEY.search(head) and (end := _json_end(text, start, stop)) > start:
        return Stated(text[start:end].strip(), mark, start, end)
    if is_below and _BULLET.match(text, start):
        return _listed(text, start, stop, mark)
    end, closing = sentence_end(text, start, stop)
    if not closing and (more := _GOES_ON.match(text, end, stop)) and more.end() > end + 1:
        end, closing = sentence_end(text, more.end(), stop)
    if closing and _computes(text, start, end):
        start, end, closing = _conclusion(text, start, end, closing, stop)
    body = text[start:end].strip(_AROUND)
    return Stated(body, mark, start, end, closing)


def _json_end(text: str, start: int, stop: int) -> int:
    """Where a bare value of a JSON object ends."""
    match = _JSON_VALUE.match(text, start, stop)
    return match.end() if match else -1


def _computes(text: str, start: int, end: int) -> bool:
    """Whether a sentence contains a computation: 3 + 4 = 7."""
    at = text.find("=", start, end)
    return at >= 0 and _COMPUTES.search(text, max(start, at - 80), end) is not None


def _conclusion(text: str, start: int, end: int, closing: str, stop: int) -> tuple[int, int, str]:
    """The last sentence of a line that goes on computing: 3 + 4 = 7 boxes. 7 * 2 = 14 shoes."""
    stop = min(stop, _line_end(text, end))
    first = last = start, end, closing
    at = end + len(closing)
    while at < stop:
        end, closing = sentence_end(text, at, stop)
        if text[at:end].strip():
            last = at, end, closing
        at = end + max(len(closing), 1)
    is_conclusion = _CONCLUDES.match(text, last[0]) or _computes(text, last[0], last[1])
    return last if is_conclusion else first


def _listed(text: str, start: int, stop: int, mark: str) -> Stated:
    """The items of a bulleted list, with commas between them."""
    items, at, end = [], start, start
    while len(items) < _MOST_ITEMS and (bullet := _BULLET.match(text, at, stop)):
        end = sentence_end(text, bullet.end(), stop)[0]
        items.append(text[bullet.end() : end].strip(_AROUND + ".,;。，；"))
        at = _line_end(text, end) + 1
        at = min(at, len(text))
    return Stated(", ".join(items), mark, start, end)


def _skipped(text: str, start: int, chars: str) -> tuple[int, bool]:
    """Where something follows white space and stars, and whether on another line."""
    at = start
    while at < len(text) and text[at] in chars:
        if text[at] == "*" and _BULLET.match(text, at) and "\n" in text[start:at]:
            break
        at += 1
    return at, "\n" in text[start:at]


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _backwards(text: str, one: str, other: str) -> Iterator[int]:
    """Where either needle is, last first."""
    first, second = text.rfind(one), text.rfind(other)
    while first >= 0 or second >= 0:
        if first > second:
            yield first
            first = text.rfind(one, 0, first)
        else:
            yield second
            second = text.rfind(other, 0, second)


_METHODS: dict[str, Callable[[str], Stated | None]] = {
    "auto": _auto,
    "boxed": _boxed,
    "answer_tag": _answer_tag,
    "gsm8k": _hashes,
    "minerva": _minerva,
    "phrase": _phrase,
}
