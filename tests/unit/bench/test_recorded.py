"""Published results recomputed from their rows; layouts, repairs, and what does not fit."""

import json

import pytest
from bench_sheets import line
from bench_sheets import sheet_of as sheet_of_rows

from plaudit.bench.benchmark import benchmark
from plaudit.bench.recorded import disagreement, earned, joined, misstated, publications, sheet_of
from plaudit.bench.results import assess
from plaudit.bench.sheet import Sheet, line_of
from plaudit.data.read import read
from plaudit.errors import ConfigError, DataError

POINTS = 0.01  # what "equal to the published figure" means


def recomputed(name, *files, credit=None):
    models = publications(benchmark(name), [str(file) for file in files])
    sheet, scored = sheet_of(models)
    return models, assess(benchmark(name), sheet, scored, credit=credit, num_draws=20)


def published(folder):
    return json.loads((folder / "bench_published.json").read_text())


def test_judgebench_reward_models(shared_data):
    due = published(shared_data)["judgebench"]["models"]
    _, results = recomputed("judgebench", shared_data / "bench_judgebench_rm_results.jsonl")
    assert results["rows"] == 350
    for entry in results["rewards"]:
        model = due[entry["name"]]
        for section, accuracy in model["accuracy"].items():
            name = "overall" if section == "overall" else f"section/{section}"
            got = 100 * entry["figures"][name]["value"]
            assert got == pytest.approx(accuracy, abs=POINTS), (entry["name"], section)
        assert entry["counts"]["tied"] == model["score_ties"]
        for section, num in model["rows"].items():
            if section != "overall":
                assert entry["by_subset"][section]["num"] == num
    assert len(results["rewards"]) == 3
    assert len(results["paired"]) == 3


def test_judgebench_a_judge_in_both_orders(shared_data):
    due = published(shared_data)["judgebench"]["models"]["o1-mini-2024-09-12"]
    file = shared_data / "bench_judgebench_judge_results.jsonl.gz"
    _, results = recomputed("judgebench", file)
    (entry,) = results["rewards"]
    for section, accuracy in due["accuracy"].items():
        name = "overall" if section == "overall" else f"section/{section}"
        got = 100 * entry["figures"][name]["value"]
        assert got == pytest.approx(accuracy, abs=POINTS), section
    for name in ("no_verdict", "equal_verdict", "orders_disagree", "both_orders_right"):
        assert entry["judge"][name] == due[name]
    for name, num in due["outcome"].items():
        assert entry["judge"][name] == num
    single = 100 * entry["judge"]["single_order_accuracy"]
    assert single == pytest.approx(due["single_order_accuracy"], abs=POINTS)


def test_the_data_gives_a_recorded_result_its_floors(shared_data):
    bench = benchmark("judgebench")
    models = publications(bench, [str(shared_data / "bench_judgebench_rm_results.jsonl")])
    rows = [i for r in read(shared_data / "bench_judgebench.jsonl.gz") for i in bench.read(r)]
    sheet, scored, notes = joined(models, Sheet(map(line_of, rows)))
    results = assess(bench, sheet, scored, num_draws=20)
    assert notes == []
    floors = {floor["name"]: floor["figures"]["overall"]["value"] for floor in results["floors"]}
    assert 100 * floors["first wins"] == pytest.approx(55.14, abs=POINTS)  # always A
    assert 100 * floors["longer wins"] == pytest.approx(46, abs=0.5)
    assert results["rewards"][0]["length"]["matched"]["num"] > 0
    sky = results["rewards"][0]["figures"]["overall"]["value"]
    assert 100 * sky == pytest.approx(64.29, abs=POINTS)


def test_rmb(shared_data):
    due = published(shared_data)["rmb"]["models"]["ArmoRM-Llama3-8B-v0.1"]
    file = shared_data / "bench_rmb_armorm_results.jsonl"
    publication_list, results = recomputed("rmb", file)
    (entry,) = results["rewards"]
    figure = entry["figures"]["part/pair-helpful"]["value"]
    assert 100 * figure == pytest.approx(due["accuracy"], abs=POINTS)
    counts = entry["counts"]
    assert (counts["num"], counts["won"], counts["tied"]) == (
        due["rows"],
        due["correct"],
        due["ties"],
    )
    _, halves = recomputed("rmb", file, credit="share")
    figure = halves["rewards"][0]["figures"]["overall"]["value"]
    assert 100 * figure == pytest.approx(due["accuracy_ties_half"], abs=POINTS)
    assert (
        disagreement(publication_list[0].rows, earned(benchmark("rmb"), publication_list[0]))
        is None
    )


