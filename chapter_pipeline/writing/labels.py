"""Owns what a paragraph says of the study it rests on before it quotes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from chapter_pipeline.domain import Paragraph, Quote, Source
from chapter_pipeline.domain.document import STUDY_PLURALS, StudyType
from chapter_pipeline.domain.evidence import Finding, FindingKind, Species
from chapter_pipeline.evidence.source import Zone
from chapter_pipeline.publishing.csl import family_name

_REPORTED = (FindingKind.OWN_RESULT, FindingKind.CASE)
_BENCH = (StudyType.ANIMAL, StudyType.LABORATORY)
_DESIGNS = {
    StudyType.META_ANALYSIS: "systematic review or meta-analysis",
    StudyType.RANDOMISED_TRIAL: "randomised controlled trial",
    StudyType.CLINICAL_TRIAL: "non-randomised clinical trial",
    StudyType.ANIMAL: "animal study",
    StudyType.LABORATORY: "laboratory study",
    StudyType.REVIEW: "narrative review",
    StudyType.PROTOCOL: "study protocol",
    StudyType.UNKNOWN: "study",
}
# The designs that have one name for two: the title may tell which it is.
_IN_TITLE: Mapping[StudyType, tuple[tuple[re.Pattern[str], str], ...]] = {
    StudyType.META_ANALYSIS: (
        (re.compile(r"meta-?\s?analy", re.IGNORECASE), "meta-analysis"),
        (re.compile(r"systematic", re.IGNORECASE), "systematic review"),
    ),
    StudyType.COHORT: (
        (re.compile(r"uncontrolled", re.IGNORECASE), "uncontrolled study"),
        (re.compile(r"survey|questionnaire", re.IGNORECASE), "survey"),
        (re.compile(r"cross-sectional", re.IGNORECASE), "cross-sectional study"),
        (re.compile(r"case[- ]control", re.IGNORECASE), "case-control study"),
        (re.compile(r"cohort", re.IGNORECASE), "cohort study"),
        (re.compile(r"retrospective", re.IGNORECASE), "retrospective study"),
        (re.compile(r"prospective", re.IGNORECASE), "prospective study"),
        (re.compile(r"longitudinal", re.IGNORECASE), "longitudinal study"),
    ),
    StudyType.CASE_SERIES: (
        (re.compile(r"case report|first-in-human|: a case\b", re.IGNORECASE), "case report"),
        (re.compile(r"series", re.IGNORECASE), "case series"),
    ),
}
_OTHERWISE = {StudyType.COHORT: "observational study", StudyType.CASE_SERIES: "case series or case report"}
LONGEST_TITLE = 24
"""Words of a title that a lead-in quotes; of a longer one only what stands before its colon."""


CONCLUSION, DISCUSSION = Zone.CLOSING.value, Zone.DISCUSSION.value
_CONCLUDES = re.compile(
    r"(?:in (?:conclusion|summary)|to (?:conclude|summari[sz]e)|we (?:therefore )?conclude)\b", re.IGNORECASE
)


def lead_in(source: Source, finding: Finding) -> str | None:
    """What introduces a finding: its study's design, title and author; None for what needs no study to stand on.

    Everything said is of the source's record: ``In a cohort study, “Drains after burr-hole surgery” (Liu 2016):``. The
    title tells who was studied and what was given, as its authors put it; how many were studied is left out: rules read the
    number wrong too often (docs/decisions/evidence.md). A conclusion is called one only where it stands among the
    conclusions of its article.
    """
    design = f"{_article(_design(source))} {_design(source)}{_titled(source)} ({named(source)})"
    if finding.kind in _REPORTED and is_of_others(finding.text):
        return f"In the discussion of {design}:" if finding.part == DISCUSSION else f"As stated in {design}:"
    if finding.kind in _REPORTED:
        of_people = source.study_type in _BENCH and finding.species is Species.HUMAN
        return f"In human material or patients, reported with {design}:" if of_people else f"In {design}:"
    if finding.kind in (FindingKind.CONCLUSION, FindingKind.RECOMMENDATION):
        if finding.part == CONCLUSION or _CONCLUDES.match(finding.statement.text):
            return f"The authors of {design} conclude:"
        return f"In the discussion of {design}:" if finding.part == DISCUSSION else f"The authors of {design} write:"
    if source.study_type in _BENCH and finding.species is not Species.HUMAN:
        return f"As stated in {design}:"
    return None


_OTHERS = re.compile(
    r"^(?:In (?:\w+ )?\d{4}, |Recently, |Similarly, )?[A-Z][\w’'-]+(?: et al\.?|,? and (?:colleagues|co-?workers|associates)),? "
    r"(?:\S+ )?(?:found|reported|identified|showed|demonstrated|observed|noted|described|studied|examined|compared|concluded|"
    r"evaluated|investigated|conducted|performed|assessed|surveyed|analy[sz]ed|treated|used)\b"
)
_OWN_WORK = re.compile(r"\b(?:[Ww]e|[Oo]ur|[Tt]his study|present study|current study)\b")


def is_of_others(text: str) -> bool:
    """Whether a statement is of authors whom it names, and not of its own document: ``Liu et al. reported ...``."""
    return _OTHERS.match(text) is not None and _OWN_WORK.search(text) is None


def shortened(lead: str) -> str:
    """A lead-in without the title of its study, for a paragraph behind another one of that study."""
    return _TITLE.sub("", lead)


_TITLE = re.compile(r", “[^”]*”(?= \()")


def _titled(source: Source) -> str:
    """The title in quotation marks, without its own; nothing for a work without one."""
    title = " ".join(source.title.replace("“", "‘").replace("”", "’").split()).rstrip(".")
    if len(title.split()) > LONGEST_TITLE:
        title = title.split(": ")[0]
    return f", “{title}”" if title and len(title.split()) <= LONGEST_TITLE else ""


def _design(source: Source) -> str:
    for pattern, name in _IN_TITLE.get(source.study_type, ()):
        if pattern.search(source.title):
            return name
    return _DESIGNS.get(source.study_type) or _OTHERWISE[source.study_type]


def _article(design: str) -> str:
    return "an" if design[0] in "aeio" or design.startswith("un") else "a"


def named(source: Source) -> str:
    """``Westphal 2003``; a work without an author by the first words of its title."""
    name = family_name(source.authors[0]) if source.authors else " ".join(source.title.split()[:4])
    if len(source.authors) > 1:
        name += " et al."
    return f"{name} {source.year}" if source.year else name


def paragraph_label(quotes: Sequence[Quote]) -> str | None:
    """What introduces a paragraph of `quotes`: their lead, when they share one.

    Of quotes without a study record, of one study type: ``Randomised controlled trials, 2009 to 2021.``; None when the
    sources do not state their design.
    """
    leads = {quote.lead for quote in quotes}
    if any(quote.finding is not None for quote in quotes):
        return leads.pop() if len(leads) == 1 else None
    study = quotes[0].study_type
    if study is StudyType.UNKNOWN:
        return None
    years = sorted({quote.year for quote in quotes if quote.year})
    single = len({quote.source for quote in quotes}) == 1
    name = study.value[0].upper() + study.value[1:] if single else STUDY_PLURALS[study]
    when = "" if not years else f", {years[0]}" if years[0] == years[-1] else f", {years[0]} to {years[-1]}"
    return f"{name}{when}."


def relabelled(paragraph: Paragraph, quotes: Mapping[str, Quote]) -> Paragraph:
    """`paragraph` with the label that fits what is left of it after an edit; a label of another form stays."""
    cited = [quotes[key] for sentence in paragraph.sentences for key in sentence.quotes if key in quotes]
    if paragraph.label and paragraph.label.endswith(":") and len({quote.lead for quote in cited}) == 1:
        return paragraph
    if paragraph.label is None or not cited or len({quote.study_type for quote in cited}) > 1:
        return paragraph
    return paragraph.model_copy(update={"label": paragraph_label(cited) or paragraph.label})
