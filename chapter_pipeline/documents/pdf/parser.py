"""The parser as other packages call it: bytes in, a document or a reason for refusal out, whatever the bytes do."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from chapter_pipeline.documents import child_process
from chapter_pipeline.documents.ocr.recognition import Picture, Recogniser
from chapter_pipeline.documents.pdf import ipc_frames as wire
from chapter_pipeline.documents.pdf import serialisation
from chapter_pipeline.documents.pdf.parser_worker import EXIT_OUT_OF_MEMORY, SEPARATOR
from chapter_pipeline.documents.reasons import Reason, check_bytes
from chapter_pipeline.domain.document import ParsedDocument
from chapter_pipeline.errors import DocumentRejected, TransientError
from chapter_pipeline.settings import Settings

START_S = 120.0
DOCUMENTS_PER_CHILD = 200
_DETAIL_CHARACTERS = 500
_DEATHS = (Reason.MEMORY_LIMIT, Reason.CRASHED)
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_ENVIRONMENT = ("PATH", "LANG", "HOME")
"""All that a child gets to know of the environment: no key, no address."""


class ParserProcess:
    """A parser with a child process of its own, started at the first document. Safe for several threads, one at a time.

    Every document has its own wall-clock and CPU limit; the child's memory is limited as a whole. A child that hangs,
    dies or has grown large is replaced, and the next document does not notice. With `recognise`, pages without a text
    layer are read by it, from their picture: the child can load no model.
    """

    def __init__(self, settings: Settings, recognise: Recogniser | None = None) -> None:
        self._settings = settings
        self._recognise = recognise
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._documents = 0
        self._greeted = self._stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __call__(self, content: bytes) -> ParsedDocument:
        """Parse one file. Raises `DocumentRejected`; `TransientError` when no child can be started."""
        check_bytes(content, max_bytes=self._settings.document_max_bytes)
        with self._lock:
            connection = self._started()
            # A child that has read others may have died of them, or be dead already: only a fresh one's death is the
            # fault of this file.
            fresh = self._documents == 0
            try:
                kind, body = self._exchange(connection, content)
            except DocumentRejected as rejected:
                if self._stopped:
                    raise TransientError("the parser was stopped") from rejected
                if fresh or rejected.reason not in _DEATHS:
                    raise
                kind, body = self._exchange(self._started(), content)
        match kind:
            case wire.DOCUMENT:
                return serialisation.from_bytes(body)
            case wire.REJECTED:
                return _rejection(body)
            case _:
                raise DocumentRejected(Reason.CRASHED, f"the parser answered with a frame of kind {kind!r}")

    def spawn(self) -> None:
        """Start the child and do not wait for it. Called from the main thread, it dies with this process."""
        with self._lock:
            self._spawn()

    def kill(self) -> None:
        """Stop the child in the middle of a document, which fails with `TransientError`, as does every later one."""
        self._stopped = True
        process = self._process
        if process is not None:
            child_process.kill(process)

    def close(self) -> None:
        """Stop the child. The parser can be used again afterwards, unless it was killed."""
        with self._lock:
            self._stop()

    def _exchange(self, connection: socket.socket, content: bytes) -> tuple[bytes, bytearray]:
        """The child's answer. Raises `DocumentRejected` when there is none; the child is gone then."""
        wall_s = self._settings.parser_timeout_s
        deadline = time.monotonic() + wall_s
        limits = {
            "cpu_s": self._settings.parser_cpu_s, "wall_s": wall_s, "max_pages": self._settings.document_max_pages,
            "max_recognised": self._settings.ocr_max_pages if self._recognise else 0,
        }  # fmt: skip
        try:
            wire.send(connection, wire.REQUEST, json.dumps(limits).encode(), SEPARATOR, content, deadline=deadline)
            answer = wire.receive(connection, deadline=deadline)
            pictures = 0
            while answer[0] == wire.PICTURE:
                pictures += 1
                deadline += self._read_picture(connection, answer[1], pictures)
                answer = wire.receive(connection, deadline=deadline)
        except (OSError, EOFError, ValueError) as error:
            raise self._failure(error) from error
        except BaseException:  # also an interrupt
            self._stop()  # interrupted in the middle of an answer: the rest of it must not reach the next document
            raise
        self._documents += 1
        if self._documents >= DOCUMENTS_PER_CHILD or self._memory_bytes() > self._settings.parser_memory_bytes / 2:
            self._stop()
        return answer

    def _read_picture(self, connection: socket.socket, body: bytearray, number: int) -> float:
        """Send the lines on a picture of the child, nothing if it was not read; the seconds it took.

        The child has no use for more pictures than its limit.
        """
        if self._recognise is None or number > self._settings.ocr_max_pages:
            raise ValueError("more pictures than were asked for")
        begun = time.monotonic()
        recognition = self._recognise(Picture.from_bytes(body))
        lines = b"" if recognition is None else recognition.to_bytes()
        took = time.monotonic() - begun
        wire.send(connection, wire.LINES, lines, deadline=time.monotonic() + self._settings.parser_timeout_s)
        return took

    def _started(self) -> socket.socket:
        if self._stopped:
            raise TransientError("the parser was stopped")
        connection = self._spawn()
        if not self._greeted:
            try:
                wire.receive(connection, deadline=time.monotonic() + START_S)
            except (EOFError, OSError, ValueError) as error:
                self._stop()
                raise TransientError("the parser's process does not start: is there memory for it?") from error
            self._greeted = True
        return connection

    def _spawn(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self._stop()
        if self._connection is None:
            ours, theirs = socket.socketpair()
            parent = [str(os.getpid())] if threading.current_thread() is threading.main_thread() else []
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-m", "chapter_pipeline.documents.pdf.parser_worker",
                     str(theirs.fileno()), str(self._settings.parser_memory_bytes), *parent],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                    env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                )  # fmt: skip
            self._connection, self._documents, self._greeted = ours, 0, False
        return self._connection

    def _failure(self, error: Exception) -> DocumentRejected:
        """Why there is no answer, from the error and from how the child ended; the child is gone afterwards."""
        if isinstance(error, TimeoutError):
            self._stop()
            limit = self._settings.parser_timeout_s
            return DocumentRejected(Reason.TIMEOUT, f"not read within {limit:g} s: it may be built to hang")
        if isinstance(error, ValueError):
            self._stop()
            return DocumentRejected(Reason.CRASHED, f"the parser answered with rubbish: {error}")
        code = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._process.wait(timeout=5)
        self._stop()
        if code == -signal.SIGXCPU:
            limit = self._settings.parser_cpu_s
            return DocumentRejected(Reason.CPU_LIMIT, f"used more than {limit} s of CPU: it may be built to hang")
        if code in (-signal.SIGKILL, EXIT_OUT_OF_MEMORY):
            return DocumentRejected(Reason.MEMORY_LIMIT, "its parser ended, most likely for want of memory")
        return DocumentRejected(Reason.CRASHED, f"its parser ended with code {code}")

    def _memory_bytes(self) -> int:
        if self._process is None:
            return 0
        try:
            return int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]) * PAGE_BYTES
        except (OSError, IndexError, ValueError):
            return 0

    def _stop(self) -> None:
        child_process.end(self._process, self._connection)
        self._process = self._connection = None


