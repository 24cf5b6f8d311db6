"""The fourteen stages from a topic to a final chapter, on a real database, search and embedder."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.written import Written
from benchmarks.written import write as write_chapter
from chapter_pipeline.documents.structure.passages import make_passages
from chapter_pipeline.domain import (
    BriefRequest,
    ChapterKind,
    ChapterOutline,
    GapType,
    Quote,
)
from chapter_pipeline.domain.document import AUDIT, Block, BlockKind, StudyType
from chapter_pipeline.errors import InvalidBrief, NoRelevantPassages
from chapter_pipeline.ports import Embedder
from chapter_pipeline.quality.closure import closure_problems
from chapter_pipeline.quality.publication import citations_close
from chapter_pipeline.quality.section_fit import fit_floor
from chapter_pipeline.retrieval.minilm import MiniLM
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_measures import passages_table
from chapter_pipeline.writing.evidence_reading import GONE
from chapter_pipeline.writing.final import final_chapter
from chapter_pipeline.writing.outline import MIN_QUOTES_ON_A_POINT, assign
from chapter_pipeline.writing.section_fits import NO_FIT
from chapter_pipeline.writing.stages import Stages
from tests.writing.conftest import ARTICLES, OTHER_KINDS, TOPIC, document, store, store_parsed


def write(stages: Stages, topic: str = TOPIC, **request: Any) -> Written:
    return write_chapter(stages, BriefRequest(topic=topic, word_budget=600, **request))


def test_stages__topic_in_the_library__end_in_a_closed_chapter(stages: Stages) -> None:
    chapter = write(stages).final.chapter
    assert len(chapter.sections) >= 2
    assert chapter.references
    assert closure_problems(chapter) == []


def test_stages__every_quote__stands_verbatim_on_its_page(stages: Stages, library: LibraryStore) -> None:
    written = write(stages)
    assert written.evidence.quotes
    for quote in written.evidence.quotes:
        assert library.page(quote.document, quote.page).text[quote.start : quote.end] == quote.text


def test_stages__sentence_over_a_page_turn__is_quoted_whole_with_both_its_pages(
    stages: Stages, library: LibraryStore, database: Database, embedder: Embedder
) -> None:
    title = next(iter(ARTICLES))
    parsed, _ = document(title)
    (first,) = parsed.pages
    wanted = "Burr-hole drainage with a subdural drain lowers the recurrence of chronic subdural haematoma in adults."
    head, tail = wanted[:40], wanted[41:]
    texts = (f"{first.text.rstrip()}\n\n{head}", f"{tail} The length of stay was not compared.")
    pages = []
    for number, text in enumerate(texts, start=1):
        start = len(text) - len(head) if number == 1 else 0
        block = Block(
            index=len(first.blocks), kind=BlockKind.BODY, start=start, end=len(text), box=(50, 50, 300, 400),
            section="Results",
        )  # fmt: skip
        pages.append(replace(first, number=number, text=text, blocks=(*(first.blocks if number == 1 else ()), block)))
    turned = replace(parsed, sha256="7" * 64, page_count=2, pages=tuple(pages), figures=())
    passages = make_passages(turned, count_tokens=MiniLM().count_tokens, max_tokens=200)
    key = store_parsed(library, embedder, turned, passages, name="library/turned.pdf")
    written = write(stages)
    (quote,) = (one for one in written.evidence.quotes if one.continued)
    assert (quote.text, quote.pages, quote.document) == (wanted, "1–2", key)
    found = library.page_texts([quote.document])
    assert quote.is_said_by(found)
    assert not quote.is_said_by({**found, (key, 2): found[key, 2].replace("recurrence", "mortality ")})
    assert all(row["verbatim"] for row in passages_table(database, None))


def test_final__document_whose_text_the_audit_doubts__is_named_in_the_notes_and_listed(
    stages: Stages, library: LibraryStore, embedder: Embedder
) -> None:
    assert not any("may be incomplete" in note for note in write(stages).final.notes)
    title = next(iter(ARTICLES))
    parsed, passages = document(title)
    warned = replace(
        parsed, sha256="6" * 64, warnings=(f"{AUDIT}words are missing on page 1 (31%)", "hidden text on page 1")
    )
    library.remove(f"library/{title}.pdf")
    key = store_parsed(library, embedder, warned, passages, name=f"library/{title}.pdf")
    (record,) = library.document_records([key])
    assert record.to_check == ("words are missing on page 1 (31%)",)
    final = write(stages).final
    (number,) = (one.number for one in final.chapter.references if one.source.document == key)
    assert [note for note in final.notes if "may be incomplete" in note] == [
        f"The text of reference {number} may be incomplete or wrong in places: see chapter-pipeline documents show, and check "
        "what it is cited for on the page."
    ]


def test_evidence_map__retracted_source__gives_no_quote_and_the_others_still_do(stages: Stages) -> None:
    written = write(stages)
    before, found = written.evidence, written.research
    first, *others = found.sources
    assert first.key in {quote.source for quote in before.quotes}
    for retracted in (None, False, True):
        marked = first.model_copy(update={"retracted": retracted})
        evidence = stages.evidence_map(
            written.brief, written.concepts, found.model_copy(update={"sources": (marked, *others)})
        )
        cited = {quote.source for quote in evidence.quotes}
        assert (first.key in cited) == (retracted is not True)
        assert cited >= {quote.source for quote in before.quotes} - {first.key}


def test_evidence_map__documents_ingested_again_or_removed_since_the_research__are_found_or_told(
    stages: Stages, library: LibraryStore, embedder: Embedder
) -> None:
    written = write(stages)
    titles = list(ARTICLES)
    for title in titles:
        library.remove(f"{title}.pdf")
    store(library, embedder, titles)  # the same files: the same passages under other numbers
    again = stages.evidence_map(written.brief, written.concepts, written.research)
    assert again == written.evidence
    cited = {quote.document for quote in written.evidence.quotes}
    gone = next(iter(sorted(cited)))
    library.remove(gone)
    fewer = stages.evidence_map(written.brief, written.concepts, written.research)
    assert {quote.document for quote in fewer.quotes} == cited - {gone}
    (source,) = [source for source in written.research.sources if source.document == gone]
    assert fewer.refused[GONE] == len(source.passages)


def test_stages__library_holds_other_matters__they_stay_out(stages: Stages) -> None:
    written = write(stages)
    assert all("wheat" not in source.title for source in written.research.sources)
    assert all("wheat" not in sentence.text for s in written.final.chapter.sections for sentence in s.sentences)


def test_stages__sentence_needs_context_or_is_methods__is_not_quoted(stages: Stages) -> None:
    texts = [quote.text for quote in write(stages).evidence.quotes]
    assert not any(text.startswith("These patients") for text in texts)
    assert not any("sealed envelopes" in text for text in texts)


def test_stages__citation_marker_of_the_source__is_not_printed(stages: Stages) -> None:
    shown = [s.text for section in write(stages).final.chapter.sections for s in section.sentences]
    assert not any("[12]" in text for text in shown)


def test_stages__same_inputs__same_chapter(stages: Stages) -> None:
    assert write(stages).final == write(stages).final


def test_stages__nothing_on_the_topic__says_so(stages: Stages) -> None:
    with pytest.raises(NoRelevantPassages, match="Volcanic"):
        write(stages, "Volcanic eruptions of Iceland")


def test_stages__source_after_the_cut_off_date__is_excluded(stages: Stages) -> None:
    written = write(stages, cutoff_date="2020-12-31")
    assert {source.year for source in written.research.sources} == {2019}
    assert any("after the cut-off date" in item.reason for item in written.research.excluded)


def test_stages__trial_and_review__carry_their_evidence_level(stages: Stages) -> None:
    levels = {source.study_type: source.evidence_level for source in write(stages).research.sources}
    assert levels[StudyType.RANDOMISED_TRIAL] == 2
    assert levels[StudyType.REVIEW] == 5


def test_section__kind_without_a_plan__is_unused(stages: Stages) -> None:
    assert stages.section("gross_anatomy", write(stages).plans).status == "unused"


def test_gap_report__sections_without_evidence__are_named(stages: Stages) -> None:
    report = write(stages).gaps
    missing = {gap.section for gap in report.gaps if gap.type is GapType.CONTENT_COMPLETENESS}
    assert "future_directions" in missing
    assert report.requires_revision


def test_gap_report__author_demands_a_point_nobody_mentions__is_critical(stages: Stages) -> None:
    report = write(stages, must_cover=("hyperbaric oxygen",)).gaps
    assert any(gap.severity == "critical" and "hyperbaric" in gap.description for gap in report.gaps)


def test_final__citation_does_not_close__is_a_value_that_its_gate_refuses(stages: Stages) -> None:
    written = write(stages)
    chapter = written.reviewed.chapter
    assert citations_close(written.final.chapter).problems == ()
    broken = chapter.model_copy(update={"quotes": dict(list(chapter.quotes.items())[1:])})
    final = final_chapter(
        written.brief,
        stages.key_concepts(written.brief),
        written.reviewed.model_copy(update={"chapter": broken}),
        written.gaps,
    )
    assert any("unknown quote key" in problem for problem in citations_close(final.chapter).problems)


@pytest.mark.parametrize(
    ("kind", "topic"),
    [
        (ChapterKind.DISEASE, TOPIC),
        (ChapterKind.TECHNIQUE, "Endoscopic third ventriculostomy"),
        (ChapterKind.ANATOMY, "Anatomy of the hippocampus"),
    ],
)
def test_stages__every_template__writes_a_chapter(
    stages: Stages, library: LibraryStore, embedder: Embedder, kind: ChapterKind, topic: str
) -> None:
    store(library, embedder, list(OTHER_KINDS))
    assert len(write(stages, topic, kind=kind).final.chapter.sections) >= 2


EMBRYOLOGY = {
    "kind": "development", "title": "Development", "purpose": "How the region forms.", "share": 1,
    "queries": ["embryology of the skull and the meninges"],
}  # fmt: skip


def test_stages__too_little_for_any_section__says_how_much_there_is(stages: Stages) -> None:
    with pytest.raises(NoRelevantPassages, match=r"quotes of \d+ sentences\): ingest more"):
        write(stages, template={"name": "embryology", "sections": [EMBRYOLOGY]})


def test_chapter_outline__sections_with_too_few_quotes__give_them_to_the_next_best(stages: Stages) -> None:
    written = write(stages)
    kept = {plan.kind: {quote.key for quote in plan.quotes} for plan in written.plans.plans}
    assert all(len(keys) >= MIN_QUOTES_ON_A_POINT for keys in kept.values())
    planned = set().union(*kept.values())
    for quote in written.evidence.quotes:
        fitting = [kind for kind in kept if quote.sections[kind] >= fit_floor(quote)]
        assert quote.key in planned or not fitting, quote.text


def test_chapter_outline__two_quotes__are_a_section_when_they_speak_to_a_must_cover_point(stages: Stages) -> None:
    found = write(stages)
    at_home = [quote for quote in found.evidence.quotes if quote.key in found.outline.assignments["diagnosis"]]
    others = [quote for quote in found.evidence.quotes if quote.sections["diagnosis"] < fit_floor(quote)]
    two = [quote for quote in at_home if "imaging" in quote.points][:MIN_QUOTES_ON_A_POINT]

    def outline(quotes: list[Quote]) -> ChapterOutline:
        return stages.chapter_outline(found.brief, found.evidence.model_copy(update={"quotes": (*quotes, *others)}))

    assert len(outline(two).assignments["diagnosis"]) == MIN_QUOTES_ON_A_POINT
    assert "diagnosis" in outline(two[:1]).unused
    assert "diagnosis" in outline([quote.model_copy(update={"points": ()}) for quote in two]).unused


@pytest.fixture
def of_mice(stages: Stages, library: LibraryStore, embedder: Embedder) -> Written:
    store(library, embedder, ["Chronic subdural haematoma in mice"])
    return write(stages)


def test_evidence_map__animals_and_bench_work__fit_no_section_that_is_of_people(of_mice: Written) -> None:
    clinical = {section.kind for section in of_mice.brief.sections if section.clinical}
    assert {"indications", "complications", "outcomes"} <= clinical
    (quote,) = [quote for quote in of_mice.evidence.quotes if "mice" in quote.text]
    assert {quote.sections[kind] for kind in clinical} == {NO_FIT}
    assert all(quote.key not in of_mice.outline.assignments.get(kind, ()) for kind in clinical)


def test_evidence_map__decisive_cue__outweighs_the_cues_of_other_sections(of_mice: Written) -> None:
    (quote,) = [quote for quote in of_mice.evidence.quotes if quote.text.startswith("Further studies")]
    assert max(quote.sections, key=lambda kind: quote.sections[kind]) == "future_directions"


def test_brief__slug_with_spaces__is_refused(stages: Stages) -> None:
    with pytest.raises(InvalidBrief, match="lower-case"):
        stages.chapter_brief("My chapter", BriefRequest(topic=TOPIC))


def of_review(key: str, text: str, *points: str, relevance: float = 0.5, **sections: float) -> Quote:
    return Quote(
        key=key, source="a2020", document="d", page=1, start=0, end=len(text), text=text, display=text,
        document_section=None, study_type=StudyType.REVIEW, evidence_level=5, year=2020, relevance=relevance,
        points=points, sections=sections,
    )  # fmt: skip


def test_assign__must_cover_point__claims_what_fits_its_section_and_no_other_much_better(stages: Stages) -> None:
    brief = stages.chapter_brief("chapter", BriefRequest(topic=TOPIC))
    kinds = ("diagnosis", "other_treatment")
    two = [section for section in brief.sections if section.kind in kinds]
    quotes = [
        of_review(
            "q1", "Ultrasound guided by imaging opens the barrier.", "imaging", diagnosis=0.11, other_treatment=0.34
        ),
        of_review("q2", "Imaging shows a crescent.", "imaging", diagnosis=0.16, other_treatment=0.2),
        of_review("q3", "Imaging was paid for.", "imaging", diagnosis=0.01, other_treatment=0.0),
    ]
    assigned = assign(brief, quotes, two)
    assert {kind: [quote.key for quote in assigned[kind]] for kind in kinds} == {
        "diagnosis": ["q2"], "other_treatment": ["q1"],
    }  # fmt: skip


def test_assign__point_of_an_author__is_answered_in_the_section_that_its_answer_fits_best(stages: Stages) -> None:
    request = BriefRequest(topic=TOPIC, must_cover=("return to driving",))
    brief = stages.chapter_brief("chapter", request)
    kinds = ("diagnosis", "other_treatment")
    two = [section for section in brief.sections if section.kind in kinds]
    answer = of_review(
        "q1", "Return to driving is possible.", "return to driving", diagnosis=-0.3, other_treatment=-0.1
    )
    assert [quote.key for quote in assign(brief, [answer], two)["other_treatment"]] == ["q1"]
    nowhere = of_review("q1", "Rats return to driving.", "return to driving", diagnosis=-1.0, other_treatment=-1.0)
    assert assign(brief, [nowhere], two) == {"diagnosis": [], "other_treatment": []}
    other = of_review("q1", "Return to work is possible.", diagnosis=-0.3, other_treatment=-0.1)
    assert assign(brief, [other], two) == {"diagnosis": [], "other_treatment": []}
