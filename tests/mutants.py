"""Mutation tests: does a test fail when one operator, constant or keyword of a module changes?

`python tests/mutants.py` changes one place at a time (see `mutate`) in a copy of the package and
runs the doctests of that file and the tests of that module alone. `--sample N` takes N of the
changes, `--module NAME` those of one module, `--write` keeps results and page. Which changes: the
first of each module by a hash of the seed and the change, so that an edit elsewhere leaves them the
same. What is known to be equivalent (`golden/equivalent_mutants.json`, with reasons) is left out
before.

A mutant is caught where its tests fail, where they use several times the CPU seconds that they use
on the unchanged module, and where every process sleeps and none gets anywhere. One process forks
for each mutant, so that pytest and numpy are imported once; time on the wall decides nothing.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import hashlib
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import mutate  # noqa: E402

SEED = 7
BAR = 0.9
EQUIVALENT = ROOT / "tests" / "golden" / "equivalent_mutants.json"
RESULTS = ROOT / "benchmarks" / "results" / "mutants.json"
FIRST = ROOT / "tests" / "golden" / "first_mutants.json"  # those that survived the first run
PAGE = ROOT / "docs" / "mutants.md"
PRELOADED = ("pytest", "hypothesis", "numpy", "orjson", "yaml", "email.message", "asyncio")
_SPARE_CPU_S = 5.0
_MAX_MEMORY = 6 << 30
_IDLE_CHECKS = 90


_IDENTITY = ("file", "function", "code", "before", "after", "ordinal")
_HEAD = f"""# Mutants

Does a test fail when the code is wrong? `make mutants` changes one operator, constant, call or
keyword of a module at a time (seed {SEED}; `tests/mutate.py` has the list of changes), in a copy,
and runs that module's own tests. A mutant is caught where they fail, use several times their CPU
seconds, or come to a stop. `make test-all` runs twenty of them. The bar is {BAR:.0%}. This page
and `benchmarks/results/mutants.json` are written by `make mutants`.
""".splitlines()


class Target(NamedTuple):
    """A module (a folder, a pattern), how many of its mutants are run, and its own tests: the
    quick ones, then those that run where the quick ones pass."""

    name: str
    num: int
    quick: tuple[str, ...]
    thorough: tuple[str, ...] = ()

    def files(self, package: Path) -> list[Path]:
        """The module's file, the files of its folder, or those that a pattern names."""
        if "*" in self.name:
            return sorted(package.glob(f"{self.name}.py"))
        path = package / f"{self.name}.py"
        return [path] if path.is_file() else sorted((package / self.name).rglob("*.py"))


_ANSWERS = "tests/unit/answers/test_"
_GRADING = "tests/unit/grading/test_"
TARGETS = (
    Target("combine", 36, ("tests/unit/test_combine.py",), ("tests/fuzz/test_combine_fuzz.py",)),
    Target("rule", 26, ("tests/unit/test_rule.py",), ("tests/contract/test_laws.py",)),
    Target("journal", 10, ("tests/unit/test_journal.py",)),
    Target("run", 8, ("tests/unit/test_run.py", "-k", "not three_deadlines and not culprit"),
           ("tests/unit/test_run.py", "-k", "three_deadlines or culprit")),
    Target("http", 26, ("tests/unit/test_http.py",), ("tests/unit/test_outage.py",)),
    Target("judges/verdict", 24, ("tests/unit/judges/test_verdict.py",),
           ("tests/unit/judges/test_templates.py", "-k", "described or Scores or scores")),
    Target("data/selection", 30, ("tests/unit/data/test_selection.py",),
           ("tests/unit/data/test_balance.py",)),
    Target("answers/[!hlm]*", 12,
           tuple(f"{_ANSWERS}{name}.py" for name in ("extract", "boxed", "stated", "choices")),
           ("tests/unit/rules/test_math.py", "tests/unit/rules/test_exact.py",
            f"{_ANSWERS}units.py", f"{_ANSWERS}wrap_law.py")),
    Target("answers/latex_*", 14,
           tuple(f"{_ANSWERS}{name}.py" for name in (
               "latex", "forms", "algebra", "whole", "units")),
           ("tests/unit/rules/test_math.py", f"{_ANSWERS}adversary.py")),
    Target("grading", 14,
           tuple(f"{_GRADING}{name}.py" for name in (
               "layouts", "code_extract", "code_asserts", "code_compare", "code_rows")),
           tuple(f"{_GRADING}{name}.py" for name in ("honest", "checkers", "published"))),
    Target("engines/plan", 10, ("tests/unit/engines/test_engine.py", "-k", "plan or window"),
           ("tests/unit/engines/test_engine.py",)),
)  # fmt: skip


