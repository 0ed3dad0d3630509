"""Several judges on one command line: they vote, and how far they agree is said."""

import json
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("aiohttp")
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "servers"))
from chat import ChatServer
from test_judge_cli import PAIR, invoke, lines, pick, write_pairs

__all__ = ["invoke"]  # a fixture

MODELS = ("long", "short", "first")
RATING = "mt_bench_single"


def vote(body):
    """Three judges of pairs: one likes the longer answer, one the shorter, one the first."""
    verdict = pick(body)
    if body["model"] == "short":
        return {"[[A]]": "[[B]]", "[[B]]": "[[A]]"}.get(verdict, verdict)
    return "[[A]]" if body["model"] == "first" else verdict


def models(names=MODELS):
    return [arg for name in names for arg in ("--model", name)]


def test_models_of_one_server_vote(invoke, tmp_path):
    write_pairs(tmp_path / "rows.jsonl", 10)
    args = ("judge", "rows.jsonl", "-t", PAIR, *models(), "-o", "out.jsonl", "--report", "r.html")
    with ChatServer(vote, models=MODELS) as server:
        result = invoke(*args, "--server", server.url)
        assert result.exit_code == 0, result.output
        assert server.stats.answers.total() == 3 * 20 + 3  # and three probes
        again = invoke(*args, "--server", server.url, "--overwrite")
        assert server.stats.answers.total() == 3 * 20 + 3  # all from the journal
        assert again.exit_code == 0
    rows = lines(tmp_path / "out.jsonl")
    assert [row["reward"] for row in rows] == [[0.5, 0.5]] * 10  # 1, 0 and a half
    parts = rows[0]["reward_scores"][0]["parts"]
    assert [parts[f"juror/{name}"] for name in MODELS] == [1.0, 0.0, 0.5]
    assert parts["juror/first/forward"] == 1.0
    assert parts["juror/first/backward"] == 0.0
    assert (parts["num_jurors"], parts["agreement"]) == (3, 0)
    assert {call["model"] for call in lines(tmp_path / "out.jsonl.calls.jsonl")} == {*MODELS}
    output = " ".join(result.output.split())
    assert "long, short 0.0 0 10" in output  # agreement, kappa, items
    assert "Fleiss' kappa -0.5 over 10 items" in output
    assert re.search("asks long at http://[^ ]+, short at http://[^ ]+, first at", result.output)
    assert "60 calls, 60 of them paid" in result.output
    page = (tmp_path / "r.html").read_text()
    assert '"names":["long","short","first"]' in page


def test_a_majority_with_weights(invoke, tmp_path):
    write_pairs(tmp_path / "rows.jsonl", 4)
    args = ("judge", "rows.jsonl", "-t", PAIR, *models(), "--vote-by", "majority", "--overwrite",
            "--journal", "calls", "-o", "out.jsonl")  # fmt: skip
    with ChatServer(vote, models=MODELS) as server:
        for weights, value in (("3,1,1", 1.0), ("1,3,1", 0.0), ("1,1,3", 0.5)):
            result = invoke(*args, "--server", server.url, "--weights", weights)
            assert result.exit_code == 0, result.output
            assert lines(tmp_path / "out.jsonl")[0]["reward"][0] == value


def test_each_model_at_a_server_of_its_own(invoke, tmp_path):
    write_pairs(tmp_path / "rows.jsonl", 5)
    with (
        ChatServer(vote, models=["long"]) as one,
        ChatServer(vote, models=["short"]) as other,
    ):
        result = invoke("judge", "rows.jsonl", "-t", PAIR, *models(("long", "short")),
                        "--server", one.url, "--server", other.url, "-o", "out.jsonl")  # fmt: skip
        assert result.exit_code == 0, result.output
        assert one.stats.answers.total() == other.stats.answers.total() == 10 + 1
    parts = lines(tmp_path / "out.jsonl")[0]["reward_scores"][0]["parts"]
    assert (parts["juror/long"], parts["juror/short"]) == (1.0, 0.0)


def test_a_juror_that_is_away_is_asked_again(invoke, tmp_path):
    write_pairs(tmp_path / "rows.jsonl", 6)
    args = ("judge", "rows.jsonl", "-t", PAIR, *models(), "-o", "out.jsonl", "--min-jurors", 3,
            "--set", "retries=0")  # fmt: skip

    class Shaky(ChatServer):
        away = True

        def _outcome(self, body, headers, fault):
            text = body["messages"][0]["content"]
            if self.away and body["model"] == "short" and re.search("item=q[24]", text):
                raise_fault = fault._replace(kind="500") if fault else FAULT
                return super()._outcome(body, headers, raise_fault)
            return super()._outcome(body, headers, fault)

    from chat import Fault

    FAULT = Fault("500")
    with Shaky(vote, models=MODELS) as server:
        first = invoke(*args, "--server", server.url)
        assert first.exit_code == 1
        assert "2 rows are unscored because of a system fault" in " ".join(first.output.split())
        server.away, before = False, server.stats.answers.total()
        assert invoke(*args, "--server", server.url, "--resume").exit_code == 0
        assert server.stats.answers.total() <= before + 4 + 1  # two pairs, and a probe
    assert [row["reward"] for row in lines(tmp_path / "out.jsonl")] == [[0.5, 0.5]] * 6


RECIPE = """
use: judges.jury.jury
template: {template}
vote_by: median
judges:
  - {{name: x, replay: "column:x"}}
  - {{name: y, replay: "column:y"}}
  - {{name: z, replay: "column:z"}}
"""


