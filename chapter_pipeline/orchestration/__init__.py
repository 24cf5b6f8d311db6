"""Starts, watches and stops Dagster runs and the processes of the system."""
