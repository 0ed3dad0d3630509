"""Scores against the plainest way to compute them: one sequence, the library's own model, eager."""

import math
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import tiny  # noqa: E402
import tiny_models  # noqa: E402
from filetokens import FileTokens  # noqa: E402

import plaudit  # noqa: E402

GROUP = plaudit.Group(
    "What is 6 times 7?",
    ["The answer is 42.", "I do not know.", "", "六乘七等于四十二。 " * 9],
)
KNOWN = ("input_ids", "token_type_ids")
PLAIN = plaudit.Group("Say yes.", ["yes"])


def rows(base: Path, ids: list[int]):
    """Hidden rows [T, H] of the library's own trunk, computed eagerly."""
    model = transformers.AutoModel.from_pretrained(
        base, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids])).last_hidden_state[0]


def chat_ids(path: Path, group, text: str) -> list[int]:
    return FileTokens(path).chat_ids([*group.prompt, {"role": "assistant", "content": text}])


def values(name: str, group=GROUP, **more) -> list[float]:
    return [s.value for s in tiny_models.load(name, **more).score([group])[0]]


@pytest.mark.parametrize("name", ["qwen2", "qwen3", "llama", "mistral", "gemma2", "gpt_neox"])
def test_classifiers_equal_the_librarys_own_logits(name):
    path = tiny_models.CASES[name].make()
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        path, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    for text, value in zip([r.text for r in GROUP.responses], values(name), strict=True):
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([chat_ids(path, GROUP, text)])).logits
        assert value == pytest.approx(float(logits[0, 0]), abs=2e-5)


@pytest.mark.parametrize("name", ["deberta", "modernbert"])
def test_encoders_equal_the_librarys_own_logits(name):
    path = tiny_models.CASES[name].make()
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        path, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    tokenizer = FileTokens(path)
    for response, value in zip(GROUP.responses, values(name), strict=True):
        inputs = tokenizer("What is 6 times 7?", response.text)
        inputs = {k: torch.tensor([v]) for k, v in inputs.items() if k in KNOWN}
        with torch.no_grad():
            assert value == pytest.approx(float(model(**inputs).logits[0, 0]), abs=2e-5)


def llama_rows(kind="llama", family="Llama"):
    base = tiny.checkpoint(family, "Model", kind=kind)
    return [rows(base, chat_ids(base, GROUP, r.text)) for r in GROUP.responses]


def test_armorm():
    path, base = tiny_models.armorm(), tiny.checkpoint("Llama", "Model", kind="llama3")
    from safetensors.torch import load_file

    w = load_file(path / "model.safetensors")
    tokenizer = FileTokens(base)
    mark = tokenizer.encode(
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", add_special_tokens=False
    )
    for response, value in zip(GROUP.responses, values("armorm"), strict=True):
        ids = chat_ids(base, GROUP, response.text)
        at = max(i for i in range(len(ids)) if ids[i : i + len(mark)] == mark)
        hidden = rows(base, ids)
        x = hidden[at]
        for i in range(4):
            x = w[f"gating.layers.{i}.weight"] @ x + w[f"gating.layers.{i}.bias"]
            x = x.relu() if i < 3 else x
        gate = (x / 10).softmax(0) * w["gating.logit_scale"][0]
        rewards = w["regression_layer.weight"] @ hidden[-1]
        expected = (gate * (rewards @ w["reward_transform_matrix"])).sum()
        assert value == pytest.approx(float(expected), abs=2e-5)


def test_qrm():
    path, base = tiny_models.qrm(), tiny.checkpoint("Llama", "Model", kind="llama3")
    from safetensors.torch import load_file

    w = load_file(path / "model.safetensors")
    layers = torch.nn.ModuleList()
    width = 32
    for _ in range(3):
        layers += [
            torch.nn.Linear(width, 24, bias=False), torch.nn.ReLU(), torch.nn.BatchNorm1d(24)
        ]  # fmt: skip
        width = 24
    layers.append(torch.nn.Linear(24, 19))
    held = {n.removeprefix("gating.layers."): t for n, t in w.items() if "gating.layers" in n}
    layers.load_state_dict(held, strict=False)
    gating = torch.nn.Sequential(*layers).eval()
    mark = FileTokens(base).encode(
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", add_special_tokens=False
    )
    for response, value in zip(GROUP.responses, values("qrm"), strict=True):
        ids = chat_ids(base, GROUP, response.text)
        at = max(i for i in range(len(ids)) if ids[i : i + len(mark)] == mark)
        hidden = rows(base, ids)
        with torch.no_grad():
            gate = (gating(hidden[at][None])[0] / 10).softmax(0) * w["gating.logit_scale"][0]
        rewards = (w["regression_layer.weight"] @ hidden[-1]).reshape(19, 5).mean(1)
        expected = (gate * (rewards @ w["reward_transform_matrix"])).sum()
        assert value == pytest.approx(float(expected), abs=2e-5)


