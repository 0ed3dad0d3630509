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
from plaudit.cli._options import Fields, flag, options_in, takes_options
from plaudit.cli._progress import Meter, count_rows
from plaudit.cli._reward import Columns, KeepEndMarks, Limit, Overwrite, columns_of, free_path
from plaudit.cli._summary import MessageCounts
from plaudit.data.options import PreferenceOptions, PromptsOptions, SftOptions
from plaudit.errors import ConfigError, DataError, did_you_mean
from plaudit.options import Option

if TYPE_CHECKING:
    from plaudit.data.balance import Balance, Facts
    from plaudit.data.judged import Judged
    from plaudit.data.overlap import EvalPrompts, Seen
    from plaudit.data.selection import Funnel, Pick, SelectionRule

__all__ = ["run"]

_KINDS: Mapping[str, type[object]] = {
    "preference": PreferenceOptions, "sft": SftOptions, "rl-prompts": PromptsOptions,
}  # fmt: skip
_UPDATE_EVERY = 256
_MISSING = "(none)"


@dataclass(frozen=True, kw_only=True)
class SelectOptions:
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="Rows with their rewards; as for `plaudit score`."),
    ]
    to: Annotated[str, Option("preference, sft or rl-prompts.", "KIND")]
    output: Annotated[
        str | None,
        Option(
            "Training rows: .jsonl, .jsonl.gz, .parquet, .csv; - for standard output."
            " Without it only the counts are printed.",
            "OUT",
            short="-o",
        ),
    ] = None
    layout: Annotated[
        str,
        Option(
            "plaudit, trl, trl-chat, llama-factory, llama-factory-sharegpt, openrlhf, verl.", "NAME"
        ),
    ] = "plaudit"
    reward_column: Annotated[str, Option("The column with the rewards.", "COLUMN")] = "reward"
    group_by: Annotated[
        str | None, Option("Join rows of equal value; `prompt` for the prompt.", "COLUMN")
    ] = None
    columns: Columns = None
    keep_end_marks: KeepEndMarks = False
    preference: Annotated[Mapping[str, object], Fields(PreferenceOptions, "--to preference")]
    sft: Annotated[Mapping[str, object], Fields(SftOptions, "--to sft")]
    prompts: Annotated[Mapping[str, object], Fields(PromptsOptions, "--to rl-prompts")]
    dedup: Annotated[str | None, Option("Drop repeated prompts: exact or near.", "HOW")] = None
    near: Annotated[float | None, Option("How alike near is (0.8).", "SHARE")] = None
    against: Annotated[
        list[str] | None, Option("Drop prompts that overlap these. Repeatable.", "FILE")
    ] = None
    against_share: Annotated[
        float, Option("How much of an evaluation prompt is overlap.", "SHARE")
    ] = 0.5
    max_share: Annotated[
        list[str] | None,
        Option("No value of the column beyond the share. Repeatable.", "COLUMN=SHARE"),
    ] = None
    balance: Annotated[
        list[str] | None, Option("Count the values of a column. Repeatable.", "COLUMN")
    ] = None
    seed: Annotated[int, Option("Of every draw.")] = 0
    summary: Annotated[
        str | None, Option("The counts as JSON (OUT.summary.json).", "FILE.json")
    ] = None
    limit: Limit = None
    overwrite: Overwrite = False


@takes_options(SelectOptions)
def run(options: SelectOptions) -> None:
    """Make training data from scored rows: preference pairs, SFT samples or RL prompts.

    A response without a score is never picked; one at fault is never chosen. Everything that is
    dropped is counted under its reason. Each row tells in `provenance` where it is from and why it
    was taken.

    Exit codes: 0; 1 some rows were bad, or nothing was selected (no output is written then); 2 the
    command line is wrong; 4 reading or writing failed; 130 interrupted, nothing is left behind.
    """
    shares = _shares(options.max_share)
    job = SelectJob(
        source=_JudgedRows(options, columns_of(options.columns)),
        rule=_rule(options),
        lines=_Lines(options, [*shares, *(options.balance or ())]),
        shares=shares,
        prompts=_earlier_prompts(options.dedup, options.near),
        evaluation=_evaluation_prompts(options.against, options.against_share),
    )
    summary = _free(options.summary, options.output, overwrite=options.overwrite)
    try:
        job.run(options.output, overwrite=options.overwrite)
    except KeyboardInterrupt:
        stderr("interrupted; nothing is written")
        raise typer.Exit(130) from None
    job.tell(options.output, summary)
    raise typer.Exit(1 if job.source.problems or not job.num_selected else 0)


