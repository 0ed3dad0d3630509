"""Layouts of responses: step by step, to instructions, as trainers write them; unreadable ones."""

from __future__ import annotations

from collections.abc import Sequence

from plaudit.data._layout_types import GIT, HUB, Published, UnreadableLayout
from plaudit.data._layout_values import (
    capybara_turns,
    finish_of_status,
    from_json,
    harness_prompt,
    harness_responses,
    logged_turns,
    opencompass_prompt,
    shepherd_problem,
    shepherd_steps,
    with_context,
)

__all__ = ["RESPONSES", "UNREADABLE"]

RESPONSES: Sequence[Published] = (
    # Solutions step by step.
    Published(
        "TRL stepwise", "steps", ("prompt", "completions", "labels"),
        f"{GIT}huggingface/trl docs/source/dataset_formats.md",
        {"prompt": "prompt"},
    ),
    Published(
        "ProcessBench", "steps", ("problem", "steps", "label"),
        f"{GIT}QwenLM/ProcessBench README.md",
        {"prompt": "problem", "steps": "steps"},
    ),
    Published(
        "PRM800K", "steps", ("labeler", "question", "label", "generation"),
        f"{GIT}openai/prm800k README.md",
        {
            "prompt": "question.problem",
            "steps": "label.steps",
            "reference": "question.ground_truth_answer",
        },
    ),
    Published(
        "PRMBench", "steps", ("modified_question", "modified_process", "error_steps"),
        f"{GIT}ssmisya/PRMBench docs/data_format.md",
        {"prompt": "modified_question", "steps": "modified_process"},
    ),
    Published(
        "Math-Shepherd", "steps", ("input", "label", "task"),
        f"{HUB}peiyi9979/Math-Shepherd",
        {"prompt": "input", "steps": "label"},
        {"input": shepherd_problem, "label": shepherd_steps},
    ),
    # Instructions with responses.
    Published(
        "Alpaca, LLaMA-Factory", "responses", ("instruction", "input", "output"),
        f"{GIT}hiyouga/LLaMA-Factory data/README.md",
        {"prompt": "instruction", "response": "output"},
    ),
    Published(
        "Dolly", "responses", ("instruction", "context", "response", "category"),
        f"{HUB}databricks/databricks-dolly-15k",
        {"prompt": "instruction", "response": "response"},
        {"instruction": with_context},
    ),
    Published(
        "OpenOrca", "responses", ("system_prompt", "question", "response"),
        f"{HUB}Open-Orca/OpenOrca; {GIT}hiyouga/LLaMA-Factory data/dataset_info.json",
        {"prompt": "question", "response": "response"},
    ),
    Published(
        "ShareGPT", "chat", ("conversations",),
        f"{GIT}hiyouga/LLaMA-Factory data/README.md",
        {"messages": "conversations"},
    ),
    Published(
        "LMSYS-Chat-1M", "chat", ("conversation_id", "model", "conversation"),
        f"{GIT}lm-sys/FastChat"
        " fastchat/serve/monitor/dataset_release_scripts/lmsys_chat_1m/dataset_card.md",
        {"messages": "conversation"},
    ),
    Published(
        "WildChat", "chat", ("conversation_hash", "model", "conversation"),
        f"{HUB}allenai/WildChat-1M",
        {"messages": "conversation"},
    ),
    Published(
        "Capybara and other conversations", "chat", ("conversation",),
        f"{HUB}LDJnr/Capybara",
        {"messages": "conversation"},
        {"conversation": capybara_turns},
    ),
    Published(
        "LLaMA-Factory preferences", "pairs", ("conversations", "chosen", "rejected"),
        f"{GIT}hiyouga/LLaMA-Factory data/README.md",
        {"prompt": "conversations", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "chat logs (OpenAI, TRL, ms-swift)", "chat", ("messages",),
        f"{GIT}modelscope/ms-swift docs/source_en/Customization/Custom-dataset.md",
        {"messages": "messages"},
    ),
    Published(
        "ms-swift query and response", "responses", ("query", "response"),
        f"{GIT}modelscope/ms-swift docs/source_en/Customization/Custom-dataset.md",
        {"prompt": "query", "response": "response"},
    ),
    Published(
        "ms-swift preferences", "pairs", ("messages", "rejected_response"),
        f"{GIT}modelscope/ms-swift docs/source_en/Customization/Custom-dataset.md",
        {"chosen": "messages", "rejected": "rejected_response"},
    ),
    Published(
        "ms-swift preferences of conversations", "pairs", ("messages", "rejected_messages"),
        f"{GIT}modelscope/ms-swift docs/source_en/Customization/Custom-dataset.md",
        {"chosen": "messages", "rejected": "rejected_messages"},
    ),
    Published(
        "axolotl instructions in capitals", "responses", ("INSTRUCTION", "RESPONSE"),
        f"{GIT}axolotl-ai-cloud/axolotl docs/dataset-formats/inst_tune.qmd",
        {"prompt": "INSTRUCTION", "response": "RESPONSE"},
    ),
    Published(
        "axolotl prompts and generations", "responses", ("prompt", "generation"),
        f"{GIT}axolotl-ai-cloud/axolotl docs/dataset-formats/inst_tune.qmd",
        {"prompt": "prompt", "response": "generation"},
    ),
    Published(
        "ms-swift prompts", "prompts", ("messages", "solution"),
        f"{GIT}modelscope/ms-swift docs/source_en/Customization/Custom-dataset.md",
        {"messages": "messages", "reference": "solution"},
    ),
    Published(
        "open-instruct RLVR", "prompts", ("messages", "ground_truth", "dataset"),
        f"{GIT}allenai/open-instruct scripts/data/rlvr/gsm8k_rlvr.py",
        {"messages": "messages", "reference": "ground_truth"},
    ),
    Published(
        "OpenRLHF prompts", "prompts", ("context_messages",),
        f"{HUB}OpenRLHF/prompt-collection-v0.1; {GIT}OpenRLHF/OpenRLHF"
        " examples/scripts/train_ppo_ray_hybrid_engine.sh",
        {"prompt": "context_messages"},
    ),
    # What trainers write.
    Published(
        "verl rollouts", "responses", ("input", "output", "gts", "score"),
        f"{GIT}volcengine/verl verl/trainer/ppo/ray_trainer.py",
        {"prompt": "input", "response": "output", "reference": "gts"},
    ),
    Published(
        "TRL completions", "responses", ("step", "prompt", "completion", "advantage"),
        f"{GIT}huggingface/trl trl/trainer/grpo_trainer.py",
        {"prompt": "prompt", "response": "completion"},
    ),
    Published(
        "LLaMA-Factory predictions", "responses", ("prompt", "predict", "label"),
        f"{GIT}hiyouga/LLaMA-Factory src/llamafactory/train/sft/trainer.py",
        {"prompt": "prompt", "response": "predict", "reference": "label"},
    ),
    Published(
        "NeMo RL validation", "chat", ("content", "rewards", "idx"),
        f"{GIT}NVIDIA-NeMo/RL nemo_rl/algorithms/grpo.py and nemo_rl/utils/logger.py",
        {"messages": "content"},
        {"content": logged_turns},
    ),
    Published(
        "verifiers rollouts", "responses", ("example_id", "prompt", "completion", "reward"),
        f"{GIT}PrimeIntellect-ai/verifiers verifiers/legacy/types.py",
        {"prompt": "prompt", "response": "completion", "reference": "answer"},
    ),
    Published(
        "prime-rl rollouts", "responses",
        ("run_id", "problem_id", "sample_id", "prompt", "completion"),
        f"{GIT}PrimeIntellect-ai/prime-rl src/prime_rl/monitors/prime.py",
        {"prompt": "prompt", "response": "completion", "reference": "answer"},
        {"prompt": from_json, "completion": from_json},
    ),
    Published(
        "lm-eval samples", "responses", ("doc_id", "doc", "target", "arguments", "resps"),
        f"{GIT}EleutherAI/lm-evaluation-harness lm_eval/evaluator.py and"
        " lm_eval/loggers/evaluation_tracker.py",
        {"prompt": "arguments", "responses": "resps", "reference": "target"},
        {"arguments": harness_prompt, "resps": harness_responses},
    ),
    Published(
        "SkyRL evaluations", "responses", ("input_prompt", "output_response", "env_extras"),
        f"{GIT}NovaSky-AI/SkyRL skyrl/train/utils/trainer_utils.py",
        {
            "prompt": "input_prompt",
            "response": "output_response",
            "reference": "env_extras.reward_spec.ground_truth",
        },
    ),
    Published(
        "slime samples", "responses", ("prompt", "response", "response_length", "label", "status"),
        f"{GIT}THUDM/slime slime/utils/types.py",
        {
            "prompt": "prompt",
            "response": "response",
            "reference": "label",
            "finish_reason": "status",
        },
        {"status": finish_of_status},
    ),
    Published(
        "ms-swift inference", "responses", ("response", "labels", "messages"),
        f"{GIT}modelscope/ms-swift swift/pipelines/infer/infer.py",
        {"prompt": "messages", "response": "response", "reference": "labels"},
    ),
    Published(
        "SGLang generations", "responses", ("text", "meta_info"),
        f"{GIT}sgl-project/sglang docs/basic_usage/native_api.ipynb",
        {"response": "text", "finish_reason": "meta_info.finish_reason.type"},
    ),
    Published(
        "completions of the OpenAI API", "responses", ("id", "object", "choices"),
        f"{GIT}openai/openai-python src/openai/types/completion.py and"
        " src/openai/types/chat/chat_completion.py",
        {"prompt": "prompt", "responses": "choices"},
    ),
    Published(
        "OpenCompass predictions", "responses", ("origin_prompt", "prediction"),
        f"{GIT}open-compass/opencompass opencompass/openicl/icl_inferencer/"
        "icl_base_inferencer.py",
        {"prompt": "origin_prompt", "response": "prediction", "reference": "gold"},
        {"origin_prompt": opencompass_prompt},
    ),
    Published(
        "Qwen2.5-Math evaluations", "responses", ("question", "gt_cot", "gt", "code", "pred"),
        f"{GIT}QwenLM/Qwen2.5-Math evaluation/math_eval.py",
        {"prompt": "question", "responses": "code", "reference": "gt"},
    ),
    Published(
        "LiveCodeBench evaluations", "responses", ("question_content", "output_list", "code_list"),
        f"{GIT}LiveCodeBench/LiveCodeBench lcb_runner/benchmarks/code_generation.py",
        {"prompt": "question_content", "responses": "output_list"},
    ),
    Published(
        "DeepMath-103K", "responses",
        ("question", "final_answer", "r1_solution_1", "r1_solution_2", "r1_solution_3"),
        f"{HUB}zwhe99/DeepMath-103K",
        {"prompt": "question", "reference": "final_answer"},
    ),
    Published(
        "OpenRLHF", "responses", ("input", "output"),
        f"{GIT}OpenRLHF/OpenRLHF openrlhf/datasets/sft_dataset.py",
        {"prompt": "input", "response": "output"},
    ),
)  # fmt: skip

UNREADABLE: Sequence[UnreadableLayout] = (
    UnreadableLayout(
        "OASST1 messages", ("message_id", "parent_id", "text", "role"),
        "each row is one message of a tree, asked by a prompter or written by an assistant: walk"
        " from each assistant's message to the root and write the turns as messages",
        f"{HUB}OpenAssistant/oasst1",
    ),
    UnreadableLayout(
        "axolotl segments", ("segments",),
        "each row is a text in pieces that are trained on or not, without turns: write what is"
        " masked as prompt and what is trained on as response",
        f"{GIT}axolotl-ai-cloud/axolotl docs/dataset-formats/template_free.qmd",
    ),
    UnreadableLayout(
        "NeMo RL training data", ("content", "token_ids", "token_loss_mask", "sample_loss_mask"),
        "each row has the texts of its turns without their roles: write messages, or prompt and"
        " response",
        f"{GIT}NVIDIA-NeMo/RL nemo_rl/algorithms/grpo.py",
    ),
)  # fmt: skip
