# ruff: noqa: E501  (tables of patterns)
r"""Labels in a reply: markers and what is said about them, tags and boxes, anchors, plain sentences.

A marker is a verdict only where its sentence states it: not where it is denied, conditional, asked,
reported from a response, or compared with another one, unless the comparison names a winner.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Sequence
from typing import NamedTuple

from plaudit.errors import clipped
from plaudit.judges._reply import BLANK, CONCLUDING, is_mentioned, line_of, sentence_of
from plaudit.judges._spec import GAP, MARKER, Labels, Shape, unread

__all__ = ["is_own", "known", "label_shapes", "read_label", "whole"]

_NOUN = (
    r"(?:assistant|response|answer|output|model|candidate|option|choice|solution|"
    r"助手|回答|答案|回复|模型|选项|答复)"
)
_NOUN_FIRST = re.compile(rf"^(?:the)?{_NOUN}#?", re.IGNORECASE)
_LONGEST_MORE = 40  # a noun before a label, or the signs of a comparison
_TIES = frozenset(("tie", "tied", "atie", "draw", "adraw", "平局", "平手", "打平", "和局"))
_PAIRS = {"[": "]", "(": ")", '"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "「": "」",
          "『": "』", "«": "»"}  # fmt: skip


# --- names of labels ------------------------------------------------------------------------------


def known(name: str, spec: Labels) -> str | None:
    """The label that a text spells: in any case, behind a noun, as a tie, or turned round.

    >>> arena = Labels(("A>>B", "A>B", "A=B", "B>A", "B>>A"))
    >>> known("Assistant b", Labels()), known("A≪B", arena), known("tie", arena)
    ('B', 'B>>A', 'A=B')
    """
    name = "".join(name.split()).casefold()
    labels, longest = _spellings(spec)
    if name in labels:
        return labels[name]
    if len(name) > longest:
        return None
    bare = _NOUN_FIRST.sub("", name)
    if bare in labels:
        return labels[bare]
    if name in _TIES and spec.tie_label:
        return spec.tie_label
    return labels.get(_turned(name))


@functools.lru_cache(maxsize=64)
def _spellings(spec: Labels) -> tuple[dict[str, str], int]:
    """The labels as they are compared, and how long a text may be that `known` makes one of."""
    labels = {"".join(label.split()).casefold(): label for label in spec.allowed}
    return labels, max(map(len, labels), default=0) + _LONGEST_MORE


_SIDES = re.compile(r"([a-z0-9]{1,9})(>{1,2}|<{1,2}|={1,2})([a-z0-9]{1,9})")
_SIGNS = tuple(zip("≫≪≻≺＞＜≈＝", (">>", "<<", ">", "<", ">", "<", "=", "="), strict=True))


def _turned(name: str) -> str:
    """A comparison with ">" for its sign, "a=b" in the order of the letters; "" where it is none.

    >>> _turned("a<<b"), _turned("b==a"), _turned("a>>>b")
    ('b>>a', 'a=b', '')
    """
    for sign, spelled in _SIGNS:
        name = name.replace(sign, spelled)
    match = _SIDES.fullmatch(name)
    if match is None or (match[1] == match[3]):
        return ""
    left, sign, right = match.groups()
    if sign[0] == "=":
        return "=".join(sorted((left, right)))
    return f"{left}{sign}{right}" if sign[0] == ">" else f"{right}{'>' * len(sign)}{left}"


_ANSWERING = re.compile(r"^(?:(?:final )?(?:answer|choice)|(?:最终)?答案)\s*:", re.IGNORECASE)


_FRACTION = re.compile(r"\.\d")


def whole(text: str) -> str:
    """A short reply without the brackets, quotes, tags and dots around it; "" for a long one."""
    if len(text) > 400:
        return ""
    inner = text.strip()
    if inner[:1] == "<":
        inner = re.sub(r"^<(\w+)>\s*(.*?)\s*</\1>$", r"\2", inner, flags=re.DOTALL)
    inner = inner.strip("$ ")
    if inner[:1] == "\\":
        inner = re.sub(r"^\\boxed\{(?:\\text\{)?([^{}]*)\}?\}$", r"\1", inner)
    if inner[:1] == "`":
        inner = re.sub(r"^```\w*\s*(.*?)\s*```$", r"\1", inner, flags=re.DOTALL)
    inner = _ANSWERING.sub("", inner)
    while True:
        inner = inner.strip(" \t\r\n。,!").rstrip(". \t")
        inner = inner if _FRACTION.match(inner) else inner.lstrip(". \t")
        inner = inner[0] if len(inner) == 2 and inner[1] == ")" else inner
        if len(inner) < 2 or _PAIRS.get(inner[0]) != inner[-1]:
            return inner
        inner = inner[1:-1]


# --- shapes ---------------------------------------------------------------------------------------

_ADV = (
    r"(?:(?:clearly|much|slightly|far|significantly|somewhat|marginally|definitely|therefore|still|"
    r"overall|a bit|a little|by far|simply|also|considerably|obviously|generally)\s{1,3}){0,3}"
)
_BETTER = r"(?:better|best|superior|stronger|strongest|preferable|preferred|winner|winning)"
_THING = r"(?:one|answer|response|assistant|choice|option|output|solution|candidate|model|reply)"
_ZH_ADV = r"(?:明显|显然|总体上?|整体上?|略微?|稍微?|要|更加?|相对|显著|远远?|还是|也)"
_ZH_GOOD = r"(?:更好|更优秀?|更佳|更胜一筹|胜出|获胜|较好|较优|最好|最佳|最优|为优|为佳|为胜|更准确|更有帮助)"
# What a sentence of each form holds where it is in English.
_SENTENCE_WORDS = (
    ("better", "best", "superior", "strong", "prefer", "winn"),
    ("wins", "beats", "outperforms", "surpasses"),
    ("choose", "pick", "select", "prefer", "vote", "go with", "better", "best", "winn", "superior",
     "stronger", "choice"),
    ("更", "胜", "获", "较", "最", "为"),
    ("比", "优", "胜", "好", "强"),
    ("我", "更", "较", "最", "胜", "赢"),
)  # fmt: skip
_TAGS = r"(?:answer|verdict|decision|winner|choice|final|final_answer|result|preference)"


@functools.lru_cache(maxsize=64)
def label_shapes(spec: Labels) -> tuple[Shape, ...]:
    """Markers, bare labels behind an anchor, and with the default marker tags and sentences."""
    anchors = "|".join(map(re.escape, spec.anchors))
    anchored = Shape(
        re.compile(
            _anchored(rf"(?:{anchors})[\])>]{{0,3}}{GAP}", spec), re.IGNORECASE | re.MULTILINE
        ),
        tuple(anchor.lower() for anchor in spec.anchors),
    )
    marker = re.compile(spec.marker, re.IGNORECASE)
    if spec.marker != MARKER:
        return (Shape(marker), anchored)
    return (Shape(marker, ("[",)), anchored, *_tags(), *_sentences(spec))


def _anchored(anchor: str, spec: Labels) -> str:
    labels = "|".join(map(re.escape, spec.allowed))
    is_a = rf"(?:is|为|是)?{GAP}:?{GAP}[\[(<]{{0,3}}{GAP}(?:(?:the )?{_NOUN}\s{{0,2}})?"
    end = rf"{GAP}[\])>]{{0,3}}{GAP}[.。!]?[^\S\n]{{0,6}}$"
    return rf"{anchor}{is_a}({labels}|[A-Za-z<>=]{{1,5}}|平局|平手){end}"


@functools.cache
def _tags() -> tuple[Shape, ...]:
    tag = re.compile(rf"<{_TAGS}>{GAP}([^<>\n]{{1,20}}?){GAP}</{_TAGS}>", re.IGNORECASE)
    boxed = re.compile(r"\\boxed\{(?:\\text\{)?([^{}\n]{1,20})\}")
    return Shape(tag, ("<",)), Shape(boxed, ("\\boxed{",))


def _sentences(spec: Labels) -> tuple[Shape, ...]:
    """Plain sentences that name the better response, one group each."""
    if not spec.names:
        return ()
    name = "|".join(f"(?-i:{re.escape(label)})" for label in spec.names)
    noun = _NOUN if all(label.isdigit() for label in spec.names) else rf"(?:{_NOUN})?"
    one = rf"(?<![A-Za-z0-9_\-])(?:{noun}\s{{0,2}}[\[(]{{0,2}}({name})[\])]{{0,2}}(?![A-Za-z0-9_>=<-]))"
    other = rf"(?:{_NOUN}\s{{0,2}})?(?:{name})(?![A-Za-z0-9_])(?:'s(?: {_THING})?)?(?:的?(?:回答|答案|回复))?"
    own = rf"(?:'s {_THING})?(?:的(?:回答|答案|回复))?"
    over = r"(?!\s{0,3}(?!because\b|since\b|as it\b|overall\b)\w)"
    patterns = (
        rf"{one}{own}\s{{1,3}}(?:is|was)\s{{1,3}}{_ADV}(?:the\s{{1,3}})?{_ADV}{_BETTER}"
        rf"(?:\s{{1,3}}{_THING})?(?:\s{{1,3}}(?:than|to)\s{{1,3}}{other})?{over}",
        rf"{one}{own}\s{{1,3}}{_ADV}(?:wins|(?:beats|outperforms|surpasses)\s{{1,3}}{other})"
        rf"(?:\s{{1,3}}overall)?{over}",
        rf"(?:\b(?:I|we)(?:'d| would| will|'ll)?\s{{1,3}}(?:choose|pick|select|prefer|vote for|"
        rf"go with)|\b(?:better|best|winning|preferred|superior|stronger)\s{{1,3}}{_THING}"
        rf"\s{{1,3}}is|\b(?:winner|my (?:choice|pick|preference|vote))\s{{1,3}}is)\s{{0,3}}:?"
        rf"\s{{0,3}}{one}{over}",
        rf"{one}{own}\s{{0,3}}{_ZH_ADV}{{0,3}}{_ZH_GOOD}(?:一些|一点|些)?(?=\s{{0,3}}(?:[。.,!;]|$|因为|由于))",
        rf"{one}{own}\s{{0,3}}{_ZH_ADV}{{0,2}}(?:比\s{{0,3}}{other}\s{{0,3}}{_ZH_ADV}{{0,3}}(?:好|优|强|佳)"
        rf"|(?:优于|胜过|好于|强于|胜于)\s{{0,3}}{other})(?:一些|一点|些)?(?=\s{{0,3}}(?:[。.,!;]|$|因为|由于))",
        rf"(?:我(?:会|更|认为|最终)?(?:选择?|倾向于|偏向于|支持)|(?:更好|更优|更佳|较好|较优|最好|最佳)的(?:回答|"
        rf"答案|助手|回复)?(?:是|为)|(?:胜者|获胜者|赢家|优胜者)(?:是|为)?)\s{{0,3}}:?\s{{0,3}}{one}"
        rf"(?=\s{{0,3}}(?:[。.,!;]|$|因为|由于))",
    )
    return tuple(
        Shape(re.compile(pattern, re.IGNORECASE | re.MULTILINE), words=words)
        for pattern, words in zip(patterns, _SENTENCE_WORDS, strict=True)
    )


# --- reading --------------------------------------------------------------------------------------


class _Mark(NamedTuple):
    """A marker and its label."""

    start: int
    end: int
    label: str
    text: str


def read_label(body: str, spec: Labels, is_cut: bool) -> str:
    """The label that a text states; quotations are blanked in it.

    Raises: VerdictError.
    """
    marker, anchored, *others = label_shapes(spec)
    matches = [match for match in marker.find(body) if not _is_citation(match[1], spec)]
    marks = [(match, known(match[1], spec)) for match in matches]
    strange = [match[1] for match, label in marks if label is None]
    if strange:
        raise unread("outside", f"the marker {clipped(strange[-1])} is none of {spec.allowed}")
    kept = [_Mark(m.start(), m.end(), label, m[0]) for m, label in marks if label is not None]
    if kept and spec.marker != MARKER:
        return _last(body, kept, is_cut)
    if kept:
        return _stated(body, kept)
    tagged = _tagged(body, spec, others[:2]) if others else None
    if tagged is not None:
        return tagged
    return _anchored_label(body, spec, anchored, others[2:], is_cut)


def _is_citation(name: str, spec: Labels) -> bool:
    return name.strip().isdigit() and not any(label.isdigit() for label in spec.allowed)


_BETWEEN = re.compile(
    rf"[\s,;:/|>=&(){BLANK}-]*(?:or|and|vs\.?|versus|to|或者?|和|与|还是|then)?"
    rf"[\s,;:/|>=&(){BLANK}-]*"
)


def _check_alone(body: str, marks: Sequence[_Mark]) -> None:
    """Raises VerdictError where the last marker is one of several offered in a row."""
    if len(marks) < 2 or marks[-2].label == marks[-1].label:
        return
    before, mark = marks[-2:]
    between = body[before.end : mark.start]
    if len(between) < 40 and _BETWEEN.fullmatch(between):
        raise unread("ambiguous", f"{before.text} and {mark.text} stand side by side")


def _last(body: str, marks: Sequence[_Mark], is_cut: bool) -> str:
    """The last marker of a grammar of its own."""
    mark = marks[-1]
    if is_cut and mark.end == len(body) and mark.text[-1].isalnum():
        raise unread("truncated", "the label may go on")
    _check_alone(body, marks)
    return mark.label


# --- what a sentence says about its markers -------------------------------------------------------

_CONCLUDED = re.compile(
    rf"(?:(?P<word>\b{CONCLUDING}|(?:^|\W)no(?=[:,]))|\bverdict|\bdecision|\bwinner|\banswer|\bchoice|\bI\s(?:choose|pick|select|"
    r"prefer)|\b(?:yet|but|however),?\s(?:(?:on reflection|in the end|overall|finally|actually|after all),?\s)?it(?:'s| is)|但(?:还)?是|\bgo (?:with|for)|\bbetter is|\bI conclude|结论|判断|判定|(?:^|[,;:]|我|我会|最终|最后|所以|因此|应|故)\s{0,3}选择?|胜者|更好的是|相比|(?<!正确)(?<!标准)答案)"
    r"(?:\s{0,3}(?:is|was|be|为|是))?\s{0,3}[,:]?\s{0,3}$",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    rf"(?:\b(?:{CONCLUDING}|verdict|decision|winner|wins|choose|pick|select|prefer|judge?ment|"
    r"best|answer|choice|better)\b|结论|判断|判定|选|胜|更好|更优|因此|所以|综上|总之|最终)",
    re.IGNORECASE,
)
_NOUNS = rf"(?:\s{{1,3}}(?:the|{_NOUN}|label|mark|marker|verdict|it is|it's|it))*"
_DENIED = re.compile(
    r"(?:(?:\b(?:not|never|neither|nor|cannot|no longer|hardly|against|reject|rejects|rejected)|n't)"
    r"(?:\s{1,3}(?!but\b)[\w']+){0,4}"
    rf"|\b(?:rather than|instead of|than|over|unlike|except|without|versus|vs\.?|beats|to){_NOUNS}"
    r"|(?:不是|不选|不会选|不应选?|不能选?|不该选?|并非|而非|排除|别选|不选择|不为|优于|胜过|不如|好于|强于|"
    rf"比|没有|也不)\s{{0,3}}{_NOUN}?)\s{{0,3}}$",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"(?:\b(?:if|unless|whether|suppose|assuming)\b(?! I (?:had|have|must)| forced| pressed)"
    r"|如果(?!必须|一定要|非要|只能)|假如|是否|倘若|除非|\b(?:might|could|may)(?: well)? be\s{0,3}$"
    r"|可能是\s{0,3}$|也许|或许|原本|本来|差点|希望|打算|想选|有人|\btempt\w*|\bwas going to\b|\bfirst thought\b)",
    re.IGNORECASE,
)
_CONDITION_AFTER = re.compile(
    r"\s{0,3}[,)]?\s{0,3}(?:(?:if|when|whenever|unless|where|means?|stands? for|denotes?|indicates?"
    r"|for (?:a |the )?(?:tie|draw|first|second))\b|若|如果|表示|代表|意味着|的话|当)",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    rf"(?:\b(?<!what )(?:{_NOUN}(?:\s[A-D1-4])?|text|prompt|instructions?|user|question|it|he|she|task|"
    r"injection|author|they|[A-D])(?:'s\s\w+)?\s(?:\w+\s){0,2}?"
    r"(?:says?|said|claims?|claimed|asks?|asked|instructs?|instructed|wants?|tells?|told|demands?|"
    r"contains?|contained|includes?|included|writes?|wrote|states?|stated|requires?|required|"
    r"insists?|requests?|requested|plants?|ends? with|mentions?|tries|prints?|output|say|write)\b"
    r"[^,;]{0,40}"
    r"|(?:回答|助手|答案|提示|用户|文本|指令|题目|其|它|他|问题|任务)[^,;。]{0,8}?(?:写着|写道|写了|写的是|"
    r"声称|要求|宣称|让我|自称|说(?![服明])|包含|含有|出现)[^,;。]{0,12})[:,]?\s{0,3}$",
    re.IGNORECASE,
)
_BAD = re.compile(
    r"\s{0,3}(?:(?:'s|is|was|are|looks?|seems?|would be)\s{1,3}(?:\w+ly\s|much\s|still\s|far\s)?"
    r"(?:worse|weaker|wrong|incorrect|inferior|not|bad|out|worst|false)\b"
    r"|isn't|wasn't|would not|wouldn't|can't|cannot|(?:loses|fails|lacks|falls)\b"
    r"|(?:明显|稍|略|要)?(?:更差|较差|不如|错误|不对|不好|不正确|是错))",
    re.IGNORECASE,
)
_NO = re.compile(
    r"(?:(?:\b(?:not|never|neither|nor|cannot|hardly|refuse to)\b|n't)(?:\s[\w']+){0,2}\s{0,3}"
    r"|不(?:会|应该?|能|该|要|可)?|并不|也不)$",
    re.IGNORECASE,
)


def _is_concluded(before: str) -> bool:
    """Whether the text in front of a marker leads to it: "so", "my verdict is", "I choose"."""
    match = _CONCLUDED.search(before)
    return match is not None and (
        match["word"] is not None or not _NO.search(before[: match.start()])
    )


class _Said(NamedTuple):
    """A sentence with markers: what stands before, between and behind them."""

    before: str
    marks: list[_Mark]
    after: str
    gaps: list[str]

    @property
    def labels(self) -> set[str]:
        return {mark.label for mark in self.marks}


def _stated(body: str, marks: Sequence[_Mark]) -> str:
    """The label that the last sentence with markers states. An earlier sentence may name another
    label only where the last one concludes."""
    denied: set[str] = set()
    for said in reversed(_sentences_with(body, marks)):
        label = _reading(said)
        if label is None:
            denied |= said.labels
            continue
        if label in denied:
            raise unread("ambiguous", f"{said.marks[-1].text} is stated and then denied")
        others = {mark.label for mark in marks if mark.start < said.marks[0].start}
        if others - {label}:
            _check_alone(body, [mark for mark in marks if mark.start <= said.marks[-1].start])
            if not _concludes(said) or _is_listed(body, said.marks[0].start):
                raise unread("ambiguous", "several labels, and the last one concludes nothing")
        return label
    raise unread("ambiguous", f"{marks[-1].text} is only denied")


def _sentences_with(body: str, marks: Sequence[_Mark]) -> list[_Said]:
    groups: list[tuple[int, int, list[_Mark]]] = []
    for mark in marks:
        if groups and mark.start < groups[-1][1]:
            groups[-1][2].append(mark)
            continue
        start, end = sentence_of(body, mark.start, mark.end)
        groups.append((start, end, [mark]))
    return [
        _Said(
            body[start : held[0].start],
            held,
            body[held[-1].end : max(end, held[-1].end)],
            [body[one.end : two.start] for one, two in itertools.pairwise(held)],
        )
        for start, end, held in groups
    ]


def _reading(said: _Said) -> str | None:
    """The label that a sentence states; None where it only denies.

    Raises: VerdictError where it does neither.
    """
    mark = said.marks[-1]
    before = said.gaps[-1] if said.gaps else said.before
    is_concluded = _is_concluded(before)
    if len(said.labels) > 1 and not is_concluded:
        return _compared(said)
    if not is_concluded and all(_DENIED.search(text) for text in (said.before, *said.gaps)):
        return None
    if not is_concluded and _DENIED.search(before):
        raise unread("ambiguous", f"{mark.text} is stated and denied")
    if (
        _CONDITION_AFTER.match(said.after)
        or _BAD.match(said.after)
        or said.after.rstrip().endswith("?")
        or _CONDITION.search(before)
        or _REPORTED.search(before)
        or not _is_stated(before, said.after)
    ):
        raise unread("ambiguous", f"{mark.text} is mentioned, not stated")
    return mark.label


_TAG = re.compile(r"</?[A-Za-z_][\w ]{0,20}>")
_EXAMPLE = re.compile(
    r"\b(?:example|e\.g|i\.e|format|ignore|template|sample|instance|expect\w*|placeholder|such as|like)\b|例如|比如"
    r"|示例|格式|忽略|譬如",
    re.IGNORECASE,
)
_POSITIVE = re.compile(
    r"\b(?:better|best|wins|winner|prefer\w*|superior|stronger|tie|draw|equal\w*|clear\w*|more \w+|right|correct)\b"
    r"|更|胜|平局|相当|最好|较好|正确|对",
    re.IGNORECASE,
)
_IT_IS = re.compile(
    r"\W*(?:(?:no|不)[,:]\s?)?(?:it(?:'s| is)|这是|是|为|the label(?: is)?|label)\s{0,3}$",
    re.IGNORECASE,
)
_ON = re.compile(
    r"\s{0,3}(?:$|[^\w\s]|(?-i:(?<=\s)[A-Z][a-z])|(?:理由|解释|说明|原因|助手)|because\b|since\b|as\b|due to\b|given\b|by far\b|wins?\b|applies\b|"
    r"(?:is|was)\s(?:(?:my|the|clearly|definitely|much|slightly|by far|overall|a)\s){0,3}(?:final|better|best|"
    r"winner|superior|stronger|preferred|preferable|correct|right|more|verdict|choice|answer|overall)\b"
    r"|因为|由于|更|胜|获胜|较好|最|是(?:更|较|最|我)|的(?:回答)?更|为(?:更|较|最))",
    re.IGNORECASE,
)
_WAVERS = re.compile(
    r"\b(?:but|or|not sure|unsure|though|although|wants?|believe|perhaps|maybe|however|disagree|unless)\b|不确定|但|也许|可能|除非",
    re.IGNORECASE,
)


def _is_stated(before: str, after: str) -> bool:
    """Whether what stands around a marker states it: it opens its sentence, is led to by a word
    that concludes or a colon, or ends a sentence that calls a response the better one."""
    is_tagged = re.search(rf"<{_TAGS}>\s{{0,6}}$", before, re.IGNORECASE) is not None
    before, after = _TAG.sub("", before), _TAG.sub("", after)
    if not _ON.match(after) or _WAVERS.search(after) or _EXAMPLE.search(before):
        return False
    if (
        not re.search(r"\w", before)
        or _is_concluded(before)
        or _IT_IS.fullmatch(before)
        or is_tagged
    ):
        return True
    if re.search(r"[:→—–|-]\s{0,3}$", before):
        head = re.split(r"[,;]", before)[-1]
        is_title = len(head.split()) <= 2 or _CONCLUDES.search(head) or _POSITIVE.search(head)
        is_title = is_title or BLANK in before  # a quotation, and what it is
        return bool(is_title) and not _NEGATED.search(before)
    is_last = not re.search(r"\w", after)
    return is_last and bool(_POSITIVE.search(before)) and not _UNSURE.search(before)


_NEGATED = re.compile(
    r"\b(?:not|never|no longer)\b[^,;:]{0,20}[:]?\s{0,3}$|n't\b[^,;:]{0,20}:?\s{0,3}$",
    re.IGNORECASE,
)


def _is_listed(body: str, place: int) -> bool:
    """Whether a place stands in an item of a numbered list."""
    line = body[line_of(body, place, place)[0] : place]
    return re.match(r"\s{0,6}(?:\d{1,2}[.)、]|[•*-]\s)", line) is not None


def _concludes(said: _Said) -> bool:
    """Whether nothing but the marker stands in its sentence, or a word that concludes does."""
    rest = f"{said.before} {said.after}"
    if not re.search(r"\w", rest) or _CONCLUDES.search(rest):
        return True
    return _is_concluded(said.before) or _IT_IS.fullmatch(said.before) is not None


_SEEMS = r"(?:(?:is|was|seems|looks|appears|performs|answers|does|scores)\s(?:to be\s)?)?"
_FIRST = re.compile(
    rf"(?:{_SEEMS}{_ADV}(?:better|stronger|superior|preferable|preferred|higher|more\s\w{{3,20}}"
    r"(?:\sand\s(?:more\s)?\w{3,20})?)\s(?:than|to|over)(?:\sthat of)?(?:\sthe)?"
    rf"|{_ADV}(?:beats|outperforms|surpasses|defeats|wins\s(?:over|against)|edges out|trumps)"
    r"|over|rather than|instead of|[,;(]{0,2}\s?(?:(?:and|but)\s)?(?:certainly\s|definitely\s)?not"
    rf"|(?:的(?:回答|答案))?{_ZH_ADV}{{0,3}}(?:优于|胜过|好于|胜于|强于|超过)|[,;(]{{0,2}}\s?(?:而)?(?:不是|非|并非))",
    re.IGNORECASE,
)
_SECOND = re.compile(
    rf"(?:{_SEEMS}{_ADV}(?:worse|weaker|inferior|poorer|lower|less\s\w{{3,20}})\s(?:than|to)"
    rf"|{_ADV}(?:loses to|falls short of|falls behind|trails)"
    r"|(?:is|was)\s(?:clearly\s)?(?:beaten|outperformed|surpassed)\sby"
    rf"|(?:的(?:回答|答案))?{_ZH_ADV}{{0,3}}(?:不如|逊于|弱于|负于|差于|不及|比不上|输给|逊色于))",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"(?:\b(?:not|never|hardly|neither|nor|if|whether|unless|either|both)\b|n't|不|如果|是否|假如|既)",
    re.IGNORECASE,
)
_PARTLY = re.compile(
    r"\s{0,3},?\s{0,3}(?:(?:in|on|at|for|regarding|with|when|if|as|only|except|but|though|although|"
    r"or|and|while|yet)\b(?! (?:every|all|most|general)\b)|仅|但|在.{0,20}方面|的)",
    re.IGNORECASE,
)
_THAN = re.compile(rf"(?:的(?:回答|答案))?{_ZH_ADV}{{0,3}}比")
_THAN_GOOD = re.compile(
    rf"\s{{0,3}}(?:的(?:回答|答案))?{_ZH_ADV}{{0,3}}(?:好|优|强|佳|准确|完整|全面)"
)
_THAN_BAD = re.compile(rf"\s{{0,3}}(?:的(?:回答|答案))?{_ZH_ADV}{{0,3}}(?:差|弱|糟|逊)")
_LACKS = re.compile(r"\s{0,3}(?:的(?:回答|答案))?(?:那么|这么)?(?:好|优秀|准确|完整|强)")
_NOT_BUT = re.compile(r"(?:\bnot|n't(?:\s\w+){0,2}|不是|并非|不选|不应选)\s{0,3}$", re.IGNORECASE)
_BUT = re.compile(r"\s{0,3},?\s{0,3}(?:but(?:\srather)?|而(?:是|选)|而应选?)\s{0,3}", re.IGNORECASE)


def _compared(said: _Said) -> str:
    """The winner of a sentence that sets two markers against each other.

    Raises: VerdictError where no grammar names one.
    """
    if len(said.marks) == 2:
        first, second = said.marks
        winner = _winner(said, first.label, second.label)
        if winner is not None and not said.after.rstrip().endswith("?"):
            return winner
    both = f"{said.marks[-2].text} and {said.marks[-1].text}"
    raise unread("ambiguous", f"{both} in one sentence, which names no winner")


def _winner(said: _Said, first: str, second: str) -> str | None:
    gap, after = said.gaps[0].strip(), said.after
    if _NOT_BUT.search(said.before) and _BUT.fullmatch(said.gaps[0]):
        return second
    if _UNSURE.search(said.before) or _REPORTED.search(said.before):
        return None
    if _CONTRAST.search(after):
        return None
    if _THAN.fullmatch(gap):
        if _THAN_GOOD.match(after):
            return first
        return second if _THAN_BAD.match(after) else None
    if gap in ("没有", "不比"):
        return second if gap == "没有" and _LACKS.match(after) else None
    if _PARTLY.match(after):
        return None
    if _FIRST.fullmatch(gap):
        return first
    return second if _SECOND.fullmatch(gap) else None


# --- tags, anchors, sentences ---------------------------------------------------------------------

_RIGHT_ANSWER = re.compile(
    r"(?:correct|right|true|reference|expected|standard|正确|标准|参考)的?\s{0,3}(?:answer|option|choice|"
    r"solution|result|letter|答案|选项)[^.\n。]{0,30}$",
    re.IGNORECASE,
)


def _tagged(body: str, spec: Labels, shapes: Sequence[Shape]) -> str | None:
    """The label in the last answer tag or box, where the reply ends there."""
    tags, boxes = ([m for m in shape.find(body) if known(m[1], spec)] for shape in shapes)
    matches = sorted([*tags, *boxes], key=lambda match: match.start())
    if not matches:
        return None
    last = matches[-1]
    labels = {known(match[1], spec) for match in matches}
    is_last = not re.search(r"\w", body[last.end() :])
    if not is_last and (last in boxes or len(labels) > 1):
        raise unread("ambiguous", f"{last[0]} is not what the reply ends in")
    start, end = sentence_of(body, last.start(), last.end())
    before, after = body[start : last.start()], body[last.end() : max(end, last.end())]
    if last in tags and not is_last and re.search(r"\w", before + after):
        raise unread("ambiguous", f"{last[0]} stands in a sentence")
    if _RIGHT_ANSWER.search(before) or _DENIED.search(before) or _REPORTED.search(before):
        raise unread("ambiguous", f"{last[0]} may answer the question itself")
    return known(last[1], spec)


_OWN = re.compile(
    r"(?:^|[^\w\s])\s*$|\b(?:my|the|our|final|overall|a|is|so|thus|therefore|hence|in|and|this|"
    r"of|clear|ultimate|following)\s{0,3}$|(?:我的|最终|总体|因此|所以|综上|总之|为|是|本|故|的最终|最后)\s{0,3}的?$",
    re.IGNORECASE,
)


def is_own(body: str, place: int) -> bool:
    """Whether an anchor is the judge's own, by the word in front of it, and not reported."""
    start, _ = sentence_of(body, place, place)
    before = body[start:place]
    return _OWN.search(before) is not None and not is_mentioned(body, place)


