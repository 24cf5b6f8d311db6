"""Owns the PDF of a chapter: typst sets what pandoc wrote of it with our page; no LaTeX, no package from outside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import typst

from chapter_pipeline.errors import PermanentError
from chapter_pipeline.publishing.figures import FigureImage

_SOURCE_NAME = "chapter.typ"


def compile_pdf(source: bytes, images: Iterable[FigureImage], *, epoch_s: int, folder: Path) -> bytes:
    """Set the typst `source` with its `images` in the empty `folder`; typst can read nothing outside of it.

    The same input gives the same bytes on machines with the same fonts. Raises `PermanentError` when typst cannot
    set it, for instance because an image is damaged.
    """
    for image in images:
        (folder / image.file_name).write_bytes(image.content)
    path = folder / _SOURCE_NAME
    path.write_bytes(source)
    try:
        content = typst.compile(str(path), root=str(folder), timestamp=datetime.fromtimestamp(epoch_s, tz=UTC))
    except typst.TypstError as error:
        raise PermanentError(f"typst could not set the PDF: {str(error)[:500]}") from error
    if not isinstance(content, bytes):
        raise PermanentError(f"typst gave {type(content).__name__!r} and not a PDF")
    return content
