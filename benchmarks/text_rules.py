"""Text rules on one response of 32k tokens, against the rules that they stand for.

Real text: solutions (131 kB, English) and answers (52 thousand characters, Chinese) of models, one
after the other, inside the tags that each format asks for. ``python -m benchmarks text_rules``.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks import text_peers as peers
from benchmarks.harness import Pair, Paired, natural_text, paired, table, write
from plaudit import Group, Response, available, load

NUM_TOKENS = 32_768
_VOCABULARY = 150_000
_PIECE = re.compile(r"\s?\w{1,5}|\s?[^\w\s]|\s+")


def pairs() -> Iterator[Pair]:
    """Every comparison whose rule is there."""
    en = natural_text("en", 4 * NUM_TOKENS)
    zh = natural_text("zh", int(1.6 * NUM_TOKENS))
    ids = token_ids(en)
    yield from formats(en)
    yield from ngrams(en, ids)
    yield from repetitions(en)
    yield from scripts(en, zh)
    yield from originals(en)


def formats(text: str) -> Iterator[Pair]:
    """Format rules, on a response that keeps the format."""
    lines = f"<think>\n{text}\n</think>\n<answer>\n42\n</answer>"
    think = [[{"role": "assistant", "content": f"<think>\n{text}\n</think>\n42"}]]
    trl_format = peers.trl("think_format_reward")
    block = ours("format.think_answer", lines)
    yield Pair(
        "format.think",
        "TRL think_format",
        ours("format.think", think[0][0]["content"]),
        lambda: trl_format(think),
        6,
    )
    yield Pair("format.think_answer", "open-r1 format", block, on(peers.open_r1_format, lines), 6)
    yield Pair("format.think_answer", "ms-swift format", block, on(peers.ms_swift_format, lines), 6)
    yield Pair(
        "format.think_answer", "eval-protocol format", block, on(peers.eval_protocol_format, lines)
    )
    yield Pair(
        "format.tag_count",
        "open-r1 tag_count",
        ours("format.tag_count", lines),
        on(peers.open_r1_tag_count, lines),
    )


def ngrams(text: str, ids: Sequence[int]) -> Iterator[Pair]:
    """n-gram repetition over token ids (as a list and as an array) and over words."""
    import numpy as np

    from plaudit.rules import repetition

    trl_ngrams = peers.trl("get_repetition_penalty_reward", ngram_size=3, max_penalty=-1.0)
    array = np.asarray(ids)
    listed = Group("?", [Response(text, token_ids=tuple(ids))])
    reward = load("rules.repetition.ngram", unit="tokens")
    yield Pair(
        "repetition.ngram (list)",
        "TRL repetition",
        lambda: reward.score([listed]),
        lambda: trl_ngrams([ids]),
        7,
    )
    yield Pair(
        "repetition.ngram (array)",
        "TRL repetition",
        lambda: repetition.ngram(text, array, unit="tokens"),
        lambda: trl_ngrams([ids]),
        20,
    )
    yield Pair(
        "repetition.ngram (words)",
        "open-r1, ms-swift repetition",
        ours("repetition.ngram", text, unit="words"),
        on(peers.word_ngrams, text),
    )


def repetitions(text: str) -> Iterator[Pair]:
    """Data-Juicer's repetition of characters and of words."""
    yield Pair(
        "repetition.char_repetition",
        "Data-Juicer",
        ours("repetition.char_repetition", text),
        on(peers.data_juicer_characters, text),
        15,
    )
    yield Pair(
        "repetition.word_repetition",
        "Data-Juicer",
        ours("repetition.word_repetition", text),
        on(peers.data_juicer_words, text),
    )


def scripts(en: str, zh: str) -> Iterator[Pair]:
    """The share of Chinese characters."""
    name = "language.chinese_share"
    for label, text, bar in (("en", en, 7), ("zh", zh, 50)):
        if f"rules.{name}" not in available("rules.language"):
            continue
        rule = ours(name, text)
        yield Pair(f"{name} ({label})", "re.findall", rule, on(peers.han_findall, text), bar)
        yield Pair(f"{name} ({label})", "generator", rule, on(peers.han_generator, text))
        yield Pair(f"{name} ({label})", "unicodedata.name", rule, on(peers.han_unicodedata, text))


def originals(text: str) -> Iterator[Pair]:
    """The rules of `plaudit.rules.compat`: the peers' own values, with our algorithms."""
    lines = f"<think>\n{text}\n</think>\n<answer>\n42\n</answer>"
    yield same("open_r1.format", "open-r1 format", peers.open_r1_format, lines)
    yield same("open_r1.tag_count", "open-r1 tag_count", peers.open_r1_tag_count, lines)
    yield same("ms_swift.format", "ms-swift format", peers.ms_swift_format, lines)
    yield same(
        "open_r1.repetition_penalty",
        "open-r1 repetition",
        peers.word_ngrams,
        text,
        max_penalty=-1.0,
    )
    for kind, rule in (
        ("character", peers.data_juicer_characters),
        ("word", peers.data_juicer_words),
    ):
        name = f"data_juicer.{kind}_repetition"
        yield same(name, "Data-Juicer", rule, text, part=f"{kind[:4]}_rep_ratio")


def same(
    name: str, peer: str, rule: Callable[[str], float], text: str, part: str = "", **params: Any
) -> Pair:
    """A compat rule beside its original. Raises SystemExit where their values differ."""
    reward = ours(f"compat.{name}", text, **params)
    score, theirs = reward()[0][0], rule(text)
    value = score.parts[part] if part else score.value
    if abs(value - theirs) > 1e-12:
        raise SystemExit(f"compat.{name} gives {value}, {peer} {theirs}")
    return Pair(f"compat.{name}", peer, reward, on(rule, text))


def ours(name: str, text: str, **params: Any) -> Callable[[], Any]:
    """The loaded rule on one response, as a trainer would call it."""
    reward, group = load(f"rules.{name}", **params), Group("?", [text])
    return lambda: reward.score([group])


def on(rule: Callable[[str], float], text: str) -> Callable[[], float]:
    """A peer's rule on a text."""
    return lambda: rule(text)


def token_ids(text: str) -> list[int]:
    """32k ids of word pieces, numbered over a vocabulary of ordinary size."""
    pieces = _PIECE.findall(text)[:NUM_TOKENS]
    number = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    return [number[piece] * 7919 % _VOCABULARY for piece in pieces]


def line(result: Paired) -> Sequence[Any]:
    """One row of the table."""
    bar = f"{result.bar:g}" if result.bar else ""
    verdict = "" if result.is_met else "missed"
    return [
        result.name,
        result.peer,
        result.ours_ms,
        result.theirs_ms,
        result.ratio,
        result.median_ratio,
        bar,
        verdict,
    ]


HEAD = ("rule", "peer", "ours ms", "peer ms", "ratio", "median ratio", "bar", "")


def main(argv: Sequence[str]) -> int:
    """Prints the table, writes results/text_rules.json; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="rules whose name contains this")
    parser.add_argument("--repeats", type=int, default=9)
    args = parser.parse_args(argv)
    chosen = [pair for pair in pairs() if args.only in pair.name]
    results = [paired(pair, repeats=args.repeats) for pair in chosen]
    print(table(HEAD, map(line, results)))
    if not args.only:
        write("text_rules", results)
    return int(not all(result.is_met for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