class ParserPool:
    """Parsers with a child each, used again and again: `submit` from one thread, the reading in others.

    One child's death is the matter of its own document alone.
    """

    def __init__(self, settings: Settings, recognise: Recogniser | None = None) -> None:
        self.size = settings.parser_processes
        self._parsers = [ParserProcess(settings, recognise) for _ in range(self.size)]
        self._idle: queue.LifoQueue[ParserProcess] = queue.LifoQueue()
        for parser in self._parsers:
            self._idle.put(parser)
        self._threads = ThreadPoolExecutor(self.size, thread_name_prefix="parser")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __call__(self, content: bytes) -> ParsedDocument:
        """Parse one file and wait for it. Raises as `ParserProcess`."""
        return self.submit(content).result()

    def submit(self, content: bytes) -> Future[ParsedDocument]:
        """Parse one file as soon as a parser is free. The future raises as `ParserProcess`."""
        try:
            parser = self._idle.get_nowait()
        except queue.Empty:
            return self._threads.submit(lambda: self._read(self._idle.get(), content))
        parser.spawn()
        return self._threads.submit(self._read, parser, content)

    def close(self) -> None:
        """Stop all children, also those in the middle of a document. The pool cannot be used afterwards."""
        for parser in self._parsers:
            parser.kill()
        self._threads.shutdown(cancel_futures=True)
        for parser in self._parsers:
            parser.close()

    def _read(self, parser: ParserProcess, content: bytes) -> ParsedDocument:
        try:
            return parser(content)
        finally:
            self._idle.put(parser)


def _rejection(body: bytearray) -> NoReturn:
    """Raise the rejection that the child sent. It is untrusted: the reason has to be a `Reason`, the detail is cut."""
    try:
        said = json.loads(body)
        reason, detail = Reason(said["reason"]), str(said["detail"])[:_DETAIL_CHARACTERS]
    except (ValueError, TypeError, KeyError) as error:
        raise DocumentRejected(Reason.CRASHED, f"the parser answered with rubbish: {error}") from error
    raise DocumentRejected(reason, detail)


def parse_document(content: bytes, *, settings: Settings) -> ParsedDocument:
    """Parse one file in a child of its own. Raises `DocumentRejected`."""
    with ParserProcess(settings) as parser:
        return parser(content)
