"""Who answers a judge's calls: a server, a model in this process, or recorded replies."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plaudit.engines.calls import CallJournal
from plaudit.engines.chat import ChatEngine, Sampling
from plaudit.engines.options import SamplingOptions, ServerOptions
from plaudit.errors import ConfigError, clipped, did_you_mean
from plaudit.options import names_in, values_of

__all__ = ["Backend", "engine_of"]

_engines: weakref.WeakValueDictionary[str, ChatEngine] = weakref.WeakValueDictionary()
_journals: weakref.WeakValueDictionary[str, CallJournal] = weakref.WeakValueDictionary()
_lock = threading.Lock()
_OF_SERVERS = (*names_in(ServerOptions), "can_prefix", "extra_body")
_OF_SAMPLING = names_in(SamplingOptions)
_PREFIX = "column:"


@dataclass(frozen=True)
class Backend(SamplingOptions, ServerOptions):
    """What every judge takes besides its own parameters.

    Who answers: `server` (one or more base URLs, as http://127.0.0.1:8000/v1) with `model` the
    name that it serves; or without a server `model`, a directory or hub id to load here, with the
    options of local models (device, dtype, adapter, ...); or `replay`, a journal of calls, or
    "column:NAME" for replies recorded in the rows.

    How: `temperature`, `top_p`, `max_tokens`, `seed`, `stop` in place of the template's; all are
    sent, zeros too. `journal` is the file of finished calls, which are never paid twice.
    `api_key_env` names the variable with the key. `concurrency`, `requests_per_minute` and
    `tokens_per_minute` bound the pace, `timeout_s` a try, `deadline_s` a call. `can_prefix` says
    that the server can continue a reply whose beginning is sent. `prices` are those of a million
    tokens ({prompt, completion, cached}), `max_cost` and `max_calls` limit the spending.
    `extra_body` goes with every request.
    """

    model: str = ""
    server: str | Sequence[str] | None = None
    replay: str | None = None
    can_prefix: bool = False
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    local: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, options: Mapping[str, Any], others: Iterable[str] = ()) -> Backend:
        """The options in a mapping; what only local models take goes to `local`.

        `others` are the parameters of the judge itself, for close matches.

        Raises: ConfigError for an unknown name, and without a server, a model or a replay.
        """
        from plaudit.engines.load import Options

        own, of_models = {*names_in(cls)} - {"local"}, {*names_in(Options)}
        for name in options:
            if name not in own | of_models:
                names = sorted({*own, *of_models, *others})
                raise ConfigError(
                    f"no option {name!r}{did_you_mean(name, names) or '.'}"
                    f" Judges take {', '.join(sorted(own))}"
                )
        local = {k: v for k, v in options.items() if k not in own}
        own_options = {k: v for k, v in options.items() if k in own and v is not None}
        backend = cls(**own_options, local=local)
        backend._check(own_options)
        return backend

    def _check(self, own_options: Mapping[str, object]) -> None:
        if self.replay is not None and self.server is not None:
            raise ConfigError("replay and server exclude each other: pass one of them")
        if self.replay is None and self.server is None and not self.model:
            raise ConfigError(
                "no judge is named: pass server= (as http://127.0.0.1:8000/v1), model= (a directory"
                " or hf:ORG/NAME, loaded here) or replay= (a journal of calls, or column:NAME)"
            )
        if self.local and self.server is not None:
            raise ConfigError(
                f"{', '.join(self.local)}: options of a model that is loaded here, not of a server"
            )
        idle = [name for name in _OF_SERVERS if name in own_options and self.server is None]
        if idle and self.replay is None:
            raise ConfigError(f"{', '.join(idle)}: options of a server; pass server=")
        if not isinstance(self.concurrency, int) or self.concurrency < 1:
            raise ConfigError(f"concurrency={clipped(self.concurrency)} must be 1 or more")

    def sampling(self, base: Mapping[str, object], default: Sampling) -> Sampling:
        """The template's sampling over the default, and the user's over both."""
        own = values_of(SamplingOptions, self)
        settings = {**base, **{name: value for name, value in own.items() if value is not None}}
        unknown = [name for name in settings if name not in _OF_SAMPLING]
        if unknown:
            raise ConfigError(
                f"sampling: unknown {unknown[0]!r}{did_you_mean(unknown[0], _OF_SAMPLING)}"
            )
        if "stop" in settings:
            stop = settings["stop"]
            settings["stop"] = (stop,) if isinstance(stop, str) else tuple(stop)
        return dataclasses.replace(default, **settings)


def engine_of(backend: Backend) -> ChatEngine:
    """The engine that a backend describes; backends that differ only in sampling share one.

    Raises: ConfigError, MissingExtra.
    """
    fields = {k: v for k, v in dataclasses.asdict(backend).items() if k not in _OF_SAMPLING}
    key = json.dumps(fields, sort_keys=True, default=repr)
    with _lock:
        engine = _engines.get(key)
        if engine is None:
            engine = _engines[key] = _build_engine(backend)
    return engine


def _build_engine(backend: Backend) -> ChatEngine:
    if backend.replay is not None:
        from plaudit.engines.replay import ColumnReplay, JournalReplay

        if backend.replay.startswith(_PREFIX):
            return ColumnReplay(backend.replay.removeprefix(_PREFIX), backend.model)
        return JournalReplay(backend.replay, backend.model)
    if backend.server is not None:
        return _remote(backend)
    return _local(backend)


def _remote(backend: Backend) -> ChatEngine:
    from plaudit.engines.openai import OpenAiEngine

    server = backend.server or ()
    urls = [server] if isinstance(server, str) else list(server)
    options = ServerOptions(**values_of(ServerOptions, backend))
    return OpenAiEngine(
        urls, backend.model, _journal(backend.journal), options, can_prefix=backend.can_prefix
    )


def _journal(path: str | None) -> CallJournal:
    """The journal at a path, shared by all judges of this process; in memory without a path."""
    if path is None:
        return CallJournal()
    place = os.path.realpath(path)
    calls = _journals.get(place)
    if calls is None:
        calls = _journals[place] = CallJournal(path)
    return calls


def _local(backend: Backend) -> ChatEngine:
    from plaudit.engines.causal import causal_model
    from plaudit.engines.load import Options, max_tokens_of, needs_torch
    from plaudit.engines.local import LocalEngine

    needs_torch()
    options = Options.of(backend.local)
    causal = causal_model(backend.model, options)
    return LocalEngine(
        causal.module,
        causal.tokenizer,
        causal.engine,
        causal.layer,
        name=causal.checkpoint.name,
        chat_template=options.chat_template,
        template_options=options.template_options,
        max_tokens_of_model=options.max_tokens
        or max_tokens_of(causal.tokenizer, causal.module.config),
    )
