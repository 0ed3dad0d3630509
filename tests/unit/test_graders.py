"""Graders as JSON: files as recipes, recipes as graders, error flags as faults and back."""

import json
import math

import pytest

from plaudit import ConfigError, DataError, Group, Response, build, load
from plaudit.graders import (
    FAULTS,
    FIELDS,
    KINDS,
    flags_of,
    is_grader,
    recipe_of,
    score_of,
    to_grader,
)
from plaudit.types import Score

CHECK = {
    "type": "string_check",
    "name": "mail",
    "operation": "eq",
    "input": "{{sample.output_json.mail}}",
    "reference": "{{item.mail}}",
}
SIMILAR = {
    "type": "text_similarity",
    "name": "words",
    "evaluation_metric": "rouge_l",
    "input": "{{sample.output_json.name}}",
    "reference": "{{ item.name }}",
    "pass_threshold": 0.9,
}
PYTHON = {
    "type": "python",
    "name": "short",
    "source": "def grade(sample, item):\n    return float(len(sample['output_text']) < 99)",
    "image_tag": "2025-05-08",
}
MULTI = {
    "type": "multi",
    "name": "both",
    "graders": {"name": SIMILAR, "mail": CHECK},
    "calculate_output": "(name + mail) / 2",
}
TURNS = [{"role": "user", "content": "{{sample.output_text}}"}]
SCORE = {"type": "score_model", "name": "s", "model": "m", "input": TURNS, "range": [0, 5]}
LABEL = {
    "type": "label_model",
    "name": "l",
    "model": "m",
    "input": TURNS,
    "labels": ["yes", "no"],
    "passing_labels": ["yes"],
}
ROW = {"name": "Ann Lee", "mail": "ann@x.org"}
ANSWER = json.dumps({"name": "Ann Leigh", "mail": "ann@x.org"})


def score(reward, text, **columns):
    return reward.score([Group("?", [text], columns)])[0][0]


# --- a file as a recipe ---------------------------------------------------------------------------


def test_a_grader_file_is_a_recipe(tmp_path):
    pytest.importorskip("rouge_score")
    path = tmp_path / "grader.json"
    path.write_text(json.dumps(MULTI, indent="\t"), encoding="utf-8")
    reward = build(path)
    graded = score(reward, ANSWER, **ROW)
    assert graded.parts["mail"] == 1.0
    assert graded.parts["name"] == pytest.approx(0.5)  # one of two words
    assert graded.value == pytest.approx(0.75)
    assert repr(reward) == repr(build(MULTI))


def test_json_escapes_are_read_as_json_has_them(tmp_path):
    path = tmp_path / "grader.json"
    check = {**CHECK, "input": "{{sample.output_text}}", "reference": "\U0001f600/é"}
    path.write_text(json.dumps(check).replace("/", "\\/"), encoding="utf-8")
    assert score(build(path), "\U0001f600/é").value == 1.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not readable as JSON"),
        ("[1]", "a grader one with a 'type'"),
        ('{"type": "python", "type": "multi"}', "duplicate key 'type'"),
        ('{"type": "pythn", "source": ""}', "did you mean 'python'"),
        ('{"type": "string_check", "inputs": ""}', "inputs"),
        ('{"type": "string_check", "input": "a", "reference": "b"}', "operation"),
    ],
)
def test_files_that_are_refused(tmp_path, text, message):
    path = tmp_path / "grader.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        build(path)


def test_a_recipe_in_json_is_a_recipe(tmp_path):
    path = tmp_path / "recipe.json"
    path.write_text('{"use": "rules.baseline.length"}', encoding="utf-8")
    assert score(build(path), "four").value == 4.0


def test_load_of_a_grader_file_names_build():
    with pytest.raises(ConfigError, match="is a recipe, not a reward's name: build"):
        load("graders/mine.json")


def test_a_multi_grader_within_another_is_refused():
    with pytest.raises(ConfigError, match="cannot be within another"):
        build({**MULTI, "graders": {"a": MULTI}})
    with pytest.raises(ConfigError, match="graders maps names"):
        build({**MULTI, "graders": []})


