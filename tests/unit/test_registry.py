"""Names are import paths, recipes are data: what loads, what is refused, what the errors say."""

import sys
import textwrap
import typing

import pytest

import plaudit
from plaudit import combine, registry
from plaudit.combine import Member
from plaudit.errors import ConfigError
from plaudit.registry import available, build, load, read_recipe, recipes, resolve, show
from plaudit.types import Group, Reward

LENGTH = {"use": "rules.baseline.length"}
GROUP = Group("p", ["abc"])


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A package of the user's, importable as `own_pkg`."""
    code = '''
    from os import path
    import os
    from plaudit import Reward, Score
    from plaudit.combine import clip
    from plaudit.rules.baseline import length as borrowed

    LIMIT = 3

    def mine(response: str, *, bonus: float = 1.0) -> float:
        """My own."""
        return bonus * len(response)

    def needs(response: str, *, size: int) -> float:
        return size

    def _hidden(response): return 0.0

    def bounded(reward: Reward, *, high: float = 2.0) -> Reward:
        return clip(reward, high=high)

    def quoted(*, n=1) -> "plaudit.Reward":
        return Constant(n)

    def nothing() -> Reward:
        return None

    def picky(*, size: int) -> Reward:
        return Constant(int(size))

    class Constant:
        relative = False
        deterministic = True
        cpu_bound = False

        def __init__(self, value: float = 1.0) -> None:
            self.value = value

        def __repr__(self):
            return f"Constant({self.value})"

        def score(self, groups):
            return [[Score(float(self.value)) for _ in g.responses] for g in groups]

        @staticmethod
        def rule(response: str) -> float:
            return 9.0

    class Holder:
        pass
    '''
    package = tmp_path / "own_pkg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "rewards.py").write_text(textwrap.dedent(code))
    (package / "needy.py").write_text("import a_module_that_is_absent\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "own_pkg.rewards"
    for name in [n for n in sys.modules if n.partition(".")[0] == "own_pkg"]:
        del sys.modules[name]


def value(reward, group=GROUP):
    return reward.score([group])[0][0].value


# --- load: what a path names ----------------------------------------------------------------------


def test_shipped_rules_load_with_their_parameters():
    assert value(load("rules.baseline.length")) == 3.0
    assert value(load("rules.baseline.constant", value=4.5)) == 4.5
    assert value(load("plaudit.rules.baseline.length")) == 3.0
    assert value(load("plaudit.rules.baseline:length")) == 3.0


def test_combinations_load_too():
    reward = load("combine.clip", reward=load("rules.baseline.length"), high=2)
    assert value(reward) == 2.0


def test_own_functions_are_lifted(own):
    reward = load(f"{own}:mine", bonus=2.0)
    assert value(reward) == 6.0
    assert repr(reward) == "load('own_pkg.rewards:mine', bonus=2.0)"
    assert value(load(f"{own}:Constant.rule")) == 9.0
    assert value(load(f"{own}:borrowed")) == 3.0


def test_own_classes_and_factories_are_called(own):
    assert value(load(f"{own}:Constant", value=7)) == 7.0
    assert value(load(f"{own}:bounded", reward=load("rules.baseline.length"))) == 2.0
    assert value(load(f"{own}:quoted", n=5)) == 5.0


def test_view_is_taken_by_rules_and_factories(own):
    group = Group("p", ["<think>abc</think>de"])
    assert value(load("rules.baseline.length", view="answer"), group) == 2.0
    assert value(load(f"{own}:bounded", reward=load("rules.baseline.length"), view="think"), group)
    assert "part='think'" in repr(load("rules.baseline.length", view="think"))
    with pytest.raises(ConfigError, match="part='nothing' must be"):
        load("rules.baseline.length", view="nothing")


def test_columns_and_fault_value_are_taken_by_rules():
    rule = load("rules.baseline.random", columns={"prompt": "q"}, on_response_fault=-2)
    assert (rule.columns, rule.fault_value) == ({"prompt": "q"}, -2.0)


# --- load: what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["r1", "math", "my/own.yaml"])
def test_load_of_a_recipe_names_build(name):
    with pytest.raises(ConfigError, match="is a recipe, not a reward's name: build"):
        load(name)


@pytest.mark.parametrize(
    "name",
    ["rules.math.equal", "plaudit.rules.math.equal", "combine.clip", "hf:org/model", "pkg:mine"],
)
def test_build_of_a_reward_names_load(name):
    with pytest.raises(ConfigError, match="is a reward's name, not a recipe's: load") as caught:
        build(name)
    assert f"--reward {name}" in str(caught.value)


def test_what_is_neither_names_neither():
    with pytest.raises(ConfigError, match="neither a file nor a shipped recipe"):
        build("rules.math.eqal")
    with pytest.raises(ConfigError, match="no reward 'r99'"):
        load("r99")


def test_the_comparers_that_load_is_typed_for_are_those_that_there_are():
    names = [*available(), *(f"combine.{n}" for n in combine.__all__ if n[0].islower())]
    returned = {name: resolve(name).__annotations__.get("return") for name in names}
    comparers = {name for name, hint in returned.items() if hint == "Comparer"}
    assert comparers == set(typing.get_args(registry.ComparerPath))


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("rules.baseline.lenght", "did you mean 'rules.baseline.length'"),
        ("baseline.length", "did you mean 'rules.baseline.length'"),
        ("constant", "'rules.baseline.constant'"),
        ("rules.exact.exact", "'rules.exact.equal'"),
        ("combine.weigthed", "did you mean 'combine.weighted'"),
        ("rules.basline.random", "did you mean 'rules.baseline.random'"),
        ("zzzzzz", "no reward 'zzzzzz'. `plaudit list` shows all"),
        ("my_pkg.rewards.mine", "your own is written my_package.module:name"),
        ("rules.baseline", "no reward 'rules.baseline'"),
        ("rules.baseline.", "no reward 'rules.baseline.'"),
        ("rules.baseline.__doc__", "no reward"),
        ("rules.baseline.length.__call__", "no reward"),
    ],
)
def test_unknown_names_show_close_matches(path, hint):
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert hint in str(caught.value)


