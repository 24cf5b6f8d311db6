"""Owns the form of a structured reply: the schema that providers accept, and reading a reply against our own model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from chapter_pipeline.providers.faults import CallFailed, Fault

T = TypeVar("T", bound=BaseModel)
_KEPT = ("type", "enum", "const", "description", "anyOf", "items", "properties", "required", "additionalProperties")
_FORMS = frozenset({"type", "enum", "const", "anyOf"})
_FENCED = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


def reply_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of `model` in what all providers accept in strict mode.

    Every object is closed and every field required; defaults, titles and limits are left out, references resolved.
    Limits are kept by `model` itself when the reply is read. Raises `TypeError` for a field that strict mode has no form
    for: a free mapping, any value at all, a `Decimal`, or a type that contains itself.
    """
    schema = model.model_json_schema(schema_generator=_Schema)
    return _closed(schema, schema.get("$defs", {}), model.__name__, ())


def read_reply(text: str, model: type[T]) -> T:
    """The reply as a `model`.

    Raises `CallFailed`, a reply not as asked: `text` is no JSON, or its first wrong field is named. The provider did its
    part, the model did not. The text itself is not part of the error.
    """
    fenced = _FENCED.match(text)
    try:
        value = json.loads(fenced.group(1) if fenced else text)
    except ValueError as error:
        raise CallFailed(Fault.SCHEMA, f"the reply of {len(text)} characters is no JSON") from error
    if any("\x00" in one for one in _strings(value)):
        raise CallFailed(Fault.SCHEMA, "the reply holds the character NUL, which no database keeps")
    try:
        return model.model_validate_json(json.dumps(value))  # in strict models a list stands for a tuple only in JSON
    except ValidationError as error:
        raise CallFailed(Fault.SCHEMA, f"{first_fault(error)} ({error.error_count()} faults)") from None


def _strings(value: Any) -> Iterator[str]:
    """All strings of a JSON value, its keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


def first_fault(error: ValidationError) -> str:
    """The place and kind of the first fault, without the value."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(map(str, first["loc"])) or "the whole"
    return f"{place}: {first['msg']}"


class _Schema(GenerateJsonSchema):
    def decimal_schema(self, schema: core_schema.DecimalSchema) -> dict[str, Any]:
        return {}  # no form: a model writes a number, whose digits are those of a float


def _closed(schema: dict[str, Any], definitions: dict[str, Any], name: str, above: tuple[str, ...]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is not None:
        target = reference.rpartition("/")[2]
        if target in above:
            raise TypeError(f"{name}: a {target} within a {target} has no form in strict mode")
        # What is said of the field stands beside the reference, and is nearer than what is said of its type.
        return _closed({**definitions[target], **_described(schema)}, definitions, name, (*above, target))
    schema = {key: value for key, value in _plain(schema).items() if key in _KEPT}
    if not schema.keys() & _FORMS or (schema.get("type") == "array" and "items" not in schema):
        raise TypeError(f"{name}: a value of no certain type has no form in strict mode")
    if schema.get("type") == "object":
        if "properties" not in schema:
            raise TypeError(f"{name}: a free mapping has no form in strict mode: use a list of pairs")
        schema["properties"] = {
            key: _closed(value, definitions, f"{name}.{key}", above) for key, value in schema["properties"].items()
        }
        schema["required"] = list(schema["properties"])
        schema["additionalProperties"] = False
    if "items" in schema:
        schema["items"] = _closed(schema["items"], definitions, name, above)
    if "anyOf" in schema:
        schema["anyOf"] = [_closed(one, definitions, name, above) for one in schema["anyOf"]]
    return schema


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without the two words that strict mode lacks: one of several, and a type for each place of a tuple."""
    if "oneOf" in schema:
        return {**schema, "anyOf": schema["oneOf"]}
    if "prefixItems" in schema:
        places = [one for at, one in enumerate(schema["prefixItems"]) if one not in schema["prefixItems"][:at]]
        return {**schema, "items": places[0] if len(places) == 1 else {"anyOf": places}}
    return schema


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": schema["description"]} if "description" in schema else {}
