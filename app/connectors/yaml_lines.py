"""YAML in which every value knows its line, and every scalar is the text that stands there.

Only `null`, `~` and an empty value are not text: `no`, `1.0` and `2016-03-01` stay what was typed, so that a country
called NO and a code such as 007 survive.
"""

from dataclasses import dataclass
from typing import Any

import yaml

from app.connectors.errors import MappingError

_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Item:
    """A value and the line that it stands on: text, None, a list of items, or a dict of items."""

    value: Any
    line: int


def read(text: str, name: str) -> Item:
    """The document as items; MappingError names the line of what YAML does not allow, and of a key that comes twice."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise MappingError(f"{name}{where}: not YAML: {fault.problem or fault.context}") from None
    except yaml.YAMLError as fault:
        raise MappingError(f"{name}: not YAML: {fault}") from None
    if node is None:
        raise MappingError(f"{name} is empty")
    return _item(node, name)


def _item(node: yaml.Node, name: str, depth: int = 0) -> Item:
    line = node.start_mark.line + 1
    if depth > 12:
        raise MappingError(f"{name}, line {line}: nested too deeply")
    if isinstance(node, yaml.ScalarNode):
        nothing = node.style is None and node.value in _NOTHING
        return Item(None if nothing else node.value, line)
    if isinstance(node, yaml.SequenceNode):
        return Item([_item(child, name, depth + 1) for child in node.value], line)
    members: dict[str, Item] = {}
    for key, child in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise MappingError(f"{name}, line {key.start_mark.line + 1}: a key must be plain text")
        if key.value in members:
            raise MappingError(f"{name}, line {key.start_mark.line + 1}: {key.value!r} is there twice")
        members[key.value] = _item(child, name, depth + 1)
    return Item(members, line)
