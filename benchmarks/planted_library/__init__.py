"""Owns small libraries of made articles with one fault each in what they hold, and what a gap report has to say of it.

Every case has a control: the same library without the fault. `held_out` cases are for judging only: who makes rules of the
gap analysis looks at the others.
"""

from __future__ import annotations

from benchmarks.planted_library.articles import Article, MadeTable, jats
from benchmarks.planted_library.cases import CASES
from benchmarks.planted_library.expectations import Case, Expected
from benchmarks.planted_library.held_out import HELD_OUT

__all__ = ["CASES", "HELD_OUT", "Article", "Case", "Expected", "MadeTable", "jats"]
