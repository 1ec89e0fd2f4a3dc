"""A small catalogue to sell from in tests, and the contents of quotes made from it."""

from __future__ import annotations

from typing import Any

import orjson

from app.foundation.db import Database
from app.foundation.principal import bind_principal, system_principal
from app.quotes import catalogs, compiling

# A pump with four features and three rules, a part, and a subscription; one price book; a rep may give 5 %, a manager 15 %.
CATALOGUE: dict[str, Any] = {
    "format": 1,
    "id": "small",
    "version": "1",
    "name": "Small pumps",
    "valid_from": "2026-01-01",
    "products": [
        {
            "sku": "PUMP",
            "name": "Pump",
            "kind": "device",
            "family": "pumps",
            "features": [
                {
                    "id": "motor", "name": "Motor", "type": "choice", "default": "kw4",
                    "values": [
                        {"id": "kw4", "name": "4 kW", "attributes": {"weight": "30"}},
                        {"id": "kw7", "name": "7 kW", "attributes": {"weight": "45"}},
                        {"id": "kw11", "name": "11 kW", "attributes": {"weight": "70"}},
                    ],
                },
                {
                    "id": "size", "name": "Size", "type": "choice",
                    "values": [{"id": "s50", "name": "DN 50"}, {"id": "s80", "name": "DN 80", "attributes": {"weight": "20"}}],
                },
                {"id": "sensor", "name": "Sensor", "type": "boolean", "attributes": {"weight": "2"}},
                {"id": "stages", "name": "Stages", "type": "integer", "min": 1, "max": 3, "attributes_each": {"weight": "5"}},
            ],
            "rules": [
                {"id": "M-1", "text": "The small size takes no large motor.", "excludes": [{"size": "s50"}, {"motor": "kw11"}]},
                {"id": "S-1", "text": "Three stages need the large size.", "requires": {"if": {"stages": "3"}, "then": {"size": "s80"}}},
            ],
            "budgets": [{"id": "weight", "name": "Weight", "unit": "kg", "attribute": "weight", "base": "40", "max": "140"}],
        },
        {"sku": "KIT", "name": "Seal kit", "kind": "part", "family": "parts"},
        {"sku": "WATCH", "name": "Monitoring", "kind": "subscription", "family": "services"},
    ],
    "price_books": [
        {
            "id": "sek", "name": "Nordics", "currency": "SEK", "regions": ["SE"], "valid_from": "2026-01-01",
            "valid_to": "2027-06-30",
            "entries": [
                {
                    "sku": "PUMP", "charge": "one_time", "amount": "20000", "cost": "12000",
                    "options": {"motor": {"kw7": "1500", "kw11": "4000"}, "sensor": {"yes": "900"}},
                },
                {"sku": "KIT", "charge": "one_time", "amount": "100.50", "cost": "60"},
                {"sku": "WATCH", "charge": "recurring", "period": "month", "amount": "129"},
            ],
        }
    ],
    "taxes": [{"id": "se-25", "name": "VAT 25 %", "region": "SE", "class": "standard", "rate": "25"}],
    "terms": [
        {"id": "monthly", "name": "Month to month", "applies_to": ["WATCH"], "months": 1, "leave": {"type": "none"}},
    ],
    "authority": [
        {"role": "rep", "max_discount_percent": "5"},
        {"role": "manager", "max_discount_percent": "15"},
        {"role": "administrator", "max_discount_percent": "100"},
    ],
}  # fmt: skip
_compiled: dict[bytes, dict[str, compiling.CompiledModel]] = {}
WHOLE = {"motor": "kw4", "size": "s80", "sensor": "yes", "stages": "2"}


def sell(database: Database, org_id: str, document: dict[str, Any] = CATALOGUE, *, active: bool = True) -> str:
    """The catalogue, stored, compiled and activated; gives its id."""
    text = orjson.dumps(document)
    if text not in _compiled:
        _compiled[text] = compiling.compile_models(document)
    with database.write() as session:
        bind_principal(session, system_principal(org_id))
        stored = catalogs.store(session, text)
        catalogs.finish(session, stored.id, _compiled[text])
        if active:
            catalogs.activate(session, stored.id)
    return stored.id


def line(line_id: str = "l1", sku: str = "KIT", quantity: str = "3", **more: Any) -> dict[str, Any]:
    """A line of a quote."""
    return {"id": line_id, "sku": sku, "quantity": quantity, **more}


def pump(line_id: str = "p1", **more: Any) -> dict[str, Any]:
    """A line with a whole configuration."""
    return line(line_id, "PUMP", "1", configuration=dict(WHOLE), **more)


def content(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The content of a quote; with one line when none is given."""
    named = {"catalogue": "small", "catalogue_version": "1", "price_book": "sek", "currency": "SEK"}
    return {**named, "region": "SE", "on": "2026-11-21", "lines": list(lines) or [line()], **more}


def discounted(percent: str, *lines: dict[str, Any]) -> dict[str, Any]:
    """A content with a discount on the whole."""
    discount = {"id": "d1", "kind": "percent", "value": percent, "reason": "Friend of the house"}
    return content(*lines, discounts=[discount])
