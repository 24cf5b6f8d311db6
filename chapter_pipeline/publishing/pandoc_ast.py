"""Owns the few pandoc elements a chapter is made of, as JSON values; text put into them is literal in every format.

The shape is pandoc's own (https://hackage.haskell.org/package/pandoc-types, API 1.23). Building the tree, and never
markup, is what makes `*`, `$`, `@`, `<` or `#import` of a source's text harmless: each writer does its own escaping.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Node = dict[str, Any]
Attributes = list[Any]

API_VERSION = [1, 23, 1]
_SPACES = re.compile(r"[ \t\r\n\f\v\x85\u2028\u2029]+")
# Marks that reorder or hide what is read: a quotation that cannot be read as it is written cannot be checked.
_INVISIBLE = frozenset("\u200b\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """`text` on one line, without control characters, lone surrogates and marks that reorder text (XML has none)."""
    line = "".join(character for character in _SPACES.sub(" ", text) if _is_printable(character))
    return _SPACES.sub(" ", line).strip()


def _is_printable(character: str) -> bool:
    if character in _INVISIBLE or ord(character) & 0xFFFE == 0xFFFE:
        return False
    return unicodedata.category(character) not in {"Cc", "Cs"}


def text(value: str) -> list[Node]:
    """Literal text as pandoc inlines."""
    inlines: list[Node] = []
    for index, word in enumerate(clean(value).split(" ")):
        if index:
            inlines.append(space())
        if word:
            inlines.append(string(word))
    return inlines


def string(value: str) -> Node:
    return {"t": "Str", "c": value}


def space() -> Node:
    return {"t": "Space"}


def strong(inlines: Sequence[Node]) -> Node:
    return {"t": "Strong", "c": list(inlines)}


def emphasis(inlines: Sequence[Node]) -> Node:
    return {"t": "Emph", "c": list(inlines)}


def superscript(inlines: Sequence[Node]) -> Node:
    return {"t": "Superscript", "c": list(inlines)}


def attributes(identifier: str = "", classes: Sequence[str] = (), pairs: Mapping[str, str] | None = None) -> Attributes:
    return [identifier, list(classes), [[key, value] for key, value in (pairs or {}).items()]]


def span(inlines: Sequence[Node], identifier: str = "", classes: Sequence[str] = ()) -> Node:
    return {"t": "Span", "c": [attributes(identifier, classes), list(inlines)]}


def link(
    inlines: Sequence[Node], target: str, *, title: str = "", classes: Sequence[str] = (), role: str | None = None
) -> Node:
    pairs = {"role": role} if role else None
    return {"t": "Link", "c": [attributes("", classes, pairs), list(inlines), [target, clean(title)]]}


def image(source: str, alternative: str, pairs: Mapping[str, str] | None = None) -> Node:
    return {"t": "Image", "c": [attributes(pairs=pairs), text(alternative), [source, ""]]}


def raw(markup_format: str, markup: str, *, block: bool = False) -> Node:
    """Markup of our own for one output format; never call it with text that came from a source."""
    return {"t": "RawBlock" if block else "RawInline", "c": [markup_format, markup]}


def paragraph(inlines: Sequence[Node]) -> Node:
    return {"t": "Para", "c": list(inlines)}


def plain(inlines: Sequence[Node]) -> Node:
    return {"t": "Plain", "c": list(inlines)}


def header(level: int, inlines: Sequence[Node], identifier: str, classes: Sequence[str] = ()) -> Node:
    return {"t": "Header", "c": [level, attributes(identifier, classes), list(inlines)]}


def div(
    blocks: Sequence[Node],
    identifier: str = "",
    classes: Sequence[str] = (),
    pairs: Mapping[str, str] | None = None,
) -> Node:
    return {"t": "Div", "c": [attributes(identifier, classes, pairs), list(blocks)]}


def bullets(items: Iterable[Sequence[Node]]) -> Node:
    return {"t": "BulletList", "c": [list(item) for item in items]}


def definitions(items: Iterable[tuple[Sequence[Node], Sequence[Node]]]) -> Node:
    return {"t": "DefinitionList", "c": [[list(term), [list(blocks)]] for term, blocks in items]}


def figure(content: Node, caption: Sequence[Node], identifier: str) -> Node:
    return {"t": "Figure", "c": [attributes(identifier), [None, list(caption)], [plain([content])]]}


def table(
    caption: Sequence[Node],
    widths: Sequence[float],
    head: Sequence[Sequence[Node]],
    rows: Iterable[Sequence[Sequence[Node]]],
    identifier: str,
) -> Node:
    """A table with one header row; `widths` are shares of the line, cells are inlines."""
    columns = [[{"t": "AlignLeft"}, {"t": "ColWidth", "c": width}] for width in widths]
    body = [attributes(), 0, [], [_row(row) for row in rows]]
    return {
        "t": "Table",
        "c": [
            attributes(identifier),
            [None, [plain(caption)]],
            columns,
            [attributes(), [_row(head)]],
            [body],
            [attributes(), []],
        ],
    }


def _row(cells: Sequence[Sequence[Node]]) -> list[Any]:
    return [attributes(), [[attributes(), {"t": "AlignDefault"}, 1, 1, [plain(cell)]] for cell in cells]]


def meta(value: object) -> Node:
    """A JSON-like value as pandoc metadata; strings are literal text."""
    if isinstance(value, Mapping):
        return {"t": "MetaMap", "c": {str(key): meta(item) for key, item in value.items()}}
    if isinstance(value, list | tuple):
        return {"t": "MetaList", "c": [meta(item) for item in value]}
    return {"t": "MetaInlines", "c": text(str(value))}


def document(blocks: Sequence[Node], metadata: Mapping[str, Node]) -> Node:
    return {"pandoc-api-version": API_VERSION, "meta": dict(metadata), "blocks": list(blocks)}


def split_strings(node: Any, pattern: re.Pattern[str], replacement: Mapping[str, Node]) -> Any:
    """Replace what `pattern` finds in the text of a tree with nodes: what one writer leaves unescaped."""
    if isinstance(node, dict):
        return {key: split_strings(value, pattern, replacement) for key, value in node.items()}
    if not isinstance(node, list):
        return node
    children: list[Any] = []
    for child in node:
        if isinstance(child, dict) and child.get("t") == "Str":
            children.extend(_split_string(child["c"], pattern, replacement))
        else:
            children.append(split_strings(child, pattern, replacement))
    return children


def _split_string(value: str, pattern: re.Pattern[str], replacement: Mapping[str, Node]) -> list[Node]:
    parts: list[Node] = []
    position = 0
    for match in pattern.finditer(value):
        if match.start() > position:
            parts.append(string(value[position : match.start()]))
        parts.append(replacement[match.group()])
        position = match.end()
    if position < len(value):
        parts.append(string(value[position:]))
    return parts
