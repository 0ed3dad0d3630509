"""`plaudit.score` takes rows of any shape and keeps bad ones in place."""

from __future__ import annotations

import asyncio
import math

import pytest

import plaudit
from plaudit import Group, Response, Score, ScoringError
from plaudit.data.api import reward_of, scored
from plaudit.data.rows import Layout
from plaudit.errors import ConfigError, DataError

LENGTH = "rules.baseline.length"
RAWS = [{"prompt": "q", "response": "four"}, {"prompt": "q", "responses": ["a", "bc"]}]


def same(response: str, reference: str) -> float:
    return float(response == reference)


def picky(response: str) -> float:
    if response == "hostile":
        raise ScoringError("too large", fault="response")
    if response == "unlucky":
        raise ScoringError("judge down", fault="system")
    return 1.0


class TestRows:
    def test_dicts_and_groups(self):
        group = Group("q", ["abc"], {"reference": "abc"}, id="g")
        scores = plaudit.score(LENGTH, [*RAWS, group])
        assert scores.values == [4.0, [1.0, 2.0], 3.0]
        assert [result.index for result in scores] == [0, 1, 2]
        assert scores[2].group is group
        assert scores.to_rows()[2] == {
            "id": "g",
            "prompt": [{"role": "user", "content": "q"}],
            "responses": ["abc"],
            "reference": "abc",
            "reward": 3.0,
            "reward_scores": [{"value": 3.0}],
        }

    def test_any_iterable(self):
        assert plaudit.score(LENGTH, (raw for raw in RAWS)).values == [4.0, [1.0, 2.0]]

    def test_lists(self):
        scores = plaudit.score(same, responses=["4", "5"], reference=["4", "4"])
        assert scores.values == [1.0, 0.0]
        scores = plaudit.score(
            same, prompts=["a", "b"], responses=[["4", "5"], ["6"]], reference=["4", "6"]
        )
        assert scores.values == [[1.0, 0.0], [1.0]]
        assert scores[0].group.prompt == ({"role": "user", "content": "a"},)

    def test_token_ids_beside_responses(self):
        scores = plaudit.score(
            plaudit.load(LENGTH, unit="tokens"), responses=["a", "b"], token_ids=[[1, 2], [3]]
        )
        assert scores.values == [2.0, 1.0]

    def test_an_object_of_columns(self):
        assert plaudit.score(LENGTH, {"response": ["a", "bc"], "n": [1, 2]}).values == [1.0, 2.0]

    def test_a_path(self, tmp_path):
        path = tmp_path / "a.jsonl"
        path.write_text('{"q": "x", "out": "four"}\n{\n')
        for source in (path, str(path)):
            scores = plaudit.score(LENGTH, source, columns={"prompt": "q", "response": "out"})
            assert scores.values[0] == 4.0
            assert scores.errors[0].startswith(f"{path}:2: broken JSON at column 2")

    def test_pandas_and_arrow(self):
        pandas = pytest.importorskip("pandas")
        pa = pytest.importorskip("pyarrow")
        columns = {"response": ["a", "bc", None], "reference": ["a", None, "x"]}
        for table in (pandas.DataFrame(columns), pa.table(columns)):
            scores = plaudit.score(LENGTH, table)
            assert scores.values[:2] == [1.0, 2.0]
            assert math.isnan(scores.values[2])

    def test_datasets(self):
        datasets = pytest.importorskip("datasets")
        data = datasets.Dataset.from_dict({"response": ["a", "bc"]})
        assert plaudit.score(LENGTH, data).values == [1.0, 2.0]

    def test_worker_processes_give_the_same(self):
        scores = plaudit.score(LENGTH, RAWS * 3, workers=2)
        assert scores.values == [4.0, [1.0, 2.0]] * 3

    def test_no_rows(self):
        scores = plaudit.score(LENGTH, [])
        assert (len(scores), scores.values, scores.num_unscored) == (0, [], 0)
        assert math.isnan(scores.mean)

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({}, "either rows, or lists"),
            ({"rows": RAWS, "responses": ["a"]}, "either rows, or lists"),
            ({"responses": ["a"], "reference": ["a", "b"]}, "response 1, reference 2"),
            ({"responses": "abc"}, "response: expected a list with one item for each row"),
            ({"responses": ["a"], "reference": 3}, "reference: expected a list"),
            ({"rows": 3}, "expected rows, a table or a path, found 3"),
        ],
    )
    def test_arguments_that_do_not_fit(self, options, told):
        with pytest.raises(ConfigError, match=told):
            plaudit.score(LENGTH, **options)


