"""Owns text recognition in a process of its own: started at the first picture, ended when there are no more."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import Self

from chapter_pipeline.documents import child_process
from chapter_pipeline.documents.ocr.recognition import Picture, Recognition
from chapter_pipeline.documents.pdf import ipc_frames as wire
from chapter_pipeline.errors import ModelFilesCorrupt, TransientError
from chapter_pipeline.settings import available_processors

START_S = 120.0
PICTURE_S = 600.0
"""A picture that takes longer is not read: a page takes seconds, on a slow and busy machine a minute."""
IDLE_S = 120.0
"""The models take 700 MB: with no picture for so long they are given back. Starting again takes a second."""
_ENVIRONMENT = ("PATH", "LANG", "HOME")
log = logging.getLogger(__name__)


class RecogniserProcess:
    """Implements `recognition.Recogniser`. Safe for several threads, one picture at a time.

    A child that dies or takes too long is replaced. One that has read others may have died of them: then the picture is
    given to a fresh one.
    """

    def __init__(self, *, picture_s: float = PICTURE_S, idle_s: float = IDLE_S, threads: int | None = None) -> None:
        self._picture_s = picture_s
        self._idle_s = idle_s
        # The other half of the cores is for the parser processes.
        self._threads = threads or max(1, available_processors() // 2)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._timer: threading.Timer | None = None
        self._pictures = 0
        self._stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __call__(self, picture: Picture) -> Recognition | None:
        """The lines of `picture`; None when a fresh child died of it, or it took too long.

        Raises `TransientError` when no child can be started, or when this recogniser is closed, and `ModelFilesCorrupt`.
        """
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            try:
                return self._recognition(picture)
            finally:
                self._timer = threading.Timer(self._idle_s, self._stop_if_idle)
                self._timer.daemon = True
                self._timer.start()

    @property
    def running(self) -> bool:
        """Whether there is a child."""
        return self._process is not None

    @property
    def pid(self) -> int | None:
        """Of the child, None when there is none."""
        process = self._process
        return None if process is None else process.pid

    def close(self) -> None:
        """End the child, also in the middle of a picture, which fails with `TransientError`, as does every later one."""
        self._stopped = True
        process = self._process
        if process is not None:
            child_process.kill(process)
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._stop()

    def _recognition(self, picture: Picture) -> Recognition | None:
        if self._process is not None and self._process.poll() is not None:
            self._stop()
        while True:
            fresh = self._pictures == 0
            connection = self._started()
            deadline = time.monotonic() + self._picture_s
            try:
                wire.send(connection, wire.PICTURE, picture.to_bytes(), deadline=deadline)
                _, body = wire.receive(connection, deadline=deadline)
                self._pictures += 1
                return Recognition.from_bytes(body)
            except (OSError, EOFError, ValueError) as error:
                self._stop()
                if self._stopped:
                    raise TransientError("text recognition was stopped") from error
                log.warning("a picture of %d x %d was not read (%r)", picture.width, picture.height, error)
                if fresh or isinstance(error, TimeoutError):
                    return None
            except BaseException:  # also an interrupt: the rest of the answer must not reach the next picture
                self._stop()
                raise

    def _started(self) -> socket.socket:
        if self._stopped:
            raise TransientError("text recognition was stopped")
        if self._connection is None:
            ours, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-m", "chapter_pipeline.documents.ocr.worker",
                     str(theirs.fileno()), str(self._threads), str(self._picture_s)],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                    env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                )  # fmt: skip
            self._connection, self._pictures = ours, 0
            try:
                kind, body = wire.receive(ours, deadline=time.monotonic() + START_S)
            except (OSError, EOFError, ValueError) as error:
                self._stop()
                raise TransientError(
                    "the process of text recognition does not start: is there memory for it?"
                ) from error
            if kind == wire.REJECTED:
                self._stop()
                raise ModelFilesCorrupt(body.decode(errors="replace"))
        return self._connection

    def _stop_if_idle(self) -> None:
        if self._lock.acquire(blocking=False):  # else a picture has just come, and sets a timer of its own
            try:
                self._stop()
            finally:
                self._lock.release()

    def _stop(self) -> None:
        self._pictures = 0
        child_process.end(self._process, self._connection)
        self._process = self._connection = None
