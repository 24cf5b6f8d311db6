"""Owns the tables of the library and of the chapters; every other mention of a column comes from here.

Alembic migrations are generated from `Base.metadata`. Relationships are ``lazy="raise"``: what is needed is loaded
by name, so an N+1 cannot be written by accident.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

EMBEDDING_DIMENSION = 384
"""Dimension of the index; a property of the embedder (MiniLM-L6: 384). Switching embedders re-embeds everything."""


class Base(DeclarativeBase):
    """Declarative base with explicit constraint names, so that migrations are reproducible."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dict[str, Any]: JSONB,
        list[str]: JSONB,
        datetime: sa.DateTime(timezone=True),
    }


class Document(Base):
    """One content: a PDF or a JATS article by its sha256, parsed under one settings hash. Its `key` is the sha256's first 16 digits.

    It is a draft until all its stages are stored, and `searchable` from then on. Of one content at most one row is
    searchable; a draft beside it is the same file on its way through newer settings.
    """

    __tablename__ = "documents"
    __table_args__ = (
        sa.UniqueConstraint("sha256", "settings_hash"),
        sa.Index("uq_documents_key_searchable", "key", unique=True, postgresql_where=sa.text("searchable")),
        sa.CheckConstraint(
            "NOT searchable OR (figure_count IS NOT NULL AND passage_count IS NOT NULL AND lexeme_count IS NOT NULL"
            " AND embedding_model IS NOT NULL)",
            name="searchable_is_complete",
        ),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(16))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    settings_hash: Mapped[str] = mapped_column(sa.String(64))
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger)
    page_count: Mapped[int]
    title: Mapped[str | None] = mapped_column(sa.Text)
    authors: Mapped[list[str]]
    year: Mapped[int | None]
    doi: Mapped[str | None] = mapped_column(sa.Text)
    journal: Mapped[str | None] = mapped_column(sa.Text)
    licence: Mapped[str | None] = mapped_column(sa.Text)
    study_type: Mapped[str] = mapped_column(sa.Text)
    pmid: Mapped[str | None] = mapped_column(sa.Text)
    article_type: Mapped[str | None] = mapped_column(sa.Text)
    language: Mapped[str | None] = mapped_column(sa.Text)
    volume: Mapped[str | None] = mapped_column(sa.Text)
    issue: Mapped[str | None] = mapped_column(sa.Text)
    page_range: Mapped[str | None] = mapped_column(sa.Text)
    pmcid: Mapped[str | None] = mapped_column(sa.Text)
    published: Mapped[str | None] = mapped_column(sa.Text)
    citation_line: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    file_properties: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What the citation line of a manuscript, and the file's properties, say: `chapter_pipeline.domain.document.Metadata`."""
    kind: Mapped[str] = mapped_column(sa.Text, server_default="pdf")
    """`chapter_pipeline.domain.document.DocumentKind`."""
    full_text: Mapped[bool] = mapped_column(server_default=sa.true())
    captions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=sa.text("'[]'"))
    """Of figures without an image: `chapter_pipeline.domain.document.FigureCaption`."""
    headings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=sa.text("'[]'"))
    """The section tree: `chapter_pipeline.domain.document.Heading`."""
    metadata_check: Mapped[dict[str, Any] | None]
    """What the registry of its DOI says, against what is printed: `chapter_pipeline.literature.registry`."""
    warnings: Mapped[list[str]]
    draft_of: Mapped[str | None] = mapped_column(sa.Text, index=True)
    """The name this draft is being made for, so that the next draft for that name can take its place."""
    figure_count: Mapped[int | None]
    passage_count: Mapped[int | None]
    lexeme_count: Mapped[int | None] = mapped_column(sa.BigInteger)
    """Sum of the lengths of its passages; None, like the other counts, while that stage is not stored."""
    embedding_model: Mapped[str | None] = mapped_column(sa.Text)
    searchable: Mapped[bool] = mapped_column(default=False)
    """True once passages, postings and embeddings are all stored: only then does search see the document."""
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())

    names: Mapped[list[DocumentName]] = relationship(back_populates="document", lazy="raise", passive_deletes=True)
    pages: Mapped[list[PageRow]] = relationship(lazy="raise", passive_deletes=True, order_by="PageRow.number")
    figures: Mapped[list[FigureRow]] = relationship(lazy="raise", passive_deletes=True, order_by="FigureRow.ordinal")
    passages: Mapped[list[PassageRow]] = relationship(
        back_populates="document", lazy="raise", passive_deletes=True, order_by="PassageRow.ordinal"
    )


