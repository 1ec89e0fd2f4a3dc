"""What the sample territory sells from: its catalogue, compiled and active, two agreements, and two quotes.

Done after the territory is in the database, and outside of its transaction: compiling takes seconds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cpq.complete import Usual, complete
from app.foundation import clock
from app.foundation.db import Database, table_of
from app.foundation.ids import new_id
from app.foundation.principal import bind_principal, system_principal
from app.foundation.tables import ExternalId
from app.identity.rules import in_the_name_of
from app.identity.tables import TerritoryAssignment, User
from app.quotes import catalogs, service, stock
from app.quotes.resources import AGREEMENTS
from app.quotes.tables import Agreement, Quote
from app.resources import service as rows

HERE = Path(__file__).parent
# Inside an installed package, and in the source tree.
PLACES = (HERE / "catalogue", HERE.parents[1] / "fixtures" / "catalogue")
FILE = "rosvall-pumps.yaml"
CATALOGUE = ("rosvall", "2026.2")
SYSTEM = "erp"
TERRITORY, EXTERNAL = table_of(TerritoryAssignment), table_of(ExternalId)
# Account, number, name, and what is agreed.
AGREED = (
    ("brannland-dairy", "RA-2026-04", "Frame agreement on spares", "spares", "12"),
    ("dalstrand-kartong", "RA-2026-09", "Frame agreement on pumps", "pumps", "6"),
)


def catalogue_file() -> Path:
    """The sample catalogue. Raises FileNotFoundError."""
    for place in PLACES:
        if (place / FILE).is_file():
            return place / FILE
    raise FileNotFoundError(f"The sample catalogue is in neither {PLACES[0]} nor {PLACES[1]}.")


def sell(database: Database, org_id: str, now: datetime) -> None:
    """Put the catalogue, the agreements and the quotes into the territory's database, unless they are there."""
    principal = system_principal(org_id)
    with database.write() as session:
        bind_principal(session, principal)
        stored = catalogs.store(session, catalogue_file().read_bytes())
    catalogs.compile_stored(database, stored.id)
    with database.write() as session:
        bind_principal(session, principal)
        catalogs.activate(session, stored.id)
        accounts = _accounts(session, org_id)
        _agree(session, accounts, now)
        _quote(session, accounts, stored.id, now)


def _accounts(session: Session, org_id: str) -> dict[str, str]:
    """Our ids of the sample's accounts, by what their system calls them."""
    query = sa.select(EXTERNAL.c.external_id, EXTERNAL.c.row_id)
    here = (EXTERNAL.c.org_id == org_id, EXTERNAL.c.entity == "account")
    return {row.external_id: row.row_id for row in session.execute(query.where(*here))}


def _agree(session: Session, accounts: dict[str, str], now: datetime) -> None:
    known = set(session.scalars(sa.select(Agreement.number)))
    for account, number, name, family, percent in AGREED:
        if number in known or account not in accounts:
            continue
        step = {
            "id": number.lower(), "phase": "contracted", "scope": "line", "reason": name,
            "when": {"fact": "family", "op": "eq", "value": family},
            "adjustment": {"type": "percent_discount", "percent": percent},
        }  # fmt: skip
        agreed = {"account_id": accounts[account], "number": number, "name": name, "steps": [step]}
        begins = now.date() - timedelta(days=200)
        rows.create(session, AGREEMENTS, {**agreed, "valid_from": begins, "valid_to": begins + timedelta(days=730)})


def _quote(session: Session, accounts: dict[str, str], catalogue_id: str, now: datetime) -> None:
    """One quote that the customer has, and one that is not sent yet."""
    if session.scalar(sa.select(Quote.id).limit(1)) is not None:
        return
    found = stock.by_id(session, catalogue_id)
    model = stock.model_of(session, found, "PX") if found else None
    if found is None or model is None:
        return
    pump: dict[str, Any] = {"sku": "PX", "quantity": "2", "configuration": dict(complete(model, (), Usual()))}
    kits: dict[str, Any] = {"sku": "SK-22", "quantity": "6"}
    until = now.date() + timedelta(days=30)
    for account, title, lines, is_sent in (
        ("brannland-dairy", "Seal kits for the spring stop", [kits, {"sku": "SP-BEAR", "quantity": "2"}], True),
        ("dalstrand-kartong", "Two process pumps for line 3", [pump, kits], False),
    ):
        owner = _rep_of(session, accounts.get(account, ""))
        book = _book(found, now)
        if owner is None or book is None:
            continue
        content = {
            "catalogue": found.key, "catalogue_version": found.version, "price_book": book["id"],
            "currency": book["currency"], "region": "SE", "on": now.date().isoformat(),
            "lines": [{"id": f"l{place}", **line} for place, line in enumerate(lines, 1)],
        }  # fmt: skip
        values = {"account_id": accounts[account], "title": title, "valid_until": until, "content": content}
        with in_the_name_of(session, owner):
            quote_id = service.create(session, new_id(), values, owner)
            if is_sent:
                service.send(session, quote_id, 1, None)


def _book(found: stock.Stocked, now: datetime) -> dict[str, Any] | None:
    """The Swedish price book of today; none on days that the sample catalogue has no prices for."""
    today = now.date().isoformat()
    for book in found.document["price_books"]:
        held = book["valid_from"] <= today and (not book.get("valid_to") or today <= book["valid_to"])
        if held and book["currency"] == "SEK":
            return dict(book)
    return None


def _rep_of(session: Session, account_id: str) -> str | None:
    """Who looks after an account today."""
    today = clock.today()
    owner: str | None = session.scalar(
        sa.select(TERRITORY.c.user_id)
        .join(User, User.id == TERRITORY.c.user_id)
        .where(
            TERRITORY.c.account_id == account_id,
            TERRITORY.c.starts_on <= today,
            sa.or_(TERRITORY.c.ends_on.is_(None), TERRITORY.c.ends_on >= today),
            User.role == "rep",
        )
        .limit(1)
    )
    return owner
