"""standardise_each against hand-worked numbers, TRL's own lines and verl's formula."""

import ast
import importlib.util
import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit import ConfigError, DataError, Group, Member, Response, build
from plaudit.combine import standardise_each
from plaudit.types import Score

NAN = math.nan


@dataclass(frozen=True)
class Column:
    """A reward for tests: the number under its name in the response's columns."""

    name: str
    relative: bool = False
    deterministic: bool = True
    cpu_bound: bool = True

    def score(self, groups):
        return [[self._one(r.columns[self.name]) for r in group.responses] for group in groups]

    def _one(self, number):
        if number == number:
            return Score(number)
        return Score.unscored("down", fault="system")


def batch(table, lengths=None) -> list[Group]:
    """Groups from a table [group][response][part] of numbers."""
    groups = []
    for g, rows in enumerate(table):
        responses = []
        for r, row in enumerate(rows):
            columns = {f"part{k}": number for k, number in enumerate(row)}
            ids = tuple(range(lengths[g][r])) if lengths else None
            responses.append(Response(f"{g} {r}", token_ids=ids, columns=columns))
        groups.append(Group(f"prompt {g}", responses))
    return groups


def parts(weights, *, optional=False) -> dict[str, Member]:
    return {
        f"part{k}": Member(Column(f"part{k}"), weight, optional=optional)
        for k, weight in enumerate(weights)
    }


def values(reward, groups) -> list[list[float]]:
    return [[score.value for score in scores] for scores in reward.score(groups)]


# --- by hand --------------------------------------------------------------------------------------


def test_two_parts_by_hand():
    # part 0: 0, 2 -> mean 1, population std 1; part 1: 10, 30 -> mean 20, std 10
    reward = standardise_each(parts([1.0, 0.5]), ddof=0, eps=0)
    (first, second) = reward.score(batch([[(0, 30), (2, 10)]]))[0]
    assert (first.value, second.value) == (-1.0 + 0.5, 1.0 - 0.5)
    assert first.parts == {"part0": -1.0, "part0/raw": 0.0, "part1": 1.0, "part1/raw": 30.0}


def test_sample_deviation_and_eps_by_hand():
    # 1, 2, 3: mean 2, sample std 1; (3 - 2) / (1 + 0.25) = 0.8
    reward = standardise_each(parts([1.0]), ddof=1, eps=0.25)
    assert values(reward, batch([[(1,), (2,), (3,)]])) == [[-0.8, 0.0, 0.8]]


def test_a_part_without_spread_is_exactly_0():
    reward = standardise_each(parts([1.0, 1.0]), eps=1e-12)
    rows = [(0.1, 0), (0.1, 1), (0.1, 1), (0.1, 0)]
    assert [s.parts["part0"] for s in reward.score(batch([rows]))[0]] == [0.0] * 4


def test_no_part_drowns_another_by_its_scale():
    table = [[(0, 1), (1, 0), (1, 1), (0, 0)]]
    large = [[(1e9 * a, b) for a, b in rows] for rows in table]
    reward = standardise_each(parts([1.0, 1.0]), eps=0)
    assert values(reward, batch(large)) == values(reward, batch(table))


# --- unscored parts -------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_an_unscored_part_changes_no_other_advantage(data):
    number = st.floats(-10, 10).map(lambda x: round(x, 3))
    rows = data.draw(st.lists(st.tuples(number, number), min_size=3, max_size=6))
    place = data.draw(st.integers(0, len(rows) - 1))
    holed = [(a, NAN if i == place else b) for i, (a, b) in enumerate(rows)]
    reward = standardise_each(parts([1.0, 0.7], optional=data.draw(st.booleans())))
    whole, broken = reward.score(batch([rows]))[0], reward.score(batch([holed]))[0]
    assert [s.parts["part0"] for s in broken] == [s.parts["part0"] for s in whole]
    without = [b for i, (_, b) in enumerate(rows) if i != place]
    alone = standardise_each({"part0": Column("part0")}).score(batch([[(b,) for b in without]]))[0]
    rest = [s.parts["part1"] for i, s in enumerate(broken) if i != place]
    assert rest == [s.parts["part0"] for s in alone]


def test_a_required_part_unscored_makes_the_sum_nan_with_its_reason():
    scores = standardise_each(parts([1.0, 1.0])).score(batch([[(0, NAN), (1, 0), (0, 1)]]))[0]
    assert math.isnan(scores[0].value)
    assert (scores[0].fault, scores[0].error) == ("system", "part1: down")
    assert all(score.is_scored for score in scores[1:])


