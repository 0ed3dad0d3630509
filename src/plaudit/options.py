"""Options written once: dataclasses, whose fields make the signatures and the command lines."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

__all__ = ["Option", "changed", "names_in", "split", "takes", "values_of"]

F = TypeVar("F", bound=Callable[..., Any])


class Option(NamedTuple):
    """What a command line says of a field: the metadata of its Annotated type.

    `name` is the option's where it is not the field's, `short` its one letter, `least` the lowest
    number that it takes.
    """

    help: str
    metavar: str | None = None
    name: str | None = None
    short: str | None = None
    least: int | None = None


def takes(kind: type[Any], rest: str | None = None) -> Callable[[F], F]:
    """Gives a function of keywords the signature that the fields of a dataclass make.

    `rest` names the field that contains the keywords of any other name (see `split`).

    >>> @dataclasses.dataclass(frozen=True)
    ... class Tail:
    ...     num_lines: int = 10
    >>> @takes(Tail)
    ... def tail(**params): return Tail(**params)
    >>> inspect.signature(tail), tail(num_lines=3)
    (<Signature (*, num_lines: 'int' = 10)>, Tail(num_lines=3))
    """
    parameter = inspect.Parameter
    params = [
        parameter(
            f.name,
            parameter.KEYWORD_ONLY,
            default=parameter.empty if f.default is dataclasses.MISSING else f.default,
            annotation=f.type,
        )
        for f in dataclasses.fields(kind)
        if f.init and f.name != rest
    ]
    if rest is not None:
        params.append(parameter(rest, parameter.VAR_KEYWORD, annotation="Any"))

    def sign(function: F) -> F:
        returns = function.__annotations__.get("return", parameter.empty)
        signature = inspect.Signature(params, return_annotation=returns)
        function.__signature__ = signature  # type: ignore[attr-defined]
        return function

    return sign


def names_in(kind: type[Any]) -> tuple[str, ...]:
    """The names of a dataclass's fields, in order."""
    return tuple(f.name for f in dataclasses.fields(kind))


def values_of(kind: type[Any], options: Any) -> dict[str, Any]:
    """The values that options have for the fields of `kind`, which is one of their bases."""
    return {name: getattr(options, name) for name in names_in(kind)}


def split(kind: type[Any], params: Mapping[str, Any], rest: str) -> dict[str, Any]:
    """The parameters that are fields of a dataclass, and under `rest` those that are none."""
    names = {*names_in(kind)} - {rest}
    own = {name: value for name, value in params.items() if name in names}
    return {**own, rest: {name: value for name, value in params.items() if name not in names}}


def changed(options: Any, rest: str | None = None) -> dict[str, Any]:
    """The fields of a dataclass that differ from their defaults, then what `rest` holds.

    >>> Tail = dataclasses.make_dataclass("Tail", [("num_lines", int, 10), ("name", str, "")])
    >>> changed(Tail(name="log"))
    {'name': 'log'}
    """
    own = [(f, getattr(options, f.name)) for f in dataclasses.fields(options) if f.name != rest]
    differing = {f.name: value for f, value in own if f.init and value != f.default}
    return differing if rest is None else {**differing, **getattr(options, rest)}
