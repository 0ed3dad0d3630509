"""Programs that are right and say so in unusual ways, and near misses beside each."""

import json
import math
from pathlib import Path

import pytest

from plaudit import Group, load

SHARED = Path(__file__).parents[3] / "../shared/cases/code_layouts.jsonl"
REFUSED = None  # an input fault


def scored(code, tests, **params):
    group = Group("Write it.", [f"```python\n{code}\n```"], {"tests": tests})
    return load("rules.code.passes", **{"cpu_s": 3, **params}).score([group])[0][0]


def value(score):
    assert (score.fault == "input") == math.isnan(score.value), score
    return REFUSED if math.isnan(score.value) else score.value


def test_the_shared_cases():
    if not SHARED.exists():
        pytest.skip("the shared cases are not beside the checkout")
    reward = load("rules.code.passes")
    for row in map(json.loads, SHARED.read_text().splitlines()):
        columns = {k: v for k, v in row.items() if k not in ("prompt", "response", "right", "why")}
        score = reward.score([Group(row["prompt"], [row["response"]], columns)])[0][0]
        assert score.value == row["right"], (row, score)


RAISES = "try:\n    f(1)\nexcept ValueError:\n    pass\nelse:\n    assert False"
CLEARS = "def f(xs):\n    xs.clear()\n    return []"
ASYNC = "import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x + {}"
ADDS = "async def f(x):\n    return x + {}"
INPUT = "def f():\n    return int(input('n? ')) + int(input())"
SORTS = "def f(xs):\n    xs.sort()\n    return xs"
PRINTS = "def f():\n    print({!r})"
CASES = [
    # tests that pass through their except branch
    ("def f(a):\n    raise ValueError('x')", RAISES, 1),
    ("def f(a):\n    return 1", RAISES, 0),
    ("def f(a):\n    raise KeyError('x')", RAISES, 0),
    (
        "def f(a): raise ValueError",
        "try:\n    f(1)\n    raise AssertionError('no error')\nexcept ValueError:\n    pass",
        1,
    ),
    # what is missing does not raise what was asked for
    ("g = 1", "import pytest\ndef test_f():\n    with pytest.raises(Exception):\n        f(1)", 0),
    (
        "class Solution: pass",
        "import pytest\ndef test_f():\n    with pytest.raises(Exception):\n        Solution().f(1)",
        0,
    ),
    (
        "g = 1",
        "import unittest\nclass T(unittest.TestCase):\n    def test_f(self):\n"
        "        with self.assertRaises(Exception):\n            f(1)",
        0,
    ),
    ("g = 1", "try:\n    f(1)\n    assert False\nexcept Exception:\n    pass", 0),
    (
        "def f(x): raise TypeError('bad')",
        "import pytest\ndef test_f():\n    with pytest.raises(TypeError, match='bad'):\n"
        "        f(1)",
        1,
    ),
    # changed arguments
    (CLEARS, "def test_f():\n    xs = [3, 1]\n    assert f(xs) == sorted(xs)", 0),
    (CLEARS, "xs = [3, 1]\nassert f(xs) == sorted(xs)", 0),
    (CLEARS, "xs = [3, 1]\nassert f(xs) == [] and xs == []", 1),
    (
        CLEARS,
        "import unittest\nclass T(unittest.TestCase):\n    def test_f(self):\n"
        "        xs = [3, 1]\n        self.assertEqual(f(xs), sorted(xs))",
        0,
    ),
    (SORTS, "xs = [3, 1]\nassert f(xs) == sorted(xs)\nassert xs == [1, 3]", 1),
    (SORTS, "xs = [3, 1]\nassert f(xs) is xs\nassert xs == [1, 3]", 1),
    ("def f(xs): xs.sort()", "xs = [3, 1]\nassert f(xs) is None\nassert xs == [1, 3]", 1),
    ("def f(xs): return sorted(xs)", "xs = [3, 1]\nf(xs)\nassert xs == [1, 3]", 0),
    # coroutines
    (ADDS.format(1), "assert f(1) == 2", 0),  # a coroutine, which is not 2 to Python either
    (ADDS.format(1), "import asyncio\nassert asyncio.run(f(1)) == 2", 1),
    (ADDS.format(2), "import asyncio\nassert asyncio.run(f(1)) == 2", 0),
    (ASYNC.format(1), "import asyncio\nfor i in [1]:\n    assert asyncio.run(f(i)) == 2", 1),
    (
        ASYNC.format(1),
        "import asyncio\nasync def main():\n    return await asyncio.gather(f(1), f(2))\n"
        "assert asyncio.run(main()) == [2, 3]",
        1,
    ),
    (
        ADDS.format(1),
        "import pytest\n@pytest.mark.asyncio\nasync def test_f():\n    assert await f(1) == 2",
        1,
    ),
    (
        ADDS.format(2),
        "import pytest\n@pytest.mark.asyncio\nasync def test_f():\n    assert await f(1) == 2",
        0,
    ),
    (
        ADDS.format(1),
        "import unittest\nclass T(unittest.IsolatedAsyncioTestCase):\n"
        "    async def test_f(self):\n        self.assertEqual(await f(1), 2)",
        1,
    ),
    (
        "async def f(n):\n    for i in range(n): yield i",
        "import asyncio\nasync def main():\n    return [x async for x in f(3)]\n"
        "def test_f():\n    assert asyncio.run(main()) == [0, 1, 2]",
        1,
    ),
    (ADDS.format(1), "import asyncio\ndef test_f():\n    assert asyncio.iscoroutinefunction(f)", 1),
    ("def f(x): pass", "import asyncio\ndef test_f(): assert asyncio.iscoroutinefunction(f)", 0),
    # printed and typed text
    (
        PRINTS.format("hi"),
        "def test_f(capsys):\n    f()\n    assert capsys.readouterr().out == 'hi\\n'",
        1,
    ),
    (
        PRINTS.format("ho"),
        "def test_f(capsys):\n    f()\n    assert capsys.readouterr().out == 'hi\\n'",
        0,
    ),
    (
        PRINTS.format("hi"),
        "import io\nfrom contextlib import redirect_stdout\nout = io.StringIO()\n"
        "with redirect_stdout(out):\n    f()\nassert out.getvalue().strip() == 'hi'",
        1,
    ),
    (
        PRINTS.format("hi"),
        "from unittest.mock import patch\nimport io\n"
        "@patch('sys.stdout', new_callable=io.StringIO)\n"
        "def test_f(out):\n    f()\n    assert out.getvalue() == 'hi\\n'",
        1,
    ),
    (
        INPUT,
        "from unittest.mock import patch\ndef test_f():\n"
        "    with patch('builtins.input', side_effect=['4', '5']):\n        assert f() == 9",
        1,
    ),
    (
        INPUT,
        "def test_f(monkeypatch):\n    monkeypatch.setattr('builtins.input', lambda _='': '4')\n"
        "    assert f() == 8",
        1,
    ),
    (
        INPUT,
        "import io, sys\ndef test_f(monkeypatch):\n"
        "    monkeypatch.setattr(sys, 'stdin', io.StringIO('4\\n5\\n'))\n    assert f() == 9",
        1,
    ),
    (
        "import sys\ndef f(): return sys.stdin.read().split()",
        "import io\ndef test_f(monkeypatch):\n"
        "    monkeypatch.setattr('sys.stdin', io.StringIO('a b\\n'))\n    assert f() == ['a', 'b']",
        1,
    ),
    (
        "def f(): return input()",
        "from unittest.mock import patch\nfrom solution import f\n"
        "@patch('solution.input', create=True, return_value='q')\ndef test_f(_):\n"
        "    assert f() == 'q'",
        1,
    ),
    (
        "def helper(): return 1\ndef f(): return helper() + 1",
        "from unittest.mock import patch\nimport solution\ndef test_f():\n"
        "    with patch('solution.helper', return_value=5):\n        assert solution.f() == 6\n"
        "    assert solution.f() == 2",
        1,
    ),
    # files and variables
    (
        "def f(p): return open(p).read()",
        "def test_f(tmp_path):\n    p = tmp_path / 'a.txt'\n    p.write_text('hey')\n"
        "    assert f(str(p)) == 'hey' and f(p) == 'hey'",
        1,
    ),
    (
        "import json\ndef f(p, d):\n    with open(p, 'w') as file: json.dump(d, file)",
        "import json\ndef test_f(tmp_path):\n    p = tmp_path / 'a.json'\n    f(str(p), {'a': 1})\n"
        "    assert json.loads(p.read_text()) == {'a': 1}",
        1,
    ),
    (
        "def f(p): return len(open(p).readlines())",
        "import tempfile, os\ndef test_f():\n"
        "    with tempfile.NamedTemporaryFile('w', delete=False) as file:\n"
        "        file.write('a\\nb\\n')\n    assert f(file.name) == 2\n    os.remove(file.name)",
        1,
    ),
    (
        "def f(p): return open(p).read()",
        "import pytest\ndef test_f(tmp_path):\n    with pytest.raises(FileNotFoundError):\n"
        "        f(tmp_path / 'no.txt')",
        1,
    ),
    (
        "import os\ndef f(): return os.environ['KEY']",
        "def test_f(monkeypatch):\n    monkeypatch.setenv('KEY', 'v')\n    assert f() == 'v'",
        1,
    ),
    ("def f(g): return sum(g)", "assert f(x for x in [1, 2, 3]) == 6", 1),
    ("def f(file): return file.read()", "import io\nassert f(io.StringIO('ab')) == 'ab'", 1),
    # fixtures and signatures
    (
        "def f(x): return x * 2",
        "import pytest\n@pytest.fixture(params=[1, 2, 3])\ndef n(request):\n"
        "    return request.param\n"
        "def test_f(n):\n    assert f(n) == 2 * n",
        1,
    ),
    (
        "def f(x): return 2",
        "import pytest\n@pytest.fixture(params=[1, 2, 3])\ndef n(request):\n"
        "    return request.param\n"
        "def test_f(n):\n    assert f(n) == 2 * n",
        0,
    ),
    (
        "def f(a: int, b: str = 'x', *rest, key=None): return 1",
        "import inspect\ndef test_f():\n    s = inspect.signature(f)\n"
        "    assert list(s.parameters) == ['a', 'b', 'rest', 'key']\n"
        "    assert s.parameters['b'].default == 'x' and s.parameters['a'].annotation is int\n"
        "    assert f.__name__ == 'f'",
        1,
    ),
    # tests that would run what the program returns
    ("def f(): return '1'", "assert eval(f()) == 1", REFUSED),
    ("def f(): return '1'", "run = eval\nassert run(f()) == 1", REFUSED),
    ("def f(): return 'x=1'", "exec(f())\nassert True", REFUSED),
    ("def f(): return b''", "import pickle\nassert pickle.loads(f()) == 1", REFUSED),
    ("def f(): return b''", "from pickle import loads\nassert loads(f()) == 1", REFUSED),
    ("def f(): return 'os'", "assert __import__(f())", REFUSED),
    ("def f(): return 2", "assert f() == eval('1 + 1')", 1),
    ("def f(): return 'aa'", "import re\nassert re.compile('a+').fullmatch(f())", 1),
    # libraries that are not here
    (
        "class deepdiff: pass\ndef f(): return 1",
        "import deepdiff\nassert not deepdiff.DeepDiff(f(), 1)",
        REFUSED,
    ),
    (
        "def SortedList(x): return x\ndef f(): return 1",
        "from sortedcontainers import SortedList\nassert list(SortedList([f()])) == [1]",
        REFUSED,
    ),
    (
        "def f(): return 1",
        "try:\n    import deepdiff\nexcept ImportError:\n    deepdiff = None\nassert f() == 1",
        1,
    ),
    # large values
    (
        "def f(n): return list(range(n))",
        "assert len(f(1000000)) == 1000000\nassert f(3) == [0, 1, 2]",
        1,
    ),
    ("def f(n): return list(range(n))", "for n in [600000]:\n    assert f(n) == list(range(n))", 1),
    ("def f(n): return 10 ** n", f"assert f(4999) == 1{'0' * 4999}", 1),
    ("def f(n): return 10 ** n + 1", f"assert f(4999) == 1{'0' * 4999}", 0),
]


