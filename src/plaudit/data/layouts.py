"""Public layouts: which column of a published data set is the prompt, the response, ...

One table for `init`, `score` and the error messages. A row of data is recognised by the names of
its columns alone; `columns` maps plaudit's names to the publisher's, and `reads` converts values
that are not what a rule expects (the index of a choice, a list of turns as JSON text). The user's
mapping takes precedence, then a column of the row that has plaudit's own name, then this table.

`source` is the publisher's page or file, or a loader of it, that documents the columns. About a
dozen of them were not accessible when their entries were written, and have not been compared since
(docs/limits.md).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from plaudit.data.jsontext import loads
from plaudit.errors import DataError

__all__ = [
    "TABLE",
    "UNREADABLE",
    "Published",
    "UnreadableLayout",
    "recognised",
    "recognised_row",
    "sorts_of",
    "unreadable",
]

Kind = Literal["prompts", "responses", "pairs", "steps", "chat"]
Read = Callable[[Any, Mapping[str, Any]], Any]  # of the value and its row
Sort = Literal["list", "object", "truth"]
_SORTS: Mapping[type, Sort] = {list: "list", tuple: "list", dict: "object", bool: "truth"}
_SORTED = ("answer",)  # the columns whose values distinguish layouts with the same columns

_HUB = "huggingface.co/datasets/"
_GIT = "github.com/"


class Published(NamedTuple):
    """A layout: the columns that identify it (all of `has`), what they mean, and the source.

    `kind` "prompts" means that the set has no responses: they are sampled and added. `sorts` gives
    the sort of a column's values if another set has the same columns.
    """

    name: str
    kind: Kind
    has: tuple[str, ...]
    source: str
    columns: Mapping[str, str] = {}
    reads: Mapping[str, Read] = {}
    sorts: Mapping[str, Sort] = {}


def recognised(keys: Collection[str], sorts: Mapping[str, Sort] = {}) -> Published | None:
    """The layout of a row with these columns: the most specific one that fits.

    `sorts` are those of the row's values (see `sorts_of`).

    >>> recognised(["question", "subject", "choices", "answer", "response"]).name
    'MMLU'
    >>> recognised(["question", "answer"], {"answer": "list"}).name
    'NQ-open'
    """
    present = frozenset(keys)
    fitting = [
        layout
        for layout in TABLE
        if present.issuperset(layout.has) and layout.sorts.items() <= sorts.items()
    ]
    return max(fitting, key=lambda layout: len(layout.has) + len(layout.sorts), default=None)


def recognised_row(raw: Mapping[str, Any]) -> Published | None:
    """The layout of a row, by its columns and the sorts of their values."""
    return recognised([key for key, value in raw.items() if value is not None], sorts_of(raw))


def sorts_of(raw: Mapping[str, Any]) -> dict[str, Sort]:
    """The sort of each value by which layouts with the same columns differ.

    >>> sorts_of({"question": "Who?", "answer": ["Bob", "Rob"]})
    {'answer': 'list'}
    """
    return {name: _SORTS[kind] for name in _SORTED if (kind := type(raw.get(name))) in _SORTS}


class UnreadableLayout(NamedTuple):
    """A layout whose rows are not a prompt with responses, and why."""

    name: str
    has: tuple[str, ...]
    why: str
    source: str


def unreadable(keys: Collection[str]) -> UnreadableLayout | None:
    """The layout of rows that cannot be read one by one.

    >>> unreadable(["message_id", "parent_id", "text", "role", "lang"]).name
    'OASST1 messages'
    """
    present = frozenset(keys)
    return next((layout for layout in UNREADABLE if present.issuperset(layout.has)), None)


# --- values ---------------------------------------------------------------------------------------


def _letter(value: Any, raw: Mapping[str, Any]) -> Any:
    """The letter of a choice, from its index starting at 0."""
    is_index = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 26
    return chr(ord("A") + value) if is_index else value


def _only_item(value: Any, raw: Mapping[str, Any]) -> Any:
    """The only item of a list of one."""
    return value[0] if isinstance(value, list | tuple) and len(value) == 1 else value


def _skywork_answer(value: Any, raw: Mapping[str, Any]) -> Any:
    """Skywork-OR1 writes its answers as a JSON list: '["204"]'."""
    extra = raw.get("extra_info")
    if isinstance(value, str) and isinstance(extra, Mapping) and "model_difficulty" in extra:
        return _only_item(_from_json(value, raw), raw)
    return value


def _from_json(value: Any, raw: Mapping[str, Any]) -> Any:
    """The list or object in JSON text; other text is unchanged."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return value
    try:
        return loads(value.encode("utf-8", "surrogatepass"))
    except DataError:
        return value


def _one_of(first: Any, second: Any) -> Read:
    """A pair's label that says which response is the better one."""

    def read(value: Any, raw: Mapping[str, Any]) -> Any:
        if isinstance(value, bool):
            return value
        return "a" if value == first else "b" if value == second else value

    return read


def _counted(first: int, tie: int | None = None) -> Read:
    """A pair's label that counts the better response from `first`; `tie` is a tie."""
    places = {first: "a", first + 1: "b"} | ({} if tie is None else {tie: "tie"})

    def read(value: Any, raw: Mapping[str, Any]) -> Any:
        return value if isinstance(value, bool | str) else _from(places, value)

    return read


def _from(places: Mapping[Any, str], value: Any) -> Any:
    """The place for a number; any other value is unchanged."""
    return places.get(value, value) if isinstance(value, int | float) else value


def _alpaca_preference(value: Any, raw: Mapping[str, Any]) -> Any:
    """1 for the first output, 2 for the second, 0 or 1.5 for a tie; in between the nearer one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if value in (0, 1.5):
        return "tie"
    return ("a" if value < 1.5 else "b") if 1 <= value <= 2 else value


def _sign(value: Any, raw: Mapping[str, Any]) -> Any:
    """A preference from -3 (the first is much better) to 3 (the second is); 0 is a tie."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return "a" if value < 0 else "b" if value > 0 else "tie"


