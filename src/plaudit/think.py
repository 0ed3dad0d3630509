"""The one think-block parser: format rules, `view`, answers and model rewards all split with it.

`FAMILIES` is the table of all marks that published models put around their reasoning; a family is
one row. A fixed number of `str.find` calls for each row, so linear on any input.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from plaudit import _harmony
from plaudit.endmarks import END_MARKS, TURN_HEADER

__all__ = [
    "FAMILIES",
    "Family",
    "Marks",
    "Part",
    "Thought",
    "answer_start",
    "opening_at_end",
    "opening_in",
    "part_of",
    "split",
    "split_with_marks",
    "starts_in",
]

Part = Literal["answer", "think", "all"]
Status = Literal["closed", "prefilled", "unclosed", "none"]


class Thought(NamedTuple):
    """A response split at its think block.

    `status` is "closed" (``<think>..</think>`` at the start), "prefilled" (the template wrote the
    opening tag, so the text only closes the block), "unclosed" (opened, never closed: no answer)
    or "none" (no block: all of it is the answer).
    """

    think: str
    answer: str
    status: Status


class Family(NamedTuple):
    """The marks around the reasoning of some models, and around the answer behind it.

    `is_prose`: the opening is a sentence, which counts only at the start of a text that also holds
    the closing one. `is_word`: the marks are ordinary XML, which a text may hold for other reasons
    (a placeholder, say), so that they open reasoning again only behind a block of their own.
    """

    name: str
    opening: str
    closing: str
    answer: tuple[str, str] = ("", "")
    is_prose: bool = False
    is_word: bool = False

    @property
    def start(self) -> str:
        """The opening mark without the white space behind it."""
        return self.opening.rstrip()


def _xml(name: str, *, is_word: bool = False) -> Family:
    return Family(name, f"<{name}>", f"</{name}>", is_word=is_word)


FAMILIES = (
    # DeepSeek, Qwen, GLM, Nemotron, MiniMax M1 and M2, Kimi K2, Phi 4, Olmo 3, Granite 3.3, ...
    _xml("think"),
    # instructions to models without a family of their own, and EXAONE Deep (<thought>): the list
    # of open-webui/open-webui, backend/open_webui/utils/middleware.py
    _xml("thinking", is_word=True),
    _xml("thought", is_word=True),
    _xml("Thought", is_word=True),
    _xml("reason", is_word=True),
    _xml("reasoning", is_word=True),
    # Magistral, Ministral 3: mistralai/mistral-common, tokens of the v13 tokenizer
    Family("[THINK]", "[THINK]", "[/THINK]"),
    # Seed-OSS: vllm-project/vllm, vllm/reasoning/seedoss_reasoning_parser.py
    _xml("seed:think"),
    # MiniMax M3, Hunyuan, LongCat: sgl-project/sglang, python/sglang/srt/parser
    _xml("mm:think"),
    _xml("think:opensource"),
    _xml("longcat_think"),
    # Kimi-VL-Thinking: sgl-project/sglang, python/sglang/srt/parser/reasoning_parser.py
    Family("◁think▷", "◁think▷", "◁/think▷"),
    # Kimi K3: sgl-project/sglang, python/sglang/srt/function_call/kimik3_format.py
    Family(
        "<|open|>think",
        "<|open|>think<|sep|>",
        "<|close|>think<|sep|>",
        ("<|open|>response<|sep|>", "<|close|>response<|sep|>"),
    ),
    # Command A Reasoning: ggml-org/llama.cpp, common/chat.cpp (Command R7B)
    Family(
        "<|START_THINKING|>",
        "<|START_THINKING|>",
        "<|END_THINKING|>",
        ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    ),
    # Sky-T1, OpenThinker: NovaSky-AI/SkyThought, the system prompt
    Family(
        "<|begin_of_thought|>",
        "<|begin_of_thought|>",
        "<|end_of_thought|>",
        ("<|begin_of_solution|>", "<|end_of_solution|>"),
    ),
    # unslothai/notebooks, the GRPO notebooks
    Family(
        "<start_working_out>",
        "<start_working_out>",
        "<end_working_out>",
        ("<SOLUTION>", "</SOLUTION>"),
    ),
    # openPangu: its model cards split the reply at these tokens of the vocabulary
    Family("[unused16]", "[unused16]", "[unused17]"),
    # Apertus: ggml-org/llama.cpp, common/chat.cpp
    Family("<|inner_prefix|>", "<|inner_prefix|>", "<|inner_suffix|>"),
    # MedGemma 1.5; Gemma 4: vllm-project/vllm, vllm/reasoning/gemma4_utils.py
    Family("<unused94>", "<unused94>thought\n", "<unused95>"),
    Family("<|channel>", "<|channel>thought\n", "<channel|>"),
    # Apriel: ServiceNow-AI/Apriel-1.5-15b-Thinker, chat template; the first line may be prefilled
    Family(
        "apriel",
        "Here are my reasoning steps:",
        "[BEGIN FINAL RESPONSE]",
        ("", "[END FINAL RESPONSE]"),
        is_prose=True,
    ),
    # Granite 3.2: vllm-project/vllm, vllm/reasoning/granite_reasoning_parser.py
    Family("granite", "Here is my thought process:", "Here is my response:", is_prose=True),
    Family("granite", "Here's my thought process:", "Here's my response:", is_prose=True),
)
"""The families beside harmony (gpt-oss), whose messages are no pair of marks: `_harmony.py`."""

# What a chat template writes before the turn of the assistant; dumps of whole sequences keep it.
_HEADERS = (
    "<s>",
    "<bos>",
    "<|begin_of_text|>",
    "<｜begin▁of▁sentence｜>",
    "<|im_start|>assistant",
    "<|start_header_id|>assistant<|end_header_id|>",
    "<|header_start|>assistant<|header_end|>",
    "<start_of_turn>model",
    "<|turn>model",
    "<|assistant|>",
    "<｜Assistant｜>",
    "<|Assistant|>",
    "[/INST]",
)
_ASSISTANT = (
    *(header for header in _HEADERS if re.search(r"(?i)assistant|model|/INST", header)),
    "<|im_assistant|>assistant<|im_middle|>",
    "<|start_of_role|>assistant<|end_of_role|>",
    "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>",
    "<|start|>assistant",
    "[|assistant|]",
    "<seed:bos>assistant",
    "]~b]ai",
    "<role>ASSISTANT</role>",
    "\nAssistant:",  # the base template of R1-Zero
)
_MOST_HEADERS = 3
_TAIL = 200  # characters of a prompt in which its last mark stands
_HARMONY = Family("harmony", _harmony.OPENING, "<|channel|>final<|message|>")
_STARTS = tuple(family.start for family in (*FAMILIES, _HARMONY) if not family.is_prose)
_LAST = frozenset(start[-1] for start in _STARTS)
_QUOTES = {"`": "`", '"': '"', "'": "'", "“": "”", "‘": "’", "「": "」"}
_TAG_WORDS = ("tag", "block", "token", "element", "mark", "section", "标签", "标记", "标识", "块")
_MENTION_ENDS = frozenset(" \t.,;:!?)]，。；：！？、）")


def split(text: str, *, tag: str = "auto", prompt: str = "") -> Thought:
    """The think block at the start of a response, and what follows it.

    A block counts only at the start (after white space) or, where the template opened it, up to a
    closing mark that no opening mark precedes; marks that a text merely mentions (in quotes, in a
    fenced block, within a sentence) are text. The first closing mark ends the block. Where
    reasoning is opened again behind the answer and never closed, the answer ends there; where
    that leaves nothing, the status is "unclosed".

    `tag` "auto" takes the marks of every family in `FAMILIES` and harmony's channels; a family's
    name takes that one, any other name ``<name>..</name>``. Under "auto" a tag in capitals or with
    white space within (``<Think>``, ``< /think >``) is the same mark; under a name it is text. A
    `prompt` that ends in an opening mark, or in a turn of the assistant that has opened a block
    (`opening_at_end`), means "prefilled": without a closing mark the response is unfinished
    reasoning.

    >>> split("<think>2+2</think>4")
    Thought(think='2+2', answer='4', status='closed')
    >>> split("2+2</think>4").status, split("<think>2+2").status, split("4").status
    ('prefilled', 'unclosed', 'none')
    >>> split("[THINK]2+2[/THINK]4").answer, split("2+2 is", prompt="Assistant: <think>").status
    ('4', 'unclosed')
    """
    opening = opening_at_end(prompt, tag=tag) if prompt else ""
    if opening and not starts_in(text, opening):
        start = opening.rstrip()
        mark = next((family.opening for family in FAMILIES if family.start == start), opening)
        thought = split(mark + text, tag=tag)
        return thought._replace(status="prefilled") if thought.status == "closed" else thought
    return split_with_marks(text, tag=tag)[0]


class Marks(NamedTuple):
    """The marks that open and close a think block."""

    opening: str
    closing: str


def split_with_marks(text: str, *, tag: str = "auto") -> tuple[Thought, Marks]:
    """The split, and the marks of the family by which it was made.

    >>> split_with_marks("[THINK]2+2")[1]
    Marks(opening='[THINK]', closing='[/THINK]')
    """
    if tag == "auto" and not _may_think(text):
        return Thought("", text, "none"), _NO_MARKS
    plain = _spelled_plainly(text) if tag == "auto" else _PlainText(text)
    thought, marks = _split(plain, tag)
    if not plain.ends:
        return thought, marks
    starts = _starts_of(plain.text, thought, marks)
    think, answer = (
        text[plain.place(start) : plain.place(start + len(piece))] if piece else ""
        for start, piece in zip(starts, thought[:2], strict=True)
    )
    return Thought(think, answer, thought.status), marks


def _split(plain: _PlainText, tag: str) -> tuple[Thought, Marks]:
    """`split_with_marks` of a text whose marks are spelled as in the table."""
    text = plain.text
    if tag in ("auto", "harmony") and (harmony := _harmony.split(text)) is not None:
        return Thought(*harmony), Marks(_HARMONY.opening, _HARMONY.closing)
    families = _named(tag)
    first = (families or (_HARMONY,))[0]
    if not plain.has_marks:
        return Thought("", text, "none"), Marks(first.start, first.closing)
    thought, family = _at_start_or_bare(text, families)
    openings = [f for f in families if f is family or not (f.is_prose or f.is_word)]
    family = family or first
    return _finished(thought, openings), Marks(family.start, family.closing)


def answer_start(text: str) -> int:
    """Where in a response its answer begins: 0 without a think block, the end without an answer.

    >>> answer_start("<think>2+2</think>4"), answer_start("4"), answer_start("<think>2+2")
    (18, 0, 10)
    """
    plain = _spelled_plainly(text)
    thought, marks = _split(plain, "auto")
    if thought.status == "none" or not thought.answer:
        return 0 if thought.status == "none" else len(text)
    return plain.place(_starts_of(plain.text, thought, marks)[1])


def _starts_of(text: str, thought: Thought, marks: Marks) -> tuple[int, int]:
    """Where the reasoning and the answer of a split begin in its text."""
    if thought.status == "none":
        return 0, 0
    opening = -1 if thought.status == "prefilled" else text.find(marks.opening)
    think = text.find(thought.think, 0 if opening < 0 else opening + len(marks.opening))
    end = think + len(thought.think)
    closing = text.find(marks.closing, end)
    return think, text.find(thought.answer, end if closing < 0 else closing + len(marks.closing))


def part_of(text: str, part: Part, *, tag: str = "auto", prompt: str = "") -> str:
    """The named part of a response.

    >>> part_of("<think>2+2</think>4", "answer")
    '4'
    """
    if part == "all":
        return text
    thought = split(text, tag=tag, prompt=prompt)
    return thought.think if part == "think" else thought.answer


def opening_at_end(prompt: str, *, tag: str = "auto") -> str:
    r"""The opening mark that a prompt ends in, with all that stands behind it, or "".

    That is white space, or, where the prompt is a chat as a template writes it, the beginning of
    the reasoning: what counts is the turn of the assistant at its end. A prompt that mentions the
    tag ("put your reasoning in <think>"), in a turn of the user or in its last sentence, has none.

    >>> opening_at_end("<｜User｜>2+2?<｜Assistant｜><think>\n"), opening_at_end("Think in <think>")
    ('<think>\n', '')
    >>> opening_at_end("<|im_start|>assistant\n<think>\nOkay, "), opening_at_end("Say <think>Ok,")
    ('<think>\nOkay, ', '')
    """
    return _mark_at_end(prompt, tag) or (_begun(prompt) if tag == "auto" else "")


def opening_in(turn: str) -> str:
    """The last opening mark of a turn and all behind it, where it opens reasoning; else "".

    >>> opening_in("<think>Okay, "), opening_in("<think>a</think>4")
    ('<think>Okay, ', '')
    """
    if (opening := _mark_at_end(turn, "auto")) or not turn:
        return opening
    plain = _spelled_plainly(turn)
    thought, marks = _split(plain, "auto")
    if thought.status == "unclosed" and plain.text.endswith(thought.think):
        return turn[plain.place(_start(plain.text)) :]
    own = "" if thought.status == "none" else marks.opening
    families = [f for f in FAMILIES if f.start == own or not (f.is_prose or f.is_word)]
    place = min((at for f in families if (at := _reopened(plain.text, f)) >= 0), default=-1)
    return "" if place < 0 else turn[plain.place(place) :]


def _begun(prompt: str) -> str:
    """The reasoning that the assistant has begun at the end of a templated chat, or ""."""
    if not _has_marks(prompt) and _HARMONY.start not in prompt:
        return ""
    ends = [prompt.rfind(header) + len(header) for header in _ASSISTANT if header in prompt]
    turn = prompt[max(ends) :] if ends else ""
    opening = opening_in(turn)
    is_over = TURN_HEADER.search(turn) or any(mark in turn for mark in END_MARKS)
    return "" if not opening or is_over else opening


def _mark_at_end(prompt: str, tag: str) -> str:
    """The opening mark that a text ends in, with the white space behind it, or ""."""
    own = prompt[-_TAIL:].rstrip()
    if tag == "auto" and own[-1:] not in _LAST:
        return ""
    own = prompt[-_TAIL:]
    plain = _spelled_plainly(own) if tag == "auto" else _PlainText(own)
    tail = plain.text.rstrip()
    if tag == "auto" and not tail.endswith(_STARTS):
        return ""
    families = (*_named(tag), *((_HARMONY,) if tag in ("auto", "harmony") else ()))
    for family in families:
        if tail.endswith(family.start) and not family.is_prose:
            start = len(tail) - len(family.start)
            return "" if _ends_a_sentence(tail, start) else own[plain.place(start) :]
    return ""


def starts_in(text: str, opening: str) -> bool:
    """Whether a text starts with an opening mark, white space apart.

    >>> starts_in(" <think>2+2", "<think>\\n")
    True
    """
    return text.lstrip().startswith(opening.strip())


# --- the block ------------------------------------------------------------------------------------


def _named(tag: str) -> tuple[Family, ...]:
    """The families that a tag stands for."""
    if tag == "auto":
        return FAMILIES
    if tag == "harmony":
        return ()
    return tuple(family for family in FAMILIES if family.name == tag) or (_xml(tag),)


def _patterns() -> dict[str, re.Pattern[str]]:
    """For each first character of a mark what finds all marks that begin with it."""
    marks = [mark for f in FAMILIES for mark in (f.start, f.closing) if mark[0] != "H"]
    return {
        first: re.compile(
            re.escape(first) + f"(?:{'|'.join(re.escape(m[1:]) for m in marks if m[0] == first)})"
        )
        for first in sorted({mark[0] for mark in marks})
    }


def _either_case(letter: str) -> str:
    return f"[{letter}{letter.upper()}]" if letter.isalpha() else letter


_PATTERNS = _patterns()
_NAMES = sorted({f.name.lower() for f in FAMILIES if f.closing == f"</{f.name}>"})
_SPELLED = re.compile(
    r"<\s{0,20}(/?)\s{0,20}"
    f"({'|'.join(''.join(map(_either_case, name)) for name in _NAMES)})"
    r"\s{0,20}>"
)
_TAG_STARTS = {mark[1:].lstrip("/")[0] for f in FAMILIES for mark in (f.start, f.closing)}
_FIRST = "".join(sorted({either for c in _TAG_STARTS for either in (c, c.upper())}))
_PATTERNS["<"] = re.compile(  # the look ahead leaves most of HTML and of inequalities aside
    rf"<(?=[/\s]{{0,41}}[{re.escape(_FIRST)}])"
    rf"(?:{_PATTERNS['<'].pattern[1:]}|{_SPELLED.pattern[1:]})"
)
_XML = frozenset(mark for f in FAMILIES for mark in (f.opening, f.closing))
_PROSE_STARTS = tuple(family.start for family in FAMILIES if family.is_prose)


_NO_MARKS = Marks(FAMILIES[0].start, FAMILIES[0].closing)
_LOOKS = tuple(_PATTERNS.items())


def _has_marks(text: str) -> bool:
    """Whether a text holds any mark: of the many that hold none, most are done in a few looks."""
    for first, pattern in _LOOKS:
        if first in text and pattern.search(text):
            return True
    return text.lstrip().startswith(_PROSE_STARTS)


def _may_think(text: str) -> bool:
    """Whether a text may hold reasoning of whatever family, harmony's channels included."""
    return (
        _has_marks(text) or text.startswith("analysis") or ("<" in text and "<|channel|>" in text)
    )


