"""The same usage and the same ticket histories, through the API and from a file: the same rows, whichever door they take."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.connectors import importer, mapping
from app.foundation import tenancy
from app.foundation.db import Database, table_of
from app.foundation.principal import bind_principal
from app.resources.children import write_children
from app.tickets.service import HISTORY
from app.tickets.tables import Ticket, TicketEvent
from app.usage.service import Event, ingest_events
from app.usage.tables import UsageDaily, UsageSeries
from tests.support.phones import Api

ZONE = "America/New_York"
TICKETS = """
external_id: "desk:{no}"
missing: ["?"]
fields:
  number: no
  account_id: {column: company, by: name}
  subject: what
  status: state
  priority: priority
  assignee: who
  opened_at: opened
  solved_at: resolved
  closed_at: closed
  reopened_count: reopened
history:
  event_id: "{no}/{step}"
  at: at
  actor: by
  comment: comment
"""
COLUMNS = ("no", "step", "at", "state", "priority", "who", "by", "comment", "opened", "resolved", "closed", "reopened")
USAGE = """
external_id: "meter:{meter}"
event_id: "{event}"
fields:
  account_id: {column: company, by: name}
  metric: {constant: hours}
  name: {constant: Running hours}
  unit: {constant: h}
  aggregation: how
  at: at
  value: value
