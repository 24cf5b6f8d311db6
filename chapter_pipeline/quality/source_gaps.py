"""Owns the gaps in a chapter's sources: which of them and of their authors it leans on, what its references lack."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from chapter_pipeline.domain import Gap, GapType, Severity, Source, UnusedEvidence
from chapter_pipeline.domain.document import place
from chapter_pipeline.quality.gap_inputs import AT_HAND, Inputs, called, claims_of, keys
from chapter_pipeline.quality.study_gaps import study_gaps

FEWEST_CITATIONS = 6
"""With fewer citations a third of them from one source tells nothing."""
DETAILS = ("journal", "volume", "pages")
"""What the reference to an article names beside authors, title and year."""
NAMED = 10
"""References and documents that one gap names."""
UNUSED_VALUE = 0.25
"""From this score on unused evidence is worth reading."""


def source_coverage(inputs: Inputs, unused: Sequence[UnusedEvidence]) -> Iterator[Gap]:
    """Sections on one source, a chapter on few or weak ones, good evidence that is not cited."""
    chapter = inputs.chapter
    cited = Counter(chapter.quotes[key].source for s in chapter.sections for c in claims_of(s) for key in c)
    total = sum(cited.values())
    if cited:
        key, most = cited.most_common(1)[0]
        if most > total / 2 or (most > total / 3 and total >= FEWEST_CITATIONS):
            yield Gap(
                type=GapType.SOURCE_COVERAGE,
                severity=Severity.HIGH if most > total / 2 else Severity.MEDIUM,
                description=f"{most} of {total} citations are of one source ({_named(inputs, key)}).",
                recommendation="Add documents by other authors on the topic.",
            )
    levels = {reference.source.evidence_level for reference in chapter.references}
    if levels and min(levels) > 3:
        yield Gap(
            type=GapType.SOURCE_COVERAGE,
            severity=Severity.HIGH,
            description=f"No controlled study of patients is cited: the best evidence level is {min(levels)}.",
            recommendation="Add trials, cohort studies or systematic reviews on the topic.",
        )
    for section in chapter.sections:
        sources = {chapter.quotes[key].source for claim in claims_of(section) for key in claim}
        if len(sources) == 1 and section.words > 60:
            yield Gap(
                type=GapType.SOURCE_COVERAGE,
                severity=Severity.MEDIUM,
                description=f"“{section.title}” rests on one source ({_named(inputs, next(iter(sources)))}).",
                recommendation=f"Add a second source for “{section.title}”.",
                section=section.kind,
                evidence=keys(quote for quote in inputs.at_hand(section.kind) if quote.source not in sources),
            )
    yield from _one_group(inputs, cited)
    yield from study_gaps(inputs)
    if unused and unused[0].score >= UNUSED_VALUE:
        yield Gap(
            type=GapType.SOURCE_COVERAGE,
            severity=Severity.LOW,
            description=f"{len(unused)} relevant sentences far from all that is cited are not used.",
            recommendation=f"Read the unused evidence, first {_named(inputs, unused[0].source)}, {_place(unused[0])}.",
            section=unused[0].section,
            evidence=tuple(item.quote for item in unused[:AT_HAND]),
        )


def _one_group(inputs: Inputs, cited: Counter[str]) -> Iterator[Gap]:
    """Several works with an author in common that have more than a third of the citations."""
    total = sum(cited.values())
    works: dict[str, list[str]] = defaultdict(list)
    for key in cited:
        for author in dict.fromkeys(map(_author, inputs.research.source(key).authors)):
            works[author].append(key)
    shares = [(sum(cited[key] for key in some), author) for author, some in works.items() if len(some) > 1]
    if not shares:
        return
    most, author = max(shares)
    if most > total / 2 or (most > total / 3 and total >= FEWEST_CITATIONS):
        named = _some([_named(inputs, key) for key in sorted(works[author])])
        yield Gap(
            type=GapType.SOURCE_COVERAGE,
            severity=Severity.HIGH if most > total / 2 else Severity.MEDIUM,
            description=f"{most} of {total} citations are of works by one group of authors, {author} among them: {named}.",
            recommendation="Add documents by other authors on the topic.",
        )


def _author(name: str) -> str:
    """``Petrov I``: the family name with its first initial, as two works print one person."""
    if name.startswith("{"):
        return name.strip("{}")  # a group, see `domain.bibliography.Author`
    family, comma, given = name.partition(",")
    if not comma:
        given, _, family = name.rpartition(" ")
    return f"{family.strip()} {given.strip()[:1]}".strip()


def incomplete_references(inputs: Inputs) -> Iterator[Gap]:
    """References without journal, volume or pages; they call for a correction of their records, not for a revision."""
    lacking = [
        (reference.source, missing)
        for reference in inputs.chapter.references
        if (missing := [name for name in DETAILS if _lacks(reference.source, name)])
    ]
    if not lacking:
        return
    named = [f"{called(source)} ({', '.join(missing)})" for source, missing in lacking]
    documents = [source.document for source, _ in lacking if source.document]
    remedies = []
    if documents:
        remedies.append(
            "Correct the records of "
            + _some(documents)
            + ": chapter-pipeline documents edit DOCUMENT --field volume=VALUE --by NAME --reason TEXT."
        )
    if len(documents) < len(lacking):
        remedies.append("Complete the entries of the reference files for works without a document.")
    yield Gap(
        type=GapType.SOURCE_COVERAGE,
        severity=Severity.LOW,
        description=f"{len(lacking)} of {len(inputs.chapter.references)} references lack journal, volume or pages: "
        f"{_some(named)}.",
        recommendation=" ".join(remedies),
    )


def _lacks(source: Source, name: str) -> bool:
    """Whether the record has no `name` and no person has said that the work has none."""
    return not getattr(source, name) and name not in source.has_none


def _place(unused: UnusedEvidence) -> str:
    return place(unused.page, unused.page_label, unused.paragraph, unit="page")


def _named(inputs: Inputs, key: str) -> str:
    """A source as a reader knows it: first author and year, else the beginning of its title."""
    return called(inputs.research.source(key))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
