"""Options are fields: each is on the command line once, and comes back as it was written."""

import dataclasses
import inspect
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from plaudit.cli import bench, compare, explain, judge, probe, report, score, select
from plaudit.cli._judges import choose_judge
from plaudit.cli._options import Fields, flag, options_in, takes_options
from plaudit.data.options import PreferenceOptions, PromptsOptions, SftOptions
from plaudit.data.selection import Preference, Prompts, Sft
from plaudit.engines.options import SamplingOptions, ServerOptions
from plaudit.errors import ConfigError
from plaudit.judges import Backend
from plaudit.options import Option, changed, takes

LIBRARY = (SamplingOptions, ServerOptions, PreferenceOptions, SftOptions, PromptsOptions)
VERBS = {
    score: score.ScoreOptions,
    judge: judge.JudgeOptions,
    select: select.SelectOptions,
    compare: compare.CompareOptions,
    explain: explain.ExplainOptions,
    probe: probe.ProbeOptions,
    bench: bench.BenchOptions,
    report: report.ReportOptions,
}


@dataclass(frozen=True)
class Library:
    """Options of a library, of which `hidden` is on no command line."""

    ratio: Annotated[float, Option("A ratio.")] = 0.5
    names: Annotated[tuple[str, ...], Option("Names.", "NAME", name="only")] = ("a", "b")
    is_strict: Annotated[bool, Option("Strict.")] = False
    table: Annotated[Mapping[str, float], Option("A table.")] = dataclasses.field(
        default_factory=dict
    )
    hidden: int = 3


@dataclass(frozen=True, kw_only=True)
class Inner:
    """A group of options."""

    depth: Annotated[int, Option("Depth.", short="-d", least=1)] = 1


@dataclass(frozen=True, kw_only=True)
class Outer:
    """Options of every kind."""

    path: Annotated[str, typer.Argument()]
    to: Annotated[str, Option("Where to.")]
    inner: Inner
    of_library: Annotated[Mapping[str, Any], Fields(Library, "Of the library")]
    limit: Annotated[int | None, Option("How many.", "N")] = None


@pytest.fixture
def parse():
    """The options that words make."""

    def parsed(*words):
        options = []

        @takes_options(Outer)
        def run(outer):
            options.append(outer)

        app = typer.Typer()
        app.command()(run)
        result = CliRunner().invoke(app, list(words))
        return options[0] if options else result

    return parsed


def test_what_is_not_written_has_its_default_and_the_library_is_told_nothing(parse):
    assert parse("p", "--to", "x") == Outer(path="p", to="x", inner=Inner(), of_library={})


def test_what_is_written_comes_back(parse):
    words = ["p", "--to", "x", "-d", "4", "--ratio", "0", "--only", "u", "--only", "v"]
    outer = parse(*words, "--is-strict", "--table", "1,2", "--limit", "9")
    assert outer.inner == Inner(depth=4)
    assert outer.limit == 9
    assert outer.of_library == {
        "ratio": 0.0,
        "names": ("u", "v"),
        "is_strict": True,
        "table": "1,2",
    }


