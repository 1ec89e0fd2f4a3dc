"""`doorstep users`: the first administrator, passwords, tokens for integrations, ending access."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from app.cli import cli
from app.foundation.db import Database
from app.foundation.tables import AuditEntry, Organisation
from app.identity.cli import users
from app.identity.tables import User
from tests.conftest import PASSWORD, make_application
from tests.support.phones import Api

GOOD = "lighthouse marmalade quorum"


@pytest.fixture
def run(database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`run("add", …)` runs `doorstep users add …`."""
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", database.url.render_as_string(hide_password=False))
    if "users" not in cli.commands:
        cli.add_command(users)

    def command(*words: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(cli, ["users", *words], input=typed)

    return command


def test_the_first_administrator_signs_in(run: Any, database: Database) -> None:
    done = run(
        "add",
        "Eva@North.example",
        "--name",
        "Eva",
        "--role",
        "administrator",
        "--organisation",
        "North",
        typed=f"{GOOD}\n{GOOD}\n",
    )
    assert done.exit_code == 0, done.output
    assert GOOD not in done.output
    api = Api.signed_in(make_application(database), "eva@north.example", GOOD)
    assert api.user["role"] == "administrator"
    with database.read() as session:
        assert [org.name for org in session.scalars(sa.select(Organisation))] == ["North"]
        assert {entry.action for entry in session.scalars(sa.select(AuditEntry))} >= {"create", "sign_in"}


def test_a_time_zone_that_is_none_is_refused_and_nobody_is_added(run: Any, database: Database) -> None:
    done = run("add", "eva@north.example", "--name", "Eva", "--password", GOOD, "--time-zone", "Mars/Olympus")
    assert done.exit_code == 1 and "No such IANA time zone as Mars/Olympus" in done.output
    with database.read() as session:
        assert session.scalars(sa.select(User)).first() is None


@pytest.mark.parametrize("password", ["short", "passwordpassword", "eva.lindqvist"])
def test_a_poor_password_is_refused_and_nobody_is_added(run: Any, database: Database, password: str) -> None:
    done = run("add", "eva@north.example", "--name", "Eva Lindqvist", "--password", password)
    assert done.exit_code == 1 and "Error" in done.output
    with database.read() as session:
        assert session.scalars(sa.select(User)).first() is None
        assert session.scalars(sa.select(Organisation)).first() is None


def test_a_second_organisation_has_to_be_named(run: Any, directory: Any) -> None:
    done = run("add", "x@north.example", "--name", "X", "--password", GOOD)
    assert done.exit_code == 1 and "North, South" in done.output
    assert run("add", "x@north.example", "--name", "X", "--password", GOOD, "--organisation", "South").exit_code == 0
    assert run("add", "y@north.example", "--name", "Y", "--password", GOOD, "--organisation", "West").exit_code == 1


@pytest.fixture
def directory(database: Database) -> Any:
    """Two organisations with users."""
    from tests.conftest import make_directory

    return make_directory(database)


def test_a_set_password_ends_what_was_open(run: Any, directory: Any, database: Database) -> None:
    app = make_application(database)
    rep = Api.signed_in(app, "rep@north.example", PASSWORD)
    token = rep.token("accounts:read")
    done = run("password", "rep@north.example", typed=f"{GOOD}\n{GOOD}\n")
    assert done.exit_code == 0, done.output
    assert rep.get("/session").status_code == token.get("/accounts").status_code == 401
    assert Api.signed_in(app, "rep@north.example", GOOD).user["id"] == directory.users["rep@north"]
    assert run("password", "nobody@north.example", "--password", GOOD).exit_code == 1


def test_deactivating_ends_access_and_keeps_an_administrator(run: Any, directory: Any, database: Database) -> None:
    rep = Api.signed_in(make_application(database), "rep@north.example", PASSWORD)
    assert run("deactivate", "rep@north.example").exit_code == 0
    assert rep.get("/session").status_code == 401
    refused = run("deactivate", "admin@north.example")
    assert refused.exit_code == 1 and "without an administrator" in refused.output
    listed = run("list").output
    assert "rep@north.example\trep\tinactive" in listed and "admin@north.example\tadministrator\tactive" in listed


def test_a_token_for_an_integration_is_printed_once(run: Any, directory: Any, database: Database) -> None:
    done = run("token", "system@north.example", "--name", "CRM", "--scope", "accounts:read")
    assert done.exit_code == 0 and done.output.startswith("dst_"), done.output
    token = Api(make_application(database), {"Authorization": f"Bearer {done.output.strip()}"})
    assert token.get("/accounts").status_code == 200 and token.get("/people").status_code == 403
    assert run("token", "system@north.example", "--name", "CRM", "--scope", "users:write").exit_code == 1
    run("deactivate", "system@north.example")
    assert run("token", "system@north.example", "--name", "CRM").exit_code == 1


def test_an_integration_is_added_without_a_password(run: Any, directory: Any, database: Database) -> None:
    done = run("add", "crm@north.example", "--name", "CRM", "--role", "integration", "--organisation", "North")
    assert done.exit_code == 0, done.output
    answer = Api(make_application(database)).post("/session", {"email": "crm@north.example", "password": ""})
    assert answer.status_code in (401, 422)
