"""The ports of the ingest to the parser, as protocols, so that it is tested without a PDF."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from chapter_pipeline.domain.document import ParsedDocument, Passage


class Parser(Protocol):
    """Reads a file in isolation. Raises `DocumentRejected`."""

    def __call__(self, content: bytes) -> ParsedDocument: ...


class ParserAhead(Parser, Protocol):
    """A parser that reads `size` files at the same time."""

    @property
    def size(self) -> int: ...

    def submit(self, content: bytes) -> Future[ParsedDocument]:
        """Read a file in the background; the future raises as the parser does."""
        ...


class PassageMaker(Protocol):
    """`chapter_pipeline.documents.structure.passages.make_passages`."""

    def __call__(
        self, document: ParsedDocument, *, count_tokens: Callable[[str], int], max_tokens: int
    ) -> tuple[Passage, ...]: ...
