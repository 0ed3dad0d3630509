"""The verbs, run in this process: what they print, and their exit codes."""

import importlib
import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import plaudit
from plaudit.cli._app import VERBS, app

SHARED = Path(__file__).parents[3] / "shared" / "data"
LENGTH = ["--reward", "rules.baseline.length"]
HEAD = ["part", "mean", "std", "min", "max", "scored", "unscored", "faulted", "n/a"]
GOOD = "<think>Six sevens make forty-two.</think><answer>\\boxed{42}</answer>"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    return tmp_path


def plaudit_(*words, code=0, input=None):
    result = CliRunner().invoke(app, [str(word) for word in words], input=input)
    assert result.exit_code == code, f"{result.output}\n{result.stderr}\n{result.exception!r}"
    return result


def write(name, *rows):
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    Path(name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return name


def written(name):
    return [json.loads(line) for line in Path(name).read_text(encoding="utf-8").splitlines()]


def one_line(result):
    (line,) = result.stderr.splitlines()
    assert line.startswith("plaudit: ")
    return line


ROW = {"prompt": "What is six times seven?", "response": GOOD, "answer": "42"}


# --- score ----------------------------------------------------------------------------------------


def test_score_writes_every_row_and_prints_each_mean_beside_what_is_missing():
    write("in.jsonl", ROW, {**ROW, "response": "41"})
    result = plaudit_("score", "in.jsonl", "-r", "r1-zero", "-o", "out.jsonl", "--report", "r.html")
    assert [row["reward"] for row in written("out.jsonl")] == [2.0, 0.0]
    head, _, reward, accuracy, *_ = result.stdout.splitlines()
    assert head.split() == [
        "part",
        *["mean", "std", "min", "max", "scored", "unscored", "faulted", "n/a"],
    ]
    assert reward.split() == ["reward", "1", "1.4142", "0", "2", "2", "0", "0"]
    assert accuracy.split() == ["accuracy", "0.5", "0.7071", "0", "1", "2", "0", "0", "0"]
    assert "<html" in Path("r.html").read_text(encoding="utf-8")
    assert "report: r.html" in result.stderr


def test_a_narrow_terminal_costs_no_figure_of_the_summary(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    lines = plaudit_("score", write("in.jsonl", ROW), *LENGTH).stdout.splitlines()
    assert lines[0].split() == HEAD
    assert lines[2].split()[0] == "reward"


def test_score_without_output_writes_nothing(here):
    write("in.jsonl", ROW)
    plaudit_("score", "in.jsonl", *LENGTH)
    assert [path.name for path in here.iterdir()] == ["in.jsonl"]


def test_score_to_stdout_keeps_the_summary_out_of_it():
    write("in.jsonl", ROW)
    result = plaudit_("score", "in.jsonl", *LENGTH, "-o", "-")
    assert json.loads(result.stdout)["reward"] == len(GOOD)
    assert "1 rows (0 bad)" in result.stderr


def test_score_reads_standard_input():
    result = plaudit_("score", "-", *LENGTH, "-o", "-", input=json.dumps(ROW) + "\n")
    assert json.loads(result.stdout)["reward"] == len(GOOD)


def test_bad_rows_are_told_counted_and_written_and_the_code_is_1():
    write("in.jsonl", ROW, '{"prompt": "x", "response"', ROW, {"prompt": "x", "response": 5})
    result = plaudit_("score", "in.jsonl", *LENGTH, "-o", "out.jsonl", code=1)
    assert "in.jsonl:2: broken JSON at column 27" in result.stdout
    assert "in.jsonl:4: field 'response': expected text, found 5 (int)" in result.stdout
    assert "4 rows (2 bad), 2 responses" in result.stdout
    rewards = [row["reward"] for row in written("out.jsonl")]
    assert rewards == [len(GOOD), None, len(GOOD), None]


def test_equal_messages_are_told_once():
    write("in.jsonl", *[{"response": "x", "n": i} for i in range(7)])
    result = plaudit_("score", "in.jsonl", "-r", "math", code=3)
    assert result.stdout.count("field 'reference'") == 1
    assert "(7 times)" in result.stdout


def test_strict_stops_at_the_first_bad_row_with_code_3():
    write("in.jsonl", ROW, "{", ROW)
    result = plaudit_("score", "in.jsonl", *LENGTH, "-o", "out.jsonl", "--strict", code=3)
    assert "in.jsonl:2: broken JSON" in one_line(result)
    assert not Path("out.jsonl").exists()


def test_unscored_responses_are_code_1_unless_allowed():
    write("in.jsonl", {**ROW, "answer": ""})
    result = plaudit_("score", "in.jsonl", "-r", "math", code=1)
    assert "1 responses (1 unscored; faults: 1 input)" in result.stdout
    assert "in.jsonl:1: input fault:" in result.stdout
    plaudit_("score", "in.jsonl", "-r", "math", "--allow-unscored")


def test_no_row_is_not_a_success():
    write("in.jsonl")
    assert "no row in in.jsonl" in plaudit_("score", "in.jsonl", *LENGTH, code=1).stderr


def test_a_part_that_applies_to_no_row_is_listed():
    recipe = {
        "use": "combine.weighted",
        "parts": {
            "long": {"use": "rules.baseline.length"},
            "gold": {"use": "rules.exact.equal", "when": {"has": "glod"}},
        },
    }
    Path("r.yaml").write_text(yaml.safe_dump(recipe))
    write("in.jsonl", ROW)
    lines = plaudit_("score", "in.jsonl", "-r", "r.yaml").stdout.splitlines()
    (gold,) = [line for line in lines if line.strip().startswith("gold")]
    assert gold.split() == ["gold", *"----", "0", "0", "0", "1"]


def test_columns_are_mapped():
    write("in.jsonl", {"q": "six times seven?", "out": GOOD, "info": {"gold": "42"}})
    mapped = ["prompt=q", "response=out", "reference=info.gold"]
    options = [word for pair in mapped for word in ("--column", pair)]
    plaudit_("score", "in.jsonl", "-r", "math", *options, "-o", "out.jsonl")
    assert written("out.jsonl")[0]["reward"] == 1.0


def test_set_changes_one_value_of_a_recipe():
    write("in.jsonl", ROW)
    options = ["--set", "parts.format.weight=0.5", "--set", "parts.accuracy.weight=3"]
    plaudit_("score", "in.jsonl", "-r", "r1-zero", *options, "-o", "out.jsonl")
    assert written("out.jsonl")[0]["reward"] == 3.5


def test_limit_and_workers():
    write("in.jsonl", *[{"response": "x" * i} for i in range(9)])
    for workers in ("0", "2"):
        plaudit_(
            "score",
            "in.jsonl",
            *LENGTH,
            "--limit",
            4,
            "--workers",
            workers,
            "-o",
            f"{workers}.jsonl",
        )
    assert [row["reward"] for row in written("2.jsonl")] == [0, 1, 2, 3]
    assert Path("0.jsonl").read_bytes() == Path("2.jsonl").read_bytes()


def test_a_reward_with_parameters_of_every_sort():
    write("in.jsonl", {"response": "<plan>a</plan><code>b</code>"})
    reward = "rules.format.xml_fields,fields=[plan, code]"
    plaudit_("score", "in.jsonl", "--reward", reward, "-o", "out.jsonl")
    assert written("out.jsonl")[0]["reward"] == 1.0


def test_ones_own_reward_from_the_current_directory():
    Path("my_own_rules.py").write_text("def loud(response: str) -> float:\n    return 7.0\n")
    write("in.jsonl", ROW)
    plaudit_("score", "in.jsonl", "--reward", "my_own_rules:loud", "-o", "out.jsonl")
    assert written("out.jsonl")[0]["reward"] == 7.0


def test_a_recipe_loads_only_plaudit_unless_it_is_allowed_more():
    Path("my_other_rules.py").write_text("def loud(response: str) -> float:\n    return 7.0\n")
    Path("r.yaml").write_text("use: my_other_rules:loud\n")
    write("in.jsonl", ROW)
    line = one_line(plaudit_("score", "in.jsonl", "-r", "r.yaml", code=2))
    assert "--allow-import my_other_rules" in line
    plaudit_("score", "in.jsonl", "-r", "r.yaml", "--allow-import", "my_other_rules")


def test_an_output_that_exists_is_refused():
    write("in.jsonl", ROW)
    Path("out.jsonl").write_text("precious\n")
    line = one_line(plaudit_("score", "in.jsonl", *LENGTH, "-o", "out.jsonl", code=2))
    assert "--overwrite" in line
    assert "--resume" in line
    assert Path("out.jsonl").read_text() == "precious\n"
    plaudit_("score", "in.jsonl", *LENGTH, "-o", "out.jsonl", "--overwrite")
    assert len(written("out.jsonl")) == 1


def test_a_report_that_exists_is_refused():
    write("in.jsonl", ROW)
    Path("r.html").write_text("precious")
    words = ["score", "in.jsonl", *LENGTH, "--report", "r.html"]
    assert "--overwrite" in one_line(plaudit_(*words, code=2))
    assert Path("r.html").read_text() == "precious"
    plaudit_(*words, "--overwrite")


def test_resume_goes_on_and_counts_all_rows():
    rows = [{"response": "x" * i, "id": str(i)} for i in range(6)]
    write("in.jsonl", *rows)
    plaudit_("score", "in.jsonl", *LENGTH, "-o", "whole.jsonl")
    write("in.jsonl", *rows[:3], "{", *rows[4:])
    plaudit_("score", "in.jsonl", *LENGTH, "-o", "out.jsonl", "--strict", code=3)
    kept = Path("out.jsonl.partial.jsonl")
    assert len(written(kept)) == 3
    size = Path("in.jsonl").stat().st_size
    write("in.jsonl", *rows[:3], json.dumps(rows[3]), *rows[4:])
    about = json.loads(Path("out.jsonl.partial.json").read_text())
    about["inputs"][0]["bytes"] += Path("in.jsonl").stat().st_size - size
    Path("out.jsonl.partial.json").write_text(json.dumps(about))
    result = plaudit_("score", "in.jsonl", *LENGTH, "-o", "out.jsonl", "--resume")
    assert Path("out.jsonl").read_bytes() == Path("whole.jsonl").read_bytes()
    assert "6 rows (0 bad, 3 of them before), 6 responses" in result.stdout
    assert result.stdout.splitlines()[2].split()[:2] == ["reward", "2.5"]
    again = plaudit_("score", "in.jsonl", *LENGTH, "-o", "out.jsonl", "--resume")
    assert "already complete" in again.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-r", "r1-zreo"], "did you mean 'r1-zero'"),
        (["--reward", "rules.baseline.lenght"], "did you mean 'rules.baseline.length'"),
        (["--reward", "rules.baseline.length,unti=words"], "did you mean 'unit'"),
        (["-r", "r1-zero", "--set", "parts.format.wieght=1"], "did you mean 'weight'"),
        (["-r", "r1-zero", "--set", "parts.frmat.weight=1"], "did you mean 'format'"),
        (["-r", "r1-zero", "--set", "nonsense"], "not KEY=VALUE"),
        (["-r", "r1-zero", "--set", "parts.format.weight=[1"], "not YAML"),
        (["-r", "r1-zero", *LENGTH], "one of the two"),
        ([], "shipped recipes: code, dapo"),
        ([*LENGTH, "--column", "prompt"], "NAME=COLUMN"),
        ([*LENGTH, "--workers", "many"], "a number or auto"),
        ([*LENGTH, "--deadline-s", "0"], "deadline_s=0.0"),
        ([*LENGTH, "--limit", "0"], "--limit"),
        ([*LENGTH, "-o", "no/where.jsonl"], "does not exist"),
        ([*LENGTH, "-o", "out.txt"], "unknown output format"),
        ([*LENGTH, "--report", "no/r.html"], "does not exist"),
        ([*LENGTH, "--resume"], "--resume needs --output"),
        ([*LENGTH, "--bogus"], "No such option"),
    ],
)
def test_a_wrong_word_is_one_clear_line_with_code_2(words, message):
    write("in.jsonl", ROW)
    assert message in one_line(plaudit_("score", "in.jsonl", *words, code=2))


