"""How rewards receive a group: end marks off, the think tag of the prompt's end in front."""

import copy
import pickle

import pytest

from plaudit import Group, Pair, Response, Step, load
from plaudit.combine import view, weighted
from plaudit.entry import entered, entered_pair, in_own_places, opening_of, with_opening
from plaudit.rule import lift
from plaudit.types import Score

R1 = "<｜User｜>2+2?<｜Assistant｜><think>\n"


def one(prompt, response, **columns):
    (group,) = entered([Group(prompt, [response], columns)])
    return group.prompt, group.responses[0]


def test_a_plain_group_is_the_same_object():
    group = Group("2+2?", ["4", "<think>a</think>4"], {"reference": "4"})
    assert entered([group])[0] is group


def test_entering_twice_changes_nothing():
    first = entered([Group(R1, ["a</think>4</s>", "<think>b</think>4"])])
    assert entered(first)[0] is first[0]
    assert [r.text for r in first[0].responses] == ["<think>\na</think>4", "<think>b</think>4"]
    assert first[0].prompt[0]["content"] == R1.removesuffix("<think>\n")
    assert first[0].key == Group(R1, ["a</think>4</s>", "<think>b</think>4"]).key or first[0].id


def test_a_turn_that_held_the_tag_only_goes():
    turns = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "<think>\n"}]
    prompt, response = one(turns, "a</think>4")
    assert (prompt, response.text) == ((turns[0],), "<think>\na</think>4")


def test_a_turn_that_has_begun_to_think_belongs_to_the_response():
    turns = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "<think>Ok, "}]
    prompt, response = one(turns, "four</think>4")
    assert (prompt, response.text) == ((turns[0],), "<think>Ok, four</think>4")
    done = [turns[0], {"role": "assistant", "content": "<think>Ok</think>It is "}]
    assert one(done, "4")[1].text == "4"


def test_the_tag_may_end_a_part_of_the_prompt():
    parts = [{"type": "image"}, {"type": "text", "text": "2+2? <|assistant|><think>"}]
    prompt, response = one([{"role": "user", "content": parts}], "a</think>4")
    assert prompt[0]["content"][1]["text"] == "2+2? <|assistant|>"
    assert response.text == "<think>a</think>4"


@pytest.mark.parametrize("content", ["", None, [], [{"type": "image"}], ["x"], 7])
def test_strange_prompts_have_no_tag(content):
    assert opening_of(Group([{"role": "user", "content": content}], ["4"])) == ""
    assert opening_of(Group([], ["4"])) == ""


def test_marks_go_from_the_turns_as_well():
    said = ({"role": "assistant", "content": "4<|im_end|>"},)
    group = Group("2+2?", [Response("4<|im_end|>", said)])
    (found,) = entered([group])
    assert found.responses[0].messages == ({"role": "assistant", "content": "4"},)
    assert said[0]["content"] == "4<|im_end|>"


def test_a_pair_enters_as_a_group_does():
    pair = Pair(({"role": "user", "content": R1},), Response("a</think>4"), Response("b</s>"))
    found = entered_pair(pair)
    assert (found.first.text, found.second.text) == ("<think>\na</think>4", "<think>\nb")
    plain = Pair(({"role": "user", "content": "q"},), Response("a"), Response("b"))
    assert entered_pair(plain) is plain


def test_steps_stand_in_the_response_s_own_places():
    group = Group(R1, ["a</think>4"])
    moved = with_opening(group).responses[0].text
    start = moved.index("4")
    (score,) = in_own_places(group, [Score(1.0, steps=(Step(1.0, start, start + 1),))])
    _, begin, end = score.steps[0]
    assert group.responses[0].text[begin:end] == "4"


def test_a_rule_reads_the_response_with_the_tag_and_the_prompt_without():
    def both(response: str, prompt: str) -> Score:
        return Score(1.0, note=f"{prompt}|{response}")

    (score,) = lift(both).score([Group("q<think>", ["a</think>b<|im_end|>"])])[0]
    assert score.note == "q|<think>a</think>b"


def test_a_rule_with_a_parameter_for_it_gets_the_text_as_it_is():
    def mine(response: str, *, prefilled: bool = False) -> Score:
        return Score(float(prefilled), note=response)

    group = Group("q<think>", ["a</think>b", "<think>a</think>b"])
    assert [(s.value, s.note) for s in lift(mine).score([group])[0]] == [
        (1.0, "a</think>b"),
        (0.0, "<think>a</think>b"),
    ]
    rule = copy.deepcopy(pickle.loads(pickle.dumps(load("rules.format.think"))))
    assert [s.value for s in rule.score([Group("q<think>", ["a</think>b"])])[0]] == [1.0]


def test_a_group_rule_sees_all_responses_so():
    def lengths(responses: list[str]) -> list[float]:
        return [float(len(text)) for text in responses]

    group = Group("q<think>", ["a</think>b</s>", "<think>"])
    assert [s.value for s in lift(lengths).score([group])[0]] == [17.0, 7.0]


def test_views_and_combinations_agree():
    group = Group(R1, ["two and two</think>12345", "never done"])
    length = load("rules.baseline.length")
    for reward in (view(length), weighted({"a": view(length)}), view(view(length), part="all")):
        assert [s.value for s in reward.score([group])[0]] == [5.0, 0.0]
    assert view(length, part="think").score([group])[0][1].value == len("\nnever done")


def test_prefilled_is_known_to_each_of_several_rows():
    rule = load("rules.math.equal")
    groups = [
        Group(p, ["It is \\boxed{4}"], {"reference": "4"}) for p in ("2+2?", R1, "Use <think>")
    ]
    assert [scores[0].value for scores in rule.score(groups)] == [1.0, 0.0, 1.0]
