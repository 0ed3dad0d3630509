"""Language rules against naive counts, by hand, on shared data, and against known exploits."""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import load
from plaudit.errors import ConfigError, DataError, ScoringError
from plaudit.rules import language
from plaudit.text import prose, scripts
from plaudit.types import Group, Response

DATA = Path(__file__).parents[3] / "../shared/data"
MIXED = st.text(
    st.sampled_from(
        [*"aZé你好〇𠀀かカー한яαبक้ส ", *"1.,!。，？`$\\{}()[]<>/~\n", "\ud800", "\u0301"]
    ),
    max_size=60,
)
PROSE_EN = "The derivative of the function is zero at the point where the slope changes its sign. "
PROSE_FR = "La dérivée de la fonction est nulle au point où la pente change de signe, et donc. "
PROSE_RU = "Производная функции равна нулю в той точке, где наклон меняет свой знак. "
PROSE_ZH = "函数的导数在斜率变号的那一点等于零，所以这里取得极值。"
PROSE_JA = "関数の導関数は、傾きの符号が変わる点でゼロになります。だからここで極値をとります。"

# --- code point tables ----------------------------------------------------------------------------

NAMED = {
    "latin": "LATIN ",
    "greek": "GREEK ",
    "cyrillic": "CYRILLIC ",
    "arabic": "ARABIC ",
    "hebrew": "HEBREW ",
    "devanagari": "DEVANAGARI ",
    "thai": "THAI ",
    "hangul": "HANGUL ",
    "khmer": "KHMER ",
    "georgian": "GEORGIAN ",
    "ethiopic": "ETHIOPIC ",
    "han": "CJK UNIFIED IDEOGRAPH",
}


def kind_of(char):
    return int(scripts.classes(scripts.points_of(char))[0])


@pytest.mark.parametrize("script", NAMED)
def test_letters_are_of_the_script_in_their_name(script):
    letters = [
        chr(c)
        for c in range(0x110000)
        if unicodedata.category(chr(c)) in ("Lu", "Ll", "Lo")
        and unicodedata.name(chr(c), "").startswith(NAMED[script])
    ]
    assert letters
    points = np.array([ord(c) for c in letters], np.uint32)
    assert set(scripts.classes(points).tolist()) == {scripts.class_of(script)}


@pytest.mark.parametrize(
    "char", "一鿿㐀䶿豈𠀀𪜀𫝀𫠠𬺰𰀀𱍐\U000323b0\U0002ebf0丽〇々〆⺀⼀〡"
)  # one of each block, extensions A to J, compatibility, radicals
def test_every_block_of_ideographs_is_han(char):
    assert kind_of(char) == scripts.class_of("han")
    assert language.chinese_share(char) == 1.0


def test_punctuation_marks_digits_and_symbols_are_no_letters():
    for char in " \t\n\u3000.,!?\"'()-—…、。「」，！？：；（）《》":
        assert kind_of(char) == scripts.NEUTRAL, char
    for char in "0१９$+=<>^|~€→✓😀":
        assert kind_of(char) == scripts.SYMBOL, char
    for char in "\u0301\u200b\u200d\ufe0f\u00ad":
        assert kind_of(char) == scripts.INVISIBLE, repr(char)


def test_points_keep_trailing_nul_and_surrogates():
    text = "a\0\ud800\U0001f600\0"
    assert scripts.points_of(text).tolist() == [ord(c) for c in text]


def test_no_two_ranges_of_scripts_overlap():
    pairs = sorted(p for ranges in scripts.RANGES.values() for p in scripts._pairs(ranges))
    for (first, last), (following, _) in pairwise(pairs):
        assert first <= last < following, hex(following)


def naive_word_counts(text):
    kinds = [k for k in scripts.classes(scripts.points_of(text)).tolist() if k != 2]
    counts = {}
    for place, script in enumerate(scripts.SCRIPTS, scripts.FIRST_LETTER):
        chars = kinds.count(place)
        line = "".join("x" if k == place else " " for k in kinds)
        words = sum(len(run) >= 2 for run in line.split())
        if chars:
            per_word = scripts.CHARS_PER_WORD.get(script)
            counts[script] = chars / per_word if per_word else float(words)
    return counts


