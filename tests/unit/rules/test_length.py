import copy
import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import ConfigError, DataError, Group, Response, Score, build, load
from plaudit.errors import ScoringError
from plaudit.rules import length
from plaudit.types import Range


def stated(response: str, verdict: float) -> float:
    """An accuracy that the row states; below zero means a fault."""
    if verdict == -1:
        raise ScoringError("hostile", fault="response")
    if verdict == -2:
        raise ScoringError("no reference", fault="input")
    return Score(verdict, {"seen": 1.0}, note="as stated")


def accuracy():
    from plaudit import lift

    return lift(stated, on_response_fault=0.0)


def group(*pairs, **columns):
    """Responses of the given lengths, each with the verdict of its accuracy."""
    return Group("?", [Response("x" * n, columns={"verdict": float(v)}) for n, v in pairs], columns)


def values(reward, *pairs, **columns):
    return [s.value for s in reward.score([group(*pairs, **columns)])[0]]


SHAPED = {
    "kimi": {},
    "cosine": {"max_length": 100},
    "l1_exact": {"target": 50},
    "l1_max": {"target": 50},
}


def shaped(name, **params):
    return load(
        f"rules.length.{name}",
        **{"accuracy": accuracy(), "unit": "chars", **SHAPED[name], **params},
    )


class TestSoftOverlong:
    @pytest.mark.parametrize(
        ("n", "value"),
        [(0, 0), (80, 0), (81, -0.05), (90, -0.5), (100, -1), (101, -1), (10**5, -1)],
    )
    def test_the_three_pieces(self, n, value):
        assert length.soft_overlong("x" * n, max_length=100, buffer=20, unit="chars") == value

    def test_no_floor_exploit(self):
        """Another library pays -6.0 for twice the limit; here -1 is the floor."""
        assert length.soft_overlong("x" * 200, max_length=100, buffer=20, unit="chars") == -1

    def test_without_a_buffer_it_is_a_limit(self):
        rule = load("rules.length.soft_overlong", max_length=3, buffer=0, unit="words")
        assert [s.value for s in rule.score([Group("?", ["a b c", "a b c d"])])[0]] == [0, -1]

    def test_counts_the_given_tokens(self):
        rule = load("rules.length.soft_overlong", max_length=10, buffer=4)
        scores = rule.score([Group("?", [Response("a long text", token_ids=tuple(range(8)))])])
        assert scores[0][0].value == -0.5

    def test_tokens_are_never_swapped_for_another_unit(self):
        rule = load("rules.length.soft_overlong", max_length=10, buffer=4)
        with pytest.raises(DataError, match=r"token_ids.*tokenizer=FILE.*unit='chars'"):
            rule.score([Group("?", ["text"])])

    @pytest.mark.parametrize(("limit", "buffer"), [(10, 11), (10, -1)])
    def test_a_buffer_beyond_the_limit_is_refused(self, limit, buffer):
        with pytest.raises(ConfigError, match="buffer"):
            length.soft_overlong("x", max_length=limit, buffer=buffer, unit="chars")


class TestOverlongBuffer:
    @given(st.integers(0, 300), st.integers(1, 100), st.floats(-5, 0))
    def test_formula(self, n, buffer, penalty):
        value = length.overlong_buffer(
            "x" * n, max_length=100, buffer=buffer, max_penalty=penalty, unit="chars"
        )
        expected = 100 - buffer
        wanted = -min(max(n - expected, 0), buffer) / buffer * -penalty
        assert value == pytest.approx(wanted)

    def test_range_follows_the_parameter(self):
        rule = load("rules.length.overlong_buffer", max_length=9, buffer=3, max_penalty=-0.5)
        assert rule.range == Range(-0.5, 0)

    def test_a_penalty_that_pays_is_refused(self):
        with pytest.raises(ConfigError, match="max_penalty"):
            length.overlong_buffer("x", max_length=9, buffer=3, max_penalty=0.5, unit="chars")


