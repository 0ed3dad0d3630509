"""Layouts of problems and questions: mathematics, answers, choices, instructions, programs."""

from __future__ import annotations

from collections.abc import Sequence

from plaudit.data._layout_types import GIT, HUB, Published
from plaudit.data._layout_values import (
    letter_of,
    letter_of_index,
    only_item,
    skywork_answer,
    svamp_prompt,
    turns_prompt,
    with_context,
)

__all__ = ["QUESTIONS"]

LETTERS: tuple[str, ...] = ("A", "B", "C", "D")

QUESTIONS: Sequence[Published] = (
    # Mathematics: problems with answers, and solutions that models wrote.
    Published(
        "MGSM", "prompts", ("question", "answer_number"),
        f"{HUB}juletxara/mgsm; {GIT}huggingface/lighteval src/lighteval/tasks/tasks/mgsm.py",
        {"prompt": "question", "reference": "answer_number"},
    ),
    Published(
        "GSM8K and other questions with answers", "prompts", ("question", "answer"),
        f"{HUB}openai/gsm8k; {GIT}huggingface/lighteval src/lighteval/tasks/tasks/gsm8k.py",
        {"prompt": "question", "reference": "answer"},
    ),
    Published(
        "MATH", "prompts", ("problem", "level", "type", "solution"),
        f"{HUB}DigitalLearningGmbH/MATH-lighteval; {GIT}huggingface/lighteval"
        " src/lighteval/tasks/tasks/math.py",
        {"prompt": "problem", "reference": "solution"},
    ),
    Published(
        "MATH-500", "prompts", ("problem", "solution", "answer", "subject", "level", "unique_id"),
        f"{HUB}HuggingFaceH4/MATH-500; {GIT}huggingface/lighteval"
        " src/lighteval/tasks/tasks/math_500.py",
        {"prompt": "problem", "reference": "answer"},
    ),
    Published(
        "DeepScaleR", "prompts", ("problem", "answer", "solution"),
        f"{HUB}agentica-org/DeepScaleR-Preview-Dataset; {GIT}NVIDIA-NeMo/RL"
        " nemo_rl/data/datasets/response_datasets/deepscaler.py",
        {"prompt": "problem", "reference": "answer"},
    ),
    Published(
        "NuminaMath-1.5", "prompts",
        ("problem", "solution", "answer", "problem_type", "question_type", "problem_is_valid"),
        f"{HUB}AI-MO/NuminaMath-1.5; {GIT}NVIDIA-NeMo/RL"
        " nemo_rl/data/datasets/response_datasets/numinamath.py",
        {"prompt": "problem", "reference": "answer"},
    ),
    Published(
        "NuminaMath-CoT", "chat", ("problem", "solution", "messages"),
        f"{HUB}AI-MO/NuminaMath-CoT; {GIT}allenai/open-instruct scripts/data/sft/numinamath.py",
        {"messages": "messages", "reference": "solution"},
    ),
    Published(
        "OpenR1-Math-220k", "responses",
        ("problem", "solution", "answer", "generations", "finish_reasons"),
        f"{HUB}open-r1/OpenR1-Math-220k; {GIT}huggingface/open-r1 scripts/generate_reasoning.py",
        {"prompt": "problem", "responses": "generations", "reference": "answer"},
    ),
    Published(
        "Big-Math", "prompts", ("problem", "answer", "source", "domain", "llama8b_solve_rate"),
        f"{HUB}SynthLabsAI/Big-Math-RL-Verified",
        {"prompt": "problem", "reference": "answer"},
    ),
    Published(
        "OpenMathReasoning", "responses",
        ("problem", "generated_solution", "expected_answer", "inference_mode"),
        f"{HUB}nvidia/OpenMathReasoning; {GIT}xinyu-dev/NeMo-Skills"
        " docs/releases/openreasoning/dataset.md",
        {"prompt": "problem", "response": "generated_solution", "reference": "expected_answer"},
    ),
    Published(
        "OpenMathInstruct-2", "responses", ("problem", "generated_solution", "expected_answer"),
        f"{HUB}nvidia/OpenMathInstruct-2; {GIT}NVIDIA-NeMo/RL"
        " nemo_rl/data/datasets/response_datasets/openmathinstruct2.py",
        {"prompt": "problem", "response": "generated_solution", "reference": "expected_answer"},
    ),
    Published(
        "verl (DAPO-Math-17k, Skywork-OR1, Eurus-2)", "prompts",
        ("data_source", "prompt", "reward_model"),
        f"{HUB}BytedTsinghua-SIA/DAPO-Math-17k; {GIT}volcengine/verl"
        " examples/data_preprocess/gsm8k.py; for Skywork-OR1 the list in ground_truth:"
        f" {GIT}nvidia-china-sae/mair-hub rl-tutorial/vlm-R1/data_processor/process_skywork.py",
        {"prompt": "prompt", "reference": "reward_model.ground_truth"},
        {"reward_model.ground_truth": skywork_answer},
    ),
    Published(
        "SYNTHETIC-1 tasks", "prompts",
        ("problem_id", "task_type", "prompt", "gold_standard_solution", "verification_info"),
        f"{GIT}PrimeIntellect-ai/genesys README.md",
        {"prompt": "prompt", "reference": "verification_info.ground_truth"},
    ),
    Published(
        "SYNTHETIC-1", "responses",
        ("problem_id", "task_type", "prompt", "verification_info", "llm_response", "response_id"),
        f"{GIT}PrimeIntellect-ai/genesys src/genesys/schemas.py",
        {
            "prompt": "prompt",
            "response": "llm_response",
            "reference": "verification_info.ground_truth",
        },
    ),
    Published(
        "AIME 2024", "prompts", ("problem", "solution", "answer", "url", "year"),
        f"{HUB}HuggingFaceH4/aime_2024; {GIT}huggingface/lighteval"
        " src/lighteval/tasks/tasks/aime.py",
        {"prompt": "problem", "reference": "answer"},
    ),
    Published(
        "AIME 2024 (Maxwell-Jia)", "prompts", ("ID", "Problem", "Solution", "Answer"),
        f"{HUB}Maxwell-Jia/AIME_2024; {GIT}EleutherAI/lm-evaluation-harness"
        " lm_eval/tasks/aime/aime24.yaml",
        {"prompt": "Problem", "reference": "Answer", "id": "ID"},
    ),
    Published(
        "IMO-AnswerBench", "prompts", ("Problem ID", "Problem", "Short Answer"),
        f"{HUB}Hwilner/imo-answerbench",
        {"prompt": "Problem", "reference": "Short Answer", "id": "Problem ID"},
    ),
    Published(
        "AIME 2026 and other problems with answers", "prompts", ("problem", "answer"),
        f"{HUB}MathArena/aime_2026; {GIT}NVIDIA-NeMo/RL"
        " nemo_rl/data/datasets/response_datasets/aime.py",
        {"prompt": "problem", "reference": "answer"},
    ),
    Published(
        "Omni-MATH", "prompts", ("domain", "difficulty", "problem", "solution", "answer"),
        f"{HUB}KbsdJames/Omni-MATH; {GIT}open-compass/opencompass"
        " opencompass/datasets/omni_math.py",
        {"prompt": "problem", "reference": "answer"},
    ),
    Published(
        "OlympiadBench", "prompts", ("question", "final_answer", "is_multiple_answer"),
        f"{HUB}Hothan/OlympiadBench; {GIT}huggingface/lighteval"
        " src/lighteval/tasks/tasks/olympiade_bench.py; the list in final_answer:"
        f" {GIT}open-compass/opencompass opencompass/datasets/OlympiadBench.py",
        {"prompt": "question", "reference": "final_answer"},
        {"final_answer": only_item},
    ),
    # Questions with several acceptable answers.
    Published(
        "NQ-open", "prompts", ("question", "answer"),
        f"{HUB}google-research-datasets/nq_open; {GIT}EleutherAI/lm-evaluation-harness"
        " lm_eval/tasks/nq_open/nq_open.yaml",
        {"prompt": "question", "references": "answer"},
        sorts={"answer": "list"},
    ),
    Published(
        "TriviaQA", "prompts", ("question", "question_id", "answer"),
        f"{HUB}mandarjoshi/trivia_qa; {GIT}EleutherAI/lm-evaluation-harness"
        " lm_eval/tasks/triviaqa/default.yaml",
        {"prompt": "question", "references": "answer.aliases"},
        sorts={"answer": "object"},
    ),
    Published(
        "BoolQ", "prompts", ("question", "passage", "answer"),
        f"{HUB}google/boolq",
        {"prompt": "question"},
        sorts={"answer": "truth"},
    ),
    Published(
        "SQuAD", "prompts", ("context", "question", "answers"),
        f"{HUB}rajpurkar/squad",
        {"prompt": "question", "references": "answers.text"},
        {"question": with_context},
    ),
    Published(
        "TruthfulQA", "prompts",
        ("question", "best_answer", "correct_answers", "incorrect_answers"),
        f"{HUB}truthfulqa/truthful_qa; {GIT}EleutherAI/lm-evaluation-harness"
        " lm_eval/tasks/truthfulqa/truthfulqa_gen.yaml",
        {"prompt": "question", "references": "correct_answers"},
    ),
    Published(
        "AQuA", "prompts", ("question", "options", "rationale", "correct"),
        f"{GIT}google-deepmind/AQuA README.md",
        {"prompt": "question", "reference": "correct"},
    ),
    Published(
        "HellaSwag", "prompts", ("ctx", "endings", "label"),
        f"{HUB}Rowan/hellaswag; {GIT}huggingface/lighteval"
        " src/lighteval/tasks/tasks/hellaswag.py",
        {"prompt": "ctx", "reference": "label"},
        {"label": letter_of_index},
    ),
    Published(
        "LiveBench", "prompts", ("question_id", "category", "turns", "ground_truth", "task"),
        f"{HUB}livebench/math; {GIT}LiveBench/LiveBench README.md",
        {"prompt": "turns", "reference": "ground_truth"},
        {"turns": turns_prompt},
    ),
    Published(
        "SVAMP", "prompts", ("Body", "Question", "Equation", "Answer"),
        f"{HUB}ChilleD/SVAMP; {GIT}arkilpatel/SVAMP README.md",
        {"prompt": "Question", "reference": "Answer"},
        {"Question": svamp_prompt},
    ),
    Published(
        "NeMo Gym", "prompts", ("responses_create_params", "expected_answer"),
        f"{GIT}NVIDIA-NeMo/Gym fern/versions/latest/pages/about/concepts/"
        "key-terminology.mdx",
        {"prompt": "responses_create_params.input", "reference": "expected_answer"},
    ),
    # Choices.
    Published(
        "GPQA", "prompts", ("Question", "Correct Answer", "Incorrect Answer 1"),
        f"{HUB}Idavidrein/gpqa; {GIT}huggingface/lighteval src/lighteval/tasks/tasks/gpqa.py",
        {"prompt": "Question", "reference": "Correct Answer"},
    ),
    Published(
        "MMLU", "prompts", ("question", "choices", "answer"),
        f"{HUB}cais/mmlu; {GIT}huggingface/lighteval src/lighteval/tasks/tasks/mmlu.py",
        {"prompt": "question", "reference": "answer"},
        {"answer": letter_of},
    ),
    Published(
        "ARC", "prompts", ("question", "choices", "answerKey"),
        f"{HUB}allenai/ai2_arc; {GIT}huggingface/lighteval src/lighteval/tasks/tasks/arc.py",
        {"prompt": "question", "reference": "answerKey"},
    ),
    Published(
        "MMLU-Pro", "prompts", ("question", "options", "answer", "answer_index"),
        f"{HUB}TIGER-Lab/MMLU-Pro; {GIT}huggingface/lighteval"
        " src/lighteval/tasks/tasks/mmlu_pro.py",
        {"prompt": "question", "reference": "answer"},
    ),
    Published(
        "C-Eval", "prompts", ("question", *LETTERS, "answer"),
        f"{HUB}ceval/ceval-exam; {GIT}huggingface/lighteval"
        " src/lighteval/tasks/multilingual/adapters.py",
        {"prompt": "question", "reference": "answer"},
    ),
    Published(
        "CMMLU", "prompts", ("Question", *LETTERS, "Answer"),
        f"{HUB}haonan-li/cmmlu; {GIT}open-compass/opencompass opencompass/datasets/cmmlu.py",
        {"prompt": "Question", "reference": "Answer"},
    ),
    # Instructions that can be checked, programs.
    Published(
        "IFEval", "prompts", ("prompt", "instruction_id_list", "kwargs"),
        f"{HUB}google/IFEval; {GIT}huggingface/lighteval"
        " src/lighteval/tasks/tasks/ifeval/main.py",
        {"prompt": "prompt"},
    ),
    Published(
        "LiveCodeBench", "prompts", ("question_content", "public_test_cases"),
        f"{HUB}livecodebench/code_generation_lite; {GIT}LiveCodeBench/LiveCodeBench"
        " lcb_runner/benchmarks/code_generation.py",
        {"prompt": "question_content"},
    ),
    Published(
        "APPS, TACO", "prompts", ("question", "solutions", "input_output", "starter_code"),
        f"{HUB}codeparrot/apps; {GIT}FlagOpen/TACO generation.py",
        {"prompt": "question"},
    ),
    Published(
        "CodeContests", "prompts", ("description", "public_tests", "private_tests"),
        f"{HUB}deepmind/code_contests; {GIT}google-deepmind/code_contests contest_problem.proto",
        {"prompt": "description"},
    ),
    Published(
        "HumanEval", "prompts", ("task_id", "prompt", "canonical_solution", "test", "entry_point"),
        f"{GIT}openai/human-eval human_eval/data.py",
        {"prompt": "prompt"},
    ),
    Published(
        "MBPP", "prompts", ("task_id", "text", "code", "test_list"),
        f"{HUB}google-research-datasets/mbpp; {GIT}open-compass/opencompass"
        " opencompass/datasets/mbpp.py",
        {"prompt": "text"},
    ),
)  # fmt: skip
