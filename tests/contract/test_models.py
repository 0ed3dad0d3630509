"""Every architecture keeps every law on a tiny checkpoint, and gives the score it gave before.

Golden scores: fp32 on a processor, random weights of fixed seeds (tests/tiny_models.py). Written by
`python tests/contract/test_models.py > tests/golden/models.json`.
"""

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
import tiny_models  # noqa: E402

import plaudit  # noqa: E402
from plaudit import laws  # noqa: E402

GOLDEN = ROOT / "golden" / "models.json"
QUICK = ("qwen2", "deberta", "pairrm")  # a decoder, an encoder, a comparer; the rest is slow


def cases(names):
    """The architectures as parameters."""
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in names]


def scores(name: str) -> list[list[float]]:
    reward = tiny_models.load(name)
    return [
        [round(s.value, 5) for s in row] for row in reward.score(laws.sample_groups()) if len(row)
    ]


@pytest.mark.parametrize("name", cases(tiny_models.CASES))
def test_every_architecture_keeps_the_laws(name):
    assert laws.check(tiny_models.load(name)) == []


@pytest.mark.parametrize("name", tiny_models.CASES)
def test_every_architecture_gives_its_golden_scores(name):
    for mine, golden in zip(scores(name), json.loads(GOLDEN.read_text())[name], strict=True):
        assert mine == pytest.approx(golden, abs=1e-4, nan_ok=True)


@pytest.mark.parametrize(
    "name", cases(n for n in tiny_models.CASES if n not in tiny_models.COMPARERS)
)
def test_shuffles_and_splits_into_whole_groups_give_equal_bits(name):
    import random

    reward = tiny_models.load(name)
    groups = laws.sample_groups()
    groups += [
        plaudit.Group(f"{i} {'why? ' * i}", [f"because {j} " * (1 + i * j) for j in range(1 + i)])
        for i in range(7)
    ]
    base = reward.score(groups)
    for seed in range(12):
        order = list(range(len(groups)))
        random.Random(seed).shuffle(order)
        cut = random.Random(seed).randrange(1, len(order))
        halves = (order[:cut], order[cut:])
        found = [row for half in halves for row in reward.score([groups[i] for i in half])]
        for i, row in zip(order, found, strict=True):
            assert [repr(s.value) for s in row] == [repr(s.value) for s in base[i]]


def test_every_architecture_file_has_a_case():
    made = {tiny_models.load(name) for name in ("qwen2", "armorm")}
    assert all(reward.facts["kind"] for reward in made)
    others = ("auto", "linear", "remote", "unsupported")  # no network of their own
    modules = {
        path.stem
        for path in Path(plaudit.__file__).parent.joinpath("models").glob("*.py")
        if not path.stem.startswith("_") and path.stem not in others
    }
    tested = {path.split(".")[1] for path in map(_path_of, tiny_models.CASES)}
    assert modules == tested


def _path_of(name: str) -> str:
    reward = tiny_models.load(name)
    return getattr(reward, "comparer", reward).path


if __name__ == "__main__":
    print(json.dumps({name: scores(name) for name in tiny_models.CASES}, indent=1))
