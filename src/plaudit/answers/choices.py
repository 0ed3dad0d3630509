r"""Which option letters a text chooses, in English and Chinese.

A choice counts where the text states it: in ``<answer>``, in a box, after a heading, "the answer
is", 答案 or 选, as "B is correct", as a first line of its own, or as the only letter of the last
line. What the text rules out ("cannot be B", 排除B, ``\neg B``) is not a choice, nor is what it
leaves open ("A or B", "maybe B", 可能是B).

Every pattern below is bounded or reads each character once; nothing is tried again from each place.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from plaudit.answers.boxed import joined_boxes
from plaudit.answers.foreign import FOREIGN_IS, is_ruled_out, wrong_before
from plaudit.answers.options import OptionTexts, option_of_text, option_within
from plaudit.answers.stated import stated
from plaudit.errors import ConfigError
from plaudit.old_names import old_names

__all__ = ["ChoiceExtract", "StatedChoice", "chosen", "chosen_by", "chosen_each", "spelled"]
__getattr__ = old_names(__name__)

ChoiceExtract = Literal["auto", "answer_tag", "boxed", "mark", "whole", "last_letter"]

_WINDOW = 160
_MOST_MARKS = 64
_TAIL = 4000
_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x2019: 0x27}
_INSIDE_A_WORD = r"(?:[A-Za-z0-9]|_[A-Za-z0-9]|'[a-z]|[.\-][A-Za-z])"
_FILLER_WORDS = (
    "is|are|was|be|it|it's|that's|this|that|would|should|must|will|has to|appears?|seems?|to"
    "|i think|i believe|i'd say|i would say|i'd go with|i choose|i pick|i'm going with|we get"
    "|the|my|our|correct|right|best|final|only|single|most|likely|probably|true|options?|choices?"
    "|letters?|answers?|guess|pick|text|plaintext|statement|therefore|thus|hence|so|then|clearly|definitely|certainly"
    "|obviously|indeed|simply|for sure|as follows|given by|repeated|string"
)
_FILLER = (
    r"(?:[\s:=*\"'“”‘`$\[\]【】(){}<>《》「」#_~|→>—–-]"
    r"|\\(?:text|textbf|textit|mathrm|mathbf|mathsf|boxed|quad|[()\[\],;! ])(?![a-z])"
    r"|应[该当]?|正确|最可能|最终|最佳|就|为|是|选[项择]?|答案|的"
    rf"|(?i:(?:{_FILLER_WORDS})(?![A-Za-z']))){{0,48}}"
)
_ABOUT = r"(?:[ \t](?:to|for|of|in)[ \t][^.:：=\n]{1,60}?[ \t](?=(?:is|are|would|should|must)\b))?"
_HEDGE = re.compile(
    r"(?i:(?:maybe|perhaps|possibly|might|may|could|either|unclear|unknown|not sure|uncertain)\b)"
    r"|也许|或许|大概|可能|要么|不确定"
)
_DENIAL = re.compile(
    r"(?i:(?:not|isn't|aren't|cannot|can't|can not|couldn't|shouldn't|wouldn't|won't|never)\b"
    r"|neither\b|anything but\b|other than\b|except\b)|不|并非|非|排除|除了|\\(?:neg|lnot)|¬"
)
_INSTEAD = re.compile(
    r"[^.。!\n]{0,40}?(?:\bbut\b(?! not)|\brather\b|而是|而选|(?<!不)(?:应选|应是|应为))"
)
_DENIED_AFTER = re.compile(
    r"[)\]}*$`\"'\s.,，:;]*(?:选项|项|(?i:option|choice)\b)?\s*(?:[,，(（:]\s*)?(?:"
    r"(?i:(?:is|are|was|were|seems|would be|can be|must be|has been|should be)\s+"
    r"(?:also\s+|clearly\s+|therefore\s+|thus\s+|definitely\s+|be\s+|both\s+|the\s+)*"
    r"(?:not\b|wrong\b|incorrect\b|false\b|invalid\b|impossible\b|ruled out|eliminated|excluded"
    r"|rejected|out\b|inconsistent|unlikely\b))"
    r"|(?i:(?:is|are|was|were)n't\b)|(?i:(?:cannot|can't|does not|doesn't)\b)"
    r"|(?i:(?:is|was)\s+(?:an?\s+|the\s+)?(?:distractor|trap|least|second|constant|variable))"
    r"|(?i:(?:fails?|contradicts?|says|states|claims|is a)\b)"
    r"|(?i:which (?:is|was) (?:wrong|incorrect))"
    r"|(?i:(?:wrong|incorrect|false)\b)|=(?!=)|[❌✗✘]|(?i:or not\b)|(?i:,? but no\b)"
    r"|(?i:,? although\b)|ではな|ではあり|じゃな|[이가]?\s?아[니닙]"
    r"|以外|之外|外均|是?干扰|(?:选项|项)?吗"
    r"|是?(?:错误?|不对|不正确|不成立|不可能|不符合|不选(?!\s*[A-Z])|被?排除|有误)(?!的是))"
)
_TAKEN_BACK = re.compile(
    r"[)\]}*$`\"'\s.…,，;:—–→。-]*(?i:no(?=[,.!;]|\s*$|\s+wait)|nope\b|wait\b|just kidding|sorry\b"
    r"|scratch that|correction\b|oops\b|hmm+\b|actually,? (?:no\b|it|the answer|i\b))"
    r"|[\s.…,，。—→]*(?:不对|不[，,。]|等等|等一下|更正)"
)
_REFUSED = re.compile(  # in the clause before a mark: what follows is not the writer's choice
    r"(?i:\b(?:don't|do not|didn't|did not|cannot|can't|never|doubt|hardly|wrong|incorrect"
    r"|mistaken?|mistakes?|trap|unclear|unsure|instead of|rather than|all but|everything but)\b"
    r"|\b(?:some|many|most|other) (?:people|students|would)\b|\bothers\b"
    r"|\b(?:all|everything|anything) (?:but|except)\b)|~~"
    r"|(?i:\b(?:if|supposing|suppose|assuming|assume|whether|unless)\s(?:that\s)?(?:(?:the|my)\s)?$)"
    r"|(?:错误|不正确)的?$|有人|有些|有的|很多|不少|不觉得|不认为|没有?$|未$|别$|误$|拒绝|除"
    r"|(?<!最)可能$"
)
_SUPPOSES = re.compile(
    r"(?i)\bif\b[^.!?。\n]{0,60}\bwere\b|\bif\b[^.!?。\n]{0,40}\b(?:had|instead)\b"
    r"|(?:如果|假如|倘若|要是)[^。！？\n故因所]{0,40}$"
)
_CONSIDERS = re.compile(  # a last line that only looks at an option, or leaves it out
    r"(?i:\b(?:consider|look(?:ing)? at|check|compare|see|according to|as for|now|next|first"
    r"|let me|let's|turn to|instead of|rather than|close to|second best|least|unclear|section"
    r"|appendix|some (?:people|say)|others say|mistake|doubt|all but|everything but"
    r"|no longer|hardly)\b|\?\s*no\b)"
    r"|(?:再|先|下面|接着|首先)[看分讨考]|分析|考虑|拒绝|以外|之外|干扰|除|[未没别误]|有人|吗"
)
_RIVAL = re.compile(
    r"[)\]}*$`\s,，?？(（]*(?:\\text\{\s*)?"
    r"(?:/|(?i:\bor\b(?! more| less| not))|或者?(?:是|选)?|还是"
    r"|(?i:\b(?:maybe|perhaps|possibly)\b)|也?可能是?)[\s}]*(?:(?i:option|choice|even|possibly|maybe)\s+|选项)*[(\[*$`]{0,3}"
    r"(?:[A-Z]|[a-z](?=[\s.,)\]*]|$))(?![A-Za-z'])"
)
_WORD_AFTER = re.compile(r"[ \t]+([a-z]+)")
_AFTER_CHOICE = frozenset(
    {"and", "or", "is", "was", "because", "since", "as", "for", "with", "based", "due", "which"}
    | {"by", "given", "in", "but", "not", "rather", "if", "seems", "would", "here"}
)
_HEADER = re.compile(
    r"【(?:最终|正确|参考)?答案】|^[ \t*#>_]{0,8}"
    r"(?:(?i:(?:(?:my|the)[ \t])?(?:(?:final|correct|best)[ \t])?answers?"
    r"|antwort|respuesta|réponse|resposta|risposta|ответ)"
    r"|(?:最终|正确|参考)?答案|答え?|回答|解答|正解|정답|답변?|الجواب|الإجابة)"
    r"[ \t*_]{0,4}[:：]",
    re.MULTILINE,
)
_ANSWER = re.compile(
    r"(?i:(?<![a-z])answers?(?![a-z])(?!s? (?:choices?|options?) (?:are|were|list))"
    r"|(?<![A-Za-z])(?:correct|right|best|final|closest|chosen|only|most \w{1,14})[ \t]"
    r"(?:multiple-choice[ \t])?"
    r"(?:option|choice|letter|guess|match|selection|statement|sentence|one)(?![a-z])"
    rf"|\bmy (?:choice|pick|guess|selection)(?![a-z])){_ABOUT}|答案|{FOREIGN_IS}"
)
_CUE = re.compile(
    r"(?i:\b(?:i(?:'d| would| will|'ll| must| have to)?[ \t]+(?:choose|pick|select|say|vote for"
    r"|opt for|go with|guess|chose|picked|selected|assume)"
    r"|(?:we|let's|let us)[ \t](?:choose|pick|select|go with)"
    r"|(?:go(?:ing)?|went|settle|goes) (?:with|on|for)|opt(?:ing)? for"
    r"|(?:it|this|that|which)(?:'s| is| must be| has to be| should be| would be)"
    r"|(?:so|thus|hence|therefore),?[ \t]+(?:the )?(?:option|choice)"
    r"|correspond(?:s|ing)? to)(?![a-z']))"
)
_ZH_CUE = re.compile(
    r"(?:错误|不正确|正确|不恰当|恰当|不符合[^。\n]{0,12}|符合[^。\n]{0,12}|不合适|合适)的"
    r"(?:选项|一项|说法|答案|一组|句子)?(?:应该|应)?(?:是|为|有)"
)
_GRADE_LABEL = re.compile(
    r"(?:^|(?<=[\n。.;,!]))[ \t]*(?:[-•][ \t]+|\*[ \t]+)?[*(]{0,3}(?:选项|(?i:option) )?"
    r"([A-Z](?:[、,和与]{0,1}[A-Z]){0,9})(?![A-Za-z'])"
    r"(?=[)*]{0,3}(?:[.:、)]|[选項选]?项|[均都皆]?(?:正确|错误|不正确|对|错)|[ ](?:is|are)\b))"
)
_FEWEST_GRADES = 3
_GRADE = re.compile(
    r"(?i:\b(?:not (?:correct|true|right)|incorrect|correct|true|false|wrong)\b)"
    r"|不正确|不对|正确|错误|[✅✔❌✗✘]"
)
_RIGHT = re.compile(r"(?i:correct|true)|正确|[✅✔]")
_PICK = re.compile(
    r"(?<![不别勿误错可备非])(?<!不能)(?<!不应)(?<!不该)(?<!不可)(?<!不会)(?<!不要)选(?!项)"
)
_NEGATED = re.compile(
    r"(?i:\bnot\b|n't\b|\b(?:wrong|incorrect|false|cannot|neither|nor|never|unlikely|impossible)\b"
    r"|\b(?:exclud|eliminat|reject|discard|dismiss|rul|cross)\w*"
    r"|\b(?:anything but|other than|except)\b)|[不非错误]|排除|无法|否定|剔除|除了"
    r"|\\(?:neg|lnot|sout|cancel)|[¬~✗❌×]"
)
_HEDGED = re.compile(
    r"(?i:\b(?:maybe|perhaps|possibly|might|could|either|unsure|uncertain|hard to|if|unless"
    r"|doubt|suppose|between)\b)|如果|假如|也许|或许|大概|要么|(?<!最)可能"
)
_BESIDE = re.compile(  # what may precede a letter that the last line chooses
    r"(?:^|[\n.,;:!?)}\]*$`\"'。，；：、（(\[{|“‘「【>→—–=_-]|[\u2600-\u27bf\u3400-\u9fff\U0001f000-\U0001faff]"
    r"|(?i:\b(?:options?|choices?|answers?|statements?|letter|select|choose|pick|only|with|thus"
    r"|so|hence|therefore|i\.e\.|to|say|think|believe|and|both)))[ \t]*[(\[{*$`\"“'‘（【]{0,4}$"
)
_NO_LETTER = re.compile(  # a unit, or the name of a thing
    r"(?:[\d°℃]|\\circ\}?)\s*(?:\\(?:text|mathrm|textrm)\s*)?[{(\s]*$"
    r"|(?:维生素|集合|矩阵|类型|肝炎|等级|变量|元素|向量|方案|小组|型|[为点线段角面作设记令于在从到过交])\s*$"
)
_BEHIND = re.compile(
    r"[)\]}*$`\"'”’」】》>_~.。,，;；:：!！|✅✔☑️\\\s]*(?:$|</"
    r"|(?:[选選]?[项項])?(?:才?是?(?:正[确確]|符合|[对對]|成立|合适|最)|[选選]?[项項])"
    r"|(?i:is|are|works?|fits?|it is|only|because|since|as|holds|matches|best)\b)"
    r"|[)\]*]{0,3}(?:[.):、．：]|[ \t]*[-—–,，(（])"
)
_LABELLED_LINE = re.compile(r"^[ \t(（*]{0,4}[A-Z][.):、．）：]", re.MULTILINE)
_AFTER_LETTER = r"[\s)\]}*$\"'”’」】》`>_~。.!|]"
_WHOLE_END = re.compile(
    rf"(?:选?项)?{_AFTER_LETTER}*(?:$|\\(?:[ ,;:]|quad|text)[^\n]*$|[.):、,。][^\n]*$)"
)
_TEXT_AFTER = re.compile(rf"{_AFTER_LETTER}*[ \t]+(?=[A-Z0-9$\\(+−-])[^\n]*$")
_OPEN = re.compile(r"(?i:\bor\b)|或|还是|[A-Z][)\]*]*\s*/\s*[(\[*]*[A-Z]|[?？]\W*$")
_OPEN_BEFORE = re.compile(r"(?:/|(?i:\bor\b)|或)\W*(?i:options?|choices?)?\W*$")
_ASKED = re.compile(r"[)\]}*$`\"']{0,4}\s*[?？]")
_LISTED = re.compile(r"[).][^\n]{1,100}\n\s*\(?[b-z][).]")  # (a) 5 Torr, and on the next line (b)
_TURNED = re.compile(r"(?i)\b(?:is|was) (?:wrong|incorrect|false)\b|[❌✗✘]|(?:是错|错误)的?[。.]?$")
_ASKED_AT_ONCE = re.compile(r"[)\]}*$`\"'.…]{0,6}\s*[?？]")
_EMPTY_LINES = re.compile(r"[^\w(（]{1,8}")
_NOT_BEFORE = re.compile(
    r"(?:(?i:\b(?:not|isn't|never|rather than|instead of|wrong)\b)"
    r"|不是|并非|而非|排除|\\(?:neg|lnot))"
    r"[\s$(:]*(?:\\[(\[])?\s*$"
)
_CLAUSE = 80
_CLAUSE_BREAK = re.compile(r"[.!?。！？\n,，;；:：]")
_SENTENCE_BREAK = re.compile(r"[.!?。！？\n]")
_SENTENCE = re.compile(r"(?i)\b(?:i|it|this|that|we)\b")
_ITEMS = re.compile(r"[A-Z]+(?![A-Za-z0-9_'])")
_BETWEEN = re.compile(r"[\s、,;.:()\[\]0-9第小题问*$]{0,16}")
_IN_BRACKETS = re.compile(r"\(([^()\n]{1,200})\)[\s.*]*$")
_OPTION_AFTER = re.compile(r"[)\]}*$`]{0,3}(?:[.):、．]|\\[ ,;]|[ \t]+)[\s*$]*([^\n]{1,300})")


class StatedChoice(NamedTuple):
    """The letters, sorted and each once, or "" and why there is no answer."""

    letters: str
    problem: str = ""


class _Patterns(NamedTuple):
    """The patterns that know which letters there are."""

    stated: re.Pattern[str]
    run: re.Pattern[str]
    first: re.Pattern[str]
    label: re.Pattern[str]


_ANY = OptionTexts()


def chosen(
    text: str, extract: ChoiceExtract, options: OptionTexts = _ANY, *, is_cut: bool = False
) -> StatedChoice:
    """The choice that a text states among the options (A to J where a row lists none).

    "auto" takes the first that is there: ``<answer>``, a box with letters in it, a heading
    (``【答案】``, ``Answer:`` at the start of a line), an answer in prose ("the answer is", "B is
    correct", 答案是, "I choose", then 选), a first line that is nothing but the choice, the only
    letter of the last line. Where the options' texts are known, a text that is one of them counts
    as its letter, and a letter beside the text of another option is not an answer. `is_cut`: the
    text broke off at its length limit, so its last line says nothing by itself.

    Raises: ConfigError for another `extract`.

    >>> chosen("A good guess: the answer is (B).", "auto").letters
    'B'
    >>> chosen("不选Ｂ，故选ＡＣ。", "auto").letters
    'AC'
    >>> chosen("Answer: A or B", "auto")
    StatedChoice(letters='', problem='ambiguous: A or B')
    >>> chosen("The answer is Paris.", "auto", OptionTexts("B", ("Lyon", "Paris"))).letters
    'B'
    """
    if extract not in _READERS:
        raise ConfigError(f"extract={extract!r} must be one of {', '.join(map(repr, _READERS))}")
    reader = _by_mark if is_cut and extract == "auto" else _READERS[extract]
    return reader(text, options) or StatedChoice("", "states no choice")


def chosen_by(text: str, pattern: re.Pattern[str], options: OptionTexts = _ANY) -> StatedChoice:
    r"""The choice in the only group of a pattern's last match among the last 4 000 characters.

    >>> chosen_by("Pick => B", re.compile(r"=> (\w)")).letters
    'B'
    """
    last = None
    for last in pattern.finditer(text[-_TAIL:]):  # noqa: B007
        pass
    if last is None or not last[1]:
        return StatedChoice("", f"no match of {pattern.pattern!r}")
    return (
        StatedChoice(spelled(last[1], options))
        if spelled(last[1], options)
        else StatedChoice("", f"{last[1][:40]!r} is no option")
    )


def chosen_each(text: str, num_questions: int, options: OptionTexts = _ANY) -> list[StatedChoice]:
    """The choices for the questions of one prompt, in order; empty if their number is another.

    Each has a heading of its own, or one heading precedes all of them.

    >>> [c.letters for c in chosen_each("（1）【答案】 A\\n（2）【答案】 C", 2)]
    ['A', 'C']
    >>> [c.letters for c in chosen_each("【答案】A、C", 2)]
    ['A', 'C']
    """
    for mark in (_HEADER, _ANSWER, _PICK):
        places = _places(mark, text)
        picks = [c for c in (_stated_at(text, place, options) for place in places) if c is not None]
        if len(picks) == num_questions:
            return picks
        for place in reversed(places if len(picks) < 2 else []):
            items = _items_at(text, place, num_questions, options)
            if len(items) == num_questions:
                return items
    return []


def spelled(text: str, options: OptionTexts = _ANY) -> str:
    """The letters of a reference such as "B", "ABD", "A、C", "(b)" or "B. Paris"; "" if none.

    >>> spelled("A、C"), spelled("(b)"), spelled("Paris")
    ('AC', 'B', '')
    """
    choice = _whole(text, options)
    return choice.letters if choice else ""


@functools.cache
def _patterns(last: str) -> _Patterns:
    upper, lower = f"A-{last}", f"b-{last.lower()}"
    no_sentence = r"(?![ \t]+(?!(?:and|or)\b)[a-z])"
    join = (
        rf"(?![{upper}])[ \t]{{0,3}}(?:[、,;&+)}}\]*$]{{1,4}}[ \t]{{0,3}})?"
        r"(?:(?:和|与|及|以及|and(?![a-z]))[ \t]{0,3})?[(\[{*$]{0,3}"
    )
    listed = rf"[{upper}](?:{join}[{upper}](?![A-Za-z]){no_sentence}){{1,25}}"
    run = rf"(?:{listed}|[{upper}]+)(?!{_INSIDE_A_WORD})"
    small = (
        rf"(?:(?!i)[{lower}]|a(?![)\]}}]*\s+[A-Za-z])|i(?=[)\]}}]|[.,;]?\s*$))(?!{_INSIDE_A_WORD})"
        if last >= "I"
        else rf"(?:[{lower}]|a(?![)\]}}]*\s+[A-Za-z]))(?!{_INSIDE_A_WORD})"
    )
    right = (
        r"(?:is|are|would be|must be|should be|has to be|seems to be|appears to be|remains)\s+"
        r"(?:(?:the|indeed|clearly|therefore|thus|definitely|most likely|likely|probably|only)\s+)*"
        r"(?:(?:correct|right|best|final|true|valid|most \w+)\b(?!\s+(?:if|only|when))"
        r"|answers?\b|(?:one|option|choice)\b)"
    )
    return _Patterns(
        re.compile(rf"({_FILLER})(?:({run})|({small}))"),
        re.compile(rf"(?<![A-Za-z0-9_'.\-\\])(?![AI][ \t]+[a-z]){run}(?![ \t]+[A-Z][A-Z])"),
        re.compile(
            rf"(?:(?<=[.,;:!?\n)}}\]*$`。，；：])|^|(?i:\b(?:options?|choices?|answers?|so|thus|hence"
            rf"|therefore|that|think|believe|and|conclude|means),?))[\s*(\[{{$`]{{0,6}}({run})"
            rf"[)\]}}*$`]{{0,4}}(?:[ \t]+(?i:option|choice))?[ \t]+{right}"
        ),
        re.compile(rf"(?<![A-Za-z])[{upper}][.):、]"),
    )


# --- after a mark --------------------------------------------------------------------------------


def _stated_at(text: str, place: int, options: OptionTexts) -> StatedChoice | None:
    """The choice right after a mark; None where no letter follows it or it is ruled out."""
    window = text[place : place + _WINDOW].translate(_PLAIN)
    match = _patterns(options.last).stated.match(window)
    if not match:
        return _not_stated(window, options)
    filler, run, lower = match.groups()
    rest = window[match.end() :]
    if run in ("A", "I") and _is_word(run, filler, rest):
        return None
    if _DENIED_AFTER.match(rest) or _ASKED.match(rest) or (lower and _LISTED.match(rest)):
        return None
    if "~~" in filler:
        return None
    if back := _TAKEN_BACK.match(rest):
        return StatedChoice("", f"taken back: {(run or lower) + back.group().rstrip()}")
    if rival := _RIVAL.match(rest):
        return StatedChoice("", f"ambiguous: {(run or lower) + rival.group().rstrip()}")
    letters = _letters(run or lower, options)
    return _against_text(letters, text[place + match.end() : place + _WINDOW + 300], options)


def _not_stated(window: str, options: OptionTexts) -> StatedChoice | None:
    """What a mark without a letter says: nothing, a hedge, or "not A but B"."""
    filler = re.match(_FILLER, window)
    rest = window[filler.end() :] if filler else window
    if hedge := _HEDGE.match(rest):
        stands = _patterns(options.last).stated.match(rest, hedge.end())
        return StatedChoice("", f"hedged: {hedge.group()}") if stands else None
    denial = _DENIAL.match(rest)
    if denial and (instead := _INSTEAD.match(rest, denial.end())):
        after = _patterns(options.last).stated.match(rest, instead.end())
        return StatedChoice(_letters(after[2] or after[3], options)) if after else None
    return None


def _is_word(run: str, filler: str, rest: str) -> bool:
    """Whether the capital A after ``Answer:`` is the article, or I the pronoun."""
    word = _WORD_AFTER.match(rest)
    if not word or word.group(1) in _AFTER_CHOICE:
        return False
    if run == "I":
        return True
    return not filler.rstrip().endswith(("is", "be", "option", "choice", "是", "为", "选", "("))


def _letters(run: str, options: OptionTexts) -> str:
    letters = {c for c in run.replace("and", "").upper() if options.has(c)}
    return "".join(sorted(letters))


def _against_text(letters: str, rest: str, options: OptionTexts) -> StatedChoice:
    """The letter, unless the text of another option follows it as its own."""
    behind = _OPTION_AFTER.match(rest.translate(_PLAIN)) if options.texts else None
    if behind and len(letters) == 1:
        within = _IN_BRACKETS.match(behind[1])
        named = option_of_text(within[1] if within else behind[1], options) or option_of_text(
            re.split(r"[.。;；](?:\s|$)", behind[1], maxsplit=1)[0], options
        )
        if named and letters not in named:
            return StatedChoice("", f"ambiguous: {letters} beside the text of {named}")
    return StatedChoice(letters)


def _last(
    mark: re.Pattern[str], text: str, options: OptionTexts
) -> tuple[int, StatedChoice] | None:
    """The choice after the last mark that has one, and where the mark ends."""
    for place in reversed(_places(mark, text)):
        if choice := _stated_at(text, place, options):
            return place, choice
    return None


def _places(mark: re.Pattern[str], text: str) -> list[int]:
    """Where the last marks end that the words before them do not turn round."""
    marks = list(mark.finditer(text))[-_MOST_MARKS:]
    return [one.end() for one in marks if not _is_refused(text, one)]


def _is_refused(text: str, mark: re.Match[str]) -> bool:
    """Whether a mark is denied, supposed or another's: "I don't think it's", 有人认为答案是."""
    near = text[max(mark.start() - _CLAUSE, 0) : mark.start()].replace("’", "'")
    before = _CLAUSE_BREAK.split(near)[-1]
    sentence = _SENTENCE_BREAK.split(near)[-1]
    is_wrong = wrong_before(text, mark.start()) >= 0
    return is_wrong or bool(_REFUSED.search(before) or _SUPPOSES.search(sentence))


def _marked(text: str, options: OptionTexts) -> StatedChoice | None:
    return (
        _exact_text(text, options)
        or _header(text, options)
        or _latest(text, options)
        or _phrase_text(text, options)
        or _cue_text(text, options)
        or _choice_of(_last(_PICK, text, options))
    )


def _choice_of(located: tuple[int, StatedChoice] | None) -> StatedChoice | None:
    return located[1] if located else None


def _latest(text: str, options: OptionTexts) -> StatedChoice | None:
    """The later of "the answer is B" and "B is the answer", else what a weaker cue states."""
    picks = [one for one in (_last(_ANSWER, text, options), _letter_first(text, options)) if one]
    if not picks:
        picks = [one for mark in (_CUE, _ZH_CUE) if (one := _last(mark, text, options))]
    return max(picks, key=lambda one: one[0])[1] if picks else None


def _letter_first(text: str, options: OptionTexts) -> tuple[int, StatedChoice] | None:
    """The last "B is the answer", and where it ends."""
    tail = text[-_TAIL:].translate(_PLAIN)
    last = None
    for last in _patterns(options.last).first.finditer(tail):  # noqa: B007
        pass
    if last is None:
        return None
    before = tail[max(last.start(1) - 16, 0) : last.start(1)]
    before = _CLAUSE_BREAK.split(before)[-1]
    if _NEGATED.search(before) or _OPEN_BEFORE.search(before):
        return None
    return len(text) - len(tail) + last.end(), StatedChoice(_letters(last[1], options))


def _header(text: str, options: OptionTexts) -> StatedChoice | None:
    """The choice under the last heading; a heading without one is an answer, too: none."""
    headers = list(_HEADER.finditer(text))
    if not headers:
        return None
    choice = _stated_at(text, headers[-1].end(), options)
    if choice is None and options.texts:
        line = text[headers[-1].end() : headers[-1].end() + 600].strip(" \t\r\n*_")
        choice = _by_text(line.partition("\n")[0], options)
    return choice or StatedChoice("", "the heading is not followed by a choice")


def _phrase_text(text: str, options: OptionTexts) -> StatedChoice | None:
    """The option whose text the stated sentence is, or alone contains."""
    phrase = stated(text, "phrase") if options.texts else None
    return _by_text(phrase.text, options) if phrase else None


def _exact_text(text: str, options: OptionTexts) -> StatedChoice | None:
    """The option whose text contains letters of its own, where the stated answer is that text."""
    phrase = stated(text, "phrase") if options.texts else None
    named = option_of_text(phrase.text, options) if phrase else ""
    is_own = phrase is not None and len(spelled(phrase.text, OptionTexts(options.last))) > 1
    return StatedChoice(named) if is_own and len(named) == 1 else None


def _cue_text(text: str, options: OptionTexts) -> StatedChoice | None:
    """The option whose text the last "I think it is ..." names, up to the end of its sentence."""
    places = _places(_CUE, text) if options.texts else []
    for place in places[:-4:-1]:
        sentence = re.split(r"[.。!！\n]", text[place : place + _WINDOW], maxsplit=1)[0]
        if len(letters := option_of_text(sentence, options)) == 1:
            return StatedChoice(letters)
    return None


def _by_text(text: str, options: OptionTexts) -> StatedChoice | None:
    if not options.texts:
        return None
    if letters := option_of_text(text, options):
        return (
            StatedChoice(letters)
            if len(letters) == 1
            else StatedChoice("", f"the text of {letters}")
        )
    if _NEGATED.search(text) or _HEDGED.search(text) or re.search(r"\bor\b|或|还是", text):
        return None
    letters = option_within(text, options)
    return StatedChoice(letters) if len(letters) == 1 else None


# --- other places ---------------------------------------------------------------------------------


def _whole(text: str, options: OptionTexts, *, is_place: bool = False) -> StatedChoice | None:
    """The choice of a first line that is nothing else, or one option with its label.

    `is_place`: the text is in a box or tag, where "C Paris" is an option, too.
    """
    line, _, rest = text.strip().partition("\n")
    line = line.rstrip()
    if len(line) > _WINDOW or _LABELLED_LINE.search(rest):
        return None
    if options.texts and len(letters := option_of_text(line, options)) == 1:
        own = spelled(line, OptionTexts(options.last))
        is_two = own and own != letters and not _label_of(line)
        return StatedChoice("", f"ambiguous: {line[:40]}") if is_two else StatedChoice(letters)
    line = line.translate(_PLAIN)
    match = _patterns(options.last).stated.match(line)
    if not match or _SENTENCE.search(match[1]) or not _ends_choice(line, match, is_place):
        return None
    if _patterns(options.last).label.search(line, match.end() + 1):
        return None
    return _against_text(_letters(match[2] or match[3], options), line[match.end() :], options)


def _ends_choice(line: str, match: re.Match[str], is_place: bool) -> bool:
    """Whether the line ends with the letters, or holds only the option's text after them."""
    rest = line[match.end() :]
    if _RIVAL.match(rest) or _DENIED_AFTER.match(rest) or "~~" in match[1]:
        return False
    if _TAKEN_BACK.match(rest) or _TURNED.search(rest) or _ASKED_AT_ONCE.match(rest):
        return False
    if _WHOLE_END.match(line, match.end()):
        return True
    is_word = match[2] in ("A", "I") and not match[1].rstrip().endswith("(")
    return is_place and not is_word and _TEXT_AFTER.match(line, match.end()) is not None


def _label_of(line: str) -> bool:
    return re.match(r"[(\[（]?[A-Za-z][.):\]、．）：]\s*\S", line) is not None


def _placed(content: str, options: OptionTexts) -> StatedChoice | None:
    """The choice of a box or tag, whose content is meant as one."""
    return _whole(content, options, is_place=True) or _by_text(content, options)


def _tagged(text: str, options: OptionTexts) -> StatedChoice | None:
    end = text.rfind("</answer>")
    start = text.rfind("<answer>", 0, max(end, 0))
    if end < 0 or start < 0:
        return None
    inside = text[start + len("<answer>") : end]
    return (
        _boxed(inside, options)
        or _whole(inside, options)
        or _marked(inside, options)
        or _placed(inside, options)
    )


def _boxed(text: str, options: OptionTexts) -> StatedChoice | None:
    r"""The choice of the last box that is not ruled out, as in ``\\boxed{A}, not \\boxed{B}``."""
    box = joined_boxes(text)
    for _ in range(8):
        if box is None or not _NOT_BEFORE.search(text[max(box[1] - 24, 0) : box[1]]):
            break
        box = joined_boxes(text[: box[1]])
    return _placed(box[0], options) if box else None


def _last_letter(text: str, options: OptionTexts) -> StatedChoice | None:
    """The only choice that the last line mentions, unless it denies something or lists options."""
    text = _without_empty_lines(text)
    line = text[text.rfind("\n") + 1 :].translate(_PLAIN)
    if _CONSIDERS.search(line):
        return None
    if options.texts and (named := _by_text(line, options)) is not None:
        return named
    mentions = [run for run in _patterns(options.last).run.finditer(line) if _is_choice(line, run)]
    runs = {
        _letters(run.group(), options)
        for run in mentions
        if not run.group().isalpha() or list(run.group()) == sorted(run.group())
    }
    if runs and (_NEGATED.search(line) or is_ruled_out(line)):
        return _last_sentence(line, options)
    if not runs or _HEDGED.search(line) or _OPEN.search(line):
        return None
    if len(runs) > 1:
        return StatedChoice("", f"ambiguous: the last line mentions {', '.join(sorted(runs))}")
    if _LABELLED_LINE.match(line) and _LABELLED_LINE.search(text, 0, len(text) - len(line)):
        return StatedChoice("", "ambiguous: the text lists options")
    return StatedChoice(runs.pop())


def _last_sentence(line: str, options: OptionTexts) -> StatedChoice | None:
    """The choice of a last sentence that is nothing else, as in "All others are wrong. So B."."""
    sentences = [one for one in re.split(r"(?<=[.。!！;；])\s*", line.strip()) if one.strip()]
    return _whole(sentences[-1], options) if len(sentences) > 1 else None


def _without_empty_lines(text: str) -> str:
    r"""The text without closing lines that contain only markup, such as ``\\]`` or a fence."""
    text = text.rstrip()
    for _ in range(4):
        start = text.rfind("\n") + 1
        if not start or not _EMPTY_LINES.fullmatch(text, start):
            break
        text = text[:start].rstrip()
    return text


def _is_choice(line: str, run: re.Match[str]) -> bool:
    """Whether a letter in a line is written as a choice, not as a unit, a name or a variable."""
    if len(run.group()) >= 3 and len(set(run.group())) == 1:  # the letter several times, as asked
        return True
    before = line[max(run.start() - 40, 0) : run.start()]
    if _is_pronoun(line, run) or _NO_LETTER.search(before) or not _BESIDE.search(before):
        return False
    rest = line[run.end() : run.end() + 80]
    return _BEHIND.match(rest) is not None and not _DENIED_AFTER.match(rest)


def _is_pronoun(line: str, run: re.Match[str]) -> bool:
    """Whether a lone I is the English word: no bracket, star, colon or Chinese beside it."""
    around = line[max(run.start() - 1, 0) : run.start()] + line[run.end() : run.end() + 1]
    is_set_off = any(c in "()[]{}*$`:。，：" or c > "\u2e7f" for c in around)
    return run.group() == "I" and line.strip() != "I" and not is_set_off


def _auto(text: str, options: OptionTexts) -> StatedChoice | None:
    choice = _by_mark(text, options)
    return choice or (None if "</answer>" in text else _last_letter(text, options))


def _by_mark(text: str, options: OptionTexts) -> StatedChoice | None:
    if "</answer>" in text:
        return _tagged(text, options)
    return (
        _boxed(text, options)
        or _marked(text, options)
        or _graded(text, options)
        or _whole(text, options)
    )


def _graded(text: str, options: OptionTexts) -> StatedChoice | None:
    """The right options of a text that grades three or more: A、错误。B、正确。C、错误。"""
    tail = text[-_TAIL:].translate(_PLAIN)
    labels = list(_GRADE_LABEL.finditer(tail))
    if len(labels) < 2:
        return None
    ends = [*(label.start() for label in labels[1:]), len(tail)][: len(labels)]
    right, wrong = set[str](), set[str]()
    for label, end in zip(labels, ends, strict=True):
        body = tail[label.end() : end]
        verdicts = {bool(_RIGHT.match(one)) for one in _GRADE.findall(body)}
        if len(verdicts) != 1:
            return None
        (right if verdicts.pop() else wrong).update(_letters(label[1], options))
    if len(right | wrong) < _FEWEST_GRADES or not right or right & wrong:
        return None
    return StatedChoice("".join(sorted(right)))


def _items_at(
    text: str, place: int, num_questions: int, options: OptionTexts
) -> list[StatedChoice]:
    """The choices of several questions after one mark, as "A、C" or "1. A 2. C"."""
    window = text[place : place + 20 * num_questions + 20].translate(_PLAIN)
    items = list(_runs(window))
    if len(items) == 1 and len(items[0]) == num_questions:
        items = list(items[0])
    choices = [StatedChoice(_letters(item, options)) for item in items]
    return choices if all(one.letters for one in choices) else []


def _runs(window: str) -> Iterator[str]:
    at = _BETWEEN.match(window).end()  # type: ignore[union-attr]
    while match := _ITEMS.match(window, at):
        yield match.group()
        at = _BETWEEN.match(window, match.end()).end()  # type: ignore[union-attr]


_READERS = {
    "auto": _auto,
    "answer_tag": _tagged,
    "boxed": _boxed,
    "mark": _marked,
    "whole": _whole,
    "last_letter": _last_letter,
}
