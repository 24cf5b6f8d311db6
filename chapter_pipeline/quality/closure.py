"""Owns citation closure: every claim has quotes, every quote is known, every citation has its reference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from chapter_pipeline.domain import ChapterText, Quote, Section, SectionPlan, Sentence
from chapter_pipeline.quality.grounding import answer_rows, claim_problems, claims, row_problems

POINTER = re.compile(r"See Figures? \d+(?:(?:, \d+)* and \d+)?\.|See also the section “(?P<title>[^“”]+)”\.")
"""The only sentences that may stand without a quote: they point to a figure or section of the chapter itself."""


def section_problems(section: Section, plan: SectionPlan | None) -> list[str]:
    """What is wrong with the citations of one section; `plan`, or the section itself, holds the quotes it may use."""
    if section.status == "unused":
        return []
    quotes = {quote.key: quote for quote in (*(plan.all_quotes if plan else ()), *section.quotes)}
    problems = list(_sentence_problems(claims(section), quotes))
    problems += _answer_problems(section, quotes)
    if not section.sentences:
        problems.append("the section is empty")
    return problems


def closure_problems(chapter: ChapterText) -> list[str]:
    """What is wrong with the citations of a chapter: unknown quotes, unnumbered or uncited sources, retractions."""
    said = [claim for section in chapter.sections for claim in claims(section)]
    points = [(point, None) for point in chapter.key_points]
    problems = list(_sentence_problems([*said, *points], chapter.quotes))
    problems += [problem for section in chapter.sections for problem in _answer_problems(section, chapter.quotes)]
    titles = {section.title for section in chapter.sections}
    pointers = (POINTER.fullmatch(sentence.text) for sentence, _ in said if not sentence.quotes)
    problems += [
        f"{pointer.group()!r} points to no section of the chapter"
        for pointer in pointers
        if pointer and pointer["title"] and pointer["title"] not in titles
    ]
    numbered = {reference.source.key: reference for reference in chapter.references}
    cited = {chapter.quotes[key].source for sentence, _ in said for key in sentence.quotes if key in chapter.quotes}
    rows = [row.quote for section in chapter.sections for row in answer_rows(section)]
    cited |= {chapter.quotes[key].source for key in rows if key in chapter.quotes}
    cited |= {figure.figure.source for figure in chapter.figures}
    problems += [f"source {key!r} is cited but has no reference" for key in sorted(cited - numbered.keys())]
    problems += [f"reference {key!r} is not cited" for key in sorted(numbered.keys() - cited)]
    problems += [f"source {key!r} is retracted" for key, ref in sorted(numbered.items()) if ref.source.retracted]
    if [reference.number for reference in chapter.references] != list(range(1, len(chapter.references) + 1)):
        problems.append("the reference numbers do not run from 1 without a hole")
    return problems


def _answer_problems(section: Section, quotes: Mapping[str, Quote]) -> Iterator[str]:
    for row in answer_rows(section):
        quote = quotes.get(row.quote)
        if quote is None:
            yield f"unknown quote key {row.quote!r} in the row {row.claim!r}"
            continue
        for problem in row_problems(row, quote):
            yield f"the row {row.claim!r} {problem}"


def _sentence_problems(said: Iterable[tuple[Sentence, str | None]], quotes: Mapping[str, Quote]) -> Iterator[str]:
    for sentence, label in said:
        if not sentence.quotes:
            if not POINTER.fullmatch(sentence.text):
                yield f"uncited claim {sentence.text!r}"
            continue
        if POINTER.fullmatch(sentence.text):
            yield f"{sentence.text!r} points to a part of the chapter and cites a quote"
            continue
        unknown = [key for key in sentence.quotes if key not in quotes]
        if unknown:
            yield f"unknown quote key {unknown[0]!r} in {sentence.text!r}"
            continue
        for problem in claim_problems(sentence.text, [quotes[key] for key in sentence.quotes], label=label):
            yield f"{sentence.text!r} {problem}"
