"""Units: conversions by factors written down here, spellings, and what never is one unit."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.answers.latex_equal import answer_of, other_units, same
from plaudit.answers.units import is_unit, readings

# Spellings of one unit, and how many of the first unit of its group it is. The factors are those of
# NIST Special Publication 811, appendix B, and of GB 3100; the table of the package is not read.
GROUPS = {
    "length": [
        (("m", "meters", "metre", "米"), "1"),
        (("cm", "centimeters", "厘米", "公分"), "0.01"),
        (("mm", "millimetres", "毫米"), "0.001"),
        (("km", "kilometers", "千米", "公里"), "1000"),
        (("inches", "inch", "英寸"), "0.0254"),
        (("feet", "ft", "foot", "英尺"), "0.3048"),
        (("yards", "yd"), "0.9144"),
        (("miles", "mile", "mi", "英里"), "1609.344"),
    ],
    "area": [
        (("m^2", "square meters", "sq m", "平方米", "meters squared"), "1"),
        (("cm^2", "square centimeters", "平方厘米"), "0.0001"),
        (("km^2", "square kilometers", "平方公里"), "1000000"),
        (("square feet", "ft^2", "sq ft"), "0.09290304"),
        (("hectares", "公顷"), "10000"),
        (("acres",), "4046.8564224"),
    ],
    "volume": [
        (("m^3", "cubic meters", "立方米"), "1"),
        (("cm^3", "cubic centimeters", "cc", "mL", "毫升", "立方厘米"), "0.000001"),
        (("liters", "L", "升"), "0.001"),
        (("gallons",), "0.003785411784"),
        (("quarts",), "0.000946352946"),
    ],
    "mass": [
        (("kg", "kilograms", "千克", "公斤"), "1"),
        (("g", "grams", "克"), "0.001"),
        (("mg", "毫克"), "0.000001"),
        (("斤",), "0.5"),
        (("lb", "pounds", "lbs"), "0.45359237"),
        (("吨", "tonnes", "tons"), "1000"),
    ],
    "time": [
        (("s", "seconds", "sec", "秒"), "1"),
        (("min", "minutes", "分钟", "分"), "60"),
        (("h", "hours", "hrs", "小时"), "3600"),
        (("days", "天"), "86400"),
        (("weeks", "周", "星期"), "604800"),
    ],
    "speed": [
        (("m/s", "meters per second", "米/秒", "米每秒"), "1"),
        (("km/h", "kilometers per hour", "千米/时", "公里每小时"), "5/18"),
        (("mph", "miles per hour", "miles/hour"), "0.44704"),
    ],
    "dollars": [(("dollars", "USD", "美元"), "1"), (("cents", "美分"), "0.01")],
    "yuan": [(("元", "yuan"), "1"), (("角",), "0.1"), (("分",), "0.01")],
    "euros": [(("euros", "€", "欧元"), "1")],
    "years": [(("years", "年"), "1"), (("months", "个月"), "1/12")],
}
UNITS = [
    (group, spellings, Fraction(factor))
    for group, rows in GROUPS.items()
    for spellings, factor in rows
]
units = st.sampled_from(UNITS)
amounts = st.fractions(min_value=0, max_value=10_000, max_denominator=200).filter(bool)


def quantity(x, unit):
    r"""A quantity as an answer has it; Latin letters in a `\text`, powers behind it."""
    number = str(x) if x.denominator == 1 else rf"\frac{{{x.numerator}}}{{{x.denominator}}}"
    if not unit.isascii() or "/" in unit:
        return f"{number} {unit}" if not unit.isascii() else rf"{number}\ \mathrm{{{unit}}}"
    name, _, power = unit.partition("^")
    return rf"{number}\text{{ {name}}}" + (f"^{power}" if power else "")


def verdict(answer, reference, **policy):
    return same(answer_of(answer), answer_of(reference), **policy)


@pytest.mark.parametrize("row", UNITS, ids=lambda row: row[1][0])
def test_a_quantity_is_itself_in_every_spelling(row):
    _, spellings, _ = row
    for one in spellings:
        for other in spellings:
            assert verdict(quantity(Fraction(7, 2), one), quantity(Fraction(7, 2), other)) is True
            assert verdict(quantity(Fraction(7, 2), one), quantity(Fraction(9, 2), other)) is False
        assert verdict(quantity(Fraction(7, 2), one), "3.5") is True
        assert verdict("3.5", quantity(Fraction(7, 2), one)) is True
        assert verdict("3.5", quantity(Fraction(7, 2), one), units="require") is False


@given(amounts, units, units, st.data())
def test_conversion_is_exact_there_and_back(x, unit, other, data):
    (group, spellings, factor), (kind, others, scale) = unit, other
    one, two = data.draw(st.sampled_from(spellings)), data.draw(st.sampled_from(others))
    converted = x * factor / scale
    if "分" in (one, two) and group != kind:
        return  # a minute or a hundredth of a yuan
    is_equal = group == kind
    assert verdict(quantity(x, one), quantity(converted, two)) is is_equal
    assert verdict(quantity(converted, two), quantity(x, one)) is is_equal
    assert verdict(quantity(x, one), quantity(converted * Fraction(1001, 1000), two)) is False


@given(amounts, units, units)
def test_the_same_number_of_another_unit_is_another_quantity(x, unit, other):
    (group, spellings, factor), (kind, others, scale) = unit, other
    if {group, kind} != {"time", "yuan"} and (group, factor) != (kind, scale):
        assert verdict(quantity(x, spellings[0]), quantity(x, others[0])) is False


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_parts_of_ever_smaller_units_are_one_quantity(hours, minutes, seconds):
    total = 3600 * hours + 60 * minutes + seconds
    for text in (
        f"{hours} hours {minutes} minutes {seconds} seconds",
        rf"{hours}\text{{ h }}{minutes}\text{{ min }}{seconds}\text{{ s}}",
        f"{hours} hours, {minutes} minutes, and {seconds} seconds",
        f"{hours}小时{minutes}分{seconds}秒",
    ):
        assert verdict(text, f"{total} seconds") is True
        assert verdict(text, f"{total + 1} seconds") is False
        assert verdict(f"{total}秒", text) is True
        assert verdict(text, rf"\frac{{{total}}}{{60}}\text{{ min}}") is True


@pytest.mark.parametrize("text", ["3 minutes 2 hours", "3 km 5 kg", "3 hours 20", "5 feet 6 6"])
def test_parts_that_do_not_get_smaller_are_no_quantity(text):
    for reference in ("200 minutes", "3", "20", "5 feet", "3 km"):
        assert verdict(text, reference) is not True


@given(st.integers(-100, 200))
def test_temperatures_have_different_zeros(celsius):
    fahrenheit = Fraction(celsius * 9, 5) + 32
    other = quantity(fahrenheit, "degrees Fahrenheit")
    for text in (f"{celsius}°C", rf"{celsius}^\circ\text{{C}}", f"{celsius}摄氏度", f"{celsius}℃"):
        assert verdict(text, other) is True
        assert verdict(text, quantity(fahrenheit + 1, "degrees Fahrenheit")) is False
        assert verdict(text, str(celsius)) is True
    if celsius != -40:
        assert verdict(f"{celsius}°C", f"{celsius}°F") is False


@pytest.mark.parametrize(
    "words",
    ["clips", "个苹果", "apples", "units", "square units", "ways", "right triangles", "个", "人",
     "distinct integers", "passengers", "positive integers"],
)  # fmt: skip
def test_what_is_counted_is_no_unit(words):
    assert readings(words) == ()
    assert verdict(f"42 {words}", "42") is True
    assert verdict("42", f"42 {words}", units="require") is True
    assert verdict(f"42 {words}", "43") is False


@pytest.mark.parametrize("words", ["squared", "cubed", "half", "less than", "or more", "at most",
                                   "factorial", "plus one", "if true", "not"])  # fmt: skip
def test_words_that_change_the_number_are_no_unit(words):
    assert verdict(f"42 {words}", "42") is not True
    assert verdict(rf"42\text{{ {words}}}", "42") is not True


def test_what_is_behind_the_unit_does_not_matter_but_the_unit_does():
    assert verdict(r"12\text{ cm long}", "12 cm") is True
    assert verdict("12米长", "12米") is True
    assert verdict("12米长", "12厘米长") is False
    assert verdict("7 miles from home", "7 km from home") is False
    assert verdict("5 dollars per person", "$5") is True


def test_a_letter_is_a_unit_only_where_the_other_side_has_one():
    assert verdict("5 m", r"5\text{ m}") is True
    assert verdict("5 m", r"500\text{ cm}") is True
    assert verdict("5 m", "5") is False
    assert verdict("5m", "5m") is True
    assert verdict("5 m", "5 n") is False
    assert verdict(r"3 m/s", r"3\text{ m/s}") is True


@pytest.mark.parametrize("sign", ["$", r"\$", "€", "£", "¥"])
@pytest.mark.parametrize("form", ["{}5", "{} 5", "-{}5", "{}-5"])
def test_a_currency_sign_is_a_unit_of_the_number_behind_it(sign, form):
    text = form.format(sign)
    value = "-5" if "-" in form else "5"
    assert verdict(text, value) is True
    assert verdict(text, text) is True
    for other in ("$", "€", "£", "¥"):
        if other != sign.lstrip("\\"):
            assert verdict(text, form.format(other)) is False
    assert verdict(text, f"{value}, {value}") is not None


def test_a_reason_names_both_units():
    assert other_units(answer_of("12 cm"), answer_of("12 kg")) == "cm does not convert to kg"
    assert other_units(answer_of("12 cm"), answer_of("12 m")) is None
    assert other_units(answer_of("12 clips"), answer_of("12 m")) is None


def test_letters_are_case_sensitive_where_that_changes_the_unit():
    assert readings("MB") != readings("mm")
    assert verdict("5 mW", "5 MW") is not True
    assert is_unit("Km")
