"""The form in which a chat server takes calls, as learned from its refusals.

Servers of one protocol differ. What they answer to what they do not take, as their users report it:

    OpenAI        400  Unsupported parameter: 'max_tokens' is not supported with this model. Use
                       'max_completion_tokens' instead.
    OpenAI        400  Unsupported value: 'temperature' does not support 0 with this model.
    OpenAI        400  Could not finish the message because max_tokens or model output limit ...
    DeepSeek      400  Invalid n value (currently only n = 1 is supported)
    Groq          400  'n' : number must be at most 1
    Gemini        400  Multiple candidates is not enabled for this model
    llama.cpp     500  Only one completion choice is allowed     (400 for n_cmpl in newer ones)
    Ollama        200  one choice, whatever n is; max_completion_tokens is ignored

So `max_tokens` is tried first, and a refused `n` does not end a run.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from plaudit.engines.chat import Sampling
from plaudit.errors import EngineError

__all__ = ["Dialect", "is_cut", "is_too_long", "refuses_n"]

_NEUTRAL = {"temperature": 1.0, "top_p": 1.0}  # the server's defaults
_NO_N = ("n_cmpl", "completion choice", "candidate")
_CUT = "could not finish the message because max_tokens"
_TOO_LONG = ("context length", "context_length", "maximum context", "too long", "max_model_len",
             "exceeds the available context", "context size")  # fmt: skip


@dataclass
class Dialect:
    """What one server's calls look like; `learn` changes it."""

    limit_name: str = "max_tokens"
    has_n: bool = True
    left_out: set[str] = field(default_factory=set)

    def fit(self, body: dict[str, object], max_tokens: int, count: int) -> None:
        """Puts the limit of tokens and the number of samples into a body, and removes parameters
        that the server refuses where their value is its default; another value it shall refuse."""
        body[self.limit_name] = max_tokens
        if count > 1:
            body["n"] = count
        for name in self.left_out:
            if body.get(name) == _NEUTRAL[name]:
                del body[name]

    def learn(self, error: EngineError, sampling: Sampling, count: int) -> bool:
        """Whether the refusal of `count` samples says which form the server takes instead.

        >>> dialect = Dialect()
        >>> refusal = "400: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
        >>> dialect.learn(EngineError(refusal, 400), Sampling(), 1), dialect.limit_name
        (True, 'max_completion_tokens')
        """
        text = str(error).replace("\\'", "'")  # errors quote what a server said
        if error.status in (400, 422):
            if self.limit_name == "max_tokens" and "max_completion_tokens" in text:
                self.limit_name = "max_completion_tokens"
                return True
            for name, value in _NEUTRAL.items():
                is_new = f"'{name}'" in text and name not in self.left_out
                if is_new and getattr(sampling, name) == value:
                    self.left_out.add(name)
                    return True
        if count > 1 and refuses_n(error):
            self.has_n = False  # where it is not to blame, the single call is refused as well
            return True
        return False


def is_too_long(error: EngineError) -> bool:
    """Whether the prompt does not fit the model."""
    text = str(error).lower()
    return error.status in (400, 413, 422) and any(word in text for word in _TOO_LONG)


def is_cut(error: EngineError) -> bool:
    """Whether reasoning used up the limit of tokens, for which OpenAI has a 400."""
    return error.status == 400 and _CUT in str(error).lower()


def refuses_n(error: EngineError) -> bool:
    """Whether an error may mean that the server gives only one choice per request."""
    if is_too_long(error) or is_cut(error):
        return False
    text = str(error).lower()
    is_odd = error.status in (500, 501) and any(word in text for word in _NO_N)
    return is_odd or error.status in (400, 422)
