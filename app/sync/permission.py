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
from app.foundation.prepared import Prepared
from app.foundation.principal import Principal, Role
from app.foundation.problems import Problem
from app.foundation.tables import Organisation
from app.identity.tables import TerritoryAssignment, User
from app.identity.territory import sight, visible_to_role
from app.products.tables import Product, Subscription
from app.quotes.tables import Agreement, Catalogue, Quote
from app.sync.tables import Draft
from app.sync.views import NOTHING, Held, View
from app.threads.tables import Message
from app.tickets.tables import Ticket
from app.visits.tables import Note, Visit

# Briefings last: they repeat what the others say, and packing refers back.
ROW_TYPES = (
    "me", "colleague", "account", "person", "subscription", "ticket", "visit", "note", "promise", "goal", "message",
    "attachment", "draft", "catalogue", "agreement", "quote", "briefing",
)  # fmt: skip
MAX_ACCOUNTS = 5_000
# What a rep plans on the phone must not leave it at the next pull; nobody plans further ahead than a year.
VISITS_BACK, VISITS_AHEAD = timedelta(days=30), timedelta(days=366)
BRIEFINGS_BACK, BRIEFINGS_AHEAD = timedelta(days=1), timedelta(days=7)
# A day back, so that it is the whole of today in every time zone.
PLANS_BACK, PLANS_AHEAD = timedelta(days=1), timedelta(days=30)
SOLVED_BACK = timedelta(days=30)
DECIDED_BACK = timedelta(days=30)
NOTES_BACK = timedelta(days=365)
TALK_BACK = timedelta(days=90)
QUOTES_BACK = timedelta(days=365)

ACCOUNTS, PEOPLE, VISITS, TICKETS = table_of(Account), table_of(Person), table_of(Visit), table_of(Ticket)
BRIEFINGS, GOALS, PROMISES = table_of(StoredBriefing), table_of(Goal), table_of(Promise)
SUBSCRIPTIONS, PRODUCTS = table_of(Subscription), table_of(Product)
USERS, ORGANISATIONS = table_of(User), table_of(Organisation)
NOTES, MESSAGES, ATTACHMENTS = table_of(Note), table_of(Message), table_of(Attachment)
CATALOGUES, AGREEMENTS, QUOTES = table_of(Catalogue), table_of(Agreement), table_of(Quote)
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
    values = {**_moment(principal, now), "lease": str(lease_days)}
    view: dict[str, Held] = {}
    for row_type, ids, versions in _question(principal.role).all(session.connection(), values):
        if ids:
            held = view.get(row_type)
            view[row_type] = Held(held.ids + ids, f"{held.versions},{versions}") if held else Held(ids, versions)
        else:
            view.setdefault(row_type, NOTHING)
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
        "plans_from": now - PLANS_BACK,
        "plans_to": now + PLANS_AHEAD,
        "solved_from": now - SOLVED_BACK,
        "decided_from": now - DECIDED_BACK,
        "notes_from": now - NOTES_BACK,
        "talk_from": now - TALK_BACK,
        "quotes_from": now - QUOTES_BACK,
    }


@cache
def _question(role: Role) -> Prepared:
    """The permission query for users of a role; built once, as building it costs more than running a small one.

    Every part looks the rows of each account up in an index that holds all that is asked, so that no row is read. Some
    types come in two parts: a union of them would be written down and read again.
    """
    account = sa.select(ACCOUNTS.c.id, _token(ACCOUNTS.c.row_version))
    mine = account.where(visible_to_role(role, ACCOUNTS, "id")).cte("mine").prefix_with("MATERIALIZED")
    promise_marks = (PROMISES.c.person_id, PROMISES.c.user_id, PROMISES.c.visit_id)
    parts: dict[str, tuple[Selected, ...]] = {
        "me": (_me(),),
        "account": (sa.select(mine.c.id, mine.c.version),),
        "person": (_of(PEOPLE, mine),),
        "visit": (_own_visits(mine), _last_visits(mine), _plans_of_colleagues(mine)),
        "briefing": (_briefings(mine),),
        "subscription": (_subscriptions(mine),),
        "ticket": (_open_tickets(mine), _solved_tickets(mine)),
        "promise": (_of(PROMISES, mine, marks=promise_marks),),
        "goal": (_of(GOALS, mine, marks=(GOALS.c.person_id,)),),
        "note": (_since(NOTES, NOTES.c.written_at, "notes_from", mine),),
        "message": (_since(MESSAGES, MESSAGES.c.written_at, "talk_from", mine),),
        "attachment": (_since(ATTACHMENTS, ATTACHMENTS.c.created_at, "talk_from", mine),),
        "colleague": (_colleagues(role, mine),),
        "draft": (*_drafts_to_decide(role, mine), _own_drafts()),
        "catalogue": (_catalogues(),),
        "agreement": (_of(AGREEMENTS, mine, _any(AGREEMENTS)),),
        "quote": (_quotes(mine),),
    }
    gathered = [_gathered(row_type, part) for row_type in ROW_TYPES for part in parts[row_type]]
    return Prepared(sa.union_all(*gathered))


