"""Checkpoints as trainers save them, against the plainest computation from their published code.

Ids come from tokenizer.json, rows from the library's own trunk, weights from the file.
"""

import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import tiny  # noqa: E402
import tiny_models  # noqa: E402
from filetokens import FileTokens  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

import plaudit  # noqa: E402
from plaudit.errors import ConfigError  # noqa: E402

GROUP = plaudit.Group(
    "What is 6 times 7?",
    ["The answer is 42.", "I do not know.\n\n", "", "六乘七等于四十二。 " * 9],
)
SOLUTION = "First, add.\n\nThen multiply + divide: 42.\n\n\n\n因此 42"
STEPS = ["First, add.", "Then multiply + divide: 42.", "因此 42"]


def values(name: str, group=GROUP, **more) -> list[float]:
    return [s.value for s in tiny_models.load(name, **more).score([group])[0]]


def rows(base: Path, ids: list[int]):
    model = transformers.AutoModel.from_pretrained(
        base, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids])).last_hidden_state[0]


def logits(path: Path, ids: list[int]):
    model = transformers.AutoModelForCausalLM.from_pretrained(
        path, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids])).logits[0]


def chat(text: str) -> list[dict]:
    return [*GROUP.prompt, {"role": "assistant", "content": text}]


@pytest.mark.parametrize(
    ("name", "head", "mean", "std"),
    [("openrlhf", "value_head", 0.5, 2.0), ("openrlhf_score", "score", 0.0, 1.0)],
)
def test_openrlhf_ends_in_eos_and_is_normalised_where_config_says_so(name, head, mean, std):
    path, base = tiny_models.CASES[name].make(), tiny.checkpoint("Qwen2", "Model")
    weight = load_file(path / "model.safetensors")[f"{head}.weight"]
    tokens = FileTokens(path)
    for response, value in zip(GROUP.responses, values(name), strict=True):
        text = tokens.chat(chat(response.text)).rstrip("\n")
        text += "" if text.endswith("<|im_end|>") else " <|im_end|>"
        ids = tokens.encode(text, add_special_tokens=False)
        raw = float((weight @ rows(base, ids)[-1])[0])
        assert value == pytest.approx((raw - mean) / std, abs=2e-5)


def test_openrlhf_puts_a_space_before_an_eos_that_the_template_does_not_write():
    path = tiny_models.openrlhf("value_head", normalize_reward=False)
    template = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"
    weight = load_file(path / "model.safetensors")["value_head.weight"]
    tokens = FileTokens(path)
    reward = plaudit.load(str(path), dtype="float32", chat_template=template)
    for response, score in zip(GROUP.responses, reward.score([GROUP])[0], strict=True):
        text = tokens.chat(chat(response.text), template=template).rstrip("\n") + " <|im_end|>"
        ids = tokens.encode(text, add_special_tokens=False)
        hidden = rows(tiny.checkpoint("Qwen2", "Model"), ids)[-1]
        assert score.value == pytest.approx(float((weight @ hidden)[0]), abs=2e-5)


@pytest.mark.parametrize("std", [0.0, -1.0, "2"])
def test_openrlhf_with_a_std_that_is_none(std):
    path = tiny_models.openrlhf("score", normalize_reward=True, mean=0.0, std=std)
    with pytest.raises(ConfigError, match="std="):
        plaudit.load(str(path), dtype="float32")


def test_athene_appends_a_token_and_reads_it():
    path = tiny_models.athene()
    base = tiny.checkpoint("Llama", "Model", kind="llama3", extra=("<|reserved|>",))
    weight = load_file(path / "model.safetensors")["v_head.weight"]
    tokens = FileTokens(path)
    for response, value in zip(GROUP.responses, values("athene"), strict=True):
        ids = [*tokens.chat_ids(chat(response.text)), tokens.id_of("cls_token")]
        assert ids.count(tokens.id_of("bos_token")) == 1
        assert value == pytest.approx(float((weight @ rows(base, ids)[-1])[0]), abs=2e-5)