# --- options --------------------------------------------------------------------------------------


def _rule(options: SelectOptions) -> SelectionRule:
    """The rule that the options make; those of another kind are refused."""
    from plaudit.data.selection import Preference, Prompts, Sft

    to, own = options.to, {**options.preference, **options.sft, **options.prompts}
    if to not in _KINDS:
        raise ConfigError(f"--to {to!r}{did_you_mean(to, _KINDS)}; one of {', '.join(_KINDS)}")
    for name in own:
        if name not in options_in(_KINDS[to]):
            owner = next(kind for kind in _KINDS if name in options_in(_KINDS[kind]))
            _, option = options_in(_KINDS[owner])[name]
            raise ConfigError(f"{flag(name, option)} is for --to {owner}, not --to {to}")
    if to == "sft" and "at_least" not in own:
        raise ConfigError("--to sft needs --at-least, the reward from which a response is good")
    rules = {"preference": Preference, "sft": Sft, "rl-prompts": Prompts}
    return rules[to](**own, seed=options.seed)


def _earlier_prompts(dedup: str | None, near: float | None) -> Seen | None:
    from plaudit.data.overlap import Seen

    if dedup not in (None, "exact", "near"):
        raise ConfigError(f"--dedup {dedup!r}: exact or near")
    if near is not None and dedup != "near":
        raise ConfigError("--near needs --dedup near")
    if dedup is None:
        return None
    return Seen(near=None if dedup == "exact" else 0.8 if near is None else near)


def _evaluation_prompts(places: Sequence[str] | None, share: float) -> EvalPrompts | None:
    """The evaluation prompts, read at once."""
    from plaudit.data.judged import prompts_of
    from plaudit.data.overlap import EvalPrompts
    from plaudit.data.read import read

    if not places:
        return None
    prompts = EvalPrompts(min_share=share)
    for name, prompt in prompts_of(read(places)):
        prompts.add(name, prompt)
    if not len(prompts):
        raise ConfigError(f"--against {' '.join(places)}: no prompt in it")
    return prompts


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
    return free_path(summary, overwrite)


# --- rows in --------------------------------------------------------------------------------------