class _PlainText(NamedTuple):
    """A text with its tags as in the table, and where its places are in the text itself."""

    text: str
    ends: tuple[int, ...] = ()  # of the tags that were spelled otherwise
    shifts: tuple[int, ...] = (0,)  # before the first of them, behind the first, ...
    has_marks: bool = True  # False where it is known to hold none

    def place(self, at: int) -> int:
        """Where a place of the plain text is in the text itself."""
        return at + self.shifts[bisect.bisect_right(self.ends, at)]


def _spelled_plainly(text: str) -> _PlainText:
    """The text as it is where no tag is spelled otherwise."""
    if not _has_marks(text):
        return _PlainText(text, has_marks=False)
    pieces: list[str] = []
    ends: list[int] = []
    shifts, start, size = [0], 0, 0
    for tag in _SPELLED.finditer(text):
        if (mark := f"<{tag[1]}{tag[2].lower()}>") != tag[0] and tag[0] not in _XML:
            pieces += [text[start : tag.start()], mark]
            size += tag.start() - start + len(mark)
            start = tag.end()
            ends.append(size)
            shifts.append(start - size)
    return _PlainText("".join((*pieces, text[start:])), tuple(ends), tuple(shifts))


def _at_start_or_bare(text: str, families: tuple[Family, ...]) -> tuple[Thought, Family | None]:
    """The split at a block that the text opens, or that it only closes."""
    start = _start(text)
    for family in families:
        if text.startswith(family.start, start):
            head = start + len(family.opening)
            if not text.startswith(family.opening, start):  # without the white space of the mark
                head = start + len(family.start)
            end = _closing(text, family, head)
            if end < 0 and family.is_prose:
                continue
            if end < 0:
                return Thought(text[head:], "", "unclosed"), family
            return Thought(text[head:end], _answer(text, end, family), "closed"), family
    ends = [(end, family) for family in families if (end := _bare(text, family)) >= 0]
    if not ends:
        return Thought("", text, "none"), None
    end, family = min(ends, key=lambda pair: pair[0])
    return Thought(text[:end], _answer(text, end, family), "prefilled"), family