class TestTargets:
    def test_gaussian_falls_alike_on_both_sides(self):
        at = [length.gaussian("x" * n, target=200, width=50, unit="chars") for n in (150, 200, 250)]
        assert at == [math.exp(-0.5), 1.0, math.exp(-0.5)]

    def test_gaussian_takes_the_rows_target(self):
        rule = load("rules.length.gaussian", width=10, unit="chars")
        assert rule.score([Group("?", ["x" * 30], {"num_tokens": 40})])[0][0].value == math.exp(
            -0.5
        )

    def test_the_parameter_goes_before_the_column(self):
        assert length.gaussian("xx", None, 9, target=2, width=1, unit="chars") == 1

    def test_a_row_without_a_target_is_an_error(self):
        with pytest.raises(DataError, match="no target length"):
            load("rules.length.gaussian", width=1, unit="chars").score([Group("?", ["x"])])

    @pytest.mark.parametrize("target", ["many", 0, -1, math.nan, math.inf])
    @pytest.mark.parametrize("name", ["gaussian", "l1_exact", "l1_max"])
    def test_a_malformed_target_is_an_input_fault(self, name, target):
        params = {"width": 1} if name == "gaussian" else {"accuracy": accuracy()}
        reward = load(f"rules.length.{name}", unit="chars", **params)
        score = reward.score([group((1, 1), num_tokens=target)])[0][0]
        assert math.isnan(score.value)
        assert score.fault == "input"
        assert "num_tokens must be a positive number" in score.error

    def test_gaussian_of_a_far_target_is_zero(self):
        assert length.gaussian("x", target=1e200, width=1, unit="chars") == 0

    @pytest.mark.parametrize(
        ("n", "value"), [(0, 0), (5, 0.5), (10, 1), (20, 1), (25, 0.5), (40, 0)]
    )
    def test_range(self, n, value):
        assert length.range("x" * n, low=10, high=20, falloff=10, unit="chars") == value

    def test_range_as_hard_limits(self):
        at = [length.range("x" * n, low=2, high=3, falloff=0, unit="chars") for n in (1, 2, 3, 4)]
        assert at == [0, 1, 1, 0]

    def test_impossible_ranges_are_refused(self):
        with pytest.raises(ConfigError, match="low <= high"):
            length.range("x", low=3, high=2, falloff=1, unit="chars")
        with pytest.raises(ConfigError, match="width"):
            length.gaussian("x", target=1, width=0, unit="chars")


class TestKimi:
    def test_correct_and_wrong(self):
        lengths = [(10, 1), (20, 1), (30, 1), (10, 0), (20, 0), (30, 0)]
        assert values(shaped("kimi"), *lengths) == [0.5, 0.0, -0.5, 0.0, 0.0, -0.5]

    def test_equal_lengths_earn_nothing(self):
        assert values(shaped("kimi"), (7, 1), (7, 0)) == [0, 0]

    def test_the_extremes_are_those_of_the_group_not_of_the_batch(self):
        scores = shaped("kimi").score([group((10, 1), (20, 1)), group((1000, 1), (2000, 1))])
        assert [[s.value for s in row] for row in scores] == [[0.5, -0.5], [0.5, -0.5]]

    def test_an_unparseable_reference_does_not_count_as_correct(self):
        first, second, third = shaped("kimi").score([group((10, -2), (20, 1), (30, 1))])[0]
        assert math.isnan(first.value)
        assert (first.fault, first.error) == ("input", "no reference")
        assert (second.value, third.value) == (0.5, -0.5)

    def test_a_lone_response_has_no_statistics(self):
        lone = shaped("kimi").score([group((10, 1))])[0][0]
        assert math.isnan(lone.value)
        assert lone.fault == "input"
        assert "two scored responses" in lone.error

    def test_empty_group(self):
        assert shaped("kimi").score([group()]) == [[]]
        assert shaped("kimi").score([]) == []

    def test_it_is_relative(self):
        assert shaped("kimi").relative
        assert not shaped("cosine").relative
        assert shaped("cosine", accuracy=shaped("kimi")).relative


class TestCosine:
    def test_ends_and_middle(self):
        lengths = [(0, 1), (50, 1), (100, 1), (0, 0), (50, 0), (100, 0)]
        wanted = [1, 0.75, 0.5, -1, -0.75, -0.5]
        assert values(shaped("cosine"), *lengths) == pytest.approx(wanted, abs=1e-12)

    def test_twice_the_limit_exploit(self):
        """Unclamped, a correct response of twice the limit earns the maximum again."""
        assert values(shaped("cosine"), (200, 1), (200, 0)) == [0.5, -0.5]

    def test_own_ranges(self):
        reward = shaped("cosine", correct=[2, 1], wrong=[-10, 0])
        assert values(reward, (0, 1), (100, 1), (0, 0), (100, 0)) == [2, 1, -10, 0]

    @pytest.mark.parametrize(
        "params", [{"max_length": 0}, {"correct": 1.0}, {"wrong": "no"}, {"wrong": [1, 2, 3]}]
    )
    def test_bad_parameters(self, params):
        with pytest.raises(ConfigError):
            shaped("cosine", **params)


