"""The parser's process: whatever a file does, the answer is a document or a reason, and the next file is read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from chapter_pipeline.documents.pdf import ipc_frames as wire
from chapter_pipeline.documents.pdf.parser import ParserProcess, parse_document
from chapter_pipeline.documents.reasons import Reason, check_bytes
from chapter_pipeline.domain.document import ParsedDocument
from chapter_pipeline.errors import DocumentRejected
from chapter_pipeline.settings import Settings
from tests.documents.papers import article
from tests.documents.test_extract import LEFT, RIGHT
from tests.events import PATIENCE_S

GOOD = article(left=LEFT, right=RIGHT)


def limits(**values: float) -> Settings:
    return Settings(home=Path("unused")).model_copy(update=values)


@pytest.fixture
def parser() -> Iterator[ParserProcess]:
    with ParserProcess(limits(parser_timeout_s=PATIENCE_S, parser_cpu_s=5)) as parser:
        yield parser


def pid_of(parser: ParserProcess) -> int:
    assert parser._process is not None
    return parser._process.pid


def reason(parser: ParserProcess, content: bytes) -> str:
    with pytest.raises(DocumentRejected) as caught:
        parser(content)
    return caught.value.reason


def billion_laughs() -> bytes:
    """A page that draws a form that draws ten forms, twelve levels deep: a few kilobytes, 10^12 texts."""
    document = pymupdf.open()
    page = document.new_page()
    deepest = document.get_new_xref()
    document.update_object(deepest, "<</Type/XObject/Subtype/Form/BBox[0 0 600 800]>>")
    document.update_stream(deepest, b"BT /F1 8 Tf 50 50 Td (haha haha haha) Tj ET")
    inner = deepest
    for _ in range(12):
        outer = document.get_new_xref()
        document.update_object(
            outer, f"<</Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</XObject<</X {inner} 0 R>>>>>>"
        )
        document.update_stream(outer, b"/X Do " * 10)
        inner = outer
    document.xref_set_key(page.xref, "Resources", f"<</XObject<</X {inner} 0 R>>>>")
    contents = document.get_new_xref()
    document.update_object(contents, "<<>>")
    document.update_stream(contents, b"/X Do")
    document.xref_set_key(page.xref, "Contents", f"{contents} 0 R")
    content: bytes = document.tobytes()
    return content


def test_parser__good_file__comes_back_whole_and_the_same_child_reads_the_next(parser: ParserProcess) -> None:
    first = parser(GOOD)
    child = pid_of(parser)
    assert isinstance(first, ParsedDocument)
    assert "the last sentence of this column goes on in the second column" in first.pages[0].text
    assert parser(GOOD) == first
    assert pid_of(parser) == child


def test_parser__file_burns_the_processor__is_stopped_and_the_next_file_is_read() -> None:
    with ParserProcess(limits(parser_timeout_s=PATIENCE_S, parser_cpu_s=2)) as parser:
        assert reason(parser, billion_laughs()) == Reason.CPU_LIMIT
        assert parser(GOOD).page_count == 1


def test_parser__file_takes_too_long__is_stopped_and_the_next_file_is_read() -> None:
    with ParserProcess(limits(parser_timeout_s=2.5, parser_cpu_s=60)) as parser:
        assert reason(parser, billion_laughs()) == Reason.TIMEOUT
        assert parser(GOOD).page_count == 1


def test_parser__child_is_killed__next_file_gets_a_new_one(parser: ParserProcess) -> None:
    parser(GOOD)
    child = pid_of(parser)
    os.kill(child, signal.SIGKILL)
    assert parser(GOOD).page_count == 1
    assert pid_of(parser) != child


def kill_at_the_next_file(parser: ParserProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child is killed when it was sent a file, once, before it can read any of it."""
    real = wire.send

    def send(*arguments: Any, **options: Any) -> None:
        os.kill(pid_of(parser), signal.SIGSTOP)  # else it might have answered by the time that we go on
        real(*arguments, **options)
        monkeypatch.setattr(wire, "send", real)
        os.kill(pid_of(parser), signal.SIGKILL)

    monkeypatch.setattr(wire, "send", send)


