"""The linear baseline: what it learns, that its bits repeat, and what it refuses."""

import errno
import json
import os
import pickle
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import plaudit
from plaudit import Group, laws
from plaudit.engines.contract import CONTRACT
from plaudit.engines.linear import WEIGHTS, feature_hash, read_weights
from plaudit.errors import ConfigError, DataError
from plaudit.models.linear import linear
from plaudit.train.linear import PairFeatures, encode, train
from plaudit.train.options import LinearOptions
from plaudit.train.pairs import read_pairs
from plaudit.train.run import train_linear

WORDS = ["river", "stone", "light", "paper", "green", "window", "table", "morning", "quiet"]
CHARS = "河石光纸绿窗桌晨静信路园山水"


def sentence(draw, words, joiner):
    return joiner.join(draw.choice(words) for _ in range(12))


def planted(num, *, words=WORDS, joiner=" ", sign=" because", seed=0):
    """Pairs of the same make-up whose better side has a sign in it, at a random place."""
    draw = random.Random(seed)
    rows = []
    for i in range(num):
        better, worse = (sentence(draw, words, joiner) for _ in range(2))
        more = joiner.join(draw.choice(words) for _ in range(1 if joiner else len(sign)))
        cut = draw.randrange(len(better))
        cut = better.find(joiner, cut) if joiner and joiner in better[cut:] else cut
        rows.append(
            {
                "prompt": f"{sentence(draw, words, joiner)} {i}",
                "chosen": better[:cut] + sign + better[cut:],
                "rejected": worse + joiner + more,
            }
        )
    return rows


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def trained(tmp_path, rows, name="model", **options):
    data = write(tmp_path / f"{name}.jsonl", rows)
    out = tmp_path / name
    return train_linear(LinearOptions(data=[data], out=str(out), **options)), out


def accuracy(training):
    return training.contract["evaluation"]["accuracy"]["value"]


# --- what it learns -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "plant",
    [{}, {"words": CHARS, "joiner": "", "sign": "因此"}],
    ids=["english", "chinese"],
)
def test_it_learns_a_planted_quality(tmp_path, plant):
    training, _ = trained(tmp_path, planted(400, **plant), held_out=0.25)
    assert len(training.split.valid) > 60
    assert accuracy(training) >= 0.9


def test_the_style_variant_learns_a_layout_and_not_a_word(tmp_path):
    lists = [{**row, "chosen": "- " + row["rejected"].replace(" ", "\n- ")} for row in planted(200)]
    words = [{**row, "chosen": row["chosen"].replace("because", "paper")} for row in planted(200)]
    layout, _ = trained(tmp_path, lists, "lists", variant="style", held_out=0.3)
    word, _ = trained(tmp_path, words, "words", variant="style", held_out=0.3)
    assert accuracy(layout) >= 0.9
    assert accuracy(word) < 0.75


def test_a_score_is_the_sum_of_its_parts_and_its_mean_in_training_is_0(tmp_path):
    training, out = trained(tmp_path, planted(60))
    reward = linear(str(out))
    values = []
    for row in reward.score([pair.group for pair in training.split.train]):
        for score in row:
            assert score.value == pytest.approx(sum(score.parts.values()), abs=1e-12)
            assert set(score.parts) == {"style", "words", "edges"}
            values.append(score.value)
    assert np.mean(values) == pytest.approx(0, abs=1e-6)


# --- the same bits --------------------------------------------------------------------------------


def test_equal_data_gives_equal_bytes_whatever_the_order_of_rows(tmp_path):
    rows = planted(60)
    shuffled = rows[:]
    random.Random(1).shuffle(shuffled)
    folders = [
        trained(tmp_path, own, name)[1] for name, own in (("a", rows), ("b", rows), ("c", shuffled))
    ]
    weights = {(folder / WEIGHTS).read_bytes() for folder in folders}
    assert len(weights) == 1
    assert (folders[0] / WEIGHTS).stat().st_size < 1 << 20


def test_exchanging_chosen_and_rejected_negates_every_weight_bit_for_bit(tmp_path):
    rows = planted(60)
    turned = [{**r, "chosen": r["rejected"], "rejected": r["chosen"]} for r in rows]
    (_, first), (_, second) = trained(tmp_path, rows, "a"), trained(tmp_path, turned, "b")
    ours, theirs = (read_weights(folder / WEIGHTS) for folder in (first, second))
    assert (ours.words == -theirs.words).all()
    assert (ours.edges == -theirs.edges).all()
    assert (ours.slopes_FK == -theirs.slopes_FK).all()
    assert (ours.knots_FK == theirs.knots_FK).all()
    assert ours.centre == -theirs.centre