def test_best_of_eight(shared_data):
    _, results = recomputed("best_of_n", shared_data / "math_best_of_8.jsonl")
    figures = results["rewards"][0]["figures"]
    due = {"random": 92.3, "overall": 95.3, "majority": 95.3, "oracle": 96.5}
    for name, value in due.items():
        assert 100 * figures[name]["value"] == pytest.approx(value, abs=0.05), name
    ends = results["curve"][-1]
    assert (ends["n"], ends["prompts"]) == (8, 86)
    assert ends["rewards"]["math_best_of_8"] == pytest.approx(figures["overall"]["value"])
    assert ends["oracle"] == pytest.approx(figures["oracle"]["value"])
    assert ends["majority"] == pytest.approx(figures["majority"]["value"])


# --- layouts --------------------------------------------------------------------------------------


def write(path, value):
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def columns(num=3, **more):
    """Columns as eval-set-scores of RewardBench has them; texts and what is shared among them."""
    return {
        "id": list(range(num)),
        "subset": ["hep-go"] * num,
        "scores_chosen": [[1.0], [2.0], [1.0]][:num],
        "scores_rejected": [[0.0], [3.0], [1.0]][:num],
        "results": [1, 0, 0][:num],
        "text_chosen": [[{"role": "user", "content": "a"}]] * num,
        "model": "org/m",
        "model_type": "Seq. Classifier",
        "chat_template": "tulu",
        **more,
    }


def test_an_object_of_columns_with_what_holds_for_all(tmp_path):
    publication_list, results = recomputed("rewardbench", write(tmp_path / "m.json", columns()))
    (entry,) = results["rewards"]
    assert entry["name"] == "org/m"
    assert entry["origin"] == "recomputed from rows"
    assert entry["counts"] == {"num": 3, "won": 1, "tied": 1, "unscored": 0}
    assert (
        disagreement(
            publication_list[0].rows, earned(benchmark("rewardbench"), publication_list[0])
        )
        is None
    )


def test_a_publication_that_disagrees_with_its_rows(tmp_path):
    file = write(tmp_path / "m.json", columns(results=[1, 1, 0]))
    (one,) = publications(benchmark("rewardbench"), [str(file)])
    messages = disagreement(one.rows, earned(benchmark("rewardbench"), one))
    assert "1 of 3 rows" in messages
    assert "hep-go/1 says 1, its scores earn 0" in messages


def test_lines_of_outputs(tmp_path):
    rows = [
        {"subset": "hep-go", "id": i, "scores_chosen": c, "scores_rejected": 1.0, "results": 0}
        for i, c in enumerate([2.0, 0.5])
    ]
    file = tmp_path / "mine_outputs.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    _, results = recomputed("rewardbench", f"called={file}")
    assert results["rewards"][0]["name"] == "called"
    assert results["rewards"][0]["counts"]["won"] == 1


def test_a_judge_whose_choice_alone_is_published(tmp_path):
    value = {
        "id": ["0", "1", "2"],
        "subset": ["Math"] * 3,
        "results": [1, 0, 0.25],
        "model": "j",
        "model_type": "Generative RM",
    }
    file = write(tmp_path / "j.json", value)
    _, strict = recomputed("rewardbench2", file)
    assert strict["rewards"][0]["figures"]["overall"]["value"] == pytest.approx(1 / 3)
    assert strict["rewards"][0]["counts"]["tied"] == 1
    _, rule = recomputed("rewardbench2", file, credit="rewardbench")
    assert rule["rewards"][0]["figures"]["overall"]["value"] == pytest.approx(1.25 / 3)


def rb2(num=60):
    """A published file with the ids that #273 speaks of, and Ties."""
    ids = [*map(str, range(30, 40)), *map(str, range(10, num)), "ref:0", "tied:0"]
    scores = [[[1.0], [0.0], [0.0], [0.0]]] * num + [[[1.0], [0.0]], [[1.0], [1.0], [0.0]]]
    return {
        "id": ids,
        "subset": ["Factuality"] * num + ["Ties"] * 2,
        "scores": scores,
        "results": [1.0] * num + [1.0, 1.0],
        "num_correct": [1] * num + [1, 2],
        "model": "m",
    }


