"""`plaudit train linear` as a command: counts, exit codes, and the same bytes in a new process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import plaudit
from plaudit.cli._app import app

DEMO = str(Path(plaudit.__file__).parent / "demo" / "pairs.jsonl")


def run(*words):
    return app(["train", "linear", *words], standalone_mode=False)


def test_it_prints_what_it_did_and_that_it_is_a_baseline(tmp_path, capsys):
    assert not run("--data", DEMO, "--out", str(tmp_path / "m"), "--held-out", "0.4")
    printed = capsys.readouterr()
    assert "trained on" in printed.out
    assert "linear (baseline)" in printed.out
    assert "longer wins" in printed.out
    assert "baseline: words and style" in printed.err


def test_a_new_process_with_other_hashes_writes_the_same_bytes(tmp_path):
    for name in ("1", "2"):
        subprocess.run(
            [sys.executable, "-m", "plaudit", "train", "linear", "--data", DEMO, "--out", name],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": name},
            check=True,
            capture_output=True,
        )
    for file in ("weights.npz", "scoring.json"):
        assert (tmp_path / "1" / file).read_bytes() == (tmp_path / "2" / file).read_bytes()


def test_exit_codes(tmp_path, capsys):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"prompt": "p", "chosen": "a", "rejected": "b"}\n{"prompt": "p"}\n')
    out = str(tmp_path / "m")
    assert run("--data", str(bad), "--out", out) == 3
    assert f"{bad}:2: field 'response'" in capsys.readouterr().err
    assert run("--data", DEMO, "--out", str(tmp_path / "no" / "m")) == 2
    assert run("--data", DEMO, "--out", out, "--variant", "deep") == 2
    assert run("--data", str(tmp_path / "absent.jsonl"), "--out", out) == 2
    assert not os.path.exists(out)
    assert not run("--data", DEMO, "--out", out)
    assert run("--data", DEMO, "--out", out) == 2
    assert not run("--data", DEMO, "--out", out, "--overwrite", "--variant", "style")
    assert json.loads((tmp_path / "m" / "scoring.json").read_text())["variant"] == "style"


def test_columns_and_options_reach_the_training(tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"q": "p", "good": "a", "bad": "b", "annotator": "Ann"}\n')
    names = ("prompt=q", "chosen=good", "rejected=bad")
    words = [word for name in names for word in ("--column", name)]
    assert not run("--data", str(rows), "-o", str(tmp_path / "m"), "--held-out", "0", *words)
    contract = json.loads((tmp_path / "m" / "scoring.json").read_text())
    assert contract["data"]["train_pairs"] == 1
    assert contract["evaluation"] is None
    assert any("nothing is known" in text for text in contract["warnings"])
