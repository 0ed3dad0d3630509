"""Turns a pick into a row with the columns that TRL, LLaMA-Factory, OpenRLHF or verl read.

A plain-text layout takes one user turn and a one-turn answer; a pick that does not fit is a
DataError that names a layout for it. Columns as of TRL 1.16, LLaMA-Factory ff6d4d1, OpenRLHF
3c3be62 and verl 0.10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from plaudit.data.judged import Judged, JudgedResponse
from plaudit.data.selection import Pick
from plaudit.errors import ConfigError, DataError, did_you_mean
from plaudit.rule import sources_of
from plaudit.types import Message

__all__ = ["LAYOUTS", "To", "layout"]

To = Literal["preference", "sft", "rl-prompts"]
Line = dict[str, object]
Turns = list[Mapping[str, Any]]

_SHAREGPT = {"user": "human", "assistant": "gpt", "tool": "observation", "system": "system"}


def layout(name: str, to: str) -> Callable[[Pick], Line]:
    """A function that turns a pick into a row in the layout of that name.

    It raises DataError for a pick that does not fit the layout.

    Raises: ConfigError for an unknown layout, or one that has no such rows.

    >>> from plaudit.types import Response
    >>> ask = Judged(({"role": "user", "content": "2+2?"},), ())
    >>> best, worst = JudgedResponse(Response("4"), 1.0), JudgedResponse(Response("5"), 0.0)
    >>> pick = Pick(ask, best, worst, {"margin": 1.0})
    >>> layout("trl", "preference")(pick)
    {'prompt': '2+2?', 'chosen': '4', 'rejected': '5'}
    """
    if name not in LAYOUTS:
        raise ConfigError(
            f"no layout {name!r}{did_you_mean(name, LAYOUTS)}; one of {', '.join(LAYOUTS)}"
        )
    if to not in LAYOUTS[name]:
        fitting = [other for other, kinds in LAYOUTS.items() if to in kinds]
        raise ConfigError(
            f"the layout {name!r} has no {to} rows, it has {', '.join(LAYOUTS[name])};"
            f" {to} rows come in {', '.join(fitting)}"
        )
    return LAYOUTS[name][to]


# --- pieces ---------------------------------------------------------------------------------------


def _text(content: object, field: str) -> str:
    if isinstance(content, str):
        return content
    raise DataError("content that is not text; use the layout trl-chat", field=field)


def _question(judged: Judged) -> str:
    """The text of the prompt, which must be one user turn."""
    if [turn.get("role") for turn in judged.prompt] != ["user"]:
        raise DataError(
            "a prompt of several turns, or with a system prompt, is not plain text; use a layout"
            " that has turns, such as trl-chat",
            field="prompt",
        )
    return _text(judged.prompt[0].get("content"), "prompt")


def _answer(member: JudgedResponse | None) -> str:
    """The text of the response, which must be one turn."""
    assert member is not None  # the kind of row says which members a pick has
    if member.response.messages:
        raise DataError(
            "a response of several turns, or with tool calls, is not plain text; use a layout that"
            " has turns, such as trl-chat",
            field="response",
        )
    return member.text


def _turns(member: JudgedResponse | None) -> Turns:
    assert member is not None
    messages = member.response.messages or ({"role": "assistant", "content": member.text},)
    return list(messages)


def _prompt_turns(judged: Judged) -> Turns:
    if not judged.prompt:
        raise DataError("the row has no prompt", field="prompt")
    return list(judged.prompt)


def _reference(judged: Judged) -> object:
    """The reference answer under its usual names, or None."""
    candidates = (judged.columns.get(name) for name in sources_of("reference"))
    return next((value for value in candidates if value is not None), None)


def _with_columns(line: Line, judged: Judged) -> Line:
    """The row followed by the group's id and other columns."""
    columns = {"id": judged.id, **judged.columns} if judged.id else judged.columns
    return {**line, **{name: value for name, value in columns.items() if name not in line}}


def _rate(pick: Pick) -> Line:
    return {"pass_rate": pick.figures["pass_rate"]}


# --- TRL ------------------------------------------------------------------------------------------


def _trl_preference(pick: Pick) -> Line:
    return {
        "prompt": _question(pick.judged),
        "chosen": _answer(pick.chosen),
        "rejected": _answer(pick.rejected),
    }


def _trl_sft(pick: Pick) -> Line:
    return {"prompt": _question(pick.judged), "completion": _answer(pick.chosen)}


def _trl_prompts(pick: Pick) -> Line:
    """The other columns stay: TRL passes them to the reward functions."""
    return _with_columns({"prompt": _question(pick.judged), **_rate(pick)}, pick.judged)


def _chat_preference(pick: Pick) -> Line:
    return {
        "prompt": _prompt_turns(pick.judged),
        "chosen": _turns(pick.chosen),
        "rejected": _turns(pick.rejected),
    }


def _chat_sft(pick: Pick) -> Line:
    return {"prompt": _prompt_turns(pick.judged), "completion": _turns(pick.chosen)}


def _chat_prompts(pick: Pick) -> Line:
    return _with_columns({"prompt": _prompt_turns(pick.judged), **_rate(pick)}, pick.judged)


# --- LLaMA-Factory --------------------------------------------------------------------------------


