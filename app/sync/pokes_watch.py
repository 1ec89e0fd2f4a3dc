"""What was committed since one last looked, by any process: LISTEN on PostgreSQL, a look at the file's version on SQLite."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Protocol

from app.foundation import pokes
from app.foundation.db import Database
from app.foundation.pokes import CHANNEL, Told, read_message

LOOK_SECONDS = 0.25
RECOVER_SECONDS = 2.0
# A burst of commits is one round: a listener that answers each at once asks as many times who is concerned.
GATHER_SECONDS = 0.05


class Watcher(Protocol):
    """Says what was committed. `start` opens it from this moment on; the others are called by one thread."""

    def start(self) -> None:
        """Begin; raises when the database does not answer."""

    def wait(self) -> dict[str, Told] | None:
        """What was told by organisation, after at most a second; None when something was missed."""

    def recover(self) -> None:
        """Begin anew after a failure; the next `wait` says that something was missed."""

    def stop(self) -> None:
        """Have `wait` return; called by another thread."""

    def close(self) -> None:
        """Give the connection back."""


def watcher_of(database: Database) -> Watcher:
    """The watcher for this kind of database."""
    return SqliteWatcher(database) if database.is_sqlite else PostgresWatcher(database)


def _merged(messages: Iterable[bytes | str]) -> dict[str, Told]:
    found: dict[str, Told] = {}
    for message in messages:
        org_id, told = read_message(message)
        found.setdefault(org_id, Told()).add(told)
    return found


class SqliteWatcher:
    """Looks at `PRAGMA data_version`, which costs microseconds, and reads the rows of pokes when it changed.

    Commits of this process ring a bell, so that they need no look.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bell = threading.Event()
        self._connection: Any = None
        self._version = self._seen = -1
        self._missed = False

    def start(self) -> None:
        self._connection = self._database.engine.raw_connection()
        self._version = self._ask("PRAGMA data_version")[0][0]
        self._seen = self._ask("SELECT coalesce(max(id), 0) FROM poke")[0][0]
        pokes.on_commit(self._bell.set)

    def wait(self) -> dict[str, Told] | None:
        if self._missed:
            self._missed = False
            return None
        if self._bell.wait(LOOK_SECONDS):
            time.sleep(GATHER_SECONDS)
            self._bell.clear()
        version = self._ask("PRAGMA data_version")[0][0]
        if version == self._version:
            return {}
        self._version = version
        rows = self._ask("SELECT id, told FROM poke WHERE id > ? ORDER BY id", self._seen)
        if not rows:
            return {}
        before, self._seen = self._seen, rows[-1][0]
        return _merged(row[1] for row in rows) if rows[0][0] == before + 1 else None

    def recover(self) -> None:
        self.close()
        time.sleep(RECOVER_SECONDS)
        self._missed = True
        with suppress(Exception):
            self.start()

    def stop(self) -> None:
        self._bell.set()

    def close(self) -> None:
        with suppress(ValueError):
            pokes.not_on_commit(self._bell.set)
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()

    def _ask(self, query: str, *values: Any) -> list[Any]:
        if self._connection is None:
            raise ConnectionError("the database of pokes is not open")
        found: list[Any] = self._connection.driver_connection.execute(query, values).fetchall()
        return found


class PostgresWatcher:
    """Listens on a connection of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None
        self._missed = False

    def start(self) -> None:
        dialect = self._database.engine.dialect
        given, named = dialect.create_connect_args(self._database.url)
        connection: Any = dialect.connect(*given, **named)
        connection.autocommit = True
        connection.execute(f"LISTEN {CHANNEL}")
        self._connection = connection

    def wait(self) -> dict[str, Told] | None:
        if self._missed:
            self._missed = False
            return None
        if self._connection is None:
            raise ConnectionError("the database of pokes is not open")
        found = [note.payload for note in self._connection.notifies(timeout=1.0, stop_after=1)]
        if found:
            found += [note.payload for note in self._connection.notifies(timeout=GATHER_SECONDS)]
        return _merged(found)

    def recover(self) -> None:
        self.close()
        time.sleep(RECOVER_SECONDS)
        self._missed = True
        with suppress(Exception):
            self.start()

    def stop(self) -> None:
        """`wait` returns within a second by itself."""

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()
