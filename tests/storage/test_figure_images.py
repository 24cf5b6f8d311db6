"""Images that chapters keep: they outlive the document they come from, and a version names those it shows."""

from __future__ import annotations

import pytest
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chapter_pipeline.errors import ImageLost, NotFound
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.chapters import ChapterStore, Citing
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.figure_images import FigureImages
from chapter_pipeline.storage.library import LibraryStore
from tests.library_samples import add, parsed_from

GLIOMA = "Glioma surgery\n\nResection was safe."
CONTENT = parsed_from(GLIOMA.encode()).figures[0].content


class Text(BaseModel):
    text: str


def image_of(library: LibraryStore, key: str) -> str:
    (figure,) = library.figures([key])
    return figure.sha256


def test_keep__document_removed_and_ingested_again__image_is_there_all_along(database: Database) -> None:
    library, images = LibraryStore(database), FigureImages(database)
    sha256 = image_of(library, add(library, "library/a.pdf", GLIOMA))
    images.keep([sha256, sha256])
    library.remove("a.pdf")
    assert images.content(sha256) == CONTENT
    images.keep([sha256])  # kept already: no document is needed
    assert image_of(library, add(library, "library/b.pdf", GLIOMA)) == sha256
    images.keep([])


def test_keep__no_document_has_it__keeps_the_others_and_names_it(database: Database) -> None:
    library, images = LibraryStore(database), FigureImages(database)
    sha256 = image_of(library, add(library, "library/a.pdf", GLIOMA))
    draft = parsed_from(b"not finished").figures[0].sha256
    add(library, "library/draft.pdf", "not finished", searchable=False)
    with pytest.raises(NotFound, match=f"the figure '{draft}' any more .1 are missing.: write the chapter again"):
        images.keep([sha256, draft])
    assert images.content(sha256) == CONTENT
    with pytest.raises(NotFound, match="no chapter keeps"):
        images.content(draft)


def test_kept__some_of_those_asked_for__are_those_that_are(database: Database) -> None:
    library, images = LibraryStore(database), FigureImages(database)
    kept, known = (image_of(library, add(library, f"library/{text}.pdf", text)) for text in ("one", "two"))
    images.keep([kept])
    assert images.kept([kept, known, "0" * 64]) == {kept}
    assert images.kept([]) == set()


def test_content__altered_in_the_bucket__is_refused(database: Database) -> None:
    library, images = LibraryStore(database), FigureImages(database)
    sha256 = image_of(library, add(library, "library/a.pdf", GLIOMA))
    images.keep([sha256])
    bucket = ObjectBucket.open(database.settings)
    (key,) = bucket.keys("figures/")
    bucket.put(key, CONTENT + b"\x00", overwrite=True)
    with pytest.raises(ImageLost, match="is damaged"):
        images.content(sha256)


def test_add_version__names_its_documents_and_needs_its_images(database: Database) -> None:
    library, images = LibraryStore(database), FigureImages(database)
    chapters, artifacts = ChapterStore(database), ArtifactStore(database)
    key = add(library, "library/a.pdf", GLIOMA)
    sha256 = image_of(library, key)
    chapters.create("glioma", {})
    one, two, three = (artifacts.put("final_chapter", "glioma", Text(text=each)) for each in ("one", "two", "three"))
    with pytest.raises(IntegrityError):
        chapters.add_version("glioma", one.id, one.sha256, documents=[key], images=[sha256])
    assert chapters.versions("glioma") == []
    images.keep([sha256])
    chapters.add_version("glioma", one.id, one.sha256, documents=[key, "other"], images=[sha256])
    chapters.add_version("glioma", two.id, two.sha256, documents=[key], images=[], held=True)
    assert chapters.citing(key) == [Citing(chapter="glioma", versions=(1, 2), newest=True)]
    chapters.add_version("glioma", three.id, three.sha256, documents=[], images=[])
    assert chapters.citing(key) == [Citing(chapter="glioma", versions=(1, 2), newest=False)]
    assert chapters.citing("other") == [Citing(chapter="glioma", versions=(1,), newest=False)]
    assert chapters.citing("none") == []
    with pytest.raises(IntegrityError), database.session() as session:
        session.execute(text("DELETE FROM figure_images"))
