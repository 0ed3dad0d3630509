r"""The break law: an answer that is not the reference any more earns nothing, whatever its mark.

References that are one number, a tuple, a list or an expression are broken (a function around it,
another sign, "minus", "not", a second value ...) and put into every mark. Exempt is only what an
evaluation to 30 digits by sympy, which shares no code with the rule, finds equal to the reference
still: -0, floor(7), 1 squared.
"""

import functools
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from answer_marks import needs_data, references, sampled

from plaudit.errors import ScoringError
from plaudit.rules.math import equal

sympy = pytest.importorskip("sympy")
latex2sympy2_extended = pytest.importorskip("latex2sympy2_extended")

MARKS = {
    "box": r"So it is $\boxed{%s}$.",
    "tag": "<think>2 and 3</think>\n<answer>%s</answer>",
    "tag, sentence": "<think>2 and 3</think>\n<answer>So the result is %s.</answer>",
    "Answer:": "First 2, then 3.\n\nAnswer: %s",
    "answer is": "First 2, then 3. The answer is %s.",
    "answer is $": "First 2, then 3. The answer is $%s$.",
    "####": "First 2, then 3.\n#### %s",
    "答案是": "先算2，再算3。答案是%s。",
    "bold": "First 2, then 3. The answer is **%s**.",
    "no mark": "First 2, then 3. So we obtain %s.",
}


def negative(value):
    """The value with its sign flipped."""
    return -value


# a break in LaTeX, and what it makes of a value (None: no value is equal to it)
FORMULAS = {
    r"\sin\left(%s\right)": sympy.sin,
    r"\arctan(%s)": sympy.atan,
    r"\lfloor %s \rfloor": sympy.floor,
    r"\sqrt{%s}": sympy.sqrt,
    r"\sqrt[3]{%s}": lambda v: sympy.real_root(v, 3),
    "-(%s)": negative,
    r"-\left(%s\right)": negative,
    "(%s)^2": lambda v: v**2,
    "(%s) + 7": lambda v: v + 7,
    r"%s \text{ squared}": lambda v: v**2,
    r"\text{minus } %s": negative,
    r"\text{at least } %s": None,
    r"%s \text{ or } @": None,
    "%s, @": None,
    r"\{%s, @\}": None,
    "%s > @": None,
    r"\neq %s": None,
    "@": None,
}
WORDS = {
    "sqrt(%s)": sympy.sqrt,
    "sin(%s)": sympy.sin,
    "arctan(%s)": sympy.atan,
    "floor(%s)": sympy.floor,
    "the square root of %s": sympy.sqrt,
    "minus %s": negative,
    "negative %s": negative,
    "%s squared": lambda v: v**2,
    "%s plus seven": lambda v: v + 7,
    "%s plus 7": lambda v: v + 7,
    "half of %s": lambda v: v / 2,
    "twice %s": lambda v: v * 2,
    "%s dozen": lambda v: v * 12,
    "the reciprocal of %s": lambda v: 1 / v if v else sympy.zoo,
    "the logarithm of %s": None,
    "less than %s": None,
    "more than %s": None,
    "at most %s": None,
    "between %s and @": None,
    "not %s": None,
    "not equal to %s": None,
    "maybe %s": None,
    "perhaps %s or @": None,
    "%s or @": None,
    "%s (or @)": None,
    "%s; @": None,
    "either %s or @": None,
    "负%s": negative,
    "%s的平方根": sympy.sqrt,
    "小于%s": None,
    "不是%s": None,
    "可能是%s": None,
    "%s或@": None,
}
MAY_BE_EXEMPT = {  # 0 and 1, whole numbers under floor, lists that are their own negative
    *(text for text, change in (FORMULAS | WORDS).items() if change is not None),
} - {"(%s) + 7", "%s plus seven", "%s plus 7"}
UNFINISHED = [
    r"<think>So it is \boxed{%s}, but",
    r"<think>a</think><think>So it is \boxed{%s}, but",
    r"[THINK]first \boxed{%s}, but then",
    r"<thinking>first \boxed{%s}, but then",
]
_POINT = (sympy.Rational(37, 11), sympy.Rational(53, 7), sympy.Rational(-29, 13))
_NO_NUMBERS = re.compile(
    r"\\text|\\math|\\mbox|=|[<>]|\\le|\\ge|\\in\b|\\cup|\\pm|\^\{?\\circ|%|_|\\infty|:|!|\\begin"
)


