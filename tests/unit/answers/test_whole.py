r"""What another parser is asked about, and inequalities that points tell apart from a set.

The answers that are not whole are texts of which math-verify 0.8 drops a part and accepts the rest:
`(y=-1)^2` is -1 to it, `\\sin((1/2,1/3))` the tuple, `[-5/3., 1]` the number -5/3.
"""

import pytest

from plaudit.answers.latex_equal import answer_of, is_mathematical, same
from plaudit.rules import math as rule


@pytest.mark.parametrize(
    "text",
    [r"\sum_{k=1}^{3} k", r"\int_0^1 10^{-9} x \, dx", r"\lim_{x\to 0} \frac{\sin x}{x}", "x^2 > 4",
     r"\gcd(12, 18)", r"\max(3,5)", r"\arcsin(1)", r"\tan^{-1}(1)", r"\vec{a} + \vec{b}", "|x - 1|",
     r"\begin{vmatrix}1&2\\3&4\end{vmatrix}", r"F_n = \sum_{k=0}^{n-1} F_{n-k-1} F_k", "12,345",
     r"(-\infty, 1) \cup [2, 3)", r"\{1, \sum_{k=1}^{3} k\}",
     r"x \in [0, 1)", r"\prod_{i<j} (x_i - x_j)"],
)  # fmt: skip
def test_mathematics_throughout(text):
    assert is_mathematical(answer_of(text))


NOT_WHOLE = [
    r"(\frac25,\frac35)^2", "-(y=-1)", "(y=-1)^2", "2(x = 12)", r"\sin((\frac12,\frac13))",
    r"(\frac12,\frac13)+7", r"\arctan(K=8)", r"< (\frac12,\frac13)",
    "< x = 3", r"\lfloor x = 4 \rfloor",
    r"\sqrt{\frac13, \frac18}", r"[-\frac53., 1]", r"\lfloor \frac13, \frac18 \rfloor", "5+", "5*",
    "#5", "5|5", "1.000.000", "5!!", "B12", "2 3 x", r"\angle ABC",
    r"\overline{AB}", r"\sum k \text{ and so on}",
    r"\begin{pmatrix}1\\2\end{pmatrix}\%",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_WHOLE)
def test_what_could_lose_a_part(text):
    assert not is_mathematical(answer_of(text))


@pytest.mark.parametrize("text", NOT_WHOLE)
@pytest.mark.parametrize("reference", ["5", "-1", "y=-1", r"(\frac12,\frac13)", "K=8", r"-\frac53"])
def test_it_is_not_equal_to_the_part(text, reference, monkeypatch):
    def ask(job, *, deadline_s):
        raise AssertionError(f"{job} was asked about")

    monkeypatch.setattr(rule._POOL, "call", ask)
    assert rule.equal(rf"\boxed{{{text}}}", reference).value == 0.0


SOLVED = [
    ("x^2 > 4", r"(-\infty,-2)\cup(2,\infty)", r"(-\infty,-2]\cup[2,\infty)"),
    ("x^2 < 9", "(-3,3)", "(-3,4)"),
    (r"x^2 \le 2", r"[-\sqrt2,\sqrt2]", r"[-\sqrt2,\sqrt3]"),
    ("x(x-1)(x-2) > 0", r"(0,1)\cup(2,\infty)", r"(2,\infty)"),
    (r"\frac1x > 1", "(0,1)", "(0,2)"),
    (r"x^2 \neq 4", r"(-\infty,-2)\cup(-2,2)\cup(2,\infty)", r"(-\infty,2)\cup(2,\infty)"),
]


@pytest.mark.parametrize(("inequality", "solution", "other"), SOLVED)
def test_points_tell_an_inequality_from_a_set(inequality, solution, other):
    assert same(answer_of(inequality), answer_of(solution)) is None
    assert same(answer_of(inequality), answer_of(other)) is False
    assert same(answer_of(other), answer_of(inequality)) is False


@pytest.mark.parametrize(
    ("answer", "reference", "is_equal"),
    [(r"\begin{pmatrix}1&1\\0&1\end{pmatrix}^3", r"\begin{pmatrix}1&3\\0&1\end{pmatrix}", True),
     (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}\begin{pmatrix}0&1\\1&0\end{pmatrix}",
      r"\begin{pmatrix}2&1\\4&3\end{pmatrix}", True),
     (r"\begin{pmatrix}1&-1\\1&-1\end{pmatrix}^2",
      r"\begin{pmatrix}1&-1\\1&-1\end{pmatrix}", False),
     (r"\frac12\begin{pmatrix}2\\4\end{pmatrix}", r"\begin{pmatrix}1\\2\end{pmatrix}", True),
     (r"\sin(1,2)", "(1,2)", False), (r"\sqrt{\{4\}}", r"\{4\}", False)],
)  # fmt: skip
def test_arithmetic_on_matrices_is_done_and_on_other_brackets_is_none(answer, reference, is_equal):
    verdict = same(answer_of(answer), answer_of(reference))
    assert verdict is True if is_equal else verdict in (False, None)
    assert is_equal or verdict is False or not is_mathematical(answer_of(answer))
