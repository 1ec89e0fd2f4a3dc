"""Rows of the sample territory as the documents that the API takes: days made dates, keys made external ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.foundation.fields import instant_text
from app.sample.days import Days

Document = dict[str, Any]

# The system that each kind of row is said to come from: a briefing names it as the source of a line.
SYSTEMS = {
    "user": "Directory",
    "product": "ERP",
    "account": "CRM",
    "territory": "CRM",
    "person": "CRM",
    "subscription": "ERP",
    "usage_series": "Rosvall Watch",
    "ticket": "Service desk",
    "visit": "CRM",
    "note": "Doorstep",
    "message": "Doorstep",
    "goal": "CRM",
    "promise": "CRM",
    "feed": "CRM",
}
# What a member that refers to another row names.
ENTITIES = {
    "account_id": "account",
    "person_id": "person",
    "requester_id": "person",
    "attendee_ids": "person",
    "product_id": "product",
    "subscription_id": "subscription",
    "visit_id": "visit",
    "user_id": "user",
    "manager_id": "user",
}

# Members of a row that are not members of its document: they become other rows, or other members.
_APART = {"key", "minutes", "events", "values", "week", "file"}
# Instants that may lie ahead; every other one has happened.
_AHEAD = {"starts_at", "due_at"}
# When a row that tells no moment of its own was written down.
_LONG_KNOWN = "D-60 08:00"
# A date without a time is told in the evening.
_EVENING = "17:00"
# A due date that passes writes nothing down.
_DUE = {"due_at", "due_on"}
# A day's usage is read from the meters early next morning.
_METER_ROUND = time(6, 0)


@dataclass(frozen=True)
class Documents:
    """Makes documents of rows. `zones` holds the time zone of each account, `feeds_url` is where the feeds are served."""

    days: Days
    zones: Mapping[str, str]
    feeds_url: str

    def document(self, entity: str, row: Document) -> Document:
        """The document of a row."""
        zone = self.zone(row)
        document: Document = {name: self._value(name, value, zone) for name, value in row.items() if name not in _APART}
        document["external_ids"] = {SYSTEMS[entity]: row["key"]}
        if "minutes" in row:
            document |= self._hours(row, zone)
        if "file" in row:
            document["url"] = f"{self.feeds_url}/{self.days.anchor.isoformat()}/{row['file']}"
        if "consent" in row:
            document["consent"] = [told for entry in row["consent"] for told in self._consents(entry, zone)]
        return document

    def zone(self, row: Document) -> str:
        """The clock by which the times of a row are told: its account's, or the organisation's."""
        return self.zones.get(str(row.get("account_id", row["key"])), self.days.home)

    def _value(self, name: str, value: Any, zone: str) -> Any:
        if name in ENTITIES:
            keys = [reference(ENTITIES[name], key) for key in (value if isinstance(value, list) else [value])]
            return keys if isinstance(value, list) else keys[0]
        if name.endswith("_on"):
            return self.days.day(value).isoformat()
        if name.endswith("_at"):
            tell = self.days.instant if name in _AHEAD else self.days.past_instant
            return instant_text(tell(value, zone))
        return value

    def _hours(self, row: Document, zone: str) -> Document:
        ends_at = instant_text(self.days.instant(row["starts_at"], zone) + timedelta(minutes=row["minutes"]))
        return {"ends_at": ends_at, "time_zone": zone, **({"done_at": ends_at} if row["status"] == "done" else {})}

    def _consents(self, entry: list[str], zone: str) -> list[Document]:
        channels, status, recorded, source = entry
        told = {"status": status, "recorded_at": instant_text(self.days.past_instant(recorded, zone)), "source": source}
        return [{"channel": channel, **told} for channel in channels.split()]

    def told_at(self, row: Document) -> datetime:
        """When a row was last written down: the latest moment of the past that it tells of."""
        zone, told = self.zone(row), [row[name] for name in row if name.endswith("_at") and name not in _DUE]
        told += [f"{row[name]} {_EVENING}" for name in row if name.endswith("_on") and name not in _DUE]
        told += [step[0] for step in row.get("events", [])] + [entry[2] for entry in row.get("consent", [])]
        loaded_at = self.days.loaded_at.astimezone(UTC)
        past = [at for at in (self.days.instant(text, zone) for text in told) if at < loaded_at]
        return max(past, default=self.days.instant(_LONG_KNOWN, zone))

    def events(self, ticket: Document) -> list[Document]:
        """The history of a ticket: `at` (aware UTC), `kind`, `value`, `actor`, `public`, in order."""
        zone = self.zone(ticket)
        return [
            {
                "external_id": f"{ticket['key']}/{number}",
                "at": self.days.past_instant(step[0], zone),
                "kind": step[1],
                "value": step[2],
                "actor": step[3],
                "public": "public" in step[4:],
            }
            for number, step in enumerate(ticket["events"])
        ]

    def daily(self, series: Document, until: datetime | None = None) -> list[tuple[date, float, datetime]]:
        """Day, value and the instant at which it was read; days on which nothing came are left out.

        The row holds one level a day, the last one for the day before loading, and the shape of a week from Monday on.
        With `until` (aware), what its meters have told since loading follows: the levels of the last week, again and
        again.
        """
        levels, clock = series["values"], ZoneInfo(self.zone(series))
        first = self.days.anchor - timedelta(days=len(levels))
        latest = (until or self.days.loaded_at).astimezone(UTC)
        whole = all(level is None or level == int(level) for level in levels)
        since = (latest.astimezone(clock).date() - self.days.anchor).days if until else 0
        told = []
        for offset in range(len(levels) + since):
            level = levels[offset] if offset < len(levels) else levels[-7:][(offset - len(levels)) % 7]
            if level is None:
                continue
            day = first + timedelta(days=offset)
            value = level * series["week"][day.weekday()]
            read_at = datetime.combine(day + timedelta(days=1), _METER_ROUND, clock).astimezone(UTC)
            told.append((day, float(round(value) if whole else round(value, 1)), min(read_at, latest)))
        return told


def reference(entity: str, key: str) -> Document:
    """A row of the sample territory, named as the system that it comes from names it."""
    return {"system": SYSTEMS[entity], "id": key}
