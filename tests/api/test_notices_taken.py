"""A notice that a process took is taken up by another when the lease of the settings is over, and not two minutes later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.foundation import changes, clock, outbox
from app.foundation.db import Database
from app.foundation.outbox_running import Result
from app.push import jobs, sending
from tests.conftest import settings_for
from tests.support.notices import Telling, at
from tests.support.phones import Directory
from tests.support.push_service import PushService

LEASE = timedelta(seconds=10)


class PowerCutError(BaseException):
    """What no task catches."""


@pytest.fixture
def rep(database: Database, directory: Directory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Telling]:
    monkeypatch.setattr(changes, "_listeners", [jobs.touched])
    with PushService() as service:
        yield Telling(database, directory.orgs["north"], directory.users["rep@north"], service).open()


def work(database: Database) -> None:
    """What is due now, as a process with this lease does it."""
    for lane in outbox.LANES * 3:
        for job in outbox.claim(database, lane=lane, lease=LEASE):
            if outbox.attempt(database, job) is Result.DONE:
                outbox.finish(database, [job])


def test_what_was_sent_and_not_written_is_sent_again_after_the_lease_under_the_same_id(
    rep: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.connect(
        settings_for(
            rep.database,
            outbound_allow=rep.service.host,
            public_url="https://sales.example",
            job_lease_seconds=int(LEASE.total_seconds()),
        )
    )
    with monkeypatch.context() as cut, clock.fixed(at(9)):

        def fail(*_: object) -> None:
            raise PowerCutError

        cut.setattr(sending, "_record", fail)
        rep.visit(at(10))
        with pytest.raises(PowerCutError):
            work(rep.database)
    assert [row["state"] for row in rep.notices()] == ["sending"]
    for seconds in (10, 11, 12):
        with clock.fixed(at(9) + timedelta(seconds=seconds)):
            work(rep.database)
    assert [row["state"] for row in rep.notices()] == ["sent"]
    assert rep.browser is not None
    first, second = rep.browser.delivered
    assert first.shown["data"]["notice"] == second.shown["data"]["notice"] and first.topic == second.topic
