"""Owns the order of the fourteen stages: one method per stage, each a pure function of earlier artifacts and the ports.

The Dagster assets call these methods one by one; nothing here knows a run, a partition or a table.
"""