def test_a_single_grader_in_a_multi_goes_by_its_name():
    reward = build({**MULTI, "graders": CHECK, "calculate_output": "2 * mail"})
    assert score(reward, ANSWER, **ROW).value == 2.0


def test_lists_of_the_row_and_of_the_response_compare_as_json():
    check = {**CHECK, "input": "{{item.reference_answer.donors}}",
             "reference": "{{sample.output_json.donors}}"}  # fmt: skip
    row = {"reference_answer": {"donors": [2, 5], "acceptors": []}}
    assert score(build(check), '{"donors":[2,5]}', **row).value == 1.0
    assert score(build(check), '{"donors":[5,2]}', **row).value == 0.0
    assert score(build(check), '{"acceptors":[]}', **row).fault == "response"


def test_arguments_of_a_tool_call_are_compared_as_the_text_that_they_are():
    check = {**CHECK, "input": '{"smiles": "{{item.smiles}}"}',
             "reference": "{{sample.output_tools[0].function.arguments}}"}  # fmt: skip
    function = {"name": "acceptors", "arguments": '{"smiles": "CCO"}'}
    turn = {"role": "assistant", "content": "", "tool_calls": [{"function": function}]}
    group = Group("?", [Response("", messages=(turn,))], {"smiles": "CCO"})
    assert build(check).score([group])[0][0].value == 1.0


def test_every_kind_of_the_api_is_known():
    assert set(KINDS) == {*FIELDS, "multi"}
    assert all(is_grader(grader) for grader in (CHECK, SIMILAR, PYTHON, MULTI, SCORE, LABEL))
    for grader in (CHECK, SIMILAR, PYTHON, SCORE, LABEL):
        assert set(grader) - {"type"} <= set(FIELDS[grader["type"]])


def test_the_fields_are_those_of_the_sdk():
    graders = pytest.importorskip("openai.types.graders")
    for kind, fields in FIELDS.items():
        model = getattr(graders, "".join(map(str.title, kind.split("_"))) + "Grader")
        assert {"type", *fields} - {"pass_threshold"} == set(model.model_fields)


@pytest.mark.parametrize("grader", [CHECK, SIMILAR, PYTHON, SCORE, LABEL])
def test_the_sdk_takes_what_is_exported(grader):
    graders = pytest.importorskip("openai.types.graders")
    model = getattr(graders, "".join(map(str.title, grader["type"].split("_"))) + "Grader")
    exported = to_grader(recipe_of(grader))
    known = {name: value for name, value in exported.items() if name != "pass_threshold"}
    assert model.model_validate(known).to_dict() == known


# --- a recipe as a grader -------------------------------------------------------------------------


@pytest.mark.parametrize("grader", [CHECK, SIMILAR, PYTHON, MULTI, SCORE, LABEL])
def test_a_grader_survives_the_way_there_and_back(grader):
    assert to_grader(recipe_of(grader)) == grader
    assert to_grader(grader) == grader


def node(grader):
    return recipe_of(grader)


COMBINED = [
    ({"use": "combine.weighted", "parts": {"a": {**node(CHECK), "weight": 0.5}, "b": node(PYTHON)}},
     "0.5 * a + b"),
    ({"use": "combine.weighted", "parts": {"a": {**node(CHECK), "weight": -1e-7}}},
     "(-0.0000001) * a"),
    ({"use": "combine.mean", "parts": {"a": {**node(CHECK), "weight": 3}, "b": node(PYTHON)}},
     "(3 * a + b) / 4"),
    ({"use": "combine.product", "parts": {"a": {**node(CHECK), "weight": 2}, "b": node(PYTHON)}},
     "a ^ 2 * b"),
    ({"use": "combine.minimum", "parts": {"a": node(CHECK), "b": {**node(PYTHON), "weight": 2}}},
     "min(a, 2 * b)"),
    ({"use": "combine.maximum", "parts": {"min": node(CHECK), "b c": node(PYTHON)}},
     "max(min_score, b_c)"),
    ({"use": "combine.clip", "reward": node(CHECK), "low": -1, "high": 0.5},
     "max((-1), min(0.5, reward))"),
    ({"use": "combine.affine", "reward": {"use": "combine.weighted", "parts": {
        "a": node(CHECK), "b": {"use": "rules.baseline.constant", "value": 2}}},
      "scale": 3, "shift": 1}, "3 * (a + 2) + 1"),
]  # fmt: skip