def _anchored_label(
    body: str, spec: Labels, anchored: Shape, sentences: Sequence[Shape], is_cut: bool
) -> str:
    matches = [match for match in anchored.find(body) if is_own(body, match.start())]
    labels = {known(match[1], spec) for match in matches}
    if is_cut and matches and matches[-1].end() == len(body):
        raise unread("truncated", "the label may go on")
    if len(labels) == 1 and None not in labels:
        return str(labels.pop())
    if not labels and sentences and not is_cut:
        return _plain_label(body, spec, sentences)
    raise unread("ambiguous" if len(labels) > 1 else "absent", "no marker in the reply")


_OPENS = re.compile(
    rf"[\s*>\-]*(?:(?:(?:in )?{CONCLUDING}|on balance|all in all|to conclude|in my (?:opinion|view)|"
    r"I (?:think|believe|conclude|find)(?: that)?|我(?:认为|觉得)|综合来看|我的?(?:最终)?(?:结论|判断)(?:是|为)?|"
    r"the|(?:final )?(?:verdict|decision|answer|judge?ment)|结论|判断)\s{0,3}[,:]?\s{0,3}){0,4}",
    re.IGNORECASE,
)
_CLOSES = re.compile(
    r"(?:\s{0,3}overall)?\s{0,3}(?:,?\s{0,3}(?:because|since|as it|因为|由于)(?P<why>[^\n]{1,280}))?"
    r"[\s.。!*,]*",
    re.IGNORECASE,
)
_CONTRAST = re.compile(
    r"\b(?:but|however|although|though|yet|while|except|unless|if|when)\b|但|不过|然而|虽然|如果",
    re.IGNORECASE,
)


def _plain_label(body: str, spec: Labels, shapes: Sequence[Shape]) -> str:
    """The better response as the reply's last sentence names it, where none says otherwise."""
    full = [m for shape in shapes for m in shape.find(body) if _is_sentence(body, m)]
    full.sort(key=lambda match: match.start())
    labels = {known(match[match.lastindex or 0], spec) for match in full}
    if not full or re.search(r"\w", body[_end(body, full[-1]) :]):
        raise unread("absent", "no marker in the reply")
    if len(labels) > 1:
        raise unread("ambiguous", "several responses are called the better one")
    return str(labels.pop())


def _end(body: str, match: re.Match[str]) -> int:
    return sentence_of(body, match.start(), match.end())[1]


def _is_sentence(body: str, match: re.Match[str]) -> bool:
    """Whether a match is its sentence but for words that open and close it."""
    start, end = sentence_of(body, match.start(), match.end())
    closing = _CLOSES.fullmatch(body[match.end() : max(end, match.end())])
    if closing is None or _OPENS.fullmatch(body[start : match.start()]) is None:
        return False
    return not (closing["why"] and _CONTRAST.search(closing["why"]))
