"""Owns the figures of calls to language models: how long twenty at once take, by slots.

``python -m benchmarks.calls``: twenty calls that are answered after one second each, through ledger, caps, slots and
breaker on an embedded database of its own; the least of three rounds.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.database import Database
from tests.providers.callers import twenty_calls

WANTED_S = {5: 4.0 * 1.05, 20: 1.0 * 1.1}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        database = Database.open(Settings(home=Path(name)))
        try:
            database.migrate()
            for slots, wanted_s in WANTED_S.items():
                took_s = twenty_calls(database, slots)
                print(f"{slots:3} slots: {took_s:.3f} s (wanted: at most {wanted_s:.2f})")
        finally:
            database.close()


if __name__ == "__main__":
    main()