"""
Load = Callable[..., importer.Report]


@pytest.fixture
def api(sign_in: Any) -> Api:
    """The desk of North, with one account."""
    found: Api = sign_in("admin@north")
    assert found.post("/accounts", {"name": "Norrvik", "time_zone": ZONE}).status_code == 201
    return found


@pytest.fixture
def load(api: Api, sign_in: Any, database: Database, tmp_path: Path) -> Load:
    """Imports lines into South, which has the same account; or into North."""
    assert sign_in("admin@south").post("/accounts", {"name": "Norrvik", "time_zone": ZONE}).status_code == 201

    def loaded(kind: str, rules: str, lines: list[list[Any]], organisation: str = "South") -> importer.Report:
        path = tmp_path / "in.csv"
        path.write_text("\n".join(",".join("?" if cell is None else str(cell) for cell in line) for line in lines))
        report = importer.run(database, importer.Job(str(path), mapping.read(rules, kind), organisation))
        assert report.rows.rejected == 0, report.rejects
        return report

    return loaded


@pytest.fixture
def stored(database: Database, directory: Any) -> Callable[[str], dict[str, Any]]:
    """Everything of an organisation that either door writes, without what names or dates the row itself."""

    def found(organisation: str) -> dict[str, Any]:
        org_id = directory.orgs[organisation]
        with database.read() as session:
            return {
                "tickets": _rows(session, Ticket, org_id, own={"row_version"}),
                "steps": _rows(session, TicketEvent, org_id),
                "days": _rows(session, UsageDaily, org_id),
                "series": _rows(session, UsageSeries, org_id),
            }

    return found


def _rows(session: Any, model: Any, org_id: str, own: set[str] = frozenset()) -> list[dict[str, Any]]:
    """Rows by the names that they have outside, references to their parents by such names too."""
    table = table_of(model)
    names = {row.id: row.external_ids for each in (Ticket, UsageSeries) for row in session.scalars(sa.select(each))}
    left_out = {"id", "org_id", "account_id", "created_at", "updated_at", *own}
    rows = []
    for row in session.execute(sa.select(table).where(table.c.org_id == org_id)).mappings():
        values = {name: value for name, value in row.items() if name not in left_out}
        for parent in ("ticket_id", "series_id"):
            if parent in values:
                values[parent] = names[values[parent]]
        rows.append(values)
    return sorted(rows, key=repr)


def accept(answer: Any) -> None:
    assert answer.status_code == 200, answer.text
    assert all(row["status"] != "rejected" for row in answer.json["results"]), answer.text


# --- usage ---


def readings(seed: int) -> list[dict[str, Any]]:
    """Three months of events of three series, with gaps, changes of the clock, and values that do not add up in binary."""
    chance, begin = random.Random(seed), datetime(2026, 2, 1, tzinfo=UTC)
    return [
        {
            "meter": how,
            "event": f"{how}-{number}",
            "at": begin + timedelta(minutes=15 * chance.randrange(4 * 24 * (90 if number % 3 else 3))),
            "value": chance.choice((0.1, 0.2, 0.7, -3, 1e9, 12.25)),
        }
        for how in ("sum", "max", "last")
        for number in range(120)
    ]


def instant(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def send_usage(api: Api, events: list[dict[str, Any]]) -> None:
    account = api.get("/accounts").json["data"][0]["id"]
    series = [
        {
            "account_id": account, "metric": "hours", "name": "Running hours", "unit": "h", "aggregation": how,
            "external_ids": {"meter": how},
        }
        for how in ("sum", "max", "last")
    ]  # fmt: skip
    accept(api.post("/usage/series/batch", {"rows": series}))
    rows = [
        {
            "series": {"system": "meter", "id": event["meter"]}, "external_id": event["event"],
            "at": instant(event["at"]), "value": event["value"],
        }
        for event in events
    ]  # fmt: skip
    for start in range(0, len(rows), 100):
        accept(api.post("/usage/events/batch", {"rows": rows[start : start + 100]}))


def usage_lines(events: list[dict[str, Any]]) -> list[list[Any]]:
    head = ["meter", "event", "company", "how", "at", "value"]
    lines = [[e["meter"], e["event"], "Norrvik", e["meter"], instant(e["at"]), e["value"]] for e in events]
    return [head, *lines]


def test_usage_comes_to_the_same_days_through_both_doors(api: Api, load: Load, stored: Any) -> None:
    events = readings(1)
    send_usage(api, events)
    load("usage", USAGE, usage_lines(events))
    north, south = stored("north"), stored("south")
    assert len(north["days"]) > 100 and all(series["last_received_at"] for series in north["series"])
    assert north["days"] == south["days"] and north["series"] == south["series"]


def test_corrected_usage_comes_to_the_same_days_through_both_doors(api: Api, load: Load, stored: Any) -> None:
    events = readings(2)
    newest = max(events, key=lambda event: event["at"])
    moved = [
        {**event, "at": event["at"] - timedelta(days=40), "value": event["value"] + 0.3}
        for number, event in enumerate(events)
        if number % 5 == 0 or event is newest
    ]
    send_usage(api, events)
    send_usage(api, moved)
    load("usage", USAGE, usage_lines(events))
    load("usage", USAGE, usage_lines(moved))
    north, south = stored("north"), stored("south")
    assert north["days"] == south["days"] and north["series"] == south["series"]


def test_either_door_goes_on_where_the_other_ended(api: Api, load: Load, stored: Any) -> None:
    events = readings(3)
    send_usage(api, events[::2])
    load("usage", USAGE, usage_lines(events), "North")
    load("usage", USAGE, usage_lines(events))
    assert stored("north")["days"] == stored("south")["days"]
    assert stored("north")["series"] == stored("south")["series"]


def at_once(database: Database, directory: Any, first: Callable[[Any], Any], second: Callable[[Any], Any]) -> None:
    """Two transactions of North, the second begun while the first has written and is not yet through."""

    def run(act: Callable[[Any], Any]) -> None:
        with tenancy.as_system(), database.write() as session:
            bind_principal(session, directory.systems["north"])
            act(session)

    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            bind_principal(session, directory.systems["north"])
            first(session)
            later = pool.submit(run, second)
            with suppress(TimeoutError):
                later.result(timeout=0.5)
        later.result(timeout=120)


def test_events_of_a_day_that_come_at_once_are_all_in_its_value(
    api: Api, database: Database, directory: Any, stored: Any
) -> None:
    send_usage(api, [])
    series = {row["external_ids"]["meter"]: row["id"] for row in api.get("/usage/series").json["data"]}["sum"]
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def receive(name: str, value: float) -> Callable[[Any], Any]:
        return lambda session: ingest_events(session, [Event(series, name, noon, value)])

    at_once(database, directory, receive("a", 1), receive("b", 2))
    assert [row["value"] for row in stored("north")["days"]] == [3.0]


def test_events_of_one_instant_are_in_the_order_of_their_names(api: Api, load: Load, stored: Any) -> None:
    same = {"meter": "last", "at": datetime(2026, 3, 1, 12, tzinfo=UTC)}
    events = [{**same, "event": name, "value": value} for name, value in (("a", 1.0), ("B", 2.0), ("_", 3.0))]
    send_usage(api, events)
    load("usage", USAGE, usage_lines(events))
    assert [row["value"] for row in stored("north")["days"] + stored("south")["days"]] == [1.0, 1.0]


# --- tickets ---

OPENED = "2026-03-01T08:00:00Z"


def line(number: str, step: int, day: int, state: str, **more: Any) -> dict[str, Any]:
    """One line of the desk's log: the ticket as it was then."""
    return {
        "no": number, "step": step, "at": f"2026-03-{day:02}T10:00:00Z", "state": state, "priority": "normal",
        "opened": OPENED, **more,
    }  # fmt: skip


