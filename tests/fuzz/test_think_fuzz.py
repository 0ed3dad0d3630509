"""Whatever the text, the think block and the answer are pieces of it, and nothing is invented."""

from hypothesis import example, given
from hypothesis import strategies as st

from plaudit.think import part_of, split

PIECES = ("<think>", "</think>", "<answer>", " ", "\n", "a", "<", ">", "/", "think", "\ud800", "思")
texts = st.one_of(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.text(max_size=40))


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


@given(texts)
@example("</think><think>")
@example("\x1f<think></think>")
def test_agrees_with_an_independent_reading(text):
    assert split(text) == by_hand(text)


@given(texts)
def test_the_parts_put_together_give_the_text_again(text):
    think, answer, status = split(text)
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
    if "</think>" not in think:
        assert split(f"<think>{think}</think>{answer}") == (think, answer, "closed")
