"""A linear model of hashed n-grams and style: arithmetic, its file, and what its features are.

The score of a text is ``w . words + e . edges + sum_f g_f(style_f) - centre``: `w` and `e` weigh
hashed n-grams (`plaudit.text.hashed`), every `g_f` is linear between five knots and constant beyond
the outer ones, so that no extreme text gets an extreme score from its style.

Shapes: F style features, K pieces of a function between knots.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from plaudit.errors import ConfigError
from plaudit.hashing import content_hash
from plaudit.text.hashed import Sparse, edge_grams, word_grams
from plaudit.text.style import FEATURES, read_text, style_of, words_of

if TYPE_CHECKING:
    import numpy as np

__all__ = ["EDGE_BITS", "WEIGHTS", "WORD_BITS", "Features", "LinearModel", "features_of"]
__all__ += ["feature_hash", "read_weights"]

WORD_BITS, EDGE_BITS = 18, 16
WEIGHTS = "weights.npz"
_PROBES = (
    ("", ""),
    ("What is 6 x 7?", "Sure! 6 x 7 is **42**.\n\n1. First, six.\n- then `seven`\n\n\n# End"),
    ("2024 年是闰年吗？", "是。2024 能被 4 整除，因此 2024 年是闰年；抱歉，我无法多说。"),
    ("Hi", "I'm sorry, but \"as an AI\" I can't (perhaps): see https://a.b/c | $x$\ud800 é 🙂:"),
)
_DIGITS = 5


class Features(NamedTuple):
    """What a response is to a linear model; without n-grams in the `style` variant."""

    words: Sparse | None
    edges: Sparse | None
    style: np.ndarray


def features_of(text: str, prompt_words: np.ndarray, *, has_grams: bool = True) -> Features:
    """The features of a response to a prompt of those words (`plaudit.text.style.Reading`)."""
    reading = read_text(text)
    style_F = style_of(reading, prompt_words)
    if not has_grams:
        return Features(None, None, style_F)
    words = word_grams(reading.hashes, WORD_BITS)
    return Features(words, edge_grams(reading.hashes, reading.line_kinds, EDGE_BITS), style_F)


@functools.cache
def feature_hash() -> str:
    """A hash of what the features of a few texts are: another hash, other features.

    >>> len(feature_hash())
    16
    """
    lines = list(FEATURES)
    for prompt, response in _PROBES:
        features = features_of(response, words_of(prompt))
        assert features.words is not None
        assert features.edges is not None
        for grams in (features.words, features.edges):
            lines += [repr(grams.buckets.tolist()), repr(grams.values.round(_DIGITS).tolist())]
        lines.append(repr(features.style.round(_DIGITS).tolist()))
    return content_hash(*lines)


@dataclass(frozen=True, eq=False)
class LinearModel:
    """The weights: (2**18,), (2**16,), knots (F, K + 1), slopes (F, K).

    `words` and `edges` are None in the `style` variant.
    """

    words: np.ndarray | None
    edges: np.ndarray | None
    knots_FK: np.ndarray
    slopes_FK: np.ndarray
    centre: float = 0.0

    def parts(self, features: Features) -> dict[str, float]:
        """What each kind of feature adds to the score: any real numbers."""
        import numpy as np

        pieces = np.clip(features.style[:, None], self.knots_FK[:, :-1], self.knots_FK[:, 1:])
        parts = {"style": float((pieces * self.slopes_FK).sum()) - self.centre}
        for name, weights in (("words", self.words), ("edges", self.edges)):
            grams: Sparse | None = getattr(features, name)
            if weights is not None and grams is not None:
                parts[name] = float((weights[grams.buckets] * grams.values).sum())
        return parts

    def score(self, text: str, prompt_words: np.ndarray) -> dict[str, float]:
        """The parts of the score of a response, whose sum is the score."""
        return self.parts(features_of(text, prompt_words, has_grams=self.words is not None))

    def save(self, directory: Path) -> Path:
        """Writes ``weights.npz`` without pickled objects; equal weights give equal bytes."""
        import numpy as np

        arrays: dict[str, Any] = {
            "knots": self.knots_FK,
            "slopes": self.slopes_FK,
            "centre": np.array(self.centre),
        }
        if self.words is not None and self.edges is not None:
            arrays |= {"words": self.words, "edges": self.edges}
        path = directory / WEIGHTS
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        return path


def read_weights(path: Path) -> LinearModel:
    """The model in a ``weights.npz``. Raises ConfigError for a file that is not one."""
    import zipfile

    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise ConfigError(f"{path}: missing") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path}: not readable as weights: {error}") from None
    for name, is_right in _SHAPES.items():
        if name not in arrays and name in ("words", "edges"):
            continue
        if name not in arrays or not is_right(arrays[name]):
            raise ConfigError(f"{path}: {name!r} is missing, of another shape, or not finite")
    if ("words" in arrays) != ("edges" in arrays):
        raise ConfigError(f"{path}: has 'words' or 'edges' without the other")
    return LinearModel(
        arrays.get("words"),
        arrays.get("edges"),
        arrays["knots"],
        arrays["slopes"],
        float(arrays["centre"]),
    )


def _shaped(*shape: int | None) -> Callable[[Any], bool]:
    """Whether an array is of that shape (None: any length) and of finite floats."""
    import numpy as np

    def is_right(array: Any) -> bool:
        fits = len(array.shape) == len(shape) and all(
            want in (None, have) for want, have in zip(shape, array.shape, strict=True)
        )
        return fits and array.dtype.kind == "f" and bool(np.isfinite(array).all())

    return is_right


_SHAPES: dict[str, Callable[[Any], bool]] = {
    "words": lambda array: _shaped(1 << WORD_BITS)(array),
    "edges": lambda array: _shaped(1 << EDGE_BITS)(array),
    "knots": lambda array: _shaped(len(FEATURES), None)(array),
    "slopes": lambda array: _shaped(len(FEATURES), None)(array),
    "centre": lambda array: _shaped()(array),
}
