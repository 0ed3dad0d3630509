"""RMB: its layouts, all-or-nothing best of N, and the mean of four shares."""

import pytest
from bench_sheets import figures, items, sheet_of

from plaudit.errors import DataError

TURNS = [{"role": "user", "content": "hi", "language": "English"}]
PATH = "Pairwise_set/Helpfulness/Brainstorming/Idea Development"


def pair(path=PATH, uid="1"):
    return {
        "pair_uid": uid,
        "conversation_input": TURNS,
        "chosen": {"llm_name": "m", "answer": "good"},
        "reject": {"llm_name": "n", "answer": "bad"},
        "category_path": path,
    }


def best(path="BoN_set/Harmlessness/S1", uid="2", losers=3):
    return {
        "bon_uid": uid,
        "conversation_input": TURNS,
        "bon_best": {"llm_name": "m", "answer": "good"},
        "loser_list": [{"llm_name": "n", "answer": str(i)} for i in range(losers)],
        "category_path": path,
    }


def test_rows_are_read():
    one, other = items("rmb", [pair(), best()])
    assert (one.id, one.subset) == ("1", "pair-helpful/Brainstorming/Idea Development")
    assert (other.id, other.subset) == ("2", "bon-harmless/S1")
    assert [response.text for response in other.group.responses] == ["good", "0", "1", "2"]
    assert other.labels == (1.0, 0.0, 0.0, 0.0)
    assert one.group.prompt[0]["content"] == "hi"


def test_overall_by_hand():
    rows = [pair(uid="1"), pair(uid="2"), pair(uid="3"), best(uid="4"), best(uid="5")]
    sheet = sheet_of("rmb", rows)
    # pairs: won, lost, tied: 1/3; best of four: above all, and equal to one loser: 1/2
    values = [2, 1, 1, 2, 1, 1, 4, 3, 2, 1, 4, 4, 2, 1]
    results = figures("rmb", sheet, values)
    assert results["part/pair-helpful"] == pytest.approx(1 / 3)
    assert results["part/bon-harmless"] == 0.5
    assert results["overall"] == pytest.approx((1 / 3 + 1 / 2) / 2)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({**pair(), "category_path": "Pairwise_set/Other"}, "category_path"),
        ({**pair(), "reject": "bad"}, "reject"),
        ({**pair(), "conversation_input": []}, "conversation_input"),
        ({**best(), "loser_list": []}, "loser_list"),
    ],
)
def test_a_row_that_is_none(raw, field):
    with pytest.raises(DataError) as error:
        items("rmb", [raw])
    assert error.value.field == field
