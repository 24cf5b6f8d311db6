"""Finds the structure of a document: reading order, headings, passages, figures, tables and cited works."""
