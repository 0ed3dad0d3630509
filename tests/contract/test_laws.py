"""Every reward in the package keeps every law; a lawless reward is caught."""

import random
from pathlib import Path

import pytest

import plaudit
from plaudit import laws, registry
from plaudit.combine import (
    affine,
    both_orders,
    clip,
    gate,
    isotonic,
    maximum,
    mean,
    mean_minus_std,
    minimum,
    normalise,
    platt,
    product,
    round_robin,
    route,
    standardise,
    standardise_each,
    threshold,
    view,
    weighted,
)
from plaudit.errors import MissingExtra
from plaudit.types import Score


@pytest.mark.parametrize("path", plaudit.available("rules."))
def test_every_shipped_reward(path):
    reward, groups = registry.example(path)
    assert laws.check(reward, groups) == []


@pytest.mark.parametrize("name", plaudit.recipes())
def test_every_shipped_recipe(name):
    reward = plaudit.build(name)
    groups = laws.sample_groups({"data_source": "math", "tests": ["assert f(1) == 1"]})
    assert laws.check(reward, groups) == []


class LongerWins:
    """A comparer for tests: P(first is better) by length."""

    deterministic = True

    def __repr__(self):
        return "LongerWins()"

    def compare(self, pairs):
        return [
            Score(len(p.first.text) / ((len(p.first.text) + len(p.second.text)) or 1))
            for p in pairs
        ]


def length():
    return plaudit.load("rules.baseline.length")


@pytest.mark.parametrize(
    "reward",
    [
        weighted({"a": length(), "b": plaudit.Member(length(), 0.5, when={"has": "reference"})}),
        product({"a": length(), "b": length()}),
        minimum({"a": length()}),
        maximum({"a": length(), "b": length()}),
        mean({"a": length(), "b": length()}),
        mean_minus_std({"a": length(), "b": plaudit.load("rules.baseline.random")}),
        gate(length(), length(), at_least=30, floor=-1),
        route("reference", {"42": length()}),
        view(length()),
        clip(length(), low=0, high=20),
        affine(length(), scale=2, shift=1),
        standardise(length(), mean=10, std=5),
        threshold(length(), at=20),
        platt(length(), slope=-0.1, intercept=2),
        isotonic(length(), scores=[1, 20], probabilities=[0.1, 0.9]),
        normalise(length()),
        standardise_each({"a": length(), "b": plaudit.Member(length(), -0.5)}),
        round_robin(both_orders(LongerWins())),
        round_robin(LongerWins(), num_pairs=2),
    ],
    ids=lambda reward: reward.spelled,
)
def test_every_combination(reward):
    found = laws.check(reward)
    if reward.spelled in ("normalise", "standardise_each"):
        found = [f for f in found if "two scored responses" not in f.problem]
    assert found == []


# --- rewards that break one law each --------------------------------------------------------------


class Broken:
    relative = False
    deterministic = True
    cpu_bound = True

    def __repr__(self):
        return "Broken()"

    def value(self, group, response):
        return Score(1.0)

    def score(self, groups):
        return [[self.value(g, r) for r in g.responses] for g in groups]


class Drifts(Broken):
    def value(self, group, response):
        return Score(random.random())


class PeeksAtRivals(Broken):
    def value(self, group, response):
        return Score(float(len(group.responses)))


class UsesTheId(Broken):
    def value(self, group, response):
        return Score(float(len(group.id)))


class SilentNaN(Broken):
    def value(self, group, response):
        return Score(float("nan"))


class Mutates(Broken):
    def value(self, group, response):
        group.columns["seen"] = group.columns.get("seen", 0) + 1
        return Score(1.0)


class DropsOne(Broken):
    def score(self, groups):
        return [scores[:-1] for scores in super().score(groups)]


class Quadratic(Broken):
    def value(self, group, response):
        n = min(len(response.text), 100_000) // 5
        return Score(float(sum(1 for i in range(n) for _ in range(0, n, 8)) % 2))


class CannotStandEmpty(Broken):
    def value(self, group, response):
        return Score(float(ord(response.text[0])))


class Unprintable(Broken):
    __repr__ = object.__repr__


@pytest.mark.parametrize(
    ("broken", "law"),
    [
        (Drifts, "deterministic"),
        (PeeksAtRivals, "independent_of_the_group"),
        (UsesTheId, "ignores_the_id"),
        (SilentNaN, "finite_or_explained"),
        (Mutates, "leaves_inputs_alone"),
        (DropsOne, "same_shape"),
        (Quadratic, "time_grows_linearly"),
        (CannotStandEmpty, "hard_texts_are_scored"),
        (Unprintable, "repr_can_be_typed"),
    ],
)
def test_a_broken_law_is_found(broken, law):
    assert law in {finding.law for finding in laws.check(broken())}


def test_a_rule_that_raises_on_hard_texts_is_found():
    def first(response: str) -> float:
        return float(ord(response[0]))

    found = laws.check(plaudit.lift(first))
    assert any(f.law == "hard_texts_are_scored" and "IndexError" in f.problem for f in found)


def test_an_absent_package_is_no_broken_law():
    def needy(response: str) -> float:
        if "\ud83d" in response or not response.isascii():
            raise MissingExtra.of("odd texts", package="nowhere", extra="math")
        return 0.0

    with pytest.raises(MissingExtra, match=r"plaudit\[math\]"):
        laws.check(plaudit.lift(needy), [plaudit.Group("1 + 1?", ["2", "3"])])


def test_every_rule_module_is_scanned():
    root = Path(registry.__file__).parent / "rules"
    modules = {
        "rules." + ".".join(p.relative_to(root).with_suffix("").parts)
        for p in root.rglob("*.py")
        if not any(part.startswith("_") for part in p.relative_to(root).with_suffix("").parts)
    }
    assert modules == {name.rpartition(".")[0] for name in plaudit.available("rules.")}