def test_athene_without_its_token():
    import json

    path = tiny.edited(tiny_models.athene(), to="athene-without")
    file = path / "tokenizer_config.json"
    config = json.loads(file.read_text())
    del config["cls_token"]
    file.write_text(json.dumps(config))
    with pytest.raises(ConfigError, match="cls_token"):
        plaudit.load(str(path), dtype="float32")


def test_urm_weighs_the_means_and_leaves_the_deviations():
    path, base = tiny_models.urm(), tiny.checkpoint("Llama", "Model", kind="llama3")
    w = load_file(path / "model.safetensors")
    tokens = FileTokens(path)
    for response, value in zip(GROUP.responses, values("urm"), strict=True):
        x = rows(base, tokens.chat_ids(chat(response.text)))[-1]
        means = (w["score.weight"] @ x).view(5, 2)[:, 0]
        for number in (0, 2, 4):
            x = w[f"weights.fc.{number}.weight"] @ x + w[f"weights.fc.{number}.bias"]
            x = torch.nn.functional.selu(x) if number < 4 else x
        assert value == pytest.approx(float((means * x).sum()), abs=5e-5)


def test_qrm_reads_its_gate_at_gemmas_own_header():
    path = tiny_models.qrm_gemma()
    base = tiny.checkpoint(
        "Gemma2", "Model", kind="llama", extra=("<start_of_turn>", "<end_of_turn>"),
        changes=tiny_models.GEMMA2,
    )  # fmt: skip
    w = load_file(path / "model.safetensors")
    tokens = FileTokens(path)
    mark = tokens.encode("<end_of_turn>\n<start_of_turn>model\n", add_special_tokens=False)
    for response, value in zip(GROUP.responses, values("qrm_gemma"), strict=True):
        ids = tokens.chat_ids(chat(response.text))
        hidden = rows(base, ids)
        at = max(i for i in range(len(ids)) if ids[i : i + len(mark)] == mark)
        x = hidden[at]
        for n in (0, 3, 6):
            x = (w[f"gating.layers.{n}.weight"] @ x).relu()
            norm = {k: w[f"gating.layers.{n + 2}.{k}"] for k in
                    ("running_mean", "running_var", "weight", "bias")}  # fmt: skip
            x = (x - norm["running_mean"]) / (norm["running_var"] + 1e-5).sqrt()
            x = x * norm["weight"] + norm["bias"]
        x = w["gating.layers.9.weight"] @ x + w["gating.layers.9.bias"]
        gate = (x / 10).softmax(0) * w["gating.logit_scale"][0]
        rewards = (w["regression_layer.weight"] @ hidden[-1]).reshape(19, 5).mean(1)
        expected = (gate * (rewards @ w["reward_transform_matrix"])).sum()
        assert value == pytest.approx(float(expected), abs=2e-5)


def test_eurus_writes_mistrals_template_without_eos_at_the_end():
    path, base = tiny_models.eurus_plain(), tiny.checkpoint("Mistral", "Model", kind="llama")
    weight = load_file(path / "model.safetensors")["regression_head.weight"]
    tokens = FileTokens(path)
    turns = [*GROUP.prompt, {"role": "assistant", "content": "41"},
             {"role": "user", "content": "Sure?"}]  # fmt: skip
    several = plaudit.Group(turns, ["No, 42."])
    for group, head in (
        (GROUP, "[INST] What is 6 times 7? [/INST]"),
        (several, "[INST] What is 6 times 7? [/INST] 41</s>[INST] Sure? [/INST]"),
    ):
        found = values("eurus_plain", group)
        for response, value in zip(group.responses, found, strict=True):
            ids = tokens.encode(f"{head} {response.text}")
            assert ids[0] == tokens.id_of("bos_token")
            assert value == pytest.approx(float((weight @ rows(base, ids)[-1])[0]), abs=2e-5)
    system = plaudit.Group([{"role": "system", "content": "Be short."}, *GROUP.prompt], ["42"])
    score = tiny_models.load("eurus_plain").score([system])[0][0]
    assert score.fault == "input"