def test_inputs_that_are_none():
    Path("folder").mkdir()
    assert "'in.jsonl'" in one_line(plaudit_("score", "in.jsonl", *LENGTH, code=2))
    assert "folder" in one_line(plaudit_("score", "folder", *LENGTH, code=2))


def test_a_broken_module_of_ones_own_is_told_as_such():
    Path("my_broken_rules.py").write_text("raise ValueError('boo')\n")
    write("in.jsonl", ROW)
    words = ["score", "in.jsonl", "--reward", "my_broken_rules:mine"]
    line = one_line(plaudit_(*words, code=2))
    assert "loading my_broken_rules:mine raised ValueError: boo" in line
    assert "Traceback" in plaudit_(*words, "--debug", code=2).stderr


@pytest.mark.parametrize(
    ("name", "recipe"),
    [("math_gsm8k_modern_solutions.jsonl.gz", "math"), ("zh_pairs.jsonl.gz", "data-quality")],
)
def test_public_files_run_as_they_are(name, recipe):
    if not (SHARED / name).exists():
        pytest.skip(f"needs {name} in ../shared/data")
    result = plaudit_("score", SHARED / name, "-r", recipe, "--limit", 60, "-o", "out.jsonl")
    assert "60 rows (0 bad)" in result.stdout
    assert len(written("out.jsonl")) == 60