def test_wrong_ids_are_mended_and_said(tmp_path):
    publication_list, results = recomputed("rewardbench2", write(tmp_path / "m.json", rb2()))
    assert [row.id for row in publication_list[0].rows[:10]] == [str(i) for i in range(10)]
    assert any("30 to 39" in note for note in publication_list[0].notes)
    assert not any("repeat" in note for note in publication_list[0].notes)
    figures = results["rewards"][0]["figures"]
    assert figures["ties-0.1.4"]["value"] == 1.0
    assert figures["ties-head"]["value"] == pytest.approx(1.01)


def test_shares_without_rows_are_reported(tmp_path):
    file = write(tmp_path / "m.json", {"factuality": 0.5, "Math": 0.25, "model": "m"})
    (one,) = publications(benchmark("rewardbench2"), [str(file)])
    assert (one.origin, one.reported) == ("reported", {"Factuality": 0.5, "Math": 0.25})


def test_rmbench_results_and_their_file(tmp_path):
    row = {"id": 1, "score_chosen": [3, 2, 1], "score_rejected": [2.5, 2, 0], "subset": "alpaca"}
    file = write(tmp_path / "chat_filtered_model_X.json", [row])
    _, results = recomputed("rmbench", file)
    figures = results["rewards"][0]["figures"]
    assert figures["domain/chat"]["value"] == pytest.approx(5 / 9)
    assert figures["difficulty/hard"]["value"] == 1.0


def test_results_about_different_rows_are_refused(tmp_path):
    one = write(tmp_path / "a.json", columns(model="a"))
    other = write(tmp_path / "b.json", columns(2, model="b"))
    with pytest.raises(ConfigError, match="a and b are about different rows"):
        recomputed("rewardbench", one, other)


def test_results_of_one_name_are_refused(tmp_path):
    file = write(tmp_path / "a.json", columns(model="a"))
    with pytest.raises(ConfigError, match="two results of 'a'"):
        recomputed("rewardbench", file, file)


@pytest.mark.parametrize(
    ("name", "row", "field"),
    [
        ("rewardbench", {"id": 1, "subset": "hep-go"}, "scores_chosen"),
        ("rewardbench2", {"id": 1, "subset": "Math"}, "scores"),
        ("rewardbench2", {"id": 1, "subset": "Math", "scores": [1.0], "num_correct": 1}, "num"),
        ("rmb", {"pair_uid": 1, "category_path": "Helpfulness", "chosen_reward": 1}, "reject"),
        ("rmbench", {"id": 1, "domain": "chat", "score_chosen": [1, 2]}, "score_chosen"),
        ("best_of_n", {"id": 1, "rm_scores": [1], "correct": [True, False]}, "rm_scores"),
    ],
)
def test_a_bad_result_says_its_line_and_field(name, row, field, tmp_path):
    file = tmp_path / "m.jsonl"
    file.write_text(json.dumps(row) + "\n")
    with pytest.raises(DataError) as error:
        publications(benchmark(name), [str(file)])
    assert error.value.where == f"{file}:1"
    assert field in error.value.field


def test_ids_that_repeat_are_said(tmp_path):
    file = write(tmp_path / "a.json", columns(id=[1, 1, 2]))
    (one,) = publications(benchmark("rewardbench"), [str(file)])
    assert one.notes == ["1 ids repeat: hep-go/1"]
    sheet, _ = sheet_of([one])
    assert sheet.ids == ["1", "1#2", "2"]


def test_data_with_other_rows_than_the_results(tmp_path):
    models = publications(
        benchmark("rewardbench"), [str(write(tmp_path / "a.json", columns(model="a")))]
    )
    data = Sheet([line(str(i), "hep-go", [1.0, 0.0]) for i in (1, 2, 9)])
    sheet, scored, notes = joined(models, data)
    assert sheet.ids == ["1", "2"]
    assert scored[0].values_T.tolist() == [2.0, 3.0, 1.0, 1.0]
    assert notes == [
        "1 rows of the data have no recorded result",
        "1 rows of a are not in the data",
    ]
    with pytest.raises(ConfigError, match="no row of the data"):
        joined(models, Sheet([line("77", "hep-go", [1.0, 0.0])]))


