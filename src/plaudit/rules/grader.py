"""OpenAI's graders without a model: string_check, text_similarity, python and multi.

The parameters are the fields of the API's JSON (openai/openai-python, src/openai/types/graders;
guide: developers.openai.com/api/docs/guides/graders), in which ``{{item.NAME}}`` is a column of the
row and ``{{sample.output_text}}`` the response after its think block (`view`). `plaudit.graders`
reads the JSON. The score model and the label model are in `judges.grader`.

Where the API gives 0 because nothing could be graded, the score is NaN with the API's own flag at
the beginning of its error (``python_grader_runtime_error: ...``).
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from plaudit.combine.core import Combination, PartScore, as_reward, first_fault, flat_parts
from plaudit.errors import ConfigError, MissingExtra, clipped, did_you_mean
from plaudit.grading.formula import Formula, formula
from plaudit.grading.grader import TextGrader, slots_of
from plaudit.grading.python_grader import PythonGrader
from plaudit.offers import fault_high, fault_value
from plaudit.spelled import Spelled
from plaudit.text.think import Part
from plaudit.types import Child, Group, Reward, Score

__all__ = ["multi", "python", "string_check", "text_similarity"]

_INPUTS = {"input": "{{sample.output_text}}", "reference": "{{item.reference}}"}
EXAMPLES = {
    "string_check": {"params": {"operation": "ilike", **_INPUTS}},
    "text_similarity": {"params": {"evaluation_metric": "rouge_l", **_INPUTS}},
    "python": {
        "params": {
            "source": "def grade(sample, item):\n"
            "    return float(item['reference'] in sample['output_text'])"
        }
    },
    "multi": {
        "params": {
            "graders": {
                "said": {"use": "rules.grader.string_check", "operation": "like", **_INPUTS},
                "long": "rules.baseline.length",
            },
            "calculate_output": "said / (1 + long)",
        }
    },
}
Operation = Literal["eq", "ne", "like", "ilike"]
Fuzzy = Literal["ratio", "partial_ratio", "token_sort_ratio", "token_set_ratio", "WRatio", "QRatio"]
_OPERATIONS = ("eq", "ne", "like", "ilike")
_ROUGES = ("rouge_1", "rouge_2", "rouge_3", "rouge_4", "rouge_5", "rouge_l")
_FUZZY = ("ratio", "partial_ratio", "token_sort_ratio", "token_set_ratio", "WRatio", "QRatio")
_REFUSED = {
    "bleu": "the API does not say whose tokens and smoothing; rules.similarity.bleu is sacrebleu's",
    "gleu": "the API does not say whose tokens",
    "meteor": "it needs WordNet, and the API does not say whose tokens",
    "cosine": "it needs OpenAI's embedding model text-embedding-3-large",
}
_MAX_WORDS, _MAX_CHARS = 1000, 20_000


# --- string_check ---------------------------------------------------------------------------------


def string_check(
    *,
    operation: Operation,
    input: str,
    reference: str,
    name: str = "",
    view: Part = "answer",
    on_response_fault: float = 0.0,
) -> Reward:
    """1 if `input` stands to `reference` as `operation` says, else 0.

    "eq": the same text, "ne": another; "like": it contains the reference, "ilike": without regard
    to case. White space counts. Every text contains an empty reference: with "like" and "ilike"
    that is not scored (input). A response without the field that a variable names is at fault.

    Raises: ConfigError; scoring raises DataError where the row lacks a variable.

    >>> from plaudit import Group, load
    >>> text = {"input": "{{sample.output_text}}", "reference": "{{item.city}}"}
    >>> reward = load("rules.grader.string_check", operation="ilike", **text)
    >>> row = Group("Capital of France?", ["It is PARIS.", "Lyon"], {"city": "Paris"})
    >>> [score.value for score in reward.score([row])[0]]
    [1.0, 0.0]
    """
    if operation not in _OPERATIONS:
        close = did_you_mean(str(operation), _OPERATIONS) or "."
        raise ConfigError(f"operation={operation!r} is not one of {', '.join(_OPERATIONS)}{close}")
    params = {"operation": operation, "input": input, "reference": reference, "name": name}
    params |= _changed(view, on_response_fault)
    return _StringCheck(
        "rules.grader.string_check", params, slots_of(input=input, reference=reference), view,
        on_response_fault,
    )  # fmt: skip


class _StringCheck(TextGrader):
    def grade(self, texts: Mapping[str, str]) -> Score:
        text, reference = texts["input"], texts["reference"]
        operation = self.params["operation"]
        if operation in ("eq", "ne"):
            return Score(float((text == reference) == (operation == "eq")))
        if not reference:
            error = f"invalid_variable_error: an empty reference is in every text ({operation})"
            return Score.unscored(error, fault="input")
        if operation == "ilike":
            text, reference = text.casefold(), reference.casefold()
        return Score(float(reference in text))


# --- text_similarity ------------------------------------------------------------------------------


def text_similarity(
    *,
    evaluation_metric: str,
    input: str,
    reference: str,
    name: str = "",
    pass_threshold: float | None = None,
    fuzzy: Fuzzy | None = None,
    view: Part = "answer",
    on_response_fault: float = 0.0,
) -> Reward:
    """From 0 up to 1 (the same words): how alike `input` and `reference` are.

    "rouge_1" to "rouge_5" and "rouge_l" are the F1 of rouge-score without stemming (Lin 2004),
    which reads ASCII letters and digits only: a reference that has none is not scored (input).
    "fuzzy_match" is rapidfuzz, a hundredth of its scale, but the API does not say which function:
    name it as `fuzzy` ("ratio", "WRatio", ...). "bleu", "gleu", "meteor" and "cosine" are refused,
    as their tokens or models are not published. ROUGE-L reads the first 1000 words of each text,
    fuzzy_match the first 20,000 characters; the note says where a text was longer.

    With a `pass_threshold` the part `passed` is 1 from it on, else 0; the value stays.

    Raises: ConfigError, MissingExtra; scoring raises DataError where the row lacks a variable.

    >>> from plaudit import Group, load
    >>> text = {"input": "{{sample.output_text}}", "reference": "the sum is 4"}
    >>> reward = load("rules.grader.text_similarity", evaluation_metric="rouge_l", **text)
    >>> reward.score([Group("2 + 2?", ["The sum is 5."])])[0][0].value
    0.75
    """
    _check_metric(evaluation_metric, fuzzy)
    params = {"evaluation_metric": evaluation_metric, "input": input, "reference": reference,
              "name": name, "pass_threshold": pass_threshold, "fuzzy": fuzzy}  # fmt: skip
    params |= _changed(view, on_response_fault)
    return _TextSimilarity(
        "rules.grader.text_similarity", params, slots_of(input=input, reference=reference), view,
        on_response_fault, pass_threshold,
    )  # fmt: skip


def _check_metric(metric: str, fuzzy: str | None) -> None:
    """Raises ConfigError for a metric that is not exactly defined."""
    if metric in _REFUSED:
        raise ConfigError(
            f"evaluation_metric={metric!r} cannot be reproduced: {_REFUSED[metric]}. Take"
            f" {', '.join(_ROUGES)} or fuzzy_match"
        )
    names = (*_ROUGES, "fuzzy_match")
    if metric not in names:
        close = did_you_mean(str(metric), (*names, *_REFUSED)) or "."
        raise ConfigError(f"evaluation_metric={metric!r} is not one of {', '.join(names)}{close}")
    if metric == "fuzzy_match" and fuzzy is None:
        raise ConfigError(
            "fuzzy_match: the API does not say which function of rapidfuzz it is; name one as"
            f" fuzzy: {', '.join(_FUZZY)}"
        )
    if fuzzy is not None and (metric != "fuzzy_match" or fuzzy not in _FUZZY):
        raise ConfigError(f"fuzzy={fuzzy!r}: for fuzzy_match, one of {', '.join(_FUZZY)}")


class _TextSimilarity(TextGrader):
    def grade(self, texts: Mapping[str, str]) -> Score:
        metric = self.params["evaluation_metric"]
        if metric == "fuzzy_match":
            return self._fuzzy(texts["input"], texts["reference"])
        scorer, words_of = _rouge(metric)
        ours, gold = words_of(texts["input"]), words_of(texts["reference"])
        if not gold:
            error = "invalid_variable_error: the reference has no ASCII letter or digit for ROUGE"
            return Score.unscored(error, fault="input")
        note = None
        if metric == "rouge_l" and max(len(ours), len(gold)) > _MAX_WORDS:
            ours, gold = ours[:_MAX_WORDS], gold[:_MAX_WORDS]
            note = f"compared over the first {_MAX_WORDS} words"
        (score,) = scorer.score(" ".join(gold), " ".join(ours)).values()
        parts = {"precision": float(score.precision), "recall": float(score.recall)}
        return Score(float(score.fmeasure), parts, note=note)

    def _fuzzy(self, text: str, reference: str) -> Score:
        try:
            from rapidfuzz import fuzz
        except ImportError:
            raise _missing("rapidfuzz") from None
        is_long = max(len(text), len(reference)) > _MAX_CHARS
        note = f"compared over the first {_MAX_CHARS} characters" if is_long else None
        compare = getattr(fuzz, self.params["fuzzy"])
        return Score(compare(text[:_MAX_CHARS], reference[:_MAX_CHARS]) / 100, note=note)


@functools.cache
def _rouge(metric: str) -> tuple[Any, Callable[[str], list[str]]]:
    """rouge-score's scorer of one measure, and the words that it counts."""
    try:
        from rouge_score.rouge_scorer import RougeScorer
        from rouge_score.tokenizers import DefaultTokenizer
    except ImportError:
        raise _missing("rouge_score") from None
    measure = "rougeL" if metric == "rouge_l" else f"rouge{metric[-1]}"
    return RougeScorer([measure]), DefaultTokenizer(use_stemmer=False).tokenize


