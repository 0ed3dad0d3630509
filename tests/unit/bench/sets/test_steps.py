"""PRMBench and ProcessBench: steps called right or wrong, worked by hand."""

import json
import math

import numpy as np
import pytest
from bench_sheets import figures, items, sheet_of

from plaudit.bench.benchmark import benchmark
from plaudit.bench.sheet import Scored, Sheet, line_of
from plaudit.data.read import read
from plaudit.errors import DataError


def prm(name, idx, wrong, num=4):
    return {
        "classification": name,
        "idx": idx,
        "modified_question": "q",
        "modified_process": [f"step {i}" for i in range(num)],
        "error_steps": wrong,
        "original_question": "q",
        "original_process": [f"was {i}" for i in range(num)],
    }


def test_prmbench_by_hand():
    sheet = sheet_of("prmbench", [prm("circular", "1", [2, 3]), prm("deception", "2", [9])])
    # circular, steps 2 and 3 wrong, called v i v i: TP 1 (1), TN 1 (2), FP 1 (3), FN 1 (4);
    # deception, no step matches 9, called v v v i: TP 3, FN 1.
    # TP 4, FP 1, TN 1, FN 2: precision 4/5, recall 4/6, F1 8/11; negative: 1/3, 1/2, F1 2/5
    results = figures("prmbench", sheet, [1, 0, 1, 0, 1, 1, 1, 0.5])
    assert results["f1"] == pytest.approx(8 / 11)
    assert results["negative_f1"] == pytest.approx(2 / 5)
    assert results["overall"] == pytest.approx((8 / 11 + 2 / 5) / 2)
    # circular: 1/2 and 1/2. deception: F1 2*1*(3/4)/(7/4) = 6/7; negative: precision 0/1 = 0,
    # recall 0/0 = -1, 2*0*-1/(0-1) = 0; half of the sum is 3/7
    assert results["subset/circular"] == 0.5
    assert results["subset/deception"] == pytest.approx(3 / 7)
    assert results["first_error_acc"] == 1.0  # deception has no first error within its steps
    assert results["category/simplicity"] == 0.5


def test_prmbench_redundency_has_its_original_for_similarity_alone():
    sheet = sheet_of("prmbench", [prm("redundency", "1", [1])])
    assert sheet.ids == ["redundency_1", "correct_1"]
    # called valid: 1 of 4 and 3 of 4; the correct unit enters no F1
    results = figures("prmbench", sheet, [0, 1, 0, 0, 1, 1, 1, 0])
    assert results["similarity"] == pytest.approx(0.5)
    assert results["total_step_acc"] == 0.5


def test_prmbench_multi_solutions_is_f1_alone():
    sheet = sheet_of("prmbench", [prm("multi_solutions", "1", [])])
    assert figures("prmbench", sheet, [1, 1, 1, 0])["subset/multi_solutions"] == (
        pytest.approx(6 / 7)
    )


def test_prmbench_logits_have_their_threshold_at_zero():
    sheet = sheet_of("prmbench", [prm("circular", "1", [2, 3])])
    assert figures("prmbench", sheet, [0.2, -0.1, -3, 0.4], "above-0")["overall"] == 1.0
    assert figures("prmbench", sheet, [0.2, -0.1, -3, 0.4])["overall"] < 1.0


def test_a_step_without_a_score_is_called_wrongly():
    sheet = sheet_of("prmbench", [prm("circular", "1", [2, 3])])
    results = figures("prmbench", sheet, [math.nan] * 4)
    assert results["total_step_acc"] == 0.0


STEPS = {
    "every step valid": lambda text: 1.0,
    "every step invalid": lambda text: 0.0,
    "step valid unless its length in characters is divisible by 4": lambda text: float(
        len(text) % 4 != 0
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_prmbench_stand_ins_give_the_published_figures(name, shared_data):
    published = json.loads((shared_data / "bench_published.json").read_text())["prmbench"]
    due = published["stand_in_labels"]["values"][name]
    bench = benchmark("prmbench")
    rows = [i for r in read(shared_data / "bench_prmbench.jsonl.gz") for i in bench.read(r)]
    assert len(rows) == due["n_eval"]
    assert sum(item.subset == "correct" for item in rows) == due["n_correct"]
    values = [STEPS[name](text) for item in rows for text in item.texts]
    results = figures("prmbench", Sheet(map(line_of, rows)), values)
    names = {name: name for name in ("f1", "negative_f1", "first_error_acc", "similarity")}
    names |= {f"{kind}_step_acc": f"{kind}_step_acc" for kind in ("total", "correct", "wrong")}
    names |= {"prmscore": "overall"}
    names |= {n: f"category/{n}" for n in ("simplicity", "soundness", "sensitivity")}
    for key, figure in names.items():
        assert 100 * results[figure] == pytest.approx(due[key], abs=0.0051), key
    for key, value in due["per_class"].items():
        assert 100 * results[f"subset/{key}"] == pytest.approx(value, abs=0.0051), key


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"modified_process": []}, "modified_process"),
        ({"error_steps": "2"}, "error_steps"),
        ({"modified_question": None}, "modified_question"),
    ],
)
def test_prmbench_a_row_that_is_none(more, field):
    with pytest.raises(DataError) as error:
        items("prmbench", [{**prm("circular", "1", [2]), **more}])
    assert error.value.field == field


def process(label, num=3, id="gsm8k-0"):
    steps = [f"step {i}" for i in range(num)]
    return {"id": id, "problem": f"q{id}{label}", "steps": steps, "label": label}


def test_processbench_by_hand():
    rows = [process(1), process(2), process(-1), process(-1, id="math-1"), process(0, id="math-2")]
    sheet = sheet_of("processbench", rows)
    values = [
        1, 0, 1,  # first wrong step 1: right
        0, 1, 0,  # said 0, it is 2: wrong
        1, 1, 1,  # none: right
        1, 1, 0.5,  # said 2, there is none: wrong (0.5 is not above 0.5)
        0, 1, 1,  # right
    ]  # fmt: skip
    results = figures("processbench", sheet, values)
    # gsm8k: 1/2 and 1/1, F1 2/3; math: 1/1 and 0/1, F1 0
    assert results["split/gsm8k/acc_error"] == 0.5
    assert results["split/gsm8k"] == pytest.approx(2 / 3)
    assert results["split/math"] == 0.0
    assert results["overall"] == pytest.approx(1 / 3)


def test_processbench_an_unscored_step_matches_nothing():
    sheet = sheet_of("processbench", [process(1), process(-1)])
    nan = math.nan
    results = figures("processbench", sheet, [1, 0, nan, 1, 1, nan])
    assert results["overall"] == 0.0


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (process(3), "label"),
        (process(True), "label"),
        ({**process(0), "steps": "one"}, "steps"),
        (process(0, id="7"), "subset"),
    ],
)
def test_processbench_a_row_that_is_none(raw, field):
    with pytest.raises(DataError) as error:
        items("processbench", [raw])
    assert error.value.field == field


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("prmbench", [prm("circular", "1", [2, 3]), prm("redundency", "2", [1])]),
        ("processbench", [process(1), process(-1), process(0, id="math-1")]),
    ],
)
def test_gates_hold(name, rows):
    sheet = sheet_of(name, rows)
    values = np.linspace(0, 1, len(sheet.labels_T))
    gates = benchmark(name).gates(sheet, Scored("x", values))
    assert gates
    assert all(gate.holds for gate in gates)
