# ruff: noqa: E501  (tables of patterns)
"""Reads yes or no: after an anchor, alone, or in the one sentence of a reply."""

from __future__ import annotations

import functools
import re

from plaudit.judges.verdict.characters import has_word, simplify
from plaudit.judges.verdict.label_names import bare_reply
from plaudit.judges.verdict.quotations import without_quotations
from plaudit.judges.verdict.sentences import TAKEN_BACK, check_closed, is_mentioned, is_own
from plaudit.judges.verdict.shapes import VerdictShape
from plaudit.judges.verdict.spec import GAP, ReplyText, YesNo, verdict_error

__all__ = ["read_yes_no", "yes_no_shapes"]
_WORDS = {"yes": "yes", "no": "no", "是": "yes", "是的": "yes", "否": "no", "不是": "no"}
_ALONE = _WORDS | {
    "correct": "yes", "incorrect": "no", "正确": "yes", "错误": "no", "不正确": "no", "met": "yes",
    "not met": "no", "对": "yes", "错": "no", "不对": "no",
}  # fmt: skip
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_TITLE = (
    r"(?:(?:final|my|overall|the)\s){0,2}(?:answer|verdict|conclusion|judge?ment|decision|verification"
    r"|result)|(?:最终)?(?:答案|结论|判断|验证|结果)"
)
_TITLE_WORDS = ("answer", "verdict", "conclusion", "judg", "decision", "verification", "result",
                "答案", "结论", "判断", "验证", "结果")  # fmt: skip
_RIGHT_WORDS = ("criterion", "correct", "right", "wrong", "正确", "对", "错")
# A first line that is the word alone, or after a title: "Answer: Yes".
_FIRST_LINE = re.compile(
    rf"\s*(?:(?:{_TITLE})\s{{0,3}}(?::|is|为|是)\s{{0,3}})?({_WORD})[.。!]?[^\S\n]{{0,6}}\n",
    re.IGNORECASE,
)
_WORD_LINE = re.compile(
    rf"^[^\S\n]{{0,3}}(?:(?:{_TITLE})\s{{0,3}}:\s{{0,3}})?({_WORD})[.。!]?[^\S\n]{{0,6}}$",
    re.IGNORECASE | re.MULTILINE,
)
_ONE_SENTENCE = re.compile(
    r"(?:(yes)\b[,.]\s{0,3}(?=[^.\n]{0,80}\b(?:is|are)\s(?:indeed\s)?(?:correct|right)\W*$)"
    r"|(no)\b[,.]\s{0,3}(?=[^.\n]{0,80}\b(?:is|are)\s(?:incorrect|wrong|not\s(?:correct|right))\W*$))"
    r"[^.\n]*\W*",
    re.IGNORECASE,
)
# A last line that is the word alone, and one that says that the answer is right or wrong.
_LAST_LINE = re.compile(rf"\n[^\S\n]{{0,6}}({_WORD})[.。!]?\s{{0,6}}$", re.IGNORECASE)
_ANSWER = r"(?:final\s|predicted\s)?(?:answer|solution|prediction|response|result)"
_RIGHT = re.compile(
    r"(?:^|[\n.!。]\s{0,3})the\scriterion\sis\s(?:(?P<unmet>not\s(?:met|satisfied|fulfilled))|met|satisfied|fulfilled)[.!\s]{0,6}$"
    rf"|(?:^|[\n.!。]\s{{0,3}})(?:(?:so|thus|therefore|hence|overall|in conclusion),?\s)?(?:the|this)\s{_ANSWER}\s(?:is|was)\s(?:therefore\s|indeed\s)?"
    r"(?:(?P<no>incorrect|wrong|not\s(?:correct|right))|correct|right)(?:,?\s(?:because|since|as)\s(?![^\n]*\b(?:if|but|unless|however)\b)[^\n.]{1,200})?[.!\s]{0,6}$"
    r"|(?:^|[\n。]\s{0,3})(?:因此|所以|综上)?,?(?:最终)?(?:答案|解答|预测)是?(?:(?P<zh_no>错误|错|不正确|不对)|正确|对)的?[。!\s]{0,6}$"
    rf"|(?:^|\n)\s{{0,3}}(?:{_TITLE})\s{{0,3}}:\s{{0,3}}(?:(?P<titled_no>incorrect|wrong|not correct|不正确|错误)|correct|right|正确)[.。!\s]{{0,6}}$",
    re.IGNORECASE,
)
# A reply of one paragraph that begins with the word and gives a reason.
_OPENS_WITH = re.compile(
    r"(?:(yes)\b(?![^\n]*\b(?:yes|no|not|incorrect|wrong|fails?|failed|breaks?|up to|until|only|invalid|false|flaw\w*|initially|at first)\b|[^\n]*n't\b)|(no)\b(?![^\n]*\b(?:yes|no|maybe|(?:is|are)\s(?:correct|right|met))\b))"
    r"(?:[.,!]\s{1,3}|\s[—–-]\s)(?=[^\W\d])(?![^\n]*\b(?:probably|possibly|maybe|perhaps|likely|mostly|but|however|if|unless|although|though|wait|partly|partially|except|depends?)\b)[^\n?]{1,300}",
    re.IGNORECASE,
)
# Conditions that qualify the word: "Yes, if x > 0".
_ONLY_IF = re.compile(
    r"[^.\n。;]{0,120}?(?:\b(?:if|unless|provided|assuming|only when|depend\w*|except)\b|如果|若(?!干)|除非|的话|取决于|但(?!是?(?:无|不))|\bbut\b)",
    re.IGNORECASE,
)


