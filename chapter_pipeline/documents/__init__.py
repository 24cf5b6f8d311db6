"""A PDF becomes trusted text: validation, isolated parsing, layout, metadata, figures and passages."""
