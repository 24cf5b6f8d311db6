"""Text recognition: both runtimes read alike, only what can count is read, and no process hangs, dies or stays unseen."""

from __future__ import annotations

import importlib.util
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pymupdf
import pytest

from chapter_pipeline.documents.ocr import networks
from chapter_pipeline.documents.ocr.engine import PageReader, page_reader
from chapter_pipeline.documents.ocr.networks import Reader
from chapter_pipeline.documents.ocr.process import RecogniserProcess
from chapter_pipeline.documents.ocr.recognition import Picture, Recognition, prose_words
from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.documents.pdf.parser import ParserProcess
from chapter_pipeline.documents.reasons import Reason
from chapter_pipeline.domain.document import TextSource
from chapter_pipeline.errors import DocumentRejected, ModelFilesCorrupt, TransientError
from chapter_pipeline.model_runtime import OnnxRuntime, OpenVino, Runtime
from chapter_pipeline.settings import Settings
from tests.documents.test_scans import PROSE, SENTENCES, printed, scanned

RUNTIMES: dict[str, Callable[..., Runtime]] = {
    "onnxruntime": OnnxRuntime,
    "openvino": OpenVino,
    "openvino f32": partial(OpenVino, precision="f32"),
}
LABELS = ("Time from ripple (s)", "R = 0.14, p = 0.57", "HPC", "0.05", "Control", "Vehicle", "mean power")


def picture_of(document: pymupdf.Document, *, only_prose: bool = False, dpi: int = 200) -> Picture:
    pixmap = document[0].get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)
    return Picture(width=pixmap.width, height=pixmap.height, samples=bytes(pixmap.samples), only_prose=only_prose)


