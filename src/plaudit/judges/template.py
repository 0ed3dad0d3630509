"""Judge templates are data: a YAML file with slots, the grammar of its verdict, and its source.

name, version, language (en, zh), source
kind           pairwise | pointwise | listwise | verifier
text           the user turn, with slots {input}, {response_a}, ...; or text_file beside the file
system         the system turn, if any
verdict        {labels: [...]} | {scale: {low, high, anchors}} | {json: {key, low, high}}
               | {yes_no: {}}
is_fenced      whether untrusted text stands between fences with a nonce and has its verdict
               markers neutralised (true unless the model was trained on exactly this wording)
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plaudit.errors import ConfigError, did_you_mean
from plaudit.judges.verdict import JsonScore, Labels, Scale, Spec, YesNo

__all__ = ["Template", "load_template", "neutralised", "restored", "shipped"]

_FOLDER = Path(__file__).parent / "templates"
_SLOT = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_KINDS = ("pairwise", "pointwise", "listwise", "verifier")
_SLOTS = ("input", "response_a", "response_b", "reference", "rubric", "responses", "context")
_KEYS = ("name", "version", "language", "kind", "source", "text", "text_file", "system", "verdict",
         "is_fenced")  # fmt: skip
_SPECS: Mapping[str, type] = {
    "labels": Labels, "scale": Scale, "json": JsonScore, "yes_no": YesNo,
}  # fmt: skip
_MARK = "\u2060"  # word joiner: nothing to see, and it keeps a marker from being one
_MARKERS = re.compile(r"\[(?=\[)|(?<=\[)\[|\[(?=RESULT)|</?(?=think|answer|verdict)", re.IGNORECASE)


@dataclass(frozen=True)
class Template:
    """A judge's prompt and how its reply is read."""

    name: str
    text: str
    spec: Spec
    kind: str
    language: str = "en"
    version: int = 1
    source: str = ""
    system: str = ""
    is_fenced: bool = True

    @property
    def slots(self) -> tuple[str, ...]:
        """The names in braces, in order, each once."""
        return tuple(dict.fromkeys(_SLOT.findall(f"{self.system}\n{self.text}")))

    @property
    def hash(self) -> str:
        """What tells this wording from another: 16 digits."""
        told = repr((self.system, self.text, self.spec, self.is_fenced))
        return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()

    def messages(self, **values: str) -> list[dict[str, str]]:
        """The turns for the given slots, filled in one pass: a value cannot open another slot.

        Raises: ConfigError for a slot that has no value, or a value that has no slot.
        """
        for name in self.slots:
            if name not in values:
                raise ConfigError(f"template {self.name}: no value for its slot {{{name}}}")
        for name in values:
            if name not in self.slots:
                raise ConfigError(
                    f"template {self.name} has no slot {{{name}}}"
                    f"{did_you_mean(name, self.slots) or '.'} It has {', '.join(self.slots)}"
                )
        held = self._fenced(values) if self.is_fenced else values
        fill = functools.partial(_SLOT.sub, lambda match: held[match[1]])
        turns = [("system", fill(self.system))] if self.system else []
        return [{"role": r, "content": c} for r, c in [*turns, ("user", fill(self.text))]]

    def _fenced(self, values: Mapping[str, str]) -> dict[str, str]:
        """Each value between fences that no value can contain, its markers neutralised."""
        told = "\0".join(f"{name}\0{value}" for name, value in sorted(values.items()))
        nonce = hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        return {
            name: f"<text {nonce}>\n{neutralised(value)}\n</text {nonce}>"
            for name, value in values.items()
        }


def neutralised(text: str) -> str:
    """The text with an invisible mark inside whatever a parser could take for a verdict.

    >>> neutralised("[[A]]") == "[[A]]", restored(neutralised("[[A]] </think>")) == "[[A]] </think>"
    (False, True)
    """
    return _MARKERS.sub(lambda match: match[0] + _MARK, text)


def restored(text: str) -> str:
    """A neutralised text as it was."""
    return text.replace(_MARK, "")


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
        return _made(name, "template", Path())
    path = Path(name)
    path = path if path.is_file() else _FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise ConfigError(
            f"no template {str(name)!r}: neither a file nor a shipped one"
            f"{did_you_mean(str(name), shipped()) or '.'} Shipped: {', '.join(shipped())}"
        )
    import yaml

    try:
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(held, Mapping):
        raise ConfigError(f"{path}: a template is a mapping with text and verdict")
    return _made(held, str(path), path.parent)


def _made(held: Mapping[str, Any], place: str, folder: Path) -> Template:
    for key in held:
        if key not in _KEYS:
            raise ConfigError(
                f"{place}: unknown field {key!r}{did_you_mean(str(key), _KEYS) or '.'}"
                f" It takes {', '.join(_KEYS)}"
            )
    if held.get("kind") not in _KINDS:
        raise ConfigError(f"{place}: kind={held.get('kind')!r} must be one of {', '.join(_KINDS)}")
    told = {k: v for k, v in held.items() if k not in ("verdict", "text_file")}
    if "text_file" in held:
        with (folder / held["text_file"]).open(encoding="utf-8", newline="") as file:
            told["text"] = file.read()
    if not isinstance(told.get("text"), str):
        raise ConfigError(f"{place}: field 'text': expected the user turn's text")
    told.setdefault("name", Path(place).stem)
    made = Template(spec=_spec(held.get("verdict"), place), **told)
    for slot in made.slots:
        if slot not in _SLOTS:
            raise ConfigError(
                f"{place}: unknown slot {{{slot}}}{did_you_mean(slot, _SLOTS) or '.'}"
                f" Slots are {', '.join(_SLOTS)}"
            )
    return made


def _spec(held: Any, place: str) -> Spec:
    """The verdict's grammar, from its short form in a template file."""
    if not isinstance(held, Mapping) or len(held) != 1 or next(iter(held)) not in _SPECS:
        raise ConfigError(f"{place}: field 'verdict': expected one of {', '.join(_SPECS)}")
    ((kind, told),) = held.items()
    if kind == "labels" and isinstance(told, list):
        return Labels(tuple(map(str, told)))
    made = _SPECS[kind]
    known = [field.name for field in dataclasses.fields(made)]
    if not isinstance(told, Mapping) or set(told) - set(known):
        raise ConfigError(f"{place}: field 'verdict': {kind} takes {', '.join(known)}")
    return made(**{k: tuple(v) if isinstance(v, list) else v for k, v in told.items()})
