"""Backup while people write, restore while people read: all of it or nothing, from either kind of database to either."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.cli import cli
from app.foundation import tenancy
from app.foundation.db import Database, table_of
from app.foundation.ids import new_id
from app.foundation.tables import AuditEntry, Job, Organisation
from app.identity.tables import User
from app.operations.backup import backup
from app.operations.backup_file import BackupError, Column, Head, Reader, Table, Writer, check
from app.operations.cli import backup_
from app.operations.cli import restore as restore_command
from app.operations.copying import Shape, rows_of
from app.operations.restore import restore
from app.schema import _config, at_head, head, migrate
from tests.conftest import make_directory

ENTRIES, JOBS, ORGANISATIONS = table_of(AuditEntry), table_of(Job), table_of(Organisation)
AT = datetime(2026, 3, 29, 1, 59, 59, 123456, tzinfo=UTC)


@pytest.fixture
def empty(tmp_path: Path, _migrated_sqlite: Path) -> Iterator[Database]:
    """Another database, without rows."""
    (tmp_path / "other.db").write_bytes(_migrated_sqlite.read_bytes())
    database = Database(f"sqlite:///{tmp_path / 'other.db'}")
    yield database
    database.dispose()


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    database = Database(f"sqlite:///{tmp_path / 'bare.db'}")
    yield database
    database.dispose()


def contents(database: Database) -> dict[str, list[Any]]:
    """Every row of every table."""
    with tenancy.as_system(), database.read() as session:
        connection = session.connection()
        return {
            name: sorted((tuple(row) for rows in rows_of(connection, table) for row in rows), key=repr)
            for name, table in Shape(connection).tables.items()
        }


def fill(database: Database) -> str:
    """Users, and rows with whatever a column can hold; returns the organisation's id."""
    org_id = make_directory(database).orgs["north"]
    with database.write() as session:
        odd = {"text": "naïve – “quoted” \\N \t 😀", "null": None, "deep": [1, 1.5, True, {"a": []}]}
        session.add(Job(org_id=org_id, kind="odd", payload=odd, run_at=AT, lease_until=None, last_error="a\nb\\"))
        session.add(Job(org_id=None, kind="none", payload={}, run_at=AT))
        session.add(AuditEntry(org_id=org_id, at=AT, via="system", action="x", details={}))
    return org_id


def test_what_was_backed_up_is_what_is_restored_on_the_other_kind_too(
    database: Database, empty: Database, tmp_path: Path
) -> None:
    fill(database)
    there, file = contents(database), tmp_path / "one"
    made = backup(database, file)
    assert made.rows == {name: len(rows) for name, rows in there.items()} and made.schema == head()
    done = restore(empty, file)
    assert at_head(empty) and contents(empty) == there and done.rows == made.rows
    # And back: the file made on SQLite goes into this kind of database, in place of what is there.
    backup(empty, tmp_path / "two")
    with database.write() as session:
        session.add(Organisation(name="Later"))
    restore(database, tmp_path / "two", replace=True)
    assert contents(database) == there
    with database.read() as session:
        job = session.scalars(sa.select(Job).where(Job.kind == "odd")).one()
        assert (job.run_at, job.payload["null"], job.last_error) == (AT, None, "a\nb\\")
        assert session.scalar(sa.select(User.active).limit(1)) is True


def test_a_backup_is_one_moment_while_others_write(database: Database, tmp_path: Path) -> None:
    """Each writer's transaction adds a job and an audit entry: in no moment are there more of one than of the other."""
    org_id = make_directory(database).orgs["north"]
    stop, wrote = threading.Event(), threading.Semaphore(0)

    def write() -> None:
        with tenancy.as_organisation(org_id):
            while not stop.is_set():
                with database.write() as session:
                    session.add(Job(org_id=org_id, kind="pair", payload={}))
                    session.flush()
                    session.add(AuditEntry(org_id=org_id, via="system", action="pair", details={}))
                wrote.release()

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        for number in range(3):
            for _ in range(10):
                assert wrote.acquire(timeout=30)
            rows = backup(database, tmp_path / str(number)).rows
            assert rows["job"] == rows["audit_entry"] >= 10
    finally:
        stop.set()
        for writer in writers:
            writer.join()


