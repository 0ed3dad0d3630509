"""A language of the sandbox is one file: nothing else names it."""

import sys

import pytest

from plaudit.grading import extract
from plaudit.sandbox import languages

LUA = """
import re
from plaudit.sandbox.languages import Command

PACKAGES = "apt install lua5.4"
ALIASES = ("luajit",)
FENCES = ("lua54",)
LOOKS = re.compile("local")
SUFFIXES = (".lua",)
SERVICES = {"piston": "lua5"}


def tool():
    return None


def translation(program):
    return None


def command(program, product):
    return Command(("lua", "main.lua"), program.limits, {"main.lua": program.code})
"""


@pytest.fixture
def with_lua(tmp_path, monkeypatch):
    (tmp_path / "lua.py").write_text(LUA)
    monkeypatch.setattr(languages, "__path__", [*languages.__path__, str(tmp_path)])
    caches = (languages._names, languages._aliases, extract._languages)
    for cache in caches:
        cache.cache_clear()
    yield
    sys.modules.pop("plaudit.sandbox.languages.lua", None)
    for cache in caches:
        cache.cache_clear()


@pytest.mark.usefixtures("with_lua")
def test_one_file_adds_a_language():
    assert languages.get("LuaJIT").__name__ == "plaudit.sandbox.languages.lua"
    assert "lua" in languages.available()
    assert extract.language_of("lua54") == "lua"
    assert languages.suffixes()[".lua"] == "lua"
    assert languages.service_names("piston")["luajit"] == "lua5"
    assert languages.service_names("sandbox_fusion")["luajit"] == "lua"


def test_no_two_languages_claim_the_same_name():
    for field in ("ALIASES", "FENCES", "SUFFIXES"):
        words = [
            word for name in languages.available() for word in getattr(languages.get(name), field)
        ]
        assert len(words) == len(set(words)), field


def test_services_are_told_their_own_names():
    assert languages.service_names("piston") == {
        "cpp": "c++", "cc": "c++", "cxx": "c++",
        "js": "javascript", "node": "javascript", "nodejs": "javascript",
    }  # fmt: skip
    assert languages.service_names("sandbox_fusion") == {
        "c++": "cpp", "cc": "cpp", "cxx": "cpp",
        "javascript": "nodejs", "js": "nodejs", "node": "nodejs",
    }  # fmt: skip
