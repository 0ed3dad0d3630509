"""The surface of a text: characters, lines, words, reasoning steps, and Python in fences.

Each measure separates broken output from prose, none good from bad; use them to filter data or with
a small weight next to a reward that judges the answer.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

from plaudit.errors import ConfigError
from plaudit.rules.compat import data_juicer
from plaudit.text import python_code
from plaudit.text.ngrams import words_of
from plaudit.text.normal import nfkc
from plaudit.text.prose import split_prose, without_code
from plaudit.text.stopwords import STOP_WORDS
from plaudit.text.think import split
from plaudit.text.word_order import order_of, scrambled
from plaudit.types import Range, Score

__all__ = [
    "alphanumeric",
    "average_line",
    "content",
    "longest_line",
    "no_flagged_words",
    "ordinary_characters",
    "python_style",
    "python_syntax",
    "reasoning_steps",
    "stop_words",
    "type_token",
    "word_order",
]

EXAMPLES = {"no_flagged_words": {"params": {"words": ["damn", "know"]}}}


# --- characters and lines -------------------------------------------------------------------------


def alphanumeric(response: str) -> Annotated[float, Range(0, 1)]:
    """The share of letters and digits of any script, from 0 (none, or empty) up to 1.

    Data-Juicer's `alnum_ratio` (alphanumeric_filter, which keeps a text from 0.25 on); prose has
    about 0.8, 0.9 in Chinese. For yes or no see `rules.compat.data_juicer.alphanumeric`.

    >>> alphanumeric("x = 4")
    0.4
    """
    return data_juicer.alphanumeric(response).parts["alnum_ratio"]


def ordinary_characters(response: str) -> Annotated[float, Range(0, 1)]:
    """The share of characters that are not special, from 0 (all are, or empty) up to 1.

    1 minus Data-Juicer's `special_char_ratio` (special_characters_filter, which keeps a text up to
    0.25): ASCII punctuation, digits, white space, symbols and emoji are special. English prose has
    about 0.8. For yes or no see `rules.compat.data_juicer.special_characters`.

    >>> round(ordinary_characters("x = 4"), 6)
    0.2
    """
    ratio = data_juicer.special_characters(response).parts["special_char_ratio"]
    return 1.0 - ratio if response else 0.0


def average_line(
    response: str, *, low: float = 10, high: float = math.inf
) -> Annotated[Score, Range(0, 1)]:
    """1 where a line has `low` to `high` characters on average, less outside, 0 for empty text.

    ``min(1, x / low, high / x)`` with x Data-Juicer's `avg_line_length` (characters, line breaks
    included, over lines; average_line_length_filter keeps from 10 on).

    >>> average_line("ab\\ncd").value
    0.25
    """
    return _within(data_juicer.average_line_length(response), low, high)


def longest_line(
    response: str, *, low: float = 10, high: float = 1000
) -> Annotated[Score, Range(0, 1)]:
    """1 where the longest line has `low` to `high` characters, less outside, 0 for empty text.

    ``min(1, x / low, high / x)`` with x Data-Juicer's `max_line_length` (maximum_line_length_filter
    keeps from 10 on; 1000 is the usual limit for code).

    >>> longest_line("x" * 2000).value
    0.5
    """
    return _within(data_juicer.maximum_line_length(response), low, high)


def _within(measured: Score, low: float, high: float) -> Score:
    if not 0 < low <= high:
        raise ConfigError(f"needs 0 < low <= high, found {low} and {high}")
    (length,) = measured.parts.values()
    value = min(1.0, length / low, high / length) if length else 0.0
    return Score(value, measured.parts)


# --- whether there is anything --------------------------------------------------------------------

_TAG = re.compile(r"</?[A-Za-z][\w-]{0,30}>")
_A_WORD = re.compile(r"[^\W\d_]{2}|[㐀-鿿\U00020000-\U0003ffff]")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_EQUATION = re.compile(r"\w[)\]}!'²³]*\s{0,3}(?:=|<|>|≤|≥|≈|\\le|\\ge)\s{0,3}[-+−(\[{\\√]*\w")
_EXPRESSION = re.compile(  # operands with an operator between them, a term with its factor
    r"[\w)\]}²³°'!][ ]{0,2}(?:[-+*/^×÷·±−]|\*\*)[ ]{0,2}[-−]?[\d(√π∞{\\]"
    r"|[\d)\]}²³][ ]{0,2}[-+*/^×÷·±−][ ]{0,2}\w|(?<![\w.])[1-9]\d{0,5}[a-z](?![\w])"
    r"|[√∛][ ]?[\w(]|\w\s?[∈∉⊂⊆∪∩∪]\s?\S|(?<![^\W\d_])[π∞∅ℝℤℕℚℂ](?![^\W\d_])"
    r"|(?<!\w)(?:[A-Z][a-z]?\d{1,3})+[A-Z][a-z]?\d{0,3}(?!\w)"
    r"|(?<!\w)\d[\d.]{0,12}[eE][-+]?\d{1,3}(?!\w)"
)
_CHOICE = re.compile(r"[\s*(\[]{0,6}[A-J][\s*)\].]{0,6}")
_FORMULA = re.compile(
    r"\\(?:boxed|[dt]?frac|sqrt|binom)\s?(?:\[\d+\]|\{|\d)|\\(?:pi|infty|emptyset|varnothing)(?![A-Za-z])"
)
_NUMBERS = re.compile(
    r"\W*\d{1,9}(?:[-.,:/^–—~]\d+){0,3}[%°!]?[A-Za-z]?(?:\s*[,;、，\n]\s*\W{0,3}\d{1,9}(?:\.\d+)?)*\W*"
)


_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|\#\d{1,7});")
_FENCE = re.compile(r"(?:```|~~~)[\w+#.-]*[ \t]*(?=\n)")
_ROW = re.compile(r"^[ \t]{0,20}\|[^\n]*\|[ \t]{0,20}$", re.MULTILINE)
_INLINE = re.compile(r"(?<!`)`(?=[^`\n]*[^\W_])[^`\s][^`\n]{1,200}`(?!`)")
_BARE_RUN = re.compile(r"[A-Za-z0-9+/=_]{65,}")
_HEAD = 600  # characters typical of random keystrokes
_DIGESTS = (96, 128)  # hexadecimal digits of SHA-384 and SHA-512
_JOINED = re.compile(r"[A-Za-z]{25,}")  # longer than the words of ordinary text
_LETTERS = re.compile(r"[A-Za-zÀ-ɏ]+")
_MASHED = re.compile(r"[b-df-hj-np-tv-xz]{5}|q(?!u)[a-z]|[jvx][bcdfgjkmqxz]", re.IGNORECASE)
_MARK_BEFORE = re.compile(r"(?<!\S)([.,!?;])[A-Za-z]{2,30}(?![\w(])")
_MARK_BEHIND = re.compile(r"[A-Za-z][.,!?;](?:\s|$)")
_ZH_BACKWARDS = re.compile(r"\s*[。！？][㐀-鿿][^\n]{5,}[㐀-鿿]\s*")


def content(response: str) -> Annotated[Score, Range(0, 1)]:
    """1 if the response has content, 0 if it is empty or has nothing to read.

    Content is a word (two letters, one Chinese character) outside of tags, an equation or another
    expression (``4x + 5``, ``H2O``, ``x ∈ ℝ``), one capital letter as a choice, a number of at most
    nine digits, a date, a range, a table or several numbers with commas between them, or code and
    formulas with one of these. One small letter, digits in a row, marks, emoji, empty tags and
    fences are not content; nor is one word over and over (three times, a character five times), a
    response that ends with its reasoning, or text with letters but no words: long runs of random
    letters and digits (above 64, except for digests), letters without the spaces between words,
    random keystrokes, a text written backwards. The note says so.

    Whether the content answers the prompt does not matter: "No." is content. Letters shuffled
    within words are detected by `word_order`; random letters in scripts other than Latin, or just a
    few, are not.

    >>> content("a").value, content("1234567890").value, content("yes yes yes").value
    (0.0, 0.0, 0.0)
    >>> content("Paris.").value, content("1969-07-20").value, content("$x = 3$").value
    (1.0, 1.0, 1.0)
    """
    thought = split(response)
    text = response if thought.status == "none" else thought.answer
    if not text.strip():
        return Score(0.0, note="no answer behind the reasoning" if response.strip() else "empty")
    prose, removed = split_prose(_ENTITY.sub(" ", text))
    bare = _COMMAND.sub(" ", _FENCE.sub(" ", _TAG.sub(" ", removed)))
    is_text = any(map(_says, (prose, bare))) or _is_table(prose) or _INLINE.search(removed)
    is_text = (
        is_text or _FORMULA.search(removed) or _EXPRESSION.search(bare) or _CHOICE.fullmatch(text)
    )
    problem = _no_words(prose) if is_text else "no word, equation or number"
    return Score(0.0, note=problem) if problem else Score(1.0)


def _says(text: str) -> bool:
    if _A_WORD.search(text) or _EQUATION.search(text) or _EXPRESSION.search(text):
        return True
    return _NUMBERS.fullmatch(text) is not None


def _is_table(text: str) -> bool:
    """Whether at least two rows of a table have a letter or digit."""
    return sum(any(map(str.isalnum, row)) for row in _ROW.findall(text)) > 1


def _no_words(text: str) -> str | None:
    """Why a text with letters has no content; None if it may have some."""
    size = len(text)
    if sum(map(len, filter(_is_random, _BARE_RUN.findall(text)))) > 0.5 * size:
        return "a run of letters and digits"
    words = words_of(text[:100])
    if len(set(words)) == 1:
        words = words_of(text)
    if len(set(words)) == 1 and len(words) >= (3 if words[0][0] < "\u0370" else 5):
        return None if words[0].isdigit() else "one word over and over"
    joined = [run for run in _JOINED.findall(text) if not run.isupper()]
    if sum(map(len, joined)) > max(50, 0.4 * size):
        return "no spaces between words"
    if _is_backwards(text):
        return "written backwards"
    latin = _LETTERS.findall(text[:_HEAD])
    mashed = sum(len(word) for word in latin if _is_mashed(word))
    if mashed >= 12 and mashed > 0.6 * sum(map(len, latin)) and mashed > 0.5 * min(size, _HEAD):
        return "keys struck at random"
    return None


def _is_mashed(word: str) -> bool:
    return len(word) > 4 and not word.isupper() and _MASHED.search(word) is not None


def _is_backwards(text: str) -> bool:
    """Whether punctuation comes before words and never after them."""
    before = _MARK_BEFORE.findall(text)
    if len(before) >= 3 and set(before) != {"."}:
        return len(before) > 3 * len(_MARK_BEHIND.findall(text))
    return _ZH_BACKWARDS.fullmatch(text) is not None


def _is_random(run: str) -> bool:
    """Whether a long run mixes letters and digits, and is not a digest of a common length."""
    is_digest = len(run) in _DIGESTS and (run.islower() or run.isupper())
    return not is_digest and any(map(str.isdigit, run)) and any(map(str.isalpha, run))


# --- words ----------------------------------------------------------------------------------------


def stop_words(response: str, *, enough: float = 0.2) -> Annotated[Score, Range(0, 1)]:
    """From 0 (no function word, or nothing else) up to 1 (as many as in running text).

    ``min(1, share / enough, (1 - share) / enough)`` with `share` the share of words that are in a
    bundled list of English function words and Chinese function characters (Han counts by the
    character). Running text has 0.3 and more in English, some 0.2 in Chinese; word salad and lists
    of keywords have fewer. Stop words alone earn 0. Data-Juicer's filter with a list of your own
    is `rules.compat.data_juicer.stopwords`.

    Empty response: 0. Text in other languages has none.

    >>> stop_words("The sum of the two is 4.").value, stop_words("the of the and the").value
    (1.0, 0.0)
    """
    if not 0 < enough <= 0.5:
        raise ConfigError(f"stop_words: enough={enough} must lie in (0, 0.5]")
    words = words_of(response)
    share = sum(word in STOP_WORDS for word in words) / len(words) if words else 0.0
    return Score(min(1.0, share / enough, (1 - share) / enough), {"share": share})


def no_flagged_words(
    response: str, *, words: Sequence[str]
) -> Annotated[float | Score, Range(0, 1)]:
    """From near 0 (many flagged words) up to 1 (none): ``1 / (1 + hits)``.

    `words` is your list; an entry may hold several words. Case, width (NFKC) and invisible
    characters make no difference, whole words count, in Chinese any position counts. The note names
    the hits. Data-Juicer's ratio is `rules.compat.data_juicer.flagged_words`.

    Letters swapped for look-alikes or digits ("d4mn") are not detected.

    >>> no_flagged_words("Damn good, damn it.", words=["damn"]).value
    0.3333333333333333
    >>> no_flagged_words("A dam.", words=["damn"])
    1.0
    """
    if isinstance(words, str) or not all(isinstance(word, str) for word in words):
        raise ConfigError(f"no_flagged_words: words={words!r} must be a list of words")
    tokens = _tokens(response)
    singles, joined = Counter(tokens), _joined(tokens)
    hits = {word: _occurrences(_tokens(word), singles, joined) for word in dict.fromkeys(words)}
    total = sum(hits.values())
    if not total:
        return 1.0
    note = ", ".join(f"{word} {count}x" for word, count in hits.items() if count)
    return Score(1 / (1 + total), {"hits": float(total)}, note=note[:200])


def _tokens(text: str) -> list[str]:
    """The words of a text, with width and invisible characters normalised."""
    if not text.isascii():
        text = nfkc(text)
        text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return words_of(text)


def _joined(tokens: Sequence[str]) -> str:
    """Words between unit separators, doubled so that adjacent words share none."""
    return "".join(f"\x1f{token}\x1f" for token in tokens)


def _occurrences(phrase: Sequence[str], singles: Counter[str], joined: str) -> int:
    if len(phrase) == 1:
        return singles[phrase[0]]
    return joined.count(_joined(phrase)) if phrase else 0


def type_token(response: str, *, window: int = 50) -> Annotated[float, Range(0, 1)]:
    """From near 0 (one word over and over) up to 1 (no word twice within `window` words).

    The mean, over all windows of that many words, of different words over words: the moving-average
    type-token ratio (Covington & McFall 2010, "Cutting the Gordian Knot"), which unlike
    `rules.repetition.distinct_words` does not fall with length. Shorter texts are one window; no
    word: 0. Chat answers have about 0.85, mathematical solutions 0.6.

    >>> type_token("so it is so", window=2), type_token("so it is so", window=4)
    (1.0, 0.75)
    """
    if window < 1:
        raise ConfigError(f"type_token: window={window} must be at least 1")
    words = words_of(response)
    window = min(window, len(words))
    if not words:
        return 0.0
    distinct = list(_distinct_in_windows(words, window))
    return sum(distinct) / (len(distinct) * window)


def _distinct_in_windows(words: Sequence[str], window: int) -> Iterator[int]:
    counts: Counter[str] = Counter()
    distinct = 0
    for place, word in enumerate(words):
        distinct += not counts[word]
        counts[word] += 1
        if place >= window:
            gone = words[place - window]
            counts[gone] -= 1
            distinct -= not counts[gone]
        if place >= window - 1:
            yield distinct


_STARTS = (
    "The|It|Then|In|This|That|They|We|He|She|And|But|If|When|As|At|By|For|To|So|Of|On|With|Within"
)
_CAPITAL_WITHIN = re.compile(rf"(?<=[a-z]) (?:{_STARTS}) [a-z]")
_SMALL_AFTER = re.compile(r"(?<=[a-z]{2})[.!?] [a-z]{2}")
_NO_PAIR = re.compile(
    r"\b(?:the (?:the|an?|of|in|to|and|is|are|was|were|it|with|for|by|from|at|which|when|into)"
    r"|an? (?:the|an|of)|an (?:and|is|are|was|in|to|it|for))\b(?![-'’])"
)
_WORDS_PER_ODD = 25  # one word out of order in fewer words is tolerated
_MIN_JOINERS = 14  # at least this many words, all function words


def word_order(response: str) -> Annotated[Score, Range(0, 1)]:
    """From 0 (shuffled words or letters, or a list of words) up to 1 (words as in running text).

    ``1 - max(shuffled, loose, letters)``, the parts. `shuffled` rises from 0 to 1 with the share of
    pairs of general words (300 of English, 300 characters of Chinese) that are never adjacent in
    700 000 words of chat and exams, from 0.12 to 0.22 in English and 0.25 to 0.4 in Chinese (one
    pair is tolerated): running text has about 0.02 and 0.05, the same words shuffled have half.
    `loose` rises with the share of words in runs (of 6 words without a mark, 12 characters) without
    a function word of some forty languages, from 0.3 to 0.7. `letters` rises with the share of
    letter trigrams in English words of four letters or more that do not occur in English, from 0.08
    to 0.16: English has 0.01, and 0.25 if letters are shuffled within words, whether or not the
    first and last stay in place. Code, formulas, URLs and tags are left out.

    A text of 14 words or more in English letters also scores 0 if words are out of place: first
    words of sentences ("The", "Then") between lower-case words, full stops before lower-case words,
    and articles before words that no article precedes ("the of"), at least two of these and one in
    25 words; so does one of function words alone.

    A text that contains fewer than 5 such pairs and 6 words is not judged and scores 1. Scripts
    other than Latin and Han are not judged either, nor is meaning.

    >>> word_order("apple river quantum seldom bicycle thunder marble gentle orbit pickle").value
    0.0
    >>> word_order("The river runs past the apple trees, and seldom does it thunder.").value
    1.0
    """
    prose = without_code(split_prose(response).text)
    order = order_of(prose)
    shuffled = 0.0 if math.isnan(order.shuffled) else order.shuffled
    shuffled = max(shuffled, float(_is_misplaced(prose)))
    loose = 0.0 if math.isnan(order.loose) else min(1.0, max(0.0, (order.loose - 0.3) / 0.4))
    letters = 0.0 if math.isnan(letters := scrambled(prose)) else letters
    is_judged = not (math.isnan(order.shuffled) and math.isnan(order.loose))
    note = None if is_judged else "too short to judge, or in a script that is not"
    parts = {"shuffled": shuffled, "loose": loose, "letters": letters}
    return Score(1.0 - max(parts.values()), parts, note=note)


def _is_misplaced(text: str) -> bool:
    """Whether capitals and punctuation put words out of place, or all are function words."""
    words = text.split()
    if len(words) < _MIN_JOINERS:
        return False
    capitals, small, apart = (
        len(pattern.findall(text)) for pattern in (_CAPITAL_WITHIN, _SMALL_AFTER, _NO_PAIR)
    )
    if (odd := capitals + apart) >= 2 and odd * _WORDS_PER_ODD >= len(words):
        return True
    is_mixed = (capitals > 0) + (small > 0) + (apart > 0) >= 2
    if is_mixed and (odd + small) * _WORDS_PER_ODD >= len(words):
        return True
    return text.isascii() and all(word.strip(",.").lower() in STOP_WORDS for word in words)


# --- reasoning ------------------------------------------------------------------------------------

_STEP = re.compile(
    r"^[ \t]{0,8}(?:\#{1,6} )?(?:\*\*)?(?:step ?[0-9]{1,3}|[0-9]{1,3}[.)、](?![0-9])"
    r"|[-*+•] |[-*+•]$"
    r"|(?:第[一二三四五六七八九十0-9]{1,3}步|步骤[一二三四五六七八九十0-9]{1,3})"
    r"|[一二三四五六七八九十]{1,3}[、.])"
    r"|(?:^|(?<=[.!?] )|(?<=[。！？；，]))(?:first|firstly|second|secondly|third|thirdly|next|then"
    r"|finally|lastly|首先|其次|再次|然后|接着|接下来|最后)(?![a-z])",
    re.IGNORECASE | re.MULTILINE,
)


def reasoning_steps(
    response: str, *, enough: int = 3, min_words: int = 4
) -> Annotated[Score, Range(0, 1)]:
    """From 0 (no step) up to 1 (`enough` marked steps or more that say something different).

    ``min(1, steps / enough)``. A step begins with "Step 1", "1.", a bullet, "First", "Next",
    "第一步", "首先" and the like, at the start of a line or a sentence, and counts if it has
    `min_words` distinct words (digits do not count) before the next marker, and no earlier step has
    the same words. After the reasoning-steps reward of open-r1 and its successors, which only
    counts the marks: three empty bullets earn the maximum there and nothing here.

    Steps of random words do count: markers say nothing about the reasoning.

    >>> reasoning_steps("- \\n- \\n- ").value
    0.0
    >>> reasoning_steps("1. Add two and two to get 4.\\n2. So the answer must be 4.").parts
    {'marked': 2.0, 'steps': 2.0}
    """
    if enough < 1 or min_words < 1:
        raise ConfigError(f"needs enough and min_words of at least 1, found {enough}, {min_words}")
    markers = list(_STEP.finditer(response))
    ends = [*(match.start() for match in markers), len(response)][1:]
    steps = set()
    for match, end in zip(markers, ends, strict=True):
        words = frozenset(w for w in words_of(response[match.end() : end]) if not w.isdigit())
        if len(words) >= min_words:
            steps.add(words)
    parts = {"marked": float(len(markers)), "steps": float(len(steps))}
    return Score(min(1.0, len(steps) / enough), parts)


# --- Python ---------------------------------------------------------------------------------------


def python_syntax(response: str, *, max_chars: int = 200_000) -> Annotated[Score, Range(0, 1)]:
    """The share of fenced Python code that parses, by characters, from 0 (none) up to 1 (all).

    Blocks that name ``python``, ``py`` or ``python3`` are read with `ast.parse` of the running
    Python and never run. A block that is not closed, nested too deeply for the parser, beyond
    `max_chars` in total, or holds only `pass`, constants and comments does not count as parsed. No
    Python block: 0. The note says what is wrong with the first bad block.

    >>> python_syntax("```python\\nprint(4)\\n```").value
    1.0
    >>> python_syntax("```python\\nprint(4\\n```").note
    "line 1: '(' was never closed"
    """
    blocks = python_code.blocks(response, max_chars)
    good = sum(len(block.code) for block in blocks if block.tree)
    problems = [block.problem or "no code" for block in blocks if not block.tree]
    parts = {"blocks": float(len(blocks)), "parsed": float(len(blocks) - len(problems))}
    total = sum(len(block.code) for block in blocks)
    return Score(good / total if total else 0.0, parts, note=next(iter(problems), None))


def python_style(
    response: str, *, max_line: int = 88, max_chars: int = 200_000
) -> Annotated[Score, Range(0, 1)]:
    """From 0 (no Python that parses) up to 1 (all of it follows PEP 8).

    The mean of four shares, which are the parts: `line_length` (lines of at most `max_line`
    characters), `blanks` (lines without tabs and trailing blanks), `names` (functions in snake
    case, classes in camel case), `exceptions` (no bare ``except:``, no ``import *``), times the
    share of characters that parses (`python_syntax`). Constructs that do not occur count as right.

    Style says nothing about whether code works.

    >>> python_style("```python\\ndef Add(a, b):\\n    return a + b\\n```").value
    0.75
    """
    blocks = python_code.blocks(response, max_chars)
    good = [block for block in blocks if block.tree]
    total = sum(len(block.code) for block in blocks)
    if not good:
        return Score(0.0, note="no Python block that parses")
    parts = python_code.style(good, max_line)
    share = sum(len(block.code) for block in good) / total
    return Score(share * sum(parts.values()) / len(parts), parts)
