"""Judge templates are data: a YAML file with placeholders, the grammar of its verdict, its source.

name, version, language (en, zh), source
kind           pairwise | pointwise | listwise | verifier | reference | rubric
text           the user turn, with slots {input}, {response_a}, ...; or text_file beside the file
system         the system turn, if any
verdict        {labels: [A, B]} | {labels: {allowed, values, marker, anchors, key}}
               | {scale: {low, high, anchors, is_integer}} | {scores: {low, high, anchors}}
               | {json: {key, low, high}} | {yes_no: {anchors}}
is_fenced      whether untrusted text is put between fences with a nonce and has its verdict
               markers neutralised (true unless the model was trained on exactly this wording)
reasons        whether the reply reasons before its verdict
verdict_prefix the prefix of the reply where its verdict is read by log-probs ("[[")
reminder       the message after an unreadable reply (default: made from the verdict's form)
sampling       {temperature, top_p, max_tokens}: defaults
schema         a JSON schema of the reply
item           listwise: the form of each response in {responses}, with {letter} {number} {response}
num_responses  listwise: exactly this many
"""

from __future__ import annotations

import dataclasses
import functools
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
from plaudit.hashing import digest
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
    holds_any,
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
# Brackets of full width count as brackets: replies are normalised before they are read.
_MARKERS = re.compile(
    r"[\[［【<](?:(?<!<)(?=[\[［【]|(?i:RESULT))|(?<=<)/?(?=(?i:think|answer|verdict|text\b)))"
)
_MARKER_STARTS = "[［【<"
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
        """A hash of the prompt and of how its reply is read: 16 digits."""
        contents = (
            self.system, self.text, self.spec, self.is_fenced, self.reasons, self.item,
            self.verdict_prefix, self.reminder_text, self.schema, self.num_responses,
        )  # fmt: skip
        return digest(repr(contents), size=8).hex()

    @property
    def reminder_text(self) -> str:
        """The message after an unreadable reply: `reminder`, or one made from the verdict's form.

        >>> load_template("skywork_critic_pairwise").reminder_text[-56:]
        'Reply with exactly one of [[A]], [[B]] and nothing else.'
        """
        return self.reminder or _REMINDERS[self.language].format(describe(self.spec, self.language))

    def messages(self, **values: str) -> list[dict[str, str]]:
        """The turns with these placeholders replaced in one pass: a value cannot add a placeholder.

        {responses} takes the text that `listed` made; every other value gets its fence here. An
        empty {history} stays empty.

        Raises: ConfigError for a slot that has no value, or a value that has no slot.
        """
        self._check(values)
        texts = {name: self._slot_text(name, value) for name, value in values.items()}
        fill = functools.partial(_SLOT.sub, lambda match: texts[match[1]])
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
        items = [self._item(i, response) for i, response in enumerate(responses)]
        return "\n\n".join(items)

    def _check(self, values: Mapping[str, str]) -> None:
        for name in self.slots:
            if name not in values:
                raise ConfigError(f"template {self.name}: no value for {{{name}}}")
        for name in values:
            if name not in self.slots:
                raise ConfigError(
                    f"template {self.name} has no placeholder {{{name}}}"
                    f"{did_you_mean(name, self.slots) or '.'} It has {', '.join(self.slots)}"
                )

    def _slot_text(self, name: str, value: str) -> str:
        """A value as it goes into the prompt."""
        is_done = name == "responses" or (name == "history" and not value)
        return value if is_done or not self.is_fenced else _fence(value, self.spec)

    def _item(self, place: int, response: str) -> str:
        texts = {
            "letter": string.ascii_uppercase[place % 26],
            "number": str(place + 1),
            "response": self._slot_text("response", response),
        }
        return _SLOT.sub(lambda match: texts[match[1]], self.item)


@functools.lru_cache(maxsize=256)
def _fence(value: str, spec: Spec) -> str:
    """The value between fences that it cannot contain, its markers neutralised.

    The nonce is of the value alone, so that both orders of a pair share their prompt up to the
    first response.
    """
    nonce = digest(value, size=6).hex()
    return f"<text {nonce}>\n{neutralised(value, spec)}\n</text {nonce}>"


def neutralised(text: str, spec: Spec | None = None) -> str:
    """The text with an invisible mark (U+2060) inside whatever a parser could take for a verdict.

    Double brackets, think, answer and verdict tags always; with a `spec` also every value that it
    would read: after its anchor ("Rating: 7", "总体打分：5", "(Yes/No)? Yes"), under its JSON key,
    in its own marker. Where a verdict hides in markup, escapes or odd characters, marks go after
    every such character, in the worst case after every character. Marks are only added: `restored`
    gives the text back, without the U+2060 that it may have held itself.

    >>> neutralised("[[A]]") == "[[A]]", restored(neutralised("[[A]] </think>")) == "[[A]] </think>"
    (False, True)
    >>> neutralised("Rating: 7", Scale(1, 10, ("rating",)))
    'Rating: \u20607'
    """
    marked = text
    if holds_any(text, _MARKER_STARTS):
        marked = _MARKERS.sub(lambda match: match[0] + MARK, text)
    for again in (_split, _inside, _odd, _every):
        if spec is None or not is_legible(marked, spec):
            break
        marked = again(marked, spec)
    return marked


