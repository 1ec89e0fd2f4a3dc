"""PostgreSQL keeps organisations apart by itself, whatever a query forgets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, ProgrammingError

from app.foundation import tenancy
from app.foundation.db import Database
from app.foundation.ids import new_id
from app.foundation.outbox import NewJob, drain, enqueue
from app.foundation.tables import AuditEntry, Job, Organisation
from app.identity.tables import User
from app.schema import goes_around_row_security
from app.tables import metadata
from tests.conftest import PASSWORD, empty_database
from tests.support.phones import Api
from tests.support.postgres import as_application

# Tables of the whole installation, each with the reason why its rows are nobody's.
NOBODYS = {
    "alembic_version": "the revision of the schema",
    "poke": "words for listeners, on SQLite alone; PostgreSQL has NOTIFY",
    "vapid_key": "the key by which push services know this installation",
}


@pytest.fixture
def postgres(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty, migrated PostgreSQL database, as the application's own role sees it."""
    yield from empty_database(request, "postgresql")


@pytest.fixture
def two(postgres: Database) -> dict[str, str]:
    """Two organisations, `a` and `b`, with a user, a job and an audit entry each; their ids."""
    ids = {name: new_id() for name in "ab"}
    with postgres.write() as session:
        for name, org_id in ids.items():
            session.add(Organisation(id=org_id, name=name))
            session.flush()
            session.add(User(org_id=org_id, email=f"{name}@x.example", name=name, role="rep", time_zone="UTC"))
            session.add(Job(org_id=org_id, kind=name, payload={}))
            session.add(AuditEntry(org_id=org_id, via="system", action=name, details={}))
        session.add(Job(org_id=None, kind="nobody's", payload={}))
    return ids


def count(database: Database, table: str) -> int:
    with database.read() as session:
        return int(session.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0)


def test_every_table_is_forced_and_has_one_policy(postgres: Database) -> None:
    with postgres.read() as session:
        found = {
            row.relname: (row.relrowsecurity, row.relforcerowsecurity, row.policies)
            for row in session.execute(
                sa.text(
                    "SELECT relname, relrowsecurity, relforcerowsecurity, (SELECT count(*) FROM pg_policies "
                    "WHERE tablename = relname AND cmd = 'ALL' AND permissive = 'PERMISSIVE' "
                    "AND roles = '{public}') AS policies "
                    "FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace "
                    "AND relowner <> current_user::regrole"
                )
            )
        }
    assert found.keys() >= {table.name for table in metadata.sorted_tables}
    open_ = {name for name, state in found.items() if state != (True, True, 1)}
    assert open_ == NOBODYS.keys() & found.keys(), "call secure() of app/migrations/row_security.py in the migration"


def test_every_table_but_nobodys_has_an_organisation_or_an_owner_that_has_one() -> None:
    for table in metadata.sorted_tables:
        owners = {key.column.table.name for key in table.foreign_keys}
        assert "org_id" in table.c or table.name in NOBODYS or table.name == "organisation" or owners, table.name


def test_the_application_has_a_role_that_owns_nothing_and_goes_around_nothing(postgres: Database) -> None:
    with postgres.read() as session:
        owned = session.scalars(sa.text("SELECT relname FROM pg_class WHERE relowner = current_user::regrole"))
        assert not {table.name for table in metadata.sorted_tables}.intersection(owned)
    assert not goes_around_row_security(postgres)
    with pytest.raises(ProgrammingError, match="must be owner"), postgres.write() as session:
        session.execute(sa.text("ALTER TABLE account NO FORCE ROW LEVEL SECURITY"))
    with pytest.raises(ProgrammingError, match="permission denied"), postgres.write() as session:
        session.execute(sa.text("DELETE FROM alembic_version"))


@pytest.mark.parametrize("table", sorted({table.name for table in metadata.sorted_tables} - NOBODYS.keys()))
def test_with_nothing_said_no_row_is_there_and_none_can_be_written(
    postgres: Database, two: dict[str, str], table: str
) -> None:
    with tenancy.as_nobody():
        assert count(postgres, table) == 0
        with postgres.write() as session:
            assert session.execute(sa.text(f"DELETE FROM {table}")).rowcount == 0  # type: ignore[attr-defined]


def test_with_nothing_said_nothing_is_inserted(postgres: Database, two: dict[str, str]) -> None:
    for row in (Organisation(name="c"), Job(org_id=two["a"], kind="x", payload={}), Job(kind="x", payload={})):
        with tenancy.as_nobody(), pytest.raises(DBAPIError, match="row-level security"), postgres.write() as session:
            session.add(row)