@given(MIXED)
def test_word_counts_are_the_naive_ones(text):
    assert scripts.word_counts(scripts.classes(scripts.points_of(text))) == naive_word_counts(text)


# --- prose ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain text", "plain text"),
        ("see `x = 1` here", "see   here"),
        ("a ``b ` c`` d", "a   d"),
        ("before\n```python\nimport os\n```\nafter", "before\n \nafter"),
        ("before\n~~~\ncode\n~~~~\nafter", "before\n \nafter"),
        ("cut\n```python\nimport os", "cut\n "),
        ("open ` tick\n\nnext ` par", "open ` tick\n\nnext ` par"),
        ("so $x + y$ is", "so   is"),
        ("costs $5 and then $10.", "costs $5 and then $10."),
        ("from $ a to $ b", "from $ a to $ b"),
        ("$$\nx\n$$ end", "  end"),
        (r"\[ x \] and \(y\)", "  and  "),
        (r"a \begin{align} x &= y \end{align} b", "a   b"),
        (r"\frac{1}{2} \text{ cm}", " {1}{2}  { cm}"),
        (r"five \$ and \\ six", r"five \$ and \\ six"),
        ("go https://a.org/b?c=d ok", "go   ok"),
        ("见www.a.org。好", "见 。好"),
        ("<answer>four</answer>", " four "),
        ("a < b and c > d", "a < b and c > d"),
        (r"unclosed \[ x", r"unclosed \[ x"),
    ],
)
def test_prose_without_code_latex_urls_and_tags(text, kept):
    assert prose.split_prose(text).text == kept


@given(MIXED)
def test_prose_loses_and_invents_no_letters(text):
    kept, removed = prose.split_prose(text)
    assert sorted((kept + removed).replace(" ", "")) == sorted(text.replace(" ", ""))


# --- shares ---------------------------------------------------------------------------------------


def naive_chinese_share(text):
    han = len(re.findall("[一-鿿〇𠀀]", text))
    letters = len(re.findall("[a-zA-Zé一-鿿〇𠀀かカー한яαبक้ส]", text))
    return han / letters if han else 0.0


@given(MIXED)
def test_chinese_share_is_the_naive_one(text):
    assert language.chinese_share(text) == naive_chinese_share(text)


def test_punctuation_counts_neither_for_nor_against():
    assert language.chinese_share("你好") == language.chinese_share("“你”，（好）……！ \n") == 1.0
    assert language.chinese_share("你好", of="chars") == 1.0
    assert language.chinese_share("你，好。", of="chars") == 1.0
    assert language.chinese_share("你好=1", of="chars") == 0.5
    assert language.chinese_share("你好=1") == 1.0


def test_no_letters_no_chinese():
    for text in ("", "42", "。。。", "\ud800", "hello", "héllo"):
        assert language.chinese_share(text) == 0.0


def test_script_share_of_one_and_several_scripts():
    text = "Привет мир abc"
    assert language.script_share(text, script="cyrillic") == 9 / 12
    assert language.script_share(text, script="latin") == 3 / 12
    assert language.script_share(text, script=("latin", "cyrillic")) == 1.0
    assert language.script_share("हिन्दी", script="devanagari") == 1.0
    assert language.script_share("ภาษาไทย", script="thai") == 1.0
    assert language.script_share("한국어", script="hangul") == 1.0
    assert language.script_share("カタカナー", script="kana") == 1.0
    assert language.script_share("العربية", script="arabic") == 1.0
    assert language.script_share("Ελληνικά", script="greek") == 1.0
    assert language.script_share("עברית", script="hebrew") == 1.0


def test_unknown_script_and_denominator_are_config_errors():
    with pytest.raises(ConfigError, match="did you mean 'latin'"):
        language.script_share("a", script="latn")
    with pytest.raises(ConfigError, match="of="):
        language.chinese_share("a", of="bytes")  # type: ignore[arg-type]


def test_exploit_mathematical_bold_letters_are_still_latin():
    assert language.script_share("𝐇𝐞𝐥𝐥𝐨 你好", script="latin") == 5 / 7


# --- consistency ----------------------------------------------------------------------------------


def value(response, prompt="", column=None, **params):
    return language.consistency(response, prompt, column, **params).value


