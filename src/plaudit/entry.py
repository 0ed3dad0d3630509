"""How rules, models and judges receive a group, the same wherever it was made.

    end marks     end-of-turn and pad marks at the end of a response are removed (`endmarks`),
                  unless the response says `keeps_end_marks`
    think tag     where the prompt ends in an opening think tag, the tag is moved to the front of
                  the responses: a prefilled response reads like any other, and unfinished
                  reasoning is seen as such (`think`)

Every reward that reads text calls `entered` on its groups; entering twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from plaudit.text.endmarks import without_end_marks
from plaudit.text.think import opening_at_end, opening_in, starts_in
from plaudit.types import Group, Message, Pair, Response, Score, Step

__all__ = [
    "CONVENTION",
    "entered",
    "entered_pair",
    "in_own_places",
    "opening_of",
    "with_opening",
    "without_marks",
    "without_marks_group",
]


CONVENTION = (
    "Responses are read without the end-of-turn marks at their end (--keep-end-marks leaves them),"
    " with reasoning from a field of its own as <think>reasoning</think> in front, and with the"
    " opening think tag that the prompt ends in."
)


def entered(groups: Sequence[Group]) -> list[Group]:
    """The groups as rewards read them.

    >>> group = entered([Group("2+2?<|assistant|><think>", ["two and two</think>4</s>"])])[0]
    >>> group.prompt[-1]["content"], group.responses[0].text
    ('2+2?<|assistant|>', '<think>two and two</think>4')
    """
    return [with_opening(without_marks_group(group)) for group in groups]


def entered_pair(pair: Pair) -> Pair:
    """A pair as comparers read it."""
    group = Group(pair.prompt, (pair.first, pair.second), id="pair")
    entered_group = entered([group])[0]
    if entered_group is group:
        return pair
    first, second = entered_group.responses
    return replace(pair, prompt=entered_group.prompt, first=first, second=second)


def without_marks_group(group: Group) -> Group:
    """The group without end-of-turn marks; the same object where there is none."""
    responses: list[Response] = []
    is_same = True
    for response in group.responses:
        responses.append(own := without_marks(response)[0])
        is_same = is_same and own is response
    return group if is_same else Group(group.prompt, responses, group.columns, group.key)


def without_marks(response: Response) -> tuple[Response, tuple[str, ...]]:
    """A response without the end-of-turn marks at its end, and the marks.

    >>> without_marks(Response("4<|im_end|>"))[1], without_marks(Response("4"))[1]
    (('<|im_end|>',), ())
    """
    if response.keeps_end_marks:
        return response, ()
    text, marks = without_end_marks(response.text)
    turns = _without_marks(response.messages) if response.messages else response.messages
    if not marks and turns is response.messages:
        return response, ()
    return replace(response, text=text, messages=turns), marks


def _without_marks(turns: tuple[Message, ...]) -> tuple[Message, ...]:
    """The turns, the last of them without the marks at its end."""
    content = turns[-1].get("content") if turns else None
    if not isinstance(content, str):
        return turns
    text, marks = without_end_marks(content)
    return (*turns[:-1], {**turns[-1], "content": text}) if marks else turns


def in_own_places(group: Group, scores: list[Score]) -> list[Score]:
    """Scores of an entered group with their steps in the places of the group's own texts."""
    if not any(score.steps for score in scores) or not (opening := opening_of(group)):
        return scores
    return [
        score if starts_in(response.text, opening) else _shifted(score, len(opening))
        for response, score in zip(group.responses, scores, strict=True)
    ]


def _shifted(score: Score, size: int) -> Score:
    steps = (Step(v, max(0, start - size), max(0, end - size)) for v, start, end in score.steps)
    return replace(score, steps=tuple(steps))


# --- the opening tag ------------------------------------------------------------------------------


def opening_of(group: Group) -> str:
    """The opening think tag that the prompt ends in, with the white space after it, or "".

    Where the prompt ends in a turn of the assistant that has begun to think (a message, or the end
    of a chat as a template writes it), the tag and all that follows it.

    >>> opening_of(Group("2+2?<|assistant|><think>\\n", []))
    '<think>\\n'
    """
    text = _last_text(group.prompt)
    if not text:
        return ""
    is_begun = group.prompt[-1].get("role") == "assistant"
    return (opening_in(text) if is_begun else "") or opening_at_end(text)


def with_opening(group: Group) -> Group:
    """The group with the opening tag at the prompt's end moved to the front of its responses.

    A response that starts with the tag already keeps its one. A turn of the prompt that held
    nothing else goes.
    """
    if not (opening := opening_of(group)):
        return group
    responses = [
        response
        if starts_in(response.text, opening)
        else replace(response, text=opening + response.text)
        for response in group.responses
    ]
    return Group(_without_opening(group.prompt, opening), responses, group.columns, group.key)


def _last_text(turns: Sequence[Message]) -> str | None:
    """The text at the end of a prompt, None where it ends in something else."""
    content: Any = turns[-1].get("content") if turns else None
    if isinstance(content, list | tuple) and content:
        last = cast("Sequence[Any]", content)[-1]
        content = cast("dict[str, Any]", last).get("text") if isinstance(last, dict) else None
    return content if isinstance(content, str) else None


def _without_opening(turns: tuple[Message, ...], opening: str) -> tuple[Message, ...]:
    *before, last = turns
    content: Any = last.get("content")
    if isinstance(content, str):
        rest: Any = content.removesuffix(opening)
    else:
        rest = [*content[:-1], {**content[-1], "text": content[-1]["text"].removesuffix(opening)}]
    if before and not (rest.strip() if isinstance(rest, str) else True):
        return tuple(before)
    return (*before, {**last, "content": rest})  # type: ignore[typeddict-item]
