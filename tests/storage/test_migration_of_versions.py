"""Revision 0007: versions of an older release keep their images, and one whose image is lost can be exported too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import text

from chapter_pipeline.domain import FinalChapter, SentenceSupport
from chapter_pipeline.publishing.exports import export_chapter
from chapter_pipeline.storage import migrate
from chapter_pipeline.storage.artifacts import ArtifactStore, content_hash
from chapter_pipeline.storage.chapters import ChapterStore, Citing
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.figure_images import FigureImages
from chapter_pipeline.storage.library import LibraryStore
from tests.library_samples import add
from tests.publishing.finished_chapter import FINAL
from tests.storage.figures_in_rows import put_into_rows
from tests.storage.test_migrations import empty

__all__ = ["empty"]

SLUG = FINAL.chapter.slug
LOST = 4711


def older(value: Any, numbers: list[int]) -> Any:
    """`value` as the release before stored it: its figures bear these numbers, one after the other."""
    if isinstance(value, list):
        return [older(one, numbers) for one in value]
    if not isinstance(value, dict):
        return value
    if "media_type" in value and "sha256" in value:
        return {"figure_id": numbers.pop(0), **{key: one for key, one in value.items() if key != "sha256"}}
    return {key: older(one, numbers) for key, one in value.items()}


def older_final(number: int) -> dict[str, Any]:
    """The finished chapter with one figure of that number."""
    body = FINAL.model_dump(mode="json", exclude={"support"})
    body["chapter"]["figures"] = body["chapter"]["figures"][:1]
    made: dict[str, Any] = older(body, [number] * 20)
    return made


def put(database: Database, asset: str, body: dict[str, Any], version: int) -> int:
    with database.session() as session:
        number: int = session.execute(
            text(
                "INSERT INTO artifacts (asset, partition, version, sha256, body)"
                " VALUES (:asset, :slug, :version, :sha256, CAST(:body AS jsonb)) RETURNING id"
            ),
            {
                "asset": asset, "slug": SLUG, "version": version, "sha256": content_hash(body), "body": json.dumps(body),
            },
        ).scalar_one()  # fmt: skip
    return number


def test_upgrade__versions_of_before__keep_what_is_there_and_say_what_is_lost(empty: Database, tmp_path: Path) -> None:
    empty.migrate()
    library = LibraryStore(empty)
    key = add(library, "library/a.pdf", "Glioma surgery\n\nResection was safe.")
    put_into_rows(empty)
    migrate.downgrade(empty.engine, "0006")
    with empty.session() as session:
        number = session.execute(text("SELECT id FROM figures")).scalar_one()
        session.execute(text("INSERT INTO chapters (slug, request) VALUES (:slug, '{}')"), {"slug": SLUG})
    support = SentenceSupport(section="outcomes", sentence="It helps.", quotes=("q1",), words=0.5, meaning=0.25)
    bodies = [older_final(number), older_final(LOST)]
    put(empty, "reviewed_chapter", {"chapter": bodies[0]["chapter"], "support": [support.model_dump(mode="json")]}, 1)
    untouched = {"small": 1e-7, "great": 1e22, "list": []}
    other = put(empty, "gap_report", untouched, 1)
    for version, body in enumerate(bodies, start=1):
        stored = put(empty, "final_chapter", body, version)
        with empty.session() as session:
            session.execute(
                text(
                    "INSERT INTO chapter_versions (slug, number, artifact_id, sha256, published_at)"
                    " VALUES (:slug, :number, :artifact, :sha256, now())"
                ),
                {"slug": SLUG, "number": version, "artifact": stored, "sha256": content_hash(body)},
            )
    empty.migrate()
    migrate.check(empty.engine)
    chapters, artifacts, images = ChapterStore(empty), ArtifactStore(empty), FigureImages(empty)
    first, second = (artifacts.by_id(one.artifact_id, FinalChapter) for one in chapters.versions(SLUG))
    (figure,) = library.figures([key])
    assert (first.images, second.images) == ((figure.sha256,), ())
    assert (first.support, second.support) == ((support,), ())
    for one, final in zip(chapters.versions(SLUG), (first, second), strict=True):
        assert one.sha256 == content_hash(final.model_dump(mode="json", exclude_unset=True))
    assert [one.sha256 for one in artifacts.versions("gap_report", SLUG)] == [content_hash(untouched)], other
    cited = first.documents[0]
    assert chapters.citing(cited) == [Citing(chapter=SLUG, versions=(1, 2), newest=True)]
    library.remove("a.pdf")
    for version, final in ((1, first), (2, second)):
        folder = tmp_path / str(version)
        (file,) = export_chapter(
            final, formats=["md"], destination=folder, figure_content=images.content, version=version
        )
        shown = [path.name for path in folder.rglob("*.png")]
        assert shown == (["figure-1.png"] if version == 1 else [])
        assert ("The image cannot be shown" in file.read_text()) == (version == 2)


def test_downgrade__figures_bear_numbers_again(empty: Database) -> None:
    empty.migrate()
    library, images = LibraryStore(empty), FigureImages(empty)
    key = add(library, "library/a.pdf", "Glioma surgery\n\nResection was safe.")
    (figure,) = library.figures([key])
    images.keep([figure.sha256])
    plan = {"caption": "A tumour", "media_type": "image/png", "sha256": figure.sha256, "document": key}
    stored = put(empty, "section_plans", {"plans": [{"figures": [plan]}]}, 1)
    put_into_rows(empty)
    migrate.downgrade(empty.engine, "0006")
    with empty.session() as session:
        body = session.execute(text("SELECT body FROM artifacts WHERE id = :id"), {"id": stored}).scalar_one()
    (before,) = body["plans"][0]["figures"]
    assert (before["figure_id"], "sha256" in before) == (figure.id, False)
    empty.migrate()
    with empty.session() as session:
        body = session.execute(text("SELECT body FROM artifacts WHERE id = :id"), {"id": stored}).scalar_one()
    assert body == {"plans": [{"figures": [plan]}]}
    assert images.content(figure.sha256)
