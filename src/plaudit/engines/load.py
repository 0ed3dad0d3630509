"""A model from its files: options, weights, tokenizer, engine.

Everything wrong with a checkpoint is a ConfigError here, before anything is asked: missing or
broken weights, a vocabulary that does not fit, no tokenizer.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plaudit.engines.checkpoint import Checkpoint, is_buffer, locate, open_checkpoint, unused
from plaudit.engines.failures import load_failure
from plaudit.engines.hf import HfEngine, Trunk, pick_device, pick_dtype
from plaudit.engines.plan import Budget
from plaudit.engines.text import PROFILES, Overflow
from plaudit.engines.tokens import with_own_ids
from plaudit.errors import ConfigError, MissingExtra, did_you_mean
from plaudit.old_names import old_names

__all__ = [
    "Options",
    "SharedScorer",
    "auto_model",
    "check_finite",
    "engine_for",
    "loaded",
    "max_tokens_of",
    "needs_torch",
    "opened",
    "quiet",
    "tokenizer_of",
    "trunk_of",
]
__getattr__ = old_names(__name__)

_UNLIMITED = 1_000_000  # tokenizers without a limit report far more
_cache: weakref.WeakValueDictionary[str, SharedScorer] = weakref.WeakValueDictionary()


@dataclass(frozen=True)
class Options:
    """What every model reward takes besides its own parameters.

    `device` and `dtype` "auto" follow the hardware; `device_map` spreads a model over several
    devices (accelerate's "auto", ...). `max_tokens` (default: the model's own limit) with
    `overflow` "drop" (unscored, counted), "error", "keep_end" or "keep_start". `profile` forms text
    as a published tool does. `adapter` is the directory or hub id of a LoRA adapter. `share` False
    reads a group's prompt again for each response. `reproducible` False leaves out the padding that
    makes scores bitwise independent of their neighbours. `max_rows` bounds the token rows of a
    pass, and so the memory. `on_response_fault` is the value of a response too long to be scored.
    """

    device: str = "auto"
    dtype: str = "auto"
    device_map: Any = None
    max_tokens: int | None = None
    overflow: Overflow = "drop"
    chat_template: str | None = None
    template_options: Mapping[str, Any] = field(default_factory=dict)
    profile: str | None = None
    adapter: str | None = None
    revision: str | None = None
    share: bool = True
    reproducible: bool = True
    max_rows: int | None = None
    on_response_fault: float | None = None

    def __post_init__(self) -> None:
        _one_of("overflow", self.overflow, ("error", "drop", "keep_end", "keep_start"))
        if self.profile is not None:
            _one_of("profile", self.profile, tuple(PROFILES))
        if self.max_tokens is not None and self.max_tokens < 1:
            raise ConfigError(f"max_tokens={self.max_tokens} must be positive")
        if self.max_rows is not None and self.max_rows < 1:
            raise ConfigError(f"max_rows={self.max_rows} must be positive")

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Options:
        """The options in a mapping. Raises ConfigError for an unknown name."""
        names = [f.name for f in dataclasses.fields(cls)]
        for name in options:
            if name not in names:
                raise ConfigError(
                    f"no option {name!r}{did_you_mean(name, names) or '.'}"
                    f" Models take {', '.join(names)}"
                )
        return cls(**options)


class SharedScorer:
    """A Scorer that copies of a reward share."""

    def __init__(self, scorer: object):
        self.scorer = scorer


def loaded(path: str, params: Mapping[str, object], build: Callable[[], object]) -> SharedScorer:
    """The result of `build`, or an earlier one that is still in use."""
    key = f"{path} {json.dumps(params, sort_keys=True, default=repr)}"
    shared = _cache.get(key)
    if shared is None:
        needs_torch()
        shared = _cache[key] = SharedScorer(build())
    return shared


def needs_torch() -> None:
    """Raises MissingExtra where torch or transformers is not installed."""
    from importlib.util import find_spec

    for package in ("torch", "transformers"):
        if find_spec(package) is None:
            raise MissingExtra.of("model rewards", package=package, extra="models")


def opened(model: str, options: Options) -> Checkpoint:
    """The checkpoint that `model` names."""
    needs_torch()
    return open_checkpoint(model, revision=options.revision)


def tokenizer_of(checkpoint: Checkpoint, vocabulary: int | None = None, *, name: str = "") -> Any:
    """The checkpoint's tokenizer, whose ids are those of its tokenizer.json.

    Raises: ConfigError if there is none, its ids cannot be read, or they exceed the model's.
    """
    from transformers import AutoTokenizer

    source = name or str(checkpoint.path)
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
            tokenizer = with_own_ids(tokenizer, source, checkpoint.name)
    except ConfigError:
        raise
    except Exception as error:  # the library raises anything here
        raise ConfigError(
            f"{checkpoint.name}: no tokenizer can be loaded ({type(error).__name__}:"
            f" {str(error)[:200]});"
            " the directory needs tokenizer.json or tokenizer_config.json with its files"
        ) from error
    if vocabulary is not None and len(tokenizer) > vocabulary:
        raise ConfigError(
            f"{checkpoint.name}: the tokenizer has {len(tokenizer)} ids and the model embeddings"
            " for"
            f" {vocabulary} (config.json: vocab_size); they do not belong together"
        )
    return tokenizer


def auto_model(
    checkpoint: Checkpoint,
    auto: str,
    options: Options,
    *,
    optional: Sequence[str] = (),
    config: Any = None,
    state: Mapping[str, Any] | None = None,
    num_labels: int | None = None,
) -> Any:
    """The model of transformers' class `auto` ("AutoModel", ...), all of its weights loaded.

    With `state` the tensors come from there, named as the class names them, and `config` (a
    transformers config) says what to build. Names that contain one of `optional` may be missing.

    Raises: ConfigError naming the weights that are missing, of another shape or not numbers.
    """
    device = pick_device(options.device)
    settings: dict[str, Any] = {"dtype": pick_dtype(options.dtype, device)}
    if num_labels is not None:
        settings["num_labels"] = num_labels
    if options.device_map is not None:
        settings["device_map"] = options.device_map
    try:
        with quiet():
            model, info = _from_library(checkpoint, auto, config, state, settings)
            if options.device_map is None:
                model = model.to(device)
    except Exception as error:  # the library, and what it quantises with, raise anything here
        raise load_failure(checkpoint, auto, error, device) from error
    _check_complete(checkpoint, info, (*optional, *_of_adapter(options)))
    _note_used(checkpoint, info.get("unexpected_keys") or (), state)
    model.config.get_text_config().use_cache = False  # no pass here continues from a cache
    return _with_adapter(model, options).eval()


def _from_library(
    checkpoint: Checkpoint,
    auto: str,
    config: object,
    state: Mapping[str, object] | None,
    settings: Mapping[str, object],
) -> tuple[Any, Mapping[str, Any]]:
    """The model and the library's report of its loading."""
    import transformers

    kind = getattr(transformers, auto)
    if state is not None:
        return kind._model_mapping[type(config)].from_pretrained(
            None, config=config, state_dict=dict(state), output_loading_info=True, **settings
        )
    return kind.from_pretrained(
        str(checkpoint.path),
        local_files_only=True,
        trust_remote_code=False,
        output_loading_info=True,
        **({} if config is None else {"config": config}),
        **settings,
    )


