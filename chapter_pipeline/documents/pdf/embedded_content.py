"""Owns what a PDF carries beside its pages: embedded files and actions. They are named, and never opened or run."""

from __future__ import annotations

import re

import pymupdf

MAX_OBJECTS = 50_000
"""Most objects that are read; a file with more gets a warning."""
_FILE = re.compile(r"/EF\b")
_SCRIPT = re.compile(r"/S/JavaScript\b|/JS\b")
_LAUNCH = re.compile(r"/S/Launch\b")


def embedded_content(document: pymupdf.Document) -> list[str]:
    """A warning for each kind of thing that a document carries.

    Its objects are looked at as MuPDF reads them: in the bytes of the file, compressed object streams and escaped
    names (``/JavaScr#69pt``) hide what they hold.
    """
    files = scripts = launches = 0
    count = document.xref_length()
    for xref in range(1, min(count, MAX_OBJECTS)):
        text = _object(document, xref)
        files += _FILE.search(text) is not None
        scripts += _SCRIPT.search(text) is not None
        launches += _LAUNCH.search(text) is not None
    files = max(files, document.embfile_count())
    warnings = []
    if files:
        warnings.append(f"{files} embedded files, not opened")
    if scripts:
        warnings.append("JavaScript, not run")
    if launches:
        warnings.append("an action that starts a program, not run")
    if count > MAX_OBJECTS:
        warnings.append(f"{count} objects, of which {MAX_OBJECTS} were searched for embedded files and scripts")
    return warnings


def _object(document: pymupdf.Document, xref: int) -> str:
    try:
        return str(document.xref_object(xref, compressed=True))
    except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase):
        return ""  # a broken object carries nothing that anybody could open