@functools.cache
def values(reference: str) -> tuple | None:
    """What a reference is as exact numbers, in order; None where that is not known.

    Expressions are taken at a rational point.
    """
    if _NO_NUMBERS.search(reference) or re.search(
        r"[A-Za-z]{4,}", re.sub(r"\\[A-Za-z]+", "", reference)
    ):
        return None
    text = re.sub(r"\\left|\\right|\\[!,;:]|\\ ", "", reference).strip(" .,")
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text) if "(" not in text else text
    inner = text[1:-1] if text[:1] == "(" and text[-1:] == ")" and text.count("(") == 1 else text
    items = [_value(item) for item in inner.split(",")]
    return None if None in items else tuple(items)


def _value(text: str):
    try:
        tree = latex2sympy2_extended.latex2sympy(text)
        names = sorted(tree.free_symbols, key=str)
        at = dict(zip(names, _POINT, strict=False))
        exact = tree.subs(at).doit()
        found = sympy.N(exact, 30)
        return exact if found.is_number and found.is_finite else None
    except Exception:  # whatever the parser cannot read has no value here
        return None


def is_exempt(reference: str, change, other: str) -> bool:
    """Whether the broken value is the reference still."""
    mine = values(reference)
    if change is None or mine is None:
        return False
    try:
        if len(mine) > 1 and change is not negative:  # a function of a tuple is nothing, but
            ends = (mine[0], mine[-1])  # "sqrt of 1, 2" may be a list whose first item is a root
            return any(abs(sympy.N(change(v) - v, 30)) < sympy.Float("1e-25") for v in ends)
        broken = [change(v) for v in mine]
        pairs = zip(in_order(broken), in_order(mine), strict=True)
        return all(abs(sympy.N(a - b, 30)) < sympy.Float("1e-25") for a, b in pairs)
    except Exception:
        return False


def in_order(numbers: list) -> list:
    """Numbers, sorted by their value."""
    return sorted(numbers, key=lambda v: sympy.N(v, 30).as_real_imag())


def next_different(texts: list[str], at: int) -> str:
    """The next reference that is another value beyond doubt."""
    for text in (*texts[at + 1 :], *texts[:at]):
        if (theirs := values(text)) is None:
            continue
        mine = values(texts[at])
        if len(theirs) != len(mine) or any(
            abs(sympy.N(a - b, 30)) > 1e-9 for a, b in zip(mine, theirs, strict=True)
        ):
            return text
    raise AssertionError("all references are one value")


def every_break():
    """The marks, the breaks that each is tried with, and what they make of a value."""
    for mark in MARKS:
        in_words = {} if "$" in mark or mark == "box" else WORDS
        for template, change in (FORMULAS | in_words).items():
            yield mark, template, change


def accepted(texts: list[str]) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    """What is accepted though broken, and what is accepted and exempt."""
    usable = [text for text in dict.fromkeys(texts) if values(text) is not None]
    wrong, exempt = [], []
    for k, reference in enumerate(usable):
        other = next_different(usable, k)
        for mark, template, change in every_break():
            answer = template.replace("%s", reference.strip(" .,")).replace("@", other.strip(" .,"))
            if not _value_of(MARKS[mark].replace("%s", answer), reference):
                continue
            if is_exempt(reference, change, other):
                exempt.append((reference, template))
            else:
                wrong.append((reference, mark, template))
        for form in UNFINISHED:
            if _value_of(form.replace("%s", reference), reference):
                wrong.append((reference, "unfinished", form))
    return wrong, exempt


def _value_of(response: str, reference: str) -> float:
    try:
        return equal(response, reference).value
    except ScoringError:
        return 0.0


@needs_data
@pytest.mark.parametrize(
    "select", [sampled, pytest.param(list, marks=pytest.mark.slow)], ids=["sampled", "all"]
)
def test_nothing_broken_is_accepted(select):
    wrong, exempt = accepted(select(references()))
    assert wrong == []
    assert exempt
    assert {template for _, template in exempt} <= MAY_BE_EXEMPT
