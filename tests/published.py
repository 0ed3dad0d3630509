"""One made-up row in each public layout, all columns as published, and how it must be read.

Shared by the tests of the reader and of `init`. The columns are those of the pages that
`plaudit.data.layouts` cites for the layout of that name.
"""

from __future__ import annotations

from typing import Any, NamedTuple

USER = {"role": "user", "content": "2+2?"}
YES = {"role": "assistant", "content": "\\boxed{4}"}
NO = {"role": "assistant", "content": "\\boxed{5}"}
FOUR, FIVE = "\\boxed{4}", "\\boxed{5}"


class Case(NamedTuple):
    """A row, and what must come of it: the prompt's last turn, responses, reference, labels."""

    layout: str  # the name in the table
    row: dict[str, Any]
    prompt: str = "2+2?"
    responses: tuple[str, ...] = ()  # () where the set has none
    reference: Any = None
    labels: tuple[str, ...] = ()
    turns: tuple[str, ...] = ("user",)  # the roles of the prompt
    rule: str = ""  # that `init` proposes for the accuracy
    references: list[Any] | None = None  # of which any one is right
    finish: str | None = None  # the finish reason of every response


MATH, CHOICE, CODE = "rules.math.equal", "rules.exact.multiple_choice", "rules.code.passes"
PAIR = {"responses": (FOUR, FIVE), "labels": ("chosen", "rejected")}
SWAPPED = {"responses": (FOUR, FIVE), "labels": ("rejected", "chosen")}
TIE = {"responses": (FOUR, FIVE), "labels": ("tie", "tie")}
TESTS = '[{"input": "2 2", "output": "4", "testtype": "stdin"}]'
HUMAN = "\n\nHuman: 2+2?\n\nAssistant: "
STEPS = ["Add 2 and 2.", "That is 4.", "So \\boxed{4}"]

