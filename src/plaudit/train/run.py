"""One training from rows to a directory that can be scored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plaudit
from plaudit.engines.contract import write_contract
from plaudit.engines.linear import WEIGHTS, feature_hash
from plaudit.errors import ConfigError, PlauditError
from plaudit.hashing import file_sha256
from plaudit.models.linear import linear
from plaudit.train.evaluate import calibration_of, evaluation, position_problems, scores_of
from plaudit.train.fit import Fit
from plaudit.train.folder import check_free, new_directory
from plaudit.train.linear import PENALTY, STYLE_PENALTY, encode, train
from plaudit.train.options import LinearOptions
from plaudit.train.pairs import Source, Split, TrainingPair, split_pairs

__all__ = ["LABEL", "Training", "train_linear"]

LABEL = "baseline: words and style, no understanding"
_VARIANTS = ("linear", "style")
_MODEL_LABELS = re.compile(r"gpt|claude|gemini|llm|openai|anthropic", re.IGNORECASE)
_NON_COMMERCIAL = re.compile(r"\bnc\b|non-?commercial|research only", re.IGNORECASE)
_NUM_CHECKED = 64


@dataclass(frozen=True)
class Training:
    """What a training did: its pairs, its fit, and the contract as it was written."""

    split: Split
    contract: Mapping[str, Any]


def train_linear(options: LinearOptions, columns: Mapping[str, str] | None = None) -> Training:
    """Trains the baseline and writes its directory, all of it or nothing.

    Equal data, options and seed give equal bytes of ``weights.npz``, whatever the order of rows.

    Raises: ConfigError, DataError for a row that is no pair, OSError where writing fails.
    """
    if options.variant not in _VARIANTS:
        raise ConfigError(f"variant={options.variant!r} must be 'linear' or 'style'")
    has_grams = options.variant == "linear"
    penalty = _penalty(options.penalty, has_grams)
    out = Path(options.out)
    check_free(out, overwrite=options.overwrite)
    split = split_pairs(options, columns)
    model, fit = train(
        encode(split.train, has_grams=has_grams), penalty=penalty, has_grams=has_grams
    )
    with new_directory(out, overwrite=options.overwrite) as draft:
        weights = model.save(draft)
        contract = {
            "kind": "linear",
            "variant": options.variant,
            "label": LABEL,
            "plaudit": plaudit.__version__,
            "features": feature_hash(),
            "weights": {"file": WEIGHTS, "sha256": file_sha256(weights)},
            "activation": "none",
            "view": "answer",
            "prompt": "last turn",
            "max_length": None,
            **_about_data(split, options),
            "training": _about_fit(fit, penalty, options),
        }
        contract |= _assessed(draft, contract, split, options.seed)
        write_contract(draft, contract)
    return Training(split, contract)


def _penalty(penalty: float | None, has_grams: bool) -> float:
    if penalty is None:
        return PENALTY if has_grams else STYLE_PENALTY
    if not 0 < penalty < float("inf"):
        raise ConfigError(f"penalty={penalty} must be above 0 and finite")
    return penalty


def _about_data(split: Split, options: LinearOptions) -> dict[str, Any]:
    sources = split.sources
    return {
        "licences": sorted({name for source in sources for name in source.licences}),
        "warnings": list(_warnings(sources, split.valid)),
        "data": {
            "hash": split.data_hash,
            "sources": [source.as_dict() for source in sources],
            "rows": split.num_rows,
            "dropped": dict(split.dropped),
            "train_pairs": len(split.train),
            "train_prompts": len({pair.prompt for pair in split.train}),
            "valid_pairs": len(split.valid),
            "balance": split.balance(),
        },
    }


def _warnings(sources: Sequence[Source], valid: Sequence[TrainingPair]) -> Iterator[str]:
    """What whoever uses the model should know of its data."""
    for source in sources:
        for annotator in source.annotators:
            if _MODEL_LABELS.search(annotator):
                yield (
                    f"{source.name}: labelled by a model ({annotator}); its provider's terms may"
                    " restrict what is trained on them"
                )
        for licence in source.licences:
            if _NON_COMMERCIAL.search(licence.replace("_", "-")):
                yield f"{source.name}: licence {licence}: no commercial use"
    if not valid:
        yield "no pair was held out: nothing is known of its accuracy"


def _about_fit(fit: Fit, penalty: float, options: LinearOptions) -> dict[str, Any]:
    return {
        "loss": "bradley-terry",
        "penalty": penalty,
        "seed": options.seed,
        "held_out": None if options.valid else options.held_out,
        "final_loss": fit.loss,
        "steps": fit.num_steps,
        "converged": fit.is_converged,
    }


def _assessed(draft: Path, contract: Mapping[str, Any], split: Split, seed: int) -> dict[str, Any]:
    """Evaluation and calibration of the model as it lies in the directory.

    Raises: PlauditError where exchanging the sides of pairs changes a score.
    """
    write_contract(draft, contract)
    reward = linear(str(draft))
    scores = scores_of(reward, split.valid)
    checked = [*split.valid, *split.train][:_NUM_CHECKED]
    if problems := position_problems(reward, checked, scores_of(reward, checked)):
        raise PlauditError(f"the position test failed: {problems[0]}")
    return {
        "calibration": calibration_of(scores) or calibration_of(scores_of(reward, checked)),
        "position_test": {"pairs": len(checked), "holds": True},
        "evaluation": evaluation(f"linear ({LABEL})", split.valid, scores, seed),
    }