def _note_used(
    checkpoint: Checkpoint, left: Iterable[str], state: Mapping[str, object] | None
) -> None:
    """Notes which tensors the class used. Raises ConfigError for unused ones of `state`."""
    if state is None:
        checkpoint.used.update(checkpoint.tensor_names() - set(left))
    elif names := [name for name in left if not is_buffer(name)]:
        raise ConfigError(unused(checkpoint, names))


def trunk_of(model: Any, *, can_pack: bool = True) -> Trunk:
    """The rows before a model's head: [B, T, H]."""
    base = getattr(model, "base_model", model)

    def forward(**inputs):
        return base(**inputs).last_hidden_state

    return Trunk(forward, model, can_pack)


def engine_for(trunk: Trunk, options: Options, *, way: Any = None) -> HfEngine:
    """The engine around a trunk, with the options' budget."""
    engine = HfEngine(trunk, share=options.share, way=way)
    budget = engine.budget
    if options.max_rows is not None:
        budget = Budget(
            tuple(
                (min(limit, options.max_rows), min(rows, options.max_rows))
                for limit, rows in budget.packed
            ),
            options.max_rows,
        )
    engine.budget = dataclasses.replace(budget, is_exact=options.reproducible)
    return engine


def max_tokens_of(tokenizer: object, config: Any) -> int | None:
    """How long a text may be: the tokenizer's limit, or the model's positions."""
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    limits = [
        getattr(tokenizer, "model_max_length", None),
        getattr(text, "max_position_embeddings", None),
    ]
    finite = [int(n) for n in limits if n is not None and 0 < n < _UNLIMITED]
    return min(finite, default=None)


