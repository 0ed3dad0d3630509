"""How time grows with length: the exponent of every rule in the package, 1k to 256k characters.

Each rule scores natural text and what a looping policy emits. The exponent is the slope of log time
(the least of several runs) against log length over the sizes that take longer than 50 us; 1 is
linear. A rule is reported with the worst of its inputs ("-": never slow enough to fit). The time is
that of this process: what the math rules do in their workers is bounded by a deadline instead.
``python -m benchmarks.growth --rules rules.format``
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmarks.harness import cpu_s, natural_text, row, slope, table, write
from plaudit import Group, Response, Reward, available, registry

SIZES = (1_000, 4_000, 16_000, 64_000, 256_000)
FASTEST_S = 50e-6
SLOWEST_S = 4.0
BAR = 1.1
BAR_SORTING = 1.3
SORTING = ("repetition", "rules.group", "exact.countdown", "exact.set_equal")
_UNITS = {
    "<think>": "<think>",
    "</think>": "</think>",
    "tags on lines": "\n</think>\n<answer>\n",
    "tags in a row": "</think><answer></answer>x",
    "newlines": "\n",
    "blanks": " ",
    "\\boxed{": "\\boxed{",
    "</think>\\boxed{": "</think>\\boxed{",
    "one letter": "a",
    "one digit": "1",
    "one ideograph": "中",
    "open braces": "{",
    "open brackets": "[",
    "open fences": "```python\n",
    "dollars": "$",
    "answer is": "the final answer is ",
    "答案": "答案",
    "marks": "\u0301\u0316",
    "surrogates": "\ud800",
}


class Growth(NamedTuple):
    """A rule's exponent on one kind of input (None: too fast to fit), and its time at the largest
    size reached."""

    rule: str
    text: str
    exponent: float | None
    num_chars: int
    ms: float
    bar: float

    @property
    def is_met(self) -> bool:
        """Whether the exponent is within the bar and no size was out of reach."""
        return (self.exponent or 0) <= self.bar and self.num_chars == SIZES[-1]


def texts() -> Mapping[str, Callable[[int], str]]:
    """Makers of a text of a given length, by kind."""
    en, zh = (natural_text(language, SIZES[-1]) for language in ("en", "zh"))
    natural = {"English": en, "Chinese": zh}
    kinds: dict[str, Callable[[int], str]] = {
        name: lambda size, text=text: text[:size] for name, text in natural.items()
    }
    for opening in ("<think>", "<think></think><answer>", "```\n", "\\boxed{", "$"):
        kinds[f"unclosed {opening.strip()}"] = lambda size, text=opening + en: text[:size]
    for name, unit in _UNITS.items():
        kinds[name] = lambda size, unit=unit: (unit * (size // len(unit) + 1))[:size]
    return kinds


def measured(path: str, kinds: Mapping[str, Callable[[int], str]]) -> Iterator[Growth]:
    """The growth of one rule on every kind of text."""
    reward, groups = registry.example(path)
    for kind, maker in kinds.items():
        times = list(_times(reward, groups[0], maker))
        size, seconds = times[-1]
        yield Growth(path, kind, _exponent(times), size, seconds * 1e3, bar_of(path))


def _exponent(times: Sequence[tuple[int, float]]) -> float | None:
    """The slope over the sizes that take long enough, if there are three (or the last did).

    The slope of the last step where that is less: a rule that begins to sample at some length
    jumps there once, and a rule that grows too fast does so to the end.
    """
    slow = [(size, s) for size, s in times if s > FASTEST_S]
    if len(slow) >= 3 or (len(slow) == 2 and times[-1][0] < SIZES[-1]):
        return min(slope(*zip(*part, strict=True)) for part in (slow, slow[-2:]))
    return None


def bar_of(path: str) -> float:
    """The exponent allowed: more for rules that sort, hash or compress."""
    return BAR_SORTING if any(name in path for name in SORTING) else BAR


def _times(
    reward: Reward, sample: Group, maker: Callable[[int], str]
) -> Iterator[tuple[int, float]]:
    """CPU seconds at each size, until one takes too long."""
    for size in SIZES:
        group = _group(maker(size), sample, 2 if reward.relative else 1)
        seconds = _least(lambda group=group: reward.score([group]))
        yield size, seconds
        if seconds > SLOWEST_S:
            return


def _group(text: str, sample: Group, num_responses: int) -> Group:
    ids = tuple(map(ord, text[::4]))
    responses = [Response(t, token_ids=ids, finish_reason="stop") for t in (text, text[1:])]
    return Group(sample.prompt, responses[:num_responses], sample.columns)


def _least(call: Callable[[], object]) -> float:
    """The least of up to seven runs; a slow call runs once or twice."""
    least = spent = cpu_s(call)
    for _ in range(6):
        if spent > 0.25:
            break
        seconds = cpu_s(call)
        least, spent = min(least, seconds), spent + seconds
    return least


def worst(growths: Sequence[Growth]) -> Growth:
    """The growth that says most: out of reach first, then the greatest exponent."""
    return max(growths, key=lambda g: (g.num_chars < SIZES[-1], g.exponent or 0, g.ms))


def again(growth: Growth, kinds: Mapping[str, Callable[[int], str]]) -> Growth:
    """The lower of two measurements: a slope over the bar is measured once more."""
    kind = {growth.text: kinds[growth.text]}
    return min([growth, *measured(growth.rule, kind)], key=lambda g: g.exponent or 0)


def line(growth: Growth) -> Sequence[object]:
    """One row of the table."""
    verdict = "" if growth.is_met else "over"
    exponent = "-" if growth.exponent is None else growth.exponent
    return [growth.rule, growth.text, exponent, growth.ms, growth.bar, verdict]


HEAD = ("rule", "worst input", "exponent", "ms at 256k", "bar", "")


def main(argv: Sequence[str]) -> int:
    """Prints each rule's worst exponent, writes results/growth.json; 1 if one is over its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", default="rules.", help="rules whose path starts with this")
    args = parser.parse_args(argv)
    kinds, results = texts(), []
    print(table(HEAD, []), flush=True)
    for path in available(args.rules):
        growths = [g if g.is_met else again(g, kinds) for g in measured(path, kinds)]
        results.append(worst(growths))
        print(row(line(results[-1])), flush=True)
    if args.rules == "rules.":
        write("growth", results)
    return int(not all(growth.is_met for growth in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