def _arena_winner(value: Any, raw: Mapping[str, Any]) -> Any:
    """The one of three columns that is 1."""
    ends = ("winner_model_a", "a"), ("winner_model_b", "b"), ("winner_tie", "tie")
    return next((end for name, end in ends if str(raw.get(name)) == "1"), None)


def _arena_prompt(value: Any, raw: Mapping[str, Any]) -> Any:
    return _from_json(value, raw)[0] if isinstance(_from_json(value, raw), list) else value


def _arena_turns(value: Any, raw: Mapping[str, Any]) -> Any:
    """A model's turns interleaved with the user's; both are lists of texts, as JSON."""
    prompts, replies = _from_json(raw.get("prompt"), raw), _from_json(value, raw)
    if not isinstance(prompts, list) or not isinstance(replies, list):
        return value
    pairs = zip(prompts, replies, strict=False)
    return [
        {"role": role, "content": text or ""}
        for pair in pairs
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]


def _with_context(value: Any, raw: Mapping[str, Any]) -> Any:
    more = raw.get("context")
    both = isinstance(value, str) and isinstance(more, str) and more
    return f"{value}\n{more}" if both else value


def _turns_prompt(value: Any, raw: Mapping[str, Any]) -> Any:
    """The question in a list of one; several would be asked one after the other, not at once."""
    return _only_item(value, raw)


def _ending(value: Any, raw: Mapping[str, Any]) -> Any:
    """The letter of a choice whose index is a number, also as text."""
    is_digit = isinstance(value, str) and value.isdecimal()
    return _letter(int(value) if is_digit else value, raw)


def _status(value: Any, raw: Mapping[str, Any]) -> Any:
    """The finish reason for the status of a sample; None for an unknown status."""
    reasons = {"truncated": "length", "completed": "stop"}
    return reasons.get(value) if isinstance(value, str) else None


def _opencompass_prompt(value: Any, raw: Mapping[str, Any]) -> Any:
    """Turns whose text is under `prompt`, their roles in capitals."""
    if not isinstance(value, list) or not all(isinstance(turn, Mapping) for turn in value):
        return value
    roles = {"HUMAN": "user", "BOT": "assistant", "SYSTEM": "system"}
    return [
        {"role": roles.get(str(turn.get("role")), "user"), "content": turn.get("prompt", "")}
        for turn in value
    ]


def _svamp_prompt(value: Any, raw: Mapping[str, Any]) -> Any:
    """The story followed by its question."""
    body = raw.get("Body")
    both = isinstance(value, str) and isinstance(body, str)
    return f"{body} {value}" if both else value


def _capybara_turns(value: Any, raw: Mapping[str, Any]) -> Any:
    """Turns in pairs: `input` and `output`, or in ms-swift `human` and `assistant`."""
    is_pairs = isinstance(value, list) and all(isinstance(pair, Mapping) for pair in value)
    if not is_pairs or not value or not ("input" in value[0] or "human" in value[0]):
        return value
    first, second = ("input", "output") if "input" in value[0] else ("human", "assistant")
    names = (("user", first), ("assistant", second))
    return [{"role": role, "content": pair.get(name)} for pair in value for role, name in names]


def _ranked(value: Any, raw: Mapping[str, Any]) -> Any:
    """The texts of completions (turns with a rank), which are listed best first."""
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        return value
    return [
        {**{k: v for k, v in item.items() if k != "completion"}, "text": turn["content"]}
        if isinstance(turn := _only_item(item.get("completion"), raw), Mapping)
        and isinstance(turn.get("content"), str)
        else item
        for item in value
    ]


def _logged_turns(value: Any, raw: Mapping[str, Any]) -> Any:
    """The turns of a logged batch of one, up to the last assistant turn."""
    turns = _only_item(value, raw)
    if not isinstance(turns, list) or not all(isinstance(turn, Mapping) for turn in turns):
        return value
    ends = [k for k, turn in enumerate(turns, 1) if turn.get("role") == "assistant"]
    return turns[: ends[-1]] if ends else turns


def _shepherd_problem(value: Any, raw: Mapping[str, Any]) -> Any:
    return value.partition("Step 1:")[0].strip() if isinstance(value, str) else value


def _shepherd_steps(value: Any, raw: Mapping[str, Any]) -> Any:
    """The steps of Math-Shepherd's label: each ends with its mark, + or -."""
    _, first, rest = value.partition("Step 1:") if isinstance(value, str) else ("", "", "")
    if not first:
        return value
    steps, lines = [], []
    for line in f"{first}{rest}".splitlines():
        lines.append(line.strip())
        if lines[-1].endswith(("+", "-")):
            text = "\n".join(lines)
            steps.append({"text": text[:-1].rstrip(" ки").strip(), "label": text[-1] == "+"})
            lines = []
    return steps


def _harness_prompt(value: Any, raw: Mapping[str, Any]) -> Any:
    """The first argument of the first request, as lm-eval logs it."""
    first = value.get("gen_args_0", {}).get("arg_0") if isinstance(value, Mapping) else value
    while isinstance(first, list) and first and not isinstance(first[0], Mapping):
        first = first[0]
    return _from_json(first, raw)


def _harness_responses(value: Any, raw: Mapping[str, Any]) -> Any:
    """The samples of the first request."""
    return value[0] if isinstance(value, list) and value and isinstance(value[0], list) else value


def _webgpt_preference(value: Any, raw: Mapping[str, Any]) -> Any:
    first, second = raw.get("score_0"), raw.get("score_1")
    if not isinstance(first, int | float) or not isinstance(second, int | float):
        return None
    return "tie" if first == second else "a" if first > second else "b"


