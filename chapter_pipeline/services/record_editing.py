"""Owns the correction of bibliographic records by persons: who, when, what and why are kept, nothing is overwritten."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from chapter_pipeline.domain.bibliography import RecordField, Value, value_text
from chapter_pipeline.domain.document import Metadata
from chapter_pipeline.errors import UsageError
from chapter_pipeline.literature.registry import MetadataCheck, check_metadata
from chapter_pipeline.ports import Clock, WorkRegistry
from chapter_pipeline.services.record_input import NONE, field_named, parsed_fields
from chapter_pipeline.services.run_report import DocumentActs
from chapter_pipeline.shown import shown
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_queries import DocumentSummary
from chapter_pipeline.writing.authored_yaml import read_mapping

LONGEST_NAME, LONGEST_REASON = 200, 2000


class RecordEditing:
    """Edits of one document's record. `open_registries` opens the registries that know the title of a DOI."""

    def __init__(
        self,
        *,
        store: LibraryStore,
        clock: Clock,
        open_registries: Callable[[], AbstractContextManager[Sequence[WorkRegistry]]],
        acts: DocumentActs,
    ) -> None:
        self._store = store
        self._clock = clock
        self._open_registries = open_registries
        self._acts = acts

    def edit(
        self, wanted: str, fields: Mapping[str, str], *, unset: Sequence[str] = (), by: str, reason: str
    ) -> DocumentSummary:
        """Give `fields` of a document (key, first digits or name) values, as a command line writes them.

        `unset`: fields whose value by a person is taken back. Raises `NotFound`; `UsageError` for what is refused, and
        then nothing is changed.
        """
        given = parsed_fields(fields, today=self._clock.now().date(), from_text=True)
        taken_back = [field_named(name) for name in unset]
        if both := sorted(field.value for field in given.keys() & set(taken_back)):
            raise UsageError(f"the field {both[0]!r} is given a value and taken back at once: do one of the two")
        return self._edit(wanted, {**given, **dict.fromkeys(taken_back)}, by=by, reason=reason)

    def edit_from_file(self, wanted: str, path: Path, *, by: str, reason: str) -> DocumentSummary:
        """Give a document the values of a YAML file, a mapping of fields. Raises as `edit`."""
        given: Mapping[str, Any] = read_mapping(path, "record")
        fields = parsed_fields(given, today=self._clock.now().date(), from_text=False)
        return self._edit(wanted, fields, by=by, reason=reason)

    def _edit(self, wanted: str, edits: Mapping[RecordField, Value | None], *, by: str, reason: str) -> DocumentSummary:
        by, reason = _said(by, "--by", "who", LONGEST_NAME), _said(reason, "--reason", "why", LONGEST_REASON)
        if not edits:
            raise UsageError("no field is named: write --field FIELD=VALUE, --unset FIELD or --file record.yaml")
        document = self._store.document(wanted)
        check = self._checked(document, edits)
        changed = self._store.edit_record(
            document.key, edits, by=by, reason=reason,
            metadata_check=None if check is None else check.model_dump(mode="json"),
        )  # fmt: skip
        what = "; ".join(f"{field.value} {_in_words(value)}" for field, value in edits.items())
        self._acts.record_edited(changed.names, f"{by}: {what} ({reason})")
        return changed

    def _checked(self, document: DocumentSummary, edits: Mapping[RecordField, Value | None]) -> MetadataCheck | None:
        """What the registries say of a DOI that is given. Raises `UsageError` when it is that of another title."""
        doi = edits.get(RecordField.DOI)
        if not doi:
            return None
        record = document.record
        title = str(edits.get(RecordField.TITLE) or record.title or "") or None
        known = Metadata(title=title, authors=record.authors, year=record.year, journal=record.journal, doi=str(doi))
        with self._open_registries() as registries:
            check = check_metadata(known, registries)
        if check is not None and check.status == "other_work":
            registered = check.work.title if check.work else None
            raise UsageError(
                f"the DOI {doi!r} is registered at {check.registry} for another work, {shown(registered, 300)}: give the"
                f" DOI of {shown(title, 300)}, or correct the title with it"
            )
        return check


def _said(given: str, option: str, what: str, longest: int) -> str:
    text = " ".join(given.split())
    if not text or len(text) > longest or not text.isprintable():
        raise UsageError(f"{option} {shown(given)} does not say {what}: give 1 to {longest} readable characters")
    return text


def _in_words(value: Value | None) -> str:
    return "taken back" if value is None else f"= {shown(value_text(value) or NONE, 300)}"
