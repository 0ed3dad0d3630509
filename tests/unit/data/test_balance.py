"""Balance: counts and lengths of selected rows, and columns held to their shares."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.data.balance import Balance, Facts, main_script, within_shares
from plaudit.errors import ConfigError


def report(*facts):
    balance = Balance()
    for one in facts:
        balance.add(one)
    return balance.report()


def test_pairs():
    told = report(
        Facts(30, 10, "latin", True, {"source": "a"}),
        Facts(5, 15, "latin", False, {"source": "b"}),
        Facts(7, 7, "han", False, {"source": "a"}),
    )
    assert told["longer_wins"] == 0.5
    assert told["equal_length"] == pytest.approx(1 / 3)
    assert told["chosen_first"] == pytest.approx(1 / 3)
    assert told["chosen_chars"] == {"mean": 14, "median": 7}
    assert told["rejected_chars"]["median"] == 10
    assert told["scripts"] == {"latin": 2, "han": 1}
    assert told["columns"] == {"source": {"a": 2, "b": 1}}


def test_samples_and_prompts_tell_what_they_have():
    assert "rejected_chars" not in report(Facts(3, None, "latin"))
    assert report(Facts()) == {"rows": 1, "scripts": {}, "columns": {}}
    assert report()["rows"] == 0


def test_pairs_of_equal_length_have_no_longer_one():
    assert report(Facts(3, 3))["longer_wins"] is None


def test_a_column_of_many_values_is_bounded():
    told = report(*(Facts(columns={"id": str(i)}) for i in range(80)))
    assert len(told["columns"]["id"]) == 51
    assert told["columns"]["id"]["(other values)"] == 30


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Hello there", "latin"),
        ("你好，世界", "han"),
        ("これはペンです", "kana"),
        ("Привет, мир", "cyrillic"),
        ("12 + 3", ""),
    ],
)
def test_the_main_script(text, script):
    assert main_script(text) == script


def test_shares_hold_and_nothing_goes_needlessly():
    values = ["a"] * 60 + ["b"] * 25 + ["c"] * 15
    gone = within_shares({"v": values}, {"v": 0.4}, list(range(100)))
    kept = Counter(v for v, why in zip(values, gone, strict=True) if why is None)
    assert kept == {"a": 26, "b": 25, "c": 15}  # 26 of 66 is 39.4 %, 27 of 67 were 40.3 %


def test_the_least_in_order_stay_wherever_they_stand():
    values, order = ["a", "a", "a", "b", "c", "d"], [5, 1, 9, 0, 0, 0]
    gone = within_shares({"v": values}, {"v": 0.3}, order)
    assert gone == ["v", None, "v", None, None, None]
    turned = within_shares({"v": values[::-1]}, {"v": 0.3}, order[::-1])
    assert turned == gone[::-1]


def test_too_few_values_for_the_share():
    with pytest.raises(ConfigError, match=r"'v'.*2 of them, 'a', 'b'; allow at least 0\.5"):
        within_shares({"v": ["a", "b"]}, {"v": 0.3}, [0, 1])


def test_no_rows_and_no_shares():
    assert within_shares({"v": []}, {"v": 0.3}, []) == []
    assert within_shares({}, {}, [1, 2]) == [None, None]


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz")), max_size=60),
    st.floats(0.26, 1), st.floats(0.34, 1),
)  # fmt: skip
def test_every_share_holds_at_the_end(rows, first, second):
    columns = {"one": [a for a, _ in rows], "two": [b for _, b in rows]}
    try:
        gone = within_shares(columns, {"one": first, "two": second}, list(range(len(rows))))
    except ConfigError:
        return
    for values, share in ((columns["one"], first), (columns["two"], second)):
        kept = Counter(v for v, why in zip(values, gone, strict=True) if why is None)
        assert all(count <= share * kept.total() + 1e-6 for count in kept.values())
