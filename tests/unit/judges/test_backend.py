"""Who answers a judge: names that fit together, engines that are shared, journals that replay."""

import gc
import math
import sys
import weakref
from pathlib import Path

import pytest

pytest.importorskip("aiohttp")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from judging import PAIR, REASONED, TEN, Judging, longer

from plaudit.engines.chat import Sampling
from plaudit.errors import ConfigError
from plaudit.judges import Backend
from plaudit.judges._backend import engine_of
from plaudit.registry import load
from plaudit.types import Group

URL = "http://127.0.0.1:9/v1"
NAME = "judges.pairwise.pairwise"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "no judge is named"),
        ({"temperature": 1.0}, "no judge is named"),
        ({"replay": "column:x", "server": URL}, "replay and server exclude each other"),
        ({"server": URL, "device": "cpu"}, "device: options of a model that is loaded here"),
        ({"model": "m", "max_calls": 9}, "max_calls: options of a server; pass server="),
        ({"model": "m", "retries": 1, "timeout_s": 2.0}, "timeout_s, retries: options of a server"),
        ({"server": URL, "concurrency": 0}, "concurrency=0 must be 1 or more"),
        ({"server": URL, "concurrency": 2.5}, r"concurrency=2\.5 must be 1 or more"),
        ({"server": URL, "temprature": 0}, "did you mean 'temperature'"),
        ({"server": URL, "dtpye": 0}, "did you mean 'dtype'"),
    ],
)
def test_options_that_do_not_fit(options, told):
    with pytest.raises(ConfigError, match=told):
        Backend.of(options)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"server": []}, "name one URL at least"),
        ({"server": URL, "prices": {"promt": 1}}, r"prices: unknown \['promt'\]"),
        ({"server": URL, "max_cost": 1.0}, "needs the prices"),
        ({"server": URL, "api_key_env": "NO_SUCH_KEY_HERE"}, "no such environment variable"),
        ({"replay": "nowhere.jsonl"}, r"no journal of calls 'nowhere\.jsonl'"),
    ],
)
def test_engines_that_cannot_be_made(options, told):
    with pytest.raises(ConfigError, match=told):
        engine_of(Backend.of({"model": "m", **options}))


def test_what_only_local_models_take_goes_to_them():
    made = Backend.of({"model": "m", "device": "cpu", "dtype": "float32", "seed": 3})
    assert (made.local, made.seed) == ({"device": "cpu", "dtype": "float32"}, 3)
    assert Backend.of({"model": "m", "server": None}).server is None


def test_an_unknown_option_names_the_judges_own_parameters():
    with pytest.raises(ConfigError, match="did you mean 'votes'"):
        load("judges.pairwise.critic", template=PAIR, server=URL, vote=3)


# --- sampling -------------------------------------------------------------------------------------


def test_the_users_sampling_goes_before_the_templates_before_the_default():
    made = Backend.of({"server": URL, "temperature": 0.0, "stop": "END"})
    sampling = made.sampling({"temperature": 0.7, "max_tokens": 9}, Sampling(top_p=0.5))
    assert sampling == Sampling(0.0, 0.5, 9, None, ("END",))
    assert made.sampling({}, Sampling()).stop == ("END",)
    with pytest.raises(ConfigError, match="unknown 'temprature'; did you mean 'temperature'"):
        made.sampling({"temprature": 1}, Sampling())


def test_all_of_it_is_sent_zeros_too():
    with Judging(longer) as server:
        way = {**server.way, "temperature": 0, "top_p": 0.25, "max_tokens": 7, "stop": ["X"]}
        load(NAME, template=PAIR, **way).score([Group("q", ["a", "bb"])])
        body = server.asked[0]
    assert (body["temperature"], body["top_p"], body["max_tokens"]) == (0, 0.25, 7)
    assert body["stop"] == ["X"]


# --- sharing --------------------------------------------------------------------------------------


