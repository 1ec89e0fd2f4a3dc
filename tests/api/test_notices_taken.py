"""A notice that a process took is taken up by another when the lease of the settings is over, and not two minutes later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from app.foundation import changes, clock, outbox
from app.foundation.db import Database
from app.foundation.outbox_running import Result
from app.push import jobs, sending
from app.visits.tables import Visit
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


def as_one_process(rep: Telling) -> None:
    jobs.connect(
        settings_for(
            rep.database,
            outbound_allow=rep.service.host,
            public_url="https://sales.example",
            job_lease_seconds=int(LEASE.total_seconds()),
        )
    )


def cut_power(rep: Telling, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """Let a process send what is due, and end before it writes what came of it."""

    def fail(*_: object) -> None:
        raise PowerCutError

    with monkeypatch.context() as cut, clock.fixed(now):
        cut.setattr(sending, "_record", fail)
        with pytest.raises(PowerCutError):
            work(rep.database)


def go_on(rep: Telling, begin: datetime, seconds: int, step: int = 5) -> None:
    """Let another process do what is due for a while."""
    for second in range(0, seconds, step):
        with clock.fixed(begin + timedelta(seconds=second)):
            work(rep.database)


def test_what_was_sent_and_not_written_is_sent_again_after_the_lease_under_the_same_id(
    rep: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_one_process(rep)
    with clock.fixed(at(9)):
        rep.visit(at(10))
    cut_power(rep, monkeypatch, at(9))
    assert [row["state"] for row in rep.notices()] == ["sending"]
    go_on(rep, at(9) + timedelta(seconds=10), 3, 1)
    assert [row["state"] for row in rep.notices()] == ["sent"]
    assert rep.browser is not None
    first, second = rep.browser.delivered
    assert first.shown["data"]["notice"] == second.shown["data"]["notice"] and first.topic == second.topic


def test_a_visit_that_moves_back_after_a_power_cut_is_told_where_it_is_all_the_same(
    rep: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The move was sent and not written down: the phone shows it, and nobody knows that it does."""
    as_one_process(rep)
    with clock.fixed(at(9)):
        visit = rep.visit(at(10))
    go_on(rep, at(9), 10)
    with clock.fixed(at(9, 6)):
        rep.change(Visit, visit, starts_at=at(9, 30), ends_at=at(10, 30))
    go_on(rep, at(9, 6), 60)
    cut_power(rep, monkeypatch, at(9, 8))
    with clock.fixed(at(9, 8) + timedelta(seconds=2)):
        rep.change(Visit, visit, starts_at=at(10), ends_at=at(11))
    go_on(rep, at(9, 8) + timedelta(seconds=3), 180)
    titles = [one.shown["title"] for one in rep.new()]
    assert titles == ["10:00 · Norrvik Paper", "Moved to 09:30 · Norrvik Paper", "Moved to 10:00 · Norrvik Paper"]
    assert rep.browser is not None
    assert len({one.shown["data"]["notice"] for one in rep.browser.delivered}) == 3
    assert [row["state"] for row in rep.notices()] == ["sent", "sent"]


def test_a_visit_that_moves_after_a_power_cut_is_told_though_nobody_knows_of_the_first_notice(
    rep: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_one_process(rep)
    with clock.fixed(at(9)):
        visit = rep.visit(at(10))
    cut_power(rep, monkeypatch, at(9))
    with clock.fixed(at(9) + timedelta(seconds=2)):
        rep.change(Visit, visit, starts_at=at(14), ends_at=at(15))
    go_on(rep, at(9) + timedelta(seconds=3), 240)
    assert [one.shown["title"] for one in rep.new()] == ["10:00 · Norrvik Paper", "Moved to 14:00 · Norrvik Paper"]
