"""The permission query: which rows, of which version, a user's phone should hold at a moment.

It is one statement for all row types, so that it sees one moment, and it is the only place that decides what a phone may
hold: what falls out of it is deleted from the phone at the next pull.

A version is a token that changes whenever the row as sent changes: the version of the row, joined by those of rows whose
content it shows, and by a mark for each reference that the database itself clears when the other row is deleted.
"""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.attachments.tables import Attachment
from app.briefing.tables import StoredBriefing
from app.customers.tables import Account, Goal, Person, Promise
from app.foundation.db import Id, Instant, table_of
from app.foundation.principal import Principal, Role
from app.foundation.problems import Problem
from app.foundation.tables import Organisation
from app.identity.tables import TerritoryAssignment, User
from app.identity.territory import sight, visible_to_role
from app.products.tables import Product, Subscription
from app.sync.tables import Draft
from app.sync.views import Held, View
from app.threads.tables import Message
from app.tickets.tables import Ticket
from app.visits.tables import Note, Visit

# Briefings last: they repeat what the others say, and packing refers back.
ROW_TYPES = (
    "me", "colleague", "account", "person", "subscription", "ticket", "visit", "note", "promise", "goal", "message",
    "attachment", "draft", "briefing",
)  # fmt: skip
MAX_ACCOUNTS = 5_000
VISITS_BACK, VISITS_AHEAD = timedelta(days=30), timedelta(days=30)
BRIEFINGS_BACK, BRIEFINGS_AHEAD = timedelta(days=1), timedelta(days=7)
SOLVED_BACK = timedelta(days=30)
NOTES_BACK = timedelta(days=365)
TALK_BACK = timedelta(days=90)
OPEN_TICKETS = ("new", "open", "pending", "on_hold")

ACCOUNTS, PEOPLE, VISITS, TICKETS = table_of(Account), table_of(Person), table_of(Visit), table_of(Ticket)
BRIEFINGS, GOALS, PROMISES = table_of(StoredBriefing), table_of(Goal), table_of(Promise)
SUBSCRIPTIONS, PRODUCTS = table_of(Subscription), table_of(Product)
USERS, ORGANISATIONS = table_of(User), table_of(Organisation)
NOTES, MESSAGES, ATTACHMENTS = table_of(Note), table_of(Message), table_of(Attachment)
DRAFTS, TERRITORY = table_of(Draft), table_of(TerritoryAssignment)

Selected = sa.Select[Any] | sa.CompoundSelect[Any]
Token = sa.ColumnElement[str]
Marks = tuple[sa.ColumnElement[Any], ...]
_ORG, _USER = sa.bindparam("org", type_=Id()), sa.bindparam("user", type_=Id())


def permitted(session: Session, principal: Principal, now: datetime, lease_days: int = 14) -> View:
    """Ids and versions of all rows that this user's phone should hold at `now`, by row type.

    `lease_days` is told with the row of the user, so it is part of that one's version.
    Problem 409 when they look after more accounts than a phone can carry.
    """
    if principal.sees_whole_organisation:
        count = sa.select(sa.func.count()).select_from(ACCOUNTS).where(ACCOUNTS.c.org_id == principal.org_id)
        _refuse_too_many(session.scalar(count) or 0)
    rows = session.execute(_statement(principal.role), {**_moment(principal, now), "lease": str(lease_days)})
    view = {row_type: Held(ids or "", versions or "") for row_type, ids, versions in rows}
    _refuse_too_many(len(view["account"]))
    return view


def _refuse_too_many(accounts: int) -> None:
    if accounts > MAX_ACCOUNTS:
        raise Problem(
            409,
            "territory-too-large",
            "Too many accounts for a phone",
            f"You see {accounts} accounts and a phone carries at most {MAX_ACCOUNTS}. "
            "Sign in as a user whose territory is smaller.",
        )


def _moment(principal: Principal, now: datetime) -> dict[str, Any]:
    return {
        "org": principal.org_id,
        "user": principal.user_id,
        **sight(principal),
        "visits_from": now - VISITS_BACK,
        "visits_to": now + VISITS_AHEAD,
        "briefings_from": now - BRIEFINGS_BACK,
        "briefings_to": now + BRIEFINGS_AHEAD,
        "solved_from": now - SOLVED_BACK,
        "notes_from": now - NOTES_BACK,
        "talk_from": now - TALK_BACK,
    }