@functools.lru_cache(maxsize=64)
def yes_no_shapes(spec: YesNo) -> tuple[VerdictShape, ...]:
    """The word after an anchor, after a title, in a tag, in a box, and in a last sentence."""
    own = [simplify(anchor) for anchor in spec.anchors]
    anchors = "|".join(map(re.escape, own))
    end = rf"{GAP}(?:$|[.,;:!?。、)\](—–<|]|-\s|(?:because|since)\b|因为)"
    is_a = rf"(?:is|为|是)?{GAP}:?{GAP}[\[(<\"“'`「]{{0,3}}{GAP}"
    question = rf"\b(?:is|was)\s(?:the\s{_ANSWER}|it)\s(?:correct|right)\s?\?|\b(?:is\sthe\s)?criterion\s(?:met|satisfied|fulfilled)\s?[?:]"
    anchored = rf"(?:{anchors}|{question})[\])>]{{0,3}}{GAP}{is_a}({_WORD})(?={end})"
    title = rf"^[^\S\n]{{0,3}}(?:{_TITLE})\s{{0,3}}:{GAP}[\[(<]{{0,3}}"
    titled = rf"{title}({_WORD})[\])>]{{0,3}}(?:[.。!]?[^\S\n]{{0,6}}$|,?\s(?=because\b|since\b|as\b|it (?:is|does)\b)|[.。!,]?\s?(?=因为|由于))"
    tagged = (
        rf"<(?:answer|verdict|final|result|judge?ment|decision)>{GAP}({_WORD}){GAP}</\w{{1,16}}>"
    )
    boxed = rf"\\boxed\{{(?:\\text\{{)?({_WORD})\}}"
    flags = re.IGNORECASE | re.MULTILINE
    return (
        VerdictShape(
            re.compile(anchored, flags),
            (*(anchor.lower() for anchor in own), "is ", "was ", "criterion"),
        ),
        VerdictShape(re.compile(titled, flags), words=_TITLE_WORDS),
        VerdictShape(re.compile(tagged, flags), ("<",)),
        VerdictShape(re.compile(boxed, flags), ("\\boxed{",)),
        VerdictShape(re.compile(rf"()(?:{_RIGHT.pattern})", re.IGNORECASE), words=_RIGHT_WORDS),
        VerdictShape(re.compile(rf"(){_LAST_LINE.pattern}", re.IGNORECASE), ("\n",)),
    )


def read_yes_no(reply: ReplyText, spec: YesNo) -> str:
    """ "yes" or "no". Raises VerdictError where a reply says neither, or both."""
    word = _ALONE.get(bare_reply(reply.text).casefold())
    if word and not reply.is_cut:
        return word
    body = without_quotations(reply.text, reply.is_cut)
    anchored, titled, tagged, boxed, *_ = yes_no_shapes(spec)
    matches = [
        m for m in anchored.find(body) if m[0][0] == "(" or "?" in m[0] or is_own(body, m.start())
    ]
    if matches:
        return _word_behind_anchor(body, matches, reply.is_cut)
    words = _words_without_anchor(body, [*titled.find(body), *tagged.find(body), *boxed.find(body)])
    if len(words) == 1 and not reply.is_cut:
        return words.pop()
    raise verdict_error("ambiguous" if words else "absent", "neither yes nor no after its question")


def _word_behind_anchor(body: str, matches: list[re.Match[str]], is_cut: bool) -> str:
    """The word after the last anchor; of two that differ, only where it takes the first back."""
    last = matches[-1]
    rest = body[last.end() :]
    check_closed(rest)
    if is_cut and not re.match(
        r"[\s*\])]{0,6}(?:[.。!;]\s*\S|\n\s*\S|,?\s(?:because|since|as)\s|因为)", rest
    ):
        raise verdict_error("truncated", "the word may continue")
    if _ONLY_IF.match(body, last.end()):
        raise verdict_error("ambiguous", f"{last[1]} holds only in part")
    word = _WORDS[last[1].casefold()]
    for match in matches[-2:-1]:
        between = body[match.end() : last.start()]
        if _WORDS[match[1].casefold()] != word and not TAKEN_BACK.search(between):
            raise verdict_error(
                "ambiguous", f"{match[1]} and {last[1]}, and nothing takes one back"
            )
    return word


def _words_without_anchor(body: str, matches: list[re.Match[str]]) -> set[str]:
    """The words in a first line, in a last line, tag or box, or in the one sentence of a reply."""
    matches = [match for match in matches if not is_mentioned(body, match.start())]
    last = [match for match in matches if _is_at_end(body, match)]
    first, line, right = _FIRST_LINE.match(body), _LAST_LINE.search(body), _RIGHT.search(body)
    if first:
        check_closed(body[first.end() :])
        last += _WORD_LINE.finditer(body, first.end())
    words = {_WORDS[m[1].casefold()] for m in (*last, first, line) if m}
    if right:
        words.add(
            "no" if right["no"] or right["unmet"] or right["zh_no"] or right["titled_no"] else "yes"
        )
    one = _ONE_SENTENCE.fullmatch(body) or _OPENS_WITH.fullmatch(body)
    return words | ({_WORDS[(one[1] or one[2]).casefold()]} if one else set())


def _is_at_end(body: str, match: re.Match[str]) -> bool:
    """Whether nothing but a reason in the same line follows."""
    rest = body[match.end() :]
    return not has_word(rest) or (
        "\n" not in rest.strip()
        and not match[0].rstrip().endswith("\n")
        and not _ONLY_IF.match(rest)
        and re.match(r"because|since|as\b|it (?:is|does)|因为|由于", rest, re.IGNORECASE)
        is not None
    )
