"""Owns the export of a finished chapter into files: which formats there are, and that all or none are written."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import assert_never

from chapter_pipeline.domain import FinalChapter
from chapter_pipeline.errors import UsageError
from chapter_pipeline.publishing.bibtex import bibtex
from chapter_pipeline.publishing.figures import FigureContent, load_images
from chapter_pipeline.publishing.layout import Publication
from chapter_pipeline.publishing.pandoc import format_references
from chapter_pipeline.publishing.ris import ris
from chapter_pipeline.publishing.styles import CitationStyle
from chapter_pipeline.publishing.writers import write_docx, write_html, write_jats, write_markdown, write_pdf

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class ExportFormat(StrEnum):
    """What a chapter can be exported as."""

    MD = "md"
    HTML = "html"
    DOCX = "docx"
    PDF = "pdf"
    JATS = "jats"
    BIB = "bib"
    RIS = "ris"

    @property
    def extension(self) -> str:
        return "xml" if self is ExportFormat.JATS else self.value

    @property
    def has_figure_folder(self) -> bool:
        """Whether the images lie beside the file and not in it."""
        return self in {ExportFormat.MD, ExportFormat.JATS}


def export_chapter(
    final: FinalChapter,
    *,
    formats: Sequence[ExportFormat | str],
    destination: Path,
    figure_content: FigureContent,
    version: int,
    style: CitationStyle = CitationStyle.VANCOUVER,
) -> list[Path]:
    """Write `final` as ``<slug>-v<version>.<extension>`` for each format and return the files in that order.

    `figure_content` gives the image with a sha256. `destination` is created. Markdown and JATS put their images into
    ``<slug>-v<version>-figures/``; all other formats hold them. All files appear together at the end: after an
    error `destination` is as it was. The same input gives the same bytes.

    Raises `UsageError` for an unknown format or a bad slug, `ClaimNotGrounded` when a sentence cites what is not
    there, `PermanentError` when pandoc or typst cannot write a format, and what `figure_content` raises.
    """
    wanted = parse_formats(formats)
    stem = _stem(final.chapter.slug, version)
    publication = Publication(
        final=final,
        version=version,
        images=load_images(final.chapter.figures, figure_content),
        references=format_references(final.chapter.references, style),
        style=style,
    )
    files = {
        f"{stem}.{wanted_format.extension}": _render(wanted_format, publication, f"{stem}-figures")
        for wanted_format in wanted
    }
    destination.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=destination) as name:
        folder = Path(name)
        for file_name, content in files.items():
            (folder / file_name).write_bytes(content)
        if publication.images and any(wanted_format.has_figure_folder for wanted_format in wanted):
            _write_figures(publication, folder / f"{stem}-figures")
        _move_all(folder, destination)
    return [destination / file_name for file_name in files]


def parse_formats(names: Sequence[ExportFormat | str]) -> list[ExportFormat]:
    """`names` as formats, each once, in order. Raises `UsageError` for an unknown one and for none."""
    known = {export_format.value: export_format for export_format in ExportFormat}
    unknown = [str(name) for name in names if str(name).strip().lower() not in known]
    if unknown or not names:
        asked = f"unknown export format {unknown[0]!r}" if unknown else "no export format was given"
        raise UsageError(f"{asked}; choose from {', '.join(known)}")
    return list(dict.fromkeys(known[str(name).strip().lower()] for name in names))


def _stem(slug: str, version: int) -> str:
    if not _SLUG.fullmatch(slug) or version < 1:
        raise UsageError(
            f"cannot name the files of chapter {slug!r}, version {version!r}; a slug is lower-case words joined by "
            "hyphens, a version 1 or more"
        )
    return f"{slug}-v{version}"


def _render(export_format: ExportFormat, publication: Publication, figure_folder: str) -> bytes:
    # The cut-off date is the one date the artifact has: it stands for the time of writing in DOCX, PDF and JATS.
    moment = datetime.combine(publication.final.cutoff_date, time(), tzinfo=UTC)
    epoch_s = int(moment.timestamp())
    match export_format:
        case ExportFormat.MD:
            return write_markdown(publication, figure_folder)
        case ExportFormat.HTML:
            return write_html(publication)
        case ExportFormat.DOCX:
            return write_docx(publication, epoch_s)
        case ExportFormat.PDF:
            return write_pdf(publication, epoch_s)
        case ExportFormat.JATS:
            return write_jats(publication, figure_folder)
        case ExportFormat.BIB:
            return bibtex(publication.final.chapter.references).encode()
        case ExportFormat.RIS:
            return ris(publication.final.chapter.references).encode()
        case _:
            assert_never(export_format)


def _write_figures(publication: Publication, folder: Path) -> None:
    folder.mkdir()
    for image in publication.images.values():
        (folder / image.file_name).write_bytes(image.content)


def _move_all(folder: Path, destination: Path) -> None:
    """Move everything in `folder` into `destination`; a figure folder of an earlier export makes way first."""
    for item in sorted(folder.iterdir()):
        target = destination / item.name
        if item.is_dir() and target.exists():
            target.rename(folder / f"replaced-{item.name}")
        item.replace(target)
