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
    # pairs: three charts by cell and two curves; ratings: one by cell, a histogram and a scatter;
    # yes or no: one by cell and a curve; of several kinds the curves of the first
    charts = {"nothing": 0, "unscored": 0, "pairs": 5, "ratings": 3, "yes_no": 2, "all": 6}
    assert dom.counts.get("svg", 0) == charts[kind]
    assert ("There were no verdicts." in dom.text) == (kind == "nothing")


@pytest.mark.parametrize("kind", ["pairs", "ratings"])
def test_one_judge_and_no_label_leave_nothing_empty(kind, tmp_path):
    summary = JudgeSummary()
    for i in range(20):
        if kind == "pairs":
            add(summary, {"response_a": "x" * (i + 1), "response_b": "y" * 9}, *pair(i / 20, 0.5))
        else:
            add(summary, {"response": "x"}, Score(i % 4))
    dom, console = rendered(write_judge_report(tmp_path / "r.html", summary), tmp_path / "profile")
    assert console == []
    assert dom.counts["svg"] == 1  # the histogram, or the wins by length
    for absent in ("by cell", "Furthest from the labels", "Ratings against labels", "and labels"):
        assert absent not in dom.text


def test_the_agreement_of_jurors_is_shown_with_n_and_kappa(tmp_path):
    summary = JudgeSummary()
    for i in range(30):
        votes = {"juror/ann": float(i % 3), "juror/bob": float(i % 3 if i % 5 else 2)}
        add(summary, {"response": "x"}, Score(1.0, votes))
    dom, console = rendered(write_judge_report(tmp_path / "r.html", summary), tmp_path / "profile")
    assert console == []
    assert "Fleiss' kappa" in dom.text
    assert dom.text.count("n 30") == 2
    assert dom.text.count("\u03ba 0.") == 2


def test_the_table_of_pairs_fits_1280_pixels(tmp_path):
    """No table of the page is wider than what scrolls it."""
    summary = JudgeSummary(by=["judge", "subset"])
    for i in range(60):
        raw = {"chosen": "x" * (i + 1), "rejected": "y" * 20, "chosen_model": "a",
               "rejected_model": "b", "judge": "organisation/a-judge-with-a-long-name",
               "subset": f"subset {i % 3}"}  # fmt: skip
        add(summary, raw, *pair(i / 60, (i % 3) / 2))
    page = write_judge_report(tmp_path / "r.html", summary).read_text(encoding="utf-8")
    measure = (
        "addEventListener('load', () => document.body.append('too wide: ' + "
        "[...document.querySelectorAll('table')].filter("
        "(t) => t.offsetWidth > t.parentElement.clientWidth + 1).length))"
    )
    page = page.replace("Content-Security-Policy", "no-policy")
    page = page.replace("</body>", f"<script>{measure}</script></body>")
    (tmp_path / "m.html").write_text(page, encoding="utf-8")
    dom, _ = rendered(tmp_path / "m.html", tmp_path / "profile")  # at 1200 pixels
    assert "too wide: 0" in dom.text
