"""Owns the fixtures of the services: the code location for those that look at what runs have made."""

from tests.code_location import environment, location

__all__ = ["environment", "location"]
