"""The tests' side of a test: runs test code, whose program is in another process.

Each check is ok only when it was reached, held every time, and the program was alive to answer.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import io
import re
import socket
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from plaudit.sandbox.inside import distant, guard, patches, pytest_standin, tests_code, values
from plaudit.sandbox.inside.tests_code import Unusable

__all__ = ["run"]

_MODULE = "tests"
_MAX_ERROR = 300
_ALWAYS_OURS = {
    "isclose": "math",
    "isnan": "math",
    "isinf": "math",
    "isfinite": "math",
    "deepcopy": "copy",
    "Counter": "collections",
    "defaultdict": "collections",
    "OrderedDict": "collections",
    "deque": "collections",
    "namedtuple": "collections",
    "allclose": "numpy",
    "array_equal": "numpy",
}
_MODULES = frozenset(
    [
        "math",
        "cmath",
        "re",
        "collections",
        "itertools",
        "functools",
        "operator",
        "random",
        "string",
        "copy",
        "datetime",
        "decimal",
        "fractions",
        "statistics",
        "heapq",
        "bisect",
        "json",
        "time",
        "os",
        "sys",
        "io",
        "typing",
        "numpy",
        "pandas",
        "dataclasses",
        "enum",
        "asyncio",
        "inspect",
        "contextlib",
        "pathlib",
        "tempfile",
    ]
)
_ALIASES = {"np": "numpy", "pd": "pandas"}
_SHARED = {
    "out": re.compile(r"\b(?:capsys|capfd|redirect_std\w+|stdout|stderr|StringIO|print)\b"),
    "in": re.compile(r"\b(?:stdin|input)\b"),
    "pandas": re.compile(r"\bpandas\b"),
    "notices": re.compile(r"\b(?:assert(?:No)?Logs|caplog|assertWarns\w*|warns|catch_warnings)\b"),
    "files": re.compile(
        r"\b(?:tmp_path\w*|tmpdir\w*|tempfile|open|Path|pathlib|makedirs|mkdir|environ|getenv"
        r"|setenv|delenv)\b"
    ),
}
"""What tests look at of the program beside its values, by the words that they use for it."""
_NEVER_THEIRS = frozenset(
    [
        "abs",
        "all",
        "any",
        "bool",
        "bytes",
        "complex",
        "dict",
        "enumerate",
        "float",
        "frozenset",
        "getattr",
        "hasattr",
        "hash",
        "id",
        "int",
        "isinstance",
        "issubclass",
        "iter",
        "len",
        "list",
        "map",
        "next",
        "object",
        "print",
        "range",
        "repr",
        "round",
        "set",
        "sorted",
        "str",
        "super",
        "tuple",
        "type",
        "vars",
        "zip",
    ]
)


class _Stop(BaseException):
    """The first check that failed ends the tests."""


def run(
    tests: str,
    *,
    sock: socket.socket,
    setup: str = "",
    style: str = "assert",
    stop_at_first: bool = False,
) -> dict[str, object]:
    """Runs test code against the program at the other end of a socket.

    Returns ``{"checks": [{"line", "ok", "error"}...], "finished", "error", "opaque"}``: one check
    for each assertion ("assert") or each test ("unittest", "pytest"); `finished`: the tests came to
    their end; `opaque`: some values stayed in the program's process. Tests that cannot be run at
    all, whatever the program is, add ``"fault": "input"``.
    """
    text = f"{setup}\n{tests}"
    options = {name: True for name, words in _SHARED.items() if words.search(text)}
    getattr(sys, "set_int_max_str_digits", int)(0)  # not there before Python 3.11
    values.make_arrays()
    program = distant.Session(sock, _MODULE, options)
    try:
        judge = _TestJudge(program, stop_at_first)
        with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
            judge.run(setup, tests, style)
    except Unusable as error:
        return {**_verdict([], False, str(error), program), "fault": "input"}
    checks = judge.results()
    error = judge.error or program.death
    return _verdict(checks, not error, error, program)


def _verdict(
    checks: list[dict[str, object]], finished: bool, error: str, program: distant.Session
) -> dict[str, object]:
    opaque = program.was_opaque
    return {"checks": checks, "finished": finished, "error": error[:_MAX_ERROR], "opaque": opaque}


class _Nowhere(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


class _TestJudge:
    """Runs the tests and keeps what became of each check; the recorder of instrumented code."""

    Caught = (Exception, distant.AbsentName)

    def __init__(self, program: distant.Session, stop_at_first: bool):
        self.program = program
        self.stop_at_first = stop_at_first
        self.checks: list[tests_code.Check] = []
        self.entered: set[int] = set()
        self.error = ""

    def run(self, setup: str, tests: str, style: str) -> None:
        if style not in _STYLES:
            raise Unusable(f"unknown style of tests {style!r}")
        before = tests_code.parse(setup, "setup")
        tree = tests_code.parse(tests, "tests")
        tests_code.refuse_evaluation(before)
        tests_code.refuse_evaluation(tree)
        tests_code.refuse_source(tree)
        pytest_standin.register()
        if "unittest" in f"{setup}{tests}":
            _be_strict()
        namespace = self._namespace([before, tree])
        parts = tests_code.Checks()
        if style == "assert":
            parts = tests_code.instrument(tree, tests)
            self.checks = parts.entries
            if not self.checks:
                raise Unusable("the tests contain no assertion")
        elif not _has_tests(tree, style):
            raise Unusable(f"the tests contain no test in the style of {style}")
        tests_code.protect(tree)
        namespace[tests_code.RECORDER] = self
        codes = [_compiled(before, "setup"), _compiled(tree, "tests")]
        watch = guard.Guard([before, tree], codes)
        with self._guarded(), watch.watching():
            exec(codes[0], namespace)
            self.entered.add(0)
            exec(codes[1], namespace)
            _STYLES[style](self, namespace)
        if watch.refusal:  # the tests may have caught it
            raise Unusable(watch.refusal)

    def _namespace(self, trees: list[Any]) -> dict[str, object]:
        module = types.ModuleType(_MODULE)
        sys.modules[_MODULE] = module
        namespace = vars(module)
        names: dict[str, str] = {}
        modules: set[str] = set()
        used: set[str] = set()
        bound: set[str] = set()
        stranger = _stranger(trees)
        for tree in trees:
            names_bound, found_modules = tests_code.bind_program(tree, stranger)
            names |= names_bound
            modules |= found_modules
            free, own = tests_code.open_names(tree)
            used |= free
            bound |= own
        programs = {*modules, *tests_code.PROGRAM_MODULES, stranger}
        patched = {name for tree in trees for name in patches.targets(tree, programs)}
        self.program.patches = patches.Patches(patched)
        objects = self._resolved(used - bound, names, modules)
        namespace.update(objects)
        absent = {name for name in used - bound if not tests_code.is_builtin(name)} - objects.keys()
        namespace["__builtins__"] = _Builtins(absent | (names.keys() - objects.keys()))
        return namespace

    def _resolved(self, used: set[str], names: dict[str, str], modules: set[str]) -> dict[str, Any]:
        """What the tests use and do not define: Python's own, helpers, and then the program's."""
        ours = {name: _ours(name) for name in used if name not in names and name not in modules}
        ours = {name: value for name, value in ours.items() if value is not _MISSING}
        lookup = {name for name in used if name not in ours and not tests_code.is_builtin(name)}
        lookup = {name for name in lookup if not name.startswith("__")} - modules
        lookup |= set(names.values())
        if not lookup and not modules:  # a program may be called like a builtin: sum(10, 15)
            lookup = {n for n in used if tests_code.is_builtin(n)} - _NEVER_THEIRS
            lookup = {n for n in lookup if not _is_error(n)}
        try:
            theirs = self.program.names(sorted(lookup))
        except distant.CandidateDied as error:
            self.error = str(error)
            return ours
        bound = {name: theirs[value] for name, value in names.items() if value in theirs}
        objects = {**ours, **{name: theirs[name] for name in lookup if name in theirs}, **bound}
        module = _Module(self.program, theirs)
        sys.modules["__main__"] = module  # unittest.mock.patch("__main__.f") looks there
        for name in {*modules, "solution"}:
            sys.modules.setdefault(name, module)
        return {**objects, **dict.fromkeys(modules, module)}

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except _Stop:
            self.error = self.error or "stopped at the first check that failed"
        except Unusable:
            raise
        except BaseException as error:
            if self._is_own(error):
                raise Unusable(
                    f"the tests fail before they use the program: {_describe_error(error)}"
                ) from None
            self.error = self.error or _describe_error(error)

    def _is_own(self, error: BaseException) -> bool:
        """Whether the tests fail by themselves, with whatever program: nothing of it was used."""
        of_program = (NameError, AttributeError, AssertionError, ImportError, distant.CandidateDied)
        is_left = self.program.is_used or self.program.death or self.error
        return not is_left and isinstance(error, Exception) and not isinstance(error, of_program)

    # what instrumented code calls

    def enter(self, place: int) -> None:
        self.entered.add(place)

    def compared(self, compare: Callable[[], object]) -> object:
        return self.program.compared(compare)

    def avoid(self, place: int, is_named: int) -> None:
        """The tests' own handler was entered, as it had to be instead of reaching this check.

        What the program lacks does not do what was asked, unless the handler names that error.
        """
        error = sys.exc_info()[1]
        lacking = (
            (distant.AbsentName,) if is_named else (distant.AbsentName, distant.MissingAttribute)
        )
        if isinstance(error, lacking):
            raise distant.AbsentName(_describe_error(error)) from None
        if self.checks[place].error is None:
            self._alive()
            self.checks[place].passed = True

    def reach(self, place: int) -> int:
        self.checks[place].is_reached = True
        return place

    def hold(self, place: int, value: object, message: Callable[[], Any]) -> None:
        check = self.checks[place]
        if value:
            self._alive()
            check.passed = True
            return
        reason = message()
        check.error = check.error or (str(reason)[:200] if reason is not None else check.text)
        raise AssertionError(check.error)

    def failed(self, place: int) -> None:
        check = self.checks[place]
        error = sys.exc_info()[1]
        if check.error is None and error is not None:
            check.error = _describe_error(error)
        if self.stop_at_first:
            raise _Stop

    def _alive(self) -> None:
        if self.program.death:
            raise distant.CandidateDied(self.program.death)

    # the end

    def results(self) -> list[dict[str, object]]:
        """Checks that were reached, or had to be; those that the tests' own `try` ended are not."""
        checks = []
        for check in self.checks:
            must = check.owner is not None and (check.owner in self.entered or check.owner == 0)
            if check.error is not None:
                checks.append(_check(check.line, False, check.error))
            elif check.passed:
                checks.append(_check(check.line, True, ""))
            elif must and (self.error or not check.is_reached):
                checks.append(_check(check.line, False, self.error or "not reached"))
        if not checks and not self.error:
            self.error = "no check was reached"
        return checks


