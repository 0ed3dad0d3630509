"""The form of a verdict in words, for prompts."""

from __future__ import annotations

from plaudit.judges.verdict.spec import MARKER, JsonScore, Labels, Scale, Scores, Spec, YesNo

__all__ = ["describe"]


def describe(spec: Spec, language: str = "en") -> str:
    """The required form of a verdict, as a phrase to follow "Reply with" ("zh": 请只回复).

    >>> describe(Labels()), describe(Scale(), "zh")
    ('exactly one of [[A]], [[B]]', '一个 1 到 5 的整数')
    """
    is_zh = language == "zh"
    if isinstance(spec, Labels | YesNo):
        names = _label_names(spec, is_zh)
        return f"{'、'.join(names)} 中的一个" if is_zh else f"exactly one of {', '.join(names)}"
    number = _describe_range(spec, is_zh)
    if isinstance(spec, JsonScore):
        return (
            f'一个 JSON 对象，其中 "{spec.key}" 是{number}'
            if is_zh
            else f'one JSON object in which "{spec.key}" is {number}'
        )
    if isinstance(spec, Scores):
        anchor = spec.anchors[0]
        return (
            f"一行“{anchor}: [...]”，方括号内依次为每个回答的得分，各为{number}"
            if is_zh
            else f'one line "{anchor}: [...]" with {number} for each response, in order'
        )
    return number


def _label_names(spec: Labels | YesNo, is_zh: bool) -> list[str]:
    if isinstance(spec, YesNo):
        return ["是", "否"] if is_zh else ["Yes", "No"]
    if spec.key:
        return [f'{{"{spec.key}": "{label}"}}' for label in spec.allowed]
    is_plain = spec.marker != MARKER
    return [label if is_plain else f"[[{label}]]" for label in spec.allowed]


def _describe_range(spec: Scale | Scores | JsonScore, is_zh: bool) -> str:
    is_integer = not isinstance(spec, JsonScore) and spec.is_integer
    if is_zh:
        return f"一个 {spec.low:g} 到 {spec.high:g} 的{'整数' if is_integer else '数'}"
    return f"a {'whole number' if is_integer else 'number'} from {spec.low:g} to {spec.high:g}"
