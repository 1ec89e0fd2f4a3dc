"""A whole real territory is imported, with its true counts, and a second time nothing changes."""

import csv
import gzip
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.connectors import importer, mapping
from app.connectors.counts import Report
from app.customers.tables import Account, Opportunity
from app.foundation import changes
from app.foundation.db import Database, table_of
from app.identity.tables import TerritoryAssignment, User
from app.products.tables import Product
from app.tickets.history import Step, fold
from app.tickets.tables import Ticket, TicketEvent
from app.usage.tables import UsageDaily, UsageEvent, UsageSeries
from app.visits.tables import Visit
from tests.conftest import shared_data

SHIPPED = Path(str(resources.files("app.connectors"))) / "mappings"
# Kind, file and shipped mapping, in the order in which rows refer to each other.
FILES = (
    ("products", "products.csv", "products"),
    ("accounts", "accounts.csv", "accounts"),
    ("users", "sales_teams.csv", "managers"),
    ("users", "sales_teams.csv", "agents"),
    ("territories", "pipeline.csv", "assignments"),
    ("opportunities", "pipeline.csv", "pipeline"),
    ("visits", "pipeline.csv", "visits"),
    ("tickets", "ticket_events.csv.gz", "incidents"),
    ("usage", "consumption_events.csv.gz", "consumption"),
)
STATES = {
    "New": "new",
    "Active": "open",
    "Awaiting User Info": "pending",
    "Awaiting Problem": "on_hold",
    "Awaiting Vendor": "on_hold",
    "Awaiting Evidence": "on_hold",
    "Resolved": "solved",
    "Closed": "closed",
}
NEVER = datetime(2200, 1, 1, tzinfo=UTC)
PRIORITIES = {"1 - Critical": "urgent", "2 - High": "high", "3 - Moderate": "normal", "4 - Low": "low"}


def read_rows(name: str) -> list[dict[str, str]]:
    path = shared_data("territory") / name
    with (
        gzip.open(path, "rt", encoding="utf-8", newline="")
        if name.endswith(".gz")
        else path.open(encoding="utf-8") as text
    ):
        return list(csv.DictReader(text))


def import_all(database: Database, tmp_path: Path) -> dict[str, Report]:
    folder = shared_data("territory")
    reports = {}
    for kind, file, name in FILES:
        chosen = mapping.load(SHIPPED / f"territory-{name}.yaml", kind)
        job = importer.Job(str(folder / file), chosen, "Territory", tmp_path / "rejects.csv")
        reports[name] = importer.run(database, job)
    return reports


def count(database: Database, model: Any) -> int:
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table_of(model))) or 0


@pytest.fixture
def touched() -> Iterator[set[str]]:
    """Accounts of which it was said that something under them changed."""
    seen: set[str] = set()

    def listen(_session: Any, _org_id: str, account_ids: Any) -> None:
        seen.update(account_ids)

    changes.subscribe(listen)
    yield seen
    changes._listeners.remove(listen)


def test_the_real_territory_is_imported_whole_and_again_without_a_change(
    database: Database, tmp_path: Path, touched: set[str]
) -> None:
    first = import_all(database, tmp_path)
    assert not (tmp_path / "rejects.csv").exists()
    assert all(report.rows.rejected == 0 for report in first.values())
    assert first["incidents"].rows.created == 139_043 and first["incidents"].owners.created == 24_490
    assert first["consumption"].rows.created == 65_146 and first["consumption"].owners.created == 85
    expected = {
        Product: 7,
        Account: 85,
        User: 6 + 35,
        TerritoryAssignment: 1_259,
        Opportunity: 8_800,
        Visit: 7_212,
        Ticket: 24_490,
        TicketEvent: 139_043,
        UsageEvent: 65_146,
        UsageSeries: 85,
    }
    assert {model.__name__: count(database, model) for model in expected} == {
        m.__name__: n for m, n in expected.items()
    }
    assert len(touched) == 85
    check_accounts(database)
    check_opportunities(database)
    check_tickets(database)
    check_consumption(database)
    touched.clear()
    before = fingerprint(database)
    second = import_all(database, tmp_path)
    assert {name: report.rows.writes for name, report in second.items()} == dict.fromkeys(second, 0)
    assert {name: report.owners.writes for name, report in second.items()} == dict.fromkeys(second, 0)
    assert second["incidents"].rows.unchanged == 139_043 and second["consumption"].rows.unchanged == 65_146
    assert fingerprint(database) == before and touched == set()


def fingerprint(database: Database) -> list[Any]:
    """Versions and times of every row that has them: what any write would move."""
    found = []
    with database.read() as session:
        for model in (Product, Account, User, TerritoryAssignment, Opportunity, Visit, Ticket, UsageSeries):
            table = table_of(model)
            query = sa.select(sa.func.count(), sa.func.sum(table.c.row_version), sa.func.max(table.c.updated_at))
            found.append(tuple(session.execute(query).one()))
    return found


