"""Models from hubs, by id: Hugging Face and ModelScope, into their own caches.

No code is downloaded. Safetensors are preferred: pickles come only where there is nothing else.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from plaudit.errors import ConfigError, EngineError, MissingExtra
from plaudit.old_names import old_names

__all__ = ["NO_WEIGHTS", "download"]
__getattr__ = old_names(__name__)

_SMALL = ("*.json", "*.txt", "*.model", "*.jinja", "*.tiktoken")
_WEIGHTS = ("*.safetensors", "*.bin", "*.pt")
NO_WEIGHTS = (  # files that training leaves beside a model
    "training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "rng_state.pth",
    "rng_state.pt",
)  # fmt: skip


def download(hub: str, ident: str, revision: str | None) -> Path:
    """The local directory of a hub's model, downloaded where it is not cached.

    HF_ENDPOINT, HF_HUB_OFFLINE, HF_TOKEN and HF_HOME are honoured; for ModelScope
    MODELSCOPE_ENDPOINT (or MODELSCOPE_DOMAIN), MODELSCOPE_API_TOKEN, MODELSCOPE_CACHE and
    MODELSCOPE_OFFLINE (HF_HUB_OFFLINE holds for both).

    Raises: ConfigError for an id that the hub does not know or show, EngineError where it fails,
    MissingExtra without the hub's library.
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
        " network, HF_ENDPOINT (or MODELSCOPE_ENDPOINT) and the free disk, or give a directory"
    )


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in ("1", "true", "yes", "on")


# --- ModelScope -----------------------------------------------------------------------------------

_COMPLETE = ".plaudit"  # written last: the revision that the directory holds in full


def _from_modelscope(ident: str, revision: str) -> Path:
    try:
        import modelscope_hub as hub
    except ImportError:
        raise MissingExtra.of(
            "models from ModelScope", package="modelscope_hub", extra="modelscope"
        ) from None
    try:
        api = hub.HubApi(hub.HubConfig(endpoint=_modelscope_endpoint()))
        path = _modelscope_cached(api, ident, revision)
        if _is_set("MODELSCOPE_OFFLINE") or _is_set("HF_HUB_OFFLINE"):
            return _complete(path, ident, revision)
        return _modelscope_download(api, ident, revision, path)
    except (hub.NotExistError, hub.AuthenticationError, hub.PermissionDeniedError):
        raise ConfigError(
            f"modelscope:{ident}: no such model or revision, or it needs MODELSCOPE_API_TOKEN"
        ) from None
    except hub.InvalidParameter as error:
        raise ConfigError(f"modelscope:{ident}: no id of a hub model ({error})") from None
    except hub.FileDownloadError as error:
        raise EngineError(f"modelscope:{ident}: {error}") from None
    except (hub.HubError, OSError) as error:
        message = _unreached(f"modelscope:{ident}", "MODELSCOPE_OFFLINE", error)
        raise EngineError(message) from None


def _modelscope_endpoint() -> str | None:
    """The hub's address by MODELSCOPE_ENDPOINT or its former name; None: the library's own."""
    endpoint = os.environ.get("MODELSCOPE_ENDPOINT") or os.environ.get("MODELSCOPE_DOMAIN")
    return endpoint if not endpoint or "://" in endpoint else f"https://{endpoint}"


def _modelscope_cached(api: Any, ident: str, revision: str) -> Path | None:
    """The cached directory, complete or not; None if there is none."""
    import modelscope_hub as hub

    try:
        return api.download_repo(ident, "model", revision=revision, local_files_only=True)
    except hub.CacheNotFound:
        return None


def _complete(path: Path | None, ident: str, revision: str) -> Path:
    """The cached directory if the whole revision is there: the library returns any that exists."""
    if path is not None:
        marker = path / _COMPLETE
        if marker.is_file() and marker.read_text(encoding="utf-8") == revision:
            return path
    raise EngineError(
        f"modelscope:{ident}: not in the cache ({path or 'no directory'} with all files of"
        f" {revision}), and offline mode forbids to download; or give a directory"
    )


def _modelscope_download(api: Any, ident: str, revision: str, path: Path | None) -> Path:
    """Downloads what differs from the hub by size or sha256, and refuses files it does not have.

    A branch has one directory, whatever commit it is at, so that files of an earlier one may stay.
    """
    if path is not None:
        (path / _COMPLETE).unlink(missing_ok=True)
    listing = api.list_repo_files(ident, "model", revision=revision)
    names = set(select_files([file.path for file in listing if not file.is_dir]))
    files = [
        {"Path": file.path, "Size": file.size, "Sha256": file.sha256}
        for file in listing
        if file.path in names
    ]
    path = Path(api.download_repo(ident, "model", revision=revision, file_list=files))
    local = select_files([file.name for file in path.iterdir() if file.is_file()])
    if stale := sorted(set(local) - names):
        raise EngineError(
            f"modelscope:{ident}: {path} contains {stale[0]}, which {revision} does not: delete it"
        )
    (path / _COMPLETE).write_text(revision, encoding="utf-8")
    return path
