"""The page of benchmark runs in a real browser: sorted, filtered, searched, narrow, in the dark."""

import json
import re

import pytest
from chrome import BROWSER, BROWSERS, Chrome
from score_table import Table

from plaudit.bench.folder import Folder
from plaudit.bench.page import runs_of, write_bench_page
from plaudit.bench.runner import Entrant, Run
from plaudit.registry import load
from plaudit.types import Score, Step

ACTS = "document.title = 'owned'"
HOSTILE = (
    f'</script><script>{ACTS}</script><img src=x onerror="{ACTS}"><svg onload="{ACTS}">'
    f"<!--<script> javascript:{ACTS} \x1b[31mred \u202egpj.exe [red]x[/red] =cmd|' /C calc'!A0"
    " \u2028 \ud800 \x00 中文 ${1} </main>"
)
NUM = 130

pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"none of {', '.join(BROWSERS)} found")


def rows():
    """Pairs with margins of both signs, a tie, one without scores, and one that means ill."""
    subsets = ("alpacaeval-easy", "hep-go", "donotanswer")
    regular = [
        {"id": f"q{i}", "subset": subsets[i % 3], "prompt": f"question {i}",
         "chosen": f"score {(i * 7919 % 100) / 10} {'x' * i}",
         "rejected": f"score {(i * 104729 % 100) / 10} {'y' * (3 * i % 50)}"}
        for i in range(NUM - 3)
    ]  # fmt: skip
    tie = {"chosen": "score 1", "rejected": "score 1", "id": "tie", "subset": "hep-go"}
    none = {**tie, "chosen": "no number", "id": "none"}
    ill = {"id": HOSTILE, "chosen": f"score 1 {HOSTILE}", "rejected": f"score 2 {HOSTILE}"}
    return [
        *regular, {**tie, "prompt": "a tie"}, {**none, "prompt": "none"},
        {**ill, "prompt": HOSTILE, "subset": "donotanswer"},
    ]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("run")
    data = place / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows()))
    entrants = [
        Entrant("table", Table()),
        Entrant("random", load("rules.baseline.random")),
        Entrant(f"turned {HOSTILE}", Table(sign=-1)),
    ]
    options = {"num_draws": 50, "include_text": True, "ensembles": ["mean"], "command": HOSTILE}
    Run(
        "rewardbench", Folder(place / "out"), data=[str(data)], entrants=entrants, **options
    ).score()
    write_bench_page(place / "page.html", *runs_of([str(place / "out")]), title=HOSTILE)
    return place