def test_a_generative_file_with_scores_for_ties_alone(tmp_path):
    value = {
        "id": ["0", "1", "ref:0", "tied:0"],
        "subset": ["Math", "Focus", "Ties", "Ties"],
        "results": [1.0, 0.25, None, True],
        "scores": [None, None, [9, 3], [8, 8, 2]],
        "num_correct": [None, None, 1, 2],
        "model": "j",
        "model_type": "Generative RM",
    }
    _, results = recomputed("rewardbench2", write(tmp_path / "j.json", value), credit="rewardbench")
    figures = results["rewards"][0]["figures"]
    assert figures["domain/Math"]["value"] == 1.0
    assert figures["domain/Focus"]["value"] == 0.25
    assert figures["domain/Ties"]["value"] == 1.0  # d = 0: m_tied 6 > 0, min(6, 6) > 0
    assert figures["ties-head"]["value"] == pytest.approx(1.01)


def test_the_files_of_one_model_are_put_together(tmp_path):
    row = {"id": 1, "score_chosen": [3, 2, 1], "score_rejected": [0, 0, 0]}
    folder = tmp_path / "org-model"
    folder.mkdir()
    for part in ("chat", "code"):
        write(folder / f"{part}_filtered_m_2024.json", [row])
    for places in (
        [folder],
        [f"org-model={folder}/{part}_filtered_m_2024.json" for part in ("chat", "code")],
    ):
        (one,) = publications(benchmark("rmbench"), [str(place) for place in places])
        assert one.model == "org-model"
        assert [row.subset for row in one.rows] == ["chat", "code"]


def test_rows_of_unknown_subsets_are_named_and_left_out(tmp_path):
    file = write(tmp_path / "m.json", columns(subset=["hep-go", "mine", ""]))
    (one,) = publications(benchmark("rewardbench"), [str(file)])
    assert [row.subset for row in one.rows] == ["hep-go"]
    assert one.notes == ["ignored, no subset of this benchmark: mine (1), no name (1)"]


def test_a_row_whose_calls_failed_is_that_of_the_judge_of_the_others(tmp_path):
    judged = {"decision": "A>B", "judgment": {"judge_model": "j"}}
    rows = [
        {"pair_id": str(i), "source": "livecodebench", "label": "A>B", "judgments": judgments}
        for i, judgments in enumerate([[None, None], [judged, None], [judged, judged]])
    ]
    file = tmp_path / "x.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    _, results = recomputed("judgebench", file)
    (entry,) = results["rewards"]
    assert entry["name"] == "j"
    assert entry["counts"] == {"num": 3, "won": 1, "tied": 1, "unscored": 1}


def test_a_result_of_another_benchmark_is_refused(tmp_path):
    file = write(tmp_path / "m.json", columns(subset=["mine"] * 3))
    with pytest.raises(ConfigError, match="no row of rewardbench: ignored"):
        publications(benchmark("rewardbench"), [str(file)])


def test_rows_without_an_id_have_their_number(tmp_path):
    value = columns()
    del value["id"]
    (one,) = publications(benchmark("rewardbench"), [str(write(tmp_path / "m.json", value))])
    assert [row.id for row in one.rows] == ["1", "2", "3"]


# --- process rewards: what the projects' own scripts write ----------------------------------------


def prmbench_run(rows, marks_of, twice=("redundency_prm_test_p1_0",)):
    """The object that a run of PRMBench's own tool writes, with labels that anyone can make."""
    logs = []
    for row in rows:
        units = [(row["id"], row["subset"], row["steps"], row["error_steps"])]
        if row["subset"] == "redundency":
            name = row["id"].replace("redundency_", "correct_")
            units.append((name, "correct", row["original_steps"], []))
        for name, subset, steps, wrong in units:
            scores = {"step_level_validity_labels": [marks_of(step) for step in steps]}
            logs.append({"idx": name, "error_steps": wrong, "classifcation": subset,
                         "prediction": {"scores": scores, "idx": name}, "results": {}})  # fmt: skip
            logs += [logs[-1]] if name in twice else []
    return {"detailed_logs": logs, "validitiy_rate": 1.0}


def prm_rows(shared_data):
    return [row.raw for row in read(str(shared_data / "bench_prmbench.jsonl.gz"))]


