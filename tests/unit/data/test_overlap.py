"""Duplicates and overlap with evaluation prompts: what counts as the same, and what does not."""

import numpy as np
import pytest

from plaudit.data.judged import prompts_of
from plaudit.data.overlap import EvalPrompts, Seen, folded
from plaudit.data.read import read
from plaudit.errors import ConfigError

LETTERS = "How many of the letters r are there in the word strawberry when it is written twice?"
MOUNTAINS = "Name the three tallest mountains of the whole world"
RIVER = "从前有一座山，山上有一座庙，庙里有一个老和尚，在给小和尚讲故事，讲的是什么故事呢？"


def words(count, seed=0):
    rng = np.random.default_rng(seed)
    return " ".join(f"w{number}" for number in rng.integers(0, 10_000, count))


def test_exact_is_blind_to_case_width_and_white_space_only():
    seen = Seen()
    assert seen.add("Ｗhat is  2-2 ?") is None
    assert seen.add("what is 2-2 ?\n") == "exact"
    assert seen.add("what is 2+2 ?") is None
    assert seen.add("what is 22 ?") is None
    assert len(seen) == 3


def test_near_finds_small_edits_of_long_texts():
    seen = Seen(near=0.8)
    base = words(200)
    assert seen.add(base) is None
    assert seen.add(base.replace("w1", "v1", 1)) == "near"
    assert seen.add(base + " indeed.") == "near"
    assert seen.add(words(200, seed=1)) is None


def test_near_finds_small_edits_in_chinese():
    seen = Seen(near=0.7)
    assert [seen.add(t) for t in (RIVER, RIVER.replace("呢", "吗"))] == [None, "near"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Find the sum of 12345 and 67890, please.", "Find the sum of 12346 and 67890, please."),
        (
            "Solve for x: the law is 3x + 5 = 20 today.",
            "Solve for x: the law is 3x - 5 = 20 today.",
        ),
    ],
)
def test_other_numbers_or_operators_make_another_problem(one, other):
    seen = Seen(near=0.5)
    assert [seen.add(one), seen.add(other)] == [None, None]


def test_a_hyphen_in_a_word_is_no_operator():
    seen = Seen(near=0.7)
    text = "Write a well-known story about the sea and the people who live near it."
    assert [seen.add(text), seen.add(text.replace("well-known", "well known"))] == [None, "near"]


@pytest.mark.parametrize(("near", "share"), [(0.8, 0.95), (0.6, 0.9)])
def test_nearly_all_texts_above_the_threshold_are_found(near, share):
    """Jaccard similarity of the shingles, counted, against what is found by minima."""
    rng, found, total = np.random.default_rng(3), 0, 0
    for _ in range(150):
        base = "".join(rng.choice(list("abcdefgh"), 300))
        place = int(rng.integers(0, 250))
        edited = base[:place] + "X" * int(rng.integers(1, 40)) + base[place:]
        a, b = ({folded(t)[i : i + 5] for i in range(len(t) - 4)} for t in (base, edited))
        if len(a & b) / len(a | b) < near + 0.08:  # two standard errors of the estimate
            continue
        total += 1
        seen = Seen(near=near)
        seen.add(base)
        found += seen.add(edited) == "near"
    assert total > 30
    assert found >= share * total


def test_many_texts_of_one_template_stay_apart_and_in_bounds():
    seen = Seen(near=0.8)
    template = "You are given a list of things. Sort it in ascending order and print it: "
    rng = np.random.default_rng(0)
    texts = [template + "".join(rng.choice(list("abcdefgh"), 60)) for _ in range(300)]
    assert {seen.add(text) for text in texts} == {None}
    sizes = [len(b) for b in seen._buckets.values() if isinstance(b, list)]
    assert max(sizes) == 32


def test_texts_too_short_for_a_shingle_are_compared_whole():
    seen = Seen(near=0.5)
    assert [seen.add(t) for t in ("", "ab", "AB", "abcd")] == [None, None, "exact", None]


def test_lone_surrogates_and_nul_are_text():
    seen = Seen(near=0.8)
    assert [seen.add("a\ud800b\0cdef"), seen.add("a\ud800b\0cdef")] == [None, "exact"]
    known = EvalPrompts()
    known.add("q", "\ud800 \0")
    assert known.match("\ud800 \0") is not None


@pytest.mark.parametrize("near", [0, -1, 1.5, float("nan")])
def test_a_threshold_outside_its_range(near):
    with pytest.raises(ConfigError, match="near"):
        Seen(near=near)