@pytest.mark.parametrize("path", ["", ".", "...", None, 3, ["rules"]])
def test_what_is_no_name_is_refused(path):
    with pytest.raises(ConfigError, match="a reward's name is its import path, found"):
        load(path)


@pytest.mark.parametrize("path", [":", ":x", "a:", ".a:b", "a..b:c", "a b:c", "a\0b:c", "é:ü"])
def test_malformed_paths_are_unknown(path):
    with pytest.raises(ConfigError, match="no reward"):
        load(path)


@pytest.mark.parametrize(
    "name", ["_hidden", "Constant._x", "Constant.__init__", "LIMIT", "missing", "os.system", "os"]
)
def test_private_missing_and_imported_names_of_ones_own_are_refused(own, name):
    with pytest.raises(ConfigError) as caught:
        load(f"{own}:{name}")
    assert str(caught.value) == (
        f"no reward 'own_pkg.rewards:{name}': no module 'own_pkg.rewards' on the Python path, or"
        f" in it no public function or class {name!r}"
    )


def test_an_error_within_ones_own_module_is_not_hidden(own):
    with pytest.raises(ModuleNotFoundError, match="a_module_that_is_absent"):
        load("own_pkg.needy:mine")
    with pytest.raises(ConfigError, match=r"no module 'own_pkg\.absent'"):
        load("own_pkg.absent:mine")


@pytest.mark.parametrize(
    "path",
    [
        "plaudit.workers:subprocess.run",
        "plaudit.workers:os.system",
        "plaudit.workers:Pool",
        "workers.Pool",
        "run.pickle.loads",
        "registry.load",
        "plaudit:load",
        "plaudit.registry:importlib.import_module",
        "rules.baseline.seeded_hash",  # imported there, defined elsewhere
        "text.units.length_of",
        "plaudit.text.units:length_of",
        "plauditx.rules.mine",
    ],
)
def test_a_recipe_from_elsewhere_reaches_nothing_but_rewards(path):
    """Once `plaudit.workers:subprocess.run` ran a command, --allow-import or not."""
    for use in (lambda: load(path), lambda: build({"use": path}, allow=["plaudit"])):
        with pytest.raises(ConfigError, match="no reward"):
            use()


def test_a_directory_is_a_model(tmp_path):
    pytest.importorskip("torch")
    with pytest.raises(ConfigError, match=r"no config\.json in the directory"):
        load(str(tmp_path))


