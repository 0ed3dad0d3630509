"""Judges keep every law: on an engine without a model, on a column, on the journal of a run."""

import hashlib
import math
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("aiohttp")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from judging import BEST, CHECK, LIST, PAIR, RATING, REFERENCE, TEN, YES_NO, Judging, shown

from plaudit import laws
from plaudit.engines.chat import Reply, Token
from plaudit.judges import _judge
from plaudit.judges.verdict import restored
from plaudit.registry import load
from plaudit.types import Group

CRITERIA = ["polite", {"text": "wrong", "weight": -0.5}]
SAID = {
    "pairwise": "[[A]]", "pointwise": "Rating: 4", "verifier": "Yes", "reference": "No",
    "rubric": "Yes", "listwise": "Scores: [4]",
}  # fmt: skip
CASES = {
    "pairwise": ("judges.pairwise.pairwise", {"template": PAIR}),
    "pairwise in one order": ("judges.pairwise.pairwise", {"template": PAIR, "orders": "one"}),
    "pairwise, some pairs": ("judges.pairwise.pairwise", {"template": PAIR, "num_pairs": 2}),
    "pairwise by odds": ("judges.pairwise.pairwise", {"template": PAIR, "read": "logprobs"}),
    "pointwise": ("judges.pointwise.rating", {"template": TEN}),
    "pointwise by odds": ("judges.pointwise.rating", {"template": RATING, "read": "logprobs"}),
    "verifier": ("judges.verifier.verifier", {"template": YES_NO}),
    "reference": ("judges.reference.correct", {"template": REFERENCE}),
    "rubric": ("judges.rubric.rubric", {"template": CHECK, "criteria": CRITERIA}),
    "listwise": ("judges.listwise.listwise", {"template": LIST, "permutations": 2}),
    "a jury of ratings": (
        "judges.jury.jury",
        {"template": TEN, "models": ["a", "b"], "vote_by": "median"},
    ),
    "a jury of critics": (
        "judges.jury.jury",
        {"template": PAIR, "models": ["a", "b"], "judge": "judges.pairwise.pairwise"},
    ),
    "the best of three": ("judges.listwise.listwise", {"template": BEST}),
}
FENCE = re.compile(r"<text (\w+)>\n(.*?)\n</text \1>", re.DOTALL)


class Drawn:
    """An engine without a model: each call is answered by its content, in the template's form."""

    model, deterministic, in_flight, can_prefix, can_ask_again = "drawn", True, 1, True, True

    def answer(self, jobs):
        return [[self._reply(call) for call in job.calls] for job in jobs]

    def _reply(self, call):
        digest = hashlib.blake2b(repr(call.messages).encode("utf-8", "replace")).digest()
        if call.labels and call.sampling.max_tokens == 1:
            shares = dict(zip(call.labels, digest, strict=False))
            whole = 1.1 * sum(shares.values()) + 1
            top = {label: math.log((share + 0.1) / whole) for label, share in shares.items()}
            best = max(top, key=top.get)
            return Reply(best, tokens=(Token(best, top[best], top),))
        return Reply(form(call.messages[0]["content"], digest))


def form(prompt, digest) -> str:
    """A verdict in the form that the prompt of a template ends with."""
    number = digest[0] % 5 + 1
    if prompt.endswith("Scores:"):
        count = len(FENCE.findall(prompt)) - 1
        listed = ", ".join(str(byte % 10 + 1) for byte in digest[:count])
        return (
            f"Scores: [{listed}]" if count != 3 else f"[[{'ABC'[number % 3]}]] Scores: [{listed}]"
        )
    if prompt.endswith("(Yes/No)?"):
        return "Yes" if number % 2 else "No"
    if prompt.endswith("[[B]]."):
        return f"[[{'AB'[number % 2]}]]"
    return f"Rating: {number}"


@pytest.fixture
def drawn(monkeypatch):
    monkeypatch.setattr(_judge, "engine_of", lambda backend: Drawn())


def groups_for(params):
    """The sample of the laws, in threes where the template takes three."""
    groups = laws.sample_groups()
    if params["template"] is not BEST:
        return groups
    four = groups[0].responses
    return [laws.replace_responses(groups[0], held) for held in (four[:3], four[1:])]


def _asked_of(params):
    """The parameters with a model, where they name none."""
    return params if "models" in params else {**params, "model": "none"}


@pytest.mark.parametrize("name", CASES)
def test_laws_without_a_model(name, drawn):
    path, params = CASES[name]
    assert laws.check(load(path, **_asked_of(params)), groups_for(params)) == []


def test_the_laws_see_numbers(drawn):
    """What the laws compare is no NaN, but for responses that have no rival or were drawn out."""
    for path, params in CASES.values():
        rows = load(path, **_asked_of(params)).score(groups_for(params))
        unscored = sum(not s.is_scored for row in rows for s in row)
        assert unscored <= (2 if params["template"] is PAIR else 0), path
        assert len({s.value for row in rows for s in row if s.is_scored}) > 1, path


@pytest.mark.parametrize("kind", SAID)
def test_laws_on_a_column_of_replies(kind):
    path, params = CASES[kind]
    params = {**params, "read": "text"}
    numbers = range(9)
    pairs = [f"{i}{sign}{j}" for i in numbers for j in numbers for sign in "-:"]
    places = ["ab", "ba", *map(str, numbers), *pairs]
    groups = laws.sample_groups({"said": dict.fromkeys(places, SAID[kind])})
    if kind == "listwise":  # the reply is a list of one
        groups = [Group(g.prompt, g.responses[:1], g.columns) for g in groups]
    assert laws.check(load(path, replay="column:said", **params), groups) == []


def answer_of(texts):
    return "[[A]]" if sum(map(ord, texts[1])) % 3 > sum(map(ord, texts[2])) % 3 else "[[B]]"


def rate(texts):
    return f"Rating: {len(texts[1]) % 10 + 1}"


def asked_by_the_laws():
    """The groups of hard and long texts that the laws make of the first sample group."""
    groups = laws.sample_groups()
    hard = [laws.replace_responses(groups[0], [laws.as_response(text)])
            for text in laws.HARD_TEXTS.values()]  # fmt: skip
    return [*groups, *hard]


@pytest.mark.parametrize(
    ("name", "judge"), [("pairwise", answer_of), ("pairwise in one order", answer_of),
                        ("pointwise", rate)]
)  # fmt: skip
def test_laws_on_the_journal_of_a_run(name, judge, tmp_path):
    path, params = CASES[name]
    journal = str(tmp_path / "calls.jsonl")
    with Judging(judge) as server:
        reward = load(path, journal=journal, **params, **server.way)
        found = reward.score(asked_by_the_laws())
        getattr(reward, "comparer", reward).judge.engine.calls.close()
        assert all(restored(text) == text for body in server.asked for text in shown(body))
    replay = load(path, replay=journal, model="judge", **params)
    assert [[s.value for s in row] for row in replay.score(asked_by_the_laws())] == [
        [pytest.approx(s.value, nan_ok=True) for s in row] for row in found
    ]
    assert laws.check(replay) == []
