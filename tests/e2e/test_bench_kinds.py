"""The types of RewardBench by one command: a rule, a classifier, a DPO pair, a ranker, a judge."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from plaudit.cli._app import app

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("aiohttp")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "servers"))
import tiny
import tiny_models
from chat import ChatServer

pytestmark = pytest.mark.slow

ROWS = [
    {"id": i, "subset": subset, "prompt": f"Name a colour, number {i}.", "chosen": "Blue.",
     "rejected": "No idea, sorry."}
    for i, subset in enumerate(["alpacaeval-easy", "llmbar-natural", "donotanswer", "hep-python"])
]  # fmt: skip


def test_five_types_on_one_leaderboard(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    classifier = tiny.checkpoint("Qwen2", "ForSequenceClassification")
    policy, reference = tiny_models.causal(), tiny_models.reference()
    implicit = f"models.implicit.implicit,model={policy},reference={reference},dtype=float32"
    with ChatServer() as server:
        judge = f"judges.pairwise.pairwise,server={server.url},model=judge,template=pairwise"
        rewards = {
            "random": "rules.baseline.random",
            "classifier": f"{classifier},dtype=float32",
            "dpo": implicit,
            "ranker": f"{tiny_models.pairrm()},dtype=float32",
            "judge": judge,
        }
        words = [word for name, path in rewards.items() for word in ("--reward", f"{name}={path}")]
        done = CliRunner().invoke(
            app, ["bench", "rewardbench", "--data", "rows.jsonl", "-o", "run", *words]
        )
    assert done.exit_code == 0, done.output
    assert max(map(len, done.output.splitlines())) <= 80
    results = json.loads(Path("run/results.json").read_text())
    entries = {entry["name"]: entry for entry in results["rewards"]}
    assert list(entries) == list(rewards)
    assert all(entry["counts"]["unscored"] == 0 for entry in entries.values())
    assert [name for name, entry in entries.items() if entry["is_judge"]] == ["judge"]
    assert entries["judge"]["flips"]["num"] == 4
    assert {floor["name"] for floor in results["floors"]} >= {"longer wins", "random"}
    manifest = json.loads(Path("run/manifest.json").read_text())
    assert "torch" in manifest["versions"]
    assert "sequence classifier" in str(manifest["rewards"][1]["facts"])
