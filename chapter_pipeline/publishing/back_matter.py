"""Owns what follows the sections: gaps, abbreviations, references and the verbatim quotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chapter_pipeline.domain import ChapterText, FinalChapter, Gap, Quote, Sentence, Severity
from chapter_pipeline.publishing import pandoc_ast as ast
from chapter_pipeline.publishing.citations import (
    Citations,
    Locator,
    cited_quotes,
    quotation_anchor,
    recognised,
    reference_anchor,
)
from chapter_pipeline.publishing.output_profile import OutputProfile
from chapter_pipeline.publishing.styles import CitationForm

Node = ast.Node

QUOTATIONS_INTRODUCTION = (
    "Every cited sentence of this chapter rests on the following passages, given word for word with the page of the "
    "source file they stand on, or with the section and paragraph of a source without pages. Citation numbers inside a passage, in brackets or raised, belong to the "
    "reference list of its source."
)

INSERTIONS = (
    "In the text they are expanded in square brackets, as the cited document defines them. These words are inserted; they "
    "are no part of the quotation."
)


def back_matter(
    final: FinalChapter, references: Mapping[int, Sequence[Node]], medium: OutputProfile, citations: Citations
) -> list[Node]:
    """Differences of sources, gaps, abbreviations, references, quotations, in this order."""
    chapter = final.chapter
    return [
        *_differences(final, medium, citations),
        *_gaps(final, medium),
        *_abbreviations(chapter, medium),
        *_references(references, medium, citations),
        *_quotations(chapter, medium, citations),
    ]


def _differences(final: FinalChapter, medium: OutputProfile, citations: Citations) -> list[Node]:
    """Pairs of cited quotations that contradict each other, word for word: the reader weighs them, not the program."""
    quotes = final.chapter.quotes
    pairs = [one for one in final.differences if one.first in quotes and one.second in quotes]
    if not pairs:
        return []
    items = []
    for one in pairs:
        lead = ast.strong(ast.text(f"{one.about[0].upper()}{one.about[1:]}:"))
        said = [citations.cite(Sentence(text=quotes[key].display, quotes=(key,))) for key in (one.first, one.second)]
        items.append([ast.plain([lead, ast.space(), *said[0], ast.space(), *said[1]])])
    heading = medium.heading(1, ast.text("Where sources differ"), "differences", numbered=False)
    return [heading, ast.bullets(items)]


def _gaps(final: FinalChapter, medium: OutputProfile) -> list[Node]:
    order = list(Severity)
    gaps = sorted(final.gap_report.gaps, key=lambda gap: order.index(gap.severity))
    titles = {section.kind: section.title for section in final.chapter.sections}
    blocks = [medium.heading(1, ast.text("What this chapter does not cover"), "limits", numbered=False)]
    share = f"{final.gap_report.completeness_score:.0%}"
    if gaps:
        lead = f"The gap analysis rates the chapter {share} complete and found:"
        items = [[ast.plain(_gap(gap, titles))] for gap in gaps]
        blocks += [ast.paragraph(ast.text(lead)), ast.bullets(items)]
    else:
        blocks.append(ast.paragraph(ast.text(f"The gap analysis rates the chapter {share} complete and found no gap.")))
    if final.notes:
        blocks += [ast.paragraph(ast.text("Notes:")), ast.bullets([[ast.plain(ast.text(n))] for n in final.notes])]
    return blocks


def _gap(gap: Gap, titles: Mapping[str, str]) -> list[Node]:
    kind = gap.type.value.replace("_", " ")
    # A section that could not be written has no title, only its kind: "special_situations".
    section = titles.get(gap.section, gap.section.replace("_", " ").capitalize()) if gap.section else ""
    where = f", section “{section}”" if section else ""
    label = f"{kind.capitalize()} ({gap.severity.value}{where}):"
    words = f"{_sentence(gap.description)} {_sentence(gap.recommendation)}"
    return [ast.strong(ast.text(label)), ast.space(), *ast.text(words)]


def _sentence(words: str) -> str:
    """`words` ending in a full stop."""
    line = words.strip()
    return line if not line or line.endswith((".", "!", "?")) else f"{line}."


def _abbreviations(chapter: ChapterText, medium: OutputProfile) -> list[Node]:
    if not chapter.abbreviations:
        return []
    entries = sorted(chapter.abbreviations, key=lambda entry: entry.short.casefold())
    lines: list[Node] = []
    for index, entry in enumerate(entries):
        lines += [*ast.text(";"), ast.space()] if index else []
        lines += [ast.strong(ast.text(entry.short)), ast.space(), *ast.text(entry.long)]
    heading = medium.heading(1, ast.text("Abbreviations"), "abbreviations", numbered=False)
    note = [ast.paragraph(ast.text(INSERTIONS))]
    return [heading, *medium.styled([ast.paragraph([*lines, ast.string(".")]), *note], "abbreviation-list")]


def _references(references: Mapping[int, Sequence[Node]], medium: OutputProfile, citations: Citations) -> list[Node]:
    """The reference list in the shape pandoc's writers know as a bibliography (JATS makes a ref-list of it)."""
    numbered = citations.style.form is not CitationForm.NAMES
    order = citations.order(references)
    entries = [
        _reference(number, references[number], medium) if numbered else [ast.paragraph(references[number])]
        for number in order
    ]
    heading = medium.heading(1, ast.text("References"), "references", numbered=False)
    if not medium.links:
        return [heading, *(block for entry in entries for block in entry)]
    boxes = [
        ast.div(entry, reference_anchor(number), ["csl-entry"], {"role": "listitem"} if medium.collapsible else {})
        for number, entry in zip(order, entries, strict=True)
    ]
    return [heading, ast.div(boxes, "refs", ["references", "csl-bib-body"])]


