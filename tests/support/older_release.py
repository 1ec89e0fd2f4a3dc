"""An older release's own tests of reading and writing, run by its own code on a database that this version migrated."""

import os
import subprocess
import sys
from pathlib import Path

from app.foundation.db import Database
from app.schema import migrate

ROOT = Path(__file__).resolve().parents[2]
# Tests that read and write through the API and say nothing about the schema itself.
FILES = ("test_resources.py", "test_push.py", "test_pull.py", "test_tickets.py", "test_quotes.py", "test_outbox.py")
PLUGIN = """
import shutil, pytest
from pathlib import Path

@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "newer.db"
    shutil.copy({template!r}, path)
    return path
"""


def run_on_new_schema(tag: str, folder: Path) -> None:
    """Check the release out beside, and run its tests on SQLite with the new schema. AssertionError with their output."""
    template, tree = folder / "newer.db", folder / tag
    database = Database(f"sqlite:///{template}")
    migrate(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.dispose()
    tree.mkdir()
    archive = subprocess.run(
        ["git", "archive", tag, "app", "tests", "fixtures", "pyproject.toml"], cwd=ROOT, capture_output=True, check=True
    )
    subprocess.run(["tar", "x"], cwd=tree, input=archive.stdout, check=True)
    # Its own conftest makes its own schema; this one stands in for it.
    conftest = tree / "tests" / "api" / "conftest.py"
    conftest.write_text((conftest.read_text() if conftest.exists() else "") + PLUGIN.format(template=str(template)))
    there = [f"tests/api/{name}" for name in FILES if (tree / "tests/api" / name).exists()]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-k", "not postgresql", *there],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert there and done.returncode == 0, f"{tag} does not survive this schema:\n{done.stdout[-4000:]}"
