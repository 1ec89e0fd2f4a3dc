"""Files of other systems: good rows go in, bad rows are told with line and reason, and importing again changes nothing."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from app.cli import cli
from app.connectors import importer, mapping
from app.connectors.counts import Report
from app.connectors.errors import ImportFault
from app.customers.tables import Account, Opportunity, Person
from app.foundation.db import Base, Database, table_of
from app.foundation.tables import AuditEntry, Organisation
from app.products.tables import Product, Subscription
from app.tickets.tables import Ticket, TicketEvent
from app.usage.tables import UsageDaily, UsageEvent, UsageSeries
from app.visits.tables import Visit
from app.wiring import add_commands

ACCOUNTS = """
external_id: "crm:{no}"
missing: ["?"]
fields:
  name: company
  industry: {column: sector, values: {technolgy: technology}}
  employees: staff
  parent_id: {column: parent, by: name}
"""
HEADER = "no,company,sector,staff,parent\n"
GOOD = HEADER + "1,Norrvik,technolgy,120,\n2,Sjöbo,paper,?,Norrvik\n"
Import = Callable[..., Report]


class Rig:
    """Imports texts into a database, as the command does."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.rejects = folder / "rejects.csv"

    def __call__(
        self, kind: str, rules: str, content: str | bytes, *, name: str = "in.csv", dry_run: bool = False
    ) -> Report:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.rejects.unlink(missing_ok=True)
        job = importer.Job(str(path), mapping.read(rules, kind), "North", self.rejects, dry_run)
        return importer.run(self.database, job)

    def refused(self) -> list[list[str]]:
        """Rows of the rejects file."""
        with self.rejects.open(encoding="utf-8", newline="") as text:
            return list(csv.reader(text))[1:]

    def all(self, model: type[Base]) -> list[Any]:
        with self.database.read() as session:
            return list(session.scalars(sa.select(model)))


@pytest.fixture
def load(database: Database, tmp_path: Path) -> Rig:
    return Rig(database, tmp_path)


@pytest.fixture
def load_on_both(database: Database, tmp_path: Path) -> Rig:
    return Rig(database, tmp_path)


def counts(report: Report) -> tuple[int, int, int, int]:
    rows = report.rows
    return rows.created, rows.changed, rows.unchanged, rows.rejected


# --- good files ---


def test_rows_are_created_then_changed_then_left_alone(load_on_both: Rig) -> None:
    assert counts(load_on_both("accounts", ACCOUNTS, GOOD)) == (2, 0, 0, 0)
    assert counts(load_on_both("accounts", ACCOUNTS, GOOD)) == (0, 0, 2, 0)
    assert counts(load_on_both("accounts", ACCOUNTS, GOOD.replace("120", "121"))) == (0, 1, 1, 0)
    rows = {account.name: account for account in load_on_both.all(Account)}
    assert rows["Norrvik"].industry == "technology" and rows["Norrvik"].employees == 121
    assert rows["Sjöbo"].employees is None and rows["Sjöbo"].parent_id == rows["Norrvik"].id
    assert rows["Sjöbo"].external_ids == {"crm": "2"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("in.tsv", GOOD.replace(",", "\t").encode()),
        ("in.txt", GOOD.replace(",", ";").encode()),
        ("in.csv", b"\xef\xbb\xbf" + GOOD.encode()),
        ("in.csv", GOOD.replace("\n", "\r\n").encode()),
        ("compressed", gzip.compress(GOOD.encode(), mtime=0)),
        ("in.csv", GOOD.rstrip("\n").encode()),
        ("in.csv", GOOD.replace("\n", "\n\n").encode()),
    ],
)
def test_the_same_rows_come_from_every_dress(load: Rig, name: str, content: bytes) -> None:
    assert counts(load("accounts", ACCOUNTS, content, name=name)) == (2, 0, 0, 0)
    assert {account.name for account in load.all(Account)} == {"Norrvik", "Sjöbo"}


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_other_encodings_are_named_in_the_mapping(load: Rig, encoding: str) -> None:
    assert counts(load("accounts", ACCOUNTS + f"encoding: {encoding}\n", GOOD.encode(encoding))) == (2, 0, 0, 0)
    assert "Sjöbo" in {account.name for account in load.all(Account)}


