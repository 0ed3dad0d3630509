"""The judge, or the jury, that the options of `plaudit judge` name."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from plaudit import offers
from plaudit.cli._reward import ChosenReward, importing, key_value, see_current_directory
from plaudit.engines.options import ServerOptions
from plaudit.errors import ConfigError
from plaudit.options import Option, names_in

if TYPE_CHECKING:
    from plaudit.cli.judge import JudgeOptions
    from plaudit.judges._judge import JudgeReward
    from plaudit.types import Reward

__all__ = ["JurorOptions", "choose_judge", "judges_of", "without_way"]

PATHS: Mapping[str, str] = {
    "pairwise": "judges.pairwise.pairwise",
    "pointwise": "judges.pointwise.rating",
    "listwise": "judges.listwise.listwise",
    "verifier": "judges.verifier.verifier",
    "reference": "judges.reference.correct",
    "rubric": "judges.rubric.rubric",
}
_JURY = "judges.jury.jury"
_VOTES = {"pointwise": "samples", "verifier": "rationales"}
_OF_THE_WAY = ("server", *names_in(ServerOptions))  # they change how replies are got, no reply


@dataclass(frozen=True, kw_only=True)
class JurorOptions:
    """Who judges: options that may be given several times, and how several are joined."""

    template: Annotated[
        list[str] | None,
        Option("A shipped template or a YAML file. Several make a jury.", "NAME|FILE", short="-t"),
    ] = None
    recipe: Annotated[
        str | None, Option("A judge or a jury of its own, as YAML.", "FILE", short="-r")
    ] = None
    server: Annotated[
        list[str] | None,
        Option(
            "An OpenAI-compatible server, as http://127.0.0.1:8000/v1. Several share the"
            " load; with as many models, each serves the model of its place.",
            "URL",
        ),
    ] = None
    model: Annotated[
        list[str] | None,
        Option(
            "The served model; without --server a directory or hf:ORG/NAME, loaded here."
            " Several make a jury.",
            "NAME",
        ),
    ] = None
    replay: Annotated[
        list[str] | None,
        Option(
            "Recorded replies in the place of a model: a journal of calls, or a column."
            " Several make a jury.",
            "FILE|column:NAME",
        ),
    ] = None
    vote_by: Annotated[
        str | None,
        Option("How votes, or the jurors of a jury, are joined.", "mean|majority|median"),
    ] = None
    weights: Annotated[str | None, Option("What each juror's vote weighs.", "W,W,...")] = None
    min_jurors: Annotated[
        int | None, Option("Fewer verdicts leave it unscored; more than half.", "N", least=1)
    ] = None

    @property
    def lists(self) -> dict[str, Sequence[str]]:
        """What may be given several times, by the judge's parameter that each is."""
        names = ("template", "model", "replay", "server")
        return {name: getattr(self, name) or () for name in names}

    @property
    def num_jurors(self) -> int:
        """How many judges there are; servers alone share the load of one."""
        return max(len(values) for name, values in self.lists.items() if name != "server")

    def by_juror(self) -> list[dict[str, object]]:
        """What is each juror's own. Raises ConfigError for lists that do not go together."""
        num, own = self.num_jurors, self.lists
        models, servers = own["model"], own.pop("server")
        if len(models) == num == len(servers):
            own["server"] = servers
        elif len(servers) > 1 and len(models) > 1:
            raise ConfigError(
                f"{len(servers)} --server for {len(models)} --model: give one for all, or"
                " one for each"
            )
        for name, values in own.items():
            if len(values) not in (0, 1, num):
                raise ConfigError(
                    f"{len(values)} --{name} for {num} jurors: give one for all, or one for each"
                )
        several = {name: values for name, values in own.items() if len(values) > 1}
        return [{name: values[n] for name, values in several.items()} for n in range(num)]

    def voting(self) -> dict[str, object]:
        """How votes become one, as far as it is given. Raises ConfigError for other weights."""
        weights = None if self.weights is None else _weights(self.weights)
        voting = {"vote_by": self.vote_by, "weights": weights, "min_jurors": self.min_jurors}
        return {name: value for name, value in voting.items() if value is not None}

    def shared(self) -> dict[str, object]:
        """What all judges have in common."""
        lists = self.lists
        common: dict[str, object] = {name: lists[name][0] for name in ("model", "replay")
                                  if len(lists[name]) == 1}  # fmt: skip
        servers = lists["server"]
        is_each = len(lists["model"]) == len(servers) > 1
        return common if is_each or not servers else {**common, "server": list(servers)}


