"""What is kept back during a block: told once at its end, and not at all after an error."""

from datetime import timedelta

import pytest

from app.foundation import audit, changes, clock
from app.foundation.db import Database
from app.foundation.ids import new_id
from app.foundation.principal import bind_principal, system_principal
from app.foundation.tables import Organisation


@pytest.fixture
def org(sqlite_database: Database) -> str:
    """An organisation."""
    with sqlite_database.write() as session:
        made = Organisation(name="North")
        session.add(made)
        session.flush()
        return made.id


def test_touched_accounts_are_told_once_after_the_block_and_not_those_of_a_block_that_failed(
    sqlite_database: Database, org: str
) -> None:
    told: list[tuple[str, list[str]]] = []

    def listen(_session: object, org_id: str, accounts: object) -> None:
        told.append((org_id, list(accounts)))  # type: ignore[call-overload]

    changes.subscribe(listen)
    try:
        with sqlite_database.write() as session:
            with changes.held(session):
                changes.touch(session, org, ["b", "a", None])
                with changes.held(session):
                    changes.touch(session, org, ["a", "c"])
                with pytest.raises(RuntimeError), changes.held(session):
                    changes.touch(session, org, ["never"])
                    raise RuntimeError
                assert told == []
            assert told == [(org, ["a", "b", "c"])]
            changes.touch(session, org, ["d"])
    finally:
        changes._listeners.remove(listen)
    assert told[1:] == [(org, ["d"])]


def test_audit_entries_of_a_block_are_written_together_with_its_details_and_not_those_that_failed(
    sqlite_database: Database, org: str
) -> None:
    with sqlite_database.write() as session:
        bind_principal(session, system_principal(org))
        with audit.held(session, push="p"):
            audit.record(session, "one")
            with audit.held(session, mutation="m"):
                audit.record(session, "two", details={"fields": ["name"]})
            with pytest.raises(RuntimeError), audit.held(session):
                audit.record(session, "never")
                raise RuntimeError
            assert audit.read(session, limit=10) == []
        found = {entry.action: entry.details for entry in audit.read(session, limit=10)}
    assert found == {"one": {"push": "p"}, "two": {"push": "p", "mutation": "m", "fields": ["name"]}}


def test_who_wrote_a_field_last_is_the_newest_who_named_it_in_whose_name_it_was(
    sqlite_database: Database, org: str
) -> None:
    row, now = new_id(), clock.now()
    with sqlite_database.write() as session:
        bind_principal(session, system_principal(org))
        for minutes, action, fields, author in (
            (0, "create", None, None),
            (1, "change", ["phone"], "eva"),
            (2, "change", ["name"], None),
        ):
            with clock.fixed(now + timedelta(minutes=minutes)):
                details = {"fields": fields} if fields else {}
                audit.record(session, action, "account", row, {**details, **({"author": author} if author else {})})
        found = audit.last_written(session, "account", row, ["phone", "name", "website"], now)
        assert found["phone"] == audit.Written("eva", now + timedelta(minutes=1))
        assert found["name"].at == now + timedelta(minutes=2) and found["website"].at == now
        assert audit.last_written(session, "account", new_id(), ["phone"], now) == {}
        later = now + timedelta(minutes=5)
        assert audit.last_written(session, "account", row, ["phone"], later) == {}, "an import wrote it since"
        with audit.held(session), clock.fixed(later):
            audit.record(session, "change", "account", row, {"fields": ["phone"], "author": "jonas"})
            assert audit.last_written(session, "account", row, ["phone"], later)["phone"].user_id == "jonas"
