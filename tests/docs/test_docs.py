"""Every example in the docs runs: python blocks in one session per page, sh blocks in bash.

A block whose first line is ``# file: NAME`` is saved under that name instead of being run. Blocks
in other languages (console, text, yaml without a file name) are shown, not run. A line of a sh
block that must fail ends in ``# exits N``.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "README.zh.md"]
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHOWN_ONLY = {"reference.md", "performance.md", "accuracy.md"}


def blocks(page: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
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


def test_the_reference_is_up_to_date():
    script = ROOT / "docs" / "reference.py"
    session: dict[str, object] = {"__name__": "reference", "__file__": str(script)}
    exec(compile(script.read_text(encoding="utf-8"), str(script), "exec"), session)
    written = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert session["page"]() == written, "run `make docs`"  # type: ignore[operator]
