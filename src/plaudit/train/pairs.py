"""Pairs to train on: read, filtered, counted, and split by prompt.

A row that cannot be read is an error with its place and field. Ties, pairs of equal sides and what
the options drop are counted under their reason. The order of rows changes nothing: pairs are sorted
by a hash of their content, in which the two sides are exchangeable.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from plaudit.bench.read import files_of
from plaudit.data.balance import Balance, Facts, main_script, within_shares
from plaudit.data.judged import prompts_of, spoken
from plaudit.data.overlap import EvalPrompts, Seen, folded
from plaudit.data.read import read
from plaudit.data.rivals import licence_of, rivals
from plaudit.data.rows import Row
from plaudit.entry import entered
from plaudit.errors import ConfigError, DataError
from plaudit.hashing import content_hash, file_sha256, seeded_hash
from plaudit.rule import prompt_text
from plaudit.text.think import part_of
from plaudit.train.options import DataOptions
from plaudit.types import Group

__all__ = ["Source", "Split", "TrainingPair", "balanced_by_length", "read_pairs", "split_pairs"]

_NOT_STATED = "not stated"
_RATIOS = (1.1, 1.25, 1.5, 2.0, 3.0)
_DEFAULT_NEAR = 0.8


class TrainingPair(NamedTuple):
    """A prompt with its better and its worse response, as a reward reads them."""

    prompt: str
    chosen: str
    rejected: str
    group: Group
    where: str = ""

    @property
    def key(self) -> str:
        """A hash of the content, the same whichever side is the better one."""
        return content_hash(self.prompt, *sorted((self.chosen, self.rejected)))

    @property
    def longer(self) -> str:
        """Which side has more characters: "chosen", "rejected" or "neither"."""
        difference = len(self.chosen) - len(self.rejected)
        return "chosen" if difference > 0 else "rejected" if difference < 0 else "neither"


@dataclass
class Source:
    """A file of rows: its hash, and the licences and annotators that they state."""

    name: str
    sha256: str | None = None
    num_rows: int = 0
    licences: Counter[str] = field(default_factory=Counter)
    annotators: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """The source as plain data."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "rows": self.num_rows,
            "licences": dict(self.licences.most_common()),
            "annotators": dict(self.annotators.most_common()),
        }


class Split(NamedTuple):
    """Pairs to train on and to evaluate on, their sources, and why the others are in neither."""

    train: list[TrainingPair]
    valid: list[TrainingPair]
    sources: list[Source]
    num_rows: int
    dropped: Mapping[str, int]

    @property
    def data_hash(self) -> str:
        """A hash of the pairs that are trained on, in order, and of which side is better."""
        return content_hash(*(text for pair in self.train for text in pair[:3]))

    def balance(self) -> dict[str, Any]:
        """Lengths, scripts, and how often the longer response wins, of the training pairs."""
        balance = Balance()
        for pair in self.train:
            sizes = len(pair.chosen), len(pair.rejected)
            balance.add(Facts(*sizes, main_script(pair.prompt)))
        return balance.report()


# --- reading --------------------------------------------------------------------------------------


def read_pairs(
    places: Sequence[str],
    dropped: Counter[str],
    *,
    columns: Mapping[str, str] | None = None,
    licence: str | None = None,
) -> tuple[list[TrainingPair], list[Source]]:
    """The pairs of files or data sets, sorted by content; ties and equal sides are counted.

    Raises: DataError with file, line and field for a row that is not a pair.
    """
    pairs: list[TrainingPair] = []
    sources = []
    for place in files_of(places):
        source = Source(os.path.basename(place) or place, _sha256(place))
        sources.append(source)
        for row in read(place, columns=columns):
            source.num_rows += 1
            source.licences[licence_of(row) or licence or _NOT_STATED] += 1
            source.annotators[_annotator(row) or _NOT_STATED] += 1
            pairs += _pairs_of(row, dropped)
    return sorted(pairs, key=lambda pair: (pair.key, pair.chosen)), sources


def _sha256(place: str) -> str | None:
    return file_sha256(place) if Path(place).is_file() else None


def _annotator(row: Row) -> str:
    text = row.raw.get("annotator")
    return text.strip() if isinstance(text, str) else ""


def _pairs_of(row: Row, dropped: Counter[str]) -> Iterator[TrainingPair]:
    """The pairs of a row: each chosen response with each rejected one."""
    if _is_tie(row):
        dropped["tie"] += 1
        return
    try:
        group = entered([rivals(row)])[0]
        prompt = prompt_text(group)
        if not prompt.strip():
            raise DataError(f"no prompt; the row has {', '.join(row.raw)}", field="prompt")
    except DataError as error:
        raise error if error.where.startswith(row.where) else error.at(row.where) from None
    sides = {name: _side(group, name) for name in ("chosen", "rejected")}
    for chosen, rejected in product(sides["chosen"], sides["rejected"]):
        if chosen == rejected:
            dropped["equal sides"] += 1
            continue
        pair_group = Group(group.prompt, [chosen, rejected])
        yield TrainingPair(prompt, chosen, rejected, pair_group, row.where)


def _is_tie(row: Row) -> bool:
    if isinstance(row.group, DataError) or not row.group.responses:
        return False
    return all(response.columns.get("label") == "tie" for response in row.group.responses)


