"""When reps are told: the rules by example, and what holds for every visit, rep and zone."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.push.plan import (
    HORIZON,
    Due,
    Preferences,
    Told,
    allowed_from,
    due_notices,
    is_allowed,
    slot_of,
    wanted,
    zone_of,
)

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
USUAL = Preferences()
EVERY_DAY = Preferences(working_days=frozenset(range(1, 8)))


def at(text: str, zone: ZoneInfo = STOCKHOLM) -> datetime:
    """A time on the wall, such as `2026-11-24 10:00` (a Tuesday)."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def told_at(
    start: str, preferences: Preferences = USUAL, *, first: bool = False, zone: ZoneInfo = STOCKHOLM
) -> list[str]:
    """`evening 23. 18:00` of everything that is wanted, on the rep's wall."""
    found = wanted(at(start, zone), first, preferences, zone)
    return [f"{due.slot.partition(':')[0]} {due.at.astimezone(zone):%d. %H:%M}" for due in found]


@pytest.mark.parametrize(
    ("start", "first", "expected"),
    [
        ("2026-11-24 10:00", False, ["lead 24. 09:00"]),
        ("2026-11-24 10:00", True, ["evening 23. 18:00", "lead 24. 09:00"]),
        # Quiet hours end at seven: late enough for a visit at half past, too late for one at five past.
        ("2026-11-24 07:30", False, ["lead 24. 07:00"]),
        ("2026-11-24 07:10", False, ["lead 24. 07:00"]),
        ("2026-11-24 07:05", False, ["lead 23. 20:59"]),
        # What the evening said is not said again three hours later.
        ("2026-11-24 06:00", True, ["evening 23. 18:00"]),
        ("2026-11-24 06:00", False, ["lead 23. 20:59"]),
        ("2026-11-24 22:30", False, ["lead 24. 20:59"]),
        # Monday's first visit is told on Friday evening; one on Saturday too, whichever of the day it is.
        ("2026-11-23 10:00", True, ["evening 20. 18:00", "lead 23. 09:00"]),
        ("2026-11-21 10:00", True, ["evening 20. 18:00"]),
        ("2026-11-21 10:00", False, ["lead 20. 20:59"]),
    ],
)
def test_the_hour_before_and_the_evening_before(start: str, first: bool, expected: list[str]) -> None:
    assert told_at(start, first=first) == expected


def test_other_preferences() -> None:
    assert told_at("2026-11-24 10:00", Preferences(lead=timedelta(minutes=90))) == ["lead 24. 08:30"]
    assert told_at("2026-11-24 10:00", Preferences(evening_before=False), first=True) == ["lead 24. 09:00"]
    late = Preferences(evening_at=time(22))
    assert told_at("2026-11-24 10:00", late, first=True) == ["evening 23. 20:59", "lead 24. 09:00"]
    siesta = Preferences(quiet_from=time(13), quiet_to=time(15))
    assert told_at("2026-11-24 15:30", siesta) == ["lead 24. 15:00"]
    assert told_at("2026-11-24 14:30", siesta) == ["lead 24. 12:59"]
    never_quiet = Preferences(quiet_from=time(0), quiet_to=time(0))
    assert told_at("2026-11-24 04:00", never_quiet) == ["lead 24. 03:00"]


def test_clocks_that_are_put_forward_and_back() -> None:
    night = replace(EVERY_DAY, quiet_from=time(22), quiet_to=time(2, 30))
    (forward,) = wanted(at("2026-03-29 04:00"), False, night, STOCKHOLM)  # 02:30 does not exist that night
    assert forward.at == at("2026-03-29 03:00")
    (back,) = wanted(at("2026-10-25 04:00"), False, replace(night, lead=3 * HOUR), STOCKHOLM)
    assert back.at.astimezone(STOCKHOLM).strftime("%H:%M") == "02:30"
    # An hour before is an hour that passes, not one on the wall.
    (across,) = wanted(at("2026-10-25 03:30"), False, replace(EVERY_DAY, quiet_to=time(21)), STOCKHOLM)
    assert at("2026-10-25 03:30") - across.at == HOUR


def test_a_visit_that_is_planned_late_is_told_at_once() -> None:
    start, now = at("2026-11-24 10:00"), at("2026-11-24 09:40")
    assert due_notices(start, True, USUAL, STOCKHOLM, [], now) == [Due(slot_of("lead", start), now)]
    assert due_notices(start, True, USUAL, STOCKHOLM, [], start) == []


def test_an_evening_notice_waits_for_half_an_hour_and_no_longer() -> None:
    start = at("2026-11-24 10:00")
    slots = lambda now: [due.slot.partition(":")[0] for due in due_notices(start, True, USUAL, STOCKHOLM, [], at(now))]  # noqa: E731
    assert slots("2026-11-23 18:30") == ["evening", "lead"] and slots("2026-11-23 18:31") == ["lead"]


def test_an_evening_notice_that_no_channel_took_is_tried_all_evening() -> None:
    start = at("2026-11-24 10:00")
    slot = slot_of("evening", start)

    def tried(now: str) -> bool:
        return slot in {due.slot for due in due_notices(start, True, USUAL, STOCKHOLM, [], at(now), {slot})}

    assert tried("2026-11-23 19:30") and tried("2026-11-23 20:59")
    assert not tried("2026-11-23 21:01") and not tried("2026-11-24 07:00")


