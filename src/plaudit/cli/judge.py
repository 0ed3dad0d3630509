"""`plaudit judge`: a language model judges the responses in files."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

import plaudit
from plaudit.cli._console import console, stderr, table, text
from plaudit.cli._progress import count_rows
from plaudit.cli._reward import (
    AllowImport,
    AllowUnscored,
    Chosen,
    Columns,
    KeepEndMarks,
    KeepUnscored,
    Limit,
    Resume,
    RetryUnscored,
    Strict,
    as_yaml,
    importing,
    resumption,
    see_current_directory,
)
from plaudit.cli.score import Job, free_report
from plaudit.errors import ConfigError

if TYPE_CHECKING:
    from plaudit.data import Row
    from plaudit.report import Summary
    from plaudit.run import Result

__all__ = ["run"]

PATHS: Mapping[str, str] = {
    "pairwise": "judges.pairwise.pairwise",
    "pointwise": "judges.pointwise.rating",
    "listwise": "judges.listwise.listwise",
    "verifier": "judges.verifier.verifier",
    "reference": "judges.reference.correct",
    "rubric": "judges.rubric.rubric",
}
_VOTES = {"pointwise": "samples", "verifier": "rationales"}
# What changes how replies are got, and none of them.
_OF_THE_WAY = (
    "server", "journal", "api_key_env", "concurrency", "timeout_s", "deadline_s", "retries",
    "requests_per_minute", "tokens_per_minute", "prices", "max_cost", "max_calls",
)  # fmt: skip
_SAMPLED_ROWS = 32
_SHOWN = frozenset((
    "num_pairs", "num_responses", "accuracy", "swap_accuracy", "both_right", "same_verdict",
    "first_position", "kappa", "kappa_quadratic", "spearman", "exact", "difference",
    "length_slope", "unreadable", "unscored",
))  # fmt: skip


def run(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="As for `plaudit score`.")
    ],
    template: Annotated[
        str,
        typer.Option(
            "--template", "-t", metavar="NAME|FILE", help="A shipped template or a YAML file."
        ),
    ],
    server: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help="An OpenAI-compatible server, as http://127.0.0.1:8000/v1. Repeatable.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The served model; without --server a directory or hf:ORG/NAME, loaded here.",
        ),
    ] = None,
    replay: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|column:NAME",
            help="Recorded replies in the place of a model: a journal of calls, or a column.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="Judged rows, as `plaudit score` writes them; - for standard output.",
        ),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(metavar="FILE.html", help="Agreement, order, length, calibration, cost."),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="A line of the report for each value. Repeatable."),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The column to agree with, where it is not found."),
    ] = None,
    read: Annotated[
        str | None,
        typer.Option(
            metavar="text|logprobs", help="Parse the reply, or read its labels' probabilities."
        ),
    ] = None,
    orders: Annotated[
        str | None, typer.Option(metavar="both|one", help="Pairwise: both orders, or a drawn one.")
    ] = None,
    votes: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Samples of each thing asked.")
    ] = None,
    temperature: Annotated[float | None, typer.Option(metavar="T", help="Sent, 0 too.")] = None,
    max_tokens: Annotated[
        int | None, typer.Option("--max-tokens", min=1, help="The longest reply.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Of samples and of orders.")] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Requests under way at most; 64.")
    ] = None,
    api_key_env: Annotated[
        str | None, typer.Option("--api-key-env", metavar="NAME", help="The variable of the key.")
    ] = None,
    journal: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Finished calls; by default OUT.calls.jsonl."),
    ] = None,
    prices: Annotated[
        str | None,
        typer.Option(metavar="IN,OUT", help="What a million tokens cost: prompt,completion."),
    ] = None,
    max_cost: Annotated[
        float | None, typer.Option("--max-cost", help="Spend no more; what is left is unscored.")
    ] = None,
    max_calls: Annotated[
        int | None, typer.Option("--max-calls", min=1, help="Pay for no more calls.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=YAML",
            help="Any other parameter of the judge, as requests_per_minute=500. Repeatable.",
        ),
    ] = None,
    columns: Columns = None,
    limit: Limit = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count calls, tokens and cost; ask nobody.")
    ] = False,
    strict: Strict = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output; the journal is kept.")
    ] = False,
    resume: Resume = False,
    retry_unscored: RetryUnscored = False,
    keep_unscored: KeepUnscored = False,
    allow_unscored: AllowUnscored = False,
    keep_end_marks: KeepEndMarks = False,
    allow_import: AllowImport = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no host but the servers named.")
    ] = False,
) -> None:
    """Judge responses with a language model: pairs, single responses, lists, rubrics.

    The template says what is asked and how the verdict is read. Every finished call is written to
    the journal before anything else, so that no call is paid for twice: not after Ctrl-C, not
    after a crash, not in the next run. What cannot be read is unscored and counted by its reason.

    Exit codes: as for `plaudit score`; 1 where responses are unscored and --allow-unscored is not
    given.
    """
    if offline:
        os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1")
    given = {
        "server": server, "model": model, "replay": replay, "read": read, "orders": orders,
        "temperature": temperature, "max_tokens": max_tokens, "seed": seed,
        "concurrency": concurrency, "api_key_env": api_key_env, "max_cost": max_cost,
        "max_calls": max_calls, "prices": _prices(prices),
        "journal": journal or _journal_of(output, server),
    }  # fmt: skip
    chosen = _chosen(template, votes, given, settings, allow_import)
    from plaudit.cli._reward import columns_of

    going_on = resumption(resume, retry_unscored, keep_unscored)
    job = JudgeJob(
        chosen=chosen,
        inputs=inputs,
        output=output,
        report=free_report(report, overwrite or going_on.is_wanted),
        columns=columns_of(columns),
        limit=limit,
        keep_end_marks=keep_end_marks,
        options={"workers": 0, "strict": strict},
        by=tuple(by or ()),
        label=label,
    )
    if dry_run:
        raise typer.Exit(job.estimate())
    job.announce()
    summary = job.run(overwrite=overwrite, going_on=going_on)
    counts = summary.counts
    has_failed = counts.bad_rows or (counts.unscored and not allow_unscored)
    raise typer.Exit(1 if has_failed or not counts.rows else 0)


@dataclass
class JudgeJob(Job):
    """One run of the verb: that of `plaudit score`, with the judge's own figures."""

    by: tuple[str, ...] = ()
    label: str | None = None
    judged: Any = field(init=False)

    def __post_init__(self) -> None:
        from plaudit.report.judge import JudgeSummary

        spec = self._judge.judge.template.spec
        low, high = getattr(spec, "low", None), getattr(spec, "high", None)
        self.judged = JudgeSummary(
            self.chosen.name,
            by=self.by,
            label=self.label,
            judge=self._engine.model,
            scale=None if low is None or high is None else (float(low), float(high)),
        )

    @property
    def _judge(self) -> Any:
        reward: Any = self.chosen.reward
        return getattr(reward, "comparer", reward)

    @property
    def _engine(self) -> Any:
        return self._judge.judge.engine

    def estimate(self) -> int:
        """Prints what the run would ask and cost; the exit code."""
        told = _Estimate()
        for row in self._rows():
            told.add(row, self._judge)
        made = table("", "about")
        for name, value in told.lines(self._engine).items():
            made.add_row(text(name), text(value))
        console().print(made)
        return 1 if told.num_bad or not told.num_rows else 0

    def announce(self) -> None:
        """One line on stderr: who is asked, and about how much; nothing for recorded replies."""
        total = None if "-" in self.inputs else count_rows(self.inputs, self.limit)
        if total is None or not hasattr(self._engine, "spending"):
            return
        told = _Estimate()
        for row in self._rows(min(_SAMPLED_ROWS, total.rows)):
            told.add(row, self._judge)
        self._probe(told.first)
        told.scale(total.rows)
        lines = told.lines(self._engine)
        what = ", ".join(f"{value} {name}" for name, value in lines.items())
        if self._engine.calls.path is None:
            stderr("no journal: finished calls are kept in memory; --journal FILE keeps them")
        stderr(f"asks {self._engine.resolve()} at {', '.join(self._engine.urls)}: about {what}")

    def _probe(self, call: Any) -> None:
        """What cannot work says so before a file is begun; what is in the journal needs nobody."""
        engine = self._engine
        if call is not None and engine.calls.get(call.key(engine.resolve())) is None:
            engine.check(call)

    def _count(self, summary: Summary, row: Row, result: Result) -> None:
        super()._count(summary, row, result)
        self.judged.judge = self._engine.model  # a server may have told it since
        self.judged.add(row, result)

    def _meta(self) -> Mapping[str, Any]:
        from plaudit.data import run_meta

        node = {k: v for k, v in self.chosen.recipe.items() if k not in _OF_THE_WAY}
        node |= {"model": self._engine.resolve(), "wording": self._judge.judge.template.hash}
        return run_meta(as_yaml(node), self.inputs, **self._reading)

    def _print(self, summary: Summary, seconds: float, num_before: int) -> None:
        super()._print(summary, seconds, num_before)
        _print_judged(self.judged, on_stderr=self.output == "-")
        if spent := self._spent():
            stderr(spent)

    def _spent(self) -> str:
        usage = usage_of(self._engine)
        if not usage:
            return ""
        cost = f", cost {usage['cost']:.4g}" if usage["cost"] else ""
        return (
            f"{usage['calls']:,} calls, {usage['paid_calls']:,} of them paid"
            f" ({usage['retries']:,} tries more), {usage['prompt_tokens']:,} +"
            f" {usage['completion_tokens']:,} tokens ({usage['cached_tokens']:,} cached){cost}"
        )

    def _report(self, summary: Summary) -> None:
        from plaudit.report.judge_html import write_judge_report

        if self.report is None:
            return
        self.judged.usage = usage_of(self._engine)
        path = write_judge_report(
            self.report,
            self.judged,
            title=f"{self.chosen.name}: {', '.join(self.inputs)}",
            recipe_text=as_yaml(self.chosen.recipe),
            command=shlex.join(["plaudit", *sys.argv[1:]]),
            meta={"input": ", ".join(self.inputs), "plaudit": plaudit.__version__},
        )
        stderr(f"report: {path}")