def _split(text: str, spec: Spec) -> str:
    """The text with a mark before the value of each claim, and inside its opening sign."""
    narrowed = narrow(text)
    places = set()
    for match in claims(narrowed, spec):
        places.add(match.start(match.lastindex or 0))
        if not narrowed[match.start()].isalnum():
            places.add(match.start() + 1)
    return _cut(text, places)


def _inside(text: str, spec: Spec) -> str:
    """The text with a mark after the first character of each claim."""
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


def load_template(name: str | os.PathLike[str] | Mapping[str, object]) -> Template:
    """A shipped template by its name, a YAML file of your own, or a mapping.

    Raises: ConfigError naming the file, the field, the value and the allowed values.

    >>> load_template("skywork_critic_pairwise").slots
    ('input', 'response_a', 'response_b')
    """
    if isinstance(name, Mapping):
        return _build_template(name, "template", None)
    import yaml

    path = template_file(name)

    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(fields, Mapping):
        raise ConfigError(f"{path}: a template is a mapping with text and verdict")
    return _build_template(fields, str(path), path.parent)


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


def _build_template(fields: Mapping[str, Any], place: str, folder: Path | None) -> Template:
    _check_names(fields, _KEYS, place, "field")
    if fields.get("kind") not in _KINDS:
        raise ConfigError(
            f"{place}: kind={fields.get('kind')!r} must be one of {', '.join(_KINDS)}"
        )
    settings = {k: v for k, v in fields.items() if k not in ("verdict", "text_file")}
    if "text_file" in fields:
        settings["text"] = _beside(fields["text_file"], place, folder)
    if not isinstance(settings.get("text"), str):
        raise ConfigError(f"{place}: field 'text': expected the user turn's text")
    settings.setdefault("name", Path(place).stem)
    spec = _spec(fields.get("verdict"), place)
    if settings["kind"] == "listwise" and isinstance(spec, Labels):
        spec = dataclasses.replace(spec, tie="")  # the third of three responses is not a tie
    template = Template(spec=spec, **settings)
    _check_names(template.slots, _SLOTS, place, "placeholder")
    _check_fields(template, place)
    return template


def _beside(name: object, place: str, folder: Path | None) -> str:
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


def _check_names(names: Mapping[str, object] | Sequence[str], allowed: Sequence[str], place: str,
           what: str) -> None:  # fmt: skip
    """Raises ConfigError for the first name that is not allowed."""
    for name in names:
        if name not in allowed:
            label = f"{{{name}}}" if what == "placeholder" else repr(name)
            raise ConfigError(
                f"{place}: unknown {what} {label}{did_you_mean(str(name), allowed) or '.'}"
                f" It takes {', '.join(allowed)}"
            )


def _check_fields(template: Template, place: str) -> None:
    if template.language not in _REMINDERS:
        raise ConfigError(f"{place}: language={template.language!r} must be en or zh")
    is_list = "responses" in template.slots
    if is_list != ("{response}" in template.item):
        raise ConfigError(
            f"{place}: field 'item': a template with {{responses}} needs an item with {{response}},"
            f" and only such a template; found item={template.item!r}"
        )
    _check_names(_SLOT.findall(template.item), _ITEM_SLOTS, place, "placeholder")
    if not isinstance(template.sampling, Mapping):
        raise ConfigError(
            f"{place}: field 'sampling': expected a mapping, got {template.sampling!r}"
        )
    _check_names(template.sampling, _DRAWN, place, "sampling field")
    Sampling(**template.sampling)  # type: ignore[arg-type]


def _spec(verdict: object, place: str) -> Spec:
    """The verdict's grammar, from its short form in a template file."""
    if not isinstance(verdict, Mapping) or len(verdict) != 1 or next(iter(verdict)) not in _SPECS:
        raise ConfigError(f"{place}: field 'verdict': expected one of {', '.join(_SPECS)}")
    ((kind, settings),) = verdict.items()
    if kind == "labels" and isinstance(settings, list):
        settings = {"allowed": settings}
    spec_class = _SPECS[kind]
    names = [field.name for field in dataclasses.fields(spec_class)]
    if not isinstance(settings, Mapping) or set(settings) - set(names):
        raise ConfigError(f"{place}: field 'verdict': {kind} takes {', '.join(names)}")
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
    if "allowed" in settings:
        settings["allowed"] = tuple(map(str, settings["allowed"]))
    try:
        return spec_class(**settings)
    except ConfigError as error:
        raise ConfigError(f"{place}: field 'verdict': {error}") from None
