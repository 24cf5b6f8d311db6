"""Owns the process in which PDFs and JATS articles are parsed: one document at a time, under limits of the operating system.

It holds no secret and no connection but the one to its parent, can open no file and no socket once it is ready,
trusts no document, and is expected to die; `parser.ParserProcess` starts it as
``python -I -m chapter_pipeline.documents.pdf.parser_worker`` and replaces it. A request is a JSON header of limits, a blank line,
then the content; the answer is ``DOCUMENT`` with `serialisation.to_bytes`, or ``REJECTED`` with JSON. Before it may
come any number of ``PICTURE`` frames, pages without a text layer, each answered with ``LINES``.
"""

from __future__ import annotations

import ctypes
import gc
import json
import math
import os
import re
import resource
import signal
import socket
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from chapter_pipeline.documents.pdf import ipc_frames as wire
from chapter_pipeline.documents.pdf.lean_mupdf import without_layout_model

if TYPE_CHECKING:
    from chapter_pipeline.documents.ocr.recognition import Picture, Recogniser, Recognition

EXIT_OUT_OF_MEMORY = 77
"""Exit code when there is not even the memory to say so."""
SEPARATOR = b"\n\n"
_CONNECTION = 3
_ALARM_GRACE_S = 5.0
_PR_SET_PDEATHSIG = 1
_COLLECT_AFTER = 20_000
"""Objects after which the collector looks for cycles. The spans of a page are thousands, and hold none."""
_OUT_OF_MEMORY = re.compile(r"code=2: \w*alloc\b")
_FIRST_ARTICLE = b"<article><body><p>&#945; and a sentence that is long enough.</p></body></article>"
_TOO_HUNGRY = "it needs more memory than a document may have"


def main(descriptor: int, memory_bytes: int, parent: int | None) -> None:
    """Answer requests until the connection ends. `parent`: die with this process, see `_die_with`."""
    if parent is not None:
        _die_with(parent)
    connection = _only_connection(descriptor)
    without_layout_model()
    import pymupdf

    pymupdf.TOOLS.mupdf_display_errors(False)
    _answer(_FIRST_ARTICLE, max_pages=1)
    _answer(_first_document(), max_pages=1)  # loads whatever is loaded late, while files can still be opened
    gc.freeze()  # loaded modules stay: the collector need not scan them with every document
    gc.set_threshold(_COLLECT_AFTER)
    _limit(memory_bytes)
    wire.send(connection, wire.HELLO)
    while True:
        try:
            _, request = wire.receive(connection)
        except EOFError:
            return
        raw, _, content = bytes(request).partition(SEPARATOR)
        del request
        limits = json.loads(raw)
        wall_s = float(limits["wall_s"])
        _allow(cpu_s=int(limits["cpu_s"]), wall_s=wall_s)
        recognise = partial(_recognised, connection, wall_s) if limits["max_recognised"] else None
        kind, body = _answer(
            content, max_pages=int(limits["max_pages"]), recognise=recognise,
            max_recognised=int(limits["max_recognised"]),
        )  # fmt: skip
        signal.setitimer(signal.ITIMER_REAL, 0)
        del content
        wire.send(connection, kind, body)
        del body
        pymupdf.TOOLS.store_shrink(100)
        pymupdf.TOOLS.reset_mupdf_warnings()


def _recognised(connection: socket.socket, wall_s: float, picture: Picture) -> Recognition | None:
    """The lines that the parent reads on `picture`, see `Recogniser`. Its time is not counted against this process."""
    from chapter_pipeline.documents.ocr.recognition import Recognition

    signal.setitimer(signal.ITIMER_REAL, 0)
    wire.send(connection, wire.PICTURE, picture.to_bytes())
    _, body = wire.receive(connection)
    signal.setitimer(signal.ITIMER_REAL, wall_s + _ALARM_GRACE_S)
    return Recognition.from_bytes(body) if body else None


