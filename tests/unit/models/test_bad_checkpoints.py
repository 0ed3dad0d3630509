"""A checkpoint that cannot score says so before any scoring: what, where, and the way out."""

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
from plaudit.errors import ConfigError, DataError, EngineError  # noqa: E402


def refused(path, **params) -> str:
    with pytest.raises(ConfigError) as caught:
        plaudit.load(str(path), dtype="float32", **params)
    assert Path(path).name in str(caught.value)
    return str(caught.value)


def copy(path: Path, name: str) -> Path:
    target = tiny.root() / f"{name}-{len(list(tiny.root().iterdir()))}"
    shutil.copytree(path, target)
    return target


def test_a_head_that_is_missing_would_be_random():
    path = tiny.edited(tiny.checkpoint(), to="headless", drop=("score.weight",))
    told = refused(path)
    assert "score.weight" in told
    assert "model.safetensors" in told
    assert "random" in told


def test_a_base_model_has_no_score_head():
    path = tiny_models.causal()
    assert "has no score head" in refused(path)
    assert "models.implicit.implicit" in refused(path)


def test_a_head_with_nan():
    path = tiny.edited(
        tiny.checkpoint(), to="nan", tensors={"score.weight": torch.full((1, 32), float("nan"))}
    )
    assert "NaN" in refused(path)


def test_a_custom_head_with_nan():
    path = tiny.edited(
        tiny_models.beaver_cost(),
        to="nan-custom",
        tensors={"score_head.weight": torch.full((1, 32), float("inf"))},
    )
    assert "score_head" in refused(path)


def test_a_tokenizer_of_another_model():
    path = copy(tiny.checkpoint(), "vocabulary")
    tiny.tokenizer(extra=tuple(f"<extra-{i}>" for i in range(400))).save_pretrained(path)
    told = refused(path)
    assert "vocab_size" in told
    assert "512" in told


def test_no_chat_template():
    path = copy(tiny.checkpoint(), "template")
    (path / "chat_template.jinja").unlink(missing_ok=True)
    told = json.loads((path / "tokenizer_config.json").read_text())
    told.pop("chat_template", None)
    (path / "tokenizer_config.json").write_text(json.dumps(told))
    assert "chat_template=" in refused(path)
    reward = plaudit.load(str(path), dtype="float32", chat_template=tiny.CHATML)
    same = plaudit.load(str(tiny.checkpoint()), dtype="float32")
    group = plaudit.Group("a", ["b"])
    assert reward.score([group])[0][0].value == same.score([group])[0][0].value


def test_an_unknown_architecture():
    path = tiny.edited(
        tiny.checkpoint(), to="unknown", architectures=["NovelRewardModel"], model_type="novel"
    )
    told = refused(path)
    assert "NovelRewardModel" in told
    assert "docs/models.md" in told


def test_an_architecture_that_is_known_and_not_supported():
    path = tiny.edited(
        tiny.checkpoint("Llama", "Model", kind="llama"),
        to="ziya",
        tensors={"value_head.weight": torch.zeros(1, 32)},
        architectures=["LlamaRewardModel"],
    )
    assert "Ziya" in refused(path)


@pytest.mark.parametrize("family", ["Llama", "Qwen2"])
def test_a_critic_of_openrlhf_is_refused_as_such(family):
    path = tiny.edited(
        tiny.checkpoint(family, "Model"),
        to="critic",
        tensors={"value_head.weight": torch.zeros(1, 32)},
        architectures=["CriticModel"],
        normalize_reward=False,
    )
    message = refused(path)
    assert "critic of OpenRLHF" in message
    assert "Ziya" not in message


def test_a_value_head_that_nobody_signed():
    path = tiny.edited(
        tiny.checkpoint("Qwen2", "Model"),
        to="nobody",
        tensors={"value_head.weight": torch.zeros(1, 32)},
        architectures=["NovelRewardModel"],
    )
    message = refused(path)
    assert "normalize_reward" in message
    assert "Ziya" not in message


def test_a_gate_on_a_trunk_of_another_family():
    path = tiny.edited(
        tiny_models.qrm(), to="gate", model_type="mistral", architectures=["MistralForGating"]
    )
    assert "mistral" in refused(path)