def test_target_from_parameter_column_or_prompt():
    text = f"<think>{PROSE_ZH}</think>4"
    assert value(text, target="zh") == value(text, "", "zh-CN") == value(text, "", "Chinese") == 1.0
    assert value(text, "请计算二加二。") == 1.0
    assert value(text, "What is 2 + 2?") == 0.0
    assert value(text, "What is 2 + 2?", "zh") == 1.0
    assert value(text, "What is 2 + 2?", "zh", target="en") == 0.0
    assert value(text, "", "han") == 1.0


def test_empty_language_cell_is_absent():
    assert value(f"<think>{PROSE_ZH}</think>", "请计算。", "") == 1.0


def test_mixed_reasoning_is_graded_by_words():
    """Six ideographs weigh as much as four words."""
    text = "<think>then we add four 然后我们相加</think>"
    score = language.consistency(text, target="en")
    assert score.parts == {"latin": 4.0, "han": 4.0}
    assert score.value == 0.5
    assert value(text, target="zh") == 0.5
    shares = [
        value("<think>" + "so be " * k + "所以就是" * 5 + "</think>", target="en") for k in range(9)
    ]
    assert shares == sorted(shares)
    assert len(set(shares)) == 9


def test_single_letters_are_variables_not_words():
    assert value("<think>设 x 和 y 为整数，则 x+y=n 成立</think>", target="zh") == 1.0


def test_only_the_reasoning_is_judged_by_default():
    text = f"<think>{PROSE_EN}</think>{PROSE_ZH}"
    assert value(text, target="en") == 1.0
    assert value(text, target="en", part="answer") == 0.0
    assert 0 < value(text, target="en", part="all") < 1


def test_prefilled_unclosed_and_missing_blocks():
    assert value(f"{PROSE_EN}</think>{PROSE_ZH}", target="en") == 1.0
    assert value(f"<think>{PROSE_EN}", target="en") == 1.0
    assert value(PROSE_EN, target="en") == 1.0
    assert value(PROSE_EN, target="en", part="answer") == 1.0


def test_code_and_latex_are_no_english():
    code = "```python\nfor item in values:\n    total += item\n```"
    text = f"<think>我们先写代码：{code}再看 $\\alpha + beta$ 和 `len(x)`，见 https://docs.org/page</think>"
    assert value(text, target="zh") == 1.0


def test_japanese_and_chinese_are_told_apart():
    ja, zh = f"<think>{PROSE_JA}</think>", f"<think>{PROSE_ZH}</think>"
    assert value(ja, target="ja") == value(ja, "この問題を解いてください。") == 1.0
    assert value(zh, target="ja") == value(zh, "この問題を解いてください。") == 0.0
    assert value(zh, target="zh") == 1.0
    assert value(ja, target="zh") < 0.7


def test_unknown_language_names_the_column_or_the_parameter():
    with pytest.raises(DataError, match="field 'language': unknown language 'python'"):
        language.consistency("text", "", "python")
    with pytest.raises(ConfigError, match="unknown language 'klingon'"):
        language.consistency("text", target="klingon")


def test_prompt_without_words_is_an_input_fault():
    with pytest.raises(ScoringError) as caught:
        language.consistency("<think>So four.</think>4", "2 + 2 = ?")
    assert caught.value.fault == "input"


@pytest.mark.parametrize("think", ["", "   ", "2 + 2", "x", "```", "😀" * 9])
def test_exploit_empty_reasoning_earns_nothing(think):
    reward = load("rules.language.consistency")
    score = reward.score(
        [Group("What is two and two?", [f"<think>{think}</think>The answer is 4"])]
    )
    assert score[0][0].value == 0.0
    assert score[0][0].fault == "response"


def test_exploit_reasoning_in_another_script_hidden_in_a_fence():
    for hidden in (f"```\n{PROSE_ZH}\n```", f"`{PROSE_ZH}`", f"$\\text{{{PROSE_ZH}}}$"):
        assert value(f"<think>Okay then.\n{hidden}\n</think>", target="en") < 0.2


def test_exploit_spaced_letters_are_no_target_words():
    assert value(f"<think>{'a b c d ' * 50}{PROSE_ZH}</think>", target="en") == 0.0


def test_exploit_invisible_characters_split_no_words():
    assert value("<think>th\u200bree four 三四五六</think>", target="en") == value(
        "<think>three four 三四五六</think>", target="en"
    )