def test_of_another_organisation_raw_sql_reads_changes_and_writes_nothing(
    postgres: Database, two: dict[str, str]
) -> None:
    with tenancy.as_organisation(two["a"]):
        for table, column in (("organisation", "name"), ("user_account", "name"), ("job", "kind")):
            with postgres.read() as session:
                assert session.scalars(sa.text(f"SELECT {column} FROM {table}")).all() == ["a"]
            with postgres.write() as session:
                changed = session.execute(sa.text(f"UPDATE {table} SET {column} = 'a' WHERE {column} <> 'a'"))
                assert changed.rowcount == 0  # type: ignore[attr-defined]
        for row in (Job(org_id=two["b"], kind="x", payload={}), Job(org_id=None, kind="x", payload={})):
            with pytest.raises(DBAPIError, match="row-level security"), postgres.write() as session:
                session.add(row)
        with pytest.raises(DBAPIError, match="row-level security"), postgres.write() as session:
            session.execute(sa.text("UPDATE job SET org_id = :other"), {"other": two["b"]})
    with tenancy.as_system():
        assert [count(postgres, name) for name in ("organisation", "user_account", "job", "audit_entry")] == [
            2,
            2,
            3,
            2,
        ]


def test_what_was_said_ends_with_the_transaction(postgres: Database, two: dict[str, str]) -> None:
    """One pooled connection serves one organisation after another, and nobody between them."""
    seen = []
    one = Database(postgres.url.render_as_string(hide_password=False), pool_size=1)
    for whose in ("a", None, "b", None):
        with tenancy.as_organisation(two[whose]) if whose else tenancy.as_nobody(), one.read() as session:
            pid = session.scalar(sa.text("SELECT pg_backend_pid()"))
            seen.append((pid, session.scalars(sa.text("SELECT name FROM organisation")).all()))
    one.dispose()
    assert [names for _pid, names in seen] == [["a"], [], ["b"], []] and len({pid for pid, _names in seen}) == 1
    with tenancy.as_organisation(two["a"]), postgres.write() as session, pytest.raises(DBAPIError):
        session.execute(sa.text("SELECT 1/0"))
    with tenancy.as_nobody():
        assert count(postgres, "organisation") == 0


def test_an_owner_that_is_no_superuser_is_held_too(postgres: Database, two: dict[str, str], postgres_url: str) -> None:
    name = f"owner_{new_id().replace('-', '')}"
    admin = sa.create_engine(sa.make_url(postgres_url).set(database=postgres.url.database))
    with admin.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name}")
        connection.exec_driver_sql(f"GRANT CREATE ON SCHEMA public TO {name}")
    try:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"ALTER TABLE organisation OWNER TO {name}")
            connection.exec_driver_sql(f"SET LOCAL ROLE {name}")
            assert connection.exec_driver_sql("SELECT count(*) FROM organisation").scalar() == 0
            connection.rollback()
    finally:
        with admin.begin() as connection:
            connection.exec_driver_sql(f"DROP OWNED BY {name}")
            connection.exec_driver_sql(f"DROP ROLE {name}")
        admin.dispose()


def test_a_superuser_is_told_of_as_going_around_it(postgres_url: str, postgres: Database) -> None:
    superuser = Database(postgres_url)
    assert goes_around_row_security(superuser)
    superuser.dispose()


def test_what_begins_in_a_request_is_the_callers_organisations(app: Any, database: Database, directory: Any) -> None:
    """A view that forgets every condition of ours sees one organisation, by token and by cookie, reading and writing."""
    from app.identity.access import current_session, requires

    seen: list[Any] = []

    @requires(None)
    def forgetful() -> str:
        session = current_session()
        if not database.is_sqlite:
            seen.append(session.scalars(sa.text("SELECT name FROM organisation")).all())
        return "ok"

    api = Api.signed_in(app, "rep@north.example", PASSWORD)
    for method in ("GET", "POST"):
        cookie = api.client.get_cookie("__Host-session", domain="localhost").value
        with (
            tenancy.as_nobody(),
            app.test_request_context(
                "/x", method=method, headers={"Cookie": f"__Host-session={cookie}", **api.headers}
            ),
        ):
            forgetful()
    assert seen == ([] if database.is_sqlite else [["North"], ["North"]])


def test_a_job_runs_as_its_organisation_and_one_of_nobody_as_the_installation(
    database: Database, directory: Any
) -> None:
    from app.foundation.outbox import task

    seen: dict[str, Any] = {}

    @task("test.whose")
    def whose(store: Database, job: Any) -> None:
        with store.read() as session:
            seen[str(job.org_id)] = (tenancy.current(), sorted(session.scalars(sa.select(Organisation.name))))

    north = directory.orgs["north"]
    with database.write() as session:
        enqueue(session, [NewJob("test.whose", {}, north), NewJob("test.whose", {})])
    drain(database)
    assert seen["None"] == ("*", ["North", "South"])
    assert seen[north] == (north, ["North", "South"] if database.is_sqlite else ["North"])


def test_rights_are_given_again_without_harm(postgres: Database, postgres_url: str) -> None:
    owner = Database(
        sa.make_url(postgres_url).set(database=postgres.url.database).render_as_string(hide_password=False)
    )
    assert as_application(owner) == postgres.url.render_as_string(hide_password=False)
    owner.dispose()


def test_an_organisation_that_is_no_id_is_never_said() -> None:
    for odd in ("*", "", "'; DROP TABLE job; --", "x" * 36):
        with pytest.raises(ValueError), tenancy.as_organisation(odd):
            raise AssertionError("unreachable")
