"""A run that is killed, again and again, and resumed gives the bytes of a quiet one.

The same over 50 000 rows and 20 points is `benchmarks/kill_resume.py`, whose runs these are.
"""

import importlib.util
import random
import shutil
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("worker processes need a POSIX system", allow_module_level=True)

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "kill_resume.py"
NUM_ROWS = 5000


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("kill_resume", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def quiet(bench, tmp_path_factory):
    """A folder with the rows, the recipe, and what an undisturbed run makes of them."""
    folder = tmp_path_factory.mktemp("quiet")
    bench.make_rows(folder / "rows.jsonl", NUM_ROWS, seed=1)
    bench.make_recipe(folder / "recipe.yaml")
    bench.finish(bench.command(folder / "rows.jsonl", folder / "recipe.yaml", folder / "out.jsonl"))
    return folder


def partial(output):
    return output.with_name(f"{output.name}.partial.jsonl")


def command(bench, quiet, output, *more):
    return bench.command(quiet / "rows.jsonl", quiet / "recipe.yaml", output, *more)


def test_the_quiet_run_has_every_row(quiet):
    assert len((quiet / "out.jsonl").read_bytes().splitlines()) == NUM_ROWS
    assert sorted(path.name for path in quiet.iterdir()) == [
        "out.jsonl",
        "recipe.yaml",
        "rows.jsonl",
    ]


@pytest.mark.slow
def test_killed_three_times_and_resumed(bench, quiet, tmp_path):
    expected, output = (quiet / "out.jsonl").read_bytes(), tmp_path / "out.jsonl"
    draw = random.Random(2)
    for point in sorted(draw.randrange(1, int(len(expected) * 0.9)) for _ in range(3)):
        size = bench.kill_at(command(bench, quiet, output, "--resume"), output, point)
        assert size >= point
        assert not output.exists()
        assert expected.startswith(partial(output).read_bytes())
    bench.finish(command(bench, quiet, output, "--resume"))
    assert output.read_bytes() == expected
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


@pytest.mark.slow
def test_a_torn_line_is_scored_anew(bench, quiet, tmp_path):
    expected, output = (quiet / "out.jsonl").read_bytes(), tmp_path / "out.jsonl"
    bench.kill_at(command(bench, quiet, output), output, len(expected) // 2)
    kept = tmp_path / "kept"
    shutil.copytree(tmp_path, kept)
    whole = partial(output).read_bytes()
    wide = next(i for i in range(len(whole) // 3, len(whole)) if whole[i] >= 0xC0)
    newline = whole.index(b"\n", len(whole) // 4)
    for cut in (0, newline, wide + 1):
        for path in kept.iterdir():
            shutil.copy(path, tmp_path)
        output.unlink(missing_ok=True)
        partial(output).write_bytes(whole[:cut])
        bench.finish(command(bench, quiet, output, "--resume"))
        assert output.read_bytes() == expected, cut


def test_a_killed_run_is_not_begun_anew_by_accident(bench, quiet, tmp_path):
    output = tmp_path / "out.jsonl"
    bench.kill_at(command(bench, quiet, output), output, 1)
    before = partial(output).read_bytes()
    with pytest.raises(RuntimeError, match=r"exit code 2: .*a run is unfinished"):
        bench.finish(command(bench, quiet, output))
    assert partial(output).read_bytes() == before


def test_other_rows_are_not_mixed_in(bench, quiet, tmp_path):
    output = tmp_path / "out.jsonl"
    bench.kill_at(command(bench, quiet, output), output, 1)
    other = tmp_path / "rows.jsonl"
    bench.make_rows(other, NUM_ROWS, seed=3)
    begun = bench.command(other, quiet / "recipe.yaml", output, "--resume")
    with pytest.raises(
        RuntimeError, match=r"exit code 2: .*cannot be resumed, another run started it"
    ):
        bench.finish(begun)
