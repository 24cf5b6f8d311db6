"""Images of figures: in the bucket, once, as long as a row names them, whenever a process dies."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Pillow
from pydantic import BaseModel
from sqlalchemy import text

from chapter_pipeline.container import Container
from chapter_pipeline.domain.document import ParsedDocument
from chapter_pipeline.errors import BucketUnavailable, DatabaseRefused, ImageLost
from chapter_pipeline.services.ingest import Ingest
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage import migrate
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.chapters import ChapterStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.document_previews import DocumentPreviews
from chapter_pipeline.storage.figure_descriptions import FigureDescriptions
from chapter_pipeline.storage.figure_images import FigureImages
from chapter_pipeline.storage.figure_objects import FOLDER, FigureObjects, Image
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.scratch import scratch_schema
from tests.library_samples import HashEmbedder, ReadsAhead, add, parsed_from, passages_of
from tests.storage.figures_in_rows import put_into_rows
from tests.storage.loopback_s3 import loopback_s3
from tests.storage.statements import statements

GLIOMA = "Glioma surgery\n\nResection was safe."
OTHER = "Meningioma\n\nThe dura was closed."


def jpeg(shade: int) -> bytes:
    buffer = BytesIO()
    Pillow.new("L", (20, 10), shade).save(buffer, "JPEG")
    return buffer.getvalue()


def parsed(content: str, *, image: bytes | None = None) -> ParsedDocument:
    """A document with one figure and its thumbnail; `image` in the place of its own."""
    document = parsed_from(content.encode())
    (figure,) = document.figures
    if image is not None:
        figure = replace(figure, content=image, sha256=hashlib.sha256(image).hexdigest())
    return replace(document, figures=(replace(figure, thumbnail=jpeg(figure.content[-5])),))


class Parser(ReadsAhead):
    def __call__(self, content: bytes) -> ParsedDocument:
        return parsed(content.decode())


def store(library: LibraryStore, name: str, document: ParsedDocument, *, settings_hash: str = "h1") -> str:
    """Store the document searchable under `name`; its key."""
    stored = library.store_text(document, name=name, size_bytes=1, settings_hash=settings_hash)
    library.store_figures(stored.id, document)
    passages = passages_of(document)
    library.store_passages(stored.id, passages)
    library.store_embeddings(stored.id, HashEmbedder().embed([one.text for one in passages]), model="hash")
    library.mark_searchable(stored.id, name=name)
    return stored.key


def keys_of(*documents: ParsedDocument) -> list[str]:
    """The keys of their images and thumbnails."""
    found = set()
    for document in documents:
        for figure in document.figures:
            suffix = {"image/png": "png", "image/jpeg": "jpg"}[figure.media_type]
            small = hashlib.sha256(figure.thumbnail).hexdigest()
            found |= {f"figures/{figure.sha256[:2]}/{figure.sha256}.{suffix}", f"figures/{small[:2]}/{small}.jpg"}
    return sorted(found)


@pytest.fixture
def bucket(settings: Settings) -> ObjectBucket:
    return ObjectBucket.open(settings)


@pytest.fixture
def library(database: Database) -> LibraryStore:
    return LibraryStore(database)


@pytest.fixture
def objects(database: Database) -> FigureObjects:
    return FigureObjects(database)


@pytest.mark.parametrize("kind", ["local", "s3"])
def test_store_figures__images__are_objects_named_by_rows_without_bytes(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with loopback_s3() as address:
        if kind == "s3":
            for name, value in {
                "AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "user", "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_REGION": "us-east-1",
            }.items():  # fmt: skip
                monkeypatch.setenv(name, value)
            settings = settings.model_copy(update={"bucket_url": "s3://books/some/prefix"})
        bucket = ObjectBucket.open(settings)
        objects = FigureObjects(database, lambda: bucket)
        library, images = LibraryStore(database, figures=objects), FigureImages(database, objects)
        document = parsed(GLIOMA)
        (figure,) = document.figures
        key = store(library, "library/a.pdf", document)
        assert bucket.keys("") == keys_of(document)
        with database.session() as session:
            row = session.execute(
                text("SELECT content, thumbnail, sha256, size_bytes, thumbnail_size_bytes FROM figures")
            ).one()
        assert tuple(row) == (None, None, figure.sha256, len(figure.content), len(figure.thumbnail))
        images.keep([figure.sha256])
        assert images.content(figure.sha256) == figure.content
        assert images.kept([figure.sha256]) == {figure.sha256}
        assert library.incomplete([key]) == set()
        audit = objects.audit()
        assert (audit.images, audit.lost, audit.left_over, audit.in_rows) == (2, (), (), 0)
        assert audit.size_bytes == len(figure.content) + len(figure.thumbnail)
        bucket.delete(keys_of(document)[0])
        assert library.incomplete([key]) == {key}
        library.remove(key)
        with database.session() as session:
            session.execute(text("DELETE FROM figure_images"))
        objects.delete_left_over()
        assert bucket.keys("") == []


def test_figures__listed__read_no_image(library: LibraryStore, database: Database, bucket: ObjectBucket) -> None:
    key = store(library, "library/a.pdf", parsed(GLIOMA))
    for name in bucket.keys(FOLDER):
        bucket.delete(name)  # a look at one would find nothing
    with statements(database) as seen:
        (figure,) = library.figures([key])
    assert figure.sha256 == parsed(GLIOMA).figures[0].sha256
    assert not [one for one in seen if "content" in one or "figures.thumbnail," in one]


def test_previews__thumbnail__is_read_alone_and_may_be_lost(
    library: LibraryStore, database: Database, bucket: ObjectBucket, objects: FigureObjects
) -> None:
    document = parsed(GLIOMA)
    store(library, "library/a.pdf", document)
    add(library, "library/b.pdf", OTHER)
    previews = DocumentPreviews(database, objects)
    (figure,) = previews.figures(previews.document(document.sha256, "h1").id)
    assert previews.thumbnail(figure) == document.figures[0].thumbnail
    (without,) = previews.figures(previews.document(parsed_from(OTHER.encode()).sha256, "h1").id)
    assert previews.thumbnail(without) is None
    for key in bucket.keys(FOLDER):
        bucket.delete(key)
    assert previews.thumbnail(figure) is None


def test_store_figures__equal_images_of_two_documents__are_one_object_until_the_last_goes(
    library: LibraryStore, bucket: ObjectBucket
) -> None:
    first = parsed(GLIOMA)
    second = parsed(OTHER, image=first.figures[0].content)
    store(library, "library/a.pdf", first)
    before = bucket.entries(FOLDER)
    store(library, "library/b.pdf", second)
    assert bucket.entries(FOLDER) == before  # nor were they written again
    assert [entry.key for entry in before] == keys_of(first, second)
    library.remove("a.pdf")
    assert bucket.keys(FOLDER) == keys_of(second)
    library.remove("b.pdf")
    assert bucket.keys(FOLDER) == []


def test_mark_searchable__new_delivery_and_new_settings__leave_the_images_of_what_is_there(
    library: LibraryStore, bucket: ObjectBucket
) -> None:
    store(library, "library/a.pdf", parsed(GLIOMA))
    store(library, "library/a.pdf", parsed(OTHER))
    assert bucket.keys(FOLDER) == keys_of(parsed(OTHER))
    store(library, "library/a.pdf", parsed(OTHER, image=jpeg(7)), settings_hash="h2")
    assert bucket.keys(FOLDER) == keys_of(parsed(OTHER, image=jpeg(7)))
    library.quarantine("library/a.pdf", sha256="0" * 64, settings_hash="h2", reason="damaged", detail="")
    assert bucket.keys(FOLDER) == []


def test_store_text__another_draft_for_the_name__images_of_the_first_go(
    library: LibraryStore, bucket: ObjectBucket
) -> None:
    draft = library.store_text(parsed(GLIOMA), name="library/a.pdf", size_bytes=1, settings_hash="h1")
    library.store_figures(draft.id, parsed(GLIOMA))
    assert bucket.keys(FOLDER) == keys_of(parsed(GLIOMA))
    library.store_text(parsed(OTHER), name="library/a.pdf", size_bytes=1, settings_hash="h1")
    assert bucket.keys(FOLDER) == []


class _Text(BaseModel):
    text: str


def test_remove__figure_of_a_version__keeps_its_image_and_no_thumbnail(
    library: LibraryStore, database: Database, bucket: ObjectBucket, objects: FigureObjects
) -> None:
    images, chapters, artifacts = FigureImages(database), ChapterStore(database), ArtifactStore(database)
    key = store(library, "library/a.pdf", parsed(GLIOMA))
    (figure,) = parsed(GLIOMA).figures
    images.keep([figure.sha256])
    chapters.create("glioma", {})
    final = artifacts.put("final_chapter", "glioma", _Text(text="one"))
    chapters.add_version("glioma", final.id, final.sha256, documents=[key], images=[figure.sha256])
    library.remove(key)
    (left,) = bucket.keys(FOLDER)
    assert left == Image(figure.sha256, figure.media_type).key
    assert objects.delete_left_over() == []
    assert images.content(figure.sha256) == figure.content
    bucket.delete(left)
    assert images.kept([figure.sha256]) == set()
    with pytest.raises(ImageLost) as lost:
        images.content(figure.sha256)
    assert lost.value.what == (
        f"the image that version 1 of chapter 'glioma' shows is not in the bucket (key {left!r}), and no document of the"
        " library has it"
    )
    store(library, "library/again.pdf", parsed(GLIOMA))  # the remedy
    assert images.content(figure.sha256) == figure.content


KILLED = """
import os, signal, sys
from pydantic import SecretStr
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.figure_objects import FigureObjects
from tests.storage.test_figure_objects import GLIOMA, parsed, store
from chapter_pipeline.storage.library import LibraryStore
home, url, work, left = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
settings = Settings(home=home, database_url=SecretStr(url))
database = Database.open(settings)
bucket = ObjectBucket.open(settings)
put = bucket.put
def dying(key, content, *, overwrite=False):
    global left
    done = put(key, content, overwrite=overwrite)
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
bucket.put = dying
objects = FigureObjects(database, lambda: bucket)
if work == "move":
    objects.move_rows()
