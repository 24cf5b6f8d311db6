"""Use cases over the rooms: ingest, library upkeep, progress, health."""
