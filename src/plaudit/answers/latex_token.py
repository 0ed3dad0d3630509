r"""An answer, LaTeX or plain text, as a list of tokens in one spelling.

Tokens are strings: a number (``12``, ``.5``, ``0.\overline{3}``), a command (``\frac``), a letter,
a word or a `\text` (both marked with a leading ``"``), or one operator. Everything that does not
change what an answer is (spacing, ``\left``, ``\dfrac``, currency signs) is gone, so equal token
lists are equal answers.
"""

from __future__ import annotations

import re

__all__ = ["FUNCTIONS", "bare", "is_word", "name_set", "tokens_of"]


def name_set(names: str) -> frozenset[str]:
    """The names in a text, by white space."""
    return frozenset(names.split())


FUNCTIONS = frozenset(("sin", "cos", "tan", "cot", "sec", "csc", "ln", "exp"))
_NAMES = {
    **{name: "\\" + name for name in FUNCTIONS},
    "sqrt": "\\sqrt",
    "pi": "\\pi",
    "oo": "\\infty",
    "inf": "\\infty",
    "infinity": "\\infty",
    "mod": '"mod',
    **dict.fromkeys(("percent", "percents", "percentage", "pct"), "%"),
    "infty": "\\infty",
    "log": "\\log",
    "theta": "\\theta",
    "or": ",",
    "and": ",",
    "或": ",",
    "和": ",",
}
_COMMANDS = {
    **dict.fromkeys(("\\dfrac", "\\tfrac", "\\cfrac"), "\\frac"),
    **dict.fromkeys(("\\dbinom", "\\tbinom"), "\\binom"),
    **dict.fromkeys(("\\le", "\\leqslant", "\\leqq"), "\\leq"),
    **dict.fromkeys(("\\ge", "\\geqslant", "\\geqq"), "\\geq"),
    **dict.fromkeys(("\\cdot", "\\times", "\\ast", "\\cdotp"), "*"),
    **dict.fromkeys(("\\mid", "\\vert", "\\lvert", "\\rvert"), "|"),
    **dict.fromkeys(("\\pmod", "\\bmod", "\\mod", "\\pod"), '"mod'),
    **dict.fromkeys(("\\lt",), "<"),
    **dict.fromkeys(("\\gt",), ">"),
    **dict.fromkeys(("\\lor", "\\vee", "\\land", "\\wedge"), ","),
    **dict.fromkeys(("\\thickapprox", "\\simeq", "\\sim"), "\\approx"),
    **dict.fromkeys(("\\varnothing",), "\\emptyset"),
    "\\ne": "\\neq",
    "\\div": "/",
    "\\%": "%",
    "\\colon": ":",
    "\\degree": "°",
    "\\lbrace": "\\{",
    "\\rbrace": "\\}",
    "\\lbrack": "[",
    "\\rbrack": "]",
    "\\lparen": "(",
    "\\rparen": ")",
    "\\iff": "\\Leftrightarrow",
    "\\&": "&",
}
_DROPPED = name_set(
    "\\left \\right \\bigl \\bigr \\big \\Big \\bigg \\Bigg \\Bigl \\Bigr \\displaystyle \\quad"
    " \\qquad \\, \\! \\; \\: \\> \\$ \\phantom \\mathbf \\boldsymbol \\bf \\rm \\mathit \\limits"
    " \\textstyle \\mathopen \\mathclose \\bold \\enspace \\thinspace \\mathstrut"
) | {"\\ ", "\\\n", "\\\t", "$", '"', "~", "€", "£", "¥", "￥"}
_UNICODE = str.maketrans(
    {
        **dict.fromkeys("−–—－﹣‐‑", "-"),
        **dict.fromkeys("×·⋅∙∗＊•", "*"),
        **dict.fromkeys("÷／⁄∕", "/"),
        **dict.fromkeys("，、", ","),
        **dict.fromkeys("\u00a0\u202f\u2009\u2002\u2003\u3000", " "),
        **dict.fromkeys("\u200b\u2060\ufeff", None),
        "（": "(",
        "）": ")",
        "【": "[",
        "】": "]",
        "［": "[",
        "］": "]",
        "；": ";",
        "：": ":",
        "＝": "=",
        "＋": "+",
        "％": "%",
        "．": ".",
        "＜": "<",
        "＞": ">",
        "｜": "|",
        "＾": "^",
        "π": "\\pi ",
        "∞": "\\infty ",
        "√": "\\sqrt ",
        "θ": "\\theta ",
        "α": "\\alpha ",
        "β": "\\beta ",
        "γ": "\\gamma ",
        "λ": "\\lambda ",
        "φ": "\\phi ",
        "ω": "\\omega ",
        "≤": "\\leq ",
        "≥": "\\geq ",
        "≠": "\\neq ",
        "≈": "\\approx ",
        "∈": "\\in ",
        "∪": "\\cup ",
        "∩": "\\cap ",
        "±": "\\pm ",
        "∓": "\\mp ",
        "∅": "\\emptyset ",
        "ℝ": "\\mathbb{R}",
        "º": "°",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "′": "'",
        "½": "\\frac{1}{2}",
        "¼": "\\frac{1}{4}",
        "¾": "\\frac{3}{4}",
        "⅓": "\\frac{1}{3}",
        "⅔": "\\frac{2}{3}",
        "∛": "\\sqrt[3]",
        **{chr(0xFF10 + i): str(i) for i in range(10)},
        **{small: f"^{{{i}}}" for i, small in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
        **{small: f"_{{{i}}}" for i, small in enumerate("₀₁₂₃₄₅₆₇₈₉")},
    }
)

_TEXT = r"\\(?:text|textbf|textit|textrm|textnormal|mbox|hbox|mathrm|mathsf)\s*\{([^{}]*)\}"
_REST = (
    r"|\\(?:begin|end)\s*\{[A-Za-z*]+\}|\\[A-Za-z]+|\\."
    r"|[A-Za-z]+(?:'s)?|[\u3400-\u9fff]+|[^\s\w]|\w"
)
_NUMBER = r"|\d*\.\d*\\overline\{\d+\}|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+(?![\dA-Za-z]))?"
_GROUPED = r"|\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?"
_TOKEN = re.compile(_TEXT + _NUMBER + _REST, re.DOTALL)
_TOKEN_GROUPED = re.compile(_TEXT + _GROUPED + _NUMBER + _REST, re.DOTALL)
_THOUSANDS = re.compile(r"(?<=\d)(?:,\\!\s*|\{,\}|,\{\}|\\,)(?=\d\d\d(?!\d))")
_BRACKETS = re.compile(r"[(\[]|\\\{")
_DEBRIS = re.compile(r'"[ \t]*\n|\n[ \t]*\n|```')
_JOINABLE = frozenset(("\\circ", "*", "U", "°", "="))
_TRAILING = " \t\r\n.,;:、。，；"
_WRAPPERS = (
    ("$$", "$$"),
    ("$", "$"),
    ("\\(", "\\)"),
    ("\\[", "\\]"),
    ("**", "**"),
    ('"', '"'),
    ("'", "'"),
    ("`", "`"),
)
_PIECES = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?|[,;]")
_HALF_DAY = re.compile(r"(?<![A-Za-z])([aApP])\.\s?([mM])(?![A-Za-z])\.?")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_SHORT_WORDS = name_set("all the not for any yes odd are was set per out one two six ten")
_UNITS = name_set(
    "cm mm km ft kg mg ml mL lb lbs oz mph kph hr hrs min mins sec secs ms cc yd yds mi inch feet"
    " foot yard mile miles hour hours day days week year pm am usd USD rad deg sq cu kW kWh Hz"
)


def bare(text: str) -> str:
    r"""The answer without what merely wraps it: dollars, quotes, a trailing period, JSON debris.

    >>> bare(r' $\frac12$. '), bare('298"\n}\n```')
    ('\\frac12', '298')
    """
    text = text.strip()
    if "\n" in text and (debris := _DEBRIS.search(text)):
        text = text[: debris.start()]
    before = None
    while text != before:
        before = text
        text = text.rstrip(_TRAILING).lstrip()
        if text.endswith("\\"):  # the period belonged to a command
            text = before.strip()
        for opening, closing in _WRAPPERS:
            text = _unwrapped(text, opening, closing)
        if text.endswith(("}", "}$", '"')) and text.count("{") < text.count("}"):
            text = text.rstrip('$"')[:-1]
    return text


def tokens_of(text: str) -> list[str]:
    r"""The tokens of a bare answer.

    >>> tokens_of(r"\dfrac{1}{2} \text{ cm}"), tokens_of("1,234 xy")
    (['\\frac', '{', '1', '}', '{', '2', '}', '"cm'], ['1234', 'x', 'y'])
    """
    if not text.isascii():
        text = text.translate(_UNICODE)
    text = text.replace("\x00", " ")
    if ".m" in text or ". m" in text:
        text = _HALF_DAY.sub(r"\1\2", text)
    if "\\\\" in text and "\\begin" not in text:  # escaped twice, as in JSON
        text = text.replace("\\\\", "\\")
    if "\\u" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text).translate(_UNICODE)
    if "," in text:  # in brackets a comma separates: (6,235)
        text = _THOUSANDS.sub("", text)
    grouped = "," in text and not _BRACKETS.search(text)
    found: list[str] = []
    for match in (_TOKEN_GROUPED if grouped else _TOKEN).finditer(text):
        _add(match, found)
    return _joined(found)