def test_ndjson_members_are_columns(load: Rig) -> None:
    rules = 'external_id: "crm:{id}"\nfields:\n  name: company.name\n  employees: staff\n  aliases: {column: also}\n'
    lines = [
        {"id": 7, "company": {"name": "Norrvik"}, "staff": 12, "also": ["NV", "Norr"]},
        {"id": "8", "company": {"name": "Sjöbo"}, "staff": None},
    ]
    text = "\n".join(json.dumps(line) for line in lines)
    assert counts(load("accounts", rules, text, name="in.ndjson")) == (2, 0, 0, 0)
    rows = {account.name: account for account in load.all(Account)}
    assert rows["Norrvik"].aliases == ["NV", "Norr"] and rows["Norrvik"].external_ids == {"crm": "7"}


def test_a_parent_may_come_later_in_the_file(load: Rig) -> None:
    text = HEADER + "2,Child,,,Mother\n3,Grandchild,,,Child\n1,Mother,,,\n"
    assert counts(load("accounts", ACCOUNTS, text)) == (3, 0, 0, 0)
    rows = {account.name: account for account in load.all(Account)}
    assert rows["Grandchild"].parent_id == rows["Child"].id and rows["Child"].parent_id == rows["Mother"].id


def test_every_kind_has_its_door(load_on_both: Rig) -> None:
    load = load_on_both
    load("accounts", ACCOUNTS, GOOD)
    people = 'external_id: "crm:{id}"\nfields: {name: n, account_id: {column: a, system: crm}, email: e}\n'
    assert counts(load("people", people, "id,n,a,e\n1,Eva,1,eva@norrvik.example\n")) == (1, 0, 0, 0)
    products = (
        'external_id: "crm:{id}"\ncurrency: EUR\ndecimal: ","\nfields: {sku: id, name: n, list_price: p, active: on}\n'
    )
    assert counts(load("products", products, 'id;n;p;on\nP1;Pump;"1234,50";yes\n')) == (1, 0, 0, 0)
    sold = (
        'external_id: "crm:{id}"\ndates: "%d.%m.%Y"\nfields:\n  account_id: {column: a, by: name}\n'
        "  product_id: {column: p, by: sku}\n  starts_on: s\n  quantity: q\n  renews_on: r\n"
    )
    assert counts(load("subscriptions", sold, "id,a,p,s,q,r\n1,Norrvik,P1,1.2.2026,3,1.2.2027\n")) == (1, 0, 0, 0)
    deals = 'external_id: "crm:{id}"\nfields: {name: n, stage: s, account_id: {column: a, by: name}}\n'
    assert counts(load("opportunities", deals, "id,n,s,a\n1,Pumps,won,Norrvik\n2,More,lost,\n")) == (2, 0, 0, 0)
    users = 'external_id: "crm:{id}"\nfields: {name: n, email: e, role: {constant: rep}}\n'
    assert counts(load("users", users, "id,n,e\n1,Anna,anna@us.example\n")) == (1, 0, 0, 0)
    visits = (
        'external_id: "crm:{id}"\ntime_zone: Europe/Stockholm\nfields:\n  account_id: {column: a, by: name}\n'
        "  user_id: {column: u, by: email}\n  starts_at: s\n  ends_at: s\n  time_zone: {constant: Europe/Stockholm}\n"
        "  attendee_ids: {column: who, by: email}\n"
    )
    text = "id,a,u,s,who\n1,Norrvik,anna@us.example,2026-03-02T09:00,eva@norrvik.example\n"
    assert counts(load("visits", visits, text)) == (1, 0, 0, 0)
    (product,), (person,), (visit,) = load.all(Product), load.all(Person), load.all(Visit)
    assert (product.list_price_minor, product.list_price_currency, product.active) == (123450, "EUR", True)
    assert visit.attendee_ids == [person.id] and visit.starts_at.isoformat() == "2026-03-02T08:00:00+00:00"
    assert [one.quantity for one in load.all(Subscription)] == [3]
    assert sorted(one.account_id is None for one in load.all(Opportunity)) == [False, True]


