"""Local chat: labels read by one pass, samples behind a prompt that is read once."""

import dataclasses
import functools
import math
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import tiny  # noqa: E402

from plaudit.engines import hf  # noqa: E402
from plaudit.engines.causal import causal_model, output_layer  # noqa: E402
from plaudit.engines.chat import Call, Job, Sampling  # noqa: E402
from plaudit.engines.hf import Answer  # noqa: E402
from plaudit.engines.load import Options  # noqa: E402
from plaudit.engines.local import LocalEngine  # noqa: E402
from plaudit.engines.sampling import Draft, Stream, draw_ids, rivals  # noqa: E402
from plaudit.engines.text import labelled  # noqa: E402
from plaudit.errors import ConfigError  # noqa: E402

FAMILIES = {
    "Qwen2": ("chatml", ()),
    "Llama": ("llama", ()),
    "Mistral": ("llama", (("sliding_window", 24),)),
    "Gemma2": (
        "llama", (("head_dim", 8), ("sliding_window", 24), ("query_pre_attn_scalar", 8)),
    ),
    "GPTNeoX": ("chatml", ()),
}  # fmt: skip


def model(family: str = "Qwen2"):
    return loaded(family)


@functools.cache
def loaded(family: str):
    kind, changes = FAMILIES[family]
    path = tiny.checkpoint(family, "ForCausalLM", kind=kind, changes=changes, name=f"local{family}")
    return causal_model(str(path), Options(device="cpu", dtype="float32"))


def engine(family: str = "Qwen2", **more) -> LocalEngine:
    held = model(family)
    return LocalEngine(held.module, held.tokenizer, held.engine, held.layer, name="tiny", **more)


def call(text: str = "the quick brown fox answers", **given) -> Call:
    sampling = Sampling(**{"max_tokens": 24, **given.pop("sampling", {})})
    return Call(({"role": "user", "content": text},), sampling, **given)


def verdict(text: str, prefix: str = "", labels=("A", "B")) -> Call:
    return call(text, prefix=prefix, labels=labels, sampling={"max_tokens": 1})


def prompt_ids(held, asked: Call) -> list[int]:
    text = held.tokenizer.apply_chat_template(
        list(asked.messages), tokenize=False, add_generation_prompt=True
    )
    return held.tokenizer(text + asked.prefix, add_special_tokens=False)["input_ids"]


def log_p(held, ids: list[int]):
    """Log-probs behind the last id by a plain call with logits at all positions."""
    with torch.inference_mode(), hf.library_attention(held.module):
        return held.module(input_ids=torch.tensor([ids])).logits[0, -1].log_softmax(-1)


# --- labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_labels_equal_full_logits(family):
    held = model(family)
    both = " ".join(["the lazy dog jumps over six and seven"] * 8)
    asked = [verdict(f"{both} A {x} B {y}", "reward +") for x, y in (("yes", "no"), ("no", "yes"))]
    [replies] = engine(family).answer([Job(tuple(asked))])
    for one, reply in zip(asked, replies, strict=True):
        plain = log_p(held, prompt_ids(held, one))
        for label in "AB":
            ids = [
                held.tokenizer(f"{before}{label}", add_special_tokens=False)["input_ids"][-1]
                for before in ("+", "+ ")
            ]
            truth = float(torch.logsumexp(plain[ids], 0))
            assert reply.tokens[0].top[label] == pytest.approx(truth, rel=1e-6)
        assert reply.text == max("AB", key=lambda label: reply.tokens[0].top[label])
        assert reply.tokens[0].logprob == reply.tokens[0].top[reply.text]
        assert reply.usage == (len(prompt_ids(held, one)), 1, 0)


def test_jobs_with_other_labels_are_read_together_and_in_order():
    asked = [Job((verdict("a"), verdict("b", labels=("4", "2")))), Job(()), Job((verdict("c"),))]
    ours = engine()
    results = ours.answer(asked)
    assert [len(row) for row in results] == [2, 0, 1]
    alone = [[ours.answer([Job((one,))])[0][0] for one in job.calls] for job in asked]
    assert [[r.tokens for r in row] for row in results] == [
        [r.tokens for r in row] for row in alone
    ]


def test_both_orders_share_a_pass(monkeypatch):
    ours, held = engine(), model()
    rows = []
    forward = held.engine._forward
    monkeypatch.setattr(held.engine, "_forward", lambda *a: rows.append(len(a[0])) or forward(*a))
    long = " ".join(["the quick brown fox jumps over a lazy dog"] * 40)
    asked = [verdict(f"{long} {tail}") for tail in ("A yes B no", "A no B yes")]
    ours.answer([Job(tuple(asked))])
    sizes = [len(prompt_ids(held, one)) for one in asked]
    assert len(rows) == 1
    assert rows[0] < 0.6 * sum(sizes)