def test_an_update_that_told_of_a_start_is_not_followed_by_an_evening_notice_of_it() -> None:
    start, moved = at("2026-11-24 10:00"), at("2026-11-24 11:00")
    told = [
        Told(slot_of("evening", start), start, at("2026-11-23 18:00")),
        Told("update-1", moved, at("2026-11-23 18:12")),
    ]
    found = due_notices(moved, True, USUAL, STOCKHOLM, told, at("2026-11-23 18:12"))
    assert found == [Due(slot_of("lead", moved), at("2026-11-24 10:00"))]


def test_a_zone_that_is_not_known_is_utc() -> None:
    assert (
        zone_of("Mars/Olympus") is zone_of("../etc/passwd") is ZoneInfo("UTC")
        and zone_of("Europe/Stockholm") is STOCKHOLM
    )


def test_a_visit_that_moves_is_told_again_unless_that_was_just_said() -> None:
    start, moved = at("2026-11-24 10:00"), at("2026-11-24 15:00")
    lead = Told(slot_of("lead", start), start, at("2026-11-24 09:00"))
    assert due_notices(moved, False, USUAL, STOCKHOLM, [lead], at("2026-11-24 09:10")) == [
        Due(slot_of("lead", moved), at("2026-11-24 14:00"))
    ]
    soon = at("2026-11-24 10:20")
    update = Told("update-1", soon, at("2026-11-24 09:05"))
    assert due_notices(soon, False, USUAL, STOCKHOLM, [lead, update], at("2026-11-24 09:10")) == []
    assert due_notices(start, False, USUAL, STOCKHOLM, [lead, update], at("2026-11-24 09:10")) == []


# -- what always holds -------------------------------------------------------------------------------------------------

ZONES = st.sampled_from(
    ["Europe/Stockholm", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo",
     "Africa/Cairo", "Asia/Tehran", "Pacific/Chatham", "America/St_Johns", "UTC"]
).map(ZoneInfo)  # fmt: skip
WALL = st.builds(time, st.integers(0, 23), st.integers(0, 59))
PREFERENCES = st.builds(
    Preferences,
    st.integers(5, 720).map(lambda minutes: timedelta(minutes=minutes)),
    st.booleans(),
    WALL,
    WALL,
    WALL,
    st.frozensets(st.integers(1, 7), min_size=1),
)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda one: one.replace(tzinfo=UTC))
# Around the nights on which clocks change.
CHANGES = st.sampled_from([datetime(2026, 3, 29, 1), datetime(2026, 10, 25, 1), datetime(2026, 3, 8, 7), datetime(2026, 11, 1, 6),
                           datetime(2026, 4, 4, 15), datetime(2026, 10, 3, 15, 30)])  # fmt: skip
STARTS = INSTANTS | st.builds(lambda change, away: change.replace(tzinfo=UTC) + away, CHANGES, st.timedeltas(-DAY, DAY))


@settings(max_examples=400, deadline=None)
@given(STARTS, st.booleans(), PREFERENCES, ZONES)
def test_no_notice_is_wanted_in_quiet_hours_on_a_day_off_or_after_the_start(
    start: datetime, first: bool, preferences: Preferences, zone: ZoneInfo
) -> None:
    found = wanted(start, first, preferences, zone)
    assert len({due.slot for due in found}) == len(found) <= 2
    for due in found:
        assert is_allowed(due.at, preferences, zone) and start - HORIZON < due.at < start
    if {slot.slot.partition(":")[0] for slot in found} == {"lead"} and is_allowed(
        (start - preferences.lead).replace(second=0, microsecond=0), preferences, zone
    ):
        assert timedelta() <= start - preferences.lead - found[0].at < MINUTE


@settings(max_examples=150, deadline=None)
@given(STARTS, st.booleans(), PREFERENCES, ZONES, st.timedeltas(timedelta(), 3 * DAY), st.integers(1, 240))
def test_whoever_looks_now_and_then_is_told_everything_once_and_at_its_time(
    start: datetime, first: bool, preferences: Preferences, zone: ZoneInfo, before: timedelta, every: int
) -> None:
    now, told = start - before, list[Told]()
    while now < start + HOUR:
        for due in due_notices(start, first, preferences, zone, told, now):
            assert due.at >= now and is_allowed(due.at, preferences, zone) and due.at < start
            if due.at < now + MINUTE * every:  # its alarm rings before we look again
                assert due.slot not in {one.slot for one in told}
                told.append(Told(due.slot, start, due.at))
        now += MINUTE * every
    slots = [due.slot for due in wanted(start, first, preferences, zone) if due.at > start - before]
    assert set(slots) <= {one.slot for one in told}


@settings(max_examples=200, deadline=None)
@given(STARTS, st.timedeltas(timedelta(), 2 * DAY), PREFERENCES, ZONES)
def test_an_update_waits_for_the_end_of_quiet_hours_or_is_left_out(
    start: datetime, before: timedelta, preferences: Preferences, zone: ZoneInfo
) -> None:
    now = start - before
    moment = allowed_from(now, start, preferences, zone)
    if moment is None:
        assert not is_allowed(now, preferences, zone) or now >= start
    else:
        assert now <= moment < start and is_allowed(moment, preferences, zone)
        assert moment == now or not is_allowed(now, preferences, zone)
