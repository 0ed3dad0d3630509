"""Rewards made of rewards.

The NaN algebra, in one table:

    weighted, product, minimum, mean, mean_minus_std
                 NaN if any part is NaN, unless that part is `optional` (or `when` leaves it out):
                 then the note says so, and the other weights of weighted and mean renormalise;
                 mean_minus_std is NaN below two scored parts
    gate         NaN gate: NaN; closed gate: the floor, even if the gated part is NaN;
                 open gate: the gated part
    normalise    group statistics use the scored members; NaN below two of them, 0 at zero spread;
                 an unscored member stays unscored
    standardise_each
                 the same statistics for each part; where a part is unscored the sum is NaN, or, if
                 the part is `optional`, the part adds 0 and no weight changes; the z-scores of
                 other parts and of rivals stay as they are
    clip, affine, standardise, threshold, platt, isotonic
                 NaN stays NaN
    all          a result that is not finite (overflow, a root of a negative number) is NaN
    route        the chosen branch
    both_orders  NaN if either order is NaN
    round_robin  mean over the rivals that could be compared; NaN if there is none; a response's
                 fault in a comparison is the loser's alone

A fault of a part is a fault of the whole, with the part's name before the error; what follows
a closed gate does not count. Under a negative weight or scale a response's fault earns the part's
highest value, so that it never pays; where the part declares none, the whole is NaN.
"""

from __future__ import annotations

from plaudit.combine.apart import standardise_each
from plaudit.combine.calibrated import isotonic, platt
from plaudit.combine.choice import gate, route
from plaudit.combine.comparers import both_orders, round_robin
from plaudit.combine.comparers import content_of as content_of
from plaudit.combine.core import Member
from plaudit.combine.core import replace_responses as replace_responses
from plaudit.combine.mapped import affine, clip, standardise, threshold
from plaudit.combine.several import maximum, mean, mean_minus_std, minimum, product, weighted
from plaudit.combine.within import normalise, view
from plaudit.hashing import seeded_hash as seeded_hash
from plaudit.offers import fault_value as fault_value
from plaudit.types import Child

__all__ = [
    "Child",
    "Member",
    "affine",
    "both_orders",
    "clip",
    "gate",
    "isotonic",
    "maximum",
    "mean",
    "mean_minus_std",
    "minimum",
    "normalise",
    "platt",
    "product",
    "round_robin",
    "route",
    "standardise",
    "standardise_each",
    "threshold",
    "view",
    "weighted",
]
