"""Whatever the text, the think block and the answer are pieces of it, and nothing is invented."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from plaudit.text.think import FAMILIES, part_of, split

PIECES = ("<think>", "</think>", "<answer>", " ", "\n", "a", "<", ">", "/", "think", "\ud800", "思")


def with_plain_tags(text):
    """The text with "X" for white space within a think tag: such tags are for the unit tests."""
    for _ in range(len(text)):
        for tag in ("< ", "<\n", "</ ", "</\n", "think ", "think\n"):
            text = text.replace(tag, tag[:-1] + "X")
    return text


texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join).map(with_plain_tags),
    st.text(max_size=40),
)


def by_hand(text):
    """An independent reading: lists of the places of all tags, then the rule in words."""
    closings = [i for i in range(len(text)) if text[i:].startswith("</think>")]
    openings = [i for i in range(len(text)) if text[i:].startswith("<think>")]
    start = next((i for i, c in enumerate(text) if not c.isspace()), len(text))
    if start in openings:
        body = start + len("<think>")
        if not closings:
            return text[body:], "", "unclosed"
        return text[body : closings[0]], text[closings[0] + len("</think>") :], "closed"
    if closings and not any(i < closings[0] for i in openings):
        return text[: closings[0]], text[closings[0] + len("</think>") :], "prefilled"
    return "", text, "none"


def is_finished(text):
    """Whether no reasoning is open at the end of what follows the block."""
    answer = by_hand(text)[1]
    return "<think>" not in answer[answer.rfind("</think>") + 1 :]


@given(texts)
@example("</think><think>")
@example("\x1f<think></think>")
def test_agrees_with_an_independent_reading(text):
    if is_finished(text):
        assert split(text) == by_hand(text)


@given(texts)
@example("</think>4<think>a")
def test_of_reasoning_opened_again_nothing_is_an_answer(text):
    think, answer, status = by_hand(text)
    found = split(text)
    assert found.think == think
    assert answer.startswith(found.answer)
    rest = answer[len(found.answer) :]
    assert not rest or rest.startswith("<think>")
    assert found.status == status or (found.status == "unclosed" and not found.answer)


SPELLED = (*PIECES, "<Think>", "</THINK >", "< think\n>", "< /think>")


@given(st.lists(st.sampled_from(SPELLED), max_size=12).map("".join))
def test_however_the_tags_are_spelled_the_parts_are_those_of_the_plain_text(text):
    plain = re.sub(r"(?i)<\s*(/?)\s*think\s*>", lambda tag: f"<{tag[1]}think>", text)
    found, expected = split(text), split(plain)
    assert found.status == expected.status
    assert found.think in text
    assert found.answer in text
    for one, other in ((found.think, expected.think), (found.answer, expected.answer)):
        assert re.sub(r"(?i)<\s*(/?)\s*think\s*>", r"<\1think>", one).strip() == other.strip()


@given(texts)
def test_the_parts_put_together_give_the_text_again(text):
    think, answer, status = split(text)
    if not is_finished(text):
        return
    lead = text[: len(text) - len(text.lstrip())]
    whole = {
        "closed": f"{lead}<think>{think}</think>{answer}",
        "prefilled": f"{think}</think>{answer}",
        "unclosed": f"{lead}<think>{think}",
        "none": answer,
    }
    assert whole[status] == text


@given(texts)
def test_a_closed_block_ends_at_the_first_closing_tag(text):
    think, _, status = split(text)
    if status != "none":
        assert "</think>" not in think


@given(texts, st.sampled_from(["answer", "think", "all"]))
def test_a_part_is_a_piece_of_the_text(text, part):
    assert part_of(text, part) in text


@given(texts, texts)
def test_a_block_put_in_front_is_found(think, answer):
    if "</think>" not in think and is_finished(f"</think>{answer}"):
        assert split(f"<think>{think}</think>{answer}") == (think, answer, "closed")


PLAIN = st.text(alphabet="ab 4\n.思\ud800", max_size=30)
FAMILY = st.sampled_from([family for family in FAMILIES if not family.is_prose])


@given(FAMILY, PLAIN, PLAIN)
def test_every_family_splits_alike(family, think, answer):
    whole = f"{family.opening}{think}{family.closing}{answer}"
    assert split(whole) == (think, answer, "closed")
    bare = f"{think}{family.closing}{answer}"
    assert split(bare, prompt=f"q\n{family.opening}") == (think, answer, "prefilled")
    assert split(f"{family.opening}{think}") == (think, "", "unclosed")
    assert split(think, prompt=f"q\n{family.opening}")[1:] == ("", "unclosed")


@given(FAMILY.filter(lambda family: not family.is_word), texts, texts)
def test_no_answer_stands_behind_an_opening_mark_that_is_never_closed(family, answer, think):
    text = f"{answer}\n{family.opening}x{think}"
    if family.closing not in think:
        assert not split(text).answer.endswith(f"{family.opening}x{think}")
