r"""An answer, LaTeX or plain text, as a list of tokens in one spelling.

Tokens are strings: a number (``12``, ``.5``, ``0.\overline{3}``), a command (``\frac``), a letter,
a word or a `\text` (both marked with a leading ``"``), or one operator. Everything that does not
change what an answer is (spacing, ``\left``, ``\dfrac``, currency signs) is gone, so equal token
lists are equal answers.
"""

from __future__ import annotations

import functools
import re
import string
import unicodedata
from collections.abc import Sequence

__all__ = [
    "FOREIGN",
    "FOREIGN_WORD",
    "FUNCTIONS",
    "LETTER",
    "bare",
    "is_coin",
    "is_word",
    "name_set",
    "repeating",
    "tokens_of",
]

FOREIGN = (  # letters of scripts that write prose, not mathematics
    "\u00aa\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0400-\u1cff\u1e00-\u1fff\u2c00-\u2fef"
    "\u3040-\u30ff\u3105-\u318f\ua000-\ud7ff\uf900-\ufdff\ufe70-\ufefe\uff66-\uffdc"
)
LETTER = rf"[A-Za-z{FOREIGN}\u0300-\u036f]"  # of any alphabet
FOREIGN_WORD = rf"[A-Za-z]*[{FOREIGN}]{LETTER}*"


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
    "or": "\\lor",
    "and": ",",
    "或": "\\lor",
    "或者": "\\lor",
    "和": ",",
    "union": "\\cup",
    "permil": "‰",
    "permille": "‰",
}
_COMMANDS = {
    **dict.fromkeys(("\\dfrac", "\\tfrac", "\\cfrac", "\\nicefrac", "\\sfrac"), "\\frac"),
    **dict.fromkeys(("\\dbinom", "\\tbinom"), "\\binom"),
    **dict.fromkeys(("\\le", "\\leqslant", "\\leqq"), "\\leq"),
    **dict.fromkeys(("\\ge", "\\geqslant", "\\geqq"), "\\geq"),
    **dict.fromkeys(("\\cdot", "\\times", "\\ast", "\\cdotp"), "*"),
    **dict.fromkeys(("\\mid", "\\vert", "\\lvert", "\\rvert"), "|"),
    **dict.fromkeys(("\\pmod", "\\bmod", "\\mod", "\\pod"), '"mod'),
    **dict.fromkeys(("\\lt",), "<"),
    **dict.fromkeys(("\\gt",), ">"),
    **dict.fromkeys(("\\land", "\\wedge"), ","),
    **dict.fromkeys(("\\vee", "\\bigvee"), "\\lor"),
    **dict.fromkeys(("\\thickapprox", "\\simeq", "\\sim"), "\\approx"),
    **dict.fromkeys(("\\varnothing",), "\\emptyset"),
    "\\ne": "\\neq",
    **dict.fromkeys(("\\dots", "\\cdots", "\\dotsc", "\\dotsb"), "\\ldots"),
    "\\bigcup": "\\cup",
    "\\bigcap": "\\cap",
    "\\div": "/",
    "\\%": "%",
    "\\colon": ":",
    "\\degree": "°",
    "\\permil": "‰",
    "\\$": '"$',
    "\\pounds": '"£',
    "\\euro": '"€',
    "\\smallsetminus": "\\setminus",
    "\\backslash": "\\setminus",
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
    " \\qquad \\, \\! \\; \\: \\> \\phantom \\mathbf \\boldsymbol \\bf \\rm \\mathit \\limits"
    " \\textstyle \\mathopen \\mathclose \\bold \\enspace \\thinspace \\mathstrut"
) | {"\\ ", "\\\n", "\\\t", "$", '"', "~"}
_COINS = {sign: f'"{sign}' for sign in "€£¥₹₽¢"} | {"￥": '"¥'}
_COIN_TOKENS = frozenset(f'"{sign}' for sign in "$€£¥₹₽")
_NAMED_IN_TEXT = frozenset((",", "%", "‰", "\\lor", "\\cup"))
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho"
    " sigma sigma tau upsilon phi chi psi omega"
)
_CAPITALS = "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi"
_VULGAR = "½1/2 ¼1/4 ¾3/4 ⅓1/3 ⅔2/3 ⅕1/5 ⅖2/5 ⅗3/5 ⅘4/5 ⅙1/6 ⅚5/6 ⅐1/7 ⅛1/8 ⅜3/8 ⅝5/8 ⅞7/8 ⅑1/9"
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
        "∶": ":",
        "∣": "|",
        "⌊": "\\lfloor ",
        "⌋": "\\rfloor ",
        "⌈": "\\lceil ",
        "⌉": "\\rceil ",
        "π": "\\pi ",
        "∞": "\\infty ",
        "√": "\\sqrt ",
        **{
            chr(0x3B1 + k): f"\\{name} "
            for k, name in enumerate(_GREEK_NAMES.split())
            if name not in ("omicron", "mu")  # μm is a unit
        },
        "ϕ": "\\phi ",
        **{
            letter: f"\\{name} "
            for letter, name in zip("ΓΔΘΛΞΠΣΦΨ", _CAPITALS.split(), strict=True)
        },
        "≤": "\\leq ",
        "≥": "\\geq ",
        "≠": "\\neq ",
        "≈": "\\approx ",
        "∈": "\\in ",
        **dict.fromkeys("∪⋃", "\\cup "),
        **dict.fromkeys("∩⋂", "\\cap "),
        **dict.fromkeys("…⋯", "\\ldots "),
        "∉": "\\notin ",
        "±": "\\pm ",
        "∓": "\\mp ",
        "∅": "\\emptyset ",
        **{letter: f"\\mathbb{{{name}}}" for letter, name in zip("ℝℤℕℚℂ", "RZNQC", strict=True)},
        "º": "°",
        "µ": "μ",
        "℃": "°C",
        "℉": "°F",
        "⟨": "\\langle ",
        "⟩": "\\rangle ",
        "〈": "\\langle ",
        "〉": "\\rangle ",
        "∨": "\\lor ",
        "∧": ",",
        "∖": "\\setminus ",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "′": "'",
        **{
            sign: f"\\frac{{{above}}}{{{below}}}"
            for sign, above, _, below in map(tuple, _VULGAR.split())
        },
        "⅒": "\\frac{1}{10}",
        "∛": "\\sqrt[3]",
        "∜": "\\sqrt[4]",
        **{chr(0xFF10 + i): str(i) for i in range(10)},
    }
)
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱˣ"
_LOWERED = "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₙᵢₓ"
_LEVEL = str.maketrans(_RAISED + _LOWERED, "0123456789+-()nix" * 2)
_SMALL = re.compile(
    rf"(?P<above>[{_RAISED}]+)[⁄/](?P<below>[{_LOWERED}]+)|[{_RAISED}]+|(?P<lowered>[{_LOWERED}]+)"
    r"|[\U0001d400-\U0001d7ff]+|[\uff21-\uff3a\uff41-\uff5a]+"
)

