"""A large, made-up organisation for measuring: accounts, people, contracts, tickets, territories, visits, briefings.

Deterministic: the same size, seed and moment give the same rows. Rows are written by Core `executemany`; briefings are made by
the real composer from as many signals as an ordinary account has.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from app.briefing.tables import StoredBriefing
from app.customers import tables as customers
from app.foundation.db import Base, Database, table_of
from app.foundation.principal import Role
from app.foundation.tables import Organisation
from app.identity import service
from app.identity.tables import TerritoryAssignment
from app.products.tables import Product, Subscription
from app.tickets.tables import Ticket
from app.visits.tables import Visit
from tests.benchmarks.dataset_briefings import Told, briefings

MOMENT = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
PASSWORD = "a large made-up organisation"
CHUNK = 2_000
INDUSTRIES = ("Paper", "Dairy", "District heating", "Water", "Food", "Mining", "Chemicals", "Shipyard")
TOWNS = ("Alnsjö", "Bergfors", "Dalstrand", "Ekvik", "Furuhamn", "Granby", "Hökåsen", "Kvarnby", "Lerhamn", "Norrvik")
KINDS_OF_PLANT = ("Paper", "Dairy", "Energi", "Vatten", "Foods", "Mining", "Kemi", "Varv", "Board", "Brewery")
FIRST = (
    "Anna",
    "Bo",
    "Cecilia",
    "David",
    "Elsa",
    "Farid",
    "Gun",
    "Hugo",
    "Ida",
    "Jonas",
    "Kaisa",
    "Leif",
    "Mira",
    "Nils",
)
LAST = ("Ahlqvist", "Berg", "Celik", "Dahl", "Ek", "Falk", "Grahn", "Hedin", "Ivarsson", "Jernberg", "Kvam", "Lund")
FAULTS = (
    "Seal leak on pump {n}, no spare on site",
    "Bearing noise on pump {n}",
    "No data from gateway {n}",
    "Drive trips at start on pump {n}",
    "Flow is lower than the curve says on pump {n}",
    "Vibration alarm on pump {n} rings every night",
)


@dataclass(frozen=True)
class Size:
    """How much to make.

    `mine` accounts are in the territory of the rep who signs in, and have briefings; `per_rep` are in each other rep's.
    """

    accounts: int
    mine: int
    per_rep: int = 500
    people: int = 3


@dataclass(frozen=True)
class Dataset:
    """What was made: ids, and how to sign in as the rep and as the administrator."""

    org_id: str
    rep_id: str
    rep_email: str
    admin_email: str
    account_ids: Sequence[str]
    mine: Sequence[str]
    password: str = PASSWORD


Row = dict[str, Any]


class _Maker:
    """Rows of one organisation. Ids are UUIDv7 of increasing time with seeded random bits."""

    def __init__(self, size: Size, org_id: str, user_ids: Sequence[str], seed: int) -> None:
        self.size = size
        self.org_id = org_id
        self.user_ids = user_ids
        self.random = random.Random(seed)
        self._tick = int((MOMENT - timedelta(days=400)).timestamp() * 1000)

    def id(self) -> str:
        """The next UUIDv7."""
        self._tick += 1
        bits = (
            self._tick << 80 | 0x7 << 76 | self.random.getrandbits(12) << 64 | 0b10 << 62 | self.random.getrandbits(62)
        )
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def row(self, key: str, **values: Any) -> Row:
        """A versioned row of the organisation."""
        moment = MOMENT - timedelta(minutes=self.random.randrange(300_000))
        names = {"erp": key}
        common = {"id": self.id(), "org_id": self.org_id, "created_at": moment, "updated_at": moment, "row_version": 1}
        return {**common, "external_ids": names, **values}

    def rep_of(self, number: int) -> str:
        """Who looks after the account of this number: the rep who signs in has the first ones."""
        if number < self.size.mine:
            return self.user_ids[0]
        return self.user_ids[1 + (number - self.size.mine) // self.size.per_rep]

    @cached_property
    def products(self) -> list[Row]:
        """Four products."""
        made = (("PX-220", "PX-220 process pump", "device"), ("PX-300", "PX-300 pulp pump", "device"))
        made += (("WATCH-P", "Watch Plus", "subscription"), ("CARE-C", "Care Complete", "service"))
        return [
            self.row(sku, sku=sku, name=name, kind=kind, family=None, description=None, unit=None, active=True,
                     list_price_minor=1_480_000, list_price_currency="EUR")
            for sku, name, kind in made
        ]  # fmt: skip

    def account(self, number: int) -> Row:
        """An account."""
        dice = self.random
        town, plant = TOWNS[number % 10], KINDS_OF_PLANT[number // 10 % 10]
        return self.row(
            f"A{number}",
            name=f"{town} {plant} {number}",
            aliases=[f"{town} {plant} {number} AB"],
            industry=INDUSTRIES[number % 8],
            status="customer" if number % 12 else "prospect",
            employees=dice.randrange(20, 2000),
            revenue_minor=dice.randrange(10**9, 10**11),
            revenue_currency="EUR",
            website=f"https://a{number}.example",
            phone=f"+999 46 {number:06d}",
            address={
                "street": f"Fabriksgatan {number % 90 + 1}",
                "postal_code": "802 67",
                "city": town,
                "country": "SE",
            },
            latitude=round(dice.uniform(55.5, 67.5), 4),
            longitude=round(dice.uniform(11.5, 23.5), 4),
            time_zone="Europe/Stockholm",
            parent_id=None,
            competitors=[],
            notes=None,
        )

    def person(self, account: Row, number: int) -> Row:
        """Somebody there."""
        name = f"{self.random.choice(FIRST)} {self.random.choice(LAST)}"
        role = ("decision_maker", "technical", "finance", "user")[number % 4]
        return self.row(
            f"{account['external_ids']['erp']}-P{number}",
            account_id=account["id"],
            name=name,
            title=("Plant manager", "Maintenance lead", "Purchasing", "Shift lead")[number % 4],
            role=role,
            email=f"{name.lower().replace(' ', '.')}@{account['website'][8:]}",
            phone=account["phone"],
            mobile=None,
            language="sv",
            preferred_channel=("phone", "email", "sms")[number % 3],
            preferred_times=("mornings", "after 14:00", None)[number % 3],
            consent=[
                {"channel": "phone", "status": "granted", "recorded_at": "2025-09-01T08:00:00Z", "source": "Contract"}
            ],
            started_on=date(2019, 1, 1) + timedelta(days=self.random.randrange(2400)),
            left_on=None,
            notes=None,
        )

    def subscription(self, account: Row, product: Row) -> Row:
        """A contract."""
        renews = MOMENT.date() + timedelta(days=self.random.randrange(5, 700))
        return self.row(
            f"{account['external_ids']['erp']}-{product['sku']}",
            account_id=account["id"],
            product_id=product["id"],
            contract_number=f"RP-{self.random.randrange(1000, 9999)}",
            quantity=self.random.randrange(2, 30),
            starts_on=renews - timedelta(days=730),
            ends_on=None,
            renews_on=renews,
            term_months=24,
            notice_days=60,
            auto_renew=True,
            status="active",
            price_minor=self.random.randrange(200_000, 4_000_000),
            price_currency="EUR",
            notes=None,
        )

    def ticket(self, account: Row, person: Row, number: int) -> Row:
        """An open ticket, or one solved last week."""
        solved = number % 2 == 1
        opened = MOMENT - timedelta(hours=self.random.randrange(200, 900))
        return self.row(
            f"{account['external_ids']['erp']}-T{number}",
            account_id=account["id"],
            number=str(self.random.randrange(10_000, 99_999)),
            subject=self.random.choice(FAULTS).format(n=self.random.randrange(1, 20)),
            description="Reported by telephone. The pump runs at reduced load until a part is there.",
            status="solved" if solved else "open",
            priority=("urgent", "high", "normal", "low")[self.random.randrange(4)],
            category="Pumps",
            product_id=self.products[0]["id"],
            requester_id=person["id"],
            assignee="Service desk",
            opened_at=opened,
            due_at=opened + timedelta(days=7),
            solved_at=MOMENT - timedelta(days=6) if solved else None,
            closed_at=None,
            reopened_count=0,
            url=None,
        )

    def visit(self, account: Row, person: Row, rep: str, starts_at: datetime, key: str) -> Row:
        """A planned visit, or one that was made."""
        past = starts_at < MOMENT
        return self.row(
            f"{account['external_ids']['erp']}-{key}",
            account_id=account["id"],
            user_id=rep,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            time_zone="Europe/Stockholm",
            place=f"{account['address']['street']}, {account['address']['city']}",
            purpose="Quarterly review",
            status="done" if past else "planned",
            attendee_ids=[person["id"]],
            outcome="Went well" if past else None,
            notes="Content with the pumps, tired of waiting for parts. A new line may come in spring."
            if past
            else None,
            next_step="Send the vibration report for pumps 1 to 9." if past else None,
            done_at=starts_at + timedelta(hours=1) if past else None,
        )

    def promise(self, account: Row, person: Row, rep: str) -> Row:
        """A promise that is open."""
        due = MOMENT.date() + timedelta(days=self.random.randrange(-5, 20))
        return self.row(
            f"{account['external_ids']['erp']}-promise",
            account_id=account["id"],
            person_id=person["id"],
            user_id=rep,
            visit_id=None,
            text="Send the vibration report for pumps 1 to 9",
            made_on=due - timedelta(days=14),
            due_on=due,
            status="open",
            kept_on=None,
        )


def fill(database: Database, size: Size, seed: int = 1) -> Dataset:
    """Fill a migrated database with one more organisation of this size."""
    reps = 1 + -(-max(0, size.accounts - size.mine) // size.per_rep)
    org_id, user_ids = _people_who_sign_in(database, reps, seed)
    maker = _Maker(size, org_id, user_ids, seed)
    ids: list[str] = []
    with database.write() as session:
        session.execute(sa.insert(table_of(Product)), maker.products)
    for start in range(0, size.accounts, CHUNK):
        numbers = range(start, min(start + CHUNK, size.accounts))
        rows = _rows(maker, numbers)
        ids += [row["id"] for row in rows[customers.Account]]
        with database.write() as session:
            for model, made in rows.items():
                if made:
                    session.execute(sa.insert(table_of(model)), made)
    with database.write() as session:
        session.execute(sa.text("ANALYZE"))
    return Dataset(
        org_id, user_ids[0], f"rep0@bench{seed}.example", f"admin@bench{seed}.example", ids, ids[: size.mine]
    )


def _people_who_sign_in(database: Database, reps: int, seed: int) -> tuple[str, list[str]]:
    with database.write() as session:
        organisation = Organisation(name=f"Bench {seed}")
        session.add(organisation)
        session.flush()
        hashed = service.hash_password(PASSWORD)
        ids = []
        for name, role in [*((f"rep{n}", Role.REP) for n in range(reps)), ("admin", Role.ADMINISTRATOR)]:
            email = f"{name}@bench{seed}.example"
            user = service.create_user(
                session, organisation.id, email=email, name=name, role=role, password=None, time_zone="Europe/Stockholm"
            )
            user.password_hash = hashed
            ids.append(user.id)
        session.flush()
        return organisation.id, ids


def _rows(maker: _Maker, numbers: Iterable[int]) -> dict[type[Base], list[Row]]:
    """Rows of these accounts by table, in the order in which they refer to each other."""
    rows: dict[type[Base], list[Row]] = {
        model: [] for model in (customers.Account, TerritoryAssignment, customers.Person, Subscription, Ticket, Visit)
    }
    rows[customers.Promise] = []
    rows[StoredBriefing] = []
    for number in numbers:
        account, rep = maker.account(number), maker.rep_of(number)
        people = [maker.person(account, n) for n in range(maker.size.people)]
        tickets = [maker.ticket(account, people[n % len(people)], n) for n in range(2)]
        subscriptions = [maker.subscription(account, product) for product in maker.products[1:3]]
        promise = maker.promise(account, people[0], rep)
        territory = maker.row(
            f"{account['external_ids']['erp']}-R",
            user_id=rep,
            account_id=account["id"],
            starts_on=date(2024, 1, 1),
            ends_on=None,
        )
        visits = [maker.visit(account, people[0], rep, MOMENT - timedelta(days=10 + number % 80, hours=-4), "V0")]
        if number % 12 == 0:
            visits.append(
                maker.visit(account, people[0], rep, MOMENT + timedelta(days=number // 12 % 14, hours=3), "V1")
            )
        rows[customers.Account].append(account)
        rows[customers.Person] += people
        rows[Subscription] += subscriptions
        rows[Ticket] += tickets
        rows[TerritoryAssignment].append(territory)
        rows[Visit] += visits
        rows[customers.Promise].append(promise)
        if number < maker.size.mine:
            told = Told(account, people, tickets, subscriptions, promise, visits, MOMENT, maker.id, maker.random)
            rows[StoredBriefing] += briefings(told)
    return rows