def test_a_token_classifier_that_is_no_process_reward():
    three = tiny.checkpoint("Qwen2", "ForTokenClassification", changes=(("num_labels", 3),))
    assert "3 labels" in refused(three)
    named = tiny.edited(tiny_models.trl_prm(), to="named", id2label={"0": "right", "1": "wrong"})
    assert "'wrong'" in refused(named)


def test_a_token_that_the_vocabulary_does_not_have():
    for token in (-1, 512, "no such token", True):
        with pytest.raises(ConfigError, match="vocabulary of 512"):
            plaudit.load("models.token_logit.token_logit", model=str(tiny_models.causal()),
                         token=token, dtype="float32")  # fmt: skip


def test_no_weight_file():
    path = copy(tiny.checkpoint(), "weightless")
    (path / "model.safetensors").unlink()
    told = refused(path)
    assert "no weight file" in told
    assert "config.json" in told


def test_a_shard_that_is_missing():
    path = copy(tiny.checkpoint(), "sharded")
    held = load_file(path / "model.safetensors")
    (path / "model.safetensors").unlink()
    names = sorted(held)
    save_file({n: held[n] for n in names[:5]}, path / "model-00001-of-00002.safetensors")
    places = {n: f"model-0000{1 if i < 5 else 2}-of-00002.safetensors" for i, n in enumerate(names)}
    index = path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    assert "model-00002-of-00002.safetensors" in refused(path)


def test_a_file_that_was_cut_off():
    path = copy(tiny.checkpoint(), "cut")
    whole = (path / "model.safetensors").read_bytes()
    (path / "model.safetensors").write_bytes(whole[:200])
    assert "safetensors" in refused(path)


def test_a_pickle_that_holds_code():
    import pickle

    class Evil:
        def __reduce__(self):
            return (print, ("executed",))

    path = copy(tiny_models.trl_value_head(), "evil")
    (path / "pytorch_model.bin").write_bytes(pickle.dumps({"a": Evil()}))
    assert "weights" in refused(path)


def test_a_config_that_is_no_json():
    path = copy(tiny.checkpoint(), "json")
    (path / "config.json").write_text("{")
    assert "not readable as JSON" in refused(path)


def test_several_labels_need_a_reduction():
    path = tiny.checkpoint(changes=(("num_labels", 3),))
    told = refused(path)
    assert "3 labels" in told
    assert "reduce=" in told
    group = plaudit.Group("a", ["b"])
    each = [
        plaudit.load(str(path), reduce=i, dtype="float32").score([group])[0][0].value
        for i in range(3)
    ]
    by_name = plaudit.load(str(path), reduce="LABEL_1", dtype="float32").score([group])[0][0]
    assert by_name.value == each[1]
    mean = plaudit.load(str(path), reduce=[0.5, 0, 0.5], dtype="float32").score([group])[0][0]
    assert mean.value == pytest.approx((each[0] + each[2]) / 2, abs=1e-6)
    expected = plaudit.load(str(path), reduce="expected", dtype="float32").score([group])[0][0]
    shares = torch.tensor(each).softmax(0)
    assert expected.value == pytest.approx(float(shares[1] + 2 * shares[2]), abs=1e-5)
    assert "LABEL_1" in refused(path, reduce="LABEL_9")
    assert "weights for 3 labels" in refused(path, reduce=[1.0])


def test_options_that_do_not_fit():
    path = tiny.checkpoint()
    assert "did you mean 'overflow'" in _said(path, overflw="drop")
    assert "keep_end" in _said(path, overflow="middle")
    assert "rb-cli" in _said(path, profile="rewardbench")
    assert "positive" in _said(path, max_tokens=0)


def test_a_device_or_dtype_that_does_not_exist():
    path = tiny.checkpoint()
    assert "'float16'" in _said(path, dtype="float61")
    assert "gpu" in _said(path, device="gpu")
    assert plaudit.load(str(path), dtype="fp32").scorer.engine.dtype == "float32"


def test_without_torch_the_pip_line_is_said(monkeypatch):
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "torch" else real(name, *a)
    )
    with pytest.raises(plaudit.MissingExtra, match=r"plaudit\[models\]"):
        plaudit.load(str(tiny.checkpoint()), dtype="float32", max_tokens=77)


def _said(path, **params) -> str:
    with pytest.raises(ConfigError) as caught:
        plaudit.load(str(path), **params)
    return str(caught.value)


