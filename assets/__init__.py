"""The software-defined assets and their checks: thin layers over the services of `chapter_pipeline`."""

import warnings

from dagster import PreviewWarning

# Asset checks with partitions are a preview feature of Dagster. The gates of a chapter need them; Dagster is pinned.
warnings.filterwarnings("ignore", category=PreviewWarning, message=".*partitions_def.*")
