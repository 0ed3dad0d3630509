"""Command lines from options: what typer calls is made of the fields of a frozen dataclass.

A field is an option as its type says, or a dataclass with a group of them, or `Fields`.
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

from plaudit.options import Option, default_of

__all__ = ["Fields", "flag", "options_in", "takes_options"]

Options = TypeVar("Options")
T = TypeVar("T")


class Fields(NamedTuple):
    """Marks a mapping with the given options of `kind`; `panel` is their heading."""

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


def _value(name: str, hint: object, values: Mapping[str, object]) -> Any:
    if dataclasses.is_dataclass(hint):
        return _options(hint, values)
    if (fields := _first(hint, Fields)) is None:
        return values[name]
    by_name = {one: values[one] for one in options_in(fields.kind)}
    return {
        one: tuple(value) if isinstance(value, list) else value
        for one, value in by_name.items()
        if value is not None and value is not False and value != []
    }


def _parameters(kind: Any) -> Iterator[inspect.Parameter]:
    """What typer reads: a parameter for each option."""
    defaults = {f.name: default_of(f) for f in dataclasses.fields(kind)}
    for name, hint in _hints(kind).items():
        if dataclasses.is_dataclass(hint):
            yield from _parameters(hint)
        elif (fields := _first(hint, Fields)) is not None:
            for one, (kind, option) in options_in(fields.kind).items():
                yield _parameter(one, _for_typer(one, _optional(kind), option, fields.panel), None)
        else:
            option = _first(hint, Option)
            hint = hint if option is None else _for_typer(name, hint.__origin__, option)
            yield _parameter(name, hint, defaults[name])


def _parameter(name: str, hint: object, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)


def _for_typer(name: str, kind: Any, option: Option, panel: str | None = None) -> Any:
    """The type of an option with what typer reads of it."""
    settings: dict[str, Any] = {"metavar": option.metavar, "min": option.least}
    flags = [flag(name, option), *filter(None, [option.short])]
    info = typer.Option(*flags, help=option.help, rich_help_panel=panel, **settings)
    return Annotated[kind, info]


def flag(name: str, option: Option) -> str:
    """An option as it is written on the command line."""
    return f"--{option.name or name.replace('_', '-')}"


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    """The types of a dataclass's fields, in order."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind)}


def _first(hint: object, kind: type[T]) -> T | None:
    """What the metadata of a type holds of a kind."""
    return next((one for one in getattr(hint, "__metadata__", ()) if isinstance(one, kind)), None)


def options_in(kind: Any) -> dict[str, tuple[Any, Option]]:
    """The fields of a dataclass of the library that are options, with their types."""
    every = {name: (hint, _first(hint, Option)) for name, hint in _hints(kind).items()}
    return {name: (hint.__origin__, option) for name, (hint, option) in every.items() if option}


def _optional(hint: Any) -> object:
    """How a value that need not be given is written on a command line: as one word, or several."""
    if isinstance(hint, types.UnionType):
        (hint,) = [one for one in typing.get_args(hint) if one is not type(None)]
    origin = typing.get_origin(hint)
    kind = list[str] if origin is tuple else hint if origin is None else str
    return kind if kind is bool else kind | None
