"""Numbers that are exact where they can be and enclosed where they cannot.

A value is a `Fraction`, an `Enclosure` that certainly holds the number, or a `Complex` of two of
them. Every operation rounds outwards, so two values that do not overlap are certainly different.
Numbers that would not fit (9**9**9**9, 10**9 factorial) become wide or huge intervals at once:
no operation takes longer than a few milliseconds.
"""

from __future__ import annotations

import functools
import math
from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    ROUND_CEILING,
    ROUND_FLOOR,
    Context,
    Decimal,
)
from fractions import Fraction
from typing import NamedTuple

from plaudit.old_names import old_names

__all__ = ["Arithmetic", "Complex", "Enclosure", "Real", "Undecided", "Undefined", "Value"]
__getattr__ = old_names(__name__)

_EXACT_BITS = 40_000
_EXACT_FACTORIAL = 3000
_EXTRA_DIGITS = 12
_ZERO, _ONE = Fraction(0), Fraction(1)


class Undecided(Exception):
    """This arithmetic cannot give the value an enclosure (0/0, a complex logarithm, ...)."""


class Undefined(Undecided):
    """There is no value: a number divided by zero."""


class Enclosure(NamedTuple):
    """All reals from `lo` to `hi`."""

    lo: Decimal
    hi: Decimal


Real = Fraction | Enclosure


class Complex(NamedTuple):
    """re + i im."""

    re: Real
    im: Real


Value = Fraction | Enclosure | Complex


