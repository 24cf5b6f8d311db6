"""Owns the detection of files that are delivered again unchanged: hashes are compared, no PDF is opened.

A file stored under the same name, content and settings needs no run: a thousand such files take a second or two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from chapter_pipeline.documents.reasons import Reason
from chapter_pipeline.domain.document import IngestOutcome, IngestStatus
from chapter_pipeline.services.file_paths import FOLDER, shown
from chapter_pipeline.services.study_records import RULES_ALONE, RecordBasis, outdated
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.listing import file_fault

RETRIED_REASONS = frozenset({Reason.TIMEOUT, Reason.CPU_LIMIT, Reason.MEMORY_LIMIT, Reason.CRASHED})
"""Reasons that the machine may have caused: a file quarantined for one is tried again when it is delivered again."""


def library_settings_hash(settings_hash: str, embedder: str) -> str:
    """The hash of the settings under which a document is stored, embedder included: one index has one embedder."""
    return hashlib.sha256(f"{settings_hash}\n{embedder}".encode()).hexdigest()


def unchanged(
    paths: Sequence[Path],
    *,
    library: LibraryStore,
    bucket: ObjectBucket,
    settings_hash: str,
    basis: RecordBasis = RULES_ALONE,
) -> dict[Path, IngestOutcome]:
    """The files of `paths` that are stored or quarantined unchanged; one outcome for each.

    `settings_hash` is that of `library_settings_hash`. Files that cannot be read are left to the ingest, which says why,
    and so are those whose quarantine may be the machine's fault, those whose images the bucket has lost, and those whose
    study record is of other rules, or of another `basis`.
    """
    sizes = {entry.key: entry.size_bytes for entry in bucket.entries(FOLDER)}
    # Only a file that the bucket holds in the same size can be unchanged: the others need not be hashed.
    likely = {FOLDER + path.name: path for path in paths if _size(path) == sizes.get(FOLDER + path.name, -1)}
    known = library.stored_outcomes(list(likely), settings_hash=settings_hash) if likely else {}
    documents = [outcome.document for outcome in known.values() if outcome.document]
    incomplete = {*library.incomplete(documents), *outdated(library, documents, basis)}
    same = {
        name: likely[name]
        for name, outcome in known.items()
        if outcome.reason not in RETRIED_REASONS
        and outcome.document not in incomplete
        and _sha256(likely[name]) == outcome.sha256
    }
    library.mark_unchanged(*same)
    return {path: replace(known[name], path=shown(path), status=_status(known[name])) for name, path in same.items()}


def _status(known: IngestOutcome) -> IngestStatus:
    return IngestStatus.UNCHANGED if known.document else IngestStatus.QUARANTINED


def _size(path: Path) -> int | None:
    """The size of a readable regular file, else None: opening a pipe would block."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size if file_fault(str(path), found) is None else None


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