_TEXT = r"\\(?:text|textbf|textit|textrm|textnormal|mbox|hbox|mathrm|mathsf)\s*\{([^{}]*)\}"
_REST = (
    r"|\\(?:begin|end)\s*\{[A-Za-z*]+\}|\\[A-Za-z]+|\\."
    rf"|{FOREIGN_WORD}|[A-Za-z]+(?:'s)?|[μµ](?:[mgslAVFWL]|mol)(?![A-Za-z])"
    r"|[\u3400-\u9fff]+|[^\s\w]|\w"
)
_PREFIXED = r"|0(?:[xX][0-9A-Fa-f]+|[bB][01]+|[oO][0-7]+)(?![0-9A-Za-z])"
_NUMBER = (
    _PREFIXED + r"|\d*\.\d*\\overline\{\d+\}|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+(?![\dA-Za-z]))?"
)
_GROUPED = r"|\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?"
_TOKEN = re.compile(_TEXT + _NUMBER + _REST, re.DOTALL)
_TOKEN_GROUPED = re.compile(_TEXT + _GROUPED + _NUMBER + _REST, re.DOTALL)
_THOUSANDS = re.compile(r"(?<=\d)(?:,\\!\s*|\{,\}|,\{\}|\\[, ])(?=\d\d\d(?!\d))")
_UNDERSCORES = re.compile(r"(?<![\w.}])\d{1,3}(?:_\d{3})+(?![\w.{]|\s?\^)")
_THOUSAND_COINS = re.compile(
    r"((?:\\\$|[€£¥])\s?\d[\d,]{0,20}(?:\.\d{1,9})?)\s?(?:([kK])|(M)|(B|bn))(?![\w^])"
)
_BRACKETS = re.compile(r"[(\[]|\\\{")
_DEBRIS = re.compile(r'"[ \t]*\n|\n[ \t]*\n|```')
_JOINABLE = frozenset(("\\circ", "*", "U", "°", "="))
_OPERATORS = frozenset("-+*=<>^_()[]:!|.%−")
_ORDINAL = re.compile(
    r"(?<=\d)(?:\^?\s*\{?\s*\\(?:text|mathrm|textsuperscript|mbox)\s*\{\s*(?:st|nd|rd|th)\s*\}\s*\}?"
    r"|\^\s*\{\s*(?:st|nd|rd|th)\s*\}"
    r"|(?<=1)st(?![A-Za-z])|(?<=2)nd(?![A-Za-z])|(?<=3)rd(?![A-Za-z])|th(?![A-Za-z]))"
)
_CHOSEN = re.compile(  # C_{10}^{3}, as textbooks in Chinese and Russian write it
    r"(?<![\\A-Za-z])(?:\\(?:mathrm|text|rm)\s?\{?\s?C\s?\}?|C)\s?_\s?(?:\{(\d{1,9})\}|(\d))\s?\^\s?(?:\{(\d{1,9})\}|(\d))"
)
_DOLLAR = re.compile(r"(?<!\\)\$")
_DOLLAR_VALUE = re.compile(r"(?<!\\)\$(?=\s?[-−]?\.?\d)")
_CYCLES = (  # each starts where a numeral does, so that long numerals cost linear time
    re.compile(r"(?<![\d.])(\d*\.\d*)\\(?:overline|bar|widebar)\s*(?:\{\s*(\d+)\s*\}|(\d))"),
    re.compile(
        r"(?<![\d.])(\d*\.\d*)\\dot\s*(?:\{\s*(\d+)\s*\}|(\d))"
        r"(?:(\d*)\\dot\s*(?:\{\s*(\d)\s*\}|(\d)))?"
    ),
    re.compile(r"(?<![\d.])(\d*\.\d*)\((\d+)\)(?=\s*(?:$|[,;)\]}%°$=]|\\text|\\%|\\[)\]]))"),
    re.compile(r"(?<![\d.])(\d*\.\d*?)(\d)\u0307(?:(\d*)(\d)\u0307)?"),
    re.compile(r"(?<![\d.])(\d*\.\d*?)((?:\d\u0305)+)"),
    re.compile(
        r"(?<![\d.])(\d{1,40}\.\d{0,40}?)(\d{1,6}?)\2{2,12}(?:\.\.\.|…|\\[cl]?dots(?![a-z]))"
    ),
)
_CYCLE_SIGN = re.compile(
    r"\.\d*(?:\\(?:overline|bar|widebar|dot)|\(|[\u0307\u0305…]|\.\.\.|\\[cl]?dots)"
)
_MICRO = re.compile(r"\\mu\s?\\(?:text|mathrm|textrm)\{\s?([mgslL])\s?\}")
_TEXT_POWER = re.compile(r"(\\(?:text|mathrm|mbox|textrm)\s?\{[^{}²³]*)([²³])\s*\}")
_TRAILING = " \t\r\n.,;:、。，；．｡"
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
_WRAPPED = frozenset(closing[-1] for _, closing in _WRAPPERS)
_PIECES = re.compile(_PREFIXED[1:] + r"|[^\W\d_]+|\d+(?:\.\d+)?|[,;‰%°$€£¥/^]")
_HALF_DAY = re.compile(r"(?<![A-Za-z])([aApP])\.\s?([mM])(?![A-Za-z])\.?")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_SHORT_WORDS = name_set(
    "all the not for any yes odd are was set per por par out one two six ten"
    " men red box bus car cat dog cow pig hen egg pen bag can jar toy hat map bed fox ant bee"
    " kid boy"
)
_SMALL_WORDS = name_set("no No is if at of by in to AM PM")
_UNITS = name_set(
    "cm mm km ft kg mg ml mL lb lbs oz mph kph hr hrs min mins sec secs ms cc yd yds mi inch feet"
    " gal ton cup yen RMB CNY EUR GBP JPY HKD kPa KB MB GB TB kHz MHz"
    " foot yard mile miles hour hours day days week year pm am usd USD rad deg sq cu kW kWh Hz"
)