@pytest.mark.parametrize("place", range(len(CASES)))
def test_honest_programs_and_near_misses(place):
    code, tests, right = CASES[place]
    score = scored(code, tests)
    assert value(score) == right, score


ODD = [
    "10 ** 5000",
    "__import__('decimal').Decimal('sNaN')",
    "'x' * 4_000_000",
    "[1] * 1_000_000",
    "__import__('fractions').Fraction(10 ** 5000, 3)",
    "{10 ** 5000: float('nan')}",
    "range(10 ** 30)",
    "NotImplemented",
    "type('T', (), {'__repr__': lambda s: 1 / 0, '__eq__': lambda s, o: 1 / 0})()",
]


@pytest.mark.parametrize("body", ODD)
@pytest.mark.parametrize(
    "row",
    [
        {"tests": ["assert f(1) == 2"]},
        {"tests": ["for i in [1]:\n    assert f(i) == 2"]},
        {"tests": [{"input": [1], "output": 2, "fn_name": "f"}]},
        {"tests": ["assert abs(f(1) - 2) < 1e-6"]},
        {"input_output": {"inputs": [[1]], "outputs": [[2]], "fn_name": "f"}},
        {"entry_point": "f", "base_input": [[1]], "base_output": [2.5], "atol": 1e-6},
        {"task_id": "Mbpp/2", "entry_point": "Diff", "base_input": [[1]], "base_output": [[2]]},
    ],
)
def test_no_value_that_a_program_returns_raises(row, body):
    text = f"```python\ndef f(x): return {body}\nDiff = f\n```"
    reward = load("rules.code.passes", cpu_s=5)
    first, second = reward.score([Group("p", [text, text], row)])[0]
    assert (first.value, first.fault) == (0.0, None), first
    assert 0 < len(first.note) < 500
    assert first.note == second.note


