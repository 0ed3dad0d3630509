"""The engine: ways to run, sharing, splitting, memory, odd models."""

import random
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import tiny  # noqa: E402

from plaudit.engines import attention  # noqa: E402
from plaudit.engines.hf import HfEngine, Trunk, pick_dtype  # noqa: E402
from plaudit.engines.plan import Budget, Item, common_prefix, plan, shared, windows  # noqa: E402
from plaudit.engines.questions import Head, Hidden, LabelLogits, LogProbs, OutputLayer  # noqa: E402


def trunk(family: str = "Qwen2", **changes) -> Trunk:
    config = tiny.config(family, **changes)
    torch.manual_seed(0)
    model = getattr(transformers, f"{family}Model")(config).eval()
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.15)
    return Trunk(lambda **inputs: model(**inputs).last_hidden_state, model)


def groups(seed: int = 0, num: int = 6, longest: int = 300) -> list[list[Item]]:
    rnd = random.Random(seed)
    made = []
    for _ in range(num):
        prompt = [rnd.randrange(3, 500) for _ in range(rnd.choice([1, 30, 200]))]
        group = []
        for _ in range(rnd.choice([1, 2, 8])):
            ids = prompt + [rnd.randrange(3, 500) for _ in range(rnd.randrange(1, longest))]
            group.append(Item(ids, (len(ids) // 2, len(ids) - 1)))
        made.append(group)
    return made


def told(engine: HfEngine, asked, question=None) -> list:
    return [[a.values for a in found] for found in engine.ask(question or Hidden(), asked)]


def close(mine, theirs, limit: float = 1e-5) -> bool:
    flat = lambda held: [x for g in held for rows in g for r in rows for x in r]
    return max(abs(a - b) for a, b in zip(flat(mine), flat(theirs), strict=True)) <= limit


FAMILIES = {
    "Qwen2": {},
    "Llama": {},
    "Gemma2": {"head_dim": 8, "sliding_window": 40, "query_pre_attn_scalar": 8},
    "Mistral": {"sliding_window": 50},
    "GptOss": {"head_dim": 8, "num_local_experts": 4, "sliding_window": 64},
    "GPT2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 2048},
    "OPT": {"ffn_dim": 48, "word_embed_proj_dim": 32},
}


@pytest.mark.parametrize("family", FAMILIES)
def test_packed_with_shared_prefixes_equals_plain_calls(family):
    held = trunk(family, **FAMILIES[family])
    plain = told(HfEngine(held, way="plain"), asked := groups())
    engine = HfEngine(held)
    assert engine.way == "packed"
    assert close(told(engine, asked), plain, 2e-5)
    small = Budget(((64, 128),), max_rows=256)  # most groups are split, their prefixes kept
    assert close(told(HfEngine(held, budget=small), asked), plain, 2e-5)


@pytest.mark.parametrize("family", ["Bloom", "Mamba"])
def test_models_with_attention_of_their_own_are_batched_by_length(family):
    changes = {"n_layer": 2, "n_head": 4} if family == "Bloom" else {}
    held = trunk(family, **changes)
    engine = HfEngine(held)
    assert engine.way == "padded"
    assert "own" in engine.why
    plain = told(HfEngine(held, way="plain"), asked := groups(num=3, longest=60))
    assert close(told(engine, asked), plain)
    engine.budget = Budget(is_exact=False)  # real batches
    assert close(told(engine, asked), plain)


def test_a_bidirectional_model_is_not_packed():
    config = tiny.config("Bert", max_position_embeddings=1024, type_vocab_size=2)
    model = transformers.BertModel(config).eval()
    held = Trunk(lambda **given: model(**_without_positions(given)).last_hidden_state, model)
    engine = HfEngine(held)
    assert engine.way == "padded"
    assert "causal" in engine.why


def _without_positions(given):
    return {k: v for k, v in given.items() if k not in ("use_cache", "position_ids")}


def test_a_neighbour_dependent_rotary_factor_keeps_sequences_alone():
    held = trunk(
        "Llama", rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}
    )
    engine = HfEngine(held)
    assert engine.way == "plain"
    assert "rotary" in engine.why


def test_log_probs_equal_full_log_softmax():
    config = tiny.config("Qwen2")
    torch.manual_seed(0)
    model = transformers.Qwen2ForCausalLM(config).eval()
    held = Trunk(lambda **inputs: model.model(**inputs).last_hidden_state, model)
    layer = OutputLayer(model.lm_head.weight.detach())
    asked = [[Item(i.ids, range(len(i.ids) // 2, len(i.ids) - 1)) for i in g] for g in groups()]
    found = told(HfEngine(held), asked, LogProbs(layer))
    for group, answers in zip(asked, found, strict=True):
        for item, values in zip(group, answers, strict=True):
            with torch.no_grad():
                logs = model(input_ids=torch.tensor([item.ids])).logits[0].log_softmax(-1)
            expected = [float(logs[p, item.ids[p + 1]]) for p in item.read]
            assert [row[0] for row in values] == pytest.approx(expected, abs=2e-5)


def test_labels_are_logits_or_normalised():
    layer = OutputLayer(torch.randn(50, 8), torch.randn(50), scale=0.5, softcap=30.0)
    rows = torch.randn(3, 8)
    full = torch.tanh((rows @ layer.weight_VH.T + layer.bias_V) * 0.5 / 30) * 30
    ids = (4, 7)
    logits = LabelLogits(layer, ids).values(rows, None)
    assert torch.allclose(logits, full[:, list(ids)], atol=1e-5)
    logs = LabelLogits(layer, ids, is_normalised=True).values(rows, None)
    assert torch.allclose(logs, full.log_softmax(1)[:, list(ids)], atol=1e-5)


def test_equal_sequences_run_once_and_answer_twice():
    held = trunk()
    calls = []

    def counting(**inputs):
        calls.append(inputs["input_ids"].numel())
        return held.forward(**inputs)

    engine = HfEngine(Trunk(counting, held.model))
    calls.clear()
    item = Item(list(range(5, 400)), (394,))
    first, second = told(engine, [[item, item]])[0]
    assert first == second
    assert sum(calls) == 395


def test_memory_that_is_not_enough_halves_the_budget_and_says_so():
    held = trunk()

    def small(**inputs):
        if inputs["input_ids"].numel() > 700:
            raise torch.OutOfMemoryError("out of memory")
        return held.forward(**inputs)

    engine = HfEngine(Trunk(small, held.model))
    rnd = random.Random(0)
    prompt = [rnd.randrange(3, 500) for _ in range(100)]
    group = [
        Item([*prompt, *[rnd.randrange(3, 500) for _ in range(200)]], (299,)) for _ in range(8)
    ]
    plain = told(HfEngine(held, way="plain"), [group])
    answers = next(iter(engine.ask(Hidden(), [group])))
    assert close([[a.values for a in answers]], plain)
    assert all("out of memory" in (a.note or "") for a in answers)
    assert engine.budget.max_rows < Budget().max_rows


def test_one_sequence_that_never_fits_is_an_error_of_its_own():
    held = trunk()

    def small(**inputs):
        if inputs["input_ids"].numel() > 600:
            raise torch.OutOfMemoryError("out of memory")
        return held.forward(**inputs)

    for way in ("packed", "padded"):
        engine = HfEngine(Trunk(small, held.model), way=way)
        if way == "packed":
            held.model.set_attn_implementation(attention.install())
        big, fine = Item([5] * 900, (899,)), Item([6] * 40, (39,))
        answers = list(engine.ask(Hidden(), [[big], [fine]]))
        assert answers[0][0].values is None
        assert "900 tokens alone" in answers[0][0].error
        assert answers[1][0].values is not None


def test_any_other_error_is_raised():
    held = trunk()

    def broken(**inputs):
        raise RuntimeError("something else")

    engine = HfEngine(Trunk(broken, held.model), way="padded")
    with pytest.raises(RuntimeError, match="something else"):
        told(engine, groups(num=1))


def test_nothing_asked_nothing_answered():
    engine = HfEngine(trunk())
    assert told(engine, []) == []
    assert told(engine, [[], [Item([5, 6], (1,))]])[0] == []


def test_a_stream_is_answered_window_by_window(monkeypatch):
    monkeypatch.setattr("plaudit.engines.hf._WINDOW_PASSES", 16)
    engine = HfEngine(trunk(), budget=Budget(((64, 128),), max_rows=16))
    asked, num = 0, 1000

    def stream():
        nonlocal asked
        for n in range(num):
            asked += 1
            yield [Item([5 + n % 100, 6, 7] * 10, (29,))]

    answers = engine.ask(Hidden(), stream())
    next(answers)
    assert asked < num
    assert sum(1 for _ in answers) == num - 1


@pytest.mark.parametrize(
    "family",
    ["Qwen2", *(pytest.param(f, marks=pytest.mark.slow) for f in ("Llama", "Gemma2", "GPTNeoX"))],
)
def test_an_8k_sequence_runs_whole(family):
    held = trunk(family, max_position_embeddings=20_000, **FAMILIES.get(family, {}))
    rnd = random.Random(0)
    ids = [rnd.randrange(3, 500) for _ in range(8192)]
    asked = [[Item(ids, (8191,)), Item(ids[:4000] + [9] * 50, (4049,))]]
    plain = told(HfEngine(held, way="plain"), asked)
    assert close(told(HfEngine(held), asked), plain, 2e-5)


def test_dtype_follows_the_hardware(monkeypatch):
    from plaudit.engines import hf

    monkeypatch.setattr(hf, "_has_bf16_units", lambda: False)
    assert pick_dtype("auto", "cpu") is torch.float32
    monkeypatch.setattr(hf, "_has_bf16_units", lambda: True)
    assert pick_dtype("auto", "cpu") is torch.bfloat16
    assert pick_dtype("float16", "cpu") is torch.float16


# --- varlen: the CUDA way, on a stand-in for its kernel -------------------------------------------


def by_hand(query, key, value, cu_q, cu_k, max_q, max_k, is_causal, scale):
    """What torch's varlen_attn gives, computed sequence by sequence."""
    outs, lses = [], []
    times = query.shape[1] // key.shape[1]
    for n in range(len(cu_q) - 1):
        q = query[cu_q[n] : cu_q[n + 1]].transpose(0, 1)
        k, v = (
            part[cu_k[n] : cu_k[n + 1]].repeat_interleave(times, 1).transpose(0, 1)
            for part in (key, value)
        )
        scores = q @ k.transpose(1, 2) * scale
        if is_causal:
            seen = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
            scores = scores.masked_fill(~seen, float("-inf"))
        outs.append((scores.softmax(-1) @ v).transpose(0, 1))
        lses.append(scores.logsumexp(-1))
    return torch.cat(outs), torch.cat(lses, dim=1)


@pytest.mark.parametrize("family", ["Qwen2", "Mistral"])
def test_the_varlen_way_equals_the_loop(family, monkeypatch):
    held = trunk(family, **FAMILIES[family])
    asked = groups()
    budget = Budget(((64, 512),), max_rows=512)
    engine = HfEngine(held, budget=budget)
    loop = told(engine, asked)
    calls = []

    def kernel():
        calls.append(1)
        return by_hand

    monkeypatch.setattr(attention, "_varlen", kernel)
    monkeypatch.setattr(attention, "_by_loop", attention._by_varlen)
    assert close(told(engine, asked), loop, 2e-5)
    assert calls


# --- planning -------------------------------------------------------------------------------------


def test_every_row_is_planned_once_and_no_pass_is_too_big():
    rnd = random.Random(1)
    asked = [
        [Item([rnd.randrange(9) for _ in range(rnd.randrange(1, 500))], ()) for _ in range(n)]
        for n in (1, 2, 5, 9, 40)
    ]
    made = [shared(group) for group in asked]
    budget = Budget(((100, 200),), max_rows=600)
    done = {i: [] for i in range(len(made))}
    for step in plan(made, budget):
        own = sum(
            sum(len(made[p.group].items[i].ids) - made[p.group].prefix for i in p.items)
            + (0 if p.is_kept else made[p.group].prefix)
            for p in step.pieces
        )
        assert own <= step.rows <= 600
        for piece in step.pieces:
            done[piece.group] += piece.items
    assert done == {i: list(range(len(g.items))) for i, g in enumerate(made)}


def test_a_group_of_just_max_rows_is_one_pass():
    group = shared([Item([7] * 100 + [i] * 50, ()) for i in range(1, 5)])  # 100 + 4 x 50 rows
    assert group.prefix == 100
    for max_rows, rows in ((300, [300]), (299, [250, 50]), (200, [200, 100]), (199, [150, 150])):
        steps = list(plan([group], Budget((), max_rows=max_rows)))
        assert [step.rows for step in steps] == rows
    budget = Budget(((300, 400),), max_rows=200)
    assert [step.rows for step in plan([group], budget)] == [400]
    assert [step.rows for step in plan([group] * 2, budget)] == [400, 400]


def plain_group(*lengths):
    """A group that shares nothing, with sequences of these lengths."""
    return shared([Item([n + 1] * length, ()) for n, length in enumerate(lengths)])


def planned(made, budget):
    """Of each pass its rows, and of each piece the group, its sequences and the kept prefix."""
    return [
        (s.rows, [(p.group, p.items, p.keeps, p.is_kept) for p in s.pieces])
        for s in plan(made, budget)
    ]


def test_a_planned_group_goes_by_the_limits_of_its_budget():
    budget = Budget(((10, 30), (20, 40)), max_rows=50)
    assert [budget.rows_for(n) for n in (1, 10, 11, 20, 21)] == [30, 30, 40, 40, None]
    half = budget.halved()
    assert (half.packed, half.max_rows, half.is_exact) == (((5, 15), (10, 20)), 25, True)
    assert Budget(((1, 30), (2, 8)), max_rows=1).halved() == Budget(((1, 4),), max_rows=1)
    assert Budget() == Budget(((256, 512),), 1024, True)


def test_small_groups_are_planned_into_the_fullest_pass_that_holds_them():
    made = [plain_group(n) for n in (4, 6, 7, 3, 5, 5)]
    one = (0,)
    expected = [
        (10, [(2, one, False, False), (3, one, False, False)]),
        (10, [(1, one, False, False), (0, one, False, False)]),
        (10, [(4, one, False, False), (5, one, False, False)]),
    ]
    assert planned(made, Budget(((10, 10),))) == expected
    loose = Budget(((10, 12),), is_exact=False)
    assert [rows for rows, _ in planned(made, loose)] == [12, 11, 7]
    assert planned([plain_group()], Budget()) == []


def test_a_split_plan_keeps_the_prefix_from_the_first_pass_on():
    group = shared([Item([7] * 100 + [i] * 50, ()) for i in range(1, 5)])
    assert planned([group], Budget((), max_rows=200)) == [
        (200, [(0, (0, 1), True, False)]),
        (100, [(0, (2, 3), False, True)]),
    ]
    assert planned([group], Budget((), max_rows=120)) == [
        (100, [(0, (), True, False)]),  # no sequence has room beside the prefix
        (100, [(0, (0, 1), False, True)]),
        (100, [(0, (2, 3), False, True)]),
    ]
    assert planned([plain_group(30, 30, 30)], Budget((), max_rows=60)) == [
        (60, [(0, (0, 1), False, False)]),
        (30, [(0, (2,), False, False)]),
    ]
    assert planned([plain_group(90, 20)], Budget((), max_rows=60)) == [
        (90, [(0, (0,), False, False)]),  # one sequence is never split
        (20, [(0, (1,), False, False)]),
    ]


@pytest.mark.parametrize(
    ("prefix", "num", "expected"), [(16, 2, 16), (15, 2, 0), (15, 3, 0), (16, 3, 16), (17, 2, 17)]
)
def test_a_prefix_is_planned_where_it_saves_enough(prefix, num, expected):
    items = [Item([7] * prefix + [i, i], ()) for i in range(1, num + 1)]
    assert shared(items).prefix == expected
    assert shared(items).rows == expected + num * (prefix + 2 - expected)
    assert shared(items, share=False).prefix == 0
    later = [items[0], *(item._replace(first=1) for item in items[1:])]
    assert shared(later).prefix == 0  # other positions, other keys
    assert shared(items[:1] * num).prefix == 0


def test_the_common_prefix_in_a_plan_is_the_longest_and_leaves_a_token():
    rnd = random.Random(3)
    for _ in range(300):
        stem = [rnd.randrange(3) for _ in range(rnd.randrange(6))]
        group = [stem + [rnd.randrange(3) for _ in range(rnd.randrange(1, 5))] for _ in range(3)]
        longest = max(n for n in range(9) if len({tuple(ids[:n]) for ids in group}) == 1)
        assert common_prefix(group) == min(longest, min(map(len, group)) - 1)
    assert common_prefix([[1, 2, 3]] * 2) == 2


def test_a_window_ends_with_the_group_that_fills_it():
    stream = [[Item([1] * 9, ())] for _ in range(5)]  # ten rows each, with that of the group
    for rows, sizes in ((10, [1] * 5), (11, [2, 2, 1]), (20, [2, 2, 1]), (21, [3, 2]), (99, [5])):
        assert [len(window) for window in windows(stream, rows=rows)] == sizes


def test_the_pass_of_a_group_does_not_depend_on_its_neighbours():
    made = [shared(group) for group in groups(num=20)]
    alone = [[step.rows for step in plan([group], Budget())] for group in made]
    together: dict[int, list[int]] = {}
    for step in plan(made, Budget()):
        for piece in step.pieces:
            together.setdefault(piece.group, []).append(step.rows)
    assert [together[i] for i in range(20)] == alone


def test_windows_are_bounded():
    stream = ([Item([1] * 100, ())] for _ in range(1000))
    sizes = [len(window) for window in windows(stream, rows=1000)]
    assert max(sizes) <= 10
    assert sum(sizes) == 1000


def test_a_head_is_read_in_blocks_of_one_size():
    seen = []
    engine = HfEngine(trunk())
    question = Head(lambda rows: seen.append(len(rows)) or rows[:, :1])
    told(engine, groups(), question)
    assert set(seen) == {64}
