r"""Reads the tokens of an answer into a tree; what it cannot read for certain it refuses.

A tree is a tuple whose first item names the node:

    ("num", Fraction) ("digits", text) ("const", "pi" | "e" | "i" | "inf") ("sym", name)
    ("add", nodes) ("mul", nodes) ("neg", x) ("div", x, y) ("pow", x, y) ("root", x, n)
    ("fact", x) ("abs", x) ("floor", x) ("ceil", x) ("binom", n, k) ("fn", name, x) ("logb", b, x)
    ("pct", x) ("deg", x) ("pm", x) ("mp", x) ("base", digits, base)
    ("seq", "(" or "[", ")" or "]", items) ("set", items) ("matrix", rows) ("union", parts)
    ("rel", operators, sides) ("unit", x, words) ("words", words)
    ("ratio", items) ("ratio", items, "to"): 5:7, and 5 to 7, which may be a range
    ("list", items) ("list", items, "or") ("row", items): items with nothing between them
    ("builder", conditions, domain): the set of what meets the conditions ("without", set, set)
    ("clock", seconds, "am" | "pm" | "day" | "", x) ("option", letter, x): forms of a whole answer
    ("opaque",): a side of an equation that was not read

The decimals of an answer are exact: 0.5 is 1/2, 0.33 is 33/100. `/` binds as `*`, from the left:
1/2x is x/2. A whole number before a numeric fraction is a mixed number: 6\frac{1}{6} is 37/6.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from plaudit.answers.latex_token import FUNCTIONS, is_coin, is_word, name_set
from plaudit.answers.units import is_unit, readings
from plaudit.old_names import old_names

__all__ = [
    "Node",
    "Oversized",
    "UnreadableLatex",
    "children",
    "joined_quantities",
    "read",
    "read_number",
    "rebuilt",
]
__getattr__ = old_names(__name__)

Node = tuple[Any, ...]

MAX_DEPTH = 60
_MAX_DIGITS = 4000
_MAX_EXPONENT = 4000
_SHORT = 12
_BEFORE_UNITS = frozenset(("/", "*", "("))
_OPERATORS_BEFORE = frozenset(("+", "-", "=", "(", "{", ","))
_RELATIONS = frozenset(
    ("=", "<", ">", "\\leq", "\\geq", "\\neq", "\\approx", "\\in", "\\equiv", "\\to")
)
_GREEK = name_set(
    "\\alpha \\beta \\gamma \\delta \\epsilon \\varepsilon \\zeta \\eta \\theta \\vartheta \\kappa"
    " \\lambda \\mu \\nu \\xi \\rho \\sigma \\tau \\phi \\varphi \\chi \\psi \\omega \\Delta"
    " \\Gamma \\Omega \\Phi \\Sigma \\ell"
)
_CONSTANTS = {"\\pi": "pi", "\\infty": "inf", "e": "e", "i": "i", "\\imath": "i"}
_BRACES = {"{": "}", "(": ")", "[": "]"}
_SEPARATORS = frozenset((",", ";", "\\lor"))
_CHANGERS = name_set(  # words that may change the number before them
    '"not "never "than "least "most "squared "cubed "half "root "power "factorial "minus "plus'
    ' "divided "multiplied "maybe "perhaps "possibly "if "unless "except "otherwise "instead'
    ' "wrong "incorrect "k "M "bn "mn'
)
_REASONS = frozenset(('"because', '"since', '"因为'))
_MAX_UNIT_WORDS = 8
_MAX_PARTS = 6
_MAX_BASE = 36
_NUMBER_WORDS = {
    word: i
    for i, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    )
}
_BASE_WORDS = {
    **{word: str(_NUMBER_WORDS[word]) for word in _NUMBER_WORDS if _NUMBER_WORDS[word] > 1},
    "eleven": "11",
    "twelve": "12",
    "sixteen": "16",
    "bin": "2",
    "oct": "8",
    "dec": "10",
    "hex": "16",
}
_PREFIXES = {"x": 16, "b": 2, "o": 8}
_EMPTY_SETS = frozenset(
    ("empty set", "the empty set", "空集", "no solution", "no solutions", "无解")
)
_MATRICES = frozenset(
    f"\\begin{{{kind}}}" for kind in ("pmatrix", "bmatrix", "matrix", "smallmatrix", "array")
)
_STARTS = (
    frozenset(
        ("{", "(", "[", "\\langle", "\\sqrt", "\\frac", "\\binom", "\\lfloor", "\\lceil", "\\log")
    )
    | {"\\" + name for name in FUNCTIONS}
    | _MATRICES
)
_BEFORE = frozenset(('"approximately', '"about', '"approx', '"roughly', "\\approx", '"answer'))
_DECIMAL_PLACES = ((1, "tenth"), (2, "hundredth"), (3, "thousandth"))
_SCALES = {
    **{f'"{word}': 1000 ** (k + 1) for k, word in enumerate(("thousand", "million", "billion"))},
    '"trillion': 10**12,
    '"hundred': 100,
    **dict.fromkeys(('"dozen', '"dozens', '"打'), 12),
    **{f'"{name}{end}': Fraction(1, 10**k) for k, name in _DECIMAL_PLACES for end in ("", "s")},
    '"百': 100,
    '"千': 1000,
}
_JOINED_SCALES = {  # also 万元, 亿人
    '"万': 10**4, '"亿': 10**8, '"百万': 10**6, '"千万': 10**7, '"万亿': 10**12,
    '"萬': 10**4, '"億': 10**8, '"百萬': 10**6, '"千萬': 10**7, '"萬億': 10**12,
}  # fmt: skip
_REPEATING = re.compile(r"(\d*)\.(\d*)\\overline\{(\d+)\}")


class UnreadableLatex(Exception):
    """The tokens are not an answer that this reader knows for certain."""


class Oversized(Exception):
    """The answer is longer or nests deeper than any answer needs."""


def read(tokens: list[str], *, units: bool = False) -> Node:
    r"""The tree of a whole answer; with `units`, a letter after a number may be a unit: 5 m.

    Raises: UnreadableLatex, Oversized.

    >>> from plaudit.answers.latex_token import tokens_of
    >>> read(tokens_of(r"\frac12, x=3"))[0]
    'list'
    """
    if (words := _all_words(tokens)) is not None:
        return words
    reader = _LatexReader(tokens, units=units)
    node = reader.answer()
    if reader.at < len(tokens):
        raise UnreadableLatex(f"{tokens[reader.at]!r} was not expected")
    return node


def children(node: Node) -> Iterator[Node]:
    """The trees right below a tree."""
    if node[0] in _LEAVES:
        return
    for child in node[1:]:
        if isinstance(child, list):
            for item in child:
                if isinstance(item, list):
                    yield from item
                else:
                    yield item
        elif _is_node(child):
            yield child


_LEAVES = frozenset(("num", "sym", "const", "digits", "words", "base", "opaque"))


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """A tree of one kind with every tree right below it changed."""
    parts: list[Any] = []
    for child in node[1:]:
        if isinstance(child, list):
            parts.append([[*map(change, i)] if isinstance(i, list) else change(i) for i in child])
        else:
            parts.append(change(child) if _is_node(child) else child)
    return (node[0], *parts)


def _is_node(child: object) -> bool:
    """Whether a field holds a tree; the operators of a relation are a tuple, too."""
    return isinstance(child, tuple) and child[0].isalpha()


def read_number(text: str) -> Node:
    r"""A numeral as a node, exact.

    >>> read_number(".5"), read_number("1e2"), read_number(r"0.1\overline{6}")
    (('num', Fraction(1, 2)), ('num', Fraction(100, 1)), ('num', Fraction(1, 6)))
    """
    return _short_number(text) if len(text) <= _SHORT else _number(text)


def _number(text: str) -> Node:
    if len(text) > _MAX_DIGITS:
        return ("digits", text)
    if text[1:2].lower() in _PREFIXES and text[0] == "0":
        return ("base", text[2:].upper(), _PREFIXES[text[1].lower()], text[:2])
    if "\\" in text:
        whole, fixed, cycle = _REPEATING.fullmatch(text).groups()  # type: ignore[union-attr]
        shift, period = 10 ** len(fixed), 10 ** len(cycle) - 1
        value = Fraction(int(whole + fixed or "0")) + Fraction(int(cycle), period)
        return ("num", value / shift)
    mantissa, _, exponent = text.lower().partition("e")
    if exponent and abs(int(exponent)) > _MAX_EXPONENT:
        return ("digits", text)
    return ("num", Fraction(text) if exponent or "." in mantissa else Fraction(int(mantissa)))


_short_number = functools.lru_cache(maxsize=4096)(_number)  # most numerals are small


def _all_words(tokens: list[str]) -> Node | None:
    """A text, or a list of texts, if that is all the tokens are."""
    if not any(map(is_word, tokens)) or not all(is_word(t) or t in _AMONG_WORDS for t in tokens):
        return None
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token in _SEPARATORS:
            parts.append([])
        elif is_word(token):
            parts[-1].append(token[1:].lower())
    nodes = [_word_node(part) for part in parts if part]
    return nodes[0] if len(nodes) == 1 else ("list", nodes)


_AMONG_WORDS = _SEPARATORS | {"(", ")", "'"}


def _word_node(words: list[str]) -> Node:
    if len(words) == 1 and words[0] in _NUMBER_WORDS:
        return ("num", Fraction(_NUMBER_WORDS[words[0]]))
    if words in (["all", "real", "numbers"], ["all", "reals"], ["real", "numbers"]):
        return _REALS
    if " ".join(words) in _EMPTY_SETS:
        return ("set", [])
    return ("words", " ".join(words))


_REALS = ("seq", "(", ")", [("neg", ("const", "inf")), ("const", "inf")])


class _LatexReader:
    """Recursive descent with one token of look-ahead; `at` is the next token."""

    def __init__(self, tokens: list[str], *, units: bool = False) -> None:
        self.tokens = tokens
        self.units = units
        self.has_base = "_" in tokens
        self.at = 0
        self.depth = 0

    # -- the shape of the answer

    def answer(self) -> Node:
        items = [self.item()]
        separators = set()
        while self.peek() in _SEPARATORS:
            while self.peek() in _SEPARATORS:
                separators.add(self.take())
            if self.peek() not in (None, "\\}", "}"):
                items.append(self.item())
        if self.peek() in _REASONS:
            self.at = len(self.tokens)
        return _listed(items, separators)

    def item(self) -> Node:
        while self.peek() in _BEFORE:
            self.at += 1 + (self.peek(1) == ":")
        sides = [("opaque",) if self.peek() in _RELATIONS else self.side()]
        operators: list[str] = []
        while self.peek() in _RELATIONS:
            operators.append(self.take())
            sides.append(self.side())
        return ("rel", tuple(operators), sides) if operators else sides[0]

    def side(self) -> Node:
        node = self.difference()
        if self.peek() != "\\cup":
            return node
        parts = [node]
        while self.peek() == "\\cup":
            self.at += 1
            parts.append(self.difference())
        return ("union", [p for part in parts for p in (part[1] if part[0] == "union" else [part])])

    def difference(self) -> Node:
        """A set, without the one after a backslash."""
        node = self.quantity()
        if self.peek() != "\\setminus":
            return node
        self.at += 1
        return ("without", node, self.quantity())

    def quantity(self) -> Node:
        """A sum, the parts of a ratio, or a sum with the unit behind it."""
        parts, signs = [self.sum()], set()
        while self.peek() in (":", '"to'):
            signs.add(self.take())
            parts.append(self.sum())
        ratio = ("ratio", parts, "to") if '"to' in signs else ("ratio", parts)
        node = self.measured(ratio if signs else parts[0])
        return self.with_smaller(node) if node[0] == "unit" else node

    def measured(self, node: Node) -> Node:
        """A value with the scale and the unit after it."""
        token = self.peek()
        if token is None or not (token[0] == '"' or token in _BEFORE_UNITS or self.units):
            return node
        coin, rest = self.coin(), ""
        while not rest and (scale := _scale_of(self.peek())):
            node = ("mul", [node, ("num", Fraction(scale))])
            rest = _behind_scale(self.take())
        words = _money(coin, " ".join(filter(None, (rest, self.unit()))))
        return ("unit", node, words) if words else node

    def coin(self) -> str:
        """The sign of a currency, which the tokens have after the number."""
        return self.take()[1:] if is_coin(self.peek() or " ") else ""

    def with_smaller(self, node: Node) -> Node:
        """3 hours 20 minutes as minutes: a quantity with one of a smaller unit right after it."""
        parts = [node]
        while (self.peek() or " ")[0].isdecimal() and len(parts) < _MAX_PARTS:
            parts.append(self.measured(self.sum()))
        joined = node if len(parts) == 1 else joined_quantities(parts)
        if joined is None:
            raise UnreadableLatex("a number behind a unit")
        return joined

    def unit(self) -> str:
        """Words after a number, with powers and slashes among them: cm^2, /year, (mod 7)."""
        words: list[str] = []
        while (self.at_word() and self.peek() not in _REASONS) or (
            words and self.peek() in ("^", "/")
        ):
            token = self.take()
            is_power = token in ('"squared', '"cubed') and words and is_unit(words[-1])
            if (token in _CHANGERS and not is_power) or (words and token in _SCALES):
                raise UnreadableLatex(f"{token[1:]!r} may change the number")
            if len(words) > _MAX_UNIT_WORDS:
                raise UnreadableLatex("a sentence behind a number")
            if token == "(":
                words.append(self.modulus(")"))
            elif token == '"mod':
                words.append(self.modulus(None))
            elif token == "^":
                words.append("^" + self.small_exponent())
            elif is_word(token):
                words.append(_unit_name(token[1:]))
            elif token == "/":
                words.append("per")
                if not self.at_word():
                    words.append(self.letter())
            elif token == "°" or token != "*":
                words.append(token)
        return " ".join(words)

    def at_word(self) -> bool:
        """Whether a word comes next, or a sign that leads to one."""
        token, then = self.peek(), self.peek(1)
        if token in ("/", "*"):
            if then is None:
                return False
            return is_word(then) or (self.units and self.is_unit_letter(self.at + 1))
        return token is not None and (
            is_word(token)
            or (token == "(" and then == '"mod')
            or (self.units and self.is_unit_letter(self.at))
        )

    def is_unit_letter(self, at: int) -> bool:
        """Whether a letter stands for a unit, where letters may: the m of 5 m."""
        token = self.tokens[at]
        is_letter = self.units and len(token) == 1 and token.isalpha() and at > 0
        return is_letter and is_unit(token) and self.tokens[at - 1] not in _OPERATORS_BEFORE

    def letter(self) -> str:
        if not self.take().isalpha():
            raise UnreadableLatex("a unit that breaks off")
        return self.tokens[self.at - 1]

    def modulus(self, closing: str | None) -> str:
        if closing:
            self.expect('"mod')
        marks = self.braced_tokens() if self.peek() == "{" else [self.take()]
        if closing:
            self.expect(closing)
        return f"mod_{''.join(marks)}"

    def small_exponent(self) -> str:
        digits = self.braced_tokens() if self.peek() == "{" else [self.take()]
        if "".join(digits) not in ("1", "2", "3"):
            raise UnreadableLatex("a unit with a strange power")
        return digits[0]

    # -- arithmetic

    def sum(self) -> Node:
        terms = [self.product()]
        while (sign := self.peek()) in ("+", "-", "\\pm", "\\mp"):
            self.at += 1
            terms.append(_signed(sign, self.product()))
        return ("add", terms) if len(terms) > 1 else terms[0]

    def product(self) -> Node:
        node = self.signed()
        factors = [node]
        while True:
            token = self.peek()
            if token == "*" and not self.at_word():
                self.at += 1
                factors.append(self.signed())
            elif token == "/" and not self.at_word():
                self.at += 1
                factors = [("div", _product(factors), self.signed())]
            elif token is not None and self.starts_factor(token) and not self.at_word():
                self.implicit(factors, token)
            else:
                return _product(factors)

    def implicit(self, factors: list[Node], token: str) -> None:
        """A factor that follows another without a sign between them."""
        before = self.tokens[self.at - 1]
        is_number = token[0].isdecimal() or token[0] == "."
        if is_number and factors[-1][0] == "pow" and (before == "}" or self.peek(1) == "^"):
            factors.append(self.power())  # 2^6 3^5
        elif before[0].isdecimal() and (token == "\\frac" or token[0].isdecimal()):
            self.mixed(factors, token)
        elif is_number and before != ")":
            raise UnreadableLatex("a number right behind a factor")
        else:
            factors.append(self.power())

    def mixed(self, factors: list[Node], token: str) -> None:
        whole, sign = factors[-1], "+"
        if whole[0] == "neg":
            whole, sign = whole[1], "-"
        part = self.power()
        if token[0].isdecimal() and self.peek() == "/":
            self.at += 1
            part = ("div", part, self.power())
        elif token[0].isdecimal():
            raise UnreadableLatex("two numbers without a sign between them")
        if len(factors) > 1 or not _is_whole(whole):
            raise UnreadableLatex("a number right behind a factor")
        if _is_proper(part):
            node = ("add", [whole, part])
            factors[-1] = node if sign == "+" else ("neg", node)
        elif token == "\\frac":
            factors.append(part)
        else:
            raise UnreadableLatex("two numbers without a sign between them")

    def signed(self) -> Node:
        signs = []
        while self.peek() in ("+", "-", "\\pm", "\\mp"):
            signs.append(self.take())
        node = self.power()
        if signs.count("-") % 2:
            node = ("neg", node)
        for sign in ("\\pm", "\\mp"):
            if sign in signs:
                node = _signed(sign, node)
        return node

    def power(self) -> Node:
        node = self.postfixed(self.primary())
        if self.peek() != "^":
            return node
        self.at += 1
        exponent = self.exponent()
        return self.postfixed(("pow", node, exponent))

    def exponent(self) -> Node:
        self.enter()
        if self.peek() == "{":
            node = self.group()
        elif self.peek() in ("+", "-"):
            node = self.signed()
        else:
            node = self.power()
        self.leave()
        return node

    def postfixed(self, node: Node) -> Node:
        while (token := self.peek()) in ("!", "%", "‰", "°", "'", "_"):
            self.at += 1
            if token == "!" and self.peek() != "!":
                node = ("fact", node)
            elif token == "%":
                node = ("pct", node)
            elif token == "‰":
                node = ("div", node, ("num", Fraction(1000)))
            elif token == "°":
                node = ("deg", node)
            elif token == "_":
                node = self.subscripted(node)
            else:
                raise UnreadableLatex(f"{token!r} behind a term")
        return node

    def subscripted(self, node: Node) -> Node:
        marks = "".join(self.braced_tokens() if self.peek() == "{" else [self.take()])
        if node[0] == "sym":
            return ("sym", f"{node[1]}_{marks}")
        marks = _BASE_WORDS.get(marks.lstrip('"').lower(), marks)
        if _is_whole(node) and len(marks) < 4:
            digits = _numeral_before(self.tokens[: self.at], node)
            if marks.isdecimal() and int(marks) >= 2:
                return ("base", digits, int(marks))
            if marks.isalpha():
                return _polynomial(digits, ("sym", marks))
        raise UnreadableLatex("a subscript behind something that is not a name")

    # -- single symbols

    def primary(self) -> Node:
        if self.has_base and (based := self.letters_in_base()) is not None:
            return based
        token = self.take()
        if token[0].isdecimal() or token[0] == ".":
            if token == ".":
                raise UnreadableLatex("a lone period")
            return read_number(token)
        if token in _CONSTANTS:
            return ("const", _CONSTANTS[token])
        if token.isalpha() or token in _GREEK:
            return ("sym", token)
        if token in _BRACES:
            self.at -= 1
            return self.bracketed() if token != "{" else self.group_or_set()
        method = _PRIMARIES.get(token)
        if method is None:
            raise UnreadableLatex(f"{token!r} begins no term")
        return method(self, token)

    def letters_in_base(self) -> Node | None:
        r"""A numeral with capital letters among its digits: 2A_{16}, \text{2a}_{16}."""
        first = self.peek() or " "
        if not (first.isdecimal() or first[0] == '"' or first.isupper()):
            return None
        end = self.at
        while end < len(self.tokens) and _is_digits(self.tokens[end]):
            end += 1
        digits = "".join(token.lstrip('"') for token in self.tokens[self.at : end])
        if digits.isdecimal() or len(digits) < 2 or self.tokens[end : end + 1] != ["_"]:
            return None
        start, self.at = self.at, end + 1
        marks = "".join(self.braced_tokens() if self.peek() == "{" else [self.take()])
        marks = _BASE_WORDS.get(marks.lstrip('"').lower(), marks)
        if marks.isdecimal() and len(marks) < 3 and _fits(digits, int(marks)):
            return ("base", digits.upper(), int(marks))
        self.at = start
        return None

    def group(self) -> Node:
        """What is in braces."""
        self.expect("{")
        self.enter()
        node = self.sum()
        self.leave()
        self.expect("}")
        return node

    def group_or_set(self) -> Node:
        """What is in braces, which may have lost their backslashes: {1, 2}."""
        self.expect("{")
        if self.peek() == "}":
            self.at += 1
            return ("set", [])
        self.enter()
        if (built := self.builder()) is None:
            items = [self.sum()]
            while self.peek() == ",":
                self.at += 1
                items.append(self.sum())
            built = items[0] if len(items) == 1 else ("set", items)
        self.leave()
        self.expect("}")
        return built

    def builder(self) -> Node | None:
        """The inside of a set that is described by conditions: x | x > 1."""
        start = self.at
        try:
            name = self.primary()
            domain = self.domain()
        except UnreadableLatex:
            self.at = start
            return None
        if name[0] != "sym" or self.peek() not in ("|", ":"):
            self.at = start
            return None
        self.at += 1
        return ("builder", self.answer(), domain)

    def domain(self) -> Node:
        if self.peek() != "\\in":
            return _REALS
        self.at += 1
        parts = [self.sum()]  # a colon ends it here and makes no ratio
        while self.peek() == "\\cup":
            self.at += 1
            parts.append(self.sum())
        return parts[0] if len(parts) == 1 else ("union", parts)

    def argument(self) -> Node:
        r"""One argument of a macro: a group, or the next digit or token, as in \frac12."""
        token = self.peek()
        if token == "{":
            return self.group()
        if token is not None and token.isdecimal() and len(token) > 1:
            self.tokens = [*self.tokens]
            self.tokens[self.at : self.at + 1] = token[0], token[1:]
        self.enter()
        node = self.primary()
        self.leave()
        return node

    def bracketed(self) -> Node:
        """Parentheses, or a tuple or interval where they hold commas."""
        opening = self.take()
        if opening == "[" and self.peek() == "]":
            self.at += 1
            return ("set", [])
        self.enter()
        items = [self.side()]
        separators = set()
        while self.peek() in _SEPARATORS:
            separators.add(self.take())
            items.append(self.side())
        self.leave()
        closing = self.take()
        if closing not in (")", "]"):
            raise UnreadableLatex(f"{opening!r} is never closed")
        if "\\lor" in separators:
            return _listed(items, separators)
        if len(items) > 1:
            return ("seq", opening, closing, items)
        if closing != _BRACES[opening]:
            raise UnreadableLatex("brackets that do not match")
        return items[0]

    def braces(self, _: str) -> Node:
        if self.peek() == "\\}":
            self.at += 1
            return ("set", [])
        if self.peek() == "\\begin{array}":  # a brace on the left alone
            node = self.cases(self.take())
            self.at += self.peek() in ("\\}", ".")
            return node
        self.enter()
        if (node := self.builder()) is None:
            items = [self.item()]
            while self.peek() in _SEPARATORS:
                self.at += 1
                items.append(self.item())
            node = ("set", items)
        self.leave()
        self.expect("\\}")
        return node

    def angled(self, _: str) -> Node:
        r"""A vector in angle brackets: \langle 1, 2 \rangle."""
        self.enter()
        items = [self.side()]
        while self.peek() in (",", ";"):
            self.at += 1
            items.append(self.side())
        self.leave()
        self.expect("\\rangle")
        return ("seq", "(", ")", items)

    def fraction(self, _: str) -> Node:
        above = self.argument()
        if above in (("sym", "d"), ("sym", "\\partial")):
            raise UnreadableLatex("a derivative")
        return ("div", above, self.argument())

    def binomial(self, _: str) -> Node:
        above = self.argument()
        return ("binom", above, self.argument())

    def root(self, _: str) -> Node:
        degree: Node = ("num", Fraction(2))
        if self.peek() == "[":
            self.at += 1
            degree = self.sum()
            self.expect("]")
        if self.peek() == "(":
            return ("root", self.bracketed(), degree)
        token = self.peek()
        if token is not None and token.isdecimal():
            self.at += 1
            return ("root", read_number(token), degree)
        return ("root", self.argument(), degree)

    def between(self, token: str) -> Node:
        name, closing = _FENCES[token]
        self.enter()
        node = self.sum()
        self.leave()
        self.expect(closing)
        return (name, node)

    def function(self, token: str) -> Node:
        exponent = None
        if self.peek() == "^":
            self.at += 1
            exponent = self.exponent()
            if exponent[0] != "num" or exponent[1] < 1:
                raise UnreadableLatex("an inverse function or a power of one")
        node = ("fn", token[1:], self.operand())
        return node if exponent is None else ("pow", node, exponent)

    def logarithm(self, _: str) -> Node:
        if self.peek() != "_":  # ten or e, nobody knows: a common factor without a value
            return ("mul", [("fn", "ln", self.operand()), ("sym", "\\log")])
        self.at += 1
        base = self.argument()
        return ("logb", base, self.operand())

    def operand(self) -> Node:
        """The argument of a function written without braces: \\sin 2x, \\cos(x)."""
        self.enter()
        if self.peek() == "(":
            node = self.bracketed()
        else:
            factors = [self.signed()]
            while (token := self.peek()) and self.starts_factor(token) and token not in _STARTS:
                factors.append(self.power())
            node = _product(factors)
            if self.peek() == "/":
                raise UnreadableLatex("a function of a quotient without brackets")
        self.leave()
        return node

    def matrix(self, token: str) -> Node:
        if token == "\\begin{array}" and self.peek() == "{":
            self.braced_tokens()
        rows: list[list[Node]] = [[]]
        while self.peek() not in (None, "\\end" + token[6:]):
            if self.peek() == "\\\\":
                self.at += 1
                rows.append([])
            elif self.peek() == "&":
                self.at += 1
            else:
                rows[-1].append(self.sum())
        self.take()
        rows = [row for row in rows if row]
        if not rows or len({len(row) for row in rows}) != 1:
            raise UnreadableLatex("a matrix with ragged rows")
        return ("matrix", rows)

    def cases(self, token: str) -> Node:
        """Equations under a brace: a list of them. What has conditions is not read."""
        items: list[Node] = []
        end = "\\end" + token[6:]
        if token == "\\begin{array}" and self.peek() == "{":
            self.braced_tokens()
        self.enter()
        while self.peek() != end:
            while self.peek() in ("\\\\", ",", "&"):
                self.at += 1
            if self.peek() != end:
                items.append(self.item())
        self.leave()
        self.at += 1
        if not items or any(item[0] != "rel" for item in items):
            raise UnreadableLatex("cases that are not equations")
        return ("list", items)

    def blackboard(self, _: str) -> Node:
        if self.braced_tokens() != ["R"]:
            raise UnreadableLatex("a set that is not the reals")
        return _REALS

    def empty_set(self, _: str) -> Node:
        return ("set", [])

    # -- tokens

    def peek(self, ahead: int = 0) -> str | None:
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else None

    def take(self) -> str:
        if self.at >= len(self.tokens):
            raise UnreadableLatex("the answer breaks off")
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, token: str) -> None:
        if self.take() != token:
            raise UnreadableLatex(f"{token!r} is missing")

    def braced_tokens(self) -> list[str]:
        self.expect("{")
        start = self.at
        while self.take() != "}":
            pass
        return self.tokens[start : self.at - 1]

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Oversized(f"nested deeper than {MAX_DEPTH} levels")

    def leave(self) -> None:
        self.depth -= 1

    def starts_factor(self, token: str) -> bool:
        first = token[0]
        return first.isalnum() or first == "." or token in _STARTS or token in _SYMBOLS


_SYMBOLS = _GREEK | {"\\pi", "\\infty", "\\imath"}
_FENCES = {
    "|": ("abs", "|"),
    "\\lfloor": ("floor", "\\rfloor"),
    "\\lceil": ("ceil", "\\rceil"),
}
_PRIMARIES = {
    "\\frac": _LatexReader.fraction,
    "\\binom": _LatexReader.binomial,
    "\\sqrt": _LatexReader.root,
    "\\log": _LatexReader.logarithm,
    "\\{": _LatexReader.braces,
    "\\langle": _LatexReader.angled,
    "\\emptyset": _LatexReader.empty_set,
    "\\mathbb": _LatexReader.blackboard,
    "\\begin{cases}": _LatexReader.cases,
    **dict.fromkeys(_FENCES, _LatexReader.between),
    **{"\\" + name: _LatexReader.function for name in FUNCTIONS},
    **dict.fromkeys(_MATRICES, _LatexReader.matrix),
}


def _scale_of(token: str | None) -> int | Fraction | None:
    """What a word multiplies the number before it by, with a unit that it runs into: 万元."""
    word = (token or "").lower()
    return _SCALES.get(word) or _JOINED_SCALES.get(_joined_scale(word))


def _joined_scale(word: str) -> str:
    """The longest scale that a word begins with."""
    return max((start for start in _JOINED_SCALES if word.startswith(start)), key=len, default="")


def _behind_scale(token: str) -> str:
    """What a scale runs into: the 元 of 万元."""
    start = _joined_scale(token)
    return token[len(start) :] if start else ""


def _unit_name(word: str) -> str:
    """A unit as it is spelled where its case matters (MB, Pa), else in small letters."""
    return word if is_unit(word) and not is_unit(word.lower()) else word.lower()


def _money(coin: str, words: str) -> str:
    """A currency sign and the words after the number as one unit: $ and "per hour"."""
    if not coin or not words:
        return coin or words
    if words.startswith("per "):
        return f"{coin} {words}"
    named = readings(words)
    if not named:
        return coin
    if not {unit.dims for unit in named} & {unit.dims for unit in readings(coin)}:
        raise UnreadableLatex(f"{coin} with {words}")
    return words


def joined_quantities(items: list[Node]) -> Node | None:
    """Quantities of ever smaller units of one kind as one: 3 h and 20 min are 200 min."""
    if len(items) < 2 or any(item[0] != "unit" for item in items):
        return None
    total, words = items[0][1:]
    for item in items[1:]:
        ratio = _times_smaller(words, item[2])
        if ratio is None:
            return None
        total, words = ("add", [("mul", [total, ("num", ratio)]), item[1]]), item[2]
    return ("unit", total, words)


def _times_smaller(words: str, smaller: str) -> Fraction | None:
    """How many of the smaller unit the other is."""
    pairs = [(a, b) for a in readings(words) for b in readings(smaller) if a.dims == b.dims]
    return next((a.scale / b.scale for a, b in pairs if a.scale > b.scale), None)


def _listed(items: list[Node], separators: set[str]) -> Node:
    if len(items) == 1:
        return items[0]
    return ("list", items, "or") if "\\lor" in separators else ("list", items)


def _is_digits(token: str) -> bool:
    r"""Whether a token may be digits of a base above ten: 2, A, the content of \text{2a}."""
    return token.isdecimal() or (token.isascii() and (token.isupper() or token[0] == '"'))


def _fits(digits: str, base: int) -> bool:
    is_known = digits.isascii() and digits.isalnum() and 2 <= base <= _MAX_BASE
    return is_known and all(int(digit, 36) < base for digit in digits)


def _product(factors: list[Node]) -> Node:
    return factors[0] if len(factors) == 1 else ("mul", factors)


def _signed(sign: str, node: Node) -> Node:
    if sign == "+":
        return node
    return ({"-": "neg", "\\pm": "pm", "\\mp": "mp"}[sign], node)


def _is_whole(node: Node) -> bool:
    return node[0] == "num" and node[1].denominator == 1


def _is_proper(node: Node) -> bool:
    """Whether a node is a fraction of two whole numbers below one."""
    return (
        node[0] == "div"
        and _is_whole(node[1])
        and _is_whole(node[2])
        and 0 < node[1][1] < node[2][1]
    )


def _numeral_before(tokens: list[str], node: Node) -> str:
    """The digits of the numeral before a subscript as they were written, leading zeros too."""
    for token in reversed(tokens[-6:]):
        if token.isdecimal() and int(token) == node[1]:
            return token
    raise UnreadableLatex("a subscript behind something that is not a numeral")


def _polynomial(digits: str, base: Node) -> Node:
    """A numeral whose base is a letter: 201 in base b is 2b^2 + 1."""
    powers = (("pow", base, ("num", Fraction(k))) for k in reversed(range(len(digits))))
    terms = zip(digits, powers, strict=True)
    return ("add", [("mul", [("num", Fraction(digit)), power]) for digit, power in terms])
