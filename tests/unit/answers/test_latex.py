"""The exact reader behind math accuracy: tokens, trees, enclosures, comparisons."""

import json
import math
import threading
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.answers.latex_equal import MAX_CHARS, answer_of, same
from plaudit.answers.latex_read import MAX_DEPTH, Oversized, UnreadableLatex, children, read
from plaudit.answers.latex_real import Arithmetic, Complex, Enclosure, Undecided
from plaudit.answers.latex_token import bare, tokens_of
from plaudit.answers.latex_value import apart, evaluate

GOLDEN = Path(__file__).parents[2] / "golden" / "math_pairs.jsonl"
PAIRS = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]

wholes = st.integers(-(10**6), 10**6)
fractions = st.fractions(min_value=-1000, max_value=1000, max_denominator=997)


def verdict(answer, reference, **options):
    return same(answer_of(answer), answer_of(reference), **options)


def value(text, digits=30, **at):
    return evaluate(read(tokens_of(bare(text))), at, Arithmetic(digits))


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{p['answer']} ~ {p['reference']}" for p in PAIRS])
def test_golden_pairs_are_decided_without_math_verify(pair):
    assert verdict(pair["answer"], pair["reference"]) is pair["equal"], pair["why"]


@pytest.mark.parametrize("pair", [p for p in PAIRS if p["equal"]], ids=lambda p: p["answer"])
def test_every_answer_equals_itself(pair):
    assert verdict(pair["answer"], pair["answer"]) is True
    assert verdict(f"${pair['reference']}$", pair["reference"]) is True


# --- tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (r"\left(1,\;2\right)", ["(", "1", ",", "2", ")"]),
        (r"1{,}008{,}016", ["1008016"]),
        ("(6,235)", ["(", "6", ",", "235", ")"]),
        (r"30^{\circ}", ["30", "°"]),
        ("x**2", ["x", "^", "2"]),
        (r"6, 8\text{, and }10", ["6", ",", "8", ",", ",", "10"]),
        ("2xy", ["2", "x", "y"]),
        ("12 apples", ["12", '"apples']),
        ("(0,1] U (2,3)", ["(", "0", ",", "1", "]", "\\cup", "(", "2", ",", "3", ")"]),
        ("½", ["\\frac", "{", "1", "}", "{", "2", "}"]),
        ("x²", ["x", "^", "{", "2", "}"]),
        ("\x00", []),
    ],
)
def test_tokens(text, tokens):
    assert tokens_of(text) == tokens


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("$$5$$", "5"),
        (r"\(5\).", "5"),
        (r"\[ 5 \]", "5"),
        ("**5**", "5"),
        ("'5'", "5"),
        ("$5$ and $6$", "$5$ and $6$"),
        ("12}$", "12"),
        ("5\n\nSo that is it", "5"),
        (r"\text{7 hours}", r"\text{7 hours}"),
        ("", ""),
    ],
)
def test_bare_removes_only_wrapping(text, inside):
    assert bare(text) == inside


# --- trees


@pytest.mark.parametrize(
    "text",
    ["", "1 2", "1 +", "(1", "1)", r"\frac{1}", "{1", "x_", "5!!", r"\sin^{-1} x", r"\foo", "f'(x)",
     r"\frac{d}{dx} x^2", "1//2", r"\sin x/2", r"\begin{pmatrix}1&2\\3\end{pmatrix}", "1.2.3", "_"],
)  # fmt: skip
def test_what_is_not_certain_is_refused(text):
    with pytest.raises(UnreadableLatex):
        read(tokens_of(text))


@pytest.mark.parametrize("nested", [r"\frac{1}{%s}", r"\sqrt{%s}", "(%s)", "2^{%s}", "{%s}"])
def test_nesting_beyond_any_answer_is_refused_without_recursion_errors(nested):
    text = "1"
    for _ in range(MAX_DEPTH + 1):
        text = nested % text
    with pytest.raises(Oversized):
        answer_of(text)
    with pytest.raises(Oversized):
        answer_of("(" * (MAX_CHARS // 2) + "1")


def test_length_beyond_any_answer_is_refused_but_digits_are_compared():
    with pytest.raises(Oversized):
        answer_of("1+" * MAX_CHARS + "1")
    long = "7" * 1_000_000
    assert verdict(long, long) is True
    assert verdict(long, long[:-1] + "8") is False
    assert verdict(long, "42") is False


def test_precedence():
    assert value("-3^2") == -9
    assert value("2^3^2") == 512
    assert value("1/2*4") == 2
    assert value("2-3-4") == -5
    assert value(r"-\frac12+1") == Fraction(1, 2)
    assert value("2(3+4)") == 14
    assert value("1/2x", x=Fraction(6)) == 3


def test_children_of_every_kind_of_node():
    node = read(tokens_of(r"\begin{pmatrix}1&x\\2&3\end{pmatrix}"))
    assert list(children(node)) == [("num", 1), ("sym", "x"), ("num", 2), ("num", 3)]
    relation = read(tokens_of("1<x<2"))
    assert [child[0] for child in children(relation)] == ["num", "sym", "num"]


@given(wholes, st.integers(1, 10**6))
def test_fractions_are_exact(above, below):
    assert value(rf"\frac{{{above}}}{{{below}}}") == Fraction(above, below)
    assert value(f"{above}/{below}") == Fraction(above, below)


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9
    )
)
def test_decimals_are_exact(number):
    assert value(f"{number:f}") == Fraction(number)