def _check(line: int, ok: bool, error: str) -> dict[str, object]:
    return {"line": line, "ok": ok, "error": error[:_MAX_ERROR]}


_MISSING: object = object()


def _stranger(trees: list[Any]) -> str:
    """The one module of an unknown name that has to be the program, since nothing else is."""
    unknown: set[str] = set()
    used: set[str] = set()
    bound: set[str] = set()
    is_named = False
    for tree in trees:
        imports, is_program = tests_code.unknown_modules(tree)
        free, own = tests_code.open_names(tree)
        unknown, used, bound = unknown | imports, used | free, bound | own
        is_named = is_named or is_program
    names = (name for name in used - bound if not tests_code.is_builtin(name))
    is_named = is_named or any(_ours(n) is _MISSING for n in names if not n.startswith("__"))
    return unknown.pop() if len(unknown) == 1 and not is_named else ""


def _ours(name: str) -> object:
    """What a name means that is never asked of the program."""
    if name == "approx":
        return pytest_standin.approx
    if name in ("pytest", "raises"):
        module = sys.modules["pytest"]
        return module if name == "pytest" else pytest_standin.raises
    if name in _ALWAYS_OURS:
        return getattr(_module(_ALWAYS_OURS[name]), name, _MISSING)
    if name in _ALIASES or name in _MODULES or name == "unittest":
        return _module(_ALIASES.get(name, name))
    return _MISSING


