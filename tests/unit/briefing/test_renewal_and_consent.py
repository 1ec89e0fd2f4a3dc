"""The small decisions behind contract and people lines."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customers.consent import withdrawn_channels
from app.products.renewal import AHEAD_DAYS, NextDate, Outlook, outlook, weight

TODAY = date(2026, 11, 21)


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


@pytest.mark.parametrize(
    ("ends", "renews", "notice_days", "auto_renew", "expected"),
    [
        (None, day(60), 30, True, NextDate(Outlook.NOTICE, day(30))),
        (None, day(30), 30, True, NextDate(Outlook.NOTICE, day(0))),
        (None, day(29), 30, True, NextDate(Outlook.RENEWAL, day(29))),
        (None, day(29), None, True, NextDate(Outlook.RENEWAL, day(29))),
        (None, day(0), None, True, NextDate(Outlook.RENEWAL, day(0))),
        (None, day(-1), None, True, None),
        (None, day(200), 30, True, None),
        (None, day(200), 120, True, NextDate(Outlook.NOTICE, day(80))),
        (day(10), day(10), 30, False, NextDate(Outlook.END, day(10))),
        (None, day(10), 30, False, NextDate(Outlook.RENEWAL, day(10))),
        (day(AHEAD_DAYS + 1), None, None, False, None),
        (None, None, None, False, None),
    ],
)
def test_the_next_date_that_matters(
    ends: date | None, renews: date | None, notice_days: int | None, auto_renew: bool, expected: NextDate | None
) -> None:
    assert outlook(ends, renews, notice_days, auto_renew, TODAY) == expected


@given(st.sampled_from(Outlook), st.integers(0, AHEAD_DAYS), st.integers(0, AHEAD_DAYS))
def test_the_nearer_a_date_the_more_it_weighs(kind: Outlook, one: int, other: int) -> None:
    near, far = sorted((one, other))
    assert weight(NextDate(kind, day(near)), TODAY) >= weight(NextDate(kind, day(far)), TODAY)


def consent(channel: str, status: str, recorded_at: str | None) -> dict:
    return {"channel": channel, "status": status, "recorded_at": recorded_at, "source": "form"}


def test_the_newest_word_on_a_channel_counts_whatever_the_order() -> None:
    granted = consent("phone", "granted", "2025-01-01T00:00:00Z")
    withdrawn = consent("phone", "withdrawn", "2026-01-01T00:00:00Z")
    assert withdrawn_channels([granted, withdrawn]) == withdrawn_channels([withdrawn, granted]) == {"phone"}
    assert withdrawn_channels([withdrawn, consent("phone", "granted", "2026-02-01T00:00:00Z")]) == frozenset()
    assert withdrawn_channels([withdrawn, consent("email", "granted", None)]) == {"phone"}
    assert withdrawn_channels([]) == frozenset()


def test_of_two_undated_words_the_later_in_the_record_counts() -> None:
    assert withdrawn_channels([consent("sms", "granted", None), consent("sms", "withdrawn", None)]) == {"sms"}
    assert withdrawn_channels([consent("sms", "withdrawn", None), consent("sms", "unknown", None)]) == frozenset()