def test_a_pair_scores_the_same_in_both_orders_alone_and_among_others(tmp_path):
    training, out = trained(tmp_path, planted(40))
    reward = linear(str(out))
    pairs = training.split.train
    together = reward.score([pair.group for pair in pairs])
    for pair, row in zip(pairs, together, strict=True):
        turned = Group(pair.group.prompt, pair.group.responses[::-1])
        assert reward.score([turned])[0][::-1] == row
    assert training.contract["position_test"] == {"pairs": 40, "holds": True}


def test_what_is_loaded_scores_as_what_was_trained(tmp_path):
    training, out = trained(tmp_path, planted(60), held_out=0.0)
    encoded = encode(training.split.train)
    model, _ = train(encoded, penalty=training.contract["training"]["penalty"])
    saved = linear(str(out)).score([pair.group for pair in training.split.train])
    for sides in zip(encoded.chosen, encoded.rejected, saved, strict=True):
        for features, score in zip(sides[:2], sides[2], strict=True):
            assert model.parts(features) == score.parts
    for reward in (plaudit.load(str(out)), pickle.loads(pickle.dumps(linear(str(out))))):
        assert reward.score([training.split.train[0].group])[0] == saved[0]


# --- hostile and missing text ---------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["linear", "style"])
def test_it_keeps_the_laws_of_rewards(tmp_path, variant):
    _, out = trained(tmp_path, planted(40), variant=variant)
    assert laws.check(linear(str(out))) == []


def test_it_trains_on_hostile_texts(tmp_path):
    texts = ["", "\x00", "\ud800 a", "a" * 50_000, "\n" * 5000, "🙂" * 300, "`" * 999]
    rows = [
        {"prompt": "What?", "chosen": text, "rejected": f"{text} other"} for text in texts
    ] + planted(10)
    training, out = trained(tmp_path, rows, held_out=0.0)
    weights = read_weights(out / WEIGHTS)
    assert len(training.split.train) == len(rows)
    assert np.isfinite(weights.words).all()


def test_no_extreme_text_beats_the_outer_knots_of_style(tmp_path):
    _, out = trained(tmp_path, planted(80), variant="style")
    reward = linear(str(out))
    texts = ["word " * n for n in (200, 2000, 20_000)]
    values = [score.parts["style"] for score in reward.score([Group("What?", texts)])[0]]
    assert values[1] == pytest.approx(values[2], abs=1e-9)


def test_without_a_prompt_nothing_is_scored(tmp_path):
    _, out = trained(tmp_path, planted(40))
    (row,) = linear(str(out)).score([Group("", ["a", "b"])])
    assert [(score.is_scored, score.fault) for score in row] == [(False, "input")] * 2


def test_reasoning_is_read_neither_in_training_nor_in_scoring(tmp_path):
    rows = planted(60)
    thinking = [{**r, "chosen": f"<think>long plan {i}</think>{r['chosen']}"}
                for i, r in enumerate(rows)]  # fmt: skip
    (_, plain), (_, with_think) = trained(tmp_path, rows, "a"), trained(tmp_path, thinking, "b")
    assert (plain / WEIGHTS).read_bytes() == (with_think / WEIGHTS).read_bytes()
    (scores,) = linear(str(plain)).score([Group("What?", ["yes", "<think>no</think>yes"])])
    assert scores[0] == scores[1]


# --- failures -------------------------------------------------------------------------------------


def leftovers(tmp_path):
    return sorted(path.name for path in tmp_path.iterdir() if not path.name.endswith(".jsonl"))


def full_disk(*args):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_nothing_and_an_old_model_as_it_was(tmp_path, monkeypatch):
    _, out = trained(tmp_path, planted(20))
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        trained(tmp_path, planted(20), "other")
    with pytest.raises(OSError, match="No space left"):
        trained(tmp_path, planted(30), overwrite=True)
    assert leftovers(tmp_path) == ["model"]
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_directory_is_replaced_only_when_asked(tmp_path):
    _, out = trained(tmp_path, planted(20))
    with pytest.raises(ConfigError, match="exists"):
        trained(tmp_path, planted(30))
    training, _ = trained(tmp_path, planted(30), overwrite=True)
    assert json.loads((out / CONTRACT).read_text())["data"] == training.contract["data"]
    assert leftovers(tmp_path) == ["model"]


