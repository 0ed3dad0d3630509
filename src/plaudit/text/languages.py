"""Names of languages, and the function words by which languages in Latin letters are distinguished.

Tables of our own, so that scores do not depend on whether a language model is installed.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from plaudit.text.stopwords import STOP_WORDS

__all__ = [
    "FUNCTION_WORDS",
    "KIN",
    "NAMES",
    "OTHER_FUNCTION_WORDS",
    "PLENTY",
    "PROFILES",
    "LatinText",
    "identify",
    "latin_words",
    "weigh",
    "words_in",
]


def _names(table: str) -> dict[str, str]:
    """The names in a table of lines "code name name".

    >>> _names("zh chinese mandarin")
    {'chinese': 'zh', 'mandarin': 'zh'}
    """
    rows = (line.split() for line in table.strip().splitlines())
    return {name: code for code, *names in rows for name in names}


_IN_ENGLISH = """
en english
zh chinese mandarin putonghua
yue cantonese
ja japanese
ko korean
fr french
de german
es spanish castilian
pt portuguese
it italian
ru russian
nl dutch
pl polish
tr turkish
vi vietnamese
th thai
id indonesian
ms malay
ar arabic
fa persian farsi
ur urdu
hi hindi
mr marathi
ne nepali
bn bengali bangla
pa punjabi
gu gujarati
ta tamil
te telugu
kn kannada
ml malayalam
si sinhala
el greek
he hebrew
sv swedish
da danish
nb norwegian
fi finnish
is icelandic
cs czech
sk slovak
sl slovenian
hr croatian
bs bosnian
sr serbian
bg bulgarian
mk macedonian
uk ukrainian
be belarusian
hu hungarian
ro romanian
ca catalan
gl galician
eu basque
ga irish gaelic
cy welsh
et estonian
lv latvian
lt lithuanian
sq albanian
mt maltese
tl tagalog filipino
sw swahili
yo yoruba
zu zulu
xh xhosa
ha hausa
ig igbo
so somali
am amharic
af afrikaans
eo esperanto
la latin
ka georgian
hy armenian
az azerbaijani
kk kazakh
uz uzbek
mn mongolian
my burmese
km khmer
lo lao
bo tibetan
"""
_IN_CHINESE = """
en 英文 英语
zh 中文 汉语 汉文 华语 华文 国语 普通话 文言文 白话文
yue 粤语 广东话
ja 日文 日语 日本语
ko 韩文 韩语 韩国语 朝鲜语
fr 法文 法语
de 德文 德语
es 西班牙文 西班牙语 西语
pt 葡萄牙文 葡萄牙语 葡语
it 意大利文 意大利语
ru 俄文 俄语
nl 荷兰文 荷兰语
pl 波兰文 波兰语
tr 土耳其文 土耳其语
vi 越南文 越南语
th 泰文 泰语
id 印尼文 印尼语 印度尼西亚语
ms 马来文 马来语
ar 阿拉伯文 阿拉伯语
fa 波斯语
ur 乌尔都语
hi 印地语
ne 尼泊尔语
bn 孟加拉语
pa 旁遮普语
gu 古吉拉特语
ta 泰米尔语
te 泰卢固语
el 希腊文 希腊语
he 希伯来文 希伯来语
sv 瑞典文 瑞典语
da 丹麦文 丹麦语
nb 挪威文 挪威语
fi 芬兰文 芬兰语
cs 捷克文 捷克语
hu 匈牙利文 匈牙利语
ro 罗马尼亚文 罗马尼亚语
bg 保加利亚文 保加利亚语
uk 乌克兰文 乌克兰语
tl 他加禄语 菲律宾语
sw 斯瓦希里语
yo 约鲁巴语
so 索马里语
la 拉丁文 拉丁语
mn 蒙古文 蒙古语
my 缅甸文 缅甸语
km 高棉语 柬埔寨语
lo 老挝文 老挝语
bo 藏文 藏语
"""
_IN_OTHERS = """
en englische inglesa английский
zh 中國語 漢語 國語 普通話 chinesische китайский
ja japanische японский
ko koreanische корейский
fr französische francesa французский
de deutsche alemana немецкий
es spanische española испанский
pt portugiesische португальский
it italienische italiana итальянский
ru russische русский
en 英語 영어 anglais englisch inglés ingles inglês inglese engels английском английски الإنجليزية
zh 中国語 華語 簡体字中国語 중국어 chinois chinesisch chino chinês cinese chinees китайском
zh китайски الصينية
yue 粵語 廣東話
ja 日本語 日語 일본어 japonais japanisch japonés japones japonês giapponese japans японском
ja японски اليابانية
ko 韓国語 韓國語 韓語 한국어 coréen koreanisch coreano корейском корейски الكورية
fr フランス語 法語 프랑스어 불어 français francais französisch francés frances francês francese
fr frans французском французски الفرنسية
de ドイツ語 德語 독일어 allemand deutsch alemán aleman alemão tedesco duits немецком немецки
de الألمانية
es スペイン語 西班牙語 스페인어 espagnol spanisch español espanol castellano espanhol spagnolo
es spaans испанском испански الإسبانية
pt ポルトガル語 葡萄牙語 포르투갈어 portugais portugiesisch portugués português portugues
pt portoghese portugees португальском португальски البرتغالية
it イタリア語 義大利語 이탈리아어 italien italienisch italiano italiaans итальянском итальянски
it الإيطالية
ru ロシア語 俄語 러시아어 russe russisch ruso russo русском русски الروسية
nl オランダ語 荷蘭語 네덜란드어 néerlandais niederländisch neerlandés holandés olandese nederlands
nl голландском
pl ポーランド語 폴란드어 polonais polnisch polaco polacco польском польски
tr トルコ語 터키어 turc türkisch turco türkçe турецком турецки التركية
vi ベトナム語 越南語 베트남어 vietnamien vietnamesisch vietnamita вьетнамском الفيتنامية
th タイ語 泰語 태국어 thaï thailändisch tailandés тайском
ar アラビア語 阿拉伯語 아랍어 arabe arabisch árabe arabo арабском арабски العربية
hi ヒンディー語 힌디어 хинди الهندية
uk ウクライナ語 우크라이나어 ukrainien ukrainisch ucraniano украинском украински
"""

NAMES: Mapping[str, str] = {**_names(_IN_ENGLISH), **_names(_IN_CHINESE), **_names(_IN_OTHERS)}
"""Names of languages in a dozen languages, in lower case, and their ISO 639 codes."""

# --- languages in Latin letters -------------------------------------------------------------------

_MORE_ENGLISH = """
what's it's let's don't explain write find give solve calculate compute translate summarize
describe please hello answer using use determine prove show following tell make create many
much help generate need want provide i'm you're that's aren't couldn't isn't wasn't weren't wouldn't
shouldn't hasn't haven't hadn't doesn't didn't can't won't i've we've they're
"""
_PROFILES = """
fr le la les des du de un une et est que qui dans pour pas ne sur avec il elle nous vous je ce cette
fr ces sont au aux par plus mais ou où donc on se sa son ses leur même être avoir été comme tout
fr très
fr c'est d'un d'une l' qu'il n'est quel quelle comment pourquoi combien écris écrivez explique
fr expliquez traduis traduisez donne calcule quels quelles bonjour peux pouvez
de der die das und ist nicht ein eine einen einem einer eines mit den dem des von zu auf für im sich
de auch es er sie wir ich du wie was wenn dass als aus bei nach werden wird sind war haben hat kann
de oder aber noch nur über durch dann daher also diese dieser dieses warum welche wie viele schreibe
de schreib erkläre übersetze berechne nenne bitte gib wo wer hallo zum zur vom beim
es el la los las de del que y en un una es por para con no se lo su sus al como más pero este esta
es estos estas son está ser ha hay muy también porque cuando donde qué cómo cuál cuánto quién dónde
es entonces así sin sobre entre hasta desde nos le les yo tú ya si escribe explica traduce calcula
es resuelve dame hola puedes
pt o os as de do da dos das que e em no na nos nas um uma é por para com não se mais mas como ao aos
pt à às pelo pela este esta isso são está ser foi tem também porque quando onde qual quais quanto
pt quem você ele ela eles eu nós então já muito sem sobre entre até seu sua escreva explique traduza
pt calcule resolva olá pode
it il lo la i gli le di del della dei delle dello degli che e è un una uno in con per non si da dal
it dalla nel nella sul sulla come più ma anche sono essere questo questa questi ha hanno perché
it quando dove cosa quale quali quanto chi quindi così se ci suo sua scrivi spiega traduci calcola
it risolvi dimmi ciao puoi al alla ai
nl de het een en van is in op te dat die niet met voor zijn aan er ook als bij maar om door dan naar
nl wordt worden was deze dit heeft hebben kan uit over wat hoe waarom welke wie waar ik je jij wij
nl we zij hij dus nog wel geen schrijf leg vertaal bereken hallo kun
sv och att det som en ett är av för på med inte den till i har de om jag vi du han hon från kan men
sv så när eller var vad hur varför vilken vilka detta denna dessa efter också ska skulle blir blev
sv vid skriv förklara översätt beräkna hej
da og at det som en et er af for på med ikke den til i har de om jeg vi du han hun fra kan men så
da når eller var hvad hvordan hvorfor hvilken hvilke dette denne disse efter også skal skulle bliver
da blev ved skriv forklar oversæt beregn hej
nb og at det som en et er av for på med ikke den til i har de om jeg vi du han hun fra kan men så
nb når eller var hva hvordan hvorfor hvilken hvilke dette denne disse etter også skal skulle blir
nb ble ved skriv forklar oversett beregn hei
fi ja on ei että se hän en ole oli olla mutta kun niin kuin tai myös joka jotka tämä nämä sen ovat
fi mitä mikä miten miksi kuka missä minä sinä me te he vain jos sitten siis kirjoita selitä käännä
fi laske hei voi
pl i w z na nie się że do to jest o jak ale po co tak za od przez dla czy są być był była było które
pl który która tego tym jego jej ich oraz lub więc gdy może można tylko już gdzie kto dlaczego jaki
pl jaka jakie ile napisz wyjaśnij przetłumacz oblicz podaj proszę cześć
cs a v na se je že do to s z o jak ale po co tak za od pro jsou být byl byla bylo které který která
cs toho tím jeho její jejich nebo tedy když může jen už kde kdo proč jaký jaká jaké kolik napiš
cs vysvětli přelož vypočítej prosím ahoj není také jako i k
hu a az és hogy nem is egy ez de meg van volt csak már mint ha vagy még el lehet kell ki azt ezt
hu amely ami aki mi miért hogyan hol mikor mennyi hány pedig majd fel így után szerint írj magyarázd
hu fordítsd számítsd kérlek szia
ro și de la în a cu nu pe că este un o din sau mai ce care se al ale pentru sunt fi fost dar ca prin
ro după când unde cum cât cine acest această acestea deci dacă lui ei lor scrie explică tradu
ro calculează bună
tr ve bir bu da de için ile ne mi mı çok daha gibi ama olarak olan var yok değil en kadar sonra ise
tr veya ya her şey nasıl neden niçin hangi kim nerede kaç o ben sen biz onlar ki yaz açıkla çevir
tr hesapla lütfen merhaba
id yang dan di dari untuk dengan ini itu adalah pada tidak ke akan dalam oleh juga atau sebagai bisa
id dapat karena saya kamu anda kita kami mereka dia ada telah sudah lebih jika maka apa bagaimana
id mengapa siapa dimana berapa tulis jelaskan terjemahkan hitung tolong halo secara
vi và là của có không cho các được trong một những với người này đã để khi từ đến cũng như vào ra
vi thì mà nhưng tôi bạn anh chị nó chúng ta về hay hoặc nếu vì gì nào thế sao ai đâu bao nhiêu viết
vi giải thích dịch tính hãy xin chào
hr i je u na da se za su od s iz ne što kao koji koja koje ali ili bi će biti bio bila bilo ovo to
hr taj ta te sam smo ste kako zašto gdje tko kada samo već može nije jer onda nego napiši objasni
hr prevedi izračunaj molim bok
ca el la els les de del que i en un una és per amb no es al com més però aquest aquesta són està ser
ca ha hi molt també perquè quan on què quin quina qui dels als pel seva seu així sense escriu
ca explica
ca tradueix calcula hola
"""


@functools.cache
def _profiles() -> dict[str, frozenset[str]]:
    words: dict[str, list[str]] = {}
    for line in _PROFILES.strip().splitlines():
        code, *more = line.split()
        words.setdefault(code, []).extend(more)
    english = {word for word in STOP_WORDS if word.isascii()} - {"ll", "re", "ve"}
    words["en"] = [*english, *_MORE_ENGLISH.split()]
    return {code: frozenset(more) for code, more in words.items()}


PROFILES: Mapping[str, frozenset[str]] = _profiles()
"""Function words, and words with which requests begin, of languages in Latin letters."""

FUNCTION_WORDS = frozenset().union(*PROFILES.values())
"""The words of all profiles."""

_OTHERS = """
na ya wa kwa ni katika hii huu cha la za kama ang ng mga sa ay na ko ka mo kung hindi die wat
vir nie ook sy vanaf sa na je aby ako ale pre som ir yra kad su iš į tai kaip un ir ka ar no par
ko ja on et ei oma see mis eta da ez bat dute izan agus an na is ar go sé tá yn y mae ac ei wedi
og að er sem það ekki við dhe të në një për me që është et in est non ad cum quod ut la de kaj
estas en ne por kun il li ta u biex minn ka iyo waa oo in ku ba da a ya ne shi ti ni ọ àti wọn
ukuthi futhi kuba ndi le dan yang
"""
OTHER_FUNCTION_WORDS = frozenset(_OTHERS.split())
"""Function words of languages without a profile: they tell text from a list, not languages."""

KIN: Mapping[str, str] = {
    **dict.fromkeys(("da", "nb", "no", "nn", "sv"), "scandinavian"),
    **dict.fromkeys(("cs", "sk"), "czech and slovak"),
    **dict.fromkeys(("hr", "sr", "bs", "sl"), "south slavic"),
    **dict.fromkeys(("id", "ms"), "malay"),
    **dict.fromkeys(("pt", "gl"), "portuguese and galician"),
    **dict.fromkeys(("nl", "af"), "dutch and afrikaans"),
}
"""Languages too close for function words to distinguish; each is accepted as the other."""

PLENTY = 0.3
"""This share of a language's function words settles it; running text has 0.4 and more."""

