"""Calendars for tests: written line by line, and a rep who has some."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.phones import Api

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # a Monday, 9 o'clock in Stockholm
ICALENDAR = "text/calendar"
Lines = Iterable[str]


def calendar(*events: str, properties: Lines = (), zones: Lines = ()) -> bytes:
    """A calendar document of these events."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Doorstep//Tests//EN", *properties, *zones]
    return ("\r\n".join(head) + "\r\n" + "".join(events) + "END:VCALENDAR\r\n").encode()


def event(uid: str, start: str | datetime, *lines: str, hours: float = 1, summary: str = "Meeting") -> str:
    """A VEVENT; a datetime is written in Stockholm's time, a text as the whole DTSTART line."""
    timed = isinstance(start, datetime)
    times = [f"DTSTART:{utc(start)}", f"DTEND:{utc(start + timedelta(hours=hours))}"] if timed else [start]
    return "".join(
        f"{line}\r\n" for line in ("BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{summary}", *times, *lines, "END:VEVENT")
    )


def utc(moment: datetime) -> str:
    """A moment as iCalendar writes it in UTC."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def stockholm(text: str) -> str:
    """`20260304T100000` as a DTSTART in Stockholm."""
    return f"DTSTART;TZID=Europe/Stockholm:{text}"


def fixed_zone(tzid: str, hours: int) -> list[str]:
    """A VTIMEZONE that is always so many hours ahead of UTC."""
    offset = f"{'-' if hours < 0 else '+'}{abs(hours):02}00"
    named = ["BEGIN:VTIMEZONE", f"TZID:{tzid}", "BEGIN:STANDARD", "DTSTART:16010101T000000"]
    return [*named, f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}", "END:STANDARD", "END:VTIMEZONE"]


class Rep:
    """A rep with accounts of their own, seen through the API."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def account(self, name: str, **more: Any) -> str:
        """An account that the rep looks after; its id."""
        return str(self._made(self.api.post("/accounts", {"name": name, **more}))["id"])

    def person(self, account_id: str, email: str, **more: Any) -> str:
        """Somebody there; their id."""
        body = {"account_id": account_id, "name": email.partition("@")[0].title(), "email": email, **more}
        return str(self._made(self.api.post("/people", body))["id"])

    def imports(self, document: bytes, name: str = "Mine") -> dict[str, Any]:
        """Import a file; the calendar it went into."""
        answer = self.api.post("/calendars:import", data=document, content_type=ICALENDAR, query_string={"name": name})
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json)

    def events(self, **query: Any) -> list[dict[str, Any]]:
        """Events of the rep's calendars."""
        answer = self.api.get("/calendar-events", query_string={"limit": 200, **query})
        assert answer.status_code == 200, answer.text
        return list(answer.json["data"])

    def visits(self, **query: Any) -> list[dict[str, Any]]:
        """Visits in order of time."""
        rows = self.api.get("/visits", query_string={"limit": 200, **query}).json["data"]
        return sorted(rows, key=lambda row: (row["starts_at"], row["id"]))

    def planned(self) -> list[tuple[str, str]]:
        """(account, when) of visits that are planned."""
        return [(row["account_id"], row["starts_at"]) for row in self.visits(status="planned")]

    @staticmethod
    def _made(answer: Any) -> dict[str, Any]:
        assert answer.status_code == 201, answer.text
        return dict(answer.json)
