"""The script of every code point, as ranges and as one lookup table.

Letters and marks of Unicode 17, by script; tables of our own, because `unicodedata` has no scripts
and differs between Python versions. Digits and punctuation belong to no script.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING

from plaudit.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "BY_SCRIPT",
    "CHARS_PER_WORD",
    "FIRST_LETTER",
    "LANGUAGES",
    "RANGES",
    "SCRIPTS",
    "class_of",
    "classes",
    "lowest",
    "points_of",
    "word_counts",
]

# Han holds the ideographs with their extensions A to J and both compatibility blocks, 々, 〆, 〇,
# the Suzhou numerals and the radicals. Mathematical alphabets count as the letters they depict.
RANGES: Mapping[str, str] = {
    "latin": "41-5a 61-7a aa ba c0-d6 d8-f6 f8-2b8 2e0-2e4 1d00-1d25 1d2c-1d5c 1d62-1d65 1d6b-1d77"
    " 1d79-1dbe 1e00-1eff 2071 207f 2090-209f 212a-212b 2132 214e 2160-2188 24b6-24e9 2c60-2c7f"
    " a722-a787 a78b-a7ff ab30-ab64 ab66-ab69 fb00-fb06 ff21-ff3a ff41-ff5a 10780-107bf 1d400-1d6a5"
    " 1df00-1dfff",
    "greek": "b5 370-373 376-37d 37f 386 388-3e1 3f0-3ff 1d26-1d2a 1d5d-1d61 1d66-1d6a 1dbf"
    " 1f00-1fbc 1fbe 1fc2-1fcc 1fd0-1fdb 1fe0-1fec 1ff2-1ffc 2126 ab65 10140-10174 1d242-1d244"
    " 1d6a8-1d7cb",
    "cyrillic": "400-482 48a-52f 1c80-1c8a 1d2b 1d78 2de0-2dff a640-a69f fe2e-fe2f 1e030-1e08f",
    "armenian": "531-559 560-588 fb13-fb17",
    "hebrew": "591-5bd 5bf 5c1-5c2 5c4-5c5 5c7-5f2 fb1d-fb4f",
    "arabic": "610-61a 620-65f 66e-6d3 6d5-6ef 6fa-6ff 750-77f 870-8e1 8e3-8ff fb50-fd3d fd50-fdfb"
    " fe70-fefc 10ec2-10eff 1ee00-1eebb",
    "devanagari": "900-963 971-97f a8e0-a8ff 11b00-11b0a",
    "bengali": "980-9e3 9f0-9f1 9fc-9fe 11df0-11df1",
    "gurmukhi": "a01-a5e a70-a75",
    "gujarati": "a81-ae3 af9-aff",
    "oriya": "b01-b63 b71",
    "tamil": "b82-bd7",
    "telugu": "c00-c63",
    "kannada": "c80-ce3 cf1-cf3",
    "malayalam": "d00-d63 d7a-d7f",
    "sinhala": "d81-ddf df2-df3",
    "thai": "e01-e3a e40-e4e",
    "lao": "e81-ece edc-edf",
    "tibetan": "f00 f18-f19 f35-f39 f3e-fbc fc6",
    "myanmar": "1000-103f 1050-108f 109a-109d a9e0-a9ef a9fa-a9fe aa60-aa7f",
    "georgian": "10a0-10ff 1c90-1cbf 2d00-2d2d",
    "hangul": "1100-11ff 302e-302f 3131-318e a960-a97c ac00-d7fb ffa0-ffdc",
    "ethiopic": "1200-135f 1380-138f 2d80-2dde ab01-ab2e 1e7e0-1e7fe",
    "khmer": "1780-17d3 17d7 17dc-17dd",
    "mongolian": "180b-180d 180f 1820-18aa",
    "kana": "3031-3035 3041-3096 309b-309f 30a1-30fa 30fc-30ff 31f0-31ff ff66-ff9f 1aff0-1b168",
    "bopomofo": "3105-312f 31a0-31bf",
    "han": "2e80-2fd5 3005-3007 3021-3029 3038-303b 3400-4dbf 4e00-9fff f900-fad9 16fe2-16fe3"
    " 16ff0-16ff6 20000-33479",
    "yi": "a000-a48c",
}

# Letters of scripts without a name above; whole blocks, rounded.
_OTHER = (
    "3e2-3ef 710-74f 780-7b1 7c0-85f 13a0-167f 1681-169a 16a0-1774 18b0-1aad 1b00-1c7d 2c00-2c5f"
    " 2c80-2cee 2d30-2d6f a4d0-a63f a6a0-a6e5 a800-a8c5 a900-a9df aa00-aa5f aa80-aaf6 ab70-abea"
    " 10000-100fa 10280-10aff 10b00-10e5f 10e80-10ebf 10f00-11aff 11b60-11dd9 11ee0-143ff"
    " 14400-16ee0 16f00-16f9f 17000-18cff 18d00-1afef 1b170-1bc99 1e100-1e7df 1e800-1e95f"
)
_NEUTRAL = (  # white space, controls, punctuation, surrogates, private use
    "0-23 25-2a 2c-2f 3a-3b 3f-40 5b-5d 5f 7b 7d 7f-a1 a7 ab b6-b7 bb bf 37e 387 55a-55f 589-58a"
    " 5be 5c0 5c3 5c6 5f3-5f4 609-60a 60c-60d 61b 61d-61f 66a-66d 6d4 700-70d 964-965 970 e4f"
    " e5a-e5b f04-f14 f3a-f3d f85 fd0-fd4 104a-104f 10fb 1360-1368 1400 1680 17d4-17d6 17d8-17da"
    " 1800-180a 2000-200a 2010-2029 202f-2043 2045-2051 2053-205f 2308-230b 2329-232a 2768-2775"
    " 27e6-27ef 2983-2998 2e00-2e5d 3000-3003 3008-3011 3014-301f 3030 303d 30a0 30fb a8f8-a8fa"
    " d800-f8ff fd3e-fd3f fe10-fe19 fe30-fe61 fe63 fe68 fe6a-fe6b ff01-ff03 ff05-ff0a ff0c-ff0f"
    " ff1a-ff1b ff1f-ff20 ff3b-ff3d ff3f ff5b ff5d ff5f-ff65 f0000-10ffff"
)
_INVISIBLE = (  # marks of no script and format characters: the letters around them stay joined
    "ad 300-36f 483-489 61c 180e 1ab0-1aff 1cd0-1cff 1dc0-1dff 200b-200f 202a-202e 2060-206f"
    " 20d0-20f0 302a-302d 3099-309a fe00-fe0f fe20-fe2d feff fff9-fffb e0001-e01ef"
)

# Class numbers. From FIRST_LETTER on they are letters, named in SCRIPTS.
SYMBOL, NEUTRAL, INVISIBLE, FIRST_LETTER = 0, 1, 2, 3
SCRIPTS: tuple[str, ...] = ("other", *RANGES)

# Scripts written without spaces: about how many characters make a word. 1000 English words are
# some 1500 characters in Chinese translation and 2500 in Japanese.
CHARS_PER_WORD: Mapping[str, float] = {
    "han": 1.5,
    "bopomofo": 1.5,
    "yi": 1.5,
    "kana": 2.5,
    "thai": 4.0,
    "lao": 4.0,
    "khmer": 4.0,
    "myanmar": 4.0,
}

BY_SCRIPT: Mapping[str, str] = {
    "latin": "ace af ast az bcl br bs ca crh cs cy da de en eo es et eu ext fi fo fr fuv fy ga gcf"
    " gcr gd gl gug guw ha hr ht hu id ig is it jv kab kik ku la lb lg lij ln lt ltg lv mg ms mt nb"
    " nl nn no nso oc om pcm pl pt qu ro rw se sk sl sn so sq sr st sv sw tk tl tr uz uzs vec vi vo"
    " wa xh yo zu",
    "cyrillic": "az ba be bg kk ky mk mn ru sr tg tt uk uz",
    "arabic": "ar ary arz fa ku ps sd sdh ug ur",
    "devanagari": "hi mr ne sa",
    "greek": "el",
    "armenian": "hy",
    "hebrew": "he",
    "bengali": "bn as",
    "gurmukhi": "pa",
    "gujarati": "gu",
    "oriya": "or",
    "tamil": "ta",
    "telugu": "te",
    "kannada": "kn",
    "malayalam": "ml",
    "sinhala": "si",
    "thai": "th",
    "lao": "lo",
    "tibetan": "bo",
    "myanmar": "my",
    "georgian": "ka",
    "hangul": "ko",
    "ethiopic": "am ti",
    "khmer": "km",
    "han": "zh ja yue",
    "kana": "ja",
    "bopomofo": "zh",
}
"""The ISO 639 codes of languages written in a script; short lists begin with the most frequent."""

LANGUAGES: Mapping[str, tuple[str, ...]] = {
    code: tuple(script for script, codes in BY_SCRIPT.items() if code in codes.split())
    for code in sorted(set(" ".join(BY_SCRIPT.values()).split()))
}
"""The scripts that a language is written in."""


def class_of(script: str) -> int:
    """The class number of a script. Raises ConfigError with close matches.

    >>> SCRIPTS[class_of("han") - FIRST_LETTER]
    'han'
    """
    if script not in SCRIPTS:
        raise ConfigError(
            f"no script {script!r}{did_you_mean(str(script), SCRIPTS)} Known: {', '.join(SCRIPTS)}"
        )
    return FIRST_LETTER + SCRIPTS.index(script)


@functools.cache
def lowest(script: str) -> int:
    """The least code point of a script.

    >>> hex(lowest("han"))
    '0x2e80'
    """
    return min(first for first, _ in _pairs(RANGES.get(script, _OTHER)))


def points_of(text: str) -> np.ndarray:
    """The code points of a text as uint32, lone surrogates and NUL included.

    >>> points_of("a你").tolist()
    [97, 20320]
    """
    import numpy as np

    # A numpy string is UTF-32 in memory, which is four times as fast as encoding.
    return np.array(text).reshape(1).view(np.uint32)[: len(text)]


def classes(points: np.ndarray) -> np.ndarray:
    """The class number of each code point.

    >>> classes(points_of("!1")).tolist() == [NEUTRAL, SYMBOL]
    True
    """
    return _table().take(points)


def word_counts(kinds: np.ndarray) -> dict[str, float]:
    """How many words of each script the classes of a text hold; absent scripts are omitted.

    A word is a run of two or more letters of one script (one letter alone is a variable or an
    initial); in scripts written without spaces, `CHARS_PER_WORD` characters.

    >>> word_counts(classes(points_of("let x be 三个")))
    {'latin': 2.0, 'han': 1.3333333333333333}
    """
    import numpy as np

    kinds = kinds[kinds != INVISIBLE]
    joined = kinds[1:] == kinds[:-1]
    second = joined.copy()
    second[1:] &= ~joined[:-1]
    size = FIRST_LETTER + len(SCRIPTS)
    runs = np.bincount(kinds[1:][second], minlength=size)
    chars = np.bincount(kinds, minlength=size)
    counts = {}
    for place, script in enumerate(SCRIPTS, FIRST_LETTER):
        if chars[place]:
            per_word = CHARS_PER_WORD.get(script)
            counts[script] = float(chars[place] / per_word if per_word else runs[place])
    return counts


def _pairs(ranges: str) -> list[tuple[int, int]]:
    """The ranges as first and last code point.

    >>> _pairs("41-5a aa")
    [(65, 90), (170, 170)]
    """
    ends = (part.split("-") for part in ranges.split())
    return [(int(end[0], 16), int(end[-1], 16)) for end in ends]


@functools.cache
def _table() -> np.ndarray:
    import numpy as np

    table = np.zeros(0x110000, np.uint8)
    painted = [(_OTHER, FIRST_LETTER), *((r, class_of(s)) for s, r in RANGES.items())]
    for ranges, number in (*painted, (_NEUTRAL, NEUTRAL), (_INVISIBLE, INVISIBLE)):
        for first, last in _pairs(ranges):
            table[first : last + 1] = number
    table.flags.writeable = False
    return table
