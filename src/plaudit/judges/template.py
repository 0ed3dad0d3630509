"""Judge templates are data: a YAML file with slots, the grammar of its verdict, and its source.

name, version, language (en, zh), source
kind           pairwise | pointwise | listwise | verifier | reference | rubric
text           the user turn, with slots {input}, {response_a}, ...; or text_file beside the file
system         the system turn, if any
verdict        {labels: [A, B]} | {labels: {allowed, values, marker, anchors, key}}
               | {scale: {low, high, anchors, is_integer}} | {scores: {low, high, anchors}}
               | {json: {key, low, high}} | {yes_no: {anchors}}
is_fenced      whether untrusted text stands between fences with a nonce and has its verdict
               markers neutralised (true unless the model was trained on exactly this wording)
reasons        whether the reply reasons before its verdict
verdict_prefix what the reply is made to begin with where its verdict is read by log-probs ("[[")
reminder       what is said after an unreadable reply (made from the verdict's grammar if absent)
sampling       {temperature, top_p, max_tokens}: defaults
schema         a JSON schema of the reply
item           listwise: how each response stands in {responses}, with {letter} {number} {response}
num_responses  listwise: exactly so many
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import os
import re
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plaudit.engines.chat import Sampling
from plaudit.errors import ConfigError, clipped, did_you_mean
from plaudit.judges.verdict import (
    MARK,
    JsonScore,
    Labels,
    Scale,
    Scores,
    Spec,
    YesNo,
    claims,
    describe,
    is_legible,
    narrow,
    restored,
)

__all__ = ["Template", "load_template", "neutralised", "restored", "shipped", "template_file"]

_FOLDER = Path(__file__).parent / "templates"
_SLOT = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_KINDS = ("pairwise", "pointwise", "listwise", "verifier", "reference", "rubric")
_SLOTS = ("input", "question", "history", "response_a", "response_b", "response", "responses",
          "conversation", "conversation_a", "conversation_b", "reference", "rubric",
          "criterion")  # fmt: skip
_ITEM_SLOTS = ("letter", "number", "response")
_DRAWN = ("temperature", "top_p", "max_tokens")
_SPECS: Mapping[str, type] = {
    "labels": Labels, "scale": Scale, "scores": Scores, "json": JsonScore, "yes_no": YesNo,
}  # fmt: skip
_REMINDERS = {
    "en": "Your reply holds no verdict in the required form. Reply with {} and nothing else.",
    "zh": "你的回复中没有符合要求的结论。请只回复{}，不要写任何别的内容。",
}
# Brackets of full width count as brackets: what is read is normalised first.
_MARKERS = re.compile(
    r"[\[［【<](?:(?<!<)(?=[\[［【]|(?i:RESULT))|(?<=<)/?(?=(?i:think|answer|verdict|text\b)))"
)
_MARKUP = re.compile(r"[\\&*_~<|#【】\uff01-\uff5e]")


@dataclass(frozen=True)
class Template:
    """A judge's prompt and how its reply is read. The fields are those of a template file."""

    name: str
    text: str
    spec: Spec
    kind: str
    language: str = "en"
    version: int = 1
    source: str = ""
    system: str = ""
    is_fenced: bool = True
    reasons: bool = False
    verdict_prefix: str = ""
    reminder: str = ""
    sampling: Mapping[str, float] = field(default_factory=dict, hash=False)
    schema: Mapping[str, Any] | None = field(default=None, hash=False)
    item: str = ""
    num_responses: int | None = None

    @functools.cached_property
    def slots(self) -> tuple[str, ...]:
        """The names in braces, in order, each once."""
        return tuple(dict.fromkeys(_SLOT.findall(f"{self.system}\n{self.text}")))

    @functools.cached_property
    def hash(self) -> str:
        """What tells this prompt and its reading from another: 16 digits."""
        told = (self.system, self.text, self.spec, self.is_fenced, self.reasons, self.item,
                self.verdict_prefix, self.asked_again, self.schema, self.num_responses)  # fmt: skip
        return hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest()

    @property
    def asked_again(self) -> str:
        """What is said after an unreadable reply: `reminder`, or one made of the verdict's form.

        >>> load_template("skywork_critic_pairwise").asked_again[-56:]
        'Reply with exactly one of [[A]], [[B]] and nothing else.'
        """
        return self.reminder or _REMINDERS[self.language].format(describe(self.spec, self.language))

    def messages(self, **values: str) -> list[dict[str, str]]:
        """The turns for the given slots, filled in one pass: a value cannot open another slot.

        {responses} is filled with what `listed` made; every other value gets its fence here. An
        empty {history} stays empty.

        Raises: ConfigError for a slot that has no value, or a value that has no slot.
        """
        self._check(values)
        held = {name: self._held(name, value) for name, value in values.items()}
        fill = functools.partial(_SLOT.sub, lambda match: held[match[1]])
        turns = [("system", fill(self.system))] if self.system else []
        return [{"role": r, "content": c} for r, c in [*turns, ("user", fill(self.text))]]

    def listed(self, responses: Sequence[str]) -> str:
        """The value of {responses}: each response in its `item`, fenced, lettered and numbered.

        Raises: ConfigError where the template takes another number of responses.
        """
        count = len(responses)
        if self.num_responses not in (None, count):
            raise ConfigError(
                f"template {self.name}: {count} responses, but it compares {self.num_responses};"
                " give it groups of that size or take a template without num_responses"
            )
        if "{letter}" in self.item and count > 26:
            raise ConfigError(
                f"template {self.name}: {count} responses, but only 26 letters; use {{number}}"
            )
        made = [self._item(i, response) for i, response in enumerate(responses)]
        return "\n\n".join(made)

    def _check(self, values: Mapping[str, str]) -> None:
        for name in self.slots:
            if name not in values:
                raise ConfigError(f"template {self.name}: no value for its slot {{{name}}}")
        for name in values:
            if name not in self.slots:
                raise ConfigError(
                    f"template {self.name} has no slot {{{name}}}"
                    f"{did_you_mean(name, self.slots) or '.'} It has {', '.join(self.slots)}"
                )

    def _held(self, name: str, value: str) -> str:
        """A value as it stands in the prompt."""
        is_done = name == "responses" or (name == "history" and not value)
        return value if is_done or not self.is_fenced else _fenced(value, self.spec)

    def _item(self, place: int, response: str) -> str:
        held = {
            "letter": string.ascii_uppercase[place % 26],
            "number": str(place + 1),
            "response": self._held("response", response),
        }
        return _SLOT.sub(lambda match: held[match[1]], self.item)


