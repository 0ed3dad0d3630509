"""Graders without a model, by hand: operations, measures, faults of the response and of the row."""

import math
from typing import Annotated

import pytest

from plaudit import ConfigError, DataError, Group, Response, ScoringError, lift, load
from plaudit.types import Range

TEXTS = {"input": "{{sample.output_text}}", "reference": "{{item.gold}}"}


def scored(reward, *texts, **columns):
    return reward.score([Group("?", list(texts), columns)])[0]


def values(scores):
    return [score.value for score in scores]


def check(operation, **more):
    return load("rules.grader.string_check", **{"operation": operation, **TEXTS, **more})


# --- string_check ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("eq", [1, 0, 0, 0]), ("ne", [0, 1, 1, 1]), ("like", [1, 0, 1, 0]), ("ilike", [1, 1, 1, 1])],
)
def test_operations(operation, expected):
    texts = ["Paris", "PARIS", "in Paris.", " paris "]
    assert values(scored(check(operation), *texts, gold="Paris")) == expected


@pytest.mark.parametrize("operation", ["like", "ilike"])
def test_an_empty_reference_is_not_scored(operation):
    (score,) = scored(check(operation), "anything", gold="")
    assert (math.isnan(score.value), score.fault) == (True, "input")


def test_the_think_block_is_no_output_text():
    thought = "<think>Paris?</think>Lyon"
    assert values(scored(check("like"), thought, gold="Paris")) == [0.0]
    assert values(scored(check("like", view="all"), thought, gold="Paris")) == [1.0]
    assert "view='all'" in repr(check("like", view="all"))


def test_a_missing_column_is_the_rows_fault():
    with pytest.raises(DataError, match=r"invalid_variable_error: .*item has no 'gold'"):
        scored(check("eq"), "x")
    with pytest.raises(DataError, match="item has no 'gold'"):
        check("eq").check(Group("?", ["x"]))
    check("eq").check(Group("?", ["x"], {"gold": "y"}))


def test_columns_of_a_response_count():
    group = Group("?", [Response("a", columns={"gold": "a"}), Response("a", columns={"gold": "b"})])
    assert values(check("eq").score([group])[0]) == [1.0, 0.0]


@pytest.mark.parametrize(
    "text", ["no JSON", '{"city": null}', '{"town": "Paris"}', '["Paris"]', "NaN",
             '{"city": "Paris", "city": "Lyon"}', "[" * 100_000],
)  # fmt: skip
def test_a_response_that_lacks_what_is_read_is_at_fault(text):
    reward = check("eq", input="{{sample.output_json.city}}")
    good, bad = scored(reward, '{"city": "Paris"}', text, gold="Paris")
    assert (good.value, good.fault) == (1.0, None)
    assert (bad.value, bad.fault) == (0.0, "response")
    assert bad.error.startswith("sample_parse_error: ")


def test_the_value_of_such_a_fault_is_declared():
    reward = check("ne", input="{{sample.output_json.city}}", on_response_fault=-1.0)
    assert (scored(reward, "no JSON", gold="x")[0].value, reward.fault_value) == (-1.0, -1.0)


def test_tool_calls_and_choices():
    call = {"id": "1", "type": "function", "function": {"name": "find", "arguments": "{}"}}
    turn = {"role": "assistant", "content": "", "tool_calls": [call]}
    group = Group(
        "?",
        [Response("", messages=(turn,), finish_reason="tool_calls"), Response("find")],
        {"gold": "find"},
    )
    by_name = check("eq", input="{{sample.output_tools[0].function.name}}")
    scores = by_name.score([group])[0]
    assert (values(scores), scores[1].fault) == ([1.0, 0.0], "response")
    by_choice = check("eq", input="{{sample.choices[0].message.tool_calls[0].function.name}}")
    assert values(by_choice.score([group])[0]) == [1.0, 0.0]
    reason = check("eq", input="{{sample.choices[0].finish_reason}}", reference="tool_calls")
    assert reason.score([group])[0][0].value == 1.0


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"operation": "neq"}, "did you mean"),
        ({"input": "{{output_text}}"}, "input: "),
        ({"reference": "{{sample.output_audio.transcript}}"}, "a sample has output_text"),
        ({"view": "half"}, "view='half'"),
        ({"on_response_fault": math.nan}, "on_response_fault=nan"),
    ],
)
def test_string_check_refuses(params, message):
    with pytest.raises(ConfigError, match=message):
        check(**{"operation": "eq", **params})


