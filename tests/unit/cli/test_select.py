"""`plaudit select`: the three kinds, filters over all prompts, what is written, what goes wrong."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from plaudit.cli import select
from plaudit.cli._app import _Verbs
from plaudit.data.read import read

app = typer.Typer(cls=_Verbs)
app.callback()(lambda: None)
app.command(name="select")(select.run)

QUESTIONS = [f"Question number {'abcdefgh'[i]}: who wrote it?" for i in range(8)]


def scored(prompt, *rewards, **columns):
    texts = [f"{prompt} answer {i}" for i in range(len(rewards))]
    scores = [{"value": r} for r in rewards]
    return {
        "prompt": prompt, "responses": texts, **columns,
        "reward": list(rewards), "reward_scores": scores,
    }  # fmt: skip


ROWS = [
    scored(QUESTIONS[0], 1.0, 0.0, 0.5, source="web", reference="Ada"),
    scored(QUESTIONS[1], 1.0, 1.0, source="web", reference="Bob"),
    scored(QUESTIONS[2], None, 0.0, source="web"),
    scored(QUESTIONS[3], 0.0, 1.0, source="book"),
    scored(QUESTIONS[0].upper(), 0.0, 1.0, source="book"),
]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def call(rows, *words):
        text = "".join(json.dumps(r) + "\n" if isinstance(r, dict) else r for r in rows)
        Path("in.jsonl").write_text(text, encoding="utf-8")
        return CliRunner().invoke(app, ["select", "in.jsonl", *words])

    return call


def lines(name="out.jsonl"):
    return [json.loads(line) for line in Path(name).read_text(encoding="utf-8").splitlines()]


def summary(name="out.jsonl.summary.json"):
    return json.loads(Path(name).read_text(encoding="utf-8"))


def test_pairs_with_their_provenance(run):
    done = run(ROWS, "--to", "preference", "-o", "out.jsonl")
    assert done.exit_code == 0
    pairs = lines()
    assert [pair["chosen"][-1] for pair in pairs] == ["0", "1", "1"]
    assert pairs[0]["reference"] == "Ada"
    assert "reward" not in pairs[0]
    assert pairs[0]["provenance"] == {
        "plaudit": pairs[0]["provenance"]["plaudit"], "input": "in.jsonl", "rows": [1],
        "reward_column": "reward", "strategy": "best-vs-worst", "seed": 0, "margin": 1.0,
        "chosen_reward": 1.0, "rejected_reward": 0.0,
    }  # fmt: skip
    told = summary()
    assert told["selected"] == 3
    assert told["funnel"]["prompts"] == {
        "in": 5,
        "dropped": {"no pair passes": 1, "fewer than two scored responses": 1},
        "left": 3,
    }
    assert told["funnel"]["responses"]["dropped"] == {"no score": 1}
    assert told["balance"]["chosen_first"] == pytest.approx(1 / 3)
    assert "fewer than two scored responses" in done.output
    assert "longer wins" in done.output


def test_the_same_command_makes_the_same_bytes(run):
    for name in ("a.jsonl", "b.jsonl"):
        assert run(ROWS, "--to", "preference", "--strategy", "all-pairs", "-o", name).exit_code == 0
    assert Path("a.jsonl").read_bytes() == Path("b.jsonl").read_bytes()


def test_samples(run):
    words = ("--to", "sft", "--at-least", "1", "--cap", "1", "--layout", "llama-factory")
    assert run(ROWS, *words, "-o", "out.jsonl").exit_code == 0
    assert [line["instruction"] for line in lines()] == [
        r["prompt"] for r in (*ROWS[:2], *ROWS[3:])
    ]
    assert summary()["funnel"]["samples"]["dropped"]["over the cap of its prompt"] == 1


def test_prompts_for_rl(run):
    done = run(ROWS, "--to", "rl-prompts", "--layout", "verl", "-o", "out.parquet")
    assert done.exit_code == 0
    rows = [row.raw for row in read("out.parquet")]
    assert rows[0]["reward_model"] == {"style": "rule", "ground_truth": "Ada"}
    assert rows[0]["extra_info"]["pass_rate"] == pytest.approx(1 / 3)
    assert rows[0]["extra_info"]["provenance"]["num_scored"] == 3
    assert rows[0]["prompt"][0]["content"] == QUESTIONS[0]


def test_repeats_evaluation_prompts_and_shares(run):
    Path("eval.jsonl").write_text(json.dumps({"question": QUESTIONS[3]}) + "\n")
    words = ("--to", "preference", "--dedup", "exact", "--against", "eval.jsonl")
    assert run(ROWS, *words, "-o", "out.jsonl").exit_code == 0
    assert [line["prompt"] for line in lines()] == [QUESTIONS[0]]
    dropped = summary()["funnel"]["prompts"]["dropped"]
    assert dropped["overlaps an evaluation prompt"] == dropped["duplicate"] == 1


def test_no_value_beyond_its_share(run):
    sources = "aaaabc"
    rows = [scored(q, 1.0, 0.0, source=s) for q, s in zip(QUESTIONS, sources, strict=False)]
    words = ("--to", "preference", "--max-share", "source=0.5")
    assert run(rows, *words, "-o", "out.jsonl").exit_code == 0
    told = summary()
    assert told["balance"]["columns"] == {"source": {"a": 2, "b": 1, "c": 1}}
    assert told["funnel"]["pairs"]["dropped"] == {"over the share of source": 2}
    kept = {line["prompt"] for line in lines()}
    assert run(rows[::-1], *words, "-o", "turned.jsonl").exit_code == 0
    assert {line["prompt"] for line in lines("turned.jsonl")} == kept
    impossible = run(rows, "--to", "preference", "--max-share", "source=0.2", "-o", "no.jsonl")
    assert impossible.exit_code == 2
    assert "allow at least 0.333" in impossible.output
    assert not list(Path().glob("no.jsonl*"))


@pytest.mark.parametrize("is_sorted", [True, False])
def test_rows_of_one_response_are_joined(run, is_sorted):
    rows = [
        {"prompt": q, "response": f"{q} {r}", "model": m, "reward": r}
        for q in QUESTIONS[:3]
        for m, r in (("x", 1.0), ("y", 0.0))
    ]
    rows.sort(key=lambda row: row["prompt"] if is_sorted else row["model"])
    done = run(rows, "--to", "preference", "--group-by", "prompt", "-o", "out.jsonl")
    assert done.exit_code == 0
    assert len(lines()) == 3
    assert all(line["chosen"].endswith("1.0") for line in lines())
    assert len(lines()[0]["provenance"]["rows"]) == 2


def test_one_response_a_row_tells_of_group_by(run):
    done = run([{"prompt": "a", "response": "b", "reward": 1}], "--to", "preference")
    assert done.exit_code == 1
    assert "--group-by prompt" in done.output


def test_bad_rows_are_counted_with_their_place(run):
    rows = [*ROWS, "{broken\n", {"prompt": "a", "responses": ["b", "c"], "reward": [1]}]
    done = run(rows, "--to", "preference", "-o", "out.jsonl")
    assert done.exit_code == 1
    assert "in.jsonl:6: broken JSON" in done.output
    assert "in.jsonl:7: field 'reward': expected one item" in done.output
    assert summary()["funnel"]["rows"] == {"in": 7, "dropped": {"bad row": 2}, "left": 5}
    assert len(lines()) == 3


def test_what_a_layout_cannot_hold_is_counted(run):
    system = {"role": "system", "content": "Be brief."}
    row = {**ROWS[0], "prompt": [system, {"role": "user", "content": "Who?"}]}
    done = run([row, ROWS[3]], "--to", "preference", "--layout", "trl", "-o", "out.jsonl")
    assert done.exit_code == 0
    assert len(lines()) == 1
    assert summary()["funnel"]["pairs"]["dropped"] == {"does not fit the layout": 1}
    assert "use a layout that has turns, such as trl-chat" in done.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--to", "prefrence"), "did you mean 'preference'?"),
        (("--to", "sft"), "--to sft needs --at-least"),
        (("--to", "preference", "--cap", "2"), "--cap is for --to sft, not --to preference"),
        (("--to", "sft", "--at-least", "1", "--agreement-part", "a"), "--agreement-part is for"),
        (("--to", "preference", "--layout", "verl"), "has no preference rows"),
        (("--to", "preference", "--reward-column", "rewrd"), "did you mean 'reward'"),
        (("--to", "preference", "--max-share", "source"), "write COLUMN=SHARE"),
        (("--to", "preference", "--dedup", "fuzzy"), "exact or near"),
        (("--to", "preference", "--near", "0.5"), "--near needs --dedup near"),
        (("--to", "preference", "--against", "evl.jsonl"), "no such file"),
        (("--to", "preference", "-o", "out.txt"), "unknown output format"),
        (("--to", "preference", "--summary", "no/a.json"), "does not exist"),
        (("--to", "preference", "--strategy", "best"), "best-vs-worst, best-vs-random"),
    ],
)
def test_mistakes_of_the_command_line(run, words, told):
    done = run(ROWS, *words)
    assert done.exit_code == 2
    assert told in " ".join(done.output.split())
    assert [path.name for path in Path().iterdir()] == ["in.jsonl"]


def test_a_missing_reward_column_names_those_that_are_there(run):
    done = run([{"prompt": "a", "response": "b", "rewards": 1}], "--to", "preference")
    assert done.exit_code == 2
    assert "no column 'reward'; did you mean 'rewards'?" in done.output
    assert "prompt, response, rewards; --reward-column" in done.output


def test_nothing_selected_writes_no_output_and_keeps_the_old_one(run):
    Path("out.jsonl").write_text("old")
    words = ("--to", "preference", "--min-margin", "9", "-o", "out.jsonl")
    assert run(ROWS, *words).exit_code == 2
    done = run(ROWS, *words, "--overwrite")
    assert done.exit_code == 1
    assert "nothing was selected" in done.output
    assert Path("out.jsonl").read_text() == "old"
    assert summary()["selected"] == 0


def test_an_interrupt_leaves_nothing(run, monkeypatch):
    def interrupted(self, one):
        raise KeyboardInterrupt

    from plaudit.data.selection import Preference

    monkeypatch.setattr(Preference, "outcome", interrupted)
    done = run(ROWS, "--to", "preference", "-o", "out.jsonl")
    assert done.exit_code == 130
    assert [path.name for path in Path().iterdir()] == ["in.jsonl"]


def test_rows_on_standard_output_and_tables_apart(run):
    done = run(ROWS, "--to", "preference", "-o", "-")
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 3
    assert "responses" in done.stderr


def test_scores_written_as_csv(run, tmp_path):
    Path("in.csv").write_text('prompt,chosen,rejected,reward\nWho?,Ada,Bob,"[0.25, 0.75]"\n')
    done = CliRunner().invoke(app, ["select", "in.csv", "--to", "preference", "-o", "out.csv"])
    assert done.exit_code == 0
    (row,) = [row.raw for row in read("out.csv")]
    assert (row["chosen"], row["rejected"]) == ("Bob", "Ada")


# --- real data ------------------------------------------------------------------------------------


@pytest.fixture
def best_of_8():
    path = Path(__file__).parents[3].parent / "shared" / "data" / "math_best_of_8.jsonl"
    if not path.is_file():
        pytest.skip("the shared data files are not beside this checkout")
    return path


def test_eight_solutions_of_each_problem(best_of_8, run):
    """A right against a wrong solution wherever a problem has both, by the rule's own verdict."""
    from plaudit.data import Writer, scored
    from plaudit.registry import load

    rows = list(read(best_of_8))
    with Writer("scored.jsonl") as writer:
        for row, result in scored(load("rules.math.equal"), rows, workers=0):
            writer.write(row, result)
    made = lines("scored.jsonl")
    mixed = [row for row in made if set(row["reward"]) == {0.0, 1.0}]
    rewards = {t: r for row in made for t, r in zip(row["responses"], row["reward"], strict=True)}
    for words, name in (
        (("--to", "preference", "--max-length-ratio", "3"), "pairs.jsonl"),
        (("--to", "rl-prompts", "--layout", "trl"), "rl.jsonl"),
        (("--to", "sft", "--at-least", "1", "--cap", "8"), "sft.jsonl"),
    ):
        done = CliRunner().invoke(app, ["select", "scored.jsonl", *words, "-o", name])
        assert done.exit_code == 0, done.output
    assert [line["id"] for line in lines("rl.jsonl")] == [row["id"] for row in mixed]
    pairs = lines("pairs.jsonl")
    assert 0 < len(pairs) <= len(mixed)
    assert {(rewards[pair["chosen"]], rewards[pair["rejected"]]) for pair in pairs} == {(1.0, 0.0)}
    assert {line["response"] for line in lines("sft.jsonl")} == {t for t, r in rewards.items() if r}


