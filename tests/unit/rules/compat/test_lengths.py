"""The length rewards of DAPO, OpenRLHF, Kimi, L1, open-r1 and TRL that know which are correct."""

import math
import random

import pytest

from plaudit import load
from plaudit.errors import ConfigError, DataError
from plaudit.rules.compat import dapo, l1, openrlhf
from plaudit.types import Group, Response, Score


class Given:
    """A reward that reads its scores from the responses' columns."""

    relative, deterministic, cpu_bound = False, True, False

    def score(self, groups):
        return [[r.columns["score"] for r in g.responses] for g in groups]


def responses(lengths, scores=None):
    scores = scores or [Score(1.0)] * len(lengths)
    return [
        Response("x" * n, token_ids=(1,) * n, columns={"score": s})
        for n, s in zip(lengths, scores, strict=True)
    ]


def values(path, lengths, scores=None, columns=None, **params):
    reward = load(path, accuracy=Given(), **params)
    return [s.value for s in reward.score([Group("?", responses(lengths, scores), columns)])[0]]


UNREAD = Score.unscored("cannot read the reference", fault="input")


# --- DAPO and OpenRLHF ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "soft", "buffer", "capped"),
    [
        (0, 0.0, 0.0, 0.0),
        (80, 0.0, 0.0, 0.0),
        (95, -0.75, -1.5, -1.5),
        (100, -1.0, -2.0, -2.0),
        (200, -1.0, -12.0, -2.0),
    ],
)
def test_overlong(length, soft, buffer, capped):
    ids = range(length)
    assert dapo.soft_overlong_punishment(ids, max_length=100, cache=20) == soft
    params = {"max_resp_len": 100, "overlong_buffer_len": 20, "penalty_factor": 2.0}
    assert dapo.overlong_buffer(ids, **params) == buffer
    params = {"max_new_tokens": 100, "overlong_buffer_len": 20, "overlong_penalty_factor": 2.0}
    assert openrlhf.overlong_penalty(ids, **params) == capped


def test_exploit_the_overlong_buffer_has_no_floor():
    assert dapo.overlong_buffer([1] * 200, max_resp_len=100, overlong_buffer_len=20) == -6.0


def test_buffers_are_checked():
    with pytest.raises(ConfigError, match="overlong_buffer_len"):
        dapo.overlong_buffer([1], overlong_buffer_len=0)
    with pytest.raises(ConfigError, match="overlong_buffer_len"):
        openrlhf.overlong_penalty([1], max_new_tokens=10, overlong_buffer_len=20)


@pytest.mark.parametrize(("coef", "expected"), [(0.5, [0.5, 1]), (0, [0, 1]), (-0.5, [-0.5, 1])])
def test_stop_properly_penalty(coef, expected):
    reward = load(
        "rules.compat.openrlhf.stop_properly_penalty",
        reward=load("rules.baseline.constant", value=1.0),
        stop_properly_penalty_coef=coef,
    )
    ends = [Response("a", finish_reason="length"), Response("b", finish_reason="stop")]
    scores = reward.score([Group("?", ends)])[0]
    assert [s.value for s in scores] == expected
    assert [s.parts["cut"] for s in scores] == [1.0, 0.0]
    assert repr(eval(repr(reward), {"load": load})) == repr(reward)


def test_stop_properly_penalty_is_careful():
    inner = load("rules.baseline.constant", value=1.0)
    path = "rules.compat.openrlhf.stop_properly_penalty"
    with pytest.raises(ConfigError, match="must not exceed 1"):
        load(path, reward=inner, stop_properly_penalty_coef=2)
    with pytest.raises(ConfigError, match="must be a Reward"):
        load(path, reward="rules.baseline.length", stop_properly_penalty_coef=0)
    with pytest.raises(DataError, match="finish_reason"):
        load(path, reward=inner, stop_properly_penalty_coef=0).score([Group("?", ["a"])])


def test_stop_properly_penalty_keeps_a_failure():
    reward = load(
        "rules.compat.openrlhf.stop_properly_penalty", reward=Given(), stop_properly_penalty_coef=-1
    )
    response = Response("", finish_reason="length", columns={"score": UNREAD})
    assert not reward.score([Group("?", [response])])[0][0].is_scored


# --- Kimi and open-r1's length --------------------------------------------------------------------


@pytest.mark.parametrize("path", ["rules.compat.kimi.length", "rules.compat.open_r1.length"])
def test_kimi(path):
    scores = [Score(1.0), Score(0.0), Score(1.0), Score(0.0)]
    assert values(path, [10, 10, 60, 110], scores) == [0.5, 0.0, 0.0, -0.5]
    assert values(path, [10, 10]) == [0.0, 0.0]
    assert values(path, [10]) == [0.0]


