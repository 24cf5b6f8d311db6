"""Owns how an input value is shown in a message: its repr, cut, without control characters."""

from __future__ import annotations

from reprlib import Repr

LONGEST = 100
"""Characters of a value in a message."""


class _Shown(Repr):
    """Python's repr, cut in the middle, of structures a few levels and items deep."""

    def __init__(self, longest: int) -> None:
        super().__init__()
        self.maxlevel = 2
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = 4
        self.maxstring = self.maxother = longest

    def repr_int(self, value: int, _level: int) -> str:
        # Python refuses to write out a very long one.
        return repr(value) if value.bit_length() <= 200 else f"a number of {value.bit_length()} bits"

    def repr_bytes(self, value: bytes, level: int) -> str:
        return f"{len(value)} bytes"


def shown(value: object, longest: int = LONGEST) -> str:
    """`value` for a message, at most `longest` characters."""
    text = _Shown(longest).repr(value)
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def shown_text(text: str, longest: int = 300) -> str:
    """Words of others within a message: on one line, at most `longest` characters, control characters escaped."""
    cut = text[: longest * 4]
    line = " ".join("".join(ch if ch.isprintable() or ch.isspace() else repr(ch)[1:-1] for ch in cut).split())
    return line if len(line) <= longest and len(cut) == len(text) else f"{line[: longest - 3]}..."
