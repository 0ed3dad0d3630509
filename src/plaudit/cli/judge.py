"""`plaudit judge`: a language model judges the responses in files."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

import plaudit
from plaudit.cli._console import console, stderr, table, text
from plaudit.cli._judge_tables import print_judged
from plaudit.cli._judges import JurorOptions, choose_judge, judges_of, without_way
from plaudit.cli._options import Fields, takes_options
from plaudit.cli._progress import count_rows
from plaudit.cli._reward import (
    AllowImport,
    AllowUnscored,
    Columns,
    KeepEndMarks,
    Limit,
    Resumption,
    RewardColumn,
    Strict,
    as_yaml,
    columns_of,
    go_offline,
)
from plaudit.cli.score import ScoreJob
from plaudit.engines.options import SamplingOptions, ServerOptions
from plaudit.old_names import old_names
from plaudit.options import Option

if TYPE_CHECKING:
    from plaudit.data import Row
    from plaudit.engines.chat import Call, ChatEngine
    from plaudit.engines.openai import OpenAiEngine, Prices
    from plaudit.judges._judge import JudgeReward
    from plaudit.report import Summary
    from plaudit.run import Result

__all__ = ["run"]
__getattr__ = old_names(__name__)

_SAMPLED_ROWS = 32


@dataclass(frozen=True, kw_only=True)
class JudgeOptions:
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="As for `plaudit score`.")]
    jurors: JurorOptions
    output: Annotated[
        str | None,
        Option(
            "Judged rows, as `plaudit score` writes them; - for standard output.", "OUT", short="-o"
        ),
    ] = None
    report: Annotated[
        str | None, Option("Agreement, order, length, calibration, cost.", "FILE.html")
    ] = None
    by: Annotated[
        list[str] | None, Option("A line of the report for each value. Repeatable.", "COLUMN")
    ] = None
    label: Annotated[
        str | None, Option("The column to agree with, where it is not found.", "COLUMN")
    ] = None
    read: Annotated[
        str | None, Option("Parse the reply, or read its labels' probabilities.", "text|logprobs")
    ] = None
    orders: Annotated[str | None, Option("Pairwise: both orders, or a drawn one.", "both|one")] = (
        None
    )
    votes: Annotated[int | None, Option("Samples per call.", "N", least=1)] = None
    sampling: Annotated[Mapping[str, Any], Fields(SamplingOptions)]
    servers: Annotated[Mapping[str, Any], Fields(ServerOptions)]
    settings: Annotated[
        list[str] | None,
        Option(
            "Any other parameter of the judge, as requests_per_minute=500. Repeatable.",
            "KEY=YAML",
            name="set",
        ),
    ] = None
    columns: Columns = None
    reward_column: RewardColumn = "reward"
    limit: Limit = None
    dry_run: Annotated[bool, Option("Count calls, tokens and cost; make no call.")] = False
    strict: Strict = False
    overwrite: Annotated[bool, Option("Replace the output; the journal is kept.")] = False
    resumption: Resumption
    allow_unscored: AllowUnscored = False
    keep_end_marks: KeepEndMarks = False
    allow_import: AllowImport = None
    offline: Annotated[bool, Option("Ask no host but the servers named.")] = False


@takes_options(JudgeOptions)
def run(options: JudgeOptions) -> None:
    """Judge responses with a language model: pairs, single responses, lists, rubrics.

    The template says what is asked and how the verdict is read. Several models, templates or
    recorded replies are a jury, whose jurors vote. Every finished call is written to
    the journal before anything else, so that no call is paid for twice: not after Ctrl-C, not
    after a crash, not in the next run. What cannot be read is unscored and counted by its reason.

    Exit codes: as for `plaudit score`; 1 where responses are unscored and --allow-unscored is not
    given.
    """
    if options.offline:
        go_offline()
    job = JudgeJob(choose_judge(options), options, {"workers": 0})
    if options.dry_run:
        raise typer.Exit(job.estimate())
    job.announce()
    raise typer.Exit(job.run())


@dataclass
class JudgeJob(ScoreJob["JudgeOptions"]):
    """One run of the verb: that of `plaudit score`, with the judge's own figures."""

    judged: Any = field(init=False)

    def __post_init__(self) -> None:
        from plaudit.judges.verdict.spec import ends_of
        from plaudit.report.judge import JudgeSummary

        super().__post_init__()
        self._judges = judges_of(self.chosen.reward)
        self.judged = JudgeSummary(
            self.chosen.name,
            by=tuple(self.options.by or ()),
            label=self.options.label,
            judge=self._names,
            scale=ends_of(self._judges[0].judge.template.spec),  # jurors have one scale
        )

    def _columns(self) -> Mapping[str, str]:
        return columns_of(self.options.columns)

    @property
    def _names(self) -> str:
        """The models that judge; a server may tell its name only once it is asked."""
        names = dict.fromkeys(one.judge.engine.model for one in self._judges)
        return ", ".join(filter(None, names))

    @property
    def _engines(self) -> list[ChatEngine]:
        return list({id(one.judge.engine): one.judge.engine for one in self._judges}.values())

    def estimate(self) -> int:
        """Prints what the run would ask and cost; the exit code."""
        estimate = _Estimate()
        for row in self._rows():
            estimate.add(row, self._judges)
        lines = table("", "about")
        for name, value in estimate.lines().items():
            lines.add_row(text(name), text(value))
        console().print(lines)
        return 1 if estimate.num_bad or not estimate.num_rows else 0

    def announce(self) -> None:
        """One line on stderr: who is asked, and about how much; nothing for recorded replies."""
        inputs = self.options.inputs
        total = None if "-" in inputs else count_rows(inputs, self.options.limit)
        engines = _paid(self._engines)
        if total is None or not engines:
            return
        estimate = _Estimate()
        for row in self._rows(min(_SAMPLED_ROWS, total.rows)):
            estimate.add(row, self._judges)
        for judge, call in estimate.first.items():
            _probe(judge, call)
        estimate.scale(total.rows)
        what = ", ".join(f"{value} {name}" for name, value in estimate.lines().items())
        if any(engine.calls.path is None for engine in engines):
            stderr("no journal: finished calls are kept in memory; --journal FILE keeps them")
        whom = ", ".join(f"{engine.resolve()} at {', '.join(engine.urls)}" for engine in engines)
        stderr(f"asks {whom}: about {what}")

    def _count(self, summary: Summary, row: Row, result: Result) -> None:
        super()._count(summary, row, result)
        self.judged.judge = self._names
        self.judged.add(row, result)

    def _meta(self) -> Mapping[str, object]:
        from plaudit.data import run_meta

        models = [one.judge.engine.resolve() for one in self._judges]
        wordings = [one.judge.template.hash for one in self._judges]
        is_one = len(self._judges) == 1
        node = without_way(self.chosen.recipe)
        node |= {"model": models[0] if is_one else models}
        node |= {"wording": wordings[0] if is_one else wordings}
        return run_meta(as_yaml(node), self.options.inputs, **self._reading)

    def _print(self, summary: Summary, seconds: float, num_before: int) -> None:
        super()._print(summary, seconds, num_before)
        print_judged(self.judged, on_stderr=self.options.output == "-")
        if spent := self._spent():
            stderr(spent)

    def _spent(self) -> str:
        usage = usage_of(self._engines)
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
        self.judged.usage = usage_of(self._engines)
        path = write_judge_report(
            self.report,
            self.judged,
            title=f"{self.chosen.name}: {', '.join(self.options.inputs)}",
            recipe_text=as_yaml(self.chosen.recipe),
            command=shlex.join(["plaudit", *sys.argv[1:]]),
            meta={"input": ", ".join(self.options.inputs), "plaudit": plaudit.__version__},
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
    cost: float = 0.0
    first: dict[JudgeReward, Call] = field(default_factory=dict)
    """The first call of each judge."""

    def add(self, row: Row, judges: Sequence[JudgeReward]) -> None:
        from plaudit.errors import DataError

        self.num_rows += 1
        if isinstance(row.group, DataError):
            self.num_bad += 1
            return
        try:
            calls = [(one, call) for one in judges for job in one.jobs([row.group])
                     for call in one.judge.calls(job)]  # fmt: skip
        except DataError as error:
            self.num_bad += 1
            if self.num_bad <= 3:
                stderr(str(row.placed(error)))
            return
        for judge, call in calls:
            self.first.setdefault(judge, call)
            paid = _paid([judge.judge.engine])
            self._add_call(call, paid[0].prices if paid else None)

    def _add_call(self, call: Call, prices: Prices | None) -> None:
        from plaudit.engines.chat import Usage
        from plaudit.engines.openai import expected_tokens

        num_prompt = sum(expected_tokens(str(turn["content"])) for turn in call.messages)
        self.num_calls += 1
        self.num_prompt += num_prompt
        self.num_reply += call.sampling.max_tokens
        if prices is not None:
            self.cost += prices.of(Usage(num_prompt, call.sampling.max_tokens))

    def scale(self, num_rows: int) -> None:
        """From a sample of rows to all of them."""
        factor = num_rows / max(1, self.num_rows)
        self.num_calls = round(self.num_calls * factor)
        self.num_prompt = round(self.num_prompt * factor)
        self.num_reply = round(self.num_reply * factor)
        self.cost *= factor
        self.num_rows = num_rows

    def lines(self) -> dict[str, str]:
        """What it comes to, by name."""
        lines = {
            "rows": f"{self.num_rows:,}",
            "calls": f"{self.num_calls:,}",
            "prompt tokens": f"{self.num_prompt:,}",
            "reply tokens at most": f"{self.num_reply:,}",
        }
        if self.num_bad:
            lines["bad rows"] = f"{self.num_bad:,}"
        if self.cost:
            lines["cost at most"] = f"{self.cost:.4g}"
        return lines


def _paid(engines: Iterable[ChatEngine]) -> list[OpenAiEngine]:
    """The engines that spend something: servers."""
    from plaudit.engines.openai import OpenAiEngine

    return [engine for engine in engines if isinstance(engine, OpenAiEngine)]


def _probe(judge: JudgeReward, call: Call) -> None:
    """Checks the server before a file is created; replies in the journal need no server."""
    for engine in _paid([judge.judge.engine]):
        if engine.calls.get(call.key(engine.resolve())) is None:
            engine.check(call, judge.judge.samples if call.sampling.temperature else 1)


def usage_of(engines: Iterable[ChatEngine]) -> dict[str, Any]:
    """What engines have spent together, for reports; empty where none spends anything."""
    paid = _paid(engines)
    if not paid:
        return {}
    spendings = [engine.spending for engine in paid]
    names = {"calls": "num_calls", "paid_calls": "num_paid", "prompt_tokens": "prompt_tokens",
             "completion_tokens": "completion_tokens", "cached_tokens": "cached_tokens",
             "cost": "cost"}  # fmt: skip
    return {
        **{name: sum(getattr(one, of) for one in spendings) for name, of in names.items()},
        "retries": sum(engine.num_retries for engine in paid),
        "latency_s": [seconds for one in spendings for seconds in one.latencies_s],
    }
