"""The schema of a reply is one that all providers accept; what comes back is held against our own model."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from chapter_pipeline.domain import StageValue
from chapter_pipeline.domain.tasks import KeyConceptsReply
from chapter_pipeline.providers.faults import CallFailed, Fault
from chapter_pipeline.providers.language_sections import Repairs, WrittenSection
from chapter_pipeline.providers.structured_output import read_reply, reply_schema


class Dose(StageValue):
    drug: str = Field(min_length=2)
    mg: float = Field(default=1.0, ge=0)
    routes: tuple[str, ...] = ()
    note: str | None = None


class Free(BaseModel):
    pairs: dict[str, str]


class Tree(BaseModel):
    children: list[Tree]


class Cost(BaseModel):
    usd: Decimal


class Anything(BaseModel):
    value: Any


class Places(BaseModel):
    words: list  # type: ignore[type-arg]


class Pill(BaseModel):
    """A pill."""

    form: Literal["pill"]
    mg: int


class Drops(BaseModel):
    form: Literal["drops"]
    ml: float


class Given(BaseModel):
    drug: Annotated[Pill | Drops, Field(discriminator="form")]
    last: Pill = Field(description="The last one that was given.")
    hours: tuple[int, int]
    pair: tuple[str, int]


def objects(schema: Any) -> list[dict[str, Any]]:
    found = [schema] if isinstance(schema, dict) and schema.get("type") == "object" else []
    values = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    return [*found, *(one for value in values for one in objects(value))]


@pytest.mark.parametrize("model", [Dose, Given, KeyConceptsReply, WrittenSection, Repairs])
def test_reply_schema__every_model_that_is_asked_for__is_closed_and_complete(model: type[BaseModel]) -> None:
    schema = reply_schema(model)
    assert objects(schema)
    for one in objects(schema):
        assert one["additionalProperties"] is False
        assert one["required"] == list(one["properties"])
    text = json.dumps(schema)
    for word in ("$ref", "$defs", "default", "minLength", "minimum", "oneOf", "prefixItems", "discriminator"):
        assert f'"{word}"' not in text


@pytest.mark.parametrize(
    ("model", "field"),
    [(Free, "Free.pairs"), (Tree, "Tree.children"), (Cost, "Cost.usd"), (Anything, "Anything.value"),
     (Places, "Places.words")],
)  # fmt: skip
def test_reply_schema__what_strict_mode_has_no_form_for__is_refused_by_its_name(
    model: type[BaseModel], field: str
) -> None:
    with pytest.raises(TypeError, match=rf"^{field}: .* has no form in strict mode"):
        reply_schema(model)


def test_reply_schema__one_of_several_and_tuples__keep_their_types() -> None:
    properties = reply_schema(Given)["properties"]
    assert [one["properties"]["form"]["const"] for one in properties["drug"]["anyOf"]] == ["pill", "drops"]
    assert properties["last"]["description"] == "The last one that was given."
    assert properties["hours"]["items"] == {"type": "integer"}
    assert properties["pair"]["items"] == {"anyOf": [{"type": "string"}, {"type": "integer"}]}


def test_read_reply__fenced_or_bare__is_the_model() -> None:
    text = '{"drug": "atorvastatin", "mg": 20, "routes": ["oral"], "note": null}'
    for one in (text, f"```json\n{text}\n```", f"  \n{text}\n"):
        assert read_reply(one, Dose) == Dose(drug="atorvastatin", mg=20, routes=("oral",))


@pytest.mark.parametrize(
    ("text", "fault", "told"),
    [
        ("", Fault.SCHEMA, "0 characters"),
        ('{"drug": "ator', Fault.SCHEMA, "no JSON"),
        ('{"drug": "a", "mg": 1}', Fault.SCHEMA, "drug: "),
        ('{"drug": "atorvastatin", "mg": -1}', Fault.SCHEMA, "mg: "),
        ('{"drug": "atorvastatin", "dose": 1}', Fault.SCHEMA, "dose: "),
        ('["secret words"]', Fault.SCHEMA, "the whole: "),
    ],
)
def test_read_reply__not_as_asked__is_told_without_its_text(text: str, fault: Fault, told: str) -> None:
    with pytest.raises(CallFailed, match=told) as caught:
        read_reply(text, Dose)
    assert caught.value.fault is fault
    assert "atorvastatin" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ['{"drug": "a\\u0000b"}', '{"dr\\u0000ug": "ab"}', '{"drug": "ab", "routes": ["\\u0000"]}', '{"drug": "a\x00b"}'],
)
def test_read_reply__character_nul__is_not_as_asked(text: str) -> None:
    with pytest.raises(CallFailed) as caught:
        read_reply(text, Dose)
    assert caught.value.fault is Fault.SCHEMA


def test_read_reply__words_that_look_like_nul__are_words() -> None:
    assert read_reply(r'{"drug": "\\u0000"}', Dose).drug == r"\u0000"
