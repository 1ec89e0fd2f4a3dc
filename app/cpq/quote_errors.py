"""What can be wrong with a quote."""


class QuoteError(ValueError):
    """A quote that cannot be priced: `pointer` (JSON pointer into the quote's content) and what to do in `detail`."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer or '/'}: {detail}")
        self.pointer = pointer
        self.detail = detail