def test_an_integer_of_5000_digits_is_an_answer():
    digits = "7" * 5000
    row = {
        "public_test_cases": json.dumps([{"input": "1", "output": "X", "testtype": "functional"}])
    }
    row["public_test_cases"] = row["public_test_cases"].replace('"X"', f'"{digits}"')
    row |= {"private_test_cases": "[]", "metadata": '{"func_name": "f"}'}
    for code, right in [("int('7' * 5000)", 1.0), ("int('7' * 5000) + 1", 0.0)]:
        text = f"```python\ndef f(x): return {code}\n```"
        assert load("rules.code.passes").score([Group("p", [text], row)])[0][0].value == right


LIES = (
    "class A:\n    def __eq__(self, other): return True\n"
    "    def ok(self): return True\ndef f(): return A()"
)


def test_a_verdict_on_an_object_of_the_program_is_marked():
    score = scored(LIES, "a = f()\nassert a.ok()")
    assert (score.value, score.parts["opaque"]) == (1.0, 1.0)
    score = scored(LIES, "a = f()\nassert a.ok()", plain_values="require")
    assert (score.value, score.fault) == (0.0, None)
    assert "plain_values" in score.note
    score = scored("def f(): return 1", "assert f() == 1", plain_values="require")
    assert (score.value, score.parts["opaque"]) == (1.0, 0.0)
    score = scored(LIES, "assert f()")
    assert (score.value, score.parts["opaque"]) == (1.0, 1.0)


