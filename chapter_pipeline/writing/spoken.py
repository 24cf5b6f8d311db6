"""Owns where the sources of a chapter speak of the must-cover points that it lacks: every sentence of them is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chapter_pipeline.domain import ChapterBrief, MustCoverPoint, ResearchSet, Source
from chapter_pipeline.domain.document import StudyType, place
from chapter_pipeline.domain.evidence import Finding, FindingKind, Species, StudyRecord
from chapter_pipeline.domain.library import PassageRecord
from chapter_pipeline.domain.wording import mentioned
from chapter_pipeline.ports import LibraryReader, PassageSearch
from chapter_pipeline.quality.gap_inputs import Spoken
from chapter_pipeline.quality.grounding import NOT_CLINICAL, is_preclinical
from chapter_pipeline.quality.points import SILENT, asks_of_people, speaks
from chapter_pipeline.writing.labels import named

RANKED = 50
"""Passages that are ranked for a must-cover point; the others follow in the order of the library."""


def spoken(
    points: Sequence[MustCoverPoint],
    brief: ChapterBrief,
    research: ResearchSet,
    *,
    search: PassageSearch,
    library: LibraryReader,
) -> Spoken:
    """Of each of `points` the best place in the sources that answers it: of people, else of animals, else what is near it.

    What a study did comes after what it states. A source that is retracted is not read.
    """
    sources = {source.document: source for source in research.sources if source.document and not source.retracted}
    if not points or not sources:
        return Spoken()
    ranked = search.search_many([f"{point.text} in {brief.topic}" for point in points], k=RANKED)
    held = library.passages_of(sorted(sources))
    records = library.study_records(sorted(sources))
    sentences = list(_sentences(held, sources, records))
    clinical = {section.kind for section in brief.sections if section.clinical}
    people: dict[str, str] = {}
    animals: dict[str, str] = {}
    nearest: dict[str, str] = {}
    for point, hits in zip(points, ranked, strict=True):
        order = {hit.passage_id: hit.rank for hit in hits}
        found = [one for one in sentences if speaks(point, one.text, topic=brief.topic, kind=one.kind)]
        found.sort(key=lambda one: (one.kind in SILENT, order.get(one.passage.id, RANKED + 1), one.passage.id))
        asked = asks_of_people(point, clinical=point.section in clinical)
        of_people = [one for one in found if not (asked and one.of_animals)]
        if of_people:
            people[point.text] = of_people[0].where
        elif found:
            animals[point.text] = found[0].where
        else:
            near = [one for one in sentences if one.is_of_patients and mentioned(one.text, point.near)]
            if near:
                nearest[point.text] = near[0].where
    return Spoken(people=people, animals=animals, nearest=nearest)


class _Sentence:
    """A sentence of a source with its place, its kind and whether it is about animals, cells or devices."""

    def __init__(self, text: str, passage: PassageRecord, source: Source, finding: Finding | None) -> None:
        self.text = text
        self.passage = passage
        self.kind: FindingKind | None = finding.kind if finding is not None else None
        bench = finding.species is not Species.HUMAN if finding is not None else source.study_type in NOT_CLINICAL
        self.of_animals = bench or is_preclinical(text)
        self.is_of_patients = not self.of_animals and source.study_type is not StudyType.META_ANALYSIS
        """Not of animals, nor of the studies that a review takes in or leaves out."""
        self.where = f"{named(source)}, {place(passage.page, passage.page_label, passage.paragraph)}"


def _sentences(
    passages: Sequence[PassageRecord], sources: Mapping[str, Source], records: Mapping[str, StudyRecord]
) -> Iterator[_Sentence]:
    findings = {
        (document, one.page, one.start): finding
        for document, record in records.items()
        for finding in record.findings
        for one in finding.statement.places[:1]
    }
    for passage in passages:
        for start, end in passage.sentences:
            text = passage.text[start - passage.start : end - passage.start]
            finding = findings.get((passage.document, passage.page, start))
            yield _Sentence(text, passage, sources[passage.document], finding)
