"""The tools of a row and their declared types, by the names of JSON Schema, BFCL and Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plaudit.errors import DataError, clipped
from plaudit.text.literals import with_parsed

__all__ = [
    "kind_of",
    "kinds_of",
    "member_problems",
    "properties_of",
    "same",
    "tools_by_name",
    "type_problems",
]

_KINDS = {
    "integer": "integer int long short byte bigint",
    "number": "number float double",
    "string": "string str char",
    "boolean": "boolean bool",
    "array": "array list tuple set arraylist",
    "object": "object dict hashmap mapping",
    "null": "null none nonetype",
}
_KIND = {name: kind for kind, names in _KINDS.items() for name in names.split()}


def tools_by_name(tools: object) -> dict[str, Mapping[str, object]]:
    """The parameter schema of every tool, from a list of tools or the JSON text of one.

    A tool is ``{"name", "parameters"}``, also inside OpenAI's ``function``; xLAM's parameters,
    which name their arguments without ``properties``, are read as properties.

    Raises: DataError for a list that does not parse.

    >>> tools_by_name('[{"name": "f", "parameters": {"type": "dict", "properties": {}}}]')
    {'f': {'type': 'dict', 'properties': {}}}
    """
    listed = with_parsed(tools, "tools")
    if isinstance(listed, Mapping):
        listed = [listed]
    if not isinstance(listed, list | tuple):
        raise DataError(f"tools must be a list of tools, found {clipped(tools)}", field="tools")
    return dict(_tool(tool) for tool in listed)


def properties_of(schema: Mapping[str, object] | None) -> Mapping[str, object]:
    """The schemas of the arguments.

    >>> properties_of({"properties": {"a": {"type": "int"}}})
    {'a': {'type': 'int'}}
    """
    properties = (schema or {}).get("properties")
    return properties if isinstance(properties, Mapping) else {}


def kinds_of(schema: object) -> frozenset[str]:
    """JSON Schema's names of the types that a schema allows; empty if it allows any.

    >>> sorted(kinds_of({"type": ["float", "null"]})), kinds_of({"type": "any"})
    (['null', 'number'], frozenset())
    >>> sorted(kinds_of({"anyOf": [{"type": "integer"}, {"type": "null"}]}))
    ['integer', 'null']
    """
    if not isinstance(schema, Mapping):
        return frozenset()
    if "type" not in schema and (branches := schema.get("anyOf") or schema.get("oneOf")):
        inner = [kinds_of(one) for one in branches] if isinstance(branches, list | tuple) else []
        return frozenset[str]().union(*inner) if all(inner) else frozenset()
    declared = schema.get("type")
    names = declared if isinstance(declared, list | tuple) else [declared]
    kinds = [_KIND.get(_bare_type(name)) for name in names]
    return frozenset() if None in kinds else frozenset(k for k in kinds if k)


def kind_of(value: object) -> str:
    """JSON schema's name of the type of a value.

    >>> kind_of(None), kind_of(True), kind_of(1), kind_of((1,))
    ('null', 'boolean', 'integer', 'array')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    for kind, types in (("integer", int), ("number", float), ("string", str)):
        if isinstance(value, types):
            return kind
    return "object" if isinstance(value, Mapping) else "array"


def same(one: object, two: object, schema: object = None) -> bool:
    """Whether two values are equal as JSON; 1 is 1.0 (unless the schema says integer), never True.

    >>> same(1, 1.0), same(1, 1.0, {"type": "integer"}), same(1, True), same([1], (1,))
    (True, False, False, True)
    """
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if isinstance(one, int | float) and isinstance(two, int | float):
        is_integer = kinds_of(schema) == {"integer"}
        return one == two and (not is_integer or type(one) is type(two))
    if isinstance(one, list | tuple) and isinstance(two, list | tuple):
        item = schema.get("items") if isinstance(schema, Mapping) else None
        return len(one) == len(two) and all(same(a, b, item) for a, b in zip(one, two, strict=True))
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        inner = properties_of(schema if isinstance(schema, Mapping) else None)
        return one.keys() == two.keys() and all(same(one[k], two[k], inner.get(k)) for k in one)
    return type(one) is type(two) and one == two


def type_problems(value: Any, schema: Any, place: str) -> Iterator[str]:
    """How a value violates its schema: type, choices, items, members.

    >>> list(type_problems([1, "2"], {"type": "tuple", "items": {"type": "integer"}}, "a"))
    ['a[1] is a string, not integer']
    """
    if not isinstance(schema, Mapping):
        return
    kinds, kind = kinds_of(schema), kind_of(value)
    if kinds and kind not in kinds and not (kind == "integer" and "number" in kinds):
        actual = kind if kind == "null" else f"{'an' if kind[0] in 'aio' else 'a'} {kind}"
        yield f"{place} is {actual}, not {' or '.join(sorted(kinds))}"
        return
    choices = schema.get("enum")
    if isinstance(choices, list | tuple) and kind not in ("array", "object"):
        if not any(same(value, choice, schema) for choice in choices):
            yield f"{place} is {clipped(value, limit=40)}, which is not one of its choices"
    elif kind == "array":
        for i, item in enumerate(value):
            yield from type_problems(item, schema.get("items"), f"{place}[{i}]")
    elif kind == "object":
        yield from member_problems(value, schema, f"{place}.")


def member_problems(
    value: Mapping[str, object],
    schema: Mapping[str, object],
    place: str = "",
    *,
    is_closed: bool = False,
) -> Iterator[str]:
    """Problems with the members of a mapping; `is_closed`: unknown members are problems."""
    inner = properties_of(schema)
    required = schema.get("required")
    for name in required if isinstance(required, list | tuple) else ():
        if name not in value:
            yield f"{place}{name} is missing"
    for name, member in value.items():
        if name in inner:
            yield from type_problems(member, inner[name], f"{place}{name}")
        elif is_closed or schema.get("additionalProperties") is False:
            yield f"{place}{name[:40]} is unknown"


def _tool(tool: Any) -> tuple[str, Mapping[str, object]]:
    inner = tool.get("function") if isinstance(tool, Mapping) else None
    declaration = inner if isinstance(inner, Mapping) else tool
    name = declaration.get("name") if isinstance(declaration, Mapping) else None
    if not isinstance(name, str):
        raise DataError(
            f"a tool must be a mapping with a name, found {clipped(tool)}", field="tools"
        )
    schema = declaration.get("parameters") or {}
    if not isinstance(schema, Mapping):
        raise DataError(f"parameters of {name!r} are {clipped(schema)}, no mapping", field="tools")
    is_bare = (
        schema
        and "properties" not in schema
        and all(isinstance(inner, Mapping) for inner in schema.values())
    )
    return name, {"properties": schema} if is_bare else schema


def _bare_type(name: object) -> str:
    """A type's name without parameters and qualifiers: ``List[int]``, ``str, optional``."""
    text = name if isinstance(name, str) else ""
    return text.partition(",")[0].partition("[")[0].strip().lower()
