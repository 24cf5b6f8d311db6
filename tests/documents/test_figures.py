"""Figures come out whole: drawings, images and the words around them; what repeats on pages does not."""

from __future__ import annotations

import re
from pathlib import Path

import pymupdf
import pytest
import yaml

from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.documents.pdf.images import like
from chapter_pipeline.domain.document import BlockKind, Figure, FigureKind

ANNOTATED = Path(__file__).parent / "data" / "figures.yaml"
PROSE = "Drainage was associated with fewer recurrences in patients older than eighty years of age. " * 6


def figures(document: pymupdf.Document) -> tuple[Figure, ...]:
    content = document.tobytes()
    with pymupdf.open(stream=content) as opened:
        return extract_document(opened, content).figures


def with_page(document: pymupdf.Document, caption: str) -> pymupdf.Page:
    page = document.new_page(width=595, height=842)
    page.insert_textbox((60, 50, 537, 150), PROSE, fontsize=10)
    page.insert_text((100, 480), caption, fontsize=9)
    page.insert_textbox((60, 550, 537, 780), PROSE, fontsize=10)
    return page


def jpeg(width: int = 400, height: int = 300) -> bytes:
    """A picture with shades, as a camera would make it."""
    pixmap = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, width, height))
    for x in range(0, width, 20):
        for y in range(0, height, 20):
            pixmap.set_rect(pymupdf.IRect(x, y, x + 20, y + 20), (x * 7 % 256, y * 5 % 256, (x * y) % 256))
    content: bytes = pixmap.tobytes("jpeg")
    return content


def test_jpeg__alone_in_its_box__is_taken_as_the_file_has_it() -> None:
    document, picture = pymupdf.open(), jpeg()
    with_page(document, "Figure 1. A scan of the head.").insert_image((100, 200, 400, 425), stream=picture)
    (figure,) = figures(document)
    assert (figure.content, figure.media_type, figure.kind) == (picture, "image/jpeg", FigureKind.RASTER)
    assert (figure.width_px, figure.height_px) == (400, 300)


LEGENDS = (
    "Figure 1. Course of the pressure after drainage.",
    "Figure 2. A scan of the head before drainage. The arrow shows the membrane.",
)


def manuscript(*, labels: bool, plates: int = 2) -> pymupdf.Document:
    """Legends behind the references, and figures on pages of their own behind them: a drawing first, then images."""
    document = pymupdf.open()
    document.new_page(width=595, height=842).insert_textbox((60, 50, 537, 400), PROSE, fontsize=10)
    page = document.new_page(width=595, height=842)
    page.insert_text((60, 60), "References", fontsize=12, fontname="hebo")
    page.insert_text((60, 80), "1. Lind P, Okafor A. Drains. Acta Neurochir 2001;12(3):45-52.", fontsize=10)
    page.insert_text((60, 120), "Figure legends", fontsize=12, fontname="hebo")
    for number, legend in enumerate(LEGENDS):
        page.insert_textbox((60, 130 + 30 * number, 537, 160 + 30 * number), legend, fontsize=10)
    for number in range(1, plates + 1):
        page = document.new_page(width=595, height=842)
        if labels:
            page.insert_text((60, 800), f"Fig. {3 - number}", fontsize=9)
        if number == 1:
            for step in range(12):
                page.draw_line((100 + 20 * step, 300), (110 + 20 * step, 100 + 10 * step))
        else:
            page.insert_image((100, 200, 400, 425), stream=jpeg())
    return document


def test_legends__in_a_list_behind_the_references__go_to_the_figures_in_order() -> None:
    first, second = figures(manuscript(labels=False))
    assert [(one.page, one.kind, one.caption) for one in (first, second)] == [
        (3, FigureKind.VECTOR, LEGENDS[0]),
        (4, FigureKind.RASTER, LEGENDS[1]),
    ]


def test_legends__of_pages_with_labels__go_by_label() -> None:
    assert {(one.page, one.caption) for one in figures(manuscript(labels=True))} == {(3, LEGENDS[1]), (4, LEGENDS[0])}


def test_legends__more_than_figures__are_given_to_none() -> None:
    assert [one.caption for one in figures(manuscript(labels=False, plates=1))] in ([], [None])


def test_legends__in_a_list__are_no_passage_and_no_reference() -> None:
    with pymupdf.open(stream=manuscript(labels=False).tobytes()) as opened:
        document = extract_document(opened, b"")
    kinds = {document.pages[1].text[block.start : block.end]: block.kind for block in document.pages[1].blocks}
    assert [kinds[legend] for legend in LEGENDS] == [BlockKind.CAPTION, BlockKind.CAPTION]
    assert not any("Course of the pressure" in work.text for work in document.cited_works)


