"""What the world knows of a quote: who makes it, facts of the customer, agreements and running subscriptions.

The phone puts the same together from its own rows (`pwa/src/quotes/context.ts`), so that both come to one price.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.customers.tables import Account
from app.foundation.db import Id, table_of
from app.foundation.money import Money
from app.foundation.prepared import Prepared
from app.foundation.principal import Role
from app.identity.tables import User
from app.products.tables import Product, Subscription
from app.quotes.tables import Agreement

Context = dict[str, Any]
ACCOUNTS, USERS, AGREEMENTS = table_of(Account), table_of(User), table_of(Agreement)
SUBSCRIPTIONS, PRODUCTS = table_of(Subscription), table_of(Product)
_ACCOUNT = sa.bindparam("account", type_=Id())


def context_of(session: Session, account_id: str, user_id: str | None) -> Context:
    """The context of a quote that this user makes for this account."""
    connection = session.connection()
    values = {"account": account_id, "maker": user_id}
    found = _who().first(connection, values)
    role, industry, status, address = found if found is not None else (None, None, None, None)
    return {
        "role": role if role in (Role.REP, Role.MANAGER, Role.ADMINISTRATOR) else Role.REP.value,
        "facts": _facts(industry, status, _json(address) or {}),
        "agreements": [_agreement(row) for row in _agreements().all(connection, values)],
        "subscriptions": [_subscription(row) for row in _subscriptions().all(connection, values)],
    }


def customer_of(session: Session, account_id: str, person_id: str | None) -> dict[str, Any]:
    """The customer as a version of a quote names them: what an acceptance binds."""
    from app.customers.tables import Person

    people = table_of(Person)
    row = session.execute(sa.select(ACCOUNTS.c.name, ACCOUNTS.c.address).where(ACCOUNTS.c.id == account_id)).one()
    address = {name: value for name, value in (row.address or {}).items() if value}
    customer: dict[str, Any] = {"name": row.name, **({"address": address} if address else {})}
    if person_id is not None:
        person = session.execute(sa.select(people.c.name, people.c.title).where(people.c.id == person_id)).first()
        if person is not None:
            customer["contact"] = person.name
    return customer


@cache
def _who() -> Prepared:
    maker = sa.select(USERS.c.role).where(USERS.c.id == sa.bindparam("maker", type_=Id())).scalar_subquery()
    address = sa.cast(ACCOUNTS.c.address, sa.Text)
    return Prepared(
        sa.select(maker.label("role"), ACCOUNTS.c.industry, ACCOUNTS.c.status, address.label("address")).where(
            ACCOUNTS.c.id == _ACCOUNT
        )
    )


@cache
def _agreements() -> Prepared:
    columns = (AGREEMENTS.c.id, AGREEMENTS.c.number, AGREEMENTS.c.name, AGREEMENTS.c.valid_from, AGREEMENTS.c.valid_to)
    query = sa.select(*columns, sa.cast(AGREEMENTS.c.steps, sa.Text).label("steps"))
    return Prepared(query.where(AGREEMENTS.c.account_id == _ACCOUNT).order_by(AGREEMENTS.c.number, AGREEMENTS.c.id))


@cache
def _subscriptions() -> Prepared:
    names = ("id", "quantity", "starts_on", "ends_on", "term_months", "price_minor", "price_currency")
    query = sa.select(*(SUBSCRIPTIONS.c[name] for name in names), PRODUCTS.c.sku)
    query = query.join(PRODUCTS, PRODUCTS.c.id == SUBSCRIPTIONS.c.product_id)
    here = (SUBSCRIPTIONS.c.account_id == _ACCOUNT, SUBSCRIPTIONS.c.status != "cancelled")
    return Prepared(query.where(*here).order_by(SUBSCRIPTIONS.c.id))


def _facts(industry: str | None, status: str | None, address: dict[str, Any]) -> dict[str, str]:
    told = {
        "customer.segment": industry,
        "customer.status": status,
        "customer.country": address.get("country"),
        "customer.region": address.get("region"),
    }
    return {name: value for name, value in told.items() if value}


def _agreement(row: Any) -> dict[str, Any]:
    agreement_id, number, name, valid_from, valid_to, steps = row
    told = {"id": agreement_id, "number": number, "name": name, "valid_from": valid_from.isoformat()}
    ends = {"valid_to": valid_to.isoformat()} if valid_to else {}
    return {**told, **ends, "steps": _json(steps) or []}


def _subscription(row: Any) -> dict[str, Any]:
    subscription_id, quantity, starts_on, ends_on, term_months, minor, currency, sku = row
    told: dict[str, Any] = {
        "id": subscription_id,
        "sku": sku,
        "quantity": quantity,
        "starts_on": starts_on.isoformat(),
    }
    if ends_on:
        told["ends_on"] = ends_on.isoformat()
    if term_months:
        told["term_months"] = term_months
    if minor is not None and currency is not None:
        told["price"] = Money(minor, currency).as_wire()
    return told


def _json(text: Any) -> Any:
    return orjson.loads(text) if isinstance(text, str | bytes) else text
