"""The references of `math_answers`, and the marks in which the two laws of the reader put them."""

import gzip
import json
import random
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "shared" / "data" / "math_answers.jsonl.gz"
NUM_SAMPLED = 300
needs_data = pytest.mark.skipif(
    not DATA.exists(), reason="the shared data are not beside the checkout"
)

MARKS = {
    "box": r"So it is $\boxed{%s}$.",
    "box, display": "We conclude:\n\\[\n\\boxed{%s}\n\\]",
    "box, bold heading": "**Final Answer**\n\n\\[\\boxed{%s}\\]",
    "tag": "<think>2 and 3</think>\n<answer>%s</answer>",
    "tag, $": "<think>2 and 3</think>\n<answer>$%s$</answer>",
    "tag, display": "<think>2 and 3</think>\n<answer>\n\\[%s\\]\n</answer>",
    "tag, box": "<think>2 and 3</think>\n<answer>$\\boxed{%s}$</answer>",
    "tag, sentence": "<think>2 and 3</think>\n<answer>So the final result is $%s$.</answer>",
    "tag, bare sentence": "<think>2 and 3</think>\n<answer>The result is %s.</answer>",
    "tag, sentence after": "<think>2 and 3</think>\n<answer>We get $%s$ altogether.</answer>",
    "tag, answer is": "<think>2 and 3</think>\n<answer>The answer is $%s$.</answer>",
    "tag, Chinese": "<think>2 and 3</think>\n<answer>所以结果是$%s$。</answer>",
    "Answer:": "First 2, then 3.\n\nAnswer: %s",
    "Answer: $": "First 2, then 3.\n\n**Answer:** $%s$",
    "Final Answer:": "First 2, then 3.\n\nFinal Answer: %s",
    "heading": "First 2, then 3.\n\n### Answer\n\n$$%s$$",
    "answer is": "First 2, then 3. The answer is %s.",
    "answer is $": "First 2, then 3. The answer is $%s$.",
    "answer is \\(": "First 2, then 3. The final answer is \\(%s\\).",
    "answer is, display": "First 2, then 3. The answer is\n\n$$\n%s\n$$",
    "minerva": "First 2. The final answer is $%s$. I hope it is correct.",
    "####": "First 2, then 3.\n#### %s",
    "#### $": "First 2, then 3.\n#### $%s$",
    "答案是": "先算2，再算3。答案是%s。",
    "答案：$": "先算2，再算3。\n答案：$%s$",
    "答：": "先算2，再算3。\n答：$%s$。",
    "bold": "First 2, then 3. The answer is **%s**.",
    "bold $": "First 2, then 3. So the final answer is **$%s$**.",
    "bold, no mark": "First 2, then 3. Therefore, we obtain **$%s$**.",
    "formula, no mark": "First 2, then 3. Therefore, it is $%s$.",
}


def shouted(mark: str) -> str:
    """A mark whose sentence ends in an exclamation mark."""
    form = MARKS[mark]
    for end in (".</answer>", "</answer>", "。", ". I hope", ".", ""):
        if end and end in form[form.index("%s") :]:
            head, _, tail = form.rpartition(end)
            return head + ("！" if end == "。" else "!") + end.lstrip(".。") + tail
    return form + "!"


def references() -> list[str]:
    """All references that are not empty."""
    with gzip.open(DATA, "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["reference_answer"] for line in file]
    return [text for text in texts if text.strip()]


def sampled(texts: list[str]) -> list[str]:
    """The references of the sample, with a fixed seed."""
    return random.Random(20261128).sample(texts, NUM_SAMPLED)