def _start(text: str) -> int:
    """Where the text begins behind white space, a BOS mark and the header of the turn."""
    start = len(text) - len(text.lstrip()) if text[:1].isspace() else 0
    for _ in range(_MOST_HEADERS):
        header = next((h for h in _HEADERS if text.startswith(h, start)), None)
        if header is None:
            break
        rest = text[start + len(header) :].lstrip()
        start = len(text) - len(rest)
    return start


def _closing(text: str, family: Family, start: int) -> int:
    """Where the first closing mark stands that is not quoted, or -1.

    Where a block opens and closes inside, it is the mark that closes the outer one, if any does.
    """
    quoted = _is_quoted(text, family.closing)
    end = next((i for i in _places(text, family.closing, start) if not quoted(i)), -1)
    if end < 0 or text.find(family.start, start, end) < 0:
        return end
    outer = _balanced(text, family, start)
    return end if outer < 0 else outer


def _balanced(text: str, family: Family, start: int) -> int:
    """Where the mark stands that closes as many blocks as were opened, quoted ones left out."""
    steps: list[tuple[int, int]] = []
    for mark, step in ((family.start, 1), (family.closing, -1)):
        quoted = _is_quoted(text, mark)
        steps += [(place, step) for place in _places(text, mark, start) if not quoted(place)]
    depth = 1
    for place, step in sorted(steps):
        depth += step
        if not depth:
            return place
    return -1


