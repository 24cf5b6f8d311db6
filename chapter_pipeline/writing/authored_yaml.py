"""Owns reading the YAML files of authors: a mapping within bounds of size, depth and number of values, or one clear error.

YAML's anchors can make a few lines stand for more values than memory holds, so aliases are not taken at all.
"""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any, NoReturn

import yaml

from chapter_pipeline.errors import InvalidBrief
from chapter_pipeline.shown import shown, shown_text

MAX_BYTES = 256 * 1024
"""The longest packaged template has 13,000."""
MAX_DEPTH = 12
MAX_NODES = 10_000
LONGEST_PATH = 300
"""Characters of a path in a message."""
MAX_NUMBER = 40
"""Characters of a number or a date."""
_SHORT = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "timestamp"))


def read_mapping(path: Path, what: str) -> dict[str, Any]:
    """The keys of an author's YAML file; `what` it is, for errors. An empty file has none. Raises `InvalidBrief`."""
    text, named = _read_text(path, what), shown(str(path), LONGEST_PATH)
    loader = _Loader(text)
    try:
        loaded = loader.get_single_data()
    except yaml.YAMLError as error:
        problem = "cannot be taken" if isinstance(error, _OutOfBounds) else "is not YAML"
        raise InvalidBrief(f"the {what} {named} {problem}: {_reason(error)}") from error
    except (ValueError, OverflowError) as error:  # an escape of a character that there is not: "\\U00110000"
        raise InvalidBrief(f"the {what} {named} is not YAML: {shown_text(str(error), 200)}") from error
    finally:
        loader.dispose()
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise InvalidBrief(f"the {what} {named} has to be a YAML mapping of keys, not a {type(loaded).__name__}")
    return loaded


def _read_text(path: Path, what: str) -> str:
    named = shown(str(path), LONGEST_PATH)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise InvalidBrief(f"the {what} {named} has more than {MAX_BYTES} bytes: say less in it")
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise InvalidBrief(f"cannot read the {what} {named}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidBrief(f"the {what} {named} is not YAML: {error}; save it as UTF-8") from error
    found = yaml.SafeLoader.NON_PRINTABLE.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise InvalidBrief(
            f"the {what} {named} is not YAML: the character #x{ord(found.group()):04x} on line {line} is not "
            "allowed: take it out"
        )
    return text


def _reason(error: yaml.YAMLError) -> str:
    """The fault and its place, without the value."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        said = shown_text(": ".join(part for part in (error.context, error.problem) if part), 200)
        return f"{said} (line {mark.line + 1}, column {mark.column + 1})" if mark else said
    return shown_text(str(error), 200)


class _OutOfBounds(yaml.MarkedYAMLError):
    """YAML that we do not take."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with bounds. They are kept while nodes are composed: before a value is made of any."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it out
        if isinstance(event, yaml.AliasEvent):
            self._refuse("an alias (*name) is not taken: write out what it stands for", event.start_mark)
        self._depth += 1
        self._nodes += 1
        if self._depth > MAX_DEPTH:
            self._refuse(f"it is more than {MAX_DEPTH} levels deep", event.start_mark)
        if self._nodes > MAX_NODES:
            self._refuse(f"it has more than {MAX_NODES} values", event.start_mark)
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.ScalarNode) and node.tag in _SHORT and len(node.value) > MAX_NUMBER:
            self._refuse(f"a number or date has more than {MAX_NUMBER} characters", node.start_mark)
        self._depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError) as error:  # what is written like a date or a number, and is none
            self._refuse(str(error), node.start_mark)
        except LookupError:  # the same, where the type is named: !!bool maybe, !!int ""
            self._refuse(f"{shown(node.value)} is no {node.tag.rpartition(':')[2]}", node.start_mark)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                self._refuse(f"the key {shown(key)} is not a text: put it in quotes", key_node.start_mark)
            if key in seen:
                self._refuse(f"the key {shown(key)} stands there twice: keep one", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def _refuse(self, why: str, mark: Any) -> NoReturn:
        raise _OutOfBounds(problem=why, problem_mark=mark)
