"""`plaudit select`: judged or scored groups become training data."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, cast

import typer

import plaudit
from plaudit.cli._console import console, number, spelled_as_options, stderr, table, text
from plaudit.cli._progress import Meter, count_rows
from plaudit.cli._reward import Columns, KeepEndMarks, Limit, Overwrite
from plaudit.cli._summary import Messages
from plaudit.errors import ConfigError, DataError, did_you_mean

if TYPE_CHECKING:
    from plaudit.data.balance import Balance, Facts
    from plaudit.data.judged import Judged
    from plaudit.data.overlap import EvalPrompts, Seen
    from plaudit.data.selection import Funnel, Pick, SelectionRule

__all__ = ["run"]

_OWN = {
    "preference": (
        "strategy", "min_margin", "max_margin", "min_agreement", "parts", "max_length_ratio",
        "max_pairs",
    ),
    "sft": (
        "at_least", "cap", "prefer", "max_other_script", "max_paragraph_chars", "no_code_in_think",
    ),
    "rl-prompts": ("pass_at", "min_rate", "max_rate"),
}  # fmt: skip
_SPELLED = {"parts": "--agreement-part"}
_PREFERENCE, _SFT, _RL = (f"--to {name}" for name in _OWN)
_TOLD_EVERY = 256
_MISSING = "(none)"


def run(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="Rows with their rewards; as for `plaudit score`."),
    ],
    to: Annotated[str, typer.Option("--to", metavar="KIND", help="preference, sft or rl-prompts.")],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="Training rows: .jsonl, .jsonl.gz, .parquet, .csv; - for standard output."
            " Without it only the counts are printed.",
        ),
    ] = None,
    layout: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="plaudit, trl, trl-chat, llama-factory, llama-factory-sharegpt, openrlhf, verl.",
        ),
    ] = "plaudit",
    reward_column: Annotated[
        str, typer.Option(metavar="COLUMN", help="Where the rewards stand.")
    ] = "reward",
    group_by: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Join rows of equal value; `prompt` for the prompt."),
    ] = None,
    columns: Columns = None,
    keep_end_marks: KeepEndMarks = False,
    strategy: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="best-vs-worst, best-vs-random or all-pairs.",
            rich_help_panel=_PREFERENCE,
        ),
    ] = None,
    min_margin: Annotated[
        float | None,
        typer.Option(help="Least difference of the rewards.", rich_help_panel=_PREFERENCE),
    ] = None,
    max_margin: Annotated[
        float | None, typer.Option(help="Largest difference.", rich_help_panel=_PREFERENCE)
    ] = None,
    min_agreement: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Least share of votes for the chosen one; 1: both orders of a pairwise judge.",
            rich_help_panel=_PREFERENCE,
        ),
    ] = None,
    agreement_part: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PART",
            help="The parts that vote instead of forward and backward. Repeatable.",
            rich_help_panel=_PREFERENCE,
        ),
    ] = None,
    max_length_ratio: Annotated[
        float | None,
        typer.Option(
            help="The longer over the shorter, in characters.", rich_help_panel=_PREFERENCE
        ),
    ] = None,
    max_pairs: Annotated[
        int | None, typer.Option(help="Pairs of one prompt (1).", rich_help_panel=_PREFERENCE)
    ] = None,
    at_least: Annotated[
        float | None, typer.Option(help="Least reward; required.", rich_help_panel=_SFT)
    ] = None,
    cap: Annotated[
        int | None, typer.Option(help="Responses of one prompt (4).", rich_help_panel=_SFT)
    ] = None,
    prefer: Annotated[
        str | None,
        typer.Option(metavar="WHICH", help="random or best, under the cap.", rich_help_panel=_SFT),
    ] = None,
    max_other_script: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="Words in another script than due.", rich_help_panel=_SFT
        ),
    ] = None,
    max_paragraph_chars: Annotated[
        int | None, typer.Option(help="Longest paragraph.", rich_help_panel=_SFT)
    ] = None,
    no_code_in_think: Annotated[
        bool,
        typer.Option(
            "--no-code-in-think", help="No code block in the think part.", rich_help_panel=_SFT
        ),
    ] = False,
    pass_at: Annotated[
        float | None, typer.Option(help="The reward of a right answer (1).", rich_help_panel=_RL)
    ] = None,
    min_rate: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Least pass rate.", rich_help_panel=_RL)
    ] = None,
    max_rate: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Largest pass rate.", rich_help_panel=_RL)
    ] = None,
    dedup: Annotated[
        str | None, typer.Option(metavar="HOW", help="Drop repeated prompts: exact or near.")
    ] = None,
    near: Annotated[
        float | None, typer.Option(metavar="SHARE", help="How alike near is (0.8).")
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Drop prompts that overlap these. Repeatable."),
    ] = None,
    against_share: Annotated[
        float, typer.Option(metavar="SHARE", help="How much of an evaluation prompt is overlap.")
    ] = 0.5,
    max_share: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=SHARE", help="No value of the column beyond the share. Repeatable."
        ),
    ] = None,
    balance: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Count the values of a column. Repeatable."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of every draw.")] = 0,
    summary: Annotated[
        str | None,
        typer.Option(metavar="FILE.json", help="The counts as JSON (OUT.summary.json)."),
    ] = None,
    limit: Limit = None,
    overwrite: Overwrite = False,
) -> None:
    """Make training data from scored rows: preference pairs, SFT samples or RL prompts.

    A response without a score is never picked; one at fault is never chosen. Everything that is
    dropped is counted under its reason. Each row tells in `provenance` where it is from and why it
    was taken.

    Exit codes: 0; 1 some rows were bad, or nothing was selected (no output is written then); 2 the
    command line is wrong; 4 reading or writing failed; 130 interrupted, nothing is left behind.
    """
    from plaudit.cli._reward import columns_of
    from plaudit.data.trainer import layout as layout_of

    given = {
        "strategy": strategy, "min_margin": min_margin, "max_margin": max_margin,
        "min_agreement": min_agreement, "parts": tuple(agreement_part) if agreement_part else None,
        "max_length_ratio": max_length_ratio, "max_pairs": max_pairs, "at_least": at_least,
        "cap": cap, "prefer": prefer, "max_other_script": max_other_script,
        "max_paragraph_chars": max_paragraph_chars, "no_code_in_think": no_code_in_think or None,
        "pass_at": pass_at, "min_rate": min_rate, "max_rate": max_rate,
    }  # fmt: skip
    shares = _shares(max_share)
    job = _Job(
        source=_Source(
            inputs,
            columns_of(columns),
            reward_column,
            group_by,
            limit,
            keep_end_marks=keep_end_marks,
        ),
        rule=_rule(to, {k: v for k, v in given.items() if v is not None}, seed),
        made=_Made(layout_of(layout, to), to, reward_column, seed, [*shares, *(balance or ())]),
        shares=shares,
        seen=_seen(dedup, near),
        known=_known(against, against_share),
    )
    summary = _free(summary, output, overwrite=overwrite)
    try:
        job.run(output, overwrite=overwrite)
    except KeyboardInterrupt:
        stderr("interrupted; nothing is written")
        raise typer.Exit(130) from None
    job.tell(output, summary)
    raise typer.Exit(1 if job.source.problems or not job.num_selected else 0)


# --- options --------------------------------------------------------------------------------------


def _rule(to: str, given: Mapping[str, Any], seed: int) -> SelectionRule:
    """The rule that the options make; those of another kind are refused."""
    from plaudit.data.selection import Preference, Prompts, Sft

    if to not in _OWN:
        raise ConfigError(f"--to {to!r}{did_you_mean(to, _OWN)}; one of {', '.join(_OWN)}")
    for name in given:
        if name not in _OWN[to]:
            owner = next(kind for kind, names in _OWN.items() if name in names)
            spelled = _SPELLED.get(name, f"--{name.replace('_', '-')}")
            raise ConfigError(f"{spelled} is for --to {owner}, not --to {to}")
    if to == "sft" and "at_least" not in given:
        raise ConfigError("--to sft needs --at-least, the reward from which a response is good")
    kinds = {"preference": Preference, "sft": Sft, "rl-prompts": Prompts}
    return kinds[to](**given, seed=seed)


def _seen(dedup: str | None, near: float | None) -> Seen | None:
    from plaudit.data.overlap import Seen

    if dedup not in (None, "exact", "near"):
        raise ConfigError(f"--dedup {dedup!r}: exact or near")
    if near is not None and dedup != "near":
        raise ConfigError("--near needs --dedup near")
    if dedup is None:
        return None
    return Seen(near=None if dedup == "exact" else 0.8 if near is None else near)


def _known(places: Sequence[str] | None, share: float) -> EvalPrompts | None:
    """The evaluation prompts, read at once."""
    from plaudit.data.judged import prompts_of
    from plaudit.data.overlap import EvalPrompts
    from plaudit.data.read import read

    if not places:
        return None
    known = EvalPrompts(min_share=share)
    for name, prompt in prompts_of(read(places)):
        known.add(name, prompt)
    if not len(known):
        raise ConfigError(f"--against {' '.join(places)}: no prompt in it")
    return known


def _shares(settings: Sequence[str] | None) -> dict[str, float]:
    """The shares of ``--max-share COLUMN=SHARE``.

    >>> _shares(["source=0.3"])
    {'source': 0.3}
    """
    shares = {}
    for setting in settings or ():
        name, _, value = setting.rpartition("=")
        try:
            share = float(value)
        except ValueError:
            share = 0.0
        if not name or not 0 < share <= 1:
            raise ConfigError(f"--max-share {setting!r}: write COLUMN=SHARE, as source=0.3")
        shares[name] = share
    return shares


def _free(summary: str | None, output: str | None, *, overwrite: bool) -> str | None:
    """Where the counts go as JSON, if they can be written there; beside the output they just do."""
    if summary is None:
        return None if output in (None, "-") else f"{output}.summary.json"
    if os.path.exists(summary) and not overwrite:
        raise ConfigError(f"{summary}: exists; --overwrite replaces it")
    if not os.path.isdir(parent := os.path.dirname(summary) or "."):
        raise ConfigError(f"{summary}: the directory {parent!r} does not exist")
    return summary


# --- rows in --------------------------------------------------------------------------------------


@dataclass
class _Source:
    """The judged groups of the inputs; what cannot be read is kept in `problems`."""

    inputs: Sequence[str]
    columns: Mapping[str, str]
    reward_column: str
    group_by: str | None
    limit: int | None
    keep_end_marks: bool = False
    problems: Messages = field(default_factory=Messages)
    num_rows: int = 0

    def groups(self, funnel: Funnel) -> Iterator[Judged]:
        """Every prompt with its responses."""
        from plaudit.data.judged import grouped, key_of

        if self.group_by is None:
            yield from self._rows(funnel)
            return
        is_read_twice = all(
            place.startswith("hf:") or os.path.isfile(place) or os.path.isdir(place)
            for place in self.inputs
        )
        sizes = self._sizes() if is_read_twice else None
        yield from grouped(self._rows(funnel), key_of(self.group_by), sizes)

    def _sizes(self) -> Mapping[bytes, int]:
        """How many rows each group has: a first pass over the input."""
        from collections import Counter

        from plaudit.data.judged import key_of

        key = key_of(cast(str, self.group_by))
        return Counter(key(one) for one in self._read(lambda error: None))

    def _rows(self, funnel: Funnel) -> Iterator[Judged]:
        def on_error(error: DataError) -> None:
            funnel.drop("rows", "bad row")
            self.problems.add(error.where, spelled_as_options(str(error.at(""))))

        with Meter(count_rows(self.inputs, self.limit)) as meter:
            yield from self._read(on_error, lambda: self._came(funnel, meter))

    def _came(self, funnel: Funnel, meter: Meter) -> None:
        from plaudit.run import Progress

        funnel.take("rows")
        self.num_rows += 1
        if self.num_rows % _TOLD_EVERY == 0:
            meter.update(Progress(rows=self.num_rows))

    def _read(self, on_error: Any, on_row: Any = lambda: None) -> Iterator[Judged]:
        from plaudit.data.judged import judged, key_of
        from plaudit.data.read import read

        key = key_of(self.group_by) if self.group_by else None
        rows = read(
            self.inputs,
            columns=self.columns,
            limit=self.limit,
            keep_end_marks=self.keep_end_marks,
        )
        for place, row in enumerate(rows):
            on_row()
            if place == 0:
                self._check_column(row.raw)
            try:
                one = judged(row, self.reward_column)
                if key is not None:
                    key(one)
            except DataError as error:
                on_error(error)
            else:
                yield one

    def _check_column(self, raw: Mapping[str, Any]) -> None:
        """A column that the first row lacks is a mistake of the command line."""
        name = self.reward_column
        if raw and name not in raw and f"{name}_error" not in raw:
            raise ConfigError(
                f"the rows have no column {name!r}{did_you_mean(name, raw)}; they have"
                f" {', '.join(raw)}; --reward-column names the one with the rewards"
            )


# --- rows out -------------------------------------------------------------------------------------


@dataclass
class _Made:
    """Picks as rows of a layout, with their provenance and what a report needs of them."""

    layout: Any
    to: str
    reward_column: str
    seed: int
    counted: Sequence[str]

    def row(self, pick: Pick, rule: SelectionRule) -> dict[str, Any]:
        """The row. Raises DataError where the layout cannot hold the pick."""
        row = self.layout(pick)
        told = {
            "plaudit": plaudit.__version__,
            "input": pick.judged.source,
            "rows": sorted({member.row for member in self._members(pick)}),
            "reward_column": self.reward_column,
            "strategy": getattr(rule, "strategy", self.to),
            "seed": self.seed,
            **pick.figures,
        }
        place = row.get("extra_info", row)  # verl keeps all that is its user's there
        place["provenance"] = told
        return row

    def _members(self, pick: Pick) -> Iterable[Any]:
        if pick.chosen is None:
            return pick.judged.members
        return [member for member in (pick.chosen, pick.rejected) if member is not None]

    def draw(self, pick: Pick) -> int:
        """A seeded hash of prompt and responses."""
        from plaudit.combine import seeded_hash
        from plaudit.data.judged import spoken

        sides = [member.text for member in (pick.chosen, pick.rejected) if member is not None]
        return seeded_hash(self.seed, spoken(pick.judged.prompt), *sides)

    def facts(self, pick: Pick) -> Facts:
        """Lengths, script, order and columns of a pick."""
        from plaudit.data.balance import Facts, main_script
        from plaudit.data.judged import spoken

        chosen, rejected = pick.chosen, pick.rejected
        own = {} if chosen is None else chosen.response.columns
        known = {**pick.judged.columns, **own}
        return Facts(
            None if chosen is None else len(chosen.text),
            None if rejected is None else len(rejected.text),
            main_script(spoken(pick.judged.prompt)),
            None if chosen is None or rejected is None else _stood_first(chosen, rejected),
            {name: _named(known.get(name)) for name in self.counted},
        )


class _Line(NamedTuple):
    """A row to write, what a report needs of it, and its place in the order of a draw."""

    row: dict[str, Any]
    facts: Facts
    draw: int


def _stood_first(chosen: Any, rejected: Any) -> bool:
    return (chosen.row, chosen.place) < (rejected.row, rejected.place)


def _named(value: Any) -> str:
    return _MISSING if value is None else value if isinstance(value, str) else json.dumps(value)


@dataclass
class _Job:
    """One run of the verb."""

    source: _Source
    rule: SelectionRule
    made: _Made
    shares: Mapping[str, float]
    seen: Seen | None
    known: EvalPrompts | None
    num_selected: int = 0
    misfits: Messages = field(default_factory=Messages)

    def __post_init__(self) -> None:
        from plaudit.data.balance import Balance
        from plaudit.data.selection import Funnel

        self.funnel: Funnel = Funnel()
        self.balance: Balance = Balance()

    def run(self, output: str | None, *, overwrite: bool) -> None:
        """Selects and writes."""
        from plaudit.data.rowfile import RowFile

        file = None if output is None else RowFile(output, overwrite=overwrite)
        with file or contextlib.nullcontext():
            rows = self._rows()
            for line in self._held(rows) if self.shares else rows:
                if file is not None:
                    file.write_row(line.row)
                self.balance.add(line.facts)
                self.num_selected += 1
        if file is not None and file.num_replaced:
            stderr(f"{file.num_replaced:,} characters that {output} cannot hold are escaped")

    def _picks(self) -> Iterator[Pick]:
        from plaudit.data.selection import select

        groups = self.source.groups(self.funnel)
        with contextlib.closing(groups):  # type: ignore[type-var]
            yield from select(
                groups, self.rule, funnel=self.funnel, seen=self.seen, known=self.known
            )

    def _rows(self) -> Iterator[_Line]:
        for pick in self._picks():
            try:
                row = self.made.row(pick, self.rule)
            except DataError as error:
                self.funnel.drop(self.rule.unit, "does not fit the layout")
                self.misfits.add(pick.judged.where, str(error.at("")))
            else:
                yield _Line(row, self.made.facts(pick), self.made.draw(pick))

    def _held(self, lines: Iterable[_Line]) -> Iterator[_Line]:
        """The rows that stay when each value is held to its share; all wait in a temporary file."""
        from plaudit.data.balance import within_shares
        from plaudit.data.jsontext import dumps, loads

        found: list[Facts] = []
        order = array("Q")
        with tempfile.TemporaryFile() as spool:
            for line in lines:
                spool.write(dumps(line.row) + b"\n")
                found.append(line.facts)
                order.append(line.draw)
            columns = {name: [facts.columns[name] for facts in found] for name in self.shares}
            gone = within_shares(columns, self.shares, order)
            spool.seek(0)
            for held, facts, draw, why in zip(spool, found, order, gone, strict=True):
                if why is None:
                    yield _Line(loads(held), facts, draw)
                else:
                    self.funnel.drop(self.rule.unit, f"over the share of {why}")

    # --- the end of a run -------------------------------------------------------------------------

    def tell(self, output: str | None, summary: str | None) -> None:
        """Prints the tables and writes them as JSON."""
        out = console(stderr=output == "-")
        out.print(_funnel_table(self.funnel.report()), crop=False)
        out.print(_balance_table(self.balance.report()), crop=False)
        for title, messages in (
            ("bad rows", self.source.problems), ("rows that do not fit", self.misfits),
        ):  # fmt: skip
            if lines := messages.lines():
                out.print(text(f"{title}:", "bold"))
                out.print(text("\n".join(f"  {line}" for line in lines)))
        if not self.num_selected:
            stderr(f"plaudit: nothing was selected{self._hint()}")
        if summary is not None:
            with open(summary, "w", encoding="utf-8") as file:
                json.dump(self._report(), file, indent=1, ensure_ascii=False)
                file.write("\n")

    def _report(self) -> Mapping[str, Any]:
        return {
            "plaudit": plaudit.__version__,
            "inputs": list(self.source.inputs),
            "rule": repr(self.rule),
            "selected": self.num_selected,
            "funnel": self.funnel.report(),
            "balance": self.balance.report(),
        }

    def _hint(self) -> str:
        taken = self.funnel.taken
        is_single = taken.get("responses", 0) == taken.get("prompts", 0) > 0
        if is_single and self.rule.unit != "samples" and self.source.group_by is None:
            return ": every row has one response; --group-by prompt joins the rows of a prompt"
        return ""


def _funnel_table(told: Mapping[str, Any]) -> Any:
    made = table("", "in", "dropped", "left", numeric=("in", "dropped", "left"))
    for unit, counts in told.items():
        dropped = sum(counts["dropped"].values())
        made.add_row(
            text(unit, "bold"), *(f"{n:,}" for n in (counts["in"], dropped, counts["left"]))
        )
        for reason, count in counts["dropped"].items():
            made.add_row(text(f"  {reason}"), "", f"{count:,}", "")
    return made


def _balance_table(told: Mapping[str, Any]) -> Any:
    made = table("selected", f"{told['rows']:,}")
    for name, value in told.items():
        if name in ("rows", "columns"):
            continue
        made.add_row(text(name.replace("_", " ")), text(_figures(value)))
    for name, counts in told["columns"].items():
        made.add_row(text(name), text(_figures(counts)))
    return made


def _figures(value: Any) -> str:
    """Figures on one line.

    >>> _figures({"mean": 1.5, "median": 2}), _figures(0.25)
    ('mean 1.5, median 2', '0.25')
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_figures(one)}" for name, one in value.items()) or "-"
    return "-" if value is None else number(value)
