from tests.orchestration import environment, location, real_exports

__all__ = ["environment", "location", "real_exports"]
