"""The report in a real browser: nothing in the data acts, and every chart is drawn."""

import html.parser
import math
import shutil
import subprocess

import pytest

from plaudit.bench.probe import probe
from plaudit.errors import DataError
from plaudit.report import Summary, write_report
from plaudit.report.probe import write_probe_report
from plaudit.run import Result
from plaudit.types import Group, Score

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
FLAGS = (  # noqa: SIM905
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync"
    " --disable-background-networking --disable-component-update --enable-logging=stderr"
    " --virtual-time-budget=5000 --window-size=1200,3000 --dump-dom"
).split()
ACTS = "document.title = 'owned'"
HOSTILE = (
    f'</script><script>{ACTS}</script><img src=x onerror="{ACTS}"><svg onload="{ACTS}">'
    f"<!--<script> javascript:{ACTS} \x1b[31mred \u202egpj.exe [red]x[/red] =cmd|' /C calc'!A0"
    " \u2028 \ud800 \x00 中文 ${1} </main>"
)

pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"none of {', '.join(BROWSERS)} found")


class Dom(html.parser.HTMLParser):
    """Counts of elements and the text outside of scripts."""

    def __init__(self, text):
        super().__init__()
        self.counts, self.text, self.attributes, self._inside = {}, "", set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.attributes |= {name for name, _ in attrs}
        self._inside = tag

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside not in ("script", "style"):
            self.text += data


def rendered(path, profile):
    """The page's elements after its scripts ran, and what the console said."""
    command = [BROWSER, *FLAGS, f"--user-data-dir={profile}", path.as_uri()]
    done = subprocess.run(command, capture_output=True, timeout=600, check=True)
    console = [line for line in done.stderr.decode().splitlines() if "CONSOLE" in line]
    return Dom(done.stdout.decode()), console


def one(*scores):
    summary = Summary("run")
    for i, score in enumerate(scores):
        summary.add(Result(i, Group(f"p{i}", ["x" * (i % 40)]), [score], None))
    return summary


def hostile():
    summary = Summary(HOSTILE)
    score = Score(1.0, {HOSTILE: 1.0, "b": 2.0}, fault="response", error=HOSTILE, note=HOSTILE)
    group = Group(HOSTILE, [HOSTILE, HOSTILE + "2"], {HOSTILE: HOSTILE}, id=HOSTILE)
    summary.add(Result(0, group, [score, Score(0.5, {HOSTILE: 0.5})], None))
    summary.add(Result(1, None, [], DataError(HOSTILE, where=HOSTILE, field=HOSTILE)))
    return summary


def test_hostile_text_is_shown_and_does_nothing(tmp_path):
    texts = {"title": HOSTILE, "recipe_text": HOSTILE, "command": HOSTILE}
    path = write_report(tmp_path / "r.html", hostile(), meta={HOSTILE: HOSTILE}, **texts)
    dom, console = rendered(path, tmp_path / "profile")
    assert console == []
    assert dom.counts["script"] == 3
    assert "img" not in dom.counts
    assert not {"onerror", "onload"} & dom.attributes
    shown = f"</script><script>{ACTS}</script><img src=x onerror="
    assert dom.text.count(shown) > 15
    assert "⟨ESC⟩[31mred ⟨U+202E⟩gpj.exe [red]x[/red] =cmd|' /C calc'!A0" in dom.text
    assert "⟨U+2028⟩ ⟨U+D800⟩ ⟨NUL⟩ 中文" in dom.text
    assert "owned" not in dom.text.replace(ACTS, "")


def test_odd_runs_are_all_drawn(tmp_path):
    many = [Score(i / 7, {f"part {k}": i * 0.1 + k for k in range(30)}) for i in range(100)]
    runs = [
        Summary("empty"),
        one(Score(0.25)),
        one(*[Score.unscored("judge: down", fault="system")] * 5),
        one(*[Score(1.0, {"same": 1.0})] * 50),
        one(Score(1e300), Score(-1e300), Score(5e-324)),
        one(Score(math.nan, {"judge": math.nan}), Score(0.5, {"judge": 0.5})),
        one(*many),
    ]
    path = write_report(tmp_path / "r.html", runs, title="Odd runs")
    dom, console = rendered(path, tmp_path / "profile")
    assert console == []
    # per run: one chart for each part that has a value, and one against length
    assert dom.counts["svg"] == 0 + 2 + 0 + 3 + 2 + 3 + 32
    assert dom.text.count("There were no responses to score.") == 1
    assert dom.text.count("Groups without spread") == 1  # only in the legend


def test_a_chart_says_in_words_what_it_shows(tmp_path):
    path = write_report(tmp_path / "r.html", one(Score(0.0), Score(1.0), Score(1.0)))
    dom, _ = rendered(path, tmp_path / "profile")
    assert {"aria-label", "role", "scope"} <= dom.attributes
    assert dom.counts["caption"] == 1


def probe_of(text):
    class Long:
        relative, deterministic, cpu_bound = False, True, False

        def score(self, groups):
            return [[Score(float(len(r.text))) for r in g.responses] for g in groups]

    return probe(Long(), [Group(text, [text, text + "2"]), Group("p", ["a", "bb"])])


def test_the_page_of_a_probe_has_tables_a_chart_and_both_texts(tmp_path):
    path = write_probe_report(tmp_path / "p.html", probe_of("two words").as_dict())
    dom, console = rendered(path, tmp_path / "profile")
    assert console == []
    for text in ("Edits that keep the answer", "Edits that spoil the answer", "padding",
                 "4 of 4 (100 %)", "How often an edit paid", "Before: 9", "After: "):  # fmt: skip
        assert text in dom.text
    assert dom.counts["table"] >= 3
    assert dom.counts["svg"] == 1


def test_hostile_text_in_a_probe_does_nothing(tmp_path):
    figures = probe_of(HOSTILE).as_dict()
    path = write_probe_report(
        tmp_path / "p.html", figures, title=HOSTILE, recipe_text=HOSTILE, meta={HOSTILE: HOSTILE}
    )
    dom, console = rendered(path, tmp_path / "profile")
    assert console == []
    assert "img" not in dom.counts
    assert not {"onerror", "onload"} & dom.attributes
    assert dom.text.count("<script>") > 2  # as text
