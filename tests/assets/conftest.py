from tests.code_location import environment, location, real_exports

__all__ = ["environment", "location", "real_exports"]
