r"""Words that change a value: those that are understood, written as LaTeX, and those that are not.

A text comes in "flat": every formula of it between `OPEN` and `CLOSE`, everything else prose. What
can be rewritten is ("minus 5", "the square root of 17", 17的平方根); `problem_of` then names the
first word left over that could change the value of a number beside it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction

from plaudit.answers.foreign import TRIGGERS, foreign_problem, is_ruled_out
from plaudit.answers.latex_token import FUNCTIONS, name_set
from plaudit.answers.numerals import SMALL, with_chinese_numerals, with_english_numerals

__all__ = ["CLOSE", "OPEN", "is_doubtful", "is_neutral", "may_change", "problem_of", "rewritten"]

OPEN, CLOSE = "\ue000", "\ue001"

_GROUP = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
_NUMBER = r"(?<![\d.])(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?:/\d+(?![\d.]))?%?"
ATOM = (
    rf"(?:{OPEN}[^{OPEN}{CLOSE},;]*{CLOSE}|{_NUMBER}|\\(?:d?frac|sqrt|binom)\s?(?:\[\d+\])?(?:{_GROUP}){{1,2}}"
    r"|\\pi\b|π|\((?:[^()A-Za-z,;]|(?<![A-Za-z])[A-Za-z](?![A-Za-z]))*\)"
    r"|(?<![A-Za-z\\])[A-Za-z](?![A-Za-z]))"
)
_ENDS = (
    r"(?!\s*(?:[-+*/^×·÷!_(\\\d{]|\.\d|,\s?[-\d\\(\ue000])|[A-Za-z])"  # the quantity is over here
)
_ALONE = r"(?<![-−+*/^=×·\w)}.,])(?<![-−+*/^=×·\d)}] )"  # nothing that the quantity belongs to
_SIGNED = rf"(?:[-−]\s?)?{ATOM}"


def _bare(atom: str) -> str:
    return atom.replace(OPEN, "").replace(CLOSE, "").strip()


def _group(atom: str) -> str:
    """An atom in brackets, unless it is a plain numeral or is bracketed already."""
    text = _bare(atom)
    return text if re.fullmatch(r"[\d.,]+|[A-Za-z]|\([^()]*\)", text) else f"({text})"


def _math(text: str) -> str:
    return f" {OPEN}{text}{CLOSE} "


_Make = Callable[[re.Match[str]], str]
_ROOTS = {"square": "", "cube": "[3]", "cubic": "[3]", "fourth": "[4]", "fifth": "[5]"}
_DIGITS_OF_BASE = r"\d[\dA-F]{0,60}"
_EN: list[tuple[str, _Make]] = [
    (
        rf"(?:\bthe\s)?(?:\b(?:principal|positive)\s)?\b(square|cube|cubic|fourth|fifth)\sroot\sof"
        rf"\s(?:the\snumber\s)?({_SIGNED}){_ENDS}",
        lambda m: _math(rf"\sqrt{_ROOTS[m[1].lower()]}{{{_bare(m[2])}}}"),
    ),
    (rf"{_ALONE}({ATOM})\s?squared\b", lambda m: _math(f"{_group(m[1])}^2")),
    (rf"{_ALONE}({ATOM})\s?cubed\b", lambda m: _math(f"{_group(m[1])}^3")),
    (
        rf"(?:\bthe\s)?\b(square|cube)\sof\s({_SIGNED}){_ENDS}",
        lambda m: _math(f"({_bare(m[2])})^{2 if m[1].lower() == 'square' else 3}"),
    ),
    (
        rf"({ATOM})\s(?:raised\s)?to\sthe\spower\s(?:of\s)?({_SIGNED}){_ENDS}",
        lambda m: _math(f"{_group(m[1])}^{{{_bare(m[2])}}}"),
    ),
    (
        rf"({ATOM})\s(?:raised\s)?to\sthe\s(\d+)(?:st|nd|rd|th)\spower\b",
        lambda m: _math(f"{_group(m[1])}^{{{m[2]}}}"),
    ),
    (rf"{_ALONE}({ATOM})\sfactorial\b", lambda m: _math(f"{_group(m[1])}!")),
    (
        rf"(?:\bthe\s)?\babsolute\svalue\sof\s({_SIGNED}){_ENDS}",
        lambda m: _math(f"|{_bare(m[1])}|"),
    ),
    (
        rf"(?:\bthe\s)?\breciprocal\sof\s({_SIGNED}){_ENDS}",
        lambda m: _math(rf"\frac{{1}}{{{_bare(m[1])}}}"),
    ),
    (
        rf"(?:\bthe\s)?\b(?:opposite|negative|negation|additive\sinverse)\sof\s({_SIGNED}){_ENDS}",
        lambda m: _math(f"-({_bare(m[1])})"),
    ),
    (r"\bhalf\sa\sdozen\b", lambda m: "6"),
    (
        rf"({_NUMBER})\sdozens?\b|\ba\sdozen\b",
        lambda m: _math(f"{m[1]} \\cdot 12") if m[1] else "12",
    ),
    (
        rf"({_NUMBER})\s(hundred|thousand|million|billion|trillion)\b",
        lambda m: _scaled(m[1], m[2]),
    ),
    (
        rf"({_NUMBER})\sand\sa\s(half|third|quarter)\b",
        lambda m: _math(f"{m[1]} + \\frac{{1}}{{{_PARTS[m[2].lower()]}}}"),
    ),
    (
        rf"(?:\bone\s|\ba\s)?\bhalf\s(?:of\s)?({ATOM}){_ENDS}",
        lambda m: _math(rf"\frac{{{_bare(m[1])}}}{{2}}"),
    ),
    (
        rf"\b(twice|double|triple|thrice)\s(?:of\s)?({ATOM}){_ENDS}",
        lambda m: _math(f"{2 if m[1].lower() in ('twice', 'double') else 3} \\cdot {_group(m[2])}"),
    ),
    (
        rf"(?:{OPEN}\s?({_DIGITS_OF_BASE})\s?{CLOSE}|(?<![\d.,{OPEN}])({_DIGITS_OF_BASE}))\s*\(?\s*"
        rf"(?:in\s)?base[\s-]*{OPEN}?({'|'.join(SMALL)}|\d{{1,2}})(?![\w.]){CLOSE}?\s*\)?"
        r"(?!\s?[-+*/^=\d])",
        lambda m: _math(f"{m[1] or m[2]}_{{{SMALL.get(m[3].lower(), m[3])}}}"),
    ),
    (
        rf"(?<![\d.,])(\d{{1,9}})\sout\sof\s(\d{{1,9}}){_ENDS}",
        lambda m: _math(rf"\frac{{{m[1]}}}{{{m[2]}}}"),
    ),
    (
        rf"(?<![\d.,])(\d{{1,9}})\schoose\s(\d{{1,9}}){_ENDS}",
        lambda m: _math(f"\\binom{{{m[1]}}}{{{m[2]}}}"),
    ),
    (rf"({ATOM})\s?(?:percent|per\s?cent|pct)\b(?!age)", lambda m: _math(f"{_bare(m[1])}\\%")),
    (rf"\bplus\s(?:or|/)\sminus\s({ATOM})", lambda m: _math(f"\\pm {_bare(m[1])}")),
    (
        rf"({_SIGNED})\s(?:times|multiplied\sby)\s({_SIGNED}){_ENDS}",
        lambda m: _math(f"{_group(m[1])} \\cdot {_group(m[2])}"),
    ),
    (
        rf"({_SIGNED})\s(?:divided\sby|over)\s({_SIGNED}){_ENDS}",
        lambda m: _math(rf"\frac{{{_bare(m[1])}}}{{{_bare(m[2])}}}"),
    ),
    (rf"({_SIGNED})\splus\s({_SIGNED}){_ENDS}", lambda m: _math(f"{_bare(m[1])} + {_bare(m[2])}")),
    (
        rf"({_SIGNED})\sminus\s({_SIGNED}){_ENDS}",
        lambda m: _math(f"{_bare(m[1])} - {_group(m[2])}"),
    ),
    (
        rf"(?<![\d{CLOSE}}})] )(?<![\d{CLOSE}}})])\b(?:minus|negative)\s({ATOM})"
        r"(?!\s?[,，]\s?[-\d\\(])",
        lambda m: _math(f"-{_group(m[1])}"),
    ),
    (rf"\bpositive\s(?={ATOM})", lambda m: " "),
]
_PARTS = {"half": 2, "third": 3, "quarter": 4}
_MAGNITUDES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}


def _scaled(number: str, scale: str) -> str:
    if "/" in number or "%" in number:
        return f"{number} {scale}"
    value = Fraction(number.replace(",", "")) * 10 ** _MAGNITUDES[scale.lower()]
    return (
        str(value.numerator)
        if value.denominator == 1
        else _math(f"{number} \\cdot 10^{{{_MAGNITUDES[scale.lower()]}}}")
    )


_ZH: list[tuple[str, _Make]] = [
    (
        rf"{_ALONE}({_SIGNED})\s?的(?:算术)?平方根|根号(?:下)?\s?({ATOM})",
        lambda m: _math(rf"\sqrt{{{_bare(m[1] or m[2])}}}"),
    ),
    (rf"{_ALONE}({_SIGNED})\s?的立方根", lambda m: _math(rf"\sqrt[3]{{{_bare(m[1])}}}")),
    (rf"{_ALONE}({_SIGNED})\s?的平方(?!根|[米分厘千毫])", lambda m: _math(f"({_bare(m[1])})^2")),
    (rf"{_ALONE}({_SIGNED})\s?的立方(?!根|[米分厘千毫])", lambda m: _math(f"({_bare(m[1])})^3")),
    (rf"{_ALONE}({_SIGNED})\s?的({_NUMBER})次方", lambda m: _math(f"({_bare(m[1])})^{{{m[2]}}}")),
    (rf"{_ALONE}({_SIGNED})\s?的一半", lambda m: _math(rf"\frac{{{_bare(m[1])}}}{{2}}")),
    (rf"{_ALONE}({_SIGNED})\s?的倒数", lambda m: _math(rf"\frac{{1}}{{{_bare(m[1])}}}")),
    (rf"{_ALONE}({_SIGNED})\s?的相反数", lambda m: _math(f"-({_bare(m[1])})")),
    (rf"{_ALONE}({_SIGNED})\s?的绝对值", lambda m: _math(f"|{_bare(m[1])}|")),
    (rf"{_ALONE}({_SIGNED})\s?的阶乘", lambda m: _math(f"{_group(m[1])}!")),
    (rf"({_NUMBER})\s?分之\s?({_NUMBER})", lambda m: _math(rf"\frac{{{m[2]}}}{{{m[1]}}}")),
    (rf"百分之\s?({_NUMBER})", lambda m: _math(f"{m[1]}\\%")),
    (
        rf"({_SIGNED})\s?乘以?\s?({_SIGNED}){_ENDS}",
        lambda m: _math(f"{_group(m[1])} \\cdot {_group(m[2])}"),
    ),
    (
        rf"({_SIGNED})\s?除以\s?({_SIGNED}){_ENDS}",
        lambda m: _math(rf"\frac{{{_bare(m[1])}}}{{{_bare(m[2])}}}"),
    ),
    (
        rf"({_SIGNED})\s?加上?\s?({_SIGNED}){_ENDS}",
        lambda m: _math(f"{_bare(m[1])} + {_bare(m[2])}"),
    ),
    (
        rf"({_SIGNED})\s?减去?\s?({_SIGNED}){_ENDS}",
        lambda m: _math(f"{_bare(m[1])} - {_group(m[2])}"),
    ),
    (rf"正负\s?({ATOM})", lambda m: _math(f"\\pm {_bare(m[1])}")),
    (rf"负\s?({ATOM})(?!\s?[,，]\s?[-\d\\(])", lambda m: _math(f"-{_group(m[1])}")),
    (rf"(?<![真反])正\s?(?={ATOM})", lambda m: " "),
]
_NAMES = {
    **{name: "\\" + name for name in (*FUNCTIONS, "sinh", "cosh", "tanh", "log")},
    **{f"{arc}{name}": f"\\arc{name}" for arc in ("arc", "a") for name in ("sin", "cos", "tan")},
    "lg": "\\log_{10}",
    "log10": "\\log_{10}",
    "log2": "\\log_{2}",
}
_CALL = re.compile(r"(?<![A-Za-z\\])([A-Za-z]{2,}(?:10|2)?)\(")
_NAMED = re.compile(
    rf"(?<![A-Za-z\\])({'|'.join(sorted(_NAMES, key=len, reverse=True))})"
    rf"(?:\s?(?=[({OPEN}\d\\₀-₉√π⌊|])|\s(?=[a-z]\b|pi\b))"
)
_FENCES = {
    "sqrt": ("\\sqrt{", "}"),
    "root": ("\\sqrt{", "}"),
    "cbrt": ("\\sqrt[3]{", "}"),
    "floor": ("\\lfloor ", " \\rfloor"),
    "ceil": ("\\lceil ", " \\rceil"),
    "ceiling": ("\\lceil ", " \\rceil"),
    "abs": ("|", "|"),
    "factorial": ("(", ")!"),
}
_FOLDS = {"gcd": math.gcd, "hcf": math.gcd, "lcm": math.lcm, "max": max, "min": min}
_COMPILED = [(re.compile(p, re.IGNORECASE), make) for p, make in _EN]
_COMPILED_ZH = [(re.compile(p), make) for p, make in _ZH]
_EN_PARTS = (
    *name_set(
        "root squared cubed power factorial absolute reciprocal opposite negat minus inverse dozen "
        "hundred thousand million billion trillion half third quarter twice double triple thrice "
        "percent pct plus times multiplied divided over positive base choose"
    ),
    "square of",
    "cube of",
    "per cent",
    "out of",
)
_ZH_WORDS = re.compile("[的根负正加减乘除百分]")
_MOST_CALLS = 40


def rewritten(text: str) -> str:
    r"""A flat text with the words that are understood written as LaTeX.

    >>> rewritten("the square root of 17").strip(OPEN + CLOSE + " ")
    '\\sqrt{17}'
    >>> rewritten("2*sqrt(17), gcd(4, 6)")
    '2*\\sqrt{17}, 2'
    """
    has_digits = any(map(str.isdigit, text))
    if not text.isascii():
        if not has_digits or "分之" in text:
            text = with_chinese_numerals(text)
        if _ZH_WORDS.search(text):
            for pattern, make in _COMPILED_ZH:
                text = pattern.sub(make, text)
    if not any(map(str.isdigit, text)):
        text = with_english_numerals(text)
    if "(mod" in text:
        text = _MODULUS.sub(lambda m: f"\\pmod{{{m[1]}}}", text)
    if "(" in text or "（" in text:
        text = _SPELLED_OUT.sub(_once, text)
        text = _REMARK.sub(_without_remark, _called(text))
    text = _NAMED.sub(lambda m: _NAMES[m[1]] + " ", text)
    if _holds_english(text):
        text = re.sub(r"[ \t]{2,}", " ", text)
        for pattern, make in _COMPILED:
            new = pattern.sub(make, text)
            text = text if new is text else re.sub(r"  +", " ", new)
    return _ORDINAL.sub(r"\1", text) if _ENDS_ORDINAL.search(text) else text


def _holds_english(text: str) -> bool:
    """Whether a text contains any word that the English rules look for."""
    lowered = text.lower()
    return any(map(lowered.__contains__, _EN_PARTS))


_REMARK = re.compile(r"(?<=\s)\(\s*[A-Za-z]{2}[A-Za-z ,'’]*\)|（[\u3400-\u9fff]+）")
_ENDS_ORDINAL = re.compile(r"\d(?:st|nd|rd|th)\b")
_COUNTED = "prime term root square cube multiple digit power odd even percentile"  # the 5th ...
_NTH = rf"(?:st|nd|rd|th)\s(?:{_COUNTED.replace(' ', '|')})\b"
_ORDINAL = re.compile(rf"(?<![\d./])(\d+)(?!{_NTH})(?:st|nd|rd|th)\b")


_MODULUS = re.compile(r"\(mod(?:ulo)?\s+(\d{1,9})\)")
_SPELLED_OUT = re.compile(
    r"(?<![\d,])(\d[\d,]{0,30})\s?[(（]([A-Za-z][A-Za-z -]*|[\u3400-\u9fff]+)[)）]"
)


def _once(match: re.Match[str]) -> str:
    """A numeral without the same in words after it: 42 (forty-two)."""
    words = with_chinese_numerals(with_english_numerals(match[2]))
    return match[1] if words.strip() == match[1].replace(",", "") else match.group()


def _without_remark(match: re.Match[str]) -> str:
    """Nothing, where brackets hold words that change nothing: 20 * 40 (seeds)."""
    inner = match.group()[1:-1]
    is_value = (
        _ANYWHERE.search(inner) or _holds_english(inner) or re.match(r"\s*(?:or|and|mod)\b", inner)
    )
    return match.group() if is_value or _NUMBER_WORDS.search(inner) else " "


_NUMBER_WORDS = re.compile(
    r"(?i)\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty)\b"
)


def _called(text: str) -> str:
    """The known functions that are written as calls, innermost last: sqrt(17), floor(3.7)."""
    calls = list(_CALL.finditer(text))
    for call in reversed(calls[-_MOST_CALLS:]):
        name = call[1].lower()
        end = _closing(text, call.end())
        if end < 0:
            continue
        inner = text[call.end() : end]
        if name in _FENCES and "," in inner:  # no function of one number
            continue
        if name in _FENCES:
            opening, closing = _FENCES[name]
            new = opening + inner + closing
        elif name in _FOLDS and (value := _folded(name, inner)) is not None:
            new = value
        elif name in _NAMES:
            new = f"{_NAMES[name]}({inner})"
        else:
            continue
        text = text[: call.start()] + new + text[end + 1 :]
    return text


def _closing(text: str, start: int) -> int:
    depth = 1
    for at in range(start, min(start + 300, len(text))):
        depth += (text[at] == "(") - (text[at] == ")")
        if not depth:
            return at
    return -1


def _folded(name: str, inner: str) -> str | None:
    """The value of gcd, lcm, max or min of numbers."""
    items = [item.strip() for item in inner.split(",")]
    if not 1 < len(items) < 20 or not all(re.fullmatch(r"-?\d{1,12}", item) for item in items):
        return None
    return str(_FOLDS[name](*map(int, items)))


# --- what is left over

_VALUE = (
    rf"(?:[$€£¥]?[-−+(\[{{]*\s?[$€£¥]?(?:[\d.]|{OPEN}|\\[A-Za-z{{$]"
    r"|[A-Za-z](?![A-Za-z])(?:\s?[-+*/^\d\\]|\s*$))"
    r"|[-−+(\[{]+\s?[A-Za-z]{1,3}\s?[-+*/^])"
)
_ANYWHERE = re.compile(
    r"(?<!\\)(?:(?P<negation>\bnot\b(?!\sonly)|n[’']t\b|\bnever\b|\bcannot\b|\bneither\b|\bnor\b|\brather\sthan\b"
    r"|\binstead\sof\b|非(?=\s?[\d\ue000\\(-])|不是|不等于|不为|不能是|不可能|不会是|不对|不应|并非|而非|没有|不存在|不超过|不足|不到|不少于|不多于|不小于|不大于"
    r"|排除)"
    r"|(?P<hedge>\bsuppos(?:e|ing)\b|\bassum(?:e|ing)\b|\bimagine\b|假设|假如|\bmaybe\b|\bperhaps\b|\bpossibly\b|\bprobably\b|\blikely\b"
    r"|\b(?:could|might|may)\s(?:well\s|also\s|even\s)?be(?=\s(?:\w+\s)?[$€£\d\ue000\\(-])|\bunsure\b|\buncertain\b|\beither\b|\bor\sso\b"
    r"|\bI\sguess\b|\bmy\sguess\b|\bguess(?:ing|ed)?\b|\bunless\b|\bif\b|\botherwise\b|可能(?![性的])|也许|或许|大概|似乎|好像|如果|猜)"
    r"|(?P<wrong>\bwrong\b|\bincorrect\b|\bruled\sout\b|错误|错的|不正确)"
    r"|(?P<comparison>\bat\s(?:least|most|minimum|maximum)\b|\b(?:less|more|fewer|greater|larger|smaller|bigger"
    r"|higher|lower|other|further|longer|shorter)\sthan\b|\bno\s(?:more|less|fewer)\b|\bup\sto\b|\bbetween(?=\s(?:the\s)?[$€£\d\ue000\\(-])"
    r"|\bor\s(?:more|less|fewer|greater|above|below|higher|lower|larger|smaller|under|over)\b"
    r"|\bexceed(?:s|ed|ing)?\b|\b(?:strictly|bounded)\b|\bas\s(?:much|many)\sas\b"
    r"|小于|大于|少于|多于|超过|低于|高于|以上|以下|以内|之间|接近|几乎|至[少多](?=\s?[\d\ue000])|最[少多](?=\s?[\d\ue000]))"
    r"|(?P<operation>\bsquared\b|\bcubed\b|\bminus\b|\bnegative\b(?=\s(?!number|integer|value|real|root))"
    r"|\bplus\b|\bdivided\sby\b|\bmultiplied\sby\b|\btimes(?=\s(?:the\s|a\s)?[\d\ue000\\(])|\bfactorials?\b"
    r"|\braised\sto\b|\bto\sthe\s(?:power|\d+(?:st|nd|rd|th)|second|third|fourth|fifth|sixth|nth)\b|\bmod(?:ulo|ulus)?\b(?!\s?\d*\))|\bdozens?\b"
    r"|\bhalf\b|\bhalves\b|\btwice\b|\bthrice\b|\bdoubled?\b|\btripled?\b|\bquadruple\b|\bpercent\b"
    rf"|\d{_NTH}"
    r"|\breciprocal\b|\bthirds\b|\bquarters\b(?=\sof)"
    r"|负(?![责担数值荷极面])|平方根|立方根|次方|倒数|相反数|绝对值|阶乘|除以|乘以|加上|减去|一半|[两二三四五六七八九十百几]倍|倍的|\d[’']s\b|under\s(?:a|the)\s(?:square\s)?root|分之|根号|的平方(?!米)|的立方(?!米)|几倍|\d\s?多(?=[个元只人])))",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z]+")
_TRIGGERS = name_set(  # no match of `_ANYWHERE` is without one of these
    "not n t never cannot neither nor rather instead maybe perhaps possibly probably likely "
    "could might may unsure uncertain either or guess guessing guessed unless if otherwise "
    "wrong incorrect ruled at less more fewer greater larger smaller bigger higher lower "
    "other further longer shorter no up between exceed exceeds exceeded exceeding strictly "
    "bounded as squared cubed minus negative plus divided multiplied times factorial "
    "factorials raised to mod modulo modulus dozen dozens half halves twice thrice double "
    "doubled triple tripled quadruple under s percent reciprocal thirds quarters "
    "suppose supposing assume assuming imagine "
    f"{_COUNTED}"
)
_BEFORE_TRIGGER = 6  # no match begins further before its first trigger
_BEFORE_VALUE = re.compile(
    r"(?i)(?<!\\)\b(?P<word>floor|ceil(?:ing)?|round(?:ed)?|log|ln|lg|exp|arc\w+|sin|cos|tan|cot|sec|csc|sinh|cosh|tanh"
    r"|gcd|lcm|max|min|abs|sqrt|cbrt|roots?|square|cube|power|inverse|opposite|over|under|above|below|beyond|past"
    r"|nearly|almost|barely|near|nearing|approaching|approaches|within|without|no|non|but|except|excluding|besides"
    r"|versus|vs|per|every|divides?|divisible\sby|choose|base|digits?|less|more|fewer|half|third|fourth|fifth"
    rf"|close\sto|tends?\sto|times)\s(?:of\s)?(?:the\s|a\s|an\s)?(?={_VALUE})"
)
_BEFORE = name_set(  # no match of `_BEFORE_VALUE` is without one of these, or a name in arc
    "floor ceil ceiling round rounded log ln lg exp sin cos tan cot sec csc sinh cosh tanh gcd lcm "
    "max min abs sqrt cbrt root roots square cube power inverse opposite over under above below "
    "beyond past nearly almost barely near nearing approaching approaches within without no non "
    "but except excluding besides versus vs per every divide divides divisible choose base digit "
    "digits less more fewer half third fourth fifth close tend tends times"
)
_OF = re.compile(
    rf"(?i)\b(?P<word>[a-z]+)\sof\s(?:the\s|about\s|approximately\s|exactly\s|only\s)?(?={_VALUE})"
)
_RESULTS = name_set(
    "total sum cost price profit value answer result amount distance length width height area "
    "volume perimeter speed rate average mean median mode score age weight number count "
    "difference ratio probability maximum minimum max min remainder radius diameter "
    "circumference slope temperature time duration salary income revenue balance discount tip "
    "tax bill fee charge savings supply set solution solutions combination loss gain increase "
    "decrease change product quotient consists consist kind capacity population share size "
    "measure angle depth sale sales earnings payment debt expense expenses budget investment "
    "interest return range fraction out instead because all pair list triple coordinates "
    "point"
)
_FOLDING = name_set("sum product difference quotient ratio average mean range out")
_UNKNOWN_CALL = re.compile(r"(?<![A-Za-z\\{])([A-Za-z]{2,})\((?![a-z]{1,3}\))(?=[^)]*[\d\\])")
_OF_SEVERAL = re.compile(r"\sand\s|,")


def problem_of(text: str) -> str:
    """What in a flat, rewritten text could change the value beside it and is not understood.

    >>> problem_of("less than 5"), problem_of("maybe 5"), problem_of("42 clips altogether")
    ("'less than' is a comparison", "'maybe' is a hedge", '')
    """
    bare_text = text.replace(OPEN, " ").replace(CLOSE, " ").lower()
    words = frozenset(_WORD.findall(bare_text))
    is_ascii = bare_text.isascii()
    is_suspicious = not is_ascii or not _TRIGGERS.isdisjoint(words)
    if is_suspicious and (match := _changed_by(text, bare_text)):
        kind = match.lastgroup or ""
        article = "an" if kind == "operation" else "a"
        phrase = match.group().strip()
        return f"{phrase!r} is {article} {kind}" if kind != "wrong" else f"{phrase!r} rules it out"
    if (not is_ascii or not TRIGGERS.isdisjoint(words)) and (problem := foreign_problem(text)):
        return problem
    is_before = not _BEFORE.isdisjoint(words) or any(word.startswith("arc") for word in words)
    if is_before and (match := _BEFORE_VALUE.search(text)):
        return f"{match['word']!r} before a number is not understood"
    for match in _OF.finditer(text) if "of" in words else ():
        word = match["word"].lower()
        if word not in _RESULTS:
            return f"'{word} of' a number is not understood"
        if word in _FOLDING and _OF_SEVERAL.search(text, match.end(), match.end() + 40):
            return f"'{word} of' several numbers is not computed"
    if match := _UNKNOWN_CALL.search(text):
        return f"the function {match[1]!r} is not understood"
    return ""


def is_doubtful(text: str) -> bool:
    """Whether a text denies, doubts or rules out something, in any of the languages that are known.

    >>> is_doubtful("so it is not"), is_doubtful("the chance of at least one six is")
    (True, False)
    """
    kinds = {match.lastgroup for match in _ANYWHERE.finditer(text)}
    return not kinds.isdisjoint(("negation", "hedge", "wrong")) or is_ruled_out(text)


def _changed_by(text: str, lowered: str) -> re.Match[str] | None:
    """The first match of `_ANYWHERE`, looked for around the words that each match holds."""
    if not lowered.isascii():
        return _ANYWHERE.search(text)
    start = 0
    for word in _WORD.finditer(lowered):
        if word[0] in _TRIGGERS:
            for at in range(max(start, word.start() - _BEFORE_TRIGGER), word.start() + 1):
                if match := _ANYWHERE.match(text, at):
                    return match
            start = word.start() + 1
    return None


_MAY_CHANGE = re.compile(
    rf"{_ANYWHERE.pattern}|{_BEFORE_VALUE.pattern.removeprefix('(?i)').replace('?P<word>', '?:')}"
    r"|\b(?:and|or|of)\b|[或和]|\b(?:roots?|log|sqrt|floor|pi|dozens?|percent|hundred|thousand|million|billion)\b",
    re.IGNORECASE,
)


def is_neutral(word: str) -> bool:
    """Whether a word says nothing about the value of the number before it.

    >>> is_neutral("minutes"), is_neutral("squared"), is_neutral("million")
    (True, False, False)
    """
    word = word.lower()
    return (
        len(word) > 3
        and word not in _TRIGGERS
        and word not in TRIGGERS
        and not _holds_english(word)
    )


def may_change(text: str) -> bool:
    """Whether a text contains any word that this file knows."""
    return _MAY_CHANGE.search(text) is not None