def test_caption__below_its_label__is_one_with_it() -> None:
    document = pymupdf.open()
    document.new_page(width=595, height=842).insert_textbox((60, 50, 537, 400), PROSE, fontsize=10)
    page = document.new_page(width=595, height=842)
    page.insert_text((60, 40), "References", fontsize=12, fontname="hebo")
    page.insert_text((60, 60), "1. Lind P, Okafor A. Drains. Acta Neurochir 2001;12(3):45-52.", fontsize=10)
    page = document.new_page(width=595, height=842)
    page.insert_image((60, 80, 360, 305), stream=jpeg())
    page.insert_text((60, 330), "Figure 1.", fontsize=10, fontname="hebo")
    page.insert_text((60, 343), "A scan of the head in a patient with a membrane.", fontsize=9.5)
    page.insert_text((60, 355), "The arrow shows where it was opened.", fontsize=9.5)
    (figure,) = figures(document)
    assert figure.caption == (
        "Figure 1. A scan of the head in a patient with a membrane. The arrow shows where it was opened."
    )


def test_caption__between_two_images__belongs_to_the_one_above() -> None:
    document = pymupdf.open()
    document.new_page(width=595, height=842).insert_textbox((60, 50, 537, 400), PROSE, fontsize=10)
    document[0].insert_text((60, 40), "Scans of the head after drainage", fontsize=16)
    page = document.new_page(width=595, height=842)
    page.insert_textbox((60, 50, 537, 150), PROSE, fontsize=10)
    page.insert_image((100, 160, 400, 385), stream=jpeg())
    page.insert_text((100, 400), "Figure 1. A scan of the head.", fontsize=9)
    page.insert_image((100, 430, 300, 580), stream=jpeg(200, 150))
    page.insert_textbox((60, 620, 537, 780), PROSE, fontsize=10)
    (figure,) = figures(document)
    assert figure.box == (100, 160, 400, 385)


@pytest.mark.parametrize("turned", [False, True])
def test_caption__credit_line_at_the_edge_of_its_figure__stands_behind_it(turned: bool) -> None:
    document = pymupdf.open()
    page = with_page(document, "Figure 1. A scan of the head.")
    page.insert_image((100, 200, 400, 425), stream=jpeg())
    place, rotate = ((408, 400), 90) if turned else ((100, 434), 0)
    page.insert_text(place, "© 2015 Northmoor Press", fontsize=6, rotate=rotate)
    (figure,) = figures(document)
    assert figure.caption == "Figure 1. A scan of the head. © 2015 Northmoor Press"


def test_caption__copyright_line_on_every_page__is_none_of_a_figure() -> None:
    document = pymupdf.open()
    for number in (1, 2):
        page = with_page(document, f"Figure {number}. A scan of the head.")
        page.insert_image((100, 200, 400, 425), stream=jpeg(400 + 20 * number, 300))
        page.insert_text((408, 400), "© 2015 Northmoor Press", fontsize=6, rotate=90)
    assert [one.caption for one in figures(document)] == [f"Figure {n}. A scan of the head." for n in (1, 2)]


def test_caption__label_alone_above_text_of_the_body__takes_no_text_from_it() -> None:
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    page.insert_text((60, 40), "Scans of the head after drainage", fontsize=16)
    page.insert_textbox((60, 60, 537, 200), PROSE, fontsize=10)
    page.insert_text((60, 250), "Figure 1.", fontsize=10, fontname="hebo")
    page.insert_textbox((60, 254, 537, 400), PROSE, fontsize=10)
    with pymupdf.open(stream=document.tobytes()) as opened:
        blocks = extract_document(opened, b"").pages[0].blocks
    assert max(block.end - block.start for block in blocks if block.kind is BlockKind.CAPTION) < 20


@pytest.mark.parametrize("kind", FigureKind)
def test_captions__above_their_figures__go_to_the_figures_below_them(kind: FigureKind) -> None:
    document = pymupdf.open()
    first = document.new_page(width=595, height=842)
    first.insert_text((60, 40), "Scans of the head after drainage", fontsize=16)
    first.insert_textbox((60, 60, 537, 400), PROSE, fontsize=10)
    page = document.new_page(width=595, height=842)
    for number, y in ((1, 60), (2, 300)):
        page.insert_textbox(
            (50, y, 285, y + 35), f"Figure {number}. A scan of the head in one of the groups.", fontsize=8
        )
        if kind is FigureKind.RASTER:
            page.insert_image((50, y + 40, 285, y + 220), stream=jpeg(400 + 20 * number, 300))
        else:
            for step in range(8):
                page.draw_line((60 + 25 * step, y + 200), (60 + 25 * step, y + 60 + 15 * step))
    page.insert_textbox((310, 60, 545, 780), PROSE * 4, fontsize=10)
    page.insert_textbox((50, 560, 285, 780), PROSE, fontsize=10)
    found = figures(document)
    assert [(one.label, one.kind) for one in found] == [("Figure 1", kind), ("Figure 2", kind)]
    assert [60 < one.box[1] < one.box[3] < 300 for one in found] == [True, False]