def test_an_unread_reference_counts_as_correct_in_open_r1_only():
    scores = [UNREAD, Score(0.0)]
    assert values("rules.compat.open_r1.length", [10, 20], scores) == [0.5, -0.5]
    kimi = values("rules.compat.kimi.length", [10, 20], scores)
    assert math.isnan(kimi[0])
    assert kimi[1] == 0.0


# --- cosine ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("right", "start", "end"), [(1.0, 1.0, 0.5), (0.0, -1.0, -0.5)])
def test_exploit_open_r1_cosine_is_not_clamped(right, start, end):
    lengths = [0, 250, 1000, 1500, 2000]
    expected = [end + 0.5 * (start - end) * (1 + math.cos(n / 1000 * math.pi)) for n in lengths]
    found = values("rules.compat.open_r1.cosine", lengths, [Score(right)] * 5)
    assert found == pytest.approx(expected, abs=1e-15)
    assert found[4] == pytest.approx(start)


def test_exploit_open_r1_cosine_gives_all_where_it_cannot_read_the_reference():
    reward = load("rules.compat.open_r1.cosine", accuracy=Given())
    score = reward.score([Group("?", responses([500], [UNREAD]))])[0][0]
    assert (score.value, score.fault, score.error) == (1.0, "input", UNREAD.error)


def test_trl_cosine_equals_trl():
    trl = pytest.importorskip("trl.rewards", reason="trl is not installed")
    pytest.importorskip("math_verify")
    draw = random.Random(0)
    texts = draw.choices([r"\boxed{\frac{1}{3}}", r"\boxed{\frac{1}{2}}"], k=20)
    ids = [[1] * draw.randrange(250) for _ in texts]
    params = {"max_len": 100, "min_value_wrong": -0.9, "max_value_correct": 0.9}
    completions = [[{"content": text}] for text in texts]
    theirs = trl.get_cosine_scaled_reward(**params)(completions, [r"\frac{1}{3}"] * 20, ids)
    answers = [Response(t, token_ids=tuple(i)) for t, i in zip(texts, ids, strict=True)]
    group = Group("?", answers, {"solution": r"\frac{1}{3}"})
    ours = load("rules.compat.trl.cosine_scaled", **params).score([group])[0]
    assert [s.value for s in ours] == pytest.approx(theirs, abs=1e-15)


# --- L1 -------------------------------------------------------------------------------------------

LENGTHS = [0, 50, 99, 100, 101, 150, 5000]
WRONG = [Score(0.0)] * len(LENGTHS)


def test_l1_exact():
    found = values("rules.compat.l1.exact", LENGTHS, columns={"num_tokens": 100})
    assert found == pytest.approx([1 - 0.0003 * abs(n - 100) for n in LENGTHS])
    wrong = values("rules.compat.l1.exact", LENGTHS, WRONG, columns={"num_tokens": 100})
    assert wrong == pytest.approx([value - 1 for value in found])


@pytest.mark.parametrize("target", [100, -100])
def test_l1_max_linear(target):
    columns = {"num_tokens": target}
    found = values("rules.compat.l1.max_linear", LENGTHS, columns=columns, alpha=0.01)
    assert found == pytest.approx([1.0, 0.75, 0.505, 0.5, 0.495, 0.25, 0.0])
    assert values("rules.compat.l1.max_linear", LENGTHS, WRONG, columns) == [0.0] * 7


def test_l1_max_sigmoid():
    found = values("rules.compat.l1.max_sigmoid", LENGTHS, columns={"num_tokens": 100})
    sigmoid = [1 / (1 + math.exp(-0.01 * (100 - n))) for n in LENGTHS]
    expected = [min(1.0, s + 0.1) if n <= 100 else s for s, n in zip(sigmoid, LENGTHS, strict=True)]
    assert found == pytest.approx(expected)
    far = values("rules.compat.l1.max_sigmoid", [200_000], columns={"num_tokens": 100})
    assert 0 <= far[0] < 1e-300


def test_l1_needs_a_target():
    with pytest.raises(DataError, match="num_tokens"):
        values("rules.compat.l1.max_linear", [10])


@pytest.mark.parametrize(("length", "value"), [(100, 1.0), (600, math.exp(-0.5)), (9999, 0.1)])
def test_l1_gaussian(length, value):
    assert l1.gaussian(range(length), 100) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("The answer is B.", "B"),
        ("(A) or (C)?", "C"),
        ("D", ""),
        ("D.", "D"),
        ("Dog", ""),
        ("B is not CAD", "C"),
        ("éA", "A"),
        ("", ""),
    ],
)
def test_l1_gpqa(text, choice):
    assert "".join(c for c in "ABCD" if l1.gpqa(text, c) == 1.0) == choice


def test_exploit_l1_gpqa_reads_the_article_a():
    assert l1.gpqa("The answer is B. A pleasure to help.", "A") == 1.0
