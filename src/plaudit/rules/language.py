"""Language: script shares, consistency with the prompt's language, identification.

Scripts are counted exactly, from code point tables; only languages that share a script need a
model.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from plaudit.errors import ConfigError, DataError, ScoringError, clipped, did_you_mean
from plaudit.text import scripts
from plaudit.text.identification import words_of_languages
from plaudit.text.language_mixing import shares
from plaudit.text.language_target import Target, count_words, target_of
from plaudit.text.languages import NAMES
from plaudit.text.prose import split_prose, without_code
from plaudit.text.think import Part, split
from plaudit.types import Message, Range, Score

if TYPE_CHECKING:
    import numpy as np

__all__ = ["chinese_share", "consistency", "identified", "script_share"]

EXAMPLES = {
    "script_share": {"params": {"script": "latin"}},
    "identified": {"params": {"languages": ["en"]}},
}

Of = Literal["letters", "chars"]

_WORD = re.compile(r"[^\W\d_]{2}|[㐀-鿿]")

# --- shares of characters -------------------------------------------------------------------------


def chinese_share(response: str, *, of: Of = "letters") -> Annotated[float, Range(0, 1)]:
    """From 0 (no Chinese character) up to 1 (all letters are Chinese characters).

    Ideographs over letters (``of="letters"``), or over all characters but white space and
    punctuation (``of="chars"``, where digits and symbols count against). Punctuation of any width
    counts neither way. Ideographs are all of Unicode 17: the basic block, extensions A to J,
    compatibility ideographs, radicals, 〇 and 々; the usual ``[一-鿿]`` misses rare names and
    everything else in this list.

    A text without letters has no Chinese: 0. Japanese shares the ideographs and scores in between
    (kana are other letters); `identified` tells the two apart. English words count by their
    letters; `consistency` weighs words.

    >>> chinese_share("你好，world！"), chinese_share("答案是42。", of="chars")
    (0.2857142857142857, 0.6)
    """
    return script_share(response, script="han", of=of)


def script_share(
    response: str, *, script: str | Sequence[str], of: Of = "letters"
) -> Annotated[float, Range(0, 1)]:
    """From 0 (nothing in the script) up to 1 (all letters are of the script or scripts).

    Letters of `script` over letters, or over all characters but white space and punctuation
    (``of="chars"``). Combining vowel signs count as letters; accents written apart and invisible
    characters count neither way. No letters: 0.

    Scripts: latin, greek, cyrillic, armenian, hebrew, arabic, devanagari, bengali, gurmukhi,
    gujarati, oriya, tamil, telugu, kannada, malayalam, sinhala, thai, lao, tibetan, myanmar,
    georgian, hangul, ethiopic, khmer, mongolian, kana, bopomofo, han, yi, other.

    >>> script_share("Привет, мир! ok", script="cyrillic")
    0.8181818181818182
    >>> script_share("漢字とかな", script=["han", "kana"])
    1.0
    """
    import numpy as np

    if of not in ("letters", "chars"):
        raise ConfigError(f"of={of!r} must be 'letters' or 'chars'")
    names = (script,) if isinstance(script, str) else tuple(script)
    numbers = [scripts.class_of(name) for name in names]
    lowest = min(map(scripts.lowest, names), default=0)
    if lowest > 0x7F and response.isascii():
        return 0.0
    points = scripts.points_of(response)
    if points.size == 0 or int(points.max()) < lowest:
        return 0.0
    kinds = scripts.classes(points)
    mine = sum(int(np.count_nonzero(kinds == number)) for number in numbers)
    return mine / _num_counted(kinds, of) if mine else 0.0


def _num_counted(kinds: np.ndarray, of: Of) -> int:
    import numpy as np

    letters = int(np.count_nonzero(kinds >= scripts.FIRST_LETTER))
    return letters if of == "letters" else letters + int(np.count_nonzero(kinds == scripts.SYMBOL))


# --- consistency ----------------------------------------------------------------------------------


def consistency(
    response: str,
    prompt: str = "",
    language: str | None = None,
    messages: Sequence[Message] = (),
    *,
    part: Part = "think",
    target: str | None = None,
) -> Annotated[Score, Range(0, 1)]:
    """From 0 (no word in the target language) up to 1 (every word of the reasoning is in it).

    ``target words / (target words + foreign words)``: the language consistency reward of
    DeepSeek-R1 (DeepSeek-AI 2025, section 2.3.2), for which no code was published. A word is a run
    of two or more letters of one script; in scripts without spaces it is 1.5 ideographs, 2.5 kana,
    or 4 letters of Thai, Lao, Khmer or Burmese, so that equal content has equal weight.

    The target is the parameter `target`, else the column `language` ("en", "zh-CN", "English", or a
    script such as "latin"), else the language that the prompt asks for ("reply in Spanish",
    请用中文回答, "Translate into Chinese: ..."), else the one its instruction is written in,
    whatever it quotes: "用 PyTorch 怎么做 gradient checkpointing？" asks for Chinese. Sentences
    about the form of the answer ("reason step by step", "put your answer in ...") do not decide:
    the problem that they wrap does. If the last turn asks for no language, a request in the system
    turn or an earlier user turn applies ("from now on answer in Chinese"). If several languages are
    requested, or one is only mentioned ("how do you say cat in French?"), each is accepted.

    Code (fenced, inline, or on its own line), formulas, URLs and tags have no language; nor, in a
    text of another script, have names, identifiers, short quotations and terms of few words without
    a function word. For each word in the target language a text may have 4 such words in names and
    code, 1 in quotations and half a word in terms; more count as foreign, and so do clauses.
    Chinese, Cyrillic, ... words in code and LaTeX count: no notation needs those, so such reasoning
    cannot be hidden in a fence. English in a fence is not detected if the target is another
    language.

    Languages in Latin letters (English, French, German, Spanish, Portuguese, Italian, Dutch,
    Indonesian, Vietnamese and a dozen more) are distinguished by their function words, in at most
    eight segments of 1000 characters and in those with 20 words or more; close kin (Danish and
    Norwegian) pass for each other. Where that is impossible the note says that only the script was
    judged, as for other scripts. For Japanese, ideographs count up to nine times the kana, so that
    Chinese does not pass; for Chinese, a Japanese sentence counts against with its ideographs.

    `part` "think" is the think block, also prefilled or unclosed; without a block it is all of the
    response. The text after the block is then ignored: see ``part="all"``. Reasoning without a word
    (an empty block, digits only, code only) is the response's fault and earns 0. Reasoning in
    equations alone has no language and is not judged: NaN, and a recipe leaves the part out.

    Raises: ConfigError, DataError for an unknown language; ScoringError (input) if there is no
    `language` and the prompt has no word, or rules out its own language and names no other, and for
    reasoning in equations alone.

    >>> consistency("<think>So 2 and 2 is four, 对吗</think>4", "What is 2 + 2?").parts["latin"]
    4.0
    >>> consistency("<think>二加二等于四</think>4", "What is 2 + 2?").value
    0.0
    """
    aim = _target(prompt, language, target, messages)
    thought = split(response)
    text = thought.think if part == "think" else thought.answer
    if part == "all" or thought.status == "none":
        text = response
    prose, removed = split_prose(text)
    words = _words_by_script(prose, removed)
    if not any(words.values()):
        raise _silence(text)
    counted = shares(prose, words, aim)
    if not counted.due and not removed and not _WORD.search(without_code(prose)):
        raise ScoringError("consistency: nothing but code to judge", fault="response")
    counts = ", ".join(f"{script} {count:.1f}" for script, count in words.items())
    note = "; ".join((f"target {aim.name}", f"words: {counts}", *counted.remarks))
    return Score(counted.due / (counted.due + counted.foreign), words, note=note)


_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_EQUATION = re.compile(
    r"[\w)}\]]\s?(?:[=<>≤≥≈]|\\(?:le|ge|approx|leq|geq)(?![a-z]))\s?[-−]?[\w(\\{$]"
)


def _silence(text: str) -> ScoringError:
    """The error for a text without a word."""
    if _EQUATION.search(_FENCED.sub(" ", text)):
        return ScoringError("consistency: no word to judge, only equations", fault="input")
    return ScoringError("consistency: no word to judge", fault="response")


def _target(
    prompt: str, language: str | None, target: str | None, messages: Sequence[Message]
) -> Target:
    if target is not None:
        return Target(target, (_code_of(target, ConfigError),))
    if language is not None and str(language).strip():
        error = functools.partial(DataError, field="language")
        return Target(str(language), (_code_of(str(language), error),))
    return target_of(prompt, _earlier(messages))


def _earlier(messages: Sequence[Message]) -> tuple[tuple[str, str], ...]:
    """The roles and texts of the turns before the last one, without those of the model."""
    turns = ((str(turn.get("role", "user")), turn.get("content")) for turn in messages[:-1])
    asking = ((role, text) for role, text in turns if role in ("system", "developer", "user"))
    return tuple((role, _text_of(content)) for role, content in asking)


def _text_of(content: object) -> str:
    if isinstance(content, list | tuple):
        return "".join(part["text"] for part in content if _has_text(part))
    return content if isinstance(content, str) else ""


def _has_text(part: object) -> bool:
    return isinstance(part, Mapping) and isinstance(part.get("text"), str)


def _code_of(language: str, error) -> str:
    """The code of a language, or a script."""
    code = language.strip().lower()
    code = NAMES.get(code, code)
    codes = (*scripts.SCRIPTS, *scripts.LANGUAGES)
    matches = [c for c in (code, code.replace("_", "-").partition("-")[0]) if c in codes]
    if not matches:
        raise error(
            f"unknown language {clipped(language)}{did_you_mean(code, codes)}"
            " It is an ISO 639 code such as 'en' or 'zh', or a script such as 'latin'"
        )
    return matches[0]


def _words_by_script(prose: str, removed: str) -> dict[str, float]:
    """The words of the prose, plus the words in code and LaTeX in scripts that no notation uses."""
    words = count_words(prose)
    for script, count in (count_words(removed) if removed else {}).items():
        if script not in ("latin", "greek"):
            words[script] = words.get(script, 0.0) + count
    return words


# --- identification -------------------------------------------------------------------------------


def identified(response: str, *, languages: str | Sequence[str]) -> Annotated[Score, Range(0, 1)]:
    """From 0 (no word is in any of `languages`) up to 1 (every word is).

    ``words in the languages / words identified``, over at most eight segments of 1000 characters,
    evenly spaced, of the prose (no code, LaTeX, URLs, tags). In each segment the words of each
    script are judged apart: a script of one language names it; Chinese characters beside kana (one
    to nine or more) are Japanese, else Chinese; languages in Latin, Cyrillic, Arabic or Devanagari
    letters are identified by py3langid, a naive Bayes model of byte n-grams that comes with its
    package.

    Fewer than 40 letters of such a script are not judged, nor fewer than 200 if the model gives no
    language half of the probability; a longer text of no language counts against. If nothing is
    left to judge, as for an empty or short text, that is the response's fault and earns 0 (set
    `on_response_fault` where short answers are wanted). Languages are ISO 639 codes ("en", "zh").

    Raises: ConfigError for an unknown language, MissingExtra without py3langid.

    >>> text = "The cat sat on the mat and looked at the moon above. 猫坐在垫子上，看着月亮。"
    >>> identified(text, languages="zh").parts
    {'en': 12.0, 'zh': 6.666666666666667}
    """
    codes = _known_languages(languages)
    words_by_language = words_of_languages(response)
    total = sum(words_by_language.values())
    if total == 0:
        raise ScoringError("identified: too little text to tell its language", fault="response")
    share = sum(count for language, count in words_by_language.items() if language in codes) / total
    best = max(words_by_language, key=words_by_language.__getitem__)
    return Score(
        share,
        words_by_language,
        note=f"{words_by_language[best] / total:.0%} of the words in {best}",
    )


def _known_languages(languages: str | Sequence[str]) -> set[str]:
    codes = (languages,) if isinstance(languages, str) else languages
    base_codes = {str(code).strip().lower().replace("_", "-").partition("-")[0] for code in codes}
    for code in base_codes or {""}:
        if code not in scripts.LANGUAGES:
            raise ConfigError(
                f"identified: unknown language {code!r}{did_you_mean(code, scripts.LANGUAGES)}"
                f" Known: {', '.join(scripts.LANGUAGES)}"
            )
    return base_codes
