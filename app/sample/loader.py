"""Loads the sample territory through the doors that every integration uses, in one transaction.

Rows are named by external ids of the systems that they are said to come from, so loading again finds them; the instant of
the first loading is kept with them, so that all their dates stay what they were. A row is as old as the latest thing that
it tells of: the age of a briefing's evidence is then that of the call or the visit, not that of the loading.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.briefing.service import compose_and_store
from app.customers.resources import ACCOUNTS, GOALS, PEOPLE, PROMISES
from app.customers.tables import Account
from app.foundation import changes
from app.foundation.db import Database, Instant, table_of, upsert
from app.foundation.fields import instant_text
from app.foundation.principal import bind_principal, principal_of, system_principal
from app.foundation.tables import ExternalId, Organisation
from app.identity.resources import TERRITORIES, USERS
from app.identity.service import hash_password
from app.identity.tables import User
from app.news.resources import FEEDS
from app.products.resources import PRODUCTS, SUBSCRIPTIONS
from app.resources.batch import upsert_many
from app.resources.references import lookup
from app.resources.resource import Resource
from app.sample import files
from app.sample.days import Days
from app.sample.documents import SYSTEMS, Document, Documents, reference
from app.threads.resources import MESSAGES
from app.tickets.resources import TICKETS
from app.tickets.tables import TicketEvent
from app.usage.resources import SERIES
from app.usage.tables import UsageDaily, UsageSeries
from app.visits.resources import NOTES, VISITS

# File and resource, in the order in which rows refer to each other.
KINDS: tuple[tuple[str, Resource], ...] = (
    ("products", PRODUCTS),
    ("accounts", ACCOUNTS),
    ("territories", TERRITORIES),
    ("people", PEOPLE),
    ("subscriptions", SUBSCRIPTIONS),
    ("usage", SERIES),
    ("tickets", TICKETS),
    ("visits", VISITS),
    ("notes", NOTES),
    ("messages", MESSAGES),
    ("goals", GOALS),
    ("promises", PROMISES),
    ("feeds", FEEDS),
)
_MARK = ("sample", "loaded_at")


class SampleError(Exception):
    """The sample territory cannot be loaded into this database, or its files do not fit this version."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """How to sign in as one of the sample's users."""

    name: str
    role: str
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading did: rows created and changed by kind of row. `days` tells which day the territory counts from."""

    org_id: str
    days: Days
    created: dict[str, int]
    changed: dict[str, int]


def sign_ins() -> list[SignIn]:
    """The demo sign-ins, reps first."""
    return [
        SignIn(user["name"], user["role"], user["email"], user["password"]) for user in files.organisation()["users"]
    ]


def sign_in_table() -> list[str]:
    """The demo sign-ins as lines of a table: role, e-mail, password."""
    known = sign_ins()
    width = max(len(one.email) for one in known)
    return [f"  {one.role:<13} {one.email:<{width}}  {one.password}" for one in known]


def is_loaded(database: Database) -> bool:
    """Whether the sample territory is in this database."""
    with database.read() as session:
        return _mark(session) is not None


def is_empty(database: Database) -> bool:
    """Whether nobody uses this database yet: it has no organisation."""
    with database.read() as session:
        return session.scalars(sa.select(Organisation.id).limit(1)).first() is None


def load(database: Database, now: datetime, feeds_url: str) -> Loaded:
    """Put the whole territory into an empty database, or put its rows back as they were when it was loaded before.

    `now` (aware) is the moment that days are counted from, unless there is one from the first loading. `feeds_url` is
    where its news feeds are served. Jobs that its rows call for are enqueued in the same transaction. Raises
    SampleError when the database belongs to somebody else, or when a row is refused.
    """
    with database.write() as session:
        documents = _documents_of(session, _mark(session) or _start(session, now), feeds_url)
        org_id, head = principal_of(session).org_id, files.organisation()
        done = _Tally(session)
        _load_users(session, org_id, done, head["users"])
        for file, resource in KINDS:
            rows = files.rows(file)
            made = [documents.document(resource.entity, row) for row in rows]
            if file == "messages":
                _name_people(session, org_id, made)
            done.apply(resource, made, [documents.told_at(row) for row in rows])
            if file == "usage":
                _write_daily(session, org_id, documents, rows)
            elif file == "tickets":
                _write_events(session, org_id, documents, rows)
        return Loaded(org_id, documents.days, dict(done.created), dict(done.changed))


def compose_briefings(database: Database, org_id: str, now: datetime) -> None:
    """Compose every briefing at once, so that whoever signs in first need not wait for eighty jobs."""
    with database.write() as session:
        bind_principal(session, system_principal(org_id))
        accounts = session.scalars(sa.select(Account.id).where(Account.org_id == org_id)).all()
        compose_and_store(session, org_id, accounts, now)


def move_feeds(database: Database, feeds_url: str) -> int:
    """Let the sample's feeds be read at another address from now on; returns how many had another one."""
    with database.write() as session:
        mark = _mark(session)
        if mark is None:
            return 0
        documents = _documents_of(session, mark, feeds_url)
        done, rows = _Tally(session), files.rows("feeds")
        known = _ids(session, principal_of(session).org_id, "feed", rows)
        done.apply(FEEDS, [documents.document("feed", row) for row in rows if row["key"] in known])
        return done.changed["feed"]


