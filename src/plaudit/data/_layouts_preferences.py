"""Layouts of preferences: pairs and rated responses."""

from __future__ import annotations

from collections.abc import Sequence

from plaudit.data._layout_types import GIT, HUB, Published
from plaudit.data._layout_values import (
    alpaca_preference,
    arena_prompt,
    arena_turns,
    arena_winner,
    counted,
    one_of,
    ranked_texts,
    sign_of,
    webgpt_preference,
)

__all__ = ["PREFERENCES"]

PREFERENCES: Sequence[Published] = (
    # Preferences.
    Published(
        "UltraFeedback", "responses", ("instruction", "models", "completions", "correct_answers"),
        f"{GIT}OpenBMB/UltraFeedback README.md",
        {"prompt": "instruction", "responses": "completions"},
    ),
    Published(
        "UltraFeedback binarized", "pairs", ("prompt", "prompt_id", "chosen", "rejected"),
        f"{HUB}HuggingFaceH4/ultrafeedback_binarized",
        {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "HH-RLHF and other pairs", "pairs", ("chosen", "rejected"),
        f"{HUB}Anthropic/hh-rlhf; {GIT}allenai/open-instruct scripts/data/preferences/"
        "hh-helpful.py",
        {"chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "Skywork-Reward-Preference", "pairs", ("chosen", "rejected", "source"),
        f"{HUB}Skywork/Skywork-Reward-Preference-80K-v0.2",
        {"chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "Tulu 3 preferences", "pairs", ("id", "source", "prompt", "chosen", "rejected"),
        f"{HUB}allenai/llama-3.1-tulu-3-8b-preference-mixture; {GIT}NVIDIA-NeMo/RL"
        " nemo_rl/data/datasets/preference_datasets/tulu3.py",
        {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "Orca DPO pairs", "pairs", ("system", "question", "chosen", "rejected"),
        f"{HUB}Intel/orca_dpo_pairs; {GIT}hiyouga/LLaMA-Factory data/dataset_info.json",
        {"prompt": "question", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "SHP", "pairs", ("history", "human_ref_A", "human_ref_B", "labels"),
        f"{HUB}stanfordnlp/SHP",
        {
            "prompt": "history",
            "response_a": "human_ref_A",
            "response_b": "human_ref_B",
            "preference": "labels",
        },
        {"labels": one_of(1, 0)},
    ),
    Published(
        "HelpSteer2", "responses", ("prompt", "response", "helpfulness", "correctness"),
        f"{HUB}nvidia/HelpSteer2",
        {"prompt": "prompt", "response": "response"},
    ),
    Published(
        "HelpSteer2 preferences", "pairs",
        ("prompt", "response_1", "response_2", "preference_strength"),
        f"{HUB}nvidia/HelpSteer2",
        {
            "prompt": "prompt",
            "response_a": "response_1",
            "response_b": "response_2",
            "preference": "preference_strength",
        },
        {"preference_strength": sign_of},
    ),
    Published(
        "HelpSteer3", "pairs", ("context", "response1", "response2", "overall_preference"),
        f"{HUB}nvidia/HelpSteer3; {GIT}NVIDIA-NeMo/RL"
        " nemo_rl/data/datasets/preference_datasets/helpsteer3.py",
        {
            "prompt": "context",
            "response_a": "response1",
            "response_b": "response2",
            "preference": "overall_preference",
        },
        {"overall_preference": sign_of},
    ),
    Published(
        "PKU-SafeRLHF", "pairs", ("prompt", "response_0", "response_1", "better_response_id"),
        f"{HUB}PKU-Alignment/PKU-SafeRLHF; {GIT}xinykou/safety_realignment"
        " llama_factory/data/safety_alignment_wizardlm/filter_data_for_pretrain_dpo.py",
        {
            "prompt": "prompt",
            "response_a": "response_0",
            "response_b": "response_1",
            "preference": "better_response_id",
        },
        {"better_response_id": one_of(0, 1)},
    ),
    Published(
        "WebGPT comparisons", "pairs", ("question", "answer_0", "answer_1", "score_0", "score_1"),
        f"{HUB}openai/webgpt_comparisons; {GIT}allenai/open-instruct"
        " scripts/data/preferences/webgpt.py",
        {
            "prompt": "question.full_text",
            "response_a": "answer_0",
            "response_b": "answer_1",
            "preference": "score_0",
        },
        {"score_0": webgpt_preference},
    ),
    Published(
        "Nectar", "responses", ("prompt", "answers", "turns", "good_natured"),
        f"{HUB}berkeley-nest/Nectar",
        {"prompt": "prompt", "responses": "answers"},
    ),
    Published(
        "RewardBench", "pairs",
        ("prompt", "chosen", "chosen_model", "rejected", "rejected_model", "subset"),
        f"{HUB}allenai/reward-bench; {GIT}allenai/reward-bench rewardbench/utils.py",
        {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "RewardBench 2", "pairs",
        ("prompt", "chosen", "rejected", "num_correct", "total_completions"),
        f"{HUB}allenai/reward-bench-2; {GIT}allenai/reward-bench rewardbench/utils.py",
        {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "RM-Bench", "pairs", ("id", "prompt", "chosen", "rejected", "domain"),
        f"{GIT}THU-KEG/RM-Bench README.md",
        {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "JudgeBench", "pairs", ("question", "response_A", "response_B", "label"),
        f"{GIT}ScalerLab/JudgeBench README.md",
        {
            "prompt": "question",
            "response_a": "response_A",
            "response_b": "response_B",
            "preference": "label",
        },
    ),
    Published(
        "Chatbot Arena", "pairs",
        ("model_a", "model_b", "winner", "conversation_a", "conversation_b"),
        f"{HUB}lmsys/chatbot_arena_conversations; {HUB}lmsys/mt_bench_human_judgments",
        {
            "response_a": "conversation_a",
            "response_b": "conversation_b",
            "preference": "winner",
        },
    ),
    Published(
        "Chatbot Arena 55k", "pairs",
        ("prompt", "response_a", "response_b", "winner_model_a", "winner_model_b", "winner_tie"),
        f"{HUB}lmsys/lmsys-arena-human-preference-55k",
        {
            "prompt": "prompt",
            "response_a": "response_a",
            "response_b": "response_b",
            "preference": "winner_model_a",
        },
        {
            "prompt": arena_prompt,
            "response_a": arena_turns,
            "response_b": arena_turns,
            "winner_model_a": arena_winner,
        },
    ),
    Published(
        "AlpacaEval annotations", "pairs", ("instruction", "output_1", "output_2", "preference"),
        f"{GIT}tatsu-lab/alpaca_eval results/*/*/annotations.json",
        {
            "prompt": "instruction",
            "response_a": "output_1",
            "response_b": "output_2",
            "preference": "preference",
        },
        {"preference": alpaca_preference},
    ),
    Published(
        "Auto-J pairs", "pairs", ("prompt", "response 1", "response 2", "label"),
        f"{GIT}GAIR-NLP/auto-j README.md (data/test/testdata_pairwise.jsonl)",
        {
            "prompt": "prompt",
            "response_a": "response 1",
            "response_b": "response 2",
            "preference": "label",
        },
        {"label": counted(0, tie=2)},
    ),
    Published(
        "LLMBar", "pairs", ("input", "output_1", "output_2", "label"),
        f"{GIT}TIGER-AI-Lab/TIGERScore data/evaluation/instruct/LLMBar/prepare.py;"
        f" {HUB}princeton-nlp/LLMBar",
        {
            "prompt": "input",
            "response_a": "output_1",
            "response_b": "output_2",
            "preference": "label",
        },
        {"label": counted(1)},
    ),
    Published(
        "OffsetBias", "pairs", ("instruction", "output_1", "output_2", "label"),
        f"{HUB}NCSOFT/offsetbias",
        {
            "prompt": "instruction",
            "response_a": "output_1",
            "response_b": "output_2",
            "preference": "label",
        },
        {"label": counted(1)},
    ),
    Published(
        "UltraInteract pairs", "pairs", ("trajectory", "chosen", "rejected"),
        f"{HUB}openbmb/UltraInteract_pair",
        {"prompt": "trajectory", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "UltraFeedback binarized (Argilla)", "pairs",
        ("instruction", "chosen_response", "rejected_response"),
        f"{HUB}argilla/ultrafeedback-binarized-preferences",
        {
            "prompt": "instruction",
            "chosen": "chosen_response",
            "rejected": "rejected_response",
        },
    ),
    Published(
        "NeMo-Aligner preferences", "pairs", ("prompt", "chosen_response", "rejected_response"),
        f"{GIT}NVIDIA/NeMo-Aligner docs/user-guide/dpo.rst",
        {"prompt": "prompt", "chosen": "chosen_response", "rejected": "rejected_response"},
    ),
    Published(
        "NeMo RL preferences", "responses", ("context", "completions"),
        f"{GIT}NVIDIA-NeMo/RL docs/guides/dpo.md",
        {"prompt": "context", "responses": "completions"},
        {"completions": ranked_texts},
    ),
    Published(
        "Stack Exchange pairs", "pairs", ("question", "response_j", "response_k"),
        f"{HUB}lvwerra/stack-exchange-paired; {GIT}huggingface/trl"
        " examples/research_projects/stack_llama/scripts/reward_modeling.py",
        {"prompt": "question", "chosen": "response_j", "rejected": "response_k"},
    ),
    Published(
        "MixInstruct", "responses", ("instruction", "input", "output", "candidates"),
        f"{HUB}llm-blender/mix-instruct",
        {"prompt": "instruction", "responses": "candidates", "reference": "output"},
    ),
    Published(
        "OpenAI preferences", "pairs", ("input", "preferred_output", "non_preferred_output"),
        "platform.openai.com/docs/guides/direct-preference-optimization",
        {
            "prompt": "input.messages",
            "chosen": "preferred_output",
            "rejected": "non_preferred_output",
        },
    ),
)  # fmt: skip
