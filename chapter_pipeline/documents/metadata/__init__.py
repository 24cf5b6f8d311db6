"""Reads a document's bibliographic record from its first pages."""
