"""A JATS article becomes the same trusted text as a PDF: safe XML, front matter, sections, tables, references."""
