"""One tiny checkpoint of every architecture, in the layout in which it is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import tiny

GEMMA2 = (("head_dim", 8), ("sliding_window", 64), ("query_pre_attn_scalar", 8))


class Case(NamedTuple):
    """How a checkpoint is made, and the name and parameters that load it ("" = by its files)."""

    make: Callable[[], Path]
    path: str = ""
    params: Mapping[str, object] = {}


def tensors(seed: int, **shapes: tuple[int, ...]) -> dict:
    """Random tensors by name ("__" stands for a dot)."""
    import torch

    made = torch.Generator().manual_seed(seed)
    return {
        name.replace("__", "."): torch.randn(shape, generator=made) * 0.3
        for name, shape in shapes.items()
    }


def under(prefix: str) -> Callable[[str], str]:
    return lambda name: prefix + name


def _with_head(name: str, architecture: str, head: dict, *, family="Llama", kind="llama",
               prefix="model.", **fields) -> Path:  # fmt: skip
    base = tiny.checkpoint(family, "Model", kind=kind)
    return tiny.edited(
        base, to=name, rename=under(prefix), tensors=head, architectures=[architecture], **fields
    )


def armorm() -> Path:
    head = tensors(
        1, regression_layer__weight=(19, 32), reward_transform_matrix=(19, 19),
        gating__logit_scale=(1,),
        **{f"gating__layers__{i}__weight": (24 if i < 3 else 19, 32 if i == 0 else 24)
           for i in range(4)},
        **{f"gating__layers__{i}__bias": (24 if i < 3 else 19,) for i in range(4)},
    )  # fmt: skip
    return _with_head(
        "armorm", "LlamaForRewardModelWithGating", head, kind="llama3", gating_temperature=10
    )


def qrm() -> Path:
    head = tensors(
        2, regression_layer__weight=(19 * 5, 32), reward_transform_matrix=(19, 19),
        gating__logit_scale=(1,), gating__layers__9__weight=(19, 24), gating__layers__9__bias=(19,),
        **{f"gating__layers__{i}__weight": (24, 32 if i == 0 else 24) for i in (0, 3, 6)},
        **{f"gating__layers__{i}__{n}": (24,) for i in (2, 5, 8)
           for n in ("weight", "bias", "running_mean", "running_var")},
    )  # fmt: skip
    head = {n: t.abs() if n.endswith("running_var") else t for n, t in head.items()}
    return _with_head("qrm", "LlamaForRewardModelWithGating31", head, kind="llama3")


def inf_orm() -> Path:
    head = tensors(
        3, score__0__weight=(32, 32), score__0__bias=(32,), score__2__weight=(1, 32),
        score__2__bias=(1,),
    )  # fmt: skip
    return _with_head("inf-orm", "INFORMForSequenceClassification", head)


def worldpm() -> Path:
    head = tensors(
        4, score__0__weight=(32, 32), score__0__bias=(32,), score__2__weight=(1, 32),
        score__2__bias=(1,),
    )  # fmt: skip
    return _with_head("worldpm", "Qwen2ForRewardModel", head, family="Qwen2", kind="chatml")


def qwen_prm() -> Path:
    head = tensors(
        5, score__0__weight=(32, 32), score__0__bias=(32,), score__2__weight=(2, 32),
        score__2__bias=(2,),
    )  # fmt: skip
    base = tiny.checkpoint("Qwen2", "Model", extra=("<extra_0>",))
    return tiny.edited(
        base, to="qwen-prm", rename=under("model."), tensors=head,
        architectures=["Qwen2ForProcessRewardModel"],
    )  # fmt: skip


def skywork_prm() -> Path:
    head = tensors(6, v_head__summary__weight=(1, 32), v_head__summary__bias=(1,))
    return _with_head("skywork-prm", "Qwen2ForPrmModel", head, family="Qwen2", kind="chatml")


def regression() -> Path:
    return _with_head("ultrarm", "LlamaRewardModel", tensors(7, regression_head__weight=(1, 32)))


def eurus() -> Path:
    return _with_head(
        "eurus", "EurusRewardModel", tensors(8, regression_head__weight=(1, 32)), family="Mistral"
    )


def openrlhf(head: str, **fields) -> Path:
    """OpenRLHF: value_head (or score), config.json with what its trainer writes."""
    return _with_head(
        f"openrlhf-{head}", "RewardModel", tensors(20, **{f"{head}__weight": (1, 32)}),
        family="Qwen2", kind="chatml", **fields,
    )  # fmt: skip


def athene() -> Path:
    """A token of the vocabulary as cls_token, which the tokenizer itself never adds."""
    import json

    base = tiny.checkpoint("Llama", "Model", kind="llama3", extra=("<|reserved|>",))
    path = tiny.edited(
        base, to="athene", rename=under("model."), tensors=tensors(21, v_head__weight=(1, 32)),
        architectures=["LlamaForSequenceClassification"],
    )  # fmt: skip
    file = path / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "cls_token": "<|reserved|>"}))
    return path


def urm() -> Path:
    head = tensors(
        22, score__weight=(10, 32), weights__fc__0__weight=(32, 32), weights__fc__0__bias=(32,),
        weights__fc__2__weight=(32, 32), weights__fc__2__bias=(32,),
        weights__fc__4__weight=(5, 32), weights__fc__4__bias=(5,),
    )  # fmt: skip
    head = {n: t * 0.5 if n.startswith("weights.") else t for n, t in head.items()}
    return _with_head(
        "urm", "LlamaForSequenceClassificationWithNormal_Weights", head, kind="llama3"
    )


GEMMA_CHAT = (
    "{{ bos_token }}{% for m in messages %}<start_of_turn>"
    "{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n{{ m['content'] }}<end_of_turn>\n"
    "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)


def qrm_gemma() -> Path:
    from safetensors.torch import load_file

    held = load_file(qrm() / "model.safetensors")
    head = {n: t for n, t in held.items() if not n.startswith("model.")}
    base = tiny.checkpoint(
        "Gemma2", "Model", kind="llama", extra=("<start_of_turn>", "<end_of_turn>"), changes=GEMMA2
    )
    path = tiny.edited(
        base, to="qrm-gemma", rename=under("model."), tensors=head,
        architectures=["Gemma2ForRewardModelWithGating"],
    )  # fmt: skip
    (path / "chat_template.jinja").write_text(GEMMA_CHAT)
    return path


def eurus_plain() -> Path:
    """Eurus as published: a tokenizer that adds BOS, and no chat template."""
    path = tiny.edited(eurus(), to="eurus-plain")
    (path / "chat_template.jinja").unlink()
    return path


def trl_prm() -> Path:
    """TRL's PRMTrainer: AutoModelForTokenClassification with two labels."""
    return tiny.checkpoint("Qwen2", "ForTokenClassification")