# --- text_similarity ------------------------------------------------------------------------------


def similarity(metric, **more):
    return load("rules.grader.text_similarity", evaluation_metric=metric, **TEXTS, **more)


@pytest.mark.parametrize(
    ("metric", "f1"),
    [
        # "the cat sat on the mat" and "the cat lay on the mat": 5 of 6 words, 3 of 5 pairs,
        # 1 of 4 triples, no four; longest common subsequence 5 of 6
        ("rouge_1", 5 / 6),
        ("rouge_2", 3 / 5),
        ("rouge_3", 1 / 4),
        ("rouge_4", 0.0),
        ("rouge_5", 0.0),
        ("rouge_l", 5 / 6),
    ],
)
def test_rouge_by_hand(metric, f1):
    pytest.importorskip("rouge_score")
    (score,) = scored(similarity(metric), "The cat lay on the mat!", gold="the cat sat on the mat")
    assert score.value == pytest.approx(f1)


def test_rouge_of_unequal_lengths_by_hand():
    pytest.importorskip("rouge_score")
    (score,) = scored(similarity("rouge_1"), "a b", gold="a b c d")
    assert score.parts == {"precision": 1.0, "recall": 0.5}
    assert score.value == pytest.approx(2 / 3)


def test_rouge_reads_no_chinese_and_says_so():
    pytest.importorskip("rouge_score")
    (score,) = scored(similarity("rouge_l"), "答案是四", gold="答案是四")
    assert (math.isnan(score.value), score.fault) == (True, "input")


def test_rouge_l_of_long_texts_says_what_it_read():
    pytest.importorskip("rouge_score")
    (score,) = scored(similarity("rouge_l"), "word " * 5000, gold="word")
    assert score.note == "compared over the first 1000 words"
    assert score.parts["recall"] == 1.0


@pytest.mark.parametrize(
    ("fuzzy", "value"),
    # kitten, sitting: 4 characters in common of 13 in all, twice: 8 / 13
    [("ratio", 8 / 13), ("QRatio", 8 / 13), ("WRatio", 8 / 13), ("token_sort_ratio", 8 / 13)],
)
def test_fuzzy_match_by_a_named_function(fuzzy, value):
    pytest.importorskip("rapidfuzz")
    (score,) = scored(similarity("fuzzy_match", fuzzy=fuzzy), "sitting", gold="kitten")
    assert score.value == pytest.approx(value)


def test_a_threshold_marks_and_does_not_change_the_value():
    pytest.importorskip("rouge_score")
    reward = similarity("rouge_1", pass_threshold=0.5)
    scores = scored(reward, "a b c", "z z a", gold="a b z")
    assert [score.parts["passed"] for score in scores] == [1.0, 1.0]
    assert values(scores) == pytest.approx([2 / 3, 2 / 3])
    assert scored(reward, "q", gold="a b z")[0].parts["passed"] == 0.0


@pytest.mark.parametrize(
    ("metric", "more", "message"),
    [
        ("bleu", {}, "'bleu' cannot be reproduced"),
        ("gleu", {}, "'gleu' cannot be reproduced"),
        ("meteor", {}, "WordNet"),
        ("cosine", {}, "text-embedding-3-large"),
        ("fuzzy_match", {}, "does not say which function"),
        ("fuzzy_match", {"fuzzy": "best"}, "fuzzy='best'"),
        ("rouge_1", {"fuzzy": "ratio"}, "fuzzy='ratio'"),
        ("rouge_6", {}, "did you mean"),
        ("rouge_1", {"pass_threshold": "half"}, "threshold='half'"),
    ],
)
def test_measures_that_are_not_exactly_defined_are_refused(metric, more, message):
    with pytest.raises(ConfigError, match=message):
        similarity(metric, **more)


# --- python ---------------------------------------------------------------------------------------


def program(body, **more):
    source = "def grade(sample, item):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    return load("rules.grader.python", source=source, **more)