def test_an_optional_part_unscored_adds_0_and_no_weight_changes():
    reward = standardise_each(parts([1.0, 3.0], optional=True), ddof=0, eps=0)
    score = reward.score(batch([[(2, NAN), (0, 1), (2, 2), (0, 3)]]))[0][0]
    assert score.value == 1.0
    assert score.note == "part1 left out, adds 0"
    assert (score.fault, score.error) == ("system", "part1: down")


def test_one_scored_member_has_no_advantage():
    scores = standardise_each(parts([1.0, 1.0])).score(batch([[(0, NAN), (1, 5)]]))[0]
    assert [score.fault for score in scores] == ["system", "input"]
    assert "part1: standardise_each needs two scored responses in the group, found 1" in (
        scores[1].error or ""
    )
    assert scores[1].parts["part1/raw"] == 5


# --- TRL and verl ---------------------------------------------------------------------------------

TABLE = [
    [(0.0, 0.25, 3.0), (1.0, 0.5, -2.0), (1.0, 0.5, 11.0), (0.0, 0.75, 4.0)],
    [(1.0, 0.1, 7.0), (1.0, 0.1, 7.0), (1.0, 0.1, -7.0), (1.0, 0.1, 0.5)],
    [(0.0, 1.0, 1e3), (0.0, 0.0, 2e3), (1.0, 0.5, -1e3), (1.0, 0.125, 5e2)],
]
WEIGHTS = [1.0, 0.5, -0.2]


def trl_branch() -> tuple[Any, Any]:
    """TRL's own lines for "normalize_then_sum", and the function that they call, compiled."""
    spec = importlib.util.find_spec("trl")
    if spec is None or spec.submodule_search_locations is None:
        pytest.skip("trl is not installed")
    folder = Path(spec.submodule_search_locations[0]) / "trainer"
    trainer = ast.parse((folder / "grpo_trainer.py").read_text(encoding="utf-8"))
    branches = [
        node
        for node in ast.walk(trainer)
        if isinstance(node, ast.If)
        and ast.unparse(node.test) == "self.multi_objective_aggregation == 'normalize_then_sum'"
    ]
    (branch,) = branches
    utils = ast.parse((folder / "utils.py").read_text(encoding="utf-8"))
    nanstd = [n for n in utils.body if isinstance(n, ast.FunctionDef) and n.name == "nanstd"]
    return (
        compile(ast.Module(branch.body, []), "trl", "exec"),
        compile(ast.Module(nanstd, []), "trl", "exec"),
    )


def trl_advantages(table, weights) -> list[float]:
    torch = pytest.importorskip("torch")
    rewards = torch.tensor([row for rows in table for row in rows], dtype=torch.float64)
    trainer = type("Trainer", (), {})()
    trainer.reward_funcs = list(weights)
    trainer.reward_weights = torch.tensor(weights, dtype=torch.float64)
    names: dict[str, Any] = {
        "torch": torch,
        "self": trainer,
        "device": "cpu",
        "num_generations": len(table[0]),
        "rewards_per_func": rewards,
        "unscorable_mask": torch.isnan(rewards).all(dim=1),
    }
    lines, nanstd = trl_branch()
    exec(nanstd, names)
    exec(lines, names)
    return torch.nan_to_num(names["advantages"], nan=0.0).tolist()


def flat(rows):
    return [number for row in rows for number in row]


def test_trl_normalize_then_sum_to_1e_6():
    reward = standardise_each(parts(WEIGHTS), ddof=1, eps=1e-4, whiten="responses")
    assert flat(values(reward, batch(TABLE))) == pytest.approx(
        trl_advantages(TABLE, WEIGHTS), abs=1e-6
    )


@pytest.mark.parametrize("seed", range(20))
def test_random_batches_as_trl_and_verl_have_them_to_1e_6(seed):
    draw = random.Random(seed)
    num, num_parts = draw.randint(2, 8), draw.randint(1, 4)
    weights = [draw.uniform(-1, 1) for _ in range(num_parts)]
    scales = [10.0 ** draw.randint(-3, 4) for _ in range(num_parts)]
    table = [
        [tuple(scale * draw.gauss(0, 1) for scale in scales) for _ in range(num)] for _ in range(5)
    ]
    lengths = [[draw.randint(1, 400) for _ in range(num)] for _ in range(5)]
    as_trl = standardise_each(parts(weights), eps=1e-4, whiten="responses")
    assert flat(values(as_trl, batch(table))) == pytest.approx(
        trl_advantages(table, weights), abs=1e-6
    )
    as_verl = standardise_each(parts(weights), eps=1e-6, whiten="tokens")
    assert flat(values(as_verl, batch(table, lengths))) == pytest.approx(
        verl_advantages(table, weights, lengths), abs=1e-6
    )


