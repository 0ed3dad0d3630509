"""A checkpoint's tokenizer gives the ids of its own tokenizer.json, or is not used.

The tokenizer library rebuilds some tokenizers from the model's type and ignores the file's own
normalisation and splitting; such ids are wrong for the weights, and scores are silently wrong. So
a fixed set of texts is tokenised twice, by the library's tokenizer and by the file alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from plaudit.errors import ConfigError, clipped

__all__ = ["PROBES", "differences", "note_of", "with_own_ids"]

_NOTE = "plaudit_note"
PROBES = (
    "The quick brown fox jumps over 13 lazy dogs.",
    "It's we'll I'D don't they're, o'clock's",
    "  two  spaces,\ttabs\t\tand\n\n\nnew lines \r\n end ",
    "12345 1,234.56 007 3.14159 2^10 1/2 10000000",
    "def f(x):\n    return x**2  # comment\n\n\nclass A(B): pass",
    '{"key": [1, -2.5e10, null], "text": "a\\n"}',
    "你好，世界！今天是2024年5月1日，天气很好。",
    "用 PyTorch 怎么做 gradient checkpointing？",
    "日本語とカタカナ、한국어도 있습니다. Привет, мир! مرحبا שלום",
    "naïve café Zürich ﬁne Ｆｕｌｌ e\u0301 \u00a0 \u200b x",
    "👍🏽 👨‍👩‍👧 🇨🇳 ✨→≤∑√π",
    "\\frac{a}{b} $x_1^2$ <think>hm</think> <|im_start|> [INST]",
    "CamelCaseWords snake_case_words SHOUTING https://example.org/a?b=c&d#e",
    "a",
    " a",
    " ",
)


def with_own_ids(tokenizer: object, path: str | Path, name: str) -> Any:
    """A tokenizer whose ids are those of the directory's tokenizer.json; `note_of` says if changed.

    Where the library's tokenizer differs from the file, the file's own is taken, with the special
    tokens and the template of the library's. Without a tokenizer.json there is nothing to compare.

    Raises: ConfigError where the file's ids cannot be had.
    """
    file = Path(path) / "tokenizer.json"
    if not file.is_file():
        return tokenizer
    own = _from_file(file, name)
    changed = differences(tokenizer, own)
    if not changed:
        return tokenizer
    rebuilt = _rebuild(path)
    remaining = changed if rebuilt is None else differences(rebuilt, own)
    if remaining:
        raise ConfigError(
            f"{name}: {type(tokenizer).__name__} gives other ids than the checkpoint's own"
            f" tokenizer.json, for example on {clipped(remaining[0])}; scores would be wrong"
            " without a sign. Save the tokenizer again with the library that trained the model"
        )
    note = (
        f"ids of tokenizer.json: {type(tokenizer).__name__} gave others on {len(changed)} of"
        f" {len(PROBES)} texts, for example on {clipped(changed[0])}"
    )
    setattr(rebuilt, _NOTE, note)
    return rebuilt


def note_of(tokenizer: object) -> str:
    """What `with_own_ids` changed to have this tokenizer, "" for nothing."""
    return getattr(tokenizer, _NOTE, "")


def differences(tokenizer: Any, own: Any) -> list[str]:
    """The texts of `PROBES` on which the library's ids and those of a `Tokenizer` differ."""
    theirs = tokenizer(list(PROBES), add_special_tokens=False)["input_ids"]
    ours = [own.encode(text, add_special_tokens=False).ids for text in PROBES]
    return [t for t, a, b in zip(PROBES, theirs, ours, strict=True) if _ids(a) != b]


def _ids(ids: Sequence[int]) -> list[int]:
    return [int(i) for i in ids]


def _from_file(file: Path, name: str) -> object:
    import tokenizers

    try:
        own = tokenizers.Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises plain Exception
        raise ConfigError(f"{name}: tokenizer.json cannot be read ({error})") from error
    own.no_truncation()
    own.no_padding()
    return own


def _rebuild(path: str | Path) -> object:
    """The library's tokenizer, rebuilt from the file alone; None where that fails."""
    from transformers import PreTrainedTokenizerFast

    try:
        return PreTrainedTokenizerFast.from_pretrained(str(path), local_files_only=True)
    except (ValueError, OSError, TypeError, KeyError):
        return None
