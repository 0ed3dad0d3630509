"""The assembler of filters, and the interpreter that the other tests lean on."""

import struct

import pytest

from plaudit.sandbox.inside import bpf

YES, NO = 1, 2


def answer(block, *, number=0, arch=0, args=()):
    return bpf.evaluate(bpf.assemble(block), arch=arch, number=number, args=args)


def test_an_instruction_is_eight_bytes_as_the_kernel_lays_them_out():
    expected = struct.pack("HBBI", 0x20, 0, 0, 4) + struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)
    assert bpf.assemble(bpf.load(bpf.ARCHITECTURE) + bpf.give(0x7FFF0000)) == expected


@pytest.mark.parametrize(("number", "expected"), [(4, NO), (5, YES), (6, NO)])
def test_when_takes_its_block_for_one_value(number, expected):
    block = bpf.load(bpf.NUMBER) + bpf.when(5, bpf.give(YES)) + bpf.give(NO)
    assert answer(block, number=number) == expected


@pytest.mark.parametrize(("number", "expected"), [(4, NO), (5, YES), (0x80000000, YES)])
def test_at_least_compares_without_sign(number, expected):
    block = bpf.load(bpf.NUMBER) + bpf.when_at_least(5, bpf.give(YES)) + bpf.give(NO)
    signed = struct.unpack("i", struct.pack("I", number))[0]
    assert answer(block, number=signed) == expected


@pytest.mark.parametrize(("flags", "expected"), [(0, NO), (0b0100, NO), (0b0010, YES), (0xFF, YES)])
def test_bits_need_one_of_the_mask(flags, expected):
    block = bpf.load(16) + bpf.when_bits(0b1010, bpf.give(YES)) + bpf.give(NO)
    assert answer(block, args=(flags,)) == expected


@pytest.mark.parametrize("count", [1, 2, 249, 250, 251, 600])
def test_any_of_many_values_reaches_the_block_from_each(count):
    values = range(10, 10 + 2 * count, 2)
    block = bpf.load(bpf.NUMBER) + bpf.when_any(values, bpf.give(YES)) + bpf.give(NO)
    numbers = range(8, 14 + 2 * count)
    assert [n for n in numbers if answer(block, number=n) == YES] == list(values)


def test_a_block_of_any_goes_on_with_what_follows():
    inner = bpf.load(16) + bpf.when(7, bpf.give(YES))
    block = bpf.load(bpf.NUMBER) + bpf.when_any((1, 2), inner) + bpf.give(NO)
    assert [answer(block, number=2, args=(a,)) for a in (7, 8)] == [YES, NO]


@pytest.mark.parametrize("index", range(6))
def test_both_halves_of_every_argument_are_in_reach(index):
    args = [0] * 6
    args[index] = 0x1111222233334444
    for offset, half in ((0, 0x33334444), (4, 0x11112222)):
        block = bpf.load(16 + 8 * index + offset) + bpf.when(half, bpf.give(YES)) + bpf.give(NO)
        assert answer(block, args=tuple(args)) == YES


def test_negative_arguments_are_64_bits_wide():
    block = bpf.load(20) + bpf.when(-1, bpf.give(YES)) + bpf.give(NO)
    assert answer(block, args=(-1,)) == YES


def test_a_jump_that_does_not_fit_is_an_error():
    with pytest.raises(ValueError, match="jump too far"):
        bpf.assemble(bpf.when(1, bpf.load(0) * 256))
