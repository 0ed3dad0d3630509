"""Command lines from options: what typer calls is made of the fields of a frozen dataclass.

A field is an option as its Annotated type says; a field that is itself a dataclass is a group of
them, and `Fields` are those of a dataclass of the library, as far as they are given.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, NamedTuple, TypeVar

import typer

from plaudit.options import Option

__all__ = ["Fields", "takes_options"]

Options = TypeVar("Options")


class Fields(NamedTuple):
    """Marks a mapping that holds those fields of `kind` with an `Option` that are given.

    `panel` is the heading that they stand under.
    """

    kind: type[Any]
    panel: str | None = None


def takes_options(
    kind: type[Options],
) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """Makes a function of options what typer calls: with a parameter for each of them."""
    params = [*_parameters(kind)]

    def wrap(run: Callable[[Options], None]) -> Callable[..., None]:
        def call(**values: Any) -> None:
            run(_options(kind, values))

        call.__doc__, call.__name__, call.__module__ = run.__doc__, run.__name__, run.__module__
        call.__annotations__ = {param.name: param.annotation for param in params}
        call.__signature__ = inspect.Signature(params)  # type: ignore[attr-defined]
        return call

    return wrap


def _options(kind: Any, values: Mapping[str, Any]) -> Any:
    """The options of a command line."""
    return kind(**{name: _value(name, hint, values) for name, hint in _hints(kind).items()})


def _value(name: str, hint: Any, values: Mapping[str, Any]) -> Any:
    if dataclasses.is_dataclass(hint):
        return _options(hint, values)
    if (fields := _fields_in(hint)) is None:
        return values[name]
    by_name = {one: values[one] for one, _ in _options_in(fields.kind)}
    return {
        one: tuple(value) if isinstance(value, list) else value
        for one, value in by_name.items()
        if value is not None and value is not False and value != []
    }


def _parameters(kind: Any) -> Iterator[inspect.Parameter]:
    """What typer reads: a parameter for each option."""
    defaults = {f.name: f.default for f in dataclasses.fields(kind)}
    for name, hint in _hints(kind).items():
        if dataclasses.is_dataclass(hint):
            yield from _parameters(hint)
        elif (fields := _fields_in(hint)) is not None:
            for one, annotated in _options_in(fields.kind):
                yield _parameter(one, _optional(annotated, one, fields.panel), None)
        else:
            default = defaults[name]
            is_required = default is dataclasses.MISSING
            yield _parameter(name, hint, inspect.Parameter.empty if is_required else default)


def _parameter(name: str, hint: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    """The types of a dataclass's fields, in order."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind)}


def _fields_in(hint: Any) -> Fields | None:
    return next((one for one in getattr(hint, "__metadata__", ()) if isinstance(one, Fields)), None)


def _options_in(kind: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a dataclass of the library that are options."""
    for name, hint in _hints(kind).items():
        if any(isinstance(one, Option) for one in getattr(hint, "__metadata__", ())):
            yield name, hint


def _optional(annotated: Any, name: str, panel: str | None) -> Any:
    """The type of an option that need not be given, as typer reads it."""
    hint = annotated.__origin__
    option: Option = annotated.__metadata__[0]
    kind = _type_on_line(hint)
    flag = f"--{option.name or name.replace('_', '-')}"
    settings = {"metavar": option.metavar, "min": option.least, "rich_help_panel": panel}
    info = typer.Option(flag, help=option.help, **settings)  # type: ignore[arg-type]
    return Annotated[kind if kind is bool else kind | None, info]


def _type_on_line(hint: Any) -> Any:
    """How a value of a type is written on a command line: as one word, or as one word again."""
    if isinstance(hint, types.UnionType):
        (hint,) = [one for one in typing.get_args(hint) if one is not type(None)]
    origin = typing.get_origin(hint)
    if origin is tuple:
        return list[str]
    return hint if origin is None else str