def starling() -> Path:
    head = tensors(9, v_head__weight=(1, 32))
    return _with_head("starling", "LlamaForSequenceClassification", head, prefix="transformer.")


def beaver_reward() -> Path:
    head = tensors(10, score_head__weight=(1, 32), score_head__bias=(1,))
    return _with_head(
        "beaver-reward", "LlamaForScore", head, score_type="reward", do_normalize=True,
        mean=[0.5], var=[4.0],
    )  # fmt: skip


def beaver_cost() -> Path:
    head = tensors(11, score_head__weight=(1, 32))
    return _with_head(
        "beaver-cost", "LlamaForScore", head, score_type="cost", do_normalize=True, mean=[9.0],
        var=[4.0],
    )  # fmt: skip


def oasst(pooling: str) -> Path:
    base = tiny.checkpoint("GPTNeoX", "Model")
    return tiny.edited(
        base, to=f"oasst-{pooling}", rename=under("gpt_neox."),
        tensors=tensors(12, out_proj__weight=(1, 32), out_proj__bias=(1,)),
        model_type="gpt_neox_reward_model", architectures=["GPTNeoXRewardModel"], pooling=pooling,
    )  # fmt: skip


def grm_mlp() -> Path:
    head = tensors(
        13, v_head__summary__0__weight=(16, 32), v_head__summary__0__bias=(16,),
        v_head__summary__2__weight=(1, 16), v_head__summary__2__bias=(1,),
    )  # fmt: skip
    return _with_head("grm", "GRewardModel", head, vhead_layer_type="mlp")


def grm_linear() -> Path:
    head = tensors(14, v_head__summary__weight=(1, 32), v_head__summary__bias=(1,))
    return _with_head("grm-linear", "GRewardModel", head, vhead_layer_type="linear")


