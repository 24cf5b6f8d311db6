"""Owns the building of the sample library: typst articles with raster figures become PDFs, the same bytes each time."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import typst

from chapter_pipeline.errors import UsageError

_TEMPLATE = "template.typ"
_FIGURES = "figures"
_PACKAGES = "@preview/"
_FIGURE_PPI = 200.0
_MESSAGE_LENGTH = 1000


def build_samples(source: Path, destination: Path, *, on_built: Callable[[Path], None] | None = None) -> list[Path]:
    """Set every article `<source>/<slug>.typ` as `<destination>/<slug>.pdf`; gives the PDFs in order of their names.

    An article may show `figures/<slug>.png`, rendered from `<source>/figures/<slug>.typ`. Nothing is fetched and only
    the fonts inside typst are used, so the same sources give the same bytes. `on_built` is called with each PDF.

    Raises `UsageError` when the folder is missing or holds no article, or when a source imports a package or does not compile.
    """
    if not source.is_dir():
        raise UsageError(f"there is no folder {str(source)!r}: give the folder of the sample articles")
    articles = sorted(path for path in source.glob("*.typ") if path.name != _TEMPLATE)
    if not articles:
        raise UsageError(f"the folder {str(source)!r} holds no article: it needs a .typ file besides {_TEMPLATE!r}")
    destination.mkdir(parents=True, exist_ok=True)
    built = []
    with tempfile.TemporaryDirectory(prefix="chapter-pipeline-samples-") as name:
        root = Path(name) / "library"
        shutil.copytree(source, root)
        _refuse_packages(root)
        for figure in sorted((root / _FIGURES).glob("*.typ")):
            figure.with_suffix(".png").write_bytes(_compile(figure, root, "png"))
        for article in articles:
            target = destination / f"{article.stem}.pdf"
            _write(target, _compile(root / article.name, root, "pdf"))
            built.append(target)
            if on_built is not None:
                on_built(target)
    return built


def _refuse_packages(root: Path) -> None:
    """Typst fetches what it does not have of `@preview`; the samples must build without a network."""
    for path in sorted(root.rglob("*.typ")):
        if _PACKAGES in path.read_text(encoding="utf-8", errors="replace"):
            raise UsageError(f"{str(path.relative_to(root))!r} imports a typst package; write out what it needs of it")


def _compile(path: Path, root: Path, file_format: Literal["pdf", "png"]) -> bytes:
    """The first page of a figure or all pages of an article, without system fonts and packages."""
    nowhere = str(root / "no-packages")
    try:
        content = typst.compile(
            str(path),
            root=str(root),
            format=file_format,
            ppi=_FIGURE_PPI,
            ignore_system_fonts=True,
            package_path=nowhere,
            package_cache_path=nowhere,
        )
    except typst.TypstError as error:
        problem = str(error)[:_MESSAGE_LENGTH]
        raise UsageError(f"typst cannot set {str(path.relative_to(root))!r}; mend the source: {problem}") from error
    if not isinstance(content, bytes):
        raise UsageError(f"{str(path.relative_to(root))!r} has {len(content)} pages; a figure has one page")
    return content


def _write(target: Path, content: bytes) -> None:
    """Put the whole file in place at once: a reader never sees a part of it."""
    # Not a file of `tempfile`: its mode would be 0600, where the umask says who may read the samples.
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    try:
        part.write_bytes(content)
        part.replace(target)
    except BaseException:  # whatever ended it, nothing half-written stays
        part.unlink(missing_ok=True)
        raise
