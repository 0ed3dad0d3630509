"""The composition of selected data, and limits on the share of one value of a column."""

from __future__ import annotations

import statistics
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from plaudit.errors import ConfigError
from plaudit.text import scripts

__all__ = ["Balance", "Facts", "main_script", "within_shares"]

_MOST_VALUES = 50
_OTHERS = "(other values)"


class Facts(NamedTuple):
    """The facts that a report needs about one row: lengths in characters, script, order, columns.

    `is_first`: the chosen response came before the rejected one in its row.
    """

    chosen_chars: int | None = None
    rejected_chars: int | None = None
    script: str = ""
    is_first: bool | None = None
    columns: Mapping[str, str] = {}


@dataclass(slots=True)
class Balance:
    """Counts over rows: values of columns, scripts, lengths, how often the longer response wins.

    Memory: 8 bytes per row; of a column with more than 50 values, later ones are counted together.

    >>> balance = Balance()
    >>> balance.add(Facts(30, 10, "latin", True))
    >>> balance.add(Facts(5, 15, "han", True))
    >>> report = balance.report()
    >>> report["longer_wins"], report["chosen_first"], report["scripts"]
    (0.5, 1.0, {'latin': 1, 'han': 1})
    """

    num_rows: int = 0
    columns: dict[str, Counter[str]] = field(default_factory=dict)
    scripts: Counter[str] = field(default_factory=Counter)
    _chosen: array[int] = field(default_factory=lambda: array("I"))
    _rejected: array[int] = field(default_factory=lambda: array("I"))
    _firsts: Counter[bool] = field(default_factory=Counter)

    def add(self, facts: Facts) -> None:
        """Counts one row."""
        self.num_rows += 1
        if facts.script:
            self.scripts[facts.script] += 1
        for name, value in facts.columns.items():
            counts = self.columns.setdefault(name, Counter())
            is_kept = value in counts or len(counts) < _MOST_VALUES
            counts[value if is_kept else _OTHERS] += 1
        if facts.chosen_chars is not None:
            self._chosen.append(facts.chosen_chars)
        if facts.rejected_chars is not None:
            self._rejected.append(facts.rejected_chars)
        if facts.is_first is not None:
            self._firsts[facts.is_first] += 1

    def report(self) -> dict[str, object]:
        """The figures as JSON values; those without data are omitted.

        `longer_wins` leaves out pairs of equal length, `equal_length` is their share.
        """
        figures: dict[str, object] = {"rows": self.num_rows, "scripts": _ranked(self.scripts)}
        for name, lengths in (("chosen_chars", self._chosen), ("rejected_chars", self._rejected)):
            if lengths:
                figures[name] = {
                    "mean": statistics.fmean(lengths),
                    "median": statistics.median(lengths),
                }
        if self._rejected:
            pairs = list(zip(self._chosen, self._rejected, strict=True))
            longer, equal = (sum(f(c, r) for c, r in pairs) for f in (int.__gt__, int.__eq__))
            unequal = len(pairs) - equal
            figures["longer_wins"] = longer / unequal if unequal else None
            figures["equal_length"] = equal / len(pairs)
        if self._firsts:
            figures["chosen_first"] = self._firsts[True] / self._firsts.total()
        figures["columns"] = {name: _ranked(counts) for name, counts in self.columns.items()}
        return figures


def _ranked(counts: Counter[str]) -> dict[str, int]:
    return dict(counts.most_common())


def main_script(text: str) -> str:
    """The script in which most words of a text are written; "" for a text without words.

    A word of Chinese is 1.5 characters (`rules.language`). Japanese counts as han or kana,
    whichever is more frequent.

    >>> main_script("What is 二加二? In words, please"), main_script("1 + 1")
    ('latin', '')
    """
    counts = scripts.word_counts(scripts.classes(scripts.points_of(text)))
    best = max(counts, key=counts.__getitem__, default="")
    return best if best and counts[best] > 0 else ""


def within_shares(
    columns: Mapping[str, Sequence[str]], shares: Mapping[str, float], order: Sequence[int]
) -> list[str | None]:
    """For each row None (it stays) or the column because of which it is dropped.

    The rows that stay are the largest set, column by column, in which no value of a column exceeds
    its share. Of a value's rows those with the least `order` stay: a seeded hash of the content
    makes that a random draw that does not depend on the input order. One column can push another
    over its share again, so the columns are repeated until all limits hold.

    Raises: ConfigError if a column has too few values for the share to be possible.

    >>> within_shares({"source": ["a", "a", "a", "b", "c"]}, {"source": 0.5}, [3, 1, 2, 0, 0])
    ['source', None, None, None, None]
    """
    gone: list[str | None] = [None] * len(order)
    is_settled = False
    while not is_settled:
        is_settled = True
        for name, share in shares.items():
            left = [i for i, why in enumerate(gone) if why is None]
            for i in _over(name, columns[name], share, left, order):
                gone[i], is_settled = name, False
    return gone


def _over(
    name: str, values: Sequence[str], share: float, left: Sequence[int], order: Sequence[int]
) -> list[int]:
    """The rows among `left` to drop so that no value exceeds the share."""
    rows: dict[str, list[int]] = {}
    for i in sorted(left, key=order.__getitem__):
        rows.setdefault(values[i], []).append(i)
    counts = [len(indices) for indices in rows.values()]
    most = _cap(counts, share)
    if counts and most == 0:
        raise ConfigError(
            f"no value of {name!r} can be limited to {share:g} of the rows: the selection has"
            f" {len(counts)} of them, {', '.join(map(repr, list(rows)[:3]))}"
            f"{', ...' if len(rows) > 3 else ''}; allow at least {1 / len(counts):.3g}"
        )
    return [i for indices in rows.values() for i in indices[most:]]


def _cap(counts: Sequence[int], share: float) -> int:
    """The most rows that each value may keep, 0 if no number works.

    >>> _cap([1, 1, 8], 0.5), _cap([5, 5], 0.4)
    (2, 0)
    """
    low, high = 0, max(counts, default=0)
    while low < high:  # what is possible for a number is possible for every smaller one
        most = (low + high + 1) // 2
        if most <= share * sum(min(count, most) for count in counts) + 1e-9:
            low = most
        else:
            high = most - 1
    return low