def test_nothing_is_trained_where_no_pair_is_left(tmp_path):
    rows = [{"prompt": "p", "chosen": "same", "rejected": "same"}] * 2
    rows.append({"prompt": "p", "response_a": "a", "response_b": "b", "preference": "tie"})
    with pytest.raises(DataError, match=r"no pair is left.*2 equal sides, 1 tie"):
        trained(tmp_path, rows)
    with pytest.raises(DataError, match="no pair is left"):
        trained(tmp_path, [], "empty")
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("option", [{"penalty": 0.0}, {"penalty": float("nan")}, {"variant": "x"}])
def test_options_that_do_not_fit_are_refused(tmp_path, option):
    with pytest.raises(ConfigError):
        trained(tmp_path, planted(20), **option)
    assert leftovers(tmp_path) == []


# --- the contract ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("version", 2, "version 2"),
        ("format", "other", "format 'other'"),
        ("kind", "classifier", "kind 'classifier'"),
        ("features", "0" * 16, "trained with features"),
        ("weights", {"file": WEIGHTS, "sha256": "0"}, "SHA-256 differs"),
        ("weights", None, "names no weights"),
    ],
)
def test_a_contract_that_is_not_this_one_is_refused(tmp_path, key, value, message):
    _, out = trained(tmp_path, planted(20))
    contract = json.loads((out / CONTRACT).read_text())
    (out / CONTRACT).write_text(json.dumps({**contract, key: value}))
    with pytest.raises(ConfigError, match=message):
        linear(str(out))


def test_weights_that_hold_objects_are_not_unpickled(tmp_path):
    _, out = trained(tmp_path, planted(20))
    arrays = dict(np.load(out / WEIGHTS))
    np.savez(tmp_path / "pickled.npz", **{**arrays, "words": np.array([print], object)})
    np.savez(tmp_path / "short.npz", **{**arrays, "words": arrays["words"][:-1]})
    np.savez(tmp_path / "nan.npz", **{**arrays, "centre": np.array(np.nan)})
    (tmp_path / "text.npz").write_text("no zip")
    for name in ("pickled", "short", "nan", "text", "absent"):
        with pytest.raises(ConfigError, match=name):
            read_weights(tmp_path / f"{name}.npz")


def test_the_contract_says_what_it_was_trained_on(tmp_path):
    rows = [
        {**row, "annotator": "gpt-4-turbo" if i % 2 else "Ann", "licence": "CC BY-NC 4.0"}
        for i, row in enumerate(planted(20))
    ]
    training, out = trained(tmp_path, rows, licence="MIT")
    contract = json.loads((out / CONTRACT).read_text())
    (source,) = contract["data"]["sources"]
    assert source["licences"] == {"CC BY-NC 4.0": 20}
    assert source["annotators"] == {"gpt-4-turbo": 10, "Ann": 10}
    assert any("labelled by a model (gpt-4-turbo)" in text for text in contract["warnings"])
    assert any("no commercial use" in text for text in contract["warnings"])
    assert contract["features"] == feature_hash()
    assert contract["label"].startswith("baseline")
    assert contract["data"]["hash"] == training.split.data_hash
    assert set(contract["evaluation"]["floors"]) >= {"longer wins", "shorter wins", "random"}
    assert set(contract["calibration"]) == {"mean", "std"}


def test_rows_that_state_no_licence_get_that_of_the_command_line(tmp_path):
    training, _ = trained(tmp_path, planted(10), licence="MIT")
    assert training.contract["licences"] == ["MIT"]


def test_it_says_that_it_is_a_baseline_and_is_in_no_recipe(tmp_path):
    _, out = trained(tmp_path, planted(20))
    assert "baseline" in plaudit.show(linear(str(out)))
    recipes = Path(plaudit.__file__).parent / "recipes"
    assert not [p for p in recipes.glob("*.yaml") if "models.linear" in p.read_text()]
    with pytest.raises(ConfigError, match="view='think'"):
        linear(str(out), view="think")
    with pytest.raises(ConfigError, match="takes no dtype"):
        plaudit.load(str(out), dtype="float32")


def test_encoding_reads_each_side_with_its_own_prompt(tmp_path):
    data = write(tmp_path / "rows.jsonl", planted(6))
    pairs, _ = read_pairs([data], Counter())
    alone = [encode([pair]) for pair in pairs]
    together = encode(pairs)
    assert isinstance(together, PairFeatures)
    for one, features in zip(alone, together.chosen, strict=True):
        assert (one.chosen[0].style == features.style).all()
