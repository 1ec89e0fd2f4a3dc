"""Loads the sample territory through the doors that every integration uses, in one transaction.

Rows are named by external ids of the system `sample`, so loading again finds them; the instant of the first loading is
kept with them, so that all their dates stay what they were.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.db import Database, table_of, upsert
from app.foundation.fields import instant_text
from app.foundation.principal import bind_principal, system_principal
from app.foundation.tables import ExternalId, Organisation
from app.identity.service import hash_password
from app.identity.tables import User
from app.resources.batch import upsert_many
from app.resources.references import lookup
from app.resources.resource import resource_of
from app.sample import files
from app.sample.days import Days
from app.sample.documents import SYSTEM, Document, Documents, reference
from app.tickets.tables import TicketEvent
from app.usage.tables import UsageDaily, UsageSeries

# File and entity, in the order in which rows refer to each other.
KINDS = (
    ("products", "product"),
    ("accounts", "account"),
    ("territories", "territory"),
    ("people", "person"),
    ("subscriptions", "subscription"),
    ("usage", "usage_series"),
    ("tickets", "ticket"),
    ("visits", "visit"),
    ("goals", "goal"),
    ("promises", "promise"),
    ("feeds", "feed"),
)
_MARK = "loaded_at"


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
        mark = _mark(session)
        if mark is None:
            org_id, loaded_at = _start(session, now), now.astimezone(UTC)
        else:
            org_id, loaded_at = mark.row_id, datetime.fromisoformat(mark.external_id)
        bind_principal(session, system_principal(org_id))
        head = files.organisation()
        days = Days(loaded_at, head["organisation"]["time_zone"])
        zones = {row["key"]: row["time_zone"] for row in files.rows("accounts")}
        documents = Documents(days, zones, feeds_url)
        done = _Tally(session)
        _load_users(session, org_id, done, head["users"])
        for file, entity in KINDS:
            rows = files.rows(file)
            done.apply(entity, [documents.document(row) for row in rows])
            if file == "usage":
                _write_daily(session, org_id, documents, rows)
            elif file == "tickets":
                _write_events(session, org_id, documents, rows)
        return Loaded(org_id, days, done.created, done.changed)


def _mark(session: Session) -> ExternalId | None:
    known = sa.select(ExternalId).where(ExternalId.entity == _MARK, ExternalId.system == SYSTEM)
    return session.scalars(known).first()


def _start(session: Session, now: datetime) -> str:
    """The organisation, with the moment from which its days are counted."""
    if session.scalars(sa.select(Organisation.id).limit(1)).first() is not None:
        raise SampleError("This database is in use; the sample territory is loaded only into an empty one.")
    organisation = Organisation(name=files.organisation()["organisation"]["name"])
    session.add(organisation)
    session.flush()
    mark = ExternalId(
        org_id=organisation.id,
        entity=_MARK,
        system=SYSTEM,
        external_id=instant_text(now),
        row_id=organisation.id,
    )
    session.add(mark)
    session.flush()
    return organisation.id


class _Tally:
    """Upserts documents, and counts what became of them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.created: dict[str, int] = {}
        self.changed: dict[str, int] = {}

    def apply(self, entity: str, documents: Sequence[Document]) -> None:
        """Upsert; SampleError names the first row that is refused."""
        results = upsert_many(self._session, resource_of(entity), documents)
        for result, document in zip(results, documents, strict=True):
            if result.status == "rejected":
                faults = "; ".join(f"{fault.pointer} {fault.detail}" for fault in result.errors)
                raise SampleError(f"{entity} {document['external_ids'][SYSTEM]}: {faults}")
        self.created[entity] = sum(result.status == "created" for result in results)
        self.changed[entity] = sum(result.status == "changed" for result in results)


def _load_users(session: Session, org_id: str, done: _Tally, users: Iterable[dict[str, Any]]) -> None:
    """Users, managers first; a password is set once, so that one changed later stays changed."""
    ordered = sorted(users, key=lambda user: "manager" in user)
    documents = []
    for user in ordered:
        document = {name: user[name] for name in ("name", "email", "role", "time_zone")}
        document |= {"manager_id": reference(user["manager"])} if "manager" in user else {}
        documents.append(document | {"external_ids": {SYSTEM: user["key"]}})
    for report in (False, True):
        done.apply("user", [document for document in documents if ("manager_id" in document) is report])
    done.created["user"] = len(documents) if done.created["user"] else 0
    without = sa.select(User).where(User.org_id == org_id, User.password_hash.is_(None))
    passwords = {user["email"]: user["password"] for user in ordered}
    for stored in session.scalars(without):
        if stored.email in passwords:
            stored.password_hash = hash_password(passwords[stored.email])
    session.flush()


def _ids(session: Session, org_id: str, entity: str, rows: Sequence[Document]) -> dict[str, str]:
    """Our ids by key."""
    found = lookup(session, org_id, entity, [(SYSTEM, row["key"]) for row in rows])
    return {key: row_id for (_system, key), row_id in found.items()}


def _write_daily(session: Session, org_id: str, documents: Documents, rows: Sequence[Document]) -> None:
    table, series = table_of(UsageDaily), table_of(UsageSeries)
    ids = _ids(session, org_id, "usage_series", rows)
    values: list[Document] = []
    for row in rows:
        told = documents.daily(row)
        values += [
            {"series_id": ids[row["key"]], "org_id": org_id, "day": day, "value": value, "observed_at": read_at}
            for day, value, read_at in told
        ]
        last = {"last_received_at": told[-1][2]}
        session.execute(sa.update(series).where(series.c.id == ids[row["key"]]).values(last))
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
