"""The languages that a prompt asks for in words: "reply in Spanish", 请用中文回答, "en français".

A name of a language alone asks for nothing ("English villages"): what stands before and after it
decides, by the forms listed here.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from plaudit.rules._languages import NAMES

__all__ = ["Asked", "asked_for"]

Kind = Literal["clear", "possible", "excluded"]

_BEFORE, _AFTER = 120, 60  # characters around a name that are looked at
_MOST_MENTIONS = 100  # in a sentence


class Asked(NamedTuple):
    """The codes of languages asked for clearly, possibly, and those that are ruled out."""

    clear: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


class _Form(NamedTuple):
    """What must end the text before a name and begin the text after it."""

    kind: Kind
    before: re.Pattern[str]
    after: re.Pattern[str]


def _form(kind: Kind, before: str, after: str = "") -> _Form:
    flags = re.IGNORECASE
    return _Form(kind, re.compile(f"(?:{before})$", flags), re.compile(after, flags))


_VERB = (
    r"\b(?:writ|answer|repl[yi]|respon[ds]|speak|say\b|talk|explain|describ|summari|translat|rewrite"
    r"|rephrase|paraphrase|convert|put\b|turn\b|render|give|provide|compos|creat|generat|draft|output"
    r"|produce|think|reason|tell|list\b|make\b|present|state\b|express|us(?:e|ing)\b|communicat"
    r"|continu|chat|return|show|solv|discuss|introduc|name\b|prov[ei]|teach|recit|sing\b|complet"
    r"|formulat|elaborat|compar|help|want|need|like\b|must be|should be"
    r"|écri|répon|expliqu|rédig|tradui|donne|décri|résum|parle|fais\b"
    r"|schreib|antwort|erklär|übersetz|beschreib|fasse?\b|nenn|sprich|gib\b|formulier|bitte"
    r"|escrib|respond|explica|redact|traduc|traduz|escrev|describ|descrev|resum|habla|fale\b|dame\b"
    r"|contest|scriv|rispond|spieg|riassum|parla|schrijf|leg\b|vertaal|beschrijf"
    r"|напиш|ответ|отвеч|объясн|перевед|опиши|расскаж|skriv|svar|napisz|odpowied|tłumacz)"
)
_ADJECTIVES = (
    r"(?:(?:the|fluent|simple|simplified|traditional|plain|proper|formal|informal|brazilian|european"
    r"|mexican|latin american|modern|mandarin|american|british|standard|idiomatic|natural|only|both"
    r"|either|het|la|lingua|le|dem|o|el|l['’])\s+){0,3}"
)
_ENDS = (
    r"\s*(?:language\b|languages\b|please\b|sprache\b|language:|языке\b|язык\b)?\s*"
    r"(?:$|[\n.,;:!?()\[\]\"”’'«»–—/&|*`-]|[^\x00-\x7f]"
    r"|(?:and|or|but|with|about|using|for|on|that|how|what|why|please|only|then|so|to|at|from|as|when"
    r"|the|a|an|instead|no|not|if|of|by|because|unless|while|into|my|this|your|each|here|now|below|all"
    r"|within|including|followed|in|explaining|describing|s'il|por|bitte|per|et|ou|y|und|oder|e)\b)"
)
_TEXTS = (
    r"\s*(?:essay|translation|version|letter|e-?mail|paragraph|summary|summaries|sentence|reply|answer"
    r"|response|article|text|composition|speech|subtitle|caption|description|abstract)s?\b"
)
_WORKS = r"\s*(?:poem|haiku|song|story|stories|tale|joke|proverb|lyrics|dialogue|phrase)s?\b"
_ZH_STYLE = r"(?:纯|全|简体|繁体|簡體|繁體|标准|流利的?|地道的?|简单的?|通俗的?|正式的?|现代)*\s*"
_ZH_MAKE = r"(?:写|寫|创作|撰写|编写|生成|拟|起草|造|给出|提供|写出|给我|来)[^。，！？\n,.]{0,12}"
_ZH_TEXTS = (
    r"\s*的?(?:作文|文章|短文|邮件|电子邮件|信|书信|诗|演讲|短诗|故事|报告|摘要|总结|简历|自我介绍"
    r"|求职信|句子|文案|标题|小说|散文|论文|歌词|通知|介绍|版|对话|段落|回复|广告|稿|翻译|译文|答案)"
)
_ZH_SAY = (
    r"\s*(?:中|里|里面)?\s*(?:该|应该|应|要|可以)?"
    r"(?:怎么|怎样|如何|是什么|是啥|叫什么|叫做什么)"
)
_FORMS = (
    _form(
        "excluded",
        r"\b(?:do not|don['’]?t|never|avoid|without|not|instead of|rather than)\b"
        rf"(?:(?!\bbut\b|\band\b)[^.,;:\n]){{0,30}}\b(?:in|into|use|using|speak)\s+{_ADJECTIVES}",
        _ENDS,
    ),
    _form(
        "excluded",
        r"(?:不要|别|不许|禁止|请勿|不能|不得|避免|不可以?|而不是|而非|勿)(?:再|使|采)*(?:用|以|说|讲)?\s*",
    ),
    # the label of a field, or of the line to go on from
    _form("clear", r"(?:\blanguage|\blang|语言|語言|言語|언어|langue|sprache|idioma)\s*[:：=]\s*"),
    _form("clear", r"(?:^|\n)[\s*#>]*", r"\s*[:：]\s*\Z"),
    # Chinese
    _form("possible", rf"(?:用|翻译成|译成|翻译为|译为)\s*{_ZH_STYLE}", _ZH_SAY),
    _form("possible", rf"(?:怎么|怎样|如何)[^。，！？\n]{{0,8}}(?:用|成|为)\s*{_ZH_STYLE}"),
    _form(
        "clear",
        rf"(?:用|使用|采用|改用|换成|换用|换|转)\s*{_ZH_STYLE}",
        r"(?!\s*(?:的|老师|教师|课|单词|词汇|语法|字母|学习|专业|为母语|为例|国家|授课|教学|(?:提出|提问|写成|书写"
        r"|撰写|编写|写|表达|表述|出版|发表|录制|出)的))",
    ),
    _form(
        "clear", r"(?:以|请)\s*" + _ZH_STYLE, r"\s*(?:来|进行)?\s*(?:回|作答|答|写|输出|解答|撰写)"
    ),
    _form(
        "clear",
        r"(?:翻译|翻譯|译|譯|转换|轉換|转化|转写|改写|改|翻|写|寫|转|变|换|说|输出|生成)\s*"
        rf"(?:成|为|爲|為|到|至|作)\s*(?:一[篇段个首封句])?{_ZH_STYLE}",
    ),
    _form("clear", _ZH_STYLE, r"\s*(?:来)?(?:回答|回复|作答|答复|输出|解答|回應)(?!问题的)"),
    _form("clear", _ZH_MAKE, _ZH_TEXTS),
    _form("clear", r"(?:请|只|都|要|必须|全程|改|直接)\s*(?:说|讲|写)\s*"),
    # Japanese and Korean
    _form("clear", "", r"\s*(?:で(?!書かれ|書いてあ|話され)|に(?:翻訳|訳|し|直|変)|を使っ)"),
    _form("clear", "", r"\s*(?:으로|로)(?!\s*(?:쓰인|쓰여|된|작성된))"),
    # languages with prepositions
    _form(
        "possible",
        r"\b(?:words?|grammar|verbs?|nouns?|adjectives?|articles?|tenses?|pronouns?|pronunciation"
        r"|idioms?|phrases?|expressions?|letters?|vowels?|used|called|means?|meaning|spelled"
        r"|pronounced|spoken|conjugat\w+|cases?|genders?|exists?|works?|verbes?|mots?|palabras?"
        rf"|wörter|verben)\s+(?:in|en|em|auf)\s+{_ADJECTIVES}",
        _ENDS,
    ),
    _form(
        "possible", rf"\b(?:books?|novels?|texts?|films?|songs?) written in\s+{_ADJECTIVES}", _ENDS
    ),
    _form(
        "clear",
        rf"{_VERB}[^\n]*\b(?:in|into|en|em|auf|ins|al|para|på|po|на|in het)\s+{_ADJECTIVES}",
        _ENDS,
    ),
    _form("clear", rf"\b(?:translat|convert|switch|chang)[^\n]*\bto\s+{_ADJECTIVES}", _ENDS),
    _form("clear", r"(?:^|[.!?:;,(]\s*|\bplease\s+)(?:in|en|em|auf|на)\s+" + _ADJECTIVES, _ENDS),
    _form("clear", r"\bto\s+", r"\s+translation\b"),
    _form("clear", rf"\b(?:use|using|(?:please|must|should) speak)\s+{_ADJECTIVES}", _ENDS),
    _form("clear", r"(?:^|\n)\s*speak\s+", _ENDS),
    _form("clear", rf"{_VERB}[^\n]*\bпо-"),
    _form("clear", r"(?:باللغة\s+|ب)", ""),
    # "an English essay", but not "this English sentence"
    _form(
        "clear",
        r"\b(?:write|provide|give|compose|create|generate|draft|produce|need|want|make)\b"
        r"(?:(?!\b(?:this|these|following|given|of)\b)[^.\n]){0,40}",
        _TEXTS,
    ),
    _form("possible", r"\b(?:write|compose|create|generate|tell|give)\b[^.\n]{0,40}", _WORKS),
)
_JOINED = re.compile(
    r"\s*(?:,|/|&|、|和|与|及|and|or|then|und|et|y|ou|oder|e|或)\s*(?:in\s+)?", re.I
)

# A question about words of the language is answered in the language of the question.
_SAY = re.compile(
    r"^\W*(?:how(?! about)|what|which|why|who|when|where|is|are|does|do|did|was|were|has|have)\b"
    r"(?!n't you)"
    r"|\b(?:how|what|why|which|whether|where)\b[^.\n]{0,60}\b(?:in|into|en|auf)\s+\S+\W*$"
    r"|\bcomment\b.{0,40}\bdi(?:t|re)\b|\b[cq]u?[oó]mo\b.{0,40}\b(?:dice|decir|diz|dizer)\b"
    r"|\bwie\b.{0,40}\b(?:sagt|sagen|heißt)\b|\bcome\b.{0,40}\bdice\b|как\b.{0,40}(?:сказать|будет)"
    r"|何と(?:言|い)|どう(?:言|い|書)|뭐라고|어떻게\s*(?:말|써|쓰)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^\n。！？.!?]*(?:[\n。！？]|[.!?]+(?:\s|$)|[.!?]|$)")
_WORD = re.compile("[a-zß-ɏ]{3,}|[а-я]{3,}")

_SPACED = {code: " " for code in range(128) if not chr(code).isalpha()}


def asked_for(prompt: str) -> Asked:
    """The languages that a prompt asks the response to be in.

    >>> asked_for("Translate into Chinese: good morning").clear, asked_for("请用英文回答。").clear
    (('zh',), ('en',))
    >>> asked_for("How do you say cat in French?").possible
    ('fr',)
    >>> asked_for("Tell me about English villages.")
    Asked(clear=(), possible=(), excluded=())
    """
    if not _may_name_one(prompt):
        return Asked()
    codes: dict[str, dict[str, None]] = {"clear": {}, "possible": {}, "excluded": {}}
    for sentence in _SENTENCE.findall(prompt.strip()):
        if sentence and _may_name_one(sentence):
            for kind, code in _kinds(sentence):
                codes[kind][code] = None
    return Asked(*(tuple(codes[kind]) for kind in Asked._fields))


def _may_name_one(text: str) -> bool:
    if text.isascii():
        return not NAMES.keys().isdisjoint(text.lower().translate(_SPACED).split())
    if _endings().search(text):
        return True
    return not NAMES.keys().isdisjoint(_WORD.findall(text.lower()))


def _kinds(sentence: str) -> Iterator[tuple[Kind, str]]:
    """The mentions in a sentence that ask for a language, or rule it out."""
    is_question = _SAY.search(sentence) is not None
    previous: tuple[Kind | None, int] = (None, -1)
    mentions = (m for m in _name_pattern().finditer(sentence) if m[0].lower() in NAMES)
    for mention in itertools.islice(mentions, _MOST_MENTIONS):
        start, end = mention.span()
        kind = _kind(sentence, start, end)
        if kind is None and previous[0] and _JOINED.fullmatch(sentence, previous[1], start):
            kind = previous[0]
        if kind == "clear" and is_question:
            kind = "possible"
        if kind is not None:
            yield kind, NAMES[mention.group().lower()]
        previous = kind, end


def _kind(sentence: str, start: int, end: int) -> Kind | None:
    before, after = sentence[max(0, start - _BEFORE) : start], sentence[end : end + _AFTER]
    for form in _FORMS:
        if form.after.match(after) and form.before.search(before):
            return form.kind
    return None


@functools.cache
def _endings() -> re.Pattern[str]:
    """The last two characters of the names that are not written in letters."""
    return re.compile("|".join(sorted({name[-2:] for name in NAMES if name[-1] >= "\u0600"})))


@functools.cache
def _name_pattern() -> re.Pattern[str]:
    """Words of letters, which may be names, and names that stand in running text."""
    names = sorted((name for name in NAMES if name[0] >= "\u0600"), key=len, reverse=True)
    return re.compile("[A-Za-zÀ-ɏ]+|[А-Яа-я]+|" + "|".join(map(re.escape, names)))
