"""The figures of a run, made of its folder alone: nothing is scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from plaudit.bench.benchmark import Benchmark, benchmark
from plaudit.bench.curves import ensemble
from plaudit.bench.folder import Folder
from plaudit.bench.recorded import misstated, published_rule
from plaudit.bench.results import assess
from plaudit.bench.sheet import Scored, Sheet

__all__ = ["offline"]


def offline(folder: Folder, *, credit: str | None = None) -> dict[str, object]:
    """The results of a finished run, made anew from its folder and written to it.

    Raises: ConfigError where the folder holds no finished run.
    """
    manifest = folder.manifest()
    bench, sheet = benchmark(manifest["benchmark"]), folder.sheet()
    scored = folder.scored(sheet)
    if len(scored) > 1 and bench.scores == "responses":
        scored += [ensemble(scored, kind) for kind in manifest.get("ensembles", [])]
    rule = credit or manifest.get("credit")
    options: dict[str, Any] = {"num_draws": manifest["draws"], "seed": manifest["seed"]}
    results = assess(bench, sheet, scored, credit=rule, **options)
    _add_notes(results, manifest)
    if results["credit"] == published_rule(bench):
        _add_misstated(results, manifest)
    if any("in_train" in line for line in sheet.lines):
        results["contamination"] = _contamination(bench, sheet, scored, rule, options)
    results["intake"] = manifest.get("intake", {})
    results["reported"] = [
        {"name": about["name"], "figures": about["reported"]}
        for about in manifest["rewards"]
        if about.get("reported")
    ]
    folder.write_results(results)
    return results


def _add_notes(results: dict[str, Any], manifest: Mapping[str, Any]) -> None:
    notes = {about["name"]: about.get("notes", []) for about in manifest["rewards"]}
    for entry in results["rewards"]:
        entry["notes"] += notes.get(entry["name"], [])
    results["notes"] += manifest.get("notes", [])


def _add_misstated(results: dict[str, Any], manifest: Mapping[str, Any]) -> None:
    """Says which figures a publication states otherwise than its own rows give them."""
    reported = {about["name"]: about.get("reported") or {} for about in manifest["rewards"]}
    for entry in results["rewards"]:
        notes = misstated(reported.get(entry["name"], {}), entry["figures"])
        entry["notes"] += [f"the publication disagrees with its own rows: {note}" for note in notes]


def _contamination(
    bench: Benchmark,
    sheet: Sheet,
    scored: Sequence[Scored],
    rule: str | None,
    options: Mapping[str, Any],
) -> dict[str, object]:
    """How many items the training files repeat, and the headline without them."""
    import numpy as np

    clean_N = np.array([not line.get("in_train") for line in sheet.lines])
    rest = Sheet(line for line, is_clean in zip(sheet.lines, clean_N, strict=True) if is_clean)
    figures: dict[str, Any] = {"items": int((~clean_N).sum()), "of": len(sheet), "without": {}}
    if not len(rest):
        return figures
    keep_T = np.repeat(clean_N, sheet.sizes_N)
    rewards = [
        replace(
            one,
            values_T=one.values_T[keep_T],
            credit_N=None if one.credit_N is None else one.credit_N[clean_N],
            decisions=None,
            flipped_N=None,
            failed_N=None if one.failed_N is None else one.failed_N[clean_N],
        )
        for one in scored
    ]
    clean = assess(bench, rest, rewards, credit=rule, has_floors=False, **options)
    for entry in clean["rewards"]:
        figures["without"][entry["name"]] = entry["figures"][bench.headline]
    return figures
