"""How long a response is, in the unit that the caller names, never silently in another."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Literal

from plaudit.errors import ConfigError, DataError, MissingExtra

__all__ = ["Unit", "length_of", "tokenizer"]

Unit = Literal["tokens", "words", "chars"]


def length_of(
    text: str, token_ids: Sequence[int] | None, unit: Unit, tokenizer_path: str | None = None
) -> int:
    """The length of a response in `unit`.

    "tokens" counts the given token ids, or the tokens by the tokenizer file if one is named;
    "words" counts runs between white space; "chars" counts code points.

    Raises: DataError for "tokens" without ids and without a tokenizer.

    >>> length_of("two words", None, "words"), length_of("你好", None, "chars")
    (2, 2)
    """
    if unit == "chars":
        return len(text)
    if unit == "words":
        return len(text.split())
    if unit != "tokens":
        raise ConfigError(f"unit={unit!r} must be 'tokens', 'words' or 'chars'")
    if token_ids is not None:
        return len(token_ids)
    if tokenizer_path is None:
        raise DataError(
            "unit='tokens' needs the response's token_ids or a tokenizer; pass token_ids in the"
            " row, tokenizer=FILE, or unit='chars' (or 'words') with limits of that unit",
            field="token_ids",
        )
    return len(tokenizer(tokenizer_path).encode(text, add_special_tokens=False).ids)


@functools.lru_cache(maxsize=4)
def tokenizer(path: str):
    """The tokenizer in a tokenizer.json file or a directory that contains one."""
    import os

    try:
        import tokenizers
    except ImportError:
        raise MissingExtra.of("tokenizers", package="tokenizers", extra="tokens") from None
    file = os.path.join(path, "tokenizer.json") if os.path.isdir(path) else path
    if not os.path.isfile(file):
        raise ConfigError(f"tokenizer={path!r}: no such file; it names a tokenizer.json")
    return tokenizers.Tokenizer.from_file(file)
