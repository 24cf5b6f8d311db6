"""Grounding, gap analysis, the revision rule and data expectations."""
