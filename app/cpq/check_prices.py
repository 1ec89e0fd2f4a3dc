"""Price steps whose `when` can never be true, under the rules and by what facts can be at all."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from app.cpq.artefact import Rule
from app.cpq.catalogue import Catalogue, Product
from app.cpq.price.model import Combined, Predicate, Test
from app.cpq.price.predicates import holds, validate_predicate
from app.cpq.sat_limit import OutOfTime

if TYPE_CHECKING:
    from app.cpq.check import Finding, Inspection

MAX_CASES = 512
_FEATURE = "feature."
_COUNTS = frozenset({"quantity", "units", "term_months"})
_OTHER = "\u0000something else"

# A case is a list of tests that must all come out as told.
Case = tuple[tuple[Test, bool], ...]


def never_applying(catalogue: Catalogue, inspections: "Mapping[str, Inspection]") -> "Iterator[Finding]":
    """Findings for price steps, steps of terms, and approvals over features, which no line of any quote fits."""
    from app.cpq.check import Finding

    for pointer, name, when, skus in _steps(catalogue.document):
        sold = [product for product in catalogue.products if skus is None or product.sku in skus]
        cases = _cases(validate_predicate(when), True)
        if cases is None:
            continue
        rules: tuple[Rule, ...] | None = None
        for product in sold:
            facts = _facts_of(catalogue.document, product)
            inspection = inspections.get(product.sku)
            try:
                fault = _fault(cases, product, facts, inspection)
            except OutOfTime:
                assert inspection is not None
                inspection.unchecked.append(f"whether the price step {name} applies")
                break
            if fault is None:
                break
            rules = fault if fault and not rules else rules
        else:
            reason = "the rules exclude it" if rules else "no line of a quote can have these facts"
            text = f"The price step {name} never applies: {reason}."
            yield Finding("price_step_never_applies", "", text, rules or (), pointer=pointer)


def _steps(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, set[str] | None]]:
    for at, step in enumerate(document.get("price_steps", ())):
        if step.get("when") is not None:
            yield f"/price_steps/{at}", step["id"], step["when"], None
    for at, term in enumerate(document.get("terms", ())):
        when = term.get("step", {}).get("when")
        if when is not None:
            skus = set(term["applies_to"]) if term.get("applies_to") else None
            yield f"/terms/{at}/step", f"of the term {term['id']}", when, skus


def _cases(predicate: Predicate, wanted: bool) -> list[Case] | None:
    """The ways in which a predicate comes out as wanted; None when there are too many to look at."""
    if isinstance(predicate, Test):
        return [((predicate, wanted),)]
    assert isinstance(predicate, Combined)
    if predicate.kind == "not":
        return _cases(predicate.parts[0], not wanted)
    together = (predicate.kind == "all") == wanted
    cases: list[Case] = [()] if together else []
    for part in predicate.parts:
        inner = _cases(part, wanted)
        if inner is None or (len(cases) * len(inner) if together else len(cases) + len(inner)) > MAX_CASES:
            return None
        cases = [(*one, *other) for one in cases for other in inner] if together else [*cases, *inner]
    return cases


def _facts_of(document: Mapping[str, Any], product: Product) -> dict[str, frozenset[str]]:
    """Facts whose values are known beforehand for lines of a product."""
    books = document.get("price_books", ())
    charges = {entry["charge"] for book in books for entry in book["entries"] if entry["sku"] == product.sku}
    facts = {"sku": frozenset({product.sku}), "tax_class": frozenset({product.document.get("tax_class", "standard")})}
    if product.family:
        facts["family"] = frozenset({product.family})
    if books:
        facts["currency"] = frozenset(book["currency"] for book in books)
        facts["charge"] = frozenset(charges)
    return facts


def _fault(
    cases: list[Case], product: Product, facts: Mapping[str, frozenset[str]], inspection: "Inspection | None"
) -> tuple[Rule, ...] | None:
    """None when some case can be for a line of the product; otherwise the rules at fault, if rules are."""
    rules: tuple[Rule, ...] = ()
    features = {f"{_FEATURE}{feature.id}": feature for feature in product.features}
    for case in cases:
        groups: list[tuple[int, ...]] = []
        for fact in {test.fact for test, _ in case}:
            tests = [(test, wanted) for test, wanted in case if test.fact == fact]
            if fact in features:
                literals = features[fact].literals
                groups.append(tuple(literals[value] for value in literals if _fits(tests, fact, value)))
            elif fact.startswith(_FEATURE):
                if not _fits(tests, fact, None):
                    groups.append(())
            elif not any(_fits(tests, fact, value) for value in _candidates(fact, tests, facts)):
                groups.append(())
        if not all(groups):
            continue
        if inspection is None or not groups or inspection.faults.possible((), groups):
            return None
        rules = rules or inspection.at_fault((), groups)
    return rules


def _fits(tests: list[tuple[Test, bool]], fact: str, value: str | bool | None) -> bool:
    facts = {} if value is None else {fact: value}
    return all(holds(test, facts) == wanted for test, wanted in tests)


def _candidates(
    fact: str, tests: list[tuple[Test, bool]], known: Mapping[str, frozenset[str]]
) -> list[str | bool | None]:
    """Values of a fact of which one fits the tests if any value does."""
    if fact in known:
        return list(known[fact])
    told = [value for test, _ in tests for value in (test.value if isinstance(test.value, tuple) else (test.value,))]
    found: list[str | bool | None] = [None, _OTHER, True, False]
    numbers = sorted({value for value in told if isinstance(value, Decimal)})
    spots = [*numbers, *((low + high) / 2 for low, high in pairwise(numbers))]
    if numbers:
        spots += [numbers[0] - 1, numbers[-1] + 1, *([numbers[0] / 2] if numbers[0] > 0 else [])]
    if fact in _COUNTS:
        spots = [spot for spot in spots if 0 <= spot <= 10**9]
    found += [format(spot, "f") for spot in spots]
    for value in told:
        if isinstance(value, str | bool):
            found.append(value)
        if isinstance(value, str):
            found += _around(value)
    return found


def _around(text: str) -> list[str]:
    try:
        day = date.fromisoformat(text)
        return [(day + timedelta(days=step)).isoformat() for step in (-1, 1)]
    except (ValueError, OverflowError):
        return []