@dataclass
class _Estimate:
    """Calls and tokens, counted without asking anybody."""

    num_rows: int = 0
    num_bad: int = 0
    num_calls: int = 0
    num_prompt: int = 0
    num_reply: int = 0
    first: Any = None

    def add(self, row: Row, judge: Any) -> None:
        from plaudit.engines.openai import expected_tokens
        from plaudit.errors import DataError

        self.num_rows += 1
        if isinstance(row.group, DataError):
            self.num_bad += 1
            return
        try:
            jobs = judge.jobs([row.group])
        except DataError as error:
            self.num_bad += 1
            if self.num_bad <= 3:
                stderr(str(row.placed(error)))
            return
        for call in (call for asked in jobs for call in judge.judge.calls(asked)):
            self.first = self.first or call
            self.num_calls += 1
            self.num_prompt += sum(expected_tokens(str(t["content"])) for t in call.messages)
            self.num_reply += call.sampling.max_tokens

    def scale(self, num_rows: int) -> None:
        """From a sample of rows to all of them."""
        factor = num_rows / max(1, self.num_rows)
        self.num_calls = round(self.num_calls * factor)
        self.num_prompt = round(self.num_prompt * factor)
        self.num_reply = round(self.num_reply * factor)
        self.num_rows = num_rows

    def lines(self, engine: Any) -> dict[str, str]:
        from plaudit.engines.chat import Usage

        told = {
            "rows": f"{self.num_rows:,}",
            "calls": f"{self.num_calls:,}",
            "prompt tokens": f"{self.num_prompt:,}",
            "reply tokens at most": f"{self.num_reply:,}",
        }
        if self.num_bad:
            told["bad rows"] = f"{self.num_bad:,}"
        prices = getattr(engine, "prices", None)
        if prices is not None and (most := prices.of(Usage(self.num_prompt, self.num_reply))):
            told["cost at most"] = f"{most:.4g}"
        return told


