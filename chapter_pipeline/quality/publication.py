"""Owns what a final chapter has to satisfy before it becomes a version: citations, quotations, retractions, images."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from chapter_pipeline.domain import ChapterText, Quote
from chapter_pipeline.quality.closure import closure_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of a gate: `problems` stop the publication, `remarks` do not; `counts`: how much was checked."""

    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


def citations_close(chapter: ChapterText) -> Finding:
    """Every claim has quotes, every quote is known, every citation has its reference."""
    sentences = sum(len(section.sentences) for section in chapter.sections)
    return Finding(
        problems=tuple(closure_problems(chapter)),
        counts={"sentences": sentences, "references": len(chapter.references)},
    )


def quotes_are_verbatim(chapter: ChapterText, pages: Mapping[tuple[str, int], str]) -> Finding:
    """Every quote is what its page says; `pages`: the texts of all cited documents that the library still has.

    A document that was read anew may say the same at another place of its page: that is a remark.
    """
    present = {document for document, _ in pages}
    compared = [quote for quote in chapter.quotes.values() if quote.document in present]
    elsewhere = [quote for quote in compared if not quote.is_said_by(pages)]
    moved = [quote for quote in elsewhere if _on_its_pages(quote, pages)]
    return Finding(
        problems=tuple(
            f"quote {quote.key!r} is not what {_page(quote)} of document {quote.document!r} says: {quote.text!r}"
            for quote in elsewhere
            if quote not in moved
        ),
        remarks=tuple(
            f"quote {quote.key!r} stands at another place of {_page(quote)} of document {quote.document!r} by now"
            for quote in moved
        ),
        counts={"quotes compared": len(compared), "of documents that left": len(chapter.quotes) - len(compared)},
    )


def _on_its_pages(quote: Quote, pages: Mapping[tuple[str, int], str]) -> bool:
    """Whether the page has the text at any place; a sentence that goes on, its parts on their pages."""
    parts = [quote.text] if not quote.continued else _parts(quote)
    numbers = (quote.page, *(one.page for one in quote.continued))
    return all(part in pages.get((quote.document, number), "") for part, number in zip(parts, numbers, strict=True))


def _parts(quote: Quote) -> list[str]:
    """The text of a sentence that goes on, cut where its pages turn; a hyphen that broke a word is not compared."""
    rest = quote.text
    parts: list[str] = []
    for span in reversed(quote.continued):
        length = span.end - span.start
        rest, part = rest[:-length].rstrip(), rest[-length:]
        parts.insert(0, part)
    return [rest, *parts]


def _page(quote: Quote) -> str:
    return f"page {quote.page}" if quote.page_label is None else f"section {quote.page_label!r}"


def no_reference_is_retracted(chapter: ChapterText) -> Finding:
    """No work of the reference list is known to be retracted."""
    return Finding(
        problems=tuple(
            f"reference {reference.number} is retracted: {reference.source.title!r}"
            for reference in chapter.references
            if reference.source.retracted
        ),
        counts={
            "references": len(chapter.references),
            "not looked up": sum(reference.source.retracted is None for reference in chapter.references),
        },
    )


def figures_are_kept(chapter: ChapterText, kept: Collection[str]) -> Finding:
    """The image of every figure is kept; `kept`: the sha256 of those that are."""
    return Finding(
        problems=tuple(
            f"the image of figure {one.number} (page {one.figure.page} of document {one.figure.document!r}) is not kept"
            for one in chapter.figures
            if one.figure.sha256 not in kept
        ),
        counts={"figures": len(chapter.figures)},
    )
