r"""Answers in languages beside English and Chinese: their marks, and words that change a value.

A mark is known in a dozen languages ("La réponse est", "Ответ:", 答えは, 정답:). What follows
it is read as in English: one quantity with its unit. The words of these languages for "not", "or
so", "at least", "minus" and for operations are known so far that they make an answer unread; none
of them is computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from plaudit.answers.latex_token import FOREIGN, name_set
from plaudit.answers.units import is_unit

__all__ = [
    "FOREIGN_IS",
    "TRIGGERS",
    "denies",
    "foreign_marks",
    "foreign_problem",
    "is_ruled_out",
    "problem_behind",
    "wrong_before",
]

_COLON = r"(?:\*\*|__)?\s?[:：]"
_GOOD = (  # the one word that may stand between "answer" and "is"
    "finale|correcte|exacte|correcta|final|exacta|correta|certa|exata|corretta|giusta|esatta"
    "|đúng|cuối(?:\\scùng)?|chính\\sxác|akhir(?:nya)?|(?:yang\\s)?benar"
)
_BARE = (  # what an answer is called, where the words for it are one word with a denial or not
    r"(?<![不誤非無])(?:答え|解答|回答|正解)|(?<![가-힣])(?:최종\s?)?(?:정답|답안|답)"
    r"|[Оо]твет|ОТВЕТ|[Rr]éponse|RÉPONSE|[Rr]espuesta|[Rr]esposta|[Rr]isposta|[Aa]ntwort|[Ll]ösung"
    r"|[Jj]awaban(?:nya)?|[Đđ]áp\s(?:án|số)|الإجابة|الجواب|उत्तर|คำตอบ"
)
_COPULA = (
    r"\s(?:est|es|é|è|ist|lautet|là|adalah|هي|هو|है)(?!\w)|(?<=[え答解])は|(?<=[답안])[은는이]|คือ"
)
FOREIGN_IS = rf"(?:(?:{_BARE})(?:\s(?:{_GOOD}))?(?:{_COPULA})|[Оо]твет\s?[-—–])"
_MARK = re.compile(
    rf"(?:{_BARE})(?:\s(?:{_GOOD}))?(?:{_COPULA}|{_COLON}"
    r"|(?=\s\w+\s(?:est|es|é|è|ist|là|adalah)\s\W{0,3}\d))"  # a word between that is not known
)
_NAME = re.compile(_BARE)
_WRONG = re.compile(  # what stands before "answer" where it is none
    r"(?:\b(?:falsche[nrs]?|verkehrte|inkorrekte|keine|mauvaise|fausse|aucune|pas\sl[ae]|pas\sde|falsa|mala|errónea"
    r"|errada|nessuna|ninguna|nenhuma|sin|sem|senza|bukan|không\scó)\s"
    r"|(?:[Нн]еверный|НЕВЕРНЫЙ|[Нн]еправильный|[Оо]шибочный|[Нн]ет|[Нн]е)\s"
    r"|間違った|間違いの|誤った|誤りの|틀린\s|잘못된\s|गलत\s|ไม่ใช่)(?:[Лл]учший\s)?$",
    re.IGNORECASE,
)
_WRONG_CHARS = 16
_NEEDLES = (
    "答え", "解答", "回答", "正解", "답", "твет", "ТВЕТ", "éponse", "ÉPONSE", "espuesta", "esposta",
    "isposta", "ntwort", "ösung", "awaban", "áp ", "الإجابة", "الجواب", "उत्तर", "คำตอบ",
)  # fmt: skip
_ASCII_NEEDLES = ("espuesta", "esposta", "isposta", "ntwort", "awaban")
_MOST = 8
_BEFORE = 5  # at most so many letters stand before a needle in its mark


def foreign_marks(text: str) -> Iterator[tuple[int, str]]:
    """Where answers begin after a mark in another language, and the marks, last first.

    >>> [mark for _, mark in foreign_marks("La réponse est 3. Ответ: 4")]
    ['Ответ:', 'réponse est']
    """
    needles = _ASCII_NEEDLES if text.isascii() else _NEEDLES
    marks = {match.end(): match.group() for needle in needles for match in _near(text, needle)}
    yield from ((at, marks[at].replace("*", "").strip()) for at in sorted(marks, reverse=True))


def wrong_before(text: str, start: int) -> int:
    """Where the word begins that rules out the answer named at `start`; -1 where none does.

    >>> wrong_before("Die falsche Antwort ist 3.", 12), wrong_before("Die Antwort ist 3.", 4)
    (4, -1)
    """
    match = _WRONG.search(text, max(start - _WRONG_CHARS, 0), start)
    return match.start() if match else -1


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
    " falsche falschen falscher falsches fausse falsa sbagliato sbagliata erroneo erronea errado"
    " errada incorrecta incorrecte mauvaise sai"
    " vielleicht wahrscheinlich quizas tal talvez forse mungkin probablement presque casi quase"
    " hampir beinahe circa ungefahr environ mindestens weniger"
    " mehr au plus moins al menos lo pelo mais almeno meno maksimal kurang lebih minus wurzel"
    " racine raiz radice akar quadratwurzel fois mal hoch mitad metade doppelte doble dobro"
    " doppio setengah ao zum elevado elevato pangkat kuadrat quadrat terzo tercio drittel viertel"
    " millones millon milliard milliards milliarde milliarden millionen milioni milione miliardi"
    " miliardo billones billionen tausend hundert cientos centinaia migliaia milhares milliers"
    " ribu juta miliar ratus dutzend douzaine douzaines docena docenas dozzina dozzine lusin"
    " prozent pourcent pourcents ciento cento cent persen"
)
_CHANGES = re.compile(
    r"(?P<denial>\b(?:nicht|keine?|bukan|tidak|jamais|nunca)\b|n['’](?:est|était)\b|\bpas\b"
    r"|\bn[oã]o?\s(?:es|son|é|è|sono|são|puede|pode)\b|\bnon\s(?:è|sono|est)\b|không\sphải|(?<!\w)(?:не|нет)(?!\w)"
    r"|ではな|ではあり|じゃな|아니|아닙|ليس|नहीं|ไม่|\b(?:falsch(?:e[nrs]?)?|faux|fausse|fals[oa]|salah|incorrect[oae])\b"
    r"|\b(?:sbagliat[oa]|err[oó]ne[oa]|errad[oa]|mauvaise|sai)\b|間違|不正解|誤答|誤り|誤っ|неверн|неправильн"
    r"|ошибочн|틀렸|틀린|잘못|오답|गलत|ผิด|خاطئ|خطأ)"
    r"|(?P<hedge>\b(?:vielleicht|wahrscheinlich|quiz[áa]s?|tal\svez|talvez|forse|mungkin)\b|peut-être|probablement"
    r"|возможно|может\sбыть|наверн|вероятно|たぶん|かもしれ|おそらく|아마|có\sthể|có\slẽ|ربما|शायद"
    r"|\b(?:presque|casi|quase|hampir|beinahe)\b|почти|거의|ほぼ|लगभग)"
    r"|(?P<comparison>\b(?:mindestens|höchstens|weniger\sals|mehr\sals|au\smoins|au\splus|plus\sde|moins\sde|al\smenos"
    r"|más\sde|menos\sde|a\slo\ssumo|pelo\smenos|mais\sde|almeno|più\sdi|meno\sdi|maksimal|kurang\sdari|lebih\sdari)\b"
    r"|больше|меньше|более|менее|не\sме|以上|以下|未満|より大|より小|이상|이하|미만|초과|ít\snhất|nhiều\snhất|hơn)"
    r"|(?P<operation>\b(?:minus|moins|menos|meno|wurzel|racine|ra[ií]z|radice|akar|quadratwurzel|fois|mal|hoch|mitad|moitié"
    r"|metade|metà|doppelte|doble|dobro|doppio|setengah)\b|минус|корень|корня|половин|квадрат(?!н)|マイナス|ルート|平方根|半分"
    r"|마이너스|루트|제곱(?!미터|센티|킬로)|절반|căn|trừ|âm\s|ลบ|جذر|ناقص|سالب"
    r"|\b(?:au\s(?:carré|cube)|al\s(?:cuadrado|cubo|quadrato)|ao\s(?:quadrado|cubo)|zum\squadrat|quadrat|kuadrat"
    r"|pangkat|elevad[oa]|elevat[oa]|terzo|tercio|terço|drittel|viertel)\b|\bтрет[ьи]\b|четверт|\bкуб[еа]?\b|степен"
    r"|bình\sphương|lập\sphương|二乗|自乗|[23]乗|分の|분의)"
    r"|(?P<scale>\b(?:millones|mill[oó]n|milliards?|milliarden?|millionen|milion[ei]|miliard[oi]|milh(?:ão|ões)"
    r"|bilh(?:ão|ões)|billones|billionen|tausend|hundert|cientos|centinaia|migliaia|milhares|milliers|ribu|juta|miliar"
    r"|ratus|triệu|nghìn|ngàn|tỷ|tỉ|trăm|chục|dutzend|douzaines?|docenas?|dúzias?|dozzin[ae]|lusin"
    r"|prozent|pourcents?|(?:pour|por|per)\scent[o]?|por\sciento|persen)\b|(?<!\w)(?:тыс|миллион|миллиард|трил|млн"
    r"|млрд|сотен|сотн|дюжин|десятк|процент)|ダース|다스|(?<=\d)\s?[만억천백](?![가-힣]{3})|(?<=\d)\s?조(?!각)"
    r"|パーセント|(?<=\d)\s?割|퍼센트|(?<=\d)\s?千円|लाख|करोड़|हज़ार|हजार|सौ(?!\w)|दर्जन|प्रतिशत|ล้าน|แสน|หมื่น|พัน|ร้อย|เปอร์เซ็นต์"
    r"|ألف|آلاف|مليون|ملايين|مليار|بالمئة|بالمائة|(?<!\w)مئة)",
    re.IGNORECASE,
)
_FILLERS = (
    "donc|bien|exactement|égale? à|de|le nombre|por lo tanto|entonces|igual a|exactamente|el número"
    "|portanto|então|exatamente|o número|quindi|dunque|uguale a|pari a|esattamente|il numero|also"
    "|somit|daher|genau|gleich|die Zahl|итак|равно|равен|равна|это|ровно|число|bằng|sebesar|yaitu"
    "|ちょうど|全部で|合計|바로|정확히|총|모두|ist|est|es|é|è|là|adalah"
)
_BEFORE_VALUE = re.compile(
    rf"(?:[\s*:：_\"'«„“(\[{{、，,|-]|(?:{_FILLERS})(?!\w)|(?:ちょうど|全部で|合計|총)|[A-Za-z]\w?\s?=|[€£¥₽₹~−+±])*",
    re.IGNORECASE,
)
_VALUE_STARTS = re.compile(r"[$\\\d√π]")
_NO_NOUNS = name_set(  # what stands behind a number as one word and changes it
    "mil mille mill mio miles mila million millions billion billions trillion trillions "
    "centena centenas centaine centaines dizaine dizaines quinzaine quinzaines vingtaine "
    "vingtaines trentaine quarantaine cinquantaine soixantaine decena decenas quincena dezena "
    "dezenas decina decine ventina trentina belasan puluh puluhan belas lakh lakhs crore "
    "crores tiers quart quarts quarto quarti quinto quintos sesto sexto demi demie medio "
    "media medios meio meia mezzo mezza halbe halb setengah carré cube cuadrado cubo quadrado "
    "quadrato au al ao zum hoch pour por per fast etwa circa quasi environ almost approx "
    "about so oder ou o or или oppure atau hoặc plus minus"
)
_ABBREVIATION = re.compile(r"[b-df-hj-np-tv-xz]+", re.IGNORECASE)  # Mrd, Tsd, mln, rb
_SECOND = (
    r"carrée?s?|cubes?|cuadrad[oa]s?|cúbic[oa]s?|quadrad[oa]s?|quadrat[ie]|cubic[ie]|метр\w*"
    r"|сантиметр\w*|километр\w*|vuông|khối|persegi|है|हैं|ครับ|ค่ะ"
)
_IN_ALL = (
    r"(?:au total|en tout|en total|no total|in totale|in tutto|insgesamt|im Ganzen|всего|tất cả"
    r"|semuanya|secara total)"
)
_WORD = r"[^\W\d_]+[\u0300-\u036f\u0900-\u0dff\u0e00-\u0e7f\w'’-]*"
_CLASSIFIER = r"(?:con|quả|cái|chiếc|cuốn|quyển|người|bông|viên|tờ|bức|hộp|ekor|buah|orang)\s"
_BEHIND_VALUE = re.compile(
    rf"(?:{_CLASSIFIER}{_WORD}|(?P<noun>{_WORD}(?:/[^\W\d]+)?[²³%]?|[°℃%€£¥₽₹]\w?)"
    rf"(?:\s(?:{_SECOND})|\s(?:par|por|pro|per|в|na|/)\s[^\W\d]+)?)?(?:\s?{_IN_ALL})?",
    re.IGNORECASE,
)
_COUNTERS = (
    "個 箇 人 名 円 本 枚 匹 頭 羽 冊 台 回 度 階 杯 着 足 歳 才 年 か月 ヶ月 カ月 月 週間 週 "
    "日 日間 時間 時 分 分間 秒 秒間 点 通り 通 種類 組 番目 番 件 箱 袋 軒 席 行 列 問 曲 票 "
    "つ 倍 平方センチメートル 平方メートル 立方センチメートル 立方メートル グラム キログラム"
)
_KOREAN_COUNTERS = (
    "개 명 원 마리 권 장 살 세 시간 시 분 초 일 주 달 개월 년 대 송이 자루 그루 병 잔 채 켤레 "
    "번 회 가지 점 도 층 쪽 페이지 조각 상자 봉지 미터 센티미터 킬로미터 그램 킬로그램 리터 "
    "제곱미터 제곱센티미터 배 사람 팀 줄"
)
_KATAKANA = (  # a loan word is a thing, but for those that scale
    r"(?!グロス|ミリオン|ビリオン|トリリオン|メガ|ギガ|ハーフ)[\u30a1-\u30fa\u30fc]{2,12}"
)


def _one_of(names: str) -> str:
    return "|".join(sorted(names.split(), key=len, reverse=True))


_COUNTED = re.compile(  # の and 의 only behind a counter: 5の逆数 is no 5
    rf"\s?(?:[万億]?(?:{_KATAKANA}|{_one_of(_COUNTERS)})(?:の[^\W\d_]{{1,12}}?)?|[万億])?"
    r"(?:です|でした|である|だ|になります|となります|になる|となる)?よ?"
    rf"|\s?(?:(?:{_one_of(_KOREAN_COUNTERS)})(?:의\s?[^\W\d_]{{1,8}}?)?)?"
    r"(?:입니다|이다|이에요|예요|이야|임|다)?"
)
_SHARE = re.compile(  # 5 sixièmes, 5 décimas, 5 Zehntel
    r"\w+ièmes?|(?:drit|vier|fünf|sechs|sieb|ach|neun|zehn|hunderts|tausends)tel"
    r"|tercios?|cuart[oa]s?|quint[oai]s?|sext[oa]s?|séptim[oa]s?|octav[oa]s?|noven[oa]s?|décim[oa]s?"
    r"|centésim[oa]s?|milésim[oa]s?|avos|terços?|quart[oi]s?|sétim[oa]s?|oitav[oa]s?|nonos|terz[oi]"
    r"|sest[oi]|settim[oi]|ottav[oi]|non[oi]|decim[oi]|centesim[oi]|millesim[oi]"
    r"|(?:десят|сот|тысячн|треть|четв[её]рт|пят|шест|седьм|восьм|девят)[ыи]х",
    re.IGNORECASE,
)
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7a3]")
_AROUND = " \t\r\n*$_)\\]}»“\"'.,!。、；;"
_LAST_VALUE = re.compile(r".*[\d}π)$]", re.DOTALL)


def problem_behind(mark: str, text: str) -> str:
    """Why the answer behind a mark in another language is not read; or "".

    Around the number there may be words that are known to change nothing, and one noun behind it.

    >>> problem_behind("réponse est", "donc 3 pommes"), problem_behind("réponse est", "vers 3")
    ('', "'vers' before a number is not understood")
    """
    if not _NAME.match(mark) or not any(map(str.isdigit, text)):
        return ""
    if problem := foreign_problem(text):
        return problem
    value = _VALUE_STARTS.search(text)
    before = text[: value.start()] if value else text
    is_chinese = mark[:2] in ("解答", "回答", "正解") and not re.search(f"[{FOREIGN}]", text)
    if not is_chinese and not _BEFORE_VALUE.fullmatch(before):
        return f"{before.strip()[:30]!r} before a number is not understood"
    last = _LAST_VALUE.match(text)
    behind = text[last.end() :].strip(_AROUND) if last else ""
    if not behind or is_chinese or _is_counted(mark, behind):
        return ""
    return f"{behind[:30]!r} behind a number is not understood"


def _is_counted(mark: str, behind: str) -> bool:
    """Whether the words behind a number only say what it counts or measures."""
    if _KANA_OR_HANGUL.search(behind) or mark[0] in "答解回正":
        return _COUNTED.fullmatch(behind) is not None
    match = _BEHIND_VALUE.fullmatch(behind)
    if match is None:
        return False
    noun = match["noun"] or ""
    changes = noun.lower() in _NO_NOUNS or _ABBREVIATION.fullmatch(noun) or _SHARE.fullmatch(noun)
    return is_unit(noun) or not changes


def is_ruled_out(text: str) -> bool:
    """Whether a text in another language denies or doubts something.

    >>> is_ruled_out("Keine Antwort ist B."), is_ruled_out("Es ist B.")
    (True, False)
    """
    return any(match.lastgroup in ("denial", "hedge") for match in _CHANGES.finditer(text))


def denies(mark: str, text: str) -> bool:
    """Whether what stands behind a mark in another language begins with a denial.

    >>> denies("respuesta", "incorrecta es 3"), denies("respuesta es", "3")
    (True, False)
    """
    match = _CHANGES.match(text) if _NAME.match(mark) else None
    return match is not None and match.lastgroup == "denial"


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