@pytest.mark.parametrize("over", ["text", "drawing"])
def test_jpeg__with_something_printed_over_it__is_rendered(over: str) -> None:
    document, picture = pymupdf.open(), jpeg()
    page = with_page(document, "Figure 1. A scan of the head.")
    page.insert_image((100, 200, 400, 425), stream=picture)
    if over == "text":
        page.insert_text((150, 300), "A", fontsize=20)
    else:
        page.draw_rect((150, 250, 200, 300), fill=(1, 1, 1))
    (figure,) = figures(document)
    assert figure.content != picture
    assert figure.width_px == pytest.approx(300 * 150 / 72, abs=2)


def test_image__with_an_axis_label_beside_it__takes_the_label_into_its_box() -> None:
    document = pymupdf.open()
    page = with_page(document, "Figure 1. Survival of both groups.")
    page.insert_image((120, 200, 400, 425), stream=jpeg())
    page.insert_text((115, 340), "Survival", fontsize=8, rotate=90)
    (figure,) = figures(document)
    assert figure.box[0] < 112
    assert figure.box[3] < 470  # not the caption


def test_drawing__above_a_caption_without_an_image__is_a_vector_figure() -> None:
    document = pymupdf.open()
    page = with_page(document, "Figure 3. Recurrences by year.")
    for bar in range(8):
        page.draw_rect((110 + 30 * bar, 400 - 20 * bar, 130 + 30 * bar, 450), fill=(0.2, 0.2, 0.8))
    (figure,) = figures(document)
    assert (figure.kind, figure.label) == (FigureKind.VECTOR, "Figure 3")
    assert figure.box == pytest.approx((110, 260, 340, 450), abs=2)


def test_image__without_caption_on_two_pages__is_a_logo_and_dropped() -> None:
    document = pymupdf.open()
    for number in (1, 2):
        page = with_page(document, f"Page {number}")
        page.insert_image((100, 200, 400, 425), stream=jpeg())
    assert figures(document) == ()


def test_perceptual_hash__same_picture_smaller__is_like_and_another_is_not() -> None:
    document = pymupdf.open()
    mirrored = pymupdf.Pixmap(jpeg())
    mirrored.invert_irect()
    pictures = [jpeg(), pymupdf.Pixmap(pymupdf.Pixmap(jpeg()), 200, 150, None).tobytes("png"), mirrored.tobytes("png")]
    for number, picture in enumerate(pictures, start=1):
        with_page(document, f"Figure {number}. A scan.").insert_image((100, 200, 400, 425), stream=picture)
    first, smaller, other = (figure.perceptual_hash for figure in figures(document))
    assert like(first, smaller)
    assert not like(first, other)


@pytest.mark.corpus
@pytest.mark.slow
def test_figures__annotated_articles__are_found_with_their_captions(corpus: Path) -> None:
    """Asked: 95% of the raster figures of ten articles; here 60 figures of eleven, and nothing else may be found."""
    right = wanted = found = 0
    for beginning, rows in yaml.safe_load(ANNOTATED.read_text(encoding="utf-8")).items():
        (path,) = (corpus / "library").glob(f"{beginning}*.pdf")
        content = path.read_bytes()
        with pymupdf.open(stream=content, filetype="pdf") as opened:
            figures = extract_document(opened, content).figures
            heights = [page.rect.height for page in opened]
        for page, number, words, top, bottom in rows:
            same = [
                figure
                for figure in figures
                if figure.page == page
                and re.fullmatch(rf"\D*{number}", figure.label or "")
                and re.sub(r"^\S+ \d+[.:]?\s*\|?\s*", "", figure.caption or "").startswith(words)
                and abs(figure.box[1] / heights[page - 1] - top) < 0.06
                and abs(figure.box[3] / heights[page - 1] - bottom) < 0.06
            ]
            if len(same) != 1:
                print(f"{beginning} page {page}, figure {number}: {[(f.page, f.label, f.box) for f in figures]}")
            right += len(same) == 1
        wanted += len(rows)
        found += len(figures)
    print(f"{right} of {wanted} figures, {found} found")
    assert right >= 0.95 * wanted
    assert right >= 0.95 * found


def test_figures__caption_on_the_next_page__is_the_figures() -> None:
    document = pymupdf.open()
    first = document.new_page(width=595, height=842)
    first.insert_textbox((60, 50, 537, 90), "Drainage of chronic subdural haematoma in old age", fontsize=17)
    first.insert_textbox((60, 110, 537, 600), PROSE * 2, fontsize=10)
    page = document.new_page(width=595, height=842)
    page.insert_image((60, 60, 535, 760), stream=jpeg(900, 1300))
    after = document.new_page(width=595, height=842)
    after.insert_text((60, 60), "Figure 3. Drains and their place under the skull.", fontsize=8, fontname="hebo")
    after.insert_textbox((60, 90, 537, 400), PROSE * 2, fontsize=10)
    (figure,) = figures(document)
    assert (figure.page, figure.label) == (2, "Figure 3")
    assert figure.caption == "Figure 3. Drains and their place under the skull."
    assert 0 < len(figure.thumbnail) < 20_000
