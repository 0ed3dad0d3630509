"""Shapes of verdicts: what they need to be looked for at all hides no match of their pattern."""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path

import pytest

from plaudit.judges import verdict
from plaudit.judges._number_grammar import _STATED
from plaudit.judges._spec import Shape
from plaudit.judges.template import load_template, shipped

REPLIES = Path(__file__).resolve().parents[4] / "shared" / "data" / "judge_replies_llmbar.jsonl.gz"
ASIDES = (
    "I give it a 4.", "We would therefore rate this\n8", "it deserves a 4 out of 5", "He gets 9",
    "I'll award the response's answer a solid 7", "A is strongest overall", "I vote for B",
    "Rating: [[8]] (scale of 1 to 10)", "7 to 9: good", "from one to ten", "maximum score 10",
    "(out of 10)", "10 is the best", "[1-5]", "Verdict: no", "Answer: Yes\nas it is", "B beats A.",
    "给该回答打4分", "总体打分：5", "回答A更好", "我选择B", "从1到5", "满分5分",
)  # fmt: skip


def shapes() -> list[Shape]:
    specs = {load_template(name).spec for name in shipped()}
    found = [s for spec in specs if not getattr(spec, "key", "") for s in verdict._shapes(spec)]
    return [*found, *_STATED]


def spans(matches) -> list[tuple[int, int]]:
    return [match.span() for match in matches]


def check(texts: list[str]) -> None:
    for shape, text in itertools.product(shapes(), texts):
        assert spans(shape.find(text)) == spans(shape.pattern.finditer(text)), (shape, text)


def test_no_match_of_an_aside_is_hidden():
    pairs = [f"{one} {other}" for one, other in itertools.permutations(ASIDES, 2)]
    check([*ASIDES, *map(str.upper, ASIDES), *pairs])


def test_no_match_of_a_recorded_reply_is_hidden():
    if not REPLIES.exists():
        pytest.skip(f"{REPLIES.name}: the shared data is not beside the checkout")
    with gzip.open(REPLIES, "rt", encoding="utf-8") as lines:
        replies = [json.loads(line)["reply"][:1500] for line in itertools.islice(lines, 120)]
    check([*replies, *(f"{a} {b}" for a, b in zip(replies, ASIDES * 6, strict=False))])
