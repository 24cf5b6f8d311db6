"""One module per revision, generated from `schema.py`, never changed once released."""