class Place(NamedTuple):
    """A mutant and where it is: the file within the package, its number in that file."""

    target: str
    file: str
    number: int
    mutant: mutate.Mutant

    @property
    def identity(self) -> tuple[Any, ...]:
        """What names the mutant in the list of equivalent ones."""
        return (self.file, *self.mutant.key)

    def rank(self, seed: int) -> bytes:
        """Its place in the order that the seed gives."""
        return hashlib.sha256(repr((seed, self.identity)).encode()).digest()


class Outcome(NamedTuple):
    """How the tests of one mutant ended: the test that failed first, or why none had to."""

    is_caught: bool
    by: str


def equivalents() -> Mapping[tuple[Any, ...], str]:
    """The reason of every mutant that no test can tell from the original."""
    rows = json.loads(EQUIVALENT.read_text(encoding="utf-8"))
    return {_identity(row): row["reason"] for row in rows}


def places(target: Target, package: Path, seed: int) -> list[Place]:
    """Every mutant of a target in the order of the seed, equivalent ones left out."""
    known = equivalents()
    found = []
    for path in target.files(package):
        file = str(path.relative_to(package))
        for i, mutant in enumerate(mutate.mutants(path.read_text(encoding="utf-8"))):
            found.append(Place(target.name, file, i, mutant))
    return sorted((p for p in found if p.identity not in known), key=lambda place: place.rank(seed))


class Copy:
    """A copy of the package in a folder of its own; `mutated` changes one file of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "plaudit"
        source = ROOT / "src" / "plaudit"
        shutil.copytree(source, self.package, ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(str(self.package), quiet=2)

    def write(self, file: str, source: str) -> None:
        """Writes one file; its bytecode goes, as its date and size may be the old ones."""
        path = self.package / file
        path.write_text(source, encoding="utf-8")
        for stale in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            stale.unlink()

    def restore(self, file: str) -> None:
        """The file as it is in the working tree."""
        self.write(file, (ROOT / "src" / "plaudit" / file).read_text(encoding="utf-8"))


class FirstFailure:
    """A pytest plugin that writes the first test that fails to a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Called by pytest after each test."""
        if report.failed and not self.path.exists():
            self.path.write_text(report.nodeid, encoding="utf-8")


def run_tests(copy: Copy, tests: Sequence[str], limit_s: float) -> tuple[int, str, float]:
    """The exit status of pytest in a child, the first test that failed, and its CPU seconds.

    The status is negative where a signal ended it: SIGXCPU at the limit, SIGKILL where it hung.
    """
    failure = copy.folder / "failure.txt"
    failure.unlink(missing_ok=True)
    pid = os.fork()
    if pid == 0:
        _child(copy, tests, limit_s, failure)
    status, usage = _wait(pid)
    by = failure.read_text(encoding="utf-8") if failure.exists() else ""
    return os.waitstatus_to_exitcode(status), by, usage.ru_utime + usage.ru_stime


def _child(copy: Copy, tests: Sequence[str], limit_s: float, failure: Path) -> None:
    code = 3
    try:
        os.setsid()
        log = os.open(copy.folder / "pytest.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit_s), int(limit_s) + 5))
        resource.setrlimit(resource.RLIMIT_DATA, (_MAX_MEMORY, _MAX_MEMORY))
        os.environ["PYTHONPATH"] = str(copy.folder)
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(copy.folder / "hypothesis")
        sys.path.insert(0, str(copy.folder))
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        code = int(_pytest(tests, failure))
    except Exception:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _pytest(tests: Sequence[str], failure: Path) -> int:
    import hypothesis
    import pytest

    hypothesis.settings.register_profile(
        "mutants",
        deadline=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],  # no example is shrunk
    )
    options = ["-x", "-q", "--tb=short", "-p", "no:cacheprovider", "-p", "no:xdist"]
    options += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)]
    options += ["--hypothesis-profile", "mutants"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # hypothesis is preloaded
    return pytest.main([*options, *tests], plugins=[FirstFailure(failure)])


def _wait(pid: int) -> tuple[int, resource.struct_rusage]:
    """Waits for the child, and ends its session; kills it where nothing in it moves any more."""
    before, idle = -1, 0
    while True:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended or idle >= _IDLE_CHECKS:
            _kill(pid)
            return (status, usage) if ended else os.wait4(pid, 0)[1:]
        ticks, is_ready = _activity(pid)
        idle, before = (0 if is_ready or ticks != before else idle + 1), ticks
        time.sleep(0.5)


def _kill(session: int) -> None:
    for pid, fields in _processes():
        if int(fields[3]) == session:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _activity(session: int) -> tuple[int, bool]:
    """The CPU ticks of the session's processes, and whether one of them runs or waits for a CPU."""
    members = [fields for _, fields in _processes() if int(fields[3]) == session]
    ticks = sum(int(fields[11]) + int(fields[12]) for fields in members)
    return ticks, any(fields[0] in "RD" for fields in members)


