"""The languages that a prompt asks for in words: "reply in Spanish", 请用中文回答, "en français".

The name of a language alone is not a request ("English villages"): the words before and after it
decide, by the forms listed here.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from plaudit.text.languages import NAMES, PROFILES

__all__ = ["LanguageRequest", "requested_languages", "standing_request"]

Kind = Literal["clear", "possible", "excluded"]

_BEFORE, _AFTER = 120, 60  # characters around a name that are examined
_MOST_MENTIONS = 100  # in a sentence


class LanguageRequest(NamedTuple):
    """The codes of the languages that are clearly requested, possibly requested, and ruled out."""

    clear: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


class _RequestForm(NamedTuple):
    """The patterns before and after a name; kind None: the mention is not a request."""

    kind: Kind | None
    before: re.Pattern[str]
    after: re.Pattern[str]


def _form(kind: Kind | None, before: str, after: str = "") -> _RequestForm:
    flags = re.IGNORECASE
    return _RequestForm(kind, re.compile(f"(?:{before})$", flags), re.compile(after, flags))


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
    r"(?![- ](?:speaking|medium)\b)\s*"
    r"(?:language\b|languages\b|please\b|sprache\b|language:|языке\b|язык\b)?\s*"
    r"(?:$|[\n.,;:!?()\[\]\"”’'«»–—/&|*`-]|[^\x00-\x7f]"
    r"|(?:and|or|but|with|about|using|for|on|that|how|what|why|please|only|then|so|to|at|from|as|when"
    r"|the|a|an|instead|no|not|if|of|by|because|unless|while|into|my|this|your|each|here|now|below|all"
    r"|within|including|followed|in|s'il|por|bitte|per|et|ou|y|und|oder|e|under|after|before|like"
    r"|saying|telling|asking|explaining|describing|inviting|thanking|requesting|introducing|informing"
    r"|announcing|apologi[sz]ing|congratulating|complaining|showing|listing|stating|mentioning"
    r"|discussing|regarding|concerning|titled|first|again|too|also|directly|irrespective|whatever"
    r"|regardless|even|whenever|always|throughout|until|since|where|who|which|except"
    r"|al|alla|ai|ao|à|au|aux|aan|an|sobre|acerca|para|con|que|un|una|uno|el|los|las|um|uma|sur|pour|avec|une|le|les|des|über|für|mit"
    r"|ein|eine|einen|einem|einer|das|die|der|den|su|il|lo|gli|over|een|het)\b)"
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
    # a setting of a device, and questions how to change it
    _form(
        None,
        r"(?:系统|界面|显示|键盘|输入法|菜单|字幕|软件|手机|电脑|浏览器|设置)[^。！？\n]{0,12}"
        r"(?:改|换|切换|转换|设置?|调|变)[成为到]?\s*",
    ),
    _form(
        None,
        r"(?:怎么|怎样|如何)[^。！？\n]{0,40}(?:改|换|切换|设置?|调|变)[成为到]\s*",
    ),
    _form(
        None,
        r"\bhow\b[^.?!\n]*\b(?:language|keyboard|interface|settings?|subtitles|locale)\b[^.?!\n]*"
        r"\b(?:to|into)\s+",
    ),
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
    _form(
        "possible",
        rf"(?:怎么|怎样|如何)(?:[^。，！？\n]{{0,8}}(?:用|成|为)|[^。！？\n]{{0,40}}(?:译|翻|说|写)[成为])"
        rf"\s*{_ZH_STYLE}",
    ),
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
    _form("clear", r"^\W*(?:说|讲)\s*", r"\s*(?:[。！!.,，;；]|$|吧|好吗|可以吗)"),
    _form("clear", r"(?:以|将|把)\s*", r"\s*作?为\s*(?:写作|回答|输出|目标|工作)?(?:的)?语言"),
    _form("clear", rf"{_ZH_MAKE}[（(]\s*", r"\s*(?:版本?)?\s*[)）]"),
    _form("clear", rf"{_ZH_MAKE}[，,、；; ]\s*", r"\s*版本?\s*(?:[。！!.]|$)"),
    # Japanese and Korean
    _form("clear", "", r"\s*(?:で(?!書かれ|書いてあ|話され)|に(?:翻訳|訳|し|直|変)|を使っ)"),
    _form("clear", "", r"\s*(?:으로|로)(?!\s*(?:쓰인|쓰여|된|작성된))"),
    _form("clear", r"(?:->|=>|→|➔)\s{0,2}", r"\s{0,2}(?:[:：\n]|translation\b|$)"),
    # languages with prepositions
    _form(
        "clear",
        rf"\b(?:write|compose|draft|send|type)\b[^.\n]{{0,40}}\bletters?\s+in\s+{_ADJECTIVES}",
        _ENDS,
    ),
    _form(
        "possible",
        r"\b(?:words?|grammar|verbs?|nouns?|adjectives?|articles?|tenses?|pronouns?|pronunciation"
        r"|idioms?|phrases?|expressions?|letters?|vowels?|used|called|means?|meaning|spelled"
        r"|pronounced|spoken|conjugat\w+|cases?|genders?|exists?|works?|verbes?|mots?|palabras?"
        rf"|wörter|verben)\s+(?:in|en|em|auf)\s+{_ADJECTIVES}",
        _ENDS,
    ),
    _form("possible", r"^\W*", r"\s+(?:for|translation|words?|names?|terms?|equivalents?)\b"),
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
    _form(
        "clear",
        r"\b(?:write|compose|create|generate|draft|give|provide)\b[^.\n]{0,60}\(\s*",
        r"\s*(?:version|only)?\s*\)",
    ),
)
_JOINED = re.compile(
    r"\s*(?:,|/|&|、|和|与|及|and|or|then|und|et|y|ou|oder|e|或)\s*(?:in\s+)?", re.I
)

# "the difference between は and が in Japanese" is about the language: words of its own writing, or
# with Latin words perhaps.
_BETWEEN = re.compile(
    r"\b(?:difference|distinction|contrast)s?\s+between\b[^\n]*\bin\s+(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\b(?:uses?|usage|role|function|particles?|characters?|words?|kanji|hanzi|pronunciation|meanings?"
    r"|grammar|when to use|how to use)\b[^\n]*\bin\s+(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
_OWN_LETTERS = re.compile("[\u0370-\u1fff\u3040-\uabff\uac00-\ud7af]")

# Codes and single characters that name a language in a pair, or after "to": "EN->ZH:", 中译英.
_CODES = "zh|cn|en|ja|jp|ko|kr|fr|de|es|pt|ru|vi|th|ar"
_CODE_NAMES = {"cn": "zh", "jp": "ja", "kr": "ko"}
_SHORT_NAMES = {
    **dict.fromkeys("中汉漢", "zh"),
    **dict.fromkeys("韩韓", "ko"),
    "英": "en",
    "日": "ja",
    "法": "fr",
    "德": "de",
    "俄": "ru",
    "西": "es",
    "葡": "pt",
    "意": "it",
}
_SHORT = "".join(_SHORT_NAMES)
_PAIR = re.compile(
    rf"(?<![A-Za-z])(?:{_CODES})(?:-[a-z]{{2,4}})?\s{{0,2}}(?:->|=>|→|➔|2|-)\s{{0,2}}(?P<pair>{_CODES})"
    r"(?=(?:-[a-z]{2,4})?\s{0,2}(?:[:：\n]|translation\b|$))"
    rf"|\b(?:translat|convert|render)[^\n:：]{{0,60}}\b(?:in)?to\s+(?P<to>{_CODES})"
    r"(?=(?:-[a-z]{2,4})?\s{0,2}(?:[:：.,;!?\n]|$))"
    r"|\b(?:answer|reply|respond|write|speak)[^\n.:：]{0,40}\bin\s+(?P<in>zh|cn|ja|jp|ko|kr|en)\b"
    r"|\b(?:language|lang|locale)\s{0,2}[:=]\s{0,2}(?P<label>" + _CODES + r")\b"
    rf"|[{_SHORT}][译譯翻](?P<short>[{_SHORT}])(?=[文语]?\s{{0,2}}(?:[:：,，。\n]|$|练习|翻译|以下|下面|一下|这))",
    re.IGNORECASE,
)

_PAIRED = frozenset((*_CODES.split("|"), *"译譯翻"))

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
_WORD = re.compile("[a-zß-ɏ]{2,}|[а-я]{3,}|[译譯翻]")

# A request in an earlier user turn still applies if it is about answers in general.
_STANDING = re.compile(
    r"\b(?:from now on|always|throughout|henceforth|going forward|for the rest|regardless|answers?"
    r"|repl(?:y|ies)|respond|responses?|speak|talk|chat|communicate|conversation|use|switch)\b"
    r"|从现在|以后|始终|一直|接下来|之后|总是|全程|回答|回复|作答|答复|说|讲|交流|对话|用"
    r"|répond|antwort|respond|contest|rispond|答えて|대답",
    re.IGNORECASE,
)

_SPACED = {code: " " for code in range(128) if not chr(code).isalpha()}


def requested_languages(prompt: str) -> LanguageRequest:
    """The languages that a prompt asks the response to be in.

    >>> requested_languages("Translate into Chinese: good morning").clear
    ('zh',)
    >>> requested_languages("请用英文回答。").clear
    ('en',)
    >>> requested_languages("How do you say cat in French?").possible
    ('fr',)
    >>> requested_languages("Tell me about English villages.")
    LanguageRequest(clear=(), possible=(), excluded=())
    """
    words = _words_of(prompt)
    pairs = _pairs(prompt) if not words.isdisjoint(_PAIRED) else []
    if not pairs and not _may_name_one(prompt, words):
        return LanguageRequest()
    codes: dict[str, dict[str, None]] = {
        "clear": dict.fromkeys(pairs),
        "possible": {},
        "excluded": {},
    }
    for sentence in _SENTENCE.findall(prompt.strip()):
        if sentence and _may_name_one(sentence, _words_of(sentence)):
            for kind, code in _kinds(sentence):
                codes[kind][code] = None
    return LanguageRequest(*(tuple(codes[kind]) for kind in LanguageRequest._fields))


def standing_request(text: str) -> LanguageRequest:
    """What an earlier user turn requests; a request about its own task only becomes a possible one.

    >>> standing_request("From now on answer in Chinese.").clear
    ('zh',)
    >>> standing_request("Write a poem in French.").possible
    ('fr',)
    """
    request = requested_languages(text)
    if not request.clear:
        return LanguageRequest()
    parts = filter(_STANDING.search, _SENTENCE.findall(text.strip()))
    clear = tuple(dict.fromkeys(code for part in parts for code in requested_languages(part).clear))
    return LanguageRequest(clear, tuple(code for code in request.clear if code not in clear))


def _pairs(prompt: str) -> list[str]:
    """The target languages named by codes or single characters.

    >>> _pairs("EN->ZH: good morning"), _pairs("中译英：你好"), _pairs("Translate to ja: hi")
    (['zh'], ['en'], ['ja'])
    """
    codes = []
    for match in itertools.islice(_PAIR.finditer(prompt), _MOST_MENTIONS):
        name = match[match.lastgroup or 0].lower()
        codes.append(_SHORT_NAMES.get(name) or _CODE_NAMES.get(name, name))
    return codes


def _words_of(text: str) -> set[str]:
    """The words in Latin letters or Russian, and the characters that mean "translate"."""
    if text.isascii():
        return set(text.lower().translate(_SPACED).split())
    return set(_WORD.findall(text.lower()))


def _may_name_one(text: str, words: set[str]) -> bool:
    if not text.isascii() and _endings().search(text):
        return True
    return not NAMES.keys().isdisjoint(words)


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
            return _unless_about(form.kind, before, sentence[start:end])
    return None


def _unless_about(kind: Kind | None, before: str, name: str) -> Kind | None:
    """The kind, weakened for a name after a question about words of that language."""
    if kind != "clear" or not name.isascii():
        return kind
    is_between = _BETWEEN.search(before)
    if (is_between or _ABOUT.search(before)) and _OWN_LETTERS.search(before):
        return None
    is_latin = NAMES[name.lower()] in PROFILES
    return "possible" if is_between and is_latin else kind


@functools.cache
def _endings() -> re.Pattern[str]:
    """The last two characters of the names that are not written in letters."""
    return re.compile("|".join(sorted({name[-2:] for name in NAMES if name[-1] >= "\u0600"})))


@functools.cache
def _name_pattern() -> re.Pattern[str]:
    """Words of letters, which may be names, and names in scripts without spaces."""
    names = sorted((name for name in NAMES if name[0] >= "\u0600"), key=len, reverse=True)
    return re.compile("[A-Za-zÀ-ɏ]+|[А-Яа-я]+|" + "|".join(map(re.escape, names)))