def is_word(token: str) -> bool:
    """Whether a token is a word (or text), not mathematics."""
    return token[0] == '"'


def _add(match: re.Match[str], found: list[str]) -> None:
    token = match.group()
    first = token[0]
    if first.isdecimal() or first == ".":
        found.append(token.replace(",", ""))
    elif match.group(1) is not None:
        found.extend(_words(match.group(1)))
    elif first == "\\":
        token = _COMMANDS.get(token, token)
        if token not in _DROPPED:
            found.append(token.replace(" ", ""))
    elif first.isalpha():
        found.extend(_letters(token))
    elif token not in _DROPPED:
        found.append(token)


def _words(text: str) -> list[str]:
    r"""The content of a `\text`: words, numbers and separators."""
    pieces = []
    for piece in _PIECES.findall(text):
        if piece[0].isdecimal() or piece in ",;":
            pieces.append(piece)
        else:
            known = _NAMES.get(piece)
            pieces.append(known if known in (",", "%") else '"' + piece)
    return pieces


def _letters(run: str) -> list[str]:
    """A run of letters outside `\text`: a name, a word, or a product of one-letter variables."""
    known = _NAMES.get(run) or _NAMES.get(run.lower() if len(run) > 2 else run)
    if known:
        return [known]
    if len(run) == 1 and run.isascii():
        return [run]
    if len(run) > 3 or run in _UNITS or run.lower() in _SHORT_WORDS or not run.isascii():
        return ['"' + run]
    return list(run)


