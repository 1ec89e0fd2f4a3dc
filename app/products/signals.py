"""What subscriptions say on a briefing: renewals, notice, and what has ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.briefing.signal import Context, Evidence, Fact, Item, Signal, Subject, at_midnight, source_name
from app.foundation.db import table_of
from app.products import renewal
from app.products.tables import Product, Subscription

SUBSCRIPTIONS, PRODUCTS = table_of(Subscription), table_of(Product)
ENDED_DAYS = 90


def signals(session: Session, context: Context) -> Iterator[tuple[str, Item]]:
    """Subscriptions of the accounts asked for that are about to renew or end, or that lately ended."""
    query = (
        sa.select(SUBSCRIPTIONS, PRODUCTS.c.name.label("product"))
        .join(PRODUCTS, PRODUCTS.c.id == SUBSCRIPTIONS.c.product_id)
        .where(SUBSCRIPTIONS.c.org_id == context.org_id, SUBSCRIPTIONS.c.account_id.in_(context.account_ids))
    )
    rows = [dict(row) for row in session.execute(query).mappings()]
    running = {(row["account_id"], row["product_id"]) for row in rows if _runs(row, context.today(row["account_id"]))}
    for row in rows:
        today = context.today(row["account_id"])
        replaced = (row["account_id"], row["product_id"]) in running
        signal = _running(row, today) if _runs(row, today) else None if replaced else _ended(row, today)
        if signal is not None:
            yield row["account_id"], signal
    known = {row["account_id"] for row in rows}
    for account_id, account in context.accounts.items():
        if account_id not in known:
            evidence = account.evidence
            yield (
                account_id,
                Signal(
                    "subscription.none_known", account.subject, {}, (evidence,), 0.1, "nothing sold", evidence.as_of
                ),
            )


def _runs(row: Mapping[str, Any], today: date) -> bool:
    """Cancelled subscriptions run until their last day; expired ones do not."""
    return (
        row["status"] != "expired" and row["starts_on"] <= today and (row["ends_on"] is None or row["ends_on"] >= today)
    )


def _running(row: Mapping[str, Any], today: date) -> Signal | None:
    outlook = renewal.outlook(
        row["ends_on"], row["renews_on"], row["notice_days"], row["auto_renew"] and row["status"] == "active", today
    )
    if outlook is None:
        return None
    facts: dict[str, Fact] = {"product": row["product"], "contract": row["contract_number"] or "without a number"}
    if outlook.kind is renewal.Outlook.NOTICE:
        facts |= {"notice": outlook.on, "renews": row["renews_on"]}
    elif outlook.kind is renewal.Outlook.RENEWAL:
        facts |= {"renews": outlook.on, "quantity": row["quantity"]}
    else:
        facts |= {"ends": outlook.on, "quantity": row["quantity"]}
    return _signal(row, outlook.kind.value, facts, renewal.weight(outlook, today), outlook.on)


def _ended(row: Mapping[str, Any], today: date) -> Signal | None:
    ended = row["ends_on"]
    if ended is None or not timedelta() < today - ended <= timedelta(days=ENDED_DAYS):
        return None
    facts: dict[str, Fact] = {
        "product": row["product"], "ended": ended, "contract": row["contract_number"] or "without a number",
    }  # fmt: skip
    return _signal(row, "subscription.ended", facts, 0.6, ended)


def _signal(row: Mapping[str, Any], kind: str, facts: dict[str, Fact], weight: float, on: date) -> Signal:
    label = f"Contract {row['contract_number']}" if row["contract_number"] else "Contract"
    evidence = Evidence("subscription", row["id"], source_name(row["external_ids"]), row["updated_at"], label)
    observed = at_midnight(on) if kind == "subscription.ended" else row["updated_at"]
    subject = Subject("subscription", row["id"], row["product"])
    return Signal(kind, subject, facts, (evidence,), weight, f"{kind} on {on}", observed)
