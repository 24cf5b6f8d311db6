"""The command line `chapter-pipeline`."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the program; Ctrl-C while it is still loading ends it without a traceback."""
    try:
        from chapter_pipeline.cli.app import run
        from chapter_pipeline.cli.umask import be_private

        be_private()
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run())