def log_lines(log: list[dict[str, Any]]) -> list[list[Any]]:
    return [[*COLUMNS, "company", "what"], *([*(one.get(name) for name in COLUMNS), "Norrvik", "Leak"] for one in log)]


# A ticket that was solved, came back and was closed; its desk dates the solution before the line that tells it.
CLOSED = [
    line("A", 1, 2, "new"),
    line("A", 2, 3, "open", who="Eva", by="Eva"),
    line("A", 3, 4, "solved", who="Eva", resolved="2026-03-04T09:12:00Z"),
    line("A", 4, 5, "open", who="Eva", reopened=1),
    line("A", 5, 5, "open", who="Eva", reopened=1, comment="Called back"),
    line("A", 9, 6, "solved", who="Ola", reopened=1, resolved="2026-03-06T07:30:00Z"),
    line(
        "A", 10, 6, "closed", who="Ola", reopened=1, resolved="2026-03-06T07:30:00Z", closed="2026-03-06T09:59:00Z"
    ),
]  # fmt: skip
# One that waits, whose priority rose again in the line that changed its status, so that no step tells it.
WAITING = [
    line("B", 1, 2, "new", priority="low"),
    line("B", 2, 3, "new", priority="high"),
    line("B", 3, 9, "on_hold", priority="urgent", who="Ola"),
]
# One whose log began late: its desk counts reopenings that no line shows.
LATE = [line("C", 31, 20, "open", reopened=2), line("C", 32, 21, "solved", reopened=2)]
STEPS = {
    "A": ["status new", "status open", "status solved", "status open", "comment Called back", "status solved",
          "status closed"],
    "B": ["status new", "priority high", "status on_hold"],
    "C": ["status open", "status solved"],
    "D": ["status new", "status solved", "status open", "status closed"],
}  # fmt: skip


def send_ticket(api: Api, log: list[dict[str, Any]]) -> None:
    """As an integration does: the ticket as the desk shows it now, then its steps."""
    last, account = log[-1], api.get("/accounts").json["data"][0]["id"]
    row = {
        "account_id": account, "number": last["no"], "subject": "Leak", "status": last["state"], "opened_at": OPENED,
        "priority": last["priority"], "assignee": last.get("who"), "solved_at": last.get("resolved"),
        "closed_at": last.get("closed"), "reopened_count": last.get("reopened", 0),
        "external_ids": {"desk": last["no"]},
    }  # fmt: skip
    accept(api.post("/tickets/batch", {"rows": [row]}))
    steps = []
    for one, told in zip(log, STEPS[last["no"]][: len(log)], strict=True):
        kind, _, value = told.partition(" ")
        steps.append(step(last["no"], one["step"], one["at"], kind, value, actor=one.get("by")))
    accept(api.post("/tickets/events/batch", {"rows": steps}))


def step(number: str, place: int, at: str, kind: str, value: str | None, **more: Any) -> dict[str, Any]:
    return {
        "ticket": {"system": "desk", "id": number}, "external_id": f"{number}/{place}", "at": at, "kind": kind,
        "value": value, **more,
    }  # fmt: skip


@pytest.mark.parametrize("log", [CLOSED, WAITING[:2], LATE], ids=["closed", "waiting", "begun late"])
def test_a_ticket_and_its_history_are_the_same_through_both_doors(
    api: Api, load: Load, stored: Any, log: list[dict[str, Any]]
) -> None:
    send_ticket(api, log)
    load("tickets", TICKETS, log_lines(log))
    north, south = stored("north"), stored("south")
    assert len(north["steps"]) == len(log)
    assert north["steps"] == south["steps"]
    assert north["tickets"] == south["tickets"]


def test_steps_of_one_instant_are_in_the_order_of_their_names_through_both_doors(
    api: Api, load: Load, stored: Any
) -> None:
    log = [line("D", 10, 5, "closed"), line("D", 9, 5, "open"), line("D", 8, 5, "solved"), line("D", 1, 2, "new")]
    load("tickets", TICKETS, log_lines(log))
    send_ticket(api, log[::-1])
    north, south = stored("north"), stored("south")
    assert [(ticket["status"], ticket["reopened_count"]) for ticket in south["tickets"]] == [("closed", 1)]
    assert north["steps"] == south["steps"]
    assert north["tickets"] == south["tickets"]