def test_readers_see_what_was_there_until_all_of_the_restore_is(database: Database, tmp_path: Path) -> None:
    fill(database)
    backup(database, tmp_path / "file")
    with database.write() as session:
        session.execute(sa.update(ORGANISATIONS).values(name="After"))
    with database.read() as before:
        names = before.scalars(sa.select(ORGANISATIONS.c.name)).all()
        restore(database, tmp_path / "file", replace=True)
        assert set(names) == {"After"} == set(before.scalars(sa.select(ORGANISATIONS.c.name)))
        assert before.scalar(sa.select(sa.func.count()).select_from(table_of(User))) == 10
    with database.read() as after:
        assert set(after.scalars(sa.select(ORGANISATIONS.c.name))) == {"North", "South"}


def test_a_database_that_holds_something_is_not_overwritten_by_mistake(database: Database, tmp_path: Path) -> None:
    fill(database)
    backup(database, tmp_path / "file")
    there = contents(database)
    with pytest.raises(BackupError, match="--replace"):
        restore(database, tmp_path / "file")
    assert contents(database) == there


def test_a_restore_that_fails_half_way_leaves_everything_as_it_was(database: Database, tmp_path: Path) -> None:
    fill(database)
    there, file = contents(database), tmp_path / "file"
    # A whole file whose last table refers to a row that is nowhere.
    with tenancy.as_system(), database.read() as session, file.open("wb") as out:
        connection = session.connection()
        writer = Writer(out, Head(head(), "2026-01-01T00:00:00Z", "sqlite", "0"))
        for name, table in Shape(connection).tables.items():
            batches = list(rows_of(connection, table))
            if name == "audit_entry":
                place = [column.name for column in table.columns].index("org_id")
                lost = list(batches[0][0])
                lost[place], lost[[column.name for column in table.columns].index("id")] = new_id(), new_id()
                batches.append([lost])
            writer.table(table, batches)
        writer.end()
    with pytest.raises(BackupError):
        restore(database, file, replace=True)
    assert contents(database) == there


def test_a_backup_of_an_older_version_is_brought_forward(tmp_path: Path, bare: Database, database: Database) -> None:
    old = Database(f"sqlite:///{tmp_path / 'old.db'}")
    migrate(old, "0004")
    org_id = new_id()
    with old.write() as session:
        session.execute(sa.insert(ORGANISATIONS), {"id": org_id, "name": "Old", "created_at": AT, "row_version": 1})
    assert backup(old, tmp_path / "file").schema == "0004"
    old.dispose()
    for target in (bare, database):
        restore(target, tmp_path / "file", replace=True)
        assert at_head(target)
        with target.read() as session:
            found = session.execute(sa.select(ORGANISATIONS.c.id, ORGANISATIONS.c.name, ORGANISATIONS.c.created_at))
            assert found.all() == [(org_id, "Old", AT)]


