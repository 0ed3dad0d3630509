"""Conversions of published values that are not what a rule expects, for the layouts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.data._layout_types import Read
from plaudit.data.jsontext import loads
from plaudit.errors import DataError

__all__ = [
    "alpaca_preference",
    "arena_prompt",
    "arena_turns",
    "arena_winner",
    "capybara_turns",
    "counted",
    "finish_of_status",
    "from_json",
    "harness_prompt",
    "harness_responses",
    "letter_of",
    "letter_of_index",
    "logged_turns",
    "one_of",
    "only_item",
    "opencompass_prompt",
    "ranked_texts",
    "shepherd_problem",
    "shepherd_steps",
    "sign_of",
    "skywork_answer",
    "svamp_prompt",
    "turns_prompt",
    "webgpt_preference",
    "with_context",
]


def letter_of(value: Any, raw: Mapping[str, object]) -> object:
    """The letter of a choice, from its index starting at 0."""
    is_index = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 26
    return chr(ord("A") + value) if is_index else value


def only_item(value: object, raw: Mapping[str, object]) -> object:
    """The only item of a list of one."""
    return value[0] if isinstance(value, list | tuple) and len(value) == 1 else value


def skywork_answer(value: object, raw: Mapping[str, object]) -> object:
    """Skywork-OR1 writes its answers as a JSON list: '["204"]'."""
    extra = raw.get("extra_info")
    if isinstance(value, str) and isinstance(extra, Mapping) and "model_difficulty" in extra:
        return only_item(from_json(value, raw), raw)
    return value


def from_json(value: object, raw: Mapping[str, object]) -> Any:
    """The list or object in JSON text; other text is unchanged."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return value
    try:
        return loads(value.encode("utf-8", "surrogatepass"))
    except DataError:
        return value


def one_of(first: object, second: object) -> Read:
    """A pair's label that says which response is the better one."""

    def read(value: object, raw: Mapping[str, Any]) -> object:
        if isinstance(value, bool):
            return value
        return "a" if value == first else "b" if value == second else value

    return read


def counted(first: int, tie: int | None = None) -> Read:
    """A pair's label that counts the better response from `first`; `tie` is a tie."""
    places = {first: "a", first + 1: "b"} | ({} if tie is None else {tie: "tie"})

    def read(value: object, raw: Mapping[str, Any]) -> object:
        return value if isinstance(value, bool | str) else _from(places, value)

    return read


def _from(places: Mapping[Any, str], value: object) -> Any:
    """The place for a number; any other value is unchanged."""
    return places.get(value, value) if isinstance(value, int | float) else value


def alpaca_preference(value: object, raw: Mapping[str, object]) -> object:
    """1 for the first output, 2 for the second, 0 or 1.5 for a tie; in between the nearer one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if value in (0, 1.5):
        return "tie"
    return ("a" if value < 1.5 else "b") if 1 <= value <= 2 else value


def sign_of(value: object, raw: Mapping[str, object]) -> object:
    """A preference from -3 (the first is much better) to 3 (the second is); 0 is a tie."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return _better(0, value)


def arena_winner(value: object, raw: Mapping[str, object]) -> object:
    """The one of three columns that is 1."""
    ends = ("winner_model_a", "a"), ("winner_model_b", "b"), ("winner_tie", "tie")
    return next((end for name, end in ends if str(raw.get(name)) == "1"), None)


def arena_prompt(value: object, raw: Mapping[str, object]) -> object:
    return from_json(value, raw)[0] if isinstance(from_json(value, raw), list) else value


def arena_turns(value: object, raw: Mapping[str, object]) -> object:
    """A model's turns interleaved with the user's; both are lists of texts, as JSON."""
    prompts, replies = from_json(raw.get("prompt"), raw), from_json(value, raw)
    if not isinstance(prompts, list) or not isinstance(replies, list):
        return value
    pairs = zip(prompts, replies, strict=False)
    return [
        {"role": role, "content": text or ""}
        for pair in pairs
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]


def with_context(value: object, raw: Mapping[str, object]) -> object:
    more = raw.get("context")
    both = isinstance(value, str) and isinstance(more, str) and more
    return f"{value}\n{more}" if both else value


def turns_prompt(value: object, raw: Mapping[str, object]) -> object:
    """The question in a list of one; several would be asked one after the other, not at once."""
    return only_item(value, raw)