def usage_of(engine: Any) -> dict[str, Any]:
    """What an engine has spent, for reports; empty for one that spends nothing."""
    spent = getattr(engine, "spending", None)
    if spent is None:
        return {}
    return {
        "calls": spent.num_calls, "paid_calls": spent.num_paid, "retries": engine.num_retries,
        "prompt_tokens": spent.prompt_tokens, "completion_tokens": spent.completion_tokens,
        "cached_tokens": spent.cached_tokens, "cost": spent.cost, "latency_s": spent.latencies_s,
    }  # fmt: skip


def _chosen(
    template: str,
    votes: int | None,
    given: Mapping[str, Any],
    settings: Sequence[str] | None,
    allow: Sequence[str] | None,
) -> Chosen:
    """The judge that a template and the options make."""
    from plaudit import registry
    from plaudit.cli._reward import key_value
    from plaudit.judges.template import load_template

    kind = load_template(template).kind
    node: dict[str, Any] = {"use": PATHS[kind], "template": template}
    node |= {name: value for name, value in given.items() if value is not None}
    if votes is not None:
        node[_VOTES.get(kind, "votes")] = votes
    for setting in settings or ():
        key, value = key_value(setting, "--set")
        node[key] = value
    if allow:
        see_current_directory()
    try:
        with importing(template):
            reward = registry.build(node, allow=["plaudit", *(allow or ())])
    except ConfigError as error:  # nobody wrote a recipe here
        raise ConfigError(str(error).removeprefix("recipe: ")) from None
    return Chosen(reward, template, node)


