"""The revisions of the schema; `chapter_pipeline.storage.migrate` applies them."""
