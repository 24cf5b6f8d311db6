"""Owns the version of the parser: documents parsed by another one are parsed again."""

from __future__ import annotations

import hashlib
import json

from chapter_pipeline.settings import Settings

PARSER_VERSION = "13"
"""Raise it when the same file would give other pages, figures, metadata or passages."""


def settings_hash(settings: Settings) -> str:
    """sha256 over the parser's version and the settings that change what a file becomes.

    `ocr_max_pages` came later: with its default it leaves the hash as it was, or every library would be parsed again.
    """
    parts = [PARSER_VERSION, settings.document_max_pages, settings.passage_tokens, settings.ocr]
    pages = ocr_pages_that_count(settings)
    if pages not in (None, Settings.model_fields["ocr_max_pages"].default):
        parts.append(pages)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def ocr_pages_that_count(settings: Settings) -> int | None:
    """The most pages of a document that are read from their picture; None when none are."""
    return settings.ocr_max_pages if settings.ocr == "on" else None
