"""Prices, terms, taxes and approvals of a catalogue, held against its products and by the price engine's own validation."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.cpq.price.errors import PriceError
from app.cpq.price.predicates import validate_predicate
from app.cpq.price.reading import validate_policy
from app.cpq.price.steps import validate_step
from app.cpq.quote_paid import as_amount
from app.cpq.reading import Document, escaped
from app.foundation.money import CURRENCIES

if TYPE_CHECKING:
    from app.cpq.catalogue import Product

_LISTS = ("price_books", "price_steps", "taxes", "terms", "clauses", "floors", "approvals")
_FEATURE = "feature."
MOST_MONTHS = 600


def check(document: Mapping[str, Any], products: "Sequence[Product]", source: Document) -> None:
    """ModelError for the first reference, currency, day, figure, tier or predicate that cannot be."""
    checker = _Checker(document, products, source)
    checker.days(document, "")
    for name in _LISTS:
        checker.unique(name)
    for at, book in enumerate(document.get("price_books", ())):
        checker.book(book, f"/price_books/{at}")
    for at, step in enumerate(document.get("price_steps", ())):
        checker.step(step, f"/price_steps/{at}")
    if "policy" in document:
        checker.judge(lambda: validate_policy(document["policy"], "/policy"))
    for at, tax in enumerate(document.get("taxes", ())):
        checker.days(tax, f"/taxes/{at}")
        checker.at_most(tax, "rate", 1000, f"/taxes/{at}")
    for at, term in enumerate(document.get("terms", ())):
        checker.term(term, f"/terms/{at}")
    for at, clause in enumerate(document.get("clauses", ())):
        checker.applies(clause, f"/clauses/{at}")
        if "price" in clause:
            checker.step(clause["price"], f"/clauses/{at}/price")
    for at, floor in enumerate(document.get("floors", ())):
        checker.floor(floor, f"/floors/{at}")
    for at, row in enumerate(document.get("authority", ())):
        checker.at_most(row, "max_discount_percent", 100, f"/authority/{at}")
    for at, approval in enumerate(document.get("approvals", ())):
        checker.predicate(approval["when"], f"/approvals/{at}/when")


class _Checker:
    def __init__(self, document: Mapping[str, Any], products: "Sequence[Product]", source: Document) -> None:
        self.document = document
        self.source = source
        self.products = {product.sku: product for product in products}
        self.families = {product.family for product in products if product.family}
        self.currencies = {book["currency"] for book in document.get("price_books", ())}

    def judge(self, validate: Callable[[], Any]) -> None:
        """Run a validation of the price engine; its error at its place."""
        try:
            validate()
        except PriceError as fault:
            raise self.source.error(fault.pointer, f"{fault.detail[:1].upper()}{fault.detail[1:]}.") from None

    def unique(self, name: str) -> None:
        seen: set[str] = set()
        for at, entry in enumerate(self.document.get(name, ())):
            if not isinstance(entry["id"], str) or not entry["id"]:
                raise self.source.error(f"/{name}/{at}/id", "An id is a text.")
            if entry["id"] in seen:
                raise self.source.error(f"/{name}/{at}/id", f"{entry['id']!r} is there twice in {name}.")
            seen.add(entry["id"])

    def days(self, entry: Mapping[str, Any], pointer: str) -> None:
        days = {}
        for name in ("valid_from", "valid_to"):
            if name in entry:
                try:
                    days[name] = date.fromisoformat(entry[name])
                except ValueError:
                    raise self.source.error(f"{pointer}/{name}", f"{entry[name]} is not a day.") from None
        if len(days) == 2 and days["valid_to"] < days["valid_from"]:
            raise self.source.error(f"{pointer}/valid_to", "This ends before it begins.")

    def sku(self, sku: str, pointer: str) -> "Product":
        if sku not in self.products:
            raise self.source.error(pointer, f"There is no product {sku} in this catalogue.")
        return self.products[sku]

    def applies(self, entry: Mapping[str, Any], pointer: str) -> None:
        for at, sku in enumerate(entry.get("applies_to", ())):
            self.sku(sku, f"{pointer}/applies_to/{at}")

    def book(self, book: Mapping[str, Any], pointer: str) -> None:
        self.days(book, pointer)
        self.currency(book["currency"], f"{pointer}/currency")
        seen: set[tuple[str, str]] = set()
        for at, entry in enumerate(book["entries"]):
            where = f"{pointer}/entries/{at}"
            product = self.sku(entry["sku"], f"{where}/sku")
            own = (entry["sku"], entry["charge"])
            if own in seen:
                raise self.source.error(where, f"{own[0]} has a second price of the kind {own[1]} in this price book.")
            seen.add(own)
            if "amount" not in entry and "adjustment" not in entry:
                raise self.source.error(where, f"{entry['sku']} has neither an amount nor an adjustment.")
            if "amount" in entry and "adjustment" in entry:
                raise self.source.error(
                    where, f"{entry['sku']} has an amount and an adjustment: only one can be its price."
                )
            if "adjustment" in entry:
                self.step({"adjustment": entry["adjustment"]}, where)
            for name in ("options", "option_costs"):
                self.options(entry.get(name, {}), product, f"{where}/{name}")

    def at_most(self, entry: Mapping[str, Any], name: str, most: int, pointer: str) -> None:
        if name in entry and Decimal(str(entry[name])) > most:
            raise self.source.error(f"{pointer}/{name}", f"{entry[name]} is too much: it is at most {most}.")

    def currency(self, currency: str, pointer: str) -> None:
        if currency not in CURRENCIES:
            raise self.source.error(pointer, f"{currency} is not an ISO 4217 currency code in use.")

    def options(self, options: Mapping[str, Any], product: "Product", pointer: str) -> None:
        features = {feature.id: feature for feature in product.features}
        for name, prices in options.items():
            place = f"{pointer}/{escaped(name)}"
            if name not in features:
                raise self.source.error(place, f"{product.sku} has no feature {name!r}.")
            feature = features[name]
            if "each" in prices and feature.type != "integer":
                raise self.source.error(f"{place}/each", f"{name} is not an integer feature: name its values.")
            for value in prices:
                if value not in feature.literals and value not in ("each", "included"):
                    raise self.source.error(f"{place}/{escaped(value)}", f"{name} has no value {value!r}.")

    def step(self, step: Mapping[str, Any], pointer: str) -> None:
        """A step, or what becomes one; amounts by currency are judged for each currency."""
        whole = as_amount({"id": "step", "phase": "list", **step})
        for variant in self.by_currency(whole, pointer):
            self.judge(lambda variant=variant: validate_step(variant, pointer))  # type: ignore[misc]
        told = step["adjustment"].get("percent_of_paid") if isinstance(step["adjustment"], dict) else None
        if told is not None and str(told).startswith("-"):
            raise self.source.error(f"{pointer}/adjustment/percent_of_paid", f"{told} is below 0.")
        if step.get("when") is not None:
            self.facts(step["when"], f"{pointer}/when")

    def by_currency(self, step: Mapping[str, Any], pointer: str) -> Iterator[Mapping[str, Any]]:
        adjustment = step["adjustment"]
        if not isinstance(adjustment, dict):
            yield step
            return
        found = {name: told for name, told in adjustment.items() if isinstance(told, dict)}
        for name, amounts in found.items():
            self.amounts(amounts, f"{pointer}/adjustment/{name}")
        if not found:
            yield step
        for currency in sorted({currency for amounts in found.values() for currency in amounts}):
            chosen = {name: amounts[currency] for name, amounts in found.items() if currency in amounts}
            yield {**step, "adjustment": {**adjustment, **chosen}}

    def amounts(self, amounts: Mapping[str, Any], pointer: str) -> None:
        """An amount for each currency that a price book is in."""
        for currency in amounts:
            self.currency(currency, f"{pointer}/{escaped(currency)}")
        missing = sorted(self.currencies - amounts.keys())
        if missing:
            said = f"The amount in {missing[0]} is missing: there is a price book in that currency."
            raise self.source.error(pointer, said)

    def term(self, term: Mapping[str, Any], pointer: str) -> None:
        self.applies(term, pointer)
        if term["months"] < 1 or term.get("notice_months", 0) < 0:
            raise self.source.error(pointer, "A term has at least one month, and notice of no less than none.")
        leave = term.get("leave", {"type": "none"})
        needed = {"months": "count", "percent": "percent", "amount": "amount"}.get(leave["type"])
        if needed is not None and needed not in leave:
            raise self.source.error(f"{pointer}/leave", f"Leaving by {leave['type']} needs `{needed}`.")
        self.at_most(term, "months", MOST_MONTHS, pointer)
        self.at_most(term, "notice_months", MOST_MONTHS, pointer)
        self.at_most(leave, "count", MOST_MONTHS, f"{pointer}/leave")
        self.at_most(leave, "percent", 100, f"{pointer}/leave")
        if isinstance(leave.get("amount"), dict):
            self.amounts(leave["amount"], f"{pointer}/leave/amount")
        if "step" in term:
            self.step(term["step"], f"{pointer}/step")

    def floor(self, floor: Mapping[str, Any], pointer: str) -> None:
        self.at_most(floor, "min_margin_percent", 100, pointer)
        for at, sku in enumerate(floor.get("skus", ())):
            self.sku(sku, f"{pointer}/skus/{at}")
        for at, family in enumerate(floor.get("families", ())):
            if family not in self.families:
                raise self.source.error(f"{pointer}/families/{at}", f"No product is of the family {family!r}.")

    def predicate(self, predicate: Any, pointer: str) -> None:
        self.judge(lambda: validate_predicate(predicate, pointer))
        self.facts(predicate, pointer)

    def facts(self, predicate: Mapping[str, Any], pointer: str) -> None:
        """Facts about features, skus and families name what some product has."""
        for name in ("all", "any"):
            for at, part in enumerate(predicate.get(name, ())):
                self.facts(part, f"{pointer}/{name}/{at}")
        if "not" in predicate:
            self.facts(predicate["not"], f"{pointer}/not")
        fact = predicate.get("fact", "")
        if not fact.startswith(_FEATURE):
            return
        name = fact.removeprefix(_FEATURE)
        features = [one for product in self.products.values() for one in product.features if one.id == name]
        if not features:
            raise self.source.error(f"{pointer}/fact", f"No product has a feature {name!r}.")
        if predicate.get("op") not in ("eq", "ne", "in", "not_in"):
            return
        told = predicate.get("value")
        for value in told if isinstance(told, list) else [told]:
            if not any(str(value) in feature.literals for feature in features):
                raise self.source.error(f"{pointer}/value", f"The feature {name!r} has no value {value!r}.")