def value_head() -> Path:
    """LLaMA-Factory: a causal LM, its value head in a file of its own."""
    from safetensors.torch import save_file

    base = tiny.checkpoint("Qwen2", "ForCausalLM")
    path = tiny.edited(base, to="value-head")
    head = tensors(15, v_head__summary__weight=(1, 32), v_head__summary__bias=(1,))
    save_file(head, path / "value_head.safetensors")
    return path


def trl_value_head() -> Path:
    """TRL: the head beside the language model's tensors, in a pickle of weights."""
    import torch
    from safetensors.torch import load_file

    base = tiny.checkpoint("Qwen2", "ForCausalLM")
    path = tiny.edited(base, to="trl-value-head")
    held = load_file(path / "model.safetensors")
    held.update(tensors(16, v_head__summary__weight=(1, 32), v_head__summary__bias=(1,)))
    (path / "model.safetensors").unlink()
    torch.save(held, path / "pytorch_model.bin")
    return path


def internlm2() -> Path:
    """The fused layout, from a Llama trunk."""
    import torch

    base = tiny.checkpoint("Llama", "Model", kind="chatml")
    from safetensors.torch import load_file

    held = load_file(base / "model.safetensors")
    names = {
        "embed_tokens": "tok_embeddings", "self_attn.o_proj": "attention.wo",
        "mlp.gate_proj": "feed_forward.w1", "mlp.up_proj": "feed_forward.w3",
        "mlp.down_proj": "feed_forward.w2", "input_layernorm": "attention_norm",
        "post_attention_layernorm": "ffn_norm",
    }  # fmt: skip
    made = {}
    for name, tensor in held.items():
        if any(f"self_attn.{kind}_proj" in name for kind in "qkv"):
            continue
        for old, new in names.items():
            name = name.replace(old, new)
        made[f"model.{name}"] = tensor
    for layer in range(2):
        q, k, v = (held[f"layers.{layer}.self_attn.{kind}_proj.weight"] for kind in "qkv")
        blocks = torch.cat(
            [q.reshape(2, 2, 8, 32), k.reshape(2, 1, 8, 32), v.reshape(2, 1, 8, 32)], dim=1
        )
        made[f"model.layers.{layer}.attention.wqkv.weight"] = blocks.reshape(-1, 32)
    made.update(tensors(17, v_head__weight=(1, 32)))
    return tiny.edited(
        base, to="internlm2", drop=tuple(held), tensors=made, model_type="internlm2",
        architectures=["InternLM2ForRewardModel"], reward_token_id=7, rope_theta=10000.0,
    )  # fmt: skip


def ldl() -> Path:
    import torch

    base = tiny.checkpoint(
        "Gemma2", "Model", kind="llama", changes=(("head_dim", 8), ("sliding_window", 4096))
    )
    path = tiny.edited(base, to="ldl", rename=under("model."), architectures=["LDLRewardModel27B"])
    sizes = {"regression_layer": ((0, 16, 32), (2, 16, 16), (4, 40, 16)),
             "gating_layer": ((0, 16, 32), (3, 16, 16), (6, 4, 16))}  # fmt: skip
    for file, layers in sizes.items():
        shapes = {}
        for number, rows, columns in layers:
            shapes[f"network__{number}__weight"] = (rows, columns)
            shapes[f"network__{number}__bias"] = (rows,)
        torch.save(tensors(18, **shapes), path / f"{file}.pt")
    return path


def deberta(head: str = "ForSequenceClassification", extra: tuple[str, ...] = ()) -> Path:
    return tiny.checkpoint(
        "DebertaV2", head, kind="encoder", extra=extra,
        changes=(("relative_attention", True), ("pos_att_type", ("c2p", "p2c")),
                 ("type_vocab_size", 0), ("position_buckets", 16),
                 ("max_position_embeddings", 512)),
    )  # fmt: skip


def modernbert() -> Path:
    return tiny.checkpoint(
        "ModernBert", kind="encoder", changes=(("cls_token_id", 1), ("sep_token_id", 2))
    )


def pairrm() -> Path:
    base = deberta("Model", extra=("<|source|>", "<|candidate1|>", "<|candidate2|>"))
    head = tensors(
        19, head_layer__1__weight=(32, 64), head_layer__1__bias=(32,),
        head_layer__4__weight=(3, 32), head_layer__4__bias=(3,),
    )  # fmt: skip
    return tiny.edited(
        base, to="pairrm", rename=under("pretrained_model."), tensors=head,
        architectures=["DebertaV2PairRM"], n_tasks=3,
    )  # fmt: skip


