"""Two reps and their manager work on one account for a day without hearing of each other.

What they did not both touch is all there in the evening; where two wrote the same field, the first to arrive stands, and the
other is asked, with both values, the name and the time, and settles it with one tap.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.faults import world
from tests.faults.apart import run_apart
from tests.faults.bench import Bench, bench
from tests.faults.check import differences

Row = dict[str, Any]


@dataclass
class Rep:
    """Somebody with a phone, who does with it what its screens offer."""

    where: Bench
    company: world.Company
    name: str

    @property
    def phone(self) -> str:
        return f"{self.name}-{self.company.mark}"

    async def sign_in(self) -> None:
        await self.where.phones.do("open", self.phone)
        await self.where.phones.call(self.phone, "signIn", self.company.email(self.name), world.PASSWORD)
        await self.sync()

    async def sync(self) -> None:
        await self.where.phones.call(self.phone, "sync")

    def loses_the_network(self) -> None:
        self.where.proxy.line_of(self.phone).cut = True

    async def is_back(self) -> None:
        self.where.proxy.line_of(self.phone).cut = False
        await self.sync()

    async def enters(self, name: str, **args: Any) -> None:
        await self.where.phones.call(self.phone, "make", [[name, args]])

    async def changes(self, kind: str, row: Row, **fields: Any) -> None:
        base = {name: row.get(name) for name in fields}
        await self.enters(f"{kind}.change", id=row["id"], fields=fields, base=base)

    async def new_id(self) -> str:
        shown: dict[str, Any] = await self.where.phones.call(self.phone, "shown")
        return str(shown["ids"][0])

    async def rows(self, kind: str) -> list[Row]:
        dump = await self.where.phones.call(self.phone, "dump")
        return list(dump["rows"][kind].values())

    async def row(self, kind: str, **equal: Any) -> Row:
        [row] = [row for row in await self.rows(kind) if all(row.get(name) == value for name, value in equal.items())]
        return row

    async def cards(self) -> dict[str, Row]:
        """What needs attention, by field."""
        items = await self.where.phones.call(self.phone, "attention")
        return {item["clash"]["field"]: item for item in items}

    async def settles(self, card: Row, choice: str) -> None:
        await self.where.phones.call(self.phone, "settle", card["id"], choice)


def today(hour: int, minute: int = 0) -> str:
    """An hour of this day, as a phone writes it."""
    day = datetime.now(UTC).replace(hour=hour, minute=minute, second=0, microsecond=0)
    return day.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_phones_and_a_manager_edit_one_account_apart_for_a_day(kind: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else None

    async def day() -> None:
        async with bench(kind, url) as where:
            await _the_day(where)

    run_apart(day())


async def _the_day(where: Bench) -> None:
    company = world.found(where.database)
    ada, ben = Rep(where, company, "ada"), Rep(where, company, "ben")
    norrvik = company.accounts[0]

    # In the morning both have the account on their phones. Then they drive off.
    for rep in (ada, ben):
        await rep.sign_in()
        rep.loses_the_network()

    account = await ada.row("account", id=norrvik)
    kim = await ada.row("person", name="Person 0a")
    promise = await ada.row("promise", account_id=norrvik)
    goal = await ada.row("goal", account_id=norrvik)
    visit = await ada.row("visit", account_id=norrvik, user_id=company.users["ada"])

    # Ada is at the mill. She logs her visit, promises a report, and corrects what she learned at the gate.
    await ada.enters(
        "visit.log", id=visit["id"], outcome="Wants a quote", notes="Line 2 stops in May.", done_at=today(9, 40)
    )
    await ada.enters(
        "promise.make", id=await ada.new_id(), account_id=norrvik, text="Vibration report",
        made_on=today(9)[:10], due_on=(datetime.now(UTC) + timedelta(days=7)).date().isoformat(),
    )  # fmt: skip
    await ada.changes("account", account, phone="+46 26 10 10", aliases=[*account["aliases"], "Norrvik Board"])
    await ada.changes("account", account, address={**account["address"], "street": "Bruksgatan 1"})
    await ada.changes("person", kim, title="Head of maintenance", preferred_times="mornings")

    # Ben is in the archive. He has another number for the same switchboard, and keeps what was promised.
    await ben.changes("account", account, phone="+46 26 20 20", industry="Paperboard")
    await ben.changes("account", account, aliases=["NPB", *account["aliases"][1:]])
    await ben.changes("account", account, address={**account["address"], "city": "Gävle"})
    await ben.enters("promise.keep", id=promise["id"], kept_on=today(11)[:10])
    await ben.changes("goal", goal, status="reached")
    await ben.enters(
        "note.add", id=await ben.new_id(), account_id=norrvik, text="The contract is in the blue folder.",
        written_at=today(11, 5),
    )  # fmt: skip

    # Mia is in the office, with a network. She has read that Kim was promoted, and moves Ada's visit to another door.
    mia = await asyncio.to_thread(world.Caller, where.server.port, company, "mia")
    for path, change in (
        (f"/accounts/{norrvik}", {"website": "https://norrvik.example", "employees": 640}),
        (f"/people/{kim['id']}", {"title": "Director of maintenance"}),
        (f"/visits/{visit['id']}", {"place": "Gate 4"}),
    ):
        status, _, answer = await asyncio.to_thread(mia.patch, path, change)
        assert status == 200, answer

    # Meanwhile each sees their own work, and nothing of the others'.
    assert (await ada.row("account", id=norrvik))["phone"] == "+46 26 10 10"
    assert (await ben.row("account", id=norrvik))["phone"] == "+46 26 20 20"
    assert "website" not in await ada.row("account", id=norrvik)

    # In the evening Ben is the first to have a network again, then Ada.
    await ben.is_back()
    await ada.is_back()
    await ben.sync()

    # What they did not both touch is all there, on both phones.
    for rep in (ada, ben):
        row = await rep.row("account", id=norrvik)
        assert row["website"] == "https://norrvik.example"
        assert row["employees"] == 640
        assert row["industry"] == "Paperboard"
        assert row["address"] == {"street": "Bruksgatan 1", "city": "Gävle", "country": "SE"}
        assert sorted(row["aliases"]) == ["NPB", "Norrvik Board", "alias 0b"]
        assert (await rep.row("person", id=kim["id"]))["preferred_times"] == "mornings"
        assert (await rep.row("promise", id=promise["id"]))["status"] == "kept"
        assert (await rep.row("promise", text="Vibration report"))["status"] == "open"
        assert (await rep.row("goal", id=goal["id"]))["status"] == "reached"
        assert (await rep.row("note", account_id=norrvik))["author"] == "Ben"
    logged = await ada.row("visit", id=visit["id"])
    assert (logged["status"], logged["notes"], logged["place"]) == ("done", "Line 2 stops in May.", "Gate 4")

    # The switchboard: Ben's number was there first and stands. Ada is asked, and so she is about Kim's title.
    assert (await ada.row("account", id=norrvik))["phone"] == "+46 26 20 20"
    assert await ben.cards() == {}
    cards = await ada.cards()
    assert sorted(cards) == ["phone", "title"]
    phone, title = cards["phone"]["clash"], cards["title"]["clash"]
    assert (phone["base"], phone["mine"], phone["theirs"]) == ("+46 8 0", "+46 26 10 10", "+46 26 20 20")
    assert phone["by"] == {"id": company.users["ben"], "name": "Ben"}
    assert (title["mine"], title["theirs"]) == ("Head of maintenance", "Director of maintenance")
    assert title["by"]["name"] == "Mia"
    assert phone["at"].startswith(today(0)[:4])

    # She called the number an hour ago: hers is right. Mia's title is right. She settles both in the lift, with no network.
    ada.loses_the_network()
    await ada.settles(cards["phone"], "mine")
    await ada.settles(cards["title"], "theirs")
    assert (await ada.row("account", id=norrvik))["phone"] == "+46 26 10 10"
    assert await ada.cards() == {}
    await ada.is_back()
    await ben.sync()

    # At night there is one truth, on both phones, at the server and on any new phone.
    for rep in (ada, ben):
        assert (await rep.row("account", id=norrvik))["phone"] == "+46 26 10 10"
        assert (await rep.row("person", id=kim["id"]))["title"] == "Director of maintenance"
        assert await rep.cards() == {}
        held = await where.phones.call(rep.phone, "dump")
        assert (held["queue"], held["base"]) == ([], [])
        new = Rep(where, company, rep.name)
        await where.phones.do("forget", rep.phone)
        await new.sign_in()
        assert differences(held["rows"], (await where.phones.call(new.phone, "dump"))["rows"]) == []
