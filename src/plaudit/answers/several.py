"""One reference or several: any of which is right, or all of which the answer must hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from plaudit.answers.latex_equal import is_mathematical
from plaudit.answers.reference import reference_of
from plaudit.errors import ConfigError, DataError, clipped, did_you_mean
from plaudit.rule import AnyOf

__all__ = ["References", "check_references", "several"]

References = Literal["any", "all"]


def several(reference: Any, how: References | None = None) -> Sequence[tuple[str, ...]]:
    """The acceptable answers, each as one text, or as the texts of a list that it must be.

    A list from the column `references` is `AnyOf`; another one says nothing about its meaning.

    Raises: DataError for an empty list and for one whose meaning `how` does not tell.

    >>> several("7"), several(["1", "2"], "any"), several(["1", "2"], "all")
    ([('7',)], [('1',), ('2',)], [('1', '2')])
    """
    if how not in (None, "any", "all"):
        raise ConfigError(
            f"references={how!r} must be any or all{did_you_mean(str(how), ('any', 'all'))}"
        )
    if callable(getattr(reference, "tolist", None)):
        reference = reference.tolist()
    if not isinstance(reference, list | tuple):
        return [(_text(reference),)]
    if not reference:
        raise DataError("a list without a reference", field="reference")
    texts = [_text(item) for item in reference]
    if how is None and not isinstance(reference, AnyOf):
        raise DataError(
            f"a list of {len(texts)}, {clipped(reference)}: say references: any (one of them is"
            " enough) or references: all (the answer must hold each of them)",
            field="reference",
        )
    return [tuple(texts)] if how == "all" else [(text,) for text in texts]


def check_references(reference: object, references: References | None = None) -> None:
    r"""Refuses references that no answer can be compared with; readers call it for every row.

    Raises: DataError for a list that could mean any or all, and for a reference that is missing,
    empty, unbalanced, over-long, or that contains words among its mathematics and so reads as
    nothing.

    >>> check_references(r"$\frac{1}{2}$")
    >>> check_references(["1", "2"], "all")
    """
    for texts in several(reference, references):
        for text in texts:
            read = reference_of(text)
            if read.numeral is None and read.node is None and not is_mathematical(read):
                raise DataError(f"cannot be read: {clipped(read.text)}", field="reference")


def _text(reference: object) -> str:
    """A reference as text, once it is known to be one."""
    if not isinstance(reference, str):
        reference_of(reference)
    return str(reference)