# --- explain --------------------------------------------------------------------------------------


def test_explain_shows_weights_values_reasons_and_times():
    write("in.jsonl", {"prompt": "a"}, {**ROW, "response": GOOD.replace("42}", "41}"), "id": "me"})
    shown = plaudit_("explain", "in.jsonl:2", "-r", "r1-zero").stdout
    assert "in.jsonl:2 (id me)" in shown
    assert "prompt: What is six times seven?" in shown
    assert "think block (closed), characters 0-41" in shown
    assert "last box, characters 49-59: \\boxed{41}" in shown
    accuracy = next(line for line in shown.splitlines() if "accuracy" in line)
    assert "accuracy  0  weight 1  rules.math.equal(extract='auto', strict=False)" in accuracy
    assert accuracy.rstrip().endswith(" ms")
    assert "extracted 41 (boxed in the answer tag) against 42: different" in shown
    assert "format  1  weight 1" in shown


def test_explain_shows_every_response_or_one():
    write("in.jsonl", {"prompt": "a", "responses": ["one", "three"]})
    assert "response 2 of 2" in plaudit_("explain", "in.jsonl", *LENGTH).stdout
    only = plaudit_("explain", "in.jsonl:1", *LENGTH, "--response", 2).stdout
    assert "response 1 of 2" not in only
    assert "rules.baseline.length  5" in only
    line = one_line(plaudit_("explain", "in.jsonl:1", *LENGTH, "--response", 3, code=2))
    assert "the row has 2" in line


