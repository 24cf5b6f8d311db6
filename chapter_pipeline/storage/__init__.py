"""Typed schema, migrations, database and bucket: the only package that opens connections."""
