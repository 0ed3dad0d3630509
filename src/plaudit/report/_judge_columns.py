"""What the columns of a judge's tables are called, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["COLUMNS", "Column"]


class Column(NamedTuple):
    """A figure of the tables: its name, its heading, whether it is a share, what it says."""

    name: str
    heading: str
    is_share: bool
    meaning: str


def _columns(*lines: str) -> tuple[Column, ...]:
    parts = (line.split("|") for line in lines)
    return tuple(Column(n, h, unit == "%", meaning) for n, h, unit, meaning in parts)


_READING = (
    "unreadable|Unreadable|%|replies without a readable verdict, of all replies",
    "unscored|Unscored|%|items that have no verdict at all",
)
_CALIBRATION = (
    "ece|ECE|%|expected calibration error, 10 bins of equal width",
    "brier|Brier||mean squared distance of P from the label",
    "temperature|T||temperature of least log-loss; above 1 the judge is too sure",
    "ece_after|ECE at T|%|calibration error that is left at this temperature",
)
COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "pairs": _columns(
        "num_pairs|Pairs||pairs judged",
        "num_labelled|Labelled||pairs of which the better response is known",
        "accuracy|Right|%|single orders that name the better response; a tie counts half",
        "both_right|Both right|%|pairs right in both orders, of those read in both",
        "same_verdict|Same|%|pairs with the same verdict in both orders; the rest flip",
        "swap_accuracy|Averaged|%|pairs right by the mean of both orders; a tie counts half",
        "first_position|First|%|decided orders that pick the response shown first",
        "order_ties|Ties|%|single orders that pick neither",
        "kappa|Kappa||Cohen's kappa of the picks by place, orders apart",
        "longer_wins|Longer wins|%|decided pairs won by the longer response",
        "longer_is_better|Longer better|%|labelled pairs in which the longer response is better",
        "length_slope|Length slope||log-odds of winning per ln(length / rival's length)",
        "length_slope_error|±||standard error of the length slope",
        *_CALIBRATION,
        *_READING,
    ),
    "ratings": _columns(
        "num_responses|Responses||responses rated",
        "num_labelled|Labelled||responses with a label",
        "pearson|Pearson||correlation with the labels",
        "spearman|Spearman||rank correlation with the labels",
        "kendall|Kendall||Kendall's tau-b with the labels",
        "exact|Exact|%|equal to the label after rounding to the scale",
        "kappa|Kappa||Cohen's kappa after rounding",
        "kappa_quadratic|Weighted kappa||kappa with quadratic weights",
        "difference|Distance||mean absolute difference from the label",
        "bias|Bias||mean of rating minus label",
        "spread|Spread||mean standard deviation between the votes on one response",
        *_READING,
    ),
    "yes_no": _columns(
        "num_responses|Responses||responses judged",
        "num_labelled|Labelled||responses with a label",
        "accuracy|Right|%|verdicts equal to the label; 0.5 counts half",
        "kappa|Kappa||Cohen's kappa",
        "true_yes|Yes, right||correct responses that got yes",
        "false_yes|Yes, wrong||incorrect responses that got yes",
        "true_no|No, right||incorrect responses that got no",
        "false_no|No, wrong||correct responses that got no",
        *_CALIBRATION,
        *_READING,
    ),
}