@pytest.mark.parametrize("token", [0, 7, "the"])
def test_token_logit_is_one_logit_behind_the_conversation(token):
    path = tiny_models.causal()
    tokens = FileTokens(path)
    ident = tokens.file.token_to_id(token) if isinstance(token, str) else token
    found = values("token_logit", token=token)
    for response, value in zip(GROUP.responses, found, strict=True):
        expected = logits(path, tokens.chat_ids(chat(response.text)))[-1, ident]
        assert value == pytest.approx(float(expected), abs=2e-5)


def test_trl_reads_the_last_token_of_each_separator():
    path = tiny_models.trl_prm()
    model = transformers.AutoModelForTokenClassification.from_pretrained(
        path, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    tokens = FileTokens(path)
    group = plaudit.Group("What is 6 times 7?", [SOLUTION])
    for separator in ("\n\n", "\n"):
        score = tiny_models.load("trl_prm", separator=separator).score([group])[0][0]
        ids = tokens.encode("What is 6 times 7?", add_special_tokens=False)
        places = []
        for step in STEPS:
            ids += tokens.encode(step, add_special_tokens=False)
            ids += tokens.encode(separator, add_special_tokens=False)
            places.append(len(ids) - 1)
        with torch.no_grad():
            shares = model(input_ids=torch.tensor([ids])).logits[0].softmax(-1)[places, 1]
        assert [s.value for s in score.steps] == pytest.approx(shares.tolist(), abs=1e-5)
        assert score.value == pytest.approx(float(shares.mean()), abs=1e-5)


def test_trl_puts_a_bos_before_the_prompt_where_there_is_one():
    path = tiny.checkpoint("Llama", "ForTokenClassification", kind="llama")
    model = transformers.AutoModelForTokenClassification.from_pretrained(
        path, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    tokens = FileTokens(path)
    texts = ("What is 6 times 7?", "42", "\n")
    ids = [i for text in texts for i in tokens.encode(text, add_special_tokens=False)]
    ids = [tokens.id_of("bos_token"), *ids]
    with torch.no_grad():
        share = model(input_ids=torch.tensor([ids])).logits[0, -1].softmax(-1)[1]
    score = plaudit.load(str(path), dtype="float32").score([plaudit.Group(texts[0], ["42"])])[0][0]
    assert score.value == pytest.approx(float(share), abs=1e-5)


def test_rlhflow_asks_for_a_sign_behind_each_step():
    """Its script runs the conversation anew for each step and reads the third token from the end:
    behind it stand "+" and the end of the turn."""
    path = tiny.checkpoint("Llama", "ForCausalLM", kind="llama3")
    tokens = FileTokens(path)
    signs = [tokens.encode(sign, add_special_tokens=False)[-1] for sign in "+-"]
    group = plaudit.Group("What is 6 times 7?", [SOLUTION])
    score = tiny_models.load("rlhflow_prm").score([group])[0][0]
    turns, expected = [], []
    for n, step in enumerate(STEPS):
        text = f"What is 6 times 7? {step}" if n == 0 else step
        turns += [{"role": "user", "content": text}, {"role": "assistant", "content": "+"}]
        ids = tokens.chat_ids(turns)
        expected.append(float(logits(path, ids)[-3, signs].softmax(-1)[0]))
    assert [s.value for s in score.steps] == pytest.approx(expected, abs=1e-5)
    assert score.value == pytest.approx(sum(expected) / 3, abs=1e-5)
    text = group.responses[0].text
    assert [text[s.start : s.end] for s in score.steps] == STEPS


def test_rlhflow_with_thousands_of_steps_and_marks_of_its_own():
    group = plaudit.Group("q", ["\n\n".join(["+", "- +", "\ue000"] * 300)])
    score = tiny_models.load("rlhflow_prm", max_tokens=100_000).score([group])[0][0]
    assert len(score.steps) == 900
