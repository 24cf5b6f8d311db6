"""The command line `chapter-pipeline`."""
