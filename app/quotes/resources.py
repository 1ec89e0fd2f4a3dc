"""Agreements as a resource of the API; and quotes, whose doors are their own, as far as they are one."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cpq.price import PriceError, validate_step
from app.cpq.quote import quote_number
from app.cpq.quote_paid import as_amount
from app.foundation.db import table_of
from app.foundation.fields import Uuid
from app.foundation.principal import Principal, Role
from app.foundation.problems import FieldError, Problem, invalid
from app.identity.rules import guard_own_work
from app.identity.tables import User
from app.quotes.agreements import AgreementSchema
from app.quotes.pricing import difference, price_content, sentence
from app.quotes.schemas import QuoteSchema
from app.quotes.tables import Agreement, Quote
from app.resources.references import of_same_account
from app.resources.resource import Resource, Values, equals, register

USERS = table_of(User)
_SAME_ACCOUNT = of_same_account(person_id="person", visit_id="visit")


def _agreement_faults(values: Values) -> list[FieldError]:
    faults = []
    if values["valid_to"] is not None and values["valid_to"] < values["valid_from"]:
        faults.append(FieldError("/valid_to", "Ends before it begins."))
    for place, step in enumerate(values["steps"]):
        try:
            validate_step(as_amount(step), f"/steps/{place}")
        except PriceError as fault:
            faults.append(FieldError(fault.pointer, sentence(fault.detail)))
    return faults


def _guard_agreement(_session: Session, principal: Principal, _before: Values | None, _after: Values | None) -> None:
    """Problem 403 for reps: what they quote by is not theirs to agree on."""
    if principal.role is Role.REP:
        raise Problem(403, "forbidden", "Not allowed", "Managers, administrators and integrations keep agreements.")


def _guard_quote(session: Session, principal: Principal, before: Values | None, after: Values | None) -> None:
    guard_own_work(session, principal, before, after)
    _SAME_ACCOUNT(session, principal, before, after)


def _complete(session: Session, principal: Principal, values: Values) -> None:
    """Number, sign and price a new quote; Problem 422 points at what cannot be priced."""
    values["user_id"] = values["user_id"] or principal.user_id
    name = sa.select(USERS.c.name).where(USERS.c.id == values["user_id"], USERS.c.org_id == principal.org_id)
    values["author"] = session.scalar(name) or "Doorstep"
    values["number"] = _number(values["id"])
    found = price_content(session, values["content"], values["account_id"], values["user_id"])
    values |= found.columns
    values["approvals"] = needed(found.price)
    values["difference"] = difference(values["shown"], found)


def _number(quote_id: str) -> str:
    """The number that follows from an id; Problem 422 for one that was not made in our time."""
    if quote_id[14] != "7" or quote_id[:2] not in ("01", "02"):
        raise invalid([FieldError("/id", "Not a UUIDv7 of this time; make one, or leave it out.")])
    return quote_number(quote_id)


def needed(price: Any) -> list[dict[str, Any]]:
    """The approvals that a price needs, as they are shown before they are asked for."""
    names = ("rule", "role", "reason", "line")
    return [{name: one[name] for name in names if one.get(name)} for one in price.get("approvals", ())]


AGREEMENTS = register(
    Resource(
        name="quotes",
        path="agreements",
        entity="agreement",
        model=Agreement,
        schema=AgreementSchema,
        references={"account_id": "account"},
        filters={"account_id": equals("account_id", Uuid())},
        check=_agreement_faults,
        guard=_guard_agreement,
    )
)
# Not registered: a quote is not read, changed or deleted as other rows are.
QUOTES = Resource(
    name="quotes",
    entity="quote",
    model=Quote,
    schema=QuoteSchema,
    references={"account_id": "account", "person_id": "person", "visit_id": "visit"},
    complete=_complete,
    guard=_guard_quote,
)
