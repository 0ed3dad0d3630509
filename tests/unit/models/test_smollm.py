"""A real network, SmolLM2-135M-Instruct: scores of plain transformers, and sensible ones."""

import functools
import random
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from filetokens import FileTokens  # noqa: E402
from smollm import smollm  # noqa: E402

import plaudit  # noqa: E402
from plaudit.engines.tokens import PROBES, note_of  # noqa: E402

pytestmark = pytest.mark.xdist_group("smollm")  # one process loads it
ANSWERS = {
    "What is the capital of France?": "The capital of France is Paris.",
    "Name three colours.": "Red, green and blue are three colours.",
    "How many days are in a week?": "There are seven days in a week.",
    "Write a line of Python that prints hello.": "print('hello')",
    "Why is the sky blue?": "The sky is blue because air scatters blue light more than red light.",
}


def scrambled(text: str) -> str:
    """The same words in another order."""
    words = text.split()
    order = words[:]
    for seed in range(99):
        random.Random(seed).shuffle(order)
        if order != words:
            return " ".join(order)
    return text[::-1]


@functools.lru_cache(maxsize=2)
def reward(path: str = "models.perplexity.perplexity", **params):
    return plaudit.load(path, model=str(smollm()), dtype="float32", device="cpu", **params)


@functools.cache
def plain_model():
    return transformers.AutoModelForCausalLM.from_pretrained(
        smollm(), dtype=torch.float32, attn_implementation="eager"
    ).eval()


def log_probs(prompt: str, response: str) -> list[float]:
    """Log-probs of the response's ids (its end mark too) by one plain call, ids from the file."""
    tokens = FileTokens(smollm())
    turns = [{"role": "user", "content": prompt}]
    start = len(tokens.chat_ids(turns, generation=True))
    ids = tokens.chat_ids([*turns, {"role": "assistant", "content": response}])
    with torch.no_grad():
        logs = plain_model()(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
    return [float(logs[t - 1, ids[t]]) for t in range(start, len(ids))]


@pytest.mark.slow
def test_plausible_text_is_likelier_than_its_own_words_scrambled():
    for prompt, answer in list(ANSWERS.items())[:3]:
        good, bad = reward().score([plaudit.Group(prompt, [answer, scrambled(answer)])])[0]
        assert good.value > bad.value + 0.5


@pytest.mark.slow
def test_perplexity_equals_plain_transformers():
    for prompt, answer in ANSWERS.items():
        score = reward().score([plaudit.Group(prompt, [answer])])[0][0]
        logs = log_probs(prompt, answer)
        assert score.value == pytest.approx(sum(logs) / len(logs), abs=1e-4)
        assert score.parts["num_scored"] == len(logs)


def test_its_tokenizer_is_the_files():
    tokenizer = reward().scorer.form.tokenizer
    assert note_of(tokenizer) == ""
    tokens = FileTokens(smollm())
    for text in PROBES:
        assert list(tokenizer(text, add_special_tokens=False)["input_ids"]) == tokens.encode(
            text, add_special_tokens=False
        )


@pytest.mark.slow
def test_loops_look_likely():
    """The known failure of perplexity as a reward, on the page about it."""
    loop = "The sky is blue. " * 20
    answer = ANSWERS["Why is the sky blue?"]
    good, looped = reward().score([plaudit.Group("Why is the sky blue?", [answer, loop])])[0]
    assert looped.value > good.value


@pytest.mark.slow
def test_a_shared_prompt_changes_nothing_but_rounding():
    prompt = "Read this. " + " ".join(ANSWERS.values()) * 4
    group = plaudit.Group(prompt, list(ANSWERS.values()))
    shared = reward().score([group])[0]
    apart = reward(share=False).score([group])[0]
    for a, b in zip(shared, apart, strict=True):
        assert a.value == pytest.approx(b.value, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("ref_free", ["sum", "avg", "norm"])
def test_reference_free_rewards_equal_plain_transformers(ref_free):
    implicit = reward("models.implicit.implicit", ref_free=ref_free)
    for prompt, answer in list(ANSWERS.items())[:2]:
        logs = log_probs(prompt, answer)
        expected = {
            "sum": sum(logs),
            "avg": sum(logs) / len(logs),
            "norm": -(sum(x * x for x in logs) ** 0.5),
        }[ref_free]
        score = implicit.score([plaudit.Group(prompt, [answer])])[0][0]
        assert score.value == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_a_judge_in_this_process_reads_the_models_own_label_odds():
    from plaudit.engines.causal import causal_model
    from plaudit.engines.chat import Call, Job, Sampling
    from plaudit.engines.load import Options
    from plaudit.engines.local import LocalEngine

    loaded = causal_model(str(smollm()), Options(device="cpu", dtype="float32"))
    engine = LocalEngine(
        loaded.module, loaded.tokenizer, loaded.engine, loaded.layer, name="smollm2"
    )
    turns = [{"role": "user", "content": "Is Paris in France? Answer with Yes or No only."}]
    call = Call(tuple(turns), Sampling(max_tokens=1), labels=("Yes", "No"))
    [[reply]] = engine.answer([Job((call,))])
    tokens = FileTokens(smollm())
    with torch.no_grad():
        ids = torch.tensor([tokens.chat_ids(turns, generation=True)])
        logs = plain_model()(input_ids=ids).logits[0, -1].log_softmax(-1)
    for label in ("Yes", "No"):
        own = [tokens.encode(t, add_special_tokens=False) for t in (label, f" {label}")]
        truth = float(torch.logsumexp(logs[[ids[0] for ids in own if len(ids) == 1]], 0))
        assert reply.tokens[0].top[label] == pytest.approx(truth, abs=1e-3)
    assert reply.text == max(("Yes", "No"), key=reply.tokens[0].top.get)