def test_explain_neutralises_what_a_model_wrote():
    write("in.jsonl", {"prompt": "[bold]x", "response": "[red]\x1b[31mred\u202e[/red]:smile:"})
    shown = plaudit_("explain", "in.jsonl", *LENGTH).stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[bold]x" in shown
    assert "[/red]:smile:" in shown


def test_explain_shows_chinese():
    write("in.jsonl", {"prompt": "六乘七？", "response": "四十二", "answer": "42"})
    shown = plaudit_("explain", "in.jsonl", "-r", "math").stdout
    assert "prompt: 六乘七？" in shown
    assert "四十二" in shown


def test_explain_tells_which_part_lacks_its_column():
    write("in.jsonl", {"response": GOOD, "prompt": "a"})
    shown = plaudit_("explain", "in.jsonl", "-r", "r1-zero", code=1).stdout
    assert "accuracy  unscored" in shown
    assert "field 'reference': missing column" in shown
    assert "format  1" in shown


def test_explain_says_where_there_is_no_row():
    write("in.jsonl", ROW, "", ROW, "{")
    assert "next one is 3" in one_line(plaudit_("explain", "in.jsonl:2", *LENGTH, code=2))
    assert "has no row 9" in one_line(plaudit_("explain", "in.jsonl:9", *LENGTH, code=2))
    assert "in.jsonl:4: broken JSON" in one_line(plaudit_("explain", "in.jsonl:4", *LENGTH, code=3))


# --- list, show, check ----------------------------------------------------------------------------


def test_list_names_rules_combinations_and_recipes():
    shown = plaudit_("list").stdout
    for name in (*plaudit.available(), "combine.weighted", "--recipe r1-zero"):
        assert name in shown
    assert "rules.format" not in plaudit_("list", "rules.baseline").stdout