def test_a_directory_that_is_not_there_is_no_model(tmp_path):
    with pytest.raises(ConfigError, match="it is not a directory"):
        load(str(tmp_path / "absent"))


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("mine", {"bonuss": 1}, r"no parameter 'bonuss'; did you mean 'bonus'\? Signature: mine\("),
        ("mine", {"zzz": 1}, r"no parameter 'zzz'\. Signature: mine\("),
        ("needs", {}, r"needs the parameter size\. Signature: needs\(response: str, \*, size: int"),
        ("Constant", {"valu": 1}, r"no parameter 'valu'; did you mean 'value'\? Signature: Consta"),
        ("bounded", {}, r"missing a required argument: 'reward'\. Signature: bounded\("),
        ("bounded", {"reward": 3}, "clip must be a Reward, found 3"),
        ("nothing", {}, "made None, neither a Reward nor a Comparer"),
        ("Holder", {}, "made <.*Holder.*>, neither a Reward nor a Comparer"),
        ("picky", {"size": "big"}, r"picky: invalid literal for int.*Signature: picky\("),
        ("mine", {"columns": {"response": "r"}}, "reads no column 'response'"),
        ("Constant", {"columns": {"reference": "r"}}, "no parameter 'columns'"),
    ],
)
def test_parameters_that_do_not_fit(own, name, params, message):
    with pytest.raises(ConfigError, match=message):
        load(f"{own}:{name}", **params)


def test_wrong_types_of_parameters_of_combinations_are_configuration_errors():
    with pytest.raises(ConfigError, match=r"combine\.clip: '<=' not supported between"):
        build({"use": "combine.clip", "reward": LENGTH, "high": "x"})
    with pytest.raises(ConfigError, match=r"combine\.gate: could not convert string to float"):
        build({"use": "combine.gate", "reward": LENGTH, "by": LENGTH, "floor": "x"})
    with pytest.raises(ConfigError, match=r"combine.affine: float\(\) argument must be"):
        build({"use": "combine.affine", "reward": LENGTH, "scale": [1]})


def test_renamed_rewards_load_under_their_new_name(monkeypatch):
    monkeypatch.setattr(registry, "RENAMED", {"rules.old.name": "rules.baseline.length"})
    assert repr(load("rules.old.name")) == "load('rules.baseline.length')"
    assert resolve("rules.old.name") is resolve("rules.baseline.length")


# --- build: recipes are data ----------------------------------------------------------------------

RECIPE = """
name: mine
description: what it is for
use: combine.weighted
parts:
  long: {use: rules.baseline.length, weight: 0.5, view: answer}
  short:
    use: combine.clip
    reward: rules.baseline.length
    high: 2
    weight: 2
    optional: true
  gold: {use: rules.baseline.constant, value: 1, when: {has: reference}}
  plain: rules.baseline.length
"""


@pytest.fixture
def recipe_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(RECIPE)
    return path


def test_a_recipe_file_and_its_mapping_build_the_same(recipe_file):
    reward = build(recipe_file)
    assert repr(build(str(recipe_file))) == repr(build(read_recipe(recipe_file))) == repr(reward)
    group = Group("p", ["<think>ab</think>cde"], {"reference": "x"})
    score = reward.score([group])[0][0]
    assert score.parts == {"long": 3.0, "short": 2.0, "gold": 1.0, "plain": 20.0}
    assert score.value == 0.5 * 3 + 2 * 2 + 1 + 20
    assert reward.parts["short"].optional
    assert reward.parts["gold"].when == {"has": "reference"}


def test_building_leaves_the_mapping_alone():
    recipe = {"use": "combine.weighted", "parts": {"a": {**LENGTH, "weight": 2}, "b": LENGTH}}
    before = repr(recipe)
    build(recipe)
    assert repr(recipe) == before


def test_strings_are_short_for_nodes_where_rewards_are_due(own):
    short = "rules.baseline.length"
    assert value(build({"use": "combine.clip", "reward": short, "high": 1})) == 1.0
    assert value(build({"use": "combine.weighted", "parts": {"a": short}})) == 3.0
    assert value(build({"use": "combine.gate", "reward": short, "by": short})) == 3.0
    assert value(build({"use": f"{own}:bounded", "reward": short})) == 2.0
    routed = build({"use": "combine.route", "by": "kind", "cases": {"a": short}, "default": short})
    assert value(routed) == 3.0
    assert routed.by == "kind"


