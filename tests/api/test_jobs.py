"""Administrators see the jobs of their organisation, why one was parked, and have it tried again or discarded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from app.cli import cli
from app.foundation import clock, outbox
from app.foundation.db import Database
from app.foundation.ids import new_id
from app.foundation.outbox import JOBS, PUSH, QUICK, ClaimedJob, GiveUp, NewJob
from app.foundation.principal import Role
from app.foundation.tables import AuditEntry
from app.identity.scopes import SCOPES_OF_ROLE
from app.wiring import add_commands
from tests.support.phones import Api, Directory

KIND, PUSHED = "test.jobs", "test.jobs.push"


@pytest.fixture(autouse=True)
def kinds() -> Iterator[list[str]]:
    """Tasks that give up until `work` is told otherwise."""
    done: list[str] = []

    def work(_database: Database, job: ClaimedJob) -> None:
        if not job.payload.get("works"):
            raise GiveUp("The desk at https://u:pw@desk.example/api?key=s3cret did not take token=abc123.")
        done.append(job.id)

    outbox.task(KIND, QUICK)(work)
    outbox.task(PUSHED, PUSH)(work)
    yield done
    outbox.unregister(KIND)
    outbox.unregister(PUSHED)


@pytest.fixture
def admin(sign_in: Any) -> Api:
    found: Api = sign_in("admin@north")
    return found


def put(database: Database, org_id: str | None, kind: str = KIND, **payload: Any) -> str:
    """A job for later; its id."""
    with database.write() as session:
        outbox.enqueue(session, [NewJob(kind, payload, org_id, run_at=clock.now() + timedelta(hours=1))])
    with database.read() as session:
        return str(session.scalar(sa.select(sa.func.max(sa.cast(JOBS.c.id, sa.String)))))


def park(database: Database, job_id: str) -> None:
    with clock.shifted(timedelta(hours=2)):
        outbox.drain(database)
    assert state(database, job_id) == "parked"


def state(database: Database, job_id: str) -> str | None:
    with database.read() as session:
        return session.scalar(sa.select(JOBS.c.state).where(JOBS.c.id == job_id))


def actions(database: Database) -> list[tuple[str, str | None, dict[str, Any]]]:
    with database.read() as session:
        found = session.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "job").order_by(AuditEntry.id))
        return [(entry.action, entry.row_id, entry.details) for entry in found]


def test_an_administrator_sees_why_a_job_was_parked_and_no_secret(
    admin: Api, database: Database, directory: Directory
) -> None:
    job_id = put(
        database, directory.orgs["north"], feed_id="f1", api_token="s3cret", hook="https://x:y@h.example/s3cret"
    )
    park(database, job_id)
    answer = admin.get(f"/jobs/{job_id}")
    assert answer.status_code == 200 and "s3cret" not in answer.text and "abc123" not in answer.text
    job = answer.json
    assert (job["state"], job["lane"], job["attempts"], job["kind"]) == ("parked", "quick", 1, KIND)
    assert job["payload"] == {"feed_id": "f1", "api_token": "hidden", "hook": "https://h.example/…"}
    assert job["last_error"] == "The desk at https://desk.example/… did not take token=hidden"


def test_jobs_are_listed_by_state_and_kind_with_counts_and_in_pages(
    admin: Api, database: Database, directory: Directory
) -> None:
    org = directory.orgs["north"]
    first = put(database, org)
    park(database, first)
    others = [put(database, org), put(database, org, PUSHED)]
    page = admin.get("/jobs?limit=2").json
    assert [job["id"] for job in page["data"]] == others[::-1]
    assert page["counts"] == [
        {"state": "parked", "lane": "quick", "jobs": 1},
        {"state": "queued", "lane": "push", "jobs": 1},
        {"state": "queued", "lane": "quick", "jobs": 1},
    ]
    rest = admin.get(f"/jobs?limit=2&cursor={page['next_cursor']}").json
    assert [job["id"] for job in rest["data"]] == [first] and rest["next_cursor"] is None
    assert [job["id"] for job in admin.get("/jobs?state=parked").json["data"]] == [first]
    assert [job["id"] for job in admin.get(f"/jobs?kind={PUSHED}").json["data"]] == others[1:]
    assert admin.get("/jobs?state=done").status_code == 422


def test_a_parked_job_is_tried_again_with_all_its_tries(
    admin: Api, database: Database, directory: Directory, kinds: list[str]
) -> None:
    job_id = put(database, directory.orgs["north"])
    park(database, job_id)
    with database.write() as session:
        session.execute(sa.update(JOBS).where(JOBS.c.id == job_id).values(payload={"works": True}, attempts=8))
    answer = admin.post(f"/jobs/{job_id}:retry")
    assert answer.status_code == 200 and (answer.json["state"], answer.json["attempts"]) == ("queued", 0)
    outbox.drain(database)
    assert kinds == [job_id] and admin.get(f"/jobs/{job_id}").status_code == 404
    assert actions(database) == [("job.retried", job_id, {"kind": KIND, "state": "parked"})]


def test_a_job_is_discarded_and_the_log_says_by_whom(admin: Api, database: Database, directory: Directory) -> None:
    job_id = put(database, directory.orgs["north"])
    assert admin.delete(f"/jobs/{job_id}").status_code == 204
    assert state(database, job_id) is None
    assert actions(database) == [("job.discarded", job_id, {"kind": KIND, "state": "queued"})]
    assert admin.delete(f"/jobs/{job_id}").status_code == 404


def test_a_job_that_runs_is_left_alone(admin: Api, database: Database, directory: Directory) -> None:
    job_id = put(database, directory.orgs["north"])
    with clock.shifted(timedelta(hours=2)):
        outbox.claim(database)
    for answer in (admin.post(f"/jobs/{job_id}:retry"), admin.delete(f"/jobs/{job_id}")):
        assert answer.status_code == 409 and answer.json["type"] == "/docs/problems/job-running"
    assert state(database, job_id) == "running" and actions(database) == []


@pytest.mark.parametrize("whose", ["south", None])
def test_the_jobs_of_others_and_of_the_installation_are_not_there(
    admin: Api, database: Database, directory: Directory, whose: str | None
) -> None:
    job_id = put(database, whose and directory.orgs[whose])
    park(database, job_id)
    assert admin.get("/jobs").json == {"data": [], "next_cursor": None, "counts": []}
    for answer in (admin.get(f"/jobs/{job_id}"), admin.post(f"/jobs/{job_id}:retry"), admin.delete(f"/jobs/{job_id}")):
        assert answer.status_code == 404
    assert state(database, job_id) == "parked"


@pytest.mark.parametrize("who", ["manager", "rep"])
def test_jobs_are_for_administrators(sign_in: Any, database: Database, directory: Directory, who: str) -> None:
    assert not {"jobs:read", "jobs:write"} & SCOPES_OF_ROLE[Role.INTEGRATION]
    job_id = put(database, directory.orgs["north"])
    api = sign_in(f"{who}@north")
    for answer in (
        api.get("/jobs"),
        api.get(f"/jobs/{job_id}"),
        api.post(f"/jobs/{job_id}:retry"),
        api.delete(f"/jobs/{job_id}"),
    ):
        assert answer.status_code == 403
    assert state(database, job_id) == "queued"


@pytest.fixture
def doorstep(database: Database, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`doorstep("jobs", "list")` runs the command on this database."""
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", database.url.render_as_string(hide_password=False))
    add_commands(cli)
    return lambda *arguments: CliRunner().invoke(cli, arguments)


