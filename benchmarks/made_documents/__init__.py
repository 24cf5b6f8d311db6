"""Owns PDFs made for judging the recognition of front and back matter: invented articles as repositories print them.

Each is drawn from one `Article`, and so is its `Truth`; nothing is kept in files. `held_out` documents are for judging
only: who writes rules of the parser looks at the others.
"""

from __future__ import annotations

from benchmarks.made_documents.catalogue import ARTICLES
from benchmarks.made_documents.layouts import make
from benchmarks.made_documents.specification import Article, MadeDocument, Truth

__all__ = ["ARTICLES", "Article", "MadeDocument", "Truth", "make"]
