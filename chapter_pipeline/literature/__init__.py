"""The outside world of published works: reference files now; indexes and full texts behind the same ports."""

REFERENCES = "references/"
"""Where reference files lie in the bucket."""
REFERENCE_SUFFIXES = (".ris", ".nbib", ".bib", ".json")
"""Ends of the names of reference files: RIS, PubMed NBIB, BibTeX, CSL-JSON."""
