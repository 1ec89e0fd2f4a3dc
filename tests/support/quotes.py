"""A quote of a pump and its monitoring, as a version is stored: for what is done with a priced quote."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from app.quotes.document import Parties, Version

CATALOGUE: dict[str, Any] = {
    "format": 1,
    "id": "rosvall-pumps",
    "version": "2026.2",
    "name": "Rosvall pumps",
    "products": [
        {
            "sku": "PX",
            "name": "PX process pump",
            "description": "Pump for pulp, slurry and clear liquids.",
            "kind": "device",
            "groups": [
                {"id": "hydraulics", "name": "Hydraulics"},
                {"id": "drive", "name": "Drive"},
                {"id": "seal", "name": "Seal and surface"},
            ],
            "features": [
                {
                    "id": "medium",
                    "name": "Medium",
                    "group": "hydraulics",
                    "values": [{"id": "pulp", "name": "Pulp above 3 %"}],
                },
                {
                    "id": "size",
                    "name": "Size",
                    "group": "hydraulics",
                    "values": [{"id": "s80", "name": "DN 80", "attributes": {"weight": "88"}}],
                },
                {
                    "id": "impeller",
                    "name": "Impeller",
                    "group": "hydraulics",
                    "values": [{"id": "open", "name": "Open"}],
                },
                {
                    "id": "stages",
                    "name": "Stages",
                    "group": "hydraulics",
                    "type": "integer",
                    "min": 1,
                    "max": 6,
                    "unit": "pcs",
                    "attributes_each": {"weight": "6.5"},
                },
                {
                    "id": "motor",
                    "name": "Motor",
                    "group": "drive",
                    "values": [
                        {"id": "kw55", "name": "5.5 kW", "attributes": {"weight": "44", "power": "5.5"}},
                        {"id": "kw75", "name": "7.5 kW", "attributes": {"weight": "52", "power": "7.5"}},
                    ],
                },
                {
                    "id": "drive",
                    "name": "Frequency drive",
                    "group": "drive",
                    "values": [{"id": "vfd", "name": "Built in", "attributes": {"width": "220"}}],
                },
                {
                    "id": "soft_start",
                    "name": "Soft start",
                    "group": "drive",
                    "type": "boolean",
                    "attributes": {"width": "90"},
                },
                {"id": "cabinet", "name": "Cabinet", "group": "drive", "values": [{"id": "b", "name": "B, 600 mm"}]},
                {
                    "id": "voltage",
                    "name": "Voltage",
                    "group": "drive",
                    "values": [{"id": "v400", "name": "400 V, 50 Hz"}],
                },
                {
                    "id": "seal",
                    "name": "Seal",
                    "group": "seal",
                    "values": [{"id": "double_sic", "name": "Double, silicon carbide"}],
                },
                {"id": "paint", "name": "Paint", "group": "seal", "values": [{"id": "c4", "name": "C4, RAL 5010"}]},
                {"id": "atex", "name": "Explosion zone", "group": "seal", "type": "boolean"},
            ],
            "budgets": [
                {"id": "weight", "name": "Weight", "unit": "kg", "attribute": "weight", "base": "180", "max": "450"},
                {"id": "power", "name": "Motor power", "unit": "kW", "attribute": "power", "base": "0", "max": "11"},
                {
                    "id": "cabinet",
                    "name": "Cabinet width",
                    "unit": "mm",
                    "attribute": "width",
                    "base": "270",
                    "max": {"feature": "cabinet", "values": {"a": "400", "b": "600"}},
                },
            ],
        },
        {
            "sku": "MON",
            "name": "Monitoring",
            "kind": "subscription",
            "description": "Vibration and temperature, told before it breaks.",
        },
        {"sku": "KIT", "name": "Spare seal kit", "kind": "part"},
    ],
    "price_books": [{"id": "nordics-eur", "name": "Nordics 2026-2", "currency": "EUR", "valid_from": "2026-07-01"}],
    "terms": [
        {
            "id": "monthly",
            "name": "Month to month",
            "applies_to": ["MON"],
            "months": 1,
            "notice_months": 0,
            "leave": {"type": "none"},
        },
        {
            "id": "two_years",
            "name": "Two years",
            "applies_to": ["MON"],
            "months": 24,
            "leave": {"type": "months", "count": 3},
        },
    ],
    "clauses": [
        {
            "id": "sla4",
            "title": "Answer in 4 hours",
            "applies_to": ["PX"],
            "text": "A person who can decide answers within four hours of every report, day and night.",
            "service_level": {"metric": "first_response", "target": "PT4H", "percent": "95"},
            "credit": {"percent": "5", "per": "month", "cap_percent": "100"},
        }
    ],
}


def _steps(*rows: tuple[str, str, str, str]) -> list[dict[str, Any]]:
    return [
        {"step": f"s{place}", "phase": phase, "label": label, "reason": reason, "amount": amount, "running": ""}
        for place, (phase, label, reason, amount) in enumerate(rows)
    ]


def _running(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    cents = 0
    for step in steps:
        cents += int(step["amount"].replace(".", ""))
        step["running"] = f"{cents // 100}.{cents % 100:02d}"
    return steps


CONTENT: dict[str, Any] = {
    "catalogue": "rosvall-pumps",
    "catalogue_version": "2026.2",
    "price_book": "nordics-eur",
    "currency": "EUR",
    "region": "SE",
    "on": "2026-11-20",
    "lines": [
        {
            "id": "l1",
            "sku": "PX",
            "quantity": "2",
            "choices": [],
            "open": ["quantity", "feature:motor"],
            "configuration": {
                "medium": "pulp",
                "size": "s80",
                "impeller": "open",
                "stages": "4",
                "motor": "kw55",
                "drive": "vfd",
                "soft_start": "yes",
                "cabinet": "b",
                "voltage": "v400",
                "seal": "double_sic",
                "paint": "c4",
                "atex": "no",
            },
        },
        {"id": "l2", "sku": "MON", "quantity": "2", "choices": [], "term": "two_years", "open": ["term"]},
        {
            "id": "l3",
            "sku": "KIT",
            "quantity": "1",
            "choices": [],
            "optional": True,
            "selected": False,
            "open": ["selected"],
        },
    ],
    "discounts": [],
    "clauses": ["sla4"],
}

PRICE: dict[str, Any] = {
    "currency": "EUR",
    "lines": [
        {
            "id": "l1",
            "list": "46420.00",
            "regular": "40849.60",
            "customer": "39215.61",
            "partner": "39215.61",
            "net": "38084.00",
            "tax": "9521.00",
            "gross": "47605.00",
            "unit_net": "19042.00",
            "margin_percent": "31.20",
            "cost": "26200.00",
            "waterfall": _running(
                _steps(
                    ("list", "PX process pump, list", "Price book Nordics 2026-2", "43800.00"),
                    ("list", "Motor 5.5 kW", "", "1400.00"),
                    ("list", "Seal double, silicon carbide", "", "1220.00"),
                    ("contracted", "Framework agreement 12 %", "Contract FA-88, until June 2027", "-5570.40"),
                    ("additional", "Discount 4 %", "Two pumps at once", "-1633.99"),
                    ("additional", "Service credit owed", "Q4: 98.2 % of 99.5 % promised", "-1131.61"),
                )
            ),
            "taxes": [{"id": "se-25", "name": "VAT 25 %", "rate": "25", "base": "38084.00", "amount": "9521.00"}],
        },
        {
            "id": "l2",
            "list": "258.00",
            "regular": "218.00",
            "customer": "218.00",
            "partner": "218.00",
            "net": "218.00",
            "tax": "54.50",
            "gross": "272.50",
            "unit_net": "109.00",
            "waterfall": _running(
                _steps(
                    ("list", "Monitoring, list", "", "258.00"),
                    ("schedule", "Two years", "", "-40.00"),
                )
            ),
            "taxes": [{"id": "se-25", "name": "VAT 25 %", "rate": "25", "base": "218.00", "amount": "54.50"}],
        },
        {
            "id": "l3",
            "list": "640.00",
            "regular": "640.00",
            "customer": "640.00",
            "partner": "640.00",
            "net": "640.00",
            "tax": "160.00",
            "gross": "800.00",
            "unit_net": "640.00",
            "waterfall": _running(
                _steps(
                    ("list", "Spare seal kit, list", "", "640.00"),
                )
            ),
            "taxes": [{"id": "se-25", "name": "VAT 25 %", "rate": "25", "base": "640.00", "amount": "160.00"}],
        },
    ],
    "header": [],
    "parents": {"l1": "l1", "l2": "l2", "l3": "l3"},
    "taxes": [{"id": "se-25", "name": "VAT 25 %", "rate": "25", "base": "38302.00", "amount": "9575.50"}],
    "totals": {
        "one_time": {"net": "38084.00", "tax": "9521.00", "gross": "47605.00"},
        "recurring": {"month": {"net": "218.00", "tax": "54.50", "gross": "272.50"}},
        "usage": {},
        "net": "38302.00",
        "tax": "9575.50",
        "gross": "47877.50",
        "list": "46678.00",
        "discount": "8376.00",
        "tcv": "43316.00",
        "acv": "2616.00",
        "mrr": "218.00",
    },
    "terms": [
        {
            "line": "l2",
            "term": "two_years",
            "name": "Two years",
            "months": 24,
            "notice_months": 1,
            "monthly": "218.00",
            "yearly": "2616.00",
            "total": "5232.00",
            "leave": {"type": "months", "value": "3", "text": "Leaving early costs 3 months."},
            "at": [{"month": 12, "paid": "2616.00", "leave": "654.00", "total": "3270.00"}],
            "compared": [
                {
                    "term": "monthly",
                    "name": "Month to month",
                    "months": 1,
                    "monthly": "258.00",
                    "total": "6192.00",
                    "leave": {"type": "none", "text": "Leave in any month, free."},
                    "at": [],
                },
                {
                    "term": "two_years",
                    "name": "Two years",
                    "months": 24,
                    "monthly": "218.00",
                    "total": "5232.00",
                    "leave": {"type": "months", "value": "3", "text": "Leaving early costs 3 months."},
                    "at": [],
                },
            ],
        }
    ],
    "approvals": [{"rule": "authority", "role": "manager", "reason": "Discount of 15 %"}],
    "floors": [],
    "clauses": [
        {
            "id": "sla4",
            "line": "l1",
            "title": "Answer in 4 hours",
            "text": CATALOGUE["clauses"][0]["text"],
            "credit": CATALOGUE["clauses"][0]["credit"],
        }
    ],
    "digest": "0" * 64,
}

REQUEST: dict[str, Any] = {
    "lines": [
        {"id": "l1", "name": "PX process pump", "charge": "one_time", "quantity": "2"},
        {"id": "l2", "name": "Monitoring", "charge": "recurring", "period": "month", "periods": "24", "quantity": "2"},
        {"id": "l3", "name": "Spare seal kit", "charge": "one_time", "quantity": "1"},
    ]
}

PARTIES = Parties(
    "Rosvall Pumps AB",
    {"name": "Hanna Rosvall", "email": "hanna@rosvall.example"},
    {"name": "Norrvik Paper", "person": "Eva Lindqvist", "address": "Dock 4, Gävle", "country": "SE"},
)
DATA = orjson.dumps({"content": CONTENT, "number": "2026-01HX-7Q9K", "version": 2}, option=orjson.OPT_SORT_KEYS)
HASH = hashlib.sha256(DATA).hexdigest()


def version(**changes: Any) -> Version:
    """That quote's second version, as sent."""
    fields: dict[str, Any] = {
        "number": "2026-01HX-7Q9K", "version": 2, "hash": HASH, "title": "Two pumps for line 2",
        "issued_on": "2026-11-20", "valid_until": "2026-12-21", "content": CONTENT, "price": PRICE,
        "notes": "Delivery to dock 4 in week 3. Eva, the seals are those that we talked about.",
    }  # fmt: skip
    return Version(**{**fields, **changes})
