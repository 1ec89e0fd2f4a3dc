"""For which organisation the running code works: what PostgreSQL's row-level security lets a transaction see and write.

The answer is told to the database at the beginning of each transaction (`app/foundation/db.py`), in a setting that ends
with it. With nothing said, no row is visible and none can be written. SQLite has no such guard: there the conditions of
`identity/territory.py` stand alone, as they stand in front of this one on PostgreSQL.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar, Token
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

SYSTEM = "*"
SETTING = "doorstep.org"
_organisation: ContextVar[str] = ContextVar("organisation", default="")


def current() -> str:
    """The organisation's id, SYSTEM, or an empty text: nobody's."""
    return _organisation.get()


class _As:
    """A block that works for one organisation. Every request has one: written out, it costs a fifth of a generator's."""

    __slots__ = ("_before", "_whose")

    def __init__(self, whose: str) -> None:
        self._whose = whose

    def __enter__(self) -> None:
        self._before: Token[str] = _organisation.set(self._whose)

    def __exit__(self, *_error: object) -> None:
        _organisation.reset(self._before)


def as_organisation(org_id: str) -> AbstractContextManager[None]:
    """Transactions that begin within the block see and write this organisation's rows alone."""
    return _As(str(UUID(org_id)))


def as_system() -> AbstractContextManager[None]:
    """Transactions that begin within the block see and write every organisation's rows.

    For what has to find out whose request this is, for commands and migrations, and for work on the whole installation.
    """
    return _As(SYSTEM)


def as_nobody() -> AbstractContextManager[None]:
    """Transactions that begin within the block see nothing, until the code within says for whom it works."""
    return _As("")


def of(org_id: str | None) -> AbstractContextManager[None]:
    """`as_organisation`, or `as_system` for what belongs to none, such as a periodic job."""
    return _As(SYSTEM if org_id is None else str(UUID(org_id)))


def go_on_as(org_id: str) -> None:
    """What begins from here on, to the end of the enclosing block, works for this organisation.

    For a request that found out whose it is. A transaction that is open already is switched by `switch`.
    """
    _organisation.set(str(UUID(org_id)))


def switching(org_id: Any) -> sa.ColumnElement[str]:
    """A column that has the transaction go on for the organisation of the row that is found (PostgreSQL)."""
    return sa.func.set_config(SETTING, sa.cast(org_id, sa.Text), True).label("switched")


def switch(session: Session, org_id: str) -> None:
    """Have an open transaction, and what begins after it, go on for this organisation."""
    go_on_as(org_id)
    _say(session, current())


@contextmanager
def looking_everywhere(session: Session) -> Iterator[None]:
    """Within an open transaction, see the whole installation for a moment: is this e-mail address anybody's?"""
    before = current()
    if before == SYSTEM:
        yield
        return
    session.flush()
    _say(session, SYSTEM)
    try:
        yield
        session.flush()
    except BaseException:
        # Where the database refused something it takes nothing more, and what it shows ends with the transaction.
        with suppress(SQLAlchemyError), session.no_autoflush:
            _say(session, before)
        raise
    _say(session, before)


def _say(session: Session, whose: str) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.set_config(SETTING, whose, True)))
