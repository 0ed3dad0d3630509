"""Models from hubs, by id: Hugging Face and ModelScope, into their own caches.

No code is downloaded. Safetensors are preferred: pickles come only where there is nothing else.
"""

from __future__ import annotations

import fnmatch
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from plaudit.errors import ConfigError, EngineError, MissingExtra
from plaudit.hashing import sha256_of_blocks

__all__ = ["NO_WEIGHTS", "download"]

_SMALL = ("*.json", "*.txt", "*.model", "*.jinja", "*.tiktoken")
_WEIGHTS = ("*.safetensors", "*.bin", "*.pt")
NO_WEIGHTS = (  # files that training leaves beside a model
    "training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "rng_state.pth",
    "rng_state.pt",
)  # fmt: skip
_CHUNK = 1 << 20
_TIMEOUT_S = 60.0


def download(hub: str, ident: str, revision: str | None) -> Path:
    """The local directory of a hub's model, downloaded where it is not cached.

    HF_ENDPOINT, HF_HUB_OFFLINE, HF_TOKEN and HF_HOME are honoured; for ModelScope
    MODELSCOPE_DOMAIN, MODELSCOPE_API_TOKEN, MODELSCOPE_CACHE and MODELSCOPE_OFFLINE (HF_HUB_OFFLINE
    holds for both).

    Raises: ConfigError for an id that the hub does not know or show, EngineError where it fails.
    """
    if ident.count("/") != 1 or not all(ident.split("/")):
        raise ConfigError(f"{hub}:{ident}: a hub model is written {hub}:ORG/NAME")
    if hub == "modelscope":
        return _from_modelscope(ident, revision or "master")
    return _from_hugging_face(ident, revision)


def select_files(names: Sequence[str]) -> list[str]:
    """Of a repository's files those that are needed: small ones, and one kind of weights.

    >>> select_files(["config.json", "a.py", "model.safetensors", "pytorch_model.bin"])
    ['config.json', 'model.safetensors']
    """
    top = [name for name in names if name.rpartition("/")[2] not in NO_WEIGHTS]
    small = [n for n in top if "/" not in n and any(fnmatch.fnmatch(n, p) for p in _SMALL)]
    for pattern in _WEIGHTS:
        weights = [n for n in top if "/" not in n and fnmatch.fnmatch(n, pattern)]
        if weights:
            heads = [n for n in top if n == "value_head.bin" or n.endswith("_layer.pt")]
            return [*small, *weights, *(n for n in heads if n not in weights)]
    return small


# --- Hugging Face ---------------------------------------------------------------------------------


def _from_hugging_face(ident: str, revision: str | None) -> Path:
    try:
        import huggingface_hub as hub
        from huggingface_hub import errors
    except ImportError:
        raise MissingExtra.of(
            "models from the Hugging Face hub", package="huggingface_hub", extra="models"
        ) from None
    try:
        if hub.is_offline_mode():
            # Only config files: others may be missing, and pickles are never fetched.
            filters = {"local_files_only": True, "allow_patterns": ["*config.json"]}
            return Path(hub.snapshot_download(ident, revision=revision, **filters))
        names = hub.list_repo_files(ident, revision=revision)
        files = select_files(names)
        return Path(hub.snapshot_download(ident, revision=revision, allow_patterns=files))
    except errors.GatedRepoError:
        raise ConfigError(
            f"hf:{ident}: gated: accept its terms on the hub and set HF_TOKEN"
        ) from None
    except errors.RevisionNotFoundError:
        raise ConfigError(f"hf:{ident}: no revision {revision!r}") from None
    except errors.RepositoryNotFoundError:
        raise ConfigError(
            f"hf:{ident}: no such model (or a private one, and HF_TOKEN is not set)"
        ) from None
    except errors.HFValidationError as error:
        raise ConfigError(f"hf:{ident}: no id of a hub model ({error})") from None
    except Exception as error:  # the library lets its HTTP client's own errors through
        raise EngineError(_unreached(f"hf:{ident}", "HF_HUB_OFFLINE", error)) from None


