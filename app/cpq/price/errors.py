"""What is wrong with a request for a price, and where."""

from typing import Any


class PriceError(ValueError):
    """A member that cannot be priced: `pointer` is its JSON pointer (RFC 6901), `detail` says what and what to do."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer or '/'}: {detail}")
        self.pointer = pointer
        self.detail = detail


def member(name: str) -> str:
    """The name of a member as a part of a JSON pointer."""
    return str(name).replace("~", "~0").replace("/", "~1")


def named(value: Any) -> str:
    """A member's value as a message shows it, the same in both languages."""
    return f'"{value[:60]}"' if isinstance(value, str) else "what is there"
