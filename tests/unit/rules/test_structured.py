"""Structured output: what is read, what is refused, schemas and fields."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import Group, load
from plaudit.errors import ConfigError, DataError, MissingExtra
from plaudit.rules import structured
from plaudit.text.structured import SYNTAXES, read

LAUGHS = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'
YAML_LAUGHS = "a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("syntax", "text", "expected"),
    [
        ("json", '{"a": [1, null]}', {"a": [1, None]}),
        ("yaml", "a:\n  - 1\n  - yes\n", {"a": [1, True]}),
        ("toml", 'x = 1\n[a]\nb = ["c"]\n', {"x": 1, "a": {"b": ["c"]}}),
        ("xml", '<a n="1">t<b>1</b></a>', {"a": {"@n": "1", "b": "1", "#text": "t"}}),
        ("csv", 'a,b\n1,"x, y"\n', [{"a": "1", "b": "x, y"}]),
    ],
)
def test_each_syntax_is_read(syntax, text, expected):
    assert read(text, syntax) == expected
    assert structured.valid(text, syntax=syntax) == 1.0
    assert structured.valid(f"<think>x</think>\n```{syntax}\n{text}\n```", syntax=syntax) == 1.0


@pytest.mark.parametrize(
    ("syntax", "text", "reason"),
    [
        ("json", "", "Expecting value"),
        ("json", "{'a': 1}", "Expecting property name"),
        ("json", '{"a": 1, "a": 2}', "occurs twice"),
        ("json", '{"a": NaN}', "NaN is not JSON"),
        ("json", "42", "neither a list nor a mapping"),
        ("json", '{"a": 1} and more', "Extra data"),
        ("yaml", "just words", "neither a list nor a mapping"),
        ("yaml", "a: 1\na: 2", "occurs twice"),
        ("yaml", "1: a", "a key that is not text"),
        ("yaml", "a: [", "no YAML"),
        ("yaml", "a: 1\n---\nb: 2", "no YAML"),
        ("yaml", "!!python/object/apply:os.getcwd []", "no YAML"),
        ("yaml", YAML_LAUGHS, "aliases are not read"),
        ("yaml", "&a [*a]", "aliases are not read"),
        ("toml", "a = 1\na = 2", "overwrite"),
        ("toml", "", "neither a list nor a mapping"),
        ("xml", "<a>", "no XML"),
        ("xml", LAUGHS, "a document type is not read"),
        ("xml", OUTSIDE, "a document type is not read"),
        ("xml", "<a>&x;</a>", "no XML"),
        ("csv", "one line", "fewer than two"),
        ("csv", "a,b\n1\n", "row 2 has 1 fields, not 2"),
        ("csv", "a,a\n1,2\n", "occurs twice"),
        ("csv", 'a,b\n"1,2\n', "no CSV"),
    ],
)
def test_what_is_refused(syntax, text, reason):
    score = structured.valid(text, syntax=syntax)
    if (syntax, text) == ("toml", ""):  # an empty file is a TOML document without keys
        assert score == 1.0
    else:
        assert score.value == 0.0
        assert reason.lower() in score.note.lower()


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize(
    "seed",
    [
        "[",
        "{",
        '{"a":',
        "- ",
        "? ",
        "a.",
        "<a>",
        "&a ",
        "\n ",
        '"',
        "'",
        "a: ",
        "[[",
        "[a.b]\n",
        ",",
    ],
)
def test_hostile_repeats_are_refused_or_read(syntax, seed):
    for text in (seed * 60_000, "x = " + seed * 2_000):
        score = structured.valid(text, syntax=syntax)
        assert score == 1.0 or score.value == 0.0


@given(st.text(max_size=80), st.sampled_from(list(SYNTAXES)))
def test_no_text_raises(text, syntax):
    structured.valid(text, syntax=syntax)
    structured.fields(text, {"a": 1}, syntax=syntax)
    structured.schema(text, {"type": "object"}, syntax=syntax)


def test_dots_in_text_are_no_long_key():
    prose = "One. Two words. " * 60
    assert read(f'a = "{prose}"\nb = [{"1.5," * 90}]', "toml")["a"] == prose
    for key in ("a." * 90 + "a", '"a b".' * 90 + "a"):
        with pytest.raises(ValueError, match="more than 64 parts"):
            read(f"{key} = 1", "toml")


def test_hard_characters_are_scored():
    for text in ("\ud800", '{"a": "\ud800"}', "\0", "a: \0", "<a>\ud800</a>", "x,y\n\0,1"):
        for syntax in SYNTAXES:
            score = structured.valid(text, syntax=syntax)
            assert score == 1.0 or score.value == 0.0


def test_where_the_document_stands():
    fenced = 'Here:\n```json\n{"a": 1}\n```\nDone.'
    assert structured.valid(fenced) == structured.valid(fenced, extract="fence") == 1.0
    assert structured.valid(fenced, extract="answer").value == 0.0
    assert structured.valid('{"a": 1}', extract="fence").note == "no fenced block"
    assert structured.valid(fenced + "\n" + fenced).note == "more than one fenced block"
    assert structured.valid('```json\n{"a": 1}').note == "a code block is not closed"
    assert structured.valid('<think>{"a": 1}</think>').value == 0.0


@pytest.mark.parametrize("params", [{"syntax": "ini"}, {"extract": "some"}])
def test_unknown_parameters(params):
    with pytest.raises(ConfigError):
        structured.valid("{}", **params)
    with pytest.raises(ConfigError):
        structured.fields("{}", "{}", extra="some")


# --- schema ---------------------------------------------------------------------------------------

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ({"name": "A", "age": 3}, 1),
        ({"name": "A"}, 1),
        ({"age": 3}, 0),
        ({"name": "A", "age": -1}, 0),
        ({"name": "A", "age": "3"}, 0),
        ({"name": "A", "city": "B"}, 0),
    ],
)
def test_schema(document, value):
    for given_schema in (PERSON, json.dumps(PERSON)):
        score = structured.schema(json.dumps(document), given_schema)
        assert getattr(score, "value", score) == value


def test_schema_on_yaml_and_a_broken_document():
    assert structured.schema("name: A\nage: 3", PERSON, syntax="yaml") == 1.0
    assert structured.schema("{", PERSON).value == 0.0
    assert structured.schema('{"age": 3}', PERSON).note == "$: 'name' is a required property"


@pytest.mark.parametrize(
    "bad",
    [
        "no schema",
        3,
        {"type": "strange"},
        {"required": "name"},
        {"pattern": "("},
        {"$ref": "http://localhost:1/schema.json"},
        {"properties": {"a": {"$ref": "#/missing"}}},
    ],
)
def test_a_schema_that_is_none_is_a_data_error(bad):
    wrapped = {"properties": {"a": bad}} if isinstance(bad, dict) else bad
    with pytest.raises(DataError) as caught:
        structured.schema('{"a": {"a": "x"}}', wrapped)
    assert caught.value.field == "schema"


def test_without_jsonschema_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(MissingExtra, match=r"plaudit\[tools\]"):
        structured.schema("{}", {})


# --- fields ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reference", "value"),
    [
        ('{"a": 1, "b": "x"}', {"b": "x", "a": 1.0}, 1.0),
        ('{"a": "1"}', {"a": 1}, 0.0),
        ('{"a": true}', {"a": 1}, 0.0),
        ('{"a": 1}', {"a": 1, "b": 2}, 0.5),
        ('{"a": 1, "c": 2}', {"a": 1}, 0.5),
        ('{"a": {"b": [1, 2]}}', {"a": {"b": [1, 3]}}, 0.5),
        ('{"a": {"b": [1, 2]}}', '{"a": {"b": [1, 2]}}', 1.0),
        ('{"a": []}', {"a": []}, 1.0),
        ('{"a": []}', {"a": {}}, 0.0),
        ("{}", {}, 1.0),
        ("not json", {"a": 1}, 0.0),
    ],
)
def test_fields(text, reference, value):
    assert structured.fields(text, reference).value == value


def test_extra_fields_may_be_ignored():
    score = structured.fields('{"a": 1, "c": 2}', {"a": 1}, extra="ignore")
    assert (score.value, score.note) == (1.0, None)


def test_a_dotted_key_is_not_a_path():
    assert structured.fields('{"a.b": 1}', {"a": {"b": 1}}).value == 0.0


def test_a_reference_that_does_not_parse():
    with pytest.raises(DataError, match="reference"):
        structured.fields("{}", "{")


class TestPatternsFromData:
    """A regular expression in a schema comes from the data: it runs under a deadline."""

    def score(self, pattern, text):
        row = {"schema": {"items": {"pattern": pattern}}}
        response = json.dumps([text])
        return load("rules.structured.schema").score([Group("?", [response], row)])[0][0]

    def test_a_pattern_decides(self):
        assert self.score("^a+$", "aaa").value == 1.0
        assert self.score("^a+$", "aab").value == 0.0

    def test_one_that_backtracks_without_end_is_killed(self, monkeypatch, cpu_machine):
        monkeypatch.setattr(structured._POOL, "deadline_s", 0.5)
        found = self.score("^(a+)+$", "a" * 60 + "!")
        assert (found.value, found.fault) == (0.0, "response")
        assert "undecided" in found.error
        assert self.score("^a+$", "aaa").value == 1.0

    def test_a_broken_pattern_is_a_broken_schema(self):
        with pytest.raises(DataError):
            self.score("(", "aaa")
