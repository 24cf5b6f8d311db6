"""Owns the import of PyMuPDF without the layout model that it loads wherever that is installed."""

from __future__ import annotations

import sys


def without_layout_model() -> None:
    """Keep the layout model out of the next import of `pymupdf`.

    It brings numpy and onnxruntime, takes 70 MB and most of the time of the import, and is not used. None in
    `sys.modules` makes its import fail, which PyMuPDF expects.
    """
    for name in ("pymupdf.layout", "pymupdf4llm"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
