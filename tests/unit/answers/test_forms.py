"""Laws of the forms that one value may have: every spelling is equal to itself, none to a shift."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from plaudit.answers.latex_equal import answer_of, list_of, same
from plaudit.answers.latex_token import name_set

whole = st.integers(-50, 50)


def verdict(answer, reference, **policy):
    return same(answer_of(answer), answer_of(reference), **policy)


# --- numerals


def long_division(above, below):
    """The digits of a proper fraction: those before the cycle, and the cycle."""
    places, digits, rest = {}, [], above % below
    while rest and rest not in places:
        places[rest] = len(digits)
        digit, rest = divmod(rest * 10, below)
        digits.append(str(digit))
    start = places[rest] if rest else len(digits)
    return "".join(digits[:start]), "".join(digits[start:])


@given(st.integers(0, 3000), st.integers(2, 99))
def test_a_repeating_decimal_is_its_fraction(above, below):
    fixed, cycle = long_division(above, below)
    assume(cycle)
    start = f"{above // below}.{fixed}"
    dotted = rf"\dot{{{cycle[0]}}}{cycle[1:-1]}\dot{{{cycle[-1]}}}"
    spellings = [
        rf"{start}\overline{{{cycle}}}",
        rf"{start}\overline {{{cycle}}}",
        rf"{start}\bar{{{cycle}}}",
        f"{start}({cycle})",
        start + (dotted if len(cycle) > 1 else rf"\dot{cycle}"),
        start + "".join(f"{digit}\u0305" for digit in cycle),
        rf"-(-{start}\overline{{{cycle}}})",
    ]
    if len(cycle) <= 6 and not fixed:
        spellings += [f"{start}{cycle * 3}...", rf"{start}{cycle * 4}\ldots"]
    for text in spellings:
        assert verdict(text, rf"\frac{{{above}}}{{{below}}}") is True, text
        assert verdict(text, rf"\frac{{{above + 1}}}{{{below}}}") is False, text
        assert verdict(f"{start}{cycle}", text) is False
        assert verdict(f"-{text}", f"{above}/{below}") is False


def in_base(n, base):
    digits = ""
    while n:
        n, digit = divmod(n, base)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit] + digits
    return digits or "0"


@given(st.integers(0, 10**6), st.integers(2, 36), st.sampled_from(["", "-"]))
def test_a_numeral_in_a_base_is_its_value(n, base, sign):
    digits = in_base(n, base)
    spellings = [rf"{sign}\text{{{digits}}}_{{{base}}}"] if len(digits) > 1 else []
    if digits.isdecimal() or len(digits) > 1:
        spellings.append(f"{sign}{digits}_{{{base}}}")
    for text in spellings:
        # The value in brackets: a bare numeral would be read in the base of the reference.
        assert verdict(text, rf"{sign}(0+{n})") is True
        assert verdict(text, rf"{sign}(0+{n + 1})") is False
        assert verdict(f"{sign}{digits}", text) is True
        assert verdict(text, text) is True


@given(st.integers(0, 2**40))
def test_prefixed_numerals_are_numbers(n):
    for text in (hex(n), oct(n), bin(n), f"0x{n:X}", rf"\text{{{hex(n)}}}", f"-(-{hex(n)})"):
        assert verdict(text, str(n)) is True
        assert verdict(str(n), text) is True
        assert verdict(text, hex(n + 1)) is False
        assert verdict(f"-{text}", bin(n)) is (n == 0)


@pytest.mark.parametrize("n", [*range(1, 40), 101, 111, 112, 113, 121, 1000])
def test_ordinals(n):
    end = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    for text in (
        f"{n}{end}",
        rf"{n}^{{\text{{{end}}}}}",
        rf"{n}\text{{{end}}}",
        f"第{n}",
        f"第{n}个",
    ):
        assert verdict(text, str(n)) is True
        assert verdict(str(n), text) is True
        assert verdict(text, str(n + 1)) is False


# --- words and sequences


@given(st.permutations("ABCD"), st.permutations("ABCD"))
def test_the_order_of_a_sequence_counts(one, other):
    for joint in ("", " "):
        assert verdict(joint.join(one), joint.join(other)) is (one == other)
        text = rf"\text{{{joint.join(one)}}}"
        assert verdict(text, joint.join(other)) is (one == other)


@given(st.permutations("1234"), st.permutations("1234"))
def test_the_order_of_numbers_with_nothing_between_them_counts(one, other):
    assert verdict(" ".join(one), " ".join(other)) is (one == other)
    assert verdict(" ".join(one), ", ".join(other)) is (one == other)
    assert verdict(" ".join(one), "".join(other)) is not True


WORDS = ("cat", "act", "dog", "god", "saw", "was", "no", "on", "tea", "eat", "ate", "listen",
         "silent", "left", "felt", "abc", "cab", "bac")  # fmt: skip


@pytest.mark.parametrize(("one", "other"), list(itertools.permutations(WORDS, 2)))
def test_words_are_no_products_of_letters(one, other):
    assert verdict(one, other) is False


@pytest.mark.parametrize("letters", ["xy", "ab", "xyz", "uv", "mn"])
def test_variables_are(letters):
    for order in itertools.permutations(letters):
        product = "".join(order)
        assert verdict(product, letters) is True
        assert verdict(f"2{product}", rf"2 \cdot {letters}") is True
        assert verdict(r" \cdot ".join(order), letters) is True
        assert verdict(f"{product}+1", letters) is False


def test_letters_beside_an_operator_are_variables():
    assert verdict("cba", r"a \cdot b \cdot c") is True
    assert verdict("2cba", "2abc") is True
    assert verdict("BA+1", "AB+1") is True
    assert verdict("BA", "AB") is False


# --- sets of reals


@given(whole, st.integers(1, 30), st.sampled_from("(["), st.sampled_from(")]"))
def test_an_interval_in_every_spelling(low, width, opening, closing):
    high = low + width
    less, at_most = ("<" if opening == "(" else r"\le"), ("<" if closing == ")" else r"\leq")
    more = ">" if opening == "(" else r"\ge"
    reference = f"{opening}{low}, {high}{closing}"
    spellings = [
        f"{low} {less} x {at_most} {high}",
        f"{high} {'>' if closing == ')' else '>='} t {more} {low}",
        rf"x {more} {low} \text{{ and }} x {at_most} {high}",
        rf"x {more} {low}, x {at_most} {high}",
        rf"\{{x \mid {low} {less} x {at_most} {high}\}}",
        rf"\{{x \in \mathbb{{R}} : {low} {less} x {at_most} {high}\}}",
        rf"x \in {opening}{low}, {high}{closing}",
        f"{2 * low} {less} 2x {at_most} {2 * high}",
        f"x \\in {opening}{low}, {low + 1}) \\cup [{low + 1}, {high}{closing}"
        if width > 1
        else reference,
        rf"-{'[' if closing == ']' else '('}{-high}, {-low}{']' if opening == '[' else ')'}"
        if opening != "(" or closing != ")" else reference,
    ]  # fmt: skip
    flipped = "[" if opening == "(" else "("
    for text in spellings:
        assert verdict(text, reference) is True, text
        assert verdict(reference, text) is True, text
        assert verdict(text, f"{opening}{low}, {high + 1}{closing}") is False, text
        assert verdict(text, f"{flipped}{low}, {high}{closing}") is False, text
        assert verdict(text, f"{opening}{low - 1}, {high}{closing}") is False, text


@given(whole, st.integers(1, 30))
def test_what_an_absolute_value_bounds(middle, radius):
    low, high = middle - radius, middle + radius
    inner = f"x - ({middle})"
    assert verdict(f"|{inner}| < {radius}", f"({low},{high})") is True
    assert verdict(rf"|{inner}| \le {radius}", f"[{low},{high}]") is True
    assert verdict(rf"{radius} > |{inner}|", f"{low} < x < {high}") is True
    assert verdict(f"|{inner}| > {radius}", rf"(-\infty,{low}) \cup ({high},\infty)") is True
    assert verdict(f"|{inner}| < {radius}", f"({low},{high + 1})") is False
    assert verdict(f"|{inner}| > {radius}", f"({low},{high})") is False


JOINTS = [" or ", r" \text{ or } ", r" \lor ", "或", " 或者 ", r"\ \text{or}\ "]


@given(whole, st.integers(1, 30), st.sampled_from(JOINTS))
def test_a_union_in_every_spelling(low, width, joint):
    high = low + width
    reference = rf"(-\infty, {low}) \cup [{high}, \infty)"
    spellings = [
        rf"x < {low}{joint}x \ge {high}",
        rf"x \geq {high}{joint}x < {low}",
        rf"(-\infty, {low}){joint}[{high}, \infty)",
        rf"\{{x \mid x < {low}{joint}x \ge {high}\}}",
        rf"\mathbb{{R}} \setminus [{low}, {high})",
        rf"(-\infty, {low}) \text{{ union }} [{high}, +\infty)",
        rf"(-\infty, {low}) U [{high}, \infty)",
    ]
    for text in spellings:
        assert verdict(text, reference) is True, text
        assert verdict(reference, text) is True, text
        assert verdict(text, rf"(-\infty, {low}] \cup [{high}, \infty)") is False, text
        assert verdict(text, rf"(-\infty, {low}) \cup [{high + 1}, \infty)") is False, text
        assert verdict(text, f"[{low}, {high}]") is False, text


@given(whole)
def test_all_but_one(point):
    reference = rf"(-\infty, {point}) \cup ({point}, \infty)"
    for text in (rf"x \neq {point}", rf"\mathbb{{R}} \setminus \{{{point}\}}",
                 rf"\{{x \in \mathbb{{R}} \mid x \ne {point}\}}",
                 f"x < {point} or x > {point}"):  # fmt: skip
        assert verdict(text, reference) is True
        assert verdict(text, rf"x \neq {point + 1}") is False
        assert verdict(text, r"\mathbb{R}") is False


@pytest.mark.parametrize("text", ["[]", "{}", r"\{\}", "∅", r"\emptyset", r"\varnothing", "空集",
                                  r"\text{empty set}", "no solution"])  # fmt: skip
def test_the_empty_set(text):
    for other in ("∅", r"\emptyset", "{}", "[]"):
        assert verdict(text, other) is True
    for other in ("0", r"\{0\}", "(0,1)", r"\{\emptyset\}"):
        assert verdict(text, other) is not True


# --- tuples and names


@given(st.lists(whole, min_size=2, max_size=4))
def test_a_vector_times_a_number(items):
    text = ", ".join(map(str, items))
    doubled, negated = (", ".join(str(k * item) for item in items) for k in (2, -1))
    assert verdict(f"-({text})", f"({negated})") is True
    assert verdict(f"2({text})", f"({doubled})") is True
    assert verdict(rf"\langle {text} \rangle", f"({text})") is True
    assert verdict(f"({text}) + ({text})", f"({doubled})") is True
    assert verdict(f"-({text})", f"({text})") is (not any(items))
    assert verdict(f"2({text})", f"({text})") is (not any(items))


@given(st.lists(st.integers(0, 9), min_size=2, max_size=3, unique=True), st.data())
def test_named_values_in_any_order_are_the_tuple_of_their_names(values, data):
    names = "xyz"[: len(values)]
    pairs = data.draw(st.permutations(list(zip(names, values, strict=True))))
    reference = f"({','.join(map(str, values))})"
    wrong = f"({','.join(map(str, reversed(values)))})"
    left, right = (",".join(str(pair[k]) for pair in pairs) for k in (0, 1))
    for text in (", ".join(f"{name}={value}" for name, value in pairs),
                 r" \text{ and } ".join(f"{name} = {value}" for name, value in pairs),
                 f"({left})=({right})"):  # fmt: skip
        assert verdict(text, reference) is True
        assert verdict(reference, text) is True
        assert verdict(text, wrong) is False
        assert verdict(text, f"({','.join(names)}) = {reference}") is True


@given(st.lists(whole, min_size=2, max_size=4, unique=True), st.data())
def test_roots_with_names(values, data):
    order = data.draw(st.permutations(values))
    text = ", ".join(f"x_{k} = {value}" for k, value in enumerate(order, 1))
    plain = ", ".join(map(str, values))
    for spelled in (
        text,
        " or ".join(f"x={value}" for value in order),
        "x = " + ", ".join(map(str, order)),
    ):
        assert verdict(spelled, plain) is True
        assert verdict(plain, spelled) is True
        assert verdict(spelled, text) is True
        assert verdict(spelled, f"{plain}, 51") is False
        assert verdict(spelled, str(values[0])) is False


# --- times of day


@given(st.integers(0, 23), st.integers(0, 59))
def test_a_time_in_every_spelling(hour, minute):
    half, shown = ("AM", "PM")[hour >= 12], (hour % 12) or 12
    day = "上午" if hour < 12 else "下午"
    reference = f"{shown}:{minute:02} {half}"
    other = f"{shown}:{minute:02} {('PM', 'AM')[hour >= 12]}"
    later = f"{shown}:{(minute + 1) % 60:02} {half}"
    spellings = [f"{shown}:{minute:02} {half.lower()}",
                 rf"{shown}:{minute:02} \text{{ {half[0].lower()}.m.}}",
                 f"{day}{shown}点{minute}分", f"{day}{shown}:{minute:02}"]  # fmt: skip
    if hour > 12 or hour == 0:
        spellings += [f"{hour}:{minute:02}", f"{hour:02}:{minute:02}:00"]
    for text in spellings:
        assert verdict(text, reference) is True, text
        assert verdict(reference, text) is True, text
        assert verdict(text, other) is False, text
        assert verdict(text, later) is False, text
    if minute and hour:
        reduced = Fraction(hour, minute)
        if reduced.denominator != minute:
            assert verdict(f"{hour}:{minute:02}", str(reduced)) is False


# --- choices with a value


@given(st.sampled_from("ABCDE"), st.integers(0, 99))
def test_a_choice_with_its_value_is_either(letter, value):
    wrong = "ABCDE"["ABCDE".index(letter) - 1]
    for text in (rf"\textbf{{({letter})}}\ {value}", rf"\text{{({letter})}} {value}",
                 f"({letter}) {value}", f"{letter}. {value}",
                 rf"\textbf{{({letter}) }}{value}"):  # fmt: skip
        assert verdict(text, letter) is True
        assert verdict(text, str(value)) is True
        assert verdict(letter, text) is True
        assert verdict(str(value), text) is True
        assert verdict(text, wrong) is False
        assert verdict(text, str(value + 1)) is False
        assert verdict(text, rf"\textbf{{({letter})}}\ {value + 1}") is False
        assert verdict(text, rf"\textbf{{({wrong})}}\ {value}") is False


# --- a tolerance, and several references as one list


@given(st.integers(1, 10**4), st.integers(2, 97))
def test_a_tolerance_is_relative_and_for_decimals_alone(above, below):
    exact = Fraction(above, below)
    near = f"{float(exact) * 1.004:.8f}"
    far = f"{float(exact) * 1.02:.8f}"
    reference = rf"\frac{{{above}}}{{{below}}}"
    assert verdict(near, reference, tolerance=1e-2) is True
    assert verdict(far, reference, tolerance=1e-2) is False
    assert verdict(f"-{near}", reference, tolerance=1e-2) is False
    assert verdict(near, reference) is (Fraction(near) == exact)
    assert verdict(f"{1000 * above + 1}", f"{1000 * above}", tolerance=1e-2) is False


def test_a_tolerance_is_a_share_of_the_reference_not_of_the_answer():
    assert verdict("11.05", "10.0", tolerance=0.1) is False
    assert verdict("10.0", "11.05", tolerance=0.1) is True
    assert verdict("11.0", "10.0", tolerance=0.1) is True  # just at its end


@given(st.lists(whole, min_size=1, max_size=5, unique=True), st.data())
def test_a_list_of_answers_is_right_if_it_holds_each_and_nothing_else(values, data):
    gold = list_of([answer_of(str(value)) for value in values])
    order = data.draw(st.permutations(values))
    assert same(answer_of(", ".join(map(str, order))), gold) is True
    assert same(answer_of(", ".join(map(str, [*order, 51]))), gold) is False
    if len(values) > 1:
        assert same(answer_of(", ".join(map(str, order[1:]))), gold) is False


# --- no text breaks the reader

PIECES = sorted(
    name_set(
        r"\frac \sqrt { } ( ) [ ] 1 23 x y + - / ^ _ , = < > | ! % \pi e \infty \text{km} hours"
        r" \sin \cup \{ \} ° °C $ \$ € 0xFF 0.1(6) 0.\dot3 \langle \rangle or and \setminus \mid"
        r" : 3:45 PM 米 元 小时 分 in \in \mathbb{R} \le \neq x_1 _{16} 2A cat ABC 12th \text{2a}"
        r" \begin{cases} \end{cases} \\ & \begin{pmatrix} \end{pmatrix} ‰ per ^2 because dozen"
        r" 万 \textbf{(C)} . \vec"
    )
)
texts = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(["", "", " "])), max_size=12)


@given(texts, texts, st.sampled_from(["ignore_missing", "require"]), st.sampled_from([0.0, 1e-2]))
def test_no_mixture_of_forms_breaks_the_reader(answer, reference, units, tolerance):
    given_text, gold = ("".join(a + b for a, b in pieces) for pieces in (answer, reference))
    verdict = same(answer_of(given_text), answer_of(gold), units=units, tolerance=tolerance)
    assert verdict in (True, False, None)
    assert same(answer_of(given_text), answer_of(given_text)) is not False
