"""The library of chapter_pipeline: what is true of documents, evidence and chapters.

Only `definitions` and `orchestration` know Dagster; the top-level packages `assets`, `resources` and `sensors` are
thin layers over the services.
"""

import os

# onnxruntime reports each process that loads it to its maker, under an identifier that it stores in the home folder,
# unless this is set before it is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