def test_equal_anchors_give_one_object(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(
        "use: combine.gate\nreward: &long {use: rules.baseline.length}\nby: *long\nat_least: 2\n"
    )
    reward = build(path)
    assert reward.reward is reward.by
    path.write_text(
        "use: combine.weighted\nparts:\n  a: &a {use: rules.baseline.length, weight: 2}\n"
        "  b: {<<: *a, weight: 3}\n  c: *a\n"
    )
    parts = build(path).parts
    assert parts["a"] is parts["c"]
    assert [parts[n].weight for n in "abc"] == [2, 3, 2]


def test_a_node_that_contains_itself_is_refused(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text("use: combine.clip\nreward: &r {use: combine.clip, reward: *r}\n")
    with pytest.raises(ConfigError, match=r"recipe.reward.reward: .* contains itself"):
        build(path)


def test_lists_and_mappings_of_plain_data_stay_data():
    node = {"use": "rules.length.cosine", "accuracy": LENGTH, "max_length": 10, "unit": "chars"}
    reward = build({**node, "correct": [1.0, 0.5]})
    assert "correct=" not in repr(reward)
    assert "wrong=" in repr(build({**node, "wrong": [-1.0, 0.0]}))


def test_the_shipped_recipes_build_by_name():
    assert recipes()
    for name in recipes():
        assert isinstance(build(name), Reward)


@pytest.mark.parametrize("key", ["weight", "optional", "when"])
def test_member_keys_belong_to_parts(key):
    given = {"weight": 2, "optional": True, "when": {"has": "x"}}[key]
    with pytest.raises(ConfigError, match="belong to a part, not to the whole"):
        build({**LENGTH, key: given})
    with pytest.raises(ConfigError, match=r"recipe: .*must be a Reward, found Member"):
        build({"use": "combine.clip", "reward": {**LENGTH, key: given}})


def part(**more):
    return {"use": "combine.weighted", "parts": {"a": {**LENGTH, **more}}}


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (part(weigth=1), "recipe.parts.a: unknown key 'weigth'; did you mean 'weight'"),
        (part(unti="chars"), "recipe.parts.a: unknown key 'unti'; did you mean 'unit'"),
        (part(zzz=1), r"recipe.parts.a: unknown key 'zzz'\. Signature: length\(response"),
        ({"use": "combine.weighted", "parts": {"a": {**LENGTH, 1: 2}}}, "unknown key 1"),
        (part(weight="much"), "recipe.parts.a: weight: expected a finite number, found 'much'"),
        (part(when={"hass": "x"}), r"recipe.parts.a: when: it takes \{has: COLUMN\}"),
        (part(columns={"refrence": "x"}), "recipe.parts.a: .* reads no column 'refrence'"),
        (part(view="all of it"), "recipe.parts.a: view: part='all of it' must be"),
        ({"use": "combine.weighted", "part": {}}, "recipe: unknown key 'part'; did you mean 'part"),
        ({"use": "combine.weighted"}, "recipe: combine.weighted: missing a required argument"),
        ({"use": "combine.weighted", "parts": {}}, "recipe: parts must map names to rewards"),
        ({"use": "combine.weighted", "parts": {"a": 3}}, "recipe: a must be a Reward, found 3"),
        ({"use": "combine.weighted", "parts": {"a": None}}, "a must be a Reward, found None"),
        ({"use": "combine.weighted", "parts": {"a": {"use": "rules.x"}}}, "recipe.parts.a: no rew"),
        ({"use": "combine.weighted", "parts": {"a": "rules.x"}}, "recipe.parts.a: no reward"),
        ({"parts": {}}, "recipe: expected a node with a 'use' key, found {'parts': {}}"),
        ({}, "recipe: expected a node with a 'use' key"),
        ({"use": ["a"]}, "recipe: expected a node with a 'use' key"),
        ({"use": "combine.clip", "reward": {"use": None}}, "recipe.reward: expected a node"),
    ],
)
def test_what_is_wrong_in_a_recipe_is_told_with_its_place(recipe, message):
    with pytest.raises(ConfigError, match=message):
        build(recipe)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("use: [unclosed", "not readable as YAML"),
        ("use: a\nparts:\n  x: {use: b}\n  x: {use: c}\n", ":4: duplicate key 'x'"),
        ("use: a\nparts: [{use: b, n: 1, n: 1}]\n", ":2: duplicate key 'n'"),
        ("- a\n- b\n", "a recipe is a mapping with a 'use' key, found"),
        ("", "a recipe is a mapping with a 'use' key, found None"),
        ("just text", "found 'just text'"),
        ("use: !!python/object/apply:os.system ['true']", "not readable as YAML"),
    ],
)
def test_what_is_no_recipe(tmp_path, text, message):
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        build(path)
    assert str(path) in str(caught.value)