# --- identification -------------------------------------------------------------------------------

pytest.importorskip("py3langid")


def identified(text, languages):
    return language.identified(text, languages=languages).value


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (PROSE_EN, "en"),
        (PROSE_FR, "fr"),
        (PROSE_RU, "ru"),
        (PROSE_ZH, "zh"),
        (PROSE_JA, "ja"),
        ("오늘은 날씨가 정말 좋습니다.", "ko"),
        ("วันนี้อากาศดีมาก", "th"),
        ("Η παράγωγος της συνάρτησης είναι μηδέν.", "el"),
    ],
)
def test_identified_languages(text, code):
    assert identified(text, code) == 1.0
    assert identified(text, ["nl", code]) == 1.0
    assert identified(text, "nl") == 0.0


def test_identified_is_graded_within_and_across_segments():
    assert 0.3 < identified(PROSE_EN + PROSE_ZH, "en") < 0.7
    half = identified(PROSE_EN * 60 + PROSE_FR * 60, "en")
    assert 0.4 < half < 0.6
    assert half + identified(PROSE_EN * 60 + PROSE_FR * 60, "fr") == pytest.approx(1.0)


def test_identified_leaves_code_out():
    code = "```python\nimport os\nfor name in os.listdir():\n    print(name, len(name))\n```\n"
    assert identified(PROSE_ZH + code * 5, "zh") == 1.0


def test_capitals_are_recognised():
    assert identified(PROSE_EN.upper() * 2, "en") == 1.0


@pytest.mark.parametrize("text", ["", "42", "Yes.", "Oui, merci."])
def test_identified_abstains_on_short_text(text):
    score = load("rules.language.identified", languages=["en"]).score([Group("", [text])])[0][0]
    assert (score.value, score.fault) == (0.0, "response")
    kept = load("rules.language.identified", languages=["en"], on_response_fault=1.0)
    assert kept.score([Group("", [text])])[0][0].value == 1.0


def test_exploit_long_gibberish_is_in_no_language():
    rng = np.random.default_rng(0)
    letters = rng.choice(list("qxzjkvwpbfgh"), (400, 5))
    assert identified(" ".join("".join(word) for word in letters), "en") == 0.0


def test_identified_unknown_language():
    with pytest.raises(ConfigError, match="unknown language 'xx'"):
        identified("text", "xx")
    with pytest.raises(ConfigError, match="unknown language ''"):
        identified("text", [])


def test_languages_set_on_the_global_identifier_change_no_score():
    import py3langid

    py3langid.set_languages(["fr", "de"])
    try:
        assert identified(PROSE_EN, "en") == 1.0
    finally:
        py3langid.set_languages(None)


def judged(texts, code):
    values = []
    for text in texts:
        try:
            values.append(identified(text, code))
        except ScoringError:
            continue
    return values


def rows(name):
    if not (DATA / name).exists():
        pytest.skip(f"shared data absent: {name}")
    with gzip.open(DATA / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_english_responses_are_identified_on_shared_data():
    texts = [r["chosen"] for r in rows("eval_pairs.jsonl.gz") if not r["subset"].startswith("hep")]
    values = judged(texts[::8], "en")
    assert len(values) > 400
    assert np.mean([v >= 0.5 for v in values]) >= 0.99


def test_chinese_responses_are_identified_on_shared_data():
    """Of the responses that are Chinese at all: the prompts ask for translations too."""
    texts = [r["chosen"] for r in rows("zh_pairs.jsonl.gz")][::4]
    values = judged([t for t in texts if language.chinese_share(t) > 0.5], "zh")
    assert len(values) > 200
    assert np.mean([v >= 0.5 for v in values]) >= 0.99


# --- all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "\0", "\ud800" * 50, "漢a\U0001f600\0é" * 99, "x" * 100_000])
@pytest.mark.parametrize("name", language.__all__)
def test_odd_texts_get_a_score_in_range(name, text):
    params = language.EXAMPLES.get(name, {}).get("params", {})
    reward = load(f"rules.language.{name}", **params)
    for response in (text, f"<think>{text}</think>", f"```{text}"):
        score = reward.score([Group("Hello there", [Response(response)])])[0][0]
        assert 0.0 <= score.value <= 1.0
        assert score.fault in (None, "response")