HELPED = {
    "prompt": (
        "import math\n\n\ndef poly(xs: list, x: float):\n"
        "    return sum(c * x ** i for i, c in enumerate(xs))"
        "\n\n\ndef find_zero(xs: list):\n    '''A root.'''\n"
    ),
    "entry_point": "find_zero",
    "test": "def check(candidate):\n    for xs in [[-2.0, 1.0], [-9.0, 0.0, 1.0]]:\n"
    "        assert math.fabs(poly(xs, candidate(xs))) < 1e-4\n",
}


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("def find_zero(xs):\n    return 2.0 if len(xs) == 2 else 3.0", 1.0),
        ("def find_zero(xs):\n    return 2.0 if poly(xs, 2.0) == 0 else 3.0", 1.0),
        ("def find_zero(xs):\n    return 2.0", 0.0),
        ("def poly(xs, x):\n    return 0.0\ndef find_zero(xs):\n    return 5.0", 0.0),
    ],
)
def test_helpers_of_the_prompt_are_the_prompt_s(code, right):
    group = Group(HELPED["prompt"], [f"```python\n{code}\n```"], HELPED)
    assert load("rules.code.passes").score([group])[0][0].value == right


def test_tests_that_cannot_run_name_row_and_line():
    text = "```python\ndef find_zero(xs):\n    return 2.0\n```"
    reward = load("rules.code.passes")
    lacking = {**HELPED, "prompt": "def find_zero(xs: list):\n    pass\n"}
    broken = {**HELPED, "test": "def check(candidate):\n    assert candidate([1) == 2\n"}
    for row, words in [(lacking, "'poly'"), (broken, "line 2")]:
        score = reward.score([Group(row["prompt"], [text], row, id="row7")])[0][0]
        assert score.fault == "input"
        assert math.isnan(score.value)
        assert "row7" in score.error
        assert words in score.error
    without = {**lacking, "prompt": "Find a root."}
    score = reward.score([Group("p", ["```python\ndef g(): pass\n```"], without)])[0][0]
    assert (score.value, score.fault) == (0.0, None)  # it does not define what was asked for