def _gathered(row_type: str, rows: Selected) -> "sa.Select[Any]":
    """One row for a whole part: the type, all its ids, all its versions in the same order; nulls are left out."""
    found = rows.subquery(f"{row_type}_rows")
    ids = sa.func.aggregate_strings(sa.cast(found.c.id, sa.Text), "")
    versions = sa.func.aggregate_strings(found.c.version, ",")
    columns: list[sa.ColumnElement[Any]] = [sa.literal_column(f"'{row_type}'", sa.Text), ids, versions]
    return sa.select(*columns)


def _token(version: sa.ColumnElement[int], *others: sa.ColumnElement[int], marks: Marks = ()) -> Token:
    """A version, or up to two, with a mark for each column that is null: one number, as text is put together slowly."""
    number: sa.ColumnElement[Any] = version
    for other in others:
        number = sa.cast(number, sa.BigInteger) * 2**31 + other
    for column in marks:
        number = number * 2 + sa.case((column.is_(None), 0), else_=1)
    return sa.cast(number, sa.Text).label("version")


def _tokens(*tokens: sa.ColumnElement[Any]) -> Token:
    """Versions beside each other, for rows that show many others."""
    joined: sa.ColumnElement[str] = sa.cast(tokens[0], sa.Text)
    for token in tokens[1:]:
        joined = joined + "." + sa.cast(token, sa.Text)
    return joined.label("version")


def _of(
    table: sa.Table,
    mine: sa.CTE,
    *conditions: sa.ColumnElement[bool],
    marks: Marks = (),
    shown: sa.ColumnElement[Any] | None = None,
) -> "sa.Select[Any]":
    """All rows of these accounts that meet the conditions; `shown` is the version of something that each row shows."""
    # IN, not a join: for a join SQLite makes a Bloom filter, and reads the rows of all organisations for it.
    here = (table.c.org_id == _ORG, table.c.account_id.in_(sa.select(mine.c.id)))
    versions = (table.c.row_version,) if shown is None else (table.c.row_version, shown)
    return sa.select(table.c.id, _token(*versions, marks=marks)).where(*here, *conditions)


def _me() -> "sa.Select[Any]":
    """The user, with the organisation's name."""
    both = USERS.join(ORGANISATIONS, ORGANISATIONS.c.id == USERS.c.org_id)
    version = _tokens(USERS.c.row_version, ORGANISATIONS.c.row_version, sa.bindparam("lease", type_=sa.Text()))
    return sa.select(USERS.c.id, version).select_from(both).where(USERS.c.id == _USER, USERS.c.org_id == _ORG)


def _subscriptions(mine: sa.CTE) -> "sa.Select[Any]":
    """All subscriptions of these accounts; each shows its product's name."""
    product = sa.select(PRODUCTS.c.row_version).where(PRODUCTS.c.id == SUBSCRIPTIONS.c.product_id)
    return _of(SUBSCRIPTIONS, mine, shown=product.scalar_subquery())


def _since(table: sa.Table, at: sa.Column[Any], moment: str, mine: sa.CTE) -> "sa.Select[Any]":
    """Rows of these accounts that are not older than a moment; each names a visit and a user, perhaps."""
    young = at >= sa.bindparam(moment, type_=Instant())
    return _of(table, mine, young, marks=(table.c.visit_id, table.c.user_id))


def _catalogues() -> "sa.Select[Any]":
    """What the organisation sells from today."""
    found = sa.select(CATALOGUES.c.id, _token(CATALOGUES.c.row_version))
    return found.where(CATALOGUES.c.org_id == _ORG, _is_one_of(CATALOGUES.c.status, "active"))


def _any(table: sa.Table) -> sa.ColumnElement[bool]:
    """Whether the organisation has any of these, asked once: else the accounts are not looked up one by one."""
    some = table.alias(f"any_{table.name}")
    return sa.exists(sa.select(sa.literal_column("1")).select_from(some).where(some.c.org_id == _ORG))


def _quotes(mine: sa.CTE) -> "sa.Select[Any]":
    """Quotes of these accounts on which something happened within a year."""
    young = QUOTES.c.updated_at >= sa.bindparam("quotes_from", type_=Instant())
    return _of(QUOTES, mine, _any(QUOTES), young, marks=(QUOTES.c.person_id, QUOTES.c.visit_id, QUOTES.c.user_id))


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