def catch_up(database: Database, now: datetime) -> int:
    """Let the meters tell what they have measured since loading, so that not every customer falls silent in a demo that
    is kept for some days; returns how many series had something to tell."""
    with database.write() as session:
        mark = _mark(session)
        if mark is None or now - datetime.fromisoformat(mark.external_id) < timedelta(days=1):
            return 0
        documents = _documents_of(session, mark, "")
        org_id, rows = principal_of(session).org_id, files.rows("usage")
        known = _ids(session, org_id, "usage_series", rows)
        telling = [row for row in rows if row["key"] in known and row["values"][-1] is not None]
        _write_daily(session, org_id, documents, telling, now)
        series = table_of(UsageSeries)
        touched = sa.select(series.c.account_id).where(series.c.id.in_([known[row["key"]] for row in telling]))
        changes.touch(session, org_id, session.scalars(touched))
        return len(telling)


def _documents_of(session: Session, mark: ExternalId, feeds_url: str) -> Documents:
    """What makes documents of the territory, its days counted from the first loading; from here on the session works for
    its organisation."""
    bind_principal(session, system_principal(mark.row_id))
    zones = {row["key"]: row["time_zone"] for row in files.rows("accounts")}
    days = Days(datetime.fromisoformat(mark.external_id), files.organisation()["organisation"]["time_zone"])
    return Documents(days, zones, feeds_url)


def _mark(session: Session) -> ExternalId | None:
    known = sa.select(ExternalId).where(ExternalId.system == _MARK[0], ExternalId.entity == _MARK[1])
    return session.scalars(known).first()


def _start(session: Session, now: datetime) -> ExternalId:
    """Make the organisation, and the mark that keeps the moment from which its days are counted."""
    if session.scalars(sa.select(Organisation.id).limit(1)).first() is not None:
        raise SampleError("This database is in use; the sample territory is loaded only into an empty one.")
    organisation = Organisation(name=files.organisation()["organisation"]["name"])
    session.add(organisation)
    session.flush()
    system, entity = _MARK
    first = instant_text(now)
    mark = ExternalId(org_id=organisation.id, system=system, entity=entity, external_id=first, row_id=organisation.id)
    session.add(mark)
    session.flush()
    return mark


