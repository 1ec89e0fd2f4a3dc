"""The company of one schedule: a manager, two reps, four accounts; and the manager's own writes over the API."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from app.customers.tables import Account, Goal, Person, Promise
from app.foundation import clock
from app.foundation.db import Database, table_of
from app.foundation.ids import new_id
from app.foundation.principal import Role, bind_principal, system_principal
from app.foundation.tables import Organisation
from app.identity import service
from app.identity.tables import TerritoryAssignment
from app.visits.tables import Visit
from tests.support import selling

PASSWORD = "correct horse battery staple"
# Who looks after which account: 0 and 3 are shared, 1 and 2 are not.
TERRITORY = {"ada": (0, 1, 3), "ben": (0, 2, 3)}
ACCOUNTS = 4
_hash: list[str] = []
# What is quoted from, on whatever day this runs.
CATALOGUE = {
    **selling.CATALOGUE,
    "price_books": [
        {name: part for name, part in book.items() if name != "valid_to"} for book in selling.CATALOGUE["price_books"]
    ],
}


def password_hash() -> str:
    """The hash of PASSWORD, made once."""
    if not _hash:
        _hash.append(service.hash_password(PASSWORD))
    return _hash[0]


@dataclass
class Company:
    """One organisation; `users` by first name, `accounts` in order."""

    org_id: str
    mark: str
    users: dict[str, str] = field(default_factory=dict)
    accounts: list[str] = field(default_factory=list)

    def email(self, user: str) -> str:
        """What a user signs in with."""
        return f"{user}@{self.mark}.example"


def found(database: Database) -> Company:
    """A new organisation with its people and rows."""
    with database.write() as session:
        org = Organisation(name="Faults")
        session.add(org)
        session.flush()
        company = Company(org.id, f"x{org.id[-12:]}")
        bind_principal(session, system_principal(org.id))
        for name, role in (("mia", Role.MANAGER), ("ada", Role.REP), ("ben", Role.REP)):
            user = service.create_user(
                session, org.id, email=company.email(name), name=name.title(), role=role, password=None,
                time_zone="Europe/Stockholm",
            )  # fmt: skip
            user.password_hash = password_hash()
            if role is Role.REP:
                user.manager_id = company.users["mia"]
            company.users[name] = user.id
        session.flush()
        for number in range(ACCOUNTS):
            company.accounts.append(_account(session, company, number))
    selling.sell(database, company.org_id, CATALOGUE)
    return company


def _account(session: Any, company: Company, number: int) -> str:
    now = clock.now().replace(microsecond=0)
    today = now.date()
    org, account_id = company.org_id, new_id()
    session.add(
        Account(
            id=account_id, org_id=org, name=f"Account {number}", industry=f"industry {number}", phone=f"+46 8 {number}",
            aliases=[f"alias {number}a", f"alias {number}b"], address={"city": f"City {number}", "country": "SE"},
        )
    )  # fmt: skip
    session.flush()
    people = [new_id(), new_id()]
    for place, person_id in enumerate(people):
        session.add(Person(id=person_id, org_id=org, account_id=account_id, name=f"Person {number}{'ab'[place]}"))
    session.flush()
    reps = [name for name, accounts in TERRITORY.items() if number in accounts]
    for rep in reps:
        user_id = company.users[rep]
        starts = now + timedelta(hours=20 + number)
        session.add(
            TerritoryAssignment(
                org_id=org, user_id=user_id, account_id=account_id, starts_on=today - timedelta(days=30)
            )
        )
        session.add(
            Visit(
                id=new_id(), org_id=org, account_id=account_id, user_id=user_id, starts_at=starts,
                ends_at=starts + timedelta(hours=1), time_zone="Europe/Stockholm", purpose=f"purpose {number}",
                attendee_ids=people[:1],
            )
        )  # fmt: skip
    session.add(
        Promise(
            id=new_id(), org_id=org, account_id=account_id, person_id=people[0], user_id=company.users[reps[0]],
            text=f"promise {number}", made_on=today, due_on=today + timedelta(days=3),
        )
    )  # fmt: skip
    session.add(Goal(id=new_id(), org_id=org, account_id=account_id, title=f"goal {number}"))
    return account_id


def give(database: Database, company: Company, user: str, account: int) -> None:
    """Put an account into a rep's territory, from yesterday on."""
    with database.write() as session:
        bind_principal(session, system_principal(company.org_id))
        session.add(
            TerritoryAssignment(
                org_id=company.org_id,
                user_id=company.users[user],
                account_id=company.accounts[account],
                starts_on=clock.now().date() - timedelta(days=1),
            )
        )


def take(database: Database, company: Company, user: str, account: int) -> None:
    """Take an account out of a rep's territory."""
    with database.write() as session:
        bind_principal(session, system_principal(company.org_id))
        mine = (
            TerritoryAssignment.user_id == company.users[user],
            TerritoryAssignment.account_id == company.accounts[account],
        )
        session.execute(sa.delete(TerritoryAssignment).where(*mine))


def rows_of(database: Database, company: Company) -> dict[str, dict[str, dict[str, Any]]]:
    """The rows of the company whose fields are written by several, by table and id."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    with database.read() as session:
        for model in (Account, Person, Goal, Visit):
            table = table_of(model)
            rows = session.execute(sa.select(table).where(table.c.org_id == company.org_id)).mappings()
            found[table.name] = {str(row["id"]): dict(row) for row in rows}
    return found


class Caller:
    """A signed-in browser that talks to the server without the proxy; blocking."""

    def __init__(self, port: int, company: Company, user: str) -> None:
        self.port = port
        self.cookie = ""
        self.csrf = ""
        status, body = self.send("POST", "/session", {"email": company.email(user), "password": PASSWORD})
        assert status == 200, body
        self.csrf = body["csrf_token"]

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """A request below /api/v1; status and JSON. OSError when the server is away."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            sent = {"Content-Type": "application/json", "Connection": "close", **headers}
            if self.cookie:
                sent |= {"Cookie": self.cookie, "X-CSRF-Token": self.csrf}
            connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            text = answer.read()
        except http.client.HTTPException as fault:
            raise OSError(str(fault)) from fault
        finally:
            connection.close()
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].split(";")[0]
        return answer.status, json.loads(text) if text else None

    def patch(self, path: str, change: Any) -> tuple[int, dict[str, Any], Any]:
        """Change a row as it is now: status, the row as it was read, the answer."""
        _, row = self.send("GET", path)
        headers = {"If-Match": f'"{row["row_version"]}"'}
        status, answer = self.send("PATCH", path, change(row) if callable(change) else change, **headers)
        return status, row, answer