def test_a_fresh_solution_for_each_call_where_the_layout_says_so():
    code = (
        "class Solution:\n    def __init__(self): self.n = 0\n    def f(self, x):\n"
        "        self.n += 1\n        return x + self.n - 1"
    )
    case = {"type": "function_call", "fn_name": "f"}
    cases = [{**case, "input": [1], "output": [1]}, {**case, "input": [2], "output": [2]}]
    info = {"verification_info": {"language": "python", "test_cases": cases}}
    calls = {"input_output": {"inputs": [[1], [2]], "outputs": [[1], [2]], "fn_name": "f"}}
    reward = load("rules.code.passes")
    text = f"```python\n{code}\n```"
    assert reward.score([Group("p", [text], info)])[0][0].value == 1.0
    assert reward.score([Group("p", [text], calls)])[0][0].value == 0.0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "import multiprocessing\ndef f(x):\n"
            "    with multiprocessing.Pool(2) as p: return p.map(abs, [x])",
            "multiprocessing",
        ),
        ("import pandas_of_nobody\ndef f(x): return x", "packages="),
    ],
)
def test_the_note_names_the_cause(code, words):
    score = scored(code, "assert f(1) == [1]")
    assert score.value == 0.0
    assert words in (score.note or "")


FRAME = "import pandas as pd\nimport numpy as np\ndf = pd.DataFrame({'a': [1, 2, 3]})\n"


@pytest.mark.parametrize(
    ("code", "tests", "right"),
    [
        ("def f(df): return df[df.a > 1]", "assert list(f(df).a) == [2, 3]", 1.0),
        ("def f(df): return df[df.a > 2]", "assert list(f(df).a) == [2, 3]", 0.0),
        ("def f(df): return df['a'].sum()", "assert f(df) == 6", 1.0),
        (
            "def f(df): return df.assign(b=df.a * 2)",
            "want = pd.DataFrame({'a': [1, 2, 3], 'b': [2, 4, 6]})\n"
            "pd.testing.assert_frame_equal(f(df), want)\nassert True",
            1.0,
        ),
        ("def f(df): df['a'] = 0", "f(df)\nassert df.a.tolist() == [0, 0, 0]", 1.0),
    ],
)
def test_tables_where_pandas_is_allowed(code, tests, right):
    packages = ["pandas", "numpy", "pytz", "dateutil", "six", "tzdata"]
    score = scored(code, FRAME + tests, cpu_s=20, sandbox={"packages": packages})
    if score.fault == "input" and "cannot be read" in (score.error or ""):
        pytest.skip("pandas lies where programs cannot read it here")
    assert score.value == right, score


