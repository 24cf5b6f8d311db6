"""The library of chapter_pipeline: what is true of documents, evidence and chapters.

Only `definitions` and `orchestration` know Dagster; the top-level packages `assets`, `resources` and `sensors` are
thin layers over the services.
"""

__version__ = "0.1.0"