@pytest.mark.parametrize(
    ("name", "marks_of"),
    [
        ("every step valid", lambda step: True),
        ("step valid unless its length in characters is divisible by 4",
         lambda step: len(step) % 4 != 0),
    ],
)  # fmt: skip
def test_prmbench_as_its_own_tool_counts(name, marks_of, shared_data, tmp_path):
    due = published(shared_data)["prmbench"]["stand_in_labels"]["values"][name]
    raw = prmbench_run(prm_rows(shared_data), marks_of)
    raw["total_hallucination_results"] = {
        "f1": due["f1"] / 100, "negative_f1": due["negative_f1"] / 100,
        "similarity": due["similarity"] / 100, "total_step_acc": 0.125,
    }  # fmt: skip
    half = {subset: score / 100 for subset, score in due["per_class"].items()}
    raw["hallucination_type_results"] = {"f1": half, "negative_f1": half}
    file = tmp_path / "model.jsonl"
    file.write_text(json.dumps({"total_hallucination_results": {"f1": 0.5}}) + "\n"
                    + json.dumps(raw) + "\n")  # fmt: skip
    (one,), results = recomputed("prmbench", file)
    assert one.origin == "recomputed from rows"
    assert any("2 runs: the last counts" in note for note in one.notes)
    (entry,) = results["rewards"]
    got = {key: 100 * figure["value"] for key, figure in entry["figures"].items()}
    for subset, score in due["per_class"].items():
        assert got[f"subset/{subset}"] == pytest.approx(score, abs=POINTS), subset
    for category in ("simplicity", "soundness", "sensitivity"):
        assert got[f"category/{category}"] == pytest.approx(due[category], abs=POINTS)
    for key in ("f1", "negative_f1", "first_error_acc", "total_step_acc", "wrong_step_acc",
                "correct_step_acc", "similarity"):  # fmt: skip
        assert got[key] == pytest.approx(due[key], abs=POINTS), key
    assert got["overall"] == pytest.approx(due["prmscore"], abs=POINTS)
    notes = misstated(one.reported, entry["figures"])
    assert [note.split()[1] for note in notes] == ["total_step_acc"]


def prm_log(name, marks, wrong, **scores):
    scores = {"step_level_validity_labels": marks, **scores}
    return {"idx": name, "error_steps": wrong, "prediction": {"scores": scores, "idx": name}}


def test_prmbench_units_without_an_answer_are_left_out_and_counted(tmp_path):
    logs = [
        prm_log("deception_1", [1, 0], [2]),
        {"idx": "deception_2", "error_steps": None, "classifcation": "deception",
         "prediction": None, "results": None},
        {"idx": "deception_3", "hallucination_steps": None, "prediction": None, "results": None},
        {"idx": "circular_4", "error_steps": [1], "prediction": {"validity": False, "scores": {}}},
    ]  # fmt: skip
    file = tmp_path / "m.jsonl"
    file.write_text(json.dumps({"detailed_logs": logs}))
    (one,), results = recomputed("prmbench", file)
    assert results["rows"] == 1
    assert "3 of 4 units have no answer and are left out, as published" in one.notes


def test_prmbench_labels_of_redundancy_count_where_a_critic_gives_them(tmp_path):
    redundant = {"step_level_redundancy_labels": [False, True]}
    logs = [
        prm_log("redundency_redundency_p1", [1, 1], [2], **redundant),
        prm_log("circular_p1", [1, 1], [2], **redundant),
        prm_log("deception_p1", [1, 1], [2], **redundant),
        prm_log("correct_redundency_p1", [1, 1], []),
    ]
    file = tmp_path / "m.jsonl"
    file.write_text("".join(json.dumps(log) + "\n" for log in logs))
    (one,), results = recomputed("prmbench", file)
    figures = results["rewards"][0]["figures"]
    assert [figures[f"subset/{name}"]["value"] for name in ("redundency", "circular")] == [1.0, 1.0]
    assert figures["subset/deception"]["value"] < 0.5
    assert [row.id for row in one.rows][::3] == ["redundency_p1", "correct_p1"]
    assert figures["similarity"]["value"] == pytest.approx((0.5 + 0.5 + 0) / 3)


def test_prmbench_figures_without_rows_are_reported(tmp_path):
    raw = {"total_hallucination_results": {"f1": 0.9, "negative_f1": 0.3},
           "hallucination_type_results": {"f1": {"multi_solutions": 0.9, "deception": -1},
                                          "negative_f1": {"deception": -1}}}  # fmt: skip
    file = tmp_path / "m.json"
    file.write_text(json.dumps(raw))
    (one,) = publications(benchmark("prmbench"), [str(file)])
    assert (one.model, one.origin) == ("m", "reported")
    assert one.reported == {
        "f1": 0.9, "negative_f1": 0.3, "overall": 0.6, "subset/deception": 0.0,
        "subset/multi_solutions": 0.9,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("log", "field"),
    [
        ({"idx": "deception_1", "scores": {}}, "detailed_logs"),
        (prm_log("deception_1", [1, 0.5], [2]), "step_level_validity_labels"),
        (prm_log("deception_1", None, [2]), "step_level_validity_labels"),
        (prm_log("deception_1", [1], "2"), "error_steps"),
    ],
)
def test_a_row_of_prmbench_that_is_none(log, field, tmp_path):
    file = tmp_path / "m.jsonl"
    file.write_text(json.dumps(log))
    with pytest.raises(DataError) as error:
        publications(benchmark("prmbench"), [str(file)])
    assert error.value.field == field
    assert "m.jsonl:1" in str(error.value)