_WORDS = _UNITS | _SMALL_WORDS
_PLAIN_TOKENS = frozenset(string.ascii_letters + string.digits + "{}()[]+-*/=^_,;:!<>|%'")
_SHORT = 200


def bare(text: str) -> str:
    r"""The answer without what merely wraps it: dollars, quotes, a trailing period, JSON debris.

    >>> bare(r' $\frac12$. '), bare('298"\n}\n```')
    ('\\frac12', '298')
    """
    text = text.strip()
    if text.isalnum():  # most answers are a numeral
        return text
    if "\n" in text and (debris := _DEBRIS.search(text)):
        text = text[: debris.start()]
    before = None
    while text != before:
        before = text
        text = text.rstrip(_TRAILING).lstrip()
        if text.endswith("\\"):  # the period belonged to a command
            text = before.strip()
        if text[-1:] in _WRAPPED:
            for opening, closing in _WRAPPERS:
                text = _unwrapped(text, opening, closing)
        if text.endswith(("}", "}$", '"')) and (extra := text.count("}") - text.count("{")) > 0:
            text = text.rstrip('$"')
            braces = len(text) - len(text.rstrip("}"))
            text = text[: len(text) - max(min(extra, braces), 1)]
    return text


def tokens_of(text: str) -> list[str]:
    r"""The tokens of a bare answer.

    >>> tokens_of(r"\dfrac{1}{2} \text{ cm}"), tokens_of("1,234 xy")
    (['\\frac', '{', '1', '}', '{', '2', '}', '"cm'], ['1234', 'x', 'y'])
    """
    return list(_short_tokens(text)) if len(text) <= _SHORT else _tokens(text)


