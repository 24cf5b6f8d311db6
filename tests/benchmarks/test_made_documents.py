"""The made documents print what their truth says, as another PDF library reads them."""

from __future__ import annotations

import re
from collections import defaultdict

import pypdfium2
import pytest

from benchmarks.made_documents import ARTICLES, Article, MadeDocument, make
from benchmarks.made_documents.specification import Design, Layout, TableStyle
from benchmarks.records import letters

OF_LAYOUT: dict[Layout, list[Article]] = defaultdict(list)
for _article in ARTICLES:
    OF_LAYOUT[_article.layout].append(_article)
DRAWN = [articles[number % len(articles)] for number, articles in enumerate(OF_LAYOUT.values())]
"""One document of each layout, the held-out ones in their turn."""


@pytest.fixture(scope="module", params=DRAWN, ids=lambda article: article.name)
def made(request: pytest.FixtureRequest) -> tuple[MadeDocument, list[str]]:
    """A document, and the letters of each of its pages."""
    document = make(request.param)
    with pypdfium2.PdfDocument(document.content) as pages:
        texts = [page.get_textpage().get_text_bounded().replace("\ufffe", "") for page in pages]
    if request.param.line_numbers:
        texts = [re.sub(r"(?m)^\d{1,3}\s", "", text) for text in texts]
    return document, [letters(text) for text in texts]


def test_catalogue__each_layout__a_third_is_held_out() -> None:
    assert set(OF_LAYOUT) == set(Layout)
    for layout, articles in OF_LAYOUT.items():
        assert len(articles) == (6 if layout is Layout.PLAIN else 3)
        assert 3 * sum(article.held_out for article in articles) == len(articles), layout
    assert len({article.name for article in ARTICLES}) == len(ARTICLES) == 48


def test_catalogue__both_parts__have_every_design_and_table_and_a_long_list_of_authors() -> None:
    for held_out in (False, True):
        part = [article for article in ARTICLES if article.held_out is held_out]
        assert {article.table_style for article in part} == set(TableStyle)
        assert len({article.design for article in part}) >= len(Design) - 1
        assert max(len(article.authors) for article in part) == 25
        assert any(article.collective for article in part)


def test_catalogue__dates__differ_in_their_years_from_that_of_the_issue() -> None:
    for article in ARTICLES:
        assert article.received < article.accepted < article.online < article.published < article.deposited
        assert article.deposited.year > article.published.year > article.received.year, article.name


def test_document__pages__are_three_to_six(made: tuple[MadeDocument, list[str]]) -> None:
    document, pages = made
    assert len(pages) == document.truth.page_count
    assert 3 <= len(pages) <= 6


def test_document__title_and_authors__stand_on_its_title_page(made: tuple[MadeDocument, list[str]]) -> None:
    truth, pages = made[0].truth, made[1]
    first = pages[truth.title_page - 1]
    assert letters(truth.title) in first
    places = [first.find(letters(author.printed)) for author in truth.authors]
    assert -1 not in places
    assert places == sorted(places)
    assert letters(truth.collective or "") in first


def test_document__record__is_printed_on_its_first_pages(made: tuple[MadeDocument, list[str]]) -> None:
    truth, pages = made[0].truth, made[1]
    front = "".join(pages[: truth.title_page + 1])
    assert letters(truth.doi or "") in front
    assert letters(truth.journal or "") in front or letters(truth.journal_short or "") in front
    for value in (truth.volume, truth.issue, truth.pages, truth.pmid, truth.pmcid, str(truth.year)):
        assert letters(value or "") in front


def test_document__running_sentences__have_each_part_on_its_page(made: tuple[MadeDocument, list[str]]) -> None:
    truth, pages = made[0].truth, made[1]
    for sentence in truth.running:
        assert sentence.second_page == sentence.first_page + 1
        assert letters(sentence.head) in pages[sentence.first_page - 1]
        assert letters(sentence.tail) in pages[sentence.second_page - 1]
        assert not any(letters(sentence.text) in page for page in pages)


def test_document__other_sentences__are_printed(made: tuple[MadeDocument, list[str]]) -> None:
    """Most of them in one piece: some go on below a figure."""
    truth, pages = made[0].truth, made[1]
    whole = sum(any(letters(sentence) in page for page in pages) for sentence in truth.sentences)
    assert len(truth.sentences) > 20
    assert whole >= 0.9 * len(truth.sentences)
    assert not {sentence.text for sentence in truth.running} & set(truth.sentences)


def test_document__figures_tables_and_furniture__are_printed(made: tuple[MadeDocument, list[str]]) -> None:
    truth, pages = made[0].truth, made[1]
    for figure in truth.figures:
        assert any(letters(figure.caption) in page for page in pages), figure.label
    for table in truth.tables:
        cells = [letters(cell) for row in table.rows for cell in row]
        assert any(all(cell in page for cell in [letters(table.caption), *cells]) for page in pages)
        assert {len(row) for row in table.rows} == {4}
    for text in truth.furniture:
        assert any(letters(text) in page for page in pages), text


def test_drawn_documents__most_have_a_sentence_over_a_page_turn() -> None:
    running = [len(make(article).truth.running) for article in DRAWN]
    assert sum(count > 0 for count in running) > len(running) / 2
