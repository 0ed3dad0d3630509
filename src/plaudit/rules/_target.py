"""The language that a response is due in: the one its prompt asks for, or is written in.

A prompt is written in the language of its instruction, whatever it quotes: words are counted apart
from code, formulas, quotations and names, and a foreign passage that the instruction is about does
not outvote it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from plaudit.errors import ScoringError
from plaudit.rules import _scripts
from plaudit.rules._asked import asked_for
from plaudit.rules._languages import PLENTY, PROFILES, identify, latin_words, weigh, words_in
from plaudit.rules._prose import split_prose
from plaudit.rules._stopwords import STOP_WORDS

__all__ = ["HAN_PER_KANA", "QUOTED", "Target", "count_words", "is_japanese", "target_of"]

HAN_PER_KANA = 9 * _scripts.CHARS_PER_WORD["kana"] / _scripts.CHARS_PER_WORD["han"]
"""A text is Japanese with up to so many words of ideographs to one of kana (9 characters to 1)."""

QUOTED = re.compile(
    r"[“\"「『《〈（(‘\[【]([^“”\"「」『』《》〈〉（）()‘’\[\]【】\n]{1,80})[”\"」』》〉）)’\]】]"
)
"""A short quotation, title or bracket, which names words rather than using them."""

_TURN = re.compile(r"(?:^|\n)[ \t]*(?:Human|User|用户|人类)[ \t]*[:：]", re.IGNORECASE)
_REPLY = re.compile(r"\n\s*(?:Assistant|AI|助手)[ \t]*[:：]?\s*\Z", re.IGNORECASE)
_LABEL = re.compile(
    r"^[ \t]*(?:System|Human|User|Assistant|Question|Answer|Input|Output|Task|Instruction|Q|A)"
    r"[ \t]*[:：]",
    re.IGNORECASE | re.MULTILINE,
)
_PIECE = re.compile(r"[^\n。！？.!?；;]*(?:[。！？；;]+|[.!?]+(?=\s|$)|[.!?]|\n|$)")
_MOST_PIECES = 200
_SURE = 1.5  # function words by which one sentence outvotes the text

# Words with which a request is put, and the strongest of them, which speak of a passage.
_ASKS_ZH = re.compile(
    "请|請|吗|嗎|呢|什么|什麼|怎|如何|哪|谁|誰|为何|为什么|多少|几|翻译|翻譯|解释|解釋|写|寫|总结|總結|概括"
    "|回答|给出|列出|说明|說明|介绍|介紹|是否|帮|幫|将|把|用|根据|判断|分析|计算|求|证明|设计|修改|润色"
)
_ASKS_EN = re.compile(
    r"^\W*(?:list|is|are|was|do|does|did|has|have)\b|\b(?:what|how|why|which|who|when|where|please|explain|translate|write|summari[sz]e"
    r"|answer|describe|give|solve|find|compare|tell|show|make|create|generate|rewrite|calculate"
    r"|compute|prove|determine|define|identify|classify|can you|could you)\b",
    re.IGNORECASE,
)
_STRONG_ZH = re.compile(
    "请|請|翻译|翻譯|总结|概括|改写|润色|以下|下面|上面|上述|下列|这句|这段|什么意思"
)
_STRONG_EN = re.compile(
    r"\b(?:please|following|below|above|this (?:sentence|text|passage|paragraph)|translate"
    r"|summari[sz]e|rewrite|paraphrase)\b",
    re.IGNORECASE,
)
_FUNCTION_ZH = re.compile(f"[{''.join(sorted(w for w in STOP_WORDS if not w.isascii()))}]")
_MEANING_ZH = re.compile(
    "(?:是什么意思|什么意思|怎么读|怎么翻译|的意思|的区别|的含义|是什么)[^a-zA-Z]*$"
)
_HEAD = re.compile(r"\s*([^:：\n]{2,40})[:：]")
_LATIN_START = re.compile(r"\W*[A-Za-zÀ-ɏ]")


_UNUSUAL = re.compile("[^\0-ʸ\u2000-\u206f\u2190-\u27ff\u3000-\u30ff㐀-鿿가-힣\uff00-\uff20]")
_LATIN_WORD = re.compile("[A-Za-zÀ-ʸ]{2,}")
_HAN = re.compile("[㐀-鿿々〇]+")
_KANA = re.compile("[ぁ-ゖゝ-ゟァ-ヺー-ヿ]+")
_HANGUL = re.compile("[가-힣]{2,}")


class Target(NamedTuple):
    """The languages (codes, or scripts) any of which is due, and their name for the note."""

    name: str
    languages: tuple[str, ...]

    @property
    def scripts(self) -> tuple[str, ...]:
        """The scripts of the languages."""
        return _scripts_of(self.languages)

    @property
    def profiles(self) -> tuple[str, ...]:
        """The languages that can be told from others in Latin letters; () where one cannot be."""
        latin = [code for code in self.languages if "latin" in _scripts_of((code,))]
        return tuple(latin) if all(code in PROFILES for code in latin) else ()


@functools.lru_cache(maxsize=256)
def _scripts_of(languages: tuple[str, ...]) -> tuple[str, ...]:
    known = (_scripts.LANGUAGES.get(code, (code,)) for code in languages)
    return tuple(dict.fromkeys(script for scripts in known for script in scripts))


@functools.lru_cache(maxsize=256)
def target_of(prompt: str) -> Target:
    """The target that a prompt sets.

    Of a transcript in one string ("Human: ... Assistant: ...") the last turn of the user counts. A
    language that may or may not be meant ("how do you say cat in French?") is accepted beside that
    of the prompt.

    Raises: ScoringError (input) where the prompt holds no word, or only rules out its own language.

    >>> target_of("用 PyTorch 怎么做 gradient checkpointing？").languages
    ('zh',)
    >>> target_of("Translate into Chinese: good morning").name
    'zh (asked for)'
    """
    turn = _last_turn(prompt)
    asked = asked_for(turn)
    if asked.clear:
        return Target(f"{', '.join(asked.clear)} (asked for)", asked.clear)
    written = _written(turn) or _written(prompt)
    if written is None:
        raise ScoringError(
            "consistency: the prompt has no word to tell the target language; give the column"
            " 'language' or the parameter target",
            fault="input",
        )
    if written in asked.excluded and not asked.possible:
        raise ScoringError(
            f"consistency: the prompt is in {written!r} and rules that out, but names no other;"
            " give the column 'language' or the parameter target",
            fault="input",
        )
    languages = tuple(dict.fromkeys((written, *asked.possible)))
    return Target(f"{' or '.join(languages)} (from the prompt)", languages)


def _last_turn(prompt: str) -> str:
    turns = list(_TURN.finditer(prompt))
    if not turns:
        return prompt
    last = prompt[turns[-1].end() :]
    return _REPLY.sub("", last) if re.search(r"\w", last) else prompt


# --- the language that a prompt is written in -----------------------------------------------------


def _written(prompt: str) -> str | None:
    """The code of the prompt's language, or its script where that is all one can tell."""
    prose = _LABEL.sub(" ", split_prose(prompt).kept)
    unquoted = QUOTED.sub(" ", prose)
    for text in (unquoted, prose, prompt):
        if words := _quick_words(text):
            return _language(_frame(text, words), text, words)
    return None