def process_rows(split, predictions):
    """Rows as ProcessBench's own scripts write them: those of the data, with a prediction."""
    for i, (label, predicted) in enumerate(predictions):
        yield {
            "id": f"{split}-{i}",
            "generator": "m",
            "problem": f"p{i}",
            "label": label,
            "steps": ["a", "b", "c"],
            "final_answer_correct": label < 0,
            "generated_critique": "..",
            "prediction": predicted,
            "match": predicted == label,
        }


def test_processbench_a_directory_as_its_own_scripts_write_it(tmp_path):
    folder = tmp_path / "Qwen-PRM"
    folder.mkdir()
    files = {
        "gsm8k_error": [(0, 0), (1, 1), (2, 0), (1, None)],  # 2 of 4
        "gsm8k_correct": [(-1, -1), (-1, -1), (-1, 2), (-1, -1)],  # 3 of 4
        "math_error": [(0, 0), (1, 2), (1, 7)],  # 1 of 3
        "math_correct": [(-1, -1), (-1, None)],  # 1 of 2
    }
    for file, predictions in files.items():
        rows = process_rows(file.partition("_")[0], predictions)
        rows = [{**row, "id": f"{row['id']}-{file}"} for row in rows]
        (folder / f"{file}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (one,), results = recomputed("processbench", folder)
    assert (one.model, one.origin) == ("Qwen-PRM", "recomputed from rows")
    (entry,) = results["rewards"]
    got = {name: figure["value"] for name, figure in entry["figures"].items()}
    assert got["split/gsm8k/acc_error"] == 0.5
    assert got["split/gsm8k/acc_correct"] == 0.75
    assert got["split/gsm8k"] == pytest.approx(2 * 0.5 * 0.75 / 1.25)
    assert got["split/math"] == pytest.approx(2 * (1 / 3) * 0.5 / (1 / 3 + 0.5))
    assert entry["counts"]["unscored"] == 3  # two missing, one that names no step
    assert entry["is_judge"]
    assert results["absent"] == ["olympiadbench", "omnimath"]


def test_processbench_says_where_a_publication_disagrees_with_its_rows(tmp_path):
    rows = list(process_rows("omnimath", [(0, 0), (1, 2), (-1, -1)]))
    rows[1]["match"] = True
    file = tmp_path / "m.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (one,) = publications(benchmark("processbench"), [str(file)])
    note = disagreement(one.rows, earned(benchmark("processbench"), one))
    assert "1 of 3 rows" in note
    assert "omnimath-1" in note


def test_processbench_results_join_the_data(tmp_path):
    rows = list(process_rows("gsm8k", [(0, 0), (1, 2), (-1, -1)]))
    results = [{k: v for k, v in row.items() if k not in ("prediction", "match")} for row in rows]
    data = sheet_of_rows("processbench", results)
    file = tmp_path / "m.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows[::-1]))
    models = publications(benchmark("processbench"), [str(file)])
    sheet, (scored,), notes = joined(models, data)
    assert notes == []
    assert scored.values_T.tolist() == [0, 1, 1, 1, 1, 0, 1, 1, 1]
    alone, _ = sheet_of(models)
    assert {line["prompt"] for line in alone.lines} == {line["prompt"] for line in sheet.lines}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prediction": ...}, "prediction"), ({"label": None}, "label"), ({"steps": None}, "steps"),
        ({"label": 5}, "steps"), ({"id": "other-1"}, "subset"),
    ],
)  # fmt: skip
def test_a_row_of_processbench_that_is_none(change, field, tmp_path):
    (row,) = process_rows("gsm8k", [(0, 0)])
    row = {name: value for name, value in {**row, **change}.items() if value is not ...}
    file = tmp_path / "m.jsonl"
    file.write_text(json.dumps(row))
    with pytest.raises(DataError) as error:
        publications(benchmark("processbench"), [str(file)])
    assert error.value.field == field