class DocumentName(Base):
    """A bucket key under which content was delivered, and its state. The `document` partition key."""

    __tablename__ = "document_names"
    __table_args__ = (sa.CheckConstraint("(document_id IS NULL) = (reason IS NOT NULL)", name="document_or_reason"),)

    name: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    settings_hash: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[str] = mapped_column(sa.Text)
    """How its last ingest ended: `chapter_pipeline.domain.document.IngestStatus`."""
    document_id: Mapped[int | None] = mapped_column(sa.ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str | None] = mapped_column(sa.Text)
    detail: Mapped[str | None] = mapped_column(sa.Text)
    """Set when the file is quarantined: reason code and a sentence for people."""
    object_version: Mapped[str | None] = mapped_column(sa.Text)
    """The version of the bucket's object that this row is about; None when it is not known."""
    updated_at: Mapped[datetime] = mapped_column(server_default=sa.func.now(), onupdate=sa.func.now())

    document: Mapped[Document | None] = relationship(back_populates="names", lazy="raise")


class RecordEditRow(Base):
    """One edit of one field of a bibliographic record by a person. Append-only: the newest edit of a field is in force.

    It has no foreign key, for it outlives the document: `sha256`, `names` and `doi` find the document again, and
    `known_dois` and `known_titles` tell it from another work that comes under the same name.
    """

    __tablename__ = "record_edits"
    __table_args__ = (
        sa.CheckConstraint("edited_by <> '' AND reason <> ''", name="who_and_why"),
        sa.CheckConstraint("jsonb_typeof(value) <> 'null'", name="value_says_something"),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    field: Mapped[str] = mapped_column(sa.Text)
    """`chapter_pipeline.domain.bibliography.RecordField`."""
    value: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    """`chapter_pipeline.domain.bibliography.value_to_json`; None takes the person's value back."""
    edited_by: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str] = mapped_column(sa.Text)
    edited_at: Mapped[datetime] = mapped_column(server_default=sa.func.clock_timestamp())
    sha256: Mapped[str] = mapped_column(sa.String(64))
    names: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text))
    doi: Mapped[str | None] = mapped_column(sa.Text)
    """The DOI in force after the edit."""
    known_dois: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text))
    known_titles: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text))


class ReferenceFileRow(Base):
    """The entries of a reference file of the bucket, as read from the object's `version`; derived from the file."""

    __tablename__ = "reference_files"

    key: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    version: Mapped[str] = mapped_column(sa.Text)
    works: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """`chapter_pipeline.domain.research.Work` without abstracts; empty for a file that cannot be read."""


class PageRow(Base):
    """One page: canonical sa.text, and its blocks as JSON (`chapter_pipeline.domain.document.Block`)."""

    __tablename__ = "pages"

    document_id: Mapped[int] = mapped_column(sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    width: Mapped[float]
    height: Mapped[float]
    text: Mapped[str] = mapped_column(sa.Text)
    blocks: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    text_source: Mapped[str] = mapped_column(sa.Text, server_default="text layer")
    ocr_lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=sa.text("'[]'"))
    """Recognised lines with their confidence: `chapter_pipeline.domain.document.OcrLine`."""
    label: Mapped[str | None] = mapped_column(sa.Text)
    """The section that the page is of a JATS article."""


