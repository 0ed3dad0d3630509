"""The judge report in a real browser."""

import math
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from test_report_browser import ACTS, BROWSER, BROWSERS, HOSTILE, rendered

from plaudit.data import Layout
from plaudit.report.judge import JudgeSummary
from plaudit.report.judge_html import write_judge_report
from plaudit.run import Result
from plaudit.types import Score

pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"none of {', '.join(BROWSERS)} found")


def add(summary, raw, *scores):
    row = Layout().row(raw, "rows.jsonl", summary.counts["rows"] + 1)
    summary.add(row, Result(0, row.group, list(scores), None))


def pair(forward, backward, **more):
    value = (forward + backward) / 2
    return Score(value, {"forward": forward, "backward": backward}, **more), Score(1 - value)


def test_hostile_text_is_shown_and_does_nothing(tmp_path):
    summary = JudgeSummary(HOSTILE, by=[HOSTILE], judge=HOSTILE)
    raw = {"prompt": HOSTILE, "chosen": HOSTILE, "rejected": HOSTILE + "2", HOSTILE: HOSTILE}
    raw |= {"chosen_model": HOSTILE, "rejected_model": "m"}
    add(summary, raw, *pair(0.0, 0.0, fault="response", error=HOSTILE, note=HOSTILE))
    texts = {"title": HOSTILE, "recipe_text": HOSTILE, "command": HOSTILE}
    path = write_judge_report(tmp_path / "r.html", summary, meta={HOSTILE: HOSTILE}, **texts)
    dom, console = rendered(path, tmp_path / "profile")
    assert console == []
    assert dom.counts["script"] == 3
    assert "img" not in dom.counts
    assert not {"onerror", "onload"} & dom.attributes
    assert dom.text.count(f"</script><script>{ACTS}</script><img src=x onerror=") > 12
    assert "owned" not in dom.text.replace(ACTS, "")


@pytest.mark.parametrize("kind", ["nothing", "unscored", "pairs", "ratings", "yes_no", "all"])
def test_whatever_was_judged_is_drawn(kind, tmp_path):
    summary = JudgeSummary(by=["judge"])
    for i in range(40):
        judge = {"judge": f"judge {i % 2}"}
        if kind in ("pairs", "all"):
            add(summary, {"chosen": "x" * (i + 1), "rejected": "y" * 20, **judge},
                *pair(i / 40, (i % 3) / 2))  # fmt: skip
        if kind in ("ratings", "all"):
            add(summary, {"response": "x", "score": i % 5, **judge, "j": 1}, Score(i % 4))
        if kind == "yes_no":
            add(summary, {"response": "x", "correct": i % 3 > 0, **judge}, Score(i / 40))
        if kind == "unscored":
            failed = Score(math.nan, error="503", fault="system")
            add(summary, {"chosen": "x", "rejected": "y"}, failed, failed)
    path = write_judge_report(tmp_path / "r.html", summary)
    dom, console = rendered(path, tmp_path / "profile")
    assert console == []
    # pairs: three charts by cell and two curves; ratings: one by cell; yes or no: that and a curve
    charts = {"nothing": 0, "unscored": 0, "pairs": 5, "ratings": 1, "yes_no": 2, "all": 6}
    assert dom.counts.get("svg", 0) == charts[kind]
    assert ("There were no verdicts." in dom.text) == (kind == "nothing")
