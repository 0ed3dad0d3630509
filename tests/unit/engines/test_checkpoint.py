"""Where models are found: directories, two hubs, offline; what is said when they are not."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
_SPEC = importlib.util.spec_from_file_location("hub", ROOT / "servers" / "hub.py")
hub = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(hub)
import tiny  # noqa: E402

from plaudit.engines.checkpoint import locate, open_checkpoint  # noqa: E402
from plaudit.errors import ConfigError, MissingExtra  # noqa: E402


def test_a_directory(tmp_path):
    found = open_checkpoint(str(tiny.checkpoint()))
    assert found.architecture == "Qwen2ForSequenceClassification"
    assert found.model_type == "qwen2"
    assert found.has("score.weight")
    assert set(found.tensors(["score.weight"])) == {"score.weight"}
    assert all(name.startswith("model.layers.0.") for name in found.tensors("model.layers.0."))
    assert len(found.revision) == 32
    with pytest.raises(ConfigError, match=r"no tensor nothing in model\.safetensors"):
        found.tensors(["nothing"])


def test_a_directory_that_is_misspelt(tmp_path):
    (tmp_path / "skywork").mkdir()
    with pytest.raises(ConfigError, match="did you mean 'skywork'"):
        locate(str(tmp_path / "skywrok"))


@pytest.mark.parametrize("name", ["hf:nothing", "modelscope:a/b/c", "hf:/x"])
def test_a_malformed_id(name):
    with pytest.raises(ConfigError, match="ORG/NAME"):
        locate(name)


SCRIPT = """
import sys
from plaudit.errors import PlauditError
from plaudit.engines.checkpoint import open_checkpoint
try:
    found = open_checkpoint(sys.argv[1])
    print("found", found.path, found.revision, sorted(p.name for p in found.path.iterdir()))
except PlauditError as error:
    print(type(error).__name__, error)
"""


def run(name: str, **environment: str) -> str:
    """In a process of its own: the hub's library reads its variables once."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "MODELSCOPE"))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, name],
        env={**kept, "HF_HUB_DISABLE_XET": "1", **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("repository") / "model"
    shutil.copytree(tiny.checkpoint(), path)
    (path / "modeling_evil.py").write_text("raise SystemExit")
    (path / "pytorch_model.bin").write_bytes(b"never needed")
    return path


def test_hugging_face_by_endpoint_then_offline(folder, tmp_path):
    with hub.Hub("org/name", folder) as server:
        told = run("hf:org/name", HF_ENDPOINT=server.url, HF_HOME=str(tmp_path))
        assert told.startswith("found")
        assert hub.COMMIT in told
        assert "modeling_evil.py" not in told
        assert "pytorch_model.bin" not in told
        assert "Repository" not in run("hf:org/name", HF_ENDPOINT=server.url, HF_HOME=str(tmp_path))
    offline = run("hf:org/name", HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path))
    assert offline == told


def test_hugging_face_without_the_model(folder, tmp_path):
    with hub.Hub("org/name", folder) as server:
        told = run("hf:org/other", HF_ENDPOINT=server.url, HF_HOME=str(tmp_path))
    assert "ConfigError hf:org/other: no such model" in told
    told = run("hf:org/name", HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path / "empty"))
    assert "EngineError hf:org/name: not in the cache" in told
    assert "HF_HUB_OFFLINE" in told


# --- ModelScope -----------------------------------------------------------------------------------


@pytest.fixture
def modelscope(tmp_path):
    """Runs the script on a model of ModelScope, with a cache and a home of its own."""
    pytest.importorskip("modelscope_hub", reason="plaudit[modelscope] is not installed")

    def located(name: str = "org/name", **environment: str) -> str:
        folders = {"MODELSCOPE_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path)}
        return run(f"modelscope:{name}", **folders, **environment)

    return located


def test_modelscope_then_offline(folder, modelscope):
    with hub.Hub("org/name", folder) as server:
        online = modelscope(MODELSCOPE_ENDPOINT=server.url)
        assert online.startswith("found")
        assert "modeling_evil.py" not in online
        assert "pytorch_model.bin" not in online
        before = len(server.asked)
        assert modelscope(MODELSCOPE_DOMAIN=server.url) == online
        assert len(server.asked) == before + 1  # the list alone
        missing = modelscope("org/other", MODELSCOPE_ENDPOINT=server.url)
        assert "ConfigError modelscope:org/other" in missing
    assert modelscope(MODELSCOPE_OFFLINE="1") == online
    assert "EngineError modelscope:org/x: not in the cache" in modelscope(
        "org/x", MODELSCOPE_OFFLINE="1"
    )
    other = modelscope("org/name@v2", MODELSCOPE_OFFLINE="1")
    assert "EngineError modelscope:org/name: not in the cache" in other


def test_modelscope_checks_what_came(folder, modelscope):
    """What is left of a download that failed is no model, offline either."""
    with hub.Hub("org/name", folder, damage="model.safetensors") as server:
        damaged = modelscope(MODELSCOPE_ENDPOINT=server.url)
    assert "EngineError modelscope:org/name" in damaged
    assert "Hash mismatch for model.safetensors" in damaged
    assert "EngineError" in modelscope(MODELSCOPE_OFFLINE="1")


def test_a_branch_of_modelscope_that_moves(folder, modelscope, tmp_path):
    """Weights of the same size come anew, under another revision; files that went are refused."""
    moved = tmp_path / "moved"
    shutil.copytree(folder, moved)
    weights = bytearray((moved / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (moved / "model.safetensors").write_bytes(weights)
    revisions = []
    for path in (folder, moved):
        with hub.Hub("org/name", path) as server:
            revisions.append(modelscope(MODELSCOPE_ENDPOINT=server.url).split()[2])
    assert revisions[0] != revisions[1]
    assert "master" not in revisions
    (moved / "tokenizer_config.json").unlink()
    with hub.Hub("org/name", moved) as server:
        stale = modelscope(MODELSCOPE_ENDPOINT=server.url)
    assert "contains tokenizer_config.json, which master does not: delete it" in stale
    assert "EngineError" in modelscope(MODELSCOPE_OFFLINE="1")


def test_modelscope_without_its_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "modelscope_hub", None)
    with pytest.raises(MissingExtra, match=r"plaudit\[modelscope\]"):
        locate("modelscope:org/name")


@pytest.mark.slow
def test_modelscope_that_is_not_reached(modelscope):
    """Its library tries four times, over seven seconds."""
    message = modelscope(MODELSCOPE_ENDPOINT="http://127.0.0.1:9")
    assert "EngineError modelscope:org/name: the hub is not reached" in message


# --- hubs that are not reached, names that none has -----------------------------------------------


@pytest.mark.slow
def test_hugging_face_that_is_not_reached(tmp_path):
    """Its library tries several times, then lets its HTTP client's own error through."""
    message = run("hf:org/name", HF_ENDPOINT="http://127.0.0.1:9", HF_HOME=str(tmp_path))
    assert "EngineError hf:org/name: the hub is not reached" in message
    assert "HF_ENDPOINT" in message


@pytest.mark.parametrize("name", ["hf:org/na me", "hf:org/a--b", "hf:org/name."])
def test_a_name_that_no_hub_has(tmp_path, name):
    assert f"ConfigError {name}: no id of a hub model" in run(name, HF_HOME=str(tmp_path))
