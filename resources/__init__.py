"""How runs come to the rooms of the library: Dagster resources that open them on first use."""
