"""Two chapters from real articles: every citation leads to its words on its page, as another PDF library reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
from pydantic import SecretStr

from chapter_pipeline.documents.model import IngestStatus
from chapter_pipeline.operations.ingest import open_ingest
from chapter_pipeline.providers.extractive import Extractive
from chapter_pipeline.quality.closure import closure_problems
from chapter_pipeline.retrieval.minilm import MiniLM
from chapter_pipeline.retrieval.search import LibrarySearch
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.embedded import EmbeddedServer
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.writing.model import BriefRequest, FinalChapter
from chapter_pipeline.writing.stages import Stages
from chapter_pipeline.writing.text import display_text
from tests.conftest import TEMPLATE, new_database
from tests.documents.test_library import letters, parts

pytestmark = [pytest.mark.corpus, pytest.mark.slow, pytest.mark.xdist_group("chapters"), pytest.mark.timeout(900)]
TOPICS = ("Local and systemic therapy of malignant glioma", "Multiple sclerosis and its treatment")
DISTRACTORS = ("wheat", "shark")


class Today:
    def now(self) -> datetime:
        return datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def stages(
    corpus: Path, postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stages, LibraryStore]]:
    """The whole library of the shared data, ingested as a user does."""
    home = tmp_path_factory.mktemp("real")
    for name in new_database(postgres, TEMPLATE):
        settings = Settings(home=home, database_url=SecretStr(postgres.url(name, "psycopg")))
        database, bucket, embedder = Database.open(settings), ObjectBucket.open(settings), MiniLM(batch_size=32)
        with open_ingest(settings, database=database, bucket=bucket, embedder=embedder) as ingest:
            outcomes = list(ingest.ingest_files([corpus / "library"]))
        assert {outcome.status for outcome in outcomes} == {IngestStatus.INGESTED}
        library = LibraryStore(database)
        yield (
            Stages(
                search=LibrarySearch(database, embedder), library=library, embedder=embedder, bucket=bucket,
                model=Extractive(embedder), clock=Today(),
            ),
            library,
        )  # fmt: skip
        database.close()


@pytest.fixture(scope="module", params=TOPICS)
def chapter(request: pytest.FixtureRequest, stages: tuple[Stages, LibraryStore]) -> FinalChapter:
    return write(stages[0], request.param)


def write(stages: Stages, topic: str) -> FinalChapter:
    brief = stages.chapter_brief("chapter", BriefRequest(topic=topic))
    concepts = stages.key_concepts(brief)
    found = stages.library_research(brief, concepts)
    literature = stages.literature_research(brief, concepts)
    research = stages.research_set(brief, concepts, found, literature, stages.open_access_documents(literature))
    evidence = stages.evidence_map(brief, concepts, research)
    outline = stages.chapter_outline(brief, evidence)
    plans = stages.section_plans(brief, outline, evidence, research)
    sections = [stages.section(section.kind, plans) for section in brief.sections]
    reviewed = stages.reviewed_chapter(brief, stages.chapter_draft(brief, outline, plans, sections, research))
    gaps = stages.gap_report(brief, outline, plans, evidence, research, reviewed)
    return stages.final_chapter(brief, concepts, reviewed, gaps)


def test_real_chapter__every_sentence__leads_to_its_words_on_its_page(
    chapter: FinalChapter, stages: tuple[Stages, LibraryStore], corpus: Path
) -> None:
    files = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in (corpus / "library").glob("*.pdf")}
    text = chapter.chapter
    numbered = {reference.source.key for reference in text.references}
    opened: dict[str, pypdfium2.PdfDocument] = {}
    sentences = [s for section in text.sections for s in section.sentences if s.quotes]
    sentences += [row.finding for section in text.sections for row in section.evidence_table] + list(text.key_points)
    assert len(sentences) > 40
    for sentence in sentences:
        for key in sentence.quotes:
            quote = text.quotes[key]
            assert quote.source in numbered
            document = stages[1].document(quote.document)
            if quote.document not in opened:
                opened[quote.document] = pypdfium2.PdfDocument(files[document.sha256])
            pdf = opened[quote.document]
            assert 1 <= quote.page <= len(pdf)
            printed = letters(pdf[quote.page - 1].get_textpage().get_text_bounded())
            page = stages[1].page(quote.document, quote.page)
            assert page.text[quote.start : quote.end] == quote.text
            for part in parts(page, quote.start, quote.end):
                assert letters(part) in printed, f"{quote.text!r} is not on page {quote.page} of {document.title!r}"
            assert sentence.text in (
                display_text(quote.text), display_text(quote.text, numbered_parentheses=True)
            )  # fmt: skip


def test_real_chapter__citations__close_and_no_other_field_is_cited(chapter: FinalChapter) -> None:
    assert closure_problems(chapter.chapter) == []
    titles = [reference.source.title.lower() for reference in chapter.chapter.references]
    assert not [title for title in titles if any(word in title for word in DISTRACTORS)]


def test_real_chapter__nothing_on_the_topic__is_refused(stages: tuple[Stages, LibraryStore]) -> None:
    from chapter_pipeline.errors import NoRelevantPassages

    with pytest.raises(NoRelevantPassages):
        write(stages[0], "Volcanic eruptions of Iceland")
