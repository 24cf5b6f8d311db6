"""The three citation styles say the same of a sentence: which work, which page; RIS is read back by another program."""

from __future__ import annotations

import re
from pathlib import Path

import docx
import pypdfium2
import pytest
from lxml import html

from chapter_pipeline.domain import Reference
from chapter_pipeline.errors import UsageError
from chapter_pipeline.literature.reference_files import read_references
from chapter_pipeline.publishing.exports import export_chapter
from chapter_pipeline.publishing.pandoc import format_references
from chapter_pipeline.publishing.ris import ris
from chapter_pipeline.publishing.styles import CitationStyle, author_year_names, parse_style
from tests.publishing.finished_chapter import CHAPTER, FINAL, png, source


def exported(style: CitationStyle, extension: str, folder: Path) -> Path:
    (path,) = export_chapter(
        FINAL, formats=[extension], destination=folder, figure_content=lambda _: png(), version=1, style=style
    )
    return path


def text_of(path: Path) -> str:
    match path.suffix:
        case ".html":
            found = str(html.parse(path).getroot().find("body").text_content())
        case ".pdf":
            with pypdfium2.PdfDocument(path) as document:
                found = "\n".join(page.get_textpage().get_text_range() for page in document)
        case ".docx":
            body = docx.Document(str(path)).element.body
            found = "".join(str(node.text or "") for node in body.iter() if node.tag.endswith("}t"))
        case _:
            found = path.read_text()
    return re.sub(r"[\s\u00a0]+", "", found)


@pytest.mark.parametrize("extension", ["md", "html", "docx", "pdf"])
def test_export__sentence__cites_in_its_style_in_every_format(extension: str, tmp_path: Path) -> None:
    said = "Recurrencewas9.3%withadrainand24%without"
    shown = {style: text_of(exported(style, extension, tmp_path / style.value)) for style in CitationStyle}
    assert f"{said}[1(p5)]." in shown[CitationStyle.VANCOUVER]
    raised = "<sup>1(p5)</sup>" if extension == "md" else "1(p5)"
    assert f"{said}.{raised}" in shown[CitationStyle.AMA]
    assert f"{said}(Santariusetal.2009,p5)." in shown[CitationStyle.AUTHOR_YEAR]
    assert "[1(p5)]" not in shown[CitationStyle.AUTHOR_YEAR]


def test_html__author_year__lists_references_by_name_and_every_link_has_its_target(tmp_path: Path) -> None:
    tree = html.parse(exported(CitationStyle.AUTHOR_YEAR, "html", tmp_path)).getroot()
    entries = [entry.get("id") for entry in tree.xpath("//*[@id='refs']/*")]
    names = author_year_names(CHAPTER.references)
    assert entries == [f"ref-{number}" for number in sorted(names, key=lambda number: names[number].casefold())]
    ids = set(tree.xpath("//@id"))
    assert {link.removeprefix("#") for link in tree.xpath("//a[starts-with(@href, '#')]/@href")} <= ids


def test_format_references__each_style__words_them_its_own_way() -> None:
    worded = {
        style: "".join(str(one) for one in format_references(CHAPTER.references, style)[1]) for style in CitationStyle
    }
    assert len(set(worded.values())) == len(CitationStyle)
    assert "(2009)" in worded[CitationStyle.AUTHOR_YEAR]


def test_author_year__works_of_one_name_and_year__have_letters_in_text_and_list() -> None:
    references = [
        Reference(number=1, source=source("one2009", title="Zebra")),
        Reference(number=2, source=source("two2009", title="Alpha")),
        Reference(number=3, source=source("three2010", year=2010)),
    ]  # fmt: skip
    names = author_year_names(references)
    assert (names[1][-5:], names[2][-5:], names[3][-4:]) == ("2009b", "2009a", "2010")
    entries = format_references(references, CitationStyle.AUTHOR_YEAR)
    assert "(2009b)" in str(entries[1])
    assert "(2009a)" in str(entries[2])


def test_parse_style__unknown__names_those_there_are() -> None:
    assert parse_style(" AMA ") is CitationStyle.AMA
    with pytest.raises(UsageError, match="choose from vancouver, ama, author-year"):
        parse_style("harvard")


def test_ris__is_read_back_as_the_same_works() -> None:
    found = read_references("cited.ris", ris(CHAPTER.references).encode()).works
    assert [(work.title, work.year, work.doi, work.journal) for work in found] == [
        (ref.source.title, ref.source.year, ref.source.doi and ref.source.doi.lower(), ref.source.journal)
        for ref in CHAPTER.references
    ]
    assert [len(work.authors) for work in found] == [len(ref.source.authors) for ref in CHAPTER.references]
    assert found[0].pages == CHAPTER.references[0].source.pages
