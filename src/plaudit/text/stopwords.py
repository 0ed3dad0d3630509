"""Function words of English and single function characters of Chinese, written for this package."""

from __future__ import annotations

__all__ = ["STOP_WORDS"]

_ENGLISH = """
a about above after again all also am an and any are as at be because been before being below
between both but by can could did do does doing down during each else few for from further had has
have having he her here hers herself him himself his how i if in into is it its itself just let may
me might more most must my myself no nor not now of off on once only or other our ours out over own
same shall she should so some such than that the their theirs them themselves then there these they
this those through to too under until up upon us very was we were what when where which while who
whom whose why will with would you your yours yourself s t ll re ve d m don isn doesn didn won can
"""
_CHINESE = """
的 了 是 在 和 与 或 也 都 就 而 且 但 不 没 有 为 以 于 对 从 到 把 被 让 给 向 由 因 所 其 之
这 那 此 些 个 们 我 你 他 她 它 您 谁 什 么 怎 哪 很 更 最 还 又 再 才 只 并 若 如 则 吗 呢 吧
啊 着 过 地 得 及 等 会 能 可 要 将 比 每 各
"""
STOP_WORDS = frozenset((_ENGLISH + _CHINESE).split())
