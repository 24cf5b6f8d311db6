"""The use cases on the findings of study records: search, the evidence table, and which records are to be made again."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chapter_pipeline.domain.evidence import StudyRecord
from chapter_pipeline.domain.library import DocumentRecord, RetrievedPassage
from chapter_pipeline.errors import AlreadyExists, UsageError
from chapter_pipeline.publishing.evidence_table import EvidenceRow, as_csv, as_xlsx
from chapter_pipeline.retrieval.ranking import MAX_RESULTS, fits
from chapter_pipeline.services.inventory import FileState, InventoryItem
from chapter_pipeline.services.study_records import RULES_ALONE, RecordBasis, outdated
from chapter_pipeline.shown import shown
from chapter_pipeline.storage.findings import FindingFilter, FindingHit, FindingQueries, StoredFinding
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_queries import DocumentSummary
from chapter_pipeline.storage.library_search import LibrarySearch
from chapter_pipeline.storage.study_records import RecordSummary

WORDS_WEIGHT = 2.0
"""Of the share of the query's words that a finding itself holds, beside its passage's fused z-score, which seldom exceeds 4."""
FORMATS = {".csv": as_csv, ".xlsx": as_xlsx}
"""The forms of an evidence table by the ending of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFinding:
    """A finding that a search found. `passage` is None for one that stands in no passage: a table row, a caption.

    `score`: that of its best passage, and `WORDS_WEIGHT` times the share of the query's words that its own text and fields
    hold; `words` counts these. `fits`: whether its passage is about what was asked.
    """

    rank: int
    row: EvidenceRow
    score: float
    words: int
    passage: int | None
    fits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFindings:
    """The study record of a document; None when it has none. `current`: whether it is of the present basis."""

    document: DocumentSummary
    record: StudyRecord | None
    current: bool
    basis: RecordBasis = RULES_ALONE

    @property
    def outdated(self) -> str:
        """What a record that is not current may be of."""
        other = "" if self.basis.model is None else " or of another prompt or model, not filled by a model yet,"
        return f"of earlier rules,{other} or of an earlier bibliographic record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """The names to run, each with its document, and the documents whose file the bucket has lost: no run can read them."""

    names: Mapping[str, str]
    without_file: tuple[str, ...]


class Findings:
    """The use cases on findings, shared by all entrances. `search` is made when needed; `basis`: of current records."""

    def __init__(
        self,
        *,
        store: LibraryStore,
        queries: FindingQueries,
        search: Callable[[], LibrarySearch],
        inventory: Callable[[], Sequence[InventoryItem]],
        basis: RecordBasis = RULES_ALONE,
    ) -> None:
        self._store = store
        self._queries = queries
        self._search = search
        self._inventory = inventory
        self._basis = basis

    @property
    def basis(self) -> str:
        """What a current record is of, in words."""
        return "of the present rules" if self._basis.model is None else "by the present model, prompt and rules"

    def of_document(self, wanted: str) -> DocumentFindings:
        """The record of the document with this key, first digits of a key, or name. Raises `NotFound`, `UsageError`."""
        found = self._store.document(wanted)
        return DocumentFindings(
            document=found, record=self._store.study_records([found.key]).get(found.key),
            current=not outdated(self._store, [found.key], self._basis), basis=self._basis,
        )  # fmt: skip

    def meant(self, wanted: FindingFilter, documents: Sequence[str]) -> FindingFilter:
        """The filter, limited to these documents: keys, their beginnings, or names. Raises `NotFound`, `UsageError`."""
        keys = dict.fromkeys(self._store.document(one).key for one in documents)
        return replace(wanted, documents=tuple(keys)) if keys else wanted

    def search(self, query: str, wanted: FindingFilter, *, k: int) -> list[FoundFinding]:
        """The `k` best findings for `query` among those that meet the filter, best first; equal ones by document and place.

        The library search ranks the passages that such findings stand in. A finding in no passage counts as of an average
        one when it shares a word with the query and the search finds its document. Raises `UsageError` for a blank query.
        """
        if not 1 <= k <= MAX_RESULTS:
            raise UsageError(f"k={k!r} findings cannot be searched: ask for 1 to {MAX_RESULTS}")
        search = self._search()
        hits = search.search(query, k=MAX_RESULTS, passages=self._queries.passages(wanted))
        words = self._queries.lexemes(query)
        outside = self._queries.outside(wanted, words)
        found = {hit.document for hit in hits}
        others = sorted({one.stored.document for one in outside} - found)
        if others:
            found |= {hit.document for hit in search.search(query, k=MAX_RESULTS, documents=others)}
        passages = {hit.passage_id: hit for hit in hits}
        inside = self._queries.at(wanted, list(passages))
        scored = [
            _scored(hit, words, passages)
            for hit in (*inside, *(one for one in outside if one.stored.document in found))
        ]
        scored.sort(key=lambda one: (-one[0], one[1].stored.document, one[1].stored.finding.ordinal))
        best = scored[:k]
        rows = self._rows([hit.stored for _, hit, _ in best])
        return [
            FoundFinding(
                rank=rank, row=row, score=score, words=len(hit.lexemes & words),
                passage=None if passage is None else passage.passage_id, fits=passage is not None and fits(passage),
            )
            for rank, (row, (score, hit, passage)) in enumerate(zip(rows, best, strict=True), start=1)
        ]  # fmt: skip

    def table(self, wanted: FindingFilter) -> list[EvidenceRow]:
        """The evidence table: all findings that meet the filter, by author, year and document, in reading order."""
        rows = self._rows(self._queries.listed(wanted))
        return sorted(rows, key=lambda row: _place(row.document))  # stable: in reading order within a document

    def export(self, wanted: FindingFilter, path: Path, *, overwrite: bool) -> int:
        """Write the evidence table to ``*.csv`` or ``*.xlsx``, whole or not at all; the number of findings.

        Raises `UsageError` for another ending or a folder that is not there, `AlreadyExists` unless `overwrite`.
        """
        write = FORMATS.get(path.suffix.lower())
        if write is None:
            raise UsageError(
                f"the file {shown(str(path))} ends in {path.suffix!r}: name one that ends in .csv or .xlsx"
            )
        if not path.parent.is_dir():
            raise UsageError(f"there is no folder {shown(str(path.parent))}: make it, or name another one")
        if path.is_dir():
            raise UsageError(f"{shown(str(path))} is a folder: name a file")
        if path.exists() and not overwrite:
            raise _exists(path)
        rows = self.table(wanted)
        _put(path, write(rows))
        return len(rows)

    def outdated(self) -> list[DocumentSummary]:
        """The documents whose study record is missing, of another basis, or of an earlier bibliographic record."""
        documents = self._store.documents()
        old = set(outdated(self._store, [one.key for one in documents], self._basis))
        return [one for one in documents if one.key in old]

    def to_refresh(self, *, everything: bool) -> Refresh:
        """What makes the outdated records again; with `everything` those of all documents."""
        documents = self._store.documents() if everything else self.outdated()
        gone = {one.name for one in self._inventory() if one.state is FileState.FILE_GONE}
        names = {name: one.key for one in documents for name in one.names if name not in gone}
        kept = set(names.values())
        return Refresh(names=names, without_file=tuple(one.key for one in documents if one.key not in kept))

    def summaries(self, documents: Sequence[str]) -> dict[str, RecordSummary]:
        """What the study records of these document keys hold."""
        return self._store.record_summaries(documents)

    def _rows(self, found: Sequence[StoredFinding]) -> list[EvidenceRow]:
        keys = list(dict.fromkeys(one.document for one in found))
        records = {record.key: record for record in self._store.document_records(keys)}
        return [
            EvidenceRow(document=records[one.document], study=one.study, finding=one.finding)
            for one in found
            if one.document in records  # else it was removed meanwhile
        ]


def _scored(
    hit: FindingHit, words: frozenset[str], passages: dict[int, RetrievedPassage]
) -> tuple[float, FindingHit, RetrievedPassage | None]:
    """Score, and the best of its passages. Passage scores are z-scores, so 0 is the average passage."""
    found = [passages[one] for one in hit.passages if one in passages]
    best = min(found, key=lambda one: one.rank, default=None)
    share = len(hit.lexemes & words) / len(words) if words else 0.0
    return (best.score if best is not None else 0.0) + WORDS_WEIGHT * share, hit, best


def _place(document: DocumentRecord) -> tuple[str, int, str]:
    return (document.authors[0].casefold() if document.authors else "\uffff", document.year or 0, document.key)


def _put(path: Path, content: bytes) -> None:
    """Write beside `path` and rename: nobody sees half a table."""
    draft = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _exists(path: Path) -> AlreadyExists:
    return AlreadyExists(f"the file {shown(str(path))} exists already: name another one, or use --force to replace it")
