"""What is worth a look before a quote is sent: relations between its products, bundles, and taxes that are missing."""

from typing import cast

from app.cpq.quote_assembly import Assembly
from app.cpq.quote_deal import Deal
from app.cpq.quote_lines import taken
from app.cpq.quote_types import Finding, QuoteLine


def findings(deal: Deal, assembly: Assembly) -> list[Finding]:
    """Findings line by line; then taxes that the catalogue does not know for the region."""
    lines = [line for line in deal.content["lines"] if taken(deal, line)]
    here = {line["sku"] for line in lines}
    members: dict[str, set[str]] = {}
    for line in lines:
        members.setdefault(line.get("bundle") or "", set()).add(line["sku"])
    found: list[Finding] = []
    for line in lines:
        found += _of_product(deal, line, here, members.get(line["id"], set()))
    return found + _untaxed(deal, assembly)


def _of_product(deal: Deal, line: QuoteLine, here: set[str], members: set[str]) -> list[Finding]:
    product = deal.products[line["sku"]]
    name = product["name"]
    needed = [sku for sku in product.get("requires") or () if sku not in here]
    clashing = [sku for sku in product.get("excludes") or () if sku in here]
    missing = [
        part["sku"] for part in product.get("bundle") or () if not part.get("optional") and part["sku"] not in members
    ]
    fitting = [sku for sku in product.get("suggests") or () if sku not in here]
    found = [
        *(("requires", sku, f"{name} needs {_name(deal, sku)}.") for sku in needed),
        *(("excludes", sku, f"{name} does not go with {_name(deal, sku)}.") for sku in clashing),
        *(("bundle", sku, f"{name} comes with {_name(deal, sku)}, which is not here.") for sku in missing),
        *(("suggests", sku, f"{_name(deal, sku)} goes well with {name}.") for sku in fitting),
    ]
    return [cast(Finding, {"kind": kind, "text": text, "line": line["id"], "sku": sku}) for kind, sku, text in found]


def _name(deal: Deal, sku: str) -> str:
    product = deal.products.get(sku)
    return str(product["name"]) if product else sku


def _untaxed(deal: Deal, assembly: Assembly) -> list[Finding]:
    known = {tax["class"] for tax in assembly.request["taxes"]}
    missing = sorted({line["tax_class"] for line in assembly.request["lines"]} - known)
    region = deal.content["region"]
    return [
        {"kind": "tax", "text": f"No tax is known for {name} in {region}: these lines have none."} for name in missing
    ]
