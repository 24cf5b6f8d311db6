"""Owns the reading of untrusted XML into a small tree: nothing is fetched, declared or expanded, everything is bounded.

expat reads in one pass without recursion, and knows no XInclude. Whatever would make a document larger than its bytes,
or depend on other files, is refused at its declaration: no entity is ever expanded.
"""

from __future__ import annotations

import html.entities
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from chapter_pipeline.documents.reasons import Reason
from chapter_pipeline.errors import DocumentRejected

MAX_DEPTH = 120
"""Elements inside each other; articles have up to 40. Readers of the tree recurse, this bounds them."""
MAX_ELEMENTS = 400_000
MAX_TEXT_CHARACTERS = 10_000_000
MAX_ATTRIBUTE_CHARACTERS = 20_000
MAX_ATTRIBUTES = 100
_XINCLUDE = "http://www.w3.org/2001/XInclude"
_INVISIBLE = re.compile("[\u0080-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")  # fmt: skip
_CONCEALING = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
UNKNOWN_CHARACTER = "\ufffd"


@dataclass(slots=True, eq=False)
class Element:
    """An element: its name and its attributes' names without prefix, its text and child elements in order."""

    name: str
    attributes: dict[str, str]
    content: list[str | Element] = field(default_factory=list)

    def children(self, *names: str) -> Iterator[Element]:
        """The child elements of these names, or all."""
        return (one for one in self.content if isinstance(one, Element) and (not names or one.name in names))

    def child(self, *path: str) -> Element | None:
        """The first child of the first name, its first child of the second, and so on."""
        found: Element | None = self
        for name in path:
            found = next(found.children(name), None) if found is not None else None
        return found

    def descendants(self, *names: str, outside: frozenset[str] = frozenset()) -> Iterator[Element]:
        """The elements of these names below this one in document order; those inside of an element of `outside` are not."""
        for one in self.children():
            if one.name in names:
                yield one
            if one.name not in outside:
                yield from one.descendants(*names, outside=outside)


@dataclass(slots=True)
class Xml:
    """A read document: its root, and what an editor should know of it."""

    root: Element
    warnings: list[str]


def read_xml(content: bytes) -> Xml:
    """The tree of `content`. Raises `DocumentRejected` for what is unsafe, too large or not well formed."""
    return _Reader().read(content)


class _Reader:
    def __init__(self) -> None:
        self._open: list[Element] = [Element("", {})]
        self._elements = self._characters = 0
        self._unknown: set[str] = set()
        self._concealing = False
        self._parser = parser = expat.ParserCreate()
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.SkippedEntityHandler = self._skipped
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._declares
        parser.AttlistDeclHandler = self._declares
        parser.ElementDeclHandler = self._declares
        parser.NotationDeclHandler = self._declares
        parser.ExternalEntityRefHandler = self._external

    def read(self, content: bytes) -> Xml:
        try:
            self._parser.Parse(content, True)
        except (expat.ExpatError, ValueError, LookupError) as error:  # the others: an encoding that Python lacks
            raise DocumentRejected(
                Reason.DAMAGED, f"its XML is not well formed ({error}): fetch the file again from where it came"
            ) from error
        warnings = []
        if self._unknown:
            warnings.append(f"characters that no table knows: {', '.join(sorted(self._unknown)[:10])}")
        if self._concealing:
            warnings.append("characters that nobody can see, which may carry a hidden message: they are left out")
        return Xml(next(self._open[0].children()), warnings)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._open) > MAX_DEPTH:
            raise _unsafe(f"elements are nested more than {MAX_DEPTH} deep")
        if self._elements > MAX_ELEMENTS:
            raise DocumentRejected(Reason.TOO_LARGE, f"more than {MAX_ELEMENTS} elements: no article has so many")
        if len(attributes) > MAX_ATTRIBUTES or any(len(one) > MAX_ATTRIBUTE_CHARACTERS for one in attributes.values()):
            raise _unsafe(
                f"element {name[:40]!r} has more than {MAX_ATTRIBUTES} attributes, or one of more than "
                f"{MAX_ATTRIBUTE_CHARACTERS} characters"
            )
        if _XINCLUDE in attributes.values():
            raise _unsafe("it includes other files (XInclude)")
        element = Element(_local(name), {_local(one): value for one, value in attributes.items()})
        self._open[-1].content.append(element)
        self._open.append(element)

    def _end(self, name: str) -> None:
        self._open.pop()

    def _text(self, data: str) -> None:
        self._characters += len(data)
        if self._characters > MAX_TEXT_CHARACTERS:
            raise DocumentRejected(
                Reason.TOO_LARGE, f"more than {MAX_TEXT_CHARACTERS} characters of text: no article has so many"
            )
        if not data.isascii() and _INVISIBLE.search(data):
            self._concealing = self._concealing or _CONCEALING.search(data) is not None
            data = _INVISIBLE.sub("", data)
        content = self._open[-1].content
        if content and isinstance(content[-1], str) and len(content[-1]) < 10_000:
            content[-1] += data
        else:
            content.append(data)

    def _skipped(self, name: str, is_parameter: bool) -> None:
        """A character's name (``&alpha;``) that the document type, which is not read, would explain."""
        if is_parameter:
            raise _unsafe(f"it refers to the parameter entity {name[:40]!r}")
        character = html.entities.html5.get(f"{name};")
        if character is None:
            self._unknown.add(f"&{name[:20]};")
        self._text(character or UNKNOWN_CHARACTER)

    def _doctype(self, name: str, system_id: str | None, public_id: str | None, has_internal_subset: bool) -> None:
        """The document type is a name: it is never fetched. Declarations of the file's own are refused, whatever they are."""
        if has_internal_subset:
            self._declares()

    def _declares(self, *_: object) -> None:
        raise _unsafe("its document type declares entities or elements of its own")

    def _external(self, *_: object) -> int:
        raise _unsafe("it refers to an external entity")


def _unsafe(what: str) -> DocumentRejected:
    return DocumentRejected(
        Reason.UNSAFE_XML, f"{what}: deliver the article as PMC or Europe PMC have it, without such parts"
    )


def _local(name: str) -> str:
    return name.rpartition(":")[2]
