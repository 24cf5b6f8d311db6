"""Study records: the findings of a document with their verbatim spans, by rules over its stored text."""