def test_a_label_of_two_tokens_is_refused_with_its_pieces():
    with pytest.raises(
        ConfigError, match=r"label 'quibble' after .* tokens .*'qu', .*one token each"
    ):
        engine().check(verdict("a", labels=("A", "quibble")))
    with pytest.raises(ConfigError, match=r"label 'A' .* same token as label ' A'"):
        engine().check(verdict("a", labels=("A", " A")))
    engine().check(verdict("a", labels=("A", "B")))


class Words:
    """A tokenizer of a few fixed pieces, the longest first; it joins ":" with a digit."""

    bos_token_id = None
    pieces = (":1", ":2", " A", " B", *"abcAB12: []")

    def __call__(self, texts, **options):
        many = [texts] if isinstance(texts, str) else texts
        ids = [self._ids(text) for text in many]
        return {"input_ids": ids[0] if isinstance(texts, str) else ids}

    def _ids(self, text):
        results = []
        while text:
            piece = next(p for p in self.pieces if text.startswith(p))
            results.append(self.pieces.index(piece))
            text = text[len(piece) :]
        return results

    def decode(self, ids, **options):
        return "".join(self.pieces[i] for i in ids)


def test_labels_are_found_behind_the_prefix_in_both_spellings():
    number = Words.pieces.index
    plain = labelled(Words(), "ab[[", ("A", "B"))
    assert plain.num_merged == 0
    assert plain.ids == {"A": (number("A"), number(" A")), "B": (number("B"), number(" B"))}
    joined = labelled(Words(), "ab:", ("1", "2"))
    assert joined.num_merged == 1
    assert joined.ids == {"1": (number(":1"),), "2": (number(":2"),)}
    with pytest.raises(ConfigError, match=r"tiny: label 'a' after 'ab:' is 2 tokens \(':', 'a'\)"):
        labelled(Words(), "ab:", ("1", "a"), "tiny")


# --- generation -----------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_greedy_equals_generate(family):
    held = model(family)
    for text in ("the quick brown fox", "六乘七等于四十二 " * 6):
        asked = call(text, sampling={"max_tokens": 48})
        ids = prompt_ids(held, asked)
        [[reply, again]] = engine(family).answer([Job((asked, asked))])
        with hf.library_attention(held.module):
            out = held.module.generate(
                torch.tensor([ids]),
                attention_mask=torch.ones(1, len(ids), dtype=torch.long),
                do_sample=False,
                max_new_tokens=48,
                pad_token_id=0,
            )
        theirs = out[0, len(ids) :].tolist()
        if theirs[-1] == 2:
            assert reply.finish_reason == "stop"
            theirs.pop()
        else:
            assert reply.finish_reason == "length"
        assert reply.usage == (len(ids), len(theirs), 0)
        stream = Stream(held.tokenizer, ids)
        assert reply.text == "".join([stream.push(i) for i in theirs]) + stream.rest()
        assert (again.text, again.usage.cached_tokens) == (reply.text, len(ids))


def test_a_sample_does_not_depend_on_its_neighbours():
    asked = [
        call(index=i, sampling={"temperature": 1.0, "top_p": 0.95, "seed": 7}) for i in range(4)
    ]
    ours = engine()
    [together] = ours.answer([Job(tuple(asked))])
    alone = [ours.answer([Job((one,))])[0][0] for one in asked]
    assert [r.text for r in together] == [r.text for r in alone]
    assert len({r.text for r in together}) == 4
    [[other]] = ours.answer([Job((call(sampling={"temperature": 1.0, "seed": 8}),))])
    assert other.text != alone[0].text


def test_the_prompt_is_read_once(monkeypatch):
    ours, shapes = engine(), []
    forward = ours._forward
    monkeypatch.setattr(
        ours, "_forward", lambda ids, cache=None: shapes.append((len(ids), len(ids[0]))) or
        forward(ids, cache),
    )  # fmt: skip
    sampling = [{"max_tokens": n, "temperature": 1.0} for n in (3, 1, 2, 0)]
    asked = tuple(call(index=i, sampling=s) for i, s in enumerate(sampling))
    [replies] = ours.answer([Job(asked)])
    assert [r.usage.completion_tokens for r in replies] == [3, 1, 2, 0]
    assert {r.finish_reason for r in replies} == {"length"}
    assert shapes == [(1, replies[0].usage.prompt_tokens), (2, 1), (1, 1)]


