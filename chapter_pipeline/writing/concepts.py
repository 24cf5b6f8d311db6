"""Owns stage 2: the concepts of a topic that the library's texts mention."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from chapter_pipeline.domain import ChapterBrief, Concept, KeyConcepts, Query
from chapter_pipeline.domain.evidence import StudyRecord
from chapter_pipeline.domain.library import DocumentRecord, RetrievedPassage
from chapter_pipeline.domain.tasks import CandidateTerm, KeyConceptsReply, KeyConceptsRequest
from chapter_pipeline.domain.wording import abbreviation_definitions, words
from chapter_pipeline.evidence.arms import CONTROL
from chapter_pipeline.evidence.interventions import DRUG
from chapter_pipeline.ports import Embedder, Reply, Task, TextModel
from chapter_pipeline.writing.questions import clinical_questions

CANDIDATES = 60
NO_RECORDS: Mapping[str, StudyRecord] = MappingProxyType({})
MIN_FREQUENCY = 3
MIN_CLOSENESS = 0.20
MAX_SPREAD = 0.6
"""A term that more than this share of the documents use is the topic itself, not a part of it."""
# A term names a thing: what ends like an adjective only describes one ("intracranial", "malignant", "therapeutic").
_ADJECTIVE = re.compile(
    r"(?:ial|ical|nal|ral|eal|ic|ive|ant|ent(?<!treatment)(?<!ement)|ous|ary|able|ed|ing)$", re.IGNORECASE
)
_STOP = frozenset(
    """a an and are as at be been between both by can could during each for from had has have how in into is it its may
    more most no not of on or our over per than that the their these this those to under upon using versus via vs was
    we were what when which while who whose will with within without after against among before due new novel based
    combined combination study studies trial trials clinical controlled randomised randomized patient patients
    results result outcome outcomes effect effects analysis review systematic meta-analysis case report series
    evaluation impact association first long-term short-term high low large international sample use used role
    versus data experience preliminary prospective retrospective pilot protocol development potential providing
    provides yields induce induces selective synergistic protective""".split()
)


MIN_DRUG_FREQUENCY = 3


def key_concepts(
    brief: ChapterBrief,
    *,
    probe: Sequence[RetrievedPassage],
    documents: Sequence[DocumentRecord],
    embedder: Embedder,
    model: TextModel,
    records: Mapping[str, StudyRecord] = NO_RECORDS,
) -> KeyConcepts:
    """Stage 2. `probe` are passages a first search of the topic found, `documents` the records they belong to.

    `records`: the study records of these documents, by key; their interventions and conditions are candidates too.

    A section query of the template always belongs to the topic itself, the first concept. The questions are those of
    `clinical_questions`.
    """
    request = KeyConceptsRequest(
        topic=brief.topic,
        audience=brief.audience,
        perspectives=brief.perspectives,
        candidates=candidate_terms(brief.topic, probe=probe, documents=documents, embedder=embedder, records=records),
    )
    reply: Reply[KeyConceptsReply] = model.complete(
        Task(kind="key_concepts", request=request, reply_type=KeyConceptsReply, chapter=brief.slug)
    )
    concepts = [
        Concept(
            key=f"c{index}",
            name=proposed.name,
            synonyms=proposed.synonyms,
            importance=min(max(proposed.importance, 0.0), 1.0),
            queries=tuple(Query(text=query.text, perspective=query.perspective) for query in proposed.queries),
        )
        for index, proposed in enumerate(reply.value.concepts, start=1)
    ]
    return KeyConcepts(
        concepts=(_topic_concept(brief), *concepts), questions=clinical_questions(brief, records),
        provider=reply.provider, model=reply.model,
    )  # fmt: skip


def _topic_concept(brief: ChapterBrief) -> Concept:
    queries = [Query(text=brief.topic, perspective="author")]
    queries += [
        Query(text=query, perspective="template", section=section.kind)
        for section in brief.sections
        for query in section.queries
    ]
    return Concept(key="c0", name=brief.topic, importance=1.0, queries=tuple(queries))


def candidate_terms(
    topic: str,
    *,
    probe: Sequence[RetrievedPassage],
    documents: Sequence[DocumentRecord],
    embedder: Embedder,
    records: Mapping[str, StudyRecord] = NO_RECORDS,
) -> tuple[CandidateTerm, ...]:
    """Terms of the titles, of the study records and of the defined abbreviations that the probed passages use, best first.

    A term has to be used at least three times and be close to the topic; ranked by
    ``closeness * log(1 + frequency)``. An intervention, which the arms of a study, or the form of its name, tell, needs no
    closeness: no drug is called like the disease.
    """
    texts: dict[str, list[str]] = defaultdict(list)
    for passage in probe:
        texts[passage.document].append(passage.text)
    synonyms = _defined_terms(text for group in texts.values() for text in group)
    names = dict.fromkeys(term for document in documents for term in _title_terms(document.title or ""))
    names.update(dict.fromkeys(synonyms))
    interventions = _interventions(records.values(), texts)
    names.update(dict.fromkeys(interventions))
    names.update(dict.fromkeys(_conditions(records.values())))
    names = {name: None for name in names if not _NO_CONCEPT.search(name)}
    counted = _count(names, synonyms, texts)
    common = max(2, MAX_SPREAD * len(texts))
    kept = [name for name, (frequency, spread) in counted.items() if frequency >= MIN_FREQUENCY and spread <= common]
    if not kept:
        return ()
    vectors = embedder.embed([topic, *kept])
    closeness = vectors[1:] @ vectors[0]
    terms = [
        CandidateTerm(
            name=name,
            synonyms=tuple(sorted(synonyms.get(name, ()))),
            frequency=counted[name][0],
            documents=counted[name][1],
            closeness=round(max(float(close), INTERVENTION_CLOSENESS if name in interventions else 0.0), 4),
            intervention=name in interventions,
        )
        for name, close in zip(kept, closeness, strict=True)
        if close >= MIN_CLOSENESS or name in interventions
    ]
    terms.sort(key=lambda term: (-term.closeness * math.log1p(term.frequency), term.name))
    return tuple(terms[:CANDIDATES])


def _interventions(records: Iterable[StudyRecord], texts: Mapping[str, Sequence[str]]) -> set[str]:
    """What was given: the arms of the studies that are no controls, and drugs that the passages name often."""
    arms = {
        _sentence_case(arm)
        for record in records
        for arm in record.arms[:3]
        if len(arm.split()) <= 3 and not CONTROL.search(arm)
    }
    drugs = Counter(
        match.group().lower().removesuffix("s")
        for group in texts.values()
        for text in group
        for match in DRUG.finditer(text)
    )
    return arms | {drug for drug, count in drugs.items() if count >= MIN_DRUG_FREQUENCY}


def _conditions(records: Iterable[StudyRecord]) -> list[str]:
    """The conditions of the studies' populations."""
    return [_sentence_case(one) for record in records if (one := record.population.condition) and len(one.split()) <= 4]


