"""Owns CSL-JSON, as Zotero, Mendeley and Crossref write it: a list of items, or one item, or ``{"items": [...]}``.

Format: https://docs.citationstyles.org/en/stable/specification.html#appendix-iv-variables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from chapter_pipeline.literature.reference_fields import (
    MAX_ENTRIES,
    MAX_FIELD,
    MAX_VALUES,
    FileTooLarge,
    RawReference,
)
from chapter_pipeline.shown import shown, shown_text

_SPACE = re.compile(r"[\s,]*")
_PARTS = ("dropping-particle", "non-dropping-particle", "family")


def read_csl_json(text: str) -> list[RawReference]:
    """Items of a CSL-JSON file in its order; an item that cannot be read carries its problem. Raises `FileTooLarge`."""
    references: list[RawReference] = []
    for line, item in _items(text):
        if len(references) >= MAX_ENTRIES:
            raise FileTooLarge(f"more than {MAX_ENTRIES} entries")
        references.append(_reference(line, item))
    return references


class _Broken(str):
    """The reason why the rest of a file cannot be read."""


def _items(text: str) -> Iterator[tuple[int, Any]]:
    """The items, each with the line on which it begins."""
    decoder = json.JSONDecoder()
    start = _skip(text, 0)
    try:
        if not text.startswith("[", start):
            whole = decoder.decode(text)
            items = whole.get("items") if isinstance(whole, dict) else None
            yield from ((1, item) for item in (items if isinstance(items, list) else [whole]))
            return
        place, line, counted = _skip(text, start + 1), 1, 0
        while not text.startswith("]", place):
            line, counted = line + text.count("\n", counted, place), place
            item, place = decoder.raw_decode(text, place)
            yield line, item
            place = _skip(text, place)
    except ValueError as error:
        yield getattr(error, "lineno", 1), _Broken(f"no JSON: {shown_text(str(error), 100)}")
    except RecursionError:
        yield 1, _Broken("its JSON is too deep")


def _skip(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _reference(line: int, item: Any) -> RawReference:
    if isinstance(item, _Broken):
        return RawReference(line=line, problem=str(item))
    if not isinstance(item, dict):
        return RawReference(line=line, problem=f"no item of CSL-JSON but {shown(item, 60)}")
    for name, value in item.items():
        if isinstance(value, str) and len(value) > MAX_FIELD:
            return RawReference(
                line=line, problem=f"the field {shown(name)} has {len(value)} characters, more than {MAX_FIELD}"
            )
        if isinstance(value, list) and len(value) > MAX_VALUES:
            return RawReference(line=line, problem=f"{shown(name)} has {len(value)} values, more than {MAX_VALUES}")

    def texts(*names: str) -> tuple[str, ...]:
        return tuple(str(value) for name in names if isinstance(value := item.get(name), str | int))

    return RawReference(
        line=line,
        title=texts("title"),
        authors=tuple(_authors(item.get("author"))),
        year=tuple(_years(item)),
        journal=texts("container-title", "journalAbbreviation", "container-title-short"),
        volume=texts("volume"),
        issue=texts("issue"),
        pages=texts("page", "number"),
        doi=(*texts("DOI"), *(url for url in texts("URL") if "doi.org/" in url)),
        pmid=texts("PMID"),
        abstract=texts("abstract"),
    )


def _authors(names: Any) -> Iterator[str]:
    """Names as "Family, Given"; a literal one is an organisation, in braces."""
    for name in names if isinstance(names, list) else ():
        if not isinstance(name, dict):
            continue
        if isinstance(literal := name.get("literal"), str) and literal.strip():
            yield f"{{{literal.strip()}}}"
            continue
        family = " ".join(part for key in _PARTS if isinstance(part := name.get(key), str) and part)
        given = [part for key in ("given", "suffix") if isinstance(part := name.get(key), str) and part]
        if family:
            yield ", ".join([family, *given])


def _years(item: dict[str, Any]) -> Iterator[str]:
    date = item.get("issued")
    if not isinstance(date, dict):
        return
    parts = date.get("date-parts")
    if isinstance(parts, list) and parts and isinstance(parts[0], list) and parts[0]:
        yield str(parts[0][0])
    yield from (str(date[name]) for name in ("literal", "raw") if isinstance(date.get(name), str))
