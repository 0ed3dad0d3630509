"""Which token rows run together: passes of a size that the group alone decides.

A group's sequences share their longest common prefix of token ids, run once. Small groups are
packed together into passes of a fixed number of rows (the last one padded), a larger group runs
alone, and one above `max_rows` is split, the keys of its prefix kept from pass to pass. So the
shape of every matrix product depends on nothing but the group, and equal groups get equal bits
whatever else is in the batch. Pure Python, no tensors.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

__all__ = [
    "Budget",
    "Item",
    "Pass",
    "Piece",
    "Shared",
    "common_prefix",
    "plan",
    "shared",
    "windows",
]

_LEAST_SAVED = 16  # rows; below it a second attention call costs more than it saves
_LEAST_PREFIX = 16
_SPARSE = 8  # a group is sparse where at most one row in so many is read
_READ_STEP = 16  # the rows read of a group that runs alone are filled up to a multiple


class Item(NamedTuple):
    """One token sequence, and the places in it whose output is read (in rising order).

    `first` is the position of the first token, above 0 where tokens before it are not attended to.
    """

    ids: Sequence[int]
    read: Sequence[int]
    types: Sequence[int] = ()
    first: int = 0

    @property
    def rows(self) -> int:
        """The number of tokens."""
        return len(self.ids)


class Shared(NamedTuple):
    """A group's distinct sequences and the length of the prefix that all of them share.

    `places` holds for each item of the group its place among the distinct ones.
    """

    items: tuple[Item, ...]
    prefix: int
    places: tuple[int, ...]

    @property
    def rows(self) -> int:
        """Token rows when the prefix runs once."""
        return self.prefix + sum(len(item.ids) - self.prefix for item in self.items)

    @property
    def is_sparse(self) -> bool:
        """Whether so few rows are read that the last layer need not run on all."""
        return _SPARSE * sum(len(item.read) for item in self.items) <= self.rows

    def reads_in_prefix(self) -> int:
        """How many reads there are of rows of the prefix."""
        return sum(place < self.prefix for item in self.items for place in item.read)


class Piece(NamedTuple):
    """What a pass runs of one group: its prefix or the kept one, and some of its sequences.

    `keeps` says that a later pass of the group needs the prefix's keys; `is_kept` that an earlier
    pass has left them.
    """

    group: int
    items: tuple[int, ...]
    keeps: bool = False
    is_kept: bool = False


class Pass(NamedTuple):
    """One forward call over `rows` token rows, padding included.

    `read_rows` of them, filling included, are what the last layer is needed at; 0: all.
    """

    rows: int
    pieces: tuple[Piece, ...]
    read_rows: int = 0


@dataclass(frozen=True)
class Budget:
    """How many rows a pass has.

    `packed` are pairs (largest group, rows of the pass), rising: a group of at most so many rows
    is packed with its like into passes of exactly so many rows. A larger group has passes of its
    own, of at most `max_rows` rows (or one sequence). `is_exact` False leaves the padding out:
    faster for small calls, and equal only to rounding when the neighbours change.
    """

    packed: tuple[tuple[int, int], ...] = ((256, 512),)
    max_rows: int = 1024  # more, and the rows of a layer leave a processor's cache
    is_exact: bool = True

    def halved(self) -> Budget:
        """The next smaller budget, after the memory was not enough."""
        packed = tuple((limit // 2, rows // 2) for limit, rows in self.packed if limit > 1)
        return replace(self, packed=packed, max_rows=max(1, self.max_rows // 2))

    def rows_for(self, group_rows: int) -> int | None:
        """The rows of the pass in which a group is packed; None where it runs alone.

        >>> Budget().rows_for(100), Budget().rows_for(1000)
        (512, None)
        """
        return next((rows for limit, rows in self.packed if group_rows <= limit), None)


def common_prefix(sequences: Sequence[Sequence[int]]) -> int:
    """The length of the longest prefix that all share, with one token left to each at least.

    >>> common_prefix([[1, 2, 3], [1, 2, 4, 5]]), common_prefix([[1, 2], [1, 2, 3]])
    (2, 1)
    """
    ordered: list[Any] = list(sequences)
    first, last = min(ordered), max(ordered)  # whatever these two share, all share
    low, high = 0, max(0, min(map(len, sequences)) - 1)
    while low < high:  # slices compare at C speed
        middle = (low + high + 1) // 2
        if first[low:middle] == last[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def shared(group: Sequence[Item], *, share: bool = True) -> Shared:
    """The group without repeats, with the prefix that is worth sharing (0 where none is).

    >>> a, b = Item([7] * 40 + [1], [40]), Item([7] * 40 + [2, 3], [41])
    >>> shared([a, b, a]).places, shared([a, b, a]).prefix, shared([a] + [b] * 3).rows
    ((0, 1, 0), 40, 43)
    """
    distinct: dict[tuple[tuple[int, ...], ...], int] = {}
    items, places = [], []
    for item in group:
        key = (tuple(item.ids), tuple(item.read), tuple(item.types), (item.first,))
        if key not in distinct:
            distinct[key] = len(items)
            items.append(item)
        places.append(distinct[key])
    is_shared = share and len(items) > 1 and len({item.first for item in items}) == 1
    prefix = common_prefix([item.ids for item in items]) if is_shared else 0
    if prefix < _LEAST_PREFIX or prefix * (len(items) - 1) < _LEAST_SAVED:
        prefix = 0
    return Shared(tuple(items), prefix, tuple(places))


def plan(groups: Sequence[Shared], budget: Budget) -> Iterator[Pass]:
    """The passes that run the groups; those of a split group follow one another.

    >>> few = [shared([Item([1] * 200, [199])]) for _ in range(3)]
    >>> [(p.rows, [piece.group for piece in p.pieces]) for p in plan(few, Budget())]
    [(512, [0, 1]), (512, [2])]
    """
    small: dict[tuple[int, bool], list[int]] = {}
    for i, group in enumerate(groups):
        rows = budget.rows_for(group.rows)
        if rows is not None and group.items:
            small.setdefault((rows, group.is_sparse), []).append(i)
        elif group.items:
            yield from _alone(i, group, budget)
    for (rows, is_sparse), members in sorted(small.items()):
        read_rows = rows // _SPARSE if is_sparse else 0
        for step in _packed(members, groups, rows, budget.is_exact):
            yield step._replace(read_rows=read_rows)


def windows(groups: Iterable[Sequence[Item]], *, rows: int) -> Iterator[list[Sequence[Item]]]:
    """Runs of groups with about `rows` token rows each: what is planned at a time."""
    window: list[Sequence[Item]] = []
    num_held = 0
    for group in groups:
        window.append(group)
        num_held += 1 + sum(len(item.ids) for item in group)
        if num_held >= rows:
            yield window
            window, num_held = [], 0
    if window:
        yield window


def _packed(
    members: Sequence[int], groups: Sequence[Shared], rows: int, is_exact: bool
) -> Iterator[Pass]:
    """Best fit by falling size: each group into the fullest pass that still holds it."""
    room: list[tuple[int, int]] = []  # (free rows, pass) of each pass, sorted
    passes: list[list[int]] = []
    for i in sorted(members, key=lambda i: (-groups[i].rows, i)):
        at = bisect.bisect_left(room, (groups[i].rows, -1))
        if at == len(room):
            passes.append([])
            left, number = rows, len(passes) - 1
        else:
            left, number = room.pop(at)
        passes[number].append(i)
        bisect.insort(room, (left - groups[i].rows, number))
    for step in passes:
        pieces = tuple(Piece(i, tuple(range(len(groups[i].items)))) for i in step)
        yield Pass(rows if is_exact else sum(groups[i].rows for i in step), pieces)


def _alone(index: int, group: Shared, budget: Budget) -> Iterator[Pass]:
    """The passes of one group: one if it fits, else as many as its sequences fill."""
    parts = list(_parts(group, budget.max_rows))
    for n, (items, rows) in enumerate(parts):
        has_prefix = group.prefix > 0
        keeps, is_kept = has_prefix and n == 0 < len(parts) - 1, has_prefix and n > 0
        num_read = sum(len(group.items[i].read) for i in items)
        num_read += group.reads_in_prefix() if keeps else 0
        filled = -(-max(num_read, 1) // _READ_STEP) * _READ_STEP
        yield Pass(rows, (Piece(index, items, keeps, is_kept),), filled * group.is_sparse)


def _parts(group: Shared, max_rows: int) -> Iterator[tuple[tuple[int, ...], int]]:
    """The sequences of each pass and its rows; the first carries the prefix."""
    chunk: list[int] = []
    rows = group.prefix
    for i, item in enumerate(group.items):
        own = len(item.ids) - group.prefix
        if rows and rows + own > max_rows and (chunk or rows == group.prefix):
            yield tuple(chunk), rows
            chunk, rows = [], 0
        chunk.append(i)
        rows += own
    yield tuple(chunk), rows