class TestL1:
    def test_exact(self):
        got = values(shaped("l1_exact", alpha=0.01), (50, 1), (40, 1), (60, 1), (40, 0))
        assert got == pytest.approx([1, 0.9, 0.9, -0.1])

    def test_exact_with_the_papers_alpha(self):
        assert values(shaped("l1_exact", target=1050), (50, 1)) == pytest.approx([0.7])

    def test_max(self):
        lengths = [(0, 1), (40, 1), (50, 1), (60, 1), (200, 1), (0, 0)]
        got = values(shaped("l1_max", alpha=0.01), *lengths)
        assert got == pytest.approx([1, 0.6, 0.5, 0.4, 0, 0])

    @pytest.mark.parametrize("name", ["l1_exact", "l1_max"])
    def test_target_from_the_row(self, name):
        by_row = values(shaped(name, target=None), (40, 1), num_tokens=30)
        assert by_row == values(shaped(name, target=30), (40, 1))
        bound = shaped(name, target=None, columns={"num_tokens": "budget"})
        assert values(bound, (40, 1), budget=30) == by_row

    def test_a_row_without_target_is_an_error_that_names_it(self):
        with pytest.raises(DataError, match=r"row .*'num_tokens'.*no target length"):
            values(shaped("l1_max", target=None), (40, 1))

    def test_no_other_column_can_be_bound(self):
        with pytest.raises(ConfigError, match="reference"):
            shaped("l1_max", columns={"reference": "gold"})


@pytest.mark.parametrize("name", SHAPED)
class TestEveryShapedReward:
    def test_a_response_fault_counts_as_wrong_and_is_kept(self, name):
        reward = shaped(name)
        hostile, other = reward.score([group((10, -1), (20, 1))])[0]
        wrong, _ = reward.score([group((10, 0), (20, 1))])[0]
        assert (hostile.value, hostile.fault, hostile.error) == (wrong.value, "response", "hostile")
        assert other.fault is None

    def test_unscored_accuracy_is_unscored_length(self, name):
        score = shaped(name).score([group((10, -2), (20, 1), (30, 1))])[0][0]
        assert math.isnan(score.value)
        assert (score.fault, score.error) == ("input", "no reference")

    def test_parts_carry_length_and_accuracy(self, name):
        score = shaped(name).score([group((10, 1), (20, 1))])[0][0]
        assert score.parts == {"length": 10, "accuracy": 1, "accuracy/seen": 1}
        assert score.note == "as stated"

    def test_partial_credit_is_not_correct_unless_asked(self, name):
        strict = values(shaped(name), (10, 0.5), (20, 0))
        assert strict == values(shaped(name), (10, 0), (20, 0))
        assert values(shaped(name, at_least=0.5), (10, 0.5), (20, 0)) == values(
            shaped(name), (10, 1), (20, 0)
        )

    def test_tokens_are_needed_by_default(self, name):
        with pytest.raises(DataError, match=r"row .*token_ids"):
            shaped(name, unit="tokens").score([group((10, 1), (20, 1))])

    def test_repr_can_be_typed(self, name):
        reward = shaped(name, accuracy=load("rules.baseline.length"), at_least=2.0)
        again = eval(repr(reward), {"load": load})
        assert repr(again) == repr(reward)
        rows = [group((1, 1), (30, 0))]
        assert again.score(rows) == reward.score(rows)

    def test_pickles_and_copies(self, name):
        reward = shaped(name)
        rows = [group((10, 1), (20, 0))]
        for twin in (pickle.loads(pickle.dumps(reward)), copy.deepcopy(reward)):
            assert twin.score(rows) == reward.score(rows)

    def test_accuracy_must_be_a_reward(self, name):
        with pytest.raises(ConfigError, match="accuracy must be a Reward"):
            shaped(name, accuracy="rules.math.equal")

    def test_builds_from_its_example(self, name):
        reward = build({"use": f"rules.length.{name}", **length.EXAMPLES[name]["params"]})
        assert all(s.is_scored for s in reward.score([Group("?", ["", "four"])])[0])
        assert [child.name for child in reward.children(Group("?", [""]))] == ["accuracy"]


def test_repr_shows_only_what_differs():
    reward = shaped("cosine", accuracy=load("rules.baseline.length"), unit="words")
    assert repr(reward) == (
        "load('rules.length.cosine', accuracy=load('rules.baseline.length'),"
        " max_length=100, unit='words')"
    )


def test_an_unknown_unit_is_refused():
    with pytest.raises(ConfigError, match="'token' must be"):
        length.soft_overlong("x", max_length=9, buffer=3, unit="token")


def test_a_tokenizer_file_counts_where_the_row_has_no_ids(tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({"a": 0, "b": 1, "?": 2}, unk_token="?")
    )
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    text = "a b, c"
    for name in (tmp_path, tmp_path / "tokenizer.json"):
        rule = load("rules.length.soft_overlong", max_length=8, buffer=8, tokenizer=str(name))
        assert rule.score([Group("?", [text])])[0][0].value == -0.5
    given_ids = Response(text, token_ids=(1, 2))
    assert rule.score([Group("?", [given_ids])])[0][0].value == -0.25
