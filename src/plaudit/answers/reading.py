r"""What a stated answer says: one expression, or that it cannot be read, and why.

What follows a mark is read as a whole. Where it is mathematics, with at most a unit after
it, all of it is the answer; where it is a sentence, its one quantity is, with its unit. Words that
change a value are written as LaTeX where they are understood (`plaudit.answers.words`) and make
the answer unread where they are not; nothing is dropped that could have changed it.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from plaudit.answers.foreign import problem_behind
from plaudit.answers.latex_equal import answer_of, same
from plaudit.answers.latex_token import FOREIGN, FOREIGN_WORD, LETTER, bare, name_set
from plaudit.answers.spans import formulas, sentence_end
from plaudit.answers.stated import Stated
from plaudit.answers.units import POWERS_BEHIND
from plaudit.answers.words import CLOSE, OPEN, is_neutral, may_change, problem_of, rewritten
from plaudit.old_names import old_names

__all__ = ["AnswerReading", "ends_in_copula", "reading", "reading_of"]
__getattr__ = old_names(__name__)

_LONGEST = 2000
_MEMO_CHARS = 300
_TOO_LONG = "longer than any answer"
_TEXT = (
    r"\\(?:text|textbf|textit|textrm|textnormal|mbox|hbox|mathrm|mathsf|operatorname|emph)\*?\s*"
)
_HAS_WORDS = re.compile(rf"(?<![\\A-Za-z])[A-Za-z]{{2,}}|{_TEXT}\{{|[\u3400-\u9fff{FOREIGN}]")
_LATEX_NAMES = re.compile(r"\\(?:begin|end)\s*\{[A-Za-z*]+\}|\\[A-Za-z]+")
_MARKUP = re.compile(r"\*\*|__(?=\S)|(?<=\S)__|`")
_WHOLE_COIN = 100
_UNITS_OF = {
    **dict.fromkeys(("hour", "hr", "h", "小时"), ("time", 3600)),
    **dict.fromkeys(("minute", "min", "分钟"), ("time", 60)),
    **dict.fromkeys(("second", "sec", "秒"), ("time", 1)),
    **dict.fromkeys(("day", "天"), ("time", 86400)),
    **dict.fromkeys(("week",), ("time", 7 * 86400)),
    **dict.fromkeys(("foot", "feet", "ft"), ("length", 12)),
    **dict.fromkeys(("inch", "inche", "in"), ("length", 1)),
    **dict.fromkeys(("pound", "lb"), ("weight", 16)),
    **dict.fromkeys(("ounce", "oz"), ("weight", 1)),
    **dict.fromkeys(("dollar",), ("money", _WHOLE_COIN)),
    **dict.fromkeys(("cent",), ("money", 1)),
    **dict.fromkeys(("元",), ("yuan", _WHOLE_COIN)),
    **dict.fromkeys(("角",), ("yuan", 10)),
    **dict.fromkeys(("分",), ("yuan", 1)),
}
_DURATION = re.compile(
    r"(?<!\d)(\d{1,9})\s?(hours?|hrs?|minutes?|mins?|days?|weeks?|feet|foot|ft|pounds?|lbs?|dollars?|小时|分钟|天|元|角)"
    r"\s?,?\s?(?:and\s)?(?=\d)(\d{1,9})\s?(hours?|hrs?|minutes?|mins?|seconds?|secs?|days?|inches|inch|ounces?|oz|cents?"
    r"|小时|分钟|秒|角|分)(?![A-Za-z\d]|\s?[,and\s]{1,5}\d)"
)
_LONE_NUMERAL = re.compile(rf"{OPEN}(\d{{1,9}}){CLOSE}")
_PIECE = re.compile(
    rf"(?P<formula>{OPEN}[^{CLOSE}]*{CLOSE})|(?P<unit>{_TEXT}\{{[^{{}}]*\}}\s*(?:[_^]\{{?-?\w+\}}?)?)"
    r"|(?P<latex>\\(?:begin|end)\{[^{}]*\}|\\[A-Za-z]+|\\.)"
    rf"|(?P<foreign>{FOREIGN_WORD}(?:['’-]{LETTER}*)*[²³]?)"
    r"|(?P<identifier>[A-Za-z]{3,}\d\w*)"
    r"|(?P<number>[\d.]*\d(?:,\d{3}(?!\d))*(?:\.\d+)?(?:st|nd|rd|th)?(?![A-Za-z])|[\d.]*\d)"
    r"|(?P<powered>(?:mm|cm|dm|m|km|in|ft|yd|mi|inch(?:es)?|feet|meters?|metres?|miles?|yards?|units?)"
    r"(?:\^\{?[23]\}?|[²³])(?![\w{]))"
    r"|(?P<word>[A-Za-z]{2,}(?:[’'/][A-Za-z]+|(?<=[A-Za-z]{3})-[A-Za-z]{3,})*|(?<![\w)}])[aAI](?=\s+(?:[A-Za-z]{2}|[$€£]?\d)))"
    r"|(?P<letter>[A-Za-z])|(?P<han>[\u3400-\u9fff]+)|(?P<join>[,;，、；])|(?P<space>\s+)"
    r"|(?P<stop>[?：。？！“”\"‘’]|:(?!\s?\d)|\.(?!\d)|(?<=\s)[-–—](?=\s))|(?P<other>.)",
    re.DOTALL,
)
_JOINING = frozenset(("and", "or", "or:", "或", "或者", "和", "及", "以及", "与"))
_COPULA = re.compile(
    r"(?:\b(?:is|are|was|were|be|equals?|equal\sto|gives?|totals?)|=|[是为得]|等于|共有?|剩下?)\s*(?:exactly|simply|just|about"
    r"|approximately|therefore|thus|then|also|only|indeed|the|a|an|约|大约|只有|了|到|出|：|:)?\s*$"
)
_DEICTIC = re.compile(
    r"(?i)\b(?:is|are|was|were|be|falls?\son|becomes?|是|为)\s+(?:an?\s|the\s|on\s)?(?P<rest>[^,;]{1,60})$"
)
_CLAUSE = re.compile(
    r"(?i)[,，;]?\s+(?:because|since|as\swe|which|where|so\sthat|given\sthat|due\sto|meaning|i\.e\.)\b.*$"
    r"|[,，;]\s(?:but|although|though)\s(?!.*(?:\d|\b(?:wrong|incorrect|maybe|perhaps|right|correct|should)\b)).*$"
    r"|[,，]?(?:因为|由于|其中).*$",
    re.DOTALL,
)
_HEDGE_IN_BRACKETS = re.compile(r"\(\s*(?:or|maybe|perhaps|possibly|and|或)\b|（\s*(?:或|也)")
_CONCLUDES = re.compile(
    r"(?i)(?:so|thus|therefore|hence|in\stotal|altogether|finally|overall|所以|因此|故|答|综上|最终)(?![a-z])"
)
_UNIT_STOPS = name_set(
    "altogether in total left remaining more fewer less than each every and or of for to from "
    "on at with by that which as is are was were be because so now then after before during "
    "if when this these there here have has had will would can still only also too all "
    "together different old away long wide high tall"
)


_HEDGED = re.compile(  # whatever else the clause says
    r"(?i)\b(?:maybe|perhaps|possibly|wrong|incorrect|guess|unsure|not sure)\b"
    r"|可能(?![性的])|也许|错"
)


_NUMERAL = re.compile(r"[-−]?\$?\d[\d,]*(?:\.\d+)?(?:/\d+)?")


_UNIT = re.compile(
    r"\s*(?P<words>(?:平方|立方)[\u30a1-\u30fc]{2,9}|[\u3400-\u9fff]{1,6}(?:/[\u3400-\u9fff]{1,3})?"
    rf"|(?:(?:square|cubic|sq|cu)\.?\s)?{LETTER}+(?:\^\{{?[23]\}}?|[²³])?"
    rf"(?:/{LETTER}+|\s(?:per|par|por|pro|в|на)\s{LETTER}+"
    rf"|\s(?:{'|'.join(sorted(POWERS_BEHIND - {'squared', 'cubed'}))})(?!\w))?)"
)


_BRACKETED = re.compile(r"\([\d\s+*/^-]{1,40}\)")  # (8)! is not a shout
_WITH_UNIT = re.compile(r"(-?\$?\d[\d,]*(?:\.\d+)?)\s([A-Za-z]+)")


class AnswerReading(NamedTuple):
    """The expression that an answer states; or "" and the problem.

    `factorial` is the other reading of an answer whose sentence ends in an exclamation mark.
    """

    text: str
    problem: str = ""
    factorial: str = ""


def reading(answer: Stated) -> AnswerReading:
    r"""What a stated answer says.

    >>> def read(text): return reading(Stated(text, "answer is", 0, len(text)))
    >>> read("Natalia sold 42 clips altogether").text, read("$x=5$ or $x=6$").text
    ('42\\text{ clips}', 'x=5, x=6')
    >>> read("less than 5").problem, read("42 clips in 7 boxes").problem
    ("'less than' is a comparison", 'several quantities: 42, 7')
    """
    text, bangs = answer.text, answer.closing if answer.mark != "boxed" else ""
    if answer.is_cut:
        return AnswerReading("", "the response breaks off inside the answer")
    if bangs in ("", ".", "。") and _NUMERAL.fullmatch(text):
        return AnswerReading(text)
    if problem := problem_behind(answer.mark, text):
        return AnswerReading("", problem)
    match = _WITH_UNIT.fullmatch(text)
    if match and bangs in ("", ".") and is_neutral(match[2]):
        return AnswerReading(f"{match[1]}\\text{{ {match[2]}}}")
    if answer.mark == "boxed" and _is_plain(text):
        return AnswerReading(text)
    if answer.mark == "answer tag":
        text, closing = _whole_sentence(text)
        bangs = bangs or closing
    if "?" in bangs or "？" in bangs:
        return AnswerReading("", "the answer is a question")
    result = reading_of(
        text, in_formula="boxed" in answer.mark or _is_one_formula(text[: _LONGEST + 1])
    )
    is_shout = bangs.startswith(("!", "！"))
    if bangs == "!" and _BRACKETED.fullmatch(result.text):
        return AnswerReading(f"{result.text}!")
    return result._replace(factorial=f"{result.text}!") if is_shout and result.text else result


def _is_plain(text: str) -> bool:
    """Whether a text is mathematics without words, delimiters or powers of ten."""
    return "$" not in text and "10^" not in text and not _HAS_WORDS.search(text)


def _is_one_formula(text: str) -> bool:
    """Whether a text is a formula from end to end."""
    text = text.strip(" \t\r\n*.,;。，；")
    if not text.startswith(("$", "\\(", "\\[")):
        return False
    first = next(formulas(text), None)
    return first is not None and first.start == 0 and first.end == len(text)


def _inner(text: str) -> str:
    """The inside of a text that is one formula."""
    text = text.strip(" \t\r\n*.,;。，；")
    span = next(formulas(text))
    return bare(text[span.inner_start : span.inner_end])


def _whole_sentence(content: str) -> tuple[str, str]:
    """The content of a tag, or its conclusion, without the marks that end its sentence."""
    content = content.strip(" \t\r\n*")
    start, closing = 0, ""
    while start < len(content) <= _LONGEST:
        end, closing = sentence_end(content, start, len(content))
        rest = end + max(len(closing), 1)
        if not content[rest:].strip(" \t\r\n*"):
            return content[start:end] if start and _CONCLUDES.match(
                content[start:end].lstrip(" *")
            ) else content[:end], closing
        start = rest
    return content, closing


def reading_of(text: str, *, in_formula: bool = False, last: bool = False) -> AnswerReading:
    r"""What a text says; with `last` its last quantity where it holds several.

    >>> reading_of("minus 5").text, reading_of("2*sqrt(17)").text
    ('-5', '2*\\sqrt{17}')
    """
    read = _read if len(text) <= _MEMO_CHARS else _read.__wrapped__
    return read(text, in_formula, last)


@functools.lru_cache(maxsize=8192)  # the responses to one prompt say the same thing many times
def _read(text: str, in_formula: bool, last: bool) -> AnswerReading:
    if len(text) > _LONGEST:
        return (
            AnswerReading(text)
            if in_formula or not _HAS_WORDS.search(text)
            else AnswerReading("", _TOO_LONG)
        )
    if not text.isascii() or text[:1] in "*:":
        text = _DECORATION.sub("", text)
    text = _inner(text) if _is_one_formula(text) else bare(text)
    if match := _OPTION.fullmatch(text):
        return AnswerReading(match["letter"])
    if text.lower() == "half":
        return AnswerReading("\\frac{1}{2}")
    if _ARROW.search(text):
        return AnswerReading("", "an arrow between values")
    if (" to " in text or "比" in text) and (match := _RATIO.fullmatch(text)):
        joint = ":" if "比" in text else "\\text{ to }"  # 5 to 7 may be a range
        return AnswerReading(joint.join(_RATIO_PART.findall(text)))
    if "10^" in text:
        text = _SCIENTIFIC.sub(r"\1 \\times 10^", text)
    if not in_formula and (match := _TWICE.fullmatch(text)):
        return _said_twice(match)
    if not _HAS_WORDS.search(_LATEX_NAMES.sub(" ", text) if "\\begin" in text else text):
        if _HEDGE_IN_BRACKETS.search(text):
            return AnswerReading("", "a second value in brackets")
        return AnswerReading(_without_delimiters(text))
    is_marked = "*" in text or "_" in text or "`" in text
    unmarked = _MARKUP.sub(" ", text) if is_marked else text
    flat = _flat(unmarked, in_formula and not _PROSE.search(text))
    new = _added(rewritten(flat))
    runs = _runs(new, joined=not last)
    if not runs and (problem := _problem(new)) and _changes(problem, text):
        return AnswerReading("", problem)
    if not runs:
        return _worded(text, new)
    if problem := _problem(new):
        cut = _CLAUSE.sub("", new)
        runs = [] if cut == new or _HEDGED.search(new) or _problem(cut) else _runs(cut)
        if not runs:
            return AnswerReading("", problem)
        new = cut
    if new == flat and in_formula and _is_whole(new, runs):
        return AnswerReading(text)
    return _quantity(new, runs, last)


_ORNAMENTS = "\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\U0001f000-\U0001faff"  # emoji, ticks, stars
_DECORATION = re.compile(rf"^[\s*:：→➜{_ORNAMENTS}]+|[\s*{_ORNAMENTS}]+$")
_OPTION = re.compile(
    r"(?i:(?:the\s)?(?:option|choice|letter)\s*|选项\s*)[(（]?(?P<letter>[A-Z])[)）]?(?:选项)?"
)
_ARROW = re.compile(r"\d\s*(?:[-=]>|→|⇒|\\(?:to|rightarrow|Rightarrow|implies)\b)\s*-?\d")
_RATIO = re.compile(
    r"\d[\d.]{0,20}(?:(?:\sto\s|\s?比\s?|\s?\\text\{\s*to\s*\}\s?)\d[\d.]{0,20}){1,4}"
)
_RATIO_PART = re.compile(r"[\d.]+")
_SCIENTIFIC = re.compile(r"(\d)\s?[xX]\s?10\^")
_TWICE = re.compile(
    r"(?P<one>[^()（）A-Za-z=]{1,40}?)\s+[(（]\s*[=≈]?\s*(?P<other>[^()（）A-Za-z=]{1,40}?)\s*[)）]"
)


def _said_twice(match: re.Match[str]) -> AnswerReading:
    """A number with the same number in brackets after it: 0.75 (3/4)."""
    one, other = answer_of(match["one"]), answer_of(match["other"])
    if same(one, other):
        return AnswerReading(one.text)
    return AnswerReading("", "a second value in brackets")


def _added(flat: str) -> str:
    """Quantities in two units as one in the smaller: 3 hours and 20 minutes."""
    before, joined = None, _LONE_NUMERAL.sub(r"\1", flat)
    while before != joined and _DURATION.search(joined):
        before = joined
        flat = joined = _DURATION.sub(_sum, joined, count=1)
    return flat


def _sum(match: re.Match[str]) -> str:
    """Two quantities as one: 200 minutes, but 5.20 dollars, as money is written."""
    many, few = (_UNITS_OF.get(match[k].lower().removesuffix("s")) for k in (2, 4))
    if many is None or few is None or many[0] != few[0] or many[1] <= few[1]:
        return match.group()
    parts = many[1] // few[1]
    if many[1] == _WHOLE_COIN and int(match[3]) < parts:
        return f"{match[1]}.{match[3].zfill(len(str(parts)) - 1)} {match[2]}"
    return f"{int(match[1]) * parts + int(match[3])} {match[4]}"


_PROSE = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}\s+(?<!\\)[A-Za-z]{2,}\s+[A-Za-z]{2,}")


def _changes(problem: str, text: str) -> bool:
    """Whether a problem keeps an answer in words from being read: "xy squared", 非负."""
    return not text.isascii() or problem.endswith("operation")


def _problem(flat: str) -> str:
    if _HEDGE_IN_BRACKETS.search(flat):
        return "a second value in brackets"
    return problem_of(flat)


def _without_delimiters(text: str) -> str:
    """Several formulas as one list: "$69$, $84$" is 69, 84."""
    if "$" not in text and "\\(" not in text and "\\[" not in text:
        return text
    parts, at = [], 0
    for span in formulas(text):
        parts += [text[at : span.start], text[span.inner_start : span.inner_end].strip()]
        at = span.end
    return "".join([*parts, text[at:]])


# --- formulas and words apart


_HALF_DAY = re.compile(rf"(?<=\d)({CLOSE}?\s*)([ap])\.\s?m\.?(?![A-Za-z])")
_SPACES = re.compile(r"[ \t]{2,}")
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = re.compile(rf"\b(?:{_MONTHS}) \d{{1,2}}(?:st|nd|rd|th)?(?:, \d{{4}})?(?![\d.])")


def _flat(text: str, in_formula: bool) -> str:
    r"""The text with its formulas between marks, their `\text` outside of them."""
    text = text.replace(OPEN, "").replace(CLOSE, "").replace("\\!", "")
    if in_formula and not any(True for _ in formulas(text)):
        return _tidy(_opened(text))
    parts, at = [], 0
    for span in formulas(text):
        content = text[span.inner_start : span.inner_end]
        parts += [_opened_bare(text[at : span.start]), _opened(content, has_digits(text))]
        at = span.end
    return _tidy("".join([*parts, _opened_bare(text[at:])]))


def _tidy(flat: str) -> str:
    """A flat text with single spaces, and p.m. as one word."""
    if "  " in flat or "\t" in flat:
        flat = _SPACES.sub(" ", flat)
    return _HALF_DAY.sub(r"\1\2m", flat)


def has_digits(text: str) -> bool:
    """Whether a digit is in a text."""
    return any(map(str.isdigit, text))


_TEXT_AT = re.compile(
    rf"{_TEXT}\{{([^{{}}]*)\}}|\\[A-Za-z]+|\\.|[{{}}]|{FOREIGN_WORD}|(?<![A-Za-z])[A-Za-z]{{2,}}|[\u3400-\u9fff]+|,|;"
)
_ONLY_TEXT = re.compile(rf"\s*{_TEXT}\{{(?:[^{{}}\d]*|(?:{_MONTHS}) \d{{1,2}})\}}[\s,.]*")


def _opened_bare(text: str) -> str:
    r"""Prose whose `\text{..}` is prose, too."""
    if "\\" in text:
        text = re.sub(rf"(?<![_^{{]){_TEXT}\{{([^{{}}]*)\}}(?!\s*[_^])", r" \1 ", text)
    return _DATE.sub(rf"{OPEN}\\text{{\g<0>}}{CLOSE}", text)


def _opened(content: str, beside_digits: bool = True) -> str:
    r"""A formula between its marks, cut open where words are in it at the top level."""
    is_text = _ONLY_TEXT.fullmatch(content) or content.strip().isalpha()
    if is_text and not (beside_digits and may_change(content.partition("{")[2] or content)):
        return f"{OPEN}{content.strip()}{CLOSE}"
    pieces, start, depth = [], 0, 0
    for match in _TEXT_AT.finditer(content):
        token = match.group()
        if token in "{}":
            depth += 1 if token == "{" else -1
            continue
        words = _words_of(match, content) if depth <= 0 else None
        if words is None:
            continue
        pieces += [_formula(content[start : match.start()]), f" {words} "]
        start = match.end()
    return "".join([*pieces, _formula(content[start:])])


def _words_of(match: re.Match[str], content: str) -> str | None:
    """The words of a piece of a formula that is prose; None where it is mathematics."""
    token = match.group()
    after = content[match.end() : match.end() + 1]
    before = content[: match.start()].rstrip()[-1:]
    if match.group(1) is not None:
        is_script = after in ("_", "^") or before in ("_", "^")
        return None if is_script and after else (None if before in ("_", "^") else match.group(1))
    if token[0] == "\\" or token in ",;":
        return None
    if not token.isascii():
        return token
    is_call = after == "("
    return None if is_call or (len(token) <= 3 and token.lower() not in _SHORT) else token


_SHORT = name_set("or and not if is are the of one two six ten all mod at no sum")


def _formula(content: str) -> str:
    if not content.strip():
        return " "
    if re.fullmatch(r"\s*[,;.]?\s*", content):
        return content
    if re.search(r"(?<![\\A-Za-z])[A-Za-z]{3,}\(", content):  # a function that lost its backslash
        return content
    return f"{OPEN}{content.strip()}{CLOSE}"


# --- quantities


class _Run(NamedTuple):
    """A piece of mathematics in a flat text."""

    start: int
    end: int
    is_name: bool


def _runs(flat: str, *, joined: bool = True) -> list[_Run]:
    """The pieces of mathematics in a flat text, lists joined by commas and conjunctions as one."""
    joins = joined
    runs: list[list[int]] = []
    start = end = -1
    depth = 0
    joined = False
    for match in _PIECE.finditer(flat):
        kind, token = match.lastgroup, match.group()
        if kind == "space":
            continue
        is_math = kind in ("formula", "latex", "number", "letter", "other")
        if kind == "unit" or (kind == "word" and _is_product(match, depth)):
            is_math = kind == "word" or start >= 0
        if kind == "stop" and token in "-–—":  # a minus sign, or a dash between words
            is_math = start >= 0 or _COPULA.search(flat, 0, match.start()) is not None
        if kind == "join" and depth > 0:
            is_math = True
        if is_math:
            depth += (token in ("(", "[", "{", "\\{", "（", "\\langle")) - (
                token in (")", "]", "}", "\\}", "）", "\\rangle")
            )
            if start < 0 or (not joined and end < 0):
                start = match.start()
            end, joined = match.end(), True
            continue
        joining = kind == "join" or (kind in ("word", "han") and token.lower() in _JOINING)
        if joining and joined and joins:
            continue
        if kind == "stop" and token == "." and depth > 0:
            continue
        if start >= 0:
            runs.append([start, end])
        start, end, joined, depth = -1, -1, False, 0
    if start >= 0:
        runs.append([start, end])
    pieces = [_Run(a, b, _is_name(flat[a:b])) for a, b in runs]
    return [run for run in pieces if _holds_value(flat[run.start : run.end])]


_OPERATORS = frozenset("+-*/^=(<>≤≥,;，、；或")
_TWO_LETTERS = name_set("he it as is by if on at be do go me my no of or so to up us we an in am")
_AFTER_JOINT = re.compile(r"\b(?:or|and)\s$")


def _is_product(match: re.Match[str], depth: int) -> bool:
    """Whether letters outside of a formula are variables: 2xy, AB = 9, frac{ab}{c}."""
    token, text = match.group(), match.string
    if len(token) > 3 or not token.isalpha():
        return False
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    if after == "}" and text[max(match.start() - 2, 0) : match.start()].rstrip("+-")[-1:] == "{":
        return True
    if token.lower() in _SHORT_WORDS:
        return False
    if len(token) == 2 and before and token.lower() not in _TWO_LETTERS | _UNIT_WORDS:
        near = text[max(match.start() - 8, 0) : match.start()]
        if near.rstrip()[-1:] in _OPERATORS or _AFTER_JOINT.search(near):
            return True
    if token.isupper() and text[match.end() :].lstrip()[:1] == "=":
        return True
    if before.isdecimal() or (before and before in "{(^_+*/="):
        return token.lower() not in _UNIT_WORDS
    if depth > 0 and (text[: match.start()][-2:].strip() in ("+", "-")):
        return True
    return after != "" and after in "^_+*/=" and token.lower() not in _UNIT_WORDS and depth >= 0


_SHORT_WORDS = name_set(
    "or and not if is are the of one two six ten all mod at no sum an so we in to per for"
)
_UNIT_WORDS = name_set(
    "cm mm km m ft in kg mg g ml l lb lbs oz mph hr hrs min sec am pm usd rmb st nd rd th yd "
    "mi sq cu"
)
_NAME = re.compile(
    rf"(?:{OPEN}|{CLOSE}|[\s(),;]|\\(?:angle|triangle|overline|text|mathrm|vec|alpha|beta|theta|lambda|ell|left|right)\b"
    r"|[{}]|[A-Za-z](?:_\{?\w+\}?)?'?(?:\([a-z]\))?)+"
)


def _is_name(text: str) -> bool:
    r"""Whether a piece of mathematics only names something: x, f(x), \angle ABC."""
    return (
        _NAME.fullmatch(text) is not None
        or _ONLY_TEXT.fullmatch(text.strip(OPEN + CLOSE)) is not None
    )


def _holds_value(text: str) -> bool:
    return any(
        c.isalnum() or c in "∞πφ∅½" for c in re.sub(r"\\(?:left|right|,|;|quad|text)", "", text)
    )


def _is_whole(flat: str, runs: list[_Run]) -> bool:
    """Whether mathematics comes first, is one piece, and has at most a few words after it."""
    if len(runs) != 1 or flat[: runs[0].start].strip(f"{OPEN}{CLOSE} "):
        return False
    return len(flat[runs[0].end :].split()) <= 4


def _quantity(flat: str, runs: list[_Run], last: bool) -> AnswerReading:
    values = [run for run in runs if not run.is_name]
    if not values:
        return _named(flat, runs)
    number_words = _number_words(flat) if len(values) == 1 else []
    if len(values) == 1 and not number_words:
        return AnswerReading(_with_unit(flat, values[0]))
    if last:
        return AnswerReading(_with_unit(flat, values[-1]))
    if (at := _last_equals(flat, values[-1])) >= 0:
        return AnswerReading(_with_unit(flat, values[-1]._replace(start=at + 1)))
    if not number_words and _states(flat, values[-1]):
        return AnswerReading(_with_unit(flat, values[-1]))
    if (cut := _CLAUSE.sub("", flat)) != flat:
        return _quantity(cut, _runs(cut), last) if _runs(cut) else AnswerReading("", "no value")
    excerpts = [_excerpt(flat[run.start : run.end]) for run in values] + number_words
    return AnswerReading("", f"several quantities: {', '.join(excerpts[:5])}")


def _last_equals(flat: str, run: _Run) -> int:
    """The place of the last equals sign of a computation whose left side contains words."""
    at = flat.rfind("=", run.start, run.end)
    left = flat[run.start : max(at, run.start)].replace(OPEN, "").replace(CLOSE, "").strip()
    return at if not left or left[0] in "=)+*/×" or (left[0].isdigit() and left[1:].strip()) else -1


_NUMBER_WORD = re.compile(
    r"(?i)(?<!the )(?<!these )(?<!those )(?<!all )(?<!both )(?<!of )\b(two|three|four|five|six"
    r"|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand)\b"
)


def _number_words(flat: str) -> list[str]:
    """The quantities in words of a sentence that has one in digits."""
    return [match.group() for match in _NUMBER_WORD.finditer(flat)]


_SUBJECT = re.compile(
    r"(?i)\s*(?:(?:so|thus|therefore|hence|then|finally)\b)?[, ]*"
    r"(?:(?:the|this|it|that|he|she|they)\b|所以|因此|一?共)"
)


def _states(flat: str, run: _Run) -> bool:
    """Whether a sentence ends with "... is VALUE unit", its subject whatever it holds."""
    before = flat[: run.start].replace(OPEN, "").replace(CLOSE, "")
    tail = flat[run.end :].replace(CLOSE, "").strip(" .。")
    starts = _SUBJECT.match(before)
    return (
        bool(starts) and bool(_COPULA.search(before)) and len(tail.split()) <= 3 and len(tail) <= 30
    )


def ends_in_copula(text: str) -> bool:
    """Whether the words before a value end in "is", an equals sign or their kin.

    >>> ends_in_copula("Hence the sum is "), ends_in_copula("Hence the sum is not ")
    (True, False)
    """
    return _COPULA.search(text) is not None


def _named(flat: str, runs: list[_Run]) -> AnswerReading:
    """A sentence whose only mathematics are names: the one that it ends with."""
    run = runs[-1]
    if len(runs) == 1 and flat[run.start] == OPEN:
        return AnswerReading(_as_latex(flat[run.start : run.end]))
    before, after = flat[: run.start].strip(), flat[run.end :].strip(" .。")
    if after and not before and len(after.split()) <= 2:
        return AnswerReading(_with_unit(flat, run))
    if after or (before and not _COPULA.search(flat[: run.start])):
        return AnswerReading("", "a sentence without a value")
    return AnswerReading(_as_latex(flat[run.start : run.end]))


def _with_unit(flat: str, run: _Run) -> str:
    """A quantity with the unit after it."""
    text = _as_latex(flat[run.start : run.end])
    text = re.sub(r"[\s\-+*/=<>,;:(\[]+$", "", text)
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", text)
    text = _balanced(text)
    tail = flat[run.end :].replace(OPEN, " ").replace(CLOSE, " ")
    unit = _unit(tail)
    return f"{text}\\text{{ {unit}}}" if unit else text


def _balanced(text: str) -> str:
    """A text without an unmatched bracket of the prose around it: (42 in all)."""
    if (
        text.startswith("(")
        and text.count("(") == text.count(")") + 1
        and text.count("[") == text.count("]")
        and "," not in text
    ):
        return text[1:].strip()
    if (
        text.endswith(")")
        and text.count(")") == text.count("(") + 1
        and text.count("[") == text.count("]")
        and "," not in text
    ):
        return text[:-1].strip()
    return text


def _unit(tail: str) -> str:
    """The unit that the words after a quantity begin with: clips, square feet, km/h, 个."""
    match = _UNIT.match(tail)
    if match is None or match["words"].split()[0].lower() in _UNIT_STOPS:
        return ""
    return _COPULA_BEHIND.sub("", match["words"])


_COPULA_BEHIND = re.compile(r"(?:です|でした|である|だ|입니다|이다|이에요|예요)$")


def _as_latex(flat: str) -> str:
    """A flat text as LaTeX again; conjunctions between its formulas as commas."""
    text = re.sub(
        r"\s*,?\s*\b(?:or|and)\b\s*|\s*[，、；]\s*|\s*(?:或者|以及|[或和及与])\s*", ", ", flat
    )
    return re.sub(r"\s+", " ", text.replace(OPEN, "").replace(CLOSE, "")).strip(" ,")


def _worded(text: str, flat: str) -> AnswerReading:
    """An answer without mathematics: its words, or what follows its verb ("It is Friday")."""
    sentence = " ".join(flat.replace(OPEN, " ").replace(CLOSE, " ").split())
    if len(sentence.split()) > 2 and (match := _DEICTIC.search(sentence)):
        return AnswerReading(match["rest"])
    return AnswerReading(text)


def _excerpt(text: str) -> str:
    return " ".join(text.replace(OPEN, "").replace(CLOSE, "").split())[:30]