def test_a_source_sees_the_sample_and_the_row():
    body = (
        "assert sample['choices'][0]['message']['content'] == sample['output_text']\n"
        "assert sample['output_tools'] == []\n"
        "return item['weight'] * len(sample['output_json']['words'])"
    )
    reward = program(body)
    (score,) = scored(reward, '<think>hm</think>{"words": [1, 2, 3]}', weight=0.5)
    assert (score.value, score.error) == (1.5, None)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("return 1 / 0", "grade raised ZeroDivisionError"),
        ("return 'high'", "grade returned 'high'"),
        ("return float('nan')", "grade returned nan"),
        ("pass", "grade returned None"),
        ("import no_such_package", "grade raised ModuleNotFoundError"),
        ("import os; os._exit(3)", "ended before grade returned"),
    ],
)
def test_a_source_that_fails_is_not_scored(body, why):
    (score,) = scored(program(body), "x")
    assert (math.isnan(score.value), score.fault) == (True, "system")
    assert score.error.startswith("python_grader_runtime_error: ")
    assert why in score.error


def test_a_response_that_is_no_json_is_blamed_where_json_is_read():
    reward = program("return sample['output_json']['score']", on_response_fault=-0.5)
    good, bad = scored(reward, '{"score": 0.25}', "no JSON")
    assert (good.value, bad.value, bad.fault) == (0.25, -0.5, "response")
    assert bad.error.startswith("sample_parse_error: ")


def test_a_response_that_makes_the_source_outrun_its_limit_is_at_fault():
    body = "while sample['output_text'] == 'hang': pass\nreturn 1"
    scores = scored(program(body, cpu_s=0.3), "fine", "hang", "fine")
    assert values(scores) == [1.0, 0.0, 1.0]
    assert scores[1].fault == "response"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def grade(sample, item) return 1", "not Python"),
        ("def other(sample, item): return 1", "must define grade"),
        ("def grade(sample): return 1", "exactly two arguments"),
        ("#" * 256_001, "at most 256 kB"),
        (None, "expected Python"),
    ],
)
def test_sources_that_are_refused(source, message):
    with pytest.raises(ConfigError, match=message):
        load("rules.grader.python", source=source)


# --- multi ----------------------------------------------------------------------------------------


def hung(response: str) -> Annotated[float, Range(-1, 2)]:
    if response == "hang":
        raise ScoringError("hung", fault="response")
    return 1.0


def unscored(response: str) -> float:
    raise ScoringError("down", fault="system")


def multi(output, **graders):
    return load("rules.grader.multi", graders=graders, calculate_output=output)


def test_a_formula_over_graders():
    reward = multi("(name + mail) / 2", name=check("eq"), mail=check("ilike"))
    (score,) = scored(reward, "PARIS", gold="Paris")
    assert (score.value, dict(score.parts)) == (0.5, {"name": 0.0, "mail": 1.0})
    assert repr(eval(repr(reward), {"load": load})) == repr(reward)


def test_an_unscored_grader_makes_the_whole_nan_if_the_formula_names_it():
    (score,) = scored(multi("a + b", a=check("eq"), b=lift(unscored)), "x", gold="x")
    assert (math.isnan(score.value), score.fault, score.error) == (True, "system", "b: down")
    (score,) = scored(multi("2 * a", a=check("eq"), b=lift(unscored)), "x", gold="x")
    assert (score.value, score.fault) == (2.0, None)


def test_no_number_is_not_scored():
    (score,) = scored(multi("1 / a", a=check("eq")), "x", gold="y")
    assert (math.isnan(score.value), score.fault) == (True, "input")
    assert score.error.startswith("other_error: ")


@pytest.mark.parametrize(
    ("output", "value"), [("a", -1.0), ("-a", -2.0), ("a ^ 2", 1.0), ("a * a - 5 * a", -6.0)]
)
def test_a_response_fault_never_pays_whatever_the_formula(output, value):
    reward = multi(output, a=lift(hung))
    (score,) = scored(reward, "hang")
    assert (score.value, score.fault) == (value, "response")
    assert reward.fault_value == value


def test_multi_refuses():
    with pytest.raises(ConfigError, match="cannot be within another"):
        multi("a", a=multi("b", b=check("eq")))
    with pytest.raises(ConfigError, match="no grader 'c'"):
        multi("a + c", a=check("eq"))
    with pytest.raises(ConfigError, match="graders must map"):
        load("rules.grader.multi", graders={}, calculate_output="1")