@pytest.mark.parametrize(
    ("words", "culprit"),
    [
        (["p"], "--to"),
        (["--to", "x"], "PATH"),
        (["p", "--to", "x", "--depth", "0"], "--depth"),
        (["p", "--to", "x", "--hidden", "1"], "--hidden"),
        (["p", "--to", "x", "--ratio", "much"], "--ratio"),
        (["p", "--to", "x", "--no-is-strict"], "--no-is-strict"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(words, culprit, parse):
    result = parse(*words)
    assert result.exit_code == 2
    assert culprit in result.output.replace("{path}", "").replace("path", "PATH")


def test_help_lists_a_group_at_its_place_and_the_library_under_its_heading(parse):
    output = parse("--help").output
    places = [output.index(name) for name in ("--to", "--depth", "--limit", "Of the library")]
    assert places == sorted(places)
    assert output.index("--ratio") > places[-1]
    assert "--hidden" not in output


def test_a_default_that_a_factory_makes_is_no_change_and_stands_in_the_signature():
    @takes(Library)
    def library(**params):
        return Library(**params)

    assert changed(Library()) == changed(library()) == {}
    assert changed(Library(table={"a": 1.0}, ratio=0.1)) == {"ratio": 0.1, "table": {"a": 1.0}}
    assert inspect.signature(library).parameters["table"].default == {}


def test_a_required_field_of_the_library_may_be_left_out(parse):
    assert "at_least" in options_in(SftOptions)
    with pytest.raises(TypeError):
        SftOptions()


# --- the verbs ------------------------------------------------------------------------------------


def flags_of(kind):
    """How every option of a dataclass is written, groups and the library's included."""
    for name, hint in typing.get_type_hints(kind, include_extras=True).items():
        metadata = getattr(hint, "__metadata__", ())
        if dataclasses.is_dataclass(hint):
            yield from flags_of(hint)
        for one in metadata:
            if isinstance(one, Fields):
                yield from (flag(own, option) for own, (_, option) in options_in(one.kind).items())
            elif isinstance(one, Option):
                yield flag(name, one)
            elif isinstance(one, typer.models.OptionInfo):
                named = [one.default, *(one.param_decls or ())]
                long = [word for word in named if isinstance(word, str) and word[:2] == "--"]
                yield long[0] if long else f"--{name.replace('_', '-')}"


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__.rpartition(".")[2])
def test_every_field_is_an_option_once(verb):
    app = typer.Typer()
    app.command()(verb.run)
    command = typer.main.get_command(app)
    written = [word for param in command.params for word in param.opts if word[:2] == "--"]
    fields = [*flags_of(VERBS[verb])]
    others = {"--help", "--install-completion", "--show-completion"}
    assert sorted(fields) == sorted(word for word in written if word not in others)


@pytest.mark.parametrize("kind", [*VERBS.values(), *LIBRARY], ids=lambda kind: kind.__name__)
def test_options_are_frozen(kind):
    assert kind.__dataclass_params__.frozen


@pytest.mark.parametrize(
    ("rule", "kind"),
    [(Preference, PreferenceOptions), (Sft, SftOptions), (Prompts, PromptsOptions)],
)
def test_a_rule_of_selection_takes_its_options_and_a_seed(rule, kind):
    names = [field.name for field in dataclasses.fields(rule)]
    assert names == [*(field.name for field in dataclasses.fields(kind)), "seed"]
    assert {*options_in(kind)} == {*names} - {"seed"}


def test_a_backend_takes_what_servers_and_sampling_take():
    names = {field.name for field in dataclasses.fields(Backend)}
    assert {*options_in(SamplingOptions), *options_in(ServerOptions)} < names


# --- the judge ------------------------------------------------------------------------------------


def judged(*words):
    """The recipe of the judge that words name."""
    recipes = []

    @takes_options(judge.JudgeOptions)
    def run(options):
        recipes.append(choose_judge(options).recipe)

    app = typer.Typer()
    app.command()(run)
    result = CliRunner().invoke(app, ["in.jsonl", *words])
    if result.exception is not None:
        raise result.exception
    return recipes[0]


REPLAY = ("--template", "pairwise", "--replay", "column:replies")


def test_options_of_the_judge_reach_its_recipe_zeros_too():
    recipe = judged(*REPLAY, "--temperature", "0", "--seed", "0", "--votes", "1", "--read", "text")
    assert {name: recipe[name] for name in ("temperature", "seed", "votes", "read")} == {
        "temperature": 0.0, "seed": 0, "votes": 1, "read": "text",
    }  # fmt: skip
    assert "max_tokens" not in recipe


def test_prices_and_the_journal_of_a_server(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    server = ("--template", "pairwise", "--server", "http://127.0.0.1:9/v1", "--model", "m")
    recipe = judged(*server, "--prices", "0.5,1.5", "--max-cost", "2", "-o", "out.jsonl")
    assert recipe["prices"] == {"prompt": 0.5, "completion": 1.5}
    assert recipe["journal"] == "out.jsonl.calls.jsonl"
    assert judged(*server, "-o", "-").get("journal") is None
    assert judged(*server, "-o", "o", "--journal", "j")["journal"] == "j"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ((*REPLAY, "--prices", "1"), "--prices '1': write two numbers"),
        ((*REPLAY, "--weights", "1,1"), "--weights and --min-jurors are for a jury"),
        ((*REPLAY, *REPLAY, "--weights", "1,x"), "--weights '1,x': write numbers"),
        (("--replay", "column:replies"), "name what to ask"),
        ((*REPLAY, "--retry-unscored", "--keep-unscored"), "exclude each other"),
    ],
)
def test_options_of_the_judge_that_do_not_fit(words, error):
    with pytest.raises(ConfigError, match=error):
        judged(*words)
