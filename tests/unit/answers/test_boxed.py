r"""`last_boxed`: cases by hand, and a quadratic reading of the same definition as oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.answers.boxed import last_boxed


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (r"\boxed{5}", "5"),
        (r"first \boxed{4}, then \boxed{5}", "5"),
        (r"\boxed {7}", "7"),
        (r"\boxed{ 7 }", "7"),
        (r"\fbox{3}", "3"),
        (r"\boxed{4} \fbox{3}", "3"),
        (r"\boxed{\boxed{5}}", "5"),
        (r"\boxed{\frac{1}{\sqrt{2}}}", r"\frac{1}{\sqrt{2}}"),
        (r"\boxed{a\}b}", r"a\}b"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{1 \\ {2}}", r"1 \\ {2}"),
        ("\\\\boxed{4}", "4"),
        (r"\boxed{}", ""),
        (r"\boxed{5} and \boxed{}", ""),
        (r"$\boxed 5$", "5"),
        (r"\(\boxed 5\)", "5"),
        (r"\boxed5.", "5"),
        (r"\boxed \frac{\sqrt{3}}{2}$", r"\frac{\sqrt{3}}{2}"),
        (r"\boxed \text{no solution}", r"\text{no solution}"),
        (r"\text{so \boxed 5}", "5"),
        ("\\boxed{两个 \ud800}", "两个 \ud800"),
    ],
)
def test_content(text, content):
    found = last_boxed(text)
    assert found is not None
    assert found[0] == content
    assert text[found[1] :].startswith(("\\boxed", "\\fbox"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "box",
        r"\boxed",
        r"\boxed{5",
        r"\boxed{\boxed{5}"[:-1],
        r"\boxedy{5}",
        "boxed{5}",
        r"\box{5}",
    ],
)
def test_no_box(text):
    assert last_boxed(text) is None


def test_a_mere_mention_is_no_box():
    assert last_boxed(r"I put it in \boxed as requested") is None


def test_a_cut_off_box_leaves_the_last_complete_one():
    assert last_boxed(r"\boxed{3}, so \boxed{\frac{4}{") == ("3", 0, 9)
    assert last_boxed(r"\boxed{\boxed{3}, so \boxed{4") == ("3", 7, 16)


def test_a_long_run_of_open_boxes():
    assert last_boxed("\\boxed{" * 20_000) is None
    assert last_boxed("\\boxed{1}" + "\\boxed{" * 20_000) == ("1", 0, 9)


def _oracle(text):
    """Every start from the right, each matched on its own: quadratic, plainly the definition."""
    for start in range(len(text) - 1, -1, -1):
        for macro in ("\\boxed{", "\\fbox{"):
            if text.startswith(macro, start):
                at, depth = start + len(macro), 1
                while at < len(text) and depth:
                    if text[at] == "\\":
                        at += 2
                        continue
                    depth += {"{": 1, "}": -1}.get(text[at], 0)
                    at += 1
                if not depth:
                    return text[start + len(macro) : at - 1].strip(), start, at
    return None


@given(
    st.lists(st.sampled_from(["\\boxed{", "\\fbox{", "{", "}", "1", " ", "\\{", "\\}"])).map(
        "".join
    )
)
def test_equals_the_quadratic_definition(text):
    assert last_boxed(text) == _oracle(text)


@given(st.text(st.sampled_from("\\boxedf{} $1.\n"), max_size=40))
def test_any_text_and_the_span_holds_the_content(text):
    found = last_boxed(text)
    if found is not None:
        content, start, end = found
        assert content in text[start:end]
