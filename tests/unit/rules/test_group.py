"""Group rules against naive implementations, and the tricks that must not work."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import ConfigError, Group, Response, ScoringError, lift, load
from plaudit.rules.group import distinct, diversity


def shingles(text, n):
    text = " ".join(text.lower().split())
    padded = text + "\0" * (n - 1)
    return {padded[i : i + n] for i in range(len(text))}


def jaccard(a, b, n):
    a, b = shingles(a, n), shingles(b, n)
    return len(a & b) / len(a | b) if a | b else 1.0


def values(scores):
    return [score.value for score in scores]


@given(st.lists(st.text("ab \0", max_size=12), min_size=2, max_size=6), st.integers(1, 6))
def test_against_sets_of_strings(texts, n):
    for place, score in enumerate(diversity(texts, n=n)):
        rivals = [jaccard(texts[place], t, n) for i, t in enumerate(texts) if i != place]
        assert score.value == pytest.approx(1 - sum(rivals) / len(rivals))
        assert score.parts["nearest"] == pytest.approx(max(rivals))
    for place, score in enumerate(distinct(texts, n=n, at_least=0.5)):
        rivals = [jaccard(texts[place], t, n) for i, t in enumerate(texts) if i != place]
        assert score.value == pytest.approx(1 - sum(r >= 0.5 for r in rivals) / len(rivals))


def test_long_unlike_texts_share_little():
    texts = [" ".join(str(i * k) for i in range(9000)) for k in (7, 1009)]
    assert values(distinct(texts)) == [1.0, 1.0]
    assert diversity([texts[0], texts[0]])[0].value == 0.0


def test_many_grams_take_several_passes(monkeypatch):
    from plaudit.rules import group

    texts = ["abcdefgh", "abcdefxx", "zzz", ""]
    whole = values(diversity(texts))
    monkeypatch.setattr(group, "_CELLS", 8)
    assert values(diversity(texts)) == whole


def test_one_changed_word_is_a_near_duplicate():
    text = (
        "Let me add the two numbers first and then compare the sum with the target, step by step."
    )
    assert values(distinct([text, text.replace("first", "now"), "No."])) == [0.5, 0.5, 1.0]


@pytest.mark.parametrize(
    "trick",
    [str.upper, lambda t: t.replace(" ", "\n\n "), lambda t: "\u200b".join(t), lambda t: t + " \t"],
    ids=["case", "white space", "zero-width characters", "tail"],
)
def test_tricks_do_not_make_a_copy_distinct(trick):
    text = "The sum of two and two is four, as one sees by counting."
    assert values(distinct([text, trick(text)])) == [0.0, 0.0]


def test_known_hack_random_padding_looks_diverse():
    text = "The sum is 4."
    padded = [text + " " + "".join(chr(0x4E00 + 997 * k + i) for i in range(200)) for k in range(2)]
    assert values(distinct(padded)) == [1.0, 1.0]


def test_empty_and_single():
    assert values(distinct(["", ""])) == [0.0, 0.0]
    assert values(distinct(["", "a"])) == [1.0, 1.0]
    assert values(distinct(["only"])) == [1.0]
    assert distinct([]) == []
    assert [s.fault for s in diversity(["only"])] == ["input"]


@pytest.mark.parametrize("params", [{"at_least": 0}, {"at_least": 1.5}, {"n": 0}])
def test_bad_parameters(params):
    with pytest.raises(ConfigError):
        distinct(["a", "b"], **params)


# --- agreement ------------------------------------------------------------------------------------


def agreed(*texts, **params):
    return load("rules.group.majority", **params).score([Group("?", list(texts))])[0]


def test_majority_by_hand():
    texts = ["The answer is 0.5.", r"\boxed{\frac12}", "The answer is 7.", "I do not know.", ""]
    scores = agreed(*texts)
    assert values(scores) == [1.0, 1.0, 0.0, 0.0, 0.0]
    assert [score.parts["share"] for score in scores] == [0.4, 0.4, 0.2, 0.0, 0.0]
    assert "no answer found" in (scores[3].note or "")


def test_majority_is_by_value_under_the_parameters_of_math_equal():
    texts = ["The answer is 50%.", "The answer is 1/2.", "The answer is 50.", "The answer is 50."]
    assert values(agreed(*texts, ties="all")) == [1.0, 1.0, 1.0, 1.0]
    assert values(agreed(*texts, percent="unit")) == [1.0, 0.0, 1.0, 1.0]
    near = ["The answer is 3.14.", "The answer is 3.1416.", "The answer is 9."]
    assert values(agreed(*near, tolerance=1e-2)) == [1.0, 1.0, 0.0]
    assert all(math.isnan(value) for value in values(agreed(*near)))


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["The answer is 1."], "none of 1 responses"),
        (["The answer is 1.", "The answer is 2."], "none of 2 responses"),
        (["", "", ""], "none of 3 responses"),
        (["The answer is 1."] * 2 + ["The answer is 2."] * 2, "2 answers have 2 of 4 votes each"),
    ],
)
def test_no_majority_is_unscored_and_not_0(texts, reason):
    for score in agreed(*texts):
        assert math.isnan(score.value)
        assert score.fault == "input"
        assert reason in score.error


def test_a_tie_counts_for_all_where_asked():
    texts = ["The answer is 1."] * 2 + ["The answer is 2."] * 2 + ["The answer is 3."]
    assert values(agreed(*texts, ties="all")) == [1.0, 1.0, 1.0, 1.0, 0.0]
    with pytest.raises(ConfigError, match="ties='first'"):
        agreed("a", ties="first")


def test_an_answer_that_cannot_be_judged_is_its_own_fault_and_has_no_vote():
    deep = "The answer is $" + "(" * 90 + "1" + ")" * 90 + "$."
    scores = agreed("The answer is 4.", deep, "The answer is 4.")
    assert values(scores) == [1.0, 0.0, 1.0]
    assert [score.fault for score in scores] == [None, "response", None]


def test_a_comparison_that_outruns_its_deadline_is_no_agreement(monkeypatch):
    from plaudit.errors import ScoreTimeout
    from plaudit.rules import group

    asked = []

    def slow(answer, reference, equality):
        asked.append((answer, reference))
        fault = ScoreTimeout if answer != reference and "slow" in answer + reference else None
        return group.math_rules._EqualityVerdict(float(answer == reference), "", fault)

    monkeypatch.setattr(group, "_compared", slow)
    names = [f"{n} slow" for n in range(6)]
    classes = group._classes_of(names, group._Equality("value", "require", 0.0, 5.0))
    assert len(set(classes.values())) == 6
    assert len(asked) == 3  # each text waits once at most


NAMES = {"0.5": "half", "1/2": "half", "50%": "half", "x+1": "x", "1+x": "x", "1": "1", "2": "2"}


@given(st.lists(st.sampled_from([*NAMES, ""])))
def test_majority_against_counting_by_classes(answers):
    classes = [NAMES.get(answer, "") for answer in answers]
    counts = {name: classes.count(name) for name in classes if name}
    most = max(counts.values(), default=0)
    first = [name for name, count in counts.items() if count == most]
    got = values(agreed(*(answer and f"\\boxed{{{answer}}}" for answer in answers)))
    if most < 2 or len(first) > 1:
        assert all(math.isnan(value) for value in got)
    else:
        assert got == [float(name in first) for name in classes]


# --- lengths --------------------------------------------------------------------------------------


def stated(response: str, verdict: float) -> float:
    if verdict < 0:
        raise ScoringError("no reference", fault="input")
    return verdict


def scored(name, *pairs, **params):
    reward = load(f"rules.group.{name}", accuracy=lift(stated), unit="chars", **params)
    responses = [Response("x" * n, columns={"verdict": float(v)}) for n, v in pairs]
    return reward.score([Group("?", responses)])[0]


def test_shortest_correct():
    assert values(scored("shortest_correct", (10, 0), (20, 1), (40, 1))) == [0.0, 1.0, 0.5]


def test_nothing_is_won_by_an_empty_or_short_wrong_response():
    assert values(scored("shortest_correct", (0, 0), (1, 0), (40, 1))) == [0.0, 0.0, 1.0]
    assert values(scored("shortest_correct", (0, 0), (1, 0))) == [0.0, 0.0]


def test_adaptive_length_by_pass_rate():
    easy = scored("adaptive_length", (10, 1), (20, 1), beta=0.01)
    hard = scored("adaptive_length", (10, 1), (20, 0), beta=0.01)
    unsolved = scored("adaptive_length", (10, 0), (20, 0), beta=0.01)
    assert values(easy) == pytest.approx([1 - 0.1, 1 - 0.2])
    assert values(hard) == pytest.approx([1 - 0.05, -0.1])
    assert values(unsolved) == pytest.approx([-0.05, -0.1])


def test_an_unscored_rival_takes_no_part():
    scores = scored("adaptive_length", (10, 1), (20, 1), (30, -1), beta=0.01)
    assert values(scores[:2]) == pytest.approx([0.9, 0.8])
    assert math.isnan(scores[2].value)
    assert scores[2].fault == "input"
    assert values(scored("shortest_correct", (10, 1), (5, -1)))[0] == 1.0


@pytest.mark.parametrize("name", ["shortest_correct", "adaptive_length"])
def test_they_are_relative_and_print_as_typed(name):
    params = {"beta": 0.5} if name == "adaptive_length" else {}
    accuracy = load("rules.exact.equal")
    reward = load(f"rules.group.{name}", accuracy=accuracy, unit="chars", **params)
    assert reward.relative
    assert repr(eval(repr(reward), {"load": load})) == repr(reward)


def test_misuse():
    with pytest.raises(ConfigError, match="shortest_correct: accuracy must be a Reward"):
        load("rules.group.shortest_correct", accuracy=1.0)
    with pytest.raises(ConfigError, match="beta"):
        load("rules.group.adaptive_length", accuracy=load("rules.exact.equal"), beta=-1)
