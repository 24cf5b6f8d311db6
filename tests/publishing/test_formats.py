"""What each format has of its own: headings, links, tables, page furniture, elements that other programs look for."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import bibtexparser
import docx
import pypdfium2
import pytest
from lxml import etree, html

from chapter_pipeline.publishing.exports import ExportFormat
from chapter_pipeline.publishing.pandoc import format_references
from tests.publishing.conftest import (
    changed,
    export,
)
from tests.publishing.finished_chapter import CHAPTER, png, sentence, subsection


def test_html__is_one_accessible_file_without_script_or_foreign_address(exported: dict[ExportFormat, Path]) -> None:
    root = html.parse(exported[ExportFormat.HTML]).getroot()
    assert root.get("lang") == "en"
    assert root.findtext("head/title") == CHAPTER.title
    levels = [int(node.tag[1]) for node in root.iter("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert not list(root.iter("script", "iframe", "link", "object", "embed"))
    assert not [name for node in root.iter() for name in node.attrib if name.lower().startswith("on")]
    addresses = [str(node.get(name)) for node in root.iter() for name in ("href", "src") if node.get(name)]
    assert all(address.startswith(("#", "data:image/png;base64,", "https://doi.org/10.")) for address in addresses)
    assert [image.get("alt") for image in root.iter("img")] == [
        "Figure 1: Axial <T2> image at 3 T of a #cyst & its *wall*."
    ]


def test_html__each_citation__leads_to_its_reference_and_its_quotation(exported: dict[ExportFormat, Path]) -> None:
    root = html.parse(exported[ExportFormat.HTML]).getroot()
    anchors = {node.get("id"): node for node in root.iter() if node.get("id")}
    identifiers = [node.get("id") for node in root.iter() if node.get("id")]
    assert len(identifiers) == len(set(identifiers))
    targets = [node.get("href")[1:] for node in root.iter("a") if node.get("href").startswith("#")]
    assert set(targets) <= set(anchors)
    locator = root.xpath("//a[@class='locator']")[1]
    assert locator.get("title") == ("“Recurrence was 9.3% with a drain and 24% without.”")
    assert "Trial of colloid cyst surgery" in anchors["ref-1"].text_content()
    assert "9.3% with a drain" in anchors["quote-1-p5"].getparent().text_content()
    assert root.xpath("//details[@open]//*[@id='quote-3-p12']")


def test_docx__opens_in_word_with_real_headings_a_table_and_the_image(exported: dict[ExportFormat, Path]) -> None:
    document = docx.Document(str(exported[ExportFormat.DOCX]))
    headings = {p.text: p.style.name for p in document.paragraphs if p.style and p.style.name.startswith("Heading")}
    assert headings["1 Introduction"] == "Heading 1"
    assert headings["1.1 Measured values"] == "Heading 2"
    assert document.paragraphs[0].style is not None
    assert document.paragraphs[0].style.name == "Title"
    assert document.core_properties.title == CHAPTER.title
    assert [cell.text for cell in document.tables[0].rows[0].cells] == [
        "Source",
        "Study type",
        "Evidence level",
        "Finding",
    ]
    assert len(document.tables[0].rows) == 3
    [shape] = document.inline_shapes
    assert 2.0 < shape.width.cm <= 14.0
    section = document.sections[0]
    assert section.page_width is not None
    assert section.page_height is not None
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert section.header.paragraphs[0].text == CHAPTER.title


def test_pdf__has_a_title_an_outline_page_numbers_and_a_running_head(exported: dict[ExportFormat, Path]) -> None:
    with pypdfium2.PdfDocument(exported[ExportFormat.PDF]) as document:
        assert document.get_metadata_value("Title") == CHAPTER.title
        assert document.get_metadata_value("CreationDate").startswith("D:20260301")
        titles = [bookmark.get_title() for bookmark in document.get_toc()]
        assert titles[:3] == ["Key points", "1 Introduction", "1.1 Measured values"]
        width, height = document[0].get_size()
        assert (round(width), round(height)) == (595, 842)
        second = document[1].get_textpage().get_text_range()
        assert CHAPTER.title in second
        assert f"2 / {len(document)}" in second


def test_jats__is_well_formed_with_sections_a_figure_and_a_reference_list(exported: dict[ExportFormat, Path]) -> None:
    parser = etree.XMLParser(load_dtd=False, no_network=True, resolve_entities=False)
    root = etree.parse(exported[ExportFormat.JATS], parser).getroot()
    assert (root.tag, root.get("article-type")) == ("article", "review-article")
    assert root.findtext("front/article-meta/title-group/article-title") == CHAPTER.title
    assert [sec.findtext("title") for sec in root.findall("body/sec")][:2] == ["Key points", "1 Introduction"]
    assert [ref.get("id") for ref in root.findall("back/ref-list/ref")] == ["ref-1", "ref-2", "ref-3"]
    identifiers = {node.get("id") for node in root.iter() if isinstance(node.tag, str) and node.get("id")}
    cited = {node.get("rid") for node in root.iter("xref")}
    assert cited <= identifiers
    [graphic] = root.iter("graphic")
    figure = exported[ExportFormat.JATS].parent / graphic.get("{http://www.w3.org/1999/xlink}href")
    assert figure.read_bytes() == png()
    assert root.find("body/boxed-text") is not None


def test_jats__labels_and_dois__are_elements_that_programs_look_for(exported: dict[ExportFormat, Path]) -> None:
    root = etree.parse(exported[ExportFormat.JATS]).getroot()
    [figure], [table] = root.iter("fig"), root.iter("table-wrap")
    assert (figure.get("id"), figure.findtext("label")) == ("figure-1", "Figure 1.")
    assert (table.get("id"), table.findtext("label")) == ("table-1", "Table 1.")
    assert [ref.findtext("label") for ref in root.iter("ref")] == ["1.", "2.", "3."]
    dois = [(node.get("pub-id-type"), node.text) for node in root.iter("pub-id")]
    assert ("doi", "10.1016/S0140-6736(09)61115-6") in dois
    assert root.find("front/journal-meta/issn") is None
    assert not [node.tag for node in root.iter("permissions") if len(node) == 0]


@pytest.mark.parametrize("sentences", range(24, 60, 2))
def test_pdf__the_caption_of_a_table__is_on_the_page_of_its_first_row(tmp_path: Path, sentences: int) -> None:
    filling = sentence("This line fills the page so that the table comes to stand at another height of it each time.")
    introduction = next(section for section in CHAPTER.sections if section.evidence_table)
    section = introduction.model_copy(update={"subsections": (subsection(None, *(((filling,),) * sentences)),)})
    [path] = export(changed(sections=(section,), figures=(), key_points=()), tmp_path, "pdf")
    with pypdfium2.PdfDocument(path) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    [captioned] = [page for page in pages if "Table 1." in page]
    assert "Study type" in captioned.partition("Table 1.")[2]


@pytest.mark.parametrize("pages", [None, "12-30"])
def test_references__an_article_without_volume_and_pages__is_not_said_to_be_published_online(pages: str | None) -> None:
    reference = next(found for found in CHAPTER.references if found.source.key == "santarius2009")
    title = "Trials Published online first: a review"
    fields = {"title": title, "volume": None, "issue": None, "pages": pages}
    formatted = format_references([reference.model_copy(update={"source": reference.source.model_copy(update=fields)})])
    shown = json.dumps(formatted[reference.number])
    assert shown.count('"Published"') == 1  # in its title
    assert '"2009' in shown


def test_docx__sources_of_the_quotations__are_headings_that_keep_with_what_follows(
    exported: dict[ExportFormat, Path],
) -> None:
    document = docx.Document(str(exported[ExportFormat.DOCX]))
    [heading] = [p for p in document.paragraphs if p.text == "[1] Santarius et al. 2009"]
    assert heading.style is not None
    assert heading.style.name == "Heading 2"
    assert heading.style.paragraph_format.keep_with_next


def test_html__sources_of_the_quotations__are_not_in_the_table_of_contents(exported: dict[ExportFormat, Path]) -> None:
    root = html.parse(exported[ExportFormat.HTML]).getroot()
    assert root.get_element_by_id("quotations-1").tag == "h3"
    listed = [link.get("href") for link in root.xpath("//nav//a")]
    assert "#quotations" in listed
    assert not [target for target in listed if target.startswith("#quotations-")]


def test_markdown__names_an_image_that_lies_beside_it(exported: dict[ExportFormat, Path]) -> None:
    path = exported[ExportFormat.MD]
    text = path.read_text(encoding="utf-8")
    [target] = re.findall(r"\]\((\S+\.png)\)", text.replace("//evil.example/x.png", ""))
    assert (path.parent / target).read_bytes() == png()
    assert "<span" not in text
    assert text.startswith("# Colloid cyst")


def test_bib__is_read_back_with_keys_types_and_literal_titles(exported: dict[ExportFormat, Path]) -> None:
    library = bibtexparser.parse_file(str(exported[ExportFormat.BIB]))
    assert not library.failed_blocks
    entries = library.entries_dict
    assert list(entries) == ["santarius2009", "mueller2021", "who2016"]
    assert [entry.entry_type for entry in library.entries] == ["article", "article", "misc"]
    assert entries["santarius2009"]["doi"] == "10.1016/S0140-6736(09)61115-6"
    assert entries["santarius2009"]["pages"] == "1067--1073"
    assert entries["mueller2021"]["author"] == "Müller, Jörg and {The Study Group for Cysts} and van der Berg, Jan"
    assert r"\textbraceleft{}GBM\textbraceright{}: a \$5 question \#1" in entries["mueller2021"]["title"]
