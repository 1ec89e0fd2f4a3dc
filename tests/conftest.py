"""Real databases, real data, and an application for each: what the tests stand on."""

import os
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from app import create_app
from app.config import Settings
from app.foundation import tenancy
from app.foundation.db import Database
from app.foundation.ids import new_id
from app.foundation.principal import Role, system_principal
from app.foundation.tables import Organisation
from app.identity import passwords
from app.identity.rates import make_limiter
from app.identity.tables import User
from app.schema import migrate
from app.tables import metadata
from tests.support.phones import Api, Directory
from tests.support.postgres import as_application

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"
PASSWORD = "correct horse battery staple"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
FEW_ROWS = 1000


def shared_data(folder: str) -> Path:
    """A folder of the public data beside the project; the test fails with a sentence when CI lacks it, skips elsewhere."""
    path = SHARED / folder
    if not path.exists():
        message = f"needs the public data set {folder!r} in ../shared/data, which is not here"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL: TEST_PG_URL, or one from the wheel, started for this run."""
    given = os.environ.get("TEST_PG_URL")
    if given:
        yield given
        return
    from tests.support.postgres import running_postgres

    with running_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "empty.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path


@pytest.fixture(scope="session")
def _owner_of_postgres(postgres_url: str) -> Iterator[Database]:
    name = f"test_{os.getpid()}"
    admin = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    owner = Database(sa.make_url(postgres_url).set(database=name).render_as_string(hide_password=False))
    migrate(owner)
    yield owner
    owner.dispose()
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture(scope="session")
def _migrated_postgres(_owner_of_postgres: Database) -> Iterator[Database]:
    database = Database(as_application(_owner_of_postgres))
    yield database
    database.dispose()


@pytest.fixture(autouse=True)
def _as_the_operator() -> Iterator[None]:
    """Tests arrange and look at rows as the operator would; what they call says for itself for whom it works."""
    with tenancy.as_system():
        yield


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty, migrated database; each test runs on both kinds."""
    yield from empty_database(request, request.param)


@pytest.fixture
def sqlite_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty, migrated SQLite database, for what does not depend on the kind."""
    yield from empty_database(request, "sqlite")


def empty_database(request: pytest.FixtureRequest, kind: str) -> Iterator[Database]:
    """What a fixture of a test gives that wants an empty, migrated database of a kind."""
    if kind == "sqlite":
        template = request.getfixturevalue("_migrated_sqlite")
        database = _kept_sqlite(template.parent / f"{request.fixturename}.db")
        _copy(template, Path(str(database.url.database)))
        yield database
        database.dispose()
        return
    database = request.getfixturevalue("_migrated_postgres")
    yield database
    _empty(request.getfixturevalue("_owner_of_postgres"))


@cache
def _kept_sqlite(path: Path) -> Database:
    """One for the whole run, so that SQLAlchemy compiles its statements once; the file under it is each test's own."""
    database = Database(f"sqlite:///{path}")
    sa.event.listen(database.engine, "connect", _in_haste)
    return database


def _in_haste(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # as with PostgreSQL: durability is tested where it matters


def _copy(template: Path, path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    shutil.copyfile(template, path)


def _empty(owner: Database) -> None:
    """Delete every row. Most tests fill few tables with few rows: that takes an eighth of truncating all of them."""
    names = [table.name for table in metadata.sorted_tables]
    filled = " UNION ALL ".join(
        f'SELECT \'{name}\', EXISTS (SELECT 1 FROM "{name}" OFFSET {FEW_ROWS}) WHERE EXISTS (SELECT 1 FROM "{name}")'
        for name in names
    )
    with owner.engine.begin() as connection:
        found = [(name, many) for name, many in connection.exec_driver_sql(filled)]
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # in whatever order
        for name, many in found:
            connection.exec_driver_sql(f'TRUNCATE "{name}" CASCADE' if many else f'DELETE FROM "{name}"')


def settings_for(database: Database, **changes: Any) -> Settings:
    """Settings of an application on this database."""
    url = database.url.render_as_string(hide_password=False)
    defaults: dict[str, Any] = {
        "embedded_runner": False,
        "log_level": "ERROR",
        "sign_in_per_minute": 1000,
        "requests_per_minute": 100_000,
        "secret_key": "the key of a test, which seals nothing that anybody needs",
    }
    return Settings(database_url=url, **{**defaults, **changes})


def make_application(database: Database, **changes: Any) -> Any:
    """The real application on a test's database (the same pool, so that nothing stays open)."""
    app = create_app(settings_for(database, **changes))
    app.extensions["doorstep.database"].dispose()
    app.extensions["doorstep.database"] = database
    app.testing = False
    return app


_application: list[Any] = []


@pytest.fixture
def app(database: Database) -> Any:
    """The application on each kind of database: one, wired once, that gets this test's database and fresh rate limits."""
    if not _application:
        _application.append(make_application(database))
    app = _application[0]
    app.extensions.update({"doorstep.database": database, "doorstep.rates": make_limiter("memory://")})
    return app


@pytest.fixture
def directory(database: Database) -> Directory:
    """Two organisations with an administrator, a manager, two reps and an integration each."""
    return make_directory(database)


@pytest.fixture(scope="module", autouse=True)
def _quick_passwords(request: pytest.FixtureRequest) -> Iterator[None]:
    """The same argon2id with the least parameters: a sign-in takes as long as a request, not as a dozen of them.

    A module that is about passwords says `PASSWORDS_AS_IN_PRODUCTION = True`.
    """
    if getattr(request.module, "PASSWORDS_AS_IN_PRODUCTION", False):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", QUICK)
        yield


@cache
def _hashed(by: PasswordHasher) -> str:
    return by.hash(PASSWORD)


ROLES = {
    "admin": Role.ADMINISTRATOR,
    "manager": Role.MANAGER,
    "rep": Role.REP,
    "rep2": Role.REP,
    "system": Role.INTEGRATION,
}


def make_directory(database: Database) -> Directory:
    """The users that tests sign in as; all have PASSWORD. The first rep of each organisation has its manager."""
    orgs = {name: new_id() for name in ("north", "south")}
    users = {f"{name}@{org}": new_id() for org in orgs for name in ROLES}
    hashed = _hashed(passwords._hasher)
    with database.write() as session:
        session.add_all(Organisation(id=org_id, name=org.title()) for org, org_id in orgs.items())
        session.flush()
        session.add_all(
            User(
                id=users[f"{name}@{org}"],
                org_id=org_id,
                email=f"{name}@{org}.example",
                name=name.title(),
                role=role.value,
                password_hash=hashed,
                time_zone="Europe/Stockholm",
                locale="en",
                manager_id=users[f"manager@{org}"] if name == "rep" else None,
            )
            for org, org_id in orgs.items()
            for name, role in ROLES.items()
        )
    return Directory(orgs, users, {name: system_principal(org) for name, org in orgs.items()})


@pytest.fixture
def sign_in(app: Any, directory: Directory) -> Any:
    """`sign_in("rep@north")` gives a client that is signed in as that user."""

    def signed_in(name: str) -> Api:
        return Api.signed_in(app, f"{name}.example", PASSWORD)

    return signed_in
