"""When a feed is polled again."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from app.foundation.polling import Failed, NamedProblem, NotModified, retry_after
from app.news.polling import PACE

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FAILED = Failed(NamedProblem("read-timeout", "It stopped", "It stopped."))


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(minutes=2)),
        (" 0 ", timedelta(0)),
        ("99999999999999999999", timedelta(days=7)),
        ("Sat, 21 Nov 2026 13:00:00 GMT", timedelta(hours=1)),
        ("Sat, 21 Nov 2026 14:00:00 +0100", timedelta(hours=1)),
        ("Sat, 21 Nov 2026 11:00:00 GMT", None),
        ("Sat, 31 Feb 2026 11:00:00 GMT", None),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(header, wait):
    assert retry_after(header, NOW) == wait


def waits(outcome, failures):
    return [PACE.next(outcome, failures, NOW, random.Random(seed)) - NOW for seed in range(200)]


def test_a_good_feed_is_polled_about_every_half_hour_and_not_in_step_with_others():
    seen = waits(NotModified(304, None), 0)
    assert timedelta(minutes=27) <= min(seen) < max(seen) <= timedelta(minutes=33)


@pytest.mark.parametrize(("failures", "hours"), [(1, 1), (2, 2), (3, 4), (5, 16), (6, 24), (1000, 24)])
def test_each_failure_doubles_the_wait_up_to_a_day(failures, hours):
    seen = waits(FAILED, failures)
    assert timedelta(hours=hours * 0.9) <= min(seen) <= max(seen) <= timedelta(hours=hours * 1.1)


@pytest.mark.parametrize(
    ("asked", "least"), [(timedelta(seconds=1), timedelta(minutes=54)), (timedelta(days=30), timedelta(days=7))]
)
def test_retry_after_lengthens_the_wait_and_never_shortens_it(asked, least):
    assert min(waits(Failed(FAILED.problem, 429, asked), 1)) >= least
    assert max(waits(Failed(FAILED.problem, 429, timedelta(days=30)), 1)) == timedelta(days=7)
