"""The comparison of what is read with the truth: it accepts the same fact in another form, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from benchmarks.made_documents import ARTICLES, Truth, make
from benchmarks.records import (
    NOT_READ,
    Verdict,
    figures_and_tables,
    furniture,
    has_family,
    is_cut,
    library_records,
    record,
    report,
    running_sentences,
    running_text,
    same_journal,
    same_licence,
    same_pages,
)
from chapter_pipeline.domain.document import Figure, Metadata, Page, ParsedDocument, Passage, Table


@cache
def truth_of(name: str) -> Truth:
    return next(make(article).truth for article in ARTICLES if article.name == name)


def read_right(truth: Truth) -> ParsedDocument:
    """What a parser without a fault would read."""
    collective = (truth.collective,) if truth.collective else ()
    return ParsedDocument(
        sha256="0" * 64, page_count=truth.page_count, pages=(),
        metadata=Metadata(
            title=truth.title, authors=(*(author.printed for author in truth.authors), *collective), year=truth.year,
            doi=truth.doi, journal=truth.journal_short or truth.journal, licence=truth.licence, pmid=truth.pmid,
            study_type=truth.study_type, article_type=truth.article_type, language=truth.language,
            volume=truth.volume, issue=truth.issue, pages=truth.pages, pmcid=truth.pmcid, published=truth.date,
        ),
        figures=tuple(
            Figure(ordinal=number, page=1, box=(0, 0, 1, 1), label=figure.label, caption=figure.caption,
                   media_type="image/png", width_px=1, height_px=1, sha256="0" * 64, content=b"")
            for number, figure in enumerate(truth.figures, start=1)
        ),
        tables=tuple(
            Table(ordinal=number, page=1, box=(0, 0, 1, 1), label=table.label, caption=table.caption,
                  header_rows=table.header_rows, rows=table.rows)
            for number, table in enumerate(truth.tables, start=1)
        ),
    )  # fmt: skip


def wrong(document: ParsedDocument, truth: Truth) -> set[str]:
    """The fields that do not match, those apart that the types do not have."""
    verdicts = [*record(truth.name, document, truth, strict_nones=True), *figures_and_tables(truth, document)]
    return {verdict.field for verdict in verdicts if not verdict.right and verdict.got != NOT_READ}


@pytest.mark.parametrize("name", ["nih-1", "biorxiv-1", "plain-1", "eprints-2"])
def test_comparison__everything_read_right__has_no_mismatch(name: str) -> None:
    assert wrong(read_right(truth_of(name)), truth_of(name)) == set()


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("title", {"title": "Another title"}),
        ("authors", {"authors": ("Pieter J. van der Berg",)}),
        ("authors", {"authors": ()}),
        ("year", {"year": 2005}),
        ("doi", {"doi": "10.5555/jsn.2004.40"}),
        ("doi", {"doi": None}),
        ("journal", {"journal": "Journal of Neurosurgery"}),
        ("journal", {"journal": None}),
        ("language", {"language": "de"}),
    ],
)
def test_comparison__one_field_read_wrong__is_the_mismatch(field: str, changed: dict[str, object]) -> None:
    document = read_right(truth_of("nih-1"))
    document = replace(document, metadata=replace(document.metadata, **changed))  # type: ignore[arg-type]
    assert wrong(document, truth_of("nih-1")) == {field}


def test_comparison__figure_without_its_caption_and_a_cell_in_another_row__are_mismatches() -> None:
    truth = truth_of("nih-1")
    document = read_right(truth)
    table = document.tables[0]
    torn = replace(table, rows=(*table.rows[:-1], ("", *table.rows[-1][1:])))
    document = replace(
        document,
        figures=(replace(document.figures[0], caption="Figure 1."), *document.figures[1:]),
        tables=(torn,),
    )
    assert wrong(document, truth) == {"figures: caption", "tables: cells"}
    assert wrong(replace(document, figures=(), tables=()), truth) >= {"figures: labels", "tables: labels"}


@pytest.mark.parametrize(
    ("got", "family", "same"),
    [
        ("Müller, Jörg", "Muller", True),
        ("Jörg Müller", "Müller", True),
        ("Pieter J. van der Berg", "van der Berg", True),
        ("Pieter J. van der Berg", "Berg", True),
        ("Berg, Pieter J. van der", "van der Berg", False),
        ("Siobhán O’Neill", "O'Neill", True),
        ("María A. García-López", "García-López", True),
        ("María A. García", "García-López", False),
        ("Robert W. Gereau IV", "Gereau", True),
        ("Article in Brain", "Brain", True),
        ("Haruto Nakamura MD", "Nakamura", False),
    ],
)
def test_has_family(got: str, family: str, same: bool) -> None:
    assert has_family(got, family) is same


@pytest.mark.parametrize(
    ("got", "wanted", "same"),
    [
        ("2461–70", "2461-2470", True),
        ("e101764", "101764", True),
        ("33-40", "33–40", True),
        ("33-41", "33–40", False),
        ("33", "33–40", False),
        (None, None, True),
        ("33-40", None, False),
        (None, "33-40", False),
    ],
)
def test_same_pages(got: object, wanted: str | None, same: bool) -> None:
    assert same_pages(got, wanted) is same


@pytest.mark.parametrize(
    ("got", "title", "short", "same"),
    [
        ("The Lancet", "Lancet", None, True),
        ("Brain & Spine Reports", "Brain and Spine Reports", "Brain Spine Rep", True),
        ("Brain Spine Rep.", "Brain and Spine Reports", "Brain Spine Rep", True),
        ("Brain", "Brain and Spine Reports", "Brain Spine Rep", False),
        (None, "Brain", None, False),
        (None, None, None, True),
        ("Brain", None, None, False),
    ],
)
def test_same_journal(got: str | None, title: str | None, short: str | None, same: bool) -> None:
    assert same_journal(got, title, short) is same


@pytest.mark.parametrize(
    ("got", "wanted", "same"),
    [
        ("CC BY-NC-ND 4.0", "CC-BY-NC-ND 4.0", True),
        ("Creative Commons Attribution Non-Commercial License", "CC BY-NC 4.0", True),
        ("Creative Commons Attribution License", "CC BY-NC 4.0", False),
        ("CC BY-NC 3.0", "CC BY-NC 4.0", False),
        (None, "CC BY 4.0", False),
    ],
)
def test_same_licence(got: str | None, wanted: str, same: bool) -> None:
    assert same_licence(got, wanted) is same


HEAD, TAIL = "Values below three per", "cent were imputed with twenty data sets."


@pytest.mark.parametrize(
    ("sentence", "cut"),
    [
        (f"{HEAD} {TAIL}", False),
        (HEAD, True),
        (TAIL, True),
        (f"All of them were adults. {HEAD}", True),
        ("were imputed with twenty", True),
        (f"{TAIL} No other change was made.", True),
        ("Twenty data sets were made for another analysis.", False),
        ("", False),
    ],
)
def test_is_cut(sentence: str, cut: bool) -> None:
    assert is_cut(sentence, HEAD, TAIL) is cut


def _passage(page: int, text: str) -> tuple[Page, Passage]:
    return (
        Page(number=page, width=612.0, height=792.0, text=text),
        Passage(ordinal=page, page=page, start=0, end=len(text), text=text, section=None, sentences=((0, len(text)),)),
    )


def test_page_turn__a_quotable_half__is_counted_and_the_whole_is_missed() -> None:
    truth = truth_of("nih-1")
    sentence = truth.running[0]
    only = replace(truth, running=(sentence,))
    for texts, right in (
        ((sentence.head, sentence.tail), [False, False]),
        ((sentence.text, "Another sentence stands here."), [True, True]),
    ):
        made = [_passage(number, text) for number, text in enumerate(texts, start=1)]
        document = replace(read_right(truth), pages=tuple(page for page, _ in made))
        verdicts = running_sentences(only, document, [passage for _, passage in made])
        assert [verdict.right for verdict in verdicts] == right


def test_furniture__in_a_passage__is_a_mismatch() -> None:
    truth = replace(truth_of("nih-1"), furniture=("NIH-PA Author Manuscript", "Page 2"))
    inside = _passage(1, "The patients NIH-PA Author Manuscript were seen. Page 2")[1]
    assert [verdict.right for verdict in furniture(truth, [inside])] == [False]
    assert [verdict.right for verdict in furniture(truth, [_passage(1, "The patients were seen.")[1]])] == [True]


def test_running_text__sentence_in_no_passage__is_a_mismatch() -> None:
    truth = replace(truth_of("nih-1"), sentences=("All of them were adults.", "None of them was lost."))
    passage = _passage(1, "Many came. All of them were adults.")[1]
    assert [verdict.right for verdict in running_text(truth, [passage])] == [True, False]


def test_report__counts_by_field_and_lists_what_was_read_wrong() -> None:
    lines = list(
        report(
            [
                Verdict(document="a", field="year", right=True, got=2004, wanted=2004),
                Verdict(document="b", field="year", right=False, got=2005, wanted=2004),
                Verdict(document="b", field="volume", right=False, got=NOT_READ, wanted="12"),
            ]
        )
    )
    assert [line.split() for line in lines[:3]] == [
        ["year", "1", "of", "2"],
        ["volume", "0", "of", "1", "not", "read"],
        ["all", "1", "of", "3"],
    ]
    assert lines[4:] == ["b | year | got 2005 | wanted 2004"]


def test_annotations__every_article__has_its_record() -> None:
    found = library_records()
    assert len(found) == 33
    for name, truth in found.items():
        assert truth.title, name
        assert truth.authors, name
        assert 2000 < truth.year < 2030, name
        assert len(set(truth.figures)) == len(truth.figures), name


@pytest.mark.corpus
def test_annotations__are_of_the_articles_of_the_library(corpus: Path) -> None:
    assert set(library_records()) == {path.stem for path in (corpus / "library").glob("*.pdf")}
