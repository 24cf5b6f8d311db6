"""The exports of a chapter's version: files for a person, and the files in the bucket."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from chapter_pipeline.domain import FinalChapter
from chapter_pipeline.ports import Bucket
from chapter_pipeline.storage.figure_images import FigureImages

MANIFEST = "manifest.json"
"""The last file of a version's exports: the keys of the others, so that an interrupted export is known as one."""


def version_folder(slug: str, number: int) -> str:
    """Where the exports of a version lie in the bucket."""
    return f"chapters/{slug}/v{number}/"


def are_complete(slug: str, number: int, *, bucket: Bucket) -> bool:
    """Whether `put_exports` has put every file of version `number` into the bucket."""
    present = set(bucket.keys(version_folder(slug, number)))
    manifest = version_folder(slug, number) + MANIFEST
    return manifest in present and present >= set(json.loads(bucket.get(manifest)))


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
        keys = [prefix + path.relative_to(folder).as_posix() for path in files]
        bucket.put(prefix + MANIFEST, json.dumps(keys, indent=1).encode(), overwrite=True)
        return keys
