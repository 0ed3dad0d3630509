"""The one think-block parser: where a block counts, and what is in it."""

import pytest

from plaudit.think import part_of, split

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
    # near misses are text
    ("<Think>a</Think>b", "", "<Think>a</Think>b", "none"),
    ("< think>a</ think>b", "", "< think>a</ think>b", "none"),
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


def test_other_tags():
    assert split("<reason>a</reason>b", tag="reason") == ("a", "b", "closed")
    assert split("<think>a</think>b", tag="reason") == ("", "<think>a</think>b", "none")
    assert part_of("a</r>b", "think", tag="r") == "a"
