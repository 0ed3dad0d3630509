"""The judge, or the jury, that the options of `plaudit judge` name."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from plaudit.cli._reward import Chosen, importing, key_value, see_current_directory
from plaudit.errors import ConfigError

__all__ = ["Bench", "choose_judge", "judges_of", "without_way"]

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
# What changes how replies are got, and none of them.
_OF_THE_WAY = (
    "server", "journal", "api_key_env", "concurrency", "timeout_s", "deadline_s", "retries",
    "requests_per_minute", "tokens_per_minute", "prices", "max_cost", "max_calls",
)  # fmt: skip


class Bench(NamedTuple):
    """Who judges: the options that may be given several times, and how several are joined."""

    templates: Sequence[str] = ()
    models: Sequence[str] = ()
    servers: Sequence[str] = ()
    replays: Sequence[str] = ()
    vote_by: str | None = None
    weights: Sequence[float] | None = None
    min_jurors: int | None = None

    @property
    def num_jurors(self) -> int:
        """How many judges there are; servers alone share the load of one."""
        return max(len(self.templates), len(self.models), len(self.replays))

    def jurors(self) -> list[dict[str, Any]]:
        """What is each juror's own. Raises ConfigError for lists that do not go together."""
        num = self.num_jurors
        own: dict[str, Sequence[Any]] = {
            "template": self.templates, "model": self.models, "replay": self.replays,
        }  # fmt: skip
        if len(self.models) == num == len(self.servers):
            own["server"] = self.servers
        elif len(self.servers) > 1 and len(self.models) > 1:
            raise ConfigError(
                f"{len(self.servers)} --server for {len(self.models)} --model: give one for all, or"
                " one for each"
            )
        for name, values in own.items():
            if len(values) not in (0, 1, num):
                raise ConfigError(
                    f"{len(values)} --{name} for {num} jurors: give one for all, or one for each"
                )
        several = {name: values for name, values in own.items() if len(values) > 1}
        return [{name: values[n] for name, values in several.items()} for n in range(num)]

    def voting(self) -> dict[str, Any]:
        """How votes become one, as far as it is said."""
        names = ("vote_by", "weights", "min_jurors")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def shared(self) -> dict[str, Any]:
        """What all judges have in common."""
        single = {"model": self.models, "replay": self.replays}
        common: dict[str, Any] = {name: values[0] for name, values in single.items()
                                if len(values) == 1}  # fmt: skip
        is_each = len(self.models) == len(self.servers) > 1
        return common if is_each or not self.servers else {**common, "server": list(self.servers)}


def choose_judge(
    recipe: str | None,
    bench: Bench,
    votes: int | None,
    options: Mapping[str, Any],
    settings: Sequence[str] | None,
    allow: Sequence[str] | None,
    journal: str | None = None,
) -> Chosen:
    """The judge that a recipe or templates and the other options make.

    `journal` is the file of finished calls where servers are asked and no other is named.

    Raises: ConfigError.
    """
    from plaudit import registry

    if (recipe is None) == (not bench.templates):
        raise ConfigError(
            "name what to ask: --template NAME|FILE (`plaudit list templates` shows them) or"
            " --recipe FILE, one of the two"
        )
    name = recipe or ", ".join(bench.templates)
    node = _of_templates(bench, votes) if recipe is None else _of_recipe(recipe, bench, votes)
    node |= {key: value for key, value in options.items() if value is not None}
    for setting in settings or ():
        key, value = key_value(setting, "--set")
        node[key] = value
    if journal is not None and any("server" in one for one in (node, *node.get("judges", ()))):
        node.setdefault("journal", journal)
    if allow:
        see_current_directory()
    try:
        with importing(name):
            reward = registry.build(node, allow=["plaudit", *(allow or ())])
    except ConfigError as error:  # nobody wrote a recipe here
        raise error if recipe else ConfigError(str(error).removeprefix("recipe: ")) from None
    if not all(hasattr(one, "judge") for one in judges_of(reward)):
        raise ConfigError(
            f"{name}: {node['use']} is no judge and no jury; `plaudit score` takes any reward"
        )
    return Chosen(reward, name, node)


def judges_of(reward: Any) -> list[Any]:
    """The judges of a reward: its jurors, or itself; pairwise ones inside of their round robin."""
    return [getattr(one, "comparer", one) for one in getattr(reward, "jurors", (reward,))]


def without_way(node: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that make a judge's verdicts, without those of the way to them."""
    rest = {key: value for key, value in node.items() if key not in _OF_THE_WAY}
    if "judges" in rest:
        rest["judges"] = [without_way(one) for one in rest["judges"]]
    return rest


def _of_templates(bench: Bench, votes: int | None) -> dict[str, Any]:
    from plaudit.judges.template import load_template

    kinds = [load_template(template).kind for template in bench.templates]
    voting = bench.voting()
    if bench.num_jurors == 1:
        if bench.weights is not None or bench.min_jurors is not None:
            raise ConfigError("--weights and --min-jurors are for a jury: name several models")
        node = {"use": PATHS[kinds[0]], "template": bench.templates[0], **_votes(kinds[0], votes)}
    else:
        jurors = bench.jurors()
        node = {"use": _JURY, "judge": PATHS[kinds[0]], **_votes(kinds[0], votes)}
        if len(bench.templates) == 1:
            node["template"] = bench.templates[0]
        else:
            paths = [{"judge": PATHS[kind], **_votes(kind, votes)} for kind in kinds]
            jurors = [{**own, **path} for own, path in zip(jurors, paths, strict=True)]
        node["judges"] = jurors
    return {**node, **voting, **bench.shared()}


def _votes(kind: str, votes: int | None) -> dict[str, Any]:
    return {} if votes is None else {_VOTES.get(kind, "votes"): votes}


def _of_recipe(recipe: str, bench: Bench, votes: int | None) -> dict[str, Any]:
    from plaudit import registry

    if bench.num_jurors > 1 or votes is not None:
        raise ConfigError(
            "--recipe names its own jurors and votes; give --model, --replay once at most, and no"
            " --votes"
        )
    node = copy.deepcopy(dict(registry.read_recipe(recipe)))
    return {**node, **bench.shared(), **bench.voting()}