# --- evaluation prompts ---------------------------------------------------------------------------


def test_a_prompt_inside_another_text_is_found():
    known = EvalPrompts()
    known.add("q", LETTERS)
    match = known.match(f"Answer briefly.\n\n{LETTERS.upper()}\nThink first.")
    assert match == ("q", 1.0)


def test_punctuation_and_width_do_not_hide_a_prompt():
    known = EvalPrompts()
    known.add("q", RIVER)
    assert known.match(RIVER.replace("，", ", ").replace("？", "")) == ("q", 1.0)


def test_a_shared_quotation_is_no_overlap_unless_any_run_is_enough():
    prompt = f"{words(40, seed=1)} {words(20, seed=2)}"
    text = f"{words(60, seed=3)} {words(20, seed=2)} {words(60, seed=4)}"
    for min_share, expected in ((0.5, False), (0.1, True), (0.0, True)):
        known = EvalPrompts(min_share=min_share)
        known.add("q", prompt)
        assert (known.match(text) is not None) is expected
    assert EvalPrompts(min_share=0.0).match(text) is None


def test_the_share_is_of_the_prompts_runs():
    known = EvalPrompts(min_share=0.0)
    known.add("q", words(32))
    half = " ".join(words(32).split()[:22])  # 10 of 20 runs
    assert known.match(half) == ("q", 0.5)
    assert known.match(" ".join(words(32).split()[:12])) is None


@pytest.mark.parametrize(
    ("prompt", "text", "is_found"),
    [
        ("Name three primary colours", "Name three primary colours", True),
        ("Name three primary colours", "Please: Name three primary colours", False),
        ("What is 2-2?", "What is 2+2?", False),
        ("name the three tallest mountains of the whole world", f"q: {MOUNTAINS}!", True),
        ("请列出世界上最高的三座山峰", "问题：请列出世界上最高的三座山峰。谢谢", True),
        ("列出三种颜色", "请列出三种颜色", False),
    ],
)  # fmt: skip
def test_short_prompts(prompt, text, is_found):
    known = EvalPrompts()
    known.add("q", prompt)
    assert (known.match(text) is not None) is is_found


def test_the_most_repeated_prompt_is_named_and_prompts_may_follow():
    known = EvalPrompts(min_share=0.2)
    known.add("part", f"{words(20)} {words(20, seed=5)}")
    assert known.match(words(20)).name == "part"
    known.add("whole", words(20))
    assert known.match(words(20)) == ("whole", 1.0)
    known.add("nothing", "  ")
    assert len(known) == 2


@pytest.mark.parametrize("options", [{"min_share": 1.5}, {"words": 0}, {"characters": 0}])
def test_options_outside_their_range(options):
    with pytest.raises(ConfigError):
        EvalPrompts(**options)


# --- real data ------------------------------------------------------------------------------------


def test_alpaca_eval_prompts_are_in_no_training_file(shared_data):
    known, subsets = EvalPrompts(min_share=0.0), {}
    for row in read(shared_data / "eval_pairs.jsonl.gz"):
        ((name, prompt),) = prompts_of([row])
        known.add(name, prompt)
        subsets[name] = row.raw["subset"]
    prompts = {text for _, text in prompts_of(read(shared_data / "pairs_valid.jsonl.gz"))}
    prompts |= {text for _, text in prompts_of(read(shared_data / "pairs_train.jsonl.gz"))}
    found = [known.match(prompt) for prompt in prompts]
    assert not [m for m in found if m and subsets[m.name].startswith("alpacaeval-")]
    some = [text for _, text in prompts_of(read(shared_data / "eval_pairs.jsonl.gz", limit=300))]
    assert all(known.match(f"Hello!\n{text}") for text in some if len(text.split()) > 13)


def test_prompts_marked_as_known_are_found(shared_data):
    """pairs_human_pandalm marks prompts that stand in pairs_train; 89 of its 708 marks are wrong:
    no run of words of those prompts is in the file."""
    known = EvalPrompts()
    for text in {text for _, text in prompts_of(read(shared_data / "pairs_train.jsonl.gz"))}:
        known.add(text, text)
    rows = [row.raw for row in read(shared_data / "pairs_human_pandalm.jsonl")]
    found = [known.match(row["prompt"]) is not None for row in rows]
    assert sum(found) == 619
    assert all(
        row["prompt_in_pairs_train"] for row, is_in in zip(rows, found, strict=True) if is_in
    )
