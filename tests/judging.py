"""What tests of judges share: templates of every kind, scripted judges, what these were shown."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "servers"))
from chat import Answer as Answer
from chat import ChatServer

from plaudit.judges.verdict import restored

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

PAIR = {
    "name": "pair", "kind": "pairwise", "verdict": {"labels": ["A", "B"]}, "verdict_prefix": "[[",
    "text": "{input}\nA:\n{response_a}\nB:\n{response_b}\nReply with [[A]] or [[B]].",
}  # fmt: skip
REASONED = {**PAIR, "reasons": True, "verdict_prefix": ""}
RATING = {
    "name": "rate", "kind": "pointwise", "verdict": {"scale": {"high": 5, "anchors": ["rating"]}},
    "verdict_prefix": "Rating: ", "text": "{input}\n{response}\nRating:",
}  # fmt: skip
TEN = {**RATING, "verdict": {"scale": {"high": 10, "anchors": ["rating"]}}}
JSON = {**RATING, "verdict": {"json": {"key": "score"}}, "verdict_prefix": ""}
YES_NO = {
    "name": "verify", "kind": "verifier", "verdict": {"yes_no": {}},
    "text": "{input}\n{response}\nIs the answer correct (Yes/No)?",
}  # fmt: skip
REFERENCE = {**YES_NO, "kind": "reference", "text": "{reference}\n{response}\n(Yes/No)?"}
CHECK = {**YES_NO, "kind": "rubric", "text": "{input}\n{response}\n{criterion}\n(Yes/No)?"}
LIST = {
    "name": "list", "kind": "listwise", "verdict": {"scores": {}}, "item": "{number}\n{response}",
    "text": "{input}\n{responses}\nScores:",
}  # fmt: skip
BEST = {
    **LIST, "verdict": {"labels": ["A", "B", "C"]}, "verdict_prefix": "[[", "num_responses": 3,
    "item": "{letter}\n{response}",
}  # fmt: skip

_FENCED = re.compile(r"<text (\w+)>\n(.*?)\n</text \1>", re.DOTALL)


def shown(body) -> list[str]:
    """The untrusted texts in the first user turn of a request, as they were before the fences."""
    return [restored(text) for _, text in _FENCED.findall(asked(body))]


def asked(body) -> str:
    """The first user turn of a request."""
    return next(turn["content"] for turn in body["messages"] if turn["role"] == "user")


def echo(body, words: str) -> str:
    """The line of the request with these words, as it stands there: neutralised."""
    return next(line for line in asked(body).splitlines() if words in restored(line))


def is_probe(body) -> bool:
    return [turn["content"] for turn in body["messages"]][:1] == ["Hi"]


class Judging(ChatServer):
    """A server whose judge is a function of the texts shown (or of the request, `by_body`)."""

    def __init__(self, judge, *, by_body=False, **options) -> None:
        def answer(body):
            if is_probe(body):
                return "Hello"
            return judge(body if by_body else shown(body))

        super().__init__(answer, **options)

    @property
    def asked(self) -> list[dict]:
        """The requests that judge something."""
        return [request.body for request in self.seen
                if request.body and not is_probe(request.body)]  # fmt: skip

    @property
    def way(self) -> dict:
        """The options that name this server."""
        return {"server": self.url, "model": "judge"}


def longer(texts) -> str:
    """Names the longer of the two responses."""
    return "[[A]]" if len(texts[1]) > len(texts[2]) else "[[B]]"
