"""Owns the process in which pictures of pages are read: it holds the models, and ends when its connection does.

`process.RecogniserProcess` starts it as ``python -I -m chapter_pipeline.documents.ocr.worker``. A request is a ``PICTURE``
frame, the answer ``LINES`` with the `Recognition`. It begins with ``HELLO``, or with ``REJECTED`` and why it cannot begin.
"""

from __future__ import annotations

import os
import signal
import socket
import sys

from chapter_pipeline.documents.ocr.engine import PageReader
from chapter_pipeline.documents.ocr.recognition import Picture
from chapter_pipeline.documents.pdf import ipc_frames as wire
from chapter_pipeline.errors import ModelFilesCorrupt


def main(descriptor: int, threads: int, picture_s: float) -> None:
    """Answer requests until the connection ends. A picture that takes `picture_s` ends the process."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
    read = PageReader(threads=threads)
    with socket.socket(fileno=descriptor) as connection:
        try:
            read.load()
        except ModelFilesCorrupt as error:
            wire.send(connection, wire.REJECTED, str(error).encode())
            return
        wire.send(connection, wire.HELLO)
        while True:
            try:
                _, body = wire.receive(connection)
            except EOFError:
                return
            signal.setitimer(signal.ITIMER_REAL, picture_s)  # for a child whose parent is gone
            lines = read(Picture.from_bytes(body)).to_bytes()
            signal.setitimer(signal.ITIMER_REAL, 0)
            wire.send(connection, wire.LINES, lines)


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), threads=int(sys.argv[2]), picture_s=float(sys.argv[3]))
    except (BrokenPipeError, ConnectionResetError):
        os._exit(0)  # the parent is gone