def _joined(tokens: list[str]) -> list[str]:
    r"""Signs of several tokens as one: `^{\circ}`, `**`, `<=`, `) U (`."""
    if _JOINABLE.isdisjoint(tokens):
        return tokens
    text = "\x00".join(tokens)
    for old, new in (
        ("^\x00{\x00\\circ\x00}", "°"),
        ("^\x00\\circ", "°"),
        ("^\x00{\x00°\x00}", "°"),
        ("^\x00°", "°"),
        ("\\not\x00=", "\\neq"),
        ("*\x00*", "^"),
        ("<\x00=", "\\leq"),
        (">\x00=", "\\geq"),
        ("!\x00=", "\\neq"),
        ("=\x00=", "="),
        (")\x00U\x00(", ")\x00\\cup\x00("),
        (")\x00U\x00[", ")\x00\\cup\x00["),
        ("]\x00U\x00(", "]\x00\\cup\x00("),
        ("]\x00U\x00[", "]\x00\\cup\x00["),
    ):
        text = text.replace(old, new)
    return text.split("\x00")


def _unwrapped(text: str, opening: str, closing: str) -> str:
    inner = len(text) - len(closing)
    if inner < len(opening) or not (text.startswith(opening) and text.endswith(closing)):
        return text
    content = text[len(opening) : inner]
    if opening in content or closing in content or content.endswith("\\"):
        return text
    return content