class Arithmetic:
    """Operations at a precision of `digits` digits."""

    def __init__(self, digits: int) -> None:
        prec = digits + _EXTRA_DIGITS
        limits = {"prec": prec, "Emax": MAX_EMAX, "Emin": MIN_EMIN, "traps": []}
        self.digits = digits
        self.down = Context(rounding=ROUND_FLOOR, **limits)
        self.up = Context(rounding=ROUND_CEILING, **limits)

    # -- between exact and enclosed

    def enclose(self, x: Real) -> Enclosure:
        """The smallest interval of this precision around a real."""
        if isinstance(x, Enclosure):
            return x
        above, below = Decimal(x.numerator), Decimal(x.denominator)
        return Enclosure(self.down.divide(above, below), self.up.divide(above, below))

    def literal(self, digits: str) -> Enclosure:
        """A numeral too long to be worth reading exactly."""
        return Enclosure(self.down.create_decimal(digits), self.up.create_decimal(digits))

    def fitted(self, x: Fraction) -> Real:
        """An exact number, or its enclosure where it has grown too long."""
        size = x.numerator.bit_length() + x.denominator.bit_length()
        return x if size <= _EXACT_BITS else self.enclose(x)

    # -- the field operations

    def add(self, x: Value, y: Value) -> Value:
        if isinstance(x, Fraction) and isinstance(y, Fraction):
            return self.fitted(x + y)
        if isinstance(x, Complex) or isinstance(y, Complex):
            a, b = _complex(x), _complex(y)
            return self._from_parts(self.add(a.re, b.re), self.add(a.im, b.im))
        a, b = self.enclose(x), self.enclose(y)
        return _checked(self.down.add(a.lo, b.lo), self.up.add(a.hi, b.hi))

    def neg(self, x: Value) -> Value:
        if isinstance(x, Complex):
            return Complex(_real(self.neg(x.re)), _real(self.neg(x.im)))
        return -x if isinstance(x, Fraction) else Enclosure(x.hi.copy_negate(), x.lo.copy_negate())

    def mul(self, x: Value, y: Value) -> Value:
        if isinstance(x, Fraction) and isinstance(y, Fraction):
            return self.fitted(x * y)
        if isinstance(x, Complex) or isinstance(y, Complex):
            a, b = _complex(x), _complex(y)
            re = self.add(self.mul(a.re, b.re), self.neg(self.mul(a.im, b.im)))
            return self._from_parts(re, self.add(self.mul(a.re, b.im), self.mul(a.im, b.re)))
        a, b = self.enclose(x), self.enclose(y)
        pairs = [(p, q) for p in a for q in b if p and q] or [(Decimal(0), Decimal(0))]
        low = min(self.down.multiply(p, q) for p, q in pairs)
        high = max(self.up.multiply(p, q) for p, q in pairs)
        if len(pairs) in (1, 2, 3):  # an end is 0, and 0 times infinity is 0 here
            low, high = min(low, Decimal(0)), max(high, Decimal(0))
        return _checked(low, high)

    def div(self, x: Value, y: Value) -> Value:
        return self.mul(x, self.inverse(y))

    def inverse(self, x: Value) -> Value:
        if isinstance(x, Fraction):
            if not x:
                raise Undefined("division by zero")
            return 1 / x
        if isinstance(x, Complex):
            norm = self.add(self.mul(x.re, x.re), self.mul(x.im, x.im))
            conjugate = Complex(x.re, _real(self.neg(x.im)))
            return self.mul(conjugate, self.inverse(norm))
        if x.lo <= 0 <= x.hi:
            raise Undecided("division by what may be zero")
        one = Decimal(1)
        return Enclosure(self.down.divide(one, x.hi), self.up.divide(one, x.lo))

    # -- powers

    def power(self, x: Value, y: Value) -> Value:
        if isinstance(y, Fraction) and y.denominator == 1:
            return self._whole_power(x, y.numerator)
        if isinstance(x, Complex) or isinstance(y, Complex):
            return self._complex_power(x, y)
        if isinstance(y, Fraction) and isinstance(x, Fraction) and y.denominator <= 1000:
            return self._whole_power(self.root(x, y.denominator), y.numerator)
        if self.sign(x) != 1:
            raise Undecided("a power of a number that may not be positive")
        return self.exp(_real(self.mul(y, self.log(x))))

    def root(self, x: Value, n: int) -> Value:
        """The real n-th root; of a negative number the odd one, or i times the square root."""
        if n < 1:
            raise Undecided("a root that is not one")
        if isinstance(x, Complex):
            raise Undecided("a root of a complex number")
        if isinstance(x, Fraction) and (exact := _exact_root(abs(x), n)) is not None:
            magnitude: Value = exact
        elif (sign := self.sign(x)) is None:
            raise Undecided("a root of what may be zero")
        else:
            magnitude = self._positive_root(self.enclose(x if sign > 0 else _real(self.neg(x))), n)
        if self.sign(x) != -1:
            return magnitude
        if n % 2:
            return self.neg(magnitude)
        if n == 2:
            return Complex(_ZERO, _real(magnitude))
        raise Undecided("an even root of a negative number")

    def sign(self, x: Real) -> int | None:
        """1, 0 or -1, or None where the enclosure does not tell."""
        if isinstance(x, Fraction):
            return (x > 0) - (x < 0)
        return 1 if x.lo > 0 else -1 if x.hi < 0 else None

    def factorial(self, x: Value) -> Value:
        """x!, by Robbins' bounds on Stirling's formula where it is long."""
        if not isinstance(x, Fraction) or x.denominator != 1 or x < 0:
            if isinstance(x, Enclosure) and x.lo > 10**9:  # n! > 2^n > n
                return Enclosure(x.lo, Decimal("Infinity"))
            raise Undecided("a factorial of something that is not a whole number")
        n = x.numerator
        if n <= _EXACT_FACTORIAL:
            return Fraction(math.factorial(n))
        width = self.root(self.mul(self.mul(Fraction(2), self.pi()), x), 2)
        height = self.exp(self.mul(x, self.add(self.log(x), Fraction(-1))))
        near = self.enclose(_real(self.mul(width, height)))
        low, high = (self.enclose(_real(self.exp(Fraction(1, 12 * n + k)))) for k in (1, 0))
        return _checked(self.down.multiply(near.lo, low.lo), self.up.multiply(near.hi, high.hi))

    def binomial(self, n: Value, k: Value) -> Value:
        if not all(isinstance(v, Fraction) and v.denominator == 1 for v in (n, k)):
            raise Undecided("a binomial of something that is not a whole number")
        assert isinstance(n, Fraction)
        assert isinstance(k, Fraction)
        if not 0 <= k <= n:
            raise Undecided("a binomial outside its triangle")
        if n <= _EXACT_FACTORIAL:
            return Fraction(math.comb(n.numerator, k.numerator))
        below = self.mul(self.factorial(k), self.factorial(n - k))
        return self.div(self.factorial(n), below)

    # -- the functions

    def exp(self, x: Value) -> Value:
        if isinstance(x, Complex):
            size = self.exp(x.re)
            turn = self._from_parts(self.cos(x.im), self.sin(x.im))
            return self.mul(size, turn)
        if x == _ZERO:
            return _ONE
        a = self.enclose(x)
        low = self.down.next_minus(self.down.exp(a.lo))
        return _checked(max(low, Decimal(0)), self.up.next_plus(self.up.exp(a.hi)))

    def log(self, x: Value) -> Real:
        if isinstance(x, Complex) or self.sign(x) != 1:
            raise Undecided("a logarithm of a number that may not be positive")
        if x == _ONE:
            return _ZERO
        a = self.enclose(x)
        low, high = self.down.ln(a.lo), self.up.ln(a.hi)
        return _checked(self.down.next_minus(low), self.up.next_plus(high))

    def sin(self, x: Value) -> Real:
        return self._wave(x, quarter_turns=1)

    def cos(self, x: Value) -> Real:
        return self._wave(x, quarter_turns=0)

    def pi(self) -> Enclosure:
        digits = self.digits + _EXTRA_DIGITS
        low = Decimal(_pi_digits(digits)).scaleb(-digits - 3, self.down)
        high = Decimal(_pi_digits(digits) + 1).scaleb(-digits - 3, self.up)
        return Enclosure(self.down.plus(low), self.up.plus(high))

    def rounded(self, x: Value, *, up: bool) -> Value:
        """Floor or ceiling."""
        if isinstance(x, Fraction):
            return Fraction(math.ceil(x) if up else math.floor(x))
        if isinstance(x, Complex):
            raise Undecided("the floor of a complex number")
        rounding = ROUND_CEILING if up else ROUND_FLOOR
        low, high = (end.to_integral_value(rounding) for end in x)
        if not low.is_finite() or low != high or low.adjusted() > self.digits:
            raise Undecided("the floor of what may be a whole number")
        return Fraction(int(low))

    # -- inside

    def _from_parts(self, re: Value, im: Value) -> Value:
        return _real(re) if im == _ZERO else Complex(_real(re), _real(im))

    def _whole_power(self, x: Value, n: int) -> Value:
        if n < 0:
            return self._whole_power(self.inverse(x), -n)
        if isinstance(x, Complex):
            return self._by_squaring(x, n)
        if isinstance(x, Fraction):
            size = max(x.numerator.bit_length(), x.denominator.bit_length())
            if abs(x) == 1 or not x or size * n <= _EXACT_BITS:
                return x ** (n if abs(x) != 1 else 2 - n % 2)
        a = self.enclose(x)
        if a.lo < 0 < a.hi:
            raise Undecided("a power of what may be zero")
        low, high = sorted((a.lo.copy_abs(), a.hi.copy_abs()))
        least, most = self._scaled_power(low, n, self.down), self._scaled_power(high, n, self.up)
        power = Enclosure(least, most)
        return _real(self.neg(power)) if a.hi <= 0 and n % 2 else power

    def _scaled_power(self, x: Decimal, n: int, context: Context) -> Decimal:
        """x to the n, moved outwards by more than its rounding error."""
        exponent = Decimal(n)
        rising = context is self.up
        if exponent.adjusted() > self.digits // 2:  # its own digits would be lost
            return Decimal("Infinity") if rising else self._far_power(x, context)
        guarded = Context(context.prec + 20, context.rounding, MIN_EMIN, MAX_EMAX, traps=[])
        power = guarded.power(x, exponent)
        return context.next_plus(power) if rising else context.next_minus(power)

    def _far_power(self, x: Decimal, context: Context) -> Decimal:
        return context.next_minus(Decimal("Infinity")) if x >= 2 else Decimal(0)

    def _by_squaring(self, x: Value, n: int) -> Value:
        if n.bit_length() > 64:
            raise Undecided("a complex number to a huge power")
        result: Value = _ONE
        while n:
            if n & 1:
                result = self.mul(result, x)
            x, n = self.mul(x, x), n >> 1
        return result

    def _complex_power(self, x: Value, y: Value) -> Value:
        if isinstance(x, Complex) or self.sign(x) != 1:
            raise Undecided("a complex power of a complex number")
        return self.exp(self.mul(y, self.log(x)))

    def _positive_root(self, a: Enclosure, n: int) -> Value:
        if n == 2:
            low = self.down.next_minus(self.down.sqrt(a.lo))
            return _checked(low, self.up.next_plus(self.up.sqrt(a.hi)))
        return self.exp(_real(self.div(self.log(a), Fraction(n))))

    def _wave(self, x: Value, *, quarter_turns: int) -> Real:
        """cos(x - quarter_turns * pi/2), by Taylor's series."""
        if isinstance(x, Complex):
            raise Undecided("a trigonometric function of a complex number")
        if x == _ZERO:
            return _ONE if quarter_turns == 0 else _ZERO
        a = self.enclose(x)
        if not a.lo.is_finite() or not a.hi.is_finite() or a.hi.adjusted() > self.digits // 3:
            raise Undecided("an angle too large to reduce")
        work = Context(prec=self.digits + 2 * _EXTRA_DIGITS, traps=[])
        angle = work.divide(work.add(a.lo, a.hi), Decimal(2))
        pi = Decimal(_pi_digits(work.prec)).scaleb(-work.prec - 3, work)
        if quarter_turns:
            angle = work.subtract(angle, work.divide(pi, Decimal(2)))
        turns = work.divide(angle, pi).to_integral_value()
        value = _cosine(work.subtract(angle, work.multiply(turns, pi)), work)
        value = value if int(turns) % 2 == 0 else value.copy_negate()
        lost = max(a.hi.adjusted(), 0) + 3
        slack = self.up.add(
            self.up.subtract(a.hi, a.lo), Decimal(1).scaleb(lost - self.digits - _EXTRA_DIGITS)
        )
        return _checked(self.down.subtract(value, slack), self.up.add(value, slack))


