"""A shop that sells bikes, and a quote of them that was sent to a customer: for what is done with offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.foundation.db import Database
from tests.support.phones import Api
from tests.support.selling import sell

CATALOGUE: dict[str, Any] = {
    "format": 1,
    "id": "bikes",
    "version": "1",
    "name": "Bikes 2026",
    "valid_from": "2026-01-01",
    "products": [
        {
            "sku": "BIKE",
            "name": "Cargo bike",
            "kind": "device",
            "family": "bikes",
            "groups": [{"id": "ride", "name": "Ride"}],
            "features": [
                {
                    "id": "motor", "name": "Motor", "group": "ride", "type": "choice", "default": "none",
                    "values": [
                        {"id": "none", "name": "None"},
                        {"id": "w250", "name": "250 W", "attributes": {"weight": "4"}},
                        {"id": "w750", "name": "750 W", "attributes": {"weight": "7.5"}},
                        {"id": "w900", "name": "900 W", "attributes": {"weight": "8"}},
                    ],
                },
                {
                    "id": "battery", "name": "Battery", "group": "ride", "type": "choice", "default": "none",
                    "values": [
                        {"id": "none", "name": "No battery"},
                        {"id": "small", "name": "400 Wh", "attributes": {"weight": "2.5"}},
                        {"id": "large", "name": "900 Wh", "attributes": {"weight": "5"}},
                    ],
                },
                {
                    "id": "frame", "name": "Frame", "group": "ride", "type": "choice", "default": "steel",
                    "values": [{"id": "steel", "name": "Steel"}, {"id": "light", "name": "Light alloy"}],
                },
            ],
            "rules": [
                {"id": "B-1", "text": "A motor needs a battery.",
                 "requires": {"if": {"motor": ["w250", "w750", "w900"]}, "then": {"battery": ["small", "large"]}}},
                {"id": "B-2", "text": "Strong motors take the large battery.",
                 "requires": {"if": {"motor": ["w750", "w900"]}, "then": {"battery": "large"}}},
                {"id": "F-1", "text": "The light frame does not carry 900 W.",
                 "excludes": [{"motor": "w900"}, {"frame": "light"}]},
            ],
            "budgets": [
                {"id": "weight", "name": "Weight", "unit": "kg", "attribute": "weight", "base": "24", "max": "40"}
            ],
        },
        {"sku": "WATCH", "name": "Theft watch", "kind": "subscription", "family": "services"},
        {"sku": "LOCK", "name": "Frame lock", "kind": "part", "family": "parts"},
    ],
    "price_books": [
        {
            "id": "eur", "name": "Europe 2026", "currency": "EUR", "regions": [], "valid_from": "2026-01-01",
            "entries": [
                {
                    "sku": "BIKE", "charge": "one_time", "amount": "3000.00", "cost": "1777.00",
                    "options": {
                        "motor": {"w250": "600.00", "w750": "1100.00", "w900": "1500.00"},
                        "battery": {"small": "300.00", "large": "650.00"},
                        "frame": {"light": "400.00"},
                    },
                },
                {"sku": "WATCH", "charge": "recurring", "period": "month", "amount": "9.00", "cost": "2.00"},
                {"sku": "LOCK", "charge": "one_time", "amount": "80.00", "cost": "30.00"},
            ],
        }
    ],
    "price_steps": [
        {
            "id": "five", "phase": "schedule", "scope": "line",
            "when": {"all": [{"fact": "sku", "op": "eq", "value": "BIKE"}, {"fact": "quantity", "op": "ge", "value": "5"}]},
            "adjustment": {"type": "percent_discount", "percent": "4"}, "reason": "Five bikes and more: 4 %",
        }
    ],
    "policy": {
        "stacking": "compound", "rounding": {"mode": "half_up", "point": "line"}, "tax": {"per": "line", "included": False},
    },
    "taxes": [{"id": "vat", "name": "VAT 25 %", "region": "SE", "class": "standard", "rate": "25"}],
    "terms": [
        {"id": "monthly", "name": "Month to month", "applies_to": ["WATCH"], "months": 1, "notice_months": 0,
         "leave": {"type": "none"}},
        {"id": "year", "name": "One year", "applies_to": ["WATCH"], "months": 12, "notice_months": 1,
         "leave": {"type": "months", "count": 2},
         "step": {"adjustment": {"type": "percent_discount", "percent": "10"}, "reason": "One year"}},
    ],
    "clauses": [
        {"id": "repair", "title": "Repaired in two days", "text": "A bike that stands is repaired in two days.",
         "applies_to": ["BIKE"], "service_level": {"metric": "resolution", "target": "P2D", "percent": "90"},
         "credit": {"percent": "5", "per": "case", "cap_percent": "50"}}
    ],
    "authority": [
        {"role": "rep", "max_discount_percent": "5"}, {"role": "manager", "max_discount_percent": "15"},
        {"role": "administrator", "max_discount_percent": "100"},
    ],
    "floors": [],
    "approvals": [
        {"id": "many", "when": {"fact": "net", "op": "gt", "value": "100000"}, "role": "manager", "reason": "Above 100,000 euro."}
    ],
}  # fmt: skip
OPEN = {"l1": ["quantity", "feature:motor", "feature:battery"], "l2": ["term"], "l3": ["selected"]}


def content(**changes: Any) -> dict[str, Any]:
    """Two bikes with a small motor, a watch month to month, and a lock as an option."""
    lines: list[dict[str, Any]] = [
        {
            "id": "l1", "sku": "BIKE", "quantity": "2", "open": OPEN["l1"],
            "choices": [{"feature": "motor", "value": "w250"}],
            "configuration": {"motor": "w250", "battery": "small", "frame": "light"},
        },
        {"id": "l2", "sku": "WATCH", "quantity": "2", "term": "monthly", "open": OPEN["l2"]},
        {"id": "l3", "sku": "LOCK", "quantity": "2", "optional": True, "selected": False, "open": OPEN["l3"]},
    ]  # fmt: skip
    return {
        "catalogue": "bikes", "catalogue_version": "1", "price_book": "eur", "currency": "EUR", "region": "SE",
        "on": "2026-11-20", "lines": lines, "discounts": [], "clauses": ["repair"], **changes,
    }  # fmt: skip


@dataclass
class Seller:
    """Whoever sells: the catalogue is active, an account and a person at it are there."""

    api: Api
    account: str
    person: str

    def quote(self, valid_until: str, **given: Any) -> dict[str, Any]:
        """A quote as it was made, not sent."""
        body = {
            "account_id": self.account, "person_id": self.person, "title": "Bikes for the yard",
            "valid_until": valid_until, "content": content(), **given,
        }  # fmt: skip
        answer = self.api.post("/quotes", body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json
        assert made["faults"] == [], made["faults"]
        return made

    def send(self, quote: dict[str, Any]) -> str:
        """Send it; the link's token."""
        answer = self.api.post(f"/quotes/{quote['id']}:send", {"revision": quote["revision"]})
        assert answer.status_code < 300, answer.text
        token: str = self.api.get(f"/quotes/{quote['id']}/link").json["token"]
        return token

    def read(self, quote_id: str) -> dict[str, Any]:
        """The quote as it stands."""
        answer = self.api.get(f"/quotes/{quote_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json
        return found


def set_up_shop(api: Api, database: Database, org_id: str) -> Seller:
    """The catalogue is active; an account with a person. `api` is an administrator's."""
    sell(database, org_id, CATALOGUE)
    address = {"street": "Bruksgatan 1", "postal_code": "801 33", "city": "Gävle", "country": "SE"}
    account = api.post(
        "/accounts", {"name": "Norrvik Paper", "time_zone": "Europe/Stockholm", "address": address}
    ).json["id"]
    person = api.post("/people", {"account_id": account, "name": "Eva Lindqvist"}).json["id"]
    return Seller(api, account, person)
