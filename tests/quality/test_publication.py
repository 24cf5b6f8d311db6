"""The gates of a publication, each at its edge: what stops it, what is only shown, and how much was looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chapter_pipeline.domain import ChapterText
from chapter_pipeline.domain.document import PageSpan
from chapter_pipeline.quality.publication import (
    citations_close,
    figures_are_kept,
    no_reference_is_retracted,
    quotes_are_verbatim,
)
from tests.publishing.finished_chapter import CHAPTER


@pytest.fixture
def chapter() -> ChapterText:
    return CHAPTER


def test_quotes__each_at_its_place__nothing_is_said(chapter: ChapterText) -> None:
    apart = _far_apart(chapter)
    found = quotes_are_verbatim(apart, _pages(apart))
    assert (found.problems, found.remarks) == ((), ())
    assert found.counts == {"quotes compared": len(chapter.quotes), "of documents that left": 0}


def _pages(chapter: ChapterText) -> dict[tuple[str, int], str]:
    """The pages of a chapter from `_far_apart`."""
    return {(one.document, one.page): " " * 10 + one.text for one in chapter.quotes.values()}


def _far_apart(chapter: ChapterText) -> ChapterText:
    """`chapter` with each quote on a page of its own."""
    quotes = {
        key: quote.model_copy(update={"page": number, "start": 10, "end": 10 + len(quote.text)})
        for number, (key, quote) in enumerate(chapter.quotes.items(), start=1)
    }
    return chapter.model_copy(update={"quotes": quotes})


@pytest.mark.parametrize(
    ("page", "problems", "remarks"),
    [
        pytest.param(lambda text: " " * 10 + text, 0, 0, id="as it was"),
        pytest.param(lambda text: " " * 9 + text, 0, 1, id="one place before"),
        pytest.param(lambda text: " " * 10 + text[:-1] + "?", 1, 0, id="another last letter"),
        pytest.param(lambda text: " " * 10 + text.upper(), 1, 0, id="other letters"),
        pytest.param(lambda text: " " * 10 + text[:-1], 1, 0, id="cut off"),
        pytest.param(lambda text: "", 1, 0, id="an empty page"),
    ],
)
def test_quotes__one_page_was_changed__stops_it_or_is_shown(
    chapter: ChapterText, page: Callable[[str], str], problems: int, remarks: int
) -> None:
    apart = _far_apart(chapter)
    pages = _pages(apart)
    first = next(iter(apart.quotes.values()))
    pages[first.document, first.page] = page(first.text)
    found = quotes_are_verbatim(apart, pages)
    assert (len(found.problems), len(found.remarks)) == (problems, remarks)
    told = found.problems + found.remarks
    assert all(repr(first.key) in one and f"page {first.page} of document {first.document!r}" in one for one in told)


def test_quotes__section_of_an_article_was_changed__is_named(chapter: ChapterText) -> None:
    apart = _far_apart(chapter)
    first = next(iter(apart.quotes.values()))
    sectioned = first.model_copy(update={"page_label": "Results: Survival", "paragraph": 3})
    apart = apart.model_copy(update={"quotes": {**apart.quotes, first.key: sectioned}})
    assert quotes_are_verbatim(apart, _pages(apart)).problems == ()
    (said,) = quotes_are_verbatim(apart, {**_pages(apart), (first.document, first.page): "other"}).problems
    assert f"is not what section 'Results: Survival' of document {first.document!r} says" in said


def test_quotes__page_that_the_document_has_no_more__stops_it(chapter: ChapterText) -> None:
    apart = _far_apart(chapter)
    pages = _pages(apart)
    first = next(iter(apart.quotes.values()))
    del pages[first.document, first.page]
    pages[first.document, 999] = ""
    assert len(quotes_are_verbatim(apart, pages).problems) == 1


def test_quotes__document_left__is_counted_and_stops_nothing(chapter: ChapterText) -> None:
    found = quotes_are_verbatim(chapter, {})
    assert (found.problems, found.counts["quotes compared"]) == ((), 0)
    assert found.counts["of documents that left"] == len(chapter.quotes)


@pytest.mark.parametrize(("retracted", "problems", "unknown"), [(True, 1, 0), (False, 0, 0), (None, 0, 1)])
def test_retractions__known_not_and_never_looked_up__only_the_first_stops_it(
    chapter: ChapterText, retracted: bool | None, problems: int, unknown: int
) -> None:
    first, *others = (
        one.model_copy(update={"source": one.source.model_copy(update={"retracted": False})})
        for one in chapter.references
    )
    first = first.model_copy(update={"source": first.source.model_copy(update={"retracted": retracted})})
    found = no_reference_is_retracted(chapter.model_copy(update={"references": (first, *others)}))
    assert len(found.problems) == problems
    assert all(f"reference {first.number} is retracted" in one for one in found.problems)
    assert found.counts == {"references": len(chapter.references), "not looked up": unknown}


def test_figures__all_kept_one_missing_and_one_lost__each_that_is_not_kept_stops_it(chapter: ChapterText) -> None:
    hashes = {one.figure.sha256 for one in chapter.figures if one.figure.sha256}
    assert hashes
    assert figures_are_kept(chapter, hashes).problems == ()
    assert len(figures_are_kept(chapter, set()).problems) == len(chapter.figures)
    lost = chapter.figures[0].model_copy(
        update={"figure": chapter.figures[0].figure.model_copy(update={"sha256": None})}
    )
    (problem,) = figures_are_kept(chapter.model_copy(update={"figures": (lost, *chapter.figures[1:])}), hashes).problems
    assert problem.startswith(f"the image of figure {lost.number} ")


def test_citations__unknown_quote__is_named(chapter: ChapterText) -> None:
    known = citations_close(chapter)
    broken = citations_close(chapter.model_copy(update={"quotes": {}}))
    assert len(broken.problems) > len(known.problems)
    assert any("unknown quote key" in problem for problem in broken.problems)


def test_quotes__sentence_over_a_page_turn__is_compared_on_both_pages(chapter: ChapterText) -> None:
    apart = _far_apart(chapter)
    first = next(iter(apart.quotes.values()))
    words = first.text.split()
    head, tail = " ".join(words[:3]), " ".join(words[3:])
    span = PageSpan(page=500, start=4, end=4 + len(tail))
    turned = first.model_copy(update={"end": first.start + len(head), "continued": (span,)})
    whole = apart.model_copy(update={"quotes": {**apart.quotes, first.key: turned}})
    pages = {**_pages(apart), (first.document, first.page): " " * 10 + head, (first.document, 500): " " * 4 + tail}

    def found(page: int, text: str) -> tuple[int, int]:
        one = quotes_are_verbatim(whole, {**pages, (first.document, page): text})
        return len(one.problems), len(one.remarks)

    assert found(500, " " * 4 + tail) == (0, 0)
    assert found(500, " " * 5 + tail) == (0, 1)
    assert found(500, " " * 4 + tail.upper()) == (1, 0)
    assert found(first.page, head.upper()) == (1, 0)
    assert found(500, "") == (1, 0)