class _Tally:
    """Upserts documents, and counts what became of them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.created: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()

    def apply(self, resource: Resource, documents: Sequence[Document], told_at: Sequence[datetime] = ()) -> None:
        """Upsert, each new row as of its moment in `told_at`; SampleError names the first row that is refused."""
        results = upsert_many(self._session, resource, documents)
        for result, document in zip(results, documents, strict=True):
            if result.status == "rejected":
                faults = "; ".join(f"{fault.pointer} {fault.detail}" for fault in result.errors)
                raise SampleError(f"{resource.entity} {document['external_ids']}: {faults}")
        self.created[resource.entity] += sum(result.status == "created" for result in results)
        self.changed[resource.entity] += sum(result.status == "changed" for result in results)
        moments = [
            {"row": result.id, "at": at}
            for result, at in zip(results, told_at, strict=False)
            if result.status == "created"
        ]
        if moments:
            at, table = sa.bindparam("at", type_=Instant), resource.table
            self._session.execute(
                sa.update(table).where(table.c.id == sa.bindparam("row")).values(created_at=at, updated_at=at), moments
            )


def _load_users(session: Session, org_id: str, done: _Tally, users: Iterable[dict[str, Any]]) -> None:
    """Users, managers first; a password is set once, so that one changed later stays changed."""
    ordered = sorted(users, key=lambda user: "manager" in user)
    documents = []
    for user in ordered:
        document = {name: user[name] for name in ("name", "email", "role", "time_zone")}
        document |= {"manager_id": reference("user", user["manager"])} if "manager" in user else {}
        documents.append(document | {"external_ids": {SYSTEMS["user"]: user["key"]}})
    done.apply(USERS, [document for document in documents if "manager_id" not in document])
    done.apply(USERS, [document for document in documents if "manager_id" in document])
    without = sa.select(User).where(User.org_id == org_id, User.password_hash.is_(None))
    passwords = {user["email"]: user["password"] for user in ordered}
    for stored in session.scalars(without):
        if stored.email in passwords:
            stored.password_hash = hash_password(passwords[stored.email])
    session.flush()


def _ids(session: Session, org_id: str, entity: str, rows: Sequence[Document]) -> dict[str, str]:
    """Our ids by key."""
    found = lookup(session, org_id, entity, [(SYSTEMS[entity], row["key"]) for row in rows])
    return {key: row_id for (_system, key), row_id in found.items()}


def _name_people(session: Session, org_id: str, messages: Iterable[Document]) -> None:
    """Who is mentioned, by our ids: messages take no others."""
    for message in messages:
        keys = message.get("mentions", [])
        known = lookup(session, org_id, "user", [(SYSTEMS["user"], key) for key in keys])
        message["mentions"] = [known[SYSTEMS["user"], key] for key in keys]


def _write_daily(
    session: Session, org_id: str, documents: Documents, rows: Sequence[Document], until: datetime | None = None
) -> None:
    table, series = table_of(UsageDaily), table_of(UsageSeries)
    ids = _ids(session, org_id, "usage_series", rows)
    values: list[Document] = []
    for row in rows:
        told = documents.daily(row, until)
        values += [
            {"series_id": ids[row["key"]], "org_id": org_id, "day": day, "value": value, "observed_at": read_at}
            for day, value, read_at in told
        ]
        newest = sa.literal(told[-1][2], Instant)
        later = sa.case((series.c.last_received_at > newest, series.c.last_received_at), else_=newest)
        # The age of the row is named, or the column's own rule would make it as young as this statement.
        received = {"last_received_at": later, "updated_at": series.c.updated_at}
        session.execute(sa.update(series).where(series.c.id == ids[row["key"]]).values(received))
    insert = upsert(session, table)
    changes = {"value": insert.excluded.value, "observed_at": insert.excluded.observed_at}
    session.execute(insert.on_conflict_do_update(index_elements=["series_id", "day"], set_=changes), values)


def _write_events(session: Session, org_id: str, documents: Documents, rows: Sequence[Document]) -> None:
    ids = _ids(session, org_id, "ticket", rows)
    values = [
        {"ticket_id": ids[row["key"]], "org_id": org_id, **event} for row in rows for event in documents.events(row)
    ]
    insert = upsert(session, table_of(TicketEvent))
    session.execute(insert.on_conflict_do_nothing(index_elements=["ticket_id", "external_id"]), values)