def steamshp() -> Path:
    return tiny.checkpoint(
        "T5", "ForConditionalGeneration", kind="llama",
        changes=(("d_model", 32), ("d_kv", 8), ("d_ff", 48), ("num_layers", 2), ("num_heads", 4),
                 ("decoder_start_token_id", 0)),
    )  # fmt: skip


def causal() -> Path:
    return tiny.checkpoint("Qwen2", "ForCausalLM")


def reference() -> Path:
    return tiny.checkpoint("Qwen2", "ForCausalLM", seed=1)


CASES: Mapping[str, Case] = {
    "qwen2": Case(lambda: tiny.checkpoint("Qwen2")),
    "qwen3": Case(lambda: tiny.checkpoint("Qwen3", changes=(("head_dim", 8),))),
    "llama": Case(lambda: tiny.checkpoint("Llama", kind="llama")),
    "mistral": Case(
        lambda: tiny.checkpoint("Mistral", kind="llama", changes=(("sliding_window", 48),))
    ),
    "gemma2": Case(lambda: tiny.checkpoint("Gemma2", kind="llama", changes=GEMMA2)),
    "gpt_neox": Case(lambda: tiny.checkpoint("GPTNeoX")),
    "deberta": Case(deberta, params={"overflow": "keep_start"}),
    "modernbert": Case(modernbert),
    "armorm": Case(armorm),
    "qrm": Case(qrm),
    "inf_orm": Case(inf_orm),
    "worldpm": Case(worldpm),
    "regression": Case(regression),
    "eurus": Case(eurus),
    "eurus_plain": Case(eurus_plain),
    "starling": Case(starling),
    "openrlhf": Case(lambda: openrlhf("value_head", normalize_reward=True, mean=0.5, std=2.0)),
    "openrlhf_score": Case(lambda: openrlhf("score", normalize_reward=False, mean=0.5, std=2.0)),
    "athene": Case(athene),
    "urm": Case(urm),
    "qrm_gemma": Case(qrm_gemma),
    "beaver_reward": Case(beaver_reward),
    "beaver_cost": Case(beaver_cost),
    "oasst_last": Case(lambda: oasst("last")),
    "oasst_mean": Case(lambda: oasst("mean")),
    "grm_mlp": Case(grm_mlp),
    "grm_linear": Case(grm_linear),
    "value_head": Case(value_head),
    "trl_value_head": Case(trl_value_head),
    "internlm2": Case(internlm2),
    "ldl": Case(ldl),
    "qwen_prm": Case(qwen_prm),
    "skywork_prm": Case(skywork_prm, params={"reduce": "mean"}),
    "trl_prm": Case(trl_prm, params={"reduce": "mean"}),
    "rlhflow_prm": Case(
        lambda: tiny.checkpoint("Llama", "ForCausalLM", kind="llama3"),
        "models.process.process",
        {"layout": "rlhflow_prm", "reduce": "mean"},
    ),
    "token_logit": Case(causal, "models.token_logit.token_logit"),
    "math_shepherd": Case(causal, "models.process.process", {"layout": "math_shepherd"}),
    "pairrm": Case(pairrm),
    "steamshp": Case(steamshp),
    "pair_preference": Case(causal, "models.pair_preference.pair_preference"),
    "dpo": Case(causal, "models.implicit.implicit", {"reference": reference, "beta": 0.1}),
    "ref_free_norm": Case(causal, "models.implicit.implicit", {"ref_free": "norm"}),
    "perplexity": Case(causal, "models.perplexity.perplexity"),
    "grpo_flat": Case(
        causal, "models.perplexity.perplexity", {"preset": "grpo_flat", "is_conditional": False}
    ),
}
COMPARERS = ("pairrm", "steamshp", "pair_preference")


def load(name: str, **more: object):
    """The reward of a case in fp32; a Comparer comes as its round robin."""
    import plaudit
    from plaudit.combine import round_robin

    case = CASES[name]
    params = {k: str(v()) if callable(v) else v for k, v in case.params.items()}
    params = {"dtype": "float32", **params, **more}
    directory = str(case.make())
    if not case.path:
        return plaudit.load(directory, **params)
    made = plaudit.load(case.path, model=directory, **params)
    return made if callable(getattr(made, "score", None)) else round_robin(made)
