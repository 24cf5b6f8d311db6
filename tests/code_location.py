"""Owns the fixtures of everything that Dagster runs: the real code location on a real database, with fake stages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg
import pytest
from dagster import ExecuteInProcessResult

from chapter_pipeline.container import Container
from chapter_pipeline.definitions import build
from chapter_pipeline.documents.reasons import Reason
from chapter_pipeline.domain import SectionPlan, SectionPlans
from chapter_pipeline.domain.document import ParsedDocument
from chapter_pipeline.errors import DocumentRejected, NotFound
from chapter_pipeline.evidence.records import study_record
from chapter_pipeline.services.chapter_sections import kinds_asked
from chapter_pipeline.services.ingest import Ingest
from chapter_pipeline.services.study_records import RecordMaker
from chapter_pipeline.services.unchanged_files import library_settings_hash
from chapter_pipeline.settings import Settings, current_settings
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.chapters import ChapterStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.writing.brief import request_from, section_kinds_of
from sensors import requests
from tests.fake_stages import FakeStages
from tests.library_samples import HashEmbedder, ReadsAhead, add, parsed_from, passages_of

SLUG = "glioma-surgery"
GLIOMA = "Glioma surgery in adults\n\nResection of the tumour was safe.\fThe tumour grew again."


class TextParser(ReadsAhead):
    """Reads the files of `tests.library_samples`. ``BAD:reason`` is refused, ``ERROR:text`` is a bug."""

    def __init__(self) -> None:
        self.calls: Counter[bytes] = Counter()

    def __call__(self, content: bytes) -> ParsedDocument:
        self.calls[content] += 1
        if content.startswith(b"BAD:"):
            raise DocumentRejected(Reason(content[4:].decode()), "refused by the test")  # as the real one does
        if content.startswith(b"ERROR:"):
            raise RuntimeError(content[6:].decode())
        return parsed_from(content)


class SampleContainer(Container):
    """A container with a parser of plain text, an embedder without a model, and stages made by the test."""

    def __init__(
        self, settings: Settings, *, parser: TextParser, stages: FakeStages, section_concurrency: int = 2
    ) -> None:
        super().__init__(settings.model_copy(update={"section_concurrency": section_concurrency}))
        self._parser = parser
        self._stages = stages
        self.make_record: RecordMaker = study_record

    def stages(self, run_id: str | None = None) -> Any:
        return self._stages

    @property
    def library_settings_hash(self) -> str:
        return library_settings_hash("1", HashEmbedder().name)

    @contextmanager
    def ingest(self, run_id: str | None = None) -> Iterator[Ingest]:
        yield Ingest(
            self.settings, bucket=self.bucket, library=self.library_store, embedder=HashEmbedder(),
            parser=self._parser, make_passages=passages_of, settings_hash="1", make_record=self.make_record,
            filler=self.record_filler(run_id),
        )  # fmt: skip


def failure_told(result: ExecuteInProcessResult) -> tuple[str, dict[str, object]]:
    """Description and metadata of the failure of the one step that failed."""
    (event,) = result.get_step_failure_events()
    told = event.step_failure_data.user_failure_data
    assert told is not None, "the step failed with an error, not with a `dg.Failure`"
    return told.description or "", {name: value.value for name, value in told.metadata.items()}


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The settings of this test, in the environment: what entry points and Dagster's storage see."""
    assert settings.database_url is not None
    monkeypatch.setenv("CHAPTER_HOME", str(settings.home))
    monkeypatch.setenv("CHAPTER_DATABASE_URL", settings.database_url.get_secret_value())
    current_settings.cache_clear()
    yield current_settings()
    current_settings.cache_clear()


