"""Citations: whether there are any, and whether the cited documents exist and are the right ones.

A mark is read in one grammar, which the recipe names:

- "brackets": ``[1]``, ``[1, 3]``, ``[2-4]`` (no Markdown links);
- "lenticular": ``【1】``, ``【doc3†source】``;
- "cite": ``<cite>1</cite>``, ``<cite id="doc3">``;
- "author_year": ``(Author, 2020)``, ``(Author et al., 2020)``, ``(Author & Other 2020)``.

These rules do not check whether a document supports the sentence. An index in code, ``a[7]``, is
read as a citation in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

from plaudit.errors import ConfigError, DataError, clipped, did_you_mean
from plaudit.text.citations import GRAMMARS, citations
from plaudit.text.think import part_of
from plaudit.types import Range, Score

__all__ = ["correct", "exist", "marked"]

EXAMPLES = {
    "exist": {"columns": {"documents": ["one", "two"]}},
    "correct": {"columns": {"documents": ["one", "two"], "cited_ids": [1]}},
}


def marked(response: str, *, grammar: str = "brackets") -> Annotated[Score, Range(0, 1)]:
    """The share of the answer's lines of prose that carry a citation, from 0 up to 1 (all).

    A line of prose has at least 20 characters besides its marks; headings and short lines do not
    count. This checks the format alone: any number will do, see `exist` and `correct`. Part:
    `citations`.

    Raises: ConfigError for an unknown grammar.

    >>> marked("The sky is blue by day [1].\\nAnd it is black by night.").value
    0.5
    """
    answer = part_of(response, "answer")
    pattern = _grammar(grammar)
    lines = [line for line in answer.splitlines() if len(pattern.sub("", line).strip()) >= 20]
    prose = [line for line in lines if not line.lstrip().startswith("#")]
    cited = sum(pattern.search(line) is not None for line in prose)
    parts = {"citations": float(len(citations(answer, grammar)))}
    return Score(cited / len(prose) if prose else 0.0, parts)


def exist(
    response: str,
    documents: Sequence[object] | Mapping[str, object],
    *,
    grammar: str = "brackets",
) -> Annotated[Score, Range(0, 1)]:
    """1 if the answer cites and every cited id exists, else 0: one forged id is enough for 0.

    `documents` is the row's list or mapping: ids are its keys, the `id` fields of its items, or
    else the numbers from 1. The parts are `citations`, `known` and `forged`; the note names forged
    ids. No citation: 0.

    Raises: ConfigError for an unknown grammar; DataError if `documents` is neither list nor
    mapping.

    >>> exist("It is blue [1].", ["a document"]).value
    1.0
    >>> exist("It is blue [1][7].", ["a document"]).note
    'no such document: 7'
    """
    cited, ids = _cited(response, grammar), _ids_of(documents)
    forged = set(cited) - ids
    parts = {
        "citations": float(len(cited)),
        "known": float(sum(item in ids for item in cited)),
        "forged": float(len(forged)),
    }
    return Score(float(bool(cited) and not forged), parts, note=_forged_note(forged))


def correct(
    response: str,
    cited_ids: Sequence[Any],
    documents: Sequence[Any] | Mapping[str, Any] | None = None,
    *,
    grammar: str = "brackets",
) -> Annotated[Score, Range(0, 1)]:
    """The F1 of the cited ids against the right ones (`cited_ids`), from 0 up to 1 (the same set).

    ``2 |cited and right| / (|cited| + |right|)`` over different ids, but 0 if the answer cites a
    document that is not in `documents` (if the row has that column). The parts are `precision`,
    `recall` and `forged`. Citing everything costs precision. If nothing should be cited, the score
    is 1 without citations and 0 with any.

    Raises: ConfigError for an unknown grammar; DataError if a column is not a list.

    >>> correct("Blue [1], and wet [2].", [1, 3]).value
    0.5
    >>> correct("Blue [1][9].", [1], ["one", "two"]).value
    0.0
    """
    cited = set(_cited(response, grammar))
    right = _id_set(cited_ids, "cited_ids")
    forged = cited - _ids_of(documents) if documents is not None else set()
    hits = len(cited & right)
    size = len(cited) + len(right)
    f1 = 2 * hits / size if size else 1.0
    parts = {
        "precision": hits / len(cited) if cited else float(not right),
        "recall": hits / len(right) if right else float(not cited),
        "forged": float(len(forged)),
    }
    return Score(0.0 if forged else f1, parts, note=_forged_note(forged))


def _forged_note(forged: Collection[str]) -> str | None:
    return f"no such document: {', '.join(sorted(forged)[:5])}" if forged else None


def _cited(response: str, grammar: str) -> list[str]:
    _grammar(grammar)
    return citations(part_of(response, "answer"), grammar)


def _grammar(name: str) -> re.Pattern[str]:
    pattern = GRAMMARS.get(name)
    if pattern is None:
        close = did_you_mean(str(name), GRAMMARS)
        raise ConfigError(f"no citation grammar {name!r}{close} Known: {', '.join(GRAMMARS)}")
    return pattern


def _ids_of(documents: Sequence[object] | Mapping[str, object]) -> set[str]:
    """The ids of a row's documents."""
    if isinstance(documents, Mapping):
        return _id_set(documents, "documents")
    if isinstance(documents, str) or not isinstance(documents, Sequence):
        raise DataError(
            f"expected a list or mapping of documents, found {clipped(documents)}",
            field="documents",
        )
    return {
        _id_text(item["id"]) if isinstance(item, Mapping) and "id" in item else str(place)
        for place, item in enumerate(documents, 1)
    }


def _id_set(ids: object, field: str) -> set[str]:
    if isinstance(ids, str) or not isinstance(ids, Collection):
        raise DataError(f"expected a list of ids, found {clipped(ids)}", field=field)
    return {_id_text(item) for item in ids}


def _id_text(item: object) -> str:
    """An id as written in a mark: author and year without comma."""
    return str(item).replace(",", "").strip()