def _journal_of(output: str | None, server: Sequence[str] | None) -> str | None:
    """Beside the output, for calls that are paid for."""
    return None if output in (None, "-") or not server else f"{output}.calls.jsonl"


def _prices(told: str | None) -> dict[str, float] | None:
    """The prices in ``IN,OUT``.

    >>> _prices("0.5,1.5")
    {'prompt': 0.5, 'completion': 1.5}
    """
    if told is None:
        return None
    try:
        prompt, completion = map(float, told.split(","))
    except ValueError:
        raise ConfigError(
            f"--prices {told!r}: write two numbers, the prices of a million tokens, as 0.5,1.5"
        ) from None
    return {"prompt": prompt, "completion": completion}


_WIDEST = 10_000


def _print_judged(judged: Any, *, on_stderr: bool) -> None:
    """The tables of agreement, one for each kind of verdict that was seen; all is in the report."""
    out = console(stderr=on_stderr)
    for found in (judged.table(kind) for kind in judged.kinds):
        shown = [column for column in found.columns if column.name in _SHOWN]
        made = _by_row(judged, found, shown)
        if out.measure(made, options=out.options.update(max_width=_WIDEST)).maximum > out.width:
            made = _by_figure(judged, found, shown)
        out.print(made, crop=False)


def _by_row(judged: Any, found: Any, shown: Sequence[Any]) -> Any:
    """A row for each cell of the report, a column for each figure."""
    heads = [column.heading for column in shown]
    made = table(*(judged.by or (found.kind,)), *heads, numeric=tuple(heads))
    for column in made.columns:
        column.no_wrap = True
    for row in found.rows:
        cells = [_cell(row[column.name], column) for column in shown]
        made.add_row(*(text(name) for name in row["by"] or ("all",)), *cells)
    return made


def _by_figure(judged: Any, found: Any, shown: Sequence[Any]) -> Any:
    """Where a line would be wider than the screen: a line for each figure of each cell."""
    made = table(*(judged.by or (found.kind,)), "figure", "value", numeric=("value",))
    made.columns[-1].no_wrap = True
    for row in found.rows:
        for n, column in enumerate(shown):
            names = row["by"] or ("all",)
            heads = (text(name if n == 0 else "") for name in names)
            unit = " %" if column.is_share else ""
            made.add_row(*heads, f"{column.heading}{unit}", _cell(row[column.name], column))
    return made


def _cell(value: float, column: Any) -> str:
    """A figure of the report: shares in percent."""
    if value != value:
        return "-"
    return f"{100 * value:.1f}" if column.is_share else f"{value:,.4g}"