CASES = [
    Case(
        "GSM8K and other questions with answers",
        {"question": "2+2?", "answer": "2+2=<<2+2=4>>4\n#### 4"},
        reference="2+2=<<2+2=4>>4\n#### 4",
        rule=MATH,
    ),
    Case(
        "MGSM",
        {"question": "2+2?", "answer": None, "answer_number": 4, "equation_solution": None},
        reference=4,
        rule=MATH,
    ),
    Case(
        "MATH",
        {"problem": "2+2?", "level": "Level 1", "type": "Algebra", "solution": "So $\\boxed{4}$."},
        reference="So $\\boxed{4}$.",
        rule=MATH,
    ),
    Case(
        "MATH-500",
        {
            "problem": "2+2?", "solution": "So $\\boxed{4}$.", "answer": "4",
            "subject": "Algebra", "level": 1, "unique_id": "test/algebra/1.json",
        },
        reference="4",
        rule=MATH,
    ),
    Case(
        "DeepScaleR",
        {"problem": "2+2?", "answer": "4", "solution": "So $\\boxed{4}$."},
        reference="4",
        rule=MATH,
    ),
    Case(
        "NuminaMath-1.5",
        {
            "problem": "2+2?", "solution": "So 4.", "answer": "4", "problem_type": "Algebra",
            "question_type": "math-word-problem", "problem_is_valid": "Yes",
            "solution_is_valid": "Yes", "source": "olympiads", "synthetic": False,
        },
        reference="4",
        rule=MATH,
    ),
    Case(
        "NuminaMath-CoT",
        {"source": "synthetic_math", "problem": "2+2?", "solution": FOUR, "messages": [USER, YES]},
        responses=(FOUR,),
        reference=FOUR,
        rule=MATH,
    ),
    Case(
        "OpenR1-Math-220k",
        {
            "problem": "2+2?", "solution": "So 4.", "answer": "4", "problem_type": "Algebra",
            "question_type": "math-word-problem", "source": "olympiads", "uuid": "a",
            "is_reasoning_complete": [True, True], "generations": [FOUR, FIVE],
            "correctness_math_verify": [True, False], "correctness_llama": None,
            "finish_reasons": ["stop", "length"], "correctness_count": 1,
            "messages": [USER, YES],
        },
        responses=(FOUR, FIVE),
        reference="4",
        rule=MATH,
    ),
    Case(
        "Big-Math",
        {
            "problem": "2+2?", "answer": "4", "source": "orca_math",
            "domain": ["Mathematics -> Algebra"], "llama8b_solve_rate": 0.5,
        },
        reference="4",
        rule=MATH,
    ),
    Case(
        "OpenMathReasoning",
        {
            "expected_answer": "4", "problem_type": "has_answer_extracted",
            "problem_source": "aops_c4_high_school_math", "generation_model": "DeepSeek-R1",
            "pass_rate_72b_tir": "0.9", "problem": "2+2?", "generated_solution": FOUR,
            "inference_mode": "cot", "used_in_kaggle": True,
        },
        responses=(FOUR,),
        reference="4",
        rule=MATH,
    ),
    Case(
        "OpenMathInstruct-2",
        {
            "problem": "2+2?", "generated_solution": FOUR, "expected_answer": "4",
            "problem_source": "augmented_math",
        },
        responses=(FOUR,),
        reference="4",
        rule=MATH,
    ),
    Case(
        "verl (DAPO-Math-17k, Skywork-OR1, Eurus-2)",
        {
            "data_source": "math_dapo", "prompt": [USER], "ability": "MATH",
            "reward_model": {"ground_truth": "4", "style": "rule-lighteval/MATH_v2"},
            "extra_info": {"index": "9a9b6eb4"},
        },
        reference="4",
        rule=MATH,
    ),
    Case(
        "verl (DAPO-Math-17k, Skywork-OR1, Eurus-2)",
        {
            "data_source": "train-math-deepscaler", "prompt": [USER], "ability": "math",
            "reward_model": {"ground_truth": '["4"]', "style": "rule"},
            "extra_info": {"index": 7, "model_difficulty": {"DeepSeek-R1-Distill-Qwen-7B": 3}},
        },
        reference="4",
        rule=MATH,
    ),
    Case(
        "SYNTHETIC-1 tasks",
        {
            "source": "numina", "task_type": "verifiable_math", "in_source_id": "1",
            "prompt": "2+2?", "gold_standard_solution": "So 4.",
            "verification_info": '{"ground_truth": "4"}', "metadata": "{}", "problem_id": "vm_0",
        },
        reference="4",
        rule=MATH,
    ),
    Case(
        "SYNTHETIC-1",
        {
            "problem_id": "vm_0", "source": "numina", "task_type": "verifiable_math",
            "in_source_id": "1", "prompt": "2+2?", "gold_standard_solution": "So 4.",
            "verification_info": {"ground_truth": "4"}, "metadata": {"n": 1}, "llm_response": FOUR,
            "response_id": "vm_0_x", "model_name": "deepseek-r1",
            "generation_config": {"temperature": 0.6}, "machine_info": None,
        },
        responses=(FOUR,),
        reference="4",
        rule=MATH,
    ),
    Case(
        "AIME 2024",
        {
            "id": 60, "problem": "2+2?", "solution": "So $\\boxed{004}$.", "answer": "004",
            "url": "https://artofproblemsolving.com/wiki", "year": "2024",
        },
        reference="004",
        rule=MATH,
    ),
    Case(
        "AIME 2024 (Maxwell-Jia)",
        {"ID": "2024-I-4", "Problem": "2+2?", "Solution": "So 4.", "Answer": 4},
        reference=4,
        rule=MATH,
    ),
    Case(
        "IMO-AnswerBench",
        {
            "Problem ID": "imo-bench-algebra-001", "Problem": "2+2?", "Short Answer": "$4$",
            "Category": "Algebra", "Subcategory": "Operation", "Source": "IMO",
        },
        reference="$4$",
        rule=MATH,
    ),
    Case(
        "AIME 2026 and other problems with answers",
        {"problem_idx": 1, "problem": "2+2?", "answer": 4},
        reference=4,
        rule=MATH,
    ),
    Case(
        "Omni-MATH",
        {
            "domain": ["Mathematics -> Algebra"], "difficulty": 5.0, "problem": "2+2?",
            "solution": "So 4.", "answer": "4", "source": "HMMT_2",
        },
        reference="4",
        rule=MATH,
    ),
    Case(
        "OlympiadBench",
        {
            "id": 1606, "question": "2+2?", "solution": ["So 4."], "final_answer": ["4"],
            "context": None, "modality": "Text-only", "difficulty": "Competition",
            "is_multiple_answer": False, "unit": None, "answer_type": "Numerical", "error": None,
            "question_type": "Open-ended", "subfield": "Algebra", "subject": "Math",
            "language": "English",
        },
        reference="4",
        rule=MATH,
    ),
    Case(
        "GPQA",
        {
            "Pre-Revision Question": "2 + 2", "Question": "2+2?", "Correct Answer": "four apples",
            "Incorrect Answer 1": "five", "Incorrect Answer 2": "six", "Incorrect Answer 3": "no",
            "Explanation": "It is.", "Subdomain": "Chemistry", "Record ID": "rec0",
        },
        reference="four apples",
        rule="rules.exact.normalised",
    ),
    Case(
        "MMLU",
        {"question": "2+2?", "subject": "algebra", "choices": ["3", "4", "5", "6"], "answer": 1},
        reference="B",
        rule=CHOICE,
    ),
    Case(
        "ARC",
        {
            "id": "Mercury_1", "question": "2+2?",
            "choices": {"text": ["3", "4"], "label": ["A", "B"]}, "answerKey": "B",
        },
        reference="B",
        rule=CHOICE,
    ),
    Case(
        "MMLU-Pro",
        {
            "question_id": 70, "question": "2+2?", "options": ["3", "4", "5"], "answer": "B",
            "answer_index": 1, "cot_content": "", "category": "math", "src": "ori_mmlu",
        },
        reference="B",
        rule=CHOICE,
    ),
    Case(
        "C-Eval",
        {
            "id": 0, "question": "2+2?", "A": "3", "B": "4", "C": "5", "D": "6", "answer": "B",
            "explanation": "",
        },
        reference="B",
        rule=CHOICE,
    ),
    Case(
        "CMMLU",
        {"Question": "2+2?", "A": "3", "B": "4", "C": "5", "D": "6", "Answer": "B"},
        reference="B",
        rule=CHOICE,
    ),
    Case(
        "IFEval",
        {
            "key": 1000, "prompt": "2+2?", "kwargs": [{"relation": "at least", "num_words": 1}],
            "instruction_id_list": ["length_constraints:number_words"],
        },
        rule="rules.constraints.ifeval",
    ),
    Case(
        "LiveCodeBench",
        {
            "question_title": "Sum", "question_content": "2+2?", "platform": "atcoder",
            "question_id": "abc", "contest_id": "abc1", "contest_date": "2024-01-01T00:00:00",
            "starter_code": "", "difficulty": "easy", "public_test_cases": TESTS,
            "private_test_cases": "[]", "metadata": "{}",
        },
        rule=CODE,
    ),
    Case(
        "APPS, TACO",
        {
            "problem_id": 0, "question": "2+2?", "solutions": '["print(4)"]',
            "input_output": '{"inputs": ["2 2"], "outputs": ["4"]}', "difficulty": "interview",
            "url": "https://codeforces.com/1", "starter_code": "",
        },
        rule=CODE,
    ),
    Case(
        "APPS, TACO",
        {
            "question": "2+2?", "solutions": '["print(4)"]', "starter_code": "",
            "input_output": '{"inputs": ["2 2"], "outputs": ["4"]}', "difficulty": "EASY",
            "raw_tags": "[]", "name": None, "source": "codeforces", "tags": "[]",
            "skill_types": "[]", "url": "https://codeforces.com/1",
            "Expected Auxiliary Space": None, "time_limit": "1.0 seconds", "date": None,
            "picture_num": None, "memory_limit": None, "Expected Time Complexity": None,
        },
        rule=CODE,
    ),
    Case(
        "CodeContests",
        {
            "name": "1_A. Sum", "description": "2+2?", "source": 2, "difficulty": 7,
            "public_tests": {"input": ["2 2"], "output": ["4"]},
            "private_tests": {"input": ["1 1"], "output": ["2"]},
            "generated_tests": {"input": ["3 3"], "output": ["6"]},
            "solutions": {"language": [3], "solution": ["print(4)"]}, "cf_rating": 800,
        },
        rule=CODE,
    ),
    Case(
        "HumanEval",
        {
            "task_id": "test/0", "prompt": "2+2?", "canonical_solution": "    return 4",
            "test": "def check(candidate):\n    assert candidate() == 4", "entry_point": "f",
        },
        rule=CODE,
    ),
    Case(
        "MBPP",
        {
            "task_id": 1, "text": "2+2?", "code": "def f(): return 4", "test_setup_code": "",
            "test_list": ["assert f() == 4"], "challenge_test_list": [],
        },
        rule=CODE,
    ),
    Case(
        "UltraFeedback",
        {
            "source": "evol_instruct", "instruction": "2+2?", "models": ["m", "n"],
            "completions": [
                {
                    "model": "m", "principle": "helpfulness", "custom_system_prompt": "Help.",
                    "response": FOUR, "critique": "Good.", "fine-grained_score": 4.5,
                    "overall_score": 8.5, "annotations": {"honesty": {"Rating": "5"}},
                },
                {
                    "model": "n", "principle": "honesty", "custom_system_prompt": "Be honest.",
                    "response": FIVE, "critique": "Bad.", "fine-grained_score": 1.0,
                    "overall_score": 1.0, "annotations": {"honesty": {"Rating": "1"}},
                },
            ],
            "correct_answers": ["None"], "incorrect_answers": ["None"],
        },
        responses=(FOUR, FIVE),
    ),
    Case(
        "UltraFeedback binarized",
        {
            "prompt": "2+2?", "prompt_id": "p", "chosen": [USER, YES], "rejected": [USER, NO],
            "messages": [USER, YES], "score_chosen": 9.0, "score_rejected": 1.0,
        },
        **PAIR,
    ),
    Case("HH-RLHF and other pairs", {"chosen": HUMAN + FOUR, "rejected": HUMAN + FIVE}, **PAIR),
    Case(
        "HH-RLHF and other pairs",
        {
            "chosen": f"\n\nHuman: Hi\n\nAssistant: Hello{HUMAN}{FOUR}",
            "rejected": f"\n\nHuman: Hi\n\nAssistant: Hello{HUMAN}{FIVE}",
        },
        turns=("user", "assistant", "user"),
        **PAIR,
    ),
    Case(
        "Skywork-Reward-Preference",
        {"chosen": [USER, YES], "rejected": [USER, NO], "source": "helpsteer2"},
        **PAIR,
    ),
    Case(
        "Tulu 3 preferences",
        {
            "id": "x", "source": "ultrafeedback", "prompt": "2+2?", "chosen": [USER, YES],
            "rejected": [USER, NO],
        },
        **PAIR,
    ),
    Case(
        "Orca DPO pairs",
        {"system": "Be brief.", "question": "2+2?", "chosen": FOUR, "rejected": FIVE},
        turns=("system", "user"),
        **PAIR,
    ),
    Case(
        "SHP",
        {
            "post_id": "p", "domain": "askscience_train", "upvote_ratio": 0.9, "history": "2+2?",
            "c_root_id_A": "a", "c_root_id_B": "b", "created_at_utc_A": 1, "created_at_utc_B": 2,
            "score_A": 9, "score_B": 1, "human_ref_A": FOUR, "human_ref_B": FIVE, "labels": 1,
            "seconds_difference": 1.0, "score_ratio": 9.0,
        },
        **PAIR,
    ),
    Case(
        "SHP",
        {
            "history": "2+2?", "score_A": 1, "score_B": 9, "human_ref_A": FOUR,
            "human_ref_B": FIVE, "labels": 0,
        },
        **SWAPPED,
    ),
    Case(
        "HelpSteer2",
        {
            "prompt": "2+2?", "response": FOUR, "helpfulness": 4, "correctness": 4,
            "coherence": 4, "complexity": 0, "verbosity": 0,
        },
        responses=(FOUR,),
    ),
    Case(
        "HelpSteer2 preferences",
        {
            "split": "train", "prompt": "2+2?", "response_1": FOUR, "response_2": FIVE,
            "preference_strength": -2, "preference_statement": "1 is better.",
            "preference_elaboration": "It is right.", "three_most_similar_preferences": [],
            "all_preferences_unprocessed": [],
        },
        **PAIR,
    ),
    Case(
        "HelpSteer3",
        {
            "domain": "stem", "language": "english", "context": [USER], "response1": FOUR,
            "response2": FIVE, "overall_preference": 2,
            "individual_preference": [{"score": 2, "reasoning": "no", "feedback1": "", "x": 1}],
        },
        **SWAPPED,
    ),
    Case(
        "HelpSteer3",
        {
            "domain": "stem", "language": "english", "context": [USER], "response1": FOUR,
            "response2": FIVE, "overall_preference": 0, "individual_preference": [],
        },
        **TIE,
    ),
    Case(
        "PKU-SafeRLHF",
        {
            "prompt": "2+2?", "response_0": FOUR, "response_1": FIVE, "prompt_source": "s",
            "response_0_source": "Alpaca-7B", "response_1_source": "Alpaca-7B",
            "is_response_0_safe": True, "is_response_1_safe": False, "better_response_id": 0,
            "safer_response_id": 0, "response_0_sha256": "a", "response_1_sha256": "b",
        },
        **PAIR,
    ),
    Case(
        "WebGPT comparisons",
        {
            "question": {"dataset": "eli5", "id": "1", "full_text": "2+2?"},
            "quotes_0": {"title": ["t"], "extract": ["e"]}, "answer_0": FOUR, "score_0": 1.0,
            "quotes_1": {"title": ["t"], "extract": ["e"]}, "answer_1": FIVE, "score_1": -1.0,
            "tokens_0": {"prefix": [1], "completion": [2]},
            "tokens_1": {"prefix": [1], "completion": [2]},
        },
        **PAIR,
    ),
    Case(
        "Nectar",
        {
            "prompt": "\n\nHuman: 2+2? \n\nAssistant: ",
            "answers": [
                {"answer": FOUR, "model": "gpt-4", "rank": 1.0},
                {"answer": FIVE, "model": "llama-2-7b-chat", "rank": 7.0},
            ],
            "turns": 1, "num_responses": 2, "source": ["sharegpt"], "good_natured": True,
        },
        responses=(FOUR, FIVE),
    ),
    Case(
        "RewardBench",
        {
            "prompt": "2+2?", "chosen": FOUR, "chosen_model": "m", "rejected": FIVE,
            "rejected_model": "n", "subset": "math-prm", "id": 1,
        },
        **PAIR,
    ),
    Case(
        "RewardBench 2",
        {
            "id": "1", "prompt": "2+2?", "chosen": [FOUR], "rejected": [FIVE, "6", "7"],
            "num_correct": 1, "num_incorrect": 3, "total_completions": 4,
            "models": ["m", "n", "o", "p"], "subset": "Math",
            "additional_metadata": {"category": "math"},
        },
        responses=(FOUR, FIVE, "6", "7"),
        labels=("chosen", "rejected", "rejected", "rejected"),
    ),
    Case(
        "RM-Bench",
        {
            "id": "1", "prompt": "2+2?", "chosen": [FOUR, "It is 4.", "**4**"],
            "rejected": [FIVE, "It is 5.", "**5**"], "domain": "math",
        },
        responses=(FOUR, "It is 4.", "**4**", FIVE, "It is 5.", "**5**"),
        labels=("chosen",) * 3 + ("rejected",) * 3,
    ),
    Case(
        "JudgeBench",
        {
            "pair_id": "x", "original_id": "1", "source": "livebench-math", "question": "2+2?",
            "response_model": "gpt-4o", "response_A": FOUR, "response_B": FIVE, "label": "A>B",
        },
        **PAIR,
    ),
    Case(
        "JudgeBench",
        {"question": "2+2?", "response_A": FOUR, "response_B": FIVE, "label": "B>A"},
        **SWAPPED,
    ),
    Case(
        "Chatbot Arena",
        {
            "question_id": "q", "model_a": "m", "model_b": "n", "winner": "model_b",
            "judge": "arena_user_1", "conversation_a": [USER, YES], "conversation_b": [USER, NO],
            "turn": 1, "anony": True, "language": "English", "tstamp": 1.0,
        },
        **SWAPPED,
    ),
    Case(
        "Chatbot Arena",
        {
            "question_id": "q", "model_a": "m", "model_b": "n", "winner": "tie (bothbad)",
            "judge": "arena_user_1", "conversation_a": [USER, YES], "conversation_b": [USER, NO],
        },
        **TIE,
    ),
    Case(
        "Chatbot Arena 55k",
        {
            "id": 1, "model_a": "m", "model_b": "n", "prompt": '["2+2?"]',
            "response_a": '["\\\\boxed{4}"]', "response_b": '["\\\\boxed{5}"]',
            "winner_model_a": 1, "winner_model_b": 0, "winner_tie": 0,
        },
        **PAIR,
    ),
    Case(
        "AlpacaEval annotations",
        {
            "instruction": "2+2?", "output_1": FOUR, "generator_1": "m", "dataset": "koala",
            "output_2": FIVE, "generator_2": "n", "annotator": "gpt4", "preference": 2,
        },
        **SWAPPED,
    ),
    Case(
        "OpenAI preferences",
        {
            "input": {"messages": [USER], "tools": [], "parallel_tool_calls": True},
            "preferred_output": [YES], "non_preferred_output": [NO],
        },
        **PAIR,
    ),
    Case(
        "TRL stepwise",
        {"prompt": "2+2?", "completions": STEPS, "labels": [True, True, False]},
        responses=("\n\n".join(STEPS),),
    ),
    Case(
        "ProcessBench",
        {
            "id": "gsm8k-0", "generator": "Qwen2-7B-Instruct", "problem": "2+2?", "steps": STEPS,
            "final_answer_correct": True, "label": -1,
        },
        responses=("\n\n".join(STEPS),),
    ),
    Case(
        "PRM800K",
        {
            "labeler": "l", "timestamp": "2022", "generation": 9,
            "is_quality_control_question": False, "is_initial_screening_question": False,
            "question": {
                "problem": "2+2?", "ground_truth_solution": "So 4.", "ground_truth_answer": "4",
                "pre_generated_steps": STEPS, "pre_generated_answer": "4",
                "pre_generated_verifier_score": 0.9,
            },
            "label": {
                "steps": [
                    {
                        "completions": [{"text": text, "rating": 1}, {"text": "?", "rating": -1}],
                        "human_completion": None, "chosen_completion": 0,
                    }
                    for text in STEPS
                ],
                "total_time": 1, "finish_reason": "solution",
            },
        },
        responses=("\n\n".join(STEPS),),
        reference="4",
        rule=MATH,
    ),
    Case(
        "PRMBench",
        {
            "original_question": "2 + 2?", "modified_question": "2+2?",
            "original_process": ["So 4."], "modified_process": STEPS, "modified_steps": [2],
            "error_steps": [2], "reason": "no", "idx": "circular_1", "question": "2 + 2?",
            "classification": "circular",
        },
        responses=("\n\n".join(STEPS),),
    ),
    Case(
        "Math-Shepherd",
        {
            "input": "2+2? Step 1: Add 2 and 2. ки\nStep 2: That is 5. The answer is: 5 ки",
            "label": "2+2? Step 1: Add 2 and 2. +\nStep 2: That is 5. The answer is: 5 -",
            "task": "GSM8K",
        },
        responses=("Step 1: Add 2 and 2.\n\nStep 2: That is 5. The answer is: 5",),
    ),
    Case(
        "Alpaca, LLaMA-Factory",
        {"instruction": "2+2?", "input": "", "output": FOUR, "text": f"### 2+2? ### {FOUR}"},
        responses=(FOUR,),
    ),
    Case(
        "Alpaca, LLaMA-Factory",
        {
            "instruction": "Add.", "input": "2+2?", "output": FOUR, "system": "Be brief.",
            "history": [["Hi", "Hello"]],
        },
        prompt="Add.\n2+2?",
        responses=(FOUR,),
        turns=("system", "user", "assistant", "user"),
    ),
    Case(
        "Dolly",
        {"instruction": "2+2?", "context": "Sums.", "response": FOUR, "category": "closed_qa"},
        prompt="2+2?\nSums.",
        responses=(FOUR,),
    ),
    Case(
        "OpenOrca",
        {"id": "flan.1", "system_prompt": "Be brief.", "question": "2+2?", "response": FOUR},
        responses=(FOUR,),
        turns=("system", "user"),
    ),
    Case(
        "ShareGPT",
        {
            "id": "x",
            "conversations": [
                {"from": "human", "value": "2+2?"},
                {"from": "gpt", "value": FOUR},
            ],
        },
        responses=(FOUR,),
    ),
    Case(
        "LMSYS-Chat-1M",
        {
            "conversation_id": "c", "model": "vicuna-13b", "conversation": [USER, YES], "turn": 1,
            "language": "English", "openai_moderation": [{"flagged": False}], "redacted": False,
        },
        responses=(FOUR,),
    ),
    Case(
        "LLaMA-Factory preferences",
        {
            "conversations": [{"from": "human", "value": "2+2?"}],
            "chosen": {"from": "gpt", "value": FOUR},
            "rejected": {"from": "gpt", "value": FIVE},
        },
        **PAIR,
    ),
    Case("chat logs (OpenAI, TRL, ms-swift)", {"messages": [USER, YES]}, responses=(FOUR,)),
    Case(
        "ms-swift query and response",
        {"system": "Be brief.", "query": "2+2?", "response": FOUR, "history": [["Hi", "Hello"]]},
        responses=(FOUR,),
        turns=("system", "user", "assistant", "user"),
    ),
    Case(
        "ms-swift preferences",
        {"messages": [USER, YES], "rejected_response": FIVE, "images": ["x.jpg"]},
        **PAIR,
    ),
    Case(
        "ms-swift prompts",
        {"images": ["x.jpg"], "messages": [USER], "solution": "4"},
        reference="4",
        rule=MATH,
    ),
    Case(
        "open-instruct RLVR",
        {"messages": [USER], "ground_truth": "4", "dataset": "gsm8k"},
        reference="4",
        rule=MATH,
    ),
    Case("OpenRLHF prompts", {"dataset": "x", "context": "2+2?", "context_messages": [USER]}),
    Case(
        "verl rollouts",
        {"input": "2+2?", "output": FOUR, "gts": "4", "score": 1.0, "step": 3, "acc": True},
        responses=(FOUR,),
        reference="4",
        rule=MATH,
    ),
    Case(
        "TRL completions",
        {
            "step": 5, "prompt": "2+2?", "completion": FOUR, "accuracy_reward": 1.0,
            "advantage": 0.5,
        },
        responses=(FOUR,),
    ),
    Case(
        "verifiers rollouts",
        {
            "example_id": 0, "prompt": [USER], "completion": [YES], "answer": "4", "task": "gsm8k",
            "reward": 1.0, "timing": {"total_ms": 1.0}, "is_completed": True,
            "is_truncated": False, "metrics": {"correct": 1.0}, "info": {"n": 1},
        },
        responses=(FOUR,),
        reference="4",
        rule=MATH,
    ),
    Case(
        "prime-rl rollouts",
        {
            "run_id": "r", "step": 1, "tag": "", "problem_id": 0, "sample_id": 0,
            "prompt": '[{"role": "user", "content": "2+2?"}]',
            "completion": '[{"role": "assistant", "content": "\\\\boxed{4}"}]',
            "trajectory": "[]", "answer": "4", "env_name": "e", "task": "t", "info": "{}",
            "reward": 1.0, "advantage": 0.1, "metrics": "{}", "timing": "{}",
            "num_input_tokens": 5, "num_output_tokens": 5,
        },
        responses=(FOUR,),
        reference="4",
        rule=MATH,
    ),
    Case(
        "lm-eval samples",
        {
            "doc_id": 0, "doc": {"question": "2+2?", "answer": "#### 4"}, "target": "4",
            "arguments": {"gen_args_0": {"arg_0": "2+2?", "arg_1": {"until": ["Q:"]}}},
            "resps": [[FOUR, FIVE]], "filtered_resps": ["4"], "filter": "strict-match",
            "metrics": ["exact_match"], "doc_hash": "a", "prompt_hash": "b", "target_hash": "c",
            "exact_match": 1.0,
        },
        responses=(FOUR, FIVE),
        reference="4",
        rule=MATH,
    ),
    Case(
        "NQ-open",
        {"question": "2+2?", "answer": ["four", "Four"]},
        references=["four", "Four"],
        rule="rules.exact.normalised",
    ),
    Case(
        "TriviaQA",
        {
            "question": "2+2?", "question_id": "tc_1", "question_source": "x",
            "answer": {"value": "Four", "aliases": ["Four", "IV"], "type": "Numerical"},
        },
        references=["Four", "IV"],
        rule="rules.exact.normalised",
    ),
    Case("BoolQ", {"question": "2+2?", "passage": "It is 4.", "answer": True}),
    Case(
        "SQuAD",
        {
            "id": "a", "title": "t", "context": "It is four.", "question": "How much?",
            "answers": {"text": ["four", "It is four"], "answer_start": [6, 0]},
        },
        prompt="How much?\nIt is four.",
        references=["four", "It is four"],
        rule="rules.exact.normalised",
    ),
    Case(
        "TruthfulQA",
        {
            "type": "Adversarial", "category": "Misconceptions", "question": "2+2?",
            "best_answer": "four", "correct_answers": ["four", "It is four"],
            "incorrect_answers": ["five"], "source": "https://example.org",
        },
        references=["four", "It is four"],
        rule="rules.exact.normalised",
    ),
    Case(
        "AQuA",
        {"question": "2+2?", "options": ["A)4", "B)5"], "rationale": "Add.", "correct": "A"},
        reference="A",
        rule=CHOICE,
    ),
    Case(
        "HellaSwag",
        {
            "ind": 1, "activity_label": "Sums", "ctx_a": "2+2", "ctx_b": "is", "ctx": "2+2?",
            "endings": ["3", "4", "5", "6"], "source_id": "a", "split": "val", "split_type": "x",
            "label": "1",
        },
        reference="B",
        rule=CHOICE,
    ),
    Case(
        "LiveBench",
        {
            "question_id": "a", "category": "math", "turns": ["2+2?"], "ground_truth": "4",
            "task": "t", "livebench_release_date": "2024-06-24",
        },
        reference="4",
        rule=MATH,
    ),
    Case(
        "SVAMP",
        {
            "ID": "chal-1", "Body": "Two and two apples.", "Question": "How many?",
            "Equation": "( 2 + 2 )", "Answer": "4", "Type": "Addition",
        },
        prompt="Two and two apples. How many?",
        reference="4",
        rule=MATH,
    ),
    Case(
        "NeMo Gym",
        {"responses_create_params": {"input": [USER]}, "expected_answer": "4", "uuid": "u"},
        reference="4",
        rule=MATH,
    ),
    *(
        Case(
            "Auto-J pairs",
            {
                "scenario": "math", "label": label, "prompt": "2+2?",
                "response 1": FOUR, "response 2": FIVE,
            },
            **told,
        )
        for label, told in ((0, PAIR), (1, SWAPPED), (2, TIE))
    ),
    *(
        Case(
            layout, {name: "2+2?", "output_1": FOUR, "output_2": FIVE, "label": label}, **told
        )
        for layout, name in (("LLMBar", "input"), ("OffsetBias", "instruction"))
        for label, told in ((1, PAIR), (2, SWAPPED))
    ),
    Case(
        "UltraInteract pairs",
        {
            "task": "Math_CoT", "dataset": "gsm", "trajectory": [{"from": "user", "value": "2+2?"}],
            "chosen": FOUR, "rejected": FIVE, "id": "1", "parent_id": "0",
        },
        **PAIR,
    ),
    Case(
        "UltraFeedback binarized (Argilla)",
        {
            "source": "evol", "instruction": "2+2?", "chosen_response": FOUR,
            "rejected_response": FIVE, "chosen_avg_rating": 5.0, "rejected_avg_rating": 1.0,
            "chosen_model": "m",
        },
        **PAIR,
    ),
    Case(
        "Stack Exchange pairs",
        {
            "qid": 1, "question": "2+2?", "date": "2020/01/01", "metadata": ["x"],
            "response_j": FOUR, "response_k": FIVE,
        },
        **PAIR,
    ),
    Case(
        "MixInstruct",
        {
            "id": "a/1", "instruction": "2+2?", "input": "", "output": "4",
            "candidates": [
                {"decoder_method": "top_p", "model": "m", "scores": {"bleu": 1.0}, "text": FOUR},
                {"decoder_method": "top_p", "model": "n", "scores": {"bleu": 0.0}, "text": FIVE},
            ],
        },
        responses=(FOUR, FIVE),
        reference="4",
        rule=MATH,
    ),
    Case(
        "SkyRL evaluations",
        {
            "input_prompt": "2+2?", "output_response": FOUR, "score": 1.0, "stop_reason": "length",
            "env_class": "gsm8k", "data_source": "openai/gsm8k",
            "env_extras": {"reward_spec": {"method": "rule", "ground_truth": "4"}},
        },
        responses=(FOUR,),
        reference="4",
        rule=MATH,
        finish="length",
    ),
    Case(
        "slime samples",
        {
            "index": 0, "prompt": "2+2?", "tokens": [1, 2], "response": FOUR, "response_length": 2,
            "label": "4", "reward": 0.0, "status": "truncated", "metadata": {"n": 1},
        },
        responses=(FOUR,),
        reference="4",
        rule=MATH,
        finish="length",
    ),
    Case(
        "ms-swift inference",
        {"response": FOUR, "labels": "4", "logprobs": None, "messages": [USER, YES]},
        responses=(FOUR,),
        reference="4",
        rule=MATH,
    ),
    Case(
        "SGLang generations",
        {
            "text": FOUR, "output_ids": [1], "prompt": "2+2?",
            "meta_info": {"id": "a", "finish_reason": {"type": "length", "length": 8}},
        },
        responses=(FOUR,),
        finish="length",
    ),
    Case(
        "completions of the OpenAI API",
        {
            "id": "cmpl-1", "object": "text_completion", "prompt": "2+2?",
            "choices": [
                {"text": FOUR, "index": 0, "finish_reason": "length"},
                {"text": FIVE, "index": 1, "finish_reason": "length"},
            ],
        },
        responses=(FOUR, FIVE),
        finish="length",
    ),
    Case(
        "OpenCompass predictions",
        {
            "data_abbr": "gsm8k", "id": 0, "success": True, "prediction": FOUR, "gold": "4",
            "origin_prompt": [{"role": "HUMAN", "prompt": "2+2?"}],
        },
        responses=(FOUR,),
        reference="4",
        rule=MATH,
    ),
    Case(
        "Qwen2.5-Math evaluations",
        {
            "idx": 0, "question": "2+2?", "gt_cot": "Add.", "gt": "4", "level": 1,
            "code": [FOUR, FIVE], "pred": ["4", "5"], "score": [True, False],
        },
        responses=(FOUR, FIVE),
        reference="4",
        rule=MATH,
    ),
    Case(
        "LiveCodeBench evaluations",
        {
            "question_title": "Sum", "question_content": "2+2?", "platform": "leetcode",
            "question_id": "1", "starter_code": "", "difficulty": "easy", "pass@1": 1.0,
            "output_list": [FOUR, FIVE], "code_list": ["4", "5"], "graded_list": [True, False],
        },
        responses=(FOUR, FIVE),
    ),
    Case(
        "DeepMath-103K",
        {
            "question": "2+2?", "final_answer": "4", "difficulty": 5.0, "topic": "Mathematics",
            "r1_solution_1": FOUR, "r1_solution_2": FOUR, "r1_solution_3": FIVE,
        },
        responses=(FOUR, FOUR, FIVE),
        reference="4",
        rule=MATH,
    ),
    Case(
        "WildChat",
        {
            "conversation_hash": "a", "model": "gpt-4", "timestamp": None, "turn": 1,
            "conversation": [{**USER, "toxic": False}, {**YES, "toxic": False}],
            "language": "English", "toxic": False, "redacted": False,
        },
        responses=(FOUR,),
    ),
    Case(
        "Capybara and other conversations",
        {"source": "Airoboros", "conversation": [{"input": "2+2?", "output": FOUR}]},
        responses=(FOUR,),
    ),
    Case(
        "Capybara and other conversations",  # ms-swift's standard with the same column
        {"system": "Add.", "conversation": [{"human": "2+2?", "assistant": FOUR}]},
        responses=(FOUR,),
        turns=("system", "user"),
    ),
    Case(
        "ShareGPT",  # axolotl: role and value
        {
            "conversations": [
                {"role": "user", "value": "2+2?"},
                {"role": "assistant", "value": FOUR},
            ]
        },
        responses=(FOUR,),
    ),
    Case(
        "ShareGPT",  # NeMo-Aligner: roles in capitals
        {
            "system": "Add.", "mask": "User",
            "conversations": [
                {"from": "User", "value": "2+2?", "label": None},
                {"from": "Assistant", "value": FOUR, "label": None},
            ],
        },
        responses=(FOUR,),
        turns=("system", "user"),
    ),
    Case(
        "NeMo-Aligner preferences",
        {"prompt": "2+2?", "chosen_response": FOUR, "rejected_response": FIVE},
        **PAIR,
    ),
    Case(
        "NeMo RL preferences",
        {
            "context": [USER], "task_name": "math",
            "completions": [{"rank": 0, "completion": [YES]}, {"rank": 1, "completion": [NO]}],
        },
        responses=(FOUR, FIVE),
    ),
    Case(
        "NeMo RL validation",
        {
            "content": [[USER, YES, {"role": "environment", "content": "Environment: correct"}]],
            "rewards": [1.0], "idx": 0,
        },
        responses=(FOUR,),
    ),
    Case(
        "LLaMA-Factory predictions",
        {"prompt": "2+2?", "predict": FOUR, "label": "4"},
        responses=(FOUR,),
        reference="4",
        rule=MATH,
    ),
    Case(
        "ms-swift preferences of conversations",
        {"messages": [USER, YES], "rejected_messages": [USER, NO]},
        **PAIR,
    ),
    Case(
        "axolotl instructions in capitals",
        {"INSTRUCTION": "2+2?", "RESPONSE": FOUR},
        responses=(FOUR,),
    ),
    Case(
        "axolotl prompts and generations",
        {"prompt": "2+2?", "generation": FOUR},
        responses=(FOUR,),
    ),
    Case("OpenRLHF", {"input": "2+2?", "output": FOUR, "label": "4"}, responses=(FOUR,), rule=MATH),
]  # fmt: skip
IDS = [f"{i} {case.layout}" for i, case in enumerate(CASES)]
