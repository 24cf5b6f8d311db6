"""Owns what the ingest needs of the documents room, as protocols, so that it can be tried without a PDF."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from chapter_pipeline.documents.model import ParsedDocument, Passage


class Parser(Protocol):
    """Reads a file in isolation. Raises `DocumentRejected`."""

    def __call__(self, content: bytes) -> ParsedDocument: ...


class PassageMaker(Protocol):
    """`chapter_pipeline.documents.passages.make_passages`."""

    def __call__(
        self, document: ParsedDocument, *, count_tokens: Callable[[str], int], max_tokens: int
    ) -> tuple[Passage, ...]: ...