class Location:
    """The code location with fakes in it, and the stores to look at what it did."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        instance: dg.DagsterInstance,
        *,
        section_concurrency: int = 2,
        stages: FakeStages | None = None,
    ) -> None:
        self.settings = settings
        self.instance = instance
        self.database = database
        self.library = LibraryStore(database)
        self.artifacts = ArtifactStore(database)
        self.chapters = ChapterStore(database)
        self.bucket = ObjectBucket.open(settings)
        self.stages = stages or FakeStages(self.library)
        self.parser = TextParser()
        self.container = SampleContainer(
            settings, parser=self.parser, stages=self.stages, section_concurrency=section_concurrency
        )
        self.definitions = build(self.container)

    def add_documents(self, *contents: str) -> list[str]:
        """Searchable documents, past the ingest; their keys."""
        return [add(self.library, f"library/{number}.pdf", text) for number, text in enumerate(contents, start=1)]

    def write(
        self,
        *,
        sections: Sequence[str] | None = None,
        tags: Mapping[str, str] | None = None,
        config: Mapping[str, object] | None = None,
        slug: str = SLUG,
    ) -> ExecuteInProcessResult:
        """Run `write_chapter`; with `sections` only these and what follows."""
        request = requests.write_request(self.instance, slug, sections, kinds=self.kinds(slug))
        return self.definitions.resolve_job_def("write_chapter").execute_in_process(
            instance=self.instance,
            tags={**request.tags, **(tags or {})},
            asset_selection=request.selection,
            run_config={"ops": {"chapter_brief": {"config": config}}} if config else None,
            raise_on_error=False,
        )

    def write_sections(self, kinds: Sequence[str], *, slug: str = SLUG) -> ExecuteInProcessResult:
        """Run the section assets of `kinds` alone, for plans of these without a quote."""
        plans = SectionPlans(
            slug=slug,
            topic="glioma",
            audience="surgeons",
            plans=tuple(
                SectionPlan(kind=kind, title=kind, purpose=kind, word_budget=50, subsections=(), quotes=())
                for kind in kinds
            ),
        )
        self.artifacts.put("section_plans", slug, plans)
        request = requests.write_request(self.instance, slug, kinds=kinds)
        return self.definitions.resolve_job_def("write_chapter").execute_in_process(
            instance=self.instance,
            tags=request.tags,
            asset_selection=[dg.AssetKey(["section", kind]) for kind in kinds],
            raise_on_error=False,
        )

    def kinds(self, slug: str) -> tuple[str, ...]:
        """The chapter's own section kinds; those of a disease before it is on record."""
        try:
            return kinds_asked(slug, self.chapters)
        except NotFound:
            return section_kinds_of(request_from({"topic": slug}))

    def sections(self, slug: str = SLUG) -> set[str]:
        """The kinds of the section assets that have a materialization for the chapter."""
        keys = self.definitions.resolve_asset_graph().get_all_asset_keys()
        kinds = {key.path[1] for key in keys if key.path[0] == "section"}
        return {kind for kind in kinds if slug in self.materialized(["section", kind])}

    def ingest(self, files: Mapping[str, bytes]) -> ExecuteInProcessResult:
        """Put `files` into the bucket and run `ingest_library` over them."""
        for key, content in files.items():
            self.bucket.put(key, content, overwrite=True)
        (request,) = requests.ingest_requests(self.instance, list(files))
        return self.definitions.resolve_job_def("ingest_library").execute_in_process(
            instance=self.instance, tags=request.tags, raise_on_error=False
        )

    def materialized(self, asset: str | Sequence[str]) -> set[str]:
        """The partitions of `asset` that have a materialization."""
        return set(self.instance.get_materialized_partitions(dg.AssetKey(asset)))


@pytest.fixture
def real_exports() -> None:
    """Asked for by a test that looks at the exported files."""


@pytest.fixture
def location(
    environment: Settings, database: Database, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Location]:
    """The code location on this test's database; Dagster's own records are kept in memory."""
    if "real_exports" not in request.fixturenames:  # they take seconds
        monkeypatch.setattr("chapter_pipeline.services.exports.put_exports", lambda *_, **__: [])
    with dg.DagsterInstance.ephemeral() as instance:
        location = Location(environment, database, instance)
        yield location
        location.container.close()