def check_accounts(database: Database) -> None:
    with database.read() as session:
        accounts = {account.name: account for account in session.scalars(sa.select(Account))}
    for row in read_rows("accounts.csv"):
        account = accounts[row["account"]]
        assert account.industry == row["sector"].replace("technolgy", "technology")
        assert (
            account.revenue_minor == round(float(row["revenue"]) * 1_000_000 * 100)
            and account.revenue_currency == "USD"
        )
        assert account.employees == int(row["employees"])
        parent = accounts[row["subsidiary_of"]].id if row["subsidiary_of"] else None
        assert account.parent_id == parent
    assert accounts["Betatech"].address == {"country": "KE"} and accounts["Betatech"].time_zone == "Africa/Nairobi"


def check_opportunities(database: Database) -> None:
    rows = read_rows("pipeline.csv")
    with database.read() as session:
        found = {one.external_ids["territory"]: one for one in session.scalars(sa.select(Opportunity))}
        names = dict(session.execute(sa.select(Account.id, Account.name)).all())
    assert sum(one.account_id is None for one in found.values()) == sum(not row["account"] for row in rows) == 1_425
    for row in rows:
        one = found[row["opportunity_id"]]
        assert (names[one.account_id] if one.account_id else "") == row["account"]
        assert one.stage == row["deal_stage"].lower() and one.owner_name == row["sales_agent"]
        assert one.opened_on == (date.fromisoformat(row["engage_date"]) if row["engage_date"] else None)
        assert one.closed_on == (date.fromisoformat(row["close_date"]) if row["close_date"] else None)
        assert one.value_minor == (round(float(row["close_value"]) * 100) if row["close_value"] else None)


def instant(text: str) -> datetime | None:
    return None if text == "?" else datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)


def check_tickets(database: Database) -> None:
    """Every ticket against the last line of its log, two hundred of them against all their lines."""
    logs: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in read_rows("ticket_events.csv.gz"):
        logs[row["number"]].append(row)
    for log in logs.values():
        log.sort(key=lambda row: instant(row["sys_updated_at"]) or NEVER)
    with database.read() as session:
        tickets = {ticket.number: ticket for ticket in session.scalars(sa.select(Ticket))}
        names = dict(session.execute(sa.select(Account.id, Account.name)).all())
        for number, log in logs.items():
            ticket, last = tickets[number], log[-1]
            states = [STATES[row["incident_state"]] for row in log if row["incident_state"] != "-100"]
            assert ticket.status == states[-1] and ticket.reopened_count == int(last["reopen_count"])
            assert names[ticket.account_id] == last["account"] and ticket.priority == PRIORITIES[last["priority"]]
            assert ticket.opened_at == instant(last["opened_at"])
            if states[-1] == "closed":
                assert ticket.closed_at == instant(last["closed_at"])
                assert last["resolved_at"] == "?" or ticket.solved_at == instant(last["resolved_at"])
            else:
                assert ticket.solved_at is None and ticket.closed_at is None
        for number in random.Random(7).sample(sorted(logs), 200):
            check_history(session, tickets[number], logs[number])


def check_history(session: Any, ticket: Ticket, log: list[dict[str, str]]) -> None:
    table = table_of(TicketEvent)
    query = sa.select(table).where(table.c.ticket_id == ticket.id).order_by(table.c.at, table.c.external_id)
    events = session.execute(query).mappings().all()
    assert [event["at"] for event in events] == [instant(row["sys_updated_at"]) for row in log]
    assert [event["actor"] for event in events] == [None if (by := row["sys_updated_by"]) == "?" else by for row in log]
    status, sequence = "new", []
    for event in events:
        status = event["value"] if event["kind"] == "status" else status
        sequence.append(status)
    states = [STATES.get(row["incident_state"]) for row in log]
    assert sequence == [state or sequence[place] for place, state in enumerate(states)]
    state = fold(Step(event["at"], event["kind"], event["value"]) for event in events)
    assert state is not None and (state.status, state.reopened_count) == (ticket.status, ticket.reopened_count)


def check_consumption(database: Database) -> None:
    """Each account's total, and every day of one account, against the invoices (days of the account's own calendar)."""
    totals: dict[str, float] = defaultdict(float)
    for row in read_rows("consumption_events.csv.gz"):
        totals[row["account"]] += float(row["Quantity"])
    daily, series = table_of(UsageDaily), table_of(UsageSeries)
    with database.read() as session:
        query = (
            sa.select(Account.name, sa.func.sum(daily.c.value))
            .join(series, series.c.id == daily.c.series_id)
            .join(Account, Account.id == series.c.account_id)
            .group_by(Account.name)
        )
        assert dict(session.execute(query).all()) == totals