def _bare(text: str, family: Family) -> int:
    """Where a closing mark stands that no opening mark precedes, or -1."""
    if family.name == "granite":  # its closing mark is an ordinary sentence
        return -1
    end = _closing(text, family, 0)
    return end if end >= 0 and text.find(family.start, 0, end) < 0 else -1


def _answer(text: str, end: int, family: Family) -> str:
    """What follows the closing mark, without the marks around the answer."""
    answer = text[end + len(family.closing) :]
    opening, closing = family.answer
    if opening and answer.lstrip().startswith(opening):
        answer = answer.lstrip()[len(opening) :]
    if closing and answer.rstrip().endswith(closing):
        answer = answer.rstrip()[: -len(closing)]
    return answer


# --- reasoning that is opened again ---------------------------------------------------------------


def _finished(thought: Thought, families: Sequence[Family]) -> Thought:
    """The split without the unfinished reasoning that a family's mark opens behind the answer."""
    ends = [_reopened(thought.answer, family) for family in families]
    end = min((end for end in ends if end >= 0), default=-1)
    if end < 0:
        return thought
    answer = thought.answer[:end]
    if thought.status != "none" and not answer.strip():
        return Thought(thought.think, "", "unclosed")
    return thought._replace(answer=answer)


def _reopened(answer: str, family: Family) -> int:
    """Where a mark opens reasoning that is never closed, or -1."""
    opening = family.start
    if answer.find(opening) < 0:
        return -1
    last = answer.rfind(family.closing)
    start = 0 if last < 0 else last + len(family.closing)
    num_fences, before = answer.count("```", 0, start), start
    quoted, head = _is_quoted(answer, opening), len(answer) - len(answer.lstrip())
    for place in _places(answer, opening, start):
        if place == head:  # there is no sentence that it could stand in
            return place
        num_fences += answer.count("```", before, place)
        before = place
        if place + len(opening) >= len(answer.rstrip()):
            return -1
        if not num_fences % 2 and not quoted(place) and not _is_mention(answer, place, opening):
            return place
    return -1


def _is_mention(text: str, place: int, mark: str) -> bool:
    """Whether a mark stands within a sentence, as in "use the <think> tag"."""
    after = text[place + len(mark) : place + len(mark) + 12]
    if after.lstrip(" ").lower().startswith(_TAG_WORDS):
        return True
    return after[:1] in _MENTION_ENDS and _ends_a_sentence(text, place)


def _ends_a_sentence(text: str, place: int) -> bool:
    """Whether a word and a space stand before a place, but for the word Assistant."""
    before = text[max(place - 12, 0) : place]
    words = before.rstrip(" ")
    if len(words) == len(before) or not words[-1:].isalpha():
        return False
    return not words.lower().endswith("assistant")


def _is_quoted(text: str, mark: str) -> Callable[[int], bool]:
    """Tells of a place where the mark stands whether quotes or backticks stand around it."""

    def quoted(place: int) -> bool:
        end = place + len(mark)
        closing = _QUOTES.get(text[place - 1 : place]) if place else None
        return closing is not None and text[end : end + 1] == closing

    return quoted


def _places(text: str, mark: str, start: int = 0) -> Iterator[int]:
    """Where a mark stands, from left to right."""
    while (start := text.find(mark, start)) >= 0:
        yield start
        start += len(mark)
