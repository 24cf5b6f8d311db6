"""What the programs that `up` starts have in common: their log, and how they are asked to end."""

from __future__ import annotations

import logging
import signal
import sys


def prepare_program() -> None:
    """Log to standard output, which `up` sends to a file, and take SIGTERM as Ctrl-C."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.captureWarnings(capture=True)
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