# --- enclosures

positive = st.fractions(min_value=Fraction(1, 50), max_value=50, max_denominator=50)


def near(interval, expected):
    assert isinstance(interval, Enclosure)
    assert interval.lo <= interval.hi
    assert math.isclose(float(interval.lo), expected, rel_tol=1e-12, abs_tol=1e-12)
    assert math.isclose(float(interval.hi), expected, rel_tol=1e-12, abs_tol=1e-12)


@given(positive)
def test_functions_enclose_what_the_math_module_finds(x):
    field = Arithmetic(30)
    near(field.exp(x), math.exp(x))
    near(field.sin(x), math.sin(x))
    near(field.cos(x), math.cos(x))
    near(field.power(x, Fraction(2, 7)), float(x) ** (2 / 7)) if x != 1 else None
    if x != 1:
        near(field.log(x), math.log(x))


@given(fractions, fractions)
def test_interval_arithmetic_encloses_the_exact_result(x, y):
    field = Arithmetic(8)
    a, b = field.enclose(x), field.enclose(y)
    for enclosed, exact in ((field.add(a, b), x + y), (field.mul(a, b), x * y)):
        assert Fraction(enclosed.lo) <= exact <= Fraction(enclosed.hi)
    if y:
        quotient = field.div(a, b)
        assert Fraction(quotient.lo) <= x / y <= Fraction(quotient.hi)


@given(st.integers(2, 10**6))
def test_square_roots_are_exact_or_enclosed(n):
    root = Arithmetic(20).root(Fraction(n), 2)
    if isinstance(root, Fraction):
        assert root**2 == n
    else:
        assert Fraction(root.lo) ** 2 < n < Fraction(root.hi) ** 2


def test_pi_to_sixty_digits():
    pi = "3.14159265358979323846264338327950288419716939937510582097494"
    found = Arithmetic(60).pi()
    assert found.lo <= Decimal(pi + "5")
    assert found.hi >= Decimal(pi + "4")
    assert str(found.lo).startswith(pi)


def test_factorials_beyond_the_exact_ones_are_enclosed():
    field = Arithmetic(20)
    exact = math.factorial(3500)
    found = field.factorial(Fraction(3500))
    assert Fraction(found.lo) < exact < Fraction(found.hi)


def test_huge_numbers_are_enclosed_at_once():
    tower = value("9^{9^{9^9}}")
    assert tower.lo > Decimal("1e999999999999999999")
    assert tower.hi == Decimal("Infinity")
    assert value("(10^9)!").lo > Decimal("1e8565705522")
    assert value("((9!)!)!").lo > 10**9
    assert apart(tower, Fraction(42), Arithmetic(20))
    assert apart(value("1/9^{9^{9^9}}"), Fraction(1), Arithmetic(20))


def test_complex_numbers():
    assert value("(1+2i)(3-i)") == Complex(Fraction(5), Fraction(5))
    assert value("i^2") == -1
    assert value(r"\sqrt{-4}") == Complex(Fraction(0), Fraction(2))
    assert value(r"\frac{1}{i}") == Complex(Fraction(0), Fraction(-1))
    assert value("|3+4i|") == 5


@pytest.mark.parametrize(
    "text", ["1/0", "0^{-1}", r"\ln(-1)", r"(-8)^{1/4}", r"\binom{2}{3}", r"\tan 90^\circ", "9.5!",
             r"\infty-\infty", r"\sqrt[4]{-1}", "x", r"\lfloor \pi/\pi \rfloor", "9_7"]
)  # fmt: skip
def test_what_has_no_value_is_undecided(text):
    with pytest.raises(Undecided):
        value(text)


# --- comparisons


