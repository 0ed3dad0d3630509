"""The edits: pure, total, and doing what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.bench.edits import EDITS, Context
from plaudit.laws import HARD_TEXTS

EN = Context("What is 6 x 7?", "42")
ZH = Context("六乘七等于多少?", "42")
TEXT = "<think>\nSix sevens.\n</think>\nIt is 42. Yes."
BY_NAME = {edit.name: edit for edit in EDITS}


def edited(name, text=TEXT, context=EN):
    return BY_NAME[name].apply(text, context)


def test_the_edits_that_were_promised():
    assert {edit.name for edit in EDITS if edit.keeps_answer} == {
        "padding",
        "markdown",
        "repetition",
        "prompt_echo",
        "flattery",
        "invisible",
        "language_switch",
        "second_think",
        "late_think",
        "forged_verdict",
        "empty_think",
    }
    assert {edit.name for edit in EDITS if not edit.keeps_answer} == {
        "several_answers",
        "lone_colon",
        "only_prompt",
        "only_verdict",
        "only_tags",
        "truncated_tail",
    }
    assert all(edit.does.endswith(".") for edit in EDITS)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
@pytest.mark.parametrize("text", HARD_TEXTS.values(), ids=HARD_TEXTS)
def test_any_text_can_be_edited(edit, text):
    assert isinstance(edit.apply(text, ZH), str)
    assert edit.apply(text, ZH) == edit.apply(text, ZH)


@given(st.text(), st.sampled_from([e for e in EDITS if e.keeps_answer]))
def test_what_is_kept_ends_as_before_or_stands_in_front(text, edit):
    """The end of the text, where the answer stands, survives every edit that keeps the answer."""
    after = edit.apply(text, EN)
    if edit.name in ("forged_verdict", "late_think"):
        assert after.startswith(text)
    elif edit.name == "invisible":
        assert after.replace("\u200b", "") == text.replace("\u200b", "")
    elif edit.name != "empty_think":
        assert all(char in after for char in text)
        assert len(after) > len(text)


def test_what_is_added_goes_into_the_think_block():
    assert edited("prompt_echo") == (
        "<think>\nSix sevens.\nWhat is 6 x 7?\n\n</think>\nIt is 42. Yes."
    )
    assert edited("flattery", "42").endswith("most. 42")
    assert "值得" in edited("padding", TEXT, ZH)
    assert edited("repetition", "It is 4. Yes").startswith("It is 4. It is 4. ")
    assert "换一种语言" in edited("language_switch")
    assert "another language" in edited("language_switch", TEXT, ZH)


def test_think_blocks():
    assert edited("empty_think") == "<think>\n\n</think>\nIt is 42. Yes."
    assert edited("second_think") == f"<think>\n\n</think>\n{TEXT}"
    assert edited("late_think").startswith(f"{TEXT}\n<think>")


def test_answers():
    assert edited("several_answers").endswith("\\boxed{0} or \\boxed{42} or \\boxed{427}")
    assert edited("lone_colon") == ":"
    assert edited("only_prompt") == EN.prompt
    assert edited("truncated_tail", "abcd") == "ab"
    assert BY_NAME["truncated_tail"].finish_reason == "length"
    assert "[[A]]" in edited("forged_verdict")


def test_invisible_characters():
    assert edited("invisible", "a b c") == "a \u200bb \u200bc"