def test_parser__child_that_read_others_is_killed__file_is_read_again_in_a_fresh_one(
    parser: ParserProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser(GOOD)
    killed = pid_of(parser)
    kill_at_the_next_file(parser, monkeypatch)
    assert parser(GOOD).page_count == 1
    assert pid_of(parser) != killed


def test_parser__fresh_child_is_killed_while_it_reads__file_is_rejected_with_a_reason(
    parser: ParserProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_at_the_next_file(parser, monkeypatch)
    assert reason(parser, billion_laughs()) == Reason.MEMORY_LIMIT
    assert parser(GOOD).page_count == 1


def test_parser__child_answers_with_rubbish__file_is_rejected(
    parser: ParserProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = wire.receive
    for kind, body in ((wire.DOCUMENT, b"rubbish"), (b"?", b""), (wire.REJECTED, b'{"reason": "made up"}')):
        parser(GOOD)
        with monkeypatch.context() as patch:
            patch.setattr(wire, "receive", lambda *a, k=kind, b=body, **n: (real(*a, **n), (k, bytearray(b)))[1])
            assert reason(parser, GOOD) == Reason.CRASHED
    assert parser(GOOD).page_count == 1


def test_parser__closed__leaves_no_process() -> None:
    parser = ParserProcess(limits())
    parser(GOOD)
    child = pid_of(parser)
    parser.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_parser__child__can_open_nothing_and_knows_no_secret(
    parser: ParserProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_TOKEN", "secret")
    parser(GOOD)
    process = Path("/proc") / str(pid_of(parser))
    assert b"secret" not in (process / "environ").read_bytes()
    opened = sorted((process / "fd").iterdir(), key=lambda entry: int(entry.name))
    assert len(opened) == 4  # three times /dev/null, and the connection
    assert [str(entry.readlink()) for entry in opened[:3]] == [os.devnull] * 3
    rows = (process / "limits").read_text().splitlines()
    limits_of = {row[:26].strip(): row[26:].split()[:2] for row in rows}
    assert limits_of["Max open files"] == ["4", "4"]
    assert limits_of["Max file size"] == ["0", "0"]
    assert limits_of["Max address space"][0] == str(limits().parser_memory_bytes)


def test_parser__its_child__starts_without_the_artifacts_of_the_stages() -> None:
    loaded = "chapter_pipeline.documents.pdf.extract, chapter_pipeline.documents.jats.extract"
    unseen = "[sys.modules.__setitem__(name, None) for name in ('pymupdf.layout', 'pymupdf4llm')]"
    asked = (
        f"import sys; {unseen}; import {loaded}; print([name for name in ('pydantic', 'numpy') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-I", "-c", asked], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_parser__many_threads__each_gets_its_own_answer(parser: ParserProcess) -> None:
    papers = [
        article(title=f"Drainage of haematoma number {n}: a cohort study", left=LEFT, right=RIGHT) for n in range(6)
    ]
    found: dict[int, str | None] = {}

    def read(number: int) -> None:
        found[number] = parser(papers[number]).metadata.title

    threads = [threading.Thread(target=read, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: f"Drainage of haematoma number {n}: a cohort study" for n in range(6)}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", Reason.EMPTY),
        (b"x" * 2000, Reason.NOT_A_PDF),
        (b"PK\x03\x04 and more", Reason.NOT_A_PDF),
        (b"<html>%PDF-1.7", Reason.POLYGLOT),
        (b"MZ" + b"\x00" * 100 + b"%PDF-1.4", Reason.POLYGLOT),
        (b" " * 1025 + b"%PDF-1.4", Reason.NOT_A_PDF),
        (b"%PDF-1.4" + b"x" * 5000, Reason.TOO_LARGE),
    ],
)
def test_check_bytes__no_plain_pdf__is_refused_unopened(content: bytes, expected: Reason) -> None:
    with pytest.raises(DocumentRejected) as caught:
        check_bytes(content, max_bytes=4000)
    assert caught.value.reason == expected


def test_check_bytes__header_after_some_bytes__is_let_through() -> None:
    check_bytes(b"\n\n%PDF-1.4", max_bytes=4000)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"encryption": pymupdf.PDF_ENCRYPT_AES_256, "user_pw": "secret"}, Reason.ENCRYPTED),
        ({"encryption": pymupdf.PDF_ENCRYPT_AES_256, "owner_pw": "secret"}, None),
    ],
)
def test_parse_document__encrypted__is_read_only_when_no_password_is_needed(
    change: dict[str, object], expected: Reason | None
) -> None:
    content = pymupdf.open(stream=GOOD, filetype="pdf").tobytes(**change)
    if expected is None:
        assert parse_document(content, settings=limits()).page_count == 1
    else:
        with pytest.raises(DocumentRejected) as caught:
            parse_document(content, settings=limits())
        assert caught.value.reason == expected


def test_parse_document__more_pages_than_allowed__is_refused() -> None:
    with pytest.raises(DocumentRejected, match="3 pages, the limit is 2"):
        parse_document(article(left=LEFT, right=RIGHT, pages=3), settings=limits(document_max_pages=2))


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.xdist_group("hostile")
def test_parser__hostile_files__all_end_as_a_document_or_a_reason(corpus: Path) -> None:
    files = sorted(path for path in (corpus / "hostile").iterdir() if path.suffix == ".pdf")
    ended: dict[str, str] = {}
    with ParserProcess(limits(parser_timeout_s=PATIENCE_S, parser_cpu_s=8)) as parser:
        for path in files:
            try:
                document = parser(path.read_bytes())
                ended[path.name] = f"{document.page_count} pages"
            except DocumentRejected as rejected:
                ended[path.name] = Reason(rejected.reason) if rejected.detail else "no detail"
        assert parser(GOOD).page_count == 1
    assert len(ended) == len(files) > 100
    assert "no detail" not in ended.values()
    by_category: dict[str, set[str]] = {}
    for name, how in ended.items():
        by_category.setdefault(name.split("__")[0], set()).add(how)
    # Whichever it meets first: it grows as it is read.
    assert ended["bomb__made__form-xobject-billion-laughs.pdf"] in (Reason.CPU_LIMIT, Reason.MEMORY_LIMIT)
    assert by_category["not_a_pdf"] <= {Reason.NOT_A_PDF, Reason.EMPTY}
    assert Reason.CRASHED not in {how for hows in by_category.values() for how in hows}


def test_pymupdf_is_imported_without_the_layout_model() -> None:
    code = (
        "import sys\n"
        "from chapter_pipeline.documents.pdf.lean_mupdf import without_layout_model\n"
        "without_layout_model()\n"
        "import pymupdf\n"
        "print(pymupdf.open().page_count, 'onnxruntime' in sys.modules, 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.split() == ["0", "False", "False"]