def test_two_layer_heads():
    w = tiny_models.tensors(
        3, score__0__weight=(32, 32), score__0__bias=(32,), score__2__weight=(1, 32),
        score__2__bias=(1,),
    )  # fmt: skip
    for hidden, value in zip(llama_rows(), values("inf_orm"), strict=True):
        x = (w["score.0.weight"] @ hidden[-1] + w["score.0.bias"]).relu()
        expected = w["score.2.weight"] @ x + w["score.2.bias"]
        assert value == pytest.approx(float(expected[0]), abs=2e-5)


def test_beaver_normalises_and_negates_a_cost():
    reward = tiny_models.tensors(10, score_head__weight=(1, 32), score_head__bias=(1,))
    cost = tiny_models.tensors(11, score_head__weight=(1, 32))
    from plaudit.models import beaver

    template = beaver._TEMPLATE  # its own: the tokenizer here has another
    assert "BEGINNING OF CONVERSATION" in template
    for hidden, r, c in zip(
        llama_rows(), values("beaver_reward"), values("beaver_cost"), strict=True
    ):
        raw = float((reward["score_head.weight"] @ hidden[-1] + reward["score_head.bias"])[0])
        assert r == pytest.approx((raw - 0.5) / (2 + 1e-8), abs=2e-5)
        raw = float((cost["score_head.weight"] @ hidden[-1])[0])
        assert c == pytest.approx(-raw / (2 + 1e-8), abs=2e-5)


def test_oasst_pools_the_last_or_the_mean():
    w = tiny_models.tensors(12, out_proj__weight=(1, 32), out_proj__bias=(1,))
    base = tiny.checkpoint("GPTNeoX", "Model")
    last, mean = values("oasst_last"), values("oasst_mean")
    for n, response in enumerate(GROUP.responses):
        hidden = rows(base, chat_ids(base, GROUP, response.text))
        head = lambda x: float((w["out_proj.weight"] @ x + w["out_proj.bias"])[0])
        assert last[n] == pytest.approx(head(hidden[-1]), abs=2e-5)
        assert mean[n] == pytest.approx(head(hidden.mean(0)), abs=2e-5)


@pytest.mark.parametrize(
    ("name", "seed", "kind", "family", "head"),
    [
        ("regression", 7, "llama", "Llama", "regression_head"),
        ("eurus", 8, "llama", "Mistral", "regression_head"),
        ("starling", 9, "llama", "Llama", "v_head"),
    ],
)
def test_bias_free_heads(name, seed, kind, family, head):
    w = tiny_models.tensors(seed, **{f"{head}__weight": (1, 32)})
    for hidden, value in zip(llama_rows(kind, family), values(name), strict=True):
        assert value == pytest.approx(float((w[f"{head}.weight"] @ hidden[-1])[0]), abs=2e-5)


@pytest.mark.parametrize(("name", "seed"), [("value_head", 15), ("trl_value_head", 16)])
def test_value_heads(name, seed):
    w = tiny_models.tensors(seed, v_head__summary__weight=(1, 32), v_head__summary__bias=(1,))
    base = tiny.checkpoint("Qwen2", "ForCausalLM")
    for response, value in zip(GROUP.responses, values(name), strict=True):
        hidden = rows(base, chat_ids(base, GROUP, response.text))[-1]
        expected = w["v_head.summary.weight"] @ hidden + w["v_head.summary.bias"]
        assert value == pytest.approx(float(expected[0]), abs=2e-5)


def test_internlm2_is_the_llama_that_it_was_made_of():
    w = tiny_models.tensors(17, v_head__weight=(1, 32))["v_head.weight"]
    base = tiny.checkpoint("Llama", "Model", kind="chatml")
    for response, value in zip(GROUP.responses, values("internlm2"), strict=True):
        hidden = rows(base, [*chat_ids(base, GROUP, response.text), 7])[-1]
        assert value == pytest.approx(float((w @ hidden)[0]), abs=2e-5)