@dataclass
class _JudgedRows:
    """The judged groups of the inputs; what cannot be read is kept in `problems`."""

    options: SelectOptions
    columns: Mapping[str, str]
    problems: MessageCounts = field(default_factory=MessageCounts)
    num_rows: int = 0

    def groups(self, funnel: Funnel) -> Iterator[Judged]:
        """Every prompt with its responses."""
        from plaudit.data.judged import grouped, key_of

        if self.options.group_by is None:
            yield from self._rows(funnel)
            return
        is_read_twice = all(
            place.startswith("hf:") or os.path.isfile(place) or os.path.isdir(place)
            for place in self.options.inputs
        )
        sizes = self._sizes() if is_read_twice else None
        yield from grouped(self._rows(funnel), key_of(self.options.group_by), sizes)

    def _sizes(self) -> Mapping[bytes, int]:
        """How many rows each group has: a first pass over the input."""
        from collections import Counter

        from plaudit.data.judged import key_of

        key = key_of(cast(str, self.options.group_by))
        return Counter(key(one) for one in self._read(lambda error: None))

    def _rows(self, funnel: Funnel) -> Iterator[Judged]:
        def on_error(error: DataError) -> None:
            funnel.drop("rows", "bad row")
            self.problems.add(error.where, spelled_as_options(str(error.at(""))))

        with Meter(count_rows(self.options.inputs, self.options.limit)) as meter:
            yield from self._read(on_error, lambda: self._came(funnel, meter))

    def _came(self, funnel: Funnel, meter: Meter) -> None:
        from plaudit.run import Progress

        funnel.take("rows")
        self.num_rows += 1
        if self.num_rows % _UPDATE_EVERY == 0:
            meter.update(Progress(rows=self.num_rows))

    def _read(self, on_error: Any, on_row: Any = lambda: None) -> Iterator[Judged]:
        from plaudit.data.judged import judged, key_of
        from plaudit.data.read import read

        options = self.options
        key = key_of(options.group_by) if options.group_by else None
        rows = read(
            options.inputs,
            columns=self.columns,
            limit=options.limit,
            keep_end_marks=options.keep_end_marks,
        )
        for place, row in enumerate(rows):
            on_row()
            if place == 0:
                self._check_column(row.raw)
            try:
                one = judged(row, options.reward_column)
                if key is not None:
                    key(one)
            except DataError as error:
                on_error(error)
            else:
                yield one

    def _check_column(self, raw: Mapping[str, object]) -> None:
        """A column that the first row lacks is a mistake of the command line."""
        name = self.options.reward_column
        if raw and name not in raw and f"{name}_error" not in raw:
            raise ConfigError(
                f"the rows have no column {name!r}{did_you_mean(name, raw)}; they have"
                f" {', '.join(raw)}; --reward-column names the one with the rewards"
            )


# --- rows out -------------------------------------------------------------------------------------


@dataclass
class _Lines:
    """Picks as rows of a layout; `counted` are the columns whose values a report counts."""

    options: SelectOptions
    counted: Sequence[str]

    def __post_init__(self) -> None:
        from plaudit.data.trainer import layout

        self.layout: Any = layout(self.options.layout, self.options.to)

    def row(self, pick: Pick, rule: SelectionRule) -> dict[str, Any]:
        """The row. Raises DataError where the layout cannot hold the pick."""
        row, options = self.layout(pick), self.options
        provenance = {
            "plaudit": plaudit.__version__,
            "input": pick.judged.source,
            "rows": sorted({member.row for member in self._members(pick)}),
            "reward_column": options.reward_column,
            "strategy": getattr(rule, "strategy", options.to),
            "seed": options.seed,
            **pick.figures,
        }
        place = row.get("extra_info", row)  # verl keeps all that is its user's there
        place["provenance"] = provenance
        return row

    def _members(self, pick: Pick) -> Iterable[Any]:
        if pick.chosen is None:
            return pick.judged.members
        return [member for member in (pick.chosen, pick.rejected) if member is not None]

    def draw(self, pick: Pick) -> int:
        """A seeded hash of prompt and responses."""
        from plaudit.data.judged import spoken
        from plaudit.hashing import seeded_hash

        sides = [member.text for member in (pick.chosen, pick.rejected) if member is not None]
        return seeded_hash(self.options.seed, spoken(pick.judged.prompt), *sides)

    def facts(self, pick: Pick) -> Facts:
        """Lengths, script, order and columns of a pick."""
        from plaudit.data.balance import Facts, main_script
        from plaudit.data.judged import spoken

        chosen, rejected = pick.chosen, pick.rejected
        own = {} if chosen is None else chosen.response.columns
        columns = {**pick.judged.columns, **own}
        return Facts(
            None if chosen is None else len(chosen.text),
            None if rejected is None else len(rejected.text),
            main_script(spoken(pick.judged.prompt)),
            None if chosen is None or rejected is None else _stood_first(chosen, rejected),
            {name: _named(columns.get(name)) for name in self.counted},
        )


class _Line(NamedTuple):
    """A row to write, what a report needs of it, and its place in the order of a draw."""

    row: dict[str, Any]
    facts: Facts
    draw: int


def _stood_first(chosen: Any, rejected: Any) -> bool:
    return (chosen.row, chosen.place) < (rejected.row, rejected.place)


def _named(value: object) -> str:
    return _MISSING if value is None else value if isinstance(value, str) else json.dumps(value)


