"""Which constraints of the Chinese prompts in `zh_constraints` (FollowBench) a rule can check.

    python -m benchmarks.zh_constraints [--list]

Reads lengths, paragraphs, and wanted and unwanted words from the prompts' own words, and shows for
each kind how many prompts state it. The prompts have no responses, so nothing is said on accuracy:
every constraint read is put to `rules.constraints.ifeval` with two texts written for the purpose.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.harness import rows, table, write
from plaudit import Group, load

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
_NUMBER = r"([0-9]+|[一二两三四五六七八九十百]+)"
_MOST = r"(?:都|也)?(?:不应该?|不要|不能|不得|不可|必须|应|请)?(?:不)?(?:超过|超出)"
_Reading = tuple[str, str, Callable[[str], Mapping[str, Any]]]


class Found(NamedTuple):
    """How many prompts state a kind, and how many distinct constraints those are."""

    kind: str
    prompts: int
    constraints: int


def number(text: str) -> int:
    """The value of a numeral up to 999, in digits or Chinese.

    >>> number("200"), number("二十"), number("十五"), number("一百")
    (200, 20, 15, 100)
    """
    if text.isdigit():
        return int(text)
    total = digit = 0
    for char in text:
        if char in "十百":
            total += (digit or 1) * (10 if char == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS[char]
    return total + digit


def _at_most(name: str) -> Callable[[str], Mapping[str, Any]]:
    return lambda text: {name: number(text), "relation": "at most"}


READINGS: Sequence[_Reading] = (
    ("zh:sentence_chars", rf"每个?句[话子]?{_MOST}{_NUMBER}个?字", _at_most("num_chars")),
    ("zh:paragraph_chars", rf"每个?(?:段落?|行)[话]?{_MOST}{_NUMBER}个?字", _at_most("num_chars")),
    (
        "zh:num_paragraphs",
        r"(?:用|分|成|写)(?:成|为)?([2-9]|[二两三四五六七八九十])(?:个段落|段)",
        lambda text: {"num_paragraphs": number(text), "relation": "exactly"},
    ),
    (
        "zh:forbidden_words",
        r"不要[^。“”]{0,12}使用“([^”]{1,10})”",
        lambda text: {"forbidden_words": [text]},
    ),
    (
        "zh:keywords",
        r"(?<!不)(?:必须|应该?|请)包[含括](?:词语?|单词|关键词)?“([^”]{1,10})”",
        lambda text: {"keywords": [text]},
    ),
)


def constraints_of(prompt: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The kinds and arguments that a prompt states."""
    return [
        (kind, arguments(match[1]))
        for kind, pattern, arguments in READINGS
        for match in re.finditer(pattern, prompt)
    ]


def texts_for(kind: str, arguments: Mapping[str, Any]) -> tuple[str, str]:
    """A text that follows the constraint and one that does not, by construction."""
    if kind == "zh:num_paragraphs":
        count = arguments["num_paragraphs"]
        return "\n".join(["好。"] * count), "\n".join(["好。"] * (count + 1))
    if "num_chars" in arguments:
        count = arguments["num_chars"]
        return "好" * count + "。", "好" * (count + 1) + "。"
    word = (arguments.get("keywords") or arguments["forbidden_words"])[0]
    pair = (f"好{word}好", "好")
    return pair if kind == "zh:keywords" else (pair[1], pair[0])


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table; 1 if a constraint that was read is judged wrongly."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="print what is read from each prompt")
    args = parser.parse_args(argv)
    data = rows("zh_constraints.jsonl")
    read = {row["id"]: constraints_of(row["prompt"]) for row in data}
    reward, wrong = load("rules.constraints.ifeval"), 0
    prompts, distinct = Counter(), {}
    for place, constraints in read.items():
        prompts.update({kind for kind, _ in constraints})
        for kind, arguments in constraints:
            distinct[kind, str(arguments)] = (kind, arguments)
            if args.list:
                print(place, kind, dict(arguments))
    for kind, arguments in distinct.values():
        columns = {"constraints": [kind], "kwargs": [arguments]}
        good, bad = reward.score([Group("", texts_for(kind, arguments), columns)])[0]
        wrong += (good.value, bad.value) != (1.0, 0.0)
    kinds = Counter(kind for kind, _ in distinct)
    results = [Found(kind, count, kinds[kind]) for kind, count in sorted(prompts.items())]
    results.append(Found("any", sum(map(bool, read.values())), len(distinct)))
    print(f"{len(data)} prompts; {wrong} constraints judged wrongly")
    print(table(["kind", "prompts", "constraints"], results))
    write("zh_constraints", results)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
