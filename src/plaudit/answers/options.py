"""The options of a multiple-choice question as a row lists them, and which one a text is."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from plaudit.errors import ScoringError, clipped
from plaudit.old_names import old_names

__all__ = ["OptionTexts", "option_of_text", "option_within", "options_of"]
__getattr__ = old_names(__name__)

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LABEL = re.compile(r"\s*[(\[（]?([A-Za-z])[.):\]、．）：]\s*(?=\S)")
_LINE = re.compile(r"(?:^|[\n;；])[ \t]*(?=[(（]?[A-Z][.):、．）：])")
_COMMAND = re.compile(
    r"\\(?:text|textbf|textit|mathrm|mathbf|mbox|displaystyle|left|right)(?![a-z])"
    r"|\\[,;!: ]|[${}*_`~]"
)
_TOKEN = re.compile(
    r"\\[A-Za-z]+|(?<![\w)])[-+−]?\d+(?:[.,/:]\d+)*|[㐀-䶿一-鿿぀-ヿ]|[^\W_]+(?:['’][^\W_]+)*|[%°^+=<>≤≥≠√π/()-]",
)
_ARTICLES = frozenset(("a", "an", "the"))


class OptionTexts(NamedTuple):
    """The letters from A to `last`, and the text of each option where the row gives it."""

    last: str = "J"
    texts: tuple[str, ...] = ()

    def has(self, letter: str) -> bool:
        """Whether an option has that letter.

        >>> OptionTexts("D").has("E")
        False
        """
        return "A" <= letter <= self.last


def options_of(choices: Any) -> OptionTexts:
    """The options that a column contains.

    A list of texts in the order of the letters (each with its label or none), a mapping from
    letters to texts, ARC's ``{"text": [...], "label": [...]}``, the JSON of one of these, or a text
    with a labelled option on each line. The letters are then those of the options and no others.

    Raises: ScoringError, the input's fault, for anything else.

    >>> options_of(["(A) Lyon", "(B) Paris"])
    OptionTexts(last='B', texts=('Lyon', 'Paris'))
    >>> options_of({"A": "Lyon", "B": "Paris"}) == options_of("A. Lyon\\nB. Paris")
    True
    """
    if hasattr(choices, "tolist"):
        choices = choices.tolist()
    if isinstance(choices, str) and choices.lstrip().startswith(("[", "{")):
        choices = _json(choices)
    if isinstance(choices, str):
        choices = [piece.strip() for piece in _LINE.split(choices) if piece.strip()]
        if not all(map(_LABEL.match, choices)):
            raise _unreadable(choices)
    if isinstance(choices, Mapping):
        choices = _of_mapping(choices)
    is_listed = isinstance(choices, Sequence) and all(
        isinstance(c, str | int | float) for c in choices
    )
    if not is_listed or not 2 <= len(choices) <= len(_LETTERS):
        raise _unreadable(choices)
    return OptionTexts(
        _LETTERS[len(choices) - 1], tuple(_without_labels([str(c) for c in choices]))
    )


def option_of_text(text: str, options: OptionTexts) -> str:
    """The letters of the options whose text this is: "" for none, several where they are alike.

    Case, articles, punctuation and LaTeX's markup do not count; numbers keep sign and point.

    >>> option_of_text("the Paris!", OptionTexts("B", ("Lyon", "Paris")))
    'B'
    """
    form = _form(text)
    return "".join(
        letter
        for letter, option in zip(_LETTERS, options.texts, strict=False)
        if form and _form(option) == form
    )


def option_within(text: str, options: OptionTexts) -> str:
    """The letters of the options whose text is in a sentence, except those inside another.

    >>> option_within("It is New York.", OptionTexts("C", ("York", "New York", "Boston")))
    'B'
    """
    sentence = f" {_form(text)} "
    forms = [_form(option) for option in options.texts]
    inside = [i for i, form in enumerate(forms) if form and f" {form} " in sentence]
    return "".join(
        _LETTERS[i]
        for i in inside
        if not any(j != i and f" {forms[i]} " in f" {forms[j]} " != f" {forms[i]} " for j in inside)
    )


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _of_mapping(choices: Mapping[str, object]) -> object:
    """The texts in the order of the letters."""
    if set(choices) == {"text", "label"}:
        texts, labels = (_listed(choices[key]) for key in ("text", "label"))
        choices = (
            dict(zip(map(str, labels), texts, strict=True)) if len(texts) == len(labels) else {}
        )
    items = {str(k).strip().strip("().").upper(): v for k, v in choices.items() if v is not None}
    if sorted(items) != list(_LETTERS[: len(items)]):
        raise _unreadable(choices)
    return [items[letter] for letter in sorted(items)]


def _listed(value: Any) -> list[object]:
    return list(value.tolist() if hasattr(value, "tolist") else value)


def _without_labels(texts: list[str]) -> list[str]:
    """The texts without labels, where each has the label of its place."""
    labels = [_LABEL.match(text) for text in texts]
    if all(m and m[1].upper() == letter for m, letter in zip(labels, _LETTERS, strict=False)):
        return [text[m.end() :].strip() for text, m in zip(texts, labels, strict=True) if m]
    return [text.strip() for text in texts]


def _form(text: str) -> str:
    """The tokens of a text with one blank between them."""
    text = text.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")
    normal_text = unicodedata.normalize("NFKC", _COMMAND.sub(" ", text)).casefold()
    tokens = _TOKEN.findall(normal_text)
    return " ".join([t for t in tokens if t not in _ARTICLES] or tokens)


def _unreadable(choices: object) -> ScoringError:
    return ScoringError(
        "the choices must be 2 to 26 texts in a list, or a mapping from the letters A, B, ... to"
        f" texts, found {clipped(choices)}; bind another column with columns: {{choices: NAME}}",
        fault="input",
    )
