"""Owns the version of the parser: documents parsed by another one are parsed again."""

from __future__ import annotations

import hashlib
import json

from chapter_pipeline.settings import Settings

PARSER_VERSION = "10"
"""Raise it when the same file would give other pages, figures, metadata or passages."""


def settings_hash(settings: Settings) -> str:
    """sha256 over the parser's version and the settings that change what a file becomes."""
    parts = [PARSER_VERSION, settings.document_max_pages, settings.passage_tokens, settings.ocr]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