def diagram() -> pymupdf.Document:
    """Axes and their labels, without a sentence."""
    document = pymupdf.open()
    page = document.new_page(width=400, height=400)
    for place in range(12):
        x, y = 30 + 120 * (place % 3), 40 + 90 * (place // 3)
        page.draw_rect((x, y, x + 90, y + 60))
        page.insert_text((x + 4, y + 75), LABELS[place % len(LABELS)], fontsize=8)
    return document


def text_of(recognition: Recognition | None) -> str:
    assert recognition is not None
    return " ".join(line.text for line in sorted(recognition.lines, key=lambda line: line.box[1])).replace("×", "x")


@pytest.fixture(params=RUNTIMES)
def on_runtime(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> PageReader:
    if request.param != "onnxruntime" and importlib.util.find_spec("openvino") is None:
        pytest.skip("openvino is installed on Linux x86_64 only")
    monkeypatch.setattr(networks, "open_runtime", RUNTIMES[request.param])
    return PageReader(threads=1)


def test_every_runtime_reads_every_sentence_and_exponent(on_runtime: PageReader) -> None:
    recognition = on_runtime(picture_of(printed()))
    for sentence in SENTENCES:
        assert sentence.replace("×", "x") in text_of(recognition)
    assert min(line.confidence for line in recognition.lines) > 0.9


@pytest.mark.parametrize("size", [6.5, 9, 14])
def test_prose_is_read_in_letters_of_any_usual_size_where_only_prose_counts(size: float) -> None:
    document = pymupdf.open()
    page = document.new_page(width=420, height=595)
    page.insert_htmlbox((30, 30, 390, 560), f"<p style='font-size:{size}pt;font-family:serif'>{PROSE}</p>")
    found = page_reader()(picture_of(document, only_prose=True))
    assert prose_words(line.text for line in found.lines) >= 55


def test_labels_of_a_diagram_are_not_read_where_only_prose_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    read = Reader.__call__

    def counting(self: Reader, line: networks.Grey) -> networks.ReadLine:
        reads.append(1)
        return read(self, line)

    monkeypatch.setattr(Reader, "__call__", counting)
    reader, picture = PageReader(threads=1), picture_of(diagram(), only_prose=True)
    assert reader(picture).lines == ()
    few = len(reads)
    assert len(reader(replace(picture, only_prose=False)).lines) >= 10
    assert few < len(reads) - few


def test_a_strip_that_is_all_width_is_read_without_a_giant_picture() -> None:
    assert page_reader()(Picture(width=6000, height=12, samples=b"\xff" * 72_000)).lines == ()


@pytest.fixture
def process() -> Iterator[RecogniserProcess]:
    with RecogniserProcess(threads=1) as recognise:
        yield recognise


def test_the_process_reads_what_the_engine_reads(process: RecogniserProcess) -> None:
    picture = picture_of(printed())
    assert not process.running  # nothing is started before there is a picture
    assert process(picture) == PageReader(threads=1)(picture)
    child = process.pid
    assert process(picture_of(diagram(), only_prose=True)) is not None
    assert process.pid == child
    process.close()
    assert child is not None
    assert not alive(child)
    with pytest.raises(TransientError, match="stopped"):
        process(picture)


def test_a_process_that_died_between_two_pictures_is_replaced(process: RecogniserProcess) -> None:
    assert process(picture_of(printed())) is not None
    child = process.pid
    assert child is not None
    os.kill(child, signal.SIGKILL)
    assert SENTENCES[0] in text_of(process(picture_of(printed())))
    assert process.pid not in (None, child)


def test_a_picture_of_which_a_fresh_process_dies_comes_to_no_end(process: RecogniserProcess) -> None:
    broken = Picture(width=10, height=10, samples=b"")  # its frame is refused there
    assert process(broken) is None
    assert not process.running
    assert SENTENCES[0] in text_of(process(picture_of(printed())))
    assert process(broken) is None


def test_a_picture_that_takes_too_long_comes_to_no_end() -> None:
    with RecogniserProcess(threads=1, picture_s=0.01) as process:
        assert process(picture_of(printed())) is None
        assert not process.running


def test_an_idle_process_ends_and_the_next_picture_starts_another() -> None:
    with RecogniserProcess(threads=1, idle_s=0.05) as process:
        picture = picture_of(printed())
        first = process(picture)
        deadline = time.monotonic() + 20
        while process.running and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not process.running
        assert process(picture) == first


def test_closing_does_not_wait_for_a_picture(process: RecogniserProcess) -> None:
    errors: list[BaseException] = []
    picture = picture_of(printed(), dpi=500)  # seconds

    def reading() -> None:
        try:
            process(picture)
        except TransientError as error:
            errors.append(error)

    thread = threading.Thread(target=reading)
    thread.start()
    while not process.running:
        time.sleep(0.01)
    process.close()
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert len(errors) == 1
    assert not process.running


def test_models_that_are_not_what_they_were_are_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "READER", replace(networks.READER, sha256="0" * 64))
    with pytest.raises(ModelFilesCorrupt, match="install the package 'rapidocr'"):
        PageReader(threads=1).load()


def test_a_page_whose_reading_came_to_no_end_is_named_and_the_rest_is_kept() -> None:
    asked: list[Picture] = []

    def recognise(picture: Picture) -> Recognition | None:
        asked.append(picture)
        return None if len(asked) == 1 else page_reader()(picture)

    with ParserProcess(Settings(), recognise) as parser:
        document = parser(scanned(pages=2))
    assert [page.text_source for page in document.pages] == [TextSource.LAYER, TextSource.OCR]
    assert document.pages[0].text == ""
    assert any("page 1 did not come to an end" in warning for warning in document.warnings)


def test_a_scan_of_which_nothing_was_read_is_no_file_without_text() -> None:
    content = scanned()
    with pymupdf.open(stream=content, filetype="pdf") as document, pytest.raises(DocumentRejected) as rejected:
        extract_document(document, content, recognise=lambda picture: None, max_recognised=10)
    assert rejected.value.reason == Reason.CRASHED  # and so tried again, see RETRIED_REASONS


def test_only_a_page_that_is_one_image_is_read_without_prose() -> None:
    asked: list[Picture] = []

    def recognise(picture: Picture) -> Recognition:
        asked.append(picture)
        return Recognition(width=picture.width, height=picture.height, to_picture=(1, 0, 0, 1, 0, 0), lines=())

    document = printed()
    part = document.new_page(width=595, height=340)
    part.insert_image((50, 30, 450, 300), pixmap=diagram()[0].get_pixmap(dpi=100), keep_proportion=False)
    whole = document.new_page(width=595, height=340)
    whole.insert_image(whole.rect, pixmap=diagram()[0].get_pixmap(dpi=100), keep_proportion=False)
    extract_document(document, document.tobytes(), recognise=recognise, max_recognised=10)
    assert [picture.only_prose for picture in asked] == [True, False]


def test_a_picture_crosses_as_it_was_and_nothing_else_does() -> None:
    picture = Picture(width=3, height=2, samples=bytes(range(6)), only_prose=True)
    assert Picture.from_bytes(picture.to_bytes()) == picture
    for broken in (b"", picture.to_bytes()[:-1], picture.to_bytes() + b"x", b"\x00" * 9, b"\xff" * 40):
        with pytest.raises(ValueError, match="a picture"):
            Picture.from_bytes(broken)


def test_characters_stand_on_their_ink() -> None:
    """What the raised digits are judged by."""
    document = pymupdf.open()
    text = "volume 125 ml in 10 mice"
    width = pymupdf.get_text_length(text, fontsize=14)
    document.new_page(width=width + 6, height=20).insert_text((3, 15), text, fontsize=14)
    picture = picture_of(document)
    grey = np.frombuffer(picture.samples, dtype=np.uint8).reshape(picture.height, picture.width)
    line = Reader(threads=1)(np.ascontiguousarray(grey))
    assert line.text == text
    assert "".join(char.text for char in line.chars) == "volume125mlin10mice"
    words = {word[4]: word[:4] for word in document[0].get_text("words")}
    for word, first in (("125", 6), ("10", 13)):
        x0, _, x1, _ = (value * 200 / 72 for value in words[word])
        chars = line.chars[first : first + len(word)]
        assert x0 - 12 < chars[0].x0 < x0 + 12
        assert x1 - 12 < chars[-1].x1 < x1 + 12


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
