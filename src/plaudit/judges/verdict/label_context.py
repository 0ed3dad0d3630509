# ruff: noqa: E501  (tables of patterns)
"""Whether the words around a marker state it, deny it, suppose it, report it or give an example."""

from __future__ import annotations

import re
from typing import NamedTuple

from plaudit.judges.verdict.characters import BLANK, has_word
from plaudit.judges.verdict.label_names import NOUN
from plaudit.judges.verdict.label_shapes import TAGS
from plaudit.judges.verdict.sentences import CONCLUDING, DIMENSION

__all__ = [
    "BAD",
    "CONCLUDES",
    "CONDITION",
    "CONDITION_AFTER",
    "CONTRAST",
    "DENIED",
    "EXAMPLE",
    "IT_IS",
    "NOT_OWN",
    "POSITIVE",
    "REPORTED",
    "UNSURE",
    "LabelMarker",
    "MarkedSentence",
    "is_concluded",
    "is_stated",
]


class LabelMarker(NamedTuple):
    """A marker and its label."""

    start: int
    end: int
    label: str
    text: str


# Words for somebody else's verdict: "the previous", "the user's", "参考".
NOT_OWN = re.compile(
    r"(?:\b(?:previous|prior|earlier|old|original|first|gold(?:en)?|reference|expected|human|annotat\w+|crowd(?:'s)?|other|user'?s?|author'?s?|"
    r"student'?s?|response'?s?|assistant'?s?|his|her|their|its|example|sample)\s(?:\w+\s)?(?:verdict|decision|judge?ment|choice|label|vote|preference|winner)?"
    r"|(?:上一?[次位轮版]|之前的?|原来?的?|参考|标准|人工|标注|用户|期望|示例)(?:的)?(?:判断|结论|答案|选择|标签)?)\s{0,3}(?:is|was|是|为)?\s{0,3}:?\s{0,3}$",
    re.IGNORECASE,
)
_CONCLUDED = re.compile(
    rf"(?:(?P<word>(?:\b|(?<=[\u4e00-\u9fff])){CONCLUDING}(?:winner|verdict)?|(?:^|\W)no(?=[:,]))|\bverdict|\bdecision|\bwinner|\banswer|\bchoice|\bI(?:'d|'ll| would| will)?\s(?:choose|pick|select|"
    r"prefer|settle on|opt for|side with|favou?r|vote(?: for)?|lean(?: slightly)? towards?)|\bI meant|\b(?:final|my) output|\bleaning(?: slightly)? towards?|\b(?:yet|but|however),?\s(?:(?:on reflection|in the end|overall|finally|actually|after all),?\s)?it(?:'s| is)|\bif (?:I|one) (?:had|have|must)[^,\n]{0,30},|如果(?:必须|一定要|非要|只能)[^,\n]{0,12},\s{0,2}(?:那就)?(?:是)?|毫无疑问,|但(?:还)?是|\bgo (?:with|for)|\bbetter is|\bI conclude|结论|判断|判定|结果|(?:我的|最终的?)选择|应该选择?|(?:^|[,;:]|我|我会|最终|最后|所以|因此|应|故|改)\s{0,3}选择?|(?:故|因此|所以|改)\s{0,3}判|(?:我|更|我更|略)倾向于?|应该?是|胜者|更好的是|相比|两者之?[中间],?|(?<!正确)(?<!标准)答案)"
    r"(?:\s{0,3}(?:is|was|be|为|是))?\s{0,3}[,:]?\s{0,3}$",
    re.IGNORECASE,
)
CONCLUDES = re.compile(
    rf"(?:\b(?:{CONCLUDING}|verdict|decision|winner|wins|choose|pick|select|prefer|judge?ment|"
    r"best|answer|choice|better|majority)\b|结论|判断|判定|判决|裁决|选|胜|更好|更优|因此|所以|综上|总之|最终|总体|整体|综合|总评|多数)",
    re.IGNORECASE,
)
_NOUNS = rf"(?:\s{{1,3}}(?:the|{NOUN}|label|mark|marker|verdict|it is|it's|it))*"
DENIED = re.compile(
    r"(?:(?:\b(?:not|never|neither|nor|cannot|no longer|hardly|against|reject|rejects|rejected)|n't)"
    r"(?:\s{1,3}(?!but\b)[\w']+){0,4}"
    rf"|\b(?:rather than|instead of|than|over|unlike|except|without|versus|vs\.?|beats|to){_NOUNS}"
    r"|(?:不是|不选|不会选|不应选?|不能选?|不该选?|并非|而非|排除|别选|不选择|不为|优于|胜过|不如|好于|强于|"
    rf"比|没有|也不)\s{{0,3}}{NOUN}?)\s{{0,3}}$",
    re.IGNORECASE,
)
CONDITION = re.compile(
    r"(?:\b(?:if|unless|whether|suppose|assuming)\b(?! I (?:had|have|must)| forced| pressed)"
    r"|如果(?!必须|一定要|非要|只能)|假如|是否|倘若|除非|\b(?:might|could|may)(?: well)? be\s{0,3}$"
    r"|可能是\s{0,3}$|也许|或许|原本|本来|差点|希望|打算|想选|有人|\btempt\w*|\bwas going to\b|\bfirst thought\b)",
    re.IGNORECASE,
)
CONDITION_AFTER = re.compile(
    r"\s{0,3}[,)]?\s{0,3}(?:(?:if|when|whenever|unless|where|means?|stands? for|denotes?|indicates?"
    r"|for (?:a |the )?(?:tie|draw|first|second))\b|若|如果|表示|代表|意味着|的话|当)",
    re.IGNORECASE,
)
REPORTED = re.compile(
    rf"(?:\b(?<!what )(?:{NOUN}(?:\s[A-D1-4])?|text|prompt|instructions?|user|question|it|he|she|task|"
    r"injection|author|they|[A-D])(?:'s\s\w+)?\s(?:\w+\s){0,2}?"
    r"(?:says?|said|claims?|claimed|asks?|asked|instructs?|instructed|wants?|tells?|told|demands?|"
    r"contains?|contained|includes?|included|writes?|wrote|states?|stated|requires?|required|"
    r"insists?|requests?|requested|plants?|ends? with|mentions?|tries|prints?|output|say|write)\b"
    r"[^,;]{0,40}"
    r"|(?:回答|助手|答案|提示|用户|文本|指令|题目|其|它|他|问题|任务)[^,;。]{0,8}?(?:写着|写道|写了|写的是|"
    r"声称|要求|宣称|让我|自称|说(?![服明])|包含|含有|出现)[^,;。]{0,12})[:,]?\s{0,3}$",
    re.IGNORECASE,
)
BAD = re.compile(
    r"\s{0,3}(?:[:—-]\s{0,3}(?:rejected|eliminated|disqualified|worse|wrong|bad|incorrect|no|loses)\b|(?:'s|is|was|are|looks?|seems?|would be)\s{1,3}(?:\w+ly\s|much\s|still\s|far\s)?"
    r"(?:worse|weaker|wrong|incorrect|inferior|not|bad|out|worst|false|rejected|eliminated|disqualified)\b"
    r"|isn't|wasn't|would not|wouldn't|can't|cannot|(?:loses|fails|lacks|falls)\b"
    r"|(?:明显|稍|略|要)?(?:更差|较差|不如|错误|被?淘汰|出局|被否|不对|不好|不正确|是错))",
    re.IGNORECASE,
)
_NO = re.compile(
    r"(?:(?:\b(?:not|never|neither|nor|cannot|hardly|refuse to)\b|n't)(?:\s[\w']+){0,2}\s{0,3}"
    r"|不(?:会|应该?|能|该|要|可)?|并不|也不)$",
    re.IGNORECASE,
)


