"""The library of chapter_pipeline: what is true of documents, evidence and chapters.

Nothing here knows Dagster, except `definitions`, `storage.dagster` and `cli.runs`; the assets in the
top-level package `assets` are glue over these functions.
"""

__version__ = "0.1.0"