def choose_judge(options: JudgeOptions) -> ChosenReward:
    """The judge that a recipe or templates and the other options make.

    Where servers are asked, and no journal is named, finished calls are kept beside the output.

    Raises: ConfigError.
    """
    from plaudit import registry

    jurors, votes, allow = options.jurors, options.votes, options.allow_import
    templates, recipe = jurors.template or (), jurors.recipe
    if (recipe is None) == (not templates):
        raise ConfigError(
            "name what to ask: --template NAME|FILE (`plaudit list templates` shows them) or"
            " --recipe FILE, one of the two"
        )
    name = recipe or ", ".join(templates)
    node = _of_templates(jurors, votes) if recipe is None else _of_recipe(recipe, jurors, votes)
    node |= _params(options)
    for setting in options.settings or ():
        key, value = key_value(setting, "--set")
        node[key] = value
    asks = any("server" in one for one in (node, *node.get("judges", ())))
    if asks and options.output not in (None, "-"):
        node.setdefault("journal", f"{options.output}.calls.jsonl")
    if allow:
        see_current_directory()
    try:
        with importing(name):
            reward = registry.build(node, allow=["plaudit", *(allow or ())])
    except ConfigError as error:  # nobody wrote a recipe here
        raise error if recipe else ConfigError(str(error).removeprefix("recipe: ")) from None
    if not judges_of(reward):
        raise ConfigError(
            f"{name}: {node['use']} is neither a judge nor a jury; `plaudit score` takes any reward"
        )
    return ChosenReward(reward, name, node)


def judges_of(reward: Reward) -> list[JudgeReward]:
    """The judges of a reward: its jurors, or itself; pairwise ones inside of their round robin.

    Empty where one of these is no judge.
    """
    from plaudit.judges._judge import JudgeReward

    members = [offers.comparer_of(juror) for juror in offers.jurors_of(reward)]
    judges: list[JudgeReward] = [one for one in members if isinstance(one, JudgeReward)]
    return judges if len(judges) == len(members) else []


def without_way(node: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that make a judge's verdicts, without those of the way to them."""
    rest = {key: value for key, value in node.items() if key not in _OF_THE_WAY}
    if "judges" in rest:
        rest["judges"] = [without_way(one) for one in rest["judges"]]
    return rest


def _of_templates(jurors: JurorOptions, votes: int | None) -> dict[str, Any]:
    from plaudit.judges.template import load_template

    templates = jurors.lists["template"]
    kinds = [load_template(template).kind for template in templates]
    if jurors.num_jurors == 1:
        if jurors.weights is not None or jurors.min_jurors is not None:
            raise ConfigError("--weights and --min-jurors are for a jury: name several models")
        node = {"use": PATHS[kinds[0]], "template": templates[0], **_votes(kinds[0], votes)}
    else:
        rows = jurors.by_juror()
        node = {"use": _JURY, "judge": PATHS[kinds[0]], **_votes(kinds[0], votes)}
        if len(templates) == 1:
            node["template"] = templates[0]
        else:
            paths = [{"judge": PATHS[kind], **_votes(kind, votes)} for kind in kinds]
            rows = [{**row, **path} for row, path in zip(rows, paths, strict=True)]
        node["judges"] = rows
    return {**node, **jurors.voting(), **jurors.shared()}


def _votes(kind: str, votes: int | None) -> dict[str, object]:
    return {} if votes is None else {_VOTES.get(kind, "votes"): votes}


def _params(options: JudgeOptions) -> dict[str, Any]:
    """The parameters of every judge, as far as they are given."""
    own = {"read": options.read, "orders": options.orders}
    params: dict[str, Any] = {name: value for name, value in own.items() if value is not None}
    params |= {**options.sampling, **options.servers}
    if "prices" in params:
        params["prices"] = _prices(params["prices"])
    return params


def _of_recipe(recipe: str, jurors: JurorOptions, votes: int | None) -> dict[str, Any]:
    from plaudit import registry

    if jurors.num_jurors > 1 or votes is not None:
        raise ConfigError(
            "--recipe names its own jurors and votes; give --model, --replay once at most, and no"
            " --votes"
        )
    node = copy.deepcopy(dict(registry.read_recipe(recipe)))
    return {**node, **jurors.shared(), **jurors.voting()}


def _prices(listed: str) -> dict[str, float]:
    """The prices in ``IN,OUT``.

    >>> _prices("0.5,1.5")
    {'prompt': 0.5, 'completion': 1.5}
    """
    try:
        prompt, completion = map(float, listed.split(","))
    except ValueError:
        raise ConfigError(
            f"--prices {listed!r}: write two numbers, the prices of a million tokens, as 0.5,1.5"
        ) from None
    return {"prompt": prompt, "completion": completion}


def _weights(listed: str) -> list[float]:
    """The numbers in ``W,W,...``.

    >>> _weights("2,1,0.5")
    [2.0, 1.0, 0.5]
    """
    try:
        return [float(weight) for weight in listed.split(",")]
    except ValueError:
        raise ConfigError(
            f"--weights {listed!r}: write numbers, one for each juror, as 2,1"
        ) from None
