"""Owns the outcomes of paid calls that could not be put on record while the database was away: files under the home."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

log = logging.getLogger(__name__)
_ENDING = ".json"


class KeptOutcome(BaseModel):
    """How the attempt `id` at the request `request_key` ended: the columns of its row that change.

    `request_key` tells rows of one number in two databases apart.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: int
    request_key: str
    state: str
    reply: str | None = None
    reply_model: str | None = None
    fault: str | None = None
    detail: str | None = None
    cost_usd: Decimal
    latency_s: float
    input_tokens: int
    output_tokens: int
    cached_tokens: int


class KeptOutcomes:
    """A folder with one file for each outcome, readable for the user alone. For several processes at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, outcome: KeptOutcome) -> None:
        """Write `outcome` to the disk. Raises `OSError`."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{outcome.id}-{secrets.token_hex(8)}{_ENDING}"
        unfinished = path.with_suffix(".part")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(outcome.model_dump_json())
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)

    def all(self) -> Iterator[tuple[Path, KeptOutcome]]:
        """The outcomes that are kept, in the order of their names; a file that cannot be read is left and told of."""
        try:
            names = sorted(name for name in os.listdir(self._folder) if name.endswith(_ENDING))
        except FileNotFoundError:
            return
        for name in names:
            path = self._folder / name
            try:
                yield path, KeptOutcome.model_validate_json(path.read_bytes())
            except FileNotFoundError:
                continue  # another process has taken it up
            except (OSError, ValidationError) as error:
                log.error(
                    "the kept reply %s cannot be read (%s): look at it, then delete it", path, type(error).__name__
                )

    @staticmethod
    def drop(path: Path) -> None:
        """Delete a file whose outcome is on record."""
        path.unlink(missing_ok=True)