def _checked(lo: Decimal, hi: Decimal) -> Enclosure:
    if lo.is_nan() or hi.is_nan():
        raise Undecided("infinity minus infinity")
    return Enclosure(lo, hi)


def _real(x: Value) -> Real:
    if isinstance(x, Complex):
        raise Undecided("a complex number where a real one is due")
    return x


def _complex(x: Value) -> Complex:
    return x if isinstance(x, Complex) else Complex(x, _ZERO)


def _exact_root(x: Fraction, n: int) -> Fraction | None:
    """The n-th root of a fraction that has a rational one."""
    above, below = _whole_root(x.numerator, n), _whole_root(x.denominator, n)
    return None if above is None or below is None else Fraction(above, below)


def _whole_root(x: int, n: int) -> int | None:
    if n == 2:
        root = math.isqrt(x)
    elif x < 2:
        root = x
    elif x.bit_length() > 300 or n > x.bit_length():
        return None
    else:
        root = round(Decimal(x) ** (Decimal(1) / n)) if x.bit_length() < 80 else _newton(x, n)
    return root if root**n == x else None


def _newton(x: int, n: int) -> int:
    """The whole part of the n-th root."""
    guess = 1 << -(-x.bit_length() // n)
    while True:
        better = ((n - 1) * guess + x // guess ** (n - 1)) // n
        if better >= guess:
            return guess
        guess = better


def _cosine(x: Decimal, work: Context) -> Decimal:
    total = term = Decimal(1)
    square = work.multiply(x, x)
    tiny = Decimal(1).scaleb(-work.prec - 2)
    k = 0
    while term.copy_abs() > tiny:
        k += 2
        term = work.divide(work.multiply(term, square), Decimal(k * (1 - k)))
        total = work.add(total, term)
    return total


@functools.lru_cache(maxsize=64)
def _pi_digits(digits: int) -> int:
    """The whole part of pi * 10**(digits + 3), by Machin's formula."""
    scale = 10 ** (digits + 13)
    value = 4 * (4 * _arctan_inverse(5, scale) - _arctan_inverse(239, scale))
    return value // 10**10


def _arctan_inverse(n: int, scale: int) -> int:
    """arctan(1/n) * scale, by its series."""
    total = term = scale // n
    k, sign = 1, 1
    while term:
        term //= n * n
        k, sign = k + 2, -sign
        total += sign * (term // k)
    return total
