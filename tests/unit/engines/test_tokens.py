"""A checkpoint's ids are those of its tokenizer.json, whatever the library makes of its type."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import tiny  # noqa: E402
from filetokens import FileTokens  # noqa: E402

import plaudit  # noqa: E402
from plaudit.engines import tokens  # noqa: E402
from plaudit.engines.checkpoint import open_checkpoint  # noqa: E402
from plaudit.engines.load import tokenizer_of  # noqa: E402

SPLITS = {
    "digits apart": {"type": "Digits", "individual_digits": True},
    "white space alone": {"type": "WhitespaceSplit"},
    "nothing": None,
}
NORMALIZERS = {
    "none": None,
    "lower case": {"type": "Lowercase"},
    "no accents": {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}]},
}


def edited(tmp_path: Path, family: str, **changes) -> Path:
    """A checkpoint whose tokenizer.json says something else than its type's usual one."""
    return tiny.retokenized(tiny.checkpoint(family), tmp_path / "model", **changes)


def assert_own(path: Path) -> str:
    """The loader's ids on every probe are the file's; what it says of them."""
    loaded, file = tokenizer_of(open_checkpoint(str(path))), FileTokens(path)
    for text in tokens.PROBES:
        ids = list(loaded(text, add_special_tokens=False)["input_ids"])
        assert ids == file.encode(text, add_special_tokens=False), text
    return tokens.note_of(loaded)


@pytest.mark.parametrize("family", ["Qwen2", "Llama", "Mistral", "Gemma2", "GPTNeoX"])
@pytest.mark.parametrize("split", SPLITS)
def test_the_files_way_of_splitting_text_is_kept(tmp_path, family, split):
    assert_own(edited(tmp_path, family, pre_tokenizer=SPLITS[split]))


@pytest.mark.parametrize("family", ["Qwen2", "Llama", "Mistral", "Gemma2", "GPTNeoX"])
@pytest.mark.parametrize("normalizer", NORMALIZERS)
def test_the_files_way_of_normalising_text_is_kept(tmp_path, family, normalizer):
    assert_own(edited(tmp_path, family, normalizer=NORMALIZERS[normalizer]))


def test_show_says_whose_ids_they_are(tmp_path):
    path = edited(tmp_path, "Qwen2", pre_tokenizer=SPLITS["digits apart"])
    assert "tokenizer.json" in assert_own(path)
    reward = plaudit.load(str(path), dtype="float32")
    assert "tokenizer.json" in reward.facts["tokens"]


def test_nothing_is_said_where_nothing_was_changed():
    assert assert_own(tiny.checkpoint("Llama", kind="llama")) == ""


def test_special_tokens_and_template_stay(tmp_path):
    path = edited(tmp_path, "Qwen2", pre_tokenizer=SPLITS["digits apart"])
    loaded = tokenizer_of(open_checkpoint(str(path)))
    assert loaded.eos_token == "<|im_end|>"
    assert loaded.chat_template == tiny.CHATML


def test_ids_that_cannot_be_had_are_refused(tmp_path, monkeypatch):
    path = edited(tmp_path, "Qwen2", pre_tokenizer=SPLITS["digits apart"])
    monkeypatch.setattr(tokens, "_rebuild", lambda path: None)
    with pytest.raises(plaudit.errors.ConfigError, match=r"tokenizer\.json.*without a sign"):
        tokenizer_of(open_checkpoint(str(path)))


def test_a_broken_file_is_named(tmp_path):
    path = edited(tmp_path, "Qwen2")
    (path / "tokenizer.json").write_text("{", "utf-8")
    with pytest.raises(plaudit.errors.ConfigError, match="tokenizer"):
        tokenizer_of(open_checkpoint(str(path)))
