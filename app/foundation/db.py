"""One database, two engines: SQLite (WAL, one writer) by default, PostgreSQL when a company outgrows it."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column, sessionmaker
from sqlalchemy.types import TypeDecorator

from app.foundation import clock, tenancy
from app.foundation.ids import new_id

_READS, _WRITES = "doorstep_reads", "doorstep_writes"


class Id(TypeDecorator[str]):
    """A UUID as canonical text in Python: `uuid` on PostgreSQL, 36 characters on SQLite (no conversion on the way)."""

    impl = sa.String(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=False))
        return dialect.type_descriptor(sa.String(36))


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime; naive values are refused rather than guessed at."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Declarative base of every table, with constraint names that migrations can rely on."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant(), dict[str, Any]: sa.JSON(), list[Any]: sa.JSON(), list[str]: sa.JSON()}


class Tenant:
    """Every row belongs to one organisation, and every index that matters leads with it."""

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)

    @declared_attr
    @classmethod
    def org_id(cls) -> Mapped[str]:
        return mapped_column(Id, sa.ForeignKey("organisation.id", ondelete="CASCADE"), nullable=False)


class Versioned(Tenant):
    """A row that people and systems change: `row_version` is its ETag and what a phone compares."""

    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(Instant, default=clock.now, onupdate=clock.now, nullable=False)
    external_ids: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict, nullable=False)

    @declared_attr
    @classmethod
    def row_version(cls) -> Mapped[int]:
        return mapped_column(sa.Integer, nullable=False, default=1)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.row_version}


def belongs_to(table: str) -> Mapped[str]:
    """A column that ties a row to its owner and goes with it."""
    return mapped_column(Id, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False)


class Database:
    """An engine with two doors: `read()` for a consistent view, `write()` for one all-or-nothing transaction."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {
            "json_serializer": lambda value: orjson.dumps(value).decode(),
            "json_deserializer": orjson.loads,
            # Values of rows are people's data: an error that is logged must not carry them.
            "hide_parameters": True,
            "pool_size": pool_size,
            "max_overflow": pool_size,
        }
        if self.is_sqlite:
            if not self.url.database or self.url.database == ":memory:":
                raise ValueError("DOORSTEP_DATABASE_URL: SQLite needs a file, for example sqlite:///var/doorstep.db")
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            options["connect_args"] = {"check_same_thread": False, "timeout": 30}
        else:
            options["pool_pre_ping"] = True
            # The driver begins nothing by itself: see _begin_postgresql.
            options["isolation_level"] = "AUTOCOMMIT"
        self.engine = sa.create_engine(self.url, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _configure_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            event.listen(self.engine, "begin", _begin_postgresql)
        self._writer = threading.RLock()
        self._readers = sessionmaker(
            self.engine.execution_options(**{_READS: True}), expire_on_commit=False, autoflush=False
        )
        self._writers = sessionmaker(self.engine.execution_options(**{_WRITES: True}), expire_on_commit=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one moment and is rolled back at the end."""
        with self._readers() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in one write transaction. SQLite has a single writer: threads queue here, or they starve there."""
        if not self.is_sqlite:
            with self._writers.begin() as session:
                yield session
            return
        with self._writer, self._writers.begin() as session:
            yield session

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # Transactions are begun by hand (see _begin_sqlite): the driver's own begin cannot say IMMEDIATE.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "temp_store=MEMORY",
        "cache_size=-65536",
        "mmap_size=268435456",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITES):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    # A deferred begin waits for nobody and cannot fail, so it need not pass through error handling.
    driver: Any = connection.connection.dbapi_connection
    driver.execute("BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    # Begun by hand, so that whose rows may be seen travels with it and costs no round trip of its own. Each statement has
    # its own moment unless told otherwise, and a reader wants one for all.
    one_moment = connection.get_execution_options().get(_READS, False)
    text = _beginning(one_moment, tenancy.current())
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute(text)
    except connection.dialect.loaded_dbapi.Error:
        # The connection is gone: asked again by the longer way, which says so as every other statement does.
        connection.exec_driver_sql(text)


@lru_cache(maxsize=4096)
def _beginning(one_moment: bool, whose: str) -> str:
    isolation = " ISOLATION LEVEL REPEATABLE READ" if one_moment else ""
    return f"BEGIN{isolation}; SET LOCAL {tenancy.SETTING} = '{whose}'"


def table_of(model: type[Base]) -> sa.Table:
    """The Core table of a declarative class."""
    return cast(sa.Table, model.__table__)


def upsert(session: Session, table: sa.Table) -> Any:
    """An INSERT of the dialect at hand that knows ON CONFLICT (SQLite and PostgreSQL spell it alike)."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    return insert(table)


def write_unless_changed(
    session: Session, table: sa.Table, row: Mapping[str, Any], values: Mapping[str, Any], now: datetime
) -> bool:
    """Write values unless somebody changed the row since it was read; whoever does so next waits for this transaction."""
    version = row["row_version"]
    done = session.execute(
        sa.update(table)
        .where(table.c.id == row["id"], table.c.row_version == version)
        .values(**values, row_version=version + 1, updated_at=now)
    )
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]