def ticket_after(api: Api, *steps: dict[str, Any]) -> dict[str, Any]:
    accept(api.post("/tickets/events/batch", {"rows": list(steps)}))
    ticket: dict[str, Any] = api.get("/tickets").json["data"][0]
    return ticket


SAID = ("status", "priority", "solved_at", "closed_at", "reopened_count")


@pytest.mark.parametrize("log", [CLOSED, WAITING, LATE], ids=["closed", "waiting", "begun late"])
def test_a_comment_over_the_api_leaves_what_the_imported_desk_said(
    api: Api, load: Load, log: list[dict[str, Any]]
) -> None:
    load("tickets", TICKETS, log_lines(log), "North")
    before = api.get("/tickets").json["data"][0]
    after = ticket_after(api, step(log[0]["no"], 90, "2026-03-25T08:00:00Z", "comment", "Thanks"))
    assert {name: after[name] for name in SAID} == {name: before[name] for name in SAID}
    assert after["row_version"] == before["row_version"]


def test_an_imported_ticket_that_comes_back_over_the_api_is_open_and_counted(api: Api, load: Load) -> None:
    load("tickets", TICKETS, log_lines(CLOSED), "North")
    after = ticket_after(api, step("A", 90, "2026-03-25T08:00:00Z", "status", "open"))
    assert tuple(after[name] for name in SAID) == ("open", "normal", None, None, 2)
    later = ticket_after(api, step("A", 91, "2026-03-26T08:00:00Z", "status", "solved"))
    assert tuple(later[name] for name in SAID) == ("solved", "normal", "2026-03-26T08:00:00Z", None, 2)


def test_the_count_of_a_desk_whose_log_began_late_does_not_fall(api: Api, load: Load) -> None:
    load("tickets", TICKETS, log_lines(LATE), "North")
    after = ticket_after(api, step("C", 90, "2026-03-25T08:00:00Z", "status", "open"))
    assert tuple(after[name] for name in SAID) == ("open", "normal", None, None, 2)


def test_a_file_without_a_column_takes_nothing_from_it_back(api: Api, load: Load) -> None:
    load("tickets", TICKETS, log_lines(CLOSED), "North")
    before = api.get("/tickets").json["data"][0]
    said = ("solved_at", "closed_at", "reopened_count")
    rules = "".join(text for text in TICKETS.splitlines(True) if not text.strip().startswith(said))
    report = load("tickets", rules, log_lines([*CLOSED, line("A", 11, 20, "closed", who="Ola")]), "North")
    assert (report.rows.created, report.rows.unchanged) == (1, len(CLOSED))
    after = api.get("/tickets").json["data"][0]
    assert {name: after[name] for name in SAID} == {name: before[name] for name in SAID}


def test_lines_that_name_no_status_say_nothing_of_it(api: Api, load: Load) -> None:
    send_ticket(api, CLOSED[:3])
    before = api.get("/tickets").json["data"][0]
    lines = [line("A", 90, 20, "open", comment="Thanks")]
    rules = TICKETS.replace("  status: state\n", "")
    load("tickets", rules, log_lines(lines), "North")
    after = api.get("/tickets").json["data"][0]
    assert (after["status"], after["solved_at"]) == ("solved", before["solved_at"])


def test_importing_again_after_the_api_changes_nothing(api: Api, load: Load) -> None:
    load("tickets", TICKETS, log_lines(CLOSED), "North")
    after = ticket_after(api, step("A", 90, "2026-03-25T08:00:00Z", "status", "open"))
    report = load("tickets", TICKETS, log_lines(CLOSED), "North")
    assert (report.rows.unchanged, report.owners.unchanged) == (len(CLOSED), 1)
    assert api.get("/tickets").json["data"][0] == after


def test_steps_that_come_at_once_are_all_in_the_ticket(api: Api, database: Database, directory: Any) -> None:
    send_ticket(api, LATE[:1])
    ticket = api.get("/tickets").json["data"][0]["id"]

    def receive(place: int, value: str) -> Callable[[Any], Any]:
        values = {
            "ticket_id": ticket, "external_id": f"C/{place}", "at": datetime(2026, 3, 21, place, tzinfo=UTC),
            "kind": "status", "value": value, "actor": None, "public": False,
        }  # fmt: skip
        return lambda session: write_children(session, HISTORY, [values])

    at_once(database, directory, receive(2, "closed"), receive(1, "solved"))
    now = api.get("/tickets").json["data"][0]
    assert (now["status"], now["solved_at"]) == ("closed", "2026-03-21T01:00:00Z")
    assert (now["closed_at"], now["row_version"]) == ("2026-03-21T02:00:00Z", 3)
