"""Owns stages 3 and 6: what the library holds on a topic, and the one graded list of sources made of it."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from chapter_pipeline.domain import (
    ChapterBrief,
    Exclusion,
    FoundPassage,
    KeyConcepts,
    LibraryResearch,
    LiteratureResearch,
    Query,
    ResearchSet,
    Source,
    Work,
)
from chapter_pipeline.domain.document import EVIDENCE_LEVELS
from chapter_pipeline.domain.library import DocumentRecord, RetrievedPassage
from chapter_pipeline.errors import NoRelevantPassages
from chapter_pipeline.ports import Embedder, LibraryReader, PassageSearch
from chapter_pipeline.writing.retractions import is_notice, retracted

HITS_PER_QUERY = 30
DOCUMENT_PASSAGES = 3
"""A document is judged by its title and its best three passages."""
DOCUMENT_FLOOR = 0.38
"""Least closeness (cosine) of a document to the topic; measured in docs/decisions/relevance.md."""
DOCUMENT_SHARE = 0.60
"""A document also has to reach this share of the best document's closeness."""
PASSAGE_FLOOR = 0.20
MAX_PASSAGES = 800


def library_research(
    brief: ChapterBrief, concepts: KeyConcepts, *, search: PassageSearch, library: LibraryReader, embedder: Embedder
) -> LibraryResearch:
    """Stage 3: search the library for every query of every concept and every question, and keep what is about the topic.

    Relevance of a passage is the mean of its own closeness to the topic and its document's. Raises
    `NoRelevantPassages` when nothing passes the floors.
    """
    hits: dict[int, RetrievedPassage] = {}
    found_by: dict[int, set[str]] = defaultdict(set)
    sections: dict[int, set[str]] = defaultdict(set)
    queries = [(concept.key, query) for concept in concepts.concepts for query in concept.queries]
    queries += [
        (concepts.concepts[0].key, Query(text=asked.text, perspective=asked.perspective.value, section=asked.section))
        for asked in concepts.questions
    ]
    found = search.search_many([query.text for _, query in queries], k=HITS_PER_QUERY)
    for (key, query), ranked in zip(queries, found, strict=True):
        for hit in ranked:
            if hit.passage_id not in hits or hit.score > hits[hit.passage_id].score:
                hits[hit.passage_id] = hit
            found_by[hit.passage_id].add(key)
            if query.section:
                sections[hit.passage_id].add(query.section)
    passages = [hits[key] for key in sorted(hits)]
    closeness = _passages_closeness(brief.topic, passages, library, embedder)
    records = {record.key: record for record in library.document_records(sorted({p.document for p in passages}))}
    by_document = document_closeness(brief.topic, passages, closeness, records, embedder)
    floor = _floor(by_document)
    kept = [
        FoundPassage(
            passage=passage,
            relevance=round((float(own) + by_document[passage.document]) / 2, 4),
            concepts=tuple(sorted(found_by[passage.passage_id])),
            sections=tuple(sorted(sections[passage.passage_id])),
        )
        for passage, own in zip(passages, closeness, strict=True)
        if by_document[passage.document] >= floor and own >= PASSAGE_FLOOR
    ]
    if not kept:
        raise NoRelevantPassages(
            f"the library holds no passage on {brief.topic!r}: ingest documents on it, or name another topic"
        )
    kept.sort(key=lambda found: (-found.relevance, found.passage.passage_id))
    return LibraryResearch(
        passages=tuple(kept[:MAX_PASSAGES]),
        searches=len(queries),
        hits=len(passages),
        dropped=len(passages) - len(kept[:MAX_PASSAGES]),
    )


def _closeness(topic: str, texts: Sequence[str], embedder: Embedder) -> np.ndarray:
    if not texts:
        return np.zeros(0, dtype=np.float32)
    vectors = embedder.embed([topic, *texts])
    return np.asarray(vectors[1:] @ vectors[0])


