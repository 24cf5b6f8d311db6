"""Owns what a bucket key may be, and how a name that cannot be one is written so that people can read and find it."""

from __future__ import annotations

import re

from chapter_pipeline.errors import UsageError

KEY_BYTES = 1024
"""Longest key S3 takes."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def key_fault(key: str) -> str | None:
    """Why `key` is not fit for every store; None when it is."""
    segments = key.split("/")
    if not key or key.startswith("/") or any(segment in {"", ".", ".."} for segment in segments):
        return "write folder/name, without '..', empty parts or a leading slash"
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return "it is not valid Unicode; rename the file"
    if _CONTROL.search(key) or "\\" in key:
        return "it holds a control character or a backslash; rename the file"
    if size > KEY_BYTES:
        return f"it has {size} bytes and may have {KEY_BYTES}; use a shorter name"
    return None


def valid_key(key: str) -> str:
    """`key` itself when it is fit for every store; raises `UsageError` otherwise."""
    fault = key_fault(key)
    if fault is not None:
        shown = repr(key) if len(key) <= KEY_BYTES else f"{key[:60]!r}..."
        raise UsageError(f"{shown} is not a bucket key: {fault}")
    return key


def printable(name: str) -> str:
    r"""`name` with each backslash, and whatever a terminal cannot show, as an escape: ``b\xe9.pdf``.

    Bytes that are not UTF-8 come from Python's file functions as lone surrogates. No two names have one printable form,
    and bash takes it between ``$'`` and ``'``.
    """
    return "".join(_escaped(character) for character in name)


def _escaped(character: str) -> str:
    number = ord(character)
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    if 0xDC80 <= number <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\x{number - 0xDC00:02x}"
    if number < 0x80:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