def letter_of_index(value: Any, raw: Mapping[str, Any]) -> object:
    """The letter of a choice whose index is a number, also as text."""
    is_digit = isinstance(value, str) and value.isdecimal()
    return letter_of(int(value) if is_digit else value, raw)


def finish_of_status(value: object, raw: Mapping[str, object]) -> object:
    """The finish reason for the status of a sample; None for an unknown status."""
    reasons = {"truncated": "length", "completed": "stop"}
    return reasons.get(value) if isinstance(value, str) else None


def opencompass_prompt(value: object, raw: Mapping[str, object]) -> object:
    """Turns whose text is under `prompt`, their roles in capitals."""
    if not isinstance(value, list) or not all(isinstance(turn, Mapping) for turn in value):
        return value
    roles = {"HUMAN": "user", "BOT": "assistant", "SYSTEM": "system"}
    return [
        {"role": roles.get(str(turn.get("role")), "user"), "content": turn.get("prompt", "")}
        for turn in value
    ]


def svamp_prompt(value: object, raw: Mapping[str, object]) -> object:
    """The story followed by its question."""
    body = raw.get("Body")
    both = isinstance(value, str) and isinstance(body, str)
    return f"{body} {value}" if both else value


def capybara_turns(value: Any, raw: Mapping[str, object]) -> object:
    """Turns in pairs: `input` and `output`, or in ms-swift `human` and `assistant`."""
    is_pairs = isinstance(value, list) and all(isinstance(pair, Mapping) for pair in value)
    if not is_pairs or not value or not ("input" in value[0] or "human" in value[0]):
        return value
    first, second = ("input", "output") if "input" in value[0] else ("human", "assistant")
    names = (("user", first), ("assistant", second))
    return [{"role": role, "content": pair.get(name)} for pair in value for role, name in names]


def ranked_texts(value: object, raw: Mapping[str, object]) -> object:
    """The texts of completions (turns with a rank), which are listed best first."""
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        return value
    return [
        {**{k: v for k, v in item.items() if k != "completion"}, "text": turn["content"]}
        if isinstance(turn := only_item(item.get("completion"), raw), Mapping)
        and isinstance(turn.get("content"), str)
        else item
        for item in value
    ]


def logged_turns(value: object, raw: Mapping[str, object]) -> object:
    """The turns of a logged batch of one, up to the last assistant turn."""
    turns = only_item(value, raw)
    if not isinstance(turns, list) or not all(isinstance(turn, Mapping) for turn in turns):
        return value
    ends = [k for k, turn in enumerate(turns, 1) if turn.get("role") == "assistant"]
    return turns[: ends[-1]] if ends else turns


def shepherd_problem(value: object, raw: Mapping[str, object]) -> object:
    return value.partition("Step 1:")[0].strip() if isinstance(value, str) else value


def shepherd_steps(value: object, raw: Mapping[str, object]) -> object:
    """The steps of Math-Shepherd's label: each ends with its mark, + or -."""
    _, first, rest = value.partition("Step 1:") if isinstance(value, str) else ("", "", "")
    if not first:
        return value
    steps, lines = [], []
    for line in f"{first}{rest}".splitlines():
        lines.append(line.strip())
        if lines[-1].endswith(("+", "-")):
            text = "\n".join(lines)
            steps.append({"text": text[:-1].rstrip(" ки").strip(), "label": text[-1] == "+"})
            lines = []
    return steps


def harness_prompt(value: object, raw: Mapping[str, object]) -> object:
    """The first argument of the first request, as lm-eval logs it."""
    first = value.get("gen_args_0", {}).get("arg_0") if isinstance(value, Mapping) else value
    while isinstance(first, list) and first and not isinstance(first[0], Mapping):
        first = first[0]
    return from_json(first, raw)


def harness_responses(value: object, raw: Mapping[str, object]) -> object:
    """The samples of the first request."""
    return value[0] if isinstance(value, list) and value and isinstance(value[0], list) else value


def webgpt_preference(value: object, raw: Mapping[str, object]) -> object:
    first, second = raw.get("score_0"), raw.get("score_1")
    if not isinstance(first, int | float) or not isinstance(second, int | float):
        return None
    return _better(first, second)


def _better(first: float, second: float) -> str | None:
    """Which score is the higher; None where one is no number (NaN)."""
    if first != first or second != second:
        return None
    return "tie" if first == second else "a" if first > second else "b"