# --- tickets and usage ---

TICKETS = """
external_id: "desk:{no}"
missing: ["?"]
dates: "%d/%m/%Y %H:%M"
fields:
  account_id: {column: company, by: name}
  subject: what
  status: {column: state, values: {Neu: new, Arbeit: open, Fertig: solved, Zu: closed}}
  assignee: who
history:
  event_id: "{step}"
  at: at
  actor: who
"""
LOG = (
    "no,step,at,company,what,state,who\n"
    "A,1,13/1/2026 08:00,Norrvik,Leak,Neu,?\n"
    "A,2,13/1/2026 09:00,Norrvik,Leak,Arbeit,Eva\n"
    "A,3,14/1/2026 10:00,Norrvik,Leak in pump 2,Fertig,Eva\n"
    "A,4,15/1/2026 10:00,Norrvik,Leak in pump 2,Arbeit,Ola\n"
    "B,1,16/1/2026 10:00,Norrvik,Noise,Fertig,Ola\n"
    "A,5,17/1/2026 10:00,Norrvik,Leak in pump 2,Zu,Ola\n"
)


def history(load: Rig, number: str) -> list[tuple[str, str | None]]:
    ticket = next(one for one in load.all(Ticket) if one.number == number)
    table = table_of(TicketEvent)
    query = sa.select(table).where(table.c.ticket_id == ticket.id).order_by(table.c.at, table.c.external_id)
    with load.database.read() as session:
        return [(row["kind"], row["value"]) for row in session.execute(query).mappings()]


