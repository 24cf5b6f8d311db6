"""Owns how Alembic runs here: on the connection that `chapter_pipeline.storage.migrate` hands it, never on its own."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.schema import SchemaItem

from chapter_pipeline.storage.migrate import VERSION_TABLE
from chapter_pipeline.storage.schema import Base


def ours(item: SchemaItem, name: str | None, kind: str, reflected: bool, _compared: SchemaItem | None) -> bool:
    """Leave out tables we do not know: Dagster's may lie in the same database."""
    return not (kind == "table" and reflected and name not in Base.metadata.tables)


def render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Import pgvector in generated revisions that use its types."""
    if kind == "type" and type(item).__module__.startswith("pgvector."):
        autogen.imports.add("import pgvector.sqlalchemy")
        return f"pgvector.sqlalchemy.{item!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    include_object=ours,
    render_item=render,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