@pytest.mark.parametrize(("recipe", "formula"), COMBINED)
@pytest.mark.parametrize(
    "text", [ANSWER, json.dumps({"mail": "other"}), '{"mail": ' + "9" * 200 + "}"]
)
def test_a_combination_is_one_formula_with_the_same_values(recipe, formula, text):
    grader = to_grader(recipe)
    assert grader["calculate_output"] == formula
    assert grader["type"] == "multi"
    assert all(part["name"] for part in grader["graders"].values())
    json.dumps(grader)
    exported, own = build(grader), build(recipe)
    assert score(exported, text, **ROW).value == pytest.approx(score(own, text, **ROW).value)


def test_what_has_no_form_is_named_by_its_place():
    recipe = {
        "use": "combine.weighted",
        "parts": {
            "math": {"use": "rules.math.equal"},
            "mail": {**node(CHECK), "optional": True, "view": "all"},
            "deep": {"use": "combine.gate", "gate": node(CHECK), "reward": node(CHECK)},
        },
    }
    with pytest.raises(ConfigError) as caught:
        to_grader(recipe)
    for place in ("recipe.parts.math: rules.math.equal", "recipe.parts.mail.optional",
                  "recipe.parts.mail.view", "recipe.parts.deep: combine.gate"):  # fmt: skip
        assert place in str(caught.value)


def test_a_shipped_recipe_says_what_cannot_be_exported():
    with pytest.raises(ConfigError, match=r"rules\.math\.equal"):
        to_grader("math")


# --- error flags ----------------------------------------------------------------------------------


def raised(flags):
    return [flag for flag in FAULTS if flags[flag]]


@pytest.mark.parametrize("flag", FAULTS)
def test_a_flag_survives_the_way_there_and_back(flag):
    reply = {"reward": 0.0, "sub_rewards": {"a": 1.0}, "metadata": {"errors": {flag: True}}}
    graded = score_of(reply)
    assert (graded.fault, dict(graded.parts)) == (FAULTS[flag], {"a": 1.0})
    assert math.isnan(graded.value) == (graded.fault != "response")
    assert raised(flags_of(graded)) == [flag]


def test_a_proper_score_has_no_flags():
    assert raised(flags_of(Score(0.5))) == []
    errors = dict.fromkeys(FAULTS, False)
    assert score_of({"reward": 0.5, "metadata": {"errors": errors}}) == Score(0.5)


def test_flags_of_our_own_scores():
    broken = build({**PYTHON, "source": "def grade(sample, item): return 1 / 0"})
    flags = flags_of(score(broken, "x"))
    assert raised(flags) == ["python_grader_runtime_error"]
    assert "ZeroDivisionError" in flags["python_grader_runtime_error_details"]
    assert raised(flags_of(score(build(CHECK), "no JSON", **ROW))) == ["sample_parse_error"]
    within = build({**MULTI, "graders": {"x": CHECK}, "calculate_output": "x"})
    assert raised(flags_of(score(within, "no JSON", **ROW))) == ["sample_parse_error"]
    assert raised(flags_of(Score.unscored("disk full", fault="system"))) == ["other_error"]


def test_a_response_cannot_raise_a_flag_by_what_it_says():
    error = "sample_parse_error: the response is not JSON: 'python_grader_runtime_error: x'"
    assert raised(flags_of(Score(0.0, fault="response", error=error))) == ["sample_parse_error"]


def test_several_flags_and_a_reward_that_is_no_number():
    errors = {"sample_parse_error": True, "other_error": True}
    graded = score_of({"reward": 0.0, "metadata": {"errors": errors}})
    assert (graded.fault, math.isnan(graded.value)) == ("system", True)
    assert math.isnan(score_of({"reward": math.nan, "metadata": {"errors": {}}}).value)


@pytest.mark.parametrize("reply", [{}, {"reward": 1.0}, {"metadata": {"errors": {}}}])
def test_what_is_no_reply_is_refused(reply):
    with pytest.raises(DataError, match="graders/run"):
        score_of(reply)
