"""The manager in the office, who writes over the API and decides drafts while the phones are out."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from app.foundation.ids import new_id
from tests.faults import world
from tests.faults.bench import Bench
from tests.faults.entering import on_top_of
from tests.faults.story import ApiWrite, Story

Step = dict[str, Any]


class Office:
    """The manager's own session, without the bad network."""

    def __init__(self, bench: Bench, company: world.Company, story: Story) -> None:
        self.bench = bench
        self.company = company
        self.story = story
        self._manager: world.Caller | None = None

    async def decide(self, step: Step) -> None:
        """The manager decides a draft, over the API."""
        try:
            manager = await self._session()
            if manager is None:
                return
            status, answer = await asyncio.to_thread(manager.send, "GET", "/drafts")
            drafts = answer["data"] if status == 200 else []
            if not drafts:
                return
            draft = drafts[step["pick"] % len(drafts)]
            word = "accept" if step["choice"] != "third" else "dismiss"
            status, answer = await asyncio.to_thread(manager.send, "POST", f"/drafts/{draft['id']}/{word}")
            self.story.log.append(
                f"   draft of {draft.get('name')}: {word} -> {status} {answer if status >= 300 else ''}"
            )
        except OSError:
            return

    async def _session(self) -> world.Caller | None:
        """The manager's own session; None while the server is away."""
        if self._manager is None:
            with contextlib.suppress(OSError, AssertionError):
                self._manager = await asyncio.to_thread(world.Caller, self.bench.server.port, self.company, "mia")
        return self._manager

    async def write(self, step: Step) -> None:
        """A row is changed, or a note written."""
        try:
            manager = await self._session()
            if manager is not None:
                await asyncio.to_thread(self._write, manager, step)
        except OSError:
            self.story.log.append("   the server was away")

    def _write(self, manager: world.Caller, step: Step) -> None:
        mark, pick = f"#{step['mark']}.0#", step["pick"]
        account = self.company.accounts[pick % len(self.company.accounts)]
        if step["write"] == "note":
            body = {"account_id": account, "text": f"From the office {mark}", "id": new_id()}
            status, _ = manager.send("POST", "/notes", body)
            self.story.log.append(f"   note over the API: {status}")
            return
        table, change = _API_CHANGES[step["write"]]
        row_id = account if table == "account" else self._some_row(manager, table, account, pick)
        if row_id is None:
            return
        path = {"account": "accounts", **_PATHS}[table]
        status, row = manager.send("GET", f"/{path}/{row_id}")
        if status != 200:
            return
        fields = change(row, mark, pick)
        version = f'"{row["row_version"]}"'
        if table == "quote":
            self.story.quotes.append((row_id, row["revision"], fields["title"], None))
            status, _ = manager.send("PATCH", f"/{path}/{row_id}", fields, **{"If-Match": version})
            self.story.quotes[-1] = (row_id, row["revision"], fields["title"], status)
            self.story.log.append(f"   quote {fields} over the API: {status}")
            return
        write = ApiWrite(table, row_id, fields, {name: row.get(name) for name in fields}, None)
        self.story.api.append(write)
        write.status, _ = manager.send("PATCH", f"/{path}/{row_id}", fields, **{"If-Match": version})
        self.story.log.append(f"   {table} {fields} over the API: {write.status}")

    def _some_row(self, manager: world.Caller, table: str, account: str, pick: int) -> str | None:
        path = _PATHS[table]
        status, answer = manager.send("GET", f"/{path}?account_id={account}")
        rows = answer["data"] if status == 200 else []
        return str(rows[pick % len(rows)]["id"]) if rows else None


_PATHS = {"person": "people", "goal": "goals", "visit": "visits", "quote": "quotes"}
_API_CHANGES: dict[str, Any] = {
    "account_fields": (
        "account",
        lambda _row, mark, pick: {("industry", "phone", "notes")[pick % 3]: f"office {mark}"},
    ),
    "account_address": (
        "account",
        lambda row, mark, _: {"address": {**(row.get("address") or {}), "city": f"office {mark}"}},
    ),
    "account_aliases": ("account", lambda row, mark, _: {"aliases": [*row.get("aliases", []), f"office {mark}"]}),
    "person_fields": ("person", lambda _row, mark, _: {"title": f"office {mark}"}),
    "goal_change": ("goal", lambda _row, mark, _: {"target": f"office {mark}"}),
    "quote_change": ("quote", lambda row, mark, _: {"title": on_top_of(row["title"], mark)}),
    "visit_change": ("visit", lambda _row, mark, _: {"place": f"office {mark}"}),
}