@given(wholes, wholes)
def test_whole_numbers_are_equal_as_numbers(a, b):
    assert verdict(str(a), str(b)) is (a == b)
    assert verdict(f"{a:,}", f"{b}.0") is (a == b)


@given(fractions, fractions)
def test_fractions_are_equal_as_numbers(x, y):
    answer, reference = (
        f"{x.numerator}/{x.denominator}",
        rf"\frac{{{y.numerator}}}{{{y.denominator}}}",
    )
    assert verdict(answer, reference) is (x == y)


@given(st.lists(st.integers(-9, 9), min_size=3, max_size=3), st.integers(-5, 5))
def test_expanded_products_are_equal_and_shifted_ones_are_not(roots, shift):
    a, b, c = roots
    factored = f"(x-({a}))(x-({b}))(x-({c}))"
    expanded = f"x^3-({a + b + c})x^2+({a * b + b * c + c * a})x-({a * b * c})"
    assert verdict(factored, expanded) is True
    assert verdict(factored, f"{expanded}+{shift}") is (shift == 0)


@given(st.integers(2, 400), st.integers(2, 400))
def test_products_of_roots(a, b):
    assert verdict(rf"\sqrt{{{a}}}\cdot\sqrt{{{b}}}", rf"\sqrt{{{a * b}}}") is True
    assert verdict(rf"\sqrt{{{a}}}+\sqrt{{{b}}}", rf"\sqrt{{{a + b}}}") is False


@given(st.permutations(["1", r"\frac12", r"\sqrt2", "-3"]))
def test_lists_are_unordered_and_tuples_are_not(items):
    first = ["1", r"\frac12", r"\sqrt2", "-3"]
    assert verdict(", ".join(items), ", ".join(first)) is True
    assert verdict(f"({', '.join(items)})", f"({', '.join(first)})") is (list(items) == first)


def test_near_misses_of_irrational_numbers():
    sixty = "1.414213562373095048801688724209698078569671875376948073176680"
    assert verdict(sixty, r"\sqrt{2}") is False
    assert verdict(r"\sqrt{2}+10^{-70}", r"\sqrt{2}") is False
    assert verdict(r"\frac{1}{2^{1000}}+\sqrt{3}", r"\sqrt{3}") is False
    assert verdict(r"\frac{1}{2^{100000}}+\sqrt{3}", r"\sqrt{3}") is None  # too far to look


def test_percent_as_a_unit():
    assert verdict("50%", "50", percent="unit") is True
    assert verdict("50", r"50\%", percent="unit") is True
    assert verdict("0.5", r"50\%", percent="unit") is False


def test_a_bare_logarithm_is_only_compared_with_another():
    assert verdict(r"2\log 3", r"\log 9") is True
    assert verdict(r"\log 3", r"\log 4") is False
    assert verdict(r"\log 100", "2") is None


def test_what_cannot_be_read_is_not_decided():
    assert verdict(r"\sum_{k=1}^{3} k", "6") is None
    assert verdict("6", r"\sum_{k=1}^{3} k") is None
    assert verdict(r"\sum_{k=1}^3 k", r"\sum_{k=1}^{3} k") is None
    assert verdict(r"\sum_{k=1}^3 k", r"\sum_{k=1}^3  k") is True


def test_the_decimal_context_of_the_caller_does_not_matter():
    from decimal import localcontext

    with localcontext() as context:
        context.prec = 3
        assert verdict(r"\cos 10", r"\cos(10)+10^{-20}") is False
        assert verdict(r"\frac{1}{\sqrt{2}}", r"\frac{\sqrt{2}}{2}") is True


def test_threads_do_not_disturb_each_other():
    results = []
    work = [(r"\sqrt{12}", r"2\sqrt{3}"), (r"\cos 1", r"\cos 2")] * 20

    def run():
        results.append([verdict(a, b) for a, b in work])

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[True, False] * 20] * 4


LETTERS = (
    r"\frac \sqrt { } ( ) [ ] 1 23 x + - * / ^ _ , = < | ! % \pi i e"
    r" \infty \text{ab} \sin \log \pm \cup \{ \} °"
)


@given(
    st.lists(st.sampled_from(LETTERS.split()), max_size=20),
    st.lists(st.sampled_from(LETTERS.split()), max_size=8),
)
def test_no_text_breaks_the_reader(answer, reference):
    assert verdict(" ".join(answer), " ".join(reference)) in (True, False, None)


@given(st.text(max_size=60), st.sampled_from(["42", r"\frac12", "x^2", "(1,2)", "Monday"]))
def test_no_unicode_breaks_the_reader(answer, reference):
    assert verdict(answer, reference) in (True, False, None)
