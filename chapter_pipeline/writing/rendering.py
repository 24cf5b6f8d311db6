"""Owns Markdown previews of artifacts for people who read them in the Dagster UI or a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from chapter_pipeline.domain import (
    Abbreviation,
    ChapterText,
    EvidenceMap,
    GapReport,
    QuestionRow,
    Quote,
    Section,
    Sentence,
    Source,
)
from chapter_pipeline.domain.chapter_text import lead_of
from chapter_pipeline.domain.question_tables import DASH
from chapter_pipeline.publishing.abbreviations import FirstUse

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~$])")


def escaped(text: str) -> str:
    """`text` with everything that Markdown or HTML would interpret escaped: source text is data."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def section_markdown(section: Section, quotes: Mapping[str, Quote], abbreviations: Sequence[Abbreviation] = ()) -> str:
    """The section with a citation ``(source, p. 3)`` behind every claim; `quotes` by key.

    `abbreviations` are expanded at their first use, in square brackets.
    """
    if section.status == "unused":
        return f"*{escaped(section.title)}: not part of this chapter*"
    lines = [f"## {escaped(section.title)}"]
    first_use = FirstUse(abbreviations, quotes)
    for subsection in section.subsections:
        if subsection.title:
            lines.append(f"### {escaped(subsection.title)}")
        for paragraph in subsection.paragraphs:
            label = f"*{escaped(paragraph.label)}* " if paragraph.label else ""
            lines.append(label + " ".join(_sentence(first_use.expanded(one), quotes) for one in paragraph.sentences))
    for answered in section.question_tables:
        lines.append(f"**{escaped(answered.caption)}**")
        lines.append(table(QUESTION_HEAD, [_question_row(row, quotes) for row in answered.rows]))
    if section.evidence_table:
        rows = [
            [row.source, row.study_type.value, str(row.evidence_level), first_use.expanded(row.finding).text]
            for row in section.evidence_table
        ]
        lines.append(table(["Source", "Study type", "Level", "Finding"], rows))
    lines += [
        f"**Figure:** {escaped(first_use.expanded_text(f.caption, [f.document]))} ({f.source}, p. {f.page})"
        for f in section.figures
    ]
    return "\n\n".join(lines)


QUESTION_HEAD = ("Study", "Design", "Level", "n", "Comparison", "Outcome", "Effect", "P", "Page")


def _question_row(row: QuestionRow, quotes: Mapping[str, Quote]) -> list[str]:
    cells = row.cells
    stated = [one or DASH for one in (cells.size, cells.comparison, cells.outcome, cells.effect, cells.p)]
    place = quotes[row.quote].place if row.quote in quotes else DASH
    return [row.source, row.study_type.value, str(row.evidence_level), *stated, place]


def chapter_markdown(chapter: ChapterText) -> str:
    """The whole chapter with its numbered references."""
    numbers = {reference.source.key: reference.number for reference in chapter.references}
    lines = [f"# {escaped(chapter.title)}", "**Key points**"]
    first_use = FirstUse(chapter.abbreviations, chapter.quotes)
    lines.append(
        "\n".join(
            f"- {_lead(point, chapter)}{_sentence(first_use.expanded(point), chapter.quotes, numbers)}"
            for point in chapter.key_points
        )
    )
    lines += [section_markdown(section, chapter.quotes, chapter.abbreviations) for section in chapter.sections]
    lines.append("## References")
    lines.append("\n".join(f"{ref.number}. {_reference(ref.source)}" for ref in chapter.references))
    return "\n\n".join(lines)


def _lead(point: Sentence, chapter: ChapterText) -> str:
    lead = lead_of(point, chapter.quotes)
    return f"*{escaped(lead)}* " if lead else ""


def gap_table(report: GapReport) -> str:
    """The gap report as a Markdown table with its verdict."""
    counts = report.statistics
    verdict = "revision required" if report.requires_revision else "no revision required"
    head = (
        f"Completeness {report.completeness_score:.0%}, {verdict}: {counts.critical_gaps} critical, "
        f"{counts.high_gaps} high, {counts.medium_gaps} medium, {counts.low_gaps} low."
    )
    rows = [[gap.severity, gap.type, gap.section or "", gap.description, gap.recommendation] for gap in report.gaps]
    return head if not rows else head + "\n\n" + table(["Severity", "Dimension", "Section", "Gap", "Do"], rows)


def sources_table(sources: Sequence[Source]) -> str:
    """Sources with their grade."""
    rows = [
        [s.key, s.title, str(s.year or ""), s.study_type.value, str(s.evidence_level), str(len(s.passages))]
        for s in sources
    ]
    return table(["Key", "Title", "Year", "Study type", "Level", "Passages"], rows)


def evidence_table(evidence: EvidenceMap, *, limit: int = 20) -> str:
    """The first quotes with their pages."""
    rows = [
        [
            quote.key,
            quote.source,
            quote.pages if quote.page_label is None else quote.place,
            f"{quote.relevance:.2f}",
            quote.text,
        ]
        for quote in evidence.quotes[:limit]
    ]
    return table(["Quote", "Source", "Page", "Relevance", "Text"], rows)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with escaped cells."""
    lines = [header, ["---"] * len(header), *([escaped(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _sentence(sentence: Sentence, quotes: Mapping[str, Quote], numbers: Mapping[str, int] | None = None) -> str:
    known = [quotes[key] for key in sentence.quotes if key in quotes]
    cited = dict.fromkeys((one.source, one.place if one.page_label is None else escaped(one.place)) for one in known)
    marks = "; ".join(f"{numbers[source] if numbers else source}, {place}" for source, place in cited)
    return escaped(sentence.text) + (f" ({marks})" if marks else "")


def _reference(source: Source) -> str:
    authors = "; ".join(name.strip("{}") for name in source.authors[:3]) + (
        " et al." if len(source.authors) > 3 else ""
    )
    parts = [
        authors,
        source.title,
        source.journal or "",
        str(source.year or ""),
        f"doi:{source.doi}" if source.doi else "",
    ]
    return escaped(". ".join(part.rstrip(".") for part in parts if part))