def test_the_command_lists_shows_retries_and_discards_jobs_of_all(
    doorstep: Any, database: Database, directory: Directory
) -> None:
    ids = [
        put(database, org, feed_id="f1", secret="s3cret")
        for org in (directory.orgs["north"], directory.orgs["south"], None)
    ]
    for job_id in ids:
        park(database, job_id)
    listed = doorstep("jobs", "list", "--state", "parked")
    assert [line.split("\t")[0] for line in listed.stdout.splitlines()] == ids[::-1]
    assert "3 parked in quick" in listed.stderr
    shown = doorstep("jobs", "show", ids[0])
    assert '"feed_id": "f1"' in shown.stdout and "s3cret" not in shown.stdout
    assert doorstep("jobs", "retry", ids[0]).exit_code == 0 and state(database, ids[0]) == "queued"
    assert doorstep("jobs", "discard", ids[1]).exit_code == 0 and state(database, ids[1]) is None
    assert doorstep("jobs", "retry", "--parked").exit_code == 0 and state(database, ids[2]) == "queued"
    assert [action for action, _row, _details in actions(database)] == ["job.retried", "job.discarded"]


def test_the_command_says_what_is_wrong(doorstep: Any, database: Database) -> None:
    assert "There is no such job" in doorstep("jobs", "show", new_id()).output
    assert "is not the id of a job" in doorstep("jobs", "retry", "x").output
    assert "--parked" in doorstep("jobs", "retry").output
