"""A model's files: where they are, and what is known of them before they are loaded."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plaudit.engines.hub import NO_WEIGHTS, download
from plaudit.errors import ConfigError, did_you_mean
from plaudit.hashing import digest

__all__ = ["Checkpoint", "is_buffer", "locate", "open_checkpoint", "refuse_unused", "unused"]

_HUBS = ("hf:", "modelscope:")
_COMMIT = re.compile("[0-9a-f]{40}")


def locate(name: str, *, revision: str | None = None) -> Path:
    """The directory of a model: DIRECTORY, hf:ORG/NAME[@REVISION] or modelscope:ORG/NAME[@...].

    Raises: ConfigError where there is no such directory or id, EngineError where a hub fails.
    """
    for hub in _HUBS:
        if name.startswith(hub):
            ident, _, own = name.removeprefix(hub).partition("@")
            return download(hub[:-1], ident, own or revision)
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    hint = did_you_mean(path.name, siblings) or ";"
    raise ConfigError(
        f"no model {name!r}: it is no directory{hint} hub models are written hf:ORG/NAME or"
        " modelscope:ORG/NAME"
    )


def open_checkpoint(name: str, *, revision: str | None = None) -> Checkpoint:
    """The checkpoint at `name`, its config read and its files found.

    Raises: ConfigError for a missing or broken config.json, and for weights that are not there.
    """
    path = locate(name, revision=revision)
    adapter = path / "adapter_config.json"
    has_config = (path / "config.json").is_file()
    config = {} if adapter.is_file() and not has_config else _read_json(path / "config.json", name)
    return Checkpoint(path, name, config, tuple(_weight_files(path, name)))


@dataclass(frozen=True)
class Checkpoint:
    """A model's directory: its config.json as a mapping and its weight files.

    `used` holds the names of the tensors (and of files of their own) that were read; see
    `refuse_unused`.
    """

    path: Path
    name: str
    config: Mapping[str, Any]
    weight_files: tuple[Path, ...]
    used: set[str] = field(default_factory=set, compare=False, repr=False)

    @property
    def architecture(self) -> str:
        """The first of config.json's architectures, or an empty string."""
        return str(next(iter(self.config.get("architectures") or ()), ""))

    @property
    def model_type(self) -> str:
        """config.json's model_type, or an empty string."""
        return str(self.config.get("model_type") or "")

    @property
    def is_adapter(self) -> bool:
        """Whether the directory contains an adapter (LoRA) and no model of its own."""
        return not self.config and (self.path / "adapter_config.json").is_file()

    @property
    def base_model(self) -> str | None:
        """The model that an adapter belongs to, as adapter_config.json names it."""
        if not (self.path / "adapter_config.json").is_file():
            return None
        config = _read_json(self.path / "adapter_config.json", self.name)
        return config.get("base_model_name_or_path")

    @property
    def revision(self) -> str:
        """The version of the weights: the hub's commit, or a hash of names, sizes and times."""
        parts = self.path.resolve().parts
        if len(parts) > 1 and parts[-2] == "snapshots" and _COMMIT.fullmatch(parts[-1]):
            return parts[-1]  # ModelScope's is named by a branch, which moves
        files = sorted((*self.weight_files, *self.path.glob("*config.json")))
        facts = ((file.name, file.stat()) for file in files)
        lines = [f"{name} {stat.st_size} {stat.st_mtime_ns}\n" for name, stat in facts]
        return digest("".join(lines)).hex()

    def tensor_names(self) -> frozenset[str]:
        """The names of all tensors, read from the files' headers."""
        return frozenset(_places(self.weight_files))

    def file(self, name: str) -> Mapping[str, object]:
        """All tensors of one more file in the directory (weights only)."""
        self.used.add(name)
        return _unpickled(self.path / name, "cpu")

    def has(self, name: str) -> bool:
        """Whether a tensor of that name is in the weight files."""
        return name in _places(self.weight_files)

    def tensors(self, names_or_prefix: Iterable[str] | str) -> dict[str, Any]:
        """Tensors by their names, or all whose names begin with a prefix (a string).

        Raises: ConfigError naming those that are not there.
        """
        places = _places(self.weight_files)
        if isinstance(names_or_prefix, str):
            names = sorted(name for name in places if name.startswith(names_or_prefix))
        else:
            names = list(names_or_prefix)
        if missing := [name for name in names if name not in places]:
            files = ", ".join(path.name for path in self.weight_files) or "no weight file"
            raise ConfigError(f"{self.name}: no tensor {', '.join(missing[:4])} in {files}")
        self.used.update(names)
        tensors: dict[str, Any] = {}
        for file in dict.fromkeys(places[name] for name in names):
            tensors.update(_read(file, [name for name in names if places[name] == file], self.name))
        return {name: tensors[name] for name in names}


