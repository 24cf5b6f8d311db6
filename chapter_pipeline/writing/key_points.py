"""Owns which sentences of a chapter are its key points: what a reader takes home who reads nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from chapter_pipeline.domain import Quote, Section, Sentence
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.quality.grounding import claim_problems
from chapter_pipeline.quality.relations import topic_stems
from chapter_pipeline.writing.filler import is_filler, is_limited
from chapter_pipeline.writing.quotability import is_quantified

KEY_POINTS = 6
KEY_POINT_WORDS = 40
CONCLUSION_WORDS = 65
"""What a study concludes and recommends may be longer: it carries its own conditions."""
OF_ONE_SOURCE, OF_ONE_SECTION = 2, 2
_CALL_FOR_RESEARCH = re.compile(
    r"\b(?:further|future|more|additional) (?:\w+ )?(?:stud|research|trial|investigation|work)|\bneeded\b|\bwarranted\b",
    re.IGNORECASE,
)
_BY_ITS_AUTHORS = re.compile(r"\b(?:we|our|ours|us|the authors)\b", re.IGNORECASE)
"""What speaks of its authors needs the words that introduce it, and says less without its article."""
_OF_THE_LITERATURE = re.compile(
    r"^(?:an?|the|most|several|many|some|few|recent|previous|early|uniform)? ?(?:narrative |systematic |published |clinical )*"
    r"(?:reviews?|studies|trials|literature|research|evidence|definitions?|registers?)\b(?! (?:show|found|demonstrat))",
    re.IGNORECASE,
)
_OF_CARE = re.compile(
    r"\b(?:surviv\w+|mortality|deaths?|died|recur\w+|progress\w+|complicat\w+|morbidit\w+|toxicit\w+|adverse|safe\w*|tolerat\w+|"
    r"quality of life|QoL|HRQOL|disabilit\w+|relaps\w+|pain\w*|seizures?|deficits?|risks?|incidence|prevalence|susceptib\w+|cure[ds]?|remission|"
    r"reoperat\w+|revisions?|infect\w+|failures?|improve\w*|benefit\w*|effective\w*|efficacy|recommend\w*|should|appropriate|option|"
    r"standard|first[- ]line|treatment-free|intervention|outcomes?|diagnos\w+|sensitiv\w+|specific\w+|recover\w*|function\w*|symptoms?|headaches?)\b",
    re.IGNORECASE,
)
"""What a patient has of it, or what is to be done; a level of a drug or of a molecule is no message to take home."""
_COMPARES = re.compile(
    r"\b(?:than|versus|vs\.?|compared (?:with|to)|associat\w+|differ\w*|reduc\w+|increas\w+|improv\w+|prolong\w+)\b"
)
_OF_CHOICE = re.compile(
    r"\b(?:first[- ]line|(?:treatment|method|drug|therapy) of choice|preferred|most (?:commonly|widely|frequently) used|gold standard|"
    r"standard of care|recommend\w*|should|must|contraindicated|indicated)\b",
    re.IGNORECASE,
)
_CONCLUDED = (FindingKind.CONCLUSION, FindingKind.RECOMMENDATION)
_FOUND = (FindingKind.OWN_RESULT, FindingKind.CASE)


def key_points(topic: str, sections: Sequence[Section], quotes: dict[str, Quote]) -> tuple[Sentence, ...]:
    """At most six sentences to take home, two of a source and of a section, in the chapter's order.

    What studies of people conclude and recommend goes before what they found, and that before what is told of others
    with numbers; within these the better grade, then a must-cover point, then relevance. Findings of animals stand only
    in a chapter that has none of people. A key point is read alone: it names the topic or one of its concepts, and a call
    for research, a word on the literature, a limitation, the conduct of a study or a mechanism is none.
    """
    named = topic_stems(topic)
    usable = [
        (index, place, sentence, quotes[sentence.quotes[0]])
        for index, section in enumerate(sections)
        for place, sentence in enumerate(section.sentences)
        if sentence.quotes and _is_usable(sentence, quotes, named)
    ]
    of_people = [one for one in usable if one[3].species in (None, Species.HUMAN)]
    ranked = sorted(of_people or usable, key=lambda one: (*_rank(one[2], quotes), one[0], one[1]))
    chosen: list[tuple[int, int, Sentence]] = []
    told: Counter[str | int] = Counter()
    for index, place, sentence, quote in ranked:
        if len(chosen) < KEY_POINTS and told[quote.source] < OF_ONE_SOURCE and told[index] < OF_ONE_SECTION:
            told.update((quote.source, index))
            chosen.append((index, place, sentence))
    return tuple(sentence for _, _, sentence in sorted(chosen, key=lambda one: one[:2]))


def _is_usable(sentence: Sentence, quotes: dict[str, Quote], named: frozenset[str]) -> bool:
    text, quote = sentence.text, quotes[sentence.quotes[0]]
    longest = CONCLUSION_WORDS if quote.finding in _CONCLUDED else KEY_POINT_WORDS
    return (
        len(text.split()) <= longest
        and not any(one.search(text) for one in (_CALL_FOR_RESEARCH, _OF_THE_LITERATURE, _BY_ITS_AUTHORS))
        and not (is_filler(text) or is_limited(text))
        and _has_a_message(text, quote)
        and _is_on(named, text, quote)
        and not claim_problems(text, [quotes[key] for key in sentence.quotes])
    )


def _is_on(named: frozenset[str], text: str, quote: Quote) -> bool:
    """Whether it names a concept or half of the topic, or what introduces it, with the title of its study, two words of it."""
    if quote.concepts or 2 * len(named & topic_stems(text)) >= len(named):
        return True
    return quote.main and len(named & topic_stems(f"{quote.lead or ''} {text}")) >= min(2, len(named))


def _has_a_message(text: str, quote: Quote) -> bool:
    """Whether it is a finding to take home; of a source without a study record it is not known, and may be."""
    if quote.finding is None:
        return True
    if quote.finding in _FOUND:
        told = _COMPARES.search(text) or is_quantified(text)
        return bool(quote.main and quote.study_type is not StudyType.CASE_SERIES and _OF_CARE.search(text) and told)
    if quote.finding in _CONCLUDED:
        return bool(_OF_CARE.search(text))
    if quote.finding is not FindingKind.BACKGROUND:
        return False
    return bool((quote.points and _OF_CHOICE.search(text)) or (_COMPARES.search(text) and is_quantified(text)))


def _rank(sentence: Sentence, quotes: dict[str, Quote]) -> tuple[int, int, bool, float]:
    quote = quotes[sentence.quotes[0]]
    kinds = 0 if quote.main and quote.finding in _CONCLUDED else 1 if quote.main else 2
    return (
        kinds,
        min(quotes[key].evidence_level for key in sentence.quotes),
        not any(quotes[key].points for key in sentence.quotes),
        -quote.relevance,
    )