def test_list_as_json_is_one_object_a_line():
    lines = plaudit_("list", "rules.baseline", "--json").stdout.splitlines()
    entries = {entry["name"]: entry for entry in map(json.loads, lines)}
    assert entries["rules.baseline.random"]["range"] == "[0, 1]"
    assert set(entries) == set(plaudit.available("rules.baseline"))


def test_list_knows_close_names():
    assert "did you mean 'rules.math.equal'" in one_line(
        plaudit_("list", "rules.mth.equal", code=2)
    )


def test_show_a_rule():
    shown = plaudit_("show", "rules.math.equal").stdout
    assert "equal(response: str, reference: str" in shown
    assert "reads: reference (or reference_answer, solution, answer, ground_truth)" in shown


def test_show_a_recipe_as_a_tree():
    shown = plaudit_("show", "r1", "--set", "parts.language.view=think").stdout
    assert "accuracy: 1.0 x rules.math.equal (extract='auto', strict=False)" in shown
    assert "[view: think] [optional: True]" in shown
    assert "reads: reference (or reference_answer, solution, answer, ground_truth)" in shown
    assert "deterministic, cpu bound" in shown


@pytest.mark.parametrize("name", plaudit.recipes())
def test_show_every_recipe(name):
    assert f"{name}: " in plaudit_("show", name).stdout


def test_check_passes_a_lawful_reward_and_names_what_is_broken():
    Path("my_laws.py").write_text(
        "def fair(response: str) -> float:\n    return float(len(response))\n"
        "def nan(response: str) -> float:\n    return 1 / len(response)\n"
    )
    assert "BROKEN" not in plaudit_("check", "my_laws:fair").stdout
    shown = plaudit_("check", "my_laws:nan", code=1).stdout
    assert "BROKEN hard_texts_are_scored" in shown
    assert "empty: the rule raised ZeroDivisionError" in shown


def test_check_takes_parameters_recipes_and_rows():
    plaudit_("check", "rules.length.range,low=1,high=9,falloff=2,unit=chars")
    plaudit_("check", "data-quality")
    Path("my_tests.py").write_text(
        "def passes(response: str, tests: list) -> float:\n    return float(len(tests))\n"
    )
    shown = plaudit_("check", "my_tests:passes", code=1).stdout
    assert "missing column" in shown
    write("in.jsonl", {"response": "x", "tests": ["a"]})
    plaudit_("check", "my_tests:passes", "--rows", "in.jsonl")


# --- init -----------------------------------------------------------------------------------------


def proposed(*words):
    result = plaudit_("init", *words)
    return yaml.safe_load(result.stdout), result


def run_proposal(result):
    """Runs the command that the proposal names."""
    text = result.stdout
    Path("recipe.yaml").write_text(text, encoding="utf-8")
    (command,) = [line[2:] for line in text.splitlines() if line.startswith("# plaudit score")]
    return plaudit_(*command.split()[1:])


def test_init_proposes_a_recipe_for_reasoning_with_unusual_columns():
    row = {"q": "What is six times seven?", "model_text": GOOD, "gold": "42"}
    write("in.jsonl", row, row)
    recipe, result = proposed("in.jsonl")
    assert recipe["parts"]["accuracy"]["use"] == "rules.math.equal"
    assert recipe["parts"]["format"] == {
        "use": "rules.format.think_answer",
        "weight": 0.5,
        "prefilled": False,
    }
    assert recipe["parts"]["language"]["use"] == "rules.language.consistency"
    columns = {"prompt": "q", "response": "model_text", "reference": "gold"}
    assert recipe["columns"] == columns
    assert "--column" not in result.stdout
    assert "tried on 2 rows" in result.stderr
    assert "2 rows (0 bad), 2 responses (0 unscored)" in run_proposal(result).stdout


def test_init_sees_a_think_block_that_the_template_opened():
    write("in.jsonl", {"prompt": "a b", "response": "so it is</think>42", "answer": "42"})
    recipe, _ = proposed("in.jsonl")
    assert recipe["parts"]["format"]["use"] == "rules.format.think"
    assert recipe["parts"]["format"]["prefilled"] is True


