"""Owns small documents made by hand and an embedder without a model, for tests of storage, search and ingest."""

from __future__ import annotations

import hashlib
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import numpy as np
from sqlalchemy import func, select

from chapter_pipeline.domain.document import (
    Block,
    BlockKind,
    Figure,
    Metadata,
    Page,
    ParsedDocument,
    Passage,
    StudyType,
)
from chapter_pipeline.ports import Vectors
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.schema import Base
from tests.publishing.finished_chapter import png

TABLES = (
    "documents", "document_names", "pages", "figures", "passages", "postings", "passage_embeddings", "study_records",
    "findings",
)  # fmt: skip


class ReadsAhead(ABC):
    """What makes a parser of the tests one that reads ahead: at once, and in the caller's thread."""

    size = 2

    @abstractmethod
    def __call__(self, content: bytes) -> ParsedDocument: ...

    def submit(self, content: bytes) -> Future[ParsedDocument]:
        future: Future[ParsedDocument] = Future()
        try:
            future.set_result(self(content))
        except Exception as error:  # noqa: BLE001 (it is the future that raises it)
            future.set_exception(error)
        return future


class HashEmbedder:
    """Implements `ports.Embedder`: a word's vector is drawn from its hash, a text is the sum of its words."""

    name = "hash"

    def __init__(self, dimension: int = 384) -> None:
        self.dimension = dimension
        self.calls = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in text.lower().split() or [""]:
                seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
                row += np.random.default_rng(seed).normal(size=self.dimension)
            row /= np.linalg.norm(row)
        return vectors

    def count_tokens(self, text: str) -> int:
        return len(text.split())


def parsed_from(content: bytes) -> ParsedDocument:
    """Read a "file" of the tests: pages are split by form feeds, paragraphs by blank lines."""
    pages = []
    for number, text in enumerate(content.decode().split("\f"), start=1):
        blocks, start = [], 0
        for index, paragraph in enumerate(text.split("\n\n")):
            end = start + len(paragraph)
            blocks.append(
                Block(index=index, kind=BlockKind.BODY, start=start, end=end, box=(0, 0, 1, 1), section="Body")
            )
            start = end + 2
        pages.append(Page(number=number, width=595.0, height=842.0, text=text, blocks=tuple(blocks)))
    shade = zlib.crc32(content)
    image = png(20 + shade % 97, 20 + shade // 97 % 89)  # another file, another image
    figure = Figure(
        ordinal=1, page=1, box=(1.0, 2.0, 3.0, 4.0), label="Figure 1", caption="A tumour", media_type="image/png",
        width_px=10, height_px=20, sha256=hashlib.sha256(image).hexdigest(), content=image,
    )  # fmt: skip
    return ParsedDocument(
        sha256=hashlib.sha256(content).hexdigest(),
        page_count=len(pages),
        metadata=Metadata(
            title=pages[0].text.split("\n")[0][:60], authors=("Cushing, Harvey",), year=1932,
            study_type=StudyType.CASE_SERIES,
        ),
        pages=tuple(pages),
        figures=(figure,),
        warnings=("made by hand",),
    )  # fmt: skip


def passages_of(
    document: ParsedDocument, *, count_tokens: Callable[[str], int] = lambda text: 1, max_tokens: int = 200
) -> tuple[Passage, ...]:
    """One passage per paragraph."""
    found = [(page, block) for page in document.pages for block in page.blocks if block.end > block.start]
    return tuple(
        Passage(
            ordinal=ordinal, page=page.number, start=block.start, end=block.end,
            text=page.text[block.start : block.end], section=block.section, sentences=((block.start, block.end),),
        )
        for ordinal, (page, block) in enumerate(found)
    )  # fmt: skip


def add(library: LibraryStore, name: str, content: str, *, settings_hash: str = "h1", searchable: bool = True) -> str:
    """Take `content` through all stages under `name`; the document's key."""
    parsed = parsed_from(content.encode())
    passages = passages_of(parsed)
    document = library.store_text(parsed, name=name, size_bytes=len(content), settings_hash=settings_hash)
    library.store_figures(document.id, parsed)
    library.store_passages(document.id, passages)
    library.store_embeddings(document.id, HashEmbedder().embed([one.text for one in passages]), model="hash")
    if searchable:
        library.mark_searchable(document.id, name=name)
    return document.key


def rows(database: Database) -> dict[str, int]:
    """How many rows each table of the library has."""
    with database.session() as session:
        return {
            name: session.scalar(select(func.count()).select_from(Base.metadata.tables[name])) or 0 for name in TABLES
        }
