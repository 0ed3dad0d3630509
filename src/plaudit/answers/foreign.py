r"""Answers in languages beside English and Chinese: their marks, and words that change a value.

A mark is known in a dozen languages ("La réponse est", "Ответ:", 答えは, 정답:). What follows
it is read as in English: one quantity with its unit. The words of these languages for "not", "or
so", "at least", "minus" and for operations are known so far that they make an answer unread; none
of them is computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from plaudit.answers.latex_token import name_set

__all__ = ["FOREIGN", "FOREIGN_IS", "TRIGGERS", "foreign_marks", "foreign_problem"]

FOREIGN = (  # letters of scripts that write prose, not mathematics
    "\u00aa\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0400-\u1cff\u1e00-\u1fff\u2c00-\u2fef"
    "\u3040-\u30ff\u3105-\u318f\ua000-\ud7ff\uf900-\ufdff\ufe70-\ufefe\uff66-\uffdc"
)
FOREIGN_IS = (  # what precedes a letter that is chosen
    r"(?:答え|解答|回答|正解)は|(?:정답|답)[은는이]|[Rr]éponse(?:\s\w{4,9})?\sest|[Aa]ntwort\sist"
    r"|(?:[Rr]espuesta|[Rr]esposta|[Rr]isposta)(?:\s\w{4,9})?\s(?:es|é|è)|[Đđ]áp\sán(?:\s\w{4,5})?\slà"
    r"|[Jj]awaban(?:nya)?\sadalah|(?:[Пп]равильный\s)?[Оо]твет\s?[-—–]"
)
_COLON = r"(?:\*\*|__)?\s?[:：]"
_MARK = re.compile(
    rf"(?:答え|解答|回答|正解)(?:は|{_COLON})|(?:정답|답|답안)(?:은|는|{_COLON})|(?:[Оо]твет|ОТВЕТ){_COLON}"
    rf"|(?:[Rr]éponse|RÉPONSE)(?:\s(?:finale|correcte))?(?:\sest|\s?{_COLON})"
    rf"|(?:[Rr]espuesta|[Rr]esposta|[Rr]isposta)(?:\s\w{{4,9}})?(?:\s(?:es|é|è)|{_COLON})"
    rf"|(?:[Aa]ntwort|[Ll]ösung|[Jj]awaban)(?:nya)?(?:\s(?:ist|lautet|adalah)|{_COLON})"
    rf"|(?:[Đđ]áp\s(?:án|số))(?:\slà|\s?{_COLON})|(?:الإجابة|الجواب)(?:\sهي|\sهو|\s?{_COLON})"
    rf"|(?:उत्तर)(?:\sहै|\s?{_COLON})|(?:คำตอบ)(?:คือ|\s?{_COLON})"
)
_NEEDLES = (
    "答え", "解答", "回答", "正解", "답", "твет", "ТВЕТ", "éponse", "ÉPONSE", "esp", "esposta",
    "isposta", "ntwort", "ösung", "awaban", "áp ", "الإجابة", "الجواب", "उत्तर", "คำตอบ",
)  # fmt: skip
_ASCII_NEEDLES = ("espuesta", "esposta", "isposta", "ntwort", "awaban")
_MOST = 8
_BEFORE = 2  # at most so many letters precede a needle in its mark


def foreign_marks(text: str) -> Iterator[tuple[int, str]]:
    """Where answers begin after a mark in another language, and the marks, last first.

    >>> [mark for _, mark in foreign_marks("La réponse est 3. Ответ: 4")]
    ['Ответ:', 'réponse est']
    """
    needles = _ASCII_NEEDLES if text.isascii() else _NEEDLES
    marks = {match.end(): match.group() for needle in needles for match in _near(text, needle)}
    yield from ((at, marks[at].replace("*", "").strip()) for at in sorted(marks, reverse=True))


def _near(text: str, needle: str) -> Iterator[re.Match[str]]:
    """The marks that the last few places of a needle belong to."""
    at = text.rfind(needle)
    for _ in range(_MOST):
        if at < 0:
            return
        match = next((m for k in range(_BEFORE) if (m := _MARK.match(text, max(at - k, 0)))), None)
        if match and match.end() > at:
            yield match
        at = text.rfind(needle, 0, at)


TRIGGERS = name_set(  # no match of `_CHANGES` in ASCII is without one of these
    "nicht kein keine bukan tidak jamais nunca n pas no non falsch faux falso salah incorrecto"
    " vielleicht wahrscheinlich quizas tal talvez forse mungkin probablement mindestens weniger"
    " mehr au plus moins al menos lo pelo mais almeno meno maksimal kurang lebih minus wurzel"
    " racine raiz radice akar quadratwurzel fois mal hoch mitad metade doppelte doble dobro"
    " doppio setengah"
)
_CHANGES = re.compile(
    r"(?P<denial>\b(?:nicht|keine?|bukan|tidak|jamais|nunca)\b|n['’](?:est|était)\b|\bpas\b"
    r"|\bn[oã]o?\s(?:es|son|é|è|sono|são|puede|pode)\b|\bnon\s(?:è|sono|est)\b|không\sphải|(?<!\w)(?:не|нет)(?!\w)"
    r"|ではな|ではあり|じゃな|아니|아닙|ليس|नहीं|ไม่|\b(?:falsch|faux|falso|salah|incorrecto)\b|間違|неверн|틀렸)"
    r"|(?P<hedge>\b(?:vielleicht|wahrscheinlich|quiz[áa]s?|tal\svez|talvez|forse|mungkin)\b|peut-être|probablement"
    r"|возможно|может\sбыть|наверн|вероятно|たぶん|かもしれ|おそらく|아마|có\sthể|có\slẽ|ربما|शायद)"
    r"|(?P<comparison>\b(?:mindestens|höchstens|weniger\sals|mehr\sals|au\smoins|au\splus|plus\sde|moins\sde|al\smenos"
    r"|más\sde|menos\sde|a\slo\ssumo|pelo\smenos|mais\sde|almeno|più\sdi|meno\sdi|maksimal|kurang\sdari|lebih\sdari)\b"
    r"|больше|меньше|более|менее|не\sме|以上|以下|未満|より大|より小|이상|이하|미만|초과|ít\snhất|nhiều\snhất|hơn)"
    r"|(?P<operation>\b(?:minus|moins|menos|meno|wurzel|racine|ra[ií]z|radice|akar|quadratwurzel|fois|mal|hoch|mitad|moitié"
    r"|metade|metà|doppelte|doble|dobro|doppio|setengah)\b|минус|корень|корня|половин|квадрат(?!н)|マイナス|ルート|平方根|半分"
    r"|마이너스|루트|제곱(?!미터|센티|킬로)|절반|căn|trừ|âm\s|ลบ|جذر|ناقص|سالب)",
    re.IGNORECASE,
)


def foreign_problem(text: str) -> str:
    """What in a text changes the value beside it, in a language that is not computed; or "".

    >>> foreign_problem("nicht 3"), foreign_problem("3個です")
    ("'nicht' is a denial", '')
    """
    match = _CHANGES.search(text)
    if match is None:
        return ""
    article = "an" if match.lastgroup == "operation" else "a"
    return f"{match.group().strip()!r} is {article} {match.lastgroup}"