@pytest.fixture(scope="module")
def results(folder):
    return json.loads((folder / "out/results.json").read_text())


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Chrome(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture
def tab(browser, folder):
    browser.console.clear()
    browser.requests.clear()
    browser.open(folder / "page.html")
    yield browser
    assert browser.console == []


HELPERS = """
window.rowsOf = (label) => [...document.querySelectorAll(`[aria-label="${label}"] tbody tr`)].map(
  (tr) => [...tr.children].map((cell) => [cell.textContent, cell.dataset.value ?? null]));
window.pick = (value) => {
  const select = [...document.querySelectorAll(".browse select")]
    .find((s) => [...s.options].some((o) => o.value === value));
  select.value = value; select.dispatchEvent(new Event("change"));
};
window.listed = () => [...document.querySelectorAll("details.item")].map((d) => d.textContent);
window.note = () => document.querySelector('[role="status"]').textContent;
window.find = (words) => {
  const search = document.querySelector("input[type=search]");
  search.value = words; search.dispatchEvent(new Event("change"));
};
window.openFirst = () => new Promise((done) => {
  const first = document.querySelector("details.item");
  first.addEventListener("toggle", done); first.open = true;
});
window.drawn = () => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(done)));
"""


def test_nothing_in_the_data_acts_and_nothing_is_fetched(tab, folder):
    assert tab.requests == [(folder / "page.html").as_uri()]
    assert tab.run("document.title") != "owned"
    assert tab.run("document.querySelectorAll('img, [onerror], [onload]').length") == 0
    assert tab.run("document.querySelectorAll('script').length") == 3
    title = tab.run("document.querySelector('h1').textContent")
    assert title.startswith(f"</script><script>{ACTS}</script><img")
    assert "⟨ESC⟩[31mred ⟨U+202E⟩gpj.exe" in title
    assert "⟨U+2028⟩ ⟨U+D800⟩ ⟨NUL⟩ 中文" in title


def test_every_figure_of_the_leaderboard_is_that_of_the_results(tab, results):
    tab.run(HELPERS)
    table = tab.run("rowsOf('Leaderboard')")
    entries = [*results["rewards"], *results["floors"]]
    assert len(table) == len(entries)
    names = [results["headline"], *results["columns"]]
    for entry in entries:
        is_floor = entry["origin"] == "floor"
        (row,) = [
            row for row in table
            if row[0][1].split("</")[0] == entry["name"].split("</")[0]
            and row[0][0].endswith("floor") == is_floor
        ]  # fmt: skip
        figures = [entry["figures"][name]["value"] for name in dict.fromkeys(names)]
        numbers = [row[1], *row[4:-2]]
        assert [float(value) for _, value in numbers] == figures
        assert [text for text, _ in numbers] == [f"{100 * x:.1f}" for x in figures]
        head = entry["figures"][results["headline"]]
        assert row[2][0] == f"{100 * head['low']:.1f}–{100 * head['high']:.1f}"
        counts = [f"{entry['counts'][name]:,}" for name in ("tied", "unscored")]
        assert [text for text, _ in row[-2:]] == counts
        ranks = "–".join(dict.fromkeys(map(str, entry.get("rank", ["floor"]))))
        assert row[3][0] == ranks


def test_other_figures_are_those_of_the_results(tab, results):
    tab.run(HELPERS)
    cells_of = {row[0][0]: row[2:] for row in tab.run("rowsOf('Other figures')")}
    figures = {name: sorted(float(v) for _, v in cells if v) for name, cells in cells_of.items()}
    entries = [*results["rewards"], *results["floors"]]
    assert set(figures) == {
        name for entry in entries for name in entry["figures"]
    } - {results["headline"], *results["columns"]}  # fmt: skip
    for name, values in figures.items():
        due = [entry["figures"].get(name, {}).get("value") for entry in entries]
        assert values == sorted(value for value in due if value is not None)


@pytest.mark.parametrize("label", ["Leaderboard", "Beside accuracy", "Tests"])
def test_headings_sort_both_ways_and_what_has_no_value_stays_last(label, tab):
    tab.run(HELPERS)
    heads = f"document.querySelectorAll('[aria-label=\"{label}\"] thead button')"
    for at in range(tab.run(f"{heads}.length")):
        for _ in range(2):
            tab.run(f"{heads}[{at}].click()")
            way = tab.run(f"{heads}[{at}].parentElement.getAttribute('aria-sort')")
            cells = [row[at][1] for row in tab.run(f"rowsOf({label!r})")]
            values = [value for value in cells if value is not None]
            assert cells[: len(values)] == values
            if all(re.fullmatch(r"-?[\d.]+(e-?\d+)?", value) for value in values):
                numbers = [float(value) for value in values]
                assert numbers == sorted(numbers, reverse=way == "descending")
            else:
                texts = json.dumps(values)
                order = "a.localeCompare(b)" if way == "ascending" else "b.localeCompare(a)"
                assert values == tab.run(f"{texts}.sort((a, b) => {order})")


def test_all_rows_are_listed_one_page_after_the_other(tab):
    tab.run(HELPERS)
    assert tab.run("note()") == f"{NUM} rows of {NUM}; 50 listed."
    for _ in range(2):
        tab.run("document.querySelector('button.more').click()")
    assert len(tab.run("listed()")) == NUM
    assert tab.run("document.querySelector('button.more').hidden") is True


def test_filters_count_what_the_results_count(tab, results):
    tab.run(HELPERS)
    counts = results["rewards"][0]["counts"]
    lost = counts["num"] - counts["won"] - counts["tied"] - counts["unscored"]
    due = {"won": counts["won"], "tied": counts["tied"], "unscored": counts["unscored"],
           "lost": lost}  # fmt: skip
    for name, num in due.items():
        tab.run(f"pick({name!r})")
        assert int(tab.run("note()").split()[0]) == num


def test_wrong_and_confident_are_losses_from_the_largest_margin_on(tab):
    tab.run(HELPERS)
    tab.run("pick('confident')")
    margins = [
        float(text)
        for text in tab.run(
            "[...document.querySelectorAll('details.item .value')].map((v) => v.textContent)"
        )
    ]
    assert len(margins) > 3
    assert margins == sorted(margins)
    assert max(margins) < 0


def test_a_search_finds_a_word_of_a_text(tab):
    tab.run(HELPERS)
    tab.run("find('QUESTION 77')")
    assert tab.run("note()") == f"1 row of {NUM}; 1 listed."
    assert tab.run("listed()[0].includes('row 78')")
    tab.run("find('nowhere to be found')")
    assert tab.run("note()") == f"0 rows of {NUM}; 0 listed."


FIRST = "document.querySelector('details.item')"


def open_row(tab, words):
    """Opens the first row that a search finds."""
    tab.run(HELPERS)
    tab.run(f"find({words!r})")
    tab.run("openFirst().then(() => 1)")


def test_an_unscored_response_is_called_so_and_says_why(tab):
    open_row(tab, "no number")
    (right, wrong) = tab.run(
        f"[...{FIRST}.querySelectorAll('.scores tbody tr')]"
        ".map((tr) => [...tr.querySelectorAll('td')].map((td) => td.textContent))"
    )
    assert right[1] == right[3] == right[4] == "unscored"  # of the ensemble too
    assert wrong[1:4:2] == ["1", "-1"]
    assert "no score in it" in tab.run(f"{FIRST}.textContent")


def test_texts_of_safety_rows_are_folded_and_others_are_not(tab):
    summary = f"{FIRST}.querySelector('summary').textContent"
    open_row(tab, "question 125")  # of donotanswer
    assert tab.run(f"{FIRST}.querySelectorAll('details.unsafe:not([open])').length") == 2
    assert tab.run(f"{FIRST}.querySelectorAll('details.unsafe[open]').length") == 0
    assert "question" not in tab.run(summary)
    open_row(tab, "question 124")  # of hep-go
    assert tab.run(f"{FIRST}.querySelectorAll('details.unsafe').length") == 0
    assert "question 124" in tab.run(summary)


def test_hostile_texts_of_a_row_are_shown_and_do_nothing(tab):
    open_row(tab, "gpj.exe")
    text = tab.run("document.querySelector('details.item').textContent")
    assert text.count(f"</script><script>{ACTS}</script>") >= 4
    assert tab.run("document.title") != "owned"
    assert tab.run("document.querySelectorAll('img').length") == 0


def test_the_keyboard_searches_and_moves_between_rows(tab):
    tab.run(HELPERS)
    tab.press("/")
    assert tab.run("document.activeElement.type") == "search"
    tab.run("document.querySelector('details.item > summary').focus()")
    for key, place in (("ArrowDown", 1), ("j", 2), ("k", 1), ("ArrowUp", 0)):
        tab.press(key)
        assert tab.run(
            "[...document.querySelectorAll('details.item > summary')]"
            ".indexOf(document.activeElement)"
        ) == place  # fmt: skip


@pytest.mark.parametrize("is_dark", [False, True])
def test_a_phone_scrolls_tables_and_never_the_page(is_dark, browser, folder):
    browser.open(folder / "page.html", width=375, height=800, is_dark=is_dark)
    assert browser.run("document.documentElement.scrollWidth") == 375
    browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    browser.run(HELPERS)
    browser.run("drawn()")
    assert browser.run("document.documentElement.scrollWidth") == 375
    background = browser.run("getComputedStyle(document.body).backgroundColor")
    channels = [int(x) for x in re.findall(r"\d+", background)]
    assert (sum(channels) < 200) == is_dark


def test_all_charts_are_drawn_and_say_in_words_what_they_show(tab, results):
    charts = tab.run(
        "[...document.querySelectorAll('figure svg[role=img]')]"
        ".map((svg) => svg.getAttribute('aria-label'))"
    )
    assert all(charts)
    words = " ".join(charts)
    for start in ("overall:", "section/Chat:", "Scores of table", "Margin of table", "Reliability"):
        assert start in words
    assert f"table {100 * results['rewards'][0]['figures']['overall']['value']:.1f}" in words


def odd_runs(place):
    """Runs of other kinds: grades, steps, best of n, all tied, nothing scored, no rows."""

    class Steps(Table):
        def score(self, groups):
            halves = (Step(0.2, 0, 1), Step(0.9, 1, 2))
            return [[Score(1.0, steps=halves) for _ in group.responses] for group in groups]

    def bench(name, rows, reward, **more):
        data = place / f"{name}{len(list(place.iterdir()))}.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in rows))
        folder = data.with_suffix("")
        entrants = [Entrant("mine", reward), Entrant("other", reward)]
        options = {"data": [str(data)], "entrants": entrants, "num_draws": 30, **more}
        Run(name, Folder(folder), **options).score()
        return str(folder)

    three = ["score 1", "score 2", "score 3"]
    pair = {"id": "1", "prompt": "p", "chosen": "score 1", "rejected": "score 1"}
    graded = [{"id": str(i), "prompt": f"p{i}", "responses": three, "labels": [1, 0, 2]}
              for i in range(4)]  # fmt: skip
    yield bench("graded", graded, Table())
    steps = [{"id": "gsm8k-1", "problem": "why?", "steps": ["a", "b"], "label": 1}]
    yield bench("processbench", steps, Steps())
    yield bench("best_of_n", [{"id": "1", "prompt": "p", "responses": three,
                               "correct": [False, True, False]}], Table())  # fmt: skip
    yield bench("pairs", [pair], Table())
    yield bench("pairs", [{**pair, "chosen": "none", "rejected": "none either"}], Table())
    shares = place / "theirs.json"
    shares.write_text(json.dumps({"model": "theirs", "model_type": "x", "hep-go": 0.5}))
    Run("rewardbench", Folder(place / "reported"), imports=[str(shares)]).score()
    yield str(place / "reported")


def test_odd_runs_are_all_drawn(browser, tmp_path):
    path = write_bench_page(tmp_path / "page.html", *runs_of([*odd_runs(tmp_path)]))
    browser.console.clear()
    browser.open(path)
    assert browser.console == []
    text = browser.run("document.body.innerText")
    for words in (
        "No scores, or all are equal.", "every comparison is a tie", "Best of n", "about different",
        "theirs, reported without rows: hep-go 50.0", "cannot tell any two rewards apart",
    ):  # fmt: skip
        assert words in text
    browser.run("document.querySelectorAll('details.item').forEach((d) => { d.open = true; })")
    browser.run(HELPERS)
    browser.run("drawn()")
    heads = browser.run(
        "[...document.querySelectorAll('.scores tbody th')].map((th) => th.textContent)"
    )
    assert heads[:3] == ["1, grade 1", "2, grade 0", "3, grade 2"]
    assert "1, valid" in heads
    assert "2, invalid" in heads
    assert browser.console == []