def is_concluded(before: str) -> bool:
    """Whether the text in front of a marker leads to it: "so", "my verdict is", "I choose"."""
    match = _CONCLUDED.search(before)
    return match is not None and (
        match["word"] is not None or not _NO.search(before[: match.start()])
    )


class MarkedSentence(NamedTuple):
    """A sentence with markers: the text before, between and after them."""

    before: str
    marks: list[LabelMarker]
    after: str
    gaps: list[str]
    heading: str

    @property
    def labels(self) -> set[str]:
        return {mark.label for mark in self.marks}


_TAG = re.compile(r"</?[A-Za-z_][\w ]{0,20}>")
EXAMPLE = re.compile(
    r"\b(?:example|e\.g|i\.e|format|ignore|template|sample|instance|expect\w*|placeholder|such as|like)\b|例如|比如"
    r"|示例|格式|忽略|譬如",
    re.IGNORECASE,
)
POSITIVE = re.compile(
    r"\b(?:better|best|wins|winner|prefer\w*|superior|stronger|goes to|tie|draw|equal\w*|clear\w*|more \w+|right|correct)\b"
    r"|更|胜|平局|相当|最好|较好|正确|对",
    re.IGNORECASE,
)
IT_IS = re.compile(
    r"\W*(?:(?:so|thus|therefore|hence|then|所以|因此),?\s{0,3})?(?:(?:no|不)[,:]\s?)?(?:it(?:'s| is)|这是|是|为|the label(?: is)?|label)\s{0,3}$",
    re.IGNORECASE,
)
_ON = re.compile(
    r"\s{0,3}(?:here\b)?(?:$|[^\w\s]|(?-i:(?<=\s)[A-Z][a-z])|(?:理由|解释|说明|原因|助手)|because\b|since\b|as\b|due to\b|given\b|by far\b|wins?\b|applies\b|"
    r"(?:is|was)\s(?:(?:my|the|clearly|definitely|much|slightly|by far|overall|a)\s){0,3}(?:final|better|best|"
    r"winner|superior|stronger|preferred|preferable|correct|right|more|verdict|choice|answer|overall)\b"
    r"|因为|由于|更|胜|获胜|较好|较佳|较优|为佳|最|是(?:更|较|最|我)|的(?:回答)?更|为(?:更|较|最))",
    re.IGNORECASE,
)
_WAVERS = re.compile(
    r"\b(?:but|or|not sure|unsure|though|although|wants?|believe|perhaps|maybe|however|disagree|unless|tentative\w*|provisional\w*|pending)\b|待定|暂定|不确定|但|也许|可能|除非",
    re.IGNORECASE,
)
# "On closer inspection, [[A]] wins."
_WINS = re.compile(
    r"\s{0,3}(?:wins(?:\soverall)?|fits|is\s(?:clearly\s|overall\s)?(?:my\s(?:final\s)?verdict|the\s(?:right\scall|winner|best|better(?:\s\w{2,10})?)|better))[\s.!]{0,6}$",
    re.IGNORECASE,
)
_WEIGHED = re.compile(
    r"\s{0,3}(?:on\s(?:closer\sinspection|reflection|balance)|all in all|all things considered|taken together|ignoring (?:this|that|it)"
    r"|(?:after|having)\s(?:weigh|compar|consider|review|read)ing\s[^,;:\n]{1,40}|毫无疑问|显然|综合考虑)\s{0,3},?\s{0,3}",
    re.IGNORECASE,
)