def _processes() -> Iterator[tuple[int, list[str]]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            yield int(entry.name), text.rpartition(")")[2].split()


class Trial:
    """Runs mutants of one target; the limits are multiples of what its tests use unchanged."""

    def __init__(self, copy: Copy, target: Target) -> None:
        self.copy = copy
        self.doctests = tuple(map(str, target.files(copy.package)))
        self.stages = [stage for stage in (target.quick, target.thorough) if stage]
        self.limits: list[float | None] = [None] * len(self.stages)

    def run(self, place: Place) -> Outcome:
        """The outcome of one mutant."""
        source = (ROOT / "src" / "plaudit" / place.file).read_text(encoding="utf-8")
        for i in range(len(self.stages)):
            limit = self._limit(i)
            doctests = [] if i else [str(self.copy.package / place.file)]
            self.copy.write(place.file, mutate.apply(source, place.number))
            try:
                code, by, _ = run_tests(self.copy, [*doctests, *self.stages[i]], limit)
            finally:
                self.copy.restore(place.file)
            if code < 0:
                return Outcome(True, "CPU limit" if code == -signal.SIGXCPU else "killed or hung")
            if code:
                return Outcome(True, by or f"not imported (pytest exits with {code})")
        return Outcome(False, "")

    def _limit(self, i: int) -> float:
        """CPU seconds for a stage, from a run of it on the unchanged package, which must pass."""
        limit = self.limits[i]
        if limit is None:
            doctests = () if i else self.doctests
            code, by, cpu_s = run_tests(self.copy, [*doctests, *self.stages[i]], 3600)
            if code:
                log = (self.copy.folder / "pytest.log").read_text(errors="replace")
                raise SystemExit(f"{self.stages[i]} fail on the unchanged package: {by}\n{log}")
            limit = self.limits[i] = 2 * cpu_s + _SPARE_CPU_S
        return limit


def chosen(
    targets: Iterable[Target], sample: int | None, seed: int = SEED
) -> list[tuple[Target, list[Place]]]:
    """The mutants of each target; `sample` of them in all, each target's share in turn."""
    package = ROOT / "src" / "plaudit"
    lists = [(target, places(target, package, seed)[: target.num]) for target in targets]
    if sample is None:
        return lists
    order = sorted((i, n) for n, (_, ranked) in enumerate(lists) for i in range(len(ranked)))
    shares = [sum(n == k for _, n in order[:sample]) for k in range(len(lists))]
    return [(target, ranked[:k]) for (target, ranked), k in zip(lists, shares, strict=True)]


def outcomes(
    chosen_mutants: Iterable[tuple[Target, list[Place]]], caught: Mapping[tuple[Any, ...], str]
) -> Iterator[tuple[Place, Outcome]]:
    """Runs the mutants, one at a time, but for those in `caught` (with the test that failed)."""
    for module in PRELOADED:
        importlib.import_module(module)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Copy(Path(folder))
        for target, ranked in chosen_mutants:
            trial = Trial(copy, target)
            for place in ranked:
                by = caught.get(place.identity)
                yield place, trial.run(place) if by is None else Outcome(True, by)


def caught_before() -> Mapping[tuple[Any, ...], str]:
    """The mutants that the last run that was written caught, with the test that failed."""
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))
    return {_identity(row): row["by"] for row in rows if row["caught"]}


