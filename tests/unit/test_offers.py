"""What rewards offer besides their traits is asked in one module, and nowhere else.

python tests/unit/test_offers.py     prints every look at an attribute that may not be there
"""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import plaudit
from plaudit import combine, load, offers
from plaudit.types import Checking, Composite, Declaring, Described, Group, Score, Waiting

ROOT = Path(plaudit.__file__).parent
THE_ONE_MODULE = "offers.py"
OFFERED = """
aligned check children compare comparer engine facts fault_high fault_value in_flight judge jurors
parts policy prices range retries_itself score spelled spending stop tolerance way
"""
SCORES_OF_OTHERS = ("adapters/open_instruct.py", "models/classifier.py")  # a result's, a module's
# Objects of others, by module: what is looked at there is no reward and no engine.
FOREIGN = """
answers/options.py answers/several.py data/_values.py data/api.py data/jsontext.py data/judged.py
data/tables.py grading/rows.py answers/response.py text/literals.py text/moustache.py
rules/constraints.py
rules/exact.py bench/results.py                      arrays, tables and scalars of numpy and torch
answers/worker.py                                    expressions of sympy
rule.py registry.py adapters/_wrapped.py             functions and modules of users
adapters/open_instruct.py adapters/openrlhf.py       what a trainer's function returns
text/structured.py                                 PyYAML's loaders and errors
engines/attention.py engines/causal.py engines/failures.py engines/hf.py engines/last_layer.py
engines/load.py engines/local.py engines/checkpoint.py models/classifier.py
                                                     modules and configs of torch and transformers
engines/text.py engines/tokens.py models/_headed.py models/_load.py models/_text.py
models/perplexity.py                                 tokenizers
models/_architecture.py bench/folder.py              modules
sandbox/pool.py sandbox/remote.py workers.py cli/score.py           the operating system's modules
grading/asserts.py sandbox/_driver.py sandbox/_slot.py              programs under test, half-made
cli/_app.py cli/_options.py                          typer's errors, parameters and hints
rules/code.py                                        a problem, of which there are several kinds
cli/select.py                                        a strategy of `data.selection`
"""


def looks(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each `hasattr`, and each `getattr` of a name that is written down or has a default."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        is_written = len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
        is_getattr = node.func.id == "getattr" and (len(node.args) == 3 or is_written)
        if node.func.id == "hasattr" or is_getattr:
            yield node.lineno, ast.unparse(node)


def places() -> dict[str, list[tuple[int, str]]]:
    """The looks of every module that has any; what runs inside of a sandbox is foreign by trade."""
    paths = (path for path in sorted(ROOT.rglob("*.py")) if "inside" not in path.parts)
    by_path = {
        path.relative_to(ROOT).as_posix(): [*looks(ast.parse(path.read_text(encoding="utf-8")))]
        for path in paths
    }
    return {path: looked for path, looked in by_path.items() if looked}


def foreign() -> list[str]:
    return [word for word in FOREIGN.split() if word.endswith(".py")]


def test_what_a_reward_offers_is_asked_in_one_module():
    others = {path: looked for path, looked in places().items() if path != THE_ONE_MODULE}
    assert {path: others[path] for path in others.keys() - {*foreign()}} == {}


def test_no_module_is_called_foreign_that_looks_at_nothing():
    assert {*foreign()} - places().keys() == set()
    assert [path for path, count in Counter(foreign()).items() if count > 1] == []


@pytest.mark.parametrize("name", OFFERED.split())
def test_no_foreign_object_is_asked_for_what_a_reward_or_an_engine_offers(name):
    sites = [(path, text) for path, looked in places().items() for _, text in looked]
    others = [site for site in sites if site[0] not in (THE_ONE_MODULE, *SCORES_OF_OTHERS)]
    assert [(path, text) for path, text in others if f"'{name}'" in text] == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("getattr(x, 'a', 1)", 1),
        ("getattr(x, 'a')", 1),
        ("getattr(x, name, None)", 1),
        ("hasattr(x, name)", 1),
        ("getattr(x, name)", 0),
        ("x.getattr('a', 1)", 0),
    ],
)
def test_what_counts_as_a_look(source, count):
    assert len([*looks(ast.parse(source))]) == count


# --- what holds where a reward offers nothing, or something ---------------------------------------


class Bare:
    """A reward with its traits alone."""

    relative, deterministic, cpu_bound = False, True, False

    def score(self, groups):
        return [[Score(1.0) for _ in group.responses] for group in groups]


class Server(Bare):
    in_flight, retries_itself, tolerance = 8, True, 0.5
    fault_value, fault_high, facts = -1.0, 2.0, {"asks": "a server"}
    num_stops = 0

    def stop(self):
        self.num_stops += 1

    def check(self, group):
        raise plaudit.DataError("no such column")


def test_a_reward_that_offers_nothing_has_what_a_plain_one_has():
    reward = Bare()
    offered = (Checking, Composite, Declaring, Described, Waiting)
    assert [kind for kind in offered if isinstance(reward, kind)] == []
    assert (offers.in_flight_of(reward), offers.retries_itself(reward)) == (1, False)
    assert offers.fault_value(reward) != offers.fault_value(reward)
    assert offers.fault_high(reward) != offers.fault_high(reward)
    assert (offers.facts_of(reward), offers.parts_of(reward), offers.spelling_of(reward)) == (
        {},
        {},
        "",
    )
    assert offers.tolerance_of(reward, 0.25) == 0.25
    assert offers.comparer_of(reward) is reward
    assert list(offers.jurors_of(reward)) == [reward]
    assert offers.children_of(reward, Group("q", ["a"])) == []
    offers.check(reward, Group("q", ["a"]))
    offers.stop(reward)


def test_what_a_reward_offers_is_heard():
    reward = Server()
    offered = (Checking, Declaring, Described, Waiting)
    assert [kind for kind in offered if not isinstance(reward, kind)] == []
    assert (offers.in_flight_of(reward), offers.retries_itself(reward)) == (8, True)
    assert (offers.fault_value(reward), offers.fault_high(reward)) == (-1.0, 2.0)
    assert offers.facts_of(reward) == {"asks": "a server"}
    assert offers.tolerance_of(reward, 0.25) == 0.5
    offers.stop(reward)
    assert reward.num_stops == 1
    with pytest.raises(plaudit.DataError, match="no such column"):
        offers.check(reward, Group("q", ["a"]))


def test_a_part_of_an_offer_counts_by_itself():
    class Wide(Bare):
        in_flight = 4

    assert not isinstance(Wide(), Waiting)
    assert offers.in_flight_of(combine.clip(Wide())) == 4


def test_combinations_offer_what_their_parts_do():
    parts = {"server": Server(), "rule": load("rules.math.equal")}
    reward = combine.weighted(parts)
    assert isinstance(reward, Composite)
    assert isinstance(reward, Waiting)
    assert (offers.in_flight_of(reward), offers.retries_itself(reward)) == (8, True)
    assert [child.name for child in offers.children_of(reward, Group("q", ["a"]))] == [*parts]
    assert [*offers.parts_of(reward)] == [*parts]
    assert offers.spelling_of(reward) == "weighted"
    offers.stop(reward)
    assert parts["server"].num_stops == 1


if __name__ == "__main__":
    for path, looked in places().items():
        for line, text in looked:
            print(f"{path}:{line} {text}")
