"""Honest programs that sandboxes wrongly fail, and honest failures."""

from __future__ import annotations

from plaudit.sandbox.attacks._attack import Attack

__all__ = ["ATTACKS"]

SUM = (("1 2\n3 4\n", "10\n"),)
ROOMY = (("cpu_s", 2.0), ("memory_mb", 512))


def _stdin(name: str, program: str, tests: object = SUM) -> Attack:
    return Attack(name, program, tests, "pass", "stdin", limits=ROOMY, layer="none")


def _call(name: str, program: str, *tests: tuple[tuple[object, ...], object]) -> Attack:
    return Attack(name, program, tests, "pass", limits=ROOMY, layer="none")


def _fails(name: str, program: str) -> Attack:
    return Attack(name, program, (((2,), 4),), "fail", limits=ROOMY, layer="none")


ATTACKS: tuple[Attack, ...] = (
    _stdin("read_all", "import sys\nprint(sum(map(int, sys.stdin.read().split())))"),
    _stdin("read_lines", "import sys\nprint(sum(int(x) for l in sys.stdin for x in l.split()))"),
    _stdin(
        "buffer_readline",
        "import sys\nr = sys.stdin.buffer.readline\n"
        "print(sum(map(int, r().split())) + sum(map(int, r().split())))",
    ),
    _stdin("open_zero", "print(sum(map(int, open(0).read().split())))"),
    _stdin("read_descriptor", "import os\nprint(sum(map(int, os.read(0, 1000).split())))"),
    _stdin(
        "until_the_end",
        "total = 0\ntry:\n    while True:\n        total += sum(map(int, input().split()))\n"
        "except EOFError:\n    print(total)",
    ),
    _stdin(
        "fast_template",
        "import os, sys\nfrom io import BytesIO\n"
        "data = BytesIO(os.read(0, os.fstat(0).st_size))\nline = lambda: data.readline()\n"
        "print(sum(map(int, line().split())) + sum(map(int, line().split())))",
    ),
    _stdin(
        "main_guard",
        "def main():\n    a = list(map(int, input().split()))\n"
        "    b = list(map(int, input().split()))\n"
        "    print(sum(a + b))\nif __name__ == '__main__':\n    main()",
    ),
    _stdin("exit_at_the_end", "print(10)\nexit()"),
    _stdin("quit_with_zero", "import sys\nprint(10)\nsys.exit(0)"),
    _stdin("raise_system_exit", "print(10)\nraise SystemExit"),
    _stdin("unread_input", "print(10)"),
    _stdin("noise_on_stderr", "import sys\nprint('x' * 200_000, file=sys.stderr)\nprint(10)"),
    _stdin("write_descriptor", "import os\nos.write(1, b'10\\n')"),
    _stdin("no_newline", "import sys\nsys.stdout.write('10')\nsys.stdout.flush()"),
    _stdin("crlf", "import sys\nsys.stdout.write('10\\r\\n')"),
    _stdin(
        "temporary_file",
        "import tempfile\nwith tempfile.TemporaryFile('w+') as f:\n"
        "    f.write('10')\n    f.seek(0)\n"
        "    print(f.read())",
    ),
    _stdin("own_file", "open('a.txt', 'w').write('10')\nprint(open('a.txt').read())"),
    _stdin(
        "own_modules",
        "open('mine.py', 'w').write('x = 10')\nimport sys\nsys.path.insert(0, '.')\n"
        "import mine\nprint(mine.x)",
    ),
    _stdin(
        "event_loop",
        "import asyncio\nasync def main():\n    await asyncio.sleep(0.01)\n    return 10\n"
        "print(asyncio.run(main()))",
    ),
    _stdin(
        "threads",
        "import threading\nfound = []\nts = [threading.Thread(target=found.append, args=(i,))"
        " for i in range(5)]\n[t.start() for t in ts]\n[t.join() for t in ts]\nprint(sum(found))",
    ),
    _stdin(
        "thread_pool",
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as pool:\n"
        "    print(sum(pool.map(int, '1234')))",
    ),
    _stdin(
        "deep_recursion_in_a_thread",
        "import sys, threading\nsys.setrecursionlimit(10**6)\nthreading.stack_size(128 << 20)\n"
        "def f(n): return 0 if n == 0 else 1 + f(n - 1)\n"
        "t = threading.Thread(target=lambda: print(f(50_000) - 49_990))\nt.start()\nt.join()",
    ),
    _stdin(
        "deep_recursion",
        "import sys\nsys.setrecursionlimit(20_000)\n"
        "def f(n): return 0 if n == 0 else 1 + f(n - 1)\n"
        "print(f(9_000) - 8_990)",
    ),
    _stdin("big_output", "print('7' * 2_000_000)", (("", "7" * 2_000_000),)),
    _stdin("big_input", "print(len(input()))", (("8" * 2_000_000 + "\n", "2000000"),)),
    _stdin(
        "own_pickle",
        "import pickle\nclass A:\n    def __init__(self): self.x = 10\n"
        "print(pickle.loads(pickle.dumps(A())).x)",
    ),
    _stdin("sleeps_a_little", "import time\ntime.sleep(0.2)\nprint(10)"),
    _stdin("works_a_little", "x = sum(i * i for i in range(3_000_000))\nprint(10)"),
    _stdin("much_memory", "x = bytearray(250 << 20)\nprint(10)"),
    _stdin(
        "own_alarm",
        "import signal, time\ndef late(*_): raise TimeoutError\n"
        "signal.signal(signal.SIGALRM, late)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.1)\ntry:\n    time.sleep(5)\n"
        "except TimeoutError:\n    print(10)",
    ),
    _stdin(
        "libraries",
        "import array, bisect, collections, copy, datetime, decimal, enum, fractions, functools\n"
        "import hashlib, heapq, itertools, json, math, operator, random, re, sqlite3, statistics\n"
        "import string, struct, textwrap, typing, unittest, uuid, zlib\nprint(10)",
    ),
    _stdin(
        "dataclass",
        "from __future__ import annotations\nfrom dataclasses import dataclass, field\n@dataclass\n"
        "class P:\n    x: int\n    y: list[int] = field(default_factory=list)\nprint(P(10).x)",
    ),
    _stdin("names_of_graders", "result = check = tests = solution = 10\nprint(result)"),
    _stdin(
        "seeded_random",
        "import random\nrandom.seed(5)\na = random.random()\nrandom.seed(5)\n"
        "print(10 if a == random.random() else 0)",
    ),
    _call("tuple", "def solve(x): return (x, x)", ((1,), (1, 1))),
    _call("set", "def solve(x): return {x, 2}", ((1,), {1, 2})),
    _call("dict_with_integers", "def solve(x): return {x: [x]}", ((1,), {1: [1]})),
    _call("nothing", "def solve(x): pass", ((1,), None)),
    _call("bytes", "def solve(x): return bytes([x])", ((65,), b"A")),
    _call("big_integer", "def solve(x): return x ** 400", ((7,), 7**400)),
    _call("integral_float", "def solve(x): return x / 2", ((4,), 2)),
    _call(
        "method_of_solution",
        "class Solution:\n    def solve(self, x):\n        return self.half(x) * 2\n"
        "    def half(self, x):\n        return x // 2",
        ((4,), 4),
    ),
    _call(
        "cached",
        "from functools import lru_cache\n@lru_cache(None)\ndef solve(n):\n"
        "    return n if n < 2 else solve(n - 1) + solve(n - 2)",
        ((80,), 23416728348467685),
    ),
    _call(
        "globals_between_calls",
        "n = 0\ndef solve(x):\n    global n\n    n += 1\n    return x",
        ((1,), 1),
        ((2,), 2),
    ),
    _call("prints_while_it_works", "def solve(x):\n    print('debug', x)\n    return x", ((1,), 1)),
    _call(
        "main_is_not_run",
        "def solve(x): return x\nif __name__ == '__main__':\n    input()",
        ((1,), 1),
    ),
    Attack(
        "asserts_of_all_kinds",
        "import re\ndef match(s): return re.match(r'(a+)', s)\nclass Node:\n"
        "    def __init__(self, v): self.v, self.next = v, None\n"
        "def count(n): return 0 if n is None else 1 + count(n.next)",
        "assert match('aab')\nassert not match('b')\nassert match('aab').group(1) == 'aa'\n"
        "head = Node(1)\nhead.next = Node(2)\nassert count(head) == 2",
        "pass",
        "assert",
        limits=ROOMY,
        layer="none",
    ),
    _fails("wrong_answer", "def solve(x): return x + 1"),
    _fails("syntax_error", "def solve(x: return x"),
    _fails("missing_function", "def solved(x): return x * 2"),
    _fails("raises", "def solve(x): raise ValueError(x)"),
    _fails("empty", ""),
    _fails("endless_recursion", "def solve(x): return solve(x)"),
    _fails("indentation", "def solve(x):\nreturn x * 2"),
)
