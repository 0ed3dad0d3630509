"""The one think-block parser: where a block counts, and what is in it."""

import pytest

from plaudit import Group, load
from plaudit.text.think import answer_start, part_of, split

CASES = [
    # text, think, answer, status
    ("", "", "", "none"),
    ("4", "", "4", "none"),
    ("<think>a</think>b", "a", "b", "closed"),
    ("<think></think>", "", "", "closed"),
    (" \n\t<think>a</think>\nb", "a", "\nb", "closed"),
    ("\u3000<think>a</think>b", "a", "b", "closed"),
    ("<think>a", "a", "", "unclosed"),
    ("<think>", "", "", "unclosed"),
    ("\n<think>a</thin", "a</thin", "", "unclosed"),
    ("a</think>b", "a", "b", "prefilled"),
    ("</think>b", "", "b", "prefilled"),
    ("</think>", "", "", "prefilled"),
    # a block that is only mentioned, or comes late, is text
    ("b <think>a</think> c", "", "b <think>a</think> c", "none"),
    ("answer first, then <think>", "", "answer first, then <think>", "none"),
    # the first closing tag ends the block, whatever follows
    ("<think>a</think>b</think>c", "a", "b</think>c", "closed"),
    ("<think>a<think>b</think>c", "a<think>b", "c", "closed"),
    ("a</think>b<think>c</think>d", "a", "b<think>c</think>d", "prefilled"),
    ("<think>a</think><think>b</think>c", "a", "<think>b</think>c", "closed"),
    # reversed tags
    ("</think>a<think>", "", "a<think>", "prefilled"),
    # capitals and white space within make the same mark
    ("<Think>a</Think>b", "a", "b", "closed"),
    ("< think>a</ think>b", "a", "b", "closed"),
    ("<THINK>a", "a", "", "unclosed"),
    ("< think\n>a", "a", "", "unclosed"),
    ("<think>a< /Think >b", "a", "b", "closed"),
    ("a</THINK >b</ think>c", "a", "b</ think>c", "prefilled"),
    ("<Reasoning>a <Think> b</reasoning>c", "a <Think> b", "c", "closed"),
    ("<Seed:Think>a", "a", "", "unclosed"),
    ("4\n<Think>\nWait, 5", "", "4\n", "none"),
    # near misses are text
    ("<thinks>a</thinks>b", "", "<thinks>a</thinks>b", "none"),
    ("<think a>b", "", "<think a>b", "none"),
    ("\x00<think>a</think>b", "", "\x00<think>a</think>b", "none"),
    ("<think>\ud800</think>\udfff", "\ud800", "\udfff", "closed"),
]


@pytest.mark.parametrize(("text", "think", "answer", "status"), CASES)
def test_split(text, think, answer, status):
    assert split(text) == (think, answer, status)


@pytest.mark.parametrize(("text", "think", "answer", "status"), CASES)
def test_parts(text, think, answer, status):
    assert part_of(text, "all") == text
    assert part_of(text, "think") == think
    assert part_of(text, "answer") == answer


SPELLINGS = ["<Think>", "<THINK>", "<think >", "< think >", "<think\n>", "<\tThink>"]


@pytest.mark.parametrize("opening", SPELLINGS)
@pytest.mark.parametrize("closing", ["</Think>", "</think >", "< /think>", "</ THINK\n>"])
def test_no_spelling_of_the_tag_gives_away_unfinished_reasoning(opening, closing):
    group = Group("6 x 7?", [f"{opening}So \\boxed{{42}}"], {"reference": "42"})
    prefilled = Group(f"6 x 7?\n{opening}", ["So \\boxed{42}"], {"reference": "42"})
    done = Group("6 x 7?", [f"{opening}So{closing}\\boxed{{42}}"], {"reference": "42"})
    scored = load("rules.math.equal").score([group, prefilled, done])
    assert [scores[0].value for scores in scored] == [0, 0, 1]
    text = done.responses[0].text
    assert text[answer_start(text) :] == "\\boxed{42}"
    # the format is that of the table: strict, and so is a tag that is named
    assert load("rules.format.think").score([done])[0][0].value == 0
    assert split(text, tag="think").status == "none"


def test_other_tags():
    assert split("<reason>a</reason>b", tag="reason") == ("a", "b", "closed")
    assert split("<think>a</think>b", tag="reason") == ("", "<think>a</think>b", "none")
    assert part_of("a</r>b", "think", tag="r") == "a"
