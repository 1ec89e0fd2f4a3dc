"""From a quote to its price: the public functions of the room. All of them are pure; the phone has the same ones in
`pwa/src/cpq/quote/index.ts` and both give identical answers.

The catalogue is the normalised catalogue document (plain JSON), on both sides.
"""

from typing import Any, cast

from app.cpq.approvals import approvals
from app.cpq.quote_assembly import assembled, priced
from app.cpq.quote_canonical import canonical, digest, public_price, quote_number, version_hash
from app.cpq.quote_clauses import quote_clauses
from app.cpq.quote_deal import deal, resolve_book
from app.cpq.quote_errors import QuoteError
from app.cpq.quote_relations import findings
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
from app.cpq.terms import line_terms

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
    """The id of the price book that holds for a currency, a region (ISO 3166 alpha-2) and a day.

    One that names the region goes before one for everywhere, then the one that began last. QuoteError says which of
    currency, region and day has none.
    """
    return str(resolve_book(catalogue, currency, region, on)["id"])


def assemble(catalogue: Document, content: QuoteContent, context: Context) -> dict[str, Any]:
    """The PriceRequest of a quote: every price, option, agreement, term, clause and discount as a step with its reason.

    Raises QuoteError at the place in `content` that cannot be priced.
    """
    return assembled(deal(catalogue, content, context)).request


def price_quote(catalogue: Document, content: QuoteContent, context: Context) -> QuotePrice:
    """The price of a quote, the terms beside each other, who must approve, what is worth a look, and the digest.

    Raises QuoteError at the place in `content` that cannot be priced.
    """
    about = deal(catalogue, content, context)
    assembly = assembled(about)
    result = priced(about, assembly)
    parents = {line["id"]: name for (name, _), line in zip(assembly.trace, result["lines"], strict=True)}
    price: dict[str, Any] = {
        **result,
        "parents": parents,
        "terms": line_terms(about, assembly, result),
        "approvals": approvals(about, assembly, result),
        "findings": findings(about, assembly),
        "clauses": quote_clauses(about, parents, result),
    }
    return cast(QuotePrice, {**price, "digest": digest(price)})
