"""Accounts, people, goals, promises and opportunities as resources of the API."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.customers import schemas
from app.customers.tables import Account, Goal, Opportunity, Person, Promise
from app.foundation import clock
from app.foundation.db import table_of
from app.foundation.fields import Text, Uuid, choice
from app.foundation.ids import new_id
from app.foundation.principal import Principal
from app.foundation.problems import FieldError
from app.identity.shown import guard_account
from app.identity.tables import TerritoryAssignment
from app.resources.references import of_same_account
from app.resources.resource import Filter, Resource, Values, equals, register

OF_ACCOUNT = {"account_id": equals("account_id", Uuid())}


def _named_like(table: sa.Table, text: str) -> sa.ColumnElement[bool]:
    return table.c.name.icontains(text, autoescape=True)


def _assign_to_creator(session: Session, principal: Principal, values: Values) -> None:
    """Who adds an account without seeing the whole organisation looks after it; else it would be gone from sight."""
    if principal.sees_whole_organisation:
        return
    row = {
        "id": new_id(),
        "org_id": principal.org_id,
        "user_id": principal.user_id,
        "account_id": values["id"],
        "starts_on": clock.today(),
    }
    session.execute(sa.insert(table_of(TerritoryAssignment)), row)


def _account_faults(values: Values) -> list[FieldError]:
    if values["parent_id"] is not None and values["parent_id"] == values["id"]:
        return [FieldError("/parent_id", "An account cannot be its own parent.")]
    return []


def _person_faults(values: Values) -> list[FieldError]:
    if values["started_on"] and values["left_on"] and values["left_on"] < values["started_on"]:
        return [FieldError("/left_on", "Left before they started.")]
    return []


def _promise_faults(values: Values) -> list[FieldError]:
    if values["kept_on"] is not None and values["status"] != "kept":
        return [FieldError("/kept_on", "Only a kept promise has a day on which it was kept.")]
    return []


def _promised_by_me(principal: Principal, values: Values) -> None:
    if principal.via == "session":
        values.setdefault("user_id", principal.user_id)


ACCOUNTS = register(
    Resource(
        name="accounts",
        entity="account",
        model=Account,
        schema=schemas.AccountSchema,
        account_column="id",
        references={"parent_id": "account"},
        filters={
            "q": Filter(Text(100, metadata={"description": "Part of the name."}), _named_like),
            "status": equals("status", choice(*schemas.STATUSES)),
            "industry": equals("industry", Text(100)),
        },
        check=_account_faults,
        created=_assign_to_creator,
        guard=guard_account,
    )
)
PEOPLE = register(
    Resource(
        name="people",
        entity="person",
        model=Person,
        schema=schemas.PersonSchema,
        references={"account_id": "account"},
        filters=OF_ACCOUNT,
        check=_person_faults,
    )
)
GOALS = register(
    Resource(
        name="goals",
        entity="goal",
        model=Goal,
        schema=schemas.GoalSchema,
        references={"account_id": "account", "person_id": "person"},
        filters={**OF_ACCOUNT, "status": equals("status", choice("open", "reached", "dropped"))},
        guard=of_same_account(person_id="person"),
    )
)
PROMISES = register(
    Resource(
        name="promises",
        entity="promise",
        model=Promise,
        schema=schemas.PromiseSchema,
        references={"account_id": "account", "person_id": "person", "user_id": "user", "visit_id": "visit"},
        filters={**OF_ACCOUNT, "status": equals("status", choice("open", "kept", "broken"))},
        check=_promise_faults,
        prepare=_promised_by_me,
        guard=of_same_account(person_id="person", visit_id="visit"),
    )
)
OPPORTUNITIES = register(
    Resource(
        name="opportunities",
        entity="opportunity",
        model=Opportunity,
        schema=schemas.OpportunitySchema,
        references={"account_id": "account", "product_id": "product"},
        filters={**OF_ACCOUNT, "stage": equals("stage", choice("prospecting", "engaging", "won", "lost"))},
    )
)