def _alpaca(judged: Judged) -> Line:
    """Instruction, system prompt and earlier rounds."""
    turns = list(judged.prompt)
    system = turns.pop(0) if turns and turns[0].get("role") == "system" else {}
    roles = [turn.get("role") for turn in turns]
    if len(turns) % 2 == 0 or roles != (["user", "assistant"] * len(turns))[: len(turns)]:
        raise DataError(
            "expected turns of user and assistant in alternation, found"
            f" {', '.join(map(str, roles)) or 'none'}; use llama-factory-sharegpt or trl-chat",
            field="prompt",
        )
    texts = [_text(turn.get("content"), "prompt") for turn in turns]
    rounds = zip(texts[:-1:2], texts[1::2], strict=True)
    return {
        "instruction": texts[-1],
        "input": "",
        "system": _text(system.get("content", ""), "prompt"),
        "history": [list(one) for one in rounds],
    }


def _alpaca_preference(pick: Pick) -> Line:
    answers = {"chosen": _answer(pick.chosen), "rejected": _answer(pick.rejected)}
    return {**_alpaca(pick.judged), **answers}


def _alpaca_sft(pick: Pick) -> Line:
    return {**_alpaca(pick.judged), "output": _answer(pick.chosen)}


def _alpaca_prompts(pick: Pick) -> Line:
    return {**_alpaca(pick.judged), "output": "", **_rate(pick)}


def _sharegpt(turn: Mapping[str, Any]) -> Line:
    role = turn.get("role")
    if role not in _SHAREGPT or turn.get("tool_calls"):
        what = "tool calls" if turn.get("tool_calls") else f"the role {role!r}"
        raise DataError(f"{what} in a turn; use trl-chat", field="prompt")
    return {"from": _SHAREGPT[role], "value": _text(turn.get("content"), "prompt")}


def _sharegpt_preference(pick: Pick) -> Line:
    return {
        "conversations": [_sharegpt(turn) for turn in _prompt_turns(pick.judged)],
        "chosen": {"from": "gpt", "value": _answer(pick.chosen)},
        "rejected": {"from": "gpt", "value": _answer(pick.rejected)},
    }


def _sharegpt_sft(pick: Pick) -> Line:
    turns = [*_prompt_turns(pick.judged), *_turns(pick.chosen)]
    return {"conversations": [_sharegpt(turn) for turn in turns]}


# --- OpenRLHF and verl ----------------------------------------------------------------------------


def _openrlhf_sft(pick: Pick) -> Line:
    return {"input": _prompt_turns(pick.judged), "output": _turns(pick.chosen)}


def _openrlhf_prompts(pick: Pick) -> Line:
    reference = _reference(pick.judged)
    label = "" if reference is None else str(reference)
    source = pick.judged.columns.get("data_source", "default")
    return {
        "input": _prompt_turns(pick.judged),
        "label": label,
        "datasource": source,
        **_rate(pick),
    }


def _verl_sft(pick: Pick) -> Line:
    return {"messages": [*_prompt_turns(pick.judged), *_turns(pick.chosen)]}


def _verl_prompts(pick: Pick) -> Line:
    """Without a reference the style is "model": verl then uses a reward model."""
    columns, reference = pick.judged.columns, _reference(pick.judged)
    number = pick.judged.members[0].row if pick.judged.members else 0
    return {
        "data_source": columns.get("data_source", "plaudit"),
        "prompt": _prompt_turns(pick.judged),
        "ability": columns.get("ability", ""),
        "reward_model": {
            "style": "model" if reference is None else "rule",
            "ground_truth": "" if reference is None else reference,
        },
        "extra_info": {"split": "train", "index": number, **_rate(pick)},
    }


# --- plaudit --------------------------------------------------------------------------------------


def _text_or_turns(turns: Sequence[Message], role: str) -> object:
    """The text if there is one turn of that role, else the turns."""
    if len(turns) == 1 and turns[0].get("role") == role and set(turns[0]) == {"role", "content"}:
        return turns[0].get("content")
    return list(turns)


def _own_preference(pick: Pick) -> Line:
    sides = [_turns(member) for member in (pick.chosen, pick.rejected)]
    texts = [_text_or_turns(side, "assistant") for side in sides]  # type: ignore[arg-type]
    chosen, rejected = texts if all(isinstance(side, str) for side in texts) else sides
    line = {
        "prompt": _text_or_turns(pick.judged.prompt, "user"),
        "chosen": chosen,
        "rejected": rejected,
    }
    return _with_columns(line, pick.judged)


def _own_sft(pick: Pick) -> Line:
    response = _text_or_turns(_turns(pick.chosen), "assistant")  # type: ignore[arg-type]
    line = {"prompt": _text_or_turns(pick.judged.prompt, "user"), "response": response}
    return _with_columns(line, pick.judged)


def _own_prompts(pick: Pick) -> Line:
    line = {"prompt": _text_or_turns(pick.judged.prompt, "user"), **_rate(pick)}
    return _with_columns(line, pick.judged)


LAYOUTS: Mapping[str, Mapping[str, Callable[[Pick], Line]]] = {
    "plaudit": {
        "preference": _own_preference,
        "sft": _own_sft,
        "rl-prompts": _own_prompts,
    },
    "trl": {"preference": _trl_preference, "sft": _trl_sft, "rl-prompts": _trl_prompts},
    "trl-chat": {"preference": _chat_preference, "sft": _chat_sft, "rl-prompts": _chat_prompts},
    "llama-factory": {
        "preference": _alpaca_preference,
        "sft": _alpaca_sft,
        "rl-prompts": _alpaca_prompts,
    },
    "llama-factory-sharegpt": {"preference": _sharegpt_preference, "sft": _sharegpt_sft},
    "openrlhf": {
        "preference": _chat_preference,
        "sft": _openrlhf_sft,
        "rl-prompts": _openrlhf_prompts,
    },
    "verl": {"sft": _verl_sft, "rl-prompts": _verl_prompts},
}
"""The rows of each layout by what they are for."""
