"""Word for phones that something they hold changed, given once the transaction that changed it has committed.

What is told within a transaction is gathered and leaves with its commit: on PostgreSQL by NOTIFY, on SQLite as a row that
every process finds, whichever process wrote it. It names rows that changed, never what is in them; who is concerned is
decided where phones listen.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.foundation.db import Base, table_of

CHANNEL = "doorstep_pokes"
# PostgreSQL refuses a payload of 8,000 bytes or more; an id in it takes 39.
IDS_A_MESSAGE = 200
# Listeners look several times a second; one that is further behind pokes everybody.
KEPT = 2_000
CLEAN_UP_ONE_IN = 64
_TOLD, _WRITTEN = "pokes told", "pokes written"


class Poke(Base):
    """What a committed transaction told, on SQLite; `told` is a message as `Told.messages` makes them."""

    __tablename__ = "poke"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=True)
    told: Mapped[bytes]


POKES = table_of(Poke)


@dataclass
class Told:
    """What changed in one organisation.

    `accounts`: something under them. `users`: what only these users (and their managers) hold. `people`: how these users
    are shown to others. `products`: how they are shown. `everybody`: anything.
    """

    accounts: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    products: set[str] = field(default_factory=set)
    everybody: bool = False

    def add(self, other: Told) -> None:
        """Add what another told."""
        for name in _SETS:
            getattr(self, name).update(getattr(other, name))
        self.everybody = self.everybody or other.everybody

    def messages(self, org_id: str) -> Iterator[bytes]:
        """As JSON, in as many messages as it takes."""
        if self.everybody:
            yield orjson.dumps({"org": org_id, "everybody": True})
        for name in _SETS:
            ids = sorted(getattr(self, name))
            for start in range(0, len(ids), IDS_A_MESSAGE):
                yield orjson.dumps({"org": org_id, name: ids[start : start + IDS_A_MESSAGE]})


_SETS = ("accounts", "users", "people", "products")
_committed: list[Callable[[], None]] = []


def tell(
    session: Session,
    org_id: str,
    *,
    accounts: Iterable[str | None] = (),
    users: Iterable[str | None] = (),
    people: Iterable[str | None] = (),
    products: Iterable[str | None] = (),
    everybody: bool = False,
) -> None:
    """Have the phones poked that hold what changed, once this transaction has committed; see `Told`."""
    given = [{one for one in some if one} for some in (accounts, users, people, products)]
    told = Told(given[0], given[1], given[2], given[3], everybody)
    _told(session).setdefault(org_id, Told()).add(told)


def touched(session: Session, org_id: str, account_ids: Iterable[str]) -> None:
    """`tell` for what changed under accounts, as `changes.subscribe` takes it."""
    tell(session, org_id, accounts=account_ids)


def read_message(message: bytes | str) -> tuple[str, Told]:
    """The organisation's id, and what a message told."""
    members = orjson.loads(message)
    sets = {name: set(members.get(name, ())) for name in _SETS}
    return members["org"], Told(**sets, everybody=members.get("everybody", False))


def on_commit(callback: Callable[[], None]) -> None:
    """Have `callback()` called when this process committed something that was told; it must be quick."""
    _committed.append(callback)


def not_on_commit(callback: Callable[[], None]) -> None:
    """End what `on_commit` began."""
    _committed.remove(callback)


def _told(session: Session) -> dict[str, Told]:
    found: dict[str, Told] = session.info.setdefault(_TOLD, {})
    return found


def _write(session: Session) -> None:
    """Let what was told leave with the transaction that is about to commit (not with a savepoint of it)."""
    if _TOLD not in session.info or session.in_nested_transaction():
        return
    told = session.info.pop(_TOLD)
    messages = [message for org_id, one in sorted(told.items()) for message in one.messages(org_id)]
    if not messages:
        return
    if session.get_bind().dialect.name == "sqlite":
        session.execute(sa.insert(POKES), [{"told": message} for message in messages])
        if random.randrange(CLEAN_UP_ONE_IN) == 0:  # noqa: S311
            newest = sa.select(sa.func.max(POKES.c.id)).scalar_subquery()
            session.execute(sa.delete(POKES).where(POKES.c.id <= newest - KEPT))
        session.info[_WRITTEN] = True
        return
    notify = sa.select(sa.func.pg_notify(CHANNEL, sa.bindparam("message", type_=sa.Text())))
    for message in messages:
        session.execute(notify, {"message": message.decode()})


def _wake(session: Session) -> None:
    if session.info.pop(_WRITTEN, False):
        for callback in tuple(_committed):
            callback()


event.listen(Session, "before_commit", _write)
event.listen(Session, "after_commit", _wake)