def record(place: Place, outcome: Outcome) -> dict[str, Any]:
    """A line of the results."""
    mutant = place.mutant
    return {
        "module": place.target,
        "file": place.file,
        **mutant._asdict(),
        "caught": outcome.is_caught,
        "by": outcome.by,
    }


def main(arguments: Sequence[str]) -> int:
    """Prints every mutant as it ends; 1 where fewer than nine tenths are caught."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sample", type=int, help="how many, over all modules")
    parser.add_argument("--seed", type=int, default=SEED, help="other changes than those kept")
    parser.add_argument("--module", action="append", help="only this one, e.g. answers")
    parser.add_argument("--again", action="store_true", help="only what was not caught last time")
    parser.add_argument("--write", action="store_true", help="keep the results and the table")
    options = parser.parse_args(arguments)
    targets = [t for t in TARGETS if not options.module or t.name in options.module]
    results = []
    caught = caught_before() if options.again else {}
    for place, outcome in outcomes(chosen(targets, options.sample, options.seed), caught):
        results.append(record(place, outcome))
        print(json.dumps(results[-1], ensure_ascii=False), flush=True)
    num_caught = sum(result["caught"] for result in results)
    print(f"{num_caught} of {len(results)} caught")
    if options.write:
        write(results)
    return int(num_caught < BAR * len(results))


# --- the page -------------------------------------------------------------------------------------


def write(results: Sequence[Mapping[str, Any]]) -> None:
    """Writes the results and the page; the results of modules that were not run are kept."""
    names = {result["module"] for result in results}
    if RESULTS.exists():
        kept = json.loads(RESULTS.read_text(encoding="utf-8"))
        results = [*(result for result in kept if result["module"] not in names), *results]
    order = {target.name: i for i, target in enumerate(TARGETS)}
    results = sorted(results, key=lambda result: order[result["module"]])
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(results), encoding="utf-8")


def page(results: Sequence[Mapping[str, Any]]) -> str:
    """The page about a run: what was caught, what survived, what is left out and why."""
    survivors = [result for result in results if not result["caught"]]
    known = json.loads(EQUIVALENT.read_text(encoding="utf-8"))
    first = {tuple(identity) for identity in json.loads(FIRST.read_text(encoding="utf-8"))}
    mended = [result for result in results if result["caught"] and _identity(result) in first]
    lines = [
        *_HEAD,
        "",
        *_summary(results),
        "",
        "## Survivors",
        "",
        *(_change(result, "no test fails") for result in survivors),
        "",
        "## Survived the first run, which had fewer tests; caught now by",
        "",
        *(
            _change(result, f"`{result['by'].rpartition('/')[2].partition('[')[0]}`")
            for result in mended
        ),
        "",
        "## Equivalent: left out",
        "",
        *(_change(row, row["reason"]) for row in known),
    ]
    return "\n".join(lines) + "\n"


def _summary(results: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "| module | mutants | caught | share |"
    yield "|---|---|---|---|"
    names = dict.fromkeys(result["module"] for result in results)
    for name in [*names, "all"]:
        caught = [result["caught"] for result in results if name in (result["module"], "all")]
        share = f"{sum(caught) / len(caught):.0%}"
        yield f"| {name} | {len(caught)} | {sum(caught)} | {share} |"


def _change(row: Mapping[str, Any], remark: str) -> str:
    place = f"`{row['file']}`" + (f" {row['line']}" if "line" in row else "")
    before, after = (_code(row[side]) for side in ("before", "after"))
    return f"- {place}, {_code(row['code'])}: {before} becomes {after}. {remark}"


def _code(text: str) -> str:
    """A text as code in markdown, whatever backticks are in it."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"


def _identity(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[field] for field in _IDENTITY)


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