def _passages_closeness(
    topic: str, passages: Sequence[RetrievedPassage], library: LibraryReader, embedder: Embedder
) -> np.ndarray:
    """Cosine of each passage with the topic, by `embedder`, whose scale the floors have.

    The vectors of an index that another embedder has built are not comparable: such passages are embedded here.
    """
    known = library.vectors([passage.passage_id for passage in passages], model=embedder.name)
    others = [passage for passage in passages if passage.passage_id not in known]
    if others:
        vectors = embedder.embed([passage.text for passage in others])
        known |= {passage.passage_id: vector for passage, vector in zip(others, vectors, strict=True)}
    if not passages:
        return np.zeros(0, dtype=np.float32)
    return np.asarray(np.stack([known[passage.passage_id] for passage in passages]) @ embedder.embed([topic])[0])


def document_closeness(
    topic: str,
    passages: Sequence[RetrievedPassage],
    closeness: np.ndarray,
    records: dict[str, DocumentRecord],
    embedder: Embedder,
) -> dict[str, float]:
    """Closeness of each document to the topic: mean of its title's and its best passages' cosine."""
    best: dict[str, list[float]] = defaultdict(list)
    for passage, value in zip(passages, closeness, strict=True):
        best[passage.document].append(float(value))
    keys = sorted(best)
    titles = [(records[key].title if key in records else None) or "" for key in keys]
    title_closeness = _closeness(topic, [title or topic for title in titles], embedder)
    result = {}
    for key, title, near in zip(keys, titles, title_closeness, strict=True):
        top = sorted(best[key], reverse=True)[:DOCUMENT_PASSAGES]
        body = sum(top) / DOCUMENT_PASSAGES
        result[key] = (body + float(near)) / 2 if title else body
    return result


def documents_on_topic(
    topic: str,
    passages: Sequence[RetrievedPassage],
    records: Sequence[DocumentRecord],
    *,
    library: LibraryReader,
    embedder: Embedder,
) -> set[str]:
    """Keys of the documents of `passages` that are about the topic."""
    closeness = _passages_closeness(topic, passages, library, embedder)
    by_document = document_closeness(topic, passages, closeness, {record.key: record for record in records}, embedder)
    floor = _floor(by_document)
    return {key for key, value in by_document.items() if value >= floor}


def _floor(by_document: Mapping[str, float]) -> float:
    return max(DOCUMENT_FLOOR, DOCUMENT_SHARE * max(by_document.values(), default=0.0))


def research_set(
    brief: ChapterBrief,
    *,
    library: LibraryResearch,
    literature: LiteratureResearch,
    records: Sequence[DocumentRecord],
    notices: Sequence[DocumentRecord] = (),
) -> ResearchSet:
    """Stage 6: one source per document, enriched by the reference of the same work, plus works without text.

    Two are the same work when their DOIs are, or else their normalised titles. Sources later than the cut-off date
    are excluded, and so are notices of retraction; `notices` are those of the library that are not among its findings. A work is retracted where its title or a notice of the library says so;
    what nothing says so of is not checked, as that needs a literature source.
    """
    withdrawn = retracted([*records, *notices], normalised=normalised_title)
    grouped: dict[str, list[FoundPassage]] = defaultdict(list)
    for found in library.passages:
        grouped[found.passage.document].append(found)
    works = {identity: work for work in literature.works for identity in _identities(work.doi, work.title)}
    keys = _CitationKeys()
    sources: list[Source] = []
    excluded: list[Exclusion] = []
    seen: dict[str, str] = {}
    for record in sorted(records, key=lambda r: (-max(f.relevance for f in grouped[r.key]), r.key)):
        title = record.title or f"Untitled document {record.key}"
        reason = _exclusion(record, brief, seen)
        if reason:
            excluded.append(Exclusion(title=title, document=record.key, reason=reason))
            continue
        identities = _identities(record.doi, record.title)
        seen.update(dict.fromkeys(identities, title))
        work = next((works[identity] for identity in identities if identity in works), None)
        made = _source(record, title, work, grouped[record.key], keys)
        sources.append(made.model_copy(update={"retracted": True}) if record.key in withdrawn else made)
    for work in literature.works:
        if any(identity in seen for identity in _identities(work.doi, work.title)) or work.relevance <= 0:
            continue
        seen.update(dict.fromkeys(_identities(work.doi, work.title), work.title))
        sources.append(_reference_only(work, keys))
    return ResearchSet(
        sources=tuple(sources),
        excluded=tuple(excluded),
        retraction_check="by titles and notices of the library only: no literature source is configured",
    )