_LETTERS = "[a-zß-öø-ɏɐ-ʯḁ-ỿ\u0300-\u036f]+"
_WORD = re.compile(f"{_LETTERS}(?:['’]{_LETTERS})?")
_SPACED = {code: " " for code in range(128) if not (chr(code).isalpha() or chr(code) == "'")}
_LEAD = 1.5


@functools.cache
def _codes_of() -> dict[str, tuple[str, ...]]:
    codes: dict[str, tuple[str, ...]] = {}
    for code, words in PROFILES.items():
        for word in words:
            if len(word) > 1 or not word.isascii():  # y and z are variables more often than words
                codes[word] = (*codes.get(word, ()), code)
    return codes


def words_in(text: str) -> list[str]:
    """The words in Latin letters of a text in lower case, contractions whole."""
    if text.isascii():
        return text.lower().translate(_SPACED).split()
    return _WORD.findall(text.lower())


class LatinText(NamedTuple):
    """The function words of each language in a text, weighted, and how many words it has.

    A word that several languages share is split between them: "the" counts 1 for English, "die" a
    third for German.
    """

    hits: Mapping[str, float]
    num_words: int


def latin_words(text: str) -> LatinText:
    """Counts the function words of each language.

    >>> latin_words("Where are the others?").hits
    {'en': 3.0}
    """
    return weigh(words_in(text))


def weigh(words: Sequence[str]) -> LatinText:
    """`latin_words` of words in lower case."""
    codes_of = _codes_of()
    counts = Counter(words)
    hits: dict[str, float] = {}
    for word in counts.keys() & codes_of.keys():
        codes = codes_of[word]
        for code in codes:
            hits[code] = hits.get(code, 0.0) + counts[word] / len(codes)
    return LatinText(hits, len(words))


def identify(text: LatinText, *, least: float = 0.5, share: float = 0.0) -> str | None:
    """The language whose function words lead clearly, or None.

    Their weight is at least `least`, that `share` of all words, and half as much again as the
    weight of any language but its kin.

    >>> identify(latin_words("Où est la gare ?")), identify(latin_words("PyTorch 2.0"))
    ('fr', None)
    """
    if not text.hits:
        return None
    best = max(text.hits, key=text.hits.__getitem__)
    kin = KIN.get(best)
    rivals = [n for code, n in text.hits.items() if code != best and KIN.get(code, code) != kin]
    most = text.hits[best]
    needed = max(least, share * text.num_words, _LEAD * max(rivals, default=0.0))
    return best if most >= needed else None
