"""What products of one catalogue say of each other: references, contradictions, cycles."""

from collections.abc import Mapping
from typing import Any

from app.cpq.reading import Document

_RELATIONS = ("requires", "excludes", "suggests")


def check(document: Mapping[str, Any], source: Document) -> None:
    """ModelError for a SKU that is there twice or not at all, a product that excludes what it requires, and for cycles."""
    products = document["products"]
    at_sku: dict[str, int] = {}
    for at, product in enumerate(products):
        if product["sku"] in at_sku:
            raise source.error(f"/products/{at}/sku", f"The SKU {product['sku']} is there twice.")
        at_sku[product["sku"]] = at
    for at, product in enumerate(products):
        for relation in _RELATIONS:
            for n, sku in enumerate(product.get(relation, ())):
                _refer(sku, product["sku"], at_sku, f"/products/{at}/{relation}/{n}", source)
        for n, part in enumerate(product.get("bundle", ())):
            _refer(part["sku"], product["sku"], at_sku, f"/products/{at}/bundle/{n}/sku", source)
        for n, sku in enumerate(product.get("excludes", ())):
            if sku in product.get("requires", ()):
                said = f"{product['sku']} requires {sku} and excludes it: it could never be sold."
                raise source.error(f"/products/{at}/excludes/{n}", said)
    _no_cycle({product["sku"]: product.get("requires", []) for product in products}, "requires", at_sku, source)
    bundles = {product["sku"]: [part["sku"] for part in product.get("bundle", ())] for product in products}
    _no_cycle(bundles, "bundle", at_sku, source)


def _refer(sku: str, own: str, known: Mapping[str, int], pointer: str, source: Document) -> None:
    if sku not in known:
        raise source.error(pointer, f"There is no product {sku} in this catalogue.")
    if sku == own:
        raise source.error(pointer, f"{sku} names itself.")


def _no_cycle(edges: Mapping[str, list[str]], relation: str, at: Mapping[str, int], source: Document) -> None:
    done: set[str] = set()
    for start in edges:
        path: list[str] = []
        waiting = [(start, iter(edges[start]))] if start not in done else []
        path += [start] if waiting else []
        while waiting:
            sku, following = waiting[-1]
            onward = next(following, None)
            if onward is None:
                waiting.pop()
                path.pop()
                done.add(sku)
            elif onward in path:
                circle = " → ".join([*path[path.index(onward) :], onward])
                raise source.error(
                    f"/products/{at[sku]}/{relation}", f"Products go round in a circle ({relation}): {circle}."
                )
            elif onward not in done:
                waiting.append((onward, iter(edges[onward])))
                path.append(onward)