def _module(name: str) -> object:
    try:
        __import__(name)
    except ImportError:
        return _MISSING
    return sys.modules[name]


def _is_error(name: str) -> bool:
    kind = getattr(builtins, name)
    return isinstance(kind, type) and issubclass(kind, BaseException)


class _Builtins(dict[str, Any]):
    """Python's own names for test code; names that the program lacks end the tests."""

    def __init__(self, absent: set[str]):
        super().__init__(vars(builtins))
        self._absent = absent

    def __missing__(self, name: str) -> object:
        if name in self._absent:
            raise distant.AbsentName(f"NameError: the program does not define {name!r}")
        raise KeyError(name)


class _Module(types.ModuleType):
    """The program as a module (``import solution``)."""

    def __init__(self, program: distant.Session, objects: dict[str, Any]):
        super().__init__("solution")
        vars(self).update(_program=program, _program_objects=objects, _gone=set())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in self._gone:
            raise AttributeError(name)
        if name not in self._program_objects:
            self._program_objects.update(self._program.names([name]))
        if name not in self._program_objects:
            if tests_code.is_builtin(name):
                raise AttributeError(name)  # for mock.patch, which then makes it
            raise distant.AbsentName(f"AttributeError: the program has no {name!r}")
        return self._program_objects[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self._program.act("bind", name, value)
        self._program_objects[name] = value
        self._gone.discard(name)

    def __delattr__(self, name: str) -> None:
        self._program.act("bind", name)
        self._gone.add(name)
        self._program_objects.pop(name, None)


def _compiled(tree: Any, name: str) -> Any:
    try:
        return compile(tree, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise Unusable(f"{name} are no Python: {error}") from None


def _describe_error(error: BaseException) -> str:
    if isinstance(error, distant.AbsentName):
        return str(error)
    try:
        message = str(error)
    except Exception:  # an exception of the tests may not be able to say what it is
        message = ""
    return f"{type(error).__name__}: {message}"[:_MAX_ERROR]


# --- styles ---------------------------------------------------------------------------------------


def _has_tests(tree: Any, style: str) -> bool:
    import ast

    nodes = list(ast.walk(tree))
    if style == "unittest":
        return any(isinstance(node, ast.ClassDef) for node in nodes)
    functions = [n for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(node.name.startswith("test") for node in functions)


def _finish_asserts(judge: _TestJudge, namespace: dict[str, object]) -> None:
    """Test functions that the text leaves to a runner are run."""
    if len(judge.entered) > 1 or any(check.owner == 0 for check in judge.checks):
        return
    for case in pytest_standin.cases(namespace):
        case.run()


def _run_cases(judge: _TestJudge, namespace: dict[str, object]) -> None:
    cases = list(pytest_standin.cases(namespace))
    if not cases:
        raise Unusable("the tests contain no test in the style of pytest")
    judge.checks = [tests_code.Check(case.line, case.name, 0) for case in cases]
    for check, case in zip(list(judge.checks), cases, strict=True):
        try:
            case.run()
            judge._alive()
            check.passed = True
        except pytest_standin.Skipped:
            judge.checks.remove(check)
        except (Exception, distant.AbsentName) as error:
            check.error = _describe_error(error)
            if judge.stop_at_first:
                raise _Stop from None


def _run_unittest(judge: _TestJudge, namespace: dict[str, Any]) -> None:
    import unittest

    kinds = [
        value
        for value in namespace.values()
        if isinstance(value, type) and issubclass(value, unittest.TestCase)
    ]
    kinds = [kind for kind in kinds if kind.__module__ == _MODULE]
    loader = unittest.TestLoader()
    suites = [loader.loadTestsFromTestCase(kind) for kind in kinds]
    tests: list[Any] = [test for suite in suites for test in suite]
    if not tests:
        raise Unusable("the tests contain no test in the style of unittest")
    checks_by_id = {test.id(): tests_code.Check(_line(test), test.id(), 0) for test in tests}
    judge.checks = list(checks_by_id.values())
    result = _result(judge, checks_by_id)
    for suite in suites:
        if not result.shouldStop:
            suite.run(result)
    if result.shouldStop:
        raise _Stop


def _be_strict() -> None:
    """Makes ``assertRaises(Exception)`` let through what a missing method of the program raises."""
    context: Any = importlib.import_module("unittest.case")._AssertRaisesContext
    if hasattr(context, "is_strict"):
        return
    leave = context.__exit__

    def leave_strictly(self: Any, kind: Any, value: object, trace: object) -> object:
        expected = self.expected if isinstance(self.expected, tuple) else (self.expected,)
        if isinstance(value, distant.MissingAttribute) and AttributeError not in expected:
            return False
        return leave(self, kind, value, trace)

    context.__exit__, context.is_strict = leave_strictly, True


def _line(test: Any) -> int:
    method = getattr(type(test), test._testMethodName)
    code = getattr(method, "__code__", None)
    return code.co_firstlineno if code is not None else 0


def _result(judge: _TestJudge, checks_by_id: dict[str, tests_code.Check]) -> Any:
    import unittest

    class CaseResult(unittest.TestResult):
        def addSuccess(self, test: Any) -> None:
            if not judge.program.death:
                checks_by_id[test.id()].passed = True

        def addError(self, test: object, err: Any) -> None:
            if isinstance(err[1], Unusable):
                raise err[1]
            self._fail(test, err)

        def addFailure(self, test: object, err: object) -> None:
            self._fail(test, err)

        def addSubTest(self, test: object, subtest: object, err: object) -> None:
            if err is not None:
                self._fail(test, err)

        def addUnexpectedSuccess(self, test: object) -> None:
            self._fail(test, (None, AssertionError("succeeded unexpectedly"), None))

        def addExpectedFailure(self, test: object, err: object) -> None:
            self.addSuccess(test)

        def addSkip(self, test: Any, reason: str) -> None:
            check = checks_by_id.get(test.id())
            if check in judge.checks:
                judge.checks.remove(check)

        def _fail(self, test: Any, err: Any) -> None:
            check = checks_by_id.get(test.id())
            if check is None:
                judge.error = judge.error or _describe_error(err[1])
            elif check.error is None:
                check.error = _describe_error(err[1])
            if judge.stop_at_first:
                self.stop()

    return CaseResult()


_STYLES: dict[str, Callable[[_TestJudge, dict[str, object]], None]] = {
    "assert": _finish_asserts,
    "pytest": _run_cases,
    "unittest": _run_unittest,
}
