"""Owns the prompts: versioned text files, filled in with a request; source text in them is fenced as data."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from string import Template
from typing import Any

_FILE = re.compile(
    r"\A---\nversion: (?P<version>\S+)\n---\n# System\n(?P<system>.*?)\n# Request\n(?P<request>.*)\Z", re.DOTALL
)
_SAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


@dataclass(frozen=True, slots=True)
class Prompt:
    """`system` holds the instructions, `request` the `string.Template` of what they are about."""

    version: str
    system: str
    request: str

    def fill(self, **values: object) -> str:
        """The request with its values. Raises `KeyError` for a name without one."""
        return Template(self.request).substitute({name: str(value) for name, value in values.items()})


@lru_cache(maxsize=32)
def prompt(name: str) -> Prompt:
    """The prompt of the file ``prompt_files/<name>.md``."""
    text = resources.files("chapter_pipeline.providers").joinpath("prompt_files", f"{name}.md").read_text("utf-8")
    match = _FILE.match(text)
    assert match is not None, f"the prompt {name!r} has not the form that prompts have"
    return Prompt(match["version"], match["system"].strip(), match["request"].strip())


def fenced(name: str, value: Any) -> str:
    """`value` as JSON between tags. No text in it can close the fence: it holds no angle bracket."""
    return f"<{name}>\n{json.dumps(value, ensure_ascii=False, indent=0).translate(_SAFE)}\n</{name}>"