INTERVENTION_CLOSENESS = 0.35
"""The closeness to the topic that an intervention of its studies has at least."""
# What is part of many studies and no matter of a chapter: institutions, groups, places of experiments.
_NO_CONCEPT = re.compile(
    r"\b(?:network|consortium|unit|hospital|university|group|groups|committee|society|institute|foundation|vivo|vitro|therapeutics|growth|"
    r"response|model|models|treated|untreated|arm|depletion|plus)\b|\ufffd",
    re.IGNORECASE,
)


def _title_terms(title: str) -> list[str]:
    """Runs of one to three content words of a title."""
    found: list[str] = []
    for clause in re.split(r"[:;,.()?–—]|\s-\s", title):
        run: list[str] = []
        for token in [*re.findall(r"[\w'’α-ωΑ-Ω-]+", clause), "the"]:
            if token.lower() in _STOP or (len(token) < 3 and not token.isupper()) or token.isdigit():
                found += [" ".join(run[i:j]) for i in range(len(run)) for j in range(i + 1, min(i + 3, len(run)) + 1)]
                run = []
            else:
                run.append(token.strip("-'’"))
    return [_sentence_case(term) for term in found if len(term) > 3 and not _ADJECTIVE.search(term)]


def _sentence_case(term: str) -> str:
    """Lower case, but for words that carry capitals on purpose (``CTLA-4``, ``mTOR``, ``HIF-1α``, ``T-cell``)."""
    return " ".join(
        word
        if any(ch.isupper() for ch in word[1:]) or any(ch.isdigit() for ch in word) or word[1:2] == "-"
        else word.lower()
        for word in term.split()
    )


def _defined_terms(texts: Iterable[str]) -> Mapping[str, set[str]]:
    """Long forms that are defined with an abbreviation, with the abbreviation as synonym."""
    found: dict[str, set[str]] = defaultdict(set)
    for text in texts:
        for short, long_form in abbreviation_definitions(text).items():
            if 1 <= len(long_form.split()) <= 4 and not set(words(long_form)) & _STOP:
                found[_sentence_case(long_form)].add(short)
    return found


def _count(
    names: Iterable[str], synonyms: Mapping[str, set[str]], texts: Mapping[str, Sequence[str]]
) -> dict[str, tuple[int, int]]:
    frequency: Counter[str] = Counter()
    spread: Counter[str] = Counter()
    folded = {document: "\n".join(group) for document, group in texts.items()}
    for name in names:
        forms = [re.escape(name) + "s?", *(re.escape(short) for short in synonyms.get(name, ()))]
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)", re.IGNORECASE)
        for text in folded.values():
            hits = len(pattern.findall(text))
            frequency[name] += hits
            spread[name] += bool(hits)
    return {name: (frequency[name], spread[name]) for name in names}