def test_a_newer_schema_and_an_unfinished_migration_are_refused(empty: Database, tmp_path: Path) -> None:
    with (tmp_path / "newer").open("wb") as out:
        writer = Writer(out, Head("9999", "2030-01-01T00:00:00Z", "sqlite", "9"))
        writer.end()
    with pytest.raises(BackupError, match="newer version"):
        restore(empty, tmp_path / "newer")
    backup(empty, tmp_path / "now")
    from alembic import command

    command.downgrade(_config(empty), "0004")
    with pytest.raises(BackupError, match="doorstep migrate"):
        restore(empty, tmp_path / "now", replace=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small backup."""
    file = tmp_path_factory.mktemp("whole") / "file"
    with file.open("wb") as out:
        writer = Writer(out, Head(head(), "2026-01-01T00:00:00Z", "sqlite", "0"))
        names = Table("organisation", (Column("id", "text"), Column("name", "text")))
        writer.table(names, [[[new_id(), f"name {number}"] for number in range(40)]])
        writer.table(Table("empty", (Column("id", "text"),)), [])
        writer.end()
    return file.read_bytes()


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_file_with_anything_changed_cut_or_added_is_refused(whole: bytes, tmp_path: Path, data: Any) -> None:
    plain = gzip.decompress(whole)
    kind = data.draw(st.sampled_from(["byte", "cut", "inner byte", "inner cut", "added", "inner added"]))
    source = plain if kind.startswith("inner") else whole
    place = data.draw(st.integers(10 if source is whole else 0, len(source) - 1))
    if kind.endswith("byte"):
        changed = source[:place] + bytes([source[place] ^ data.draw(st.integers(1, 255))]) + source[place + 1 :]
    elif kind.endswith("cut"):
        changed = source[:place]
    else:
        changed = source + data.draw(st.binary(min_size=1, max_size=20))
    file = tmp_path / "damaged"
    file.write_bytes(gzip.compress(changed) if kind.startswith("inner") else changed)
    try:
        _head, rows = check(file)
    except BackupError:
        return
    # Gzip allows zeros after its end, and does not read every bit of its own head; the rows are those that were written.
    assert source is whole and rows == {"organisation": 40, "empty": 0} and gzip.decompress(file.read_bytes()) == plain


@pytest.mark.parametrize(
    "content", [b"", b"SQLite format 3\x00", gzip.compress(b"\x00\x00\x00\x01\xc0", mtime=0), b"\x1f\x8b"]
)
def test_what_is_no_backup_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(BackupError, match="backup"):
        check(tmp_path / "file")


def test_a_file_is_there_whole_or_not_at_all_and_only_for_its_owner(
    sqlite_database: Database, bare: Database, tmp_path: Path
) -> None:
    file = tmp_path / "kept" / "file"
    with pytest.raises(BackupError, match="cannot be written"):
        backup(sqlite_database, file)
    file.parent.mkdir()
    file.write_bytes(b"before")
    with pytest.raises(BackupError, match="nothing to back up"):
        backup(bare, file)
    assert file.read_bytes() == b"before" and [*file.parent.iterdir()] == [file]
    backup(sqlite_database, file)
    assert file.stat().st_mode & 0o777 == 0o600 and [*file.parent.iterdir()] == [file]


def test_a_damaged_database_makes_no_backup(sqlite_database: Database, tmp_path: Path) -> None:
    fill(sqlite_database)
    with sqlite_database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    sqlite_database.dispose()
    path = Path(str(sqlite_database.url.database))
    data = bytearray(path.read_bytes())
    for start in range(4096 * 4, len(data), 4096):
        data[start : start + 8] = b"\xff" * 8
    path.write_bytes(data)
    with pytest.raises((BackupError, sa.exc.DatabaseError)):
        backup(sqlite_database, tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_the_commands_say_what_they_did_and_why_not(
    sqlite_database: Database, empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in (backup_, restore_command):
        cli.add_command(command)
    fill(sqlite_database)
    file = str(tmp_path / "file")

    def run(database: Database, *words: str) -> Any:
        monkeypatch.setenv("DOORSTEP_DATABASE_URL", database.url.render_as_string(hide_password=False))
        return CliRunner().invoke(cli, words)

    assert "rows of schema" in run(sqlite_database, "backup", file).output
    assert "is whole" in run(sqlite_database, "restore", "--check", file).output
    refused = run(sqlite_database, "restore", file)
    assert refused.exit_code == 1 and "--replace" in refused.output
    done = run(empty, "restore", file)
    assert done.exit_code == 0 and "2 organisation" in done.output
    assert run(empty, "restore", str(tmp_path / "none")).exit_code == 1
    with Path(file).open("rb") as opened:
        assert Reader(opened).head.made_on == "sqlite"
