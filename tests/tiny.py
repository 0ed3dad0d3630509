"""Tiny random checkpoints with real files: what `from_pretrained` reads, some kB each."""

from __future__ import annotations

import functools
import json
import random
import tempfile
from pathlib import Path

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA = (
    "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}[assistant] {% endif %}"
)
LLAMA3 = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n"
    "{{ m['content'] }}<|eot_id|>{% endfor %}{% if add_generation_prompt %}"
    "<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
_LLAMA3 = [
    "<pad>",
    "<|begin_of_text|>",
    "<|eot_id|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
]
_WORDS = (  # for the tokenizer to learn
    "the quick brown fox jumps over a lazy dog and answers: yes, no, 42. Step 1: add six and seven."
    " user assistant system reward RESPONSE A B + - 六乘七等于四十二 答案 因此 ки"
)
SIZE = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 48,
}


@functools.cache
def root() -> Path:
    """A directory for the checkpoints of this test process."""
    held = tempfile.TemporaryDirectory(prefix="tiny-")
    _kept.append(held)
    return Path(held.name)


_kept: list = []


def tokenizer(kind: str = "chatml", extra: tuple[str, ...] = ()):
    """A byte-level BPE with ChatML marks, or with BOS, EOS and a Llama-like template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = {
        "chatml": ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        "llama": ["<unk>", "<s>", "</s>", "<pad>"],
        "llama3": _LLAMA3,
        "encoder": ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"],
    }[kind]
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    rnd = random.Random(0)
    lines = [" ".join(rnd.choices(_WORDS.split(), k=12)) for _ in range(200)]
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=[*special, *extra],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(lines, trainer)
    if kind == "llama":
        made.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)]
        )
        return PreTrainedTokenizerFast(
            tokenizer_object=made,
            bos_token="<s>",
            eos_token="</s>",
            unk_token="<unk>",
            pad_token="<pad>",
            chat_template=LLAMA,
        )
    if kind == "llama3":
        return PreTrainedTokenizerFast(
            tokenizer_object=made,
            bos_token="<|begin_of_text|>",
            eos_token="<|eot_id|>",
            pad_token="<pad>",
            chat_template=LLAMA3,
        )
    if kind == "encoder":
        made.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
        )
        return PreTrainedTokenizerFast(
            tokenizer_object=made,
            cls_token="[CLS]",
            sep_token="[SEP]",
            pad_token="[PAD]",
            unk_token="[UNK]",
            mask_token="[MASK]",
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=CHATML,
    )


def config(family: str, **changes):
    """A small config of transformers' family ("Qwen2", ...)."""
    import transformers

    values = {} if family == "T5" else dict(SIZE)
    values = {**values, "vocab_size": 512, "max_position_embeddings": 4096, "pad_token_id": 0}
    values.update({"bos_token_id": None, "eos_token_id": 2})
    return getattr(transformers, f"{family}Config")(**{**values, **changes})


@functools.cache
def checkpoint(
    family: str = "Qwen2",
    head: str = "ForSequenceClassification",
    *,
    kind: str = "chatml",
    seed: int = 0,
    extra: tuple[str, ...] = (),
    changes: tuple[tuple[str, object], ...] = (),
    name: str = "",
) -> Path:
    """A saved random model of transformers with its tokenizer."""
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()

    given = {"num_labels": 1} if head.endswith("SequenceClassification") else {}
    listed = {k: list(v) if isinstance(v, tuple) else v for k, v in changes}
    made = config(family, **{**given, **listed})
    torch.manual_seed(seed)
    model = getattr(transformers, f"{family}{head}")(made).eval()
    for parameter in model.parameters():  # far enough from zero that scores differ
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.15)
    path = root() / f"{name or family + head}-{kind}-{seed}-{len(list(root().iterdir()))}"
    model.save_pretrained(path)
    tokenizer(kind, extra).save_pretrained(path)
    return path


def retokenized(path: Path, target: Path, **changes) -> Path:
    """A copy whose tokenizer.json says something else; `pre_tokenizer` goes before byte level."""
    import shutil

    shutil.copytree(path, target)
    file = target / "tokenizer.json"
    if changes.get("pre_tokenizer"):
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                      "use_regex": False}  # fmt: skip
        changes["pre_tokenizer"] = {
            "type": "Sequence", "pretokenizers": [changes["pre_tokenizer"], byte_level]
        }  # fmt: skip
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **changes}), "utf-8")
    return target


def edited(path: Path, *, to: str, tensors=None, drop=(), rename=None, **fields) -> Path:
    """A copy of a checkpoint with other config fields and tensors (added, dropped, renamed)."""
    import shutil

    from safetensors.torch import load_file, save_file

    target = root() / f"{to}-{len(list(root().iterdir()))}"
    shutil.copytree(path, target)
    told = json.loads((target / "config.json").read_text())
    told.update(fields)
    (target / "config.json").write_text(json.dumps(told))
    held = load_file(target / "model.safetensors")
    held = {(rename or (lambda n: n))(n): t for n, t in held.items() if n not in drop}
    held.update(tensors or {})
    save_file({n: t.contiguous() for n, t in held.items()}, target / "model.safetensors")
    return target