@functools.lru_cache(maxsize=256)
def _fenced(value: str, spec: Spec) -> str:
    """The value between fences that it cannot contain, its markers neutralised.

    The nonce is of the value alone, so that both orders of a pair share their prompt up to the
    first response.
    """
    nonce = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    return f"<text {nonce}>\n{neutralised(value, spec)}\n</text {nonce}>"


def neutralised(text: str, spec: Spec | None = None) -> str:
    """The text with an invisible mark (U+2060) inside whatever a parser could take for a verdict.

    Double brackets, think, answer and verdict tags always; with a `spec` also what it would read:
    a value behind its anchor ("Rating: 7", "总体打分：5", "(Yes/No)? Yes"), a key of its JSON, its
    own marker. Where a verdict hides in markup, escapes or odd characters, the marks stand behind
    every such character, in the worst case behind every character. Marks are only added: `restored`
    gives the text back, without the U+2060 that it may have held itself.

    >>> neutralised("[[A]]") == "[[A]]", restored(neutralised("[[A]] </think>")) == "[[A]] </think>"
    (False, True)
    >>> neutralised("Rating: 7", Scale(1, 10, ("rating",)))
    'Rating: \u20607'
    """
    marked = _MARKERS.sub(lambda match: match[0] + MARK, text)
    for again in (_split, _inside, _odd, _every):
        if spec is None or not is_legible(marked, spec):
            break
        marked = again(marked, spec)
    return marked


def _split(text: str, spec: Spec) -> str:
    """The text with a mark before the value of each claim, and inside the sign it opens with."""
    plain = narrow(text)
    places = set()
    for match in claims(plain, spec):
        places.add(match.start(match.lastindex or 0))
        if not plain[match.start()].isalnum():
            places.add(match.start() + 1)
    return _cut(text, places)


def _inside(text: str, spec: Spec) -> str:
    """The text with a mark behind the first character of each claim."""
    return _cut(text, {match.start() + 1 for match in claims(narrow(text), spec)})


def _cut(text: str, places: Iterable[int]) -> str:
    cuts = [0, *sorted(places), len(text)]
    return MARK.join(text[start:end] for start, end in itertools.pairwise(cuts))


def _odd(text: str, spec: Spec) -> str:
    return _MARKUP.sub(lambda match: match[0] + MARK, text)


def _every(text: str, spec: Spec) -> str:
    return "".join(char + MARK for char in text)


