"""Owns the metadata of a document's materializations: title, authors, counts, the first passages."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import dagster as dg

from assets.metadata import md, or_none
from assets.study_records import about_record
from chapter_pipeline.documents.structure.table_markdown import to_markdown
from chapter_pipeline.documents.structure.text_audit import words_table
from chapter_pipeline.domain.bibliography import BibliographicRecord, FieldValue, RecordField
from chapter_pipeline.domain.document import Page, Table, place
from chapter_pipeline.domain.evidence import RULES
from chapter_pipeline.services.ingest import Ingest, SourceDocument, StoredStage
from chapter_pipeline.storage.document_previews import DocumentPreview, DocumentPreviews, PassagePreview
from chapter_pipeline.writing.rendering import escaped, table
from resources.library import LibraryResource

PREVIEWED = 3
PICTURED = 4
PAGES = 60
"""Pages whose words are counted in the metadata of a document."""
TABLE_ROWS = 12
"""Rows of a table that its preview shows, head included."""


def about_stage(
    stage: str, stored: StoredStage, source: SourceDocument, ingest: Ingest, library: LibraryResource
) -> dict[str, Any]:
    """Metadata of `stage` of one document; the document may still be a draft, which only its own run sees."""
    if stage == "study_records":
        return _study(stored, library, ingest.recorded(source).id)
    previews = library.previews()
    document = previews.document(source.sha256, ingest.settings_hash)
    counted = {
        "document_text": "pages",
        "document_figures": "figures",
        "passages": "passages",
        "passage_embeddings": "vectors",
    }[stage]
    common = {
        "document": stored.document,
        "title": document.title or "not stated",
        counted: stored.count,
        "stored": "earlier" if stored.reused else "now",
    }
    match stage:
        case "document_text":
            return {
                **common,
                **_bibliographic(document, library.store().bibliography(document.id)),
                "words by kind": md(words_preview(previews.pages(document.id))),
            }
        case "document_figures":
            return {
                **common,
                "preview": md(_figures(previews, document.id)),
                "tables": md(tables_preview(previews.tables(document.id))),
            }
        case "passages":
            return {
                **common,
                "lexemes": document.lexeme_count or 0,
                "preview": md(_passages(previews.passages(document.id, limit=PREVIEWED))),
            }
        case _:
            return {**common, "model": document.embedding_model or "", "searchable": True}


def _study(stored: StoredStage, library: LibraryResource, document_id: int) -> dict[str, Any]:
    store = library.store()
    record = store.study_record_of(document_id)
    asked = record is not None and (record.made_by != RULES or record.unfilled is not None)
    return {
        "document": stored.document,
        "title": store.bibliography(document_id).text(RecordField.TITLE) or "not stated",
        "findings": stored.count,
        "stored": "earlier" if stored.reused else "now",
        **({} if record is None else about_record(record)),
        **({"cost (USD)": library.cost_usd(stored.document)} if asked else {}),
    }


def _bibliographic(document: DocumentPreview, record: BibliographicRecord) -> dict[str, Any]:
    """The values in force, and the whole record: each field with its origin, its other values, and the conflicts."""
    doi = record.text(RecordField.DOI)
    found: dict[str, Any] = {
        "title": record.text(RecordField.TITLE) or "not stated",
        "authors": "; ".join(record.authors) or "not stated",
        "year": record.year if record.year is not None else "not stated",
        "journal": record.text(RecordField.JOURNAL) or "not stated",
        "licence": record.text(RecordField.LICENCE) or "not stated",
        "study type": record.study_type.value,
        "warnings": "; ".join(document.warnings) or "none",
        "record": or_none(
            ["Field", "In force", "Origin", "Other values"],
            [
                [field.value, values[0].said, values[0].named_origin, _with_origins(values[1:])]
                for field in RecordField
                if (values := record.of(field))
            ],
        ),
        "conflicts": or_none(
            ["Field", "Values, the one in force first", "Note"],
            [[one.field.value, _with_origins(one.values), one.detail] for one in record.conflicts()],
        ),
    }
    check = document.metadata_check
    if check:
        rows = [
            [one["field"], one["printed"] or "none", one["registered"] or "none", "yes" if one["agrees"] else "NO"]
            for one in check["fields"]
        ]
        found[f"checked against {check['registry']}"] = f"{check['status'].replace('_', ' ')} {check['detail']}".strip()
        found["printed and registered"] = or_none(["Field", "Printed", "Registered", "Agree"], rows)
    if doi:
        found["DOI"] = dg.MetadataValue.url(f"https://doi.org/{doi}")
    return found


def _with_origins(values: Sequence[FieldValue]) -> str:
    return "; ".join(f"{one.said} [{one.named_origin}]" for one in values)


def _figures(previews: DocumentPreviews, document_id: int) -> str:
    """Figures with label, page, kind and caption. Only the first have a picture, since events are never deleted."""
    shown = [
        f"**{escaped(row.label or 'no label')}**, page {row.page}, {row.kind}, {row.width_px} x {row.height_px} pixels"
        f"\n\n{_picture(previews.thumbnail(row)) if place < PICTURED else ''}{escaped(row.caption or 'no caption')}"
        for place, row in enumerate(previews.figures(document_id))
    ]
    return "\n\n".join(shown) or "none"


def _picture(thumbnail: bytes | None) -> str:
    """A JPEG that our own parser made, as Markdown; nothing for a figure without one."""
    return f"![figure](data:image/jpeg;base64,{b64encode(thumbnail).decode()})\n\n" if thumbnail else ""


def tables_preview(tables: Sequence[Table]) -> str:
    """The first rows of the first tables as Markdown, and how many were left out."""
    shown = [to_markdown(replace(found, rows=found.rows[:TABLE_ROWS])) for found in tables[:PREVIEWED]]
    if len(tables) > PREVIEWED:
        shown.append(f"and {len(tables) - PREVIEWED} more")
    return "\n\n".join(shown) or "none"


def words_preview(pages: Sequence[Page]) -> str:
    """How many words of each page are of which kind; of a long document the first pages."""
    header, rows = words_table(pages)
    shown = table(header, [[str(cell) for cell in row] for row in rows[:PAGES]])
    return shown + (f"\n\nand {len(rows) - PAGES} more pages" if len(rows) > PAGES else "")


def _passages(passages: Sequence[PassagePreview]) -> str:
    return "\n\n".join(f"**{escaped(_place(row))}**: {escaped(row.text)}" for row in passages)


def _place(row: PassagePreview) -> str:
    """``Page 4 (Results)``, or ``Results: Survival, paragraph 3`` of a JATS article."""
    if row.page_label is not None:
        return place(row.page, row.page_label, row.paragraph)
    return f"Page {row.page}" + (f" ({row.section})" if row.section else "")