class CitedWorkRow(Base):
    """An entry of a document's reference list, as printed and as far as it could be read."""

    __tablename__ = "cited_works"

    document_id: Mapped[int] = mapped_column(sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    number: Mapped[int | None]
    text: Mapped[str] = mapped_column(sa.Text)
    page: Mapped[int]
    title: Mapped[str | None] = mapped_column(sa.Text)
    year: Mapped[int | None]
    doi: Mapped[str | None] = mapped_column(sa.Text, index=True)
    pmid: Mapped[str | None] = mapped_column(sa.Text)


class TableRow(Base):
    """A table of a document as data."""

    __tablename__ = "tables"
    __table_args__ = (sa.UniqueConstraint("document_id", "ordinal"),)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    document_id: Mapped[int] = mapped_column(sa.ForeignKey("documents.id", ondelete="CASCADE"))
    ordinal: Mapped[int]
    page: Mapped[int]
    box: Mapped[list[float]] = mapped_column(JSONB)
    label: Mapped[str | None] = mapped_column(sa.Text)
    caption: Mapped[str | None] = mapped_column(sa.Text)
    header_rows: Mapped[int]
    rows: Mapped[list[list[str]]] = mapped_column(JSONB)


class FigureRow(Base):
    """A figure of a document. Its image and thumbnail are objects of the bucket, see `figure_objects`.

    `content` and `thumbnail` are of releases before 0013, until `FigureObjects.move_rows` has moved them.
    """

    __tablename__ = "figures"
    __table_args__ = (
        sa.UniqueConstraint("document_id", "ordinal"),
        sa.Index("ix_figures_in_rows", "id", postgresql_where=sa.text("content IS NOT NULL OR thumbnail IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    document_id: Mapped[int] = mapped_column(sa.ForeignKey("documents.id", ondelete="CASCADE"))
    ordinal: Mapped[int]
    page: Mapped[int]
    box: Mapped[list[float]] = mapped_column(JSONB)
    label: Mapped[str | None] = mapped_column(sa.Text)
    caption: Mapped[str | None] = mapped_column(sa.Text)
    media_type: Mapped[str] = mapped_column(sa.Text)
    width_px: Mapped[int]
    height_px: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.Text, server_default="raster")
    perceptual_hash: Mapped[str] = mapped_column(sa.String(16), server_default="0000000000000000")
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    size_bytes: Mapped[int]
    thumbnail_sha256: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    """A small JPEG for the operator's pages; None for a figure of an earlier version."""
    thumbnail_size_bytes: Mapped[int] = mapped_column(server_default="0")
    content: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    thumbnail: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    figure_class: Mapped[str | None] = mapped_column(sa.Text)
    description: Mapped[str | None] = mapped_column(sa.Text)
    """What the text model named in `described_by` sees in it; all three are None when none was asked."""
    described_by: Mapped[str | None] = mapped_column(sa.Text)


class PassageRow(Base):
    """A passage: sentences of one page, the last of which may go on; offsets are positions in `PageRow.text`."""

    __tablename__ = "passages"
    __table_args__ = (
        sa.UniqueConstraint("document_id", "ordinal"),
        sa.CheckConstraint("start_offset >= 0 AND end_offset > start_offset", name="offsets"),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    document_id: Mapped[int] = mapped_column(sa.ForeignKey("documents.id", ondelete="CASCADE"))
    ordinal: Mapped[int]
    page: Mapped[int]
    start_offset: Mapped[int]
    end_offset: Mapped[int]
    text: Mapped[str] = mapped_column(sa.Text)
    section: Mapped[str | None] = mapped_column(sa.Text)
    sentences: Mapped[list[list[int]]] = mapped_column(JSONB)
    text_source: Mapped[str] = mapped_column(sa.Text, server_default="text layer")
    confidence: Mapped[float | None]
    continued: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=sa.text("'[]'"))
    """Where its last sentence goes on: `chapter_pipeline.domain.document.PageSpan`."""
    page_label: Mapped[str | None] = mapped_column(sa.Text)
    paragraph: Mapped[int | None]
    """Where it stands in a JATS article: `PageRow.label`, and the paragraph's number there."""
    length: Mapped[int]
    """Number of lexemes, with repetitions: the document length of BM25."""

    document: Mapped[Document] = relationship(back_populates="passages", lazy="raise")


class StudyRecordRow(Base):
    """The study record of a document: `chapter_pipeline.domain.evidence.StudyRecord`, its findings in `findings`.

    A searchable document that an earlier release stored has none until its `study_records` is materialized.
    """

    __tablename__ = "study_records"

    document_id: Mapped[int] = mapped_column(sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    design: Mapped[str] = mapped_column(sa.Text)
    level: Mapped[int]
    made_by: Mapped[str] = mapped_column(sa.Text)
    version: Mapped[str] = mapped_column(sa.Text)
    """Of the rules or the prompt that filled it."""
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    """What it was made from beside the stored text, which never changes: `chapter_pipeline.services.study_records`."""
    sha256: Mapped[str] = mapped_column(sa.String(64))
    """Of what the record says: other rules that find the same leave it as it was."""
    body: Mapped[dict[str, Any]]
    """The record without its findings."""
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class FindingRow(Base):
    """A finding of a study record, with the columns that it is found by."""

    __tablename__ = "findings"

    document_id: Mapped[int] = mapped_column(
        sa.ForeignKey("study_records.document_id", ondelete="CASCADE"), primary_key=True
    )
    ordinal: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    main: Mapped[bool]
    species: Mapped[str] = mapped_column(sa.Text)
    disease: Mapped[str | None] = mapped_column(sa.Text)
    intervention: Mapped[str | None] = mapped_column(sa.Text)
    comparator: Mapped[str | None] = mapped_column(sa.Text)
    outcome: Mapped[str | None] = mapped_column(sa.Text)
    direction: Mapped[str] = mapped_column(sa.Text)
    page: Mapped[int]
    """The page of the sentence that states it."""
    passages: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.Integer))
    """Ordinals of the passages that its spans stand in: none for a table row or a caption."""
    text: Mapped[str] = mapped_column(sa.Text)
    body: Mapped[dict[str, Any]]
    """The whole finding."""


class Posting(Base):
    """BM25 postings of a lexeme of ``to_tsvector('english', sa.text)`` in one document: three arrays of equal length.

    A row per document, not per passage: a query reads some hundred rows where it would read some ten thousand.
    """

    __tablename__ = "postings"

    lexeme: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    document_id: Mapped[int] = mapped_column(
        sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    passage_ids: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.BigInteger))
    frequencies: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.SmallInteger))
    """How often the lexeme occurs in the passage at the same place of `passage_ids`."""
    lengths: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.Integer))
    """`PassageRow.length` of that passage, so that ranking does not touch the passages."""