@cache
def _statement(role: Role) -> "sa.CompoundSelect[Any]":
    """The permission query for users of a role; built once, as building it costs more than running a small one."""
    account = sa.select(ACCOUNTS.c.id, _token(ACCOUNTS.c.row_version))
    mine = account.where(visible_to_role(role, ACCOUNTS, "id")).cte("mine")
    versions: dict[str, Selected] = {
        "me": _me(),
        "account": sa.select(mine.c.id, mine.c.version),
        "person": _of(PEOPLE, mine),
        "visit": _visits(mine),
        "briefing": _briefings(mine),
        "subscription": _subscriptions(mine),
        "ticket": _tickets(mine),
        "promise": _of(PROMISES, mine, marks=(PROMISES.c.person_id, PROMISES.c.user_id, PROMISES.c.visit_id)),
        "goal": _of(GOALS, mine, marks=(GOALS.c.person_id,)),
        "note": _since(NOTES, NOTES.c.written_at, "notes_from", mine),
        "message": _since(MESSAGES, MESSAGES.c.written_at, "talk_from", mine),
        "attachment": _since(ATTACHMENTS, ATTACHMENTS.c.created_at, "talk_from", mine),
        "colleague": _colleagues(role, mine),
        "draft": _drafts(role, mine),
    }
    return sa.union_all(*(_gathered(row_type, versions[row_type]) for row_type in ROW_TYPES))


def _gathered(row_type: str, rows: Selected) -> "sa.Select[Any]":
    """One row for a whole type: the type, all its ids, all its versions in the same order."""
    found = rows.subquery(f"{row_type}_rows")
    ids = sa.func.aggregate_strings(sa.cast(found.c.id, sa.Text), "")
    versions = sa.func.aggregate_strings(found.c.version, ",")
    columns: list[sa.ColumnElement[Any]] = [sa.literal(row_type), ids, versions]
    return sa.select(*columns)


def _token(*versions: sa.ColumnElement[Any], marks: Marks = ()) -> Token:
    token: Token = sa.cast(versions[0], sa.Text)
    for version in versions[1:]:
        token = token + "." + sa.cast(version, sa.Text)
    for number, column in enumerate(marks):
        token = token + sa.case((column.is_(None), ""), else_="abc"[number])
    return token.label("version")


def _of(table: sa.Table, mine: sa.CTE, *versions: sa.ColumnElement[Any], marks: Marks = ()) -> "sa.Select[Any]":
    """All rows of these accounts."""
    # IN, not a join: for a join SQLite makes a Bloom filter, and reads the rows of all organisations for it.
    version = _token(table.c.row_version, *versions, marks=marks)
    return sa.select(table.c.id, version).where(table.c.org_id == _ORG, table.c.account_id.in_(sa.select(mine.c.id)))


def _me() -> "sa.Select[Any]":
    """The user, with the organisation's name."""
    both = USERS.join(ORGANISATIONS, ORGANISATIONS.c.id == USERS.c.org_id)
    version = _token(USERS.c.row_version, ORGANISATIONS.c.row_version, sa.bindparam("lease", type_=sa.Text()))
    return sa.select(USERS.c.id, version).select_from(both).where(USERS.c.id == _USER, USERS.c.org_id == _ORG)


def _subscriptions(mine: sa.CTE) -> "sa.Select[Any]":
    """All subscriptions of these accounts; each shows its product's name."""
    of = _of(SUBSCRIPTIONS, mine, PRODUCTS.c.row_version)
    return of.select_from(SUBSCRIPTIONS.join(PRODUCTS, PRODUCTS.c.id == SUBSCRIPTIONS.c.product_id))


def _since(table: sa.Table, at: sa.Column[Any], moment: str, mine: sa.CTE) -> "sa.Select[Any]":
    """Rows of these accounts that are not older than a moment; each names a visit and a user, perhaps."""
    of = _of(table, mine, marks=(table.c.visit_id, table.c.user_id))
    return of.where(at >= sa.bindparam(moment, type_=Instant()))


