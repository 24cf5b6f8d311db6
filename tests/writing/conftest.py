"""A small library of hand-made documents in a real database, with the real embedder and the real search."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from chapter_pipeline.domain.document import (
    Block,
    BlockKind,
    Figure,
    Metadata,
    Page,
    ParsedDocument,
    Passage,
    StudyType,
)
from chapter_pipeline.ports import Embedder
from chapter_pipeline.providers.extractive import Extractive
from chapter_pipeline.retrieval.cached import CachedEmbedder
from chapter_pipeline.retrieval.minilm import MiniLM
from chapter_pipeline.services.costs import AnswersInForce
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_search import LibrarySearch
from chapter_pipeline.writing.stages import Stages

TOPIC = "Chronic subdural haematoma"
ARTICLES: dict[str, tuple[str, int, StudyType, list[tuple[str, list[str]]]]] = {
    "Epidemiology of chronic subdural haematoma": (
        "Okafor, Ada",
        2022,
        StudyType.REVIEW,
        [
            (
                "Epidemiology",
                [
                    "Chronic subdural haematoma (CSDH) is a collection of old blood between dura and arachnoid.",
                    "Chronic subdural haematoma is one of the most common conditions that neurosurgeons treat.",
                    "The incidence of chronic subdural haematoma rises steeply with age and is highest in the elderly.",
                    "Anticoagulant drugs, alcohol and brain atrophy are risk factors for chronic subdural haematoma.",
                    "Men are affected by chronic subdural haematoma more often than women in most populations.",
                ],
            ),
            (
                "Pathophysiology",
                [
                    "Inflammation and angiogenesis in the outer membrane drive the growth of chronic subdural haematoma.",
                    "Leaking capillaries of the outer membrane feed the chronic subdural haematoma with fresh blood.",
                    "Fibrinolysis within the cavity hinders clotting in chronic subdural haematoma.",
                ],
            ),
        ],
    ),
    "Burr-hole drainage of chronic subdural haematoma: a randomised controlled trial": (
        "Lind, Per",
        2019,
        StudyType.RANDOMISED_TRIAL,
        [
            (
                "Surgery",
                [
                    "Burr-hole craniostomy is the most common operation for chronic subdural haematoma.",
                    "A subdural drain after burr-hole evacuation of chronic subdural haematoma lowered recurrence "
                    "from 24% to 9.3%.",
                    "Irrigation of the subdural space with warm saline is part of the surgical technique in chronic "
                    "subdural haematoma.",
                    "Twist-drill craniostomy under local anaesthesia is an alternative operation for chronic subdural "
                    "haematoma in frail patients.",
                ],
            ),
            (
                "Results",
                [
                    "Mortality at six months after surgery for chronic subdural haematoma was 8.6% with a drain and "
                    "18.1% without one [12].",
                    "Complications of chronic subdural haematoma surgery were seizure, infection and acute haemorrhage.",
                    "Functional outcome after drainage of chronic subdural haematoma was better at discharge with a "
                    "drain.",
                    "These patients were followed for six months after the operation for the haematoma.",
                ],
            ),
            (
                "Methods",
                ["Patients with chronic subdural haematoma were randomised by sealed envelopes in one centre."],
            ),
        ],
    ),
    "Drug treatment of chronic subdural haematoma": (
        "Ferreira, Ines",
        2021,
        StudyType.COHORT,
        [
            (
                "Drugs",
                [
                    "Dexamethasone did not improve functional outcome in chronic subdural haematoma in a large trial.",
                    "Atorvastatin 20 mg daily reduced the volume of chronic subdural haematoma at eight weeks.",
                    "Tranexamic acid is studied as a drug against the recurrence of chronic subdural haematoma.",
                    "Computed tomography shows chronic subdural haematoma as a crescent of low or mixed density.",
                    "Magnetic resonance imaging reveals membranes within a chronic subdural haematoma.",
                    "Headache, gait disturbance and confusion are common symptoms of chronic subdural haematoma.",
                    "Surgery is indicated in chronic subdural haematoma with neurological deficit.",
                ],
            )
        ],
    ),
    "Response of winter wheat to phosphite": (
        "Green, Max",
        2013,
        StudyType.UNKNOWN,
        [
            (
                "Results",
                [
                    "Foliar phosphite raised the grain yield of winter wheat in two of the three growing seasons.",
                    "The phosphorus concentration of wheat leaves rose with the rate of fertiliser application.",
                ],
            )
        ],
    ),
}
OTHER_KINDS: dict[str, tuple[str, int, StudyType, list[tuple[str, list[str]]]]] = {
    "Endoscopic third ventriculostomy in practice": (
        "Moreau, Jean",
        2020,
        StudyType.REVIEW,
        [
            (
                "Indications",
                [
                    "Endoscopic third ventriculostomy is indicated in obstructive hydrocephalus from aqueduct stenosis.",
                    "Candidates for endoscopic third ventriculostomy are selected by the ETV success score.",
                    "Patients with a tectal glioma are good candidates for endoscopic third ventriculostomy.",
                ],
            ),
            (
                "Technique",
                [
                    "Endoscopic third ventriculostomy begins with a burr hole and a short incision at the coronal suture.",
                    "The endoscope is inserted into the frontal horn and placed before the foramen of Monro.",
                    "The floor of the third ventricle is perforated behind the clivus and dilated with a balloon.",
                ],
            ),
            (
                "Complications",
                [
                    "Complications of endoscopic third ventriculostomy include basilar artery injury and infection.",
                    "Haemorrhage during endoscopic third ventriculostomy has a reported rate of 3.7%.",
                    "Failure of endoscopic third ventriculostomy needs revision or a shunt in some children.",
                ],
            ),
        ],
    ),
    "Anatomy of the hippocampus": (
        "Sato, Mei",
        2018,
        StudyType.REVIEW,
        [
            (
                "Gross anatomy",
                [
                    "The hippocampus lies on the medial surface of the temporal lobe, lateral to the ambient cistern.",
                    "The head of the hippocampus is anterior and bears three or four digitations on its surface.",
                    "The tail of the hippocampus curves posterior and medial to the splenium of the corpus callosum.",
                ],
            ),
            (
                "Blood supply",
                [
                    "The anterior choroidal artery carries blood to the head of the hippocampus.",
                    "Branches of the posterior cerebral artery supply the body of the hippocampus with blood.",
                    "Veins of the hippocampus drain into the basal vein and so into the venous sinuses.",
                ],
            ),
            (
                "Cells",
                [
                    "Pyramidal neurons of the hippocampus receive mossy fibre axons from the dentate gyrus.",
                    "Schaffer axons of CA3 neurons form synapses on CA1 neurons of the hippocampus.",
                    "Interneurons of the hippocampus express parvalbumin and inhibit pyramidal cells.",
                ],
            ),
        ],
    ),
    "Chronic subdural haematoma in mice": (
        "Rossi, Eva",
        2023,
        StudyType.ANIMAL,
        [
            (
                "Discussion",
                [
                    "Chronic subdural haematoma in mice is absorbed sooner after treatment with the drug atorvastatin.",
                    "Further studies of drug treatment are needed in patients with chronic subdural haematoma.",
                ],
            ),
        ],
    ),
}


def document(title: str) -> tuple[ParsedDocument, tuple[Passage, ...]]:
    """One of the articles as the parser would give it: one page, one block and one passage per section."""
    author, year, study, sections = (ARTICLES | OTHER_KINDS)[title]
    text = ""
    blocks: list[Block] = []
    passages: list[Passage] = []
    for heading, sentences in sections:
        start, spans = len(text), []
        for sentence in sentences:
            spans.append((len(text), len(text) + len(sentence)))
            text += sentence + " "
        end = len(text) - 1
        text = text[:end] + "\n\n"
        blocks.append(
            Block(index=len(blocks), kind=BlockKind.BODY, start=start, end=end, box=(50, 50, 300, 400), section=heading)
        )
        passages.append(
            Passage(
                ordinal=len(passages), page=1, start=start, end=end, text=text[start:end], section=heading,
                sentences=tuple(spans),
            )
        )  # fmt: skip
    page = Page(number=1, width=595, height=842, text=text, blocks=tuple(blocks))
    figure = Figure(
        ordinal=1, page=1, box=(50, 450, 300, 600), label="Figure 1", caption=f"Figure 1. Sketch: {title}.",
        media_type="image/png", width_px=400, height_px=300, sha256=hashlib.sha256(title.encode()).hexdigest(),
        content=b"\x89PNG",
    )  # fmt: skip
    parsed = ParsedDocument(
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        page_count=1,
        metadata=Metadata(title=title, authors=(author,), year=year, study_type=study),
        pages=(page,),
        figures=(figure,),
    )
    return parsed, tuple(passages)


class Today:
    """`Clock` that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The real one. It remembers what it embedded, and takes texts one by one: a vector depends a little on its batch."""
    return CachedEmbedder(MiniLM(batch_size=1))


def store(library: LibraryStore, embedder: Embedder, titles: Sequence[str]) -> None:
    """Put articles into the library as ingest does."""
    for title in titles:
        store_parsed(library, embedder, *document(title), name=f"library/{title}.pdf")


def store_parsed(
    library: LibraryStore, embedder: Embedder, parsed: ParsedDocument, passages: Sequence[Passage], *, name: str
) -> str:
    """Put one document into the library; its key."""
    stored = library.store_text(parsed, name=name, size_bytes=1000, settings_hash="test")
    library.store_figures(stored.id, parsed)
    library.store_passages(stored.id, passages)
    library.store_embeddings(stored.id, embedder.embed([p.text for p in passages]), model=embedder.name)
    library.mark_searchable(stored.id, name=name)
    return stored.key


@pytest.fixture
def library(database: Database, embedder: Embedder) -> LibraryStore:
    library = LibraryStore(database)
    store(library, embedder, list(ARTICLES))
    return library


@pytest.fixture
def stages(database: Database, settings: Settings, library: LibraryStore, embedder: Embedder) -> Stages:
    return Stages(
        search=LibrarySearch(database, embedder),
        library=library,
        embedder=embedder,
        bucket=ObjectBucket.open(settings),
        model=Extractive(embedder),
        answers=AnswersInForce(database, run_id=None),
        clock=Today(),
    )
