"""Every example in the docs runs: python blocks in one session per page, sh blocks in bash.

A block whose first line is ``# file: NAME`` is saved under that name instead of being run. Blocks
in other languages (console, text, yaml without a file name) are shown, not run. A line of a sh
block that must fail ends in ``# exits N``.
"""

import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

from plaudit.cli._app import VERBS

tomllib = pytest.importorskip("tomllib" if sys.version_info >= (3, 11) else "tomli")

ROOT = Path(__file__).parents[2]
AT_THE_ROOT = ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "README.zh.md")
PAGES = [*sorted((ROOT / "docs").glob("*.md")), *(ROOT / name for name in AT_THE_ROOT)]
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHOWN_ONLY = {"reference.md", "performance.md", "accuracy.md"}


def blocks(page: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def page_param(page: Path) -> object:
    """The code of a Chinese how-to is that of the English one."""
    marks = [pytest.mark.slow] if page.name == "rewardbench.zh.md" else []
    return pytest.param(page, id=page.name, marks=marks)


@pytest.mark.parametrize("page", [*map(page_param, PAGES)])
def test_page(page, tmp_path, monkeypatch):
    if page.name in SHOWN_ONLY:
        pytest.skip("holds figures and signatures, no examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    session: dict[str, object] = {"__name__": f"docs_{page.stem.replace('.', '_')}"}
    for language, text in blocks(page):
        first, _, rest = text.partition("\n")
        if name := re.fullmatch(r"# file: ([\w./-]+)", first):
            Path(name[1]).write_text(rest, encoding="utf-8")
        elif language == "python":
            exec(compile(text, str(page), "exec"), session)
        elif language == "sh":
            for command in re.sub(r"\\\n", " ", text).splitlines():
                run(command, tmp_path)


def run(command: str, folder: Path) -> None:
    if not command.strip() or command.startswith("#"):
        return
    wanted = int(m[1]) if (m := re.search(r"# exits (\d+)", command)) else 0
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        "COLUMNS": "100",
    }
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == wanted, f"$ {command}\n{done.stdout}\n{done.stderr}"


def commands(name: str) -> list[str]:
    """The command lines that a README shows."""
    shown = [text for language, text in blocks(ROOT / name) if language == "console"]
    return re.findall(r"^\$ (.*)", "".join(shown), re.MULTILINE)


@pytest.mark.parametrize(  # the same commands, as another test makes sure
    "name", ["README.md", pytest.param("README.zh.md", marks=pytest.mark.slow)]
)
def test_every_command_of_the_readme_runs_on_what_the_first_one_leaves(name, tmp_path):
    ours = [command for command in commands(name) if command.startswith("plaudit ")]
    assert ours[0].startswith("plaudit demo --files .")
    for command in ours:
        run(f"set -e; {command}", tmp_path)
    for out in ("scored.jsonl", "preference.jsonl", "judged.jsonl"):
        assert (tmp_path / out).stat().st_size > 0


def test_what_the_readme_installs_and_makes_is_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    known = set(project["optional-dependencies"])
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for command in commands("README.md"):
        words, _, comment = command.partition("#")
        if words.startswith("make "):
            assert words.split()[1] in targets
        elif words.startswith("pip "):
            extras = re.findall(r"\[([\w,]+)\]", words)
            extras += re.findall(r"extras: (.*)", re.sub(r" \(.*?\)", "", comment))
            assert {extra.strip() for extra in ",".join(extras).split(",") if extra} <= known
        else:
            assert words.startswith("plaudit "), words
    assert len(project["dependencies"]) == 5  # "five small libraries"


def test_the_examples_of_the_verbs_run_on_what_the_demo_leaves(tmp_path):
    for verb in VERBS.values():  # the demo is the first of them
        run(verb.example, tmp_path)


def test_the_chinese_readme_keeps_step():
    english, chinese = (
        [b for b in blocks(ROOT / name) if b[0] != "text"] for name in ("README.md", "README.zh.md")
    )
    assert english == chinese
    headings = [
        len(re.findall(r"^#+ ", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("README.md", "README.zh.md")
    ]
    assert headings[0] == headings[1]


def test_links_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


GLOSSARIES = [ROOT / "docs" / name for name in ("glossary.md", "glossary.zh.md")]
WORD = re.compile(r"^\| \*\*(.+?)\*\*.*\| ([^|]+) \|$", re.MULTILINE)


def resolves(name: str) -> bool:
    """Whether plaudit has an object of this dotted name."""
    try:
        pkgutil.resolve_name(f"plaudit.{name}")
    except (AttributeError, ImportError):
        return False
    return True


def test_the_glossaries_name_the_same_things():
    pages = [page.read_text(encoding="utf-8") for page in GLOSSARIES]
    english, chinese = (WORD.findall(page) for page in pages)
    assert [example for _, example in english] == [example for _, example in chinese]
    assert [word for word, _ in english] == re.findall(r"\*\*（([\w ,-]+)）", pages[1])


def test_a_word_of_the_glossary_has_one_entry():
    words = [word for word, _ in WORD.findall(GLOSSARIES[0].read_text(encoding="utf-8"))]
    single = [each for word in words for each in word.split(", ")]
    assert len(set(single)) == len(single)


def test_the_glossary_points_at_code_that_exists():
    for word, example in WORD.findall(GLOSSARIES[0].read_text(encoding="utf-8")):
        if name := re.fullmatch(r"`((?:[a-z_]+\.)+[A-Za-z]\w*)`", example):
            assert name[1].endswith(".json") or resolves(name[1]), f"{word}: {name[1]}"


def test_the_map_names_files_that_exist():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for path in re.findall(r"`([\w/.-]+(?:\.\w+|/))`", text):
        if not re.search(r"[A-Z]{4}", path.removesuffix("README.md")):
            places = (ROOT / path, ROOT / "src" / "plaudit" / path)
            assert path.startswith("src/plaudit/") or any(p.exists() for p in places), path


def test_the_map_has_the_layers_that_are_enforced():
    enforced = (ROOT / "tests" / "unit" / "test_layers.py").read_text(encoding="utf-8")
    (table,) = re.findall(r"^LAYERS = \{\n(.*?)^\}", enforced, re.DOTALL | re.MULTILINE)
    members = {m for text in re.findall(r'"([^"]*)"', table) for m in text.split()}
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [\d., ]+ \| ([^|]+) \|", text, re.MULTILINE)
    assert {m for row in rows for m in re.findall(r"`(\w+)`", row)} == members


def test_the_reference_is_up_to_date():
    script = ROOT / "docs" / "reference.py"
    session: dict[str, object] = {"__name__": "reference", "__file__": str(script)}
    exec(compile(script.read_text(encoding="utf-8"), str(script), "exec"), session)
    written = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert session["page"]() == written, "run `make docs`"  # type: ignore[operator]
