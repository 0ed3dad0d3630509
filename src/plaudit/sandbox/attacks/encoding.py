"""Bytes and characters that readers and writers stumble over."""

from __future__ import annotations

from plaudit.sandbox.attacks._attack import Attack

__all__ = ["ATTACKS"]

ONE = (("", "ok"),)

ATTACKS: tuple[Attack, ...] = (
    Attack("nul_in_source", b"print('ok')\0", ONE, "fail", "stdin", why="NUL is no source"),
    Attack("nul_in_a_comment", b"# \0\nprint('ok')", ONE, "fail", "stdin", why="NUL is no source"),
    Attack(
        "surrogate_in_source",
        b"print('\xed\xb2\x80')",
        ONE,
        "fail",
        "stdin",
        why="a lone surrogate is no UTF-8",
    ),
    Attack(
        "invalid_utf8_in_source", b"print('\xff')", ONE, "fail", "stdin", why="not UTF-8, not cut"
    ),
    Attack(
        "declared_latin1",
        b"# -*- coding: latin-1 -*-\nprint('ok' if '\xe9' == chr(233) else 'no')",
        ONE,
        "any",
        "stdin",
        why="a declared encoding may be read or refused, never mangled",
    ),
    Attack(
        "surrogate_in_output",
        "print('\\udc80')",
        (("", "\\udc80"),),
        "pass",
        "stdin",
        why="printing a surrogate must not end the program",
    ),
    Attack(
        "invalid_utf8_in_output",
        "import os\nos.write(1, b'\\xff\\xfe')",
        (("", "ok"),),
        "fail",
        "stdin",
        why="the grader must not fall over bytes",
    ),
    Attack(
        "nul_in_output",
        "print('ok\\0')",
        ONE,
        "fail",
        "stdin",
        why="NUL is a character like any other",
    ),
    Attack("crlf_source", "print('a')\r\nprint('ok')\r\n", (("", "a\nok"),), "pass", "stdin"),
    Attack("byte_order_mark", "\ufeffprint('ok')", ONE, "pass", "stdin"),
    Attack(
        "crlf_input",
        "print(sum(int(x) for x in input().split()))",
        (("1 2\r\n", "3"),),
        "pass",
        "stdin",
    ),
    Attack("chinese_names", "结果 = '好'\nprint(结果)", (("", "好"),), "pass", "stdin"),
    Attack(
        "surrogate_returned",
        "def solve():\n    return '\\ud800'",
        (((), "ok"),),
        "fail",
        why="a surrogate must cross as data",
    ),
    Attack(
        "nan_returned",
        "def solve():\n    return float('nan')",
        (((), 1.0),),
        "fail",
        why="NaN equals nothing",
    ),
    Attack(
        "infinity_returned", "def solve():\n    return float('inf')", (((), float("inf")),), "pass"
    ),
    Attack(
        "identifier_normalised",
        "def solve():\n    ﬁ = 'ok'\n    return fi",
        (((), "ok"),),
        "pass",
        why="identifiers are NFKC",
    ),
    Attack(
        "huge_line",
        "print('x' * 3_000_000)",
        (("", "x" * 3_000_000),),
        "pass",
        "stdin",
        why="one long line is output",
    ),
)
