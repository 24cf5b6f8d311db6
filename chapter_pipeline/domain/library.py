"""Owns what is read of the library: documents, passages and figures as records, and the hits of a search."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from chapter_pipeline.domain.document import DocumentKind, FigureKind, PageSpan, StudyType, TextSource


class RetrievedPassage(BaseModel):
    """One search hit with page-exact provenance; `parts` are the normalised scores that `score` fuses.

    `confidence`: how sure the recognition of a scan was, 0 to 1; None for the text of a text layer. `page_label` and
    `paragraph`: where it stands in a JATS article, see `domain.document.place`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int
    passage_id: int
    document: str  # document key
    page: int
    start: int
    end: int
    text: str
    section: str | None
    score: float
    parts: dict[str, float]  # "bm25" raw, "cosine" raw, "bm25_z", "cosine_z"
    text_source: TextSource = TextSource.LAYER
    confidence: float | None = None
    page_label: str | None = None
    paragraph: int | None = None


class RegisteredWork(BaseModel):
    """A published work as the registry of its DOI has it; authors as "Family, Given", groups as "{Collective}"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str | None
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str | None = None
    published: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    doi: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    article_type: str | None = None
    study_type: StudyType = StudyType.UNKNOWN
    licence: str | None = None
    language: str | None = None


class DocumentRecord(BaseModel):
    """The values in force of a searchable document's bibliographic record: see `domain.bibliography`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    title: str | None
    authors: tuple[str, ...]
    year: int | None
    doi: str | None
    journal: str | None
    licence: str | None
    study_type: StudyType
    page_count: int
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    published: str | None = None
    article_type: str | None = None
    population: str | None = None
    language: str | None = None
    to_check: tuple[str, ...] = ()
    """What the audit of its text found, to check by eye."""
    has_none: tuple[str, ...] = ()
    """The fields that the work does not have, as a person says."""
    kind: DocumentKind = DocumentKind.PDF
    full_text: bool = True


class PassageRecord(BaseModel):
    """A passage with its page's canonical text offsets; `sentences` and `continued` as in `domain.document.Passage`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: int
    document: str
    page: int
    start: int
    end: int
    text: str
    section: str | None
    sentences: tuple[tuple[int, int], ...]
    text_source: TextSource = TextSource.LAYER
    confidence: float | None = None
    continued: tuple[PageSpan, ...] = ()
    page_label: str | None = None
    paragraph: int | None = None


class FigureRecord(BaseModel):
    """A figure of a document, without its image, whose bytes have the hash `sha256`.

    `cited_as`: the JATS article of the same work, whose text is quoted where `document`, its PDF, shows the figure.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: int
    sha256: str
    document: str
    page: int
    label: str | None
    caption: str | None
    media_type: str
    width_px: int
    height_px: int
    kind: FigureKind = FigureKind.RASTER
    cited_as: str | None = None
    figure_class: str | None = None
    description: str | None = None
    """What a text model sees in it; None when none was asked. No source of a claim."""