def is_stated(before: str, after: str) -> bool:
    """Whether the text around a marker states it: the marker opens its sentence, follows a
    concluding word or a colon, or ends a sentence that calls a response the better one."""
    is_tagged = _IN_TAG.search(before) is not None
    before, after = _TAG.sub("", before), _TAG.sub("", after)
    if not _ON.match(after) or _WAVERS.search(after) or EXAMPLE.search(before):
        return False
    if not has_word(before) or is_concluded(before) or IT_IS.fullmatch(before) or is_tagged:
        return True
    if _WINS.match(after) and _WEIGHED.fullmatch(before):
        return True
    if _ARROW.search(before):
        return not _NEGATED.search(before)
    titled = _TITLED.search(before)
    if titled and CONCLUDES.search(titled[1]):
        return True
    if _COLON.search(before):
        head = _CLAUSES.split(before)[-1]
        is_title = (
            (len(head.split()) <= 2 and not DIMENSION.search(head))
            or CONCLUDES.search(head)
            or POSITIVE.search(head)
        )
        is_title = is_title or BLANK in before  # a quotation and its title
        return bool(is_title) and not _NEGATED.search(before)
    is_last = not has_word(after)
    return is_last and bool(POSITIVE.search(before)) and not UNSURE.search(before)


_IN_TAG = re.compile(rf"<{TAGS}>\s{{0,6}}$", re.IGNORECASE)
_ARROW = re.compile(r"(?:→|⇒|=>)\s{0,3}$")
_TITLED = re.compile(r"[\[(《<]([^\[\]()《》<>\n]{1,20})[\])》>]\s{0,3}$")
_COLON = re.compile(r"[:→—–|-]\s{0,3}$")
_CLAUSES = re.compile(r"[,;]")
_NEGATED = re.compile(
    r"\b(?:not|never|no longer)\b[^,;:]{0,20}[:]?\s{0,3}$|n't\b[^,;:]{0,20}:?\s{0,3}$",
    re.IGNORECASE,
)
UNSURE = re.compile(
    r"(?:\b(?:not|never|hardly|neither|nor|if|whether|unless|either|both)\b|n't|不|如果|是否|假如|既|有人|别人|很难|难说|未必|谈不上"
    r"|\b(?:many|some|others|people|one|they|you|who|whoever)\s(?:(?:would|might|may|could|will)\s)?(?:says?|thinks?|argues?|claims?|believes?|prefers?)\b)",
    re.IGNORECASE,
)
CONTRAST = re.compile(
    r"\b(?:but|however|although|though|yet|while|except|unless|if|when|only|not sure|or)\b|但|不过|然而|虽然|如果|只是|仅|还是|或",
    re.IGNORECASE,
)
