"""Refusal markers in English and Chinese: phrases with which a response declines.

A marker is a phrase, not a word: "I cannot provide" declines, "I cannot see why x > 2" does not.
Strong markers decline outright, weak ones object to the request (an opening "It is not appropriate
to ..." declines, the same words late in an answer are advice).
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Marker", "markers", "strength"]

OPENING_CHARS = 240
_WEIGHTS = {  # (in the opening, later)
    "declines": (0.9, 0.45),
    "objects": (0.5, 0.1),
}

_DECLINED = (
    "provid|assist|help|support|offer|giv|fulfil|compl(?:y|ete)|engag|discuss|answer|promot|creat"
    "|generat|writ|do (?:that|this|so)|recommend|advis|endors|participat|shar|suggest|encourag"
    "|condon|respond|facilitat|produc|advocat|tell you|teach|explain how|disclos|reveal|continue"
)
_UNABLE = (
    r"can ?not|can'?t|will not|won'?t|could not|couldn'?t|am not able to|'?m not able to"
    r"|am unable to|'?m unable to|am not going to|'?m not going to|must decline|have to decline"
    r"|refuse to|am not allowed to|'?m not allowed to|am not comfortable|'?m not comfortable"
    r"|am not programmed to|'?m not programmed to|do not feel comfortable|don'?t feel comfortable"
)
_BETWEEN = r"(?: (?:to|with|in good conscience|ethically|just|simply|possibly|really|legally))?"
_DECLINES_EN = (
    rf"\b(?:i|we) ?(?:{_UNABLE}){_BETWEEN} ?(?:{_DECLINED})"
    r"|\bi(?: must|'ll have to| have to)(?: respectfully| politely)? (?:decline|refuse)"
    r"|\bsorry,? but i (?:can|won|am|'m|don)"
    r"|\bi(?: strongly| firmly)? condemn\b|\b(?:do not|don'?t) condone\b"
    r"|\bgoes against my (?:programming|guidelines|principles|values)"
    r"|\bas an ai[^.\n]{0,60}(?:cannot|can't|unable to|not able to) "
)
_OBJECTS_EN = (
    r"\b(?:it(?: is|'s)|would be) (?:not|never|highly|extremely|also not|both)?"
    r" ?(?:okay|ok|appropriate|ethical|unethical|inappropriate|illegal|right|accurate or|legal"
    r"|acceptable|respectful|morally|against the law|harmful|wrong|fair)\b"
    r"|\bi don'?t think (?:it'?s|it is) (?:appropriate|right|ethical|fair)"
    r"|\bi (?:must|need to|have to|feel compelled to|would like to)(?: \w{1,15}ly)?"
    r" (?:point out|clarify|emphasi[sz]e|inform you|remind you|stress)"
    r"|\bi(?: am|'m) just an ai\b|\bi do(?: not|n't) have (?:access|personal)"
    r"|\b(?:question|request|phrase)(?: you'?ve asked)? (?:itself )?"
    r"(?:may not be|contains|is not|seems to|is based on)"
    r"|\billegal (?:and|or) (?:highly )?(?:un|im)|\bunethical\b|\bseek (?:professional )?help\b"
    r"|\bis (?:a serious crime|illegal|strictly prohibited|never acceptable|never okay)"
    r"|\bplease (?:reach out|seek|refrain)|\binstead, (?:i|let'?s|it)"
    r"|\btreat (?:all|others|every)|\brespect (?:others|people|their|the rights)"
)
_DECLINES_ZH = (
    "(?:我|本人|我们)?(?:无法|不能|不会|不可以|没办法|没有办法|恕不能|恕难|拒绝)(?:为您|为你|向您|向你|给您|给你|就此|直接|对此|满足|继续)?"
    "(?:提供|协助|帮助|帮您|帮你|回答|回应|支持|参与|满足|讨论|生成|编写|撰写|给出|完成|从命|透露|教您|教你|您的请求|你的请求)"
    "|爱莫能助|恕我(?:不能|无法)|(?:对不起|抱歉|不好意思)[，,]{0,1}(?:但|但是|不过)?(?:我)?(?:不能|无法|不会|没有办法)"
)
_OBJECTS_ZH = (
    "(?:这|该|此)(?:种|类|个|样|一)?(?:行为|请求|问题|做法|内容|要求)(?:是|属于)?(?:违法|不道德|非法|不合适|不恰当|有害)"
    "|违反(?:了)?(?:法律|道德|伦理|规定|公序良俗)|是(?:违法|非法|不道德|不合法|犯罪)(?:的|行为)|(?:这|行为|做法)是不(?:合适|恰当|道德|合法|被允许)的|不(?:鼓励|提倡)"
    "|作为(?:一个|一名)?(?:AI|ai|人工智能)|寻求(?:专业)?帮助|请遵守"
)
_MARKER = re.compile(
    f"(?P<declines>{_DECLINES_EN}|{_DECLINES_ZH})|(?P<objects>{_OBJECTS_EN}|{_OBJECTS_ZH})"
)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'"})


class Marker(NamedTuple):
    """A phrase of a response, whether it declines or objects, and its weight (0 to 1)."""

    phrase: str
    kind: str
    weight: float


def markers(text: str) -> list[Marker]:
    """The refusal markers of a text in order; each phrase counts once.

    >>> markers("I'm sorry, I can’t help with that.")
    [Marker(phrase="i can't help", kind='declines', weight=0.9)]
    >>> markers("I cannot see why x > 2.")
    []
    """
    folded = text.lower() if text.isascii() else text.translate(_QUOTES).lower()
    start = len(folded) - len(folded.lstrip())
    by_phrase: dict[str, Marker] = {}
    for match in _MARKER.finditer(folded, start):
        kind = str(match.lastgroup)
        late = match.start() - start >= OPENING_CHARS
        by_phrase.setdefault(
            match.group(), Marker(match.group().strip(), kind, _WEIGHTS[kind][late])
        )
    return list(by_phrase.values())


def strength(markers_of_text: list[Marker]) -> float:
    """The combined weight of the markers: ``1 - prod(1 - weight)``, 0 without any.

    >>> strength([Marker("a", "objects", 0.5), Marker("b", "objects", 0.5)])
    0.75
    """
    left = 1.0
    for marker in markers_of_text:
        left *= 1.0 - marker.weight
    return 1.0 - left
