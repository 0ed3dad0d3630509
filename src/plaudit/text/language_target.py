"""The language that a response should be in: the one its prompt asks for, or is written in.

A prompt is written in the language of its instruction, whatever it quotes: words in code, formulas,
quotations and names do not count, and a foreign passage that the instruction is about does not
outvote it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from plaudit.errors import ScoringError
from plaudit.text import scripts
from plaudit.text.language_request import LanguageRequest, requested_languages, standing_request
from plaudit.text.languages import (
    FUNCTION_WORDS,
    PLENTY,
    PROFILES,
    identify,
    latin_words,
    weigh,
    words_in,
)
from plaudit.text.prose import split_prose
from plaudit.text.stopwords import STOP_WORDS

__all__ = ["HAN_PER_KANA", "QUOTED", "Target", "count_words", "is_japanese", "target_of"]

HAN_PER_KANA = 9 * scripts.CHARS_PER_WORD["kana"] / scripts.CHARS_PER_WORD["han"]
"""A text is Japanese with up to so many words of ideographs to one of kana (9 characters to 1)."""

QUOTED = re.compile(
    r"[“\"「『《〈（(‘\[【]([^“”\"「」『』《》〈〉（）()‘’\[\]【】\n]{1,80})[”\"」』》〉）)’\]】]"
)
"""A short quotation, title or bracket, which names words rather than using them."""

_TURN = re.compile(r"(?:^|\n)[ \t]*(?:Human|User|用户|人类)[ \t]*[:：]", re.IGNORECASE)
_REPLY = re.compile(r"\n\s*(?:Assistant|AI|助手)[ \t]*[:：]?\s*\Z", re.IGNORECASE)
_REPLY_START = re.compile(r"\n\s*(?:Assistant|AI|助手)[ \t]*[:：]", re.IGNORECASE)
_LABEL = re.compile(
    r"^[ \t#*]*(?:System|Human|User|Assistant|Question|Answer|Input|Output|Task|Instruction"
    r"|Response|Problem|Q|A|指令|输入|输出|回答|问题|题目|任务|答案)"
    r"[ \t]*[:：]",
    re.IGNORECASE | re.MULTILINE,
)
_PIECE = re.compile(r"[^\n。！？.!?；;]*(?:[。！？；;]+|[.!?]+(?=\s|$)|[.!?]|\n|$)")
_MOST_PIECES = 200
_FEW_FOREIGN = 3  # different function words of other languages
_SURE = 1.5  # this many function words let one sentence outvote the text

# Sentences about the form of the response, which surround a problem in any language, and those
# that say no more than that it follows.
_INTRO = (
    r"\b(?:solve|answer|work out|complete|tackle)\b[^.:：\n]{0,40}"
    r"\b(?:following|given|below|this)\b[^.:：\n]{0,30}\b(?:problems?|questions?|exercises?|tasks?|puzzles?|requests?)\b"
    r"|\bbelow is an?\b|\bhere is an?\b[^.:：\n]{0,30}\b(?:problem|question|task)\b"
    r"|(?:解答|回答|解决|完成|求解)(?:以下|下面|下列|这道)[^。：:\n]{0,12}(?:问题|题目|题|任务)"
    r"|(?:以下|下面)是一[个道]"
)
_ON_FORM = (
    r"\b(?:reason|think|work|solve|proceed)\b[^.\n]{0,40}\bstep[- ]by[- ]step\b|\bboxed\b"
    r"|\b(?:put|place|present|enclose|wrap|box|output|end|provide|give|state|return|report|write"
    r"|remember|format|conclude|last line|final line|the form)\b[^.\n]{0,60}"
    r"\b(?:your|the|a) (?:final |last )?(?:answers?|response|reply|solution)\b"
    r"|\b(?:your|the) (?:final |last )?(?:answer|response|reply)\b[^.\n]{0,40}"
    r"\b(?:should|must|within|inside|on its own|in the form|of the form|tags?)\b"
    r"|\bwrite a response that\b|^\W*please answer\b[^.\n]{0,20}$|适当(?:地)?完成请求"
    r"|^\W*you are an? |\bfirst thinks?\b"
    r"|(?:一步步|一步一步|逐步|step by step)地?(?:的)?(?:思考|推理|推导|解答|求解)"
    r"|(?:最终|最后)(?:的)?(?:答案|结果)|你的(?:答案|回答)|答案(?:放|写|填|置)|^\W*你是一[个位名]"
)
_WRAPPER = re.compile(f"(?P<intro>{_INTRO})|{_ON_FORM}", re.IGNORECASE)
_INTRO_HEAD = re.compile(rf"[^\n:：]{{0,80}}(?:{_INTRO})[^\n:：]{{0,80}}[:：]", re.IGNORECASE)
_FORM_HEAD = re.compile(rf"[^\n:：]{{0,80}}(?:{_ON_FORM})[^\n:：]{{0,80}}[:：]", re.IGNORECASE)
_NOT_ENGLISH = FUNCTION_WORDS - PROFILES["en"]
_SUFFIX = re.compile(
    r"(?=\b(?:please|let['’]?s) (?:reason|think|put|solve)\b"
    r"|(?<!请)(?:请你?)?(?:一步步|一步一步|逐步)地?(?:思考|推理|推导))",
    re.IGNORECASE,
)

# Words with which a request is put, and the strongest of them, which speak of a passage.
_ASKS_ZH = re.compile(
    "请|請|吗|嗎|呢|什么|什麼|怎|如何|哪|谁|誰|为何|为什么|多少|几|翻译|翻譯|解释|解釋|写|寫|总结|總結|概括"
    "|回答|给出|列出|说明|說明|介绍|介紹|是否|帮|幫|将|把|用|根据|判断|分析|计算|求|证明|设计|修改|润色"
)
_ASKS_EN = re.compile(
    r"^\W*(?:list|is|are|was|do|does|did|has|have|correct|fix|check|proofread|edit|improve|polish"
    r"|rephrase|paraphrase|analy[sz]e|discuss|read|parse|label|extract|count|convert|continue|review"
    r"|simplify|expand|transcribe|interpret|comment)\b|\b(?:what|how|why|which|who|when|where|please|explain|translate|write|summari[sz]e"
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
    """The accepted languages (codes or scripts), and their name for the note."""

    name: str
    languages: tuple[str, ...]

    @property
    def scripts(self) -> tuple[str, ...]:
        """The scripts of the languages."""
        return _scripts_of(self.languages)

    @property
    def profiles(self) -> tuple[str, ...]:
        """The languages, if all can be told from others in Latin letters, else ()."""
        latin = [code for code in self.languages if "latin" in _scripts_of((code,))]
        return tuple(latin) if all(code in PROFILES for code in latin) else ()


@functools.lru_cache(maxsize=256)
def _scripts_of(languages: tuple[str, ...]) -> tuple[str, ...]:
    script_lists = (scripts.LANGUAGES.get(code, (code,)) for code in languages)
    return tuple(dict.fromkeys(script for scripts in script_lists for script in scripts))


@functools.lru_cache(maxsize=256)
def target_of(prompt: str, earlier: tuple[tuple[str, str], ...] = ()) -> Target:
    """The target that a prompt sets, with the roles and texts of the turns before it.

    In a transcript in one string ("Human: ... Assistant: ...") the last user turn counts. If it
    asks for no language, a request by the system turn or an earlier user turn applies. A language
    that may or may not be meant ("how do you say cat in French?") is accepted besides that of the
    prompt.

    Raises: ScoringError (input) if the prompt has no word, or only rules out its own language.

    >>> target_of("用 PyTorch 怎么做 gradient checkpointing？").languages
    ('zh',)
    >>> target_of("Translate into Chinese: good morning").name
    'zh (asked for)'
    >>> target_of("What is 2 + 2?", (("system", "Always answer in Chinese."),)).name
    'zh (asked for before)'
    """
    turn, before = _turns(prompt)
    request = requested_languages(turn)
    if request.clear:
        return Target(f"{', '.join(request.clear)} (asked for)", request.clear)
    standing = _standing((*earlier, *before))
    if standing.clear and not set(standing.clear) <= set(request.excluded):
        languages = tuple(dict.fromkeys((*standing.clear, *request.possible)))
        return Target(f"{' or '.join(languages)} (asked for before)", languages)
    written = _written(turn) or _written(prompt)
    if not written:
        raise ScoringError(
            "consistency: the prompt has no word to infer the target language from; give the column"
            " 'language' or the parameter target",
            fault="input",
        )
    if written[0] in request.excluded and not request.possible:
        raise ScoringError(
            f"consistency: the prompt is in {written[0]!r} and rules that out, but names no other;"
            " give the column 'language' or the parameter target",
            fault="input",
        )
    languages = tuple(dict.fromkeys((*written, *request.possible, *standing.possible)))
    return Target(f"{' or '.join(languages)} (from the prompt)", languages)


def _standing(earlier: Sequence[tuple[str, str]]) -> LanguageRequest:
    """The language request of the turns before the last one; the latest request counts."""
    possible: tuple[str, ...] = ()
    for role, text in reversed(earlier):
        request = standing_request(text) if role == "user" else requested_languages(text)
        if request.clear:
            return LanguageRequest(request.clear, possible)
        possible = (*possible, *request.possible) if role == "user" else possible
    return LanguageRequest((), possible)


def _turns(prompt: str) -> tuple[str, list[tuple[str, str]]]:
    """The last turn of the user in a transcript, and the roles and texts of those before it."""
    starts = list(_TURN.finditer(prompt))
    if not starts:
        return prompt, []
    last = prompt[starts[-1].end() :]
    if not re.search(r"\w", last):
        return prompt, []
    ends = [start.start() for start in starts[1:]]
    texts = [prompt[start.end() : end] for start, end in zip(starts, ends, strict=False)]
    before = [("user", _REPLY_START.split(text, maxsplit=1)[0]) for text in texts]
    return _REPLY.sub("", last), [("system", prompt[: starts[0].start()]), *before]


# --- the language that a prompt is written in -----------------------------------------------------


def _written(prompt: str) -> tuple[str, ...]:
    """The code of the prompt's language, or its script if no more can be identified.

    Two if a problem and the words around it are in different languages and either is acceptable; ()
    for a prompt without a word.
    """
    prose = _LABEL.sub(" ", split_prose(prompt).text)
    unquoted = QUOTED.sub(" ", prose)
    for text in (unquoted, prose, prompt):
        if words := _quick_words(text):
            whole = _language(_frame(text, words), text, words)
            return _of_problem(text, whole) if _may_wrap(text, words) else (whole,)
    return ()


def _may_wrap(text: str, words: dict[str, float]) -> bool:
    """Whether a text may hold a problem in another language than the words around it."""
    if len(words) == 1 and "latin" not in words:
        return False
    if text.isascii() and len(_NOT_ENGLISH.intersection(words_in(text))) < _FEW_FOREIGN:
        return False
    return _WRAPPER.search(text) is not None


def _of_problem(text: str, whole: str) -> tuple[str, ...]:
    """The language of a text without the sentences that wrap it, if it is another one.

    For a statement after "solve the following", both languages are returned.
    """
    statements, is_introduced = [], False
    for piece in _PIECE.findall(_SUFFIX.sub("\n", text)):
        is_mixed = len(_quick_words(piece)) > 1
        if head := _INTRO_HEAD.match(piece):
            is_introduced = True
        elif is_mixed:
            head = _FORM_HEAD.match(piece)
        elif wrapper := _WRAPPER.search(piece):
            is_introduced = is_introduced or wrapper["intro"] is not None
            continue
        statements.append(piece[head.end() if head else 0 :])
    problem = " ".join(statements)
    if not any(map(_piece_script, statements)):
        return (whole,)
    words = _quick_words(problem)
    own = _language(_frame(problem, words), problem, words)
    if own in (whole, "latin"):
        return (whole,)
    return (own, whole) if is_introduced and not any(map(_is_request, statements)) else (own,)


def _language(script: str, text: str, words: dict[str, float]) -> str:
    if script in ("han", "kana", "bopomofo"):
        return "ja" if script == "kana" else "zh"
    if script == "latin":
        return _latin_language(text)
    codes = scripts.BY_SCRIPT.get(script, script).split()
    return codes[0] if len(codes) == 1 else script


def _latin_language(text: str) -> str:
    """The language of a text in Latin letters, or of the first or last sentence that alone asks."""
    words = words_in(text)
    if sum(map(PROFILES["en"].__contains__, words)) >= PLENTY * len(words):
        return "en"
    whole = identify(weigh(words)) or ("en" if _ASKS_EN.search(text) else "latin")
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
    scripts = [(piece, _piece_script(piece)) for piece in _pieces(text)]
    framed = [(piece, script) for piece, script in scripts if script is not None]
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
    """Whether Latin words frame a sentence that also has words in another script."""
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


def _is_request(piece: str) -> bool:
    return piece.rstrip().endswith(("?", "？")) or _asks(piece) is not None


def _strength(piece: str) -> int:
    return len(set(_STRONG_ZH.findall(piece))) + len(set(_STRONG_EN.findall(piece.lower())))


# --- words by script ------------------------------------------------------------------------------


def count_words(text: str) -> dict[str, float]:
    """The words of each script in a text.

    >>> count_words("so be it, 三个")
    {'latin': 3.0, 'han': 1.3333333333333333}
    """
    return scripts.word_counts(scripts.classes(scripts.points_of(text)))


def _quick_words(text: str) -> dict[str, float]:
    """`count_words` without an array, for Latin, Chinese, Japanese and Korean; 1 word if ASCII."""
    if text.isascii():
        return {"latin": 1.0} if _LATIN_WORD.search(text) else {}
    if _UNUSUAL.search(text):
        return {script: count for script, count in count_words(text).items() if count}
    counts = {
        "latin": float(len(_LATIN_WORD.findall(text))),
        "han": sum(map(len, _HAN.findall(text))) / scripts.CHARS_PER_WORD["han"],
        "kana": sum(map(len, _KANA.findall(text))) / scripts.CHARS_PER_WORD["kana"],
        "hangul": float(len(_HANGUL.findall(text))),
    }
    return {script: count for script, count in counts.items() if count}


def is_japanese(words: dict[str, float]) -> bool:
    """Whether ideographs and kana are in the proportion of Japanese."""
    return words.get("han", 0.0) <= words.get("kana", 0.0) * HAN_PER_KANA
