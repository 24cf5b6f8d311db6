"""Owns what all artifacts are: frozen documents that refuse unknown keys, but for those that earlier releases stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, model_validator

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]")


def _one_line(value: str) -> str:
    """`value` with its line breaks and tabs as spaces. Raises `ValueError` for what a terminal or a page would obey."""
    found = _CONTROL.search(value)
    if found:
        raise ValueError(f"it holds the control character {found.group()!r}: take it out")
    return " ".join(part.strip() for part in re.split(r"[\t\r\n]+", value.strip("\t\r\n"))) or value


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", min_length=2, max_length=80)]
Line = Annotated[str, StringConstraints(max_length=500), AfterValidator(_one_line)]
"""What a person writes of a brief or template."""
Topic = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300), AfterValidator(_one_line)
]


def _section_kind(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z_]{0,39}", value):
        raise ValueError(
            "a section kind is 1 to 40 lower-case letters and underscores and begins with a letter, for example"
            " 'choosing_patients'"
        )
    return value


SectionKind = Annotated[str, AfterValidator(_section_kind)]
"""The name of a section in a template; the last part of its asset's key ``section/<kind>``."""


class StageValue(BaseModel):
    """Base of all stored values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    retired: ClassVar[frozenset[str]] = frozenset()
    """Keys that earlier releases stored and nobody reads any more: they are dropped, every other unknown key is refused."""

    @model_validator(mode="before")
    @classmethod
    def _without_retired_keys(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or cls.retired.isdisjoint(value):
            return value
        return {key: one for key, one in value.items() if key not in cls.retired}


USES = frozenset({"uses"})
"""What text models had done up to a stage, as its value held it before the ledger told it."""
USAGE = frozenset({"cost_usd", "input_tokens", "output_tokens", "latency_s", "fallbacks"})
"""What a text by a text model had used, as its value held it before the ledger told it."""
