"""The parser on real articles: metadata against a hand-checked catalogue, sentences against another PDF library."""

from __future__ import annotations

import csv
from pathlib import Path

import pymupdf
import pypdfium2
import pytest

from benchmarks.reading_order import letters, parts, stands, without_line_numbers
from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.documents.structure.passages import make_passages
from chapter_pipeline.domain.document import ParsedDocument

pytestmark = [pytest.mark.corpus, pytest.mark.slow, pytest.mark.xdist_group("library")]
PRINTED: dict[str, dict[str, str]] = {
    "Preoperative-anemia": {
        "title": "Preoperative anemia increases postoperative morbidity in elective cranial neurosurgery"
    },
    "These-authors-contribute": {
        "title": "Ramping-up hippocampal ripples and their neocortical coupling support human visual short-term memory"
    },
    "OpenPBTA": {"title": "An Open Pediatric Brain Tumor Atlas", "year": "2021"},  # "generated ... on December 3, 2021"
    "Mebendazole": {"year": "2021"},  # "3(1), 1-8, 2021 ... Advance Access date 12 November 2020"
    "Prospective-evaluation": {"year": "2017"},  # "International Journal of Neuroscience, 2017; 127(3): 276-284"
    "Whisker-stimulation": {"year": "2026"},  # "Received: July 24, 2025 ... Published: July 24, 2026"
    "Sharpnose-Sharks": {
        "title": "Longevity of Atlantic Sharpnose Sharks Rhizoprionodon terraenovae and Blacknose Sharks Carcharhinus "
        "acronotus in the western North Atlantic Ocean based on tag-recapture data and direct age estimates [v2; ref "
        "status: indexed, http://f1000r.es/4fj]"
    },
}
"""Where the catalogue is not what the first page prints: it adds remarks, shortens, or has the words in another order.
Read from the rendered pages. The year of a work is that of the volume in which its own pages cite it, else that of its
copyright."""


@pytest.fixture(scope="module")
def library(corpus: Path) -> list[tuple[dict[str, str], bytes, ParsedDocument]]:
    with (corpus / "library" / "CATALOGUE.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    found = []
    for row in rows:
        content = (corpus / row["file"]).read_bytes()
        found.append((row, content, extract_document(pymupdf.open(stream=content, filetype="pdf"), content)))
    return found


def test_library__catalogue__titles_and_years_are_right_in_97_percent_and_dois_in_98(
    library: list[tuple[dict[str, str], bytes, ParsedDocument]],
) -> None:
    right = {"title": 0, "year": 0, "doi": 0, "pages": 0}
    literally = {"title": 0, "year": 0}
    for row, _, document in library:
        found = document.metadata
        wanted = next((row | told for part, told in PRINTED.items() if part in row["file"]), row)
        right["title"] += letters(found.title or "") == letters(wanted["title"])
        right["year"] += str(found.year or "") == wanted["year"]
        literally["title"] += letters(found.title or "") == letters(row["title"])
        literally["year"] += str(found.year or "") == row["year"]
        right["doi"] += (found.doi or "") == row["doi"].lower()
        right["pages"] += str(document.page_count) == row["pages"]
    print(right, "of", len(library), "as printed;", literally, "as the catalogue has it")
    assert right["pages"] == len(library)
    assert min(right["title"], right["year"]) >= 0.96 * len(library)  # one of 33
    assert right["doi"] >= 0.98 * len(library)


def test_library__quotable_sentences__stand_on_their_pages_as_another_library_reads_them(
    library: list[tuple[dict[str, str], bytes, ParsedDocument]],
) -> None:
    total = missing = 0
    for _, content, document in library:
        other = pypdfium2.PdfDocument(content)
        texts: dict[int, str] = {}
        for passage in make_passages(document, count_tokens=lambda text: len(text) // 4, max_tokens=200):
            for number in {passage.page, *(span.page for span in passage.continued)} - {*texts}:
                read = other[number - 1].get_textpage().get_text_bounded()
                texts[number] = letters(without_line_numbers(read, document.pages[number - 1]))
            for start, end in passage.sentences:
                total += 1
                missing += not all(
                    stands(parts(document.pages[one.page - 1], one.start, one.end), texts[one.page])
                    for one in passage.places(start, end)
                )
    print(f"{total - missing} of {total} sentences verbatim")
    assert total > 4000
    assert missing <= 0.01 * total
