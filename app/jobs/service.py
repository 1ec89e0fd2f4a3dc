"""Background jobs that an administrator can see, try again and discard: those of the own organisation and no others."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import audit, clock
from app.foundation.outbox import JOBS
from app.foundation.outbox_queue import tell_runners
from app.foundation.principal import principal_of
from app.foundation.problems import Problem, not_found
from app.jobs import shown

STATES = ("queued", "running", "parked")
COLUMNS = [
    JOBS.c[name]
    for name in (
        "id", "org_id", "kind", "lane", "state", "attempts", "run_at", "lease_until", "created_at", "last_error", "payload",
    )
]  # fmt: skip


def _visible(session: Session) -> sa.ColumnElement[bool]:
    return sa.and_(JOBS.c.org_id == principal_of(session).org_id, JOBS.c.state.in_(STATES))


def find(
    session: Session,
    *,
    limit: int,
    before: str | None = None,
    state: str | None = None,
    kind: str | None = None,
    condition: sa.ColumnElement[bool] | None = None,
) -> list[dict[str, Any]]:
    """Jobs, the newest first, older than the job `before`."""
    query = sa.select(*COLUMNS).where(_visible(session) if condition is None else condition)
    for column, value in ((JOBS.c.state, state), (JOBS.c.kind, kind)):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(JOBS.c.id < before)
    return [as_shown(row) for row in session.execute(query.order_by(JOBS.c.id.desc()).limit(limit)).mappings()]


def counts(session: Session, condition: sa.ColumnElement[bool] | None = None) -> list[dict[str, Any]]:
    """How many jobs there are by state and lane."""
    query = (
        sa.select(JOBS.c.state, JOBS.c.lane, sa.func.count().label("jobs"))
        .where(_visible(session) if condition is None else condition)
        .group_by(JOBS.c.state, JOBS.c.lane)
        .order_by(JOBS.c.state, JOBS.c.lane)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def get(session: Session, job_id: str, condition: sa.ColumnElement[bool] | None = None) -> dict[str, Any]:
    """One job; Problem 404 when the caller's organisation has no such one."""
    query = sa.select(*COLUMNS).where(JOBS.c.id == job_id, _visible(session) if condition is None else condition)
    row = session.execute(query).mappings().one_or_none()
    if row is None:
        raise not_found("job")
    return as_shown(row)


def as_shown(row: Any) -> dict[str, Any]:
    """A row without secrets."""
    error = row["last_error"]
    return {
        **row,
        "payload": shown.payload(row["payload"]),
        "last_error": None if error is None else shown.text(error),
    }


def retry(session: Session, job_id: str, condition: sa.ColumnElement[bool] | None = None) -> dict[str, Any]:
    """Have a job tried at once, with all its tries before it again; Problem 404, or 409 while it runs."""
    found = get(session, job_id, condition)
    values = {"state": "queued", "run_at": clock.now(), "attempts": 0, "sent_until": None}
    if not _unless_running(session, sa.update(JOBS).values(**values, fence=JOBS.c.fence + 1), job_id):
        raise _running()
    tell_runners(session, found["lane"], soon=True)
    _record(session, "job.retried", found)
    return get(session, job_id, condition)


def discard(session: Session, job_id: str, condition: sa.ColumnElement[bool] | None = None) -> None:
    """Delete a job, so that it is never done; Problem 404, or 409 while it runs."""
    found = get(session, job_id, condition)
    if not _unless_running(session, sa.delete(JOBS), job_id):
        raise _running()
    _record(session, "job.discarded", found)


def _unless_running(session: Session, statement: Any, job_id: str) -> Sequence[Any]:
    """What the statement did to the job; nothing while somebody is at it, or when it is gone by now."""
    held = statement.where(JOBS.c.id == job_id, JOBS.c.state != "running").returning(JOBS.c.id)
    found: Sequence[Any] = session.execute(held).all()
    return found


def _record(session: Session, action: str, job: dict[str, Any]) -> None:
    if job["org_id"] is not None:  # the installation's own work is nobody's, and has no log
        audit.record(session, action, "job", job["id"], {"kind": job["kind"], "state": job["state"]})


def _running() -> Problem:
    return Problem(409, "job-running", "The job is running", "It is being done now. Look again when it has ended.")
