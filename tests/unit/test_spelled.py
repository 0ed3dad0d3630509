"""Rewards that are their parameters."""

import copy
import pickle

from plaudit.models._reward import FromFiles
from plaudit.registry import load
from plaudit.spelled import Spelled, again

RATING = {"kind": "pointwise", "text": "{response}", "verdict": {"scale": {}}}


def test_repr_is_what_one_would_type():
    made = Spelled("judges.pointwise.rating", {"template": RATING, "replay": "column:x"})
    assert eval(repr(made), {"load": load}).params == made.params


def test_a_pickle_holds_path_and_parameters_and_loads_from_them():
    params = {"template": RATING, "replay": "column:x"}
    made = Spelled("judges.pointwise.rating", params)
    assert made.__reduce__() == (again, ("judges.pointwise.rating", params))
    for copied in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert repr(copied) == repr(made)
        assert callable(copied.score)


def test_parameters_are_a_copy():
    params = {"a": 1}
    made = Spelled("x:y", params)
    params["a"] = 2
    assert repr(made) == "load('x:y', a=1)"


def test_models_are_spelled_the_same_way():
    assert FromFiles.__repr__ is Spelled.__repr__
    assert FromFiles.__reduce__ is Spelled.__reduce__