def test_published_labels_are_a_reward_column(best_of_8, run):
    words = ("--to", "rl-prompts", "--reward-column", "correct", "--min-rate", "0.25")
    done = CliRunner().invoke(app, ["select", str(best_of_8), *words, "-o", "rl.jsonl"])
    assert done.exit_code == 0
    rates = [sum(row.raw["correct"]) / 8 for row in read(best_of_8)]
    assert [line["pass_rate"] for line in lines("rl.jsonl")] == [r for r in rates if 0.25 <= r < 1]


def test_chinese_pairs_from_pointwise_scores(best_of_8, run):
    """Rows of one response, joined by the column `group`, scores 0 to 10."""
    source = best_of_8.parent / "zh_pointwise.jsonl.gz"
    words = ("--to", "preference", "--reward-column", "score", "--group-by", "group")
    more = ("--min-margin", "2", "--dedup", "near", "--layout", "trl", "-o", "zh.jsonl")
    done = CliRunner().invoke(app, ["select", str(source), *words, *more])
    assert done.exit_code == 0, done.output
    assert all(pair["provenance"]["margin"] >= 2 for pair in lines("zh.jsonl"))
    told = summary("zh.jsonl.summary.json")
    assert told["selected"] > 100
    assert told["balance"]["scripts"]["han"] > 0.9 * told["selected"]