def _side(group: Group, label: str) -> list[str]:
    texts = (r.text for r in group.responses if r.columns.get("label") == label)
    return [part_of(text, "answer") for text in texts]


# --- filters --------------------------------------------------------------------------------------


def split_pairs(options: DataOptions, columns: Mapping[str, str] | None = None) -> Split:
    """The pairs that the options select, in training and evaluation pairs of different prompts.

    Raises: ConfigError for options that do not fit, DataError for a bad row and where nothing is
    left to train on.
    """
    if not 0 <= options.held_out < 1:
        raise ConfigError(f"held_out={options.held_out} must be from 0 to less than 1")
    earlier = _earlier_pairs(options.dedup, options.near)
    dropped: Counter[str] = Counter()
    pairs, sources = read_pairs(options.data, dropped, columns=columns, licence=options.licence)
    if earlier is not None:
        pairs = list(_without_repeats(pairs, earlier, dropped))
    if options.against:
        pairs = _where(pairs, _no_overlap(options.against), "overlaps --against", dropped)
    train, valid = _split(pairs, options, dropped, columns)
    if options.balance_length:
        balanced = balanced_by_length(train, options.seed)
        dropped["length balance"] += len(train) - len(balanced)
        train = balanced
    if not train:
        reasons = ", ".join(f"{num:,} {reason}" for reason, num in dropped.items() if num)
        raise DataError(
            f"no pair is left to train on ({reasons or 'the data has no rows'};"
            f" {len(valid):,} held out)",
            where=" ".join(options.data),
        )
    num_rows = sum(source.num_rows for source in sources)
    return Split(train, valid, sources, num_rows, {k: v for k, v in dropped.items() if v})


def _earlier_pairs(dedup: str | None, near: float | None) -> Seen | None:
    if dedup not in (None, "exact", "near"):
        raise ConfigError(f"dedup={dedup!r} must be 'exact' or 'near'")
    if near is not None and dedup != "near":
        raise ConfigError("near needs dedup='near'")
    if dedup is None:
        return None
    return Seen(near=None if dedup == "exact" else _DEFAULT_NEAR if near is None else near)


def _without_repeats(
    pairs: Iterable[TrainingPair], earlier: Seen, dropped: Counter[str]
) -> Iterator[TrainingPair]:
    for pair in pairs:
        first, second = sorted((pair.chosen, pair.rejected))
        repeats = earlier.add(f"{pair.prompt}\n{first}\n{second}")
        if repeats is None:
            yield pair
        else:
            dropped[f"repeated ({repeats})"] += 1


def _no_overlap(places: Sequence[str]) -> Callable[[TrainingPair], bool]:
    prompts = EvalPrompts()
    for name, prompt in prompts_of(read(places)):
        prompts.add(name, prompt)
    if not len(prompts):
        raise ConfigError(f"against {' '.join(places)}: no prompt in it")
    return lambda pair: prompts.match(spoken(pair.group.prompt)) is None


def _where(
    pairs: Sequence[TrainingPair],
    is_kept: Callable[[TrainingPair], bool],
    reason: str,
    dropped: Counter[str],
) -> list[TrainingPair]:
    remaining = [pair for pair in pairs if is_kept(pair)]
    dropped[reason] += len(pairs) - len(remaining)
    return remaining


def _split(
    pairs: Sequence[TrainingPair],
    options: DataOptions,
    dropped: Counter[str],
    columns: Mapping[str, str] | None,
) -> tuple[list[TrainingPair], list[TrainingPair]]:
    """Training and evaluation pairs; no prompt is in both."""
    if options.valid:
        valid, _ = read_pairs(options.valid, Counter(), columns=columns)
        prompts = {folded(pair.prompt) for pair in valid}
        train = _where(
            pairs, lambda pair: folded(pair.prompt) not in prompts, "prompt in --valid", dropped
        )
        return train, valid
    sides: tuple[list[TrainingPair], list[TrainingPair]] = ([], [])
    for pair in pairs:
        draw = seeded_hash(options.seed, folded(pair.prompt)) / 2**64
        sides[draw < options.held_out].append(pair)
    return sides


def balanced_by_length(pairs: Sequence[TrainingPair], seed: int) -> list[TrainingPair]:
    """The most pairs in which the longer response wins half of the time, by ratio of lengths.

    Ratios of the longer to the shorter side below 1.1 are left as they are; above it, within each
    class of ratios (to 1.25, 1.5, 2, 3 and beyond) pairs of the more frequent kind are dropped, by
    a seeded draw.
    """
    classes: dict[int, list[TrainingPair]] = {}
    for pair in pairs:
        classes.setdefault(_ratio_class(pair), []).append(pair)
    remaining = {id(pair) for pair in classes.pop(0, [])}
    for members in classes.values():
        values = [pair.longer for pair in members]
        if len(set(values)) == 1:
            continue
        order = [seeded_hash(seed, pair.key) for pair in members]
        reasons = within_shares({"longer": values}, {"longer": 0.5}, order)
        remaining |= {id(p) for p, reason in zip(members, reasons, strict=True) if reason is None}
    return [pair for pair in pairs if id(pair) in remaining]


def _ratio_class(pair: TrainingPair) -> int:
    """How many of the ratios the longer side reaches."""
    sizes = sorted((len(pair.chosen), len(pair.rejected)))
    ratio = sizes[1] / sizes[0] if sizes[0] else math.inf
    return sum(ratio >= least for least in _RATIOS)
