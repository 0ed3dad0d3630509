"""``scoring.json``: how a model that plaudit trained is to be scored, and nothing else.

The file lies beside the weights. A reader that does not know its version, or whose features differ
from those of the training, refuses: the scores would mean something else than they say.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plaudit.errors import ConfigError, clipped
from plaudit.hashing import file_sha256

__all__ = ["CONTRACT", "VERSION", "contract_in", "read_contract", "write_contract"]

CONTRACT = "scoring.json"
FORMAT, VERSION = "plaudit-scoring", 1


def contract_in(directory: str | os.PathLike[str]) -> str | None:
    """The kind of model that a directory's contract states; None without a contract of ours."""
    path = Path(os.path.expanduser(directory)) / CONTRACT
    if not path.is_file():
        return None
    kind = _object(path).get("kind")
    return kind if isinstance(kind, str) else None


def read_contract(directory: Path, *, kind: str, features: str) -> Mapping[str, Any]:
    """The contract of a model of a kind.

    Raises: ConfigError where it is missing, of another version or kind, was made with other
    features, or where the weights are not those that it names.
    """
    path = directory / CONTRACT
    if not path.is_file():
        raise ConfigError(f"{directory}: {CONTRACT} is missing: not a model that plaudit trained")
    contract = _object(path)
    if contract.get("format") != FORMAT or contract.get("version") != VERSION:
        raise ConfigError(
            f"{path}: format {contract.get('format')!r}, version {contract.get('version')!r};"
            f" this plaudit reads {FORMAT!r}, version {VERSION}"
        )
    if contract.get("kind") != kind:
        raise ConfigError(f"{path}: kind {contract.get('kind')!r}, expected {kind!r}")
    if contract.get("features") != features:
        raise ConfigError(
            f"{path}: trained with features {contract.get('features')!r}, this plaudit computes"
            f" {features!r}: train again, or score with plaudit {contract.get('plaudit')}"
        )
    _check_weights(directory, contract)
    return contract


def write_contract(directory: Path, contract: Mapping[str, Any]) -> None:
    """Writes the contract, its format and version first."""
    whole = {"format": FORMAT, "version": VERSION, **contract}
    text = json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    with (directory / CONTRACT).open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _object(path: Path) -> dict[str, Any]:
    try:
        contract = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: not readable as JSON: {error}") from None
    if not isinstance(contract, dict):
        raise ConfigError(f"{path}: expected an object, found {clipped(contract)}")
    return contract


def _check_weights(directory: Path, contract: Mapping[str, Any]) -> None:
    weights = contract.get("weights")
    if not isinstance(weights, Mapping) or not isinstance(weights.get("file"), str):
        raise ConfigError(f"{directory / CONTRACT}: names no weights")
    path = directory / Path(weights["file"]).name
    if not path.is_file():
        raise ConfigError(f"{path}: missing")
    if file_sha256(path) != weights.get("sha256"):
        raise ConfigError(f"{path}: not the weights that {CONTRACT} names (SHA-256 differs)")