def test_a_recipe_that_is_not_utf8(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_bytes(b"use: \xff\xfe")
    with pytest.raises(ConfigError, match="not readable as YAML"):
        build(path)


def test_an_unknown_recipe_lists_the_shipped_ones():
    with pytest.raises(ConfigError) as caught:
        build("r1-zeroo")
    assert "no recipe 'r1-zeroo'" in str(caught.value)
    assert "did you mean 'r1-zero'" in str(caught.value)
    assert "Shipped: " in str(caught.value)


# --- allow ----------------------------------------------------------------------------------------


def test_by_default_any_package_loads(own):
    assert value(build({"use": f"{own}:mine"})) == 3.0


def test_allow_keeps_other_packages_out(own):
    recipe = {"use": "combine.clip", "reward": {"use": f"{own}:mine"}}
    for allow in ([], ["plaudit"], ["own"], ["own_pkg.rewards"]):
        with pytest.raises(ConfigError) as caught:
            build(recipe, allow=allow)
        assert str(caught.value) == (
            "recipe.reward: 'own_pkg.rewards:mine' is not part of plaudit;"
            " pass --allow-import own_pkg to load it"
        )
    assert value(build(recipe, allow=["own_pkg"])) == 3.0
    assert value(build(part(), allow=[])) == 3.0


def test_what_is_not_allowed_is_not_even_imported(own):
    with pytest.raises(ConfigError):
        build({"use": f"{own}:mine"}, allow=["plaudit"])
    assert own not in sys.modules


def test_an_allowed_package_does_not_open_the_modules_it_imports(own):
    for path in ("os.system", "path.join", "os"):
        with pytest.raises(ConfigError, match="no reward"):
            build({"use": f"{own}:{path}"}, allow=["own_pkg"])


# --- what there is --------------------------------------------------------------------------------


def test_available_is_sorted_and_every_name_loads():
    names = available()
    assert names == sorted(names)
    assert len(names) == len(set(names))
    for name in names:
        assert callable(resolve(name))
    assert available("rules.baseline") == [
        "rules.baseline.constant",
        "rules.baseline.length",
        "rules.baseline.random",
    ]
    assert available("nothing") == []


def test_every_name_has_an_example_that_scores():
    for name in available("rules.baseline"):
        reward, groups = registry.example(name)
        assert len(reward.score(groups)) == len(groups)


@pytest.mark.parametrize(
    ("name", "is_public"), [("a.b", True), ("a._b", False), ("_a.b", False), ("a.b_c", True)]
)
def test_private_modules_hold_helpers(name, is_public):
    assert registry.is_rule_module(name) is is_public


# --- show -----------------------------------------------------------------------------------------


def test_show_tells_signature_range_inputs_and_documentation():
    lines = show("rules.baseline.random").splitlines()
    assert lines[0] == "rules.baseline.random"
    assert lines[1].startswith("  random(response: str, prompt: str = ''")
    assert "  range: [0, 1]" in lines
    assert "  reads: response" in lines
    assert "  reads: prompt, default ''" in lines
    assert any("seeded by (seed, prompt, response)" in line for line in lines)


def test_show_prints_the_aliases_of_the_reference(own):
    text = show(plaudit.lift(lambda response, reference: 0.0))
    assert "  reads: reference (or reference_answer, solution, answer, ground_truth)" in text


def test_show_takes_what_cannot_be_loaded_yet(own):
    text = show(f"{own}:needs")
    assert "needs(response: str, *, size: int) -> float" in text
    assert "  reads: response" in text
    assert "range" not in text
    assert "(no documentation)" in text


def test_show_of_objects():
    assert show(load("rules.baseline.length", unit="chars")).startswith(
        "load('rules.baseline.length', unit='chars')\n  length("
    )
    clipped = build({"use": "combine.clip", "reward": LENGTH, "high": 1})
    assert show(clipped) == repr(clipped)
    assert "My own." not in show(plaudit.lift(lambda response: 0.0))


def test_show_of_factories_and_unknown_names(own):
    text = show("combine.clip")
    assert "clip(reward: Reward" in text
    assert "reads" not in text
    with pytest.raises(ConfigError, match="no reward"):
        show("rules.nothing")


def test_members_are_what_recipes_make():
    made = build(part(weight=3, optional=True)).parts["a"]
    assert isinstance(made, Member)
    assert (made.weight, made.optional, made.when) == (3, True, None)
