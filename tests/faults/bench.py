"""What many schedules share: a server on one kind of database, the network before it, and the Node process of the phones."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from app.foundation import tenancy
from app.foundation.db import Database
from tests.faults.phones import Phones
from tests.faults.proxy import Proxy
from tests.faults.server import Server, Zygote
from tests.support.postgres import prepared

# A killed process loses nothing that it has written, so the tests' files may lie in memory.
MEMORY = Path("/dev/shm")


class Bench:
    """Everything that runs while schedules are played, on one database."""

    def __init__(self, kind: str, database: Database, zygote: Zygote, folder: Path) -> None:
        self.kind = kind
        self.database = database
        self.log = folder / f"{kind}.log"
        self.server = Server(zygote, database.url.render_as_string(hide_password=False), self.log)
        self.proxy = Proxy(lambda: self.server.port, self.kill_server)
        self.phones: Phones
        self._back: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start all of it."""
        await self.proxy.start()
        self.phones = Phones(f"http://127.0.0.1:{self.proxy.port}")
        await asyncio.gather(self.server.start(), self.phones.start())

    async def stop(self) -> None:
        """End all of it."""
        await self.server_back()
        await self.phones.stop()
        await self.proxy.stop()
        self.server.stop()

    def kill_server(self) -> None:
        """SIGKILL; the server is on its way back at once, as a supervisor would have it."""
        self.server.kill()
        if self._back is None or self._back.done():
            self._back = asyncio.create_task(self.server.start())

    async def server_back(self) -> None:
        """Wait until the server answers again."""
        if self._back is not None:
            await self._back
            self._back = None
        await self.server.start()


@contextlib.asynccontextmanager
async def bench(kind: str, postgres_url: str | None = None) -> AsyncIterator[Bench]:
    """A bench on `sqlite` or on a new database of the PostgreSQL at `postgres_url`."""
    folder = Path(tempfile.mkdtemp(prefix="doorstep-faults-", dir=MEMORY if MEMORY.is_dir() else None))
    zygote = Zygote()
    database = Database(prepared(_new_database(postgres_url) if postgres_url else f"sqlite:///{folder / 'faults.db'}"))
    made = Bench(kind, database, zygote, folder)
    try:
        await zygote.start()
        await made.start()
        with tenancy.as_system():
            yield made
    finally:
        try:
            with contextlib.suppress(AttributeError):
                await made.stop()
            await zygote.stop()
        finally:
            database.dispose()
            if postgres_url:
                _drop(postgres_url, str(database.url.database))
            shutil.rmtree(folder, ignore_errors=True)


def _new_database(postgres_url: str) -> str:
    import sqlalchemy as sa

    from app.foundation.ids import new_id

    name = f"faults_{new_id().replace('-', '')}"
    _administer(postgres_url, f"CREATE DATABASE {name}")
    return sa.make_url(postgres_url).set(database=name).render_as_string(hide_password=False)


def _drop(postgres_url: str, name: str) -> None:
    _administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(postgres_url: str, statement: str) -> None:
    import sqlalchemy as sa

    admin = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(statement)
    admin.dispose()