class TestRewards:
    def test_what_may_stand_for_a_reward(self, tmp_path):
        recipe = tmp_path / "r.yaml"
        recipe.write_text("use: rules.baseline.length\n")
        ours = plaudit.load(LENGTH)
        for reward in (LENGTH, ours, {"use": LENGTH}, recipe, str(recipe)):
            assert plaudit.score(reward, responses=["abc"]).values == [3.0]
        assert reward_of(ours) is ours

    def test_a_shipped_recipe(self):
        name = plaudit.recipes()[0]
        assert isinstance(reward_of(name), plaudit.Reward)

    def test_misspelt_names_have_close_matches(self):
        with pytest.raises(ConfigError, match=r"did you mean 'rules\.baseline\.length'"):
            plaudit.score("rules.baseline.lenght", responses=["a"])
        with pytest.raises(ConfigError, match="no recipe 'r1-zreo'"):
            plaudit.score("r1-zreo", responses=["a"])

    @pytest.mark.parametrize("reward", [3, None, plaudit.Group, []])
    def test_what_may_not(self, reward):
        with pytest.raises(ConfigError, match="expected a reward, its import path"):
            plaudit.score(reward, responses=["a"])


class TestBadRows:
    ROWS = [
        {"response": "ok"},
        {"response": None},
        {"response": "unlucky"},
        {"response": "hostile"},
    ]

    def lifted(self):
        return plaudit.lift(picky, on_response_fault=-1.0)

    def test_they_stay_in_place_and_are_counted(self):
        scores = plaudit.score(self.lifted(), self.ROWS)
        assert [str(v) for v in scores.values] == ["1.0", "nan", "nan", "-1.0"]
        assert (scores.num_unscored, scores.num_faulted) == (2, 2)
        assert scores.faulted == {"response": 1, "system": 1}
        assert scores.mean == 0.0
        assert scores.errors == [
            "row 2: field 'response': expected text, found null",
            "row 3: judge down",
            "row 4: too large",
        ]
        assert repr(scores) == (
            "Scores(mean 0 over 2 scored, 2 unscored, faults: 1 response, 1 system;"
            " first error: row 2: field 'response': expected text, found null)"
        )

    def test_a_row_that_the_rule_cannot_use_is_placed(self):
        rows = [{"responses": ["a", "b"]}, {"response": "a", "reference": "a"}]
        scores = plaudit.score(same, rows)
        assert math.isnan(scores.values[0][0])
        assert math.isnan(scores.values[0][1])
        assert scores.values[1] == 1.0
        assert scores.num_unscored == 2
        assert scores.errors[0].startswith("row 1: field 'reference': missing column")

    def test_strict_raises_with_the_place(self):
        with pytest.raises(DataError, match=r"^row 2: field 'response': expected text"):
            plaudit.score(self.lifted(), self.ROWS, strict=True)
        with pytest.raises(DataError, match=r"^row 1: field 'reference': missing column"):
            plaudit.score(same, [{"response": "a"}], strict=True)

    def test_strict_gives_all_rows_before_the_bad_one(self):
        rows = [Layout().row(raw, "f", i) for i, raw in enumerate(self.ROWS, 1)]
        found = scored(self.lifted(), rows, strict=True)
        assert next(found)[1].scores == [Score(1.0)]
        with pytest.raises(DataError, match=r"^f:2: "):
            next(found)

    def test_what_is_no_row(self):
        scores = plaudit.score(LENGTH, [3, {"response": "a"}])
        assert scores.errors == ["row 1: expected a dict or a Group, found 3"]
        assert scores.values[1] == 1.0

    def test_bad_responses_in_a_list_name_their_place(self):
        scores = plaudit.score(self.lifted(), [{"responses": ["ok", "hostile"]}])
        assert scores.errors == ["row 1: response 1: too large"]
        assert scores.values == [[1.0, -1.0]]


