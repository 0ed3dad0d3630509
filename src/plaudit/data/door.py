"""How responses enter: what servers put next to the text of an answer, and leave at its end.

    reasoning     fields `reasoning_content`, `reasoning` and `thinking` of a message, of a response
                  object or of the row become the think block: ``<think>reasoning</think>text``
    objects       Chat Completions (``choices``) and Responses (``output``) of the OpenAI API give
                  text, reasoning, tool calls and finish reason, also inside a batch's ``body``
    end marks     end-of-turn and pad marks at the end are removed and counted, or kept if the
                  caller says so (`plaudit.text.endmarks`)

A Group built by hand is read in the same way except for the first two: see `plaudit.entry`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from plaudit.data.turns import REASONING, answer, reasoning_of, turns, with_think, wrong
from plaudit.entry import without_marks
from plaudit.errors import DataError
from plaudit.text.think import split_with_marks
from plaudit.types import Group, Response

__all__ = ["Intake", "admitted", "is_output", "recipe_for", "response_of", "responses_of_output"]

_ITEMS = ("message", "reasoning", "function_call", "custom_tool_call")
_FINISH = {"max_output_tokens": "length", "max_tokens": "length"}
_LIST = (list, tuple)


class Intake(NamedTuple):
    """How many responses of a row had more than their text.

    `end_marks`: those that ended in end-of-turn or pad marks; `reasoning`: those with their
    reasoning in a field.
    """

    end_marks: int = 0
    reasoning: int = 0


def admitted(
    group: Group, raw: Mapping[str, object], *, keep_end_marks: bool = False
) -> tuple[Group, Intake]:
    """A row's group after cleaning, and what was removed or added.

    >>> group, intake = admitted(Group("2+2?", ["4<|im_end|>"]), {"reasoning": "easy"})
    >>> group.responses[0].text, intake
    ('<think>easy</think>4', Intake(end_marks=1, reasoning=1))
    """
    responses = _with_reasoning(group.responses, raw)
    num_reasoning = _num_reasoning(responses, group.responses, raw)
    num_marked = 0
    if keep_end_marks:
        responses = [replace(response, keeps_end_marks=True) for response in responses]
    else:
        stripped = [without_marks(response) for response in responses]
        responses = [response for response, _ in stripped]
        num_marked = sum(bool(marks) for _, marks in stripped)
    if all(new is old for new, old in zip(responses, group.responses, strict=True)):
        return group, Intake(num_marked, num_reasoning)
    return replace(group, responses=responses), Intake(num_marked, num_reasoning)


def _with_reasoning(responses: Sequence[Response], raw: Mapping[str, object]) -> Sequence[Response]:
    """The responses with the reasoning of the row itself, one text or one for each."""
    value = next((raw[name] for name in REASONING if raw.get(name)), None)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, _LIST) or len(texts) != len(responses):
        return responses
    if not all(isinstance(text, str) or text is None for text in texts):
        return responses
    return [
        _thinking(response, text or "") for response, text in zip(responses, texts, strict=True)
    ]


def _thinking(response: Response, think: str) -> Response:
    is_cut = not response.text and response.finish_reason == "length"
    text = with_think(think, response.text, is_finished=not is_cut)
    return response if text == response.text else replace(response, text=text)


def _num_reasoning(
    responses: Sequence[Response], before: Sequence[Response], raw: Mapping[str, object]
) -> int:
    """How many responses have a think block that came from a field."""
    changed = sum(new is not old for new, old in zip(responses, before, strict=True))
    if changed:
        return changed
    num_fields = sum(_num_fields(value) for value in raw.values() if type(value) in _NESTED)
    return min(num_fields, len(responses))


_NESTED = (dict, list, tuple)


def _num_fields(value: Any) -> int:
    """How many objects in a value, or at the end of a chat, have reasoning."""
    if isinstance(value, Mapping):
        message = value.get("message")
        inner = message if isinstance(message, Mapping) else value
        return int(bool(reasoning_of(inner)))
    if not value or not all(isinstance(item, Mapping) for item in value):
        return 0
    items = value[-1:] if "role" in value[-1] else value
    return sum(_num_fields(item) for item in items)


# --- objects of APIs ------------------------------------------------------------------------------


def is_output(value: object) -> bool:
    """Whether a value is the `output` of the Responses API: typed items, one of them a turn.

    >>> is_output([{"type": "message", "role": "assistant", "content": []}]), is_output(["4"])
    (True, False)
    """
    return (
        isinstance(value, _LIST)
        and bool(value)
        and all(isinstance(item, Mapping) and isinstance(item.get("type"), str) for item in value)
        and any(item["type"] in _ITEMS for item in value)
    )


def response_of(value: Mapping[str, Any], field: str) -> list[Response] | None:
    """The responses in an object of the OpenAI API (one for each choice); None for another object.

    Raises: DataError if the object says that its request failed, or has no answer.

    >>> choice = {"message": {"role": "assistant", "content": "4"}, "finish_reason": "stop"}
    >>> response_of({"choices": [choice]}, "response")[0].finish_reason
    'stop'
    """
    if isinstance(body := value.get("body"), Mapping):  # a line of a batch's output file
        return response_of(body, f"{field}.body")
    if isinstance(choices := value.get("choices"), _LIST):
        if not choices:
            raise wrong("at least one choice", choices, f"{field}.choices")
        return [_choice(one, f"{field}.choices[{i}]") for i, one in enumerate(choices)]
    if isinstance(value.get("message"), Mapping):
        return [_choice(value, field)]
    if is_output(value.get("output")):
        return [responses_of_output(value["output"], f"{field}.output", value)]
    if isinstance(value.get("error"), Mapping) and not value.get("output"):
        raise DataError(f"the request failed: {value['error'].get('message')}", field=field)
    return None


def _choice(value: object, field: str) -> Response:
    if not isinstance(value, Mapping):
        raise wrong("a choice with a message", value, field)
    message, finish = value.get("message"), value.get("finish_reason")
    finish = finish if isinstance(finish, str) else None
    if not isinstance(message, Mapping):
        return Response(_choice_text(value, field), finish_reason=finish)
    if message.get("content") is None and not message.get("tool_calls"):
        message = _without_content(message, finish)
    response = answer(turns({"role": "assistant", **message}, field), f"{field}.message")
    return replace(response, finish_reason=finish)


def _without_content(message: Mapping[str, object], finish: str | None) -> Mapping[str, object]:
    """A message whose content is null: unfinished only if it was cut by its length limit."""
    is_unfinished = finish == "length" and reasoning_of(message)
    return message if is_unfinished or message.get("refusal") else {**message, "content": ""}


def _choice_text(value: Mapping[str, Any], field: str) -> str:
    if not isinstance(value.get("text"), str):
        raise wrong("a choice with a message or text", value, field)
    return with_think(reasoning_of(value), value["text"])


def responses_of_output(
    items: Sequence[Mapping[str, Any]], field: str, whole: Mapping[str, object] | None = None
) -> Response:
    """The response in the `output` of the Responses API; `whole` is the object around it.

    >>> items = [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "2+2"}]},
    ...          {"type": "message", "content": [{"type": "output_text", "text": "4"}]}]
    >>> responses_of_output(items, "output").text
    '<think>2+2</think>4'
    """
    whole = whole or {}
    calls = [_call(item) for item in items if item["type"].endswith("_call") and "name" in item]
    finish = _finish_of(whole, has_calls=bool(calls))
    response = answer(turns(_turn_of(items, calls, finish), field), field)
    return replace(response, finish_reason=finish if whole.get("status") else None)


def _turn_of(
    items: Sequence[Mapping[str, object]], calls: Sequence[object], finish: str
) -> dict[str, object]:
    """The items of an output as one assistant turn."""
    messages = [item for item in items if item["type"] == "message"]
    parts = [part for item in messages for part in _parts(item)]
    think = "\n\n".join(filter(None, (reasoning_of({"content": [item]}) for item in items)))
    turn: dict[str, object] = {"role": "assistant", "content": parts if messages else None}
    turn |= {"tool_calls": calls} if calls else {}
    turn |= {"reasoning_content": think} if think else {}
    if not messages and not calls and not (think and finish == "length"):
        turn["content"] = ""
    return turn


def _finish_of(whole: Mapping[str, object], *, has_calls: bool) -> str:
    """The finish reason under its Chat Completions name."""
    if whole.get("status") != "incomplete":
        return "tool_calls" if has_calls else "stop"
    details = whole.get("incomplete_details")
    reason = str(details.get("reason")) if isinstance(details, Mapping) else "incomplete"
    return _FINISH.get(reason, reason)


def _parts(item: Mapping[str, object]) -> Sequence[object]:
    content = item.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return content if isinstance(content, _LIST) else []


def _call(item: Mapping[str, object]) -> dict[str, object]:
    function = {"name": item["name"], "arguments": item.get("arguments", item.get("input"))}
    return {"id": item.get("call_id"), "type": "function", "function": function}


# --- the recipe that fits -------------------------------------------------------------------------


def recipe_for(responses: Sequence[Response | str]) -> str:
    """The shipped recipe (of those with a reference) whose format such responses follow.

    "r1" if most think blocks are followed by an ``<answer>`` tag, "reasoning" if models think and
    then simply answer, "math" if fewer than a fifth have a think block.

    >>> recipe_for(["<think>2+2</think><answer>4</answer>"]), recipe_for(["<think>2+2</think>4"])
    ('r1', 'reasoning')
    >>> recipe_for(["It is 4."])
    'math'
    """
    texts = [response if isinstance(response, str) else response.text for response in responses]
    thoughts = [split_with_marks(text)[0] for text in texts]
    opened = [thought for thought in thoughts if thought.status != "none"]
    if not texts or len(opened) < 0.2 * len(texts):
        return "math"
    closed = [thought for thought in opened if thought.status != "unclosed"]
    num_tagged = sum("<answer>" in thought.answer for thought in closed)
    return "r1" if closed and num_tagged >= 0.5 * len(closed) else "reasoning"
