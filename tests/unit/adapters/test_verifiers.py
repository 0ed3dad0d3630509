"""Functions written for a Rubric of verifiers: arguments by name, groups by plural names."""

import asyncio

import pytest

from plaudit import Group, laws
from plaudit.adapters import verifiers
from plaudit.errors import ConfigError, DataError

GROUP = Group("6 x 7?", ["42", "7"], {"answer": "42", "info": {"level": 2}, "split": "test"})


def values(reward, group=GROUP):
    return [score.value for score in reward.score([group])[0]]


def test_only_what_is_named_is_given():
    def exact(completion, answer):
        return float(completion == [{"role": "assistant", "content": answer}])

    assert values(verifiers.wrap(exact)) == [1.0, 0.0]


def test_all_that_can_be_named():
    def spy(prompt, completion, answer, state, task, info, split, parser):
        assert prompt == "6 x 7?"
        assert (answer, task, info, split, parser) == ("42", "default", {"level": 2}, "test", str)
        assert state["completion"] == completion
        return float(len(completion))

    reward = verifiers.wrap(spy, parser=str, conversational=False)
    assert values(reward) == [2.0, 1.0]


def test_any_keyword():
    def spy(completion, **kwargs):
        return float({"prompt", "answer", "state", "split"} <= kwargs.keys())

    assert values(verifiers.wrap(spy)) == [1.0, 1.0]


def test_plural_names_make_a_group_function():
    def shortest(completions, answers):
        sizes = [len(c[0]["content"]) for c in completions]
        assert answers == ["42", "42"]
        return [float(size == min(sizes)) for size in sizes]

    reward = verifiers.wrap(shortest)
    assert reward.relative
    assert values(reward) == [0.0, 1.0]


def test_a_list_as_the_annotated_result_makes_one_too():
    def both(completions, **kwargs) -> list[float]:
        return [1.0, 2.0]

    assert verifiers.wrap(both).relative
    assert values(verifiers.wrap(both)) == [1.0, 2.0]


def test_async_functions():
    async def slowly(completion):
        await asyncio.sleep(0)
        return len(completion[0]["content"])

    assert values(verifiers.wrap(slowly)) == [2.0, 1.0]


def test_an_exception_is_no_zero():
    def fails(completion):
        return 1 / (len(completion[0]["content"]) - 1)

    good, bad = verifiers.wrap(fails).score([GROUP])[0]
    assert good.value == 1.0
    assert not bad.is_scored
    assert bad.fault == "system"
    assert "ZeroDivisionError" in bad.error
    assert "response 2)" in bad.error


def test_a_group_function_of_the_wrong_length():
    with pytest.raises(ConfigError, match="returned 1 values for 2 responses"):
        values(verifiers.wrap(lambda completions: [1.0]))


def test_a_missing_answer():
    with pytest.raises(DataError, match="'answer'"):
        values(verifiers.wrap(lambda answer: 0.0), Group("?", ["a"]))
    assert values(verifiers.wrap(lambda answer="": 1.0), Group("?", ["a"])) == [1.0]


def test_a_missing_parser_is_told():
    with pytest.raises(DataError, match="'parser'"):
        values(verifiers.wrap(lambda completion, parser: 0.0))


def length(completion):
    return float(len(completion[0]["content"]))


def ranks(completions):
    sizes = sorted(len(c[0]["content"]) for c in completions)
    return [float(sizes.index(len(c[0]["content"]))) for c in completions]


@pytest.mark.parametrize("fn", [length, ranks])
def test_every_law_is_kept(fn):
    assert laws.check(verifiers.wrap(fn)) == []