def _language(script: str, text: str, words: dict[str, float]) -> str:
    if script in ("han", "kana", "bopomofo"):
        return "ja" if script == "kana" else "zh"
    if script == "latin":
        return _latin_language(text)
    codes = _scripts.BY_SCRIPT.get(script, script).split()
    return codes[0] if len(codes) == 1 else script


def _latin_language(text: str) -> str:
    """The language of a Latin text: of its first or last sentence where these alone ask."""
    words = words_in(text)
    if sum(map(PROFILES["en"].__contains__, words)) >= PLENTY * len(words):
        return "en"
    whole = identify(weigh(words)) or "latin"
    pieces = _pieces(text)
    for piece in (pieces[-1], pieces[0]) if len(pieces) > 1 else ():
        if piece.rstrip().endswith("?") or _ASKS_EN.search(piece):
            language = identify(latin_words(piece), least=_SURE)
            if language is not None and language != whole:
                return language
    return whole


def _frame(text: str, words: dict[str, float]) -> str:
    """The script of the instruction."""
    cjk = [script for script in ("han", "kana", "bopomofo") if words.get(script)]
    if len(words) == 1:
        return next(iter(words))
    if cjk and len(cjk) == len(words):
        return "kana" if is_japanese(words) and not _starts_chinese(text) else "han"
    found = [(piece, _piece_script(piece)) for piece in _pieces(text)]
    framed = [(piece, script) for piece, script in found if script is not None]
    if not framed:
        return max(words, key=words.__getitem__)
    asking = {script for piece, script in framed if _asks(piece)}
    if len(asking) == 1:
        return asking.pop()
    (first, script), (last, other) = framed[0], framed[-1]
    if script == other:
        return script
    rank = [(_strength(piece), bool(_asks(piece))) for piece in (first, last)]
    return other if rank[1] > rank[0] else script


