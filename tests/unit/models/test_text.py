"""How texts become ids: think blocks that a template opens, the second BOS of RewardBench."""

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
from plaudit.text.think import FAMILIES  # noqa: E402

GROUP = plaudit.Group("What is 6 times 7?", ["The answer is 42.", "六乘七等于四十二。"])
TURN = "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"


def opening(mark: str, inside: str = "") -> str:
    """A template whose generation prompt opens a think block, and whose turns hold `inside`."""
    turn = TURN.replace("{{ m.content }}", inside + "{{ m.content }}") if inside else TURN
    return (
        "{% for m in messages %}{% if m.role == 'assistant' %}" + turn + "{% else %}" + TURN
        + "{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n" + mark + "{% endif %}"
    )  # fmt: skip


def log_probs(path: Path, ids: list[int], start: int) -> float:
    model = transformers.AutoModelForCausalLM.from_pretrained(
        path, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    with torch.no_grad():
        logs = model(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
    return sum(float(logs[t - 1, ids[t]]) for t in range(start, len(ids)))


def expected(path: Path, head: str, text: str) -> float:
    tokens = FileTokens(path)
    full, before = (tokens.encode(t, add_special_tokens=False) for t in (head + text, head))
    start = next((i for i, (a, b) in enumerate(zip(full, before)) if a != b), len(before))  # noqa: B905
    return log_probs(path, full, start)


def sums(template: str, group=GROUP, **more) -> list:
    return plaudit.load(
        "models.implicit.implicit", model=str(tiny_models.causal()), ref_free="sum",
        chat_template=template, dtype="float32", **more,
    ).score([group])[0]  # fmt: skip


USER = "<|im_start|>user\nWhat is 6 times 7?<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize("family", [f for f in FAMILIES if not f.is_prose], ids=lambda f: f.name)
@pytest.mark.parametrize("form", ["open", "empty"])
def test_a_generation_prompt_that_opens_thinking_leaves_nothing_unscored(family, form):
    mark = f"{family.start}\n" if form == "open" else f"{family.start}\n\n{family.closing}\n\n"
    path = tiny_models.causal()
    for response, score in zip(GROUP.responses, sums(opening(mark)), strict=True):
        whole = expected(path, USER, f"{response.text}<|im_end|>\n")
        assert score.value == pytest.approx(whole, abs=1e-4)


def test_a_template_that_writes_the_block_into_finished_turns_keeps_its_head():
    template = opening("<think>\n", "<think>\n\n</think>\n\n")
    path = tiny_models.causal()
    for response, score in zip(GROUP.responses, sums(template), strict=True):
        rest = f"\n</think>\n\n{response.text}<|im_end|>\n"
        assert score.value == pytest.approx(expected(path, USER + "<think>\n", rest), abs=1e-4)


def test_prompt_and_responses_that_think_themselves():
    template = opening("<think>\n")
    plain = [s.value for s in sums(template)]
    group = plaudit.Group(
        "What is 6 times 7?", [f"six sevens</think>{r.text}" for r in GROUP.responses]
    )
    assert [s.value for s in sums(template, group)] == plain
    path = tiny_models.causal()
    for response, score in zip(group.responses, sums(template, group, view="all"), strict=True):
        whole = expected(path, USER, f"{response.text}<|im_end|>\n")
        assert score.value == pytest.approx(whole, abs=1e-4)


def test_perplexity_too():
    reward = plaudit.load(
        "models.perplexity.perplexity", model=str(tiny_models.causal()),
        chat_template=opening("<think>\n"), dtype="float32",
    )  # fmt: skip
    assert all(score.is_scored for score in reward.score([GROUP])[0])


# --- RewardBench's second BOS ---------------------------------------------------------------------


def gpt2() -> Path:
    """Learned positions, so that a masked token still moves the others."""
    return tiny.checkpoint("GPT2", kind="llama", changes=(("n_positions", 4096),))


def two_bos(path: Path, text: str) -> list[int]:
    """What its tokenizer, which adds a BOS, makes of the template's text, which has one."""
    tokens = FileTokens(path)
    ids = tokens.encode(tokens.chat([*GROUP.prompt, {"role": "assistant", "content": text}]))
    assert ids[:2] == [tokens.id_of("bos_token")] * 2
    return ids


@pytest.mark.parametrize("profile", ["rb-cli", "rb-run-rm", "rb-v2"])
@pytest.mark.parametrize("make", [gpt2, lambda: tiny.checkpoint("Llama", kind="llama")])
def test_a_classifier_masks_the_first_bos_as_rewardbench_does(make, profile):
    path = make()
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        path, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    reward = plaudit.load(str(path), dtype="float32", profile=profile)
    for response, score in zip(GROUP.responses, reward.score([GROUP])[0], strict=True):
        ids = torch.tensor([two_bos(path, response.text)])
        mask = torch.ones_like(ids)
        mask[0, 0] = 0
        with torch.no_grad():
            logit = model(input_ids=ids, attention_mask=mask).logits[0, 0]
        assert score.value == pytest.approx(float(logit), abs=2e-5)


def test_by_default_positions_begin_at_zero():
    path = gpt2()
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        path, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    plain = plaudit.load(str(path), dtype="float32").score([GROUP])[0]
    published = plaudit.load(str(path), dtype="float32", profile="rb-cli").score([GROUP])[0]
    for response, score, other in zip(GROUP.responses, plain, published, strict=True):
        ids = torch.tensor([two_bos(path, response.text)[1:]])
        with torch.no_grad():
            logit = model(input_ids=ids).logits[0, 0]
        assert score.value == pytest.approx(float(logit), abs=2e-5)
        assert abs(score.value - other.value) > 1e-4


@pytest.mark.parametrize(
    ("name", "head"),
    [("grm_linear", "v_head.summary"), ("regression", "regression_head"), ("starling", "v_head")],
)
def test_heads_whose_pipeline_reads_both(name, head):
    from safetensors.torch import load_file

    path, base = tiny_models.CASES[name].make(), tiny.checkpoint("Llama", "Model", kind="llama")
    w = load_file(path / "model.safetensors")
    model = transformers.AutoModel.from_pretrained(
        base, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    scores = tiny_models.load(name, profile="rb-cli").score([GROUP])[0]
    for response, score in zip(GROUP.responses, scores, strict=True):
        ids = two_bos(base, response.text)
        with torch.no_grad():
            hidden = model(input_ids=torch.tensor([ids])).last_hidden_state[0, -1]
        value = w[f"{head}.weight"] @ hidden + w.get(f"{head}.bias", torch.zeros(1))
        assert score.value == pytest.approx(float(value[0]), abs=5e-5)
        assert score.parts["num_tokens"] == len(ids)


@pytest.mark.parametrize(("profile", "side"), [("rb-run-rm", "left"), ("rb-v2", "right")])
@pytest.mark.parametrize("size", [2046, 2047, 2048, 2049, 2050, 2100])
def test_the_second_bos_counts_where_texts_are_cut(profile, side, size):
    """RewardBench's tokenizer cuts to 2048 with its own BOS among them, before any is masked."""
    path = tiny.checkpoint("Llama", kind="llama")
    form = plaudit.load(str(path), dtype="float32", profile=profile).scorer.form
    empty = len(form.encode([plaudit.Group("q", [""])])[0][0].ids)
    text = "\u00e9" * ((size - empty) // 2) + "~" * ((size - empty) % 2)
    group = plaudit.Group("q", [text])
    tokens = FileTokens(path)
    whole = tokens.encode(
        tokens.chat([*group.prompt, {"role": "assistant", "content": text}]),
        add_special_tokens=False,
    )
    rest = whole[-2047:] if side == "left" else whole[:2047]
    theirs = [1, *rest]
    if theirs[:2] == [1, 1]:
        theirs = theirs[1:]
    assert list(form.encode([group])[0][0].ids) == theirs
