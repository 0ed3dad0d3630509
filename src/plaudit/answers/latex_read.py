r"""Reads the tokens of an answer into a tree; what it cannot read for certain it refuses.

A tree is a tuple whose first item names the node:

    ("num", Fraction) ("digits", text) ("const", "pi" | "e" | "i" | "inf") ("sym", name)
    ("add", nodes) ("mul", nodes) ("neg", x) ("div", x, y) ("pow", x, y) ("root", x, n)
    ("fact", x) ("abs", x) ("floor", x) ("ceil", x) ("binom", n, k) ("fn", name, x) ("logb", b, x)
    ("pct", x) ("deg", x) ("pm", x) ("mp", x) ("base", digits, base)
    ("seq", "(" or "[", ")" or "]", items) ("set", items) ("matrix", rows) ("union", parts)
    ("rel", operators, sides) ("ratio", items) ("list", items) ("unit", x, words) ("words", words)
    ("opaque",): a side of an equation that was not read

The decimals of an answer are exact: 0.5 is 1/2, 0.33 is 33/100. `/` binds as `*`, from the left:
1/2x is x/2. A whole number before a numeric fraction is a mixed number: 6\frac{1}{6} is 37/6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from plaudit.answers.latex_token import FUNCTIONS, is_word, name_set

__all__ = ["Node", "Oversized", "Unreadable", "children", "read", "read_number", "rebuilt"]

Node = tuple[Any, ...]

MAX_DEPTH = 60
_MAX_DIGITS = 4000
_MAX_EXPONENT = 4000
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
_STARTS = frozenset(
    ("{", "(", "[", "\\sqrt", "\\frac", "\\binom", "\\lfloor", "\\lceil", "\\log")
) | {"\\" + name for name in FUNCTIONS}
_BEFORE = frozenset(('"approximately', '"about', '"approx', '"roughly', "\\approx", '"answer'))
_NUMBER_WORDS = {
    word: i
    for i, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    )
}
_SCALES = {
    **{f'"{word}': 1000 ** (k + 1) for k, word in enumerate(("thousand", "million", "billion"))},
    '"trillion': 10**12,
    '"hundred': 100,
    '"百': 100,
    '"千': 1000,
}
_JOINED_SCALES = {'"万': 10**4, '"亿': 10**8, '"百万': 10**6, '"千万': 10**7}  # also 万元, 亿人
_REPEATING = re.compile(r"(\d*)\.(\d*)\\overline\{(\d+)\}")


class Unreadable(Exception):
    """The tokens are not an answer that this reader knows for certain."""


class Oversized(Exception):
    """The answer is longer or nests deeper than any answer needs."""


def read(tokens: list[str]) -> Node:
    r"""The tree of a whole answer.

    Raises: Unreadable, Oversized.

    >>> from plaudit.answers.latex_token import tokens_of
    >>> read(tokens_of(r"\frac12, x=3"))[0]
    'list'
    """
    if (words := _all_words(tokens)) is not None:
        return words
    reader = _Reader(tokens)
    node = reader.answer()
    if reader.at < len(tokens):
        raise Unreadable(f"{tokens[reader.at]!r} was not expected")
    return node


def children(node: Node) -> Iterator[Node]:
    """The trees right below a tree."""
    for child in node[1:]:
        if isinstance(child, list):
            for item in child:
                yield from item if isinstance(item, list) else [item]
        elif _is_node(child):
            yield child


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """A tree of one kind with every tree right below it changed."""
    parts: list[Any] = []
    for child in node[1:]:
        if isinstance(child, list):
            parts.append([[*map(change, i)] if isinstance(i, list) else change(i) for i in child])
        else:
            parts.append(change(child) if _is_node(child) else child)
    return (node[0], *parts)


def _is_node(child: Any) -> bool:
    """Whether a field holds a tree; the operators of a relation are a tuple, too."""
    return isinstance(child, tuple) and child[0].isalpha()


def read_number(text: str) -> Node:
    r"""A numeral as a node, exact.

    >>> read_number(".5"), read_number("1e2"), read_number(r"0.1\overline{6}")
    (('num', Fraction(1, 2)), ('num', Fraction(100, 1)), ('num', Fraction(1, 6)))
    """
    if len(text) > _MAX_DIGITS:
        return ("digits", text)
    if "\\" in text:
        whole, fixed, cycle = _REPEATING.fullmatch(text).groups()  # type: ignore[union-attr]
        shift, period = 10 ** len(fixed), 10 ** len(cycle) - 1
        value = Fraction(int(whole + fixed or "0")) + Fraction(int(cycle), period)
        return ("num", value / shift)
    mantissa, _, exponent = text.lower().partition("e")
    if exponent and abs(int(exponent)) > _MAX_EXPONENT:
        return ("digits", text)
    return ("num", Fraction(text) if exponent or "." in mantissa else Fraction(int(mantissa)))


def _all_words(tokens: list[str]) -> Node | None:
    """A text, or a list of texts, if that is all the tokens are."""
    if not any(map(is_word, tokens)) or not all(is_word(t) or t in ",;()'" for t in tokens):
        return None
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token in ",;":
            parts.append([])
        elif is_word(token):
            parts[-1].append(token[1:].lower())
    nodes = [_word_node(part) for part in parts if part]
    return nodes[0] if len(nodes) == 1 else ("list", nodes)


def _word_node(words: list[str]) -> Node:
    if len(words) == 1 and words[0] in _NUMBER_WORDS:
        return ("num", Fraction(_NUMBER_WORDS[words[0]]))
    if words in (["all", "real", "numbers"], ["all", "reals"], ["real", "numbers"]):
        return _REALS
    return ("words", " ".join(words))


_REALS = ("seq", "(", ")", [("neg", ("const", "inf")), ("const", "inf")])


class _Reader:
    """Recursive descent with one token of look-ahead; `at` is the next token."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    # -- the shape of the answer

    def answer(self) -> Node:
        items = [self.item()]
        while self.peek() in (",", ";"):
            while self.peek() in (",", ";"):
                self.at += 1
            if self.at < len(self.tokens):
                items.append(self.item())
        return items[0] if len(items) == 1 else ("list", items)

    def item(self) -> Node:
        while self.peek() in _BEFORE:
            self.at += 1
        sides = [("opaque",) if self.peek() in _RELATIONS else self.side()]
        operators: list[str] = []
        while self.peek() in _RELATIONS:
            operators.append(self.take())
            sides.append(self.side())
        return ("rel", tuple(operators), sides) if operators else sides[0]

    def side(self) -> Node:
        parts = [self.quantity()]
        while self.peek() == "\\cup":
            self.at += 1
            parts.append(self.quantity())
        if len(parts) == 1:
            return parts[0]
        return ("union", [p for part in parts for p in (part[1] if part[0] == "union" else [part])])

    def quantity(self) -> Node:
        """A sum, the parts of a ratio, or a sum with the unit behind it."""
        parts = [self.sum()]
        while self.peek() == ":":
            self.at += 1
            parts.append(self.sum())
        node = ("ratio", parts) if len(parts) > 1 else parts[0]
        while (scale := _scale_of(self.peek())) and self.take():
            node = ("mul", [node, ("num", Fraction(scale))])
        words = self.unit()
        return ("unit", node, words) if words else node

    def unit(self) -> str:
        """Words behind a number, with powers and slashes among them: cm^2, /year, (mod 7)."""
        words: list[str] = []
        while self.at_word() or (words and self.peek() in ("^", "/")):
            token = self.take()
            if token == "(":
                words.append(self.modulus(")"))
            elif token == '"mod':
                words.append(self.modulus(None))
            elif token == "^":
                words.append("^" + self.small_exponent())
            elif is_word(token):
                words.append(token[1:].lower())
            elif token == "/":
                words.append("per")
                if not self.at_word():
                    words.append(self.letter())
        return " ".join(words)

    def at_word(self) -> bool:
        """Whether a word comes next, or a sign that leads to one."""
        token, then = self.peek(), self.peek(1)
        if token in ("/", "*"):
            return then is not None and is_word(then)
        return token is not None and (is_word(token) or (token == "(" and then == '"mod'))

    def letter(self) -> str:
        if not self.take().isalpha():
            raise Unreadable("a unit that breaks off")
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
            raise Unreadable("a unit with a strange power")
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
        """A factor that stands behind another without a sign between them."""
        before = self.tokens[self.at - 1]
        if before[0].isdecimal() and (token == "\\frac" or token[0].isdecimal()):
            self.mixed(factors, token)
        elif (token[0].isdecimal() or token[0] == ".") and before != ")":
            raise Unreadable("a number right behind a factor")
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
            raise Unreadable("two numbers without a sign between them")
        if len(factors) > 1 or not _is_whole(whole):
            raise Unreadable("a number right behind a factor")
        if _is_proper(part):
            node = ("add", [whole, part])
            factors[-1] = node if sign == "+" else ("neg", node)
        elif token == "\\frac":
            factors.append(part)
        else:
            raise Unreadable("two numbers without a sign between them")

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
        while (token := self.peek()) in ("!", "%", "°", "'", "_"):
            self.at += 1
            if token == "!" and self.peek() != "!":
                node = ("fact", node)
            elif token == "%":
                node = ("pct", node)
            elif token == "°":
                node = ("deg", node)
            elif token == "_":
                node = self.subscripted(node)
            else:
                raise Unreadable(f"{token!r} behind a term")
        return node

    def subscripted(self, node: Node) -> Node:
        marks = "".join(self.braced_tokens() if self.peek() == "{" else [self.take()])
        if node[0] == "sym":
            return ("sym", f"{node[1]}_{marks}")
        if _is_whole(node) and len(marks) < 4:
            digits = _numeral_before(self.tokens[: self.at], node)
            if marks.isdecimal() and int(marks) >= 2:
                return ("base", digits, int(marks))
            if marks.isalpha():
                return _polynomial(digits, ("sym", marks))
        raise Unreadable("a subscript behind something that is not a name")

    # -- what stands alone

    def primary(self) -> Node:
        token = self.take()
        if token[0].isdecimal() or token[0] == ".":
            if token == ".":
                raise Unreadable("a lone period")
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
            raise Unreadable(f"{token!r} begins no term")
        return method(self, token)

    def group(self) -> Node:
        """What stands in braces."""
        self.expect("{")
        self.enter()
        node = self.sum()
        self.leave()
        self.expect("}")
        return node

    def group_or_set(self) -> Node:
        """What stands in braces, which may have lost their backslashes: {1, 2}."""
        self.expect("{")
        self.enter()
        items = [self.sum()]
        while self.peek() == ",":
            self.at += 1
            items.append(self.sum())
        self.leave()
        self.expect("}")
        return items[0] if len(items) == 1 else ("set", items)

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
        self.enter()
        items = [self.side()]
        while self.peek() in (",", ";"):
            self.at += 1
            items.append(self.side())
        self.leave()
        closing = self.take()
        if closing not in (")", "]"):
            raise Unreadable(f"{opening!r} is never closed")
        if len(items) > 1:
            return ("seq", opening, closing, items)
        if closing != _BRACES[opening]:
            raise Unreadable("brackets that do not match")
        return items[0]

    def braces(self, _: str) -> Node:
        self.enter()
        items = [self.item()]
        while self.peek() in (",", ";"):
            self.at += 1
            items.append(self.item())
        self.leave()
        self.expect("\\}")
        return ("set", items)

    def fraction(self, _: str) -> Node:
        above = self.argument()
        if above in (("sym", "d"), ("sym", "\\partial")):
            raise Unreadable("a derivative")
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
                raise Unreadable("an inverse function or a power of one")
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
                raise Unreadable("a function of a quotient without brackets")
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
            raise Unreadable("a matrix with ragged rows")
        return ("matrix", rows)

    def blackboard(self, _: str) -> Node:
        if self.braced_tokens() != ["R"]:
            raise Unreadable("a set that is not the reals")
        return _REALS

    def empty_set(self, _: str) -> Node:
        return ("set", [])

    # -- tokens

    def peek(self, ahead: int = 0) -> str | None:
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else None

    def take(self) -> str:
        if self.at >= len(self.tokens):
            raise Unreadable("the answer breaks off")
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, token: str) -> None:
        if self.take() != token:
            raise Unreadable(f"{token!r} is missing")

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
    "\\frac": _Reader.fraction,
    "\\binom": _Reader.binomial,
    "\\sqrt": _Reader.root,
    "\\log": _Reader.logarithm,
    "\\{": _Reader.braces,
    "\\emptyset": _Reader.empty_set,
    "\\mathbb": _Reader.blackboard,
    **dict.fromkeys(_FENCES, _Reader.between),
    **{"\\" + name: _Reader.function for name in FUNCTIONS},
    **{
        f"\\begin{{{kind}}}": _Reader.matrix
        for kind in ("pmatrix", "bmatrix", "matrix", "smallmatrix", "array")
    },
}


def _scale_of(token: str | None) -> int | None:
    """What a word multiplies the number before it by, with a unit that it runs into: 万元."""
    word = (token or "").lower()
    joined = (scale for start, scale in _JOINED_SCALES.items() if word.startswith(start))
    return _SCALES.get(word) or next(joined, None)


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
    raise Unreadable("a subscript behind something that is not a numeral")


def _polynomial(digits: str, base: Node) -> Node:
    """A numeral whose base is a letter: 201 in base b is 2b^2 + 1."""
    powers = (("pow", base, ("num", Fraction(k))) for k in reversed(range(len(digits))))
    terms = zip(digits, powers, strict=True)
    return ("add", [("mul", [("num", Fraction(digit)), power]) for digit, power in terms])