def test_nan_from_one_response_is_an_error_of_that_response_alone():
    reward = plaudit.load(str(tiny.checkpoint()), dtype="float32")
    inner = reward.scorer.engine.trunk.forward

    def sick(**inputs):
        hidden = inner(**inputs)
        return hidden.masked_fill((inputs["input_ids"] == 9)[..., None], float("nan"))

    engine = reward.scorer.engine
    engine.trunk, before = engine.trunk._replace(forward=sick), engine.trunk
    try:
        tokenizer = reward.scorer.form.tokenizer
        last = tokenizer.encode("x\n")[-1]
        assert last != 9
        question = reward.scorer.question
        from plaudit.engines.plan import Item

        answers = next(iter(engine.ask(question, [[Item([5, 9], (1,)), Item([5, 6], (1,))]])))
    finally:
        engine.trunk = before
    assert answers[0].values[0][0] != answers[0].values[0][0]
    assert answers[1].values[0][0] == answers[1].values[0][0]
    score = reward.scorer._score(reward.scorer.form.encode([plaudit.Group("a", ["b"])])[0][0],
                                 answers[0])  # fmt: skip
    assert score.fault == "system"
    assert "nan" in score.error


LONG = plaudit.Group("count", ["one two three " * 200, "one"])


def test_a_long_response_is_dropped_cut_or_refused_never_silently_cut():
    path = str(tiny.checkpoint("Llama", kind="llama"))
    load = lambda **more: plaudit.load(path, dtype="float32", max_tokens=60, **more)
    dropped, short = load().score([LONG])[0]
    assert not dropped.is_scored
    assert dropped.fault == "response"
    assert "max_tokens=60" in dropped.error
    assert short.is_scored
    assert load(on_response_fault=-3.0).score([LONG])[0][0].value == -3.0
    for overflow in ("keep_end", "keep_start"):
        reward = load(overflow=overflow)
        score = reward.score([LONG])[0][0]
        assert score.parts["num_tokens"] == 60
        assert score.parts["num_cut"] > 100
        assert reward.scorer.form.encode([LONG])[0][0].ids[0] == 1  # BOS stays
    with pytest.raises(DataError, match="exceed max_tokens=60"):
        load(overflow="error").score([LONG])


def test_a_prompt_that_is_too_long_is_the_inputs_fault():
    path = str(tiny.checkpoint())
    group = plaudit.Group("word " * 300, ["yes"])
    reward = plaudit.load("models.implicit.implicit", model=str(tiny_models.causal()),
                          ref_free="sum", max_tokens=60, dtype="float32")  # fmt: skip
    assert reward.score([group])[0][0].fault == "input"
    assert plaudit.load(path, max_tokens=60).score([group])[0][0].fault is not None


def test_a_template_that_refuses_the_turns_leaves_the_row_unscored():
    template = (
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}x"
    )
    reward = plaudit.load(str(tiny.checkpoint()), chat_template=template, dtype="float32")
    system = [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}]
    bad, good = reward.score([plaudit.Group(system, ["c"]), plaudit.Group("b", ["c"])])
    assert bad[0].fault == "input"
    assert "no system" in bad[0].error
    assert good[0].is_scored


def test_pad_that_is_eos_reads_the_last_token_all_the_same():
    path = copy(tiny.checkpoint(), "pad-eos")
    told = json.loads((path / "config.json").read_text())
    told["pad_token_id"] = told["eos_token_id"]
    (path / "config.json").write_text(json.dumps(told))
    group = plaudit.Group("a", ["b", "a longer one"])
    values = [
        [s.value for s in plaudit.load(str(p), dtype="float32").score([group])[0]]
        for p in (path, tiny.checkpoint())
    ]
    assert values[0] == values[1]


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", ["qwen2", "deberta", "pairrm", "steamshp", "dpo", "oasst_mean"])
def test_the_tokenizers_padding_side_changes_nothing(name, side):
    reward = tiny_models.load(name)
    inner = getattr(reward, "comparer", reward).scorer
    form = getattr(inner, "form", None)
    tokenizer = inner.encode.tokenizer if hasattr(inner, "encode") and form is None and hasattr(
        inner.encode, "tokenizer") else getattr(form, "tokenizer", None)  # fmt: skip
    group = plaudit.Group("q", ["a", "a much longer response, padded beside the other", ""])
    before = [s.value for s in reward.score([group])[0]]
    if tokenizer is not None:
        tokenizer.padding_side, kept = side, tokenizer.padding_side
    try:
        assert [s.value for s in reward.score([group])[0]] == before
    finally:
        if tokenizer is not None:
            tokenizer.padding_side = kept


