"""Constraint rules by hand, on the published IFEval verdicts, on bad rows and known exploits."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import load
from plaudit.constraints import counting as text_of
from plaudit.errors import ConfigError, DataError, ScoringError
from plaudit.laws import HARD_TEXTS
from plaudit.rules import constraints
from plaudit.rules.constraints import ifeval
from plaudit.types import Group

DATA = Path(__file__).parents[3] / "../shared/data"
LEAST, LESS = "at least", "less than"


def follows(response, kind, mode="strict", **kwargs):
    return ifeval(response, [kind], [kwargs], mode=mode).value == 1.0


# --- the 25 kinds: one response that follows, one that does not -----------------------------------

IFEVAL = [
    ("keywords:existence", {"keywords": ["Cat", "a.b"]}, "the cat, A.B", "the cat, axb"),
    (
        "keywords:frequency",
        {"keyword": "go", "frequency": 2, "relation": LEAST},
        "Go, going",
        "I go",
    ),
    ("keywords:frequency", {"keyword": "go", "frequency": 2, "relation": LESS}, "go", "gogo"),
    ("keywords:forbidden_words", {"forbidden_words": ["rock"]}, "rocks", "a ROCK-solid one"),
    (
        "keywords:letter_frequency",
        {"letter": "A", "let_frequency": 2, "let_relation": LEAST},
        "Aa",
        "a",
    ),
    (
        "keywords:letter_frequency",
        {"letter": "#", "let_frequency": 2, "let_relation": LESS},
        "#",
        "##",
    ),
    ("language:response_language", {"language": "de"}, "Wo ist der Bahnhof?", "Where is it, then?"),
    ("language:response_language", {"language": "zh-cn"}, "火车站在哪里", "駅はどこですか"),
    (
        "length_constraints:number_sentences",
        {"num_sentences": 2, "relation": LESS},
        "Mr. Smith met Dr. Jones.",
        "One. Two.",
    ),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\nb***", "a***"),
    ("length_constraints:number_words", {"num_words": 3, "relation": LEAST}, "it's me", "it me"),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "Well"},
        'one\n\n"Well," he said',
        "one\n\nWelling",
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[a] [b c]", "[a] [b\nc]"),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "Bye.\np. s. more", "PS more"),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, "P.P.S more", "P.S. more"),
    ("detectable_content:postscript", {"postscript_marker": "N.B."}, "n.b. more", "nxbx more"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* a\n - b", "* a\n**b**"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 1}, "*\n* a", "* a\n* b"),
    ("detectable_format:constrained_response", {}, "So: My answer is no.", "my answer is no"),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "*a* *b*", "*a* * *"),
    (
        "detectable_format:number_highlighted_sections",
        {"num_highlights": 2},
        "**a** *b*",
        "**a** ** **",
    ),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "Day", "num_sections": 2},
        "Day 1 a Day2 b",
        "Day 1, day 2",
    ),
    ("detectable_format:json_format", {}, '```json\n{"a": 1}\n```', '{"a": 1,}'),
    ("detectable_format:title", {}, "<<A title>>", "<< >> <<a\nb>>"),
    ("combination:two_responses", {}, "a\n******\nb", "a******a"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say hi"}, "say HI. Hi", "Hi. Say hi"),
    ("startend:end_checker", {"end_phrase": "The end."}, '"So it is the end."', "The end. Bye"),
    ("startend:quotation", {}, ' "a" ', '"'),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 3, "capital_relation": LEAST},
        "I DON'T know",
        "I KNOW it",
    ),
    ("change_case:english_capital", {}, "THIS IS THE END OF IT.", "THIS IS the END OF IT."),
    ("change_case:english_lowercase", {}, "this is the end of it.", "das ist das ende der welt."),
    ("punctuation:no_comma", {}, "a; b", "a, b"),
]

MORE = [
    (
        "copy:repeat_phrase",
        {"phrase": "Every cloud has linings", "small_n": 2},
        "Every sky has linings. Every cloud brings linings.",
        "Every sky has linings. Every cloud has linings.",
    ),
    ("copy:copy", {"prompt_to_repeat": "Say hi"}, " say hi\n", "Say hi. Hi"),
    ("copy:copying_simple", {"prompt_to_repeat": "Say hi"}, "Say hi", "Hi"),
    ("copy:copying_multiple", {"prompt_to_repeat": "Hi", "N": 2}, "Hi ****** hi", "Hi"),
    (
        "new:copy_span_idx",
        {"prompt_to_repeat": "abc def", "n_start": 4, "n_end": 6},
        "de",
        "def",
    ),
    ("detectable_format:sentence_hyphens", {}, "It is.-It was.", "It is. - It was."),
    ("detectable_format:square_brackets", {}, "[a] [b]", "[a] b"),
    ("detectable_format:bigram_wrapping", {}, "<<I am>> <<at home>>", "<<I am>> at home"),
    ("keywords:no_adjacent_consecutive", {}, "a cat eats", "a big cat"),
    ("keywords:word_once", {"keyword": "cat"}, "A Cat", "cat cat"),
    (
        "keywords:word_count_different_numbers",
        {"keyword": "a", "frequency": 1, "relation": LESS},
        "b",
        "a",
    ),
    ("keywords:exclude_word_harder", {"keyword": "cat"}, "cat is", "a cat is"),
    ("keywords:palindrome", {}, "see a level", "see the cat"),
    ("keywords:keyword_specific_position", {"keyword": "b", "n": 2, "m": 2}, "O. A b.", "O. B a."),
    ("keywords:start_end", {}, "End to end", "End to begin"),
    ("paragraphs:paragraphs", {}, "a *** b", "a b"),
    ("paragraphs:paragraphs2", {}, "a\n\nb", "a\n\nb\n\nc"),
    ("first_word:first_word_sent", {"first_word": "so"}, "So it is. So be it.", "So it is. Be it."),
    ("first_word:first_word_answer", {"first_word": "so"}, "So it is.", "It is so."),
    ("last_word:last_word_sent", {"last_word": "it"}, "So be it. Is it?", "So be it. Is so?"),
    ("last_word:last_word_answer", {"last_word": "it"}, "So be it!", "It is."),
    ("punctuation:punctuation_dot", {}, "a!", "a."),
    ("punctuation:punctuation_exclamation", {}, "a.", "a!"),
    ("count:lowercase_counting", {"N": 2}, "It is so BIG", "it is so"),
    (
        "count:counting_composition",
        {"n_sent": 1, "n_words": 3},
        "I am. *** You are. *** We were.",
        "I am. *** You are here. *** We were.",
    ),
    ("count:count_unique", {}, "every word is new.", "new is new"),
    ("count:count_increment_word", {"keyword1": "a", "keyword2": "b"}, "b a B", "a b"),
    ("letters:letter_counting", {"N": 3, "relation": LEAST}, "a1 bc", "a1 b é"),
    (
        "letters:letter_counting2",
        {"letter": "a", "let_frequency": 1, "let_relation": LEAST},
        "A",
        "b",
    ),
]

CHINESE = [
    ("zh:num_chars", {"num_chars": 5, "relation": "exactly"}, "我有3.5个iPhone。", "我有三个手机"),
    ("zh:num_sentences", {"num_sentences": 2, "relation": "exactly"}, "好。“真的！”", "好，真的。"),
    (
        "zh:sentence_chars",
        {"num_chars": 3, "relation": "at most"},
        "你好。再见吧！",
        "你好。我们再见。",
    ),
    ("zh:num_paragraphs", {"num_paragraphs": 2, "relation": "exactly"}, "一\n\n二", "一二"),
    (
        "zh:num_list_items",
        {"num_items": 4, "relation": "exactly"},
        "如下：\n1. 甲\n2、乙\n（三）丙\n④丁",
        "1.5倍\n2. 甲\n3. \n4. 乙",
    ),
    (
        "zh:paragraph_chars",
        {"num_chars": 3, "relation": "at most"},
        "你好。\n\n再见吧！",
        "你好。\n我们再见。",
    ),
    (
        "zh:paragraph_sentences",
        {"num_sentences": 1, "relation": "exactly"},
        "你好。\n再见！",
        "你好。再见！",
    ),
    ("zh:starts_with", {"phrase": "你好"}, "你好，世界", "世界，你好"),
    ("zh:ends_with", {"phrase": "谢谢"}, "好的，谢谢！”", "谢谢，再见。"),
    ("zh:ends_with", {"phrase": "谢谢！"}, "谢谢！", "谢谢。"),
    ("zh:keywords", {"keywords": ["北京", "AI"]}, "北京的ai", "北京"),
    ("zh:keyword_frequency", {"keyword": "好", "frequency": 2, "relation": LEAST}, "好好", "好"),
    ("zh:forbidden_words", {"forbidden_words": ["天气"]}, "今天很热", "今天天气很热"),
    ("zh:forbidden_marks", {"marks": "， 、"}, "好。", "好，好。"),
    ("zh:full_width_marks", {}, "你好，v1.5。", "你好,世界。"),
    ("zh:book_title", {}, "读《红楼梦》", "读《》"),
]


@pytest.mark.parametrize(("kind", "kwargs", "good", "bad"), [*IFEVAL, *MORE, *CHINESE])
def test_a_response_that_follows_and_one_that_does_not(kind, kwargs, good, bad):
    assert follows(good, kind, **kwargs)
    assert not follows(bad, kind, **kwargs)


@pytest.mark.parametrize("hard", HARD_TEXTS.values(), ids=HARD_TEXTS)
def test_hard_texts_get_a_verdict_of_every_kind(hard):
    cases = {kind: kwargs for kind, kwargs, *_ in (*IFEVAL, *MORE, *CHINESE)}
    score = ifeval(hard, list(cases), list(cases.values()), mode="loose", reduce="fraction")
    assert set(score.parts) == set(cases)
    assert 0 <= score.value < 1


def test_every_kind_has_a_case():
    cases = {kind for kind, *_ in (*IFEVAL, *MORE, *CHINESE)}
    assert cases == set(constraints._KINDS)
    assert [len({kind for kind, *_ in part}) for part in (IFEVAL, MORE, CHINESE)] == [25, 29, 15]


# --- the published verdicts -----------------------------------------------------------------------


def test_agreement_with_the_published_verdicts():
    path = DATA / "ifeval_responses.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for mode, most in (("strict", 6), ("loose", 7)):
        pairs = [
            pair
            for row in rows
            for pair in zip(
                ifeval(
                    row["response"], row["constraints"], row["kwargs"], mode=mode
                ).parts.values(),
                row[mode],
                strict=True,
            )
        ]
        assert len(pairs) == 1524
        assert sum(ours != theirs for ours, theirs in pairs) <= most


# --- reading rows ---------------------------------------------------------------------------------

ROW = (["punctuation:no_comma", "startend:quotation"], [{}, {}])


@pytest.mark.parametrize(
    "columns",
    [
        {"constraints": ROW[0], "kwargs": ROW[1]},
        {"instruction_id_list": ROW[0], "kwargs": [{"num_words": None, "keywords": None}, None]},
        {"instruction_id_list": ["en:punctuation:no_comma", "en:startend:quotation"]},
        {"ground_truth": json.dumps([{"instruction_id": ROW[0], "kwargs": [None, None]}])},
        {"ground_truth": str([{"instruction_id": ROW[0], "kwargs": [None, {}]}])},
        {"ground_truth": {"instruction_id": ROW[0], "kwargs": ROW[1]}},
        {"ground_truth": [json.dumps({"instruction_id_list": ROW[0]})]},
        {"constraints": json.dumps(ROW[0]), "kwargs": json.dumps(ROW[1])},
    ],
    ids=["shared", "ifeval", "m-ifeval", "json", "python", "mapping", "nested", "spelled"],
)
def test_layouts(columns):
    (score,) = load("rules.constraints.ifeval").score([Group("?", ["no"], columns)])[0]
    assert score.value == 0.0
    assert score.parts == {"punctuation:no_comma": 1.0, "startend:quotation": 0.0}
    assert score.note == "not followed: startend:quotation"


def test_a_repeated_kind_keeps_both_verdicts():
    ids = ["keywords:existence"] * 2
    score = ifeval("cat", ids, [{"keywords": ["cat"]}, {"keywords": ["dog"]}], reduce="fraction")
    assert score.value == 0.5
    assert score.parts == {"keywords:existence": 1.0, "keywords:existence#2": 0.0}


@pytest.mark.parametrize(
    ("ids", "kwargs", "message"),
    [
        (["ja:punctuation:no_comma"], [{}], "unknown constraint 'ja:punctuation"),
        (["punctuation:no_coma"], [{}], "did you mean 'punctuation:no_comma'"),
        ([], [], "no constraint in the row"),
        (None, None, "expected a list"),
        (["startend:quotation"], [{}, {}], "1 constraints, but arguments for 2"),
        (["keywords:existence"], [{}], "missing keywords"),
        (["keywords:existence"], [{"keyword": "a"}], "did you mean 'keywords'"),
        (["keywords:existence"], [{"keywords": [1]}], "must be a list of texts"),
        (["length_constraints:number_paragraphs"], [{"num_paragraphs": "2"}], "a whole number"),
        (["length_constraints:number_paragraphs"], [{"num_paragraphs": -1}], "a whole number"),
        (["length_constraints:number_paragraphs"], [{"num_paragraphs": math.nan}], "whole number"),
        (
            ["length_constraints:number_words"],
            [{"num_words": 2, "relation": "at leest"}],
            "did you mean 'at least'",
        ),
        (["language:response_language"], [{"language": "xx"}], "unknown language 'xx'"),
        ("[unreadable", None, "neither JSON nor Python"),
    ],
)
def test_a_bad_row_is_named(ids, kwargs, message):
    with pytest.raises(DataError, match=message):
        ifeval("some text", ids, kwargs)


def test_a_ground_truth_without_constraints_is_a_bad_row():
    with pytest.raises(DataError, match="instruction_id"):
        ifeval("a", ground_truth="42")


@pytest.mark.parametrize("name", ["mode", "reduce", "undecidable"])
def test_unknown_settings(name):
    with pytest.raises(ConfigError, match=name):
        ifeval("a", *ROW, **{name: "stric"})


def test_a_text_in_a_list_of_one_is_that_text():
    assert follows("So be it.", "first_word:first_word_sent", first_word=["so"])


def test_whole_floats_are_counts():
    assert follows("a b", "length_constraints:number_words", num_words=2.0, relation="at least")


# --- loose, empty, undecidable --------------------------------------------------------------------


def test_loose_forgives_a_first_line_a_last_line_and_stars():
    for text in ('Sure!\n"a"', '"a"\nBye', 'Sure!\n"a"\nBye', '**"a"**', 'Sure!\n*"a"*'):
        assert not follows(text, "startend:quotation")
        assert follows(text, "startend:quotation", mode="loose")


@given(st.text(st.sampled_from('ab,"*\n '), max_size=30))
def test_loose_never_takes_what_strict_gives(text):
    for kind in ("punctuation:no_comma", "startend:quotation", "combination:two_responses"):
        assert follows(text, kind, mode="loose") >= follows(text, kind)


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_response_follows_nothing(text):
    assert not follows(text, "punctuation:no_comma")
    assert not follows(text, "punctuation:no_comma", mode="loose")


@pytest.mark.parametrize("text", ["12345 67", "?!", "42", "xq"])
def test_digits_pass_no_language_constraint(text):
    """The published checker counts a text whose language it cannot tell as followed."""
    score = ifeval(text, ["language:response_language"], [{"language": "de"}])
    assert score.value == 0.0
    assert "undecidable" in score.note
    with pytest.raises(ScoringError) as caught:
        ifeval(text, ["language:response_language"], [{"language": "de"}], undecidable="fault")
    assert caught.value.fault == "response"


def test_a_list_of_names_is_not_english():
    names = "ADAM EVA NOAH SARAH LEAH RACHEL DINAH SIMON LEVI JUDAH DAN GAD ASHER JOSEPH " * 4
    assert not follows(names, "change_case:english_capital")


def test_verdicts_on_language_are_the_same_every_time():
    text = "ME GUSTA THE CASA"
    first = ifeval(text, ["change_case:english_capital"], [{}])
    assert all(ifeval(text, ["change_case:english_capital"], [{}]) == first for _ in range(20))


def test_a_pattern_in_the_row_is_text():
    assert not follows("a" * 5000 + "b", "keywords:existence", keywords=["(a+)+$"])
    assert follows("say (a+)+$", "keywords:existence", keywords=["(a+)+$"])
    assert not follows(
        "Secxion 1",
        "detectable_format:multiple_sections",
        section_spliter="Sec.ion",
        num_sections=1,
    )


def test_the_paragraph_that_is_counted_is_the_one_that_is_read():
    """The published checker counts filled paragraphs and looks into the list of all."""
    text = "\n\none\n\ntwo"
    for n, word in ((1, "one"), (2, "two")):
        assert follows(
            text,
            "length_constraints:nth_paragraph_first_word",
            num_paragraphs=2,
            nth_paragraph=n,
            first_word=word,
        )


def test_deeply_nested_json_is_no_json_and_no_crash():
    assert not follows("[" * 100_000, "detectable_format:json_format")


# --- words and sentences --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", 4),
        ("Wow!! Great.", 2),
        ('"Hello!" she said.', 2),
        ("He left at 5 p.m. on Monday.", 1),
        ("He left at 5 p.m. The rest stayed.", 2),
        ("Well... maybe. Wait... The end.", 3),
        ("1. First\n2. Second", 3),
        ("It costs 3.50 or so.", 1),
        ("J. K. Rowling wrote it.", 1),
        ("Visit a.b.c now.", 1),
        ("(It is. It was.) Yes.", 3),
        ("**Bold.** Next", 2),
        ("", 0),
    ],
)
def test_sentences(text, expected):
    assert len(text_of.sentences(text)) == expected


@given(st.text(st.sampled_from("aB.!? \n\"')*1,"), max_size=40))
def test_sentences_keep_every_character_but_space(text):
    joined = "".join(text_of.sentences(text))
    assert "".join(joined.split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I can't", "I ca n't"),
        ("CANNOT", "CAN NOT"),
        ("A well-known 1,000: yes", "A well-known 1,000 : yes"),
        ("the U.S. is big.", "the U.S. is big ."),
        ("(NASA)...", "( NASA ) ..."),
        ("a--b", "a -- b"),
    ],
)
def test_tokens(text, expected):
    assert text_of.tokens(text) == expected.split()


@given(st.text(st.sampled_from("aB.'-`,:1 \n\ud800"), max_size=40))
def test_tokens_keep_every_character_but_space(text):
    assert "".join("".join(text_of.tokens(text)).split()) == "".join(text.split())


def test_tokens_are_those_of_nltk():
    treebank = pytest.importorskip("nltk.tokenize.destructive").NLTKWordTokenizer()
    path = DATA / "ifeval_responses.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["response"] for line in lines][::8]
    pairs = []
    for sentence in (s for text in texts for s in text_of.sentences(text)):
        theirs = treebank.tokenize(sentence)
        plain = ['"' if token in ("``", "''") else token for token in theirs]
        pairs.append((text_of._tokens_of(sentence), plain))
    assert len(pairs) > 1500
    assert sum(ours == theirs for ours, theirs in pairs) >= 0.995 * len(pairs)
