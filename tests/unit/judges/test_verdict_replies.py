"""Replies in the styles of published judges, and laws that hold for every one of them.

`verdict_replies.jsonl` was written blind, in rounds, in the styles of MT-Bench, Arena-Hard,
auto-J, Con-J, PandaLM, Prometheus, Skywork-Critic, RewardBench, GenRM, DeepSeek-GRM, RM-R1 and
Chinese judges: what a careful reader takes from each reply, null for nothing.
"""

import functools
import json
import re
from pathlib import Path

import pytest

from plaudit.errors import VerdictError
from plaudit.judges.template import load_template
from plaudit.judges.verdict import parse

ROWS = [
    json.loads(line)
    for line in Path(__file__)
    .with_name("verdict_replies.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
WORDS = {"yes": 1, "no": 0}
PAIRS = ("pairwise_reasoning", "pairwise_reasoning_zh")
MARKER = re.compile(r"\[\[[^\[\]\n]{1,12}\]\]")
# The letter as a name: neither the article ("A fair point") nor a part of a word.
NAME = re.compile(r"(?<![A-Za-z])[ABＡＢ](?![A-Za-z])|(?<=\[\[)[ab](?=\]\])")
OTHER = str.maketrans("ABabＡＢ", "BAbaＢＡ")
PLACES = re.compile(
    r"first|second|(?:Assistant|Response|助手|回答) ?[12一二]|第[一二]个|\bA (?:fair|solid|few)"
)
THOUGHT = re.compile(r"think|thought|channel|unused|reason|reflect|FINAL RESPONSE", re.IGNORECASE)


@functools.cache
def _spec(name):
    return load_template(name).spec


def _read(row, reply):
    try:
        verdict = parse(reply, _spec(row["template"]), count=row.get("count"))
    except VerdictError:
        return None
    return list(verdict) if isinstance(verdict, tuple) else WORDS.get(str(verdict), verdict)


READ = [_read(row, row["reply"]) for row in ROWS]


def _broken(change, wanted=lambda verdict: verdict, rows=lambda row: True):
    """The replies whose reading a change alters otherwise than wanted."""
    return [
        (row["template"], changed, verdict, again)
        for row, verdict in zip(ROWS, READ, strict=True)
        if row["reply"].strip() and rows(row) and (changed := change(row["reply"])) is not None
        and (again := _read(row, changed)) != wanted(verdict)
    ]  # fmt: skip


def test_no_verdict_is_wrong_or_invented():
    bad = [
        (row["template"], row["reply"], row["verdict"], verdict)
        for row, verdict in zip(ROWS, READ, strict=True)
        if verdict is not None and verdict != row["verdict"]
    ]
    assert bad == []


def test_at_most_one_in_twenty_is_missed():
    stated = [pair for pair in zip(ROWS, READ, strict=True) if pair[0]["verdict"] is not None]
    missed = [row["reply"] for row, verdict in stated if verdict is None]
    assert len(ROWS) >= 2000
    assert len(stated) >= 1100
    assert len(missed) <= 0.05 * len(stated), missed


@pytest.mark.parametrize(
    "change",
    [
        lambda reply: f"{reply}  \n\n \t\n",
        lambda reply: f"\n \n{reply}",
        lambda reply: reply.replace("\n", "\r\n"),
    ],
    ids=["behind", "before", "crlf"],
)
def test_white_space_changes_no_reading(change):
    assert _broken(change) == []


@pytest.mark.parametrize(
    "thought",
    [
        "<think>Yes. [[A]] Rating: 1, no: [[B]]</think>\n\n",
        "<think>\n\n</think>\n\n",
        "[THINK]总体打分：2，是[/THINK]",
        "◁think▷Scores: [1, 1, 1]◁/think▷",
        "<|START_THINKING|>No<|END_THINKING|>",
        "<seed:think>{\"score\": 1}</seed:think>",
    ],
)  # fmt: skip
def test_a_think_block_before_it_changes_no_reading(thought):
    is_plain = lambda row: not THOUGHT.search(row["reply"])
    assert _broken(lambda reply: thought + reply, rows=is_plain) == []


@pytest.mark.parametrize("thought", ["\n<think>hmm", "\n[THINK]but [[A]]", "\n◁think▷总体打分：2"])
def test_a_reply_that_begins_to_think_again_has_no_verdict(thought):
    assert _broken(lambda reply: reply + thought, wanted=lambda verdict: None) == []


@pytest.mark.parametrize("dress", ["**{}**", "__{}__", "<b>{}</b>"])
def test_bold_around_the_last_marker_changes_no_reading(dress):
    def dressed(reply):
        marks = [*MARKER.finditer(reply)]
        if not marks:
            return None
        start, end = marks[-1].span()
        return reply[:start] + dress.format(reply[start:end]) + reply[end:]

    assert _broken(dressed) == []


def test_other_names_give_the_other_verdict():
    other = {"A": "B", "B": "A"}
    is_named = lambda row: row["template"] in PAIRS and not PLACES.search(row["reply"])
    swapped = lambda reply: NAME.sub(lambda match: match[0].translate(OTHER), reply)
    assert _broken(swapped, wanted=lambda v: other.get(v, v), rows=is_named) == []


def test_a_simple_character_says_what_a_traditional_one_says():
    simple, traditional = (
        "总综评优胜较选择结论断终为给个对错满",
        "總綜評優勝較選擇結論斷終為給個對錯滿",
    )
    table = str.maketrans(simple, traditional)
    is_text = lambda row: "{" not in row["reply"]
    assert _broken(lambda reply: reply.translate(table), rows=is_text) == []


@pytest.mark.parametrize("doubt", ["Wait, let me reconsider that.", "等等，我再重新核对一下。"])
def test_a_verdict_that_is_reconsidered_and_not_confirmed_is_none(doubt):
    bad = _broken(lambda reply: f"{reply}\n\n{doubt}", lambda verdict: None)
    assert bad == []


@pytest.mark.parametrize("template", ["pairwise_reasoning", "rating", "genrm_cot"])
def test_a_confirmed_verdict_counts(template):
    last = {"pairwise_reasoning": "[[A]]", "rating": "Overall score: 4",
            "genrm_cot": "Verification: Is the answer correct (Yes/No)? Yes"}[template]  # fmt: skip
    row = {"template": template}
    more = "\n\nLet me double-check the sum: 17 + 4 = 21. It is right."
    assert _read(row, f"Both parts hold.\n{last}{more}") == _read(row, last)
