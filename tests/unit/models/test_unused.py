"""What a checkpoint says and no loader reads is refused by name, in every layout."""

import json
import shutil
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import tiny  # noqa: E402
import tiny_models  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

import plaudit  # noqa: E402
from plaudit.errors import ConfigError  # noqa: E402

GROUP = plaudit.Group("What is 6 times 7?", ["42", "I do not know."])


def load(path: Path, name: str = "", **params):
    case = tiny_models.CASES[name] if name else tiny_models.Case(lambda: path)
    more = {k: str(v()) if callable(v) else v for k, v in case.params.items()}
    more = {"dtype": "float32", **more, **params}
    return plaudit.load(case.path, model=str(path), **more) if case.path else plaudit.load(
        str(path), **more
    )  # fmt: skip


def copy(path: Path, name: str) -> Path:
    target = tiny.root() / f"{name}-{len(list(tiny.root().iterdir()))}"
    shutil.copytree(path, target)
    return target


def with_tensor(path: Path, name: str, tensor) -> Path:
    """A copy with one more tensor, in whatever file the checkpoint has."""
    target = copy(path, "extra")
    if (target / "model.safetensors").is_file():
        held = {**load_file(target / "model.safetensors"), name: tensor}
        save_file(held, target / "model.safetensors")
    else:
        held = torch.load(target / "pytorch_model.bin")
        torch.save({**held, name: tensor}, target / "pytorch_model.bin")
    return target


@pytest.mark.parametrize("name", tiny_models.CASES)
def test_a_tensor_that_no_layout_has_is_refused_in_every_layout(name):
    path = with_tensor(tiny_models.CASES[name].make(), "other_head.weight", torch.ones(1, 32))
    with pytest.raises(ConfigError, match=r"other_head\.weight"):
        load(path, name)


@pytest.mark.parametrize(
    "tensor", ["mean", "std", "v_head.weight", "score.bias", "model.norm2.weight"]
)
def test_a_moment_or_a_second_head_of_a_classifier(tensor):
    path = with_tensor(tiny.checkpoint(), tensor, torch.ones(1))
    with pytest.raises(ConfigError, match=tensor):
        load(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mean", 1.5), ("std", 2.0), ("reward_mean", 0.5), ("reward_std", 3.0), ("var", [4.0]),
        ("reward_scale", 2.0), ("do_normalize", True), ("normalise_scores", True),
    ],
)  # fmt: skip
def test_a_setting_that_changes_scores(field, value):
    with pytest.raises(ConfigError, match=f"{field}="):
        load(tiny.edited(tiny.checkpoint(), to="setting", **{field: value}))


@pytest.mark.parametrize(
    "fields",
    [{"mean": 0.0, "std": 1.0}, {"do_normalize": False}, {"reward_mean": None}, {"var": [1.0]}],
)
def test_settings_that_change_nothing(fields):
    plain = load(tiny.checkpoint()).score([GROUP])[0]
    same = load(tiny.edited(tiny.checkpoint(), to="neutral", **fields)).score([GROUP])[0]
    assert [s.value for s in same] == [s.value for s in plain]


@pytest.mark.parametrize(
    "tensor",
    ["model.layers.0.self_attn.rotary_emb.inv_freq", "lm_head.weight",
     "lm_predictions.lm_head.bias"],
)  # fmt: skip
def test_buffers_and_the_language_models_output_may_stay(tensor):
    plain = load(tiny.checkpoint()).score([GROUP])[0]
    same = load(with_tensor(tiny.checkpoint(), tensor, torch.ones(4))).score([GROUP])[0]
    assert [s.value for s in same] == [s.value for s in plain]


def test_a_tensor_in_the_second_shard():
    path = copy(tiny.checkpoint(), "shards")
    held = load_file(path / "model.safetensors")
    (path / "model.safetensors").unlink()
    save_file(held, path / "model-00001-of-00002.safetensors")
    save_file({"v_head.bias": torch.ones(1)}, path / "model-00002-of-00002.safetensors")
    places = dict.fromkeys(held, "model-00001-of-00002.safetensors")
    places["v_head.bias"] = "model-00002-of-00002.safetensors"
    index = path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    with pytest.raises(ConfigError, match=r"v_head\.bias"):
        load(path)


def test_a_head_in_a_file_beside_the_model():
    path = copy(tiny.checkpoint(), "beside")
    save_file({"weight": torch.ones(1, 32)}, path / "reward_head.safetensors")
    with pytest.raises(ConfigError, match=r"reward_head\.safetensors"):
        load(path)


def test_the_same_weights_in_another_format_are_no_other_weights():
    path = copy(tiny.checkpoint(), "formats")
    torch.save(load_file(path / "model.safetensors"), path / "pytorch_model.bin")
    (path / "training_args.bin").write_bytes(b"x")
    assert load(path).score([GROUP])[0][0].is_scored


def test_starling_7b_holds_its_trunk_under_two_names():
    path = tiny_models.starling()
    held = load_file(path / "model.safetensors")
    twice = {n.replace("transformer.", "model.model.", 1): t.clone() for n, t in held.items()}
    twin = tiny.edited(path, to="starling-twice", tensors={**twice, **held})
    scores = [s.value for s in load(twin).score([GROUP])[0]]
    assert scores == [s.value for s in load(path).score([GROUP])[0]]
    changed = {n: t + 1 if n.endswith("model.model.norm.weight") else t for n, t in twice.items()}
    with pytest.raises(ConfigError, match=r"model\.model\.norm\.weight"):
        load(tiny.edited(path, to="starling-other", tensors={**changed, **held}))


HEADS = {
    "openrlhf": "value_head", "athene": "v_head", "beaver_reward": "score_head",
    "regression": "regression_head", "starling": "v_head", "grm_linear": "v_head.summary",
    "grm_mlp": "v_head.summary.2", "internlm2": "v_head", "oasst_last": "out_proj",
    "inf_orm": "score.2", "worldpm": "score.2",
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
def test_a_head_of_two_outputs_is_not_read_as_its_first(name):
    path, head = tiny_models.CASES[name].make(), f"{HEADS[name]}.weight"
    weight = load_file(path / "model.safetensors")[head]
    wide = tiny.edited(path, to="wide", tensors={head: torch.cat([weight, weight])})
    with pytest.raises(ConfigError, match=r"one output"):
        load(wide, name)
