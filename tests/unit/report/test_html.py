import base64
import hashlib
import html.parser
import json
import re
from importlib import resources

import pytest

from plaudit.report import Summary, write_report
from plaudit.run import Result
from plaudit.types import Group, Score

HOSTILE = (
    "</script><script>document.title = 'owned'</script><!--<script> <img src=x onerror=alert(1)>"
    " \x1b[31m \u202e \u2028 \ud800 \x00 [red]x[/red] =cmd()"
)


class Page(html.parser.HTMLParser):
    """The elements of a page as a browser's parser would find them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self._open = [], {}, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open = len(self.tags)

    def handle_endtag(self, tag):
        self._open = None

    def handle_data(self, data):
        self.texts[self._open] = self.texts.get(self._open, "") + data

    def contents(self, wanted):
        return [self.texts.get(i, "") for i, (tag, _) in enumerate(self.tags, 1) if tag == wanted]


@pytest.fixture
def hostile(tmp_path):
    summary = Summary(HOSTILE)
    score = Score(1.0, {HOSTILE: 1.0}, fault="response", error=HOSTILE, note=HOSTILE)
    group = Group(HOSTILE, [HOSTILE], {HOSTILE: HOSTILE}, id=HOSTILE)
    summary.add(Result(0, group, [score], None))
    path = write_report(
        tmp_path / "r.html",
        summary,
        title=HOSTILE,
        recipe_text=HOSTILE,
        command=HOSTILE,
        meta={HOSTILE: HOSTILE},
    )
    return path.read_text(encoding="utf-8")


def test_hostile_text_adds_no_element_and_no_control(hostile, tmp_path):
    plain = write_report(tmp_path / "plain.html", Summary()).read_text(encoding="utf-8")
    assert Page(hostile).tags[1:] == Page(plain).tags[1:]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2066-\u2069]", hostile)


def test_the_data_block_holds_the_text_and_no_markup(hostile):
    (block,) = (
        text
        for text, (tag, attrs) in zip(
            Page(hostile).contents("script"),
            [t for t in Page(hostile).tags if t[0] == "script"],
            strict=True,
        )
        if attrs.get("type") == "application/json"
    )
    assert not set("<>&") & set(block)
    data = json.loads(block)
    assert data["title"].startswith("</script><script>document.title")
    assert "⟨ESC⟩[31m ⟨U+202E⟩ ⟨U+2028⟩ ⟨U+D800⟩ ⟨NUL⟩ [red]x[/red] =cmd()" in data["title"]
    assert data["runs"][0]["rows"]["worst"][0]["text"] == data["title"]


def test_the_policy_allows_these_scripts_and_styles_alone(hostile):
    page = Page(hostile)
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv"))
    directives = dict(d.split(" ", 1) for d in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert "http" not in policy

    def source(text):
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    _, charts, script = page.contents("script")
    assert directives["script-src"].split() == [source(charts), source(script)]
    assert source(page.contents("style")[0]) in directives["style-src"].split()


def test_nothing_points_outside(hostile):
    for tag, attrs in Page(hostile).tags:
        assert tag not in ("link", "img", "iframe", "base", "a")
        assert not {"src", "href", "style", "onload"} & set(attrs)


def test_figures_that_json_lacks_are_null(tmp_path):
    path = write_report(tmp_path / "r.html", Summary())
    assert '"mean":null' in path.read_text()


def test_equal_arguments_give_equal_files(tmp_path):
    files = [write_report(tmp_path / name, [Summary("a"), Summary("b")]) for name in ("1", "2")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "r.html"
    path.write_text("old")
    write_report(path, Summary())
    assert path.read_text().startswith("<!doctype html>")
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "r.html"
    path.write_text("old")

    def full(*args):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="disk full"):
        write_report(path, Summary())
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]


def test_the_vendored_library_is_the_one_described():
    assets = resources.files("plaudit.report") / "assets"
    library = (assets / "plot.min.js").read_bytes()
    readme = (assets / "README.md").read_text()
    assert hashlib.sha256(library).hexdigest() in readme
    assert f"{len(library):,} bytes" in readme
    assert len(library) <= 350_000
    assert b"new Function" not in library
    assert (assets / "plot.LICENSE.txt").read_bytes() in library


@pytest.mark.parametrize("name", ["plot.min.js", "report.js", "report.css"])
def test_assets_can_stand_inside_a_page(name):
    text = (resources.files("plaudit.report") / "assets" / name).read_text(encoding="utf-8")
    assert not re.search("</(script|style)|<!--|\r|\0", text, re.IGNORECASE)


def test_the_script_reads_no_markup():
    script = (resources.files("plaudit.report") / "assets" / "report.js").read_text()
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "fetch(",
    ):
        assert word not in script
