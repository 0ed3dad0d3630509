"""UltraRM and Eurus-RM: a trunk with a bias-free regression head."""

from __future__ import annotations

from plaudit.engines.checkpoint import Checkpoint
from plaudit.models._architecture import Architecture
from plaudit.models._headed import Headed, headed, scalar_head
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "regression"]

_TEMPLATE = (
    "{% for message in messages %}"
    "{{ 'Human: ' if message['role'] == 'user' else 'Assistant: ' if message['role'] =="
    " 'assistant' else '' }}{{ message['content'] }}{{ '\\n\\n' if not loop.last else '' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '\\n\\nAssistant: ' }}{% endif %}"
)
_MISTRAL = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %} {{ message['content'] }}"
    "{{ '' if loop.last else eos_token }}"
    "{% elif message['role'] == 'user' %}[INST] {{ message['content'] }} [/INST]"
    "{% else %}{{ raise_exception('only user and assistant roles are known') }}"
    "{% endif %}{% endfor %}"
)
_WHAT = Headed(
    "regression head",
    lambda checkpoint: scalar_head(checkpoint, "regression_head"),
    template=lambda checkpoint: _MISTRAL if checkpoint.model_type == "mistral" else _TEMPLATE,
    special_tokens=True,
    rewardbench_bos="both",
)


def regression(model: str, *, view: Part = "answer", **options: object) -> Reward:
    """``w . h`` at the last token: any real number.

    Tensor ``regression_head.weight`` beside a Llama trunk (openbmb/UltraRM-13b) or a Mistral trunk
    (openbmb/Eurus-RM-7b). A tokenizer without a chat template gets UltraRM's: "Human: ...",
    "Assistant: ...", with a blank line between, or on a Mistral trunk the one of Eurus' card,
    Mistral-Instruct-v0.2's: ``[INST] ... [/INST] ...``, without EOS after the response.
    RewardBench writes "User: " for UltraRM; its way is a chat_template= of your own. Source of
    both classes: allenai/reward-bench, rewardbench/models/openbmb.py.
    """
    return headed("models.regression.regression", _WHAT, model, view, options)


def _is_mine(checkpoint: Checkpoint) -> bool:
    return checkpoint.has("regression_head.weight")


ARCHITECTURE = Architecture(make=regression, is_mine=_is_mine)