def _starts_chinese(text: str) -> bool:
    """Whether the first piece of a text with kana is Chinese and asks for something."""
    first = next(iter(_pieces(text)), "")
    head = re.split("[:：]", first)[0]
    return bool(_ASKS_ZH.search(head)) and not is_japanese(_quick_words(head))


def _pieces(text: str) -> Sequence[str]:
    """Sentences and lines with letters, the first and the last ones of a long text."""
    pieces = [piece for piece in _PIECE.findall(text) if piece.strip()]
    half = _MOST_PIECES // 2
    return pieces if len(pieces) <= _MOST_PIECES else pieces[:half] + pieces[-half:]


def _piece_script(piece: str) -> str | None:
    """The script of the words that hold a sentence together; None without a word."""
    words = _quick_words(piece)
    others = {script: count for script, count in words.items() if script != "latin"}
    if not words:
        return None
    if not others:
        is_sentence = bool(_asks(piece)) or latin_words(piece).hits
        is_long = len(_LATIN_WORD.findall(piece)) > 2
        return "latin" if is_sentence or is_long else None
    other = max(others, key=others.__getitem__)
    if other in ("han", "kana"):
        other = "kana" if is_japanese(others) and not _starts_chinese(piece) else "han"
    if not words.get("latin"):
        return other
    if head := _HEAD.match(piece):
        alone = list(_quick_words(head[1]))
        if alone and (alone != ["latin"] or _ASKS_EN.search(head[1])):
            return "latin" if alone == ["latin"] else other
    return "latin" if _is_latin_frame(piece, other) else other


def _is_latin_frame(piece: str, other: str) -> bool:
    """Whether Latin words frame a sentence that has words of another script too."""
    if not (latin_words(piece).hits or _ASKS_EN.search(piece)):
        return False  # names and terms only
    if other != "han":
        return _LATIN_START.match(piece) is not None
    if _MEANING_ZH.search(piece) or not (_FUNCTION_ZH.search(piece) or _ASKS_ZH.search(piece)):
        return not _MEANING_ZH.search(piece)
    asks_en, asks_zh = bool(_ASKS_EN.search(piece)), bool(_ASKS_ZH.search(piece))
    if asks_en != asks_zh:
        return asks_en
    return _LATIN_START.match(piece) is not None


def _asks(piece: str) -> re.Match[str] | None:
    return _ASKS_ZH.search(piece) or _ASKS_EN.search(piece)


def _strength(piece: str) -> int:
    return len(set(_STRONG_ZH.findall(piece))) + len(set(_STRONG_EN.findall(piece.lower())))


# --- words by script ------------------------------------------------------------------------------


def count_words(text: str) -> dict[str, float]:
    """The words of each script in a text.

    >>> count_words("so be it, 三个")
    {'latin': 3.0, 'han': 1.3333333333333333}
    """
    return _scripts.word_counts(_scripts.classes(_scripts.points_of(text)))


def _quick_words(text: str) -> dict[str, float]:
    """`count_words` without an array, for Latin, Chinese, Japanese and Korean; 1 word if ASCII."""
    if text.isascii():
        return {"latin": 1.0} if _LATIN_WORD.search(text) else {}
    if _UNUSUAL.search(text):
        return {script: count for script, count in count_words(text).items() if count}
    counts = {
        "latin": float(len(_LATIN_WORD.findall(text))),
        "han": sum(map(len, _HAN.findall(text))) / _scripts.CHARS_PER_WORD["han"],
        "kana": sum(map(len, _KANA.findall(text))) / _scripts.CHARS_PER_WORD["kana"],
        "hangul": float(len(_HANGUL.findall(text))),
    }
    return {script: count for script, count in counts.items() if count}


def is_japanese(words: dict[str, float]) -> bool:
    """Whether ideographs and kana are in the proportion of Japanese."""
    return words.get("han", 0.0) <= words.get("kana", 0.0) * HAN_PER_KANA
