"""A chapter from three articles of examples/: what is asked of chapters from real articles, without the shared data."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pymupdf
import pypdfium2
import pytest
from pydantic import SecretStr

from benchmarks import chapters, planted
from benchmarks.reading_order import letters, parts, stands
from benchmarks.written import Today, Written, write
from chapter_pipeline.domain import BriefRequest
from chapter_pipeline.domain.document import IngestOutcome, IngestStatus
from chapter_pipeline.domain.wording import display_text
from chapter_pipeline.errors import NoRelevantPassages
from chapter_pipeline.providers.extractive import Extractive
from chapter_pipeline.quality.closure import closure_problems
from chapter_pipeline.retrieval.cached import CachedEmbedder
from chapter_pipeline.retrieval.minilm import MiniLM
from chapter_pipeline.services.costs import AnswersInForce
from chapter_pipeline.services.ingest import open_ingest
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.embedded import EmbeddedServer
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_search import LibrarySearch
from chapter_pipeline.writing.stages import Stages
from tests.conftest import TEMPLATE, new_database

pytestmark = pytest.mark.xdist_group("samples")
ARTICLES = ("burr-hole-surgery-and-drains", "imaging", "medical-therapy")
JUDGED = {
    "recurrence with a subdural drain and without one": "burr-hole-surgery-and-drains",
    "twist-drill craniostomy or craniotomy": "burr-hole-surgery-and-drains",
    "septa and membranes in magnetic resonance imaging": "imaging",
    "volume of the haematoma by three diameters": "imaging",
    "dexamethasone and the functional outcome": "medical-therapy",
    "atorvastatin": "medical-therapy",
    "steroids against the inflammation": "medical-therapy",
    "indications for an operation": "burr-hole-surgery-and-drains",
}
"""Questions in other words than the articles', and the article that answers each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLibrary:
    files: dict[str, Path]
    outcomes: list[IngestOutcome]
    library: LibraryStore
    search: LibrarySearch
    embedder: CachedEmbedder
    stages: Stages


@pytest.fixture(scope="module")
def ingested(
    samples: list[Path], postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SampleLibrary]:
    """`ARTICLES` and two files that are refused, ingested as a user does."""
    folder = tmp_path_factory.mktemp("samples")
    files = {path.stem: path for path in samples if path.stem in ARTICLES}
    with pymupdf.open(files["imaging"]) as opened:
        opened.save(folder / "locked.pdf", encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="owner", user_pw="user")
    (folder / "renamed.pdf").write_bytes(b"PK\x03\x04 a text document with another ending")
    for name in new_database(postgres, TEMPLATE):
        settings = Settings(home=folder / "home", database_url=SecretStr(postgres.url(name, "psycopg")))
        database, bucket = Database.open(settings), ObjectBucket.open(settings)
        embedder = CachedEmbedder(MiniLM(batch_size=4))
        with open_ingest(settings, database=database, bucket=bucket, embedder=embedder) as ingest:
            outcomes = list(ingest.ingest_files([*files.values(), folder / "locked.pdf", folder / "renamed.pdf"]))
        library, search = LibraryStore(database), LibrarySearch(database, embedder)
        stages = Stages(
            search=search, library=library, embedder=embedder, bucket=bucket,
            model=Extractive(embedder), answers=AnswersInForce(database, run_id=None), clock=Today(),
        )  # fmt: skip
        yield SampleLibrary(
            files=files, outcomes=outcomes, library=library, search=search, embedder=embedder, stages=stages
        )
        database.close()


@pytest.fixture(scope="module")
def written(ingested: SampleLibrary) -> Written:
    return write(ingested.stages, BriefRequest(topic="Chronic subdural haematoma", word_budget=800))


def test_sample_library__ingest__takes_the_articles_and_names_why_the_others_are_refused(
    ingested: SampleLibrary,
) -> None:
    told = {Path(outcome.path).name: outcome.reason or outcome.status.value for outcome in ingested.outcomes}
    assert told == {
        **{f"{name}.pdf": IngestStatus.INGESTED.value for name in ARTICLES},
        "locked.pdf": "encrypted",
        "renamed.pdf": "not_a_pdf",
    }
    assert len(ingested.library.documents()) == len(ARTICLES)


def test_sample_library__judged_questions__are_answered_by_the_right_article_first(ingested: SampleLibrary) -> None:
    names = {one.key: Path(one.names[0]).stem for one in ingested.library.documents()}
    firsts = {}
    for question in JUDGED:
        hits = ingested.search.search(question, k=3)
        for hit in hits:
            assert ingested.library.page(hit.document, hit.page).text[hit.start : hit.end] == hit.text
        firsts[question] = names[hits[0].document]
    assert firsts == JUDGED


def test_sample_chapter__every_sentence__leads_to_its_words_on_its_page(
    written: Written, ingested: SampleLibrary
) -> None:
    names = {one.key: Path(one.names[0]).stem for one in ingested.library.documents()}
    text = written.final.chapter
    printed: dict[tuple[str, int], str] = {}
    for name, path in ingested.files.items():
        with pypdfium2.PdfDocument(path) as pdf:
            for number, page in enumerate(pdf, start=1):
                printed[name, number] = letters(page.get_textpage().get_text_bounded())
    numbered = {reference.source.key for reference in text.references}
    sentences = [s for section in text.sections for s in section.sentences if s.quotes]
    sentences += [row.finding for section in text.sections for row in section.evidence_table] + list(text.key_points)
    assert len(sentences) > 20
    for sentence in sentences:
        for key in sentence.quotes:
            quote = text.quotes[key]
            assert quote.source in numbered
            assert quote.is_said_by(ingested.library.page_texts([quote.document]))
            for one in quote.spans:
                read = ingested.library.page(quote.document, one.page)
                page_printed = printed[names[quote.document], one.page]
                assert stands(parts(read, one.start, one.end), page_printed), quote.text
            assert sentence.text in (
                display_text(quote.text), display_text(quote.text, numbered_parentheses=True)
            )  # fmt: skip


def test_sample_chapter__citations__close_over_every_article(written: Written) -> None:
    chapter = written.final.chapter
    assert closure_problems(chapter) == []
    assert len(chapter.references) == len(ARTICLES)
    assert len([section for section in chapter.sections if section.sentences]) >= 3


def test_sample_chapter__planted_faults__are_caught_and_nothing_untouched_is_flagged(
    written: Written, ingested: SampleLibrary
) -> None:
    faults = planted.planted_faults(written, 3, random.Random(chapters.SEED))
    assert len(faults) >= 9
    missed = [fault for fault in faults if not planted.is_caught(fault, embedder=ingested.embedder)]
    assert [(fault.kind, fault.after) for fault in missed] == []
    wrong, whole = planted.flagged(written.chapter, embedder=ingested.embedder)
    assert (wrong, whole > 15) == (0, True)


def test_sample_chapter__nothing_on_the_topic__is_refused(ingested: SampleLibrary) -> None:
    with pytest.raises(NoRelevantPassages):
        write(ingested.stages, BriefRequest(topic="Volcanic eruptions of Iceland"))
