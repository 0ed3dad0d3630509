"""A reward whose scores are written in the responses, for tests of what is made of scores."""

import math
import re

from plaudit.types import Score

__all__ = ["Table"]


class Table:
    """A reward that reads its scores in the responses: ``score 0.5``, or none."""

    relative, deterministic, cpu_bound = False, True, False

    def __init__(self, shift=0.0, *, sign=1):
        self.shift, self.sign = shift, sign

    def __repr__(self):
        return f"Table({self.shift}, sign={self.sign})"

    def score(self, groups):
        return [[self._score(response.text) for response in group.responses] for group in groups]

    def _score(self, text):
        number = re.search(r"score (\S+)", text)
        if number is None:
            return Score(math.nan, error="no score in it", fault="input")
        return Score(self.sign * float(number[1]) + self.shift, note=f"read {text}")