def _drafts_to_decide(role: Role, mine: sa.CTE) -> tuple["sa.Select[Any]", ...]:
    """Undecided drafts of others: a manager's are those of the team, and those about these accounts."""
    if role not in (Role.ADMINISTRATOR, Role.MANAGER):
        return ()
    found = _shown_drafts().where(DRAFTS.c.status == "open", DRAFTS.c.user_id != _USER)
    if role is Role.ADMINISTRATOR:
        return (found,)
    team = sa.select(USERS.c.id).where(USERS.c.org_id == _ORG, USERS.c.manager_id == _USER)
    return (found.where(sa.or_(DRAFTS.c.account_id.in_(sa.select(mine.c.id)), DRAFTS.c.user_id.in_(team))),)


def _own_drafts() -> "sa.Select[Any]":
    """What became of the user's own drafts: those undecided, and those decided lately."""
    lately = DRAFTS.c.decided_at >= sa.bindparam("decided_from", type_=Instant())
    return _shown_drafts().where(DRAFTS.c.user_id == _USER, sa.or_(DRAFTS.c.status == "open", lately))


def _shown_drafts() -> "sa.Select[Any]":
    """Drafts of the organisation; each shows the names of its account, its author and whoever decided.

    The names' versions are looked up one by one, not joined, for the reason given in `_of`.
    """
    decider = USERS.alias("decider")
    account = sa.select(ACCOUNTS.c.row_version).where(ACCOUNTS.c.id == DRAFTS.c.account_id).scalar_subquery()
    author = sa.select(USERS.c.row_version).where(USERS.c.id == DRAFTS.c.user_id).scalar_subquery()
    decided = sa.select(decider.c.row_version).where(decider.c.id == DRAFTS.c.decided_by).scalar_subquery()
    version = _tokens(DRAFTS.c.row_version, account, author, sa.func.coalesce(decided, 0))
    return sa.select(DRAFTS.c.id, version).where(DRAFTS.c.org_id == _ORG)


def _open_tickets(mine: sa.CTE) -> "sa.Select[Any]":
    """Open tickets, looked up by status: a long history of solved ones is not read through."""
    return _of(TICKETS, mine, _is_one_of(TICKETS.c.status, "new", "open", "pending", "on_hold"))


def _solved_tickets(mine: sa.CTE) -> "sa.Select[Any]":
    """Tickets that were solved lately."""
    lately = sa.bindparam("solved_from", type_=Instant())
    return _of(TICKETS, mine, _is_one_of(TICKETS.c.status, "solved", "closed"), TICKETS.c.solved_at >= lately)


def _is_one_of(column: sa.Column[str], *words: str) -> sa.ColumnElement[bool]:
    """The words stand in the text, as they never change: a list of parameters would be compiled at each question."""
    return column.in_([sa.literal_column(f"'{word}'") for word in words])


def _own_visits(mine: sa.CTE) -> "sa.Select[Any]":
    """The user's own visits around now."""
    own = sa.select(VISITS.c.id, _token(VISITS.c.row_version)).where(_is_own_visit(VISITS), VISITS.c.org_id == _ORG)
    return own.where(VISITS.c.account_id.in_(sa.select(mine.c.id)))


def _is_own_visit(visits: sa.FromClause) -> sa.ColumnElement[bool]:
    start, end = (sa.bindparam(name, type_=Instant()) for name in ("visits_from", "visits_to"))
    return sa.and_(visits.c.user_id == _USER, visits.c.starts_at.between(start, end))


def _plans_of_colleagues(mine: sa.CTE) -> "sa.Select[Any]":
    """What others plan at these accounts in the coming weeks."""
    start, end = (sa.bindparam(name, type_=Instant()) for name in ("plans_from", "plans_to"))
    planned = (VISITS.c.status == sa.literal_column("'planned'"), VISITS.c.starts_at.between(start, end))
    return _of(VISITS, mine, VISITS.c.user_id != _USER, *planned)


def _last_visits(mine: sa.CTE) -> "sa.Select[Any]":
    """The last visit done at each account, whoever made it, unless it is among the user's own."""
    both = sa.cast(VISITS.c.id, sa.Text) + sa.cast(VISITS.c.row_version, sa.Text)
    last = (
        sa.select(sa.case((_is_own_visit(VISITS), None), else_=both))
        .where(VISITS.c.org_id == _ORG, VISITS.c.account_id == mine.c.id, VISITS.c.status == "done")
        .order_by(VISITS.c.starts_at.desc(), VISITS.c.id.desc())
        .limit(1)
        .correlate(mine)
        .scalar_subquery()
    )
    lasts = sa.select(last.label("both")).select_from(mine).cte("lasts").prefix_with("MATERIALIZED")
    row_id, version = sa.func.substr(lasts.c.both, 1, 36), sa.func.substr(lasts.c.both, 37)
    return sa.select(row_id.label("id"), version.label("version"))


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
    return _of(BRIEFINGS, mine, wanted)
