"""Public layouts: which column of a published data set is the prompt, the response, ...

One table for `init`, `score` and the error messages. A row of data is recognised by the names of
its columns alone; `columns` maps plaudit's names to the publisher's, and `reads` converts values
that are not what a rule expects (the index of a choice, a list of turns as JSON text). The user's
mapping takes precedence, then a column of the row that has plaudit's own name, then this table.

`source` is the publisher's page or file, or a loader of it, that documents the columns. About a
dozen of them were not accessible when their entries were written, and have not been compared since
(docs/limits.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from plaudit.data._layout_types import Published, Sort, UnreadableLayout
from plaudit.data._layouts_preferences import PREFERENCES
from plaudit.data._layouts_questions import QUESTIONS
from plaudit.data._layouts_responses import RESPONSES, UNREADABLE
from plaudit.old_names import old_names

__all__ = [
    "TABLE",
    "UNREADABLE",
    "Published",
    "UnreadableLayout",
    "recognised",
    "recognised_row",
    "sorts_of",
    "unreadable",
]
__getattr__ = old_names(__name__)
_SORTS: Mapping[type, Sort] = {list: "list", tuple: "list", dict: "object", bool: "truth"}
_SORTED = ("answer",)  # the columns whose values distinguish layouts with the same columns

TABLE: Sequence[Published] = (*QUESTIONS, *PREFERENCES, *RESPONSES)


def recognised(keys: Collection[str], sorts: Mapping[str, Sort] = {}) -> Published | None:
    """The layout of a row with these columns: the most specific one that fits.

    `sorts` are those of the row's values (see `sorts_of`).

    >>> recognised(["question", "subject", "choices", "answer", "response"]).name
    'MMLU'
    >>> recognised(["question", "answer"], {"answer": "list"}).name
    'NQ-open'
    """
    present = frozenset(keys)
    fitting = [
        layout
        for layout in TABLE
        if present.issuperset(layout.has) and layout.sorts.items() <= sorts.items()
    ]
    return max(fitting, key=lambda layout: len(layout.has) + len(layout.sorts), default=None)


def recognised_row(raw: Mapping[str, object]) -> Published | None:
    """The layout of a row, by its columns and the sorts of their values."""
    return recognised([key for key, value in raw.items() if value is not None], sorts_of(raw))


def sorts_of(raw: Mapping[str, object]) -> dict[str, Sort]:
    """The sort of each value by which layouts with the same columns differ.

    >>> sorts_of({"question": "Who?", "answer": ["Bob", "Rob"]})
    {'answer': 'list'}
    """
    return {name: _SORTS[kind] for name in _SORTED if (kind := type(raw.get(name))) in _SORTS}


def unreadable(keys: Collection[str]) -> UnreadableLayout | None:
    """The layout of rows that cannot be read one by one.

    >>> unreadable(["message_id", "parent_id", "text", "role", "lang"]).name
    'OASST1 messages'
    """
    present = frozenset(keys)
    return next((layout for layout in UNREADABLE if present.issuperset(layout.has)), None)