@dataclass
class SelectJob:
    """One run of the verb; `prompts` are those of earlier rows, `evaluation` those to keep out."""

    source: _JudgedRows
    rule: SelectionRule
    lines: _Lines
    shares: Mapping[str, float]
    prompts: Seen | None
    evaluation: EvalPrompts | None
    num_selected: int = 0
    misfits: MessageCounts = field(default_factory=MessageCounts)

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
            for line in self._within_shares(rows) if self.shares else rows:
                if file is not None:
                    file.write_row(line.row)
                self.balance.add(line.facts)
                self.num_selected += 1
        if file is not None and file.num_replaced:
            stderr(f"{file.num_replaced:,} characters that {output} cannot represent are escaped")

    def _picks(self) -> Iterator[Pick]:
        from plaudit.data.selection import select

        groups = self.source.groups(self.funnel)
        with contextlib.closing(groups):  # type: ignore[type-var]
            yield from select(
                groups,
                self.rule,
                funnel=self.funnel,
                earlier=self.prompts,
                evaluation=self.evaluation,
            )

    def _rows(self) -> Iterator[_Line]:
        for pick in self._picks():
            try:
                row = self.lines.row(pick, self.rule)
            except DataError as error:
                self.funnel.drop(self.rule.unit, "does not fit the layout")
                self.misfits.add(pick.judged.where, str(error.at("")))
            else:
                yield _Line(row, self.lines.facts(pick), self.lines.draw(pick))

    def _within_shares(self, lines: Iterable[_Line]) -> Iterator[_Line]:
        """The rows that stay when each value is held to its share; all wait in a temporary file."""
        from plaudit.data.balance import within_shares
        from plaudit.data.jsontext import dumps, loads

        every: list[Facts] = []
        order = array("Q")
        with tempfile.TemporaryFile() as spool:
            for line in lines:
                spool.write(dumps(line.row) + b"\n")
                every.append(line.facts)
                order.append(line.draw)
            columns = {name: [facts.columns[name] for facts in every] for name in self.shares}
            gone = within_shares(columns, self.shares, order)
            spool.seek(0)
            for row, facts, draw, why in zip(spool, every, order, gone, strict=True):
                if why is None:
                    yield _Line(loads(row), facts, draw)
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

    def _report(self) -> Mapping[str, object]:
        return {
            "plaudit": plaudit.__version__,
            "inputs": list(self.source.options.inputs),
            "rule": repr(self.rule),
            "selected": self.num_selected,
            "funnel": self.funnel.report(),
            "balance": self.balance.report(),
        }

    def _hint(self) -> str:
        counts = self.funnel.incoming
        is_single = counts.get("responses", 0) == counts.get("prompts", 0) > 0
        if is_single and self.rule.unit != "samples" and self.source.options.group_by is None:
            return ": every row has one response; --group-by prompt joins the rows of a prompt"
        return ""


def _funnel_table(report: Mapping[str, Any]) -> object:
    rows = table("", "in", "dropped", "left", numeric=("in", "dropped", "left"))
    for unit, counts in report.items():
        dropped = sum(counts["dropped"].values())
        rows.add_row(
            text(unit, "bold"), *(f"{n:,}" for n in (counts["in"], dropped, counts["left"]))
        )
        for reason, count in counts["dropped"].items():
            rows.add_row(text(f"  {reason}"), "", f"{count:,}", "")
    return rows


def _balance_table(report: Mapping[str, Any]) -> object:
    rows = table("selected", f"{report['rows']:,}")
    for name, value in report.items():
        if name in ("rows", "columns"):
            continue
        rows.add_row(text(name.replace("_", " ")), text(_figures(value)))
    for name, counts in report["columns"].items():
        rows.add_row(text(name), text(_figures(counts)))
    return rows


def _figures(value: Any) -> str:
    """Figures on one line.

    >>> _figures({"mean": 1.5, "median": 2}), _figures(0.25)
    ('mean 1.5, median 2', '0.25')
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_figures(one)}" for name, one in value.items()) or "-"
    return "-" if value is None else number(value)