class PassageEmbedding(Base):
    """The unit vector of a passage; `model` names the embedder, all rows of an index have the same."""

    __tablename__ = "passage_embeddings"
    __table_args__ = (
        sa.Index(
            "ix_passage_embeddings_vector",
            "vector",
            postgresql_using="hnsw",
            postgresql_ops={"vector": "halfvec_cosine_ops"},
        ),
    )

    passage_id: Mapped[int] = mapped_column(sa.ForeignKey("passages.id", ondelete="CASCADE"), primary_key=True)
    document_id: Mapped[int] = mapped_column(sa.ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    """Repeated here, so that a vector search is filtered by document without touching the passages."""
    model: Mapped[str] = mapped_column(sa.Text)
    vector: Mapped[Any] = mapped_column(HALFVEC(EMBEDDING_DIMENSION))


class Chapter(Base):
    """A requested chapter; its values are in `artifacts`, its versions in `chapter_versions`."""

    __tablename__ = "chapters"

    slug: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    request: Mapped[dict[str, Any]]
    """The validated `BriefRequest`."""
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class Artifact(Base):
    """One version of one stage's value for one chapter. Append-only: nothing here is ever updated or deleted."""

    __tablename__ = "artifacts"
    __table_args__ = (sa.UniqueConstraint("asset", "partition", "version"),)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    asset: Mapped[str] = mapped_column(sa.Text)
    partition: Mapped[str] = mapped_column(sa.Text)
    version: Mapped[int]
    run_id: Mapped[str | None] = mapped_column(sa.Text)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    fingerprint: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    """Hash of all inputs; a repeated request with the same fingerprint is answered from here."""
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class ChapterVersion(Base):
    """A version of a chapter: numbers run from 1 without holes, and what it says is never changed.

    Without `published_at` it is held: its gates failed, and a person has to decide. `origin`: written, or what a person
    did (``rollback to version 2``).
    """

    __tablename__ = "chapter_versions"

    slug: Mapped[str] = mapped_column(sa.ForeignKey("chapters.slug", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    artifact_id: Mapped[int] = mapped_column(sa.ForeignKey("artifacts.id"))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    origin: Mapped[str] = mapped_column(server_default="written")
    published_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    approved_because: Mapped[str | None]


class FigureImage(Base):
    """The image of a figure that a chapter was planned with, by the sha256 of its bytes: kept whatever becomes of its document.

    The bytes are an object of the bucket; `content` as in `FigureRow`.
    """

    __tablename__ = "figure_images"
    __table_args__ = (sa.Index("ix_figure_images_in_rows", "sha256", postgresql_where=sa.text("content IS NOT NULL")),)

    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(sa.Text)
    size_bytes: Mapped[int]
    content: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class VersionFigure(Base):
    """An image that a version shows."""

    __tablename__ = "chapter_version_figures"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["slug", "number"], ["chapter_versions.slug", "chapter_versions.number"], ondelete="CASCADE"
        ),
    )

    slug: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.ForeignKey("figure_images.sha256"), primary_key=True)