@pytest.mark.parametrize(
    ("body", "fault", "why"),
    [
        ("import os\n    os._exit(0)", "response", "ended its process before it returned"),
        ("import os\n    os._exit(3)", None, "exit code 3"),
        ("import sys\n    sys.exit(3)", None, "exit code 3"),
    ],
)
def test_only_an_exit_that_looks_like_success_is_a_fault(body, fault, why):
    score = scored(f"def f(x):\n    {body}", "assert f(1) == 1")
    assert (score.value, score.fault) == (0.0, fault)
    assert why in (score.error or score.note)


@pytest.mark.parametrize(
    "code",
    [
        "import sys, io\nprint(42)\nsys.stdout = io.StringIO()",
        "writer = open(1, 'w')\nwriter.write('42')",
        "import os\nwriter = os.fdopen(1, 'w')\nprint(42, file=writer)",
        "import io\nio.BufferedWriter(io.FileIO(1, 'w')).write(b'42')",
        "import sys\nout = sys.__stdout__\nsys.stdout = sys.stderr\nout.write('42')",
        "import sys\nprint(42, flush=True)\nsys.stdout = None",
        "import sys\nprint(42, flush=True)\nsys.stderr = None",
        "import sys\nprint(42)\ndel sys.stdout",
        "class Writer:\n    text = ''\n    def write(self, text): self.text += text\n"
        "    def __del__(self):\n        import os\n        os.write(1, self.text.encode())\n"
        "writer = Writer()\nwriter.write('42')",
    ],
)
def test_what_a_program_wrote_counts_whatever_it_does_to_its_streams(code):
    assert scored(code, [{"input": "", "output": "42"}]).value == 1


@pytest.mark.parametrize("test", ["y = 1 / 0\nassert f(1) == 1", "x = {}['a']\nassert f(1) == 1"])
def test_tests_that_fail_by_themselves_are_no_fault_of_the_program(test):
    score = scored("def f(x):\n    return x", test)
    assert (score.fault, score.is_scored) == ("input", False)
    assert "before they use the program" in score.error


def test_a_constant_of_the_program_that_is_wrong_is_its_fault():
    assert scored("TABLE = {}", "assert TABLE['a'] == 1").value == 0


EVALUATED = "import collections, sys, unittest\nE = getattr(sys.modules['builtins'], 'ev' + 'al')\n"


@pytest.mark.parametrize(
    ("returned", "test"),
    [
        ("int(12345)", "got = collections.Counter(map(E, [f(1)]))\nassert 12345 in got"),
        (
            "1/int(0)",
            "T = unittest.TestCase()\nT.assertRaises(ZeroDivisionError, E, f(1))\nassert 1",
        ),
        ("expected", "expected = f(2)\nassert E(f(1)) == expected"),
    ],
)
def test_a_hidden_eval_within_a_library_is_refused(returned, test):
    score = scored(f"def f(x):\n    return {returned!r}", EVALUATED + test)
    assert (score.fault, score.is_scored) == ("input", False)


def test_the_filters_of_a_program_come_before_those_of_its_tests():
    code = (
        "import warnings\nwarnings.simplefilter('error')\ndef f(x):\n    try:\n"
        "        warnings.warn('a')\n    except UserWarning:\n        return 'caught'"
    )
    test = (
        "import warnings\nwith warnings.catch_warnings(record=True):\n    assert f(2) == 'caught'"
    )
    assert scored(code, test).value == 1
