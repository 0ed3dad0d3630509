"""Whether the answer is JSON, YAML, TOML, XML or CSV, fits a schema, or has the expected fields.

The document is the text after the think block, or its fenced block if there is exactly one
(`extract="auto"`); "fence" takes only the block, "answer" only the whole answer. Readers are safe:
no tags that build objects, no aliases, no document types and entities, no duplicate keys, no
nesting deeper than 64. The values of XML and CSV are strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from plaudit.errors import (
    ConfigError,
    DataError,
    MissingExtra,
    ScoreTimeout,
    ScoringError,
    clipped,
)
from plaudit.text.fences import fenced_blocks
from plaudit.text.literals import with_parsed
from plaudit.text.structured import Syntax, read
from plaudit.text.think import split
from plaudit.toolcalls.types import same
from plaudit.types import Range, Score
from plaudit.workers import Pool

__all__ = ["fields", "schema", "valid"]

Extract = Literal["auto", "answer", "fence"]
EXAMPLES = {
    "fields": {"columns": {"reference": {"answer": 42}}},
    "schema": {"columns": {"schema": {"type": "object", "required": ["answer"]}}},
}


def valid(
    response: str, *, syntax: Syntax = "json", extract: Extract = "auto"
) -> Annotated[float | Score, Range(0, 1)]:
    """1 if the answer is a document in `syntax`, else 0.

    The document must be a list or a mapping: a bare word is YAML and a bare number JSON, and would
    earn a reward for nothing. CSV needs a header and rows of its width, two columns or more. The
    content does not count: ``{}`` earns 1.

    >>> valid('{"a": 1}'), valid('{"a": 1,}').value, valid("a: 1", syntax="yaml")
    (1.0, 0.0, 1.0)
    """
    _, problem = _document(response, syntax, extract)
    return Score(0.0, note=problem) if problem else 1.0


def schema(
    response: str, schema: object, *, syntax: Syntax = "json", extract: Extract = "auto"
) -> Annotated[float | Score, Range(0, 1)]:
    """1 if the answer is a document in `syntax` that fits the JSON schema of its row, else 0.

    The column `schema` holds a JSON schema, as a mapping or its JSON text (json-schema.org, by the
    package jsonschema; draft 2020-12 unless it names another). References that leave the schema are
    never fetched. A schema with ``pattern`` (a regular expression from the data) or ``uniqueItems``
    (compared in pairs) is applied in a worker process that is killed after 5 s; a document that is
    undecided by then is at fault. A schema without requirements accepts ``{}``.

    Raises: DataError for an invalid schema; ScoreTimeout; MissingExtra without jsonschema.

    >>> schema('{"a": 1}', {"properties": {"a": {"type": "string"}}}).note
    "$.a: 1 is not of type 'string'"
    """
    validator = _validator(schema)
    document, problem = _document(response, syntax, extract)
    problem = problem or (_misfit_guarded if _may_hang(schema) else _misfit)(validator, document)
    return Score(0.0, note=problem) if problem else 1.0


def fields(
    response: str,
    reference: Any,
    *,
    syntax: Syntax = "json",
    extract: Extract = "auto",
    extra: Literal["forbid", "ignore"] = "forbid",
) -> Annotated[Score, Range(0, 1)]:
    """The share of fields, from 0 to 1, in which the answer has the value of the reference.

    ``equal fields / all fields of either``: a field is a path in the document, ``a.b[0]``, to a
    scalar or an empty list or mapping. `reference` is the document, or its text in `syntax`. Values
    are equal as in JSON: 1 is 1.0, never "1" or true; lists are equal in order. ``extra="ignore"``
    does not count fields that are not in the reference.

    Raises: DataError for a reference that does not parse.

    >>> fields('{"a": 1, "b": [2, 3]}', {"a": 1.0, "b": [2, 4]}).value
    0.6666666666666666
    """
    if extra not in ("forbid", "ignore"):
        raise ConfigError(f"extra={extra!r} must be 'forbid' or 'ignore'")
    expected = dict(_leaves(_reference(reference, syntax)))
    document, problem = _document(response, syntax, extract)
    if problem:
        return Score(0.0, note=problem)
    values = dict(_leaves(document))
    right = [
        place for place in expected if place in values and same(values[place], expected[place])
    ]
    places = expected.keys() if extra == "ignore" else expected.keys() | values.keys()
    wrong = next((place for place in expected if place not in right), None)
    note = None if wrong is None else f"{wrong or 'the document'} is not as expected"
    return Score(len(right) / len(places), note=note)


# --- documents ------------------------------------------------------------------------------------


def _document(response: str, syntax: str, extract: str) -> tuple[object, str]:
    """The document of a response, and why there is none (empty if there is one)."""
    text, problem = _text(split(response).answer.strip(), extract)
    if problem:
        return None, problem
    try:
        value = read(text, syntax)
    except ValueError as error:
        if isinstance(error, ConfigError):
            raise
        return None, str(error)[:200]
    return value, "" if isinstance(value, dict | list) else "neither a list nor a mapping"


def _text(answer: str, extract: str) -> tuple[str, str]:
    if extract not in ("auto", "answer", "fence"):
        raise ConfigError(f"extract={extract!r} must be 'auto', 'answer' or 'fence'")
    blocks = [] if extract == "answer" else [body for _, body in fenced_blocks(answer)]
    if not blocks:
        return answer, "no fenced block" if extract == "fence" else ""
    if len(blocks) > 1:
        return "", "more than one fenced block"
    return (blocks[0] or "").strip(), "" if blocks[0] is not None else "a code block is not closed"


def _reference(reference: object, syntax: str) -> object:
    if not isinstance(reference, str):
        return with_parsed(reference, "reference")
    try:
        return read(reference.strip(), syntax)
    except ConfigError:
        raise
    except ValueError as error:
        raise DataError(f"{error}: {clipped(reference)}", field="reference") from None


def _leaves(document: object) -> Iterator[tuple[str, object]]:
    """Path and value of every leaf."""
    left = [("", document)]
    while left:
        place, value = left.pop()
        if isinstance(value, Mapping) and value:
            left += [(f"{place}.{key!r}", inner) for key, inner in value.items()]
        elif isinstance(value, list | tuple) and value:
            left += [(f"{place}[{i}]", inner) for i, inner in enumerate(value)]
        else:
            yield place, value


# --- schemas --------------------------------------------------------------------------------------


def _validator(schema: object) -> object:
    try:
        import jsonschema
        from jsonschema.validators import validator_for
        from referencing import Registry
    except ImportError:
        raise MissingExtra.of("schema rules", package="jsonschema", extra="tools") from None
    document: Any = with_parsed(schema, "schema")
    if not isinstance(document, Mapping | bool):
        raise DataError(f"no JSON schema: {clipped(schema)}", field="schema")
    kind: Any = validator_for(document, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(document)
    except jsonschema.SchemaError as error:
        raise DataError(f"no JSON schema: {error.message[:200]}", field="schema") from None
    return kind(document, registry=Registry())


def _may_hang(schema: object) -> bool:
    """Whether the time to apply a schema is not bounded by the size of the document."""
    text = str(schema)
    return "pattern" in text or "uniqueItems" in text


def _misfit_guarded(validator: Any, document: Any) -> str:
    """`_misfit` with a deadline, in a process that can be killed."""
    outcome = _POOL.call((validator.schema, document))
    if outcome.error is not None:
        raise outcome.error
    if outcome.status == "timeout":
        raise ScoreTimeout(f"undecided against its schema after {_POOL.deadline_s:g} s")
    if outcome.status != "ok":
        fault = "response" if outcome.status == "crashed" else "system"
        raise ScoringError(f"the schema check {outcome.status}", fault=fault)
    return outcome.value


def _misfit_of(job: tuple[object, object]) -> str:
    """The function that a worker process runs."""
    schema, document = job
    return _misfit(_validator(schema), document)


_POOL = Pool("plaudit.rules.structured:_misfit_of", deadline_s=5.0)  # starts at its first job


def _misfit(validator: Any, document: Any) -> str:
    """The first way in which a document does not fit; empty if it fits."""
    from referencing.exceptions import Unresolvable

    try:
        error = next(validator.iter_errors(document), None)
    except Unresolvable as problem:
        raise DataError(f"a reference leads nowhere: {problem}", field="schema") from None
    except (re.error, RecursionError) as problem:
        raise DataError(f"the schema cannot be applied: {problem}", field="schema") from None
    return f"{error.json_path}: {error.message}"[:200] if error else ""
