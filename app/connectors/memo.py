"""Remembering what each distinct text became."""

from collections.abc import Callable
from typing import TypeVar

MOST = 1 << 16
K = TypeVar("K")
V = TypeVar("V")


class Memo(dict[K, V]):
    """What `make` made of each key; a look-up that hits costs no Python. Bounded: it starts again when it is full."""

    def __init__(self, make: Callable[[K], V]) -> None:
        self.make = make

    def __missing__(self, key: K) -> V:
        if len(self) >= MOST:
            self.clear()
        value = self[key] = self.make(key)
        return value