def write_ratings(path):
    rows = [{"prompt": f"Question {i}?", "response": "42", "score": 4 + i % 5,
             "x": f"Rating: {4 + i % 5}", "y": f"Rating: {4 + i % 5}", "z": "Rating: 1"}
            for i in range(20)]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_recipe_and_recorded_replies_are_the_same_jury(invoke, tmp_path):
    write_ratings(tmp_path / "rows.jsonl")
    (tmp_path / "jury.yaml").write_text(RECIPE.format(template=RATING))
    one = invoke("judge", "rows.jsonl", "-r", "jury.yaml", "-o", "one.jsonl")
    assert one.exit_code == 0, one.output
    replays = [arg for name in "xyz" for arg in ("--replay", f"column:{name}")]
    two = invoke("judge", "rows.jsonl", "-t", RATING, *replays, "--vote-by", "median",
                 "-o", "two.jsonl", "--report", "r.html")  # fmt: skip
    assert two.exit_code == 0, two.output
    values = [[row["reward"] for row in lines(tmp_path / f"{n}.jsonl")] for n in ("one", "two")]
    assert values[0] == values[1] == [4 + i % 5 for i in range(20)]
    assert "x, y 100.0 1 20" in " ".join(one.output.split())
    assert "x, z 0.0" in " ".join(one.output.split())


def test_several_templates_are_a_jury(invoke, tmp_path):
    row = {"prompt": "6 x 7?", "chosen": "42", "rejected": "41",
           "x": {"ab": "[[A]]", "ba": "[[B]]"}, "y": {"ab": "[[A]]", "ba": "[[A]]"}}  # fmt: skip
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    result = invoke("judge", "rows.jsonl", "-t", PAIR, "-t", "pairwise", "--replay", "column:x",
                    "--replay", "column:y", "-o", "out.jsonl")  # fmt: skip
    assert result.exit_code == 0, result.output
    (row,) = lines(tmp_path / "out.jsonl")
    assert row["reward"] == [0.75, 0.25]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("-t", PAIR, *models(), "--server", "http://a", "--server", "http://b"),
         "2 --server for 3 --model"),
        (("-t", PAIR, *models(), "--replay", "column:x", "--replay", "column:y"),
         "2 --replay for 3 jurors"),
        (("-t", PAIR, *models(("a", "a")), "--server", "http://a"), "one repeats the other"),
        (("-t", PAIR, *models(("a", "a")), "--server", "http://a", "--server", "http://b"),
         "one repeats the other"),
        (("-t", RATING, "-t", "skywork_critic_rating_zh", *models(("a",)), "--server", "http://a"),
         "a jury votes on one scale"),
        (("-t", RATING, "-t", PAIR, *models(("a",)), "--server", "http://a"), "of both sorts"),
        (("-t", PAIR, *models(), "--server", "http://a", "--weights", "1,2"), "give 3 positive"),
        (("-t", PAIR, *models(), "--server", "http://a", "--weights", "1,x,2"), "write numbers"),
        (("-t", PAIR, *models(("a",)), "--server", "http://a", "--weights", "1"), "for a jury"),
        (("-t", PAIR, *models(), "--server", "http://a", "--vote-by", "mode"), "must be one of"),
        ((), "name what to ask"),
        (("-t", PAIR, "-r", "jury.yaml"), "one of the two"),
        (("-r", "no-jury.yaml"), "is neither a judge nor a jury"),
        (("-r", "jury.yaml", *models()), "names its own jurors"),
    ],
)  # fmt: skip
def test_what_does_not_go_together(args, told, invoke, tmp_path):
    write_pairs(tmp_path / "rows.jsonl", 1)
    (tmp_path / "jury.yaml").write_text(RECIPE.format(template=RATING))
    (tmp_path / "no-jury.yaml").write_text("use: rules.format.think\n")
    result = invoke("judge", "rows.jsonl", *args)
    assert result.exit_code == 2, result.output
    assert told in " ".join(result.output.split())


def test_a_judge_s_output_is_judged_again_beside_it(invoke, tmp_path):
    """The message that names --reward-column names an option that there is."""
    write_ratings(tmp_path / "rows.jsonl")
    args = ("-t", RATING, "--replay")
    assert invoke("judge", "rows.jsonl", *args, "column:x", "-o", "one.jsonl").exit_code == 0
    refused = invoke("judge", "one.jsonl", *args, "column:z", "-o", "two.jsonl")
    assert refused.exit_code == 2
    option = re.search(r"--reward-column \S+", " ".join(refused.output.split()))[0].split()
    result = invoke("judge", "one.jsonl", *args, "column:z", "-o", "two.jsonl", *option)
    assert result.exit_code == 0, result.output
    row = lines(tmp_path / "two.jsonl")[0]
    assert (row["reward"], row["reward_new"]) == (4.0, 1.0)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_number_is_cut_in_a_narrow_terminal(width, invoke, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    rows = [
        {"prompt": f"Question item=q{i}?", "chosen": f"{i} long", "rejected": f"{i}",
         "subset": "a subset whose name is long"}
        for i in range(12)
    ]  # fmt: skip
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    names = [f"organisation/a-model-with-a-long-name-{i}" for i in range(3)]
    with ChatServer(pick, models=names) as server:
        result = invoke("judge", "rows.jsonl", "-t", PAIR, *models(names), "--server", server.url,
                        "--by", "subset")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "…" not in result.stdout
    assert len(re.findall(r"100\.0 +(?:1|-) +12 *$", result.stdout, re.MULTILINE)) == 3
    assert "Fleiss' kappa" in result.stdout
    tables = [line for line in result.stdout.splitlines() if "  " in line]
    assert width < 80 or max(map(len, tables)) <= width
