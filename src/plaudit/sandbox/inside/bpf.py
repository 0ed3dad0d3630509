"""A small assembler for the classic BPF of seccomp, without hand-counted jumps.

Blocks are lists of instructions that are put together; `unless` and `when` count the jumps.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Instruction", "assemble", "evaluate", "give", "load", "when", "when_any", "when_bits"]

_LOAD, _EQUAL, _AT_LEAST, _BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE = 0, 4


class Instruction(NamedTuple):
    """One `struct sock_filter`."""

    code: int
    if_true: int
    if_false: int
    value: int


Block = list[Instruction]


def load(offset: int) -> Block:
    """Reads the word at an offset of `struct seccomp_data`; argument i is at ``16 + 8 * i``."""
    return [Instruction(_LOAD, 0, 0, offset)]


def give(action: int) -> Block:
    """Ends the filter with an action."""
    return [Instruction(_RETURN, 0, 0, action)]


def when(value: int, block: Block) -> Block:
    """Runs the block where the word read equals the value, and goes on after it otherwise."""
    return [Instruction(_EQUAL, 0, len(block), value & 0xFFFFFFFF), *block]


def when_at_least(value: int, block: Block) -> Block:
    """Runs the block where the word is at least the value."""
    return [Instruction(_AT_LEAST, 0, len(block), value), *block]


def when_bits(mask: int, block: Block) -> Block:
    """Runs the block where one of the mask's bits is set."""
    return [Instruction(_BITS, 0, len(block), mask & 0xFFFFFFFF), *block]


def when_any(values: Iterable[int], block: Block) -> Block:
    """Runs the block for each of the values."""
    ordered = sorted(set(values))
    compares: Block = []
    for place, value in enumerate(ordered):
        left = len(ordered) - place - 1
        if_false = 0 if left else len(block)
        compares.append(Instruction(_EQUAL, left, if_false, value))
    return [*compares, *block] if len(ordered) < 250 else _split(ordered, block)


def _split(ordered: list[int], block: Block) -> Block:
    half = len(ordered) // 2
    return when_any(ordered[:half], block) + when_any(ordered[half:], block)


def assemble(block: Block) -> bytes:
    """The bytes of an array of `struct sock_filter`."""
    return b"".join(struct.pack("HBBI", *_checked(step)) for step in block)


def _checked(step: Instruction) -> tuple[int, int, int, int]:
    if step.if_true > 255 or step.if_false > 255:
        raise ValueError(f"jump too far: {step}")
    return step.code, step.if_true, step.if_false, step.value


def evaluate(program: bytes, *, arch: int, number: int, args: tuple[int, ...] = ()) -> int:
    """The action that a program takes for a system call, as the kernel would compute it.

    >>> evaluate(assemble(load(NUMBER) + when(3, give(7)) + give(0)), arch=0, number=3)
    7
    """
    padded = (*args, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("<iIQ6Q", number, arch, 0, *(arg & (1 << 64) - 1 for arg in padded))
    steps = [Instruction(*step) for step in struct.iter_unpack("HBBI", program)]
    place = word = 0
    while True:
        step = steps[place]
        place += 1
        if step.code == _RETURN:
            return step.value
        if step.code == _LOAD:
            word = struct.unpack_from("<I", data, step.value)[0]
        else:
            holds = {
                _EQUAL: word == step.value,
                _AT_LEAST: word >= step.value,
                _BITS: bool(word & step.value),
            }[step.code]
            place += step.if_true if holds else step.if_false