else:
    store(LibraryStore(database, figures=objects), "library/a.pdf", parsed(GLIOMA))
"""


def killed(settings: Settings, work: str, *, after: int) -> None:
    """Run `work` in a process that is killed right after it has put its `after`-th image."""
    assert settings.database_url is not None
    arguments = [str(settings.home), settings.database_url.get_secret_value(), work, str(after)]
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", KILLED, *arguments], cwd=root, env={**os.environ}, check=False)
    assert done.returncode == -signal.SIGKILL


def test_store_figures__killed_between_object_and_row__leaves_objects_that_are_used_or_cleaned(
    settings: Settings, library: LibraryStore, database: Database, bucket: ObjectBucket, objects: FigureObjects
) -> None:
    killed(settings, "store", after=2)
    with database.session() as session:
        assert session.execute(text("SELECT count(*) FROM figures")).scalar_one() == 0
    assert bucket.keys(FOLDER) == keys_of(parsed(GLIOMA))
    assert [entry.key for entry in objects.audit().left_over] == keys_of(parsed(GLIOMA))
    store(library, "library/a.pdf", parsed(GLIOMA))
    assert objects.delete_left_over() == []
    assert objects.audit().lost == ()
    library.remove("a.pdf")
    killed(settings, "store", after=1)
    left = bucket.keys(FOLDER)
    assert len(left) == 1
    assert [entry.key for entry in objects.delete_left_over()] == left
    assert bucket.keys(FOLDER) == []


def test_remove__without_the_bucket__document_is_gone_and_its_images_are_left_over(
    database: Database, settings: Settings
) -> None:
    class Down(ObjectBucket):
        def delete(self, key: str) -> None:
            raise BucketUnavailable("down")

    bucket = ObjectBucket.open(settings)
    down = Down(bucket._store, place=bucket.place)
    library = LibraryStore(database, figures=FigureObjects(database, lambda: down))
    store(library, "library/a.pdf", parsed(GLIOMA))
    library.remove("a.pdf")
    assert library.documents() == []
    objects = FigureObjects(database)
    assert [entry.key for entry in objects.audit().left_over] == keys_of(parsed(GLIOMA))
    assert len(objects.delete_left_over()) == 2
    assert objects.audit().left_over == ()


def test_remove__same_image_is_being_stored__waits_and_keeps_it(database: Database, settings: Settings) -> None:
    put, may_go_on = threading.Event(), threading.Event()

    class Slow(ObjectBucket):
        def put(self, key: str, content: bytes, *, overwrite: bool = False) -> bool:
            done = super().put(key, content, overwrite=overwrite)
            put.set()
            may_go_on.wait()
            return done

    library, bucket = LibraryStore(database), ObjectBucket.open(settings)
    first, second = parsed(GLIOMA), parsed(OTHER, image=parsed(GLIOMA).figures[0].content)
    store(library, "library/a.pdf", first)
    slow = LibraryStore(database, figures=FigureObjects(database, lambda: Slow(bucket._store, place=bucket.place)))
    storing = threading.Thread(target=store, args=(slow, "library/b.pdf", second))
    storing.start()
    put.wait()
    removing = threading.Thread(target=library.remove, args=("a.pdf",))
    removing.start()
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    while removing.is_alive():
        with database.session() as session:
            if session.execute(waiting).scalar_one():
                break
    assert removing.is_alive()
    may_go_on.set()
    storing.join()
    removing.join()
    assert bucket.keys(FOLDER) == keys_of(second)
    assert FigureObjects(database).audit().lost == ()


@pytest.mark.parametrize(("damage", "what"), [(None, "is not in the bucket"), (b"other bytes", "is damaged")])
def test_content__object_gone_or_damaged__is_told_and_made_again_by_the_next_ingest(
    settings: Settings, database: Database, library: LibraryStore, bucket: ObjectBucket, damage: bytes | None, what: str
) -> None:
    ingest = partial(
        Ingest, settings, bucket=bucket, library=library, embedder=HashEmbedder(), parser=Parser(),
        make_passages=passages_of, settings_hash="1",
    )  # fmt: skip
    bucket.put("library/a.pdf", GLIOMA.encode())
    outcome = ingest().ingest("library/a.pdf")
    (figure,) = library.figures([outcome.document or ""])
    image = Image(figure.sha256, figure.media_type)
    if damage is None:
        bucket.delete(image.key)
    else:
        bucket.put(image.key, damage, overwrite=True)
    descriptions = FigureDescriptions(database, FigureObjects(database))
    (number,) = descriptions.undescribed(figure.document)
    with pytest.raises(ImageLost) as lost:
        descriptions.figure(number)
    assert lost.value.what == (
        f"the image of Figure 1 on page 1 of document {figure.document!r} {what} (key {image.key!r})"
    )
    assert lost.value.remedy == "ingest 'library/a.pdf' again, or restore the bucket from a backup"
    (told,) = FigureObjects(database).audit().lost
    assert (told.key, told.what, told.remedy) == (image.key, lost.value.what, lost.value.remedy)
    assert library.incomplete([figure.document]) == {figure.document}
    again = ingest().ingest("library/a.pdf")
    assert again.document == figure.document
    found = descriptions.figure(number)
    assert found is not None
    assert hashlib.sha256(found.content).hexdigest() == figure.sha256
    assert library.incomplete([figure.document]) == set()


def test_stored__many_images__the_bucket_is_listed_once(objects: FigureObjects, bucket: ObjectBucket) -> None:
    image, other = Image("a" * 64, "image/png"), Image("b" * 64, "image/png")
    objects.put(image, b"bytes")
    objects.put(other, b"bytes")
    many = [(Image(f"{number:064}", "image/png"), 5) for number in range(300)]
    assert objects.stored([*many, (image, 5), (other, 6)]) == {image}
    assert objects.stored([(image, 5), (other, 6)]) == {image}


def test_delete_unnamed__of_a_scratch_schema__touches_nothing(
    library: LibraryStore, database: Database, bucket: ObjectBucket
) -> None:
    store(library, "library/a.pdf", parsed(GLIOMA))
    with scratch_schema(database) as scratch:
        other = LibraryStore(scratch)
        store(other, "library/a.pdf", parsed(GLIOMA))
        other.remove("a.pdf")
    assert bucket.keys(FOLDER) == keys_of(parsed(GLIOMA))


def older(database: Database) -> tuple[str, str]:
    """Make `database` one of revision 0012 with two documents, one of them kept; the keys of the documents."""
    library, images = LibraryStore(database), FigureImages(database)
    kept = store(library, "library/a.pdf", parsed(GLIOMA))
    plain = add(library, "library/b.pdf", OTHER)  # without a thumbnail
    images.keep([parsed(GLIOMA).figures[0].sha256])
    put_into_rows(database)
    migrate.downgrade(database.engine, "0012")
    with database.session() as session:
        assert session.execute(text("SELECT count(*) FROM figures WHERE length(content) > 0")).scalar_one() == 2
    return kept, plain


def test_open__home_of_an_earlier_release__images_are_moved_and_the_rows_emptied(
    database: Database, settings: Settings, bucket: ObjectBucket
) -> None:
    kept, plain = older(database)
    database.migrate()
    migrate.check(database.engine)
    (figure,) = parsed(GLIOMA).figures
    images = FigureImages(database)
    assert images.content(figure.sha256) == figure.content  # before the move: from the row
    assert images.kept([figure.sha256]) == {figure.sha256}
    assert bucket.keys(FOLDER) == []
    assert LibraryStore(database).incomplete([kept, plain]) == set()
    assert (FigureObjects(database).audit().in_rows, FigureObjects(database).audit().lost) == (3, ())
    container = Container(settings)
    store_of = container.library_store
    other = Image(parsed_from(OTHER.encode()).figures[0].sha256, "image/png")
    assert bucket.keys(FOLDER) == sorted([*keys_of(parsed(GLIOMA)), other.key])
    with database.session() as session:
        for table in ("figures", "figure_images"):
            query = text(f"SELECT count(*), count(content), sum(size_bytes) FROM {table}")
            assert session.execute(query).one()[1] == 0
        sizes = session.execute(text("SELECT size_bytes, thumbnail_size_bytes FROM figures ORDER BY id")).all()
    assert [tuple(one) for one in sizes] == [
        (len(figure.content), len(figure.thumbnail)), (len(parsed_from(OTHER.encode()).figures[0].content), 0),
    ]  # fmt: skip
    assert container.figure_images.content(figure.sha256) == figure.content
    assert container.figure_objects.audit().lost == ()
    assert [one.sha256 for one in store_of.figures([plain])] == [other.sha256]
    with statements(container.database) as seen:
        assert container.figure_objects.move_rows() == 0
    assert len([one for one in seen if "FOR UPDATE" in one]) == 2
    container.close()


@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_move_rows__killed_at_any_image__goes_on_where_it_was(
    database: Database, settings: Settings, bucket: ObjectBucket, after: int
) -> None:
    older(database)
    database.migrate()
    killed(settings, "move", after=after)
    objects = FigureObjects(database)
    assert objects.audit().lost == ()
    assert FigureImages(database).content(parsed(GLIOMA).figures[0].sha256) == parsed(GLIOMA).figures[0].content
    assert objects.move_rows() > 0
    audit = objects.audit()
    assert (audit.in_rows, audit.lost, audit.left_over, audit.images) == (0, (), (), 3)


def test_move_rows__bytes_that_are_not_those_of_their_hash__stay_and_stop_no_other(
    database: Database, bucket: ObjectBucket
) -> None:
    older(database)
    database.migrate()
    (bad,) = parsed(GLIOMA).figures
    with database.session() as session:
        session.execute(text("UPDATE figures SET content = '\\x00' WHERE sha256 = :bad"), {"bad": bad.sha256})
        session.execute(text("UPDATE figure_images SET content = '\\x00'"))
    objects = FigureObjects(database)
    assert objects.move_rows() == 1
    with pytest.raises(ImageLost, match=r"of Figure 1 on page 1 of document .* is damaged"):
        FigureImages(database).content(bad.sha256)
    assert objects.move_rows() == 0


def test_move_rows__without_the_bucket__nothing_is_lost_and_the_home_opens(
    database: Database, settings: Settings
) -> None:
    class Down(ObjectBucket):
        def put(self, key: str, content: bytes, *, overwrite: bool = False) -> bool:
            raise BucketUnavailable("down")

        def get(self, key: str) -> bytes:
            raise BucketUnavailable("down")

    older(database)
    database.migrate()
    bucket = ObjectBucket.open(settings)
    objects = FigureObjects(database, lambda: Down(bucket._store, place=bucket.place))
    assert objects.move_rows() == 0
    (figure,) = parsed(GLIOMA).figures
    assert objects.content(Image(figure.sha256, figure.media_type)) == figure.content
    assert FigureObjects(database).move_rows() == 3


def test_downgrade__images_in_the_bucket__is_refused_with_the_remedy(library: LibraryStore, database: Database) -> None:
    add(library, "library/a.pdf", GLIOMA)
    with pytest.raises(DatabaseRefused, match=r"1 images of figures are in the bucket.*restore the backup"):
        migrate.downgrade(database.engine, "0012")
