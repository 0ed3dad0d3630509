"""Citation grammars, and ids that do not exist."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import ConfigError, DataError
from plaudit.rules.citation import correct, exist, marked
from plaudit.text.citations import GRAMMARS, citations

DOCUMENTS = ["one", "two", "three"]


@pytest.mark.parametrize(
    ("text", "grammar", "ids"),
    [
        ("a [1] b [2, 3][12]", "brackets", ["1", "2", "3", "12"]),
        ("a [2-4] b [5–6]", "brackets", ["2", "3", "4", "5", "6"]),
        ("a [4-2] b [1-999]", "brackets", ["4-2", "1-999"]),
        ("[1](https://a.org) [a] [] [1", "brackets", []),
        ("天空是蓝的【1】。【doc3†source】【1、2】", "lenticular", ["1", "doc3", "1", "2"]),
        ('<cite>1</cite> <cite id="d-2"> <cite id="3"/>', "cite", ["1", "d-2", "3"]),
        ("<cite>1 <cite></cite>", "cite", []),
        (
            "(Lee, 2020) (Lee and Wu 2021) (Öz et al., 2019b) (see 2020)",
            "author_year",
            ["Lee 2020", "Lee and Wu 2021", "Öz et al. 2019b"],
        ),
    ],
)
def test_grammars(text, grammar, ids):
    assert citations(text, grammar) == ids


def test_marked_counts_lines_of_prose():
    text = "# A heading of length\nThe sky is blue by day [1].\nShort.\nAt night it is all black."
    assert marked(text).value == 0.5
    assert marked(text).parts == {"citations": 1.0}
    assert marked("").value == 0.0


def test_a_bare_list_of_marks_is_not_marked_prose():
    assert marked("[1]\n[2]\n[3][4][5][6][7][8][9]").value == 0.0


@pytest.mark.parametrize(
    "documents",
    [DOCUMENTS, [{"id": 1}, {"id": "2"}], {"1": "one", 2: "two"}],
    ids=["list", "ids", "mapping"],
)
def test_existence(documents):
    assert exist("a [1], b [2].", documents).value == 1.0
    assert exist("no citation", documents).value == 0.0
    assert exist("a [1], b [9].", documents).parts == {
        "citations": 2.0,
        "known": 1.0,
        "forged": 1.0,
    }


@pytest.mark.parametrize("rule", ["exist", "correct"])
def test_a_forged_id_is_not_outweighed_by_good_ones(rule):
    good = "a [1], b [2], c [3]."
    forged = good + " And [4]."
    if rule == "exist":
        score, bad = exist(good, DOCUMENTS), exist(forged, DOCUMENTS)
    else:
        score, bad = correct(good, [1, 2, 3], DOCUMENTS), correct(forged, [1, 2, 3], DOCUMENTS)
    assert (score.value, bad.value, bad.note) == (1.0, 0.0, "no such document: 4")


def test_a_forged_id_in_a_range_or_list_is_seen():
    assert exist("a [1-4].", DOCUMENTS).note == "no such document: 4"
    assert exist("a [1, 7].", DOCUMENTS).note == "no such document: 7"
    assert exist("a [0].", DOCUMENTS).value == 0.0
    assert exist("a [01].", DOCUMENTS).value == 0.0


def test_author_and_year():
    documents = [{"id": "Lee, 2020"}]
    assert exist("So it is (Lee 2020).", documents, grammar="author_year").value == 1.0
    assert exist("So it is (Lee, 2021).", documents, grammar="author_year").value == 0.0


@pytest.mark.parametrize(
    ("text", "right", "value"),
    [
        ("a [1][3]", [1, 3], 1.0),
        ("a [1][1][1]", [1], 1.0),
        ("a [1]", [1, 3], 2 / 3),
        ("a [1][2][3]", [1], 0.5),
        ("a", [1], 0.0),
        ("a", [], 1.0),
        ("a [1]", [], 0.0),
    ],
)
def test_correctness_is_f1(text, right, value):
    assert correct(text, right, DOCUMENTS).value == pytest.approx(value)
    assert correct(text, right).value == pytest.approx(value)


def test_citing_everything_costs_precision():
    score = correct("a [1-3]", [2], DOCUMENTS)
    assert score.parts == {"precision": pytest.approx(1 / 3), "recall": 1.0, "forged": 0.0}


def test_citations_in_the_think_block_are_none():
    assert exist("<think>maybe [1]</think>It is blue.", DOCUMENTS).value == 0.0


def test_malformed_columns_and_grammars():
    with pytest.raises(DataError, match="documents"):
        exist("[1]", "one document")
    with pytest.raises(DataError, match="cited_ids"):
        correct("[1]", 1)
    with pytest.raises(ConfigError, match="did you mean 'brackets'"):
        marked("[1]", grammar="bracket")


@given(st.text(alphabet="[]【】1,-(A 2020)<cite>/"), st.sampled_from(sorted(GRAMMARS)))
def test_any_text_is_scored(text, grammar):
    assert exist(text, DOCUMENTS, grammar=grammar).value in (0.0, 1.0)
    assert 0 <= correct(text, [1], DOCUMENTS, grammar=grammar).value <= 1
    assert 0 <= marked(text, grammar=grammar).value <= 1
