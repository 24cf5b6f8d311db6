"""Owns the question whether a chapter would come out as it is: a hash of all that a writing reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from chapter_pipeline.domain import StageValue
from chapter_pipeline.literature import REFERENCES
from chapter_pipeline.ports import Bucket
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.library import LibraryStore

_ROOMS = ("writing", "quality", "providers", "retrieval", "literature", "publishing")
"""The rooms whose code, templates and prompts a chapter depends on."""


class WrittenFrom(StageValue):
    """What the newest whole writing of a chapter was made from."""

    inputs: str


def chapter_inputs(
    request: Mapping[str, Any], *, settings: Settings, library: LibraryStore, bucket: Bucket, today: date
) -> str:
    """sha256 of the request, the library, the reference files, the models, the code, and the day that is its cut-off."""
    models = {name: settings.models_of(name).model_dump() for name in ("claude", "gpt", "gemini", "local")}
    parts = {
        "request": dict(request),
        "today": None if request.get("cutoff_date") else today.isoformat(),
        "library": library.state(),
        "references": {
            key: hashlib.sha256(bucket.get(key)).hexdigest() for key in bucket.keys(REFERENCES)
        },
        "writer": [settings.writer, settings.fallback, sorted(settings.keys), settings.max_revisions, models],
        "search": [settings.embedder, settings.embedding_model],
        "code": _code(),
    }  # fmt: skip
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


@cache
def _code() -> str:
    found = hashlib.sha256()
    for room in _ROOMS:
        for file in sorted(_files(resources.files("chapter_pipeline") / room), key=str):
            found.update(file.read_bytes())
    return found.hexdigest()


def _files(folder: Traversable) -> list[Traversable]:
    found = []
    for one in folder.iterdir():
        if one.is_dir():
            found += _files(one)
        elif one.name.endswith((".py", ".md", ".yaml", ".csl")):
            found.append(one)
    return found