@pytest.mark.parametrize(
    ("reference", "rule"),
    [
        ("\\frac{1}{2}", "rules.math.equal"),
        ("B", "rules.exact.multiple_choice"),
        ("A、C", "rules.exact.multiple_choice"),
        ("Paris", "rules.exact.normalised"),
        ("It rained all night, " * 9, "rules.exact.token_f1"),
    ],
)
def test_init_chooses_the_rule_by_the_references(reference, rule):
    write("in.jsonl", {"prompt": "a", "response": "some text", "reference": reference})
    recipe, result = proposed("in.jsonl")
    assert recipe["parts"]["accuracy"]["use"] == rule
    run_proposal(result)


def test_init_asks_whether_a_list_means_any_or_all():
    write("in.jsonl", {"prompt": "a", "response": "red", "reference": ["red", "green"]})
    result = plaudit_("init", "in.jsonl", code=2)
    assert "references: any" in result.stderr
    for name, rule in (("reference", "set_equal"), ("references", "normalised")):
        way = f"{name}=reference"
        assert f"plaudit init in.jsonl --column {way}" in result.stderr
        result_ = plaudit_("init", "in.jsonl", "-o", "r.yaml", "--overwrite", "--column", way)
        recipe = yaml.safe_load(Path("r.yaml").read_text())
        assert recipe["columns"][name] == "reference"
        assert recipe["parts"]["accuracy"]["use"] == f"rules.exact.{rule}"
        plaudit_("score", "in.jsonl", "-r", "r.yaml")
        assert "next: " in result_.stderr


def test_init_binds_one_of_several_reference_columns():
    write("in.jsonl", {"prompt": "a", "response": "42", "solution": "so 42", "answer": "42"})
    recipe, result = proposed("in.jsonl")
    assert recipe["columns"]["reference"] == "answer"
    run_proposal(result)


def test_init_without_a_reference_still_proposes_something_that_runs():
    write("in.jsonl", {"prompt": "写一首诗", "chosen": "春眠不觉晓", "rejected": "处处闻啼鸟" * 9})
    recipe, result = proposed("in.jsonl")
    assert set(recipe["parts"]) == {"loop", "length"}
    assert "Chinese" in result.stdout
    run_proposal(result)


def test_init_cannot_be_led_astray_by_hostile_values():
    hostile = "1\n  evil: {use: os:system}\n# \x1b[31m"
    write("in.jsonl", {"prompt": "a", "response": "1", "answer": hostile, "data_source": "\n- x"})
    recipe, result = proposed("in.jsonl")
    assert set(recipe["parts"]) == {"accuracy", "loop"}
    assert "\x1b" not in result.stdout


def test_init_writes_a_file_and_refuses_to_replace_one():
    write("in.jsonl", ROW)
    plaudit_("init", "in.jsonl", "-o", "mine.yaml")
    assert "--recipe mine.yaml" in Path("mine.yaml").read_text()
    assert "--overwrite" in one_line(plaudit_("init", "in.jsonl", "-o", "mine.yaml", code=2))


def test_init_says_what_it_cannot_find():
    write("in.jsonl", {"a": 1})
    assert "--column response=NAME" in one_line(plaudit_("init", "in.jsonl", code=2))


# --- demo -----------------------------------------------------------------------------------------

SAMPLE = Path(plaudit.__file__).parent / "demo" / "sample.jsonl"


def test_demo_prints_every_row_and_writes_the_report():
    result = plaudit_("demo", "--report", "sub/tour.html")
    for row in written(SAMPLE):
        assert row["id"] in result.stdout
    assert "report: sub/tour.html" in result.stdout
    page = Path("sub/tour.html").read_text(encoding="utf-8")
    assert "the originals" in page
    plaudit_("demo", "--report", "sub/tour.html")


def test_demo_leaves_files_and_replaces_none_that_is_not_its_own():
    result = plaudit_("demo", "--files", "here")
    assert "plaudit score here/rollouts.jsonl --recipe here/recipe.yaml" in result.stdout
    assert len(written("here/rollouts.jsonl")) == len(written("here/pairs.jsonl")) == 8
    plaudit_("demo", "--files", "here")
    Path("here/recipe.yaml").write_text("mine", encoding="utf-8")
    Path("here/pairs.jsonl").unlink()
    assert "here/recipe.yaml: exists" in one_line(plaudit_("demo", "--files", "here", code=2))
    assert not Path("here/pairs.jsonl").exists()