def _unreached(name: str, variable: str, error: Exception) -> str:
    if _is_set(variable) or _is_set("HF_HUB_OFFLINE"):
        return f"{name}: not in the cache, and {variable} forbids to download it"
    return (
        f"{name}: the hub is not reached ({type(error).__name__}: {str(error)[:150]}); check the"
        " network, HF_ENDPOINT (or MODELSCOPE_DOMAIN) and the free disk, or give a directory"
    )


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in ("1", "true", "yes", "on")


# --- ModelScope -----------------------------------------------------------------------------------


def _from_modelscope(ident: str, revision: str) -> Path:
    base = os.environ.get("MODELSCOPE_CACHE") or "~/.cache/modelscope/hub"
    target = Path(base).expanduser() / "models" / ident / revision.replace("/", "--")
    if _is_set("MODELSCOPE_OFFLINE") or _is_set("HF_HUB_OFFLINE"):
        if (target / ".complete").is_file():
            return target
        raise EngineError(
            f"modelscope:{ident}: not in the cache ({target}), and offline mode forbids to download"
        )
    files = _modelscope_files(ident, revision)
    names = set(select_files([str(file["Path"]) for file in files]))
    target.mkdir(parents=True, exist_ok=True)
    for file in files:
        if file["Path"] in names:
            _modelscope_file(ident, revision, file, target / str(file["Path"]))
    (target / ".complete").touch()
    return target


def _modelscope_url(ident: str, place: str, **query: str) -> str:
    domain = os.environ.get("MODELSCOPE_DOMAIN") or "www.modelscope.cn"
    base = domain if "://" in domain else f"https://{domain}"
    return f"{base}/api/v1/models/{ident}/{place}?{urllib.parse.urlencode(query)}"


def _modelscope_files(ident: str, revision: str) -> list[Mapping[str, object]]:
    url = _modelscope_url(ident, "repo/files", Revision=revision, Recursive="true")
    with _opened(url, ident) as reply:
        listing = json.loads(reply.read())
    files = (listing.get("Data") or {}).get("Files")
    if not isinstance(files, list):
        raise EngineError(f"modelscope:{ident}: {listing.get('Message') or 'no list of files'}")
    return [file for file in files if file.get("Type") == "blob"]


def _modelscope_file(ident: str, revision: str, file: Mapping[str, object], target: Path) -> None:
    """Downloads one file, unless it is there; its size and sha256 are checked."""
    if target.is_file() and target.stat().st_size == file.get("Size"):
        return
    url = _modelscope_url(ident, "repo", Revision=revision, FilePath=str(file["Path"]))
    part = target.with_name(f"{target.name}.part")
    with _opened(url, ident) as reply, part.open("wb") as out:
        actual = sha256_of_blocks(_copied(reply, out))
    expected = file.get("Sha256")
    if part.stat().st_size != file.get("Size") or (expected and actual != expected):
        part.unlink()
        raise EngineError(
            f"modelscope:{ident}: {file['Path']} came damaged (size or sha256); try again"
        )
    part.replace(target)


def _copied(reply: Any, out: BinaryIO) -> Iterator[bytes]:
    """The blocks of a reply, each written to the file first."""
    while block := reply.read(_CHUNK):
        out.write(block)
        yield block


def _opened(url: str, ident: str) -> Any:
    token = os.environ.get("MODELSCOPE_API_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        return urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=_TIMEOUT_S
        )
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 403, 404):
            raise ConfigError(
                f"modelscope:{ident}: no such model or revision, or it needs MODELSCOPE_API_TOKEN"
                f" (HTTP {error.code})"
            ) from None
        raise EngineError(f"modelscope:{ident}: HTTP {error.code}", status=error.code) from None
    except OSError as error:
        message = _unreached(f"modelscope:{ident}", "MODELSCOPE_OFFLINE", error)
        raise EngineError(message) from None
