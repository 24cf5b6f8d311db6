"""Passages become findable: embedders, BM25, vector search, fusion, evaluation."""