def test_demo_works_without_math_verify(monkeypatch):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *a: None if name == "math_verify" else find(name, *a),
    )
    result = plaudit_("demo")
    assert "pip install 'plaudit[math]'" in result.stderr
    assert "hostile" in result.stdout


DEMO = {  # accuracy and format of r1; accuracy, format and tags of the originals (nan: skipped)
    "correct": ((1, 1), (1, 1, 1)),
    "correct-zh": ((1, 1), (1, 1, 1)),
    "no-latex": ((1, 1), (0, 1, 1)),
    "unit-zh": ((1, 1), (0, 1, 1)),
    "raw-reference": ((1, 1), (None, 1, 1)),
    "reversed-tags": ((0, 0), (0, 0, 1)),
    "empty-think": ((1, 0), (1, 1, 1)),
    "second-answer": ((0, 0), (0, 1, 0.5)),
    "several-boxes": ((1, 1), (0, 1, 1)),
    "factorial": ((0, 1), (1, 1, 1)),
    "percent": ((0, 1), (1, 1, 1)),
    "truncated": ((0, 0), (1, 0, 0.25)),
    "looped-tail-zh": ((0, 0), (1, 0, 0.25)),
    "mixed-language": ((1, 1), (1, 1, 1)),
    "hostile": ((0, 1), None),
}


def test_what_the_demo_says_is_so():
    pytest.importorskip("math_verify")
    ours, theirs = plaudit.build("r1"), plaudit.build(SAMPLE.with_name("originals.yaml"))
    found = {}
    for row, result in _pairs(ours):
        mine = tuple(result.parts[name] for name in ("accuracy", "format"))
        other = None
        if not row.get("hostile"):
            parts = theirs.score([_group(row)])[0][0].parts
            other = tuple(
                None if parts[name] != parts[name] else parts[name]
                for name in ("accuracy", "format", "tags")
            )
        found[row["id"]] = (mine, other)
    assert found == DEMO


def test_the_other_rules_that_the_demo_names_differ_as_it_says():
    pytest.importorskip("math_verify")
    rows = {row["id"]: row for row in written(SAMPLE)}
    found = {
        name: [_one(path, rows[name]) for path in rows[name]["also"].values()]
        for name in ("second-answer", "looped-tail-zh")
    }
    assert found["second-answer"] == [0.0, 1.0]
    ours, original = found["looped-tail-zh"]
    assert ours < -0.8
    assert original == 0.0


def _group(row):
    from plaudit.data.rows import Layout

    return Layout().row(row).group


def _pairs(reward):
    for row in written(SAMPLE):
        yield row, reward.score([_group(row)])[0][0]


def _one(path, row):
    from plaudit.cli._reward import node_of

    return plaudit.build(node_of(path)).score([_group(row)])[0][0].value


# --- the whole ------------------------------------------------------------------------------------


def test_help_names_every_verb_and_the_exit_codes():
    shown = plaudit_("--help").stdout
    for verb in VERBS:
        assert verb in shown
        assert "Usage" in plaudit_(verb, "--help").stdout
    for words in (shown, plaudit_("score", "--help").stdout):
        assert "130 interrupted" in " ".join(words.split())


@pytest.mark.parametrize("verb", VERBS)
def test_the_table_of_verbs_says_what_the_verb_says(verb):
    """The table stands in for docstrings that would have to be imported."""
    module = importlib.import_module(f"plaudit.cli.{verb}")
    doc = " ".join((module.run.__doc__ if hasattr(module, "run") else module.__doc__).split())
    assert doc.startswith(VERBS[verb].summary)
    assert f"Example:\n    {VERBS[verb].example}\n" in plaudit_(verb, "--help").stdout


def test_every_module_of_a_verb_is_in_the_table():
    folder = Path(plaudit.__file__).parent / "cli"
    assert {p.stem for p in folder.glob("[a-z]*.py")} == set(VERBS)


def test_without_a_verb_there_is_help():
    assert "Usage" in plaudit_(code=2).stderr
    assert "Usage" in plaudit_("sandbox", code=2).stderr


def test_version():
    assert plaudit_("--version").stdout == f"plaudit {plaudit.__version__}\n"


def test_a_misspelt_verb():
    assert "score" in one_line(plaudit_("scroe", code=2))
