"""The exports of a chapter's version: files for a person, and the files in the bucket."""

from __future__ import annotations

import tempfile
from pathlib import Path

from chapter_pipeline.domain import FinalChapter
from chapter_pipeline.ports import Bucket
from chapter_pipeline.storage.figure_images import FigureImages


def version_folder(slug: str, number: int) -> str:
    """Where the exports of a version lie in the bucket."""
    return f"chapters/{slug}/v{number}/"


def put_exports(final: FinalChapter, number: int, *, bucket: Bucket, images: FigureImages) -> list[str]:
    """Put every format of version `number` into the bucket under `version_folder`; their keys. Existing files stay."""
    # pandoc and typst are heavy: imported when the first chapter is exported.
    from chapter_pipeline.publishing.exports import ExportFormat, export_chapter

    prefix = version_folder(final.chapter.slug, number)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export_chapter(
            final, formats=list(ExportFormat), destination=folder, figure_content=images.content, version=number
        )
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        for path in files:
            bucket.put(prefix + path.relative_to(folder).as_posix(), path.read_bytes())
        return [prefix + path.relative_to(folder).as_posix() for path in files]
