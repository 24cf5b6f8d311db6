"""Owns how a child process that reads a document ends: at once, with its whole group, and waited for."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and its group; one that is gone already is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def end(process: subprocess.Popen[bytes] | None, connection: socket.socket | None) -> None:
    """Close the connection, kill the process and wait for it; either may be None."""
    if connection is not None:
        connection.close()
    if process is not None:
        kill(process)
        process.wait()
