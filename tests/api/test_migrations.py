"""Migrations keep the rows that are there, forward and back, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from app.foundation import clock
from app.foundation.db import Database, table_of
from app.foundation.ids import new_id
from app.identity.tables import SignInSession
from app.schema import _config, at_head, migrate
from app.sync.tables import ClientGroup
from tests.conftest import make_directory
from tests.support.pulling import Office

SESSIONS, GROUPS = table_of(SignInSession), table_of(ClientGroup)


@pytest.fixture(params=["sqlite", "postgresql"])
def apart(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated database that no other test uses."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'apart.db'}")
        migrate(database)
        yield database
        database.dispose()
        return
    url, name = sa.make_url(request.getfixturevalue("postgres_url")), f"apart_{new_id().replace('-', '')}"
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    database = Database(url.set(database=name).render_as_string(hide_password=False))
    migrate(database)
    yield database
    database.dispose()
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


def test_rows_outlive_the_way_back_to_the_first_version_and_a_revoked_session_does_not(apart: Database) -> None:
    directory = make_directory(apart)
    office = Office(apart, directory.orgs["north"], directory.users["rep@north"])
    account, mine = office.account(), {"org_id": office.org_id, "user_id": office.rep_id}
    group, kept, revoked = new_id(), new_id(), new_id()
    ends = clock.now() + timedelta(days=1)
    with apart.write() as session:
        session.execute(sa.insert(GROUPS), {"id": group, **mine, "last_seq": 7})
        for number, one in enumerate((kept, revoked)):
            values = {"id": one, **mine, "secret_hash": str(number), "expires_at": ends, "client_group_id": group}
            session.execute(sa.insert(SESSIONS), {**values, "revoked": one == revoked})
    command.downgrade(_config(apart), "0001")
    with apart.read() as session:
        assert session.scalars(sa.select(SESSIONS.c.id)).all() == [kept]
        assert session.scalars(sa.text("SELECT CAST(id AS TEXT) FROM account")).all() == [account]
    migrate(apart)
    assert at_head(apart)
    with apart.read() as session:
        assert session.execute(sa.select(SESSIONS.c.id, SESSIONS.c.revoked)).all() == [(kept, False)]
        assert session.execute(sa.select(GROUPS.c.id, GROUPS.c.last_seq, GROUPS.c.revoked_at)).all() == [
            (group, 0, None)
        ]
