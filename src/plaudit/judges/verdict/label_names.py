"""Names of labels: spellings, nouns, ordinals and comparisons."""

from __future__ import annotations

import functools
import re

from plaudit.judges.verdict.characters import narrow
from plaudit.judges.verdict.spec import Labels

__all__ = ["NOUN", "bare_reply", "label_of"]
NOUN = (
    r"(?:assistant|response|answer|output|model|candidate|option|choice|solution|"
    r"助手|回答|答案|回复|模型|选项|答复)"
)
_NOUN_FIRST = re.compile(rf"^(?:the)?{NOUN}#?", re.IGNORECASE)
_LONGEST_MORE = 40  # a noun before a label, an ordinal, or the signs of a comparison
_TIES = frozenset(("tie", "tied", "atie", "draw", "adraw", "平局", "平手", "打平", "和局"))
_PAIRS = {"[": "]", "(": ")", '"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "「": "」",
          "『": "』", "«": "»"}  # fmt: skip


def label_of(name: str, spec: Labels) -> str | None:
    """The label that a text spells: in any case, after a noun, as a tie, or reversed.

    >>> arena = Labels(("A>>B", "A>B", "A=B", "B>A", "B>>A"))
    >>> label_of("Assistant b", Labels()), label_of("A≪B", arena), label_of("tie", arena)
    ('B', 'B>>A', 'A=B')
    """
    name = narrow("".join(name.split())).casefold()
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
    return labels.get(_turn(name)) or _label_by_number(name, spec)


@functools.lru_cache(maxsize=64)
def _spellings(spec: Labels) -> tuple[dict[str, str], int]:
    """The labels as they are compared, and the length of the longest text that spells one."""
    labels = {narrow("".join(label.split())).casefold(): label for label in spec.allowed}
    return labels, max(map(len, labels), default=0) + _LONGEST_MORE


_NUMBERS = {sign: place for row in ("1234", "一二三四") for place, sign in enumerate(row)} | {
    word: place
    for row in (("one", "two", "three", "four"), ("first", "second", "third", "fourth"))
    for place, word in enumerate(row)
}
_NUMBERED = re.compile(
    rf"(?:the)?(?:{NOUN}#?(?P<behind>[1-4]|[一二三四]|one|two|three|four)"
    rf"|(?P<before>first|second|third|fourth)(?:{NOUN}|one)"
    rf"|第(?P<zh>[一二三四1-4])(?:个(?:{NOUN})?|{NOUN}))"  # "第一" alone is also "firstly"
)


def _label_by_number(name: str, spec: Labels) -> str | None:
    """The label in the place that a name counts: the first of "Response 1" or "第一个回答".

    >>> _label_by_number("secondresponse", Labels()), _label_by_number("回答一", Labels())
    ('B', 'A')
    """
    if "".join(spec.names) in "1234" and name in _NUMBERS and _NUMBERS[name] < len(spec.names):
        return spec.names[_NUMBERS[name]]
    match = _NUMBERED.fullmatch(name) if "".join(spec.names) in "ABCD" else None
    if match is None:
        return None
    place = _NUMBERS[match["behind"] or match["before"] or match["zh"]]
    return spec.names[place] if place < len(spec.names) else None


_SIDES = re.compile(r"([a-z0-9]{1,9})(>{1,2}|<{1,2}|={1,2})([a-z0-9]{1,9})")
_SIGNS = (
    *zip("≫≪≻≺＞＜≈＝", (">>", "<<", ">", "<", ">", "<", "=", "="), strict=True),
    ("\\gg", ">>"), ("\\ll", "<<"), ("\\succ", ">"), ("\\prec", "<"), ("\\approx", "="),
)  # fmt: skip


def _turn(name: str) -> str:
    """A comparison with ">" as its sign, "a=b" in alphabetical order; "" for any other text.

    >>> _turn("a<<b"), _turn("b==a"), _turn("a>>>b")
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
_IN_TAG = re.compile(
    r"^<((?:(?:overall|final|total)_)?(?:answer|verdict|score|rating|grade|result|output|judge?ment|decision|winner|choice|label|final|"
    r"preference|evaluation|答案|结论|评分|打分|总体打分|总体评分|综合评分|结果))>\s*(.*?)\s*</\1>$",
    re.DOTALL | re.IGNORECASE,
)
# Pictures around a word are ignored; stars are not.
_SIGN = re.compile(
    "^[\u2190-\u21ff\u2600-\u2604\u2607-\u27bf\U0001f300-\U0001f31e\U0001f320-\U0001faff\\s]+|[\u2600-\u2604\u2607-\u27bf\U0001f300-\U0001f31e\U0001f320-\U0001faff\\s]+$"
)


def bare_reply(text: str) -> str:
    """A short reply without the brackets, quotes, tags and dots around it; "" for a long one."""
    if len(text) > 400:
        return ""
    inner = (text if text.isascii() else _SIGN.sub("", text)).strip()
    if inner[:1] == "<":
        inner = _IN_TAG.sub(r"\2", inner)
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