def _exclusion(record: DocumentRecord, brief: ChapterBrief, seen: dict[str, str]) -> str | None:
    if record.year is not None and record.year > brief.cutoff_date.year:
        return f"published in {record.year}, after the cut-off date {brief.cutoff_date.isoformat()}"
    if is_notice(record.title):
        return "a notice of retraction"
    same = next((seen[identity] for identity in _identities(record.doi, record.title) if identity in seen), None)
    return f"the same work as {same!r}" if same else None


def _source(
    record: DocumentRecord, title: str, work: Work | None, passages: Sequence[FoundPassage], keys: _CitationKeys
) -> Source:
    """The document's record, completed by a reference `work` but for what a person says that the work has not."""
    completed = {
        name: getattr(record, name) or (getattr(work, name) if work and name not in record.has_none else None)
        for name in ("authors", "year", "journal", "volume", "issue", "pages", "doi")
    }
    authors, year = completed.pop("authors") or (), completed.pop("year")
    return Source(
        key=keys.make(authors, title, year),
        document=record.key,
        title=title,
        authors=authors,
        year=year,
        **completed,
        licence=record.licence,
        to_check=record.to_check,
        has_none=record.has_none,
        study_type=record.study_type,
        evidence_level=EVIDENCE_LEVELS[record.study_type],
        relevance=max(found.relevance for found in passages),
        passages=tuple(sorted(passages, key=lambda found: (found.passage.page, found.passage.start))),
    )


def _reference_only(work: Work, keys: _CitationKeys) -> Source:
    return Source(
        key=keys.make(work.authors, work.title, work.year),
        document=None,
        title=work.title,
        authors=work.authors,
        year=work.year,
        journal=work.journal,
        volume=work.volume,
        issue=work.issue,
        pages=work.pages,
        doi=work.doi,
        evidence_level=5,
        relevance=work.relevance,
    )


def normalised_title(title: str) -> str:
    """Letters and digits only, case and accents folded: equal for two printings of one title."""
    folded = unicodedata.normalize("NFKD", title).casefold()
    return re.sub(r"[\W_]+", "", folded)


def _identities(doi: str | None, title: str | None) -> list[str]:
    found = [f"doi:{doi.lower()}"] if doi else []
    return [*found, f"title:{normalised_title(title)}"] if title else found


class _CitationKeys:
    """Makes keys such as ``santarius2009``; a second one of the same name gets ``santarius2009b``."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def make(self, authors: Iterable[str], title: str, year: int | None) -> str:
        first = next(iter(authors), "")
        family = first.split(",")[0] if "," in first else (first.split()[-1] if first.split() else "")
        longest = max(title.split()[:6], key=len, default="")
        stem = self._ascii(family) or self._ascii(longest) or "source"
        base = f"{stem}{year or ''}"
        key, suffix = base, ord("a")
        while key in self._taken:
            suffix += 1
            key = f"{base}{chr(suffix)}" if suffix <= ord("z") else f"{base}x{suffix - ord('z')}"
        self._taken.add(key)
        return key

    @staticmethod
    def _ascii(text: str) -> str:
        folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        return re.sub(r"[^a-z]", "", folded.lower())
