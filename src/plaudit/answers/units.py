"""Units of measurement: what a unit measures and how many of the base unit it is.

A unit is a product of powers of base quantities and an exact scale. A name with several meanings
(`pound` is money and weight, 分 is a minute and a hundredth of a yuan) has several readings, and
two quantities are equal if one pair of readings makes them equal. Words that are in no table
(clips, 个苹果) count things and are not units.

Sources of the scales: the international yard and pound of 1959 (0.9144 m, 0.45359237 kg), the US
gallon of 231 cubic inches, and the Chinese market units of 1959 (斤 500 g, 里 500 m, 亩 1/15 ha).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from plaudit.answers.latex_token import name_set

__all__ = ["POWERS_BEHIND", "Unit", "is_unit", "readings"]


class Unit(NamedTuple):
    """`(value + offset) * scale * pi**pis` of the base unit of `dims`."""

    dims: tuple[tuple[str, int], ...]
    scale: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)
    pis: int = 0


# One row: base quantities; scale, with the offset of a temperature after a comma; names. A name of
# several words is written with underscores. Rows that share a name are readings of it, in order.
_TABLE = """
length | 1/10000000000 | Å angstrom angstroms
length | 1/1000000000 | nm nanometer nanometers nanometre nanometres 纳米
length | 1/1000000 | μm um micrometer micrometers micron microns 微米
length | 1/1000 | mm millimeter millimeters millimetre millimetres 毫米 мм
length | 1/100 | cm centimeter centimeters centimetre centimetres 厘米 公分 см センチ 센티미터
length | 1/100 | センチメートル
length | 1/1000 | millimètre millimètres milímetro milímetros millimetro millimetri миллиметров
length | 1/100 | centimètre centimètres centímetro centímetros centimetro centimetri zentimeter
length | 1/100 | сантиметр сантиметра сантиметров
length | 1/10 | dm decimeter decimeters decimetre decimetres 分米 дм
length | 1 | m meter meters metre metres 米 公尺 м метр метра метров メートル 미터
length | 1 | mètre mètres metro metros metri mét
length | 1000 | km kms kilometer kilometers kilometre kilometres 千米 公里 км 킬로미터
length | 1000 | キロメートル
length | 1000 | kilomètre kilomètres kilómetro kilómetros quilômetro quilômetros
length | 1000 | chilometro chilometri километр километра километров
length | 500 | 里 华里
length | 10/3 | 丈
length | 1/3 | 尺
length | 1/30 | 寸
length | 254/10000 | in inch inches 英寸
length | 3048/10000 | ft foot feet 英尺
length | 9144/10000 | yd yds yard yards 码
length | 1609344/1000 | mi mile miles 英里
length | 1852 | nautical_mile nautical_miles 海里
mass | 1/1000000 | μg microgram micrograms
mass | 1/1000 | mg milligram milligrams 毫克
mass | 1 | g gram grams gramme grammes 克 г грамм グラム 그램
mass | 50 | 两
mass | 500 | 斤 市斤
mass | 1 | gramo gramos grama gramas grammo grammi gramm граммов грамма
mass | 1000 | kg kgs kilo kilos kilogram kilograms 千克 公斤 кг キログラム 킬로그램
mass | 1000 | kilogramme kilogrammes kilogramo kilogramos quilograma quilogramas chilogrammo
mass | 1000 | chilogrammi kilogramm килограмм килограмма килограммов
mass | 1000000 | t tonne tonnes metric_ton metric_tons ton tons 吨 т тонн トン 톤
mass | 907184.74 | ton tons short_ton short_tons
mass | 45359237/100000 | lb lbs pound pounds 磅
mass | 28.349523125 | oz ounce ounces 盎司
time | 1/1000000 | μs microsecond microseconds 微秒
time | 1/1000 | ms millisecond milliseconds 毫秒
time | 1 | s sec secs second seconds 秒 秒钟 сек секунд 초
time | 1 | seconde secondes segundo segundos secondi sekunde sekunden
time | 60 | min mins minute minutes 分钟 分 мин минут минуты 분
time | 60 | minuto minutos minuti minuten
time | 900 | 刻 刻钟
time | 3600 | h hr hrs hour hours 小时 时 钟头 个小时 个钟头 ч час часа часов 時間 시간
time | 3600 | heure heures hora horas stunde stunden
time | 86400 | day days 天 日
time | 86400 | jour jours día días giorno giorni tage
time | 604800 | week weeks 周 星期 礼拜 个星期
months | 1 | month months 月 个月
months | 3 | 季度
months | 12 | yr yrs year years 年
months | 120 | decade decades
months | 1200 | century centuries 世纪
length^2 | 4046.8564224 | acre acres 英亩
length^2 | 10000 | ha hectare hectares 公顷
length^2 | 2000/3 | 亩
length^3 | 1/1000000000 | μL μl
length^3 | 1/1000000 | ml mL milliliter milliliters millilitre millilitres 毫升 cc мл
length^3 | 1/1000 | litro litros litri литр литра литров
length^3 | 1/1000 | L l liter liters litre litres 升 л リットル 리터
length^3 | 3.785411784/1000 | gal gallon gallons 加仑
length^3 | 0.946352946/1000 | qt quart quarts
length^3 | 0.473176473/1000 | pt pint pints 品脱
length^3 | 0.2365882365/1000 | cup cups
length^3 | 0.0295735295625/1000 | fluid_ounce fluid_ounces fl_oz oz ounce ounces
length time^-1 | 1609344/3600000 | mph
length time^-1 | 1000/3600 | kph kmh kmph
length time^-1 | 1852/3600 | knot knots 节
time^-1 | 1 | Hz hz hertz 赫兹
time^-1 | 1000 | kHz khz
time^-1 | 1000000 | MHz mhz
mass length time^-2 | 1000 | N newton newtons 牛 牛顿
mass length^2 time^-2 | 1000 | J joule joules 焦 焦耳
mass length^2 time^-2 | 1000000 | kJ kj kilojoule kilojoules 千焦
mass length^2 time^-2 | 3600000000 | kWh kwh kilowatt_hour kilowatt_hours 千瓦时 度
mass length^2 time^-2 | 4184 | cal calorie calories 卡 卡路里
mass length^2 time^-2 | 4184000 | kcal 千卡 大卡
mass length^2 time^-3 | 1000 | W watt watts 瓦 瓦特
mass length^2 time^-3 | 1000000 | kW kw kilowatt kilowatts 千瓦
mass length^-1 time^-2 | 1000 | Pa pascal pascals 帕
mass length^-1 time^-2 | 1000000 | kPa kpa 千帕
current | 1 | A amp amps ampere amperes 安 安培
mass length^2 time^-3 current^-1 | 1000 | V volt volts 伏 伏特
mass length^2 time^-3 current^-2 | 1000 | ohm ohms Ω 欧 欧姆
amount | 1 | mol mole moles 摩尔
bits | 1 | bit bits 比特
bits | 8 | B byte bytes 字节
bits | 8000 | KB kb kilobyte kilobytes
bits | 8000000 | MB mb megabyte megabytes
bits | 8000000000 | GB gb gigabyte gigabytes
bits | 8000000000000 | TB tb terabyte terabytes
angle | 1 | ° deg degree degrees 度
angle | 180/pi | rad rads radian radians 弧度
angle | 360 | revolution revolutions rev revs
kelvin | 1,5463/20 | °c ° degree degrees 度 celsius degrees_celsius °_celsius 摄氏度
kelvin | 5/9,45967/100 | °f ° degree degrees fahrenheit degrees_fahrenheit °_fahrenheit 华氏度
kelvin | 1 | K kelvin kelvins 开尔文
usd | 1 | $ usd us$ dollar dollars buck bucks us_dollar us_dollars 美元 美金
usd | 1/100 | ¢ cent cents penny pennies 美分
usd | 1/20 | nickel nickels
usd | 1/10 | dime dimes
hkd | 1 | hkd hk$ 港元 港币
aud | 1 | aud a$ 澳元
cad | 1 | cad c$ 加元
sgd | 1 | sgd s$ 新元 新加坡元
eur | 1 | € eur euro euros 欧元
eur | 1/100 | ¢ cent cents 欧分
gbp | 1 | £ gbp pound pounds quid 英镑
gbp | 1/100 | p pence penny 便士
cny | 1 | ¥ cny rmb yuan 元 块 块钱 元钱 人民币 元人民币 圆
cny | 1/10 | jiao 角 毛 毛钱
cny | 1/100 | fen 分 分钱
jpy | 1 | ¥ jpy yen 日元 円 えん
krw | 1 | krw won 韩元 원
inr | 1 | ₹ inr rupee rupees rs 卢比
rub | 1 | ₽ rub ruble rubles rouble roubles 卢布 руб рубль рубля рублей
chf | 1 | chf franc francs 法郎
before_noon | 1 | am
after_noon | 1 | pm
"""
_DIVIDES = name_set("per / 每 a an each every par por pro в на")
_SQUARES_BEHIND = name_set(
    "squared carré carrés cuadrado cuadrados quadrado quadrados quadrato quadrati vuông"
)
_CUBES_BEHIND = name_set("cubed cube cubes cúbico cúbicos cubico cubici khối")
_SQUARE = _SQUARES_BEHIND | {"square", "sq", "平方"}
_CUBIC = _CUBES_BEHIND | {"cubic", "cu", "立方"}
_POWERS = {**dict.fromkeys(_SQUARE, 2), **dict.fromkeys(_CUBIC, 3)}
POWERS_BEHIND = _SQUARES_BEHIND | _CUBES_BEHIND
_HAN = re.compile(r"[\u3400-\u9fff]")
_LONGEST = 8


def _table() -> Mapping[str, tuple[Unit, ...]]:
    units_by_name: dict[str, list[Unit]] = {}
    for row in _TABLE.strip().splitlines():
        dims, size, names = (part.strip() for part in row.split("|"))
        unit = _unit(dims, size)
        for name in names.split():
            units_by_name.setdefault(name.replace("_", " "), []).append(unit)
    return {name: tuple(units) for name, units in units_by_name.items()}


def _unit(dims: str, size: str) -> Unit:
    powers = tuple(sorted((n, int(k or 1)) for n, _, k in (d.partition("^") for d in dims.split())))
    scale, _, offset = size.partition(",")
    above, _, below = scale.partition("/")
    if below == "pi":
        return Unit(powers, Fraction(above), pis=-1)
    return Unit(powers, Fraction(above) / Fraction(below or "1"), Fraction(offset or "0"))


_UNITS = _table()


def is_unit(word: str) -> bool:
    """Whether a word by itself is the name of a unit.

    >>> is_unit("km"), is_unit("clips")
    (True, False)
    """
    return bool(_lookup(word))


@functools.lru_cache(maxsize=4096)
def readings(words: str) -> tuple[Unit, ...]:
    """What a unit in words may mean; nothing unless it is a known unit (things that count are not).

    Words after the unit do not matter (`cm long`), nor do things in the denominator.

    >>> readings("km per h")[0].scale, readings("square cm")[0].dims
    (Fraction(5, 18), (('length', 2),))
    >>> len(readings("pounds")), readings("clips")
    (2, ())
    """
    meanings: tuple[Unit, ...] = ()
    sign, power = 1, 1
    for word, units in _factors(words.split()):
        if word in _DIVIDES:
            sign = -1
        elif word in _POWERS and word not in POWERS_BEHIND:
            power = _POWERS[word]
        elif units:
            raised = [_power(unit, sign * power) for unit in units]
            meanings = tuple(_times(a, b) for a in meanings or (Unit(()),) for b in raised)
            power = 1
        elif sign == 1:
            break
    return tuple(unit for unit in meanings if unit.dims)


def _factors(words: Sequence[str]) -> Iterator[tuple[str, tuple[Unit, ...]]]:
    """Names with their readings, the powers after them applied."""
    i = 0
    while i < len(words):
        pair = " ".join(words[i : i + 2])
        word = pair if pair in _UNITS else words[i]
        i += 2 if word == pair and " " in pair else 1
        for part in _han_parts(word) if _HAN.match(word) else (word,):
            units = _lookup(part)
            if i < len(words) and units and (power := _behind(words[i])):
                units, i = tuple(_power(unit, power) for unit in units), i + 1
            yield part, units


def _behind(word: str) -> int:
    """The power that a mark after a unit stands for, 0 without one."""
    if word in POWERS_BEHIND:
        return _POWERS[word]
    return int(word[1:]) if word[:1] == "^" and word[1:].isdecimal() else 0


def _han_parts(word: str) -> Iterator[str]:
    """平方米 as 平方 and 米, 千米每小时 as three; what follows a known unit is dropped."""
    at = 0
    while at < len(word):
        sizes = range(min(_LONGEST, len(word) - at), 0, -1)
        size = next((n for n in sizes if _is_known(word[at : at + n])), 0)
        if not size:
            break
        yield word[at : at + size]
        at += size
    if not at:
        yield word


def _is_known(part: str) -> bool:
    return part in _UNITS or part in _POWERS or part in _DIVIDES


def _lookup(name: str) -> tuple[Unit, ...]:
    return _UNITS.get(name) or _UNITS.get(name.lower()) or ()


def _power(unit: Unit, k: int) -> Unit:
    if k == 1:
        return unit
    return Unit(tuple((n, p * k) for n, p in unit.dims), unit.scale**k, pis=unit.pis * k)


def _times(a: Unit, b: Unit) -> Unit:
    if not a.dims:
        return b
    powers = dict(a.dims)
    for name, k in b.dims:
        powers[name] = powers.get(name, 0) + k
    dims = tuple(sorted((n, k) for n, k in powers.items() if k))
    return Unit(dims, a.scale * b.scale, pis=a.pis + b.pis)
