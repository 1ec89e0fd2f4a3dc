"""Reading YAML and JSON so that every value knows its line and no number becomes a float.

Text stays what was typed: `no`, `1.50` and `2026-07-01` are text. Only `true`, `false`, `null` (or `~`, or nothing) and whole
numbers such as `12` are more than text. Keys come once, and aliases cannot blow a small file up.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

MAX_BYTES = 5_000_000
MAX_VALUES = 400_000
MAX_DEPTH = 60
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}
_WHOLE = re.compile(r"0|-?[1-9]\d{0,14}", re.ASCII)
_JSON_SCALAR = re.compile(r"[^\s,\]}]+")
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_STRINGS = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")


class ModelError(ValueError):
    """A model that cannot be used: what is wrong, the line of the file (from 1; 0 is the whole file), the JSON pointer."""

    def __init__(self, line: int, detail: str, pointer: str = "") -> None:
        super().__init__(detail)
        self.line = line
        self.detail = detail
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class Document:
    """A value as JSON has it, and the line of each place in it by JSON pointer."""

    value: Any
    lines: Mapping[str, int]

    def line(self, pointer: str) -> int:
        """The line of a place, or of the nearest place around it."""
        while pointer and pointer not in self.lines:
            pointer = pointer.rpartition("/")[0]
        return self.lines.get(pointer, 0)

    def error(self, pointer: str, detail: str) -> ModelError:
        """An error at a place."""
        return ModelError(self.line(pointer), detail, pointer)


def read_yaml(text: str) -> Document:
    """Read a YAML document; ModelError with the line for what YAML, or this reader, does not allow."""
    _check_size(text)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_depth(text, loader)
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        raise ModelError(mark.line + 1 if mark else 0, f"This is not YAML: {fault.problem or fault.context}.") from None
    except yaml.YAMLError as fault:
        raise ModelError(0, f"This is not YAML: {str(fault).splitlines()[0]}.") from None
    if node is None:
        raise ModelError(0, "The file is empty.")
    keeper = _Keeper()
    return Document(_from_node(node, "", keeper), keeper.lines)


def read_json(text: str) -> Document:
    """Read a JSON document; ModelError with the line for what JSON does not allow, NaN included."""
    _check_size(text)
    scanner = _JsonScanner(text)
    return Document(scanner.document(), scanner.keeper.lines)


def escaped(key: str) -> str:
    """A key as a part of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def check_characters(text: str) -> None:
    """Refuse, with its line, what no text that is kept may hold: half a character, or the character zero."""
    if found := _UNKEEPABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise ModelError(line, "The text holds half a character, or the character zero.")


def _check_size(text: str) -> None:
    if len(text) > MAX_BYTES:
        raise ModelError(0, f"The file has more than {MAX_BYTES:,} characters.")


def _check_depth(text: str, loader: Any) -> None:
    """Before anything recurses over it: the C loader has no limit of its own and would bring the process down."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise ModelError(line, f"The document is nested more than {MAX_DEPTH} deep.")


class _Keeper:
    """Lines by pointer; refuses too many values and too deep ones."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}

    def add(self, pointer: str, line: int) -> None:
        self.lines[pointer] = line
        if len(self.lines) > MAX_VALUES:
            raise ModelError(line, f"The document has more than {MAX_VALUES:,} values.", pointer)
        if pointer.count("/") > MAX_DEPTH:
            raise ModelError(line, f"The document is nested more than {MAX_DEPTH} deep.", pointer)


def _from_node(node: yaml.Node, pointer: str, keeper: _Keeper) -> Any:
    line = node.start_mark.line + 1
    keeper.add(pointer, line)
    if isinstance(node, yaml.ScalarNode):
        if _UNKEEPABLE.search(node.value):
            raise ModelError(line, "A text holds half a character, or the character zero.", pointer)
        return node.value if node.style else scalar(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_from_node(child, f"{pointer}/{at}", keeper) for at, child in enumerate(node.value)]
    members: dict[str, Any] = {}
    for key, child in node.value:
        where = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ModelError(where, "A key must be plain text.", pointer)
        if key.value in members:
            raise ModelError(where, f"The key {key.value!r} is there twice.", f"{pointer}/{escaped(key.value)}")
        members[key.value] = _from_node(child, f"{pointer}/{escaped(key.value)}", keeper)
    return members


def scalar(text: str) -> Any:
    """An unquoted YAML scalar: true, false, null, a whole number, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _WHOLE.fullmatch(text) else text


class _JsonScanner:
    """JSON by recursive descent, with lines."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.keeper = _Keeper()
        self._line, self._counted = 1, 0

    def document(self) -> Any:
        self._space()
        if self.at == len(self.text):
            raise ModelError(0, "The file is empty.")
        value = self._value("")
        self._space()
        if self.at < len(self.text):
            raise self._error("There is more after the end of the document")
        return value

    def _value(self, pointer: str) -> Any:
        self.keeper.add(pointer, self._here())
        first = self.text[self.at : self.at + 1]
        if first == "{":
            return self._members(pointer)
        if first == "[":
            items: list[Any] = []
            self._each("]", lambda: items.append(self._value(f"{pointer}/{len(items)}")))
            return items
        if first == '"':
            return self._string()
        return self._plain()

    def _members(self, pointer: str) -> dict[str, Any]:
        members: dict[str, Any] = {}

        def member() -> None:
            if self.text[self.at : self.at + 1] != '"':
                raise self._error("A key in quotes is missing")
            key = self._string()
            if key in members:
                raise self._error(f"The key {key!r} is there twice")
            self._space()
            if self.text[self.at : self.at + 1] != ":":
                raise self._error(f"The key {key!r} is not followed by a colon")
            self.at += 1
            self._space()
            members[key] = self._value(f"{pointer}/{escaped(key)}")

        self._each("}", member)
        return members

    def _each(self, end: str, read: Callable[[], None]) -> None:
        self.at += 1
        self._space()
        if self.text[self.at : self.at + 1] == end:
            self.at += 1
            return
        while True:
            read()
            self._space()
            mark = self.text[self.at : self.at + 1]
            if mark not in (",", end) or not mark:
                raise self._error(f"A comma or {end} is missing")
            self.at += 1
            if mark == end:
                return
            self._space()

    def _string(self) -> str:
        try:
            value, self.at = _STRINGS.raw_decode(self.text, self.at)
        except json.JSONDecodeError as fault:
            raise self._error(f"A text is broken ({fault.msg})") from None
        if _UNKEEPABLE.search(value):
            raise self._error("A text holds half a character, or the character zero")
        return str(value)

    def _plain(self) -> Any:
        found = _JSON_SCALAR.match(self.text, self.at)
        word = found[0] if found else ""
        if word in ("true", "false", "null"):
            self.at += len(word)
            return _WORDS[word]
        if not re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", word, re.ASCII):
            raise self._error(f"{word[:40]!r} is not a JSON value")
        self.at += len(word)
        return int(word) if _WHOLE.fullmatch(word) else word

    def _space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def _here(self) -> int:
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def _error(self, detail: str) -> ModelError:
        return ModelError(self._here(), f"This is not JSON: {detail}.")