def _colleagues(role: Role, mine: sa.CTE) -> "sa.Select[Any]":
    """Active people who look after one of these accounts today, the user's manager, and the team."""
    found = sa.select(USERS.c.id, _token(USERS.c.row_version)).where(
        USERS.c.org_id == _ORG, USERS.c.active, USERS.c.id != _USER, USERS.c.role != Role.INTEGRATION.value
    )
    if role in (Role.ADMINISTRATOR, Role.INTEGRATION):
        return found
    today: sa.BindParameter[Any] = sa.bindparam("seen_today")
    sharing = sa.select(TERRITORY.c.user_id).where(
        TERRITORY.c.org_id == _ORG,
        TERRITORY.c.account_id.in_(sa.select(mine.c.id)),
        TERRITORY.c.starts_on <= today,
        sa.or_(TERRITORY.c.ends_on.is_(None), TERRITORY.c.ends_on >= today),
    )
    me = USERS.alias("me_too")
    manager = sa.select(me.c.manager_id).where(me.c.id == _USER).scalar_subquery()
    return found.where(sa.or_(USERS.c.id.in_(sharing), USERS.c.manager_id.in_((_USER, manager)), USERS.c.id == manager))


def _drafts(role: Role, mine: sa.CTE) -> "sa.Select[Any]":
    """Undecided drafts of the team about these accounts; an administrator's are the whole organisation's."""
    both = DRAFTS.join(ACCOUNTS, ACCOUNTS.c.id == DRAFTS.c.account_id).join(USERS, USERS.c.id == DRAFTS.c.user_id)
    version = _token(DRAFTS.c.row_version, ACCOUNTS.c.row_version, USERS.c.row_version)
    found = sa.select(DRAFTS.c.id, version).select_from(both).where(DRAFTS.c.org_id == _ORG, DRAFTS.c.status == "open")
    if role is Role.ADMINISTRATOR:
        return found
    if role is not Role.MANAGER:
        return found.where(sa.false())
    return found.where(USERS.c.manager_id == _USER, DRAFTS.c.account_id.in_(sa.select(mine.c.id)))


def _tickets(mine: sa.CTE) -> "sa.CompoundSelect[Any]":
    """Open tickets, and those solved lately. Two parts, so that a long history of solved ones is not read through."""
    of = _of(TICKETS, mine)
    lately = sa.bindparam("solved_from", type_=Instant())
    done = (TICKETS.c.status.in_(("solved", "closed")), TICKETS.c.solved_at >= lately)
    return sa.union_all(of.where(TICKETS.c.status.in_(OPEN_TICKETS)), of.where(*done))


def _visits(mine: sa.CTE) -> "sa.CompoundSelect[Any]":
    """The user's own visits around now, and the last one done at each account, whoever made it."""
    own = _of(VISITS, mine).where(
        VISITS.c.user_id == _USER,
        VISITS.c.starts_at.between(
            sa.bindparam("visits_from", type_=Instant()), sa.bindparam("visits_to", type_=Instant())
        ),
    )
    done = VISITS.alias("done")
    last = (
        sa.select(done.c.id)
        .where(done.c.org_id == _ORG, done.c.account_id == mine.c.id, done.c.status == "done")
        .order_by(done.c.starts_at.desc(), done.c.id.desc())
        .limit(1)
        .correlate(mine)
        .scalar_subquery()
    )
    lasts = sa.select(last.label("id")).select_from(mine).subquery("lasts")
    last_ones = VISITS.join(lasts, lasts.c.id == VISITS.c.id)
    return sa.union(own, sa.select(VISITS.c.id, _token(VISITS.c.row_version)).select_from(last_ones))


def _briefings(mine: sa.CTE) -> "sa.Select[Any]":
    """One briefing an account, and one for each of the user's visits planned for the coming week."""
    soon = sa.select(VISITS.c.id).where(
        VISITS.c.user_id == _USER,
        VISITS.c.status == "planned",
        VISITS.c.starts_at.between(
            sa.bindparam("briefings_from", type_=Instant()), sa.bindparam("briefings_to", type_=Instant())
        ),
    )
    # CASE, because SQLite would look up `visit_id IS NULL` in the index of visits: all briefings of all organisations.
    wanted = sa.case((BRIEFINGS.c.visit_id.is_(None), sa.true()), else_=BRIEFINGS.c.visit_id.in_(soon))
    return _of(BRIEFINGS, mine).where(wanted)