def _missing(package: str) -> MissingExtra:
    return MissingExtra.of("text_similarity", package=package, extra="similarity")


def _changed(view: Part, on_response_fault: float) -> dict[str, Any]:
    """Those of the two that are not the default: what spells a grader."""
    changed: dict[str, Any] = {} if view == "answer" else {"view": view}
    return (
        changed if on_response_fault == 0.0 else changed | {"on_response_fault": on_response_fault}
    )


# --- python ---------------------------------------------------------------------------------------


def python(
    *,
    source: str,
    name: str = "",
    image_tag: str | None = None,
    pass_threshold: float | None = None,
    cpu_s: float = 120.0,
    memory_mb: int = 2048,
    sandbox: Mapping[str, Any] | None = None,
    view: Part = "answer",
    on_response_fault: float = 0.0,
) -> Reward:
    """The number that ``grade(sample, item)`` of the source returns; it runs in the sandbox.

    `sample` has output_text, output_json (None where the response is not JSON), output_tools and
    choices, `item` the columns of the row. The limits are the API's: two minutes, 2 GB. Packages
    are those of the sandbox's Python, not those of the API's image (`image_tag` is kept unread).

    An exception, and a result that is no finite number, are not scored (system,
    python_grader_runtime_error), where the API gives 0; if the source reads output_json and the
    response is not JSON, the response is at fault (sample_parse_error). So it is where it makes the
    source outrun a limit.

    Raises: ConfigError for a source that does not parse, lacks `grade` or exceeds 256 kB.

    >>> from plaudit import Group, load
    >>> source = "def grade(sample, item): return len(sample['output_text']) / item['most']"
    >>> reward = load("rules.grader.python", source=source)
    >>> reward.score([Group("Say hi", ["hi"], {"most": 4})])[0][0].value
    0.5
    """
    params = {"source": source, "name": name, "image_tag": image_tag,
              "pass_threshold": pass_threshold, "sandbox": sandbox}  # fmt: skip
    params |= {} if cpu_s == 120.0 else {"cpu_s": cpu_s}
    params |= {} if memory_mb == 2048 else {"memory_mb": memory_mb}
    params |= _changed(view, on_response_fault)
    return PythonGrader(
        params, source, cpu_s, memory_mb, sandbox or {}, view, on_response_fault, pass_threshold
    )