def _reference(number: int, formatted: Sequence[Node], medium: OutputProfile) -> list[Node]:
    if not medium.links:
        return [ast.paragraph([ast.raw("markdown", f"{number}\\."), ast.space(), *formatted])]
    if medium.splits_references:
        margin = ast.span([ast.string(f"{number}.")], classes=["csl-left-margin"])
        return [ast.paragraph([margin, ast.span(formatted, classes=["csl-right-inline"])])]
    if medium.number_box is not None:
        margin = ast.raw(medium.writer.partition("-")[0], medium.number_box.format(number))
        return [ast.paragraph([margin, *formatted])]
    return [ast.paragraph([ast.string(f"{number}."), ast.space(), *formatted])]


def _quotations(chapter: ChapterText, medium: OutputProfile, citations: Citations) -> list[Node]:
    cited = cited_quotes(chapter, citations)
    if not cited:
        return []
    names = {reference.number: citations.name(reference) for reference in chapter.references}
    blocks = [ast.paragraph(ast.text(QUOTATIONS_INTRODUCTION))]
    for number in citations.order(cited):
        pages = cited[number]
        mark = citations.bracketed(number)
        title = [*mark, *([ast.space()] if mark else []), *ast.text(names[number])]
        blocks.append(medium.heading(2, title, f"quotations-{number}", numbered=False, listed=False))
        items = [
            _passage(number, page, index, quote, medium) for page in pages for index, quote in enumerate(pages[page])
        ]
        blocks.append(ast.bullets([[ast.plain(item)] for item in items]))
    heading_block = medium.heading(1, ast.text("Quotations"), "quotations", numbered=False)
    body = medium.styled(blocks, "quotation-list")
    if not medium.collapsible:
        return [heading_block, *body]
    opened = ast.raw("html", "<details open>\n<summary>Show or hide the quotations</summary>", block=True)
    return [heading_block, opened, *body, ast.raw("html", "</details>", block=True)]


def _passage(number: int, at: Locator, index: int, quote: Quote, medium: OutputProfile) -> list[Node]:
    """One passage to a line, each with its place; what cites the place leads to the first of it."""
    label = [ast.strong(ast.text(at.alone()))]
    inlines = label if index else medium.anchored(label, quotation_anchor(number, at))
    return [*inlines, ast.space(), *ast.text(f"“{quote.text}”{recognised(quote)}")]