def test_equal_backends_share_their_engine_whatever_the_sampling():
    one = load(NAME, template=PAIR, server=URL, model="m").comparer.judge
    same = load("judges.pointwise.rating", template=TEN, server=URL, model="m").judge
    warm = load(NAME, template=PAIR, server=URL, model="m", temperature=1.0).comparer.judge
    other = load(NAME, template=PAIR, server=URL, model="m2").comparer.judge
    slow = load(NAME, template=PAIR, server=URL, model="m", concurrency=2).comparer.judge
    assert one.engine is same.engine is warm.engine
    assert warm.sampling.temperature == 1.0
    assert len({id(judge.engine) for judge in (one, other, slow)}) == 3
    assert (one.engine.in_flight, slow.engine.in_flight) == (64, 2)


def test_nobody_holds_an_engine_that_no_judge_uses():
    engine = load(NAME, template=PAIR, server=URL, model="gone").comparer.judge.engine
    held = weakref.ref(engine)
    del engine
    gc.collect()
    assert held() is None


def test_a_journal_is_shared_by_engines_and_pays_once(tmp_path):
    journal = str(tmp_path / "calls.jsonl")
    group = Group("q", ["a", "bb"])
    with Judging(longer) as server:
        one = load(NAME, template=PAIR, journal=journal, **server.way)
        two = load(NAME, template=PAIR, journal=journal, concurrency=3, **server.way)
        assert one.score([group])[0][1].value == two.score([group])[0][1].value == 1.0
        assert len(server.asked) == 2
        assert two.comparer.judge.engine.calls is one.comparer.judge.engine.calls
        one.comparer.judge.engine.calls.close()


# --- recorded runs --------------------------------------------------------------------------------


def recorded(tmp_path, judge, template=PAIR, **more):
    """The scores of a run on a server, and those of its journal replayed."""
    journal = str(tmp_path / "calls.jsonl")
    groups = [Group("q", ["a", "bb", "ccc"]), Group("r", ["x", "yy"])]
    with Judging(judge, by_body=more.pop("by_body", False)) as server:
        reward = load(NAME, template=template, journal=journal, **server.way, **more)
        found = reward.score(groups)
        reward.comparer.judge.engine.calls.close()
    replay = load(NAME, template=template, replay=journal, model="judge", **more)
    return found, replay.score(groups)


def test_a_journal_gives_the_same_scores_again(tmp_path):
    found, again = recorded(tmp_path, longer, votes=2, temperature=1.0)
    assert again == found


@pytest.mark.parametrize("can_prefix", [False, True])
def test_a_journal_of_log_probs_gives_the_same_scores_again(tmp_path, can_prefix):
    more = {"can_prefix": can_prefix, "read": "logprobs"}
    found, again = recorded(tmp_path, longer, min_mass=0, **more)
    assert [[s.value for s in row] for row in again] == [[s.value for s in row] for row in found]
    assert all(0 < s.value < 1 for s in found[0]) or can_prefix


def test_a_journal_without_a_call_says_so(tmp_path):
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b"")
    (score, _) = load(NAME, template=PAIR, replay=str(path), model="judge").score(
        [Group("q", ["a", "b"])]
    )[0]
    assert (math.isnan(score.value), score.fault) == (True, "system")
    assert "has no reply of 'judge'" in score.error


def test_a_journal_gives_second_replies_again(tmp_path):
    def judge(body):
        return "[[A]]" if len(body["messages"]) > 1 else "Both."

    found, again = recorded(tmp_path, judge, by_body=True)
    assert found[0][0].value == 0.5
    assert again == found


def test_replies_are_deterministic_only_where_they_are_recorded():
    assert load(NAME, template=PAIR, replay="column:x").deterministic
    assert not load(NAME, template=PAIR, server=URL, model="m").deterministic


@pytest.mark.parametrize("model", ["", "judge"])
def test_the_servers_one_model_needs_no_name(model):
    with Judging(longer) as server:
        reward = load(NAME, template=REASONED, server=server.url, model=model)
        assert reward.score([Group("q", ["a", "bb"])])[0][1].value == 1.0
        assert server.asked[0]["model"] == "judge"


def test_a_model_that_the_server_lacks_is_told_before_the_run():
    with Judging(longer) as server:
        reward = load(NAME, template=PAIR, server=server.url, model="jugde")
        with pytest.raises(ConfigError, match="did you mean 'judge'"):
            reward.score([Group("q", ["a", "bb"])])
        assert server.asked == []