def test_trl_with_unscored_parts_to_1e_6():
    holed = [[list(row) for row in rows] for rows in TABLE]
    holed[0][1][2] = holed[2][0][0] = NAN
    reward = standardise_each(parts(WEIGHTS, optional=True), eps=1e-4, whiten="responses")
    assert flat(values(reward, batch(holed))) == pytest.approx(
        trl_advantages(holed, WEIGHTS), abs=1e-6
    )


def verl_advantages(table, weights, lengths, eps=1e-6) -> list[float]:
    """verl's GDPO in torch: GRPO's advantage of each key, weighted, whitened over tokens.

    verl/trainer/ppo/core_algos.py (compute_gdpo_outcome_advantage) and
    verl/utils/torch_functional.py (masked_whiten, unbiased).
    """
    torch = pytest.importorskip("torch")
    rewards = torch.tensor(table, dtype=torch.float64)  # G, N, K
    deviation = torch.std(rewards, dim=1, keepdim=True) + eps
    apart = (rewards - rewards.mean(dim=1, keepdim=True)) / deviation
    summed = (apart * torch.tensor(weights, dtype=torch.float64)).sum(-1).flatten()
    counts = torch.tensor(lengths).flatten()
    per_token = torch.repeat_interleave(summed, counts)
    variance = torch.var(per_token, unbiased=True)
    return ((summed - per_token.mean()) * torch.rsqrt(variance + 1e-8)).tolist()


def test_verl_gdpo_to_1e_6():
    lengths = [[3, 17, 120, 1], [44, 2, 9, 9], [7, 70, 700, 5]]
    reward = standardise_each(parts(WEIGHTS), ddof=1, eps=1e-6, whiten="tokens")
    assert flat(values(reward, batch(TABLE, lengths))) == pytest.approx(
        verl_advantages(TABLE, WEIGHTS, lengths), abs=1e-6
    )


def test_whitening_leaves_the_parts_as_they_are():
    plain = standardise_each(parts(WEIGHTS)).score(batch(TABLE))
    white = standardise_each(parts(WEIGHTS), whiten="responses").score(batch(TABLE))
    assert [s.parts for s in flat(plain)] == [s.parts for s in flat(white)]


def test_a_batch_without_spread_whitens_to_0():
    table = [[(0.1,), (0.1,)], [(3.0,), (3.0,)]]
    for whiten in ("responses", "tokens"):
        reward = standardise_each(parts([1.0]), whiten=whiten)
        assert values(reward, batch(table, [[1, 2], [3, 4]])) == [[0.0, 0.0], [0.0, 0.0]]


def test_whitening_needs_two_scored_responses():
    reward = standardise_each(parts([1.0, 1.0]), whiten="responses")
    (score, _, _) = reward.score(batch([[(0, 1), (1, NAN), (2, NAN)]]))[0]
    assert math.isnan(score.value)
    assert score.fault == "input"


def test_token_whitening_names_the_row_without_token_ids():
    with pytest.raises(DataError, match="response 0 carries no token_ids"):
        standardise_each(parts([1.0]), whiten="tokens").score(batch([[(1,), (2,)]]))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"ddof": 2}, "ddof=2"),
        ({"eps": -1.0}, "eps=-1.0"),
        ({"eps": NAN}, "eps=nan"),
        ({"whiten": "batch"}, "whiten='batch'"),
    ],
)
def test_parameters_out_of_range(params, message):
    with pytest.raises(ConfigError, match=message):
        standardise_each(parts([1.0]), **params)


def test_a_recipe_builds_it():
    recipe = {
        "use": "combine.standardise_each",
        "parts": {"long": {"use": "rules.baseline.length", "weight": 2.0}},
        "ddof": 0,
        "eps": 0,
    }
    assert values(build(recipe), [Group("hi", ["a", "abc"])]) == [[-2.0, 2.0]]
