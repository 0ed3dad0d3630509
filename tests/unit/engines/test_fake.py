"""The fake engine drives a model reward without a model."""

from plaudit.engines.fake import FakeEngine
from plaudit.engines.hf import Answer
from plaudit.models._reward import Scorer, Value
from plaudit.models._text import Encoded, Form
from plaudit.types import Group


class Characters(Form):
    def encode(self, groups):
        return [[Encoded([ord(c) for c in r.text]) for r in g.responses] for g in groups]


def scorer(engine):
    return Scorer(
        engine,
        Characters(None),
        None,
        positions=lambda e: (len(e.ids) - 1,),
        reading=lambda e, rows: Value(rows[0][0]),
        facts={},
    )


def test_answers_become_scores_and_an_empty_text_is_not_asked_about():
    engine = FakeEngine()
    scores = scorer(engine).score([Group("q", ["ab", "", "ab"]), Group("q", [])])
    assert scores[1] == []
    assert scores[0][0] == scores[0][2]
    assert -1 <= scores[0][0].value < 1
    assert scores[0][1].fault == "input"
    assert len(engine.items) == 2


def test_errors_and_numbers_that_are_none_stay_with_their_response():
    values = {1: [[0.5]], 2: Answer(None, "out of memory"), 3: [[float("inf")]]}
    engine = FakeEngine(values=lambda item: values[len(item.ids)])
    good, broken, infinite = scorer(engine).score([Group("q", ["a", "ab", "abc"])])[0]
    assert good.value == 0.5
    assert (broken.fault, broken.error) == ("system", "out of memory")
    assert (infinite.fault, infinite.error) == ("system", "the model gave inf")
    assert not infinite.is_scored