def check_finite(checkpoint: Checkpoint, tensors: Mapping[str, Any]) -> None:
    """Raises ConfigError naming the first tensor that contains NaN or infinity."""
    for name, tensor in tensors.items():
        if not bool(tensor.isfinite().all()):
            raise ConfigError(
                f"{checkpoint.name}: the weights of {name!r} hold NaN or infinity; the"
                " checkpoint is"
                " broken, or was saved in a dtype that cannot represent them"
            )


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The library's reports and progress bars stay out of the user's terminal."""
    import warnings

    from transformers.utils import logging

    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()


def _one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ConfigError(
            f"{name}={value!r} must be one of"
            f" {', '.join(allowed)}{did_you_mean(str(value), allowed)}"
        )


def _check_complete(
    checkpoint: Checkpoint, info: Mapping[str, Any], optional: Sequence[str]
) -> None:
    """No weight may be left at random."""
    missing = sorted(
        name for name in info.get("missing_keys", ()) if not any(o in name for o in optional)
    )
    if missing:
        files = ", ".join(path.name for path in checkpoint.weight_files) or "the weight files"
        raise ConfigError(
            f"{checkpoint.name}: {files} hold no weights for {', '.join(missing[:4])}"
            f"{' and others' if len(missing) > 4 else ''}, so they would be random. If this is a"
            " base model, it has no score head: train one first, or name the reward that fits"
        )
    wrong = info.get("mismatched_keys") or ()
    if wrong:
        raise ConfigError(
            f"{checkpoint.name}: weights of another shape than config.json says:"
            f" {sorted(wrong)[:3]}"
        )


def _with_adapter(model: Any, options: Options) -> Any:
    if options.adapter is None:
        return model
    from importlib.util import find_spec

    if find_spec("peft") is None:
        raise MissingExtra.of("LoRA adapters", package="peft", extra="models")
    try:
        with quiet():
            model.load_adapter(str(locate(options.adapter)))
    except (ValueError, KeyError, RuntimeError, OSError) as error:
        raise ConfigError(
            f"adapter {options.adapter!r} does not fit the model: {str(error)[:300]}"
        ) from error
    _check_adapter(model, options.adapter)
    return model


def _check_adapter(model: Any, adapter: str) -> None:
    """Every tensor of the adapter has its place in the model. Raises ConfigError naming others."""
    checkpoint = open_checkpoint(adapter)
    places = {_in_adapter(name) for name in model.state_dict()}
    left = [name for name in checkpoint.tensor_names() if _in_adapter(name) not in places]
    if left:
        raise ConfigError(unused(checkpoint, left))


def _in_adapter(name: str) -> str:
    """A tensor's name without the libraries' additions: prefixes, the adapter's own name.

    >>> _in_adapter("base_model.model.model.layers.0.q_proj.lora_A.weight")
    'layers.0.q_proj.lora_A.weight'
    >>> _in_adapter("model.layers.0.q_proj.lora_A.default.weight")
    'layers.0.q_proj.lora_A.weight'
    """
    for part in ("base_model.model.", "model."):
        name = name.removeprefix(part)
    return name.replace(".default", "").replace(".modules_to_save", "")


def _of_adapter(options: Options) -> tuple[str, ...]:
    """Heads that the adapter brings, so that the model need not."""
    if options.adapter is None:
        return ()
    names = open_checkpoint(options.adapter).tensor_names()
    return tuple(head for head in ("score", "classifier") if any(f".{head}." in n for n in names))