# --- the table ------------------------------------------------------------------------------------

_LETTERS: tuple[str, ...] = ("A", "B", "C", "D")

TABLE: Sequence[Published] = (
    # Mathematics: problems with answers, and solutions that models wrote.
    Published(
        "MGSM", "prompts", ("question", "answer_number"),
        f"{_HUB}juletxara/mgsm; {_GIT}huggingface/lighteval src/lighteval/tasks/tasks/mgsm.py",
        {"prompt": "question", "reference": "answer_number"},
    ),
    Published(
        "GSM8K and other questions with answers", "prompts", ("question", "answer"),
        f"{_HUB}openai/gsm8k; {_GIT}huggingface/lighteval src/lighteval/tasks/tasks/gsm8k.py",
        {"prompt": "question", "reference": "answer"},
    ),
    Published(
        "MATH", "prompts", ("problem", "level", "type", "solution"),
        f"{_HUB}DigitalLearningGmbH/MATH-lighteval; {_GIT}huggingface/lighteval"
        " src/lighteval/tasks/tasks/math.py",
        {"prompt": "problem", "reference": "solution"},
    ),
    Published(
        "MATH-500", "prompts", ("problem", "solution", "answer", "subject", "level", "unique_id"),
        f"{_HUB}HuggingFaceH4/MATH-500; {_GIT}huggingface/lighteval"
        " src/lighteval/tasks/tasks/math_500.py",
        {"prompt": "problem", "reference": "answer"},
    ),
    Published(
        "DeepScaleR", "prompts", ("problem", "answer", "solution"),
        f"{_HUB}agentica-org/DeepScaleR-Preview-Dataset; {_GIT}NVIDIA-NeMo/RL"
        " nemo_rl/data/datasets/response_datasets/deepscaler.py",
        {"prompt": "problem", "reference": "answer"},
    ),
    Published(
        "NuminaMath-1.5", "prompts",
        ("problem", "solution", "answer", "problem_type", "question_type", "problem_is_valid"),
        f"{_HUB}AI-MO/NuminaMath-1.5; {_GIT}NVIDIA-NeMo/RL"
        " nemo_rl/data/datasets/response_datasets/numinamath.py",
        {"prompt": "problem", "reference": "answer"},
    ),
    Published(
        "NuminaMath-CoT", "chat", ("problem", "solution", "messages"),
        f"{_HUB}AI-MO/NuminaMath-CoT; {_GIT}allenai/open-instruct scripts/data/sft/numinamath.py",
        {"messages": "messages", "reference": "solution"},
    ),
    Published(
        "OpenR1-Math-220k", "responses",
        ("problem", "solution", "answer", "generations", "finish_reasons"),
        f"{_HUB}open-r1/OpenR1-Math-220k; {_GIT}huggingface/open-r1 scripts/generate_reasoning.py",
        {"prompt": "problem", "responses": "generations", "reference": "answer"},
    ),
    Published(
        "Big-Math", "prompts", ("problem", "answer", "source", "domain", "llama8b_solve_rate"),
        f"{_HUB}SynthLabsAI/Big-Math-RL-Verified",
        {"prompt": "problem", "reference": "answer"},
    ),
    Published(
        "OpenMathReasoning", "responses",
        ("problem", "generated_solution", "expected_answer", "inference_mode"),
        f"{_HUB}nvidia/OpenMathReasoning; {_GIT}xinyu-dev/NeMo-Skills"
        " docs/releases/openreasoning/dataset.md",
        {"prompt": "problem", "response": "generated_solution", "reference": "expected_answer"},
    ),
    Published(
        "OpenMathInstruct-2", "responses", ("problem", "generated_solution", "expected_answer"),
        f"{_HUB}nvidia/OpenMathInstruct-2; {_GIT}NVIDIA-NeMo/RL"
        " nemo_rl/data/datasets/response_datasets/openmathinstruct2.py",
        {"prompt": "problem", "response": "generated_solution", "reference": "expected_answer"},
    ),
    Published(
        "verl (DAPO-Math-17k, Skywork-OR1, Eurus-2)", "prompts",
        ("data_source", "prompt", "reward_model"),
        f"{_HUB}BytedTsinghua-SIA/DAPO-Math-17k; {_GIT}volcengine/verl"
        " examples/data_preprocess/gsm8k.py; for Skywork-OR1 the list in ground_truth:"
        f" {_GIT}nvidia-china-sae/mair-hub rl-tutorial/vlm-R1/data_processor/process_skywork.py",
        {"prompt": "prompt", "reference": "reward_model.ground_truth"},
        {"reward_model.ground_truth": _skywork_answer},
    ),
    Published(
        "SYNTHETIC-1 tasks", "prompts",
        ("problem_id", "task_type", "prompt", "gold_standard_solution", "verification_info"),
        f"{_GIT}PrimeIntellect-ai/genesys README.md",
        {"prompt": "prompt", "reference": "verification_info.ground_truth"},
    ),
    Published(
        "SYNTHETIC-1", "responses",
        ("problem_id", "task_type", "prompt", "verification_info", "llm_response", "response_id"),
        f"{_GIT}PrimeIntellect-ai/genesys src/genesys/schemas.py",
        {
            "prompt": "prompt",
            "response": "llm_response",
            "reference": "verification_info.ground_truth",
        },
    ),
    Published(
        "AIME 2024", "prompts", ("problem", "solution", "answer", "url", "year"),
        f"{_HUB}HuggingFaceH4/aime_2024; {_GIT}huggingface/lighteval"
        " src/lighteval/tasks/tasks/aime.py",
        {"prompt": "problem", "reference": "answer"},
    ),
    Published(
        "AIME 2024 (Maxwell-Jia)", "prompts", ("ID", "Problem", "Solution", "Answer"),
        f"{_HUB}Maxwell-Jia/AIME_2024; {_GIT}EleutherAI/lm-evaluation-harness"
        " lm_eval/tasks/aime/aime24.yaml",
        {"prompt": "Problem", "reference": "Answer", "id": "ID"},
    ),
    Published(
        "IMO-AnswerBench", "prompts", ("Problem ID", "Problem", "Short Answer"),
        f"{_HUB}Hwilner/imo-answerbench",
        {"prompt": "Problem", "reference": "Short Answer", "id": "Problem ID"},
    ),
    Published(
        "AIME 2026 and other problems with answers", "prompts", ("problem", "answer"),
        f"{_HUB}MathArena/aime_2026; {_GIT}NVIDIA-NeMo/RL"
        " nemo_rl/data/datasets/response_datasets/aime.py",
        {"prompt": "problem", "reference": "answer"},
    ),
    Published(
        "Omni-MATH", "prompts", ("domain", "difficulty", "problem", "solution", "answer"),
        f"{_HUB}KbsdJames/Omni-MATH; {_GIT}open-compass/opencompass"
        " opencompass/datasets/omni_math.py",
        {"prompt": "problem", "reference": "answer"},
    ),
    Published(
        "OlympiadBench", "prompts", ("question", "final_answer", "is_multiple_answer"),
        f"{_HUB}Hothan/OlympiadBench; {_GIT}huggingface/lighteval"
        " src/lighteval/tasks/tasks/olympiade_bench.py; the list in final_answer:"
        f" {_GIT}open-compass/opencompass opencompass/datasets/OlympiadBench.py",
        {"prompt": "question", "reference": "final_answer"},
        {"final_answer": _only_item},
    ),
    # Questions with several acceptable answers.
    Published(
        "NQ-open", "prompts", ("question", "answer"),
        f"{_HUB}google-research-datasets/nq_open; {_GIT}EleutherAI/lm-evaluation-harness"
        " lm_eval/tasks/nq_open/nq_open.yaml",
        {"prompt": "question", "references": "answer"},
        sorts={"answer": "list"},
    ),
    Published(
        "TriviaQA", "prompts", ("question", "question_id", "answer"),
        f"{_HUB}mandarjoshi/trivia_qa; {_GIT}EleutherAI/lm-evaluation-harness"
        " lm_eval/tasks/triviaqa/default.yaml",
        {"prompt": "question", "references": "answer.aliases"},
        sorts={"answer": "object"},
    ),
    Published(
        "BoolQ", "prompts", ("question", "passage", "answer"),
        f"{_HUB}google/boolq",
        {"prompt": "question"},
        sorts={"answer": "truth"},
    ),
    Published(
        "SQuAD", "prompts", ("context", "question", "answers"),
        f"{_HUB}rajpurkar/squad",
        {"prompt": "question", "references": "answers.text"},
        {"question": _with_context},
    ),
    Published(
        "TruthfulQA", "prompts",
        ("question", "best_answer", "correct_answers", "incorrect_answers"),
        f"{_HUB}truthfulqa/truthful_qa; {_GIT}EleutherAI/lm-evaluation-harness"
        " lm_eval/tasks/truthfulqa/truthfulqa_gen.yaml",
        {"prompt": "question", "references": "correct_answers"},
    ),
    Published(
        "AQuA", "prompts", ("question", "options", "rationale", "correct"),
        f"{_GIT}google-deepmind/AQuA README.md",
        {"prompt": "question", "reference": "correct"},
    ),
    Published(
        "HellaSwag", "prompts", ("ctx", "endings", "label"),
        f"{_HUB}Rowan/hellaswag; {_GIT}huggingface/lighteval"
        " src/lighteval/tasks/tasks/hellaswag.py",
        {"prompt": "ctx", "reference": "label"},
        {"label": _ending},
    ),
    Published(
        "LiveBench", "prompts", ("question_id", "category", "turns", "ground_truth", "task"),
        f"{_HUB}livebench/math; {_GIT}LiveBench/LiveBench README.md",
        {"prompt": "turns", "reference": "ground_truth"},
        {"turns": _turns_prompt},
    ),
    Published(
        "SVAMP", "prompts", ("Body", "Question", "Equation", "Answer"),
        f"{_HUB}ChilleD/SVAMP; {_GIT}arkilpatel/SVAMP README.md",
        {"prompt": "Question", "reference": "Answer"},
        {"Question": _svamp_prompt},
    ),
    Published(
        "NeMo Gym", "prompts", ("responses_create_params", "expected_answer"),
        f"{_GIT}NVIDIA-NeMo/Gym fern/versions/latest/pages/about/concepts/"
        "key-terminology.mdx",
        {"prompt": "responses_create_params.input", "reference": "expected_answer"},
    ),
    # Choices.
    Published(
        "GPQA", "prompts", ("Question", "Correct Answer", "Incorrect Answer 1"),
        f"{_HUB}Idavidrein/gpqa; {_GIT}huggingface/lighteval src/lighteval/tasks/tasks/gpqa.py",
        {"prompt": "Question", "reference": "Correct Answer"},
    ),
    Published(
        "MMLU", "prompts", ("question", "choices", "answer"),
        f"{_HUB}cais/mmlu; {_GIT}huggingface/lighteval src/lighteval/tasks/tasks/mmlu.py",
        {"prompt": "question", "reference": "answer"},
        {"answer": _letter},
    ),
    Published(
        "ARC", "prompts", ("question", "choices", "answerKey"),
        f"{_HUB}allenai/ai2_arc; {_GIT}huggingface/lighteval src/lighteval/tasks/tasks/arc.py",
        {"prompt": "question", "reference": "answerKey"},
    ),
    Published(
        "MMLU-Pro", "prompts", ("question", "options", "answer", "answer_index"),
        f"{_HUB}TIGER-Lab/MMLU-Pro; {_GIT}huggingface/lighteval"
        " src/lighteval/tasks/tasks/mmlu_pro.py",
        {"prompt": "question", "reference": "answer"},
    ),
    Published(
        "C-Eval", "prompts", ("question", *_LETTERS, "answer"),
        f"{_HUB}ceval/ceval-exam; {_GIT}huggingface/lighteval"
        " src/lighteval/tasks/multilingual/adapters.py",
        {"prompt": "question", "reference": "answer"},
    ),
    Published(
        "CMMLU", "prompts", ("Question", *_LETTERS, "Answer"),
        f"{_HUB}haonan-li/cmmlu; {_GIT}open-compass/opencompass opencompass/datasets/cmmlu.py",
        {"prompt": "Question", "reference": "Answer"},
    ),
    # Instructions that can be checked, programs.
    Published(
        "IFEval", "prompts", ("prompt", "instruction_id_list", "kwargs"),
        f"{_HUB}google/IFEval; {_GIT}huggingface/lighteval"
        " src/lighteval/tasks/tasks/ifeval/main.py",
        {"prompt": "prompt"},
    ),
    Published(
        "LiveCodeBench", "prompts", ("question_content", "public_test_cases"),
        f"{_HUB}livecodebench/code_generation_lite; {_GIT}LiveCodeBench/LiveCodeBench"
        " lcb_runner/benchmarks/code_generation.py",
        {"prompt": "question_content"},
    ),
    Published(
        "APPS, TACO", "prompts", ("question", "solutions", "input_output", "starter_code"),
        f"{_HUB}codeparrot/apps; {_GIT}FlagOpen/TACO generation.py",
        {"prompt": "question"},
    ),
    Published(
        "CodeContests", "prompts", ("description", "public_tests", "private_tests"),
        f"{_HUB}deepmind/code_contests; {_GIT}google-deepmind/code_contests contest_problem.proto",
        {"prompt": "description"},
    ),
    Published(
        "HumanEval", "prompts", ("task_id", "prompt", "canonical_solution", "test", "entry_point"),
        f"{_GIT}openai/human-eval human_eval/data.py",
        {"prompt": "prompt"},
    ),
    Published(
        "MBPP", "prompts", ("task_id", "text", "code", "test_list"),
        f"{_HUB}google-research-datasets/mbpp; {_GIT}open-compass/opencompass"
        " opencompass/datasets/mbpp.py",
        {"prompt": "text"},
    ),
    # Preferences.
    Published(
        "UltraFeedback", "responses", ("instruction", "models", "completions", "correct_answers"),
        f"{_GIT}OpenBMB/UltraFeedback README.md",
        {"prompt": "instruction", "responses": "completions"},
    ),
    Published(
        "UltraFeedback binarized", "pairs", ("prompt", "prompt_id", "chosen", "rejected"),
        f"{_HUB}HuggingFaceH4/ultrafeedback_binarized",
        {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "HH-RLHF and other pairs", "pairs", ("chosen", "rejected"),
        f"{_HUB}Anthropic/hh-rlhf; {_GIT}allenai/open-instruct scripts/data/preferences/"
        "hh-helpful.py",
        {"chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "Skywork-Reward-Preference", "pairs", ("chosen", "rejected", "source"),
        f"{_HUB}Skywork/Skywork-Reward-Preference-80K-v0.2",
        {"chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "Tulu 3 preferences", "pairs", ("id", "source", "prompt", "chosen", "rejected"),
        f"{_HUB}allenai/llama-3.1-tulu-3-8b-preference-mixture; {_GIT}NVIDIA-NeMo/RL"
        " nemo_rl/data/datasets/preference_datasets/tulu3.py",
        {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "Orca DPO pairs", "pairs", ("system", "question", "chosen", "rejected"),
        f"{_HUB}Intel/orca_dpo_pairs; {_GIT}hiyouga/LLaMA-Factory data/dataset_info.json",
        {"prompt": "question", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "SHP", "pairs", ("history", "human_ref_A", "human_ref_B", "labels"),
        f"{_HUB}stanfordnlp/SHP",
        {
            "prompt": "history",
            "response_a": "human_ref_A",
            "response_b": "human_ref_B",
            "preference": "labels",
        },
        {"labels": _one_of(1, 0)},
    ),
    Published(
        "HelpSteer2", "responses", ("prompt", "response", "helpfulness", "correctness"),
        f"{_HUB}nvidia/HelpSteer2",
        {"prompt": "prompt", "response": "response"},
    ),
    Published(
        "HelpSteer2 preferences", "pairs",
        ("prompt", "response_1", "response_2", "preference_strength"),
        f"{_HUB}nvidia/HelpSteer2",
        {
            "prompt": "prompt",
            "response_a": "response_1",
            "response_b": "response_2",
            "preference": "preference_strength",
        },
        {"preference_strength": _sign},
    ),
    Published(
        "HelpSteer3", "pairs", ("context", "response1", "response2", "overall_preference"),
        f"{_HUB}nvidia/HelpSteer3; {_GIT}NVIDIA-NeMo/RL"
        " nemo_rl/data/datasets/preference_datasets/helpsteer3.py",
        {
            "prompt": "context",
            "response_a": "response1",
            "response_b": "response2",
            "preference": "overall_preference",
        },
        {"overall_preference": _sign},
    ),
    Published(
        "PKU-SafeRLHF", "pairs", ("prompt", "response_0", "response_1", "better_response_id"),
        f"{_HUB}PKU-Alignment/PKU-SafeRLHF; {_GIT}xinykou/safety_realignment"
        " llama_factory/data/safety_alignment_wizardlm/filter_data_for_pretrain_dpo.py",
        {
            "prompt": "prompt",
            "response_a": "response_0",
            "response_b": "response_1",
            "preference": "better_response_id",
        },
        {"better_response_id": _one_of(0, 1)},
    ),
    Published(
        "WebGPT comparisons", "pairs", ("question", "answer_0", "answer_1", "score_0", "score_1"),
        f"{_HUB}openai/webgpt_comparisons; {_GIT}allenai/open-instruct"
        " scripts/data/preferences/webgpt.py",
        {
            "prompt": "question.full_text",
            "response_a": "answer_0",
            "response_b": "answer_1",
            "preference": "score_0",
        },
        {"score_0": _webgpt_preference},
    ),
    Published(
        "Nectar", "responses", ("prompt", "answers", "turns", "good_natured"),
        f"{_HUB}berkeley-nest/Nectar",
        {"prompt": "prompt", "responses": "answers"},
    ),
    Published(
        "RewardBench", "pairs",
        ("prompt", "chosen", "chosen_model", "rejected", "rejected_model", "subset"),
        f"{_HUB}allenai/reward-bench; {_GIT}allenai/reward-bench rewardbench/utils.py",
        {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "RewardBench 2", "pairs",
        ("prompt", "chosen", "rejected", "num_correct", "total_completions"),
        f"{_HUB}allenai/reward-bench-2; {_GIT}allenai/reward-bench rewardbench/utils.py",
        {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "RM-Bench", "pairs", ("id", "prompt", "chosen", "rejected", "domain"),
        f"{_GIT}THU-KEG/RM-Bench README.md",
        {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "JudgeBench", "pairs", ("question", "response_A", "response_B", "label"),
        f"{_GIT}ScalerLab/JudgeBench README.md",
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
        f"{_HUB}lmsys/chatbot_arena_conversations; {_HUB}lmsys/mt_bench_human_judgments",
        {
            "response_a": "conversation_a",
            "response_b": "conversation_b",
            "preference": "winner",
        },
    ),
    Published(
        "Chatbot Arena 55k", "pairs",
        ("prompt", "response_a", "response_b", "winner_model_a", "winner_model_b", "winner_tie"),
        f"{_HUB}lmsys/lmsys-arena-human-preference-55k",
        {
            "prompt": "prompt",
            "response_a": "response_a",
            "response_b": "response_b",
            "preference": "winner_model_a",
        },
        {
            "prompt": _arena_prompt,
            "response_a": _arena_turns,
            "response_b": _arena_turns,
            "winner_model_a": _arena_winner,
        },
    ),
    Published(
        "AlpacaEval annotations", "pairs", ("instruction", "output_1", "output_2", "preference"),
        f"{_GIT}tatsu-lab/alpaca_eval results/*/*/annotations.json",
        {
            "prompt": "instruction",
            "response_a": "output_1",
            "response_b": "output_2",
            "preference": "preference",
        },
        {"preference": _alpaca_preference},
    ),
    Published(
        "Auto-J pairs", "pairs", ("prompt", "response 1", "response 2", "label"),
        f"{_GIT}GAIR-NLP/auto-j README.md (data/test/testdata_pairwise.jsonl)",
        {
            "prompt": "prompt",
            "response_a": "response 1",
            "response_b": "response 2",
            "preference": "label",
        },
        {"label": _counted(0, tie=2)},
    ),
    Published(
        "LLMBar", "pairs", ("input", "output_1", "output_2", "label"),
        f"{_GIT}TIGER-AI-Lab/TIGERScore data/evaluation/instruct/LLMBar/prepare.py;"
        f" {_HUB}princeton-nlp/LLMBar",
        {
            "prompt": "input",
            "response_a": "output_1",
            "response_b": "output_2",
            "preference": "label",
        },
        {"label": _counted(1)},
    ),
    Published(
        "OffsetBias", "pairs", ("instruction", "output_1", "output_2", "label"),
        f"{_HUB}NCSOFT/offsetbias",
        {
            "prompt": "instruction",
            "response_a": "output_1",
            "response_b": "output_2",
            "preference": "label",
        },
        {"label": _counted(1)},
    ),
    Published(
        "UltraInteract pairs", "pairs", ("trajectory", "chosen", "rejected"),
        f"{_HUB}openbmb/UltraInteract_pair",
        {"prompt": "trajectory", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "UltraFeedback binarized (Argilla)", "pairs",
        ("instruction", "chosen_response", "rejected_response"),
        f"{_HUB}argilla/ultrafeedback-binarized-preferences",
        {
            "prompt": "instruction",
            "chosen": "chosen_response",
            "rejected": "rejected_response",
        },
    ),
    Published(
        "NeMo-Aligner preferences", "pairs", ("prompt", "chosen_response", "rejected_response"),
        f"{_GIT}NVIDIA/NeMo-Aligner docs/user-guide/dpo.rst",
        {"prompt": "prompt", "chosen": "chosen_response", "rejected": "rejected_response"},
    ),
    Published(
        "NeMo RL preferences", "responses", ("context", "completions"),
        f"{_GIT}NVIDIA-NeMo/RL docs/guides/dpo.md",
        {"prompt": "context", "responses": "completions"},
        {"completions": _ranked},
    ),
    Published(
        "Stack Exchange pairs", "pairs", ("question", "response_j", "response_k"),
        f"{_HUB}lvwerra/stack-exchange-paired; {_GIT}huggingface/trl"
        " examples/research_projects/stack_llama/scripts/reward_modeling.py",
        {"prompt": "question", "chosen": "response_j", "rejected": "response_k"},
    ),
    Published(
        "MixInstruct", "responses", ("instruction", "input", "output", "candidates"),
        f"{_HUB}llm-blender/mix-instruct",
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
    # Solutions step by step.
    Published(
        "TRL stepwise", "steps", ("prompt", "completions", "labels"),
        f"{_GIT}huggingface/trl docs/source/dataset_formats.md",
        {"prompt": "prompt"},
    ),
    Published(
        "ProcessBench", "steps", ("problem", "steps", "label"),
        f"{_GIT}QwenLM/ProcessBench README.md",
        {"prompt": "problem", "steps": "steps"},
    ),
    Published(
        "PRM800K", "steps", ("labeler", "question", "label", "generation"),
        f"{_GIT}openai/prm800k README.md",
        {
            "prompt": "question.problem",
            "steps": "label.steps",
            "reference": "question.ground_truth_answer",
        },
    ),
    Published(
        "PRMBench", "steps", ("modified_question", "modified_process", "error_steps"),
        f"{_GIT}ssmisya/PRMBench docs/data_format.md",
        {"prompt": "modified_question", "steps": "modified_process"},
    ),
    Published(
        "Math-Shepherd", "steps", ("input", "label", "task"),
        f"{_HUB}peiyi9979/Math-Shepherd",
        {"prompt": "input", "steps": "label"},
        {"input": _shepherd_problem, "label": _shepherd_steps},
    ),
    # Instructions with responses.
    Published(
        "Alpaca, LLaMA-Factory", "responses", ("instruction", "input", "output"),
        f"{_GIT}hiyouga/LLaMA-Factory data/README.md",
        {"prompt": "instruction", "response": "output"},
    ),
    Published(
        "Dolly", "responses", ("instruction", "context", "response", "category"),
        f"{_HUB}databricks/databricks-dolly-15k",
        {"prompt": "instruction", "response": "response"},
        {"instruction": _with_context},
    ),
    Published(
        "OpenOrca", "responses", ("system_prompt", "question", "response"),
        f"{_HUB}Open-Orca/OpenOrca; {_GIT}hiyouga/LLaMA-Factory data/dataset_info.json",
        {"prompt": "question", "response": "response"},
    ),
    Published(
        "ShareGPT", "chat", ("conversations",),
        f"{_GIT}hiyouga/LLaMA-Factory data/README.md",
        {"messages": "conversations"},
    ),
    Published(
        "LMSYS-Chat-1M", "chat", ("conversation_id", "model", "conversation"),
        f"{_GIT}lm-sys/FastChat"
        " fastchat/serve/monitor/dataset_release_scripts/lmsys_chat_1m/dataset_card.md",
        {"messages": "conversation"},
    ),
    Published(
        "WildChat", "chat", ("conversation_hash", "model", "conversation"),
        f"{_HUB}allenai/WildChat-1M",
        {"messages": "conversation"},
    ),
    Published(
        "Capybara and other conversations", "chat", ("conversation",),
        f"{_HUB}LDJnr/Capybara",
        {"messages": "conversation"},
        {"conversation": _capybara_turns},
    ),
    Published(
        "LLaMA-Factory preferences", "pairs", ("conversations", "chosen", "rejected"),
        f"{_GIT}hiyouga/LLaMA-Factory data/README.md",
        {"prompt": "conversations", "chosen": "chosen", "rejected": "rejected"},
    ),
    Published(
        "chat logs (OpenAI, TRL, ms-swift)", "chat", ("messages",),
        f"{_GIT}modelscope/ms-swift docs/source_en/Customization/Custom-dataset.md",
        {"messages": "messages"},
    ),
    Published(
        "ms-swift query and response", "responses", ("query", "response"),
        f"{_GIT}modelscope/ms-swift docs/source_en/Customization/Custom-dataset.md",
        {"prompt": "query", "response": "response"},
    ),
    Published(
        "ms-swift preferences", "pairs", ("messages", "rejected_response"),
        f"{_GIT}modelscope/ms-swift docs/source_en/Customization/Custom-dataset.md",
        {"chosen": "messages", "rejected": "rejected_response"},
    ),
    Published(
        "ms-swift preferences of conversations", "pairs", ("messages", "rejected_messages"),
        f"{_GIT}modelscope/ms-swift docs/source_en/Customization/Custom-dataset.md",
        {"chosen": "messages", "rejected": "rejected_messages"},
    ),
    Published(
        "axolotl instructions in capitals", "responses", ("INSTRUCTION", "RESPONSE"),
        f"{_GIT}axolotl-ai-cloud/axolotl docs/dataset-formats/inst_tune.qmd",
        {"prompt": "INSTRUCTION", "response": "RESPONSE"},
    ),
    Published(
        "axolotl prompts and generations", "responses", ("prompt", "generation"),
        f"{_GIT}axolotl-ai-cloud/axolotl docs/dataset-formats/inst_tune.qmd",
        {"prompt": "prompt", "response": "generation"},
    ),
    Published(
        "ms-swift prompts", "prompts", ("messages", "solution"),
        f"{_GIT}modelscope/ms-swift docs/source_en/Customization/Custom-dataset.md",
        {"messages": "messages", "reference": "solution"},
    ),
    Published(
        "open-instruct RLVR", "prompts", ("messages", "ground_truth", "dataset"),
        f"{_GIT}allenai/open-instruct scripts/data/rlvr/gsm8k_rlvr.py",
        {"messages": "messages", "reference": "ground_truth"},
    ),
    Published(
        "OpenRLHF prompts", "prompts", ("context_messages",),
        f"{_HUB}OpenRLHF/prompt-collection-v0.1; {_GIT}OpenRLHF/OpenRLHF"
        " examples/scripts/train_ppo_ray_hybrid_engine.sh",
        {"prompt": "context_messages"},
    ),
    # What trainers write.
    Published(
        "verl rollouts", "responses", ("input", "output", "gts", "score"),
        f"{_GIT}volcengine/verl verl/trainer/ppo/ray_trainer.py",
        {"prompt": "input", "response": "output", "reference": "gts"},
    ),
    Published(
        "TRL completions", "responses", ("step", "prompt", "completion", "advantage"),
        f"{_GIT}huggingface/trl trl/trainer/grpo_trainer.py",
        {"prompt": "prompt", "response": "completion"},
    ),
    Published(
        "LLaMA-Factory predictions", "responses", ("prompt", "predict", "label"),
        f"{_GIT}hiyouga/LLaMA-Factory src/llamafactory/train/sft/trainer.py",
        {"prompt": "prompt", "response": "predict", "reference": "label"},
    ),
    Published(
        "NeMo RL validation", "chat", ("content", "rewards", "idx"),
        f"{_GIT}NVIDIA-NeMo/RL nemo_rl/algorithms/grpo.py and nemo_rl/utils/logger.py",
        {"messages": "content"},
        {"content": _logged_turns},
    ),
    Published(
        "verifiers rollouts", "responses", ("example_id", "prompt", "completion", "reward"),
        f"{_GIT}PrimeIntellect-ai/verifiers verifiers/legacy/types.py",
        {"prompt": "prompt", "response": "completion", "reference": "answer"},
    ),
    Published(
        "prime-rl rollouts", "responses",
        ("run_id", "problem_id", "sample_id", "prompt", "completion"),
        f"{_GIT}PrimeIntellect-ai/prime-rl src/prime_rl/monitors/prime.py",
        {"prompt": "prompt", "response": "completion", "reference": "answer"},
        {"prompt": _from_json, "completion": _from_json},
    ),
    Published(
        "lm-eval samples", "responses", ("doc_id", "doc", "target", "arguments", "resps"),
        f"{_GIT}EleutherAI/lm-evaluation-harness lm_eval/evaluator.py and"
        " lm_eval/loggers/evaluation_tracker.py",
        {"prompt": "arguments", "responses": "resps", "reference": "target"},
        {"arguments": _harness_prompt, "resps": _harness_responses},
    ),
    Published(
        "SkyRL evaluations", "responses", ("input_prompt", "output_response", "env_extras"),
        f"{_GIT}NovaSky-AI/SkyRL skyrl/train/utils/trainer_utils.py",
        {
            "prompt": "input_prompt",
            "response": "output_response",
            "reference": "env_extras.reward_spec.ground_truth",
        },
    ),
    Published(
        "slime samples", "responses", ("prompt", "response", "response_length", "label", "status"),
        f"{_GIT}THUDM/slime slime/utils/types.py",
        {
            "prompt": "prompt",
            "response": "response",
            "reference": "label",
            "finish_reason": "status",
        },
        {"status": _status},
    ),
    Published(
        "ms-swift inference", "responses", ("response", "labels", "messages"),
        f"{_GIT}modelscope/ms-swift swift/pipelines/infer/infer.py",
        {"prompt": "messages", "response": "response", "reference": "labels"},
    ),
    Published(
        "SGLang generations", "responses", ("text", "meta_info"),
        f"{_GIT}sgl-project/sglang docs/basic_usage/native_api.ipynb",
        {"response": "text", "finish_reason": "meta_info.finish_reason.type"},
    ),
    Published(
        "completions of the OpenAI API", "responses", ("id", "object", "choices"),
        f"{_GIT}openai/openai-python src/openai/types/completion.py and"
        " src/openai/types/chat/chat_completion.py",
        {"prompt": "prompt", "responses": "choices"},
    ),
    Published(
        "OpenCompass predictions", "responses", ("origin_prompt", "prediction"),
        f"{_GIT}open-compass/opencompass opencompass/openicl/icl_inferencer/"
        "icl_base_inferencer.py",
        {"prompt": "origin_prompt", "response": "prediction", "reference": "gold"},
        {"origin_prompt": _opencompass_prompt},
    ),
    Published(
        "Qwen2.5-Math evaluations", "responses", ("question", "gt_cot", "gt", "code", "pred"),
        f"{_GIT}QwenLM/Qwen2.5-Math evaluation/math_eval.py",
        {"prompt": "question", "responses": "code", "reference": "gt"},
    ),
    Published(
        "LiveCodeBench evaluations", "responses", ("question_content", "output_list", "code_list"),
        f"{_GIT}LiveCodeBench/LiveCodeBench lcb_runner/benchmarks/code_generation.py",
        {"prompt": "question_content", "responses": "output_list"},
    ),
    Published(
        "DeepMath-103K", "responses",
        ("question", "final_answer", "r1_solution_1", "r1_solution_2", "r1_solution_3"),
        f"{_HUB}zwhe99/DeepMath-103K",
        {"prompt": "question", "reference": "final_answer"},
    ),
    Published(
        "OpenRLHF", "responses", ("input", "output"),
        f"{_GIT}OpenRLHF/OpenRLHF openrlhf/datasets/sft_dataset.py",
        {"prompt": "input", "response": "output"},
    ),
)  # fmt: skip

UNREADABLE: Sequence[UnreadableLayout] = (
    UnreadableLayout(
        "OASST1 messages", ("message_id", "parent_id", "text", "role"),
        "each row is one message of a tree, asked by a prompter or written by an assistant: walk"
        " from each assistant's message to the root and write the turns as messages",
        f"{_HUB}OpenAssistant/oasst1",
    ),
    UnreadableLayout(
        "axolotl segments", ("segments",),
        "each row is a text in pieces that are trained on or not, without turns: write what is"
        " masked as prompt and what is trained on as response",
        f"{_GIT}axolotl-ai-cloud/axolotl docs/dataset-formats/template_free.qmd",
    ),
    UnreadableLayout(
        "NeMo RL training data", ("content", "token_ids", "token_loss_mask", "sample_loss_mask"),
        "each row has the texts of its turns without their roles: write messages, or prompt and"
        " response",
        f"{_GIT}NVIDIA-NeMo/RL nemo_rl/algorithms/grpo.py",
    ),
)  # fmt: skip
