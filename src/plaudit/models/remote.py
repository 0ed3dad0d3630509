"""A sequence classifier that a server runs: texts and ids are made here, scores come from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from plaudit.engines.load import Options, tokenizer_of
from plaudit.engines.questions import Hidden
from plaudit.engines.remote import PROTOCOLS, RemoteEngine
from plaudit.engines.text import clean
from plaudit.errors import ConfigError
from plaudit.models._load import chat_form, reward_at
from plaudit.models._reward import ModelReward, Scorer, Value
from plaudit.models._text import Encoded, Form
from plaudit.rule import prompt_text
from plaudit.text.think import Part, part_of
from plaudit.types import Group, Reward

__all__ = ["remote"]

Protocol = Literal["vllm", "vllm-pooling", "sglang", "sglang-openai", "tei"]
_PROBES = (("Hi", "Hello!"), ("Name a prime number.", "Nine."), ("2 + 2?", "4"), ("Sing", ""),
           ("你好", "你好！有什么可以帮你？"), ("Explain gravity.", "Things fall. " * 20),
           ("Write a poem.", "No."), ("Who are you?", "asdf qwer zxcv"))  # fmt: skip


def remote(
    urls: str | Sequence[str],
    *,
    tokenizer: str | None = None,
    model: str = "",
    protocol: Protocol = "vllm",
    api_key_env: str | None = None,
    timeout_s: float = 60.0,
    concurrency: int = 64,
    probe: bool = True,
    view: Part = "answer",
    **options: object,
) -> Reward:
    """The logit of a served classifier, its activation switched off: any real number.

    `tokenizer` is the directory or hub id of the model's tokenizer: the chat template is rendered
    and tokenised here, so that no second BOS is added there ("tei" takes texts, and needs none).
    `protocol` is "vllm" (/classify), "vllm-pooling" (/pooling), "sglang" (/classify),
    "sglang-openai" (/v1/embeddings) or "tei" (/predict). `model` is the served model's name,
    `api_key_env` the environment variable that contains a bearer key. All responses of a group go
    to one of `urls`, which keeps their prompt cached.

    Before the first scores eight short texts are scored: where all lie in [0, 1] an activation is
    on, and ConfigError says so (`probe` False leaves that out). A request that fails at every
    replica leaves its responses unscored, a system fault.
    """
    engine_options = Options.of(options)
    urls = [urls] if isinstance(urls, str) else list(urls)
    if protocol not in PROTOCOLS:
        raise ConfigError(f"protocol={protocol!r} must be one of {', '.join(PROTOCOLS)}")
    if tokenizer is None and protocol != "tei":
        raise ConfigError(f"protocol {protocol!r} takes token ids: pass tokenizer= (a directory)")
    params = {
        "urls": urls, "tokenizer": tokenizer, "model": model, "protocol": protocol,
        "api_key_env": api_key_env, "timeout_s": timeout_s, "concurrency": concurrency,
        "probe": probe, "view": view, **options,
    }  # fmt: skip

    def build() -> Scorer:
        form = _form(tokenizer, protocol, view, engine_options)
        probes = [form.encode([Group(a, [b])])[0][0].ids for a, b in _PROBES] if probe else []
        engine = RemoteEngine(urls, model, protocol, api_key_env, timeout_s, concurrency, probes)
        return Scorer(
            engine,
            form,
            Hidden(),
            positions=lambda encoded: (),
            reading=lambda encoded, rows: Value(rows[0][0]),
            facts={"kind": "served classifier", "read": f"{protocol} at {', '.join(urls)}"},
            on_response_fault=engine_options.on_response_fault,
        )

    return reward_at("models.remote.remote", params, build, _Remote)


class _Remote(ModelReward):
    """A server may batch as it likes: equal inputs give scores that are equal to rounding only."""

    deterministic = False


def _form(tokenizer: str | None, protocol: str, view: Part, options: Options) -> Form:
    if tokenizer is None or protocol == "tei":
        return _Texts(None, view=view)
    from plaudit.engines.checkpoint import locate

    loaded = tokenizer_of(_Named(tokenizer), name=str(locate(tokenizer)))  # type: ignore[arg-type]
    return chat_form(_Named(tokenizer), loaded, options, view, config=_Named(tokenizer))  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Named:
    """What error messages say of a tokenizer that has no model beside it."""

    name: str
    path: str = ""


@dataclass(frozen=True)
class _Texts(Form):
    """Prompt and response as the two texts of a pair, for a server that tokenises itself."""

    def encode(self, groups: Sequence[Group]) -> list[list[Encoded]]:
        return [
            [
                Encoded((clean(prompt_text(group)), clean(part_of(r.text, self.view))))  # type: ignore[arg-type]
                for r in group.responses
            ]
            for group in groups
        ]
