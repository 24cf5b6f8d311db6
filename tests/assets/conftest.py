from tests.orchestration import environment, location

__all__ = ["environment", "location"]
