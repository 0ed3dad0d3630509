"""Variables in double braces: paths, forms of values, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.errors import ConfigError
from plaudit.text.moustache import NoValue, Variable, moustache

NAMES = {
    "item": {"a": "x", "n": 1.0, "yes": True, "more": [{"b": "y"}], "my key": "z", "字": "w"},
    "sample": {"output_text": "{{item.a}}"},
}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{{item.a}}", "x"),
        ("{{ item.a }}-{{item.n}}-{{item.yes}}", "x-1.0-true"),
        ("{{item.more[0].b}}", "y"),
        ("{{item.more}}", '[{"b": "y"}]'),
        ("""{{item["my key"]}}{{item['my key']}}""", "zz"),
        ("{{item.字}}", "w"),
        ("{a} {{item.a}} }} {", "{a} x }} {"),
        ("{{sample.output_text}}", "{{item.a}}"),
        ("", ""),
    ],
)
def test_values(text, filled):
    assert moustache(text).fill(NAMES) == filled


def test_numpy_values_are_written_as_python_has_them():
    np = pytest.importorskip("numpy")
    item = {"n": np.float64(1.5), "list": np.array([1, 2]), "in": {"deep": np.int64(3)}}
    text = "{{item.n}} {{item.list}} {{item.list[1]}} {{item.in}}"
    assert moustache(text).fill({"item": item}) == '1.5 [1, 2] 2 {"deep": 3}'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{item.b}}", "item has no 'b'"),
        ("{{item.more[1]}}", r"item.more has no 1"),
        ("{{item.a.b}}", "item.a is a text, not a mapping"),
        ("{{item.a[0]}}", "item.a is a text, not a list"),
        ("{{item.none}}", "item.none is None"),
        ("{{item.nan}}", "item.nan is nan"),
        ("{{item.odd}}", "is not JSON"),
    ],
)
def test_what_has_no_value(text, why):
    item = {"a": "x", "more": [1], "none": None, "nan": float("nan"), "odd": {1, 2}}
    with pytest.raises(NoValue, match=why) as caught:
        moustache(text).fill({"item": item})
    assert caught.value.namespace == "item"


@pytest.mark.parametrize(
    "text", ["{{}}", "{{ item }}", "{{row.a}}", "{{item.}}", "{{item.a b}}", "{{item[x]}}", 7]
)
def test_what_is_no_variable(text):
    with pytest.raises(ConfigError):
        moustache(text)


@given(st.text(), st.text())
def test_values_are_never_read_again(prefix, value):
    text = f"{prefix.replace('{', '').replace('}', '')}{{{{item.a}}}}"
    assert moustache(text).fill({"item": {"a": value}}).endswith(value)
    assert moustache(text).variables == (Variable("item", ("a",)),)