def _tokens(text: str) -> list[str]:
    if not text.isascii():
        text = _SMALL.sub(_full_size, _TEXT_POWER.sub(r"\1}\2", text)).translate(_UNICODE)
    text = text.replace("\x00", " ")
    if "." in text:
        text = repeating(text)
    if "th" in text or "st" in text or "nd" in text or "rd" in text:
        text = _ORDINAL.sub("", text)
    if "$" in text:
        text = _with_coins(text)
    if "$" in text or "€" in text or "£" in text or "¥" in text:
        text = _THOUSAND_COINS.sub(_scaled_coin, text)
    if "_" in text:
        text = _UNDERSCORES.sub(lambda match: match.group().replace("_", ""), text)
    if ".m" in text or ". m" in text:
        text = _HALF_DAY.sub(r"\1\2", text)
    if "\\\\" in text and "\\begin" not in text:  # escaped twice, as in JSON
        text = text.replace("\\\\", "\\")
    if "\\u" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text).translate(_UNICODE)
    if "\\mu" in text:
        text = _MICRO.sub(r"\\text{μ\1}", text)
    if "{:}" in text:
        text = text.replace("{:}", ":")
    if "C" in text and "^" in text:
        text = _CHOSEN.sub(r"\\binom{\1\2}{\3\4}", text)
    if "," in text or "\\ " in text:  # in brackets a comma separates: (6,235)
        text = _THOUSANDS.sub("", text)
    grouped = "," in text and not _BRACKETS.search(text)
    tokens: list[str] = []
    for match in (_TOKEN_GROUPED if grouped else _TOKEN).finditer(text):
        token = match.group()
        if token in _PLAIN_TOKENS:
            tokens.append(token)
        else:
            _add(match, tokens)
    if not _COIN_TOKENS.isdisjoint(tokens):
        tokens = _coins_behind(tokens)
    if '"in' in tokens:
        tokens = [_membership(tokens, k) for k in range(len(tokens))]
    return _joined(tokens)


@functools.lru_cache(maxsize=4096)  # an answer is read as it stands and without its wrapping
def _short_tokens(text: str) -> tuple[str, ...]:
    return tuple(_tokens(text))


def _membership(tokens: Sequence[str], k: int) -> str:
    """The token at a place; `in` between a name and a bracket is the sign, not the inch."""
    if tokens[k] != '"in' or not 0 < k < len(tokens) - 1:
        return tokens[k]
    is_between = tokens[k - 1].isalpha() and tokens[k + 1] in ("(", "[", "\\{", "{", "\\mathbb")
    return "\\in" if is_between else tokens[k]


def repeating(text: str) -> str:
    r"""The text with every spelling of a repeating decimal as ``\overline``.

    A cycle is under a bar, under dots, in brackets after a decimal that ends there, or three
    times before an ellipsis.

    >>> repeating(r"0.\dot{1}4285\dot{7}"), repeating("0.1(6)"), repeating("0.333...")
    ('0.\\overline{142857}', '0.1\\overline{6}', '0.\\overline{3}')
    >>> repeating("0.5(2+1)"), repeating("1.414...")
    ('0.5(2+1)', '1.414...')
    """
    if _CYCLE_SIGN.search(text):
        for pattern in _CYCLES:
            text = pattern.sub(_overlined, text)
    return text


def _overlined(match: re.Match[str]) -> str:
    start, *cycle = match.groups(default="")
    digits = "".join(c for c in "".join(cycle) if c.isdecimal())
    return f"{start}\\overline{{{digits}}}"


