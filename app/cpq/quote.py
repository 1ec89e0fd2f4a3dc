"""From a quote to its price: the public functions of the room. All of them are pure; the phone has the same ones in
`pwa/src/cpq/quote/index.ts` and both give identical answers.

The catalogue is the normalised catalogue document (plain JSON), on both sides.
"""

from typing import Any

from app.cpq.quote_canonical import canonical, digest, public_price, quote_number, version_hash
from app.cpq.quote_errors import QuoteError
from app.cpq.quote_types import (
    Agreement,
    Approval,
    Context,
    Document,
    Finding,
    QuoteContent,
    QuoteLine,
    QuotePrice,
)

__all__ = [
    "Agreement",
    "Approval",
    "Context",
    "Document",
    "Finding",
    "QuoteContent",
    "QuoteError",
    "QuoteLine",
    "QuotePrice",
    "assemble",
    "canonical",
    "digest",
    "price_book",
    "price_quote",
    "public_price",
    "quote_number",
    "version_hash",
]


def price_book(catalogue: Document, currency: str, region: str, on: str) -> str:
    """The id of the price book that holds for a currency, a region (ISO 3166 alpha-2) and a day."""
    raise NotImplementedError


def assemble(catalogue: Document, content: QuoteContent, context: Context) -> dict[str, Any]:
    """The PriceRequest of a quote: every price, option, agreement, term, clause and discount as a step with its reason."""
    raise NotImplementedError


def price_quote(catalogue: Document, content: QuoteContent, context: Context) -> QuotePrice:
    """The price of a quote, the terms beside each other, who must approve, what is worth a look, and the digest."""
    raise NotImplementedError
