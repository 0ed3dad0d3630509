"""The answer of a response as text, read by the shared reader, and the references for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from plaudit.answers.spans import sentence_end
from plaudit.answers.stated import HOW, Stated, stated
from plaudit.errors import ConfigError, ScoringError, clipped, did_you_mean
from plaudit.text.endmarks import without_end_marks
from plaudit.text.think import split

__all__ = [
    "Extract",
    "answer_of",
    "behind_think",
    "lines_below",
    "references",
    "unwrapped",
]

Extract = Literal[
    "auto", "answer", "all", "answer_tag", "boxed", "gsm8k", "minerva", "phrase", "last_line"
]
_PLACES = ("answer", "all", "last_line", *HOW)
_WRAPPED = re.compile(
    r"\\(?:text|textbf|textit|textrm|textsf|texttt|textnormal|mathrm|mathbf|mathsf|mathit|mathtt"
    r"|mbox|emph|operatorname)\*?[ ]?\{([^{}]*)\}"
)
_EMPHASIS = re.compile(r"(\*\*|__|`|\*|_)(?=\S)((?:(?!\1).)*\S)\1", re.DOTALL)
_OR_ANOTHER = re.compile(r"[?？]+\s*(?:(?i:or|maybe|perhaps|no)\b|或|还是|不)")
_MOST_WRAPPERS = 4
_SHORTENED = re.compile(
    r"(?<!\w)(?:Mr|Mrs|Ms|Dr|St|Ste|Prof|Gen|Sgt|Capt|Sen|Rep|Gov|Rev|Mt|Jr|Sr|Inc|Ltd|Corp|vs"
    r"|[A-Z]|(?:[A-Za-z]\.)+[A-Za-z])$"
)
_DOTTED = re.compile(r"(?<!\w)(?:[A-Za-z]\.)+[A-Za-z]$")
_NEXT_SENTENCE = re.compile(
    r"\.[ \t]+(?:It|This|That|These|Those|The|There|He|She|They|We|You|I|In|On|As|So|Because|Since"
    r"|For|If|When|Therefore|Thus|Hence|However|But|And)\b"
)


def behind_think(response: str) -> str:
    """The text after the think block, without end marks; empty if the block is never closed.

    >>> behind_think("<think>2 + 2</think>4<|im_end|>"), behind_think("<think>so 4")
    ('4', '')
    """
    return without_end_marks(split(response).answer)[0]


def answer_of(response: str, extract: Extract, finish_reason: str | None = None) -> str | None:
    """The stripped answer of a response, or None if it states no answer.

    "auto" is the answer after its mark as `plaudit.answers.stated` finds it (``<answer>``, box,
    ``####``, a phrase such as "the answer is"), or, without a mark, the text after the think block;
    a single mark can be named ("answer_tag", "boxed", "gsm8k", "minerva", "phrase"). "answer" is
    the text after the think block, "last_line" its last non-blank line, "all" the whole response.
    If `finish_reason` is "length", an answer cut off by the limit does not count, and "auto" needs
    a mark.

    Raises: ConfigError for any other value of `extract`.

    >>> answer_of("<think>5?</think>It is\\n<answer> 4 </answer>", "auto")
    '4'
    >>> answer_of("The answer is St. Louis. It lies on a river.", "auto"), answer_of("Yes.", "auto")
    ('St. Louis', 'Yes.')
    """
    if extract not in _PLACES:
        raise ConfigError(
            f"extract={extract!r} must be {', '.join(map(repr, _PLACES[:-1]))} or {_PLACES[-1]!r}"
            f"{did_you_mean(str(extract), _PLACES)}"
        )
    if extract == "all":
        return response.strip() or None
    text = behind_think(response)
    if extract == "last_line":
        text = text.rstrip()
        return text[text.rfind("\n") + 1 :].strip() or None
    if extract == "answer":
        return text.strip() or None
    answer = stated(text, extract, finish_reason=finish_reason)
    if answer is not None:
        is_open = answer.is_cut or _OR_ANOTHER.match(text, answer.end)
        return None if is_open else _whole_sentence(text, answer).strip() or None
    is_open = finish_reason == "length" or "<answer>" in text  # the answer was not finished
    return None if extract != "auto" or is_open else text.strip() or None


def unwrapped(text: str) -> str:
    r"""The text without LaTeX commands around words and without emphasis around the whole of it.

    >>> unwrapped(r"\text{red}, \textbf{green}"), unwrapped("**Marie Curie**"), unwrapped("x_1")
    ('red, green', 'Marie Curie', 'x_1')
    """
    for _ in range(_MOST_WRAPPERS if "\\" in text else 0):
        text = _WRAPPED.sub(r"\1", text)
    whole = _EMPHASIS.fullmatch(text.strip())
    return whole[2].strip() if whole else text


def lines_below(response: str, answer: str) -> str:
    """All lines of a list that follows a mark like ``Answer:``, given its first line.

    >>> lines_below("Answer:\\nred\\ngreen\\n\\nDone.", "red")
    'red\\ngreen'
    """
    text = behind_think(response)
    stated_answer = stated(text, "auto")
    if (
        stated_answer is None
        or not answer
        or "boxed" in stated_answer.mark
        or "tag" in stated_answer.mark
    ):
        return answer
    before = text[: stated_answer.start].rstrip(" \t*_`")
    if not before.endswith("\n") or stated_answer.text != answer:
        return answer
    return re.split(r"\n[ \t]*\n", text[stated_answer.start :], maxsplit=1)[0].strip()


def references(reference: Any) -> list[str]:
    """The accepted answers: one text or number, or a list of them.

    Raises: ScoringError (input) for anything else and for a blank answer.

    >>> references(["a", 1])
    ['a', '1']
    """
    items: Any = reference.tolist() if hasattr(reference, "tolist") else reference
    if isinstance(items, str | int | float):
        items = [items]
    if not isinstance(items, Sequence) or not items:
        raise ScoringError(f"the reference must be text, found {clipped(items)}", fault="input")
    texts = []
    for item in items:
        if not isinstance(item, str | int | float) or not str(item).strip():
            raise ScoringError(
                f"a reference must be non-empty text, found {clipped(item)}", fault="input"
            )
        texts.append(str(item).strip())
    return texts


def _whole_sentence(text: str, answer: Stated) -> str:
    """The stated answer up to its real end: "Dr.", an initial or "D.C." ends no sentence."""
    end, closing = answer.end, answer.closing
    if closing != "." or text[answer.start : end].strip(" \t\r\n*`_") != answer.text:
        return answer.text
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    while closing == "." and _goes_on(text, answer.start, end, line_end):
        end, closing = sentence_end(text, end + 1, line_end)
    if end == answer.end and not _DOTTED.search(text, max(end - 12, 0), end):
        return answer.text
    is_dotted = closing == "." and _DOTTED.search(text, max(end - 12, 0), end)
    return text[answer.start : end + bool(is_dotted)].strip(" \t\r\n*`_")


def _goes_on(text: str, start: int, end: int, line_end: int) -> bool:
    """Whether the full stop at `end` belongs to an abbreviation and the sentence continues."""
    word = _SHORTENED.search(text, max(end - 12, start), end)
    if not word or not text[end + 1 : line_end].strip() or _NEXT_SENTENCE.match(text, end):
        return False
    is_letter = word.end() - word.start() == 1 and word.start() == start
    return not is_letter or re.match(r"\. ?[A-Z]\.", text[end : end + 4]) is not None
