"""The last layer at the rows that are read: the same rows as plain calls, fewer products."""

from __future__ import annotations

import copy
import random

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from plaudit.engines import last_layer  # noqa: E402
from plaudit.engines.hf import HfEngine, Trunk  # noqa: E402
from plaudit.engines.plan import Budget, Item, plan, shared  # noqa: E402
from plaudit.engines.questions import Hidden  # noqa: E402


def model(seed: int = 0):
    config = transformers.Qwen2Config(
        vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=2,
    )  # fmt: skip
    torch.manual_seed(seed)
    return transformers.Qwen2Model(config).eval()


def engine(made, **given) -> HfEngine:
    return HfEngine(Trunk(lambda **inputs: made(**inputs).last_hidden_state, made), **given)


def group(draw: random.Random, num: int, prefix: int, reads_prefix: bool) -> list[Item]:
    prompt = [draw.randrange(64) for _ in range(prefix)]
    items = []
    for _ in range(num):
        ids = [*prompt, *(draw.randrange(64) for _ in range(draw.randrange(3, 90)))]
        places = {len(ids) - 1, len(ids) - 2} | (
            {prefix - 1, prefix // 2} if reads_prefix else set()
        )
        items.append(Item(ids, sorted(places)))
    return items


def rows_of(held: HfEngine, groups) -> list[list[list[list[float]]]]:
    return [[answer.values for answer in results] for results in held.ask(Hidden(), groups)]  # type: ignore[misc]


def distance(one, other) -> float:
    return max(
        abs(a - b)
        for mine, theirs in zip(one, other, strict=True)
        for m, t in zip(mine, theirs, strict=True)
        for row, truth in zip(m, t, strict=True)
        for a, b in zip(row, truth, strict=True)
    )


@pytest.mark.parametrize("max_rows", [40, 130, 4096])
@pytest.mark.parametrize("reads_prefix", [False, True])
def test_rows_are_those_of_plain_calls(max_rows, reads_prefix):
    results, draw = model(), random.Random(1)
    groups = [group(draw, 1 + n % 5, 20 + 7 * n, reads_prefix) for n in range(9)]
    packed = engine(results, budget=Budget(((32, 64),), max_rows))
    plain = engine(results, way="plain")
    assert packed.way == "packed"
    assert packed._trims
    assert distance(rows_of(packed, groups), rows_of(plain, groups)) < 1e-5


def test_reads_in_a_prefix_that_an_earlier_pass_ran():
    """A group over `max_rows` is split: later passes read the prefix's rows from the first."""
    results, draw = model(), random.Random(2)
    groups = [group(draw, 6, 60, True)]
    packed, plain = engine(results, budget=Budget(((8, 16),), 150)), engine(results, way="plain")
    steps = list(plan([shared(groups[0])], packed.budget))
    assert any(piece.is_kept for step in steps for piece in step.pieces)
    for trims in (True, False):
        packed._trims = trims
        assert distance(rows_of(packed, groups), rows_of(plain, groups)) < 1e-5


def test_equal_bits_beside_other_groups():
    results, draw = model(), random.Random(3)
    groups = [group(draw, 2, 17 + n, n % 2 == 0) for n in range(12)]
    held = engine(results)
    alone = [rows_of(held, [one])[0] for one in groups]
    assert rows_of(held, groups) == alone
    assert rows_of(held, groups[::-1])[::-1] == alone


def test_dense_reads_run_the_last_layer_on_all_rows():
    ids = list(range(60))
    dense, sparse = shared([Item(ids, range(60))]), shared([Item(ids, [59])])
    assert (dense.is_sparse, sparse.is_sparse) == (False, True)
    assert [step.read_rows for step in plan([dense, sparse], Budget())] == [0, 64]


def test_the_last_layer_multiplies_fewer_rows():
    network = model()
    held, seen = engine(network), []
    network.layers[-1].mlp.up_proj.register_forward_pre_hook(
        lambda _, args: seen.append(args[0].shape)
    )
    network.layers[0].mlp.up_proj.register_forward_pre_hook(
        lambda _, args: seen.append(args[0].shape)
    )
    rows_of(held, [[Item(list(range(60)) * 5, [299])]])
    assert [shape[1] for shape in seen] == [300, 16]


def test_other_calls_of_the_model_are_untouched():
    results, ids = model(), torch.arange(50)[None]
    before = results(input_ids=ids).last_hidden_state
    assert last_layer.install(results)
    assert last_layer.install(results)  # once is enough
    assert torch.equal(results(input_ids=ids).last_hidden_state, before)
    other = copy.deepcopy(results)
    with torch.no_grad():
        other.layers[-1].mlp.down_proj.weight.zero_()
        with last_layer.only([49], size=16, num_rows=50, device="cpu"):
            mine, theirs = (m(input_ids=ids).last_hidden_state[0, 49] for m in (results, other))
    assert torch.allclose(mine, before[0, 49], atol=1e-6)
    assert not torch.allclose(theirs, before[0, 49], atol=1e-3)


def test_a_model_of_another_form_is_left_alone():
    assert not last_layer.install(torch.nn.Linear(3, 3))