def _answer(
    content: bytes, *, max_pages: int, recognise: Recogniser | None = None, max_recognised: int = 0
) -> tuple[bytes, bytes]:
    from chapter_pipeline.documents.jats.extract import extract_article
    from chapter_pipeline.documents.kind import document_kind
    from chapter_pipeline.documents.pdf.extract import extract_document
    from chapter_pipeline.documents.pdf.serialisation import to_bytes
    from chapter_pipeline.documents.pdf.validation import open_document
    from chapter_pipeline.documents.reasons import Reason
    from chapter_pipeline.domain.document import DocumentKind
    from chapter_pipeline.errors import DocumentRejected

    try:
        if document_kind(content) is DocumentKind.JATS:
            return wire.DOCUMENT, to_bytes(extract_article(content, max_pages=max_pages))
        document, warnings = open_document(content, max_pages=max_pages)
        with document:
            extracted = extract_document(document, content, warnings, recognise, max_recognised=max_recognised)
            return wire.DOCUMENT, to_bytes(extracted)
    except DocumentRejected as rejected:
        reason, detail = rejected.reason, rejected.detail
    except MemoryError:
        reason, detail = Reason.MEMORY_LIMIT, _TOO_HUNGRY
    except Exception as error:  # noqa: BLE001  (whatever a hostile file makes PyMuPDF raise ends here)
        if _OUT_OF_MEMORY.match(str(error)):
            reason, detail = Reason.MEMORY_LIMIT, _TOO_HUNGRY
        else:
            reason, detail = Reason.DAMAGED, f"its pages cannot be read ({type(error).__name__}): deliver it again"
    return wire.REJECTED, json.dumps({"reason": reason, "detail": detail}).encode()


def _first_document() -> bytes:
    """A page with text, a drawing and an image."""
    import pymupdf

    document = pymupdf.open()
    page = document.new_page()
    page.insert_textbox((50, 50, 500, 300), "A sentence that is long enough to be a paragraph of its own. " * 5)
    page.draw_rect((50, 350, 300, 400), fill=(0, 0, 0))
    image = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 200, 200))
    image.clear_with(90)
    page.insert_image((50, 420, 400, 700), pixmap=image)
    content: bytes = document.tobytes()
    return content


def _only_connection(descriptor: int) -> socket.socket:
    """The connection, as the first descriptor after the standard ones, which lead nowhere: what a library prints
    neither reaches a terminal nor fills a log."""
    os.dup2(descriptor, _CONNECTION)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(_CONNECTION):
        os.dup2(null, standard)
    os.closerange(_CONNECTION + 1, max(descriptor, null) + 1)
    return socket.socket(fileno=_CONNECTION)


def _die_with(parent: int) -> None:
    """Ask Linux to kill this process when the thread that started it ends.

    The signal follows the thread and not the process, so the parent asks for it from its main thread only; elsewhere
    the end of the connection and the alarm must do.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it was gone before we asked
        raise SystemExit(0)


def _limit(memory_bytes: int) -> None:
    """Limits for the life of the process. After the imports, which open files and are trusted.

    No descriptor number is left free: no file and no socket can be opened, so what a document might make this
    process do reaches neither the disk nor the network.
    """
    resource.setrlimit(resource.RLIMIT_NOFILE, (_CONNECTION + 1, _CONNECTION + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    for signal_number in (signal.SIGXCPU, signal.SIGALRM):  # ignored or blocked in the parent they would be so here
        signal.signal(signal_number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal_number])


def _allow(*, cpu_s: int, wall_s: float) -> None:
    """Limits of the next document: both kill, without a handler, as no Python runs while MuPDF computes.

    The parent keeps the time itself. The alarm, later than that, is for a child whose parent is gone.
    """
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(usage.ru_utime + usage.ru_stime) + cpu_s
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    # The hard limit stays as it is: once lowered, it could not be raised for the next document.
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
    signal.setitimer(signal.ITIMER_REAL, wall_s + _ALARM_GRACE_S)


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), memory_bytes=int(sys.argv[2]), parent=int(sys.argv[3]) if len(sys.argv) > 3 else None)
    except MemoryError:
        os._exit(EXIT_OUT_OF_MEMORY)
    except (BrokenPipeError, ConnectionResetError):
        os._exit(0)  # the parent is gone
