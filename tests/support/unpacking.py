"""Unpacks packed rows, as the phone does (pwa/src/store/unpack.ts)."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any


def unpack(packed: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The rows by type."""
    ids, texts = _ids(packed["ids"]), packed["texts"]
    columns = {path: _values(column, ids, texts) for path, column in packed["columns"].items()}

    def take(path: str) -> Any:
        value = next(columns[path])
        if not isinstance(value, list):
            return value
        if value[0] >= 0:
            return {key: take(f"{path}.{key}") for key in packed["shapes"][value[0]]}
        return [take(f"{path}.") for _ in range(-1 - value[0])]

    return {row_type: take(row_type) for row_type in packed["types"]}


def _values(column: Any, ids: list[str], texts: list[str]) -> Iterator[Any]:
    if isinstance(column, list):
        return iter(column)
    kind, source = ("i", ids) if "i" in column else ("t", texts)
    return iter([source[place] for place in _numbers(column[kind])])


def _numbers(increments: list[int]) -> Iterator[int]:
    number = -1
    for increment in increments:
        number += increment + 1
        yield number


def _ids(packed: list[Any]) -> list[str]:
    increments, thirteenth, seventeenth, rest = packed
    digits = base64.b64decode(rest).hex()
    found = []
    for number, head in enumerate(_numbers(increments)):
        own = digits[18 * number : 18 * number + 18]
        text = f"{head:012x}{thirteenth[number]}{own[:3]}{seventeenth[number]}{own[3:]}"
        found.append(f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}")
    return found