def test_ldl():
    path = tiny_models.ldl()
    base = tiny.checkpoint(
        "Gemma2", "Model", kind="llama", changes=(("head_dim", 8), ("sliding_window", 4096))
    )
    levels, gate = (torch.load(path / f"{n}_layer.pt") for n in ("regression", "gating"))

    def run(w, x, numbers):
        for n in numbers:
            x = w[f"network.{n}.weight"] @ x + w[f"network.{n}.bias"]
            x = torch.nn.functional.leaky_relu(x) if n != numbers[-1] else x
        return x

    for response, value in zip(GROUP.responses, values("ldl"), strict=True):
        hidden = rows(base, chat_ids(base, GROUP, response.text))[-1]
        shares = run(levels, hidden, (0, 2, 4)).reshape(-1, 10).softmax(-1)
        total = run(gate, hidden, (0, 3, 6)) @ shares
        assert value == pytest.approx(float((total * torch.linspace(0, 1, 10)).sum()), abs=2e-5)


def log_probs(path: Path, ids: list[int], start: int) -> list[float]:
    """Full logits and log_softmax of the library's own model."""
    model = transformers.AutoModelForCausalLM.from_pretrained(
        path, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    with torch.no_grad():
        logs = model(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
    return [float(logs[t - 1, ids[t]]) for t in range(start, len(ids))]


def spoken(scores):
    """The responses that say something, with their scores."""
    return [(r, s) for r, s in zip(GROUP.responses, scores, strict=True) if r.text]


@pytest.mark.parametrize("name", ["dpo", "ref_free_norm", "perplexity", "grpo_flat"])
def test_an_empty_response_is_unscored_in_every_mode(name):
    for text in ("", " \n", "<think>hm</think>"):
        score = tiny_models.load(name).score([plaudit.Group("q", [text])])[0][0]
        assert not score.is_scored
        assert score.fault == "response"
        assert "empty" in score.error


def test_implicit_is_beta_times_the_difference_of_summed_log_probs():
    policy, reference = tiny_models.causal(), tiny_models.reference()
    for response, value in spoken(values("dpo")):
        tokenizer = FileTokens(policy)
        head = tokenizer.chat_ids(list(GROUP.prompt), generation=True)
        ids = chat_ids(policy, GROUP, response.text)
        assert ids[: len(head)] == head
        ours = sum(log_probs(policy, ids, len(head))) - sum(log_probs(reference, ids, len(head)))
        assert value == pytest.approx(0.1 * ours, abs=1e-4)


def rb_tokens(path: Path, group, text: str) -> tuple[list[int], int]:
    """RewardBench's tokenize_row below its limits, by its published rules."""
    tokenizer = FileTokens(path)
    render = tokenizer.chat
    prompt = render(list(group.prompt))
    full = render([*group.prompt, {"role": "assistant", "content": text}])
    answer = full.replace(prompt, "")
    head = tokenizer.encode(prompt, add_special_tokens=False)
    both = tokenizer.encode(prompt + answer, add_special_tokens=False)
    has_bos = tokenizer.config.get("bos_token") is not None
    eos = tokenizer.id_of("eos_token")
    bos = tokenizer.id_of("bos_token") if has_bos else eos
    return [bos, *both, eos], 1 + len(head)


@pytest.mark.parametrize("kind", ["chatml", "llama"])
@pytest.mark.parametrize("ref_free", ["sum", "avg", "norm"])
def test_reference_free_scores_in_the_rewardbench_profile(kind, ref_free):
    path = tiny.checkpoint("Qwen2" if kind == "chatml" else "Llama", "ForCausalLM", kind=kind)
    reward = plaudit.load(
        "models.implicit.implicit", model=str(path), ref_free=ref_free, profile="rb-dpo",
        dtype="float32",
    )  # fmt: skip
    for response, score in spoken(reward.score([GROUP])[0]):
        ids, start = rb_tokens(path, GROUP, response.text)
        logs = log_probs(path, ids, start)
        expected = {
            "sum": sum(logs),
            "avg": sum(logs) / len(logs),
            "norm": -math.sqrt(sum(x * x for x in logs)),
        }[ref_free]
        assert score.value == pytest.approx(expected, rel=1e-5)


def test_the_rewardbench_profile_cuts_as_it_does():
    path = tiny_models.causal()
    reward = plaudit.load(
        "models.implicit.implicit", model=str(path), ref_free="sum", profile="rb-dpo"
    )
    form = reward.scorer.form
    long = plaudit.Group("word " * 1500, ["x y " * 1200, "no"])
    first, second = form.encode([long])[0]
    assert first.start == second.start == 128
    assert len(first.ids) == 128 + 1920
    assert first.num_cut > 0
    assert second.num_cut > 0


def test_perplexity():
    path = tiny_models.causal()
    tokenizer = FileTokens(path)
    head = tokenizer.chat_ids(list(GROUP.prompt), generation=True)
    for response, value in spoken(values("perplexity")):
        logs = log_probs(path, chat_ids(path, GROUP, response.text), len(head))
        assert value == pytest.approx(sum(logs) / len(logs), abs=1e-5)


def test_pairrm_reads_the_marks_in_both_orders():
    path = tiny_models.pairrm()
    base = tiny_models.deberta("Model", extra=("<|source|>", "<|candidate1|>", "<|candidate2|>"))
    from safetensors.torch import load_file

    w = load_file(path / "model.safetensors")
    tokenizer = FileTokens(base)
    order = (
        "Finish the following coversation in each i-th turn by filling in <Response i> with your"
        " response."
    )

    def margin(a: str, b: str) -> float:
        texts = [
            f"<|source|>{order}USER: Say yes.\nAssistant: <Response 1>",
            f"<|candidate1|><Response 1>: {a}",
            f"<|candidate2|><Response 1>: {b}",
        ]
        ids = [i for text in texts for i in tokenizer.encode(text)]
        hidden = rows(base, ids)
        marks = [ids.index(tokenizer.file.token_to_id(t)) for t in
                 ("<|source|>", "<|candidate1|>", "<|candidate2|>")]  # fmt: skip

        def head(candidate):
            x = torch.cat([hidden[marks[0]], hidden[candidate]])
            x = torch.tanh(w["head_layer.1.weight"] @ x + w["head_layer.1.bias"])
            return w["head_layer.4.weight"] @ x + w["head_layer.4.bias"]

        return float((head(marks[1]) - head(marks[2])).mean())

    comparer = plaudit.load("models.pairrm.pairrm", model=str(path), dtype="float32")
    pair = plaudit.types.Pair(PLAIN.prompt, plaudit.Response("yes"), plaudit.Response("no " * 5))
    score = comparer.compare([pair])[0]
    delta = margin("yes", "no " * 5) - margin("no " * 5, "yes")
    assert score.parts["margin"] == pytest.approx(delta, abs=1e-4)
    assert score.value == pytest.approx(1 / (1 + math.exp(-delta / 2)), abs=1e-5)


def test_steamshp_reads_two_logits_of_the_first_token():
    path = tiny_models.steamshp()
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(path, dtype=torch.float32).eval()
    tokenizer = FileTokens(path)
    text = (
        "POST: Say yes.\n\n RESPONSE A: yes\n\n RESPONSE B: no\n\n"
        " Which response is better? RESPONSE"
    )
    ids = torch.tensor([tokenizer(text)["input_ids"]])
    with torch.no_grad():
        logits = model(input_ids=ids, decoder_input_ids=torch.tensor([[0]])).logits[0, 0]
    a, b = (float(logits[tokenizer(x, add_special_tokens=False)["input_ids"][0]]) for x in "AB")
    comparer = plaudit.load("models.steamshp.steamshp", model=str(path), dtype="float32")
    pair = plaudit.types.Pair(PLAIN.prompt, plaudit.Response("yes"), plaudit.Response("no"))
    score = comparer.compare([pair])[0]
    assert score.parts["margin"] == pytest.approx(a - b, abs=1e-4)


def test_process_values_stand_with_their_spans():
    group = plaudit.Group("6 * 7?", ["<think>hm</think>First, add.\n\nThen multiply: 42."])
    score = tiny_models.load("qwen_prm").score([group])[0][0]
    text = group.responses[0].text
    assert [text[s.start : s.end] for s in score.steps] == ["First, add.", "Then multiply: 42."]
    assert score.value == min(s.value for s in score.steps)
    path = tiny_models.qwen_prm()
    base = tiny.checkpoint("Qwen2", "Model", extra=("<extra_0>",))
    from safetensors.torch import load_file

    w = load_file(path / "model.safetensors")
    tokenizer = FileTokens(base)
    turns = [
        {"role": "system", "content": "Please reason step by step, and put your final answer"
         " within \\boxed{}."},
        {"role": "user", "content": "6 * 7?"},
        {"role": "assistant", "content": "First, add.<extra_0>Then multiply: 42.<extra_0>"},
    ]  # fmt: skip
    ids = tokenizer.chat_ids(turns)
    hidden = rows(base, ids)
    marks = [i for i, t in enumerate(ids) if t == tokenizer.file.token_to_id("<extra_0>")]
    for step, mark in zip(score.steps, marks, strict=True):
        x = (w["score.0.weight"] @ hidden[mark] + w["score.0.bias"]).relu()
        share = (w["score.2.weight"] @ x + w["score.2.bias"]).softmax(0)[1]
        assert step.value == pytest.approx(float(share), abs=1e-5)


def test_a_response_cannot_add_steps_of_its_own():
    score = tiny_models.load("qwen_prm").score([plaudit.Group("q", ["a<extra_0>b"])])[0][0]
    assert score.fault == "response"
    assert not score.is_scored
    assert "marks" in score.error
