"""What is wrong with a request for a price, and where."""


class PriceError(ValueError):
    """A member that cannot be priced: `pointer` is its JSON pointer (RFC 6901), `detail` says what and what to do."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer or '/'}: {detail}")
        self.pointer = pointer
        self.detail = detail
