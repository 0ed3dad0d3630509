import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.untrusted import clip, csv_cell, visible

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("plain 中文 é 😀 \t\n", "plain 中文 é 😀 \t\n"),
        ("\x1b[2J", "⟨ESC⟩[2J"),
        ("a\r\nb", "a⟨CR⟩\nb"),
        ("\x9b31m", "⟨U+009B⟩31m"),
        ("nul\x00", "nul⟨NUL⟩"),
        ("\u202egpj.exe\u2066", "⟨U+202E⟩gpj.exe⟨U+2066⟩"),
        ("ans\u200bwer\ufeff", "ans⟨U+200B⟩wer⟨U+FEFF⟩"),
        ("\U000e0041", "⟨U+E0041⟩"),
        ("\ud800", "⟨U+D800⟩"),
        ("[red]not markup[/red]", "[red]not markup[/red]"),
    ],
)
def test_visible(text, shown):
    assert visible(text) == shown


@given(ANY_TEXT)
def test_visible_leaves_no_control_and_encodes(text):
    shown = visible(text)
    shown.encode("utf-8")
    acting = {c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")}
    assert acting <= {"\t", "\n"}
    assert not any(unicodedata.bidirectional(c) in BIDI_CONTROLS for c in shown)
    assert visible(shown) == shown


BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.parametrize(
    "text",
    ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", " =1", "＝1+1", "\r=1", "--1", "-a"],
)
def test_csv_formulas_are_text(text):
    assert csv_cell(text).startswith("'")


@pytest.mark.parametrize("text", ["", "-1", "+0.25", "-1e-9", "a=1", "中文", "'quoted'"])
def test_csv_leaves_the_rest(text):
    assert csv_cell(text) == text


@given(ANY_TEXT)
def test_csv_cells_survive_a_csv_file_and_begin_no_formula(text):
    file = io.StringIO()
    csv.writer(file).writerow([csv_cell(text), "end"])
    cell, end = next(csv.reader(io.StringIO(file.getvalue(), newline="")))
    assert end == "end"
    assert cell == csv_cell(text)
    if cell.lstrip().startswith(("=", "+", "-", "@")):
        float(cell)


def test_clip_keeps_head_and_tail():
    assert clip("a" * 10, 10) == "a" * 10
    clipped = clip("h" * 5000 + "t" * 5000, 2000)
    assert clipped == "h" * 1500 + "\n[… 8,000 characters left out …]\n" + "t" * 500