def test_prompts_that_differ_keep_their_places():
    one, two = call("fox"), call("dog")
    ours = engine()
    [[a, b, c]] = ours.answer([Job((one, two, one))])
    assert (a.text, b.text) == tuple(ours.answer([Job((x,))])[0][0].text for x in (one, two))
    assert c.text == a.text


def test_a_stop_string_ends_the_reply_and_is_left_out():
    asked = call(labels=("A",))
    ours = engine()
    [[full]] = ours.answer([Job((asked,))])
    assert "".join(token.text for token in full.tokens) == full.text.rstrip("\ufffd")
    stop = full.text[6:8]
    at = full.text.index(stop)
    stopped = dataclasses.replace(
        asked, sampling=dataclasses.replace(asked.sampling, stop=("never there", stop, ""))
    )
    [[reply]] = ours.answer([Job((stopped,))])
    assert (reply.text, reply.finish_reason) == (full.text[:at], "stop")
    assert "".join(token.text for token in reply.tokens).startswith(reply.text)
    assert len(reply.tokens) < len(full.tokens)


def test_tokens_carry_the_models_own_log_probs():
    held = model()
    asked = call(labels=("A",), sampling={"temperature": 3.0, "max_tokens": 12})
    [[reply]] = engine().answer([Job((asked,))])
    ids = prompt_ids(held, asked)
    plain = log_p(held, ids)
    first = reply.tokens[0]
    drawn_id = next(
        i for i in range(512) if float(plain[i]) == pytest.approx(first.logprob, abs=1e-5)
    )
    assert held.tokenizer.decode([drawn_id]) in first.top
    assert all(t.top[t.text] == t.logprob for t in reply.tokens if t.text)
    assert sum(bool(t.text) for t in reply.tokens) > 2
    assert max(first.top.values()) == pytest.approx(float(plain.max()), abs=1e-5)
    assert 5 < len(first.top) <= 21


def test_a_prompt_over_the_limit_is_an_input_fault_of_its_own():
    size = len(prompt_ids(model(), call()))
    ours = engine(max_tokens_of_model=size + 3)
    long = "the quick brown fox " * 9
    [[good, bad, worse]] = ours.answer([Job((call(), call(long), verdict(long)))])
    assert (good.usage.completion_tokens, good.finish_reason) == (3, "length")
    for reply in (bad, worse):
        assert (reply.text, reply.fault, reply.finish_reason) == (None, "input", None)
        assert f"the model takes {size + 3}" in reply.error


def test_turns_that_the_template_refuses_are_an_input_fault_and_fail_the_check():
    template = "{{ raise_exception('no system turns') }}"
    ours = engine(chat_template=template)
    [[reply]] = ours.answer([Job((call(),))])
    assert reply.fault == "input"
    assert "no system turns" in reply.error
    with pytest.raises(ConfigError, match=r"no system turns.*chat_template="):
        ours.check(call())


def test_without_a_chat_template_there_is_no_engine(monkeypatch):
    monkeypatch.setattr(model().tokenizer, "chat_template", None)
    with pytest.raises(ConfigError, match="chat_template"):
        engine()


def test_lone_surrogates_and_an_empty_text_are_answered():
    [[a, b]] = engine().answer([Job((call("x" + chr(0xD800)), verdict("")))])
    assert a.error is None
    assert b.text in ("A", "B")


def test_short_memory_halves_the_samples(monkeypatch):
    ours, forward = engine(), LocalEngine._forward

    def short(self, ids, cache=None):
        if len(ids) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, ids, cache)

    asked = tuple(call(index=i, sampling={"temperature": 1.0}) for i in range(5))
    truth = [r.text for r in ours.answer([Job(asked)])[0]]
    monkeypatch.setattr(LocalEngine, "_forward", short)
    assert [r.text for r in ours.answer([Job(asked)])[0]] == truth


def test_no_memory_at_all_is_a_system_fault(monkeypatch):
    def none(self, ids, cache=None):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(LocalEngine, "_forward", none)
    [replies] = engine().answer([Job((call(), call(index=1)))])
    assert {r.fault for r in replies} == {"system"}
    assert all("out of memory on a prompt of" in r.error for r in replies)
    ours = engine()
    answers = lambda question, groups: ([Answer(None, "out of memory")] * len(g) for g in groups)
    monkeypatch.setattr(model().engine, "ask", answers)
    [[reply]] = ours.answer([Job((verdict("a"),))])
    assert (reply.text, reply.error, reply.fault) == (None, "out of memory", "system")