class TestScores:
    def test_slices(self):
        scores = plaudit.score(LENGTH, RAWS)
        assert scores[1:].values == [[1.0, 2.0]]
        assert scores[-1].scores[1].value == 2.0

    def test_to_pandas(self):
        pytest.importorskip("pandas")
        frame = plaudit.score(LENGTH, responses=["a", "bc"], level=[1, 2]).to_pandas("length")
        assert list(frame.columns) == ["response", "level", "length", "length_scores"]
        assert frame["length"].tolist() == [1.0, 2.0]

    def test_to_arrow(self):
        pytest.importorskip("pyarrow")
        table = plaudit.score(LENGTH, [*RAWS[:1], {"response": None}]).to_arrow()
        assert table.column("reward").to_pylist() == [4.0, None]
        assert table.column("reward_error").to_pylist()[1].startswith("row 2: ")

    def test_a_group_keeps_the_columns_of_its_responses_in_its_score(self):
        group = Group("q", [Response("a", columns={"model": "m"}), "bc"])
        scores = plaudit.score(LENGTH, [group])
        assert scores.values == [[1.0, 2.0]]
        assert scores[0].group.responses[0].columns == {"model": "m"}


class TestEventLoops:
    def test_score_inside_a_running_loop(self):
        async def main():
            return plaudit.score(LENGTH, RAWS).values

        assert asyncio.run(main()) == [4.0, [1.0, 2.0]]

    def test_ascore_lets_the_loop_go_on(self):
        async def main():
            return (await plaudit.ascore(LENGTH, responses=["four"], workers=0)).mean

        assert asyncio.run(main()) == 4.0


def test_importing_plaudit_loads_no_data_module():
    import subprocess
    import sys

    code = (
        "import sys, plaudit; plaudit.load('rules.baseline.length');"
        "print([m for m in sys.modules if m.startswith('plaudit.data')])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


class TestCheckRows:
    def test_each_part_reads_its_columns(self):
        rows = [
            {"prompt": "p", "response": "4", "answer": "4"},
            {"prompt": "p", "response": "4"},
            {"prompt": "p", "response": None, "answer": "4"},
            {"prompt": "p", "response": "4", "answer": "{"},
        ]
        errors = plaudit.check_rows("r1", rows)
        assert [error.where for error in errors] == ["row 2", "row 3", "row 4"]
        assert [error.field for error in errors] == ["reference", "response", "reference"]

    def test_a_part_that_does_not_apply_needs_nothing(self):
        accuracy = {"use": "rules.math.equal", "when": {"has": "reference"}}
        recipe = {"use": "combine.weighted", "parts": {"a": accuracy}}
        assert plaudit.check_rows(recipe, [{"response": "4"}]) == []

    def test_a_row_without_a_branch(self):
        recipe = {"use": "combine.route", "by": "kind", "cases": {"m": "rules.math.equal"}}
        (error,) = plaudit.check_rows(recipe, [{"response": "4", "kind": "x"}])
        assert "no case" in str(error)


@pytest.mark.parametrize("name", ["promts", "respones", "Prompts"])
def test_a_misspelt_list_is_no_column(name):
    with pytest.raises(ConfigError, match="looks like"):
        plaudit.score("r1", responses=["4"], reference=["4"], **{name: ["2 + 2?"]})


def test_columns_of_other_names_are_columns():
    scores = plaudit.score(
        "rules.baseline.length", responses=["4"], prompt_id=["a"], response_model=["b"]
    )
    assert scores.values == [1.0]