def _with_coins(text: str) -> str:
    """Dollars that are money escaped: all precede numbers, or one has no partner."""
    signs = len(_DOLLAR.findall(text))
    values = len(_DOLLAR_VALUE.findall(text))
    if not values or (signs % 2 == 0 and values < signs):
        return text
    return _DOLLAR_VALUE.sub(r"\\$", text)


def _scaled_coin(match: re.Match[str]) -> str:
    """Money with its scale spelled out: $70k."""
    scale = "thousand" if match[2] else "million" if match[3] else "billion"
    return f"{match[1]} \\text{{{scale}}}"


def _full_size(match: re.Match[str]) -> str:
    """Small digits and styled letters as LaTeX: ⁻³ is ^{-3}, ¹⁄₃ a fraction, 𝑥 is x."""
    text = match.group().translate(_LEVEL)
    if match["above"]:
        above, below = (match[name].translate(_LEVEL) for name in ("above", "below"))
        return f"\\frac{{{above}}}{{{below}}}"
    if match["lowered"]:
        return f"_{{{text}}}"
    if match.group()[0] in _RAISED:
        return f"^{{{text}}}"
    return unicodedata.normalize("NFKC", text)


def is_word(token: str) -> bool:
    """Whether a token is a word (or text), not mathematics."""
    return token[0] == '"'


def _add(match: re.Match[str], tokens: list[str]) -> None:
    token = match.group()
    first = token[0]
    if first.isdecimal() or (first == "." and len(token) > 1):
        tokens.append(token.replace(",", ""))
    elif match.group(1) is not None:
        tokens.extend(_text(match))
    elif token in _COINS:
        tokens.append(_COINS[token])
    elif first == "\\":
        token = _COMMANDS.get(token, token)
        if token not in _DROPPED:
            tokens.append(token.replace(" ", ""))
    elif first.isalpha():
        if token != "第":
            tokens.extend(_letters(token))
    elif token not in _DROPPED:
        tokens.append(token)


def _coins_behind(tokens: list[str]) -> list[str]:
    """Currency signs right before a number moved after it: $5, $-5, but not the one of 5€."""
    reordered: list[str] = []
    for token in tokens:
        reordered.append(token)
        at = len(reordered) - 2
        if at < 0 or not token[0].isdecimal():
            continue
        at -= reordered[at] == "-" and at > 0
        if is_coin(reordered[at]) and not (at and reordered[at - 1][0].isdecimal()):
            reordered.append(reordered.pop(at))
    return reordered


def is_coin(token: str) -> bool:
    """Whether a token is the sign of a currency."""
    return token in _COIN_TOKENS


def _text(match: re.Match[str]) -> list[str]:
    r"""The content of a `\text`: words, or mathematics where it holds numbers with signs."""
    content = match.group(1)
    if _OPERATORS.isdisjoint(content) or not any(map(str.isdecimal, content)):
        if content.strip() in ("e", "i") and match.group().startswith("\\math"):
            return [content.strip()]
        return _words(content)
    tokens: list[str] = []
    for inner in _TOKEN.finditer(content):
        _add(inner, tokens)
    return tokens


def _words(text: str) -> list[str]:
    r"""The content of a `\text`: words, numbers and separators."""
    pieces = []
    for piece in _PIECES.findall(text):
        if piece[0].isdecimal() or piece in ",;‰%°^/":
            pieces.append(piece)
        else:
            name = _NAMES.get(piece)
            pieces.append(name if name in _NAMED_IN_TEXT else '"' + piece)
    return pieces


def _letters(run: str) -> list[str]:
    """A run of letters outside `\text`: a name, a word, or a product of one-letter variables."""
    name = _NAMES.get(run) or _NAMES.get(run.lower() if len(run) > 2 else run)
    if name:
        return [name]
    if len(run) == 1 and run.isascii():
        return [run]
    if len(run) > 3 or run in _WORDS or run.lower() in _SHORT_WORDS or not run.isascii():
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
    pieces = text.split("\x00")
    return _joined_degrees(pieces) if "°" in pieces else pieces


def _joined_degrees(tokens: list[str]) -> list[str]:
    """A degree sign and the letter of its scale as one word: 30°C."""
    joined: list[str] = []
    for token in tokens:
        if joined and joined[-1] == "°" and token in ("C", "F", '"C', '"F'):
            joined[-1] = '"°' + token[-1].lower()
        else:
            joined.append(token)
    return joined


def _unwrapped(text: str, opening: str, closing: str) -> str:
    inner = len(text) - len(closing)
    if inner < len(opening) or not (text.startswith(opening) and text.endswith(closing)):
        return text
    content = text[len(opening) : inner]
    if opening in content or closing in content or content.endswith("\\"):
        return text
    return content