def test_lines_of_a_log_become_tickets_with_their_history(load_on_both: Rig) -> None:
    load = load_on_both
    load("accounts", ACCOUNTS, GOOD)
    first = load("tickets", TICKETS, LOG)
    assert counts(first) == (6, 0, 0, 0) and first.owners.created == 2
    ticket = next(one for one in load.all(Ticket) if one.number == "A")
    assert (ticket.status, ticket.reopened_count, ticket.assignee) == ("closed", 1, "Ola")
    assert ticket.subject == "Leak in pump 2" and ticket.opened_at.isoformat() == "2026-01-13T08:00:00+00:00"
    assert ticket.solved_at == ticket.closed_at and ticket.closed_at.isoformat() == "2026-01-17T10:00:00+00:00"
    expected = [("status", "new"), ("status", "open"), ("status", "solved"), ("status", "open"), ("status", "closed")]
    assert history(load, "A") == expected
    again = load("tickets", TICKETS, LOG)
    assert counts(again) == (0, 0, 6, 0) and again.owners.unchanged == 2


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_log_reads_the_same_however_it_is_cut(load: Rig, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    load("accounts", ACCOUNTS, GOOD)
    monkeypatch.setattr(importer, "EVENTS_A_CHUNK", size)
    report = load("tickets", TICKETS, LOG)
    assert counts(report) == (6, 0, 0, 0) and report.owners.created == 2
    ticket = next(one for one in load.all(Ticket) if one.number == "A")
    assert (ticket.status, ticket.reopened_count, ticket.subject) == ("closed", 1, "Leak in pump 2")
    assert [value for _, value in history(load, "A")] == ["new", "open", "solved", "open", "closed"]
    again = load("tickets", TICKETS, LOG)
    assert counts(again) == (0, 0, 6, 0) and again.owners.unchanged == 2


def test_later_lines_of_a_log_go_on_where_it_ended(load: Rig) -> None:
    load("accounts", ACCOUNTS, GOOD)
    head, *lines = LOG.splitlines(keepends=True)
    load("tickets", TICKETS, head + "".join(lines[:3]))
    report = load("tickets", TICKETS, head + "".join(lines[2:]))
    assert counts(report) == (3, 0, 1, 0) and (report.owners.created, report.owners.changed) == (1, 1)
    assert [value for _, value in history(load, "A")] == ["new", "open", "solved", "open", "closed"]
    assert counts(load("tickets", TICKETS, LOG)) == (0, 0, 6, 0)


def test_an_older_export_does_not_turn_a_ticket_back(load: Rig) -> None:
    load("accounts", ACCOUNTS, GOOD)
    load("tickets", TICKETS, LOG)
    head, *lines = LOG.splitlines(keepends=True)
    assert counts(load("tickets", TICKETS, head + lines[0])) == (0, 0, 1, 0)
    ticket = next(one for one in load.all(Ticket) if one.number == "A")
    assert (ticket.status, ticket.subject) == ("closed", "Leak in pump 2")


def test_a_mended_value_table_changes_what_was_read_by_the_old_one(load: Rig) -> None:
    load("accounts", ACCOUNTS, GOOD)
    load("tickets", TICKETS.replace("Fertig: solved", "Fertig: pending"), LOG)
    report = load("tickets", TICKETS, LOG)
    assert report.rows.changed == 2 and report.owners.changed == 2
    assert next(one for one in load.all(Ticket) if one.number == "B").status == "solved"


def test_lines_of_a_log_that_cannot_be_are_told(load: Rig) -> None:
    load("accounts", ACCOUNTS, GOOD)
    text = LOG + (
        "C,1,31/2/2026 10:00,Norrvik,x,Neu,?\n"
        "C,2,1/2/2026 10:00,Nobody,x,Neu,?\n"
        "C,3,1/2/2026 10:00,Norrvik,x,Wartet,?\n"
        "B,1,16/1/2026 10:00,Norrvik,Noise,Zu,Ola\n"
        "D,1,1/2/2026 10:00,?,x,Neu,?\n"
        ",1,1/2/2026 10:00,Norrvik,x,Neu,?\n"
    )
    report = load("tickets", TICKETS, text)
    assert counts(report) == (6, 0, 0, 6)
    reasons = {row[0]: row[1] for row in load.refused()}
    assert "no such date" in reasons["8"] and "no account has the name 'Nobody'" in reasons["9"]
    assert "Must be one of" in reasons["10"] and "'Wartet'" in reasons["10"]
    assert "was on line 6 already" in reasons["11"]
    assert "no line of ticket D gives account_id" in reasons["12"] and "external_id" in reasons["13"]


USAGE = """
external_id: "meter:{meter}"
event_id: "{at}/{occurrence}"
time_zone: Europe/Stockholm
fields:
  account_id: {column: company, by: name}
  metric: {constant: hours}
  name: {constant: Running hours}
  unit: {constant: h}
  at: at
  value: value
"""
READINGS = (
    "meter,company,at,value\n"
    "M1,Norrvik,2026-03-01T23:30,2.5\n"
    "M1,Norrvik,2026-03-02T00:30,4\n"
    "M1,Norrvik,2026-03-02T00:30,4\n"
    "M1,Norrvik,2026-03-02T12:00,-1\n"
    "M2,Sjöbo,2026-03-02T12:00,7\n"
)


def test_usage_becomes_events_and_days_of_the_accounts_calendar(load_on_both: Rig) -> None:
    load = load_on_both
    load("accounts", ACCOUNTS + "  time_zone: {constant: Europe/Stockholm}\n", GOOD)
    first = load("usage", USAGE, READINGS)
    assert counts(first) == (5, 0, 0, 0) and first.owners.created == 2
    assert counts(load("usage", USAGE, READINGS)) == (0, 0, 5, 0)
    series = {one.external_ids["meter"]: one for one in load.all(UsageSeries)}
    daily = {(one.series_id, one.day.isoformat()): one.value for one in load.all(UsageDaily)}
    m1 = series["M1"].id
    assert daily[m1, "2026-03-01"] == 2.5 and daily[m1, "2026-03-02"] == 7 and len(daily) == 3
    assert series["M1"].last_received_at.isoformat() == "2026-03-02T11:00:00+00:00"
    changed = load("usage", USAGE, READINGS.replace("12:00,-1", "12:00,-2"))
    assert counts(changed) == (0, 1, 4, 0)
    assert {one.value for one in load.all(UsageDaily) if one.series_id == m1} == {2.5, 6}
    assert len(load.all(UsageEvent)) == 5


def test_usage_of_nobody_and_of_two_minds_is_told(load: Rig) -> None:
    load("accounts", ACCOUNTS, GOOD)
    text = READINGS + "M3,Nobody,2026-03-02T12:00,7\nM1,Sjöbo,2026-03-03T12:00,7\nM1,Norrvik,2026-03-03T12:00,much\n"
    assert counts(load("usage", USAGE, text)) == (5, 0, 0, 3)
    reasons = {row[0]: row[1] for row in load.refused()}
    assert "Nobody" in reasons["7"] and "line 2 says something else" in reasons["8"] and "not a number" in reasons["9"]


# --- bad files ---


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (gzip.compress(b"", mtime=0), "empty"),
        (b"no,company\n1,Norrvik\n", "no column 'sector', 'staff', 'parent'. It has: no, company"),
        (b"no,company,sector,staff,parent,no\n", "'no' is there more than once (columns 1, 6)"),
        (b"\xff\xfen\x00o\x00", "utf-16"),
        (b"\x1f\x8bnot gzip at all", "gzip file is damaged"),
        (b"no,company\x00,sector,staff,parent\n", "Line 1 contains a NUL"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(load: Rig, content: bytes, said: str) -> None:
    with pytest.raises(ImportFault) as caught:
        load("accounts", ACCOUNTS, content)
    assert said in str(caught.value)
    assert load.all(Account) == []


def test_gzip_that_breaks_off_keeps_whole_chunks(load: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "DOCUMENTS_A_CHUNK", 1000)
    text = HEADER + "".join(f"{n},Company {n * 7919 % 10007},paper,{n},\n" for n in range(20_000))
    whole = gzip.compress(text.encode(), mtime=0)
    with pytest.raises(ImportFault, match="damaged or cut off after line"):
        load("accounts", ACCOUNTS, whole[: len(whole) // 2])
    kept = len(load.all(Account))
    assert kept > 0 and kept % 1000 == 0
    assert counts(load("accounts", ACCOUNTS, whole)) == (20_000 - kept, 0, kept, 0)


BAD_ROWS = [
    (b"3,Too,few\n", "has 3 cells where the header has 5"),
    (b"3,Too,many,1,,,\n", "has 7 cells"),
    (b"3," + b"x" * 1_000_000 + b",paper,1,\n", "more than 100,000 characters"),
    (b"3," + b"x" * 5_000_000 + b",paper,1,\n", "is longer than 4,000,000 characters"),
    (b"3,N\x00L,paper,1,\n", "NUL"),
    (b"3,Malm\xf6,paper,1,\n", "is not utf-8 text (byte 0xF6, character 7)"),
    (b'3,"open,paper,1,\n', "quote"),
    (b'3,"a"b,paper,1,\n', "quotes do not fit"),
    (b"3,,paper,1,\n", "name: Missing data"),
    (b"3,Nil,paper,-4,\n", "employees"),
    (b"3,Half,paper,4.5,\n", "not a whole number"),
    (b"3,Huge,paper,99999999999999999999999,\n", "not a whole number"),
    (b"3,Orphan,paper,4,Nobody\n", "no account has the name 'Nobody'"),
    (b"3," + b"x" * 201 + b",paper,4,\n", "name: Length must be between 1 and 200"),
    (b"1,Norrvik,paper,9,\n", "'1' was on line 2 already, with other values"),
    (b",Anonymous,paper,9,\n", "external_id: one of no says nothing"),
]


@pytest.mark.parametrize(("row", "said"), BAD_ROWS)
def test_a_bad_row_is_told_with_its_line_and_stops_no_other(load: Rig, row: bytes, said: str) -> None:
    content = f"{HEADER}1,Norrvik,,,\n".encode() + row + b"4,After,paper,4,Norrvik\n"
    assert counts(load("accounts", ACCOUNTS, content)) == (2, 0, 0, 1)
    ((line, reason, *_),) = load.refused()
    assert line == "3" and said in reason
    assert {account.name for account in load.all(Account)} == {"Norrvik", "After"}


def test_a_quote_that_never_closes_costs_one_row(load: Rig) -> None:
    content = HEADER + '1,"Norrvik,,,\n' + "".join(f"{n},Company {n},paper,4,\n" for n in range(2, 3000))
    assert counts(load("accounts", ACCOUNTS, content)) == (2998, 0, 0, 1)
    assert load.refused()[0][0] == "2"


def test_a_field_may_go_over_lines_and_the_next_row_keeps_its_number(load: Rig) -> None:
    assert counts(load("accounts", ACCOUNTS, HEADER + '1,"Norr\nvik",,,\n2,,,,\n')) == (1, 0, 0, 1)
    assert load.refused()[0][0] == "4" and load.all(Account)[0].name == "Norr\nvik"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": 1, "name": ', "is not JSON"),
        ("[1]", "is not a JSON object"),
        ('{"id": 1, "name": {"a": 1}}', "name is a list or an object"),
        ('{"id": 1, "name": "a\\u0000b"}', "NUL"),
        ('{"id": 1}', "name: Missing data"),
        ('{"id": 99999999999999999999999999, "name": "x"', "is not JSON"),
    ],
)
def test_a_bad_line_of_ndjson_is_told(load: Rig, line: str, said: str) -> None:
    rules = 'external_id: "crm:{id}"\nfields: {name: name}\n'
    assert counts(load("accounts", rules, f'{{"id": 0, "name": "ok"}}\n{line}\n', name="x.ndjson")) == (1, 0, 0, 1)
    assert load.refused()[0][0] == "2" and said in load.refused()[0][1]


def test_several_rows_of_one_name_cannot_be_referred_to_by_it(load: Rig) -> None:
    text = HEADER + "1,Twin,,,\n2,Twin,,,\n3,Child,,,Twin\n"
    load("accounts", ACCOUNTS, text)
    assert "several accounts have the name 'Twin'" in load.refused()[0][1]


def test_mended_rejects_can_be_imported_as_they_are(load: Rig) -> None:
    load("accounts", ACCOUNTS, HEADER + "1,Norrvik,paper,many,\n")
    mended = load.rejects.read_text().replace("many", "120", 2).replace("'120'", "'many'")
    assert counts(load("accounts", ACCOUNTS, mended)) == (1, 0, 0, 0)


# --- the run itself ---


def test_a_dry_run_tells_the_same_and_writes_nothing(load_on_both: Rig) -> None:
    load = load_on_both
    text = GOOD + "3,Later,,,Sjöbo\n4,Bad,,x,\n"
    dry = load("accounts", ACCOUNTS, text, dry_run=True)
    assert load.all(Account) == [] and load.all(Organisation) == [] and load.all(AuditEntry) == []
    assert load("accounts", ACCOUNTS, text).rows == dry.rows and len(load.all(Account)) == 3
    assert counts(load("tickets", TICKETS, LOG, dry_run=True)) == (6, 0, 0, 0) and load.all(Ticket) == []


def test_an_import_that_is_broken_off_leaves_whole_chunks_and_can_be_run_again(
    load: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("accounts", ACCOUNTS, GOOD)
    monkeypatch.setattr(importer, "EVENTS_A_CHUNK", 2)
    calls = []

    def break_off(_done: int, _size: int | None, _counts: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    path = load.folder / "log.csv"
    path.write_text(LOG)
    job = importer.Job(str(path), mapping.read(TICKETS, "tickets"))
    with pytest.raises(KeyboardInterrupt):
        importer.run(load.database, job, break_off)
    assert len(load.all(TicketEvent)) == 4
    assert counts(importer.run(load.database, job)) == (2, 0, 4, 0)


def test_an_anchor_moves_dates_by_whole_weeks_and_alike_ever_after(load: Rig) -> None:
    from datetime import UTC, datetime, timedelta

    from app.foundation import clock

    load("accounts", ACCOUNTS, GOOD)
    rules = TICKETS + "shift: {anchor: 2026-01-17}\n"
    with clock.fixed(datetime(2026, 11, 21, tzinfo=UTC)):
        first = load("tickets", rules, LOG)
    assert first.days == 308 and first.days % 7 == 0
    closed = next(one for one in load.all(Ticket) if one.number == "A").closed_at
    assert closed == datetime(2026, 1, 17, 10, tzinfo=UTC) + timedelta(days=308)
    with clock.fixed(datetime(2026, 12, 24, tzinfo=UTC)):
        again = load("tickets", rules, LOG)
    assert again.days == 308 and again.rows.writes == 0


def test_an_import_is_written_to_the_audit_log(load: Rig) -> None:
    load("accounts", ACCOUNTS, GOOD)
    load("tickets", TICKETS, LOG)
    assert {(one.action, one.entity, one.via) for one in load.all(AuditEntry)} >= {("import", "ticket", "system")}


# --- the command ---


@pytest.fixture
def command(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    if "import" not in cli.commands:
        add_commands(cli)
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", database.url.render_as_string(hide_password=False))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "map.yaml").write_text(ACCOUNTS)
    (tmp_path / "good.csv").write_text(GOOD)

    def run(*arguments: str, given: bytes | None = None) -> Result:
        return CliRunner().invoke(cli, ["import", *arguments], input=io.BytesIO(given) if given is not None else None)

    return run


def test_the_command_tells_what_became_of_the_rows(command: Callable[..., Result], tmp_path: Path) -> None:
    done = command("accounts", "good.csv", "--map", "map.yaml", "--organisation", "North")
    assert done.exit_code == 0 and "2 rows of accounts: 2 created, 0 changed, 0 unchanged." in done.output
    assert "0 created, 0 changed, 2 unchanged" in command("accounts", "good.csv", "--map", "map.yaml").output
    assert not list(tmp_path.glob("*.rejects.csv"))


def test_the_command_says_by_its_status_that_rows_were_rejected(command: Callable[..., Result], tmp_path: Path) -> None:
    text = (GOOD + "3,Bad,,x,\n").encode()
    done = command("accounts", "-", "--map", "map.yaml", "--organisation", "North", given=gzip.compress(text, mtime=0))
    assert done.exit_code == 3 and "2 created" in done.output and "1 rejected" in done.output
    assert "line 4: employees: not a number" in done.output
    assert (tmp_path / "import.rejects.csv").read_text().startswith("line,reason,no,company,sector,staff,parent\n4,")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("accounts", "good.csv", "--map", "absent.yaml"), "absent.yaml"),
        (("people", "good.csv", "--map", "map.yaml"), "people have no field 'industry'"),
        (("accounts", "good.csv", "--map", "map.yaml"), "no organisation yet"),
        (("accounts", "good.csv", "--map", "territory-accounts"), "no column 'account'"),
    ],
)
def test_the_command_says_what_is_missing(
    command: Callable[..., Result], arguments: tuple[str, ...], said: str
) -> None:
    done = command(*arguments)
    assert done.exit_code == 1 and said in done.output and "Traceback" not in done.output
