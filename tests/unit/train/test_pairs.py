"""Pairs to train on: every row is one, is counted, or is an error with its place."""

import json
from collections import Counter

import pytest

from plaudit.errors import ConfigError, DataError
from plaudit.train.options import DataOptions
from plaudit.train.pairs import balanced_by_length, read_pairs, split_pairs


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def row(i, chosen="yes", rejected="no"):
    return {"prompt": f"Question number {i}?", "chosen": chosen, "rejected": rejected}


def split(tmp_path, rows, **options):
    data = write(tmp_path / "rows.jsonl", rows)
    return split_pairs(DataOptions(data=[data], out="unused", **options))


@pytest.mark.parametrize(
    "raw",
    [
        {"prompt": "2+2?", "chosen": "4", "rejected": "5"},
        {"prompt": "2+2?", "response_a": "5", "response_b": "4", "preference": "b"},
        {"question": "2+2?", "response_A": "4", "response_B": "5", "label": "A>B"},
        {"instruction": "2+2?", "output_1": "5", "output_2": "4", "preference": 2.0},
        {"prompt": "2+2?", "chosen": ["4"], "rejected": ["5"]},
        {
            "chosen": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}],
            "rejected": [
                {"role": "user", "content": "2+2?"},
                {"role": "assistant", "content": "5"},
            ],
        },
    ],
)
def test_published_layouts_are_read(tmp_path, raw):
    dropped = Counter()
    (pair,), (source,) = read_pairs([write(tmp_path / "rows.jsonl", [raw])], dropped)
    assert pair[:3] == ("2+2?", "4", "5")
    assert source.num_rows == 1
    assert not dropped


def test_every_chosen_response_is_paired_with_every_rejected_one(tmp_path):
    raw = {"prompt": "2+2?", "chosen": ["4", "four"], "rejected": ["5", "6"]}
    pairs, _ = read_pairs([write(tmp_path / "rows.jsonl", [raw])], Counter())
    assert {pair[1:3] for pair in pairs} == {("4", "5"), ("4", "6"), ("four", "5"), ("four", "6")}


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"prompt": "p", "chosen": "a"}, "rejected"),
        ({"prompt": "p", "chosen": None, "rejected": "b"}, "chosen"),
        ({"prompt": "p", "chosen": 3, "rejected": "b"}, "chosen"),
        ({"prompt": "p", "response_a": "a", "response_b": "b"}, "chosen"),
        ({"prompt": "p", "response_a": "a", "response_b": "b", "preference": 1}, "chosen"),
        ({"chosen": "a", "rejected": "b"}, "prompt"),
        ({"prompt": "p", "response": "a"}, "chosen"),
    ],
)
def test_a_row_that_is_no_pair_is_an_error_with_file_line_and_field(tmp_path, raw, field):
    place = write(tmp_path / "rows.jsonl", [row(1), raw])
    with pytest.raises(DataError) as caught:
        read_pairs([place], Counter())
    assert str(caught.value).startswith(f"{place}:2: field {field!r}")


def test_a_line_that_is_no_json_is_an_error_with_its_place(tmp_path):
    place = tmp_path / "rows.jsonl"
    place.write_text(json.dumps(row(1)) + "\n{\n")
    with pytest.raises(DataError, match=r"rows\.jsonl:2"):
        read_pairs([str(place)], Counter())


def test_no_prompt_is_in_both_parts_and_the_seed_decides_which(tmp_path):
    rows = [row(i // 4, chosen=f"yes {i}") for i in range(400)]
    rows += [{**row(i), "prompt": f"question  NUMBER {i}?"} for i in range(100)]
    parts = split(tmp_path, rows, held_out=0.3)
    prompts = [{" ".join(p.prompt.lower().split()) for p in part} for part in parts[:2]]
    assert not prompts[0] & prompts[1]
    assert 15 < len(prompts[1]) < 45
    assert len(parts.train) + len(parts.valid) == 500
    assert split(tmp_path, rows, held_out=0.3)[:2] == parts[:2]
    assert split(tmp_path, rows, held_out=0.3, seed=1).valid != parts.valid
    assert split(tmp_path, rows, held_out=0.0).valid == []


def test_prompts_of_the_evaluation_file_are_not_trained_on(tmp_path):
    valid = write(tmp_path / "valid.jsonl", [row(i) for i in range(3)])
    parts = split(tmp_path, [row(i) for i in range(10)], valid=[valid])
    assert (len(parts.train), len(parts.valid)) == (7, 3)
    assert parts.dropped == {"prompt in --valid": 3}


def test_repeats_are_dropped_and_counted(tmp_path):
    text = "The quick brown fox jumps over the lazy dog and runs far away from the river"
    rows = [row(1, text, "no"), row(1, text, "no"), row(1, f"{text}.", "no"), row(2, text, "no")]
    exact = split(tmp_path, rows, held_out=0, dedup="exact")
    near = split(tmp_path, rows, held_out=0, dedup="near")
    assert (len(exact.train), exact.dropped) == (3, {"repeated (exact)": 1})
    assert len(near.train) == 2  # an exact repeat of a dropped near one is near as well
    assert sum(near.dropped.values()) == 2


def test_prompts_that_overlap_an_evaluation_are_dropped(tmp_path):
    evaluation = write(tmp_path / "eval.jsonl", [row(3)])
    parts = split(tmp_path, [row(i) for i in range(5)], held_out=0, against=[evaluation])
    assert (len(parts.train), parts.dropped) == (4, {"overlaps --against": 1})


def test_balancing_lets_the_longer_side_win_half_of_the_time_at_every_ratio(tmp_path):
    rows = [row(i, "long " * (2 + i % 30), "short") for i in range(300)]
    rows += [row(i, "short", "long " * (2 + i % 30)) for i in range(300, 400)]
    place = write(tmp_path / "rows.jsonl", rows)
    pairs, _ = read_pairs([place], Counter())
    kept = balanced_by_length(pairs, seed=0)
    longer = Counter(pair.longer for pair in kept)
    assert longer["chosen"] == longer["rejected"] > 80
    assert balanced_by_length(pairs, seed=0) == kept
    assert balanced_by_length(pairs, seed=1) != kept
    parts = split(tmp_path, rows, held_out=0, balance_length=True)
    assert parts.dropped == {"length balance": 400 - len(kept)}
    assert parts.balance()["longer_wins"] == 0.5


@pytest.mark.parametrize(
    "options",
    [{"held_out": 1.0}, {"held_out": -0.1}, {"dedup": "fuzzy"}, {"near": 0.9}],
)
def test_options_that_do_not_fit_are_refused(tmp_path, options):
    with pytest.raises(ConfigError):
        split(tmp_path, [row(1)], **options)
