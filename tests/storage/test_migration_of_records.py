"""Revision 0010: documents of the release before have records of what they print, and can be edited."""

from __future__ import annotations

from sqlalchemy import text

from chapter_pipeline.domain.bibliography import Origin, RecordField
from chapter_pipeline.storage import migrate
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from tests.library_samples import add
from tests.storage.figures_in_rows import put_into_rows
from tests.storage.test_migrations import empty

__all__ = ["empty"]


def test_upgrade__library_of_the_release_before__keeps_its_records_and_takes_edits(empty: Database) -> None:
    empty.migrate()
    library = LibraryStore(empty)
    key = add(library, "library/a.pdf", "Glioma\n\nResection was safe.")
    state, record = library.state(), library.document(key).record
    put_into_rows(empty)
    migrate.downgrade(empty.engine, "0009")
    with empty.session() as session:  # the release before has no such column
        columns = (
            "SELECT count(*) FROM information_schema.columns WHERE table_name = 'documents' AND column_name = 'pmcid'"
        )
        assert session.scalar(text(columns)) == 0
    empty.migrate()
    migrate.check(empty.engine)
    found = library.document(key)
    assert (found.record, library.state()) == (record, state)
    assert {one.origin for one in found.bibliography.values} == {Origin.PRINT}
    library.edit_record(key, {RecordField.YEAR: 2017}, by="Ada", reason="printed on page 1")
    assert library.document(key).record.year == 2017