def test_other_runtime_errors_are_not_taken_for_memory(monkeypatch):
    def broken(self, ids, cache=None):
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(LocalEngine, "_forward", broken)
    with pytest.raises(RuntimeError, match="shape"):
        engine().answer([Job((call(),))])


def test_logits_that_are_no_numbers_are_a_system_fault(monkeypatch):
    ours, forward = engine(), LocalEngine._forward

    def broken(self, ids, cache=None):
        logits, cache = forward(self, ids, cache)
        return logits * math.nan, cache

    monkeypatch.setattr(LocalEngine, "_forward", broken)
    [[reply]] = ours.answer([Job((call(),))])
    assert (reply.text, reply.fault) == (None, "system")
    assert "not finite" in reply.error
    held = model()
    layer = dataclasses.replace(output_layer(held.module), scale=math.nan)
    ours = LocalEngine(held.module, held.tokenizer, held.engine, layer, name="tiny")
    [[reply]] = ours.answer([Job((verdict("a"),))])
    assert (reply.text, reply.fault) == (None, "system")


def test_a_model_without_a_cache_is_refused_where_it_would_generate(monkeypatch):
    ours = engine()
    base = ours._base

    @functools.wraps(base.forward)
    def bare(**inputs):
        return type("Out", (), {"last_hidden_state": base(**inputs).last_hidden_state})()

    monkeypatch.setattr(ours, "_base", bare)
    with pytest.raises(ConfigError, match="keeps no cache"):
        ours.check(call())
    ours.check(verdict("a"))


def test_replies_end_at_the_templates_end_of_turn():
    held = model("Llama")
    end = held.tokenizer.convert_tokens_to_ids("<unk>")
    marked = tiny.LLAMA.replace("</s>", "<unk>")
    assert engine("Llama")._ends == {2, held.tokenizer.eos_token_id}
    assert end in engine("Llama", chat_template=marked)._ends


# --- the parts ------------------------------------------------------------------------------------


def test_draws_follow_the_probabilities():
    p = torch.tensor([0.5, 0.3, 0.15, 0.05])
    logits = p.log()[None].repeat(1000, 1)
    draws = [(i + 0.5) / 1000 for i in range(1000)]
    messages = draw_ids(logits, [Sampling(1.0)] * 1000, draws)
    assert [messages.count(i) for i in range(4)] == [500, 300, 150, 50]
    messages = draw_ids(logits, [Sampling(1.0, 0.7)] * 1000, draws)
    assert [messages.count(i) for i in range(4)] == [625, 375, 0, 0]
    messages = draw_ids(logits, [Sampling(0.5)] * 1000, draws)
    shares = (p**2 / (p**2).sum() * 1000).tolist()
    assert [messages.count(i) for i in range(4)] == pytest.approx(shares, abs=1)
    assert set(draw_ids(logits, [Sampling(1.0, 0.0)] * 1000, draws)) == {0}


def test_extreme_heat_and_impossible_tokens():
    logits = torch.tensor([[1.0, -math.inf, 2.0, -math.inf]] * 2)
    assert draw_ids(logits, [Sampling(1e-8), Sampling(1e8)], [0.999, 1 - 2**-53]) == [2, 2]
    assert draw_ids(logits, [Sampling(), Sampling(1e8)], [0.0, 0.0]) == [2, 0]


def test_rivals_hold_the_drawn_token_below_the_best():
    logits = torch.arange(40.0)[None]
    [row] = rivals(logits, [3])
    assert list(row) == [*range(39, 19, -1), 3]
    assert row[3] == pytest.approx(float(logits.log_softmax(1)[0, 3]))


def test_a_stream_writes_characters_when_they_are_whole():
    held = model().tokenizer
    text = "jumps 🦊 六 ки"
    ids = held(text, add_special_tokens=False)["input_ids"]
    stream = Stream(held)
    pieces = [stream.push(i) for i in ids]
    assert "".join(pieces) == text
    assert "" in pieces
    assert stream.push(held("🦊", add_special_tokens=False)["input_ids"][0]) == ""
    assert stream.rest() == "\ufffd"


def test_a_draft_drops_the_tokens_behind_a_stop_string():
    held = model().tokenizer
    draft = Draft(call(labels=("A",), sampling={"stop": ("]]",)}), held, (), 99)
    for id_ in held("[[A]] and", add_special_tokens=False)["input_ids"]:
        if draft.reason is None:
            draft.add(id_, -1.0, {})
    assert (draft.text, draft.reason) == ("[[A", "stop")
    assert "".join(token.text for token in draft.tokens) == "[[A"
