"""The software-defined assets and their checks: thin layers over the services of `chapter_pipeline`."""

import warnings

from dagster import PreviewWarning

# Checks with partitions are what a chapter's gates need; Dagster calls them a preview, and its version is pinned.
warnings.filterwarnings("ignore", category=PreviewWarning, message=".*partitions_def.*")
