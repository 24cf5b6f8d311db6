"""The outside world of published works: reference files now; indexes and full texts behind the same ports."""

REFERENCES = "references/"
"""Where reference files lie in the bucket."""
