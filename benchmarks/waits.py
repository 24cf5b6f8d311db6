"""Owns the figures of what a person waits for: the demo, the start of the system, a dropped file, a bucket that is away.

``python -m benchmarks.waits [demo up bucket]``, each in a new home; prints the seconds beside the goal. The tests hold
that all of it happens; that it happens soon is measured here, on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

from chapter_pipeline.errors import BucketUnavailable
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from tests.documents.papers import article
from tests.events import eventually
from tests.orchestration.test_up import SENTENCE, Up

PROGRAM = Path(sys.executable).with_name("chapter-pipeline")
DEMO_WANTED_S, START_WANTED_S, IN_LIBRARY_WANTED_S, STOP_WANTED_S, BUCKET_WANTED_S = 180.0, 120.0, 60.0, 60.0, 30.0


def told(what: str, action: Callable[[], object], wanted_s: float) -> None:
    began = time.monotonic()
    action()
    print(f"{what:50} {time.monotonic() - began:7.2f} s (wanted: at most {wanted_s:.0f})", flush=True)


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def demo(home: Path) -> None:
    environment = {**os.environ, "CHAPTER_HOME": str(home)}
    run = lambda: subprocess.run([PROGRAM, "demo"], env=environment, capture_output=True, check=True)  # noqa: E731
    told("demo in a new home", run, DEMO_WANTED_S)


def up(home: Path) -> None:
    system = Up(home, free_port())
    try:
        told("up: until the Dagster UI answers", lambda: eventually(system.is_ready), START_WANTED_S)
        (home / "bucket" / "inbox" / "paper.pdf").write_bytes(article(left=SENTENCE * 4, right=SENTENCE * 4))
        arrived = lambda: eventually(lambda: "inbox/paper.pdf" in system.embedded())  # noqa: E731
        told("up: a file in the inbox until it is searchable", arrived, IN_LIBRARY_WANTED_S)
    finally:
        told("up: until it has ended", lambda: system.stop(signal.SIGINT), STOP_WANTED_S)


def bucket(_home: Path) -> None:
    away = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}", "AWS_ACCESS_KEY_ID": "user",
        "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
    }  # fmt: skip
    with patch.dict(os.environ, away):
        opened = ObjectBucket.open(Settings(bucket_url="s3://books"))

        def in_vain() -> None:
            with suppress(BucketUnavailable):
                opened.get("a.pdf")

        told("a bucket that does not answer", in_vain, BUCKET_WANTED_S)


MEASURES = {"demo": demo, "up": up, "bucket": bucket}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("measures", nargs="*", metavar="MEASURE", help=f"of {list(MEASURES)}")
    for name in arguments.parse_args().measures or MEASURES:
        with tempfile.TemporaryDirectory(prefix="chapter-waits-") as home:
            MEASURES[name](Path(home))


if __name__ == "__main__":
    main()
