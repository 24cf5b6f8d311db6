"""Owns calling the program as a person or a script does, in this process or in one of its own, and reading what it said."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.documents.papers import article

PROGRAM = Path(sys.executable).with_name("chapter-pipeline")
SENTENCES = {
    "haematoma": "Burr hole drainage was performed in 120 patients with chronic subdural haematoma. Recurrence was seen in"
    " 14 of 120 patients (11.7%) within 90 days. A subdural drain lowered the rate of recurrence. ",
    "shunt": "A shunt was implanted in 88 children with hydrocephalus. Infection of the shunt was seen in 6 of 88 children"
    " (6.8%) within one year. Antibiotic catheters lowered the rate of infection. ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What came of one command line."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """Standard output as JSON, line by line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def value(self) -> Any:
        """Standard output as the one JSON value it is."""
        (value,) = self.lines
        return value

    def refused(self, code: int) -> str:
        """The one line of an error; nothing else was said."""
        assert (self.code, self.out) == (code, ""), self
        (line,) = self.err.splitlines()
        assert line.startswith("chapter-pipeline: "), line
        return line

    def done(self) -> Said:
        assert (self.code, self.err) == (0, ""), self
        return self


def paper(path: Path, topic: str, *, pages: int = 1, title: str = "") -> Path:
    """Write a PDF on one of `SENTENCES` and give its path."""
    body = SENTENCES[topic] * 3
    titled = title or f"Treatment of {topic} in adults and children"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(article(title=titled, left=body, right=body, pages=pages))
    return path


def start(*arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
    """The program in a process and a group of its own, with the settings of the environment."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    command = [str(PROGRAM), *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, start_new_session=True, **streams)


def finished(process: subprocess.Popen[str], timeout_s: float = 600) -> Said:
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Said(code=process.returncode, out=out or "", err=err or "")


def by_name(lines: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Outcomes of an ingest by file name."""
    return {Path(line["path"]).name: line for line in lines}
