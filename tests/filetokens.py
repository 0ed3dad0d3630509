"""Ids straight from a checkpoint's tokenizer.json: an oracle apart from the loader."""

from __future__ import annotations

import json
from pathlib import Path


class FileTokens:
    """What tests need of a tokenizer: ids, the ids of named tokens, the chat template."""

    def __init__(self, path: Path):
        import tokenizers

        self.file = tokenizers.Tokenizer.from_file(str(path / "tokenizer.json"))
        self.config = json.loads((path / "tokenizer_config.json").read_text("utf-8"))
        template = path / "chat_template.jinja"
        self.template = template.read_text("utf-8") if template.is_file() else None

    def __call__(self, *texts: str, add_special_tokens: bool = True, pair: bool = False):
        made = self.file.encode(*texts, add_special_tokens=add_special_tokens)
        return {"input_ids": made.ids, "token_type_ids": made.type_ids}

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        return self(text, add_special_tokens=add_special_tokens)["input_ids"]

    def id_of(self, name: str) -> int:
        """The id of a token as tokenizer_config.json names it ("eos_token", ...)."""
        token = self.config[name]
        return self.file.token_to_id(token["content"] if isinstance(token, dict) else token)

    def chat(self, turns: list, *, generation: bool = False, template: str | None = None) -> str:
        """The template's text, rendered by jinja2 alone."""
        import jinja2

        names = {k: v for k, v in self.config.items() if k.endswith("_token")}
        names = {k: v["content"] if isinstance(v, dict) else v for k, v in names.items()}
        return jinja2.Template(template or self.template).render(
            messages=turns, add_generation_prompt=generation, **names
        )

    def chat_ids(self, turns: list, **options) -> list[int]:
        return self.encode(self.chat(turns, **options), add_special_tokens=False)