def test_the_think_block_is_left_out_unless_asked_for():
    group = plaudit.Group("a", ["<think>hm</think>b", "b"])
    path = str(tiny.checkpoint())
    one, two = (s.value for s in plaudit.load(path, dtype="float32").score([group])[0])
    assert one == two
    one, two = (s.value for s in plaudit.load(path, dtype="float32", view="all").score([group])[0])
    assert one != two


def test_profiles_form_text_as_rewardbench_does():
    path = str(tiny.checkpoint("Llama", kind="llama"))
    group = plaudit.Group("word " * 3000, ["<think>x</think>yes"])
    reward = plaudit.load(path, dtype="float32", profile="rb-run-rm")
    ids = reward.scorer.form.encode([group])[0][0]
    assert len(ids.ids) == 2048
    assert ids.num_cut > 0
    assert "think" in reward.scorer.form.tokenizer.decode(ids.ids[-30:])
    free = plaudit.load(path, dtype="float32", profile="rb-cli").scorer.form
    short = free.encode([plaudit.Group("a", ["b"])])[0][0].ids
    assert list(short).count(1) == 1  # one BOS, though template and tokenizer write one each


def test_copies_share_the_weights():
    import copy as copies
    import pickle

    reward = plaudit.load(str(tiny.checkpoint()), dtype="float32")
    for again in (copies.deepcopy(reward), pickle.loads(pickle.dumps(reward))):
        assert again.scorer is reward.scorer
        assert repr(again) == repr(reward)


def test_a_cuda_device_that_torch_does_not_see():
    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    for device in ("cuda", "cuda:3"):
        message = _said(tiny.checkpoint(), device=device)
        assert device in message
        assert "device='cpu'" in message
        assert "nvidia-smi" in message


@pytest.mark.parametrize("method", ["gptq", "bitsandbytes", "compressed-tensors", "novel"])
def test_a_quantised_checkpoint_whose_package_is_missing(method):
    config = {"quant_method": method, "bits": 4, "load_in_4bit": True, "config_groups": {}}
    path = tiny.edited(tiny.checkpoint(), to=f"quantised-{method}", quantization_config=config)
    message = refused(path)
    assert f"quant_method={method!r}" in message
    assert "unquantised" in message
    assert ("it needs a package" if method == "novel" else "pip install") in message


def test_a_head_that_is_quantised():
    path = tiny.edited(
        tiny_models.starling(),
        to="int8",
        tensors={"v_head.weight": torch.ones(1, 32, dtype=torch.int8)},
    )
    message = refused(path)
    assert "v_head" in message
    assert "int8" in message


@pytest.fixture
def failing_move(monkeypatch):
    """What `model.to(device)` raises."""
    import transformers

    def fail(error):
        def to(self, *args, **kwargs):
            raise error

        monkeypatch.setattr(transformers.PreTrainedModel, "to", to)

    return fail


def test_a_model_that_does_not_fit_into_the_device(failing_move):
    failing_move(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"))
    with pytest.raises(EngineError, match="device_map='auto'") as caught:
        plaudit.load(str(tiny.checkpoint()), dtype="float32", max_tokens=311)
    assert "does not fit into the memory" in str(caught.value)


def test_a_device_that_fails_at_load(failing_move):
    failing_move(RuntimeError("CUDA error: an illegal memory access was encountered\nstack"))
    with pytest.raises(EngineError, match="restart it"):
        plaudit.load(str(tiny.checkpoint()), dtype="float32", max_tokens=312)


@pytest.mark.parametrize("way", ["packed", "padded", "plain"])
def test_a_device_that_fails_in_a_pass(way, monkeypatch):
    reward = plaudit.load(str(tiny.checkpoint()), dtype="float32", max_tokens=313)
    engine = reward.scorer.engine

    def fail(**inputs):
        raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(engine, "trunk", engine.trunk._replace(forward=fail))
    monkeypatch.setattr(engine, "way", way)
    with pytest.raises(EngineError, match="CUDA_LAUNCH_BLOCKING"):
        reward.score([plaudit.Group("a", ["b"])])
