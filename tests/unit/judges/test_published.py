"""Slots for the wordings that judges were trained on: the text is the user's, the reading ours."""

import shutil
from pathlib import Path

import pytest

from plaudit.errors import ConfigError
from plaudit.judges import template
from plaudit.judges.template import load_template
from plaudit.judges.verdict import parse

FOLDER = Path(template.__file__).parent / "templates" / "published"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
PAIR = "{input}\n1: {response_a}\n2: {response_b}\n"
RUBRIC = "\n{rubric}"
# What each model's published reader takes (the source stands in the file): reply and verdict.
REPLIES = {
    "autoj_pairwise": [
        ("1. Both ...\nSo, the final decision is Response 2.", "Response 2"),
        ("...\nSo, the final decision is Tie.", "Tie"),
    ],
    "autoj_rating": [("The response ...\n\nRating: [[5]]", 5.0)],
    "conj_pairwise": [
        ('{"原因": "回答1遗漏了步骤", "更好的回答": 2}', "2"),
        ('```json\n{"原因": "更准确", "更好的回答": 1}\n```', "1"),
    ],
    "pandalm_pairwise": [
        ("1\n\n### Reason: it is right.\n\n### Reference: 42\n", "1"),
        ("Tie\n\n### Reason: 1 and 2 are alike.\n", "Tie"),
    ],
    "prometheus_absolute": [("Feedback: short and right. [RESULT] 4", 4.0)],
    "prometheus_relative": [("Feedback: B is right, A is not. [RESULT] B", "B")],
}


def filled(name: str, folder: Path) -> Path:
    """A copy with a text of the test's own in the slot."""
    path = folder / f"{name}.yaml"
    shutil.copy(FOLDER / path.name, path)
    text = "{input}\n{response}" if name.endswith(("rating", "absolute")) else PAIR
    (folder / f"{name}.txt").write_text(text + RUBRIC * name.startswith("prometheus"))
    return path


def test_all_that_ship_are_tested():
    assert sorted(REPLIES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_text_is_used_unchanged_and_replies_are_read_as_published(name, tmp_path):
    made = load_template(filled(name, tmp_path))
    assert made.text == (tmp_path / f"{name}.txt").read_text()
    assert not made.is_fenced
    assert ".py: " in made.source
    for reply, verdict in REPLIES[name]:
        assert parse(reply, made.spec) == verdict


@pytest.mark.parametrize("name", NAMES)
def test_without_its_text_the_file_that_is_missing_is_named(name):
    with pytest.raises(ConfigError, match=f"{name}.txt cannot be read"):
        load_template(f"published/{name}")


def test_the_prompt_is_the_text_with_its_slots_filled(tmp_path):
    made = load_template(filled("conj_pairwise", tmp_path))
    turns = made.messages(input="六乘七？", response_a="42", response_b="41 {input}")
    assert turns == [{"role": "user", "content": "六乘七？\n1: 42\n2: 41 {input}\n"}]
