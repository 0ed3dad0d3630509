"""Whether tokens are mathematics throughout, so that a parser which skips what it does not know
may be asked about them.

math-verify reads `-(y = -1)` as -1, `arctan(K = 8)` as 8 and the sine of a tuple as the tuple. What
such parsers lose stands around brackets; so a bracket may be an operand only where it holds one
expression, and signs of relation are outside of brackets.
"""

from __future__ import annotations

from collections.abc import Sequence

from plaudit.answers.latex_token import is_word

__all__ = ["is_whole"]

_OPENING = frozenset(("(", "[", "\\{", "{", "\\lfloor", "\\lceil"))
_CLOSING = frozenset((")", "]", "\\}", "}", "\\rfloor", "\\rceil"))
_SEPARATORS = frozenset((",", ";", "\\lor"))
_RELATIONS = frozenset(
    ("=", "<", ">", "\\leq", "\\geq", "\\neq", "\\approx", "\\in", "\\equiv", "\\to")
)
_ALONE = _SEPARATORS | _RELATIONS | {"", "\\cup", "\\cap", "\\setminus", "(", "[", "\\{", "|", ":"}
_OF_SEVERAL = frozenset(("\\gcd", "\\lcm", "\\max", "\\min", "_"))
_POINTS = frozenset(
    ("\\angle", "\\triangle", "\\overline", "\\overrightarrow", "\\vec", "\\odot", "\\widehat")
)
_SIGNS = frozenset(("+", "-"))
_BETWEEN = frozenset(("*", "/", "^", "_"))
_KNOWN = _RELATIONS | _OPENING | _CLOSING | _SEPARATORS | _SIGNS | _BETWEEN | frozenset("|:!%'&°")
_MARKS = frozenset(("%", "‰", "°", "!"))


class _Bracket:
    """An open bracket: what precedes it, and what it holds."""

    __slots__ = ("before", "several", "token")

    def __init__(self, token: str, before: str) -> None:
        self.token = token
        self.before = before
        self.several = False


def is_whole(tokens: Sequence[str]) -> bool:
    r"""Whether nothing in the tokens could be lost on a parser that skips what it does not know.

    Words, a lone period, a number after a number or a letter (a sequence, a code), a relation in
    brackets, and arithmetic on a bracket of several values are not whole. Linear in the tokens.

    >>> is_whole(r"\gcd ( 12 , 18 )".split()), is_whole("( 1 , 2 ) ^ 2".split())
    (True, False)
    """
    if not tokens or tokens[0] in _RELATIONS or any(is_word(t) or t == "." for t in tokens):
        return False
    if tokens[0] in _BETWEEN or tokens[-1] in _BETWEEN | _SIGNS or tokens.count("|") % 2:
        return False
    if not all(map(_is_known, tokens)):
        return False
    if not _POINTS.isdisjoint(tokens) and any(map(_are_letters, tokens, tokens[1:])):
        return False
    if any(_is_run(*triple) for triple in zip(("", *tokens), tokens, tokens[1:], strict=False)):
        return False
    stack: list[_Bracket] = []
    for k, token in enumerate(tokens):
        after = tokens[k + 1] if k + 1 < len(tokens) else ""
        if token in _OPENING:
            stack.append(_Bracket(token, tokens[k - 1] if k else ""))
        elif token in _CLOSING:
            if not stack or not _is_alone(bracket := stack.pop(), after):
                return False
            if stack and bracket.several:
                stack[-1].several = True
        elif stack and token in _SEPARATORS:
            stack[-1].several = True
        elif (stack and token in _RELATIONS and not _may_relate(stack[-1])) or (
            token.startswith("\\end") and after in _MARKS
        ):
            return False
    return not stack


def _are_letters(a: str, b: str) -> bool:
    """Whether two letters follow each other: after the sign of an angle they are points."""
    return a.isalpha() and b.isalpha()


def _is_run(before: str, a: str, b: str) -> bool:
    """Whether a number directly follows a number or a letter, or marks are doubled."""
    if (a, b) == ("!", "!"):
        return True
    is_behind = a.isalpha() or a[0].isdecimal()
    return (b[0].isdecimal() or b[0] == ".") and is_behind and before not in ("^", "_")


def _is_known(token: str) -> bool:
    """Whether a token is a number, a letter, a command or a sign of mathematics."""
    return token[0].isalnum() or token[0] in "\\." or token in _KNOWN


def _may_relate(bracket: _Bracket) -> bool:
    """Sums and limits have relations in their index, set-builders in their braces."""
    return (bracket.token == "{" and bracket.before == "_") or bracket.token == "\\{"


def _is_alone(bracket: _Bracket, after: str) -> bool:
    """Whether a bracket that contains several values is not an operand."""
    if not bracket.several or bracket.before in _OF_SEVERAL:
        return True
    if bracket.token in ("\\lfloor", "\\lceil"):
        return False
    return bracket.before in _ALONE and (after in _ALONE or after in _CLOSING)
