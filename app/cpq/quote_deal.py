"""What all lines of a quote share: the catalogue by key, the price book that holds, the day, and who is asking."""

from dataclasses import dataclass, field
from typing import Any

from app.cpq.quote_dates import day
from app.cpq.quote_errors import QuoteError
from app.cpq.quote_figures import known_currency
from app.cpq.quote_shape import CONTENT, check
from app.cpq.quote_types import Context, Document, QuoteContent, QuoteLine

RANKS = ("rep", "manager", "administrator")


@dataclass(frozen=True)
class Deal:
    """A quote and everything its price depends on, found by key."""

    catalogue: Document
    content: QuoteContent
    context: Context
    book: dict[str, Any]
    on: int
    mode: str
    products: dict[str, dict[str, Any]]
    entries: dict[str, list[dict[str, Any]]]
    terms: dict[str, dict[str, Any]]
    clauses: dict[str, dict[str, Any]]
    subscriptions: dict[str, Any]
    lines: dict[str, int] = field(default_factory=dict)
    """Line id → its place in the content."""
    counted: dict[str, bool] = field(default_factory=dict)
    """Line id → whether it counts, as far as it was asked; see `quote_lines.taken`."""

    @property
    def currency(self) -> str:
        """The currency of the quote."""
        return self.content["currency"]


def deal(catalogue: Document, content: QuoteContent, context: Context) -> Deal:
    """Check the form of a quote and find what it speaks of.

    QuoteError: another catalogue, a price book that is unknown, ended, not yet valid, of another currency or region, a
    line id used twice.
    """
    check(content, CONTENT)
    if (content["catalogue"], content["catalogue_version"]) != (catalogue["id"], catalogue["version"]):
        wanted = f"{content['catalogue']} {content['catalogue_version']}"
        raise QuoteError(
            "/catalogue", f"the quote is of {wanted}, the catalogue at hand is {catalogue['id']} {catalogue['version']}"
        )
    on = day(content["on"], "/on")
    book = _named_book(catalogue, content, on)
    entries: dict[str, list[dict[str, Any]]] = {}
    for entry in book["entries"]:
        entries.setdefault(entry["sku"], []).append(entry)
    for product in catalogue["products"]:
        if product.get("bundle"):  # a set without a price of its own costs what is in it
            entries.setdefault(
                product["sku"], [{"sku": product["sku"], "charge": "one_time", "amount": "0", "cost": "0"}]
            )
    _check_clauses(content)
    rounding = (catalogue.get("policy") or {}).get("rounding") or {}
    return Deal(
        catalogue=catalogue,
        content=content,
        context=context,
        book=book,
        on=on,
        mode=rounding.get("mode", "half_up"),
        products={product["sku"]: product for product in catalogue["products"]},
        entries=entries,
        terms={term["id"]: term for term in catalogue.get("terms") or ()},
        clauses={clause["id"]: clause for clause in catalogue.get("clauses") or ()},
        subscriptions={running["id"]: running for running in context.get("subscriptions") or ()},
        lines=_places(content),
    )


def named(item: Any) -> str:
    """A name, or the id of what has none."""
    return str(item.get("name") or item["id"])


def valid(item: Any, on: int) -> bool:
    """Whether a day lies in `valid_from` to `valid_to` (both inclusive, both optional)."""
    first, last = item.get("valid_from"), item.get("valid_to")
    return (not first or day(first, "") <= on) and (not last or on <= day(last, ""))


def change_of(line: QuoteLine) -> str:
    """What a line does to a running subscription; `new` when it amends none."""
    amends = line.get("amends")
    return str(amends["change"]) if amends else "new"


def resolve_book(catalogue: Document, currency: str, region: str, on_day: str) -> dict[str, Any]:
    """The price book for a currency, a region and a day: one that names the region before one for everywhere, then the
    one that began last, then the first in the catalogue. QuoteError says which of the three does not fit."""
    on = day(on_day, "/on")
    known_currency(currency, "/currency")
    books = [book for book in catalogue.get("price_books") or () if book["currency"] == currency]
    if not books:
        raise QuoteError("/currency", f"no price book is in {currency}; choose one of {_listed(catalogue)}")
    books = [book for book in books if not book.get("regions") or region in book["regions"]]
    if not books:
        raise QuoteError("/region", f"no price book in {currency} is for region {region}")
    current = [book for book in books if valid(book, on)]
    if not current:
        raise _out_of_date(max(books, key=_began), on, "/on")
    found: dict[str, Any] = max(current, key=lambda book: (bool(book.get("regions")), _began(book)))
    return found


def _named_book(catalogue: Document, content: QuoteContent, on: int) -> dict[str, Any]:
    known_currency(content["currency"], "/currency")
    books: list[dict[str, Any]] = catalogue.get("price_books") or []
    book = next((book for book in books if book["id"] == content["price_book"]), None)
    if book is None:
        raise QuoteError("/price_book", f'the catalogue has no price book "{content["price_book"]}"')
    if book["currency"] != content["currency"]:
        raise QuoteError(
            "/currency", f'price book "{named(book)}" is in {book["currency"]}, the quote in {content["currency"]}'
        )
    if book.get("regions") and content["region"] not in book["regions"]:
        raise QuoteError(
            "/region", f'price book "{named(book)}" is for {", ".join(book["regions"])}, not for {content["region"]}'
        )
    if not valid(book, on):
        raise _out_of_date(book, on, "/price_book")
    return book


def _out_of_date(book: dict[str, Any], on: int, pointer: str) -> QuoteError:
    if book.get("valid_from") and on < day(book["valid_from"], ""):
        return QuoteError(pointer, f'price book "{named(book)}" is not valid before {book["valid_from"]}')
    return QuoteError(pointer, f'price book "{named(book)}" ended on {book["valid_to"]}; choose one that holds')


def _began(book: dict[str, Any]) -> str:
    return book.get("valid_from") or ""


def _listed(catalogue: Document) -> str:
    return ", ".join(sorted({book["currency"] for book in catalogue.get("price_books") or ()})) or "none"


def _check_clauses(content: QuoteContent) -> None:
    """A clause that is named twice would be paid twice."""
    lists = [("/clauses", content.get("clauses"))]
    lists += [(f"/lines/{index}/clauses", line.get("clauses")) for index, line in enumerate(content["lines"])]
    for pointer, names in lists:
        for index, name in enumerate(names or ()):
            if name in (names or ())[:index]:
                raise QuoteError(f"{pointer}/{index}", f'clause "{name}" is here twice')


def _places(content: QuoteContent) -> dict[str, int]:
    places: dict[str, int] = {}
    for index, line in enumerate(content["lines"]):
        if not line["id"] or line["id"] in places:
            raise QuoteError(f"/lines/{index}/id", f'each line has its own id; "{line["id"]}" is here twice or empty')
        places[line["id"]] = index
    return places