# --- multi ----------------------------------------------------------------------------------------


def multi(*, graders: Mapping[str, Reward], calculate_output: str, name: str = "") -> Reward:
    """The number of a formula over the scores of several graders, each under its name.

    Numbers, names, ``+ - * / ^``, parentheses, min, max, abs, floor, ceil, exp, sqrt and log. Any
    reward may be a grader. The parts are the graders' scores.

    NaN if a grader that the formula names is NaN, or where the formula has no number (input). A
    response's fault in a grader counts at that end of the grader's range which makes the result
    lower, so that it never pays; where the grader declares no range, the whole is NaN.

    Raises: ConfigError for a formula that cannot be read, or names no grader.

    >>> from plaudit import Group, load
    >>> length = load("rules.baseline.length")
    >>> reward = load("rules.grader.multi", graders={"long": length}, calculate_output="2 ^ long")
    >>> reward.score([Group("Say hi", ["hey"])])[0][0].value
    8.0
    """
    if not isinstance(graders, Mapping) or not graders:
        raise ConfigError(f"graders must map names to rewards, found {clipped(graders)}")
    for key, grader in graders.items():
        as_reward(grader, f"graders: {key}")
        if isinstance(grader, _Multi):
            raise ConfigError(f"graders: {key}: a multi grader cannot be within another")
    params = {"graders": dict(graders), "calculate_output": calculate_output}
    return _Multi(params | ({"name": name} if name else {}), formula(calculate_output, graders))


