"""Typed schema, migrations, database and bucket: the only room that opens connections."""
