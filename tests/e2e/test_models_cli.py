"""The command line and the Python API give the same scores for every kind of model, offline."""

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tiny_models
from typer.testing import CliRunner

import plaudit
from plaudit.cli._app import app

ROWS = [
    {"prompt": "What is 6 times 7?", "responses": ["42", "<think>hm</think>41", ""]},
    {"prompt": "六乘七等于多少？", "responses": ["四十二", "不知道"]},
    {"prompt": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"},
                {"role": "user", "content": "Sing"}], "responses": ["la la", "no"]},
]  # fmt: skip


@pytest.fixture
def rows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS))
    return path


def spelled(name: str) -> str:
    """The case as `--reward` takes it."""
    case = tiny_models.CASES[name]
    params = {k: str(v()) if callable(v) else v for k, v in case.params.items()}
    if case.path:
        params = {"model": str(case.make()), **params}
    settings = "".join(f",{k}={v}" for k, v in {"dtype": "float32", **params}.items())
    return f"{case.path or case.make()}{settings}"


@pytest.mark.parametrize("name", [n for n in tiny_models.CASES if n != "pair_preference"])
def test_plaudit_score_equals_the_api(name, rows, tmp_path):
    words = ["score", str(rows), "--reward", spelled(name), "-o", "out.jsonl", "--allow-unscored"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    written = [json.loads(line)["reward"] for line in Path("out.jsonl").read_text().splitlines()]
    groups = [plaudit.Group(row["prompt"], row["responses"]) for row in ROWS]
    scored = tiny_models.load(name).score(groups)
    expected = [[s.value if s.is_scored else None for s in row] for row in scored]
    assert written == expected


def test_a_recipe_may_name_a_model_and_combine_it(rows, tmp_path):
    path = tiny_models.CASES["qwen2"].make()
    (tmp_path / "mixed.yaml").write_text(
        "use: combine.weighted\nparts:\n"
        f"  model: {{use: {path}, dtype: float32}}\n"
        "  length: {use: rules.baseline.length, weight: -0.01}\n"
    )
    done = CliRunner().invoke(app, ["score", str(rows), "--recipe", "mixed.yaml", "-o", "o.jsonl"])
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    model = tiny_models.load("qwen2").score([plaudit.Group(ROWS[0]["prompt"], ["42"])])[0][0]
    first = json.loads(Path("o.jsonl").read_text().splitlines()[0])["reward"][0]
    assert first == pytest.approx(model.value - 0.02, abs=1e-6)


def test_show_says_what_was_found_and_how_it_runs():
    done = CliRunner().invoke(app, ["show", str(tiny_models.CASES["qwen2"].make())])
    assert done.exit_code == 0
    for told in ("sequence classifier", "packed on cpu", "view: answer", "4096 tokens"):
        assert told in done.output


def test_a_model_that_is_misspelt_is_one_line():
    done = CliRunner().invoke(app, ["score", "-", "--reward", "./no/such/model"])
    assert "it is not a directory" in f"{done.output}{done.exception}"


def test_a_hub_model_in_a_recipe_is_no_foreign_import(tmp_path, monkeypatch):
    pytest.importorskip("modelscope_hub", reason="plaudit[modelscope] is not installed")
    monkeypatch.setenv("MODELSCOPE_OFFLINE", "1")
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path))
    with pytest.raises(plaudit.EngineError, match="not in the cache"):
        plaudit.build({"use": "modelscope:org/name"}, allow=["plaudit"])