class _Multi(Spelled, Combination):
    spelled = "multi"

    def __init__(self, params: Mapping[str, Any], output: Formula) -> None:
        super().__init__("rules.grader.multi", params)
        self.parts: Mapping[str, Reward] = params["graders"]
        self.output = output

    def _rewards(self) -> Sequence[Reward]:
        return list(self.parts.values())

    @property
    def fault_value(self) -> float:
        """The lowest result where every grader that counts has a fault."""
        row = [
            PartScore(name, 1.0, False, Score(fault_value(grader), fault="response"))
            for name, grader in self.parts.items()
        ]
        return self._lowest(row)

    def children(self, group: Group) -> Iterator[Child]:
        for name, grader in self.parts.items():
            yield Child(name, None, grader, group)

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response."""
        by_name = {name: grader.score(groups) for name, grader in self.parts.items()}
        return [
            [
                self._join([PartScore(name, 1.0, False, by_name[name][i][n]) for name in by_name])
                for n in range(len(group.responses))
            ]
            for i, group in enumerate(groups)
        ]

    def _join(self, row: Sequence[PartScore]) -> Score:
        parts = flat_parts(row)
        counted = [part for part in row if part.name in self.output.names]
        fault, error = first_fault(counted)
        unscored = next((part.score for part in counted if not part.score.is_scored), None)
        if unscored is not None:
            return Score(math.nan, parts, fault=unscored.fault or "system", error=error)
        value = self._lowest(counted)
        if not math.isfinite(value):
            reason = f"other_error: {self.output.text} has no number for these scores"
            return Score(math.nan, parts, fault=fault or "input", error=error or reason)
        notes = [f"{part.name}: {part.score.note}" for part in row if part.score.note]
        return Score(value, parts, fault=fault, error=error, note="; ".join(notes) or None)

    def _lowest(self, row: Sequence[PartScore]) -> float:
        """The formula's number, the lowest over both ends of the range of each part at fault."""
        ends = [self._ends(part) for part in row]
        names = [part.name for part in row]
        results = [
            self.output.value(dict(zip(names, values, strict=True)))
            for values in itertools.product(*ends)
        ]
        return math.nan if any(map(math.isnan, results)) else min(results)

    def _ends(self, part: PartScore) -> tuple[float, ...]:
        if part.score.fault != "response" or part.name not in self.output.names:
            return (part.score.value,)
        grader = self.parts[part.name]
        return fault_value(grader), fault_high(grader)