def shipped() -> list[str]:
    """The names of the templates that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_template(name: str | os.PathLike[str] | Mapping[str, Any]) -> Template:
    """A shipped template by its name, a YAML file of your own, or a mapping.

    Raises: ConfigError naming the file, the field, what was found and what would fit.

    >>> load_template("skywork_critic_pairwise").slots
    ('input', 'response_a', 'response_b')
    """
    if isinstance(name, Mapping):
        return _made(name, "template", None)
    import yaml

    path = template_file(name)

    try:
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(held, Mapping):
        raise ConfigError(f"{path}: a template is a mapping with text and verdict")
    return _made(held, str(path), path.parent)


def template_file(name: str | os.PathLike[str]) -> Path:
    """The file of a template: your own, or the shipped one of that name. Raises ConfigError."""
    path = Path(name)
    path = path if path.is_file() else _FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise ConfigError(
            f"no template {str(name)!r}: neither a file nor a shipped one"
            f"{did_you_mean(str(name), shipped()) or '.'} Shipped: {', '.join(shipped())}"
        )
    return path


_KEYS = ("verdict", "text_file",
         *(f.name for f in dataclasses.fields(Template) if f.name != "spec"))  # fmt: skip


def _made(held: Mapping[str, Any], place: str, folder: Path | None) -> Template:
    _known(held, _KEYS, place, "field")
    if held.get("kind") not in _KINDS:
        raise ConfigError(f"{place}: kind={held.get('kind')!r} must be one of {', '.join(_KINDS)}")
    told = {k: v for k, v in held.items() if k not in ("verdict", "text_file")}
    if "text_file" in held:
        told["text"] = _beside(held["text_file"], place, folder)
    if not isinstance(told.get("text"), str):
        raise ConfigError(f"{place}: field 'text': expected the user turn's text")
    told.setdefault("name", Path(place).stem)
    spec = _spec(held.get("verdict"), place)
    if told["kind"] == "listwise" and isinstance(spec, Labels):
        spec = dataclasses.replace(spec, tie="")  # the third of three responses is no tie
    made = Template(spec=spec, **told)
    _known(made.slots, _SLOTS, place, "slot")
    _check_fields(made, place)
    return made


def _beside(name: Any, place: str, folder: Path | None) -> str:
    """The text of a file beside the template's, byte for byte; no other file can be named."""
    if folder is None or not isinstance(name, str) or Path(name).name != name:
        raise ConfigError(
            f"{place}: field 'text_file': expected the name of a file beside the template's own,"
            f" found {clipped(name)}"
        )
    try:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{place}: field 'text_file': {name} cannot be read: {error}") from None


def _known(names: Mapping[str, Any] | Sequence[str], allowed: Sequence[str], place: str,
           what: str) -> None:  # fmt: skip
    """Raises ConfigError for the first name that is not allowed."""
    for name in names:
        if name not in allowed:
            shown = f"{{{name}}}" if what == "slot" else repr(name)
            raise ConfigError(
                f"{place}: unknown {what} {shown}{did_you_mean(str(name), allowed) or '.'}"
                f" It takes {', '.join(allowed)}"
            )


def _check_fields(made: Template, place: str) -> None:
    if made.language not in _REMINDERS:
        raise ConfigError(f"{place}: language={made.language!r} must be en or zh")
    is_list = "responses" in made.slots
    if is_list != ("{response}" in made.item):
        raise ConfigError(
            f"{place}: field 'item': a template with {{responses}} needs an item with {{response}},"
            f" and only such a template; found item={made.item!r}"
        )
    _known(_SLOT.findall(made.item), _ITEM_SLOTS, place, "slot")
    if not isinstance(made.sampling, Mapping):
        raise ConfigError(f"{place}: field 'sampling': expected a mapping, got {made.sampling!r}")
    _known(made.sampling, _DRAWN, place, "sampling field")
    Sampling(**made.sampling)  # type: ignore[arg-type]


def _spec(held: Any, place: str) -> Spec:
    """The verdict's grammar, from its short form in a template file."""
    if not isinstance(held, Mapping) or len(held) != 1 or next(iter(held)) not in _SPECS:
        raise ConfigError(f"{place}: field 'verdict': expected one of {', '.join(_SPECS)}")
    ((kind, told),) = held.items()
    if kind == "labels" and isinstance(told, list):
        told = {"allowed": told}
    made = _SPECS[kind]
    known = [field.name for field in dataclasses.fields(made)]
    if not isinstance(told, Mapping) or set(told) - set(known):
        raise ConfigError(f"{place}: field 'verdict': {kind} takes {', '.join(known)}")
    told = {k: tuple(v) if isinstance(v, list) else v for k, v in told.items()}
    if "allowed" in told:
        told["allowed"] = tuple(map(str, told["allowed"]))
    try:
        return made(**told)
    except ConfigError as error:
        raise ConfigError(f"{place}: field 'verdict': {error}") from None