_BUFFERS = re.compile(  # computed by the model itself, but present in older files
    r"(?:^|\.)(?:rotary_emb\.inv_freq|attn\.(?:masked_)?bias|attention\.(?:masked_)?bias"
    r"|position_ids|num_batches_tracked)$"
)
_OUTPUT = re.compile(  # the output layer of the language model that a reward model began as
    r"(?:^|\.)(?:lm_head|embed_out|output)\.(?:weight|bias)$"
    r"|^(?:lm_predictions|mask_predictions|cls\.predictions)\."
)
_SETTING = re.compile(  # settings of reward models that change scores
    r"reward|normali[sz]e|^score_|_score$|^(?:reward_)?(?:mean|std|var)$"
)
_NEUTRAL = {"mean": (0, [0]), "std": (1, [1]), "var": (1, [1])}
_COPIES = ("model", "pytorch_model", "consolidated", "adapter_model", "tf_model", "flax_model")


def is_buffer(name: str) -> bool:
    """Whether a tensor is one that models compute by themselves.

    >>> is_buffer("model.layers.0.self_attn.rotary_emb.inv_freq"), is_buffer("score.bias")
    (True, False)
    """
    return _BUFFERS.search(name) is not None


def refuse_unused(
    checkpoint: Checkpoint,
    *,
    has_head: bool = True,
    settings: Iterable[str] = (),
    config_class: Callable[[], object] = object,
) -> None:
    """Raises ConfigError where a part of a checkpoint was not used.

    That is a tensor (a second head, a mean), a file of weights beside the model's, or a setting
    that changes scores and is neither among the `settings` that were followed nor a field of
    `config_class`, the class of the config that the library read. A reward model's unused output
    layer may stay (`has_head`), as may buffers that models compute by themselves.
    """
    names = checkpoint.tensor_names() - checkpoint.used
    unread = [n for n in names if not is_buffer(n) and not (has_head and _OUTPUT.search(n))]
    if unread:
        raise ConfigError(unused(checkpoint, unread))
    if files := [name for name in _files_beside(checkpoint) if name not in checkpoint.used]:
        raise ConfigError(
            f"{checkpoint.name}: {', '.join(files[:4])}: weights beside the model's that this"
            f" reward does not use; {_WAY_OUT}"
        )
    for name, value in checkpoint.config.items():
        if not _SETTING.search(name) or name in settings or hasattr(config_class(), name):
            continue
        if value and value not in _NEUTRAL.get(name.removeprefix("reward_"), ()):
            raise ConfigError(
                f"{checkpoint.name}: config.json says {name}={value!r}, which this reward does not"
                f" apply; {_WAY_OUT}"
            )


_WAY_OUT = (
    "ignoring it could change every score. Name the reward that fits (plaudit list), or remove it"
)


def unused(checkpoint: Checkpoint, names: Iterable[str]) -> str:
    """The error text for tensors that are not used."""
    names = sorted(names)
    return (
        f"{checkpoint.name}: the checkpoint contains tensors that this reward does not use:"
        f" {', '.join(names[:4])}{' and others' if len(names) > 4 else ''}; {_WAY_OUT}"
    )


