"""The forms in which assets show their metadata: Markdown, tables, lists, links."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import dagster as dg

from chapter_pipeline.writing.rendering import escaped, table


def md(text: str) -> dg.MarkdownMetadataValue:
    """Markdown."""
    return dg.MetadataValue.md(text)


def or_none(header: Sequence[str], rows: Sequence[Sequence[str]]) -> dg.MarkdownMetadataValue:
    """`rows` as a Markdown table; "none" when there are no rows."""
    return md(table(header, rows) if rows else "none")


def linked_work(title: str, year: int | None, doi: str | None) -> str:
    """A work in Markdown; its title leads to its DOI when it has one."""
    shown = escaped(title) or "untitled"
    # The DOI comes from an untrusted PDF: characters with a meaning in an address are encoded.
    return (f"[{shown}](https://doi.org/{quote(doi, safe='/')})" if doi else shown) + f" ({year or 'no year'})"


def bullets(lines: Sequence[str], *, limit: int = 20) -> str:
    """A Markdown list of at most `limit` lines, saying how many were left out."""
    shown = [f"- {line}" for line in lines[:limit]]
    if len(lines) > limit:
        shown.append(f"- and {len(lines) - limit} more")
    return "\n".join(shown) or "none"
