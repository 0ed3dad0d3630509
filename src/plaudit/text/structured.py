"""JSON, YAML, TOML, XML and CSV read from model text: no code, no entities, no aliases, bounded
depth.

Every reader returns lists, mappings and scalars, or raises ValueError with the reason. Text that
programs would read differently is refused: duplicate keys, NaN, document types.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from plaudit.errors import ConfigError, MissingExtra
from plaudit.text.literals import DEPTH, is_deep, read_json

__all__ = ["SYNTAXES", "Syntax", "read"]

Syntax = Literal["json", "yaml", "toml", "xml", "csv"]
_MOST_CHARS = 300_000


def read(text: str, syntax: str) -> object:
    """The value of a text in that syntax.

    Raises: ValueError with the reason if the text is not in that syntax; ConfigError for an unknown
    syntax.

    >>> read("<a><b>1</b><b>2</b></a>", "xml"), read("x,y\\n1,2\\n", "csv")
    ({'a': {'b': ['1', '2']}}, [{'x': '1', 'y': '2'}])
    """
    if syntax not in SYNTAXES:
        raise ConfigError(f"syntax={syntax!r} must be {', '.join(map(repr, SYNTAXES))}")
    if len(text) > _MOST_CHARS:
        raise ValueError(f"longer than {_MOST_CHARS} characters")
    value = SYNTAXES[syntax](text)
    if is_deep(value):
        raise ValueError(f"nested deeper than {DEPTH}")
    return value


def _yaml(text: str) -> object:
    """YAML 1.1 with the safe tags, one document, without anchors, aliases and merges."""
    import yaml

    _refuse_depth(text)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_tokens(yaml.scan(text, Loader=loader))
        reader = loader(text)
        tree = reader.get_single_node()
        _refuse_keys(tree)
        return None if tree is None else reader.construct_document(tree)
    except yaml.YAMLError as error:
        raise ValueError(
            f"no YAML: {getattr(error, 'problem', None) or 'cannot be read'}"
        ) from None
    except (RecursionError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"no YAML: {type(error).__name__}") from None


def _refuse_tokens(tokens: Iterable[object]) -> None:
    """Refuses anchors, aliases and deep nesting, which overflow the stack of the C composer."""
    depth = 0
    for token in tokens:
        name = type(token).__name__
        if name in ("AnchorToken", "AliasToken"):
            raise ValueError("anchors and aliases are not read")
        depth += name.endswith("StartToken") - name.endswith("EndToken")
        if depth > DEPTH + 2:  # a stream and a document are the first two
            raise ValueError(f"nested deeper than {DEPTH}")


def _refuse_keys(tree: object) -> None:
    import yaml

    left = [tree]
    while left:
        node = left.pop()
        if isinstance(node, yaml.MappingNode):
            if any(key.tag != "tag:yaml.org,2002:str" for key, _ in node.value):
                raise ValueError("a key that is not text")
            if len({key.value for key, _ in node.value}) < len(node.value):
                raise ValueError("a key occurs twice")
            left += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            left += node.value


def _toml(text: str) -> object:
    try:
        import tomllib  # type: ignore[import-not-found]
    except ImportError:  # Python 3.10
        try:
            import tomli as tomllib  # type: ignore[import-not-found,no-redef]
        except ImportError:
            raise MissingExtra.of("TOML rules", package="tomli", extra="tools") from None
    _refuse_depth(text)
    if any(_num_parts(line) > DEPTH for line in text.splitlines() if line.count(".") > DEPTH):
        raise ValueError(f"a key of more than {DEPTH} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _num_parts(line: str) -> int:
    """An upper bound for the parts of a dotted key in a line; the reader is quadratic in them."""
    longest = run = 0
    for part in map(str.strip, line.split(".")):
        is_quoted = part[:1] in ('"', "'") and part[-1:] == part[:1]
        is_key = bool(part) and (is_quoted or ("," not in part and len(part.split()) == 1))
        run = run + 1 if is_key else 0
        longest = max(longest, run)
    return longest


def _xml(text: str) -> object:
    """Elements as mappings: ``@name`` for attributes, ``#text`` beside members, lists for repeats.

    Document types are refused, and with them all entity definitions.
    """
    from xml.parsers import expat

    tree = _Tree()
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.StartElementHandler = tree.open
    parser.EndElementHandler = tree.close
    parser.CharacterDataHandler = tree.text
    try:
        parser.Parse(text.encode("utf-8"), True)
    except expat.ExpatError as error:
        raise ValueError(f"no XML: {error}") from None
    return tree.root


def _no_doctype(*_: object) -> None:
    raise ValueError("a document type is not read")


class _Tree:
    def __init__(self) -> None:
        self.root: dict[str, object] = {}
        self._open: list[tuple[dict[str, Any], list[str]]] = [(self.root, [])]

    def open(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) > DEPTH:
            raise ValueError(f"nested deeper than {DEPTH}")
        self._open.append(({f"@{k}": v for k, v in attributes.items()}, []))

    def close(self, name: str) -> None:
        members, pieces = self._open.pop()
        text = "".join(pieces).strip()
        if members and text:
            members["#text"] = text
        outer = self._open[-1][0]
        value: Any = members or text
        if name not in outer:
            outer[name] = value
        elif isinstance(outer[name], list):
            outer[name].append(value)
        else:
            outer[name] = [outer[name], value]

    def text(self, data: str) -> None:
        self._open[-1][1].append(data)


def _csv(text: str) -> object:
    """One mapping per row; needs a header of two or more distinct names and rows of that width."""
    if "\0" in text:
        raise ValueError("no CSV: a NUL")
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise ValueError(f"no CSV: {error}") from None
    head = rows[0] if rows else []
    if len(rows) < 2 or len(head) < 2:
        raise ValueError("no CSV: fewer than two rows or columns")
    if len(set(head)) < len(head):
        raise ValueError("no CSV: a column's name occurs twice")
    for i, row in enumerate(rows):
        if len(row) != len(head):
            raise ValueError(f"no CSV: row {i + 1} has {len(row)} fields, not {len(head)}")
    return [dict(zip(head, row, strict=True)) for row in rows[1:]]


def _refuse_depth(text: str) -> None:
    """Refuses deep brackets before they reach a reader that is quadratic in their depth."""
    depth = 0
    for char in text:
        if char in "[{":
            depth += 1
            if depth > DEPTH:
                raise ValueError(f"nested deeper than {DEPTH}")
        elif char in "]}":
            depth = max(depth - 1, 0)


SYNTAXES: Mapping[str, Callable[[str], object]] = {
    "json": read_json,
    "yaml": _yaml,
    "toml": _toml,
    "xml": _xml,
    "csv": _csv,
}