def _files_beside(checkpoint: Checkpoint) -> list[str]:
    """Weight files in the directory that are neither the model's own nor another copy of them."""
    own = {path.name for path in checkpoint.weight_files}
    return sorted(
        path.name
        for path in checkpoint.path.iterdir()
        if path.suffix in (".safetensors", ".bin", ".pt", ".pth")
        and path.name not in own
        and path.name not in NO_WEIGHTS
        and not path.name.startswith((*_COPIES, *(name.split(".")[0] for name in own)))
    )


def _weight_files(path: Path, name: str) -> list[Path]:
    """Safetensors before .bin before .pt; all shards that an index names."""
    for kind in ("safetensors", "bin", "pt"):
        indexes = sorted(path.glob(f"*.{kind}.index.json"))
        if indexes:
            return _indexed(indexes[0], name)
        files = [p for p in sorted(path.glob(f"*.{kind}")) if p.name not in NO_WEIGHTS]
        if files:
            own = [p for p in files if p.name.startswith(("model", "pytorch_model"))]
            return [*(own or files), *_heads(path, own or files)]
    listing = ", ".join(sorted(p.name for p in path.iterdir())[:12]) or "nothing"
    raise ConfigError(
        f"{name}: no weight file (*.safetensors, *.bin, *.pt) in the directory; it holds {listing}"
    )


def _indexed(index: Path, name: str) -> list[Path]:
    places = _read_json(index, name).get("weight_map")
    if not isinstance(places, Mapping):
        raise ConfigError(f"{name}: {index.name}: no field 'weight_map'; download it again")
    files = [index.parent / file for file in sorted(set(places.values()))]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise ConfigError(
            f"{name}: {index.name} names {', '.join(missing[:3])}, which"
            f" {'is' if len(missing) == 1 else 'are'} not there; download the model again"
        )
    return [*files, *_heads(index.parent, files)]


def _heads(path: Path, files: Sequence[Path]) -> list[Path]:
    """The file of a head that was saved beside the model."""
    names = ("value_head.safetensors", "value_head.bin")
    return [path / name for name in names if (path / name).is_file() and path / name not in files][
        :1
    ]


def _read_json(path: Path, name: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        listing = ", ".join(sorted(p.name for p in path.parent.iterdir())[:12]) or "nothing"
        raise ConfigError(
            f"{name}: no {path.name} in the directory, so it is not a checkpoint; it contains"
            f" {listing}"
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{name}: {path.name} is not readable as JSON: {error}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{name}: {path.name} contains no JSON object; download the model again")
    return content


@functools.lru_cache(maxsize=32)
def _places(files: tuple[Path, ...]) -> Mapping[str, Path]:
    """The file of each tensor."""
    return {name: file for file in files for name in _names(file)}


def _names(file: Path) -> list[str]:
    if file.suffix == ".safetensors":
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(file, framework="pt") as tensors:
                return list(tensors.keys())
        except (SafetensorError, OSError) as error:
            raise ConfigError(
                f"{file}: not a whole safetensors file ({error}); download it again"
            ) from None
    return list(_unpickled(file, "meta"))


def _read(file: Path, names: list[str], name: str) -> dict[str, Any]:
    if file.suffix == ".safetensors":
        from safetensors import safe_open

        with safe_open(file, framework="pt") as tensors:
            return {n: tensors.get_tensor(n) for n in names}
    tensors = _unpickled(file, "cpu")
    return {n: tensors[n] for n in names}


def _unpickled(file: Path, device: str) -> Mapping[str, object]:
    """The tensors of a pickle, which may hold nothing else."""
    import pickle
    import warnings

    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tensors = torch.load(file, map_location=device, weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
        raise ConfigError(
            f"{file}: not loaded: it holds more than weights, or is cut off"
            f" ({str(error).splitlines()[0][:150]}); use a safetensors copy"
        ) from None
    return tensors.get("state_dict", tensors) if isinstance(tensors, Mapping) else {}
