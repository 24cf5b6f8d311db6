"""The command line `chapter-pipeline`."""

from chapter_pipeline.cli.app import main

__all__ = ["main"]
