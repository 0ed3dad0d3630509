"""LoRA: an adapter by path, and a policy that is its own reference with the adapter off."""

import sys
import warnings
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
peft = pytest.importorskip("peft")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import tiny  # noqa: E402
import tiny_models  # noqa: E402
import transformers  # noqa: E402

import plaudit  # noqa: E402
from plaudit import laws  # noqa: E402
from plaudit.errors import ConfigError  # noqa: E402

GROUP = plaudit.Group("What is 6 times 7?", ["42", "I do not know."])


def adapter(auto: str, base: Path, task: str, **given) -> Path:
    model = getattr(transformers, auto).from_pretrained(base, dtype=torch.float32, **given)
    config = peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type=task)
    torch.manual_seed(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = peft.get_peft_model(model, config)
    for name, parameter in made.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    path = tiny.root() / f"adapter-{task}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.save_pretrained(path)
    return path


def test_a_lora_policy_is_its_own_reference():
    base = tiny_models.causal()
    path = adapter("AutoModelForCausalLM", base, "CAUSAL_LM")
    reward = plaudit.load(
        "models.implicit.implicit", model=str(base), adapter=str(path), dtype="float32"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        merged = peft.PeftModel.from_pretrained(
            transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), path
        ).merge_and_unload()
    whole = tiny.root() / "merged"
    merged.save_pretrained(whole)
    tiny.tokenizer().save_pretrained(whole)
    two = plaudit.load(
        "models.implicit.implicit", model=str(whole), reference=str(base), dtype="float32"
    )
    for one, other in zip(reward.score([GROUP])[0], two.score([GROUP])[0], strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-4)
        assert abs(one.value) > 1e-3
    assert laws.check(reward) == []


def test_the_reference_is_cached_by_content_and_revision(tmp_path):
    base, other = str(tiny_models.causal()), str(tiny_models.reference())
    cache = tmp_path / "reference.sqlite"
    params = {"model": base, "reference": other, "dtype": "float32", "reference_cache": str(cache)}
    reward = plaudit.load("models.implicit.implicit", **params)
    first = reward.score([GROUP])[0]
    paired = reward.scorer.engine
    asked = []
    inner = paired.totals.totals
    paired.totals.totals = lambda groups: asked.append(len(groups)) or inner(groups)
    assert [s.value for s in reward.score([GROUP])[0]] == [s.value for s in first]
    assert sum(asked) == 0
    plain = plaudit.load("models.implicit.implicit", **{**params, "reference_cache": None})
    assert [s.value for s in plain.score([GROUP])[0]] == [s.value for s in first]


def test_a_cache_that_is_no_database_says_so(tmp_path):
    (tmp_path / "file").write_text("not a database" * 100)
    with pytest.raises(ConfigError, match="reference_cache"):
        plaudit.load(
            "models.implicit.implicit", model=str(tiny_models.causal()),
            reference=str(tiny_models.reference()), reference_cache=str(tmp_path / "file"),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, "needs reference="),
        ({"reference": "x", "ref_free": "sum"}, "not both"),
        ({"ref_free": "mean"}, "must be 'sum'"),
    ],
)
def test_what_an_implicit_reward_needs(params, told):
    with pytest.raises(ConfigError, match=told):
        plaudit.load("models.implicit.implicit", model=str(tiny_models.causal()), **params)


def test_a_model_against_itself_is_refused():
    base = str(tiny_models.causal())
    with pytest.raises(ConfigError, match="every reward would be 0"):
        plaudit.load("models.implicit.implicit", model=base, reference=base)


def test_a_reference_with_another_vocabulary_is_refused():
    base, other = tiny_models.causal(), tiny.checkpoint("Llama", "ForCausalLM", kind="llama")
    with pytest.raises(ConfigError, match="different vocabularies"):
        plaudit.load("models.implicit.implicit", model=str(base), reference=str(other))


def test_an_adapter_brings_its_head_and_names_its_base():
    base = tiny.checkpoint("Qwen2", "ForCausalLM", seed=3)
    path = adapter("AutoModelForSequenceClassification", base, "SEQ_CLS", num_labels=1)
    reward = plaudit.load(str(path), dtype="float32")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = peft.PeftModel.from_pretrained(
            transformers.AutoModelForSequenceClassification.from_pretrained(
                base, dtype=torch.float32, num_labels=1
            ),
            path,
        ).eval()
    ids = reward.scorer.form.encode([GROUP])[0][1].ids
    with torch.no_grad():
        expected = float(model(input_ids=torch.tensor([list(ids)])).logits[0, 0])
    assert reward.score([GROUP])[0][1].value == pytest.approx(expected, abs=1e-4)


def test_a_tensor_of_an_adapter_that_has_no_place_in_the_model():
    import shutil

    from safetensors.torch import load_file, save_file

    base = tiny_models.causal()
    path = tiny.root() / "adapter-extra"
    shutil.copytree(adapter("AutoModelForCausalLM", base, "CAUSAL_LM"), path)
    held = load_file(path / "adapter_model.safetensors")
    held["base_model.model.v_head.weight"] = torch.ones(1, 32)
    save_file(held, path / "adapter_model.safetensors")
    with pytest.raises(ConfigError, match=r"v_head\.weight"):
        plaudit.load(
            "models.implicit.implicit", model=str(base), adapter=str(path), dtype="float32"
        )