class VersionDocument(Base):
    """A document that a version cites, by its key: no foreign key, for the version outlives the document."""

    __tablename__ = "chapter_version_documents"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["slug", "number"], ["chapter_versions.slug", "chapter_versions.number"], ondelete="CASCADE"
        ),
    )

    slug: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    document: Mapped[str] = mapped_column(sa.Text, primary_key=True, index=True)


class ModelCallRow(Base):
    """One attempt to call a text model: reserved, sent, then committed, failed, or ambiguous.

    Ambiguous: sent without a known outcome; it may cost money and counts with the reserved sum. A reserved attempt
    whose process is gone was never sent. Replayed: no call, the chapter received a stored reply. `fallbacks`: the
    providers that failed before for the same request, each with the reason.
    """

    __tablename__ = "model_calls"
    __table_args__ = (
        sa.CheckConstraint(
            "state IN ('reserved', 'sent', 'committed', 'failed', 'ambiguous', 'replayed')", name="state_is_known"
        ),
        sa.CheckConstraint("(state = 'committed') = (reply IS NOT NULL)", name="committed_has_a_reply"),
        sa.Index("ix_model_calls_request", "request_key", "state"),
        sa.Index("ix_model_calls_created_at", "created_at"),
        sa.Index("ix_model_calls_chapter", "chapter"),
        sa.Index("ix_model_calls_document", "document"),
        sa.Index("ix_model_calls_run_id", "run_id"),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    request_key: Mapped[str] = mapped_column(sa.String(64))
    attempt: Mapped[int]
    provider: Mapped[str]
    model: Mapped[str]
    purpose: Mapped[str]
    chapter: Mapped[str | None]
    section: Mapped[str | None]
    run_id: Mapped[str | None]
    document: Mapped[str | None]
    """Key of the document of the library that the call is for."""
    fallbacks: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.String), server_default="{}")
    state: Mapped[str]
    owner: Mapped[int]
    reserved_usd: Mapped[Decimal] = mapped_column(sa.Numeric(14, 8))
    cost_usd: Mapped[Decimal] = mapped_column(sa.Numeric(14, 8), server_default="0")
    input_tokens: Mapped[int] = mapped_column(server_default="0")
    output_tokens: Mapped[int] = mapped_column(server_default="0")
    cached_tokens: Mapped[int] = mapped_column(server_default="0")
    reply: Mapped[str | None]
    reply_model: Mapped[str | None]
    fault: Mapped[str | None]
    detail: Mapped[str | None]
    latency_s: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.clock_timestamp())
    ended_at: Mapped[datetime | None]


class BreakerRow(Base):
    """The circuit breaker of one provider: `providers.breaker.Breaker` as JSON, changed under the row's lock."""

    __tablename__ = "breakers"

    provider: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[dict[str, Any]]
