"""Text before tokenisation: chat templates, one BOS, characters that no tokenizer takes."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from plaudit.errors import ConfigError, DataError
from plaudit.types import Message

__all__ = [
    "PROFILES",
    "Bos",
    "Labelled",
    "Overflow",
    "Profile",
    "adds_second_bos",
    "clean",
    "clean_turn",
    "labelled",
    "num_common",
    "one_bos",
    "starts_with",
    "template_for",
    "templated",
]

Overflow = Literal["error", "drop", "keep_end", "keep_start"]
Bos = Literal["one", "masked", "both"]
"""The treatment of a second BOS before a text whose template wrote one already."""
_TULU = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}\n{% endfor %}"
)


class Profile(NamedTuple):
    """A published tool's way of forming text, where it differs from ours.

    `max_tokens` and `cut` truncate ("tokenizer" = on the tokenizer's own side); `fallback` is the
    template of a tokenizer that has none; `special_tokens` lets the tokenizer add its own.
    """

    special_tokens: bool = True
    max_tokens: int | None = None
    cut: Literal["left", "right", "tokenizer"] = "left"
    fallback: str | None = None


PROFILES: Mapping[str, Profile] = {
    "rb-cli": Profile(),
    "rb-run-rm": Profile(max_tokens=2048, fallback=_TULU),
    "rb-v2": Profile(max_tokens=2048, cut="tokenizer"),
    "rb-dpo": Profile(special_tokens=False, fallback=_TULU),
}


def clean(text: str) -> str:
    """The text with lone surrogates, which no tokenizer takes, as U+FFFD.

    >>> clean("a" + chr(0xD800)) == "a" + chr(0xFFFD)
    True
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def clean_turn(turn: Message) -> Message:
    """The turn with its text cleaned; other content unchanged."""
    content = turn.get("content")
    return {**turn, "content": clean(content)} if isinstance(content, str) else turn  # type: ignore[return-value]


def templated(
    tokenizer: Any,
    turns: Sequence[Mapping[str, object]],
    template: str | None,
    options: Mapping[str, object],
    *,
    generation: bool = False,
) -> str:
    """The text that a chat template (None: the tokenizer's own) makes of the turns.

    Raises: DataError where the template refuses them.
    """
    try:
        return tokenizer.apply_chat_template(
            list(turns),
            tokenize=False,
            add_generation_prompt=generation,
            chat_template=template,
            **options,
        )
    except Exception as error:  # a template is a program: it may raise anything
        message = f"the chat template refuses the turns: {type(error).__name__}: {error}"
        raise DataError(message) from error


def one_bos(tokenizer, texts: Sequence[str], special_tokens: bool) -> list[list[int]]:
    """Ids of each text; a BOS that both the template and the tokenizer add appears once."""
    if not texts:
        return []
    id_lists = tokenizer(list(texts), add_special_tokens=special_tokens, truncation=False)[
        "input_ids"
    ]
    bos, adds = tokenizer.bos_token_id, _adds_bos(tokenizer)
    return [_with_one_bos(list(ids), bos, adds) for ids in id_lists]


def adds_second_bos(tokenizer, text: str) -> bool:
    """Whether the tokenizer puts its BOS before a text that begins with one."""
    bos = tokenizer.bos_token
    return bool(bos) and text.startswith(bos) and _adds_bos(tokenizer)


def num_common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many ids two sequences begin with in common.

    >>> num_common([1, 2, 3], [1, 2, 4])
    2
    """
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def template_for(
    tokenizer, own_template: str | None, own: str | None, profile: str | None, name: str
) -> str | None:
    """The chat template: the caller's, the architecture's, the tokenizer's, the profile's.

    Raises: ConfigError if there is none.
    """
    fallback = PROFILES[profile].fallback if profile else None
    for template in (_file_or_text(own_template), own):
        if template is not None:
            return template
    if getattr(tokenizer, "chat_template", None) is not None:
        return None
    if fallback is not None:
        return fallback
    raise ConfigError(
        f"{name}: tokenizer_config.json has no chat_template and there is no chat_template.jinja;"
        " pass chat_template= with a file or the template's text"
    )


def _file_or_text(source: str | None) -> str | None:
    if source is None or "{" in source:
        return source
    try:
        with open(source, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise ConfigError(
            f"chat_template={source!r}: neither a readable file nor a Jinja template ({error})"
        ) from None


@functools.lru_cache(maxsize=16)
def _adds_bos(tokenizer) -> bool:
    """Whether the tokenizer puts its BOS before a text by itself."""
    return starts_with(tokenizer("a")["input_ids"], tokenizer.bos_token_id)


def _with_one_bos(ids: list[int], bos: int | None, adds: bool) -> list[int]:
    if bos is None:
        return ids
    while ids[:2] == [bos, bos]:
        del ids[0]
    return [bos, *ids] if adds and ids[:1] != [bos] else ids


def starts_with(ids: Sequence[int], first: int | None) -> bool:
    """Whether `first` is an id and the first of `ids`."""
    return first is not None and len(ids) > 0 and ids[0] == first


class Labelled(NamedTuple):
    """Where labels are read after a text: `num_merged` tokens before its end (0 unless the
    tokenizer joins the end of the text with the labels), and the ids that each label may have."""

    num_merged: int
    ids: Mapping[str, tuple[int, ...]]


def labelled(tokenizer: Any, text: str, labels: Sequence[str], name: str = "") -> Labelled:
    """The ids of labels that follow `text`, found by tokenising both together.

    A label may be written with a space before it where that is one token as well. Where all labels
    join with the text's last characters (":" and "5" as ":5"), they are read before these.

    Raises: ConfigError for a label that is not one token there, or the same token as another.
    """
    own, *rest = one_bos(
        tokenizer, [text, *(text + v for la in labels for v in _spellings(la))], False
    )
    behind = iter(rest)
    variants = {label: [next(behind) for _ in _spellings(label)] for label in labels}
    start = min(num_common(own, ways[0]) for ways in variants.values())
    ids_by_label = {
        label: tuple(dict.fromkeys(ids[start] for ids in ways if _is_one_behind(ids, own, start)))
        for label, ways in variants.items()
    }
    for label, ids in ids_by_label.items():
        place = f"{name}: label {label!r} after {text[-24:]!r}"
        if not ids:
            pieces = [tokenizer.decode([i]) for i in variants[label][0][start:]]
            raise ConfigError(
                f"{place} is {len(pieces)} tokens ({', '.join(map(repr, pieces))}), not one; take"
                " labels of one token each, or another prefix, or have the verdict written out"
            )
        if same := [
            o for o, theirs in ids_by_label.items() if o != label and set(theirs) & set(ids)
        ]:
            raise ConfigError(f"{place} is the same token as label {same[0]!r}; take others")
    return Labelled(len(own) - start, ids_by_label)


def _spellings(label: str) -> tuple[str, str]:
    return label, f" {label}"


def _is_one_behind(ids: Sequence[int], own: Sequence[int], start: int) -> bool:
    return len(ids) == start + 1 and num_common(ids, own) >= start
