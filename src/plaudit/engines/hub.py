"""Models from hubs, by id: Hugging Face and ModelScope, into their own caches."""

from __future__ import annotations

import os
from pathlib import Path

from plaudit.errors import ConfigError, EngineError, MissingExtra

__all__ = ["download"]

_SMALL = ["*.json", "*.txt", "*.model", "*.jinja", "*.tiktoken", "*.py.never"]
_WEIGHTS = (["*.safetensors"], ["*.bin"], ["*.pt"])


def download(hub: str, ident: str, revision: str | None) -> Path:
    """The local directory of a hub's model, downloaded where it is not cached.

    HF_ENDPOINT, HF_HUB_OFFLINE, HF_TOKEN and HF_HOME are honoured; for ModelScope
    MODELSCOPE_DOMAIN and MODELSCOPE_CACHE. Code in the repository is never downloaded.

    Raises: ConfigError for an id that the hub does not know or show, EngineError where it fails.
    """
    if ident.count("/") != 1 or not all(ident.split("/")):
        raise ConfigError(f"{hub}:{ident}: write {hub}:ORG/NAME, as {hub}:Skywork/Skywork-Reward")
    return _from_hugging_face(ident, revision)


def _from_hugging_face(ident: str, revision: str | None) -> Path:
    try:
        import huggingface_hub as hub
        from huggingface_hub import errors
    except ImportError:
        raise MissingExtra.of(
            "models from the Hugging Face hub", package="huggingface_hub", extra="models"
        ) from None
    try:
        return Path(
            hub.snapshot_download(ident, revision=revision, allow_patterns=_patterns(ident))
        )
    except errors.GatedRepoError:
        raise ConfigError(f"hf:{ident}: gated: accept its terms and set HF_TOKEN") from None
    except errors.RepositoryNotFoundError:
        raise ConfigError(f"hf:{ident}: no such model, or a private one without HF_TOKEN") from None
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled):
        where = os.environ.get("HF_ENDPOINT", "the hub")
        raise EngineError(
            f"hf:{ident}: not in the cache, and {where} is not reached"
            " (HF_HUB_OFFLINE is set, or there is no network)"
        ) from None


def _patterns(ident: str) -> list[str]:
    return [*_SMALL, *(pattern for kind in _WEIGHTS for pattern in kind)]
